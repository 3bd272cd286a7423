"""Learning rates in JAX: a schedule as optax takes it, traced, compiled or vectorised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from schedule_builder.building import build_schedule
from schedule_builder.config import ConfigLike
from schedule_builder.curves import MAX_STEP
from schedule_builder.schedule import Schedule, evaluate


class _Jax:
    """The formulas' operations on JAX arrays, while 64-bit types are enabled."""

    direct_ratio = 2.0**24
    equal = staticmethod(jnp.equal)
    where = staticmethod(jnp.where)
    maximum = staticmethod(jnp.maximum)
    minimum = staticmethod(jnp.minimum)
    power = staticmethod(jnp.power)
    square = staticmethod(jnp.square)
    sqrt = staticmethod(jnp.sqrt)
    sin = staticmethod(jnp.sin)
    exp = staticmethod(jnp.exp)
    expm1 = staticmethod(jnp.expm1)
    log = staticmethod(jnp.log)
    log1p = staticmethod(jnp.log1p)

    @staticmethod
    def constant(value: float) -> float:
        return value

    # The result is rounded to float32: what float64's rounding leaves out does not show there.
    @staticmethod
    def ratio_power(numerator: Any, denominator: Any, exponent: Any) -> Any:
        return jnp.power(numerator / denominator, exponent)

    @staticmethod
    def power_of_ratio(base: Any, numerator: Any, denominator: Any) -> Any:
        return jnp.power(base, numerator / denominator)

    @staticmethod
    def affine(start: Any, slope: Any, rest: Any, k: Any, n: Any) -> tuple[Any, Any]:
        return start + slope * (k / n), 0.0

    @staticmethod
    def real(steps: Any) -> Any:
        return jnp.asarray(steps, jnp.float64)

    @staticmethod
    def index(begins: Sequence[int], step: Any) -> Any:
        # Unrolled, the search is a few gathers; a loop would cost a GPU more than the formulas.
        begins = jnp.asarray(begins, jnp.int64)
        return jnp.searchsorted(begins, step, side="right", method="scan_unrolled")

    @staticmethod
    def take(columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        return [jnp.asarray(np.asarray(column))[index] for column in columns]


def rate_tensor(schedule: Schedule, step: Any) -> jax.Array:
    if not isinstance(step, jax.Array):
        rates = schedule(np.asarray(step) if np.ndim(step) else step)
        return jnp.asarray(rates, jnp.float32)
    if not jnp.issubdtype(step.dtype, jnp.integer):
        raise TypeError(step.dtype)
    return _rates(schedule, step)


def _rates(schedule: Schedule, step: Any) -> Any:
    with jax.enable_x64(True):
        if step.dtype == jnp.uint64:
            step = jnp.minimum(step, jnp.uint64(MAX_STEP))
        steps = jnp.maximum(step.astype(jnp.int64), 0)
        rates = jnp.asarray(evaluate(schedule, steps, _Jax()), jnp.float64)
        return jnp.broadcast_to(rates, steps.shape).astype(jnp.float32)


def build_optax_schedule(config: ConfigLike) -> Callable[[Any], jax.Array]:
    schedule = build_schedule(config)
    return lambda count: rate_tensor(schedule, count)
