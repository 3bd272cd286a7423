"""What holds for every schedule of a kind: first and last rate, bounds, direction, continuity.

Each kind is described by pieces: from a step on, the rate moves in one direction, by no more than
so much from one step to the next. They are written from the definitions, not from the code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.dialects.modifiers import lower
from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support import drawing, oracle

FAR = 2**62
ROUNDING = 1e-13
CONFIGS = Path(__file__).parent.parent.parent / "configs"


class Piece(NamedTuple):
    """A stretch of the step axis.

    `direction` is 1 where the rate never falls, -1 where it never rises, 0 where it does neither,
    and None where it may do either. `change` is the most that two neighbouring steps differ by,
    None where that is not limited. `joined` pieces begin without a jump.
    """

    begin: int
    direction: int | None
    change: float | None
    joined: bool = False


@dataclass
class Shape:
    """What a message of a kind means, as far as it can be said without its formula."""

    low: float
    high: float
    pieces: list[Piece]
    first: float | None = None
    last: tuple[int, float] | None = None
    """A step, and the rate from there on."""
    end: int = FAR


def sign(value: float) -> int:
    return (value > 0) - (value < 0)


def stages(begins: list[int], rates: list[float]) -> Shape:
    pieces = [Piece(begin, 0, 0.0) for begin in begins]
    return Shape(min(rates), max(rates), pieces, rates[0], (begins[-1], rates[-1]))


def constant(m: Any) -> Shape:
    return stages([0], [m.learning_rate])


def exponential(m: Any) -> Shape:
    burnin = m.burnin_learning_rate or m.initial_learning_rate
    floor, rate = m.min_learning_rate, m.initial_learning_rate
    factor = m.decay_factor if m.staircase else m.decay_factor ** (1 / m.decay_steps)
    pieces = [Piece(0, 0, 0.0)] * (m.burnin_steps > 0)
    pieces.append(Piece(m.burnin_steps, -1, rate * (1 - factor) + rate * ROUNDING))
    first = max(burnin if m.burnin_steps else rate, floor)
    last = (FAR // 2, floor) if m.decay_factor < 0.9 else None
    return Shape(floor, max(rate, floor, first), pieces, first, last)


def manual_step(m: Any) -> Shape:
    steps, rates = [s.step for s in m.schedule], [s.learning_rate for s in m.schedule]
    shape = stages([0, *steps], [m.initial_learning_rate, *rates])
    if m.warmup:
        change = rates[0] - m.initial_learning_rate
        shape.pieces[:2] = [
            Piece(0, sign(change), abs(change) / steps[0]),
            Piece(steps[0], 0, 0.0, joined=True),
        ]
    return shape


def cosine(m: Any) -> Shape:
    base, warmup, hold = m.learning_rate_base, m.warmup_steps, m.hold_base_rate_steps
    begin = warmup + hold
    pieces = []
    if warmup:
        pieces.append(Piece(0, 1, (base - m.warmup_learning_rate) / warmup))
    if hold:
        pieces.append(Piece(warmup, 0, 0.0, joined=True))
    pieces.append(Piece(begin, -1, base * math.pi / 2 / (m.total_steps - begin), joined=True))
    pieces.append(Piece(m.total_steps, 0, 0.0, joined=True))
    first = m.warmup_learning_rate if warmup else base
    return Shape(0.0, base, pieces, first, (m.total_steps, 0.0))


def piecewise_constant(m: Any) -> Shape:
    return stages([0, *(b + 1 for b in m.boundaries)], list(m.values))


def polynomial(m: Any) -> Shape:
    start, end, steps = m.initial_learning_rate, m.end_learning_rate, m.decay_steps
    bounds = (min(start, end), max(start, end))
    change = abs(end - start)
    steepest = max(change * min(1, m.power / steps), change * steps**-m.power)
    first = Piece(0, sign(end - start), steepest)
    if m.cycle:
        return Shape(*bounds, [first, Piece(steps, None, None)], start)
    return Shape(*bounds, [first, Piece(steps, 0, 0.0, joined=True)], start, (steps, end))


def inverse_time(m: Any) -> Shape:
    rate = m.initial_learning_rate
    change = rate * (m.decay_rate if m.staircase else m.decay_rate / m.decay_steps)
    return Shape(0.0, rate, [Piece(0, -1, change)], rate)


def inverse_sqrt(m: Any) -> Shape:
    base = m.learning_rate_base
    falling = Piece(m.timescale, -1, base / 2 / m.timescale, joined=True)
    return Shape(0.0, base, [Piece(0, 0, 0.0), falling], base)


def power_decay(m: Any) -> Shape:
    assume(m.power <= 0)
    high = m.learning_rate_base
    if m.HasField("max_learning_rate"):
        high = min(high, m.max_learning_rate)
    change = m.learning_rate_base * (1 - 2**m.power)
    if not (m.HasField("total_steps") and m.linear_tail_fraction):
        return Shape(0.0, high, [Piece(0, -1, change)], high)
    tail = m.total_steps * m.linear_tail_fraction
    first = None if m.offset_steps == 0 else high
    end = m.offset_steps + m.total_steps
    return Shape(0.0, high, [Piece(0, -1, change + high / tail)], first, (end, 0.0))


def multi_step(m: Any) -> Shape:
    begins = sorted({0, *m.milestones})
    rates = [
        m.initial_learning_rate * m.decay_factor ** sum(x <= begin for x in m.milestones)
        for begin in begins
    ]
    return stages(begins, rates)


def piecewise_linear(m: Any) -> Shape:
    steepness = math.pi / 2 if m.interpolation else 1.0
    pieces = [Piece(0, 0, 0.0)] if m.point[0].step else []
    for before, after in pairwise(m.point):
        change = after.learning_rate - before.learning_rate
        slope = abs(change) * steepness / (after.step - before.step)
        pieces.append(Piece(before.step, sign(change), slope, joined=True))
    last = m.point[-1]
    pieces.append(Piece(last.step, 0, 0.0, joined=True))
    rates = [point.learning_rate for point in m.point]
    return Shape(min(rates), max(rates), pieces, rates[0], (last.step, rates[-1]))


def cosine_restarts(m: Any) -> Shape:
    rate, steps = m.initial_learning_rate, m.first_decay_steps
    low = m.alpha * rate
    change = (rate - low) * math.pi / 2 / steps
    return Shape(low, rate, [Piece(0, -1, change), Piece(steps, None, None)], rate)


def one_cycle(m: Any) -> Shape:
    top, first = m.max_learning_rate, m.max_learning_rate / m.div_factor
    last = first / m.final_div_factor
    steepness = math.pi / 2 if m.anneal == 0 else 1.0
    peak = m.pct_start * m.total_steps - 1
    up = (top - first) * steepness / peak
    falls = [(top - last) / (m.total_steps - 1 - peak)]
    if m.three_phase:
        end = 2 * m.pct_start * m.total_steps - 2
        falls = [(top - first) / (end - peak), (first - last) / (m.total_steps - 1 - end)]
    down = max(falls) * steepness
    pieces = [
        Piece(0, 1, up),
        # The peak is between two steps.
        Piece(math.floor(peak), None, max(up, down), joined=True),
        Piece(math.ceil(peak) + 1, -1, down, joined=True),
    ]
    return Shape(last, top, pieces, first, (m.total_steps - 1, last))


def cyclic(m: Any) -> Shape:
    base, top, up = m.base_learning_rate, m.max_learning_rate, m.step_size_up
    down = m.step_size_down if m.HasField("step_size_down") else up
    height = top - base
    change = abs(height) * (1 / min(up, down) + (1 - m.gamma if m.mode == 2 else 0))
    pieces = [Piece(0, None, change)]
    if m.mode != 2:
        pieces = [
            Piece(0, sign(height), change),
            Piece(up, -sign(height), change, joined=True),
            Piece(up + down, None, change, joined=True),
        ]
    return Shape(min(base, top), max(base, top), pieces, base)


def warmup_stable_decay(m: Any) -> Shape:
    peak, end, steps = m.peak_learning_rate, m.end_learning_rate, m.decay_steps
    begin = m.warmup_steps + m.stable_steps
    pieces = []
    if m.warmup_steps:
        rise = peak - m.initial_learning_rate
        pieces.append(Piece(0, sign(rise), abs(rise) / m.warmup_steps))
    if m.stable_steps:
        pieces.append(Piece(m.warmup_steps, 0, 0.0, joined=True))
    fall = end - peak
    steepness = (1 / steps, math.pi / 2 / steps, steps**-0.5)
    if m.decay_shape == 3:
        low, high = sorted((peak, end))
        change = high * (1 - (low / high) ** (1 / steps)) + high * ROUNDING
    else:
        change = abs(fall) * steepness[m.decay_shape]
    pieces.append(Piece(begin, sign(fall), change, joined=True))
    pieces.append(Piece(begin + steps, 0, 0.0, joined=True))
    first = m.initial_learning_rate if m.warmup_steps else peak
    bounds = [first, peak, end]
    return Shape(min(bounds), max(bounds), pieces, first, (begin + steps, end))


def noam(m: Any) -> Shape:
    scale, steps = m.scale * m.model_dim**-0.5, m.warmup_steps
    slope = scale * steps**-1.5
    pieces = [Piece(0, 1, slope)] * (steps > 1)
    pieces.append(Piece(steps - 1, -1, slope, joined=True))
    return Shape(0.0, scale * steps**-0.5, pieces, scale * min(1, steps**-1.5))


def tanh(m: Any) -> Shape:
    base, end, steps = m.learning_rate_base, m.end_learning_rate, m.total_steps
    fall = (end - base) * (m.upper - m.lower)
    change = abs(fall) / 2 / steps
    first = end + (base - end) / 2 * (1 - math.tanh(m.lower))
    pieces = [Piece(0, sign(fall), change), Piece(steps, 0, 0.0)]
    return Shape(min(base, end), max(base, end), pieces, first, (steps, end))


def table(m: Any) -> Shape:
    begins = [index * m.steps_per_entry for index in range(len(m.learning_rates))]
    return stages(begins, list(m.learning_rates))


def garden_stepwise(m: Any) -> Shape:
    begins = [0, *(b + m.offset + 1 for b in m.boundaries)]
    skipped = max(sum(begin <= 0 for begin in begins) - 1, 0)
    shape = stages([0, *begins[skipped + 1 :]], list(m.values)[skipped:])
    assume(len(shape.pieces) == len(set(shape.pieces)))
    return shape


def garden_exponential(m: Any) -> Shape:
    past = -m.offset / m.decay_steps
    first = m.initial_learning_rate * m.decay_rate ** (math.floor(past) if m.staircase else past)
    return Shape(0.0, first, [Piece(0, -1, None)], first)


def garden_polynomial(m: Any) -> Shape:
    start, end, steps = m.initial_learning_rate, m.end_learning_rate, m.decay_steps
    if m.cycle:
        return Shape(end, math.inf, [Piece(0, None, None)])
    stop = m.offset + steps
    first = (start - end) * (max(stop, 0) / steps) ** m.power + end
    pieces = [Piece(0, -1, None)] * (stop > 0) + [Piece(max(stop, 0), 0, 0.0, joined=stop > 0)]
    if m.power < 1 or m.power > 2:
        pieces[-1] = pieces[-1]._replace(joined=False)
    return Shape(end, first, pieces, first, (max(stop, 0), end))


def garden_cosine(m: Any) -> Shape:
    rate, low, steps = m.initial_learning_rate, m.alpha * m.initial_learning_rate, m.decay_steps
    slope = (rate - low) * math.pi / 2 / steps
    stop = m.offset + steps
    pieces = [Piece(max(stop, 0), 0, 0.0, joined=stop > 0)]
    if stop > 0:
        pieces.insert(0, Piece(max(m.offset, 0), -1, slope, joined=True))
    if m.offset > 0:
        pieces.insert(0, Piece(0, None, slope))
    return Shape(low, rate, pieces, None, (max(stop, 0), low))


def garden_power(m: Any) -> Shape:
    rate = m.initial_learning_rate
    return Shape(0.0, rate, [Piece(0, -1, rate * (1 - 2**m.power))], rate)


def garden_power_linear(m: Any) -> Shape:
    end, tail = m.offset + m.total_decay_steps, m.total_decay_steps * m.linear_decay_fraction
    last = (max(end, 0), 0.0) if tail else None
    return Shape(0.0, m.initial_learning_rate, [Piece(0, -1, None)], None, last)


def garden_power_with_offset(m: Any) -> Shape:
    high = m.pre_offset_learning_rate
    first = high if m.offset >= 0 else None
    return Shape(0.0, high, [Piece(0, -1, None)], first)


def garden_step_cosine(m: Any) -> Shape:
    return Shape(
        min(m.values), max(m.values), [Piece(0, None, None)], None, end=m.boundaries[-1] + m.offset
    )


NATIVE: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], Shape]]] = {
    "constant_learning_rate": (drawing.constants(), constant),
    "exponential_decay_learning_rate": (drawing.exponentials(), exponential),
    "manual_step_learning_rate": (drawing.manual_steps(), manual_step),
    "cosine_decay_learning_rate": (drawing.cosines(), cosine),
    "piecewise_constant_learning_rate": (drawing.piecewise_constants(), piecewise_constant),
    "polynomial_decay_learning_rate": (drawing.polynomials, polynomial),
    "inverse_time_decay_learning_rate": (drawing.inverse_times, inverse_time),
    "inverse_sqrt_learning_rate": (drawing.inverse_sqrts, inverse_sqrt),
    "power_decay_learning_rate": (drawing.power_decays, power_decay),
    "multi_step_learning_rate": (drawing.multi_steps, multi_step),
    "piecewise_linear_learning_rate": (drawing.piecewise_linears(), piecewise_linear),
    "cosine_restarts_learning_rate": (drawing.cosine_restarts, cosine_restarts),
    "one_cycle_learning_rate": (drawing.one_cycles, one_cycle),
    "cyclic_learning_rate": (drawing.cyclics, cyclic),
    "warmup_stable_decay_learning_rate": (drawing.warmup_stable_decays, warmup_stable_decay),
    "noam_learning_rate": (drawing.noams, noam),
    "tanh_decay_learning_rate": (drawing.tanhs, tanh),
    "table_learning_rate": (drawing.tables, table),
}
GARDEN: dict[str, Callable[[Any], Shape]] = {
    "constant": constant,
    "stepwise": garden_stepwise,
    "exponential": garden_exponential,
    "polynomial": garden_polynomial,
    "cosine": garden_cosine,
    "power": garden_power,
    "power_linear": garden_power_linear,
    "power_with_offset": garden_power_with_offset,
    "step_cosine_with_offset": garden_step_cosine,
}
OF_OTHERS = {"sequential_learning_rate", "combined_learning_rate", "custom"}
"""Kinds made of others, which tests of their own compare with their members."""


def sampled(begin: int, end: int, more: list[float]) -> Iterator[int]:
    """Steps from `begin` to before `end`: both ends, powers of two, and drawn ones."""
    last = end - 1
    steps = {begin, begin + 1, begin + 2, last - 2, last - 1, last, (begin + last) // 2}
    steps |= {begin + 2**exponent for exponent in range(2, 62, 6)}
    steps |= {begin + int((last - begin) * share) for share in more}
    return (step for step in sorted(steps) if begin <= step <= last)


def check(schedule: sb.Schedule, shape: Shape, more: list[float]) -> None:
    slack = ROUNDING * max(shape.high if shape.high < math.inf else schedule(0), 2.0**-1000)
    assert [p.begin for p in shape.pieces] == sorted({p.begin for p in shape.pieces})
    if shape.first is not None:
        assert schedule(0) == pytest.approx(shape.first, rel=1e-12, abs=slack)
    if shape.last is not None:
        step, rate = shape.last
        for later in (step, step + 1, 2 * step + 5, FAR):
            assert schedule(later) == pytest.approx(rate, rel=1e-12, abs=slack), later
    ends = [piece.begin for piece in shape.pieces[1:]]
    for piece, end in zip(shape.pieces, [*ends, shape.end], strict=True):
        steps = list(sampled(piece.begin, end, more))
        rates = [schedule(step) for step in steps]
        for step, rate in zip(steps, rates, strict=True):
            assert shape.low - slack <= rate <= shape.high + slack, step
        for (step, rate), (after, next_rate) in pairwise(zip(steps, rates, strict=True)):
            change = next_rate - rate
            if piece.direction is not None:
                assert change * piece.direction >= -slack, (step, after)
                assert piece.direction or abs(change) <= slack, (step, after)
            if after == step + 1 and piece.change is not None:
                assert abs(change) <= piece.change * (1 + 1e-9) + slack, step
    for before, piece in pairwise(shape.pieces):
        if piece.joined and before.change is not None and piece.change is not None:
            change = abs(schedule(piece.begin) - schedule(piece.begin - 1))
            assert change <= max(before.change, piece.change) * (1 + 1e-9) + slack, piece


shares = st.lists(st.floats(0, 1), min_size=3, max_size=8)


@pytest.mark.parametrize("name", NATIVE)
@given(data=st.data(), more=shares)
def test_native_kinds(name: str, data: st.DataObject, more: list[float]) -> None:
    strategy, shape = NATIVE[name]
    message = data.draw(strategy)
    check(sb.build_schedule(message), shape(getattr(message, name)), more)


@pytest.mark.parametrize("name", GARDEN)
@given(data=st.data(), more=shares)
def test_kinds_of_the_garden(name: str, data: st.DataObject, more: list[float]) -> None:
    drawn = data.draw(drawing.garden_kinds[name])
    message = garden.ExperimentConfig()
    if isinstance(drawn, tuple):
        drawn, message.trainer.train_steps = drawn
    message.trainer.optimizer_config.learning_rate.type = name
    getattr(message.trainer.optimizer_config.learning_rate, name).CopyFrom(drawn)
    check(sb.build_schedule(message), GARDEN[name](drawn), more)


@given(drawing.warmed_up(drawing.simple_kinds) | drawing.exponentially_warmed_up(), shares)
def test_warmup(message: pb.LearningRate, more: list[float]) -> None:
    warmup = message.warmup
    assume(warmup.warmup_steps)
    main = pb.LearningRate()
    main.CopyFrom(message)
    main.ClearField("warmup")
    alone, schedule = sb.build_schedule(main), sb.build_schedule(message)
    steps = warmup.warmup_steps
    shift = steps if warmup.alignment == pb.Warmup.SHIFT else 0
    for later in (steps, steps + 1, 2 * steps + 7):
        assert schedule(later) == pytest.approx(alone(later - shift), rel=1e-14)
    start, target = warmup.warmup_learning_rate, alone(steps - shift)
    low, high = sorted((start, target))
    slack = ROUNDING * high
    assert schedule(0) == pytest.approx(start, rel=1e-14)
    rates = [schedule(step) for step in sampled(0, steps, more)]
    assert all(low - slack <= rate <= high + slack for rate in rates)
    direction = 0 if warmup.shape == pb.Warmup.CONSTANT else sign(target - start)
    assert all((b - a) * direction >= -slack for a, b in pairwise(rates))


@given(drawing.simple_kinds, st.integers(1, 2**20), st.integers(1, 2**20), st.booleans())
def test_batch_size_scaling(
    message: pb.LearningRate, batch_size: int, reference: int, is_root: bool
) -> None:
    alone = sb.build_schedule(message)
    message.batch_size_scaling.reference_batch_size = reference
    rules = pb.BatchSizeScaling.Rule
    message.batch_size_scaling.rule = rules.SQRT if is_root else rules.LINEAR
    schedule = lower(message, batch_size)
    factor = math.sqrt(batch_size / reference) if is_root else batch_size / reference
    for step in (0, 1, 1000, *alone.begins, 2**40):
        assert schedule(step) == pytest.approx(alone(step) * factor, rel=1e-13)


@given(drawing.simple_kinds, drawing.rates)
def test_min_learning_rate(message: pb.LearningRate, floor: float) -> None:
    alone = sb.build_schedule(message)
    message.min_learning_rate = floor
    schedule = sb.build_schedule(message)
    for step in (0, 1, 1000, *alone.begins, 2**40):
        assert schedule(step) == max(alone(step), floor)


@given(drawing.sequences(drawing.simple_kinds), shares)
def test_sequence(message: pb.LearningRate, more: list[float]) -> None:
    schedule = sb.build_schedule(message)
    begin = 0
    sequence = message.sequential_learning_rate.stage
    for index, stage in enumerate(sequence):
        alone = sb.build_schedule(stage.learning_rate)
        is_last = index == len(sequence) - 1
        end = 2**50 if is_last else begin + stage.steps
        for step in sampled(begin, end, more):
            assert schedule(step) == pytest.approx(alone(step - begin), rel=1e-14), step
        begin = end


@given(drawing.combinations(drawing.simple_kinds), shares)
def test_combination(message: pb.LearningRate, more: list[float]) -> None:
    schedule = sb.build_schedule(message)
    combined = message.combined_learning_rate
    members = [sb.build_schedule(member) for member in combined.learning_rates]
    combine: dict[str, Callable[[list[float]], float]]
    combine = {"PRODUCT": math.prod, "MIN": min, "MAX": max}
    combined_by = combine[pb.CombinedLearningRate.Op.Name(combined.op)]
    for step in sampled(0, 2**40, more):
        assert schedule(step) == pytest.approx(combined_by([m(step) for m in members]), rel=1e-14)


def test_every_member_of_the_schema_is_here() -> None:
    oneof = pb.LearningRate.DESCRIPTOR.oneofs_by_name["learning_rate"]
    assert {field.name for field in oneof.fields} == set(NATIVE) | OF_OTHERS
    assert set(GARDEN) == set(drawing.garden_kinds)


def test_every_member_of_the_schema_has_a_recipe() -> None:
    texts = [path.read_text() for path in CONFIGS.glob("*.config")]
    for name in (set(NATIVE) | OF_OTHERS) - {"custom"}:
        assert any(f"{name} {{" in text for text in texts), name
    for name in ("warmup {", "batch_size_scaling {", "min_learning_rate:"):
        assert any(name in text for text in texts), name
    experiments = [path.read_text() for path in CONFIGS.glob("garden/*.yaml")]
    for name in (*GARDEN, "linear"):
        assert any(f"type: {name}\n" in text for text in experiments), name


def test_every_member_of_the_schema_has_an_oracle() -> None:
    assert set(NATIVE) | OF_OTHERS - {"custom"} == set(oracle.KINDS)
    assert set(GARDEN) == set(oracle.GARDEN_KINDS)
