"""New fields and elements, laid out as the file around them is."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from schedule_builder.diagnostics import Edit
from schedule_builder.reading.fields import FieldSchema, schema_of
from schedule_builder.reading.text_lexer import quoted
from schedule_builder.reading.tree import Block, Document, Element, Field, Scalar, Sequence, Value

_ALIAS = re.compile(r"[ \t]*:\s+(\*[^\s,\[\]{}]+)")
_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_SEPARATOR = re.compile(r"[ \t]*[,;]")
_BETWEEN = re.compile(r"[ \t]*[,;]?[ \t]*\Z")
_COLON = re.compile(r"[ \t]*:[ \t]*\Z")
_OPENING = re.compile(r":?[ \t]*\Z")
_DEEPER = re.compile(r"\r?\n(?:([ \t]*)#[^\r\n]*|[ \t]*(?=\r?\n))")
_KEY_COLON = re.compile(r"[ \t]*:")
_PLAIN = re.compile(r"[A-Za-z_./][\w./-]*\Z")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_JSON_WORD = re.compile(r"(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_PROPERTIES = re.compile(r"(?:(?<![^\s\[,-])[&!][^\s,\[\]{}]*[ \t]+)+\Z")
_OPENING_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")


def own_end(text: str, field: Field) -> int:
    """Where a field ends in its own place: an alias of YAML has its value elsewhere."""
    if field.value.start >= field.end:
        return field.value.end
    alias = _ALIAS.match(text, field.end)
    return alias.end() if alias else field.end


def opening_of(text: str, value: Block | Sequence) -> int:
    """Where a block or a list opens, after its anchor and its tag."""
    properties = _OPENING_PROPERTIES.match(text, value.start)
    return properties.end() if properties else value.start


def dash_before(text: str, start: int) -> int:
    """Where the dash stands that an entry of a YAML list follows, or else the entry's own start."""
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
    """What stands before an offset on its line."""
    return text[text.rfind("\n", 0, offset) + 1 : offset]


