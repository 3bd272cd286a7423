"""Whether two schedules are the same, and from which step on they are not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from schedule_builder.building import build_schedule
from schedule_builder.config import ConfigLike
from schedule_builder.curves import MAX_STEP, Constant, Interpolation
from schedule_builder.schedule import Schedule, Segment

RELATIVE_TOLERANCE = 1e-12
"""Rates are the same when they differ by less than this share: the same number, computed in
another order. Far below what float32 can show, far above what float64 loses."""
_WALKED = 1024
_SPREAD = 256


def first_difference(first: ConfigLike | Schedule, second: ConfigLike | Schedule) -> int | None:
    """The first step at which two configs do not give the same rate.

    Schedules are compared segment by segment: what is written alike needs no evaluation. Where
    two different curves meet, they are compared at both ends, where either of them turns, and at
    some hundred steps between; the difference is then narrowed down. Long stretches are not
    walked through.

    Args:
        first: a config, as for `load`, or a schedule.
        second: another one, in whatever dialect.

    Returns:
        The step, or None where the rates are the same at every step, to a share of 1e-12.

    Raises:
        ConfigError: a config has errors.
        OSError: a file cannot be read.

    >>> first_difference(
    ...     {"manual_step_learning_rate": {"initial_learning_rate": 0.1,
    ...                                    "schedule": [{"step": 10, "learning_rate": 0.01}]}},
    ...     {"piecewise_constant_learning_rate": {"boundaries": [10], "values": [0.1, 0.01]}})
    10
    """
    one, other = (s if isinstance(s, Schedule) else build_schedule(s) for s in (first, second))
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


def _probes(one: Schedule, other: Schedule, begin: int, end: int) -> Iterator[int]:
    """Steps that tell two curves apart, in order."""
    steps = {begin, end}
    for schedule in (one, other):
        segment = schedule.segment_at(begin)
        origin, curve = segment.origin, segment.curve
        for name in ("decay_steps", "period", "up"):
            unit = getattr(curve, name, 0)
            if unit:
                turn = origin + ((begin - origin) // unit + 1) * unit
                steps |= {turn - 1, turn, turn + 1, turn + unit}
        steps.update(step + origin for step in curve.extremes(begin - origin, end - origin))
    if end - begin <= _WALKED:
        steps |= set(range(begin, end + 1))
    else:
        steps |= {begin + (end - begin) * i // _SPREAD for i in range(_SPREAD)}
        for power in range((end - begin).bit_length()):
            steps |= {begin + 2**power, end - 2**power}
    yield from sorted(step for step in steps if begin <= step <= end)
