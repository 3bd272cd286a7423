"""Protobuf text format, read into a located tree.

The grammar is that of https://protobuf.dev/reference/protobuf/textformat-spec/. Reading
continues after an error, at the next line, so that a file's errors are found together.
"""

from __future__ import annotations

import re

from schedule_builder.diagnostics import Edit, Fix, Report, Source, Span, Words, shown
from schedule_builder.reading.counts import unit_for
from schedule_builder.reading.findings import PYTHON_ONLY, TOO_DEEP
from schedule_builder.reading.text_errors import expected_value
from schedule_builder.reading.text_lexer import (
    TEXT_FORMAT,
    BadEscape,
    Text,
    Token,
    is_number,
    is_real,
    lenient_number,
    unescape,
)
from schedule_builder.reading.text_repair import RepairingReader, Stop
from schedule_builder.reading.tree import (
    CURLY_QUOTES,
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    is_too_deep,
    not_a_character,
    too_deep,
    without_comma,
)

_PLAIN_FIELD = re.compile(
    r"""[ \t\r\n\f\v]*(?:\#[^\n]*\n[ \t\r\n\f\v]*){0,1000}
    (?:
      ([A-Za-z_][A-Za-z0-9_]*)[ \t]*
      (?:
        :[ \t]*
        (?:
          ( -?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)? | [A-Za-z_][A-Za-z0-9_]* )
          (?=[ \t\r\n\f\v]+(?:[A-Za-z_}#]|\Z) | \})
        | "([^"\\\n\ud800-\udfff]*)"
          (?=[ \t\r\n\f\v]+(?:[A-Za-z_}]|\Z) | \})
        )
      | :?[ \t]*(\{)(?![{%])
      )
    | (\})
      (?=[ \t\r\n\f\v]+(?:[A-Za-z_}#]|\Z) | \} | \Z)
    )""",
    re.VERBOSE,
)
"""The fields that nearly all files have: a number, a word, a string on one line, or a block.

What follows a value is part of the pattern, so that it cannot be a part of the value. No other
token can begin where this matches, and nothing in it can match in two ways.
"""
_NAME, _VALUE, _STRING, _OPENING, _CLOSING = range(1, 6)

_NUMBER = (
    r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*:[ \t]*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)"
)
_NUMBERS = re.compile(
    rf"""[ \t\r\n\f\v]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*:?[ \t]*(\{{)
    [ \t\r\n\f\v]*{_NUMBER}(?:[ \t\r\n\f\v]+{_NUMBER})?
    [ \t\r\n\f\v]*\}}
    (?=[ \t\r\n\f\v]+(?:[A-Za-z_}}#]|\Z) | \}} | \Z)""",
    re.VERBOSE,
)
"""A block of one or two numbers, such as a stage, of which there may be thousands in a row."""
_FEW = 2

_DECIMAL_COMMA = re.compile(r"-?[0-9]+(?:,[0-9]+)+(?:[eE][-+]?[0-9]+)?(?![\w.,])")


