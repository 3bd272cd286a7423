"""Edits of a file's text that keep everything else in it, with comments and layout."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Any, NamedTuple

from schedule_builder.diagnostics import (
    Diagnostic,
    Edit,
    FieldPath,
    Fix,
    Remove,
    Repair,
    Set,
    Source,
    shown,
)
from schedule_builder.reading.fields import schema_of
from schedule_builder.reading.layout import Layout
from schedule_builder.reading.positions import begins_line, blanks_before, dash_before, own_end
from schedule_builder.reading.spelling import Spelling
from schedule_builder.reading.tree import Block, Document, Element, Field, Scalar, Sequence, Value

_SEPARATOR = re.compile(r"[ \t]*[,;]")
_REST = re.compile(r"[ \t]*(#[^\r\n]*)?(?:\r?\n|\Z)")
_COLON = re.compile(r"[ \t]*:")
_BLANKS = re.compile(r"[ \t]+")
_COMMENT = re.compile(r"#[^\r\n]*|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'")


def fix_of(document: Document, repair: Repair, descriptor: Any = None) -> Fix | None:
    """The edits of a document for a repair; None if the place is not in its text.

    Also None where an edit could change other values, which repeat this one.

    Args:
        document: what to change.
        repair: the changes.
        descriptor: the type of its message, which says where a new field stands.
    """
    if document.has_aliases:
        return None
    text = document.source.text
    edits: list[Edit] = []
    for change in repair.changes:
        found = edits_of(document, change, descriptor)
        if found is None:
            return None
        for edit in found:
            is_inside = edits and edits[-1].start == edits[-1].end
            if is_inside and not _are_apart(edits[-1], edit):
                edits.append(_merged(edits.pop(), edit, text))
            else:
                edits.append(edit)
    return Fix(repair.title, tuple(edits), repair.safe)


def edits_of(document: Document, change: Set | Remove, descriptor: Any = None) -> list[Edit] | None:
    """The edits of a document that make a change; None where the place is not in its text.

    Args:
        document: what to change.
        change: the change.
        descriptor: the type of its message, which says where a new field stands.
    """
    if isinstance(change, Remove):
        edits = removal(document, change.path)
    else:
        edits = _setting(document, change.path, _spelling(document, change), descriptor)
    length = len(document.source.text)
    return edits if edits is not None and all(e.end <= length for e in edits) else None


def _merged(insertion: Edit, removal: Edit, text: str) -> Edit:
    """Merges an insertion with the removal of the range after it: a replacement."""
    indent = text[removal.start : insertion.start]
    return removal._replace(text=indent + insertion.text.removesuffix(indent) + removal.text)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap."""
    pieces, at = [], 0
    for edit in sorted(edits):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at:]])


def apply_fixes(
    text: str, diagnostics: Iterable[Diagnostic], *, unsafe: bool = False
) -> tuple[str, int]:
    """The text after the fixes of its findings, and how many of them were made.

    A fix that overlaps an earlier one is left for the next run.
    """
    edits: list[Edit] = []
    count = 0
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or not (fix.safe or unsafe):
            continue
        places = [(edit, bisect_left(edits, edit)) for edit in fix.edits]
        if all(
            _are_apart(edit, other)
            for edit, at in places
            for other in edits[max(at - 1, 0) : at + 1]
        ):
            for edit in fix.edits:
                insort(edits, edit)
            count += 1
    return apply(text, edits), count


def _are_apart(one: Edit, other: Edit) -> bool:
    """Whether two edits can be made together: where they touch, they only take text out."""
    if one.end < other.start or other.end < one.start:
        return True
    is_removal = not one.text and not other.text and one.start < one.end and other.start < other.end
    return is_removal and (one.end == other.start or other.end == one.start)


