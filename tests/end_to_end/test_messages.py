"""Every message has an example, which docs/messages.md shows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    path = ROOT / "tools" / "message_examples.py"
    spec = importlib.util.spec_from_file_location("message_examples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_template_has_an_example(examples: ModuleType) -> None:
    """A new one gets a file that gives it, in tests/rule_cases/messages.yaml."""
    shown = {t for e in examples.run_all() for m in e.messages for t in m.templates}
    nets = examples.safety_nets()
    templates = examples.templates()
    assert len(templates) > 300
    missing = {text: file for text, file in templates.items() if text not in shown | nets.keys()}
    assert not missing, f"add a file that gives each of these to {examples.EXAMPLES.name}"
    assert nets.keys() <= templates.keys()
    assert not nets.keys() & shown, "these have an example"


def test_every_example_gives_a_message(examples: ModuleType) -> None:
    for example in examples.run_all():
        assert example.messages, example.source
