"""What a config may not say although every single value in it is fine.

A rule is a generator function: it is given a message and yields findings as pairs of a field
path within the message and a text. Its docstring is its manual.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.message import Message

from schedule_builder.binding import Path, schema_of
from schedule_builder.diagnostics import Kind
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from schedule_builder.v1 import pipeline_pb2 as pipelines


class Finding(NamedTuple):
    """What a rule yields: the field to blame, what to say, and related fields."""

    path: Path
    message: str
    related: tuple[tuple[Path, str], ...] = ()


Check: TypeAlias = Callable[[Any], Iterator[Finding]]


class Rule(NamedTuple):
    """A rule, and the kind of finding that it makes."""

    kind: Kind
    check: Check


RULES: dict[str, list[Rule]] = {}
"""The rules for each type of message, by the type's full name."""


def rule(code: str, name: str, severity: str, *types: type[Message]) -> Callable[[Check], Check]:
    """Registers a rule for messages of some types."""
    kind = Kind(code, name, severity)

    def register(check: Check) -> Check:
        for message in types:
            RULES.setdefault(message.DESCRIPTOR.full_name, []).append(Rule(kind, check))
        return check

    return register


def check_message(
    message: Message, broken: Container[Path], path: Path = ()
) -> Iterator[tuple[Kind, Finding]]:
    """Every finding about a message and the messages inside it, with full paths.

    Nothing is said of `broken` messages: what they were meant to hold is not known.
    """
    for found in () if path in broken else RULES.get(message.DESCRIPTOR.full_name, ()):
        for finding in found.check(message):
            if any((*path, *finding.path[:n]) in broken for n in range(1, len(finding.path) + 1)):
                continue
            related = tuple(((*path, *p), text) for p, text in finding.related)
            yield found.kind, Finding((*path, *finding.path), finding.message, related)
    for field, value in message.ListFields():
        if not schema_of(message.DESCRIPTOR)[field.name].message:
            continue
        if isinstance(value, Message):
            yield from check_message(value, broken, (*path, field.name))
        else:
            for index, item in enumerate(value):
                yield from check_message(item, broken, (*path, field.name, index))


@rule("SB301", "no-optimizer", "error", pipelines.TrainEvalPipelineConfig)
def no_optimizer(message: pipelines.TrainEvalPipelineConfig) -> Iterator[Finding]:
    """A pipeline config says how to train: it has a `train_config` with an `optimizer`."""
    kinds = "`momentum_optimizer`, `rms_prop_optimizer` or `adam_optimizer`"
    if not message.HasField("train_config"):
        yield Finding((), "there is no `train_config`, which holds the optimizer")
    elif not message.train_config.HasField("optimizer"):
        yield Finding(("train_config",), f"there is no `optimizer`: add one with {kinds}")
    elif message.train_config.optimizer.WhichOneof("optimizer") is None:
        yield Finding(("train_config", "optimizer"), f"no optimizer is chosen: add {kinds}")


@rule(
    "SB302",
    "no-learning-rate",
    "error",
    rates.LearningRate,
    optimizers.MomentumOptimizer,
    optimizers.RMSPropOptimizer,
    optimizers.AdamOptimizer,
)
def no_learning_rate(message: Any) -> Iterator[Finding]:
    """An optimizer has a `learning_rate`, and that chooses a kind of schedule."""
    if not isinstance(message, rates.LearningRate):
        if not message.HasField("learning_rate"):
            yield Finding((), "there is no `learning_rate` in this optimizer: add one")
    elif message.WhichOneof("learning_rate") is None:
        yield Finding(
            (),
            "no schedule is chosen: add one, such as `constant_learning_rate`,"
            " `manual_step_learning_rate` or `cosine_decay_learning_rate`",
        )


@rule("SB303", "first-step-zero", "error", rates.ManualStepLearningRate)
def first_step_zero(message: rates.ManualStepLearningRate) -> Iterator[Finding]:
    """The first entry of a manual schedule begins after step 0.

    The rate from step 0 on is `initial_learning_rate`. Entries at step 0 stood in sample
    configs of 2017 and are refused since 2018.
    """
    if message.schedule and message.schedule[0].step == 0:
        rate = message.schedule[0].learning_rate
        if message.schedule[0].HasField("step"):
            text = (
                "the first step cannot be 0: the rate from step 0 on is"
                f" `initial_learning_rate`. Set that to {rate:.9g} and remove this entry"
            )
            yield Finding(("schedule", 0, "step"), text)
        else:
            yield Finding(("schedule", 0), "this entry has no `step`, and the first cannot be 0")


