"""What an edit does to the learning rate, in one line."""

from __future__ import annotations

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import rate_text


def peak_of(config: Config) -> float | None:
    """The highest rate of a run; None where the config has no schedule."""
    if config.schedule is None:
        return None
    return float(max(map(config.schedule, config.schedule.extremes(0, _last(config)))))


def _last(config: Config) -> int:
    """The last step of a run; where its length is not known, the first one of the last segment."""
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
