"""Parts of a schedule that a run does not reach: each rule's answer, from the numbers alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import PIPELINE, TRAIN_CONFIG
from schedule_builder.dialects.units import Length
from schedule_builder.rules.length_rules import (
    _first_change,
    _stays,
    bypassed_schedule,
    decay_not_completed,
    decay_not_reached,
    lengths_in_epochs,
    no_num_steps,
    stage_not_reached,
)
from schedule_builder.rules.registry import Finding
from schedule_builder.schedules.curves import Constant, Exponential
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.rules.test_run import RATE, pipeline, run_of

Check = Callable[[Any], Iterator[Finding]]
MULTI_STEP = "multi_step_learning_rate {{ initial_learning_rate: 1 milestones: {} {} }}"
POLYNOMIAL = "polynomial_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: {} {} }}"
EXPONENTIAL = (
    "exponential_decay_learning_rate {{ initial_learning_rate: 1 decay_steps: {} decay_factor: {}"
    " {} }}"
)
CYCLIC = "cyclic_learning_rate {{ base_learning_rate: 0.25 max_learning_rate: 1 step_size_up: {} }}"


def said(check: Check, run: Any) -> list[tuple[str, str]]:
    found = list(check(run))
    for finding in found:
        assert finding.related == run.ending
    return [
        (" ".join(map(str, finding.path[len(run.kind_path) :])), str(finding.words))
        for finding in found
    ]


def test_stages_that_begin_after_the_run() -> None:
    for field, late in (("milestones", ""), ("boundaries", " (one after the boundary)")):
        text = MULTI_STEP.format([10, 20, 30], "")
        begins = [10, 20, 30]
        if field == "boundaries":
            text = (
                "piecewise_constant_learning_rate { boundaries: [9, 19, 29]"
                " values: [1, .1, .01, .001] }"
            )
        for num_steps in range(1, 40):
            run = pipeline(text, num_steps)
            beyond = [begin for begin in begins if begin >= num_steps]
            index = len(begins) - len(beyond)
            bypassed = [
                (f"{field} 0", f"first changes at step {begins[0]}{late}, and training ends")
            ]
            reached = [(f"{field} {index}", "")]
            others = len(beyond) - 1
            words = "this stage is never reached: it begins at step {begin}{late}, and training"
            if others:
                words = (
                    "this stage and the {others} stage{s} after it are never reached: they begin"
                    " at step {begin}{late} or later, and training"
                )
            found = said(stage_not_reached, run)
            assert [path for path, _ in found] == [path for path, _ in reached * (0 < index < 3)]
            for _, said_words in found:
                assert said_words.startswith(
                    words.format(others=others, s="s" * (others > 1), begin=beyond[0], late=late)
                )
                assert f"The rate is {0.1**index:.6g} at the last step" in said_words
            found = said(bypassed_schedule, run)
            assert [path for path, _ in found] == [path for path, _ in bypassed * (index == 0)]
            assert all(bypassed[0][1] in said_words for _, said_words in found)
            assert not said(decay_not_completed, run)
            assert not said(decay_not_reached, run)


@pytest.mark.parametrize(
    ("rate", "advice"),
    [
        ("boundaries: [30, 105] values: [1, 0.5, 0.5]", "remove it and its boundary"),
        ("boundaries: [30, 105, 200] values: [1, .5, .5, .5]", "remove them and their boundaries"),
        ("boundaries: [30, 105, 200] values: [1, .5, .5, .1]", "Begin them earlier, or"),
        ("boundaries: [30, 105] values: [1, 0.5, 0.1]", "Begin it earlier, or train for longer"),
        # Without its only boundary, the schedule would be refused.
        (
            "boundaries: 105 values: [0.5, 0.5]",
            "No stage changes the rate: replace the schedule with `constant_learning_rate`",
        ),
    ],
)
def test_what_to_do_with_stages_that_repeat_the_rate(rate: str, advice: str) -> None:
    run = pipeline(f"piecewise_constant_learning_rate {{ {rate} }}", 60)
    ((_, words),) = said(stage_not_reached, run)
    assert advice in words
    assert words.count("not change the rate") == ("remove" in advice)


def test_an_entry_that_repeats_the_rate_has_no_boundary_to_remove() -> None:
    text = (
        "manual_step_learning_rate { initial_learning_rate: 1 schedule { step: 30 learning_rate:"
        " 0.5 } schedule { step: 70 learning_rate: 0.5 } }"
    )
    ((_, words),) = said(stage_not_reached, pipeline(text, 60))
    assert words.endswith("This stage does not change the rate: remove it")


def test_a_stage_that_is_moved_does_not_begin_after_its_boundary() -> None:
    block = "boundaries: [30, 105] values: [1, 0.5, 0.1]"
    rate = f"piecewise_constant_learning_rate {{ {block} }} warmup {{ warmup_steps: 5 alignment: "
    for alignment, begin in (("OVERLAP", "106 (one after the boundary)"), ("SHIFT", "111")):
        ((_, words),) = said(stage_not_reached, pipeline(f"{rate}{alignment} }}", 60))
        assert f"it begins at step {begin}, and" in words


def test_a_decay_that_ends_after_the_run() -> None:
    for length, num_steps in product((10, 100, 101, 102, 500), (1, 2, 9, 10, 99, 100, 101, 400)):
        run = pipeline(POLYNOMIAL.format(length, ""), num_steps)
        found = said(decay_not_completed, run)
        now = 1 - (num_steps - 1) / length
        is_found = num_steps > 1 and length - num_steps > num_steps / 100
        assert [path for path, _ in found] == ["decay_steps"] * is_found
        for _, words in found:
            assert words == (
                f"the decay ends at step {length}, and training at {num_steps}: the rate is"
                f" {now:.6g} at the last step instead of 0. Make the decay shorter, or train for"
                " longer. To fit any run length, write the lengths in percent: `step_unit:"
                " PERCENT_OF_RUN` and `decay_steps: 100`"
            )
        bypassed = said(bypassed_schedule, run)
        assert [path for path, _ in bypassed] == ["decay_steps"] * (num_steps == 1)
        assert not said(stage_not_reached, run)


@pytest.mark.parametrize("share", ["", "pct_start: 0.5"])
def test_a_cycle_that_was_made_for_a_longer_run(share: str) -> None:
    text = f"one_cycle_learning_rate {{ max_learning_rate: 1 total_steps: 10000 {share} }}"
    ((_, words),) = said(decay_not_completed, pipeline(text, 1000))
    assert words.endswith("instead of 1. Set `total_steps` to 1000, or train for longer")
    ((_, words),) = said(decay_not_completed, pipeline(text, 1000)._replace(is_in_steps=False))
    assert words.endswith("instead of 1. Make the rise shorter, or train for longer")


def test_a_rise_that_ends_after_the_run() -> None:
    text = (
        "piecewise_linear_learning_rate {{ point {{ step: 0 learning_rate: {} }} point {{"
        " step: 100 learning_rate: {} }} }}"
    )
    for num_steps in (50, 99, 100):
        rise = pipeline(text.format(0.25, 1), num_steps)
        fall = pipeline(text.format(1, 0.25), num_steps)
        share = 0.75 * (num_steps - 1) / 100
        for run, what, now, goal in (
            (rise, "rise", 0.25 + share, 1),
            (fall, "decay", 1 - share, 0.25),
        ):
            found = said(decay_not_completed, run)
            assert [path for path, _ in found] == ["point 1 step"] * (num_steps < 100)
            for _, words in found:
                assert words.startswith(
                    f"the {what} ends at step 100, and training at {num_steps}: the rate is"
                    f" {now:.6g} at the last step instead of {goal}. Make the {what} shorter, or"
                )
        # SB503 reports the end of a decay where the settings ask for it, and no rise.
        together = {"require-end-at-num-steps": True}
        assert not said(decay_not_completed, fall._replace(policy=together))
        assert len(said(decay_not_completed, rise._replace(policy=together))) == (num_steps < 100)


def test_a_first_cycle_that_ends_after_the_run() -> None:
    for length, num_steps in product((50, 100, 101, 102), (2, 50, 100, 101)):
        beyond = length - num_steps > num_steps / 100
        now = 1 - (num_steps - 1) / length
        run = pipeline(POLYNOMIAL.format(length, "cycle: true"), num_steps)
        found = said(decay_not_completed, run)
        assert [path for path, _ in found] == ["decay_steps"] * beyond
        assert all(f"the rate is {now:.6g} at the last step." in words for _, words in found)
        run = pipeline(CYCLIC.format(length), num_steps)
        found = said(decay_not_completed, run)
        now = 0.25 + 0.75 * (num_steps - 1) / length
        assert [path for path, _ in found] == ["step_size_up"] * beyond
        assert all(f"is {now:.6g} at the last step, and never reaches 1." in w for _, w in found)


def test_a_decay_by_less_than_a_hundredth() -> None:
    kinds = set()
    for length, factor, num_steps, burnin, by_stairs in product(
        (50, 800), (0.5, 0.99, 0.9999, 1.5), (1, 2, 5, 9, 51, 999), (0, 4), (False, True)
    ):
        more = f"staircase: {str(by_stairs).lower()}"
        if burnin:
            more += f" burnin_learning_rate: 0.5 burnin_steps: {burnin}"
        run = pipeline(EXPONENTIAL.format(length, factor, more), num_steps)
        found = said(decay_not_reached, run)
        elapsed = max(num_steps - 1 - burnin, 0)
        low = factor ** (elapsed // length if by_stairs else elapsed / length)
        # Without a burn-in, SB418 reports that nothing happens.
        is_level = low == 1 and num_steps > burnin > 0
        is_found = is_level or 0.99 <= low < 1
        assert [path for path, _ in found] == ["decay_steps"] * is_found
        since = f" from step {burnin} on" * bool(burnin)
        for _, words in found:
            kinds.add((is_level, by_stairs, since))
            assert words.startswith(
                f"the rate first decays at step {burnin + (length if by_stairs else 1)}, and"
                f" training ends after {num_steps} steps: it stays 1{since}. Make"
                if is_level
                else f"the rate falls only from 1 to {run.schedule(num_steps - 1):.9g} in the"
                f" {num_steps} steps of the run{since}. Make"
            )
    assert len(kinds) == 6


def test_lengths_that_may_be_epochs() -> None:
    for at, num_steps, factor in product(
        (1, 2, 9, 10, 11, 20, 21), (999, 1000, 1001, 2000), (0.05, 0.1, 0.1001, 0.5)
    ):
        run = pipeline(MULTI_STEP.format(at, f"decay_factor: {factor}"), num_steps)
        found = said(lengths_in_epochs, run)
        is_found = num_steps >= 1000 and at <= num_steps / 100 and factor <= 0.1
        assert [path for path, _ in found] == ["milestones 0"] * is_found, (at, num_steps, factor)
        for _, words in found:
            assert words.startswith(
                f"the last change is at step {at} of {num_steps}:"
                f" {100 * (1 - at / num_steps):.4g} % of the run trains at {factor}, and the"
                f" highest rate is 1. If the lengths count epochs, set `step_unit: EPOCHS`"
            )
            assert f"--num-steps {num_steps}`" in words
    # A decay is not a list, and neither is a warmup.
    for other in (
        POLYNOMIAL.format(5, ""),
        "constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 5"
        " warmup_learning_rate: 1 }",
        # What comes last ends before the run.
        "sequential_learning_rate { stage { steps: 5 learning_rate { constant_learning_rate {"
        " learning_rate: 1 } } } stage { steps: 500 learning_rate { constant_learning_rate {"
        " learning_rate: 0.1 } } } stage { learning_rate { inverse_sqrt_learning_rate {"
        " learning_rate_base: 0.1 timescale: 1 } } } }",
    ):
        assert not said(lengths_in_epochs, pipeline(other, 1000))
    assert not said(lengths_in_epochs, pipeline(MULTI_STEP.format(5, ""), None))
    other_unit = pipeline(MULTI_STEP.format(5, ""))._replace(is_in_steps=False)
    ((_, words),) = said(lengths_in_epochs, other_unit)
    assert words.endswith("Check the unit of its lengths")


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("train_config { num_steps: 0 %s }", ("train_config", "num_steps"), "`num_steps` is 0, so"),
        ("train_config { %s }", ("train_config",), "missing `num_steps`: the run length is"),
    ],
)
def test_a_run_length_that_is_not_there(text: str, path: Any, words: str) -> None:
    rate = "constant_learning_rate { learning_rate: 1 }"
    optimizer = f"optimizer {{ sgd_optimizer {{ learning_rate {{ {rate} }} }} }}"
    run = run_of(text % optimizer, dialect=PIPELINE)
    (finding,) = no_num_steps(run)
    assert finding.path == path
    assert str(finding.words).startswith(words)
    assert not list(no_num_steps(run._replace(num_steps=5)))
    # A field there may be misspelt; one that is 0 is not.
    assert len(list(no_num_steps(run._replace(broken={("train_config",)})))) == (len(path) == 2)
    assert list(no_num_steps(run._replace(broken={(), RATE})))
    part = run_of(optimizer, dialect=TRAIN_CONFIG)
    (finding,) = no_num_steps(part)
    assert finding.path == ()
    assert not list(no_num_steps(part._replace(broken={()})))
    assert list(no_num_steps(part._replace(broken={("num_steps",)})))
    (finding,) = no_num_steps(run_of(f"num_steps: 0 {optimizer}", dialect=TRAIN_CONFIG))
    assert finding.path == ("num_steps",)
    assert str(finding.words).startswith("`num_steps` is 0, so")
    assert not list(no_num_steps(run_of(rate)))


def test_what_replaces_a_schedule_that_never_changes() -> None:
    run = pipeline(POLYNOMIAL.format(500, ""), 1)
    ((_, words),) = said(bypassed_schedule, run)
    assert words == (
        "no stage or decay takes effect: the rate first changes at step 1, and training ends after"
        " 1 steps. Shorten the schedule with `schedule-builder rescale --from-steps N --num-steps"
        " 1`, N the run length that it was made for, or replace the schedule with"
        " `constant_learning_rate` (`learning_rate: 1.0`), which has the same rates"
    )
    ((_, words),) = said(bypassed_schedule, run._replace(is_in_steps=False))
    assert "after 1 steps. Train for longer, or replace" in words
    # Where a later part begins is what to change, and not how long it lasts.
    run = pipeline(EXPONENTIAL.format(5, 0.5, "staircase: false burnin_steps: 30"), 10)
    ((path, words),) = said(bypassed_schedule, run)
    assert path == "burnin_steps"
    assert "first changes at step 31" in words


def test_the_factors_of_a_product_are_told_apart() -> None:
    text = "combined_learning_rate { op: PRODUCT learning_rates { %s } learning_rates { %s } }"
    members = (POLYNOMIAL.format(200, ""), MULTI_STEP.format([20, 90], ""))
    for first in (0, 1):
        run = pipeline(text % (members[first], members[1 - first]), 50)
        ((path, _),) = said(stage_not_reached, run)
        assert path == f"learning_rates {1 - first} multi_step_learning_rate milestones 1"
        ((path, words),) = said(decay_not_completed, run)
        assert path == f"learning_rates {first} polynomial_decay_learning_rate decay_steps"
        assert words.endswith("in percent, under `step_unit: PERCENT_OF_RUN`")


LONG = "To fit any run length, write the lengths in percent: `step_unit: PERCENT_OF_RUN` and `{}`"
SHORT = "To fit any run length, write the lengths in percent, under `step_unit: PERCENT_OF_RUN`"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (POLYNOMIAL.format(900, ""), LONG.format("decay_steps: 100")),
        (
            POLYNOMIAL.format(900, "") + " warmup { warmup_steps: 9 }",
            LONG.format("decay_steps: 100"),
        ),
        (POLYNOMIAL.format(900, "") + " warmup { warmup_steps: 9 alignment: SHIFT }", SHORT),
        # Its lengths add up.
        (
            "warmup_stable_decay_learning_rate { peak_learning_rate: 1 stable_steps: 9"
            " decay_steps: 900 }",
            SHORT,
        ),
        (
            f"sequential_learning_rate {{ stage {{ learning_rate {{ {POLYNOMIAL.format(900, '')} }}"
            " } }",
            SHORT,
        ),
    ],
)
def test_how_a_decay_fits_any_run(text: str, advice: str) -> None:
    run = pipeline(text, 100)
    ((_, words),) = said(decay_not_completed, run)
    assert words.endswith(f"Make the decay shorter, or train for longer. {advice}")
    ((_, words),) = said(decay_not_completed, run._replace(is_in_steps=False))
    assert words.endswith("Make the decay shorter, or train for longer")


def test_the_garden_has_no_percents() -> None:
    run = run_of(
        "trainer { train_steps: 100 optimizer_config { learning_rate { type: 'cosine' cosine {"
        " initial_learning_rate: 1 decay_steps: 900 } } } }",
        dialect=EXPERIMENT,
    )
    ((_, words),) = said(decay_not_completed, run)
    assert words.endswith("Make the decay shorter, or train for longer")


RESTARTS = (
    "cosine_restarts_learning_rate {{ initial_learning_rate: {} first_decay_steps: {} t_mul: 1.5"
    " m_mul: {} }}"
)


def test_the_rate_at_which_a_decay_ends() -> None:
    lines = "".join(
        f"point {{ step: {step} learning_rate: {rate} }}"
        for step, rate in ((0, 1), (100, 0.5), (200, 0.25))
    )
    for text, num_steps, goal in (
        (f"piecewise_linear_learning_rate {{ {lines} }}", 50, "0.5"),
        # A restart has another rate; before it, it is nearly 0, or so it is called.
        (RESTARTS.format(1, 100, 0.0005), 50, f"{(1 + math.cos(0.99 * math.pi)) / 2:.6g}"),
        (RESTARTS.format(0.1, 1000, 1), 500, f"{0.05 * (1 + math.cos(0.999 * math.pi)):.6g}"),
        (RESTARTS.format(0.1, 2000, 1), 500, "almost 0"),
    ):
        ((_, words),) = said(decay_not_completed, pipeline(text, num_steps))
        assert f" instead of {goal}. Make" in words


def test_a_decay_is_slow_from_its_offset_on() -> None:
    text = (
        "trainer {{ train_steps: 100 optimizer_config {{ learning_rate {{ type: 'exponential'"
        " exponential {{ initial_learning_rate: 1 decay_steps: 90000 decay_rate: 0.5 offset: {} }}"
        " }} }} }}"
    )
    for offset, since in ((30, " from step 30 on"), (0, ""), (-30, "")):
        run = run_of(text.format(offset), dialect=EXPERIMENT)
        ((_, words),) = said(decay_not_reached, run)
        high, low = (0.5 ** ((step - offset) / 90000) for step in (max(offset, 0), 99))
        assert words.startswith(
            f"the rate falls only from {high:.9g} to {low:.9g} in the 100 steps of the run{since}."
        )


def test_a_floor_may_be_the_rate_of_every_step() -> None:
    run = pipeline(f"{MULTI_STEP.format([10, 60], '')} min_learning_rate: 1", 50)
    ((_, words),) = said(stage_not_reached, run)
    assert "The rate is 1 at every step" in words


CONSTANT = "constant_learning_rate { learning_rate: 1 }"


def stages(*members: tuple[int, str]) -> str:
    """Schedules one after another, each with its number of steps; 0 for the last one's."""
    lines = (
        f"stage {{ {f'steps: {steps}' if steps else ''} learning_rate {{ {member} }} }}"
        for steps, member in members
    )
    return f"sequential_learning_rate {{ {' '.join(lines)} }}"


