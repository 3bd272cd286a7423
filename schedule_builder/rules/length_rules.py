"""Rules about the run length: parts of a schedule that the run does not reach."""

from __future__ import annotations

import math
from collections.abc import Iterator

from schedule_builder.diagnostics import FieldPath, Words, rate_text
from schedule_builder.reading.fields import field_name, schema_of
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run, is_listed
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.schedules.search import first_true
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import options_pb2

_NEXT_TO_NOTHING = 1e-6
_LEAST_STEPS = 1000
"""In shorter runs, small lengths do not indicate epochs."""
_MUCH_LOWER = 0.1


@rule("SB405", "no-num-steps", "warning")
def no_num_steps(run: Run) -> Iterator[Finding]:
    """The run length is unknown.

    The Object Detection API trains until it is stopped if `num_steps` is missing or 0, and the
    schedule cannot be checked against the run. If the launcher gives the number, pass it here with
    `--num-steps`, or in the settings.

        train_config { optimizer { ... } }                      # until when?

    Use instead:

        train_config { optimizer { ... } num_steps: 50000 }
    """
    path = run.dialect.num_steps_path
    if run.num_steps is not None or not path:
        return
    if run.has(path):
        words = Words(
            "{name:field} is 0, so the run length is unknown and the schedule cannot be checked"
            " against it. Set it, or pass `--num-steps`",
            name=field_name(path),
        )
    else:
        # The field may be there, but misspelt.
        if path[:-1] in run.broken:
            return
        words = Words(
            "missing {name:field}: the run length is unknown, so the schedule cannot be checked"
            " against it. Add it, or pass `--num-steps`",
            name=field_name(path),
        )
        path = path[:-1]
    yield Finding(path, words)


@rule("SB418", "bypassed-schedule", "warning")
def bypassed_schedule(run: Run) -> Iterator[Finding]:
    """Nothing of the schedule takes effect within the run.

    All of its stages and decays begin after training ends, so the rate is constant, whatever the
    config looks like. Sample configs are made for long runs and say so of themselves: the first
    change often is beyond the `num_steps` of a copy. Either shorten the schedule to the run with
    `schedule-builder rescale`, or write the rate that is in force as `constant_learning_rate`,
    which has the same rate at every step of the run. (There is no fix: which of them is meant, only
    the author knows.) A schedule that takes effect in part is SB401, SB402 or SB403.

        num_steps: 50000
        schedule { step: 900000 learning_rate: 0.00003 }        # never happens
        schedule { step: 1200000 learning_rate: 0.000003 }      # nor does this

    Use instead:

        num_steps: 50000
        schedule { step: 30000 learning_rate: 0.00003 }
        schedule { step: 40000 learning_rate: 0.000003 }
    """
    if run.first_change is None or run.bare is None:
        return
    step = run.first_change
    changing = (schedule.segment_at(step) for schedule in run.parts)
    begun = next((segment for segment in changing if segment.begin > run.last), None)
    path = run.kind_path if begun is None else run.at(begun)
    if begun is None and "decay_steps" in run.main.DESCRIPTOR.fields_by_name:
        path = (*path, "decay_steps")
    # A length in another unit follows the run, or is changed by its number.
    advice = Words(
        "Shorten the schedule with `schedule-builder rescale --from-steps N --num-steps"
        " {num_steps}`, N the run length that it was made for",
        num_steps=run.num_steps,
    )
    if not run.is_in_steps:
        advice = Words("Train for longer")
    words = Words(
        "no stage or decay takes effect: the rate first changes at step {step}{after_boundary},"
        " and training ends after {num_steps} steps. {advice}, or replace the schedule with"
        " {constant} (`learning_rate: {rate!r}`), which has the same rates",
        step=step,
        after_boundary=run.after_boundary(step, path),
        num_steps=run.num_steps,
        advice=advice,
        constant=run.constant,
        rate=run.bare(0),
    )
    yield Finding(path, words, run.ending)


