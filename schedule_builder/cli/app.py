"""The command line, `schedule-builder`: chooses a command, runs it and gives its exit code.

Exit codes: 0, no errors; 1, the configs have errors, or `diff` found a difference; 2, the command
could not run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from schedule_builder._version import __version__
from schedule_builder.cli.common import COULD_NOT_RUN, CommandError, Parser, UsageError, say_why
from schedule_builder.diagnostics import did_you_mean
from schedule_builder.files import WriteError
from schedule_builder.output import streams
from schedule_builder.output.streams import say
from schedule_builder.workspace.settings import SettingsError

COMMANDS = {
    "validate": "check configs",
    "rules": "list the rules, or explain some",
    "schema": "print a JSON Schema of configs",
    "server": "run the language server for editors",
    "show": "print the schedule that a config describes",
    "plot": "draw a schedule",
    "set": "set fields of configs",
    "get": "print a field of a config",
    "rescale": "stretch a schedule to a run of another length",
    "fmt": "format configs",
    "convert": "convert a config to the other format",
    "diff": "compare two schedules",
    "report": "report schedules on a page, or what a branch changes",
    "edit": "edit a config in the browser",
    "completion": "print a shell completion script",
}
"""The commands. The module of each has `DESCRIPTION`, `add_arguments` and `run`; only the one that
is called is imported."""
EPILOG = (
    "Exit codes: 0, no errors; 1, the configs have errors; 2, could not run."
    " For the arguments of a command, run: schedule-builder COMMAND --help"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    streams.prepare()
    try:
        code = _code(list(sys.argv[1:] if argv is None else argv))
        streams.flush()
    except streams.StreamError as error:
        say(f"schedule-builder: {error}")
    except BrokenPipeError:
        pass  # The reader of our output has closed it, so a message would not be read.
    else:
        return code
    streams.abandon()
    return COULD_NOT_RUN


def _code(argv: list[str]) -> int:
    """Runs the command, says why it could not run, and returns its exit code."""
    try:
        try:
            return _run(argv)
        except CommandError as error:
            # How many findings are shown is a setting, which may be wrong: see below.
            say_why(error)
            return error.code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else COULD_NOT_RUN
    except (SettingsError, WriteError, streams.InputError) as error:
        say(*f"schedule-builder: {error}".split("\n"))
        return COULD_NOT_RUN


def _run(argv: list[str]) -> int:
    if not argv or argv[0] not in COMMANDS:
        _explain(argv)
        return COULD_NOT_RUN
    command = import_module(f"schedule_builder.cli.{argv[0]}")
    parser = Parser(prog=f"schedule-builder {argv[0]}", **_texts(command))
    command.add_arguments(parser)
    arguments = parser.parse(argv[1:])
    try:
        code: int = command.run(arguments)
    except UsageError as error:
        parser.error(str(error), error.code)
    return code


def _texts(command: ModuleType) -> dict[str, Any]:
    """The texts of a command's help before and after its arguments."""
    return {"description": command.DESCRIPTION, "epilog": getattr(command, "EPILOG", None)}


def whole_parser() -> Parser:
    """A parser of every command with its arguments, from which completions are made."""
    parser, commands = _parser()
    for name, text in COMMANDS.items():
        command = import_module(f"schedule_builder.cli.{name}")
        command.add_arguments(commands.add_parser(name, help=text, **_texts(command)))
    return parser


def _parser() -> tuple[Parser, Any]:
    """The top-level parser, and its table of commands."""
    parser = Parser(
        prog="schedule-builder",
        description="One compiler for learning-rate schedules.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser, parser.add_subparsers(title="commands", metavar="COMMAND")


def _explain(argv: list[str]) -> None:
    """Answers a call without a command: with help, the version, or what is wrong with it."""
    parser, commands = _parser()
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text)
    word = argv[0] if argv else ""
    if word.startswith("-"):
        parser.parse(argv[:1])
    if not word or word.startswith("-"):
        parser.error("missing command")
    if guess := did_you_mean(word, COMMANDS):
        parser.error(f"unknown command `{word}`: did you mean `{guess}`?")
    if os.path.lexists(word):
        parser.error(f"`{word}` is not a command: did you mean `schedule-builder validate {word}`?")
    parser.error(f"unknown command `{word}`")
