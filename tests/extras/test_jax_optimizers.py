"""Optimizers in JAX: the rate of each parameter, and Keras' numbers."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import schedule_builder as sb

from .optimizer_configs import (
    BLOCKS,
    CLIPPINGS,
    FACTORS,
    GRADIENTS,
    RATE,
    STEPS,
    WEIGHTS,
    config,
    run_documented,
    trained_by_keras,
)

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy
REFERENCE = [sb.build_schedule(RATE)(step) for step in range(STEPS)]


def nested(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        part, name = path.split("/")
        tree.setdefault(part, {})[name] = jnp.asarray(value)
    return tree


def flat(tree: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {f"{part}/{name}": v for part, parts in tree.items() for name, v in parts.items()}


def trained(optimizer: Any, *, jitted: bool = True) -> tuple[dict[str, Any], Any]:
    def step(gradients: Any, state: Any, params: Any) -> Any:
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    step = jax.jit(step) if jitted else step
    params = nested(WEIGHTS)
    state = optimizer.init(params)
    for gradients in GRADIENTS:
        params, state = step(nested(gradients), state, params)
    return flat(params), state


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("name", BLOCKS)
def test_it_trains_as_keras_does(name: str, jitted: bool) -> None:
    settings = config(name, bias_grad_multiplier=2.0, gradient_clipping_by_norm=1.0)
    params, state = trained(sb.build_optax_optimizer(settings), jitted=jitted)
    wanted, averages = trained_by_keras(settings)
    for path, weights in wanted.items():
        np.testing.assert_allclose(params[path], weights, rtol=0, atol=2e-6)
        if FACTORS[path.split("/")[0]]:
            average = flat(state.average)[path]
            np.testing.assert_allclose(average, averages[path], rtol=0, atol=2e-6)
        else:
            np.testing.assert_array_equal(params[path], WEIGHTS[path])
            np.testing.assert_array_equal(flat(state.average)[path], WEIGHTS[path])


@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_frozen_parameters_count_in_no_norm(clipping: str) -> None:
    params, _ = trained(sb.build_optax_optimizer(config("sgd_optimizer", {}, **{clipping: 0.5})))
    kept = {path: w.astype(np.float64) for path, w in WEIGHTS.items() if "stem" not in path}
    for step, gradients in enumerate(GRADIENTS):
        total = np.sqrt(sum(np.square(gradients[path]).sum() for path in kept))
        for path in kept:
            gradient = gradients[path]
            norm = total if "gradient" in clipping else np.sqrt(np.square(gradient).sum())
            scaled = gradient * min(1, 0.5 / norm)
            if clipping == "clip_by_value":
                scaled = np.clip(gradient, -0.5, 0.5)
            kept[path] -= REFERENCE[step] * FACTORS[path.split("/")[0]] * scaled
    for path, weights in kept.items():
        np.testing.assert_allclose(params[path], weights, rtol=0, atol=1e-6)


def test_frozen_parameters_have_no_slots() -> None:
    state = sb.build_optax_optimizer(config("adam_optimizer")).init(nested(WEIGHTS))
    assert set(state.slots) == {"momentum", "velocity"}
    assert isinstance(state.slots["momentum"]["stem"]["kernel"], optax.MaskedNode)
    assert state.slots["momentum"]["head"]["kernel"].shape == (3, 4)


@pytest.mark.parametrize("builder", ["build_optax_optimizer", "partition_by_multiplier"])
def test_the_rate_of_each_parameter_is_the_factor_times_the_reference(builder: str) -> None:
    settings = config("sgd_optimizer", {})
    make = [optax.sgd] if builder == "partition_by_multiplier" else []
    optimizer = getattr(sb, builder)(settings, *make)
    params = nested({path: np.zeros_like(weights) for path, weights in WEIGHTS.items()})
    state = optimizer.init(params)
    ones = jax.tree.map(jnp.ones_like, params)
    for rate in REFERENCE:
        updates, state = optimizer.update(ones, state, params)
        for path, update in flat(updates).items():
            wanted = np.float32(-rate * FACTORS[path.split("/")[0]])
            np.testing.assert_allclose(update, np.full_like(update, wanted), rtol=2e-7)


def test_ones_own_optimizer_trains_as_separate_ones_do() -> None:
    settings = config("sgd_optimizer", bias_grad_multiplier=3.0)
    params, _ = trained(sb.partition_by_multiplier(settings, optax.adamw))
    for part, factor in FACTORS.items():
        own = optax.adamw(lambda count, f=factor: sb.build_optax_schedule(RATE)(count) * f)
        weights = nested(WEIGHTS)[part]
        state = own.init(weights)
        for gradients in map(nested, GRADIENTS):
            scaled = gradients[part] | {"bias": gradients[part]["bias"] * 3}
            updates, state = own.update(scaled, state, weights)
            weights = optax.apply_updates(weights, updates)
        for name, value in weights.items():
            np.testing.assert_allclose(params[f"{part}/{name}"], value, rtol=0, atol=7e-7)


def test_gradients_accumulate() -> None:
    settings = config("adamw_optimizer")
    optimizer = optax.MultiSteps(sb.build_optax_optimizer(settings), 2)
    params = nested(WEIGHTS)
    state = optimizer.init(params)
    for gradients in GRADIENTS:
        for factor in (0.5, 1.5):
            scaled = {path: g * factor for path, g in gradients.items()}
            updates, state = optimizer.update(nested(scaled), state, params)
            params = optax.apply_updates(params, updates)
    wanted, _ = trained(sb.build_optax_optimizer(settings))
    for path, value in flat(params).items():
        np.testing.assert_allclose(value, wanted[path], rtol=0, atol=2e-6)


def test_an_update_of_frozen_parameters_counts() -> None:
    settings = config("adam_optimizer")
    settings["train_config"]["freeze_variables"] = [".*"]
    params, state = trained(sb.build_optax_optimizer(settings))
    assert int(state.count) == STEPS
    for path, value in params.items():
        np.testing.assert_array_equal(value, WEIGHTS[path])


@pytest.mark.parametrize("builder", ["build_optax_optimizer", "partition_by_multiplier"])
def test_a_pattern_without_a_match_is_an_error_at_its_place(builder: str, caplog: Any) -> None:
    settings = config("adam_optimizer")
    make = [optax.adamw] if builder == "partition_by_multiplier" else []
    optimizer = getattr(sb, builder)(settings, *make)
    with caplog.at_level(logging.INFO, "schedule_builder"):
        optimizer.init(nested(WEIGHTS))
    assert "frozen: 2 of 6 variables: stem/bias, stem/kernel" in caplog.text
    with pytest.raises(sb.ConfigError, match=r"SB319.*`\^stem/` is found in none"):
        optimizer.init({"head": {"kernel": jnp.ones(2)}, "backbone": {"kernel": jnp.ones(2)}})


def test_what_it_cannot_do_is_an_error() -> None:
    optimizer = sb.build_optax_optimizer(config("adam_optimizer"))
    state = optimizer.init(nested(WEIGHTS))
    with pytest.raises(ValueError, match="needs the parameters"):
        optimizer.update(nested(WEIGHTS), state)
    with pytest.raises(ValueError, match="names no optimizer"):
        sb.build_optax_optimizer(RATE)
    garden = {
        "trainer": {
            "train_steps": 9,
            "optimizer_config": {
                "optimizer": {"type": "sgd", "sgd": {"decay": 0.5}},
                "learning_rate": {"type": "constant", "constant": {"learning_rate": 0.1}},
            },
        }
    }
    with pytest.raises(sb.ConfigError, match=r"SB315\] SGD has no `decay` in JAX"):
        sb.build_optax_optimizer(garden)


def test_a_schedule_alone_warns_of_multipliers(caplog: Any) -> None:
    sb.build_optax_schedule(config("adam_optimizer"))
    (record,) = caplog.records
    assert "use build_optax_optimizer" in record.getMessage()


def test_the_state_keeps_its_form_in_a_scan_and_in_any_precision() -> None:
    for name in BLOCKS:
        optimizer = sb.build_optax_optimizer(config(name))
        params = jax.tree.map(lambda w: w.astype(jnp.bfloat16), nested(WEIGHTS))
        given = jax.tree.map(lambda *g: jnp.stack(g), *map(nested, GRADIENTS))

        def step(carry: Any, gradients: Any, optimizer: Any = optimizer) -> Any:
            updates, state = optimizer.update(gradients, carry[1], carry[0])
            return (optax.apply_updates(carry[0], updates), state), None

        (_, state), _ = jax.lax.scan(step, (params, optimizer.init(params)), given)
        assert int(state.count) == STEPS


def test_the_documented_code_runs(tmp_path: Any, monkeypatch: Any) -> None:
    names = {"sb": sb, "optax": optax, "params": nested(WEIGHTS), "gradients": nested(GRADIENTS[0])}
    run_documented("JAX", names, tmp_path, monkeypatch)
    assert names["state"].average is None
    np.testing.assert_array_equal(names["params"]["stem"]["kernel"], WEIGHTS["stem/kernel"])
    assert not np.array_equal(names["params"]["head"]["kernel"], WEIGHTS["head/kernel"])
