"""The rates at arrays of steps: whatever their order, shape and number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.schedules import evaluation, numpy_operations
from schedule_builder.schedules.curves import MAX_STEP, Constant, Exponential, Interpolation
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from tests.schedules.test_curves import CURVE_EXAMPLES


def stages(every: int, curves: Any = CURVE_EXAMPLES) -> Schedule:
    """Curves one after the other, each for some steps."""
    return Schedule(
        tuple(Segment(every * i, curve, every * i - 1) for i, curve in enumerate(curves))
    )


def assert_same(schedule: Schedule, steps: Any) -> None:
    wanted = [schedule(int(step)) for step in steps.ravel()]
    found = schedule(steps)
    assert found.dtype == np.float64
    assert found.shape == steps.shape
    np.testing.assert_allclose(found.ravel(), wanted, rtol=1e-14, atol=0)


ORDERS: dict[str, Callable[[Any], Any]] = {
    "sorted": lambda steps: steps,
    "falling": lambda steps: steps[::-1],
    "shuffled": lambda steps: np.random.default_rng(0).permutation(steps),
    "with gaps": lambda steps: steps[::7],
    "a column": lambda steps: steps.reshape(-1, 2)[:, 1],
    "a table": lambda steps: steps.reshape(2, -1).T,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("every", [3, 50, 400, 3000])
def test_arrays_of_any_order(order: str, every: int) -> None:
    """Segments of a few steps and of thousands, in arrays that are longer than a part of them."""
    schedule, chunk = stages(every), 8192
    with mock.patch.object(numpy_operations, "_CHUNK", chunk):
        assert_same(schedule, ORDERS[order](np.arange(2 * chunk + 400)))


@given(
    steps=st.lists(st.integers(-(2**63), MAX_STEP), max_size=20),
    near=st.lists(st.integers(-5, 800), max_size=20),
)
def test_any_integers(steps: list[int], near: list[int]) -> None:
    # The last of the examples, a combination, has a rate at every step.
    schedule = stages(40, [*CURVE_EXAMPLES[:3], *CURVE_EXAMPLES[-1:]])
    assert_same(schedule, np.array(steps + near, np.int64))


def test_a_rate_for_each_stage_is_looked_up() -> None:
    schedule = stages(10, [Constant(0.1 / (1 + i)) for i in range(3000)])
    for order in ORDERS.values():
        assert_same(schedule, order(np.arange(40_000)))


@pytest.mark.parametrize("curve", CURVE_EXAMPLES)
def test_a_segment_that_no_step_is_in(curve: Any) -> None:
    schedule = stages(10, [Constant(0.5), curve, Interpolation(0.1, 0.0, 9)])
    assert_same(schedule, np.array([5, 25]))
    assert_same(schedule, np.array([25, 5]))


def test_nothing_is_evaluated_for_no_steps() -> None:
    for shape in ((0,), (2, 0, 3)):
        assert stages(5)(np.zeros(shape, np.int64)).shape == shape


def test_the_result_is_the_callers() -> None:
    for curves in ([Constant(0.5)], [Interpolation(0.1, 0.0, 9)]):
        schedule, steps = stages(5, curves), np.arange(5)
        schedule(steps)[:] = 7
        np.testing.assert_array_equal(steps, range(5))
        assert schedule(steps)[0] != 7


def test_a_table_is_made_once() -> None:
    """Also where many arrays are asked for, and in parts."""
    schedule = stages(2, [Interpolation(0.1, 0.0, 9 + i) for i in range(500)])
    steps = np.random.default_rng(0).integers(0, 1200, 3 * numpy_operations._CHUNK)
    with mock.patch.object(evaluation, "tabulated", wraps=evaluation.tabulated) as made:
        for _ in range(3):
            schedule(steps)
        schedule(np.arange(600))
    assert made.call_count == 1


def test_a_member_of_a_combination_is_evaluated_at_its_own_steps() -> None:
    members = (stages(7, CURVE_EXAMPLES[:6]), stages(90, CURVE_EXAMPLES[3:9]))
    schedule = Schedule(
        (Segment(0, Constant(0.5), 0), Segment(900, Combination("max", members), 900))
    )
    assert_same(schedule, np.arange(20_000))


def test_negative_steps_are_the_first_one() -> None:
    line = Schedule((Segment(0, Interpolation(0.1, 0.9, 9), 0),))
    early = Schedule((Segment(0, Constant(0.5), 0), Segment(1, Interpolation(0.1, 0.9, 9), 0)))
    for schedule in (line, early):
        for steps in ([-5], [-5, 0], [-5, 1], [-1, -2], [0], [0, 1]):
            assert_same(schedule, np.array(steps))


@pytest.mark.parametrize("count", [1, 4, 600])
def test_floors_hold_in_arrays(count: int) -> None:
    """However few or many segments and steps there are."""
    curves = [Interpolation(0.1, 0.0, 10), Constant(0.01), Exponential(0.5, 0.5, 2)] * count
    schedule = stages(10, curves).with_floor(0.05)
    assert_same(schedule, np.arange(10))
    assert_same(schedule, np.arange(10 * len(curves)))
    assert schedule(np.array([9]))[0] == 0.05


def test_a_curve_without_steps_in_a_sorted_array() -> None:
    schedule = stages(10, [Constant(0.5), *[Exponential(0.5, 0.5, 2)] * 3, Constant(0.25)])
    steps = np.repeat([5, 15, 45], 600)
    assert_same(schedule, steps)
    assert_same(schedule, steps[::-1])
