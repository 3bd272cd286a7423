"""The Object Detection API's learning-rate functions, for code that was written against them.

`from schedule_builder import compat as learning_schedules` replaces
`from object_detection.utils import learning_schedules`, and
`from schedule_builder.compat import optimizer_builder` for
`from object_detection.builders import optimizer_builder`. Arguments and results are the API's: in
eager mode a function without arguments that gives the rate at the step's present value, in a graph
a tensor.

The rates come from the compiler: they are exact where the API's, computed in float32 from a
float32 step, are not. They raise ValueError for what the API rejects, and for schedules that can
never decay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

from schedule_builder.config import build_schedule
from schedule_builder.diagnostics import ConfigError
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule, whole

with naming_extra("schedule_builder.compat"):
    import tensorflow as tf

    from schedule_builder.frameworks.tensorflow_backend import rate_tensor

__all__ = [
    "cosine_decay_with_warmup",
    "exponential_decay_with_burnin",
    "exponential_decay_with_warmup",
    "manual_stepping",
]


def learning_rate_at(schedule: Schedule, global_step: Any) -> Callable[[], tf.Tensor] | tf.Tensor:
    """A schedule's rate at a step, as the API returns it: deferred in eager mode."""

    @tf.autograph.experimental.do_not_convert
    def rate() -> tf.Tensor:
        return rate_tensor(schedule, global_step)

    return rate if tf.executing_eagerly() else rate()


@tf.autograph.experimental.do_not_convert
def _rate(
    global_step: Any,
    kind: str,
    fields: Mapping[str, Any],
    arguments: Mapping[str, str] | None = None,
    **modifiers: Any,
) -> Any:
    """A rate as the API returns it.

    Args:
        global_step: how many updates were applied before.
        kind: the kind of learning rate.
        fields: its fields.
        arguments: the argument that each field was given as, where it has another name.
        **modifiers: the fields beside the kind.
    """
    try:
        schedule = build_schedule({kind: fields, **modifiers})
    except ConfigError as error:
        # The caller wrote arguments: findings name these, and not lines and fields of a file.
        names = arguments or {}
        findings = []
        for finding in error.diagnostics:
            path = finding.path.partition(".")[2]
            findings.append(f"{names.get(path, path)}: {finding.words.render(names)}")
        raise ValueError("\n".join(findings)) from None
    return learning_rate_at(schedule, global_step)


def manual_stepping(global_step: Any, boundaries: Any, rates: Any, warmup: bool = False) -> Any:
    """Listed rates: `rates[i]` holds from step `boundaries[i - 1]` on.

    Args:
        global_step: how many updates were applied before: an integer tensor or variable.
        boundaries: a list or array of the steps at which the rate changes, increasing and above 0.
        rates: one more than there are boundaries.
        warmup: whether the rate goes to `rates[1]` in a straight line until `boundaries[0]`.

    Returns:
        In eager mode a function without arguments that gives a float32 tensor of the shape of
        `global_step`; in a graph that tensor.

    Raises:
        ValueError: the arguments do not form such a schedule.

    >>> print(manual_stepping(5, [5, 10], [0.1, 0.01, 0.001])().numpy())
    0.01
    """
    if len(rates) != len(boundaries) + 1:
        message = (
            f"expected one more rate than boundaries. Received: {len(rates)} rates,"
            f" {len(boundaries)} boundaries"
        )
        raise ValueError(message)
    if any(isinstance(rate, Integral) for rate in rates):
        message = f"rates are floats. Received: {rates!r}"
        raise ValueError(message)
    if len(boundaries) == 0:
        return _rate(global_step, "constant_learning_rate", {"learning_rate": float(rates[0])})
    try:
        steps = [_step(boundary, "a boundary") for boundary in boundaries]
    except TypeError as error:
        raise ValueError(str(error)) from None
    entries = [
        {"step": step, "learning_rate": float(rate)}
        for step, rate in zip(steps, rates[1:], strict=True)
    ]
    first = float(rates[0])
    fields = {"initial_learning_rate": first, "schedule": entries, "warmup": bool(warmup)}
    arguments = {"initial_learning_rate": "rates[0]"}
    for index in range(len(entries)):
        arguments[f"schedule[{index}]"] = f"boundaries[{index}]"
        arguments[f"schedule[{index}].step"] = f"boundaries[{index}]"
        arguments[f"schedule[{index}].learning_rate"] = f"rates[{index + 1}]"
    return _rate(global_step, "manual_step_learning_rate", fields, arguments)


