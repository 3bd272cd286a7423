"""Optimizers in JAX from a config, with a rate for each variable, as optax takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.frameworks.jax_backend import optax_schedule
from schedule_builder.frameworks.optimizer_plans import Plan, Treatment, plan_of
from schedule_builder.frameworks.update_formulas import FORMULAS, Slots
from schedule_builder.frameworks.variable_factors import check_paths


class OptimizerState(NamedTuple):
    """The state of an optimizer that `build_optax_optimizer` built.

    Attributes:
        count: how many updates were applied.
        slots: the optimizer's variables, by name. Each has the structure of the parameters,
            without the frozen ones.
        average: the moving average of the parameters, in their structure; None if the config asks
            for none. It holds frozen parameters unchanged.
    """

    count: jax.Array
    slots: dict[str, Any]
    average: Any


def _path(keys: Any) -> str:
    return str(jax.tree_util.keystr(keys, simple=True, separator="/"))


def _paths(parameters: Any) -> list[str]:
    return [_path(keys) for keys, _ in jax.tree_util.tree_leaves_with_path(parameters)]


def build_optax_optimizer(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> optax.GradientTransformation:
    """Builds the optimizer of a config as an `optax.GradientTransformation`.

    It has the config's schedule, factors of the rate, frozen variables, factors of gradients of
    biases, clipping, weight decay and moving average of the weights. Formulas and their order are
    those of Keras, so that a config trains alike. Patterns are searched in the keys of a
    parameter, joined by `/`.

    `update` needs the parameters. It can be compiled, and used in `optax.chain`,
    `optax.MultiSteps` (which accumulates gradients) and `optax.apply_if_finite`.

    Args:
        config: a pipeline or an experiment: a path, a loaded config, a message or plain data,
            as for `load`.
        step_offset: the count at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The optimizer. Its state is a named tuple of `count`, `slots` and `average`: the moving
        average of the weights, in the structure of the parameters, or None.

    Raises:
        ConfigError: the config has errors, or asks for an optimizer that is not supported. `init`
            raises it where a multiplier's pattern is found in no path.
        OSError: the file cannot be read.
        ValueError: the config is only a learning rate, without an optimizer.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    plan = plan_of(loaded, "JAX", "build_optax_schedule")
    rate = optax_schedule(build_schedule(loaded, step_offset=step_offset))
    return optax.GradientTransformation(_Init(plan), _Update(plan, rate))


