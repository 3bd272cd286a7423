"""The formulas on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.evaluation import Stretches, evaluate_table
from schedule_builder.schedules.operations import inverse_affine, is_harmless
from schedule_builder.schedules.python_operations import constant_rate


def _two_product(first: Any, second: Any) -> tuple[Any, Any]:
    """A product, and its exact rounding error (Dekker 1971)."""

    def split(value: Any) -> tuple[Any, Any]:
        scaled = 134217729.0 * value  # 2^27 + 1
        high = scaled - (scaled - value)
        return high, value - high

    product = first * second
    (a, b), (c, d) = split(np.asarray(first)), split(np.asarray(second))
    return product, ((a * c - product) + a * d + b * c) + b * d


def _divide(numerator: Any, denominator: Any) -> tuple[Any, Any]:
    """A quotient, and its rounding error."""
    quotient = numerator / denominator
    product, rest = _two_product(quotient, denominator)
    return quotient, ((numerator - product) - rest) / denominator


def _affine(start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> tuple[Any, Any]:
    """`start + (slope + slope_rest) * k / n`, and its rounding error."""
    quotient, quotient_rest = _divide(k, n)
    product, rest = _two_product(slope, quotient)
    total = start + product
    shared = total - start
    lost = (start - (total - shared)) + (product - shared)
    lost = lost + rest + slope * quotient_rest + slope_rest * quotient
    return total, np.where(np.isfinite(lost), lost, 0.0)


def _corrected(result: Any, share: Any) -> Any:
    """A result with a small share of itself added, where both are numbers."""
    return np.where(np.isfinite(share) & np.isfinite(result), result * (1 + share), result)


_ROOTS: dict[float, Callable[[Any], Any]] = {
    0.5: np.sqrt,
    -0.5: lambda base: 1.0 / np.sqrt(base),
    2.0: np.square,
}


class NumPyOperations:
    """The operations on arrays, for one schedule: its table is in arrays from the first use on.

    Args:
        later: where all of the schedule's segments begin but the first.
    """

    def __init__(self, later: npt.NDArray[np.int64]) -> None:
        self._later = later
        self._arrays: list[Any] = []

    direct_ratio: float = 4.0
    equal: staticmethod[[Any, Any], Any] = staticmethod(np.equal)
    where: staticmethod[[Any, Any, Any], Any] = staticmethod(np.where)
    maximum: staticmethod[[Any, Any], Any] = staticmethod(np.maximum)
    minimum: staticmethod[[Any, Any], Any] = staticmethod(np.minimum)
    sqrt: staticmethod[[Any], Any] = staticmethod(np.sqrt)
    exp: staticmethod[[Any], Any] = staticmethod(np.exp)
    log: staticmethod[[Any], Any] = staticmethod(np.log)
    log1p: staticmethod[[Any], Any] = staticmethod(np.log1p)
    expm1: staticmethod[[Any], Any] = staticmethod(np.expm1)

    @staticmethod
    def constant(value: float) -> float:
        return value

    @staticmethod
    def clip(steps: Any, first: int, last: int) -> Any:
        return np.clip(steps, first, last)

    @staticmethod
    def share(height: Any, k: Any, n: Any) -> Any:
        return height * (k / n)

    @staticmethod
    def remainder(steps: Any, period: Any) -> Any:
        # NumPy divides several steps at a time, and computes remainders one by one.
        return steps - steps // period * period

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        # For these exponents, the general power takes several times as long.
        if isinstance(exponent, float) and exponent in _ROOTS:
            return _ROOTS[exponent](base)
        return np.power(base, exponent)

    @staticmethod
    def rates(schedule: Stretches, step: Any) -> Any:
        return schedule.rates_at(np.asarray(step))

    @classmethod
    def ratio_power(cls, numerator: Any, denominator: Any, exponent: Any) -> Any:
        if is_harmless(exponent):
            return cls.power(numerator / denominator, exponent)
        quotient, rest = _divide(numerator, denominator)
        result = np.power(quotient, exponent)
        return _corrected(result, exponent * (rest / quotient))

    @classmethod
    def share_of_power(cls, height: Any, k: Any, n: Any, exponent: Any) -> Any:
        known = all(isinstance(number, float) for number in (height, n, exponent))
        if known and is_harmless(exponent) and exponent < 0:
            # One factor for all.
            return cls.power(k, exponent) * (height / n**exponent)
        return height * cls.ratio_power(k, n, exponent)

    @staticmethod
    def squared_sine(k: Any, n: Any) -> Any:
        return np.square(np.sin(k / n))

    @staticmethod
    def power_of_ratio(base: Any, numerator: Any, denominator: Any) -> Any:
        logarithm = np.log(base)
        if is_harmless(logarithm):
            return np.power(base, numerator / denominator)
        quotient, rest = _divide(numerator, denominator)
        return _corrected(np.power(base, quotient), rest * logarithm)

    @classmethod
    def power_of_steps(cls, base: Any, step: Any, steps: Any, real_steps: Any) -> Any:
        # One by one: the sum of the whole part and the rest would lose digits of the rest.
        whole = step // steps
        share = cls.power_of_ratio(base, cls.real(step - whole * steps), real_steps)
        low, high = int(whole.min()), int(whole.max())
        # A table of powers is faster where steps share them.
        if np.ndim(base) or 2 * (high - low) > whole.size:
            return np.power(base, cls.real(whole)) * share
        return np.power(base, np.arange(low, high + 1.0))[whole - low] * share

    @staticmethod
    def affine(start: Any, slope: Any, k: Any, n: Any) -> Any:
        if np.ndim(slope) == 0 and slope >= 0 and start >= 0:  # and nothing cancels
            return start + slope * (k / n)
        total, lost = _affine(start, slope, 0.0, k, n)
        return total + lost

    def inverse_affine(self, height: Any, slope: Any, k: Any, n: Any) -> Any:
        return inverse_affine(self, height, slope, k, n)

    @staticmethod
    def exp_affine(start: Any, slope: Any, slope_rest: Any, k: Any, n: Any) -> Any:
        exponent, lost = _affine(start, slope, slope_rest, k, n)
        power = np.exp(np.minimum(exponent, 700.0))
        return power + power * lost

    @staticmethod
    def real(steps: Any) -> Any:
        return np.asarray(steps, np.float64)

    def index(self, begins: Sequence[int], step: Any) -> Any:
        return np.searchsorted(self._later, step, side="right")

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        self._arrays = self._arrays or [np.asarray(column) for column in columns]
        return [column[index] for column in self._arrays]


_CHUNK = 32_768
"""How many steps are computed at a time.

