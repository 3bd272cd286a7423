"""What aliases and merge keys of YAML repeat elsewhere in a file, so that it is not changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from schedule_builder.diagnostics import FieldPath, Span, Words
from schedule_builder.editing.errors import set_error
from schedule_builder.reading.edits import element_at, merge_key_of
from schedule_builder.reading.fields import dotted, field_name
from schedule_builder.reading.positions import own_end
from schedule_builder.reading.tree import Document, Element

if TYPE_CHECKING:
    from schedule_builder.reading.yaml_format import Anchors


def merged(document: Document, path: FieldPath) -> Words | None:
    """Why a field that a merge key puts where it is cannot be changed; None for other fields."""
    key = merge_key_of(document, path)
    if key is None:
        return None
    row, _ = document.source.position(key.start)
    return Words(
        "{name:field} is merged into the block at line {row} (`<<`), and other blocks"
        " may share it. Write it out there first",
        name=field_name(path),
        row=row,
    )


class _Fault(NamedTuple):
    """An anchored value that a change would touch.

    Attributes:
        number: which of the values that aliases repeat.
        length: how much of the path leads to what is shared.
        is_alias: whether that is an alias.
        is_removed: whether it is the value that is removed.
    """

    number: int
    length: int
    is_alias: bool
    is_removed: bool


class Aliases:
    """The values of a document that aliases repeat."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _anchors(self) -> Anchors:
        from schedule_builder.reading.yaml_format import Anchors  # noqa: PLC0415 - read already

        return Anchors(self.document.source.text)

    def check(self, path: FieldPath, *, is_removal: bool) -> None:
        """Refuses to change a value that is repeated elsewhere.

        Raises:
            SetError: it is one, or a part of one.
        """
        if not self.document.has_aliases:
            return
        words = merged(self.document, path) or self._shared(path, is_removal=is_removal)
        if words is not None:
            raise set_error(self.document.source.filename, words)

    def _shared(self, path: FieldPath, *, is_removal: bool) -> Words | None:
        """How a value is shared through an anchor; None for others."""
        anchors, last = self._anchors, element_at(self.document, path)
        faults: list[_Fault] = []
        for length in range(1, len(path) + 1):
            element = element_at(self.document, path[:length])
            # The name of a list alone would mean its first element.
            if element is None or isinstance((*path, "")[length], int):
                continue
            start = element.value.start
            if is_removal and element == last:
                own = self._own_span(path, element)
                numbers = anchors.repeated_outside(own)
                faults += [_Fault(n, length, is_alias=False, is_removed=True) for n in numbers]
                around = ((n, anchors.values[n].span) for n in anchors.around(start))
                faults += [
                    _Fault(number, length, is_alias=False, is_removed=False)
                    for number, span in around
                    if span.start < own.start and element.field.start < span.end
                ]
                continue
            for number in anchors.around(start):
                # An alias of a block has the block itself as its value.
                is_alias = element.field.start >= anchors.values[number].span.end
                faults.append(_Fault(number, length, is_alias, is_removed=False))
            used = anchors.used_at(start)
            if used is not None:
                faults.append(_Fault(used, length, is_alias=True, is_removed=False))
        if not faults:
            return None
        fault = min(faults)
        shared = anchors.values[fault.number]
        return _words(is_alias=fault.is_alias, is_removed=fault.is_removed).filled(
            name=dotted(path[: fault.length] if fault.is_alias else path),
            anchor=shared.name,
            place=self._place(shared.span),
            use=self._place(shared.uses[0]),
        )

    def _own_span(self, path: FieldPath, element: Element) -> Span:
        """What removing an element takes out: the value with its anchor, or the whole field."""
        list_, value = element.sequence, element.value
        if isinstance(path[-1], str) or list_ is None or len(list_.items) == 1:
            return Span(element.field.start, own_end(self.document.source.text, element.field))
        anchors = self._anchors
        around = (anchors.values[number].span.start for number in anchors.around(value.start))
        return Span(min([value.start, *(at for at in around if at > list_.start)]), value.end)

    def _place(self, span: Span) -> str:
        return "{}:{}".format(*self.document.source.position(span.start))


def _words(*, is_alias: bool, is_removed: bool) -> Words:
    """Why a value that is shared through an anchor cannot be changed."""
    if is_alias:
        return Words(
            "{name:field} is an alias of `&{anchor}` ({place}). Replace `*{anchor}` with its value"
            " first, or change the anchored value by hand"
        )
    if is_removed:
        return Words(
            "{name:field} holds the anchored value `&{anchor}` ({place}), which `*{anchor}` repeats"
            " ({use}). Replace each `*{anchor}` with its value first"
        )
    return Words(
        "{name:field} belongs to the anchored value `&{anchor}` ({place}), which `*{anchor}`"
        " repeats ({use}). Replace each `*{anchor}` with its value first, or change the anchored"
        " value by hand"
    )
