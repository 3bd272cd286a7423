"""JUnit's XML, which every CI service shows: a test case for each file.

A test case fails where its findings make the run fail, warnings included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings


def render(findings: Findings) -> str:
    """The whole output."""
    by_file = findings.by_file()
    failing = sum(any(map(findings.fails, found)) for found in by_file.values())
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites tests="{len(by_file)}" failures="{failing}" errors="0">',
        f'  <testsuite name="schedule-builder" tests="{len(by_file)}" failures="{failing}"'
        ' errors="0">',
    ]
    for name, found in by_file.items():
        failed = [d for d in found if findings.fails(d)]
        lines += _case(name, failed, [d for d in found if not findings.fails(d)])
    lines += ["  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _case(name: str, failed: Sequence[Diagnostic], others: Sequence[Diagnostic]) -> Iterator[str]:
    shown = quoteattr(name)
    yield f'    <testcase name={shown} classname="schedule-builder" file={shown}>'
    if failed:
        severities = {d.severity for d in failed}
        kind = "error" if "error" in severities else "warning"
        worst = next(d for d in failed if d.severity == kind)
        codes = ", ".join(dict.fromkeys(d.code for d in failed))
        first = quoteattr(f"{codes}: {worst.message}")
        yield f'      <failure type="{kind}" message={first}>{_lines(failed)}</failure>'
    if others:
        yield f"      <system-out>{_lines(others)}</system-out>"
    yield "    </testcase>"


def _lines(found: Sequence[Diagnostic]) -> str:
    return escape("\n".join(map(str, found)))
