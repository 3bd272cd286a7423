"""The rates that are applied, recorded in the optimizer, however a model is trained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from tests.support.recording import Recorder, reference, samples, small_model, write_pipeline


def fit(optimizer: Any, epochs: int = 1, **options: Any) -> tuple[Recorder, Any]:
    model = small_model(keras)
    recorder = Recorder(optimizer)
    fit_options = {name: options.pop(name) for name in ("callbacks",) if name in options}
    model.compile(optimizer, "mse", **options)
    model.fit(*samples(), batch_size=4, epochs=epochs, shuffle=False, verbose=0, **fit_options)
    return recorder, model


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"run_eagerly": True},
        {"jit_compile": True},
        {"jit_compile": False},
        {"steps_per_execution": 4},
        {"steps_per_execution": 7},
        {"steps_per_execution": 5, "jit_compile": True},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "optimizer", ["momentum_optimizer", "rms_prop_optimizer", "adam_optimizer"]
)
def test_fit(tmp_path: Path, optimizer: str, options: dict[str, Any]) -> None:
    path = write_pipeline(tmp_path, optimizer=optimizer)
    log = sb.LearningRateLog(path, verbose=0)
    recorder, _ = fit(sb.build_optimizer(path), callbacks=[log], **options)
    assert recorder.rates == reference(path, range(20))
    assert log.verdict == f"all 20 applied rates (steps 0 to 19) match {path}"


def test_fit_in_epochs(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=60)
    recorder, _ = fit(sb.build_optimizer(path), epochs=3)
    assert recorder.rates == reference(path, range(60))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_custom_loop(tmp_path: Path, *, jit_compile: bool) -> None:
    path = write_pipeline(tmp_path)
    optimizer = sb.build_optimizer(path)
    model = small_model(keras)
    recorder = Recorder(optimizer)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=jit_compile)
    def train_step(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True) - targets))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    inputs, targets = map(tf.constant, samples(4))
    for _ in range(20):
        train_step(inputs, targets)
    assert recorder.rates == reference(path, range(20))
    assert train_step.experimental_get_tracing_count() == 1


def test_a_loop_of_ones_own_mathematics(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    weight, step = tf.Variable(1.0), tf.Variable(0, dtype=tf.int64)
    log = sb.RateLog(path)

    @tf.function
    def train_step() -> Any:
        rate = sb.build_learning_rate(path, step)
        with tf.GradientTape() as tape:
            loss = tf.square(weight - 3.0)
        weight.assign_sub(rate * tape.gradient(loss, weight))
        step.assign_add(1)
        return rate

    for update in range(20):
        log.record(update, float(train_step()))
    assert log.first_difference is None
    assert "20 applied rates" in log.close()


@pytest.mark.parametrize(
    "options", [{}, {"jit_compile": True}, {"steps_per_execution": 4}], ids=str
)
@pytest.mark.parametrize("batches", [1, 2, 4])
def test_accumulated_gradients(tmp_path: Path, batches: int, options: dict[str, Any]) -> None:
    path = write_pipeline(tmp_path, num_steps=40)
    optimizer = sb.build_optimizer(path, gradient_accumulation_steps=batches)
    log = sb.LearningRateLog(path, verbose=0)
    recorder, _ = fit(optimizer, epochs=2, callbacks=[log], **options)
    updates = 40 // batches
    assert recorder.rates == reference(path, range(updates))
    assert log.verdict == f"all {updates} applied rates (steps 0 to {updates - 1}) match {path}"


@pytest.mark.parametrize(
    ("batches", "error", "text"),
    [
        (0, ValueError, "must be at least 1. Received: 0"),
        (2.0, TypeError, "must be a whole number. Received: 2.0"),
        ("2", TypeError, "must be a whole number. Received: '2'"),
        (True, TypeError, "must be a whole number. Received: True"),
    ],
)
def test_accumulation_is_a_positive_number(
    tmp_path: Path, batches: Any, error: type[Exception], text: str
) -> None:
    path = write_pipeline(tmp_path)
    with pytest.raises(error, match=re.escape(f"gradient_accumulation_steps {text}")):
        sb.build_optimizer(path, gradient_accumulation_steps=batches)


def test_accumulation_by_a_number_of_numpy_is_saved(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    batches: Any = np.int64(2)
    schedule = sb.build_keras_schedule(path, gradient_accumulation_steps=batches)
    assert json.loads(json.dumps(schedule.get_config()))["gradient_accumulation_steps"] == 2


def test_a_saved_model_goes_on_accumulating(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    _, model = fit(sb.build_optimizer(path, gradient_accumulation_steps=4))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    log = sb.LearningRateLog(path, verbose=0)
    loaded.fit(*samples(), batch_size=4, shuffle=False, verbose=0, callbacks=[log])
    assert log.verdict == f"all 5 applied rates (steps 5 to 9) match {path}"


def test_mixed_precision_and_skipped_updates(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    inner = sb.build_optimizer(path)
    optimizer = keras.optimizers.LossScaleOptimizer(
        inner, initial_scale=2.0, dynamic_growth_steps=5
    )
    recorder = Recorder(optimizer)
    weight = keras.Variable([1.0])
    optimizer.build([weight])

    @tf.function
    def update(gradient: Any) -> None:
        optimizer.apply([gradient], [weight])

    for batch in range(30):
        # Every third gradient overflows, and its update is skipped.
        update(tf.constant([np.inf if batch % 3 == 2 else 0.5]))
    assert int(inner.iterations) == 20
    assert recorder.rates == reference(path, range(20))


def test_mixed_precision_in_fit(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    log = sb.LearningRateLog(path, verbose=0)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small_model(keras)
        model.compile(sb.build_optimizer(path), "mse", auto_scale_loss=True)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        recorder = Recorder(model.optimizer)
        inputs, targets = samples()
        # The batch at 10 overflows float16: its update is skipped, and the rate waits for it.
        targets[40:44] = 1e9
        model.fit(inputs, targets, batch_size=4, shuffle=False, verbose=0, callbacks=[log])
    finally:
        keras.config.set_dtype_policy(before)
    updates = len(recorder.rates)
    assert 0 < updates < 20
    assert recorder.rates == reference(path, range(updates))
    assert f"{updates} applied rates (steps 0 to {updates - 1})" in log.verdict


def test_average_and_clipping_leave_the_rate(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, average=True, train_config="gradient_clipping_by_norm: 0.1")
    optimizer = sb.build_optimizer(path)
    assert optimizer.use_ema
    assert optimizer.global_clipnorm == pytest.approx(0.1)
    recorder, _ = fit(optimizer)
    assert recorder.rates == reference(path, range(20))


def test_fine_tuning_begins_the_schedule_anew(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    _, model = fit(sb.build_optimizer(path))
    assert int(model.optimizer.iterations) == 20
    optimizer = sb.build_optimizer(path, step_offset=20)
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(20)
    recorder = Recorder(optimizer)
    log = sb.LearningRateLog(path, step_offset=20, verbose=0)
    model.compile(optimizer, "mse")
    model.fit(*samples(), batch_size=4, verbose=0, callbacks=[log])
    assert recorder.rates == reference(path, range(20))
    assert log.verdict == f"all 20 applied rates (steps 20 to 39) match {path}"


def test_step_offset_is_the_same_for_every_builder(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    steps = range(95, 125)
    wanted = reference(path, range(1)) * 5 + reference(path, range(25))
    assert reference(path, steps, step_offset=100) == wanted
    tensor = sb.build_learning_rate(path, tf.range(95, 125), step_offset=100)
    assert tensor.numpy().tolist() == wanted
    schedule = sb.build_keras_schedule(path, step_offset=100)
    assert [float(schedule(step)) for step in steps] == wanted
    assert str(sb.build_schedule(path, step_offset=100)).splitlines()[:2] == [
        "steps 0..99     constant 0.001",
        "steps 100..103  a straight line from 0.001 to 0.01 over 4 steps",
    ]


@pytest.mark.parametrize(
    ("offset", "error", "text"),
    [
        (-1, ValueError, "step_offset must be at least 0. Received: -1"),
        (2**63, ValueError, f"step_offset must be at most {2**63 - 1}. Received: {2**63}"),
        (1.5, TypeError, "step_offset must be a whole number. Received: 1.5"),
        ("5", TypeError, "step_offset must be a whole number. Received: '5'"),
        (True, TypeError, "step_offset must be a whole number. Received: True"),
    ],
)
def test_a_bad_step_offset(offset: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        sb.build_schedule({"constant_learning_rate": {}}, step_offset=offset)


def test_a_step_offset_may_be_a_variable(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    offsets: tuple[Any, ...] = (
        np.int32(7),
        tf.Variable(7),
        keras.Variable(7, dtype="int64"),
        tf.constant(7),
    )
    for offset in offsets:
        assert sb.build_schedule(path, step_offset=offset)(11) == sb.build_schedule(path)(4)


TRACING = """
import sys
import tensorflow as tf
import schedule_builder as sb
path = sys.argv[1]
keras_rate = tf.function(sb.build_keras_schedule(path))
rate = tf.function(lambda step: sb.build_learning_rate(path, step))
for step in range(1000):
    keras_rate(tf.constant(step, tf.int64))
    rate(tf.constant(step, tf.int64))
