"""Curves that lead from one rate to another, and the constant rate.

They measure from the end at which the rate is low, so that a rate keeps its relative precision to
the last step of a decay, where `1 + cos` has long returned 0.
"""

from __future__ import annotations

__lazy_modules__: list[str] = ["fractions"]  # 3 ms, which Python 3.15 puts off until it is used

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

from schedule_builder.schedules.curve import (
    MAX_STEP,
    Columns,
    Curve,
    minus,
    plus,
)
from schedule_builder.schedules.operations import Operations, is_zero


class _ConstantColumns(NamedTuple):
    rate: Any


class Constant(Curve):
    """The same rate at every step."""

    rate: float

    name: ClassVar[str] = "constant"
    is_constant: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("rate",)

    def __init__(self, rate: float) -> None:
        self.__dict__["rate"] = rate  # as a record's own, in a third of its time

    def __eq__(self, other: object) -> bool:
        # NaN rates compare equal.
        return isinstance(other, Constant) and (
            self.rate == other.rate or (math.isnan(self.rate) and math.isnan(other.rate))
        )

    def __hash__(self) -> int:
        return 0 if math.isnan(self.rate) else hash(self.rate)

    def columns(self, origin: int, ops: Operations) -> _ConstantColumns:
        return _ConstantColumns(self.rate)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _ConstantColumns(rate)

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Constant], c: _ConstantColumns) -> Any:
        return c.rate

    def __str__(self) -> str:
        return "no rate" if math.isnan(self.rate) else f"constant {self.rate:.9g}"


def _mirrored_power(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    return -ops.expm1(power * ops.log1p(-(k / divisor)))


def mirrored_root(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    """`1 - (1 - k / divisor)^power`, exact also where it is near 0."""
    rest = divisor - k
    log = ops.where(k < rest, ops.log1p(-(k / divisor)), ops.log(rest / divisor))
    return -ops.expm1(power * log)


def _one_minus_root(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    return (k / divisor) / (1.0 + ops.sqrt((divisor - k) / divisor))


def _split(anchor: int | Fraction) -> tuple[int, float]:
    """A place on the step axis as a step that int64 holds, and the rest of it."""
    whole = min(math.floor(anchor), MAX_STEP)
    return whole, float(anchor - whole)


class _Form(NamedTuple):
    """How an interpolation leaves the end that it is measured from."""

    g: Callable[[Operations, Any, Any, Any], Any]
    scale: float = 1.0
    """The divisor of the distance `k` is the length times this."""


_FORMS: dict[str, _Form] = {
    "line": _Form(lambda ops, k, divisor, power: k / divisor),
    # (1 - cos(pi u)) / 2, without its cancellation near 0.
    "sine": _Form(lambda ops, k, divisor, power: ops.squared_sine(k, divisor), 2 / math.pi),
    "power": _Form(lambda ops, k, divisor, power: ops.ratio_power(k, divisor, power)),
    # 1 - (1 - u)^power, without its cancellation near 0, for powers of 1 and above, for lower
    # ones, and for the one that needs no logarithm.
    "mirrored_power": _Form(_mirrored_power),
    "mirrored_root": _Form(mirrored_root),
    "one_minus_root": _Form(_one_minus_root),
}


_CODES = {form: code for code, form in enumerate(_FORMS)}


class _InterpolationColumns(NamedTuple):
    anchor: Any
    fraction: Any
    divisor: Any
    base: Any
    height: Any
    code: Any
    power: Any


class Interpolation(Curve):
    """From `start` at its own step `delay` to `end`, `length` steps later.

    With `s` of the steps gone and `r` to go, the shapes are `linear`; `cosine`, half a cosine;
    `power_of_elapsed`, `start + (end - start) (s / length)^power`; `power_of_remaining`,
    `end + (start - end) (r / length)^power`.

    All are computed as `base + height g(u)`, where `u` is the distance from one end as a share
    of the length, `g(0) = 0` and `g(1) = 1`.
    """

    start: float
    end: float
    length: int | Fraction
    shape: str = "linear"
    power: float = 1.0
    delay: int | Fraction = 0

    name: ClassVar[str] = "interpolation"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")
    choices: ClassVar[tuple[str, ...]] = ("code",)
    words: ClassVar[dict[str, str]] = {
        "linear": "a straight line",
        "cosine": "half a cosine",
        "power_of_elapsed": "a power curve",
        "power_of_remaining": "a power curve",
    }

    def variant(self, ops: Operations) -> tuple[str, bool]:
        """The form of this curve, and whether it is measured from its start."""
        rises = self.end > self.start
        if self.shape == "cosine":
            return "sine", rises
        if self.shape == "linear" or self.power == 1:
            return "line", rises
        from_start = self.shape == "power_of_elapsed"
        low, high = sorted((self.start, self.end))
        if from_start == rises or low * ops.direct_ratio >= high:
            return "power", from_start
        if self.power == 0.5:  # noqa: PLR2004 - the square root
            return "one_minus_root", rises
        return ("mirrored_power" if self.power >= 1 else "mirrored_root"), rises

    def columns(self, origin: int, ops: Operations) -> _InterpolationColumns:
        form, from_start = self.variant(ops)
        anchor = origin + self.delay + (0 if from_start else self.length)
        whole, rest = _split(anchor)
        fraction = -rest if from_start else rest
        base, other = (self.start, self.end) if from_start else (self.end, self.start)
        return _InterpolationColumns(
            anchor=whole,
            fraction=fraction,
            divisor=float(self.length) * _FORMS[form].scale,
            base=base,
            height=other - base,
            code=_CODES[form],
            power=None if form in ("line", "sine", "one_minus_root") else self.power,
        )

    def meaning(self, origin: int) -> Any:
        if self.shape != "linear":
            return super().meaning(origin)
        slope = (Fraction(self.end) - Fraction(self.start)) / Fraction(self.length)
        return slope, Fraction(self.start) - slope * (origin + Fraction(self.delay))

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        # A height of 0 makes a constant where g is finite far outside of the curve, too.
        is_finite = all(curve.variant(ops)[0] in ("line", "sine") for curve in curves)
        if not is_finite:
            return None
        return _InterpolationColumns(None, 0.0, None, base=rate, height=0.0, code=None, power=None)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Interpolation], c: _InterpolationColumns
    ) -> Any:
        if is_zero(c.height):
            return c.base
        variants = [curve.variant(ops) for curve in curves]
        from_start = {starts for _, starts in variants}
        if from_start == {True}:
            distance = minus(step, c.anchor)
        elif from_start == {False}:
            distance = c.anchor - step
        else:
            distance = abs(minus(step, c.anchor))
        k = plus(ops.real(distance), c.fraction)
        forms = {form for form, _ in variants}
        if forms == {"line"}:
            return plus(ops.share(c.height, k, c.divisor), c.base)
        if forms == {"power"}:
            return plus(ops.share_of_power(c.height, k, c.divisor, c.power), c.base)
        result = None
        for name in dict.fromkeys(form for form, _ in variants):
            g = _FORMS[name].g(ops, k, c.divisor, c.power)
            result = g if result is None else ops.where(ops.equal(c.code, _CODES[name]), g, result)
        return plus(c.height * result, c.base)

    def __str__(self) -> str:
        power = f" of power {self.power:.9g}" if self.shape.startswith("power") else ""
        return (
            f"{self.words[self.shape]}{power} from {self.start:.9g} to {self.end:.9g}"
            f" over {_number(self.length)} steps"
        )


def _number(value: int | Fraction) -> str:
    return str(value) if value == int(value) else f"{float(value):.9g}"


class _GeometricColumns(NamedTuple):
    origin: Any
    length: Any
    start: Any
    ratio: Any


class Geometric(Curve):
    """From `start` to `end`, both above 0, over `length` steps: `start (end / start)^u`."""

    start: float
    end: float
    length: int

    name: ClassVar[str] = "geometric"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    def columns(self, origin: int, ops: Operations) -> _GeometricColumns:
        return _GeometricColumns(
            origin, float(self.length), self.start, ratio=self.end / self.start
        )

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _GeometricColumns(None, None, start=rate, ratio=1.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Geometric], c: _GeometricColumns
    ) -> Any:
        return c.start * ops.power_of_ratio(c.ratio, ops.real(minus(step, c.origin)), c.length)

    def __str__(self) -> str:
        return f"exponential from {self.start:.9g} to {self.end:.9g} over {self.length} steps"


