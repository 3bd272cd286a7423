"""The reference and the NumPy evaluator, against other systems' numbers and a second derivation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf

from schedule_builder import ConfigError, Schedule, build_schedule
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support import oracle
from tests.support.drawing import configs, learning_rates, simple_kinds, warmed_up
from tests.support.goldens import CASES, FILES, Golden, config_of, needs_data
from tests.support.units import by_hand_too

MAX_ULPS = 8
"""How many units in float64's last place an evaluator may be off."""


def parse(text: str) -> pb.LearningRate:
    return text_format.Parse(text, pb.LearningRate())


def schedule_of(text: str) -> Schedule:
    return build_schedule(parse(text))


def telling_steps(schedule: Schedule) -> list[int]:
    """Both sides of every boundary, and steps far away."""
    steps = {0, 1, 2**24 + 1, 2**31, 2**40 - 1, 2**40}
    for begin, after in zip(schedule.begins, [*schedule.begins[1:], None], strict=True):
        steps |= {begin - 1, begin, begin + 1}
        if after is not None:
            steps |= {(begin + after) // 2, after - 2}
    last = schedule.begins[-1]
    end = last - 1 if math.isnan(schedule(last)) else 2**40
    return sorted(s for s in steps if 0 <= s <= end)


def ulps(got: float, wanted: Any) -> float:
    """How far a float64 is from an exact value, in units of the last place of that value."""
    unit = max(math.ulp(float(wanted)), 2.0**-1074)
    return float(abs(mpf(got) - wanted) / unit)


def check_golden(golden: Golden, schedule: Schedule) -> None:
    wanted = np.array(golden.values)
    tolerance = 5e-6 * max(golden.values)
    reference = np.array([schedule(step) for step in golden.steps])
    np.testing.assert_allclose(reference, wanted, rtol=0, atol=tolerance)
    arrays = schedule(np.array(golden.steps, np.int64))
    np.testing.assert_allclose(arrays, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("golden", CASES, ids=str)
def test_cases(golden: Golden) -> None:
    if golden.is_refused:
        with pytest.raises(ConfigError) as refusal:
            build_schedule(config_of(golden))
        assert all(d.row >= 1 and d.column >= 1 for d in refusal.value.diagnostics)
    else:
        check_golden(golden, build_schedule(config_of(golden)))


@needs_data
@pytest.mark.parametrize("golden", FILES, ids=str)
def test_files(golden: Golden) -> None:
    if golden.is_refused:
        with pytest.raises(ConfigError):
            build_schedule(golden.path)
    else:
        check_golden(golden, build_schedule(golden.path))


@given(configs)
def test_evaluators_are_exact(message: Any) -> None:
    check_exact(build_schedule(message), message)


@given(by_hand_too())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_evaluators_are_exact_under_units(drawn: tuple[Any, Any, int, int]) -> None:
    message, in_steps, num_steps, batch_size = drawn
    config = examine(
        Source("a.config", text_format.MessageToString(message)),
        num_steps=num_steps,
        batch_size=batch_size,
    )
    # What no kind can be in steps, such as an exponential decay to 0, no unit makes possible.
    assert all(d.code != "SB316" for d in config.diagnostics)
    assume(config.schedule is not None)
    schedule = build_schedule(config)
    check_exact(schedule, in_steps)


def check_exact(schedule: Schedule, message: Any) -> None:
    """What NumPy and Python compute is what 60 digits give for a message in steps."""
    steps = telling_steps(schedule)
    arrays = schedule(np.array(steps))
    for step, from_array in zip(steps, arrays, strict=True):
        wanted = oracle.rate(message, step)
        if wanted > 2.0**-126:
            assert ulps(schedule(step), wanted) <= MAX_ULPS, step
            assert ulps(float(from_array), wanted) <= MAX_ULPS, step
        else:
            assert 0 <= schedule(step) <= 2.0**-125
            assert 0 <= from_array <= 2.0**-125


def rates_in(message: Any) -> Iterator[float]:
    """Every rate that a message names, at any depth."""
    for declared in message.DESCRIPTOR.fields:
        value = getattr(message, declared.name)
        if declared.message_type is None:
            if "learning_rate" in declared.name or declared.name in ("values", "scale"):
                yield from [value] if isinstance(value, float) else value
        else:
            given = [value] if hasattr(value, "DESCRIPTOR") else value
            for part in given:
                if part.ListFields():
                    yield from rates_in(part)


@given(st.one_of(simple_kinds, warmed_up(simple_kinds)))
def test_rates_are_finite_and_bounded(message: pb.LearningRate) -> None:
    # The one kind whose rates can grow without end.
    assume(message.power_decay_learning_rate.power <= 0)
    schedule = build_schedule(message)
    highest = max(rates_in(message), default=0.0)
    for step in telling_steps(schedule):
        assert 0 <= schedule(step) <= highest * (1 + 1e-15)


@given(configs)
def test_plain_data_keeps_the_schedule(message: Any) -> None:
    schedule = build_schedule(message)
    data = json.dumps(schedule.to_dict(), allow_nan=False)
    assert Schedule.from_dict(json.loads(data)) == schedule


@given(learning_rates, st.integers(-(2**70), -1))
def test_negative_steps_mean_zero(message: pb.LearningRate, step: int) -> None:
    schedule = build_schedule(message)
    assert schedule(step) == schedule(0)
    assert schedule(np.array([max(step, -(2**63))]))[0] == schedule(np.array([0]))[0]


def test_manual_step_holds_the_new_rate_at_the_boundary() -> None:
    schedule = schedule_of(
        "manual_step_learning_rate { initial_learning_rate: 0.1"
        " schedule { step: 10 learning_rate: 0.01 } }"
    )
    assert [schedule(step) for step in (9, 10, 11)] == [0.1, 0.01, 0.01]


def test_piecewise_constant_holds_the_old_rate_at_the_boundary() -> None:
    schedule = schedule_of(
        "piecewise_constant_learning_rate { boundaries: 10 values: 0.1 values: 0.01 }"
    )
    assert [schedule(step) for step in (9, 10, 11)] == [0.1, 0.1, 0.01]


def test_the_last_steps_of_a_cosine_are_not_zero() -> None:
    schedule = schedule_of(
        "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 4000000"
        " warmup_steps: 0 }"
    )
    assert schedule(3_999_999) == pytest.approx(0.1 * (math.pi / 8e6) ** 2, rel=1e-12)
    assert schedule(4_000_000) == 0


def test_words() -> None:
    schedule = schedule_of(
        "cosine_decay_learning_rate { learning_rate_base: 0.08 total_steps: 5000"
        " warmup_learning_rate: 0.01 warmup_steps: 500 hold_base_rate_steps: 1 }"
    )
    assert str(schedule).splitlines() == [
        "steps 0..499     a straight line from 0.01 to 0.08 over 500 steps",
        "step 500         constant 0.08",
        "steps 501..4999  half a cosine from 0.08 to 0 over 4499 steps",
        "steps 5000..     constant 0",
    ]


def test_a_long_warmup_is_one_segment() -> None:
    schedule = schedule_of(
        "manual_step_learning_rate { initial_learning_rate: 0.001 warmup: true"
        " schedule { step: 4000000000 learning_rate: 0.1 } }"
    )
    assert len(schedule.segments) == 2


@pytest.mark.parametrize("step", [0.0, 1.5, True, "1", None])
def test_a_step_is_a_whole_number(step: Any) -> None:
    schedule = schedule_of("constant_learning_rate {}")
    with pytest.raises(TypeError):
        schedule(step)


def test_array_steps_are_whole_numbers() -> None:
    schedule = schedule_of("constant_learning_rate {}")
    with pytest.raises(TypeError, match="float64"):
        schedule(np.array([1.0]))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64])
