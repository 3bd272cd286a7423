"""Learning rates as TensorFlow tensors: eager, traced, compiled by XLA, or in a TF1 graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import tensorflow as tf

from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.frameworks.tensor_operations import (
    TensorOperations,
    checked_dtype,
    not_an_integer,
)
from schedule_builder.frameworks.variable_factors import warn_unapplied
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.evaluation import evaluate, fits_float64
from schedule_builder.schedules.operations import is_zero
from schedule_builder.schedules.schedule import Schedule

try:  # There is no public name for the question.
    from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext
except ImportError:

    def GraphOrParentsInXlaContext(graph: Any) -> bool:  # noqa: D103, N802 - TensorFlow's name
        return False


_F = TypeVar("_F", bound=Callable[..., Any])

as_it_is: Callable[[_F], _F] = tf.autograph.experimental.do_not_convert


class _TensorFlow(TensorOperations):
    """The formulas' operations on tensors. Equal constants share one node of the graph.

    Args:
        step_dtype: the dtype of steps: float64, or int64.
        dtype: the dtype of rates.
    """

    sin = staticmethod(tf.sin)
    sqrt = staticmethod(tf.sqrt)
    exp = staticmethod(tf.exp)
    log_of_tensor = staticmethod(tf.math.log)
    square = staticmethod(tf.square)
    log1p = staticmethod(tf.math.log1p)
    expm1 = staticmethod(tf.math.expm1)

    def __init__(self, step_dtype: tf.DType, dtype: tf.DType = tf.float64) -> None:
        self.step_dtype, self.dtype = step_dtype, dtype
        self.is_compiled = _is_compiled()
        self.is_in_function = tf.inside_function()
        if dtype != tf.float64:
            self.direct_ratio = 4.0
        self.constants: dict[tuple[Any, float], Any] = {}

    def constant(self, value: float) -> Any:
        return value if value == 0 else self.node(value)

    def node(self, value: float, dtype: Any = None) -> Any:
        """A constant of the graph; equal values share one node."""
        dtype = dtype or self._dtype(value)
        key = (dtype, value)
        if key not in self.constants:
            self.constants[key] = tf.constant(value, dtype)
        return self.constants[key]

    def equal(self, first: Any, second: int) -> Any:
        return tf.equal(first, self.node(second))

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        return tf.where(condition, *self._tensors(first, second))

    def power(self, base: Any, exponent: Any) -> Any:
        if isinstance(exponent, float) and exponent == 2:  # noqa: PLR2004 - the square
            return tf.square(base)
        # In float32, the logarithm loses less than the base. XLA has a slow `pow`.
        takes_logarithm = self.is_compiled or self.dtype != tf.float64
        if isinstance(base, float) and base > 0 and takes_logarithm:
            return tf.exp(exponent * math.log(base))
        return tf.pow(*self._tensors(base, exponent))

    def squared_sine(self, k: Any, n: Any) -> Any:
        if not self.is_compiled or self.dtype != tf.float64:
            return super().squared_sine(k, n)
        # XLA calls the sine of the C library, and inlines sums.
        square = tf.square(k / n)
        total = self.node(_SQUARED_SINE[0])
        for coefficient in _SQUARED_SINE[1:]:
            total = total * square + self.node(coefficient)
        return total * square

    def maximum(self, first: Any, second: Any) -> Any:
        # One node less. GPUs have it for floats alone; in functions, steps are on the host.
        has_relu = tf.is_tensor(first) and (first.dtype.is_floating or self.is_in_function)
        if has_relu and is_zero(second):
            return tf.nn.relu(first)
        return tf.maximum(*self._tensors(first, second))

    def minimum(self, first: Any, second: Any) -> Any:
        return tf.minimum(*self._tensors(first, second))

    def clip(self, steps: Any, first: int, last: int) -> Any:
        low, high = self.node(first), self.node(last)
        return tf.raw_ops.ClipByValue(t=steps, clip_value_min=low, clip_value_max=high)

    def real(self, steps: Any) -> Any:
        return tf.cast(steps, self.dtype)

    def index(self, begins: Sequence[int], step: Any) -> Any:
        sorted_begins = tf.constant([begins], self.step_dtype)
        found = tf.raw_ops.UpperBound(sorted_inputs=sorted_begins, values=tf.reshape(step, [1, -1]))
        return tf.reshape(found, _shape(step))

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        taken: dict[int, Any] = {}
        for dtype in dict.fromkeys((self.step_dtype, self.dtype)):
            chosen = [i for i, column in enumerate(columns) if self._dtype(column[0]) == dtype]
            if not chosen:
                continue
            rows = list(zip(*(columns[i] for i in chosen), strict=True))
            table = tf.constant([row[0] for row in rows] if len(chosen) == 1 else rows, dtype)
            found = tf.raw_ops.GatherV2(params=table, indices=index, axis=self.node(0, tf.int32))
            parts = [found] if len(chosen) == 1 else tf.unstack(found, len(chosen), -1)
            taken |= dict(zip(chosen, parts, strict=True))
        return [taken[i] for i in range(len(columns))]

    def _dtype(self, number: float) -> Any:
        return self.step_dtype if isinstance(number, int) else self.dtype

    def _tensors(self, *values: Any) -> list[Any]:
        """Converts values to tensors of one dtype; a rate of 0 may still be a Python number."""
        dtype = next((value.dtype for value in values if tf.is_tensor(value)), self.dtype)
        return [tf.convert_to_tensor(value, dtype) for value in values]


_SQUARED_SINE = [
    (-1.0) ** (n + 1) * 2.0 ** (2 * n - 1) / math.factorial(2 * n) for n in range(11, 0, -1)
]
"""The series of `sin(x)^2 / x^2` in `x^2`, the highest power first.

