"""What corrects rounding errors, in Python and in NumPy, against exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf

from schedule_builder.schedules import numpy_operations, python_operations
from schedule_builder.schedules.numpy_operations import NumPyOperations
from schedule_builder.schedules.operations import inverse_affine, is_harmless, is_zero
from schedule_builder.schedules.python_operations import _Python

OPS = NumPyOperations(np.array([], np.int64))
usual = st.floats(1e-6, 1e6)
signed = st.builds(lambda size, sign: size * sign, usual, st.sampled_from([1.0, -1.0]))


def python(name: str, *numbers: Any, step: int = 7) -> Any:
    """What an operation computes in compiled Python; `...` is the step."""
    formula = _Python()
    term = getattr(formula, name)(*(formula.step if n is ... else n for n in numbers))
    formula.lines.append(f"return {formula.name(term)}")
    return python_operations._function(formula)(step)


def numpy(name: str, *numbers: Any, step: int = 7) -> Any:
    """What it computes in NumPy, for an array of one step."""
    with np.errstate(all="ignore"):
        steps = np.array([step])
        if name != "power_of_steps":
            steps = steps.astype(float)
        return float(getattr(OPS, name)(*(steps if n is ... else n for n in numbers))[0])


BOTH = [pytest.param(python, id="Python"), pytest.param(numpy, id="NumPy")]


def assert_exact(found: float, wanted: Any, ulps: float = 2) -> None:
    assert abs(mpf(found) - wanted) <= ulps * math.ulp(float(wanted)), (found, float(wanted))


@given(signed, signed)
def test_a_product_and_its_error_are_exact(first: float, second: float) -> None:
    product, rest = numpy_operations._two_product(first, second)
    assert product == first * second
    assert Fraction(float(product)) + Fraction(float(rest)) == Fraction(first) * Fraction(second)


@given(signed, signed)
def test_a_quotient_and_its_error(numerator: float, denominator: float) -> None:
    wanted = Fraction(numerator) / Fraction(denominator)
    for divide in (numpy_operations._divide, python_operations._divide):
        quotient, rest = divide(numerator, denominator)
        assert quotient == numerator / denominator
        error = Fraction(float(quotient)) + Fraction(float(rest)) - wanted
        assert abs(error) <= abs(wanted) * Fraction(1, 2**100)


@given(signed, signed, st.floats(-0.5, 0.5), usual, usual)
def test_a_line_and_its_error(start: float, slope: float, rest: float, k: float, n: float) -> None:
    rest *= math.ulp(slope)
    total, lost = numpy_operations._affine(start, slope, rest, k, n)
    share = Fraction(k) / Fraction(n)
    wanted = Fraction(start) + (Fraction(slope) + Fraction(rest)) * share
    largest = max(abs(Fraction(start)), abs(Fraction(slope) * share))
    error = Fraction(float(total)) + Fraction(float(lost)) - wanted
    assert abs(error) <= largest * Fraction(1, 2**95)


def test_a_line_that_overflows_has_no_error() -> None:
    with np.errstate(all="ignore"):
        total, lost = numpy_operations._affine(0.0, 1e308, 0.0, 1e6, 1.0)
    assert (total, lost) == (math.inf, 0.0)


@pytest.mark.parametrize("operations", BOTH)
@given(
    slope=st.floats(-1000, 1000),
    lost=st.floats(-1e-6, 1e-6),
    share=st.integers(1, 999),
    n=st.integers(1000, 9999),
)
def test_a_sum_that_cancels(operations: Any, slope: float, lost: float, share: int, n: int) -> None:
    """A sum may be a millionth of what it is made of, and loses none of its own places."""
    start = -slope * (share / n) + lost
    wanted = Fraction(start) + Fraction(slope) * share / n
    found = operations("affine", start, slope, ..., float(n), step=share)
    # As sums of two doubles can be: 2^-100 of what cancels.
    bound = 2 * Fraction(math.ulp(float(wanted))) + abs(Fraction(start)) / 2**100
    assert abs(Fraction(found) - wanted) <= bound


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize("start", [0.0, 0.5, -0.5, 3.0])
@pytest.mark.parametrize("slope", [0.0, 0.25, -0.25, 1e281])
def test_a_sum(operations: Any, start: float, slope: float) -> None:
    wanted = Fraction(start) + Fraction(slope) * 7 / 11
    found = operations("affine", start, slope, ..., 11.0)
    assert abs(Fraction(found) - wanted) <= 2 * Fraction(math.ulp(float(wanted)))


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize("height", [0.5, 3e38])
@pytest.mark.parametrize("slope", [0.0, 1e-300, 0.5, 1.0, 3.0])
def test_an_inverse_of_a_line(operations: Any, height: float, slope: float) -> None:
    """Also where what is above 1 is next to nothing."""
    found = operations("inverse_affine", height, slope, ..., 5.0)
    assert_exact(found, mpf(height) / (1 + mpf(slope) * 7 / 5))


def test_an_inverse_of_a_line_that_is_known_costs_a_sum_and_a_quotient() -> None:
    nothing: Any = None
    for slope in (0.5, 2.0):
        found = inverse_affine(nothing, 0.5, slope, 7.0, 5.0)
        assert found == pytest.approx(0.5 / (1 + slope * 7 / 5))


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize(
    "exponent", [-700.5, -37.0, -4.0, -3.0, -0.5, 0.5, 1.5, 2.0, 3.0, 3.5, 650.0]
)
def test_powers_of_quotients(operations: Any, exponent: float) -> None:
    """A large exponent amplifies the quotient's error that many times, unless it is corrected."""
    with mpmath.workdps(60):
        for step in range(3, 16):
            for n in (7.0, 10.0, 13.0):
                wanted = mpmath.power(mpf(step) / n, exponent)
                if 1e-300 < wanted < 1e300:
                    found = operations("ratio_power", ..., n, exponent, step=step)
                    assert_exact(found, wanted, 4)


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize("base", [1e-300, 1e-9, 0.04, 0.5, 1.0, 2.5, 19.0, 21.0, 1e9, 1e200])
def test_powers_to_quotients(operations: Any, base: float) -> None:
    with mpmath.workdps(60):
        for step in range(1, 14):
            for n in (7.0, 10.0, 13.0):
                wanted = mpmath.power(base, mpf(step) / n)
                if 1e-300 < wanted < 1e300:
                    found = operations("power_of_ratio", base, ..., n, step=step)
                    assert_exact(found, wanted, 4)


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize("base", [1e-9, 0.04, 0.5, 1.0, 2.5, 1e9])
def test_powers_to_quotients_of_steps(operations: Any, base: float) -> None:
    with mpmath.workdps(60):
        for step in (0, 1, 12, 13, 14, 99, 2**40 + 5):
            for n in (1, 13, 2**40):
                exponent = mpf(step) / n
                if abs(exponent * mpmath.log(base)) < 600:
                    found = operations("power_of_steps", base, ..., n, float(n), step=step)
                    assert_exact(found, mpmath.power(base, exponent), 4)


