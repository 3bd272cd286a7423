"""Units of lengths: epochs, percents and permilles of the run, and what a length came from."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.records import Record
from schedule_builder.v1 import learning_rate_pb2 as pb

_HALF = Fraction(1, 2)
PARTS: dict[int, int] = {pb.PERCENT_OF_RUN: 100, pb.PERMILLE_OF_RUN: 1000}
_NOUNS: dict[int, str] = {
    pb.STEPS: "step",
    pb.EPOCHS: "epoch",
    pb.PERCENT_OF_RUN: "percent",
    pb.PERMILLE_OF_RUN: "permille",
}


def nearest(number: Fraction) -> int:
    """The nearest whole number, a half up.

    >>> [nearest(Fraction(n, 2)) for n in (1, 5, 3125)]
    [1, 3, 1563]
    """
    return math.floor(number + _HALF)


class Axis(NamedTuple):
    """The run that lengths in units are parts of.

    Attributes:
        num_steps: the run length, None where nothing states it.
        batch_size: the number of examples of one update, None where the config does not state it.
        num_steps_name: the field that states the run length; empty where there is none.
        batch_size_name: the field that states the batch size; empty where there is none.
    """

    num_steps: int | None
    batch_size: int | None
    num_steps_name: str = ""
    batch_size_name: str = ""


class Length(NamedTuple):
    """A length as the config states it, and the steps that it was converted to.

    Attributes:
        number: what the config says.
        unit: its `StepUnit`.
        steps: how many steps it is.
        base: the run length, or the steps of an epoch.
    """

    number: int
    unit: int
    steps: int
    base: Fraction

    @property
    def follows_run(self) -> bool:
        """Whether its number of steps depends on the run length."""
        return self.unit in PARTS

    def __str__(self) -> str:
        """Such as `5 % of 14075` or `30 epochs of 156.39 steps`."""
        if self.unit == pb.EPOCHS:
            return (
                f"{self.number} epoch{'s' * (self.number != 1)} of {decimal_text(self.base)} steps"
            )
        sign = "%" if self.unit == pb.PERCENT_OF_RUN else "permille"
        return f"{self.number} {sign} of {decimal_text(self.base)}"


def decimal_text(number: Fraction) -> str:
    """A number as a message shows it: exact where it is whole."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.8g}"


class Problem(NamedTuple):
    """A length that cannot be converted: the field, and what is wrong."""

    path: FieldPath
    words: Words


class InSteps(Record):
    """A learning rate whose counts are steps.

    Attributes:
        message: the learning rate; it has no meaning if there are problems.
        lengths: what each converted count came from, by its path in the original.
        moved: the paths of fields that stand elsewhere in the original.
        problems: what cannot be converted.
        unused_examples: where `examples_per_epoch` is given and nothing counts epochs.
    """

    message: Any
    lengths: dict[FieldPath, Length]
    moved: dict[FieldPath, FieldPath]
    problems: list[Problem]
    unused_examples: list[FieldPath]

    def original(self, path: FieldPath) -> FieldPath:
        """Where a field of the converted message stands in the original."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.moved:
                return (*self.moved[path[:length]], *path[length:])
        return path

    def inside(self, message: Any, path: FieldPath) -> InSteps:
        """The same for a message that holds the learning rate at a path."""
        return InSteps(
            message,
            {(*path, *field): length for field, length in self.lengths.items()},
            {(*path, *new): (*path, *old) for new, old in self.moved.items()},
            [Problem((*path, *field), words) for field, words in self.problems],
            [(*path, *field) for field in self.unused_examples],
        )


def steps_of_unit(unit: int, examples: int | None, axis: Axis) -> Fraction | None:
    """How many steps one unit is; None if that is unknown."""
    if unit == pb.EPOCHS:
        if examples is None or not axis.batch_size:
            return None
        return Fraction(examples, axis.batch_size)
    if unit in PARTS:
        return Fraction(axis.num_steps, PARTS[unit]) if axis.num_steps else None
    return Fraction(1)


def unit_noun(unit: int, count: int) -> str:
    """The noun for a count of a unit, such as `epochs`."""
    noun = _NOUNS[unit]
    return noun + "s" * (count != 1 and unit in (pb.STEPS, pb.EPOCHS))
