"""The manual of every kind of finding: its code, its name, and a page that explains it."""

from __future__ import annotations

from collections.abc import Iterator

from schedule_builder.diagnostics import Kind
from schedule_builder.reading.findings import FINDINGS
from schedule_builder.rules.kinds import KINDS as REPORTED_ABOVE
from schedule_builder.rules.registry import RULES


def _kinds() -> Iterator[Kind]:
    yield from FINDINGS
    yield from REPORTED_ABOVE
    yield from (rule.kind for rule in RULES.values())


def _dedented(page: str) -> str:
    """A page without the indentation of the code that it is in: that of its closing quotes.

    Python 3.13 and newer take it from docstrings themselves. The least indentation of the lines
    would not tell, as it may be that of an example, which stays.
    """
    margin = page.rpartition("\n")[2]
    return page.replace(f"\n{margin}", "\n").strip() if not margin.strip() else page.strip()


KINDS = {
    kind.code: kind._replace(page=_dedented(kind.page))
    for kind in sorted(_kinds(), key=lambda kind: kind.code)
}
"""All kinds of findings, by code."""
MANUAL = "https://github.com/schedule-builder/schedule-builder/blob/main/docs/rules.md"
"""Where the pages of all kinds are."""
NAMES = {kind.name: code for code, kind in KINDS.items()}


def find(text: str) -> list[Kind]:
    """The kinds of a code, of a name, or of all codes that begin so."""
    code = NAMES.get(text.lower(), text.upper())
    return [kind for kind in KINDS.values() if kind.code.startswith(code)]


def address(kind: Kind) -> str:
    """Where a kind's page is on the web."""
    return f"{MANUAL}#{kind.code.lower()}-{kind.name}"


def manual(kind: Kind) -> str:
    """A kind's page as a terminal shows it."""
    return (
        f"{kind.code} {kind.name} ({kind.severity})\n\n{kind.page}\n\n"
        f"To suppress one, put the comment `# schedule-builder: ignore[{kind.code}]` on its line."
        f'\n`ignore-file[{kind.code}]` suppresses all in a file; `ignore = ["{kind.code}"]` in'
        " the settings, all in a project.\n"
    )
