"""The command `schema`: a JSON Schema of configs."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, Parser, add_output, write_output
from schedule_builder.language_server.json_schema import json_schema
from schedule_builder.output.streams import emit
from schedule_builder.printable import json_text

DESCRIPTION = "Print a JSON Schema (draft 7) of configs in YAML and JSON, for editors."


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_output(parser)
    parser.explain("-f", "--format", instead="a schema is always JSON")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    write_output(arguments, json_text(json_schema()), emit=emit)
    return OK
