"""Fields that get other values in their files, in every layout that files have."""

from __future__ import annotations

import cProfile
import re
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Edit, Source
from schedule_builder.editing import set as setting_room
from schedule_builder.editing.batch import Batch
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.get import find
from schedule_builder.editing.set import Change, Setting, edit
from schedule_builder.editing.summary import rate_change
from schedule_builder.reading import spelling
from schedule_builder.reading.edits import put

PIPELINE = """# Ours.
model { ssd { num_classes: 3  # cats, dogs
  name: 'x' } }
train_config {
  batch_size: 24  # per replica
  optimizer {
    momentum_optimizer {
      learning_rate {
        cosine_decay_learning_rate {
          learning_rate_base: .08
          total_steps: 1000
          warmup_learning_rate: 0.01
          warmup_steps: 100
        }
      }
      momentum_optimizer_value: 0.9
    }
    use_moving_average: false
  }
  num_steps: 1000
  fine_tune_checkpoint: "gs://a/b"
}
"""
GARDEN = """\
task:
  model: {num_classes: 3, name: "x"}
  train_data:
    is_training: true   # yes
    global_batch_size: 32
trainer:
  train_steps: 1000
  optimizer_config:
    learning_rate:
      type: stepwise
      stepwise:
        boundaries: [100, 200]
        values:
        - 0.1
        - 0.01
        # the last
        - 0.001
      # end of the rate
    # end of the optimizer
  # end of the trainer
runtime: {}
"""
RATE = "train_config.optimizer.momentum_optimizer.learning_rate"


def read(text: str, name: str = "a.config") -> Config:
    return examine(Source(name, text))


def changed(text: str, *settings: str, name: str = "a.config") -> str:
    made = [
        Setting(field, value if equals else None)
        for field, equals, value in (setting.partition("=") for setting in settings)
    ]
    result = edit(read(text, name), made)
    again = [s for s in made if "[]" not in s.field and not (s.value is None and "]" in s.field)]
    assert not edit(result.config, again).changes
    return result.text


def test_values_as_people_type_them() -> None:
    assert changed(PIPELINE, "num_steps=1e4", "batch_size=8") == PIPELINE.replace(
        "num_steps: 1000", "num_steps: 10000"
    ).replace("24", "8")
    assert "learning_rate_base: 1e-1\n" in changed(PIPELINE, "learning_rate_base=1e-1")
    assert '_checkpoint: "C:\\\\a \\"b\\" #"\n' in changed(
        PIPELINE, 'fine_tune_checkpoint=C:\\a "b" #'
    )
    assert '_checkpoint: ""\n' in changed(PIPELINE, "fine_tune_checkpoint=")
    assert '_checkpoint: "a b"\n' in changed(PIPELINE, "fine_tune_checkpoint='a b'")
    assert "fine_tune_checkpoint_version: V2\n" in changed(
        PIPELINE, "fine_tune_checkpoint_version=V2"
    )
    assert "use_moving_average: true\n" in changed(PIPELINE, "use_moving_average=true")
    assert 'freeze_variables: ["a.*", "b"]\n' in changed(PIPELINE, "freeze_variables=[a.*, b]")
    assert "boundaries: [10, 20]\n" in changed(GARDEN, "boundaries=10,20", name="a.yaml")


def test_the_value_that_is_there_already_changes_nothing() -> None:
    for setting in ("learning_rate_base=0.08", "num_steps=1e3", "use_moving_average=false"):
        assert changed(PIPELINE, setting) == PIPELINE
    assert changed(GARDEN, "values=[0.1, 1e-2, .001]", name="a.yaml") == GARDEN
    result = edit(read(PIPELINE), [Setting("num_steps", "5", if_absent=True)])
    assert not result.changes


def test_a_list_without_elements_is_there_already_where_none_is() -> None:
    empty = PIPELINE.replace("  num_steps", "  freeze_variables: []\n  num_steps")
    for text in (PIPELINE, empty):
        assert changed(text, "train_config.freeze_variables=[]") == text
    some = PIPELINE.replace("  num_steps", '  freeze_variables: ["a", "b"]\n  num_steps')
    assert changed(some, "train_config.freeze_variables=[]") == empty


