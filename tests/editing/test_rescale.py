"""Schedules that are stretched to runs of another length, in their files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import assume, given
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.cli import main
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Edit, Source
from schedule_builder.editing import rescale as rescaling
from schedule_builder.editing.rescale import RescaleError, follows_run, rescale, unscaled_counts
from tests.support import drawing
from tests.support.data import DATA, needs_data

ROOT = Path(__file__).parent.parent.parent
RECIPES = [
    path
    for path in sorted((ROOT / "configs").rglob("*.*"))
    if not any(word in path.read_text() for word in ("noam", "power", "one_cycle"))
]


def read(text: str, name: str = "a.config") -> Config:
    config = examine(Source(name, text))
    assert config.schedule is not None, config.diagnostics
    return config


def check(config: Config, factor: int, steps: Any) -> None:
    """Times a whole number, every boundary falls on a step, and the rates are the same ones."""
    before, length = config.schedule, config.num_steps or 1000
    after = read(rescale(config, length * factor, length), config.filename).schedule
    assert before is not None
    assert after is not None
    for step in steps:
        assert after(step * factor) == pytest.approx(before(step), rel=1e-9, abs=1e-300), step


@given(drawing.learning_rates | drawing.experiments(), st.integers(2, 5), st.data())
def test_every_boundary_moves(message: Any, factor: int, data: st.DataObject) -> None:
    text = text_format.MessageToString(message)
    assume("one_cycle" not in text)  # ends a step before its length
    config = read(text)
    begins = config.schedule.begins if config.schedule else []
    last = (config.num_steps or 2**41) - 1
    more = data.draw(st.lists(st.integers(1, 2**20), max_size=5))
    steps = {1, 2, 3, *more, *begins, *(b + 1 for b in begins), *(b - 1 for b in begins)}
    refused: ValueError | None = None
    try:
        check(config, factor, sorted(step for step in steps if 1 <= step <= last))
    except (RescaleError, sb.ConfigError) as error:
        refused = error
    if isinstance(refused, RescaleError):
        assert "cannot stretch" in str(refused)
        assert any(word in text for word in ("power", "noam", "EXP_RANGE"))
    elif isinstance(refused, sb.ConfigError):
        # Numbers of steps end at 2^32 in the Object Detection API's fields, at 2^63 in others.
        assert all(d.code in ("SB203", "SB204", "SB308") for d in refused.diagnostics)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_and_back(path: Path) -> None:
    text = path.read_text()
    config = read(text, path.name)
    if follows_run(config):
        old = config.num_steps or 0
        assert rescale(config, 3 * old) == text.replace(f"steps: {old}\n", f"steps: {3 * old}\n")
        return
    length = config.num_steps or 1000
    longer = rescale(config, 3 * length, length)
    assert rescale(read(longer, path.name), length, 3 * length) == text
    assert longer.count("\n") == text.count("\n") or "num_steps" not in text
    check(config, 2, range(0, length, max(length // 50, 1)))


@needs_data
@pytest.mark.parametrize("folder", ["od_api", "wild", "garden"])
def test_real_files_fit_afterwards_as_they_did_before(folder: str) -> None:
    assert DATA is not None
    done = 0
    for path in sorted((DATA / "corpus" / folder).iterdir()):
        config = examine(Source(path.name, path.read_text(errors="replace")))
        if config.schedule is None or not config.num_steps:
            continue
        try:
            after = read(rescale(config, 2 * config.num_steps), path.name)
        except (RescaleError, sb.ConfigError):
            continue
        done += 1
        assert after.num_steps == 2 * config.num_steps
        assert after.schedule is not None
        last = config.num_steps - 1
        for step in (1, 2, last // 3, last // 2, last):
            assert after.schedule(2 * step) == pytest.approx(config.schedule(step), rel=1e-9)
    assert done > {"od_api": 60, "wild": 100, "garden": 150}[folder]


MANUAL = """# Ours.
train_config {
  num_steps: 1000  # a day
  optimizer { adam_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 500 learning_rate: 0.01 }  # half of it
    schedule { step: 750, learning_rate: 0.001 }
  } } } }
}
"""


def test_comments_and_layout_stay() -> None:
    wanted = MANUAL.replace("1000", "100").replace("500", "50").replace("750", "75")
    assert rescale(read(MANUAL), 100) == wanted.replace("750", "75")
    # Halves go to the even number, as everywhere in Python.
    assert "step: 38" in rescale(read(MANUAL), 50)


def test_defaults_are_written_where_they_would_change() -> None:
    config = read("cosine_decay_learning_rate { learning_rate_base: 0.1 warmup_steps: 5000 }")
    assert rescale(config, 500, 1000) == (
        "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 2000000"
        " warmup_steps: 2500 }"
    )
    for empty in ("cosine_decay_learning_rate { }", "cosine_decay_learning_rate {\n}"):
        rescaled = read(rescale(read(empty), 500, 1000))
        assert rescaled.get(("cosine_decay_learning_rate", "total_steps")) == 2000000
        assert rescaled.get(("cosine_decay_learning_rate", "warmup_steps")) == 5000


ALIASES = """{}train_config:
  num_steps: {}
  optimizer:
    adam_optimizer:
      learning_rate:
        {}
{}"""
SEQUENCE = """sequential_learning_rate:
          stage:
          - &a {steps: %d, learning_rate: {constant_learning_rate: {learning_rate: 0.1}}}
          - {steps: %d, learning_rate: {constant_learning_rate: {learning_rate: 0.01}}}
          - *a"""
COSINE = "cosine_decay_learning_rate: {learning_rate_base: 1.0, total_steps: %s, warmup_steps: 0}"
MODEL = "model: {x: &n 800}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("", 1000, SEQUENCE % (100, 200)), ("", 500, SEQUENCE % (50, 100))),
        (("", "&n 1000", COSINE % "*n"), ("", "&n 500", COSINE % "*n")),
        ((MODEL, 1000, COSINE % "*n"), (MODEL, 500, COSINE % "400")),
    ],
)
def test_aliases_of_yaml(before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    assert rescale(read(ALIASES.format(*before, ""), "a.yaml"), 500) == ALIASES.format(*after, "")


def test_aliases_of_names_beyond_the_longest_are_written_out() -> None:
    for length, written in ((198, "*{}"), (199, "500")):
        name = "n" * length
        before = ALIASES.format("", f"&{name} 1000", COSINE % f"*{name}", "")
        after = ALIASES.format("", f"&{name} 500", COSINE % written.format(name), "")
        assert rescale(read(before, "a.yaml"), 500) == after


def test_an_alias_that_would_change_too_is_refused() -> None:
    text = ALIASES.format("", 1000, COSINE % "&n 1000", "model: {x: *n}")
    with pytest.raises(RescaleError, match=r"a\.yaml:6:79: other values are aliases of `&n`"):
        rescale(read(text, "a.yaml"), 500)


def test_no_number_of_steps_becomes_0() -> None:
    text = "cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 5 }"
    assert "warmup_steps: 1 " in rescale(read(text), 10, 1000)


def test_what_falls_together_is_refused() -> None:
    with pytest.raises(sb.ConfigError, match="SB304"):
        rescale(read(MANUAL), 1)
    experiment = (
        "task: {train_data: {global_batch_size: 1_0}}\ntrainer:\n  train_steps: 1000\n"
        "  optimizer_config:\n    optimizer: {type: sgd}\n    learning_rate:\n"
        "      type: stepwise\n      stepwise: {boundaries: [5, 6], values: [3.0, 2.0, 1.0]}\n"
    )
    config = read(experiment, "a.yaml")
    assert [d.code for d in config.diagnostics] == ["SB210"]
    with pytest.raises(sb.ConfigError) as refused:
        rescale(config, 10)
    assert "SB210" not in [d.code for d in refused.value.diagnostics]


def test_what_was_invalid_before_is_refused() -> None:
    config = examine(Source("a.config", "constant_learning_rate {\n learning_rate: -1 }"))
    assert config.schedule is None
    with pytest.raises(sb.ConfigError, match="must be at least 0"):
        rescale(config, 500, 1000)


def test_a_length_is_needed() -> None:
    with pytest.raises(RescaleError, match=r"^a\.config: the file does not set the run length"):
        rescale(read("constant_learning_rate { learning_rate: 0.1 }"), 500)


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "schedule_builder", "rescale", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.config"
    path.write_bytes(b"\xef\xbb\xbf" + MANUAL.replace("\n", "\r\n").encode())
    before = path.read_bytes()
    shown = run(path, "--num-steps", 2000, "--diff")
    assert shown.returncode == 0
    assert "+    schedule { step: 1500, learning_rate: 0.001 }\n" in shown.stdout
    assert path.read_bytes() == before
    assert run(path, "--num-steps", 2000).returncode == 0
    assert sb.load(path).num_steps == 2000
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# Ours.\r\n")
    assert run(path, "--num-steps", 1000).returncode == 0
    assert path.read_bytes() == before


def test_the_command_refuses(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.config"
    for text, arguments, code, message in (
        (MANUAL, ("--num-steps", 1), 1, "stretched to 1 steps, the schedule is invalid:\n"),
        (MANUAL, ("--num-steps", 0), 2, "'0' is not a whole number above 0"),
        ("nonsense", ("--num-steps", 5), 1, "error[SB"),
        (
            "noam_learning_rate { model_dim: 8 warmup_steps: 9 }",
            ("--num-steps", 5),
            1,
            "from-steps",
        ),
    ):
        path.write_text(text)
        result = run(path, *arguments)
        assert (result.returncode, result.stdout) == (code, "")
        assert message in result.stderr
        assert "Traceback" not in result.stderr
        assert path.read_text() == text
    assert run(tmp_path / "missing", "--num-steps", 5).returncode == 2


UNITS = """train_config {
  num_steps: 1000
  optimizer { adam_optimizer { learning_rate {
    multi_step_learning_rate { initial_learning_rate: 0.1 milestones: [60, 80] }
    warmup { warmup_steps: 50 step_unit: STEPS }
    step_unit: PERCENT_OF_RUN
  } } }
}
"""


def test_under_a_unit_the_run_length_alone_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = read(UNITS, "a.config")
    assert rescale(config, 9000) == UNITS.replace("num_steps: 1000", "num_steps: 9000")
    assert [path[-1] for path in unscaled_counts(config)] == ["warmup_steps"]
    with pytest.raises(RescaleError, match="Omit `--from-steps`"):
        rescale(config, 9000, from_steps=500)
    path = tmp_path / "a.config"
    path.write_text(UNITS)
    assert main(["rescale", str(path), "--num-steps", "9000"]) == 0
    assert sb.build_schedule(path).begins == [0, 50, 5400, 7200]
    said = capsys.readouterr().err
    assert "changing the run length alone" in said
    assert "these do not: `train_config.optimizer.adam_optimizer.learning_rate.warmup" in said
    assert "warmup_steps` (50 steps)" in said
    path.write_text(
        UNITS.replace("step_unit: PERCENT_OF_RUN", "step_unit: EPOCHS examples_per_epoch: 160")
        .replace("num_steps", "batch_size: 32 num_steps")
        .replace("warmup_steps: 50 step_unit: STEPS", "warmup_steps: 0")
    )
    assert main(["rescale", str(path), "--num-steps", "9000", "--diff"]) == 0
    assert "milestones[1]` (80 epochs of 5 steps)" in capsys.readouterr().err


def test_under_a_unit_a_learning_rate_alone_has_nothing_to_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.config"
    text = "step_unit: PERCENT_OF_RUN constant_learning_rate {} warmup { warmup_steps: 5 }\n"
    path.write_text(text)
    assert main(["rescale", str(path), "--num-steps", "9000"]) == 1
    assert "nothing to change" in capsys.readouterr().err
    assert path.read_text() == text


def test_a_text_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(
        "train_config { num_steps: 1000 optimizer { sgd_optimizer { learning_rate {"
        " constant_learning_rate { learning_rate: 1 } } } } }"
    )
    made = rescaling._edits

    def also(*arguments: Any) -> list[Edit]:
        return [*made(*arguments), Edit(0, 0, "model {}\n")]

    monkeypatch.setattr(rescaling, "_edits", also)
    with pytest.raises(RescaleError, match="cannot be changed in the layout that the file has"):
        rescale(config, 2000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "min_learning_rate: 0.1\n noam_learning_rate { model_dim: 8 }",
            "2:2: ... `noam_learning_rate`",
        ),
        (
            "sequential_learning_rate {\n stage { steps: 500 learning_rate {\n"
            "   custom { [x/acme.Kind] { } } } }\n}",
            "3:4: ... `custom`",
        ),
        (
            "cyclic_learning_rate {\n base_learning_rate: 0.1 max_learning_rate: 0.2\n"
            " step_size: 9 mode: EXP_RANGE gamma: 0.9 }",
            "1:1: ... `cyclic_learning_rate`",
        ),
    ],
)
def test_a_kind_whose_rates_follow_its_lengths_is_refused_at_its_place(
    text: str, said: str
) -> None:
    with pytest.raises(RescaleError) as refused:
        rescale(examine(Source("a.config", text)), 2000, 1000)
    place, _, name = said.partition(" ... ")
    assert str(refused.value) == (
        f"a.config:{place} `rescale` cannot stretch {name}, as its rates would change with its"
        " lengths. Change its values by hand"
    )


def test_what_cannot_be_added_is_named_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "min_learning_rate: 0.1\nwarmup { warmup_steps: 7 } constant_learning_rate { }"
    monkeypatch.setattr(rescaling, "edits_of", lambda *arguments: None)  # as a fault would
    with pytest.raises(RescaleError) as refused:
        rescale(examine(Source("a.config", text)), 2000, 1000)
    assert str(refused.value) == (
        "a.config:2:24: `warmup_steps` is not set. Add `warmup_steps: 7`, its default, to the"
        " file, then run the command again"
    )
