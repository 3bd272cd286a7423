"""What a schedule does to its own run: rules that compute with the rates and the run's length.

A rule is a generator function, as in `rules`; it is given the run and yields findings with paths
in the whole message. Its docstring is its manual.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TypeAlias

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Kind, Remove, Repair, Set
from schedule_builder.reading.binding import counting
from schedule_builder.rules.config_rules import Finding
from schedule_builder.schedules.curves import (
    MAX_STEP,
    Constant,
    CosineCycle,
    Cycle,
    Exponential,
    InverseTime,
    PolynomialCycle,
)
from schedule_builder.schedules.schedule import Combination, Schedule, Segment
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as rates

THRESHOLDS: dict[str, float] = {
    "idle-fraction": 0.01,
    "least-decay": 0.01,
    "longest-floor-fraction": 0.2,
    "longest-warmup-fraction": 0.2,
}
"""The numbers that rules judge by: shares of the run, or of a rate. Settings may change them."""


class Judgement(Protocol):
    """What a project's settings say of its runs."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Numbers in place of those in `THRESHOLDS`."""

    @property
    def policy(self) -> Mapping[str, Any]:
        """What is required beyond what a schedule needs."""


@dataclass(frozen=True)
class Run:
    """A schedule, and the training that it is for.

    Attributes:
        root: the whole config.
        path: where the message that was lowered is in it.
        message: that message.
        kind: the path of the block that says which kind of schedule it is.
        schedule: what it was lowered to.
        num_steps: how many steps are trained, None where nothing says.
        num_steps_path: the field that says so; empty where it is said elsewhere, or nowhere.
        optimizer: the name of the optimizer's block; empty where there is none.
        thresholds: what to judge by.
        policy: what the project's settings require.
        blamed: the fields that other findings are about already.
    """

    root: Message
    path: FieldPath
    message: Any
    kind: FieldPath
    schedule: Schedule
    num_steps: int | None
    num_steps_path: FieldPath
    optimizer: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=lambda: THRESHOLDS)
    blamed: set[FieldPath] = field(default_factory=set)

    @property
    def main(self) -> Any:
        """The message of the kind."""
        message = self.message
        for name in self.kind[len(self.path) :]:
            message = getattr(message, str(name))
        return message

    def at(self, segment: Segment) -> FieldPath:
        """The field that says where a segment begins, or else the kind."""
        return (*self.path, *segment.path) if segment.path else self.kind

    @cached_property
    def last(self) -> int:
        """The last step of the run; of one without an end, where its last segment begins."""
        return self.num_steps - 1 if self.num_steps else self.schedule.begins[-1]

    def has(self, path: FieldPath) -> bool:
        """Whether the config itself gives a field, and not its default, or has no such field."""
        message: Any = self.root
        for name in path[:-1]:
            message = getattr(message, name) if isinstance(name, str) else message[name]
        name = str(path[-1])
        return name in message.DESCRIPTOR.fields_by_name and bool(message.HasField(name))

    @property
    def ending(self) -> tuple[tuple[FieldPath, str], ...]:
        """The related place that says how long the run is."""
        if not self.num_steps_path:
            return ()
        return ((self.num_steps_path, f"training ends after {self.num_steps} steps"),)

    @cached_property
    def warmups(self) -> list[tuple[FieldPath, int]]:
        """The fields that say how long a warmup lasts, and what they say."""
        found: list[tuple[FieldPath, int]] = []
        main = self.main
        if isinstance(main, rates.ExponentialDecayLearningRate):
            if 0 < main.burnin_learning_rate < main.initial_learning_rate:
                found.append(((*self.kind, "burnin_steps"), main.burnin_steps))
        elif isinstance(main, rates.ManualStepLearningRate):
            if main.warmup and main.initial_learning_rate < main.schedule[0].learning_rate:
                found.append(((*self.kind, "schedule", 0, "step"), main.schedule[0].step))
        elif "warmup_steps" in main.DESCRIPTOR.fields_by_name:
            found.append(((*self.kind, "warmup_steps"), main.warmup_steps))
        warmup: FieldPath = ("warmup",)
        if isinstance(self.message, garden.OptimizationConfig):
            warmup = ("warmup", counting(self.message.warmup) or "")
        if self.message.HasField("warmup") and warmup[-1]:
            part = self.message
            for name in warmup:
                part = getattr(part, str(name))
            found.append(((*self.path, *warmup, "warmup_steps"), part.warmup_steps))
        return [(path, steps) for path, steps in found if steps]


