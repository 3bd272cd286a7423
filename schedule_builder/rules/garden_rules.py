"""Rules over the messages of the Model Garden's experiments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schedule_builder.diagnostics import FieldPath, Remove, Repair, Words
from schedule_builder.dialects.model_garden import missing
from schedule_builder.reading.fields import counting, is_open
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.v1 import experiment_pb2 as garden


@rule(
    "SB312",
    "not-selected",
    "warning",
    garden.LrConfig,
    garden.WarmupConfig,
    garden.OptimizerConfig,
)
def not_selected(message: Any) -> Iterator[Finding]:
    """A block of the Model Garden is ignored, because `type` names another one.

    A block that is left over looks as if it meant something, and the next edit goes to the wrong
    one.

        learning_rate: {type: cosine, cosine: {...}, stepwise: {...}}   # stepwise is ignored

    Use instead:

        learning_rate: {type: cosine, cosine: {...}}
    """
    if not message.HasField("type"):
        return
    chosen = message.type or "null"
    for field, _ in message.ListFields():
        if field.name in ("type", message.type):
            continue
        words = Words(
            "{name:field} is ignored because `type` is `{chosen}`. Remove the block, or set"
            " `type: {name}`",
            name=field.name,
            chosen=chosen,
        )
        yield Finding(
            (field.name,),
            words,
            ((("type",), Words("`{chosen}` is selected here", chosen=chosen)),),
            Repair("Remove this block", (Remove((field.name,)),), safe=False),
        )


@rule("SB313", "type-left-to-code", "warning", garden.OptimizationConfig)
def type_left_to_code(message: garden.OptimizationConfig) -> Iterator[Finding]:
    """A block of an experiment has no `type`.

    The Model Garden then takes the type from the Python code that registers the experiment. The
    file alone does not say what it means, and a change of that code changes the schedule. The only
    block that is present is assumed to be meant.

        learning_rate: {cosine: {...}}

    Use instead:

        learning_rate: {type: cosine, cosine: {...}}
    """
    unsaid = [
        ((name,), words)
        for name in ("learning_rate", "warmup", "optimizer")
        if message.HasField(name) and (words := _untyped(name, getattr(message, name)))
    ]
    if unsaid:
        (path, words), *others = unsaid
        yield Finding(path, words, tuple(others))


def _untyped(name: str, block: Any) -> Words | None:
    """The message for a block that has no `type`; None where it has one."""
    if block.HasField("type"):
        return None
    meant = counting(block)
    if meant is None:
        given = ", ".join(f"`{field.name}`" for field, _ in block.ListFields())
        if given:
            return Words(
                "{name:field} has no `type`, so the Garden's Python code selects one of"
                " {given}. Add the `type` that you mean",
                name=name,
                given=given,
            )
        own: Words | str = ""
        if is_open(block.DESCRIPTOR):
            own = Words(
                ". If a block is misspelt, rename it to a known type, such as `sgd` or `adamw`; an"
                " optimizer of your own code cannot be checked"
            )
        return Words(
            "{name:field} has no `type`, and no block of a known type: both come from the Garden's"
            " Python code. Add the `type` and its block{own}",
            name=name,
            own=own,
        )
    if lacking := missing(block):
        return Words(
            "{name:field} has no `type`: the Garden's Python code sets it, and also {fields}"
            " of `{meant}`. Add `type: {meant}` and these fields",
            name=name,
            fields=" and ".join(f"`{field}`" for field in lacking),
            meant=meant,
        )
    return Words(
        "{name:field} has no `type`; assuming `{meant}`, the only block present. Add"
        " `type: {meant}`",
        name=name,
        meant=meant,
    )


@rule("SB314", "left-to-code", "warning", garden.ExperimentConfig)
def left_to_code(message: garden.ExperimentConfig) -> Iterator[Finding]:
    """The experiment has no optimizer or no learning rate.

    The Model Garden takes them from the Python code that registers the experiment, and nothing can
    be built from the file alone.

        optimizer_config: {learning_rate: {...}}

    Use instead:

        optimizer_config: {learning_rate: {...}, optimizer: {type: sgd, sgd: {momentum: 0.9}}}
    """
    path: FieldPath = ()
    if message.HasField("trainer"):
        path = ("trainer",)
        path += ("optimizer_config",) * message.trainer.HasField("optimizer_config")
    config = message.trainer.optimizer_config
    lacking = [
        name
        for name in ("optimizer", "learning_rate")
        if not config.HasField(name) or _is_none(getattr(config, name))
    ]
    if lacking == ["optimizer"]:
        words = Words(
            "no `optimizer` is set: it comes from Python code, so `build_optimizer` cannot"
            " use this file. Add one to use it"
        )
        yield Finding(path, words)
    elif lacking == ["learning_rate"]:
        words = Words(
            "no `learning_rate` is set: it comes from Python code, so no schedule can be"
            " built from this file. Add one to build it"
        )
        yield Finding(path, words)
    elif lacking:
        words = Words(
            "no `optimizer` and no `learning_rate` are set: they come from Python code, so"
            " nothing can be built from this file. Add them to build it"
        )
        yield Finding(path, words)


def _is_none(block: Any) -> bool:
    return bool(block.HasField("type") and not block.type)
