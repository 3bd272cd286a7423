"""Rules over the warmup of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import Any

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.reading.fields import schema_of
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run, is_listed
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates

_MUCH_LOWER = 0.1
_AS_LONG = 100
"""A stage is not part of a warmup by steps if the next one is this many times as long."""


@rule("SB406", "warmup-outlasts-decay", "warning")
def warmup_outlasts_decay(run: Run) -> Iterator[Finding]:
    """A warmup lasts longer than the decay under it.

    A warmup that covers the beginning of a decay leads to the rate at which the decay has then
    arrived. If the decay is over by then, the warmup leads to the lowest rate of all, and the
    highest rate in the config is never used. Count the decay from the warmup's end
    (`alignment: SHIFT`, or `offset` in the Model Garden), or make it longer.

        cosine: {initial_learning_rate: 0.1, decay_steps: 1000}
        linear: {warmup_steps: 1000}                            # the rate is 0 everywhere

    Use instead:

        cosine: {initial_learning_rate: 0.1, decay_steps: 50000}
        linear: {warmup_steps: 1000}
    """
    main = run.under_warmup
    if main is None or run.warmup_over is None:
        return
    path, steps = run.warmup_over
    final = main.segments[-1]
    if final.curve.is_constant and final.begin <= steps and main(steps) < main(0):
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

    Use instead:

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
                "the warmup lasts {taken} of {num_steps} steps, {share:.0f} % of the run."
                " Make it shorter",
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
    """The message for a warmup during which training ends."""
    first, now = run.schedule(0), run.schedule(run.last)
    if now > first:
        how = Words("the rate still rises")
    elif f"{first:.6g}" == f"{now:.6g}":
        how = Words("the rate does not change")
    else:
        how = Words("the rate falls all the time")
    shorten = Words("Make the warmup shorter{or_longer}", or_longer=run.or_longer(path))
    if now < first:
        shorten = Words("Start the warmup at a lower rate, and make it shorter")
    if math.isnan(run.schedule(steps)):
        # The warmup takes all steps of a cosine, so it does not lead to a rate.
        words = Words(
            "the warmup lasts {taken} steps, and training ends before it does, after"
            " {num_steps}: {how}. It is {now:rate} at the last step. {shorten}"
        )
        if steps == run.num_steps:
            words = Words(
                "the warmup lasts all {taken} steps: {how}. It is {now:rate} at the last step."
                " {shorten}"
            )
        return words.filled(
            taken=_taken(run, path, steps),
            num_steps=run.num_steps,
            how=how,
            now=now,
            shorten=shorten,
        )
    return Words(
        "the warmup lasts {taken} steps, and training ends after {num_steps}: {how}. It is"
        " {now:rate} at the last step, and never reaches {goal:rate}. {shorten}",
        taken=_taken(run, path, steps),
        num_steps=run.num_steps,
        how=how,
        now=now,
        goal=run.schedule(steps),
        shorten=shorten,
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

    Use instead:

        manual_step_learning_rate { initial_learning_rate: 0.0003
          schedule { step: 900000 learning_rate: 0.00003 } }
    """
    main = run.main
    if run.warmup_over is not None:
        path, steps = run.warmup_over
        high, low = run.schedule(0), run.schedule(steps)
        names = [n for n in ("warmup_learning_rate", "power") if run.has((*path[:-1], n))]
        if high > low and names:
            words = Words(
                "this warmup lowers the rate, from {high:rate} at step 0 to {low:rate} at"
                " step {steps}. Start it at a lower rate",
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
                " `initial_learning_rate` ({low:rate}). Lower the first, or"
                " raise the second",
                high=high,
                low=low,
            )
            yield Finding((*run.kind_path, "burnin_learning_rate"), words)
    if not isinstance(main, rates.ManualStepLearningRate) or not main.warmup:
        return
    initial, first = main.initial_learning_rate, main.schedule[0]
    if first.step and initial > first.learning_rate:
        words = Words(
            "`warmup: true` lowers the rate here, from `initial_learning_rate` {initial:rate}"
            " to {rate:rate} at step {step}. Set `initial_learning_rate` lower, or remove"
            " `warmup`",
            initial=initial,
            rate=first.learning_rate,
            step=first.step,
        )
        there = Words("the first stage, with {rate:rate}", rate=first.learning_rate)
        path = (*run.kind_path, "warmup")
        yield Finding(path, words, (((*run.kind_path, "schedule", 0), there),))


@rule("SB420", "rate-not-applied", "warning")
def rate_not_applied(run: Run) -> Iterator[Finding]:
    """The first rate of the schedule is never applied, or for next to no time.

    A warmup that covers the beginning of the schedule leads to the rate that holds at its end. If
    it ends at or after the first milestone, the highest rate in the config is never used. A first
    stage that ends after one update is as good as none. It often was `step: 0` once, which the
    Object Detection API refuses.

        multi_step_learning_rate { milestones: [500, 9000] ... } warmup { warmup_steps: 500 }
        schedule { step: 1 learning_rate: 0.01 }                # after one update

    Use instead:

        multi_step_learning_rate { milestones: [5000, 9000] ... } warmup { warmup_steps: 500 }
        schedule { step: 1000 learning_rate: 0.01 }
    """
    covered = list(_covered(run))
    yield from covered or _one_update(run)


