"""The table of operations that formulas need: a number system with these evaluates a schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from schedule_builder.schedules.evaluation import Stretches


class Operations(Protocol):
    """The operations of a number system for the formulas. Steps are int64, rates float64."""

    @property
    def direct_ratio(self) -> float:
        """How many times its result a number may be that is subtracted from.

        Four loses two bits. Where the result is rounded to float32, there are more to lose.
        """

    def constant(self, value: float) -> Any:
        """A number of the formulas, int or float; zero may stay Python's."""

    def real(self, steps: Any) -> Any:
        """Steps as float64."""

    def remainder(self, steps: Any, period: Any) -> Any:
        """The remainder of non-negative integers."""

    def equal(self, first: Any, second: int) -> Any:
        """Whether integers are equal; in a TF1 graph `==` would compare identity."""

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        """`first` where the condition holds, `second` elsewhere."""

    def maximum(self, first: Any, second: Any) -> Any:
        """The larger of two values."""

    def minimum(self, first: Any, second: Any) -> Any:
        """The smaller of two values."""

    def share(self, height: Any, k: Any, n: Any) -> Any:
        """`height * k / n`."""

    def power(self, base: Any, exponent: Any) -> Any:
        """A base of 0 or above, to a power; infinite where that overflows."""

    def ratio_power(self, numerator: Any, denominator: Any, exponent: Any) -> Any:
        """A quotient of 0 or above, to a power; its rounding error must not be amplified."""

    def share_of_power(self, height: Any, k: Any, n: Any, exponent: Any) -> Any:
        """`height * (k / n)^exponent` as by `ratio_power`."""

    def squared_sine(self, k: Any, n: Any) -> Any:
        """`sin(k / n)^2`, for quotients from 0 to half of pi."""

    def power_of_ratio(self, base: Any, numerator: Any, denominator: Any) -> Any:
        """A base above 0, to the power of a quotient whose rounding error must not be amplified."""

    def power_of_steps(self, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        """A base above 0, to the power of `step / steps`, both of them integers."""

    def affine(self, start: Any, slope: Any, k: Any, n: Any) -> Any:
        """`start + slope * k / n` in floats, also where the sum is nearly 0."""

    def inverse_affine(self, height: Any, slope: Any, k: Any, n: Any) -> Any:
        """`height / (1 + slope * k / n)`."""

    def exp_affine(self, start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> Any:
        """The exponential of `start + (slope + slope_rest) * k / n`, as far as 700."""

    def rates(self, schedule: Stretches, step: Any) -> Any:
        """The rates of another schedule, at steps that may be negative; see `evaluate`."""

    def sqrt(self, value: Any) -> Any:
        """The square root."""

    def exp(self, value: Any) -> Any:
        """The exponential."""

    def expm1(self, value: Any) -> Any:
        """`exp(value) - 1`."""

    def log(self, value: Any) -> Any:
        """The logarithm; minus infinity at 0."""

    def log1p(self, value: Any) -> Any:
        """The logarithm of `1 + value`; minus infinity at -1."""


class TableOperations(Operations, Protocol):
    """Further operations, for choosing between segments at each step."""

    def clip(self, steps: Any, first: int, last: int) -> Any:
        """The steps, none before `first` and none after `last`."""

    def index(self, begins: Sequence[int], step: Any) -> Any:
        """How many of the increasing `begins` each step has reached."""

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        """From each column, int or float, the element that belongs to each index."""


def inverse_affine(ops: Operations, height: Any, slope: Any, k: Any, n: Any) -> Any:
    """`height / (1 + slope * k / n)`.

    Where the other numbers are known beforehand, it costs a sum and a quotient.
    """
    if all(isinstance(number, (int, float)) for number in (height, slope, n)) and slope > 0:
        inverse = n / slope
        if math.isfinite(height * inverse):
            return height * inverse / (k + inverse)
    return height / ops.affine(1.0, slope, k, n)


def is_harmless(factor: Any) -> bool:
    """Whether a number known beforehand is too small to amplify a quotient's rounding error.

    A power multiplies that rounding by its exponent, and an exponential by the logarithm of its
    base: as many units in the last place.
    """
    return isinstance(factor, (int, float)) and -_HARMLESS <= factor <= _HARMLESS


_HARMLESS = 3


def is_zero(value: Any) -> bool:
    """Whether a number is Python's zero, which formulas skip."""
    return isinstance(value, (int, float)) and value == 0
