"""What changed between two configs, in words and for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import Diagnostic
from schedule_builder.printable import json_text, printable
from schedule_builder.records import Record
from schedule_builder.schedules.applied_rates import (
    AppliedComparison,
    AppliedRates,
    compare_applied,
)
from schedule_builder.schedules.comparison import (
    Comparison,
    Difference,
    StepRange,
    compare,
    first_difference,
)
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule

_SHOWN_RANGES = 5


class Side(Record, unshown=("config",)):
    """One of two things that are compared.

    Attributes:
        name: its name in the output.
        rates: its rates; None if a config has errors, or leaves them to Python code.
        num_steps: the run length, None where nothing states it.
        warmup_steps: how long the longest warmup lasts.
        diagnostics: the findings.
        config: the config; None for applied rates.
    """

    name: str
    rates: Schedule | AppliedRates | None
    num_steps: int | None = None
    warmup_steps: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    config: Config | None = None

    @classmethod
    def of_config(
        cls, config: Config, name: str = "", diagnostics: Sequence[Diagnostic] | None = None
    ) -> Side:
        """A config.

        Args:
            config: the config.
            name: its name in the output, if not that of its file.
            diagnostics: the findings to report, if not all of them.
        """
        warmup_steps = 0
        if config.schedule is not None:
            warmups = config.dialect.warmups(config.message_in_steps)
            warmup_steps = max((steps for _, steps in warmups), default=0)
        found = config.diagnostics if diagnostics is None else tuple(diagnostics)
        name = name or config.filename
        return cls(name, config.schedule, config.num_steps, warmup_steps, found, config)

    @classmethod
    def of_record(cls, record: AppliedRates) -> Side:
        """The rates that a run applied."""
        return cls(record.name, record)

    def named(self, name: str) -> Side:
        """The same with another name."""
        return self._replace(name=name)

    @property
    def last_step(self) -> int:
        """The last step of the run; without a run length, a step soon after the last change."""
        if isinstance(self.rates, AppliedRates):
            return self.rates.steps[-1] if self.rates.steps else 0
        if self.num_steps:
            return self.num_steps - 1
        return (self.rates.begins[-1] * 5 // 4 or 1000) if self.rates is not None else 0

    def steps_per_epoch(self, examples: int | None = None) -> Fraction | None:
        """The steps of an epoch, None where they are not known.

        Args:
            examples: the examples of an epoch, where the config does not state them.
        """
        if self.config is None:
            return None
        learning_rate = self.config.get(self.config.learning_rate_path)
        stated = getattr(learning_rate, "examples_per_epoch", 0) or examples
        return (
            Fraction(stated, self.config.batch_size) if stated and self.config.batch_size else None
        )

    @cached_property
    def peak(self) -> float:
        """The highest rate of the run."""
        if isinstance(self.rates, AppliedRates):
            return max(self.rates.rates, default=math.nan)
        if self.rates is None:
            return math.nan
        return self.rates.peak(0, self.last_step)[0]

    @property
    def last_rate(self) -> float:
        """The rate of the run's last step."""
        if isinstance(self.rates, AppliedRates):
            return self.rates.rates[-1] if self.rates.rates else math.nan
        return math.nan if self.rates is None else float(self.rates(self.last_step))


