"""The outline of a config, and the lines that can be folded.

Offsets count characters of the text, as everywhere in this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import Span, shown
from schedule_builder.reading.tree import Block, Scalar, Sequence, Value
from schedule_builder.records import Record

_COMMENTS = re.compile(r"(?:^[ \t]*#[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)


class Entry(Record):
    """A field, or an element of a list.

    Attributes:
        name: the name of the field, or the index of the element.
        detail: its value, where that is neither a block nor a list.
        span: all of it.
        name_span: its name.
        is_list: whether it holds a list.
        children: the fields and elements in it.
    """

    name: str
    detail: str
    span: Span
    name_span: Span
    is_list: bool
    children: list[Entry]


class Fold:
    """Lines that can be folded, counted from 0: the last one is hidden, too."""

    def __init__(self, first: int, last: int, *, is_comment: bool = False) -> None:
        self.first = first
        self.last = last
        self.is_comment = is_comment


def outline(config: Config) -> list[Entry]:
    """The fields of a file, and those in them."""
    text = config.document.source.text
    return list(_children(config.document.root, text, Span(0, len(text))))


def _children(value: Value, text: str, around: Span) -> Iterator[Entry]:
    if isinstance(value, Block):
        for given in value.fields:
            name = Span(given.start, given.end)
            entry = _entry(given.name, name, given.value, text)
            # Fields that YAML merges into a block are written elsewhere.
            if around.start <= entry.span.start and entry.span.end <= around.end:
                yield entry
    elif isinstance(value, Sequence):
        for index, item in enumerate(value.items):
            if not isinstance(item, Scalar) and around.start <= item.start < item.end <= around.end:
                yield _entry(f"[{index}]", Span(item.start, item.start + 1), item, text)


def _entry(name: str, place: Span, value: Value, text: str) -> Entry:
    # An alias of YAML has the place of its anchor's value.
    is_here = value.start >= place.start
    end = max(place.end, len(text[: value.end].rstrip())) if is_here else place.end
    span = Span(place.start, end)
    if isinstance(value, Scalar):
        return Entry(name, shown(value.text), span, place, is_list=False, children=[])
    children = list(_children(value, text, span)) if is_here else []
    return Entry(name, "", span, place, isinstance(value, Sequence), children)


def folds(config: Config) -> list[Fold]:
    """The lines that can be folded: blocks, lists and comments of several lines."""
    source = config.document.source
    found: dict[int, Fold] = {}

    def row(offset: int) -> int:
        return source.position(offset)[0] - 1

    def visit(entries: list[Entry]) -> None:
        for entry in entries:
            first, last = row(entry.span.start), row(max(entry.span.end - 1, entry.span.start))
            # A closing brace on a line of its own stays.
            line = source.text[source.text.rfind("\n", 0, entry.span.end) + 1 : entry.span.end]
            last -= line.strip() in ("}", ">", "]")
            if last > first:
                found.setdefault(first, Fold(first, last))
            visit(entry.children)

    visit(outline(config))
    for match in _COMMENTS.finditer(source.text):
        first, last = row(match.start()), row(match.end() - 1)
        found.setdefault(first, Fold(first, last, is_comment=True))
    return [found[first] for first in sorted(found)]
