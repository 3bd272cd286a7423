"""TensorFlow's half of the device benchmark: beside Keras' schedules and optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from benchmarks.device import Device, Way
from benchmarks.evaluation import called, looped, rates_of
from benchmarks.kinds import KINDS
from benchmarks.training import OPTIMIZERS, optimizers, trained
from schedule_builder import Schedule
from schedule_builder.frameworks.tensorflow_backend import rate_tensor


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


def ways(names: Iterable[str], loop: int, calls: int) -> Iterator[Way]:
    """Each kind called by itself, in a graph's loop, compiled by XLA, and a training step."""
    for name in names:
        counter = tf.Variable(500, dtype=tf.int64)
        pair = rates_of(KINDS[name])
        ours, peer = (called(rate, counter, calls) for rate in pair)
        yield Way(f"{name}, eager call on the counter / Keras", ours, peer, calls)
        for way, xla in (("graph", False), ("XLA", True)):
            ours, peer = (looped(rate, loop, xla=xla) for rate in pair)
            yield Way(f"{name}, a step of a loop, {way} / Keras", ours, peer, loop)
    for name in OPTIMIZERS:
        ours, peer = (trained(o, calls, eager=False) for o in optimizers(name))
        yield Way(f"training step of a small network, {name} / Keras", ours, peer, calls)
