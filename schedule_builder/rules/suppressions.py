"""Comments in a file that suppress findings.

# schedule-builder: ignore[SB402]         on the line of the finding, or alone on the one before
# schedule-builder: ignore-file[SB409]    anywhere: in the whole file
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schedule_builder.diagnostics import (
    TOO_LARGE,
    Diagnostic,
    Edit,
    Fix,
    Report,
    Span,
    Words,
    in_order,
)
from schedule_builder.reading.comments import notes
from schedule_builder.reading.positions import begins_line, blanks_before
from schedule_builder.reading.tree import Document
from schedule_builder.rules.kinds import BAD_SUPPRESSION, UNUSED_SUPPRESSION
from schedule_builder.rules.pages import KINDS, NAMES, find, similar

_MARK = re.compile(r"#[ \t]*schedule-builder[ \t]*:[ \t]*([^#]*)", re.IGNORECASE)
_VERB = re.compile(r"(ignore-file|ignore)[ \t]*\[([^\]]*)\]")
_COMMENT_LINES = re.compile(r"[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_AFTER = re.compile(r"[ \t]*,[ \t]*")
_REST_OF_LINE = re.compile(r"[ \t\r]*(?:\n|\Z)")


class _Suppression(NamedTuple):
    code: str
    row: int | None
    """The line it is for; None for all of them."""
    span: Span
    comment: Span


def suppress(document: Document, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings that no comment suppresses, and those about the comments."""
    source = document.source
    report = Report(source)
    suppressions = list(_read(document, report))
    by_place: dict[tuple[str, int | None], list[_Suppression]] = {}
    for suppression in suppressions:
        by_place.setdefault((suppression.code, suppression.row), []).append(suppression)
    used: set[tuple[str, int | None]] = set()
    kept = []
    for diagnostic in diagnostics:
        places: set[tuple[str, int | None]] = set()
        if diagnostic.filename == source.filename:
            places = {(diagnostic.code, None), (diagnostic.code, diagnostic.row)}
        suppressing = places & by_place.keys()
        used |= suppressing
        if not suppressing:
            kept.append(diagnostic)
    if any(diagnostic.code == TOO_LARGE.code for diagnostic in diagnostics):
        # Not all findings are known, so that no comment is certainly unused.
        return list(in_order(kept + report.diagnostics))
    by_comment: dict[Span, list[_Suppression]] = {}
    for suppression in suppressions:
        by_comment.setdefault(suppression.comment, []).append(suppression)
    for beside in by_comment.values():
        unused = [s for s in beside if (s.code, s.row) not in used]
        for suppression in unused:
            edit: Edit | None
            if len(unused) < len(beside):
                edit = _one(source.text, suppression.span)
            else:
                # One edit removes all of them.
                is_first = suppression is beside[0]
                edit = _whole(source.text, suppression.comment) if is_first else None
            _report_unused(suppression, edit, report)
    return list(in_order(kept + report.diagnostics))


def comment_for(document: Document, finding: Diagnostic) -> tuple[int, str] | None:
    """The line of the comment that suppresses this finding, and the rule as written there."""
    source = document.source
    for suppression in _read(document, Report(source)):
        if suppression.code == finding.code and suppression.row in (finding.row, None):
            start, end = suppression.span
            return source.position(start)[0], source.text[start:end]
    return None


def _report_unused(suppression: _Suppression, edit: Edit | None, report: Report) -> None:
    code = suppression.code
    words = Words("unused suppression: {code} is not reported on this line. Remove it", code=code)
    if suppression.row is None:
        words = Words(
            "unused suppression: {code} is not reported in this file. Remove it", code=code
        )
    fix = Fix("Remove this suppression", (edit,), safe=True) if edit else None
    report.add(UNUSED_SUPPRESSION, suppression.span, words, fix=fix)


def _whole(text: str, comment: Span) -> Edit:
    """Removes a comment, with its line if nothing else is on it."""
    start, end = comment
    before = blanks_before(text, start)
    rest = _REST_OF_LINE.match(text, end)
    if rest is not None and begins_line(text, before):
        return Edit(before, rest.end(), "")
    return Edit(before, end, "")


def _one(text: str, code: Span) -> Edit:
    """Removes one of several codes."""
    start, end = code
    if comma := _AFTER.match(text, end):
        return Edit(start, comma.end(), "")
    before = blanks_before(text, start)
    return Edit(before - 1 if text[before - 1 : before] == "," else start, end, "")


def _read(document: Document, report: Report) -> Iterator[_Suppression]:
    source, text = document.source, document.source.text
    lines_end, row_after = 0, 1
    for note in notes(document):
        if "schedule-builder" not in note.text.lower():
            continue
        row, _ = source.position(note.start)
        if begins_line(text, note.start):
            # It is for the line after it and other lines of comments, which are looked at once.
            if note.start >= lines_end and (following := _COMMENT_LINES.match(text, note.start)):
                lines_end = following.end()
                row_after = row + following[0].count("\n")
            row = row_after if note.start < lines_end else row
        for match in _MARK.finditer(note.text):
            begin = note.start + match.start(1)
            comment = Span(note.start + match.start(), begin + len(match[1].rstrip()))
            verb = _VERB.match(match[1])
            if verb is None or not verb[2].strip():
                report.add(
                    BAD_SUPPRESSION,
                    comment,
                    Words(
                        "malformed suppression: expected `ignore[CODE]` or `ignore-file[CODE]`,"
                        " such as `# schedule-builder: ignore[SB402]`"
                    ),
                )
                continue
            for word in re.finditer(r"[^,\s]+", verb[2]):
                code = NAMES.get(word[0].lower(), word[0].upper())
                start = begin + verb.start(2) + word.start()
                span = Span(start, start + len(word[0]))
                if code in KINDS:
                    line = None if verb[1] == "ignore-file" else row
                    yield _Suppression(code, line, span, comment)
                    continue
                report.add(BAD_SUPPRESSION, span, _unknown(word[0], report))


def _unknown(word: str, report: Report) -> Words:
    if group := find(word):
        return Words(
            "unknown rule `{word}`: write whole codes, such as {code}",
            word=word,
            code=group[0].code,
        )
    if report.may_suggest() and (guess := similar(word)):
        return Words("unknown rule `{word}`: did you mean `{guess}`?", word=word, guess=guess)
    return Words("unknown rule `{word}`: see `schedule-builder rules`", word=word)
