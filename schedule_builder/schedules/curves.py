"""The curves that rates follow: the only formulas in the project.

A table of operations makes them run on Python floats, NumPy, TensorFlow or whatever else
computes. They subtract steps as integers before they convert to floats, and measure from the end
at which the rate is low, so that a rate keeps its relative precision to the last step of a decay,
where `1 + cos` has long returned 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

from schedule_builder.schedules.operations import Operations, is_zero

MAX_STEP = 2**63 - 1
"""The largest step."""


def _plus(value: Any, other: Any) -> Any:
    return value if is_zero(other) else value + other


def _minus(value: Any, other: Any) -> Any:
    return value if is_zero(other) else value - other


Columns: TypeAlias = "tuple[Any, ...]"
"""A curve's numbers, named as its family's formula knows them; None where any number will do."""

_MAX_TURNS = 256
"""Of a curve that repeats itself, so many cycles are looked at."""


class Curve(Protocol):
    """What a rate does from its own step 0 on. Curves of one family share a formula."""

    name: ClassVar[str]
    """The name that it has in JSON."""

    @property
    def family(self) -> str:
        """The curves that one computation evaluates."""

    @property
    def is_constant(self) -> bool:
        """Whether the rate is the same at every step."""

    @property
    def repeats(self) -> bool:
        """Whether the rate comes back, again and again."""

    def columns(self, origin: int, ops: Operations) -> Columns:
        """The formula's numbers for this curve, its step 0 at a global step."""

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        """The numbers with which the formula of some curves gives one rate at whatever step.

        None where it cannot.
        """

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Any], columns: Any, /) -> Any:
        """The rates at global steps, of the family's `curves` that each step's numbers are of."""

    def extremes(self, first: int, last: int) -> list[int]:
        """Own steps from `first` to `last` at which the rate can be highest or lowest."""

    def turns(self, first: int, last: int) -> Iterator[int]:
        """Own steps, from about `first` to `last`, at which a cycle begins or turns, in order.

        Of many cycles, the first hundreds.
        """

    @property
    def first_turn(self) -> int | None:
        """The first own step after 0 at which a cycle begins or turns; None where none does."""

    def meaning(self, origin: int) -> Any:
        """What equals that of any curve with the same rates, its step 0 at a global step."""

    def scaled(self, factor: float) -> Curve:
        """The curve with all its rates multiplied."""

    def under(self, *path: str | int) -> Curve:
        """The curve, with the fields that it names inside of another one."""


_C = TypeVar("_C", bound="BaseCurve")


@dataclass(frozen=True)
class BaseCurve:
    """What most curves are: smooth, without an end, and told by their own numbers."""

    rates: ClassVar[tuple[str, ...]] = ()
    """The fields that a factor for all rates multiplies."""
    is_constant: ClassVar[bool] = False
    repeats: ClassVar[bool] = False

    def extremes(self, first: int, last: int) -> list[int]:
        return [first, last]

    def turns(self, first: int, last: int) -> Iterator[int]:
        return iter(())

    @property
    def first_turn(self) -> int | None:
        return next((turn for turn in self.turns(1, MAX_STEP) if turn > 0), None)

    def meaning(self, origin: int) -> Any:
        return self, origin

    def scaled(self: _C, factor: float) -> _C:
        return replace(self, **{name: getattr(self, name) * factor for name in self.rates})

    def under(self: _C, *path: str | int) -> _C:
        return self


def _periods(period: int, first: int, last: int, turns: Sequence[int] = (0,)) -> Iterator[int]:
    """The turns of cycles, each counted from its cycle's beginning, from a step to another."""
    start = first - first % period
    begins = range(start, min(last, start + period * _MAX_TURNS) + 1, period)
    return (begin + turn for begin in begins for turn in turns)


class _ConstantColumns(NamedTuple):
    rate: Any


@dataclass(frozen=True)
class Constant(BaseCurve):
    """The same rate at every step."""

    rate: float

    family: ClassVar[str] = "constant"
    name: ClassVar[str] = "constant"
    is_constant: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("rate",)

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


