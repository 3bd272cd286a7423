"""From messages to schedules: one function for each kind of learning rate.

A new kind is a message in the schema, a function here and a golden in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from schedule_builder.schedule import (
    Constant,
    Curve,
    Exponential,
    Geometric,
    Interpolation,
    Schedule,
    Segment,
)
from schedule_builder.v1 import learning_rate_pb2 as pb

Lowering = Callable[[Any], Schedule]
_F = TypeVar("_F", bound=Lowering)
_LOWERINGS: dict[str, Lowering] = {}


class LoweringError(ValueError):
    """A schedule that its own numbers make impossible.

    Attributes:
        path: the field to blame, within the message that was lowered.
    """

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


def lowers(message: type[Message]) -> Callable[[_F], _F]:
    """Registers the function that lowers a kind of learning rate."""

    def register(function: _F) -> _F:
        name = message.DESCRIPTOR.full_name
        if name in _LOWERINGS:
            text = f"{name} already has a lowering: {_LOWERINGS[name].__qualname__}"
            raise ValueError(text)
        _LOWERINGS[name] = function
        return function

    return register


def lower(learning_rate: pb.LearningRate) -> Schedule:
    """The schedule that a checked LearningRate describes, modifiers included.

    Raises:
        LoweringError: the numbers do not make a schedule.
    """
    kind = learning_rate.WhichOneof("learning_rate")
    if kind is None:
        raise LoweringError((), "there is no learning rate here")
    main = getattr(learning_rate, kind)
    schedule = _LOWERINGS[main.DESCRIPTOR.full_name](main)
    if learning_rate.HasField("warmup") and learning_rate.warmup.warmup_steps:
        schedule = _warm_up(learning_rate.warmup, schedule)
    return schedule


def _warm_up(warmup: pb.Warmup, main: Schedule) -> Schedule:
    steps, start = warmup.warmup_steps, warmup.warmup_learning_rate
    if warmup.alignment == pb.Warmup.SHIFT:
        target, rest = main(0), main.shifted(steps)
    else:
        target, rest = main(steps), main.since(steps)
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


def _sequence(*curves: tuple[int, Curve]) -> Schedule:
    """Curves one after another, each given with its first step; empty ones are left out."""
    ends = [begin for begin, _ in curves[1:]]
    kept = [c for c, end in zip(curves, [*ends, None], strict=True) if end is None or end > c[0]]
    return Schedule(tuple(Segment(begin, curve, begin) for begin, curve in kept))


@lowers(pb.ConstantLearningRate)
def _constant(message: pb.ConstantLearningRate) -> Schedule:
    return _sequence((0, Constant(message.learning_rate)))


@lowers(pb.ExponentialDecayLearningRate)
def _exponential(message: pb.ExponentialDecayLearningRate) -> Schedule:
    initial = message.initial_learning_rate
    decay = Exponential(initial, message.decay_factor, message.decay_steps, message.staircase)
    return _sequence(
        (0, Constant(message.burnin_learning_rate or initial)), (message.burnin_steps, decay)
    ).with_floor(message.min_learning_rate)


@lowers(pb.ManualStepLearningRate)
def _manual_step(message: pb.ManualStepLearningRate) -> Schedule:
    initial, stages = message.initial_learning_rate, message.schedule
    first: Curve = Constant(initial)
    if message.warmup:
        first = Interpolation(initial, stages[0].learning_rate, stages[0].step)
    return _sequence((0, first), *((s.step, Constant(s.learning_rate)) for s in stages))


@lowers(pb.CosineDecayLearningRate)
def _cosine(message: pb.CosineDecayLearningRate) -> Schedule:
    base, warmup_steps, total_steps = (
        message.learning_rate_base,
        message.warmup_steps,
        message.total_steps,
    )
    decay_begin = warmup_steps + message.hold_base_rate_steps
    return _sequence(
        (0, Interpolation(message.warmup_learning_rate, base, max(warmup_steps, 1))),
        (warmup_steps, Constant(base)),
        (decay_begin, Interpolation(base, 0.0, total_steps - decay_begin, "cosine")),
        (total_steps, Constant(0.0)),
    )


@lowers(pb.PiecewiseConstantLearningRate)
def _piecewise_constant(message: pb.PiecewiseConstantLearningRate) -> Schedule:
    begins = [0, *(boundary + 1 for boundary in message.boundaries)]
    return _sequence(*zip(begins, map(Constant, message.values), strict=True))
