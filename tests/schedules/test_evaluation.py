"""Evaluation of many steps by pieces and by a table, in NumPy: what graphs are made of."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from schedule_builder.schedules import evaluation
from schedule_builder.schedules.curves import (
    Constant,
    CosineCycle,
    Exponential,
    Interpolation,
    PolynomialCycle,
    PowerLaw,
)
from schedule_builder.schedules.evaluation import (
    evaluate,
    evaluate_table,
    fits_float64,
    tabulated,
)
from schedule_builder.schedules.numpy_operations import NumPyOperations
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from tests.schedules.test_curves import CURVE_EXAMPLES

LINE = Interpolation(0.0, 0.1, 10)
COSINE = Interpolation(0.1, 0.0, 10, "cosine")
STAIRCASE = Exponential(0.1, 0.5, 7, staircase=True)


def every(steps: int, *curves: Any) -> Schedule:
    """Curves one after the other, each from its own step 0 on."""
    return Schedule(tuple(Segment(steps * i, curve, steps * i) for i, curve in enumerate(curves)))


def operations(schedule: Schedule) -> tuple[Any, Counter[str]]:
    """NumPy's operations for a schedule, and how often each choice is made with them."""
    calls: Counter[str] = Counter()
    ops: Any = NumPyOperations(np.array(schedule.begins[1:], np.int64))

    def counted(name: str, original: Any) -> Any:
        def call(*args: Any) -> Any:
            calls[name] += 1
            return original(*args)

        return call

    for name in ("where", "minimum", "maximum", "clip", "take"):
        setattr(ops, name, counted(name, getattr(ops, name)))
    return ops, calls


def assert_right(schedule: Schedule, last: int) -> None:
    """Both ways to evaluate give the rates of the reference."""
    steps = np.arange(last + 1)
    wanted = schedule.rates(range(last + 1))
    ops, _ = operations(schedule)
    # Formulas that do not apply at a step may overflow.
    with np.errstate(all="ignore"):
        for way in (evaluate, evaluate_table):
            found = np.broadcast_to(way(schedule, steps, ops), steps.shape)
            np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=0, err_msg=way.__name__)


# What pieces are.

BEGINS = (
    Segment(0, LINE, 0),
    Segment(0, Interpolation(0.0, 0.1, Fraction(19, 2)), 0),
    Segment(0, Interpolation(0.0, 0.1, 10, "cosine"), 0),
    Segment(0, Interpolation(0.2, 0.1, 12), 0),
    Segment(0, Interpolation(0.1, 0.1, 10), 0),
    Segment(0, Constant(0.1), 0),
    Segment(0, Constant(0.02), 0),
    Segment(0, LINE, 0, floor=0.05),
    Segment(0, STAIRCASE, 0),
)
MIDDLES = (
    Segment(10, COSINE, 10),
    Segment(12, COSINE, 12),
    Segment(9, COSINE, 9),
    Segment(10, COSINE, 5),
    Segment(10, Interpolation(0.1, 0.0, 10), 10),
    Segment(10, Interpolation(0.1, 0.2, 10), 10),
    Segment(10, Interpolation(0.05, 0.0, 10), 10),
    Segment(10, Interpolation(0.3, 0.0, 10), 10),
    Segment(10, COSINE, 10, floor=0.02),
    Segment(10, Constant(0.1), 0),
    Segment(10, Constant(0.0), 0),
    Segment(10, Exponential(0.1, 0.5, 7), 10),
)
ENDS = (
    None,
    Segment(20, Constant(0.0), 0),
    Segment(20, Constant(0.1), 0),
    Segment(20, Constant(0.02), 0),
    Segment(20, COSINE, 20),
    Segment(20, LINE, 20),
    Segment(19, Constant(0.0), 0),
)


@pytest.mark.parametrize("begin", BEGINS)
def test_segments_that_may_continue_each_other(begin: Segment) -> None:
    for middle, end in product(MIDDLES, ENDS):
        # A curve holds as long as it is.
        last = 20 if end is None else 40 if end.curve.is_constant else 30
        assert_right(Schedule((begin, middle, *([end] if end else []))), last)


@pytest.mark.parametrize("end", [Segment(30, Constant(0.0), 0), Segment(28, Constant(0.04), 0)])
def test_a_hold_between_a_warmup_and_a_decay(end: Segment) -> None:
    for hold, decay in product((0.1, 0.05), (COSINE, Interpolation(0.2, 0.0, 10))):
        segments = (Segment(0, LINE, 0), Segment(10, Constant(hold), 0), Segment(20, decay, 20))
        assert_right(Schedule((*segments, end)), 50)


