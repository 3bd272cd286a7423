"""How often each rule was violated, the most frequent first."""

from __future__ import annotations

from collections import Counter

from schedule_builder.output.findings import Findings, ending
from schedule_builder.rules.pages import KINDS


def render(findings: Findings) -> str:
    """The whole output: for each code its count, severity, name and title."""
    counts = Counter((d.code, d.severity) for d in findings.all)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(ordered[0][1])) if ordered else 0
    lines = [
        f"{count:>{width}}  {code}  {severity:7}  {KINDS[code].name:24}  {KINDS[code].title}"
        for (code, severity), count in ordered
    ]
    return "".join(line + "\n" for line in [*lines, *ending(findings)])
