"""Whether two schedules are the same, and from which step on they are not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.schedules.search import narrowed

RELATIVE_TOLERANCE = 1e-12
"""Rates are the same when they differ by less than this share: the same number, computed in
another order. Far below what float32 can show, far above what float64 loses."""
_WALKED = 1024
_SPREAD = 256


def first_difference(one: Schedule, other: Schedule) -> int | None:
    """The first step at which two schedules do not give the same rate, or None.

    Schedules are compared segment by segment: what is written alike needs no evaluation. Where
    two different curves meet, they are compared at both ends, where either of them turns, in the
    first hundreds of its cycles, and at some hundred steps between; the difference is then
    narrowed down. Long stretches are not walked through.
    """
    begins = sorted({*one.begins, *other.begins})
    for begin, end in zip(begins, [*(b - 1 for b in begins[1:]), MAX_STEP], strict=True):
        if _meaning(one.segment_at(begin)) == _meaning(other.segment_at(begin)):
            continue
        step = _first_in(one, other, begin, end)
        if step is not None:
            return step
    return None


def _meaning(segment: Segment) -> Any:
    """A segment without what does not change its rates."""
    curve: Any = segment.curve
    if curve.is_constant:
        return max(curve.rate, segment.floor)
    return curve.meaning(segment.origin), segment.floor


def _is_same(one: Schedule, other: Schedule, step: int) -> bool:
    first, second = one(step), other(step)
    if first == second or (math.isnan(first) and math.isnan(second)):
        return True
    return bool(abs(first - second) <= RELATIVE_TOLERANCE * max(abs(first), abs(second)))


def _first_in(one: Schedule, other: Schedule, begin: int, end: int) -> int | None:
    """The first step from `begin` to `end` at which the rates differ."""
    last_same = begin - 1
    for step in _probes(one, other, begin, end):
        if _is_same(one, other, step):
            last_same = step
            continue
        # Two curves that have parted stay apart, up to single steps at which they cross.
        low, high = narrowed(lambda s: not _is_same(one, other, s), last_same, step, _WALKED)
        return next(s for s in range(low + 1, high + 1) if not _is_same(one, other, s))
    return None


def _probes(one: Schedule, other: Schedule, begin: int, end: int) -> Iterator[int]:
    """Steps that tell two curves apart, in order."""
    steps = {begin, end}
    for schedule in (one, other):
        segment = schedule.segment_at(begin)
        curve, origin = segment.curve, segment.origin
        first, last = begin - origin, end - origin
        steps.update(step + origin for step in curve.extremes(first, last))
        steps.update(
            turn + origin + beside for turn in curve.turns(first, last) for beside in (-1, 0, 1)
        )
    if end - begin <= _WALKED:
        steps |= set(range(begin, end + 1))
    else:
        steps |= {begin + (end - begin) * i // _SPREAD for i in range(_SPREAD)}
        for power in range((end - begin).bit_length()):
            steps |= {begin + 2**power, end - 2**power}
    yield from sorted(step for step in steps if begin <= step <= end)
