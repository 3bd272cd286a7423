"""What the rest of the compiler asks of each config system."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import schedule_builder
from schedule_builder.compiler import parse
from schedule_builder.config import load
from schedule_builder.diagnostics import FieldPath
from schedule_builder.dialects import registry
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import PIPELINE
from schedule_builder.reading.fields import schema_of

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
    if dialect is not LEARNING_RATE:
        assert (config.num_steps, config.batch_size) == (100, 64)
        chosen = dialect.optimizer_path(config.message)
        assert chosen[-1] in dialect.optimizer_names()
        assert config.get(chosen) is not None


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
        assert not {name for name in imported if name.endswith("_pb2")}, source
