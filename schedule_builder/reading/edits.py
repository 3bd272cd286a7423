"""Changes of a file's text that leave everything else in it, comments and layout, as it was."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable

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
from schedule_builder.reading.tree import Block, Document, Element, Field, Scalar, Value

_SEPARATOR = re.compile(r"[ \t]*[,;]")
_REST = re.compile(r"[ \t]*(#[^\r\n]*)?(?:\r?\n|\Z)")
_PROPERTIES = re.compile(r"(?:(?<![^\s\[,-])[&!][^\s,\[\]{}]*[ \t]+)+\Z")
_BLANKS = re.compile(r"[ \t]+")
_COMMENT = re.compile(r"#[^\r\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")


def fix_of(document: Document, repair: Repair) -> Fix | None:
    """The edits of a document that make a repair; None where the place is not in its text.

    Nor are there any where they could change what stands elsewhere for the same value.
    """
    if document.has_aliases:
        return None
    text = document.source.text
    edits: list[Edit] = []
    for change in repair.changes:
        edit = edit_of(document, change)
        if edit is None:
            return None
        is_inside = edits and edits[-1].start == edits[-1].end
        if is_inside and not _are_apart(edits[-1], edit):
            edit = _merged(edits.pop(), edit, text)
        edits.append(edit)
    return Fix(repair.title, tuple(edits), repair.safe)


def edit_of(document: Document, change: Set | Remove) -> Edit | None:
    """The edit of a document that makes a change; None where the place is not in its text."""
    if isinstance(change, Remove):
        edit = _removal(document, change.path)
    else:
        edit = _setting(document, change.path, _spelling(document, change))
    return edit if edit is not None and edit.end <= len(document.source.text) else None


def _merged(insertion: Edit, removal: Edit, text: str) -> Edit:
    """What is put in before a stretch that is taken out takes its place."""
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

    One that overlaps with an earlier one is left for the next time.
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
    return one.end < other.start or other.end < one.start


def without(text: str, start: int, end: int) -> Edit:
    """Takes a stretch out of a text: with its separator, and its lines where they are its own.

    Comments in it and after it stay.
    """
    line_start = text.rfind("\n", 0, start) + 1
    separator = _SEPARATOR.match(text, end)
    if separator:
        end = separator.end()
    rest = _REST.match(text, end)
    comments = [m[0] for m in _COMMENT.finditer(text, start, end) if m[0][0] == "#"]
    indent = text[line_start:start]
    before = start
    while text[before - 1 : before].isspace():
        before -= 1
    if text[before - 1 : before] == "," and not separator and not comments:
        return Edit(before - 1, end, "")
    if rest is not None and not indent.strip():
        if rest[1]:
            comments.append(rest[1])
        newline = "\r\n" if rest[0].endswith("\r\n") else "\n"
        kept = "".join(f"{indent}{comment}{newline}" for comment in comments)
        return Edit(line_start, rest.end(), kept)
    if rest is not None and not rest[1] and indent.strip(" \t") == "-":
        # What follows takes the place beside the dash.
        end = rest.end()
    if separator or not indent.strip(" \t-"):
        blanks = _BLANKS.match(text, end)
        end = blanks.end() if blanks else end
    else:
        start -= len(indent) - len(indent.rstrip(" \t"))
    newline = "\r\n" if "\r\n" in text else "\n"
    return Edit(start, end, "".join(f" {comment}{newline}" for comment in comments))


def dead_copy(source: Source, field: Field) -> Fix | None:
    """Removes a scalar that is given again below: the last copy is what loaders keep."""
    is_anchor = "&" in source.text[field.end : field.value.end]
    if not isinstance(field.value, Scalar) or is_anchor:
        return None
    edit = without(source.text, field.start, field.value.end)
    return Fix(f"Remove the first `{shown(field.name)}`, which has no effect", (edit,), safe=True)


def _dash(text: str, start: int) -> int:
    """Where the dash stands that an entry of a YAML list follows, or else the entry's own start."""
    at = text.rfind("\n", 0, start) + 1
    if properties := _PROPERTIES.search(text, at, start):
        start = properties.start()
    before = text[at:start].strip()
    while before != "-":
        if (before and not before.startswith("#")) or not at:
            return start
        at, end = text.rfind("\n", 0, at - 1) + 1, at - 1
        before = text[at:end].strip()
        if before.startswith("-"):
            before = before.partition("#")[0].rstrip()
    return text.index("-", at)


def _find(document: Document, path: FieldPath) -> Element | None:
    """What a path leads to."""
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


def merge_key_of(document: Document, path: FieldPath) -> Field | None:
    """The merge key of YAML (`<<`) that puts a field where it is; None for any other field."""
    for length in range(1, len(path) + 1):
        found = _find(document, path[:length])
        if found is not None and id(found.field) in document.merged:
            return document.merged[id(found.field)]
    return None


def _removal(document: Document, path: FieldPath) -> Edit | None:
    found = _find(document, path)
    if found is None:
        return None
    field, value, sequence = found
    if sequence is not None and len(sequence.items) > 1:
        start = _dash(document.source.text, value.start)
        return without(document.source.text, start, value.end)
    return without(document.source.text, field.start, field.value.end)


def _spelling(document: Document, change: Set) -> str:
    """The text of a new value: as the file writes it elsewhere, where it is from there."""
    found = _find(document, change.like) if change.like else None
    if found is None or not isinstance(found.value, Scalar):
        return change.text
    return document.source.text[found.value.start : found.value.end] or change.text


def _setting(document: Document, path: FieldPath, text: str) -> Edit | None:
    found = _find(document, path)
    if found is not None:
        value = found[1]
        return Edit(value.start, value.end, text) if isinstance(value, Scalar) else None
    parent = _find(document, path[:-1]) if path[:-1] else None
    block = parent[1] if parent is not None else document.root
    if not isinstance(block, Block) or not block.fields:
        return None
    source = document.source.text
    first = block.fields[0].start
    line = source[source.rfind("\n", 0, first) + 1 : first]
    quote = '"' if source[first] == '"' else ""
    given = f"{quote}{path[-1]}{quote}: {text}"
    is_flow = source[block.start : block.start + 1] == "{"
    if not line.strip(" \t-"):
        newline = "\r\n" if "\r\n" in source else "\n"
        comma = "," if is_flow and document.syntax.explicit_lists else ""
        return Edit(first, first, f"{given}{comma}{newline}{line.replace('-', ' ')}")
    return Edit(first, first, f"{given}, " if document.syntax.explicit_lists else f"{given} ")