class Layout:
    """Writes values, fields and elements as a file writes its own."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.source.text
        self.is_yaml = document.syntax.explicit_lists
        self.is_json = self.is_yaml and self.text.lstrip()[:1] == "{"
        self.newline = "\r\n" if "\r\n" in self.text else "\n"

    @cached_property
    def unit(self) -> str:
        """What the file indents blocks by."""
        pending: list[Block] = [self.document.root]
        for block in pending:
            for field in block.fields:
                inner = field.value
                if not isinstance(inner, Block) or not inner.fields or inner.start < field.end:
                    continue
                pending.append(inner)
                outer = line_before(self.text, field.start)
                deeper = line_before(self.text, inner.fields[0].start)
                is_deeper = not deeper.strip(" \t") and deeper.startswith(outer)
                if is_deeper and len(deeper) > len(outer):
                    return deeper[len(outer) :]
        return "  "

    # --- values ---

    def as_written(self, value: Value, declared: FieldSchema | None, like: str = "") -> Value:
        """A value with its words quoted as the file would have them.

        Args:
            value: what to write.
            declared: its field, None where no schema says what it is.
            like: how the file writes the value that is replaced.
        """
        if isinstance(value, Scalar):
            is_text = declared is not None and declared.kind == "string"
            return self._scalar(value, like, is_text=is_text)
        if isinstance(value, Sequence):
            items = [self.as_written(item, declared) for item in value.items]
            written = Sequence(value.start)
            written.items = items
            return written
        result = Block(value.start)
        message = declared.message if declared is not None else None
        schema = schema_of(message) if message is not None else {}
        result.fields = [
            Field(f.name, f.start, f.end, self.as_written(f.value, schema.get(f.name)))
            for f in value.fields
        ]
        return result

    def _scalar(self, value: Scalar, like: str, *, is_text: bool) -> Scalar:
        text, is_quoted = value.text, value.quoted
        if self.is_json:
            if not is_quoted and not is_text and not _JSON_WORD.match(text):
                text, is_quoted = self._json_word(text)
            is_quoted = is_quoted or is_text
        elif self.is_yaml:
            is_plain = _PLAIN.match(text) and not self._is_other(text)
            is_quoted = (is_quoted or is_text) and (like[:1] in ("'", '"') or not is_plain)
        return Scalar(text, is_quoted or (is_text and not self.is_yaml), value.start, value.end)

    def _is_other(self, text: str) -> bool:
        """Whether some reader of YAML takes a plain word for something else than a text."""
        syntax = self.document.syntax
        readings = [syntax, syntax.other() or syntax]
        return syntax.null(text) or any(
            read(text) is not None for s in readings for read in (s.integer, s.real, s.boolean)
        )

    def _json_word(self, text: str) -> tuple[str, bool]:
        """What JSON has for a word of YAML: a number, a truth value, or a text."""
        syntax = self.document.syntax
        boolean, whole, real = syntax.boolean(text), syntax.integer(text), syntax.real(text)
        if boolean is not None:
            return str(boolean).lower(), False
        if whole is not None:
            return str(whole), False
        if real is not None and math.isfinite(real):
            return repr(real), False
        return text, True

    def scalar(self, value: Scalar, like: str = "") -> str:
        """The text of a scalar that is as the file would have it."""
        if not value.quoted:
            return value.text
        if self.is_json:
            return json.dumps(value.text, ensure_ascii=False)
        is_simple = not _CONTROL.search(value.text) and "\\" not in value.text
        if like[:1] == "'" and is_simple and "'" not in value.text:
            return f"'{value.text}'"
        if self.is_yaml:
            return json.dumps(value.text, ensure_ascii=bool(_CONTROL.search(value.text)))
        return quoted(value.text)

    def inline(self, value: Value) -> str:
        """A value on one line."""
        if isinstance(value, Scalar):
            return self.scalar(value)
        if isinstance(value, Sequence):
            return f"[{', '.join(map(self.inline, value.items))}]"
        if not value.fields:
            return "{}"
        fields = [self.field_inline(field) for field in value.fields]
        return f"{{{', '.join(fields)}}}" if self.is_yaml else f"{{ {' '.join(fields)} }}"

    def name(self, name: str) -> str:
        """A key as the file writes keys."""
        return json.dumps(name) if self.is_json or not _NAME.match(name) else name

    def field_inline(self, field: Field, colon: str = ": ") -> str:
        """A field on one line."""
        if isinstance(field.value, Block) and not self.is_yaml:
            return f"{field.name} {self.inline(field.value)}"
        name = self.name(field.name) if self.is_yaml else field.name
        return f"{name}{colon}{self.inline(field.value)}"

    def field_lines(
        self, field: Field, indent: str, *, is_flow: bool, colon: str = ": ", opening: str = " "
    ) -> str:
        """A field on lines of its own, the first of which is not indented."""
        value = field.value
        blocks = value.items if isinstance(value, Sequence) else []
        is_of_blocks = bool(blocks) and all(isinstance(item, Block) for item in blocks)
        if self.is_yaml and is_of_blocks and not is_flow:
            items = [self.item_lines(item, indent) for item in blocks]
            return f"{self.newline}{indent}".join([f"{self.name(field.name)}:", *items])
        if not self.is_yaml and is_of_blocks:
            return f"{self.newline}{indent}".join(
                self.field_lines(
                    Field(field.name, 0, 0, item), indent, is_flow=is_flow, opening=opening
                )
                for item in blocks
            )
        if not isinstance(value, Block) or not value.fields:
            return self.field_inline(field, colon)
        deeper = indent + self.unit
        inner = [
            self.field_lines(f, deeper, is_flow=is_flow, colon=colon, opening=opening)
            for f in value.fields
        ]
        comma = "," if is_flow and self.is_yaml else ""
        body = f"{comma}{self.newline}{deeper}".join(inner)
        if self.is_yaml and not is_flow:
            return f"{self.name(field.name)}:{self.newline}{deeper}{body}"
        first = f"{self.name(field.name)}{colon}" if self.is_yaml else f"{field.name}{opening}"
        return f"{first}{{{self.newline}{deeper}{body}{self.newline}{indent}}}"

    def item_lines(self, value: Value, indent: str) -> str:
        """An entry of a list in YAML's block style, with its dash."""
        if not isinstance(value, Block) or not value.fields:
            return f"- {self.inline(value)}"
        deeper = f"{indent}  "
        inner = [self.field_lines(f, deeper, is_flow=False) for f in value.fields]
        return f"- {f'{self.newline}{deeper}'.join(inner)}"

    # --- places ---

    def added_field(
        self, at: Element | None, descriptor: Any, field: Field, *, beside: Field | None = None
    ) -> list[Edit] | None:
        """The edits that add a field to a block; None where there is no place for it.

        It follows the last field that the schema has before it, or precedes all.

        Args:
            at: the element whose value is the block; None for the whole file.
            descriptor: the type of the block, None where no schema says.
            field: the new field, with a value that is as the file would have it.
            beside: the field that it is to follow.
        """
        block = self.document.root if at is None else at.value
        if isinstance(block, Scalar):
            return self._in_null(at, field)
        if not isinstance(block, Block):
            return None
        opened = opening_of(self.text, block) if self.is_yaml else block.start
        is_flow = at is not None and self.text[opened : opened + 1] in ("{", "<")
        is_flow = is_flow or self.is_json
        given = [
            f
            for f in block.fields
            if id(f) not in self.document.merged and block.start <= f.start < block.end
        ]
        if not given:
            return self._in_empty(opened, block, field) if is_flow and at is not None else None
        ranks = (
            {name: rank for rank, name in enumerate(schema_of(descriptor))} if descriptor else {}
        )
        rank = ranks.get(field.name, -1)
        before = [f for f in given if ranks.get(f.name, len(ranks)) <= rank]
        after = beside or (before[-1] if before else None)
        style = _Style.of(self, block, given, is_flow=is_flow)
        if after is not None:
            return self._behind(field, after, style)
        return self._before(field, given[0], block, at, style)

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
        """Puts a line after what ends at an offset, and after the comment beside that."""
        text = self.text
        is_block_style = self.is_yaml and not is_flow
        if is_block_style:
            # What follows the text of a block scalar belongs to it where it says so.
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
        opened = opening_of(self.text, sequence)
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


@dataclass(frozen=True)
class _Style:
    """How a block writes its fields.

    Attributes:
        is_flow: whether it stands between braces.
        separator: what is between two fields on one line.
        colon: what is between a name and a scalar.
        opening: what is between a name and a brace.
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