class _SigmoidColumns(NamedTuple):
    anchor: Any
    fraction: Any
    length: Any
    low: Any
    height: Any
    upper: Any
    slope: Any
    slope_rest: Any


class Sigmoid(Curve):
    """`end + (start - end) / 2 * (1 - tanh(lower (1 - u) + upper u))`, `u = s / length`.

    Computed as `low + height / (1 + exp(y))` with `y` measured so that it is exact where the
    rate is low.
    """

    start: float
    end: float
    length: int
    lower: float
    upper: float

    name: ClassVar[str] = "sigmoid"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    def columns(self, origin: int, ops: Operations) -> _SigmoidColumns:
        low, high = sorted((self.start, self.end))
        sign = 2 if self.start >= self.end else -2
        slope = sign * (Fraction(self.lower) - Fraction(self.upper))
        anchor, fraction = _split(origin + self.length)
        return _SigmoidColumns(
            anchor=anchor,
            fraction=fraction,
            length=float(self.length),
            low=low,
            height=high - low,
            upper=sign * self.upper,
            slope=float(slope),
            slope_rest=float(slope - Fraction(float(slope))),
        )

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _SigmoidColumns(
            None, 0.0, None, low=rate, height=0.0, upper=None, slope=None, slope_rest=None
        )

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Sigmoid], c: _SigmoidColumns) -> Any:
        rest = plus(ops.real(c.anchor - step), c.fraction)
        # Beyond the largest exponential the rate is `low`, and infinity times 0 would be NaN.
        power = ops.exp_affine(c.upper, c.slope, c.slope_rest, rest, c.length)
        return plus(c.height / (1.0 + power), c.low)

    def __str__(self) -> str:
        return (
            f"a hyperbolic tangent from {self.start:.9g} to {self.end:.9g} over {self.length} steps"
        )
