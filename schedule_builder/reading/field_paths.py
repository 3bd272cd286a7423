"""Fields as people name them on a command line: `train_config.num_steps`, or `num_steps` alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from schedule_builder.diagnostics import FieldPath, Kind, Words, did_you_mean
from schedule_builder.reading.fields import (
    FieldSchema,
    dotted,
    is_opaque,
    is_open,
    schema_of,
    selector_of,
)
from schedule_builder.reading.findings import SYNTAX, UNKNOWN_FIELD
from schedule_builder.reading.tree import Block, Document, Value, elements_of, text_of
from schedule_builder.reading.unknown_fields import Where, unknown_field
from schedule_builder.reading.values import SLIP
from schedule_builder.records import Record

_STEP = re.compile(r"(\w+)(?:\[(-?\d+|)\])?")
_ANY = "google.protobuf.Any"
_MOST_CANDIDATES = 6
_MOST_STEPS = 20


class PathError(Exception):
    """Raised for a text that does not name a field, or has no value for it.

    Attributes:
        kind: the kind of finding.
        at: where in the text, as offsets.
        words: the reason.
    """

    def __init__(self, kind: Kind, at: tuple[int, int], words: Words) -> None:
        super().__init__(str(words))
        self.kind = kind
        self.at = at
        self.words = words


class Step(Record):
    """One field on the way to another.

    Attributes:
        name: the field.
        index: which of its elements, negative ones counted from the end; None for the field itself.
        appends: whether it is an element that is not there yet.
        declared: what the schema says; None where it says nothing, as of a model.
        at: where it stands in the text that was typed.
    """

    name: str
    index: int | None
    appends: bool
    declared: FieldSchema | None
    at: tuple[int, int]

    @property
    def text(self) -> str:
        """The step as people write it."""
        if self.appends:
            return f"{self.name}[]"
        return self.name if self.index is None else f"{self.name}[{self.index}]"

    @property
    def is_element(self) -> bool:
        """Whether it is an element of a repeated field."""
        return self.appends or self.index is not None

    @property
    def is_from_end(self) -> bool:
        """Whether it is an element counted from the end."""
        return self.index is not None and self.index < 0


def path_of(steps: Sequence[Step]) -> FieldPath:
    """The path that findings have for these steps."""
    path: list[str | int] = []
    for step in steps:
        path.append(step.name)
        if step.index is not None:
            path.append(step.index)
    return tuple(path)


class FieldNames:
    """Finds the fields of a file by the names that people give them.

    Args:
        document: the file.
        descriptor: the type of its message.
    """

    def __init__(self, document: Document, descriptor: Any) -> None:
        self._document = document
        self._descriptor = descriptor

    def resolve(self, text: str, *, is_value: bool) -> list[Step]:
        """The field that a text names.

        The text is a whole path, or the end of one if only one field of the file can be meant: a
        field in a block of the file, or else in a block that could be added. It never means a
        member of a oneof that another member excludes, nor a field in a part that is not checked.

        Args:
            text: names with dots; `[0]` for an element, `[-1]` for the last one, `[]` for a new
                one.
            is_value: whether the field has to hold a value, and not a block.

        Raises:
            PathError: the text names no field, or more than one.
        """
        typed = list(_typed(text))
        first, top = typed[0].name, schema_of(self._descriptor)
        is_given = any(field.name == first for field in self._document.root.fields)
        if first not in top and not is_given:
            found = self._shortened(typed, is_value=is_value)
            # Where only the first name fits, the next one is wrong.
            alone = typed[0]._replace(index=None, appends=False)
            found = found or self._shortened([alone], is_value=False)
            if len(found) > 1:
                raise PathError(UNKNOWN_FIELD, typed[0].at, _ambiguous(text.strip(), found))
            if found:
                typed = [*(step._replace(at=typed[0].at) for step in found[0]), *typed]
            elif path := self._out_of_reach(first):
                words = Words(
                    "`{name}` is in a part of the config that short names do not reach: write"
                    " `{path}`",
                    name=first,
                    path=dotted(path) + text.strip().removeprefix(first),
                )
                raise PathError(UNKNOWN_FIELD, typed[0].at, words)
            elif not did_you_mean(first, top) and (
                guess := did_you_mean(first, self._places, cutoff=SLIP)
            ):
                words = Words(
                    "unknown field `{name}`: did you mean `{guess}`?", name=first, guess=guess
                )
                raise PathError(UNKNOWN_FIELD, typed[0].at, words)
        return _checked(typed, text, self._document, self._descriptor, is_value=is_value)

    def _shortened(self, typed: list[Step], *, is_value: bool) -> list[list[Step]]:
        """The steps that may be left out before those that were typed: a list for each field."""
        given: list[list[Step]] = []
        missing: list[list[Step]] = []
        for before, message, block in self._places.get(typed[0].name, ()):
            if before and _is_meant(typed, message, is_value=is_value):
                (missing if block is None else given).append(before)
        return given or missing

    def _out_of_reach(self, name: str) -> FieldPath | None:
        """Where the first field of a name is that short names do not mean."""
        pending: list[tuple[FieldPath, Block]] = [((), self._document.root)]
        for path, block in pending:
            for other in dict.fromkeys(field.name for field in block.fields):
                elements = self._document.elements(block, other)
                for index, element in enumerate(elements):
                    here = (*path, other, index) if len(elements) > 1 else (*path, other)
                    if other == name:
                        return here
                    if isinstance(element.value, Block):
                        pending.append((here, element.value))
        return None

    @cached_property
    def _places(self) -> dict[str, list[_Place]]:
        """The messages that a file has or could have, by the names of their fields."""
        found: dict[str, list[_Place]] = {}
        for place in _messages(self._document.root, self._descriptor):
            for name in schema_of(place.message):
                found.setdefault(name, []).append(place)
        return found


class _Place(NamedTuple):
    """A message that a file has or could have: the way there, the type, and the block."""

    before: list[Step]
    message: Any
    block: Block | None


def _typed(text: str) -> Iterator[Step]:
    at, end = 0, len(text.rstrip())
    while True:
        match = _STEP.match(text, at, end)
        if match is None or text[match.end() : match.end() + 1].strip() not in ("", "."):
            raise PathError(
                SYNTAX, (at, end), Words("expected the name of a field, such as `num_steps`")
            )
        index = int(match[2]) if match[2] else None
        yield Step(match[1], index, match[2] == "", None, match.span())
        if match.end() == end:
            return
        at = match.end() + 1


def _checked(
    steps: list[Step], text: str, document: Document, descriptor: Any, *, is_value: bool
) -> list[Step]:
    """The steps, with their fields in the schema."""
    block: Block | None = document.root
    found: list[Step] = []
    for number, step in enumerate(steps):
        if descriptor is not None:
            is_end = is_value and number == len(steps) - 1
            declared = _declared(step, found, text, descriptor, block, document, is_value=is_end)
            if declared is not None and number < len(steps) - 1:
                _check_is_block(step, declared)
            descriptor = declared.message if declared is not None else None
            step = step._replace(declared=declared)  # noqa: PLW2901 - the same step
        found.append(step)
        value = value_at(document, block, step) if block is not None else None
        block = value if isinstance(value, Block) else None
    return found


def value_at(document: Document, block: Block, step: Step) -> Value | None:
    """What a step leads to from a block; None where the file does not have it."""
    elements = document.elements(block, step.name)
    if step.appends:
        return None
    if not step.is_element:
        return elements[0].value if elements else None
    index = step.index or 0
    return elements[index].value if -len(elements) <= index < len(elements) else None


def element_index(step: Step, count: int) -> int:
    """The index of the element that a step means, counted from 0.

    Raises:
        PathError: the file does not have it.
    """
    index = count if step.appends else step.index or 0
    if step.appends or -count <= index < count:
        return index + count if index < 0 else index
    words = Words("`{name}` has no elements in the file. Add one to the file first", name=step.name)
    if count:
        words = Words(
            "`{name}` has no element {index}: it has {count:count element}, and the last one is"
            " `{name}[{last}]`. Change the index, or add elements to the file",
            name=step.name,
            index=index,
            count=count,
            last=count - 1,
        )
    raise PathError(SYNTAX, step.at, words)


def _declared(
    step: Step,
    before: list[Step],
    text: str,
    descriptor: Any,
    block: Block | None,
    document: Document,
    *,
    is_value: bool,
) -> FieldSchema | None:
    """The field that a step names; None for a field that is kept and not checked."""
    name = step.name
    declared = schema_of(descriptor).get(name)
    if declared is None:
        is_kept = is_opaque(descriptor) or is_open(descriptor)
        if is_kept and not did_you_mean(name, schema_of(descriptor)):
            return None
        where = Where(descriptor, before[-1].name if before else "", document.syntax)
        words = unknown_field(name, None, where).words
        if found := _path_to(name, descriptor, block, is_value=is_value):
            words = Words(
                "unknown field `{name}`: did you mean `{path}`?",
                name=name,
                path=text[: step.at[0]] + found,
            )
        raise PathError(UNKNOWN_FIELD, step.at, words)
    if step.is_element and not declared.repeated:
        raise PathError(
            SYNTAX, step.at, Words("`{name}` is not a list: remove the index", name=name)
        )
    return declared


def _check_is_block(step: Step, declared: FieldSchema) -> None:
    """Refuses a path through a field that is not a block."""
    name, at = declared.name, (step.at[0], step.at[0] + len(step.name))
    if declared.message is None:
        words = Words("`{name}` is a single value: remove what follows it in the path", name=name)
        raise PathError(SYNTAX, step.at, words)
    if not step.is_element and declared.repeated:
        words = Words("`{name}` is a list: choose an element, such as `{name}[0]`", name=name)
        raise PathError(SYNTAX, at, words)


def _path_to(name: str, descriptor: Any, block: Block | None, *, is_value: bool) -> str:
    """The path to a field of that name in an inner block of the file; empty if there is none.

    Where a value is to be set, a block of that name is none.
    """
    pending = [("", descriptor, block)]
    seen = set()
    for path, inner, part in pending:
        if inner.full_name in seen or is_opaque(inner):
            continue
        seen.add(inner.full_name)
        given = {field.name: field.value for field in part.fields} if part is not None else {}
        for declared in sorted(schema_of(inner).values(), key=lambda d: d.name not in given):
            if declared.name == name and path and not (is_value and declared.message is not None):
                return path + name
            if declared.message is not None and not declared.repeated:
                value = given.get(declared.name)
                known = value if isinstance(value, Block) else None
                pending.append((f"{path}{declared.name}.", declared.message, known))
    return ""


def _messages(root: Block, descriptor: Any) -> Iterator[_Place]:
    """The messages that a file has or could have."""
    pending = [_Place([], descriptor, root)]
    for place in pending:
        before, message, block = place
        if len(before) > _MOST_STEPS:
            continue  # a message that holds its own kind
        yield place
        for declared in _reachable(message, block):
            inner = declared.message
            if inner is None or is_opaque(inner) or inner.full_name == _ANY:
                continue
            elements = elements_of(block, declared.name) if block is not None else []
            items = [element.value for element in elements]
            if declared.repeated:
                pending += [
                    _Place([*before, _step(declared, index)], inner, item)
                    for index, item in enumerate(items)
                    if isinstance(item, Block)
                ]
                continue
            known = next((item for item in items if isinstance(item, Block)), None)
            pending.append(_Place([*before, _step(declared)], inner, known))


def _step(declared: FieldSchema, index: int | None = None) -> Step:
    return Step(declared.name, index, False, declared, (0, 0))


def _reachable(descriptor: Any, block: Block | None) -> Iterator[FieldSchema]:
    """The fields of a message that are not excluded by the fields that are given."""
    schema = schema_of(descriptor)
    names = {field.name for field in block.fields} if block is not None else set()
    chosen = {schema[n].oneof: n for n in names if n in schema and schema[n].oneof is not None}
    selector = selector_of(descriptor)
    selected = text_of(block, selector) if block is not None else ""
    for declared in schema.values():
        if declared.oneof in chosen and chosen[declared.oneof] != declared.name:
            continue
        if selected and declared.is_selectable and declared.name != selected:
            continue
        yield declared


def _is_meant(typed: list[Step], descriptor: Any, *, is_value: bool) -> bool:
    """Whether a message type has the typed fields."""
    declared: FieldSchema | None = None
    for step in typed:
        declared = schema_of(descriptor).get(step.name) if descriptor is not None else None
        if declared is None or (step.is_element and not declared.repeated):
            return False
        descriptor = declared.message
    return declared is not None and not (is_value and declared.message is not None)


def _ambiguous(text: str, found: list[list[Step]]) -> Words:
    paths = [f"`{dotted((*path_of(steps), text))}`" for steps in found[:_MOST_CANDIDATES]]
    more = len(found) - len(paths)
    return Words(
        "`{text}` can be any of {count} fields: write {paths}{more}",
        text=text,
        count=len(found),
        paths=" or ".join(paths),
        more=Words(", or one of {count} others", count=more) if more else "",
    )
