"""Protobuf text format, read into a located tree.

The grammar is that of https://protobuf.dev/reference/protobuf/textformat-spec/. Reading
goes on after an error, at the next line, so that a file's errors are found together.
"""

from __future__ import annotations

import re
import sys

from schedule_builder.diagnostics import Report, Source, Span, shown
from schedule_builder.reading.tree import (
    CURLY_QUOTES,
    MAX_DEPTH,
    MAX_SYNTAX_ERRORS,
    PLACEHOLDER,
    SYNTAX,
    TOO_DEEP,
    UNCLOSED,
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Syntax,
    decimal,
    without_comma,
)

# Whatever comes first matches one of the alternatives, `end` at the latest, so that the
# pattern never goes back into what it skipped.
_TOKEN = re.compile(
    r"""(?:[ \t\r\n\f\v]+|\#[^\n]*)*
    (?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<placeholder>\$\{\w*\}|\$\(\w*\)|\$\w+|\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\})
    | (?P<symbol>[{}<>\[\]:;,\-/])
    | (?P<number>\.?[0-9](?:[eE][+-]|[A-Za-z0-9_.])*)
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')
    | (?P<bad>[^#])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_NAME, _PLACEHOLDER, _SYMBOL, _NUMBER, _STRING, _BAD, _END = range(1, 8)
_INTEGER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\Z")
_REAL = re.compile(
    r"-?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?"
    r"|inf(?:inity)?|nan)\Z",
    re.IGNORECASE,
)
_BOOLEANS = {"true": True, "True": True, "t": True, "1": True} | {
    "false": False,
    "False": False,
    "f": False,
    "0": False,
}
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))"
)
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\'\"?", "\a\b\f\n\r\t\v\\'\"?", strict=True))
_DECIMAL_COMMA = re.compile(r"-?[0-9]+(?:,[0-9]+)+(?:[eE][-+]?[0-9]+)?(?![\w.,])")
_INDENTATION = re.compile(r"[ \t]*")
_INVISIBLE = {"\xa0": "no-break space", "\u200b": "zero-width space", "\ufeff": "byte-order mark"}


def _integer(text: str) -> int | None:
    if not _INTEGER.match(text):
        return None
    digits = text.lstrip("-")
    if digits[0] != "0":
        value = decimal(digits)
    else:
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 8)
    return -value if text[0] == "-" else value


def _real(text: str) -> float | None:
    if not _REAL.match(text):
        return None
    return float(text.rstrip("fF") if text[-3:].lower() != "inf" else text)


TEXT_FORMAT = Syntax(
    name="text format",
    integer=_integer,
    real=_real,
    boolean=_BOOLEANS.get,
    null=lambda text: False,
    plain_strings=False,
    explicit_lists=False,
    list_example="[1, 2]",
)


class _BadEscape(ValueError):
    pass


def _unescape(body: str) -> bytes:
    """Decodes a string's escapes, which may write single bytes of a character."""
    out = bytearray()
    at = 0
    for match in _ESCAPE.finditer(body):
        out += body[at : match.start()].encode("utf-8", "surrogatepass")
        at = match.end()
        octal, hexadecimal, short, long, simple = match.groups()
        if octal or hexadecimal:
            out.append(int(octal, 8) & 255 if octal else int(hexadecimal, 16))
        elif short or long:
            code = int(short or long, 16)
            if code > sys.maxunicode:
                raise _BadEscape(match.group())
            out += chr(code).encode("utf-8", "surrogatepass")
        elif simple in _SIMPLE_ESCAPES:
            out += _SIMPLE_ESCAPES[simple].encode()
        else:
            raise _BadEscape(match.group())
    return bytes(out) + body[at:].encode("utf-8", "surrogatepass")


class _Stop(Exception):
    """The rest of the file would only repeat what was already said."""


class _Reader:
    """Reads a text once.

    Attributes:
        missing: how many closing braces are known to be missing; where the indentation shows
            where, a block is closed there.
        surplus: how many there are too many.
        unclosed: how many blocks the end of the file left open.
        unopened: how many closing braces there were where no block was open.
    """

    def __init__(self, source: Source, report: Report, missing: int = 0, surplus: int = 0) -> None:
        self.text = source.text
        self.report = report
        self.missing = missing
        self.surplus = surplus
        self.unclosed = 0
        self.unopened = 0
        self.indentations: dict[int, int] = {}
        self.last_closed = Block(0)
        self.errors = 0
        self.kind = _END
        self.start = 0
        self.end = 0
        self.word = ""
        self.advance()

    def advance(self) -> None:
        self.previous_end = self.end
        match = _TOKEN.match(self.text, self.end)
        if match is None or match.lastindex is None:
            message = "the pattern of tokens matches at every offset"
            raise AssertionError(message)
        self.kind = match.lastindex
        self.start, self.end = match.span(self.kind)
        self.word = match.group(self.kind)

    def error(self, expected: str) -> None:
        """Says what is wrong with the current token, where `expected` was due."""
        self.errors += 1
        place = Span(self.start, self.end)
        if self.kind == _PLACEHOLDER:
            self.report.add(
                PLACEHOLDER,
                place,
                f"`{shown(self.word)}` is a placeholder that nothing filled in: {expected}",
            )
        elif self.word in CURLY_QUOTES and self.kind == _BAD:
            self.report.add(
                SYNTAX, place, f'{self.word} is a curly quote: use the straight quote "'
            )
        elif self.kind == _BAD and self.word in "\"'":
            self.report.add(
                SYNTAX,
                place,
                f"this string does not end on its line: close it with {self.word}",
            )
        elif self.kind == _END:
            self.report.add(SYNTAX, place, f"the file ends here: {expected}")
        elif self.kind == _BAD and self.word in _INVISIBLE:
            words = f"this is a {_INVISIBLE[self.word]}, which cannot be seen: remove it"
            self.report.add(SYNTAX, place, words)
        elif self.text.startswith("//", self.start):
            self.report.add(SYNTAX, place, "a comment begins with `#` here, not with `//`")
        else:
            self.report.add(SYNTAX, place, f"found `{shown(self.word)}`: {expected}")
        if self.errors >= MAX_SYNTAX_ERRORS:
            raise _Stop

    def read(self) -> Block:
        root = Block(0)
        # Each open container with the symbol that closes it.
        self.stack: list[tuple[Block | Sequence, str]] = [(root, "")]
        try:
            while self.kind != _END or len(self.stack) > 1:
                if self.kind == _END:
                    self.end_open_blocks()
                    break
                if (self.missing or self.surplus) and self.mind_indentation():
                    continue
                container = self.stack[-1][0]
                if isinstance(container, Sequence):
                    self.item(container)
                elif self.word in ("}", ">", "]") and self.kind == _SYMBOL:
                    self.close()
                else:
                    self.field(container)
        except _Stop:
            pass
        root.end = len(self.text)
        return root

    def end_open_blocks(self) -> None:
        """Reports the blocks that the end of the file leaves open."""
        self.unclosed = len(self.stack) - 1
        while len(self.stack) > 1 and self.errors < MAX_SYNTAX_ERRORS:
            self.leave(f"the file ends without its `{self.stack[-1][1]}`")

    def leave(self, why: str) -> None:
        """Reports that the innermost open block is not closed, and goes on behind it."""
        container, _ = self.stack.pop()
        container.end = self.previous_end
        around = self.stack[-1][0]
        name = "this"
        if isinstance(around, Block) and around.fields and around.fields[-1].value is container:
            name = f"`{shown(around.fields[-1].name)}`"
        row, _ = self.report.source.position(container.start)
        self.errors += 1
        self.report.add(
            UNCLOSED,
            Span(container.start, container.start + 1),
            f"{name}, opened at line {row}, is never closed: {why}",
        )

    def indentation(self, offset: int) -> tuple[int, bool]:
        """How far the line of an offset is indented, and whether the offset is what begins it."""
        start = offset - self.report.source.position(offset)[1] + 1
        if start not in self.indentations:
            match = _INDENTATION.match(self.text, start)
            self.indentations[start] = match.end() - start if match else 0
        return self.indentations[start], offset == start + self.indentations[start]

    def mind_indentation(self) -> bool:
        """Where braces do not balance, looks for the culprit; whether one was found."""
        column, begins_line = self.indentation(self.start)
        block = self.stack[-1][0]
        if not begins_line or not isinstance(block, Block):
            return False
        closes = self.kind == _SYMBOL and self.word in ("}", ">")
        if len(self.stack) == 1:
            is_tail = block.fields and column > self.indentation(block.fields[0].start)[0]
            if self.surplus and is_tail and not closes:
                self.refuse_tail()
        elif self.missing and self.is_outside(block, column, closes=closes):
            self.missing -= 1
            row, _ = self.report.source.position(self.start)
            where = f"by its indentation, line {row} is outside of it"
            self.leave(f"{where}. Put a `{self.stack[-1][1]}` before that")
            return True
        elif self.surplus and closes and self.closes_again(block, column):
            self.surplus -= 1
            row, _ = self.report.source.position(self.last_closed.start)
            self.error(f"by its indentation, it closes the block of line {row} again: remove it")
            self.advance()
            return True
        return False

    def is_outside(self, block: Block, column: int, *, closes: bool) -> bool:
        """Whether a line that begins at a column shows that a block should have ended before."""
        columns = {self.indentation(around.start)[0] for around, _ in self.stack[1:]}
        if column not in columns or not isinstance(self.stack[-2][0], Block):
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

    def refuse_tail(self) -> None:
        """Stops where the config has ended, at what another version of the file left behind."""
        root = self.stack[0][0]
        fields = root.fields if isinstance(root, Block) else []
        while fields and isinstance(fields[-1].value, Scalar):
            fields.pop()
        ended = fields[-1].value.end - 1 if fields else 0
        row, _ = self.report.source.position(ended)
        why = f"the config ended at line {row}. Remove the rest" if fields else "remove it"
        self.error(f"no block is open here: {why}")
        raise _Stop

    def open(self, container: Block | Sequence, closer: str) -> None:
        if len(self.stack) > MAX_DEPTH:
            self.report.add(
                TOO_DEEP,
                Span(self.start, self.end),
                f"blocks are nested more than {MAX_DEPTH} deep, which protobuf does not read",
            )
            raise _Stop
        self.stack.append((container, closer))
        self.advance()

    def close(self) -> None:
        container, closer = self.stack[-1]
        if len(self.stack) == 1:
            self.unopened += 1
            if self.surplus:
                self.refuse_tail()
            self.error("no block is open here")
            self.advance()
            return
        if self.word != closer:
            row, _ = self.report.source.position(container.start)
            self.error(f"the block opened at line {row} closes with `{closer}`")
            if self.word not in ("}", ">"):
                self.advance()
                return
        self.advance()
        container.end = self.previous_end
        self.stack.pop()
        if isinstance(container, Block):
            self.last_closed = container
        self.separator()

    def separator(self) -> None:
        parent = self.stack[-1][0]
        if isinstance(parent, Sequence):
            self.comma(parent)
        elif self.kind == _SYMBOL and self.word in (",", ";"):
            self.advance()

    def item(self, container: Sequence) -> None:
        if self.kind == _SYMBOL and self.word == "]" and not container.items:
            self.close()
        elif self.kind == _SYMBOL and self.word in ("{", "<"):
            block = Block(self.start)
            container.items.append(block)
            self.open(block, "}" if self.word == "{" else ">")
        elif (scalar := self.scalar("a value is expected in this list")) is not None:
            container.items.append(scalar)
            self.comma(container)
        else:
            self.abandon_list()

    def comma(self, container: Sequence) -> None:
        if self.kind == _SYMBOL and self.word == "]":
            self.close()
        elif self.kind == _SYMBOL and self.word == ",":
            self.advance()
            if self.kind == _SYMBOL and self.word == "]":
                self.error("a value is expected after the comma")
                self.close()
        else:
            self.error("`,` or `]` is expected in this list")
            self.abandon_list()

    def abandon_list(self) -> None:
        """Leaves a list that cannot be read further: at its `]`, or at the next field."""
        self.stack[-1][0].end = self.end
        self.stack.pop()
        row, _ = self.report.source.position(self.start)
        while self.kind != _END and self.report.source.position(self.start)[0] == row:
            symbol = self.word if self.kind == _SYMBOL else ""
            if symbol in ("}", ">"):
                return
            self.advance()
            if symbol == "]":
                return

    def skip_line(self) -> None:
        """Goes on behind an error: at the next line, or where a block closes before it.

        Blocks that open on the way are entered, so that their ends still match.
        """
        at = self.text.find("\n", self.start)
        stop = len(self.text) if at < 0 else at
        while self.kind != _END and self.start < stop:
            if self.kind == _SYMBOL and self.word in ("{", "<"):
                self.open(Block(self.start), "}" if self.word == "{" else ">")
                return
            if self.kind == _SYMBOL and self.word in ("}", ">") and len(self.stack) > 1:
                return
            if self.kind == _BAD and self.word in "\"'":
                self.end = stop
            self.advance()

    def field(self, container: Block) -> None:
        start = self.start
        name = self.name()
        if not name:
            self.skip_line()
            return
        end = self.previous_end
        colon = self.kind == _SYMBOL and self.word == ":"
        if colon:
            self.advance()
        if self.kind == _SYMBOL and self.word in ("{", "<"):
            block = Block(self.start)
            container.fields.append(Field(name, start, end, block))
            self.open(block, "}" if self.word == "{" else ">")
        elif self.kind == _SYMBOL and self.word == "[" and (colon or self.lists_blocks()):
            sequence = Sequence(self.start)
            container.fields.append(Field(name, start, end, sequence))
            self.open(sequence, "]")
        elif not colon and self.surplus and self.lacks_brace(start, end):
            self.surplus -= 1
            self.errors += 1
            words = f"`{shown(name)}` opens no block: put a `{{` behind it"
            self.report.add(SYNTAX, Span(start, end), words)
            block = Block(end)
            container.fields.append(Field(name, start, end, block))
            self.stack.append((block, "}"))
        elif not colon:
            self.error(f"`:` and a value, or `{{`, is expected after `{shown(name)}`")
            self.skip_from(end)
        else:
            scalar = self.scalar(f"a value is expected after `{shown(name)}:`")
            if scalar is None:
                self.skip_from(end)
            elif self.start == scalar.end and self.word == "," and self.decimal_comma(scalar):
                self.separator()
            else:
                container.fields.append(Field(name, start, end, scalar))
                self.separator()

    def lacks_brace(self, start: int, end: int) -> bool:
        """Whether a name without a value stands over fields that are indented further."""
        if self.kind != _NAME or "\n" not in self.text[end : self.start]:
            return False
        own, begins_line = self.indentation(start)
        return begins_line and self.indentation(self.start)[0] > own

    def name(self) -> str:
        """The name of a field or, in brackets, of an extension; "" after an error."""
        is_extension = self.kind == _SYMBOL and self.word == "["
        parts = []
        if is_extension:
            parts.append("[")
            self.advance()
        while self.kind == _NAME:
            parts.append(self.word)
            self.advance()
            if not is_extension:
                return parts[0]
            if self.word == "]":
                self.advance()
                return "".join([*parts, "]"])
            if self.word != "." and (self.word != "/" or "/" in parts):
                break
            parts.append(self.word)
            self.advance()
        what = "an extension is expected in these brackets" if parts else "a field is expected"
        self.error(f"the name of {what}")
        return ""

    def decimal_comma(self, scalar: Scalar) -> bool:
        """Reads on behind a number with a decimal comma, after reporting it."""
        match = _DECIMAL_COMMA.match(self.text, scalar.start)
        if match is None:
            return False
        self.errors += 1
        meant = without_comma(match.group())
        words = f"a number has no comma: write {meant}"
        self.report.add(SYNTAX, Span(*match.span()), words)
        self.end = match.end()
        self.advance()
        return True

    def lists_blocks(self) -> bool:
        """Whether this is a list of blocks, which needs no colon before it."""
        match = _TOKEN.match(self.text, self.end)
        return match is not None and match["symbol"] in ("{", "<", "]")

    def skip_from(self, offset: int) -> None:
        """Like `skip_line`, unless the offending token already is on a later line."""
        if "\n" not in self.text[offset : self.start] or self.kind not in (_NAME, _END):
            self.skip_line()

    def scalar(self, expected: str) -> Scalar | None:
        start = self.start
        if self.kind == _STRING:
            return self.string()
        if self.kind == _BAD and self.word in CURLY_QUOTES:
            self.error(expected)
            return self.curly_string()
        sign = ""
        if self.kind == _SYMBOL and self.word == "-":
            sign = "-"
            self.advance()
        text = sign + self.word
        is_number = self.kind == _NUMBER and bool(_INTEGER.match(text) or _REAL.match(text))
        if is_number or (self.kind == _NAME and (not sign or _REAL.match(text))):
            end = self.end
            self.advance()
            return Scalar(text, False, start, end)
        if self.kind == _NUMBER:
            plain = self.word.replace("_", "")
            is_plain = bool(_INTEGER.match(plain) or _REAL.match(plain))
            expected = f"write {sign}{plain}" if is_plain else "it is not a number"
        elif self.kind == _SYMBOL and self.word == "]" and not sign:
            expected = "a value is expected after the comma"
        self.error(expected)
        return None

    def curly_string(self) -> Scalar:
        """What stands between curly quotes, so that one such error brings no others."""
        start = self.start
        line_end = self.text.find("\n", start)
        stop = len(self.text) if line_end < 0 else line_end
        quotes = (self.text.find(quote, self.end, stop) for quote in CURLY_QUOTES + "\"'")
        closing = min((at for at in quotes if at >= 0), default=stop - 1)
        text = self.text[self.end : closing]
        self.end = closing + 1
        self.advance()
        return Scalar(text, True, start, closing + 1)

    def string(self) -> Scalar | None:
        start, contents = self.start, bytearray()
        while self.kind == _STRING:
            try:
                contents += _unescape(self.word[1:-1])
            except _BadEscape as bad:
                self.errors += 1
                self.report.add(
                    SYNTAX,
                    Span(self.start, self.end),
                    f"`{bad}` is no escape: write `\\\\` for a backslash",
                )
            end = self.end
            self.advance()
        return Scalar(contents.decode("utf-8", "surrogateescape"), True, start, end)


def read(source: Source, report: Report) -> Document:
    """Reads text format. What is wrong with it goes to the report."""
    known = len(report.diagnostics)
    reader = _Reader(source, report)
    root = reader.read()
    if reader.unclosed or reader.unopened:
        del report.diagnostics[known:]
        root = _Reader(source, report, reader.unclosed, reader.unopened).read()
    return Document(source, root, TEXT_FORMAT)
