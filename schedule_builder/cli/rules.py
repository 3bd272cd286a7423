"""The command `rules`: the manual pages of findings."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, CommandError
from schedule_builder.rules.pages import KINDS, find, manual

DESCRIPTION = "List all rules, or explain some."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "rules", nargs="*", metavar="RULE", help="a code, its beginning, or a name: SB402, SB4"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if not arguments.rules:
        for kind in KINDS.values():
            print(f"{kind.code}  {kind.severity:7}  {kind.name:24}  {kind.title}")
        return OK
    for text in arguments.rules:
        kinds = find(text)
        if not kinds:
            message = f"there is no rule {text}"
            raise CommandError(message)
        print("\n".join(map(manual, kinds)))
    return OK
