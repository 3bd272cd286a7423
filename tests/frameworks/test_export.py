"""Exported training steps and models, also where this package is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import schedule_builder as sb
from tests.support.recording import reference, samples, small_model, write_pipeline


def elsewhere(program: str, *arguments: Any) -> Any:
    """What a program prints in a process that cannot import this package."""
    hidden = "import sys; sys.modules['schedule_builder'] = None\n"
    ran = subprocess.run(
        [sys.executable, "-c", hidden + program, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


class Trainer(tf.Module):
    """A training step with its optimizer inside, as exported to train elsewhere."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.model = small_model(keras)
        self.optimizer = sb.build_optimizer(path)
        self.optimizer.build(self.model.trainable_variables)

    @tf.function(
        input_signature=[tf.TensorSpec([None, 2], tf.float32), tf.TensorSpec([None, 1], tf.float32)]
    )
    def train_step(self, inputs: Any, targets: Any) -> Any:
        rate = tf.identity(self.optimizer.learning_rate)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.model(inputs, training=True) - targets))
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return rate


TRAIN = """
import json, sys
import numpy as np, tensorflow as tf
trainer = tf.saved_model.load(sys.argv[1])
inputs = np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)
targets = inputs.sum(1, keepdims=True)
print(json.dumps([float(trainer.train_step(inputs, targets)) for _ in range(int(sys.argv[2]))]))
"""


def test_a_training_step_goes_on_elsewhere(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    trainer = Trainer(path)
    inputs, targets = map(tf.constant, samples(4))
    rates = [float(trainer.train_step(inputs, targets)) for _ in range(6)]
    tf.saved_model.save(trainer, str(tmp_path / "trainer"))
    rates += elsewhere(TRAIN, tmp_path / "trainer", 14)
    assert rates == reference(path, range(20))


RATES = """
import json, sys
import tensorflow as tf
module = tf.saved_model.load(sys.argv[1])
steps = tf.constant(json.loads(sys.argv[2]), tf.int64)
print(json.dumps([module.rate(steps).numpy().tolist(), float(module.rate(steps[3]))]))
"""


@pytest.mark.parametrize("jit_compile", [None, True])
def test_a_rate_alone(tmp_path: Path, *, jit_compile: bool | None) -> None:
    path = write_pipeline(tmp_path)
    module = tf.Module()
    module.rate = tf.function(
        lambda steps: sb.build_learning_rate(path, steps),
        input_signature=[tf.TensorSpec(None, tf.int64)],
        jit_compile=None,
    )
    if jit_compile:
        # XLA compiles shapes that are known.
        compiled = tf.function(
            lambda step: sb.build_learning_rate(path, step),
            input_signature=[tf.TensorSpec([], tf.int64)],
            jit_compile=True,
        ).get_concrete_function()
        found = [float(compiled(tf.constant(step, tf.int64))) for step in range(21)]
        assert found == reference(path, range(21))
    tf.saved_model.save(module, str(tmp_path / "rate"))
    many, one = elsewhere(RATES, tmp_path / "rate", json.dumps([*range(21)]))
    assert many == reference(path, range(21))
    assert one == many[3]


@pytest.mark.parametrize("jit_compile", [None, True])
def test_what_is_exported_beside_a_gpu_runs_without_one(
    tmp_path: Path, gpu: None, *, jit_compile: bool | None
) -> None:
    """The rate is placed on the host, under the name that every machine has for it."""
    path = write_pipeline(tmp_path)
    schedule = sb.build_keras_schedule(path)
    trainer = Trainer(path)
    trainer.rate = tf.function(
        schedule,
        input_signature=[tf.TensorSpec([], tf.int64)],
        jit_compile=jit_compile,
    )
    rate = trainer.rate.get_concrete_function()
    assert "/device:CPU:0" in {node.device for node in rate.graph.as_graph_def().node}
    saved = tmp_path / "saved"
    tf.saved_model.save(trainer, str(saved), signatures={"rate": rate})
    model = saved_model_pb2.SavedModel.FromString((saved / "saved_model.pb").read_bytes())
    graphs = [graph.graph_def for graph in model.meta_graphs]
    nodes = [node for graph in graphs for node in graph.node]
    nodes += [
        n for graph in graphs for function in graph.library.function for n in function.node_def
    ]
    # TensorFlow writes the second one for what saves the variables.
    assert {node.device for node in nodes} == {"", "/device:CPU:*", "/device:CPU:0"}
    loaded = tf.saved_model.load(str(saved))
    signature = loaded.signatures["rate"]
    steps = [tf.constant(step, tf.int64) for step in range(20)]
    wanted = reference(path, range(20))
    assert [float(loaded.rate(step)) for step in steps] == wanted
    assert [float(*signature(step).values()) for step in steps] == wanted
    inputs, targets = map(tf.constant, samples(4))
    assert [float(loaded.train_step(inputs, targets)) for _ in steps] == wanted


PREDICT = """
import json, sys
import numpy as np, keras
model = keras.models.load_model(sys.argv[1], compile=False)
print(json.dumps(model.predict(np.ones((1, 2), np.float32), verbose=0).tolist()))
"""


def test_a_model_predicts_elsewhere_and_trains_where_the_package_is(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=40)
    model = small_model(keras)
    model.compile(sb.build_optimizer(path), "mse")
    model.fit(*samples(), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    found = elsewhere(PREDICT, tmp_path / "model.keras")
    np.testing.assert_allclose(found, model.predict(np.ones((1, 2)), verbose=0), rtol=1e-6)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    log = sb.LearningRateLog(path, verbose=0)
    loaded.fit(*samples(), batch_size=4, verbose=0, callbacks=[log])
    assert log.verdict == f"all 20 applied rates (steps 20 to 39) match {path}"


def test_a_trace_reads_no_file_and_asks_nothing(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    wanted = reference(path, range(20))
    schedule = sb.build_keras_schedule(path)
    path.unlink()
    traced = tf.function(schedule)
    concrete = traced.get_concrete_function(tf.TensorSpec([], tf.int64))
    kinds = {node.op for node in concrete.graph.as_graph_def().node}
    assert not {"PyFunc", "EagerPyFunc", "PyFuncStateless"} & kinds
    assert not concrete.captured_inputs
    assert [float(concrete(tf.constant(step, tf.int64))) for step in range(20)] == wanted
