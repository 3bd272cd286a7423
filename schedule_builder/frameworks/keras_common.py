"""What schedules of Keras 3 and of Keras 2 share, and which of the two is meant."""

from __future__ import annotations

import os
from typing import Any

from schedule_builder.schedules.schedule import Schedule


def is_legacy(legacy: bool | None = None) -> bool:
    """Whether Keras 2 is meant: as TensorFlow decides it, where the caller does not say."""
    if legacy is None:
        return os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True")
    return legacy


class ConfigScheduleMixin:
    """What the schedule of either Keras does.

    Args:
        schedule: the schedule, or its `to_dict()`.
        gradient_accumulation_steps: how many steps of the optimizer's counter make one update.

    Attributes:
        schedule: the schedule.
    """

    def __init__(
        self, schedule: Schedule | dict[str, Any], gradient_accumulation_steps: int = 1
    ) -> None:
        super().__init__()
        self.schedule = Schedule.from_dict(schedule) if isinstance(schedule, dict) else schedule
        self.gradient_accumulation_steps = gradient_accumulation_steps

    def updates(self, step: Any) -> Any:
        """How many updates were applied before, at a step of the optimizer's counter."""
        steps = self.gradient_accumulation_steps
        return step if steps == 1 else step // steps

    def get_config(self) -> dict[str, Any]:
        """The schedule as plain data."""
        return {
            "schedule": self.schedule.to_dict(),
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
