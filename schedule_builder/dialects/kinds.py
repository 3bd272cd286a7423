"""From messages to schedules: one function for each kind of learning rate.

A new kind is a message in the schema, a function here and a golden in the tests.
"""

from __future__ import annotations

__lazy_modules__: list[str] = ["fractions"]  # 3 ms, which Python 3.15 puts off until it is used

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.dialects.lowering import (
    LoweringError,
    lowers,
    power,
    sequence,
    steps_down,
    warmup_steps,
)
from schedule_builder.dialects.modifiers import lower
from schedule_builder.schedules.curves import (
    MAX_STEP,
    Constant,
    CosineCycle,
    Curve,
    Cycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PolynomialCycle,
    PowerLaw,
    Sigmoid,
)
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from schedule_builder.schedules.search import first_true
from schedule_builder.v1 import learning_rate_pb2 as pb


def exponential(initial: float, factor: float, steps: int, staircase: bool) -> Curve:
    """`initial * factor^(t / steps)`; 0 if `initial` is 0."""
    return Exponential(initial, factor, steps, staircase) if initial else Constant(0.0)


@lowers(pb.PiecewiseConstantLearningRate)
def _piecewise_constant(message: pb.PiecewiseConstantLearningRate) -> Schedule:
    return steps_down([b + 1 for b in message.boundaries], list(message.values), "boundaries")


@lowers(pb.PolynomialDecayLearningRate)
def _polynomial_decay(message: pb.PolynomialDecayLearningRate) -> Schedule:
    return polynomial_decay(
        message.initial_learning_rate,
        message.end_learning_rate,
        message.decay_steps,
        message.power,
        cycle=message.cycle,
    )


def polynomial_decay(
    initial: float, end: float, decay_steps: int, power: float, *, cycle: bool
) -> Schedule:
    """A polynomial decay, which holds its last rate or repeats."""
    if power == 0:
        # 0^0 is 1: the rate never leaves its start.
        return sequence((0, Constant(initial)))
    if cycle:
        return sequence((0, PolynomialCycle(initial, end, decay_steps, power)))
    shape = "linear" if power == 1 else "power_of_remaining"
    last = end if power > 0 or initial == end else math.copysign(math.inf, initial - end)
    return sequence(
        (0, Interpolation(initial, end, decay_steps, shape, power)),
        (decay_steps, Constant(last), ("decay_steps",)),
    )


@lowers(pb.InverseTimeDecayLearningRate)
def _inverse_time_decay(message: pb.InverseTimeDecayLearningRate) -> Schedule:
    initial, rate, steps = message.initial_learning_rate, message.decay_rate, message.decay_steps
    curve = InverseTime(initial, rate, steps, message.staircase)
    if rate >= 0:
        return sequence((0, curve))
    # The divisor falls, to 0 or below.
    pole = -1 / Fraction(rate)
    end = math.ceil(pole) * steps if message.staircase else math.ceil(pole * steps)
    return sequence((0, curve), (end, Constant(math.nan), ("decay_rate",)))


@lowers(pb.InverseSqrtLearningRate)
def _inverse_sqrt(message: pb.InverseSqrtLearningRate) -> Schedule:
    base, timescale = message.learning_rate_base, message.timescale
    fall = Segment(timescale, PowerLaw(base, timescale, -0.5), 0, path=("timescale",))
    return Schedule((Segment(0, Constant(base), 0), fall))


@lowers(pb.PowerDecayLearningRate)
def _power_decay(message: pb.PowerDecayLearningRate) -> Schedule:
    cap = message.max_learning_rate if message.HasField("max_learning_rate") else math.inf
    offset, total_steps = message.offset_steps, message.total_steps
    schedule = power_law(message.learning_rate_base, message.power, offset, cap)
    if not message.HasField("total_steps"):
        return schedule
    fraction = message.linear_tail_fraction
    return with_tail(schedule, offset, total_steps, fraction, ("total_steps",))


