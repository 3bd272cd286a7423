"""The formulas as Python source: the rate at one step, at about the cost of writing it by hand.

A formula is run once, on terms that record the operations as source. The source is compiled once
for each shape of schedule. Numbers are arguments, so that schedules that differ only in numbers
share their code.
"""

from __future__ import annotations

__lazy_modules__: list[str] = ["fractions"]  # 3 ms, which Python 3.15 puts off until it is used

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.operations import is_harmless

if TYPE_CHECKING:
    from schedule_builder.schedules.evaluation import Stretch, Stretches

Rate = Callable[[int], float]
"""From any integer step to the rate there, in float64. Negative steps mean 0."""


class _Term:
    """A value that a formula computes from the step: a line of source with a name."""

    __slots__ = ("_formula", "name")

    def __init__(self, formula: _Python, name: str) -> None:
        self._formula = formula
        self.name = name

    def __neg__(self) -> _Term:
        return self._formula.line("-{}", self)

    def __add__(self, other: Any) -> _Term:
        return self._formula.line("{} + {}", self, other)

    def __radd__(self, other: Any) -> _Term:
        return self._formula.line("{} + {}", other, self)

    def __sub__(self, other: Any) -> _Term:
        return self._formula.line("{} - {}", self, other)

    def __rsub__(self, other: Any) -> _Term:
        return self._formula.line("{} - {}", other, self)

    def __mul__(self, other: Any) -> _Term:
        return self._formula.line("{} * {}", self, other)

    def __rmul__(self, other: Any) -> _Term:
        return self._formula.line("{} * {}", other, self)

    def __truediv__(self, other: Any) -> _Term:
        return self._formula.line("{} / {}", self, other)

    def __rtruediv__(self, other: Any) -> _Term:
        return self._formula.line("{} / {}", other, self)

    def __floordiv__(self, other: Any) -> _Term:
        return self._formula.line("{} // {}", self, other)

    def __mod__(self, other: Any) -> _Term:
        return self._formula.line("{} % {}", self, other)

    def __lt__(self, other: Any) -> _Term:
        return self._formula.line("{} < {}", self, other)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        return math.inf


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _log1p(value: float) -> float:
    return math.log1p(value) if value > -1 else -math.inf


def _divide(numerator: float, denominator: float) -> tuple[float, float]:
    """A quotient, and what its rounding left out."""
    quotient = numerator / denominator
    (a, b), (c, d) = numerator.as_integer_ratio(), denominator.as_integer_ratio()
    p, q = quotient.as_integer_ratio()
    return quotient, (a * d * q - p * b * c) / (b * c * q)


def _ratio_power(numerator: float, denominator: float, exponent: float) -> float:
    quotient, rest = _divide(numerator, denominator)
    result = _power(quotient, exponent)
    return result * (1 + exponent * (rest / quotient)) if quotient > 0 else result


def _power_of_ratio(base: float, numerator: float, denominator: float) -> float:
    quotient, rest = _divide(numerator, denominator)
    return _power(base, quotient) * (1 + rest * _log(base))


def _affine(start: int, slope: int, divisor: int, k: int) -> float:
    """`(start + slope * k) / divisor`, rounded once."""
    return (start + slope * k) / divisor


def _exp_affine(start: int, slope: int, divisor: int, k: float) -> float:
    """The exponential of the same, as far as 700."""
    exact = k if isinstance(k, int) else Fraction(k)
    whole, rest = divmod(start + slope * exact, divisor)
    if not -_LEAST_EXPONENT <= whole < _LARGEST_EXPONENT:
        return math.exp(_LARGEST_EXPONENT) if whole > 0 else 0.0
    return math.exp(whole) * math.exp(rest / divisor)


_LARGE = 1e280
"""A float below this does not overflow when it is multiplied by a step."""
_LARGEST_EXPONENT = 700
_LEAST_EXPONENT = 800


def _over_common_divisor(*numbers: Fraction) -> tuple[int, ...]:
    divisor = math.lcm(*(number.denominator for number in numbers))
    return (*(int(number * divisor) for number in numbers), divisor)