class Change(Record):
    """Two sides of one config, or two that are compared; None where one is missing.

    Attributes:
        name: the config.
        first: how it was.
        second: how it is.
        old_name: the config as it was called; empty for the same.
    """

    name: str
    first: Side | None
    second: Side | None
    old_name: str = ""

    @property
    def sides(self) -> list[Side]:
        """The sides that are there."""
        return [side for side in (self.first, self.second) if side is not None]

    @property
    def status(self) -> str:
        """`same`, `changed`, `added`, `removed`, or `unreadable` where a side has no schedule."""
        if self.first is None:
            return "added"
        if self.second is None:
            return "removed"
        if any(side.rates is None for side in self.sides):
            return "unreadable"
        return "same" if self.comparison.first is None else "changed"

    @cached_property
    def applied(self) -> AppliedComparison | None:
        """The comparison of applied rates; None where there are none."""
        sides = [side.rates for side in self.sides if side.rates is not None]
        if len(sides) < 2 or not any(isinstance(side, AppliedRates) for side in sides):  # noqa: PLR2004 - both
            return None
        return compare_applied(*sides)

    @cached_property
    def comparison(self) -> Comparison:
        """The difference of the rates during the longer of both runs; without one, beyond it."""
        if self.applied is not None:
            return self.applied.comparison
        one, other = (side.rates for side in self.sides)
        if not isinstance(one, Schedule) or not isinstance(other, Schedule):
            return Comparison()
        lengths = [side.num_steps for side in self.sides]
        last = MAX_STEP if None in lengths else max(filter(None, lengths)) - 1
        found = compare(one, other, last)
        if found.first is None and (step := first_difference(one, other)) is not None:
            there = Difference(step, one(step), other(step))
            return Comparison((StepRange(step, MAX_STEP),), there, there)
        return found

    @property
    def is_beyond(self) -> bool:
        """Whether the rates differ only after both runs have ended."""
        first = self.comparison.first
        return (
            first is not None
            and self.applied is None
            and all(side.num_steps and first.step >= side.num_steps for side in self.sides)
        )

    @property
    def size(self) -> float:
        """The largest difference, as a share of the highest rate, by which reports are sorted."""
        if self.status in ("added", "removed", "unreadable"):
            return math.inf
        largest = self.comparison.largest
        if largest is None or self.is_beyond:
            return 0.0
        peak = max(side.peak for side in self.sides)
        return largest.size / peak if peak else math.inf


def in_words(changes: Sequence[Change], *, titled: bool) -> str:
    """What changed, for people.

    Args:
        changes: the comparisons.
        titled: whether to begin each with its name, and to end with the counts.
    """
    lines: list[str] = []
    for change in changes:
        if not titled:
            lines += _lines(change)
        elif change.status != "same" or _runs(change):
            was = f" (was {change.old_name})" if change.old_name else ""
            lines += [f"{change.name}{was}:", *(f"  {line}" for line in _lines(change))]
    if titled:
        lines.append(counts(changes))
    return "".join(f"{printable(line)}\n" for line in lines)


def counts(changes: Iterable[Change]) -> str:
    """How many of the configs changed, in one line."""
    by_status: dict[str, int] = {}
    for change in changes:
        by_status[change.status] = by_status.get(change.status, 0) + 1
    total = sum(by_status.values())
    words = {
        "changed": "{} changed",
        "added": "{} added",
        "removed": "{} removed",
        "unreadable": "{} without a schedule",
        "same": "{} with the same rates",
    }
    parts = [
        text.format(by_status[status]) for status, text in words.items() if status in by_status
    ]
    return f"{total} config{'s' * (total != 1)}: {', '.join(parts) or 'nothing to compare'}."


def _lines(change: Change) -> Iterator[str]:
    if change.status in ("added", "removed"):
        (side,) = change.sides
        yield f"{change.status.capitalize()}{_facts(side)}."
        return
    if change.status == "unreadable":
        for side in change.sides:
            if side.rates is None:
                yield f"{side.name} has no schedule to compare."
        return
    yield from _runs(change)
    if change.applied is not None:
        yield from _applied_lines(change, change.applied)
    found = change.comparison
    if found.first is None or found.largest is None:
        if change.applied is None:
            yield "The rates are the same at every step."
        return
    if change.is_beyond:
        yield f"The rates are the same during training, and differ from step {found.first.step} on:"
        yield from _rates(change, found.first)
        return
    yield f"The rates differ {_where(found.ranges)}."
    if found.largest.step != found.first.step:
        yield f"The first difference, at step {found.first.step}:"
        yield from _rates(change, found.first)
    yield f"The largest difference, at step {found.largest.step}:"
    yield from _rates(change, found.largest)


