"""Units converted by hand: kind by kind, with the fields' names, and fractions.

Nothing here asks the schema what a field counts: it is written a second time from the definition.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support import drawing


class Collision(Exception):
    """Raised where two boundaries round to one step, or a length rounds to 0 steps."""


def to_nearest(number: Fraction) -> int:
    """The nearest integer; of two, the larger."""
    whole, rest = divmod(number.numerator, number.denominator)
    return whole + (2 * rest >= number.denominator)


def steps_of(unit: int, examples: int | None, num_steps: int, batch_size: int) -> Fraction:
    if unit == pb.EPOCHS:
        assert examples is not None
        return Fraction(examples) / batch_size
    parts: dict[int, int] = {pb.STEPS: num_steps, pb.PERCENT_OF_RUN: 100}
    return Fraction(num_steps, parts.get(unit, 1000))


def by_hand(  # noqa: PLR0915 - a case for each kind
    original: Any,
    num_steps: int,
    batch_size: int,
    origin: Fraction = Fraction(0),
    unit: int = pb.STEPS,
    examples: int | None = None,
) -> Any:
    """The learning rate in steps."""
    unit = original.step_unit if original.HasField("step_unit") else unit
    if original.HasField("examples_per_epoch"):
        examples = original.examples_per_epoch
    message = pb.LearningRate()
    message.CopyFrom(original)
    message.ClearField("step_unit")
    message.ClearField("examples_per_epoch")
    one = steps_of(unit, examples, num_steps, batch_size)

    if original.HasField("warmup"):
        warmup = original.warmup
        own = warmup.step_unit if warmup.HasField("step_unit") else unit
        end = origin + warmup.warmup_steps * steps_of(own, examples, num_steps, batch_size)
        message.warmup.ClearField("step_unit")
        message.warmup.warmup_steps = apart(origin, end, warmup.warmup_steps)
        if warmup.alignment == pb.Warmup.SHIFT:
            origin = end

    def at(count: int) -> int:
        return apart(origin, origin + count * one, count)

    def period(count: int) -> int:
        return apart(Fraction(0), count * one, count)

    kind = original.WhichOneof("learning_rate")
    main = getattr(message, kind)
    if kind == "exponential_decay_learning_rate":
        main.decay_steps = period(main.decay_steps)
        main.burnin_steps = at(main.burnin_steps)
    elif kind == "manual_step_learning_rate":
        for entry in main.schedule:
            entry.step = at(entry.step)
        check([0, *(entry.step for entry in main.schedule)], unit)
    elif kind == "cosine_decay_learning_rate":
        decay = main.warmup_steps + main.hold_base_rate_steps
        begin, end = at(main.warmup_steps), at(decay)
        if main.hold_base_rate_steps:
            check([begin, end], unit)
        main.total_steps = at(main.total_steps)
        check([end, main.total_steps], unit)
        main.warmup_steps, main.hold_base_rate_steps = begin, end - begin
    elif kind in ("piecewise_constant_learning_rate", "multi_step_learning_rate"):
        counts = main.boundaries if kind.startswith("piecewise") else main.milestones
        check_kept(list(counts), at, unit)
        counts[:] = [at(count) for count in counts]
    elif kind == "piecewise_linear_learning_rate":
        check_kept([point.step for point in main.point], at, unit)
        for point in main.point:
            point.step = at(point.step)
    elif kind == "polynomial_decay_learning_rate":
        main.decay_steps = (period if main.cycle else at)(main.decay_steps)
    elif kind == "inverse_time_decay_learning_rate":
        main.decay_steps = period(main.decay_steps)
    elif kind == "inverse_sqrt_learning_rate":
        main.timescale = period(main.timescale)
    elif kind == "power_decay_learning_rate":
        begin = at(main.offset_steps)
        if main.HasField("total_steps"):
            end = at(main.offset_steps + main.total_steps)
            check([begin, end], unit)
            main.total_steps = end - begin
        main.offset_steps = begin
    elif kind == "cosine_restarts_learning_rate":
        main.first_decay_steps = period(main.first_decay_steps)
    elif kind in ("one_cycle_learning_rate", "tanh_decay_learning_rate"):
        main.total_steps = at(main.total_steps)
    elif kind == "cyclic_learning_rate":
        main.step_size_up = period(main.step_size_up)
        if main.HasField("step_size_down"):
            main.step_size_down = period(main.step_size_down)
    elif kind == "warmup_stable_decay_learning_rate":
        ends = [0, main.warmup_steps]
        ends += [ends[1] + main.stable_steps]
        ends += [ends[2] + main.decay_steps]
        check_kept(sorted(set(ends)), at, unit)
        steps = [at(end) for end in ends]
        main.warmup_steps = steps[1]
        main.stable_steps = steps[2] - steps[1]
        main.decay_steps = steps[3] - steps[2]
    elif kind == "noam_learning_rate":
        main.warmup_steps = period(main.warmup_steps)
    elif kind == "table_learning_rate" and unit != pb.STEPS:
        values = list(main.learning_rates)
        each = main.steps_per_entry
        begins = [
            to_nearest(origin + k * each * one) - to_nearest(origin) for k in range(len(values))
        ]
        check(begins, unit)
        if len(values) == 1:
            message.constant_learning_rate.learning_rate = values[0]
        else:
            message.piecewise_constant_learning_rate.boundaries[:] = [b - 1 for b in begins[1:]]
            message.piecewise_constant_learning_rate.values[:] = values
    elif kind == "sequential_learning_rate":
        start = origin
        for stage in main.stage:
            stage.learning_rate.CopyFrom(
                by_hand(stage.learning_rate, num_steps, batch_size, start, unit, examples)
            )
            if stage.HasField("steps"):
                stop = start + stage.steps * one
                stage.steps = apart(start, stop, stage.steps)
                start = stop
    elif kind == "combined_learning_rate":
        for member in main.learning_rates:
            member.CopyFrom(by_hand(member, num_steps, batch_size, origin, unit, examples))
    return message


def apart(begin: Fraction, end: Fraction, count: int) -> int:
    """The steps between two exact places."""
    steps = to_nearest(end) - to_nearest(begin)
    if count >= 1 and steps == 0:
        raise Collision
    return steps


def check(steps: list[int], unit: int) -> None:
    if unit != pb.STEPS and any(b <= a for a, b in pairwise(steps)):
        raise Collision


def check_kept(counts: list[int], at: Any, unit: int) -> None:
    """Checks that different counts round to different steps."""
    check([at(count) for count in counts], unit)


_COUNTS = {
    "burnin_steps",
    "step",
    "total_steps",
    "warmup_steps",
    "hold_base_rate_steps",
    "decay_steps",
    "timescale",
    "offset_steps",
    "first_decay_steps",
    "step_size_up",
    "step_size_down",
    "stable_steps",
    "steps_per_entry",
    "steps",
}
_NEEDED = {
    "exponential_decay_learning_rate": ("decay_steps",),
    "cosine_decay_learning_rate": ("total_steps", "warmup_steps"),
    "inverse_sqrt_learning_rate": ("timescale",),
    "cyclic_learning_rate": ("step_size_up",),
}
"""Counts that are required under a unit."""


def small(message: Any, draw: st.DrawFn) -> None:
    """Makes every count small enough for a unit that is long."""
    for declared, value in message.ListFields():
        if declared.name in ("boundaries", "milestones"):
            value[:] = sorted(draw(st.sets(st.integers(1, 99), min_size=len(value))))[: len(value)]
        elif declared.name in ("schedule", "point"):
            steps = draw(st.sets(st.integers(1, 99), min_size=len(value), max_size=len(value)))
            for entry, step in zip(value, sorted(steps), strict=True):
                entry.step = step
        elif declared.name in _COUNTS:
            setattr(message, declared.name, value and draw(st.integers(1, 30)))
        elif declared.message_type is not None:
            for inner in (value,) if hasattr(value, "ListFields") else value:
                small(inner, draw)
    if message.DESCRIPTOR.name == "CosineDecayLearningRate":
        message.total_steps = message.warmup_steps + message.hold_base_rate_steps + 20


def units() -> st.SearchStrategy[int]:
    return st.sampled_from([pb.STEPS, pb.EPOCHS, pb.PERCENT_OF_RUN, pb.PERMILLE_OF_RUN])


def add_units(message: Any, draw: st.DrawFn, *, outermost: bool = True) -> None:
    """Names units, in this learning rate and in those inside it."""
    if outermost:
        message.examples_per_epoch = draw(st.integers(50, 5000))
        message.step_unit = draw(
            st.sampled_from([pb.EPOCHS, pb.PERCENT_OF_RUN, pb.PERMILLE_OF_RUN])
        )
    elif draw(st.booleans()):
        message.step_unit = draw(units())
        if draw(st.booleans()):
            message.examples_per_epoch = draw(st.integers(50, 5000))
    if message.HasField("warmup") and draw(st.booleans()):
        message.warmup.step_unit = draw(units())
    kind = message.WhichOneof("learning_rate")
    main = getattr(message, kind)
    for name in _NEEDED.get(kind, ()):
        setattr(main, name, getattr(main, name))
    if kind == "sequential_learning_rate":
        for stage in main.stage:
            add_units(stage.learning_rate, draw, outermost=False)
    elif kind == "combined_learning_rate":
        for member in main.learning_rates:
            add_units(member, draw, outermost=False)


@st.composite
def in_units(draw: st.DrawFn) -> tuple[Any, int, int]:
    """A learning rate under units, a run length and a batch size."""
    message = pb.LearningRate()
    message.CopyFrom(draw(drawing.learning_rates))
    small(message, draw)
    add_units(message, draw)
    num_steps = draw(st.one_of(st.integers(100, 3000), st.integers(3000, 10**6)))
    return message, num_steps, draw(st.integers(1, 64))


@st.composite
def by_hand_too(draw: st.DrawFn) -> tuple[Any, Any, int, int]:
    """A learning rate under units that can be converted, what it is in steps, and its run."""
    message, num_steps, batch_size = draw(in_units())
    try:
        expected = by_hand(message, num_steps, batch_size)
    except (Collision, ValueError):
        reject()
    return message, expected, num_steps, batch_size


def multiply(message: Any, factor: int, draw: st.DrawFn) -> None:
    """Multiplies every count, but leaves some message's counts as they are now and then."""
    factor = draw(st.sampled_from([factor] * 9 + [1]))
    for declared, value in message.ListFields():
        if declared.name in ("boundaries", "milestones"):
            value[:] = [count * factor for count in value]
        elif declared.name in _COUNTS:
            setattr(message, declared.name, value * factor)
        elif declared.message_type is not None:
            for inner in (value,) if hasattr(value, "ListFields") else value:
                if declared.name in ("schedule", "point"):
                    inner.step *= factor
                else:
                    multiply(inner, factor, draw)


@st.composite
def in_steps(draw: st.DrawFn) -> tuple[Any, int, int]:
    """A learning rate in steps that are mostly multiples of a number, and the number."""
    message = pb.LearningRate()
    message.CopyFrom(draw(drawing.learning_rates))
    small(message, draw)
    factor = draw(st.integers(2, 200))
    multiply(message, factor, draw)
    return message, factor, draw(st.integers(1, 64))


def counts_in(message: Any) -> list[int]:
    """Every count of steps that is given."""
    found: list[int] = []
    for declared, value in message.ListFields():
        if declared.name in ("boundaries", "milestones"):
            found += value
        elif declared.name in _COUNTS:
            found.append(value)
        elif declared.message_type is not None:
            for inner in (value,) if hasattr(value, "ListFields") else value:
                found += counts_in(inner)
    return found