def _covered(run: Run) -> Iterator[Finding]:
    """Reports a warmup that covers all steps of the highest rate."""
    main = run.under_warmup
    if main is None or run.warmup_over is None:
        return
    path, steps = run.warmup_over
    kinds = schema_of(run.get(run.kind_path[:-1]).DESCRIPTOR)
    # In a power of the step, the factor is the rate at step 1, which is not meant to be applied.
    is_power = not kinds[str(run.kind_path[-1])].is_stretchable
    if is_power or path in run.blamed or steps > run.last:
        return
    rates = [main(step) for step in main.extremes(0, run.last)]
    # Before its own beginning, which is under the warmup, a large power is not a number.
    if any(map(math.isnan, rates)):
        return
    highest = max(rates)
    applied = max(main(step) for step in run.extremes(main, steps))
    count, following = _held(main, highest, steps, run.last)
    if applied > highest or (following is None and applied > highest * _MUCH_LOWER):
        return
    related: tuple[tuple[FieldPath, Words], ...] = ()
    if following is not None:
        there = Words(
            "the next stage begins at step {step}{after_boundary}",
            step=following.begin,
            after_boundary=run.after_boundary(following.begin, run.at(following)),
        )
        related = ((run.at(following), there),)
    if count:
        words = Words(
            "the highest rate, {highest:rate}, is applied for one step: this warmup of"
            " {steps:count step} replaces its other steps. Shorten the warmup, or start"
            " the schedule after it",
            highest=highest,
            steps=steps,
        )
    else:
        words = Words(
            "the highest rate, {highest:rate}, is never applied: this warmup of"
            " {steps:count step} replaces it, and leads to {goal:rate}. Shorten the"
            " warmup, or start the schedule after it",
            highest=highest,
            steps=steps,
            goal=main(steps),
        )
    yield Finding(path, words, related)


def _held(main: Schedule, rate: float, begin: int, last: int) -> tuple[int, Segment | None]:
    """How many steps of a range have a rate from stages, and the stage that follows them.

    The stage is None where they are more than one, where none of them is before the range, and
    where the last segment or a curve other than a stage reaches that rate.
    """
    count, first, following = 0, begin, None
    for segment, after in zip_longest(main.segments, main.segments[1:]):
        if segment.begin <= last and main(segment.begin) == rate:
            if after is None or not segment.curve.is_constant:
                return 0, None
            count += max(min(after.begin, last + 1) - max(segment.begin, begin), 0)
            first, following = min(first, segment.begin), after
    is_stage = following is not None and is_listed(following.path)
    return count, following if is_stage and count <= 1 and first < begin else None


def _one_update(run: Run) -> Iterator[Finding]:
    """Reports a first stage that ends after one update."""
    skipped = _skipped(run)
    if skipped is not None:
        path, rate = skipped
        words = Words(
            "the first rate, {rate:rate}, is never applied: this boundary ends it at or"
            " before step 0. Move it to a later step, or remove it",
            rate=rate,
        )
        yield Finding(path, words)
        return
    if "steps_per_entry" in run.main.DESCRIPTOR.fields_by_name:
        return
    starts = (0, *(steps for _, steps in run.warmups))
    beginnings = [both for both in pairwise(run.stages) if both[0].begin in starts]
    for first, second in beginnings:
        length = first.end - first.begin
        # A boundary is the last step of the rate before it.
        longest = 1 + ("boundaries" in second.path)
        is_first = first.end == second.begin and second.is_listed
        is_short = length <= longest and length * _AS_LONG <= second.end - second.begin
        if is_first and is_short and second.path not in run.blamed:
            words = Words(
                "the first rate, {rate:rate}, lasts for {length:count step}: from step {step}"
                "{after_boundary} on it is {second:rate}. Begin this stage later; or remove it, and"
                " make {second:rate} the first rate",
                rate=first.rate,
                length=length,
                step=second.begin,
                after_boundary=run.after_boundary(second.begin, second.path),
                second=second.rate,
            )
            yield Finding(second.path, words)
            return


def _skipped(run: Run) -> tuple[FieldPath, float] | None:
    """The entry that ends a first rate before step 0, and that rate."""
    main: Any = run.main
    if isinstance(main, rates.MultiStepLearningRate) and main.milestones[0] == 0:
        return (*run.kind_path, "milestones", 0), main.initial_learning_rate
    if isinstance(main, garden.StepwiseLrConfig) and main.boundaries[0] + main.offset < 0:
        return (*run.kind_path, "boundaries", 0), main.values[0]
    return None
