"""The command `fmt`: the one layout of configs."""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Iterator

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    explain_format,
    no_configs,
    read_input,
)
from schedule_builder.diagnostics import Source
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.format import format_text
from schedule_builder.files import write_file
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.output.difference import difference
from schedule_builder.output.streams import emit_file, say, show
from schedule_builder.printable import printable
from schedule_builder.reading.formats import too_large
from schedule_builder.workspace.discovery import STDIN, decide
from schedule_builder.workspace.settings import settings_for

DESCRIPTION = (
    "Format configs: indent each block by two spaces, one field a line. Values, comments and their"
    " order stay. YAML needs pip install 'schedule-builder[fmt]'; JSON is left alone."
)
EPILOG = (
    "Exit codes: 0, formatted; 1, files would change (with --check or --diff), or have syntax"
    " errors; 2, could not run."
)


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="PATH",
        help="files in text format and YAML; folders; - for standard input (default: the current"
        " folder)",
    )
    parser.add_argument(
        "--check", action="store_true", help="list the files that would change; change no file"
    )
    parser.add_argument(
        "--diff", action="store_true", help="print the changes as a diff; change no file"
    )
    parser.explain(
        "-o",
        "--output",
        instead="files are formatted in place. For another file, run: schedule-builder fmt - < FILE"
        " > OTHER",
    )
    explain_format(parser)
    parser.add_argument(
        "--stdin-filename",
        metavar="NAME",
        default="<stdin>",
        help="name to assume for standard input; decides the format (default: <stdin>)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    files = list(_files(arguments.files or ["."]))
    if not files:
        raise UsageError(no_configs(arguments.files))
    changed = unchanged = failed = 0
    for path in files:
        data = read_input(path)
        name = arguments.stdin_filename if path == STDIN else path
        try:
            with naming_extra("`fmt` of YAML"):
                new = _formatted(name, data)
        except ModuleNotFoundError as error:
            raise CommandError(str(error)) from None
        except (EditingError, UnicodeDecodeError) as error:
            is_text = isinstance(error, EditingError)
            say(f"schedule-builder: {error if is_text else f'{name} is not UTF-8'}")
            failed += 1
            continue
        if new == data:
            unchanged += 1
        else:
            changed += 1
        _write(path, name, data, new, arguments)
    is_dry = arguments.check or arguments.diff
    done = "would be formatted" if is_dry else "formatted"
    say(f"{changed} {done}, {unchanged} unchanged{f', {failed} with errors' * bool(failed)}")
    return FOUND_ERRORS if failed or (changed and is_dry) else OK


def _files(paths: list[str]) -> Iterator[str]:
    """The files at the paths. JSON files in folders are left to other formatters."""
    for decision in decide(paths, settings_for):
        is_named = decision.name in paths
        if not decision.reason and (is_named or not decision.name.lower().endswith(".json")):
            yield decision.name


def _formatted(name: str, data: bytes) -> bytes:
    """The contents of a file in the one layout."""
    if len(data) > MAX_FILE_BYTES:
        raise EditingError(Source(name, ""), 0, too_large())
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = data[len(mark) :].decode()
    return mark + format_text(name, text).encode()


def _write(path: str, name: str, old: bytes, new: bytes, arguments: argparse.Namespace) -> None:
    if arguments.diff:
        show(difference(old, new, name))
    elif arguments.check:
        if new != old:
            show(f"{printable(name)}\n")
    elif path == STDIN:
        emit_file(new)
    elif new != old:
        write_file(path, new, read=old)
