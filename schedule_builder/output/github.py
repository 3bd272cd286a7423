"""Workflow commands, which GitHub shows as annotations of the lines of a pull request."""

from __future__ import annotations

from pathlib import PurePath

from schedule_builder.output.findings import Findings, summary


def render(findings: Findings) -> str:
    """The whole output."""

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def value(text: object) -> str:
        return data(str(text)).replace(":", "%3A").replace(",", "%2C")

    lines = []
    for d in findings.diagnostics:
        properties = {
            "file": PurePath(d.filename).as_posix(),
            "line": d.row,
            "endLine": d.end_row,
            "title": f"schedule-builder {d.code} {d.name}",
        }
        if d.row == d.end_row:
            properties |= {"col": d.column, "endColumn": max(d.end_column - 1, d.column)}
        given = ",".join(f"{name}={value(content)}" for name, content in properties.items())
        lines.append(f"::{d.severity} {given}::{data(d.message)}\n")
    # The summary is for the log: it is no command.
    return "".join(lines) + summary(findings) + "\n"
