"""Open documents as the protocol counts them: lines, columns in code units, and versions.

pygls' own documents also end lines at form feeds and other characters that the protocol does not
name, count a column beyond the end of a line wrongly, and copy the whole text for each change.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument

from schedule_builder.diagnostics import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_BYTE_ORDER_MARK = "\ufeff"


def _split(text: str) -> list[str]:
    """The lines of a text with their ends, and the last line without an end, even if empty."""
    lines: list[str] = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def _index(codec: PositionCodec, line: str, units: int) -> int:
    """The character of a line at a column; the line's end for any column beyond it."""
    length = len(line.rstrip("\r\n"))
    if line.isascii():
        return min(units, length)
    for index in range(length):
        if units <= 0:
            return index
        units -= codec.client_num_units(line[index])
    return length


class Snapshot:
    """A version of a document. Offsets count characters, without a byte-order mark.

    Args:
        uri: the document.
        version: its version; None where the client has none.
        lines: its lines, with their ends.
        codec: how the client counts columns.
        language: what the client takes its language for, such as `yaml`.
    """

    def __init__(
        self,
        uri: str,
        version: int | None,
        lines: Sequence[str],
        codec: PositionCodec,
        language: str = "",
    ) -> None:
        self.uri = uri
        self.version = version
        self.language = language
        self.lines = lines
        self._codec = codec
        text = "".join(lines)
        self.text: str = text.removeprefix(_BYTE_ORDER_MARK)
        self._mark = len(text) - len(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(line) for line in self.lines), initial=0))[:-1]

    @cached_property
    def _rows(self) -> list[int]:
        """The beginnings of lines as findings count them: only line feeds end lines."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def is_same(self, other: Snapshot) -> bool:
        """Whether two snapshots are of one version with one text."""
        return (self.version, self.language) == (other.version, other.language) and (
            self.text == other.text
        )

    def position(self, offset: int) -> types.Position:
        """A position, as the client counts, of an offset."""
        offset += self._mark
        row = bisect_right(self._starts, offset) - 1
        line, column = self.lines[row], offset - self._starts[row]
        units = column if line.isascii() else self._codec.client_num_units(line[:column])
        return types.Position(row, units)

    def range(self, span: Span) -> types.Range:
        """A range, as the client counts, of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The offset of a position; beyond the text, that of its end."""
        if position.line >= len(self.lines):
            return len(self.text)
        column = _index(self._codec, self.lines[position.line], position.character)
        return max(self._starts[position.line] + column - self._mark, 0)

    def offset_at(self, row: int, column: int) -> int:
        """The offset of a finding's row and column, which count from 1."""
        start = self._rows[min(row, len(self._rows)) - 1]
        return min(start + column - 1, len(self.text))


class OpenDocument(TextDocument):
    """A document that the client has open, which changes line by line."""

    def __init__(self, document: TextDocument) -> None:
        super().__init__(
            document.uri,
            document.source,
            document.version,
            document.language_id,
            position_codec=document.position_codec,
        )
        self._lines = _split(document.source)

    @property
    def lines(self) -> Sequence[str]:
        return self._lines

    @property
    def source(self) -> str:
        return "".join(self._lines)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        if not isinstance(change, types.TextDocumentContentChangePartial):
            self._lines = _split(change.text)
            return
        first, before = self._place(change.range.start)
        last, after = self._place(change.range.end)
        # Neighbouring lines are split again: a line feed may now follow a carriage return.
        top, bottom = max(first - 1, 0), min(last + 1, len(self._lines) - 1)
        start = "".join(self._lines[top:first]) + self._lines[first][:before]
        end = self._lines[last][after:] + "".join(self._lines[last + 1 : bottom + 1])
        changed = _split(start + change.text + end)
        if bottom < len(self._lines) - 1:
            changed.pop()
        self._lines[top : bottom + 1] = changed

    def _place(self, position: types.Position) -> tuple[int, int]:
        """The line, and the character in it, of a position."""
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        line = self._lines[position.line]
        return position.line, _index(self.position_codec, line, position.character)

    def is_larger_than(self, characters: int) -> bool:
        """Whether a document has more characters than a number."""
        return sum(map(len, self._lines)) > characters

    def snapshot(self) -> Snapshot:
        """The document as it is now."""
        return Snapshot(
            self.uri, self.version, tuple(self._lines), self.position_codec, self.language_id or ""
        )