def test_arrays_of_any_integers_and_shape(dtype: Any) -> None:
    schedule = schedule_of("cosine_decay_learning_rate { total_steps: 100 warmup_steps: 10 }")
    steps = np.arange(120, dtype=dtype).reshape(2, 3, 20)
    found = schedule(steps)
    assert found.shape == steps.shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.ravel(), [schedule(i) for i in range(120)], rtol=1e-15, atol=0)


def test_the_largest_steps() -> None:
    schedule = schedule_of(
        "piecewise_constant_learning_rate {"
        f" boundaries: {MAX_STEP - 1} values: 0.1 values: 0.01 }}"
    )
    assert [schedule(MAX_STEP + i) for i in (-1, 0, 1)] == [0.1, 0.01, 0.01]
    assert list(schedule(np.array([MAX_STEP - 1, MAX_STEP]))) == [0.1, 0.01]
    assert schedule(np.array([2**64 - 1], np.uint64))[0] == 0.01


CYCLIC = (
    "cyclic_learning_rate {{ base_learning_rate: 0.1 max_learning_rate: 1.0 step_size_up: {}"
    " step_size_down: {} {} }}"
)


def test_a_cycle_that_never_ends() -> None:
    for text, wanted in (
        (CYCLIC.format(10, MAX_STEP, ""), [0.1, 0.55, 1, 1, 1]),
        (CYCLIC.format(MAX_STEP, 1, "mode: TRIANGULAR2"), [0.1] * 5),
    ):
        schedule = schedule_of(text)
        assert [schedule(step) for step in (0, 5, 10, 11, 100)] == pytest.approx(wanted)
        np.testing.assert_allclose(schedule(np.array([0, 5, 10, 11, 100])), wanted)
    with pytest.raises(ConfigError, match="SB308"):
        schedule_of(CYCLIC.format(10, MAX_STEP, "mode: EXP_RANGE gamma: 0.9"))


