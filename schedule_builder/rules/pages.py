"""The manual of every kind of finding: its code, its name, and a page that explains it."""

from __future__ import annotations

from collections.abc import Iterator

from schedule_builder.diagnostics import Kind, did_you_mean
from schedule_builder.reading.findings import FINDINGS
from schedule_builder.rules.kinds import KINDS as REPORTED_ABOVE
from schedule_builder.rules.registry import RULES

SITE = "https://schedule-builder.github.io/schedule-builder/"
"""The address of the documentation: `Documentation` among the urls in `pyproject.toml`."""


_DIGITS = str.maketrans("OIL", "011")
_LIKE = 0.8
"""The least similarity of a name and its misspelling."""


def _kinds() -> Iterator[Kind]:
    yield from FINDINGS
    yield from REPORTED_ABOVE
    yield from (rule.kind for rule in RULES.values())


def _dedented(page: str) -> str:
    """A page without the indentation of its docstring: that of the closing quotes.

    Python 3.13 and newer remove it themselves. It cannot be found as the least indentation of the
    lines: that may be the indentation of an example, which has to stay.
    """
    margin = page.rpartition("\n")[2]
    return page.replace(f"\n{margin}", "\n").strip() if not margin.strip() else page.strip()


KINDS = {
    kind.code: kind._replace(page=_dedented(kind.page))
    for kind in sorted(_kinds(), key=lambda kind: kind.code)
}
"""All kinds of findings, by code."""
NAMES = {kind.name: code for code, kind in KINDS.items()}


def similar(word: str) -> str | None:
    """The code or the name that a word is a misspelling of; None where there is none.

    Another number is another rule: only a letter for a digit is a slip, as in `SB4O2`.
    """
    digits = word.upper().removeprefix("SB").translate(_DIGITS).strip("-_ ")
    if f"SB{digits}" in KINDS:
        return f"SB{digits}"
    return did_you_mean(word.lower(), NAMES, cutoff=_LIKE)


def find(text: str) -> list[Kind]:
    """The kinds with a code or a name, or whose codes begin with the text."""
    code = NAMES.get(text.lower(), text.upper())
    return [kind for kind in KINDS.values() if kind.code.startswith(code)]


def address(kind: Kind) -> str:
    """The address of a rule's page on the documentation site.

    It is made from the code, as codes are never reused and names may change.

    >>> address(KINDS["SB402"])
    'https://schedule-builder.github.io/schedule-builder/rules/SB402.html'
    """
    return f"{SITE}rules/{kind.code}.html"


def manual(kind: Kind) -> str:
    """A kind's page as a terminal shows it."""
    return (
        f"{kind.code} {kind.name} ({kind.severity})\n\n{kind.page}\n\n"
        f"To suppress one, put the comment `# schedule-builder: ignore[{kind.code}]` on its line."
        f'\n`ignore-file[{kind.code}]` suppresses all in a file; `ignore = ["{kind.code}"]` in'
        f" the settings, all in a project.\n\n{address(kind)}\n"
    )
