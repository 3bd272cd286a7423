"""How the optimizer of a config treats each variable, for JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.dialects.variable_rates import VariableRates, is_found
from schedule_builder.frameworks.keras_optimizers import Construction
from schedule_builder.frameworks.update_formulas import FORMULAS
from schedule_builder.frameworks.variable_factors import check_paths
from schedule_builder.records import Record

_ADAM = {"beta_1": 0.9, "beta_2": 0.999}
"""The arguments of Adam for which the API has no fields."""
_CLIPPINGS = ("global_clipnorm", "clipnorm", "clipvalue")


class Treatment(Record):
    """How one variable is treated.

    Attributes:
        factor: the factor of its rate; 0 if it is frozen.
        gradient_factor: the factor of its gradient, which is applied before anything else.
        weight_decay: the share of the weight that an update subtracts, before it is multiplied by
            the rate.
    """

    factor: float
    gradient_factor: float
    weight_decay: float


class Plan(Record):
    """An optimizer, independent of any library.

    Attributes:
        config: the config.
        name: Keras' name of the optimizer.
        arguments: the arguments of its formula, by Keras' names.
        clipping: Keras' name of a kind of clipping, and its limit; None for none.
        average_decay: the share of the old average of weights that an update keeps; None for none.
        weight_decay: the weight decay of the variables that decay.
        rates: the rates of single variables.
        excluded: patterns of the variables that do not decay.
    """

    config: Config
    name: str
    arguments: dict[str, Any]
    clipping: tuple[str, float] | None
    average_decay: float | None
    weight_decay: float
    rates: VariableRates
    excluded: tuple[str, ...]

    def treatment(self, path: str) -> Treatment:
        """How the variable of a path is treated."""
        decays = not any(is_found(pattern, path) for pattern in self.excluded)
        return Treatment(
            self.rates.factor(path),
            self.rates.gradient_factor(path),
            self.weight_decay if decays else 0.0,
        )

    def check(self, paths: Sequence[str]) -> None:
        """Checks that each pattern matches a variable, and logs the factor of each variable."""
        check_paths(self.rates, paths, self.config)


def plan_of(config: Config, framework: str, builder: str) -> Plan:
    """The plan of a config's optimizer.

    Args:
        config: the config.
        framework: the framework's name, for messages.
        builder: the function that builds the rate alone.

    Raises:
        ConfigError: the optimizer, or a field of it, is not supported.
        ValueError: the config is only a learning rate.
    """
    construction = Construction(config, framework, builder)
    known = construction.known(FORMULAS.__contains__)
    arguments = construction.arguments(known, frozenset(known.arguments.values()))
    limits = [(name, arguments.pop(name)) for name in _CLIPPINGS if arguments.get(name)]
    weight_decay = arguments.pop("weight_decay", None) or 0.0
    average = construction.request.average
    return Plan(
        config=config,
        name=known.keras_name,
        arguments=_ADAM | arguments if known.keras_name == "Adam" else arguments,
        clipping=limits[0] if limits else None,
        average_decay=None if average is None else average.decay,
        weight_decay=weight_decay,
        rates=construction.rates,
        excluded=construction.excluded,
    )