@pytest.mark.parametrize("spread", [1, 63, 64, 65, 300])
@pytest.mark.parametrize("first", [0, 5])
def test_powers_of_one_number_at_many_steps(spread: int, first: int) -> None:
    """Whether they are computed, or looked up: of 129 steps up to 64 powers apart."""
    steps = np.tile([10 * (first + spread) + 3, 10 * first + 7, 10 * (first + 1)], 43)
    found = OPS.power_of_steps(0.875, steps, 10, 10.0)
    np.testing.assert_allclose(found, 0.875 ** (steps / 10), rtol=1e-13)
    bases = np.tile([0.875, 0.5, 1.5], 43)
    found = OPS.power_of_steps(bases, steps, 10, 10.0)
    np.testing.assert_allclose(found, bases ** (steps / 10), rtol=1e-13)


@pytest.mark.parametrize("operations", BOTH)
@given(
    start=st.floats(-300, 300),
    slope=st.floats(-300, 300),
    k=st.integers(0, 999),
    rest=st.floats(-1, 1),
)
def test_exponentials_of_lines(
    operations: Any, start: float, slope: float, k: int, rest: float
) -> None:
    rest *= math.ulp(slope) / 2
    with mpmath.workdps(60):
        wanted = mpmath.exp(start + (mpf(slope) + mpf(rest)) * k / 1000)
        found = operations("exp_affine", start, slope, rest, ..., 1000.0, step=k)
        assert_exact(found, wanted, 4)


def test_an_exponential_of_a_line_between_steps() -> None:
    """What remains of two large numbers that cancel is exact, also at a part of a step."""
    exponent = (10**20 - 10**21 * Fraction(0.1)) / 10**4
    found = python_operations._exp_affine(10**20, -(10**21), 10**4, 0.1)
    assert found == pytest.approx(math.exp(exponent), rel=1e-15)


