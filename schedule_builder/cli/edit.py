"""The command `edit`: a page in the browser where one config is edited."""

from __future__ import annotations

import argparse
import threading
import webbrowser
from contextlib import suppress

from schedule_builder.cli.common import (
    OK,
    CommandError,
    Parser,
    UsageError,
    add_file,
    add_run,
    explain_format,
    warn,
)
from schedule_builder.files import STDIO, resolved
from schedule_builder.output.streams import say
from schedule_builder.web.server import EditServer, shown_address
from schedule_builder.web.session import RequestError, Session
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import settings_for

DESCRIPTION = (
    "Edit a config in the browser: its text with findings as you type, and its curve beside it."
    " The page is served to this machine alone, and reads and writes this file alone."
)
EPILOG = (
    "Ctrl-C ends it. What is not saved by then is in the page alone. Exit codes: 2, could not run;"
    " 130, ended by Ctrl-C."
)
_LARGEST_PORT = 65535


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_file(parser, text="a config in text format, YAML or JSON")
    add_run(parser)
    parser.add_argument(
        "--port", type=_port, metavar="N", help="port to serve at (default: a free one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, open no browser"
    )
    parser.explain(
        "-o", "--output", instead="the page saves to FILE itself. To keep FILE, edit a copy of it"
    )
    explain_format(parser)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 0 < number <= _LARGEST_PORT:
        message = f"{text!r} is not a port: expected a number from 1 to {_LARGEST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return number


def _open(address: str) -> None:
    with suppress(OSError, webbrowser.Error):  # The address is printed: people can open it.
        webbrowser.open(address)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if arguments.file == STDIO:
        message = "standard input cannot be saved: pass a FILE"
        raise UsageError(message)
    try:
        request = Request(num_steps=arguments.num_steps, batch_size=arguments.batch_size)
        session = Session(arguments.file, request)
    except OSError as error:
        message = f"cannot read {arguments.file}: {error.strerror or error}"
        raise CommandError(message) from None
    except RequestError as error:
        raise CommandError(str(error)) from None
    warn(settings_for(resolved(arguments.file).parent).warnings)
    try:
        server = EditServer(session, arguments.port or 0)
    except OSError as error:
        where = f"port {arguments.port}" if arguments.port else "a free port"
        message = f"cannot serve at {where}: {error.strerror or error}"
        raise CommandError(message) from None
    with server:
        is_told = say(shown_address(server), "Ctrl-C ends it.")
        if arguments.no_browser and not is_told:
            message = "cannot write standard error, and the address of the page with it"
            raise CommandError(message)
        if not arguments.no_browser:
            # A browser in the terminal ends before this does, and waits for the page until then.
            threading.Thread(target=_open, args=(server.address,), daemon=True).start()
        server.serve_forever()
    return OK