def cosine_decay_with_warmup(
    global_step: Any,
    learning_rate_base: float,
    total_steps: int,
    warmup_learning_rate: float = 0.0,
    warmup_steps: int = 0,
    hold_base_rate_steps: int = 0,
) -> Any:
    """A linear warmup, an optional hold, then half a cosine to 0 at `total_steps`.

    After warmup and hold, which last `w` and `h` steps, the rate at `step` is
    `learning_rate_base * (1 + cos(pi * (step - w - h) / (total_steps - w - h))) / 2`, as in the
    API's `learning_schedules.cosine_decay_with_warmup`.

    After warmup and hold, which last `w` and `h` steps, the rate at `step` is
    `learning_rate_base * (1 + cos(pi * (step - w - h) / (total_steps - w - h))) / 2`, as in the
    API's `learning_schedules.cosine_decay_with_warmup`.

    After warmup and hold, which last `w` and `h` steps, the rate at `step` is
    `learning_rate_base * (1 + cos(pi * (step - w - h) / (total_steps - w - h))) / 2`, as in the
    API's `learning_schedules.cosine_decay_with_warmup`.

    After warmup and hold, which last `w` and `h` steps, the rate at `step` is
    `learning_rate_base * (1 + cos(pi * (step - w - h) / (total_steps - w - h))) / 2`, as in the
    API's `learning_schedules.cosine_decay_with_warmup`.

    After warmup and hold, which last `w` and `h` steps, the rate at `step` is
    `learning_rate_base * (1 + cos(pi * (step - w - h) / (total_steps - w - h))) / 2`, as in the
    API's `learning_schedules.cosine_decay_with_warmup`.

    Args:
        global_step: how many updates were applied before: an integer tensor or variable.
        learning_rate_base: the rate between warmup and decay.
        total_steps: where the rate reaches 0; warmup and hold are part of it.
        warmup_learning_rate: the rate at step 0, where there is a warmup.
        warmup_steps: the length of the warmup.
        hold_base_rate_steps: for how many steps after the warmup the rate stays at its base.

    Returns:
        In eager mode a function without arguments that gives a float32 tensor of the shape of
        `global_step`; in a graph that tensor.

    Raises:
        ValueError: the arguments do not form such a schedule.
    """
    fields = {
        "learning_rate_base": float(learning_rate_base),
        "total_steps": _step(total_steps, "total_steps"),
        "warmup_learning_rate": float(warmup_learning_rate),
        "warmup_steps": _step(warmup_steps, "warmup_steps"),
        "hold_base_rate_steps": _step(hold_base_rate_steps, "hold_base_rate_steps"),
    }
    return _rate(global_step, "cosine_decay_learning_rate", fields)


def exponential_decay_with_burnin(
    global_step: Any,
    learning_rate_base: float,
    learning_rate_decay_steps: int,
    learning_rate_decay_factor: float,
    burnin_learning_rate: float = 0.0,
    burnin_steps: int = 0,
    min_learning_rate: float = 0.0,
    staircase: bool = True,
) -> Any:
    """A constant rate for a while, then an exponential decay that begins at the base.

    From step `burnin_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - burnin_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_burnin`; `staircase` rounds the exponent down.

    From step `burnin_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - burnin_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_burnin`; `staircase` rounds the exponent down.

    From step `burnin_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - burnin_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_burnin`; `staircase` rounds the exponent down.

    From step `burnin_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - burnin_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_burnin`; `staircase` rounds the exponent down.

    From step `burnin_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - burnin_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_burnin`; `staircase` rounds the exponent down.

    Args:
        global_step: how many updates were applied before: an integer tensor or variable.
        learning_rate_base: the rate when the decay begins.
        learning_rate_decay_steps: the steps in which the rate falls by the factor.
        learning_rate_decay_factor: the factor.
        burnin_learning_rate: the rate before; 0 means the base.
        burnin_steps: when the decay begins.
        min_learning_rate: the rate never falls below.
        staircase: whether it falls in steps.

    Returns:
        In eager mode a function without arguments that gives a float32 tensor of the shape of
        `global_step`; in a graph that tensor.

    Raises:
        ValueError: the arguments do not form such a schedule.
    """
    fields = _exponential(
        learning_rate_base,
        learning_rate_decay_steps,
        learning_rate_decay_factor,
        min_learning_rate,
        staircase,
    )
    fields |= {
        "burnin_learning_rate": float(burnin_learning_rate),
        "burnin_steps": _step(burnin_steps, "burnin_steps"),
    }
    return _rate(global_step, "exponential_decay_learning_rate", fields, _DECAY_ARGUMENTS)


