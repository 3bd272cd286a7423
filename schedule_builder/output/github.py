"""Workflow commands, which GitHub shows as annotations of the lines of a pull request.

GitHub keeps ten annotations of a level for each step, and drops the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings, ending

MOST_ANNOTATIONS = 10
"""How many annotations of a level GitHub shows for a step."""


def render(findings: Findings) -> str:
    """The whole output: errors first, and further findings as lines of the log."""
    lines: list[str] = []
    rest: list[Diagnostic] = []
    for severity in ("error", "warning"):
        found = [d for d in findings.diagnostics if d.severity == severity]
        lines += map(_command, found[:MOST_ANNOTATIONS])
        rest += found[MOST_ANNOTATIONS:]
    # The last lines are for the log; they are not commands.
    return "".join(
        line + "\n" for line in [*lines, *_listed(rest), *ending(findings), *_last(rest)]
    )


def _listed(rest: Sequence[Diagnostic]) -> Iterator[str]:
    if rest:
        yield f"::group::{_count(rest)} without an annotation"
        # A line that began with a name such as `::error::` would be a command.
        yield from (f"- {diagnostic}" for diagnostic in rest)
        yield "::endgroup::"


def _last(rest: Sequence[Diagnostic]) -> Iterator[str]:
    if rest:
        yield (
            f"GitHub shows {MOST_ANNOTATIONS} annotations of a level. The other {_count(rest)}:"
            " in the group above, or by `schedule-builder validate`."
        )


def _count(found: Sequence[Diagnostic]) -> str:
    return f"{len(found)} finding{'s' * (len(found) != 1)}"


def _command(found: Diagnostic) -> str:
    properties = {
        "file": found.filename,
        "line": found.row,
        "endLine": found.end_row,
        "title": f"schedule-builder {found.code} {found.name}",
    }
    if found.row == found.end_row:
        properties |= {"col": found.column, "endColumn": max(found.end_column - 1, found.column)}
    given = ",".join(f"{name}={_value(content)}" for name, content in properties.items())
    return f"::{found.severity} {given}::{_data(found.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: object) -> str:
    return _data(str(text)).replace(":", "%3A").replace(",", "%2C")
