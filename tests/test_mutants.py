"""The tools that test the tests: which changes they make, and that the list of equal ones holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from tools.mutation import mutants_of

ROOT = Path(__file__).parent.parent
EQUIVALENT = yaml.safe_load((ROOT / "tests" / "equivalent_mutants.yaml").read_text())


@pytest.mark.parametrize("name", EQUIVALENT)
def test_equivalent_mutants_are_mutants_and_have_a_reason(name: str) -> None:
    keys = {mutant.key for mutant in mutants_of((ROOT / name).read_text())}
    for entry in EQUIVALENT[name]:
        key = entry["in"], entry["line"], entry["becomes"], entry.get("number", 0)
        assert key in keys
        assert entry["because"]


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("x = a < b", ["x = a <= b", "x = None"]),
        ("x = (a) not in (b)", ["x = (a) in (b)", "x = None"]),
        ("x = a + 1 and not b", [
            "x = a + 1 and bool(b)", "x = a + 1 or not b", "x = a + 2 and not b",
            "x = a - 1 and not b", "x = None",
        ]),
        ("if ok(x): x -= 1", ["if not (ok(x)): x -= 1", "if ok(x): x += 1", "if ok(x): x -= 2"]),
        ("yield Finding(x, Words('a message', n=x))", ["yield from ()"]),
        ("raise ValueError('a message')", ["pass"]),
        ("x = min('ab', -1.5)", [
            "x = None", "x = max('ab', -1.5)", "x = min('XXabXX', -1.5)", "x = min('ab', (+1.5))",
            "x = min('ab', -2.5)",
        ]),
        ("x: int | None = y", []),
        ("'''A docstring.'''", []),
    ],
)  # fmt: skip
def test_mutants_of_a_line(line: str, becomes: list[str]) -> None:
    text = f"@rule('SB1', 2)\ndef f(x: int = 0) -> 'int | None':\n    {line}\n"
    found = list(mutants_of(text))
    assert sorted(m.becomes for m in found if m.row == 3) == sorted(becomes)
    assert [m.becomes for m in found if m.row != 3] == ["def f(x: int = 1) -> 'int | None':"]
    for mutant in found:
        ast.parse(mutant.text)
        assert (mutant.scope, mutant.function) == ("f", ("f", 1) if mutant.row == 3 else None)
