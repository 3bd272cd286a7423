"""The public door: from a path, a message or plain data to a checked config and its schedule."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from google.protobuf.message import Message

from schedule_builder.compiler import (
    Config,
    examine_bytes,
    examine_document,
    without_collector,
)
from schedule_builder.diagnostics import ConfigError, Diagnostic
from schedule_builder.files import read_config
from schedule_builder.schedules import comparison
from schedule_builder.schedules.schedule import Schedule, whole

ConfigLike: TypeAlias = "str | os.PathLike[str] | Config | Message | Mapping[str, object]"
"""What the builders take: a path, a loaded config, a message or plain data."""


@without_collector()
def load(
    config: ConfigLike,
    *,
    overrides: str | Iterable[str] = (),
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> Config:
    """Reads and checks a config.

    Args:
        config: the path of a file in text format, YAML or JSON; a message of this project or
            of the Object Detection API (`TrainEvalPipelineConfig` or `LearningRate`); plain
            data as YAML would hold them; or a `Config`, which is returned as it is.
        overrides: values to put in place of the file's, such as `train_config.num_steps=5000`,
            with the syntax of the command line's `--set`: a list of them, or one.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The config, without errors.

    Raises:
        ConfigError: the config, or an override, has errors. `diagnostics` holds all findings.
        OSError: the file cannot be read.
        TypeError: the type cannot be a config, or the config is loaded already and cannot be
            overridden any more; or an argument has another type than these.
        ValueError: `num_steps` or `batch_size` is not positive.
    """
    overrides = _override_list(overrides)
    if num_steps is not None:
        num_steps = whole(num_steps, "num_steps", at_least=1)
    if batch_size is not None:
        batch_size = whole(batch_size, "batch_size", at_least=1)
    options: dict[str, Any] = {
        "overrides": overrides,
        "num_steps": num_steps,
        "batch_size": batch_size,
    }
    if isinstance(config, Config):
        if overrides or num_steps is not None or batch_size is not None:
            message = (
                "this config is already loaded: pass overrides, num_steps and batch_size to `load`"
            )
            raise TypeError(message)
        loaded = config
    elif isinstance(config, Message):
        from schedule_builder.reading.data_trees import of_message  # noqa: PLC0415 - 2 ms, for messages and dicts alone

        document, report = of_message(config, f"<{config.DESCRIPTOR.name}>")
        loaded = examine_document(document, report, **options)
    elif isinstance(config, Mapping):
        from schedule_builder.reading.data_trees import of_data  # noqa: PLC0415 - 2 ms, for messages and dicts alone

        document, report = of_data(config, "<dict>")
        loaded = examine_document(document, report, **options)
    elif isinstance(config, (str, os.PathLike)):
        loaded = examine_bytes(read_config(config), os.fspath(config), **options)
    else:
        message = (
            "expected a path, a Config, a protobuf message or a dict. Received:"
            f" {type(config).__name__}"
        )
        raise TypeError(message)
    if loaded.schedule is None:
        raise ConfigError(_without_rate(loaded.diagnostics))
    return loaded


def _override_list(overrides: object) -> tuple[str, ...]:
    """The overrides, one after another."""
    if isinstance(overrides, str):
        return (overrides,)
    if not isinstance(overrides, Iterable) or isinstance(overrides, (bytes, Mapping)):
        message = f"expected overrides such as ['a.b=5']. Received: {overrides!r}"
        raise TypeError(message)
    given = tuple(overrides)
    for override in given:
        if not isinstance(override, str):
            message = f"expected an override such as 'a.b=5'. Received: {override!r}"
            raise TypeError(message)
    return given


def _without_rate(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings; where the rate comes from Python code, that is an error here."""
    found = list(diagnostics)
    if any(d.severity == "error" for d in found):
        return found
    return [d._replace(severity="error") if d.code == "SB314" else d for d in found]


def build_schedule(
    config: ConfigLike,
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> Schedule:
    """Builds the learning-rate schedule of a config, in pure Python.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        step_offset: the step at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The schedule. `schedule(step)` is the rate in float64 of the update that turns `step`
        into `step + 1`; `schedule.segments` says what it is made of, and `str(schedule)`
        says it in words.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        ValueError: `step_offset` is negative.

    >>> schedule = build_schedule({"manual_step_learning_rate": {
    ...     "initial_learning_rate": 0.1, "schedule": [{"step": 1000, "learning_rate": 0.01}]}})
    >>> schedule(999), schedule(1000)
    (0.1, 0.01)
    >>> print(schedule)
    steps 0..999  constant 0.1
    steps 1000..  constant 0.01
    >>> build_schedule("configs/digits.config", step_offset=5000)(5060)
    0.1
    """
    schedule = load(config, num_steps=num_steps, batch_size=batch_size).schedule
    if schedule is None:
        raise ConfigError(())
    return schedule.starting_at(step_offset)


def first_difference(first: ConfigLike | Schedule, second: ConfigLike | Schedule) -> int | None:
    """The first step at which two configs do not give the same rate.

    Schedules are compared segment by segment: what is written alike needs no evaluation. Where
    two different curves meet, they are compared at both ends, where either of them turns, in the
    first hundreds of its cycles, and at a few hundred steps between; a bisection then finds the
    first step. Not every step is evaluated.

    Args:
        first: a config, as for `load`, or a schedule.
        second: another one, of the same config system or of another.

    Returns:
        The step; None if the rates are the same at every step, to a relative difference of 1e-12.

    Raises:
        ConfigError: a config has errors.
        OSError: a file cannot be read.

    >>> first_difference(
    ...     {"manual_step_learning_rate": {"initial_learning_rate": 0.1,
    ...                                    "schedule": [{"step": 10, "learning_rate": 0.01}]}},
    ...     {"piecewise_constant_learning_rate": {"boundaries": [10], "values": [0.1, 0.01]}})
    10
    """
    one, other = (s if isinstance(s, Schedule) else build_schedule(s) for s in (first, second))
    return comparison.first_difference(one, other)
