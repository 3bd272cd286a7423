"""Runs that are killed: the rates resume without a gap or a repeat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from schedule_builder.frameworks.rate_log import read_rates
from tests.support.recording import reference, write_pipeline
from tests.support.resuming import EPOCH_STEPS, WAYS

ROOT = Path(__file__).parent.parent.parent
NUM_STEPS = 25
KILLED_AT = 12


def run(way: str, path: Path, folder: Path, kill_at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.support.resuming", way, path, folder, str(kill_at)],
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def applied(folder: Path) -> list[tuple[int, float]]:
    rows = (line.split(",") for line in (folder / "applied.csv").read_text().split())
    return [(int(step), float(rate)) for step, rate in rows]


@pytest.mark.parametrize("way", list(WAYS))
def test_a_killed_run_goes_on(way: str, tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=NUM_STEPS)
    killed = run(way, path, tmp_path, KILLED_AT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = applied(tmp_path)
    wanted = list(enumerate(reference(path, range(NUM_STEPS))))
    assert before == wanted[: KILLED_AT + 1]

    finished = run(way, path, tmp_path, -1)
    assert finished.returncode == 0, finished.stderr
    # What came after the checkpoint was lost with the process, and is trained again.
    restored = KILLED_AT // EPOCH_STEPS * EPOCH_STEPS
    assert applied(tmp_path)[len(before) :] == wanted[restored:]
    assert f"all {NUM_STEPS - restored} applied rates (" in finished.stdout
    assert [step for step, _ in read_rates(tmp_path / "rates.csv")] == list(range(NUM_STEPS))
    rates = [rate for _, rate in read_rates(tmp_path / "rates.csv")]
    assert rates == pytest.approx([rate for _, rate in wanted], rel=1e-7)
    assert "jumps" not in finished.stderr


def test_another_config_applies_from_the_restored_step_on(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=NUM_STEPS)
    run("Checkpoint", path, tmp_path, KILLED_AT)
    before = applied(tmp_path)
    other = tmp_path / "other.config"
    other.write_text(
        path.read_text().replace("learning_rate_base: 0.01", "learning_rate_base: 0.05")
    )
    finished = run("Checkpoint", other, tmp_path, -1)
    assert finished.returncode == 0, finished.stderr
    wanted = list(enumerate(reference(other, range(NUM_STEPS))))
    assert applied(tmp_path)[len(before) :] == wanted[10:]
    assert f"{other} differs from the config of this run before step 10" in finished.stderr
    assert "at step 9 to " in finished.stderr
