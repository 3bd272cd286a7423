"""What every config means: closed-form segments on the integer step axis.

A schedule is a list of segments. Each begins at a step, inclusive, and follows one curve
until the next begins; the last goes on for ever. The formulas below are the only ones in
the project: a table of operations makes them run on Python floats, NumPy, TensorFlow or
whatever else computes.

Formulas subtract steps as integers before they convert to floats, and measure from the end
at which the rate is low, so that a rate keeps its relative precision to the last step of a
decay, where `1 + cos` has long returned 0.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, cast

MAX_STEP = 2**63 - 1
"""The largest step."""
MAX_RATE = 3.4028235e38
"""The largest rate that float32 holds."""


class Operations(Protocol):
    """What the formulas need of a number system. Steps are int64, rates float64."""

    def constant(self, value: float) -> Any:
        """A number of the formulas, int or float; zero may stay Python's."""

    def real(self, steps: Any) -> Any:
        """Steps as float64."""

    def index(self, begins: Sequence[int], step: Any) -> Any:
        """How many of the increasing `begins` each step has reached."""

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        """From each column, int or float, the element that belongs to each index."""

    def equal(self, first: Any, second: int) -> Any:
        """Whether integers are equal. (`==` compares identity in a TF1 graph.)"""

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        """`first` where the condition holds, `second` elsewhere."""

    def maximum(self, first: Any, second: Any) -> Any:
        """The larger of two values."""

    def power(self, base: Any, exponent: Any) -> Any:
        """A base of 0 or above, to a power; infinite where that overflows."""

    def sin(self, angle: Any) -> Any:
        """The sine."""

    def square(self, value: Any) -> Any:
        """The value times itself."""

    def log1p(self, value: Any) -> Any:
        """The logarithm of `1 + value`; minus infinity at -1."""

    def expm1(self, value: Any) -> Any:
        """`exp(value) - 1`."""


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _plus(value: Any, other: Any) -> Any:
    return value if _is_zero(other) else value + other


def _minus(value: Any, other: Any) -> Any:
    return value if _is_zero(other) else value - other


_Columns: TypeAlias = "tuple[int | float | None, ...]"
"""A curve's numbers, in the order in which its family's formula takes them; None where any
number will do."""


class Curve(Protocol):
    """What a rate does from its own step 0 on. Curves of one family share a formula."""

    @property
    def family(self) -> str: ...

    def columns(self, origin: int) -> _Columns:
        """The formula's numbers for this curve, its step 0 at a global step."""

    @staticmethod
    def constant_columns(rate: float) -> _Columns:
        """The formula's numbers for a rate that does not change."""

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], /, *columns: Any) -> Any:
        """The rates at global steps, of the family's `curves` that each step's numbers are of."""


@dataclass(frozen=True)
class Constant:
    """The same rate at every step."""

    rate: float

    family: ClassVar[str] = "constant"

    def columns(self, origin: int) -> _Columns:
        return (self.rate,)

    @staticmethod
    def constant_columns(rate: float) -> _Columns:
        return (rate,)

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], rate: Any) -> Any:
        return rate

    def __str__(self) -> str:
        return f"constant {self.rate:.9g}"


class _Shape(NamedTuple):
    """How an interpolation goes from its low end (`g = 0`) to its high end (`g = 1`)."""

    g: Callable[[Operations, Any, Any], Any]
    divisor: float
    """What the argument of `g` reaches 1 / divisor at, at the high end."""
    sign: float = 1.0
    """The sign of `g`."""


_SHAPES: dict[str, _Shape] = {
    "linear": _Shape(lambda ops, x, power: x, 1.0),
    # (1 - cos(pi u)) / 2, without its cancellation near 0.
    "cosine": _Shape(lambda ops, x, power: ops.square(ops.sin(x)), 2 / math.pi),
    "power": _Shape(lambda ops, x, power: ops.power(x, power), 1.0),
    # 1 - (1 - u)^power, without its cancellation near 0.
    "mirrored_power": _Shape(
        lambda ops, x, power: ops.expm1(power * ops.log1p(x)), divisor=-1.0, sign=-1.0
    ),
}