def test_restarts_of_height_nothing_in_every_number_system() -> None:
    schedule = schedule_of(
        "cosine_restarts_learning_rate { initial_learning_rate: 0.1 first_decay_steps: 10"
        " t_mul: 1 m_mul: 0 alpha: 0.5 }"
    )
    assert [schedule(step) for step in (0, 5, 10, 11)] == pytest.approx([0.1, 0.075, 0.05, 0.05])


@pytest.mark.parametrize("t_mul", [1.0125, 1.0333333333333334, 10 / 9])
def test_restarts_of_any_length_are_plain_data(t_mul: float) -> None:
    schedule = schedule_of(
        "cosine_restarts_learning_rate { initial_learning_rate: 0.1 first_decay_steps: 10"
        f" t_mul: {t_mul!r} }}"
    )
    text = json.dumps(schedule.to_dict())
    assert len(text) < 2_000_000
    assert Schedule.from_dict(json.loads(text)) == schedule


def load_text(text: str, num_steps: int) -> Schedule:
    pipeline = (
        f"train_config {{ num_steps: {num_steps} optimizer {{ adam_optimizer {{ learning_rate {{"
        f" {text} }} }} }} }}"
    )
    config = examine(Source("a.config", pipeline))
    if config.schedule is None:
        raise ConfigError(config.diagnostics)
    return config.schedule


INVERSE = (
    "inverse_time_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: {} decay_rate: {}"
    " {} }}"
)
POLYNOMIAL = (
    "polynomial_decay_learning_rate {{ initial_learning_rate: {} end_learning_rate: {}"
    " decay_steps: {} {} }}"
)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (INVERSE.format(10, -1, ""), 10),
        (INVERSE.format(10, -0.7, "") + " min_learning_rate: 0.1", 15),
        (INVERSE.format(10, -0.7, "staircase: true"), 20),
        (CYCLIC.format(50, 50, "mode: EXP_RANGE gamma: 3"), 82),
        (POLYNOMIAL.format(1, 0, 10, "power: -1 cycle: true"), 10),
    ],
)
def test_the_first_step_without_a_rate_is_named(text: str, step: int) -> None:
    with pytest.raises(ConfigError, match=f"SB309.* the rate at step {step} is "):
        load_text(text, 200)
    load_text(text, step)


def test_a_product_may_overflow_in_its_middle() -> None:
    lines = [POLYNOMIAL.format(*ends, 10_000, "") for ends in ((0, 4e19), (4e19, 0))]
    members = " ".join(f"learning_rates {{ {line} }}" for line in lines)
    with pytest.raises(ConfigError, match="SB309"):
        load_text(f"combined_learning_rate {{ op: PRODUCT {members} }}", 10_000)


@pytest.mark.parametrize(
    "text",
    [
        "tanh_decay_learning_rate { learning_rate_base: 0.1 total_steps: 9 lower: -1e308 upper: 3}",
        INVERSE.format(1, 1e308, ""),
        "warmup_stable_decay_learning_rate { peak_learning_rate: 1e30 stable_steps: 1"
        " decay_steps: 9 end_learning_rate: 1e-300 decay_shape: EXPONENTIAL }",
    ],
)
def test_numbers_that_no_float_holds_are_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="SB309"):
        load_text(text, 100)


@pytest.mark.parametrize(
    "text",
    [
        "exponential_decay_learning_rate { initial_learning_rate: 0 decay_steps: 1"
        " decay_factor: 2 }",
        "multi_step_learning_rate { initial_learning_rate: 0 milestones: 5 decay_factor: 3e38 }",
        "cosine_restarts_learning_rate { initial_learning_rate: 0 first_decay_steps: 1 m_mul: 1e9}",
        "cyclic_learning_rate { base_learning_rate: 0 max_learning_rate: 0 mode: EXP_RANGE"
        " gamma: 9 }",
    ],
)
def test_nothing_grows_from_0(text: str) -> None:
    schedule = schedule_of(text)
    assert {schedule(step) for step in (0, 10, 2000, 2**40)} == {0.0}


def test_a_stage_beyond_the_largest_step_never_begins() -> None:
    stage = (
        "stage {{ steps: {} learning_rate {{ constant_learning_rate {{ learning_rate: {} }} }} }}"
    )
    stages = " ".join(stage.format(*pair) for pair in ((MAX_STEP, 0.1), (2, 0.2), (3, 0.3)))
    schedule = schedule_of(f"sequential_learning_rate {{ {stages} }}")
    assert (schedule(MAX_STEP - 1), schedule(MAX_STEP)) == (0.1, 0.2)


@pytest.mark.parametrize("begins", [(), (1,), (0, 0), (0, 5, 4)])
def test_segments_have_an_order(begins: tuple[int, ...]) -> None:
    segment = schedule_of("constant_learning_rate {}").segments[0]
    with pytest.raises(ValueError, match="increasing"):
        Schedule(tuple(type(segment)(b, segment.curve, 0) for b in begins))
