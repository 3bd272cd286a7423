"""What a file has at a field: its spelling, its default, and what is wrong with the name."""

from __future__ import annotations

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.get import find, written_at
from schedule_builder.editing.set import Change, Setting, edit

ANGLES = """train_config <
  optimizer <
    sgd_optimizer < learning_rate < constant_learning_rate <> > >
  >
  fine_tune_checkpoint: "a\\tb"
  num_steps: 5
>
"""
UNDESCRIBED = """model:
  sizes:
    - [1,
         2]
    - {a: 1,
         b: 2}
    - k: 5
      l: 6
  nothing:
  text: 'x'
train_config: {optimizer: 7, num_steps: 5}
"""
STAGES = "train_config.optimizer.sgd_optimizer.learning_rate.manual_step_learning_rate.schedule"


def read(text: str) -> Config:
    return examine(Source("a.yaml" if text is UNDESCRIBED else "a.config", text))


@pytest.mark.parametrize(
    ("text", "field", "written"),
    [
        (
            ANGLES,
            "optimizer",
            "<\n  sgd_optimizer < learning_rate < constant_learning_rate <> > >\n>",
        ),
        (UNDESCRIBED, "model.sizes[0]", "[1,\n     2]"),
        (UNDESCRIBED, "model.sizes[1]", "{a: 1,\n     b: 2}"),
        (UNDESCRIBED, "model.sizes[2]", "k: 5\nl: 6"),
        (UNDESCRIBED, "model.nothing", "null"),
        (UNDESCRIBED, "optimizer", "7"),
        (ANGLES, "eval_config", None),
    ],
)
def test_a_value_is_shown_as_the_file_writes_it(text: str, field: str, written: str) -> None:
    found = find(read(text), field)
    assert (found.written, found.text) == (written, written)


def test_a_text_has_no_quotes_unless_it_has_control_characters() -> None:
    assert find(read(UNDESCRIBED), "model.text")[1:3] == ("'x'", "x")
    assert find(read(ANGLES), "fine_tune_checkpoint")[1:3] == ('"a\\tb"', "a\tb")
    bell = ANGLES.replace("\\t", "\\007")
    assert find(read(bell), "fine_tune_checkpoint")[1:3] == ('"a\\007b"', '"a\\007b"')


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("use_moving_average", "true"),
        ("sync_replicas", "false"),
        ("fine_tune_checkpoint_version", "V1"),
        ("batch_size", "32"),
        ("freeze_variables", None),
        ("optimizer", None),
    ],
)
def test_a_default_is_written_as_a_config_would(field: str, default: str | None) -> None:
    assert find(read(ANGLES), field).default == default


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("num_step", "`num_step`: unknown field `num_step`: did you mean `num_steps`?"),
        # A block may be meant, too.
        ("learning_rate", "can be any of 2 fields: write `train_config.optimizer.sgd_optimizer."),
        ("num_steps[0]", "is not a list"),
        (f"{STAGES}[0].step", "`schedule` has no elements in the file"),
        (f"{STAGES}[1]", "`schedule` has no elements in the file"),
    ],
)
def test_what_names_no_field_is_refused(field: str, said: str) -> None:
    with pytest.raises(SetError) as refused:
        find(read(ANGLES), field)
    assert str(refused.value).startswith("a.config: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("inner", ["sgd_optimizer", "sgd_optimizer.learning_rate"])
def test_a_value_where_a_block_would_have_to_be_is_named(inner: str) -> None:
    with pytest.raises(SetError, match=r"`optimizer` is not a block in the file\. Make it one"):
        find(read(UNDESCRIBED), f"train_config.optimizer.{inner}")


def test_what_has_no_value_yet_is_null_in_a_change() -> None:
    given = read(UNDESCRIBED)
    made = edit(given, [Setting("model.nothing", "5")])
    assert made.text == UNDESCRIBED.replace("nothing:", "nothing: 5")
    assert made.changes == (Change("model.nothing", "null", "5"),)
    assert edit(given, [Setting("model.nothing", None)]).changes == (
        Change("model.nothing", "null", ""),
    )


def test_a_long_value_is_shortened() -> None:
    for length, wanted in ((60, "x" * 60), (61, "x" * 57 + "...")):
        document = read(f"model {{ name: {'x' * length} }}").document
        assert written_at(document, ("model", "name")) == wanted
