"""The time that one rate takes: in TensorFlow in every way, in Python and in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks import device_tensorflow, peers
from benchmarks.measuring import Row, interleaved, medians
from benchmarks.recipes import KINDS

_LOOP = 2000
_CALLS = 50
_PAIRS = 30


def rows() -> Iterator[Row]:
    """Times evaluation beside Keras, the one-hot way and formulas written by hand."""
    for way in device_tensorflow.ways(KINDS, _LOOP, _CALLS):
        pair = interleaved(way.ours, way.peer, pairs=_PAIRS)
        low, high = pair.interval
        yield Row(
            way.what,
            1e6 * pair.ours / way.calls,
            1e6 * pair.peer / way.calls,
            "us",
            interval=(1 / high, 1 / low),
        )
    for what, (ours, peer) in (
        ("TensorFlow, piecewise, 100 boundaries / Keras", peers.piecewise(100)),
        (
            "TensorFlow, manual, warmup of 100,000 steps / one-hot",
            peers.manual_with_warmup(100_000),
        ),
    ):
        yield _row(what, _loop(ours), _loop(peer), _LOOP)

    schedule: Any = peers.cosine()[0]
    schedule = schedule.schedule
    steps = np.arange(0, 1_000_000, dtype=np.int64)
    some = range(0, 100_000, 100)
    yield _row(
        "Python, cosine with warmup / by hand, with math.cos",
        lambda: [schedule(step) for step in some],
        lambda: [_cosine_by_hand(step) for step in some],
        len(some),
    )
    yield _row(
        "NumPy, cosine with warmup / by hand, with np.piecewise",
        lambda: schedule(steps),
        lambda: _cosine_by_piecewise(steps),
        len(steps),
    )


def _row(what: str, ours: Callable[[], Any], peer: Callable[[], Any], steps: int) -> Row:
    # Only equals are compared.
    np.testing.assert_allclose(ours(), peer(), rtol=1e-3, atol=1e-6)
    our_seconds, peer_seconds = medians([ours, peer], runs=7)
    return Row(what, 1e9 * our_seconds / steps, 1e9 * peer_seconds / steps, "ns")


def _loop(rate: peers.Rate) -> Callable[[], Any]:
    """A graph that walks over steps one by one. What the loop itself takes is in both figures."""

    def total() -> Any:
        result = tf.constant(0.0)
        for step in tf.range(tf.constant(_LOOP, tf.int64)):
            result += rate(step)
        return result

    compiled = tf.function(total)
    return lambda: compiled().numpy()


def _cosine_by_hand(step: int) -> float:
    if step < 1000:
        return 0.01 + (0.1 - 0.01) * step / 1000
    if step < 100_000:
        return 0.05 * (1 + math.cos(math.pi * (step - 1000) / 99_000))
    return 0.0


def _cosine_by_piecewise(steps: Any) -> Any:
    return np.piecewise(
        steps.astype(np.float64),
        [steps < 1000, (steps >= 1000) & (steps < 100_000)],
        [
            lambda s: 0.01 + (0.1 - 0.01) * s / 1000,
            lambda s: 0.05 * (1 + np.cos(np.pi * (s - 1000) / 99_000)),
            0.0,
        ],
    )
