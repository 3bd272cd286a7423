"""Keras optimizers from a config: of Keras 3 and of Keras 2 (`tf_keras`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.config import ConfigLike, load
from schedule_builder.diagnostics import ConfigError, FieldPath, Report, Words
from schedule_builder.dialects.base import OptimizerRequest
from schedule_builder.dialects.variable_rates import VariableRates
from schedule_builder.frameworks.keras_common import is_legacy, keras_home, keras_schedule
from schedule_builder.reading.fields import dotted
from schedule_builder.rules.kinds import NOT_IN_KERAS


def build_optimizer(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    gradient_accumulation_steps: int | None = None,
    legacy: bool | None = None,
    num_steps: int | None = None,
    batch_size: int | None = None,
    compute_dtype: str = "float64",
) -> Any:
    """Builds the Keras optimizer of a config, with its schedule as the learning rate.

    In a pipeline, `momentum_optimizer` is SGD with momentum; `rms_prop_optimizer`'s `decay` is
    rho, the discounting factor of the mean of squared gradients, and not a decay of the rate;
    `use_moving_average` is Keras' own exponential moving average of the weights (`use_ema`,
    with `moving_average_decay`), which `fit` puts in place of the weights at its end;
    `gradient_clipping_by_norm` clips the global norm, `clip_by_norm` each gradient's, and
    `clip_by_value` values. `learning_rate_multiplier` scales the rate of the variables in whose
    paths its pattern is found; a factor of 0 freezes them, as do `freeze_variables` and
    `update_trainable_variables`. `bias_grad_multiplier` scales gradients of biases. Frozen
    variables are not part of any norm, do not decay and have no average. The logger
    `schedule_builder` lists the factor of each variable at level INFO.

    In a Model Garden experiment: sgd, adam, adamw, lamb, rmsprop, adagrad, adafactor and lion.
    `adamw`'s `gradient_clip_norm`, 1 unless given, clips the global norm. The patterns of
    `exclude_from_weight_decay` are searched in the paths of variables. Keras' LAMB decays weights
    outside of the ratio of norms; its moving average (`ema`) keeps the same share from the first
    update on, as with `dynamic_decay: false`.

    Args:
        config: a pipeline or an experiment: a path, a loaded config, a message or plain data,
            as for `load`.
        step_offset: the step at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        gradient_accumulation_steps: over how many batches Keras adds up gradients for one
            update. The schedule counts updates. Only for Keras 3.
        legacy: True for an optimizer of Keras 2 (the package `tf_keras`), False for one of
            Keras 3. By default, as `tf.keras` is: Keras 2 where the environment variable
            TF_USE_LEGACY_KERAS is set.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.
        compute_dtype: "float32" for devices without float64, such as TPUs; see
            `build_learning_rate`.

    Returns:
        A `keras.optimizers.Optimizer`, or a `tf_keras.optimizers.Optimizer`.

    Raises:
        ConfigError: the config has errors, or the installed Keras does not support it. Also raised
            later, when the optimizer first sees its variables, if a multiplier's pattern is not
            found in any of them.
        OSError: the file cannot be read.
        ValueError: the config is only a learning rate, without an optimizer; or an argument is out
            of its range, or this Keras does not support it.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    schedule = keras_schedule(
        loaded,
        step_offset=step_offset,
        gradient_accumulation_steps=gradient_accumulation_steps,
        legacy=legacy,
        compute_dtype=compute_dtype,
    )
    return construct(loaded, schedule, gradient_accumulation_steps, legacy=legacy)


def construct(
    config: Config,
    learning_rate: Any,
    gradient_accumulation_steps: int | None = None,
    *,
    legacy: bool | None = None,
) -> Any:
    """A config's optimizer with any learning rate; see `build_optimizer`."""
    keras = import_module("tf_keras" if is_legacy(legacy) else "keras")
    construction = Construction(config, f"Keras {keras.__version__}", "build_keras_schedule")
    common: dict[str, Any] = {"learning_rate": learning_rate}
    if gradient_accumulation_steps is not None and gradient_accumulation_steps > 1:
        if "gradient_accumulation_steps" not in _parameters(keras.optimizers.SGD):
            message = f"Keras {keras.__version__} cannot accumulate gradients"
            raise ValueError(message)
        common["gradient_accumulation_steps"] = int(gradient_accumulation_steps)
    if (average := construction.request.average) is not None:
        common |= _average(average.decay)
    known = construction.known(partial(hasattr, keras.optimizers))
    optimizer_class = getattr(keras.optimizers, known.keras_name)
    arguments = common | construction.arguments(known, _parameters(optimizer_class))
    rates = construction.rates
    if not rates and arguments.get("weight_decay") is None:
        # Keras' own optimizer does the same, and models saved with it do not need this package.
        return optimizer_class(**arguments)
    optimizer = keras_home(legacy).OPTIMIZERS[known.keras_name](
        **arguments,
        variable_rates=rates,
        exclude_from_weight_decay=construction.excluded,
    )
    optimizer.locate(config)
    return optimizer


