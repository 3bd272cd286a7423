"""reviewdog's diagnostic format, which becomes review comments and suggestions on any service.

Lines and columns count from 1, columns in bytes of UTF-8, and ends are exclusive.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from schedule_builder.diagnostics import Diagnostic, Fix, Related, Source
from schedule_builder.output.findings import HOMEPAGE, Findings
from schedule_builder.printable import json_text
from schedule_builder.rules.pages import KINDS, address

_Json = dict[str, Any]


def render(findings: Findings) -> str:
    """The whole output."""
    lines = {name: text.split("\n") for name, text in findings.texts.items()}

    def position(filename: str, row: int, column: int) -> _Json:
        line = "".join(lines.get(filename, [])[row - 1 : row])
        before = line[: column - 1].encode("utf-8", "surrogatepass")
        # A text that is not a file, such as an override, has columns in characters.
        return {"line": row, "column": len(before) + 1 if line else column}

    def place(filename: str, at: Diagnostic | Related) -> _Json:
        start = position(filename, at.row, at.column)
        end = position(filename, at.end_row, at.end_column)
        return {"path": filename, "range": {"start": start, "end": end}}

    def entry(found: Diagnostic) -> _Json:
        data: _Json = {
            "message": found.message,
            "location": place(found.filename, found),
            "severity": found.severity.upper(),
            "code": {"value": found.code, "url": address(KINDS[found.code])},
        }
        if found.fix is not None:
            source = Source(found.filename, findings.texts.get(found.filename, ""))
            data["suggestions"] = [
                _suggestion(found.fix, source, partial(position, found.filename))
            ]
        if found.related:
            data["related_locations"] = [
                {"message": r.message, "location": place(r.filename or found.filename, r)}
                for r in found.related
            ]
        return data

    data = {
        "source": {"name": "schedule-builder", "url": HOMEPAGE},
        "diagnostics": [entry(found) for found in findings.diagnostics],
    }
    return json_text(data)


def _suggestion(fix: Fix, source: Source, position: partial[_Json]) -> _Json:
    """A fix as one replacement: each suggestion can be accepted without the others."""
    edits = sorted(fix.edits)
    start, end = edits[0].start, max(edit.end for edit in edits)
    text, at = "", start
    for edit in edits:
        text += source.text[at : edit.start] + edit.text
        at = edit.end
    span = {"start": position(*source.position(start)), "end": position(*source.position(end))}
    return {"range": span, "text": text}
