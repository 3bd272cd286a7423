"""Edges of curves and schedules: names, equality, ends of ranges, offsets and factors."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np
import pytest

from schedule_builder.schedules.curve import ends_of_cycles, periods, within
from schedule_builder.schedules.curves import (
    CURVES,
    MAX_STEP,
    Constant,
    CosineCycle,
    Curve,
    Cycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PolynomialCycle,
    PowerLaw,
    Sigmoid,
)
from schedule_builder.schedules.schedule import MAX_RATE, Combination, Schedule, Segment, whole


def alone(curve: Any) -> Schedule:
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


def test_the_largest_step_is_that_of_int64() -> None:
    assert np.iinfo(np.int64).max == MAX_STEP


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


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1]])
def test_a_number_is_a_whole_one(value: object) -> None:
    with pytest.raises(TypeError, match=r"^n must be a whole number\. Received: "):
        whole(value, "n")


def test_whole_numbers_up_to_their_limits() -> None:
    class Variable(NamedTuple):
        value: Any

        def numpy(self) -> Any:
            return self.value

    assert whole(Variable(np.int32(3)), "n") == 3
    assert whole(0, "n") == 0
    assert whole(MAX_STEP, "n") == MAX_STEP
    assert whole(7, "n", at_least=7, at_most=7) == 7
    with pytest.raises(ValueError, match=r"^n must be at least 0\. Received: -1$"):
        whole(-1, "n")
    with pytest.raises(ValueError, match=r"^n must be at most 9\. Received: 10$"):
        whole(10, "n", at_most=9)
    with pytest.raises(TypeError, match="whole number"):
        whole(Variable(np.float32(3)), "n")


LINE = Interpolation(0.5, 0.25, 8)
STAGES = Schedule(
    (
        Segment(0, Constant(0.125), 0, 0.0, ("first",)),
        Segment(4, LINE, 4, 0.0, ("second",)),
        Segment(12, Constant(0.25), 0),
    )
)


@pytest.mark.parametrize(
    ("curve", "data"),
    [
        (Constant(0.5), {"curve": "constant", "rate": 0.5}),
        (Constant(math.nan), {"curve": "constant", "rate": None}),
        (
            Interpolation(0.5, 0.25, Fraction(15, 2), "power_of_elapsed", 2.0, Fraction(1, 3)),
            {
                "curve": "interpolation",
                "start": 0.5,
                "end": 0.25,
                "length": "15/2",
                "shape": "power_of_elapsed",
                "power": 2.0,
                "delay": "1/3",
            },
        ),
        (Geometric(0.5, 0.25, 8), {"curve": "geometric", "start": 0.5, "end": 0.25, "length": 8}),
        (
            Combination("min", (alone(Constant(0.5)),)),
            {
                "curve": "combination",
                "op": "min",
                "members": [
                    {
                        "segments": [
                            {
                                "begin": 0,
                                "origin": 0,
                                "floor": 0.0,
                                "curve": "constant",
                                "rate": 0.5,
                            }
                        ]
                    }
                ],
            },
        ),
    ],
)
def test_plain_data_of_a_segment(curve: Any, data: dict[str, Any]) -> None:
    segment = Segment(3, curve, 2, 0.125)
    wanted = {"begin": 3, "origin": 2, "floor": 0.125, **data}
    assert segment.to_dict() == wanted
    again = Segment.from_dict(wanted)
    assert again == segment
    assert all(type(value) is type(vars(again.curve)[key]) for key, value in vars(curve).items())
    assert wanted == {"begin": 3, "origin": 2, "floor": 0.125, **data}


def test_names_of_curves_are_promises() -> None:
    """They stand in the plain data of schedules, which other programs keep."""
    assert set(CURVES) == {
        *("constant", "interpolation", "geometric", "sigmoid", "exponential", "inverse_time"),
        *("power_law", "polynomial_cycle", "cosine_cycle", "cycle", "combination"),
    }


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (Segment(3, Constant(0.5), 0), "constant 0.5"),
        (Segment(3, LINE, 3), "a straight line from 0.5 to 0.25 over 8 steps"),
        (
            Segment(3, LINE, 2, 0.125),
            "a straight line from 0.5 to 0.25 over 8 steps that began at step 2, never below 0.125",
        ),
        (
            Segment(0, Interpolation(0.5, 0.25, Fraction(15, 2), "cosine"), 0),
            "half a cosine from 0.5 to 0.25 over 7.5 steps",
        ),
        (
            Segment(0, Interpolation(0.5, 0.25, Fraction(16, 2), "power_of_elapsed", 2.0), 0),
            "a power curve of power 2 from 0.5 to 0.25 over 8 steps",
        ),
        (
            Segment(0, Interpolation(0.5, 0.25, 8, "power_of_remaining", 0.5), 0),
            "a power curve of power 0.5 from 0.5 to 0.25 over 8 steps",
        ),
        (Segment(0, Geometric(0.5, 0.25, 8), 0), "exponential from 0.5 to 0.25 over 8 steps"),
        (
            Segment(0, Sigmoid(0.5, 0.25, 8, -3.0, 3.0), 0),
            "a hyperbolic tangent from 0.5 to 0.25 over 8 steps",
        ),
        (Segment(0, Constant(math.nan), 0), "no rate"),
        (Segment(0, PowerLaw(0.5, 1, -0.5), 0), "0.5 s^-0.5, s being the steps of a curve"),
        (Segment(0, PowerLaw(0.5, 3, -0.5), 0), "0.5 (s / 3)^-0.5, s being the steps of a curve"),
        (
            Segment(0, Exponential(0.5, 0.25, 8), 0),
            "exponential from 0.5, times 0.25 smoothly over 8 steps",
        ),
        (
            Segment(0, Exponential(0.5, 0.25, 8, staircase=True), 0),
            "exponential from 0.5, times 0.25 in a step every 8 steps",
        ),
        (
            Segment(0, InverseTime(0.5, 0.25, 8), 0),
            "0.5 / (1 + 0.25 n), n growing by 1 smoothly over 8 steps",
        ),
        (
            Segment(0, InverseTime(0.5, 0.25, 8, staircase=True), 0),
            "0.5 / (1 + 0.25 n), n growing by 1 in a step every 8 steps",
        ),
        (
            Segment(0, PolynomialCycle(0.5, 0.25, 8, 2.0), 0),
            "a power curve of power 2 from 0.5 to 0.25, at every 8 steps, restarting stretched",
        ),
        (
            Segment(0, CosineCycle(0.5, 0.25, 8), 0),
            "half cosines from 0.75 to 0.25 over 8 steps, repeated",
        ),
        (
            Segment(0, CosineCycle(0.5, 0.25, 8, 0.5), 0),
            "half cosines from 0.75 to 0.25 over 8 steps, repeated, each 0.5 times as high as"
            " the last",
        ),
        (
            Segment(0, Cycle(0.25, 0.5, 3, 5), 0),
            "a triangle from 0.25 to 0.5 in 3 steps and back in 5, repeated",
        ),
        (
            Segment(0, Cycle(0.25, 0.5, 3, 5, 0.5, 0.75), 0),
            "a triangle from 0.25 to 0.5 in 3 steps and back in 5, repeated, its height times"
            " 0.5 at each cycle, its height times 0.75 at each step",
        ),
        (
            Segment(0, Combination("max", (STAGES, alone(Constant(0.5)))), 0),
            "the max of (constant 0.125, a straight line from 0.5 to 0.25 over 8 steps from"
            " step 4, constant 0.25 from step 12; constant 0.5)",
        ),
    ],
)
def test_words_of_a_segment(segment: Segment, words: str) -> None:
    assert str(segment) == words


def test_words_of_a_schedule_have_one_width() -> None:
    assert str(alone(Constant(0.5))) == "steps 0..  constant 0.5"
    parts = [Segment(step, Constant(0.5), 0) for step in (0, 1, 10, 11, 13)]
    assert str(Schedule(tuple(parts))).splitlines() == [
        "step 0        constant 0.5",
        "steps 1..9    constant 0.5",
        "step 10       constant 0.5",
        "steps 11..12  constant 0.5",
        "steps 13..    constant 0.5",
    ]


def test_segments_from_a_step_on() -> None:
    assert [STAGES.segment_at(s).begin for s in (-1, 0, 3, 4, 11, 12, MAX_STEP)] == [
        *(0, 0, 0, 4, 4, 12, 12)
    ]
    assert STAGES.since(0, "f") == (
        STAGES.segments[0]._replace(path=("f",)),
        *STAGES.segments[1:],
    )
    inside = STAGES.since(5, "field", 3)
    assert [(s.begin, s.path) for s in inside] == [(5, ("field", 3)), (12, ())]
    assert inside[0].origin == 4
    (last,) = STAGES.since(12, "f")
    assert (last.begin, last.path) == (12, ("f",))
    first, *_ = STAGES.since(4)
    assert (first.begin, first.curve, first.path) == (4, LINE, ())


def test_segments_inside_of_another_field() -> None:
    paths = [s.path for s in STAGES.under("stage", 2).segments]
    assert paths == [("stage", 2, "first"), ("stage", 2, "second"), ()]
    both = Combination("max", (STAGES, STAGES)).under("stage")
    assert [s.path for m in both.members for s in m.segments] == [
        *(("stage", "first"), ("stage", "second"), ()) * 2
    ]


def test_members_of_a_combination_inside_of_another_field() -> None:
    member = Schedule((Segment(0, LINE, 0), Segment(8, Constant(0.25), 0, 0.0, ("end",))))
    (segment,) = alone(Combination("max", (member,))).under("a", 0).segments
    assert isinstance(segment.curve, Combination)
    (found,) = segment.curve.members
    assert [s.path for s in found.segments] == [(), ("a", 0, "end")]


def test_segments_are_moved_as_far_as_there_are_steps() -> None:
    assert [(s.begin, s.origin) for s in STAGES.shifted(5)] == [(5, 5), (9, 9), (17, 5)]
    far = Schedule((Segment(0, Constant(0.5), 0), Segment(10, Constant(0.25), 0)))
    assert [s.begin for s in far.shifted(MAX_STEP - 10)] == [MAX_STEP - 10, MAX_STEP]
    assert [s.begin for s in far.shifted(MAX_STEP - 9)] == [MAX_STEP - 9]
    assert STAGES.starting_at(0) is STAGES
    assert STAGES.starting_at(5).segments[:2] == (
        Segment(0, Constant(0.125), 0),
        Segment(5, Constant(0.125), 5),
    )
    with pytest.raises(ValueError, match=r"^step_offset must be at least 0"):
        STAGES.starting_at(-1)


def test_a_floor_raises_floors() -> None:
    floored = Schedule((Segment(0, LINE, 0, 0.3), Segment(8, Constant(0.25), 0)))
    assert [s.floor for s in floored.with_floor(0.28).segments] == [0.3, 0.28]
    assert [s.floor for s in floored.with_floor(0.4).segments] == [0.4, 0.4]
    assert floored.with_floor(0.0) is floored
    assert floored.with_floor(-1.0) is floored
    assert floored.with_floor(1e-300) is not floored
    assert [s.floor for s in floored.scaled(2.0).segments] == [0.6, 0.0]


def test_parts_of_a_schedule_that_ends_with_a_combination() -> None:
    members = (STAGES, alone(Constant(0.5)))
    both = Combination("max", members)
    assert alone(both).parts == list(members)
    assert Schedule((Segment(0, Constant(1.0), 0), Segment(5, both, 0))).parts == list(members)
    later = Schedule((Segment(0, Constant(1.0), 0), Segment(5, both, 5)))
    assert later.parts == [later]
    assert STAGES.parts == [STAGES]


def test_rates_of_several_steps_are_floats() -> None:
    wanted = [0.125, 0.125, 0.5, 0.25]
    for steps in ([-1, 3, 4, 12], np.array([-1, 3, 4, 12]), np.array([[-1, 3], [4, 12]])):
        rates = STAGES.rates(steps)
        assert rates == wanted
        assert {type(rate) for rate in rates} == {float}
    with pytest.raises(TypeError):
        STAGES.rates([0, True])


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        (0, 20, [0, 3, 4, 11, 12, 20]),
        (3, 4, [3, 3, 4, 4]),
        (0, 3, [0, 3]),
        (5, 7, [5, 7]),
        (12, 12, [12, 12]),
        (13, 15, [13, 15]),
    ],
)
def test_extremes_are_those_of_the_segments(first: int, last: int, wanted: list[int]) -> None:
    schedule = Schedule(STAGES.segments)
    for _ in range(2):
        found = schedule.extremes(first, last)
        assert found == wanted
        found.clear()


def test_segments_of_a_range_with_their_rates() -> None:
    low, cycle, high = (
        Segment(0, Constant(0.125), 0, 0.25),
        Segment(5, Cycle(0.1, 0.5, 3, 4), 4, 0.2),
        Segment(30, Constant(0.5), 0),
    )
    schedule = Schedule((low, cycle, high))
    assert list(schedule.within(0, 40)) == [
        (low, 0.25, 0, 4),
        (cycle, None, 5, 29),
        (high, 0.5, 30, 40),
    ]
    assert list(schedule.within(4, 5)) == [(low, 0.25, 4, 4), (cycle, None, 5, 5)]
    assert list(schedule.within(29, 30)) == [(cycle, None, 29, 29), (high, 0.5, 30, 30)]
    assert list(schedule.within(31, 31)) == [(high, 0.5, 31, 31)]
    assert cycle.extremes(5, 20) == [4 + step for step in cycle.curve.extremes(1, 16)]
    for first, last in combinations_with_replacement(range(40), 2):
        steps = range(first, last + 1)
        step = max(steps, key=schedule)
        assert schedule.peak(first, last) == (schedule(step), step)


def test_turns_of_a_schedule_are_beginnings_and_turns_of_cycles() -> None:
    schedule = Schedule(
        (
            Segment(0, Constant(0.5), 0),
            Segment(4, Cycle(0.1, 0.3, 3, 4), 4),
            Segment(30, Constant(0.5), 0),
        )
    )
    turns = list(schedule.turns(0, 40))
    assert [t for t in turns if 4 < t < 30] == [7, 11, 14, 18, 21, 25, 28]
    assert {0, 4, 30} <= set(turns)
    assert [t for t in schedule.turns(8, 15) if 8 <= t <= 15] == [8, 11, 14]
    assert max(schedule.turns(8, 15)) <= 15 + 3
    assert max(schedule.turns(2, 9)) <= 9 + 3
    assert 30 not in schedule.turns(0, 29)
    assert 30 in schedule.turns(0, 30)


def test_periods_are_those_around_a_range() -> None:
    assert list(periods(5, 0, 10)) == [0, 5, 10]
    assert list(periods(5, 3, 9)) == [0, 5]
    assert list(periods(5, 5, 5)) == [5]
    assert list(periods(7, 8, 14, (0, 3))) == [7, 10, 14, 17]
    assert len(list(periods(1, 0, 10**6))) == 257
    assert list(periods(2, 10**6, 10**9))[-1] == 10**6 + 512


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [(0, 6, {-1, 0, 1, 2}), (7, 90, {1, 2, 3, 11, 12}), (13, 700, {1, 2, 3, 99, 100})],
)
def test_the_first_and_the_last_cycles(first: int, last: int, wanted: set[int]) -> None:
    assert ends_of_cycles(first, last, 7) == wanted


def test_what_a_curve_is_that_says_nothing_else() -> None:
    curve = Exponential(0.1, 0.5, 7)
    assert (curve.is_constant, curve.repeats, curve.choices) == (False, False, ())
    assert Curve.rates == ()
    assert curve.extremes(3, 9) == [3, 9]
    assert curve.meaning(3) == (curve, 3)
    assert curve.under("a") is curve
    assert curve.variant(None) is None  # type: ignore[arg-type] # it has no forms
    assert Interpolation(0.1, 0.3, 7) == Interpolation(0.1, 0.3, 7, "linear", 1.0, 0)


@pytest.mark.parametrize("method", ["columns", "constant_columns", "formula"])
def test_what_each_curve_says_itself(method: str) -> None:
    anything = [None] * (4 if method == "formula" else 3 if method == "constant_columns" else 2)
    with pytest.raises(NotImplementedError):
        getattr(Curve(), method)(*anything)


def test_the_largest_rate_is_that_of_float32() -> None:
    assert np.float32(MAX_RATE) == np.finfo(np.float32).max


def test_a_bool_is_no_step() -> None:
    with pytest.raises(TypeError, match=r"^a step must be a whole number"):
        STAGES(True)


def test_a_notebook_shows_words_and_a_curve() -> None:
    shown = STAGES._repr_html_()
    assert "a straight line from 0.5 to 0.25" in shown
    assert "<svg" in shown