class _InterpolationColumns(NamedTuple):
    anchor: Any
    fraction: Any
    divisor: Any
    base: Any
    height: Any
    code: Any
    power: Any


@dataclass(frozen=True)
class Interpolation(BaseCurve):
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
    name: ClassVar[str] = "interpolation"
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

    def columns(self, origin: int, ops: Operations) -> _InterpolationColumns:
        form, from_start = self.layout(ops)
        anchor = Fraction(origin) + self.delay + (0 if from_start else self.length)
        whole, rest = _split(anchor)
        fraction = -rest if from_start else rest
        base, other = (self.start, self.end) if from_start else (self.end, self.start)
        return _InterpolationColumns(
            anchor=whole,
            fraction=fraction,
            divisor=float(self.length) * _FORMS[form].scale,
            base=base,
            height=other - base,
            code=list(_FORMS).index(form),
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
        is_finite = all(curve.layout(ops)[0] in ("line", "sine") for curve in curves)
        if not is_finite:
            return None
        return _InterpolationColumns(None, 0.0, None, base=rate, height=0.0, code=None, power=None)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Interpolation], c: _InterpolationColumns
    ) -> Any:
        layouts = [curve.layout(ops) for curve in curves]
        from_start = {starts for _, starts in layouts}
        if from_start == {True}:
            distance = _minus(step, c.anchor)
        elif from_start == {False}:
            distance = c.anchor - step
        else:
            distance = abs(_minus(step, c.anchor))
        k = _plus(ops.real(distance), c.fraction)
        result = None
        for index, (name, form) in enumerate(_FORMS.items()):
            if any(name == used for used, _ in layouts):
                g = form.g(ops, k, c.divisor, c.power)
                result = g if result is None else ops.where(ops.equal(c.code, index), g, result)
        return _plus(c.height * result, c.base)

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


@dataclass(frozen=True)
class Geometric(BaseCurve):
    """From `start` to `end`, both above 0, over `length` steps: `start (end / start)^u`."""

    start: float
    end: float
    length: int

    family: ClassVar[str] = "geometric"
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
        return c.start * ops.power_of_ratio(c.ratio, ops.real(_minus(step, c.origin)), c.length)

    def __str__(self) -> str:
        return f"exponential from {self.start:.9g} to {self.end:.9g} over {self.length} steps"


class _ExponentialColumns(NamedTuple):
    origin: Any
    decay_steps: Any
    real_decay_steps: Any
    initial: Any
    factor: Any


