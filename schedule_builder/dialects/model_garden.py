"""The TensorFlow Model Garden's learning rates and warmups, with the Garden's own meaning of them.

Its formulas count from an `offset`, and go on where the steps from there are negative.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

from schedule_builder.dialects.kinds import (
    LoweringError,
    exponential,
    lower_part,
    lowers,
    polynomial_decay,
    power,
    power_law,
    sequence,
    steps_down,
    with_tail,
)
from schedule_builder.reading.binding import counting, schema_of
from schedule_builder.schedules.curves import MAX_STEP, Constant, Curve, Interpolation
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import experiment_pb2 as pb

MAX_WAVES = 4096
"""More half cosines than this before an offset are nothing that anyone can have meant."""


def missing(message: Any) -> list[str]:
    """What the one sub-block that counts needs, and does not give."""
    name = counting(message)
    if name is None:
        return []
    part = getattr(message, name)
    given = {field.name for field, _ in part.ListFields()}
    needed = (f for f in schema_of(part.DESCRIPTOR).values() if f.rule.required or f.rule.not_empty)
    return [field.name for field in needed if field.name not in given]


def lower_experiment(config: pb.OptimizationConfig) -> Schedule | None:
    """The schedule that a checked optimizer config describes.

    Args:
        config: the message.

    Returns:
        The schedule; None where the file leaves some of it to Python code.

    Raises:
        LoweringError: the numbers do not make a schedule.
    """
    name = counting(config.learning_rate)
    if name is None or missing(config.learning_rate) or missing(config.warmup):
        return None
    schedule = _lower(config, "learning_rate", name)
    warmup = counting(config.warmup)
    if warmup is None:
        return schedule
    message = getattr(config.warmup, warmup)
    if not message.warmup_steps:
        return schedule
    rest = schedule.since(message.warmup_steps, "warmup", warmup, "warmup_steps")
    return Schedule((*_WARMUPS[warmup](message, schedule), *rest))


def _lower(config: pb.OptimizationConfig, field: str, name: str) -> Schedule:
    try:
        return lower_part(getattr(getattr(config, field), name), name).under(field)
    except LoweringError as error:
        raise LoweringError((field, *error.path), str(error)) from None


def _linear_warmup(message: pb.LinearWarmupConfig, main: Schedule) -> tuple[Segment, ...]:
    steps = message.warmup_steps
    curve = Interpolation(message.warmup_learning_rate, main(steps), steps)
    return (Segment(0, curve, 0),)


def _polynomial_warmup(message: pb.PolynomialWarmupConfig, main: Schedule) -> tuple[Segment, ...]:
    steps, target = message.warmup_steps, main(message.warmup_steps)
    first = target * power(1 / steps, message.power)
    if steps == 1 or message.power == 0:
        return (Segment(0, Constant(first), 0),)
    curve = Interpolation(0.0, target, steps, "power_of_elapsed", message.power)
    return Segment(0, Constant(first), 0), Segment(1, curve, 0)


_WARMUPS: dict[str, Any] = {"linear": _linear_warmup, "polynomial": _polynomial_warmup}


def _moved(schedule: Schedule, offset: int) -> Schedule:
    """The schedule with its step 0 at `offset`, and its first curve going on before that."""
    moved = [
        replace(s, begin=max(s.begin + offset, 0), origin=s.origin + offset)
        for s in schedule.segments
        if s.begin + offset <= MAX_STEP
    ] or [replace(schedule.segments[0], origin=offset)]
    moved[0] = replace(moved[0], begin=0)
    ends = [s.begin for s in moved[1:]]
    kept = (s for s, end in zip(moved, [*ends, None], strict=True) if end is None or end > s.begin)
    return Schedule(tuple(kept))


@lowers(pb.ConstantLrConfig)
def _constant(message: pb.ConstantLrConfig) -> Schedule:
    return sequence((0, Constant(message.learning_rate)))


@lowers(pb.StepwiseLrConfig)
def _stepwise(message: pb.StepwiseLrConfig) -> Schedule:
    ends = [boundary + message.offset for boundary in message.boundaries]
    reached = sum(end < 0 for end in ends)
    begins = [end + 1 for end in ends[reached:]]
    return steps_down(begins, message.values[reached:], "boundaries", reached)


@lowers(pb.ExponentialLrConfig)
def _exponential(message: pb.ExponentialLrConfig) -> Schedule:
    curve = exponential(
        message.initial_learning_rate, message.decay_rate, message.decay_steps, message.staircase
    )
    return _moved(sequence((0, curve)), message.offset)


@lowers(pb.PolynomialLrConfig)
def _polynomial(message: pb.PolynomialLrConfig) -> Schedule:
    initial, end, steps, offset = (
        message.initial_learning_rate,
        message.end_learning_rate,
        message.decay_steps,
        message.offset,
    )
    schedule = polynomial_decay(initial, end, steps, message.power, cycle=message.cycle)
    if offset <= 0 or message.power == 0:
        return _moved(schedule, offset)
    # The curve before its step 0 is that of a longer decay, which begins higher.
    top = end + (initial - end) * power((steps + offset) / steps, message.power)
    longer = polynomial_decay(top, end, steps + offset, message.power, cycle=False)
    # One that rises from nearly 0 would lose that in it.
    if not message.cycle and initial >= end:
        return longer
    return Schedule((longer.segments[0], *schedule.shifted(offset)))


@lowers(pb.CosineLrConfig)
def _cosine(message: pb.CosineLrConfig) -> Schedule:
    initial, steps = message.initial_learning_rate, message.decay_steps
    end = initial * message.alpha
    decay = _wave(initial, end, steps)
    schedule = sequence((0, decay), (steps, Constant(end), ("decay_steps",)))
    return _after_waves(schedule, message.offset, decay)


def _check_waves(path: tuple[str | int, ...], until: int, steps: int) -> None:
    count = -(-until // steps)
    if count > MAX_WAVES:
        raise LoweringError(
            path, f"a half cosine of {steps} steps would swing {count} times before step {until}"
        )


def _wave(start: float, end: float, steps: int) -> Interpolation:
    return Interpolation(start, end, steps, "cosine")


def _after_waves(schedule: Schedule, offset: int, wave: Interpolation) -> Schedule:
    """The schedule with its step 0 at `offset`, and the cosine before it that ends in `wave`."""
    steps = int(wave.length)
    if offset <= 0:
        return _moved(schedule, offset)
    _check_waves(("offset",), offset, steps)
    waves = []
    for before in range(-(-offset // steps), 0, -1):
        top, bottom = (wave.start, wave.end) if before % 2 == 0 else (wave.end, wave.start)
        origin = offset - before * steps
        waves.append(Segment(max(origin, 0), _wave(top, bottom, steps), origin))
    return Schedule((*waves, *schedule.shifted(offset)))


@lowers(pb.DirectPowerLrConfig)
def _power(message: pb.DirectPowerLrConfig) -> Schedule:
    return power_law(message.initial_learning_rate, message.power, 0, math.inf)


@lowers(pb.PowerAndLinearDecayLrConfig)
def _power_linear(message: pb.PowerAndLinearDecayLrConfig) -> Schedule:
    law = power_law(message.initial_learning_rate, message.power, 0, math.inf)
    total_steps, fraction = message.total_decay_steps, message.linear_decay_fraction
    tailed = with_tail(law, 0, total_steps, fraction, ("total_decay_steps",))
    return _moved(tailed, message.offset)


@lowers(pb.PowerDecayWithOffsetLrConfig)
def _power_with_offset(message: pb.PowerDecayWithOffsetLrConfig) -> Schedule:
    cap = message.pre_offset_learning_rate
    law = power_law(message.initial_learning_rate, message.power, 0, cap)
    before: Curve = Constant(cap)
    # Own step 0 still has the rate before the offset.
    return _moved(Schedule((Segment(0, before, 0), *law.since(1))), message.offset)


@lowers(pb.StepCosineLrConfig)
def _step_cosine(message: pb.StepCosineLrConfig) -> Schedule:
    boundaries, values, offset = message.boundaries, message.values, message.offset
    if len(boundaries) < 2:  # noqa: PLR2004 - the two ends of a cosine
        raise LoweringError(("boundaries",), "one boundary makes no cosine: give at least two")
    (first, second), *rest = pairwise(boundaries)
    if second <= 0:
        raise LoweringError(
            ("boundaries", 1), f"the first cosine begins at 0 and cannot end at {second}"
        )
    wave = _wave(values[0], values[1], second - first)
    _check_waves(("boundaries", 1), second, second - first)
    segments: list[Segment] = []
    # Its phase counts from 0, wherever its boundary is.
    for index, begin in enumerate(range(0, second, second - first)):
        ends = (wave.start, wave.end) if index % 2 == 0 else (wave.end, wave.start)
        segments.append(Segment(begin, _wave(*ends, second - first), begin))
    levels = zip(rest, pairwise(values[1:]), strict=True)
    for index, ((begin, end), (start, stop)) in enumerate(levels, 1):
        path = ("boundaries", index)
        segments.append(Segment(begin, _wave(start, stop, end - begin), begin, path=path))
    # The Garden divides by 0 from here on.
    path = ("boundaries", len(boundaries) - 1)
    segments.append(Segment(boundaries[-1], Constant(math.nan), boundaries[-1], path=path))
    return _after_waves(Schedule(tuple(segments)), offset, wave)
