"""Training that records, inside of the optimizer, the rate of every update that it applies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from schedule_builder import build_schedule

PIPELINE = """
train_config {{
  batch_size: 4
  num_steps: {num_steps}
  {train_config}
  optimizer {{
    {optimizer} {{
      learning_rate {{
        cosine_decay_learning_rate {{
          learning_rate_base: 0.01 total_steps: {num_steps} warmup_steps: 4
          warmup_learning_rate: 0.001
        }}
      }}
    }}
    use_moving_average: {average}
  }}
}}
"""


def write_pipeline(
    folder: Path,
    num_steps: int = 20,
    optimizer: str = "momentum_optimizer",
    *,
    average: bool = False,
    train_config: str = "",
) -> Path:
    path = folder / "pipeline.config"
    text = PIPELINE.format(
        num_steps=num_steps,
        optimizer=optimizer,
        average=str(average).lower(),
        train_config=train_config,
    )
    path.write_text(text)
    return path


def reference(path: Any, steps: range, **options: Any) -> list[float]:
    """The rates of a config as float32 has them."""
    schedule = build_schedule(path, **options)
    return [float(np.float32(schedule(step))) for step in steps]


class Recorder:
    """Keeps the rates that an optimizer of Keras 3 updates a variable with.

    The recording is a part of the update: whatever compiles, repeats, skips or restores updates,
    the rate of each applied update is recorded.
    """

    def __init__(self, optimizer: Any, length: int = 100) -> None:
        self.values = tf.Variable(tf.fill([length], -1.0), trainable=False, name="recorded")
        self.count = tf.Variable(0, dtype=tf.int64, trainable=False, name="recorded_count")
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        update_step = inner.update_step

        def recorded(gradient: Any, variable: Any, learning_rate: Any) -> Any:
            if tuple(variable.shape) == (1,):  # of all variables, one
                index = tf.reshape(self.count, [1, 1])
                rate = tf.reshape(tf.cast(learning_rate, tf.float32), [1])
                self.values.scatter_nd_update(index, rate)
                self.count.assign_add(1)
            return update_step(gradient, variable, learning_rate)

        inner.update_step = recorded

    @property
    def rates(self) -> list[float]:
        return [float(rate) for rate in self.values.numpy()[: int(self.count)]]


def small_model(keras: Any) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def samples(count: int = 80) -> tuple[Any, Any]:
    inputs = np.linspace(0, 1, 2 * count, dtype=np.float32).reshape(count, 2)
    return inputs, inputs.sum(1, keepdims=True)
