"""The command `plot`: pictures of schedules."""

from __future__ import annotations

import argparse
import os
import shutil

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_format,
    add_output,
    add_overrides,
    how_to_fix,
    positive,
    refuse_inputs,
    say_findings,
)
from schedule_builder.cli.sides import Reader
from schedule_builder.files import write_file
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.output.changes import Side
from schedule_builder.output.chart import AXES, Chart, chart_of
from schedule_builder.output.findings import wants_color
from schedule_builder.output.streams import is_terminal, say, show

FORMATS = ("png", "svg", "pdf")
DESCRIPTION = (
    "Draw the rates of configs over each other. Each is a config, a CSV of applied rates, or"
    " REV:PATH for a file at a revision of git. Needs pip install 'schedule-builder[plot]', and"
    " 'schedule-builder[terminal]' for --terminal."
)
_WIDTH = 840
_LEAST_WIDTH = 240


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="what to draw; - for standard input"
    )
    add_overrides(parser)
    parser.add_argument(
        "--axis", choices=AXES, help="what the horizontal axis counts in (default: steps)"
    )
    parser.add_argument(
        "--examples-per-epoch",
        type=positive,
        metavar="N",
        help="examples in an epoch, for --axis epochs (default: what the file states)",
    )
    parser.add_argument("--log", action="store_true", help="use a logarithmic axis for the rates")
    parser.add_argument("--dark", action="store_true", help="draw for a dark page")
    parser.add_argument(
        "--width", type=positive, metavar="PIXELS", help=f"width in pixels (default: {_WIDTH})"
    )
    parser.add_argument(
        "--terminal", action="store_true", help="print the picture in the terminal, write no file"
    )
    add_format(parser, FORMATS, "that of the output's suffix, or else png", "picture format")
    add_output(parser, "write the picture to FILE", "learning_rate.png")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    output = arguments.output or f"learning_rate.{arguments.format or 'png'}"
    if not arguments.terminal:
        refuse_inputs("--output", output, arguments.files)
    reader = Reader(arguments)
    sides = [_with_rates(reader.file(path)) for path in arguments.files]
    reader.note_run_lengths()
    say_findings([found for side in sides for found in side.diagnostics])
    try:
        chart = chart_of(
            sides,
            unit=arguments.axis or "steps",
            is_log=arguments.log,
            title=sides[0].name if len(sides) == 1 else "",
            examples_per_epoch=arguments.examples_per_epoch,
        )
    except ValueError as error:
        message = f"`--axis {arguments.axis}`: {error}"
        raise UsageError(message) from None
    if arguments.terminal:
        show(_in_terminal(chart), is_styled=True)
        return OK
    suffix = arguments.format or os.path.splitext(output)[1][1:].lower() or "png"  # noqa: PTH122 - a string
    try:
        with naming_extra("`plot`"):
            from schedule_builder.output.plot import picture  # noqa: PLC0415 - 440 ms, and an extra
    except ModuleNotFoundError as error:
        raise CommandError(str(error)) from None
    width = max(arguments.width or _WIDTH, _LEAST_WIDTH)
    try:
        data = picture(chart, suffix, width=width, is_dark=arguments.dark)
    except ValueError as error:
        message = f"`--output {output}`: {error}"
        raise UsageError(message) from None
    write_file(output, data)
    last = max(side.num_steps or side.last_step for side in sides)
    say(f"Drew steps 0 to {last} in {output}.")
    return OK


def _with_rates(side: Side) -> Side:
    """The side, if it can be drawn; otherwise the command ends with its findings."""
    if side.rates is None:
        how = "" if side.config is None else how_to_fix(side.config)
        raise CommandError(how, FOUND_ERRORS, side.diagnostics)
    return side


def _in_terminal(chart: Chart) -> str:
    try:
        with naming_extra("`plot --terminal`"):
            from schedule_builder.output.terminal import drawn  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise CommandError(str(error)) from None
    size = shutil.get_terminal_size((80, 24))
    color = wants_color(is_terminal=is_terminal())
    return drawn(chart, size.columns, size.lines, color=color)