For x to half of pi, what is left out is below 1e-12 of the sum.
"""


def _is_compiled() -> bool:
    """Whether the graph that is traced is for `jit_compile=True`. A wrong answer costs time."""
    if tf.executing_eagerly():
        return False
    return bool(GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))


def _shape(step: Any) -> Any:
    return step.shape if step.shape.is_fully_defined() else tf.shape(step)


@as_it_is
def build_learning_rate(
    config: ConfigLike,
    global_step: Any = None,
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
    compute_dtype: str = "float64",
) -> tf.Tensor:
    """Builds the learning rate of a config as a tensor.

    The rate is computed in float64 from the exact integer step and rounded once, to float32.
    Works eagerly, in `tf.function`, under `jit_compile=True` and in a TF1 graph; it creates
    no variable, and the graph's size does not depend on the schedule's length.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        global_step: how many updates were applied before: an integer, or a tensor or variable
            (also Keras' `optimizer.iterations`) of any integer dtype and any shape. Negative
            steps mean 0. None means the TF1 graph's global step, which is created where
            there is none.
        step_offset: the step at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.
        compute_dtype: "float32" for devices without float64, such as TPUs: a graph computes in
            float32 then, from the exact integer step. docs/training.md says how exact that is.

    Returns:
        A float32 tensor of the shape of `global_step`. In a graph it is named `learning_rate`,
        and its inputs are in a scope of that name. In a TF1 graph it reads a
        variable again, so that control dependencies order the reading.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        TypeError: the step is not an integer, or None outside of a TF1 graph.
        ValueError: the dtype is another one.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    warn_unapplied(loaded, "build_learning_rate", "build_optimizer")
    schedule = build_schedule(loaded, step_offset=step_offset)
    return rate_tensor(schedule, global_step, checked_dtype(compute_dtype))


def rate_tensor(schedule: Schedule, global_step: Any, compute_dtype: str = "float64") -> tf.Tensor:
    """The rates of a schedule as a float32 tensor; see `build_learning_rate`.

    Its callers are kept from AutoGraph, which costs an eager call as much as the rate.
    """
    if global_step is None:
        if tf.compat.v1.executing_eagerly_outside_functions():
            message = "there is no global step outside of a TF1 graph: pass `global_step`"
            raise TypeError(message)
        global_step = tf.compat.v1.train.get_or_create_global_step()
    if isinstance(global_step, int) and not isinstance(global_step, bool):
        return tf.constant(schedule(global_step), tf.float32, name="learning_rate")
    if tf.executing_eagerly():
        return _eager(schedule, _integers(global_step), compute_dtype)
    with tf.name_scope("learning_rate") as scope:
        # A variable is read where it is.
        step = _integers(global_step)
        with _on_host():
            return _symbolic(schedule, step, scope, compute_dtype)


def _eager(schedule: Schedule, step: tf.Tensor, compute_dtype: str) -> tf.Tensor:
    """The rates as constants: eagerly, one operation costs more than all the arithmetic.

    A step on an accelerator is not fetched: that would wait for all queued operations.
    """
    if not step.backing_device.endswith("CPU:0"):
        return _symbolic(schedule, step, "learning_rate", compute_dtype)
    rates = schedule(step.numpy())
    if isinstance(rates, float):
        return tf.constant(rates, tf.float32)
    return tf.cast(tf.constant(rates), tf.float32)


def _on_host() -> AbstractContextManager[Any]:
    """Where a graph computes a rate: on the host, also where there is a GPU.

    On a GPU every operation is a kernel to launch. From the host one float32 is copied, as the
    graph goes, and nothing waits for it but what uses it. XLA compiles for its own device.
    """
    has_gpu = tf.config.get_visible_devices("GPU")
    if has_gpu and tf.compat.v1.executing_eagerly_outside_functions():
        return tf.device("/CPU:0")  # type: ignore[no-any-return] # of TensorFlow's
    return nullcontext()


def _symbolic(schedule: Schedule, step: tf.Tensor, name: str, compute_dtype: str) -> tf.Tensor:
    dtype = tf.as_dtype(compute_dtype)
    ops = _TensorFlow(tf.float64)
    if dtype == tf.float64 and fits_float64(schedule, ops):
        # Every operation of a graph costs the same, whatever it computes: one cast is enough.
        steps = tf.cast(step, tf.float64)
    else:
        ops = _TensorFlow(tf.int64, dtype)
        steps = _int64(step)
    rate = tf.convert_to_tensor(evaluate(schedule, steps, ops), dtype)
    if rate.shape.rank == 0 and step.shape.rank != 0:
        rate = tf.fill(_shape(step), rate)
    # With the scope's own name, the tensor is not in the scope but beside it.
    if dtype == tf.float32:
        return tf.identity(rate, name=name)
    return tf.cast(rate, tf.float32, name=name)


def _integers(step: Any) -> tf.Tensor:
    """The step as a tensor of its own dtype.

    Raises:
        TypeError: it is not an integer.
    """
    # A variable of Keras holds one of TensorFlow.
    inner = getattr(step, "value", step)
    step = inner if isinstance(inner, tf.Variable) else step
    if tf.executing_eagerly():
        if type(step).__name__ == "ResourceVariable":
            # Not one that is distributed or cached. The operation alone: a third of the time.
            step = tf.raw_ops.ReadVariableOp(resource=step.handle, dtype=step.dtype)
    else:
        # In a TF1 graph, a variable's cached value may be older than operations that must run
        # before it.
        reader = getattr(step, "read_value", None)
        step = reader() if callable(reader) else step
    if not isinstance(step, tf.Tensor):
        try:
            step = tf.convert_to_tensor(step)
        except ValueError:  # no tensor holds it
            message = f"a step is an integer. Received: {step!r}"
            raise TypeError(message) from None
    if not step.dtype.is_integer:
        raise not_an_integer(step.dtype.name, is_floating=step.dtype.is_floating)
    return step


def _int64(step: tf.Tensor) -> tf.Tensor:
    if step.dtype == tf.uint64:
        # An unsigned number beyond the largest step is negative as a signed one.
        signed = tf.bitcast(step, tf.int64)
        step = tf.where(signed < 0, tf.constant(MAX_STEP, tf.int64), signed)
    return tf.cast(step, tf.int64)
