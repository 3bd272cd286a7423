"""What is said of single rates: entries that change nothing, factors, floors, zeros, defaults."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise, product
from typing import Any

import pytest

from schedule_builder.diagnostics import Remove
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.rules.rate_rules import negligible_rate, rate_too_high, zero_rate
from schedule_builder.rules.registry import Finding
from schedule_builder.rules.run import THRESHOLDS
from schedule_builder.rules.shape_rules import (
    default_in_force,
    floor_above_schedule,
    growing_rate,
    jump_up,
    stage_without_effect,
)
from schedule_builder.v1 import options_pb2
from tests.rules.test_run import lists, pipeline, run_of

Check = Callable[[Any], Iterator[Finding]]
BEGINS = (10, 20, 30)
RUNS = (5, 10, 11, 20, 21, 25, 31, 100)


def said(check: Check, run: Any) -> list[tuple[str, str]]:
    base = len(run.kind_path)
    return [(" ".join(map(str, f.path[base:])), str(f.words)) for f in check(run)]


def piecewise(rates: tuple[float, ...]) -> str:
    return (
        "piecewise_constant_learning_rate { boundaries: [10, 20, 30]"
        f" values: [{', '.join(map(str, rates))}] }}"
    )


def test_entries_that_repeat_the_rate_before() -> None:
    for rates, num_steps, warmup in product(product((1, 0.5), repeat=4), RUNS, (False, True)):
        text = lists(rates, BEGINS)
        run = pipeline(text[:-1] + "warmup: true }" if warmup else text, num_steps)
        idle = [n for n, (a, b) in enumerate(pairwise(rates)) if a == b and not (warmup and n == 0)]
        # Of stages after a run in which nothing happens SB418 speaks.
        inside = [run.schedule(step) for step in range(num_steps)]
        is_bypassed = len(set(inside)) == 1 and len(set(rates)) > 1
        idle_said = [n for n in idle if not is_bypassed or BEGINS[n] < num_steps]
        found = [f for f in stage_without_effect(run) if f.path[-1] != "warmup"]
        assert [f.path for f in found] == [
            (*run.kind_path, "schedule", n, "learning_rate") for n in idle_said
        ], (rates, num_steps, warmup)
        for finding, n in zip(found, idle_said, strict=True):
            assert str(finding.words).startswith(
                f"no change at step {BEGINS[n]}: the rate is already {rates[n + 1]:g}."
            )
            if len(idle) == 3:
                assert finding.repair is None
                continue
            assert finding.repair is not None
            assert finding.repair.title == f"Remove this entry, which repeats {rates[n + 1]:g}"
            assert finding.repair.changes == (Remove((*run.kind_path, "schedule", n)),)
            assert finding.repair.safe


def test_entries_that_other_rules_speak_of() -> None:
    # Without a rate it is 0.002, and one at step 0 is an error of its own.
    text = lists((0.002, 0.002, 0.002, 0.001), BEGINS).replace("learning_rate: 0.002", "", 2)
    run = pipeline(text.replace("initial_", "initial_learning_rate: 0.002 "), 100)
    entries = run.main.schedule
    assert [entry.HasField("learning_rate") for entry in entries] == [False, True, True]
    assert [path for path, _ in said(stage_without_effect, run)] == ["schedule 1 learning_rate"]
    run = pipeline(lists((1, 1, 1, 0.5), (0, 20, 30)), 100)
    found = list(stage_without_effect(run))
    assert [f.path[-2] for f in found] == [1]
    assert found[0].repair is not None
    # Of the others, only one at step 0 would be left.
    run = pipeline(lists((1, 0.5, 0.5, 0.5), (0, 20, 30)), 100)
    assert all(f.repair is None for f in stage_without_effect(run))


def test_values_that_repeat_the_one_before() -> None:
    for rates, num_steps in product(product((1, 0.5), repeat=4), RUNS):
        run = pipeline(piecewise(rates), num_steps)
        idle = [n for n, (a, b) in enumerate(pairwise(rates)) if a == b]
        inside = {run.schedule(step) for step in range(num_steps)}
        is_bypassed = len(inside) == 1 and len(set(rates)) > 1
        told = [n for n in idle if not is_bypassed or BEGINS[n] < num_steps]
        found = list(stage_without_effect(run))
        assert [f.path for f in found] == [(*run.kind_path, "values", n + 1) for n in told]
        for finding, n in zip(found, told, strict=True):
            assert str(finding.words).startswith(
                f"no change at boundary {BEGINS[n]}: the rate is already {rates[n + 1]:g}."
            )
            if len(idle) == 3:
                assert finding.repair is None
                continue
            assert finding.repair is not None
            assert finding.repair.changes == (
                Remove((*run.kind_path, "boundaries", n)),
                Remove((*run.kind_path, "values", n + 1)),
            )
            assert finding.repair.safe
            assert finding.repair.title == (
                f"Remove this value, which repeats {rates[n + 1]:g}, and its boundary"
            )
        # A table in another unit was made into this kind, and may hold a rate.
        assert not list(stage_without_effect(run._replace(moved={run.kind_path})))


@pytest.mark.parametrize("factor", [0.5, 1, 1.5, 2, 4])
def test_a_factor_above_1_grows(factor: float) -> None:
    kinds = {
        "multi_step_learning_rate { milestones: [5] decay_factor: %s }": "decay_factor",
        "exponential_decay_learning_rate { decay_steps: 5 decay_factor: %s }": "decay_factor",
        "inverse_time_decay_learning_rate { initial_learning_rate: 1 decay_steps: 5"
        " decay_rate: %s }": "",
    }
    for text, field in kinds.items():
        found = said(growing_rate, pipeline(text % factor))
        assert [path for path, _ in found] == [field] * (factor > 1 and bool(field))
        for _, words in found:
            assert f"multiplies it by {factor:g}." in words
            assert words.endswith(f"write {1 / factor:.6g}")
        idle = said(stage_without_effect, pipeline(text % factor))
        assert [path for path, _ in idle] == [field] * (factor == 1 and "multi" in text)
    garden = run_of(
        "trainer { train_steps: 90 optimizer_config { learning_rate { type: 'exponential'"
        f" exponential {{ initial_learning_rate: 1 decay_steps: 5 decay_rate: {factor} }} }} }} }}",
        dialect=EXPERIMENT,
    )
    assert [path for path, _ in said(growing_rate, garden)] == ["decay_rate"] * (factor > 1)


def test_a_floor_is_the_rate_of_every_step() -> None:
    decay = "polynomial_decay_learning_rate { initial_learning_rate: 1 decay_steps: 50 }"
    constant = "constant_learning_rate { learning_rate: 1 }"
    for text, floor, num_steps in product((decay, constant), (0, 0.25, 1, 1.5), (1, 2, 9, 100)):
        run = pipeline(f"{text} min_learning_rate: {floor}", num_steps)
        found = [f.path for f in floor_above_schedule(run)]
        assert found == [(*run.path, "min_learning_rate")] * (floor >= 1)
        assert [words for _, words in said(floor_above_schedule, run)] == [
            f"`min_learning_rate` is the rate at every step: no rate of the schedule is above"
            f" {floor:g}. Lower `min_learning_rate`"
        ] * len(found)
    none = "constant_learning_rate { learning_rate: 0 }"
    assert not said(floor_above_schedule, pipeline(none))
    assert not said(floor_above_schedule, pipeline(f"{none} min_learning_rate: 0"))
    # Of a cycle, one step says nothing.
    cycle = (
        "cyclic_learning_rate { base_learning_rate: 0.25 max_learning_rate: 1 step_size_up: 50 }"
        " min_learning_rate: 0.5"
    )
    for length, is_found in ((None, False), (1, False), (2, True), (9, True), (100, False)):
        assert len(said(floor_above_schedule, pipeline(cycle, length))) == is_found
    own = (
        "exponential_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: 5"
        " min_learning_rate: {} }} min_learning_rate: {}"
    )
    for inner, outer in product((0, 0.5, 2), repeat=2):
        run = pipeline(own.format(inner, outer), 100)
        found = [f.path for f in floor_above_schedule(run)]
        high = max(inner, outer)
        wanted = [(*run.kind_path, "min_learning_rate")] * (inner == high == 2)
        wanted += [(*run.path, "min_learning_rate")] * (outer == high == 2)
        assert found == wanted


def test_without_a_run_length_a_floor_is_compared_with_all_steps() -> None:
    text = (
        "exponential_decay_learning_rate {{ initial_learning_rate: 0.25 decay_steps: 5"
        " decay_factor: {} staircase: {} }} min_learning_rate: {}"
    )
    for factor, staircase, floor in product((0.5, 1, 1.1), ("true", "false"), (0.2, 0.5)):
        run = pipeline(text.format(factor, staircase, floor), None)
        is_found = floor == 0.5 and factor <= 1
        assert len(said(floor_above_schedule, run)) == is_found


def test_a_decay_to_the_rate_at_which_it_begins() -> None:
    kinds = {
        "polynomial_decay_learning_rate { initial_learning_rate: 0.5 decay_steps: 9": (
            "initial_learning_rate"
        ),
        "tanh_decay_learning_rate { learning_rate_base: 0.5 total_steps: 9": "learning_rate_base",
    }
    for text, first in kinds.items():
        for end in ("", "0.25", "0.5", "0.75"):
            more = f"end_learning_rate: {end}" if end else ""
            found = said(stage_without_effect, pipeline(f"{text} {more} }}"))
            assert [path for path, _ in found] == ["end_learning_rate"] * (end == "0.5")
            for _, words in found:
                assert words.startswith(
                    f"no decay: `end_learning_rate` (0.5) equals `{first}`. Set `end_learning_rate`"
                    " lower, or use `constant_learning_rate`"
                )
    zero = "polynomial_decay_learning_rate { initial_learning_rate: 0 decay_steps: 9 }"
    ((_, words),) = said(stage_without_effect, pipeline(zero))
    assert words == (
        "no decay: `end_learning_rate` (0, its default) equals `initial_learning_rate`."
        " Set `initial_learning_rate` higher, or use `constant_learning_rate`"
    )
    garden = run_of(
        "trainer { optimizer_config { learning_rate { type: 'polynomial' polynomial {"
        " initial_learning_rate: 0.0001 decay_steps: 9 } } } }",
        dialect=EXPERIMENT,
    )
    ((_, words),) = said(stage_without_effect, garden)
    assert words == (
        "no decay: `end_learning_rate` (0.0001, its default) equals `initial_learning_rate`."
        " Set `end_learning_rate` lower, or use `type: constant` and a `constant` block"
    )
    # The warmup and the plateau of this one are something.
    stable = (
        "warmup_stable_decay_learning_rate { peak_learning_rate: 1 initial_learning_rate: 0.5"
        " end_learning_rate: 0.5 warmup_steps: 5 stable_steps: 5 decay_steps: 9 }"
    )
    assert not said(stage_without_effect, pipeline(stable))


def test_a_warmup_that_begins_where_it_leads() -> None:
    constant = "constant_learning_rate {{ learning_rate: {} }} warmup {{ warmup_steps: {} {} }}"
    for rate, count, start in product((0, 0.25, 1.5), (0, 1, 9), ("", "0", "0.25", "1.5")):
        more = f"warmup_learning_rate: {start}" if start else ""
        run = pipeline(constant.format(rate, count, more))
        found = [f.path for f in stage_without_effect(run)]
        is_found = count > 0 and rate > 0 and float(start or 0) == rate
        place = (*run.path, "warmup", "warmup_learning_rate")
        assert found == [place] * is_found
        if is_found:
            ((_, words),) = said(stage_without_effect, run)
            assert words.startswith(
                f"this warmup does not change the rate: it is {rate} from step 0 on."
            )
        run.blamed.add((*run.path, "warmup", "warmup_steps"))
        assert not list(stage_without_effect(run))
    # A warmup of the kind itself may rise on, from where the one over it ends.
    cosine = "cosine_decay_learning_rate { learning_rate_base: 1 total_steps: 90 warmup_steps: 20"
    over = "warmup { warmup_steps: 10 warmup_learning_rate: 0.5 }"
    run = pipeline(f"{cosine} warmup_learning_rate: 0 }} {over}")
    assert [f.path for f in stage_without_effect(run)] == [
        (*run.path, "warmup", "warmup_learning_rate")
    ]
    # The default of a rate may be the goal as well.
    run = pipeline(
        "cosine_decay_learning_rate { learning_rate_base: 0.0002 total_steps: 90 warmup_steps: 9 }"
    )
    assert [path for path, _ in said(stage_without_effect, run)] == ["warmup_steps"]
    for first, step in product((0.25, 0.5), (1, 9)):
        text = lists((first, 0.5, 0.25), (step, 50))[:-1] + "warmup: true }"
        run = pipeline(text, 90)
        assert [path for path, _ in said(stage_without_effect, run)] == ["warmup"] * (first == 0.5)
    burnin = (
        "exponential_decay_learning_rate {{ initial_learning_rate: 0.5 decay_steps: 50"
        " burnin_steps: {} burnin_learning_rate: {} }}"
    )
    for count, first in product((0, 1, 9), (0, 0.25, 0.5)):
        run = pipeline(burnin.format(count, first), 90)
        is_found = count > 0 and first == 0.5
        assert [path for path, _ in said(stage_without_effect, run)] == [
            "burnin_learning_rate"
        ] * is_found


@pytest.mark.parametrize(
    ("base", "start", "floor", "is_held"),
    [
        (0.1, 0, 0.1, True),
        (0.05, 0, 0.1, True),
        (0.05, 0.05, 0.1, True),
        (0.1, 0.1, 0.1, False),
        (0.1, 0.1, 0.05, False),
        (2, 0, 2, True),
        (1, 1, 2, True),
    ],
)
def test_the_lowest_rate_may_hold_a_warmup(
    base: float, start: float, floor: float, is_held: bool
) -> None:
    for count in (1, 9):
        run = pipeline(
            f"constant_learning_rate {{ learning_rate: {base} }} min_learning_rate: {floor} warmup"
            f" {{ warmup_steps: {count} warmup_learning_rate: {start} }}"
        )
        ((_, words),) = said(stage_without_effect, run)
        rate = f"{max(base, floor):g}"
        assert words == (
            f"this warmup does not change the rate: `min_learning_rate` keeps it at {rate}. Lower"
            " `min_learning_rate`, or remove the warmup"
            if is_held
            else f"this warmup does not change the rate: it is {rate} from step 0 on. Start the"
            " warmup lower, or remove it"
        )


def test_the_lowest_rate_of_the_kind_holds_no_warmup_over_it() -> None:
    run = pipeline(
        "exponential_decay_learning_rate { initial_learning_rate: 0.5 decay_steps: 1 decay_factor:"
        " 0.5 min_learning_rate: 0.1 } warmup { warmup_steps: 9 warmup_learning_rate: 0.1 }"
    )
    assert run.schedule(9) == 0.1
    ((_, words),) = said(stage_without_effect, run)
    assert words.startswith("this warmup does not change the rate: it is 0.1 from step 0 on.")


def idle(first: int, last: int) -> str:
    return f"step {first} trains" if first == last else f"steps {first} to {last} train"


def test_steps_at_rate_0() -> None:
    for rates, num_steps in product(
        product((0, 0.5), repeat=4), (1, 5, 10, 11, 12, 20, 30, 31, 99)
    ):
        ends = [*BEGINS, num_steps]
        wanted = []
        if rates[0] == 0:
            wanted = [("initial_learning_rate", idle(0, min(BEGINS[0], num_steps) - 1))]
        for n, begin in enumerate(BEGINS):
            if rates[n + 1] == 0 and begin < num_steps:
                last = min(ends[n + 1], num_steps) - 1
                wanted.append((f"schedule {n} step", idle(begin, last)))
        found = said(zero_rate, pipeline(lists(rates, BEGINS), num_steps))
        assert [path for path, _ in found] == [path for path, _ in wanted], (rates, num_steps)
        for (_, words), (_, begins) in zip(found, wanted, strict=True):
            assert words.startswith(f"{begins} at rate 0, so the weights")
        # A first value of 0 is a warmup, except where no other follows.
        found = said(zero_rate, pipeline(piecewise(rates), num_steps))
        wanted = []
        for n, begin in enumerate(BEGINS):
            if rates[n + 1] == 0 and begin + 1 < num_steps:
                last = min(ends[n + 1], num_steps - 1) if n < 2 else num_steps - 1
                wanted.append((f"boundaries {n}", idle(begin + 1, last)))
        reached = rates[: 1 + sum(begin + 1 < num_steps for begin in BEGINS)]
        if not any(reached):
            wanted = [("", "every step trains")]
        assert [path for path, _ in found] == [path for path, _ in wanted], (rates, num_steps)
        for (_, words), (_, begins) in zip(found, wanted, strict=True):
            assert words.startswith(f"{begins} at rate 0, so the weights")


def test_a_line_from_0_and_a_decay_to_0_are_no_idle_steps() -> None:
    text = lists((0, 0.5, 0.25), (9, 50))[:-1] + "warmup: true }"
    assert said(zero_rate, pipeline(text, 90))[0][1].startswith("step 0 trains at rate 0")
    decay = "polynomial_decay_learning_rate { initial_learning_rate: 1 decay_steps: 50 }"
    assert not said(zero_rate, pipeline(decay, 90))
    rise = "constant_learning_rate { learning_rate: 1 } warmup { warmup_steps: 9 }"
    assert not said(zero_rate, pipeline(rise, 90))


def test_steps_at_rate_0_without_a_run_length() -> None:
    told = "at rate 0, so the weights do not change. Set a rate above 0"
    assert said(zero_rate, pipeline(lists((1, 0, 0.5, 0), BEGINS), None)) == [
        ("schedule 0 step", f"steps 10 to 19 train {told}"),
        ("schedule 2 step", f"all steps from 30 on train {told}"),
    ]


@pytest.mark.parametrize(
    ("text", "path", "advice"),
    [
        (
            "exponential_decay_learning_rate { initial_learning_rate: 0 decay_steps: 9"
            " burnin_steps: 9 burnin_learning_rate: 1 }",
            "exponential_decay_learning_rate burnin_steps",
            ", because `initial_learning_rate` is 0. Set it above 0",
        ),
        (
            "constant_learning_rate { learning_rate: 0 } warmup { shape: CONSTANT warmup_steps: 9"
            " warmup_learning_rate: 1 }",
            "warmup warmup_steps",
            ", because `learning_rate` is 0. Set it above 0",
        ),
        (
            "cosine_decay_learning_rate { learning_rate_base: 0 total_steps: 90 warmup_steps: 0"
            " hold_base_rate_steps: 20 } warmup { shape: CONSTANT warmup_steps: 9"
            " warmup_learning_rate: 1 }",
            "warmup warmup_steps",
            ", because `learning_rate_base` is 0. Set it above 0",
        ),
        (
            # The entry has a rate of its own.
            "manual_step_learning_rate { initial_learning_rate: 0 schedule { step: 4"
            " learning_rate: 1 } schedule { step: 9 learning_rate: 0 } }",
            "manual_step_learning_rate schedule 1 step",
            ". Set a rate above 0",
        ),
    ],
)
def test_the_rate_that_is_to_be_set_where_steps_train_at_0(
    text: str, path: str, advice: str
) -> None:
    run = pipeline(text, 20)
    *_, finding = zero_rate(run)
    assert " ".join(map(str, finding.path[len(run.path) :])) == path
    told = "steps 9 to 19 train at rate 0, so the weights do not change"
    assert str(finding.words) == f"{told}{advice}"


def test_defaults_that_few_runs_can_mean() -> None:
    values = {
        "learning_rate_base": "0.5",
        "total_steps": "90",
        "warmup_learning_rate": "0.25",
        "warmup_steps": "9",
        "hold_base_rate_steps": "3",
    }
    descriptor = pipeline("cosine_decay_learning_rate {}").main.DESCRIPTOR
    surprising = [
        (field.name, f"{field.default_value:g}".replace("4e+06", "4000000"))
        for field in sorted(descriptor.fields, key=lambda field: field.number)
        if field.GetOptions().Extensions[options_pb2.surprising_default]
    ]
    assert len(surprising) == 4
    for count in range(len(values) + 1):
        for given in combinations(values, count):
            for none in (False, True):
                fields = {name: values[name] for name in given}
                if none:
                    fields["warmup_steps"] = "0"
                text = " ".join(f"{name}: {value}" for name, value in fields.items())
                run = pipeline(f"cosine_decay_learning_rate {{ {text} }}")
                # Where there is no warmup, its rate is none.
                unsaid = [
                    f"`{name}` ({value})"
                    for name, value in surprising
                    if name not in fields and not (none and name == "warmup_learning_rate")
                ]
                found = said(default_in_force, run)
                assert len(found) == bool(unsaid)
                for path, words in found:
                    assert path == ""
                    if len(unsaid) == 1:
                        assert words == f"{unsaid[0]} is a schema default. Set it explicitly"
                    else:
                        listed = f"{', '.join(unsaid[:-1])} and {unsaid[-1]}"
                        assert words == f"{listed} are schema defaults. Set them explicitly"
                run.blamed.update((*run.kind_path, name) for name, _ in surprising)
                assert not said(default_in_force, run)


def test_where_the_rate_rises() -> None:
    check = "Check the order and the digits of the rates"
    for rates, said_of in (
        ((1, 0.25, 0.5), "jumps up at step {step}{after}, from 0.25 to 0.5."),
        ((0.01, 0.01, 0.5), "jumps up at step {step}{after}, from 0.01 to 0.5."),
        ((0.01, 0.5, 0.5), "rises from 0.01 to 0.5 at step {step} of 1000{after}: too late for a"),
    ):
        begin = 100 if rates[1] == rates[2] else 400
        boundaries = "piecewise_constant_learning_rate { boundaries: [%d, 400] values: %s }"
        for text, path, step, after in (
            (lists(rates, (100, 400)), "schedule {} step", begin, ""),
            (
                boundaries % (100, list(rates)),
                "boundaries {}",
                begin + 1,
                " (one after the boundary)",
            ),
        ):
            run = pipeline(text)
            ((where, words),) = said(jump_up, run)
            assert where == path.format(int(begin == 400))
            assert words.startswith("the rate " + said_of.format(step=step, after=after))
            assert words.endswith(f" {check}")
            # A table in another unit was made into this kind, and may rise at any time.
            moved = run._replace(moved={run.kind_path})
            assert bool(said(jump_up, moved)) == (rates[1] < rates[2])


@pytest.mark.parametrize(
    ("text", "num_steps", "found"),
    [
        # A rise after a fall, by more than rounding, in the run.
        (lists((1, 0.5, 0.5 * (1 + 1e-6)), (10, 20)), 1000, []),
        (lists((1, 0.5, math.nextafter(0.5 * (1 + 1e-6), 1)), (10, 20)), 1000, [20]),
        (lists((1, 0.25, 0.5), (10, 999)), 1000, [999]),
        (lists((1, 0.25, 0.5), (10, 1000)), 1000, []),
        (lists((0.1, 0.1, 0.5), (10, 20)), 1000, []),
        # The order of these is unknown.
        (lists((1, 0.25, 0.125, 0.5), (10, 20, 20)), 1000, []),
        (lists((1, 0.25, 0.125, 0.5), (10, 20, 21)), 1000, [21]),
        # One rate for more than a fifth of the run is not a warmup, however short that is.
        (lists((0.25, 0.5), (1,)), 4, [1]),
        (lists((0.25, 0.5), (1,)), 5, []),
        # A line that lasts for one step has not fallen.
        (lists((0.01, 0.5, 0.25), (1, 500))[:-1] + "warmup: true }", 1000, []),
    ],
)
def test_a_rise_in_the_middle(text: str, num_steps: int, found: list[int]) -> None:
    words = [words for _, words in said(jump_up, pipeline(text, num_steps))]
    assert len(words) == len(found)
    for each, step in zip(words, found, strict=True):
        assert each.startswith(f"the rate jumps up at step {step}, from ")


SEQUENCE = "sequential_learning_rate { %s stage { learning_rate { %s } } }"
STAGE = "stage { steps: %d learning_rate { %s } }"
LEVEL = "constant_learning_rate {{ learning_rate: {!r} }}"


def test_a_rise_after_a_curve() -> None:
    fall = "polynomial_decay_learning_rate { initial_learning_rate: 1 decay_steps: 8 }"
    text = SEQUENCE % (STAGE % (8, fall), LEVEL.format(0.5))
    ((path, words),) = said(jump_up, pipeline(text))
    assert path == "stage 0 steps"
    assert words.startswith("the rate jumps up at step 8, from 0.125 to 0.5.")
    # A line of 32 steps from 0 leads to a stage; it may be one step more than the next one.
    line = f"{LEVEL.format(1.0)} warmup {{ warmup_steps: 32 }}"
    for by, is_found in ((1, False), (2, False), (2.5, True), (4, True)):
        first = STAGE % (8, LEVEL.format(1.0))
        last = LEVEL.format((31 + by) / 32)
        run = pipeline(SEQUENCE % (f"{first} {STAGE % (32, line)}", last))
        assert run.schedule(39) == 31 / 32
        assert [path for path, _ in said(jump_up, run)] == ["stage 1 steps"] * is_found


EDGE = 10 * (1 - 1e-6)
"""Ten times, but for rounding."""
BELOW = math.nextafter(EDGE, 0)


@pytest.mark.parametrize(
    ("rates", "begins", "found"),
    [
        # Ten times in all, and late.
        ((0.5, 2, 0.5 * EDGE), (51, 300), (51, 0.5, 2)),
        ((0.5, 2, 0.5 * BELOW), (51, 300), None),
        ((0.5, 2, 0.5 * EDGE, 0.25), (50, 300, 600), None),
        # Ten times at once, after a small rise that is early.
        ((0.25, 0.5, 0.5 * EDGE, 0.25), (20, 51, 600), (51, 0.5, 0.5 * EDGE)),
        ((0.25, 0.5, 0.5 * BELOW, 0.25), (20, 51, 600), None),
        ((0.25, 0.5, 0.5 * EDGE, 0.25), (20, 50, 600), None),
        # The steepest of those that are late is shown.
        ((0.01, 0.25, 0.5, 1.5), (20, 100, 300), (300, 0.5, 1.5)),
    ],
)
def test_a_rise_that_is_too_late_for_a_warmup(
    rates: tuple[float, ...], begins: tuple[int, ...], found: tuple[int, float, float] | None
) -> None:
    words = [words for _, words in said(jump_up, pipeline(lists(rates, begins)))]
    if found is None:
        assert not words
        return
    step, old, new = found
    assert words == [
        f"the rate rises from {old:.6g} to {new:.6g} at step {step} of 1000: too late for a warmup."
        " Check the order and the digits of the rates"
    ]


def test_the_settings_say_what_is_too_late_for_a_warmup() -> None:
    run = pipeline(lists((0.01, 0.25, 0.5), (20, 300)))
    assert said(jump_up, run)[0][1].startswith("the rate rises from 0.25 to 0.5 at step 300")
    # None is late, and together they take too long.
    later = run._replace(thresholds=THRESHOLDS | {"latest-rise-fraction": 0.5})
    assert said(jump_up, later)[0][1].startswith("the rate rises from 0.01 to 0.25 at step 20")
    longer = {"latest-rise-fraction": 0.5, "longest-warmup-fraction": 0.3}
    assert not said(jump_up, run._replace(thresholds=THRESHOLDS | longer))


@pytest.mark.parametrize(
    ("last", "begin", "is_found"),
    [(0.00009, 800, True), (0.0001, 800, False), (0.00009, 801, False), (0.0001, 700, True)],
)
def test_a_ten_thousandth_of_the_highest_rate_is_something(
    last: float, begin: int, is_found: bool
) -> None:
    run = pipeline(lists((1, 0.01, 0.00005, last), (500, begin, 900)))
    found = said(negligible_rate, run)
    assert [path for path, _ in found] == ["schedule 1 step"] * is_found
    for _, words in found:
        length = (1000 if last < 0.0001 else 900) - begin
        assert words.startswith(
            f"{length} of 1000 steps, from step {begin} on, train at 5e-05 or less, and the highest"
            " rate is 1."
        )


def test_the_value_of_a_negligible_rate_is_shown_beside_its_boundary() -> None:
    levels = (1, 0.5, 0.00004)
    boundaries = "piecewise_constant_learning_rate { boundaries: [200, 500] values: %s }"
    run = pipeline(boundaries % list(levels))
    (finding,) = negligible_rate(run)
    assert finding.path == (*run.kind_path, "boundaries", 1)
    assert str(finding.words) == (
        "the rate falls from 0.5 to 4e-05 at step 501 (one after the boundary). Check the digits of"
        " the rate 4e-05"
    )
    ((path, there),) = finding.related
    assert run.get(path) == levels[2]
    assert path == (*run.kind_path, "values", 2)
    assert str(there) == "the rate is 4e-05 here"
    # An entry of a manual schedule holds its rate itself.
    (finding,) = negligible_rate(pipeline(lists(levels, (201, 501))))
    assert finding.path[-3:] == ("schedule", 1, "step")
    assert finding.related == ()
    # The rate at a milestone is a factor of the one before.
    milestone = "multi_step_learning_rate { initial_learning_rate: 1 milestones: 500 decay_factor:"
    (finding,) = negligible_rate(pipeline(f"{milestone} 0.00004 }}"))
    assert finding.path[-2:] == ("milestones", 0)
    assert finding.related == ()
    # Where the fall is less steep, it is the length that counts.
    (finding,) = negligible_rate(pipeline(boundaries % [1, 0.01, 0.00005]))
    assert str(finding.words) == (
        "499 of 1000 steps, from step 501 (one after the boundary) on, train at 5e-05 or less, and"
        " the highest rate is 1. Check the digits of the rate 5e-05"
    )


def test_a_fall_to_less_than_a_thousandth() -> None:
    edge = 0.001 * (1 - 1e-6)  # Rounding is allowed for.
    for rate, is_found in ((edge, False), (math.nextafter(edge, 0), True), (0, False)):
        found = said(negligible_rate, pipeline(lists((1, rate), (500,))))
        assert [path for path, _ in found] == ["schedule 0 step"] * is_found
    # It is from the rate of the step before: 0.5, on this line from 1.
    for rate, is_found in ((0.0006, False), (0.0004, True)):
        line = lists((1, rate, rate / 2), (2, 500))[:-1] + "warmup: true }"
        assert bool(said(negligible_rate, pipeline(line))) == is_found


def test_a_negligible_rate_may_last_as_short_as_the_settings_say() -> None:
    for rate, is_found in ((0.0001, False), (math.nextafter(0.0001, 0), True)):
        run = pipeline(lists((1, 0.01, rate), (500, 900)))
        assert not said(negligible_rate, run)
        limits = THRESHOLDS | {"longest-negligible-fraction": 0}
        found = said(negligible_rate, run._replace(thresholds=limits))
        assert [path for path, _ in found] == ["schedule 1 step"] * is_found


@pytest.mark.parametrize(
    ("text", "step", "advice"),
    [
        ("decay_factor: 10", 500, "Check `decay_factor`, by which the rate grows"),
        ("decay_factor: 0.5", 0, "Check the digits, or lower the rate"),
        # It grows after the run.
        ("milestones: 1000 decay_factor: 10", 0, "Check the digits, or lower the rate"),
    ],
)
def test_what_to_check_where_a_rate_is_too_high(text: str, step: int, advice: str) -> None:
    milestones = "milestones: 500" * ("milestones" not in text)
    kind = f"multi_step_learning_rate {{ initial_learning_rate: 600 {milestones} {text} }}"
    rate = 6000 if step else 600
    for run, limit in (
        (pipeline(kind), "`sgd_optimizer` rarely trains above 500"),
        (run_of(kind, 1000), "no optimizer trains above 500"),
    ):
        assert said(rate_too_high, run) == [
            ("", f"the rate is {rate} at step {step}, and {limit}. {advice}")
        ]
    # A step of a warmup may have the highest rate, and then nothing grows.
    run = pipeline("constant_learning_rate { learning_rate: 600 } warmup { warmup_steps: 9 }")
    ((_, words),) = said(rate_too_high, run)
    assert words.startswith("the rate is 600 at step 9, ")
    assert words.endswith(". Check the digits, or lower the rate")
