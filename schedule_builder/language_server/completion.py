"""What may stand at a place of a config: fields, and the values of a field.

Offsets count characters of the text, as everywhere in this package.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.reading.comments import notes
from schedule_builder.reading.descriptions import comment, describe
from schedule_builder.reading.fields import is_opaque, schema_of
from schedule_builder.reading.tree import Block, Sequence, Value

_KEY = re.compile(r"^([ \t]*(?:-[ \t]+)*)[\"']?([\w@]+)[\"']?[ \t]*:", re.MULTILINE)
_IN_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|([\"'][^\"']*[ \t])")
_VALUE = re.compile(r"(\w+)[ \t]*:[ \t]*[\"']?(\w*)\Z")
_INDENT = "  "


class Completion(NamedTuple):
    """What may stand at a place."""

    name: str
    insertion: str
    detail: str
    documentation: str
    is_value: bool


class _Context(NamedTuple):
    descriptor: Any
    given: frozenset[str]


def completions(config: Config, offset: int) -> list[Completion]:
    """What may stand at an offset: fields, or the values of the field before it."""
    text = config.document.source.text
    is_yaml = config.document.syntax.explicit_lists
    context = _context_of_lines(config, offset) if is_yaml else None
    if context is None:
        context = _context_of_tree(config, offset)
    if context is None:
        return []
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    start = offset - len(line)
    is_comment = any(n.text and start <= n.start < offset for n in notes(config.document))
    if is_comment or any(match[1] for match in _IN_TEXT.finditer(line)):
        return []
    if value := _VALUE.search(line):
        field = context.descriptor.fields_by_name.get(value[1])
        return [] if field is None else _values(context.descriptor, field.name)
    return [
        _completion(context.descriptor.fields_by_name[name], is_yaml=is_yaml)
        for name in schema_of(context.descriptor)
        if _fits(context, name)
    ]


def _fits(context: _Context, name: str) -> bool:
    declared = schema_of(context.descriptor)[name]
    if declared.oneof is None:
        return declared.repeated or name not in context.given
    others = {f.name for f in schema_of(context.descriptor).values() if f.oneof == declared.oneof}
    return others.isdisjoint(context.given)


def _values(descriptor: Any, name: str) -> list[Completion]:
    declared = schema_of(descriptor)[name]
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
    else:
        return []
    return [Completion(word, word, "", text, is_value=True) for word, text in named.items()]


def _completion(field: Any, *, is_yaml: bool) -> Completion:
    declared = schema_of(field.containing_type)[field.name]
    if is_yaml and declared.message is not None:
        insertion = f"{field.name}:\n{_INDENT}"
    elif declared.message is not None:
        insertion = f"{field.name} {{ }}"
    else:
        insertion = f"{field.name}: "
    return Completion(
        field.name, insertion, str(declared.expected), describe(field), is_value=False
    )


def _context_of_tree(config: Config, offset: int) -> _Context | None:
    """The block around an offset, by its braces."""
    text = config.document.source.text
    block: Value = config.document.root
    descriptor: Any = _root_type(config)
    while isinstance(block, Block):
        inner = None
        for field in block.fields:
            declared = descriptor.fields_by_name.get(field.name)
            values = field.value.items if isinstance(field.value, Sequence) else [field.value]
            for value in values:
                if isinstance(value, Block) and value.start < offset and offset < _end(value, text):
                    inner = value, declared.message_type if declared is not None else None
        if inner is None:
            return _Context(descriptor, frozenset(f.name for f in block.fields))
        block, descriptor = inner
        if descriptor is None or is_opaque(descriptor):
            return None
    return None


def _end(block: Block, text: str) -> int:
    """Where a block ends: of one that is not closed, after everything."""
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
    descriptor: Any = _root_type(config)
    for name in reversed(names):
        field = descriptor.fields_by_name.get(name)
        if field is None or field.message_type is None or is_opaque(field.message_type):
            return None
        descriptor = field.message_type
    return _Context(descriptor, frozenset(_siblings(text, offset)))


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


def _root_type(config: Config) -> Any:
    """The type of a file; of an empty one, a pipeline's."""
    if not config.document.root.fields:
        return DIALECTS[0].root.DESCRIPTOR
    return config.message.DESCRIPTOR
