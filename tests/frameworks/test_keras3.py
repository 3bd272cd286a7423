"""Keras objects: the schedule that an optimizer applies is the config's, also after saving."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from schedule_builder import ConfigError, build_keras_schedule, build_optimizer, build_schedule

PIPELINE = """
train_config {{
  batch_size: 4
  num_steps: 10
  {train_config}
  optimizer {{
    {optimizer} {{
      learning_rate {{
        cosine_decay_learning_rate {{
          learning_rate_base: 0.1 total_steps: 10 warmup_steps: 3 warmup_learning_rate: 0.01
        }}
      }}
      {fields}
    }}
    {average}
  }}
}}
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Any:
    def write(
        optimizer: str = "momentum_optimizer",
        fields: str = "",
        average: str = "use_moving_average: false",
        train_config: str = "",
    ) -> Path:
        path = tmp_path / "pipeline.config"
        path.write_text(
            PIPELINE.format(
                optimizer=optimizer, fields=fields, average=average, train_config=train_config
            )
        )
        return path

    return write


class AppliedRates(keras.callbacks.Callback):
    """Records the rate that each update is about to be applied with."""

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.rates.append(float(self.model.optimizer.learning_rate))


def small_model() -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def train(model: Any, epochs: int) -> list[float]:
    rates = AppliedRates()
    inputs = np.linspace(0, 1, 40, dtype=np.float32).reshape(20, 2)
    model.fit(inputs, inputs.sum(1), batch_size=4, epochs=epochs, verbose=0, callbacks=[rates])
    return rates.rates


def reference(path: Path, steps: range) -> list[float]:
    schedule = build_schedule(path)
    return [float(np.float32(schedule(step))) for step in steps]


def test_fit_applies_the_rates_of_the_config(pipeline: Any) -> None:
    path = pipeline()
    model = small_model()
    model.compile(build_optimizer(path), "mse")
    assert train(model, epochs=2) == reference(path, range(10))


def test_a_saved_model_goes_on_without_the_config(pipeline: Any, tmp_path: Path) -> None:
    path = pipeline()
    wanted = reference(path, range(5, 10))
    model = small_model()
    model.compile(build_optimizer(path), "mse")
    train(model, epochs=1)
    model.save(tmp_path / "model.keras")
    path.unlink()
    assert train(keras.models.load_model(tmp_path / "model.keras"), epochs=1) == wanted


def test_a_saved_model_loads_in_a_process_that_imported_nothing_else(
    pipeline: Any, tmp_path: Path
) -> None:
    path = pipeline()
    model = small_model()
    model.compile(build_optimizer(path), "mse")
    train(model, epochs=1)
    model.save(tmp_path / "model.keras")
    program = (
        "import sys, keras; import schedule_builder.frameworks.keras3;"
        " print(float(keras.models.load_model(sys.argv[1]).optimizer.learning_rate))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "model.keras"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert float(ran.stdout) == reference(path, range(5, 6))[0]


def test_a_schedule_serialises(pipeline: Any) -> None:
    schedule = build_keras_schedule(pipeline())
    data = keras.optimizers.schedules.serialize(schedule)
    again = keras.optimizers.schedules.deserialize(data)
    assert again.schedule == schedule.schedule
    assert data["registered_name"] == "schedule_builder>ConfigSchedule"


def test_momentum(pipeline: Any) -> None:
    optimizer = build_optimizer(pipeline(fields="momentum_optimizer_value: 0.8"))
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert optimizer.momentum == 0.8
    assert not optimizer.use_ema
    assert optimizer.global_clipnorm is None


def test_rms_props_decay_is_rho(pipeline: Any) -> None:
    optimizer = build_optimizer(
        pipeline("rms_prop_optimizer", "momentum_optimizer_value: 0.7 decay: 0.95 epsilon: 0.001")
    )
    assert isinstance(optimizer, keras.optimizers.RMSprop)
    assert (optimizer.rho, optimizer.momentum, optimizer.epsilon) == (0.95, 0.7, 0.001)
    optimizer.build([keras.Variable(0.0)])
    optimizer.iterations.assign(5)
    assert float(optimizer.learning_rate) == reference(pipeline(), range(5, 6))[0]


def test_adam(pipeline: Any) -> None:
    optimizer = build_optimizer(pipeline("adam_optimizer", "epsilon: 0.01"))
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert optimizer.epsilon == 0.01


@pytest.mark.parametrize(
    ("optimizer", "epsilon"), [("rms_prop_optimizer", 1.0), ("adam_optimizer", 1e-8)]
)
def test_defaults_are_the_apis(pipeline: Any, optimizer: str, epsilon: float) -> None:
    assert build_optimizer(pipeline(optimizer)).epsilon == epsilon


def test_the_moving_average_is_on_by_default(pipeline: Any) -> None:
    optimizer = build_optimizer(pipeline(average=""))
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9999)
    optimizer = build_optimizer(pipeline(average="moving_average_decay: 0.9"))
    assert optimizer.ema_momentum == 0.9


def test_clipping_is_by_the_global_norm(pipeline: Any) -> None:
    path = pipeline("momentum_optimizer", train_config="gradient_clipping_by_norm: 2.5")
    optimizer = build_optimizer(path)
    assert optimizer.global_clipnorm == 2.5
    first, second = keras.Variable(0.0), keras.Variable(0.0)
    optimizer.build([first, second])
    # The norm of these gradients is 5, so that both are halved.
    optimizer.apply([keras.ops.array(3.0), keras.ops.array(4.0)], [first, second])
    np.testing.assert_allclose([float(first), float(second)], [-0.015, -0.02], rtol=1e-6)


def test_a_learning_rate_alone_names_no_optimizer() -> None:
    with pytest.raises(ValueError, match="names no optimizer"):
        build_optimizer({"constant_learning_rate": {}})


def test_a_bad_config_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="SB302"):
        build_optimizer({"train_config": {"optimizer": {"adam_optimizer": {}}}})
