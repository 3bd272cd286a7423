"""The exact edges of rules: the last value that is none of their business, and the next one."""

from __future__ import annotations

from typing import Any

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.rules.rate_rules import FAMILIES
from schedule_builder.workspace.settings import Settings
from tests.rules.test_judgements import (
    experiment,
    linear,
    manual,
    multi_step,
    piecewise,
    pipeline,
    stepwise,
)

LIMITS = {
    1: "adam_optimizer adam adam_experimental adamw adamw_experimental vit_adamw adamw_optimizer",
    20: "rms_prop_optimizer rmsprop",
    50: "lars",
    10: "lamb adagrad adafactor adafactor_keras lion lamb_optimizer adagrad_optimizer"
    " adafactor_optimizer lion_optimizer",
    500: "momentum_optimizer sgd_optimizer sgd slide",
}
"""The highest rate of each optimizer, as the manual has it."""
OPTIMIZERS = [(name, limit) for limit, names in LIMITS.items() for name in names.split()]


def found(text: str, **settings: Any) -> set[str]:
    name = "a.yaml" if text.startswith("trainer") else "a.config"
    config = examine(Source(name, text), settings=Settings(**settings))
    assert config.schedule is not None or settings, config.diagnostics
    return {d.code for d in checked(config)}


def checked(config: Config) -> tuple[Diagnostic, ...]:
    """The findings of a config, each of which is a sentence, and so is what it refers to."""
    for finding in config.diagnostics:
        for words in (finding.message, *(related.message for related in finding.related)):
            assert len(words) > len("None"), finding.code
    return config.diagnostics


def constant(rate: float, optimizer: str) -> str:
    if optimizer.endswith("_optimizer"):
        return pipeline(f"constant_learning_rate {{ learning_rate: {rate} }}", 1000, optimizer)
    return experiment(f"{{type: constant, constant: {{learning_rate: {rate}}}}}", 1000).replace(
        "{type: sgd, sgd: {}}", f"{{type: {optimizer}, {optimizer}: {{}}}}"
    )


@pytest.mark.parametrize(("optimizer", "limit"), OPTIMIZERS)
def test_the_highest_rate_of_each_optimizer(optimizer: str, limit: int) -> None:
    assert "SB422" not in found(constant(limit, optimizer))
    assert "SB422" in found(constant(limit * 1.0001, optimizer))
    # A setting for the family, and one for the block, which is stronger.
    family = FAMILIES.get(optimizer, "sgd")
    lower = {family: limit / 2}
    assert "SB422" not in found(constant(limit / 2, optimizer), max_rate=lower)
    assert "SB422" in found(constant(limit * 0.6, optimizer), max_rate=lower)
    stronger = lower | {optimizer: limit * 2}
    assert "SB422" not in found(constant(limit * 2, optimizer), max_rate=stronger)


def test_every_optimizer_with_a_family_has_a_limit_here() -> None:
    assert FAMILIES.keys() <= dict(OPTIMIZERS).keys()


def polynomial(steps: int, end: float = 0) -> str:
    return (
        "polynomial_decay_learning_rate { initial_learning_rate: 0.1"
        f" end_learning_rate: {end} decay_steps: {steps} }}"
    )


