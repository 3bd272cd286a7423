"""Learning rates as tensors of the backend that Keras runs on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

import keras

from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.schedules.schedule import Schedule

_F = TypeVar("_F", bound=Callable[..., Any])

_HOMES = {"jax": "jax_backend", "tensorflow": "tensorflow_backend", "torch": "torch_backend"}
"""The module that computes on each backend; it alone imports the backend."""


@cache
def _home(backend: str) -> ModuleType:
    if backend not in _HOMES:
        message = f"expected a Keras backend of {', '.join(_HOMES)}. Received: {backend}"
        raise ValueError(message)
    with naming_extra(f"Keras' backend {backend}"):
        return import_module(f"schedule_builder.frameworks.{_HOMES[backend]}")


# Imported now: within a trace, TensorFlow's AutoGraph would convert the import, and warn.
as_it_is: Callable[[_F], _F] = getattr(_home(keras.backend.backend()), "as_it_is", lambda f: f)
"""What keeps a function from being rewritten while it is traced, which takes time."""


def rate_tensor(schedule: Schedule, step: Any, compute_dtype: str = "float64") -> Any:
    """The rates of a schedule on Keras' backend, computed in float64 and rounded once.

    Args:
        schedule: the schedule.
        step: how many updates were applied before: an integer, or a tensor or variable of any
            integer dtype and any shape. Negative steps mean 0.
        compute_dtype: "float32" for devices without float64, with TensorFlow alone.

    Returns:
        A float32 tensor of the step's shape.

    Raises:
        TypeError: the step is not an integer.
        ValueError: the backend computes in float64 alone.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _home(backend).rate_tensor(schedule, step, compute_dtype)
    if compute_dtype != "float64":
        message = f"compute_dtype {compute_dtype!r} is for TensorFlow. Keras' backend is {backend}"
        raise ValueError(message)
    if isinstance(step, keras.Variable):
        step = step.value
    return _home(backend).rate_tensor(schedule, step)