@dataclass(frozen=True)
class Interpolation:
    """From `start` to `end` over `length` steps, `s` of them gone and `r` to go.

    Shapes: `linear`; `cosine`, half a cosine; `power_of_elapsed`,
    `start + (end - start) (s / length)^power`; `power_of_remaining`,
    `end + (start - end) (r / length)^power`.

    All are computed as `low + (high - low) g(u)`, where `u` is the distance from the low end
    as a share of the length.
    """

    start: float
    end: float
    length: int
    shape: str = "linear"
    power: float = 1.0

    family: ClassVar[str] = "interpolation"
    words: ClassVar[dict[str, str]] = {
        "linear": "a straight line",
        "cosine": "half a cosine",
        "power_of_elapsed": "a power curve",
        "power_of_remaining": "a power curve",
    }

    @property
    def rises(self) -> bool:
        """Whether the low end is the first one."""
        return self.end > self.start

    @property
    def form(self) -> str:
        """Which of the shapes this curve is, seen from its low end."""
        if not self.shape.startswith("power"):
            return self.shape
        return "power" if self.rises == (self.shape == "power_of_elapsed") else "mirrored_power"

    def columns(self, origin: int) -> _Columns:
        low, high = sorted((self.start, self.end))
        shape = _SHAPES[self.form]
        return (
            origin if self.rises else origin + self.length,
            self.length * shape.divisor,
            low,
            (high - low) * shape.sign,
            list(_SHAPES).index(self.form),
            self.power if "power" in self.form else None,
        )

    @staticmethod
    def constant_columns(rate: float) -> _Columns:
        return (None, None, rate, 0.0, None, None)

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Interpolation],
        anchor: Any,
        divisor: Any,
        low: Any,
        height: Any,
        code: Any,
        power: Any,
    ) -> Any:
        distance = _minus(step, anchor)
        if not all(curve.rises for curve in curves):
            any_rises = any(curve.rises for curve in curves)
            distance = abs(distance) if any_rises else anchor - step
        x = ops.real(distance) / divisor
        result = None
        for index, (name, shape) in enumerate(_SHAPES.items()):
            if any(curve.form == name for curve in curves):
                g = shape.g(ops, x, power)
                result = g if result is None else ops.where(ops.equal(code, index), g, result)
        return _plus(height * result, low)

    def __str__(self) -> str:
        power = f" of power {self.power:.9g}" if self.shape.startswith("power") else ""
        return (
            f"{self.words[self.shape]}{power} from {self.start:.9g} to {self.end:.9g}"
            f" over {self.length} steps"
        )


@dataclass(frozen=True)
class Geometric:
    """From `start` to `end`, both above 0, over `length` steps: `start (end / start)^u`."""

    start: float
    end: float
    length: int

    family: ClassVar[str] = "geometric"

    def columns(self, origin: int) -> _Columns:
        return origin, float(self.length), self.start, self.end / self.start

    @staticmethod
    def constant_columns(rate: float) -> _Columns:
        return None, None, rate, 1.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Geometric],
        origin: Any,
        length: Any,
        start: Any,
        ratio: Any,
    ) -> Any:
        return start * ops.power(ratio, ops.real(_minus(step, origin)) / length)

    def __str__(self) -> str:
        return f"exponential from {self.start:.9g} to {self.end:.9g} over {self.length} steps"


