"""The command `server`: the language server."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, CommandError

DESCRIPTION = (
    "Speak the Language Server Protocol over standard input and output. Needs"
    " pip install 'schedule-builder[server]'."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares no arguments: the command has none."""


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    try:
        from schedule_builder.language_server.server import main  # an extra, 300 ms
    except ImportError as error:
        message = f"the server needs {error.name}: pip install 'schedule-builder[server]'"
        raise CommandError(message) from None
    main()
    return OK
