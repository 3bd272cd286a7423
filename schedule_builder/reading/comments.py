"""The comments of a config. The tree does not hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from schedule_builder.reading.tree import Document, Scalar, Sequence, Value

# In text format the pattern also matches strings, so that a `#` in one begins no comment. There
# a carriage return alone does not end a comment; in YAML it ends a line.
_TEXT = (
    r"^(?:[ \t]*\r?\n)+|(\#[^\n]*)|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'"
)
_YAML = r"^(?:[ \t]*\r?\n)+|((?<!\S)\#[^\r\n]*)"


class Note(NamedTuple):
    """A comment, or blank lines, whose text is empty."""

    start: int
    text: str


def notes(document: Document) -> Iterator[Note]:
    """The comments and blank lines of a document, in order."""
    text = document.source.text
    is_yaml = document.syntax.explicit_lists
    # A `#` in a YAML value does not begin a comment.
    values = iter(sorted(_scalars(document.root))) if is_yaml else iter(())
    start, end = next(values, (len(text), len(text)))
    for match in re.finditer(_YAML if is_yaml else _TEXT, text, re.MULTILINE):
        while end <= match.start() < len(text):
            start, end = next(values, (len(text), len(text)))
        if match.start() < start and (match[1] or not match[0].strip()):
            yield Note(match.start(), (match[1] or "").rstrip())


def _scalars(value: Value) -> Iterator[tuple[int, int]]:
    if isinstance(value, Scalar):
        yield value.start, value.end
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _scalars(item)
    else:
        for field in value.fields:
            yield field.start, field.end
            yield from _scalars(field.value)
