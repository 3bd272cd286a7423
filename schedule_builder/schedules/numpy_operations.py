"""The formulas on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.evaluation import Stretches, evaluate


def _two_product(first: Any, second: Any) -> tuple[Any, Any]:
    """A product, and exactly what its rounding left out (Dekker 1971)."""

    def split(value: Any) -> tuple[Any, Any]:
        scaled = 134217729.0 * value  # 2^27 + 1
        high = scaled - (scaled - value)
        return high, value - high

    product = first * second
    (a, b), (c, d) = split(np.asarray(first)), split(np.asarray(second))
    return product, ((a * c - product) + a * d + b * c) + b * d


def _divide(numerator: Any, denominator: Any) -> tuple[Any, Any]:
    """A quotient, and what its rounding left out."""
    quotient = numerator / denominator
    product, rest = _two_product(quotient, denominator)
    return quotient, ((numerator - product) - rest) / denominator


def _corrected(result: Any, share: Any) -> Any:
    """A result with a small share of itself added, where both are numbers."""
    return np.where(np.isfinite(share) & np.isfinite(result), result * (1 + share), result)


class _NumPy:
    square = staticmethod(np.square)
    direct_ratio = 4.0
    equal = staticmethod(np.equal)
    maximum = staticmethod(np.maximum)
    power = staticmethod(np.power)
    minimum = staticmethod(np.minimum)
    sin = staticmethod(np.sin)
    sqrt = staticmethod(np.sqrt)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    expm1 = staticmethod(np.expm1)

    @staticmethod
    def constant(value: float) -> float:
        return value

    @staticmethod
    def ratio_power(numerator: Any, denominator: Any, exponent: Any) -> Any:
        quotient, rest = _divide(numerator, denominator)
        result = np.power(quotient, exponent)
        return _corrected(result, exponent * (rest / quotient))

    @staticmethod
    def power_of_ratio(base: Any, numerator: Any, denominator: Any) -> Any:
        quotient, rest = _divide(numerator, denominator)
        return _corrected(np.power(base, quotient), rest * np.log(base))

    @classmethod
    def power_of_steps(cls, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        # One by one: the sum of the whole part and the rest would lose digits of the rest.
        whole, rest = np.divmod(step, steps)
        return np.power(base, cls.real(whole)) * cls.power_of_ratio(
            base, cls.real(rest), real_steps
        )

    @staticmethod
    def affine(start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> tuple[Any, Any]:
        quotient, quotient_rest = _divide(k, n)
        product, rest = _two_product(slope, quotient)
        total = start + product
        shared = total - start
        lost = (start - (total - shared)) + (product - shared)
        lost = lost + rest + slope * quotient_rest + slope_rest * quotient
        return total, np.where(np.isfinite(lost), lost, 0.0)

    @staticmethod
    def where(condition: Any, first: Any, second: Any) -> Any:
        return np.where(condition, first, second)

    @staticmethod
    def real(steps: Any) -> Any:
        return np.asarray(steps, np.float64)

    @staticmethod
    def index(begins: Sequence[int], step: Any) -> Any:
        return np.searchsorted(np.asarray(begins, np.int64), step, side="right")

    @staticmethod
    def take(columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        return [np.asarray(column)[index] for column in columns]


def evaluate_array(schedule: Stretches, step: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The rates at an array of integer steps, in float64 and of the same shape.

    Raises:
        TypeError: the steps are not integers.
    """
    steps = np.asarray(step)
    if not np.issubdtype(steps.dtype, np.integer):
        message = f"steps are whole numbers. Received: dtype {steps.dtype}"
        raise TypeError(message)
    steps = np.clip(steps, 0, MAX_STEP if steps.dtype == np.uint64 else None).astype(np.int64)
    # Every formula runs on every step; what does not apply may overflow unseen.
    with np.errstate(all="ignore"):
        rates = evaluate(schedule, steps, _NumPy())
    return np.broadcast_to(np.asarray(rates, np.float64), steps.shape).copy()
