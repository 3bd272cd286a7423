"""The text of a completion: a field, or a block with its required fields and tab stops.

A snippet is written as the Language Server Protocol does it: `${1:0.1}` is a tab stop with a value
in it, `$0` is where the cursor ends. Values keep the file valid when they are not changed.
"""

from __future__ import annotations

from enum import Enum
from itertools import count
from typing import Any, NamedTuple

from schedule_builder.reading.fields import FieldSchema, is_opaque, schema_of, selector_of

_INDENT = "  "
_REALS = (0.1, 0.5, 1.0, 2.0, 0.0)
_INTEGERS = (1000, 100, 10, 1, 0)
_DEEPEST = 4
_TYPES = "type.googleapis.com/"


class Style(Enum):
    """How a block is written where the completion stands."""

    TEXT = "text"
    BLOCK = "block"
    """YAML, by indentation."""
    FLOW = "flow"
    """YAML in braces."""
    JSON = "json"


class Insertion(NamedTuple):
    """The text to insert: as plain text, and as a snippet."""

    plain: str
    snippet: str


def insertion(declared: FieldSchema, style: Style) -> Insertion:
    """The insertion for a field."""
    name = f'"{declared.name}"' if style is Style.JSON else declared.name
    if declared.message is None:
        if declared.repeated and style is not Style.TEXT:
            return Insertion(f"{name}: []", f"{name}: [$0]")
        return Insertion(f"{name}: ", f"{name}: ")
    lines = _Writer(style).field(declared, 0)
    plain = {
        Style.TEXT: f"{name} {{ }}",
        Style.BLOCK: f"{name}:",
        Style.FLOW: f"{name}: {{}}",
        Style.JSON: f"{name}: {{}}",
    }[style]
    if style is not Style.TEXT and declared.repeated:
        plain = f"{name}: []" if style is not Style.BLOCK else plain
    snippet = "\n".join(lines)
    return Insertion(plain, snippet if "$0" in snippet else f"{snippet}$0")


def _wanted(declared: FieldSchema) -> list[FieldSchema]:
    """The fields of a block that a file must set, or should set.

    An element of a list sets all of its values.
    """
    return [
        field
        for field in schema_of(declared.message).values()
        if field.rule.required
        or (declared.repeated and field.message is None and field.oneof is None)
        or field.rule.not_empty
        or field.rule.selects
        or (field.has_surprising_default and field.oneof is None)
    ]


class _Writer:
    """Writes the lines of a snippet and counts its tab stops."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.stops = count(1)

    def field(self, declared: FieldSchema, depth: int) -> list[str]:
        """The lines of a field, the first without indentation."""
        name = f'"{declared.name}"' if self.style is Style.JSON else declared.name
        if declared.message is None:
            value = self._value(declared)
            return [f"{name}: {f'[{value}]' if declared.repeated else value}"]
        inner = self._inner(declared, depth + 1)
        if self.style is Style.TEXT:
            return [f"{name} {{", *_indented(inner), "}"]
        if self.style is Style.BLOCK:
            if declared.repeated:
                first, *rest = inner
                return [f"{name}:", f"{_INDENT}- {first}", *_indented(_indented(rest))]
            return [f"{name}:", *_indented(inner)]
        block = f"{{{', '.join(inner)}}}"
        return [f"{name}: {f'[{block}]' if declared.repeated else block}"]

    def _inner(self, declared: FieldSchema, depth: int) -> list[str]:
        message: Any = declared.message
        if message.full_name == "google.protobuf.Any":
            return self._typed()
        fields = [] if is_opaque(message) or depth > _DEEPEST else _wanted(declared)
        lines = [line for field in fields for line in self.field(field, depth)]
        if selector_of(message):
            lines.append("$0")  # The block that follows depends on the choice.
        return lines or ["$0"]

    def _typed(self) -> list[str]:
        """The lines of a message of any type, with its type."""
        name = f"{_TYPES}${{{next(self.stops)}:FULL.NAME}}"
        if self.style is Style.TEXT:
            return [f"[{name}] {{", f"{_INDENT}$0", "}"]
        return [f'"@type": "{name}"']

    def _value(self, declared: FieldSchema) -> str:
        stop = next(self.stops)
        if declared.rule.selects:
            names = [f.name for f in schema_of(declared.owner).values() if f.is_selectable]
            # Only YAML has texts without quotes.
            return self._choice(stop, names, quoted=self.style in (Style.JSON, Style.TEXT))
        if declared.enum is not None:
            names = [value.name for value in declared.enum.values]
            return self._choice(stop, names, quoted=self.style is Style.JSON)
        if declared.kind == "bool":
            return f"${{{stop}|true,false|}}"
        if declared.kind == "string":
            return f'"${stop}"'
        return f"${{{stop}:{example(declared)}}}"

    @staticmethod
    def _choice(stop: int, names: list[str], *, quoted: bool) -> str:
        choice = f"${{{stop}|{','.join(names)}|}}"
        return f'"{choice}"' if quoted else choice


def _indented(lines: list[str]) -> list[str]:
    return [f"{_INDENT}{line}" for line in lines]


def example(declared: FieldSchema) -> str:
    """A number that a field may have."""
    is_integer = declared.kind == "integer"
    default = [declared.default] if declared.default else []
    for number in (*default, *(_INTEGERS if is_integer else _REALS)):
        if all(bound.is_within(number, bound.number) for bound in declared.bounds):
            return str(number) if is_integer else f"{number:.6g}"
    return "1"
