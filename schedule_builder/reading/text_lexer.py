"""The tokens of protobuf text format, its numbers and its escapes."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from schedule_builder.limits import MAX_NUMBER_CHARACTERS
from schedule_builder.printable import UNSEEN
from schedule_builder.reading.tree import Syntax, decimal, number_reader

# Every text matches one of the alternatives, but after more comments than are skipped at a time:
# each part of what is skipped has one end, so that going back into it is cheap.
_TOKEN = re.compile(
    r"""(?:[ \t\r\n\f\v]+(?![ \t\r\n\f\v])|\#[^\n]*(?=\n|\Z)){0,1000}
    (?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<placeholder>\$\{\w*\}|\$\(\w*\)|\$\w+|\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\})
    | (?P<symbol>[{}<>\[\]:;,\-/])
    | (?P<number>\.?[0-9][A-Za-z0-9_.]*(?:(?<=[eE])[+-][A-Za-z0-9_.]*)*)
    | (?P<string>"[^"\\\n]*(?:\\[^\n][^"\\\n]*){0,1000}"
      |'[^'\\\n]*(?:\\[^\n][^'\\\n]*){0,1000}')
    | (?P<bad>[^#\ \t\r\n\f\v])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
# Python's `re` keeps some 250 bytes for each repetition of a group, so these are counted.
_SKIPPED = re.compile(r"(?:[ \t\r\n\f\v]+|\#[^\n]*){1,1000}")
_ESCAPED = {
    '"': re.compile(r"[^\"\\\n]*(?:\\[^\n][^\"\\\n]*){1,1000}"),
    "'": re.compile(r"[^'\\\n]*(?:\\[^\n][^'\\\n]*){1,1000}"),
}


class Token:
    """The kinds of tokens, by the number of their group in the pattern."""

    NAME, PLACEHOLDER, SYMBOL, NUMBER, STRING, BAD, END = range(1, 8)


_INTEGER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\Z")
_REAL = re.compile(
    r"-?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?"
    r"|inf(?:inity)?|nan)\Z",
    re.IGNORECASE,
)
_is_plain_real = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][+-]?[0-9]+)?\Z").match
"""Tells the usual form of a real number, faster than the pattern of all forms."""
_BOOLEANS = {"true": True, "True": True, "t": True, "1": True} | {
    "false": False,
    "False": False,
    "f": False,
    "0": False,
}
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))"
)
_SHORT = 20
"""Shorter numbers need no closer look: this is much faster than the pattern."""
_SURROGATES = (0xD800, 0xDFFF)
_UNFINISHED = frozenset("xXuUN")
"""The letters of escapes that are errors when they are incomplete."""
_DECIMAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\Z"
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\'\"?", "\a\b\f\n\r\t\v\\'\"?", strict=True))


def _integer(text: str) -> int | None:
    if len(text) < _SHORT and text[:1] != "0" and text.isascii() and text.isdecimal():
        return int(text)
    if not _INTEGER.match(text):
        return None
    digits = text.lstrip("-")
    if digits[0] != "0":
        value = decimal(digits)
    else:
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 8)
    return -value if text[0] == "-" else value


def _real(text: str) -> float | None:
    if _is_plain_real(text):
        return float(text)
    if not _REAL.match(text):
        return None
    return float(text.rstrip("fF") if text[-3:].lower() != "inf" else text)


TEXT_FORMAT = Syntax(
    format="text",
    name="text format",
    integer=number_reader(_integer),
    real=number_reader(_real),
    boolean=_BOOLEANS.get,
    null=lambda text: False,
    plain_strings=False,
    explicit_lists=False,
)


# Escapes of text format. protobuf's own, before version 6, garble what is not ASCII. Bytes that are
# not UTF-8 are kept, as `surrogateescape` reads them.
_ESCAPES = {
    **{
        ord(character): "".join(f"\\{byte:03o}" for byte in character.encode())
        for character in (*map(chr, range(32)), *UNSEEN)
    },
    **{0xDC00 + byte: f"\\{byte:03o}" for byte in range(128, 256)},
    **{
        ord(character): f"\\{name}"
        for character, name in zip("\t\n\r\"'\\", "tnr\"'\\", strict=True)
    },
}


def quoted(text: str) -> str:
    """A text, quoted as a string of text format."""
    return f'"{text.translate(_ESCAPES)}"'


class BadEscape(ValueError):
    """An escape that text format does not have; the message is the escape.

    Attributes:
        is_complete: whether it only names no character.
    """

    def __init__(self, escape: str, *, is_complete: bool = False) -> None:
        super().__init__(escape)
        self.is_complete = is_complete


# As protobuf 7.36 reads them; blanks and comments are left out.
_TYPE_URL = re.compile(
    r"\[((?:[\s\w\-.~!$&()*+,;=%/]+(?![\s\w\-.~!$&()*+,;=%/])|\#[^\n]*(?=\n)){0,1000})\]"
)
_TYPE_PREFIX = re.compile(r"[0-9a-zA-Z\-.~_!$&()*+,;=%][0-9a-zA-Z\-.~_!$&()*+,;=%/]*\Z")
_BLANKS = r"\s+|#[^\n]*"
_BAD_PERCENT = r"%(?![0-9a-fA-F]{2})"
_TYPE_NAME = r"[^\d\W]\w*(?:\.[^\d\W]\w*)*\Z"


