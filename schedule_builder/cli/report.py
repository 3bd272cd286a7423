"""The command `report`: what a branch changes in the schedules, for a pull request."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, add_format, add_output, add_overrides, write_output
from schedule_builder.cli.sides import Reader
from schedule_builder.output.report import LIMITS, as_markdown

DESCRIPTION = (
    "Report which schedules changed since a revision: their curves, and findings that are new."
)
EPILOG = "Exit codes: 0, the report was written; 2, could not run."
FORMATS = ("markdown",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files, folders and patterns to report on (default: this folder)",
    )
    parser.add_argument(
        "--against",
        metavar="REV",
        required=True,
        help="the revision to compare with, such as origin/main (required)",
    )
    add_overrides(parser)
    add_format(parser, FORMATS, "markdown")
    parser.add_argument(
        "--for",
        choices=tuple(LIMITS),
        dest="place",
        help="what the report has to fit into: a comment (60,000 characters) or the summary of a"
        " job (900 kB) (default: comment)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    reader = Reader(arguments)
    changes = reader.since(arguments.against, arguments.paths)
    reader.note_run_lengths()
    text = as_markdown(changes, arguments.against, LIMITS[arguments.place or "comment"])
    write_output(arguments, text, arguments.paths)
    return OK