_NAMES: dict[str, Any] = {
    "affine": _affine,
    "exp": _exp,
    "exp_affine": _exp_affine,
    "expm1": math.expm1,
    "log": _log,
    "log1p": _log1p,
    "power": _power,
    "power_of_ratio": _power_of_ratio,
    "ratio_power": _ratio_power,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "__builtins__": {},
}
"""The functions that a compiled formula can call; besides, it has only numbers and operators."""


class _Python:
    """The number system whose numbers are lines of Python.

    Attributes:
        lines: the lines that compute them.
        values: the numbers and functions that they name: `c0`, `c1`, ...
    """

    direct_ratio: float = 4.0

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.values: list[Any] = []
        self.step = _Term(self, "step")

    def name(self, value: Any) -> str:
        """The name of a term, or of a number known beforehand, in the source."""
        if isinstance(value, _Term):
            return value.name
        self.values.append(value)
        return f"c{len(self.values) - 1}"

    def line(self, template: str, *operands: Any) -> _Term:
        """The result of a line of source."""
        term = _Term(self, f"v{len(self.lines)}")
        self.lines.append(f"{term.name} = {template.format(*map(self.name, operands))}")
        return term

    def _call(self, name: str, *arguments: Any) -> Any:
        if not any(isinstance(argument, _Term) for argument in arguments):
            return _NAMES[name](*arguments)
        return self.line(f"{name}({', '.join('{}' for _ in arguments)})", *arguments)

    def constant(self, value: float) -> Any:
        return value

    def real(self, steps: Any) -> Any:
        # Python rounds an integer when it is combined with a float, or divides it exactly.
        return steps if isinstance(steps, _Term) else float(steps)

    def rates(self, schedule: Stretches, step: Any) -> Any:
        return self.line("{}({})", schedule.rate_at, step)

    def remainder(self, steps: Any, period: Any) -> Any:
        return steps % period

    def equal(self, first: Any, second: int) -> Any:
        return self.line("{} == {}", first, second)

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        return self.line("{1} if {0} else {2}", condition, first, second)

    def maximum(self, first: Any, second: Any) -> Any:
        return self._larger(first, second, ">")

    def minimum(self, first: Any, second: Any) -> Any:
        return self._larger(first, second, "<")

    def _larger(self, first: Any, second: Any, order: str) -> Any:
        return self.line(f"{{1}} if {{1}} {order} {{0}} else {{0}}", first, second)

    def share(self, height: Any, k: Any, n: Any) -> Any:
        return height * (k / n)

    def power(self, base: Any, exponent: Any) -> Any:
        if not isinstance(base, _Term) and 0 < base <= 1:  # cannot overflow
            return self.line("{} ** {}", base, exponent)
        return self._call("power", base, exponent)

    def ratio_power(self, numerator: Any, denominator: Any, exponent: Any) -> Any:
        if is_harmless(exponent):
            return self.power(numerator / denominator, exponent)
        return self._call("ratio_power", numerator, denominator, exponent)

    def share_of_power(self, height: Any, k: Any, n: Any, exponent: Any) -> Any:
        return height * self.ratio_power(k, n, exponent)

    def squared_sine(self, k: Any, n: Any) -> Any:
        sine = self._call("sin", k / n)
        return sine * sine

    def power_of_ratio(self, base: Any, numerator: Any, denominator: Any) -> Any:
        if is_harmless(_log(base)):
            return self.power(base, numerator / denominator)
        return self._call("power_of_ratio", base, numerator, denominator)

    def power_of_steps(self, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        # One by one: the sum of the whole part and the rest would lose digits of the rest.
        return self.power(base, step // steps) * self.power_of_ratio(base, step % steps, steps)

    def affine(self, start: Any, slope: Any, k: Any, n: Any) -> Any:
        if start >= 0 and 0 <= slope < _LARGE:  # and nothing cancels
            return start + slope * (k / n)
        numbers = _over_common_divisor(Fraction(start), Fraction(slope) / Fraction(n))
        return self._call("affine", *numbers, k)

    def inverse_affine(self, height: Any, slope: Any, k: Any, n: Any) -> Any:
        return height / self.affine(1.0, slope, k, n)

    def exp_affine(self, start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> Any:
        exact_slope = (Fraction(slope) + Fraction(slope_rest)) / Fraction(n)
        return self._call("exp_affine", *_over_common_divisor(Fraction(start), exact_slope), k)

    def sqrt(self, value: Any) -> Any:
        return self._call("sqrt", value)

    def exp(self, value: Any) -> Any:
        return self._call("exp", value)

    def expm1(self, value: Any) -> Any:
        return self._call("expm1", value)

    def log(self, value: Any) -> Any:
        return self._call("log", value)

    def log1p(self, value: Any) -> Any:
        return self._call("log1p", value)


def _add_segment(formula: _Python, segment: Stretch) -> None:
    """Adds the lines that compute a segment's rate from a step of it, and return it."""
    curve = segment.curve
    if curve.is_constant:
        rate: Any = constant_rate(segment)
    else:
        rate = curve.formula(formula, formula.step, [curve], curve.columns(segment.origin, formula))
        if segment.floor > 0:
            rate = formula.maximum(rate, segment.floor)
    formula.lines.append(f"return {formula.name(rate if isinstance(rate, _Term) else float(rate))}")


def constant_rate(segment: Stretch) -> float:
    """The rate of a segment whose curve is constant."""
    curve: Any = segment.curve
    return float(max(curve.rate, segment.floor) if segment.floor > 0 else curve.rate)


@cache
def _maker(source: str) -> Callable[..., Rate]:
    """Compiles a body to a function of the numbers that the body names, which makes the rate."""
    made: dict[str, Any] = {}
    exec(source, _NAMES, made)  # noqa: S102 - the source is made of the templates above alone
    return made["make"]  # type: ignore[no-any-return] # of what `exec` leaves


def _function(formula: _Python) -> Rate:
    arguments = ", ".join(f"c{i}" for i in range(len(formula.values)))
    lines = [f"def make({arguments}):", "    def rate(step):"]
    lines += [f"        {line}" for line in formula.lines]
    return _maker("\n".join([*lines, "    return rate"]))(*formula.values)


def segment_rate(segment: Stretch) -> Rate:
    """The rate of a segment at steps from 0 to the largest, also outside of the segment."""
    formula = _Python()
    _add_segment(formula, segment)
    return _function(formula)


_FEW_SEGMENTS = 8
"""Up to this number of segments, a search one by one is faster than a bisection."""


def scalar_rate(schedule: Stretches) -> Rate:
    """The rate of a schedule at any integer step, in Python's own float64."""
    segments = schedule.segments
    return _of_few(segments) if len(segments) <= _FEW_SEGMENTS else _of_many(schedule)


def _of_few(segments: Sequence[Stretch]) -> Rate:
    formula = _Python()
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        begin = len(formula.lines)
        if segment.begin == 0 and not segment.curve.is_constant:
            formula.lines.append("if step < 0: step = 0")
        if following is None and not segment.curve.is_constant:
            formula.lines.append(f"if step > {MAX_STEP}: step = {MAX_STEP}")
        _add_segment(formula, segment)
        if following is not None:
            block = [f"    {line}" for line in formula.lines[begin:]]
            formula.lines[begin:] = [f"if step < {formula.name(following.begin)}:", *block]
    return _function(formula)


def _of_many(schedule: Stretches) -> Rate:
    segments, later = schedule.segments, schedule.begins[1:]
    # A segment that is not constant gets its function when a step is in it for the first time.
    constants = [constant_rate(s) if s.curve.is_constant else None for s in segments]
    functions: dict[int, Rate] = {}

    def rate(step: int) -> float:
        index = bisect_right(later, step)
        constant = constants[index]
        if constant is not None:
            return constant
        function = functions.get(index)
        if function is None:
            function = functions[index] = segment_rate(segments[index])
        return function(min(max(step, 0), MAX_STEP))

    return rate
