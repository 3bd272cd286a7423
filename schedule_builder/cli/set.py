"""The command `set`: sets fields of configs to new values, and changes nothing else."""

from __future__ import annotations

import argparse
import codecs
import re

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_output,
    explain_format,
    read_input,
    say_findings,
)
from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Edited, Setting, edit
from schedule_builder.editing.summary import rate_change
from schedule_builder.files import WriteError, resolved, same_file, write_file
from schedule_builder.output.difference import difference
from schedule_builder.output.streams import emit_file, say, show
from schedule_builder.records import Record
from schedule_builder.workspace.discovery import STDIN

DESCRIPTION = (
    "Set fields of configs. Comments, order, layout and everything else stay as they are, byte for"
    " byte. Either every setting of every file is made, or no file changes."
)
EPILOG = (
    "A field is its path (train_config.num_steps), or as much of its end as one field of the file"
    " has (num_steps). [0] is the first element of a list, [-1] the last, [] a new one. Exit codes:"
    " 0, set, or nothing to change; 1, a file was refused, and no file changed; 2, could not run."
)
_SETTING = re.compile(r"[\w.\[\]-]+=")


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "file", metavar="FILE", help="a config in text format, YAML or JSON; - for standard input"
    )
    parser.add_argument(
        "more",
        nargs="*",
        metavar="FIELD=VALUE",
        help="what to set, such as warmup_steps=300; an argument without = is another file"
        " (default: none)",
    )
    parser.add_argument(
        "--unset",
        action="append",
        default=[],
        metavar="FIELD",
        help="remove a field or an element; repeatable; before anything is set (default: none)",
    )
    parser.add_argument(
        "--if-absent", action="store_true", help="keep the values that a file has already"
    )
    add_output(parser, "write the new config to FILE", "the file itself, in place")
    explain_format(parser)
    parser.add_argument(
        "--diff", action="store_true", help="print the changes as a diff; change no file"
    )


class _File(Record):
    """A file, as it is and as it will be."""

    path: str
    data: bytes
    config: Config
    edited: Edited

    @property
    def new(self) -> bytes:
        """The new contents."""
        mark = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + self.edited.text.encode()


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    paths = [arguments.file, *(text for text in arguments.more if not _SETTING.match(text))]
    settings = [Setting(field, None) for field in arguments.unset]
    for text in arguments.more:
        if _SETTING.match(text):
            field, _, value = text.partition("=")
            settings.append(Setting(field, value, arguments.if_absent))
    if not settings:
        message = "nothing to set: pass FIELD=VALUE, such as warmup_steps=300, or `--unset FIELD`"
        raise UsageError(message)
    if arguments.output is not None and len(paths) > 1:
        message = "`--output` requires a single FILE: without it, each file is changed in place"
        raise UsageError(message)
    files = _read_and_edit(paths, settings)
    _write(files, arguments)
    for file in files:
        _report(file)
    return OK


def _read_and_edit(paths: list[str], settings: list[Setting]) -> list[_File]:
    """The files with their new texts. Where one of them is refused, the command ends."""
    files: list[_File] = []
    refused: list[SetError] = []
    for path in {resolved(path): path for path in reversed(paths)}.values():
        data = read_input(path)
        config = examine_bytes(data, "<stdin>" if path == STDIN else path)
        try:
            files.append(_File(path, data, config, edit(config, settings)))
        except SetError as error:
            refused.append(error)
    if refused:
        for refusal in refused:
            say(f"schedule-builder: {refusal}")
            say_findings(refusal.findings)
        message = "no file was changed" if len(paths) > 1 else ""
        raise CommandError(message, FOUND_ERRORS)
    return files


def _write(files: list[_File], arguments: argparse.Namespace) -> None:
    """Writes the files, or shows what would change. Where one cannot be written, none changes."""
    written: list[_File] = []
    try:
        for file in files:
            in_place = arguments.output is None or same_file(arguments.output, [file.path])
            if arguments.diff:
                show(difference(file.data, file.new, file.config.filename))
            elif file.path == STDIN and arguments.output is None:
                emit_file(file.new)
            elif not in_place or file.path == STDIN:
                write_file(arguments.output or STDIN, file.new)
            elif file.edited.changes:
                write_file(file.path, file.new, read=file.data)
                written.append(file)
    except WriteError:
        for file in written:
            write_file(file.path, file.data, read=file.new)
        raise


def _report(file: _File) -> None:
    """Says what changed."""
    name, edited = file.config.filename, file.edited
    if not edited.changes:
        say(f"{name}: nothing to change")
        return
    say(*(f"{name}: {change}" for change in edited.changes))
    if line := rate_change(file.config, edited.config):
        say(f"{name}: {line}")
    say_findings(edited.findings)
