"""The syntax that all supported versions of Python and their tools take."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("schedule_builder", "tests", "examples", "benchmarks")
"""What mypy checks."""


def stars_in_subscripts(text: str) -> list[int]:
    """The lines of subscripts with a star in them.

    `x[*a, b]` is an error in Python 3.10, which ruff reports. `x[(*a, b)]` is the same to mypy,
    which refuses it where it runs on Python 3.10 and nowhere else.
    """
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple)
        if any(isinstance(part, ast.Starred) for part in node.slice.elts)
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_subscript_has_a_star(folder: str) -> None:
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # Most files have no such thing as `[*`, `[(*` or `, *`, and need not be parsed.
        if any(sign in text for sign in ("[*", "[(*", ", *")) and (at := stars_in_subscripts(text)):
            found[str(path.relative_to(ROOT))] = at
    assert found == {}


def test_what_is_found() -> None:
    assert stars_in_subscripts("x[(*a, 1)]\nx[1, 2]\nx[[*a][0]]\n[*a]\nx[(1, *a)] = 2\n") == [1, 5]
