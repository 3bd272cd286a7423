"""The located tree that every format is read into, before any schema is applied."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias, TypeVar

from schedule_builder.diagnostics import Source, Span, Words
from schedule_builder.limits import MAX_DEPTH, MAX_NUMBER_CHARACTERS
from schedule_builder.records import Record

# Python refuses to convert some thousands of digits.
_MANY_DIGITS = 400
_FEW_FIELDS = 16
"""Of more fields, all values are found at once."""
_T = TypeVar("_T")


class Scalar:
    """A value that is neither a block nor a list.

    `quoted` scalars hold the decoded text of a string; the others hold what is written,
    which means what the field's type and the format's number syntax make of it.
    """

    __slots__ = ("end", "quoted", "start", "text")

    def __init__(self, text: str, quoted: bool, start: int, end: int) -> None:
        self.text: str = text
        self.quoted: bool = quoted
        self.start: int = start
        self.end: int = end


class Block:
    """Named fields, in the order of the file. `start` is its opening."""

    __slots__ = ("end", "fields", "start")

    def __init__(self, start: int) -> None:
        self.fields: list[Field] = []
        self.start: int = start
        self.end: int = start


class Sequence:
    """A list of values."""

    __slots__ = ("end", "items", "start")

    def __init__(self, start: int) -> None:
        self.items: list[Value] = []
        self.start: int = start
        self.end: int = start


Value: TypeAlias = Scalar | Block | Sequence


class Field:
    """A name and its value. The span is the name's."""

    __slots__ = ("end", "name", "start", "value")

    def __init__(self, name: str, start: int, end: int, value: Value) -> None:
        self.name: str = name
        self.start: int = start
        self.end: int = end
        self.value: Value = value


def is_too_deep(levels: int) -> bool:
    """Whether blocks and lists nest in more levels than are read.

    Every tree is built through here, so that whatever walks one, by recursion or not, comes to an
    end: texts, YAML with its aliases, dicts and messages.
    """
    return levels > MAX_DEPTH


def too_deep() -> Words:
    """The message for blocks that are nested too deep."""
    return Words(
        "blocks are nested more than {depth} deep, the limit of protobuf's parsers: use fewer"
        " levels",
        depth=MAX_DEPTH,
    )


def span(node: Value | Field) -> Span:
    """Where a node stands: of a block, its opening."""
    if isinstance(node, (Block, Sequence)):
        return Span(node.start, min(node.start + 1, node.end))
    return Span(node.start, node.end)


def moved(value: Value, by: int) -> Value:
    """The same value at another place."""
    if isinstance(value, Scalar):
        return Scalar(value.text, value.quoted, value.start + by, value.end + by)
    result: Block | Sequence
    if isinstance(value, Sequence):
        result = Sequence(value.start + by)
        result.items = [moved(item, by) for item in value.items]
    else:
        result = Block(value.start + by)
        result.fields = [
            Field(f.name, f.start + by, f.end + by, moved(f.value, by)) for f in value.fields
        ]
    result.end = value.end + by
    return result


_THOUSANDS = r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+\Z"
CURLY_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"


def without_comma(text: str, *, whole: bool = False) -> Words:
    """What a number with a comma was meant to be: a comma may separate thousands."""
    point = text.replace(",", ".")
    if not re.match(_THOUSANDS, text):
        number = str(round(float(point))) if whole and point.count(".") == 1 else point
        return Words("{number}", number=number)
    thousands = text.replace(",", "")
    if whole or point.count(".") > 1:
        return Words("{number}", number=thousands)
    return Words("{whole}, or {real} if it has a fraction", whole=thousands, real=point)


def not_a_character(escape: str) -> Words:
    r"""Says why an escape such as `\ud83d`, which is complete, is not a character."""
    if int(escape[2:], 16) <= sys.maxunicode:
        return Words(
            "`{escape}` is only half of a character: write the character itself, or its whole"
            r" code, such as `\U0001F600`",
            escape=escape,
        )
    return Words(
        r"`{escape}` is not the code of a character: the last one is `\U0010FFFF`. Write `\\` for"
        " a backslash",
        escape=escape,
    )


def decimal(digits: str) -> int:
    """The number of some digits; very long ones are cut, and stay beyond every field's range."""
    return int(digits.lstrip("0")[:_MANY_DIGITS] or "0")


def number_reader(read: Callable[[str], _T | None]) -> Callable[[str], _T | None]:
    """The same reader of numbers, to which a text that is too long is not a number."""
    return lambda text: read(text) if len(text) <= MAX_NUMBER_CHARACTERS else None


class Syntax(NamedTuple):
    """How a format writes values: each function gives None for a text that is not such a value."""

    format: str
    """The name of the format, such as `yaml`."""
    name: str
    """The name of the format in messages."""
    integer: Callable[[str], int | None]
    real: Callable[[str], float | None]
    boolean: Callable[[str], bool | None]
    null: Callable[[str], bool]
    plain_strings: bool
    """Whether strings may stand without quotes."""
    explicit_lists: bool
    """Whether a repeated field is one list, and not the field given again."""
    other: Callable[[], Syntax | None] = lambda: None
    """The syntax of tools that read the same text in another way; None if there is none."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as the constant that it is, as functions cannot be pickled."""
        for module, name in _SYNTAXES:
            if getattr(import_module(module), name) is self:
                return _constant, (module, name)
        message = f"{self.name} is not one of the syntaxes of this package"
        raise TypeError(message)


