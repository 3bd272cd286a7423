"""What a LearningRate means, written a second time: case by case, with mpmath, from its formulas.

Nothing here is shared with the package. Values are exact to some fifty digits.
"""

from __future__ import annotations

from typing import Any

from mpmath import cos, mp, mpf, pi

mp.dps = 60


def rate(learning_rate: Any, step: int) -> mpf:
    """The rate of a LearningRate message at a step."""
    t = max(step, 0)
    kind = learning_rate.WhichOneof("learning_rate")
    main = getattr(learning_rate, kind)

    def value(at: int) -> mpf:
        return _KINDS[kind](main, at)

    if learning_rate.HasField("warmup"):
        return _warmed_up(learning_rate.warmup, value, t)
    return value(t)


def _warmed_up(warmup: Any, value: Any, t: int) -> mpf:
    steps = warmup.warmup_steps
    shifted = warmup.Alignment.Name(warmup.alignment) == "SHIFT"
    if t >= steps:
        return value(t - steps if shifted else t)
    start = mpf(warmup.warmup_learning_rate)
    target = value(0 if shifted else steps)
    u = mpf(t) / steps
    shape = warmup.Shape.Name(warmup.shape)
    if shape == "CONSTANT":
        return start
    if shape == "EXPONENTIAL":
        return start * (target / start) ** u
    share = {"LINEAR": u, "POLYNOMIAL": u ** mpf(warmup.power), "COSINE": (1 - cos(pi * u)) / 2}
    return start + (target - start) * share[shape]


def _constant(m: Any, t: int) -> mpf:
    return mpf(m.learning_rate)


def _exponential(m: Any, t: int) -> mpf:
    initial = mpf(m.initial_learning_rate)
    if t < m.burnin_steps:
        result = mpf(m.burnin_learning_rate) or initial
    else:
        s = t - m.burnin_steps
        exponent = mpf(s // m.decay_steps) if m.staircase else mpf(s) / m.decay_steps
        result = initial * mpf(m.decay_factor) ** exponent
    return max(result, mpf(m.min_learning_rate))


def _manual_step(m: Any, t: int) -> mpf:
    first = m.schedule[0]
    if m.warmup and t < first.step:
        initial, target = mpf(m.initial_learning_rate), mpf(first.learning_rate)
        return initial + (target - initial) * t / first.step
    result = m.initial_learning_rate
    for stage in m.schedule:
        if stage.step <= t:
            result = stage.learning_rate
    return mpf(result)


def _cosine(m: Any, t: int) -> mpf:
    base, start = mpf(m.learning_rate_base), mpf(m.warmup_learning_rate)
    warmup, hold, total = m.warmup_steps, m.hold_base_rate_steps, m.total_steps
    if t < warmup:
        return start + (base - start) * t / warmup
    if t <= warmup + hold:
        return base
    if t > total:
        return mpf(0)
    return base * (1 + cos(pi * (t - warmup - hold) / (total - warmup - hold))) / 2


def _piecewise_constant(m: Any, t: int) -> mpf:
    return mpf(m.values[sum(boundary < t for boundary in m.boundaries)])


_KINDS = {
    "constant_learning_rate": _constant,
    "exponential_decay_learning_rate": _exponential,
    "manual_step_learning_rate": _manual_step,
    "cosine_decay_learning_rate": _cosine,
    "piecewise_constant_learning_rate": _piecewise_constant,
}
