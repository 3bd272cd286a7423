"""The registry of rules, and how their findings are worded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import BoolValue, Int64Value

from schedule_builder import rules
from schedule_builder.diagnostics import FieldPath, Kind, Remove, Repair, Set, Words
from schedule_builder.rules import registry
from schedule_builder.rules.pages import KINDS
from schedule_builder.rules.registry import RULES, Finding, Rule, check_message, rule

SOURCES = sorted(Path(rules.__file__).parent.glob("*.py"))


def _calls(name: str) -> list[ast.Call]:
    return [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def test_templates_are_literals() -> None:
    calls = _calls("Words")
    assert len(calls) > len(RULES)
    for call in calls:
        (template,) = call.args
        assert isinstance(template, ast.Constant), call.lineno


def test_every_finding_carries_words() -> None:
    """None of them is a text that was put together before."""
    texts = [a for call in _calls("Finding") for a in call.args if isinstance(a, ast.JoinedStr)]
    assert not texts


def test_a_code_is_registered_once() -> None:
    with pytest.raises(ValueError, match="SB402 is registered twice"):
        rule("SB402", "another", "warning")(lambda run: iter(()))


def test_a_rule_is_over_messages_or_over_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RULES", {})
    monkeypatch.setattr(registry, "_SUBJECTS", {})

    def of_a_run(run: Any) -> Iterator[Finding]:
        """A page."""
        yield from ()

    def of_messages(message: Any) -> Iterator[Finding]:
        yield from ()

    assert rule("SB998", "one", "warning")(of_a_run) is of_a_run
    assert rule("SB999", "other", "error", BoolValue, Int64Value)(of_messages) is of_messages
    assert {
        "SB998": Rule(Kind("SB998", "one", "warning", "A page."), of_a_run),
        "SB999": Rule(Kind("SB999", "other", "error", ""), of_messages),
    } == registry.RULES
    one, other = registry.RULES.values()
    subjects = {"": [one], "google.protobuf.BoolValue": [other]}
    assert subjects | {"google.protobuf.Int64Value": [other]} == registry._SUBJECTS


def test_every_rule_has_a_page_and_is_in_the_manual() -> None:
    assert set(RULES) < set(KINDS)
    assert all(kind.page and kind.title.endswith(".") for kind in KINDS.values())


def test_names_of_fields_are_those_that_the_reader_knows() -> None:
    words = Words("{name:field} is above `warmup_steps`", name="decay_steps")
    assert str(words) == "`decay_steps` is above `warmup_steps`"
    names = {"decay_steps": "learning_rate_decay_steps"}
    assert words.render(names) == "`learning_rate_decay_steps` is above `warmup_steps`"


CODES = ("SB301", "SB999", "SB303", "SB304")


def test_findings_of_broken_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules about entries look at them all, and those about presence at none inside of them."""

    def two(_: Any) -> Iterator[Finding]:
        yield Finding(("x", "y"), Words("inside"))
        yield Finding(("z",), Words("beside"))

    made = [Rule(Kind(code, code, "error", ""), two) for code in CODES]
    monkeypatch.setattr(registry, "_SUBJECTS", {"google.protobuf.BoolValue": made})

    def found(path: FieldPath, *broken: FieldPath) -> list[str]:
        checked = check_message(BoolValue(), set(broken), path)
        return [f"{kind.code} {' '.join(map(str, f.path))}" for kind, f in checked]

    def each(*codes: str, paths: tuple[str, ...] = ("a x y", "a z")) -> list[str]:
        return [f"{code} {path}" for code in codes for path in paths]

    assert found((), ()) == each("SB303", "SB304", paths=("x y", "z"))
    assert found(("a",), ()) == each(*CODES[1:])
    assert found(("a",), ("a", "x")) == each(*CODES, paths=("a z",))
    assert found(("a",), ("a", "x", "y")) == each(*CODES, paths=("a z",))
    assert found(("a",), ("a", "x", "y", "w"), ("x",)) == each(*CODES)


def test_a_finding_inside_another_message_has_longer_paths() -> None:
    words, related = Words("one"), Words("other")
    changes = (Set(("b",), "1", like=("c",)), Set(("b",), "2"), Remove(("d",)))
    finding = Finding(("b",), words, ((("c",), related),), Repair("title", changes, safe=True), 7)
    inside = finding.inside(("a", 0))
    assert inside.path == ("a", 0, "b")
    assert inside.related == ((("a", 0, "c"), related),)
    assert inside.repair == Repair(
        "title",
        (
            Set(("a", 0, "b"), "1", like=("a", 0, "c")),
            Set(("a", 0, "b"), "2"),
            Remove(("a", 0, "d")),
        ),
        safe=True,
    )
    assert (inside.words, inside.begin) == (words, 7)
    assert finding._replace(repair=None).inside(("a",)).repair is None
    assert Finding((), words) == Finding((), words, related=(), repair=None, begin=0)
