"""Each curve at every step, in Python and NumPy, against its formula with 50 digits."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from schedule_builder.schedules.curves import (
    MAX_STEP,
    Constant,
    CosineCycle,
    Cycle,
    Exponential,
    Geometric,
    Interpolation,
    InverseTime,
    PolynomialCycle,
    PowerLaw,
    Sigmoid,
)
from schedule_builder.schedules.evaluation import evaluate_table
from schedule_builder.schedules.interpolations import _split
from schedule_builder.schedules.numpy_operations import NumPyOperations
from schedule_builder.schedules.python_operations import _Python
from schedule_builder.schedules.schedule import Schedule, Segment


def exact(number: Any) -> Any:
    fraction = Fraction(number)
    return mpf(fraction.numerator) / fraction.denominator


def interpolation(c: Interpolation, step: int) -> Any:
    u = exact((step - Fraction(c.delay)) / Fraction(c.length))
    start, end = mpf(c.start), mpf(c.end)
    if c.shape == "linear":
        return start + (end - start) * u
    if c.shape == "cosine":
        return end + (start - end) * (1 + mpmath.cos(mpmath.pi * u)) / 2
    if c.shape == "power_of_elapsed":
        return start + (end - start) * u**c.power
    return end + (start - end) * (1 - u) ** c.power


def polynomial_cycle(c: PolynomialCycle, step: int) -> Any:
    length = max(-(-step // c.decay_steps), 1) * c.decay_steps
    return c.end + (mpf(c.start) - c.end) * (1 - mpf(step) / length) ** c.power


def cosine_cycle(c: CosineCycle, step: int) -> Any:
    cycle, s = divmod(step, c.period)
    height = c.height * mpf(c.factor) ** cycle
    return c.low + height * (1 + mpmath.cos(mpmath.pi * s / c.period)) / 2


def triangles(c: Cycle, step: int) -> Any:
    cycle, s = divmod(step, c.up + c.down)
    share = mpf(s) / c.up if s <= c.up else mpf(c.up + c.down - s) / c.down
    factor = mpf(c.cycle_factor) ** cycle * mpf(c.step_factor) ** step
    return c.base + (mpf(c.peak) - c.base) * share * factor


def sigmoid(c: Sigmoid, step: int) -> Any:
    u = mpf(step) / c.length
    value = c.lower * (1 - u) + c.upper * u
    return c.end + (mpf(c.start) - c.end) / 2 * (1 - mpmath.tanh(value))


def decay(c: Any, step: int) -> Any:
    q = mpf(step // c.decay_steps) if c.staircase else mpf(step) / c.decay_steps
    if isinstance(c, Exponential):
        return c.initial * mpf(c.factor) ** q
    return c.initial / (1 + c.decay_rate * q)


FORMULAS: dict[type, Any] = {
    Interpolation: interpolation,
    PolynomialCycle: polynomial_cycle,
    CosineCycle: cosine_cycle,
    Cycle: triangles,
    Sigmoid: sigmoid,
    Exponential: decay,
    InverseTime: decay,
    Geometric: lambda c, step: c.start * (mpf(c.end) / c.start) ** (mpf(step) / c.length),
    PowerLaw: lambda c, step: c.rate * (mpf(step) / c.reference) ** c.power,
}
ENDS = [(0.0, 0.3), (0.3, 0.0), (0.25, 0.3), (0.3, 0.25), (0.3, 0.075), (0.3, 0.3)]
POWERS = [0.3, 0.5, 1.0, 1.5, 2.0, 3.5]
SHAPES = [
    ("linear", 1.0),
    ("linear", 2.0),
    ("cosine", 1.0),
    ("cosine", 2.0),
    *(("power_of_elapsed", power) for power in POWERS),
    *(("power_of_remaining", power) for power in POWERS),
]
INTERPOLATIONS = [Interpolation(*ends, 16, *shape) for ends in ENDS for shape in SHAPES]
PARTS = [
    Interpolation(*ends, Fraction(33, 2), *shape, Fraction(1, 3))
    for ends in ENDS
    for shape in SHAPES
]
POLYNOMIALS = [PolynomialCycle(*ends, 5, power) for ends in ENDS for power in POWERS]
WAVES = [CosineCycle(0.3, low, 7, factor) for low in (0.0, 0.1) for factor in (1.0, 0.5, 2.0)]
FACTORS = [(1.0, 1.0), (0.5, 1.0), (2.0, 1.0), (1.0, 0.9), (1.0, 2.0)]
RISING = [Cycle(0.1, 0.3, 3, 5, *f) for f in FACTORS]
FALLING = [Cycle(0.3, 0.0, 3, 5, *f) for f in ((1.0, 1.0), (0.5, 1.0), (1.0, 0.9))]
CLOSE = [
    *(Cycle(0.3, 0.0, 3, 5, *f) for f in ((1.0, 1 - 1e-9), (0.5, 1 - 1e-9))),
    *(Cycle(0.3, 0.1, 3, 5, *f) for f in ((1.0, 0.5), (0.5, 0.9), (0.875, 0.99))),
]
SIGMOIDS = [
    Sigmoid(*ends, 16, *bounds) for ends in ENDS for bounds in ((-3.0, 3.0), (-6.0, 2.5), (2.0, -1))
]
SMOOTH = [
    *(Exponential(0.3, f, 5, staircase=s) for f in (0.5, 1.0, 3.0) for s in (False, True)),
    *(InverseTime(0.3, r, 5, staircase=s) for r in (0.5, 0.0, 3.0) for s in (False, True)),
    *(Geometric(*ends, 16) for ends in ((0.1, 0.3), (0.3, 1e-9))),
]
LAWS = [PowerLaw(0.3, reference, power) for reference in (1, 5) for power in (-0.5, 0.0, -2.0)]
GROUPS: dict[str, list[Any]] = {
    "interpolations": INTERPOLATIONS,
    "interpolations between steps": PARTS,
    "polynomials": POLYNOMIALS,
    "waves": WAVES,
    "rising triangles": RISING,
    "falling triangles": FALLING + CLOSE,
    "sigmoids": SIGMOIDS,
    "smooth decays": SMOOTH,
    "power laws": LAWS,
}
FIRST = {"interpolations between steps": 1, "power laws": 1}
LAST = {"polynomials": 33, "waves": 33, "rising triangles": 33, "falling triangles": 33}


@pytest.mark.parametrize("name", GROUPS)
def test_the_rate_at_each_step(name: str) -> None:
    steps = range(FIRST.get(name, 0), LAST.get(name, 16) + 1)
    with mpmath.workdps(50):
        for curve in GROUPS[name]:
            schedule = Schedule((Segment(0, curve, 0),))
            arrays = schedule(np.array(steps))
            for step, from_array in zip(steps, arrays, strict=True):
                wanted = FORMULAS[type(curve)](curve, step)
                for found in (schedule(step), float(from_array)):
                    # Relative, so that the smallest rates are right, too; what is 0 is 0.
                    bound = 2e-15 * abs(wanted) if abs(wanted) > 1e-40 else 1e-300
                    assert abs(found - wanted) <= bound, (curve, step, found, float(wanted))


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("order", [1, -1])
def test_curves_of_one_kind_in_one_table(name: str, order: int) -> None:
    """Whatever their forms: each, and constants among them, has its own rates."""
    first, length = FIRST.get(name, 0), LAST.get(name, 16)
    curves = GROUPS[name][::order]
    parts = [part for curve in curves for part in (curve, Constant(0.5))]
    # Far beyond its own steps no curve may disturb the others.
    begins = [0, *(1000 * i + first for i in range(1, len(parts)))]
    schedule = Schedule(
        tuple(
            Segment(begin, curve, begin - first if begin else 0)
            for begin, curve in zip(begins, parts, strict=True)
        )
    )
    steps = np.array([b + s for b in begins for s in range(length - first + 1) if b or not first])
    ops = NumPyOperations(np.array(schedule.begins[1:], np.int64))
    with np.errstate(all="ignore"):
        found = evaluate_table(schedule, steps, ops)
    np.testing.assert_allclose(found, schedule.rates(steps.tolist()), rtol=4e-15, atol=0)


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param([CosineCycle(0.3, 0.1, 7, f) for f in (1.0, 0.5)], id="waves"),
        pytest.param([Cycle(0.1, 0.3, 3, 5, *f) for f in FACTORS], id="rising triangles"),
        pytest.param([Cycle(0.3, 0.1, 3, 5, *f) for f in FACTORS[:4]], id="falling triangles"),
    ],
)
def test_two_forms_in_one_table(forms: list[Any]) -> None:
    """Each has its own rates, whichever is the first."""
    steps = np.arange(32)
    for one, other in permutations(forms, 2):
        schedule = Schedule((Segment(0, one, 0), Segment(16, other, 16)))
        found = evaluate_table(schedule, steps, NumPyOperations(np.array([16], np.int64)))
        np.testing.assert_allclose(found, schedule.rates(steps.tolist()), rtol=4e-15, atol=0)


def test_a_falling_triangle_that_doubles_at_each_step() -> None:
    """Its rate passes 0, so that it has no relative precision there."""
    cycle = Cycle(0.3, 0.2, 3, 5, 1.0, 2.0)
    schedule = Schedule((Segment(0, cycle, 0),))
    wanted = [float(triangles(cycle, step)) for step in range(20)]
    for found in (schedule.rates(range(20)), schedule(np.arange(20))):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ends", ENDS)
def test_the_ends_of_a_long_curve(ends: tuple[float, float], shape: tuple[str, float]) -> None:
    """Where a share of its length is near 0 or 1, and no float holds it exactly."""
    length = 10**9 + 7
    curve = Interpolation(*ends, length, *shape)
    schedule = Schedule((Segment(0, curve, 0),))
    steps = [0, 1, 2, 1000, length // 2, length - 1000, length - 2, length - 1, length]
    with mpmath.workdps(50):
        for step, from_array in zip(steps, schedule(np.array(steps)), strict=True):
            wanted = interpolation(curve, step)
            for found in (schedule(step), float(from_array)):
                assert abs(found - wanted) <= 2e-15 * abs(wanted), (step, found, float(wanted))


@pytest.mark.parametrize(
    ("curve", "form"),
    [
        (Interpolation(0.0, 0.3, 16), ("line", True)),
        (Interpolation(0.3, 0.0, 16, "power_of_remaining"), ("line", False)),
        (Interpolation(0.0, 0.3, 16, "cosine", 2.0), ("sine", True)),
        (Interpolation(0.0, 0.3, 16, "power_of_elapsed", 1.5), ("power", True)),
        (Interpolation(0.3, 0.0, 16, "power_of_remaining", 1.5), ("power", False)),
        (Interpolation(0.0, 0.3, 16, "power_of_remaining", 1.5), ("mirrored_power", True)),
        (Interpolation(0.3, 0.0, 16, "power_of_elapsed", 0.75), ("mirrored_root", False)),
        (Interpolation(0.3, 0.0, 16, "power_of_elapsed", 0.5), ("one_minus_root", False)),
        # Where the lower rate is a fourth of the higher one or more, nothing cancels.
        (Interpolation(0.3, 0.08, 16, "power_of_elapsed", 0.5), ("power", True)),
        (Interpolation(0.3, 0.07, 16, "power_of_elapsed", 0.5), ("one_minus_root", False)),
    ],
)
@pytest.mark.parametrize("ops", [NumPyOperations(np.array([], np.int64)), _Python()])
def test_forms_of_an_interpolation(curve: Interpolation, form: tuple[str, bool], ops: Any) -> None:
    assert curve.variant(ops) == form
    columns = curve.columns(0, ops)
    takes_power = form[0] in ("power", "mirrored_power", "mirrored_root")
    assert columns.power == (curve.power if takes_power else None)


def test_which_interpolations_are_constant_beside_their_height_of_0() -> None:
    """Those whose form is finite far outside of them: nothing is added to the steps then."""
    shapes = ("linear", "cosine", "power_of_elapsed")
    line, wave, power = (Interpolation(0.1, 0.3, 7, shape, 2.0) for shape in shapes)
    ops = _Python()
    assert Interpolation.constant_columns([line, power], 0.25, ops) is None
    assert Interpolation.constant_columns([power, wave], 0.25, ops) is None
    columns: tuple[Any, ...] = (
        Interpolation.constant_columns([line, wave], 0.25, ops),
        Sigmoid.constant_columns(SIGMOIDS[:2], 0.25, ops),
    )
    assert [c.fraction for c in columns] == [0, 0]


@pytest.mark.parametrize(
    ("step_factor", "step"),
    [(0.9, 9), (0.505, 2), (0.1, 1), (0.001, 1), (1 / 0.505, 38), (10.0, 39), (1.1, 30)],
)
def test_a_cycle_that_shrinks_or_grows_is_highest_where_it_is(
    step_factor: float, step: int
) -> None:
    cycle = Cycle(0.0, 0.3, 20, 20, 1.0, step_factor)
    rates = Schedule((Segment(0, cycle, 0),)).rates(range(40))
    highest = max(rates)
    assert rates[step] == pytest.approx(highest, rel=1e-12)
    assert max(rates[s] for s in cycle.extremes(0, 39)) == highest


@pytest.mark.parametrize(
    ("anchor", "parts"),
    [
        (Fraction(7), (7, 0.0)),
        (Fraction(15, 2), (7, 0.5)),
        (Fraction(-15, 2), (-8, 0.5)),
        (Fraction(MAX_STEP) + 3, (MAX_STEP, 3.0)),
    ],
)
def test_a_place_is_a_step_and_a_rest(anchor: Fraction, parts: tuple[int, float]) -> None:
    assert _split(anchor) == parts
    assert isinstance(_split(anchor)[1], float)


def test_lines_mean_the_same_where_they_have_the_same_rates() -> None:
    exactly = Interpolation(0.25, 0.75, 16), Interpolation(0.25, 0.5, 8)
    assert exactly[0].meaning(3) == exactly[1].meaning(3) != exactly[1].meaning(4)
    # A later one that has risen as far.
    assert exactly[0].meaning(0) == Interpolation(0.5, 1.0, 16).meaning(8)
    assert exactly[0].meaning(0) == Interpolation(0.5, 0.75, 8, delay=5).meaning(3)
    curve = Interpolation(0.25, 0.75, 16, "cosine")
    assert curve.meaning(3) == (curve, 3)


def test_families_by_name() -> None:
    curves = (INTERPOLATIONS[0], WAVES[0], SIGMOIDS[0], *SMOOTH[-1:], LAWS[0])
    assert [curve.family for curve in curves] == [
        *("interpolation", "cosine_cycle", "sigmoid", "geometric", "power_law")
    ]
    assert PolynomialCycle(0.1, 0.3, 5, 2.0).family == "rising_polynomial_cycle"
    assert PolynomialCycle(0.3, 0.1, 5, 2.0).family == "polynomial_cycle"
