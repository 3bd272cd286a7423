"""The examples and the recipes, as a newcomer runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from schedule_builder.frameworks.rate_log import read_rates
from schedule_builder.output.chart import sample_steps
from schedule_builder.output.plot import plot_schedule

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "configs"


def run(name: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / name, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def test_training_on_digits(tmp_path: Path) -> None:
    result = run("train_digits.py", "--steps", 80, "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    schedule = sb.build_schedule(CONFIGS / "digits.config")
    assert str(schedule) in result.stdout
    name = CONFIGS / "digits.config"
    assert f"all 80 applied rates (steps 0 to 79) match {name}" in result.stdout
    rates = dict(read_rates(tmp_path / "learning_rate.csv"))
    assert rates == pytest.approx({step: schedule(step) for step in range(80)}, rel=1e-6)
    accuracy = re.search(r"held-out images: ([\d.]+)%", result.stdout)
    assert accuracy
    assert float(accuracy[1]) > 80
    assert (tmp_path / "learning_rate.png").read_bytes().startswith(b"\x89PNG")
    (events,) = (tmp_path / "logs").iterdir()
    logged = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            if value.tag == "learning_rate":
                logged[event.step] = float(tf.make_ndarray(value.tensor))
    assert logged == {step: float(np.float32(schedule(step))) for step in range(80)}


def test_training_under_a_learning_rate_alone(tmp_path: Path) -> None:
    pipeline = CONFIGS / "tf1_minimize.config"
    result = run("train_digits.py", "--pipeline", pipeline, "--steps", 5, "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "The config names no number of steps: training for 5." in result.stdout


def test_training_under_a_bad_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "bad.config"
    path.write_text("train_config { batch_size: 0 }")
    result = run("train_digits.py", "--pipeline", path, "--output", tmp_path)
    assert result.returncode == 1
    assert f"{path}:1:28: error[SB204]" in result.stderr
    assert "Traceback" not in result.stderr
    assert run("train_digits.py", "--pipeline", tmp_path / "missing").returncode == 2


@pytest.mark.parametrize(
    # 5 percent are 2.5 and 4.5 steps: a half, up.
    ("num_steps", "warmup", "first", "second"),
    [(50, 3, 30, 40), (90, 5, 54, 72)],
)
def test_fine_tuning_for_any_number_of_steps(
    tmp_path: Path, num_steps: int, warmup: int, first: int, second: int
) -> None:
    csv = tmp_path / "rates.csv"
    result = run("fine_tune.py", "--num-steps", num_steps, "--csv", csv)
    assert result.returncode == 0, result.stderr
    name = CONFIGS / "fine_tune_backbone.config"
    last = num_steps - 1
    assert f"all {num_steps} applied rates (steps 0 to {last}) match {name}" in result.stdout
    wanted = [0.02 * step / warmup for step in range(warmup)]
    wanted += [0.02] * (first - warmup) + [0.002] * (second - first)
    wanted += [0.0002] * (num_steps - second)
    assert [rate for _, rate in read_rates(csv)] == pytest.approx(wanted, rel=1e-6)
    accuracies = re.findall(r"held-out digits .*: ([\d.]+)%", result.stdout)
    # Five digits: guessing is right for 20 %.
    assert [float(accuracy) > 50 for accuracy in accuracies] == [True, True]
    stem, backbone, head = re.findall(r"(?:stem|backbone|head) ([\d.]+)", result.stdout)
    assert float(stem) == 0 < float(backbone) < float(head)


def test_fine_tuning_names_what_is_wrong() -> None:
    # 5 percent of 9 steps are less than half a step.
    result = run("fine_tune.py", "--num-steps", 9)
    assert result.returncode == 1
    assert "steps, which rounds to 0" in result.stderr
    assert "Traceback" not in result.stderr


def test_tf1_minimize() -> None:
    result = run("tf1_minimize.py")
    assert result.returncode == 0, result.stderr
    rows = re.findall(r"^ *(\d+)  ([\d.]+)  ", result.stdout, re.MULTILINE)
    assert {int(step): float(rate) for step, rate in rows} == pytest.approx(
        {
            0: 0.001,
            1: 0.001198,
            250: 0.0505,
            499: 0.099802,
            500: 0.1,
            501: 0.1,
            1000: 0.1,
            1001: 0.05,
            2000: 0.05,
            2001: 0.01,
            3000: 0.01,
            3001: 0.005,
            3499: 0.005,
        }
    )
    assert "slope 3.000, offset 2.000" in result.stdout


def test_tf1_counter() -> None:
    result = run("tf1_counter.py")
    assert result.returncode == 0, result.stderr
    rates = [0.1] * 5 + [0.05] * 5 + [0.01] * 5 + [0.001] * 5
    assert result.stdout.splitlines() == [
        f"step {step}: rate {rate:.4g}" for step, rate in enumerate(rates, 1)
    ]


RECIPES = sorted(CONFIGS.glob("*.config"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_are_good_and_alike_in_both_formats(path: Path) -> None:
    text, yaml = sb.load(path), sb.load(path.with_suffix(".yaml"))
    assert text.message == yaml.message
    assert not text.diagnostics
    assert not yaml.diagnostics


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.*")), ids=lambda path: path.name)
def test_recipes_come_in_pairs_and_say_where_they_are_from(path: Path) -> None:
    other = ".yaml" if path.suffix == ".config" else ".config"
    # The Model Garden has YAML alone.
    assert path.with_suffix(other).exists() or path.parent.name == "garden"
    text = path.read_text()
    assert text.startswith("# ")
    assert re.search(r"arXiv:\d{4}\.\d{5}|https://|(?:is|are) our own|keras\.io", text)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("garden/*")), ids=lambda path: path.name)
def test_recipes_of_the_garden_are_good_and_train(path: Path) -> None:
    config = sb.load(path)
    assert not config.diagnostics
    assert config.num_steps is not None
    rates = [sb.build_schedule(config)(step) for step in range(0, config.num_steps, 997)]
    assert max(rates) > 0
    optimizer = sb.build_optimizer(config)
    assert float(optimizer.learning_rate) == pytest.approx(rates[0], rel=1e-6)


def test_a_picture_has_both_sides_of_every_change(tmp_path: Path) -> None:
    schedule = sb.build_schedule(CONFIGS / "ssd300_coco_manual_step.config")
    steps = sample_steps(schedule, 240_000)
    assert {0, 159_999, 160_000, 199_999, 200_000, 240_000} <= set(steps)
    assert steps == sorted(set(steps))
    assert len(steps) < 3000
    plot_schedule(schedule, 240_000, tmp_path / "rate.svg", title="SSD")
    first = (tmp_path / "rate.svg").read_text()
    assert "</svg>" in first
    plot_schedule(schedule, 240_000, tmp_path / "rate.svg", title="SSD")
    assert (tmp_path / "rate.svg").read_text() == first
