"""One array of findings, for programs."""

from __future__ import annotations

from typing import Any

from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.output.findings import Findings, fix_as_dict
from schedule_builder.output.paths import in_repository
from schedule_builder.printable import json_text


def render(findings: Findings) -> str:
    """The whole output."""
    entries = [_as_dict(d, findings.texts.get(d.filename, "")) for d in findings.diagnostics]
    return json_text(entries)


def _as_dict(diagnostic: Diagnostic, text: str) -> dict[str, Any]:
    fix = diagnostic.fix
    return diagnostic.to_dict() | {
        "path": diagnostic.path,
        "repository_path": in_repository(diagnostic.filename),
        "fix": None if fix is None else fix_as_dict(fix, Source(diagnostic.filename, text)),
    }
