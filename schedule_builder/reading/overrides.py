"""Overrides: values that replace those of a file, such as `train_config.num_steps=5000`."""

from __future__ import annotations

from typing import Any

from schedule_builder.diagnostics import Report, Source, Span, Words
from schedule_builder.reading.field_paths import FieldNames, PathError, Step, element_index
from schedule_builder.reading.fields import schema_of
from schedule_builder.reading.findings import SYNTAX
from schedule_builder.reading.tree import Block, Document, Field, Scalar, Sequence, Value, moved
from schedule_builder.reading.typed_values import typed_value

FILENAME = "--set"
"""The name that overrides go by in findings."""


def override(document: Document, descriptor: Any, text: str, report: Report) -> None:
    """Puts a value into a document, at its path.

    Missing blocks are added, and a member of a oneof replaces the one that is set. Errors in the
    text are reported under the file name `--set`.

    Args:
        document: what to change.
        descriptor: the type of the whole message.
        text: a path of fields, `=` and a value.
        report: where errors go.
    """
    base = report.append(Source(FILENAME, text))
    try:
        _override(document, descriptor, text, base)
    except PathError as error:
        start, end = error.at
        report.add(error.kind, Span(base + start, base + end), error.words)


def split(text: str) -> tuple[str, str]:
    """The path of a field, and the value that is to be given to it.

    Raises:
        PathError: there is no `=`.
    """
    path, equals, value = text.partition("=")
    if not equals:
        words = Words(
            "expected a path of fields, `=` and a value, such as `train_config.num_steps=5000`"
        )
        raise PathError(SYNTAX, (0, len(text)), words)
    return path, value


def value_after(path: str, text: str, step: Step, document: Document) -> Value:
    """The value that was typed for a field, with places in the whole text.

    Raises:
        PathError: this is not one value.
    """
    shift = len(path) + 1
    try:
        return moved(typed_value(text, step, document.syntax), shift)
    except PathError as error:
        raise PathError(
            error.kind, (error.at[0] + shift, error.at[1] + shift), error.words
        ) from None


def _override(document: Document, descriptor: Any, text: str, base: int) -> None:
    path, typed = split(text)
    # A document remembers its elements, and each of these changes the tree.
    document = document._replace()
    *before, step = FieldNames(document, descriptor).resolve(
        path, is_value=not typed.lstrip().startswith("{")
    )
    if step.declared is None:
        return  # no schedule depends on it
    value = moved(value_after(path, typed, step, document), base)
    block = document.root
    for outer in before:
        block = _inner(block, descriptor, outer, base)
        descriptor = outer.declared.message if outer.declared is not None else None
    if step.is_element:
        items, position = _element(block, step)
        if step.appends:
            items.append(value)
        else:
            items[position] = value
        return
    start, end = step.at
    _put(block, descriptor, Field(step.name, base + start, base + end, value))


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


def _inner(block: Block, descriptor: Any, step: Step, base: int) -> Block:
    """The block that a step of the path leads to."""
    start, end = (base + at for at in step.at)
    if step.is_element:
        items, position = _element(block, step)
        if step.appends:
            found: Value = Block(start)
            found.end = end
            items.append(found)
        else:
            found = items[position]
    else:
        value = next((f.value for f in block.fields if f.name == step.name), None)
        if value is None or (isinstance(value, Scalar) and not value.quoted):
            value = Block(start)
            value.end = end
            _put(block, descriptor, Field(step.name, start, end, value))
        found = value
    if not isinstance(found, Block):
        words = Words(
            "`{step}` is not a block in the file. Make it one there first", step=step.text
        )
        raise PathError(SYNTAX, step.at, words)
    return found


class _Fields:
    """The values of fields of one name, which text format repeats, as a list."""

    def __init__(self, block: Block, step: Step) -> None:
        self.block = block
        self.step = step
        self.fields = [field for field in block.fields if field.name == step.name]

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, index: int) -> Value:
        return self.fields[index].value

    def __setitem__(self, index: int, value: Value) -> None:
        self.fields[index].value = value

    def append(self, value: Value) -> None:
        self.block.fields.append(Field(self.step.name, value.start, value.start, value))


def _element(block: Block, step: Step) -> tuple[_Fields | list[Value], int]:
    fields = _Fields(block, step)
    only = fields[0] if len(fields) == 1 else None
    items = only.items if isinstance(only, Sequence) else fields
    return items, element_index(step, len(items))
