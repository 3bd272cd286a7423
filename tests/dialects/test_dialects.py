"""What the rest of the compiler asks of each config system."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import schedule_builder
from schedule_builder.compiler import examine, parse
from schedule_builder.config import load
from schedule_builder.diagnostics import FieldPath, Source
from schedule_builder.dialects import registry
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import OPTIMIZER, PIPELINE, TRAIN_CONFIG
from schedule_builder.reading.fields import schema_of
from schedule_builder.workspace.discovery import find_files
from schedule_builder.workspace.settings import Settings

RATE = {
    "cosine_decay_learning_rate": {
        "learning_rate_base": 0.1,
        "total_steps": 100,
        "warmup_learning_rate": 0.01,
        "warmup_steps": 10,
    }
}
COVERED = {"constant_learning_rate": {"learning_rate": 0.1}, "warmup": {"warmup_steps": 20}}


def pipeline(rate: dict[str, Any]) -> dict[str, Any]:
    optimizer = {"adam_optimizer": {"learning_rate": rate}}
    return {"train_config": {"batch_size": 64, "num_steps": 100, "optimizer": optimizer}}


EXPERIMENT_CONFIG = {
    "task": {"train_data": {"global_batch_size": 64}},
    "trainer": {
        "train_steps": 100,
        "optimizer_config": {
            "optimizer": {"type": "adamw", "adamw": {}},
            "learning_rate": {
                "type": "cosine",
                "cosine": {"initial_learning_rate": 0.1, "decay_steps": 100},
            },
            "warmup": {"type": "linear", "linear": {"warmup_steps": 10}},
        },
    },
}
EXAMPLES = [
    pytest.param(PIPELINE, pipeline(RATE), id="pipeline"),
    pytest.param(EXPERIMENT, EXPERIMENT_CONFIG, id="experiment"),
    pytest.param(TRAIN_CONFIG, pipeline(RATE)["train_config"], id="train_config"),
    pytest.param(OPTIMIZER, pipeline(RATE)["train_config"]["optimizer"], id="optimizer"),
    pytest.param(LEARNING_RATE, RATE, id="learning_rate"),
]


def field_at(dialect: Dialect, path: FieldPath) -> Any:
    descriptor: Any = dialect.root.DESCRIPTOR
    for name in path[:-1]:
        descriptor = schema_of(descriptor)[str(name)].message
    return schema_of(descriptor)[str(path[-1])]


@pytest.mark.parametrize("dialect", registry.DIALECTS)
def test_paths_are_fields_of_the_schema(dialect: Dialect) -> None:
    if dialect.num_steps_path:
        assert field_at(dialect, dialect.num_steps_path).counts_steps
    if dialect.batch_size_path:
        assert field_at(dialect, dialect.batch_size_path).kind == "integer"


@pytest.mark.parametrize("dialect", registry.DIALECTS)
def test_any_field_at_the_top_tells_a_dialect(dialect: Dialect) -> None:
    for name in dialect.root.DESCRIPTOR.fields_by_name:
        assert registry.recognize([name]) is dialect
    assert registry.dialect_of(dialect.root.DESCRIPTOR.full_name) is dialect


@pytest.mark.parametrize(("dialect", "data"), EXAMPLES)
def test_a_config_is_recognized_by_its_blocks(dialect: Dialect, data: dict[str, Any]) -> None:
    config = load(data)
    root, _ = parse("config.yaml", config.document.source.text)

    assert config.dialect is dialect
    assert [other for other in registry.DIALECTS if other.is_meant(root)] == [dialect]


@pytest.mark.parametrize(("dialect", "data"), EXAMPLES)
def test_a_dialect_finds_what_a_schedule_depends_on(dialect: Dialect, data: Any) -> None:
    config = load(data)
    rate, kind = (
        dialect.learning_rate_path(config.message),
        dialect.kind_path(config.message),
    )

    assert kind[: len(rate)] == rate
    assert str(kind[-1]).startswith("cosine")
    assert config.get(kind) is not None
    assert all(path[: len(rate)] == rate for path in dialect.schedule_paths(config.message))
    assert next(iter(dialect.warmups(config.message)))[1] == 10
    assert config.schedule is not None
    assert dialect.lower(config.message, config.batch_size) == config.schedule
    if dialect.num_steps_path:
        assert (config.num_steps, config.batch_size) == (100, 64)
    if dialect.optimizer_names():
        request = dialect.optimizer(config.message)
        assert request is not None
        assert request.name in dialect.optimizer_names()
        assert config.get(request.block_path) == request.block


def test_one_kind_means_a_learning_rate_whatever_is_beside_it() -> None:
    root, _ = parse("a.config", "min_learning_rate: 0.1 constant_learning_rate {} warmup {}")
    assert LEARNING_RATE.is_meant(root)


def test_each_dialect_has_a_name_and_words_that_its_files_hold() -> None:
    """Other rooms say the name, and leave out files without the words before they read them."""
    assert [(dialect.title, dialect.words) for dialect in registry.DIALECTS] == [
        ("pipeline", ("train_config", "train_input_reader")),
        ("experiment", ("trainer",)),
        ("config", ()),
        ("config", ()),
        ("config", ("_learning_rate",)),
    ]
    # An empty pattern says that there is none; any other one is looked for in each file.
    assert [bool(dialect.certain) for dialect in registry.DIALECTS] == [True, True, *[False] * 3]
    assert [bool(dialect.probable) for dialect in registry.DIALECTS] == [
        *(True, True, False, False, True)
    ]


def test_a_trainer_with_a_field_of_the_schema_means_an_experiment() -> None:
    for fields, is_meant in (("own: 1, train_steps: 5", True), ("own: 1, other: 2", False)):
        root, _ = parse("config.yaml", f"trainer: {{{fields}}}\n")
        assert EXPERIMENT.is_meant(root) == is_meant


def test_an_experiment_names_its_schedule_as_far_as_it_is_there() -> None:
    path = ("trainer", "optimizer_config")
    whole = load(EXPERIMENT_CONFIG).message
    assert EXPERIMENT.schedule_paths(whole) == [(*path, "learning_rate"), (*path, "warmup")]
    empty: Any = EXPERIMENT.root()
    assert EXPERIMENT.schedule_paths(empty) == [path]
    assert EXPERIMENT.kind_path(empty) == path
    empty.trainer.optimizer_config.optimizer.type = "sgd"
    assert EXPERIMENT.kind_path(empty) == (*path, "learning_rate", "")


@pytest.mark.parametrize(
    ("data", "covered"),
    [
        (COVERED, 0.1),
        (pipeline(COVERED), 0.1),
        (EXPERIMENT_CONFIG, 0.1),
        (COVERED | {"warmup": {"warmup_steps": 20, "alignment": "SHIFT"}}, None),
        (RATE, None),
    ],
)
def test_a_dialect_tells_what_a_warmup_covers(data: dict[str, Any], covered: float | None) -> None:
    config = load(data)
    schedule = config.dialect.under_warmup(config.message)

    assert (schedule(0) if schedule else None) == covered


def test_nothing_but_dialects_asks_for_the_type_of_a_config() -> None:
    """A further config system would otherwise be a change of every module that does."""
    package = Path(schedule_builder.__file__).parent
    rooms = ("compiler.py", "config.py", "editing", "workspace", "language_server")
    sources = [
        source
        for room in rooms
        for source in ([package / room] if room.endswith(".py") else (package / room).glob("*.py"))
    ]
    assert len(sources) > len(rooms)
    for source in sources:
        imported = {
            alias.name
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        # A `step_unit` is a field of LearningRate, and no config system has another one.
        own = {"learning_rate_pb2"} if source.name == "step_units.py" else set()
        assert {name for name in imported if name.endswith("_pb2")} == own, source


PARTS = {
    "train_config": """
