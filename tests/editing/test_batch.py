"""Settings that are made together give the text that they give one after another."""

from __future__ import annotations

from functools import cache
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing import set as setting_room
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Change, Setting, edit

LINES = """train_config {
  num_steps: 900  # all
  freeze_variables: ["a", "b",  # two
    "c"]
  freeze_variables: "d"
  optimizer { sgd_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.5
    schedule { step: 100 learning_rate: 0.1 }  # one
    schedule {
      step: 200
      learning_rate: 0.01  # of two
    }
    # three
    schedule { step: 300, learning_rate: 0.001 } } } } }
}
"""
BLOCKS = """train_config:
  num_steps: 900  # all
  freeze_variables: [a, b, c, d]
  optimizer:
    sgd_optimizer:
      learning_rate:
        manual_step_learning_rate:
          initial_learning_rate: 0.5
          schedule:
            - step: 100
              learning_rate: 0.1  # one
            # two
            - {step: 200, learning_rate: 0.01}
            - step: 300

              learning_rate: 0.001
"""
FLOW = """train_config: {num_steps: 900, freeze_variables: [a, b, c, d], optimizer: {
  sgd_optimizer: {learning_rate: {manual_step_learning_rate: {
    initial_learning_rate: 0.5, schedule: [
    {step: 100, learning_rate: 0.1}, {step: 200, learning_rate: 0.01},
    {step: 300, learning_rate: 0.001}]}}}}}
"""
ALIASES = """model:
  one: &one 5
  two: *one
  block: &block {x: &deep 1, y: *deep, z: *one}
  other: *block
  list: [&first a, *first, b, c]
train_config:
  num_steps: *one
  freeze_variables: [&name a, b, *name, c]
  optimizer:
    sgd_optimizer:
      learning_rate:
        warmup: &warmup {warmup_steps: 2}
        manual_step_learning_rate:
          initial_learning_rate: &rate 0.5
          schedule:
            - step: 100
              learning_rate: 0.1
            - &stage {step: 200, learning_rate: 0.01}
            - step: 300
              learning_rate: *rate
            - *stage
eval_config:
  - *warmup
"""
LAYOUTS = {"lines.config": LINES, "blocks.yaml": BLOCKS, "flow.yaml": FLOW, "aliases.yaml": ALIASES}
PLAIN = [name for name in LAYOUTS if name != "aliases.yaml"]
STAGES = "optimizer.sgd_optimizer.learning_rate.manual_step_learning_rate.schedule"
FIELDS = [
    "num_steps",
    "train_config.freeze_variables",
    "freeze_variables[]",
    "freeze_variables[0]",
    "freeze_variables[-1]",
    "freeze_variables[2]",
    "schedule[]",
    f"train_config.{STAGES}[]",
    "schedule",
    "schedule[0]",
    "schedule[1]",
    "schedule[-1]",
    "schedule[0].step",
    "schedule[1].step",
    "schedule[1].learning_rate",
    "schedule[-1].learning_rate",
    "schedule[3].step",
    "step",
    "initial_learning_rate",
    "warmup",
    "initial_learning_rate.x",
    "momentum_optimizer.use_moving_average",
    "sgd_optimizer",
    "batch_size",
    "train_config.unlock_everything",
    "train_config.batch_size",
    "train_config.sync_replicas",
    "train_config.max_number_of_boxes",
    "sgd_optimizer.learning_rate.min_learning_rate",
    "sgd_optimizer.learning_rate.step_unit",
    "sgd_optimizer.learning_rate.warmup.power",
    "sgd_optimizer.learning_rate.warmup.warmup_steps",
    "sgd_optimizer.learning_rate.warmup.alignment",
    "sgd_optimizer.learning_rate.constant_learning_rate.learning_rate",
    "sgd_optimizer.learning_rate.one_cycle_learning_rate.total_steps",
    "schedule[0].learning_rate_x",
    "model",
    "model.one",
    "model.two",
    "model.block.x",
    "model.block.y",
    "model.block",
    "model.other",
    "model.other.x",
    "model.list",
    "model.list[0]",
    "model.list[1]",
    "model.list[-1]",
    "model.list[]",
    "eval_config[0]",
    "eval_config",
]
VALUES = ["5", "7", "0.25", '"x"', "{step: 9, learning_rate: 0.5}", "[1, 2]", None, None]
SETTINGS = st.lists(
    st.builds(Setting, st.sampled_from(FIELDS), st.sampled_from(VALUES)), min_size=1, max_size=6
)


