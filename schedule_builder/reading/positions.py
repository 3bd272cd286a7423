"""Positions in a text that the tree does not have."""

from __future__ import annotations

import re

from schedule_builder.reading.tree import Field

_ALIAS = re.compile(r"[ \t]*:\s+(\*[^\s,\[\]{}]+)")
# Compiled where it is used, as few files need it.
_PROPERTIES = r"(?:[&!][^\s,\[\]{}]*(?:\s|(?<=\s)#[^\n]*)*)*"


def own_end(text: str, field: Field) -> int:
    """The end of a field; for an alias of YAML, the end of the alias and not of its value."""
    if field.value.start >= field.end:
        return field.value.end
    alias = _ALIAS.match(text, field.end)
    return alias.end() if alias else field.end


def after_properties(text: str, start: int) -> int:
    """Where a value of YAML begins after its anchor, its tag and comments after them."""
    properties = re.compile(_PROPERTIES).match(text, start)
    return properties.end() if properties else start


def _before_properties(text: str, start: int) -> int:
    """Where the anchor and the tag before a value of YAML begin, or else the value's own start."""
    while True:
        end = at = blanks_before(text, start)
        while at and not text[at - 1].isspace() and text[at - 1] not in ",[]{}":
            at -= 1
        is_apart = end < start and text[at - 1 : at] not in ("{", "]", "}")
        if not is_apart or text[at : at + 1] not in ("&", "!"):
            return start
        start = at


def dash_before(text: str, start: int) -> int:
    """The offset of the dash before an entry of a YAML list; without a dash, the entry's start."""
    start = _before_properties(text, start)
    at = blanks_before(text, start)
    if text[at - 1 : at] == "-":
        return at - 1 if begins_line(text, at - 1) else start
    if not begins_line(text, at):
        return start
    before = ""
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
