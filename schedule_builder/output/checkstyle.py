"""Checkstyle's XML, which Jenkins and many other services read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings


def render(findings: Findings) -> str:
    """The whole output."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', '<checkstyle version="4.3">']
    for name, found in findings.by_file().items():
        lines += _file(name, found)
    return "\n".join([*lines, "</checkstyle>"]) + "\n"


def _file(name: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    yield f"  <file name={quoteattr(name)}>"
    for d in found:
        # Services show the part of a source before its last point as a group.
        yield (
            f'    <error line="{d.row}" column="{d.column}" severity="{d.severity}"'
            f" message={quoteattr(f'{d.code} {d.message}')}"
            f' source="schedule-builder.{d.code}"/>'
        )
    yield "  </file>"
