"""One compiler for learning-rate schedules: from a checked config to exact rates."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schedule_builder.building import build_schedule
    from schedule_builder.checking import validate, validate_text
    from schedule_builder.comparing import first_difference
    from schedule_builder.config import Config, load
    from schedule_builder.diagnostics import ConfigError, Diagnostic
    from schedule_builder.keras_adapter import build_keras_schedule
    from schedule_builder.keras_callbacks import LearningRateLog
    from schedule_builder.keras_optimizers import build_optimizer
    from schedule_builder.lowering import LoweringError, lowers
    from schedule_builder.optax_adapter import build_optax_schedule
    from schedule_builder.rate_log import RateLog
    from schedule_builder.schedule import Schedule, Segment
    from schedule_builder.settings import SettingsError
    from schedule_builder.tensorflow_adapter import build_learning_rate
    from schedule_builder.torch_adapter import build_torch_scheduler

__version__ = "0.1.0"

# Where each public name lives. They are imported on use: most users of the validator have no
# TensorFlow, and nobody wants to wait for it.
_HOMES = {
    "Config": "config",
    "ConfigError": "diagnostics",
    "Diagnostic": "diagnostics",
    "LearningRateLog": "keras_callbacks",
    "RateLog": "rate_log",
    "Schedule": "schedule",
    "Segment": "schedule",
    "SettingsError": "settings",
    "build_keras_schedule": "keras_adapter",
    "build_learning_rate": "tensorflow_adapter",
    "build_optax_schedule": "optax_adapter",
    "build_optimizer": "keras_optimizers",
    "build_schedule": "building",
    "build_torch_scheduler": "torch_adapter",
    "first_difference": "comparing",
    "load": "config",
    "lowers": "lowering",
    "LoweringError": "lowering",
    "validate": "checking",
    "validate_text": "checking",
}

__all__ = [
    "Config",
    "ConfigError",
    "Diagnostic",
    "LearningRateLog",
    "LoweringError",
    "RateLog",
    "Schedule",
    "Segment",
    "SettingsError",
    "__version__",
    "build_keras_schedule",
    "build_learning_rate",
    "build_optax_schedule",
    "build_optimizer",
    "build_schedule",
    "build_torch_scheduler",
    "first_difference",
    "load",
    "lowers",
    "validate",
    "validate_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    home = _HOMES[name]
    if name == "LearningRateLog":
        from schedule_builder.building import is_legacy

        home = "legacy_keras" if is_legacy() else home
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