@rule("SB402", "stage-not-reached", "warning")
def stage_not_reached(run: Run) -> Iterator[Finding]:
    """A stage of the schedule begins after training ends.

    Sample configs are made for long runs. With a shorter `num_steps` their later stages, often
    all of them, are never reached. The rate stays high to the end, and the model does not converge
    as it could. `schedule-builder rescale` stretches a schedule to the length that is meant.

        num_steps: 200000
        schedule { step: 100000 learning_rate: 0.00003 }
        schedule { step: 900000 learning_rate: 0.000003 }       # never happens

    Use instead:

        num_steps: 200000
        schedule { step: 100000 learning_rate: 0.00003 }
        schedule { step: 150000 learning_rate: 0.000003 }
    """
    for schedule, current, following in _unfinished(run):
        if not _is_stage(current, following):
            continue
        others = len(schedule.segments) - schedule.segments.index(following) - 1
        path = run.at(following)
        values = {
            "begin": following.begin,
            "after_boundary": run.after_boundary(following.begin, path),
            "others": others,
            "num_steps": run.num_steps,
            "stays": _stays(run),
            "advice": _about_stages(run, schedule, current, following),
        }
        if others:
            words = Words(
                "this stage and the {others:count stage} after it are never reached: they"
                " begin at step {begin}{after_boundary} or later, and training ends after"
                " {num_steps} steps. {stays}. {advice}",
                **values,
            )
        else:
            words = Words(
                "this stage is never reached: it begins at step {begin}{after_boundary}, and"
                " training ends after {num_steps} steps. {stays}. {advice}",
                **values,
            )
        yield Finding(path, words, run.ending)


def _about_stages(run: Run, schedule: Schedule, current: Segment, following: Segment) -> Words:
    """The advice for stages that are never reached."""
    path, rate = run.at(following), schedule.rate_at(current.begin)
    rest = [segment for segment in schedule.segments if segment.begin >= following.begin]
    is_one = len(rest) == 1
    beside: Words | str
    if any(not s.curve.is_constant or schedule.rate_at(s.begin) != rate for s in rest):
        or_longer = run.or_longer(path)
        if is_one:
            return Words("Begin it earlier{or_longer}", or_longer=or_longer)
        return Words("Begin them earlier{or_longer}", or_longer=or_longer)
    if 0 in path[-2:]:
        # A list of stages cannot be empty.
        return Words(
            "No stage changes the rate: replace the schedule with {constant}", constant=run.constant
        )
    is_boundary = "boundaries" in path
    if is_one:
        beside = Words(" and its boundary") if is_boundary else ""
        return Words("This stage does not change the rate: remove it{beside}", beside=beside)
    beside = Words(" and their boundaries") if is_boundary else ""
    return Words("These stages do not change the rate: remove them{beside}", beside=beside)


@rule("SB403", "decay-not-completed", "warning")
def decay_not_completed(run: Run) -> Iterator[Finding]:
    """A decay ends after training does.

    A decay that is made for a longer run leaves the rate high at the last step, and the model
    without the low rates under which it converges. `total_steps` and `num_steps` are two copies
    of one number, and only one of them was changed. Differences of less than 1 % of the run (the
    setting `idle-fraction`) are accepted. Under `step_unit: PERCENT_OF_RUN`, `total_steps: 100` is
    the run length, whatever that is.

        num_steps: 25000   cosine_decay_learning_rate { total_steps: 50000 ... }

    Use instead:

        num_steps: 25000   cosine_decay_learning_rate { total_steps: 25000 ... }
    """
    for schedule, current, following in _unfinished(run):
        if not current.curve.is_constant:
            yield from _cut_off(run, schedule, current, following)
        elif not _is_stage(current, following):
            path = run.at(following)
            is_part = len(run.parts) > 1
            words = Words(
                "{subject} never begins: it would begin at step {begin}, and training ends"
                " after {num_steps} steps. {stays}. {advice}{or_longer}",
                subject=Words("the last part of the decay") if is_part else Words("the decay"),
                begin=following.begin,
                num_steps=run.num_steps,
                stays=_stays(run),
                advice=Words("Lower {name:field}", name=field_name(path))
                if is_part and path != run.kind_path
                else Words("Begin it earlier"),
                or_longer=run.or_longer(path),
            )
            yield Finding(path, words, run.ending)
    if run.first_change is None:
        yield from _cycle_cut_off(run)


def _in_percent(run: Run, path: FieldPath) -> Words | str:
    """How to write a decay that ends with the run for any run length; empty if impossible."""
    message = run.message
    if not run.is_in_steps or "step_unit" not in message.DESCRIPTOR.fields_by_name:
        return ""
    declared = schema_of(run.main.DESCRIPTOR).get(str(path[-1]))
    is_position = declared is not None and declared.counts_steps == options_pb2.POSITION
    is_shifted = message.warmup.alignment == rates.Warmup.SHIFT
    if path[:-1] != run.kind_path or not is_position or is_shifted:
        return Words(
            ". To fit any run length, write the lengths in percent, under"
            " `step_unit: PERCENT_OF_RUN`"
        )
    return Words(
        ". To fit any run length, write the lengths in percent: `step_unit: PERCENT_OF_RUN` and"
        " `{name}: 100`",
        name=field_name(path),
    )


