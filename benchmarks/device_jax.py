"""JAX's half of the device benchmark: beside optax, and beside Keras where it runs on JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.device import Device, Way
from benchmarks.kinds import KINDS
from schedule_builder import Schedule, build_optax_schedule
from schedule_builder.frameworks.jax_backend import rate_tensor

_PEERS: dict[str, Callable[[Any], Any]] = {
    "cosine with warmup": optax.warmup_cosine_decay_schedule(0.01, 0.1, 1000, 900_000),
    "exponential": optax.exponential_decay(0.1, 1000, 0.95),
    "piecewise, 3 boundaries": optax.piecewise_constant_schedule(
        0.1, {1000: 0.5, 2000: 0.5, 3000: 0.5}
    ),
}


def device() -> Device:
    """The first device that JAX has."""
    first = jax.devices()[0]
    return Device(first.device_kind, is_accelerator=first.platform != "cpu")


def rates(schedule: Schedule, steps: Any) -> Any:
    """Rates at int32 steps as compiled code computes them."""
    compiled = jax.jit(lambda step: rate_tensor(schedule, step))
    return np.asarray(compiled(jnp.asarray(steps, jnp.int32)))


def ways(names: Iterable[str], loop: int, calls: int) -> Iterator[Way]:
    """Each kind called by itself and in a compiled loop, and a training step."""
    pairs = {name: (build_optax_schedule(KINDS[name].config), _PEERS[name]) for name in names}
    for kind, pair in pairs.items():
        ours, peer = (_called(rate, calls) for rate in pair)
        yield Way(f"{kind}, a call by itself / optax", ours, peer, calls)
        ours, peer = (_looped(rate, loop) for rate in pair)
        yield Way(f"{kind}, a step of a compiled loop / optax", ours, peer, loop)
    for name, make in (("SGD", optax.sgd), ("AdamW", optax.adamw)):
        ours, peer = (_trained(make, rate, calls) for rate in pairs["cosine with warmup"])
        yield Way(f"training step of a small network, {name} / optax", ours, peer, calls)


def _called(rate: Callable[[Any], Any], calls: int) -> Callable[[], Any]:
    step = jnp.asarray(500, jnp.int32)

    def run() -> Any:
        for _ in range(calls):
            result = rate(step)
        return jax.block_until_ready(result)

    return run


def _looped(rate: Callable[[Any], Any], loop: int) -> Callable[[], Any]:
    @jax.jit
    def total(begin: Any) -> Any:
        def body(step: Any, result: Any) -> Any:
            return result + rate(step)

        return jax.lax.fori_loop(begin, begin + loop, body, jnp.float32(0))

    begin = jnp.asarray(0, jnp.int32)
    return lambda: jax.block_until_ready(total(begin))


def _trained(make: Any, rate: Callable[[Any], Any], calls: int) -> Callable[[], Any]:
    optimizer = make(rate)
    keys = jax.random.split(jax.random.key(0), 4)
    parameters = [jax.random.normal(key, (256, 256)) * 0.01 for key in keys]
    batch = jnp.ones((64, 256))

    def loss(parameters: Any) -> Any:
        value = batch
        for weights in parameters:
            value = jnp.tanh(value @ weights)
        return jnp.mean(jnp.square(value))

    @jax.jit
    def update(parameters: Any, state: Any) -> Any:
        updates, state = optimizer.update(jax.grad(loss)(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    kept = [parameters, optimizer.init(parameters)]

    def run() -> Any:
        for _ in range(calls):
            kept[:] = update(*kept)
        return jax.block_until_ready(kept[0])

    return run
