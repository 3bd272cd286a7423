"""What is said of warmups, and of rates that they replace, from the numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.rules.registry import Finding
from schedule_builder.rules.warmup_rules import (
    long_warmup,
    rate_not_applied,
    warmup_falls,
    warmup_outlasts_decay,
)
from tests.rules.test_run import RATE, lists, pipeline, run_of

Check = Callable[[Any], Iterator[Finding]]
CONSTANT = "constant_learning_rate { learning_rate: 1 }"
MULTI_STEP = "multi_step_learning_rate {{ initial_learning_rate: 1 milestones: {} }}"
POLYNOMIAL = (
    "polynomial_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: {}"
    " end_learning_rate: {} }}"
)
WARMUP = " warmup {{ warmup_steps: {} {} }}"
STEPS = "warmup warmup_steps"


def said(check: Check, run: Any) -> list[tuple[str, str]]:
    base = len(run.path)
    return [(" ".join(map(str, f.path[base:])), str(f.words)) for f in check(run)]


def steps(count: int) -> str:
    return f"{count} step{'s' * (count != 1)}"


def test_a_warmup_outlasts_the_decay_under_it() -> None:
    for length, end, warmup in product((1, 2, 9, 10, 11), (0, 0.5, 1, 2), (1, 2, 9, 10, 11)):
        text = POLYNOMIAL.format(length, end) + WARMUP.format(warmup, "")
        for run in (run_of(text), pipeline(text)):
            found = said(warmup_outlasts_decay, run)
            assert [path for path, _ in found] == [STEPS] * (length <= warmup and end < 1)
            for _, words in found:
                assert words.startswith(
                    f"this warmup lasts {steps(warmup)}, and the decay under it, from 1, is over by"
                    f" step {length}: the rate never exceeds {end:g}."
                )
    shifted = POLYNOMIAL.format(9, 0) + WARMUP.format(10, "alignment: SHIFT")
    assert not said(warmup_outlasts_decay, pipeline(shifted))
    # Neither is a warmup of its own over the decay, nor is the rate after it lower.
    cosine = "cosine_decay_learning_rate { total_steps: 50 warmup_steps: 40 }"
    assert not said(warmup_outlasts_decay, pipeline(cosine + WARMUP.format(9, "")))
    assert not said(warmup_outlasts_decay, pipeline(CONSTANT + WARMUP.format(9, "")))


def test_a_warmup_takes_a_part_of_the_run() -> None:
    own = (
        "warmup_stable_decay_learning_rate {{ peak_learning_rate: 1 warmup_steps: {}"
        " stable_steps: 0 decay_steps: 50 }}"
    )
    for warmup, num_steps in product((1, 2, 3, 10, 20, 21, 100, 101), (1, 10, 50, 100, 101)):
        for text, path in (
            (CONSTANT + WARMUP.format(warmup, ""), STEPS),
            (own.format(warmup), "warmup_stable_decay_learning_rate warmup_steps"),
        ):
            run = pipeline(text, num_steps)
            found = said(long_warmup, run)
            assert all(finding.related == run.ending for finding in long_warmup(run))
            assert [where for where, _ in found] == [path] * (warmup > num_steps / 5)
            now = (num_steps - 1) / warmup
            how = "the rate still rises" if num_steps > 1 else "the rate does not change"
            for _, words in found:
                assert words.startswith(
                    f"the warmup lasts {warmup} of {num_steps} steps,"
                    f" {100 * warmup / num_steps:.0f} % of the run."
                    if warmup < num_steps
                    else f"the warmup lasts {warmup} steps, and training ends after {num_steps}:"
                    f" {how}. It is {now:.6g} at the last step, and never reaches 1."
                )
            run.blamed.add((*RATE, *path.split()))
            assert not said(long_warmup, run)
    assert not said(long_warmup, pipeline(CONSTANT + WARMUP.format(99, ""), None))
    # One that is told already hides no other.
    both = pipeline(own.format(50) + WARMUP.format(30, ""), 100)
    both.blamed.add((*both.kind_path, "warmup_steps"))
    assert [path for path, _ in said(long_warmup, both)] == [STEPS]


def test_a_default_is_said_to_be_one() -> None:
    run = pipeline("cosine_decay_learning_rate { learning_rate_base: 1 total_steps: 20000 }", 20000)
    ((_, words),) = said(long_warmup, run)
    assert words.startswith("the warmup lasts 10000 (the default) of 20000 steps, 50 % of the run")


def test_a_warmup_that_leads_to_no_rate() -> None:
    cosine = (
        "cosine_decay_learning_rate {{ learning_rate_base: {} total_steps: 20 warmup_steps: 20"
        " warmup_learning_rate: 0.5 }}"
    )
    lower = "Start the warmup at a lower rate, and make it shorter"
    for base, how, advice in (
        (1, "still rises", "Make the warmup shorter, or train for longer"),
        (0.5, "does not change", "Make the warmup shorter, or train for longer"),
        (0.25, "falls all the time", lower),
    ):
        for num_steps in (10, 20):
            run = pipeline(cosine.format(base), num_steps)
            ((_, words),) = said(long_warmup, run)
            now = 0.5 + (base - 0.5) * (num_steps - 1) / 20
            begin = "the warmup lasts 20 steps, and training ends before it does, after 10"
            begin = begin if num_steps == 10 else "the warmup lasts all 20 steps"
            assert words == f"{begin}: the rate {how}. It is {now:.6g} at the last step. {advice}"


def test_a_warmup_that_lowers_the_rate() -> None:
    for first, kind in product((0.5, 1, 1.5), ("LINEAR", "COSINE")):
        more = f"warmup_learning_rate: {first} shape: {kind}"
        for run in (
            pipeline(CONSTANT + WARMUP.format(9, more)),
            run_of(CONSTANT + WARMUP.format(9, more)),
        ):
            found = said(warmup_falls, run)
            assert [path for path, _ in found] == ["warmup warmup_learning_rate"] * (first > 1)
            assert all(
                words.startswith("this warmup lowers the rate, from 1.5 at step 0 to 1 at step 9.")
                for _, words in found
            )
    # Its rate is not stated, or it is of the kind itself.
    constant = MULTI_STEP.format([9]) + WARMUP.format(9, "power: 2 shape: POLYNOMIAL")
    assert not said(warmup_falls, pipeline(constant))
    own = (
        "warmup_stable_decay_learning_rate { initial_learning_rate: 2 peak_learning_rate: 1"
        " warmup_steps: 9 stable_steps: 0 decay_steps: 50 }"
    )
    assert not said(warmup_falls, pipeline(own))
    for power, first in ((-1.0, 9), (0, 1), (1.0, 1 / 9)):
        garden = run_of(
            "trainer { train_steps: 1000 optimizer_config { learning_rate { type: 'constant'"
            " constant { learning_rate: 1 } } warmup { type: 'polynomial' polynomial {"
            f" warmup_steps: 9 power: {power} }} }} }} }}",
            dialect=EXPERIMENT,
        )
        assert abs(garden.schedule(0) - first) < 1e-12
        found = said(warmup_falls, garden)
        assert [path for path, _ in found] == ["warmup polynomial power"] * (first > 1)


def test_the_warmups_of_two_kinds_may_fall() -> None:
    manual = (
        "manual_step_learning_rate {{ initial_learning_rate: {} warmup: {} schedule {{ step: {}"
        " learning_rate: 1 }} schedule {{ step: 50 learning_rate: 0.25 }} }}"
    )
    for first, is_warmup, step in product((0.5, 1, 1.5), ("true", "false"), (1, 9)):
        run = pipeline(manual.format(first, is_warmup, step))
        found = list(warmup_falls(run))
        falls = first > 1 and is_warmup == "true"
        assert [f.path for f in found] == [(*run.kind_path, "warmup")] * falls
        for finding in found:
            ((path, there),) = finding.related
            assert path == (*run.kind_path, "schedule", 0)
            assert str(there) == "the first stage, with 1"
            assert f"from `initial_learning_rate` 1.5 to 1 at step {step}." in str(finding.words)
    burnin = (
        "exponential_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: 50"
        " burnin_steps: {} burnin_learning_rate: {} }}"
    )
    for count, first in product((0, 1, 9), (0.5, 1, 1.5)):
        run = pipeline(burnin.format(count, first))
        found = list(warmup_falls(run))
        assert [f.path for f in found] == [(*run.kind_path, "burnin_learning_rate")] * (
            count > 0 and first > 1
        )


def test_the_highest_rate_is_replaced_by_a_warmup() -> None:
    seen = set()
    for first, warmup, num_steps in product((1, 4, 5, 6, 7, 30), (1, 5, 6), (6, 7, 20, 1000)):
        run = pipeline(MULTI_STEP.format([first, 40]) + WARMUP.format(warmup, ""), num_steps)
        found = list(rate_not_applied(run))
        count = max(min(first, num_steps) - warmup, 0)
        is_found = count <= 1 and warmup < num_steps
        assert [f.path for f in found] == [(*RATE, "warmup", "warmup_steps")] * is_found
        for finding in found:
            ((path, there),) = finding.related
            assert path == (*run.kind_path, "milestones", 0)
            assert str(there) == f"the next stage begins at step {first}"
            words = str(finding.words)
            seen.add(count)
            assert words.startswith(
                f"the highest rate, 1, is applied for one step: this warmup of {steps(warmup)} rep"
                if count
                else f"the highest rate, 1, is never applied: this warmup of {steps(warmup)} rep"
            )
            assert count or "leads to 0.1. Shorten" in words
        run.blamed.add((*RATE, "warmup", "warmup_steps"))
        assert not [f for f in rate_not_applied(run) if f.path[-1] == "warmup_steps"]
    assert seen == {0, 1}


def test_a_warmup_replaces_no_other_steps_than_its_own() -> None:
    warmup = WARMUP.format(10, "")
    for text, is_found in (
        # One step has the highest rate, and the warmup ends before it, at it or after it.
        (lists((0.5, 1, 0.5, 0.25), (11, 12, 500)) + warmup, False),
        (lists((0.5, 1, 0.5, 0.25), (10, 11, 500)) + warmup, False),
        (lists((0.5, 1, 0.5, 0.25), (9, 11, 500)) + warmup, True),
        (lists((0.5, 1, 0.5, 0.25), (9, 10, 500)) + warmup, True),
        (lists((0.5, 1, 0.5, 0.25), (9, 12, 500)) + warmup, False),
        # It is the last one, and before it or after it others have that rate.
        (lists((0.5, 1), (999,)) + warmup, False),
        (lists((0.5, 1, 0.5), (999, 2000)) + warmup, False),
        (lists((0.5, 1, 0.5, 1), (5, 9, 999)) + warmup, False),
        (lists((0.5, 1, 0.5, 1, 0.5), (5, 9, 998, 999)) + warmup, True),
        (lists((0.5, 1, 0.5, 1, 0.5), (5, 9, 997, 999)) + warmup, False),
        # It replaces all but the last of them, and training ends.
        (lists((0.5, 1, 0.5), (5, 2000)) + WARMUP.format(999, ""), True),
        (lists((0.5, 1, 0.5), (5, 2000)) + WARMUP.format(998, ""), False),
        (lists((0.5, 1), (5,)) + WARMUP.format(999, ""), False),
        # A burn-in is not a stage.
        (
            "exponential_decay_learning_rate { initial_learning_rate: 0.5 decay_steps: 500"
            " decay_factor: 0.5 burnin_steps: 5 burnin_learning_rate: 1 }" + warmup,
            False,
        ),
        # The warmup of the kind itself covers nothing.
        (lists((0.5, 1, 0.5), (20, 22))[:-1] + "warmup: true }" + warmup, False),
    ):
        run = pipeline(text)
        found = [f for f in rate_not_applied(run) if "highest rate" in str(f.words)]
        assert [f.path for f in found] == [(*RATE, "warmup", "warmup_steps")] * is_found, text
        for finding in found:
            ((_, there),) = finding.related
            step = str(there).removeprefix("the next stage begins at step ")
            assert int(step) >= run.warmups[0][1]


def test_the_warmup_over_a_schedule() -> None:
    own = "cosine_decay_learning_rate { warmup_steps: 5 total_steps: 90 }"
    for text, wanted in ((own, None), (own + WARMUP.format(9, ""), 9), (CONSTANT, None)):
        wanted_warmup = None if wanted is None else ((*RATE, "warmup", "warmup_steps"), wanted)
        assert pipeline(text).warmup_over == wanted_warmup
    garden = run_of(
        "trainer { train_steps: 90 optimizer_config { learning_rate { type: 'constant' constant {"
        " learning_rate: 1 } } warmup { type: 'linear' linear { warmup_steps: 9 } } } }",
        dialect=EXPERIMENT,
    )
    path = ("trainer", "optimizer_config", "warmup", "linear", "warmup_steps")
    assert garden.warmup_over == (path, 9)


def test_a_decay_is_covered_to_a_tenth_of_its_rate() -> None:
    for length, end, warmup in product((10, 50), (0, 0.1, 0.2), (1, 8, 9, 10, 44, 45, 46)):
        run = pipeline(POLYNOMIAL.format(length, end) + WARMUP.format(warmup, ""))
        rest = max(1 - warmup / length, 0) * (1 - end) + end
        found = list(rate_not_applied(run))
        assert len(found) == (rest <= 0.1 + 1e-12), (length, end, warmup)
        for finding in found:
            assert finding.related == ()
            assert f"replaces it, and leads to {run.schedule(warmup):.6g}." in str(finding.words)
    shifted = POLYNOMIAL.format(10, 0) + WARMUP.format(20, "alignment: SHIFT")
    assert not list(rate_not_applied(pipeline(shifted)))


def test_a_first_rate_that_lasts_for_one_update() -> None:
    table = "piecewise_constant_learning_rate {{ boundaries: {} values: [1, 0.5, 0.25] }}"
    for first, length in product((0, 1, 2, 3), (99, 100, 101, 199, 200, 201)):
        run = pipeline(MULTI_STEP.format([first, first + length]))
        found = said(rate_not_applied, run)
        is_found = first == 0 or (first == 1 and length >= 100)
        assert [path for path, _ in found] == ["multi_step_learning_rate milestones 0"] * is_found
        for _, words in found:
            assert words.startswith(
                "the first rate, 1, lasts for 1 step: from step 1 on it is 0.1."
                if first
                else "the first rate, 1, is never applied: this boundary ends it at or before step"
            )
        run = pipeline(table.format([first, first + length]))
        found = said(rate_not_applied, run)
        is_found = first < 2 and length >= 100 * (first + 1)
        assert [path for path, _ in found] == [
            "piecewise_constant_learning_rate boundaries 0"
        ] * is_found
        for _, words in found:
            assert words.startswith(
                f"the first rate, 1, lasts for {steps(first + 1)}: from step {first + 1} (one after"
                " the boundary) on it is 0.5. Begin this stage later; or remove it, and make 0.5"
                " the first rate"
            )
        run.blamed.add((*run.kind_path, "boundaries", 0))
        assert not said(rate_not_applied, run)
    # A constant warmup is not a stage, nor is what it leads to.
    level = CONSTANT + WARMUP.format(1, "shape: CONSTANT warmup_learning_rate: 0.1")
    assert not said(rate_not_applied, pipeline(level))
    # After a warmup that moves it, and where a table holds each rate for a step.
    for gap in (1, 2):
        moved = MULTI_STEP.format([gap, 500]) + WARMUP.format(20, "alignment: SHIFT")
        found = said(rate_not_applied, pipeline(moved))
        assert [path for path, _ in found] == ["multi_step_learning_rate milestones 0"] * (gap == 1)
    assert not said(
        rate_not_applied, pipeline("table_learning_rate { learning_rates: [1, 0.5] }", 500)
    )


def test_a_boundary_before_the_run() -> None:
    for boundary, offset in product((-3, 0, 1, 3), (-5, -3, -1, 0, 2)):
        end = boundary + offset
        run = run_of(
            "trainer { train_steps: 90 optimizer_config { learning_rate { type: 'stepwise' stepwise"
            f" {{ boundaries: [{boundary}, 50] values: [1, 0.5, 0.25] offset: {offset} }} }} }} }}",
            dialect=EXPERIMENT,
        )
        found = said(rate_not_applied, run)
        assert [path for path, _ in found] == ["learning_rate stepwise boundaries 0"] * (end < 0)
        assert all(words.startswith("the first rate, 1, is never") for _, words in found)
