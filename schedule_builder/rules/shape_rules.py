"""Rules over the shape of a schedule: rates that cannot have been meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import Remove, Repair, Words
from schedule_builder.rules.length_rules import is_listed
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run
from schedule_builder.schedules.curves import Constant
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates

_ROUNDING = 1e-6


@rule("SB408", "jump-up", "warning")
def jump_up(run: Run) -> Iterator[Finding]:
    """The rate jumps up after it has fallen.

    After the warmup rates fall. A rate in the middle that is higher than the one before is most
    often a mistake: a digit too many or too few, stages in the wrong order, or factors instead of
    rates. Rates that rise from the beginning on are a warmup in steps, if that is a small part of
    the run. Kinds that rise and fall by design are not checked.

        schedule { step: 1000 learning_rate: 0.001 }
        schedule { step: 2000 learning_rate: 0.01 }             # 0.0001 was meant
    """
    if any(path[:-2] == (*run.kind_path, "schedule") for path in run.blamed):
        return  # In which order its stages were meant is not known.
    has_fallen = False
    segments = run.schedule.segments
    for before, after in pairwise(segments):
        if after.begin > run.last:
            return
        old, new = run.schedule(after.begin - 1), run.schedule(after.begin)
        has_fallen = has_fallen or old < run.schedule(before.begin) or new < old
        if run.num_steps is not None and not before.begin:
            longest = run.num_steps * run.thresholds["longest-warmup-fraction"]
            has_fallen = has_fallen or (
                isinstance(before.curve, Constant) and after.begin > longest
            )
        if has_fallen and is_listed(after.path) and new > old * (1 + _ROUNDING):
            words = Words(
                "the rate jumps up at step {step}, from {old:rate} to {new:rate}",
                step=after.begin,
                old=old,
                new=new,
            )
            yield Finding(run.at(after), words)


@rule("SB412", "stage-without-rate", "warning")
def stage_without_rate(run: Run) -> Iterator[Finding]:
    """An entry of a manual schedule has no rate.

    It then has the schema's default, 0.002, whatever the rates around it are.

        schedule { step: 10000 }                                # 0.002
        schedule { step: 10000 learning_rate: 0.0001 }
    """
    main = run.main
    for index, stage in enumerate(getattr(main, "schedule", ())):
        if not stage.HasField("learning_rate"):
            words = Words(
                "missing `learning_rate`: from step {step} on the rate is the default, {rate:rate}",
                step=stage.step,
                rate=stage.learning_rate,
            )
            yield Finding((*run.kind_path, "schedule", index, "learning_rate"), words)


@rule("SB413", "zero-rate", "warning")
def zero_rate(run: Run) -> Iterator[Finding]:
    """Steps of the run train at rate 0.

    An update with rate 0 costs as much as any other, and changes no weight. Warmups that begin at
    0, as most do, and decays that end there are not reported.

        schedule { step: 1000 learning_rate: 0 }
        manual_step_learning_rate { initial_learning_rate: 0 ... }
    """
    main, segments = run.main, run.schedule.segments
    is_manual = isinstance(main, rates.ManualStepLearningRate)
    if is_manual and main.HasField("initial_learning_rate") and run.schedule(0) == 0:
        count = 1 if main.warmup else min(main.schedule[0].step, run.last + 1)
        words = Words("{idle} at rate 0: the weights do not change", idle=_trained(0, count - 1))
        yield Finding((*run.kind_path, "initial_learning_rate"), words)
    elif all(run.schedule(step) == 0 for step in run.schedule.extremes(0, run.last)):
        words = Words("every step trains at rate 0: the weights do not change")
        yield Finding(run.kind_path, words)
        return
    ends = [min(run.last, segment.begin - 1) for segment in segments[2:]] + [run.last]
    for (before, segment), end in zip(pairwise(segments), ends, strict=False):
        is_stage = isinstance(before.curve, Constant) and isinstance(segment.curve, Constant)
        if is_stage and segment.begin <= end and run.schedule(segment.begin) == 0:
            idle = _trained(segment.begin, end)
            words = Words("{idle} at rate 0: the weights do not change", idle=idle)
            yield Finding(run.at(segment), words)


def _trained(first: int, last: int) -> Words:
    if first == last:
        return Words("step {first} trains", first=first)
    return Words("steps {first} to {last} train", first=first, last=last)


@rule("SB414", "stage-without-effect", "warning")
def stage_without_effect(run: Run) -> Iterator[Finding]:
    """A stage does not change the rate.

    It repeats the rate before it: a digit is wrong, or it is left over.

        initial_learning_rate: 0.0003
        schedule { step: 1000 learning_rate: 0.0003 }           # nothing happens at 1000
    """
    main = run.main
    if isinstance(main, rates.ManualStepLearningRate):
        yield from _idle_entries(run)
    elif isinstance(main, (rates.PiecewiseConstantLearningRate, garden.StepwiseLrConfig)):
        yield from _idle_values(run)
    elif isinstance(main, rates.MultiStepLearningRate) and main.decay_factor == 1:
        words = Words("no milestone changes the rate: `decay_factor` is 1")
        yield Finding((*run.kind_path, "decay_factor"), words)
    yield from _level_decay(run)


def _idle_entries(run: Run) -> Iterator[Finding]:
    """Entries of a manual schedule that repeat the rate before."""
    main = run.main
    levels = [main.initial_learning_rate, *(stage.learning_rate for stage in main.schedule)]
    idle = [
        index
        for index, (before, rate) in enumerate(pairwise(levels))
        if rate == before and not (main.warmup and index == 0)
    ]
    # A first step of 0 is to go, too.
    kept = set(range(len(main.schedule))).difference(idle)
    has_effect = any(main.schedule[index].step for index in kept)
    for index in idle:
        stage = main.schedule[index]
        # Other rules report a first step of 0, and a missing rate.
        if not stage.step or not stage.HasField("learning_rate"):
            continue
        path, rate = (*run.kind_path, "schedule", index), stage.learning_rate
        title = f"Remove this entry, which repeats {rate:.6g}"
        repair = Repair(title, (Remove(path),), safe=True)
        words = Words(
            "no change at step {step}: the rate is {rate:rate} before it, too",
            step=stage.step,
            rate=rate,
        )
        yield Finding((*path, "learning_rate"), words, repair=repair if has_effect else None)


def _idle_values(run: Run) -> Iterator[Finding]:
    """Values that repeat the one before."""
    main = run.main
    idle = [i for i, (before, rate) in enumerate(pairwise(main.values)) if rate == before]
    for index in idle:
        rate = main.values[index]
        value = (*run.kind_path, "values", index + 1)
        boundary = (*run.kind_path, "boundaries", index)
        title = f"Remove this value, which repeats {rate:.6g}, and its boundary"
        repair = Repair(title, (Remove(boundary), Remove(value)), safe=True)
        words = Words(
            "no change at boundary {boundary}: the rate is {rate:rate} before it, too",
            boundary=main.boundaries[index],
            rate=rate,
        )
        yield Finding(value, words, repair=repair if len(idle) < len(main.boundaries) else None)


def _level_decay(run: Run) -> Iterator[Finding]:
    """Decays that lead to where they begin."""
    main: Any = run.main
    fields, last = main.DESCRIPTOR.fields_by_name, "end_learning_rate"
    for first in {"initial_learning_rate", "learning_rate_base"} & set(fields):
        if last not in fields or "stable_steps" in fields:
            continue
        if getattr(main, first) == getattr(main, last):
            default = Words("") if main.HasField(last) else Words(", its default")
            words = Words(
                "no decay: `end_learning_rate` ({rate:rate}{default}) equals {first:field}",
                rate=main.end_learning_rate,
                default=default,
                first=first,
            )
            yield Finding((*run.kind_path, last), words)


@rule("SB416", "growing-rate", "warning")
def growing_rate(run: Run) -> Iterator[Finding]:
    """The factor of a decay is above 1.

    The rate then grows without end. `decay_factor: 10` is often meant as a division by 10.

        multi_step_learning_rate { decay_factor: 10 ... }
        multi_step_learning_rate { decay_factor: 0.1 ... }
    """
    main = run.main
    for name in ("decay_factor", "decay_rate"):
        is_inverse = isinstance(main, rates.InverseTimeDecayLearningRate)
        if name in main.DESCRIPTOR.fields_by_name and not is_inverse and getattr(main, name) > 1:
            factor = getattr(main, name)
            words = Words(
                "the rate grows: each time it is multiplied by {factor:rate}. If a division is"
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
        constant_learning_rate { learning_rate: 0.001 } min_learning_rate: 0.0001
    """
    for path, message in ((run.kind_path, run.main), (run.path, run.message)):
        if "min_learning_rate" not in message.DESCRIPTOR.fields_by_name:
            continue
        floor = message.min_learning_rate
        steps = run.schedule.extremes(0, run.last)
        if floor > 0 and len(steps) > 1 and all(run.schedule(step) == floor for step in steps):
            words = Words(
                "this floor is the rate at every step: no rate of the schedule is above"
                " {floor:rate}",
                floor=floor,
            )
            yield Finding((*path, "min_learning_rate"), words)


