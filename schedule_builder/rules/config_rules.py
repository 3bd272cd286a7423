"""What a config may not say although every single value in it is fine.

A rule is a generator function: it is given a message and yields findings as pairs of a field
path within the message and a text. Its docstring is its manual.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Kind, Remove, Repair, Set
from schedule_builder.dialects.model_garden import missing
from schedule_builder.reading.binding import counting, schema_of
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from schedule_builder.v1 import pipeline_pb2 as pipelines


class Finding(NamedTuple):
    """What a rule yields: the field to blame, what to say, related fields, and a repair."""

    path: FieldPath
    message: str
    related: tuple[tuple[FieldPath, str], ...] = ()
    repair: Repair | None = None

    def inside(self, path: FieldPath) -> Finding:
        """The same finding about a message that is inside of another one."""
        related = tuple(((*path, *p), text) for p, text in self.related)
        repair = self.repair
        if repair is not None:
            changes = tuple(c._replace(path=(*path, *c.path)) for c in repair.changes)
            repair = repair._replace(changes=changes)
        return Finding((*path, *self.path), self.message, related, repair)


Check: TypeAlias = Callable[[Any], Iterator[Finding]]


class Rule(NamedTuple):
    """A rule, and the kind of finding that it makes."""

    kind: Kind
    check: Check


ABOUT_ENTRIES = frozenset(("SB303", "SB304"))
"""Rules about the entries of a list alone, whatever stands beside it."""

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
    message: Message, broken: Container[FieldPath], path: FieldPath = ()
) -> Iterator[tuple[Kind, Finding]]:
    """Every finding about a message and the messages inside it, with full paths.

    Little is said of `broken` messages: what they were meant to hold is not known.
    """
    for found in RULES.get(message.DESCRIPTOR.full_name, ()):
        if path in broken and found.kind.code not in ABOUT_ENTRIES:
            continue
        for finding in found.check(message):
            if any((*path, *finding.path[:n]) in broken for n in range(1, len(finding.path) + 1)):
                continue
            yield found.kind, finding.inside(path)
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
    """A pipeline config says how to train: it has a `train_config` with an `optimizer`.

    Files for evaluation or export alone often have none. The Object Detection API then stops with
    an error of Python.

        train_config { num_steps: 1000 }
        train_config { optimizer { momentum_optimizer { ... } } num_steps: 1000 }
    """
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
    """An optimizer has a `learning_rate`, and that chooses a kind of schedule.

    Nothing is assumed where there is none, and the Object Detection API stops with an error.

        adam_optimizer { }
        adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } }
    """
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

    The rate from step 0 on is `initial_learning_rate`. Entries at step 0 stood in sample configs
    of 2017, and are refused since 2018. `--fix` makes such an entry the initial rate, which is
    what it meant.

        initial_learning_rate: 0.0003
        schedule { step: 0 learning_rate: 0.0003 }              # "First step cannot be zero"
        schedule { step: 900000 learning_rate: 0.00003 }
    """
    if message.schedule and message.schedule[0].step == 0:
        rate = message.schedule[0].learning_rate
        if message.schedule[0].HasField("step"):
            text = (
                "the first step cannot be 0: the rate from step 0 on is"
                f" `initial_learning_rate`. Set that to {rate:.9g} and remove this entry"
            )
            changes = (Set(("initial_learning_rate",), repr(rate)), Remove(("schedule", 0)))
            title = f"Set `initial_learning_rate` to {rate:.9g} and remove this entry"
            steps = [entry.step for entry in message.schedule]
            is_ordered = all(one < other for one, other in pairwise(steps))
            is_clear = len(steps) > 1 and is_ordered and not message.warmup
            repair = Repair(title, changes, safe=True) if is_clear else None
            yield Finding(("schedule", 0, "step"), text, repair=repair)
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
    """Each entry of a manual schedule, and each point, comes after the one before it.

    The Object Detection API refuses others. A digit is wrong, or entries were added at the end.

        schedule { step: 5000 learning_rate: 0.01 }
        schedule { step: 4000 learning_rate: 0.001 }
    """
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
    """Warmup and hold leave steps for the decay before `total_steps`.

    `total_steps` counts them, too. The Object Detection API refuses a warmup that is longer; a
    hold that is longer it takes, and the rate then falls to 0 at once.

        cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 1000 }
        cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 100 }
    """
    lead = message.warmup_steps + message.hold_base_rate_steps
    if lead < message.total_steps:
        return
    names = ("total_steps", "warmup_steps", "hold_base_rate_steps")
    blamed = [name for name in names if message.HasField(name)]
    parts = _given(message, "warmup_steps")
    if message.hold_base_rate_steps:
        parts += " and " + _given(message, "hold_base_rate_steps")
    advice = f"`total_steps` includes the warmup: more than {lead} is needed"
    if not message.HasField("warmup_steps"):
        advice = "Give `warmup_steps`, which `total_steps` includes: 0 for none"
    yield Finding(
        (blamed[0] if blamed else "total_steps",),
        f"no step is left for the decay: {parts} reach step {lead}, and"
        f" {_given(message, 'total_steps')} ends the schedule there or before. {advice}",
    )


