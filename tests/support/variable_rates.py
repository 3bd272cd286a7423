"""Training with more than one rate, on any backend of Keras, compared with exact weights.

python -m tests.support.variable_rates FOLDER

runs every check on the backend of this process, and prints their names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import schedule_builder as sb
from schedule_builder.reading.fields import schema_of
from schedule_builder.v1.optimizer_pb2 import Optimizer

FACTORS = {"backbone": 0.1, "stem": 0.0, "head": 1.0}
MULTIPLIERS = [("^stem", 0.0), ("backbone", 0.1)]
STEPS = 6
FIRST = 0.3
"""What every weight is at first: a number that no average of it is exactly."""
SCHEDULE = {
    "warmup_stable_decay_learning_rate": {
        "peak_learning_rate": 0.01,
        "warmup_steps": 2,
        "stable_steps": 2,
        "decay_steps": 4,
        "initial_learning_rate": 0.002,
    }
}
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "momentum_optimizer": ("SGD", {}, {"momentum": 0.9}),
    "adam_optimizer": ("Adam", {}, {"epsilon": 1e-8}),
    "rms_prop_optimizer": ("RMSprop", {}, {"momentum": 0.9, "epsilon": 1.0}),
    "sgd_optimizer": (
        "SGD",
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.5},
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.5},
    ),
    "adamw_optimizer": ("AdamW", {"beta_2": 0.95}, {"beta_2": 0.95, "weight_decay": 0.004}),
    "lamb_optimizer": ("Lamb", {"weight_decay": 0.5}, {"weight_decay": 0.5}),
    "lion_optimizer": ("Lion", {"weight_decay": 0.5}, {"weight_decay": 0.5}),
    "adafactor_optimizer": ("Adafactor", {"relative_step": False}, {"relative_step": False}),
    "adagrad_optimizer": ("Adagrad", {"weight_decay": 0.5}, {"weight_decay": 0.5}),
}
"""Keras' name of each optimizer, fields, and what Keras takes for them."""


def pipeline(
    optimizer: str = "sgd_optimizer",
    fields: dict[str, Any] | None = None,
    multipliers: Any = MULTIPLIERS,
    *,
    average: bool = False,
    **train_config: Any,
) -> Any:
    """A config with factors for the parts of `network`."""
    listed = [{"pattern": pattern, "factor": factor} for pattern, factor in multipliers]
    beside = {
        "learning_rate_multiplier": listed,
        "use_moving_average": average,
        "moving_average_decay": 0.9,
    }
    chosen = {optimizer: {"learning_rate": SCHEDULE, **(fields or {})}}
    return {"train_config": {"num_steps": STEPS, "optimizer": chosen | beside, **train_config}}


def rates() -> list[float]:
    """The schedule's rate at each step."""
    schedule = sb.build_schedule(SCHEDULE)
    return [float(np.float32(schedule(step))) for step in range(STEPS)]


def is_keras2(keras: Any) -> bool:
    return str(keras.__name__).startswith("tf_keras")


