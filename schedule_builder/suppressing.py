"""Comments in a file that silence findings.

# schedule-builder: ignore[SB402]         on the line of the finding, or alone on the one before
# schedule-builder: ignore-file[SB409]    anywhere: in the whole file
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schedule_builder.diagnostics import Diagnostic, Edit, Fix, Kind, Report, Source, Span, closest

UNUSED = Kind("SB901", "unused-suppression", "warning")
BAD = Kind("SB902", "bad-suppression", "error")

_COMMENT = re.compile(r"#[ \t]*schedule-builder[ \t]*:[ \t]*([^\r\n]*)")
_VERB = re.compile(r"(ignore-file|ignore)[ \t]*\[([^\]]*)\]")
_COMMENT_LINES = re.compile(r"[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|(#)")


@dataclass
class _Suppression:
    code: str
    row: int | None
    """The line it is for; None for all of them."""
    span: Span
    comment: Span
    used: bool = False


def suppress(source: Source, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings that no comment silences, and those about the comments."""
    report = Report(source)
    suppressions = list(_read(source, report))
    kept = []
    for diagnostic in diagnostics:
        silencing = [
            s
            for s in suppressions
            if diagnostic.filename == source.filename
            and diagnostic.code == s.code
            and s.row in (None, diagnostic.row)
        ]
        for suppression in silencing:
            suppression.used = True
        if not silencing:
            kept.append(diagnostic)
    for suppression in suppressions:
        if not suppression.used:
            alone = sum(s.comment == suppression.comment for s in suppressions) == 1
            report.add(
                UNUSED,
                suppression.span,
                f"nothing here is silenced: there is no {suppression.code}"
                f"{' on this line' if suppression.row else ' in this file'}. Remove it",
                fix=_removal(source.text, suppression.comment) if alone else None,
            )
    return sorted(kept + report.diagnostics)


def _removal(text: str, comment: Span) -> Fix:
    start, end = comment
    line_start = text.rfind("\n", 0, start) + 1
    if not text[line_start:start].strip():
        start = line_start
        end = text.find("\n", end) + 1 or len(text)
    else:
        start = line_start + len(text[line_start:start].rstrip(" \t"))
    return Fix("Remove this suppression", (Edit(start, end, ""),), safe=True)


def _read(source: Source, report: Report) -> Iterable[_Suppression]:
    from schedule_builder.manual import NAMES, RULES  # few files need it

    text = source.text
    for match in _COMMENT.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        before = text[line_start : match.start()]
        if any(m[1] for m in _STRING.finditer(before)) or before.count('"') % 2:
            continue
        comment = Span(match.start(), match.start(1) + len(match[1].rstrip()))
        verb = _VERB.match(match[1])
        if verb is None:
            report.add(
                BAD,
                comment,
                "this silences nothing: write `ignore[CODE]` or `ignore-file[CODE]`, such as"
                " `# schedule-builder: ignore[SB402]`",
            )
            continue
        row, _ = source.position(match.start())
        if not before.strip() and (following := _COMMENT_LINES.match(text, match.end())):
            row += following[0].count("\n")
        for word in re.finditer(r"[^,\s]+", verb[2]):
            code = NAMES.get(word[0].lower(), word[0].upper())
            start = match.start(1) + verb.start(2) + word.start()
            span = Span(start, start + len(word[0]))
            if code in RULES:
                line = None if verb[1] == "ignore-file" else row
                yield _Suppression(code, line, span, comment)
                continue
            guess = closest(word[0], [*RULES, *NAMES])
            hint = f": did you mean {guess}?" if guess else ""
            report.add(BAD, span, f"there is no rule `{word[0]}`{hint}")
