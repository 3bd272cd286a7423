"""Code quality, which GitLab shows in merge requests.

GitLab tells new findings from old ones by their fingerprints. A fingerprint does not change when
lines move, or when a number in a message changes.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings
from schedule_builder.printable import json_text

_SEVERITIES = {"error": "critical", "warning": "minor"}


def render(findings: Findings) -> str:
    """The whole output."""
    seen: Counter[tuple[str, str, str]] = Counter()
    entries = []
    for found in findings.diagnostics:
        key = (found.code, found.filename, found.path)
        seen[key] += 1
        # GitLab shows only the first of equal fingerprints.
        entries.append(_entry(found, "\0".join((*key, str(seen[key])))))
    return json_text(entries)


def _entry(found: Diagnostic, identity: str) -> dict[str, Any]:
    return {
        # GitLab does not show the name of the check.
        "description": f"{found.code}: {found.message}",
        "check_name": found.code,
        "fingerprint": sha256(identity.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": _SEVERITIES[found.severity],
        "location": {
            "path": found.filename,
            "lines": {"begin": found.row, "end": found.end_row},
        },
    }
