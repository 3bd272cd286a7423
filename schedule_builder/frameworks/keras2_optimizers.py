"""Optimizers of Keras 2 (`tf_keras`) that have more than one rate."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras

from schedule_builder.frameworks.keras_variable_rates import (
    OPTIMIZERS,
    VariableRatesMixin,
    scaled,
    variant,
)


class _Keras2(VariableRatesMixin):
    """Changes an update: which variables take part in it, and the rate of each.

    Keras 2 evaluates the schedule once in an update, into a variable that it reads afterwards.
    """

    name: str
    weight_decay: float | None
    iterations: Any
    _compute_current_learning_rate: Any
    _distribution_strategy: Any

    def build(self, var_list: Any) -> None:
        """Creates the slots of all variables, also of the frozen ones."""
        if not getattr(self, "_built", False):
            self._treat(list(var_list))
        super().build(var_list)  # type: ignore[misc] # of a mixin

    @property
    def learning_rate(self) -> Any:
        """The rate; while a variable is updated, the rate of that variable."""
        rate = super().learning_rate  # type: ignore[misc] # of a mixin
        treatment = getattr(self, "_treatment", None)
        return scaled(rate, 1.0 if treatment is None else treatment.factor)

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        super(_Keras2, type(self)).learning_rate.fset(self, rate)  # type: ignore[misc] # of a mixin

    @tf.autograph.experimental.do_not_convert
    def apply_gradients(self, grads_and_vars: Any, name: str | None = None, **options: Any) -> Any:
        """Updates the variables that are not frozen."""
        pairs = list(grads_and_vars)
        if self._treatment.rates and pairs:
            with tf.name_scope(name or self.name or "optimizer"), tf.init_scope():
                self.build([variable for _, variable in pairs])
            pairs = self._trained(pairs)
            if not pairs:
                return self._count_update()
        return super().apply_gradients(pairs, name, **options)  # type: ignore[misc] # of a mixin

    def _count_update(self) -> Any:
        """Counts an update in which all variables are frozen, like any other."""
        self._compute_current_learning_rate()
        tf.__internal__.distribute.interim.maybe_merge_call(
            lambda strategy: self.iterations.assign_add(1), self._distribution_strategy
        )
        return self.iterations

    def _apply_weight_decay(self, variables: Any) -> None:
        if not self.weight_decay:
            return
        decaying = [variable for variable in variables if self._use_weight_decay(variable)]
        for factor, indexes in self._by_factor(decaying).items():
            self._treatment.factor = factor
            try:
                super()._apply_weight_decay([decaying[n] for n in indexes])  # type: ignore[misc] # of a mixin
            finally:
                self._treatment.factor = 1.0

    def update_step(self, gradient: Any, variable: Any) -> None:
        """Updates one variable at its own rate."""
        self._treatment.factor = self._factor(variable)
        try:
            super().update_step(gradient, variable)  # type: ignore[misc] # of a mixin
        finally:
            self._treatment.factor = 1.0

    def _overwrite_model_variables_with_average_value(self, var_list: Any) -> None:
        # Frozen variables have no average.
        trained = [variable for variable in var_list if self._factor(variable)]
        super()._overwrite_model_variables_with_average_value(trained)  # type: ignore[misc] # of a mixin


def _registered(name: str) -> Any:
    """The class of an optimizer with more than one rate, registered, so that it can be loaded."""
    made = variant(_Keras2, getattr(tf_keras.optimizers, name), __name__)
    return tf_keras.saving.register_keras_serializable(package="schedule_builder")(made)


VARIANTS = {name: _registered(name) for name in OPTIMIZERS if hasattr(tf_keras.optimizers, name)}
"""The classes by the names of Keras' own."""
globals().update(VARIANTS)
