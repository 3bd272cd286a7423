"""The interface of a curve: the rate as a function of the steps since the curve's step 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar

from schedule_builder.records import Record
from schedule_builder.schedules.operations import Operations, is_zero

MAX_STEP = 2**63 - 1
"""The largest step."""


def plus(value: Any, other: Any) -> Any:
    """A sum; a zero that is known beforehand is not added."""
    return value if is_zero(other) else value + other


def minus(value: Any, other: Any) -> Any:
    """A difference; a zero that is known beforehand is not subtracted."""
    return value if is_zero(other) else value - other


Columns: TypeAlias = "tuple[Any, ...]"
"""A curve's numbers, by their names in its family's formula; None if any number is right."""

_MAX_TURNS = 256
"""How many cycles of a repeating curve are examined."""


_C = TypeVar("_C", bound="Curve")


class Curve(Record):
    """The rate as a function of the steps since its own step 0. A family shares a formula.

    Unless a class says otherwise, it is smooth, without an end, and defined by its numbers.
    """

    name: ClassVar[str]
    """Its name in JSON."""
    rates: ClassVar[tuple[str, ...]] = ()
    """The fields that a factor for all rates multiplies."""
    choices: ClassVar[tuple[str, ...]] = ()
    """The columns that tell several curves of one family apart."""
    is_constant: ClassVar[bool] = False
    """Whether the rate is the same at every step."""
    repeats: ClassVar[bool] = False
    """Whether the rate repeats."""

    @property
    def family(self) -> str:
        """The curves that one computation evaluates."""
        return self.name

    @property
    def divides_steps(self) -> bool:
        """Whether the formula divides steps into whole parts."""
        return self.repeats

    def columns(self, origin: int, ops: Operations) -> Columns:
        """The formula's numbers for this curve, its step 0 at a global step."""
        raise NotImplementedError

    def variant(self, ops: Operations) -> Any:
        """The form of the family's formula for this curve, apart from its numbers."""
        return None

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        """The numbers with which the formula of some curves gives one rate at every step.

        None if there are none.
        """
        raise NotImplementedError

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], columns: Any, /) -> Any:
        """The rates at global steps.

        Args:
            ops: the number system.
            step: the steps.
            curves: one of each variant among the family's curves.
            columns: the numbers of the curve that each step is on.
        """
        raise NotImplementedError

    def extremes(self, first: int, last: int) -> list[int]:
        """Own steps from `first` to `last` at which the rate can be highest or lowest."""
        return [first, last]

    def turns(self, first: int, last: int) -> Iterator[int]:
        """Own steps, from about `first` to `last`, at which a cycle begins or turns, in order.

        Of many cycles, the first hundreds.
        """
        return iter(())

    @property
    def first_turn(self) -> int | None:
        """The first own step after 0 at which a cycle begins or turns; None where none does."""
        return next((turn for turn in self.turns(1, MAX_STEP) if turn > 0), None)

    def meaning(self, origin: int) -> Any:
        """A value that is equal for all curves with the same rates at global steps."""
        return self, origin

    def scaled(self: _C, factor: float) -> _C:
        """The curve with all its rates multiplied."""
        return self._replace(**{name: getattr(self, name) * factor for name in self.rates})

    def under(self: _C, *path: str | int) -> _C:
        """The curve, with the fields that it names inside of another one."""
        return self


def periods(period: int, first: int, last: int, turns: Sequence[int] = (0,)) -> Iterator[int]:
    """The turns of cycles, each counted from its cycle's beginning, from a step to another."""
    start = first - first % period
    begins = range(start, min(last, start + period * _MAX_TURNS) + 1, period)
    return (begin + turn for begin in begins for turn in turns)


def ends_of_cycles(first: int, last: int, period: int) -> set[int]:
    """The first cycles from a step on and the last ones to another, by their numbers."""
    begin, end = first // period, last // period
    return {begin, begin + 1, begin + 2, end - 1, end}


def within(first: int, last: int, steps: set[int]) -> list[int]:
    """Both ends of a range of steps, and those of the steps that lie between."""
    return sorted({first, last, *(step for step in steps if first <= step <= last)})