def test_opaque_parts_by_their_whole_path() -> None:
    wanted = PIPELINE.replace("num_classes: 3", "num_classes: 90").replace("'x'", "'y z'")
    assert changed(PIPELINE, "model.ssd.num_classes=90", "model.ssd.name=y z") == wanted
    with pytest.raises(SetError, match="part of the config that short names do not reach"):
        changed(PIPELINE, "num_classes=90")
    with pytest.raises(SetError, match="the schema does not describe this part"):
        changed(PIPELINE, "model.ssd.depth=90")


NEW_FIELDS = {
    "in text format": (
        "a.config",
        PIPELINE,
        [f"{RATE}.warmup.shape=COSINE", "warmup.warmup_steps=5", "gradient_clipping_by_norm=1"],
        {
            "          warmup_steps: 100\n        }\n": "          warmup_steps: 100\n        }\n"
            "        warmup {\n          shape: COSINE\n          warmup_steps: 5\n        }\n",
            "    use_moving_average: false\n  }\n": "    use_moving_average: false\n  }\n"
            "  gradient_clipping_by_norm: 1\n",
        },
    ),
    "on one line": (
        "a.config",
        "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 99 warmup_steps: 5 }\n",
        ["hold_base_rate_steps=3", "warmup_learning_rate=0.01"],
        {
            "warmup_steps: 5 }": "warmup_learning_rate: 0.01 warmup_steps: 5"
            " hold_base_rate_steps: 3 }"
        },
    ),
    "with separators": (
        "a.config",
        "cosine_decay_learning_rate:{learning_rate_base:0.1,total_steps:99,warmup_steps:5}\n",
        ["hold_base_rate_steps=3"],
        {"warmup_steps:5": "warmup_steps:5,hold_base_rate_steps:3"},
    ),
    "in empty braces": (
        "a.config",
        "constant_learning_rate {}\n",
        ["constant_learning_rate.learning_rate=1"],
        {"{}": "{ learning_rate: 1 }"},
    ),
    "before a brace": (
        "a.config",
        "cosine_decay_learning_rate {\n\tlearning_rate_base: 1; # a\n\twarmup_steps: 5 }",
        ["total_steps=9", "hold_base_rate_steps=1"],
        {
            "# a\n": "# a\n\ttotal_steps: 9;\n",
            "warmup_steps: 5 }": "warmup_steps: 5\n\thold_base_rate_steps: 1 }",
        },
    ),
    "in YAML blocks": (
        "a.yaml",
        GARDEN,
        ["optimizer_config.warmup.linear.warmup_steps=10", "steps_per_loop=10"],
        {
            "      # end of the rate\n": "      # end of the rate\n"
            "    warmup:\n      type: linear\n      linear:\n        warmup_steps: 10\n",
            "    # end of the optimizer\n": "    # end of the optimizer\n  steps_per_loop: 10\n",
        },
    ),
    "in YAML's braces": (
        "a.yaml",
        "cosine_decay_learning_rate: {learning_rate_base: 1, total_steps: 9, # c\n"
        "    warmup_steps: 5  # w\n  }\n",
        ["hold_base_rate_steps=1", "warmup_learning_rate=0.5"],
        {
            "total_steps: 9,": "total_steps: 9, warmup_learning_rate: 0.5,",
            "warmup_steps: 5  # w\n": "warmup_steps: 5,  # w\n    hold_base_rate_steps: 1\n",
        },
    ),
    "where YAML has null": (
        "a.yaml",
        GARDEN.replace("optimizer_config:\n", "optimizer_config:\n    warmup:  # none\n"),
        ["optimizer_config.warmup.linear.warmup_steps=10"],
        {
            "warmup:  # none\n": "warmup:  # none\n      type: linear\n      linear:\n"
            "        warmup_steps: 10\n"
        },
    ),
    "in JSON": (
        "a.json",
        '{\n\t"cosine_decay_learning_rate" : {\n\t\t"learning_rate_base": 1,\n'
        '\t\t"total_steps": 9\n\t}\n}',
        [
            "cosine_decay_learning_rate.warmup_steps=5",
            "warmup.shape=COSINE",
            "warmup.warmup_steps=2",
        ],
        {
            '"total_steps": 9\n\t}\n': '"total_steps": 9,\n\t\t"warmup_steps": 5\n\t},\n'
            '\t"warmup": {\n\t\t"shape": "COSINE",\n\t\t"warmup_steps": 2\n\t}\n'
        },
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("layout", NEW_FIELDS)
def test_new_fields_look_like_those_beside_them(layout: str, newline: str) -> None:
    name, text, settings, replaced = NEW_FIELDS[layout]
    wanted = text
    for before, after in replaced.items():
        assert wanted.count(before) == 1
        wanted = wanted.replace(before, after)
    found = changed(text.replace("\n", newline), *settings, name=name)
    assert found == wanted.replace("\n", newline)


MANUAL = """manual_step_learning_rate {
  initial_learning_rate: 0.1
  schedule { step: 10 learning_rate: 0.01 }  # one
  schedule {
    step: 20
    learning_rate: 0.001
  }
}
"""


def test_elements() -> None:
    assert changed(MANUAL, "schedule[-1].step=30") == MANUAL.replace("20", "30")
    third = "  schedule { step: 40 learning_rate: 1e-5 }\n}\n"
    assert changed(MANUAL, "schedule[]={step: 40 learning_rate: 1e-5}") == MANUAL[:-2] + third
    assert changed(MANUAL, "schedule[].step=40", "schedule[-1].learning_rate=1e-5").endswith(
        "step: 40 learning_rate: 1e-5 }\n}\n"
    )
    assert "schedule { step" not in changed(MANUAL, "schedule[0]")
    three = "values:\n        - 0.1\n        - 0.02\n        # the last\n        - 0.001\n"
    assert three in changed(GARDEN, "values[1]=0.02", name="a.yaml")
    longer = changed(GARDEN, "values[]=1e-4", "boundaries[]=300", name="a.yaml")
    assert "        - 0.001\n        - 1e-4\n" in longer
    assert "boundaries: [100, 200, 300]\n" in longer
    with pytest.raises(
        SetError, match=r"has no element 2: it has 2 elements, and the last one is `schedule\[1\]`"
    ):
        changed(MANUAL, "schedule[2].step=5")
    assert changed(GARDEN, "stepwise.values=[1, 2]", "boundaries=[7]", name="a.yaml").count(
        "values: [1, 2]\n"
    )


def test_a_text_that_stands_for_a_list_becomes_one() -> None:
    text = GARDEN.replace(
        "    learning_rate:\n",
        "    optimizer: {adamw: {exclude_from_weight_decay: b}}\n    learning_rate:\n",
    )
    assert "exclude_from_weight_decay: [b, c]}" in changed(
        text, "adamw.exclude_from_weight_decay[]=c", name="a.yaml"
    )
    tagged = text.replace("_decay: b}", "_decay: !!python/tuple [b]}")
    assert "_decay: !!python/tuple [b, c]}" in changed(
        tagged, "adamw.exclude_from_weight_decay[]=c", name="a.yaml"
    )


def test_unset() -> None:
    assert changed(PIPELINE, "batch_size") == PIPELINE.replace(
        "  batch_size: 24  # per replica\n", "  # per replica\n"
    )
    assert changed(PIPELINE, "gradient_clipping_by_norm") == PIPELINE
    text = GARDEN.replace("    is_training: true   # yes\n", "")
    assert "  train_data: {}\n" in changed(text, "global_batch_size", name="a.yaml")


def test_a_member_takes_the_place_of_another_one() -> None:
    text = MANUAL.replace("  # one", "")
    result = edit(read(text), [Setting("constant_learning_rate.learning_rate", "0.5")])
    assert result.text == "constant_learning_rate {\n  learning_rate: 0.5\n}\n"
    assert [change.path for change in result.changes] == [
        "constant_learning_rate.learning_rate",
        "manual_step_learning_rate",
    ]
    # A short name never does it.
    with pytest.raises(SetError, match=r"did you mean `cosine_decay_learning_rate\.total_steps`"):
        changed(text, "total_steps=5")
    switched = changed(
        GARDEN,
        f"{'trainer.optimizer_config.learning_rate'}.type=constant",
        "learning_rate.constant.learning_rate=1",
        name="a.yaml",
    )
    assert "type: constant\n      constant:\n        learning_rate: 1\n      stepwise:" in switched


def test_short_names_mean_one_field() -> None:
    both = PIPELINE.replace(
        "        cosine_decay", "        warmup { warmup_steps: 7 }\n        cosine_decay"
    )
    with pytest.raises(SetError) as refused:
        changed(both, "warmup_steps=5")
    said = str(refused.value)
    assert "`warmup_steps` can be any of 2 fields" in said
    assert f"`{RATE}.warmup.warmup_steps`" in said
    assert f"`{RATE}.cosine_decay_learning_rate.warmup_steps`" in said
    assert "warmup { warmup_steps: 5 }" in changed(both, "warmup.warmup_steps=5")
    with pytest.raises(SetError, match=r"can be any of 2 fields.*schedule\[0\]\.step"):
        changed(MANUAL, "step=5")


SHARED = """\
task: {train_data: {global_batch_size: &n 100}}
trainer:
  train_steps: 500
  optimizer_config:
    learning_rate: &rate
      type: polynomial
      polynomial: {initial_learning_rate: 1, decay_steps: *n}
copy: *rate
other:
  <<: *rate
"""


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        (
            "global_batch_size=5",
            "belongs to the anchored value `&n` (1:40), which `*n` repeats (7:",
        ),
        ("decay_steps=5", "polynomial.decay_steps` is an alias of `&n` (1:40). Replace `*n`"),
        (
            "power=2",
            "polynomial.power` belongs to the anchored value `&rate` (5:20), which `*rate`",
        ),
        ("copy.polynomial.initial_learning_rate=2", "`copy` is an alias of `&rate` (5:20)."),
        ("other.type=linear", "merged into the block at line 10"),
        (
            "trainer.optimizer_config.learning_rate",
            "learning_rate` holds the anchored value `&rate` (5:20), which `*rate` repeats (8:7).",
        ),
    ],
)
def test_what_aliases_repeat_is_refused_with_its_anchor(setting: str, place: str) -> None:
    with pytest.raises(SetError) as refused:
        changed(SHARED, setting, name="a.yaml")
    assert place in str(refused.value)


