"""The rule about the end of a run: a schedule that ends before training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import learning_rate_pb2 as rates

_ROUNDING = 1e-9
_PROBES = 64
_LEAST_RATE = 7.006e-46
"""Rates below this are 0 as float32, in which training computes."""


@rule("SB404", "ends-early", "warning")
def ends_early(run: Run) -> Iterator[Finding]:
    """The schedule ends before training.

    After the end of its decay a schedule holds its lowest rate, which often is 0: training
    continues, and the model learns nothing. Less than 1 % of the run (the setting `idle-fraction`)
    is accepted, and so is a fifth of it (`longest-floor-fraction`) at a floor, which is there to be
    reached: `min_learning_rate`, `end_learning_rate`, `alpha`, or another end above a
    ten-thousandth of the highest rate (`negligible-rate`).

        num_steps: 3000   cosine_decay_learning_rate { total_steps: 2500 ... }   # 500 steps at 0

    Use instead:

        num_steps: 3000   cosine_decay_learning_rate { total_steps: 3000 ... }
    """
    # SB410 reports a line that leads to a first stage, and SB419 lengths in epochs.
    if run.num_steps is None or isinstance(run.main, rates.ManualStepLearningRate):
        return
    end = _end_of_decay(run)
    if end is None or (run.must_end_together and not end.is_floor):
        return
    if run.stages and run.stages[-1].path in run.blamed:
        return
    idle, rate = run.num_steps - end.step, run.schedule(run.last)
    rate = rate if rate >= _LEAST_RATE else 0.0
    is_floor = end.is_floor or rate >= run.peak[0] * run.thresholds["negligible-rate"]
    longest = run.thresholds["longest-floor-fraction" if is_floor else "idle-fraction"]
    if idle <= max(run.num_steps * longest, 1):
        return
    values = {"rate": rate, "step": end.step, "num_steps": run.num_steps, "idle": idle}
    if end.is_floor:
        words = Words(
            "the rate falls to {rate:rate} at step {step}, and training ends at {num_steps}:"
            " the last {idle} of {num_steps} steps train at that floor. Make the decay"
            " longer, or train for fewer steps",
            **values,
        )
        yield Finding(end.path, words, run.ending)
        return
    covering = next((steps for _, steps in run.warmups if steps + end.step == run.num_steps), None)
    if covering is not None and run.under_warmup is not None:
        words = Words(
            "the schedule ends at step {step}, and training at {num_steps}: the last {idle}"
            " of {num_steps} steps train at rate {rate:rate}. The decay counts from step 0,"
            " under the warmup, so set its length to {num_steps}",
            **values,
        )
    else:
        words = Words(
            "the schedule ends at step {step}, and training at {num_steps}: the last {idle}"
            " of {num_steps} steps train at rate {rate:rate}. Make the schedule longer, or"
            " train for fewer steps",
            **values,
        )
    yield Finding(end.path, words, run.ending, run.aligned(end.path, end.step))


class _End(NamedTuple):
    """The first of the last steps of a run, at which a decay has reached its final rate."""

    step: int
    path: FieldPath
    is_floor: bool = False


def _end_of_decay(run: Run) -> _End | None:
    """Where a decay has reached the last rate of a run; None if it never does, or a stage sets it.

    The steps among which are those of the highest and lowest rates have one direction in between.
    """
    schedule = run.schedule
    rate = schedule(run.last)
    if 0 < rate < _LEAST_RATE:
        return _End(_vanished(run), run.kind_path, is_floor=True)
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
    probes = min(run.last - first, _PROBES)
    between = (first + (run.last - first) * i // probes for i in range(probes))
    if schedule(low) < rate or any(schedule(step) != rate for step in between):
        return None
    floor = schedule.segment_at(run.last).floor
    changed = [p for p in run.parts if p(low) != p(first)] or [schedule]
    ended = [p for p in changed if p.segment_at(run.last).curve.is_constant]
    part = (ended or changed)[0]
    # Near its end, a decay may differ from its last rate by less than a float can hold.
    final = part.segment_at(run.last)
    before = part.segment_at(max(final.begin - 1, 0))
    is_lasting = final.curve.is_constant
    if final.curve.repeats:
        return None  # The rate rises again.
    if is_lasting and (before.curve.is_constant or run.at(final) in dict(run.warmups)):
        return None
    bare = Schedule((final._replace(begin=0, floor=0.0),))
    if rate == floor and bare(run.last) < floor * (1 - _ROUNDING):
        return _End(first, _floor(run), is_floor=True)
    if is_lasting:
        return _End(final.begin, run.at(final))
    return _End(first, run.kind_path, is_floor=True) if rate == 0 else None


def _vanished(run: Run) -> int:
    """The first of the steps at the end of a run whose rates are 0 as float32."""
    turns = run.schedule.extremes(0, run.last)
    above = next((step for step in reversed(turns) if run.schedule(step) >= _LEAST_RATE), -1)
    below = next(step for step in turns if step > above)
    while below - above > 1:
        middle = (below + above) // 2
        is_above = run.schedule(middle) >= _LEAST_RATE
        above, below = (middle, below) if is_above else (above, middle)
    return below


def _floor(run: Run) -> FieldPath:
    """The field that sets the lowest rate."""
    path = run.path if run.message.min_learning_rate else run.kind_path
    return (*path, "min_learning_rate")