@dataclass(frozen=True)
class Exponential(BaseCurve):
    """`initial * factor^(s / decay_steps)`; the exponent is rounded down when `staircase`.

    The exponent's whole part and its rest are applied one by one: their sum would lose the
    digits of the rest.
    """

    initial: float
    factor: float
    decay_steps: int
    staircase: bool = False

    name: ClassVar[str] = "exponential"
    rates: ClassVar[tuple[str, ...]] = ("initial",)

    @property
    def family(self) -> str:
        return "staircase" if self.staircase else "exponential"

    def columns(self, origin: int, ops: Operations) -> _ExponentialColumns:
        steps = self.decay_steps
        return _ExponentialColumns(origin, steps, float(steps), self.initial, self.factor)

    def turns(self, first: int, last: int) -> Iterator[int]:
        return _periods(self.decay_steps, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _ExponentialColumns(None, None, None, initial=rate, factor=1.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[Exponential], c: _ExponentialColumns
    ) -> Any:
        step = _minus(step, c.origin)
        result = c.initial * ops.power(c.factor, ops.real(step // c.decay_steps))
        if not curves[0].staircase:
            rest = ops.real(step % c.decay_steps)
            result = result * ops.power_of_ratio(c.factor, rest, c.real_decay_steps)
        return result

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


@dataclass(frozen=True)
class InverseTime(BaseCurve):
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

    def columns(self, origin: int, ops: Operations) -> _InverseTimeColumns:
        steps = self.decay_steps
        return _InverseTimeColumns(origin, steps, float(steps), self.initial, self.decay_rate)

    def turns(self, first: int, last: int) -> Iterator[int]:
        return _periods(self.decay_steps, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _InverseTimeColumns(None, None, None, initial=rate, decay_rate=0.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[InverseTime], c: _InverseTimeColumns
    ) -> Any:
        step = _minus(step, c.origin)
        length = c.real_decay_steps
        if curves[0].staircase:
            step, length = step // c.decay_steps, ops.constant(1.0)
        divisor, rest = ops.affine(ops.constant(1.0), c.decay_rate, 0.0, ops.real(step), length)
        return c.initial / _plus(divisor, rest)

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


@dataclass(frozen=True)
class PowerLaw(BaseCurve):
    """`rate * (s / reference)^power`, for steps `s` from 1 on."""

    rate: float
    reference: int
    power: float

    family: ClassVar[str] = "power_law"
    name: ClassVar[str] = "power_law"
    rates: ClassVar[tuple[str, ...]] = ("rate",)

    def columns(self, origin: int, ops: Operations) -> _PowerLawColumns:
        return _PowerLawColumns(origin, float(self.reference), self.rate, self.power)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _PowerLawColumns(None, None, rate, power=0.0)

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[PowerLaw], c: _PowerLawColumns) -> Any:
        return c.rate * ops.ratio_power(ops.real(_minus(step, c.origin)), c.reference, c.power)

    def __str__(self) -> str:
        base = "s" if self.reference == 1 else f"(s / {self.reference})"
        return f"{self.rate:.9g} {base}^{self.power:.9g}, s being the steps of a curve"


class _PolynomialCycleColumns(NamedTuple):
    origin: Any
    decay_steps: Any
    low: Any
    height: Any
    power: Any


@dataclass(frozen=True)
class PolynomialCycle(BaseCurve):
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
        return _periods(self.decay_steps, first, last)

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
        step = _minus(step, c.origin)
        # -(-a // b) is a / b rounded up.
        end = ops.maximum(-(-step // c.decay_steps), 1) * c.decay_steps
        length = ops.real(end)
        if curves[0].end > curves[0].start:
            return _plus(
                c.height * _mirrored_root(ops, ops.real(step), length, c.power),
                c.low,
            )
        return _plus(
            c.height * ops.ratio_power(ops.real(end - step), length, c.power),
            c.low,
        )

    def extremes(self, first: int, last: int) -> list[int]:
        ends = {c * self.decay_steps for c in _ends_of_cycles(first, last, self.decay_steps)}
        return _within(first, last, ends | {end + 1 for end in ends})

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


@dataclass(frozen=True)
class CosineCycle(BaseCurve):
    """Half cosines of `period` steps from `low + height * factor^i` to `low`, i = 0, 1, ..."""

    height: float
    low: float
    period: int
    factor: float = 1.0

    family: ClassVar[str] = "cosine_cycle"
    name: ClassVar[str] = "cosine_cycle"
    repeats: ClassVar[bool] = True
    rates: ClassVar[tuple[str, ...]] = ("height", "low")

    def columns(self, origin: int, ops: Operations) -> _CosineCycleColumns:
        return _CosineCycleColumns(
            origin, self.period, self.period * 2 / math.pi, self.height, self.low, self.factor
        )

    def turns(self, first: int, last: int) -> Iterator[int]:
        return _periods(self.period, first, last)

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _CosineCycleColumns(None, None, None, height=0.0, low=rate, factor=1.0)

    @staticmethod
    def formula(
        ops: Operations, step: Any, curves: Sequence[CosineCycle], c: _CosineCycleColumns
    ) -> Any:
        step = _minus(step, c.origin)
        wave = ops.square(ops.sin(ops.real(c.period - step % c.period) / c.divisor))
        height = c.height
        if any(curve.factor != 1 for curve in curves):
            height = height * ops.power(c.factor, ops.real(step // c.period))
        return _plus(height * wave, c.low)

    def extremes(self, first: int, last: int) -> list[int]:
        tops = {c * self.period for c in _ends_of_cycles(first, last, self.period)}
        return _within(first, last, tops | {top - 1 for top in tops})

    def __str__(self) -> str:
        factor = "" if self.factor == 1 else f", each {self.factor:.9g} times as high as the last"
        return (
            f"half cosines from {self.low + self.height:.9g} to {self.low:.9g} over"
            f" {self.period} steps, again and again{factor}"
        )


class _CycleColumns(NamedTuple):
    origin: Any
    up: Any
    down: Any
    base: Any
    peak: Any
    cycle_factor: Any
    step_factor: Any


@dataclass(frozen=True)
class Cycle(BaseCurve):
    """Triangles between `base` and `peak`, up in `up` steps and down in `down`, again and again.

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
        return _periods(self.up + self.down, first, last, (0, self.up))

    @staticmethod
    def constant_columns(curves: Sequence[Any], rate: float, ops: Operations) -> Columns | None:
        return _CycleColumns(
            None, None, None, base=rate, peak=rate, cycle_factor=1.0, step_factor=1.0
        )

    @staticmethod
    def formula(ops: Operations, step: Any, curves: Sequence[Cycle], c: _CycleColumns) -> Any:
        step = _minus(step, c.origin)
        period = c.up + c.down
        cycle, s = step // period, step % period
        rises = s <= c.up
        rising, falling = (
            ops.real(s) / ops.real(c.up),
            ops.real(period - s) / ops.real(c.down),
        )
        factor = ops.constant(1.0)
        if any(curve.cycle_factor != 1 for curve in curves):
            factor = ops.power(c.cycle_factor, ops.real(cycle))
        if any(curve.step_factor != 1 for curve in curves):
            factor = factor * ops.power(c.step_factor, ops.real(step))
        share = ops.where(rises, rising, falling) * factor
        if curves[0].peak >= curves[0].base:
            return c.base + (c.peak - c.base) * share
        # Towards a peak that is lower nothing may cancel: 1 - share has a sum of its own.
        rest = ops.where(
            rises,
            ops.real(c.up - s) / ops.real(c.up),
            ops.real(s - c.up) / ops.real(c.down),
        )
        lost = 1.0 - factor
        if any(curve.step_factor != 1 for curve in curves):
            lost = ops.where(
                factor < 0.5,  # noqa: PLR2004 - where the difference loses nothing
                lost,
                -ops.expm1(ops.real(step) * ops.log(c.step_factor)),
            )
        return c.base * (rest + ops.where(rises, rising, falling) * lost) + c.peak * share

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


class _SigmoidColumns(NamedTuple):
    anchor: Any
    fraction: Any
    length: Any
    low: Any
    height: Any
    upper: Any
    slope: Any
    slope_rest: Any


@dataclass(frozen=True)
class Sigmoid(BaseCurve):
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
    name: ClassVar[str] = "sigmoid"
    rates: ClassVar[tuple[str, ...]] = ("start", "end")

    def columns(self, origin: int, ops: Operations) -> _SigmoidColumns:
        low, high = sorted((self.start, self.end))
        sign = 2 if self.start >= self.end else -2
        slope = sign * (Fraction(self.lower) - Fraction(self.upper))
        anchor, fraction = _split(Fraction(origin + self.length))
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
        rest = _plus(ops.real(c.anchor - step), c.fraction)
        y, lost = ops.affine(c.upper, c.slope, c.slope_rest, rest, c.length)
        # Beyond this the rate is `low`, and infinity times nothing would be no number.
        power = ops.exp(ops.minimum(y, ops.constant(700.0)))
        return _plus(c.height / (1.0 + _plus(power, power * lost)), c.low)

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
    curve.name: curve
    for curve in (
        Constant,
        Interpolation,
        Geometric,
        Exponential,
        InverseTime,
        PowerLaw,
        PolynomialCycle,
        CosineCycle,
        Cycle,
        Sigmoid,
    )
}
"""The curves by the names that they have in JSON."""
