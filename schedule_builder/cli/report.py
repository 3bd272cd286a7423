"""The command `report`: many schedules on one page, or what a branch changes in them."""

from __future__ import annotations

import argparse
import os

from schedule_builder.cli.common import (
    OK,
    Parser,
    UsageError,
    add_format,
    add_output,
    add_overrides,
    write_output,
)
from schedule_builder.cli.sides import Reader
from schedule_builder.output.report import LIMITS, as_markdown
from schedule_builder.output.streams import emit, emit_text

DESCRIPTION = (
    "Report schedules with their curves and findings: all of them as one page for a browser, or,"
    " with --against, those that changed since a revision, also in Markdown for a pull request."
)
EPILOG = "Exit codes: 0, the report was written; 2, could not run."
FORMATS = ("markdown", "html")
_PAGES = (".html", ".htm")


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files, folders and patterns to report on (default: the current folder)",
    )
    parser.add_argument(
        "--against",
        metavar="REV",
        help="report what changed since this revision, such as origin/main (default: report every"
        " schedule, as html)",
    )
    add_overrides(parser)
    add_format(parser, FORMATS, "that of the output's suffix, or else markdown")
    parser.add_argument(
        "--for",
        choices=tuple(LIMITS),
        dest="place",
        help="what Markdown has to fit into: a comment (60,000 characters) or the summary of a"
        " job (900 kB) (default: comment)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    is_page = _is_page(arguments)
    if is_page and arguments.place:
        message = "`--for` is for Markdown: it cannot be combined with an html report"
        raise UsageError(message)
    if not is_page and arguments.against is None:
        message = (
            "a report in Markdown lists changes: pass `--against REV`. For a page with every"
            " schedule, pass `--output report.html`"
        )
        raise UsageError(message)
    reader = Reader(arguments)
    if arguments.against is None:
        from schedule_builder.web.report import of_schedules  # noqa: PLC0415 - for pages alone

        text = of_schedules([reader.shown(side) for side in reader.found(arguments.paths)])
    else:
        changes = reader.since(arguments.against, arguments.paths)
        if is_page:
            from schedule_builder.web.report import of_changes  # noqa: PLC0415 - for pages alone

            shown = [reader.shown_change(change) for change in changes]
            text = of_changes(shown, arguments.against)
        else:
            text = as_markdown(changes, arguments.against, LIMITS[arguments.place or "comment"])
    reader.note_run_lengths()
    write_output(arguments, text, arguments.paths, emit=emit_text if is_page else emit)
    return OK


def _is_page(arguments: argparse.Namespace) -> bool:
    if arguments.format:
        return bool(arguments.format == "html")
    suffix = os.path.splitext(arguments.output or "")[1]  # noqa: PTH122 - a string
    return suffix.lower() in _PAGES
