"""The TensorFlow Object Detection API's pipeline config, and its four kinds of learning rate."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath
from schedule_builder.dialects.base import MovingAverage, OptimizerRequest, given
from schedule_builder.dialects.kinds import exponential
from schedule_builder.dialects.learning_rate import NativeDialect
from schedule_builder.dialects.lowering import Length, lowers, sequence, warmup_steps
from schedule_builder.dialects.variable_rates import Multiplier, VariableRates
from schedule_builder.reading.tree import Block
from schedule_builder.schedules.curves import Constant, Curve, Interpolation
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import learning_rate_pb2 as pb
from schedule_builder.v1 import optimizer_pb2, pipeline_pb2

CLIPPINGS = {
    "gradient_clipping_by_norm": "global_clipnorm",
    "clip_by_value": "clipvalue",
    "clip_by_norm": "clipnorm",
}
"""The fields of `TrainConfig` that clip gradients, and Keras' names for them."""
VARIABLE_PATTERNS = ("freeze_variables", "update_trainable_variables")
"""The fields of `TrainConfig` with patterns of variables: those frozen, and those trained."""


class _ObjectDetection(NativeDialect):
    """A pipeline, or a part of one: in the API's multi-file configs each has a file of its own.

    Args:
        root: the message that a whole file is.
        train_path: where the train config is in it; None where there is none.
        optimizer_path: where the optimizer is.
    """

    def __init__(
        self, root: type[Message], train_path: FieldPath | None, optimizer_path: FieldPath
    ) -> None:
        self.root = root
        self.is_part: bool = root is not pipeline_pb2.TrainEvalPipelineConfig
        self._train_path = train_path
        self._optimizer_path = optimizer_path
        if train_path is not None:
            self.num_steps_path: FieldPath = (*train_path, "num_steps")
            self.batch_size_path: FieldPath = (*train_path, "batch_size")

    def is_meant(self, block: Block) -> bool:
        # In a part, look at the block that leads to the rate: other tools use `optimizer` too.
        blocks = {f.name: f.value for f in block.fields if isinstance(f.value, Block)}
        if not self.is_part:
            return not blocks.keys().isdisjoint(self.words)
        optimizer: Block | None = block
        if self._optimizer_path:
            optimizer = blocks.get(str(self._optimizer_path[-1]))
        inner = [] if optimizer is None else optimizer.fields
        return any(isinstance(f.value, Block) and f.name in self.optimizer_names() for f in inner)

    def learning_rate_path(self, config: Any) -> FieldPath:
        request = self.optimizer(config)
        return (*request.block_path, "learning_rate") if request else self._optimizer_path

    def optimizer_names(self) -> tuple[str, ...]:
        kinds = optimizer_pb2.Optimizer.DESCRIPTOR.oneofs_by_name["optimizer"].fields
        return tuple(field.name for field in kinds)

    def optimizer(self, config: Any) -> OptimizerRequest | None:
        optimizer = given(config, self._optimizer_path)
        name = None if optimizer is None else optimizer.WhichOneof("optimizer")
        if name is None:
            return None
        path = (*self._optimizer_path, name)
        decay = optimizer.moving_average_decay if optimizer.use_moving_average else None
        train = None if self._train_path is None else given(config, self._train_path)
        return OptimizerRequest(
            name=name,
            block=getattr(optimizer, name),
            block_path=path,
            choice_path=path,
            clipping={
                argument: limit
                for field, argument in CLIPPINGS.items()
                if (limit := getattr(train, field, 0.0))
            },
            average=None if decay is None else MovingAverage(decay),
        )

    def variable_rates(self, config: Any) -> VariableRates:
        path, train_path = self._optimizer_path, self._train_path
        optimizer = given(config, path) or optimizer_pb2.Optimizer()
        train = None if train_path is None else given(config, train_path)
        frozen, trained = (tuple(getattr(train, field, ())) for field in VARIABLE_PATTERNS)
        return VariableRates(
            tuple(
                Multiplier(m.pattern, m.factor, (*path, "learning_rate_multiplier", n, "pattern"))
                for n, m in enumerate(optimizer.learning_rate_multiplier)
            ),
            frozen,
            trained,
            # 0, the default, means no factor.
            getattr(train, "bias_grad_multiplier", None) or 1.0,
        )