@pytest.mark.parametrize("operations", BOTH)
def test_an_exponential_has_a_largest_value(operations: Any) -> None:
    def exponential(exponent: float) -> float:
        found: float = operations("exp_affine", exponent, 0.0, 0.0, ..., 10.0)
        return found

    largest = math.exp(700)
    assert exponential(699.5) == pytest.approx(math.exp(699.5), rel=1e-14)
    assert exponential(700.0) == largest
    assert exponential(700.5) == exponential(709.0) == exponential(1e9) == largest
    assert exponential(-690.5) == pytest.approx(math.exp(-690.5), rel=1e-14)
    assert exponential(-801.0) == exponential(-1e9) == 0


@pytest.mark.parametrize("operations", BOTH)
@pytest.mark.parametrize("exponent", [0.5, -0.5, 2.0, 1.5, -1.5, 3.0, 0.0, 1.0, 7.25])
def test_powers(operations: Any, exponent: float) -> None:
    for base in (0.25, 1.0, 3.0):
        found = operations("power", base, ..., step=7)
        assert found == pytest.approx(base**7, rel=1e-15)
        found = operations("power", ..., exponent, step=7)
        assert found == pytest.approx(7.0**exponent, rel=1e-15)


@pytest.mark.parametrize("operations", BOTH)
def test_powers_without_a_number(operations: Any) -> None:
    assert operations("power", 0.0, ..., step=7) == 0
    assert operations("power", 0.0, ..., step=0) == 1
    assert operations("power", ..., -2.0, step=0) == math.inf
    assert operations("power", ..., -0.5, step=0) == math.inf
    assert operations("power", 0.0, ..., step=-2) == math.inf
    assert operations("power", 1e200, ..., step=2) == math.inf
    assert operations("power", 2.0, ..., step=5000) == math.inf
    assert operations("power", 1.0, ..., step=5000) == 1
    assert operations("ratio_power", ..., 3.0, 5.5, step=0) == 0
    assert operations("ratio_power", ..., 3.0, 1e9, step=7) == math.inf
    assert operations("power_of_ratio", 1e300, ..., 3.0, step=7) == math.inf


@pytest.mark.parametrize("operations", BOTH)
def test_functions_at_their_edges(operations: Any) -> None:
    assert operations("log", ..., step=1) == 0
    assert operations("log", ..., step=0) == -math.inf
    assert operations("log", ..., step=2) == math.log(2)
    assert operations("log1p", ..., step=-1) == -math.inf
    assert operations("log1p", ..., step=0) == 0
    assert operations("log1p", ..., step=1) == math.log1p(1)
    assert operations("exp", ..., step=1) == pytest.approx(math.e, rel=1e-15)
    assert operations("exp", ..., step=10_000) == math.inf
    assert operations("expm1", ..., step=1) == pytest.approx(math.expm1(1), rel=1e-15)
    squared = operations("squared_sine", ..., 2.0, step=1)
    assert squared == pytest.approx(math.sin(0.5) ** 2, rel=1e-15)
    assert operations("sqrt", ..., step=4) == 2
    assert operations("share_of_power", 0.5, ..., 4.0, 2.0, step=2) == 0.125
    assert operations("share_of_power", 0.5, ..., 4.0, -0.5, step=16) == 0.25
    assert operations("inverse_affine", 0.5, 3.0, ..., 4.0, step=4) == 0.125
    assert operations("share", 0.5, ..., 4.0, step=3) == 0.375
    assert operations("remainder", ..., 4, step=11) == 3
    assert operations("maximum", ..., 4.0, step=3) == operations("minimum", ..., 4.0, step=9) == 4
    assert operations("maximum", ..., 4.0, step=9) == operations("minimum", ..., 9.0, step=11) == 9


def test_numbers_known_beforehand_are_computed_once() -> None:
    formula = _Python()
    assert formula.log(1.0) == 0
    assert formula.real(3) == 3.0
    assert isinstance(formula.real(3), float)
    assert formula.real(formula.step) is formula.step
    assert formula.lines == []


def test_a_harmless_factor_is_a_small_number() -> None:
    assert all(map(is_harmless, (0, 0.5, -0.5, 3, 3.0, -3, -3.0)))
    assert not any(map(is_harmless, (3.001, -3.001, 4, -4, np.array(1.0), None)))


def test_a_compiled_formula_calls_nothing_else() -> None:
    assert python_operations._NAMES["__builtins__"] == {}


def test_zero_is_a_number_of_python() -> None:
    assert is_zero(0)
    assert is_zero(0.0)
    assert is_zero(-0.0)
    assert not any(map(is_zero, (1, -1, 0.5, None, np.array(0.0), "")))
