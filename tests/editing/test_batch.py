"""Settings that are made together give the text that they give one after another."""

from __future__ import annotations

import re
from functools import cache
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing import set as setting_room
from schedule_builder.editing.batch import Batch
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
FITTING = [
    Setting("num_steps", "800"),
    Setting("batch_size", "7"),
    Setting("freeze_variables[]", "x"),
    Setting("freeze_variables[0]", "y"),
    Setting("freeze_variables[-1]", "z"),
    Setting("freeze_variables[1]", None),
    Setting("freeze_variables[-1]", None),
    Setting("train_config.freeze_variables", "[u, v]"),
    Setting("train_config.freeze_variables", None),
    Setting("schedule[]", "{step: 400, learning_rate: 0.5}"),
    Setting("schedule[0].step", "50"),
    Setting("schedule[1].learning_rate", "0.25"),
    Setting("schedule[-1].learning_rate", "0.125"),
    Setting("schedule[0]", None),
    Setting("schedule[-1]", None),
    Setting("initial_learning_rate", "0.3"),
    Setting("initial_learning_rate", None),
    Setting("warmup.warmup_steps", "5"),
    Setting("min_learning_rate", "0.001"),
    Setting("use_moving_average", "true"),
    Setting("learning_rate.constant_learning_rate.learning_rate", "0.5"),
    Setting(
        "learning_rate.exponential_decay_learning_rate",
        "{initial_learning_rate: 1, decay_steps: 5, decay_factor: 0.5}",
    ),
    Setting("adam_optimizer.learning_rate.constant_learning_rate.learning_rate", "0.25"),
    Setting("schedule[1]", "{step: 150, learning_rate: 0.25}"),
    Setting("schedule[-1]", "{learning_rate: 0.25, step: 350}"),
    Setting("train_config.update_trainable_variables", "[u]"),
]
"""What the files can have, so that most edits are made."""
SETTINGS = st.one_of(
    st.lists(st.sampled_from(FITTING), min_size=1, max_size=6),
    st.lists(
        st.builds(Setting, st.sampled_from(FIELDS), st.sampled_from(VALUES)), min_size=1, max_size=6
    ),
)


