"""Learning rates in JAX: a schedule as an optax function, for every way of tracing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.frameworks.tensor_operations import TensorOperations, not_an_integer
from schedule_builder.frameworks.variable_factors import warn_unapplied
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.evaluation import evaluate
from schedule_builder.schedules.schedule import Schedule


class _Jax(TensorOperations):
    """The formulas' operations on JAX arrays, where 64-bit types are enabled."""

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
    log_of_tensor = staticmethod(jnp.log)
    log1p = staticmethod(jnp.log1p)

    @staticmethod
    def constant(value: float) -> float:
        return value

    @staticmethod
    def real(steps: Any) -> Any:
        return jnp.asarray(steps, jnp.float64)

    @staticmethod
    def index(begins: Sequence[int], step: Any) -> Any:
        # An unrolled search is a few gathers; a loop costs more on an accelerator.
        sorted_begins = jnp.asarray(begins, jnp.int64)
        return jnp.searchsorted(sorted_begins, step, side="right", method="scan_unrolled")

    @staticmethod
    def take(columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        return [jnp.asarray(np.asarray(column))[index] for column in columns]


def build_optax_schedule(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> Callable[[Any], jax.Array]:
    """Builds an optax schedule: a function from the number of updates before to the rate.

    The rate is computed in float64 from the exact integer count and rounded once, to float32,
    whether or not `jax_enable_x64` is set: it is switched on for the formulas alone. `jit`,
    `vmap`, `scan`, `cond`, differentiation and ahead-of-time compilation apply to the
    function. It needs a device with float64, as CPUs and GPUs are.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        step_offset: the count at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The schedule, for any optax optimizer's `learning_rate`. Its argument is how many
        updates were applied before: an integer, or an array of any integer dtype and any shape,
        and it gives a float32 array of that shape. Negative counts mean 0. Where
        `jax_enable_x64` is not set, JAX's counts are int32, and optax stops at 2^31 - 1.
        It raises TypeError for a count that is not an integer.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    warn_unapplied(loaded, "build_optax_schedule", "build_optax_optimizer")
    return optax_schedule(build_schedule(loaded, step_offset=step_offset))


def optax_schedule(schedule: Schedule) -> Callable[[Any], jax.Array]:
    """A schedule as an optax function; see `build_optax_schedule`."""
    # Compiled even if the caller does not compile: single operations would be slow, and
    # `jax_debug_nans` would stop at formulas that do not apply to the step.
    compiled = jax.jit(partial(_rates, schedule), inline=True)

    def learning_rate(count: Any) -> jax.Array:
        return _dispatched(schedule, compiled, count)

    return learning_rate


def rate_tensor(schedule: Schedule, step: Any) -> jax.Array:
    """The rates of a schedule as a float32 array; see `build_optax_schedule`."""
    return _dispatched(schedule, partial(_rates, schedule), step)


def _dispatched(schedule: Schedule, rates: Callable[[Any], jax.Array], step: Any) -> jax.Array:
    if not isinstance(step, jax.Array):
        # JAX would make them int32; the reference accepts larger integers.
        try:
            steps = np.asarray(step)
        except (ValueError, TypeError, RuntimeError) as error:
            # Lists of several lengths; tensors of PyTorch that NumPy cannot hold, which say why.
            message = f"a step is an integer. Received: {step!r}"
            raise TypeError(message) from error
        return jnp.asarray(schedule(steps if steps.ndim else step), jnp.float32)
    if not jnp.issubdtype(step.dtype, jnp.integer):
        raise not_an_integer(step.dtype, is_floating=jnp.issubdtype(step.dtype, jnp.floating))
    return rates(step)


def _rates(schedule: Schedule, step: Any) -> jax.Array:
    with jax.enable_x64(True):
        if step.dtype == jnp.uint64:
            step = jnp.minimum(step, jnp.uint64(MAX_STEP))
        steps = step.astype(jnp.int64)
        rates = jnp.asarray(evaluate(schedule, steps, _Jax()), jnp.float64)
        return jnp.broadcast_to(rates, steps.shape).astype(jnp.float32)
