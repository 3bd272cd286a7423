"""Where a brace is missing or surplus, told by the indentation."""

from __future__ import annotations

import re
from typing import TypeAlias

from schedule_builder.diagnostics import Source
from schedule_builder.reading.tree import Block, Sequence

Stack: TypeAlias = "list[tuple[Block | Sequence, str]]"
"""The open blocks and lists from the outside in, each with the symbol that closes it."""

_INDENTATION = re.compile(r"[ \t]*")


class Braces:
    """What is known of the braces of a text that do not balance.

    Attributes:
        missing: how many closing braces are missing.
        surplus: how many closing braces there are too many.
        last_closed: the block that was closed last.
    """

    def __init__(self, source: Source, missing: int, surplus: int) -> None:
        self.missing = missing
        self.surplus = surplus
        self.last_closed = Block(0)
        self._source = source
        self._indentations: dict[int, int] = {}

    def indentation(self, offset: int) -> tuple[int, bool]:
        """How far the line of an offset is indented, and whether the offset is what begins it."""
        start = offset - self._source.position(offset)[1] + 1
        if start not in self._indentations:
            match = _INDENTATION.match(self._source.text, start)
            self._indentations[start] = match.end() - start if match else 0
        return self._indentations[start], offset == start + self._indentations[start]

    def is_outside(self, stack: Stack, column: int, *, closes: bool) -> bool:
        """Whether a line shows that the innermost block should have ended before it.

        Args:
            stack: the open blocks.
            column: how far the line is indented.
            closes: whether it begins with a closing brace.
        """
        block = stack[-1][0]
        columns = {self.indentation(around.start)[0] for around, _ in stack[1:]}
        if not isinstance(block, Block) or not isinstance(stack[-2][0], Block):
            return False
        if column not in columns:
            return False
        opened, _ = self.indentation(block.start)
        if closes or not block.fields:
            return closes and column < opened
        inside, begins_line = self.indentation(block.fields[0].start)
        return begins_line and inside > opened >= column

    def closes_again(self, block: Block, column: int) -> bool:
        """Whether a brace belongs to the block that was closed last, and not to the open one."""
        closed, _ = self.indentation(self.last_closed.start)
        return column == closed > self.indentation(block.start)[0]

    def is_tail(self, root: Block, column: int) -> bool:
        """Whether a line belongs to what another version of the file left behind the config."""
        return bool(root.fields) and column > self.indentation(root.fields[0].start)[0]

    def lacks_brace(self, name_start: int, next_start: int) -> bool:
        """Whether a name without a value stands over a field that is indented further."""
        if "\n" not in self._source.text[name_start:next_start]:
            return False
        own, begins_line = self.indentation(name_start)
        return begins_line and self.indentation(next_start)[0] > own