def without(text: str, start: int, end: int) -> Edit:
    """Removes a range of a text, with its separator, and with its lines if nothing else is on them.

    Comments in it and after it stay.
    """
    # Only what is near is looked at: all fields of a file may stand on one line.
    dash = blanks_before(text, start, " \t-")
    is_first = not dash or text[dash - 1] == "\n"
    is_alone = begins_line(text, start)
    separator = _SEPARATOR.match(text, end)
    if separator:
        end = separator.end()
    rest = _REST.match(text, end)
    comments = [m[0] for m in _COMMENT.finditer(text, start, end) if m[0][0] == "#"]
    before = start
    while text[before - 1 : before].isspace():
        before -= 1
    if text[before - 1 : before] == "," and not separator and not comments:
        return Edit(before - 1, end, "")
    if rest is not None and is_alone:
        if rest[1]:
            comments.append(rest[1])
        newline = "\r\n" if rest[0].endswith("\r\n") else "\n"
        line_start = blanks_before(text, start)
        indent = text[line_start:start]
        kept = "".join(f"{indent}{comment}{newline}" for comment in comments)
        return Edit(line_start, rest.end(), kept)
    if rest is not None and not rest[1] and is_first and text.count("-", dash, start) == 1:
        # The next field moves beside the dash.
        end = rest.end()
    if separator or is_first:
        blanks = _BLANKS.match(text, end)
        end = blanks.end() if blanks else end
    else:
        start = blanks_before(text, start)
    newline = "\r\n" if "\r\n" in text[start:end] else "\n"
    return Edit(start, end, "".join(f" {comment}{newline}" for comment in comments))


def dead_copy(source: Source, field: Field) -> Fix | None:
    """Removes a scalar that is given again below, as loaders keep the last copy."""
    is_anchor = "&" in source.text[field.end : field.value.end]
    if not isinstance(field.value, Scalar) or is_anchor:
        return None
    edit = without(source.text, field.start, field.value.end)
    return Fix(f"Remove the first `{shown(field.name)}`, which has no effect", (edit,), safe=True)


def element_at(document: Document, path: FieldPath) -> Element | None:
    """The element at a path."""
    value: Value = document.root
    found: Element | None = None
    steps = list(path)
    while steps:
        elements = document.elements(value, str(steps.pop(0))) if isinstance(value, Block) else []
        index = steps.pop(0) if steps and isinstance(steps[0], int) else 0
        if not isinstance(index, int) or index >= len(elements):
            return None
        found = elements[index]
        value = found.value
    return found


def block_at(document: Document, path: FieldPath) -> Block | None:
    """The block at a path; None where there is something else, or nothing."""
    if not path:
        return document.root
    found = element_at(document, path)
    return found.value if found is not None and isinstance(found.value, Block) else None


def merge_key_of(document: Document, path: FieldPath) -> Field | None:
    """The merge key of YAML (`<<`) that puts a field where it is; None for any other field."""
    for length in range(1, len(path) + 1):
        found = element_at(document, path[:length])
        if found is not None and id(found.field) in document.merged:
            return document.merged[id(found.field)]
    return None


def removal(document: Document, path: FieldPath) -> list[Edit] | None:
    """The edits that remove a field, or an element of one; None if it is not in the text."""
    found = element_at(document, path)
    if found is None or id(found.field) in document.merged:
        return None
    text = document.source.text
    field, value, sequence = found
    if field.start >= len(text):
        return None  # from `--set`
    if sequence is not None and len(sequence.items) > 1 and isinstance(path[-1], int):
        if not field.end <= sequence.start <= value.start < sequence.end:
            return None
        start = dash_before(text, value.start)
        return [without(text, start, _own_item_end(sequence, value))]
    edit = without(text, field.start, own_end(text, field))
    parent = element_at(document, path[:-1] if isinstance(path[-1], str) else path[:-2])
    if parent is not None and (empty := _emptied(document, parent, field, edit)) is not None:
        return empty
    return [edit]


