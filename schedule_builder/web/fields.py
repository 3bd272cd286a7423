"""The numbers of a config that the page offers: fields to type in, and handles to drag.

A handle is a boundary or the peak of the curve. It can be dragged where one field of the file
decides it. Every drag is read back: the boundary or the peak has to be where it was dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, rate_text
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Edited, Setting, edit
from schedule_builder.language_server.language import field_at
from schedule_builder.output.changes import Side
from schedule_builder.reading.edits import element_at
from schedule_builder.reading.fields import FieldSchema, dotted, schema_of
from schedule_builder.reading.tree import Scalar
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule

_MOST_FIELDS = 60
_MOST_HANDLES = 40
_MOST_TRIALS = 12
_LARGE = 50_000
"""In longer texts the peak is not tried: each trial reads the text again."""
_SLIDER = 40
"""How many values a slider has on each side of its middle."""
_DIGITS = 3
_NEAR = 1e-6


class Handle(NamedTuple):
    """A boundary or the peak of a curve.

    Attributes:
        kind: `boundary` or `peak`.
        step: where it is.
        rate: the rate there.
        field: the field that decides it; empty where no single one does.
        words: a description: what dragging changes, or why it cannot be dragged.
    """

    kind: str
    step: int
    rate: float
    field: str
    words: str


class NotMovedError(ValueError):
    """A handle cannot be where it was dropped."""


def number_fields(config: Config) -> tuple[list[dict[str, Any]], int]:
    """The numeric fields of the schedule that the file has, and its run length and batch size.

    Of many, the first ones, and how many more there are.
    """
    dialect = config.dialect
    paths = list(_numbers(config, config.learning_rate_path))
    extra = [dialect.num_steps_path, dialect.batch_size_path]
    paths = [path for path in extra if path in config.places and path not in paths] + paths
    first = [data for path in paths[:_MOST_FIELDS] if (data := _as_data(config, path))]
    return first, max(len(paths) - _MOST_FIELDS, 0)


def _numbers(config: Config, root: FieldPath) -> Iterator[FieldPath]:
    """The places of a message's numbers, in the order of the file."""
    inside = [path for path in config.places if path[: len(root)] == root]
    for path in sorted(inside, key=lambda path: config.places[path].value.start):
        declared = _declared(config, path)
        is_number = declared is not None and declared.kind in ("real", "integer")
        if is_number and isinstance(_value(config, path), (int, float)):
            element = element_at(config.document, path)
            if element is not None and isinstance(element.value, Scalar):
                yield path


def _declared(config: Config, path: FieldPath) -> FieldSchema | None:
    owner, field = field_at(config, path)
    return schema_of(owner)[field.name] if field is not None else None


def _value(config: Config, path: FieldPath) -> Any:
    """The number at a path of the file; NaN where the value is not a number."""
    value: Any = config.message
    for name in path:
        if isinstance(name, int):
            if name >= len(value):
                return math.nan
            value = value[name]
        else:
            value = getattr(value, name)
    return value


def _as_data(config: Config, path: FieldPath) -> dict[str, Any] | None:
    declared = _declared(config, path)
    value = _value(config, path)
    if declared is None or not math.isfinite(value):
        return None
    is_whole = declared.kind == "integer"
    root = config.learning_rate_path
    label = path[len(root) + 1 :] if path[: len(root)] == root else path[-1:]
    choices = _choices(value, is_whole=is_whole)
    return {
        "field": dotted(path),
        "label": dotted(label) or dotted(path[-1:]),
        "value": str(value) if is_whole else rate_text(value),
        "unit": str(config.length(path) or ""),
        "choices": [str(c) if is_whole else rate_text(c) for c in choices],
        "chosen": choices.index(value) if value in choices else -1,
    }


def _choices(value: float, *, is_whole: bool) -> list[float]:
    """The values of a slider: from a tenth of a value to its tenfold; for zero, none."""
    if value <= 0:
        return []
    values = [value * 10 ** (i / _SLIDER) for i in range(-_SLIDER, _SLIDER + 1)]
    rounded = [float(f"{v:.{_DIGITS}g}") for v in values]
    if is_whole:
        rounded = [max(round(v), 1) for v in rounded if v <= MAX_STEP]
    others = {v for v in rounded if not math.isclose(v, value, rel_tol=_NEAR)}
    return sorted(others | {value})


# --- handles ------------------------------------------------------------------------------------