class Alone(setting_room._Editor):
    """Reads the text again after every setting."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.is_together = False


def outcome(
    name: str, settings: list[Setting], *, is_together: bool, text: str = ""
) -> tuple[str, object]:
    config = examine(Source(name, text or LAYOUTS[name]))
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


NEW = "schedule[]={step: 400, learning_rate: 0.5}"
FIRST = "freeze_variables[0]"
LAST_OF_ALL = "gradient_clipping_by_norm=1"  # the schema has it after all that is in the files
ADAM = "adam_optimizer.learning_rate.constant_learning_rate.learning_rate=0.25"
CONSTANT = "sgd_optimizer.learning_rate.constant_learning_rate.learning_rate=0.5"
READS = {
    # What changes nothing about each other.
    ("num_steps=5", "schedule[0].step=7"): 1,
    ("num_steps=7", "schedule[1]"): 1,
    ("schedule[1]", "num_steps=7"): 1,
    ("num_steps", "initial_learning_rate"): 1,
    ("schedule[0].learning_rate", "schedule[1].learning_rate"): 1,
    ("schedule[-1].step=250", "schedule[-1].learning_rate=0.5"): 1,
    (f"{FIRST}=x", "freeze_variables[1]=y"): 1,
    ("freeze_variables[1]=y", "freeze_variables[]=x", f"{FIRST}=z"): 1,
    ("num_steps=5", "freeze_variables[1]"): 1,
    ("freeze_variables[]=x", "freeze_variables[]=y"): 1,
    ("freeze_variables[]=x", f"{FIRST}=y"): 1,
    (NEW, "batch_size=7"): 1,
    ("batch_size=5", "startup_delay_steps=6"): 1,
    (NEW, LAST_OF_ALL): 1,
    (LAST_OF_ALL, NEW): 1,
    ("manual_step_learning_rate.warmup=true", "learning_rate.warmup.warmup_steps=5"): 1,
    ("warmup.warmup_steps=5", "batch_size=7"): 1,
    # Elements by the numbers that they have after those before.
    ("schedule[0]", "schedule[1]"): 1,
    ("freeze_variables[-4]",): 1,
    (FIRST, "freeze_variables[-3]"): 1,
    (FIRST, "freeze_variables[-1]"): 1,
    # What the file has already, or has not.
    ("num_steps=5", "initial_learning_rate=0.5", "schedule[0].step=7"): 1,
    ("num_steps=5", "batch_size", "schedule[0].step=7"): 1,
    # Lists and blocks are replaced whole.
    ("train_config.update_trainable_variables=[a, b]", "num_steps=7"): 1,
    (
        "train_config.freeze_variables=[x]",
        "batch_size=7",
        "schedule[0]={step: 9, learning_rate: 1}",
    ): 2,
    ("schedule[0]={step: 9, learning_rate: 1}", "batch_size=7", "num_steps=5"): 1,
    ("schedule[0]={step: 9, learning_rate: 1}", NEW): 2,
    (NEW, "schedule[0]={step: 9, learning_rate: 1}"): 2,
    ("schedule[1]={step: 150, learning_rate: 0.2}", "schedule[1].step=160"): 2,
    # A member of a oneof goes after the one that replaces it is there.
    (ADAM, "num_steps=7"): 2,
    (ADAM, "adam_optimizer.epsilon=0.5", "batch_size=7"): 2,
    (CONSTANT, "num_steps=7"): 2,
    ("sgd_optimizer.learning_rate.step_unit=STEPS", CONSTANT): 2,
    (CONSTANT, "sgd_optimizer.learning_rate.step_unit=STEPS"): 3,
    ("initial_learning_rate=0.3", CONSTANT): 3,
    (CONSTANT, ADAM): 4,
    (ADAM, CONSTANT): 4,
    # A field is there only after it was added, or gone.
    ("num_steps=5", "num_steps=6"): 2,
    ("num_steps", "num_steps=5"): 2,
    ("num_steps", "batch_size=5"): 2,
    ("batch_size=5", "num_steps"): 2,
    (NEW, "schedule[3].step=500"): 2,
    ("freeze_variables[]=x", FIRST): 2,
    ("freeze_variables[]=x", "freeze_variables[-1]"): 2,
    ("freeze_variables[]=x", "freeze_variables[-1]=z"): 2,
    (FIRST, "freeze_variables[]=z"): 2,
    # Elements move.
    ("schedule[0].step=7", "schedule[0]"): 2,
    ("schedule[0].step=7", "schedule[1]"): 2,
    ("schedule[1]", "schedule[0].step=7"): 2,
    ("schedule[0]", "schedule[-1].step=250"): 2,
    (f"{FIRST}=x", "freeze_variables[1]"): 2,
    (FIRST, f"{FIRST}=x"): 2,
    # The last element is removed in another way than the others.
    (FIRST,) * 2: 1,
    (FIRST,) * 4: 2,
}
"""How often the text is read for settings, in every layout."""


def settings_of(typed: tuple[str, ...]) -> list[Setting]:
    split = [text.partition("=") for text in typed]
    return [Setting(field, value if equals else None) for field, equals, value in split]


def reads(name: str, typed: tuple[str, ...], text: str = "") -> int:
    """How often the text is read; together, settings give what they give one after another."""
    settings, apply = settings_of(typed), setting_room._Editor.apply
    with mock.patch.object(
        setting_room._Editor, "apply", autospec=True, side_effect=apply
    ) as reader:
        together = outcome(name, settings, is_together=True, text=text)
    assert together == outcome(name, settings, is_together=False, text=text)
    assert together[1]
    return reader.call_count


@pytest.mark.parametrize("typed", READS, ids="; ".join)
def test_what_waits_for_others(typed: tuple[str, ...]) -> None:
    assert {name: reads(name, typed) for name in PLAIN} == dict.fromkeys(PLAIN, READS[typed])


def test_the_last_element_of_brackets_is_removed_alone() -> None:
    assert [reads(name, (FIRST,) * 3) for name in PLAIN] == [2, 1, 1]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((FIRST, "freeze_variables[3]"), "has no element 3: it has 3 elements"),
        ((FIRST,) * 5, "`freeze_variables` has no elements in the file"),
        (("num_steps=5", "batch_size=x"), "`batch_size` must be a whole number, not `x`"),
    ],
)
def test_the_setting_that_is_wrong_is_named(typed: tuple[str, ...], said: str) -> None:
    for name in PLAIN:
        found, _ = outcome(name, settings_of(typed), is_together=True)
        assert found.startswith(f"{name}: `{settings_of(typed)[-1]}`: ")
        assert said in found


@pytest.mark.parametrize("typed", READS, ids="; ".join)
def test_where_edits_cannot_be_made_together_they_are_made_in_turn(
    typed: tuple[str, ...],
) -> None:
    """As would be if two of them overlapped."""
    edits = Batch.edits

    def of_one(batch: Batch, text: str) -> object:
        return edits(batch, text) if len(batch.made) == 1 else None

    settings = settings_of((*typed, "startup_delay_steps=3"))
    with mock.patch.object(Batch, "edits", of_one):
        found = outcome("blocks.yaml", settings, is_together=True)
    assert found == outcome("blocks.yaml", settings, is_together=False)
    assert found[1]


def test_the_first_of_the_edits_that_cannot_be_made_is_named() -> None:
    settings = settings_of(("num_steps=5", "batch_size=7"))
    with mock.patch.object(Batch, "edits", return_value=None):
        said, _ = outcome("blocks.yaml", settings, is_together=True)
    assert said.startswith("blocks.yaml: `train_config.num_steps` cannot be changed in the layout")


NESTED = """sequential_learning_rate {
  stage { steps: 9 learning_rate { multi_step_learning_rate { milestones: [1, 2, 3] } } }
  stage { steps: 9 learning_rate { multi_step_learning_rate { milestones: [4, 5, 6] } } }
  stage { learning_rate { multi_step_learning_rate { milestones: [7, 8] } } }
}
"""


@pytest.mark.parametrize(
    ("removed", "left", "count"),
    [
        (("1.0", "1.0"), ["1, 2, 3", "6", "7, 8"], 1),
        (("1.0", "2.0"), ["1, 2, 3", "5, 6", "8"], 1),
        (("-1.0",), ["1, 2, 3", "4, 5, 6", "8"], 1),
        (("0.0", "-1.0"), ["2, 3", "4, 5, 6", "8"], 2),
        (("0", "-1.0"), ["4, 5, 6", "8"], 2),
        (("0", "0.0"), ["5, 6", "7, 8"], 2),
        (("0.0", "0"), ["4, 5, 6", "7, 8"], 2),
    ],
)
def test_elements_of_lists_in_lists(removed: tuple[str, ...], left: list[str], count: int) -> None:
    """Stages are `0`, and their milestones `0.0`."""
    settings = []
    for stage, _, milestone in (text.partition(".") for text in removed):
        inner = f".learning_rate.multi_step_learning_rate.milestones[{milestone}]"
        field = f"sequential_learning_rate.stage[{stage}]{inner if milestone else ''}"
        settings.append(Setting(field, None))
    apply = setting_room._Editor.apply
    with mock.patch.object(
        setting_room._Editor, "apply", autospec=True, side_effect=apply
    ) as reader:
        text = edit(examine(Source("a.config", NESTED)), settings).text
    assert re.findall(r"\[(.*)\]", text) == left
    assert reader.call_count == count


RATE = "train_config.optimizer.sgd_optimizer.learning_rate"
STEPS = f"{RATE}.manual_step_learning_rate.schedule"
RUN = "train_config {\n  num_steps: 5\n}\n"
PLAIN_RUN = "train_config:\n  num_steps: 5\n"
ALONE = "constant_learning_rate { learning_rate: 1 }\nwarmup { warmup_steps: 5 }\n"
NARROW = "cosine_decay_learning_rate:{learning_rate_base:0.1,total_steps:99,warmup_steps:5}\n"
SETS = "model: {blocks: [{s: [1, 2]}, {s: [3, 4]}, {s: [5, 6]}], e: , f: 1}\n"
KIND = "cosine_decay_learning_rate"
APPENDED = tuple(f"freeze_variables[]={name}" for name in "xyz")
STAGES_APPENDED = tuple(f"{STEPS}[]={{step: {n}, learning_rate: 0.5}}" for n in (1, 2, 3))
IN_TEXTS = [
    # Blocks in a block that is new itself.
    (
        RUN,
        (
            f"{RATE}.warmup.warmup_steps=5",
            f"{RATE}.constant_learning_rate.learning_rate=0.1",
            f"{RATE}.warmup.shape=COSINE",
            "train_config.optimizer.use_moving_average=false",
        ),
        1,
    ),
    (
        PLAIN_RUN,
        (
            f"{RATE}.warmup.warmup_steps=5",
            f"{RATE}.constant_learning_rate.learning_rate=0.1",
            "train_config.optimizer.use_moving_average=false",
            "batch_size=4",
        ),
        1,
    ),
    (
        RUN,
        (
            f"{RATE}.manual_step_learning_rate.initial_learning_rate=0.1",
            f"{STEPS}[].step=1",
            f"{STEPS}[-1].learning_rate=0.01",
        ),
        3,
    ),
    (
        PLAIN_RUN,
        (
            f"{STEPS}[].step=1",
            f"{RATE}.manual_step_learning_rate.initial_learning_rate=0.1",
            f"{STEPS}[].step=2",
        ),
        4,
    ),
    # Elements of a list that is new itself, or that has none: the first one, then all others.
    (RUN, APPENDED, 2),
    (PLAIN_RUN, APPENDED, 2),
    (PLAIN_RUN, (*APPENDED, "batch_size=4"), 2),
    (PLAIN_RUN, STAGES_APPENDED, 2),
    ("multi_step_learning_rate {}\n", ("milestones[]=5", "milestones[]=6", "milestones[]=7"), 2),
    ("train_config { freeze_variables: [] }\n", (*APPENDED, "batch_size=4"), 2),
    # Fields at the top.
    (ALONE, ("warmup.warmup_steps=7", "warmup"), 2),
    (ALONE, ("warmup", "warmup.warmup_steps=7"), 2),
    (ALONE, ("warmup.warmup_steps=7", "min_learning_rate=0.1"), 1),
    # What stands side by side.
    ("constant_learning_rate {}\n", ("constant_learning_rate.learning_rate=1",), 1),
    (
        "constant_learning_rate {}\n",
        ("constant_learning_rate.learning_rate=1", "min_learning_rate=0.1"),
        1,
    ),
    (NARROW, (f"{KIND}.warmup_steps=6", "hold_base_rate_steps=3"), 1),
    (NARROW, ("total_steps", f"{KIND}.warmup_steps"), 1),
    (NARROW, ("learning_rate_base", "total_steps", f"{KIND}.warmup_steps"), 1),
    # What no schema describes.
    (SETS + PLAIN_RUN, ("model.e=5", "model.f=2"), 1),
    (SETS + PLAIN_RUN, ("model.blocks[0]", "model.blocks[-1].s[0]"), 2),
    (SETS + PLAIN_RUN, ("model.blocks[-1].s[0]", "model.blocks[0]"), 2),
    (SETS + PLAIN_RUN, ("model.blocks[-1].s[0]", "model.blocks[-1].s[0]"), 2),
    (SETS + PLAIN_RUN, ("model.f", "model.blocks[-1].s[0]"), 2),
    (SETS + PLAIN_RUN, ("model.blocks[2]={s: [7, 8]}", "model.blocks[2].s[0]"), 2),
]


@pytest.mark.parametrize(("text", "typed", "count"), IN_TEXTS)
def test_what_waits_in_other_texts(text: str, typed: tuple[str, ...], count: int) -> None:
    name = "a.yaml" if text.endswith(PLAIN_RUN) else "a.config"
    assert reads(name, typed, text) == count


def test_a_member_that_is_an_alias_gives_way_together_with_others() -> None:
    text = f"""model: {{kind: &kind {{scale: 1, model_dim: 8, warmup_steps: 5}}}}
{PLAIN_RUN}  optimizer: {{sgd_optimizer: {{learning_rate: {{noam_learning_rate: *kind}}}}}}
"""
    assert reads("a.yaml", (CONSTANT, "num_steps=7"), text) == 2


def test_a_member_that_cannot_be_removed_together_is_removed_alone() -> None:
    """As would be if what stands beside it were not there."""
    settings = settings_of((ADAM, "num_steps=7"))
    with mock.patch.object(setting_room, "removed", return_value=None):
        found = outcome("blocks.yaml", settings, is_together=True)
    assert found == outcome("blocks.yaml", settings, is_together=False)
    assert found[1]


def test_after_edits_that_did_not_fit_others_are_made_together_again() -> None:
    edits = Batch.edits
    failed: list[Batch] = []

    def fails_once(batch: Batch, text: str) -> object:
        if not failed:
            failed.append(batch)
            return None
        return edits(batch, text)

    typed = ("num_steps=5", "schedule[0].step=7", "num_steps=6", "schedule[1].step=150")
    with mock.patch.object(Batch, "edits", fails_once):
        assert reads("blocks.yaml", typed) == 4
