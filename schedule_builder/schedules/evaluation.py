"""Evaluation: the rates of a schedule at one step, or at many in any number system."""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from schedule_builder.schedules.curves import MAX_STEP, Columns, Constant, Curve
from schedule_builder.schedules.operations import Operations, is_zero


class Stretch(Protocol):
    """What evaluation needs of a segment."""

    @property
    def begin(self) -> int:
        """The first step."""

    @property
    def curve(self) -> Curve:
        """What the rate does."""

    @property
    def origin(self) -> int:
        """The global step that is the curve's own step 0."""

    @property
    def floor(self) -> float:
        """The rate never falls below this."""

    @property
    def reference_columns(self) -> Columns:
        """The numbers of the curve's formula, for the reference."""


class Stretches(Protocol):
    """What evaluation needs of a schedule."""

    @property
    def segments(self) -> Sequence[Stretch]:
        """The stretches, in the order of their beginnings."""

    @property
    def begins(self) -> list[int]:
        """The first step of each of them."""

    def segment_at(self, step: int) -> Stretch:
        """The one that holds at a step."""


def _divide(numerator: float, denominator: float) -> tuple[float, float]:
    """A quotient, and what its rounding left out."""
    quotient = numerator / denominator
    exact = Fraction(numerator) / Fraction(denominator)
    return quotient, float(exact - Fraction(quotient))


class _Reference:
    """The operations on Python's own numbers: the reference for all others."""

    direct_ratio: float = 4.0
    real: Callable[[Any], Any] = staticmethod(float)
    equal: Callable[[Any, Any], Any] = staticmethod(operator.eq)
    maximum: Callable[[Any, Any], Any] = staticmethod(max)
    minimum: Callable[[Any, Any], Any] = staticmethod(min)
    sin: Callable[[Any], Any] = staticmethod(math.sin)
    sqrt: Callable[[Any], Any] = staticmethod(math.sqrt)
    expm1: Callable[[Any], Any] = staticmethod(math.expm1)

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

    @classmethod
    def power_of_steps(cls, base: float, step: int, steps: int, real_steps: float) -> float:
        # One by one: the sum of the whole part and the rest would lose digits of the rest.
        whole, rest = divmod(step, steps)
        return cls.power(base, whole) * cls.power_of_ratio(base, float(rest), real_steps)

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


REFERENCE = _Reference()


def _value(segment: Stretch, step: int) -> float:
    curve = segment.curve
    rate = curve.formula(REFERENCE, step, [curve], segment.reference_columns)
    return float(max(rate, segment.floor) if segment.floor > 0 else rate)


def evaluate_scalar(schedule: Stretches, step: int) -> float:
    """The reference: the rate at one step, in Python's own float64.

    Only the segment that holds is computed; `evaluate` computes the same formulas for a
    whole array of steps.
    """
    step = min(max(step, 0), MAX_STEP)
    return _value(schedule.segment_at(step), step)


_FEW_PIECES = 3
_FEW_WITH_CONSTANTS = 2
"""So many cost less one by one than by a table of their numbers, also of constants alone."""


class _Piece(NamedTuple):
    """A segment, and the constants beside it that it continues into.

    Where the step does not pass the segment's own end, the curve is constant from there on: it
    needs no comparison with the constant that follows, nor with the one before.
    """

    begin: int
    segment: Stretch
    first: int | None
    last: int | None


def _continues(segment: Stretch, constant: Stretch, step: int) -> bool:
    """Whether one has the rate of a constant beside it at a step, to what float32 does not show."""
    if not constant.curve.is_constant:
        return False
    return math.isclose(_value(segment, step), _value(constant, step), rel_tol=2.0**-50)


def _pieces(segments: Sequence[Stretch]) -> list[_Piece] | None:
    """The few pieces that a schedule has; None where they are more than that."""
    if len(segments) > 2 * _FEW_PIECES + 1:
        return None
    pieces: list[_Piece] = []
    for segment in segments:
        before = pieces[-1] if pieces else None
        if before and before.last is None and _continues(before.segment, segment, segment.begin):
            is_constant = before.segment.curve.is_constant
            pieces[-1] = before._replace(last=None if is_constant else segment.begin)
        elif before and _continues(segment, before.segment, segment.begin):
            pieces[-1] = _Piece(before.begin, segment, segment.begin, None)
        else:
            pieces.append(_Piece(segment.begin, segment, None, None))
    constants = sum(piece.segment.curve.is_constant for piece in pieces)
    few = _FEW_PIECES if constants <= 1 else _FEW_WITH_CONSTANTS
    return pieces if len(pieces) <= few else None