def _parameters(optimizer: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(optimizer.__init__).parameters


def _average(decay: float) -> dict[str, Any]:
    # The default of Keras 2 overwrites the weights of RMSprop alone.
    return {"use_ema": True, "ema_momentum": decay, "ema_overwrite_frequency": None}


class KnownOptimizer(NamedTuple):
    """A Keras optimizer, and the argument for each field of its block."""

    keras_name: str
    arguments: dict[str, str]
    fixed: Mapping[str, Any] = {}


_CLIPPINGS = {
    "clipnorm": "clipnorm",
    "clipvalue": "clipvalue",
    "global_clipnorm": "global_clipnorm",
    "gradient_clip_norm": "global_clipnorm",
}
_DECAY = {"weight_decay": "weight_decay"}
_WITHOUT_EFFECT = frozenset(("name", "jit_compile", "exclude_from_weight_decay"))
_SGD = KnownOptimizer("SGD", {"momentum": "momentum", "nesterov": "nesterov"})
_BETAS = {"beta_1": "beta_1", "beta_2": "beta_2"}
_MOMENTS = _BETAS | {"epsilon": "epsilon"}
_ADAM = KnownOptimizer("Adam", _MOMENTS | {"amsgrad": "amsgrad"})
_ADAGRAD = {name: name for name in ("initial_accumulator_value", "epsilon")}
_KERAS_ADAFACTOR = {
    name: name
    for name in ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
}

KERAS_OPTIMIZERS: dict[str, KnownOptimizer] = {
    "momentum_optimizer": KnownOptimizer("SGD", {"momentum_optimizer_value": "momentum"}),
    "rms_prop_optimizer": KnownOptimizer(
        "RMSprop",
        {"decay": "rho", "momentum_optimizer_value": "momentum", "epsilon": "epsilon"},
    ),
    "adam_optimizer": KnownOptimizer("Adam", {"epsilon": "epsilon"}),
    "sgd_optimizer": KnownOptimizer("SGD", _SGD.arguments | _DECAY),
    "adamw_optimizer": KnownOptimizer("AdamW", _ADAM.arguments | _DECAY),
    "lamb_optimizer": KnownOptimizer("Lamb", _MOMENTS | _DECAY),
    "lion_optimizer": KnownOptimizer("Lion", _BETAS | _DECAY),
    "adafactor_optimizer": KnownOptimizer("Adafactor", _KERAS_ADAFACTOR | _DECAY),
    "adagrad_optimizer": KnownOptimizer("Adagrad", _ADAGRAD | _DECAY),
    "sgd": _SGD,
    "sgd_experimental": _SGD,
    "adam": _ADAM,
    "adam_experimental": _ADAM,
    "adamw": KnownOptimizer("AdamW", _ADAM.arguments | {"weight_decay_rate": "weight_decay"}),
    "adamw_experimental": KnownOptimizer("AdamW", _ADAM.arguments | _DECAY),
    "lamb": KnownOptimizer("Lamb", _MOMENTS | {"weight_decay_rate": "weight_decay"}),
    "rmsprop": KnownOptimizer(
        "RMSprop", {name: name for name in ("rho", "momentum", "epsilon", "centered")}
    ),
    "adagrad": KnownOptimizer("Adagrad", _ADAGRAD),
    "adafactor": KnownOptimizer(
        "Adafactor",
        {
            "decay_rate": "beta_2_decay",
            "epsilon1": "epsilon_1",
            "epsilon2": "epsilon_2",
            "clipping_threshold": "clip_threshold",
            "weight_decay": "weight_decay",
        },
        {"relative_step": False},
    ),
    "adafactor_keras": KnownOptimizer("Adafactor", _KERAS_ADAFACTOR),
    "lion": KnownOptimizer("Lion", _BETAS | _DECAY),
}
"""The optimizers of Keras, by the names of their blocks."""


class Construction:
    """Maps a config's optimizer to a framework's, or reports that the framework has none.

    Args:
        config: the config.
        framework: the framework's name, and its version where that matters.
        builder: the name of the function that builds the rate alone.

    Raises:
        ValueError: the config is only a learning rate.
    """

    def __init__(self, config: Config, framework: str, builder: str) -> None:
        request = config.dialect.optimizer(config.message)
        if request is None:
            message = (
                f"{config.filename} is a learning rate alone and names no optimizer: use"
                f" {builder} and construct the optimizer yourself"
            )
            raise ValueError(message)
        self.config = config
        self.request: OptimizerRequest = request
        self.framework = framework
        self.builder = builder
        self.report: Report = Report(config.document.source)

    def refuse(self, path: FieldPath, words: Words) -> None:
        self.report.add(NOT_IN_KERAS, self.config.place(path), words, path=dotted(path))

    def known(self, is_there: Callable[[str], bool]) -> KnownOptimizer:
        """The optimizer that the block asks for.

        Args:
            is_there: whether the framework has the optimizer that Keras calls by this name.

        Raises:
            ConfigError: the framework does not have it.
        """
        request = self.request
        known = KERAS_OPTIMIZERS.get(request.name) if request.block is not None else None
        if request.average is not None and request.average.start_step:
            words = Words(
                "{whose} moving average begins at the first update, and cannot begin at a"
                " later step. Remove this",
                whose="Keras'" if self.framework.startswith("Keras") else "this builder's",
            )
            self.refuse(request.average.start_path, words)
        if known is None or not is_there(known.keras_name):
            self.refuse_name()
            raise ConfigError(self.report.diagnostics)
        return known

    def arguments(self, known: KnownOptimizer, parameters: Container[str]) -> dict[str, Any]:
        """Keras' arguments of the optimizer, and its limit of gradients by Keras' name.

        Args:
            known: the optimizer.
            parameters: the arguments that it has here.

        Raises:
            ConfigError: a field that is set has no argument here.
        """
        found = _arguments(self.request.block, known, parameters) | self.clipping()
        self.refuse_fields(known, parameters)
        if self.report.diagnostics:
            raise ConfigError(self.report.diagnostics)
        return found

    @property
    def rates(self) -> VariableRates:
        """The config's factors of the rate for single variables."""
        return self.config.dialect.variable_rates(self.config.message)

    @property
    def excluded(self) -> tuple[str, ...]:
        """Patterns of the variables that do not decay."""
        return tuple(getattr(self.request.block, "exclude_from_weight_decay", ()))

    def refuse_name(self) -> None:
        words = Words(
            "no `optimizer` is set: it comes from Python code, so it cannot be built from"
            " this file. Add one"
        )
        if self.request.name:
            words = Words(
                "{framework} has no optimizer `{name}`. Construct the optimizer yourself,"
                " with the rate from `{builder}`",
                framework=self.framework,
                name=self.request.name,
                builder=self.builder,
            )
        self.refuse(self.request.choice_path, words)

    def clipping(self) -> dict[str, Any]:
        """The argument for gradient clipping; Keras supports one kind at a time."""
        request = self.request
        fields = [field for field in _CLIPPINGS if getattr(request.block, field, None)]
        for field in fields[1:]:
            words = Words(
                "{framework} supports one kind of gradient clipping; both `{first}` and `{second}`"
                " are set. Remove one",
                framework=self.framework.partition(" ")[0],
                first=fields[0],
                second=field,
            )
            self.refuse((*request.block_path, field), words)
        limits = {_CLIPPINGS[field]: getattr(request.block, field) for field in fields}
        return dict(request.clipping) | limits

    def refuse_fields(self, known: KnownOptimizer, parameters: Container[str]) -> None:
        for field in _beyond(self.request.block, known, parameters):
            words = Words(
                "{optimizer} has no `{field}` in {framework}: remove it, or construct the"
                " optimizer yourself with `{builder}`",
                optimizer=known.keras_name,
                framework=self.framework,
                field=field,
                builder=self.builder,
            )
            self.refuse((*self.request.block_path, field), words)


def _arguments(block: Any, optimizer: KnownOptimizer, parameters: Container[str]) -> dict[str, Any]:
    arguments = {
        name: getattr(block, field)
        for field, name in optimizer.arguments.items()
        if name in parameters
    }
    if optimizer.arguments.get("decay_rate") in arguments:
        arguments["beta_2_decay"] *= -1
    if arguments.get("weight_decay") == 0 and optimizer.keras_name != "AdamW":
        del arguments["weight_decay"]
    return arguments | dict(optimizer.fixed)


def _beyond(block: Any, optimizer: KnownOptimizer, parameters: Container[str]) -> Iterator[str]:
    """The fields that are not at their default and have no argument in this Keras."""
    for field, value in block.ListFields():
        is_known = optimizer.arguments.get(field.name) in parameters or field.name in _CLIPPINGS
        # The schedule is not an argument of the block.
        is_schedule = field.message_type is not None
        is_usual = is_schedule or field.name in _WITHOUT_EFFECT or value == field.default_value
        if not is_known and not is_usual:
            yield field.name