@pytest.mark.parametrize(
    ("curves", "pieces", "calls"),
    [
        pytest.param((Constant(0.1),), [(0, None, None)], {}, id="a constant"),
        pytest.param(
            (COSINE, Constant(0.0)), [(0, None, 10)], {"clip": 1}, id="a decay and its end"
        ),
        pytest.param(
            (Constant(0.1), COSINE),
            [(0, 10, None)],
            {"maximum": 1},
            id="a hold and a decay",
        ),
        pytest.param(
            (Constant(0.1), Constant(0.1), COSINE, Constant(0.0)),
            [(0, 20, 30)],
            {"clip": 1},
            id="a hold in two parts, a decay and its end",
        ),
        pytest.param(
            (Constant(0.1), COSINE, Constant(0.0), Constant(0.0)),
            [(0, 10, 20), (30, None, None)],
            {"clip": 1, "where": 1},
            id="an end in two parts",
        ),
        pytest.param(
            (LINE, COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "clip": 1, "minimum": 1},
            id="a warmup that meets a decay",
        ),
        pytest.param(
            (LINE, Constant(0.1), COSINE, Constant(0.0)),
            [(0, None, 10), (20, None, 30)],
            {"maximum": 1, "clip": 1, "minimum": 1},
            id="a warmup that meets a hold before a decay",
        ),
        pytest.param(
            (Interpolation(0.0, 0.1, Fraction(19, 2)), COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "clip": 1, "minimum": 1},
            id="a warmup that meets a decay between two steps",
        ),
        pytest.param(
            (Interpolation(0.0, 0.1, 9), COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "clip": 1, "minimum": 1},
            id="a warmup that meets a decay at the step before",
        ),
        pytest.param(
            (Interpolation(0.0, 0.1, 11), COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "minimum": 1, "where": 1},
            id="a warmup that ends below a decay",
        ),
        pytest.param(
            (Interpolation(0.0, 0.1, 8), COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "minimum": 1, "where": 1},
            id="a warmup that ends above a decay",
        ),
        pytest.param(
            (LINE, COSINE, Constant(0.05)),
            [(0, None, None), (10, None, None), (20, None, None)],
            {"maximum": 1, "where": 2},
            id="a decay that does not end",
        ),
        pytest.param(
            (Interpolation(0.3, 0.1, 10), COSINE, Constant(0.0)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "minimum": 1, "where": 1},
            id="a line that falls",
        ),
        pytest.param(
            (LINE, Interpolation(0.1, 0.2, 10), Constant(0.2)),
            [(0, None, None), (10, None, 20)],
            {"maximum": 1, "minimum": 1, "where": 1},
            id="what continues to rise",
        ),
        pytest.param((Constant(0.1), Constant(0.2), Constant(0.3)), None, {}, id="three constants"),
        pytest.param((Constant(0.1), Constant(0.2), LINE), None, {}, id="two of three constant"),
        pytest.param(
            (Constant(0.3), LINE, COSINE),
            [(0, None, None), (10, None, None), (20, None, None)],
            {"where": 2},
            id="one of three constant",
        ),
        pytest.param(
            (Constant(0.1), Constant(0.2)),
            [(0, None, None), (10, None, None)],
            {"where": 1},
            id="two constants",
        ),
        pytest.param((LINE, LINE, LINE, LINE), None, {}, id="four curves"),
        pytest.param(
            (Constant(0.0), LINE, Constant(0.1), LINE, Constant(0.1), LINE, Constant(0.1)),
            [(0, 10, 20), (30, None, 40), (50, None, 60)],
            {"clip": 1, "minimum": 2, "where": 2},
            id="three curves and the constants beside them",
        ),
        pytest.param(
            (*[Constant(0.0)] * 2, LINE, Constant(0.1), LINE, Constant(0.1), LINE, Constant(0.1)),
            None,
            {},
            id="more segments than three curves have beside them",
        ),
    ],
)
def test_few_pieces_need_few_choices(curves: Any, pieces: Any, calls: dict[str, int]) -> None:
    schedule = every(10, *curves)
    found = evaluation._pieces(schedule.segments)
    ends = None if found is None else [(piece.begin, piece.first, piece.last) for piece in found]
    assert ends == pieces
    if pieces is not None:
        ops, made = operations(schedule)
        with np.errstate(all="ignore"):
            evaluate(schedule, np.arange(90), ops)
        assert made == calls
    # A curve holds as long as it is.
    last = 90 if schedule.segments[-1].curve.is_constant else 10 * len(curves)
    assert_right(schedule, last)