def test_beside_aliases() -> None:
    assert changed(SHARED, "train_steps=400", name="a.yaml") == SHARED.replace("500", "400")
    wanted = SHARED.replace("500\n", "500\n  steps_per_loop: 5\n").replace(
        "  steps_per_loop: 5\n  optimizer_config", "  optimizer_config"
    )
    found = changed(SHARED, "steps_per_loop=5", name="a.yaml")
    assert found == wanted.replace("*n}\n", "*n}\n  steps_per_loop: 5\n")
    assert changed(SHARED, "copy", name="a.yaml") == SHARED.replace("copy: *rate\n", "")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("num_steps=many", "`num_steps` must be a whole number, not `many`"),
        ("num_steps=-5", "from 0 to 4294967295"),
        ("num_steps=1 2", "expected one value"),
        ("num_step=5", "did you mean `"),
        ("num_steps[0]=5", "is not a list"),
        ("num_steps.x=5", "is a single value: remove what follows it"),
        ("optimizer=5", "`optimizer` must be a block"),
        ("train_config.optimizer=5", "`optimizer` must be a block"),
        ("fine_tune_checkpoint_version=V3", "one of UNKNOWN, V1, V2, not `V3`"),
        ("total_steps=50", "the file would have new errors"),
        ("train_config.optimizer", "the file would have new errors"),
        ("=5", "expected the name of a field"),
        ("num_steps=", "expected one value after the `=`, and nothing follows it"),
        ("num_classes=5", "short names do not reach: write `model.ssd.num_classes`"),
        ("ssd.num_classes=5", "short names do not reach: write `model.ssd.num_classes`"),
    ],
)
def test_what_is_refused(setting: str, said: str) -> None:
    with pytest.raises(SetError) as refused:
        changed(PIPELINE, setting)
    assert said in str(refused.value)
    assert str(refused.value).startswith("a.config: ")


