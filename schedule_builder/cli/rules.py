"""The command `rules`: the manual pages of findings."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import OK, Parser, UsageError, add_format, add_output, write_output
from schedule_builder.diagnostics import Kind
from schedule_builder.output.streams import emit
from schedule_builder.printable import json_text
from schedule_builder.rules.pages import KINDS, address, find, manual, similar

DESCRIPTION = "List all rules, or print the manual pages of some."


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "rules",
        nargs="*",
        metavar="RULE",
        help="a code, the start of one, or a name, such as SB402 or SB4 (default: list all rules)",
    )
    add_format(parser, ("text", "json"), "text")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    chosen = dict.fromkeys(kind for text in arguments.rules for kind in _find(text))
    kinds = list(chosen or KINDS.values())
    if arguments.format == "json":
        write_output(arguments, json_text([_as_json(kind) for kind in kinds]), emit=emit)
        return OK
    if chosen:
        text = "\n".join(map(manual, kinds))
    else:
        text = "\n".join(f"{k.code}  {k.severity:7}  {k.name:24}  {k.title}" for k in kinds)
    write_output(arguments, text + "\n")
    return OK


def _find(text: str) -> list[Kind]:
    kinds = find(text)
    if not kinds:
        guess = similar(text)
        hint = f"did you mean `{guess}`?" if guess else "`schedule-builder rules` lists all"
        message = f"argument RULE: unknown rule `{text}`: {hint}"
        raise UsageError(message)
    return kinds


def _as_json(kind: Kind) -> dict[str, str]:
    return {
        "code": kind.code,
        "name": kind.name,
        "severity": kind.severity,
        "title": kind.title,
        "page": kind.page,
        "url": address(kind),
    }
