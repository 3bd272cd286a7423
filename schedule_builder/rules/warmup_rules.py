"""Rules over the warmup of a run."""

from __future__ import annotations

from collections.abc import Iterator

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run
from schedule_builder.schedules.curves import Constant
from schedule_builder.v1 import learning_rate_pb2 as rates


@rule("SB406", "warmup-outlasts-decay", "warning")
def warmup_outlasts_decay(run: Run) -> Iterator[Finding]:
    """A warmup lasts longer than the decay under it.

    A warmup that covers the beginning of a decay leads to the rate at which the decay has then
    arrived. If the decay is over by then, the warmup leads to the lowest rate of all, and the
    highest rate in the config is never used. Count the decay from the warmup's end
    (`alignment: SHIFT`, or `offset` in the Model Garden), or make it longer.

        cosine: {initial_learning_rate: 0.1, decay_steps: 1000}
        linear: {warmup_steps: 1000}                            # the rate is 0 everywhere
    """
    main = run.dialect.under_warmup(run.root)
    if main is None:
        return
    for path, steps in run.warmups:
        final = main.segments[-1]
        is_over = isinstance(final.curve, Constant) and 0 < final.begin <= steps
        if path[:-1] != run.kind_path and is_over and main(steps) < main(0):
            words = Words(
                "this warmup lasts {steps:count step}, and the decay under it, from {start:rate},"
                " is over by step {end}: the rate never exceeds {low:rate}. Shorten the warmup, or"
                " start the decay after it",
                steps=steps,
                start=main(0),
                end=final.begin,
                low=main(steps),
            )
            yield Finding(path, words)


@rule("SB407", "long-warmup", "warning")
def long_warmup(run: Run) -> Iterator[Finding]:
    """A warmup takes a large part of the run, or outlasts it.

    A warmup of more than a fifth of the run (the setting `longest-warmup-fraction`) is usually left
    over from a longer run: the highest rate is reached late or never.

        num_steps: 5000   cosine_decay_learning_rate { ... warmup_steps: 2000 }   # 40 %
        num_steps: 5000   cosine_decay_learning_rate { ... warmup_steps: 250 }
    """
    if run.num_steps is None:
        return
    for path, steps in run.warmups:
        if path in run.blamed:
            continue
        if steps >= run.num_steps:
            yield Finding(path, _unfinished(run, path, steps), run.ending)
        elif steps > run.num_steps * run.thresholds["longest-warmup-fraction"]:
            words = Words(
                "the warmup lasts {taken} of {num_steps} steps, {share:.0f} % of the run",
                taken=_taken(run, path, steps),
                num_steps=run.num_steps,
                share=100 * steps / run.num_steps,
            )
            yield Finding(path, words, run.ending)


def _taken(run: Run, path: FieldPath, steps: int) -> Words:
    if run.has(path):
        return Words("{steps}", steps=steps)
    return Words("{steps} (the default)", steps=steps)


def _unfinished(run: Run, path: FieldPath, steps: int) -> Words:
    """What to say of a warmup that training ends in."""
    first, now = run.schedule(0), run.schedule(run.last)
    if now > first:
        how = Words("the rate still rises at the last step")
    elif f"{first:.6g}" == f"{now:.6g}":
        how = Words("the rate does not change")
    else:
        how = Words("the rate falls all the time")
    return Words(
        "the warmup lasts {taken} steps, and training ends after {num_steps}: {how}. It is"
        " {now:rate} there, and never {goal:rate}",
        taken=_taken(run, path, steps),
        num_steps=run.num_steps,
        how=how,
        now=now,
        goal=run.schedule(steps),
    )


@rule("SB410", "warmup-falls", "warning")
def warmup_falls(run: Run) -> Iterator[Finding]:
    """A warmup starts above the rate that it leads to.

    `warmup: true` of a manual schedule is a straight line from `initial_learning_rate` at step 0
    to the rate of the first stage at its step, not a warmup to the initial rate. If the first stage
    is lower, it is a slow decay for the whole first stretch, where a constant rate was meant.
    Other warmups fall where a digit of their own rate, or of the schedule's, is wrong.

        manual_step_learning_rate { initial_learning_rate: 0.0003 warmup: true
          schedule { step: 900000 learning_rate: 0.00003 } }    # falls for 900000 steps
    """
    main = run.main
    for path, steps in run.warmups:
        high, low = run.schedule(0), run.schedule(steps)
        names = [n for n in ("warmup_learning_rate", "power") if run.has((*path[:-1], n))]
        is_modifier = path[-1] == "warmup_steps" and path[:-1] != run.kind_path
        if is_modifier and high > low and names:
            words = Words(
                "this warmup falls, from {high:rate} at step 0 to {low:rate} at step {steps}",
                high=high,
                low=low,
                steps=steps,
            )
            yield Finding((*path[:-1], names[0]), words)
    if isinstance(main, rates.ExponentialDecayLearningRate) and main.burnin_steps:
        high, low = main.burnin_learning_rate, main.initial_learning_rate
        if high > low:
            words = Words(
                "this burn-in lowers the rate: `burnin_learning_rate` ({high:rate}) is above"
                " `initial_learning_rate` ({low:rate})",
                high=high,
                low=low,
            )
            yield Finding((*run.kind_path, "burnin_learning_rate"), words)
    if not isinstance(main, rates.ManualStepLearningRate) or not main.warmup:
        return
    initial, first = main.initial_learning_rate, main.schedule[0]
    if first.step and initial > first.learning_rate:
        words = Words(
            "`warmup: true` lowers the rate here, from `initial_learning_rate` {initial:rate} to"
            " {rate:rate} at step {step}",
            initial=initial,
            rate=first.learning_rate,
            step=first.step,
        )
        there = Words("the first stage, with {rate:rate}", rate=first.learning_rate)
        path = (*run.kind_path, "warmup")
        yield Finding(path, words, (((*run.kind_path, "schedule", 0), there),))
