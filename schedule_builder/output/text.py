"""A line for each finding, for people and for terminals that open a place on a click."""

from __future__ import annotations

from schedule_builder.output.findings import Findings, ending, headline


def render(findings: Findings) -> str:
    """The whole output."""
    lines = []
    for diagnostic in findings.diagnostics:
        lines.append(headline(diagnostic, findings))
        lines += [
            f"  {r.filename or diagnostic.filename}:{r.row}:{r.column}: {r.message}"
            for r in diagnostic.related
        ]
    return "".join(line + "\n" for line in [*lines, *ending(findings)])