@pytest.mark.parametrize(
    "curves",
    [
        (COSINE,),
        (COSINE, Constant(0.0)),
        (Constant(0.1), COSINE),
        (Constant(0.1), Constant(0.2)),
        (LINE, COSINE, Constant(0.0)),
        (LINE, STAIRCASE),
        (Combination("product", (every(10, LINE, STAIRCASE), every(10, STAIRCASE))),),
        (LINE, STAIRCASE, COSINE, STAIRCASE),
    ],
)
def test_negative_steps_mean_0(curves: Any) -> None:
    schedule = every(10, *curves)
    steps = np.array([-(2**53), -11, -1, 0, 1])
    # Formulas that do not apply at a step may overflow.
    with np.errstate(all="ignore"):
        found = evaluate(schedule, steps, operations(schedule)[0])
    np.testing.assert_array_equal(found[:4], found[3])
    np.testing.assert_allclose(found, schedule.rates([0, 0, 0, 0, 1]), rtol=1e-14)


def test_a_floor_holds_in_each_piece() -> None:
    assert_right(every(10, LINE, Constant(0.1), STAIRCASE).with_floor(0.02), 60)


# What a table holds.


def families(*curves: Any) -> list[str]:
    segments = every(10, *curves).segments
    return evaluation._families(segments, operations(every(10, *curves))[0])


def test_constants_are_computed_with_the_largest_family_that_can() -> None:
    constant, line = Constant(0.1), "interpolation"
    assert families(constant, constant) == ["constant", "constant"]
    assert families(LINE, COSINE) == [line, line]
    # A comparison tells the only two apart.
    assert families(constant, LINE) == ["constant", line]
    assert families(constant, LINE, constant) == [line] * 3
    assert families(constant, LINE, COSINE) == [line] * 3
    assert families(constant, STAIRCASE, LINE, COSINE) == [line, "staircase", line, line]
    assert families(constant, STAIRCASE, STAIRCASE, LINE) == ["staircase"] * 3 + [line]
    # Of these, some powers are infinite far outside of the curve, so that 0 times them is NaN.
    power = Interpolation(0.3, 0.1, 7, "power_of_remaining", 2.5)
    assert families(constant, power, power, power) == ["constant", line, line, line]
    assert families(constant, power, STAIRCASE, constant) == [
        *("staircase", line, "staircase"),
        *(["staircase"]),
    ]
    cycle = PolynomialCycle(0.3, 0.1, 7, 2.0)
    assert families(constant, cycle, constant) == ["constant", "polynomial_cycle", "constant"]


def test_a_table_has_the_numbers_that_differ() -> None:
    schedule = every(10, Constant(0.5), STAIRCASE, Constant(0.25), STAIRCASE)
    table = tabulated(schedule.segments, operations(schedule)[0])
    (family,) = table.families
    assert table.choice is None
    assert table.floor == 0
    assert family.begin == 0
    assert family.make(family.numbers) == type(STAIRCASE.columns(0, operations(schedule)[0]))(
        origin=[10, 10, 10, 30],
        decay_steps=7,
        real_decay_steps=7.0,
        initial=[0.5, 0.1, 0.25, 0.1],
        factor=[1.0, 0.5, 1.0, 0.5],
    )
    # Each column is in the table itself, by which it is found.
    assert [id(n) for n in family.numbers if isinstance(n, list)] == list(map(id, table.columns))


def test_families_that_take_turns_are_told_by_a_column() -> None:
    turns = every(10, LINE, STAIRCASE, COSINE, STAIRCASE)
    table = tabulated(turns.segments, operations(turns)[0])
    assert [f.begin for f in table.families] == [0, 10]
    assert table.choice == [0, 1, 0, 1]
    runs = every(10, LINE, COSINE, STAIRCASE, STAIRCASE)
    assert tabulated(runs.segments, operations(runs)[0]).choice is None


@pytest.mark.parametrize("floors", [(0.02, 0.02), (0.02, 0.0), (0.0, 0.03), (0.02, 0.03)])
def test_floors_are_shared_or_of_each_segment(floors: tuple[float, float]) -> None:
    curves: list[Any] = [LINE, Constant(0.01), STAIRCASE, COSINE, Constant(0.0)]
    parts = zip(curves, floors * 3, strict=False)
    schedule = Schedule(
        tuple(Segment(10 * i, curve, 10 * i, floor) for i, (curve, floor) in enumerate(parts))
    )
    table = tabulated(schedule.segments, operations(schedule)[0])
    is_shared = floors[0] == floors[1]
    assert table.floor == (floors[0] if is_shared else 0)
    assert all(family.floor == 0 for family in table.families) == is_shared
    assert_right(schedule, 60)