def test_a_file_that_cannot_be_read_stays() -> None:
    with pytest.raises(SetError, match="cannot be read in full") as refused:
        changed(PIPELINE + "}", "num_steps=5")
    assert refused.value.findings


def test_errors_that_were_there_do_not_matter() -> None:
    text = PIPELINE.replace("total_steps: 1000", "total_steps: 50")
    assert changed(text, "total_steps=1000") == PIPELINE
    assert "batch_size: 8" in changed(text, "batch_size=8")


def test_warnings_that_follow_are_told_and_not_refused() -> None:
    made = edit(examine(Source("a.config", PIPELINE)), [Setting("num_steps", "50")])
    assert {"SB407"} <= {found.code for found in made.findings}
    assert "num_steps: 50\n" in made.text


def test_what_is_new_about_the_writing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = examine(Source("a.config", PIPELINE))
    monkeypatch.setattr(spelling, "quoted", lambda text: f'"{text}"')  # as a fault would
    with pytest.raises(SetError, match="would have new errors") as refused:
        edit(config, [Setting("fine_tune_checkpoint", "D:\\Models")])
    assert [found.code for found in refused.value.findings] == ["SB108"]


def calls(count: int, settings: Callable[[int], list[Setting]], has_alias: bool) -> int:
    """How many function calls it takes to change a schedule of so many points."""
    points = "".join(f"      - {{step: {i + 1}, learning_rate: 0.1}}\n" for i in range(count))
    text = (
        "train_config:\n  batch_size: &size 8\n  replicas_to_aggregate: *size\n"
        "  optimizer: {momentum_optimizer: {learning_rate: {}}}\n"
    )
    text = text if has_alias else text.replace(" &size", "").replace("*size", "8")
    text = text.replace(
        "{momentum_optimizer: {learning_rate: {}}}",
        "\n   momentum_optimizer:\n    learning_rate:\n     manual_step_learning_rate:"
        f"\n      initial_learning_rate: 0.1\n      schedule:\n{points}",
    )
    config = examine(Source("a.yaml", text))
    assert config.schedule is not None
    profile = cProfile.Profile()
    profile.enable()
    edited = edit(config, settings(count))
    profile.disable()
    assert len(edited.changes) == count
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("has_alias", [False, True])
@pytest.mark.parametrize("name", [f"{RATE}.manual_step_learning_rate.schedule", "schedule"])
def test_many_settings_take_time_that_grows_with_their_number(name: str, has_alias: bool) -> None:
    def settings(count: int) -> list[Setting]:
        return [Setting(f"{name}[{i}].learning_rate", f"0.0{i + 1}") for i in range(count)]

    few, many = (calls(count, settings, has_alias) for count in (30, 120))
    assert many < 6 * few


