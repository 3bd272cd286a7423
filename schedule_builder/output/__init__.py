"""The output of findings and schedules: one file for each format or kind of picture.

In: findings, or a config and its schedule. Out: text, or a picture. Imports `config` and what is
below; it must not know `workspace` and `frameworks`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schedule_builder.output.findings import Findings

RENDERERS = {
    "text": "one line for each finding",
    "full": "each finding with its line of source and its fix",
    "markdown": "a table, for summaries of CI services and for comments",
    "json": "one array of findings",
    "github": "annotations of a pull request on GitHub",
    "gitlab": "code quality of a merge request on GitLab",
    "sarif": "SARIF 2.1.0, for code-scanning services",
    "junit": "JUnit's XML, for CI services",
    "checkstyle": "Checkstyle's XML, for CI services",
    "rdjson": "reviewdog's JSON, for reviews on any service",
}
"""The output formats of findings. Each has a module of its name with a function `render` for the
whole output; it is imported when the format is used."""
STATISTICS = "statistics"
"""The module that counts findings instead of listing them."""
WITH_COMMANDS = "github"
"""The format whose lines are commands of a CI service."""
_FROM_CURRENT_FOLDER = ("text", "full", "json", STATISTICS)
"""Formats that name files from the current folder. Others name them from the repository."""
_ESCAPED = ("json", "sarif")
"""Formats that hold every name, escaped."""


def renderer(name: str) -> Callable[[Findings], str]:
    """The function that shows findings in a format.

    All output passes it: it replaces control characters in names, messages and sources.
    """
    render: Callable[[Findings], str] = import_module(f"{__name__}.{name}").render

    def shown(findings: Findings) -> str:
        if name not in _FROM_CURRENT_FOLDER:
            from schedule_builder.output.paths import in_repository  # noqa: PLC0415 - 1 ms, for programs

            findings = findings.mapped(name=in_repository)
        if name not in _ESCAPED:
            findings = findings.printable(with_texts=name == "full")
        return render(findings)

    return shown