def with_tail(
    schedule: Schedule, offset: int, total_steps: int, fraction: float, path: FieldPath
) -> Schedule:
    """The schedule, falling in a straight line to 0 over the last fraction of its steps."""
    # The line is 1 at a fractional step.
    length = total_steps * Fraction(fraction)
    if not length:
        return schedule
    end = offset + total_steps
    start = end - length
    begin = math.floor(start) + 1
    line = Interpolation(1.0, 0.0, length, delay=start - begin)
    tail = sequence((0, Constant(1.0)), (begin, line, path), (end, Constant(0.0), path))
    return sequence((0, Combination("product", (schedule, tail))))


def power_law(base: float, power: float, offset: int, cap: float) -> Schedule:
    """`base * max(t - offset, 1)^power`, at most a cap."""
    begin = offset + 1
    if begin > MAX_STEP:
        return sequence((0, Constant(min(base, cap))))
    law = Segment(begin, PowerLaw(base, 1, power), offset)
    whole = Schedule((Segment(0, Constant(base), 0), law))

    def capped(step: int) -> bool:
        return bool(whole(step) > cap)

    if capped(begin) == capped(MAX_STEP):
        return sequence((0, Constant(cap))) if capped(begin) else whole
    # A power is monotonic: it crosses the cap once.
    high = first_true(lambda step: capped(step) != capped(begin), begin, MAX_STEP)
    if capped(begin):
        return Schedule((Segment(0, Constant(cap), 0), *whole.since(high)))
    return Schedule((*whole.segments, Segment(high, Constant(cap), high)))


@lowers(pb.MultiStepLearningRate)
def _multi_step(message: pb.MultiStepLearningRate) -> Schedule:
    initial, factor = message.initial_learning_rate, message.decay_factor
    rates = [initial and initial * power(factor, k) for k in range(len(message.milestones) + 1)]
    return steps_down(message.milestones, rates, "milestones")


@lowers(pb.PiecewiseLinearLearningRate)
def _piecewise_linear(message: pb.PiecewiseLinearLearningRate) -> Schedule:
    points = message.point
    cosine = message.interpolation == pb.PiecewiseLinearLearningRate.COSINE
    shape = "cosine" if cosine else "linear"
    return sequence(
        (0, Constant(points[0].learning_rate)),
        *(
            (
                a.step,
                Interpolation(a.learning_rate, b.learning_rate, b.step - a.step, shape),
                ("point", index, "step"),
            )
            for index, (a, b) in enumerate(pairwise(points))
        ),
        (
            points[-1].step,
            Constant(points[-1].learning_rate),
            ("point", len(points) - 1, "step"),
        ),
    )


MAX_RESTARTS = 4096
"""The largest number of restarts: each is a row of a table in the graph."""
_GRID = 2**128


@lowers(pb.CosineRestartsLearningRate)
def _cosine_restarts(message: pb.CosineRestartsLearningRate) -> Schedule:
    initial, first, m_mul = (
        message.initial_learning_rate,
        message.first_decay_steps,
        message.m_mul,
    )
    floor = initial * message.alpha
    height = initial * (1 - message.alpha)
    t_mul = Fraction(repr(message.t_mul))
    if not height:
        return sequence((0, Constant(floor)))
    if t_mul == 1 and not m_mul:
        return sequence(
            (0, Interpolation(initial, floor, first, "cosine")),
            (first, Constant(floor), ("first_decay_steps",)),
        )
    if t_mul == 1:
        return sequence((0, CosineCycle(height, floor, first, m_mul)))
    # The lengths are a geometric series: this is how many of them reach the last step. Above a
    # growth of 2 there are fewer still.
    growth = min(message.t_mul, 2.0)
    if math.log1p(MAX_STEP * (growth - 1) / first) / math.log(growth) > MAX_RESTARTS:
        raise LoweringError(
            ("t_mul",),
            Words(
                "`t_mul` {t_mul!r} makes more than {limit} restarts. Set it to 1 (decays of"
                " equal length), or to at least 1.02",
                t_mul=message.t_mul,
                limit=MAX_RESTARTS,
            ),
        )
    segments: list[Segment] = []
    start, length = Fraction(0), Fraction(first)
    while (begin := math.ceil(start)) <= MAX_STEP:
        end = start + length
        top = floor + height * power(m_mul, len(segments))
        delay = _near(start - begin)
        curve = Interpolation(top, floor, _near(end - begin) - delay, "cosine", delay=delay)
        segments.append(Segment(begin, curve, begin, path=("first_decay_steps",)))
        start, length = end, length * t_mul
    return Schedule(tuple(segments))