def test_what_a_file_has() -> None:
    config = read(PIPELINE)
    path = f"{RATE}.cosine_decay_learning_rate.learning_rate_base"
    assert find(config, "learning_rate_base") == (path, ".08", ".08", "0.002")
    assert find(config, "moving_average_decay")[1:] == (None, None, "0.9999")
    assert find(config, "fine_tune_checkpoint_version").default == "V1"
    assert find(config, "model.ssd.name")[1:] == ("'x'", "x", None)
    assert find(config, "fine_tune_checkpoint")[1:] == ('"gs://a/b"', "gs://a/b", "")
    garden = read(GARDEN, "a.yaml")
    assert find(garden, "values").written == "[0.1, 0.01, 0.001]"
    assert find(garden, "stepwise").written == (
        "boundaries: [100, 200]\nvalues:\n- 0.1\n- 0.01\n# the last\n- 0.001"
    )
    assert find(config, "cosine_decay_learning_rate").written == (
        "{\n  learning_rate_base: .08\n  total_steps: 1000\n  warmup_learning_rate: 0.01\n"
        "  warmup_steps: 100\n}"
    )


def test_the_rate_in_one_line() -> None:
    before = read(PIPELINE)
    after = edit(before, [Setting("learning_rate_base", "0.01")]).config
    assert rate_change(before, after).startswith("peak 0.08 -> 0.01, ends at ")
    alone = read("constant_learning_rate { learning_rate: 1 }")
    assert rate_change(alone, alone) == "peak 1 -> 1"
    assert rate_change(alone, read("")) == ""


