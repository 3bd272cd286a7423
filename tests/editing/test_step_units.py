"""Lengths in steps that are written in another unit, in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.cli import main
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing import step_units
from schedule_builder.editing.step_units import StepUnitError, in_unit
from schedule_builder.v1 import learning_rate_pb2 as pb
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

RISING_TABLE = pb.LearningRate(min_learning_rate=0.1)
RISING_TABLE.table_learning_rate.learning_rates.extend([0, 0, 1])
RISING_TABLE.table_learning_rate.steps_per_entry = 52


def read(text: str, name: str = "a.config", **options: Any) -> Config:
    config = examine(Source(name, text), **options)
    assert config.schedule is not None, config.diagnostics
    return config


@example((RISING_TABLE, 2, 1), "PERMILLE_OF_RUN")
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


# What stays in steps, and what is refused, for each reason.

STAGE = "stage {{ steps: {} learning_rate {{ {} }} }}"
LINE = "polynomial_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: {} }}"
ONE = "constant_learning_rate { learning_rate: 0.1 }"


def percent(text: str, **options: Any) -> Any:
    return in_unit(read(text, num_steps=1000), "PERCENT_OF_RUN", **options)


def test_units_that_are_written_already_are_replaced() -> None:
    stages = STAGE.format(500, f"{LINE.format(490)} step_unit: STEPS")
    text = (
        f"sequential_learning_rate {{ {stages} stage {{ learning_rate {{ {ONE} }} }} }}\n"
        "warmup { warmup_steps: 20 step_unit: STEPS }\n"
    )
    rewritten = percent(text)
    assert rewritten.kept == ()
    assert (
        rewritten.text
        == (
            text.replace("500", "50").replace("490", "49").replace("STEPS", "PERCENT_OF_RUN")
        ).replace("20", "2")
        + "step_unit: PERCENT_OF_RUN\n"
    )


def test_units_of_what_stays_are_steps() -> None:
    stages = STAGE.format(500, f"{LINE.format(491)} step_unit: STEPS")
    text = (
        f"sequential_learning_rate {{ {stages} stage {{ learning_rate {{ {ONE} }} }} }}\n"
        "warmup { warmup_steps: 21 step_unit: STEPS }\n"
    )
    rewritten = percent(text)
    assert rewritten.text == text.replace("500", "50") + "step_unit: PERCENT_OF_RUN\n"
    assert rewritten.kept == (
        ("warmup", "warmup_steps"),
        (
            *("sequential_learning_rate", "stage", 0, "learning_rate"),
            *("polynomial_decay_learning_rate", "decay_steps"),
        ),
    )


def test_all_inside_of_a_rate_that_stays_in_steps_stays() -> None:
    inner = (
        "sequential_learning_rate { "
        + STAGE.format(200, LINE.format(200) + " warmup { warmup_steps: 10 }")
        + f" stage {{ learning_rate {{ {LINE.format(301)} }} }} stage {{ steps: 205 }} }}"
    ).replace(" stage { steps: 205 }", "")
    inner = inner.replace("steps: 200 learning", "steps: 203 learning")
    text = (
        f"sequential_learning_rate {{ {STAGE.format(600, inner)}"
        f" stage {{ learning_rate {{ {ONE} }} }} }}\n"
    )
    rewritten = percent(text)
    wanted = text.replace("600", "60")
    end = wanted.index(" } } stage { learning_rate { constant")
    wanted = wanted[:end] + " step_unit: STEPS" + wanted[end:]
    assert rewritten.text == wanted + "step_unit: PERCENT_OF_RUN\n"
    names = [".".join(map(str, path[5:])) for path in rewritten.kept]
    assert names == [
        "stage.0.steps",
        "stage.0.learning_rate.polynomial_decay_learning_rate.decay_steps",
        "stage.0.learning_rate.warmup.warmup_steps",
        "stage.1.learning_rate.polynomial_decay_learning_rate.decay_steps",
    ]


def test_epochs_need_their_examples_once() -> None:
    text = PIPELINE % MILESTONES
    written = in_unit(read(text), "EPOCHS", 320).text
    assert written.count("examples_per_epoch: 320\n") == 1
    assert "[60, 80]" in written
    stated = PIPELINE % f"{MILESTONES}\n    examples_per_epoch: 320"
    for examples in (None, 320):
        written = in_unit(read(stated), "EPOCHS", examples).text
        assert written.count("examples_per_epoch") == 1
        assert "[60, 80]" in written
    # A percent of the run does not need them.
    assert "examples" not in in_unit(read(text), "PERCENT_OF_RUN", 320).text


def refusal(config: Config, unit: str = "PERCENT_OF_RUN", examples: int | None = None) -> str:
    with pytest.raises(StepUnitError) as refused:
        in_unit(config, unit, examples)
    return str(refused.value)


def test_examples_that_the_file_states_otherwise_are_refused_with_their_place() -> None:
    stated = PIPELINE % f"{MILESTONES}\n    examples_per_epoch: 640"
    assert refusal(read(stated), "EPOCHS", 320) == (
        "a.config:10:25: the file sets `examples_per_epoch` to 640. Omit `--examples-per-epoch"
        " 320`, or change the file"
    )


def test_what_a_unit_needs_is_named() -> None:
    alone = read(MILESTONES)
    assert refusal(alone).endswith("does not state its run length: pass `--num-steps`")
    permille = refusal(alone, "PERMILLE_OF_RUN")
    assert permille.endswith("does not state its run length: pass `--num-steps`")
    assert refusal(alone, "EPOCHS").endswith("an epoch has: pass `--examples-per-epoch`")
    assert refusal(alone, "EPOCHS", 64).endswith("state its batch size: pass `--batch-size`")


def test_each_length_that_is_not_whole_is_named() -> None:
    text = MILESTONES.replace("600, 800", "605, 700, 803")
    said = refusal(read(text, num_steps=1000))
    name = "multi_step_learning_rate.milestones"
    assert said == (
        f"a.config:3:20: `{name}[0]` is 605 steps, 60.5 percent, and only whole numbers can be"
        f" written; and at 3:30: `{name}[2]` is 803 steps, 80.3 percent, and only whole numbers"
        " can be written. Use `--step-unit permille_of_run`"
    )
    said = refusal(read(text, num_steps=1001))
    assert said.endswith(" Change the number, or keep the steps")
    said = refusal(read(text, num_steps=1001), "PERMILLE_OF_RUN")
    assert said.endswith(" Change the number, or keep the steps")
    some = MILESTONES.replace("600, 800", "50, 333")
    said = refusal(read(some, num_steps=10_000))
    assert "milestones[0]` is 50 steps, 0.5 percent" in said
    assert said.endswith(" Change the number, or keep the steps")


def test_another_schedule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(MILESTONES, num_steps=1000)
    monkeypatch.setattr(step_units, "nearest", lambda number: 61)  # as a fault would
    assert refusal(config).startswith("a.config: the file is not changed: ")
    monkeypatch.undo()
    monkeypatch.setattr(step_units, "edits_of", lambda document, change, descriptor: None)
    assert refusal(config) == (
        "a.config:3:20: cannot set `milestones[0]` to `60` in this file. Set it by hand first"
    )


def test_a_config_without_a_schedule_is_rewritten_too() -> None:
    text = MILESTONES.replace("0.1", "-0.1")
    config = examine(Source("a.config", text), num_steps=1000)
    assert config.schedule is None
    assert "milestones: [60, 80]" in in_unit(config, "PERCENT_OF_RUN").text


def test_a_length_of_0_is_no_length() -> None:
    text = LINE.format(500) + " warmup { warmup_steps: 0 }"
    assert "warmup_steps: 0 " in percent(text).text
    text = "constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 0 }"
    assert "has no length to write in PERCENT_OF_RUN" in refusal(read(text, num_steps=1000))


CUSTOM = "custom { [type.googleapis.com/a.B] { } }"
OF_ANOTHER_PACKAGE = (
    "`custom` holds a custom schedule from another package, whose lengths stay in steps: omit"
    " `--step-unit`"
)


def test_a_rate_of_another_package_stays_in_steps() -> None:
    text = (
        "sequential_learning_rate {\n stage { steps: 500 learning_rate { %s } }\n"
        " stage { learning_rate { constant_learning_rate { learning_rate: 1 } } }\n}\n"
    )

    def unchecked(text: str) -> Config:
        # No schedule, as the package is not there.
        return examine(Source("a.config", text), num_steps=1000)

    place = ("sequential_learning_rate", "stage", 0, "learning_rate")
    for warmup, kept in (
        ("", []),
        (" warmup { warmup_steps: 0 }", []),
        (" warmup { warmup_steps: 10 }", ["warmup"]),
    ):
        rewritten = in_unit(unchecked(text % (CUSTOM + warmup)), "PERCENT_OF_RUN")
        assert rewritten.text == (
            (text % f"{CUSTOM}{warmup} step_unit: STEPS").replace("500", "50")
            + "step_unit: PERCENT_OF_RUN\n"
        )
        assert [path[4] for path in rewritten.kept] == ["custom", *kept]
        assert all(path[:4] == place for path in rewritten.kept)
    for alone in (CUSTOM, f"{CUSTOM}\nwarmup {{ warmup_steps: 10 }}"):
        assert refusal(unchecked(alone)) == f"a.config:1:1: {OF_ANOTHER_PACKAGE}"
    inner = f"combined_learning_rate {{\n learning_rates {{ {CUSTOM} }}\n}}\n"
    assert refusal(unchecked(inner)) == f"a.config:2:19: {OF_ANOTHER_PACKAGE}"
    assert refusal(unchecked(f"{inner}warmup {{ warmup_steps: 33 }}")) == (
        "a.config:4:24: `warmup.warmup_steps` is 33 steps, 3.3 percent, and only whole numbers can"
        f" be written; and at 2:19: {OF_ANOTHER_PACKAGE}"
    )
