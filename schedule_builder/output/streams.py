"""The one way to standard output and standard error.

Text for people and for programs leaves without control characters. The contents of a file leave as
they are, but for a terminal.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

from schedule_builder.printable import COMMAND_LINE, printable

_LAYOUT = "\n\t"
_STYLE = "\x1b\\[(?:0|1|36|1;31|1;33|38;5;[0-9]{1,3})m"
"""The styles that this package prints."""
_CLEAR_LINE, _CLEAR_SCREEN = "\r\x1b[K", "\x1b[2J\x1b[H"


class StreamError(Exception):
    """Standard output cannot be written."""


class InputError(Exception):
    """Standard input cannot be read."""


def prepare() -> None:
    """Makes the standard streams take any character, and closed ones fail in one way."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _take_place_of(number, name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A config may hold any character, and a terminal may not know it.
            stream.reconfigure(errors="backslashreplace")


def _take_place_of(number: int, name: str) -> None:
    """Opens a stream that the caller closed, so that no file gets its number.

    Reading and writing it fail, but for standard error, where no message could say why.
    """
    is_written = name == "stdin" or number == 2  # noqa: PLR2004 - standard error
    # The lowest free number is the one that is closed: those before it are open by now.
    descriptor = os.open(os.devnull, os.O_WRONLY if is_written else os.O_RDONLY)
    mode = "r" if name == "stdin" else "w"
    raw = io.FileIO(descriptor, mode, closefd=False)
    buffer = io.BufferedReader(raw) if name == "stdin" else io.BufferedWriter(raw)
    setattr(sys, name, io.TextIOWrapper(buffer, encoding="utf-8"))


def is_terminal() -> bool:
    """Whether people read standard output as it is."""
    return sys.stdout.isatty()


def show(text: str, *, is_styled: bool = False) -> None:
    """Prints text for people on standard output.

    Args:
        text: lines of text. What begins a command of a CI service does not get through.
        is_styled: whether the styles of this package do.
    """
    shown = _defused(_unified(text))
    if is_styled:
        parts = zip(re.split(_STYLE, shown), [*re.findall(_STYLE, shown), ""], strict=True)
        _write("".join(printable(part, kept=_LAYOUT) + style for part, style in parts))
    else:
        _write(printable(shown, kept=_LAYOUT))


def emit(text: str, *, has_commands: bool = False) -> None:
    """Prints text for programs on standard output, in UTF-8.

    Args:
        text: the text.
        has_commands: whether lines may begin commands of a CI service.
    """
    _write_bytes(encoded(text if has_commands else _defused(text)))


def encoded(text: str) -> bytes:
    """Text for programs, or for people, as a file holds it."""
    return printable(_unified(text), kept=_LAYOUT).encode("utf-8", "backslashreplace")


def emit_text(text: str) -> None:
    """Prints the text of a file; see `emit_file`."""
    emit_file(text.encode("utf-8", "backslashreplace"))


def emit_file(data: bytes) -> None:
    """Prints the contents of a file: exactly, unless a terminal would interpret them."""
    if is_terminal():
        _write(printable(_unified(data.decode("utf-8", "backslashreplace")), kept=_LAYOUT))
    else:
        _write_bytes(data)


def say(*lines: object) -> bool:
    """Prints lines on standard error, each as one line: a name may hold a line feed.

    Returns:
        Whether they could be written.
    """
    return _tell("".join(_defused(printable(str(line), kept="\t")) + "\n" for line in lines))


def shows_progress() -> bool:
    """Whether people watch standard error."""
    return sys.stderr.isatty()


def show_progress(text: str) -> None:
    """Shows how far a command is, in place of what was shown before; nothing for no text."""
    _tell(f"\r{printable(text)}" if text else _CLEAR_LINE)


def clear_screen() -> None:
    """Clears the terminal, if standard output is one."""
    if is_terminal():
        _write(_CLEAR_SCREEN)


def flush() -> None:
    """Sends what was printed on its way.

    Raises:
        StreamError: it cannot be written.
    """
    with _Output() as stream:
        if not stream.closed:  # as the server leaves it
            stream.flush()


def read_input(at_most: int) -> bytes:
    """What standard input holds; where that is too much, so many bytes and one more.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read(at_most + 1)
    except OSError as error:
        message = f"cannot read standard input: {_reason(error)}"
        raise InputError(message) from None


def abandon() -> None:
    """Drops what was printed and not written: no reader is left."""
    with suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)


class _Output:
    """Standard output, whose errors become sentences."""

    def __enter__(self) -> TextIO:
        return sys.stdout

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            message = f"cannot write standard output: {_reason(error)}"
            raise StreamError(message) from None


def _reason(error: OSError) -> str:
    return "it is closed" if error.errno == errno.EBADF else error.strerror or str(error)


def _write(text: str) -> None:
    with _Output() as stream:
        stream.write(text)


def _write_bytes(data: bytes) -> None:
    with _Output() as stream:
        stream.flush()  # What was printed comes first.
        stream.buffer.write(data)


def _tell(text: str) -> bool:
    # The exit code tells what a message would.
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return False
    return True


def _unified(text: str) -> str:
    """A text in which lines end in one way."""
    return text.replace("\r\n", "\n")


def _defused(text: str) -> str:
    """A text whose lines begin no command."""
    if "::" not in text:
        return text
    return re.sub(COMMAND_LINE, "\\1\N{FULLWIDTH COLON}", text, flags=re.MULTILINE)
