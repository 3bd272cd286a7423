"""The curves that rates follow: the only formulas in the project.

A table of operations makes them run on Python floats, NumPy, TensorFlow or whatever else
computes. They subtract steps as integers before they convert to floats, and measure from the end
at which the rate is low, so that a rate keeps its relative precision to the last step of a decay,
where `1 + cos` has long returned 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

MAX_STEP = 2**63 - 1
"""The largest step."""


class Operations(Protocol):
    """What the formulas need of a number system. Steps are int64, rates float64."""

    @property
    def direct_ratio(self) -> float:
        """How many times its result a number may be that is subtracted from.

        Four loses two bits. Where the result is rounded to float32, there are more to lose.
        """

    def constant(self, value: float) -> Any:
        """A number of the formulas, int or float; zero may stay Python's."""

    def real(self, steps: Any) -> Any:
        """Steps as float64."""

    def index(self, begins: Sequence[int], step: Any) -> Any:
        """How many of the increasing `begins` each step has reached."""

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        """From each column, int or float, the element that belongs to each index."""

    def equal(self, first: Any, second: int) -> Any:
        """Whether integers are equal; in a TF1 graph `==` would compare identity."""

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        """`first` where the condition holds, `second` elsewhere."""

    def maximum(self, first: Any, second: Any) -> Any:
        """The larger of two values."""

    def minimum(self, first: Any, second: Any) -> Any:
        """The smaller of two values."""

    def power(self, base: Any, exponent: Any) -> Any:
        """A base of 0 or above, to a power; infinite where that overflows."""

    def ratio_power(self, numerator: Any, denominator: Any, exponent: Any) -> Any:
        """A quotient of 0 or above, to a power that must not blow up the quotient's rounding."""

    def power_of_ratio(self, base: Any, numerator: Any, denominator: Any) -> Any:
        """A base above 0, to the power of a quotient whose rounding must not blow up."""

    def affine(self, start: Any, slope: Any, rest: Any, k: Any, n: Any) -> tuple[Any, Any]:
        """`start + (slope + rest) * k / n` in floats, and what its rounding left out."""

    def square(self, value: Any) -> Any:
        """The value times itself."""

    def sqrt(self, value: Any) -> Any:
        """The square root."""

    def sin(self, angle: Any) -> Any:
        """The sine."""

    def exp(self, value: Any) -> Any:
        """The exponential."""

    def expm1(self, value: Any) -> Any:
        """`exp(value) - 1`."""

    def log(self, value: Any) -> Any:
        """The logarithm; minus infinity at 0."""

    def log1p(self, value: Any) -> Any:
        """The logarithm of `1 + value`; minus infinity at -1."""


def is_zero(value: Any) -> bool:
    """Whether a number is Python's zero, which need not be computed with."""
    return isinstance(value, (int, float)) and value == 0


def _plus(value: Any, other: Any) -> Any:
    return value if is_zero(other) else value + other


def _minus(value: Any, other: Any) -> Any:
    return value if is_zero(other) else value - other


Columns: TypeAlias = "tuple[int | float | None, ...]"
"""A curve's numbers, in the order in which its family's formula takes them; None where any
number will do."""


class Curve(Protocol):
    """What a rate does from its own step 0 on. Curves of one family share a formula."""

    rates: ClassVar[tuple[str, ...]]
    """The fields that a factor for all rates multiplies."""

    @property
    def family(self) -> str: ...

    def columns(self, origin: int, ops: Operations) -> Columns:
        """The formula's numbers for this curve, its step 0 at a global step."""

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        """The numbers with which the formula of some curves gives one rate at whatever step.

        None where it cannot.
        """

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], /, *columns: Any) -> Any:
        """The rates at global steps, of the family's `curves` that each step's numbers are of."""

    def extremes(self, first: int, last: int) -> list[int]:
        """Own steps from `first` to `last` at which the rate can be highest or lowest."""


class _Monotone:
    """A curve that goes one way."""

    def extremes(self, first: int, last: int) -> list[int]:
        return [first, last]


