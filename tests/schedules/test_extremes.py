"""Extremes and turns of schedules, by walking every step of short ones."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from schedule_builder import ConfigError, build_schedule
from schedule_builder.schedules.curves import Constant, CosineCycle, Cycle, Interpolation
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support import drawing
from tests.support.units import small

_ROUNDING = 1e-12


@st.composite
def short(draw: st.DrawFn, messages: st.SearchStrategy[Any]) -> Schedule:
    """A schedule whose counts of steps are at most 99."""
    message = pb.LearningRate()
    message.CopyFrom(draw(messages))
    small(message, draw)
    try:
        return build_schedule(message)
    except ConfigError:
        reject()


many = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@many
@given(short(drawing.learning_rates), st.integers(0, 120), st.integers(0, 240))
def test_the_highest_and_the_lowest_rate_are_among_the_extremes(
    schedule: Schedule, first: int, length: int
) -> None:
    last = first + length
    found = schedule.extremes(first, last)
    assert all(first <= step <= last for step in found)
    rates = [schedule(step) for step in range(first, last + 1)]
    for best in (min, max):
        wanted = best(rates)
        assert abs(best(map(schedule, found)) - wanted) <= _ROUNDING * abs(wanted)


@many
@given(short(st.one_of(drawing.simple_kinds, drawing.warmed_up(drawing.simple_kinds))))
def test_between_turns_a_rate_only_rises_or_only_falls(schedule: Schedule) -> None:
    last = 240
    turns = sorted({step for step in schedule.turns(0, last) if 0 < step < last})
    for begin, end in pairwise([0, *turns, last]):
        # A step at which a curve turns may still belong to what came before.
        rates = [schedule(step) for step in range(begin + (begin > 0), end)]
        changes = [b - a for a, b in pairwise(rates) if abs(b - a) > _ROUNDING * max(a, b)]
        assert all(c > 0 for c in changes) or all(c < 0 for c in changes), (begin, end)


def of(*curves: Any, every: int = 0) -> Schedule:
    return Schedule(tuple(Segment(every * i, curve, every * i) for i, curve in enumerate(curves)))


MEMBERS = (
    of(Interpolation(0.0, 1.0, 40)),
    of(Interpolation(1.0, 0.0, 40)),
    of(Interpolation(0.9, 0.1, 40, "cosine")),
    of(Constant(0.475)),
    of(Interpolation(0.2, 0.7, 33), Constant(0.7), every=33),
    of(Constant(0.3), Constant(0.6), Constant(0.2), every=13),
    of(Cycle(0.1, 0.8, 7, 12)),
    of(CosineCycle(0.6, 0.2, 11)),
)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("op", ["min", "max"])
def test_extremes_of_the_lowest_and_the_highest_of_several(op: Any, count: int) -> None:
    for members in combinations(MEMBERS, count):
        for ordered in (members, members[::-1]):
            schedule = of(Combination(op, ordered))
            rates = schedule.rates(range(41))
            for first, last in ((0, 40), (0, 39), (1, 38), (3, 3), (5, 6), (12, 27), (20, 40)):
                found = schedule.extremes(first, last)
                assert found == sorted(set(found))
                assert first == found[0]
                assert last == found[-1]
                for best in (min, max):
                    wanted = best(rates[first : last + 1])
                    assert abs(best(rates[step] for step in found) - wanted) <= 1e-12, (
                        members,
                        first,
                        last,
                    )


def falling_and_rising(length: int, crossing: float, width: float) -> list[Schedule]:
    """Two lines that cross, and a constant rate that is above both in some steps around there."""
    share = crossing / length
    return [
        of(Interpolation(1.0, 0.0, length)),
        of(Interpolation(1.0 - 2 * share, 2.0 - 2 * share, length)),
        of(Constant(1.0 - share + width / length)),
    ]


@pytest.mark.parametrize("crossing", [5200.2, 5200.5, 5200.8, 5201.0, 6311.3, 100.7])
@pytest.mark.parametrize("width", [0.9, 2.0, 30.0])
def test_crossings_between_the_steps_that_are_looked_at(crossing: float, width: float) -> None:
    length = 10_000
    one, other, between = falling_and_rising(length, crossing, width)
    for members in ((one, other), (other, one), (one, other, between), (between, other, one)):
        for op, best in (("max", min), ("min", max)):
            schedule = of(Combination(op, members))
            rates = schedule.rates(range(length + 1))
            found = schedule.extremes(0, length)
            assert best(rates[step] for step in found) == pytest.approx(best(rates), abs=1e-13)
            assert len(found) < 60


def test_crossings_are_both_steps_beside_them() -> None:
    one, other, _ = falling_and_rising(10_000, 5200.5, 1.0)
    for members in ((one, other), (other, one)):
        for op in ("max", "min"):
            found = of(Combination(op, members)).extremes(0, 10_000)
            looked = set(of(Combination("product", members)).extremes(0, 10_000))
            assert set(found) - looked == {5200, 5201}


@pytest.mark.parametrize("op", ["max", "min"])
def test_a_third_one_that_is_chosen_until_a_crossing(op: str) -> None:
    """At the step before the crossing alone, of both beside it."""

    def line(start: float, end: float) -> Schedule:
        if op == "min":
            start, end = -start, -end
        return of(Interpolation(start, end, 10_000))

    # Of steps 5000 to 5625, the first falls, the third rises above it after step 5050, and the
    # other one rises above both after step 5200.
    members = [line(1.0, 0.0), line(0.39394, 0.59394), line(-10_401.0, 9599.0)]
    for ordered in permutations(members):
        schedule = of(Combination(op, ordered))
        found = schedule.extremes(0, 10_000)
        rates = schedule.rates(range(10_001))
        assert min(map(abs, rates)) == pytest.approx(0.49495, abs=1e-4)
        assert min(abs(rates[step]) for step in found) == min(map(abs, rates))
        assert {5050, 5051, 5200, 5201} <= set(found)
        assert len(found) < 40


def test_a_product_is_looked_at_in_sixteenths() -> None:
    rising, falling = of(Interpolation(0.0, 1.0, 2000)), of(Interpolation(1.0, 0.0, 2000))
    schedule = of(Combination("product", (rising, falling)))
    assert schedule.extremes(0, 2000) == [125 * i for i in range(17)]
    assert schedule.extremes(160, 320) == [160 + 10 * i for i in range(17)]
    wave = of(Combination("product", (of(Cycle(0.1, 0.8, 7, 12)), falling)))
    assert {7, 19} <= set(wave.extremes(0, 19))


def test_extremes_are_computed_once() -> None:
    schedule = of(Cycle(0.1, 0.8, 7, 12))
    with mock.patch.object(Cycle, "extremes", return_value=[3]) as computed:
        for _ in range(2):
            assert schedule.extremes(0, 9) == [3]
        assert computed.call_count == 1
        schedule.extremes(0, 8)
        schedule.extremes(1, 9)
    assert computed.call_count == 3