def test_settings_and_changes_in_words() -> None:
    assert str(Setting("a.b", "1")) == "a.b=1"
    assert str(Setting("a.b", "")) == "a.b="
    assert str(Setting("a.b", None)) == "--unset a.b"
    assert str(Change("a.b", "1", "2")) == "a.b: 1 -> 2"
    assert str(Change("a.b", "", "2")) == "a.b: (not set) -> 2"
    assert str(Change("a.b", "1", "")) == "a.b: removed 1"


def test_a_value_that_is_there_may_stay() -> None:
    config = read(PIPELINE)
    kept = edit(config, [Setting("num_steps", "5", if_absent=True)])
    assert (kept.text, kept.changes) == (PIPELINE, ())
    assert kept.config is config
    added = edit(config, [Setting("startup_delay_steps", "5", if_absent=True)])
    assert [str(c) for c in added.changes] == ["train_config.startup_delay_steps: (not set) -> 5"]


def test_the_last_of_several_values_for_a_field_is_kept() -> None:
    values = [Setting("num_steps", "1000"), Setting("num_steps", "7"), Setting("num_steps", "8")]
    made = edit(read(PIPELINE), values)
    assert made.text == PIPELINE.replace("num_steps: 1000", "num_steps: 8")
    assert [str(c).partition(": ")[2] for c in made.changes] == ["1000 -> 7", "7 -> 8"]
    gone = edit(read(PIPELINE), [Setting("num_steps", "7"), Setting("num_steps", None)])
    assert "num_steps" not in gone.text
    assert [str(c).partition(": ")[2] for c in gone.changes] == ["1000 -> 7", "removed 7"]
    again = edit(read(PIPELINE), [Setting("num_steps", None), Setting("num_steps", "7")])
    assert "  num_steps: 7\n" in again.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate_base", "8e-2"),
        ("learning_rate_base", "0.080"),
        ("num_steps", "0x3E8"),
        ("use_moving_average", "False"),
        ("fine_tune_checkpoint", "'gs://a/b'"),
        ("fine_tune_checkpoint", "gs://a/b"),
        ("model.ssd.num_classes", "3"),
        ("model.ssd.name", "x"),
        ("model.ssd.name", '"x"'),
        ("cosine_decay_learning_rate.warmup_learning_rate", "1e-2"),
    ],
)
def test_the_same_value_in_another_spelling_changes_nothing(field: str, value: str) -> None:
    made = edit(read(PIPELINE), [Setting(field, value)])
    assert (made.text, made.changes, made.findings) == (PIPELINE, (), ())


@pytest.mark.parametrize(
    ("field", "value", "changes"),
    [
        ("num_steps", "1001", "1000 -> 1001"),
        ("use_moving_average", "true", "false -> true"),
        ("fine_tune_checkpoint", "gs://a/c", '"gs://a/b" -> "gs://a/c"'),
        ("model.ssd.num_classes", "4", "3 -> 4"),
        ("model.ssd.name", "3", "'x' -> '3'"),
    ],
)
def test_another_value_is_a_change(field: str, value: str, changes: str) -> None:
    made = edit(read(PIPELINE), [Setting(field, value)])
    assert [str(c).partition(": ")[2] for c in made.changes] == [changes]


