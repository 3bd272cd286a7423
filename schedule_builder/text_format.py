"""Protobuf text format, read into a located tree.

The grammar is that of https://protobuf.dev/reference/protobuf/textformat-spec/. Reading
goes on after an error, at the next line, so that a file's errors are found together.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from schedule_builder.diagnostics import Report, Source, Span, shown
from schedule_builder.tree import (
    MAX_DEPTH,
    MAX_DIGITS,
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
)

# Whatever comes first matches one of the alternatives, `end` at the latest, so that the
# pattern never goes back into what it skipped.
_TOKEN = re.compile(
    r"""(?:[ \t\r\n\f\v]+|\#[^\n]*)*
    (?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<placeholder>\$\{\w*\}|\$\w+|\{\{[^{}\n]*\}\})
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
_NUMBER_BEFORE = re.compile(r"\b\d{1,20}\Z")
_GAP = r"(?:[ \t\r\n\f\v]|\#[^\n]*\n)*"
_DOTTED = rf"[A-Za-z_]\w*(?:{_GAP}\.{_GAP}[A-Za-z_]\w*)*"
_EXTENSION = re.compile(
    rf"\[{_GAP}((?:[A-Za-z_][\w.~%-]*{_GAP}/{_GAP})?{_DOTTED}){_GAP}\]", re.ASCII
)
_GAPS = re.compile(_GAP)
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))"
)
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\'\"?", "\a\b\f\n\r\t\v\\'\"?", strict=True))
_CURLY_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"


def _integer(text: str) -> int | None:
    if not _INTEGER.match(text):
        return None
    digits = text.lstrip("-")
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" and digits != "0" else 10
    if base == 10:  # noqa: PLR2004
        digits = digits[:MAX_DIGITS]
    return int(digits, base) * (-1 if text[0] == "-" else 1)


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
    """Decodes a string's escapes. Octal and hex escapes are bytes of UTF-8."""
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
    out += body[at:].encode("utf-8", "surrogatepass")
    return bytes(out)


class _Stop(Exception):
    """The rest of the file would only repeat what was already said."""


class _Open(NamedTuple):
    """A block or list that is not closed yet."""

    container: Block | Sequence
    closer: str
    name: str
    indent: int
    """The indentation of the line that it opens on."""


