"""Lengths in steps that are written in another unit, in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.cli import main
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing.step_units import StepUnitError, in_unit
from tests.support.units import counts_in, in_steps

PIPELINE = """# A run.
train_config {
  batch_size: 32
  num_steps: 1000  # steps
  optimizer { momentum_optimizer { learning_rate {
    %s
  } } }
}
"""
MILESTONES = """multi_step_learning_rate {
      initial_learning_rate: 0.1  # base
      milestones: [600, 800]  # two
    }"""


def read(text: str, name: str = "a.config", **options: Any) -> Config:
    config = examine(Source(name, text), **options)
    assert config.schedule is not None, config.diagnostics
    return config


@given(in_steps(), st.sampled_from(["PERCENT_OF_RUN", "PERMILLE_OF_RUN", "EPOCHS"]))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_the_schedule_stays_the_same(drawn: tuple[Any, int, int], name: str) -> None:
    message, factor, batch_size = drawn
    run = {"PERMILLE_OF_RUN": 1000 * factor}.get(name, 100 * factor)
    config = examine(
        Source("a.config", text_format.MessageToString(message)),
        num_steps=run,
        batch_size=batch_size,
    )
    assume(config.schedule is not None)
    examples = factor * batch_size if name == "EPOCHS" else None
    try:
        rewritten: Any = in_unit(config, name, examples)
    except StepUnitError as error:
        rewritten = error
    if isinstance(rewritten, StepUnitError):
        event("refused")
        # A default in force is seldom a whole number of the unit.
        is_default = "steps_per_entry" in str(rewritten) or "timescale" in str(rewritten)
        counts = counts_in(message)
        assert is_default or not any(counts) or any(count % factor for count in counts), rewritten
        return
    changed = read(rewritten.text, num_steps=run, batch_size=batch_size)
    assert config.schedule is not None
    assert changed.schedule is not None
    assert sb.first_difference(config, changed) is None
    begins = config.schedule.begins
    assert [config.schedule(begin) for begin in begins] == pytest.approx(
        [changed.schedule(begin) for begin in begins], rel=1e-12
    )
    assert changed.in_steps is not None
    assert changed.in_steps.lengths
    # A length that is not kept is not in steps any more; a table is, as it counts for one entry.
    if all(count % factor == 0 and count for count in counts_in(message)):
        assert not rewritten.kept


def test_comments_and_layout_stay_and_a_warmup_may_stay_in_steps() -> None:
    text = PIPELINE % f"{MILESTONES}\n    warmup {{ warmup_steps: 33 }}  # short"
    rewritten = in_unit(read(text), "PERCENT_OF_RUN")
    assert rewritten.text == (
        text.replace("[600, 800]", "[60, 80]")
        .replace("warmup_steps: 33", "warmup_steps: 33 step_unit: STEPS")
        .replace("  # short\n", "  # short\n    step_unit: PERCENT_OF_RUN\n")
    )
    assert [path[-1] for path in rewritten.kept] == ["warmup_steps"]


def test_a_stage_may_stay_in_steps() -> None:
    text = """sequential_learning_rate {
  stage { steps: 500 learning_rate { %s } }
  stage { learning_rate { %s } }
}
"""
    one = "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 490 }"
    other = "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 333 }"
    rewritten = in_unit(read(text % (one, other), num_steps=1000), "PERCENT_OF_RUN")
    assert (
        rewritten.text
        == (text % (one, f"{other} step_unit: STEPS")).replace("500", "50").replace("490", "49")
        + "step_unit: PERCENT_OF_RUN\n"
    )


def test_defaults_in_force_are_written() -> None:
    text = "cosine_decay_learning_rate { learning_rate_base: 0.1 }"
    rewritten = in_unit(read(text, num_steps=1000000), "PERCENT_OF_RUN")
    assert "total_steps: 400 " in rewritten.text
    assert "warmup_steps: 1 " in rewritten.text
    with pytest.raises(StepUnitError, match=r"warmup_steps` is 10000 steps, 0\.25 percent"):
        in_unit(read(text, num_steps=4000000), "PERCENT_OF_RUN")
    table = "table_learning_rate { learning_rates: [0.1, 0.2] }"
    assert "steps_per_entry" not in in_unit(read(table, num_steps=100), "PERCENT_OF_RUN").text
    assert "steps_per_entry: 2" in in_unit(read(table, num_steps=50), "PERCENT_OF_RUN").text


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_other_formats(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    quote = '"' * (suffix == "json")
    text = (
        "{ 'multi_step_learning_rate': { 'initial_learning_rate': 0.1, 'milestones': [60, 80] } }"
    ).replace("'", quote)
    path = tmp_path / f"a.{suffix}"
    path.write_text(text)
    arguments = ["convert", "--step-unit", "percent_of_run", "--num-steps", "200"]
    assert main([*arguments, str(path)]) == 0
    new = path.with_name(f"b.{suffix}")
    new.write_text(capsys.readouterr().out)
    assert sb.build_schedule(new, num_steps=200).begins == [0, 60, 80]
    assert sb.build_schedule(new, num_steps=2000).begins == [0, 600, 800]
    assert "[30, 40]" in new.read_text()
    assert main([*arguments, "--to", "text", str(path)]) == 0
    assert "milestones: [30, 40]" in capsys.readouterr().out


REFUSED = {
    ("percent_of_run", MILESTONES.replace("800", "805")): (
        "a.config:8:25: `multi_step_learning_rate.milestones[1]` is 805 steps, 80.5 percent,"
        " and only whole numbers can be written. Use `--step-unit permille_of_run`"
    ),
    (
        "percent_of_run",
        "constant_learning_rate { learning_rate: 0.1 }",
    ): "has no length to write in PERCENT_OF_RUN",
    ("percent_of_run", "constant_learning_rate { } warmup { warmup_steps: 333 }"): "`warmup."
    "warmup_steps` is 333 steps, 33.3 percent",
    ("epochs", MILESTONES): "pass `--examples-per-epoch`",
    ("permille_of_run", MILESTONES.replace("600, 800", "60, 80") + " step_unit: PERCENT_OF_RUN"): (
        "`milestones[0]` already has a unit: 60 % of 1000. Write the file in steps first,"
        " with `show --resolved`"
    ),
}


@pytest.mark.parametrize(("unit", "body"), REFUSED)
def test_what_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str, body: str
) -> None:
    path = tmp_path / "a.config"
    path.write_text(PIPELINE % body)
    assert main(["convert", "--step-unit", unit, str(path)]) == 1
    captured = capsys.readouterr()
    assert REFUSED[unit, body] in captured.err
    assert not captured.out


def test_the_command_says_what_belongs_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.config"
    path.write_text(PIPELINE % MILESTONES)
    assert main(["convert", "--examples-per-epoch", "5", str(path)]) == 2
    assert "requires `--step-unit epochs`" in capsys.readouterr().err
    epochs = ["convert", "--step-unit", "epochs", "--examples-per-epoch"]
    assert main([*epochs, "320", str(path)]) == 0
    new = path.with_name("b.config")
    new.write_text(capsys.readouterr().out)
    assert "examples_per_epoch: 320\n" in new.read_text()
    assert sb.first_difference(path, new) is None
    path.write_text(PIPELINE % f"{MILESTONES} examples_per_epoch: 640")
    assert main([*epochs, "320", str(path)]) == 1
    assert "sets `examples_per_epoch` to 640" in capsys.readouterr().err
    experiment = tmp_path / "a.yaml"
    experiment.write_text(
        "trainer:\n  train_steps: 100\n  optimizer_config:\n    optimizer: {type: sgd}\n"
        "    learning_rate: {type: constant, constant: {learning_rate: 0.1}}\n"
    )
    assert main(["convert", "--step-unit", "percent_of_run", str(experiment)]) == 1
    assert "has no `step_unit`" in capsys.readouterr().err


def test_aliases_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "multi_step_learning_rate: {initial_learning_rate: 0.1, milestones: [&a 50]}\n"
        "warmup: {warmup_steps: *a}\n"
    )
    arguments = ["convert", "--step-unit", "percent_of_run", "--num-steps", "100", str(path)]
    assert main(arguments) == 1
    assert "has aliases" in capsys.readouterr().err


def test_json_stays_json() -> None:
    source = Source(
        "a.json",
        '{"multi_step_learning_rate": {"initial_learning_rate": 0.1, "milestones": [600]}}',
    )
    text = in_unit(examine(source, num_steps=1000), "PERCENT_OF_RUN").text
    assert json.loads(text)["step_unit"] == "PERCENT_OF_RUN"
