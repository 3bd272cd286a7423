"""Edits of one text that can be made together, as none of them changes what the others are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from schedule_builder.diagnostics import Edit, FieldPath
from schedule_builder.editing.contents import Contents, put_value, remove_value
from schedule_builder.reading.edits import Removed, without

REMOVED = object()
"""In place of a value: the field is removed."""


class Made(NamedTuple):
    """One edit of a batch: a path in the file as the edits before leave it, and its new contents.

    The contents are `REMOVED` for a removal.
    """

    path: FieldPath
    contents: Any


class Batch:
    """Edits that are still to be made, all of them in the text that was read last.

    Attributes:
        made: what they are to change.
        grows: whether fields or elements are added.
        shrinks: whether fields or elements are removed.
    """

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.grows: bool = False
        self.shrinks: bool = False
        self._edits: list[Edit] = []
        self._removed: list[Removed] = []
        self._touched: set[FieldPath] = set()
        self._on_way: set[FieldPath] = set()
        self._extended: set[FieldPath] = set()
        self._left: dict[FieldPath, list[int]] = {}
        self._gone: dict[int, int] = {}
        self._lists: dict[int, FieldPath] = {}
        self._added: dict[FieldPath, int] = {}

    def is_apart(self, path: FieldPath) -> bool:
        """Whether a path means the same as without these edits, and none of them touches it."""
        return path not in self._on_way and self.is_outside(path)

    def is_outside(self, path: FieldPath) -> bool:
        """Whether no edit touches a block that a path leads through, or moves it in a list."""
        starts = [path[:length] for length in range(1, len(path))]
        return not any(start in self._touched or start in self._left for start in starts)

    def replace(self, path: FieldPath, edits: list[Edit], contents: Any) -> None:
        """Takes in edits that replace a scalar by another."""
        self._edits += edits
        self._touch(path, contents)

    # --- what is added --------------------------------------------------------------------------

    def added(self, path: FieldPath) -> int:
        """How many elements are added to a list."""
        return self._added.get(path, 0)

    def add(self, path: FieldPath, block: FieldPath, edits: list[Edit], contents: Any) -> bool:
        """Takes in edits that add a field or an element; False if they depend on others.

        Args:
            path: what is added.
            block: the innermost block on the path that the text has.
            edits: the edits.
            contents: the new contents.
        """
        if len(edits) != 1 or self.shrinks:
            return False
        [edit] = edits
        owner = path[:-1] if isinstance(path[-1], int) else path
        is_next = bool(self.added(owner))
        if edit.start != edit.end or (block in self._extended and not is_next):
            return False
        # At one place only elements of one list follow each other.
        if self._lists.setdefault(edit.start, owner) != owner:
            return False
        self._extended.add(block)
        self._added[owner] = self.added(owner) + 1
        self.grows = True
        self._edits.append(edit)
        self._touch(path, contents)
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
        self._touched.add(path)
        self._on_way.update(path[:length] for length in range(1, len(path) + 1))

    def edits(self, text: str) -> list[Edit] | None:
        """The edits, those of elements that follow each other as one; None if some overlap."""
        insertions: dict[int, list[str]] = {}
        edits = [*self._removals(text)]
        for edit in self._edits:
            if edit.start == edit.end:
                insertions.setdefault(edit.start, []).append(edit.text)
            else:
                edits.append(edit)
        edits += [Edit(at, at, "".join(texts)) for at, texts in insertions.items()]
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
    if len(run) > 1:
        return [without(text, run[0][1][0], run[-1][1][1])]
    return [edit for edit, _ in run]