Check: TypeAlias = Callable[[Run], Iterator[Finding]]
RULES: list[tuple[Kind, Check]] = []
"""The rules, in the order in which they are asked."""


def rule(code: str, name: str, severity: str = "warning") -> Callable[[Check], Check]:
    """Registers a rule."""

    def register(check: Check) -> Check:
        RULES.append((Kind(code, name, severity), check))
        return check

    return register


def check_run(run: Run) -> Iterator[tuple[Kind, Finding]]:
    """Every finding about a run."""
    for kind, check in RULES:
        for finding in check(run):
            run.blamed.add(finding.path)
            yield kind, finding


NO_NUM_STEPS = Kind("SB405", "no-num-steps", "warning")


def _rate(value: float) -> str:
    return f"{value:.6g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@rule(*NO_NUM_STEPS[:3])
def no_num_steps(run: Run) -> Iterator[Finding]:
    """A config says how many steps it trains for.

    The Object Detection API trains until somebody stops it where `num_steps` is missing or 0, and
    nothing can be said of how schedule and run fit. Where the launcher gives the number, give it
    here with `--num-steps`, or in the settings.

        train_config { optimizer { ... } }                      # until when?
        train_config { optimizer { ... } num_steps: 50000 }
    """
    if run.num_steps is None and not isinstance(run.root, rates.LearningRate):
        name = "train_steps" if isinstance(run.root, garden.ExperimentConfig) else "num_steps"
        block: Any = getattr(run.root, str(run.path[0]))
        is_zero = block.HasField(name)
        yield Finding(
            (run.path[0], name) if is_zero else run.path[:1],
            f"{f'`{name}` is 0' if is_zero else f'there is no `{name}`'}: nobody can say whether"
            f" the schedule fits its run. {'Write' if is_zero else 'Add'} it, or give"
            " `--num-steps`",
        )


@rule("SB406", "warmup-outlasts-decay")
def warmup_outlasts_decay(run: Run) -> Iterator[Finding]:
    """A warmup that covers the beginning of a decay ends before the decay does.

    It leads to the rate at which the decay has then arrived. Where that has ended, the warmup
    leads from next to nothing to the lowest rate of all, and the rate that the config names as
    its highest is never used. Count the decay from the warmup's end (`alignment: SHIFT`, or
    `offset` in the Model Garden), or make it longer.

        cosine: {initial_learning_rate: 0.1, decay_steps: 1000}
        linear: {warmup_steps: 1000}                            # the rate is 0 everywhere
    """
    main = _without_warmup(run)
    if main is None:
        return
    for path, steps in run.warmups:
        final = main.segments[-1]
        is_over = isinstance(final.curve, Constant) and 0 < final.begin <= steps
        if path[:-1] != run.kind and is_over and main(steps) < main(0):
            yield Finding(
                path,
                f"the decay from {_rate(main(0))} has ended at step {final.begin} when this warmup"
                f" of {steps} steps leads to it: the rate never gets above {_rate(main(steps))}",
            )


@rule("SB407", "long-warmup")
def long_warmup(run: Run) -> Iterator[Finding]:
    """A warmup is a small part of its run.

    A warmup that outlasts the run, or takes more than a fifth of it (the setting
    `longest-warmup-fraction`), is usually left over from a longer run: the highest rate is reached
    late or never.

        num_steps: 5000   cosine_decay_learning_rate { ... warmup_steps: 2000 }   # 40 %
        num_steps: 5000   cosine_decay_learning_rate { ... warmup_steps: 250 }
    """
    if run.num_steps is None:
        return
    for path, steps in run.warmups:
        if path in run.blamed:
            continue
        taken = f"{steps}{'' if run.has(path) else ', its default,'}"
        if steps >= run.num_steps:
            first, now, goal = (_rate(run.schedule(step)) for step in (0, run.last, steps))
            if run.schedule(run.last) > run.schedule(0):
                how = f"rises all the time, to {now} at the last step instead of {goal}"
            elif first == now:
                how = f"is {now} all the time, and never gets to {goal}"
            else:
                how = f"is {now} at the last step, and never gets to {goal}"
            yield Finding(
                path,
                f"the warmup takes {taken} steps, and training ends at {run.num_steps}: the rate"
                f" {how}",
                run.ending,
            )
        elif steps > run.num_steps * run.thresholds["longest-warmup-fraction"]:
            share = 100 * steps / run.num_steps
            yield Finding(
                path,
                f"the warmup takes {taken} of {run.num_steps} steps, {share:.0f} % of the run",
                run.ending,
            )


