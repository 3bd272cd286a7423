"""Rules over messages: what each says, where, and which fix it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf import text_format

from schedule_builder.diagnostics import Remove, Set
from schedule_builder.rules.config_rules import (
    decay_never_happens,
    first_step_zero,
    no_optimizer,
    several_clippings,
)
from schedule_builder.rules.garden_rules import left_to_code, not_selected, type_left_to_code
from schedule_builder.rules.registry import Finding
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from schedule_builder.v1 import pipeline_pb2 as pipelines


def found(check: Callable[[Any], Iterator[Finding]], kind: Any, text: str) -> list[Finding]:
    return list(check(text_format.Parse(text, kind())))


def entries(*steps: int, rate: float = 0.5) -> str:
    return " ".join(f"schedule {{ step: {step} learning_rate: {rate} }}" for step in steps)


@pytest.mark.parametrize("given", ["", "initial_learning_rate: 0.25"])
def test_an_entry_at_step_0_becomes_the_initial_rate(given: str) -> None:
    (finding,) = found(first_step_zero, rates.ManualStepLearningRate, f"{given} {entries(0, 9)}")
    assert finding.path == ("schedule", 0, "step")
    repair = finding.repair
    assert repair is not None
    assert repair.title == "Set `initial_learning_rate` to 0.5 and remove this entry"
    assert repair.changes == (
        Set(("initial_learning_rate",), "0.5", like=("schedule", 0, "learning_rate")),
        Remove(("schedule", 0)),
    )
    assert repair.safe


def test_an_entry_at_step_0_that_repeats_the_initial_rate_is_removed() -> None:
    given = "initial_learning_rate: 0.5"
    (finding,) = found(first_step_zero, rates.ManualStepLearningRate, f"{given} {entries(0, 9)}")
    repair = finding.repair
    assert repair is not None
    assert repair.title == "Remove this entry, which repeats `initial_learning_rate`"
    assert repair.changes == (Remove(("schedule", 0)),)
    assert repair.safe


@pytest.mark.parametrize(
    ("text", "is_clear"),
    [
        (entries(0), False),
        (entries(0, 5), True),
        (entries(0, 5, 9), True),
        (entries(0, 5, 5), False),
        (entries(0, 9, 5), False),
        (entries(0, 0), False),
        (entries(0, 5) + " warmup: true", False),
        (entries(0) + " warmup: true", False),
        (entries(0, 5) + " warmup: false", True),
    ],
)
def test_a_step_of_0_is_fixed_where_the_rest_is_clear(text: str, is_clear: bool) -> None:
    (finding,) = found(first_step_zero, rates.ManualStepLearningRate, text)
    assert (finding.repair is not None) == is_clear


COSINE = rates.CosineDecayLearningRate
ABOVE = "`total_steps` includes the warmup: set it above {}, or lower `warmup_steps`"
HOLD = (
    "`total_steps` includes the hold: lower `hold_base_rate_steps`, or set `total_steps` above {}"
)
DEFAULT = "Set `warmup_steps`, which `total_steps` includes: 0 for none"


@pytest.mark.parametrize(
    ("text", "path", "begin", "advice"),
    [
        ("total_steps: 9 warmup_steps: 9", "total_steps", 9, ABOVE.format(9)),
        ("total_steps: 9 warmup_steps: 10", "total_steps", 0, ABOVE.format(10)),
        ("warmup_steps: 4000000", "warmup_steps", 4000000, ABOVE.format(4000000)),
        ("total_steps: 9", "total_steps", 0, DEFAULT),
        (
            "total_steps: 9 warmup_steps: 5 hold_base_rate_steps: 4",
            "total_steps",
            9,
            ABOVE.format(9),
        ),
        (
            "total_steps: 9 warmup_steps: 5 hold_base_rate_steps: 9",
            "total_steps",
            9,
            HOLD.format(14),
        ),
        (
            "total_steps: 9 warmup_steps: 5 hold_base_rate_steps: 8",
            "total_steps",
            9,
            ABOVE.format(13),
        ),
        ("hold_base_rate_steps: 4000000", "hold_base_rate_steps", 4000000, HOLD.format(4010000)),
    ],
)
def test_a_cosine_without_steps_for_its_decay(
    text: str, path: str, begin: int, advice: str
) -> None:
    (finding,) = found(decay_never_happens, COSINE, text)
    assert finding.path == (path,)
    assert finding.begin == begin
    assert str(finding.words).endswith(f"is not above that. {advice}")


def test_one_step_is_enough_for_a_decay() -> None:
    for text in ("total_steps: 9 warmup_steps: 8", "total_steps: 10001", ""):
        assert not found(decay_never_happens, COSINE, text)


def test_several_clippings_are_all_named() -> None:
    fields = ("gradient_clipping_by_norm", "clip_by_value", "clip_by_norm")
    for count in range(4):
        text = " ".join(f"{field}: 1" for field in fields[:count])
        findings = found(several_clippings, pipelines.TrainConfig, text)
        assert [finding.path for finding in findings] == [(field,) for field in fields[1:count]]
        for finding in findings:
            ((path, there),) = finding.related
            assert path == (fields[0],)
            assert str(there) == f"`{fields[0]}` is set here"
            assert f"both `{fields[0]}` and `{finding.path[0]}` are set." in str(finding.words)


KINDS = "`momentum_optimizer`, `adam_optimizer`, `adamw_optimizer` or another one"


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (pipelines.TrainEvalPipelineConfig, "", "missing `train_config`, which holds"),
        (pipelines.TrainEvalPipelineConfig, "train_config {}", ""),
        (pipelines.TrainConfig, "", f"missing `optimizer`: add one with {KINDS}"),
        (pipelines.TrainConfig, "optimizer {}", ""),
        (optimizers.Optimizer, "", f"add {KINDS}"),
        (optimizers.Optimizer, "sgd_optimizer {}", ""),
    ],
)
def test_the_optimizer_that_is_missing(kind: Any, text: str, words: str) -> None:
    findings = found(no_optimizer, kind, text)
    assert len(findings) == bool(words)
    for finding in findings:
        assert finding.path == ()
        assert words in str(finding.words)


@pytest.mark.parametrize(("given", "chosen"), [("'cosine'", "cosine"), ("''", "null")])
def test_blocks_beside_the_one_that_is_chosen(given: str, chosen: str) -> None:
    text = f"type: {given} constant {{}} stepwise {{}}"
    findings = found(not_selected, garden.LrConfig, text)
    assert sorted(str(finding.path[0]) for finding in findings) == ["constant", "stepwise"]
    for finding in findings:
        name = finding.path[0]
        assert str(finding.words) == (
            f"`{name}` is ignored because `type` is `{chosen}`. Remove the block, or set"
            f" `type: {name}`"
        )
        ((path, there),) = finding.related
        assert path == ("type",)
        assert str(there) == f"`{chosen}` is selected here"
        assert finding.repair is not None
        assert finding.repair.changes == (Remove((name,)),)
        assert not finding.repair.safe
    assert not found(not_selected, garden.LrConfig, "type: 'cosine' cosine {}")
    assert not found(not_selected, garden.LrConfig, "constant {} stepwise {}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("learning_rate { type: 'constant' constant { learning_rate: 1 } }", []),
        (
            "learning_rate { constant { learning_rate: 1 } }",
            [
                "`learning_rate` has no `type`; assuming `constant`, the only block present. Add"
                " `type: constant`"
            ],
        ),
        (
            "learning_rate { cosine { initial_learning_rate: 1 } }",
            [
                "`learning_rate` has no `type`: the Garden's Python code sets it, and also"
                " `decay_steps` of `cosine`. Add `type: cosine` and these fields"
            ],
        ),
        (
            "learning_rate { cosine {} stepwise {} }",
            [
                "`learning_rate` has no `type`, so the Garden's Python code selects one of"
                " `stepwise`, `cosine`. Add the `type` that you mean"
            ],
        ),
        (
            "optimizer {}",
            [
                "`optimizer` has no `type`, and no block of a known type: both come from the"
                " Garden's Python code. Add the `type` and its block. If a block is misspelt,"
                " rename it to a known type, such as `sgd` or `adamw`; an optimizer of your own"
                " code cannot be checked"
            ],
        ),
        (
            "warmup {} optimizer { sgd {} }",
            [
                "`warmup` has no `type`, and no block of a known type: both come from the Garden's"
                " Python code. Add the `type` and its block",
                "`optimizer` has no `type`; assuming `sgd`, the only block present. Add"
                " `type: sgd`",
            ],
        ),
    ],
)
def test_types_that_python_code_selects(text: str, words: list[str]) -> None:
    findings = found(type_left_to_code, garden.OptimizationConfig, text)
    said = [
        (path, str(each))
        for finding in findings
        for path, each in ((finding.path, finding.words), *finding.related)
    ]
    assert len(said) == len(words)
    assert len(findings) == bool(words)
    for (path, each), wanted in zip(said, words, strict=True):
        assert each == wanted
        assert path == (wanted.split("`")[1],)


RATE = "learning_rate { type: 'constant' }"
OPTIMIZER = "optimizer { type: 'sgd' }"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "", "no `optimizer` and no `learning_rate` are set: they come from Python code, so"),
        ("trainer {}", "trainer", "no `optimizer` and no `learning_rate` are set"),
        ("trainer { optimizer_config {} }", "trainer optimizer_config", "no `optimizer` and no"),
        (
            f"trainer {{ optimizer_config {{ {RATE} }} }}",
            "trainer optimizer_config",
            "no `optimizer` is set: it comes from Python code, so `build_optimizer` cannot",
        ),
        (
            f"trainer {{ optimizer_config {{ {RATE} optimizer {{ type: '' }} }} }}",
            "trainer optimizer_config",
            "no `optimizer` is set: it comes from Python code, so `build_optimizer` cannot",
        ),
        (
            f"trainer {{ optimizer_config {{ {OPTIMIZER} }} }}",
            "trainer optimizer_config",
            "no `learning_rate` is set: it comes from Python code, so no schedule can be built",
        ),
        (f"trainer {{ optimizer_config {{ {RATE} {OPTIMIZER} }} }}", "", ""),
    ],
)
def test_parts_that_are_left_to_code(text: str, path: str, words: str) -> None:
    findings = found(left_to_code, garden.ExperimentConfig, text)
    assert len(findings) == bool(words)
    for finding in findings:
        assert finding.path == tuple(path.split())
        assert str(finding.words).startswith(words)
