"""The command `schema`: a JSON Schema of configs."""

from __future__ import annotations

import argparse
import json

from schedule_builder.cli.common import OK, add_output, write_output
from schedule_builder.language_server.json_schema import json_schema

DESCRIPTION = "Print a JSON Schema (draft 7) of configs in YAML and JSON, for editors."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    write_output(arguments, json.dumps(json_schema(), indent=2) + "\n")
    return OK