@dataclass(frozen=True)
class Constant(_Monotone):
    """The same rate at every step."""

    rate: float

    family: ClassVar[str] = "constant"
    rates: ClassVar[tuple[str, ...]] = ("rate",)

    def __eq__(self, other: object) -> bool:
        # That there is no rate is the same as that there is none.
        return isinstance(other, Constant) and (
            self.rate == other.rate or (math.isnan(self.rate) and math.isnan(other.rate))
        )

    def __hash__(self) -> int:
        return 0 if math.isnan(self.rate) else hash(self.rate)

    def columns(self, origin: int, ops: Operations) -> Columns:
        return (self.rate,)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return (rate,)

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], rate: Any) -> Any:
        return rate

    def __str__(self) -> str:
        return "no rate" if math.isnan(self.rate) else f"constant {self.rate:.9g}"


def _mirrored_power(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    return -ops.expm1(power * ops.log1p(-(k / divisor)))


def _mirrored_root(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    rest = divisor - k
    log = ops.where(k < rest, ops.log1p(-(k / divisor)), ops.log(rest / divisor))
    return -ops.expm1(power * log)


def _one_minus_root(ops: Operations, k: Any, divisor: Any, power: Any) -> Any:
    return (k / divisor) / (1.0 + ops.sqrt((divisor - k) / divisor))


def _split(anchor: Fraction) -> tuple[int, float]:
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
    "sine": _Form(lambda ops, k, divisor, power: ops.square(ops.sin(k / divisor)), 2 / math.pi),
    "power": _Form(lambda ops, k, divisor, power: ops.ratio_power(k, divisor, power)),
    # 1 - (1 - u)^power, without its cancellation near 0, for powers of 1 and above, for lower
    # ones, and for the one that needs no logarithm.
    "mirrored_power": _Form(_mirrored_power),
    "mirrored_root": _Form(_mirrored_root),
    "one_minus_root": _Form(_one_minus_root),
}


@dataclass(frozen=True)
class Interpolation(_Monotone):
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

    family: ClassVar[str] = "interpolation"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")
    words: ClassVar[dict[str, str]] = {
        "linear": "a straight line",
        "cosine": "half a cosine",
        "power_of_elapsed": "a power curve",
        "power_of_remaining": "a power curve",
    }

    def layout(self, ops: Operations) -> tuple[str, bool]:
        """The form of this curve, and whether it is measured from its start."""
        rises = self.end > self.start
        if self.shape in ("linear", "cosine"):
            return {"linear": "line", "cosine": "sine"}[self.shape], rises
        from_start = self.shape == "power_of_elapsed"
        low, high = sorted((self.start, self.end))
        if from_start == rises or low * ops.direct_ratio >= high:
            return "power", from_start
        if self.power == 0.5:  # noqa: PLR2004 - the square root
            return "one_minus_root", rises
        return ("mirrored_power" if self.power >= 1 else "mirrored_root"), rises

    def columns(self, origin: int, ops: Operations) -> Columns:
        form, from_start = self.layout(ops)
        anchor = Fraction(origin) + self.delay + (0 if from_start else self.length)
        whole, rest = _split(anchor)
        fraction = -rest if from_start else rest
        base, other = (self.start, self.end) if from_start else (self.end, self.start)
        return (
            whole,
            fraction,
            float(self.length) * _FORMS[form].scale,
            base,
            other - base,
            list(_FORMS).index(form),
            None if form in ("line", "sine", "one_minus_root") else self.power,
        )

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        # A height of 0 makes a constant where g is finite far outside of the curve, too.
        is_finite = all(curve.layout(ops)[0] in ("line", "sine") for curve in curves)
        return (None, 0.0, None, rate, 0.0, None, None) if is_finite else None

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Interpolation],
        anchor: Any,
        fraction: Any,
        divisor: Any,
        base: Any,
        height: Any,
        code: Any,
        power: Any,
    ) -> Any:
        layouts = [curve.layout(ops) for curve in curves]
        from_start = {starts for _, starts in layouts}
        if from_start == {True}:
            distance = _minus(step, anchor)
        elif from_start == {False}:
            distance = anchor - step
        else:
            distance = abs(_minus(step, anchor))
        k = _plus(ops.real(distance), fraction)
        result = None
        for index, (name, form) in enumerate(_FORMS.items()):
            if any(name == used for used, _ in layouts):
                g = form.g(ops, k, divisor, power)
                result = g if result is None else ops.where(ops.equal(code, index), g, result)
        return _plus(height * result, base)

    def __str__(self) -> str:
        power = f" of power {self.power:.9g}" if self.shape.startswith("power") else ""
        return (
            f"{self.words[self.shape]}{power} from {self.start:.9g} to {self.end:.9g}"
            f" over {_number(self.length)} steps"
        )


