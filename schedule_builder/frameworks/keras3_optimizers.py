"""Optimizers of Keras 3 that have more than one rate, on each of its backends."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from threading import get_ident
from typing import Any

import keras

from schedule_builder.frameworks.keras_variable_rates import (
    OPTIMIZERS,
    VariableRatesMixin,
    scaled,
    variant,
)


class _Keras3(VariableRatesMixin):
    """Changes an update: which variables take part in it, and the rate of each.

    The schedule is evaluated once in an update, even if Keras asks for each variable.
    """

    name: str
    built: bool
    weight_decay: float | None
    learning_rate: Any
    _iterations: Any
    _trainable_variables: list[Any]
    _model_variables_moving_average: list[Any]

    def build(self, variables: Any) -> None:
        """Creates the slots of all variables, also of the frozen ones."""
        if not self.built:
            self._treat(variables)
        super().build(variables)  # type: ignore[misc] # of a mixin

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Updates the variables that are not frozen."""
        known = self._trainable_variables if self.built else None
        variables = known if trainable_variables is None else list(trainable_variables)
        gradients = list(grads)
        if not self._treatment.rates or variables is None or len(gradients) != len(variables):
            super().apply(gradients, trainable_variables)  # type: ignore[misc] # of a mixin
            return
        if not self.built and gradients:
            with keras.name_scope(self.name, caller=self):
                self.build(variables)
        trained = self._trained(zip(gradients, variables, strict=True))
        if trained or not gradients:
            gradients, variables = [g for g, _ in trained], [v for _, v in trained]
            super().apply(gradients, variables)  # type: ignore[misc] # of a mixin
        else:
            # An update in which all variables are frozen counts like any other.
            self._iterations.assign_add(1)

    def _backend_apply_gradients(self, grads: Any, trainable_variables: Any) -> None:
        held, thread = self._treatment.held, get_ident()
        held[thread] = super()._get_current_learning_rate()  # type: ignore[misc] # of a mixin
        try:
            super()._backend_apply_gradients(grads, trainable_variables)  # type: ignore[misc] # of a mixin
        finally:
            del held[thread]

    def _get_current_learning_rate(self) -> Any:
        # With several replicas, a thread of none of them applies the decay of all.
        decaying = self._treatment.decaying
        return self._held_rate() if decaying is None else decaying

    def _held_rate(self) -> Any:
        rate = self._treatment.held.get(get_ident())
        return super()._get_current_learning_rate() if rate is None else rate  # type: ignore[misc] # of a mixin

    def _apply_weight_decay(self, variables: Any) -> None:
        if not self.weight_decay:
            return
        # Not `learning_rate`: another replica may wait in its own decay.
        rate = self._held_rate()
        decaying = [variable for variable in variables if self._use_weight_decay(variable)]
        for factor, indexes in self._by_factor(decaying).items():
            self._treatment.decaying = scaled(rate, factor)
            try:
                super()._apply_weight_decay([decaying[n] for n in indexes])  # type: ignore[misc] # of a mixin
            finally:
                self._treatment.decaying = None

    def _backend_update_step(
        self, grads: Any, trainable_variables: Any, learning_rate: Any
    ) -> None:
        for factor, indexes in self._by_factor(trainable_variables).items():
            super()._backend_update_step(  # type: ignore[misc] # of a mixin
                [grads[n] for n in indexes],
                [trainable_variables[n] for n in indexes],
                scaled(learning_rate, factor),
            )

    # Frozen variables have no average: they stay exact where weights are replaced by averages.

    def _update_model_variables_moving_average(self, trainable_variables: Any) -> None:
        self._with_averages("_update_model_variables_moving_average", trainable_variables)

    def _overwrite_model_variables_with_average_value(self, trainable_variables: Any) -> None:
        self._with_averages("_overwrite_model_variables_with_average_value", trainable_variables)

    def _with_averages(self, method: str, variables: Sequence[Any]) -> None:
        every = getattr(self, "_model_variables_moving_average", None)
        if every is None:
            return
        trained = [n for n, variable in enumerate(variables) if self._factor(variable)]
        if not trained:
            return
        # Not with Keras' own assignment, which would track the list.
        self.__dict__["_model_variables_moving_average"] = [every[n] for n in trained]
        try:
            getattr(super(), method)([variables[n] for n in trained])
        finally:
            self.__dict__["_model_variables_moving_average"] = every


if keras.backend.backend() == "tensorflow":
    # AutoGraph would convert what is called in `tf.function`; here nothing needs conversion.
    _Keras3.apply = import_module(  # type: ignore[method-assign] # the same method
        "tensorflow"
    ).autograph.experimental.do_not_convert(_Keras3.apply)


def _registered(name: str) -> Any:
    """The class of an optimizer with more than one rate, registered, so that it can be loaded."""
    usual = getattr(keras.optimizers, name)
    # On PyTorch Keras makes another class, which updates all variables at once.
    made = variant(_Keras3, type(usual.__new__(usual)), __name__)
    return keras.saving.register_keras_serializable(package="schedule_builder")(made)


VARIANTS = {name: _registered(name) for name in OPTIMIZERS if hasattr(keras.optimizers, name)}
"""The classes by the names of Keras' own."""
globals().update(VARIANTS)
