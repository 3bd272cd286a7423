"""The JSON Schema: what other validators and editors make of our YAML."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from google.protobuf import json_format
from hypothesis import given

from schedule_builder.cli import app as cli
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.language_server.json_schema import FILE_PATTERNS, json_schema
from tests.support.data import DATA, needs_data
from tests.support.drawing import configs

ROOT = Path(__file__).parent.parent.parent
STORE = Path(__file__).parent / "schemastore"
RECIPES = sorted((ROOT / "configs").rglob("*.yaml"))
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def test_the_schema_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_an_empty_file_is_offered_every_beginning() -> None:
    offered = SCHEMA["properties"]
    assert {"train_config", "trainer", "cosine_decay_learning_rate", "warmup"} <= set(offered)
    assert all("title" in schema for schema in offered.values())


def filled(body: Any) -> Any:
    """The text of a snippet that is not changed after insertion."""
    if isinstance(body, dict):
        return {name: filled(value) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value) for value in body]
    if body.startswith("^"):
        return json.loads(re.sub(r"\^\$\{\d+:(.*)\}", r"\1", body))
    return body


def test_snippets_are_valid() -> None:
    for snippet in SCHEMA["defaultSnippets"]:
        data = filled(snippet["body"])
        VALIDATOR.validate(data)
        config = examine(Source("a.yaml", yaml.safe_dump(data)))
        assert config.schedule is not None
        assert not [str(d) for d in config.diagnostics if d.code < "SB4"]
    described = 0
    for definition in SCHEMA["definitions"].values():
        for snippet in definition.get("defaultSnippets", ()):
            validator = jsonschema.Draft7Validator(
                {**SCHEMA, **definition, "if": True, "then": True}
            )
            validator.validate(filled(snippet["body"]))
            described += 1
    assert described > 10


def test_numbers_say_what_is_expected_and_what_they_count() -> None:
    cosine = SCHEMA["definitions"]["CosineDecayLearningRate"]["properties"]
    assert "a number is expected" in cosine["total_steps"]["patternErrorMessage"]
    assert cosine["total_steps"]["description"].endswith(
        "In steps, or in the `step_unit`. Default: 4000000."
    )
    assert cosine["warmup_learning_rate"]["description"].endswith("Default: 0.0002.")


def test_it_is_ready_for_the_schema_store() -> None:
    catalog = json.loads((STORE / "catalog.json").read_text())
    assert catalog["url"] == SCHEMA["$id"]
    assert tuple(catalog["fileMatch"]) == FILE_PATTERNS
    good, bad = sorted((STORE / "test").iterdir()), sorted((STORE / "negative_test").iterdir())
    assert len(good) > 2
    assert len(bad) > 2
    for path in (*good, *bad):
        data = yaml.safe_load(path.read_text())
        assert VALIDATOR.is_valid(data) == (path in good), path.name
        found = examine(Source(path.name, path.read_text())).diagnostics
        assert any(d.severity == "error" for d in found) == (path in bad), path.name


def test_fields_are_described() -> None:
    rate = SCHEMA["definitions"]["CosineDecayLearningRate"]["properties"]["total_steps"]
    assert rate["default"] == 4000000
    assert rate["minimum"] == 0 or rate["minimum"] == 1
    undescribed = [
        f"{name}.{field}"
        for name, definition in SCHEMA["definitions"].items()
        for field, schema in definition.get("properties", {}).items()
        if "description" not in schema and field != "@type"
    ]
    assert not undescribed


def check_jsonschema(folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    schema = folder / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    return subprocess.run([*command, *map(str, paths)], check=False, capture_output=True, text=True)


def test_check_jsonschema_takes_our_recipes(tmp_path: Path) -> None:
    result = check_jsonschema(tmp_path, *RECIPES)
    assert result.returncode == 0, result.stdout + result.stderr
    bad = tmp_path / "bad.yaml"
    bad.write_text("train_config: {num_stops: 3}\n")
    result = check_jsonschema(tmp_path, bad)
    assert result.returncode == 1
    assert "num_stops" in result.stdout


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes(path: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


BAD = {
    "an unknown field": "train_config: {num_stops: 3}",
    "an unknown field at the top": "constant_learning_rate: {}\nlearning_rate: 1",
    "a word for a number": "train_config: {num_steps: many}",
    "a quoted number": "constant_learning_rate: {learning_rate: '0.1'}",
    "a fraction for a count": "train_config: {num_steps: 1.5}",
    "a negative rate": "constant_learning_rate: {learning_rate: -0.1}",
    "a step beyond its type": (
        "manual_step_learning_rate: {schedule: [{step: 4294967296, learning_rate: 1}]}"
    ),
    "two members": "constant_learning_rate: {}\ncosine_decay_learning_rate: {}",
    "a missing field": "polynomial_decay_learning_rate: {initial_learning_rate: 1}",
    "an empty list": "table_learning_rate: {learning_rates: []}",
    "one value for a list": "table_learning_rate: {learning_rates: 1}",
    "no such value of an enum": (
        "constant_learning_rate: {}\nwarmup: {warmup_steps: 3, shape: LINEER}"
    ),
    "no such unit": "constant_learning_rate: {}\nstep_unit: PERCENT",
    "a unit of a kind": "constant_learning_rate: {step_unit: EPOCHS}",
    "no examples": "constant_learning_rate: {}\nexamples_per_epoch: 0",
    "a fraction of a percent": (
        "step_unit: PERCENT_OF_RUN\nmulti_step_learning_rate:"
        " {initial_learning_rate: 1, milestones: [2.5]}"
    ),
    "a unit in the garden": "trainer: {optimizer_config: {step_unit: EPOCHS}}",
    "a type that the garden has not": (
        "trainer: {optimizer_config: {learning_rate: {type: cosin, cosine: {}}}}"
    ),
    "a block of the garden that lacks a number": (
        "trainer: {optimizer_config: {learning_rate: {type: cosine, cosine: {decay_steps: 3}}}}"
    ),
    "a type without its block": ("trainer: {optimizer_config: {learning_rate: {type: cosine}}}"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_wrong_for_both(name: str) -> None:
    data = yaml.safe_load(BAD[name])
    assert not VALIDATOR.is_valid(data)
    found = examine(Source("x.yaml", BAD[name])).diagnostics
    assert any(d.severity == "error" and d.code < "SB3" for d in found)


GOOD = {
    "numbers that YAML 1.1 takes for texts": (
        "constant_learning_rate: {learning_rate: 1e-3}\nmin_learning_rate: 1E-4"
    ),
    "a whole number in another way": "train_config: {num_steps: 1000.0}",
    "null in the garden": (
        "trainer: {train_steps: null, optimizer_config: {warmup: {type: null}, ema: null}}"
    ),
    "what the garden does not say here": "runtime: {anything: [1]}\ntask: {model: {x: 1}}",
    "a block that does not count": (
        "trainer: {optimizer_config: {learning_rate: {type: constant, stepwise: {}}}}"
    ),
    "units, nested": (
        "step_unit: EPOCHS\nexamples_per_epoch: 50\nwarmup: {warmup_steps: 5, step_unit: STEPS}\n"
        "sequential_learning_rate: {stage: [{learning_rate:"
        " {step_unit: PERMILLE_OF_RUN, constant_learning_rate: {}}}]}"
    ),
    "an opaque part": "model: {ssd: {anything: [1, {}]}}\ntrain_config: {}",
    "a custom kind": "custom: {'@type': type.googleapis.com/a.B, b: 1}",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right(name: str) -> None:
    VALIDATOR.validate(yaml.safe_load(GOOD[name]))


@given(configs)
def test_every_message_is_right(message: Any) -> None:
    data = json_format.MessageToDict(message, preserving_proto_field_name=True)
    # JSON has 64-bit numbers as texts.
    VALIDATOR.validate(_numbers(data))


def _numbers(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _numbers(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_numbers(value) for value in data]
    if isinstance(data, str) and data.lstrip("-").isdigit():
        return int(data)
    return data


@needs_data
def test_real_files(tmp_path: Path) -> None:
    """The schema takes every file whose names, types and values are right here."""
    assert DATA is not None
    right = []
    for path in sorted((DATA / "corpus").glob("*/*.yaml")):
        text = path.read_text()
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError:
            continue  # Tags of Python, and merge conflicts.
        found = [d for d in examine(Source(path.name, text)).diagnostics if d.code < "SB3"]
        if not found:
            right.append(path)
            assert VALIDATOR.is_valid(data), path.name
    assert len(right) > 190
    result = check_jsonschema(tmp_path, *right)
    assert result.returncode == 0, result.stdout + result.stderr
