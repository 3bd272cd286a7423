"""The import path of the curves for packages that define kinds of learning rate."""

from schedule_builder.schedules.curves import (
    MAX_STEP,
    Constant,
    CosineCycle,
    Curve,
    Cycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PolynomialCycle,
    PowerLaw,
    Sigmoid,
)

__all__ = [
    "MAX_STEP",
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
