"""A located tree and a schema make a message, and every finding about names, types and values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.message import Message

from schedule_builder.diagnostics import (
    Edit,
    FieldPath,
    Fix,
    Kind,
    Report,
    Span,
    Words,
    did_you_mean,
    shown,
)
from schedule_builder.reading.counts import UNKNOWN_RUN, Run
from schedule_builder.reading.fields import (
    FieldSchema,
    dotted,
    is_lenient,
    is_opaque,
    is_open,
    schema_of,
    selector_of,
)
from schedule_builder.reading.findings import (
    DUPLICATE,
    DUPLICATE_KEY,
    MISSING_FIELD,
    NOT_INCREASING,
    TWO_MEMBERS,
    UNKNOWN_FIELD,
    UNKNOWN_TYPE,
    WRONG_TYPE,
    YAML_1_1,
)
from schedule_builder.reading.tree import Block, Document, Field, Scalar, Sequence, Value, span
from schedule_builder.reading.values import Refusal, misread, placeholder, value_of, wrong_type
from schedule_builder.v1 import learning_rate_pb2, pipeline_pb2

CustomKinds = Callable[[], Mapping[str, type[Message]]]
"""Gives the types of message that an `Any` may hold, by full name. Few configs need them."""


_MAX_SHOWN_MEMBERS = 5


class Place(NamedTuple):
    """Where a field stands in its file: its name, and its value."""

    name: Span
    value: Span


class Binder:
    """Fills one message from one document.

    Args:
        document: what was read.
        report: where errors go.
        custom_kinds: gives the types that an `Any` may hold.
        run: what is known of the run.
    """

    def __init__(
        self,
        document: Document,
        report: Report,
        custom_kinds: CustomKinds,
        run: Run = UNKNOWN_RUN,
    ) -> None:
        self.document = document
        self.run = run
        self.syntax = document.syntax
        self.duplicates = dict(document.duplicates)
        """Keys of YAML that are given twice, in blocks that were not judged yet; under 0, keys of
        those that were, but that are not judged."""
        self.custom_kinds = custom_kinds
        self.report = report
        self.complete = not report.has_errors
        """Whether the whole tree was read: only then can a field be missing."""
        self.places: dict[FieldPath, Place] = {}
        self.broken: set[FieldPath] = set()
        """The messages that could not be read as they were meant."""
        self.failed: set[FieldPath] = set()
        """The fields whose values could not be read."""
        self.path: FieldPath = ()
        """The message that is being filled."""
        self.at: FieldPath = ()
        """The field that is being read."""
        self.meant: set[FieldPath] = set()
        """The fields that misspelt names were meant to be."""
        self.siblings: frozenset[str] = frozenset()
        """The fields that are given beside it."""

    def add(
        self,
        kind: Kind,
        at: Span,
        words: Words,
        related: Iterable[tuple[Span, Words]] = (),
        fix: Fix | None = None,
    ) -> None:
        self.broken.add(self.path)
        if kind is not UNKNOWN_FIELD:
            self.failed.add(self.at)
        self.report.add(kind, at, words, related, path=dotted(self.at), fix=fix)

    def bind(
        self,
        block: Block,
        message: Message,
        path: FieldPath = (),
        at: Span | None = None,
        *,
        counts: bool = True,
    ) -> None:
        """Fills a message from a block, and reports what does not fit.

        Args:
            block: what was read.
            message: an empty message.
            path: where it is in the whole message.
            at: where to report what is missing: by default, the opening of the block.
            counts: whether to report what is missing at all.
        """
        schema = schema_of(message.DESCRIPTOR)
        lenient = is_lenient(message.DESCRIPTOR)
        self.path = path
        around = self.run
        self.run = run_in(block, message.DESCRIPTOR, around)
        first: dict[str, Field] = {}
        selector = selector_of(message.DESCRIPTOR)
        chosen = _text_of(block, selector)
        given = frozenset(f.name for f in block.fields) if selector else frozenset()
        for earlier, again in self.duplicates.pop(id(block), ()):
            if again.name in schema or not is_open(message.DESCRIPTOR):
                self.at = (*path, again.name)
                self.duplicate(earlier, again)
            else:
                self.duplicates.setdefault(0, []).append((earlier, again))
        for field in block.fields:
            self.at, self.siblings = (*path, field.name), given
            declared = schema.get(field.name)
            if declared is None:
                # What is wrong with a type is said where it is chosen.
                if field.name != chosen:
                    self.unknown(field, message.DESCRIPTOR, block)
            elif lenient and self.is_null(field.value):
                self.null(field, declared, message, path)
            elif self.admit(field, declared, first):
                self.field(field, declared, message, path)
                self.path = path
        self.run = around
        opening = at if at is not None else Span(block.start, block.start)
        for declared in schema.values() if counts else ():
            self.check_presence(declared, message, path, opening)
        if chosen in schema and schema[chosen].is_selectable:
            part = getattr(message, chosen)
            choice = (*path, selector)
            at = self.places.get((*path, chosen), self.places[choice]).name
            for declared in schema_of(part.DESCRIPTOR).values():
                self.check_presence(declared, part, (*path, chosen), at)

    def is_null(self, value: Value) -> bool:
        return isinstance(value, Scalar) and not value.quoted and self.syntax.null(value.text)

    def null(self, field: Field, declared: FieldSchema, message: Any, path: FieldPath) -> None:
        """A field that is given as null, where that means not given: of sub-blocks, none."""
        if declared.rule.selects:
            at = (*path, declared.name)
            self.places[at] = Place(span(field), span(field))
            setattr(message, declared.name, "")

    def unknown(self, field: Field, descriptor: Any, block: Block) -> None:
        if field.name.startswith("["):
            # The API's pipeline may be extended, and none of its other messages.
            if descriptor.full_name != pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR.full_name:
                words = Words("unknown extension `{name}`: remove it", name=shown(field.name))
                self.add(UNKNOWN_FIELD, span(field), words)
            return
        given = {f.name for f in block.fields}
        if is_open(descriptor) and not _may_be_slip(field.name, descriptor, given):
            return
        from schedule_builder.reading import unknown_fields  # noqa: PLC0415 - 20 ms, for errors alone

        quote = self.quote(field.start)
        where = unknown_fields.Where(
            descriptor, _block_name(self.path), self.syntax, self.run, quote
        )
        if is_open(descriptor):
            slip = unknown_fields.slip_for(field.name, field.value, where, given)
            if slip is None:
                return
            found = unknown_fields.slip(field.name, slip, where)
        else:
            found = unknown_fields.unknown_field(field.name, field.value, where)
        words, meant, is_name = found
        fix = None
        if meant:
            self.meant.add((*self.path, meant))
        if meant and is_name and (schema_of(descriptor)[meant].repeated or meant not in given):
            edit = Edit(field.start, field.end, f"{quote}{meant}{quote}")
            fix = Fix(f"Write `{meant}`", (edit,), safe=False)
        self.add(UNKNOWN_FIELD, span(field), words, fix=fix)

    def admit(self, field: Field, declared: FieldSchema, first: dict[str, Field]) -> bool:
        """Whether a field may stand where it does, after the fields before it."""
        key = declared.oneof or (None if declared.repeated else declared.name)
        if key is None:
            return True
        earlier = first.setdefault(key, field)
        if earlier is field:
            return True
        if earlier.name == field.name:
            self.duplicate(earlier, field)
            return False
        words = Words(
            "{field:field} and `{other}` (line {row}) cannot be combined: keep one of them",
            field=field.name,
            other=earlier.name,
            row=self.report.source.position(earlier.start)[0],
        )
        related = [(span(earlier), Words("{field:field} is given here", field=earlier.name))]
        self.add(TWO_MEMBERS, span(field), words, related)
        return False

    def duplicate(self, earlier: Field, again: Field) -> None:
        """Reports a field that is given twice."""
        from schedule_builder.reading.edits import dead_copy  # noqa: PLC0415 - 2 ms, for fixes alone

        words, related = self.given_twice(earlier, again)
        fix = dead_copy(self.report.source, earlier)
        self.add(DUPLICATE, span(again), words, related, fix)

    def given_twice(self, earlier: Field, again: Field) -> tuple[Words, list[tuple[Span, Words]]]:
        """The words for a field that is given twice, and its first place."""
        name = shown(again.name)
        words = Words(
            "{field:field} is given twice (first at line {row}): keep one of them",
            field=name,
            row=self.report.source.position(earlier.start)[0],
        )
        return words, [(span(earlier), Words("{field:field} is given here", field=name))]

    def bind_all(self, message: Message) -> None:
        """Fills a message from the whole document, and reports what does not fit."""
        self.bind(self.document.root, message)
        for pairs in self.duplicates.values():
            for earlier, again in pairs:
                words, related = self.given_twice(earlier, again)
                self.report.add(DUPLICATE_KEY, span(again), words, related)

    def field(self, field: Field, declared: FieldSchema, message: Any, path: FieldPath) -> None:
        """Fills a field that is declared."""
        name, value = span(field), field.value
        path = (*path, declared.name)
        if declared.repeated:
            self.places.setdefault(path, Place(name, span(value)))
            items = self.items(value, declared, is_lenient=is_lenient(message.DESCRIPTOR))
            if items is not None:
                self.elements(items, declared, getattr(message, declared.name), path, name)
            return
        self.places[path] = Place(name, name if isinstance(value, Block) else span(value))
        if isinstance(value, Sequence):
            self.refuse(value, wrong_type(declared, Words("not a list")))
        elif declared.kind == "message":
            self.message(value, declared, getattr(message, declared.name), path, name)
        elif (converted := self.scalar(value, declared)) is not None:
            setattr(message, declared.name, converted)

    def items(self, value: Value, declared: FieldSchema, *, is_lenient: bool) -> list[Value] | None:
        """The values of a repeated field; None after an error."""
        is_text = declared.kind == "string" and isinstance(value, Scalar)
        if isinstance(value, Sequence):
            items = value.items
        elif self.syntax.explicit_lists and not (is_text and is_lenient):
            example = f"[{shown(value.text)}]" if isinstance(value, Scalar) else "[{ ... }]"
            found = Words("not one value: write {example}", example=example)
            self.refuse(value, wrong_type(declared, found, Words("a list")))
            return None
        else:
            items = [value]
        if not items and declared.rule.not_empty:
            words = Words("{field:field} is empty: give at least one value", field=declared.name)
            self.add(MISSING_FIELD, span(value), words)
        return items

    def elements(
        self,
        items: list[Value],
        declared: FieldSchema,
        target: Any,
        path: FieldPath,
        name: Span,
    ) -> None:
        """Adds values to a repeated field."""
        for item in items:
            at = (*path, len(target))
            self.at = at
            alone = isinstance(item, Block) and len(items) == 1
            self.places[at] = Place(name, name if alone else span(item))
            if isinstance(item, Sequence):
                self.refuse(item, wrong_type(declared, Words("not a list in a list")))
            elif declared.kind == "message":
                where = name if len(items) == 1 else span(item)
                self.message(item, declared, target.add(), at, where)
            elif (converted := self.scalar(item, declared)) is not None:
                if declared.rule.strictly_increasing and target and converted <= target[-1]:
                    words = Words(
                        "{field:field} must strictly increase: {value} does not come after"
                        " {before}",
                        field=declared.name,
                        value=converted,
                        before=target[-1],
                    )
                    self.add(NOT_INCREASING, span(item), words)
                target.append(converted)

    def message(
        self,
        value: Block | Scalar,
        declared: FieldSchema,
        message: Any,
        path: FieldPath,
        name: Span,
    ) -> None:
        """Fills a message in a field."""
        if isinstance(value, Scalar):
            self.not_a_block(value, declared, name)
            return
        message.SetInParent()
        if message.DESCRIPTOR.full_name == "google.protobuf.Any":
            self.any(value, message, path, name)
        elif not is_opaque(message.DESCRIPTOR):
            self.bind(value, message, path, name, counts=not declared.is_selectable)

    def not_a_block(self, value: Scalar, declared: FieldSchema, name: Span) -> None:
        """Reports a scalar where a block belongs."""
        if not value.quoted and self.syntax.null(value.text):
            words = Words(
                "{field:field} has no value: write `{{}}` for all its defaults, or remove it",
                field=declared.name,
            )
            self.add(WRONG_TYPE, name, words)
        else:
            refusal = placeholder(value, declared)
            self.refuse(value, refusal or self.block_expected(value, declared, name))

    def block_expected(self, value: Scalar, declared: FieldSchema, name: Span) -> Refusal:
        """Says that a block was expected, and which one was meant."""
        from schedule_builder.reading.block_examples import (  # noqa: PLC0415 - 3 ms, for errors alone
            example_of,
            members_of,
        )

        example = example_of(value, declared, self.syntax, self.quote(name.start))
        hint = Words(". Write `{example}`", example=example) if example else ""
        members = members_of(declared.message)
        if not example and 0 < len(members) <= _MAX_SHOWN_MEMBERS:
            hint = Words(" (its blocks: {members})", members=", ".join(members))
        found = Words("not `{text}`{hint}", text=shown(value.text), hint=hint)
        return wrong_type(declared, found)

    def quote(self, start: int) -> str:
        """What the name at an offset stands in: JSON's quotes, or none."""
        return '"' if self.report.source.text[start : start + 1] == '"' else ""

    def any(self, value: Block, message: Any, path: FieldPath, name: Span) -> None:
        """Fills an Any with the message whose type its one field names."""
        type_field, contents = typed(value)
        if type_field is None:
            words = Words(
                "this needs a type: `[type.googleapis.com/FULL.NAME] {{ ... }}` in text format,"
                ' `"@type": type.googleapis.com/FULL.NAME` in YAML'
            )
            self.add(UNKNOWN_TYPE, name, words)
            return
        known = self.custom_kinds()
        type_name = contents.name.rpartition("/")[2]
        if type_name not in known:
            guess = did_you_mean(type_name, known)
            words = Words(
                "no installed package has the kind `{name}`{hint} (installed: {installed})."
                " A package provides one through its entry points in the group"
                " `schedule_builder.schedules`",
                name=shown(type_name),
                hint=Words(": did you mean {guess}?", guess=guess) if guess else "",
                installed=", ".join(sorted(known)) or "none",
            )
            self.add(UNKNOWN_TYPE, span(type_field), words)
            return
        inner = known[type_name]()
        self.bind(contents.block, inner, path, name)
        message.Pack(inner)

    def refuse(self, value: Value, refusal: Refusal) -> None:
        """Reports why a value is not the field's."""
        self.add(refusal.kind, span(value), refusal.words)

    def scalar(self, value: Block | Scalar, declared: FieldSchema) -> Any:
        """The value in the field's type, or None after reporting why it has none."""
        if isinstance(value, Block):
            self.refuse(value, wrong_type(declared, Words("not a block")))
            return None
        converted = value_of(value, declared, self.syntax, self.siblings, self.run)
        if isinstance(converted, Refusal):
            self.refuse(value, converted)
            return None
        if found := misread(value, declared, self.syntax):
            fix = None
            if found.is_certain and not self.document.has_aliases:
                edit = Edit(value.start, value.end, found.plain)
                fix = Fix(f"Write `{found.plain}`", (edit,), safe=True)
            at = span(value)
            self.report.add(YAML_1_1, at, found.words, path=dotted(self.at), fix=fix)
        return converted

    def check_presence(
        self, declared: FieldSchema, message: Any, path: FieldPath, opening: Span
    ) -> None:
        """Reports a field that has to be there, at the opening of its message."""
        self.at = (*path, declared.name)
        if not self.complete or self.at in self.places or self.at in self.meant:
            return
        if declared.rule.required:
            words = Words(
                "{block:field} needs {field:field}, {expected}: it has no default",
                block=_block_name(path),
                field=declared.name,
                expected=declared.expected,
            )
            self.add(MISSING_FIELD, opening, words)
        elif declared.rule.not_empty:
            words = Words(
                "{block:field} needs at least one {field:field}",
                block=_block_name(path),
                field=declared.name,
            )
            self.add(MISSING_FIELD, opening, words)


