"""How findings are shown: for people, for editors and for the services that run checks."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from schedule_builder._version import __version__
from schedule_builder.diagnostics import Diagnostic, Fix, Related, Source

HOMEPAGE = "https://github.com/schedule-builder/schedule-builder"
_COLORS = {"error": "1;31", "warning": "1;33", "note": "36"}
_EXCERPT = 120


class Findings(NamedTuple):
    """What a run of `validate` found.

    Attributes:
        diagnostics: the findings, by file.
        texts: the files that were checked, and what was in them.
        color: whether to colour what people read.
    """

    diagnostics: Sequence[Diagnostic]
    texts: Mapping[str, str]
    color: bool = False


def summary(findings: Findings) -> str:
    """One line with the counts."""
    counts = Counter(d.severity for d in findings.diagnostics)
    found = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in ("error", "warning")
        if counts[severity]
    ]
    files = len(findings.texts)
    concerned = len({d.filename for d in findings.diagnostics})
    where = f"{files} file{'s' if files != 1 else ''}"
    if not found:
        return f"{where}: no findings."
    fixes = Counter(d.fix.safe for d in findings.diagnostics if d.fix is not None)
    offers = []
    if fixes[True]:
        offers.append(f"`--fix` mends {fixes[True]}")
    if fixes[False]:
        more = f"{fixes[False]} more" if offers else f"mends {fixes[False]}"
        offers.append(f"`--unsafe-fixes` {more}")
    more = f" {', '.join(offers)}." if offers else ""
    part = f"{concerned} of " if concerned < files else ""
    return f"Found {' and '.join(found)} in {part}{where}.{more}"


def _paint(text: str, style: str, findings: Findings) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if findings.color else text


def _head(diagnostic: Diagnostic, findings: Findings) -> str:
    place = f"{diagnostic.filename}:{diagnostic.row}:{diagnostic.column}"
    label = f"{diagnostic.severity}[{diagnostic.code}]"
    label = _paint(label, _COLORS[diagnostic.severity], findings)
    return f"{_paint(place, '1', findings)}: {label} {diagnostic.message}"


def _text(findings: Findings) -> str:
    lines = []
    for diagnostic in findings.diagnostics:
        lines.append(_head(diagnostic, findings))
        lines += [
            f"  {r.filename or diagnostic.filename}:{r.row}:{r.column}: {r.message}"
            for r in diagnostic.related
        ]
    return "".join(line + "\n" for line in [*lines, summary(findings)])


def _full(findings: Findings) -> str:
    sources = {name: text.split("\n") for name, text in findings.texts.items()}
    lines: list[str] = []
    for diagnostic in findings.diagnostics:
        lines.append(_head(diagnostic, findings))
        color = _COLORS[diagnostic.severity]
        name = diagnostic.filename
        excerpts = [(name, diagnostic.row, diagnostic.column, _width(diagnostic), "", color)]
        excerpts += [
            (r.filename or name, r.row, r.column, _width(r), r.message, _COLORS["note"])
            for r in diagnostic.related
        ]
        margin = len(str(max(row for _, row, *_ in excerpts)))
        for name, row, column, marked, message, style in excerpts:
            text = sources.get(name, [])[row - 1 : row]
            if text:
                shown = _excerpt(text[0], column, marked)
                caret = f"{shown[1]}{_paint(shown[2], style, findings)}"
                note = f" {_paint(message, style, findings)}" if message else ""
                lines.append(f"{row:>{margin + 2}} | {shown[0]}")
                lines.append(f"{'':>{margin + 2}} | {caret}{note}")
            elif message:
                lines.append(f"{'':>{margin + 2}} = {name}:{row}:{column}: {message}")
        if diagnostic.fix is not None:
            flag = "--fix" if diagnostic.fix.safe else "--fix --unsafe-fixes"
            lines.append(f"{'':>{margin + 2}} = {diagnostic.fix.title} ({flag})")
        lines.append("")
    return "".join(line + "\n" for line in [*lines, summary(findings)])


def _width(place: Diagnostic | Related) -> int:
    return place.end_column - place.column if place.end_row == place.row else 1


def _excerpt(line: str, column: int, width: int) -> tuple[str, str, str]:
    """A line of source, the blanks before its mark, and the mark."""
    line = line.rstrip("\r")
    first = max(0, column - 1 - _EXCERPT // 2) if len(line) > _EXCERPT else 0
    shown = line[first : first + _EXCERPT]
    before = shown[: column - 1 - first]
    blanks = "".join("\t" if character == "\t" else " " for character in before)
    marks = max(1, min(width, len(shown) - len(before)))
    return shown, blanks, "^" * marks


def _as_dict(diagnostic: Diagnostic, text: str) -> dict[str, Any]:
    fix = diagnostic.fix
    return diagnostic.to_dict() | {
        "path": diagnostic.path,
        "fix": None if fix is None else _fix_as_dict(fix, Source(diagnostic.filename, text)),
    }


def _fix_as_dict(fix: Fix, source: Source) -> dict[str, Any]:
    def at(offset: int) -> dict[str, int]:
        row, column = source.position(offset)
        return {"row": row, "column": column}

    edits = [
        {"location": at(edit.start), "end_location": at(edit.end), "content": edit.text}
        for edit in fix.edits
    ]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _json(findings: Findings) -> str:
    entries = [_as_dict(d, findings.texts.get(d.filename, "")) for d in findings.diagnostics]
    return json.dumps(entries, indent=2) + "\n"


def _github(findings: Findings) -> str:
    """Workflow commands, which GitHub shows as annotations of the lines of a pull request."""

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


def _uri(filename: str) -> str:
    from urllib.parse import quote

    return quote(PurePath(filename).as_posix())


def _sarif(findings: Findings) -> str:
    """SARIF 2.1.0, which code-scanning services take."""
    from schedule_builder.rules.pages import KINDS

    kinds = sorted({d.code for d in findings.diagnostics})

    def region(row: int, column: int, end_row: int, end_column: int) -> dict[str, int]:
        return {
            "startLine": row,
            "startColumn": column,
            "endLine": end_row,
            "endColumn": end_column,
        }

    def location(filename: str, span: tuple[int, int, int, int]) -> dict[str, Any]:
        place = {"artifactLocation": {"uri": _uri(filename)}, "region": region(*span)}
        return {"physicalLocation": place}

    def fixes(d: Diagnostic) -> list[dict[str, Any]]:
        if d.fix is None:
            return []
        edits = _fix_as_dict(d.fix, Source(d.filename, findings.texts.get(d.filename, "")))["edits"]
        replacements = [
            {
                "deletedRegion": region(*edit["location"].values(), *edit["end_location"].values()),
                "insertedContent": {"text": edit["content"]},
            }
            for edit in edits
        ]
        change = {"artifactLocation": {"uri": _uri(d.filename)}, "replacements": replacements}
        return [{"description": {"text": d.fix.title}, "artifactChanges": [change]}]

    results = []
    for d in findings.diagnostics:
        result: dict[str, Any] = {
            "ruleId": d.code,
            "ruleIndex": kinds.index(d.code),
            "level": d.severity,
            "message": {"text": d.message},
            "locations": [location(d.filename, (d.row, d.column, d.end_row, d.end_column))],
            "partialFingerprints": {"path/v1": f"{d.code}:{d.path}"},
        }
        if d.related:
            result["relatedLocations"] = [
                location(r.filename or d.filename, r[:4]) | {"message": {"text": r.message}}
                for r in d.related
            ]
        if changes := fixes(d):
            result["fixes"] = changes
        results.append(result)
    rules = [
        {
            "id": code,
            "name": KINDS[code].name,
            "shortDescription": {"text": KINDS[code].title},
            "fullDescription": {"text": KINDS[code].page},
            "defaultConfiguration": {"level": KINDS[code].severity},
        }
        for code in kinds
    ]
    driver = {
        "name": "schedule-builder",
        "version": __version__,
        "informationUri": HOMEPAGE,
        "rules": rules,
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _junit(findings: Findings) -> str:
    """JUnit's XML, which every CI service shows: a test case for each file."""
    from xml.sax.saxutils import escape, quoteattr  # imports half of the network

    def clean(text: str) -> str:
        return escape(_printable(text))

    def attribute(text: str) -> str:
        return quoteattr(_printable(text))

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
        lines.append(f'    <testcase name={attribute(name)} classname="schedule-builder">')
        errors = [d for d in found if d.severity == "error"]
        if errors:
            text = "\n".join(map(str, errors))
            codes = ", ".join(dict.fromkeys(d.code for d in errors))
            first = attribute(f"{codes}: {errors[0].message}")
            lines.append(f"      <failure message={first}>{clean(text)}</failure>")
        warnings = [d for d in found if d.severity != "error"]
        if warnings:
            text = "\n".join(map(str, warnings))
            lines.append(f"      <system-out>{clean(text)}</system-out>")
        lines.append("    </testcase>")
    lines += ["  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _printable(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return "".join(
        c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "?" for c in text
    )


Renderer = Callable[[Findings], str]
RENDERERS: dict[str, Renderer] = {
    "text": _text,
    "full": _full,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "junit": _junit,
}
"""The output formats of `validate`. Each gives the whole output."""


def default_format() -> str:
    """What to show where nobody chose: annotations under GitHub Actions, or else text."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def wants_color(*, is_terminal: bool) -> bool:
    """Whether to colour: https://no-color.org, and `FORCE_COLOR` for logs that show colours."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")
