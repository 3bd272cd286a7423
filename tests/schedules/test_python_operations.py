"""The rate at one step, in Python: compiled once, for any integer, without missing operations."""

from __future__ import annotations

import copy
import math
import pickle
from enum import IntEnum
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.schedules import python_operations
from schedule_builder.schedules.curves import (
    MAX_STEP,
    Constant,
    CosineCycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PowerLaw,
    Sigmoid,
)
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from tests.schedules.test_curves import CURVE_EXAMPLES


def of_curves(*curves: Any, every: int = 10) -> Schedule:
    """A schedule whose curves begin every some steps."""
    return Schedule(tuple(Segment(every * i, curve, every * i) for i, curve in enumerate(curves)))


FEW = of_curves(Interpolation(0.0, 0.1, 10), Constant(0.1), Interpolation(0.1, 0.0, 10, "cosine"))
MANY = of_curves(*[segment.curve for segment in FEW.segments] * 4)
EVALUATORS = [pytest.param(FEW, id="few"), pytest.param(MANY, id="many")]


class Epoch(IntEnum):
    LAST = 15


@pytest.mark.parametrize("schedule", EVALUATORS)
@pytest.mark.parametrize(
    "step", [15, Epoch.LAST, np.int8(15), np.uint64(15), np.array(15), np.array([15])[0]]
)
def test_whatever_is_an_integer_is_a_step(schedule: Schedule, step: Any) -> None:
    rate = schedule(step)
    assert (type(rate), rate) == (float, 0.1)


@pytest.mark.parametrize("schedule", EVALUATORS)
@pytest.mark.parametrize(
    "step",
    [True, np.bool_(1), 1.0, np.float32(1), math.nan, math.inf, 1j, "1", b"1", None, [1], (1,), {}],
)
def test_whatever_is_not_an_integer_is_a_type_error(schedule: Schedule, step: Any) -> None:
    # Also after the formula is compiled.
    for _ in range(2):
        with pytest.raises(TypeError):
            schedule(step)
        schedule(1)


@pytest.mark.parametrize("dtype", [bool, float, "float32", complex, object, "U1", "datetime64[s]"])
def test_an_array_of_anything_else_is_a_type_error(dtype: Any) -> None:
    with pytest.raises(TypeError, match="dtype"):
        FEW(np.zeros(3, dtype))


@pytest.mark.parametrize("curve", CURVE_EXAMPLES)
@pytest.mark.parametrize("others", [0, 20])
def test_steps_without_a_rate_of_their_own(curve: Any, others: int) -> None:
    """Negative steps mean 0, and steps beyond the largest mean that one."""
    if isinstance(curve, PowerLaw):
        return
    constants = [Constant(0.5 + i) for i in range(others)]
    first, last = of_curves(curve, *constants), of_curves(*constants, curve)
    assert first(-1) == first(-(2**80)) == first(0)
    assert last(2**80) == last(MAX_STEP + 1) == last(MAX_STEP)


def test_schedules_that_differ_in_numbers_alone_share_their_code() -> None:
    one, other = (of_curves(Interpolation(0.1, 0.0, n, "cosine"), Constant(n)) for n in (5, 9))
    assert one(3) != other(3)
    assert one.rate_at.__code__ is other.rate_at.__code__


def test_a_formula_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for schedule in (copy.deepcopy(FEW), copy.deepcopy(MANY)):
        fresh = Schedule(schedule.segments)
        wanted = [fresh(step) for step in range(130)]
        monkeypatch.setattr(python_operations, "_function", None)
        assert [fresh(step) for step in range(130)] == wanted
        monkeypatch.undo()


def test_of_many_segments_those_are_compiled_that_are_used() -> None:
    original = python_operations.segment_rate
    with mock.patch.object(python_operations, "segment_rate", wraps=original) as compiled:
        schedule = of_curves(*(Interpolation(0.1, 0.0, 10 + i) for i in range(1000)))
        for step in (5, 6, 5005, 7):
            schedule(step)
    assert [call.args[0].begin for call in compiled.call_args_list] == [0, 5000]


@pytest.mark.parametrize("schedule", EVALUATORS)
def test_what_was_computed_is_not_part_of_a_schedule(schedule: Schedule) -> None:
    schedule(3), schedule(np.arange(9))
    for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
        assert again == schedule
        assert again(3) == schedule(3)
        assert again.segments[0].path == schedule.segments[0].path


@given(
    base=st.floats(1e-9, 1e9),
    power=st.floats(-9, 9),
    slope=st.floats(-9, 9),
    step=st.integers(1, 999),
)
def test_formulas_that_need_care_beside_plain_ones(
    base: float, power: float, slope: float, step: int
) -> None:
    """Whether or not a rounding needs to be corrected, the rate is what the formula says."""
    share = step / 1000
    for curve, wanted in (
        (Exponential(0.1, base, 1000), 0.1 * base**share),
        (Exponential(0.1, base, 99, staircase=True), 0.1 * base ** (step // 99)),
        (Geometric(0.1, 0.1 * base, 1000), 0.1 * base**share),
        (PowerLaw(0.1, 1000, power), 0.1 * share**power),
        (InverseTime(0.1, abs(slope), 1000), 0.1 / (1 + abs(slope) * share)),
        (InverseTime(0.1, -abs(slope) / 9, 1000), 0.1 / (1 - abs(slope) / 9 * share)),
        (Sigmoid(0.1, 0.0, 1000, -3.0, slope), 0.05 * (1 - math.tanh(-3 + (3 + slope) * share))),
    ):
        if 1e-300 < wanted < 1e300:
            schedule = of_curves(curve)
            assert schedule(step) == pytest.approx(wanted, rel=1e-9)
            assert schedule(np.array([step]))[0] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("steps", [9, 1000])
def test_a_combination_begins_where_it_begins(steps: int) -> None:
    members = (of_curves(CosineCycle(1.0, 0.5, 7)), MANY)
    schedule = Schedule(
        (Segment(0, Constant(2.0), 0), Segment(steps, Combination("product", members), steps))
    )
    assert schedule(steps - 1) == 2.0
    for step in (0, 3, 12, 119):
        assert schedule(steps + step) == members[0](step) * members[1](step)
