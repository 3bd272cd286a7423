"""The schedules that TensorFlow's users have otherwise, and ours that mean the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from schedule_builder import build_keras_schedule

Rate = Callable[[Any], Any]
"""From a tensor of a step to the tensor of its rate."""

_schedules = keras.optimizers.schedules


def exponential(*, staircase: bool) -> tuple[Rate, Rate]:
    """An exponential decay, ours and Keras'."""
    ours = build_keras_schedule(
        {
            "exponential_decay_learning_rate": {
                "initial_learning_rate": 0.1,
                "decay_steps": 1000,
                "decay_factor": 0.95,
                "staircase": staircase,
            }
        }
    )
    return ours, _schedules.ExponentialDecay(0.1, 1000, 0.95, staircase)


def cosine() -> tuple[Rate, Rate]:
    """A cosine decay after a linear warmup, ours and Keras'."""
    ours = build_keras_schedule(
        {
            "cosine_decay_learning_rate": {
                "learning_rate_base": 0.1,
                "total_steps": 100_000,
                "warmup_learning_rate": 0.01,
                "warmup_steps": 1000,
            }
        }
    )
    peer = _schedules.CosineDecay(0.01, 99_000, warmup_target=0.1, warmup_steps=1000)
    return ours, peer


def _stages(count: int) -> tuple[list[int], list[float]]:
    return [1000 * i for i in range(1, count + 1)], [0.1 / (1 + i) for i in range(count + 1)]


def piecewise(boundaries: int) -> tuple[Rate, Rate]:
    """A piecewise constant rate, ours and Keras'."""
    begins, rates = _stages(boundaries)
    ours = build_keras_schedule(
        {"piecewise_constant_learning_rate": {"boundaries": begins, "values": rates}}
    )
    return ours, _schedules.PiecewiseConstantDecay(begins, rates)


def manual(stages: int) -> tuple[Rate, Rate]:
    """Rates given by hand, ours and the Object Detection API's way."""
    begins, rates = _stages(stages)
    return build_keras_schedule(_manual(begins, rates)), one_hot(begins, rates)


def manual_with_warmup(warmup_steps: int) -> tuple[Rate, Rate]:
    """Two rates, the first of them reached by a line, ours and the Object Detection API's way."""
    begins, rates = [warmup_steps, 2 * warmup_steps], [0.0, 0.1, 0.01]
    ours = build_keras_schedule(_manual(begins, rates, warmup=True))
    line = [0.1 * step / warmup_steps for step in range(warmup_steps)]
    return ours, one_hot([*range(1, warmup_steps), *begins], [*line, *rates[1:]])


def _manual(begins: Sequence[int], rates: Sequence[float], *, warmup: bool = False) -> Any:
    return {
        "manual_step_learning_rate": {
            "initial_learning_rate": rates[0],
            "schedule": [
                {"step": step, "learning_rate": rate}
                for step, rate in zip(begins, rates[1:], strict=True)
            ],
            "warmup": warmup,
        }
    }


def one_hot(begins: Sequence[int], rates: Sequence[float]) -> Rate:
    """Manual stepping as the Object Detection API has it: a stage for each rate there is.

    Every step is compared with every stage, and a one-hot vector picks from all rates; the
    API itself takes a few more operations for that.
    """

    def rate(step: Any) -> Any:
        reached = tf.greater_equal(step, tf.constant(begins, step.dtype))
        stage = tf.reduce_sum(tf.cast(reached, tf.int32))
        return tf.reduce_sum(tf.constant(rates, tf.float32) * tf.one_hot(stage, len(rates)))

    return rate
