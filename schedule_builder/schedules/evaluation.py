"""Evaluation: the rates of a schedule at many steps, in any number system."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise, starmap
from typing import Any, NamedTuple, Protocol

from schedule_builder.schedules.curves import Columns, Constant, Curve, Interpolation
from schedule_builder.schedules.operations import Operations, TableOperations, is_zero
from schedule_builder.schedules.python_operations import constant_rate, segment_rate


class Stretch(Protocol):
    """The part of a segment that evaluation needs."""

    @property
    def begin(self) -> int:
        """The first step."""

    @property
    def curve(self) -> Curve:
        """The curve that the rate follows."""

    @property
    def origin(self) -> int:
        """The global step that is the curve's own step 0."""

    @property
    def floor(self) -> float:
        """The rate never falls below this."""


class Stretches(Protocol):
    """The part of a schedule that evaluation needs."""

    @property
    def segments(self) -> Sequence[Stretch]:
        """The stretches, in the order of their beginnings."""

    @property
    def begins(self) -> list[int]:
        """The first step of each of them."""

    @property
    def rate_at(self) -> Callable[[int], float]:
        """The rate at a step, in Python's own float64."""

    @property
    def tables(self) -> dict[float, Table]:
        """Where tables of its numbers are kept, by the `direct_ratio` that they are for."""

    def rates_at(self, steps: Any) -> Any:
        """The rates at a NumPy array of int64 steps, in float64."""


_WHOLE = 2**53


def fits_float64(schedule: Stretches, ops: Operations) -> bool:
    """Whether steps may be float64 beforehand, and the rates the same as far as float32 shows.

    So they are where every number that a step is compared with, or that is subtracted from it, is
    exact in float64, and where no step is divided into whole parts.
    """
    if schedule.begins[-1] > _WHOLE:
        return False
    for segment in schedule.segments:
        curve = segment.curve
        if curve.is_constant:
            continue
        whole = [n for n in curve.columns(segment.origin, ops) if isinstance(n, int)]
        members: Sequence[Stretches] = getattr(curve, "members", ())
        if curve.divides_steps or any(abs(number) > _WHOLE for number in whole):
            return False
        if not all(fits_float64(member, ops) for member in members):
            return False
    return True


_FEW_PIECES = 3
_FEW_WITH_CONSTANTS = 2
"""Up to this number, pieces cost less one by one than in a table, even if all are constant."""


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
    return _is_close(segment_rate(segment)(step), segment_rate(constant)(step))


def _is_close(rate: float, other: float) -> bool:
    return math.isclose(rate, other, rel_tol=2.0**-50)


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


def _evaluate_pieces(pieces: Sequence[_Piece], step: Any, ops: TableOperations) -> Any:
    meets = [False, *starmap(_meets_from_below, pairwise(pieces))]
    result: Any = None
    for piece, meets_last, meets_next in zip(pieces, meets, [*meets[1:], False], strict=True):
        segment, curve = piece.segment, piece.segment.curve
        first = piece.begin if meets_last and piece.first is None else piece.first
        # Where a line meets what follows from below, it may rise on.
        last = None if meets_next else piece.last
        if result is None and first is None:
            first = 0  # Negative steps mean 0; a choice leaves them to the first piece.
        own = step if curve.is_constant else _clamped(step, first, last, ops)
        columns: Any = curve.columns(segment.origin, ops)
        columns = columns._replace(
            **{name: 0 for name, value in columns._asdict().items() if value is None},
            **dict.fromkeys(curve.choices, 0),
        )
        rate = curve.formula(ops, own, [curve], columns)
        if segment.floor > 0:
            rate = ops.maximum(rate, ops.constant(segment.floor))
        if result is None:
            result = rate
        elif meets_last:
            result = ops.minimum(result, rate)
        else:
            result = ops.where(step >= ops.constant(piece.begin), rate, result)
    return result


def _clamped(step: Any, first: int | None, last: int | None, ops: TableOperations) -> Any:
    if first is not None and last is not None:
        return ops.clip(step, first, last)
    if first is not None:
        return ops.maximum(step, ops.constant(first))
    return step if last is None else ops.minimum(step, ops.constant(last))


