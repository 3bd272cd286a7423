"""A run over many files in one process, as CI checks a repository, and over one very long file.

The files are real ones where `SCHEDULE_BUILDER_DATA` names a folder that has them, and the recipes
of configs/ otherwise. Of the peer, those that it can parse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmarks.measuring import Row, medians
from schedule_builder.language_server.json_schema import json_schema

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def rows() -> Iterator[Row]:
    """Times `validate` on many files beside check-jsonschema."""
    data = os.environ.get("SCHEDULE_BUILDER_DATA")
    folder = Path(data) / "corpus" if data else CONFIGS
    paths = sorted(path for path in folder.rglob("*.*") if path.is_file())
    in_yaml = [path for path in paths if path.suffix == ".yaml" and _is_plain(path)]
    with TemporaryDirectory() as name:
        schema = Path(name) / "schema.json"
        schema.write_text(json.dumps(json_schema()), "utf-8")
        long = Path(name) / "long.config"
        long.write_text(_stages(100_000), "utf-8")
        ours = ["schedule_builder", "validate", "--isolated"]
        times = medians(
            [
                _command(*ours, *map(str, in_yaml)),
                _command("check_jsonschema", "--schemafile", str(schema), *map(str, in_yaml)),
                _command(*ours, *map(str, paths)),
                _command(*ours, str(long)),
            ],
            runs=3,
        )
    some, peer, every, longest = times
    count = len(in_yaml)
    yield Row(
        f"validate {count} YAML files / check-jsonschema",
        count / some,
        count / peer,
        "files/s",
        more_is_better=True,
    )
    yield Row(
        f"validate all {len(paths)} files / check-jsonschema on its {count}",
        len(paths) / every,
        count / peer,
        "files/s",
        more_is_better=True,
    )
    yield Row("validate 100,000 lines of stages / nothing", longest, None, "s")


def _is_plain(path: Path) -> bool:
    try:
        return isinstance(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader), dict)
    except yaml.YAMLError:
        return False


def _stages(lines: int) -> str:
    stages = "".join(
        f"    schedule {{ step: {10 * line + 10} learning_rate: {1 / (line + 2)} }}\n"
        for line in range(lines)
    )
    return (
        "train_config {\n  num_steps: 2000000\n  optimizer { momentum_optimizer { learning_rate {\n"
        f"  manual_step_learning_rate {{\n    initial_learning_rate: 1.0\n{stages}"
        "  } } } }\n}\n"
    )


def _command(module: str, *arguments: str) -> Callable[[], object]:
    command = [sys.executable, "-m", module, *arguments]
    return lambda: subprocess.run(command, check=False, capture_output=True)
