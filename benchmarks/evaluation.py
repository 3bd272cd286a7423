"""What a rate costs: in TensorFlow in every way, in Python and in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from benchmarks.inputs import every_config
from benchmarks.kinds import IN_KERAS, KINDS, Kind, manual, staged
from benchmarks.measuring import Row, exactly, interleaved
from schedule_builder import ConfigError, build_keras_schedule, build_schedule
from schedule_builder.keras_adapter import ConfigSchedule

# TensorFlow warns when it traces many similar functions.
tf.get_logger().setLevel("ERROR")

Rate = Callable[[Any], Any]
"""From a tensor of a step to the tensor of its rate."""


def eager() -> Iterator[Row]:
    """An eager call."""
    for name, kind in IN_KERAS.items():
        ours, peer = rates_of(kind)
        for what, step in (
            ("int", 500),
            ("tensor", tf.constant(500, tf.int64)),
            ("variable", tf.Variable(500, dtype=tf.int64)),
        ):
            functions = called(ours, step, 40), called(peer, step, 3)
            pair = interleaved(*functions, calls=40, peer_calls=3, seconds=0.5)
            yield pair.row(f"{what}, {name} / Keras")
    step = tf.constant(500, tf.int64)
    many, few = (called(ConfigSchedule(staged(n)), step, 50) for n in (100_000, 3))
    pair = interleaved(many, few, calls=50, seconds=0.5)
    yield pair.row("tensor, 100,000 stages / 3 stages")


def graph() -> Iterator[Row]:
    """A step of a loop of 20,000 in `tf.function`, the loop included."""
    loop = 20_000
    for name, kind in IN_KERAS.items():
        ours, peer = (looped(rate, loop) for rate in rates_of(kind))
        yield interleaved(ours, peer, calls=loop, seconds=4, fewest=5).row(f"{name} / Keras")
    many, few = (looped(ConfigSchedule(staged(count + 1)), loop) for count in (10_000, 3))
    pair = interleaved(many, few, calls=loop, seconds=4, fewest=5)
    yield pair.row("piecewise, 10,000 boundaries / 3 boundaries")


def xla() -> Iterator[Row]:
    """A step of a loop of 200,000, compiled by XLA, the loop included."""
    loop = 200_000
    constant = looped(lambda step: tf.constant(0.1), loop, xla=True)
    for name, kind in IN_KERAS.items():
        ours, peer = (looped(rate, loop, xla=True) for rate in rates_of(kind))
        pair = interleaved(ours, peer, calls=loop, seconds=0.7)
        yield pair.row(f"{name} / Keras")
        if kind.is_piecewise:
            pair = interleaved(ours, constant, calls=loop, seconds=0.7)
            yield pair.row(f"{name} / a constant")


def python() -> Iterator[Row]:
    """One rate in Python, without TensorFlow."""
    steps = range(0, 1_000_000, 2000)
    for name, kind in KINDS.items():
        ours, by_hand = build_schedule(kind.config), kind.by_hand

        def call_all(rate: Callable[[int], float]) -> None:
            for step in steps:
                rate(step)

        functions = partial(call_all, ours), partial(call_all, by_hand)
        pair = interleaved(*functions, calls=len(steps), seconds=0.3)
        yield pair.row(f"{name} / by hand")


def numpy() -> Iterator[Row]:
    """The rates of a million steps in NumPy."""
    steps = np.arange(1_000_000, dtype=np.int64)
    for name, kind in KINDS.items():
        ours, by_hand = build_schedule(kind.config), kind.by_hand_array
        yield interleaved(partial(ours, steps), partial(by_hand, steps)).row(f"{name} / by hand")


def tracing() -> Iterator[Row]:
    """The graph that a schedule adds to a training step, for a scalar int64 step."""
    sizes = [_size(schedule).nodes for schedule in _every_schedule()]
    largest = exactly("nodes of the largest graph of all configs", max(sizes), None, "nodes")
    yield largest._replace(note=f"of {len(sizes)} configs")
    for name, kind in IN_KERAS.items():
        ours, peer = map(_size, rates_of(kind))
        yield exactly(f"nodes, {name} / Keras", ours.nodes, peer.nodes, "nodes")
    for name, kind in IN_KERAS.items():
        pair = interleaved(*(partial(traced, rate) for rate in rates_of(kind)), seconds=0.7)
        yield pair.row(f"time, {name} / Keras")
    warmed = manual([100_000, 200_000], [0.0, 0.1, 0.01], warmup=True)
    ours, peer = map(_size, (build_keras_schedule(warmed), _one_hot(100_000)))
    what = "bytes, a warmup of 100,000 steps / Object Detection API"
    yield exactly(what, ours.size, peer.size, "bytes")


def rates_of(kind: Kind) -> tuple[Rate, Rate]:
    """Ours and Keras', which are equal."""
    assert kind.keras is not None
    ours, peer = build_keras_schedule(kind.config), kind.keras(keras.optimizers.schedules)
    for step in (0, 500, 1500, 50_500):
        np.testing.assert_allclose(ours(step), peer(step), rtol=1e-4, atol=1e-8)
    return ours, peer


def called(rate: Rate, step: Any, calls: int) -> Callable[[], Any]:
    """Eager calls; a rate on an accelerator is waited for."""

    def run() -> Any:
        for _ in range(calls):
            result = rate(step)
        return result.numpy()

    return run


def looped(rate: Rate, loop: int, *, xla: bool = False) -> Callable[[], Any]:
    """A graph that walks over steps one by one."""

    def total() -> Any:
        result = tf.constant(0.0)
        for step in tf.range(tf.constant(loop, tf.int64)):
            result += rate(step)
        return result

    compiled = tf.function(total, jit_compile=xla)
    return lambda: compiled().numpy()


def traced(rate: Rate) -> Any:
    """The graph of a rate."""
    return tf.function(rate).get_concrete_function(tf.TensorSpec([], tf.int64)).graph


class _Size(NamedTuple):
    nodes: int
    size: int


def _size(rate: Rate) -> _Size:
    graph = traced(rate).as_graph_def()
    # Branches are functions beside the graph.
    nodes = len(graph.node) + sum(len(f.node_def) for f in graph.library.function)
    return _Size(nodes, graph.ByteSize())


def _every_schedule() -> Iterator[Rate]:
    for path in every_config():
        try:
            yield build_keras_schedule(path)
        except ConfigError:
            continue


def _one_hot(warmup_steps: int) -> Rate:
    """A warmup as the Object Detection API has it: a stage for each rate there is.

    Every step is compared with every stage, and a one-hot vector picks from all rates; the
    API itself takes a few more operations for that.
    """
    begins = [*range(1, warmup_steps), warmup_steps, 2 * warmup_steps]
    rates = [*(0.1 * step / warmup_steps for step in range(warmup_steps)), 0.1, 0.01]

    def rate(step: Any) -> Any:
        reached = tf.greater_equal(step, tf.constant(begins, step.dtype))
        stage = tf.reduce_sum(tf.cast(reached, tf.int32))
        return tf.reduce_sum(tf.constant(rates, tf.float32) * tf.one_hot(stage, len(rates)))

    return rate