def _step(value: Any, name: str) -> int:
    return whole(value, name, at_least=-MAX_STEP)


_DECAY_ARGUMENTS = {
    "initial_learning_rate": "learning_rate_base",
    "decay_steps": "learning_rate_decay_steps",
    "decay_factor": "learning_rate_decay_factor",
}


def _exponential(
    base: float, decay_steps: int, factor: float, minimum: float, staircase: bool
) -> dict[str, Any]:
    return {
        "initial_learning_rate": float(base),
        "decay_steps": _step(decay_steps, "learning_rate_decay_steps"),
        "decay_factor": float(factor),
        "min_learning_rate": float(minimum),
        "staircase": bool(staircase),
    }


def exponential_decay_with_warmup(
    global_step: Any,
    learning_rate_base: float,
    learning_rate_decay_steps: int,
    learning_rate_decay_factor: float,
    warmup_learning_rate: float = 0.0,
    warmup_steps: int = 0,
    min_learning_rate: float = 0.0,
    staircase: bool = True,
) -> Any:
    """A linear warmup, then an exponential decay that begins at the base.

    From step `warmup_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - warmup_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_warmup`; `staircase` rounds the exponent down.

    From step `warmup_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - warmup_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_warmup`; `staircase` rounds the exponent down.

    From step `warmup_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - warmup_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_warmup`; `staircase` rounds the exponent down.

    From step `warmup_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - warmup_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_warmup`; `staircase` rounds the exponent down.

    From step `warmup_steps` on, the rate is `learning_rate_base * learning_rate_decay_factor **
    ((step - warmup_steps) / learning_rate_decay_steps)`, as in the API's
    `learning_schedules.exponential_decay_with_warmup`; `staircase` rounds the exponent down.

    Args:
        global_step: how many updates were applied before: an integer tensor or variable.
        learning_rate_base: the rate when the decay begins.
        learning_rate_decay_steps: the steps in which the rate falls by the factor.
        learning_rate_decay_factor: the factor.
        warmup_learning_rate: the rate at step 0.
        warmup_steps: when the decay begins.
        min_learning_rate: the rate never falls below, once the warmup is over.
        staircase: whether it falls in steps.

    Returns:
        In eager mode a function without arguments that gives a float32 tensor of the shape of
        `global_step`; in a graph that tensor.

    Raises:
        ValueError: the arguments do not form such a schedule.
    """
    if learning_rate_base < warmup_learning_rate:
        message = (
            f"learning_rate_base is not below warmup_learning_rate. Received: {learning_rate_base},"
            f" {warmup_learning_rate}"
        )
        raise ValueError(message)
    fields = _exponential(
        learning_rate_base,
        learning_rate_decay_steps,
        learning_rate_decay_factor,
        min_learning_rate,
        staircase,
    )
    warmup = {
        "warmup_steps": _step(warmup_steps, "warmup_steps"),
        "warmup_learning_rate": float(warmup_learning_rate),
        "alignment": "SHIFT",
    }
    kind = "exponential_decay_learning_rate"
    return _rate(global_step, kind, fields, _DECAY_ARGUMENTS, warmup=warmup)
