"""A `LearningRate` with what modifies it: a warmup, the batch size, a floor."""

from __future__ import annotations

import math
from collections.abc import Iterator

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.dialects.lowering import (
    Length,
    LoweringError,
    lower_part,
    own_warmup,
    unpacked,
)
from schedule_builder.schedules.curves import Constant, Curve, Geometric, Interpolation
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import learning_rate_pb2 as pb


def lower(
    learning_rate: pb.LearningRate, batch_size: int | None = None, around: FieldPath = ()
) -> Schedule:
    """The schedule that a checked LearningRate describes, modifiers included.

    Args:
        learning_rate: the message.
        batch_size: what `batch_size_scaling` scales by, None where it is not known.
        around: the fields that it is inside of, for the segments' fields; errors do not name them.

    Raises:
        LoweringError: the field values do not form a schedule.
    """
    kind = learning_rate.WhichOneof("learning_rate")
    if kind is None:
        raise LoweringError(
            (), Words("missing kind of schedule: add one, such as `constant_learning_rate`")
        )
    schedule = lower_part(unpacked(getattr(learning_rate, kind)), kind, around)
    if learning_rate.HasField("warmup") and learning_rate.warmup.warmup_steps:
        schedule = _warm_up(learning_rate.warmup, schedule, around)
    if learning_rate.HasField("batch_size_scaling"):
        scaling = learning_rate.batch_size_scaling
        if batch_size is None:
            raise LoweringError(
                ("batch_size_scaling",),
                Words(
                    "`batch_size_scaling` needs the batch size: set `batch_size` in"
                    " `train_config`, or pass `--batch-size`"
                ),
            )
        ratio = batch_size / scaling.reference_batch_size
        schedule = schedule.scaled(math.sqrt(ratio) if scaling.rule else ratio)
    return schedule.with_floor(learning_rate.min_learning_rate)


_WARMUP_STEPS = ("warmup", "warmup_steps")


def _warm_up(warmup: pb.Warmup, main: Schedule, around: FieldPath) -> Schedule:
    path = (*around, *_WARMUP_STEPS)
    steps, start = warmup.warmup_steps, warmup.warmup_learning_rate
    if warmup.alignment == pb.Warmup.SHIFT:
        (first, *others), target = main.shifted(steps), main(0)
        rest: tuple[Segment, ...] = (first._replace(path=path), *others)
    else:
        target, rest = main(steps), main.since(steps, *path)
    curve: Curve
    if warmup.shape == pb.Warmup.CONSTANT:
        curve = Constant(start)
    elif warmup.shape == pb.Warmup.EXPONENTIAL:
        if start <= 0:
            words = Words(
                "an EXPONENTIAL warmup cannot start at rate 0: set `warmup_learning_rate` above 0"
            )
            raise LoweringError(("warmup", "warmup_learning_rate"), words)
        if target <= 0:
            words = Words(
                "an EXPONENTIAL warmup cannot lead to rate 0, the schedule's rate at its end."
                " {advice}",
                advice=Words("Set the rates of the schedule above 0")
                if main(0) <= 0
                else Words("Make the warmup shorter, so that it ends at a rate above 0"),
            )
            raise LoweringError(_WARMUP_STEPS, words)
        curve = Geometric(start, target, steps)
    elif warmup.shape == pb.Warmup.COSINE:
        curve = Interpolation(start, target, steps, "cosine")
    elif warmup.shape == pb.Warmup.POLYNOMIAL:
        curve = Interpolation(start, target, steps, "power_of_elapsed", warmup.power)
    else:
        curve = Interpolation(start, target, steps)
    return Schedule((Segment(0, curve, 0), *rest))


def under_warmup(learning_rate: pb.LearningRate) -> Schedule | None:
    """The schedule whose beginning a warmup covers; None where nothing is covered."""
    is_overlap = learning_rate.warmup.alignment == pb.Warmup.OVERLAP
    kind = learning_rate.WhichOneof("learning_rate")
    if not learning_rate.HasField("warmup") or not is_overlap or kind in (None, "custom"):
        return None
    return lower_part(getattr(learning_rate, kind), kind)


def warmups(learning_rate: pb.LearningRate) -> Iterator[Length]:
    """How long the warmups of a learning rate last: the kind's own, and the modifier."""
    kind = learning_rate.WhichOneof("learning_rate")
    if kind is not None and (own := own_warmup(unpacked(getattr(learning_rate, kind)))):
        path, steps = own
        yield (kind, *path), steps
    if learning_rate.HasField("warmup"):
        yield _WARMUP_STEPS, learning_rate.warmup.warmup_steps