WARMUP = "constant_learning_rate {{ learning_rate: 0.1 }} warmup {{ warmup_steps: {} {} }}"
BURNIN = (
    "exponential_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: 100"
    " decay_factor: 0.9 burnin_steps: 10 burnin_learning_rate: {} }}"
)
EDGES: list[tuple[str, str, str]] = [
    # Warmups: their share of the run, and their direction.
    ("SB407", pipeline(WARMUP.format(200, ""), 1000), pipeline(WARMUP.format(201, ""), 1000)),
    ("SB407", pipeline(WARMUP.format(2, ""), 10), pipeline(WARMUP.format(10, ""), 10)),
    (
        "SB410",
        pipeline(WARMUP.format(9, "warmup_learning_rate: 0.1"), 1000),
        pipeline(WARMUP.format(9, "warmup_learning_rate: 0.1001"), 1000),
    ),
    ("SB410", pipeline(BURNIN.format(0.1), 1000), pipeline(BURNIN.format(0.1001), 1000)),
    (
        "SB410",
        pipeline(manual("0.1", (9, "0.1"), (500, "0.01"), extra="warmup: true"), 1000),
        pipeline(manual("0.1001", (9, "0.1"), (500, "0.01"), extra="warmup: true"), 1000),
    ),
    # First rates that are not applied.
    (
        "SB420",
        pipeline(multi_step("0.1", "[2, 500]", "0.1"), 1000),
        pipeline(multi_step("0.1", "[1, 500]", "0.1"), 1000),
    ),
    (
        "SB420",
        pipeline(multi_step("0.1", "[2, 500]", "0.1"), 1000),
        pipeline(multi_step("0.1", "[0, 500]", "0.1"), 1000),
    ),
    (
        "SB420",
        experiment(stepwise("[2]", "[0.1, 0.01]"), 1000),
        experiment(stepwise("[1]", "[0.1, 0.01]"), 1000),
    ),
    (
        "SB420",
        experiment(stepwise("[9]", "[0.1, 0.01]", offset=-7), 1000),
        experiment(stepwise("[9]", "[0.1, 0.01]", offset=-10), 1000),
    ),
    (
        "SB420",
        pipeline(multi_step("0.1", "[300, 500]", "0.5", "warmup { warmup_steps: 100 }"), 1000),
        pipeline(multi_step("0.1", "[100, 500]", "0.5", "warmup { warmup_steps: 100 }"), 1000),
    ),
    # Stages that are reached by the last update, or not at all.
    (
        "SB402",
        pipeline(manual("0.1", (500, "0.05"), (999, "0.01")), 1000),
        pipeline(manual("0.1", (500, "0.05"), (1000, "0.01")), 1000),
    ),
    (
        "SB418",
        pipeline(multi_step("0.1", "[999]", "0.1"), 1000),
        pipeline(multi_step("0.1", "[1000]", "0.1"), 1000),
    ),
    (
        "SB404",
        pipeline(polynomial(990), 1000),
        pipeline(polynomial(989), 1000),
    ),
    (
        "SB406",
        pipeline(polynomial(101) + " warmup { warmup_steps: 100 }", 1000),
        pipeline(polynomial(100) + " warmup { warmup_steps: 100 }", 1000),
    ),
    (
        "SB406",
        pipeline(polynomial(100, 0.1) + " warmup { warmup_steps: 100 }", 1000),
        pipeline(polynomial(100, 0.09) + " warmup { warmup_steps: 100 }", 1000),
    ),
    # Next to nothing: at once, and for a fifth of the run.
    (
        "SB421",
        pipeline(manual("0.1", (500, "0.0001")), 1000),
        pipeline(manual("0.1", (500, "0.0000999")), 1000),
    ),
    (
        "SB421",
        pipeline(manual("0.1", (100, "0.001"), (801, "0.000009")), 1000),
        pipeline(manual("0.1", (100, "0.001"), (800, "0.000009")), 1000),
    ),
    (
        "SB421",
        pipeline(manual("0.1", (100, "0.001"), (800, "0.00001")), 1000),
        pipeline(manual("0.1", (100, "0.001"), (800, "0.0000099")), 1000),
    ),
    # Rises: late ones, long ones that never fall again, and jumps after a fall.
    (
        "SB408",
        pipeline(manual("0.001", (40, "0.01"), (200, "0.02")), 1000),
        pipeline(manual("0.001", (40, "0.01"), (201, "0.02")), 1000),
    ),
    (
        "SB408",
        pipeline(manual("0.001", (40, "0.01"), (300, "0.02"), (600, "0.001")), 1000),
        pipeline(manual("0.001", (51, "0.01"), (300, "0.02"), (600, "0.001")), 1000),
    ),
    (
        "SB408",
        pipeline(manual("0.001", (60, "0.0099")), 1000),
        pipeline(manual("0.001", (60, "0.01")), 1000),
    ),
    (
        "SB408",
        pipeline(manual("0.1", (100, "0.01"), (200, "0.01")), 1000),
        pipeline(manual("0.1", (100, "0.01"), (200, "0.0101")), 1000),
    ),
    # Rate 0: one step of it, but none of a decay's end.
    (
        "SB413",
        pipeline(manual("0.1", (1000, "0")), 1000),
        pipeline(manual("0.1", (999, "0")), 1000),
    ),
    (
        "SB413",
        pipeline(manual("1e-9", (9, "0.1")), 1000),
        pipeline(manual("0", (9, "0.1")), 1000),
    ),
    (
        "SB413",
        pipeline(manual("1e-9", (9, "0.1"), extra="warmup: true"), 1000),
        pipeline(manual("0", (9, "0.1"), extra="warmup: true"), 1000),
    ),
]