class _Reader(RepairingReader):
    """Reads a text once."""

    def read(self) -> Block:
        """The tree of the text."""
        root = Block(0)
        self.stack = [(root, "")]
        braces = self.braces
        try:
            while self.kind != Token.END or len(self.stack) > 1:
                if self.kind == Token.END:
                    self.end_open_blocks()
                    break
                if braces.missing or braces.surplus:
                    if self.mind_indentation():
                        continue
                elif self.kind == Token.NAME and self.plain_fields():
                    continue
                container = self.stack[-1][0]
                if isinstance(container, Sequence):
                    self.item(container)
                elif self.is_symbol("}", ">", "]"):
                    self.close()
                else:
                    self.field(container)
        except Stop:
            pass
        root.end = len(self.text)
        return root

    def plain_fields(self) -> bool:
        """Reads fields as long as they are plain, each as a whole; returns whether any was.

        `field` and `close` give the same tree, token by token: this only takes a third of the time.
        """
        text, stack, match = self.text, self.stack, _PLAIN_FIELD.match
        container, closer = stack[-1]
        at = self.start
        kind = 0
        while isinstance(container, Block) and (found := match(text, at)):
            kind = found.lastindex or 0
            if kind == _CLOSING:
                outer = stack[-2][0] if len(stack) > 1 and closer == "}" else None
                if not isinstance(outer, Block):
                    break
                block, at = container, found.end()
                block.end = at
                stack.pop()
                container, closer = stack[-1]
                fields = outer.fields
                is_row = len(block.fields) <= _FEW <= len(fields)
                if is_row and fields[-1].name == fields[-2].name:
                    while found := _NUMBERS.match(text, at):
                        block, at = _numbers(found), found.end()
                        fields.append(Field(found[1], *found.span(1), block))
                self.braces.last_closed = block
                continue
            if kind == _OPENING:
                if is_too_deep(len(stack)):
                    break
                block = Block(found.start(_OPENING))
                container.fields.append(Field(found[_NAME], *found.span(_NAME), block))
                container, closer = block, "}"
                stack.append((container, closer))
            else:
                start, end = found.span(kind)
                if kind == _STRING:
                    scalar = Scalar(found[_STRING], True, start - 1, end + 1)
                else:
                    scalar = Scalar(found[_VALUE], False, start, end)
                container.fields.append(Field(found[_NAME], *found.span(_NAME), scalar))
            at = found.end()
        if at == self.start:
            return False
        self.end = at
        self.advance()
        if kind != _OPENING:
            self.separator()
        return True

    def open(self, container: Block | Sequence, closer: str) -> None:
        if is_too_deep(len(self.stack)):
            self.report.add(TOO_DEEP, Span(self.start, self.end), too_deep())
            raise Stop
        self.stack.append((container, closer))
        self.advance()

    def close(self) -> None:
        container, closer = self.stack[-1]
        if len(self.stack) == 1:
            self.unopened += 1
            if self.braces.surplus:
                self.refuse_tail()
            self.error(Words("no block is open here: {why}", why=Words("remove it")))
            self.advance()
            return
        if self.word != closer:
            row = self.row(container.start)
            words = Words(
                "the block opened at line {row} closes with `{closer}`. Write that, or remove this",
                row=row,
                closer=closer,
            )
            self.error(words)
            if self.word not in ("}", ">"):
                self.advance()
                return
        self.advance()
        container.end = self.previous_end
        self.stack.pop()
        if isinstance(container, Block):
            self.braces.last_closed = container
        self.separator()

    def separator(self) -> None:
        parent = self.stack[-1][0]
        if isinstance(parent, Sequence):
            self.comma(parent)
        elif self.is_symbol(",", ";"):
            self.advance()

    def item(self, container: Sequence) -> None:
        if self.is_symbol("]") and not container.items:
            self.close()
        elif self.is_symbol("{", "<"):
            block = Block(self.start)
            container.items.append(block)
            self.open(block, "}" if self.word == "{" else ">")
        elif self.is_symbol("}", ">"):
            self.open_list(container)
        elif (scalar := self.scalar()) is not None:
            container.items.append(scalar)
            self.comma(container)
        else:
            self.abandon_list()

    def comma(self, container: Sequence) -> None:
        if self.is_symbol("]"):
            self.close()
        elif self.is_symbol(","):
            self.advance()
            if self.is_symbol("]"):
                self.error(Words("expected a value after the comma. Add it, or remove the comma"))
                self.close()
        else:
            last = container.items[-1]
            if self.is_symbol("}", ">"):
                self.open_list(container)
                return
            hint: Words | str | None = None
            if self.word == "%" and isinstance(last, Scalar) and self.start == last.end:
                hint = unit_for(f"{last.text}%")
            self.error(
                Words(
                    "{hint}",
                    hint=hint or Words("missing `,` or `]` before it in this list. Add it"),
                )
            )
            self.abandon_list()

    def open_list(self, container: Sequence) -> None:
        """Reports a list that ends with what closes the block around it, and leaves it."""
        has_comma = self.text[: self.start].rstrip()[-1:] == ","
        words = Words(
            "the list that starts at line {row} is not closed. {advice}",
            row=self.row(container.start),
            advice=Words("Replace the comma before this with `]`")
            if has_comma
            else Words("Add `]` before this"),
        )
        self.error(words)
        self.abandon_list()

    def abandon_list(self) -> None:
        """Leaves a list that cannot be read further: at its `]`, or at the next field."""
        self.stack[-1][0].end = self.end
        self.stack.pop()
        row = self.row(self.start)
        while self.kind != Token.END and self.row(self.start) == row:
            symbol = self.word if self.kind == Token.SYMBOL else ""
            if symbol in ("}", ">"):
                return
            self.advance()
            if symbol == "]":
                return

    def skip_line(self) -> None:
        """Continues after an error: at the next line, or where a block closes before it.

        Blocks that open on the way are entered, so that their ends still match.
        """
        at = self.text.find("\n", self.start)
        stop = len(self.text) if at < 0 else at
        while self.kind != Token.END and self.start < stop:
            if self.is_symbol("{", "<"):
                self.open(Block(self.start), "}" if self.word == "{" else ">")
                return
            if self.is_symbol("}", ">") and len(self.stack) > 1:
                return
            if self.kind == Token.BAD and self.word in "\"'":
                self.end = stop
            self.advance()

    def field(self, container: Block) -> None:
        start = self.start
        name = self.name()
        if not name:
            self.skip_line()
            return
        end = self.previous_end
        colon = self.is_symbol(":")
        if colon:
            self.advance()
        if self.is_symbol("{", "<"):
            block = Block(self.start)
            container.fields.append(Field(name, start, end, block))
            self.open(block, "}" if self.word == "{" else ">")
        elif self.is_symbol("[") and (colon or self.next_symbol() in ("{", "<", "]")):
            sequence = Sequence(self.start)
            container.fields.append(Field(name, start, end, sequence))
            self.open(sequence, "]")
        elif not colon and self.lacks_brace(start):
            self.braces.surplus -= 1
            self.add(Span(start, end), Words("missing `{{` after `{name}`", name=shown(name)))
            block = Block(end)
            container.fields.append(Field(name, start, end, block))
            self.stack.append((block, "}"))
        elif not colon:
            self.error(Words("expected `:` and a value, or `{{`, after `{name}`", name=shown(name)))
            self.skip_from(end)
        else:
            scalar = self.scalar(name)
            if scalar is None:
                self.skip_from(end)
            elif self.start == scalar.end and self.word == "," and self.decimal_comma(scalar, name):
                self.separator()
            elif self.start == scalar.end and self.word == "%":
                hint = unit_for(f"{scalar.text}%") or "expected the name of a field. Remove this"
                self.error(Words("{hint}", hint=hint))
                self.skip_from(end)
            else:
                container.fields.append(Field(name, start, end, scalar))
                self.separator()

    def lacks_brace(self, start: int) -> bool:
        """Whether the name at an offset was meant to open a block."""
        is_next = self.kind == Token.NAME and bool(self.braces.surplus)
        return is_next and self.braces.lacks_brace(start, self.start)

    def name(self) -> str:
        """The name of a field or, in brackets, of an extension; "" after an error."""
        is_extension = self.is_symbol("[")
        if is_extension and (url := self.type_url()):
            return url
        parts = []
        if is_extension:
            parts.append("[")
            self.advance()
        while self.kind == Token.NAME:
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
        if is_extension:
            self.bad_brackets()
        else:
            self.error(Words("expected the name of a field. Add it, or remove this"))
        return ""

    def bad_brackets(self) -> None:
        """Says what a name in brackets may be."""
        hint = Words(
            "a name in brackets is `[extension.name]`, or `[type.googleapis.com/FULL.NAME]` for a"
            " type. Write one, or remove the brackets"
        )
        if self.text.startswith("//", self.start):
            # Here it is not a comment.
            self.add(Span(self.start, self.start + 2), Words("found `//`: {hint}", hint=hint))
        else:
            self.error(hint)

    def decimal_comma(self, scalar: Scalar, name: str) -> bool:
        """Continues after a number with a decimal comma, after reporting it."""
        match = _DECIMAL_COMMA.match(self.text, scalar.start)
        if match is None:
            return False
        from schedule_builder.reading.names import is_whole_number  # noqa: PLC0415 - 20 ms, for errors alone

        meant = without_comma(match.group(), whole=is_whole_number(name))
        words = Words("a number cannot contain a comma: write {meant}", meant=meant)
        self.add(Span(*match.span()), words)
        self.end = match.end()
        self.advance()
        return True

    def skip_from(self, offset: int) -> None:
        """Like `skip_line`, unless the offending token already is on a later line."""
        if "\n" not in self.text[offset : self.start] or self.kind not in (Token.NAME, Token.END):
            self.skip_line()

    def scalar(self, name: str = "") -> Scalar | None:
        """The value of a field or, without a name, of a list; None after an error."""
        start = self.start
        if self.kind == Token.STRING:
            return self.string()
        if self.kind == Token.BAD and self.word in CURLY_QUOTES:
            self.error(Words(""))
            return self.curly_string()
        sign = ""
        if self.is_symbol("-"):
            sign = "-"
            self.advance()
        text = sign + self.word
        is_word = self.kind == Token.NAME and (not sign or is_real(text))
        if is_word or (self.kind == Token.NUMBER and is_number(text)):
            end = self.end
            self.advance()
            return Scalar(text, False, start, end)
        if self.kind == Token.NUMBER or self.is_plus():
            number = self.lenient_number(sign, start)
            if number is not None:
                return number
        self.error(expected_value(self, name, sign))
        return None

    def curly_string(self) -> Scalar:
        """The text between curly quotes, so that this error causes no others."""
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
        while self.kind == Token.STRING:
            try:
                text = unescape(self.word[1:-1])
            except BadEscape as bad:
                words = Words(
                    "invalid escape `{escape}`: write `\\\\` for a backslash", escape=str(bad)
                )
                if bad.is_complete:
                    words = not_a_character(str(bad))
                self.add(Span(self.start, self.end), words)
            else:
                contents += text.contents
                if text.kept:
                    self.kept_backslashes(text)
            end = self.end
            self.advance()
        return Scalar(contents.decode("utf-8", "surrogateescape"), True, start, end)

    def kept_backslashes(self, text: Text) -> None:
        """Reports backslashes that begin no escape, as in a path of Windows."""
        first = self.start + 1 + text.kept[0]
        words = Words(
            "invalid escape `{escape}`: only protobuf's Python parser accepts it. Write `\\\\`"
            " for a backslash",
            escape=self.text[first : first + 2],
        )
        # In `D:\Models\new`, no escape is meant either.
        body = self.word[1:-1].replace("\\\\", "\\").replace("\\", "\\\\")
        edit = Edit(self.start + 1, self.end - 1, body)
        is_same = not text.has_escapes or unescape(body).contents == text.contents
        fix = Fix("Double the backslashes", (edit,), safe=is_same)
        self.report.add(PYTHON_ONLY, Span(first, first + 2), words, fix=fix)

    def lenient_number(self, sign: str, start: int) -> Scalar | None:
        """A number that only protobuf's Python parser reads, after reporting it; else None."""
        end = self.end
        word = self.word
        if self.is_plus():
            end = self.peek_end()
            word = self.text[self.start : end]
        plain = lenient_number(word)
        if not plain or (sign and word.startswith("+")):
            return None
        while self.end < end:
            self.advance()
        self.advance()
        place = Span(start, end)
        words = Words(
            "only protobuf's Python parser accepts `{text}`: write {sign}{plain}",
            text=sign + word,
            sign=sign,
            plain=plain,
        )
        fix = Fix("Write the number plainly", (Edit(start, end, sign + plain),), safe=True)
        self.report.add(PYTHON_ONLY, place, words, fix=fix)
        return Scalar(sign + plain, False, start, end)


def _numbers(found: re.Match[str]) -> Block:
    """The block of one or two numbers that matched."""
    block = Block(found.start(2))
    first, value, second, other = found.group(3, 4, 5, 6)
    block.fields.append(Field(first, *found.span(3), Scalar(value, False, *found.span(4))))
    if second is not None:
        block.fields.append(Field(second, *found.span(5), Scalar(other, False, *found.span(6))))
    block.end = found.end()
    return block


def read(source: Source, report: Report) -> Document:
    """Reads text format. What is wrong with it goes to the report."""
    known = len(report.diagnostics)
    reader = _Reader(source, report)
    root = reader.read()
    if reader.unclosed or reader.unopened:
        report.clear(known)
        root = _Reader(source, report, reader.unclosed, reader.unopened).read()
    return Document(source, root, TEXT_FORMAT)