batch_size: 64
num_steps: 100
gradient_clipping_by_norm: 10
optimizer {
  momentum_optimizer {
    learning_rate { constant_learning_rate { learning_rate: 0.1 } }
    momentum_optimizer_value: 0.8
  }
  use_moving_average: false
}
""",
    "optimizer": """
adam_optimizer {
  learning_rate { constant_learning_rate { learning_rate: 0.1 } }
}
""",
}


@pytest.mark.parametrize(
    ("name", "dialect"), [("train_config", TRAIN_CONFIG), ("optimizer", OPTIMIZER)]
)
def test_a_part_of_a_pipeline_is_read_as_what_it_is(
    name: str, dialect: Dialect, tmp_path: Path
) -> None:
    """In the API's multi-file configs each has a file of its own."""
    part = tmp_path / f"{name}.config"
    part.write_text(PARTS[name])
    config = load(part)
    whole = {
        "train_config": "train_config {%s}",
        "optimizer": "train_config { optimizer {%s} num_steps: 100 }",
    }
    (tmp_path / "pipeline.config").write_text(whole[name] % PARTS[name])
    pipeline_config = load(tmp_path / "pipeline.config")

    assert config.dialect is dialect
    assert config.diagnostics == ()
    assert config.schedule == pipeline_config.schedule
    assert config.num_steps == (100 if name == "train_config" else None)
    found = set(find_files([str(tmp_path)], lambda path: Settings()))
    assert found == {str(part), str(tmp_path / "pipeline.config")}
    request, wanted = (
        config.dialect.optimizer(config.message),
        pipeline_config.dialect.optimizer(pipeline_config.message),
    )
    assert request is not None
    assert wanted is not None
    assert request.block == wanted.block
    assert request.clipping == wanted.clipping
    assert request.average == wanted.average


