"""Tables of a schedule for people and programs: segments, and rates at steps."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.printable import json_text, printable
from schedule_builder.schedules.schedule import Schedule

MAX_SHOWN_SEGMENTS = 40
"""For a longer schedule, only the beginning and the end are shown; json holds all segments."""


def telling_steps(schedule: Schedule, num_steps: int | None) -> list[int]:
    """The steps to show by default: both sides of each change, and the end."""
    begins = schedule.begins
    if len(begins) > MAX_SHOWN_SEGMENTS:
        half = MAX_SHOWN_SEGMENTS // 2
        begins = [*begins[:half], *begins[-half:]]
    steps = {0, *begins, *(b - 1 for b in begins if b)}
    last = schedule.segments[-1]
    # A curve that repeats is one segment.
    if (turn := last.curve.first_turn) is not None:
        steps.add(last.origin + turn)
    if num_steps is None:
        return sorted(steps)
    return sorted({s for s in steps if s < num_steps} | {num_steps - 1})


def _as_table(config: Config, schedule: Schedule, steps: Sequence[int]) -> str:
    run = f"{config.num_steps} steps" if config.num_steps else "no number of steps given"
    # For segments after the end of training, the first one is enough.
    told = 1 + sum(begin < (config.num_steps or math.inf) for begin in schedule.begins)
    words = str(Schedule(schedule.segments[: told + 1])).splitlines()[:told]
    words = [line + end for line, end in zip(words, _ends(config, schedule), strict=False)]
    if told < len(schedule.segments):
        words.append(f"... {len(schedule.segments) - told} more beyond the run ...")
    if len(words) > MAX_SHOWN_SEGMENTS:
        half = MAX_SHOWN_SEGMENTS // 2
        left_out = f"... {len(words) - 2 * half} more segments ..."
        words = [*words[:half], left_out, *words[-half:]]
    lines = [printable(f"{config.filename} ({run})"), *(f"  {line}" for line in words), ""]
    width = max(len("step"), *(len(str(step)) for step in steps))
    lines.append(f"  {'step':>{width}}  learning rate")
    lines += [f"  {step:>{width}}  {schedule(step):.9g}" for step in steps]
    return "\n".join(lines) + "\n"


def _ends(config: Config, schedule: Schedule) -> Iterator[str]:
    """The length that the end of each segment was converted from; empty if it is in steps."""
    path = config.learning_rate_path
    for segment in schedule.segments[1:]:
        length = config.length((*path, *segment.path))
        yield f"  (to {length})" if length else ""
    yield ""


def _segments(config: Config, schedule: Schedule) -> dict[str, Any]:
    """The schedule for JSON, with the lengths that beginnings were converted from."""
    data = schedule.to_dict()
    if config.in_steps is not None:
        path = config.learning_rate_path
        for item, segment in zip(data["segments"], schedule.segments, strict=True):
            if length := config.length((*path, *segment.path)):
                item["begin_from"] = str(length)
    return data


def _as_csv(config: Config, schedule: Schedule, steps: Sequence[int]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("step", "learning_rate"))
    writer.writerows((step, schedule(step)) for step in steps)
    return out.getvalue()


def _as_json(config: Config, schedule: Schedule, steps: Sequence[int]) -> str:
    data = {
        "filename": config.filename,
        "num_steps": config.num_steps,
        **_segments(config, schedule),
        "steps": list(steps),
        "learning_rates": [None if math.isnan(rate) else rate for rate in map(schedule, steps)],
    }
    return json_text(data)


FORMATS = {"table": _as_table, "csv": _as_csv, "json": _as_json}
"""The output formats of `show`."""