print(keras_rate.experimental_get_tracing_count(), rate.experimental_get_tracing_count())
"""


def test_tracing_happens_once_and_warns_of_nothing(tmp_path: Path) -> None:
    # A process of its own, because TensorFlow gives some warnings only once.
    result = subprocess.run(
        [sys.executable, "-c", TRACING, write_pipeline(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "1 1\n"
    assert "WARNING:tensorflow" not in result.stderr


def test_global_batch_size_scales_the_rate(tmp_path: Path) -> None:
    config = {
        "train_config": {
            "batch_size": 512,
            "optimizer": {
                "momentum_optimizer": {
                    "learning_rate": {
                        "constant_learning_rate": {"learning_rate": 0.1},
                        "batch_size_scaling": {"reference_batch_size": 256},
                    }
                }
            },
        }
    }
    assert float(sb.build_optimizer(config).learning_rate) == np.float32(0.2)
    loaded = sb.load(config, overrides=["train_config.batch_size=1024"])
    assert float(sb.build_optimizer(loaded).learning_rate) == np.float32(0.4)


GROWING = {
    "train_config": {
        "num_steps": 1000,
        "optimizer": {
            "momentum_optimizer": {
                "learning_rate": {
                    "exponential_decay_learning_rate": {
                        "initial_learning_rate": 1.0,
                        "decay_steps": 1,
                        "decay_factor": 2.0,
                    }
                }
            }
        },
    }
}
WITHOUT_RATE: dict[str, Any] = {"train_config": {"optimizer": {"momentum_optimizer": {}}}}
BUILDERS = [
    sb.build_schedule,
    lambda config: sb.build_learning_rate(config, 0),
    sb.build_keras_schedule,
    sb.build_optimizer,
    sb.LearningRateLog,
    sb.RateLog,
]


@pytest.mark.parametrize("build", BUILDERS)
def test_every_builder_refuses_a_rate_that_is_not_finite(build: Any) -> None:
    with pytest.raises(sb.ConfigError, match=r"SB309\] the rate at step 128 is 3\.40282367e\+38"):
        build(GROWING)
    # In a run that ends before, there is nothing wrong.
    build(sb.load(GROWING, overrides=["train_config.num_steps=128"]))


@pytest.mark.parametrize("build", BUILDERS)
def test_every_builder_refuses_a_config_without_a_rate(build: Any) -> None:
    with pytest.raises(sb.ConfigError, match=r"<dict>:4:\d+: error\[SB302\]"):
        build(WITHOUT_RATE)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.bfloat16, tf.bool])
def test_a_step_that_is_no_integer_is_refused_when_traced(tmp_path: Path, dtype: Any) -> None:
    path = write_pipeline(tmp_path)
    for rate in (sb.build_keras_schedule(path), lambda step: sb.build_learning_rate(path, step)):
        with pytest.raises(TypeError, match=f"dtype {dtype.name}"):
            tf.function(rate).get_concrete_function(tf.TensorSpec([], dtype))


def test_a_step_is_needed_outside_of_graphs_of_tf1(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    for build in (sb.build_learning_rate, tf.function(sb.build_learning_rate)):
        with pytest.raises(TypeError, match="pass `global_step`"):
            build(path)


@pytest.mark.parametrize("dtype", [tf.int8, tf.int32, tf.int64])
def test_negative_steps_have_the_rate_of_0(tmp_path: Path, dtype: Any) -> None:
    path = write_pipeline(tmp_path)
    steps = tf.constant([-128, -1, 0], dtype)
    for rate in (sb.build_keras_schedule(path), lambda step: sb.build_learning_rate(path, step)):
        assert rate(steps).numpy().tolist() == reference(path, range(1)) * 3
        assert tf.function(rate)(steps).numpy().tolist() == reference(path, range(1)) * 3


LION = {
    "trainer": {
        "optimizer_config": {
            "optimizer": {"type": "lion", "lion": {"weight_decay": 0.1}},
            "learning_rate": {"type": "constant", "constant": {"learning_rate": 0.1}},
        }
    }
}


def test_an_optimizer_that_this_keras_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sb.build_optimizer(LION), keras.optimizers.Lion)
    monkeypatch.delattr(keras.optimizers, "Lion")
    version = re.escape(keras.__version__)
    text = rf"<dict>:5:\d+: error\[SB315\] Keras {version} has no optimizer `lion`"
    with pytest.raises(sb.ConfigError, match=text):
        sb.build_optimizer(LION)
    assert sb.build_schedule(LION)(0) == pytest.approx(0.1)


def test_an_argument_that_this_keras_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lion(keras.optimizers.Lion):
        def __init__(self, learning_rate: Any, beta_1: float = 0.9, beta_2: float = 0.99) -> None:
            super().__init__(learning_rate, beta_1, beta_2)

    monkeypatch.setattr(keras.optimizers, "Lion", Lion)
    with pytest.raises(sb.ConfigError, match=r"SB315\] Lion has no `weight_decay`"):
        sb.build_optimizer(LION)
