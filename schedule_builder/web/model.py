"""What a page shows of a schedule, as plain data. Numbers for people are already formatted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from schedule_builder.diagnostics import Diagnostic, rate_text
from schedule_builder.output.changes import Side
from schedule_builder.output.chart import Chart, chart_of, thinned
from schedule_builder.printable import printable
from schedule_builder.rules.pages import KINDS, address
from schedule_builder.schedules.schedule import Schedule

POINTS = 400
"""About how many rates of a schedule are drawn, beside both sides of each change."""
_MOST_ROWS = 400
_LAYOUT = "\t\n"
_LINES_AROUND = 1
_LONGEST_LINE = 200
_THUMBNAIL = 96, 24
"""Width and height of the small curve in a list."""


def shown_side(side: Side, *, points: int = POINTS) -> dict[str, Any]:
    """What a page shows of one side of a comparison: a config, or a record of applied rates.

    Args:
        side: what is shown.
        points: about how many of its rates.

    Returns:
        Data for JSON: `Shown` in `web/src/model.ts`.
    """
    lines = side.config.document.source.text.split("\n") if side.config is not None else []
    data: dict[str, Any] = {
        "name": printable(side.name),
        "about": _length(side),
        "kind": kind_of(side),
        "facts": list(_facts(side)),
        "segments": list(_segments(side)),
        "findings": [_finding(found, lines) for found in side.diagnostics],
        "curve": None,
    }
    if side.rates is not None:
        data["curve"] = _curve(side, points)
    return data


def kind_of(side: Side) -> str:
    """The kind of a schedule, as the config names it; empty where it has none."""
    if side.config is None:
        return "applied rates"
    path = side.config.kind_path if side.rates is not None else ()
    return str(path[-1]) if path else ""


def _length(side: Side) -> str:
    if side.config is None:
        return "rates that a run applied"
    return f"{side.num_steps} steps" if side.num_steps else "no number of steps given"


def _facts(side: Side) -> Iterator[tuple[str, str]]:
    """The numbers that people compare."""
    if side.rates is None:
        return
    yield "peak", rate_text(side.peak)
    if side.config is not None:
        yield "warmup", f"{side.warmup_steps} steps" if side.warmup_steps else "none"
    yield f"at step {side.last_step}", rate_text(side.last_rate)


def _segments(side: Side) -> Iterator[dict[str, str]]:
    """The table of a schedule's segments: the curve for those who do not see it."""
    schedule = side.rates
    if not isinstance(schedule, Schedule):
        return
    ends = [begin - 1 for begin in schedule.begins[1:]]
    ends.append(max(side.last_step, schedule.begins[-1]))
    words = str(schedule).splitlines()
    rows = list(zip(schedule.segments, ends, words, strict=True))
    for number, (segment, end, line) in enumerate(rows[:_MOST_ROWS]):
        yield {
            "steps": _steps(segment.begin, end, is_last=number == len(rows) - 1),
            "words": printable(line.partition("  ")[2].strip()),
            "first": rate_text(schedule(segment.begin)),
            "last": rate_text(schedule(end)),
        }
    if len(rows) > _MOST_ROWS:
        left_out = f"{len(rows) - _MOST_ROWS} more segments"
        yield {"steps": left_out, "words": "", "first": "", "last": ""}


def _steps(begin: int, end: int, *, is_last: bool) -> str:
    if is_last and begin == end:
        return f"from {begin} on"
    span = f"{begin} to {end}" if begin < end else str(begin)
    return f"{span} and beyond" if is_last else span


def _finding(found: Diagnostic, lines: Sequence[str]) -> dict[str, Any]:
    kind = KINDS.get(found.code)
    first = max(found.row - 1 - _LINES_AROUND, 0)
    excerpt = lines[first : found.row + _LINES_AROUND]
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity,
        "row": found.row,
        "column": found.column,
        "endRow": found.end_row,
        "endColumn": found.end_column,
        "message": printable(found.message),
        "page": address(kind) if kind else "",
        "fix": printable(found.fix.title) if found.fix is not None else "",
        "lines": [
            {"row": row, "text": _cut(line, found.column if row == found.row else 1)}
            for row, line in enumerate(excerpt, first + 1)
        ],
    }


def _cut(line: str, column: int) -> str:
    """A line, or the part of a long one around a column."""
    first = max(column - 1 - _LONGEST_LINE // 2, 0) if len(line) > _LONGEST_LINE else 0
    part = line[first : first + _LONGEST_LINE]
    before, after = ("…" if is_cut else "" for is_cut in (first, len(line) - first > len(part)))
    return f"{before}{printable(part.rstrip(chr(13)), kept=_LAYOUT)}{after}"


def _curve(side: Side, points: int) -> dict[str, Any]:
    """The rates to draw, the marks, and the axes."""
    chart = chart_of([side], points=points)
    (curve,) = chart.curves
    low, log_high = chart_of([side], points=points, is_log=True).rate_limits
    _, high = chart.rate_limits
    return {
        "steps": list(curve.xs),
        "rates": [_number(rate) for rate in curve.rates],
        "marks": [{"step": m.x, "text": m.text, "kind": m.kind} for m in chart.marks],
        "end": chart.x_end,
        "high": _number(high),
        "least": _number(low),
        "logHigh": _number(log_high),
        "thumbnail": _thumbnail(chart),
    }


def _number(rate: float) -> float | None:
    """A rate as `show` prints it; None for NaN and infinities, which JSON does not have."""
    return float(rate_text(rate)) if math.isfinite(rate) else None


def _thumbnail(chart: Chart) -> str:
    """The path of a small curve in SVG."""
    width, height = _THUMBNAIL
    (curve,) = chart.curves
    _, high = chart.rate_limits
    places = [
        (x / chart.x_end * width, height - 1 - rate / high * (height - 2))
        for x, rate in zip(curve.xs, curve.rates, strict=True)
        if math.isfinite(rate)
    ]
    points = [f"{x:.1f} {y:.1f}" for x, y in thinned(places, 0.3)]
    return f"M{'L'.join(points)}" if points else ""