class _Reader:
    """Reads one text.

    Args:
        source: the text.
        report: where errors go.
        by_indentation: whether a line that is indented less than a block, or as much, closes it:
            a way to find out which brace is missing.
    """

    def __init__(self, source: Source, report: Report, *, by_indentation: bool = False) -> None:
        self.text = source.text
        self.report = report
        self.by_indentation = by_indentation
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
        elif self.word in _CURLY_QUOTES and self.kind == _BAD:
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
        else:
            self.report.add(SYNTAX, place, f"found `{shown(self.word)}`: {expected}")
        if self.errors >= MAX_SYNTAX_ERRORS:
            raise _Stop

    def read(self) -> Block:
        root = Block(0)
        self.stack = [_Open(root, "", "", -1)]
        try:
            while self.kind != _END or len(self.stack) > 1:
                if self.kind == _END:
                    self.unclosed()
                    break
                if self.by_indentation:
                    self.close_indented()
                container = self.stack[-1].container
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

    def unclosed(self) -> None:
        """Reports the blocks that the end of the file leaves open."""
        for opened in reversed(self.stack[1:]):
            self.is_unclosed(opened, "the file ends")
            if self.errors >= MAX_SYNTAX_ERRORS:
                break

    def is_unclosed(self, opened: _Open, where: str) -> None:
        opened.container.end = self.start
        start = opened.container.start
        row, _ = self.report.source.position(start)
        self.report.add(
            UNCLOSED,
            Span(start, start + 1),
            f"`{shown(opened.name)} {self.text[start]}`, opened at line {row}, is never closed:"
            f" {where} without its `{opened.closer}`",
        )
        self.errors += 1

    def indent(self, at: int) -> int:
        """The indentation of a line, given a place in it."""
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:at].expandtabs()
        return len(line) - len(line.lstrip())

    def close_indented(self) -> None:
        """Closes the blocks that the line which begins here is not indented enough for."""
        start = self.text.rfind("\n", 0, self.start) + 1
        if self.text[start : self.start].strip():
            return
        indent = self.indent(self.start)
        is_closing = self.kind == _SYMBOL and self.word in ("}", ">", "]")
        while len(self.stack) > 1 and self.stack[-1].indent >= indent + is_closing:
            row, _ = self.report.source.position(self.start)
            self.is_unclosed(self.stack.pop(), f"line {row} goes on outside of it,")

    def open(self, container: Block | Sequence, closer: str, name: str = "") -> None:
        if len(self.stack) > MAX_DEPTH:
            self.report.add(
                TOO_DEEP,
                Span(self.start, self.end),
                f"blocks are nested more than {MAX_DEPTH} deep, which protobuf does not read",
            )
            raise _Stop
        indent = self.indent(self.start) if self.by_indentation else 0
        self.stack.append(_Open(container, closer, name, indent))
        self.advance()

    def close(self) -> None:
        container, closer, *_ = self.stack[-1]
        if len(self.stack) == 1:
            self.error(
                "no block is open here: it is one too many, or what follows is the rest of another"
                " version of this file"
            )
            raise _Stop
        if self.word != closer:
            row, _ = self.report.source.position(container.start)
            self.error(f"the block opened at line {row} closes with `{closer}`")
            if self.word not in ("}", ">"):
                self.advance()
                return
        self.advance()
        container.end = self.previous_end
        self.stack.pop()
        self.separator()

    def separator(self) -> None:
        parent = self.stack[-1].container
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
        self.stack[-1].container.end = self.end
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
        if self.kind == _NAME:
            name, end = self.word, self.end
            self.advance()
        elif self.kind == _SYMBOL and self.word == "[":
            match = _EXTENSION.match(self.text, self.start)
            if match is None:
                self.error("the name of an extension is expected in these brackets")
                self.advance()
                self.skip_line()
                return
            name, end = f"[{_GAPS.sub('', match[1])}]", match.end()
            self.end = end
            self.advance()
        else:
            is_comma = self.kind == _NUMBER and self.text[self.start - 1] == ","
            if is_comma and (before := _NUMBER_BEFORE.search(self.text, 0, self.start - 1)):
                self.error(f"a point is expected before decimals: write {before[0]}.{self.word}")
            else:
                self.error("the name of a field is expected")
            self.skip_line()
            return

        colon = self.kind == _SYMBOL and self.word == ":"
        if colon:
            self.advance()
        if self.kind == _SYMBOL and self.word in ("{", "<"):
            block = Block(self.start)
            container.fields.append(Field(name, start, end, block))
            self.open(block, "}" if self.word == "{" else ">", name)
        elif self.kind == _SYMBOL and self.word == "[" and (colon or self.opens_blocks()):
            sequence = Sequence(self.start)
            container.fields.append(Field(name, start, end, sequence))
            self.open(sequence, "]", name)
        elif not colon:
            self.error(f"`:` and a value, or `{{`, is expected after `{shown(name)}`")
            self.skip_from(end)
        else:
            scalar = self.scalar(f"a value is expected after `{shown(name)}:`")
            if scalar is None:
                self.skip_from(end)
            else:
                container.fields.append(Field(name, start, end, scalar))
                self.separator()

    def opens_blocks(self) -> bool:
        """Whether the list that begins here is one of blocks, which needs no colon."""
        match = _TOKEN.match(self.text, self.end)
        return match is not None and match[0][-1:] in ("{", "<")

    def skip_from(self, offset: int) -> None:
        """Like `skip_line`, unless the offending token already is on a later line."""
        if "\n" not in self.text[offset : self.start] or self.kind not in (_NAME, _END):
            self.skip_line()

    def scalar(self, expected: str) -> Scalar | None:
        start = self.start
        if self.kind == _STRING:
            return self.string()
        if self.kind == _BAD and self.word in _CURLY_QUOTES:
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
            expected = "it is not a number"
        elif self.kind == _SYMBOL and self.word == "]" and not sign:
            expected = "a value is expected after the comma"
        self.error(expected)
        return None

    def curly_string(self) -> Scalar:
        """What stands between curly quotes, so that one such error brings no others."""
        start = self.start
        line_end = self.text.find("\n", start)
        stop = len(self.text) if line_end < 0 else line_end
        quotes = (self.text.find(quote, self.end, stop) for quote in _CURLY_QUOTES + "\"'")
        closing = min((at for at in quotes if at >= 0), default=stop - 1)
        text = self.text[self.end : closing]
        self.end = closing + 1
        self.advance()
        return Scalar(text, True, start, closing + 1)

    def string(self) -> Scalar | None:
        start, parts = self.start, bytearray()
        while self.kind == _STRING:
            try:
                parts += _unescape(self.word[1:-1])
            except _BadEscape as bad:
                self.errors += 1
                self.report.add(
                    SYNTAX,
                    Span(self.start, self.end),
                    f"`{bad}` is no escape: write `\\\\` for a backslash",
                )
            end = self.end
            self.advance()
        try:
            text = parts.decode()
        except UnicodeDecodeError:
            self.errors += 1
            message = "the escapes of this string give bytes that are not UTF-8"
            self.report.add(SYNTAX, Span(start, end), message)
            text = ""
        return Scalar(text, True, start, end)


def read(source: Source, report: Report) -> Document:
    """Reads text format. What is wrong with it goes to the report."""
    own = Report(source)
    root = _Reader(source, own).read()
    if any(d.code == UNCLOSED.code for d in own.diagnostics):
        indented = Report(source)
        other = _Reader(source, indented, by_indentation=True).read()
        if {d.code for d in indented.diagnostics} == {UNCLOSED.code}:
            root, own = other, indented
    report.diagnostics += own.diagnostics
    return Document(source, root, TEXT_FORMAT)
