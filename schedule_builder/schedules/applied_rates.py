"""Rates that a run applied: their CSV, and their comparison with a schedule or another run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from schedule_builder.schedules.comparison import Comparison, Difference, ranges_of
from schedule_builder.schedules.schedule import Schedule

HEADER = "step,learning_rate\n"
"""The first line of the CSV."""
_FLOAT32 = 2.0**-22
"""The relative difference of two neighbouring float32 numbers is below this."""
_TINY = 2.0**-126
"""Below this float32 may be flushed to 0."""


def are_equal(first: float, second: float) -> bool:
    """Whether two rates are the same in float32, in which they were applied."""
    return math.isclose(first, second, rel_tol=_FLOAT32, abs_tol=_TINY)


class AppliedRates(NamedTuple):
    """The rates that a run applied.

    Attributes:
        name: the file.
        steps: the steps that were recorded, increasing.
        rates: the rate at each of them.
    """

    name: str
    steps: tuple[int, ...]
    rates: tuple[float, ...]


def is_record(text: str) -> bool:
    """Whether a text is a CSV of applied rates, by its first line."""
    return text.removeprefix("\ufeff").startswith(HEADER.rstrip())


def parse_rates(text: str, name: str) -> AppliedRates:
    """Reads a CSV of applied rates. A last line that a killed process left unfinished is skipped.

    Args:
        text: the contents.
        name: the file's name in messages.

    Raises:
        ValueError: it is not such a record; the message says at which line.
    """
    header, *lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if not lines and HEADER.startswith(header):
        return AppliedRates(name, (), ())
    if header + "\n" != HEADER:
        raise _not_a_record(name, 1, f"expected `{HEADER.rstrip()}`")
    steps: list[int] = []
    rates: list[float] = []
    for row, line in enumerate(lines[:-1], 2):
        left, _, right = line.partition(",")
        try:
            step, rate = int(left), float(right)
        except ValueError:
            if line:
                raise _not_a_record(name, row, "a step and its rate are expected") from None
            continue
        if steps and step <= steps[-1]:
            why = f"step {step} is there already, so two runs wrote this file"
            raise _not_a_record(name, row, why)
        steps.append(step)
        rates.append(rate)
    return AppliedRates(name, tuple(steps), tuple(rates))


def _not_a_record(name: str, row: int, why: str) -> ValueError:
    return ValueError(f"{name}:{row}: this is not a log of learning rates: {why}")


class AppliedComparison(NamedTuple):
    """How applied rates differ from a schedule, or from other applied rates.

    Attributes:
        comparison: at the steps that were compared. Steps between them are in no range.
        steps: the steps that were compared: those that both sides have.
        only_first: how many steps only the first side has.
        only_second: how many steps only the second side has.
    """

    comparison: Comparison
    steps: Sequence[int]
    only_first: int
    only_second: int


def compare_applied(
    first: AppliedRates | Schedule, second: AppliedRates | Schedule
) -> AppliedComparison:
    """Compares applied rates with a schedule or with other applied rates, in float32's precision.

    Raises:
        TypeError: neither side is a record of applied rates.
    """
    sides = (first, second)
    records = [set(side.steps) for side in sides if isinstance(side, AppliedRates)]
    if not records:
        message = "one side has to be a record of applied rates"
        raise TypeError(message)
    steps = sorted(set.intersection(*records))
    one, other = map(_rate_at, sides)
    rows = [Difference(step, one(step), other(step)) for step in steps]
    different = [row for row in rows if not are_equal(row.first, row.second)]
    comparison = Comparison(
        ranges_of(row.step for row in different),
        different[0] if different else None,
        max(different, key=lambda row: row.size, default=None),
    )
    counts = [
        len(side.steps) - len(steps) if isinstance(side, AppliedRates) else 0 for side in sides
    ]
    return AppliedComparison(comparison, steps, *counts)


def _rate_at(side: AppliedRates | Schedule) -> Callable[[int], float]:
    if isinstance(side, Schedule):
        return side
    return dict(zip(side.steps, side.rates, strict=True)).__getitem__
