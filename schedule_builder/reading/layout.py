"""Lays out new fields and elements like the file around them."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import Any

from schedule_builder.diagnostics import Edit
from schedule_builder.reading.fields import schema_of
from schedule_builder.reading.positions import after_properties, dash_before, line_before, own_end
from schedule_builder.reading.spelling import Spelling
from schedule_builder.reading.tree import Block, Element, Field, Scalar, Value
from schedule_builder.records import Record

_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_SEPARATOR = re.compile(r"[ \t]*[,;]")
_BETWEEN = re.compile(r"[ \t]*[,;]?[ \t]*\Z")
_COLON = re.compile(r"[ \t]*:[ \t]*\Z")
_OPENING = re.compile(r":?[ \t]*\Z")
_DEEPER = re.compile(r"\r?\n(?:([ \t]*)#[^\r\n]*|[ \t]*(?=\r?\n))")
_KEY_COLON = re.compile(r"[ \t]*:")


class Layout(Spelling):
    """Finds places for new fields and elements, and writes them as the file would."""

    def added_field(
        self, at: Element | None, descriptor: Any, field: Field, *, beside: Field | None = None
    ) -> list[Edit] | None:
        """The edits that add a field to a block; None where there is no place for it.

        It follows the last field that the schema has before it, or precedes all.

        Args:
            at: the element whose value is the block; None for the whole file.
            descriptor: the type of the block, None where no schema says.
            field: the new field, with a value in the spelling of the file.
            beside: the field that it is to follow.
        """
        block = self.document.root if at is None else at.value
        if isinstance(block, Scalar):
            return self._in_null(at, field)
        if not isinstance(block, Block):
            return None
        opened = after_properties(self.text, block.start) if self.is_yaml else block.start
        is_flow = at is not None and self.text[opened : opened + 1] in ("{", "<")
        is_flow = is_flow or self.is_json
        given, style = self._style(block, is_flow=is_flow)
        if style is None:
            return self._in_empty(opened, block, field) if is_flow and at is not None else None
        after = beside
        if after is None:
            names = schema_of(descriptor) if descriptor else ()
            ranks = {name: rank for rank, name in enumerate(names)}
            rank = ranks.get(field.name, -1)
            before = [f for f in given if ranks.get(f.name, len(ranks)) <= rank]
            after = before[-1] if before else None
        if after is not None:
            return self._behind(field, after, style)
        return self._before(field, given[0], block, at, style)

    def _style(self, block: Block, *, is_flow: bool) -> tuple[list[Field], _Style | None]:
        """The fields of a block that are written in it, and how they are written."""
        # Many elements may be added beside each other.
        known = self._styles.get(id(block))
        if known is None:
            merged = self.document.merged
            given = [
                f
                for f in block.fields
                if id(f) not in merged and block.start <= f.start < block.end
            ]
            style = _Style.of(self, block, given, is_flow=is_flow) if given else None
            known = self._styles[id(block)] = given, style
        return known

    @cached_property
    def _styles(self) -> dict[int, tuple[list[Field], _Style | None]]:
        return {}

    def _is_alone(self, start: int, *, is_flow: bool) -> bool:
        """Whether a field begins its line."""
        dashes = "-" if self.is_yaml and not is_flow else ""
        return not line_before(self.text, start).strip(f" \t{dashes}")

    def _indent(self, start: int) -> str:
        return line_before(self.text, start).replace("-", " ")

    def _behind(self, field: Field, after: Field, style: _Style) -> list[Edit] | None:
        end = own_end(self.text, after)
        if not self._is_alone(after.start, is_flow=style.is_flow):
            written = self.field_inline(field, style.colon)
            return [Edit(end, end, f"{style.separator}{written}")]
        indent = self._indent(after.start)
        written = self.field_lines(
            field, indent, is_flow=style.is_flow, colon=style.colon, opening=style.opening
        )
        if style.is_short and isinstance(field.value, Block) and after.name == field.name:
            written = self.field_inline(field, style.colon)
        return self._on_line(end, f"{indent}{written}", style.is_flow, len(indent))

    def _on_line(self, end: int, line: str, is_flow: bool, column: int) -> list[Edit] | None:
        """Inserts a line after the one that an offset is on, and after a comment beside it."""
        text = self.text
        is_block_style = self.is_yaml and not is_flow
        if is_block_style:
            # A block scalar may include the lines that follow its text.
            end = len(text[:end].rstrip()) if text[end - 1 : end].isspace() else end
        separator = None if is_block_style else _SEPARATOR.match(text, end)
        at = separator.end() if separator else end
        edits = []
        if separator:
            line += separator[0].strip()
        elif is_flow and self.is_yaml:
            edits.append(Edit(end, end, ","))
        if rest := _REST.match(text, at):
            at = rest.end()
            while is_block_style and (comments := self._deeper_comments(at, column)):
                at = comments
        added = Edit(at, at, f"{self.newline}{line}")
        if edits and at == end:
            return [Edit(at, at, f",{added.text}")]
        return [*edits, added]

    def _deeper_comments(self, at: int, column: int) -> int | None:
        """The end of comments on the next lines that belong to the block that ends here."""
        found = None
        while match := _DEEPER.match(self.text, at):
            at = match.end()
            if match[1] is None:
                continue
            if len(match[1]) <= column:
                break
            found = at
        return found

    def _before(
        self, field: Field, first: Field, block: Block, at: Element | None, style: _Style
    ) -> list[Edit]:
        start = first.start
        if not self._is_alone(start, is_flow=style.is_flow):
            written = self.field_inline(field, style.colon)
            return [Edit(start, start, f"{written}{style.separator or ' '}")]
        indent = self._indent(start)
        comma = "," if style.is_flow and self.is_yaml else ""
        written = self.field_lines(
            field, indent, is_flow=style.is_flow, colon=style.colon, opening=style.opening
        )
        opening = self._opening_line(block, at, start, is_flow=style.is_flow)
        if opening is None:
            return [Edit(start, start, f"{written}{comma}{self.newline}{indent}")]
        return [Edit(opening, opening, f"{self.newline}{indent}{written}{comma}")]

    def _opening_line(
        self, block: Block, at: Element | None, start: int, *, is_flow: bool
    ) -> int | None:
        """The end of the line that opens a block, where its first field is on a later one."""
        if is_flow:
            opened = block.start + 1
        elif at is not None and at.sequence is None and self.is_yaml:
            key = _KEY_COLON.match(self.text, at.field.end)
            if key is None or at.field.value is not block or block.start < at.field.end:
                return None
            opened = key.end()
        else:
            return None
        end = self.text.find("\n", opened, start)
        if end < 0:
            return None
        return end - 1 if self.text[end - 1] == "\r" else end

    def _in_empty(self, opened: int, block: Block, field: Field) -> list[Edit]:
        """Puts the first field between braces."""
        inner = self.text[opened + 1 : block.end - 1]
        if "\n" not in inner:
            written = self.field_inline(field)
            blank = "" if self.is_yaml else " "
            if inner.strip():
                return [Edit(opened + 1, opened + 1, f"{blank}{written}")]
            return [Edit(opened + 1, block.end - 1, f"{blank}{written}{blank}")]
        closing = line_before(self.text, block.end - 1)
        indent = closing[: len(closing) - len(closing.lstrip())] + self.unit
        written = self.field_lines(field, indent, is_flow=True)
        rest = _REST.match(self.text, opened + 1)
        start = rest.end() if rest else opened + 1
        return [Edit(start, start, f"{self.newline}{indent}{written}")]

    def _in_null(self, at: Element | None, field: Field) -> list[Edit] | None:
        """Puts the first field into a block of YAML that is given without any."""
        if at is None or at.sequence is not None or self.is_json:
            return None
        value, start = at.value, at.field.start
        is_null = isinstance(value, Scalar) and not value.quoted
        is_null = is_null and isinstance(value, Scalar) and self.document.syntax.null(value.text)
        if not self.is_yaml or not is_null or not self._is_alone(start, is_flow=False):
            return None
        colon = _KEY_COLON.match(self.text, at.field.end)
        if colon is None or self.text[colon.end() : value.start].strip():
            return None
        indent = self._indent(start) + self.unit
        written = self.field_lines(field, indent, is_flow=False)
        removal = Edit(colon.end(), max(value.end, colon.end()), "")
        rest = _REST.match(self.text, removal.end)
        added = Edit(*(rest.end(),) * 2, f"{self.newline}{indent}{written}") if rest else None
        if added is None:
            return None
        if added.start == removal.end:
            return [removal._replace(text=added.text)]
        return [removal, added] if removal.start < removal.end else [added]

    def added_item(self, elements: list[Element], value: Value) -> list[Edit] | None:
        """The edits that add an element to a list of YAML, or to one between brackets."""
        last = elements[-1]
        sequence = last.sequence
        if self.is_yaml and sequence is None and isinstance(last.value, Scalar):
            # A single text is a list of one.
            start, end = last.value.start, last.value.end
            return [Edit(start, end, f"[{self.text[start:end]}, {self.inline(value)}]")]
        if sequence is None or sequence.start < last.field.end:
            return None
        start, end = last.value.start, last.value.end
        if start < sequence.start or end > sequence.end:
            return None
        opened = after_properties(self.text, sequence.start)
        if self.text[opened : opened + 1] == "[":
            if self._is_alone(start, is_flow=True):
                indent = line_before(self.text, start)
                return self._comma_line(end, f"{indent}{self.inline(value)}")
            return [Edit(end, end, f", {self.inline(value)}")]
        dash = dash_before(self.text, start)
        indent = line_before(self.text, dash)
        if self.text[dash : dash + 1] != "-" or indent.strip(" "):
            return None
        is_block = isinstance(last.value, Block) and "\n" in self.text[dash : last.value.end]
        line = self.item_lines(value, indent) if is_block else f"- {self.inline(value)}"
        return self._on_line(sequence.end, f"{indent}{line}", False, len(indent))

    def _comma_line(self, end: int, line: str) -> list[Edit]:
        separator = _SEPARATOR.match(self.text, end)
        at = separator.end() if separator else end
        rest = _REST.match(self.text, at)
        at = rest.end() if rest else at
        if separator:
            return [Edit(at, at, f"{self.newline}{line},")]
        if at == end:
            return [Edit(at, at, f",{self.newline}{line}")]
        return [Edit(end, end, ","), Edit(at, at, f"{self.newline}{line}")]


class _Style(Record):
    """How a block writes its fields.

    Attributes:
        is_flow: whether it stands between braces.
        separator: the text between two fields on one line.
        colon: the text between a name and a scalar.
        opening: the text between a name and a brace.
        is_short: whether its blocks stand on one line.
    """

    is_flow: bool
    separator: str
    colon: str
    opening: str
    is_short: bool

    @classmethod
    def of(cls, layout: Layout, block: Block, given: list[Field], *, is_flow: bool) -> _Style:
        text = layout.text
        separator = ", " if layout.is_yaml else " "
        for first, second in pairwise(given):
            between = text[own_end(text, first) : second.start]
            if between and _BETWEEN.match(between):
                separator = between
                break
        colon, opening = ": ", " "
        can_vary = not layout.is_yaml or layout.is_json
        for field in given if can_vary else []:
            gap = text[field.end : field.value.start]
            if isinstance(field.value, Scalar) and _COLON.match(gap):
                colon = gap
                break
        blocks = [f for f in given if isinstance(f.value, Block)]
        for field in blocks if not layout.is_yaml else []:
            gap = text[field.end : field.value.start]
            if _OPENING.match(gap):
                opening = gap
                break
        is_short = any("\n" not in text[f.value.start : f.value.end] for f in blocks)
        return cls(is_flow, separator, colon, opening, is_short)