def test_only_the_first_entry_of_its_own_list_is_the_only_one() -> None:
    text = stages((5000, MULTI_STEP.format([100, 200], "decay_factor: 1")), (0, CONSTANT))
    ((path, words),) = said(stage_not_reached, pipeline(text, 150))
    assert path == "stage 0 learning_rate multi_step_learning_rate milestones 1"
    assert words.endswith(". These stages do not change the rate: remove them")


def test_a_decay_that_never_begins() -> None:
    """In a part of a combination, its own length is at fault."""
    later = stages((100, CONSTANT), (0, POLYNOMIAL.format(50, "")))
    both = f"learning_rates {{ {POLYNOMIAL.format(10, '')} }} learning_rates {{ {later} }}"
    run = pipeline(f"combined_learning_rate {{ op: MIN {both} }}", 50)
    ((path, words),) = said(decay_not_completed, run)
    assert path == "learning_rates 1 sequential_learning_rate stage 0 steps"
    assert words == (
        "the last part of the decay never begins: it would begin at step 100, and training ends"
        " after 50 steps. The rate is 0 at the last step. Lower `steps`, or train for longer"
    )
    first = POLYNOMIAL.format(10, "end_learning_rate: 0.5")
    run = pipeline(stages((100, first), (0, POLYNOMIAL.format(50, ""))), 50)
    ((path, words),) = said(decay_not_completed, run)
    assert path == "stage 0 steps"
    assert words == (
        "the decay never begins: it would begin at step 100, and training ends after 50 steps."
        " The rate is 0.5 at the last step. Begin it earlier, or train for longer"
    )


