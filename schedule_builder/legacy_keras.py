"""The path of the Keras 2 schedule and callback in saved models and documents."""

from schedule_builder.frameworks.extras import naming_extra

with naming_extra("schedule_builder.legacy_keras"):
    from schedule_builder.frameworks.keras2 import ConfigSchedule, LearningRateLog

__all__ = ["ConfigSchedule", "LearningRateLog"]
