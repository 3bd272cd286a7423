"""Schedule and callback for Keras 2, which continues as the package `tf_keras`."""

from __future__ import annotations

from typing import Any

import tf_keras

from schedule_builder.frameworks.keras2_optimizers import VARIANTS
from schedule_builder.frameworks.keras_callback import LearningRateLogMixin
from schedule_builder.frameworks.keras_common import ConfigScheduleMixin
from schedule_builder.frameworks.tensorflow_backend import as_it_is, rate_tensor

OPTIMIZERS = VARIANTS
"""The optimizers that have more than one rate, by the names of Keras' own."""


@tf_keras.saving.register_keras_serializable(package="schedule_builder")
class ConfigSchedule(ConfigScheduleMixin, tf_keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras 2 optimizers evaluate at each update.

    It saves with its model as plain data and loads without the config file.
    """

    # Saved models name this module, which older versions of the package have as well.
    __module__ = "schedule_builder.legacy_keras"

    @as_it_is
    def __call__(self, step: Any) -> Any:
        """The rates at integer steps, in float32 and of the same shape."""
        return rate_tensor(self.schedule, self.updates(step), self.compute_dtype)


class LearningRateLog(LearningRateLogMixin, tf_keras.callbacks.Callback):  # noqa: D101 - see below
    __doc__ = LearningRateLogMixin.__doc__
