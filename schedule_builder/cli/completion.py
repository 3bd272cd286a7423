"""The command `completion`: a script that completes commands, options and values in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from schedule_builder.cli.common import OK, CommandError, Parser, add_output, write_output
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.output.streams import emit_text
from schedule_builder.rules.pages import KINDS

DESCRIPTION = (
    "Print a script that completes commands, options, files and rule codes in a shell. Needs"
    " pip install 'schedule-builder[completion]'."
)
EPILOG = (
    "To install it: for bash, write it to"
    " ~/.local/share/bash-completion/completions/schedule-builder; for zsh, to a file named"
    " _schedule-builder in a folder of $fpath; for fish, to"
    " ~/.config/fish/completions/schedule-builder.fish; for tcsh, to a file that ~/.tcshrc sources."
)
SHELLS = ("bash", "zsh", "fish", "tcsh")


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}"
    )
    add_output(parser)
    parser.explain(
        "-f", "--format", instead="name the shell alone, as in: schedule-builder completion bash"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    try:
        with naming_extra("`completion`"):
            import shtab  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise CommandError(str(error)) from None
    from schedule_builder.cli.app import whole_parser  # noqa: PLC0415 - it imports all commands

    parser = whole_parser()
    complete_values(parser, shtab.FILE)
    write_output(arguments, shtab.complete(parser, arguments.shell) + "\n", emit=emit_text)
    return OK


def complete_values(parser: argparse.ArgumentParser, files: Mapping[str, Any]) -> None:
    """Sets how the values of each argument are completed: as files, or as codes of rules.

    Args:
        parser: the parser, which is changed; so are those of its commands.
        files: how each shell completes the names of files.
    """
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                complete_values(command, files)
        elif action.metavar in ("FILE", "PATH"):
            action.complete = files  # type: ignore[attr-defined]  # shtab reads it there
        elif action.metavar in ("RULE", "CODES"):
            action.choices = list(KINDS)
