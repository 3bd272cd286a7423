"""What the Object Detection API trains, and what it refuses."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source


def _cosine_run(num_steps: int, **fields: Any) -> Any:
    cosine = {"learning_rate_base": 0.1, "warmup_learning_rate": 0.01, **fields}
    rate = {"cosine_decay_learning_rate": cosine}
    optimizer = {"adam_optimizer": {"learning_rate": rate}}
    train = {"optimizer": optimizer} | ({"num_steps": num_steps} if num_steps else {})
    source = Source("x.json", json.dumps({"train_config": train}))
    return examine(source)


@pytest.mark.parametrize(
    ("num_steps", "fields", "codes"),
    [
        # The API has no rate at step 2000 alone: a run that ends before trains a plain ramp.
        (1000, {"total_steps": 2000, "warmup_steps": 2000}, ["SB407"]),
        (2000, {"total_steps": 2000, "warmup_steps": 2000}, ["SB407"]),
        (2001, {"total_steps": 2000, "warmup_steps": 2000}, ["SB305"]),
        (0, {"total_steps": 2000, "warmup_steps": 2000}, ["SB305"]),
        # The API refuses a longer warmup, whatever the run.
        (1000, {"total_steps": 2000, "warmup_steps": 2001}, ["SB305"]),
        (
            2000,
            {"total_steps": 2000, "warmup_steps": 100, "hold_base_rate_steps": 1900},
            ["SB403"],
        ),
        (
            2001,
            {"total_steps": 2000, "warmup_steps": 100, "hold_base_rate_steps": 1900},
            ["SB305"],
        ),
        (
            1000,
            {"total_steps": 2000, "warmup_steps": 100, "hold_base_rate_steps": 5000},
            ["SB403"],
        ),
        (
            3000,
            {"total_steps": 2000, "warmup_steps": 100, "hold_base_rate_steps": 5000},
            ["SB305"],
        ),
    ],
)
def test_a_cosine_without_a_decay_is_an_error_where_the_run_reaches_its_end(
    num_steps: int, fields: dict[str, int], codes: list[str]
) -> None:
    config = _cosine_run(num_steps, **fields)
    found = [d for d in config.diagnostics if d.code != "SB405"]

    assert [d.code for d in found] == codes
    assert (config.schedule is None) == (codes == ["SB305"])
    assert "nan" not in found[0].message
    if codes == ["SB407"] and num_steps < 2000:
        assert "training ends before it does, after 1000" in found[0].message
    if config.schedule is not None:
        warmup = fields["warmup_steps"]
        for step in range(0, num_steps, 7):
            wanted = 0.01 + 0.09 * step / warmup if step < warmup else 0.1
            assert config.schedule(step) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("hold", "there"), [(0, math.nan), (1, 0.1), (50, 0.1)])
def test_after_its_end_a_cosine_without_a_decay_is_the_apis(hold: int, there: float) -> None:
    config = _cosine_run(5, total_steps=20, warmup_steps=20, hold_base_rate_steps=hold)
    schedule = config.schedule

    assert schedule(19) == pytest.approx(0.01 + 0.09 * 19 / 20, rel=1e-12)
    assert schedule(20) == pytest.approx(there, nan_ok=True)
    assert schedule(21) == 0
