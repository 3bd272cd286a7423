"""Completions at a place of a config: fields, and the values of a field.

Offsets count characters of the text, as everywhere in this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import Span
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.language_server.snippets import Style, insertion
from schedule_builder.reading.comments import notes
from schedule_builder.reading.descriptions import comment, describe
from schedule_builder.reading.fields import FieldSchema, field_named, is_opaque, schema_of
from schedule_builder.reading.tree import Block, Sequence, Value

_KEY = re.compile(r"^([ \t]*(?:-[ \t]+)*)[\"']?([\w@]+)[\"']?[ \t]*:", re.MULTILINE)
_IN_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|([\"'][^\"']*[ \t])")
_VALUE = re.compile(r"(\w+)[\"']?[ \t]*:([ \t]*[\"']?)(\w*)\Z")


class Completion(NamedTuple):
    """A completion.

    Attributes:
        name: the field or the value.
        insertion: the text to insert.
        snippet: the same with tab stops; empty for a value.
        span: the text that it replaces: the word at the place.
        detail: the type.
        documentation: the schema's comment.
        is_value: whether this is a value.
        is_required: whether it is a required field that the block lacks.
    """

    name: str
    insertion: str
    snippet: str
    span: Span
    detail: str
    documentation: str
    is_value: bool
    is_required: bool = False


class _Context(NamedTuple):
    descriptors: tuple[Any, ...]
    given: frozenset[str]


def completions(config: Config, offset: int, *, is_config: bool = True) -> list[Completion]:
    """The completions at an offset: fields, or the values of the field before it.

    Args:
        config: the config.
        offset: the place.
        is_config: whether the file is known to be a config. If not, it may be a new one; a
            field of another tool in it then switches completions off.
    """
    text = config.document.source.text
    if not is_config and _is_foreign(config, offset):
        return []
    is_yaml = config.document.syntax.explicit_lists
    context = _context_of_lines(config, offset) if is_yaml else None
    is_in_braces = is_yaml and context is None
    if context is None:
        context = _context_of_tree(config, offset)
    if context is None:
        return []
    style = Style.TEXT
    if is_yaml:
        is_json = config.document.source.filename.lower().endswith(".json")
        style = Style.JSON if is_json else Style.FLOW if is_in_braces else Style.BLOCK
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    start = offset - len(line)
    is_comment = any(n.text and start <= n.start < offset for n in notes(config.document))
    if is_comment or any(match[1] for match in _IN_TEXT.finditer(line)):
        return []
    if value := _VALUE.search(line):
        span = Span(offset - len(value[3]), offset)
        for descriptor in context.descriptors:
            if declared := schema_of(descriptor).get(value[1]):
                before = ""
                if not value[2]:
                    # YAML reads `type:cosine` as one word, so the name is written again, with a
                    # blank: editors ignore one that an insertion begins with.
                    span = Span(start + value.start(1), offset)
                    before = f"{line[value.start(1) : value.end(2)]} "
                is_bare = value[2].strip() == "" and _needs_quotes(declared, style)
                return list(_values(descriptor, value[1], span, before, '"' * is_bare))
        return []
    span = _word(text, offset, start)
    return [
        _completion(descriptor.fields_by_name[name], style, span)
        for descriptor in context.descriptors
        for name in schema_of(descriptor)
        if _fits(descriptor, context, name)
    ]


def _word(text: str, offset: int, start: int) -> Span:
    """The word that ends at an offset, with the quotes around it."""
    first = offset
    while first > start and (text[first - 1].isalnum() or text[first - 1] in "_@"):
        first -= 1
    quote = text[first - 1 : first] if first > start else ""
    if quote and quote in "\"'":
        is_closed = text[offset : offset + 1] == quote
        return Span(first - 1, offset + is_closed)
    return Span(first, offset)


def _is_foreign(config: Config, offset: int) -> bool:
    """Whether a file has a field at its top that no config has, except one being written."""
    return any(
        field.name not in _names_at_top() and not field.start <= offset <= field.end
        for field in config.document.root.fields
    )


@cache
def _names_at_top() -> frozenset[str]:
    return frozenset(name for d in DIALECTS for name in d.root.DESCRIPTOR.fields_by_name)


def _fits(descriptor: Any, context: _Context, name: str) -> bool:
    declared = schema_of(descriptor)[name]
    if declared.oneof is None:
        return declared.repeated or name not in context.given
    others = {f.name for f in schema_of(descriptor).values() if f.oneof == declared.oneof}
    return others.isdisjoint(context.given)


def _needs_quotes(declared: FieldSchema, style: Style) -> bool:
    if style is Style.JSON:
        return declared.kind in ("string", "enum")
    return style is Style.TEXT and declared.kind == "string"


def _values(
    descriptor: Any, name: str, span: Span, before: str, quote: str
) -> Iterator[Completion]:
    declared = schema_of(descriptor)[name]
    named: dict[str, str] = {}
    if declared.enum is not None:
        named = {
            v.name: comment(f"{declared.enum.full_name}.{v.name}") for v in declared.enum.values
        }
    elif declared.kind == "bool":
        named = {"true": "", "false": ""}
    elif declared.rule.selects:
        named = {
            f.name: describe(descriptor.fields_by_name[f.name])
            for f in schema_of(descriptor).values()
            if f.is_selectable
        }
    for word, text in named.items():
        written = f"{before}{quote}{word}{quote}"
        # Neovim does not insert a text with a blank as one word; a snippet it does.
        snippet = written if before else ""
        yield Completion(word, written, snippet, span, "", text, is_value=True)


def _completion(field: Any, style: Style, span: Span) -> Completion:
    declared = schema_of(field.containing_type)[field.name]
    plain, snippet = insertion(declared, style)
    return Completion(
        field.name,
        plain,
        snippet,
        span,
        str(declared.expected),
        describe(field),
        is_value=False,
        is_required=bool(declared.rule.required or declared.rule.not_empty),
    )


def _context_of_tree(config: Config, offset: int) -> _Context | None:
    """The block around an offset, by its braces."""
    text = config.document.source.text
    block: Value = config.document.root
    roots = _root_types(config)
    descriptor: Any = roots[0]
    while isinstance(block, Block):
        inner = None
        for field in block.fields:
            declared = field_named(descriptor, field.name)
            values = field.value.items if isinstance(field.value, Sequence) else [field.value]
            for value in values:
                if isinstance(value, Block) and value.start < offset and offset < _end(value, text):
                    inner = value, declared.message_type if declared is not None else None
        if inner is None:
            found = roots if block is config.document.root else (descriptor,)
            return _Context(found, frozenset(f.name for f in block.fields))
        block, descriptor = inner
        if descriptor is None or is_opaque(descriptor):
            return None
    return None


def _end(block: Block, text: str) -> int:
    """The end of a block; an unclosed one ends after the text."""
    is_closed = block.end > block.start + 1 and text[block.end - 1] in "}>"
    return block.end if is_closed else len(text) + 1


def _context_of_lines(config: Config, offset: int) -> _Context | None:
    """The block around an offset, by indentation: unfinished YAML has no tree."""
    text = config.document.source.text
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    if line.count("{") + line.count("[") > line.count("}") + line.count("]"):
        return None
    indent = len(line) - len(line.lstrip(" \t-"))
    names: list[str] = []
    for match in reversed(list(_KEY.finditer(text, 0, start))):
        own = len(match[1])
        if own < indent:
            names.append(match[2])
            indent = own - match[1].count("-") if "-" in match[1] else own
        if indent == 0:
            break
    descriptors = _root_types(config)
    for name in reversed(names):
        descriptor = next((d for d in descriptors if field_named(d, name)), descriptors[0])
        field = field_named(descriptor, name)
        if field is None or field.message_type is None or is_opaque(field.message_type):
            return None
        descriptors = (field.message_type,)
    return _Context(descriptors, frozenset(_siblings(text, offset)))


def _siblings(text: str, offset: int) -> list[str]:
    """The keys of the block that an offset is in."""
    lines = text.split("\n")
    row = text.count("\n", 0, offset)
    indent = len(lines[row]) - len(lines[row].lstrip(" \t-"))
    found = []
    # A dash begins another entry of a list.
    above = range(0) if "-" in lines[row][:indent] else range(row - 1, -1, -1)
    below = range(row + 1, len(lines))
    for direction in (above, below):
        for at in direction:
            line = lines[at]
            own = len(line) - len(line.lstrip(" \t-"))
            is_first = own == indent and "-" in line[:indent]
            if (line.strip() and own < indent) or (is_first and direction is below):
                break
            if own == indent and (match := _KEY.match(line)):
                found.append(match[2])
            if is_first:
                break
    return found


def _root_types(config: Config) -> tuple[Any, ...]:
    """The message type of a file; if it has no known field yet, those of all config systems."""
    if any(field.name in _names_at_top() for field in config.document.root.fields):
        return (config.message.DESCRIPTOR,)
    return tuple(dialect.root.DESCRIPTOR for dialect in DIALECTS)
