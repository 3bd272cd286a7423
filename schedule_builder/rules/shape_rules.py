"""Rules over the shape of a schedule: rates that cannot have been meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from schedule_builder.diagnostics import Remove, Repair, Words
from schedule_builder.reading.fields import schema_of
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run, is_listed
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates

_ROUNDING = 1e-6
_HIGH = 10


@rule("SB408", "jump-up", "warning")
def jump_up(run: Run) -> Iterator[Finding]:
    """The rate jumps up after it has fallen.

    After the warmup rates fall. A rate in the middle that is higher than the one before is most
    often a mistake: a digit too many or too few, stages in the wrong order, or factors instead of
    rates. Rates that rise from the beginning on are a warmup in steps, if that is a small part of
    the run: a rise to ten times the rate or more begins within 5 % of the run (the setting
    `latest-rise-fraction`), and takes no more than a fifth of it (`longest-warmup-fraction`). Kinds
    that rise and fall by design are not checked.

        schedule { step: 1000 learning_rate: 0.001 }
        schedule { step: 2000 learning_rate: 0.01 }             # 0.0001 was meant

    Use instead:

        schedule { step: 1000 learning_rate: 0.001 }
        schedule { step: 2000 learning_rate: 0.0001 }
    """
    steps = [0, *(entry.step for entry in getattr(run.main, "schedule", ()))]
    if any(step <= before for before, step in pairwise(steps)):
        return  # The meant order of its stages is unknown.
    if run.growth_factors:
        return  # SB416 names the factor.
    has_fallen = is_found = False
    is_level = True
    rate_at, start = run.schedule.rate_at, run.schedule.rate_at(0)
    neighbours = zip(
        pairwise(run.schedule.segments), pairwise(run.schedule.constant_rates), strict=True
    )
    for (before, after), (level, next_level) in neighbours:
        if after.begin > run.last:
            break
        old = rate_at(after.begin - 1) if level is None else level
        new = rate_at(after.begin) if next_level is None else next_level
        slope = 0.0
        if level is None:
            slope = old - rate_at(max(after.begin - 2, before.begin))
            has_fallen = has_fallen or old < rate_at(before.begin)
        has_fallen = has_fallen or new < old
        is_level = is_level and level == start
        if run.num_steps is not None and is_level:
            longest = run.num_steps * run.thresholds["longest-warmup-fraction"]
            has_fallen = has_fallen or after.begin > longest
        # A line to a stage does not jump.
        is_jump = new > old * (1 + _ROUNDING) and new - old > 2 * slope
        if has_fallen and is_listed(after.path) and is_jump:
            words = Words(
                "the rate jumps up at step {step}{after_boundary}, from {old:rate} to {new:rate}."
                " Check the order and the digits of the rates",
                step=after.begin,
                after_boundary=run.after_boundary(after.begin, run.at(after)),
                old=old,
                new=new,
            )
            yield Finding(run.at(after), words)
            is_found = True
    if not is_found:
        yield from _late_rise(run)


def _late_rise(run: Run) -> Iterator[Finding]:
    """Reports a rise that is too late, or too long, for a warmup in steps."""
    # A table may hold the rates of any schedule, such as a cycle. In a unit it has another kind.
    is_table = "steps_per_entry" in run.main.DESCRIPTOR.fields_by_name
    if run.num_steps is None or is_table or run.kind_path in run.moved:
        return
    rising = run.stages[:1]
    for stage in run.stages[1:]:
        if stage.begin != rising[-1].end or stage.rate < rising[-1].rate or not stage.is_listed:
            break
        rising.append(stage)
    if len(rising) < 2 or rising[0].rate <= 0:  # noqa: PLR2004 - a rise has two ends
        return
    first, *higher = rising
    latest = run.num_steps * run.thresholds["latest-rise-fraction"]
    longest = run.num_steps * run.thresholds["longest-warmup-fraction"]
    never_falls = higher[-1].end == run.num_steps
    is_late = higher[0].begin > latest or (never_falls and higher[-1].begin > longest)
    is_high = higher[-1].rate >= first.rate * _HIGH * (1 - _ROUNDING)
    rises = [(after, before, after.rate / before.rate) for before, after in pairwise(rising)]
    late = [rise for rise in rises if rise[0].begin > latest]
    is_jump = any(by >= _HIGH * (1 - _ROUNDING) for _, _, by in late)
    if (is_high and is_late) or is_jump:
        steepest, before, _ = max(late or rises, key=lambda rise: rise[2])
        words = Words(
            "the rate rises from {old:rate} to {new:rate} at step {step} of {num_steps}"
            "{after_boundary}: too late for a warmup. Check the order and the digits of the rates",
            old=before.rate,
            new=steepest.rate,
            step=steepest.begin,
            after_boundary=run.after_boundary(steepest.begin, steepest.path),
            num_steps=run.num_steps,
        )
        yield Finding(steepest.path, words)


@rule("SB412", "stage-without-rate", "warning")
def stage_without_rate(run: Run) -> Iterator[Finding]:
    """An entry of a manual schedule has no rate.

    It then has the schema's default, 0.002, whatever the rates around it are.

        schedule { step: 10000 }                                # 0.002

    Use instead:

        schedule { step: 10000 learning_rate: 0.0001 }
    """
    main = run.main
    for index, stage in enumerate(getattr(main, "schedule", ())):
        if not stage.HasField("learning_rate"):
            words = Words(
                "missing `learning_rate`: from step {step} on the rate is the default,"
                " {rate:rate}. Set it",
                step=stage.step,
                rate=stage.learning_rate,
            )
            yield Finding((*run.kind_path, "schedule", index, "learning_rate"), words)


@rule("SB414", "stage-without-effect", "warning")
def stage_without_effect(run: Run) -> Iterator[Finding]:
    """A stage or a warmup does not change the rate.

    It repeats the rate before it, or starts at the rate that it leads to: a digit is wrong, or it
    is left over.

        initial_learning_rate: 0.0003
        schedule { step: 1000 learning_rate: 0.0003 }           # nothing happens at 1000

    Use instead:

        initial_learning_rate: 0.0003
        schedule { step: 1000 learning_rate: 0.00003 }
    """
    main = run.main
    if isinstance(main, rates.ManualStepLearningRate):
        yield from _idle_entries(run)
    elif isinstance(main, (rates.PiecewiseConstantLearningRate, garden.StepwiseLrConfig)):
        # A table repeats a rate to hold it.
        if run.kind_path not in run.moved:
            yield from _idle_values(run)
    elif isinstance(main, rates.MultiStepLearningRate) and main.decay_factor == 1:
        words = Words("no milestone changes the rate: `decay_factor` is 1. Set it below 1")
        yield Finding((*run.kind_path, "decay_factor"), words)
    yield from _level_decay(run)
    yield from _level_warmup(run)


def _level_warmup(run: Run) -> Iterator[Finding]:
    """Reports warmups that start at the rate to which they lead."""
    main = run.main
    found = [(path, steps, run.schedule(steps)) for path, steps in run.warmups]
    if isinstance(main, rates.ManualStepLearningRate) and main.warmup:
        first = main.schedule[0]
        found.append(((*run.kind_path, "warmup"), first.step, first.learning_rate))
    elif isinstance(main, rates.ExponentialDecayLearningRate) and main.burnin_learning_rate:
        path = (*run.kind_path, "burnin_learning_rate")
        found.append((path, main.burnin_steps, main.initial_learning_rate))
    for path, steps, goal in found:
        if not steps or any(run.schedule(step) != goal for step in run.schedule.extremes(0, steps)):
            continue
        given = None
        if path[-1] == "warmup_steps":
            names = ("warmup_learning_rate", "initial_learning_rate")
            given = next((name for name in names if run.has((*path[:-1], name))), None)
        words = Words(
            "this warmup does not change the rate: it is {rate:rate} from step 0 on. Start the"
            " warmup lower, or remove it",
            rate=goal,
        )
        if _is_held(run, steps, goal):
            words = Words(
                "this warmup does not change the rate: `min_learning_rate` keeps it at {rate:rate}."
                " Lower `min_learning_rate`, or remove the warmup",
                rate=goal,
            )
        if goal > 0 and path not in run.blamed:
            yield Finding(path if given is None else (*path[:-1], given), words)


def _is_held(run: Run, steps: int, rate: float) -> bool:
    """Whether the lowest rate alone keeps a warmup at a rate."""
    segments = run.schedule.segments
    if segments[0].floor != rate:
        return False
    bare = Schedule(tuple(segment._replace(floor=0.0) for segment in segments))
    return any(bare(step) != rate for step in bare.extremes(0, steps))


def _idle_entries(run: Run) -> Iterator[Finding]:
    """Reports entries of a manual schedule that repeat the rate before."""
    main = run.main
    levels = [main.initial_learning_rate, *(stage.learning_rate for stage in main.schedule)]
    idle = [
        index
        for index, (before, rate) in enumerate(pairwise(levels))
        if rate == before and not (main.warmup and index == 0)
    ]
    # A first entry at step 0 will be removed as well.
    kept = set(range(len(main.schedule))).difference(idle)
    has_effect = any(main.schedule[index].step for index in kept)
    for index in idle:
        stage = main.schedule[index]
        # Other rules report a first step of 0, a missing rate, and a schedule without effect.
        if not stage.step or not stage.HasField("learning_rate"):
            continue
        if run.first_change is not None and stage.step > run.last:
            continue
        path, rate = (*run.kind_path, "schedule", index), stage.learning_rate
        title = f"Remove this entry, which repeats {rate:.6g}"
        repair = Repair(title, (Remove(path),), safe=True)
        words = Words(
            "no change at step {step}: the rate is already {rate:rate}. Change this rate,"
            " or remove the entry",
            step=stage.step,
            rate=rate,
        )
        yield Finding((*path, "learning_rate"), words, repair=repair if has_effect else None)


def _idle_values(run: Run) -> Iterator[Finding]:
    """Reports values that repeat the one before."""
    main = run.main
    idle = [i for i, (before, rate) in enumerate(pairwise(main.values)) if rate == before]
    for index in idle:
        rate = main.values[index]
        if run.first_change is not None and main.boundaries[index] > run.last:
            continue
        value = (*run.kind_path, "values", index + 1)
        boundary = (*run.kind_path, "boundaries", index)
        title = f"Remove this value, which repeats {rate:.6g}, and its boundary"
        repair = Repair(title, (Remove(boundary), Remove(value)), safe=True)
        words = Words(
            "no change at boundary {boundary}: the rate is already {rate:rate}. Change"
            " this value, or remove it and its boundary",
            boundary=main.boundaries[index],
            rate=rate,
        )
        yield Finding(value, words, repair=repair if len(idle) < len(main.boundaries) else None)


def _level_decay(run: Run) -> Iterator[Finding]:
    """Reports decays that end at the rate at which they begin."""
    main: Any = run.main
    fields, last = main.DESCRIPTOR.fields_by_name, "end_learning_rate"
    if last not in fields or "stable_steps" in fields:
        return
    for first in {"initial_learning_rate", "learning_rate_base"} & set(fields):
        if getattr(main, first) == getattr(main, last):
            default = Words("") if main.HasField(last) else Words(", its default")
            lower = Words("Set `end_learning_rate` lower")
            if not main.end_learning_rate:
                lower = Words("Set {first:field} higher", first=first)
            words = Words(
                "no decay: `end_learning_rate` ({rate:rate}{default}) equals"
                " {first:field}. {lower}, or use {constant}",
                rate=main.end_learning_rate,
                default=default,
                first=first,
                lower=lower,
                constant=run.constant,
            )
            yield Finding((*run.kind_path, last), words)


@rule("SB416", "growing-rate", "warning")
def growing_rate(run: Run) -> Iterator[Finding]:
    """The factor of a decay is above 1.

    The rate then grows without end. `decay_factor: 10` is often meant as a division by 10.

        multi_step_learning_rate { decay_factor: 10 ... }

    Use instead:

        multi_step_learning_rate { decay_factor: 0.1 ... }
    """
    for name in run.growth_factors:
        factor = getattr(run.main, name)
        words = Words(
            "the rate grows: each decay multiplies it by {factor:rate}. If a division is"
            " meant, write {inverse:rate}",
            factor=factor,
            inverse=1 / factor,
        )
        yield Finding((*run.kind_path, name), words)


@rule("SB417", "floor-above-schedule", "warning")
def floor_above_schedule(run: Run) -> Iterator[Finding]:
    """The floor is above all rates of the schedule.

    `min_learning_rate` is then the rate of every step, and nothing else in the schedule counts.

        constant_learning_rate { learning_rate: 0.001 } min_learning_rate: 0.01

    Use instead:

        constant_learning_rate { learning_rate: 0.001 } min_learning_rate: 0.0001
    """
    for path, message in ((run.kind_path, run.main), (run.path, run.message)):
        if "min_learning_rate" not in message.DESCRIPTOR.fields_by_name:
            continue
        floor = message.min_learning_rate
        steps = run.extremes(run.schedule) if floor > 0 else []
        if len(steps) > 1 and all(run.schedule(step) == floor for step in steps):
            words = Words(
                "`min_learning_rate` is the rate at every step: no rate of the schedule is above"
                " {floor:rate}. Lower `min_learning_rate`",
                floor=floor,
            )
            yield Finding((*path, "min_learning_rate"), words)


@rule("SB409", "default-in-force", "warning")
def default_in_force(run: Run) -> Iterator[Finding]:
    """A default that few runs can mean is in force.

    The Object Detection API has defaults for rates and lengths that fit few runs: 4000000
    `total_steps`, 10000 `warmup_steps`, a rate of 0.002. Where the file does not show them, no one
    sees them in review. `schedule-builder show --resolved` shows every value in force.

        cosine_decay_learning_rate { learning_rate_base: 0.04 }  # over 4000000 steps

    Use instead:

        cosine_decay_learning_rate { learning_rate_base: 0.04 total_steps: 25000
          warmup_learning_rate: 0.004 warmup_steps: 1000 }
    """
    main = run.main
    unsaid = [
        name
        for name, field in schema_of(main.DESCRIPTOR).items()
        if field.has_surprising_default
        and not main.HasField(name)
        and (*run.kind_path, name) not in run.blamed
    ]
    if not getattr(main, "warmup_steps", 1) and "warmup_learning_rate" in unsaid:
        unsaid.remove("warmup_learning_rate")
    if not unsaid:
        return
    first, *others = [
        Words("{name:field} ({value:exact})", name=name, value=getattr(main, name))
        for name in unsaid
    ]
    if not others:
        words = Words("{first} is a schema default. Set it explicitly", first=first)
    else:
        these = first
        for other in others[:-1]:
            these = Words("{these}, {other}", these=these, other=other)
        words = Words(
            "{these} and {last} are schema defaults. Set them explicitly",
            these=these,
            last=others[-1],
        )
    yield Finding(run.kind_path, words)
