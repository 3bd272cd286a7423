"""How findings and schedules are shown: one file for each format or kind of picture.

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
"""The output formats of findings. Each is the module of its name, whose `render` gives the whole
output; it is imported where the format is asked for."""
STATISTICS = "statistics"
"""The module that counts findings in place of showing them."""
_FROM_CURRENT_FOLDER = ("text", "full", "json", STATISTICS)
"""Formats whose readers open the files themselves. Others name files from their repository."""
_ESCAPED = ("json", "sarif")
"""Formats that hold every name, escaped."""


def renderer(name: str) -> Callable[[Findings], str]:
    """The function that shows findings in a format.

    It is the one way out: no control character of a name, of a message or of a source gets through.
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
