"""Equality of schedules, and the first step at which two differ."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedule_builder import build_schedule
from schedule_builder.config import first_difference
from schedule_builder.schedules import comparison
from schedule_builder.schedules.comparison import Comparison, Difference, StepRange, compare
from schedule_builder.schedules.curves import MAX_STEP, Constant, CosineCycle, Cycle, Interpolation
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support.drawing import (
    api_learning_rates,
    cosine_restarts,
    cyclics,
    learning_rates,
    noams,
    one_cycles,
    polynomials,
    tables,
    tanhs,
)

ROOT = Path(__file__).parent.parent.parent
COSINE = "cosine_decay_learning_rate {{ learning_rate_base: 0.1 total_steps: {} warmup_steps: 0 }}"
RAMP = "manual_step_learning_rate { initial_learning_rate: 0.01 %s warmup: true }"
STAIRS = "exponential_decay_learning_rate {{ decay_steps: {} decay_factor: 0.5 }}"


def parse(text: str) -> pb.LearningRate:
    return text_format.Parse(text, pb.LearningRate())


def difference(first: str, second: str) -> int | None:
    found = first_difference(parse(first), parse(second))
    assert found == first_difference(parse(second), parse(first))
    return found


SAME = {
    "a warmup as a flag, as a modifier, and as points": (
        RAMP
        % "schedule { step: 500 learning_rate: 0.1 } schedule { step: 900 learning_rate: 0.05 }",
        "manual_step_learning_rate { initial_learning_rate: 0.1"
        " schedule { step: 900 learning_rate: 0.05 } }"
        " warmup { warmup_steps: 500 warmup_learning_rate: 0.01 }",
        "sequential_learning_rate { stage { steps: 900 learning_rate {"
        " piecewise_linear_learning_rate { point { step: 0 learning_rate: 0.01 }"
        " point { step: 500 learning_rate: 0.1 } } } }"
        " stage { learning_rate { constant_learning_rate { learning_rate: 0.05 } } } }",
    ),
    "old and new value at the boundary": (
        "manual_step_learning_rate { initial_learning_rate: 0.1"
        " schedule { step: 11 learning_rate: 0.01 } }",
        "piecewise_constant_learning_rate { boundaries: 10 values: [0.1, 0.01] }",
        "multi_step_learning_rate { initial_learning_rate: 0.1 milestones: 11 }",
        "table_learning_rate { steps_per_entry: 11 learning_rates: [0.1, 0.01] }",
    ),
    "a stage that changes nothing": (
        "constant_learning_rate { learning_rate: 0.1 }",
        "manual_step_learning_rate { initial_learning_rate: 0.1"
        " schedule { step: 11 learning_rate: 0.1 } }",
    ),
    "a warmup inside and in front of a cosine": (
        "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 1000"
        " warmup_learning_rate: 0 warmup_steps: 100 }",
        "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 900 warmup_steps: 0 }"
        " warmup { warmup_steps: 100 alignment: SHIFT }",
        "warmup_stable_decay_learning_rate { peak_learning_rate: 0.1 warmup_steps: 100"
        " stable_steps: 0 decay_steps: 900 decay_shape: COSINE }",
    ),
    "a polynomial that is a line": (
        "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 1000000007 }",
        "piecewise_linear_learning_rate { point { step: 0 learning_rate: 0.1 }"
        " point { step: 1000000007 learning_rate: 0 } }",
    ),
}


@pytest.mark.parametrize("spellings", SAME.values(), ids=SAME)
def test_the_same_rates_in_other_words(spellings: tuple[str, ...]) -> None:
    for other in spellings[1:]:
        assert difference(spellings[0], other) is None


@pytest.mark.parametrize(
    ("first", "second", "step"),
    [
        (COSINE.format(10**9), COSINE.format(10**9 + 1), 10**8),
        (STAIRS.format(800720), STAIRS.format(800721), 800720),
        (STAIRS.format(2**31), STAIRS.format(2**31).replace("0.5", "0.25"), 2**31),
        (
            "constant_learning_rate { learning_rate: 0.1 }",
            "constant_learning_rate { learning_rate: 0.1 } min_learning_rate: 0.2",
            0,
        ),
        (
            "constant_learning_rate { learning_rate: 0.1 }",
            "multi_step_learning_rate { initial_learning_rate: 0.1 milestones: 1099511627776 }",
            2**40,
        ),
        (
            "cosine_restarts_learning_rate { initial_learning_rate: 0.1"
            " first_decay_steps: 1000000 t_mul: 1 }",
            "cosine_restarts_learning_rate { initial_learning_rate: 0.1"
            " first_decay_steps: 1000000 t_mul: 1 m_mul: 0.5 }",
            1_000_000,
        ),
    ],
)
def test_the_first_step_that_differs(first: str, second: str, step: int) -> None:
    found = difference(first, second)
    one, other = (build_schedule(parse(text)) for text in (first, second))
    assert found is not None
    assert one(found) != pytest.approx(other(found), rel=1e-12, abs=0)
    assert found <= step if "cosine_decay" in first else found == step
    for before in {0, found // 2, found - 1} - {-1, found}:
        assert one(before) == pytest.approx(other(before), rel=1e-12, abs=0)


@given(learning_rates)
def test_a_schedule_is_the_same_as_itself(message: pb.LearningRate) -> None:
    assert first_difference(message, build_schedule(message)) is None


CYCLE = (
    "cyclic_learning_rate { base_learning_rate: 0.1 max_learning_rate: 1.0 step_size_up: 4000"
    " step_size_down: 1000 %s }"
)
RESTARTS = (
    "cosine_restarts_learning_rate { initial_learning_rate: %s first_decay_steps: %s t_mul: %s"
    " alpha: %s }"
)
LIMITED = (
    "combined_learning_rate { op: %s learning_rates { constant_learning_rate { learning_rate: %s }"
    " } learning_rates { %s } }"
)


@pytest.mark.parametrize(
    ("first", "second", "step"),
    [
        (
            CYCLE % "" + " min_learning_rate: 0.9",
            CYCLE % "mode: TRIANGULAR2" + " min_learning_rate: 0.9",
            8556,
        ),
        (
            LIMITED % ("MAX", 0.99, CYCLE % ""),
            LIMITED % ("MAX", 0.99, CYCLE % "mode: TRIANGULAR2"),
            8956,
        ),
        (
            LIMITED % ("MIN", 1.0, RESTARTS % (5.0, 5000, 1, 0.1999)),
            "constant_learning_rate { learning_rate: 1.0 }",
            4965,
        ),
        (
            LIMITED % ("MAX", 0.999, RESTARTS % (1.0, 1111, 1, 0)),
            LIMITED % ("MAX", 0.999, RESTARTS % (1.0, 1111, 2, 0)),
            1112,
        ),
    ],
)
def test_a_difference_that_shows_in_parts_of_cycles(first: str, second: str, step: int) -> None:
    one, other = (build_schedule(text_format.Parse(t, pb.LearningRate())) for t in (first, second))
    walked = next(s for s in range(20_000) if one(s) != other(s))
    assert first_difference(one, other) == walked == step


def test_no_rate_is_the_same_as_no_rate() -> None:
    def steps(last: float) -> dict[str, Any]:
        boundaries = {"boundaries": [0, 10], "values": [0.1, last]}
        rate = {"type": "step_cosine_with_offset", "step_cosine_with_offset": boundaries}
        optimizer = {"optimizer": {"type": "sgd", "sgd": {}}, "learning_rate": rate}
        return {"trainer": {"train_steps": 10, "optimizer_config": optimizer}}

    # From its last boundary on the Garden has no rate; training ends there.
    assert math.isnan(build_schedule(steps(0.01))(10))
    assert first_difference(steps(0.01), steps(0.01)) is None
    one, other = build_schedule(steps(0.01)), build_schedule(steps(0.01))
    assert one == other == Schedule.from_dict(one.to_dict())
    assert hash(one) == hash(other)
    assert first_difference(steps(0.01), steps(0.02)) == 1
    constant = {"constant_learning_rate": {"learning_rate": 0.1}}
    stages = [{"learning_rate": constant, "steps": 10}, {"learning_rate": constant}]
    assert first_difference(steps(0.1), {"sequential_learning_rate": {"stage": stages}}) == 10


@given(learning_rates, st.integers(0, 2**40))
def test_another_rate_from_a_step_on_is_found(message: pb.LearningRate, step: int) -> None:
    changed = pb.LearningRate()
    changed.sequential_learning_rate.stage.add(learning_rate=message, steps=step + 1)
    rest = changed.sequential_learning_rate.stage.add().learning_rate
    rest.constant_learning_rate.learning_rate = 77
    assert first_difference(message, changed) == step + 1


def walked(one: Schedule, other: Schedule, last: int) -> Comparison:
    """What `compare` has to find, by looking at every step."""
    rows = [Difference(step, one(step), other(step)) for step in range(last + 1)]
    different = [row for row in rows if not row.is_none]
    ranges: list[StepRange] = []
    for row in different:
        if ranges and row.step - ranges[-1].end <= 2:
            ranges[-1] = ranges[-1]._replace(end=row.step)
        else:
            ranges.append(StepRange(row.step, row.step))
    largest = max(different, key=lambda row: row.size, default=None)
    return Comparison(tuple(ranges), different[0] if different else None, largest)


short_kinds = st.one_of(
    api_learning_rates, cyclics, cosine_restarts, one_cycles, polynomials, tables, noams, tanhs
)


@pytest.mark.parametrize("longest_walk", [64, 1024])
@given(first=short_kinds, second=short_kinds, changed=st.booleans())
@settings(max_examples=25)
def test_ranges_and_the_largest_difference_are_those_of_a_walk(
    longest_walk: int, first: pb.LearningRate, second: pb.LearningRate, changed: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "_WALKED", longest_walk)
        last = 2500
        if changed:  # the same curve, with another one in the middle of it
            stages = pb.LearningRate()
            stages.sequential_learning_rate.stage.add(learning_rate=first, steps=1000)
            stages.sequential_learning_rate.stage.add(learning_rate=second, steps=400)
            stages.sequential_learning_rate.stage.add(learning_rate=first)
            second = stages
        one, other = build_schedule(first), build_schedule(second)
        # Beyond so many cycles of a long stretch, ranges are those of whole cycles.
        assume(all(len(list(s.turns(0, last))) < 250 for s in (one, other)))
        found, wanted = compare(one, other, last), walked(one, other, last)
    assert found.first == wanted.first
    assert found.ranges == wanted.ranges
    if wanted.largest is None:
        assert found.largest is None
        return
    assert found.largest is not None
    step = found.largest.step
    assert found.largest == Difference(step, one(step), other(step))
    assert found.largest.size == pytest.approx(wanted.largest.size, rel=1e-9)


def test_cycles_that_are_too_many_to_look_at_are_one_range() -> None:
    one = build_schedule(parse(CYCLE % ""))
    other = build_schedule(parse(CYCLE % "" + " min_learning_rate: 0.5"))
    found = compare(one, other, 10**8)
    assert found.ranges[0] == (0, 1777)
    assert found.ranges[1] == (4556, 6777)
    assert found.ranges[-1].end - found.ranges[-1].begin > 9 * 10**7
    assert found.largest == (0, 0.1, 0.5)


def test_ranges_of_a_long_run() -> None:
    one = build_schedule(parse(COSINE.format(2_000_000)))
    text = COSINE.format(2_000_000) + " warmup { warmup_steps: 30000 }"
    other = build_schedule(parse(text))
    found = compare(one, other)
    assert found.ranges == ((0, 29_999),)
    line = build_schedule(
        parse("polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 2000000 }")
    )
    found = compare(one, line, 2_100_000)
    # They cross in the middle and meet at the end.
    assert found.ranges == ((1, 1_999_999),)
    assert found.largest is not None
    # Both fall equally fast where sin(pi u) = 2 / pi.
    assert found.largest.step == round(math.asin(2 / math.pi) / math.pi * 2_000_000)


def test_the_command(tmp_path: Path) -> None:
    def run(*paths: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "schedule_builder", "diff", *map(str, paths)]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    good = ROOT / "configs" / "digits.config"
    result = run(good, good.with_suffix(".yaml"))
    assert (result.returncode, result.stdout) == (0, "The rates are the same at every step.\n")
    other = tmp_path / "other.config"
    other.write_text(good.read_text().replace("warmup_steps: 60", "warmup_steps: 61"))
    result = run(good, other)
    assert result.returncode == 1
    assert result.stdout.startswith("The rates differ at steps 1..599.\n")
    assert "  0.0115  " in result.stdout
    other.write_text(good.read_text().replace("num_steps: 600", "num_steps: 700"))
    result = run(good, other)
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == "The runs differ: 600 steps and 700 steps."
    other.write_text("nonsense")
    assert run(good, other).returncode == 2
    assert run(good, tmp_path / "missing").returncode == 2


def of(*segments: Segment) -> Schedule:
    return Schedule(segments)


def constant(rate: float) -> Schedule:
    return of(Segment(0, Constant(rate), 0))


FALLING = Interpolation(1.0, 0.0, 10**6)
NAN, INFINITE = math.nan, math.inf


@pytest.mark.parametrize(
    ("first", "second", "size", "is_none"),
    [
        (0.5, 0.5, 0.0, True),
        (0.0, 0.0, 0.0, True),
        (0.0, 1e-300, 1e-300, False),
        (0.5, 0.75, 0.25, False),
        (0.75, 0.5, 0.25, False),
        (-0.5, 0.5, 1.0, False),
        (1.0, 1 - 2.0**-40, 2.0**-40, True),
        (1 - 2.0**-40, 1.0, 2.0**-40, True),
        (-1.0, 2.0**-40 - 1, 2.0**-40, True),
        (1.0, 1 - 2.0**-39, 2.0**-39, False),
        # A relative difference of exactly 1e-12, which the smallest numbers have.
        (1e12 * 5e-324, (1e12 - 1) * 5e-324, 5e-324, True),
        # Of the larger one, which is rounded up to 2 of the smallest numbers here.
        (1_500_000_000_001 * 5e-324, 1_499_999_999_999 * 5e-324, 1e-323, True),
        (1_499_999_999_999 * 5e-324, 1_500_000_000_001 * 5e-324, 1e-323, True),
        (NAN, NAN, 0.0, True),
        (NAN, 0.5, INFINITE, False),
        (0.5, NAN, INFINITE, False),
    ],
)
def test_a_difference(first: float, second: float, size: float, is_none: bool) -> None:
    found = Difference(3, first, second)
    assert found.size == size
    assert found.is_none is is_none


@pytest.mark.parametrize(
    ("changes", "ranges"),
    [
        ([], []),
        ([(0, True)], [(0, 9)]),
        ([(9, True)], [(9, 9)]),
        ([(3, True), (5, False)], [(3, 4)]),
        ([(3, True), (5, False), (6, True)], [(3, 9)]),
        ([(3, True), (5, False), (6, True), (8, False)], [(3, 7)]),
        ([(3, True), (5, False), (7, True)], [(3, 4), (7, 9)]),
        ([(0, True), (1, False), (3, True), (4, False), (6, True)], [(0, 0), (3, 3), (6, 9)]),
    ],
)
def test_ranges_of_changes(changes: list[tuple[int, bool]], ranges: list[tuple[int, int]]) -> None:
    assert list(comparison._ranges(iter(changes), 9)) == ranges


@pytest.mark.parametrize(
    ("steps", "ranges"),
    [
        ([], ()),
        ([3], ((3, 3),)),
        ([3, 4, 5], ((3, 5),)),
        ([3, 5, 6, 9], ((3, 3), (5, 6), (9, 9))),
    ],
)
def test_ranges_of_steps(steps: list[int], ranges: tuple[tuple[int, int], ...]) -> None:
    assert comparison.ranges_of(iter(steps)) == ranges


def test_a_last_step_is_compared_and_none_beyond() -> None:
    one, other = constant(0.5), of(Segment(0, Constant(0.5), 0), Segment(7, Constant(0.25), 0))
    assert compare(one, other, 6) == Comparison()
    seven = Difference(7, 0.5, 0.25)
    assert compare(one, other, 7) == Comparison((StepRange(7, 7),), seven, seven)
    assert compare(one, other, 8).ranges == ((7, 8),)
    assert compare(one, other).ranges == ((7, MAX_STEP),)


@pytest.mark.parametrize("begin", range(1, 65))
def test_a_floor_is_reached_at_any_step(begin: int) -> None:
    """However a step is placed between those that are looked at first."""
    first = 3001 * begin
    floored = of(Segment(0, FALLING, 0, floor=FALLING.start - (first - 0.5) / 10**6))
    plain = of(Segment(0, FALLING, 0))
    found = compare(plain, floored, 10**6)
    assert found.ranges == ((first, 10**6),)
    assert found.largest == Difference(10**6, 0.0, floored(10**6))
    assert first_difference(floored, plain) == first
    rising = Interpolation(0.0, 1.0, 10**6)
    floored = of(Segment(0, rising, 0, floor=(first - 0.5) / 10**6))
    found = compare(floored, of(Segment(0, rising, 0)), 10**6)
    assert found.ranges == ((0, first - 1),)
    assert found.largest == found.first == Difference(0, floored(0), 0.0)


@pytest.mark.parametrize("rate", [0.5, 0.3, 0.123456789, 0.9])
def test_slow_curves_that_cross_are_the_same_for_some_steps(rate: float) -> None:
    slow = of(Segment(0, Interpolation(1.0, 0.0, 10**13), 0))
    last = 10**13
    middle = round((1 - rate) * last)
    same = [
        step
        for step in range(middle - 50, middle + 50)
        if abs(slow(step) - rate) <= 1e-12 * max(rate, slow(step))
    ]
    assert len(same) > 2
    for one, other in ((slow, constant(rate)), (constant(rate), slow)):
        found = compare(one, other, last)
        assert found.ranges == ((0, same[0] - 1), (same[-1] + 1, last))
        farthest = last if rate > 0.5 else 0
        assert found.largest == Difference(farthest, one(farthest), other(farthest))


@pytest.mark.parametrize("length", [10**6 + i for i in range(0, 999, 111)])
def test_the_largest_difference_between_two_long_curves(length: int) -> None:
    """A half cosine is farthest from a line where sin(pi u) = 2 / pi, on both sides alike."""
    half = of(Segment(0, Interpolation(1.0, 0.0, length, "cosine"), 0))
    line = of(Segment(0, Interpolation(1.0, 0.0, length), 0))
    found = compare(half, line, length)
    wanted = math.asin(2 / math.pi) / math.pi
    assert found.largest is not None
    assert min(abs(found.largest.step / length - u) for u in (wanted, 1 - wanted)) < 2 / length
    beside = [abs(half(s) - line(s)) for s in (found.largest.step - 1, found.largest.step + 1)]
    assert found.largest.size >= max(beside)
    assert found.ranges == ((1, length - 1),)


def test_the_first_of_several_largest_differences_is_named() -> None:
    steps = [Segment(10 * i, Constant(0.5 + 0.25 * (i % 2)), 0) for i in range(6)]
    assert compare(of(*steps), constant(0.5), 100).largest == Difference(10, 0.75, 0.5)
    wave = of(Segment(0, Cycle(0.0, 0.5, 3000, 3000), 0))
    assert compare(wave, constant(0.0), 60_000).largest == Difference(3000, 0.5, 0.0)


def test_the_largest_difference_may_be_in_a_curve_beside_a_constant_one() -> None:
    one = of(Segment(0, Constant(0.5), 0), Segment(10, Interpolation(0.5, 0.4, 10**5), 10))
    other = of(Segment(0, Constant(0.5), 0), Segment(10, Constant(0.45), 0))
    found = compare(one, other, 10**5)
    assert found.largest == Difference(10, 0.5, 0.45)
    assert found.ranges == ((10, 10**5),)


# Which steps are looked at.


def stretch(curve: Any, begin: int, end: int, other: Any = None) -> comparison._Stretch:
    """A stretch in which one schedule follows a curve that began at step 1000."""
    one = of(Segment(0, Constant(0.5), 0), Segment(1000, curve, 1000))
    return comparison._Stretch(one, other or constant(0.5), begin, end)


def test_all_steps_of_a_short_stretch_are_looked_at() -> None:
    assert stretch(FALLING, 1000, 1500).probes() == list(range(1000, 1501))
    assert stretch(FALLING, 1000, 1000).probes() == [1000]
    assert stretch(Constant(0.25), 1000, 10**9).probes() == [1000]


@pytest.mark.parametrize("begin", [1000, 5000, 10**6])
@pytest.mark.parametrize("length", [2000, 10**5, 10**12])
def test_a_long_stretch_is_looked_at_in_parts_and_near_its_ends(begin: int, length: int) -> None:
    end = begin + length
    probes = stretch(FALLING, begin, end).probes()
    assert probes == sorted(set(probes))
    assert probes[0] == begin
    assert probes[-1] == end
    assert max(high - low for low, high in pairwise(probes)) <= length / 256 + 1
    near = {2**power for power in range(length.bit_length() - 1)}
    assert {begin + step for step in near} | {end - step for step in near} <= set(probes)
    assert len(probes) < 256 + 2 * len(near) + 10


@pytest.mark.parametrize("begin", [1000, 5000, 10**6])
def test_turns_of_either_curve_are_looked_at_from_both_sides(begin: int) -> None:
    cycle = Cycle(0.25, 0.5, 300, 700, step_factor=0.99)
    plain = stretch(cycle, begin, begin + 10**6)
    swapped = comparison._Stretch(constant(0.5), plain.schedules[0], begin, begin + 10**6)
    for found in (plain, swapped):
        probes = set(found.probes())
        for period in range(begin // 1000, begin // 1000 + 200):
            for turn in (1000 * period, 1000 * period + 300):
                beside = {turn - 1, turn, turn + 1} if turn > begin else {begin, begin + 1}
                assert beside <= probes
        # The highest step of a cycle that shrinks is before its turn.
        first = begin - 1000
        assert {s + 1000 for s in cycle.extremes(first, first + 10**6)} <= probes


def test_until_where_every_turn_is_looked_at() -> None:
    def until(one: Schedule, other: Schedule, end: int, begin: int = 0) -> int:
        return comparison._Stretch(one, other, begin, end)._clear_until()

    wave, slow = (of(Segment(0, Cycle(0.25, 0.5, n, n), 0)) for n in (100, 150))
    line = of(Segment(0, FALLING, 0))
    for one, other in ((wave, line), (line, wave)):
        assert until(one, other, 5000) == 5000
        assert until(one, other, 5150) == 5150  # beyond the last turn, and before the next
        assert until(one, other, 51_000) == 51_000
        assert until(one, other, 51_399) == 51_399
        # The turns of so many cycles are looked at.
        assert until(one, other, 51_400) == until(one, other, 10**6) == 51_300
    assert until(line, line, 10**6) == 10**6
    assert until(wave, slow, 10**6) == until(slow, wave, 10**6) == until(wave, line, 10**6)
    later = of(Segment(0, Constant(0.5), 0), Segment(1000, Cycle(0.25, 0.5, 100, 100), 1000))
    assert until(later, line, 52_399, 1000) == 52_399
    assert until(later, line, 52_400, 1000) == 52_300
    # In a short stretch every step is looked at.
    ripple = of(Segment(0, Cycle(0.25, 0.5, 1, 1), 0))
    assert until(ripple, line, 900) == 900


WAVE = of(Segment(0, Cycle(0.25, 0.5, 100, 100), 0))


def limited(op: str, line: Interpolation) -> Schedule:
    """A wave that a line limits for some time."""
    member = of(Segment(0, line, 0), Segment(int(line.length), Constant(line.end), 0))
    return of(Segment(0, Combination(op, (WAVE, member)), 0))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(limited("max", Interpolation(0.0, 0.5, 10**6)), id="from some step on"),
        pytest.param(limited("max", Interpolation(0.5, 0.0, 10**6)), id="until some step"),
        pytest.param(limited("min", Interpolation(0.25, 0.5, 51_350)), id="until one looked at"),
        pytest.param(limited("max", Interpolation(0.2, 0.45, 10**6)), id="later, to the end"),
    ],
)
def test_later_cycles_that_differ_are_one_range(other: Schedule) -> None:
    """From the first step that is looked at and differs, to the last one, or the end."""
    clear = 51_300  # The turns of the first cycles are looked at until there.
    last = 10**6
    later = [s for s in comparison._Stretch(WAVE, other, 0, last).probes() if s > clear]
    different = [s for s in later if WAVE(s) != other(s)]
    ranges = list(walked(WAVE, other, clear).ranges)
    differs = bool(ranges) and ranges[-1].end == clear
    if different:
        begin = ranges.pop().begin if differs else different[0]
        ranges.append(StepRange(begin, different[-1]))
    elif differs:
        ranges[-1] = ranges[-1]._replace(end=later[0] - 1)
    assert compare(WAVE, other, last).ranges == tuple(ranges)


def test_the_largest_of_many_peaks_between_the_steps_that_are_looked_at() -> None:
    for factor in (1.05, 0.95):
        half = of(Segment(0, CosineCycle(0.3, 0.1, 1000, factor), 0))
        saw = of(Segment(0, Cycle(0.1, 0.4, 1, 999, factor), 0))
        found = compare(half, saw, 20_000)
        # Each saw has a step of its own, at which a line begins.
        sizes = [abs(half(step) - saw(step)) for step in range(20_001)]
        assert found.largest is not None
        assert found.largest.size == pytest.approx(max(sizes), rel=1e-9)


def test_a_difference_in_a_stretch_of_one_step() -> None:
    one = constant(0.5)
    for begin in (0, 7):
        steps = [Segment(begin, Constant(0.25), 0), Segment(begin + 1, Constant(0.5), 0)]
        other = of(*([Segment(0, Constant(0.5), 0)] if begin else []), *steps)
        found = compare(one, other, 20)
        assert found.ranges == ((begin, begin),)
        assert first_difference(one, other) == begin


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(limited("max", Interpolation(0.0, 0.5, 10**6)), id="to the end"),
        pytest.param(limited("max", Interpolation(0.5, 0.0, 10**6)), id="until some step"),
        pytest.param(limited("min", Interpolation(0.25, 0.5, 51_350)), id="until one looked at"),
        pytest.param(limited("max", Interpolation(0.1, 0.2, 10**6)), id="nowhere"),
    ],
)
def test_changes_of_a_stretch_are_steps_of_it(other: Schedule) -> None:
    """After the first one, each is a change, and the last one holds to the end."""
    found = comparison._Stretch(WAVE, other, 0, 10**6 - 1)
    steps, states = zip(*found.changes(), strict=True)
    assert steps == tuple(sorted(set(steps)))
    assert steps[0] == 0
    assert steps[-1] < 10**6
    assert all(state != after for state, after in pairwise(states))
    assert states[-1] == found.differs(found.end)


class Sized(comparison._Stretch):
    """A stretch whose differences at the steps that are looked at are given."""

    def __init__(self, sizes: dict[int, float]) -> None:
        super().__init__(constant(0.5), constant(0.25), min(sizes), max(sizes) + 10_000)
        self._known = {step: Difference(step, size, 0.0) for step, size in sizes.items()}
        self.climbed: list[tuple[int, int]] = []

    def probes(self) -> list[int]:
        return [*self._known]

    def _climbed(self, low: int, high: int) -> Difference:
        self.climbed.append((low, high))
        return self.at(low)


@pytest.mark.parametrize(
    ("sizes", "climbed"),
    [
        ([1, 2, 3, 4, 3, 2, 1], [(2, 3), (3, 4)]),
        ([9, 8, 7, 6, 5, 9], [(0, 1), (4, 5)]),  # both ends
        ([1, 3, 1, 5, 1, 4, 1], [(2, 3), (3, 4), (4, 5), (5, 6)]),  # the largest first
        ([1, 2, 1, 1, 4, 4, 1], [(3, 4), (4, 5), (4, 5), (5, 6)]),  # both of a level top
        ([4, 1, 1, 1], [(0, 1)]),
        ([1, 1, 1, 4], [(2, 3)]),
    ],
)
def test_the_steps_on_both_sides_of_a_peak_are_looked_at(
    sizes: list[float], climbed: list[tuple[int, int]]
) -> None:
    found = Sized({10 * i: size for i, size in enumerate(sizes)})
    list(found.peaks(3.5))
    assert found.climbed == [(10 * low, 10 * high) for low, high in climbed]


def test_of_many_peaks_the_largest_are_looked_at() -> None:
    sizes = {
        20 * i + 10 * side: (10.0 + i % 7 + i / 99) * side for i in range(30) for side in (0, 1)
    }
    largest = sorted(sizes, key=lambda step: -sizes[step])[:8]
    found = Sized(sizes)
    list(found.peaks(1.0))
    ends = list(sizes)[-1]
    assert found.climbed == [
        interval
        for step in largest
        for interval in ((step - 10, step), (step, step + 10))
        if interval[1] <= ends
    ]


def test_peaks_are_looked_for_near_what_is_half_as_large_as_the_largest() -> None:
    """In all stretches: between the steps that are looked at, no difference doubles."""

    class Asked(Sized):
        def peaks(self, least: float) -> Any:
            asked.append(least)
            return iter(())

    asked: list[float] = []
    stretches = [Asked({0: 1.0, 10: 2.0}), Asked({20: 8.0, 30: 3.0}), Asked({40: 0.5})]
    assert comparison._largest(stretches) == Difference(20, 8.0, 0.0)
    assert asked == [4.0] * 3
