"""Messages are literal templates, so that all of them can be listed and read."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

import schedule_builder

PACKAGE = Path(schedule_builder.__file__).parent
OWN = PACKAGE / "diagnostics.py"
"""The class itself, which makes words of words."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != OWN and path.parent.name != "v1")
ROOT = Path(__file__).parent.parent
THIS = Path(__file__)
"""Holds examples of the words."""
REPLACED: dict[re.Pattern[str], str] = {
    # Between the words of a phrase a comment or a string may continue on the next line.
    re.compile(
        r"\b(?:" + pattern.replace(" ", r"\"?[ \n]+(?:(?:#|//|f?\")[ ]*)?") + r")\b",
        re.IGNORECASE,
    ): plain
    for pattern, plain in yaml.safe_load(
        (ROOT / "tests/support/replaced_words.yaml").read_text(encoding="utf-8")
    ).items()
}
READ = [
    *(path for path in PACKAGE.rglob("*.py") if path.parent.name != "v1"),
    *(ROOT / "protos").rglob("*.proto"),
    *(
        path
        for room in ("tools", "benchmarks", "examples", "tests")
        for path in (ROOT / room).rglob("*.py")
        if path != THIS
    ),
    *(path for path in (ROOT / "configs").rglob("*") if path.is_file()),
    *(path for path in (ROOT / "web").iterdir() if path.suffix in (".mjs", ".html")),
    *(ROOT / "web" / "src").iterdir(),
    *(ROOT / ".github").rglob("*.yml"),
    *ROOT.glob(".*.yaml"),
    *(ROOT / name for name in ("Makefile", "action.yml", "pyproject.toml")),
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
]
"""What a person reads, as text or in the code: all of each file, names included."""


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


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_plain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for pattern, plain in REPLACED.items():
        for match in pattern.finditer(text):
            row = text.count("\n", 0, match.start()) + 1
            pytest.fail(f"{path.relative_to(ROOT)}:{row}: `{match[0]}`. Write: {plain}")


def test_the_list_finds_its_words() -> None:
    found = [
        "mended", "is no", "is\n    # no", "goes\n    on", "nobody", "comes to 0", "Behind",
        'stands"\n        " for',
    ]  # fmt: skip
    for text in found:
        assert any(pattern.search(f"x {text} x") for pattern in REPLACED), text
    for text in ("there is no rule", "is no longer", "amends", "goes one", "becomes to"):
        assert not any(pattern.search(f"x {text} x") for pattern in REPLACED), text
