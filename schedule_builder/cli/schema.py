"""The command `schema`: a JSON Schema of configs."""

from __future__ import annotations

import argparse
import json

from schedule_builder.cli.common import OK
from schedule_builder.language_server.json_schema import json_schema

DESCRIPTION = "Print a JSON Schema (draft 7) of configs in YAML and JSON, for editors."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares no arguments: the command has none."""


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    print(json.dumps(json_schema(), indent=2))
    return OK