def _without_warmup(run: Run) -> Schedule | None:
    """What an overlapping warmup covers the beginning of."""
    from schedule_builder.dialects.kinds import lower_part

    message = run.message
    is_shifted = (
        isinstance(message, rates.LearningRate)
        and message.warmup.alignment == rates.Warmup.Alignment.SHIFT
    )
    if not message.HasField("warmup") or is_shifted or run.main.DESCRIPTOR.name == "Any":
        return None
    return lower_part(run.main, str(run.kind[-1]))


def _parts(run: Run) -> list[Schedule]:
    """The schedule, or the members of a product that has no other segments."""
    first = run.schedule.segments[-1]
    if isinstance(first.curve, Combination) and first.origin == 0:
        return list(first.curve.members)
    return [run.schedule]


@rule("SB402", "stage-not-reached")
def stage_not_reached(run: Run) -> Iterator[Finding]:
    """Every stage of a schedule begins before training ends.

    Sample configs are made for long runs. With a shorter `num_steps` their later stages, often
    all of them, are never reached, and the rate stays high to the end: the model does not
    converge as it could. `schedule-builder rescale` stretches a schedule to the length that is
    meant.

        num_steps: 200000
        schedule { step: 900000 learning_rate: 0.00003 }        # never happens
    """
    for schedule, current, following in _unfinished(run):
        if _is_stage(current, following):
            others = len(schedule.segments) - schedule.segments.index(following) - 1
            also = f" and the {_count(others, 'stage')} after it" if others > 1 else ""
            also = " and the one after it" if others == 1 else also
            begins = "they begin" if also else "it begins"
            begin = f"step {following.begin}{' or later' if also else ''}"
            if "boundaries" in following.path:
                begin += " (one after the boundary)"
            yield Finding(
                run.at(following),
                f"this stage{also} {'are' if also else 'is'} never reached: {begins} at {begin},"
                f" and training ends at {run.num_steps}. {_stays(run)}",
                run.ending,
            )


@rule("SB403", "decay-not-completed")
def decay_not_completed(run: Run) -> Iterator[Finding]:
    """A decay ends when training does.

    A decay that is made for a longer run leaves the rate high at the last step, and the model
    without the low rates that it converges under. `total_steps` and `num_steps` are two copies
    of one number, and only one of them was changed. Differences of less than 1 % of the run (the
    setting `idle-fraction`) are let be.

        num_steps: 25000   cosine_decay_learning_rate { total_steps: 50000 ... }
        num_steps: 25000   cosine_decay_learning_rate { total_steps: 25000 ... }
    """
    for schedule, current, following in _unfinished(run):
        end = following.begin
        if isinstance(current.curve, Constant):
            if not _is_stage(current, following):
                yield Finding(
                    run.at(following),
                    f"the decay never begins: it would at step {end}, and training ends at"
                    f" {run.num_steps}. {_stays(run)}",
                    run.ending,
                )
            continue
        is_first_cycle = schedule.segments[0] is current or current.path != following.path
        if not _is_cut_off(run, end) or not is_first_cycle:
            continue
        # Behind a decay there may be a restart, or no rate at all.
        goal = end if schedule(end) <= schedule(end - 1) else end - 1
        is_rise = schedule(goal) > schedule(run.last)
        goal = end if is_rise else goal
        if math.isnan(schedule(goal)):
            continue
        now, then = _rate(run.schedule(run.last)), _rate(run.schedule(goal))
        if goal < end and run.schedule(goal) < _NEXT_TO_NOTHING * run.schedule(0):
            then = "almost 0"
        path = run.at(following)
        is_required = following is schedule.segments[-1] and _must_end_together(run)
        if now != then and not (is_required and not is_rise):
            yield Finding(
                path,
                f"the {'rise' if is_rise else 'decay'} ends at step {end}, and training at"
                f" {run.num_steps}: the rate is {now} at the last step instead of {then}",
                run.ending,
                None if is_rise else _aligned(run, path, end),
            )
    main = run.main
    # Cycles are one segment, whatever their number.
    if getattr(main, "cycle", False) and _is_cut_off(run, main.decay_steps):
        yield Finding(
            (*run.kind, "decay_steps"),
            f"the first cycle ends at step {main.decay_steps}, and training at {run.num_steps}: the"
            f" rate is {_rate(run.schedule(run.last))} at the last step",
            run.ending,
        )
    is_cycle = isinstance(run.schedule.segments[-1].curve, Cycle)
    if is_cycle and hasattr(main, "step_size_up") and _is_cut_off(run, main.step_size_up):
        yield Finding(
            (*run.kind, "step_size_up"),
            f"the first rise ends at step {main.step_size_up}, and training at {run.num_steps}: the"
            f" rate is {_rate(run.schedule(run.last))} at the last step, and never gets to"
            f" {_rate(main.max_learning_rate)}",
            run.ending,
        )


