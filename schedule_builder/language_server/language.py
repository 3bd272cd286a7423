"""Texts for editors about a config: documentation, and the schedule in one line.

Offsets count characters of the text, as everywhere in this package.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, Span
from schedule_builder.reading.descriptions import comment, describe
from schedule_builder.reading.fields import field_named, schema_of
from schedule_builder.schedules.schedule import Schedule

_MAX_SEGMENTS = 3


class Hover(NamedTuple):
    """The text about a place, in Markdown."""

    span: Span
    text: str


class Lens(NamedTuple):
    """A line about the line below it."""

    span: Span
    text: str


def hover(config: Config, offset: int) -> Hover | None:
    """The description of the field at an offset; None where there is none."""
    found: tuple[int, FieldPath, Span] | None = None
    for path, place in config.places.items():
        for span in (place.name, place.value):
            if span.start <= offset <= span.end:
                size = span.end - span.start, -len(path)
                if found is None or size < (found[0], -len(found[1])):
                    found = (size[0], path, span)
    if found is None:
        return None
    _, path, span = found
    owner, field = field_at(config, path)
    if field is None:
        return None
    declared = schema_of(owner)[field.name]
    lines = [f"**{field.name}**: {declared.expected}", "", describe(field)]
    if declared.default is not None and not declared.repeated:
        default = declared.default
        if declared.enum is not None:
            default = declared.enum.values_by_number[default].name
        lines += ["", f"Default: `{default}`"]
    if declared.enum is not None:
        lines += [""] + [
            f"- `{value.name}`: {comment(f'{declared.enum.full_name}.{value.name}')}"
            for value in declared.enum.values
        ]
    if length := config.length(path):
        lines += ["", f"{length}: {length.steps} step{'s' * (length.steps != 1)}"]
    if config.schedule is not None:
        lines += ["", *_rates(config, config.schedule, path)]
    return Hover(span, "\n".join(lines))


def _rates(config: Config, schedule: Schedule, path: FieldPath) -> list[str]:
    """The rates that a field leads to."""
    root = config.learning_rate_path
    if path[: len(root)] != root:
        if path != config.dialect.num_steps_path or not config.num_steps:
            return []
        last = config.num_steps - 1
        return [f"Rate at the last step, {last}: `{schedule(last):.9g}`"]
    own = path[len(root) :]
    segments = [s for s in schedule.segments if s.path and _is_about(s.path, own)]
    if not segments:
        return [summary(config, schedule)]
    return [
        f"From step {s.begin} on, {s}: the rate is `{schedule(s.begin):.9g}` at step {s.begin}"
        for s in segments[:_MAX_SEGMENTS]
    ]


def _is_about(begins: FieldPath, path: FieldPath) -> bool:
    """Whether a segment begins at a field, or at another field of the same element of a list."""
    inside = path[:-1] if path and not isinstance(path[-1], int) else path
    is_element = bool(inside) and isinstance(inside[-1], int)
    return begins == path or (is_element and begins[: len(inside)] == inside)


def summary(config: Config, schedule: Schedule) -> str:
    """A schedule in one line."""
    segments = [s for s in schedule.segments if not config.num_steps or s.begin < config.num_steps]
    words = "; ".join(
        f"from step {s.begin}: {s}" if s.begin else str(s) for s in segments[:_MAX_SEGMENTS]
    )
    left = len(segments) - _MAX_SEGMENTS
    more = f"; {left} more" if left > 0 else ""
    if not config.num_steps:
        return f"{words}{more}"
    last = config.num_steps - 1
    return f"{words}{more} → {schedule(last):.6g} at step {last}, the last"


def lens(config: Config) -> Lens | None:
    """The schedule in one line, for the line of its kind."""
    if config.schedule is None:
        return None
    return Lens(config.place(config.kind_path), summary(config, config.schedule))


def field_at(config: Config, path: FieldPath) -> tuple[Any, Any]:
    """The message type that a field is in, and the field."""
    owner: Any = None
    descriptor: Any = config.message.DESCRIPTOR
    field: Any = None
    for name in path:
        if isinstance(name, int):
            continue
        field = field_named(descriptor, name) if descriptor is not None else None
        if field is None:
            return None, None
        owner, descriptor = descriptor, field.message_type
    return owner, field
