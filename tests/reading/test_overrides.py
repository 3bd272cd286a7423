"""Values in place of a file's, and what is said where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import schedule_builder as sb
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source

TEXT = """train_config {
  batch_size: 8
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.01 }
    schedule { step: 200 learning_rate: 0.001 }
  } } } }
  num_steps: 300
}
"""
YAML = """trainer:
  train_steps: 300
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate:
      type: stepwise
      stepwise: {boundaries: [100, 200], values: [0.1, 0.01, 0.001]}
"""
KIND = "train_config.optimizer.momentum_optimizer.learning_rate"
GARDEN = "trainer.optimizer_config.learning_rate"


def run(*overrides: str, text: str = TEXT, name: str = "a.config") -> Config:
    return examine(Source(name, text), overrides=overrides)


def rates(config: Config, *steps: int) -> list[float]:
    assert config.schedule is not None, config.diagnostics
    return [config.schedule(step) for step in steps]


def test_a_value_takes_the_place_of_the_file_s() -> None:
    assert run("train_config.num_steps=5000").num_steps == 5000
    config = run(f"{KIND}.manual_step_learning_rate.schedule[1].learning_rate=5e-4")
    assert rates(config, 99, 100, 200) == [0.1, 0.01, 0.0005]


def test_the_end_of_a_path_is_enough_where_one_field_has_it() -> None:
    assert run("num_steps=5000").num_steps == 5000
    config = run("initial_learning_rate=0.5", "schedule[-1].learning_rate=1e-5")
    assert rates(config, 99, 100, 200) == [0.5, 0.01, 0.00001]
    assert run("train_steps=1e3", text=YAML, name="a.yaml").num_steps == 1000


def test_a_new_element() -> None:
    config = run("schedule[]={step: 250 learning_rate: 0.5}")
    assert rates(config, 249, 250) == [0.001, 0.5]
    config = run("values[]=0.5", "boundaries[]=250", text=YAML, name="a.yaml")
    assert rates(config, 250, 251) == [0.001, 0.5]


def test_what_is_missing_is_added() -> None:
    config = run("train_config.num_steps = 7", text="model {}\n")
    assert config.num_steps == 7
    assert [d.code for d in config.diagnostics] == ["SB301"]


def test_the_last_one_counts() -> None:
    assert run("train_config.num_steps=1000", "train_config.num_steps=400").num_steps == 400


def test_a_member_takes_the_place_of_another_one() -> None:
    config = run(f"{KIND}.constant_learning_rate.learning_rate=0.5")
    assert rates(config, 0, 1000) == [0.5, 0.5]
    config = run(f"{KIND}.piecewise_constant_learning_rate={{boundaries: 9 values: [1, 2]}}")
    assert rates(config, 9, 10) == [1, 2]


def test_yaml() -> None:
    config = run(
        f"{GARDEN}.stepwise.values[1]=0.02",
        f"{GARDEN}.stepwise.boundaries=[50, 200]",
        text=YAML,
        name="a.yaml",
    )
    assert rates(config, 50, 51, 201) == [0.1, 0.02, 0.001]
    chosen = run(
        f"{GARDEN}.type=constant", f"{GARDEN}.constant.learning_rate=1", text=YAML, name="a.yaml"
    )
    assert rates(chosen, 0) == [1]


def test_a_finding_names_the_override() -> None:
    config = run("train_config.num_steps=150")
    (finding,) = config.diagnostics
    assert (finding.filename, finding.row, finding.code) == ("a.config", 6, "SB402")
    (related,) = finding.related
    assert (related.filename, related.row, related.column) == ("--set", 1, 24)
    assert finding.to_dict()["related"][0]["filename"] == "--set"


BAD = {
    "train_config.num_steps": ("1:1", "SB102", "expected a path of fields"),
    "=5": ("1:1", "SB102", "expected the name of a field"),
    "train_config.=5": ("1:14", "SB102", "expected the name of a field"),
    "train_config.num_step=5": ("1:14", "SB201", "did you mean `num_steps`"),
    "learning_rate=5": ("1:1", "SB201", f"write `{KIND}.manual_step_learning_rate.schedule[0]."),
    "total_steps=5": ("1:1", "SB201", ".cosine_decay_learning_rate.total_steps`"),
    "num_step=5": ("1:1", "SB201", "did you mean `num_steps`"),
    "train_config.num_steps=-5": ("1:24", "SB204", "from 0 to 4294967295"),
    "train_config.num_steps=x": ("1:24", "SB203", "not `x`"),
    "train_config.num_steps=": ("1:24", "SB102", "expected one value"),
    "train_config.num_steps=1 2": ("1:24", "SB102", "expected one value"),
    "train_config.num_steps[0]=5": ("1:14", "SB102", "is not a list"),
    "train_config.num_steps.x=5": ("1:14", "SB102", "is a single value"),
    "train_config=5": ("1:14", "SB203", "a block"),
    f"{KIND}.manual_step_learning_rate.schedule.step=5": ("1:83", "SB102", "`schedule[0]`"),
    f"{KIND}.manual_step_learning_rate.schedule[2].step=5": ("1:83", "SB102", "it has 2 elements"),
}


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_fit(text: str) -> None:
    place, code, said = BAD[text]
    found = [d for d in run(text).diagnostics if d.filename == "--set"]
    assert [(f"{d.row}:{d.column}", d.code) for d in found] == [(place, code)]
    assert said in found[0].message


def test_what_no_schedule_depends_on_may_be_overridden_as_it_may_be_given() -> None:
    config = run("trainer.validation_interval=6", "runtime.x.y=z", text=YAML, name="a.yaml")
    assert not config.diagnostics
    # What looks like a field that counts has to be it.
    (finding,) = run("trainer.train_step=6", text=YAML, name="a.yaml").diagnostics
    assert "did you mean `train_steps`" in finding.message


def test_load_takes_one_override_or_several(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(TEXT)
    override = "train_config.num_steps=250"
    for given in (override, [override], (override,), iter([override])):
        assert sb.load(path, overrides=given).num_steps == 250
    with pytest.raises(sb.ConfigError, match=r"--set:1:1: error\[SB201\]"):
        sb.load(path, overrides="train_confi.num_steps=250")
    with pytest.raises(TypeError, match=r"expected an override such as 'a\.b=5'. Received: 5"):
        sb.load(path, overrides=[5])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("num_steps", "error"),
    [(0, ValueError), (-3, ValueError), (2.5, TypeError), ("5", TypeError), (True, TypeError)],
)
def test_load_checks_the_number_of_steps(num_steps: Any, error: type[Exception]) -> None:
    config = {"constant_learning_rate": {"learning_rate": 0.1}}
    with pytest.raises(error, match="num_steps must be"):
        sb.load(config, num_steps=num_steps)
    assert sb.load(config, num_steps=5).num_steps == 5
    loaded = sb.load(config)
    for options in ({"num_steps": 5}, {"overrides": "a=5"}):
        with pytest.raises(TypeError, match="this config is already loaded"):
            sb.load(loaded, **options)


def test_validate_takes_one_path(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(TEXT.replace("0.01", "-1"))
    assert sb.validate(path) == sb.validate(str(path)) == sb.validate([path])
    assert [d.code for d in sb.validate(path)] == ["SB204"]


def test_findings_about_them_have_no_fix() -> None:
    text = "constant_learning_rate { learning_rate: 0.1 }"
    (found,) = examine(Source("a.config", text), overrides=["examples_per_epoch=5"]).diagnostics
    assert (found.code, found.filename, found.fix) == ("SB317", "--set", None)
    listed = "multi_step_learning_rate: {initial_learning_rate: 0.1, milestones: [5, 9]}"
    for override in ("milestones[1]=5", "milestones[]=5"):
        found = examine(Source("a.yaml", listed), overrides=[override]).diagnostics[0]
        assert (found.severity, found.filename) == ("error", "--set")