def _number(value: int | Fraction) -> str:
    return str(value) if value == int(value) else f"{float(value):.9g}"


@dataclass(frozen=True)
class Geometric(_Monotone):
    """From `start` to `end`, both above 0, over `length` steps: `start (end / start)^u`."""

    start: float
    end: float
    length: int

    family: ClassVar[str] = "geometric"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    def columns(self, origin: int, ops: Operations) -> Columns:
        return origin, float(self.length), self.start, self.end / self.start

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
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
        return start * ops.power_of_ratio(ratio, ops.real(_minus(step, origin)), length)

    def __str__(self) -> str:
        return f"exponential from {self.start:.9g} to {self.end:.9g} over {self.length} steps"


@dataclass(frozen=True)
class Exponential(_Monotone):
    """`initial * factor^(s / decay_steps)`; the exponent is rounded down when `staircase`.

    The exponent's whole part and its rest are applied one by one: their sum would lose the
    digits of the rest.
    """

    initial: float
    factor: float
    decay_steps: int
    staircase: bool = False

    rates: ClassVar[tuple[str, ...]] = ("initial",)

    @property
    def family(self) -> str:
        return "staircase" if self.staircase else "exponential"

    def columns(self, origin: int, ops: Operations) -> Columns:
        return origin, self.decay_steps, float(self.decay_steps), self.initial, self.factor

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
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
            rest = ops.real(step % decay_steps)
            result = result * ops.power_of_ratio(factor, rest, real_decay_steps)
        return result

    def __str__(self) -> str:
        every = "in a step every" if self.staircase else "smoothly over"
        return (
            f"exponential from {self.initial:.9g}, times {self.factor:.9g} {every}"
            f" {self.decay_steps} steps"
        )


@dataclass(frozen=True)
class InverseTime(_Monotone):
    """`initial / (1 + decay_rate q)` with `q = s / decay_steps`, rounded down when `staircase`."""

    initial: float
    decay_rate: float
    decay_steps: int
    staircase: bool = False

    rates: ClassVar[tuple[str, ...]] = ("initial",)

    @property
    def family(self) -> str:
        return "inverse_time_staircase" if self.staircase else "inverse_time"

    def columns(self, origin: int, ops: Operations) -> Columns:
        return origin, self.decay_steps, float(self.decay_steps), self.initial, self.decay_rate

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None, None, None, rate, 0.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[InverseTime],
        origin: Any,
        decay_steps: Any,
        real_decay_steps: Any,
        initial: Any,
        decay_rate: Any,
    ) -> Any:
        step = _minus(step, origin)
        if curves[0].staircase:
            step, real_decay_steps = step // decay_steps, ops.constant(1.0)
        divisor, rest = ops.affine(
            ops.constant(1.0), decay_rate, 0.0, ops.real(step), real_decay_steps
        )
        return initial / _plus(divisor, rest)

    def __str__(self) -> str:
        every = "in a step every" if self.staircase else "smoothly over"
        return (
            f"{self.initial:.9g} / (1 + {self.decay_rate:.9g} n), n growing by 1 {every}"
            f" {self.decay_steps} steps"
        )


@dataclass(frozen=True)
class PowerLaw(_Monotone):
    """`rate * (s / reference)^power`, for steps `s` from 1 on."""

    rate: float
    reference: int
    power: float

    family: ClassVar[str] = "power_law"
    rates: ClassVar[tuple[str, ...]] = ("rate",)

    def columns(self, origin: int, ops: Operations) -> Columns:
        return origin, float(self.reference), self.rate, self.power

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None, None, rate, 0.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[PowerLaw],
        origin: Any,
        reference: Any,
        rate: Any,
        power: Any,
    ) -> Any:
        return rate * ops.ratio_power(ops.real(_minus(step, origin)), reference, power)

    def __str__(self) -> str:
        base = "s" if self.reference == 1 else f"(s / {self.reference})"
        return f"{self.rate:.9g} {base}^{self.power:.9g}, s being the steps of a curve"


