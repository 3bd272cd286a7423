"""The command `convert`: a config in the other format, or its lengths in another unit."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_file,
    add_output,
    add_run,
    how_to_fix,
    positive,
    read_run,
    refuse_inputs,
    say_findings,
    schedule_of,
    write_output,
)
from schedule_builder.compiler import Config, unsuppressed
from schedule_builder.editing.convert import convert
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.step_units import in_unit
from schedule_builder.output.streams import emit_text, say
from schedule_builder.reading.fields import dotted
from schedule_builder.reading.formats import detect_format

DESCRIPTION = (
    "Convert a config in text format to YAML, or the reverse, with its comments. With"
    " --step-unit, write its lengths in another unit and keep the format."
)


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "-f",
        "--format",
        "--to",
        dest="to",
        choices=("text", "yaml"),
        help="output format (default: that of the output's suffix, or else the other format)",
    )
    add_output(parser)
    parser.add_argument(
        "--step-unit",
        choices=("epochs", "percent_of_run", "permille_of_run"),
        help="set `step_unit`, and write lengths in it where they are whole numbers"
        " (default: lengths stay as they are)",
    )
    parser.add_argument(
        "--examples-per-epoch",
        type=positive,
        metavar="N",
        help="examples in an epoch, for --step-unit epochs (default: the file's)",
    )
    add_run(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    refuse_inputs("--output", arguments.output, [arguments.file])
    if arguments.examples_per_epoch and arguments.step_unit != "epochs":
        message = "`--examples-per-epoch` requires `--step-unit epochs`"
        raise UsageError(message)
    config = read_run(arguments.file, arguments)
    if arguments.step_unit is not None:
        schedule_of(config)
    if any(found.severity == "error" for found in config.diagnostics):
        raise CommandError(how_to_fix(config), FOUND_ERRORS, config.diagnostics)
    say_findings(unsuppressed(config))
    try:
        text = _converted(config, arguments)
    except EditingError as error:
        raise CommandError(str(error), FOUND_ERRORS) from None
    write_output(arguments, text, emit=emit_text)
    return OK


def _converted(config: Config, arguments: argparse.Namespace) -> str:
    """The text in the unit and in the format that are asked for."""
    if arguments.step_unit is None:
        return convert(config, arguments.to or _format(arguments.output, config))
    rewritten = in_unit(config, arguments.step_unit.upper(), arguments.examples_per_epoch)
    if rewritten.kept:
        kept = ", ".join(f"`{dotted(path)}`" for path in rewritten.kept)
        say(f"These stay in steps: {kept}.")
    own = "yaml" if config.document.syntax.explicit_lists else "text"
    to = arguments.to or (_format(arguments.output, config) if arguments.output else own)
    if to == own:
        return rewritten.text
    return convert(rewritten.config, to)


def _format(output: str | None, config: Config) -> str:
    """The format to write if none is chosen."""
    if output is None:
        return "text" if config.document.syntax.explicit_lists else "yaml"
    if output.lower().endswith(".json"):
        message = f"`--output {output}`: JSON cannot hold comments. Name a .yaml file"
        raise UsageError(message)
    return detect_format(output, "")