@pytest.mark.parametrize(
    ("text", "num_steps", "goal"),
    [
        pytest.param(POLYNOMIAL.format(5000, "power: 200"), 1000, "0", id="it has long been 0"),
        pytest.param(
            stages((10**6, POLYNOMIAL.format(10**6, "")), (0, CONSTANT)),
            500_000,
            "1e-06",
            id="a millionth of the first rate",
        ),
        pytest.param(
            stages(
                (1, CONSTANT.replace("1", "10")),
                (10**6, POLYNOMIAL.format(10**6, "")),
                (0, CONSTANT),
            ),
            500_000,
            "almost 0",
            id="less than a millionth of the rate at step 0",
        ),
    ],
)
def test_what_a_decay_falls_to(text: str, num_steps: int, goal: str) -> None:
    ((_, words),) = said(decay_not_completed, pipeline(text, num_steps))
    assert f" instead of {goal}. Make" in words


def test_a_part_that_has_long_been_0_is_not_a_rise() -> None:
    zero = POLYNOMIAL.format(5000, "power: 200")
    other = EXPONENTIAL.format(5000, 0.5, "staircase: false")
    both = f"learning_rates {{ {zero} }} learning_rates {{ {other} }}"
    found = said(
        decay_not_completed, pipeline(f"combined_learning_rate {{ op: MAX {both} }}", 4900)
    )
    ((path, words),) = found
    assert path == "learning_rates 0 polynomial_decay_learning_rate decay_steps"
    assert words.startswith("the decay ends at step 5000, and training at 4900")