@rule(
    "SB304",
    "steps-not-increasing",
    "error",
    rates.ManualStepLearningRate,
    rates.PiecewiseLinearLearningRate,
)
def steps_not_increasing(message: Any) -> Iterator[Finding]:
    """Each entry of a manual schedule, and each point, comes after the one before it."""
    name = "schedule" if isinstance(message, rates.ManualStepLearningRate) else "point"
    for index, (before, entry) in enumerate(pairwise(getattr(message, name)), 1):
        if entry.step <= before.step:
            yield Finding(
                (name, index, "step"),
                f"step {entry.step} does not come after step {before.step}: steps must strictly"
                " increase",
                (((name, index - 1, "step"), f"step {before.step} stands here"),),
            )


def _given(message: Message, name: str) -> str:
    """A field and its value, as a message names them: said to be a default where it is one."""
    default = "" if message.HasField(name) else ", its default"
    return f"`{name}` ({getattr(message, name):.9g}{default})"


@rule("SB305", "decay-never-happens", "error", rates.CosineDecayLearningRate)
def decay_never_happens(message: rates.CosineDecayLearningRate) -> Iterator[Finding]:
    """Warmup and hold leave steps for the decay before `total_steps`."""
    lead = message.warmup_steps + message.hold_base_rate_steps
    if lead < message.total_steps:
        return
    parts = _given(message, "warmup_steps")
    if message.hold_base_rate_steps:
        parts += " and " + _given(message, "hold_base_rate_steps")
    yield Finding(
        ("total_steps",) if message.HasField("total_steps") else ("warmup_steps",),
        f"no step is left for the decay: {parts} reach step {lead}, and"
        f" {_given(message, 'total_steps')} ends the schedule there or before."
        f" `total_steps` includes the warmup: more than {lead} is needed",
    )


@rule("SB306", "warmup-above-base", "error", rates.CosineDecayLearningRate)
def warmup_above_base(message: rates.CosineDecayLearningRate) -> Iterator[Finding]:
    """A cosine's warmup does not start above the rate that it leads to."""
    if message.warmup_steps and message.learning_rate_base < message.warmup_learning_rate:
        given = message.HasField("warmup_learning_rate")
        yield Finding(
            ("warmup_learning_rate",) if given else ("learning_rate_base",),
            f"the warmup falls: {_given(message, 'warmup_learning_rate')} is above"
            f" {_given(message, 'learning_rate_base')}. Lower it, or set `warmup_steps: 0`",
        )


@rule("SB307", "count-mismatch", "error", rates.PiecewiseConstantLearningRate)
def count_mismatch(message: rates.PiecewiseConstantLearningRate) -> Iterator[Finding]:
    """A piecewise schedule has one value more than it has boundaries."""
    wanted = len(message.boundaries) + 1
    if message.values and message.boundaries and len(message.values) != wanted:
        yield Finding(
            ("values",),
            f"{len(message.boundaries)} boundaries separate {wanted} values, and"
            f" {len(message.values)} are given",
        )


@rule("SB310", "stage-without-steps", "error", rates.SequentialLearningRate)
def stage_without_steps(message: rates.SequentialLearningRate) -> Iterator[Finding]:
    """Only the last stage of a sequence may leave out for how many steps it holds."""
    for index, stage in enumerate(message.stage[:-1]):
        if not stage.HasField("steps"):
            yield Finding(
                ("stage", index),
                "this stage has no `steps`, and others follow it: only the last may leave them out",
            )


@rule(
    "SB311",
    "scaling-inside",
    "error",
    rates.SequentialLearningRate,
    rates.CombinedLearningRate,
)
def scaling_inside(message: Any) -> Iterator[Finding]:
    """The batch size scales the pipeline's learning rate, and not a member of another one."""
    is_sequence = isinstance(message, rates.SequentialLearningRate)
    name = "stage" if is_sequence else "learning_rates"
    for index, member in enumerate(getattr(message, name)):
        path: Path = (name, index, "learning_rate") if is_sequence else (name, index)
        if (member.learning_rate if is_sequence else member).HasField("batch_size_scaling"):
            yield Finding(
                (*path, "batch_size_scaling"),
                "`batch_size_scaling` scales the whole learning rate: move it out to there",
            )
