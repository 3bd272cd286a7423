"""Rules over the messages of a pipeline and of a learning rate."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Remove, Repair, Set, Words
from schedule_builder.dialects.object_detection import CLIPPINGS, VARIABLE_PATTERNS
from schedule_builder.dialects.variable_rates import PatternError, compiled
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from schedule_builder.v1 import pipeline_pb2 as pipelines

_OPTIMIZERS = (
    optimizers.MomentumOptimizer,
    optimizers.RMSPropOptimizer,
    optimizers.AdamOptimizer,
    optimizers.SgdOptimizer,
    optimizers.AdamWOptimizer,
    optimizers.LambOptimizer,
    optimizers.LionOptimizer,
    optimizers.AdafactorOptimizer,
    optimizers.AdagradOptimizer,
)
"""The messages of the optimizers that a pipeline can have."""


@rule(
    "SB301",
    "no-optimizer",
    "error",
    pipelines.TrainEvalPipelineConfig,
    pipelines.TrainConfig,
    optimizers.Optimizer,
)
def no_optimizer(message: Any) -> Iterator[Finding]:
    """The pipeline has no optimizer.

    A pipeline trains with the `optimizer` in its `train_config`. Files for evaluation or export
    often have none. The Object Detection API then stops with an exception.

        train_config { num_steps: 1000 }

    Use instead:

        train_config { optimizer { momentum_optimizer { ... } } num_steps: 1000 }
    """
    kinds = Words("`momentum_optimizer`, `adam_optimizer`, `adamw_optimizer` or another one")
    if isinstance(message, pipelines.TrainEvalPipelineConfig):
        if not message.HasField("train_config"):
            yield Finding((), Words("missing `train_config`, which holds the optimizer. Add it"))
    elif isinstance(message, pipelines.TrainConfig):
        if not message.HasField("optimizer"):
            yield Finding((), Words("missing `optimizer`: add one with {kinds}", kinds=kinds))
    elif message.WhichOneof("optimizer") is None:
        yield Finding((), Words("no optimizer is chosen here: add {kinds}", kinds=kinds))


@rule(
    "SB302",
    "no-learning-rate",
    "error",
    rates.LearningRate,
    *_OPTIMIZERS,
)
def no_learning_rate(message: Any) -> Iterator[Finding]:
    """The optimizer has no learning rate.

    A `learning_rate` with one kind of schedule in it is required. There is no default, and the
    Object Detection API stops with an exception.

        adam_optimizer { }

    Use instead:

        adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } }
    """
    if not isinstance(message, rates.LearningRate):
        if not message.HasField("learning_rate"):
            yield Finding((), Words("missing `learning_rate` in this optimizer: add one"))
    elif message.WhichOneof("learning_rate") is None:
        words = Words(
            "missing kind of schedule: add one, such as `constant_learning_rate`,"
            " `manual_step_learning_rate` or `cosine_decay_learning_rate`"
        )
        yield Finding((), words)


def _is_same_rate(one: float, other: float) -> bool:
    """Whether two rates are equal as float32, in which training computes."""
    return struct.pack("f", one) == struct.pack("f", other)


@rule("SB303", "first-step-zero", "error", rates.ManualStepLearningRate)
def first_step_zero(message: rates.ManualStepLearningRate) -> Iterator[Finding]:
    """The first entry of a manual schedule is at step 0.

    The rate from step 0 on is `initial_learning_rate`. Sample configs of 2017 have entries at step
    0, and the Object Detection API refuses them since 2018. `--fix` makes the rate of such an entry
    the initial rate, which is what it meant.

        initial_learning_rate: 0.0003
        schedule { step: 0 learning_rate: 0.0003 }              # "First step cannot be zero"
        schedule { step: 900000 learning_rate: 0.00003 }

    Use instead:

        initial_learning_rate: 0.0003
        schedule { step: 900000 learning_rate: 0.00003 }
    """
    if not message.schedule or message.schedule[0].step != 0:
        return
    if not message.schedule[0].HasField("step"):
        words = Words(
            "missing `step`: the first entry cannot be at step 0, the default. Set it above 0"
        )
        yield Finding(("schedule", 0), words)
        return
    rate = message.schedule[0].learning_rate
    changes: tuple[Set | Remove, ...] = (Remove(("schedule", 0)),)
    initial = message.initial_learning_rate
    if message.HasField("initial_learning_rate") and _is_same_rate(initial, rate):
        title = "Remove this entry, which repeats `initial_learning_rate`"
        words = Words(
            "the first step cannot be 0: the rate from step 0 on is `initial_learning_rate`,"
            " which is {rate:exact} already. Remove this entry",
            rate=initial,
        )
    else:
        title = f"Set `initial_learning_rate` to {rate:.9g} and remove this entry"
        changes = (
            Set(("initial_learning_rate",), repr(rate), like=("schedule", 0, "learning_rate")),
            *changes,
        )
        words = Words(
            "the first step cannot be 0: the rate from step 0 on is `initial_learning_rate`."
            " Set that to {rate:exact} and remove this entry",
            rate=rate,
        )
    steps = [entry.step for entry in message.schedule]
    is_ordered = all(one < other for one, other in pairwise(steps))
    is_clear = len(steps) > 1 and is_ordered and not message.warmup
    repair = Repair(title, changes, safe=True) if is_clear else None
    yield Finding(("schedule", 0, "step"), words, repair=repair)


@rule(
    "SB304",
    "steps-not-increasing",
    "error",
    rates.ManualStepLearningRate,
    rates.PiecewiseLinearLearningRate,
)
def steps_not_increasing(message: Any) -> Iterator[Finding]:
    """The steps of a list do not increase.

    Each entry of a manual schedule, and each point, must come after the one before it. The Object
    Detection API refuses others. A digit is wrong, or entries were added at the end.

        schedule { step: 5000 learning_rate: 0.01 }
        schedule { step: 4000 learning_rate: 0.001 }

    Use instead:

        schedule { step: 4000 learning_rate: 0.01 }
        schedule { step: 5000 learning_rate: 0.001 }
    """
    name = "schedule" if isinstance(message, rates.ManualStepLearningRate) else "point"
    for index, (before, entry) in enumerate(pairwise(getattr(message, name)), 1):
        if entry.step <= before.step:
            words = Words(
                "step {step} is not after step {before}: steps must strictly increase."
                " Change this step, or sort the entries",
                step=entry.step,
                before=before.step,
            )
            there = Words("step {before} is here", before=before.step)
            path = (name, index, "step")
            yield Finding(path, words, (((name, index - 1, "step"), there),))


def _given(message: Message, name: str) -> Words:
    """A field and its value for a message, which says if the value is a default."""
    value = getattr(message, name)
    if message.HasField(name):
        return Words("{name:field} ({value:exact})", name=name, value=value)
    return Words("{name:field} ({value:exact}, its default)", name=name, value=value)


@rule("SB305", "decay-never-happens", "error", rates.CosineDecayLearningRate)
def decay_never_happens(message: rates.CosineDecayLearningRate) -> Iterator[Finding]:
    """Warmup and hold leave no step for the decay.

    `total_steps` includes them. The Object Detection API refuses a longer warmup. It accepts a
    longer hold, after which the rate falls to 0 at once, and has no rate at `total_steps` where the
    hold, or the warmup, ends there. A run that ends before that step trains as it should.

        cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 1000 }

    Use instead:

        cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 100 }
    """
    lead = message.warmup_steps + message.hold_base_rate_steps
    if lead < message.total_steps:
        return
    names = ("total_steps", "warmup_steps", "hold_base_rate_steps")
    blamed = [name for name in names if message.HasField(name)]
    parts = _given(message, "warmup_steps")
    if message.hold_base_rate_steps:
        hold = _given(message, "hold_base_rate_steps")
        parts = Words("{warmup} and {hold}", warmup=parts, hold=hold)
    advice = Words(
        "`total_steps` includes the warmup: set it above {lead}, or lower `warmup_steps`", lead=lead
    )
    if message.hold_base_rate_steps >= message.total_steps:
        advice = Words(
            "`total_steps` includes the hold: lower `hold_base_rate_steps`, or set `total_steps`"
            " above {lead}",
            lead=lead,
        )
    elif not message.HasField("warmup_steps"):
        advice = Words("Set `warmup_steps`, which `total_steps` includes: 0 for none")
    words = Words(
        "no step is left for the decay: it begins at step {lead}, after {parts}, and {total}"
        " is not above that. {advice}",
        parts=parts,
        lead=lead,
        total=_given(message, "total_steps"),
        advice=advice,
    )
    # The API trains whatever it does not refuse.
    is_refused = message.total_steps < message.warmup_steps
    begin = 0 if is_refused else message.total_steps
    # The defaults alone leave steps for a decay.
    yield Finding((blamed[0],), words, begin=begin)


@rule("SB306", "warmup-above-base", "error", rates.CosineDecayLearningRate)
def warmup_above_base(message: rates.CosineDecayLearningRate) -> Iterator[Finding]:
    """A cosine's warmup starts above the rate that it leads to.

    Often the default of `warmup_learning_rate`, 0.0002, is above a small rate, and the default of
    10000 `warmup_steps` brings it in.

        cosine_decay_learning_rate { learning_rate_base: 0.0001 total_steps: 50000 }

    Use instead:

        cosine_decay_learning_rate { learning_rate_base: 0.0001 total_steps: 50000 warmup_steps: 0 }
    """
    if message.warmup_steps and message.learning_rate_base < message.warmup_learning_rate:
        words = Words(
            "the warmup falls: {warmup} is above {base}. Lower"
            " `warmup_learning_rate`, or set `warmup_steps: 0`",
            warmup=_given(message, "warmup_learning_rate"),
            base=_given(message, "learning_rate_base"),
        )
        given = message.HasField("warmup_learning_rate")
        yield Finding(("warmup_learning_rate",) if given else ("learning_rate_base",), words)


@rule(
    "SB307",
    "count-mismatch",
    "error",
    rates.PiecewiseConstantLearningRate,
    garden.StepwiseLrConfig,
    garden.StepCosineLrConfig,
)
def count_mismatch(message: Any) -> Iterator[Finding]:
    """The number of values does not fit the number of boundaries.

    A piecewise schedule has one value more than it has boundaries. The Garden's
    `step_cosine_with_offset` has as many: a value at each boundary.

        piecewise_constant_learning_rate { boundaries: [1000] values: [0.1] }

    Use instead:

        piecewise_constant_learning_rate { boundaries: [1000] values: [0.1, 0.01] }
    """
    boundaries, values = len(message.boundaries), len(message.values)
    at_boundaries = isinstance(message, garden.StepCosineLrConfig)
    wanted = boundaries if at_boundaries else boundaries + 1
    if values and boundaries and values != wanted:
        counts = {"boundaries": boundaries, "values": values, "wanted": wanted}
        words = Words(
            "expected {wanted} values for {boundaries} boundaries, got {values}. Add"
            " or remove values",
            **counts,
        )
        yield Finding(("values",), words)


@rule("SB310", "stage-without-steps", "error", rates.SequentialLearningRate)
def stage_without_steps(message: rates.SequentialLearningRate) -> Iterator[Finding]:
    """A stage of a sequence that others follow has no length.

    It would last forever, and those after it would never begin. Only the last stage may omit
    its `steps`.

        stage { learning_rate { ... } } stage { learning_rate { ... } }

    Use instead:

        stage { steps: 5000 learning_rate { ... } } stage { learning_rate { ... } }
    """
    for index, stage in enumerate(message.stage[:-1]):
        if not stage.HasField("steps"):
            words = Words(
                "missing `steps`: only the last stage may omit it. Set the length of this stage"
            )
            yield Finding(("stage", index), words)


@rule(
    "SB311",
    "scaling-inside",
    "error",
    rates.SequentialLearningRate,
    rates.CombinedLearningRate,
)
def scaling_inside(message: Any) -> Iterator[Finding]:
    """A member of another learning rate is scaled by the batch size.

    A run has one batch size, and it scales the pipeline's learning rate as a whole. Scaled members
    would be scaled twice, where both say so.

        sequential_learning_rate { stage { learning_rate { batch_size_scaling { ... } ... } } }

    Use instead:

        sequential_learning_rate { stage { learning_rate { ... } } } batch_size_scaling { ... }
    """
    is_sequence = isinstance(message, rates.SequentialLearningRate)
    name = "stage" if is_sequence else "learning_rates"
    for index, member in enumerate(getattr(message, name)):
        path: FieldPath = (name, index, "learning_rate") if is_sequence else (name, index)
        if (member.learning_rate if is_sequence else member).HasField("batch_size_scaling"):
            words = Words(
                "`batch_size_scaling` scales the whole learning rate. Move it out of this"
                " member, to the top of the learning rate"
            )
            yield Finding((*path, "batch_size_scaling"), words)


@rule(
    "SB318",
    "invalid-pattern",
    "error",
    pipelines.TrainConfig,
    optimizers.LearningRateMultiplier,
    *_OPTIMIZERS,
    garden.AdamWeightDecayConfig,
    garden.LAMBConfig,
)
def invalid_pattern(message: Any) -> Iterator[Finding]:
    """A pattern of variables cannot be used.

    Patterns are regular expressions of Python's module `re`, of at most 1,000 characters. An
    unbounded repetition inside of another one, such as `(a+)+`, is refused: searching a path for it
    could take forever.

        learning_rate_multiplier { pattern: "backbone(" factor: 0.1 }

    Use instead:

        learning_rate_multiplier { pattern: "backbone/" factor: 0.1 }
    """
    names: tuple[str, ...] = ("exclude_from_weight_decay",)
    if isinstance(message, pipelines.TrainConfig):
        names = VARIABLE_PATTERNS
    elif isinstance(message, optimizers.LearningRateMultiplier):
        names = ("pattern",)
    for name in names:
        given = getattr(message, name, ())
        listed: list[tuple[FieldPath, str]] = [((name, n), text) for n, text in enumerate(given)]
        if isinstance(given, str):
            listed = [((name,), given)]
        for path, pattern in listed:
            try:
                compiled(pattern)
            except PatternError as error:
                yield Finding(path, error.words)


@rule("SB320", "several-clippings", "error", pipelines.TrainConfig)
def several_clippings(message: pipelines.TrainConfig) -> Iterator[Finding]:
    """More than one kind of gradient clipping is set.

    `gradient_clipping_by_norm` limits the norm of all gradients together, `clip_by_norm` the norm
    of each, and `clip_by_value` each value in them. Keras supports one of them at a time, and
    combined they would depend on their order.

        gradient_clipping_by_norm: 10 clip_by_value: 0.5

    Use instead:

        gradient_clipping_by_norm: 10
    """
    given = [name for name in CLIPPINGS if getattr(message, name)]
    for name in given[1:]:
        words = Words(
            "gradients can be clipped in one way: both {first:field} and {other:field} are set."
            " Remove one of them",
            first=given[0],
            other=name,
        )
        there = Words("{first:field} is set here", first=given[0])
        yield Finding((name,), words, (((given[0],), there),))
