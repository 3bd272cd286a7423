"""The command `rescale`: a schedule for a run of another length."""

from __future__ import annotations

import argparse
import codecs
import sys

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    add_file,
    add_output,
    positive,
    read_input,
    say,
    schedule_of,
)
from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.diagnostics import ConfigError
from schedule_builder.editing.rescale import RescaleError, follows_run, rescale, unscaled_counts
from schedule_builder.files import same_file, write_file
from schedule_builder.output.difference import difference
from schedule_builder.reading.fields import dotted
from schedule_builder.workspace.discovery import STDIN

DESCRIPTION = (
    "Stretch a config's schedule to another run length: multiply every number of steps in its"
    " learning rate and set the run length. Rates, comments and layout stay."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "--num-steps",
        type=positive,
        required=True,
        metavar="N",
        help="the new run length (required)",
    )
    parser.add_argument(
        "--from-steps",
        type=positive,
        metavar="N",
        help="run length that the schedule was made for (default: the file's)",
    )
    add_output(parser, "write the new config to FILE", "the file itself, in place")
    parser.add_argument(
        "--diff", action="store_true", help="print the changes as a diff; change no file"
    )


def _followers(config: Config) -> str:
    """What follows the run length by itself, and what does not."""
    fixed = unscaled_counts(config)
    if not fixed:
        return "all lengths follow it"
    names = ", ".join(f"`{dotted(path)}` ({length})" for path, length in fixed.items())
    return f"other lengths follow it, and these do not: {names}"


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    data = read_input(arguments.file)
    config = examine_bytes(data, arguments.file)
    if config.schedule is None:
        # Under a unit, a file that does not state its run length has no schedule of its own.
        known = examine_bytes(data, arguments.file, num_steps=arguments.num_steps)
        config = known if known.schedule is not None else config
    schedule = schedule_of(config)
    try:
        text = rescale(config, arguments.num_steps, arguments.from_steps)
    except RescaleError as error:
        raise CommandError(str(error), FOUND_ERRORS) from None
    except ConfigError as error:
        message = f"stretched to {arguments.num_steps} steps, the schedule is invalid:"
        errors = [d for d in error.diagnostics if d.severity == "error"]
        raise CommandError(message, FOUND_ERRORS, errors) from None
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    new = mark + text.encode()
    if new == data and arguments.output is None:
        end = schedule.begins[-1]
        hint = f"; its schedule ends at step {end}: `--from-steps {end}` would fit that to the run"
        say(
            f"schedule-builder: nothing to change: {arguments.file} is made for"
            f" {arguments.num_steps} steps{hint if end not in (0, arguments.num_steps) else ''}"
        )
        return OK
    before = arguments.from_steps or config.num_steps
    what = f"{arguments.file} from {before} to {arguments.num_steps} steps"
    if follows_run(config):
        what += f", changing the run length alone: {_followers(config)}"
    if arguments.diff:
        sys.stdout.write(difference(data, new, arguments.file))
        say(f"Would rescale {what}.")
    else:
        _write(arguments, new, data)
        say(f"Rescaled {what}.")
    # What did not fit the old run does not fit the new one.
    say(*examine_bytes(new, arguments.file).diagnostics)
    return OK


def _write(arguments: argparse.Namespace, new: bytes, read: bytes) -> None:
    """Writes the new config over the old one, or where `-o` says."""
    in_place = arguments.output is None or same_file(arguments.output, [arguments.file])
    if in_place and arguments.file != STDIN:
        write_file(arguments.file, new, read=read)
    else:
        write_file(arguments.output or STDIN, new)
