"""Operations that are the same for TensorFlow, JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schedule_builder.schedules.evaluation import Stretches, evaluate


class TensorOperations:
    """Formulas on tensors in float64, whose result is rounded to float32.

    Their rounding errors in float64 are too small to change the result in float32.
    """

    direct_ratio: float = 2.0**24
    constant: Callable[[float], Any]
    exp: Callable[[Any], Any]
    minimum: Callable[[Any, Any], Any]
    power: Callable[[Any, Any], Any]
    real: Callable[[Any], Any]

    @classmethod
    def ratio_power(cls, numerator: Any, denominator: Any, exponent: Any) -> Any:
        return cls.power(numerator / denominator, exponent)

    @classmethod
    def power_of_ratio(cls, base: Any, numerator: Any, denominator: Any) -> Any:
        return cls.power(base, numerator / denominator)

    @classmethod
    def power_of_steps(cls, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        return cls.power(base, cls.real(step) / real_steps)

    @staticmethod
    def affine(start: Any, slope: Any, k: Any, n: Any) -> Any:
        return start + slope * (k / n)

    def exp_affine(self, start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> Any:
        exponent = self.minimum(start + slope * (k / n), self.constant(700.0))
        return self.exp(exponent)

    def rates(self, schedule: Stretches, step: Any) -> Any:
        operations: Any = self  # which a subclass completes
        return evaluate(schedule, step, operations)


def not_an_integer(dtype: object, *, is_floating: bool) -> TypeError:
    """The error of a step that is not an integer."""
    hint = ". A float32 step is wrong from 2^24 on: keep the counter an integer"
    return TypeError(f"a step is an integer. Received: dtype {dtype}{hint if is_floating else ''}")