def test_an_end_that_is_required_is_told_by_its_own_rule() -> None:
    together = {"require-end-at-num-steps": True}
    for text in (
        POLYNOMIAL.format(900, ""),
        POLYNOMIAL.format(900, "") + " warmup { warmup_steps: 9 }",
    ):
        assert said(decay_not_completed, pipeline(text, 100))
        assert not said(decay_not_completed, pipeline(text, 100)._replace(policy=together))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (POLYNOMIAL.format(200, "cycle: true"), "decay_steps"),
        (CYCLIC.format(200), "step_size_up"),
    ],
)
def test_a_length_that_follows_the_run_is_not_helped_by_a_longer_one(text: str, field: str) -> None:
    run = pipeline(text, 100)

    def stated(path: Any) -> Length | None:
        follows = path == (*run.kind_path, field)
        return Length(200, pb.PERCENT_OF_RUN, 200, Fraction(100)) if follows else None

    ((_, words),) = said(decay_not_completed, run)
    assert words.endswith(" shorter, or train for longer")
    ((_, words),) = said(decay_not_completed, run._replace(stated_length=stated))
    assert words.endswith(" shorter")


def test_a_rate_of_0_from_the_beginning_is_not_early() -> None:
    run = pipeline("table_learning_rate { steps_per_entry: 1 learning_rates: 0 }")
    assert [stage.begin for stage in run.stages] == [0]
    assert not said(lengths_in_epochs, run)


def test_the_only_step_of_a_run_has_its_rate() -> None:
    run = pipeline(MULTI_STEP.format([1, 5], ""), 1)
    assert str(_stays(run)) == "The rate is 1 at every step"


@pytest.mark.parametrize(
    ("begin", "origin", "stairs"),
    [
        (0, 0, 1),
        (0, 0, 2**62),
        (0, 0, 43 * 10**17),
        (4 * 10**18, 4 * 10**18, 10**18),
        (2**62 - 1, 2**62 - 1, 2**62),
        (7, 5, 3),
    ],
)
def test_the_first_change_is_found_up_to_the_largest_step(
    begin: int, origin: int, stairs: int
) -> None:
    curve = Exponential(1.0, 0.5, stairs, staircase=True)
    first = Segment(0, Constant(1.0), 0)
    later = Segment(begin, curve, origin)
    schedule = Schedule((later,) if begin == 0 else (first, later))
    assert _first_change(schedule, begin) == origin + stairs
    assert _first_change(Schedule((first,)), begin) is None
