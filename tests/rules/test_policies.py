"""What a team's settings require of every schedule."""

from __future__ import annotations

from typing import Any

import pytest

from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.rules.policy_rules import (
    end_not_at_num_steps,
    no_warmup,
    rate_above_policy,
)
from schedule_builder.rules.run import Run
from tests.rules.test_run import pipeline, run_of

CONSTANT = "constant_learning_rate {{ learning_rate: {} }}"


def test_a_limit_is_for_all_optimizers_or_for_one() -> None:
    limits: tuple[tuple[Any, bool], ...] = (
        (0.5, False),
        (0.49, True),
        ({"sgd_optimizer": 0.49}, True),
        ({"sgd_optimizer": 0.5}, False),
        ({"adam_optimizer": 0.1}, False),
    )
    for limit, is_found in limits:
        run = pipeline(CONSTANT.format(0.5))._replace(policy={"max-learning-rate": limit})
        assert [str(finding.words) for finding in rate_above_policy(run)] == [
            "the rate is 0.5 at step 0, and the project's limit for `sgd_optimizer` is 0.49. Lower"
            " the rate"
        ] * is_found
    run = run_of(CONSTANT.format(0.5))._replace(policy={"max-learning-rate": 0.25})
    (finding,) = rate_above_policy(run)
    assert str(finding.words) == (
        "the rate is 0.5 at step 0, and the project's limit is 0.25. Lower the rate"
    )


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (CONSTANT.format(0.5), True),
        (CONSTANT.format(0), True),
        (CONSTANT.format(0.5) + " warmup { warmup_steps: 9 }", False),
        (CONSTANT.format(0.5) + " warmup { warmup_steps: 0 }", True),
        ("one_cycle_learning_rate { max_learning_rate: 1 total_steps: 1000 }", False),
        ("tanh_decay_learning_rate { learning_rate_base: 1 total_steps: 1000 }", True),
        ("multi_step_learning_rate { initial_learning_rate: 1 milestones: [9] }", True),
    ],
)
def test_a_rate_that_rises_first_is_a_warmup(text: str, is_found: bool) -> None:
    run = pipeline(text)
    assert not list(no_warmup(run))
    found = list(no_warmup(run._replace(policy={"require-warmup": True})))
    assert [finding.path for finding in found] == [run.kind_path] * is_found


LINE = (
    "piecewise_linear_learning_rate {{ point {{ step: 9 learning_rate: {} }} point {{ step: 500"
    " learning_rate: {} }} }}"
)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (LINE.format(1, 0.5), True),
        (LINE.format(0.5, 1), False),
        (LINE.format(0.5, 0.5), False),
        ("multi_step_learning_rate { initial_learning_rate: 1 milestones: [9, 20] }", False),
        ("exponential_decay_learning_rate { initial_learning_rate: 1 decay_steps: 9 }", False),
        (CONSTANT.format(0.5) + " warmup { warmup_steps: 9 warmup_learning_rate: 1 }", False),
        ("manual_step_learning_rate { initial_learning_rate: 1 warmup: true schedule { step: 9"
         " learning_rate: 0.5 } }", False),
    ],
)  # fmt: skip
def test_what_ends_has_to_end_with_the_run(text: str, is_found: bool) -> None:
    run = pipeline(text)
    together = run._replace(policy={"require-end-at-num-steps": True})
    found = list(end_not_at_num_steps(together))
    assert [finding.path for finding in found] == [(*run.kind_path, "point", 1, "step")] * is_found
    for finding in found:
        assert finding.related == run.ending
        assert str(finding.words).startswith(
            "the schedule ends at step 500, and training at 1000: the project's settings require"
        )
    assert not list(end_not_at_num_steps(run))
    assert not list(end_not_at_num_steps(together._replace(num_steps=None)))


@pytest.mark.parametrize(
    ("run", "advice"),
    [
        (
            pipeline(CONSTANT.format(0.5)),
            "Add a `warmup` block with `warmup_steps` beside `constant_learning_rate`",
        ),
        (
            pipeline("cosine_decay_learning_rate { warmup_steps: 0 }"),
            "Set `warmup_steps` in `cosine_decay_learning_rate` above 0",
        ),
        (
            pipeline(CONSTANT.format(0.5) + "warmup { warmup_steps: 0 }"),
            "Set `warmup_steps` in `warmup` above 0",
        ),
        (
            run_of(
                "trainer { optimizer_config { learning_rate { type: 'constant' constant {} } } }",
                dialect=EXPERIMENT,
            ),
            "Add `warmup` beside `learning_rate`, with `type: linear` and a `linear` block that"
            " sets `warmup_steps`",
        ),
    ],
)
def test_where_a_missing_warmup_belongs(run: Run, advice: str) -> None:
    (finding,) = no_warmup(run._replace(policy={"require-warmup": True}))
    assert str(finding.words) == f"missing warmup: the project's settings require one. {advice}"
