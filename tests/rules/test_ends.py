"""Where a schedule ends before training: each rule's answer from all rates of a run, one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from schedule_builder.rules import end_rules
from schedule_builder.rules.end_rules import ends_early
from schedule_builder.rules.registry import Finding
from tests.rules.test_run import pipeline, run_of

COSINE = "cosine_decay_learning_rate {{ learning_rate_base: 1 total_steps: {} warmup_steps: 0 }}"
POLYNOMIAL = (
    "polynomial_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: {}"
    " end_learning_rate: {} }}"
)
STAIRS = (
    "exponential_decay_learning_rate {{ initial_learning_rate: {} decay_steps: {}"
    " decay_factor: {} staircase: true }}"
)


def end_of(rates: list[float]) -> int:
    """The first of the last steps that have one rate."""
    step = len(rates) - 1
    while step and rates[step - 1] == rates[-1]:
        step -= 1
    return step


def said(run: Any) -> list[tuple[str, str]]:
    return [(str(found.path[-1]), str(found.words)) for found in ends_early(run)]


def test_a_decay_that_ends_leaves_steps_with_its_last_rate() -> None:
    found = 0
    kinds = [(COSINE.format(length), length, 0.0) for length in (5, 20, 33)]
    kinds += [
        (POLYNOMIAL.format(length, end), length, end)
        for length, end in product((5, 20, 33), (0, 1e-4, 1e-5, 0.1, 1))
    ]
    for (kind, length, low), floor in product(kinds, (0, 1e-5, 0.03, 0.2)):
        text = f"{kind} min_learning_rate: {floor}"
        for num_steps in (1, 2, *range(4, 45, 2), 33, 400, 3300):
            run = run_of(text, num_steps)
            rates = [run.schedule(step) for step in range(num_steps)]
            end, last = end_of(rates), rates[-1]
            idle = num_steps - end
            is_floor = last == floor > low
            has_ended = end > 0 and (is_floor or end == length)
            longest = 0.2 if is_floor or last >= 1e-4 else 0.01
            is_found = has_ended and idle > max(num_steps * longest, 1)
            wanted = []
            if is_found:
                found += 1
                words = (
                    f"the rate falls to {last:.6g} at step {end}, and training ends at {num_steps}:"
                    f" the last {idle} of {num_steps} steps train at that floor."
                    if is_floor
                    else f"the schedule ends at step {end}, and training at {num_steps}: the last"
                    f" {idle} of {num_steps} steps train at rate {last:.6g}. Make the schedule"
                )
                field = "total_steps" if "total_steps" in kind else "decay_steps"
                wanted = [("min_learning_rate" if is_floor else field, words)]
            result = said(run)
            assert [path for path, _ in result] == [path for path, _ in wanted], (text, num_steps)
            for (_, words), (_, begin) in zip(result, wanted, strict=True):
                assert words.startswith(begin), (text, num_steps)
    assert found > 300


def test_rates_that_no_float32_holds_are_0() -> None:
    least = 2.0**-150  # Half of the lowest number: what is below it is rounded to 0.
    found = 0
    for rate, length, factor in product((1e-46, 1e-40, 0.1, 1.0), (1, 3), (0.5, 0.125, 1e-9)):
        for num_steps in (20, 60, 149, 160, 450, 1300):
            run = run_of(STAIRS.format(rate, length, factor), num_steps)
            rates = [run.schedule(step) for step in range(num_steps)]
            vanished = [step for step, each in enumerate(rates) if each < least]
            if rates[-1] == 0:
                vanished = [rates.index(0)]
            wanted = []
            if vanished and num_steps - vanished[0] > max(num_steps * 0.2, 1):
                found += 1
                wanted = [f"the rate falls to 0 at step {vanished[0]}, and training ends"]
            result = said(run)
            assert len(result) == len(wanted), (rate, length, factor, num_steps, result)
            for (path, words), begin in zip(result, wanted, strict=True):
                assert path == "exponential_decay_learning_rate"
                assert words.startswith(begin)
    assert found > 10


def only(run: Any) -> Finding:
    (finding,) = ends_early(run)
    return finding


def test_a_floor_of_the_kind_is_named_where_it_is() -> None:
    kind = STAIRS.format(1, 2, 0.5).removesuffix("}")
    run = pipeline(f"{kind} min_learning_rate: 0.1 }}", 50)
    assert only(run).path == (*run.kind_path, "min_learning_rate")
    run = pipeline(f"{kind} }} min_learning_rate: 0.1", 50)
    finding = only(run)
    assert finding.path == (*run.path, "min_learning_rate")
    assert finding.related == run.ending
    assert finding.repair is None


def test_a_decay_under_a_warmup_is_told_from_others() -> None:
    covered = pipeline(f"{POLYNOMIAL.format(900, 0)} warmup {{ warmup_steps: 100 }}")
    assert "The decay counts from step 0, under the warmup, so set its length to 1000" in str(
        only(covered).words
    )
    for other in (
        POLYNOMIAL.format(900, 0) + " warmup { warmup_steps: 99 }",
        POLYNOMIAL.format(800, 0) + " warmup { warmup_steps: 100 alignment: SHIFT }",
        POLYNOMIAL.format(900, 0),
        "warmup_stable_decay_learning_rate { peak_learning_rate: 1 warmup_steps: 400"
        " stable_steps: 0 decay_steps: 200 }",
    ):
        finding = only(pipeline(other))
        assert "Make the schedule longer, or train for fewer steps" in str(finding.words)
    repair = only(covered).repair
    assert repair is not None
    assert repair.title == "Set `decay_steps` to 1000, so that the decay ends with the run"
    assert only(covered).related == covered.ending


def test_ends_that_are_not_told_twice() -> None:
    run = pipeline(POLYNOMIAL.format(500, 0))
    assert only(run)
    # SB503 reports it.
    together = {"require-end-at-num-steps": True}
    assert not said(run._replace(policy=together))
    floor = pipeline(POLYNOMIAL.format(1000, 0) + " min_learning_rate: 0.5")
    assert only(floor._replace(policy=together))
    assert not said(run._replace(blamed={run.stages[-1].path}))
    assert only(run._replace(blamed={run.kind_path}))
    assert not said(run._replace(num_steps=None))


@pytest.mark.parametrize(
    "text",
    [
        # A line to a stage, a warmup that ends, a cycle that comes back, and stages.
        "manual_step_learning_rate { initial_learning_rate: 1 warmup: true schedule { step: 9"
        " learning_rate: 0.5 } }",
        "constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 9"
        " warmup_learning_rate: 1 }",
        "constant_learning_rate { learning_rate: 1 } warmup { warmup_steps: 9 }",
        "polynomial_decay_learning_rate { initial_learning_rate: 1 decay_steps: 30 cycle: true }"
        " min_learning_rate: 0.5",
        "multi_step_learning_rate { initial_learning_rate: 1 milestones: [9, 20] }",
        "piecewise_linear_learning_rate { point { step: 9 learning_rate: 0.1 } point { step: 20"
        " learning_rate: 1 } }",
    ],
)
def test_what_is_not_the_end_of_a_decay(text: str) -> None:
    for num_steps in (5, 10, 11, 30, 31, 61, 100, 1000):
        assert not said(run_of(text, num_steps)), num_steps


def test_the_factor_that_ends_first_ends_a_product() -> None:
    text = (
        "combined_learning_rate {{ op: PRODUCT learning_rates {{ {} }} learning_rates {{ {} }} }}"
    )
    for order in (0, 1):
        members = [POLYNOMIAL.format(30, 0), STAIRS.format(1, 40, 0.5)]
        run = run_of(text.format(members[order], members[1 - order]), 50)
        (finding,) = ends_early(run)
        assert finding.path == (
            "combined_learning_rate",
            "learning_rates",
            order,
            "polynomial_decay_learning_rate",
            "decay_steps",
        )


def test_a_decay_of_one_step_ends() -> None:
    """At the beginning, and after a stage with one rate."""
    assert only(run_of(POLYNOMIAL.format(1, 0), 50)).words.values["step"] == 1
    constant = "constant_learning_rate { learning_rate: 1 }"
    text = (
        f"sequential_learning_rate {{ stage {{ steps: 29 learning_rate {{ {constant} }} }}"
        f" stage {{ learning_rate {{ {POLYNOMIAL.format(1, 0.5)} }} }} }}"
    )
    assert only(run_of(text, 50)).words.values["step"] == 30


def test_what_is_after_the_run_does_not_count() -> None:
    constant = "constant_learning_rate { learning_rate: 1 }"
    text = (
        "sequential_learning_rate { stage { steps: 60 learning_rate {"
        f" {POLYNOMIAL.format(30, 0)} }} }} stage {{ learning_rate {{ {constant} }} }} }}"
    )
    assert only(run_of(text, 50)).words.values["step"] == 30
    assert not said(run_of(text, 70))


def test_a_rate_that_rises_again_has_not_ended() -> None:
    """A cycle that is above the end of the decay for a few steps of the run."""
    cycle = (
        "cyclic_learning_rate { base_learning_rate: 0 max_learning_rate: 1 step_size_up: 10"
        " mode: TRIANGULAR2 }"
    )
    both = f"learning_rates {{ {cycle} }} learning_rates {{ {POLYNOMIAL.format(58, 0.1)} }}"
    run = run_of(f"combined_learning_rate {{ op: MAX {both} }}", 827)
    rates = [run.schedule(step) for step in range(827)]
    assert rates[57] > rates[58] == rates[826] == 0.1 < rates[70]
    assert not said(run)


def test_the_least_rate_is_not_0() -> None:
    """It is the one below which rates are 0 as float32."""
    least = end_rules._LEAST_RATE
    (finding,) = ends_early(run_of(POLYNOMIAL.format(10, least), 50))
    assert finding.words.values["step"] == 10
    assert finding.words.values["rate"] == least
    for num_steps, end in ((100, 10), (30, 10), (20, 10)):
        found = only(run_of(STAIRS.format(least, 10, 0.5), num_steps))
        assert found.words.values["step"] == end
        assert str(found.words).startswith("the rate falls to 0 at step")
