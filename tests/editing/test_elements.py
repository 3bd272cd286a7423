"""Messages about an element of a list name the list as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.config import load
from schedule_builder.diagnostics import Source
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rescale import rescale
from schedule_builder.editing.set import Setting, edit
from schedule_builder.editing.step_units import in_unit

PACKAGE = Path(__file__).parent.parent.parent / "schedule_builder"
MERGED = """\
task:
  model: &base {boundaries: [600, 800], values: [0.1, 0.01, 0.001]}
trainer:
  train_steps: 1000
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate:
      type: stepwise
      stepwise:
        <<: *base
"""
MILESTONES = "multi_step_learning_rate { initial_learning_rate: 1 milestones: [605, 800] }"


def merged() -> Config:
    return examine(Source("a.yaml", MERGED))


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (Setting("boundaries[0]", "500"), "boundaries[0]"),
        (Setting("boundaries[-1]", "500"), "boundaries[1]"),
        (Setting("boundaries[]", "900"), "boundaries[2]"),
        (Setting("boundaries", "[500, 900]"), "boundaries"),
        (Setting("stepwise.values[1]", None), "values[1]"),
    ],
)
def test_an_element_that_is_merged(setting: Setting, name: str) -> None:
    with pytest.raises(EditingError) as refused:
        edit(merged(), [setting])
    assert f"`{name}` is merged into the block at line 10 (`<<`)" in str(refused.value)


def test_an_element_that_is_rescaled() -> None:
    said = r"^a\.yaml:2:30: `boundaries\[0\]` is merged into the block at line 10 \(`<<`\)"
    with pytest.raises(EditingError, match=said):
        rescale(merged(), 2000)


def test_an_element_that_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(MILESTONES)
    overridden = load(path, overrides=["milestones=[600, 800]"], num_steps=1000)
    said = r"cannot set `milestones\[0\]` to `60` in this file\. Set it by hand first$"
    with pytest.raises(EditingError, match=said):
        in_unit(overridden, "PERCENT_OF_RUN")


def test_no_message_takes_the_last_part_of_a_path_for_a_name() -> None:
    """It is a number in a list. `field_name` gives the field with it."""
    wrong = re.compile(r"\w=(?:str\()?(?:\w+\.)?path\[-1\]")
    found = {p.name: wrong.findall(p.read_text(encoding="utf-8")) for p in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}
