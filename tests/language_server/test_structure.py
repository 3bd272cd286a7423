"""Outline, folding, hints, and the schedule rescaled to its run, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.language_server.hints import hints
from schedule_builder.language_server.outline import Entry, folds, outline
from schedule_builder.language_server.rescaling import rescaled

ROOT = Path(__file__).parent.parent.parent
RECIPES = sorted(p for p in (ROOT / "configs").rglob("*") if p.suffix in (".config", ".yaml"))
COSINE = """train_config {
  num_steps: 2000
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    total_steps: 1000
    warmup_steps: 0
    warmup_learning_rate: 0.1
  } } } }
}
"""
PIPELINE = "train_config { num_steps: 5000 optimizer { momentum_optimizer { learning_rate {"


def config_of(text: str, name: str = "a.config") -> Config:
    return examine(Source(name, text))


def shown(entries: list[Entry], depth: int = 0) -> list[str]:
    lines = []
    for entry in entries:
        lines.append(f"{'  ' * depth}{entry.name} {entry.detail}".rstrip())
        lines += shown(entry.children, depth + 1)
    return lines


def test_an_outline() -> None:
    text = "# a\n# b\nmanual_step_learning_rate {\n  schedule { step: 1 }\n  schedule {\n  }\n}\n"
    config = config_of(text)
    assert shown(outline(config)) == [
        "manual_step_learning_rate",
        "  schedule",
        "    step 1",
        "  schedule",
    ]
    assert [(f.first, f.last, f.is_comment) for f in folds(config)] == [
        (0, 1, True),
        (2, 5, False),
    ]
    yaml = (
        "manual_step_learning_rate:\n  schedule:\n    - step: 1\n      learning_rate: 2\n    - {}\n"
    )
    config = config_of(yaml, "a.yaml")
    assert shown(outline(config)) == [
        "manual_step_learning_rate",
        "  schedule",
        "    [0]",
        "      step 1",
        "      learning_rate 2",
        "    [1]",
    ]
    assert [(f.first, f.last) for f in folds(config)] == [(0, 4), (1, 4), (2, 3)]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_places_of_an_outline_nest(path: Path) -> None:
    text = path.read_text()

    def check(entries: list[Entry], start: int, end: int) -> None:
        for entry in entries:
            assert start <= entry.span.start <= entry.name_span.start
            assert entry.name_span.end <= entry.span.end <= end
            check(entry.children, *entry.span)

    config = config_of(text, path.name)
    check(outline(config), 0, len(text))
    assert all(0 <= f.first < f.last <= text.count("\n") for f in folds(config))
    assert all(0 < hint.offset <= len(text) for hint in hints(config))


def with_hints(text: str, name: str = "a.config") -> str:
    """A text with its hints where an editor shows them."""
    for offset, words in reversed(hints(config_of(text, name))):
        text = f"{text[:offset]} [{words}]{text[offset:]}"
    return text


def test_hints() -> None:
    said = with_hints(COSINE)
    assert "num_steps: 2000 [rate 0 at step 1999]" in said
    assert "total_steps: 1000 [rate 0 from step 1000 on]" in said
    short = COSINE.replace("    warmup_steps: 0\n    warmup_learning_rate: 0.1\n", "")
    short = short.replace("total_steps: 1000", "total_steps: 90000").replace("2000", "90000")
    said = with_hints(short)
    named = "cosine_decay_learning_rate [default warmup_learning_rate: 0.0002, warmup_steps: 10000"
    assert named in said
    units = PIPELINE + " step_unit: PERCENT_OF_RUN multi_step_learning_rate {"
    said = with_hints(f"{units} initial_learning_rate: 1 milestones: [30, 60] }} }} }} }} }}")
    assert "[30 [= 1500 steps] [rate 0.1 from step 1500 on], 60 [= 3000 steps]" in said
    assert with_hints("train_config {}") == "train_config {}"


def test_a_schedule_is_rescaled_to_its_run() -> None:
    found = rescaled(config_of(COSINE))
    assert found is not None
    assert found.title == "Rescale the schedule from 1000 to 2000 steps"
    assert found.text == COSINE.replace("1000", "2000")
    assert rescaled(config_of(found.text)) is None
    # Where a last stage has no end, nothing says what it was made for.
    stages = COSINE.partition("cosine_decay")[0].replace("2000", "200")
    stages += "manual_step_learning_rate { schedule { step: 9 learning_rate: 1 } } } } } }"
    assert rescaled(config_of(stages)) is None
