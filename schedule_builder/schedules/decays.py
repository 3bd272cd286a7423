"""Curves without an end: exponential, inverse-time and power decays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from schedule_builder.schedules.curve import (
    Columns,
    Curve,
    minus,
    periods,
)
from schedule_builder.schedules.operations import Operations


class _ExponentialColumns(NamedTuple):
    origin: Any
    decay_steps: Any
    real_decay_steps: Any
    initial: Any
    factor: Any


class Exponential(Curve):
    """`initial * factor^(s / decay_steps)`; the exponent is rounded down when `staircase`."""

    initial: float
    factor: float
    decay_steps: int
    staircase: bool = False

    name: ClassVar[str] = "exponential"
    rates: ClassVar[tuple[str, ...]] = ("initial",)

    @property
    def family(self) -> str:
        return "staircase" if self.staircase else "exponential"

    @property
    def divides_steps(self) -> bool:
        return self.staircase

    def columns(self, origin: int, ops: Operations) -> _ExponentialColumns:
        steps = self.decay_steps
        return _ExponentialColumns(origin, steps, float(steps), self.initial, self.factor)

    def turns(self, first: int, last: int) -> Iterator[int]:
        return periods(self.decay_steps, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _ExponentialColumns(None, None, None, initial=rate, factor=1.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Exponential], c: _ExponentialColumns
    ) -> Any:
        step = minus(step, c.origin)
        if curves[0].staircase:
            return c.initial * ops.power(c.factor, ops.real(step // c.decay_steps))
        return c.initial * ops.power_of_steps(c.factor, step, c.decay_steps, c.real_decay_steps)

    def __str__(self) -> str:
        every = "in a step every" if self.staircase else "smoothly over"
        return (
            f"exponential from {self.initial:.9g}, times {self.factor:.9g} {every}"
            f" {self.decay_steps} steps"
        )


class _InverseTimeColumns(NamedTuple):
    origin: Any
    decay_steps: Any
    real_decay_steps: Any
    initial: Any
    decay_rate: Any


class InverseTime(Curve):
    """`initial / (1 + decay_rate q)` with `q = s / decay_steps`, rounded down when `staircase`."""

    initial: float
    decay_rate: float
    decay_steps: int
    staircase: bool = False

    name: ClassVar[str] = "inverse_time"
    rates: ClassVar[tuple[str, ...]] = ("initial",)

    @property
    def family(self) -> str:
        return "inverse_time_staircase" if self.staircase else "inverse_time"

    @property
    def divides_steps(self) -> bool:
        return self.staircase

    def columns(self, origin: int, ops: Operations) -> _InverseTimeColumns:
        steps = self.decay_steps
        return _InverseTimeColumns(origin, steps, float(steps), self.initial, self.decay_rate)

    def turns(self, first: int, last: int) -> Iterator[int]:
        return periods(self.decay_steps, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _InverseTimeColumns(None, None, None, initial=rate, decay_rate=0.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[InverseTime], c: _InverseTimeColumns
    ) -> Any:
        step = minus(step, c.origin)
        length = c.real_decay_steps
        if curves[0].staircase:
            step, length = step // c.decay_steps, 1.0
        return ops.inverse_affine(c.initial, c.decay_rate, ops.real(step), length)

    def __str__(self) -> str:
        every = "in a step every" if self.staircase else "smoothly over"
        return (
            f"{self.initial:.9g} / (1 + {self.decay_rate:.9g} n), n growing by 1 {every}"
            f" {self.decay_steps} steps"
        )


class _PowerLawColumns(NamedTuple):
    origin: Any
    reference: Any
    rate: Any
    power: Any


class PowerLaw(Curve):
    """`rate * (s / reference)^power`, for steps `s` from 1 on."""

    rate: float
    reference: int
    power: float

    name: ClassVar[str] = "power_law"
    rates: ClassVar[tuple[str, ...]] = ("rate",)

    def columns(self, origin: int, ops: Operations) -> _PowerLawColumns:
        return _PowerLawColumns(origin, float(self.reference), self.rate, self.power)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _PowerLawColumns(None, None, rate, power=0.0)

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[PowerLaw], c: _PowerLawColumns) -> Any:
        return ops.share_of_power(c.rate, ops.real(minus(step, c.origin)), c.reference, c.power)

    def __str__(self) -> str:
        base = "s" if self.reference == 1 else f"(s / {self.reference})"
        return f"{self.rate:.9g} {base}^{self.power:.9g}, s being the steps of a curve"
