"""Keras 2, as `tf_keras`: the same schedules and optimizers from the same builders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from tests.support.recording import reference, samples, small_model, write_pipeline

tf_keras = pytest.importorskip("tf_keras")
LearningRateLog = pytest.importorskip("schedule_builder.legacy_keras").LearningRateLog


class Applied:
    """Keeps the rate of each update: Keras 2 holds it in a variable when it computes it."""

    def __init__(self, optimizer: Any) -> None:
        self.values = tf.Variable(tf.fill([100], -1.0), trainable=False)
        compute = optimizer._compute_current_learning_rate

        def computed() -> None:
            compute()
            index = tf.reshape(optimizer.iterations, [1, 1])
            self.values.scatter_nd_update(index, [optimizer._current_learning_rate])

        optimizer._compute_current_learning_rate = computed

    @property
    def rates(self) -> list[float]:
        return [float(rate) for rate in self.values.numpy() if rate >= 0]


@pytest.mark.parametrize(
    "options", [{}, {"steps_per_execution": 4}, {"jit_compile": True}], ids=str
)
@pytest.mark.parametrize("name", ["momentum_optimizer", "rms_prop_optimizer", "adam_optimizer"])
def test_fit(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    path = write_pipeline(tmp_path, optimizer=name, average=True)
    optimizer = sb.build_optimizer(path, legacy=True)
    assert isinstance(optimizer, tf_keras.optimizers.Optimizer)
    assert (optimizer.use_ema, optimizer.ema_overwrite_frequency) == (True, None)
    model, applied = small_model(tf_keras), Applied(optimizer)
    model.compile(optimizer, "mse", **options)
    log = LearningRateLog(path, tmp_path / "rates.csv", verbose=0)
    model.fit(*samples(), batch_size=4, shuffle=False, verbose=0, callbacks=[log])
    assert applied.rates == reference(path, range(20))
    assert log.verdict == f"all 20 applied rates (steps 0 to 19) match {path}"


def test_the_parameters_are_the_configs(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, optimizer="rms_prop_optimizer")
    overrides = [
        "train_config.optimizer.rms_prop_optimizer.decay=0.8",
        "train_config.optimizer.rms_prop_optimizer.epsilon=0.5",
        "train_config.gradient_clipping_by_norm=3",
    ]
    optimizer = sb.build_optimizer(sb.load(path, overrides=overrides), legacy=True)
    assert isinstance(optimizer, tf_keras.optimizers.RMSprop)
    found = (optimizer.rho, optimizer.momentum, optimizer.epsilon, optimizer.global_clipnorm)
    assert found == pytest.approx((0.8, 0.9, 0.5, 3.0))


def test_a_saved_model_goes_on(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=40)
    model = small_model(tf_keras)
    model.compile(sb.build_optimizer(path, legacy=True), "mse")
    model.fit(*samples(), batch_size=4, verbose=0)
    target = tmp_path / "model.keras"
    model.save(target)
    loaded = tf_keras.models.load_model(target)
    log = LearningRateLog(path, verbose=0)
    loaded.fit(*samples(), batch_size=4, verbose=0, callbacks=[log])
    assert log.verdict == f"all 20 applied rates (steps 20 to 39) match {path}"


def test_step_offset(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    schedule = sb.build_keras_schedule(path, step_offset=100, legacy=True)
    assert isinstance(schedule, tf_keras.optimizers.schedules.LearningRateSchedule)
    rates = [float(schedule(tf.constant(step, tf.int64))) for step in range(100, 120)]
    assert rates == reference(path, range(20))


def test_accumulated_gradients_are_refused(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    with pytest.raises(ValueError, match=r"Keras 2\.\d+\.\d+ cannot accumulate gradients"):
        sb.build_optimizer(path, legacy=True, gradient_accumulation_steps=4)


def garden(optimizer: str) -> dict[str, Any]:
    return {
        "trainer": {
            "train_steps": 10,
            "optimizer_config": {
                "optimizer": {"type": optimizer},
                "learning_rate": {"type": "constant", "constant": {"learning_rate": 0.1}},
            },
        }
    }


@pytest.mark.parametrize(
    "name", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adafactor", "lion"]
)
def test_garden_optimizers(name: str) -> None:
    optimizer = sb.build_optimizer(garden(name), legacy=True)
    assert isinstance(optimizer, tf_keras.optimizers.Optimizer)
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == np.float32(0.1)


def test_what_keras_2_lacks_is_located() -> None:
    with pytest.raises(sb.ConfigError, match=r"SB315\] Keras 2\.\S+ has no optimizer `lamb`"):
        sb.build_optimizer(garden("lamb"), legacy=True)


PROGRAM = """
import sys, tensorflow as tf, schedule_builder as sb
print(isinstance(sb.build_optimizer(sys.argv[1]), tf.keras.optimizers.Optimizer),
      issubclass(sb.LearningRateLog, tf.keras.callbacks.Callback),
      type(sb.build_keras_schedule(sys.argv[1])).__module__)
"""


@pytest.mark.parametrize(
    ("value", "module"),
    [("1", "schedule_builder.legacy_keras"), ("0", "schedule_builder.keras_adapter")],
)
def test_the_environment_decides_as_it_does_for_tensorflow(
    tmp_path: Path, value: str, module: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, write_pipeline(tmp_path)],
        env={**os.environ, "TF_USE_LEGACY_KERAS": value},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == ["True", "True", module]


def test_the_callback_reads_the_optimizers_of_before(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    schedule = tf_keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.001, 0.5])
    model = small_model(tf_keras)
    model.compile(tf_keras.optimizers.legacy.SGD(schedule), "mse")
    log = LearningRateLog(path, verbose=0)
    model.fit(*samples(), batch_size=4, shuffle=False, verbose=0, callbacks=[log])
    assert log.rates.first_difference is not None
    assert log.rates.first_difference[:2] == (1, 0.5)
