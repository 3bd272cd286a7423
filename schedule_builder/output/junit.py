"""JUnit's XML, which every CI service shows: a test case for each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings


def render(findings: Findings) -> str:
    """The whole output."""
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in findings.texts}
    for diagnostic in findings.diagnostics:
        by_file.setdefault(diagnostic.filename, []).append(diagnostic)
    failing = sum(any(d.severity == "error" for d in found) for found in by_file.values())
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites tests="{len(by_file)}" failures="{failing}" errors="0">',
        f'  <testsuite name="schedule-builder" tests="{len(by_file)}" failures="{failing}"'
        ' errors="0">',
    ]
    for name, found in by_file.items():
        lines += _case(name, found)
    lines += ["  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _case(name: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    yield f'    <testcase name={_attribute(name)} classname="schedule-builder">'
    errors = [d for d in found if d.severity == "error"]
    if errors:
        codes = ", ".join(dict.fromkeys(d.code for d in errors))
        first = _attribute(f"{codes}: {errors[0].message}")
        yield f"      <failure message={first}>{_lines(errors)}</failure>"
    warnings = [d for d in found if d.severity != "error"]
    if warnings:
        yield f"      <system-out>{_lines(warnings)}</system-out>"
    yield "    </testcase>"


def _lines(found: Sequence[Diagnostic]) -> str:
    return escape(_printable("\n".join(map(str, found))))


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return "".join(
        c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "?" for c in text
    )
