"""The command `show`: a config's schedule in words and numbers."""

from __future__ import annotations

import argparse
import re

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_file,
    add_format,
    add_output,
    add_overrides,
    read_run,
    say_findings,
    schedule_of,
    write_output,
)
from schedule_builder.compiler import unsuppressed
from schedule_builder.limits import MAX_SHOWN_STEPS
from schedule_builder.output.schedule_table import FORMATS, telling_steps
from schedule_builder.output.streams import emit, emit_text, show
from schedule_builder.schedules.curves import MAX_STEP

DESCRIPTION = "Print the schedule that a config describes: its segments, and its rates at steps."
_RANGE = re.compile(r"(\d+)(?::(\d+)(?::(\d+))?)?\Z")


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    add_overrides(parser)
    parser.add_argument(
        "--steps",
        type=_steps,
        metavar="STEPS",
        help="steps to show, such as 0,1,999 or 0:1000:100 (default: where the rate changes)",
    )
    parser.add_argument(
        "--resolved",
        action="store_true",
        help="print the config with every default filled in and every length in steps",
    )
    add_format(parser, FORMATS, "table")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if arguments.resolved and (arguments.format or arguments.steps):
        option = "--format" if arguments.format else "--steps"
        message = (
            f"`--resolved` cannot be combined with `{option}`: it prints the config in its own"
            " format. For the other format, pass the output to `schedule-builder convert -`"
        )
        raise UsageError(message)
    config = read_run(arguments.file, arguments)
    schedule = schedule_of(config)
    say_findings(unsuppressed(config))
    if arguments.resolved:
        from schedule_builder.editing.errors import EditingError  # noqa: PLC0415 - as below
        from schedule_builder.output.resolved import resolved  # noqa: PLC0415 - 23 ms, for `--resolved` alone

        try:
            text = resolved(config)
        except EditingError as error:
            raise CommandError(str(error), FOUND_ERRORS) from None
        write_output(arguments, text, [arguments.file], emit=emit_text)
        return OK
    steps = arguments.steps or telling_steps(schedule, config.num_steps)
    name = arguments.format or "table"
    text = FORMATS[name](config, schedule, steps)
    write_output(arguments, text, [arguments.file], emit=show if name == "table" else emit)
    return OK


def _steps(text: str) -> list[int]:
    """Steps as `--steps` takes them: `0,1,999`, or ranges such as `0:1000:100`."""
    steps: list[int] = []
    for part in text.split(","):
        match = _RANGE.match(part.strip())
        if match is None:
            message = f"{part!r} is neither a step nor a range FIRST:END[:EVERY]"
            raise argparse.ArgumentTypeError(message)
        first, end, every = (int(group) if group else None for group in match.groups())
        if every == 0:
            message = f"{part!r}: EVERY must be at least 1"
            raise argparse.ArgumentTypeError(message)
        chosen = range(first or 0, (first or 0) + 1 if end is None else end, every or 1)
        if not chosen:
            message = f"{part!r} is empty: END must be greater than FIRST"
            raise argparse.ArgumentTypeError(message)
        if len(steps) + len(chosen) > MAX_SHOWN_STEPS:
            message = f"{part!r} makes more than {MAX_SHOWN_STEPS} steps"
            raise argparse.ArgumentTypeError(message)
        if chosen[-1] > MAX_STEP:
            message = f"{part!r} is beyond the largest step, {MAX_STEP}"
            raise argparse.ArgumentTypeError(message)
        steps += chosen
    return steps
