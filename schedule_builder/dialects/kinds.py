"""From messages to schedules: one function for each kind of learning rate.

A new kind is a message in the schema, a function here and a golden in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import Message

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
from schedule_builder.v1 import learning_rate_pb2 as pb

ENTRY_POINTS = "schedule_builder.schedules"
"""The group of entry points that name modules with kinds of their own."""

Lowering = Callable[[Any], Schedule]
FieldPath: TypeAlias = "tuple[str | int, ...]"
"""Where a field is in the message that is lowered."""
_F = TypeVar("_F", bound=Lowering)


class _Kind(NamedTuple):
    message: type[Message]
    lowering: Lowering


_KINDS: dict[str, _Kind] = {}


class LoweringError(ValueError):
    """A schedule that its own numbers make impossible.

    Attributes:
        path: the field to blame, within the message that was lowered.
    """

    def __init__(self, path: FieldPath, message: str) -> None:
        super().__init__(message)
        self.path = path


def lowers(message: type[Message]) -> Callable[[_F], _F]:
    """Registers the function that lowers a kind of learning rate.

    A package of its own calls this in the module that its entry point in the group
    `schedule_builder.schedules` names; configs then say
    `custom { [type.googleapis.com/FULL.NAME] { ... } }`.

    Args:
        message: the type of message. Its package's name is not `schedule_builder`.

    Returns:
        A decorator for a function from a message to a `Schedule`. The function may raise
        `LoweringError` for numbers that make no schedule.

    Raises:
        ValueError: the type has a lowering already.
    """

    def register(function: _F) -> _F:
        name = message.DESCRIPTOR.full_name
        if name in _KINDS:
            text = f"{name} already has a lowering: {_KINDS[name].lowering.__qualname__}"
            raise ValueError(text)
        _KINDS[name] = _Kind(message, function)
        return function

    return register


@cache
def _load_entry_points() -> None:
    from importlib.metadata import entry_points  # only custom kinds pay for it

    for entry_point in entry_points(group=ENTRY_POINTS):
        entry_point.load()


def custom_kinds() -> dict[str, type[Message]]:
    """The types of message that `custom` may hold, by full name."""
    _load_entry_points()
    own = pb.LearningRate.DESCRIPTOR.file.package + "."
    return {name: kind.message for name, kind in _KINDS.items() if not name.startswith(own)}


def lower(learning_rate: pb.LearningRate, batch_size: int | None = None) -> Schedule:
    """The schedule that a checked LearningRate describes, modifiers included.

    Args:
        learning_rate: the message.
        batch_size: what `batch_size_scaling` scales by, None where it is not known.

    Raises:
        LoweringError: the numbers do not make a schedule.
    """
    kind = learning_rate.WhichOneof("learning_rate")
    if kind is None:
        raise LoweringError((), "there is no learning rate here")
    main = getattr(learning_rate, kind)
    if kind == "custom":
        name = main.TypeName()
        packed, main = main, custom_kinds()[name]()
        packed.Unpack(main)
    schedule = lower_part(main, kind)
    if learning_rate.HasField("warmup") and learning_rate.warmup.warmup_steps:
        schedule = _warm_up(learning_rate.warmup, schedule)
    if learning_rate.HasField("batch_size_scaling"):
        scaling = learning_rate.batch_size_scaling
        if batch_size is None:
            raise LoweringError(
                ("batch_size_scaling",),
                "there is no `batch_size` to scale by: it is scaled by the `batch_size` that the"
                " pipeline states",
            )
        ratio = batch_size / scaling.reference_batch_size
        schedule = schedule.scaled(math.sqrt(ratio) if scaling.rule else ratio)
    return schedule.with_floor(learning_rate.min_learning_rate)


def lower_part(message: Message, name: str) -> Schedule:
    """The schedule of one kind, in the field of that name."""
    try:
        return _KINDS[message.DESCRIPTOR.full_name].lowering(message).under(name)
    except LoweringError as error:
        raise LoweringError((name, *error.path), str(error)) from None


_WARMUP_STEPS = ("warmup", "warmup_steps")


def _warm_up(warmup: pb.Warmup, main: Schedule) -> Schedule:
    steps, start = warmup.warmup_steps, warmup.warmup_learning_rate
    if warmup.alignment == pb.Warmup.SHIFT:
        (first, *others), target = main.shifted(steps), main(0)
        rest: tuple[Segment, ...] = (replace(first, path=_WARMUP_STEPS), *others)
    else:
        target, rest = main(steps), main.since(steps, *_WARMUP_STEPS)
    curve: Curve
    if warmup.shape == pb.Warmup.CONSTANT:
        curve = Constant(start)
    elif warmup.shape == pb.Warmup.EXPONENTIAL:
        for name, rate in (("warmup_learning_rate", start), ("warmup_steps", target)):
            if rate <= 0:
                end = "starts" if rate is start else "ends"
                raise LoweringError(
                    ("warmup", name),
                    f"an EXPONENTIAL warmup {end} at 0 here, and needs both of its ends above 0",
                )
        curve = Geometric(start, target, steps)
    elif warmup.shape == pb.Warmup.COSINE:
        curve = Interpolation(start, target, steps, "cosine")
    elif warmup.shape == pb.Warmup.POLYNOMIAL:
        curve = Interpolation(start, target, steps, "power_of_elapsed", warmup.power)
    else:
        curve = Interpolation(start, target, steps)
    return Schedule((Segment(0, curve, 0), *rest))


def sequence(*curves: tuple[int, Curve] | tuple[int, Curve, FieldPath]) -> Schedule:
    """Curves one after another; empty ones are left out.

    Args:
        curves: each with its first step before it, and behind it the field that says that step.
    """
    ends = [curve[0] for curve in curves[1:]]
    kept = [c for c, end in zip(curves, [*ends, None], strict=True) if end is None or end > c[0]]
    return Schedule(
        tuple(
            Segment(begin, curve, begin, path=path[0] if path else ())
            for begin, curve, *path in kept
            if begin <= MAX_STEP
        )
    )


@lowers(pb.ConstantLearningRate)
def _constant(message: pb.ConstantLearningRate) -> Schedule:
    return sequence((0, Constant(message.learning_rate)))


@lowers(pb.ExponentialDecayLearningRate)
def _exponential(message: pb.ExponentialDecayLearningRate) -> Schedule:
    initial = message.initial_learning_rate
    decay = exponential(initial, message.decay_factor, message.decay_steps, message.staircase)
    return sequence(
        (0, Constant(message.burnin_learning_rate or initial)),
        (message.burnin_steps, decay, ("burnin_steps",)),
    ).with_floor(message.min_learning_rate)


def exponential(initial: float, factor: float, steps: int, staircase: bool) -> Curve:
    """`initial * factor^(t / steps)`: of 0, whatever the factor, 0."""
    return Exponential(initial, factor, steps, staircase) if initial else Constant(0.0)


@lowers(pb.ManualStepLearningRate)
def _manual_step(message: pb.ManualStepLearningRate) -> Schedule:
    initial, stages = message.initial_learning_rate, message.schedule
    first: Curve = Constant(initial)
    if message.warmup:
        first = Interpolation(initial, stages[0].learning_rate, stages[0].step)
    # Refused are steps in another order: what they mean for the run is told all the same.
    ordered = sorted(enumerate(stages), key=lambda stage: int(stage[1].step))
    return sequence(
        (0, first),
        *((s.step, Constant(s.learning_rate), ("schedule", i, "step")) for i, s in ordered),
    )


@lowers(pb.CosineDecayLearningRate)
def _cosine(message: pb.CosineDecayLearningRate) -> Schedule:
    base, warmup_steps, total_steps = (
        message.learning_rate_base,
        message.warmup_steps,
        message.total_steps,
    )
    decay_begin = warmup_steps + message.hold_base_rate_steps
    return sequence(
        (0, Interpolation(message.warmup_learning_rate, base, max(warmup_steps, 1))),
        (warmup_steps, Constant(base), ("warmup_steps",)),
        (
            decay_begin,
            Interpolation(base, 0.0, total_steps - decay_begin, "cosine"),
            ("hold_base_rate_steps" if decay_begin > warmup_steps else "warmup_steps",),
        ),
        (total_steps, Constant(0.0), ("total_steps",)),
    )


@lowers(pb.PiecewiseConstantLearningRate)
def _piecewise_constant(message: pb.PiecewiseConstantLearningRate) -> Schedule:
    return steps_down([b + 1 for b in message.boundaries], list(message.values), "boundaries")


def steps_down(
    begins: Sequence[int], rates: Sequence[float], field: str, first: int = 0
) -> Schedule:
    """Constant rates, all but the first of which begin where the elements of a field say."""
    first_rate, *others = rates
    return sequence(
        (0, Constant(first_rate)),
        *(
            (begin, Constant(rate), (field, index))
            for index, (begin, rate) in enumerate(zip(begins, others, strict=True), first)
        ),
    )


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
    """A power of what remains, held or repeated at its end."""
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
    """`base * max(t - offset, 1)^power`, nowhere above a cap."""
    begin = offset + 1
    if begin > MAX_STEP:
        return sequence((0, Constant(min(base, cap))))
    law = Segment(begin, PowerLaw(base, 1, power), offset)
    whole = Schedule((Segment(0, Constant(base), 0), law))

    def capped(step: int) -> bool:
        return bool(whole(step) > cap)

    if capped(begin) == capped(MAX_STEP):
        return sequence((0, Constant(cap))) if capped(begin) else whole
    # A power goes one way: it crosses the cap once.
    low, high = begin, MAX_STEP
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if capped(middle) == capped(begin) else (low, middle)
    if capped(begin):
        return Schedule((Segment(0, Constant(cap), 0), *whole.since(high)))
    return Schedule((*whole.segments, Segment(high, Constant(cap), high)))


@lowers(pb.MultiStepLearningRate)
def _multi_step(message: pb.MultiStepLearningRate) -> Schedule:
    initial, factor = message.initial_learning_rate, message.decay_factor
    rates = [initial and initial * power(factor, k) for k in range(len(message.milestones) + 1)]
    return steps_down(message.milestones, rates, "milestones")


def power(base: float, exponent: float) -> float:
    """A power that is infinite where it overflows."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


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
"""More restarts than this are no longer a table that anyone would want in a graph."""
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
            (0, Interpolation(initial, floor, first, "cosine")), (first, Constant(floor))
        )
    if t_mul == 1:
        return sequence((0, CosineCycle(height, floor, first, m_mul)))
    segments: list[Segment] = []
    start, length = Fraction(0), Fraction(first)
    while (begin := math.ceil(start)) <= MAX_STEP:
        if len(segments) == MAX_RESTARTS:
            raise LoweringError(
                ("t_mul",),
                f"`t_mul` {message.t_mul!r} makes more than {MAX_RESTARTS} restarts: write 1 for"
                " decays of equal length, or 1.02 and above",
            )
        end = start + length
        if math.ceil(end) > begin:
            top = floor + height * power(m_mul, len(segments))
            delay = _near(start - begin)
            curve = Interpolation(top, floor, _near(end - begin) - delay, "cosine", delay=delay)
            segments.append(Segment(begin, curve, begin, path=("first_decay_steps",)))
        start, length = end, length * t_mul
    return Schedule(tuple(segments))


