"""Whether two schedules are the same, and from which step on they are not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from schedule_builder.schedules.curves import MAX_STEP, Constant, Cycle, Interpolation
from schedule_builder.schedules.schedule import Combination, Schedule, Segment

RELATIVE_TOLERANCE = 1e-12
"""Rates are the same when they differ by less than this share: the same number, computed in
another order. Far below what float32 can show, far above what float64 loses."""
_WALKED = 1024
_SPREAD = 256
_CYCLES = 256


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
    curve = segment.curve
    if isinstance(curve, Constant):
        return max(curve.rate, segment.floor)
    if isinstance(curve, Interpolation) and curve.shape == "linear":
        slope = (Fraction(curve.end) - Fraction(curve.start)) / Fraction(curve.length)
        at_zero = Fraction(curve.start) - slope * (segment.origin + Fraction(curve.delay))
        return slope, at_zero, segment.floor
    return curve, segment.origin, segment.floor


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
        low, high = last_same, step
        while high - low > _WALKED:
            middle = (low + high) // 2
            low, high = (middle, high) if _is_same(one, other, middle) else (low, middle)
        return next(s for s in range(low + 1, high + 1) if not _is_same(one, other, s))
    return None


def _turns(segment: Segment, begin: int, end: int) -> set[int]:
    """Steps at and beside which a curve turns, the first of them from a step on."""
    origin, curve = segment.origin, segment.curve
    turns: set[int] = set()
    if isinstance(curve, Combination):
        for member in curve.members:
            for part, last in zip(member.segments, [*member.begins[1:], MAX_STEP], strict=True):
                first = max(part.begin + origin, begin)
                if first <= min(last + origin, end):
                    inner = replace(part, origin=part.origin + origin)
                    turns |= {first} | _turns(inner, first, min(last + origin, end))
    elif isinstance(curve, Cycle):
        period = curve.up + curve.down
        start = begin - (begin - origin) % period
        turns = {start + n * period + up for n in range(_CYCLES) for up in (0, curve.up)}
    else:
        unit = getattr(curve, "decay_steps", 0) or getattr(curve, "period", 0)
        if unit:
            start = begin - (begin - origin) % unit
            turns = {start + n * unit for n in range(_CYCLES)}
    return {turn + beside for turn in turns for beside in (-1, 0, 1)}


def _probes(one: Schedule, other: Schedule, begin: int, end: int) -> Iterator[int]:
    """Steps that tell two curves apart, in order."""
    steps = {begin, end}
    for schedule in (one, other):
        segment = schedule.segment_at(begin)
        steps |= _turns(segment, begin, end)
        origin = segment.origin
        own = segment.curve.extremes(begin - origin, end - origin)
        steps.update(step + origin for step in own)
    if end - begin <= _WALKED:
        steps |= set(range(begin, end + 1))
    else:
        steps |= {begin + (end - begin) * i // _SPREAD for i in range(_SPREAD)}
        for power in range((end - begin).bit_length()):
            steps |= {begin + 2**power, end - 2**power}
    yield from sorted(step for step in steps if begin <= step <= end)
