"""Operations that are the same for TensorFlow, JAX and PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from schedule_builder.schedules.evaluation import Stretches, evaluate
from schedule_builder.schedules.operations import inverse_affine


class TensorOperations:
    """Formulas on tensors in float64, whose result is rounded to float32.

    Their rounding errors in float64 are too small to change the result in float32.
    """

    direct_ratio: float = 2.0**24
    constant: Callable[[float], Any]
    exp: Callable[[Any], Any]
    sin: Callable[[Any], Any]
    square: Callable[[Any], Any]
    log_of_tensor: Callable[[Any], Any]
    maximum: Callable[[Any, Any], Any]
    minimum: Callable[[Any, Any], Any]
    power: Callable[[Any, Any], Any]
    real: Callable[[Any], Any]

    @staticmethod
    def remainder(steps: Any, period: Any) -> Any:
        return steps % period

    def ratio_power(self, numerator: Any, denominator: Any, exponent: Any) -> Any:
        return self.power(numerator / denominator, exponent)

    def share_of_power(self, height: Any, k: Any, n: Any, exponent: Any) -> Any:
        if _are_known(height, n, exponent) and 1 <= exponent <= _LOW_POWER and height > 0:
            # The height is a factor of the base, and costs no operation of its own. Where it is
            # below 0, the sum with the lowest rate would not take the rounding error of that.
            return self.power(k * (height ** (1 / exponent) / n), exponent)
        return height * self.ratio_power(k, n, exponent)

    def squared_sine(self, k: Any, n: Any) -> Any:
        return self.square(self.sin(k * (1 / n) if _are_known(n) else k / n))

    def log(self, value: Any) -> Any:
        return math.log(value) if _are_known(value) else self.log_of_tensor(value)

    def clip(self, steps: Any, first: int, last: int) -> Any:
        return self.minimum(self.maximum(steps, self.constant(first)), self.constant(last))

    @staticmethod
    def share(height: Any, k: Any, n: Any) -> Any:
        return k * (height / n) if _are_known(height, n) else height * (k / n)

    def power_of_ratio(self, base: Any, numerator: Any, denominator: Any) -> Any:
        if _are_known(base, denominator):
            return self.exp(numerator * (math.log(base) / denominator))
        return self.power(base, numerator / denominator)

    def power_of_steps(self, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        return self.power_of_ratio(base, self.real(step), real_steps)

    def affine(self, start: Any, slope: Any, k: Any, n: Any) -> Any:
        return start + self.share(slope, k, n)

    def inverse_affine(self, height: Any, slope: Any, k: Any, n: Any) -> Any:
        operations: Any = self  # which a subclass completes
        return inverse_affine(operations, height, slope, k, n)

    def exp_affine(self, start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> Any:
        exponent = self.minimum(self.affine(start, slope, k, n), self.constant(700.0))
        return self.exp(exponent)

    def rates(self, schedule: Stretches, step: Any) -> Any:
        operations: Any = self  # which a subclass completes
        return evaluate(schedule, step, operations)


_LOW_POWER = 4
"""Up to this power, the rounding errors of a base do not show in float32."""


def _are_known(*numbers: Any) -> bool:
    """Whether numbers are Python's own, so that what is computed of them costs nothing later."""
    return all(isinstance(number, (int, float)) for number in numbers)


def not_an_integer(dtype: object, *, is_floating: bool) -> TypeError:
    """The error of a step that is not an integer."""
    hint = ". A float32 step is wrong from 2^24 on: keep the counter an integer"
    return TypeError(f"a step is an integer. Received: dtype {dtype}{hint if is_floating else ''}")


def checked_dtype(compute_dtype: str) -> str:
    """A dtype that rates can be computed in.

    Raises:
        ValueError: it is another one.
    """
    if compute_dtype not in ("float64", "float32"):
        message = f'compute_dtype must be "float64" or "float32". Received: {compute_dtype!r}'
        raise ValueError(message)
    return compute_dtype
