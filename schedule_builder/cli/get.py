"""The command `get`: the value of a field in a config."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    add_file,
    add_output,
    read_config,
    write_output,
)
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.get import find
from schedule_builder.output.streams import say

DESCRIPTION = (
    "Print the value of a field of a config, or the default where the file does not set it."
)
EPILOG = (
    "A field is its path (train_config.num_steps), or as much of its end as one field of the file"
    " has (num_steps). Exit codes: 0, printed; 1, no such field, or neither a value nor a default;"
    " 2, could not run."
)


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "fields",
        nargs="+",
        metavar="FIELD",
        help="a field; several are printed as FIELD=VALUE, which `set` takes",
    )
    add_output(parser)
    parser.explain(
        "-f",
        "--format",
        instead="a value is printed as text. For the whole config, with its defaults, run:"
        " schedule-builder show FILE --resolved",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    config = read_config(arguments.file)
    is_one = len(arguments.fields) == 1
    lines, code = [], OK
    for field in arguments.fields:
        try:
            found = find(config, field)
        except SetError as error:
            raise CommandError(str(error), FOUND_ERRORS) from None
        value = found.text if is_one else found.written
        if value is None:
            value = found.default
            which = "has no default" if value is None else "has this default"
            say(f"{config.filename}: `{found.path}` is not set and {which}")
        if value is None:
            code = FOUND_ERRORS
        else:
            lines.append(f"{value}\n" if is_one else f"{found.path}={value}\n")
    write_output(arguments, "".join(lines), [arguments.file])
    return code