@pytest.mark.parametrize(("code", "good", "bad"), EDGES)
def test_the_edge_of_a_rule(code: str, good: str, bad: str) -> None:
    assert code not in found(good)
    assert code in found(bad)


@pytest.mark.parametrize(
    ("code", "text", "bad", "good"),
    [
        ("SB501", constant(0.1, "adam_optimizer"), {"max-learning-rate": 0.0999},
         {"max-learning-rate": 0.1}),
        ("SB501", constant(0.1, "adam_optimizer"),
         {"max-learning-rate": {"adam_optimizer": 0.0999}},
         {"max-learning-rate": {"adam_optimizer": 0.1, "sgd": 0.01}}),
        ("SB502", constant(0.1, "adam_optimizer"), {"require-warmup": True},
         {"require-warmup": False}),
    ],
)  # fmt: skip
def test_the_edge_of_a_policy(
    code: str, text: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert code in found(text, policy=bad)
    assert code not in found(text, policy=good)


@pytest.mark.parametrize(
    ("end", "is_found"), [(998, True), (999, False), (1000, False), (1001, True)]
)
def test_a_decay_ends_with_the_run_or_with_its_last_update(end: int, is_found: bool) -> None:
    decay = f"polynomial_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: {end} }}"
    policy = {"require-end-at-num-steps": True}
    assert ("SB503" in found(pipeline(decay, 1000), policy=policy)) == is_found
    assert "SB503" not in found(pipeline(decay, 1000), policy={})


def test_a_warmup_of_the_garden_has_the_same_edge() -> None:
    rate = "{type: constant, constant: {learning_rate: 0.1}}"
    assert "SB407" not in found(experiment(rate, 1000, linear(200)))
    assert "SB407" in found(experiment(rate, 1000, linear(201)))


COSINE = (
    "cosine_decay_learning_rate {{ learning_rate_base: 0.1 total_steps: {} warmup_steps: 100"
    " warmup_learning_rate: 0.01 }}"
)


@pytest.mark.parametrize(
    ("total_steps", "num_steps", "is_found"),
    [(99, 50, True), (100, 50, False), (100, 100, False), (100, 101, True), (101, 200, False)],
)
def test_a_cosine_without_a_decay_is_an_error_once_its_end_is_reached(
    total_steps: int, num_steps: int, is_found: bool
) -> None:
    config = examine(Source("a.config", pipeline(COSINE.format(total_steps), num_steps)))
    assert ("SB305" in {d.code for d in checked(config)}) == is_found


DECAY = "{}_learning_rate {{ initial_learning_rate: 0.1 {} }}"
RATE = "train_config.optimizer.momentum_optimizer.learning_rate"
STEPS = f"{RATE}.manual_step_learning_rate"
SAID: list[tuple[str, str, str, str]] = [
    (
        pipeline(manual("0.001", (60, "0.002"), (100, "0.05"), (200, "0.06")), 1000),
        "SB408",
        f"{STEPS}.schedule[1].step",
        "rises from 0.002 to 0.05 at step 100 of 1000",
    ),
    (
        pipeline(manual("0", (9, "0.1"), extra="warmup: true"), 1000),
        "SB413",
        f"{STEPS}.initial_learning_rate",
        "step 0 trains at rate 0",
    ),
    (
        pipeline(manual("0", (9, "0.1")), 1000),
        "SB413",
        f"{STEPS}.initial_learning_rate",
        "steps 0 to 8 train at rate 0",
    ),
    (
        pipeline(manual("0", (2000, "0.1")), 1000),
        "SB413",
        f"{STEPS}.initial_learning_rate",
        "steps 0 to 999 train at rate 0",
    ),
    (
        pipeline(manual("0.1", (9, "0")), 1000),
        "SB413",
        f"{STEPS}.schedule[0].step",
        "steps 9 to 999 train at rate 0",
    ),
    (
        pipeline(manual("0.1", (9, "0.05")).replace("learning_rate: 0.05", ""), 1000),
        "SB412",
        f"{STEPS}.schedule[0].learning_rate",
        "from step 9 on the rate is the default, 0.002",
    ),
    (
        pipeline(WARMUP.format(10, ""), 10),
        "SB407",
        f"{RATE}.warmup.warmup_steps",
        "the warmup lasts 10 steps, and training ends after 10: the rate still rises",
    ),
    (
        pipeline(WARMUP.format(9, ""), 10),
        "SB407",
        f"{RATE}.warmup.warmup_steps",
        "the warmup lasts 9 of 10 steps, 90 % of the run",
    ),
    (
        pipeline(manual("0.1", (20, "0.01"), (10, "0.001")), 1000),
        "SB304",
        f"{STEPS}.schedule[1].step",
        "step 10 is not after step 20",
    ),
    (
        experiment("{type: constant, constant: {learning_rate: 0.1}, cosine: {}}", 1000),
        "SB312",
        "trainer.optimizer_config.learning_rate.cosine",
        "`cosine` is ignored because `type` is `constant`",
    ),
    (
        pipeline(DECAY.format("exponential_decay", "decay_steps: 1 decay_factor: 0.5"), 1000),
        "SB404",
        f"{RATE}.exponential_decay_learning_rate",
        # A float32 holds no number between 0 and 2^-149, and rounds what is below half of it to 0.
        "the rate falls to 0 at step 147",
    ),
    (
        pipeline(WARMUP.format(9, "warmup_learning_rate: 0.1"), 1000),
        "SB414",
        f"{RATE}.warmup.warmup_learning_rate",
        "this warmup does not change the rate: it is 0.1 from step 0 on",
    ),
    (
        pipeline(
            "warmup_stable_decay_learning_rate { peak_learning_rate: 0.1 warmup_steps: 9"
            " stable_steps: 9 decay_steps: 982 initial_learning_rate: 0.1 }",
            1000,
        ),
        "SB414",
        f"{RATE}.warmup_stable_decay_learning_rate.initial_learning_rate",
        "this warmup does not change the rate: it is 0.1 from step 0 on",
    ),
    (
        pipeline(piecewise("[10, 2000]", "[0.1, 0.01, 0.01]"), 1000),
        "SB414",
        f"{RATE}.piecewise_constant_learning_rate.values[2]",
        "no change at boundary 2000: the rate is already 0.01",
    ),
    (
        pipeline(DECAY.format("polynomial_decay", "decay_steps: 100")
                 + " warmup { warmup_steps: 100 }", 1000),
        "SB406",
        f"{RATE}.warmup.warmup_steps",
        "lasts 100 steps, and the decay under it, from 0.1, is over by step 100: the rate never"
        " exceeds 0",
    ),
    (
        pipeline("cosine_decay_learning_rate { learning_rate_base: 0.1 }", 1000),
        "SB409",
        f"{RATE}.cosine_decay_learning_rate",
        "`total_steps` (4000000) and `warmup_learning_rate` (0.0002) are schema defaults",
    ),
    (
        pipeline(manual("0.1", (500, "0.05"), (1000, "0.02"), (1500, "0.01"), (2000, "0.005")),
                 1000),
        "SB402",
        f"{STEPS}.schedule[1].step",
        "this stage and the 2 stages after it are never reached: they begin at step 1000",
    ),
    (
        pipeline(multi_step("0.1", "[1000]", "0.1", "warmup { warmup_steps: 100 }"), 1000),
        "SB418",
        f"{RATE}.multi_step_learning_rate.milestones[0]",
        "the rate first changes at step 1000, and training ends after 1000 steps",
    ),
    ("trainer:\n  train_steps: 5\n  optimizer_config: {}\n", "SB314",
     "trainer.optimizer_config", "optimizer"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "path", "words"), SAID)
def test_what_a_finding_says_and_where(text: str, code: str, path: str, words: str) -> None:
    name = "a.yaml" if text.startswith("trainer") else "a.config"
    (finding,) = (d for d in checked(examine(Source(name, text))) if d.code == code)
    assert finding.path == path
    assert words in finding.message


def test_the_first_stage_is_shown_beside_a_warmup_that_falls() -> None:
    text = pipeline(manual("0.2", (9, "0.1"), (500, "0.01"), extra="warmup: true"), 1000)
    (finding,) = (d for d in checked(examine(Source("a.config", text))) if d.code == "SB410")
    (related,) = finding.related
    assert text[related.column - 1 :].startswith("schedule { step: 9 ")
