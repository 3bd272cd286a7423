"""How the optimizer of a config treats each variable, where JAX or PyTorch updates them."""

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
"""What the API's Adam has no fields for."""
_CLIPPINGS = ("global_clipnorm", "clipnorm", "clipvalue")


class Treatment(Record):
    """How one variable is treated.

    Attributes:
        factor: what its rate is multiplied by; 0 where it is frozen.
        gradient_factor: what its gradient is multiplied by, before anything else.
        weight_decay: what it loses at each update, as a share, times its rate.
    """

    factor: float
    gradient_factor: float
    weight_decay: float


class Plan(Record):
    """An optimizer in no library's terms.

    Attributes:
        config: the config.
        name: Keras' name of the optimizer.
        arguments: what its formula takes, by Keras' names.
        clipping: Keras' name of a limit of gradients, and the limit; None for none.
        average_decay: the share of the old average of weights that an update keeps; None for none.
        weight_decay: that of variables that decay.
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
        """Checks that each pattern matches a variable, and logs which has which factor."""
        check_paths(self.rates, paths, self.config)


def plan_of(config: Config, framework: str, builder: str) -> Plan:
    """What a config's optimizer is.

    Args:
        config: the config.
        framework: the framework's name, for messages.
        builder: the function that builds the rate alone.

    Raises:
        ConfigError: the config asks for an optimizer that is not known here, or not like that.
        ValueError: the config is a learning rate alone.
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
