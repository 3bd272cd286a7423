"""The Model Garden's dialect: what its files say, what they leave to code, and its optimizers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import schedule_builder as sb
from schedule_builder.compiler import examine, examine_bytes
from schedule_builder.diagnostics import Source
from schedule_builder.dialects import model_garden
from schedule_builder.frameworks.keras_optimizers import KERAS_OPTIMIZERS
from schedule_builder.v1 import experiment_pb2
from tests.support.data import DATA, needs_data

EXPERIMENT = """\
runtime:
  distribution_strategy: tpu
task:
  model: {num_classes: 1001, input_size: !!python/tuple [224, 224, 3]}
  train_data:
    global_batch_size: 4096
trainer:
  train_steps: 1000
  optimizer_config:
    optimizer:
      type: sgd
      sgd: {momentum: 0.9}
    learning_rate:
      type: stepwise
      stepwise:
        boundaries: !!python/list [300, 600]
        values: [0.1, 1e-2, 0.001]
    warmup:
      type: linear
      linear: {warmup_learning_rate: 0.0067, warmup_steps: 50}
"""


def findings(text: str) -> list[str]:
    return [
        f"{d.row}:{d.column} {d.code} {d.severity}"
        for d in sb.validate_text(text, "experiment.yaml")
    ]


def replaced(old: str, new: str) -> str:
    assert old in EXPERIMENT
    return EXPERIMENT.replace(old, new)


def test_an_experiment_is_used_like_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "experiment.yaml"
    path.write_text(EXPERIMENT)
    config = sb.load(path)
    assert not config.diagnostics
    assert isinstance(config.message, experiment_pb2.ExperimentConfig)
    assert (config.num_steps, config.batch_size) == (1000, 4096)
    schedule = sb.build_schedule(path)
    # The old value still holds at a boundary.
    assert [schedule(step) for step in (0, 50, 300, 301, 601)] == [0.0067, 0.1, 0.1, 0.01, 0.001]
    rates = sb.build_learning_rate(path, np.array([0, 300, 301]))
    np.testing.assert_array_equal(rates, np.array([0.0067, 0.1, 0.01], np.float32))
    assert float(sb.build_keras_schedule(path)(301)) == np.float32(0.01)


SILENT = {
    "null means not given": ("      sgd: {momentum: 0.9}", "      sgd: {momentum: null}"),
    "no warmup": ("      type: linear\n", "      type: null\n"),
    "a number in quotes is a text": ("momentum: 0.9", "momentum: 0.9, name: '3'"),
    "an optimizer of someone's own": ("type: sgd\n      sgd:", "type: own_sgd\n      own_sgd:"),
    "what is none of ours": ("  train_steps:", "  checkpoint_interval: [x]\n  train_steps:"),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of(name: str) -> None:
    found = findings(replaced(*SILENT[name]))
    # Where a block is not selected, that is said.
    assert [f for f in found if "SB312" not in f] == []


FOUND: dict[str, tuple[str, str, list[str]]] = {
    "an unknown type": ("type: stepwise", "type: stepwize", ["14:13 SB208 error"]),
    "a type that someone registers": (
        "type: stepwise\n      stepwise:",
        "type: cosine_epoch\n      cosine_epoch:",
        ["14:13 SB208 error"],
    ),
    "a block that is not selected": (
        "      type: stepwise\n",
        "      type: constant\n",
        ["13:5 SB409 warning", "15:7 SB312 warning"],
    ),
    "a type without its block": (
        "type: stepwise\n      stepwise:",
        "type: exponential\n      stepwise:",
        ["14:7 SB205 error"] * 3,
    ),
    "no type": ("      type: stepwise\n", "", ["13:5 SB313 warning"]),
    "no type, and not all numbers": (
        "      type: linear\n      linear: {warmup_learning_rate: 0.0067, warmup_steps: 50}",
        "      linear: {warmup_learning_rate: 0.0067}",
        ["18:5 SB313 warning"],
    ),
    "two blocks and no type": (
        "      type: stepwise\n",
        "      constant: {}\n",
        ["13:5 SB313 warning"],
    ),
    "a null value in the block that counts": (
        "values: [0.1, 1e-2, 0.001]",
        "values: null",
        ["15:7 SB205 error"],
    ),
    "an unknown field": ("boundaries:", "boundarys:", ["16:9 SB201 error"]),
    "one value too few": ("[0.1, 1e-2, 0.001]", "[0.1, 0.001]", ["17:17 SB307 error"]),
    "no optimizer": (
        "    optimizer:\n      type: sgd\n      sgd: {momentum: 0.9}\n",
        "",
        ["9:3 SB314 warning"],
    ),
    "a negative rate": ("0.0067", "-0.0067", ["20:38 SB204 error"]),
    "a tag that would run something": (
        "tpu",
        "!!python/object/apply:os.system ['touch ran']",
        ["2:26 SB107 error"],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_findings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old, new, wanted = FOUND[name]
    found = findings(replaced(old, new))
    assert [line for line in found if line in wanted] == wanted
    assert all("SB312" in line for line in found if line not in wanted)
    assert not Path("ran").exists()


def trained(optimizer: str, warmup: str) -> str:
    return (
        f"trainer: {{train_steps: 1000, optimizer_config: {{optimizer: {optimizer},"
        " learning_rate: {type: constant, constant: {learning_rate: 0.1}},"
        f" warmup: {warmup}}}}}\n"
    )


@pytest.mark.parametrize(
    ("optimizer", "warmup", "wanted"),
    [
        ("{type: sgd}", "{type: polynomial, polynomial: {warmup_steps: 9, power: -1}}", ["SB410"]),
        ("{type: sgd}", "{type: polynomial, polynomial: {warmup_steps: 9}}", []),
        # What Python code adds has a block of its name, and is not a misspelling.
        ("{type: adamw2, adamw2: {a: 1}}", "{type: linear, linear: {warmup_steps: 9}}", []),
        ("{type: adamw2}", "{type: linear, linear: {warmup_steps: 9}}", ["SB208"]),
    ],
)
def test_what_is_said_of_experiments(optimizer: str, warmup: str, wanted: list[str]) -> None:
    found = sb.validate_text(trained(optimizer, warmup), "a.yaml")
    assert [d.code for d in found] == wanted


def test_what_python_code_supplies_cannot_be_built() -> None:
    experiment = {"trainer": {"train_steps": 5, "optimizer_config": {"optimizer": {"type": "sgd"}}}}
    with pytest.raises(sb.ConfigError, match=r"error\[SB314\] no `learning_rate` is set"):
        sb.build_schedule(experiment)


def test_blocks_without_a_type_are_one_finding() -> None:
    text = EXPERIMENT
    for name in ("stepwise", "linear", "sgd"):
        text = text.replace(f"      type: {name}\n", "")
    (finding,) = sb.validate_text(text, "experiment.yaml")
    assert finding.code == "SB313"
    assert [r.message.split()[0] for r in finding.related] == ["`warmup`", "`optimizer`"]
    assert sb.load(json_of(text)).schedule == sb.load(json_of(EXPERIMENT)).schedule


def json_of(text: str) -> Any:
    import yaml

    for old, new in (("!!python/tuple", ""), ("!!python/list", ""), ("1e-2", "0.01")):
        text = text.replace(old, new)
    return yaml.safe_load(text)


def test_what_is_left_to_code_builds_nothing() -> None:
    data = json_of(EXPERIMENT)
    del data["trainer"]["optimizer_config"]["learning_rate"]
    with pytest.raises(sb.ConfigError, match=r"no `learning_rate` is set: it comes from Python"):
        sb.build_schedule(data)
    with pytest.raises(sb.ConfigError, match="from Python code"):
        sb.build_learning_rate({"trainer": {}})


@needs_data
def test_files_whose_types_are_left_to_code() -> None:
    assert DATA is not None
    entries = json.loads((DATA / "golden" / "garden_files.json").read_text())
    built, left = 0, 0
    for entry in entries:
        if "note" not in entry:
            continue
        config = examine_bytes((DATA / "corpus/garden" / entry["file"]).read_bytes(), "x.yaml")
        assert "SB313" in {d.code for d in config.diagnostics}
        assert all(d.severity == "warning" for d in config.diagnostics)
        built += config.schedule is not None
        left += config.schedule is None
    # Five leave numbers to code, too.
    assert (built, left) == (77, 5)


def experiment(optimizer: str, block: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = json_of(EXPERIMENT)
    config = data["trainer"]["optimizer_config"]
    config["optimizer"] = {"type": optimizer, optimizer: block}
    config |= more
    return dict(data)


PARAMETERS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("sgd", {"momentum": 0.8, "nesterov": True}, "SGD", {"momentum": 0.8, "nesterov": True}),
    ("sgd", {}, "SGD", {"momentum": 0.0, "nesterov": False, "global_clipnorm": None}),
    ("sgd_experimental", {"jit_compile": True, "clipvalue": 2.0}, "SGD", {"clipvalue": 2.0}),
    ("adam", {"beta_1": 0.8, "amsgrad": True}, "Adam", {"beta_1": 0.8, "amsgrad": True}),
    ("adam_experimental", {"clipnorm": 3.0}, "Adam", {"clipnorm": 3.0, "epsilon": 1e-7}),
    (
        "adamw",
        {"weight_decay_rate": 0.05, "beta_2": 0.98},
        "AdamW",
        {"weight_decay": 0.05, "beta_2": 0.98, "global_clipnorm": 1.0},
    ),
    ("adamw", {"gradient_clip_norm": 0}, "AdamW", {"weight_decay": 0.0, "global_clipnorm": None}),
    ("adamw_experimental", {"weight_decay": 0.1}, "AdamW", {"weight_decay": 0.1}),
    ("lamb", {"weight_decay_rate": 0.01}, "Lamb", {"weight_decay": 0.01, "epsilon": 1e-6}),
    (
        "rmsprop",
        {"rho": 0.8, "momentum": 0.7, "epsilon": 0.001, "centered": True},
        "RMSprop",
        {"rho": 0.8, "momentum": 0.7, "epsilon": 0.001, "centered": True},
    ),
    (
        "adagrad",
        {"initial_accumulator_value": 0.2},
        "Adagrad",
        {"initial_accumulator_value": 0.2, "epsilon": 1e-7},
    ),
    (
        "adafactor",
        {"decay_rate": 0.7, "clipping_threshold": 2.0},
        "Adafactor",
        {"beta_2_decay": -0.7, "clip_threshold": 2.0, "relative_step": False, "epsilon_1": 1e-30},
    ),
    ("adafactor_keras", {}, "Adafactor", {"beta_2_decay": -0.8, "relative_step": True}),
    ("lion", {"beta_1": 0.95, "weight_decay": 0.3}, "Lion", {"beta_1": 0.95, "weight_decay": 0.3}),
]


def test_every_optimizer_is_tested() -> None:
    names = set(KERAS_OPTIMIZERS).intersection(model_garden.EXPERIMENT.optimizer_names())
    assert {name for name, *_ in PARAMETERS} == names


@pytest.mark.parametrize(("name", "block", "keras_name", "wanted"), PARAMETERS)
def test_optimizers(
    name: str, block: dict[str, Any], keras_name: str, wanted: dict[str, Any]
) -> None:
    optimizer = sb.build_optimizer(experiment(name, block))
    assert isinstance(optimizer, getattr(keras.optimizers, keras_name))
    assert {key: getattr(optimizer, key) for key in wanted} == wanted
    assert not optimizer.use_ema
    weight = keras.Variable([[1.0, 2.0], [3.0, 4.0]])
    for _ in range(3):
        rate = float(optimizer.learning_rate)
        assert rate == np.float32(sb.build_schedule(json_of(EXPERIMENT))(int(optimizer.iterations)))
        optimizer.apply([keras.ops.ones((2, 2))], [weight])


def test_moving_average() -> None:
    ema = {"average_decay": 0.9998, "trainable_weights_only": False}
    optimizer = sb.build_optimizer(experiment("sgd", {}, ema=ema))
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9998)
    assert not sb.build_optimizer(experiment("sgd", {}, ema=None)).use_ema


def test_weights_without_decay() -> None:
    block = {"weight_decay_rate": 0.5, "exclude_from_weight_decay": ["bias", "beta"]}
    optimizer = sb.build_optimizer(experiment("adamw", block))
    decays, kept = keras.Variable([1.0], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer.apply([keras.ops.zeros(1), keras.ops.zeros(1)], [decays, kept])
    rate = 0.0067
    np.testing.assert_allclose(decays, [1 - 0.5 * rate], rtol=1e-6)
    np.testing.assert_allclose(kept, [1.0])


def test_a_bad_pattern_is_named() -> None:
    block = {"weight_decay_rate": 0.5, "exclude_from_weight_decay": ["bias", "*norm"]}
    with pytest.raises(sb.ConfigError, match=r"error\[SB318\] invalid regular expression: nothing"):
        sb.load(experiment("adamw", block))


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("lars", {"momentum": 0.9}, {}, "has no optimizer `lars`"),
    ("sgd_of_ours", {"momentum": 0.9}, {}, "has no optimizer `sgd_of_ours`"),
    ("sgd", {"decay": 0.1}, {}, "SGD has no `decay`"),
    ("adamw", {"include_in_weight_decay": ["x"]}, {}, "AdamW has no `include_in_weight_decay`"),
    ("adafactor", {"factored": False}, {}, "Adafactor has no `factored`"),
    ("sgd", {"clipnorm": 1.0, "clipvalue": 1.0}, {}, "both `clipnorm` and `clipvalue` are set"),
    ("adamw", {"clipnorm": 1.0}, {}, "both `clipnorm` and `gradient_clip_norm` are set"),
    ("sgd", {}, {"ema": {"start_step": 3}}, "begins at the first update"),
]


@pytest.mark.parametrize(("name", "block", "more", "text"), REFUSED)
def test_what_keras_lacks_is_an_error_of_the_optimizer_alone(
    name: str, block: dict[str, Any], more: dict[str, Any], text: str
) -> None:
    data = experiment(name, block, **more)
    with pytest.raises(sb.ConfigError, match=text) as refusal:
        sb.build_optimizer(data)
    (finding,) = refusal.value.diagnostics
    assert (finding.code, finding.severity) == ("SB315", "error")
    lines = json.dumps(data, indent=2).splitlines()
    assert any(word in lines[finding.row - 1] for word in (name, *block, *more, "start_step"))
    assert sb.build_schedule(data) == sb.build_schedule(json_of(EXPERIMENT))


def test_an_optimizer_that_is_left_to_code() -> None:
    data = experiment("sgd", {})
    del data["trainer"]["optimizer_config"]["optimizer"]
    with pytest.raises(sb.ConfigError, match="comes from Python code"):
        sb.build_optimizer(data)


def test_a_cosine_has_no_rate_beyond_its_last_boundary() -> None:
    steps = {"boundaries": [0, 50, 90], "values": [1.0, 0.5, 0.1]}
    learning_rate = {"type": "step_cosine_with_offset", "step_cosine_with_offset": steps}
    data = experiment("sgd", {}, learning_rate=learning_rate, warmup=None)
    for train_steps, count in ((90, 0), (91, 1), (0, 1)):
        data["trainer"]["train_steps"] = train_steps
        config = examine(Source("x.json", json.dumps(data)))
        errors = [d for d in config.diagnostics if d.severity == "error"]
        assert len(errors) == count
        assert all("step 90" in d.message for d in errors)


def test_one_schedule_in_two_dialects() -> None:
    garden = experiment(
        "sgd",
        {},
        learning_rate={
            "type": "polynomial",
            "polynomial": {"initial_learning_rate": 0.1, "decay_steps": 100, "power": 2},
        },
        warmup={"type": "linear", "linear": {"warmup_steps": 10, "warmup_learning_rate": 0.01}},
    )
    native = {
        "polynomial_decay_learning_rate": {
            "initial_learning_rate": 0.1,
            "end_learning_rate": 0.0001,
            "decay_steps": 100,
            "power": 2,
        },
        "warmup": {"warmup_steps": 10, "warmup_learning_rate": 0.01},
    }
    assert sb.first_difference(sb.build_schedule(garden), sb.build_schedule(native)) is None


@pytest.mark.parametrize(
    ("type_name", "block", "hint"),
    [
        # The block is there, so that the name is none that was misspelt.
        ("cosine_with_floor", "cosine_with_floor", "If your Python code registers this one"),
        ("cosines", "cosines", "If your Python code registers this one"),
        ("cosin", "cosine", "did you mean `cosine`?"),
        ("Cosine", "cosine", "did you mean `cosine`?"),
    ],
)
def test_a_kind_of_the_projects_own_is_no_slip(type_name: str, block: str, hint: str) -> None:
    text = (
        "trainer:\n  train_steps: 100\n  optimizer_config:\n    optimizer: {type: adamw}\n"
        f"    learning_rate:\n      type: {type_name}\n"
        f"      {block}: {{initial_learning_rate: 0.1, decay_steps: 100}}\n"
    )
    found = [d for d in sb.validate_text(text, filename="x.yaml") if d.severity == "error"]

    assert [(d.code, d.row, d.column) for d in found] == [("SB208", 6, 13)]
    assert hint in found[0].message
    assert ("did you mean" in found[0].message) == (block == "cosine")
    assert "cosine" in found[0].message