class Alone(setting_room._Editor):
    """Reads the text again after every setting."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.is_together = False


def outcome(name: str, settings: list[Setting], *, is_together: bool) -> tuple[str, object]:
    config = examine(Source(name, LAYOUTS[name]))
    editor = setting_room._Editor if is_together else Alone
    with mock.patch.object(setting_room, "_Editor", editor):
        try:
            edited = edit(config, settings)
        except SetError as error:
            return str(error), ()
    return edited.text, edited.changes


@given(name=st.sampled_from([*LAYOUTS]), settings=SETTINGS)
def test_together_they_give_what_they_give_one_after_another(
    name: str, settings: list[Setting]
) -> None:
    together = outcome(name, settings, is_together=True)
    assert together == outcome(name, settings, is_together=False)


@cache
def is_possible(name: str, setting: Setting) -> bool:
    """Whether a setting changes a file alone."""
    return outcome(name, [setting], is_together=False)[1] != ()


@given(name=st.sampled_from([*LAYOUTS]), settings=SETTINGS)
def test_possible_ones_together_give_what_they_give_one_after_another(
    name: str, settings: list[Setting]
) -> None:
    """Most of others are refused, and nothing is made after the first of them."""
    possible = [setting for setting in settings if is_possible(name, setting)]
    together = outcome(name, possible, is_together=True)
    assert together == outcome(name, possible, is_together=False)


ADDED = {
    "learning_rate.step_unit": "STEPS",
    "learning_rate.warmup.power": "2",
    "learning_rate.min_learning_rate": "0.001",
    "learning_rate.warmup.warmup_steps": "5",
    "learning_rate.examples_per_epoch": "7",
    "use_moving_average": "true",
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_fields_of_one_block_are_added_together(name: str, *, is_reversed: bool) -> None:
    settings = [Setting(field, value) for field, value in ADDED.items()]
    settings = settings[::-1] if is_reversed else settings
    apply = setting_room._Editor.apply
    with mock.patch.object(
        setting_room._Editor, "apply", autospec=True, side_effect=apply
    ) as reader:
        text, changes = outcome(name, settings, is_together=True)
    assert reader.call_count == 1
    assert (text, changes) == outcome(name, settings, is_together=False)


def test_members_of_one_oneof_replace_each_other() -> None:
    text = "train_config { optimizer { sgd_optimizer { learning_rate { } } } }"
    config = examine(Source("a.config", text))
    kinds = ["constant_learning_rate.learning_rate", "noam_learning_rate.scale"]
    start = "train_config.optimizer.sgd_optimizer.learning_rate"
    settings = [Setting(f"{start}.{kind}", "0.5") for kind in kinds]
    added = edit(config, [*settings[1:], settings[0]])
    assert "noam" not in added.text
    assert "constant_learning_rate { learning_rate: 0.5 }" in added.text


@pytest.mark.parametrize("name", PLAIN)
def test_how_often_a_text_is_read(name: str) -> None:
    """Once for all that are alike, whatever their number."""
    apply = setting_room._Editor.apply
    added = [Setting("schedule[]", f"{{step: {n}, learning_rate: 0.5}}") for n in range(400, 420)]
    removed = [Setting("freeze_variables[0]", None)] * 3
    with mock.patch.object(
        setting_room._Editor, "apply", autospec=True, side_effect=apply
    ) as reader:
        config = examine(Source(name, LAYOUTS[name]))
        changes = edit(config, [*removed, *added]).changes
    assert len(changes) == len(added) + len(removed)
    assert reader.call_count <= 4
    assert changes[2] == Change("train_config.freeze_variables[0]", changes[2].before, "")
    assert changes[-1].path == f"train_config.{STAGES}[22]"
    assert "419" in changes[-1].after
