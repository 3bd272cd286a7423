"""What a file says, without its places, and with other values in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any, TypeAlias

from schedule_builder.diagnostics import FieldPath
from schedule_builder.reading.tree import Document, Scalar, Sequence, Value

Contents: TypeAlias = "dict[str, Any]"
"""The names of fields, each with the list of what it holds."""


def contents_of(document: Document) -> Contents:
    """The contents of a whole file."""
    found: Contents = contents(document.root)
    return found


def contents(value: Value) -> Any:
    """A value without its places."""
    if isinstance(value, Scalar):
        return value.text, value.quoted
    if isinstance(value, Sequence):
        return [contents(item) for item in value.items]
    found: Contents = {}
    for field in value.fields:
        inner = contents(field.value)
        found.setdefault(field.name, []).extend(inner if isinstance(inner, list) else [inner])
    return {name: values for name, values in found.items() if values}


def _copied(tree: Contents) -> Contents:
    """A tree that can be changed at its top."""
    return {name: list(values) for name, values in tree.items()}


def with_value(tree: Contents, path: FieldPath, value: Any) -> Contents:
    """A tree with another value at a path."""
    tree = _copied(tree)
    name, rest = path[0], path[1:]
    values = tree.setdefault(str(name), [])
    index = rest[0] if rest and isinstance(rest[0], int) else None
    rest = rest[1:] if index is not None else rest
    if not rest and index is None:
        tree[str(name)] = list(value) if isinstance(value, list) else [value]
        if not tree[str(name)]:
            del tree[str(name)]
        return tree
    at = index or 0
    inner = values[at] if at < len(values) and isinstance(values[at], dict) else {}
    values[at : at + 1] = [with_value(inner, rest, value) if rest else value]
    return tree


def with_values(tree: Contents, values: Mapping[FieldPath, Any]) -> Contents:
    """A tree with other values at many paths, in time that grows with their number."""
    tree = deepcopy(tree)
    for path, value in values.items():
        put_value(tree, path, value)
    return tree


def put_value(tree: Contents, path: FieldPath, value: Any) -> None:
    """Puts a value, or all values of a field, into a tree, which changes."""
    block = _block_at(tree, path)
    if isinstance(path[-1], str):
        block[path[-1]] = list(value) if isinstance(value, list) else [value]
        if not block[path[-1]]:
            del block[path[-1]]
        return
    [(name, index)] = _steps(path[-2:])
    block.setdefault(name, [])[index : index + 1] = [value]


def remove_value(tree: Contents, path: FieldPath) -> None:
    """Takes a value, or all values of a field, out of a tree, which changes."""
    block = _block_at(tree, path)
    if isinstance(path[-1], str):
        del block[path[-1]]
        return
    [(name, index)] = _steps(path[-2:])
    del block[name][index]
    if not block[name]:
        del block[name]


def _block_at(tree: Contents, path: FieldPath) -> Contents:
    """The block that holds the last field of a path; what is missing on the way is added."""
    block: Any = tree
    for name, index in _steps(path[:-1] if isinstance(path[-1], str) else path[:-2]):
        inner = block.setdefault(name, [])
        if len(inner) == index:
            inner.append({})
        block = inner[index]
    found: Contents = block
    return found


def _steps(path: FieldPath) -> Iterator[tuple[str, int]]:
    """The fields of a path, each with the index of its element, 0 where the path has none."""
    for name, after in pairwise((*path, "")):
        if isinstance(name, str):
            yield name, after if isinstance(after, int) else 0


def without_value(tree: Contents, path: FieldPath) -> Contents:
    """A tree without the value at a path."""
    tree = _copied(tree)
    name, rest = str(path[0]), path[1:]
    index = rest[0] if rest and isinstance(rest[0], int) else None
    rest = rest[1:] if index is not None else rest
    if rest:
        values = tree[name]
        values[index or 0] = without_value(values[index or 0], rest)
        return tree
    if index is not None:
        del tree[name][index]
    if index is None or not tree[name]:
        del tree[name]
    return tree
