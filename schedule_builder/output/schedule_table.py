"""What a config comes to, for people and programs: rates at steps, and every value in force."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.dialects.lowering import custom_kinds
from schedule_builder.reading.fields import FieldSchema, is_opaque, is_open, schema_of
from schedule_builder.schedules.schedule import Schedule

MAX_SHOWN_SEGMENTS = 40
"""Of a longer schedule, words and rates are shown for its beginning and its end; json holds all
of its segments."""


def telling_steps(schedule: Schedule, num_steps: int | None) -> list[int]:
    """The steps that say most about a schedule: both sides of each change, and the end."""
    begins = schedule.begins
    if len(begins) > MAX_SHOWN_SEGMENTS:
        half = MAX_SHOWN_SEGMENTS // 2
        begins = [*begins[:half], *begins[-half:]]
    steps = {0, *begins, *(b - 1 for b in begins if b)}
    last = schedule.segments[-1]
    # What turns again and again is one segment.
    turns = {getattr(last.curve, name, 0) for name in ("up", "period", "decay_steps")} - {0}
    steps |= {last.origin + turn for turn in turns}
    if num_steps is None:
        return sorted(steps)
    return sorted({s for s in steps if s < num_steps} | {num_steps - 1})


def _as_table(config: Config, schedule: Schedule, steps: Sequence[int]) -> str:
    run = f"{config.num_steps} steps" if config.num_steps else "no number of steps given"
    # What begins when training has ended is told by the first of it.
    told = 1 + sum(begin < (config.num_steps or math.inf) for begin in schedule.begins)
    words = str(Schedule(schedule.segments[: told + 1])).splitlines()[:told]
    if told < len(schedule.segments):
        words.append(f"... {len(schedule.segments) - told} more beyond the run ...")
    if len(words) > MAX_SHOWN_SEGMENTS:
        half = MAX_SHOWN_SEGMENTS // 2
        left_out = f"... {len(words) - 2 * half} more segments ..."
        words = [*words[:half], left_out, *words[-half:]]
    lines = [f"{config.filename} ({run})", *(f"  {line}" for line in words), ""]
    width = max(len("step"), *(len(str(step)) for step in steps))
    lines.append(f"  {'step':>{width}}  learning rate")
    lines += [f"  {step:>{width}}  {schedule(step):.9g}" for step in steps]
    return "\n".join(lines) + "\n"


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
        **schedule.to_dict(),
        "steps": list(steps),
        "learning_rates": [None if math.isnan(rate) else rate for rate in map(schedule, steps)],
    }
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


RENDERERS = {"table": _as_table, "csv": _as_csv, "json": _as_json}
"""The output formats of `show`."""


def resolved(config: Config) -> str:
    """A config in its own format with every value in force, defaults marked as such."""
    text = "".join(f"{line}\n" for line in _resolved_lines(config.message, ""))
    if not config.document.syntax.explicit_lists:
        return text
    from schedule_builder.editing.convert import convert

    return convert(examine(Source(config.filename, text), "text"), "yaml")


def _resolved_lines(message: Any, indent: str) -> Iterator[str]:
    for declared in schema_of(message.DESCRIPTOR).values():
        value = getattr(message, declared.name)
        if declared.repeated:
            items = list(value)
        elif message.HasField(declared.name):
            items = [value]
        elif declared.oneof is None and declared.default is not None:
            yield f"{indent}{declared.name}: {_literal(value, declared)}  # default"
            continue
        else:
            continue
        for item in items:
            if declared.message is None:
                yield f"{indent}{declared.name}: {_literal(item, declared)}"
            elif is_opaque(declared.message):
                yield f"{indent}{declared.name} {{}}  # opaque: stays as it is in the file"
            elif declared.message.full_name == "google.protobuf.Any":
                inner = custom_kinds()[item.TypeName()]()
                item.Unpack(inner)
                yield f"{indent}{declared.name} {{"
                yield f"{indent}  [{item.type_url}] {{"
                yield from _resolved_lines(inner, indent + "    ")
                yield f"{indent}  }}"
                yield f"{indent}}}"
            else:
                rest = "  # the rest stays as it is in the file" * is_open(declared.message)
                yield f"{indent}{declared.name} {{{rest}"
                yield from _resolved_lines(item, indent + "  ")
                yield f"{indent}}}"


def _literal(value: Any, declared: FieldSchema) -> str:
    if declared.enum is not None:
        return str(declared.enum.values_by_number[value].name)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are text format's, too.
        return json.dumps(value)
    return repr(value)