def _evaluate_pieces(pieces: Sequence[_Piece], step: Any, ops: Operations) -> Any:
    result: Any = None
    for piece in pieces:
        curve, own = piece.segment.curve, step
        if piece.first is not None:
            own = ops.maximum(own, ops.constant(piece.first))
        if piece.last is not None:
            own = ops.minimum(own, ops.constant(piece.last))
        columns: Any = curve.columns(piece.segment.origin, ops)
        columns = columns._replace(**dict.fromkeys(curve.choices))
        numbers = [ops.constant(0 if value is None else value) for value in columns]
        rate = curve.formula(ops, own, [curve], columns._make(numbers))
        if piece.segment.floor > 0:
            rate = ops.maximum(rate, ops.constant(piece.segment.floor))
        at_or_after = None if result is None else step >= ops.constant(piece.begin)
        result = rate if result is None else ops.where(at_or_after, rate, result)
    return result


def _families(segments: Sequence[Stretch], ops: Operations) -> list[str]:
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
    segment: Stretch, curves: Sequence[Curve], ops: Operations, *, is_shared: bool
) -> tuple[Columns, float]:
    """A segment's numbers in its family's formula, and its floor where not all share one."""
    curve: Any = segment.curve
    if curve.is_constant:
        rate = max(curve.rate, segment.floor)
        return curves[0].constant_columns(curves, rate, ops) or (), 0.0
    return curve.columns(segment.origin, ops), 0.0 if is_shared else segment.floor


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


class _Family(NamedTuple):
    """The segments that one computation evaluates, and its numbers or columns of a table."""

    begin: int
    curves: list[Any]
    make: Callable[[Iterable[Any]], Columns]
    """Names the numbers as the formula knows them."""
    numbers: list[Any]
    floor: Any


def _family(
    name: str,
    families: Sequence[str],
    segments: Sequence[Stretch],
    ops: Operations,
    table: _Parameters,
) -> _Family:
    members = [i for i, family in enumerate(families) if family == name]
    curves = [segments[i].curve for i in members if segments[i].curve.family == name]
    is_shared = len({s.floor for s in segments}) == 1
    rows = {i: _row(segments[i], curves, ops, is_shared=is_shared) for i in members}
    make: Any = getattr(type(rows[members[0]][0]), "_make")  # noqa: B009 - a NamedTuple's own
    columns = zip(*(numbers for numbers, _ in rows.values()), strict=True)
    return _Family(
        begin=segments[members[0]].begin,
        curves=curves,
        make=make,
        numbers=[table.add(dict(zip(rows, column, strict=True))) for column in columns],
        floor=table.add({i: floor for i, (_, floor) in rows.items()}),
    )


def evaluate(schedule: Stretches, step: Any, ops: Operations) -> Any:
    """The rates at many steps, in any number system.

    A few pieces are computed one by one, and comparisons choose between them. Of more,
    segments of one family of curves share one computation. Where their numbers differ they
    are taken from one table by the segment's index, so that the size of a graph depends on
    the families in it and not on the number of segments.

    Args:
        schedule: the schedule.
        step: int64 steps of any shape, none negative; for the reference, one step.
        ops: the number system.

    Returns:
        float64 rates; `ops.constant` of the rate where that never changes.
    """
    if ops is REFERENCE:
        return evaluate_scalar(schedule, step)
    segments = schedule.segments
    pieces = _pieces(segments)
    if pieces is not None:
        return _evaluate_pieces(pieces, step, ops)
    families = _families(segments, ops)
    names = list(dict.fromkeys(families))
    table = _Parameters(len(segments))
    computed = [_family(name, families, segments, ops, table) for name in names]
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
    for code, family in enumerate(computed):
        columns, floor = family.make(map(number, family.numbers)), number(family.floor)
        rate = family.curves[0].formula(ops, step, family.curves, columns)
        if not is_zero(floor):
            rate = ops.maximum(rate, floor)
        if result is None:
            result = rate
        elif one_run_each:
            result = ops.where(step >= ops.constant(family.begin), rate, result)
        else:
            result = ops.where(ops.equal(number(choice), code), rate, result)
    floors = {s.floor for s in segments}
    if len(floors) == 1 and segments[0].floor > 0:
        result = ops.maximum(result, ops.constant(segments[0].floor))
    return result
