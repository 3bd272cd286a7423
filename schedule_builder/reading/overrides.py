"""Values that replace those of a file, as a launcher gives them: `train_config.num_steps=5000`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from schedule_builder.diagnostics import Kind, Report, Source, Span, Words, did_you_mean
from schedule_builder.reading.fields import FieldSchema, is_opaque, is_open, schema_of
from schedule_builder.reading.findings import SYNTAX, UNKNOWN_FIELD
from schedule_builder.reading.tree import (
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Syntax,
    Value,
    moved,
)
from schedule_builder.reading.unknown_fields import Where, unknown_field

FILENAME = "--set"
"""The name that overrides go by in findings."""

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


class _Refusal(Exception):
    def __init__(self, kind: Kind, at: tuple[int, int], words: Words) -> None:
        super().__init__()
        self.kind = kind
        self.at = at
        self.words = words


def override(
    document: Document,
    descriptor: Any,
    text: str,
    report: Report,
    read: Callable[[Source, Report], Document],
) -> None:
    """Puts a value into a document, at its path.

    What is missing on the way is added, and a member of a oneof takes the place of another one.
    What is wrong with the text is reported at it, under the name `--set`.

    Args:
        document: what to change.
        descriptor: the type of the whole message.
        text: a path of fields, `=` and a value in the syntax of the file.
        report: where errors go.
        read: the reader of the file's format.
    """
    base = report.append(Source(FILENAME, text))
    try:
        _override(document, descriptor, text, base, read)
    except _Refusal as refusal:
        start, end = refusal.at
        report.add(refusal.kind, Span(base + start, base + end), refusal.words)


def _override(
    document: Document,
    descriptor: Any,
    text: str,
    base: int,
    read: Callable[[Source, Report], Document],
) -> None:
    block = document.root
    before, equals, _ = text.partition("=")
    path = before.rstrip()
    if not equals:
        words = Words(
            "expected a path of fields, `=` and a value, such as `train_config.num_steps=5000`"
        )
        raise _Refusal(SYNTAX, (0, len(text)), words)
    at = 0
    while True:
        step = _STEP.match(path, at)
        if step is None or path[step.end() : step.end() + 1] not in ("", "."):
            raise _Refusal(SYNTAX, (at, len(path)), Words("expected the name of a field"))
        declared = _declared(step, path[:at], descriptor, block, document.syntax)
        if declared is None:
            return  # something that no schedule depends on, as in the file
        if step.end() == len(path):
            break
        _check_is_block(step, declared)
        block = _inner(block, descriptor, step, base)
        descriptor, at = declared.message, step.end() + 1

    field = _field(text, step.span(1), len(before), base, read)
    if step[2]:
        items, position = _element(block, step)
        items[position] = field.value
        return
    if declared.kind == "string" and isinstance(field.value, Scalar):
        field.value.quoted = True
    _put(block, descriptor, field)


def _declared(
    step: re.Match[str], before: str, descriptor: Any, block: Block, syntax: Syntax
) -> FieldSchema | None:
    """The field that a step of the path names; None for one that is kept and not judged."""
    name = step[1]
    declared = schema_of(descriptor).get(name)
    if declared is None:
        is_kept = is_opaque(descriptor) or is_open(descriptor)
        if is_kept and not did_you_mean(name, schema_of(descriptor)):
            return None
        around = re.findall(r"\w+(?=(?:\[\d+\])?\.)", before)
        where = Where(descriptor, around[-1] if around else "", syntax)
        words = unknown_field(name, None, where).words
        if found := _path_to(name, descriptor, block):
            words = Words(
                "unknown field `{name}`: did you mean `{path}`?", name=name, path=before + found
            )
        raise _Refusal(UNKNOWN_FIELD, step.span(1), words)
    if step[2] and not declared.repeated:
        words = Words("`{name}` is not a list: remove the index", name=name)
        raise _Refusal(SYNTAX, step.span(), words)
    return declared


def _check_is_block(step: re.Match[str], declared: FieldSchema) -> None:
    """Refuses a path through what has no fields."""
    name = declared.name
    if declared.message is None:
        raise _Refusal(
            SYNTAX, step.span(), Words("`{name}` is a single value and has no fields", name=name)
        )
    if not step[2] and declared.repeated:
        words = Words("`{name}` is a list: choose an element, such as `{name}[0]`", name=name)
        raise _Refusal(SYNTAX, step.span(1), words)


def _path_to(name: str, descriptor: Any, block: Block | None) -> str:
    """Where a field of that name is further inside, by what the file has; empty if none."""
    pending = [("", descriptor, block)]
    seen = set()
    for path, inner, part in pending:
        if inner.full_name in seen or is_opaque(inner):
            continue
        seen.add(inner.full_name)
        given = {field.name: field.value for field in part.fields} if part is not None else {}
        for declared in sorted(schema_of(inner).values(), key=lambda d: d.name not in given):
            if declared.name == name and path:
                return path + name
            if declared.message is not None and not declared.repeated:
                value = given.get(declared.name)
                known = value if isinstance(value, Block) else None
                pending.append((f"{path}{declared.name}.", declared.message, known))
    return ""


def _field(
    text: str,
    name: tuple[int, int],
    equals: int,
    base: int,
    read: Callable[[Source, Report], Document],
) -> Field:
    """The field that an override gives, read as the file's format reads `name: value`."""
    start, end = name
    own = Report(Source(FILENAME, f"{text[start:end]}: {text[equals + 1 :]}"))
    fields = read(own.source, own).root.fields
    # The colon and its blank take two characters, the `=` took one.
    shift = base + equals - 1 - (end - start)
    if own.diagnostics or len(fields) != 1:
        why = Words(": {words}", words=own.diagnostics[0].words) if own.diagnostics else ""
        words = Words("expected one value after the `=`{why}", why=why)
        raise _Refusal(SYNTAX, (equals + 1, len(text)), words)
    value = moved(fields[0].value, shift)
    return Field(text[start:end], base + start, base + end, value)