@dataclass(frozen=True)
class PolynomialCycle:
    """Decays of growing length: `end + (start - end) (1 - s / D)^power`.

    `D` is the smallest multiple of `decay_steps` that is `s` or more, and not 0.
    """

    start: float
    end: float
    decay_steps: int
    power: float

    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    @property
    def family(self) -> str:
        return "rising_polynomial_cycle" if self.end > self.start else "polynomial_cycle"

    def columns(self, origin: int, ops: Operations) -> Columns:
        low, high = sorted((self.start, self.end))
        return origin, self.decay_steps, low, high - low, self.power

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[PolynomialCycle],
        origin: Any,
        decay_steps: Any,
        low: Any,
        height: Any,
        power: Any,
    ) -> Any:
        step = _minus(step, origin)
        # -(-a // b) is a / b rounded up.
        end = ops.maximum(-(-step // decay_steps), 1) * decay_steps
        length = ops.real(end)
        if curves[0].end > curves[0].start:
            return _plus(height * _mirrored_root(ops, ops.real(step), length, power), low)
        return _plus(height * ops.ratio_power(ops.real(end - step), length, power), low)

    def extremes(self, first: int, last: int) -> list[int]:
        ends = {c * self.decay_steps for c in _ends_of_cycles(first, last, self.decay_steps)}
        return _within(first, last, ends | {end + 1 for end in ends})

    def __str__(self) -> str:
        return (
            f"a power curve of power {self.power:.9g} from {self.start:.9g} to {self.end:.9g},"
            f" at every {self.decay_steps} steps, restarting stretched"
        )


@dataclass(frozen=True)
class CosineCycle:
    """Half cosines of `period` steps from `low + height * factor^i` to `low`, i = 0, 1, ..."""

    height: float
    low: float
    period: int
    factor: float = 1.0

    family: ClassVar[str] = "cosine_cycle"
    rates: ClassVar[tuple[str, ...]] = ("height", "low")

    def columns(self, origin: int, ops: Operations) -> Columns:
        return origin, self.period, self.period * 2 / math.pi, self.height, self.low, self.factor

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None, None, None, 0.0, rate, 1.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[CosineCycle],
        origin: Any,
        period: Any,
        divisor: Any,
        height: Any,
        low: Any,
        factor: Any,
    ) -> Any:
        step = _minus(step, origin)
        wave = ops.square(ops.sin(ops.real(period - step % period) / divisor))
        if any(curve.factor != 1 for curve in curves):
            height = height * ops.power(factor, ops.real(step // period))
        return _plus(height * wave, low)

    def extremes(self, first: int, last: int) -> list[int]:
        tops = {c * self.period for c in _ends_of_cycles(first, last, self.period)}
        return _within(first, last, tops | {top - 1 for top in tops})

    def __str__(self) -> str:
        factor = "" if self.factor == 1 else f", each {self.factor:.9g} times as high as the last"
        return (
            f"half cosines from {self.low + self.height:.9g} to {self.low:.9g} over"
            f" {self.period} steps, again and again{factor}"
        )


@dataclass(frozen=True)
class Cycle:
    """Triangles between `base` and `peak`, up in `up` steps and down in `down`, again and again.

    The height is multiplied by `cycle_factor` after each cycle and by `step_factor` at each step.
    """

    base: float
    peak: float
    up: int
    down: int
    cycle_factor: float = 1.0
    step_factor: float = 1.0

    rates: ClassVar[tuple[str, ...]] = ("base", "peak")

    @property
    def family(self) -> str:
        return "rising_cycle" if self.peak >= self.base else "falling_cycle"

    def columns(self, origin: int, ops: Operations) -> Columns:
        return (
            origin,
            self.up,
            self.down,
            self.base,
            self.peak,
            self.cycle_factor,
            self.step_factor,
        )

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None, None, None, rate, rate, 1.0, 1.0

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Cycle],
        origin: Any,
        up: Any,
        down: Any,
        base: Any,
        peak: Any,
        cycle_factor: Any,
        step_factor: Any,
    ) -> Any:
        step = _minus(step, origin)
        period = up + down
        cycle, s = step // period, step % period
        rises = s <= up
        rising, falling = ops.real(s) / ops.real(up), ops.real(period - s) / ops.real(down)
        factor = ops.constant(1.0)
        if any(curve.cycle_factor != 1 for curve in curves):
            factor = ops.power(cycle_factor, ops.real(cycle))
        if any(curve.step_factor != 1 for curve in curves):
            factor = factor * ops.power(step_factor, ops.real(step))
        share = ops.where(rises, rising, falling) * factor
        if curves[0].peak >= curves[0].base:
            return base + (peak - base) * share
        # Towards a peak that is lower nothing may cancel: 1 - share has a sum of its own.
        rest = ops.where(rises, ops.real(up - s) / ops.real(up), ops.real(s - up) / ops.real(down))
        lost = 1.0 - factor
        if any(curve.step_factor != 1 for curve in curves):
            lost = ops.where(
                factor < 0.5,  # noqa: PLR2004 - where the difference loses nothing
                lost,
                -ops.expm1(ops.real(step) * ops.log(step_factor)),
            )
        return base * (rest + ops.where(rises, rising, falling) * lost) + peak * share

    def extremes(self, first: int, last: int) -> list[int]:
        period = self.up + self.down
        turns = {0, self.up}
        if self.step_factor != 1:
            # What shrinks is highest on its way up, what grows on its way down.
            lead = round(1 / math.log(self.step_factor))
            high = min(-lead, self.up) if lead < 0 else max(period - lead, self.up)
            turns |= {high - 1, high, high + 1}
        cycles = _ends_of_cycles(first, last, period)
        return _within(first, last, {c * period + turn for c in cycles for turn in turns})

    def __str__(self) -> str:
        shrinks = "".join(
            f", its height times {factor:.9g} at each {unit}"
            for factor, unit in ((self.cycle_factor, "cycle"), (self.step_factor, "step"))
            if factor != 1
        )
        return (
            f"a triangle from {self.base:.9g} to {self.peak:.9g} in {self.up} steps and back in"
            f" {self.down}, again and again{shrinks}"
        )


@dataclass(frozen=True)
class Sigmoid(_Monotone):
    """`end + (start - end) / 2 * (1 - tanh(lower (1 - u) + upper u))`, `u = s / length`.

    Computed as `low + height / (1 + exp(y))` with `y` measured so that it is exact where the
    rate is low.
    """

    start: float
    end: float
    length: int
    lower: float
    upper: float

    family: ClassVar[str] = "sigmoid"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    def columns(self, origin: int, ops: Operations) -> Columns:
        low, high = sorted((self.start, self.end))
        sign = 2 if self.start >= self.end else -2
        slope = sign * (Fraction(self.lower) - Fraction(self.upper))
        return (
            *_split(Fraction(origin + self.length)),
            float(self.length),
            low,
            high - low,
            sign * self.upper,
            float(slope),
            float(slope - Fraction(float(slope))),
        )

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return None, 0.0, None, rate, 0.0, None, None, None

    @staticmethod
    def formula(
        ops: Operations,
        step: Any,
        curves: Sequence[Sigmoid],
        anchor: Any,
        fraction: Any,
        length: Any,
        low: Any,
        height: Any,
        upper: Any,
        slope: Any,
        slope_rest: Any,
    ) -> Any:
        rest = _plus(ops.real(anchor - step), fraction)
        y, lost = ops.affine(upper, slope, slope_rest, rest, length)
        # Beyond this the rate is `low`, and infinity times nothing would be no number.
        power = ops.exp(ops.minimum(y, ops.constant(700.0)))
        return _plus(height / (1.0 + _plus(power, power * lost)), low)

    def __str__(self) -> str:
        return (
            f"a hyperbolic tangent from {self.start:.9g} to {self.end:.9g} over {self.length} steps"
        )


def _ends_of_cycles(first: int, last: int, period: int) -> set[int]:
    """The first cycles from a step on and the last ones to another, by their numbers."""
    begin, end = first // period, last // period
    return {begin, begin + 1, begin + 2, end - 1, end}


def _within(first: int, last: int, steps: set[int]) -> list[int]:
    return sorted({first, last, *(step for step in steps if first <= step <= last)})


CURVES: dict[str, Any] = {
    "constant": Constant,
    "interpolation": Interpolation,
    "geometric": Geometric,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "power_law": PowerLaw,
    "polynomial_cycle": PolynomialCycle,
    "cosine_cycle": CosineCycle,
    "cycle": Cycle,
    "sigmoid": Sigmoid,
}
"""The curves by the names that they have in JSON."""