class Text(NamedTuple):
    """The contents of a string.

    Attributes:
        contents: its bytes.
        kept: the backslashes that do not begin an escape. They stay in the contents, as in
            protobuf's Python parser; other parsers refuse them.
        has_escapes: whether other backslashes do begin an escape.
    """

    contents: bytes
    kept: tuple[int, ...]
    has_escapes: bool


def unescape(body: str) -> Text:
    """Decodes a string's escapes, which may write single bytes of a character.

    Raises:
        BadEscape: no parser of protobuf accepts the escape.
    """
    out = bytearray()
    kept = []
    at = count = 0
    for match in _ESCAPE.finditer(body):
        count += 1
        out += body[at : match.start()].encode("utf-8", "surrogatepass")
        at = match.end()
        octal, hexadecimal, short, long, simple = match.groups()
        if octal or hexadecimal:
            out.append(int(octal, 8) & 255 if octal else int(hexadecimal, 16))
        elif short or long:
            code = int(short or long, 16)
            if code > sys.maxunicode or _SURROGATES[0] <= code <= _SURROGATES[1]:
                raise BadEscape(match.group(), is_complete=True)
            out += chr(code).encode()
        elif simple in _SIMPLE_ESCAPES:
            out += _SIMPLE_ESCAPES[simple].encode()
        elif simple in _UNFINISHED:
            raise BadEscape(match.group())
        else:
            kept.append(match.start())
            out += match.group().encode("utf-8", "surrogatepass")
    contents = bytes(out) + body[at:].encode("utf-8", "surrogatepass")
    return Text(contents, tuple(kept), count > len(kept))


def lenient_number(text: str) -> str:
    """The usual spelling of a number that only protobuf's Python parser reads; else empty.

    These are decimal numbers with a plus sign, or with underscores between digits.
    """
    plain = text.removeprefix("+").replace("_", "")
    if plain == text or len(text) > MAX_NUMBER_CHARACTERS or not re.match(_DECIMAL, plain):
        return ""
    try:
        float(text)
    except ValueError:
        return ""
    return plain


def is_number(text: str) -> bool:
    """Whether text format reads this as a number."""
    return bool(_INTEGER.match(text) or _REAL.match(text))


def is_real(text: str) -> bool:
    """Whether text format reads this as a number with a fraction; names such as `inf` are."""
    return bool(_REAL.match(text))


def _token_at(text: str, offset: int) -> re.Match[str]:
    """The next token."""
    while (match := _TOKEN.match(text, offset)) is None:
        # More comments than the pattern takes at a time.
        skipped = _SKIPPED.match(text, offset)
        if skipped is None:
            message = "the pattern of tokens matches at every offset"
            raise AssertionError(message)
        offset = skipped.end()
    return match


class Lexer:
    """Gives the tokens of a text, one after another.

    Attributes:
        kind: which kind of token is the current one, such as `Token.NAME`.
        word: its text.
        start: where it starts.
        end: where it ends.
        previous_end: where the one before it ends.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.previous_end: int = 0
        self.kind: int = 0
        self.start: int = 0
        self.end: int = 0
        self.word: str = ""
        self.advance()

    def advance(self) -> None:
        """Moves to the next token."""
        self.previous_end = self.end
        match = _token_at(self.text, self.end)
        self.kind = match.lastindex or Token.END
        self.start, self.end = match.span(self.kind)
        self.word = match.group(self.kind)
        if self.kind == Token.BAD and self.word in _ESCAPED:
            self._long_string(_ESCAPED[self.word])

    def _long_string(self, escaped: re.Pattern[str]) -> None:
        """Takes a string of more escapes than the pattern takes at a time, where it is one."""
        end = self.end
        while more := escaped.match(self.text, end):
            end = more.end()
        if self.text[end : end + 1] == self.word:
            self.kind, self.end = Token.STRING, end + 1
            self.word = self.text[self.start : self.end]

    def peek_end(self) -> int:
        """The end of the next token if it follows without a blank; else the end of this one."""
        match = _token_at(self.text, self.end)
        return match.end() if match.start(match.lastindex or 0) == self.end else self.end

    def is_symbol(self, *symbols: str) -> bool:
        """Whether the current token is one of these symbols."""
        return self.kind == Token.SYMBOL and self.word in symbols

    def next_symbol(self) -> str:
        """The token after this one, where it is a symbol; empty where it is not."""
        return _token_at(self.text, self.end)["symbol"] or ""

    def type_url(self) -> str:
        """The type of an `Any` in brackets, as protobuf reads it; "" where there is none."""
        match = _TYPE_URL.match(self.text, self.start)
        if match is None:
            return ""
        url = re.sub(_BLANKS, "", match[1])
        prefix, _, name = url.rpartition("/")
        is_prefix = _TYPE_PREFIX.match(prefix) and not re.search(_BAD_PERCENT, prefix)
        if not is_prefix or not re.match(_TYPE_NAME, name):
            return ""
        self.end = match.end()
        self.advance()
        return f"[{url}]"

    def is_plus(self) -> bool:
        """Whether the current token is the plus sign of a number."""
        return self.kind == Token.BAD and self.word == "+"