def _cut_off(
    run: Run, schedule: Schedule, current: Segment, following: Segment
) -> Iterator[Finding]:
    """Reports a decay or a rise during which training ends."""
    end = following.begin
    is_first_cycle = schedule.segments[0] is current or current.path != following.path
    if not run.is_beyond(end) or not is_first_cycle:
        return
    # After a decay there may be a restart, or no rate.
    goal = end if schedule(end) <= schedule(end - 1) else end - 1
    is_rise = schedule(goal) > schedule(run.last)
    goal = end if is_rise else goal
    if math.isnan(schedule(goal)):
        return
    now, then = rate_text(run.schedule(run.last)), rate_text(run.schedule(goal))
    if goal < end and run.schedule(goal) < _NEXT_TO_NOTHING * run.schedule(0):
        then = "almost 0"
    is_required = following is schedule.segments[-1] and run.must_end_together
    if now == then or (is_required and not is_rise):
        return
    path = run.at(following)
    values = {
        "end": end,
        "num_steps": run.num_steps,
        "now": now,
        "then": then,
        "or_longer": run.or_longer(path),
    }
    if is_rise:
        shorten = Words("Make the rise shorter")
        # All parts of such a schedule are shares of one length.
        if run.is_in_steps and run.is_beyond(getattr(run.main, "total_steps", 0)):
            shorten = Words("Set `total_steps` to {num_steps}", num_steps=run.num_steps)
        words = Words(
            "the rise ends at step {end}, and training at {num_steps}: the rate is {now} at"
            " the last step instead of {then}. {shorten}{or_longer}",
            shorten=shorten,
            **values,
        )
        yield Finding(path, words, run.ending)
    else:
        words = Words(
            "the decay ends at step {end}, and training at {num_steps}: the rate is {now} at"
            " the last step instead of {then}. Make the decay shorter{or_longer}{advice}",
            **values,
            advice=_in_percent(run, path),
        )
        yield Finding(path, words, run.ending, run.aligned(path, end))


def _cycle_cut_off(run: Run) -> Iterator[Finding]:
    """Reports a first cycle during which training ends. All cycles are one segment."""
    main = run.main
    now = run.schedule(run.last)
    if getattr(main, "cycle", False) and run.is_beyond(main.decay_steps):
        words = Words(
            "the first cycle ends at step {end}, and training at {num_steps}: the rate is"
            " {now:rate} at the last step. Make the cycle shorter{or_longer}",
            end=main.decay_steps,
            num_steps=run.num_steps,
            now=now,
            or_longer=run.or_longer((*run.kind_path, "decay_steps")),
        )
        yield Finding((*run.kind_path, "decay_steps"), words, run.ending)
    is_cycle = run.schedule.segments[-1].curve.repeats
    if is_cycle and hasattr(main, "step_size_up") and run.is_beyond(main.step_size_up):
        words = Words(
            "the first rise ends at step {end}, and training at {num_steps}: the rate is"
            " {now:rate} at the last step, and never reaches {goal:rate}. Make the rise"
            " shorter{or_longer}",
            end=main.step_size_up,
            num_steps=run.num_steps,
            now=now,
            goal=main.max_learning_rate,
            or_longer=run.or_longer((*run.kind_path, "step_size_up")),
        )
        yield Finding((*run.kind_path, "step_size_up"), words, run.ending)


@rule("SB401", "decay-not-reached", "warning")
def decay_not_reached(run: Run) -> Iterator[Finding]:
    """The rate of a decay does not change within the run.

    The defaults and the samples of the Object Detection API decay for the first time after
    hundreds of thousands of steps. In a shorter run the rate is constant, whatever the config looks
    like. A rate that falls by less than 1 % (the setting `least-decay`) counts as one that does not
    change. `schedule-builder rescale` stretches a schedule to the length that is meant.

        num_steps: 200000
        exponential_decay_learning_rate { decay_steps: 800720 ... }   # decays first at 800720

    Use instead:

        num_steps: 200000
        exponential_decay_learning_rate { decay_steps: 20000 ... }
    """
    if run.num_steps is None or run.first_change is not None:
        return
    schedule = run.schedule
    last = schedule.segments[-1]
    # Other rules report decays that end, and rates that rise again.
    is_lasting = len(run.parts) == 1 and not last.curve.is_constant and not last.curve.repeats
    if not is_lasting or last.begin > run.last:
        return
    begin = max(last.begin, last.origin)
    high, low = schedule(begin), schedule(run.last)
    if not high > low >= high * (1 - run.thresholds["least-decay"]) and high != low:
        return
    change = _first_change(schedule, begin)
    if change is None:
        return
    since = Words(" from step {begin} on", begin=begin) if begin else Words("")
    values = {
        "change": change,
        "num_steps": run.num_steps,
        "high": high,
        "low": low,
        "since": since,
    }
    if high == low:
        words = Words(
            "the rate first decays at step {change}, and training ends after {num_steps}"
            " steps: it stays {high:rate}{since}. Make the decay faster, or"
            " train for longer",
            **values,
        )
    else:
        words = Words(
            "the rate falls only from {high:exact} to {low:exact} in the {num_steps} steps of"
            " the run{since}. Make the decay faster, or train for longer",
            **values,
        )
    has_length = "decay_steps" in run.main.DESCRIPTOR.fields_by_name
    path = (*run.kind_path, "decay_steps") if has_length else run.at(last)
    yield Finding(path, words, run.ending)