@rule("SB401", "decay-not-reached")
def decay_not_reached(run: Run) -> Iterator[Finding]:
    """A rate that is to change changes within its run.

    The defaults and the samples of the Object Detection API decay for the first time after
    hundreds of thousands of steps. In a shorter run the rate then is a constant one, whatever the
    config looks like. A rate that falls by less than 1 % (the setting `least-decay`) counts as one
    that does not change. `schedule-builder rescale` stretches a schedule to the length that is
    meant.

        num_steps: 200000
        exponential_decay_learning_rate { decay_steps: 800720 ... }   # decays first at 800720
    """
    if run.num_steps is None:
        return
    schedule = run.schedule
    last = schedule.segments[-1]
    if not isinstance(last.curve, (Exponential, InverseTime)) or last.begin > run.last:
        return
    begin = max(last.begin, last.origin)
    high, low = schedule(begin), schedule(run.last)
    if not high > low >= high * (1 - run.thresholds["least-decay"]) and high != low:
        return
    change = _first_change(schedule, begin)
    if change is None:
        return
    since = f" from step {begin} on" if begin else ""
    path = (*run.kind, "decay_steps")
    if high == low:
        text = (
            f"the rate decays first at step {change}, and training ends at {run.num_steps}: it"
            f" stays {_rate(high)} for all of it{since}"
        )
    else:
        text = (
            f"the rate falls from {_rate(high)} to {_rate(low)} only in the {run.num_steps}"
            f" steps of the run{since}"
        )
    yield Finding(path, text, run.ending)


def _unfinished(run: Run) -> Iterator[tuple[Schedule, Segment, Segment]]:
    """Schedules that go on after the run: with the segment in which it ends, and the next one."""
    if run.num_steps is None:
        return
    for schedule in _parts(run):
        current = schedule.segment_at(run.last)
        following = next((s for s in schedule.segments if s.begin > run.last), None)
        # A warmup that goes on is a finding of its own.
        warmups = [path for path, _ in run.warmups]
        if following is not None and run.at(following) not in warmups:
            yield schedule, current, following


def _is_stage(before: Segment, after: Segment) -> bool:
    """Whether a schedule goes from one rate to the next because a list of them says so."""
    both = isinstance(before.curve, Constant) and isinstance(after.curve, Constant)
    return both and _is_listed(after.path)


def _is_listed(path: FieldPath) -> bool:
    """Whether a field is an entry of a list of rates, or says where one begins."""
    return len(path) > 1 and any(name in _LISTS for name in path[-3:-1])


def _is_cut_off(run: Run, end: int) -> bool:
    """Whether a part that ends at a step does so considerably later than the run."""
    if run.num_steps is None:
        return False
    return end - run.num_steps > run.num_steps * run.thresholds["idle-fraction"]


def _stays(run: Run) -> str:
    now = _rate(run.schedule(run.last))
    steps = run.schedule.extremes(0, run.last)
    if all(run.schedule(step) == run.schedule(0) for step in steps):
        return f"The rate stays {now} for all of it"
    return f"The rate is {now} at the last step"


def _first_change(schedule: Schedule, begin: int) -> int | None:
    """The first step at which a rate that goes one way differs from that at its beginning."""
    low, high = begin, begin + 1
    while schedule(high) == schedule(begin):
        low, high = high, 2 * high - begin
        if high > MAX_STEP:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if schedule(middle) == schedule(begin) else (low, middle)
    return high


_ROUNDING = 1e-9
_PROBES = 64
_NEXT_TO_NOTHING = 1e-6
_LISTS = frozenset(("schedule", "boundaries", "milestones", "learning_rates", "stage"))
_LENGTHS = ("total_steps", "decay_steps", "total_decay_steps")


