"""Validating many files in one run, as CI does, and one very long file.

The files are those of `corpus` in the folder that `SCHEDULE_BUILDER_DATA` names, or otherwise the
recipes of configs/. Of the peer, those that it can parse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmarks.inputs import every_config, manual_stages
from benchmarks.measuring import Row, Turns, interleaved, python
from schedule_builder.language_server.json_schema import json_schema

_PARSE = """
import sys
from google.protobuf import text_format
from schedule_builder.v1 import pipeline_pb2
with open(sys.argv[1], encoding="utf-8") as file:
    text_format.Parse(file.read(), pipeline_pb2.TrainEvalPipelineConfig())
"""


def rows() -> Iterator[Row]:
    """Times `validate` in a process beside check-jsonschema and protobuf in theirs."""
    paths = every_config()
    in_yaml = [path for path in paths if path.suffix == ".yaml" and _is_plain(path)]
    ours = ["-m", "schedule_builder", "validate", "--isolated"]
    with TemporaryDirectory() as name:
        schema = Path(name) / "schema.json"
        schema.write_text(json.dumps(json_schema()), "utf-8")
        peer = ["-m", "check_jsonschema", "--schemafile", str(schema)]
        command = partial(python, bytecode=Path(name) / "bytecode")
        # Real files have findings: an exit code of 1 is expected.
        judge = partial(command, check=False)
        turns = Turns(
            judge(*ours, *map(str, in_yaml)),
            judge(*peer, *map(str, in_yaml)),
            judge(*ours, *map(str, paths)),
            calls=(len(in_yaml), len(in_yaml), len(paths)),
            seconds=30,
            fewest=3,
            most=5,
        )
        yield turns.row(
            "a repository, its YAML files / check-jsonschema", note=f"a file of {len(in_yaml)}"
        )
        yield turns.row(
            "a repository, all files / check-jsonschema, its YAML files",
            ours=2,
            note=f"a file of {len(paths)}",
        )
        long = Path(name) / "long.config"
        long.write_text(manual_stages(100_000), "utf-8")
        yield interleaved(
            command(*ours, str(long)),
            command("-c", _PARSE, str(long)),
            seconds=15,
            fewest=2,
            most=3,
            warm=False,
        ).row("validate, 100,000 lines / protobuf's Parse, unchecked")


def _is_plain(path: Path) -> bool:
    try:
        return isinstance(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader), dict)
    except yaml.YAMLError:
        return False
