"""Values in place of a file's, as a launcher gives them: `train_config.num_steps=5000`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from schedule_builder.diagnostics import Kind, Report, Source, Span, did_you_mean
from schedule_builder.reading.binding import (
    UNKNOWN_FIELD,
    is_opaque,
    is_open,
    schema_of,
    unknown_field,
)
from schedule_builder.reading.tree import (
    SYNTAX,
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Value,
    moved,
)

FILENAME = "--set"
"""The name that overrides go by in findings."""

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


class _Refusal(Exception):
    def __init__(self, kind: Kind, at: tuple[int, int], message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.at = at


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
        _override(document.root, descriptor, text, base, read)
    except _Refusal as refusal:
        start, end = refusal.at
        report.add(refusal.kind, Span(base + start, base + end), str(refusal))


def _override(
    block: Block,
    descriptor: Any,
    text: str,
    base: int,
    read: Callable[[Source, Report], Document],
) -> None:
    before, equals, _ = text.partition("=")
    path = before.rstrip()
    if not equals:
        message = "a path of fields, `=` and a value are expected: `train_config.num_steps=5000`"
        raise _Refusal(SYNTAX, (0, len(text)), message)
    at = 0
    while True:
        step = _STEP.match(path, at)
        if step is None or path[step.end() : step.end() + 1] not in ("", "."):
            raise _Refusal(SYNTAX, (at, len(path)), "the name of a field is expected in this path")
        name, index = step[1], int(step[2]) if step[2] else None
        declared = schema_of(descriptor).get(name)
        is_kept = is_opaque(descriptor) or is_open(descriptor)
        if declared is None and is_kept and not did_you_mean(name, schema_of(descriptor)):
            return  # something that no schedule depends on, as in the file
        if declared is None:
            found = _path_to(name, descriptor, block)
            meant = f"did you mean `{path[:at]}{found}`?" if found else ""
            words = f"{descriptor.name} has no field `{name}`: {meant}"
            if not meant:
                words = unknown_field(name, descriptor)
            raise _Refusal(UNKNOWN_FIELD, step.span(1), words)
        if index is not None and not declared.repeated:
            raise _Refusal(SYNTAX, step.span(), f"`{name}` is no list, and has no elements")
        if step.end() == len(path):
            break
        if declared.message is None:
            raise _Refusal(SYNTAX, step.span(), f"`{name}` is a value, and has no fields")
        if index is None and declared.repeated:
            raise _Refusal(SYNTAX, step.span(1), f"`{name}` is a list: say which, `{name}[0]`")
        block = _inner(block, descriptor, step, base)
        descriptor, at = declared.message, step.end() + 1

    field = _field(text, step.span(1), len(before), base, read)
    if index is not None:
        items, position = _element(block, step)
        items[position] = field.value
        return
    if declared.kind == "string" and isinstance(field.value, Scalar):
        field.value.quoted = True
    _put(block, descriptor, field)


def _path_to(name: str, descriptor: Any, block: Block | None) -> str:
    """Where a field of that name is further inside, by what the file has; empty where nowhere."""
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
        why = f": {own.diagnostics[0].message}" if own.diagnostics else ""
        raise _Refusal(SYNTAX, (equals + 1, len(text)), f"one value is expected after the `=`{why}")
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
        raise _Refusal(SYNTAX, step.span(), f"`{step[0]}` is no block in the file")
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
        there = f"{len(items)}, counted from 0" if len(items) else "none"
        message = f"`{step[1]}` has no element {index}: the file has {there}"
        raise _Refusal(SYNTAX, step.span(), message)
    return items, index
