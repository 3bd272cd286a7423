"""Positions in a text that the tree does not have."""

from __future__ import annotations

import re

from schedule_builder.reading.tree import Block, Field, Sequence

_ALIAS = re.compile(r"[ \t]*:\s+(\*[^\s,\[\]{}]+)")
_PROPERTIES = re.compile(r"(?:(?<![^\s\[,-])[&!][^\s,\[\]{}]*[ \t]+)+\Z")
_OPENING_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")


def own_end(text: str, field: Field) -> int:
    """The end of a field; for an alias of YAML, the end of the alias and not of its value."""
    if field.value.start >= field.end:
        return field.value.end
    alias = _ALIAS.match(text, field.end)
    return alias.end() if alias else field.end


def opening_of(text: str, value: Block | Sequence) -> int:
    """Where a block or a list opens, after its anchor and its tag."""
    properties = _OPENING_PROPERTIES.match(text, value.start)
    return properties.end() if properties else value.start


def dash_before(text: str, start: int) -> int:
    """The offset of the dash before an entry of a YAML list; without a dash, the entry's start."""
    at = text.rfind("\n", 0, start) + 1
    if properties := _PROPERTIES.search(text, at, start):
        start = properties.start()
    before = text[at:start].strip()
    while before != "-":
        if (before and not before.startswith("#")) or not at:
            return start
        at, end = text.rfind("\n", 0, at - 1) + 1, at - 1
        before = text[at:end].strip()
        if before.startswith("-"):
            before = before.partition("#")[0].rstrip()
    return text.index("-", at)


def line_before(text: str, offset: int) -> str:
    """The text before an offset on its line."""
    return text[text.rfind("\n", 0, offset) + 1 : offset]


def blanks_before(text: str, offset: int, blanks: str = " \t") -> int:
    """Where the blanks before an offset begin, or the offset itself.

    It looks at these blanks alone: all fields of a file may stand on one line.
    """
    while offset and text[offset - 1] in blanks:
        offset -= 1
    return offset


def begins_line(text: str, offset: int) -> bool:
    """Whether only blanks stand before an offset on its line."""
    start = blanks_before(text, offset)
    return not start or text[start - 1] == "\n"