def handles(config: Config) -> list[Handle]:
    """The boundaries and the peak of a config's curve, in the order of steps."""
    schedule = config.schedule
    if schedule is None:
        return []
    last = Side.of_config(config).last_step
    begins = [s for s in schedule.segments if 0 < s.begin <= last + 1][:_MOST_HANDLES]
    found = [
        Handle("boundary", s.begin, _rate(schedule, s.begin), *_decides(config, s.path))
        for s in begins
    ]
    found.append(_peak(config, schedule, last))
    return found


def _rate(schedule: Schedule, step: int) -> float:
    rate = schedule(step)
    return rate if math.isfinite(rate) else 0.0


def _decides(config: Config, own: FieldPath) -> tuple[str, str]:
    """The field that decides where a segment begins, and its description."""
    if not own:
        return "", "no single field of the file says where this begins"
    path = (*config.learning_rate_path, *own)
    written = config.written_path(path)
    name = dotted(written)
    if element_at(config.document, written) is None:
        return "", f"the file does not give `{name}`: add it to the text first"
    if config.length(path):
        return "", f"`{name}` is not in steps: change it in the text"
    declared = _declared(config, written)
    if declared is None or declared.kind != "integer":
        return "", f"`{name}` is not a number of steps: change it in the text"
    return name, f"drag to change `{name}`"


def _peak(config: Config, schedule: Schedule, last: int) -> Handle:
    """The highest point, and the one field that decides how high it is."""
    step = max(schedule.extremes(0, last), key=lambda step: _rate(schedule, step))
    peak = _rate(schedule, step)
    if len(config.document.source.text) > _LARGE:
        words = "the file is too large to find what decides the highest rate: change it in the text"
        return Handle("peak", step, peak, "", words)
    if schedule.segment_at(step).curve.is_constant:
        # In the middle, where no boundary is in the way.
        end = min((b for b in schedule.begins if b > step), default=last + 1)
        step = (step + min(end - 1, last)) // 2
    rates = [
        path
        for path in _numbers(config, config.learning_rate_path)
        if (declared := _declared(config, path)) is not None
        and declared.scales_rate
        and _value(config, path)
    ]
    equal = [path for path in rates if math.isclose(_value(config, path), peak, rel_tol=_NEAR)]
    tried = (equal or rates)[:_MOST_TRIALS]
    deciding = [path for path in tried if _moves_peak(config, path, step, peak)]
    if peak > 0 and len(deciding) == 1:
        name = dotted(deciding[0])
        return Handle("peak", step, peak, name, f"drag to change `{name}`")
    names = ", ".join(f"`{dotted(path)}`" for path in deciding)
    words = (
        f"several fields decide the highest rate: {names}"
        if names
        else "no single field of the file decides the highest rate"
    )
    return Handle("peak", step, peak, "", words)


def _moves_peak(config: Config, path: FieldPath, step: int, peak: float) -> bool:
    """Whether a higher value makes the highest rate higher by the same factor."""
    try:
        schedule = _with(config, dotted(path), repr(_value(config, path) * 2)).config.schedule
    except SetError:
        return False
    return schedule is not None and math.isclose(schedule(step), 2 * peak, rel_tol=_NEAR)


def _with(config: Config, field: str, value: str) -> Edited:
    return edit(config, [Setting(field, value)])


def moved(config: Config, kind: str, field: str, at: int, step: float, rate: float) -> Edited:
    """The config after a handle was dragged.

    Args:
        config: the config.
        kind: the handle's kind.
        field: the handle's field.
        at: the step that it was at.
        step: the step that it was dropped at.
        rate: the rate that it was dropped at.

    Raises:
        NotMovedError: it cannot be there; the message says why.
        SetError: the field cannot have such a value.
    """
    handle = next(
        (h for h in handles(config) if (h.kind, h.field, h.step) == (kind, field, at)), None
    )
    if handle is None or not field:
        message = "this handle is gone, as the text has changed: drag one that is shown now"
        raise NotMovedError(message)
    path = next(path for path in config.places if dotted(path) == field)
    if kind == "boundary":
        target = max(round(step), 0)
        new = str(_value(config, path) + target - at)
    else:
        rounded = float(f"{max(rate, 0.0):.{_DIGITS}g}")
        new = rate_text(rounded * _value(config, path) / handle.rate)
    edited = _with(config, field, new)
    schedule = edited.config.schedule
    if schedule is None:
        message = f"`{field}: {new}` gives no valid schedule: drag less far"
        raise NotMovedError(message)
    if kind == "boundary" and target not in schedule.begins:
        message = f"with `{field}: {new}` no segment begins at step {target}: try another step"
        raise NotMovedError(message)
    return edited