@rule("SB306", "warmup-above-base", "error", rates.CosineDecayLearningRate)
def warmup_above_base(message: rates.CosineDecayLearningRate) -> Iterator[Finding]:
    """A cosine's warmup does not start above the rate that it leads to.

    It is often the default of `warmup_learning_rate`, 0.0002, that is above a small rate, and the
    default of 10000 `warmup_steps` that brings it in.

        cosine_decay_learning_rate { learning_rate_base: 0.0001 total_steps: 50000 }
        cosine_decay_learning_rate { learning_rate_base: 0.0001 total_steps: 50000 warmup_steps: 0 }
    """
    if message.warmup_steps and message.learning_rate_base < message.warmup_learning_rate:
        given = message.HasField("warmup_learning_rate")
        yield Finding(
            ("warmup_learning_rate",) if given else ("learning_rate_base",),
            f"the warmup falls: {_given(message, 'warmup_learning_rate')} is above"
            f" {_given(message, 'learning_rate_base')}. Lower it, or set `warmup_steps: 0`",
        )


@rule(
    "SB307",
    "count-mismatch",
    "error",
    rates.PiecewiseConstantLearningRate,
    garden.StepwiseLrConfig,
    garden.StepCosineLrConfig,
)
def count_mismatch(message: Any) -> Iterator[Finding]:
    """A piecewise schedule has one value more than it has boundaries.

    The Garden's `step_cosine_with_offset` has as many: a value at each boundary.

        piecewise_constant_learning_rate { boundaries: [1000] values: [0.1] }
        piecewise_constant_learning_rate { boundaries: [1000] values: [0.1, 0.01] }
    """
    count = len(message.boundaries)
    at_boundaries = isinstance(message, garden.StepCosineLrConfig)
    wanted = count if at_boundaries else count + 1
    if message.values and count and len(message.values) != wanted:
        yield Finding(
            ("values",),
            f"{count} boundaries {'are ends of' if at_boundaries else 'separate'} {wanted} values,"
            f" and {len(message.values)} are given",
        )


@rule("SB310", "stage-without-steps", "error", rates.SequentialLearningRate)
def stage_without_steps(message: rates.SequentialLearningRate) -> Iterator[Finding]:
    """Only the last stage of a sequence may leave out for how many steps it holds.

    A stage without an end would last forever, and those behind it would never begin.

        stage { learning_rate { ... } } stage { learning_rate { ... } }
        stage { steps: 5000 learning_rate { ... } } stage { learning_rate { ... } }
    """
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
    """The batch size scales the pipeline's learning rate, and not a member of another one.

    There is one batch size in a run. Scaled members would also be scaled twice, where both say so.

        sequential_learning_rate { stage { learning_rate { batch_size_scaling { ... } ... } } }
        sequential_learning_rate { stage { learning_rate { ... } } } batch_size_scaling { ... }
    """
    is_sequence = isinstance(message, rates.SequentialLearningRate)
    name = "stage" if is_sequence else "learning_rates"
    for index, member in enumerate(getattr(message, name)):
        path: FieldPath = (name, index, "learning_rate") if is_sequence else (name, index)
        if (member.learning_rate if is_sequence else member).HasField("batch_size_scaling"):
            yield Finding(
                (*path, "batch_size_scaling"),
                "`batch_size_scaling` scales the whole learning rate: move it out to there",
            )


