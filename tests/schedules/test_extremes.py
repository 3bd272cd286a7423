"""Extremes and turns of schedules, by walking every step of short ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from schedule_builder import ConfigError, build_schedule
from schedule_builder.schedules.schedule import Schedule
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
