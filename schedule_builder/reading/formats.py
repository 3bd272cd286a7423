"""Detects the format of a config, and decodes its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath

from schedule_builder.diagnostics import TOO_LARGE, Report, Source, Span, Words
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.reading.findings import NOT_TEXT
from schedule_builder.reading.tree import Document

TEXT, YAML = "text", "yaml"
SUFFIXES = {
    ".config": TEXT,
    ".pbtxt": TEXT,
    ".textproto": TEXT,
    ".txtpb": TEXT,
    ".prototxt": TEXT,
    ".yaml": YAML,
    ".yml": YAML,
    ".json": YAML,
}
"""The suffixes of configs, and the format of each. JSON is read as YAML."""
_MODULES = {TEXT: "text_format", YAML: "yaml_format"}

_COMMENT = r"(?:\s+|#[^\n]*)*"
_YAML_OPENING = r"---|%YAML|[{\[]|[\w\"'-]+[ \t]*:[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)"
_WORD_LINE = r"(?m)^[ \t]*[\w\"'-]+[ \t]*:[ \t]*(?:#[^\n]*)?\r?$"


def format_of_name(filename: str) -> str | None:
    """The format that the suffix of a name means; None for any other suffix."""
    return SUFFIXES.get(PurePath(filename).suffix.lower())


def detect_format(filename: str, text: str) -> str:
    """The format of a config, `text` or `yaml`: its suffix decides, or else its contents."""
    if known := format_of_name(filename):
        return known
    start = re.match(_COMMENT, text)
    if re.compile(_YAML_OPENING).match(text, start.end() if start else 0):
        return YAML
    return YAML if re.search(_WORD_LINE, text) and "{" not in text else TEXT


def reader_of(file_format: str) -> Callable[[Source, Report], Document]:
    """The function that reads a format into a tree. What is wrong goes to the report."""
    # A file needs one of them, and PyYAML takes 15 ms to import.
    module = import_module(f"schedule_builder.reading.{_MODULES[file_format]}")
    read: Callable[[Source, Report], Document] = module.read
    return read


def is_too_large(text: str) -> bool:
    """Whether a text has more bytes than are read."""
    size = len(text)
    if size <= MAX_FILE_BYTES < 4 * size and not text.isascii():
        size = len(text.encode("utf-8", "surrogatepass"))
    return size > MAX_FILE_BYTES


def too_large() -> Words:
    """The message for a file, or a text, of too many bytes."""
    return Words(
        "this has more than {limit:,} bytes, which is the most that is read. Name a config",
        limit=MAX_FILE_BYTES,
    )


def decode(data: bytes, filename: str) -> tuple[Source, Report]:
    """The text of a file. What is wrong with its bytes stands in the report.

    A byte-order mark of UTF-8 is left out.
    """
    if len(data) > MAX_FILE_BYTES:
        source = Source(filename, "")
        report = Report(source)
        report.add(TOO_LARGE, Span(0, 0), too_large())
        return source, report
    data = data.removeprefix(codecs.BOM_UTF8)
    problem: Words
    at = 0
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problem = Words("this file is UTF-16: save it as UTF-8")
    elif (at := data.find(b"\0")) >= 0:
        problem = Words(
            "this is a binary file (it contains a zero byte): name a config in text format, YAML or"
            " JSON"
        )
    else:
        try:
            source = Source(filename, data.decode())
        except UnicodeDecodeError as error:
            at = error.start
            problem = Words("byte 0x{byte:02x} is not UTF-8: save the file as UTF-8", byte=data[at])
        else:
            return source, Report(source)
    readable = data[: max(at, 0)].decode("utf-8", "replace")
    source = Source(filename, readable + "\N{REPLACEMENT CHARACTER}")
    report = Report(source)
    end = len(source.text)
    report.add(NOT_TEXT, Span(end - 1, end), problem)
    return source, report