_DEFAULTS: dict[type[Message], tuple[str, ...]] = {
    rates.ConstantLearningRate: ("learning_rate",),
    rates.ExponentialDecayLearningRate: ("initial_learning_rate", "decay_steps", "decay_factor"),
    rates.ManualStepLearningRate: ("initial_learning_rate",),
    rates.CosineDecayLearningRate: (
        "learning_rate_base",
        "total_steps",
        "warmup_learning_rate",
        "warmup_steps",
    ),
    garden.ConstantLrConfig: ("learning_rate",),
    garden.PowerDecayWithOffsetLrConfig: ("pre_offset_learning_rate",),
}
"""Defaults that nobody would guess. The others are 0, none or usual."""


@rule("SB409", "default-in-force", "warning")
def default_in_force(run: Run) -> Iterator[Finding]:
    """A default that few runs can mean is in force.

    The Object Detection API has defaults for rates and lengths that fit few runs: 4000000
    `total_steps`, 10000 `warmup_steps`, a rate of 0.002. Where the file does not show them, nobody
    sees them in review. `schedule-builder show --resolved` shows every value in force.

        cosine_decay_learning_rate { learning_rate_base: 0.04 }  # over 4000000 steps
    """
    main = run.main
    unsaid = [
        name
        for name in _DEFAULTS.get(type(main), ())
        if not main.HasField(name) and (*run.kind_path, name) not in run.blamed
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
