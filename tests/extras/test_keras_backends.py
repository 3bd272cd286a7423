"""Keras on JAX and on PyTorch: `fit` applies the rates of the config, also after saving."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

from schedule_builder import Schedule, build_schedule
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support.goldens import Golden
from tests.support.variable_rates import CHECKS

from .comparing import GOLDENS, TEXT, check_golden, schedule_of

PROGRAM = """
import json, sys
import keras
import numpy as np
import schedule_builder as sb

class AppliedRates(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        rates.append(float(self.model.optimizer.learning_rate))

def train(model, epochs):
    inputs = np.linspace(0, 1, 40, dtype="float32").reshape(20, 2)
    log = sb.LearningRateLog(job["config"], job["path"] + ".csv", verbose=0)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0, "callbacks": [AppliedRates(), log]}
    model.fit(inputs, inputs.sum(1), epochs=epochs, **options)
    verdicts.append(log.verdict)
    return [float(weight) for weight in np.ravel(model.get_weights()[0])]

def rounded(schedule, steps):
    rates = schedule(keras.ops.convert_to_tensor(np.asarray(steps), dtype="int64"))
    assert keras.ops.is_tensor(rates)
    assert keras.backend.standardize_dtype(rates.dtype) == "float32"
    return [float(rate) for rate in keras.ops.convert_to_numpy(rates)]

rates, verdicts = [], []
job = json.loads(sys.stdin.read())
result = {"backend": keras.backend.backend()}
schedule = sb.build_keras_schedule(job["config"])
dense = keras.layers.Dense(1, kernel_initializer="zeros")
model = keras.Sequential([keras.Input((2,)), dense])
model.compile(
    getattr(keras.optimizers, job["optimizer"])(schedule, **job["options"]),
    "mse",
    run_eagerly=job["run_eagerly"],
)
result["weights"] = train(model, 2)
model.save(job["path"])
model = keras.models.load_model(job["path"])
train(model, 2)
result["rates"] = rates
result["verdicts"] = verdicts
late = sb.build_keras_schedule(job["config"], step_offset=100, gradient_accumulation_steps=2)
result["late"] = rounded(late, range(200, 240))
result["python"] = [float(schedule(step)) for step in (0, 3, 2**40, 2**70)]
result["variable"] = float(schedule(keras.Variable(7, dtype="int32", trainable=False)))
data = keras.optimizers.schedules.serialize(schedule)
again = keras.optimizers.schedules.deserialize(data)
result["is_kept"] = again.schedule == schedule.schedule
result["goldens"] = []
for plain, steps in job["goldens"]:
    steps = [step for step in steps if step < 2**31]
    golden = keras.optimizers.schedules.deserialize({**data, "config": {"schedule": plain}})
    result["goldens"].append([steps, rounded(golden, steps)])
result["modules"] = [name for name in sys.modules if name.split(".")[0] == "tensorflow"]
print(json.dumps(result))
"""
BACKENDS = ["jax", "torch"]
CONFIG = text_format.Parse(TEXT, pb.LearningRate())


def ran(backend: str, folder: Path, goldens: list[Any] | None = None, **changes: Any) -> Any:
    """What the program prints on a backend."""
    for name in ("keras", backend):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    (folder / "rate.config").write_text(TEXT)
    job = {
        "config": str(folder / "rate.config"),
        "path": str(folder / "model.keras"),
        "optimizer": "SGD",
        "options": {},
        "run_eagerly": False,
        "goldens": goldens or [],
    }
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(job | changes),
        env=os.environ | {"KERAS_BACKEND": backend, "KERAS_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


def rounded(schedule: Schedule, steps: Any) -> list[float]:
    return [float(np.float32(schedule(step))) for step in steps]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("optimizer", "options", "run_eagerly"),
    [
        ("SGD", {}, False),
        ("SGD", {}, True),
        ("SGD", {"use_ema": True}, False),
        ("Adam", {"global_clipnorm": 1.0}, False),
    ],
    ids=["compiled", "eager", "average", "Adam"],
)
def test_fit_applies_the_rates_also_after_loading(
    tmp_path: Path, backend: str, optimizer: str, options: dict[str, Any], run_eagerly: bool
) -> None:
    found = ran(backend, tmp_path, optimizer=optimizer, options=options, run_eagerly=run_eagerly)
    schedule = build_schedule(CONFIG)
    assert found["backend"] == backend
    assert found["rates"] == rounded(schedule, range(20))
    name = tmp_path / "rate.config"
    assert found["verdicts"] == [
        f"all 10 applied rates (steps {first} to {first + 9}) match {name}" for first in (0, 10)
    ]
    assert found["late"] == [rate for rate in rounded(schedule, range(20)) for _ in range(2)]
    assert found["python"] == rounded(schedule, (0, 3, 2**40, 2**70))
    assert found["variable"] == rounded(schedule, [7])[0]
    assert found["is_kept"]
    assert found["modules"] == []


def test_backends_train_alike(tmp_path: Path) -> None:
    weights = [ran(backend, tmp_path)["weights"] for backend in BACKENDS]
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5)
    assert all(weights[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_goldens(tmp_path: Path, backend: str) -> None:
    goldens: list[Golden] = GOLDENS
    jobs = [(schedule_of(golden).to_dict(), golden.steps) for golden in goldens]
    for golden, (steps, rates) in zip(
        goldens, ran(backend, tmp_path, jobs)["goldens"], strict=True
    ):
        check_golden(golden, np.float32(rates), str(golden), steps)


@pytest.mark.parametrize("backend", BACKENDS)
def test_factors_of_single_variables(tmp_path: Path, backend: str) -> None:
    for name in ("keras", backend):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    process = subprocess.run(
        [sys.executable, "-m", "tests.support.variable_rates", str(tmp_path)],
        env=os.environ | {"KERAS_BACKEND": backend, "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.split() == list(CHECKS)
