"""Schedules: segments of closed-form curves on the integer step axis, and their evaluation.

A schedule is a list of segments. Each begins at a step, inclusive, and follows one curve until
the next begins; the last goes on for ever.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, reduce
from itertools import combinations, groupby, pairwise
from typing import Any, ClassVar

from schedule_builder.schedules.curves import (
    CURVES,
    MAX_STEP,
    Columns,
    Constant,
    Curve,
    Operations,
    is_zero,
)

MAX_RATE = 3.4028235e38
"""The largest rate that float32 holds."""


def whole(value: Any, name: str, at_least: int = 0, at_most: int = MAX_STEP) -> int:
    """An argument that is a whole number, also where it is a variable's or a tensor's.

    Raises:
        TypeError: it is something else.
        ValueError: it is out of bounds.
    """
    number = value.numpy() if hasattr(value, "numpy") else value
    try:
        if isinstance(number, bool):
            raise TypeError
        result = operator.index(number)
    except TypeError:
        message = f"{name} is a whole number. Received: {value!r}"
        raise TypeError(message) from None
    if not at_least <= result <= at_most:
        limits = f"at least {at_least}" if result < at_least else f"at most {at_most}"
        message = f"{name} is {limits}. Received: {result}"
        raise ValueError(message)
    return result


@dataclass(frozen=True)
class Segment:
    """A stretch of the step axis.

    Attributes:
        begin: the first step of the segment.
        curve: what the rate does.
        origin: the global step that is the curve's own step 0. It lies before `begin` where
            a warmup covers the curve's beginning.
        floor: the rate never falls below this.
        path: the field of the config that says where the segment begins; empty where none does.
    """

    begin: int
    curve: Curve
    origin: int
    floor: float = 0.0
    path: tuple[str | int, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        words = str(self.curve)
        if self.origin != self.begin and not isinstance(self.curve, Constant):
            words += f" that began at step {self.origin}"
        return words + (f", never below {self.floor:.9g}" if self.floor > 0 else "")

    @cached_property
    def reference_columns(self) -> Columns:
        """The numbers of the curve's formula, for the reference."""
        return self.curve.columns(self.origin, _MATH)

    def under(self, *path: str | int) -> Segment:
        """The segment, with its fields inside of another one."""
        curve: Any = self.curve
        if isinstance(curve, Combination):
            curve = replace(curve, members=tuple(m.under(*path) for m in curve.members))
        return replace(self, curve=curve, path=self.path and (*path, *self.path))

    def scaled(self, factor: float) -> Segment:
        """The segment with all its rates multiplied."""
        curve: Any = self.curve
        if isinstance(curve, Combination):
            curve = curve.scaled(factor)
        else:
            rates = {name: getattr(curve, name) * factor for name in curve.rates}
            curve = replace(curve, **rates)
        return replace(self, curve=curve, floor=self.floor * factor)

    def to_dict(self) -> dict[str, Any]:
        """The segment as JSON has it."""
        name = next(name for name, curve in CURVES.items() if type(self.curve) is curve)
        numbers = {key: _plain(value) for key, value in vars(self.curve).items()}
        return {
            "begin": self.begin,
            "origin": self.origin,
            "floor": self.floor,
            "curve": name,
            **numbers,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Segment:
        """The inverse of `to_dict`."""
        data = dict(data)
        begin, origin, floor = data.pop("begin"), data.pop("origin"), data.pop("floor")
        curve = CURVES[data.pop("curve")]
        for name in ("length", "delay"):
            if isinstance(data.get(name), str):
                data[name] = Fraction(data[name])
        if data.get("rate", 0) is None:
            data["rate"] = math.nan
        if "members" in data:
            data["members"] = tuple(map(Schedule.from_dict, data["members"]))
        return cls(begin, curve(**data), origin, floor)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float) and math.isnan(value):
        return None  # as JSON knows no other way to say that there is no rate
    return [member.to_dict() for member in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Schedule:
    """A learning-rate schedule: `schedule(step)` is the rate of the update after `step` others.

    Attributes:
        segments: in the order of their beginnings, the first of which is 0.
    """

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        begins = self.begins
        if begins[:1] != [0] or any(b <= a for a, b in pairwise(begins)):
            message = f"segments begin at 0 and at increasing steps. Received: {begins}"
            raise ValueError(message)

    @cached_property
    def begins(self) -> list[int]:
        """The first step of each segment."""
        return [segment.begin for segment in self.segments]

    def __call__(self, step: Any) -> Any:
        """The rate at a step, in float64.

        Args:
            step: a whole number, or a NumPy array of them. Negative steps mean 0.

        Returns:
            A float; for an array, an array of float64 of the same shape.

        Raises:
            TypeError: the step is not a whole number.
        """
        if getattr(step, "ndim", 0):
            from schedule_builder.schedules.numpy_operations import evaluate_array

            return evaluate_array(self, step)
        if isinstance(step, bool):
            message = "a step is a whole number. Received: a bool"
            raise TypeError(message)
        return evaluate_scalar(self, operator.index(step))

    def segment_at(self, step: int) -> Segment:
        """The segment that holds at a step."""
        return self.segments[max(bisect_right(self.begins, step) - 1, 0)]

    def shifted(self, steps: int) -> tuple[Segment, ...]:
        """The segments, each moved later by a number of steps, as far as there are steps."""
        return tuple(
            replace(s, begin=s.begin + steps, origin=s.origin + steps)
            for s in self.segments
            if s.begin + steps <= MAX_STEP
        )

    def starting_at(self, step_offset: int) -> Schedule:
        """The same schedule, begun at a later step, until which its first rate holds.

        Raises:
            TypeError: the step is not a whole number.
            ValueError: it is negative, or more than a step can be.
        """
        offset = whole(step_offset, "step_offset")
        if not offset:
            return self
        return Schedule((Segment(0, Constant(self(0)), 0), *self.shifted(offset)))

    def since(self, begin: int, *path: str | int) -> tuple[Segment, ...]:
        """The segments from a step on, which a field says."""
        first = replace(self.segment_at(begin), begin=begin, path=path)
        return (first, *(s for s in self.segments if s.begin > begin))

    def under(self, *path: str | int) -> Schedule:
        """The same schedule, with its fields inside of another one."""
        return Schedule(tuple(segment.under(*path) for segment in self.segments))

    def scaled(self, factor: float) -> Schedule:
        """The same schedule with all rates multiplied."""
        return Schedule(tuple(s.scaled(factor) for s in self.segments))

    def with_floor(self, floor: float) -> Schedule:
        """The same schedule, never below a rate."""
        if floor <= 0:
            return self
        return Schedule(tuple(replace(s, floor=max(s.floor, floor)) for s in self.segments))

    def extremes(self, first: int, last: int) -> list[int]:
        """Steps from `first` to `last` among which are those of the highest and lowest rates."""
        steps: list[int] = []
        for segment, end in zip(self.segments, [*self.begins[1:], last + 1], strict=True):
            begin, final = max(segment.begin, first), min(end - 1, last)
            if begin <= final:
                origin = segment.origin
                own = segment.curve.extremes(begin - origin, final - origin)
                steps += [step + origin for step in own]
        return steps

    def __str__(self) -> str:
        """The schedule in words, a line for each segment."""
        names = [f"steps {s.begin}.." for s in self.segments]
        for i, end in enumerate(begin - 1 for begin in self.begins[1:]):
            names[i] = f"step {end}" if end == self.begins[i] else f"{names[i]}{end}"
        width = max(map(len, names))
        return "\n".join(f"{n:{width}}  {s}" for n, s in zip(names, self.segments, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The schedule as plain data that JSON can hold."""
        return {"segments": [s.to_dict() for s in self.segments]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Schedule:
        """The inverse of `to_dict`."""
        return cls(tuple(map(Segment.from_dict, data["segments"])))


@dataclass(frozen=True)
class Combination:
    """The rates of several schedules, combined at each step: `product`, `min` or `max`."""

    op: str
    members: tuple[Schedule, ...]

    rates: ClassVar[tuple[str, ...]] = ()

    @property
    def family(self) -> str:
        # No two of them share a computation.
        return f"combination {id(self)}"

    def columns(self, origin: int, ops: Operations) -> Columns:
        return (origin,)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Combination], origin: Any) -> Any:
        (combination,) = curves
        step = step - origin
        if isinstance(ops, _Math):
            rates = [evaluate_scalar(member, step) for member in combination.members]
        else:
            rates = [evaluate(member, step, ops) for member in combination.members]
        combine = {"product": operator.mul, "min": ops.minimum, "max": ops.maximum}
        return reduce(combine[combination.op], rates)

    def scaled(self, factor: float) -> Combination:
        """The same combination with its rates multiplied."""
        if self.op == "product":
            return replace(self, members=(self.members[0].scaled(factor), *self.members[1:]))
        return replace(self, members=tuple(m.scaled(factor) for m in self.members))

    def extremes(self, first: int, last: int) -> list[int]:
        steps = {first, last}
        for member in self.members:
            steps.update(member.extremes(first, last))
        # Where one rises and another falls.
        steps |= {first + (last - first) * i // _SAMPLES for i in range(_SAMPLES)}
        if self.op != "product":
            steps |= self._crossings(sorted(steps))
        return sorted(steps)

    def _crossings(self, steps: Sequence[int]) -> set[int]:
        """Steps at which one member gets above another, between steps that are looked at."""
        found = set()
        for one, other in combinations(self.members, 2):
            for begin, end in pairwise(steps):
                is_above = one(begin) > other(begin)
                low, high = begin, end if (one(end) > other(end)) != is_above else begin
                while high - low > 1:
                    middle = (low + high) // 2
                    is_same = (one(middle) > other(middle)) == is_above
                    low, high = (middle, high) if is_same else (low, middle)
                found |= {low, high}
        return found

    def __str__(self) -> str:
        members = "; ".join(
            ", ".join(
                f"{segment} from step {segment.begin}" if segment.begin else str(segment)
                for segment in member.segments
            )
            for member in self.members
        )
        return f"the {self.op} of ({members})"


CURVES["combination"] = Combination
_SAMPLES = 16


def _divide(numerator: float, denominator: float) -> tuple[float, float]:
    """A quotient, and what its rounding left out."""
    quotient = numerator / denominator
    exact = Fraction(numerator) / Fraction(denominator)
    return quotient, float(exact - Fraction(quotient))


class _Math:
    """The operations on Python's own numbers: the reference for all others."""

    direct_ratio = 4.0
    real = staticmethod(float)
    equal = staticmethod(operator.eq)
    maximum = staticmethod(max)
    minimum = staticmethod(min)
    sin = staticmethod(math.sin)
    sqrt = staticmethod(math.sqrt)
    expm1 = staticmethod(math.expm1)

    @staticmethod
    def constant(value: float) -> float:
        return value

    @staticmethod
    def index(begins: Sequence[int], step: int) -> int:
        return bisect_right(begins, step)

    @staticmethod
    def take(columns: Sequence[Sequence[float]], index: int) -> Sequence[float]:
        return [column[index] for column in columns]

    @staticmethod
    def where(condition: bool, first: float, second: float) -> float:
        return first if condition else second

    @staticmethod
    def square(value: float) -> float:
        return value * value

    @staticmethod
    def power(base: float, exponent: float) -> float:
        try:
            return math.pow(base, exponent)
        except (OverflowError, ValueError):
            return math.inf

    @classmethod
    def ratio_power(cls, numerator: float, denominator: float, exponent: float) -> float:
        quotient, rest = _divide(numerator, denominator)
        result = cls.power(quotient, exponent)
        return result * (1 + exponent * (rest / quotient)) if quotient > 0 else result

    @classmethod
    def power_of_ratio(cls, base: float, numerator: float, denominator: float) -> float:
        quotient, rest = _divide(numerator, denominator)
        return cls.power(base, quotient) * (1 + rest * cls.log(base))

    @staticmethod
    def affine(start: float, slope: float, rest: float, k: float, n: float) -> tuple[float, float]:
        exact = Fraction(start) + (Fraction(slope) + Fraction(rest)) * Fraction(k) / Fraction(n)
        rounded = float(exact)
        return rounded, float(exact - Fraction(rounded))

    @staticmethod
    def exp(value: float) -> float:
        try:
            return math.exp(value)
        except OverflowError:
            return math.inf

    @staticmethod
    def log(value: float) -> float:
        return math.log(value) if value > 0 else -math.inf

    @staticmethod
    def log1p(value: float) -> float:
        return math.log1p(value) if value > -1 else -math.inf


_MATH = _Math()


def evaluate_scalar(schedule: Schedule, step: int) -> float:
    """The reference: the rate at one step, in Python's own float64.

    Only the segment that holds is computed; `evaluate` computes the same formulas for a
    whole array of steps.
    """
    step = min(max(step, 0), MAX_STEP)
    segment = schedule.segment_at(step)
    curve = segment.curve
    rate = curve.formula(_MATH, step, [curve], *segment.reference_columns)
    return float(max(rate, segment.floor) if segment.floor > 0 else rate)


def _families(segments: Sequence[Segment], ops: Operations) -> list[str]:
    """The family that computes each segment.

    Most families can also compute a constant: constants join the largest one, unless a
    comparison alone tells the only constant from the only other segment of that family.
    """
    families = [s.curve.family for s in segments]
    curves: dict[str, list[Curve]] = {}
    for family, segment in zip(families, segments, strict=True):
        curves.setdefault(family, []).append(segment.curve)
    others = Counter(
        {
            family: len(members)
            for family, members in curves.items()
            if family != Constant.family
            and members[0].constant_columns(members, 0.0, ops) is not None
        }
    )
    if not others:
        return families
    host, size = others.most_common(1)[0]
    if size == 1 and families.count(Constant.family) == 1:
        return families
    return [host if f == Constant.family else f for f in families]


def _row(
    segment: Segment, curves: Sequence[Curve], ops: Operations, *, is_shared: bool
) -> tuple[float | None, ...]:
    """A segment's numbers in its family's formula, and its floor where not all share one."""
    if isinstance(segment.curve, Constant):
        rate = max(segment.curve.rate, segment.floor)
        columns = curves[0].constant_columns(curves, rate, ops)
        return (*(columns or ()), 0.0)
    columns = segment.curve.columns(segment.origin, ops)
    return (*columns, 0.0 if is_shared else segment.floor)


class _Parameters:
    """The numbers of all segments: constants where all agree, else columns of one table."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.columns: list[list[float]] = []

    def add(self, values: dict[int, float | None]) -> float | int | list[float]:
        """A number for some of the segments: itself where there is but one, else its column."""
        used = {value for value in values.values() if value is not None}
        if len(used) <= 1:
            return used.pop() if used else 0
        filler = min(used)
        column = [values.get(i) for i in range(self.length)]
        self.columns.append([filler if value is None else value for value in column])
        return self.columns[-1]


def evaluate(schedule: Schedule, step: Any, ops: Operations) -> Any:
    """The rates at many steps, in any number system.

    Segments of one family of curves share one computation. Where their numbers differ they
    are taken from one table by the segment's index, so that the size of a graph depends on
    the families in it and not on the number of segments.

    Args:
        schedule: the schedule.
        step: int64 steps of any shape, none negative.
        ops: the number system.

    Returns:
        float64 rates; `ops.constant` of the rate where that never changes.
    """
    segments = schedule.segments
    families = _families(segments, ops)
    names = list(dict.fromkeys(families))
    table = _Parameters(len(segments))
    is_shared = len({s.floor for s in segments}) == 1
    curves: dict[str, list[Any]] = {}
    numbers: dict[str, list[Any]] = {}
    for name in names:
        members = [i for i, family in enumerate(families) if family == name]
        own = [segments[i].curve for i in members if segments[i].curve.family == name]
        rows = {i: _row(segments[i], own, ops, is_shared=is_shared) for i in members}
        columns = zip(*rows.values(), strict=True)
        curves[name] = own
        numbers[name] = [table.add(dict(zip(rows, c, strict=True))) for c in columns]
    # Where each family holds on one stretch of steps, comparisons choose between them.
    one_run_each = len([0 for _ in groupby(families)]) == len(names)
    choice: Any = None
    if not one_run_each:
        choice = table.add({i: names.index(family) for i, family in enumerate(families)})

    taken: dict[int, Any] = {}
    if table.columns:
        index = ops.index(schedule.begins[1:], step)
        values = ops.take(table.columns, index)
        taken = {id(c): value for c, value in zip(table.columns, values, strict=True)}

    def number(entry: Any) -> Any:
        return taken[id(entry)] if isinstance(entry, list) else ops.constant(entry)

    result: Any = None
    for name in names:
        *parameters, floor = map(number, numbers[name])
        rate = curves[name][0].formula(ops, step, curves[name], *parameters)
        if not is_zero(floor):
            rate = ops.maximum(rate, floor)
        if result is None:
            result = rate
        elif one_run_each:
            begin = segments[families.index(name)].begin
            result = ops.where(step >= ops.constant(begin), rate, result)
        else:
            holds = ops.equal(number(choice), names.index(name))
            result = ops.where(holds, rate, result)
    if is_shared and segments[0].floor > 0:
        result = ops.maximum(result, ops.constant(segments[0].floor))
    return result