def _put(block: Block, descriptor: Any, field: Field) -> None:
    """Gives a field to a block, in place of the one that is there or excludes it."""
    schema = schema_of(descriptor)
    oneof = schema[field.name].oneof
    block.fields = [
        other
        for other in block.fields
        if other.name != field.name
        and (oneof is None or other.name not in schema or schema[other.name].oneof != oneof)
    ]
    block.fields.append(field)


def _inner(block: Block, descriptor: Any, step: re.Match[str], base: int) -> Block:
    """The block that a step of the path leads to."""
    if step[2]:
        items, position = _element(block, step)
        found: Value = items[position]
    else:
        value = next((f.value for f in block.fields if f.name == step[1]), None)
        if value is None or (isinstance(value, Scalar) and not value.quoted):
            start, end = (base + at for at in step.span(1))
            value = Block(start)
            value.end = end
            _put(block, descriptor, Field(step[1], start, end, value))
        found = value
    if not isinstance(found, Block):
        words = Words("`{step}` is not a block in the file", step=step[0])
        raise _Refusal(SYNTAX, step.span(), words)
    return found


class _Fields:
    """The values of fields of one name, which text format repeats, as a list."""

    def __init__(self, fields: list[Field]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, index: int) -> Value:
        return self.fields[index].value

    def __setitem__(self, index: int, value: Value) -> None:
        self.fields[index].value = value


def _element(block: Block, step: re.Match[str]) -> tuple[_Fields | list[Value], int]:
    fields = [f for f in block.fields if f.name == step[1]]
    values = fields[0].value if len(fields) == 1 else None
    items = values.items if isinstance(values, Sequence) else _Fields(fields)
    index = int(step[2])
    if index >= len(items):
        there = Words("{count}, counted from 0", count=len(items)) if items else Words("none")
        words = Words(
            "`{name}` has no element {index}: the file has {there}",
            name=step[1],
            index=index,
            there=there,
        )
        raise _Refusal(SYNTAX, step.span(), words)
    return items, index
