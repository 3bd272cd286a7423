"""Writes values and fields in the spelling of a file."""

from __future__ import annotations

import json
import math
import re
from functools import cached_property

from schedule_builder.printable import UNSEEN
from schedule_builder.reading.fields import FieldSchema, schema_of
from schedule_builder.reading.positions import line_before
from schedule_builder.reading.text_lexer import quoted
from schedule_builder.reading.tree import Block, Document, Field, Scalar, Sequence, Value

_PLAIN = re.compile(r"[A-Za-z_./][\w./-]*\Z")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_JSON_WORD = re.compile(r"(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)\Z")
_JSON_START = re.compile(r"\s*\{")
_CONTROL = re.compile(rf"[\x00-\x1f{UNSEEN}\ufeff\ud800-\udfff]")


class Spelling:
    """Writes values and fields in the spelling of a file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text: str = document.source.text
        self.is_yaml: bool = document.syntax.explicit_lists
        # Nothing here looks at the whole text: a file may get one value of thousands after another.
        self.is_json: bool = self.is_yaml and _JSON_START.match(self.text) is not None

    @cached_property
    def newline(self) -> str:
        """The end of the file's lines."""
        return "\r\n" if "\r\n" in self.text else "\n"

    @cached_property
    def unit(self) -> str:
        """The indentation of one block in the file."""
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

    def as_written(self, value: Value, declared: FieldSchema | None, like: str = "") -> Value:
        """A value with its words quoted in the style of the file.

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
        """Whether any reader of YAML takes a plain word for another value than a text."""
        syntax = self.document.syntax
        readings = [syntax, syntax.other() or syntax]
        return syntax.null(text) or any(
            read(text) is not None for s in readings for read in (s.integer, s.real, s.boolean)
        )

    def _json_word(self, text: str) -> tuple[str, bool]:
        """The JSON for a word of YAML: a number, a truth value, or a text."""
        syntax = self.document.syntax
        boolean, whole, real = syntax.boolean(text), syntax.integer(text), syntax.real(text)
        if boolean is not None:
            return str(boolean).lower(), False
        if whole is not None:
            return str(whole), False
        if real is not None and math.isfinite(real):
            return repr(real), False
        return text, True

    def word(self, text: str) -> str:
        """A number, a truth value or the name of an enum's value, which JSON has in quotes."""
        is_bare = self.is_json and text[:1] != '"' and not _JSON_WORD.match(text)
        return json.dumps(text) if is_bare else text

    def scalar(self, value: Scalar, like: str = "") -> str:
        """The text of a scalar in the spelling of the file."""
        if not value.quoted:
            return value.text
        if self.is_json:
            return json.dumps(value.text, ensure_ascii=bool(_CONTROL.search(value.text)))
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