def _near(number: Fraction) -> Fraction:
    """A nearby fraction with a small denominator, close enough for the rates of a decay."""
    return Fraction(round(number * _GRID), _GRID)


@lowers(pb.OneCycleLearningRate)
def _one_cycle(message: pb.OneCycleLearningRate) -> Schedule:
    total_steps, peak = message.total_steps, message.max_learning_rate
    first = peak / message.div_factor
    last = first / message.final_div_factor
    rise = Fraction(repr(message.pct_start)) * total_steps - 1
    points: list[tuple[Fraction | int, float]] = [(0, first), (rise, peak)]
    if message.three_phase:
        points.append((2 * rise, first))
    points.append((total_steps - 1, last))
    for index, ((start, _), (end, _)) in enumerate(pairwise(points), 1):
        if end <= start:
            raise LoweringError(
                ("pct_start",) if message.HasField("pct_start") else ("total_steps",),
                Words(
                    "phase {index} of the cycle has no steps: it would last from step {start:exact}"
                    " to {end:exact}. `pct_start` times `total_steps` is {product:exact} and must"
                    " be {bound}: change one of them",
                    index=index,
                    start=float(start),
                    end=float(end),
                    product=float(rise + 1),
                    bound=Words("above 1 and at most half of `total_steps`")
                    if message.three_phase
                    else Words("above 1"),
                ),
            )
    shape = "cosine" if message.anneal == pb.OneCycleLearningRate.COSINE else "linear"
    curves: list[tuple[int, Curve, FieldPath]] = []
    for (start, high), (end, low) in pairwise(points):
        # A phase includes its end, at which the next one starts.
        begin = math.floor(start) + 1 if start else 0
        curves.append(
            (
                begin,
                Interpolation(high, low, _whole(end - start), shape, delay=_whole(start - begin)),
                ("pct_start",),
            )
        )
    return sequence(*curves, (total_steps - 1, Constant(last), ("total_steps",)))


def _whole(value: Fraction | int) -> Fraction | int:
    return int(value) if value == int(value) else value


@lowers(pb.CyclicLearningRate)
def _cyclic(message: pb.CyclicLearningRate) -> Schedule:
    up = message.step_size_up
    down = message.step_size_down if message.HasField("step_size_down") else up
    modes = pb.CyclicLearningRate
    base, peak = message.base_learning_rate, message.max_learning_rate
    if base == peak:
        return sequence((0, Constant(base)))
    if up + down > MAX_STEP:
        if message.mode == modes.EXP_RANGE:
            words = Words(
                "this cycle has {steps} steps, and the limit is {limit}. Make it shorter",
                limit=MAX_STEP,
                steps=up + down,
            )
            raise LoweringError(("step_size_up",), words)
        # There is only one.
        fall = Interpolation(peak, base, down)
        return sequence((0, Interpolation(base, peak, up)), (up, fall, ("step_size_up",)))
    curve = Cycle(
        base,
        peak,
        up,
        down,
        cycle_factor=0.5 if message.mode == modes.TRIANGULAR2 else 1.0,
        step_factor=message.gamma if message.mode == modes.EXP_RANGE else 1.0,
    )
    return sequence((0, curve))


