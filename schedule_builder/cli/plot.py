"""The command `plot`: a picture of a schedule."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import (
    OK,
    CommandError,
    add_file,
    add_overrides,
    read_run,
    refuse_inputs,
    say,
    schedule_of,
)
from schedule_builder.frameworks.extras import naming_extra

DESCRIPTION = "Draw a config's rate over its run. Needs pip install 'schedule-builder[plot]'."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    add_overrides(parser)
    parser.add_argument(
        "--output",
        default="learning_rate.png",
        metavar="FILE",
        help="the picture; its suffix decides the format: png, svg, pdf"
        " (default: learning_rate.png)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    refuse_inputs("--output", arguments.output, [arguments.file])
    config = read_run(arguments.file, arguments)
    schedule = schedule_of(config)
    say(*config.diagnostics)
    try:
        with naming_extra("`plot`"):
            from schedule_builder.output.plot import plot_schedule  # noqa: PLC0415 - 440 ms, and an extra
    except ModuleNotFoundError as error:
        raise CommandError(str(error)) from None
    # A little beyond the last change, where nothing says how long the run is.
    num_steps = config.num_steps or schedule.begins[-1] * 5 // 4 or 1000
    try:
        plot_schedule(schedule, num_steps, arguments.output, title=arguments.file)
    except ValueError as error:
        message = f"cannot write {arguments.output}: {error}"
        raise CommandError(message) from None
    say(f"Drew steps 0 to {num_steps} in {arguments.output}.")
    return OK
