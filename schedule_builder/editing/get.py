"""Finds the value of a field in a file."""

from __future__ import annotations

import re
from typing import NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, Words, shown
from schedule_builder.editing.errors import set_error
from schedule_builder.printable import UNSEEN
from schedule_builder.reading.edits import block_at, element_at
from schedule_builder.reading.field_paths import (
    FieldNames,
    PathError,
    Step,
    element_index,
    value_at,
)
from schedule_builder.reading.fields import FieldSchema, dotted
from schedule_builder.reading.findings import WRONG_TYPE
from schedule_builder.reading.positions import line_before
from schedule_builder.reading.tree import Block, Document, Scalar, Value

LONGEST_SHOWN = 60
"""The most characters that are shown of a value that changes."""

_CONTROL = re.compile(f"[\0-\x08\x0b-\x1f{UNSEEN}]")


class Found(NamedTuple):
    """A field of a file, with its value and its default.

    Attributes:
        path: the field, from the top of the file.
        written: its value in the spelling of the file, as a setting takes it; None if it has none.
        text: the same; a text without its quotes.
        default: the value in force if the file has none; None if there is no default.
    """

    path: str
    written: str | None
    text: str | None
    default: str | None


def find(config: Config, field: str) -> Found:
    """Finds a field of a file, with its value and its default.

    Args:
        config: a config that was read from a text.
        field: its path, or as much of its end as only one field of the file has.

    Raises:
        SetError: the text names no field.
    """
    document = config.document
    try:
        steps = FieldNames(document, config.message.DESCRIPTOR).resolve(field, is_value=False)
        path = numbered(steps, document)
    except PathError as error:
        words = Words("`{field}`: {words}", field=shown(field), words=error.words)
        raise set_error(config.filename, words) from None
    values = values_at(document, path)
    texts = [_source_text(document, value) for value in values]
    written = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    only = values[0] if len(values) == 1 else None
    text = written
    if isinstance(only, Scalar) and only.quoted and not _CONTROL.search(only.text):
        text = only.text  # Others stay escaped, as they are written.
    declared = steps[-1].declared
    default = None
    if declared is not None and declared.default is not None and not declared.repeated:
        default = _default_text(declared)
    if not values:
        return Found(dotted(path), None, None, default)
    return Found(dotted(path), written, text, default)


def _source_text(document: Document, value: Value) -> str:
    """A value as the file writes it, its lines indented as far as the first one."""
    text = document.source.text
    lines = text[value.start : value.end].splitlines() or ["null"]
    column = document.source.position(value.start)[1] - 1
    if text[value.start : value.start + 1] in ("{", "<", "["):
        before = line_before(text, value.start)
        column = len(before) - len(before.lstrip())
    rest = [line[column:] if not line[:column].strip() else line for line in lines[1:]]
    return "\n".join([lines[0], *rest])


def _default_text(declared: FieldSchema) -> str:
    if declared.enum is not None:
        return str(declared.enum.values_by_number[declared.default].name)
    if declared.kind == "bool":
        return str(declared.default).lower()
    return str(declared.default)


def numbered(steps: list[Step], document: Document) -> FieldPath:
    """The path of a field, with elements counted from 0; a new one has the next number.

    Raises:
        PathError: the file does not have an element, or has a value where a block would have to be.
    """
    path: list[str | int] = []
    block: Block | None = document.root
    for number, step in enumerate(steps):
        path.append(step.name)
        count = len(document.elements(block, step.name)) if block is not None else 0
        if step.is_element:
            path.append(element_index(step, count))
        value = value_at(document, block, step) if block is not None else None
        is_null = (
            isinstance(value, Scalar) and not value.quoted and document.syntax.null(value.text)
        )
        if number < len(steps) - 1 and not (value is None or is_null or isinstance(value, Block)):
            words = Words(
                "`{step}` is not a block in the file. Make it one there first", step=step.text
            )
            raise PathError(WRONG_TYPE, step.at, words)
        block = value if isinstance(value, Block) else None
    return tuple(path)


def values_at(document: Document, path: FieldPath) -> list[Value]:
    """The values that a path leads to: one, or those of a list."""
    if isinstance(path[-1], str):
        block = block_at(document, path[:-1])
        return [e.value for e in document.elements(block, path[-1])] if block is not None else []
    found = element_at(document, path)
    return [found.value] if found is not None else []


def written_at(document: Document, path: FieldPath) -> str | None:
    """The value at a path in the spelling of the file, on one line; None if it has none."""
    values = values_at(document, path)
    text = document.source.text
    texts = [
        shown(text[value.start : value.end] if value.end > value.start else "null", LONGEST_SHOWN)
        for value in values
    ]
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
