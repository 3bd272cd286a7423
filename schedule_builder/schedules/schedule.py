"""Schedules: segments of closed-form curves on the integer step axis, and their evaluation.

A schedule is a list of segments. Each begins at a step, inclusive, and follows one curve until
the next begins; the last has no end.
"""

from __future__ import annotations

__lazy_modules__: list[str] = ["fractions"]  # 3 ms, which Python 3.15 puts off until it is used

import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial, reduce
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, SupportsIndex, overload

from schedule_builder.records import Record
from schedule_builder.schedules.curve import minus
from schedule_builder.schedules.curves import CURVES, MAX_STEP, Columns, Constant, Curve
from schedule_builder.schedules.evaluation import Table
from schedule_builder.schedules.operations import Operations
from schedule_builder.schedules.python_operations import constant_rate, scalar_rate
from schedule_builder.schedules.search import first_true

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from schedule_builder.schedules.numpy_operations import ArrayRates

MAX_RATE = 3.4028235e38
"""The largest rate that float32 holds."""


def _index(step: Any) -> int:
    """A step as an integer of Python.

    Raises:
        TypeError: it is not a whole number.
    """
    # Some versions of NumPy take their own bools for indexes, and so do tensors.
    dtype = getattr(step, "dtype", None)
    kind = getattr(dtype, "kind", None) or str(dtype)
    try:
        if not (isinstance(step, bool) or kind == "b" or "bool" in kind):
            return operator.index(step)
    except (TypeError, AttributeError):  # the latter for tensors of TensorFlow
        pass
    message = f"a step must be a whole number. Received: {step!r}"
    raise TypeError(message)


def whole(value: Any, name: str, at_least: int = 0, at_most: int = MAX_STEP) -> int:
    """Checks an argument that is a whole number, which may be in a variable or a tensor.

    Raises:
        TypeError: it is something else.
        ValueError: it is out of bounds.
    """
    number = value.numpy() if hasattr(value, "numpy") else value
    try:
        result = _index(number)
    except TypeError:
        message = f"{name} must be a whole number. Received: {value!r}"
        raise TypeError(message) from None
    if not at_least <= result <= at_most:
        limits = f"at least {at_least}" if result < at_least else f"at most {at_most}"
        message = f"{name} must be {limits}. Received: {result}"
        raise ValueError(message)
    return result