class _Init:
    """Makes the first state, and checks the patterns."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __call__(self, params: Any) -> OptimizerState:
        plan = self.plan
        paths = _paths(params)
        plan.check(paths)
        weights, form = jax.tree.flatten(params)
        new_slots = FORMULAS[plan.name].new_slots
        slots = [
            new_slots(plan.arguments, jnp, weight) if plan.treatment(path).factor else {}
            for path, weight in zip(paths, weights, strict=True)
        ]
        # Copies: a buffer may be given up in one place alone.
        average = None if plan.average_decay is None else jax.tree.map(jnp.array, params)
        return OptimizerState(jnp.zeros([], jnp.int32), _by_name(slots, form), average)


def _by_name(slots: list[Slots], form: Any) -> dict[str, Any]:
    names = sorted({name for found in slots for name in found})
    masked = optax.MaskedNode()
    return {name: form.unflatten([s.get(name, masked) for s in slots]) for name in names}


class _Update:
    """One update of all parameters."""

    def __init__(self, plan: Plan, rate: Callable[[Any], jax.Array]) -> None:
        self.plan = plan
        self.rate = rate
        self.treatments: dict[str, Treatment] = {}

    def treatment(self, path: str) -> Treatment:
        if path not in self.treatments:
            self.treatments[path] = self.plan.treatment(path)
        return self.treatments[path]

    def __call__(
        self, updates: Any, state: OptimizerState, params: Any = None
    ) -> tuple[Any, OptimizerState]:
        if params is None:
            message = "this optimizer needs the parameters: call update(gradients, state, params)"
            raise ValueError(message)
        plan = self.plan
        weights, form = jax.tree.flatten(params)
        treatments = [self.treatment(path) for path in _paths(params)]
        gradients = form.flatten_up_to(updates)
        slots: list[Slots] = [{} for _ in weights]
        for name, tree in state.slots.items():
            for found, value in zip(slots, form.flatten_up_to(tree), strict=True):
                if not isinstance(value, optax.MaskedNode):
                    found[name] = value
        trained = [
            n
            for n, (treatment, gradient) in enumerate(zip(treatments, gradients, strict=True))
            if treatment.factor and gradient is not None
        ]
        scaled = [gradients[n] * treatments[n].gradient_factor for n in trained]
        rate = self.rate(state.count)
        next_count = optax.safe_increment(state.count)
        results = list(map(jnp.zeros_like, weights))
        for n, gradient in zip(trained, _clipped(scaled, plan.clipping), strict=True):
            treatment, weight = treatments[n], weights[n]
            own_rate = rate * treatment.factor
            decay = own_rate * treatment.weight_decay * weight if treatment.weight_decay else 0.0
            lost, new = FORMULAS[plan.name].update(
                plan.arguments,
                jnp,
                slots[n],
                gradient,
                weight - decay,
                own_rate,
                next_count.astype(jnp.float32),
            )
            results[n] = jnp.asarray(-lost - decay, weight.dtype)
            slots[n] = {name: value.astype(slots[n][name].dtype) for name, value in new.items()}
        average = state.average
        if plan.average_decay is not None:
            averages = form.flatten_up_to(average)
            for n, treatment in enumerate(treatments):
                # The average of a frozen parameter would differ from it by rounding.
                if treatment.factor:
                    kept = jnp.where(state.count == 0, 0.0, plan.average_decay)
                    new = kept * averages[n] + (1 - kept) * (weights[n] + results[n])
                    averages[n] = new.astype(weights[n].dtype)
            average = form.unflatten(averages)
        new_slots = _by_name(slots, form)
        return form.unflatten(results), OptimizerState(next_count, new_slots, average)


def _clipped(gradients: list[Any], clipping: tuple[str, float] | None) -> list[Any]:
    if clipping is None or not gradients:
        return gradients
    kind, limit = clipping
    if kind == "clipvalue":
        return [jnp.clip(gradient, -limit, limit) for gradient in gradients]
    squares = [jnp.sum(jnp.square(g.astype(jnp.float32))) for g in gradients]
    if kind == "global_clipnorm":
        squares = [sum(squares)] * len(squares)
    factors = [limit / jnp.maximum(jnp.sqrt(square), limit) for square in squares]
    return [g * factor.astype(g.dtype) for g, factor in zip(gradients, factors, strict=True)]


_FROZEN = "frozen"


def _label(factor: float, gradient_factor: float) -> str:
    return f"rate times {factor!r}, gradient times {gradient_factor!r}" if factor else _FROZEN


def partition_by_multiplier(
    config: ConfigLike,
    make: Callable[[Callable[[Any], jax.Array]], optax.GradientTransformation],
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> optax.GradientTransformation:
    """Gives your own optax optimizer the rates and the frozen variables of a config.

    Parameters with the same factor get one optimizer; frozen ones get updates of 0 and have no
    state. `bias_grad_multiplier` scales gradients. The config's optimizer block, clipping and
    moving average are not used. A global norm in an optimizer of `make` is the norm of the
    parameters with the same factor.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        make: a function from a schedule to an optimizer, such as `optax.adamw`. It is called once
            for each factor.
        step_offset: the count at which the schedule begins. Before it, the schedule's first rate
            holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The optimizer.

    Raises:
        ConfigError: the config has errors. `init` raises it where a multiplier's pattern is found
            in no path.
        OSError: the file cannot be read.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    rates = loaded.dialect.variable_rates(loaded.message)
    rate = optax_schedule(build_schedule(loaded, step_offset=step_offset))
    gradient_factors = {1.0, rates.bias_gradient_factor}
    factors = {1.0, *(multiplier.factor for multiplier in rates.multipliers)} - {0.0}

    def transform(factor: float, gradient_factor: float) -> optax.GradientTransformation:
        made = make(rate if factor == 1 else lambda count: rate(count) * factor)
        return made if gradient_factor == 1 else optax.chain(optax.scale(gradient_factor), made)

    transforms = {
        _label(factor, gradient_factor): transform(factor, gradient_factor)
        for factor in factors
        for gradient_factor in gradient_factors
    }
    transforms[_FROZEN] = optax.set_to_zero()

    def label(keys: Any, _: Any) -> str:
        path = _path(keys)
        return _label(rates.factor(path), rates.gradient_factor(path))

    def labels(parameters: Any) -> Any:
        return jax.tree_util.tree_map_with_path(label, parameters)

    partitioned = optax.transforms.partition(transforms, labels)

    def init(params: Any) -> Any:
        check_paths(rates, _paths(params), loaded)
        return partitioned.init(params)

    return optax.GradientTransformationExtraArgs(init, partitioned.update)