def test_no_floor_is_not_compared_with() -> None:
    schedule = every(10, *[LINE, Constant(0.1), COSINE, Constant(0.0)] * 3)
    ops, calls = operations(schedule)
    evaluate_table(schedule, np.arange(130), ops)
    assert calls == {"take": 1, "where": 1}
    evaluate_table(schedule.with_floor(0.01), np.arange(130), ops)
    assert calls == {"take": 2, "where": 2, "maximum": 1}


@pytest.mark.parametrize("count", [2, 5, 9])
def test_segments_of_every_kind(count: int) -> None:
    # The combination is last; other curves may be cut off by what follows.
    for begin in range(len(CURVE_EXAMPLES) - 1):
        curves = [*CURVE_EXAMPLES[begin : begin + count - 1], CURVE_EXAMPLES[-1]]
        segments = [Segment(5 * i, curve, 5 * i - 1) for i, curve in enumerate(curves)]
        segments[0] = segments[0]._replace(origin=0)
        if not isinstance(curves[0], PowerLaw):
            assert_right(Schedule(tuple(segments)), 5 * len(curves) + 20)


def test_the_numbers_of_one_schedule_are_kept() -> None:
    schedule = every(10, LINE, COSINE, STAIRCASE, LINE, COSINE)
    ops, _ = operations(schedule)
    evaluate_table(schedule, np.arange(50), ops)
    (table,) = schedule.tables.values()
    evaluate_table(schedule, np.arange(50), ops)
    assert schedule.tables == {ops.direct_ratio: table}
    assert schedule.tables[ops.direct_ratio] is table


def test_a_constant_schedule_is_one_number() -> None:
    schedule = every(10, Constant(0.1))
    ops, _ = operations(schedule)
    ops.constant = lambda value: ("number", value)
    assert evaluate(schedule, np.arange(3), ops) == ("number", 0.1)


# Which schedules may be computed with steps that were rounded.

WHOLE = 2**53


@pytest.mark.parametrize(
    ("schedule", "fits"),
    [
        (every(10, LINE, Constant(0.1)), True),
        (every(WHOLE, Constant(0.1), Constant(0.2)), True),
        (every(WHOLE + 1, Constant(0.1), Constant(0.2)), False),
        (Schedule((Segment(0, PowerLaw(0.1, 3, -0.5), -WHOLE),)), True),
        (Schedule((Segment(0, PowerLaw(0.1, 3, -0.5), -WHOLE - 1),)), False),
        (Schedule((Segment(0, Interpolation(0.1, 0.0, WHOLE), 0),)), True),
        (Schedule((Segment(0, Interpolation(0.1, 0.0, WHOLE + 1), 0),)), False),
        (every(10, STAIRCASE), False),
        (every(10, Constant(0.1), STAIRCASE), False),
        (every(10, LINE, STAIRCASE), False),
        (every(10, CosineCycle(0.1, 0.0, 5)), False),
        (every(10, Combination("max", (every(10, LINE), every(10, COSINE)))), True),
        (every(10, Combination("max", (every(10, LINE), every(10, STAIRCASE)))), False),
        (every(10, Combination("max", (every(10, STAIRCASE), every(10, LINE)))), False),
        (every(10, Combination("max", (every(10, LINE), every(10, LINE))), STAIRCASE), False),
    ],
)
def test_whole_numbers_are_exact_in_float64(schedule: Schedule, fits: bool) -> None:
    assert fits_float64(schedule, operations(schedule)[0]) is fits


def test_rates_are_close_up_to_four_places_of_float64() -> None:
    assert evaluation._is_close(1.0, 1.0 + 2.0**-50)
    assert not evaluation._is_close(1.0, 1.0 + 2.0**-49)


def test_each_step_is_found_by_where_the_later_segments_begin() -> None:
    schedule = every(10, LINE, COSINE, STAIRCASE, LINE, COSINE)
    ops, _ = operations(schedule)
    asked = []
    original = ops.index

    def index(begins: Any, step: Any) -> Any:
        asked.append(begins)
        return original(begins, step)

    ops.index = index
    evaluate_table(schedule, np.arange(50), ops)
    assert asked == [[10, 20, 30, 40]]
