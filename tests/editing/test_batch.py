"""Settings that are made together give the text that they give one after another."""

from __future__ import annotations

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
LAYOUTS = {"lines.config": LINES, "blocks.yaml": BLOCKS, "flow.yaml": FLOW}
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


@pytest.mark.parametrize("name", LAYOUTS)
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
