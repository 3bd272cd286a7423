"""The formulas on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schedule_builder.schedule import MAX_STEP, Schedule, evaluate


class _NumPy:
    square = staticmethod(np.square)
    where = staticmethod(np.where)
    equal = staticmethod(np.equal)
    maximum = staticmethod(np.maximum)
    power = staticmethod(np.power)
    sin = staticmethod(np.sin)
    log1p = staticmethod(np.log1p)
    expm1 = staticmethod(np.expm1)

    @staticmethod
    def constant(value: float) -> float:
        return value

    @staticmethod
    def real(steps: Any) -> Any:
        return np.asarray(steps, np.float64)

    @staticmethod
    def index(begins: Sequence[int], step: Any) -> Any:
        return np.searchsorted(np.asarray(begins, np.int64), step, side="right")

    @staticmethod
    def take(columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        return [np.asarray(column)[index] for column in columns]


def evaluate_array(schedule: Schedule, step: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The rates at an array of integer steps, in float64 and of the same shape.

    Raises:
        TypeError: the steps are not integers.
    """
    steps = np.asarray(step)
    if not np.issubdtype(steps.dtype, np.integer):
        message = f"steps are whole numbers. Received: dtype {steps.dtype}"
        raise TypeError(message)
    steps = np.clip(steps, 0, MAX_STEP if steps.dtype == np.uint64 else None).astype(np.int64)
    # Every formula runs on every step; what does not apply may overflow unseen.
    with np.errstate(all="ignore"):
        rates = evaluate(schedule, steps, _NumPy())
    return np.broadcast_to(np.asarray(rates, np.float64), steps.shape).copy()
