"""The command `diff`: files, folders, records of applied rates, revisions, and git's driver."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.cli.app import main
from schedule_builder.limits import MAX_FILE_BYTES
from tests.support.git import commit, git

CONFIG = """train_config {
  num_steps: 600
  optimizer { adam_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    total_steps: 600
    warmup_learning_rate: 0
    warmup_steps: 60
  } } } }
}
"""
HIGHER = CONFIG.replace("0.1", "0.2")
Run = Callable[..., tuple[int, str, str]]
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(CONFIG)
    Path("b.config").write_text(HIGHER)

    def run(*arguments: Any) -> tuple[int, str, str]:
        code = main(["diff", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_two_files(run: Run) -> None:
    assert run("a.config", "b.config") == (
        1,
        "The rates differ at steps 1..599.\n"
        "The first difference, at step 1:\n"
        "  a.config  0.00166666667  a straight line from 0 to 0.1 over 60 steps\n"
        "  b.config  0.00333333333  a straight line from 0 to 0.2 over 60 steps\n"
        "The largest difference, at step 60:\n"
        "  a.config  0.1  half a cosine from 0.1 to 0 over 540 steps\n"
        "  b.config  0.2  half a cosine from 0.2 to 0 over 540 steps\n",
        "",
    )


def test_ranges_are_listed_in_short(run: Run) -> None:
    values = ", ".join(str(0.1 + i % 2) for i in range(40))
    Path("a.config").write_text("constant_learning_rate { learning_rate: 0.1 }")
    text = "table_learning_rate {{ learning_rates: [{}] steps_per_entry: 10 }}"
    Path("b.config").write_text(text.format(values))
    code, out, _ = run("a.config", "b.config")
    assert code == 1
    assert out.startswith(
        "The rates differ at steps 10..19, 30..39, 50..59, 70..79, 15 more, 390...\n"
    )
    Path("b.config").write_text(text.format("0.1, 0.3, 0.1").replace("10", "1"))
    assert run("a.config", "b.config")[1].startswith("The rates differ at step 1.\n")


def test_runs_that_differ_beyond_their_end(run: Run) -> None:
    text = "manual_step_learning_rate { initial_learning_rate: 0.1 schedule { step: %d"
    for name, step in (("a.config", 700), ("b.config", 800)):
        kind = text % step + " learning_rate: 0.01 } }"
        optimizer = f"adam_optimizer {{ learning_rate {{ {kind} }} }}"
        Path(name).write_text(f"train_config {{ num_steps: 600 optimizer {{ {optimizer} }} }}")
    code, out, _ = run("a.config", "b.config")
    assert code == 1
    assert out.startswith("The rates are the same during training, and differ from step 700 on:\n")


def test_errors_are_shown_and_exit_2(run: Run) -> None:
    Path("b.config").write_text(CONFIG.replace("0.1", "-0.1"))
    code, out, err = run("a.config", "b.config")
    assert (code, out) == (2, "b.config has no schedule to compare.\n")
    assert "b.config:4:25: error[SB204]" in err
    code, out, err = run("a.config")
    assert code == 2
    assert "expected two paths, or `--git REV`, but got 1" in err
    assert err.endswith("For usage, run: schedule-builder diff --help\n")
    assert run("a.config", "missing.config")[0] == 2


def test_json_is_one_array(run: Run) -> None:
    code, out, _ = run("a.config", "b.config", "--format", "json")
    (found,) = json.loads(out)
    assert code == 1
    assert found["status"] == "changed"
    assert found["ranges"] == [{"begin": 1, "end": 599}]
    assert found["first_difference"]["step"] == 1
    assert found["largest_difference"] == {"step": 60, "learning_rates": [0.1, 0.2]}
    assert found["first"]["filename"] == "a.config"
    assert found["second"]["peak"] == 0.2
    assert found["second"]["warmup_steps"] == found["first"]["warmup_steps"] == 60
    code, out, _ = run("a.config", "a.config", "--format", "json")
    (found,) = json.loads(out)
    assert (code, found["status"], found["largest_difference"]) == (0, "same", None)


def test_folders(run: Run) -> None:
    for name, text in {
        "old/same.config": CONFIG,
        "new/same.config": CONFIG + "# a comment\n",
        "old/sub/changed.config": CONFIG,
        "new/sub/changed.config": HIGHER,
        "old/gone.config": CONFIG,
        "new/come.config": CONFIG,
        "new/notes.yaml": "a: 1",
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    code, out, _ = run("old", "new")
    assert code == 1
    lines = out.splitlines()
    assert lines[:4] == [
        "come.config:",
        "  Added: peak 0.1, ends at 8.46157113e-07, 600 steps.",
        "gone.config:",
        "  Removed: peak 0.1, ends at 8.46157113e-07, 600 steps.",
    ]
    assert lines[4:6] == ["sub/changed.config:", "  The rates differ at steps 1..599."]
    assert lines[-1] == "4 configs: 1 changed, 1 added, 1 removed, 1 with the same rates."
    assert [one["status"] for one in json.loads(run("old", "new", "--format", "json")[1])] == [
        *("added", "removed", "same", "changed")
    ]
    assert run("old", "old")[:2] == (0, "3 configs: 3 with the same rates.\n")
    Path("empty").mkdir()
    assert "found no configs in empty, empty: pass" in run("empty", "empty")[2]


def record(path: str, rows: dict[int, float]) -> None:
    Path(path).write_text("step,learning_rate\n" + "".join(f"{s},{r}\n" for s, r in rows.items()))


def test_applied_rates(run: Run) -> None:
    from schedule_builder import build_schedule

    schedule = build_schedule("a.config")
    rates = {step: float(f"{schedule(step):.8g}") for step in range(600)}
    record("a.csv", rates)
    assert run("a.csv", "a.config") == (0, "All 600 applied rates (steps 0 to 599) match.\n", "")
    code, out, _ = run("a.config", "a.csv", "--set", "train_config.num_steps=700")
    assert code == 0
    record(
        "b.csv", {step: rate * (1.5 if 100 <= step < 110 else 1) for step, rate in rates.items()}
    )
    code, out, _ = run("a.csv", "b.csv")
    assert code == 1
    assert out.splitlines()[:3] == [
        "590 of 600 applied rates (steps 0 to 599) match.",
        "The rates differ at steps 100..109.",
        "The largest difference, at step 100:",
    ]
    record("b.csv", {step: rate for step, rate in rates.items() if step >= 200})
    code, out, _ = run("a.csv", "b.csv")
    assert (code, out) == (
        0,
        "All 400 applied rates (steps 200 to 599) match.\n"
        "200 steps of a.csv are not on the other side.\n",
    )
    (found,) = json.loads(run("a.csv", "b.csv", "--format", "json")[1])
    assert found["steps_compared"] == 400
    Path("b.csv").write_text("step,learning_rate\n0,0.1\n0,0.1\n1,0.1\n")
    assert (
        "b.csv:3: this is not a log of learning rates: step 0 is there" in run("a.csv", "b.csv")[2]
    )


@needs_git
def test_a_file_at_a_revision(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("configs").mkdir()
    Path("configs/c.config").write_text(CONFIG)
    commit(Path())
    Path("configs/c.config").write_text(HIGHER)
    commit(Path())
    code, out, _ = run("HEAD~1:configs/c.config", "configs/c.config")
    assert code == 1
    assert "  HEAD~1:configs/c.config  0.1  half a cosine" in out
    monkeypatch.chdir("configs")
    assert run("HEAD~1:./c.config", "HEAD:./c.config")[0] == 1
    assert run("HEAD:./c.config", "../b.config")[0] == 0
    code, _, err = run("HEAD:c.config", "c.config")
    assert code == 2
    assert "revision `HEAD` has no file c.config: did you mean `HEAD:./c.config`?" in err
    assert "unknown revision `nowhere`" in run("nowhere:./c.config", "c.config")[2]


@needs_git
def test_what_moved_and_changed_since_a_revision(run: Run) -> None:
    Path("configs").mkdir()
    Path("configs/old.config").write_text(CONFIG)
    Path("configs/text.config").write_text(CONFIG.replace("600", "900"))
    commit(Path())
    Path("configs/old.config").unlink()
    Path("new.config").write_text(HIGHER)
    convert = ["convert", "configs/text.config", "-o", "configs/text.yaml"]
    assert main(convert) == 0
    Path("configs/text.config").unlink()
    code, out, err = run("--git", "main")
    assert (code, err) == (1, "Wrote configs/text.yaml.\n")
    assert out.startswith("new.config (was configs/old.config):\n  The rates differ at steps")
    assert "    main:configs/old.config  0.1" in out
    assert "    new.config               0.2" in out
    assert out.endswith("\n2 configs: 1 changed, 1 with the same rates.\n")
    found = json.loads(run("--git", "main", "--format", "json")[1])
    assert [(one["name"], one["old_name"], one["status"]) for one in found] == [
        ("configs/text.yaml", "configs/text.config", "same"),
        ("new.config", "configs/old.config", "changed"),
    ]


@needs_git
def test_what_changed_since_a_revision(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("changed", "commented", "gone", "moved", "kept", "broken"):
        Path(f"configs/{name}.config").parent.mkdir(exist_ok=True)
        Path(f"configs/{name}.config").write_text(CONFIG + f"# {name}\n")
    Path("configs/ci.yaml").write_text("on: push\n")
    Path("configs/gone.yaml").write_text("on: push\n")
    commit(Path())
    assert run("--git", "HEAD") == (0, "0 configs: nothing to compare.\n", "")
    Path("configs/changed.config").write_text(HIGHER)
    Path("configs/commented.config").write_text(CONFIG)
    Path("configs/gone.config").unlink()
    Path("configs/gone.yaml").unlink()
    Path("configs/moved.config").rename("moved.config")
    Path("configs/broken.config").write_text(CONFIG.replace("0.1", "-1"))
    Path("configs/come.config").write_text("constant_learning_rate { learning_rate: 0.1 }")
    Path("configs/ci.yaml").write_text("on: pull_request\n")
    code, out, err = run("--git", "main", "--format", "json")
    assert code == 2
    assert "configs/broken.config:4:25: error[SB204]" in err
    assert {one["name"]: one["status"] for one in json.loads(out)} == {
        "configs/broken.config": "unreadable",
        "configs/changed.config": "changed",
        "configs/come.config": "added",
        "configs/commented.config": "same",
        "configs/gone.config": "removed",
    }
    code, out, _ = run("--git", "main", "configs/changed.config")
    assert code == 1
    assert out.splitlines()[-1] == "1 config: 1 changed."
    assert "  main:configs/changed.config  0.1  " in out.replace("  " * 2, "  ")
    monkeypatch.chdir("configs")
    assert run("--git", "main", "gone.config")[1].startswith("gone.config:\n  Removed: peak 0.1")
    assert "unknown revision `v9`" in run("--git", "v9")[2]


@needs_git
def test_findings_of_a_revision_name_it(run: Run) -> None:
    Path("a.config").write_text(CONFIG.replace("0.1", "-0.1"))
    commit(Path())
    Path("a.config").write_text(CONFIG)
    code, out, err = run("--git", "HEAD")
    assert (code, out.splitlines()[1]) == (2, "  HEAD:a.config has no schedule to compare.")
    assert err.startswith("HEAD:a.config:4:25: error[SB204]")
    # What is gone need not be right.
    Path("a.config").unlink()
    assert run("--git", "HEAD")[::2] == (1, "")


@needs_git
def test_git_shows_changes_with_the_driver(run: Run) -> None:
    """The setup is that of docs/compare.md."""
    commit(Path())
    program = f"{shlex.quote(sys.executable)} -m schedule_builder diff --driver --"
    git(Path(), "config", "diff.schedule-builder.command", program)
    Path(".gitattributes").write_text("*.config diff=schedule-builder\n")
    Path("a.config").write_text(HIGHER)
    Path("b.config").unlink()
    Path("c d.config").write_text(CONFIG)
    Path("other.config").write_text("[section]\n")
    Path("binary.config").write_bytes(b"a\0b")
    git(Path(), "add", "-A")
    environment = {**os.environ, "GIT_PAGER": "cat"}
    command = ["git", "diff", "--cached", "--no-renames"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    shown = done.stdout
    assert (
        "diff --schedule-builder a/a.config b/a.config\n--- a/a.config\n+++ b/a.config\n" in shown
    )
    assert "-    learning_rate_base: 0.1\n+    learning_rate_base: 0.2\n" in shown
    assert "The rates differ at steps 1..599.\n" in shown
    assert "  a/a.config  0.1  half a cosine" in shown
    assert "Removed: peak 0.2, ends at" in shown
    assert "diff --schedule-builder a/b.config b/b.config\n--- a/b.config\n+++ /dev/null\n" in shown
    assert "diff --schedule-builder a/c d.config b/c d.config\n--- /dev/null\n+++ b/c d" in shown
    assert "b/binary.config\nBinary files a/binary.config and b/binary.config differ\n" in shown
    assert "Added: peak 0.1, ends at" in shown
    assert shown.endswith("+[section]\n")
    commit(Path())
    Path("a.config").rename("renamed.config")
    Path("renamed.config").write_text(CONFIG)
    Path("c d.config").chmod(0o755)
    # Git stops where a driver fails.
    Path("pyproject.toml").write_text("[tool.schedule-builder]\nnum-steps = 'many'\n")
    Path("other.config").write_text(CONFIG)
    git(Path(), "add", "-A")
    command = ["git", "diff", "--cached", "-M10%"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    shown = done.stdout
    assert "b/c d.config\nold mode 100644\nnew mode 100755\n" in shown
    assert "pyproject.toml:2: `num-steps`: expected a whole number above 0\n" in shown
    Path("pyproject.toml").unlink()
    command = [*command, "-R"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    shown = done.stdout
    assert "diff --schedule-builder a/renamed.config b/a.config\nsimilarity index " in shown
    assert "\nrename from renamed.config\nrename to a.config\n" in shown
    assert "\n--- a/renamed.config\n+++ b/a.config\n" in shown
    assert "  a/renamed.config  0.1  half a cosine" in shown


def test_the_driver_takes_what_git_gives(run: Run) -> None:
    assert run("--driver", "--", "a.config") == (0, "* Unmerged path a.config\n", "")
    code, _, err = run("--driver", "a.config", "b.config")
    assert code == 2
    assert "`--driver` takes the 7 or 9 arguments that git passes. Received: 2" in err


@pytest.mark.parametrize("is_new", [False, True])
def test_the_driver_says_of_a_file_that_is_too_large(run: Run, *, is_new: bool) -> None:
    """It is read in part, so that a change after that would not be shown."""
    text = CONFIG.encode()
    Path("large").write_bytes(text.ljust(MAX_FILE_BYTES + 1, b" "))
    Path("most").write_bytes(text.ljust(MAX_FILE_BYTES, b" "))

    def driven(one: str, other: str) -> str:
        names = (other, one) if is_new else (one, other)
        sides = [part for name in names for part in (name, "0" * 40, "100644")]
        code, out, err = run("--driver", "--", "a.config", *sides)
        assert (code, err) == (0, "")
        return out

    assert driven("large", "b.config") == (
        "diff --schedule-builder a/a.config b/a.config\n"
        f"{'b' if is_new else 'a'}/a.config has more than 5,000,000 bytes: neither its lines nor"
        " its rates are compared. `git diff --no-ext-diff` shows its lines\n"
    )
    assert "The rates differ" in driven("most", "b.config")