def _runs(change: Change) -> list[str]:
    sides = change.sides
    if len(sides) < 2 or change.applied is not None or change.status == "unreadable":  # noqa: PLR2004 - both
        return []
    lengths = [side.num_steps for side in sides]
    if lengths[0] == lengths[1]:
        return []
    words = " and ".join(f"{n or 'no number of'} steps" for n in lengths)
    return [f"The runs differ: {words}."]


def _facts(side: Side) -> str:
    if side.rates is None:
        return ", and without a schedule"
    length = f", {side.num_steps} steps" if side.num_steps else ""
    return f": peak {side.peak:.9g}, ends at {side.last_rate:.9g}{length}"


def _applied_lines(change: Change, applied: AppliedComparison) -> Iterator[str]:
    if not applied.steps:
        yield "No step is on both sides."
        return
    count = len(applied.steps)
    span = f"steps {applied.steps[0]} to {applied.steps[-1]}"
    different = sum(r.end - r.begin + 1 for r in applied.comparison.ranges)
    yield (
        f"{count - different} of {count} applied rates ({span}) match."
        if different
        else f"All {count} applied rates ({span}) match."
    )
    for side, more in zip(change.sides, (applied.only_first, applied.only_second), strict=True):
        if more:
            yield f"{more} steps of {side.name} are not on the other side."


def _where(ranges: Sequence[StepRange]) -> str:
    words = [
        f"{r.begin}.."
        if r.end == MAX_STEP
        else f"{r.begin}..{r.end}"
        if r.end > r.begin
        else str(r.begin)
        for r in ranges
    ]
    if len(words) > _SHOWN_RANGES:
        words = [*words[: _SHOWN_RANGES - 1], f"{len(words) - _SHOWN_RANGES} more", words[-1]]
    is_one = len(ranges) == 1 and ranges[0].begin == ranges[0].end
    return f"at step{'s' * (not is_one)} {', '.join(words)}"


def _rates(change: Change, at: Difference) -> list[str]:
    names = [side.name for side in change.sides]
    rates = [f"{rate:.9g}" for rate in (at.first, at.second)]
    if rates[0] == rates[1]:
        rates = [repr(rate) for rate in (at.first, at.second)]
    width, digits = max(map(len, names)), max(map(len, rates))
    lines = []
    for side, rate in zip(change.sides, rates, strict=True):
        curve = side.rates.segment_at(at.step) if isinstance(side.rates, Schedule) else "applied"
        lines.append(f"  {side.name:{width}}  {rate:{digits}}  {curve}")
    return lines


def as_json(changes: Sequence[Change]) -> str:
    """What changed, for programs: an array with one object for each comparison."""
    return json_text([_as_dict(change) for change in changes])


def _as_dict(change: Change) -> dict[str, Any]:
    found = change.comparison if len(change.sides) == 2 else Comparison()  # noqa: PLR2004 - both
    return {
        "name": change.name,
        "old_name": change.old_name or None,
        "status": change.status,
        "first": _side_as_dict(change.first),
        "second": _side_as_dict(change.second),
        "first_difference": _difference_as_dict(found.first),
        "largest_difference": _difference_as_dict(found.largest),
        "ranges": [
            {"begin": r.begin, "end": None if r.end == MAX_STEP else r.end} for r in found.ranges
        ],
        "steps_compared": None if change.applied is None else len(change.applied.steps),
    }


def _side_as_dict(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "filename": side.name,
        "num_steps": side.num_steps,
        "warmup_steps": side.warmup_steps,
        "peak": _number(side.peak),
        "last_rate": _number(side.last_rate),
        "findings": [found.to_dict() for found in side.diagnostics],
    }


def _difference_as_dict(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    rates = [_number(rate) for rate in (found.first, found.second)]
    return {"step": found.step, "learning_rates": rates}


def _number(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None
