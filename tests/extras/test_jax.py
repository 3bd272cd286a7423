"""optax schedules: the reference's rates, exactly rounded, however JAX runs them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import given, settings

import schedule_builder as sb
from schedule_builder import ConfigError, Schedule, build_schedule
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.schedules.test_schedule import telling_steps
from tests.support import oracle
from tests.support.drawing import configs
from tests.support.goldens import Golden

from .comparing import EXAMPLES, GOLDENS, TEXT, assert_rounded, check_golden, schedule_of

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

INT32_MAX = 2**31 - 1
CONFIG = text_format.Parse(TEXT, pb.LearningRate())


def optax_schedule(schedule: Schedule) -> Any:
    """What `build_optax_schedule` returns for a config with this schedule."""
    from schedule_builder.frameworks.jax_backend import _dispatched, _rates

    compiled = jax.jit(partial(_rates, schedule), inline=True)
    return partial(_dispatched, schedule, compiled)


def int32(steps: Any) -> Any:
    return np.array([step for step in steps if step <= INT32_MAX], np.int32)


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_goldens(golden: Golden) -> None:
    rate = optax_schedule(schedule_of(golden))
    steps = int32(golden.steps)
    array = jnp.asarray(steps)
    assert array.dtype == jnp.int32
    for name, found in {
        "plain": rate(array),
        "one by one": np.stack([rate(step) for step in array]),
        "jit": jax.jit(rate)(array),
        "vmap": jax.vmap(rate)(array),
        "jit of vmap": jax.jit(jax.vmap(rate))(array),
        "python": np.stack([rate(int(step)) for step in steps]),
    }.items():
        check_golden(golden, found, name, steps)
    with jax.enable_x64(True):
        wide = jnp.asarray(golden.steps, jnp.int64)
        check_golden(golden, jax.jit(rate)(wide), "x64")


@settings(max_examples=EXAMPLES)
@given(configs)
def test_rates_are_exactly_rounded(message: Any) -> None:
    schedule = build_schedule(message)
    rate = optax_schedule(schedule)
    steps = telling_steps(schedule)
    wanted = {step: oracle.rate(message, step) for step in steps}
    narrow = int32(steps)
    found = rate(jnp.asarray(narrow))
    assert_rounded(found, [wanted[int(step)] for step in narrow], "int32")
    with jax.enable_x64(True):
        assert_rounded(rate(jnp.asarray(steps, jnp.int64)), wanted.values(), "int64")


def scanned(rate: Any, steps: Any) -> Any:
    return jax.lax.scan(lambda carry, step: (carry, rate(step)), 0.0, steps)[1]


def looped(rate: Any, steps: Any) -> Any:
    rates = jnp.zeros(steps.shape, jnp.float32)
    return jax.lax.fori_loop(0, len(steps), lambda i, r: r.at[i].set(rate(steps[i])), rates)


TRANSFORMATIONS: dict[str, Any] = {
    "vmap of jit": lambda rate, steps: jax.vmap(jax.jit(rate))(steps),
    "vmap of vmap of jit": lambda rate, steps: jax.vmap(jax.vmap(jax.jit(rate)))(steps[None])[0],
    "scan": scanned,
    "jit of scan": lambda rate, steps: jax.jit(partial(scanned, rate))(steps),
    "scan of jit": lambda rate, steps: scanned(jax.jit(rate), steps),
    "loop": lambda rate, steps: jax.jit(partial(looped, rate))(steps),
    "map": lambda rate, steps: jax.lax.map(jax.jit(rate), steps, batch_size=2),
    "cond": lambda rate, steps: jax.vmap(lambda s: jax.lax.cond(s > 5, rate, rate, s))(steps),
    "checkpoint": lambda rate, steps: jax.jit(jax.vmap(jax.checkpoint(rate)))(steps),
    "gradient": lambda rate, steps: jax.vmap(
        lambda s: jax.jit(jax.grad(lambda weight: weight * jax.jit(rate)(s)))(jnp.float32(1))
    )(steps),
    "forward gradient": lambda rate, steps: jax.jvp(
        lambda weight: weight * jax.jit(rate)(steps), (jnp.float32(2),), (jnp.float32(1),)
    )[1],
    "ahead of time": lambda rate, steps: jax.jit(rate).lower(steps).compile()(steps),
    "export": lambda rate, steps: jax.export.export(jax.jit(rate))(steps).call(steps),
}


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("name", TRANSFORMATIONS)
@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 7 power: 0.7"
        " cycle: true }",
        "combined_learning_rate { op: MIN learning_rates { noam_learning_rate { model_dim: 64"
        " warmup_steps: 4 } } learning_rates { cyclic_learning_rate { base_learning_rate: 0.01"
        " max_learning_rate: 0.1 step_size_up: 3 mode: EXP_RANGE gamma: 0.99 } } }",
    ],
    ids=["cosine", "polynomial", "combined"],
)
def test_transformations(text: str, name: str, x64: bool) -> None:
    config = text_format.Parse(text, pb.LearningRate())
    schedule = build_schedule(config)
    with jax.enable_x64(x64):
        steps = jnp.arange(24)
        found = TRANSFORMATIONS[name](sb.build_optax_schedule(config), steps)
    assert_rounded(found, [schedule(step) for step in range(24)], name)


def test_64_bit_types_stay_inside() -> None:
    rate = sb.build_optax_schedule(CONFIG)
    assert jax.jit(lambda count: rate(count) * 2)(3).dtype == jnp.float32
    assert jnp.arange(3).dtype == jnp.int32
    assert jnp.asarray(1.0).dtype == jnp.float32


def test_counting_nans_finds_none() -> None:
    with jax.debug_nans(True):
        assert float(sb.build_optax_schedule(CONFIG)(jnp.asarray(30))) == 0


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_any_integer_dtype(dtype: str) -> None:
    with jax.enable_x64(True):
        rate = sb.build_optax_schedule(CONFIG)(jnp.asarray(7, dtype))
    assert (rate.dtype, rate.shape) == (jnp.float32, ())
    assert float(rate) == np.float32(build_schedule(CONFIG)(7))


def test_the_largest_steps() -> None:
    config = text_format.Parse(
        f"piecewise_constant_learning_rate {{ boundaries: {MAX_STEP - 1} values: [0.1, 0.01] }}",
        pb.LearningRate(),
    )
    rate = sb.build_optax_schedule(config)
    with jax.enable_x64(True):
        wide = rate(jnp.asarray([MAX_STEP - 1, MAX_STEP, 2**64 - 1], jnp.uint64))
    np.testing.assert_array_equal(wide, np.asarray([0.1, 0.01, 0.01], np.float32))
    # Python's and NumPy's steps are not cut to int32.
    assert float(rate(2**70)) == np.float32(0.01)
    assert float(rate(np.uint64(MAX_STEP))) == np.float32(0.01)
    np.testing.assert_array_equal(
        rate(np.array([3, MAX_STEP])), np.asarray([0.1, 0.01], np.float32)
    )


def test_negative_counts_mean_zero() -> None:
    rate = sb.build_optax_schedule(CONFIG)
    assert float(rate(jnp.asarray(-3))) == float(rate(-3)) == np.float32(0.01)


def test_a_schedule_may_begin_later() -> None:
    rate, late = sb.build_optax_schedule(CONFIG), sb.build_optax_schedule(CONFIG, step_offset=500)
    counts = jnp.arange(30)
    np.testing.assert_array_equal(jax.jit(late)(counts + 500), rate(counts))
    assert float(late(jnp.asarray(7))) == float(rate(0))


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (2, 0, 3)])
@pytest.mark.parametrize("text", [TEXT, "constant_learning_rate {}"])
def test_any_shape(shape: tuple[int, ...], text: str) -> None:
    config = text_format.Parse(text, pb.LearningRate())
    steps = np.arange(np.prod(shape, dtype=int), dtype=np.int32).reshape(shape)
    rates = sb.build_optax_schedule(config)(jnp.asarray(steps))
    assert rates.shape == shape
    np.testing.assert_array_equal(rates, np.float32(build_schedule(config)(steps)))


@pytest.mark.parametrize("count", [1.0, np.float32(3), np.array([1.0]), True, None, "5"])
def test_a_count_that_is_no_integer_is_a_type_error(count: object) -> None:
    with pytest.raises(TypeError):
        sb.build_optax_schedule(CONFIG)(count)


def test_a_float_count_is_a_type_error() -> None:
    rate = sb.build_optax_schedule(CONFIG)
    for function in (rate, jax.jit(rate)):
        with pytest.raises(TypeError, match="integer"):
            function(jnp.float32(3))


def test_a_bad_config_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        sb.build_optax_schedule({"cosine_decay_learning_rate": {"total_steps": 0}})


def test_one_compilation_serves_all_steps() -> None:
    rate = sb.build_optax_schedule(CONFIG)
    traces = 0

    @jax.jit
    def traced(count: Any) -> Any:
        nonlocal traces
        traces += 1
        return rate(count)

    for step in range(30):
        traced(jnp.asarray(step))
    assert traces == 1


@pytest.mark.parametrize("is_compiled", [False, True])
def test_optax_applies_the_rates(is_compiled: bool) -> None:
    optimizer = optax.sgd(sb.build_optax_schedule(CONFIG))
    update = jax.jit(optimizer.update) if is_compiled else optimizer.update
    state = optimizer.init(jnp.zeros(()))
    applied = []
    for _ in range(24):
        change, state = update(jnp.ones(()), state)
        applied.append(-float(change))
    schedule = build_schedule(CONFIG)
    assert applied == [float(np.float32(schedule(step))) for step in range(24)]


def test_optax_schedules_take_it() -> None:
    rate = sb.build_optax_schedule(CONFIG)
    schedule = build_schedule(CONFIG)
    optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=rate)
    state = optimizer.init(jnp.zeros(()))
    for step in range(8):
        _, state = jax.jit(optimizer.update)(jnp.ones(()), state, jnp.ones(()))
        assert float(state.hyperparams["learning_rate"]) == np.float32(schedule(step))
    joined = optax.join_schedules([optax.constant_schedule(1.0), rate], [3])
    found = [float(joined(jnp.asarray(step))) for step in range(10)]
    assert found == [1.0] * 3 + [float(np.float32(schedule(step))) for step in range(7)]
