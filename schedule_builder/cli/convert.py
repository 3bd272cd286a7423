"""The command `convert`: a config in the other format."""

from __future__ import annotations

import argparse
import sys

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    add_file,
    how_to_fix,
    read_config,
    refuse_inputs,
    say,
)
from schedule_builder.compiler import Config
from schedule_builder.editing.convert import ConvertError, convert
from schedule_builder.files import write_file
from schedule_builder.reading.formats import detect_format

DESCRIPTION = "Write a config in text format as YAML, or the reverse, with its comments."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "--to",
        choices=("text", "yaml"),
        help="output format (default: by the name of the output, or else the other format)",
    )
    parser.add_argument("--output", metavar="FILE", help="output file (default: standard output)")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    refuse_inputs("--output", arguments.output, [arguments.file])
    config = read_config(arguments.file)
    if any(found.severity == "error" for found in config.diagnostics):
        raise CommandError(how_to_fix(config), FOUND_ERRORS, config.diagnostics)
    say(*config.diagnostics)
    try:
        text = convert(config, arguments.to or _format(arguments.output, config))
    except ConvertError as error:
        raise CommandError(str(error), FOUND_ERRORS) from None
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_file(arguments.output, text.encode())
        say(f"Wrote {arguments.output}.")
    return OK


def _format(output: str | None, config: Config) -> str:
    """The format to write where none is named."""
    if output is None:
        return "text" if config.document.syntax.explicit_lists else "yaml"
    if output.lower().endswith(".json"):
        message = "JSON holds no comments: name a .yaml file"
        raise CommandError(message)
    return detect_format(output, "")