class _Pipeline(_ObjectDetection):
    title = "pipeline"
    words: tuple[str, ...] = ("train_config", "train_input_reader")
    certain = r"^(?:train_config|train_input_reader)[ \t]*[:{<]"
    probable = r"^[ \t{\"']*train_config[\"']?[ \t]*[:{<]"


PIPELINE = _Pipeline(
    pipeline_pb2.TrainEvalPipelineConfig, ("train_config",), ("train_config", "optimizer")
)
TRAIN_CONFIG = _ObjectDetection(pipeline_pb2.TrainConfig, (), ("optimizer",))
OPTIMIZER = _ObjectDetection(optimizer_pb2.Optimizer, None, ())


@lowers(pb.ConstantLearningRate)
def _constant(message: pb.ConstantLearningRate) -> Schedule:
    return sequence((0, Constant(message.learning_rate)))


def _burnin(message: pb.ExponentialDecayLearningRate) -> Length | None:
    is_warmup = 0 < message.burnin_learning_rate < message.initial_learning_rate
    return (("burnin_steps",), message.burnin_steps) if is_warmup else None


@lowers(pb.ExponentialDecayLearningRate, warmup=_burnin)
def _exponential(message: pb.ExponentialDecayLearningRate) -> Schedule:
    initial = message.initial_learning_rate
    decay = exponential(initial, message.decay_factor, message.decay_steps, message.staircase)
    return sequence(
        (0, Constant(message.burnin_learning_rate or initial)),
        (message.burnin_steps, decay, ("burnin_steps",)),
    ).with_floor(message.min_learning_rate)


def _first_stretch(message: pb.ManualStepLearningRate) -> Length | None:
    first = message.schedule[0]
    is_warmup = message.warmup and message.initial_learning_rate < first.learning_rate
    return (("schedule", 0, "step"), first.step) if is_warmup else None


@lowers(pb.ManualStepLearningRate, warmup=_first_stretch)
def _manual_step(message: pb.ManualStepLearningRate) -> Schedule:
    initial, stages = message.initial_learning_rate, message.schedule
    first: Curve = Constant(initial)
    if message.warmup:
        first = Interpolation(initial, stages[0].learning_rate, stages[0].step)
    # Steps in another order are an error, and the run is checked all the same.
    ordered = [
        (stage.step, Constant(stage.learning_rate), ("schedule", index, "step"))
        for index, stage in enumerate(stages)
    ]
    ordered.sort(key=itemgetter(0))
    return sequence((0, first), *ordered)


@lowers(pb.CosineDecayLearningRate, warmup=warmup_steps)
def _cosine(message: pb.CosineDecayLearningRate) -> Schedule:
    base, warmup_end, total_steps = (
        message.learning_rate_base,
        message.warmup_steps,
        message.total_steps,
    )
    decay_begin = warmup_end + message.hold_base_rate_steps
    warmup = Interpolation(message.warmup_learning_rate, base, max(warmup_end, 1))
    if decay_begin >= total_steps:
        # No decay. The API divides by 0 where it would begin and end at once.
        there = math.nan if decay_begin == total_steps else base
        return sequence(
            (0, warmup),
            (warmup_end, Constant(base), ("warmup_steps",)),
            (total_steps, Constant(there), ("total_steps",)),
            (total_steps + 1, Constant(0.0), ("total_steps",)),
        )
    return sequence(
        (0, warmup),
        (warmup_end, Constant(base), ("warmup_steps",)),
        (
            decay_begin,
            Interpolation(base, 0.0, total_steps - decay_begin, "cosine"),
            ("hold_base_rate_steps" if decay_begin > warmup_end else "warmup_steps",),
        ),
        (total_steps, Constant(0.0), ("total_steps",)),
    )
