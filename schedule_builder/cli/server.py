"""The command `server`: the language server."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, CommandError, Parser
from schedule_builder.frameworks.extras import naming_extra

DESCRIPTION = (
    "Serve an editor: speak the Language Server Protocol over standard input and output. Needs"
    " pip install 'schedule-builder[server]'."
)


def add_arguments(parser: Parser) -> None:
    """Declares no arguments: the command has none."""


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    try:
        with naming_extra("`server`"):
            from schedule_builder.language_server.server import main  # noqa: PLC0415 - 420 ms, and an extra
    except ModuleNotFoundError as error:
        raise CommandError(str(error)) from None
    main()
    return OK
