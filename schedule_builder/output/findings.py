"""The findings of a run of `validate`, and the texts that several formats share."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from schedule_builder.diagnostics import Diagnostic, Fix, Source, Words
from schedule_builder.printable import printable

WITH_SUMMARY = ("text", "full", "markdown", "github", "statistics")
"""The outputs that end with the summary."""
HOMEPAGE = "https://github.com/schedule-builder/schedule-builder"
_MOST_LEFT_OUT = 5
_LAYOUT = "\t\r\n"
COLORS = {"error": "1;31", "warning": "1;33", "note": "36"}


class Findings(NamedTuple):
    """The findings of a run of `validate`.

    Attributes:
        diagnostics: the findings, by file.
        texts: the files that were checked, with their texts.
        known: the number of findings in baselines.
        left_out: the files that are nearly configs and were not checked, with the reason.
        color: whether to colour outputs for people.
        is_quiet: whether to leave out the summary.
        counted: all findings, where `diagnostics` are not all.
        failing_warnings: the files whose warnings make the run fail.
    """

    diagnostics: Sequence[Diagnostic]
    texts: Mapping[str, str]
    known: int = 0
    left_out: Sequence[str] = ()
    color: bool = False
    is_quiet: bool = False
    counted: Sequence[Diagnostic] = ()
    failing_warnings: frozenset[str] = frozenset()

    @property
    def all(self) -> Sequence[Diagnostic]:
        """All findings, those that are not shown included."""
        return self.counted or self.diagnostics

    def fails(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding makes the run fail."""
        return diagnostic.severity == "error" or diagnostic.filename in self.failing_warnings

    def by_file(self) -> dict[str, list[Diagnostic]]:
        """The findings of each file that was checked, or that has findings."""
        found: dict[str, list[Diagnostic]] = {name: [] for name in self.texts}
        for diagnostic in self.diagnostics:
            found.setdefault(diagnostic.filename, []).append(diagnostic)
        return found

    def printable(self, *, with_texts: bool = False) -> Findings:
        """The same, without characters that move a cursor or begin a command of a CI service.

        Args:
            with_texts: whether the texts of the files are shown as well.
        """
        return self.mapped(
            name=printable,
            words=printable,
            text=_printable_lines if with_texts else str,
        )

    def mapped(
        self,
        *,
        name: Callable[[str], str] = str,
        words: Callable[[str], str] = str,
        text: Callable[[str], str] = str,
    ) -> Findings:
        """The same with other names of files, other words or other texts of the files."""

        def changed(found: Diagnostic) -> Diagnostic:
            related = tuple(
                r._replace(filename=r.filename and name(r.filename), words=_words(r.words, words))
                for r in found.related
            )
            fix = found.fix and found.fix._replace(title=words(found.fix.title))
            return found._replace(
                filename=name(found.filename),
                words=_words(found.words, words),
                related=related,
                fix=fix,
            )

        return self._replace(
            diagnostics=[changed(found) for found in self.diagnostics],
            texts={name(key): text(value) for key, value in self.texts.items()},
            left_out=[words(line) for line in self.left_out],
            failing_warnings=frozenset(map(name, self.failing_warnings)),
        )


def _printable_lines(text: str) -> str:
    return printable(text, kept=_LAYOUT)


def _words(words: Words, change: Callable[[str], str]) -> Words:
    text = str(words)
    new = change(text)
    return words if new == text else Words("{text}", text=new)


def not_checked(reason: str) -> str:
    """A line about a file that was not checked."""
    return printable(f"not checked: {reason}")


def ending(findings: Findings) -> list[str]:
    """The lines that end a report for people: a summary, or none with `--quiet`."""
    return [] if findings.is_quiet else [summary(findings)]


def summary(findings: Findings) -> str:
    """One line with the counts, and one for each file that was left out."""
    left_out = findings.left_out[:_MOST_LEFT_OUT]
    more = len(findings.left_out) - len(left_out)
    lines = [counts(findings), *map(not_checked, left_out)]
    if more:
        lines.append(not_checked(f"{more} more, see `--list-files`"))
    return "\n".join(lines)


def counts(findings: Findings) -> str:
    """How many findings there are, in how many files, and how many can be fixed."""
    by_severity = Counter(d.severity for d in findings.all)
    found = [
        f"{by_severity[severity]} {severity}{'s' if by_severity[severity] > 1 else ''}"
        for severity in ("error", "warning")
        if by_severity[severity]
    ]
    files = len(findings.texts)
    concerned = len({d.filename for d in findings.all})
    where = f"{files} file{'s' if files != 1 else ''}"
    known = f" ({findings.known} known)" if findings.known else ""
    if not found:
        return f"{where}: no {'new ' if known else ''}findings{known}."
    fixes = Counter(d.fix.safe for d in findings.all if d.fix is not None)
    offers = []
    if fixes[True]:
        offers.append(f"{fixes[True]} fixable with `--fix`")
    if fixes[False]:
        more = "more" if offers else "fixable"
        offers.append(f"{fixes[False]} {more} with `--unsafe-fixes`")
    more = f" {', '.join(offers)}." if offers else ""
    part = f"{concerned} of " if concerned < files else ""
    return f"Found {' and '.join(found)} in {part}{where}{known}.{more}"


def paint(text: str, style: str, findings: Findings) -> str:
    """The text in a colour, where colours are wanted."""
    return f"\x1b[{style}m{text}\x1b[0m" if findings.color else text


def headline(diagnostic: Diagnostic, findings: Findings) -> str:
    """A finding in one line."""
    place = f"{diagnostic.filename}:{diagnostic.row}:{diagnostic.column}"
    label = f"{diagnostic.severity}[{diagnostic.code}]"
    label = paint(label, COLORS[diagnostic.severity], findings)
    return f"{paint(place, '1', findings)}: {label} {diagnostic.message}"


def fix_as_dict(fix: Fix, source: Source) -> dict[str, Any]:
    """A fix as programs take it: its edits by row and column."""

    def at(offset: int) -> dict[str, int]:
        row, column = source.position(offset)
        return {"row": row, "column": column}

    edits = [
        {"location": at(edit.start), "end_location": at(edit.end), "content": edit.text}
        for edit in fix.edits
    ]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def default_format() -> str:
    """The default format: annotations under GitHub Actions, text elsewhere."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def wants_color(*, is_terminal: bool) -> bool:
    """Whether to colour, by `NO_COLOR` (https://no-color.org), `FORCE_COLOR` and the output."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")
