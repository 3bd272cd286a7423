"""What is suggested for names and values that are not ours, and what is never suggested."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder import validate_text
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.reading.fields import schema_of
from schedule_builder.reading.foreign_names import argument_named, schedule_named
from schedule_builder.reading.names import nearest
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from schedule_builder.v1 import pipeline_pb2 as pipelines

RATE = "momentum_optimizer {{ learning_rate {{ {} }} }}"
PIPELINE = "train_config {{ batch_size: 32 num_steps: 1000 optimizer {{ {} }} {} }}"


def rate(text: str) -> str:
    return PIPELINE.format(RATE.format(text), "")


def optimizer(text: str) -> str:
    return PIPELINE.format(text, "")


def train_config(text: str) -> str:
    return PIPELINE.format(RATE.format("constant_learning_rate {}"), text)


def garden(optimizer: str = "{type: sgd}", rate: str = "{type: constant}", warmup: str = "") -> str:
    warmup = f", warmup: {warmup}" if warmup else ""
    parts = f"optimizer: {optimizer}, learning_rate: {rate}{warmup}"
    return f"trainer: {{train_steps: 1000, optimizer_config: {{{parts}}}}}\n"


def errors(text: str, filename: str = "a.config") -> list[Diagnostic]:
    return [d for d in validate_text(text, filename) if d.severity == "error"]


# The config, its name, what is said of it, and the title of the fix; None: there is none.
ADVICE: dict[str, tuple[str, str, str, str | None]] = {
    # Names of other things: nothing is renamed.
    "another optimizer": (
        optimizer("adabelief_optimizer { learning_rate { constant_learning_rate {} } }"),
        "a.config",
        "no field `adabelief_optimizer`. Rename or remove it. Known fields: rms_prop_optimizer",
        None,
    ),
    "another schedule": (
        rate("wsd_learning_rate { peak_learning_rate: 1 }"),
        "a.config",
        "use `warmup_stable_decay_learning_rate` for warmup_stable_decay of transformers",
        None,
    ),
    "a class of Keras": (rate("CosineDecay {}"), "a.config", "`cosine_decay_learning_rate`", None),
    "a class of PyTorch": (
        rate("OneCycleLR { max_lr: 1 }"),
        "a.config",
        "use `one_cycle_learning_rate` for OneCycleLR of PyTorch",
        None,
    ),
    "a class by its name": (
        rate('class_name: "CosineDecay"'),
        "a.config",
        "Write `cosine_decay_learning_rate { ... }`",
        None,
    ),
    "a type": (
        optimizer("type: adam"),
        "a.config",
        "the block's name selects the kind. Write `adam_optimizer { ... }`",
        None,
    ),
    "a rate without a block": (
        "learning_rate: 0.001\nwarmup: {warmup_steps: 5}\n",
        "a.yaml",
        "write `constant_learning_rate: {learning_rate: 0.001}`",
        None,
    ),
    # Arguments that have another name here.
    "lr": (
        rate("constant_learning_rate { lr: 0.1 }"),
        "a.config",
        "did you mean `learning_rate`?",
        "Write `learning_rate`",
    ),
    "lr of an optimizer": (
        optimizer("adam_optimizer { lr: 0.1 }"),
        "a.config",
        "write `learning_rate { constant_learning_rate { learning_rate: 0.1 } }`",
        None,
    ),
    "base_lr": (
        rate("cosine_decay_learning_rate { base_lr: 0.1 total_steps: 1000 warmup_steps: 0 }"),
        "a.config",
        "`cosine_decay_learning_rate` has no field `base_lr`: did you mean `learning_rate_base`?",
        "Write `learning_rate_base`",
    ),
    "an argument of another schedule": (
        rate("cosine_decay_learning_rate { gamma: 10 total_steps: 1000 warmup_steps: 0 }"),
        "a.config",
        "gamma is an argument of ExponentialLR (PyTorch), which is"
        " `exponential_decay_learning_rate` here. Use that, or a field of this block:"
        " learning_rate_base, total_steps, ",
        None,
    ),
    "T_max": (
        rate("cosine_decay_learning_rate { learning_rate_base: 1 warmup_steps: 0 T_max: 1000 }"),
        "a.config",
        "use `total_steps` for T_max of CosineAnnealingLR (PyTorch)",
        "Write `total_steps`",
    ),
    "gamma": (
        rate("multi_step_learning_rate { initial_learning_rate: 1 milestones: 900 gamma: 0.1 }"),
        "a.config",
        "use `decay_factor` for gamma of MultiStepLR (PyTorch)",
        "Write `decay_factor`",
    ),
    "gamma that is given": (
        rate("multi_step_learning_rate { initial_learning_rate: 1 milestones: 900 decay_factor: 0.5"
             " gamma: 0.1 }"),
        "a.config",
        "use `decay_factor` for gamma",
        None,
    ),
    "eta_min": (
        rate("cosine_decay_learning_rate { learning_rate_base: 1 total_steps: 1000 warmup_steps: 0"
             " eta_min: 0.1 }"),
        "a.config",
        "has no equivalent here",
        None,
    ),
    # Lengths that are not in steps.
    "warmup_epochs": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_epochs: 5 }"),
        "a.config",
        "5 epochs are 5 * training examples / 32 steps. Or set `step_unit: EPOCHS`",
        None,
    ),
    "warmup_ratio": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_ratio: 0.05 }"),
        "a.config",
        "0.05 of the 1000 training steps is 50: write 50. Or set `step_unit: PERCENT_OF_RUN` and"
        " `warmup_steps: 5`",
        None,
    ),
    "warmup_percent": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_percent: 5 }"),
        "a.config",
        "0.05 of the 1000 training steps is 50",
        None,
    ),
    "a share of steps": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 0.05 }"),
        "a.config",
        "not `0.05`: 0.05 of the 1000 training steps is 50: write 50",
        None,
    ),
    "a share without a length": (
        "constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 0.05 }",
        "a.config",
        "multiply 0.05 by the number of training steps",
        None,
    ),
    "a fraction of a percent": (
        rate("constant_learning_rate {learning_rate: 1}"
             " warmup { warmup_steps: 2.5 step_unit: PERCENT_OF_RUN }"),
        "a.config",
        "write 25 under `step_unit: PERMILLE_OF_RUN`",
        None,
    ),
    "percents": (
        "constant_learning_rate: {learning_rate: 1}\nwarmup: {warmup_steps: 10%}\n",
        "a.yaml",
        "`step_unit: PERCENT_OF_RUN` and `warmup_steps: 10`",
        None,
    ),
    "a duration in epochs": (
        "constant_learning_rate: {learning_rate: 1}\nwarmup: {warmup_steps: 5ep}\n",
        "a.yaml",
        "5 epochs are 5 * training examples / batch_size steps",
        None,
    ),
    "percents in quotes": (
        '{"constant_learning_rate": {"learning_rate": 1}, "warmup": {"warmup_steps": "10%"}}',
        "a.json",
        "`step_unit: PERCENT_OF_RUN` and `warmup_steps: 10`",
        None,
    ),
    "percents in text format": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 10% }"),
        "a.config",
        "found `%`: write a number of steps; or 10 under `step_unit: PERCENT_OF_RUN`",
        None,
    ),
    "percents in a list": (
        rate("multi_step_learning_rate {initial_learning_rate: 1 milestones: [10%, 20%]}"),
        "a.config",
        "found `%`: write a number of steps; or 10 under `step_unit: PERCENT_OF_RUN`",
        None,
    ),
    "a duration in text format": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 0.125dur }"),
        "a.config",
        (
            "it is not a number: write a number of steps; or 125 under"
            " `step_unit: PERMILLE_OF_RUN`"
        ),
        None,
    ),
    "epochs in text format": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 5ep }"),
        "a.config",
        (
            "it is not a number: write a number of steps; or 5 under"
            " `step_unit: EPOCHS`"
        ),
        None,
    ),
    "epochs and the fields for them": (
        rate("constant_learning_rate {learning_rate: 1} warmup { warmup_epochs: 5 }"),
        "a.config",
        "Or set `step_unit: EPOCHS`, `examples_per_epoch` (the number of training examples) and"
        " `warmup_steps: 5`",
        None,
    ),
    "a fraction of an epoch": (
        rate("constant_learning_rate {learning_rate: 1} examples_per_epoch: 320 step_unit: EPOCHS"
             " warmup { warmup_steps: 2.5 }"),
        "a.config",
        "not `2.5`: write a whole number; or write every length under this `step_unit` in steps (25"
        " here), and set `step_unit: STEPS`",
        None,
    ),
    "half a step, up": (
        PIPELINE.format(RATE.format("constant_learning_rate {learning_rate: 1}"
        " warmup { warmup_steps: 0.05 }"), "").replace("1000", "50"),
        "a.config",
        "0.05 of the 50 training steps is 2.5: write 3",
        None,
    ),
    "one milestone": (
        "multi_step_learning_rate: {initial_learning_rate: 1, milestones: 50}\n",
        "a.yaml",
        "`milestones` must be a list, not one value: write [50]",
        None,
    ),
    "epochs": (
        train_config("epochs: 90"),
        "a.config",
        "`num_steps` counts steps. 90 epochs are 90 * training examples / 32 steps",
        None,
    ),
    "warmup_epochs of the Garden": (
        garden(warmup="{type: linear, linear: {warmup_epochs: 5}}"),
        "a.yaml",
        "5 epochs are 5 * training examples / batch_size steps",
        None,
    ),
    # Values instead of blocks.
    "a rate": (
        optimizer("adam_optimizer { learning_rate: 0.001 }"),
        "a.config",
        "Write `learning_rate { constant_learning_rate { learning_rate: 0.001 } }`",
        None,
    ),
    "a rate in JSON": (
        '{"train_config": {"optimizer": {"adam_optimizer": {"learning_rate": 0.001}}}}',
        "a.json",
        'Write `"learning_rate": {"constant_learning_rate": {"learning_rate": 0.001}}`',
        None,
    ),
    "a kind as a rate": (
        "constant_learning_rate: 0.1\n",
        "a.yaml",
        "Write `constant_learning_rate: {learning_rate: 0.1}`",
        None,
    ),
    "an optimizer": (
        "train_config {\n optimizer: adam\n}\n",
        "a.config",
        "Write `optimizer { adam_optimizer { ... } }`",
        None,
    ),
    "an optimizer that is none of ours": (
        "train_config:\n  optimizer: adabelief\n",
        "a.yaml",
        ": write one of its blocks, rms_prop_optimizer, momentum_optimizer, adam_optimizer, ",
        None,
    ),
    "a warmup": (
        rate("constant_learning_rate {learning_rate: 1} warmup: 1000"),
        "a.config",
        "Write `warmup { warmup_steps: 1000 }`",
        None,
    ),
    "an optimizer of the Garden": (
        garden(optimizer="adamw"),
        "a.yaml",
        "`optimizer: {type: adamw}`",
        None,
    ),
    "a rate of the Garden": (
        garden(rate="0.001"),
        "a.yaml",
        "`learning_rate: {type: constant, constant: {learning_rate: 0.001}}`",
        None,
    ),
    "a warmup of the Garden": (
        garden(warmup="1000"),
        "a.yaml",
        "`warmup: {type: linear, linear: {warmup_steps: 1000}}`",
        None,
    ),
    # Types.
    "a misspelt type": (
        garden(rate="{type: cosin, cosine: {initial_learning_rate: 1, decay_steps: 1000}}"),
        "a.yaml",
        "unknown `type` `cosin`: did you mean `cosine`?",
        None,
    ),
    "a custom type": (
        garden(rate="{type: my_cosine, my_cosine: {a: 1}}"),
        "a.yaml",
        "If your Python code registers this one, its rates cannot be checked: add the file to",
        None,
    ),
    # Values that do not fit the field with a similar name.
    "a block under the name of a number": (
        rate("constant_learning_rate { learning_rat { a: 1 } }"),
        "a.config",
        "no field `learning_rat`. Rename or remove it. Known fields: learning_rate",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "filename", "words", "title"), ADVICE.values(), ids=ADVICE)
def test_advice(text: str, filename: str, words: str, title: str | None) -> None:
    (error,) = errors(text, filename)
    assert words in error.message
    assert (error.fix.title if error.fix else None) == title
    if title:
        fixed, count = apply_fixes(text, [error], unsafe=True)
        assert count == 1
        assert not errors(fixed, filename)


def test_blocks_go_by_the_names_that_their_authors_wrote() -> None:
    names = {root.DESCRIPTOR.name for root in (pipelines.TrainEvalPipelineConfig,)}
    for text, filename, _, _ in ADVICE.values():
        for error in errors(text, filename):
            assert "LrConfig" not in error.message
            assert not any(name in error.message for name in names)


RATES: Any = rates.LearningRate.DESCRIPTOR
MESSAGES: list[Any] = [
    pipelines.TrainConfig.DESCRIPTOR,
    optimizers.Optimizer.DESCRIPTOR,
    *(field.message_type for field in RATES.fields if field.name.endswith("_learning_rate")
      and field.message_type is not None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((f"{word}_optimizer", optimizers.Optimizer) for word in ("adamw", "lamb", "sgd")),
        *(
            (f"{word}_learning_rate", rates.LearningRate)
            for word in ("wsd", "max", "warmup", "end")
        ),
        *((f"warmup_{word}", rates.Warmup) for word in ("epochs", "ratio", "iters", "tokens")),
        ("min_learning_rate", rates.CyclicLearningRate),
        ("learning_rate", rates.LearningRate),
        ("num_epochs", pipelines.TrainConfig),
        ("train_batch_size", pipelines.TrainConfig),
    ],
)
def test_names_of_something_else_are_not_misspellings(name: str, message: Any) -> None:
    candidates = [n for n in schema_of(message.DESCRIPTOR) if n != name]
    assert nearest(name, candidates) is None


@given(st.sampled_from(MESSAGES), st.data())
def test_a_misspelling_is_traced_to_its_field_or_to_none(message: Any, data: st.DataObject) -> None:
    known = list(schema_of(message))
    name = data.draw(st.sampled_from(known))
    at = data.draw(st.integers(0, len(name) - 1))
    typed = data.draw(
        st.sampled_from(
            [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name.title()]
        )
    )
    if typed in known or len(name) < 4:
        return
    assert nearest(typed, known) in (name, None)


def test_most_misspellings_are_traced() -> None:
    tried = traced = 0
    for message in MESSAGES:
        known = list(schema_of(message))
        for name in known:
            for at in range(1, len(name)):
                typed = name[:at] + name[at + 1 :]
                tried += 1
                traced += nearest(typed, known) == name
    assert traced / tried > 0.9


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CosineDecay", "cosine_decay_learning_rate"),
        ("OneCycleLR", "one_cycle_learning_rate"),
        ("get_wsd_schedule", "warmup_stable_decay_learning_rate"),
        ("wsd", "warmup_stable_decay_learning_rate"),
        ("ExponentialDecay", "exponential_decay_learning_rate"),
        ("CosineAnnealingLR", "cosine_decay_learning_rate"),
        ("piecewise_constant_schedule", "manual_step_learning_rate"),
        ("learning_rate", None),
        ("schedule", None),
        ("", None),
    ],
)
def test_schedules_of_other_libraries(name: str, kind: str | None) -> None:
    found = schedule_named(name)
    assert (found.kind if found else None) == kind


def test_arguments_lead_to_fields() -> None:
    from schedule_builder.reading.foreign_names import _table

    for kind, entries in _table().items():
        fields = schema_of(RATES.fields_by_name[kind].message_type)
        for entry in entries:
            for name, field in entry.get("arguments", {}).items():
                assert field == "" or field in fields, (kind, name)
                assert argument_named(name, "") is not None


def test_a_value_under_a_unit_is_no_share_of_the_run() -> None:
    text = rate(
        "constant_learning_rate { learning_rate: 1 }"
        " warmup { warmup_steps: 0.5 step_unit: PERCENT_OF_RUN }"
    )
    (error,) = errors(text)
    assert "write 5 under `step_unit: PERMILLE_OF_RUN`" in error.message


@pytest.mark.parametrize("unit", ["STEPS", "EPOCHS", "PERCENT_OF_RUN", "PERMILLE_OF_RUN"])
@pytest.mark.parametrize(
    "value", ["inf", "-inf", "nan", "1e9997", "-1e9997", "9" * 400, f"'{'9' * 400}%'"]
)
@pytest.mark.parametrize("is_yaml", [False, True])
def test_lengths_that_are_no_finite_number_are_refused(
    unit: str, value: str, *, is_yaml: bool
) -> None:
    fields = f"step_unit: {unit}, examples_per_epoch: 640"
    decay = f"exponential_decay_learning_rate {{ decay_steps: {value} decay_factor: 0.5 }}"
    text = rate(f"{fields.replace(',', '')} {decay}")
    if is_yaml:
        decay = f"exponential_decay_learning_rate: {{decay_steps: {value}, decay_factor: 0.5}}"
        learning_rate = f"{{momentum_optimizer: {{learning_rate: {{{fields}, {decay}}}}}}}"
        text = f"train_config: {{batch_size: 32, num_steps: 1000, optimizer: {learning_rate}}}"
    found = errors(text, "a.yaml" if is_yaml else "a.config")
    assert found
    assert {error.code for error in found} <= {"SB203", "SB204"}


def test_the_length_of_the_run_comes_from_the_caller_too() -> None:
    text = "constant_learning_rate {learning_rate: 1} warmup { warmup_steps: 0.05 }"
    config = examine(Source("a.config", text), num_steps=400)
    (error,) = (d for d in config.diagnostics if d.severity == "error")
    assert "0.05 of the 400 training steps is 20" in error.message
