"""Records of applied rates: how they are read, and compared in float32's precision."""

from __future__ import annotations

import pytest

from schedule_builder.schedules.applied_rates import (
    HEADER,
    AppliedRates,
    are_equal,
    compare_applied,
    is_record,
    parse_rates,
)
from schedule_builder.schedules.comparison import Difference
from schedule_builder.schedules.curves import Constant
from schedule_builder.schedules.schedule import Schedule, Segment

HALF = Schedule((Segment(0, Constant(0.5), 0),))


def record(*rows: tuple[int, float]) -> AppliedRates:
    return AppliedRates("a.csv", tuple(s for s, _ in rows), tuple(r for _, r in rows))


@pytest.mark.parametrize("sign", [1, -1])
def test_rates_are_equal_up_to_two_places_of_float32(sign: int) -> None:
    last, beyond = 1 - 2.0**-22, 1 - 2.0**-22 - 2.0**-40
    assert are_equal(sign * 1.0, sign * last)
    assert are_equal(sign * last, sign * 1.0)
    assert not are_equal(sign * 1.0, sign * beyond)
    assert not are_equal(sign * beyond, sign * 1.0)


def test_rates_that_float32_may_flush_to_0_are_equal_to_it() -> None:
    assert are_equal(0.0, 2.0**-126)
    assert are_equal(2.0**-126, 0.0)
    assert not are_equal(0.0, 2.0**-126 + 2.0**-150)
    assert not are_equal(2.0**-125, 0.0)


def test_a_record_is_known_by_its_first_line() -> None:
    assert HEADER == "step,learning_rate\n"
    assert is_record("step,learning_rate")
    assert is_record("\ufeffstep,learning_rate\r\n0,0.1\r\n")
    assert not is_record("steps: 3")
    assert not is_record("")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("step,lear", []),
        ("step,learning_rate", []),
        (HEADER, []),
        (HEADER + "0,0.5\n", [(0, 0.5)]),
        (HEADER + "3,0.5\n7,1e-3\n", [(3, 0.5), (7, 0.001)]),
        ("\ufeff" + HEADER + "3,0.5\n", [(3, 0.5)]),
        ((HEADER + "3,0.5\n7,0.25\n").replace("\n", "\r\n"), [(3, 0.5), (7, 0.25)]),
        # Where a process was killed, a rate may be cut off: 0.05 may have been 0.0512.
        (HEADER + "3,0.5\n7,0.25\n8,0.05", [(3, 0.5), (7, 0.25)]),
        (HEADER + "3,0.5\n8,", [(3, 0.5)]),
        (HEADER + "3,0.5\n\n7,0.25\n", [(3, 0.5), (7, 0.25)]),
    ],
)
def test_a_record_is_read(text: str, rows: list[tuple[int, float]]) -> None:
    assert parse_rates(text, "a.csv") == record(*rows)


EXPECTED = r"expected `step,learning_rate`$"
ROW = r"a step and its rate are expected$"


@pytest.mark.parametrize(
    ("text", "row", "why"),
    [
        ("nonsense", 1, EXPECTED),
        ("nonsense\n0,0.5\n", 1, EXPECTED),
        ("\n", 1, EXPECTED),
        ("step,lear\n0,0.5\n", 1, EXPECTED),
        ("step,learning_rate,more\n0,0.5\n", 1, EXPECTED),
        (HEADER + "x,0.5\n", 2, ROW),
        (HEADER + "0,0.5\n1;0.5\n", 3, ROW),
        (HEADER + "0,0.5\n\n1,\n", 4, ROW),
        (HEADER + "0,0.5\n0,0.25\n", 3, r"step 0 is there already, so two runs wrote this file$"),
        (HEADER + "0,0.5\n5,0.25\n3,0.25\n", 4, r"step 3 is there already"),
    ],
)
def test_what_is_not_a_record_is_an_error_with_its_line(text: str, row: int, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^a\.csv:{row}: this is not a log of .*{why}"):
        parse_rates(text, "a.csv")


def test_two_records_are_compared_at_the_steps_that_both_have() -> None:
    one = record((9, 0.1), (0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5), (5, 0.5), (8, 0.5))
    other = record((0, 0.5), (1, 0.25), (2, 0.125), (3, 0.5 + 1e-9), (5, 0.125), (7, 0.5))

    found = compare_applied(one, other)

    assert found.steps == [0, 1, 2, 3, 5]
    assert (found.only_first, found.only_second) == (2, 1)
    assert found.comparison.ranges == ((1, 2), (5, 5))
    assert found.comparison.first == Difference(1, 0.5, 0.25)
    # The first of two that are as large.
    assert found.comparison.largest == Difference(2, 0.5, 0.125)


def test_a_record_is_compared_with_a_schedule_on_either_side() -> None:
    applied = record((0, 0.5), (1, 0.25))

    found = compare_applied(applied, HALF)
    assert found.comparison.first == found.comparison.largest == Difference(1, 0.25, 0.5)
    assert (found.steps, found.only_first, found.only_second) == ([0, 1], 0, 0)

    found = compare_applied(HALF, applied)
    assert found.comparison.first == found.comparison.largest == Difference(1, 0.5, 0.25)
    assert (found.steps, found.only_first, found.only_second) == ([0, 1], 0, 0)


def test_records_that_are_the_same_have_no_difference() -> None:
    found = compare_applied(record((0, 0.5)), HALF)
    assert found.comparison == ((), None, None)


def test_one_side_is_a_record() -> None:
    with pytest.raises(TypeError, match="record of applied rates"):
        compare_applied(HALF, HALF)


def test_each_step_of_a_record_has_a_rate() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare_applied(AppliedRates("a.csv", (0, 1), (0.5,)), HALF)
