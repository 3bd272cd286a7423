"""A whole training step of a small dense network: our optimizer and schedule beside Keras'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from benchmarks.kinds import KINDS
from benchmarks.measuring import Row, interleaved
from schedule_builder import build_optimizer

_COSINE = KINDS["cosine with warmup"]
OPTIMIZERS: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
    "SGD": (
        {"momentum_optimizer": {"momentum_optimizer_value": 0.9}},
        lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    ),
    "Adam": ({"adam_optimizer": {}}, keras.optimizers.Adam),
    "AdamW": ({"adamw_optimizer": {}}, keras.optimizers.AdamW),
}
"""Of each, our block of a config, and from a rate to Keras' optimizer."""
_PAIRS = 30


def rows() -> Iterator[Row]:
    """Times steps in `fit` and in a custom loop, in a graph and eagerly."""
    for name in OPTIMIZERS:
        for way, is_eager, steps in (("graph", False, 50), ("eager", True, 3)):
            ours, peer = (_fitted(o, steps, eager=is_eager) for o in optimizers(name))
            pair = interleaved(ours, peer, calls=steps, fewest=_PAIRS, seconds=2)
            yield pair.row(f"{name}, fit, {way} / Keras")
        for way, is_eager, steps in (("graph", False, 5), ("eager", True, 1)):
            ours, peer = (trained(o, steps, eager=is_eager) for o in optimizers(name))
            pair = interleaved(ours, peer, calls=steps, fewest=_PAIRS, seconds=2)
            yield pair.row(f"{name}, custom loop, {way} / Keras")


def optimizers(name: str) -> tuple[Any, Any]:
    """Our optimizer with our schedule, and Keras' own of the same meaning."""
    config, peer = OPTIMIZERS[name]
    ((kind, fields),) = config.items()
    fields = {**fields, "learning_rate": _COSINE.config}
    optimizer = {kind: fields, "use_moving_average": False}
    pipeline = {"train_config": {"num_steps": 900_000, "optimizer": optimizer}}
    assert _COSINE.keras is not None
    return build_optimizer(pipeline), peer(_COSINE.keras(keras.optimizers.schedules))


def _network() -> Any:
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.layers.Dense(64, "tanh") for _ in range(4)])
    network.build((None, 64))
    return network


def _batch() -> Any:
    return tf.random.stateless_normal((32, 64), (0, 0)), tf.zeros((32, 64))


def _fitted(optimizer: Any, steps: int, *, eager: bool) -> Callable[[], Any]:
    network = _network()
    network.compile(optimizer, "mse", run_eagerly=eager)
    batches = tf.data.Dataset.from_tensors(_batch()).repeat(steps)
    return lambda: network.fit(batches, shuffle=False, verbose=0)


def trained(optimizer: Any, steps: int, *, eager: bool) -> Callable[[], Any]:
    """Steps in a custom loop; the last one is waited for."""
    network, (batch, target) = _network(), _batch()
    optimizer.build(network.trainable_variables)

    def update() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(network(batch) - target))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return loss

    step = update if eager else tf.function(update)

    def run() -> Any:
        for _ in range(steps):
            loss = step()
        return loss.numpy()

    return run
