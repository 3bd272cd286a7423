"""Rates that are multiplied in their files."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing import rates
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.rates import (
    RULES,
    RatesError,
    scale_rates,
    set_batch_size,
    set_peak,
    set_warmup,
)
from schedule_builder.editing.summary import changed_fields, peak_of, rate_change
from schedule_builder.schedules.comparison import first_difference
from tests.support import drawing
from tests.support.data import DATA, needs_data

ROOT = Path(__file__).parent.parent.parent
PIPELINE = """train_config {
  batch_size: 64  # of one machine
  num_steps: 1000
  optimizer { momentum_optimizer { learning_rate {
    cosine_decay_learning_rate {
      learning_rate_base: 0.08  # peak
      total_steps: 1000
      warmup_steps: 100
    }
    min_learning_rate: 1e-5
  } } }
}
"""


def read(text: str, name: str = "a.config", **options: Any) -> Config:
    config = examine(Source(name, text), **options)
    assert config.schedule is not None, config.diagnostics
    return config


def check(config: Config, factor: float | Fraction) -> None:
    """Every rate is the old one times the factor."""
    after = scale_rates(config, factor).config
    assert config.schedule is not None
    assert after.schedule is not None
    last = (config.num_steps or config.schedule.begins[-1] + 1000) - 1
    steps = {0, 1, last // 7, last // 2, last, *config.schedule.begins}
    for step in (min(step, last) for step in steps):
        wanted = config.schedule(step) * float(factor)
        assert after.schedule(step) == pytest.approx(wanted, rel=1e-6, abs=1e-300), step


@given(drawing.learning_rates | drawing.experiments(), st.sampled_from([0.5, 2**0.5, 1 / 3]))
def test_every_kind(message: Any, factor: float) -> None:
    config = read(text_format.MessageToString(message), num_steps=None)
    try:
        check(config, factor)
    except (SetError, RatesError) as error:
        # Rates end at the largest float32.
        found = getattr(error, "findings", ())
        assert {d.code for d in found} <= {"SB204", "SB308"}, error  # noqa: PT017
        assert found or "must be at most" in str(error)  # noqa: PT017


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.*")), ids=lambda p: p.name)
def test_recipes_and_back(path: Path) -> None:
    config = read(path.read_text(), path.name)
    half = scale_rates(config, 0.5).config
    assert half.message != config.message
    again = scale_rates(half, 2).config
    assert again.schedule is not None
    assert config.schedule is not None
    assert first_difference(config.schedule, again.schedule) is None
    # Comments and layout are those of the file.
    numbers = re.compile(r"[-+.\w]+")
    assert numbers.sub("", again.document.source.text) == numbers.sub("", path.read_text())


@needs_data
def test_real_files() -> None:
    assert DATA is not None
    for path in sorted((DATA / "corpus").glob("*/*"))[::5]:
        config = examine(Source(path.name, path.read_text(errors="replace")))
        if config.schedule is not None:
            check(config, 1 / 3)


def test_defaults_in_force_are_written() -> None:
    text = "cosine_decay_learning_rate { learning_rate_base: 0.1 }"
    assert scale_rates(read(text), 0.5).text == (
        "cosine_decay_learning_rate { learning_rate_base: 0.05 warmup_learning_rate: 0.0001 }"
    )
    text = "noam_learning_rate { model_dim: 8 warmup_steps: 9 }"
    assert "scale: 2.0 }" in scale_rates(read(text), 2).text


def test_one_member_of_a_product_is_enough() -> None:
    members = "learning_rates { constant_learning_rate { learning_rate: %s } }"
    product = "combined_learning_rate { op: %s " + members % 0.5 + " " + members % 0.25 + " }"
    assert scale_rates(read(product % "PRODUCT"), 2).text == (product % "PRODUCT").replace(
        "0.5", "1.0"
    )
    assert "0.25" not in scale_rates(read(product % "MAX"), 2).text


def test_peak() -> None:
    assert peak_of(set_peak(read(PIPELINE), 0.1).config) == pytest.approx(0.1)
    assert set_peak(read(PIPELINE), 0.01).text == PIPELINE.replace("0.08", "0.01").replace(
        "1e-5", "1.25e-06"
    ).replace("      warmup_steps", "      warmup_learning_rate: 2.5e-05\n      warmup_steps")
    with pytest.raises(RatesError, match="is 0 throughout"):
        set_peak(read("constant_learning_rate { learning_rate: 0 }"), 0.1)


@pytest.mark.parametrize("floor", ["", " min_learning_rate: 0.15", " warmup { warmup_steps: 9 }"])
def test_the_peak_of_a_cycle_without_a_run_length(floor: str) -> None:
    cycle = (
        "cyclic_learning_rate {{ base_learning_rate: {} max_learning_rate: {} step_size_up: 50 }}"
    )
    before = read(cycle.format(0.1, 0.4) + floor)
    assert peak_of(before) == 0.4
    after = set_peak(before, 0.2)
    assert after.text.startswith(cycle.format(0.05, 0.2))
    assert rate_change(before, after.config) == "peak 0.4 -> 0.2"
    with pytest.raises(RatesError, match="is 0 throughout"):
        set_peak(read(cycle.format(0, 0)), 0.1)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.*")), ids=lambda p: p.name)
def test_a_second_time_nothing_changes(path: Path) -> None:
    config = read(path.read_text(), path.name)
    for peak in (1 / 3, 0.2718, 2.0):
        once = set_peak(config, peak)
        assert not set_peak(once.config, peak).changes
    if config.dialect.batch_size(config.message):
        once = set_batch_size(config, 48, "sqrt")
        assert not set_batch_size(once.config, 48, "sqrt").changes


def test_rates_have_nine_digits_and_are_the_same_if_those_are() -> None:
    config = read("constant_learning_rate { learning_rate: 0.5 }")
    assert "learning_rate: 0.166666667 }" in scale_rates(config, Fraction(1, 3)).text
    assert "learning_rate: 0.50000001 }" in set_peak(config, 0.50000001).text
    assert not set_peak(config, 0.500000004).changes


def test_a_factor_of_1_writes_no_defaults() -> None:
    assert (
        scale_rates(read("cosine_decay_learning_rate { learning_rate_base: 0.1 }"), 1).changes == ()
    )
    assert not set_batch_size(read(PIPELINE), 64).changes


def test_batch_size() -> None:
    linear = set_batch_size(read(PIPELINE), 128).text
    assert "batch_size: 128  # of one machine\n" in linear
    assert "learning_rate_base: 0.16  # peak\n" in linear
    assert "min_learning_rate: 2e-05\n" in linear
    peaks = {rule: peak_of(set_batch_size(read(PIPELINE), 128, rule).config) for rule in RULES}
    assert peaks == pytest.approx({"linear": 0.16, "sqrt": 0.08 * math.sqrt(2)})
    scaling = PIPELINE.replace("1e-5", "1e-5 batch_size_scaling { reference_batch_size: 64 }")
    assert set_batch_size(read(scaling), 128).text == scaling.replace("64  #", "128  #")
    with pytest.raises(RatesError, match=r"does not set `train_config\.batch_size`"):
        set_batch_size(read(PIPELINE.replace("batch_size: 64", "")), 128)


def test_warmup() -> None:
    assert set_warmup(read(PIPELINE), 50).text == PIPELINE.replace("s: 100 ", "s: 50 ").replace(
        "warmup_steps: 100", "warmup_steps: 50"
    )
    path = "train_config.optimizer.momentum_optimizer.learning_rate"
    for text, said in (
        ("constant_learning_rate {}", "has no warmup"),
        (
            PIPELINE.replace("    min_", "    warmup { warmup_steps: 5 }\n    min_"),
            rf"several warmups, `{path}\.\S+\.warmup_steps` and `{path}\.warmup\.warmup_steps`\.",
        ),
    ):
        with pytest.raises(RatesError, match=said):
            set_warmup(read(text), 50)
    percent = "constant_learning_rate {} warmup { warmup_steps: 5 } step_unit: PERCENT_OF_RUN"
    with pytest.raises(RatesError, match="5 % of 1000, and not a number of steps"):
        set_warmup(read(percent, num_steps=1000), 50)


def test_what_changed() -> None:
    config = read(PIPELINE)
    assert changed_fields(config, set_batch_size(config, 32).config) == [
        "train_config.batch_size: 64 -> 32",
        "train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate"
        ".learning_rate_base: 0.08 -> 0.04",
        "train_config.optimizer.momentum_optimizer.learning_rate.min_learning_rate: 1e-05 -> 5e-06",
        "train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate"
        ".warmup_learning_rate: (not set) -> 0.0001",
    ]


def refusal(config: Config) -> str:
    with pytest.raises(RatesError) as refused:
        scale_rates(config, 2)
    return str(refused.value)


def test_rates_that_would_not_be_as_high_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = read("constant_learning_rate { learning_rate: 0.5 }\nwarmup { warmup_steps: 5 }")
    said = (
        "a.config: the rate would not be 2 times as high at every step: change the rates of `%s`"
        " by hand"
    )
    monkeypatch.setattr(rates, "_text", lambda value, factor: "0.3")  # as a fault would
    assert refusal(config) == said % "constant_learning_rate"
    monkeypatch.undo()
    # Without a schedule it is not known.
    text = "multi_step_learning_rate { initial_learning_rate: 0.5 milestones: [7, 5] }"
    assert refusal(examine(Source("a.config", text))) == said % "multi_step_learning_rate"


def test_rates_of_another_package_are_refused_at_their_place() -> None:
    text = "min_learning_rate: 0.1\n  custom { [type.googleapis.com/a.B] { } }"
    assert refusal(examine(Source("a.config", text))) == (
        "a.config:2:3: `custom` holds a custom schedule from another package, whose rates are not"
        " known: change it by hand"
    )