def _aligned(run: Run, path: FieldPath, end: int) -> Repair | None:
    """Makes a decay end with the run, by the field that says its length."""
    if path[-1] not in _LENGTHS or run.num_steps is None:
        return None
    message: Any = run.root
    for name in path[:-1]:
        message = getattr(message, name) if isinstance(name, str) else message[name]
    # A cycle reaches its end with its last update, a decay behind it.
    last = run.num_steps - isinstance(message, rates.OneCycleLearningRate)
    length = getattr(message, str(path[-1])) + last - end
    if length < 1:
        return None
    title = f"Set `{path[-1]}` to {length}, so that the decay ends with the run"
    return Repair(title, (Set(path, str(length)),), safe=False)


@rule("SB404", "ends-early")
def ends_early(run: Run) -> Iterator[Finding]:
    """Training ends when its schedule does.

    After the end of its decay a schedule holds its lowest rate, which often is 0: training goes
    on, and the model learns nothing. Less than 1 % of the run (the setting `idle-fraction`) is
    let be, and so is a fifth of it (`longest-floor-fraction`) at a floor, which is there to be
    reached.

        num_steps: 3000   cosine_decay_learning_rate { total_steps: 2500 ... }   # 500 steps at 0
        num_steps: 3000   cosine_decay_learning_rate { total_steps: 3000 ... }
    """
    # Of a line that leads to a first stage, SB410 speaks.
    if run.num_steps is None or isinstance(run.main, rates.ManualStepLearningRate):
        return
    end = _end_of_decay(run)
    if end is None or (_must_end_together(run) and not end.is_floor):
        return
    idle = run.num_steps - end.step
    longest = run.thresholds["longest-floor-fraction" if end.is_floor else "idle-fraction"]
    if idle <= max(run.num_steps * longest, 1):
        return
    rate = _rate(run.schedule(run.last))
    if end.is_floor:
        text = (
            f"the rate has fallen to {rate} at step {end.step}, and training ends at"
            f" {run.num_steps}: the last {idle} of {run.num_steps} steps train at that floor"
        )
    else:
        text = (
            f"the schedule ends at step {end.step}, and training at {run.num_steps}: the last"
            f" {idle} of {run.num_steps} steps train at rate {rate}"
        )
    repair = None if end.is_floor else _aligned(run, end.path, end.step)
    yield Finding(end.path, text, run.ending, repair)


class _End(NamedTuple):
    """The first step of those at the end of a run that have one rate, to which it has fallen."""

    step: int
    path: FieldPath
    is_floor: bool = False


