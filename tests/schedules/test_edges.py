"""Edges of curves and schedules: names, equality, ends of ranges, offsets and factors."""

from __future__ import annotations

import math

import pytest

from schedule_builder.schedules.curve import within
from schedule_builder.schedules.curves import Constant, Cycle, Exponential, InverseTime
from schedule_builder.schedules.schedule import Combination, Schedule, Segment, whole


def alone(curve: Constant | Cycle | Exponential) -> Schedule:
    return Schedule((Segment(0, curve, 0),))


def test_families_are_told_apart_by_what_they_compute() -> None:
    assert Exponential(0.1, 0.5, 7).family == "exponential"
    assert Exponential(0.1, 0.5, 7, staircase=True).family == "staircase"
    assert InverseTime(0.1, 0.5, 7).family == "inverse_time"
    assert InverseTime(0.1, 0.5, 7, staircase=True).family == "inverse_time_staircase"
    assert Cycle(0.1, 0.3, 3, 4).family == "rising_cycle"
    assert Cycle(0.3, 0.1, 3, 4).family == "falling_cycle"


def test_constants_are_equal_by_their_rate_and_nan_equals_nan() -> None:
    nan = Constant(math.nan)
    assert nan == Constant(math.nan)
    assert hash(nan) == hash(Constant(math.nan))
    assert Constant(0.1) == Constant(0.1)
    assert hash(Constant(0.1)) == hash(Constant(0.1)) != hash(Constant(0.2))
    assert Constant(0.1) != Constant(0.2)
    assert nan != Constant(0.1)
    assert Constant(0.1) != nan
    assert Constant(0.1) != 0.1
    assert len({Constant(0.1), Constant(0.1), Constant(0.2), nan, Constant(math.nan)}) == 3


def test_steps_within_a_range_include_both_ends() -> None:
    assert within(0, 7, {-1, 0, 3, 7, 8}) == [0, 3, 7]
    assert within(5, 7, {3}) == [5, 7]


def test_a_cycle_is_highest_beside_its_fractional_peak() -> None:
    cycle = alone(Cycle(0.0, 1.0, 3, 4))
    for first, last in ((0, 6), (1, 5), (2, 10), (3, 3), (7, 13), (8, 12)):
        rates = [cycle(step) for step in range(first, last + 1)]
        found = [cycle(step) for step in cycle.extremes(first, last)]
        assert (min(found), max(found)) == (min(rates), max(rates))


def test_a_schedule_that_starts_later_holds_its_first_rate_until_then() -> None:
    schedule = alone(Exponential(0.1, 0.5, 10)).starting_at(5)
    rates = [schedule(step) for step in (0, 4, 5, 15)]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.05])


@pytest.mark.parametrize("op", ["product", "min", "max"])
def test_a_combination_times_a_factor(op: str) -> None:
    members = (alone(Cycle(0.1, 0.3, 3, 4)), alone(Constant(0.2)), alone(Constant(0.25)))
    schedule = Schedule((Segment(0, Combination(op, members), 0),))
    for step in range(10):
        assert schedule.scaled(3.0)(step) == pytest.approx(3 * schedule(step))


@pytest.mark.parametrize(
    ("value", "limits"), [(0, "at least 1"), (-5, "at least 1"), (2**63, "at most")]
)
def test_a_number_beyond_its_limits_names_the_one_it_breaks(value: int, limits: str) -> None:
    assert whole(1, "n", at_least=1) == 1
    with pytest.raises(ValueError, match=limits):
        whole(value, "n", at_least=1)
