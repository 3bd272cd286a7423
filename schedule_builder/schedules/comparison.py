"""Where two schedules differ: from which step on, in which ranges of steps, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.schedules.search import first_true, narrowed

RELATIVE_TOLERANCE = 1e-12
"""Rates are equal if their relative difference is below this: the same number, computed in another
order. It is far below the precision of float32, and far above rounding errors of float64."""
_WALKED = 1024
_NARROWED = 64
_SPREAD = 256
_PEAKS = 8
"""How many of the largest differences between probes are narrowed down."""


class Difference(NamedTuple):
    """Two rates at one step."""

    step: int
    first: float
    second: float

    @property
    def size(self) -> float:
        """The distance of the rates; infinite if only one of them is a number."""
        gap = abs(self.first - self.second)
        if math.isnan(gap):
            return 0.0 if math.isnan(self.first) and math.isnan(self.second) else math.inf
        return gap

    @property
    def is_none(self) -> bool:
        """Whether the rates are equal, to a relative difference of 1e-12."""
        largest = max(abs(self.first), abs(self.second))
        return (
            self.first == self.second
            or self.size <= RELATIVE_TOLERANCE * largest
            or (math.isnan(self.first) and math.isnan(self.second))
        )


class StepRange(NamedTuple):
    """Steps from `begin` to `end`, both included."""

    begin: int
    end: int


class Comparison(NamedTuple):
    """How two schedules, or records of applied rates, differ.

    Attributes:
        ranges: the steps at which they differ, in order. A single step at which two curves cross
            does not end a range.
        first: the first step at which they differ, with both rates; None where they do not.
        largest: the largest difference; None if they do not differ.
    """

    ranges: tuple[StepRange, ...] = ()
    first: Difference | None = None
    largest: Difference | None = None


def compare(one: Schedule, other: Schedule, last: int = MAX_STEP) -> Comparison:
    """Compares two schedules from step 0 to a last one.

    Equal curves are not evaluated. Where two curves differ, every step is compared if they are few.
    Otherwise the curves are compared at both ends, where either of them turns, in the first
    hundreds of its cycles, and at a few hundred steps in between. Every change that is found is
    narrowed down to its step. Later cycles that differ are one range.
    """
    stretches = list(_stretches(one, other, last))
    ranges = tuple(_ranges(_changes(stretches), last))
    if not ranges:
        return Comparison()
    begin = ranges[0].begin
    first = Difference(begin, one(begin), other(begin))
    return Comparison(ranges, first, _largest([s for s in stretches if not s.is_same]))


def first_difference(one: Schedule, other: Schedule) -> int | None:
    """The first step at which two schedules do not give the same rate, or None; see `compare`."""
    changes = _changes(_stretches(one, other, MAX_STEP))
    return next((step for step, differs in changes if differs), None)


def ranges_of(steps: Iterable[int]) -> tuple[StepRange, ...]:
    """The ranges of increasing steps."""
    found: list[StepRange] = []
    for step in steps:
        if found and found[-1].end == step - 1:
            found[-1] = StepRange(found[-1].begin, step)
        else:
            found.append(StepRange(step, step))
    return tuple(found)


def _ranges(changes: Iterator[tuple[int, bool]], last: int) -> Iterator[StepRange]:
    begin = end = None
    for step, differs in changes:
        if not differs:
            end = step - 1
        elif begin is None:
            begin, end = step, None
        elif end is not None:
            if step - end > 2:  # noqa: PLR2004 - a gap of one step, where the curves cross
                yield StepRange(begin, end)
                begin = step
            end = None
    if begin is not None:
        yield StepRange(begin, last if end is None else end)


class _Stretch:
    """Steps at which each of two schedules follows one curve."""

    def __init__(self, one: Schedule, other: Schedule, begin: int, end: int) -> None:
        self.begin, self.end = begin, end
        self.schedules = (one, other)
        self.segments = (one.segment_at(begin), other.segment_at(begin))
        self.is_short = end - begin <= _WALKED
        self._known: dict[int, Difference] = {}

    @property
    def is_same(self) -> bool:
        """Whether both curves are equal."""
        first, second = map(_meaning, self.segments)
        return bool(first == second)

    def at(self, step: int) -> Difference:
        """Both rates at a step."""
        if (known := self._known.get(step)) is None:
            one, other = self.schedules
            known = self._known[step] = Difference(step, one(step), other(step))
        return known

    def differs(self, step: int) -> bool:
        """Whether the rates differ at a step."""
        return not self.at(step).is_none

    def order(self, step: int) -> int:
        """1 where the first rate is the higher one, -1 where it is the lower one, 0 for neither."""
        known = self.at(step)
        return 0 if known.is_none else (known.first > known.second) - (known.first < known.second)

    def probes(self) -> list[int]:
        """The steps to compare, in order: all steps of a short stretch."""
        begin, end = self.begin, self.end
        if all(segment.curve.is_constant for segment in self.segments):
            return [begin]
        if self.is_short:
            return list(range(begin, end + 1))
        steps = {begin, end}
        for segment in self.segments:
            steps.update(segment.extremes(begin, end))
            turns = self._turns(segment, begin)
            steps.update(turn + beside for turn in turns for beside in (-1, 0, 1))
        steps |= {begin + (end - begin) * i // _SPREAD for i in range(_SPREAD)}
        for power in range((end - begin).bit_length()):
            steps |= {begin + 2**power, end - 2**power}
        return sorted(step for step in steps if begin <= step <= end)

    def _turns(self, segment: Segment, begin: int) -> list[int]:
        """Where a curve turns from a step on; of many turns, the first hundreds."""
        origin = segment.origin
        turns = segment.curve.turns(begin - origin, self.end - origin)
        return [turn + origin for turn in turns if turn + origin >= begin]

    def _clear_until(self) -> int:
        """The step until which every turn of both curves is among the probes."""
        clear = self.end
        for segment in self.segments if not self.is_short else ():
            last = max(self._turns(segment, self.begin), default=self.end)
            if last < clear and self._turns(segment, last + 1):
                clear = last
        return clear

    def changes(self) -> Iterator[tuple[int, bool]]:
        """Each step from which on the rates differ or are the same, the first step included."""
        probes = self.probes()
        differs = self.differs(probes[0])
        yield probes[0], differs
        clear = self._clear_until()
        for low, high in pairwise(step for step in probes if step <= clear):
            for step in self._between(low, high):
                if self.differs(step) != differs:
                    differs = not differs
                    yield step, differs
        # Too many cycles to compare each of them are one range.
        unclear = [step for step in probes if step > clear]
        different = [step for step in unclear if self.differs(step)]
        if different and not differs:
            yield different[0], True
        if unclear and (differs or different) and not self.differs(self.end):
            yield (different[-1] + 1 if different else unclear[0]), False

    def _between(self, low: int, high: int) -> Iterator[int]:
        """Steps, in order, among which are all changes from one probe to the next."""
        differs = self.differs(low)
        if self.differs(high) != differs:
            # Two curves that have parted stay apart, up to single steps at which they cross.
            low, high = narrowed(lambda s: self.differs(s) != differs, low, high, _NARROWED)
            yield from range(low + 1, high)
        elif differs and self.order(low) != self.order(high) and high - low > 1:
            order = self.order(low)
            crossing = first_true(lambda s: self.order(s) != order, low, high)
            yield crossing
            if not self.differs(crossing):
                yield first_true(self.differs, crossing, high)
        yield high

    def highest_probe(self) -> Difference:
        """The largest difference among the probes, the first of several."""
        return max(map(self.at, self.probes()), key=_size)

    def peaks(self, least: float) -> Iterator[Difference]:
        """The largest differences near the probes where there are ones of at least some size."""
        if self.is_short:
            return
        probes = self.probes()
        sizes = [-math.inf, *(self.at(step).size for step in probes), -math.inf]
        tops = [
            i
            for i, (before, size, after) in enumerate(
                zip(sizes, sizes[1:], sizes[2:], strict=False)
            )
            if size >= least and before <= size >= after
        ]
        for i in sorted(tops, key=lambda i: -sizes[i + 1])[:_PEAKS]:
            for low, high in pairwise(probes[max(i - 1, 0) : i + 2]):
                yield self._climbed(low, high)

    def _climbed(self, low: int, high: int) -> Difference:
        """The largest difference from one step to another, between which there is one peak."""
        while high - low > 8:  # noqa: PLR2004 - as many as the next two thirds would cost
            third = (high - low) // 3
            if self.at(low + third).size < self.at(high - third).size:
                low += third
            else:
                high -= third
        return max(map(self.at, range(low, high + 1)), key=_size)


def _size(difference: Difference) -> float:
    return difference.size


def _largest(stretches: Sequence[_Stretch]) -> Difference:
    """The step at which rates are farthest apart, the first of several."""
    probed = [stretch.highest_probe() for stretch in stretches]
    # Between probes a difference rises, but not to the double.
    least = max(map(_size, probed)) / 2
    near = [found for stretch in stretches for found in stretch.peaks(least)]
    return max(sorted([*probed, *near]), key=_size)


def _stretches(one: Schedule, other: Schedule, last: int) -> Iterator[_Stretch]:
    begins = sorted(begin for begin in {*one.begins, *other.begins} if begin <= last)
    for begin, end in zip(begins, [*(b - 1 for b in begins[1:]), last], strict=True):
        yield _Stretch(one, other, begin, end)


def _changes(stretches: Iterable[_Stretch]) -> Iterator[tuple[int, bool]]:
    """Each step from which on the schedules differ or are the same, with which of the two."""
    before = False
    for stretch in stretches:
        changes = iter(((stretch.begin, False),)) if stretch.is_same else stretch.changes()
        for step, differs in changes:
            if differs != before:
                yield step, differs
                before = differs


def _meaning(segment: Segment) -> Any:
    """A segment without the parts that do not affect its rates."""
    curve: Any = segment.curve
    if curve.is_constant:
        return max(curve.rate, segment.floor)
    return curve.meaning(segment.origin), segment.floor
