"""Describes an edit: its effect on the learning rate, in one line, and on the fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, rate_text
from schedule_builder.reading.fields import dotted, is_repeated


def peak_of(config: Config) -> float | None:
    """The highest rate of a run; None where the config has no schedule."""
    schedule = config.schedule
    return schedule.peak_of_run(config.num_steps)[0] if schedule is not None else None


def rate_change(before: Config, after: Config) -> str:
    """The rate before an edit and after it: `peak 0.08 -> 0.01, ends at 3e-05 -> 3e-05`.

    Args:
        before: the config as it was.
        after: the config as it is.

    Returns:
        The line; empty where either of them has no schedule.
    """
    if before.schedule is None or after.schedule is None:
        return ""
    runs = (before.schedule, before.num_steps), (after.schedule, after.num_steps)
    peaks = [rate_text(schedule.peak_of_run(num_steps)[0]) for schedule, num_steps in runs]
    line = f"peak {' -> '.join(peaks)}"
    if before.num_steps is None or after.num_steps is None:
        return line
    ends = [rate_text(schedule(schedule.last_step(num_steps))) for schedule, num_steps in runs]
    return f"{line}, ends at {' -> '.join(ends)}"


def changed_fields(before: Config, after: Config) -> list[str]:
    """The fields that have another value in one config than in another, a line for each."""
    old, new = (dict(_given(config.message, ())) for config in (before, after))
    return [
        f"{dotted(path)}: {_shown(old.get(path))} -> {_shown(new.get(path))}"
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]


def _given(message: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    """The values that are given in a message, by their paths."""
    for declared, value in message.ListFields():
        here = (*path, declared.name)
        values = list(value) if is_repeated(declared) else [value]
        for index, item in enumerate(values):
            place = (*here, index) if is_repeated(declared) else here
            if declared.message_type is not None:
                yield from _given(item, place)
            else:
                yield place, item


def _shown(value: Any) -> str:
    if value is None:
        return "(not set)"
    return rate_text(value) if isinstance(value, float) else str(value)