class Removed(NamedTuple):
    """What a removal takes out of a text.

    Attributes:
        owner: the `id` of the list or the block that it is taken from.
        parts: how many parts of that may be removed before the rest is written in another way.
        elements: how many elements the field has.
        spans: the edits, each with the range that it is about.
    """

    owner: int
    parts: int
    elements: int
    spans: tuple[tuple[Edit, tuple[int, int]], ...]


def removed(document: Document, path: FieldPath) -> Removed | None:
    """What removing an element, or a field with all its repetitions, takes out of a text."""
    is_element = isinstance(path[-1], int)
    block = block_at(document, path[:-2] if is_element else path[:-1])
    if block is None:
        return None
    text = document.source.text
    elements = document.elements(block, str(path[-2] if is_element else path[-1]))
    at = path[-1]
    chosen = elements if isinstance(at, str) else [elements[at]] if at < len(elements) else []
    fields = dict.fromkeys(element.field for element in chosen)
    if not fields or any(id(f) in document.merged or f.start >= len(text) for f in fields):
        return None
    field, value, sequence = chosen[0]
    if is_element and sequence is not None and len(sequence.items) > 1:
        if not field.end <= sequence.start <= value.start < sequence.end:
            return None
        span = dash_before(text, value.start), _own_item_end(sequence, value)
        edit = without(text, *span)
        return Removed(id(sequence), len(sequence.items) - 1, len(elements), ((edit, span),))
    spans = [(given.start, own_end(text, given)) for given in fields]
    is_flow = text[block.start : block.start + 1] == "{"
    # Without any field, a block of YAML is not a block.
    parts = len(block.fields) - (document.syntax.explicit_lists and not is_flow)
    edits = tuple((without(text, *span), span) for span in spans)
    return Removed(id(block), parts, len(elements), edits)


def _own_item_end(sequence: Sequence, value: Value) -> int:
    return value.end if value.end <= sequence.end else value.start


def _emptied(document: Document, at: Element, field: Field, edit: Edit) -> list[Edit] | None:
    """The edits that leave `{}` of a block of YAML when its only field is removed."""
    text, block = document.source.text, at.value
    is_flow = text[block.start : block.start + 1] == "{"
    own = block.fields if isinstance(block, Block) else []
    if not document.syntax.explicit_lists or is_flow or own != [field]:
        return None
    if at.sequence is not None:
        comments = edit.text.strip()
        return [Edit(field.start, own_end(text, field), "{}")] if not comments else None
    colon = _COLON.match(text, at.field.end)
    if colon is None or edit.start < colon.end():
        return None
    return [Edit(colon.end(), colon.end(), " {}"), edit]


def _spelling(document: Document, change: Set) -> str:
    """The text of a new value; a copied value keeps its spelling in the file."""
    found = element_at(document, change.like) if change.like else None
    if found is None or not isinstance(found.value, Scalar):
        return Spelling(document).word(change.text)
    return document.source.text[found.value.start : found.value.end] or change.text


def _setting(document: Document, path: FieldPath, text: str, descriptor: Any) -> list[Edit] | None:
    found = element_at(document, path)
    if found is not None:
        value = found[1]
        return [Edit(value.start, value.end, text)] if isinstance(value, Scalar) else None
    return put(Layout(document), path, Scalar(text, False, 0, 0), descriptor)