@rule(
    "SB312",
    "not-selected",
    "warning",
    garden.LrConfig,
    garden.WarmupConfig,
    garden.OptimizerConfig,
)
def not_selected(message: Any) -> Iterator[Finding]:
    """A block of the Model Garden counts only where the `type` beside it names it.

    A block that is left over looks as if it meant something, and the next edit goes to the wrong
    one.

        learning_rate: {type: cosine, cosine: {...}, stepwise: {...}}   # stepwise is ignored
        learning_rate: {type: cosine, cosine: {...}}
    """
    if not message.HasField("type"):
        return
    chosen = message.type
    for field, _ in message.ListFields():
        if field.name not in ("type", chosen):
            yield Finding(
                (field.name,),
                f"this block is ignored: `type` is {chosen or 'null'}. Remove it, or select it",
                ((("type",), f"`{chosen or 'null'}` is selected here"),),
                Repair("Remove this block", (Remove((field.name,)),), safe=False),
            )


@rule("SB313", "type-left-to-code", "warning", garden.OptimizationConfig)
def type_left_to_code(message: garden.OptimizationConfig) -> Iterator[Finding]:
    """The blocks of an experiment say which `type` they are.

    Where one does not, the Model Garden takes the type from the Python code that registers the
    experiment. The file alone then does not say what it means, and a change of that code changes
    the schedule. The only block that is given is taken as meant.

        learning_rate: {cosine: {...}}
        learning_rate: {type: cosine, cosine: {...}}
    """
    unsaid: list[tuple[FieldPath, str]] = []
    for name in ("learning_rate", "warmup", "optimizer"):
        block = getattr(message, name)
        if not message.HasField(name) or block.HasField("type"):
            continue
        meant = counting(block)
        if meant is None:
            given = [f"`{field.name}`" for field, _ in block.ListFields()]
            which = f", which of {', '.join(given)} counts included" if given else ""
            unsaid.append(((name,), f"the Garden takes it from Python code{which}"))
        elif lacking := missing(block):
            needed = " and ".join(f"`{field}`" for field in lacking)
            text = f"the Garden takes it from Python code, as it does {needed} of `{meant}`"
            unsaid.append(((name,), text))
        else:
            unsaid.append(((name,), f"`{meant}` is meant, as the only block here"))
    if unsaid:
        (path, text), *others = unsaid
        yield Finding(
            path,
            f"`{path[0]}` has no `type`: {text}. Say it, so that the file means what it says",
            tuple((p, f"`{p[0]}` has no `type` either: {said}") for p, said in others),
        )


@rule("SB314", "left-to-code", "warning", garden.ExperimentConfig)
def left_to_code(message: garden.ExperimentConfig) -> Iterator[Finding]:
    """An experiment says which optimizer and which learning rate it trains with.

    Where it does not, the Model Garden takes them from the Python code that registers the
    experiment, and nothing can be built from the file alone.

        optimizer_config: {learning_rate: {...}}
        optimizer_config: {learning_rate: {...}, optimizer: {type: sgd, sgd: {momentum: 0.9}}}
    """
    path: FieldPath = ()
    if message.HasField("trainer"):
        path = ("trainer",)
        path += ("optimizer_config",) * message.trainer.HasField("optimizer_config")
    config = message.trainer.optimizer_config
    lacking = [
        f"`{name}`"
        for name in ("optimizer", "learning_rate")
        if not config.HasField(name) or _is_none(getattr(config, name))
    ]
    if lacking:
        yield Finding(path, f"there is no {' and no '.join(lacking)} here: Python code supplies it")


def _is_none(block: Any) -> bool:
    return bool(block.HasField("type") and not block.type)
