"""All curves that rates follow, by name: the only formulas in the project.

A table of operations runs them on Python floats, NumPy, TensorFlow or any other number system.
They subtract steps as integers before they convert to floats.
"""

from __future__ import annotations

from typing import Any

from schedule_builder.schedules.curve import MAX_STEP, Columns, Curve
from schedule_builder.schedules.cycles import CosineCycle, Cycle, PolynomialCycle
from schedule_builder.schedules.decays import Exponential, InverseTime, PowerLaw
from schedule_builder.schedules.interpolations import Constant, Geometric, Interpolation, Sigmoid

__all__ = [
    "CURVES",
    "MAX_STEP",
    "Columns",
    "Constant",
    "CosineCycle",
    "Curve",
    "Cycle",
    "Exponential",
    "Geometric",
    "Interpolation",
    "InverseTime",
    "PolynomialCycle",
    "PowerLaw",
    "Sigmoid",
]

CURVES: dict[str, Any] = {
    curve.name: curve
    for curve in (
        Constant,
        Interpolation,
        Geometric,
        Exponential,
        InverseTime,
        PowerLaw,
        PolynomialCycle,
        CosineCycle,
        Cycle,
        Sigmoid,
    )
}
"""The curves by their names in JSON."""
