"""Keras 3 learning-rate schedules from a config."""

from __future__ import annotations

from typing import Any

import keras

from schedule_builder.building import build_schedule
from schedule_builder.config import ConfigLike
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
