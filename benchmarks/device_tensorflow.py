"""TensorFlow's half of the device benchmark: beside Keras' schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from benchmarks.device import Device, Way
from schedule_builder import Schedule, build_keras_schedule
from schedule_builder.frameworks.tensorflow_backend import rate_tensor

_schedules = keras.optimizers.schedules
_PEERS: dict[str, Callable[[Any], Any]] = {
    "cosine with warmup": _schedules.CosineDecay(
        0.01, 99_000, warmup_target=0.1, warmup_steps=1000
    ),
    "exponential": _schedules.ExponentialDecay(0.1, 1000, 0.95),
    "piecewise, 3 boundaries": _schedules.PiecewiseConstantDecay(
        [1000, 2000, 3000], [0.1, 0.05, 0.025, 0.0125]
    ),
}


def device() -> Device:
    """The first accelerator that TensorFlow sees."""
    seen = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU")
    if not seen:
        return Device("the processor", is_accelerator=False)
    details = tf.config.experimental.get_device_details(seen[0])
    return Device(details.get("device_name", seen[0].name), is_accelerator=True)


def rates(schedule: Schedule, steps: Any) -> Any:
    """Rates at steps as a graph computes them."""
    return tf.function(lambda step: rate_tensor(schedule, step))(tf.constant(steps)).numpy()


def ways(kinds: Mapping[str, Any], loop: int, calls: int) -> Iterator[Way]:
    """Each kind called by itself, in a graph's loop, compiled by XLA, and a training step."""
    pairs = {kind: (build_keras_schedule(c), _PEERS[kind]) for kind, c in kinds.items()}
    for kind, pair in pairs.items():
        ours, peer = (_called(rate, calls) for rate in pair)
        yield Way(f"{kind}, eager call on the counter / Keras", ours, peer, calls)
        for name, xla in (("graph", False), ("XLA", True)):
            ours, peer = (_looped(rate, loop, xla=xla) for rate in pair)
            yield Way(f"{kind}, a step of a loop, {name} / Keras", ours, peer, loop)
    for name, make in (("SGD", keras.optimizers.SGD), ("AdamW", keras.optimizers.AdamW)):
        ours, peer = (_trained(make, rate, calls) for rate in pairs["cosine with warmup"])
        yield Way(f"training step of a small network, {name} / Keras", ours, peer, calls)


def _called(rate: Callable[[Any], Any], calls: int) -> Callable[[], Any]:
    counter = tf.Variable(500, dtype=tf.int64)

    def run() -> Any:
        for _ in range(calls):
            result = rate(counter)
        return result.numpy()

    return run


def _looped(rate: Callable[[Any], Any], loop: int, *, xla: bool) -> Callable[[], Any]:
    def total() -> Any:
        result = tf.constant(0.0)
        for step in tf.range(tf.constant(loop, tf.int64)):
            result += rate(step)
        return result

    compiled = tf.function(total, jit_compile=xla)
    return lambda: compiled().numpy()


def _trained(make: Any, rate: Callable[[Any], Any], calls: int) -> Callable[[], Any]:
    network = keras.Sequential([keras.layers.Dense(256, "tanh") for _ in range(4)])
    batch = tf.ones((64, 256))
    network(batch)
    optimizer = make(rate)
    optimizer.build(network.trainable_variables)

    @tf.function
    def update() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(network(batch)))
        optimizer.apply(tape.gradient(loss, network.trainable_variables))
        return loss

    def run() -> Any:
        for _ in range(calls):
            loss = update()
        return loss.numpy()

    return run
