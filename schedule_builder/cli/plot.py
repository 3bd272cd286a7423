"""The command `plot`: a picture of a schedule."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import (
    OK,
    CommandError,
    add_file,
    add_format,
    add_output,
    add_overrides,
    read_run,
    refuse_inputs,
    say,
    schedule_of,
)
from schedule_builder.frameworks.extras import naming_extra

FORMATS = ("png", "svg", "pdf")
DESCRIPTION = "Draw a config's rate over its run. Needs pip install 'schedule-builder[plot]'."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    add_overrides(parser)
    add_format(parser, FORMATS, "that of the output's suffix, or else png", "picture format")
    add_output(parser, "write the picture to FILE", "learning_rate.png")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    output = arguments.output or f"learning_rate.{arguments.format or 'png'}"
    refuse_inputs("--output", output, [arguments.file])
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
        plot_schedule(
            schedule, num_steps, output, title=arguments.file, suffix=arguments.format or ""
        )
    except ValueError as error:
        message = f"cannot write {output}: {error}"
        raise CommandError(message) from None
    say(f"Drew steps 0 to {num_steps} in {output}.")
    return OK
