"""How notebooks show a schedule or a config: in words, as a curve, and with its findings."""

from __future__ import annotations

from html import escape

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import in_order
from schedule_builder.limits import MAX_SHOWN_FINDINGS
from schedule_builder.output.changes import Side
from schedule_builder.output.chart import SEVERITIES, chart_of
from schedule_builder.output.svg import svg
from schedule_builder.printable import printable
from schedule_builder.schedules.schedule import Schedule

_MOST_LINES = 12


def of_schedule(schedule: Schedule) -> str:
    """A schedule as HTML."""
    return _shown(Side("schedule", schedule), "", str(schedule).splitlines())


def of_config(config: Config) -> str:
    """A config as HTML."""
    length = f"{config.num_steps} steps" if config.num_steps else "no number of steps given"
    words = str(config.schedule).splitlines() if config.schedule is not None else []
    return _shown(Side.of_config(config), f"{config.filename} ({length})", words)


def _shown(side: Side, title: str, words: list[str]) -> str:
    if len(words) > _MOST_LINES:
        half = _MOST_LINES // 2
        words = [*words[:half], f"... {len(words) - 2 * half} more segments ...", *words[-half:]]
    parts = [f"<strong>{escape(printable(title))}</strong>"] if title else []
    if words:
        lines = "\n".join(escape(printable(line)) for line in words)
        parts.append(f'<pre style="margin:0.5em 0">{lines}</pre>')
    if side.rates is not None:
        parts.append(svg(chart_of([side])))
    ordered = sorted(side.diagnostics, key=lambda found: found.severity != "error")
    for found in in_order(ordered[:MAX_SHOWN_FINDINGS]):
        label = f'<span style="color:{SEVERITIES[found.severity]}">{found.severity}</span>'
        place = f"{found.row}:{found.column}"
        message = escape(printable(found.message))
        parts.append(f"<div>{place} {label} <code>{found.code}</code> {message}</div>")
    if left_out := len(ordered[MAX_SHOWN_FINDINGS:]):
        parts.append(f"<div>... {left_out} more findings: <code>validate</code> lists them</div>")
    return f"<div>{''.join(parts)}</div>"
