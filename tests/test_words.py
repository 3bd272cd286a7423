"""Messages are literal templates, so that all of them can be listed and read."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import schedule_builder

PACKAGE = Path(schedule_builder.__file__).parent
OWN = PACKAGE / "diagnostics.py"
"""The class itself, which makes words of words."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != OWN and path.parent.name != "v1")
# What the style guide replaces by a plain word.
REPLACED = re.compile(
    r"\bmend|\bsilence|\bis no\b|\bstands for\b|\bbehind\b|\bgo on\b|\bgoes on\b|\banew\b"
)


def calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Words"
    ]


def template(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


USING = [path for path in FILES if calls(path)]


def test_words_are_found() -> None:
    assert sum(len(calls(path)) for path in USING) > 100


@pytest.mark.parametrize("path", USING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_templates_are_literal_and_have_their_values(path: Path) -> None:
    for call in calls(path):
        place = f"{path.name}:{call.lineno}"
        text = template(call)
        assert text is not None, f"{place}: the template has to be a literal"
        fields = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        names = {keyword.arg for keyword in call.keywords}
        # Words without any values may be filled later, and `**values` say nothing.
        assert fields == names or not names or None in names, f"{place}: {fields ^ names}"


@pytest.mark.parametrize(
    "path", [p for p in USING if p.parent.name == "reading"], ids=lambda path: path.name
)
def test_words_are_plain(path: Path) -> None:
    for call in calls(path):
        text = template(call) or ""
        assert not REPLACED.search(text), f"{path.name}:{call.lineno}: {text}"