def test_lists_are_the_same_element_by_element() -> None:
    def made(setting: str) -> tuple[Change, ...]:
        field, _, value = setting.partition("=")
        return edit(read(GARDEN, "a.yaml"), [Setting(field, value)]).changes

    assert made("stepwise.values=[0.10, 1e-2, .001]") == ()
    assert made("values[0]=1e-1") == ()
    for values in ("[0.1, 0.01, 0.002]", "[0.1, 0.02, 0.001]", "[0.2, 0.01, 0.001]"):
        (change,) = made(f"stepwise.values={values}")
        assert change.before == "[0.1, 0.01, 0.001]"
        assert change.path == "trainer.optimizer_config.learning_rate.stepwise.values"
    for values in ("[0.1, 0.01]", "[0.1, 0.01, 0.001, 0.0001]"):
        with pytest.raises(SetError, match="new errors") as refused:
            made(f"stepwise.values={values}")
        assert [found.code for found in refused.value.findings] == ["SB307"]
    assert made("task.model.name=x") == ()
    assert [c.after for c in made("task.model.num_classes=4")] == ["4"]


def test_a_file_is_read_in_spite_of_warnings_of_its_writing() -> None:
    text = PIPELINE.replace('"gs://a/b"', '"D:\\\\Models" fine_tune_checkpoint_type: "a\\d"')
    config = read(text)
    assert [d.code for d in config.diagnostics if d.code.startswith("SB1")] == ["SB108"]
    assert "num_steps: 7\n" in edit(config, [Setting("num_steps", "7")]).text


def test_a_block_may_stand_after_blanks() -> None:
    value = "  { warmup_steps: 7 }"
    made = edit(read(PIPELINE), [Setting(f"{RATE}.warmup", value)])
    assert made.config.get(tuple(f"{RATE}.warmup.warmup_steps".split("."))) == 7


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.ssd.num_classes={a: 1}", "the file has (a single value|a block|a list) here"),
        ("model.ssd=5", "the file has (a single value|a block|a list) here"),
        (f"{RATE}.warmup=[{{}}]", "the file would have new errors"),
        ("num_steps={a: 1}", "`num_steps` must be a whole number"),
        ("optimizer=[1]", "must be a block"),
        ("train_config.optimizer=[1]", "`optimizer` must be a block"),
        (
            "train_config.freeze_variables=[[a]]",
            "`freeze_variables` must be a string",
        ),
    ],
)
def test_values_of_another_kind_are_refused(setting: str, said: str) -> None:
    with pytest.raises(SetError, match=said):
        changed(PIPELINE, setting)


def test_a_name_that_an_earlier_setting_makes_ambiguous_is_refused() -> None:
    added = Setting(f"{RATE}.warmup.warmup_steps", "5")
    short = Setting("warmup_steps", "7")
    with pytest.raises(SetError, match="`warmup_steps=7`: `warmup_steps` can be any of 2 fields"):
        edit(read(PIPELINE), [added, short])
    assert [str(c).partition(": ")[2] for c in edit(read(PIPELINE), [short, added]).changes] == [
        "100 -> 7",
        "(not set) -> 5",
    ]


def test_a_name_of_a_block_and_of_a_value_is_ambiguous_for_a_block() -> None:
    text = "train_config { optimizer { sgd_optimizer { learning_rate { constant_learning_rate {\n"
    text += "  learning_rate: 1 } } } } num_steps: 5 }\n"
    assert "learning_rate: 2 }" in changed(text, "learning_rate=2")
    for value in ("{ }", "  {constant_learning_rate {learning_rate: 2}}"):
        with pytest.raises(SetError, match="`learning_rate` can be any of 2 fields"):
            changed(text, f"learning_rate={value}")


def test_a_type_says_what_later_names_mean() -> None:
    kinds = "{type: cosine, cosine: {decay_steps: 5, initial_learning_rate: 1},"
    text = (
        "trainer: {train_steps: 5, optimizer_config: {optimizer: {type: sgd}, learning_rate:"
        f" {kinds} polynomial: {{decay_steps: 6, initial_learning_rate: 1}}}}}}}}\n"
    )
    assert "polynomial: {decay_steps: 6" in changed(text, "decay_steps=7", name="a.yaml")
    made = edit(
        read(text, "a.yaml"),
        [Setting("learning_rate.type", "polynomial"), Setting("decay_steps", "7")],
    )
    assert made.text == text.replace("cosine, ", "polynomial, ").replace("6", "7")


