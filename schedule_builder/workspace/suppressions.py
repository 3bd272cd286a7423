"""Comments in a file that suppress findings.

# schedule-builder: ignore[SB402]         on the line of the finding, or alone on the one before
# schedule-builder: ignore-file[SB409]    anywhere: in the whole file
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schedule_builder.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Report,
    Span,
    Words,
    did_you_mean,
)
from schedule_builder.reading.comments import notes
from schedule_builder.reading.tree import Document
from schedule_builder.rules.kinds import BAD_SUPPRESSION, UNUSED_SUPPRESSION
from schedule_builder.rules.pages import KINDS, NAMES, find

_MARK = re.compile(r"#[ \t]*schedule-builder[ \t]*:[ \t]*([^#]*)", re.IGNORECASE)
_VERB = re.compile(r"(ignore-file|ignore)[ \t]*\[([^\]]*)\]")
_COMMENT_LINES = re.compile(r"[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_AFTER = re.compile(r"[ \t]*,[ \t]*")
_BEFORE = re.compile(r",[ \t]*\Z")


class _Suppression:
    def __init__(self, code: str, row: int | None, span: Span, comment: Span) -> None:
        self.code = code
        self.row = row
        """The line it is for; None for all of them."""
        self.span = span
        self.comment = comment
        self.used = False


def suppress(document: Document, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings that no comment suppresses, and those about the comments."""
    source = document.source
    report = Report(source)
    suppressions = list(_read(document, report))
    kept = []
    for diagnostic in diagnostics:
        suppressing = [
            s
            for s in suppressions
            if diagnostic.filename == source.filename
            and diagnostic.code == s.code
            and s.row in (None, diagnostic.row)
        ]
        for suppression in suppressing:
            suppression.used = True
        if not suppressing:
            kept.append(diagnostic)
    for suppression in suppressions:
        if not suppression.used:
            beside = [s for s in suppressions if s.comment == suppression.comment]
            if not any(s.used for s in beside):
                # One edit takes all of them.
                is_first = suppression is beside[0]
                edit = _whole(source.text, suppression.comment) if is_first else None
            else:
                edit = _one(source.text, suppression.span)
            code = suppression.code
            words = Words(
                "unused suppression: {code} is not reported on this line. Remove it", code=code
            )
            if suppression.row is None:
                words = Words(
                    "unused suppression: {code} is not reported in this file. Remove it", code=code
                )
            report.add(
                UNUSED_SUPPRESSION,
                suppression.span,
                words,
                fix=Fix("Remove this suppression", (edit,), safe=True) if edit else None,
            )
    return sorted(kept + report.diagnostics)


def _whole(text: str, comment: Span) -> Edit:
    """Takes out a comment, and its line where that is its own."""
    start, end = comment
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end) + 1 or len(text)
    if not text[line_start:start].strip() and not text[end:line_end].strip():
        return Edit(line_start, line_end, "")
    return Edit(line_start + len(text[line_start:start].rstrip(" \t")), end, "")


def _one(text: str, code: Span) -> Edit:
    """Takes one code out of several."""
    start, end = code
    if comma := _AFTER.match(text, end):
        return Edit(start, comma.end(), "")
    before = _BEFORE.search(text, 0, start)
    return Edit(before.start() if before else start, end, "")


def _read(document: Document, report: Report) -> Iterator[_Suppression]:

    source, text = document.source, document.source.text
    for note in notes(document):
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
            row, column = source.position(note.start)
            is_alone = not text[note.start - column + 1 : note.start].strip()
            if is_alone and (following := _COMMENT_LINES.match(text, note.start)):
                row += following[0].count("\n")
            for word in re.finditer(r"[^,\s]+", verb[2]):
                code = NAMES.get(word[0].lower(), word[0].upper())
                start = begin + verb.start(2) + word.start()
                span = Span(start, start + len(word[0]))
                if code in KINDS:
                    line = None if verb[1] == "ignore-file" else row
                    yield _Suppression(code, line, span, comment)
                    continue
                report.add(BAD_SUPPRESSION, span, _unknown(word[0]))


def _unknown(word: str) -> Words:
    group = find(word)
    if len(group) > 1:
        return Words(
            "unknown rule `{word}`: write whole codes, such as {code}",
            word=word,
            code=group[0].code,
        )
    guess = did_you_mean(word.upper(), KINDS) or did_you_mean(word.lower(), NAMES)
    if guess:
        return Words("unknown rule `{word}`: did you mean {guess}?", word=word, guess=guess)
    return Words("unknown rule `{word}`: see `schedule-builder rules`", word=word)
