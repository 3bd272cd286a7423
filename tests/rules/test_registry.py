"""The registry of rules, and how their findings are worded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import BoolValue, Int64Value

from schedule_builder import rules
from schedule_builder.diagnostics import Kind, Words
from schedule_builder.rules import registry
from schedule_builder.rules.pages import KINDS
from schedule_builder.rules.registry import RULES, Finding, Rule, rule

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
