"""Every kind of schedule, and its formula as one writes it by hand: in Python, and in NumPy."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Kind(NamedTuple):
    """A schedule and its formula.

    Attributes:
        config: the learning rate.
        scalar: from a step to the rate, with `math`.
        array: from an array of steps to their rates, with NumPy.
    """

    config: dict[str, Any]
    scalar: Callable[[int], Any]
    array: Callable[[Any], Any]


def _stages(boundaries: int) -> Kind:
    begins = [900_000 * (i + 1) // boundaries for i in range(boundaries)]
    rates = [0.1 / (1 + i) for i in range(boundaries + 1)]
    bounds, values = np.array(begins), np.array(rates)
    return Kind(
        {"piecewise_constant_learning_rate": {"boundaries": begins, "values": rates}},
        lambda step: rates[bisect_left(begins, step)],
        lambda steps: values[np.searchsorted(bounds, steps)],
    )


def _cosine_with_warmup() -> Kind:
    def scalar(step: int) -> Any:
        if step < 1000:
            return 0.01 + (0.1 - 0.01) * step / 1000
        if step < 900_000:
            return 0.05 * (1 + math.cos(math.pi * (step - 1000) / 899_000))
        return 0.0

    def array(steps: Any) -> Any:
        return np.piecewise(
            steps.astype(np.float64),
            [steps < 1000, (steps >= 1000) & (steps < 900_000)],
            [
                lambda s: 0.01 + (0.1 - 0.01) * s / 1000,
                lambda s: 0.05 * (1 + np.cos(np.pi * (s - 1000) / 899_000)),
                0.0,
            ],
        )

    config = {
        "learning_rate_base": 0.1,
        "total_steps": 900_000,
        "warmup_learning_rate": 0.01,
        "warmup_steps": 1000,
    }
    return Kind({"cosine_decay_learning_rate": config}, scalar, array)


def _polynomial(power: float) -> Kind:
    def scalar(step: int) -> Any:
        return 0.001 + 0.099 * (1 - min(step, 900_000) / 900_000) ** power

    def array(steps: Any) -> Any:
        return 0.001 + 0.099 * (1 - np.minimum(steps, 900_000) / 900_000) ** power

    config = {
        "initial_learning_rate": 0.1,
        "end_learning_rate": 0.001,
        "decay_steps": 900_000,
        "power": power,
    }
    return Kind({"polynomial_decay_learning_rate": config}, scalar, array)


def _polynomial_cycle() -> Kind:
    def scalar(step: int) -> Any:
        end = 1000 * max(math.ceil(step / 1000), 1)
        return 0.001 + 0.099 * (1 - step / end) ** 2.0

    def array(steps: Any) -> Any:
        end = 1000 * np.maximum(np.ceil(steps / 1000), 1)
        return 0.001 + 0.099 * (1 - steps / end) ** 2.0

    config = {
        "initial_learning_rate": 0.1,
        "end_learning_rate": 0.001,
        "decay_steps": 1000,
        "power": 2.0,
        "cycle": True,
    }
    return Kind({"polynomial_decay_learning_rate": config}, scalar, array)


def _exponential(*, staircase: bool) -> Kind:
    config = {
        "initial_learning_rate": 0.1,
        "decay_steps": 10_000,
        "decay_factor": 0.95,
        "staircase": staircase,
    }
    if staircase:
        return Kind(
            {"exponential_decay_learning_rate": config},
            lambda step: 0.1 * 0.95 ** (step // 10_000),
            lambda steps: 0.1 * 0.95 ** (steps // 10_000),
        )
    return Kind(
        {"exponential_decay_learning_rate": config},
        lambda step: 0.1 * 0.95 ** (step / 10_000),
        lambda steps: 0.1 * 0.95 ** (steps / 10_000),
    )


def _inverse_time() -> Kind:
    return Kind(
        {
            "inverse_time_decay_learning_rate": {
                "initial_learning_rate": 0.1,
                "decay_steps": 10_000,
                "decay_rate": 0.5,
            }
        },
        lambda step: 0.1 / (1 + 0.5 * step / 10_000),
        lambda steps: 0.1 / (1 + 0.5 * steps / 10_000),
    )


def _inverse_sqrt() -> Kind:
    return Kind(
        {"inverse_sqrt_learning_rate": {"learning_rate_base": 0.1, "timescale": 10_000}},
        lambda step: 0.1 * math.sqrt(10_000 / max(step, 10_000)),
        lambda steps: 0.1 * np.sqrt(10_000 / np.maximum(steps, 10_000)),
    )


def _power() -> Kind:
    return Kind(
        {"power_decay_learning_rate": {"learning_rate_base": 0.1, "power": -0.7}},
        lambda step: 0.1 * max(step, 1) ** -0.7,
        lambda steps: 0.1 * np.maximum(steps, 1.0) ** -0.7,
    )


def _noam() -> Kind:
    scale = 512**-0.5

    def scalar(step: int) -> Any:
        count = step + 1
        return scale * min(count**-0.5, count * 4000**-1.5)

    def array(steps: Any) -> Any:
        count = steps + 1.0
        return scale * np.minimum(count**-0.5, count * 4000**-1.5)

    return Kind({"noam_learning_rate": {"model_dim": 512, "warmup_steps": 4000}}, scalar, array)


def _tanh() -> Kind:
    def scalar(step: int) -> Any:
        return 0.05 * (1 - math.tanh(-6 + 9 * step / 900_000)) if step < 900_000 else 0.0

    def array(steps: Any) -> Any:
        return np.where(steps < 900_000, 0.05 * (1 - np.tanh(-6 + 9 * steps / 900_000)), 0.0)

    config = {"learning_rate_base": 0.1, "total_steps": 900_000, "lower": -6.0, "upper": 3.0}
    return Kind({"tanh_decay_learning_rate": config}, scalar, array)


def _restarts() -> Kind:
    # Keras' formula, for `t_mul` 2.
    def scalar(step: int) -> Any:
        done = step / 1000
        restart = math.floor(math.log2(1 + done))
        share = (done - (2.0**restart - 1)) / 2.0**restart
        return 0.05 * 0.9**restart * (1 + math.cos(math.pi * share))

    def array(steps: Any) -> Any:
        done = steps / 1000
        restart = np.floor(np.log2(1 + done))
        share = (done - (2.0**restart - 1)) / 2.0**restart
        return 0.05 * 0.9**restart * (1 + np.cos(np.pi * share))

    config = {"initial_learning_rate": 0.1, "first_decay_steps": 1000, "t_mul": 2.0, "m_mul": 0.9}
    return Kind({"cosine_restarts_learning_rate": config}, scalar, array)


def _equal_restarts() -> Kind:
    config = {"initial_learning_rate": 0.1, "first_decay_steps": 1000, "t_mul": 1.0}
    return Kind(
        {"cosine_restarts_learning_rate": config},
        lambda step: 0.05 * (1 + math.cos(math.pi * (step % 1000) / 1000)),
        lambda steps: 0.05 * (1 + np.cos(np.pi * (steps % 1000) / 1000)),
    )


def _lines(points: int) -> Kind:
    steps_of = [900_000 * i // (points - 1) for i in range(points)]
    rates = [0.1 / (1 + 7 * i % 5) for i in range(points)]
    given = [{"step": s, "learning_rate": r} for s, r in zip(steps_of, rates, strict=True)]

    def scalar(step: int) -> Any:
        i = bisect_right(steps_of, step) - 1
        if i >= points - 1:
            return rates[-1]
        share = (step - steps_of[i]) / (steps_of[i + 1] - steps_of[i])
        return rates[i] + (rates[i + 1] - rates[i]) * share

    return Kind(
        {"piecewise_linear_learning_rate": {"point": given}},
        scalar,
        lambda steps: np.interp(steps, steps_of, rates),
    )


def _one_cycle() -> Kind:
    def anneal(start: float, end: float, share: float) -> float:
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))

    peak, low, last = 0.1, 0.1 / 25, 0.1 / 25 / 1e4
    rise, total = 0.3 * 900_000 - 1, 900_000 - 1

    def scalar(step: int) -> Any:
        if step <= rise:
            return anneal(low, peak, step / rise)
        return anneal(peak, last, (min(step, total) - rise) / (total - rise))

    def array(steps: Any) -> Any:
        up = peak + (low - peak) / 2 * (1 + np.cos(np.pi * steps / rise))
        share = (np.minimum(steps, total) - rise) / (total - rise)
        down = last + (peak - last) / 2 * (1 + np.cos(np.pi * share))
        return np.where(steps <= rise, up, down)

    config = {"max_learning_rate": 0.1, "total_steps": 900_000}
    return Kind({"one_cycle_learning_rate": config}, scalar, array)


def _cyclic(gamma: float | None) -> Kind:
    def scalar(step: int) -> Any:
        cycle = math.floor(1 + step / 4000)
        x = abs(step / 2000 - 2 * cycle + 1)
        height = 0.09 * max(0.0, 1 - x)
        return 0.01 + (height if gamma is None else height * gamma**step)

    def array(steps: Any) -> Any:
        cycle = np.floor(1 + steps / 4000)
        x = np.abs(steps / 2000 - 2 * cycle + 1)
        height = 0.09 * np.maximum(0, 1 - x)
        return 0.01 + (height if gamma is None else height * gamma**steps)

    config: dict[str, Any] = {
        "base_learning_rate": 0.01,
        "max_learning_rate": 0.1,
        "step_size_up": 2000,
    }
    if gamma is not None:
        config |= {"mode": "EXP_RANGE", "gamma": gamma}
    return Kind({"cyclic_learning_rate": config}, scalar, array)


def _stable_decay() -> Kind:
    def scalar(step: int) -> Any:
        if step < 1000:
            return 0.1 * step / 1000
        if step < 700_000:
            return 0.1
        return 0.1 * (0.001 / 0.1) ** (min(step - 700_000, 200_000) / 200_000)

    def array(steps: Any) -> Any:
        return np.piecewise(
            steps.astype(np.float64),
            [steps < 1000, (steps >= 1000) & (steps < 700_000)],
            [
                lambda s: 0.1 * s / 1000,
                0.1,
                lambda s: 0.1 * (0.001 / 0.1) ** (np.minimum(s - 700_000, 200_000) / 200_000),
            ],
        )

    config = {
        "peak_learning_rate": 0.1,
        "warmup_steps": 1000,
        "stable_steps": 699_000,
        "decay_steps": 200_000,
        "end_learning_rate": 0.001,
        "decay_shape": "EXPONENTIAL",
    }
    return Kind({"warmup_stable_decay_learning_rate": config}, scalar, array)


def _product() -> Kind:
    one, other = _cosine_with_warmup(), _exponential(staircase=True)
    members = [one.config, other.config]
    return Kind(
        {"combined_learning_rate": {"op": "PRODUCT", "learning_rates": members}},
        lambda step: one.scalar(step) * other.scalar(step),
        lambda steps: one.array(steps) * other.array(steps),
    )


KINDS: dict[str, Kind] = {
    "constant": Kind(
        {"constant_learning_rate": {"learning_rate": 0.1}},
        lambda step: 0.1,
        lambda steps: np.full(steps.shape, 0.1),
    ),
    "piecewise, 3 boundaries": _stages(3),
    "piecewise, 100 boundaries": _stages(100),
    "piecewise, 10,000 boundaries": _stages(10_000),
    "cosine with warmup": _cosine_with_warmup(),
    "polynomial of power 2": _polynomial(2.0),
    "polynomial of power 0.9": _polynomial(0.9),
    "polynomial, cycles": _polynomial_cycle(),
    "exponential": _exponential(staircase=False),
    "exponential, staircase": _exponential(staircase=True),
    "inverse time": _inverse_time(),
    "inverse square root": _inverse_sqrt(),
    "power of the step": _power(),
    "Noam": _noam(),
    "tanh": _tanh(),
    "cosine restarts, growing": _restarts(),
    "cosine restarts, equal": _equal_restarts(),
    "piecewise linear, 10 points": _lines(10),
    "piecewise linear, 1,000 points": _lines(1000),
    "one cycle": _one_cycle(),
    "cyclic": _cyclic(None),
    "cyclic, shrinking": _cyclic(0.99999),
    "warmup, stable, decay": _stable_decay(),
    "product of two": _product(),
}
"""The kinds by name, each within its decay at most of the first million steps."""