Few enough that results stay in the processor's cache, and enough that NumPy computes in the
memory of results which nothing else needs: it does that from 256 KiB on.
"""
_FEW_SEGMENTS = 4
_FEW_STEPS = 256
"""Segments are computed one by one where these are few in a chunk, or have as many of its steps
in a row. Otherwise every step takes its numbers of a table."""


class ArrayRates:
    """The rates of one schedule at arrays of steps."""

    def __init__(self, schedule: Stretches) -> None:
        self._schedule = schedule
        self._later = np.asarray(schedule.begins[1:], np.int64)
        self._constants = np.array(
            [constant_rate(s) if s.curve.is_constant else np.nan for s in schedule.segments]
        )
        self._is_constant = np.array([s.curve.is_constant for s in schedule.segments])
        is_one_rate = len(self._is_constant) == 1 and self._is_constant[0]
        self._only_rate = self._constants[0] if is_one_rate else None
        self._columns: dict[int, Any] = {}
        self._operations = NumPyOperations(self._later)

    def __call__(self, step: Any) -> npt.NDArray[np.float64]:
        """The rates at an array of integer steps, in float64 and of the same shape.

        Raises:
            TypeError: the steps are not integers.
        """
        steps = np.asarray(step)
        if not np.issubdtype(steps.dtype, np.integer):
            message = f"steps are whole numbers. Received: dtype {steps.dtype}"
            raise TypeError(message)
        if steps.dtype == np.uint64:
            steps = np.minimum(steps, np.uint64(MAX_STEP))
        return self.at(steps.astype(np.int64, copy=False))

    def at(self, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The rates at an array of int64."""
        rates = np.empty(steps.shape)
        if self._only_rate is not None:
            rates.fill(self._only_rate)
            return rates
        # Views of one dimension where memory has one, else a copy.
        flat, found = steps.ravel(), rates.reshape(-1)
        # Formulas that do not apply at a step may overflow without a warning.
        with np.errstate(all="ignore"):
            for begin in range(0, flat.size, _CHUNK):
                chunk = flat[begin : begin + _CHUNK]
                self._fill(found[begin : begin + _CHUNK], chunk)
        return rates

    def _fill(self, rates: Any, steps: Any) -> None:
        low = int(steps.min())
        if low < 0:
            steps, low = np.maximum(steps, 0), 0
        first = last = int(self._later.searchsorted(low, side="right"))
        if first < len(self._later):
            last = int(self._later.searchsorted(steps.max(), side="right"))
        if first == last:
            rates[:] = self._of_segment(first, steps)
        elif self._is_constant[first : last + 1].all():
            indexes = self._later[first:last].searchsorted(steps, side="right")
            rates[:] = self._constants[first : last + 1][indexes]
        elif last - first <= len(steps) // _FEW_STEPS and (steps[1:] >= steps[:-1]).all():
            ends = [0, *steps.searchsorted(self._later[first:last]).tolist(), len(steps)]
            for index, (begin, end) in enumerate(pairwise(ends), first):
                if begin < end:
                    rates[begin:end] = self._of_segment(index, steps[begin:end])
        elif last - first < _FEW_SEGMENTS:
            indexes = self._later[first:last].searchsorted(steps, side="right")
            for index in range(last - first + 1):
                (where,) = np.nonzero(indexes == index)
                if len(where):
                    rates[where] = self._of_segment(first + index, steps[where])
        else:
            rates[:] = evaluate_table(self._schedule, steps, self._operations)

    def _of_segment(self, index: int, steps: Any) -> Any:
        segment, ops = self._schedule.segments[index], self._operations
        if self._is_constant[index]:
            return self._constants[index]
        columns = self._columns.get(index)
        if columns is None:
            columns = self._columns[index] = segment.curve.columns(segment.origin, ops)
        rates = segment.curve.formula(ops, steps, [segment.curve], columns)
        return np.maximum(rates, segment.floor) if segment.floor > 0 else rates