class Segment(Record, unshown=("path",), uncompared=("path",)):
    """A stretch of the step axis.

    Attributes:
        begin: the first step of the segment.
        curve: the curve that the rate follows.
        origin: the global step that is the curve's own step 0. It is before `begin` where
            a warmup covers the curve's beginning.
        floor: the rate never falls below this.
        path: the field of the config with the segment's beginning; empty if there is none.
    """

    begin: int
    curve: Curve
    origin: int
    floor: float = 0.0
    path: tuple[str | int, ...] = ()

    def __init__(
        self,
        begin: int,
        curve: Curve,
        origin: int,
        floor: float = 0.0,
        path: tuple[str | int, ...] = (),
    ) -> None:
        # As a record's own, in half of its time: a schedule may have a hundred thousand of them.
        values = self.__dict__
        values["begin"] = begin
        values["curve"] = curve
        values["origin"] = origin
        values["floor"] = floor
        values["path"] = path

    def __str__(self) -> str:
        words = str(self.curve)
        if self.origin != self.begin and not self.curve.is_constant:
            words += f" that began at step {self.origin}"
        return words + (f", never below {self.floor:.9g}" if self.floor > 0 else "")

    def under(self, *path: str | int) -> Segment:
        """The segment, with its fields inside of another one."""
        curve, own = self.curve, self.path
        if not curve.is_constant:
            curve = curve.under(*path)
        return Segment(self.begin, curve, self.origin, self.floor, own and (*path, *own))

    def extremes(self, first: int, last: int) -> list[int]:
        """Steps from `first` to `last` at which the rate can be highest or lowest."""
        return [
            s + self.origin for s in self.curve.extremes(first - self.origin, last - self.origin)
        ]

    def scaled(self, factor: float) -> Segment:
        """The segment with all its rates multiplied."""
        return self._replace(curve=self.curve.scaled(factor), floor=self.floor * factor)

    def to_dict(self) -> dict[str, Any]:
        """The segment as plain data for JSON."""
        numbers = {key: _plain(value) for key, value in vars(self.curve).items()}
        return {
            "begin": self.begin,
            "origin": self.origin,
            "floor": self.floor,
            "curve": self.curve.name,
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


class Schedule(Record):
    """A learning-rate schedule: `schedule(step)` is the rate of the update after `step` others.

    Attributes:
        segments: in the order of their beginnings, the first of which is 0.
    """

    segments: tuple[Segment, ...]

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        super().__init__(segments)
        begins = self.begins
        if begins[:1] != [0] or not all(map(operator.lt, begins, begins[1:])):
            message = f"segments begin at 0 and at increasing steps. Received: {begins}"
            raise ValueError(message)

    @cached_property
    def begins(self) -> list[int]:
        """The first step of each segment."""
        return [segment.begin for segment in self.segments]

    @cached_property
    def rate_at(self) -> Callable[[int], float]:
        """The function for the rate at an int; calling the schedule accepts any integer type."""
        return scalar_rate(self)

    @cached_property
    def constant_rates(self) -> list[float | None]:
        """The rate of each segment whose curve is constant; None of others."""
        return [constant_rate(s) if s.curve.is_constant else None for s in self.segments]

    @cached_property
    def tables(self) -> dict[float, Table]:
        """Tables of the segments' numbers, which `evaluate` makes once."""
        return {}

    @cached_property
    def _extremes(self) -> dict[tuple[int, int], list[int]]:
        # Most rules ask for those of the run.
        return {}

    @cached_property
    def _array_rates(self) -> ArrayRates:
        from schedule_builder.schedules.numpy_operations import ArrayRates  # noqa: PLC0415 - 100 ms, for arrays alone

        return ArrayRates(self)

    def rates_at(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """The rates at an array of int64; calling the schedule accepts any integer dtype."""
        return self._array_rates.at(steps)

    def __reduce__(self) -> tuple[type[Schedule], tuple[Any, ...]]:
        # Cached values are not part of the state.
        return Schedule, (self.segments,)

    # An array has `__index__`, too, which works for one of a single element.
    @overload
    def __call__(self, step: NDArray[np.integer[Any]]) -> NDArray[np.float64]: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(self, step: SupportsIndex) -> float: ...

    def __call__(self, step: Any) -> Any:
        """The rate at a step, in float64.

        Args:
            step: a whole number, or a NumPy array of them. Negative steps mean 0.

        Returns:
            A float; for an array, an array of float64 of the same shape.

        Raises:
            TypeError: the step is not a whole number.
        """
        if type(step) is int:
            return self.rate_at(step)
        if getattr(step, "ndim", 0):
            return self._array_rates(step)
        return self.rate_at(_index(step))

    def rates(self, steps: Iterable[int]) -> list[float]:
        """The rates at several steps, in float64.

        Args:
            steps: whole numbers: a list, a range, an array or any other sequence of them.

        Raises:
            TypeError: a step is not a whole number.

        >>> Schedule((Segment(0, Constant(0.5), 0),)).rates(range(3))
        [0.5, 0.5, 0.5]
        """
        dimensions = getattr(steps, "ndim", None)
        if dimensions:
            array: Any = steps
            rates: list[float] = self(array).ravel().tolist()
            return rates
        is_series = isinstance(steps, Iterable) and dimensions != 0
        if not is_series or isinstance(steps, (str, bytes, Mapping)):
            message = f"steps must be several whole numbers. Received: {steps!r}"
            raise TypeError(message)
        return [self(step) for step in steps]

    def segment_at(self, step: int) -> Segment:
        """The segment that holds at a step."""
        return self.segments[max(bisect_right(self.begins, step) - 1, 0)]

    @property
    def parts(self) -> list[Schedule]:
        """The members of a combination that ends the schedule, else the schedule itself."""
        last = self.segments[-1]
        if isinstance(last.curve, Combination) and last.origin == 0:
            return list(last.curve.members)
        return [self]

    def shifted(self, steps: int) -> tuple[Segment, ...]:
        """The segments, each moved later by a number of steps, as far as there are steps."""
        if not steps and self.segments[-1].begin <= MAX_STEP:
            return self.segments
        return tuple(
            s._replace(begin=s.begin + steps, origin=s.origin + steps)
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
        """The segments from a step on, which is set by a field."""
        first = self.segment_at(begin)._replace(begin=begin, path=path)
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
        return Schedule(tuple(s._replace(floor=max(s.floor, floor)) for s in self.segments))

    def extremes(self, first: int, last: int) -> list[int]:
        """Steps from `first` to `last` among which are those of the highest and lowest rates."""
        known = self._extremes.get((first, last))
        if known is not None:
            return [*known]
        steps: list[int] = []
        for segment, rate, begin, final in self.within(first, last):
            if rate is not None:
                steps += (begin, final)
            else:
                steps += segment.extremes(begin, final)
        self._extremes[first, last] = steps
        return [*steps]

    def peak(self, first: int, last: int) -> tuple[float, int]:
        """The highest rate from `first` to `last`, and the first step that has it."""
        peak: tuple[float, int] | None = None
        for segment, rate, begin, final in self.within(first, last):
            highest, step = rate, begin
            if highest is None:
                step = max(segment.extremes(begin, final), key=self.rate_at)
                highest = self.rate_at(step)
            if peak is None or highest > peak[0]:
                peak = highest, step
        return peak or (math.nan, first)

    def last_step(self, num_steps: int | None) -> int:
        """The last step of a run; without a run length, the first step of the last segment."""
        return num_steps - 1 if num_steps else self.begins[-1]

    def peak_of_run(self, num_steps: int | None) -> tuple[float, int]:
        """The highest rate of a run, and the first step that has it.

        Without a run length all steps count, but a last segment that grows without end counts where
        it begins.
        """
        last = self.last_step(num_steps)
        highest = self.peak(0, last)
        later = self.peak(last, last if num_steps else MAX_STEP)
        return later if later[0] > highest[0] and later[1] < MAX_STEP else highest

    def within(self, first: int, last: int) -> Iterator[tuple[Segment, float | None, int, int]]:
        """The segments from `first` to `last`, each with its rate, and its first and last step.

        The rate is None where it is not constant.
        """
        ends = [*self.begins[1:], last + 1]
        for segment, rate, end in zip(self.segments, self.constant_rates, ends, strict=True):
            begin, final = max(segment.begin, first), min(end - 1, last)
            if begin <= final:
                yield segment, rate, begin, final

    def turns(self, first: int, last: int) -> Iterator[int]:
        """Steps from about `first` to `last` at which a segment begins, or a cycle turns."""
        for segment, end in zip(self.segments, [*self.begins[1:], MAX_STEP], strict=True):
            begin, origin = max(segment.begin, first), segment.origin
            final = min(end, last)
            if begin <= final:
                yield begin
                yield from (s + origin for s in segment.curve.turns(begin - origin, final - origin))

    def __str__(self) -> str:
        """The schedule in words, a line for each segment."""
        names = [f"steps {s.begin}.." for s in self.segments]
        for i, end in enumerate(begin - 1 for begin in self.begins[1:]):
            names[i] = f"step {end}" if end == self.begins[i] else f"{names[i]}{end}"
        width = max(map(len, names))
        return "\n".join(f"{n:{width}}  {s}" for n, s in zip(names, self.segments, strict=True))

    def _repr_html_(self) -> str:
        """The schedule in a notebook: words and a curve.

        A notebook asks the object itself, so the room that draws, which is above, is found by its
        name.
        """
        html: str = import_module("schedule_builder.output.notebook").of_schedule(self)
        return html

    def to_dict(self) -> dict[str, Any]:
        """The schedule as plain data that JSON can hold."""
        return {"segments": [s.to_dict() for s in self.segments]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Schedule:
        """The inverse of `to_dict`."""
        return cls(tuple(map(Segment.from_dict, data["segments"])))


class _CombinationColumns(NamedTuple):
    origin: Any


class Combination(Curve):
    """The rates of several schedules, combined at each step: `product`, `min` or `max`."""

    op: str
    members: tuple[Schedule, ...]

    name: ClassVar[str] = "combination"

    @property
    def family(self) -> str:
        # No two of them share a computation.
        return f"combination {id(self)}"

    def columns(self, origin: int, ops: Operations) -> _CombinationColumns:
        return _CombinationColumns(origin)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Combination], c: _CombinationColumns
    ) -> Any:
        (combination,) = curves
        rates = [ops.rates(member, minus(step, c.origin)) for member in combination.members]
        combine = {"product": operator.mul, "min": ops.minimum, "max": ops.maximum}
        return reduce(combine[combination.op], rates)

    def under(self, *path: str | int) -> Combination:
        """The same combination, with its fields inside of another one."""
        return self._replace(members=tuple(member.under(*path) for member in self.members))

    def scaled(self, factor: float) -> Combination:
        """The same combination with its rates multiplied."""
        if self.op == "product":
            return self._replace(members=(self.members[0].scaled(factor), *self.members[1:]))
        return self._replace(members=tuple(m.scaled(factor) for m in self.members))

    def extremes(self, first: int, last: int) -> list[int]:
        steps = {first, last}
        for member in self.members:
            steps.update(member.extremes(first, last))
        # One rises and another falls.
        steps |= {first + (last - first) * i // _SAMPLES for i in range(_SAMPLES)}
        if self.op != "product":
            steps |= self._crossings(sorted(steps))
        return sorted(steps)

    def turns(self, first: int, last: int) -> Iterator[int]:
        steps: set[int] = set()
        for member in self.members:
            steps.update(member.turns(first, last))
        return iter(sorted(steps))

    @property
    def first_turn(self) -> int | None:
        # Each member has its own.
        return None

    def _crossings(self, steps: Sequence[int]) -> set[int]:
        """Steps at which another member becomes the lowest, or the highest, of all.

        Between two steps that are looked at, each member only rises or only falls.
        """
        best = min if self.op == "min" else max

        def chosen(step: int) -> int:
            rates = [member(step) for member in self.members]
            return rates.index(best(rates))

        found: set[int] = set()
        choices = [(step, chosen(step)) for step in steps]
        pending = list(pairwise(choices))
        for (begin, first), (end, last) in pending:
            if first == last:
                continue
            one, other = self.members[first], self.members[last]
            is_above = one(begin) > other(begin)
            if (one(end) > other(end)) == is_above:
                continue  # They are equal at one of the two steps.
            crossing = first_true(partial(_is_above, one, other, not is_above), begin, end)
            found |= {crossing - 1, crossing}
            # A third one may lie between them.
            inner = [s for s in (crossing - 1, crossing) if begin < s < end]
            points = [(begin, first), *((s, chosen(s)) for s in inner), (end, last)]
            if any(choice not in (first, last) for _, choice in points):
                pending += pairwise(points)
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


def _is_above(one: Schedule, other: Schedule, expected: bool, step: int) -> bool:
    return bool(one(step) > other(step)) == expected


CURVES[Combination.name] = Combination
_SAMPLES = 16
