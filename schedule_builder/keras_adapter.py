"""Keras 3 objects from a config: a learning-rate schedule, and whole optimizers."""

from __future__ import annotations

from typing import Any

import keras

from schedule_builder.building import build_schedule
from schedule_builder.config import ConfigLike, load
from schedule_builder.keras_operations import rate_tensor
from schedule_builder.schedule import Schedule


@keras.saving.register_keras_serializable(package="schedule_builder")
class ConfigSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras optimizers evaluate at each update.

    It saves with its model as plain data and loads without the config file.

    Args:
        schedule: the schedule, or its `to_dict()`.
    """

    def __init__(self, schedule: Schedule | dict[str, Any]) -> None:
        super().__init__()
        self.schedule = Schedule.from_dict(schedule) if isinstance(schedule, dict) else schedule

    def __call__(self, step: Any) -> Any:
        """The rates at integer steps, in float32 and of the same shape."""
        return rate_tensor(self.schedule, step)

    def get_config(self) -> dict[str, Any]:
        """The schedule as plain data."""
        return {"schedule": self.schedule.to_dict()}


def build_keras_schedule(config: ConfigLike) -> ConfigSchedule:
    """Builds a `keras.optimizers.schedules.LearningRateSchedule`.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.

    Returns:
        The schedule. Calling it with an integer step gives a float32 tensor of the step's
        shape. `model.save` keeps it, and `keras.models.load_model` needs this package but not
        the config.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
    """
    return ConfigSchedule(build_schedule(config))


def build_optimizer(config: ConfigLike) -> keras.optimizers.Optimizer:
    """Builds the Keras optimizer of a pipeline config.

    `momentum_optimizer` is SGD with momentum; `rms_prop_optimizer`'s `decay` is rho, the
    discounting factor of the mean of squared gradients, and not a decay of the rate;
    `use_moving_average` is Keras' own exponential moving average of the weights (`use_ema`,
    with `moving_average_decay`), which `fit` puts in place of the weights at its end;
    `gradient_clipping_by_norm` clips the global norm.

    Args:
        config: a pipeline: a path, a loaded config, a message or plain data, as for `load`.

    Returns:
        A `keras.optimizers.Optimizer` with the config's schedule as its learning rate.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        ValueError: the config is a learning rate alone and says nothing of an optimizer.
    """
    loaded = load(config)
    optimizer, train_config = loaded.optimizer, loaded.train_config
    if optimizer is None or train_config is None:
        message = (
            f"{loaded.filename} is a learning rate alone and names no optimizer: use"
            " build_keras_schedule and construct the optimizer yourself"
        )
        raise ValueError(message)
    common: dict[str, Any] = {
        "learning_rate": build_keras_schedule(loaded),
        "global_clipnorm": train_config.gradient_clipping_by_norm or None,
    }
    if optimizer.use_moving_average:
        common |= {"use_ema": True, "ema_momentum": optimizer.moving_average_decay}
    if optimizer.HasField("rms_prop_optimizer"):
        rms_prop = optimizer.rms_prop_optimizer
        return keras.optimizers.RMSprop(
            rho=rms_prop.decay,
            momentum=rms_prop.momentum_optimizer_value,
            epsilon=rms_prop.epsilon,
            **common,
        )
    if optimizer.HasField("adam_optimizer"):
        return keras.optimizers.Adam(epsilon=optimizer.adam_optimizer.epsilon, **common)
    momentum = optimizer.momentum_optimizer.momentum_optimizer_value
    return keras.optimizers.SGD(momentum=momentum, **common)