@dataclass(frozen=True)
class Exponential:
    """`initial * factor^(s / decay_steps)`; the exponent is rounded down when `staircase`.

    The exponent's whole part and its rest are applied one by one: their sum would lose the
    digits of the rest.
    """

    initial: float
    factor: float
    decay_steps: int
    staircase: bool = False

    @property
    def family(self) -> str:
        return "staircase" if self.staircase else "exponential"

    def columns(self, origin: int) -> _Columns:
        return origin, self.decay_steps, float(self.decay_steps), self.initial, self.factor

    @staticmethod
    def constant_columns(rate: float) -> _Columns:
        return None, None, None, rate, 1.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Exponential],
        origin: Any,
        decay_steps: Any,
        real_decay_steps: Any,
        initial: Any,
        factor: Any,
    ) -> Any:
        step = _minus(step, origin)
        result = initial * ops.power(factor, ops.real(step // decay_steps))
        if not curves[0].staircase:
            rest = ops.real(step % decay_steps) / real_decay_steps
            result = result * ops.power(factor, rest)
        return result

    def __str__(self) -> str:
        every = "in a step every" if self.staircase else "smoothly over"
        return (
            f"exponential from {self.initial:.9g}, times {self.factor:.9g} {every}"
            f" {self.decay_steps} steps"
        )


CURVES: dict[str, Any] = {c.__name__: c for c in (Constant, Interpolation, Geometric, Exponential)}


@dataclass(frozen=True)
class Segment:
    """A stretch of the step axis.

    Attributes:
        begin: the first step of the segment.
        curve: what the rate does.
        origin: the global step that is the curve's own step 0. It lies before `begin` where
            a warmup covers the curve's beginning.
        floor: the rate never falls below this.
    """

    begin: int
    curve: Curve
    origin: int
    floor: float = 0.0

    def __str__(self) -> str:
        words = str(self.curve)
        if self.origin != self.begin and not isinstance(self.curve, Constant):
            words += f" that began at step {self.origin}"
        return words + (f", never below {self.floor:.9g}" if self.floor > 0 else "")

    def to_dict(self) -> dict[str, Any]:
        """The segment as JSON has it."""
        return {
            "begin": self.begin,
            "origin": self.origin,
            "floor": self.floor,
            "curve": type(self.curve).__name__.lower(),
            **vars(self.curve),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Segment:
        """The inverse of `to_dict`."""
        data = dict(data)
        begin, origin, floor = data.pop("begin"), data.pop("origin"), data.pop("floor")
        return cls(begin, CURVES[data.pop("curve").capitalize()](**data), origin, floor)


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
            from schedule_builder.numpy_operations import evaluate_array  # noqa: PLC0415

            return evaluate_array(self, step)
        if isinstance(step, bool):
            message = "a step is a whole number. Received: a bool"
            raise TypeError(message)
        return evaluate_scalar(self, operator.index(step))

    def segment_at(self, step: int) -> Segment:
        """The segment that holds at a step."""
        return self.segments[max(bisect_right(self.begins, step) - 1, 0)]

    def shifted(self, steps: int) -> tuple[Segment, ...]:
        """The segments, each moved later by a number of steps."""
        return tuple(
            replace(s, begin=s.begin + steps, origin=s.origin + steps) for s in self.segments
        )

    def since(self, begin: int) -> tuple[Segment, ...]:
        """The segments from a step on."""
        first = replace(self.segment_at(begin), begin=begin)
        return (first, *(s for s in self.segments if s.begin > begin))

    def with_floor(self, floor: float) -> Schedule:
        """The same schedule, never below a rate."""
        return Schedule(tuple(replace(s, floor=max(s.floor, floor)) for s in self.segments))

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


class _Math:
    """The operations on Python's own numbers: the reference for all others."""

    real = staticmethod(float)
    equal = staticmethod(operator.eq)
    maximum = staticmethod(max)
    sin = staticmethod(math.sin)
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

    @staticmethod
    def log1p(value: float) -> float:
        return math.log1p(value) if value > -1 else -math.inf


def evaluate_scalar(schedule: Schedule, step: int) -> float:
    """The reference: the rate at one step, in Python's own float64.

    Only the segment that holds is computed; `evaluate` computes the same formulas for a
    whole array of steps.
    """
    step = min(max(step, 0), MAX_STEP)
    segment = schedule.segment_at(step)
    curve = segment.curve
    rate = curve.formula(_Math(), step, [curve], *curve.columns(segment.origin))
    return float(max(rate, segment.floor))


def _families(segments: Sequence[Segment]) -> list[str]:
    """The family that computes each segment.

    Every family can also compute a constant: constants join the largest one, unless a
    comparison alone tells the only constant from the only other segment of that family.
    """
    families = [s.curve.family for s in segments]
    others = Counter(f for f in families if f != Constant.family)
    if not others:
        return families
    host, size = others.most_common(1)[0]
    if size == 1 and families.count(Constant.family) == 1:
        return families
    return [host if f == Constant.family else f for f in families]


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
    families = _families(segments)
    names = list(dict.fromkeys(families))
    table = _Parameters(len(segments))
    floors = {s.floor for s in segments}
    numbers: dict[str, list[Any]] = {}
    curves: dict[str, list[Any]] = {}
    for name in names:
        members = [i for i, family in enumerate(families) if family == name]
        curves[name] = [segments[i].curve for i in members if segments[i].curve.family == name]
        rows = {}
        for i in members:
            segment = segments[i]
            if segment.curve.family == name:
                row = (*segment.curve.columns(segment.origin), segment.floor)
            else:
                rate = max(cast(Constant, segment.curve).rate, segment.floor)
                row = (*curves[name][0].constant_columns(rate), None)
            rows[i] = row
        width = len(rows[members[0]])
        numbers[name] = [table.add({i: rows[i][c] for i in members}) for c in range(width)]
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
        *columns, floor = map(number, numbers[name])
        rate = curves[name][0].formula(ops, step, curves[name], *columns)
        if len(floors) > 1 and not _is_zero(floor):
            rate = ops.maximum(rate, floor)
        if result is None:
            result = rate
        elif one_run_each:
            begin = segments[families.index(name)].begin
            result = ops.where(step >= ops.constant(begin), rate, result)
        else:
            holds = ops.equal(number(choice), names.index(name))
            result = ops.where(holds, rate, result)
    if len(floors) == 1 and (floor := floors.pop()) > 0:
        result = ops.maximum(result, ops.constant(floor))
    return result
