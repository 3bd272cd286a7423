"""The options `--fix`, `--unsafe-fixes` and `--diff` of `validate`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from schedule_builder.cli.common import COULD_NOT_RUN, OK, CommandError, read_input
from schedule_builder.files import WriteError, write_file
from schedule_builder.output.difference import difference
from schedule_builder.output.streams import emit_file, say, show
from schedule_builder.workspace.discovery import STDIN
from schedule_builder.workspace.fixes import fix
from schedule_builder.workspace.request import Request


def fix_files(
    files: Sequence[str], arguments: argparse.Namespace, request: Request
) -> tuple[int, bytes | None, int]:
    """Makes fixes in place, or shows them.

    Returns:
        The number of findings, the new contents of standard input, and the exit code so far.
    """
    total, changed, piped, code = 0, 0, None, OK
    for name in files:
        is_stdin = name == STDIN
        filename = arguments.stdin_filename if is_stdin else name
        try:
            # What is read of standard input is printed again.
            old = read_input(name, is_whole=is_stdin)
        except CommandError:
            if is_stdin:
                raise
            continue  # The check reports the reason.
        refused: list[str] = []
        new, count = fix(old, filename, request, unsafe=arguments.unsafe_fixes, refused=refused)
        say(*(f"schedule-builder: {reason}" for reason in refused))
        piped = new if is_stdin else piped
        if arguments.diff:
            show(difference(old, new, filename))
        elif is_stdin:
            emit_file(new)
        elif count:
            try:
                write_file(name, new, read=old)
            except WriteError as error:
                left = f"{count} finding{'s' * (count != 1)} not fixed"
                say(f"schedule-builder: {error}: {left}")
                code = COULD_NOT_RUN
                continue
        total += count
        changed += bool(count)
    where = f"{changed} file{'s' * (changed != 1)}"
    done = "Would fix" if arguments.diff else "Fixed"
    if (total or arguments.diff) and not arguments.quiet:
        say(f"{done} {total} finding{'s' * (total != 1)} in {where}.")
    return total, piped, code
