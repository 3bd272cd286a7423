"""One update of one variable by each optimizer, as in Keras, for tensors of any library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Slots = dict[str, Any]
"""The state that an optimizer keeps for a variable, by name."""


class Formula(NamedTuple):
    """An optimizer's update of one variable, without decay.

    Attributes:
        new_slots: a function from the arguments, the library's functions and the weights to the
            first slots.
        update: a function from the arguments, the library's functions, the slots, the gradient,
            the weights, the rate and the number of this update, counted from 1. It returns the
            amount to subtract from the weights, and the next slots.
    """

    new_slots: Callable[[Mapping[str, Any], Any, Any], Slots]
    update: Callable[[Mapping[str, Any], Any, Slots, Any, Any, Any, Any], tuple[Any, Slots]]


def _zeros(*names: str) -> Callable[[Mapping[str, Any], Any, Any], Slots]:
    return lambda _, ops, weight: {name: ops.zeros_like(weight) for name in names}


def _momentum(a: Mapping[str, Any], ops: Any, weight: Any) -> Slots:
    return {"momentum": ops.zeros_like(weight)} if a["momentum"] else {}


def _sgd(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    step = rate * gradient
    if not a["momentum"]:
        return step, {}
    momentum = a["momentum"] * slots["momentum"] + step
    is_nesterov = a.get("nesterov", False)
    return (a["momentum"] * momentum + step if is_nesterov else momentum), {"momentum": momentum}


def _rms_prop_slots(a: Mapping[str, Any], ops: Any, weight: Any) -> Slots:
    names = ["velocity", *(["average_gradient"] if a.get("centered") else [])]
    return {name: ops.zeros_like(weight) for name in names} | _momentum(a, ops, weight)


def _rms_prop(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    rho = a["rho"]
    found = {"velocity": rho * slots["velocity"] + (1 - rho) * gradient * gradient}
    variance = found["velocity"]
    if a.get("centered"):
        average = rho * slots["average_gradient"] + (1 - rho) * gradient
        found["average_gradient"] = average
        variance = variance - average * average
    step = rate * gradient / ops.sqrt(variance + a["epsilon"])
    if a["momentum"]:
        step = found["momentum"] = a["momentum"] * slots["momentum"] + step
    return step, found


def _moments(a: Mapping[str, Any], slots: Slots, gradient: Any) -> Slots:
    momentum, velocity = slots["momentum"], slots["velocity"]
    return {
        "momentum": momentum + (gradient - momentum) * (1 - a["beta_1"]),
        "velocity": velocity + (gradient * gradient - velocity) * (1 - a["beta_2"]),
    }


def _adam_slots(a: Mapping[str, Any], ops: Any, weight: Any) -> Slots:
    names = ("momentum", "velocity", *(("largest_velocity",) if a.get("amsgrad") else ()))
    return {name: ops.zeros_like(weight) for name in names}


def _adam(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    found = _moments(a, slots, gradient)
    velocity = found["velocity"]
    if a.get("amsgrad"):
        velocity = ops.maximum(slots["largest_velocity"], velocity)
        found["largest_velocity"] = velocity
    correction = (1 - a["beta_2"] ** count) ** 0.5 / (1 - a["beta_1"] ** count)
    return rate * correction * found["momentum"] / (ops.sqrt(velocity) + a["epsilon"]), found


def _lamb(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    found = _moments(a, slots, gradient)
    deviation = ops.sqrt(found["velocity"] / (1 - a["beta_2"] ** count))
    update = found["momentum"] / (1 - a["beta_1"] ** count) / (deviation + a["epsilon"])
    norm, size = (ops.sqrt((v * v).sum()) for v in (update, weight))
    # Where either is 0, the ratio is 1.
    is_usual = (norm > 0) & (size > 0)
    ones = ops.ones_like(norm)
    ratio = ops.where(is_usual, size / ops.where(is_usual, norm, ones), ones)
    return ratio * rate * update, found


def _lion(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    momentum, beta_1, beta_2 = slots["momentum"], a["beta_1"], a["beta_2"]
    direction = ops.sign(momentum * beta_1 + gradient * (1 - beta_1))
    return rate * direction, {"momentum": momentum * beta_2 + gradient * (1 - beta_2)}


def _is_factored(values: Any) -> bool:
    """Whether Adafactor keeps sums of rows and columns instead of every element."""
    return bool(values.ndim > 1)


def _adafactor_slots(a: Mapping[str, Any], ops: Any, weight: Any) -> Slots:
    if not _is_factored(weight):
        return {"velocity": ops.zeros_like(weight)}
    return {
        "rows": ops.zeros_like(weight.mean(axis=-1)),
        "columns": ops.zeros_like(weight.mean(axis=-2)),
    }


def _root_mean_square(ops: Any, values: Any) -> Any:
    return ops.sqrt((values * values).mean())


def _adafactor(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    kept = 1 - count ** a["beta_2_decay"]
    squares = gradient * gradient + a["epsilon_1"]
    if not _is_factored(gradient):
        found = {"velocity": kept * slots["velocity"] + (1 - kept) * squares}
        velocity = found["velocity"]
    else:
        found = {
            "rows": kept * slots["rows"] + (1 - kept) * squares.mean(axis=-1),
            "columns": kept * slots["columns"] + (1 - kept) * squares.mean(axis=-2),
        }
        rows = found["rows"] / found["rows"].mean(axis=-1)[..., None]
        velocity = rows[..., None] * found["columns"][..., None, :]
    update = gradient / ops.sqrt(velocity)
    update = update / (_root_mean_square(ops, update) / a["clip_threshold"]).clip(1.0)
    size = _root_mean_square(ops, weight).clip(a["epsilon_2"])
    # As Keras does, which limits the rate also without `relative_step`.
    return ops.minimum(rate, count**-0.5) * size * update, found


def _adagrad_slots(a: Mapping[str, Any], ops: Any, weight: Any) -> Slots:
    return {"accumulator": ops.full_like(weight, a["initial_accumulator_value"])}


def _adagrad(
    a: Mapping[str, Any], ops: Any, slots: Slots, gradient: Any, weight: Any, rate: Any, count: Any
) -> tuple[Any, Slots]:
    accumulator = slots["accumulator"] + gradient * gradient
    return rate * gradient / ops.sqrt(accumulator + a["epsilon"]), {"accumulator": accumulator}


FORMULAS = {
    "SGD": Formula(_momentum, _sgd),
    "RMSprop": Formula(_rms_prop_slots, _rms_prop),
    "Adam": Formula(_adam_slots, _adam),
    "AdamW": Formula(_adam_slots, _adam),
    "Lamb": Formula(_zeros("momentum", "velocity"), _lamb),
    "Lion": Formula(_zeros("momentum"), _lion),
    "Adafactor": Formula(_adafactor_slots, _adafactor),
    "Adagrad": Formula(_adagrad_slots, _adagrad),
}
"""The formulas by Keras' names of the optimizers."""