def _near(number: Fraction) -> Fraction:
    """A number with fewer digits, near enough for what is left of a decay at each of its steps."""
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
            at = "`pct_start` * `total_steps`"
            raise LoweringError(
                ("pct_start",) if message.HasField("pct_start") else ("total_steps",),
                f"phase {index} of the cycle has no steps: it would last from step"
                f" {float(start):.9g} to {float(end):.9g}. {at} is {float(rise + 1):.9g}, and has"
                + (
                    " to lie between 1 and the middle of the cycle"
                    if message.three_phase
                    else " to be above 1"
                ),
            )
    shape = "cosine" if message.anneal == pb.OneCycleLearningRate.COSINE else "linear"
    curves: list[tuple[int, Curve, FieldPath]] = []
    for (start, high), (end, low) in pairwise(points):
        # A phase holds up to its end, inclusive, where the next one starts.
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
            words = f"a cycle lasts at most {MAX_STEP} steps, and this one {up + down}"
            raise LoweringError(("step_size_up",), words)
        # There is but one.
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


@lowers(pb.WarmupStableDecayLearningRate)
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
                raise LoweringError(
                    (name,), f"an EXPONENTIAL decay needs `{name}` above 0, and it is {rate:.9g}"
                )
        decay = Geometric(peak, end, steps)
    elif message.decay_shape == shapes.ONE_MINUS_SQRT:
        decay = Interpolation(peak, end, steps, "power_of_elapsed", 0.5)
    else:
        cosine = message.decay_shape == shapes.COSINE
        decay = Interpolation(peak, end, steps, "cosine" if cosine else "linear")
    warmup_steps = message.warmup_steps
    stable_end = warmup_steps + message.stable_steps
    return sequence(
        (0, Interpolation(message.initial_learning_rate, peak, max(warmup_steps, 1))),
        (warmup_steps, Constant(peak), ("warmup_steps",)),
        (stable_end, decay, ("stable_steps",)),
        (stable_end + steps, Constant(end), ("decay_steps",)),
    )


@lowers(pb.NoamLearningRate)
def _noam(message: pb.NoamLearningRate) -> Schedule:
    warmup_steps = message.warmup_steps
    # The paper counts steps from 1.
    top = message.scale / math.sqrt(message.model_dim) / math.sqrt(warmup_steps)
    rise = Segment(0, Interpolation(0.0, top, warmup_steps), -1)
    law = PowerLaw(top, warmup_steps, -0.5)
    fall = Segment(warmup_steps - 1, law, -1, path=("warmup_steps",))
    return Schedule((rise, fall) if warmup_steps > 1 else (fall,))


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
    """The schedules of members, an error of which names the member."""
    schedules = []
    for path, message in messages:
        try:
            schedules.append(lower(message).under(*path))
        except LoweringError as error:
            raise LoweringError((*path, *error.path), str(error)) from None
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
            moved = (replace(moved[0], path=("stage", i - 1, "steps")), *moved[1:])
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
