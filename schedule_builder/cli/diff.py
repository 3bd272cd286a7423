"""The command `diff`: where schedules differ."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from schedule_builder.cli.common import (
    COULD_NOT_RUN,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_format,
    add_output,
    add_overrides,
    read_input,
    say_findings,
    write_output,
)
from schedule_builder.cli.sides import Reader
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.output.changes import Change, as_json, in_words
from schedule_builder.output.streams import emit, show
from schedule_builder.printable import printable
from schedule_builder.workspace.settings import SettingsError

DESCRIPTION = (
    "Say where the rates of two configs differ, and by how much. Each is a file, a folder of"
    " configs, a CSV of applied rates, or REV:PATH for a file at a revision of git."
)
EPILOG = "Exit codes: 0, the same rates; 1, they differ; 2, a config has errors, or could not run."
FORMATS = ("text", "json")
DIFFERENT = 1
_TWO = 2
_DRIVER, _RENAME, _UNMERGED = 7, 9, 1
"""How many arguments git passes to a driver: for a file, for a renamed file, for a conflict."""
_LOOKED_AT = 8000
"""A file with a null byte among so many bytes is binary, as for git."""


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="two files or folders to compare; with --git, what to look at (default: the current"
        " folder)",
    )
    add_overrides(parser)
    parser.add_argument(
        "--git",
        metavar="REV",
        help="compare every config that changed since a revision, such as main or HEAD~1"
        " (default: none)",
    )
    add_format(parser, FORMATS, "text")
    add_output(parser)
    parser.add_argument(
        "--driver",
        action="store_true",
        help="take the arguments that git passes to an external diff driver",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    paths, reader = arguments.paths, Reader(arguments)
    if arguments.driver:
        show(_driven(paths, reader))
        return OK  # as git expects it of a driver
    if arguments.git is not None:
        changes = reader.since(arguments.git, paths)
    elif len(paths) != _TWO:
        message = f"expected two paths, or `--git REV`, but got {len(paths)}"
        raise UsageError(message)
    elif all(map(os.path.isdir, paths)):
        changes = reader.folders(*paths)
    else:
        first, second = map(reader.file, paths)
        changes = [Change(paths[1], first, second)]
    reader.note_run_lengths()
    needed = [change for change in changes if change.status != "removed"]
    unreadable = [side for change in needed for side in change.sides if side.rates is None]
    say_findings([found for side in unreadable for found in side.diagnostics])
    if arguments.format == "json":
        text = as_json(changes)
    else:
        is_one = len(paths) == _TWO and not any(map(os.path.isdir, paths))
        text = in_words(changes, titled=arguments.git is not None or not is_one)
    write_output(arguments, text, paths, emit=emit if arguments.format == "json" else show)
    if unreadable:
        return COULD_NOT_RUN
    return OK if all(change.status == "same" for change in changes) else DIFFERENT


def _driven(arguments: Sequence[str], reader: Reader) -> str:
    """The output for git's diff of a file: the changed lines, and the change of the rates.

    Args:
        arguments: what git passes: the path, then file, name of the contents and mode of both
            sides; after a rename the new path as well, and a note.
        reader: reads the sides.
    """
    from schedule_builder.output.difference import patch  # noqa: PLC0415 - 5 ms, for drivers alone
    from schedule_builder.workspace.contents import judge_contents  # noqa: PLC0415 - 5 ms, for drivers alone

    if len(arguments) == _UNMERGED:
        return f"* Unmerged path {printable(arguments[0])}\n"
    if len(arguments) not in (_DRIVER, _RENAME):
        message = (
            f"`--driver` takes the {_DRIVER} or {_RENAME} arguments that git passes. Received:"
            f" {len(arguments)}. See docs/compare.md"
        )
        raise UsageError(message)
    path, new_path = arguments[0], arguments[_DRIVER] if len(arguments) == _RENAME else arguments[0]
    old, new = (None if name == os.devnull else read_input(name) for name in arguments[1:_DRIVER:3])
    names = f"a/{path.lstrip('/')}", f"b/{new_path.lstrip('/')}"
    head = [f"diff --schedule-builder {' '.join(map(printable, names))}"]
    modes = arguments[3], arguments[6]
    if modes[0] != modes[1] and old is not None and new is not None:
        head += [f"old mode {modes[0]}", f"new mode {modes[1]}"]
    head += [printable(line) for line in "".join(arguments[_DRIVER + 1 :]).splitlines()]
    text = "".join(f"{line}\n" for line in head)
    if any(b"\0" in (data or b"")[:_LOOKED_AT] for data in (old, new)):
        return text + f"Binary files {' and '.join(map(printable, names))} differ\n"
    sizes = zip(names, (old, new), strict=True)
    large = [name for name, data in sizes if len(data or b"") > MAX_FILE_BYTES]
    if large:
        return text + (
            f"{printable(large[0])} has more than {MAX_FILE_BYTES:,} bytes: neither its lines nor"
            " its rates are compared. `git diff --no-ext-diff` shows its lines\n"
        )
    shown = [os.devnull if data is None else n for n, data in zip(names, (old, new), strict=True)]
    text += printable(patch(old or b"", new or b"", *shown), kept="\n\t")
    if all(judge_contents(Path(new_path), data).reason for data in (old, new) if data is not None):
        return text
    try:
        change = reader.pair(new_path, (old, names[0], path), (new, names[1], new_path))
    except (CommandError, SettingsError) as error:
        # Git shows no other file where its driver fails.
        return text + f"{printable(str(error))}\n"
    return text + in_words([change], titled=False)
