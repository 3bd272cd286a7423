"""What a config means, written a second time: case by case, with mpmath, from its formulas.

Nothing here is shared with the package. Values are exact to some fifty digits.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

from mpmath import cos, floor, mp, mpf, pi, sqrt, tanh

mp.dps = 60


def rate(learning_rate: Any, step: int, batch_size: int | None = None) -> mpf:
    """The rate of a LearningRate message, or of an ExperimentConfig, at a step."""
    t = max(step, 0)
    if learning_rate.DESCRIPTOR.name == "ExperimentConfig":
        return _experiment(learning_rate.trainer.optimizer_config, t)
    kind = learning_rate.WhichOneof("learning_rate")
    main = getattr(learning_rate, kind)

    def value(at: int) -> mpf:
        return KINDS[kind](main, at)

    if learning_rate.HasField("warmup"):
        result = _warmed_up(learning_rate.warmup, value, t)
    else:
        result = value(t)
    if learning_rate.HasField("batch_size_scaling"):
        scaling = learning_rate.batch_size_scaling
        factor = mpf(batch_size) / scaling.reference_batch_size
        result *= sqrt(factor) if scaling.Rule.Name(scaling.rule) == "SQRT" else factor
    return max(result, mpf(learning_rate.min_learning_rate))


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


def _decimal(value: float) -> mpf:
    """A number as the shortest decimal that means it."""
    return mpf(repr(value))


def _polynomial_decay(m: Any, t: int) -> mpf:
    initial, end, power = mpf(m.initial_learning_rate), mpf(m.end_learning_rate), mpf(m.power)
    steps = m.decay_steps
    if m.cycle:
        steps *= max(1, -(-t // steps))
    return (initial - end) * (1 - mpf(min(t, steps)) / steps) ** power + end


def _inverse_time_decay(m: Any, t: int) -> mpf:
    quotient = mpf(t) / m.decay_steps
    if m.staircase:
        quotient = floor(quotient)
    return mpf(m.initial_learning_rate) / (1 + mpf(m.decay_rate) * quotient)


def _inverse_sqrt(m: Any, t: int) -> mpf:
    return mpf(m.learning_rate_base) * sqrt(mpf(m.timescale) / max(t, m.timescale))


def _power_decay(m: Any, t: int) -> mpf:
    s = t - m.offset_steps
    result = mpf(m.learning_rate_base) * mpf(max(s, 1)) ** mpf(m.power)
    if m.HasField("max_learning_rate"):
        result = min(result, mpf(m.max_learning_rate))
    if m.HasField("total_steps") and m.linear_tail_fraction:
        share = (m.total_steps - s) / (m.total_steps * mpf(m.linear_tail_fraction))
        result *= min(max(share, mpf(0)), mpf(1))
    return result


def _multi_step(m: Any, t: int) -> mpf:
    passed = sum(milestone <= t for milestone in m.milestones)
    return mpf(m.initial_learning_rate) * mpf(m.decay_factor) ** passed


def _piecewise_linear(m: Any, t: int) -> mpf:
    points = [(p.step, mpf(p.learning_rate)) for p in m.point]
    if t <= points[0][0]:
        return points[0][1]
    for (begin, start), (end, stop) in pairwise(points):
        if t <= end:
            u = mpf(t - begin) / (end - begin)
            if m.Interpolation.Name(m.interpolation) == "COSINE":
                u = (1 - cos(pi * u)) / 2
            return start + (stop - start) * u
    return points[-1][1]


@lru_cache(maxsize=16)
def _cycles(first: int, t_mul: Fraction) -> list[tuple[int, int, int]]:
    """Cycles of growing length, as far as one asked for: beginning and length, both times a scale.

    There can be hundreds before a step, and sums of fractions of a thousand digits take long.
    """
    return [(0, first, 1)]


def _cosine_restarts(m: Any, t: int) -> mpf:
    initial, alpha, t_mul = mpf(m.initial_learning_rate), mpf(m.alpha), Fraction(repr(m.t_mul))
    if t_mul == 1:
        i, s = divmod(t, m.first_decay_steps)
        u = mpf(s) / m.first_decay_steps
    else:
        cycles = _cycles(m.first_decay_steps, t_mul)
        while cycles[-1][0] <= t * cycles[-1][2]:
            begin, length, scale = cycles[-1]
            p, q = t_mul.numerator, t_mul.denominator
            cycles.append(((begin + length) * q, length * p, scale * q))
        i = bisect_left(cycles, True, key=lambda cycle: cycle[0] > t * cycle[2]) - 1
        begin, length, scale = cycles[i]
        u = mpf(t * scale - begin) / length
    wave = (1 + cos(pi * u)) / 2
    return initial * ((1 - alpha) * mpf(m.m_mul) ** i * wave + alpha)


def _one_cycle(m: Any, t: int) -> mpf:
    high = mpf(m.max_learning_rate)
    first = high / mpf(m.div_factor)
    last = first / mpf(m.final_div_factor)
    rise = _decimal(m.pct_start) * m.total_steps - 1
    ends = [(rise, first, high)]
    if m.three_phase:
        ends += [(2 * rise, high, first), (mpf(m.total_steps - 1), first, last)]
    else:
        ends += [(mpf(m.total_steps - 1), high, last)]
    begin = mpf(0)
    for end, start, stop in ends:
        if t <= end:
            u = (t - begin) / (end - begin)
            if m.Anneal.Name(m.anneal) == "COSINE":
                u = (1 - cos(pi * u)) / 2
            return start + (stop - start) * u
        begin = end
    return last


def _cyclic(m: Any, t: int) -> mpf:
    up = m.step_size_up
    down = m.step_size_down if m.HasField("step_size_down") else up
    cycle, s = divmod(t, up + down)
    share = mpf(s) / up if s <= up else mpf(up + down - s) / down
    mode = m.Mode.Name(m.mode)
    factor = {"TRIANGULAR": mpf(1), "TRIANGULAR2": mpf(2) ** -cycle, "EXP_RANGE": None}[mode]
    if factor is None:
        factor = mpf(m.gamma) ** t
    base = mpf(m.base_learning_rate)
    return base + (mpf(m.max_learning_rate) - base) * share * factor


def _warmup_stable_decay(m: Any, t: int) -> mpf:
    peak, end = mpf(m.peak_learning_rate), mpf(m.end_learning_rate)
    if t < m.warmup_steps:
        initial = mpf(m.initial_learning_rate)
        return initial + (peak - initial) * t / m.warmup_steps
    s = t - m.warmup_steps - m.stable_steps
    if s <= 0:
        return peak
    if s >= m.decay_steps:
        return end
    u = mpf(s) / m.decay_steps
    shape = m.DecayShape.Name(m.decay_shape)
    if shape == "EXPONENTIAL":
        return peak * (end / peak) ** u
    share = {"LINEAR": u, "COSINE": (1 - cos(pi * u)) / 2, "ONE_MINUS_SQRT": sqrt(u)}[shape]
    return peak - (peak - end) * share


def _noam(m: Any, t: int) -> mpf:
    n, half = mpf(t + 1), mpf(1) / 2
    ramp = n * mpf(m.warmup_steps) ** (-3 * half)
    return mpf(m.scale) * mpf(m.model_dim) ** -half * min(n**-half, ramp)


def _tanh_decay(m: Any, t: int) -> mpf:
    base, end = mpf(m.learning_rate_base), mpf(m.end_learning_rate)
    if t >= m.total_steps:
        return end
    u = mpf(t) / m.total_steps
    return end + (base - end) / 2 * (1 - tanh(mpf(m.lower) * (1 - u) + mpf(m.upper) * u))


def _table(m: Any, t: int) -> mpf:
    return mpf(m.learning_rates[min(t // m.steps_per_entry, len(m.learning_rates) - 1)])


def _sequential(m: Any, t: int) -> mpf:
    begin = 0
    for stage in m.stage[:-1]:
        if t < begin + stage.steps:
            return rate(stage.learning_rate, t - begin)
        begin += stage.steps
    return rate(m.stage[-1].learning_rate, t - begin)


def _combined(m: Any, t: int) -> mpf:
    rates = [rate(member, t) for member in m.learning_rates]
    op = m.Op.Name(m.op)
    if op == "PRODUCT":
        result = mpf(1)
        for factor in rates:
            result *= factor
        return result
    return (min if op == "MIN" else max)(rates)


def _experiment(config: Any, t: int) -> mpf:
    kind = config.learning_rate.type
    main = getattr(config.learning_rate, kind)
    warmup = getattr(config.warmup, config.warmup.type or "linear")
    steps = warmup.warmup_steps
    if t >= steps:
        return GARDEN_KINDS[kind](main, t)
    target = GARDEN_KINDS[kind](main, steps)
    if config.warmup.type == "linear":
        start = mpf(warmup.warmup_learning_rate)
        return start + mpf(t) / steps * (target - start)
    return target * (mpf(max(t, 1)) / steps) ** mpf(warmup.power)


def _garden_stepwise(m: Any, t: int) -> mpf:
    return mpf(m.values[sum(boundary < t - m.offset for boundary in m.boundaries)])


def _garden_exponential(m: Any, t: int) -> mpf:
    exponent = mpf(t - m.offset) / m.decay_steps
    initial = mpf(m.initial_learning_rate)
    return initial * mpf(m.decay_rate) ** (floor(exponent) if m.staircase else exponent)


def _garden_polynomial(m: Any, t: int) -> mpf:
    return _polynomial_decay(m, t - m.offset)


def _garden_cosine(m: Any, t: int) -> mpf:
    alpha, share = mpf(m.alpha), mpf(min(t - m.offset, m.decay_steps)) / m.decay_steps
    return mpf(m.initial_learning_rate) * ((1 - alpha) * (1 + cos(pi * share)) / 2 + alpha)


def _garden_power(m: Any, t: int) -> mpf:
    return mpf(m.initial_learning_rate) * mpf(max(t, 1)) ** mpf(m.power)


def _garden_power_linear(m: Any, t: int) -> mpf:
    s, total = t - m.offset, m.total_decay_steps
    tail = total * mpf(m.linear_decay_fraction)
    share = min(max((total - s) / tail, mpf(0)), mpf(1)) if tail > 0 else 1
    return mpf(m.initial_learning_rate) * mpf(max(s, 1)) ** mpf(m.power) * share


def _garden_power_with_offset(m: Any, t: int) -> mpf:
    before = mpf(m.pre_offset_learning_rate)
    if t <= m.offset:
        return before
    return min(before, mpf(m.initial_learning_rate) * mpf(t - m.offset) ** mpf(m.power))


def _garden_step_cosine(m: Any, t: int) -> mpf:
    s = t - m.offset
    level = max(sum(boundary <= s for boundary in m.boundaries) - 1, 0)
    begin = m.boundaries[level] if level else 0
    start, end = mpf(m.values[level]), mpf(m.values[level + 1])
    period = m.boundaries[level + 1] - m.boundaries[level]
    return end + (start - end) * (1 + cos(pi * mpf(s - begin) / period)) / 2


GARDEN_KINDS = {
    "constant": _constant,
    "stepwise": _garden_stepwise,
    "exponential": _garden_exponential,
    "polynomial": _garden_polynomial,
    "cosine": _garden_cosine,
    "power": _garden_power,
    "power_linear": _garden_power_linear,
    "power_with_offset": _garden_power_with_offset,
    "step_cosine_with_offset": _garden_step_cosine,
}

KINDS = {
    "constant_learning_rate": _constant,
    "exponential_decay_learning_rate": _exponential,
    "manual_step_learning_rate": _manual_step,
    "cosine_decay_learning_rate": _cosine,
    "piecewise_constant_learning_rate": _piecewise_constant,
    "polynomial_decay_learning_rate": _polynomial_decay,
    "inverse_time_decay_learning_rate": _inverse_time_decay,
    "inverse_sqrt_learning_rate": _inverse_sqrt,
    "power_decay_learning_rate": _power_decay,
    "multi_step_learning_rate": _multi_step,
    "piecewise_linear_learning_rate": _piecewise_linear,
    "cosine_restarts_learning_rate": _cosine_restarts,
    "one_cycle_learning_rate": _one_cycle,
    "cyclic_learning_rate": _cyclic,
    "warmup_stable_decay_learning_rate": _warmup_stable_decay,
    "noam_learning_rate": _noam,
    "tanh_decay_learning_rate": _tanh_decay,
    "table_learning_rate": _table,
    "sequential_learning_rate": _sequential,
    "combined_learning_rate": _combined,
}
