"""The changes of a branch in schedules, in Markdown for a comment or the summary of a CI job.

GitHub shows neither SVG nor data URIs there. Curves are lines of block characters in the table, and
Mermaid charts for the few largest changes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.changes import Change, Side, counts
from schedule_builder.output.findings import Findings
from schedule_builder.output.markdown import HEAD, code, escaped, row
from schedule_builder.output.paths import in_repository
from schedule_builder.output.sparkline import sparkline
from schedule_builder.printable import printable

MARKER = "<!-- schedule-builder-report -->"
"""The first line, by which a program that posts the report finds the comment to replace."""
_TABLE = "| config | rate | peak | warmup | end | length | largest change |\n" + "|---" * 7 + "|\n"
_CHARTS = 3
_COLUMNS = 24
_POINTS = 49
_DIGITS = 4
_PALETTE = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#d1701f, #3a7fd0"}}}}%%'
"""Orange and blue, as in `chart.py`. Mermaid's own first colour cannot be seen on a white page."""
_NOT_IN_CHARTS = re.compile(r"[^\w ./:=+~-]")


class Limit(NamedTuple):
    """How long a report may be.

    Attributes:
        most: the largest size.
        size: how the size of a text is measured.
    """

    most: int
    size: Callable[[str], int]


def _bytes(text: str) -> int:
    return len(text.encode())


LIMITS = {"comment": Limit(60_000, len), "summary": Limit(900_000, _bytes)}
"""The limits of reports. GitHub refuses a comment of more than 65,536 characters, and drops the
whole summary of a job above 1,024 kB."""


def as_markdown(changes: Sequence[Change], revision: str, limit: Limit) -> str:
    """The report.

    Args:
        changes: the configs that changed.
        revision: the revision that they are compared with.
        limit: the size limit; tables are cut by whole rows.
    """
    ordered = sorted(filter(_is_told, changes), key=lambda change: (-change.size, change.name))
    found = Findings([d for change in ordered for d in new_findings(change)], {})
    new = found.mapped(name=in_repository).printable().diagnostics
    new = sorted(new, key=lambda d: d.severity != "error")
    parts = [
        MARKER,
        f"### Learning-rate schedules compared with {code(printable(revision))}",
        escaped(counts(changes)),
    ]
    charts = [_chart(change) for change in ordered if _has_chart(change)][:_CHARTS]
    findings = _cut(HEAD, map(row, new), limit, limit.most // 3)
    used = limit.size("\n\n".join([*parts, *charts, *findings])) + 200
    table = _cut(_TABLE, map(_row, ordered), limit, limit.most - used)
    if charts:
        charts.insert(0, "The largest changes, before (orange) and after (blue):")
    if findings:
        findings.insert(0, "#### New findings")
    return "\n\n".join([*parts, *table, *charts, *findings]) + "\n"


def new_findings(change: Change) -> list[Diagnostic]:
    """The new findings of a config: none of the same kind was about the same field before."""
    known = Counter((d.code, d.path) for d in (change.first.diagnostics if change.first else ()))
    new = []
    for found in change.second.diagnostics if change.second else ():
        if known[found.code, found.path]:
            known[found.code, found.path] -= 1
        else:
            new.append(found)
    return new


def _is_told(change: Change) -> bool:
    lengths = {side.num_steps for side in change.sides}
    return change.status != "same" or len(lengths) > 1 or bool(new_findings(change))


def _cut(head: str, rows: Iterable[str], limit: Limit, room: int) -> list[str]:
    """A table with as many rows as fit, and a line that counts the others."""
    rows = list(rows)
    if not rows:
        return []
    text, room = head, room - limit.size(head)
    for number, line in enumerate(rows):
        room -= limit.size(line)
        if room < 0:
            left = len(rows) - number
            return [text.rstrip("\n"), f"{left} more are left out here."]
        text += line
    return [text.rstrip("\n")]


def _row(change: Change) -> str:
    sides = change.sides
    last = max(side.last_step for side in sides)
    peaks = [side.peak for side in sides if math.isfinite(side.peak)]
    highest = max(peaks, default=0.0)
    steps = [last * i // (_COLUMNS - 1) for i in range(_COLUMNS)]
    lines = [
        code(sparkline(_rates(side, steps), highest)) for side in sides if side.rates is not None
    ]
    names = [code(printable(in_repository(change.name)))]
    if change.old_name:
        names.append(f"was {code(printable(in_repository(change.old_name)))}")
    cells = [
        "<br>".join(names),
        "<br>".join(lines),
        _cell(sides, lambda side: _number(side.peak)),
        _cell(sides, lambda side: str(side.warmup_steps)),
        _cell(sides, lambda side: _number(side.last_rate)),
        _cell(sides, lambda side: str(side.num_steps or "not stated")),
        _largest(change),
    ]
    return f"| {' | '.join(cells)} |\n"


def _cell(sides: Sequence[Side], shown: Callable[[Side], str]) -> str:
    """A fact about both sides; written once if they agree."""
    return " → ".join(dict.fromkeys(shown(side) for side in sides if side.rates is not None))


def _number(rate: float) -> str:
    return f"{rate:.6g}"


def _largest(change: Change) -> str:
    if change.status == "unreadable":
        return "no schedule: see the findings"
    largest = change.comparison.largest if change.status == "changed" else None
    if largest is None:
        return change.status if change.status != "same" else "none"
    rates = [_number(rate) for rate in (largest.first, largest.second)]
    if rates[0] == rates[1]:
        rates = [repr(rate) for rate in (largest.first, largest.second)]
    return f"{rates[0]} → {rates[1]} at step {largest.step}"


def _rates(side: Side, steps: Iterable[int]) -> list[float | None]:
    """The rates of a side at steps; None beyond its end."""
    rates = side.rates
    if not callable(rates):
        return []
    return [rates(step) if step <= side.last_step else None for step in steps]


def _has_chart(change: Change) -> bool:
    return change.status == "changed" and not change.is_beyond and change.applied is None


def _chart(change: Change) -> str:
    """A Mermaid chart with a line for each side."""
    last = max(side.last_step for side in change.sides)
    highest = max(side.peak for side in change.sides)
    digits = max(0, _DIGITS - math.floor(math.log10(highest))) if highest > 0 else 0
    title = _NOT_IN_CHARTS.sub("_", in_repository(change.name))
    lines = [
        "```mermaid",
        _PALETTE,
        "xychart-beta",
        f'  title "{title}"',
        f'  x-axis "step" 0 --> {max(last, 1)}',
        f'  y-axis "learning rate" 0 --> {highest or 1:.{digits}f}',
    ]
    steps = [last * i // (_POINTS - 1) for i in range(_POINTS)]
    for side in change.sides:
        # Mermaid stretches shorter lines to the full width: a run that has ended is drawn at 0.
        rates = [rate or 0.0 for rate in _rates(side, steps)]
        lines.append(f"  line [{', '.join(f'{rate:.{digits}f}' for rate in rates)}]")
    return "\n".join([*lines, "```"])
