"""One compiler for learning-rate schedules: from a checked config to exact rates."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from schedule_builder._version import __version__

if TYPE_CHECKING:
    from schedule_builder.compiler import Config as Config
    from schedule_builder.config import build_schedule as build_schedule
    from schedule_builder.config import first_difference as first_difference
    from schedule_builder.config import load as load
    from schedule_builder.diagnostics import ConfigError as ConfigError
    from schedule_builder.diagnostics import Diagnostic as Diagnostic
    from schedule_builder.dialects.lowering import LoweringError as LoweringError
    from schedule_builder.dialects.lowering import lowers as lowers
    from schedule_builder.frameworks.jax_backend import build_optax_schedule as build_optax_schedule
    from schedule_builder.frameworks.keras3 import LearningRateLog as LearningRateLog
    from schedule_builder.frameworks.keras_common import (
        build_keras_schedule as build_keras_schedule,
    )
    from schedule_builder.frameworks.keras_optimizers import build_optimizer as build_optimizer
    from schedule_builder.frameworks.optax_optimizers import (
        build_optax_optimizer as build_optax_optimizer,
    )
    from schedule_builder.frameworks.optax_optimizers import (
        partition_by_multiplier as partition_by_multiplier,
    )
    from schedule_builder.frameworks.rate_log import RateLog as RateLog
    from schedule_builder.frameworks.tensorflow_backend import (
        build_learning_rate as build_learning_rate,
    )
    from schedule_builder.frameworks.torch_backend import (
        build_torch_scheduler as build_torch_scheduler,
    )
    from schedule_builder.frameworks.torch_optimizers import (
        build_torch_optimizer as build_torch_optimizer,
    )
    from schedule_builder.output.plot import plot as plot
    from schedule_builder.schedules.schedule import Schedule as Schedule
    from schedule_builder.schedules.schedule import Segment as Segment
    from schedule_builder.workspace.checker import validate as validate
    from schedule_builder.workspace.checker import validate_text as validate_text
    from schedule_builder.workspace.settings import SettingsError as SettingsError

# Where each public name is defined. Modules are imported on first use: most users of the validator
# have no TensorFlow, and its import takes seconds.
_HOMES = {
    "Config": "compiler",
    "ConfigError": "diagnostics",
    "Diagnostic": "diagnostics",
    "LearningRateLog": "frameworks.keras3",
    "LoweringError": "dialects.lowering",
    "RateLog": "frameworks.rate_log",
    "Schedule": "schedules.schedule",
    "Segment": "schedules.schedule",
    "SettingsError": "workspace.settings",
    "build_keras_schedule": "frameworks.keras_common",
    "build_learning_rate": "frameworks.tensorflow_backend",
    "build_optax_optimizer": "frameworks.optax_optimizers",
    "build_optax_schedule": "frameworks.jax_backend",
    "build_optimizer": "frameworks.keras_optimizers",
    "build_schedule": "config",
    "build_torch_optimizer": "frameworks.torch_optimizers",
    "build_torch_scheduler": "frameworks.torch_backend",
    "first_difference": "config",
    "load": "config",
    "lowers": "dialects.lowering",
    "partition_by_multiplier": "frameworks.optax_optimizers",
    "plot": "output.plot",
    "validate": "workspace.checker",
    "validate_text": "workspace.checker",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - names, from the one table


if not TYPE_CHECKING:  # or else type checkers would take any other name, too

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        home = _HOMES[name]
        if home.startswith("frameworks.") or name == "plot":
            return _of_framework(name, home)
        return getattr(import_module(f"{__name__}.{home}"), name)


def _of_framework(name: str, home: str) -> Any:
    """A public name whose framework may be missing, or may be either Keras."""
    extras = import_module(f"{__name__}.frameworks.extras")
    with extras.naming_extra(f"`{name}`"):
        if name == "LearningRateLog":
            return import_module(f"{__name__}.frameworks.keras_common").keras_home().LearningRateLog
        return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _register() -> None:
    """Lets each Keras that is imported already load models with our schedules and optimizers."""
    for name, home in (("keras", "keras3"), ("tf_keras", "keras2")):
        # Skip a Keras that is still being imported, or that runs on an unsupported backend.
        if hasattr(sys.modules.get(name), "saving"):
            with suppress(ImportError, ValueError):
                import_module(f"{__name__}.frameworks.{home}")


_register()
