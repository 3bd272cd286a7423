"""The common part of the schedules for Keras 3 and Keras 2 (`tf_keras`), and their choice."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.frameworks.tensor_operations import checked_dtype
from schedule_builder.frameworks.variable_factors import warn_unapplied
from schedule_builder.schedules.schedule import Schedule, whole


def is_legacy(legacy: bool | None = None) -> bool:
    """Whether to use Keras 2; by default, as TensorFlow does."""
    if legacy is None:
        return os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True")
    return legacy


def keras_home(legacy: bool | None = None) -> ModuleType:
    """The module with the schedule and the callback for the chosen Keras."""
    is_keras2 = is_legacy(legacy)
    with naming_extra("Keras 2" if is_keras2 else "Keras"):
        return import_module(f"{__package__}.{'keras2' if is_keras2 else 'keras3'}")


class ConfigScheduleMixin:
    """The schedule of either Keras.

    Args:
        schedule: the schedule, or its `to_dict()`.
        gradient_accumulation_steps: how many steps of the optimizer's counter make one update.

        compute_dtype: what graphs compute in, "float64" or "float32".

    Attributes:
        schedule: the schedule.
    """

    def __init__(
        self,
        schedule: Schedule | dict[str, Any],
        gradient_accumulation_steps: int = 1,
        compute_dtype: str = "float64",
    ) -> None:
        super().__init__()
        self.schedule: Schedule = (
            Schedule.from_dict(schedule) if isinstance(schedule, dict) else schedule
        )
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.compute_dtype: str = checked_dtype(compute_dtype)

    def updates(self, step: Any) -> Any:
        """How many updates were applied before, at a step of the optimizer's counter."""
        steps = self.gradient_accumulation_steps
        return step if steps == 1 else step // steps

    def get_config(self) -> dict[str, Any]:
        """The schedule as plain data.

        If a model is loaded and this class is not imported, Keras' error prints this data, which
        says what to import.
        """
        return {
            "to_load": f"import {type(self).__module__} before load_model",
            "schedule": self.schedule.to_dict(),
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            # Versions before this argument load what does not have it.
            **({} if self.compute_dtype == "float64" else {"compute_dtype": self.compute_dtype}),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ConfigScheduleMixin:
        """The inverse of `get_config`."""
        return cls(**{name: value for name, value in config.items() if name != "to_load"})


def build_keras_schedule(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    gradient_accumulation_steps: int | None = None,
    legacy: bool | None = None,
    num_steps: int | None = None,
    batch_size: int | None = None,
    compute_dtype: str = "float64",
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
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.
        compute_dtype: "float32" for devices without float64, such as TPUs, with TensorFlow; see
            `build_learning_rate`.

    Returns:
        The schedule. Calling it with an integer step gives a float32 tensor of the step's
        shape. `model.save` keeps it. Before `load_model`, import Keras and then `schedule_builder`,
        or in any order `schedule_builder.keras_adapter` (for Keras 2
        `schedule_builder.legacy_keras`); the config is not needed.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        ValueError: `step_offset` is negative, or `gradient_accumulation_steps` is not positive,
            or the dtype is another one.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    warn_unapplied(loaded, "build_keras_schedule", "build_optimizer")
    return keras_schedule(
        loaded,
        step_offset=step_offset,
        gradient_accumulation_steps=gradient_accumulation_steps,
        legacy=legacy,
        compute_dtype=compute_dtype,
    )


def keras_schedule(
    config: Config,
    *,
    step_offset: int = 0,
    gradient_accumulation_steps: int | None = None,
    legacy: bool | None = None,
    compute_dtype: str = "float64",
) -> Any:
    """The schedule of a loaded config, for an optimizer that applies the rest of the config."""
    accumulated = 1
    if gradient_accumulation_steps is not None:
        accumulated = whole(gradient_accumulation_steps, "gradient_accumulation_steps", at_least=1)
    schedule = build_schedule(config, step_offset=step_offset)
    return keras_home(legacy).ConfigSchedule(schedule, accumulated, compute_dtype)