def put(layout: Layout, path: FieldPath, value: Value, descriptor: Any) -> list[Edit] | None:
    """The edits that give a field or an element a value; None where the text has no place for it.

    Blocks that are missing on the way are added. An element whose index is the number of elements
    is a new one.

    Args:
        layout: that of the document to change.
        path: the field.
        value: its value, as `Layout.as_written` gives it.
        descriptor: the type of the whole message, which says where a new field stands.
    """
    document = layout.document
    at, message, length = None, descriptor, 0
    while (end := _step_end(path, length)) < len(path):
        inner = element_at(document, path[:end])
        if inner is None:
            break
        at, message, length = inner, _message_in(message, path[length]), end
    block = document.root if at is None else at.value
    name, rest = str(path[length]), path[length:]
    elements = document.elements(block, name) if isinstance(block, Block) else []
    if isinstance(value, Sequence) and len(rest) == 1 and elements:
        return _put_list(document, elements, value, layout)
    if end == len(path) and (found := element_at(document, path)) is not None:
        return [_replaced(document, found.field, found, value, layout)]
    is_list = document.syntax.explicit_lists
    field = _nested(rest, value, is_list=is_list)
    if len(rest) > 1 and isinstance(rest[1], int) and elements:
        item = field.value.items[0] if isinstance(field.value, Sequence) else field.value
        edits = layout.added_item(elements, item)
        if edits is not None or is_list:
            return edits
        return layout.added_field(at, message, field, beside=elements[-1].field)
    given = block.fields if isinstance(block, Block) else []
    for empty in given:
        if empty.name == name and isinstance(empty.value, Sequence):
            return [_replaced(document, empty, None, field.value, layout)]
    return layout.added_field(at, message, field)


def _step_end(path: FieldPath, length: int) -> int:
    """The end of the step that begins at a place of a path, with its index if it has one."""
    has_index = any(isinstance(part, int) for part in path[length + 1 : length + 2])
    return length + 2 if has_index else length + 1


def _message_in(descriptor: Any, name: str | int) -> Any:
    """The message type of a field; None if no schema describes it."""
    declared = schema_of(descriptor).get(str(name)) if descriptor is not None else None
    return declared.message if declared is not None else None


def _nested(path: FieldPath, value: Value, *, is_list: bool) -> Field:
    """A field with the blocks in it that lead to a value."""
    inner = value
    for part in reversed(path[1:]):
        outer: Block | Sequence
        if isinstance(part, str):
            outer = Block(0)
            outer.fields.append(Field(part, 0, 0, inner))
        elif is_list:
            outer = Sequence(0)
            outer.items.append(inner)
        else:
            continue
        inner = outer
    return Field(str(path[0]), 0, 0, inner)


def _replaced(
    document: Document, field: Field, at: Element | None, value: Value, layout: Layout
) -> Edit:
    """The edit that replaces the value of a field, or of one of its elements."""
    text = document.source.text
    old = field.value if at is None else at.value
    written = layout.inline(value)
    if isinstance(old, Scalar) and isinstance(value, Scalar):
        written = layout.scalar(value, like=text[old.start : old.end])
        return Edit(old.start, old.end, written if old.start < old.end else f" {written}")
    if at is not None and at.sequence is not None:
        return Edit(old.start, old.end, written)
    colon = _COLON.match(text, field.end)
    if isinstance(value, Sequence) and not layout.is_yaml:
        return Edit(field.end, old.end, f": {written}")
    if layout.is_yaml and not isinstance(old, Scalar) and colon is not None:
        return Edit(colon.end(), own_end(text, field), f" {written}")
    return Edit(old.start, old.end, written if old.start < old.end else f" {written}")


def _put_list(
    document: Document, elements: list[Element], value: Sequence, layout: Layout
) -> list[Edit]:
    """The edits that make a list of the elements that are there."""
    values = [*(element.value for element in elements), *value.items]
    if len(elements) == len(value.items) and all(isinstance(v, Scalar) for v in values):
        return [
            _replaced(document, element.field, element, item, layout)
            for element, item in zip(elements, value.items, strict=True)
            if not is_same(element.value, item)
        ]
    first, *others = dict.fromkeys(element.field for element in elements)
    text = document.source.text
    removed = [without(text, field.start, own_end(text, field)) for field in others]
    return [_replaced(document, first, None, value, layout), *removed]


def is_same(one: Value, other: Value) -> bool:
    """Whether two values are written alike."""
    return (
        isinstance(one, Scalar)
        and isinstance(other, Scalar)
        and (one.text, one.quoted) == (other.text, other.quoted)
    )
