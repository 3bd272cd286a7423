"""Curves that repeat: cycles of polynomials, of cosines, and of triangles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from schedule_builder.schedules.curve import (
    Columns,
    Curve,
    ends_of_cycles,
    minus,
    periods,
    plus,
    within,
)
from schedule_builder.schedules.interpolations import mirrored_root
from schedule_builder.schedules.operations import Operations


class _PolynomialCycleColumns(NamedTuple):
    origin: Any
    decay_steps: Any
    low: Any
    height: Any
    power: Any


class PolynomialCycle(Curve):
    """Decays of growing length: `end + (start - end) (1 - s / D)^power`.

    `D` is the smallest multiple of `decay_steps` that is `s` or more, and not 0.
    """

    start: float
    end: float
    decay_steps: int
    power: float

    name: ClassVar[str] = "polynomial_cycle"
    repeats: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    @property
    def family(self) -> str:
        return "rising_polynomial_cycle" if self.end > self.start else "polynomial_cycle"

    def columns(self, origin: int, ops: Operations) -> _PolynomialCycleColumns:
        low, high = sorted((self.start, self.end))
        return _PolynomialCycleColumns(
            origin, self.decay_steps, low, height=high - low, power=self.power
        )

    def turns(self, first: int, last: int) -> Iterator[int]:
        return periods(self.decay_steps, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[PolynomialCycle],
        c: _PolynomialCycleColumns,
    ) -> Any:
        step = minus(step, c.origin)
        # -(-a // b) is a / b rounded up.
        end = ops.maximum(-(-step // c.decay_steps), 1) * c.decay_steps
        length = ops.real(end)
        if curves[0].end > curves[0].start:
            return plus(
                c.height * mirrored_root(ops, ops.real(step), length, c.power),
                c.low,
            )
        return plus(
            ops.share_of_power(c.height, ops.real(end - step), length, c.power),
            c.low,
        )

    def extremes(self, first: int, last: int) -> list[int]:
        ends = {c * self.decay_steps for c in ends_of_cycles(first, last, self.decay_steps)}
        return within(first, last, ends | {end + 1 for end in ends})

    def __str__(self) -> str:
        return (
            f"a power curve of power {self.power:.9g} from {self.start:.9g} to {self.end:.9g},"
            f" at every {self.decay_steps} steps, restarting stretched"
        )


class _CosineCycleColumns(NamedTuple):
    origin: Any
    period: Any
    divisor: Any
    height: Any
    low: Any
    factor: Any


class CosineCycle(Curve):
    """Half cosines of `period` steps from `low + height * factor^i` to `low`, i = 0, 1, ..."""

    height: float
    low: float
    period: int
    factor: float = 1.0

    name: ClassVar[str] = "cosine_cycle"
    repeats: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("height", "low")

    def variant(self, ops: Operations) -> bool:
        return self.factor != 1

    def columns(self, origin: int, ops: Operations) -> _CosineCycleColumns:
        return _CosineCycleColumns(
            origin, self.period, self.period * 2 / math.pi, self.height, self.low, self.factor
        )

    def turns(self, first: int, last: int) -> Iterator[int]:
        return periods(self.period, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _CosineCycleColumns(None, None, None, height=0.0, low=rate, factor=1.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[CosineCycle], c: _CosineCycleColumns
    ) -> Any:
        step = minus(step, c.origin)
        rest = ops.real(c.period - ops.remainder(step, c.period))
        wave = ops.squared_sine(rest, c.divisor)
        height = c.height
        if any(curve.factor != 1 for curve in curves):
            height = height * ops.power(c.factor, ops.real(step // c.period))
        return plus(height * wave, c.low)

    def extremes(self, first: int, last: int) -> list[int]:
        tops = {c * self.period for c in ends_of_cycles(first, last, self.period)}
        return within(first, last, tops | {top - 1 for top in tops})

    def __str__(self) -> str:
        factor = "" if self.factor == 1 else f", each {self.factor:.9g} times as high as the last"
        return (
            f"half cosines from {self.low + self.height:.9g} to {self.low:.9g} over"
            f" {self.period} steps, repeated{factor}"
        )


class _CycleColumns(NamedTuple):
    origin: Any
    up: Any
    down: Any
    base: Any
    peak: Any
    cycle_factor: Any
    step_factor: Any


class Cycle(Curve):
    """Triangles between `base` and `peak`, up in `up` steps and down in `down`, repeated.

    The height is multiplied by `cycle_factor` after each cycle and by `step_factor` at each step.
    """

    base: float
    peak: float
    up: int
    down: int
    cycle_factor: float = 1.0
    step_factor: float = 1.0

    name: ClassVar[str] = "cycle"
    repeats: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("base", "peak")

    @property
    def family(self) -> str:
        return "rising_cycle" if self.peak >= self.base else "falling_cycle"

    def variant(self, ops: Operations) -> tuple[bool, bool]:
        return self.cycle_factor != 1, self.step_factor != 1

    def columns(self, origin: int, ops: Operations) -> _CycleColumns:
        return _CycleColumns(
            origin,
            self.up,
            self.down,
            self.base,
            self.peak,
            self.cycle_factor,
            self.step_factor,
        )

    def turns(self, first: int, last: int) -> Iterator[int]:
        return periods(self.up + self.down, first, last, (0, self.up))

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _CycleColumns(
            None, None, None, base=rate, peak=rate, cycle_factor=1.0, step_factor=1.0
        )

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Cycle], c: _CycleColumns) -> Any:
        step = minus(step, c.origin)
        period = c.up + c.down
        s = ops.remainder(step, period)
        # The rate is the lower one of the two.
        share = ops.minimum(ops.real(s) / ops.real(c.up), ops.real(period - s) / ops.real(c.down))
        cycle: Any = 1.0
        if any(curve.cycle_factor != 1 for curve in curves):
            cycle = ops.power(c.cycle_factor, ops.real(step // period))
        factor = cycle
        if any(curve.step_factor != 1 for curve in curves):
            factor = cycle * ops.power(c.step_factor, ops.real(step))
        if curves[0].peak >= curves[0].base:
            return c.base + (c.peak - c.base) * (share * factor)
        # Towards a peak that is lower nothing may cancel: 1 - share has a sum of its own.
        rest = ops.maximum(
            ops.real(c.up - s) / ops.real(c.up),
            ops.real(s - c.up) / ops.real(c.down),
        )
        # So has 1 - factor, of what the cycles take and what the steps take of the rest.
        lost = 1.0 - cycle
        if any(curve.step_factor != 1 for curve in curves):
            lost = plus(-cycle * ops.expm1(ops.real(step) * ops.log(c.step_factor)), lost)
        return c.base * (rest + share * lost) + c.peak * (share * factor)

    def extremes(self, first: int, last: int) -> list[int]:
        period = self.up + self.down
        turns = {0, self.up}
        if self.step_factor != 1:
            # A shrinking cycle is highest on its way up, a growing one on its way down.
            lead = round(1 / math.log(self.step_factor))
            shrinks = self.step_factor < 1
            high = min(-lead, self.up) if shrinks else max(period - lead, self.up)
            turns |= {high - 1, high, high + 1}
        cycles = ends_of_cycles(first, last, period)
        return within(first, last, {c * period + turn for c in cycles for turn in turns})

    def __str__(self) -> str:
        shrinks = "".join(
            f", its height times {factor:.9g} at each {unit}"
            for factor, unit in ((self.cycle_factor, "cycle"), (self.step_factor, "step"))
            if factor != 1
        )
        return (
            f"a triangle from {self.base:.9g} to {self.peak:.9g} in {self.up} steps and back in"
            f" {self.down}, repeated{shrinks}"
        )
