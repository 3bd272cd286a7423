"""Lengths in epochs, percents or permilles of the run, converted to steps.

A position is the exact sum of the lengths before it, counted from step 0 of the run, and is rounded
once: to the nearest step, a half up. So a warmup of 5 percent and a decay to 100 percent end at the
run's last step for any run length; rounding each length by itself would miss it. A period has no
place on the axis: it is rounded by itself, and then repeats exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.dialects.units import (
    PARTS,
    Axis,
    InSteps,
    Length,
    Problem,
    decimal_text,
    nearest,
    steps_of_unit,
    unit_noun,
)
from schedule_builder.reading.fields import schema_of
from schedule_builder.v1 import learning_rate_pb2 as pb
from schedule_builder.v1 import options_pb2


class _Unit(NamedTuple):
    """The unit that is in force in a message.

    Attributes:
        unit: the `StepUnit`.
        examples: the examples of an epoch, None where nothing states them.
        path: the field that names the unit.
        steps: how many steps one unit is; None if that is unknown.
    """

    unit: int
    examples: int | None
    path: FieldPath
    steps: Fraction | None


_STEPS = _Unit(pb.STEPS, None, (), Fraction(1))
_BOUNDARY = tuple[Fraction, int, FieldPath]


def in_steps(
    learning_rate: pb.LearningRate,
    axis: Axis,
    custom_kinds: Callable[[], Mapping[str, type[Message]]],
) -> InSteps:
    """A learning rate with every count converted to steps.

    Args:
        learning_rate: a checked message.
        axis: the run that its units are parts of.
        custom_kinds: gives the types of message that `custom` may hold.

    Returns:
        The message that says the same in steps. The rate at every step is the same by definition.
    """
    conversion = _Conversion(axis, custom_kinds, InSteps(learning_rate, {}, {}, [], []))
    message = conversion.learning_rate(learning_rate, (), Fraction(0), _STEPS)
    return conversion.result._replace(message=message)


class _Conversion:
    """Converts one learning rate and collects every problem of it."""

    def __init__(
        self,
        axis: Axis,
        custom_kinds: Callable[[], Mapping[str, type[Message]]],
        result: InSteps,
    ) -> None:
        self.axis = axis
        self.custom_kinds = custom_kinds
        self.result = result
        self.epochs = 0
        """How many messages so far are under a unit of epochs."""

    def learning_rate(
        self, original: pb.LearningRate, path: FieldPath, origin: Fraction, outer: _Unit
    ) -> pb.LearningRate:
        """A copy whose counts are steps.

        Args:
            original: the message.
            path: where it is.
            origin: its own step 0 on the axis of the run, exactly.
            outer: the unit of what it is in.
        """
        before = self.epochs
        message = pb.LearningRate()
        message.CopyFrom(original)
        message.ClearField("step_unit")
        message.ClearField("examples_per_epoch")
        unit = self.unit(original, path, outer)
        self.epochs += unit.unit == pb.EPOCHS
        if original.HasField("warmup"):
            end = self.warmup(original.warmup, message.warmup, path, origin, unit)
            if original.warmup.alignment == pb.Warmup.SHIFT:
                origin = end
        kind = original.WhichOneof("learning_rate")
        if kind == "custom":
            self.custom(message.custom, (*path, "custom"), origin, unit)
        elif kind == "table_learning_rate" and unit.unit != pb.STEPS:
            self.table(message, (*path, kind), origin, unit)
        elif kind is not None:
            self.kind(getattr(message, kind), (*path, kind), origin, unit)
        if original.HasField("examples_per_epoch") and self.epochs == before:
            self.result.unused_examples.append((*path, "examples_per_epoch"))
        return message

    def unit(self, message: pb.LearningRate | pb.Warmup, path: FieldPath, outer: _Unit) -> _Unit:
        """The unit that is in force in a message."""
        unit, at, examples = outer.unit, outer.path, outer.examples
        if message.HasField("step_unit"):
            unit, at = message.step_unit, (*path, "step_unit")
        if isinstance(message, pb.LearningRate) and message.HasField("examples_per_epoch"):
            examples = message.examples_per_epoch
        if unit == outer.unit and examples == outer.examples:
            return outer
        found = _Unit(unit, examples, at, steps_of_unit(unit, examples, self.axis))
        if message.HasField("step_unit"):
            self.used(found)
        return found

    def used(self, unit: _Unit) -> Fraction:
        """The steps of one unit; 0 after reporting what is missing."""
        if unit.steps is None:
            problem = Problem(unit.path, self.lacking(unit))
            if problem not in self.result.problems:
                self.result.problems.append(problem)
            return Fraction(0)
        return unit.steps

    def lacking(self, unit: _Unit) -> Words:
        """What a unit lacks, and what to add."""
        name = pb.StepUnit.Name(unit.unit)
        if unit.unit == pb.EPOCHS and unit.examples is None:
            return Words(
                "`step_unit: EPOCHS` needs the number of examples: add `examples_per_epoch` beside"
                " it"
            )
        if unit.unit == pb.EPOCHS:
            if self.axis.batch_size_name:
                return Words(
                    "`step_unit: EPOCHS` needs the batch size: set `{field}`",
                    field=self.axis.batch_size_name,
                )
            return Words(
                "`step_unit: EPOCHS` needs the batch size, which this file does not hold: pass"
                " `--batch-size` (in Python, `batch_size=`)"
            )
        if self.axis.num_steps_name:
            return Words(
                "`step_unit: {name}` needs the run length: set `{field}`, or pass `--num-steps`",
                name=name,
                field=self.axis.num_steps_name,
            )
        return Words(
            "`step_unit: {name}` needs the run length, which this file does not hold: pass"
            " `--num-steps` (in Python, `num_steps=`)",
            name=name,
        )

    def warmup(
        self,
        original: pb.Warmup,
        message: pb.Warmup,
        path: FieldPath,
        origin: Fraction,
        outer: _Unit,
    ) -> Fraction:
        """Converts the modifier, and gives the exact end of it."""
        path = (*path, "warmup")
        message.ClearField("step_unit")
        boundaries: list[_BOUNDARY] = []
        unit = self.unit(original, path, outer)
        self.epochs += unit.unit == pb.EPOCHS
        self.part(message, path, origin, unit, origin, boundaries)
        return boundaries[0][0] if boundaries else origin

    def kind(self, message: Message, path: FieldPath, origin: Fraction, unit: _Unit) -> None:
        """Converts a kind of schedule in place."""
        boundaries: list[_BOUNDARY] = []
        self.part(message, path, origin, unit, origin, boundaries)
        if unit.unit != pb.STEPS:
            self.check_apart(boundaries, origin, unit)

    def custom(self, packed: Any, path: FieldPath, origin: Fraction, unit: _Unit) -> None:
        """Converts a kind of another package, whose marked fields count steps."""
        if unit.unit == pb.STEPS:
            return
        name = packed.TypeName()
        message = self.custom_kinds()[name]()
        if not _counts_anything(message.DESCRIPTOR, set()):
            self.result.problems.append(
                Problem(
                    path,
                    Words(
                        "`{name}` cannot be used with `step_unit: {unit}`. Remove `step_unit`, and"
                        " write all lengths in steps",
                        name=name,
                        unit=pb.StepUnit.Name(unit.unit),
                    ),
                )
            )
            return
        packed.Unpack(message)
        self.kind(message, path, origin, unit)
        packed.Pack(message)

    def table(
        self, message: pb.LearningRate, path: FieldPath, origin: Fraction, unit: _Unit
    ) -> None:
        """Replaces a table by the boundaries of its entries, which need not be evenly spaced."""
        table = message.table_learning_rate
        rates, count = list(table.learning_rates), table.steps_per_entry
        steps = self.used(unit)
        if unit.steps is None:
            return
        begins = [nearest(origin + k * count * steps) - nearest(origin) for k in range(len(rates))]
        length = nearest(count * steps)
        in_each = (*path, "steps_per_entry")
        self.result.lengths[in_each] = self.length(count, unit, length)
        for index, (before, begin) in enumerate(pairwise(begins), 1):
            if begin == before:
                self.result.problems.append(
                    Problem(
                        in_each,
                        Words(
                            "entries {one} and {other} both begin at step {begin}: an entry of"
                            " {count} {unit} lasts {steps} steps. Use a longer `steps_per_entry`",
                            one=index - 1,
                            other=index,
                            begin=begin,
                            count=count,
                            unit=unit_noun(unit.unit, count),
                            steps=decimal_text(count * steps),
                        ),
                    )
                )
                return
        outside = path[:-1]
        if len(rates) == 1:
            message.constant_learning_rate.learning_rate = rates[0]
            constant = (*outside, "constant_learning_rate")
            self.result.moved[constant] = path
            rate = (*constant, "learning_rate")
            self.result.moved[rate] = (*path, "learning_rates", 0)
            return
        steps_down = message.piecewise_constant_learning_rate
        steps_down.boundaries.extend(begin - 1 for begin in begins[1:])
        steps_down.values.extend(rates)
        piecewise = (*outside, "piecewise_constant_learning_rate")
        self.result.moved[piecewise] = path
        for index in range(len(rates)):
            value = (*piecewise, "values", index)
            self.result.moved[value] = (*path, "learning_rates", index)
        for index in range(1, len(rates)):
            boundary = (*piecewise, "boundaries", index - 1)
            self.result.moved[boundary] = (*path, "learning_rates", index)

    def part(
        self,
        message: Any,
        path: FieldPath,
        origin: Fraction,
        unit: _Unit,
        at: Fraction,
        boundaries: list[_BOUNDARY],
    ) -> Fraction:
        """Converts the counts of a message in place.

        Args:
            message: a kind, a modifier or an entry of one.
            path: where it is.
            origin: what its positions count from.
            unit: what they are counted in.
            at: where its first phase begins, exactly.
            boundaries: takes the exact positions, with what they are rounded to.

        Returns:
            Where its last phase ends.
        """
        schema = schema_of(message.DESCRIPTOR)
        present = {field.name for field, _ in message.ListFields()}
        are_periods = any(f.makes_periods and getattr(message, name) for name, f in schema.items())
        for name, declared in schema.items():
            value, here = getattr(message, name), (*path, name)
            if declared.message is not None:
                given = value if declared.repeated else (value,) * (name in present)
                for index, item in enumerate(given):
                    inner = (*here, index) if declared.repeated else here
                    if isinstance(item, pb.LearningRate):
                        item.CopyFrom(self.learning_rate(item, inner, at, unit))
                    else:
                        at = self.part(item, inner, origin, unit, at, boundaries)
            elif declared.counts_steps and declared.repeated:
                value[:] = [
                    self.position(count, (*here, index), origin, unit, declared, boundaries)
                    for index, count in enumerate(value)
                ]
            elif declared.counts_steps and name not in present:
                self.check_default(name, declared, here, unit)
            elif declared.counts_steps == options_pb2.LENGTH:
                end = at + value * self.used(unit)
                boundaries.append((end, nearest(end), here))
                setattr(message, name, self.count(value, at, end, here, unit, declared))
                at = end
            elif declared.counts_steps == options_pb2.PERIOD or (
                declared.counts_steps and are_periods
            ):
                end = value * self.used(unit)
                setattr(message, name, self.count(value, Fraction(0), end, here, unit, declared))
            elif declared.counts_steps:
                steps = self.position(value, here, origin, unit, declared, boundaries)
                setattr(message, name, steps)
        return at

    def position(
        self,
        count: int,
        path: FieldPath,
        origin: Fraction,
        unit: _Unit,
        declared: Any,
        boundaries: list[_BOUNDARY],
    ) -> int:
        """A position in steps."""
        end = origin + count * self.used(unit)
        boundaries.append((end, nearest(end), path))
        return self.count(count, origin, end, path, unit, declared)

    def count(
        self,
        count: int,
        begin: Fraction,
        end: Fraction,
        path: FieldPath,
        unit: _Unit,
        declared: Any,
    ) -> int:
        """The steps between two exact positions; the unchanged count after reporting a problem."""
        if unit.unit == pb.STEPS or unit.steps is None:
            return count
        steps = nearest(end) - nearest(begin)
        self.result.lengths[path] = self.length(count, unit, steps)
        low, high = declared.limits
        if not low <= steps <= high:
            advice = Words(", or check `examples_per_epoch`") if unit.unit == pb.EPOCHS else ""
            self.result.problems.append(
                Problem(
                    path,
                    Words(
                        "{length} are {steps} steps, and `{name}` holds at most {high}."
                        " Use a smaller number{advice}",
                        length=str(self.result.lengths[path]),
                        steps=steps,
                        name=declared.name,
                        high=high,
                        advice=advice,
                    ),
                )
            )
            return count
        if count >= 1 and not steps:
            self.result.problems.append(
                Problem(
                    path,
                    Words(
                        "{count} {unit} is {exact} steps, which rounds to 0. Use a larger number,"
                        " or write it in steps under"
                        " `step_unit: STEPS`",
                        count=count,
                        unit=unit_noun(unit.unit, count),
                        exact=decimal_text(end - begin),
                    ),
                )
            )
        return steps

    def length(self, count: int, unit: _Unit, steps: int) -> Length:
        """The length that a count was converted from."""
        return Length(count, unit.unit, steps, self.used(unit) * PARTS.get(unit.unit, 1))

    def check_default(self, name: str, declared: Any, path: FieldPath, unit: _Unit) -> None:
        """Reports a default that is a number of steps: in another unit it has no meaning."""
        if unit.unit == pb.STEPS or not declared.default or declared.default <= 1:
            return
        self.result.problems.append(
            Problem(
                path,
                Words(
                    "`{name}` is missing: its default is {default} steps, which has no meaning"
                    " under `step_unit: {unit}`. Set it",
                    name=name,
                    default=declared.default,
                    unit=pb.StepUnit.Name(unit.unit),
                ),
            )
        )

    def check_apart(self, boundaries: list[_BOUNDARY], origin: Fraction, unit: _Unit) -> None:
        """Reports two boundaries of a kind that round to one step."""
        blamed = {problem.path for problem in self.result.problems}
        ordered = sorted([(origin, nearest(origin), ()), *boundaries])
        for (exact, step, path), (other, same, later) in pairwise(ordered):
            if step == same and exact != other and not {path, later} & blamed:
                self.result.problems.append(
                    Problem(
                        later,
                        Words(
                            "this boundary and the one before it both round to step {step},"
                            " from {one} and {other}. 1 {unit} is {steps} steps. Move"
                            " them apart",
                            step=step - nearest(origin),
                            one=decimal_text(exact - origin),
                            other=decimal_text(other - origin),
                            steps=decimal_text(self.used(unit)),
                            unit=unit_noun(unit.unit, 1),
                        ),
                    )
                )


def _counts_anything(descriptor: Any, seen: set[str]) -> bool:
    """Whether a field of a message type, or of one inside it, counts steps."""
    if descriptor.full_name in seen:
        return False
    seen.add(descriptor.full_name)
    return any(
        declared.counts_steps
        or (declared.message is not None and _counts_anything(declared.message, seen))
        for declared in schema_of(descriptor).values()
    )
