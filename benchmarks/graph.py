"""The size of the graph that a schedule adds to a training step, for a scalar int64 step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import tensorflow as tf

from benchmarks import peers
from benchmarks.measuring import Row
from schedule_builder import build_keras_schedule


class _Size(NamedTuple):
    nodes: int
    kilobytes: float


def rows() -> Iterator[Row]:
    """Counts nodes and bytes, ours beside Keras' and the Object Detection API's way."""
    constant = build_keras_schedule({"constant_learning_rate": {"learning_rate": 0.1}})
    yield Row("constant / nothing", _size(constant).nodes, None, "nodes")
    for what, pair in (
        ("exponential, staircase / Keras", peers.exponential(staircase=True)),
        ("exponential, smooth / Keras", peers.exponential(staircase=False)),
        ("cosine with warmup / Keras", peers.cosine()),
        ("piecewise, 3 boundaries / Keras", peers.piecewise(3)),
        ("piecewise, 100 boundaries / Keras", peers.piecewise(100)),
    ):
        ours, peer = map(_size, pair)
        yield Row(what, ours.nodes, peer.nodes, "nodes")
    warmed = build_keras_schedule(
        {
            "piecewise_constant_learning_rate": {
                "boundaries": [10_000, 20_000, 30_000],
                "values": [0.1, 0.01, 0.001, 0.0001],
            },
            "warmup": {"warmup_steps": 1000},
        }
    )
    yield Row("piecewise with warmup / nothing", _size(warmed).nodes, None, "nodes")
    few, few_one_hot = map(_size, peers.manual(3))
    yield Row("manual, 3 stages / one-hot", few.nodes, few_one_hot.nodes, "nodes")
    for what, pair in (
        ("manual, 100,000 stages / one-hot", peers.manual(100_000)),
        ("manual, warmup of 100,000 steps / one-hot", peers.manual_with_warmup(100_000)),
    ):
        ours, peer = map(_size, pair)
        yield Row(what, ours.nodes, peer.nodes, "nodes")
        yield Row(what, ours.kilobytes, peer.kilobytes, "kB")


def _size(rate: peers.Rate) -> _Size:
    concrete = tf.function(rate).get_concrete_function(tf.TensorSpec([], tf.int64))
    graph = concrete.graph.as_graph_def()
    # Branches are functions beside the graph.
    nodes = len(graph.node) + sum(len(f.node_def) for f in graph.library.function)
    return _Size(nodes, graph.ByteSize() / 1e3)
