"""Describes an edit: its effect on the learning rate, in one line, and on the fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, rate_text
from schedule_builder.reading.fields import dotted, is_repeated


def peak_of(config: Config) -> float | None:
    """The highest rate of a run; None where the config has no schedule."""
    if config.schedule is None:
        return None
    return float(max(map(config.schedule, config.schedule.extremes(0, _last(config)))))


def _last(config: Config) -> int:
    """The last step of a run; without a run length, the first step of the last segment."""
    if config.num_steps is not None:
        return config.num_steps - 1
    return config.schedule.begins[-1] if config.schedule is not None else 0


def rate_change(before: Config, after: Config) -> str:
    """The rate before an edit and after it: `peak 0.08 -> 0.01, ends at 3e-05 -> 3e-05`.

    Args:
        before: the config as it was.
        after: the config as it is.

    Returns:
        The line; empty where either of them has no schedule.
    """
    peaks = peak_of(before), peak_of(after)
    if peaks[0] is None or peaks[1] is None or before.schedule is None or after.schedule is None:
        return ""
    line = f"peak {rate_text(peaks[0])} -> {rate_text(peaks[1])}"
    if before.num_steps is None or after.num_steps is None:
        return line
    ends = rate_text(before.schedule(_last(before))), rate_text(after.schedule(_last(after)))
    return f"{line}, ends at {ends[0]} -> {ends[1]}"


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
