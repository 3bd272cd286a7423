"""What curves say of themselves."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.schedules.curves import (
    CURVES,
    MAX_STEP,
    Constant,
    CosineCycle,
    Cycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PolynomialCycle,
    PowerLaw,
    Sigmoid,
)
from schedule_builder.schedules.numpy_operations import NumPyOperations
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from schedule_builder.schedules.search import first_true, narrowed


def alone(curve: Any) -> Schedule:
    return Schedule((Segment(0, curve, 0),))


CURVE_EXAMPLES: list[Any] = [
    Constant(0.1),
    Interpolation(0.1, 0.3, 7),
    Interpolation(0.1, 0.3, 7, "cosine", delay=2),
    Interpolation(0.3, 0.1, 7, "power_of_elapsed", 0.5),
    Interpolation(0.3, 0.1, 7, "power_of_remaining", 2.0),
    Geometric(0.1, 0.3, 7),
    Exponential(0.1, 0.5, 7),
    Exponential(0.1, 0.5, 7, staircase=True),
    InverseTime(0.1, 0.5, 7),
    PowerLaw(0.1, 3, -0.5),
    PolynomialCycle(0.3, 0.1, 7, 2.0),
    CosineCycle(0.3, 0.1, 7, 0.5),
    Cycle(0.1, 0.3, 3, 4, cycle_factor=0.5),
    Sigmoid(0.3, 0.1, 7, -3.0, 3.0),
    Combination("max", (alone(Cycle(0.1, 0.3, 3, 4)), alone(Constant(0.2)))),
]
OPERATIONS = NumPyOperations(np.array([], np.int64))
EXAMPLES = [pytest.param(curve, id=f"{curve.name}-{n}") for n, curve in enumerate(CURVE_EXAMPLES)]


def test_every_curve_has_an_example_and_a_name() -> None:
    assert {type(curve) for curve in CURVE_EXAMPLES} == set(CURVES.values())
    assert all(CURVES[curve.name] is type(curve) for curve in CURVE_EXAMPLES)


@pytest.mark.parametrize("curve", EXAMPLES)
def test_a_constant_curve_says_so(curve: Any) -> None:
    rates = {alone(curve)(step) for step in range(1, 8)}

    assert curve.is_constant == (len(rates) == 1)


@pytest.mark.parametrize("curve", EXAMPLES)
def test_a_curve_that_repeats_rises_again(curve: Any) -> None:
    """And one that does not goes one way, from its beginning to its end."""
    if isinstance(curve, Combination):
        return
    first = int(getattr(curve, "delay", 0)) + 1
    last = first + int(getattr(curve, "length", 29)) - 1
    rates = [alone(curve)(step) for step in range(first, last + 1)]
    rises = any(after > before + 1e-9 for before, after in pairwise(rates))
    falls = any(after < before - 1e-9 for before, after in pairwise(rates))

    assert (rises and falls) == curve.repeats


@pytest.mark.parametrize(
    ("curve", "turns"),
    [
        (Constant(0.1), []),
        (Interpolation(0.1, 0.3, 7), []),
        (Exponential(0.1, 0.5, 7), [7, 14]),
        (CosineCycle(0.3, 0.1, 7), [7, 14]),
        (PolynomialCycle(0.3, 0.1, 7, 2.0), [7, 14]),
        (Cycle(0.1, 0.3, 3, 4), [3, 7, 10, 14, 17]),
        (Combination("max", (alone(Cycle(0.1, 0.3, 3, 4)),)), [3, 7, 10, 14, 17]),
    ],
)
def test_a_curve_says_where_it_turns(curve: Any, turns: list[int]) -> None:
    assert [turn for turn in curve.turns(0, 19) if 0 < turn < 19] == turns
    if not isinstance(curve, Combination):
        assert curve.first_turn == (turns[0] if turns else None)


def test_of_many_cycles_the_first_are_looked_at() -> None:
    turns = list(islice(CosineCycle(0.3, 0.1, 1).turns(0, MAX_STEP), 10_000))

    assert len(turns) < 1000
    assert turns[:3] == [0, 1, 2]


@pytest.mark.parametrize("curve", EXAMPLES)
def test_formulas_take_numbers_by_name(curve: Any) -> None:
    """In another order they would give the same rates: nothing counts positions."""
    columns = curve.columns(5, OPERATIONS)

    assert columns._fields
    rates = curve.formula(OPERATIONS, np.array([8]), [curve], columns)
    assert rates == pytest.approx(Schedule((Segment(0, curve, 5),))(8))
    constant = curve.constant_columns([curve], 0.25, OPERATIONS)
    assert constant is None or type(constant) is type(columns)


@pytest.mark.parametrize("curve", EXAMPLES)
def test_a_scaled_curve_has_scaled_rates(curve: Any) -> None:
    for step in (0, 1, 3, 8):
        assert alone(curve.scaled(2.0))(step) == pytest.approx(2 * alone(curve)(step))


@given(length=st.integers(1, 1000), origin=st.integers(-100, 100), delay=st.integers(0, 50))
def test_a_line_means_the_same_wherever_it_begins(length: int, origin: int, delay: int) -> None:
    line = Interpolation(0.5, 0.25, length, delay=delay)
    later = Interpolation(0.5, 0.25, length, delay=delay + 7)

    assert line.meaning(origin) == later.meaning(origin - 7)
    assert line.meaning(origin) != line.meaning(origin + 1)


@given(answer=st.integers(1, MAX_STEP), low=st.integers(-5, 0))
def test_the_first_step_is_found(answer: int, low: int) -> None:
    assert first_true(lambda step: step >= answer, low, MAX_STEP) == answer
    begin, end = narrowed(lambda step: step >= answer, low, MAX_STEP, width=100)
    assert begin < answer <= end <= begin + 100
