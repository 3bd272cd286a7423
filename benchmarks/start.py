"""From the shell's return key to the exit code, in a new process each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.inputs import as_text, as_yaml, pipeline
from benchmarks.measuring import Row, medians
from schedule_builder.language_server.json_schema import json_schema


def rows() -> Iterator[Row]:
    """Times our command line beside other commands."""
    data = pipeline(stages=3, layers=4)
    with TemporaryDirectory() as name:
        folder = Path(name)
        config, config_yaml, schema = (
            folder / name for name in ("pipeline.config", "pipeline.yaml", "schema.json")
        )
        config.write_text(as_text(data), "utf-8")
        config_yaml.write_text(as_yaml(data), "utf-8")
        schema.write_text(json.dumps(json_schema()), "utf-8")

        # The first run, not counted, compiles all modules to a place of our own: whether this
        # checkout and this shell keep bytecode plays no part.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")

        def command(*arguments: str) -> Callable[[], object]:
            return lambda: _run(*arguments, environment=environment)

        times = medians(
            [
                command("-m", "schedule_builder", "validate", str(config)),
                command("-m", "schedule_builder", "validate", str(config_yaml)),
                command("-m", "schedule_builder", "show", str(config)),
                command("-m", "check_jsonschema", "--schemafile", str(schema), str(config_yaml)),
                command("-c", "pass"),
            ],
            runs=11,
        )
    text, in_yaml, show, peer, floor = (1e3 * seconds for seconds in times)
    yield Row("validate, text format / check-jsonschema, YAML", text, peer, "ms")
    yield Row("validate, YAML / check-jsonschema, YAML", in_yaml, peer, "ms")
    yield Row("show / check-jsonschema, YAML", show, peer, "ms")
    yield Row("validate, text format / Python that does nothing", text, floor, "ms")
    (tensorflow,) = medians([lambda: _run("-c", "import tensorflow")], runs=1, warm=False)
    yield Row("validate, text format / import tensorflow (once)", text, 1e3 * tensorflow, "ms")


def _run(*arguments: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
