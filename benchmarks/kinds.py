"""The kinds of schedules that are measured: a config, Keras' equivalent, and the formula by hand.

A formula is written twice, as someone without this library writes it in a training loop: for one
step, and for an array of steps. No framework is imported here.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from schedule_builder import Schedule, Segment
from schedule_builder.curves import Constant


class Kind(NamedTuple):
    """One kind of schedule.

    Attributes:
        config: what `build_schedule` takes.
        by_hand: from a step to its rate.
        by_hand_array: from an array of steps to their rates.
        keras: from the module of Keras' schedules to its equivalent, None where it has none.
        is_bare: whether it is one formula, without a warmup, a hold or stages.
        is_piecewise: whether all its stages are constant.
    """

    config: dict[str, Any]
    by_hand: Callable[[int], float]
    by_hand_array: Callable[[Any], Any]
    keras: Callable[[Any], Any] | None = None
    is_bare: bool = False
    is_piecewise: bool = False


_BEGINS = [1000, 2000, 3000]
_RATES = [0.1, 0.05, 0.025, 0.0125]
_ENTRIES = [0.1 / (1 + entry) for entry in range(30)]


def _constant(rate: float) -> dict[str, Any]:
    return {"constant_learning_rate": {"learning_rate": rate}}


def _exponential(*, staircase: bool) -> dict[str, Any]:
    decay = {"initial_learning_rate": 0.1, "decay_steps": 1000, "decay_factor": 0.95}
    return {"exponential_decay_learning_rate": {**decay, "staircase": staircase}}


def _inverse_time(*, staircase: bool) -> dict[str, Any]:
    decay = {"initial_learning_rate": 0.1, "decay_steps": 1000, "decay_rate": 0.5}
    return {"inverse_time_decay_learning_rate": {**decay, "staircase": staircase}}


def _polynomial(*, cycle: bool) -> dict[str, Any]:
    rates = {"initial_learning_rate": 0.1, "end_learning_rate": 0.001}
    decay = {"decay_steps": 100_000 if cycle else 900_000, "power": 2.0, "cycle": cycle}
    return {"polynomial_decay_learning_rate": rates | decay}


def _cosine(**fields: Any) -> dict[str, Any]:
    rates = {"learning_rate_base": 0.1, "total_steps": 900_000}
    return {"cosine_decay_learning_rate": rates | {"warmup_steps": 0} | fields}


_WARMUP = {"warmup_learning_rate": 0.01, "warmup_steps": 1000}


def staged(count: int) -> Schedule:
    """A schedule of stages of 1,000 steps each, made without a config, which takes longer."""
    return Schedule(
        tuple(
            Segment(begin=1000 * stage, curve=Constant(0.1 / (1 + stage)), origin=1000 * stage)
            for stage in range(count)
        )
    )


def _piecewise(boundaries: list[int], rates: list[float]) -> dict[str, Any]:
    """A rate for each stage, which begins after its boundary."""
    return {"piecewise_constant_learning_rate": {"boundaries": boundaries, "values": rates}}


def manual(begins: list[int], rates: list[float], *, warmup: bool = False) -> dict[str, Any]:
    """A rate for each stage, which begins at its step."""
    pairs = zip(begins, rates[1:], strict=True)
    fields = {"schedule": [{"step": step, "learning_rate": rate} for step, rate in pairs]}
    first = {"initial_learning_rate": rates[0], "warmup": warmup}
    return {"manual_step_learning_rate": first | fields}


def _stage_after(boundaries: list[int]) -> Callable[[Any], Any]:
    return lambda schedules: schedules.PiecewiseConstantDecay(boundaries, _RATES)


def _by_stages(step: int, begins: list[int]) -> float:
    return _RATES[bisect_right(begins, step)]


def _by_stages_array(steps: Any, begins: list[int]) -> Any:
    return np.array(_RATES)[np.searchsorted(begins, steps, "right")]


def _by_cosine(step: int, first: int) -> float:
    if step < 1000:
        return 0.01 + 0.09 * step / 1000
    if step < first:
        return 0.1
    if step < 900_000:
        return 0.05 * (1 + math.cos(math.pi * (step - first) / (900_000 - first)))
    return 0.0


def _by_cosine_array(steps: Any, first: int) -> Any:
    return np.piecewise(
        steps.astype(np.float64),
        [steps < 1000, (steps >= first) & (steps < 900_000), steps >= 900_000],
        [
            lambda s: 0.01 + 0.09 * s / 1000,
            lambda s: 0.05 * (1 + np.cos(np.pi * (s - first) / (900_000 - first))),
            0.0,
            0.1,
        ],
    )


def _by_restarts(step: int) -> float:
    restart = int(math.log2(step / 10_000 + 1))
    share = (step - 10_000 * (2**restart - 1)) / (10_000 * 2**restart)
    return 0.05 * (1 + math.cos(math.pi * share))


def _by_restarts_array(steps: Any) -> Any:
    powers = 2.0 ** np.floor(np.log2(steps / 10_000 + 1))
    return 0.05 * (1 + np.cos(np.pi * (steps - 10_000 * (powers - 1)) / (10_000 * powers)))


def _by_cycles(step: int) -> float:
    end = 100_000 * max(1, math.ceil(step / 100_000))
    return 0.001 + 0.099 * (1 - step / end) ** 2


def _by_cycles_array(steps: Any) -> Any:
    ends = 100_000 * np.maximum(1, np.ceil(steps / 100_000))
    return 0.001 + 0.099 * (1 - steps / ends) ** 2


def _by_one_cycle(step: int) -> float:
    if step <= 269_999:
        return 0.004 + 0.096 * (1 - math.cos(math.pi * step / 269_999)) / 2
    share = min((step - 269_999) / 630_000, 1.0)
    return 4e-7 + (0.1 - 4e-7) * (1 + math.cos(math.pi * share)) / 2


def _by_one_cycle_array(steps: Any) -> Any:
    rise = 0.004 + 0.096 * (1 - np.cos(np.pi * steps / 269_999)) / 2
    share = np.minimum((steps - 269_999) / 630_000, 1.0)
    return np.where(steps <= 269_999, rise, 4e-7 + (0.1 - 4e-7) * (1 + np.cos(np.pi * share)) / 2)


def _by_triangle(step: int) -> float:
    phase = step % 4000
    return 0.001 + 0.099 * (phase if phase < 2000 else 4000 - phase) / 2000


def _by_stable(step: int) -> float:
    if step < 1000:
        return 0.1 * step / 1000
    if step < 720_000:
        return 0.1
    return 0.1 * max(1 - (step - 720_000) / 180_000, 0.0)


def _by_tanh(step: int) -> float:
    return 0.05 * (1 - math.tanh(-7 + 10 * step / 900_000)) if step < 900_000 else 0.0


def _by_tanh_array(steps: Any) -> Any:
    return np.where(steps < 900_000, 0.05 * (1 - np.tanh(-7 + 10 * steps / 900_000)), 0.0)


def _by_line(step: int) -> float:
    if step < 180_000:
        return 0.1 * step / 180_000
    return 0.1 * (1 - (step - 180_000) / 720_000) if step < 900_000 else 0.0


_NOAM = 512**-0.5

KINDS: dict[str, Kind] = {
    "exponential": Kind(
        _exponential(staircase=False),
        lambda s: 0.1 * 0.95 ** (s / 1000),
        lambda s: 0.1 * 0.95 ** (s / 1000),
        lambda schedules: schedules.ExponentialDecay(0.1, 1000, 0.95),
        is_bare=True,
    ),
    "exponential, staircase": Kind(
        _exponential(staircase=True),
        lambda s: 0.1 * 0.95 ** (s // 1000),
        lambda s: 0.1 * 0.95 ** (s // 1000),
        lambda schedules: schedules.ExponentialDecay(0.1, 1000, 0.95, staircase=True),
        is_bare=True,
    ),
    "inverse time": Kind(
        _inverse_time(staircase=False),
        lambda s: 0.1 / (1 + 0.5 * s / 1000),
        lambda s: 0.1 / (1 + 0.5 * s / 1000),
        lambda schedules: schedules.InverseTimeDecay(0.1, 1000, 0.5),
        is_bare=True,
    ),
    "inverse time, staircase": Kind(
        _inverse_time(staircase=True),
        lambda s: 0.1 / (1 + 0.5 * (s // 1000)),
        lambda s: 0.1 / (1 + 0.5 * (s // 1000)),
        lambda schedules: schedules.InverseTimeDecay(0.1, 1000, 0.5, staircase=True),
        is_bare=True,
    ),
    "polynomial": Kind(
        _polynomial(cycle=False),
        lambda s: 0.001 + 0.099 * (1 - min(s, 900_000) / 900_000) ** 2,
        lambda s: 0.001 + 0.099 * (1 - np.minimum(s, 900_000) / 900_000) ** 2,
        lambda schedules: schedules.PolynomialDecay(0.1, 900_000, 0.001, 2.0),
        is_bare=True,
    ),
    "polynomial, cycling": Kind(
        _polynomial(cycle=True),
        _by_cycles,
        _by_cycles_array,
        lambda schedules: schedules.PolynomialDecay(0.1, 100_000, 0.001, 2.0, cycle=True),
        is_bare=True,
    ),
    "cosine": Kind(
        _cosine(),
        lambda s: 0.05 * (1 + math.cos(math.pi * min(s, 900_000) / 900_000)),
        lambda s: 0.05 * (1 + np.cos(np.pi * np.minimum(s, 900_000) / 900_000)),
        lambda schedules: schedules.CosineDecay(0.1, 900_000),
        is_bare=True,
    ),
    "cosine with warmup": Kind(
        _cosine(**_WARMUP),
        partial(_by_cosine, first=1000),
        partial(_by_cosine_array, first=1000),
        lambda schedules: schedules.CosineDecay(
            0.01, 899_000, warmup_target=0.1, warmup_steps=1000
        ),
    ),
    "cosine with warmup and hold": Kind(
        _cosine(**_WARMUP, hold_base_rate_steps=9000),
        partial(_by_cosine, first=10_000),
        partial(_by_cosine_array, first=10_000),
    ),
    "cosine with restarts": Kind(
        {
            "cosine_restarts_learning_rate": {
                "initial_learning_rate": 0.1,
                "first_decay_steps": 10_000,
            }
        },
        _by_restarts,
        _by_restarts_array,
        lambda schedules: schedules.CosineDecayRestarts(0.1, 10_000),
        is_bare=True,
    ),
    "piecewise, 3 boundaries": Kind(
        _piecewise(_BEGINS, _RATES),
        partial(_by_stages, begins=[begin + 1 for begin in _BEGINS]),
        partial(_by_stages_array, begins=[begin + 1 for begin in _BEGINS]),
        _stage_after(_BEGINS),
        is_piecewise=True,
    ),
    "manual, 3 stages": Kind(
        manual(_BEGINS, _RATES),
        partial(_by_stages, begins=_BEGINS),
        partial(_by_stages_array, begins=_BEGINS),
        _stage_after([begin - 1 for begin in _BEGINS]),
        is_piecewise=True,
    ),
    "multi step, 3 milestones": Kind(
        {
            "multi_step_learning_rate": {
                "initial_learning_rate": 0.1,
                "milestones": _BEGINS,
                "decay_factor": 0.5,
            }
        },
        partial(_by_stages, begins=_BEGINS),
        partial(_by_stages_array, begins=_BEGINS),
        _stage_after([begin - 1 for begin in _BEGINS]),
        is_piecewise=True,
    ),
    "piecewise linear, 3 points": Kind(
        {
            "piecewise_linear_learning_rate": {
                "point": [
                    {"step": 0, "learning_rate": 0.0},
                    {"step": 180_000, "learning_rate": 0.1},
                    {"step": 900_000, "learning_rate": 0.0},
                ]
            }
        },
        _by_line,
        lambda s: np.interp(s, [0, 180_000, 900_000], [0.0, 0.1, 0.0]),
    ),
    "inverse square root": Kind(
        {"inverse_sqrt_learning_rate": {"learning_rate_base": 0.1, "timescale": 10_000}},
        lambda s: 0.1 * math.sqrt(10_000 / max(s, 10_000)),
        lambda s: 0.1 * np.sqrt(10_000 / np.maximum(s, 10_000)),
    ),
    "power": Kind(
        {"power_decay_learning_rate": {"learning_rate_base": 0.1, "offset_steps": 1}},
        lambda s: 0.1 * max(s - 1, 1) ** -0.5,
        lambda s: 0.1 * np.maximum(s - 1.0, 1.0) ** -0.5,
    ),
    "one cycle": Kind(
        {"one_cycle_learning_rate": {"max_learning_rate": 0.1, "total_steps": 900_000}},
        _by_one_cycle,
        _by_one_cycle_array,
    ),
    "cyclic": Kind(
        {"cyclic_learning_rate": {"base_learning_rate": 0.001, "max_learning_rate": 0.1}},
        _by_triangle,
        lambda s: 0.001 + 0.099 * (1 - np.abs(s % 4000 - 2000) / 2000),
    ),
    "warmup, stable, decay": Kind(
        {
            "warmup_stable_decay_learning_rate": {
                "peak_learning_rate": 0.1,
                "warmup_steps": 1000,
                "stable_steps": 719_000,
                "decay_steps": 180_000,
            }
        },
        _by_stable,
        lambda s: np.interp(s, [0, 1000, 720_000, 900_000], [0.0, 0.1, 0.1, 0.0]),
    ),
    "noam": Kind(
        {"noam_learning_rate": {"model_dim": 512, "warmup_steps": 4000}},
        lambda s: _NOAM * min((s + 1) ** -0.5, (s + 1) * 4000**-1.5),
        lambda s: _NOAM * np.minimum((s + 1.0) ** -0.5, (s + 1) * 4000**-1.5),
    ),
    "tanh": Kind(
        {"tanh_decay_learning_rate": {"learning_rate_base": 0.1, "total_steps": 900_000}},
        _by_tanh,
        _by_tanh_array,
    ),
    "table, 30 entries": Kind(
        {"table_learning_rate": {"learning_rates": _ENTRIES, "steps_per_entry": 1000}},
        lambda s: _ENTRIES[min(s // 1000, 29)],
        lambda s: np.array(_ENTRIES)[np.minimum(s // 1000, 29)],
    ),
    "sequential, 2 stages": Kind(
        {
            "sequential_learning_rate": {
                "stage": [
                    {"learning_rate": _constant(0.1), "steps": 1000},
                    {"learning_rate": _exponential(staircase=False)},
                ]
            }
        },
        lambda s: 0.1 if s < 1000 else 0.1 * 0.95 ** ((s - 1000) / 1000),
        lambda s: np.where(s < 1000, 0.1, 0.1 * 0.95 ** ((s - 1000) / 1000)),
    ),
    "combined, 2 members": Kind(
        {
            "combined_learning_rate": {
                "op": "MIN",
                "learning_rates": [_constant(0.05), _exponential(staircase=False)],
            }
        },
        lambda s: min(0.05, 0.1 * 0.95 ** (s / 1000)),
        lambda s: np.minimum(0.05, 0.1 * 0.95 ** (s / 1000)),
    ),
}

IN_KERAS = {name: kind for name, kind in KINDS.items() if kind.keras}
"""The kinds that Keras has as well."""
