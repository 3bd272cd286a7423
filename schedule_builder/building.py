"""From a config to its schedule."""

from __future__ import annotations

import os

from schedule_builder.config import ConfigLike, load
from schedule_builder.diagnostics import ConfigError
from schedule_builder.schedule import Schedule


def build_schedule(config: ConfigLike, *, step_offset: int = 0) -> Schedule:
    """Builds the learning-rate schedule of a config, in pure Python.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        step_offset: the step at which the schedule begins, such as the number of updates in a
            checkpoint that is fine-tuned. Before it, the schedule's first rate holds.

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
    schedule = load(config).schedule
    if schedule is None:
        raise ConfigError(())
    return schedule.starting_at(step_offset)


def is_legacy(legacy: bool | None = None) -> bool:
    """Whether Keras 2 is meant: as TensorFlow decides it, where the caller does not say."""
    if legacy is None:
        return os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True")
    return legacy