def network(keras: Any) -> Any:
    """A network of three weights whose gradients are exactly 1 under `loss`."""

    class Shift(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            first = keras.initializers.Constant(FIRST)
            self.kernel = self.add_weight(shape=(1,), name="kernel", initializer=first)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return inputs + self.kernel

    return keras.Sequential([keras.Input((1,)), *(Shift(name=name) for name in FACTORS)])


def loss(targets: Any, outputs: Any) -> Any:
    """The mean output: its gradient is 1 for each weight."""
    return 0.0 * targets + outputs


def fit(
    keras: Any, config: Any, *, optimizer: Any = None, batches: int = STEPS, **options: Any
) -> tuple[list[dict[str, float]], Any]:
    """The weights by name after every batch of `fit`, and the model."""
    model = network(keras)
    made = optimizer or sb.build_optimizer(config, legacy=is_keras2(keras))
    model.compile(made, loss, **options)
    found: list[dict[str, float]] = []

    class Weights(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            found.append(weights(self.model))

    inputs = np.zeros((4 * batches, 1), np.float32)
    model.fit(inputs, inputs, batch_size=4, shuffle=False, verbose=0, callbacks=[Weights()])
    return found, model


def weights(model: Any) -> dict[str, float]:
    return {layer.name: float(np.ravel(layer.get_weights()[0])[0]) for layer in model.layers}


def wanted(
    factor: float, gradient: float = 1.0, accumulated: int = 1, decay: float = 0.0
) -> list[float]:
    """A weight after every batch, where each update subtracts rate times factor times gradient."""
    found, value = [], FIRST
    for batch in range(STEPS * accumulated):
        if (batch + 1) % accumulated == 0:
            rate = rates()[batch // accumulated] * factor
            value -= value * rate * decay
            value -= rate * gradient
        found.append(value)
    return found


def assert_trained(found: list[dict[str, float]], **options: Any) -> None:
    for name, factor in FACTORS.items():
        ours = [values[name] for values in found]
        np.testing.assert_allclose(ours, wanted(factor, **options), rtol=5e-7)
        assert factor or set(ours) == {float(np.float32(FIRST))}


def check_fit(keras: Any, folder: Path) -> None:
    """The rate of each variable at each step is factor times reference, however `fit` runs."""
    for options in ({}, {"jit_compile": True}, {"run_eagerly": True}):
        is_torch = not is_keras2(keras) and keras.backend.backend() == "torch"
        if options.get("jit_compile") and is_torch:
            continue  # torch.compile needs a C++ compiler.
        assert_trained(fit(keras, pipeline(), **options)[0])


def check_decay(keras: Any, folder: Path) -> None:
    """Weights decay with their own rate, and frozen or excluded ones do not."""
    decaying = pipeline("sgd_optimizer", {"weight_decay": 0.5})
    assert_trained(fit(keras, decaying)[0], decay=0.5)
    excluded = {"weight_decay": 0.5, "exclude_from_weight_decay": ["^(backbone|head)/k"]}
    assert_trained(fit(keras, pipeline("sgd_optimizer", excluded))[0])


def check_accumulation(keras: Any, folder: Path) -> None:
    """Accumulated gradients make one update, and frozen variables accumulate nothing."""
    if is_keras2(keras):
        return
    optimizer = sb.build_optimizer(pipeline(), gradient_accumulation_steps=2)
    found, model = fit(keras, None, optimizer=optimizer, batches=2 * STEPS)
    assert_trained(found, accumulated=2)
    assert int(model.optimizer.iterations) == STEPS


def check_average(keras: Any, folder: Path) -> None:
    """The moving average replaces weights at the end, and leaves frozen ones exactly alone."""
    found, model = fit(keras, pipeline(average=True))
    # Keras calls back before it replaces the weights.
    assert_trained(found)
    after = weights(model)
    assert after["stem"] == np.float32(FIRST)
    for name, factor in FACTORS.items():
        values = wanted(factor)
        average = FIRST if is_keras2(keras) else values[0]
        for value in values[0 if is_keras2(keras) else 1 :]:
            average = 0.9 * average + 0.1 * value
        np.testing.assert_allclose(after[name], average, rtol=1e-6)


def check_clipping(keras: Any, folder: Path) -> None:
    """Frozen variables count in no norm."""
    clipped = pipeline(gradient_clipping_by_norm=1.0)
    assert_trained(fit(keras, clipped)[0], gradient=2**-0.5)
    assert_trained(fit(keras, pipeline(clip_by_norm=0.5))[0], gradient=0.5)
    assert_trained(fit(keras, pipeline(clip_by_value=0.25))[0], gradient=0.25)


def check_mixed_precision(keras: Any, folder: Path) -> None:
    """Loss scaling leaves the rates alone."""
    optimizer = sb.build_optimizer(pipeline(), legacy=is_keras2(keras))
    if is_keras2(keras):
        scaled = keras.mixed_precision.LossScaleOptimizer(
            optimizer, dynamic=False, initial_scale=8.0
        )
    else:
        scaled = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    assert_trained(fit(keras, None, optimizer=scaled)[0])


def check_frozen(keras: Any, folder: Path) -> None:
    """An update in which all variables are frozen counts, and so does one for the biases."""
    found, model = fit(keras, pipeline(freeze_variables=["backbone", "head"], average=True))
    assert int(np.asarray(model.optimizer.iterations)) == STEPS
    assert {number for values in found for number in values.values()} == {float(np.float32(FIRST))}
    assert set(weights(model).values()) == {float(np.float32(FIRST))}
    only = pipeline(multipliers=(), update_trainable_variables=["head/"], bias_grad_multiplier=9.0)
    head = [values["head"] for values in fit(keras, only)[0]]
    np.testing.assert_allclose(head, wanted(1.0), rtol=5e-7)


def dense(keras: Any) -> Any:
    """A network of usual layers, in parts that the multipliers name."""
    keras.utils.set_random_seed(1)
    parts = [keras.layers.Dense(2, name=name) for name in ("stem", "backbone", "head")]
    model = keras.Sequential([keras.Input((2,)), *parts])
    config = pipeline("adamw_optimizer", {"exclude_from_weight_decay": ["bias"]})
    model.compile(sb.build_optimizer(config, legacy=is_keras2(keras)), "mse")
    return model


def train(model: Any, batches: int) -> list[float]:
    """All weights after some batches."""
    inputs = np.linspace(0, 1, 8 * batches, dtype=np.float32).reshape(-1, 2)
    model.fit(inputs, inputs, batch_size=4, shuffle=False, verbose=0)
    return [float(number) for weight in model.get_weights() for number in np.ravel(weight)]


def check_saving(keras: Any, folder: Path) -> None:
    """A model that is saved and loaded in the middle of training continues without a difference."""
    unsaved, saved = dense(keras), dense(keras)
    train(unsaved, 2)
    train(saved, 2)
    saved.save(folder / "model.keras")
    loaded = keras.models.load_model(folder / "model.keras")
    assert train(loaded, 3) == train(unsaved, 3)
    assert type(loaded.optimizer) is type(unsaved.optimizer)
    ours, theirs = loaded.optimizer.get_config(), unsaved.optimizer.get_config()
    assert (ours["variable_rates"], ours["exclude_from_weight_decay"]) == (
        theirs["variable_rates"],
        ["bias"],
    )


def variables(keras: Any) -> list[Any]:
    generator = np.random.default_rng(0)
    made = []
    for name in FACTORS:
        for part, shape in (("kernel", (3, 2)), ("bias", (2,))):
            first = generator.normal(size=shape).astype(np.float32)
            made.append(_variable(keras, first, f"{name}_{part}"))
    return made


def _variable(keras: Any, first: Any, name: str) -> Any:
    if is_keras2(keras):
        import tensorflow as tf

        return tf.Variable(first, name=name)
    return keras.Variable(first, name=name)


def check_separate(keras: Any, folder: Path) -> None:
    """One optimizer with factors trains as one optimizer for each factor."""
    for field in OPTIMIZERS:
        if hasattr(keras.optimizers, OPTIMIZERS[field][0]):
            check_one(keras, field)


def check_one(keras: Any, field: str) -> None:
    name, fields, arguments = OPTIMIZERS[field]
    ours, theirs = variables(keras), variables(keras)
    optimizer = sb.build_optimizer(pipeline(field, fields), legacy=is_keras2(keras))
    others = {
        part: getattr(keras.optimizers, name)(0.0, **arguments)
        for part, factor in FACTORS.items()
        if factor
    }
    generator = np.random.default_rng(1)
    for rate in rates():
        gradients = [
            keras_tensor(keras, generator.normal(size=tuple(v.shape)).astype(np.float32))
            for v in ours
        ]
        optimizer.apply_gradients(zip(gradients, ours, strict=True))
        for part, other in others.items():
            other.learning_rate = np.float32(rate * FACTORS[part])
            other.apply_gradients(
                (gradient, variable)
                for gradient, variable in zip(gradients, theirs, strict=True)
                if variable.name.startswith(part)
            )
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            numbers(our), numbers(their), rtol=7e-7, atol=7e-7, err_msg=f"{field} {our.name}"
        )
    first = variables(keras)
    moved = [not np.array_equal(numbers(a), numbers(b)) for a, b in zip(ours, first, strict=True)]
    assert moved == [True, True, False, False, True, True], field


def keras_tensor(keras: Any, value: Any) -> Any:
    if is_keras2(keras):
        import tensorflow as tf

        return tf.constant(value)
    return keras.ops.convert_to_tensor(value)


def numbers(variable: Any) -> Any:
    value = getattr(variable, "value", variable)
    value = value() if callable(value) else value
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


CHECKS: dict[str, Callable[[Any, Path], None]] = {
    name.removeprefix("check_"): check
    for name, check in list(globals().items())
    if name.startswith("check_") and name != "check_one"
}


def main() -> None:
    import keras

    listed = {f.name for f in Optimizer.DESCRIPTOR.oneofs_by_name["optimizer"].fields}
    assert listed == set(OPTIMIZERS)
    assert set(schema_of(Optimizer.DESCRIPTOR)) > listed
    for name, check in CHECKS.items():
        check(keras, Path(sys.argv[1]))
        print(name, flush=True)


if __name__ == "__main__":
    main()
