"""Rules about a run that a team's settings require."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schedule_builder.diagnostics import Words
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run
from schedule_builder.v1 import learning_rate_pb2 as rates


@rule("SB501", "rate-above-policy", "error")
def rate_above_policy(run: Run) -> Iterator[Finding]:
    """A rate of the run is above the team's limit.

    The limit is the setting `policy.max-learning-rate`: a number, or a table with a number for
    each optimizer, such as `momentum_optimizer` or `adamw`.

        constant_learning_rate { learning_rate: 0.5 }           # max-learning-rate = 0.1

    Use instead:

        constant_learning_rate { learning_rate: 0.1 }
    """
    limit = run.policy.get("max-learning-rate")
    if isinstance(limit, Mapping):
        limit = limit.get(run.optimizer)
    if limit is None:
        return
    rate, step = run.peak
    if rate > limit:
        found = {"rate": rate, "step": step, "limit": limit, "optimizer": run.optimizer}
        if run.optimizer:
            words = Words(
                "the rate is {rate:rate} at step {step}, and the project's limit for"
                " `{optimizer}` is {limit:rate}. Lower the rate",
                **found,
            )
        else:
            words = Words(
                "the rate is {rate:rate} at step {step}, and the project's limit is"
                " {limit:rate}. Lower the rate",
                **found,
            )
        yield Finding(run.kind_path, words)


@rule("SB502", "no-warmup", "error")
def no_warmup(run: Run) -> Iterator[Finding]:
    """The schedule has no warmup, and the team's settings require one.

    The setting is `policy.require-warmup`. Any schedule whose rate rises first has a warmup,
    whatever its fields are called.

        cosine_decay_learning_rate { ... warmup_steps: 0 }

    Use instead:

        cosine_decay_learning_rate { ... warmup_steps: 1000 }
    """
    if not run.policy.get("require-warmup") or run.warmups:
        return
    levels = [run.schedule(step) for step in run.extremes(run.schedule)]
    if next((rate for rate in levels if rate != levels[0]), 0.0) <= levels[0]:
        words = Words(
            "missing warmup: the project's settings require one. {advice}",
            advice=_how_to_warm_up(run),
        )
        yield Finding(run.kind_path, words)


def _how_to_warm_up(run: Run) -> Words:
    """Where to set a warmup in a config that has none."""
    # A field for its length may be there, and be 0.
    lengths = [path for path, _ in run.dialect.warmups(run.root)]
    if lengths:
        *_, block, name = lengths[-1]
        return Words("Set {name:field} in {block:field} above 0", name=name, block=block)
    if run.kind_path[:-1] != run.path:
        return Words(
            "Add {warmup:field} beside {rate:field}, with `type: linear` and a `linear` block that"
            " sets `warmup_steps`",
            warmup="warmup",
            rate="learning_rate",
        )
    return Words(
        "Add a `warmup` block with `warmup_steps` beside {kind:field}", kind=run.kind_path[-1]
    )


@rule("SB503", "end-not-at-num-steps", "error")
def end_not_at_num_steps(run: Run) -> Iterator[Finding]:
    """A decay does not end at the step at which training ends.

    The setting `policy.require-end-at-num-steps` requires this.

        num_steps: 25000   cosine_decay_learning_rate { total_steps: 20000 ... }

    Use instead:

        num_steps: 25000   cosine_decay_learning_rate { total_steps: 25000 ... }
    """
    if not run.must_end_together or run.num_steps is None:
        return
    if isinstance(run.main, rates.ManualStepLearningRate):
        return
    for schedule in run.parts:
        final, before = schedule.segments[-1], schedule.segments[-2:][0]
        if (
            not final.curve.is_constant
            or before.curve.is_constant
            or schedule(before.begin) <= schedule(final.begin)
            or run.at(final) in dict(run.warmups)
            # A cycle that ends with its last update holds that rate at it.
            or final.begin in (run.num_steps, run.num_steps - 1)
        ):
            continue
        path = run.at(final)
        words = Words(
            "the schedule ends at step {end}, and training at {num_steps}: the project's"
            " settings require the same step. Change one of them",
            end=final.begin,
            num_steps=run.num_steps,
        )
        yield Finding(path, words, run.ending, run.aligned(path, final.begin))
