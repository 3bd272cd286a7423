"""What `show` prints of lengths in epochs, percents and permilles of the run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, assume, given, settings

import schedule_builder as sb
from schedule_builder.cli import main
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.dialects.learning_rate import has_units
from schedule_builder.output.resolved import resolved
from tests.support.units import by_hand_too

CONFIGS = Path(__file__).parent.parent.parent / "configs"
IMAGENET = CONFIGS / "resnet50_imagenet_1_hour_epochs.yaml"
TABLE = CONFIGS / "table_for_each_epoch.config"


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["show", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_table_says_what_each_end_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, IMAGENET, "--steps", 0).splitlines()
    assert lines[1:6] == [
        "  steps 0..781       a straight line from 0.1 to 3.2 over 782 steps"
        "  (to 5 epochs of 156.39246 steps)",
        "  steps 782..4691    constant 3.2  (to 30 epochs of 156.39246 steps)",
        "  steps 4692..9383   constant 0.32  (to 60 epochs of 156.39246 steps)",
        "  steps 9384..12510  constant 0.032  (to 80 epochs of 156.39246 steps)",
        "  steps 12511..      constant 0.0032",
    ]


def test_json_says_what_each_beginning_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(shown(capsys, TABLE, "--format", "json"))
    found = [(s["begin"], s.get("begin_from")) for s in data["segments"]]
    assert found[:3] == [
        (0, None),
        (391, "1 epoch of 390.625 steps"),
        (781, "2 epochs of 390.625 steps"),
    ]
    in_steps = CONFIGS / "resnet50_imagenet_1_hour.config"
    data = json.loads(shown(capsys, in_steps, "--format", "json"))
    assert all("begin_from" not in segment for segment in data["segments"])


def test_another_run_length_moves_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    override = "train_config.num_steps=14075"
    out = shown(capsys, CONFIGS / "fine_tune_percent.config", "--set", override, "--steps", 0)
    assert "steps 0..703 " in out
    assert "(to 5 % of 14075)" in out


def test_resolved_is_in_steps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = shown(capsys, TABLE, "--resolved")
    boundaries = [int(number) for number in re.findall(r"boundaries: (\d+)", text)]
    assert boundaries == [390, 780, 1171, 1562, 1952, 2343, 2733, 3124, 3515]
    assert "table_learning_rate" not in text
    path = tmp_path / "a.config"
    path.write_text(text)
    assert sb.first_difference(path, TABLE) is None
    text = shown(capsys, IMAGENET, "--resolved")
    assert "milestones: [4692, 9384, 12511]" in text
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert sb.first_difference(path, IMAGENET) is None


@given(by_hand_too())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_what_is_resolved_is_the_same_without_units(drawn: tuple[Any, Any, int, int]) -> None:
    message, _, num_steps, batch_size = drawn
    text = text_format.MessageToString(message)
    config = examine(Source("a.config", text), num_steps=num_steps, batch_size=batch_size)
    assume(config.schedule is not None)
    again = examine(Source("b.config", resolved(config)))
    assert again.schedule is not None, again.diagnostics
    assert sb.first_difference(config, again) is None
    # Units are named, but all of them are steps.
    assert again.in_steps is None or not again.in_steps.lengths
    assert has_units(message)
