"""Where the fields of a message stand in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from schedule_builder.diagnostics import FieldPath, Span
from schedule_builder.reading.tree import Block, Field, Value, span


class Place:
    """Where a field stands in its file: its name, and its value.

    Args:
        name: what names it.
        value: its value.
        numbers: the block that it is, where all of its fields are single numbers.
    """

    __slots__ = ("_inside", "_name", "_value")

    def __init__(
        self, name: Field | Value, value: Field | Value, numbers: Block | None = None
    ) -> None:
        # Spans are made for those that ask: few places of a file are ever looked at.
        self._name = name
        self._value = value
        self._inside: _Inside = numbers

    @property
    def name(self) -> Span:
        """Where its name is."""
        return span(self._name)

    @property
    def value(self) -> Span:
        """Where its value is; of a block, its name."""
        return span(self._value)

    @property
    def fields(self) -> dict[str, Place]:
        """The places of a message's fields, by name; more may be added."""
        if not isinstance(self._inside, dict):
            self._inside = {}
        return self._inside

    @property
    def elements(self) -> list[Place]:
        """The places of a list's elements; more may be added."""
        if not isinstance(self._inside, list):
            self._inside = []
        return self._inside

    def inside(self) -> Iterable[tuple[str | int, Place]]:
        """The places in it, each with its name or its number."""
        inside = self._inside
        if isinstance(inside, dict):
            return inside.items()
        if isinstance(inside, list):
            return enumerate(inside)
        return () if inside is None else ((f.name, Place(f, f.value)) for f in inside.fields)

    def at(self, step: str | int) -> Place | None:
        """The place in it with a name or a number; None if there is none."""
        inside = self._inside
        if isinstance(inside, dict):
            return inside.get(step)  # type: ignore[arg-type] # a number is not a key of it
        if isinstance(inside, list):
            return inside[step] if isinstance(step, int) and 0 <= step < len(inside) else None
        return next((place for name, place in self.inside() if name == step), None)


_Inside: TypeAlias = "dict[str, Place] | list[Place] | Block | None"
"""The places in another one. Those of a message of numbers are made for those that ask."""


class Places(Mapping[FieldPath, Place]):
    """The places of all fields and elements that a file gives, by their paths.

    They form a tree, as the paths of a deep or a long file together are far longer than it is.
    """

    def __init__(self) -> None:
        nowhere = Block(0)
        self.root: Place = Place(nowhere, nowhere)

    def find(self, path: FieldPath) -> Place | None:
        """The place of a field, or of the whole message; None if the file does not give it."""
        place: Place | None = self.root
        for step in path:
            if place is None:
                return None
            place = place.at(step)
        return place

    def __getitem__(self, path: FieldPath) -> Place:
        """The place of a field."""
        place = self.find(path) if path else None
        if place is None:
            raise KeyError(path)
        return place

    def __iter__(self) -> Iterator[FieldPath]:
        """The paths: each before those inside of it, otherwise in the order of the file."""
        pending: list[tuple[FieldPath, Iterator[tuple[str | int, Place]]]]
        pending = [((), iter(self.root.inside()))]
        while pending:
            around, places = pending[-1]
            found = next(places, None)
            if found is None:
                pending.pop()
                continue
            step, place = found
            path = (*around, step)
            yield path
            pending.append((path, iter(place.inside())))

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)
