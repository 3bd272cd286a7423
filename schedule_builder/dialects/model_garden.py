"""The TensorFlow Model Garden's experiments, with the Garden's own meaning of learning rates.

Its formulas count from an `offset`, and continue where the steps from there are negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.dialects.base import Dialect, MovingAverage, OptimizerRequest, given
from schedule_builder.dialects.kinds import exponential, polynomial_decay, power_law, with_tail
from schedule_builder.dialects.lowering import (
    Length,
    LoweringError,
    lower_part,
    lowers,
    power,
    sequence,
    steps_down,
)
from schedule_builder.reading.fields import counting, schema_of
from schedule_builder.reading.tree import Block
from schedule_builder.schedules.curves import MAX_STEP, Constant, Curve, Interpolation
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import experiment_pb2 as pb

MAX_WAVES = 4096
"""The largest number of half cosines before an offset; more are a mistake."""


def missing(message: Any) -> list[str]:
    """The required fields that the selected sub-block lacks."""
    name = counting(message)
    if name is None:
        return []
    part = getattr(message, name)
    given = {field.name for field, _ in part.ListFields()}
    needed = (f for f in schema_of(part.DESCRIPTOR).values() if f.rule.required or f.rule.not_empty)
    return [field.name for field in needed if field.name not in given]


_OPTIMIZER_CONFIG: FieldPath = ("trainer", "optimizer_config")


class _Experiment(Dialect):
    root: type[Message] = pb.ExperimentConfig
    num_steps_path: FieldPath = ("trainer", "train_steps")
    batch_size_path: FieldPath = ("task", "train_data", "global_batch_size")
    title = "experiment"
    words: tuple[str, ...] = ("trainer",)
    certain = r"^trainer:(?:.*\n)*?[ ]+optimizer_config:"
    probable = r"^trainer:(?:.*\n)*?[ ]+(?:optimizer_config|train_steps|steps_per_loop):"

    def is_meant(self, block: Block) -> bool:
        fields = schema_of(pb.TrainerConfig.DESCRIPTOR)
        trainers = (f.value for f in block.fields if f.name == "trainer")
        trainer = next((value for value in trainers if isinstance(value, Block)), None)
        return trainer is not None and any(inner.name in fields for inner in trainer.fields)

    def learning_rate_path(self, config: Any) -> FieldPath:
        return _OPTIMIZER_CONFIG

    def kind_path(self, config: Any) -> FieldPath:
        message = given(config, _OPTIMIZER_CONFIG)
        if message is None:
            return _OPTIMIZER_CONFIG
        return (*_OPTIMIZER_CONFIG, "learning_rate", counting(message.learning_rate) or "")

    def schedule_paths(self, config: Any) -> list[FieldPath]:
        if given(config, _OPTIMIZER_CONFIG) is None:
            return [_OPTIMIZER_CONFIG]
        # The optimizer beside it does not affect the rate.
        return [(*_OPTIMIZER_CONFIG, "learning_rate"), (*_OPTIMIZER_CONFIG, "warmup")]

    def lower(self, config: Any, batch_size: int | None) -> Schedule | None:
        message = given(config, _OPTIMIZER_CONFIG)
        main = None if message is None else _main(message)
        warmup = None if message is None else _warmup(message)
        if main is None or warmup is None or not warmup[1].warmup_steps:
            return main
        name, block = warmup
        rest = main.since(block.warmup_steps, "warmup", name, "warmup_steps")
        return Schedule((*_WARMUPS[name](block, main), *rest))

    def warmups(self, config: Any) -> Iterator[Length]:
        if warmup := _warmup(given(config, _OPTIMIZER_CONFIG)):
            name, block = warmup
            yield (*_OPTIMIZER_CONFIG, "warmup", name, "warmup_steps"), block.warmup_steps

    def under_warmup(self, config: Any) -> Schedule | None:
        message = given(config, _OPTIMIZER_CONFIG)
        return _main(message) if _warmup(message) else None

    def optimizer_names(self) -> tuple[str, ...]:
        return tuple(f.name for f in pb.OptimizerConfig.DESCRIPTOR.fields if f.message_type)

    def optimizer(self, config: Any) -> OptimizerRequest | None:
        message = given(config, _OPTIMIZER_CONFIG) or pb.OptimizationConfig()
        name = counting(message.optimizer) or ""
        ema = message.ema
        path: FieldPath = (*_OPTIMIZER_CONFIG, "optimizer")
        average = MovingAverage(
            ema.average_decay, ema.start_step, (*_OPTIMIZER_CONFIG, "ema", "start_step")
        )
        return OptimizerRequest(
            name=name,
            # Python code may register further ones, which the schema does not have.
            block=getattr(message.optimizer, name, None),
            block_path=(*path, name),
            choice_path=(*path, "type"),
            average=average if message.HasField("ema") else None,
        )


EXPERIMENT = _Experiment()


def _main(message: pb.OptimizationConfig) -> Schedule | None:
    """The schedule without its warmup; None where the file leaves some of either to Python code."""
    name = counting(message.learning_rate)
    if name is None or missing(message.learning_rate) or missing(message.warmup):
        return None
    try:
        return lower_part(getattr(message.learning_rate, name), name, ("learning_rate",))
    except LoweringError as error:
        raise error.inside(*_OPTIMIZER_CONFIG, "learning_rate") from None


def _warmup(message: pb.OptimizationConfig) -> tuple[str, Any] | None:
    """The name of the warmup's block, and the block; None where there is no warmup."""
    name = counting(message.warmup)
    return None if name is None else (name, getattr(message.warmup, name))


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
    """The schedule with its step 0 at `offset`, and its first curve continued before that."""
    moved = [
        s._replace(begin=max(s.begin + offset, 0), origin=s.origin + offset)
        for s in schedule.segments
        if s.begin + offset <= MAX_STEP
    ]
    moved[0] = moved[0]._replace(begin=0)
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
    # Before its step 0, the curve is that of a longer decay, which begins higher.
    top = end + (initial - end) * power((steps + offset) / steps, message.power)
    longer = polynomial_decay(top, end, steps + offset, message.power, cycle=False)
    # A rise from nearly 0 would lose its first rates to rounding in the longer decay.
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
        words = Words(
            "the half cosine of {steps} steps would repeat {count} times before step {until}, by"
            " {name:field}: at most {limit:,} are computed. Lower {name:field}, or make the cosine"
            " longer",
            steps=steps,
            count=count,
            until=until,
            name=path[0],
            limit=MAX_WAVES,
        )
        raise LoweringError(path, words)


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
    # The schedule's own step 0 still has the rate before the offset.
    return _moved(Schedule((Segment(0, before, 0), *law.since(1))), message.offset)


@lowers(pb.StepCosineLrConfig)
def _step_cosine(message: pb.StepCosineLrConfig) -> Schedule:
    boundaries, values, offset = message.boundaries, message.values, message.offset
    if len(boundaries) < 2:  # noqa: PLR2004 - the two ends of a cosine
        words = Words(
            "a cosine needs two boundaries, and there is one. Add the step where the cosine ends"
        )
        raise LoweringError(("boundaries",), words)
    (first, second), *rest = pairwise(boundaries)
    if second <= 0:
        words = Words(
            "the first cosine ends at this boundary, {end}: it must be above 0. Set it above 0, and"
            " check the boundary before it ({first})",
            end=second,
            first=first,
        )
        raise LoweringError(("boundaries", 1), words)
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