@pytest.mark.parametrize(
    ("text", "dialect", "codes"),
    [
        # What is said of a whole is said of its part.
        ("num_steps: 10", TRAIN_CONFIG, ["SB301"]),
        ("use_moving_average: false", OPTIMIZER, ["SB301"]),
        ("optimizer { adam_optimizer {} } num_steps: 10", TRAIN_CONFIG, ["SB302"]),
        # A file that says anything of a whole is a whole that went wrong.
        ("train_config {} batch_size: 3 num_steps: 10 optimizer {}", PIPELINE, ["SB201"] * 3),
        ("constant_learning_rate {} batch_size: 3", LEARNING_RATE, ["SB201"]),
        ("train_confg {}", PIPELINE, ["SB201"]),
    ],
)
def test_a_file_is_a_part_where_nothing_speaks_for_a_whole(
    text: str, dialect: Dialect, codes: list[str]
) -> None:
    config = examine(Source("x.config", text))
    errors = [d.code for d in config.diagnostics if d.severity == "error"]

    assert config.dialect is dialect
    assert errors == codes


def test_what_only_looks_like_a_part_is_left_out(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("batch_size: 3\noptimizer:\n  name: adam\n  base_learning_rate: 0.1\n")

    assert not list(find_files([str(tmp_path)], lambda path: Settings()))


@pytest.mark.parametrize(
    ("text", "is_config"),
    [
        ("a: 1 constant_learning_rate {}", True),  # one block is enough, whatever is beside it
        ("constant_learning_rate: 1 b: 2 c: 3", False),
        ("custom {} b: 2 c: 3", False),  # other tools have such blocks
        ("sawtooth_learning_rate {}", True),
        ("sawtooth_learning_rate: 5", False),
        ("StepLR {}", True),
        ("trainer { optimizer_config {} }", True),
        ("trainer { optimizer_config {} } a: 1 b: 1 c: 1", True),
        ("trainer { workers: 3 } b: 1 c: 2", False),
        ("train_confg: 5 b: 1 c: 2", False),
        ("train_confg { num_steps: 5 }", True),
        ("train_confg { workers: 5 }", False),
        ("train_confg { workers: 5 num_steps: 5 }", True),
        ("train_options { num_steps: 5 }", False),
        ("num_steps: 1 optimizer {} a: 1", True),  # most of them are names of the schema
        ("num_steps: 1 a: 1", False),
    ],
)
def test_what_speaks_for_a_config(text: str, is_config: bool) -> None:
    block, _ = parse("x.config", text)
    assert registry.is_config(block) == is_config


@pytest.mark.parametrize(("before", "is_looked_at"), [(49, True), (50, False)])
def test_the_first_names_of_a_file_tell_what_it_is(before: int, is_looked_at: bool) -> None:
    names = [f"a{n}" for n in range(before)]
    wanted = EXPERIMENT if is_looked_at else PIPELINE
    assert registry.recognize([*names, "trainer"]) is wanted
    assert registry.recognize([*names, *names, "trainer"]) is wanted
    others = "".join(f"{name} {{}} " for name in names)
    block, _ = parse("x.config", f"{others} train_confg {{ num_steps: 5 }}")
    found = ("train_confg", "train_config") if is_looked_at else None
    assert registry.misspelled(block) == found
    assert registry.is_config(block) == is_looked_at


@pytest.mark.parametrize(
    ("text", "is_config"),
    [
        ("StepLR {} a: 1 b: 1", True),  # a kind and two modifiers
        ("StepLR {} a: 1 b: 1 c: 1", False),
        ("StepLR: 5", False),
        ("class_name: 'StepLR'", True),
        ("_target_: 'StepLR' a: 1 b: 1", True),
        ("_target_: 'Adam'", False),
        ("_target_ { StepLR: 1 }", False),
        ("kind: 'StepLR'", False),
        ("num_steps: 1 a: 1 b: 1", False),  # no more than half of them
        ("num_steps: 1 batch_size: 1 a: 1", True),
        ("num_steps: 1 batch_size: 1 a: 1 b: 1", False),
        ("optimizer_confg { learning_rate {} }", False),  # no block of a whole file
        ("trainr { optimizer_config {} }", True),
    ],
)
def test_what_speaks_for_a_schedule(text: str, is_config: bool) -> None:
    block, _ = parse("x.config", text)
    assert registry.is_config(block) == is_config