@rule("SB419", "lengths-in-epochs", "warning")
def lengths_in_epochs(run: Run) -> Iterator[Finding]:
    """The last change of the rate comes within the first steps of the run.

    Lengths are counted in steps, and those of many papers and libraries in epochs. Milestones of
    `[30, 60, 80]` then leave nearly all of the run at the lowest rate. This is reported where the
    last stage begins within 1 % of the run (the setting `settled-fraction`) of at least 1000 steps,
    and has at most a tenth of the highest rate. Either say the unit, `step_unit: EPOCHS`, or count
    in steps: if the run has 90 epochs, `schedule-builder rescale --from-steps 90 --num-steps 90000`
    writes the new lengths.

        num_steps: 90000   multi_step_learning_rate { milestones: [30, 60, 80] ... }

    Use instead:

        num_steps: 90000   multi_step_learning_rate { milestones: [30000, 60000, 80000] ... }
    """
    if run.num_steps is None or run.num_steps < _LEAST_STEPS or not run.stages:
        return
    stage = run.stages[-1]
    is_early = 0 < stage.begin <= run.num_steps * run.thresholds["settled-fraction"]
    if not (is_early and stage.is_listed and stage.end == run.num_steps):
        return
    if stage.rate > run.peak[0] * _MUCH_LOWER:
        return
    if "steps_per_entry" in run.main.DESCRIPTOR.fields_by_name:
        advice = Words(
            "Set `steps_per_entry` to the number of steps in an epoch, or set"
            " `step_unit: EPOCHS` and `examples_per_epoch: N`, N the number of training examples"
        )
    elif not run.is_in_steps:
        advice = Words("Check the unit of its lengths")
    elif "step_unit" in run.message.DESCRIPTOR.fields_by_name:
        advice = Words(
            "If the lengths count epochs, set `step_unit: EPOCHS` and `examples_per_epoch` (the"
            " number of training examples), or stretch them with `schedule-builder rescale"
            " --from-steps N --num-steps {num_steps}`, N the number of epochs",
            num_steps=run.num_steps,
        )
    else:
        advice = Words(
            "If the lengths count epochs, stretch them with `schedule-builder rescale"
            " --from-steps N --num-steps {num_steps}`, N the number of epochs",
            num_steps=run.num_steps,
        )
    words = Words(
        "the last change is at step {step} of {num_steps}{after_boundary}: {share:.4g} % of the run"
        " trains at {rate:rate}, and the highest rate is {peak:rate}. {advice}",
        step=stage.begin,
        after_boundary=run.after_boundary(stage.begin, stage.path),
        num_steps=run.num_steps,
        share=100 * (1 - stage.begin / run.num_steps),
        rate=stage.rate,
        peak=run.peak[0],
        advice=advice,
    )
    yield Finding(stage.path, words, run.ending)


def _unfinished(run: Run) -> Iterator[tuple[Schedule, Segment, Segment]]:
    """Schedules that continue after the run, with the segment at its end and the next one."""
    if run.num_steps is None or run.first_change is not None:
        return
    for schedule in run.parts:
        current = schedule.segment_at(run.last)
        following = next((s for s in schedule.segments if s.begin > run.last), None)
        # A warmup that outlasts the run is a finding of its own.
        warmups = [path for path, _ in run.warmups]
        if following is not None and run.at(following) not in warmups:
            yield schedule, current, following


def _is_stage(before: Segment, after: Segment) -> bool:
    """Whether a schedule changes from one rate of a list to the next."""
    both = before.curve.is_constant and after.curve.is_constant
    return both and is_listed(after.path)


def _stays(run: Run) -> Words:
    now = run.schedule(run.last)
    steps = run.schedule.extremes(0, run.last)
    if all(run.schedule(step) == run.schedule(0) for step in steps):
        return Words("The rate is {now:rate} at every step", now=now)
    return Words("The rate is {now:rate} at the last step", now=now)


def _first_change(schedule: Schedule, begin: int) -> int | None:
    """The first step at which a monotonic rate differs from that at its beginning."""
    low, high = begin, begin + 1
    while schedule(high) == schedule(begin):
        low, high = high, 2 * high - begin
        if high > MAX_STEP:
            return None
    return first_true(lambda step: schedule(step) != schedule(begin), low, high)
