"""Edges of edits: values of one step, lines of just the length, quotes, anchors and selectors."""

from __future__ import annotations

import re

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing.convert import convert
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.rescale import rescale
from schedule_builder.editing.set import Setting, edit

PIPELINE = (
    "train_config { num_steps: 1000 optimizer { momentum_optimizer { learning_rate {\n"
    "  cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 1000 warmup_steps: 1\n"
    '    warmup_learning_rate: 0 } } } } }\nmodel { ssd { name: "a" classes: 3 } }\n'
)


def read(name: str, text: str) -> Config:
    return examine(Source(name, text))


def changed(name: str, text: str, field: str, value: str) -> str:
    return edit(read(name, text), [Setting(field, value)]).text


def test_one_step_stays_one_step_and_none_stays_none() -> None:
    shorter = rescale(read("a.config", PIPELINE), 100)
    assert "warmup_steps: 1\n" in shorter
    assert "total_steps: 100 " in shorter
    without = PIPELINE.replace("warmup_steps: 1\n", "warmup_steps: 0\n")
    assert "warmup_steps: 0\n" in rescale(read("a.config", without), 100)


@pytest.mark.parametrize("value", ["b", '"b"', "'b'"])
def test_a_text_that_no_schema_describes_keeps_its_quotes(value: str) -> None:
    new = changed("a.config", PIPELINE, "model.ssd.name", value)
    assert new in (PIPELINE.replace('"a"', '"b"'), PIPELINE.replace('"a"', "'b'"))


@pytest.mark.parametrize("value", ["'b", "b'", "b", "bb"])
def test_a_quote_at_one_end_is_a_part_of_a_text(value: str) -> None:
    new = changed("a.config", PIPELINE, "model.ssd.name", value)
    field = read("a.config", new).document.root.fields[-1]
    assert field.value.fields[0].value.fields[0].value.text == value  # type: ignore[union-attr] # blocks


def test_a_number_is_a_text_where_the_field_is_one() -> None:
    new = changed("a.config", PIPELINE, "train_config.fine_tune_checkpoint", "5")
    config = read("a.config", new)
    assert config.get(("train_config", "fine_tune_checkpoint")) == "5"
    assert not [d for d in config.diagnostics if d.severity == "error"]


EXPERIMENT = (
    "trainer:\n  train_steps: &steps 900\n  optimizer_config:\n"
    "    optimizer: {type: sgd, sgd: {momentum: 0.9}}\n    learning_rate:\n      type: cosine\n"
    "      cosine: {initial_learning_rate: 0.1, decay_steps: *steps}\n"
)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            "train_steps",
            "trainer.train_steps` belongs to the anchored value `&steps` (2:16), which",
        ),
        ("decay_steps", "cosine.decay_steps` is an alias of `&steps` (2:16). Replace `*steps`"),
    ],
)
def test_neither_an_anchored_value_nor_its_alias_is_changed(field: str, said: str) -> None:
    with pytest.raises(SetError, match=re.escape(said)):
        changed("a.yaml", EXPERIMENT, field, "800")


def test_the_alias_of_a_block_is_named_and_not_a_field_in_it() -> None:
    text = (
        "trainer:\n  optimizer_config: &o\n    optimizer: {type: sgd}\n    learning_rate: {type:"
        " constant, constant: {learning_rate: 0.1}}\nother:\n  optimizer_config: *o\n"
    )
    for outer, said in (
        (
            "trainer",
            "constant.learning_rate` belongs to the anchored value `&o` (2:21), which `*o`",
        ),
        ("other", "`other.optimizer_config` is an alias of `&o` (2:21). Replace `*o`"),
    ):
        field = f"{outer}.optimizer_config.learning_rate.constant.learning_rate"
        with pytest.raises(SetError, match=re.escape(said)):
            changed("a.yaml", text, field, "0.2")


def test_a_block_that_is_selected_already_is_selected_once() -> None:
    text = EXPERIMENT.replace("&steps ", "").replace(", decay_steps: *steps", "")
    edited = edit(read("a.yaml", text), [Setting("cosine.decay_steps", "800")])
    assert [change.path.split(".")[-1] for change in edited.changes] == ["decay_steps"]
    bare = text.replace("      cosine: {initial_learning_rate: 0.1}\n", "")
    other = edit(read("a.yaml", bare), [Setting("learning_rate.cosine.alpha", "0.5")])
    assert other.text.count("type: cosine") == 1


def test_a_list_of_just_the_length_of_a_line_is_on_one() -> None:
    longest = 0
    for length in range(60, 100):
        text = f'train_config {{ freeze_variables: ["{"a" * length}", "b"] }}'
        lines = convert(read("a.config", text), "yaml").splitlines()
        longest = max(longest, *(len(line) for line in lines if line.endswith("]")), 0)
    assert longest == 100
