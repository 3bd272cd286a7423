"""Each finding with its line of source, a mark under its place and its fix, for people."""

from __future__ import annotations

from schedule_builder.diagnostics import Diagnostic, Related
from schedule_builder.output.findings import COLORS, Findings, ending, headline, paint

_EXCERPT = 120


def render(findings: Findings) -> str:
    """The whole output."""
    sources = {name: text.split("\n") for name, text in findings.texts.items()}
    lines: list[str] = []
    for diagnostic in findings.diagnostics:
        lines.append(headline(diagnostic, findings))
        color = COLORS[diagnostic.severity]
        name = diagnostic.filename
        excerpts = [(name, diagnostic.row, diagnostic.column, _width(diagnostic), "", color)]
        excerpts += [
            (r.filename or name, r.row, r.column, _width(r), r.message, COLORS["note"])
            for r in diagnostic.related
        ]
        margin = len(str(max(row for _, row, *_ in excerpts)))
        for name, row, column, marked, message, style in excerpts:
            text = sources.get(name, [])[row - 1 : row]
            if text:
                shown = _excerpt(text[0], column, marked)
                caret = f"{shown[1]}{paint(shown[2], style, findings)}"
                note = f" {paint(message, style, findings)}" if message else ""
                lines.append(f"{row:>{margin + 2}} | {shown[0]}")
                lines.append(f"{'':>{margin + 2}} | {caret}{note}")
            elif message:
                lines.append(f"{'':>{margin + 2}} = {name}:{row}:{column}: {message}")
        if diagnostic.fix is not None:
            flag = "--fix" if diagnostic.fix.safe else "--fix --unsafe-fixes"
            lines.append(f"{'':>{margin + 2}} = {diagnostic.fix.title} ({flag})")
        lines.append("")
    return "".join(line + "\n" for line in [*lines, *ending(findings)])


def _width(place: Diagnostic | Related) -> int:
    return place.end_column - place.column if place.end_row == place.row else 1


def _excerpt(line: str, column: int, width: int) -> tuple[str, str, str]:
    """A line of source, the blanks before its mark, and the mark."""
    line = line.rstrip("\r")
    first = max(0, column - 1 - _EXCERPT // 2) if len(line) > _EXCERPT else 0
    shown = line[first : first + _EXCERPT]
    before = shown[: column - 1 - first]
    blanks = "".join("\t" if character == "\t" else " " for character in before)
    marks = max(1, min(width, len(shown) - len(before)))
    return shown, blanks, "^" * marks
