"""Finds missing and surplus braces of a text by the indentation of its blocks."""

from __future__ import annotations

import re
from typing import TypeAlias

from schedule_builder.diagnostics import Report, Source, Span, Words, shown
from schedule_builder.limits import MAX_SYNTAX_ERRORS
from schedule_builder.reading.findings import PLACEHOLDER, SYNTAX, UNCLOSED
from schedule_builder.reading.text_errors import what_is_wrong
from schedule_builder.reading.text_lexer import Lexer, Token
from schedule_builder.reading.tree import Block, Scalar, Sequence

Stack: TypeAlias = "list[tuple[Block | Sequence, str]]"
"""The open blocks and lists from the outside in, each with the symbol that closes it."""

_INDENTATION = re.compile(r"[ \t]*")


class Braces:
    """The state of the search for the faulty braces of a text.

    Attributes:
        missing: how many closing braces are missing.
        surplus: how many closing braces there are too many.
        last_closed: the block that was closed last.
    """

    def __init__(self, source: Source, missing: int, surplus: int) -> None:
        self.missing = missing
        self.surplus = surplus
        self.last_closed: Block = Block(0)
        self._source = source
        self._indentations: dict[int, int] = {}

    def indentation(self, offset: int) -> tuple[int, bool]:
        """The indentation of an offset's line, and whether the offset is its first character."""
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
        """Whether a line belongs to a remnant of another version of the file, after the config."""
        return bool(root.fields) and column > self.indentation(root.fields[0].start)[0]

    def lacks_brace(self, name_start: int, next_start: int) -> bool:
        """Whether a name without a value precedes a field that is indented further."""
        if "\n" not in self._source.text[name_start:next_start]:
            return False
        own, begins_line = self.indentation(name_start)
        return begins_line and self.indentation(next_start)[0] > own


class Stop(Exception):
    """Ends reading: errors in the rest of the file would only repeat those before."""


class RepairingReader(Lexer):
    """Keeps the open blocks of a text, and reports which of its braces is the wrong one.

    Args:
        source: the text.
        report: where errors go.
        missing: how many closing braces are known to be missing. A block is closed where the
            indentation shows that one is missing.
        surplus: how many closing braces are surplus.

    Attributes:
        unclosed: how many blocks the end of the file left open.
        unopened: how many closing braces there were where no block was open.
    """

    def __init__(self, source: Source, report: Report, missing: int = 0, surplus: int = 0) -> None:
        super().__init__(source.text)
        self.source = source
        self.report = report
        self.braces: Braces = Braces(source, missing, surplus)
        self.unclosed: int = 0
        self.unopened = 0
        self.errors: int = 0
        self.stack: Stack = []

    def row(self, offset: int) -> int:
        """The line of an offset."""
        return self.source.position(offset)[0]

    def add(self, place: Span, words: Words) -> None:
        """Reports an error after which reading continues where it is."""
        self.errors += 1
        self.report.add(SYNTAX, place, words)

    def error(self, expected: Words) -> None:
        """Says what is wrong with the current token, where `expected` was expected."""
        self.errors += 1
        kind = PLACEHOLDER if self.kind == Token.PLACEHOLDER else SYNTAX
        self.report.add(kind, Span(self.start, self.end), what_is_wrong(self, expected))
        if self.errors >= MAX_SYNTAX_ERRORS:
            raise Stop

    def end_open_blocks(self) -> None:
        """Reports the blocks that the end of the file leaves open."""
        self.unclosed = len(self.stack) - 1
        while len(self.stack) > 1 and self.errors < MAX_SYNTAX_ERRORS:
            closer = self.stack[-1][1]
            self.leave(Words("the file ends without its `{closer}`. Add it", closer=closer))

    def leave(self, why: Words) -> None:
        """Reports that the innermost open block is not closed, and continues after it."""
        container, _ = self.stack.pop()
        container.end = self.previous_end
        around = self.stack[-1][0]
        subject = Words("this block")
        if isinstance(around, Block) and around.fields and around.fields[-1].value is container:
            subject = Words("`{name}`", name=shown(around.fields[-1].name))
        self.errors += 1
        words = Words(
            "{subject}, opened at line {row}, is never closed: {why}",
            subject=subject,
            row=self.row(container.start),
            why=why,
        )
        self.report.add(UNCLOSED, Span(container.start, container.start + 1), words)

    def mind_indentation(self) -> bool:
        """Looks for the faulty brace where braces do not balance; returns whether it was found."""
        braces = self.braces
        column, begins_line = braces.indentation(self.start)
        block = self.stack[-1][0]
        if not begins_line or not isinstance(block, Block):
            return False
        closes = self.is_symbol("}", ">")
        if len(self.stack) == 1:
            if braces.surplus and braces.is_tail(block, column) and not closes:
                self.refuse_tail()
        elif braces.missing and braces.is_outside(self.stack, column, closes=closes):
            braces.missing -= 1
            words = Words(
                "line {row} is outside of it, by its indentation. Add `{closer}` before that line",
                row=self.row(self.start),
                closer=self.stack[-1][1],
            )
            self.leave(words)
            return True
        elif braces.surplus and closes and braces.closes_again(block, column):
            braces.surplus -= 1
            row = self.row(braces.last_closed.start)
            words = Words(
                "this closes the block of line {row} a second time, by its indentation. Remove it",
                row=row,
            )
            self.error(words)
            self.advance()
            return True
        return False

    def refuse_tail(self) -> None:
        """Stops after the end of the config, at a remnant of another version of the file."""
        root = self.stack[0][0]
        fields = root.fields if isinstance(root, Block) else []
        while fields and isinstance(fields[-1].value, Scalar):
            fields.pop()
        if fields:
            row = self.row(fields[-1].value.end - 1)
            words = Words("the config ended at line {row}. Remove the rest", row=row)
        else:
            words = Words("remove it")
        self.error(Words("no block is open here: {why}", why=words))
        raise Stop
