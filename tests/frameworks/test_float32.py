"""Rates computed in float32, for devices without float64: asked for by name, and how exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from benchmarks.float32 import distance
from benchmarks.inputs import CONFIGS
from schedule_builder.frameworks.tensorflow_backend import rate_tensor

BOUND = 4e-6
"""docs/training.md promises it, of the exact rate."""
CONFIG = {"cosine_decay_learning_rate": {"total_steps": 1000, "warmup_steps": 100}}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.config")), ids=lambda path: path.stem)
def test_how_exact_it_is(path: Path) -> None:
    largest = distance(sb.build_schedule(path))
    assert largest.share <= BOUND, largest


def dtypes(rate: Any) -> set[str]:
    graph = tf.function(rate).get_concrete_function(tf.TensorSpec([], tf.int64)).graph
    return {value.dtype.name for op in graph.get_operations() for value in op.outputs}


@pytest.mark.parametrize(
    "text",
    [
        CONFIG,
        {"constant_learning_rate": {}},
        {"manual_step_learning_rate": {"schedule": [{"step": i + 9} for i in range(9)]}},
        {"exponential_decay_learning_rate": {}},
        {"noam_learning_rate": {"model_dim": 512, "warmup_steps": 4000}},
        {"tanh_decay_learning_rate": {"learning_rate_base": 1.0, "total_steps": 1000}},
    ],
)
def test_a_graph_has_no_float64(text: Any) -> None:
    schedule = sb.build_schedule(text)
    assert "float64" not in dtypes(lambda step: rate_tensor(schedule, step, "float32"))
    keras_schedule = sb.build_keras_schedule(text, compute_dtype="float32")
    assert "float64" not in dtypes(keras_schedule)
    # And float64 is what is computed in where no one asks.
    if len(schedule.segments) > 1:
        assert "float64" in dtypes(lambda step: rate_tensor(schedule, step))


def test_the_builders_pass_it_on() -> None:
    wanted = np.float32(sb.build_schedule(CONFIG)(500))
    step = tf.constant(500, tf.int64)
    traced = tf.function(lambda s: sb.build_learning_rate(CONFIG, s, compute_dtype="float32"))
    assert float(traced(step)) == pytest.approx(wanted, rel=BOUND)
    assert traced(step).dtype == tf.float32
    pipeline = {
        "train_config": {"optimizer": {"adam_optimizer": {"learning_rate": CONFIG}}, "num_steps": 9}
    }
    optimizer = sb.build_optimizer(pipeline, compute_dtype="float32")
    assert optimizer._learning_rate.compute_dtype == "float32"


def test_it_is_saved_with_a_schedule() -> None:
    schedule = sb.build_keras_schedule(CONFIG, compute_dtype="float32")
    saved = keras.saving.serialize_keras_object(schedule)
    assert keras.saving.deserialize_keras_object(saved).compute_dtype == "float32"
    usual = sb.build_keras_schedule(CONFIG)
    assert "compute_dtype" not in usual.get_config()
    assert type(usual).from_config(usual.get_config()).compute_dtype == "float64"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "", None])
def test_any_other_dtype_is_an_error(dtype: Any) -> None:
    with pytest.raises(ValueError, match="compute_dtype must be"):
        sb.build_learning_rate(CONFIG, 5, compute_dtype=dtype)
    with pytest.raises(ValueError, match="compute_dtype must be"):
        sb.build_keras_schedule(CONFIG, compute_dtype=dtype)