def _meets_from_below(before: _Piece, piece: _Piece) -> bool:
    """Whether the lower of two rates is the one that holds, at every step.

    So it is where a line rises, on and on, through the highest rate of a decay that is clamped to
    its ends, with a hold between them or without. Then no comparison of steps is needed.
    """
    line, decay = before.segment.curve, piece.segment.curve
    if not (isinstance(line, Interpolation) and isinstance(decay, Interpolation)):
        return False
    is_line = line.shape == "linear" and line.start < line.end and before.begin == 0
    if not is_line or before.first is not None:
        return False
    if decay.start < decay.end or piece.last is None:
        return False
    rate = segment_rate(before.segment)
    highest = segment_rate(piece.segment)(piece.begin if piece.first is None else piece.first)
    top = piece.begin if before.last is None else before.last
    if _is_close(highest, rate(top)):
        return True
    return before.last is None and rate(top - 1) <= highest <= rate(top)


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
            if family != Constant.name
            and members[0].constant_columns(members, 0.0, ops) is not None
        }
    )
    if not others:
        return families
    host, size = others.most_common(1)[0]
    if size == 1 and families.count(Constant.name) == 1:
        return families
    return [host if f == Constant.name else f for f in families]


def _row(
    segment: Stretch, curves: Sequence[Curve], ops: Operations, *, is_shared: bool
) -> tuple[Columns, float]:
    """A segment's numbers in its family's formula, and its floor where not all share one."""
    curve: Any = segment.curve
    if curve.is_constant:
        return curves[0].constant_columns(curves, constant_rate(segment), ops) or (), 0.0
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
    of_it = [segments[i].curve for i in members if segments[i].curve.family == name]
    curves = list({curve.variant(ops): curve for curve in of_it}.values())
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


class Table(NamedTuple):
    """The numbers of all segments of a schedule, and the families that compute them.

    Attributes:
        families: what each family computes.
        columns: the numbers that differ between segments, one for each segment in a column.
        choice: the column that tells which family each segment is of; None where each family
            holds on one stretch of steps, so that comparisons tell.
        floor: the rate that no segment falls below, where it is the same for all.
    """

    families: list[_Family]
    columns: list[list[float]]
    choice: Any
    floor: float


def tabulated(segments: Sequence[Stretch], ops: Operations) -> Table:
    """The numbers of a schedule's segments in the formulas of their families."""
    families = _families(segments, ops)
    names = list(dict.fromkeys(families))
    table = _Parameters(len(segments))
    computed = [_family(name, families, segments, ops, table) for name in names]
    one_run_each = len([0 for _ in groupby(families)]) == len(names)
    choice: Any = None
    if not one_run_each:
        choice = table.add({i: names.index(family) for i, family in enumerate(families)})
    floors = {s.floor for s in segments}
    return Table(computed, table.columns, choice, floors.pop() if len(floors) == 1 else 0.0)


def evaluate(schedule: Stretches, step: Any, ops: TableOperations) -> Any:
    """The rates at many steps, in any number system.

    A few pieces are computed one by one, and comparisons choose between them. Of more,
    segments of one family of curves share one computation. Where their numbers differ they
    are taken from one table by the segment's index, so that the size of a graph depends on
    the families in it and not on the number of segments.

    Args:
        schedule: the schedule.
        step: int64 steps of any shape. Negative ones mean 0.
        ops: the number system.

    Returns:
        float64 rates; `ops.constant` of the rate where that never changes.
    """
    pieces = _pieces(schedule.segments)
    if pieces is None:
        return evaluate_table(schedule, ops.maximum(step, 0), ops)
    rates = _evaluate_pieces(pieces, step, ops)
    return ops.constant(rates) if isinstance(rates, (int, float)) else rates


def evaluate_table(schedule: Stretches, step: Any, ops: TableOperations) -> Any:
    """The rates at many steps, none negative, however few segments there are; see `evaluate`."""
    table = schedule.tables.get(ops.direct_ratio)
    if table is None:
        table = schedule.tables[ops.direct_ratio] = tabulated(schedule.segments, ops)
    taken: dict[int, Any] = {}
    if table.columns:
        index = ops.index(schedule.begins[1:], step)
        values = ops.take(table.columns, index)
        taken = {id(c): value for c, value in zip(table.columns, values, strict=True)}

    def number(entry: Any) -> Any:
        return taken[id(entry)] if isinstance(entry, list) else entry

    result: Any = None
    for code, family in enumerate(table.families):
        columns, floor = family.make(map(number, family.numbers)), number(family.floor)
        rate = family.curves[0].formula(ops, step, family.curves, columns)
        if not is_zero(floor):
            rate = ops.maximum(rate, floor)
        if result is None:
            result = rate
        elif table.choice is None:
            result = ops.where(step >= ops.constant(family.begin), rate, result)
        else:
            result = ops.where(ops.equal(number(table.choice), code), rate, result)
    return ops.maximum(result, ops.constant(table.floor)) if table.floor > 0 else result
