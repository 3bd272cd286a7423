"""Values that a field may have, and those that it has already."""

from __future__ import annotations

import pytest

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Edited, Setting, edit

TEXT = """\
task: {model: {name: "x", classes: 3, sizes: [[1, 2], 3]}}
trainer:
  train_steps: 1000
  optimizer_config:
    warmup:
    optimizer: {type: 'sgd', adafactorx: {a: 1}}
    learning_rate:
      type: stepwise
      stepwisx: {}
      stepwise: {boundaries: [100], values: [0.1, 0.01]}
"""
STAGES = "manual_step_learning_rate { schedule { step: 10 learning_rate: 0.01 } }"


def made(*typed: str, text: str = TEXT) -> Edited:
    split = [each.partition("=") for each in typed]
    settings = [Setting(field, value if equals else None) for field, equals, value in split]
    return edit(examine(Source("a.config" if text == STAGES else "a.yaml", text)), settings)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("optimizer.type=adafactory", "unknown `type` `adafactory`: did you mean `adafactor`?"),
        ("learning_rate.type=stepwisy", "unknown `type` `stepwisy`: did you mean `stepwise`?"),
        # A block of that name is there: it was meant.
        ("learning_rate.type=stepwisx", "If your Python code registers this one, its rates"),
        ("train_steps=0100", "`0100` is 64 here, as the Model Garden reads YAML 1.1: write 64"),
        ("train_steps=1:30", "`1:30` is 90 here, as the Model Garden reads YAML 1.1: write 90"),
        ("values[0]={a: 1}", "`values` must be a number"),
        ("stepwise.values=[0.1, [1]]", "`values` must be a number"),
        ("stepwise.values=[0.1, many]", "`values` must be a number, not `many`"),
        ("task.model=5", "has a block here, and `5` is a single value. Give a block"),
        ("task.model.classes=[1]", "has a single value here, and `[1]` is a list. Give a single"),
        (
            "task.model.classes={a: 1}",
            "a single value here, and `{a: 1}` is a block. Give a single",
        ),
        ("task.model.sizes[0]=5", "has a list here, and `5` is a single value. Give a list"),
        ("task.model.depth=5", "only fields that the file has can be set here"),
    ],
)
def test_what_a_field_cannot_have(typed: str, said: str) -> None:
    with pytest.raises(SetError) as refused:
        made(typed)
    assert said in str(refused.value)


def test_each_element_has_to_fit() -> None:
    for value in ("[{step: 5}, 7]", "[7, {step: 5}]", "7"):
        with pytest.raises(SetError, match="`schedule` must be a block"):
            made(f"manual_step_learning_rate.schedule={value}", text=STAGES)


@pytest.mark.parametrize(
    "typed",
    [
        "optimizer.type=sgd",
        "optimizer.type='sgd'",
        "learning_rate.type='stepwise'",
        "train_steps=1_000",
        "train_steps=1e3",
        "stepwise.values=[1e-1, 0.010]",
        "task.model.name=x",
        "task.model.sizes[0]=[1, 2]",
    ],
)
def test_what_a_field_has_already(typed: str) -> None:
    assert made(typed).text == TEXT


def test_a_kind_that_only_python_knows_is_kept() -> None:
    own = TEXT.replace("type: 'sgd'", "type: adafactorx")
    assert made("optimizer.type=adafactorx", text=own).text == own
    assert made("optimizer.type='adafactorx'", text=own).text == own
    assert "type: 'adafactorx'" in made("optimizer.type=adafactorx").text
    assert "type: 'mine'" in made("optimizer.type=mine").text


@pytest.mark.parametrize(
    ("typed", "before", "after"),
    [
        ("stepwise.values=[0.1, 0.02]", "[0.1, 0.01]", "[0.1, 0.02]"),
        ("stepwise.values=[0.2, 0.01]", "[0.1, 0.01]", "[0.2, 0.01]"),
        ("task.model.sizes[0]=[1, 3]", "[1, 2]", "[1, 3]"),
        (
            "optimizer_config.warmup={type: linear, linear: {warmup_steps: 5}}",
            "null",
            "{type: linear, linear: {warmup_steps: 5}}",
        ),
        ("task.model.name=X y X", '"x"', '"X y X"'),
        ("task.model.name='", '"x"', '"\'"'),
        ('task.model.name=""', '"x"', '""'),
        ("task.model.name='b'", '"x"', '"b"'),
    ],
)
def test_another_value_in_the_words_of_the_file(typed: str, before: str, after: str) -> None:
    (change,) = made(typed).changes
    assert (change.before, change.after) == (before, after)
