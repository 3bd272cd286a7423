"""The reference and the NumPy evaluator, against other systems' numbers and a second derivation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mpf

from schedule_builder import ConfigError, Schedule, build_schedule
from schedule_builder.curves import MAX_STEP
from schedule_builder.v1 import learning_rate_pb2 as pb

from . import oracle
from .drawing import configs, learning_rates, simple_kinds, warmed_up
from .goldens import CASES, FILES, Golden, config_of, needs_data

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
    schedule = build_schedule(message)
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
def test_a_step_is_a_whole_number(step: object) -> None:
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


@pytest.mark.parametrize("begins", [(), (1,), (0, 0), (0, 5, 4)])
def test_segments_have_an_order(begins: tuple[int, ...]) -> None:
    segment = schedule_of("constant_learning_rate {}").segments[0]
    with pytest.raises(ValueError, match="increasing"):
        Schedule(tuple(type(segment)(b, segment.curve, 0) for b in begins))
