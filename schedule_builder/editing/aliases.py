"""What aliases and merge keys of YAML repeat elsewhere in a file, so that it is not changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from schedule_builder.diagnostics import FieldPath, Span, Words
from schedule_builder.editing.errors import set_error
from schedule_builder.reading.edits import element_at, merge_key_of
from schedule_builder.reading.fields import dotted, field_name
from schedule_builder.reading.positions import own_end
from schedule_builder.reading.tree import Document, Element

if TYPE_CHECKING:
    from schedule_builder.reading.yaml_format import Anchored


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


class Aliases:
    """The values of a document that aliases repeat."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _anchors(self) -> list[Anchored]:
        from schedule_builder.reading.yaml_format import anchored  # noqa: PLC0415 - read already

        return anchored(self.document.source.text)

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
        text = self.document.source.text
        on_way = [path[:length] for length in range(1, len(path) + 1)]
        found = [(at, e) for at in on_way if (e := element_at(self.document, at)) is not None]
        last = element_at(self.document, path)
        for shared in self._anchors:
            span, uses = shared.span, shared.uses
            for at, element in found:
                start = element.value.start
                is_alias = any(use.start == start for use in uses)
                is_inside = span.start <= start < span.end
                is_removed = is_removal and element == last
                if is_removed:
                    own = _own_span(text, element)
                    is_inside = own[0] <= span.start < own[1] and any(
                        not own[0] <= use.start < own[1] for use in uses
                    )
                    is_alias = False
                # An alias of a block has the block itself as its value.
                is_alias = is_alias or (is_inside and element.field.start >= span.end)
                if is_alias or is_inside:
                    return _words(is_alias=is_alias, is_removed=is_removed).filled(
                        name=dotted(at if is_alias else path),
                        anchor=shared.name,
                        place=self._place(span),
                        use=self._place(uses[0]),
                    )
        return None

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


def _own_span(text: str, element: Element) -> tuple[int, int]:
    if element.sequence is not None and len(element.sequence.items) > 1:
        return element.value.start, element.value.end
    return element.field.start, own_end(text, element.field)
