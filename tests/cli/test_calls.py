"""Calls that are wrong, or that do less than they say: each is answered with what to write."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schedule_builder import cli
from schedule_builder.cli.app import COMMANDS, main
from schedule_builder.workspace.settings import settings_for

PIPELINE = """train_config {
  num_steps: 600
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.01 }
    schedule { step: 700 learning_rate: 0.001 }
  } } } }
}
"""
LENGTHLESS = "cosine_decay_learning_rate { total_steps: 600 warmup_steps: 10 }\n"
EXPERIMENT = """trainer:
  train_steps: 400
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate: {type: constant, constant: {learning_rate: 0.1}}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder with configs; gives the exit code and both outputs."""
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(PIPELINE)
    Path("b.config").write_text(LENGTHLESS)
    Path("c.yaml").write_text(EXPERIMENT)

    def _run(*arguments: object) -> tuple[int, str, str]:
        settings_for.cache_clear()
        return cli.main(list(map(str, arguments))), *capfd.readouterr()

    return _run


@pytest.mark.parametrize(
    ("arguments", "said"),
    {
        "validate --fxi a.config": "validate: unknown option `--fxi`: did you mean `--fix`?",
        "show --setps 0,1 a.config": "show: unknown option `--setps`: did you mean `--steps`?",
        "show a.config --stpes=0": "show: unknown option `--stpes`: did you mean `--steps`?",
        "show -q a.config": "show: unknown option `-q`",
        "rescale --num-step 5 --form-steps 3 a.config": "did you mean `--from-steps`?",
        "diff a.config --numsteps 3 b.config": "did you mean `--num-steps`?",
        "rules --all": "rules: unknown option `--all`",
        "valdate a.config": "unknown command `valdate`: did you mean `validate`?",
        "recsale a.config --num-steps 5": "did you mean `rescale`?",
        "frobnicate": "unknown command `frobnicate`",
        "a.config": "did you mean `schedule-builder validate a.config`?",
        "--isolated validate a.config": "unknown option `--isolated`",
        "": "missing command",
        "validate --jobs -3 a.config": "argument --jobs: '-3' is not a whole number above 0",
        "validate --jobs 0 a.config": "argument --jobs: '0' is not a whole number above 0",
        "validate --jobs two a.config": "argument --jobs: 'two' is not a whole number above 0",
        "show a.config --steps 3:1": "'3:1' is empty: END must be greater than FIRST",
        "show a.config --steps 5:5": "'5:5' is empty",
        "show a.config --steps 3:1:0": "'3:1:0': EVERY must be at least 1",
        "show a.config --steps 0:10:0": "'0:10:0': EVERY must be at least 1",
        "show a.config --steps -1": "'-1' is neither a step nor a range",
    }.items(),
)
def test_a_wrong_call_names_the_right_one(arguments: str, said: str, run: Run) -> None:
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert said in err
    word = arguments.split(" ", maxsplit=1)[0]
    command = f"schedule-builder {word}" if word in COMMANDS else "schedule-builder"
    assert err.startswith(f"{command}: ")
    assert err.endswith(f"\nFor usage, run: {command} --help\n")
    assert "a.config: No such" not in err


def test_options_may_be_abbreviated_and_files_begin_with_a_dash(run: Run) -> None:
    Path("-odd.config").write_text(LENGTHLESS)
    assert run("validate", "--isol", "--", "-odd.config")[0] == 0
    code, _, err = run("validate", "-odd.config")
    assert code == 2
    assert "write `./-odd.config`" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command: str, run: Run) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert out.startswith(f"usage: schedule-builder {command} [-h]")
    assert f"\n    {command}" in run("--help")[1]


@pytest.mark.parametrize("option", [("--format", "json"), ("--steps", "0")])
def test_resolved_is_in_the_config_s_own_format(option: tuple[str, str], run: Run) -> None:
    code, out, err = run("show", "a.config", "--resolved", *option)
    assert (code, out) == (2, "")
    assert f"`--resolved` cannot be combined with `{option[0]}`" in err


# A run length that is stated elsewhere.


@pytest.mark.parametrize("command", ["show", "validate", "plot", "diff"])
def test_a_run_length_that_is_not_used_is_said(command: str, run: Run) -> None:
    if command == "plot":
        pytest.importorskip("matplotlib")
    second = ("b.config",) if command == "diff" else ()
    _, _, err = run(command, "a.config", *second, "--num-steps", 50)
    (note,) = [line for line in err.splitlines() if "`--num-steps" in line]
    assert note == (
        "schedule-builder: `--num-steps 50` is not used: a.config sets `train_config.num_steps` to"
        " 600. To replace it, pass `--set train_config.num_steps=50`"
    )
    # What it says to pass does it, and the length that is stated needs no note.
    _, out, err = run("show", "a.config", "--set", "train_config.num_steps=50")
    assert "a.config (50 steps)" in out
    assert "`--num-steps" not in err
    assert "`--num-steps" not in run("show", "a.config", "--num-steps", 600)[2]
    assert "`--num-steps" not in run("show", "b.config", "--num-steps", 50)[2]
    both = ("--set", "train_config.num_steps=70", "--num-steps", 50)
    assert "`--num-steps 50` is not used: `--set` gives 70\n" in run("show", "a.config", *both)[2]


def test_several_run_lengths_get_one_note(run: Run) -> None:
    code, out, err = run("validate", "--num-steps", 50, "--isolated", "--format", "json", ".")
    assert (code, out) == (0, out)
    assert err.splitlines() == [
        "schedule-builder: `--num-steps 50` is not used: 2 of 3 files set their own (a.config:"
        " 600). To replace it, pass `--set train_config.num_steps=50`"
    ]
    assert "trainer.train_steps=50" in run("show", "c.yaml", "--num-steps", 50)[2]


# What was done.


def test_rescale_says_what_it_does_and_the_diff_warns_like_the_run(run: Run) -> None:
    code, out, planned = run("rescale", "a.config", "--num-steps", 1200, "--diff")
    assert code == 0
    assert "+  num_steps: 1200" in out
    assert planned.startswith("Would rescale a.config from 600 to 1200 steps.\n")
    code, out, done = run("rescale", "a.config", "--num-steps", 1200)
    assert (code, out) == (0, "")
    assert done.startswith("Rescaled a.config from 600 to 1200 steps.\n")
    assert planned.splitlines()[1:] == done.splitlines()[1:]
    assert "SB402" in done


def test_convert_and_plot_say_what_they_wrote(run: Run) -> None:
    assert run("convert", "a.config", "--output", "a.yaml")[2].endswith("Wrote a.yaml.\n")
    pytest.importorskip("matplotlib")
    code, out, err = run("plot", "b.config", "--num-steps", 600, "--output", "b.svg")
    assert (code, out) == (0, "")
    assert err.endswith("\nDrew steps 0 to 600 in b.svg.\n")


def test_a_baseline_on_standard_output_is_alone_there(run: Run) -> None:
    code, out, err = run("validate", "a.config", "--write-baseline", "-")
    assert code == 0
    assert out.startswith('{\n  "version": 1,')
    assert err == "Wrote 1 known finding to -.\n"
    assert not Path("-").exists()


# Libraries that are missing.

MISSING = {
    "tensorflow": ("build_learning_rate('a.config', 0)", "schedule-builder[tensorflow]"),
    "keras": ("build_keras_schedule('a.config', legacy=False)", "schedule-builder[tensorflow]"),
    "tf_keras": ("build_optimizer('a.config', legacy=True)", "schedule-builder[legacy-keras]"),
    "jax": ("build_optax_schedule('a.config')", "schedule-builder[jax]"),
    "torch": ("build_torch_scheduler('a.config', None)", "schedule-builder[torch]"),
}


@pytest.mark.parametrize("library", MISSING)
def test_a_missing_framework_names_its_extra(library: str, run: Run, tmp_path: Path) -> None:
    call, extra = MISSING[library]
    program = (
        f"import sys; sys.modules[{library!r}] = None\nimport schedule_builder as sb\ntry:\n"
        f"  sb.{call}\nexcept ModuleNotFoundError as e:\n  print(e.name, e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.startswith(f"{library} "), done.stderr
    assert f"pip install '{extra}'" in done.stdout


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("compat", "tensorflow", "tensorflow"),
        ("compat.optimizer_builder", "tensorflow", "tensorflow"),
        ("keras_adapter", "keras", "tensorflow"),
        ("legacy_keras", "tf_keras", "legacy-keras"),
    ],
)
def test_a_module_without_its_framework_names_its_extra(
    module: str, library: str, extra: str
) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None\ntry:\n"
        f"  import schedule_builder.{module}\nexcept ModuleNotFoundError as e:\n  print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert f" needs {library}: pip install 'schedule-builder[{extra}]'" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "library", "extra"),
    [(("plot", "a.config"), "matplotlib", "plot"), (("server",), "pygls", "server")],
)
def test_a_command_without_its_library_names_its_extra(
    command: tuple[str, ...], library: str, extra: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith((library, "schedule_builder.output.plot", "schedule_builder.language")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    code, _, err = run(*command)
    assert code == 2
    assert err.endswith(
        f"`{command[0]}` needs {library}: pip install 'schedule-builder[{extra}]'\n"
    )


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take names in UTF-8 alone")
@pytest.mark.parametrize("rate", ["1", "-1"], ids=["good", "bad"])
@pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["show", "--format", "json"],
        ["show", "--resolved"],
        ["show", "--num-steps", "5", "--set", "x=1"],
        ["convert"],
        ["rescale", "--from-steps", "10", "--num-steps", "5", "--diff"],
        ["get", "constant_learning_rate.learning_rate"],
    ],
    ids=" ".join,
)
def test_no_control_character_of_a_name_gets_out(
    command: list[str], rate: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\x1b[31m\n::error::x\x9b.config"
    path.write_text(f"constant_learning_rate {{ learning_rate: {rate} }}\n")
    name, *options = command
    main([name, str(path), *options])
    for line in "".join(capsys.readouterr()).splitlines():
        assert not re.search("[\x00-\x1f\x7f-\x9f]", line)
        assert not line.startswith("::error::")