def test_a_member_inside_of_a_list_takes_the_place_of_another_one() -> None:
    text = (
        "sequential_learning_rate {\n  stage { steps: 5 learning_rate { %s } }\n"
        "  stage { learning_rate { constant_learning_rate { learning_rate: 1 } } }\n}\n"
    )
    cosine = "cosine_decay_learning_rate { total_steps: 5 learning_rate_base: 1 warmup_steps: 0 }"
    field = "sequential_learning_rate.stage[0].learning_rate.constant_learning_rate.learning_rate"
    made = edit(read(text % cosine), [Setting(field, "2")])
    assert made.text == text % "constant_learning_rate { learning_rate: 2 }"
    assert [change.path.rpartition(".")[2] for change in made.changes] == [
        "learning_rate",
        "cosine_decay_learning_rate",
    ]


def test_json_selects_a_new_block_by_a_text() -> None:
    text = (
        '{"trainer": {"train_steps": 5, "optimizer_config": {"optimizer": {"type": "sgd"},'
        ' "learning_rate": %s}}}'
    )
    assert changed(text % "{}", "learning_rate.constant.learning_rate=1", name="a.json") == text % (
        '{"type": "constant", "constant": {"learning_rate": 1}}'
    )


def test_a_block_or_a_type_selects_already() -> None:
    for given in ("{type: constant}", "{constant: {}}"):
        text = f"trainer: {{optimizer_config: {{learning_rate: {given}}}}}\n"
        made = edit(read(text, "a.yaml"), [Setting("constant.learning_rate", "1")])
        assert [change.path.rpartition(".")[2] for change in made.changes] == ["learning_rate"]
        assert made.text.count("type") == given.count("type")


def test_a_whole_block_that_is_repeated_is_not_replaced() -> None:
    for field, said in (
        ("trainer.optimizer_config.learning_rate", "belongs to the anchored value `&rate` (5:20)"),
        ("copy", "`copy` is an alias of `&rate` (5:20)"),
    ):
        with pytest.raises(SetError) as refused:
            changed(SHARED, f"{field}={{type: constant}}", name="a.yaml")
        assert said in str(refused.value)


def test_edits_that_do_not_say_what_was_meant_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a fault would make them."""

    def broken(*arguments: Any) -> list[Edit]:
        edits = put(*arguments) or []
        return [*edits, Edit(len(PIPELINE), len(PIPELINE), "}")]

    monkeypatch.setattr(setting_room, "put", broken)
    said = "a.config: `train_config.num_steps` cannot be changed in the layout that the file has"
    with pytest.raises(SetError, match=re.escape(said)):
        edit(read(PIPELINE), [Setting("num_steps", "5")])
    monkeypatch.setattr(setting_room, "put", lambda *arguments: None)
    for field in ("num_steps", "startup_delay_steps"):
        with pytest.raises(SetError, match=f"`train_config.{field}` cannot be changed in the lay"):
            edit(read(PIPELINE), [Setting(field, "5")])
    monkeypatch.undo()
    monkeypatch.setattr(setting_room, "contents_of", Mock(side_effect=[{}, {}, {"a": []}]))
    monkeypatch.setattr(Batch, "applied_to", lambda batch, tree: None)
    with pytest.raises(SetError) as refused:
        edit(read(PIPELINE), [Setting("num_steps", "5")])
    assert str(refused.value) == (
        "a.config: the new text would say something else, so the file is not changed"
    )


@pytest.mark.parametrize(
    ("before", "setting", "after"),
    [
        ("num_steps: &n # five\n    5", ("num_steps", "8"), "num_steps: &n # five\n    8"),
        (
            "freeze_variables: !!seq # one\n    [a]",
            ("freeze_variables[]", "b"),
            "freeze_variables: !!seq # one\n    [a, b]",
        ),
    ],
)
def test_a_comment_between_an_anchor_and_its_value_stays(
    before: str, setting: tuple[str, str], after: str
) -> None:
    config = read(f"train_config:\n  {before}\n", "a.yaml")
    assert edit(config, [Setting(*setting)]).text == f"train_config:\n  {after}\n"