def _block_name(path: FieldPath) -> str:
    """The field that holds the message at a path; empty for the whole file."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def run_in(block: Block, descriptor: Any, around: Run) -> Run:
    """What is known of the run inside of a block."""
    has_units = descriptor.file.name == learning_rate_pb2.DESCRIPTOR.name
    if has_units == around.has_units and not has_units:
        return around
    unit = _text_of(block, "step_unit") or around.step_unit
    return around._replace(has_units=has_units, step_unit=unit)


def run_of(
    document: Document,
    num_steps_path: FieldPath,
    batch_size_path: FieldPath,
    num_steps: int | None,
    batch_size: int | None,
) -> Run:
    """What a tree, and the caller, say of the run."""

    def number(path: FieldPath) -> int | None:
        value: Value | None = document.root if path else None
        for name in path:
            elements = document.elements(value, str(name)) if isinstance(value, Block) else []
            value = elements[-1].value if elements else None
        return document.syntax.integer(value.text) if isinstance(value, Scalar) else None

    return Run(number(num_steps_path) or num_steps, number(batch_size_path) or batch_size)


@cache
def _may_be_slip_of(one: str, other: str) -> bool:
    """What a slip leaves of a name, told without the search that is slow to import."""
    return abs(len(one) - len(other)) <= 1 and (one[:3] == other[:3] or one[-3:] == other[-3:])


def _may_be_slip(name: str, descriptor: Any, given: set[str]) -> bool:
    known = schema_of(descriptor)
    return any(_may_be_slip_of(name, other) for other in known if other not in given)


def _text_of(block: Block, name: str) -> str:
    texts = (f.value.text for f in block.fields if f.name == name and isinstance(f.value, Scalar))
    return next(texts, "") if name else ""


class _Typed(NamedTuple):
    name: str
    block: Block


def typed(block: Block) -> tuple[Field | None, _Typed]:
    """The field that names the type of an Any, and the contents: text format or JSON's form."""
    for field in block.fields:
        value = field.value
        if field.name.startswith("[") and isinstance(value, Block) and len(block.fields) == 1:
            return field, _Typed(field.name[1:-1], value)
        if field.name == "@type" and isinstance(value, Scalar):
            rest = Block(block.start)
            rest.end = block.end
            rest.fields = [other for other in block.fields if other is not field]
            return Field(field.name, value.start, value.end, value), _Typed(value.text, rest)
    return None, _Typed("", block)
