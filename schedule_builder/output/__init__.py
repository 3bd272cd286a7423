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
    "json": "one array of findings",
    "github": "annotations of a pull request on GitHub",
    "sarif": "SARIF 2.1.0, for code-scanning services",
    "junit": "JUnit's XML, for CI services",
}
"""The output formats of findings. Each is the module of its name, whose `render` gives the whole
output; it is imported where the format is asked for."""


def renderer(name: str) -> Callable[[Findings], str]:
    """The function that shows findings in a format."""
    render: Callable[[Findings], str] = import_module(f"{__name__}.{name}").render
    return render