@lowers(pb.WarmupStableDecayLearningRate, warmup=warmup_steps)
def _warmup_stable_decay(message: pb.WarmupStableDecayLearningRate) -> Schedule:
    peak, end, steps = (
        message.peak_learning_rate,
        message.end_learning_rate,
        message.decay_steps,
    )
    shapes = pb.WarmupStableDecayLearningRate
    decay: Curve
    if message.decay_shape == shapes.EXPONENTIAL:
        for name, rate in (("peak_learning_rate", peak), ("end_learning_rate", end)):
            if rate <= 0:
                words = Words(
                    "`{name}` is {rate:exact}: an EXPONENTIAL decay needs a rate above 0."
                    " Raise it, or use another shape",
                    name=name,
                    rate=rate,
                )
                raise LoweringError((name,), words)
        decay = Geometric(peak, end, steps)
    elif message.decay_shape == shapes.ONE_MINUS_SQRT:
        decay = Interpolation(peak, end, steps, "power_of_elapsed", 0.5)
    else:
        cosine = message.decay_shape == shapes.COSINE
        decay = Interpolation(peak, end, steps, "cosine" if cosine else "linear")
    warmup_end = message.warmup_steps
    stable_end = warmup_end + message.stable_steps
    return sequence(
        (0, Interpolation(message.initial_learning_rate, peak, max(warmup_end, 1))),
        (warmup_end, Constant(peak), ("warmup_steps",)),
        (stable_end, decay, ("stable_steps",)),
        (stable_end + steps, Constant(end), ("decay_steps",)),
    )


@lowers(pb.NoamLearningRate, warmup=warmup_steps)
def _noam(message: pb.NoamLearningRate) -> Schedule:
    length = message.warmup_steps
    # The paper counts steps from 1.
    top = message.scale / math.sqrt(message.model_dim) / math.sqrt(length)
    rise = Segment(0, Interpolation(0.0, top, length), -1)
    law = PowerLaw(top, length, -0.5)
    fall = Segment(length - 1, law, -1, path=("warmup_steps",))
    return Schedule((rise, fall) if length > 1 else (fall,))


@lowers(pb.TanhDecayLearningRate)
def _tanh_decay(message: pb.TanhDecayLearningRate) -> Schedule:
    base, end, steps = (
        message.learning_rate_base,
        message.end_learning_rate,
        message.total_steps,
    )
    curve = Sigmoid(base, end, steps, message.lower, message.upper)
    return sequence((0, curve), (steps, Constant(end), ("total_steps",)))


@lowers(pb.TableLearningRate)
def _table(message: pb.TableLearningRate) -> Schedule:
    return sequence(
        *(
            (index * message.steps_per_entry, Constant(rate), ("learning_rates", index))
            for index, rate in enumerate(message.learning_rates)
        )
    )


def _members(messages: Iterable[tuple[tuple[str | int, ...], pb.LearningRate]]) -> list[Schedule]:
    """The schedules of members; an error names its member."""
    schedules = []
    for path, message in messages:
        try:
            schedules.append(lower(message, around=path))
        except LoweringError as error:
            raise error.inside(*path) from None
    return schedules


@lowers(pb.SequentialLearningRate)
def _sequential(message: pb.SequentialLearningRate) -> Schedule:
    stages = message.stage
    schedules = _members(
        (("stage", i, "learning_rate"), stage.learning_rate) for i, stage in enumerate(stages)
    )
    segments: list[Segment] = []
    begin = 0
    for i, (stage, schedule) in enumerate(zip(stages, schedules, strict=True)):
        if begin > MAX_STEP:
            break
        moved = schedule.shifted(begin)
        if i:
            moved = (moved[0]._replace(path=("stage", i - 1, "steps")), *moved[1:])
        if i + 1 < len(stages):
            moved = tuple(s for s in moved if s.begin < begin + stage.steps)
        segments += moved
        begin += stage.steps
    return Schedule(tuple(segments))


@lowers(pb.CombinedLearningRate)
def _combined(message: pb.CombinedLearningRate) -> Schedule:
    members = _members(
        (("learning_rates", i), member) for i, member in enumerate(message.learning_rates)
    )
    op = pb.CombinedLearningRate.Op.Name(message.op).lower()
    return sequence((0, Combination(op, tuple(members))))