def _end_of_decay(run: Run) -> _End | None:
    """Where the rate of a run has fallen to its last one; None where it never does, or at a stage.

    The steps among which are those of the highest and lowest rates have one direction in between.
    """
    schedule = run.schedule
    rate = schedule(run.last)
    steps = schedule.extremes(0, run.last)
    high = len(steps) - 1
    while high and schedule(steps[high - 1]) == rate:
        high -= 1
    if not high:
        return None
    low, first = steps[high - 1], steps[high]
    while first - low > 1:
        middle = (low + first) // 2
        low, first = (low, middle) if schedule(middle) == rate else (middle, first)
    between = (first + (run.last - first) * i // _PROBES for i in range(_PROBES))
    if schedule(low) < rate or any(schedule(step) != rate for step in between):
        return None
    floor = schedule.segment_at(run.last).floor
    changed = [p for p in _parts(run) if p(low) != p(first)] or [schedule]
    ended = [p for p in changed if isinstance(p.segment_at(run.last).curve, Constant)]
    part = (ended or changed)[0]
    # Where a decay nears its end it may be there already, but for a share that no float holds.
    final = part.segment_at(run.last)
    before = part.segment_at(max(final.begin - 1, 0))
    is_lasting = isinstance(final.curve, Constant)
    if isinstance(final.curve, (Cycle, CosineCycle, PolynomialCycle)):
        return None  # It comes back.
    if is_lasting and (isinstance(before.curve, Constant) or run.at(final) in dict(run.warmups)):
        return None
    bare = Schedule((replace(final, begin=0, floor=0.0),))
    if rate == floor and bare(run.last) < floor * (1 - _ROUNDING):
        return _End(first, _floor(run), is_floor=True)
    if is_lasting:
        return _End(final.begin, run.at(final))
    return _End(first, run.kind, is_floor=True) if rate == 0 else None


def _must_end_together(run: Run) -> bool:
    """Whether SB503 says what is to be said of the end."""
    return bool(run.policy.get("require-end-at-num-steps"))


def _floor(run: Run) -> FieldPath:
    """The field that says below which rate none falls."""
    path = run.path if run.message.min_learning_rate else run.kind
    return (*path, "min_learning_rate")


@rule("SB408", "jump-up")
def jump_up(run: Run) -> Iterator[Finding]:
    """A rate that has fallen does not jump up again.

    After the warmup rates fall. A rate in the middle that is higher than the one before is most
    often a slip: a digit too many or too few, stages in the wrong order, or factors where rates
    are meant. Rates that rise from the beginning on are a warmup in steps, where that is a small
    part of the run. Kinds that rise and fall by design are not asked.

        schedule { step: 1000 learning_rate: 0.001 }
        schedule { step: 2000 learning_rate: 0.01 }             # 0.0001 was meant
    """
    if any(path[:-2] == (*run.kind, "schedule") for path in run.blamed):
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
        if has_fallen and _is_listed(after.path) and new > old * (1 + 1e-6):
            yield Finding(
                run.at(after),
                f"the rate jumps up at step {after.begin}, from {_rate(old)} to {_rate(new)}",
            )


@rule("SB410", "warmup-falls")
def warmup_falls(run: Run) -> Iterator[Finding]:
    """A warmup leads up to the rate that follows it.

    `warmup: true` of a manual schedule is a straight line from `initial_learning_rate` at step 0
    to the rate of the first stage at its step, not a warmup to the initial rate. Over a first stage
    that is lower it is a slow decay for the whole first stretch, where a constant rate was meant.
    Other warmups fall where a digit of their own rate, or of the schedule's, is wrong.

        manual_step_learning_rate { initial_learning_rate: 0.0003 warmup: true
          schedule { step: 900000 learning_rate: 0.00003 } }    # falls for 900000 steps
    """
    main = run.main
    for path, steps in run.warmups:
        high, low = run.schedule(0), run.schedule(steps)
        names = [n for n in ("warmup_learning_rate", "power") if run.has((*path[:-1], n))]
        is_modifier = path[-1] == "warmup_steps" and path[:-1] != run.kind
        if is_modifier and high > low and names:
            yield Finding(
                (*path[:-1], names[0]),
                f"this warmup falls, from {_rate(high)} at step 0 to {_rate(low)} at step {steps}",
            )
    if isinstance(main, rates.ExponentialDecayLearningRate) and main.burnin_steps:
        high, low = main.burnin_learning_rate, main.initial_learning_rate
        if high > low:
            yield Finding(
                (*run.kind, "burnin_learning_rate"),
                f"the burn-in is a warmup, and its rate {_rate(high)} is above"
                f" `initial_learning_rate` {_rate(low)}",
            )
    if not isinstance(main, rates.ManualStepLearningRate) or not main.warmup:
        return
    initial, first = main.initial_learning_rate, main.schedule[0]
    if first.step and initial > first.learning_rate:
        yield Finding(
            (*run.kind, "warmup"),
            f"this warmup is a decay: it is a straight line from `initial_learning_rate`"
            f" {_rate(initial)} to the first stage's {_rate(first.learning_rate)} at step"
            f" {first.step}",
            (((*run.kind, "schedule", 0), f"the first stage, with {_rate(first.learning_rate)}"),),
        )


@rule("SB412", "stage-without-rate")
def stage_without_rate(run: Run) -> Iterator[Finding]:
    """Every entry of a manual schedule names its rate.

    One that does not means the schema's default, 0.002, whatever the rates around it are.

        schedule { step: 10000 }                                # 0.002
        schedule { step: 10000 learning_rate: 0.0001 }
    """
    main = run.main
    for index, stage in enumerate(getattr(main, "schedule", ())):
        if not stage.HasField("learning_rate"):
            yield Finding(
                (*run.kind, "schedule", index, "learning_rate"),
                f"this entry names no rate: from step {stage.step} on it is the default,"
                f" {_rate(stage.learning_rate)}",
            )


@rule("SB413", "zero-rate")
def zero_rate(run: Run) -> Iterator[Finding]:
    """No step of the run trains at rate 0.

    An update with rate 0 costs what any other costs, and changes no weight. Warmups that begin at
    0, as most do, and decays that end there are not asked.

        schedule { step: 1000 learning_rate: 0 }
        manual_step_learning_rate { initial_learning_rate: 0 ... }
    """
    main, segments = run.main, run.schedule.segments
    is_manual = isinstance(main, rates.ManualStepLearningRate)
    if is_manual and main.HasField("initial_learning_rate") and run.schedule(0) == 0:
        count = 1 if main.warmup else min(main.schedule[0].step, run.last + 1)
        which = "step 0 trains" if count == 1 else f"the first {count} steps train"
        path = (*run.kind, "initial_learning_rate")
        yield Finding(path, f"{which} at rate 0, and the weights do not change")
    elif all(run.schedule(step) == 0 for step in run.schedule.extremes(0, run.last)):
        yield Finding(run.kind, "every step trains at rate 0, and the weights do not change")
        return
    ends = [min(run.last, segment.begin - 1) for segment in segments[2:]] + [run.last]
    for (before, segment), end in zip(pairwise(segments), ends, strict=False):
        is_stage = isinstance(before.curve, Constant) and isinstance(segment.curve, Constant)
        if is_stage and segment.begin <= end and run.schedule(segment.begin) == 0:
            which = f"steps {segment.begin} to {end} train"
            if segment.begin == end:
                which = f"step {end} trains"
            yield Finding(run.at(segment), f"{which} at rate 0, and the weights do not change")


@rule("SB414", "stage-without-effect")
def stage_without_effect(run: Run) -> Iterator[Finding]:
    """Every stage changes the rate.

    One that repeats the rate before it does nothing; a digit is wrong, or it is left over.

        initial_learning_rate: 0.0003
        schedule { step: 1000 learning_rate: 0.0003 }           # nothing happens at 1000
    """
    main = run.main
    yield from _idle_values(run)
    if not isinstance(main, rates.ManualStepLearningRate):
        return
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
        # Others say more of a first step of 0, and of a rate that is not given.
        if not stage.step or not stage.HasField("learning_rate"):
            continue
        path, rate = (*run.kind, "schedule", index), _rate(stage.learning_rate)
        repair = Repair(f"Remove this entry, which repeats {rate}", (Remove(path),), safe=True)
        yield Finding(
            (*path, "learning_rate"),
            f"nothing changes at step {stage.step}: the rate is {rate} before it, too",
            repair=repair if has_effect else None,
        )


def _idle_values(run: Run) -> Iterator[Finding]:
    """Values that repeat the one before, and decays that lead to where they begin."""
    main: Any = run.main
    if isinstance(main, (rates.PiecewiseConstantLearningRate, garden.StepwiseLrConfig)):
        idle = [i for i, (before, rate) in enumerate(pairwise(main.values)) if rate == before]
        for index in idle:
            rate = main.values[index]
            paths = [(*run.kind, name, index + n) for name, n in (("values", 1), ("boundaries", 0))]
            title = f"Remove this value, which repeats {_rate(rate)}, and its boundary"
            repair = Repair(title, tuple(map(Remove, reversed(paths))), safe=True)
            yield Finding(
                paths[0],
                f"nothing changes at boundary {main.boundaries[index]}: the rate is {_rate(rate)}"
                " before it, too",
                repair=repair if len(idle) < len(main.boundaries) else None,
            )
    elif isinstance(main, rates.MultiStepLearningRate) and main.decay_factor == 1:
        yield Finding(
            (*run.kind, "decay_factor"), "nothing changes at any milestone: the factor is 1"
        )
    fields = main.DESCRIPTOR.fields_by_name
    for first in {"initial_learning_rate", "learning_rate_base"} & set(fields):
        last = "end_learning_rate"
        if (
            last in fields
            and "stable_steps" not in fields
            and getattr(main, first) == getattr(main, last)
        ):
            default = "" if main.HasField(last) else ", its default"
            yield Finding(
                (*run.kind, last),
                f"nothing decays: `{last}` ({_rate(main.end_learning_rate)}{default}) is the rate"
                " at the beginning, too",
            )


@rule("SB416", "growing-rate")
def growing_rate(run: Run) -> Iterator[Finding]:
    """The factor of a decay is below 1.

    With a factor above 1 the rate grows without end. `decay_factor: 10` is often meant as a
    division by 10.
    """
    main = run.main
    for name in ("decay_factor", "decay_rate"):
        is_inverse = isinstance(main, rates.InverseTimeDecayLearningRate)
        if name in main.DESCRIPTOR.fields_by_name and not is_inverse and getattr(main, name) > 1:
            factor = getattr(main, name)
            yield Finding(
                (*run.kind, name),
                f"the rate grows: it is multiplied by {_rate(factor)} each time. If a division is"
                f" meant, write {_rate(1 / factor)}",
            )


@rule("SB417", "floor-above-schedule")
def floor_above_schedule(run: Run) -> Iterator[Finding]:
    """A floor lies below the rates that it is a floor of.

    Where `min_learning_rate` is above all of them, it is the rate of every step.
    """
    for path, message in ((run.kind, run.main), (run.path, run.message)):
        if "min_learning_rate" not in message.DESCRIPTOR.fields_by_name:
            continue
        floor = message.min_learning_rate
        steps = run.schedule.extremes(0, run.last)
        if floor > 0 and len(steps) > 1 and all(run.schedule(step) == floor for step in steps):
            yield Finding(
                (*path, "min_learning_rate"),
                f"this floor is the rate at every step: no rate of the schedule is above"
                f" {_rate(floor)}",
            )


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


@rule("SB409", "default-in-force")
def default_in_force(run: Run) -> Iterator[Finding]:
    """A file shows the numbers that it trains with.

    The Object Detection API has defaults for rates and lengths that fit few runs: 4000000
    `total_steps`, 10000 `warmup_steps`, a rate of 0.002. Where the file does not show them, nobody
    sees them in review. `schedule-builder show --resolved` shows every value in force.

        cosine_decay_learning_rate { learning_rate_base: 0.04 }  # over 4000000 steps
    """
    main = run.main
    unsaid = [
        name
        for name in _DEFAULTS.get(type(main), ())
        if not main.HasField(name) and (*run.kind, name) not in run.blamed
    ]
    if not getattr(main, "warmup_steps", 1) and "warmup_learning_rate" in unsaid:
        unsaid.remove("warmup_learning_rate")
    if unsaid:
        values = [f"`{name}` is {getattr(main, name):.9g}" for name in unsaid]
        these = ", ".join(values[:-1]) + " and " * (len(values) > 1) + values[-1]
        yield Finding(
            run.kind,
            f"{these} by default: write down what the run is to train with",
        )


@rule("SB501", "rate-above-policy", "error")
def rate_above_policy(run: Run) -> Iterator[Finding]:
    """No rate of the run is above the team's limit.

    The limit is the setting `policy.max-learning-rate`: a number, or a table with a number for
    each optimizer, such as `momentum_optimizer` or `adamw`.
    """
    limit = run.policy.get("max-learning-rate")
    if isinstance(limit, Mapping):
        limit = limit.get(run.optimizer)
    if limit is None:
        return
    step = max(run.schedule.extremes(0, run.last), key=run.schedule)
    if run.schedule(step) > limit:
        of = f" of `{run.optimizer}`" if run.optimizer else ""
        yield Finding(
            run.kind,
            f"the rate is {_rate(run.schedule(step))} at step {step}: the project's limit{of} is"
            f" {_rate(limit)}",
        )


@rule("SB502", "no-warmup", "error")
def no_warmup(run: Run) -> Iterator[Finding]:
    """Every schedule begins with a warmup.

    Asked where the setting `policy.require-warmup` says so. A schedule that rises first, whatever
    it is called, begins with one.
    """
    if not run.policy.get("require-warmup") or run.warmups:
        return
    levels = [run.schedule(step) for step in run.schedule.extremes(0, run.last)]
    if next((rate for rate in levels if rate != levels[0]), 0.0) <= levels[0]:
        yield Finding(run.kind, "there is no warmup, and the project's settings require one")


@rule("SB503", "end-not-at-num-steps", "error")
def end_not_at_num_steps(run: Run) -> Iterator[Finding]:
    """A decay ends at the very step that training ends at.

    Asked where the setting `policy.require-end-at-num-steps` says so.
    """
    if not _must_end_together(run) or run.num_steps is None:
        return
    if isinstance(run.main, rates.ManualStepLearningRate):
        return
    for schedule in _parts(run):
        final, before = schedule.segments[-1], schedule.segments[-2:][0]
        if (
            not isinstance(final.curve, Constant)
            or isinstance(before.curve, Constant)
            or schedule(before.begin) <= schedule(final.begin)
            or run.at(final) in dict(run.warmups)
            # A cycle that ends with its last update holds that rate at it.
            or final.begin in (run.num_steps, run.num_steps - 1)
        ):
            continue
        yield Finding(
            run.at(final),
            f"the schedule ends at step {final.begin}, and training at {run.num_steps}: the"
            " project's settings require them to end together",
            run.ending,
            _aligned(run, run.at(final), final.begin),
        )
