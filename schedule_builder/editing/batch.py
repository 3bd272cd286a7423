"""Edits of one text that can be made together, as none of them changes what the others are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from schedule_builder.diagnostics import Edit, FieldPath
from schedule_builder.editing.contents import Contents, put_value, remove_value
from schedule_builder.reading.edits import Removed, without
from schedule_builder.reading.fields import schema_of
from schedule_builder.reading.tree import Block, Field, Value

REMOVED = object()
"""In place of a value: the field is removed."""


class Made(NamedTuple):
    """One edit of a batch: a path in the file as the edits before leave it, and its new contents.

    The contents are `REMOVED` for a removal.
    """

    path: FieldPath
    contents: Any


class New(NamedTuple):
    """A value that is added.

    Attributes:
        path: its path.
        block: the innermost block, or the list, on the path that the text has.
        rank: where the schema has the field of that block that is on the path.
        members: the members of oneofs on the path, by their blocks and oneofs.
        replaces: the members that the text has in their place, if no value before replaces them.
        value: the value.
    """

    path: FieldPath
    block: FieldPath
    rank: int
    members: dict[tuple[FieldPath, str], str]
    replaces: list[FieldPath]
    value: Value

    @property
    def field(self) -> FieldPath:
        """The outermost part of the path that the text does not have."""
        return self.path[: len(self.block) + 1]

    def is_around(self, other: FieldPath) -> bool:
        """Whether another block is in this one, or this one in it."""
        length = min(len(other), len(self.block))
        return other[:length] == self.block[:length]

    @property
    def rest(self) -> FieldPath:
        """What follows that on the path."""
        return self.path[len(self.block) + 1 :]


class _Insertion(NamedTuple):
    """A text that is inserted at a place, for a field of a block or an element of a list."""

    block: FieldPath
    rank: int
    text: str


class Batch:
    """Edits that are still to be made, all of them in the text that was read last.

    Attributes:
        made: what they are to change.
        grows: whether fields or elements are added.
        shrinks: whether fields or elements are removed.
        replaced: the members of oneofs that give way to what is added. They are removed from the
            text that the edits give, where they are no longer the only field of a block.
    """

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.grows: bool = False
        self.shrinks: bool = False
        self.replaced: dict[FieldPath, None] = {}
        self._grown: set[FieldPath] = set()
        self._reshaped: set[FieldPath] = set()
        self._edits: list[Edit] = []
        self._insertions: dict[int, dict[FieldPath, _Insertion]] = {}
        self._fields: dict[FieldPath, list[New]] = {}
        self._members: dict[tuple[FieldPath, str], str] = {}
        self._removed: list[Removed] = []
        self._touched: set[FieldPath] = set()
        self._on_way: set[FieldPath] = set()
        self._left: dict[FieldPath, list[int]] = {}
        self._gone: dict[int, int] = {}
        self._added: dict[FieldPath, int] = {}

    def is_apart(self, path: FieldPath) -> bool:
        """Whether a path means the same as without these edits, and none of them touches it."""
        return path not in self._on_way and self.is_outside(path)

    def is_outside(self, path: FieldPath) -> bool:
        """Whether no edit touches a block that a path leads through, or moves it in a list."""
        starts = [path[:length] for length in range(1, len(path))]
        return not any(start in self._touched or start in self._left for start in starts)

    def replace(
        self, path: FieldPath, edits: list[Edit], contents: Any, *, is_scalar: bool
    ) -> bool:
        """Takes in edits that replace a value by another; False if they depend on other edits.

        Args:
            path: the value.
            edits: the edits.
            contents: its new contents.
            is_scalar: whether a scalar replaces a scalar. Anything else has a layout, which what is
                added beside it takes over.
        """
        if not is_scalar:
            if path[:-1] in self._grown:
                return False
            self._reshaped.add(path[:-1])
        for edit in edits:
            if edit.start == edit.end:  # The value was empty, and what follows it comes after.
                self._insertions.setdefault(edit.start, {})[path] = _Insertion(path, 0, edit.text)
            else:
                self._edits.append(edit)
        self._touch(path, contents)
        return True

    # --- what is added --------------------------------------------------------------------------

    def added(self, path: FieldPath) -> int:
        """How many elements are added to a list."""
        return self._added.get(path, 0)

    def together(self, new: New) -> list[New] | None:
        """What these edits add in the same new field, and one more; None if that cannot be.

        Such a field is written once, with all that it holds.
        """
        if any(self._members.get(key, name) != name for key, name in new.members.items()):
            return None  # It would replace one that is added.
        if new.field not in self._on_way:
            return [new]
        others = self._fields.get(new.field)
        is_in_lists = any(isinstance(part, int) for part in new.path[len(new.field) :])
        return [*others, new] if others is not None and not is_in_lists else None

    def add(self, parts: list[New], edits: list[Edit], contents: Any) -> bool:
        """Takes in edits that add a field or an element; False if they depend on others.

        Args:
            parts: what the new field holds, as `together` gives it.
            edits: the edits.
            contents: the contents of the last part.
        """
        new = parts[-1]
        # Where a member of a oneof goes, its comments stay, before what is added after that.
        is_beside = len(parts) == 1 and new.block in self._reshaped
        is_touched = any(path in self._on_way for path in new.replaces)
        if len(edits) != 1 or self.shrinks or is_beside or is_touched:
            return False
        [edit] = edits
        here = self._insertions.get(edit.start, {})
        if edit.start != edit.end or not all(new.is_around(other.block) for other in here.values()):
            return False
        is_element = isinstance(new.path[-1], int)
        if is_element:
            self._added[new.path[:-1]] = self.added(new.path[:-1]) + 1
        else:
            self._fields[new.field] = parts
        self._members |= new.members
        self._grown.add(new.block)
        self.grows = True
        key = new.path if is_element else new.field
        insertion = _Insertion(new.block, new.rank, edit.text)
        self._insertions.setdefault(edit.start, {})[key] = insertion
        self._touch(new.path, contents)
        for path in new.replaces:
            self.replaced[path] = None
            self._reshaped.add(path[:-1])
            self._hold(path)
        return True

    # --- what is removed ------------------------------------------------------------------------

    def place_of(self, path: FieldPath, index: int) -> FieldPath | None:
        """Where the text has an element that is to be removed; None where that is not known yet.

        Args:
            path: the element, if there were no edits before.
            index: its index as it was asked for, with the edits before made.
        """
        left = self._left.get(path[:-1])
        if left is None:
            return path if path[:-1] not in self._on_way else None
        return (*path[:-1], left[index]) if -len(left) <= index < len(left) else None

    def remove_element(self, path: FieldPath, index: int, removed: Removed) -> bool:
        """Takes in the removal of an element; False if it depends on other edits."""
        count = removed.elements
        left = self._left.get(path)
        if self.grows or not self._takes(removed):
            return False
        if left is None:
            left = self._left[path] = list(range(count))
        at = index % len(left)
        del left[at]
        self._touch((*path, at), REMOVED)
        return True

    def remove(self, path: FieldPath, removed: Removed) -> bool:
        """Takes in the removal of a field; False if it depends on other edits."""
        if self.grows or not self._takes(removed):
            return False
        self._touch(path, REMOVED)
        return True

    def _takes(self, removed: Removed) -> bool:
        gone = self._gone.get(removed.owner, 0) + len(removed.spans)
        if gone > removed.parts:
            return False
        self._gone[removed.owner] = gone
        self.shrinks = True
        self._removed.append(removed)
        return True

    # --- all of it ------------------------------------------------------------------------------

    def _touch(self, path: FieldPath, contents: Any) -> None:
        self.made.append(Made(path, contents))
        self._hold(path)

    def _hold(self, path: FieldPath) -> None:
        """Notes that a path means something else with these edits."""
        self._touched.add(path)
        self._on_way.update(path[:length] for length in range(1, len(path) + 1))

    def edits(self, text: str) -> list[Edit] | None:
        """The edits, those of additions that follow each other as one; None if some overlap."""
        edits = [*self._removals(text), *self._edits]
        for at, added in self._insertions.items():
            # What ends here ends from the inside out. Fields of one block stand in the order of the
            # schema, and elements of one list in that of the settings.
            ordered = sorted(added.values(), key=lambda one: (-len(one.block), one.rank))
            edits.append(Edit(at, at, "".join(one.text for one in ordered)))
        edits.sort()
        is_apart = all(one.end <= other.start for one, other in pairwise(edits))
        return edits if is_apart else None

    def _removals(self, text: str) -> Iterator[Edit]:
        """The edits that remove; of parts that follow each other, one may remove all."""
        spans = sorted(part for removed in self._removed for part in removed.spans)
        run: list[tuple[Edit, tuple[int, int]]] = []
        for part in spans:
            if run and run[-1][0].end < part[0].start:
                yield from _joined(run, text)
                run = []
            run.append(part)
        yield from _joined(run, text)

    def applied_to(self, tree: Contents) -> None:
        """Changes the contents of a file as the edits do."""
        for path, contents in self.made:
            if contents is REMOVED:
                remove_value(tree, path)
            else:
                put_value(tree, path, contents)


def _joined(run: list[tuple[Edit, tuple[int, int]]], text: str) -> list[Edit]:
    """The edit that removes parts which follow each other."""
    return [without(text, run[0][1][0], run[-1][1][1])] if run else []


def new_block(message: Any, parts: list[tuple[FieldPath, Value]]) -> Block:
    """A block that holds values, in the order of the schema.

    Args:
        message: its type.
        parts: the values, with their paths in the block.
    """
    block = Block(0)
    inner: dict[FieldPath, list[tuple[FieldPath, Value]]] = {}
    for path, value in parts:
        inner.setdefault(path[:1], []).append((path[1:], value))
    schema = schema_of(message)
    for name in (name for name in schema if (name,) in inner):
        [(rest, value), *_] = values = inner[name,]
        held = new_block(schema[name].message, values) if rest else value
        block.fields.append(Field(name, 0, 0, held))
    return block
