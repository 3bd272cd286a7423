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
        (Cycle(0.1, 0.3, 1, 1), list(range(1, 19))),
        (PolynomialCycle(0.3, 0.1, 1, 2.0), list(range(1, 19))),
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


CYCLES = [
    *(Cycle(0.1, 0.3, up, down) for up in (1, 3, 7) for down in (1, 4)),
    *(Cycle(0.1, 0.3, 4, 5, cycle, step) for cycle in (0.5, 1.0, 1.5) for step in (0.7, 0.9, 1.1)),
    *(Cycle(0.1, 0.3, up, 20, 1.0, step) for up in (3, 20) for step in (0.8, 0.99, 1.01, 1.2)),
    *(Cycle(0.3, 0.1, up, 20, 1.0, step) for up in (3, 20) for step in (0.8, 0.99)),
    *(CosineCycle(0.3, 0.1, period, factor) for period in (1, 2, 7) for factor in (1.0, 0.5, 1.5)),
    *(PolynomialCycle(0.3, 0.1, steps, power) for steps in (1, 2, 7) for power in (0.5, 1.0, 2.0)),
    PolynomialCycle(0.1, 0.3, 7, 2.0),
]


@pytest.mark.parametrize("curve", CYCLES)
def test_the_highest_and_the_lowest_rate_of_cycles(curve: Any) -> None:
    """Of every range of steps, by walking it."""
    rates = alone(curve).rates(range(120))
    for first in range(0, 60, 1):
        for last in {first, first + 1, first + 4, first + 11, first + 30, first + 59}:
            found = curve.extremes(first, last)
            assert found == sorted(found)
            assert first == found[0]
            assert last == found[-1]
            for best in (min, max):
                wanted = best(rates[first : last + 1])
                assert best(rates[step] for step in found) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("curve", CYCLES)
def test_far_cycles_are_highest_and_lowest_where_near_ones_are(curve: Any) -> None:
    """A few steps are enough, however many cycles there are."""
    found = curve.extremes(5, 10**12)
    assert len(found) < 40
    assert found[0] == 5
    assert found[-1] == 10**12


@pytest.mark.parametrize("curve", [*EXAMPLES, Cycle(0.1, 0.3, 3, 4, step_factor=0.5)])
def test_the_numbers_for_a_constant_give_it_at_every_step(curve: Any) -> None:
    """Whatever stands where any number is right, and with every variant of the formula."""
    steps = np.array([0, 1, 5, 6, 7, 100, 10**6])
    for rate in (0.25, 0.0):
        columns = curve.constant_columns([curve], rate, OPERATIONS)
        if columns is None:
            assert type(curve) in (PolynomialCycle, Combination) or curve.shape.startswith("power")
            continue
        for anything in (1, 7):
            numbers = {k: anything if v is None else v for k, v in columns._asdict().items()}
            with np.errstate(all="ignore"):
                rates = curve.formula(OPERATIONS, steps, [curve], columns._replace(**numbers))
            assert set(np.broadcast_to(rates, steps.shape).tolist()) == {rate}
