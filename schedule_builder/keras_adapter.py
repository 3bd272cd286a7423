"""The path of the Keras 3 schedule in saved models."""

from schedule_builder.frameworks.extras import naming_extra

with naming_extra("schedule_builder.keras_adapter"):
    from schedule_builder.frameworks.keras3 import ConfigSchedule
    from schedule_builder.frameworks.keras_common import build_keras_schedule

__all__ = ["ConfigSchedule", "build_keras_schedule"]
