"""Optimizers with more than one rate, or a weight decay: the common part for either Keras."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import new_class
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.dialects.variable_rates import VariableRates, is_found
from schedule_builder.frameworks.variable_factors import check_paths

OPTIMIZERS = ("SGD", "RMSprop", "Adam", "AdamW", "Lamb", "Lion", "Adafactor", "Adagrad")
"""The names of Keras' optimizers that a config can ask for."""


class Treatment:
    """How an optimizer treats each of its variables.

    A plain object, because Keras tracks the contents of other attributes of an optimizer.

    Attributes:
        rates: the factors of the config.
        excluded: patterns of the variables that do not decay.
        config: the config, for places in messages; None in a loaded model.
        held: the rate of the update that each thread is making.
        decaying: the rate while weights decay; None at other times.
        factor: the present factor of the rate. Only for Keras 2.
    """

    def __init__(self, rates: VariableRates, excluded: Iterable[str]) -> None:
        self.rates = rates
        self.excluded: tuple[str, ...] = tuple(excluded)
        self.config: Config | None = None
        self.held: dict[int, Any] = {}
        self.decaying: Any = None
        self.factor: float = 1.0
        self.factors: dict[Any, float] = {}
        self.gradient_factors: dict[Any, float] = {}
        self.decays: dict[Any, bool] = {}


def path_of(variable: Any) -> str:
    """The path of a variable of Keras 3, of Keras 2 or of TensorFlow."""
    path: str = getattr(variable, "path", None) or variable.name.removesuffix(":0")
    return path


def scaled(rate: Any, factor: float) -> Any:
    """A rate times a factor; the same rate where the factor is 1."""
    return rate if factor == 1 else rate * factor


class VariableRatesMixin:
    """An optimizer of Keras with more than one rate.

    Args:
        *arguments: those of the optimizer.
        variable_rates: the rates of single variables, or their `to_dict()`.
        exclude_from_weight_decay: regular expressions that are searched in the paths of variables.
        **options: those of the optimizer.
    """

    _var_key: Any

    def __init__(
        self,
        *arguments: Any,
        variable_rates: VariableRates | dict[str, Any] | None = None,
        exclude_from_weight_decay: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        if not isinstance(variable_rates, VariableRates):
            variable_rates = VariableRates.from_dict(variable_rates) if variable_rates else None
        self._treatment = Treatment(variable_rates or VariableRates(), exclude_from_weight_decay)

    def locate(self, config: Config) -> None:
        """Sets the config of the patterns, for the places of findings about them."""
        self._treatment.config = config

    def _treat(self, variables: Sequence[Any]) -> None:
        """Decides how to treat each variable, once, when the optimizer first sees all of them."""
        treatment, paths = self._treatment, [path_of(variable) for variable in variables]
        check_paths(treatment.rates, paths, treatment.config)
        for path, variable in zip(paths, variables, strict=True):
            key = self._var_key(variable)
            treatment.factors[key] = treatment.rates.factor(path)
            treatment.gradient_factors[key] = treatment.rates.gradient_factor(path)
            treatment.decays[key] = not any(is_found(p, path) for p in treatment.excluded)

    def _trained(self, pairs: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """The gradients of the variables that are not frozen, with their own factors applied."""
        treatment, found = self._treatment, []
        for gradient, variable in pairs:
            key = self._var_key(variable)
            if treatment.factors.get(key, 1.0) == 0:
                continue
            factor = treatment.gradient_factors.get(key, 1.0)
            if factor != 1 and gradient is not None:
                gradient = gradient * factor  # noqa: PLW2901 - the same gradient, scaled
            found.append((gradient, variable))
        return found

    def _factor(self, variable: Any) -> float:
        return self._treatment.factors.get(self._var_key(variable), 1.0)

    def _by_factor(self, variables: Iterable[Any]) -> dict[float, list[int]]:
        """The indexes of the variables of each factor."""
        found: dict[float, list[int]] = {}
        for index, variable in enumerate(variables):
            found.setdefault(self._factor(variable), []).append(index)
        return found

    def _use_weight_decay(self, variable: Any) -> bool:
        is_usual: bool = super()._use_weight_decay(variable)  # type: ignore[misc] # of a mixin
        return is_usual and self._treatment.decays.get(self._var_key(variable), True)

    def get_config(self) -> dict[str, Any]:
        """The optimizer as plain data."""
        treatment = self._treatment
        usual: dict[str, Any] = super().get_config()  # type: ignore[misc] # of a mixin
        return {
            **usual,
            "variable_rates": treatment.rates.to_dict(),
            "exclude_from_weight_decay": list(treatment.excluded),
        }


def variant(mixin: type, base: type, module: str) -> type:
    """The class of an optimizer with more than one rate, under the name of Keras' own."""
    words = f"`{base.__name__}` of Keras, with a rate of its own for each variable."
    names = {"__doc__": words, "__module__": module}
    # `type` refuses mocks as bases, which replace Keras where the documents are built.
    return new_class(base.__name__, (mixin, base), exec_body=lambda space: space.update(names))
