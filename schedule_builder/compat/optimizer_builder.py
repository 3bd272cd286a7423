"""The Object Detection API's `optimizer_builder`, for code that was written against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from google.protobuf.message import Message

from schedule_builder.compat import learning_rate_at
from schedule_builder.compiler import Config, examine_document
from schedule_builder.diagnostics import ConfigError
from schedule_builder.dialects.object_detection import OPTIMIZER
from schedule_builder.frameworks.keras_optimizers import construct
from schedule_builder.reading.data_trees import of_message
from schedule_builder.schedules.schedule import Schedule

__all__ = ["build", "build_optimizers_tf_v1", "build_optimizers_tf_v2"]


@tf.autograph.experimental.do_not_convert
def build(config: Message, global_step: Any = None) -> tuple[Any, list[Any]]:
    """Builds an optimizer from an `Optimizer` message.

    Args:
        config: an `Optimizer` of this project or of the Object Detection API.
        global_step: how many updates were applied before, a variable. By default, in a graph its
            global step, and in eager mode the optimizer's own count.

    Returns:
        The optimizer, and a list with the learning rate: in eager mode an optimizer of Keras, as
        of `build_optimizer`, and a function without arguments that gives the present rate, or a
        tensor where that is constant; in a graph an optimizer of `tf.compat.v1.train`, and a
        tensor.

    Raises:
        ConfigError: the message has errors; it is a ValueError.
        TypeError: the message is not an `Optimizer`.
    """
    if tf.executing_eagerly():
        return build_optimizers_tf_v2(config, global_step)
    return build_optimizers_tf_v1(config, global_step)


def build_optimizers_tf_v2(config: Message, global_step: Any = None) -> tuple[Any, list[Any]]:
    """Builds an optimizer of Keras; see `build`."""
    from schedule_builder.frameworks.keras_common import keras_schedule  # noqa: PLC0415 - seconds, with Keras

    loaded, schedule = _load(config)
    if global_step is not None:
        rate = learning_rate_at(schedule, global_step)
        optimizer = construct(loaded, rate)
    else:
        optimizer = construct(loaded, keras_schedule(loaded))
        rate = learning_rate_at(schedule, optimizer.iterations)
    # As in the API, only what changes is a function.
    is_constant = loaded.kind_path[-1] == "constant_learning_rate" and callable(rate)
    return optimizer, [rate() if is_constant else rate]


def build_optimizers_tf_v1(config: Message, global_step: Any = None) -> tuple[Any, list[Any]]:
    """Builds an optimizer of `tf.compat.v1.train`; see `build`."""
    loaded, schedule = _load(config)
    rate = learning_rate_at(schedule, global_step)
    chosen: Any = loaded.message
    if chosen.HasField("rms_prop_optimizer"):
        rms_prop = chosen.rms_prop_optimizer
        optimizer = tf1.train.RMSPropOptimizer(
            rate,
            decay=rms_prop.decay,
            momentum=rms_prop.momentum_optimizer_value,
            epsilon=rms_prop.epsilon,
        )
    elif chosen.HasField("adam_optimizer"):
        optimizer = tf1.train.AdamOptimizer(rate, epsilon=chosen.adam_optimizer.epsilon)
    elif chosen.HasField("momentum_optimizer"):
        momentum = chosen.momentum_optimizer.momentum_optimizer_value
        optimizer = tf1.train.MomentumOptimizer(rate, momentum)
    else:
        error = (
            f"TF1 has no `{chosen.WhichOneof('optimizer')}`: use `build_optimizers_tf_v2`, which"
            " builds Keras' optimizer"
        )
        raise ValueError(error)
    if chosen.learning_rate_multiplier:
        error = (
            "optimizers of TF1 have one rate and ignore `learning_rate_multiplier`: use"
            " `build_optimizers_tf_v2`"
        )
        raise ValueError(error)
    if chosen.use_moving_average:
        optimizer = _MovingAverageOptimizer(optimizer, chosen.moving_average_decay)
    return optimizer, [rate]


def _load(message: Message) -> tuple[Config, Schedule]:
    if not isinstance(message, Message) or message.DESCRIPTOR.name != "Optimizer":
        error = f"expected an Optimizer message. Received: {type(message).__name__}"
        raise TypeError(error)
    document, report = of_message(message, "<Optimizer>")
    loaded = examine_document(document, report, dialect=OPTIMIZER)
    if loaded.schedule is None:
        raise ConfigError(loaded.diagnostics)
    return loaded, loaded.schedule


class _MovingAverageOptimizer(tf1.train.Optimizer):
    """An optimizer of TF1 that keeps a moving average of the variables it updates.

    It replaces `tf.contrib.opt.MovingAverageOptimizer`, which TensorFlow 2 does not have.

    Args:
        optimizer: what updates the variables.
        average_decay: the share of the old average that an update keeps.
    """

    def __init__(self, optimizer: Any, average_decay: float) -> None:
        super().__init__(use_locking=False, name="MovingAverage")
        self._optimizer = optimizer
        self._average = tf.train.ExponentialMovingAverage(average_decay)
        self._variables: list[Any] = []

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The gradients, as the optimizer inside computes them."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(
        self, grads_and_vars: Sequence[Any], global_step: Any = None, name: str | None = None
    ) -> Any:
        """Updates the variables, and then their averages."""
        updated = self._optimizer.apply_gradients(grads_and_vars, global_step, name)
        self._variables = [variable for _, variable in grads_and_vars]
        with tf.control_dependencies([updated]):
            return self._average.apply(self._variables)

    def average(self, variable: Any) -> Any:
        """The average of a variable."""
        return self._average.average(variable)

    def swapping_saver(self, var_list: Any = None, **options: Any) -> Any:
        """A saver that writes each variable's average under the variable's name.

        Args:
            var_list: the variables to save, as for `tf.compat.v1.train.Saver`: all by default.
            **options: the saver's further arguments.

        Returns:
            A `tf.compat.v1.train.Saver`.

        Raises:
            RuntimeError: nothing is averaged before `apply_gradients` or `minimize`.
        """
        if not self._variables:
            message = "build the training step first: the averages begin with apply_gradients"
            raise RuntimeError(message)
        saved = tf1.global_variables() if var_list is None else var_list
        named = saved if isinstance(saved, dict) else {v.op.name: v for v in saved}
        swapped = dict(named)
        for name, variable in named.items():
            average = self._average.average(variable)
            if average is not None:
                swapped[name] = average
                if average.op.name in named:
                    swapped[average.op.name] = variable
        return tf1.train.Saver(swapped, **options)
