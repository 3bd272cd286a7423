"""SARIF 2.1.0, which code-scanning services read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from schedule_builder._version import __version__
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.output.findings import HOMEPAGE, Findings, fix_as_dict
from schedule_builder.printable import json_text
from schedule_builder.rules.pages import KINDS, address, manual

_Json = dict[str, Any]


def render(findings: Findings) -> str:
    """The whole output."""
    codes = sorted({d.code for d in findings.diagnostics})
    results = [_result(d, codes, findings) for d in findings.diagnostics]
    driver = {
        "name": "schedule-builder",
        "version": __version__,
        "informationUri": HOMEPAGE,
        "rules": [_rule(code) for code in codes],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }
    return json_text(log)


def _result(found: Diagnostic, codes: Sequence[str], findings: Findings) -> _Json:
    span = (found.row, found.column, found.end_row, found.end_column)
    result: _Json = {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": found.severity,
        "message": {"text": found.message},
        "locations": [_location(found.filename, span)],
        "partialFingerprints": {"path/v1": f"{found.code}:{found.path}"},
    }
    if found.related:
        result["relatedLocations"] = [
            _location(r.filename or found.filename, r[:4]) | {"message": {"text": r.message}}
            for r in found.related
        ]
    if found.fix is not None:
        source = Source(found.filename, findings.texts.get(found.filename, ""))
        replacements = [
            {
                "deletedRegion": _region(
                    *edit["location"].values(), *edit["end_location"].values()
                ),
                "insertedContent": {"text": edit["content"]},
            }
            for edit in fix_as_dict(found.fix, source)["edits"]
        ]
        change = {"artifactLocation": {"uri": _uri(found.filename)}, "replacements": replacements}
        title = {"text": found.fix.title}
        result["fixes"] = [{"description": title, "artifactChanges": [change]}]
    return result


def _rule(code: str) -> _Json:
    kind = KINDS[code]
    return {
        "id": code,
        "name": kind.name,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": _beginning(kind.page)},
        # The pages are Markdown.
        "help": {"text": manual(kind), "markdown": manual(kind)},
        "helpUri": address(kind),
        "defaultConfiguration": {"level": kind.severity},
    }


def _beginning(page: str) -> str:
    """The title of a page and its first paragraph: GitHub accepts 1,024 characters."""
    return " ".join(" ".join(page.split("\n\n")[:2]).split())


def _region(row: int, column: int, end_row: int, end_column: int) -> dict[str, int]:
    return {"startLine": row, "startColumn": column, "endLine": end_row, "endColumn": end_column}


def _location(filename: str, span: tuple[int, int, int, int]) -> _Json:
    place = {"artifactLocation": {"uri": _uri(filename)}, "region": _region(*span)}
    return {"physicalLocation": place}


def _uri(filename: str) -> str:
    # A path that begins at the root is a whole address, and not relative to the repository.
    address = quote(filename.encode("utf-8", "surrogateescape"))
    return f"file://{address}" if filename.startswith("/") else address
