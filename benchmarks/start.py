"""Validating one file, from the shell's return key to the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.inputs import as_text, as_yaml, pipeline
from benchmarks.measuring import Row, Turns, python
from schedule_builder.language_server.json_schema import json_schema

_PEER = "check-jsonschema, YAML"
_FLOOR = "Python that does nothing"


def rows() -> Iterator[Row]:
    """Times our command line beside other commands, in a new process each time."""
    data = pipeline(stages=3, layers=4)
    with TemporaryDirectory() as name:
        folder = Path(name)
        text, in_yaml, schema = (
            folder / name for name in ("pipeline.config", "pipeline.yaml", "schema.json")
        )
        text.write_text(as_text(data), "utf-8")
        in_yaml.write_text(as_yaml(data), "utf-8")
        schema.write_text(json.dumps(json_schema()), "utf-8")

        command = partial(python, bytecode=folder / "bytecode")
        turns = Turns(
            command("-m", "schedule_builder", "validate", str(text)),
            command("-m", "schedule_builder", "validate", str(in_yaml)),
            command("-m", "check_jsonschema", "--schemafile", str(schema), str(in_yaml)),
            command("-c", "pass"),
            seconds=12,
            most=21,
        )
        for place, what in enumerate(("text format", "YAML")):
            yield turns.row(f"validate, {what} / {_FLOOR}", place, 3)
            yield turns.row(f"validate, {what} / {_PEER}", place, 2)
