"""Keras learning-rate schedules from a config: of Keras 3 and of Keras 2 (`tf_keras`)."""

from __future__ import annotations

from typing import Any

import keras

from schedule_builder.config import ConfigLike, build_schedule
from schedule_builder.frameworks.backends import rate_tensor
from schedule_builder.frameworks.keras_common import ConfigScheduleMixin, is_legacy
from schedule_builder.schedules.schedule import whole


@keras.saving.register_keras_serializable(package="schedule_builder")
class ConfigSchedule(ConfigScheduleMixin, keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras 3 optimizers evaluate at each update.

    It saves with its model as plain data and loads without the config file.
    """

    # Saved models name this module, which versions before this layout have, too.
    __module__ = "schedule_builder.keras_adapter"

    def __call__(self, step: Any) -> Any:
        """The rates at integer steps, in float32 and of the same shape."""
        return rate_tensor(self.schedule, self.updates(step))


def build_keras_schedule(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    gradient_accumulation_steps: int | None = None,
    legacy: bool | None = None,
) -> Any:
    """Builds a `keras.optimizers.schedules.LearningRateSchedule`.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        step_offset: the step at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        gradient_accumulation_steps: what the optimizer is constructed with: Keras counts
            batches then, and the schedule counts updates.
        legacy: True for a schedule of Keras 2 (the package `tf_keras`), False for one of
            Keras 3. By default, as `tf.keras` is: Keras 2 where the environment variable
            TF_USE_LEGACY_KERAS is set.

    Returns:
        The schedule. Calling it with an integer step gives a float32 tensor of the step's
        shape. `model.save` keeps it. Before `load_model`, import `schedule_builder.keras_adapter`
        (for Keras 2 `schedule_builder.legacy_keras`); the config is not needed.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        ValueError: `step_offset` is negative, or `gradient_accumulation_steps` is not positive.
    """
    accumulated = 1
    if gradient_accumulation_steps is not None:
        accumulated = whole(gradient_accumulation_steps, "gradient_accumulation_steps", at_least=1)
    schedule = build_schedule(config, step_offset=step_offset)
    if is_legacy(legacy):
        from schedule_builder.frameworks import keras2 as legacy_keras  # few have Keras 2

        return legacy_keras.ConfigSchedule(schedule, accumulated)
    return ConfigSchedule(schedule, accumulated)