_READING = __name__.rpartition(".")[0]
_SYNTAXES = (
    (f"{_READING}.text_lexer", "TEXT_FORMAT"),
    (f"{_READING}.yaml_scalars", "YAML"),
    (f"{_READING}.yaml_scalars", "GARDEN"),
)


def _constant(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


class Element(NamedTuple):
    """A value, the field that gives it, and the list that it is in; None where there is none."""

    field: Field
    value: Value
    sequence: Sequence | None


class Document(Record):
    """A file as it was read: its tree, and the syntax its values are written in."""

    source: Source
    root: Block
    syntax: Syntax
    has_aliases: bool = False
    """Whether several values share parts of the text, which an edit would change as well."""
    duplicates: Mapping[int, list[tuple[Field, Field]]] = {}
    """For YAML: repeated keys of a block, each with the one before it, by the block's `id`."""
    merges: tuple[tuple[Block, Field], ...] = ()
    """For YAML: the merge keys (`<<`) that are not resolved yet, inner blocks first."""
    merged: Mapping[int, Field] = {}
    """The merge key that a field comes from, by the field's `id`."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles with what is kept by `id`, which a copy of a block does not have."""
        parts = {id(part): part for part in _parts(self.root)}
        duplicates = [(parts[key], v) for key, v in self.duplicates.items() if key in parts]
        merged = [(parts[key], field) for key, field in self.merged.items() if key in parts]
        kept = (self.source, self.root, self.syntax, self.has_aliases)
        return _document, (*kept, duplicates, self.merges, merged)

    @cached_property
    def _indexes(self) -> dict[int, tuple[int, dict[str, list[Element]]]]:
        return {}

    @cached_property
    def _elements(self) -> dict[tuple[int, str], list[Element]]:
        return {}

    def elements(self, block: Block, name: str) -> list[Element]:
        """The values of a block under a name: one value, or those of a list."""
        # Blocks live as long as their document, so that an `id` stays unique.
        known = self._elements.get((id(block), name))
        if known is None:
            if len(block.fields) > _FEW_FIELDS:
                return self._indexed(block).get(name, [])
            known = self._elements[id(block), name] = elements_of(block, name)
        return known

    def _indexed(self, block: Block) -> dict[str, list[Element]]:
        """The values of a block of many fields by name, found by looking at each field once."""
        size = len(block.fields)
        before, index = self._indexes.get(id(block), (0, {}))
        if before != size:
            index = {}
            for given in block.fields:
                index.setdefault(given.name, []).extend(_elements_in(given))
            self._indexes[id(block)] = size, index
        return index


def _parts(block: Block) -> Iterator[Block | Field]:
    """The blocks and the fields of a tree."""
    pending: list[Value] = [block]
    while pending:
        value = pending.pop()
        if isinstance(value, Sequence):
            pending += value.items
        elif isinstance(value, Block):
            yield value
            yield from value.fields
            pending += (field.value for field in value.fields)


def _document(
    source: Source,
    root: Block,
    syntax: Syntax,
    has_aliases: bool,
    duplicates: Iterable[tuple[Block, list[tuple[Field, Field]]]],
    merges: tuple[tuple[Block, Field], ...],
    merged: Iterable[tuple[Field, Field]],
) -> Document:
    return Document(
        source,
        root,
        syntax,
        has_aliases,
        {id(block): pairs for block, pairs in duplicates},
        merges,
        {id(field): key for field, key in merged},
    )


def elements_of(block: Block, name: str) -> list[Element]:
    """The values of a block under a name; `Document.elements` caches them."""
    found: list[Element] = []
    for given in block.fields:
        if given.name == name:
            found += _elements_in(given)
    return found


def _elements_in(given: Field) -> list[Element]:
    """The values of one field."""
    if isinstance(given.value, Sequence):
        return [Element(given, item, given.value) for item in given.value.items]
    return [Element(given, given.value, None)]


class _Typed(NamedTuple):
    name: str
    block: Block


def typed(block: Block) -> tuple[Field | None, _Typed]:
    """The field that names the type of an Any, and the contents: text format or JSON's form."""
    for given in block.fields:
        value = given.value
        if given.name.startswith("[") and isinstance(value, Block) and len(block.fields) == 1:
            return given, _Typed(given.name[1:-1], value)
        if given.name == "@type" and isinstance(value, Scalar):
            rest = Block(block.start)
            rest.end = block.end
            rest.fields = [other for other in block.fields if other is not given]
            return Field(given.name, value.start, value.end, value), _Typed(value.text, rest)
    return None, _Typed("", block)


def text_of(block: Block, name: str) -> str:
    """The text of a scalar in a block; empty where there is none of that name."""
    texts = (f.value.text for f in block.fields if f.name == name and isinstance(f.value, Scalar))
    return next(texts, "") if name else ""
