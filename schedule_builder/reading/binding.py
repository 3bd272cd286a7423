"""Binds a located tree to a schema: a message, with the place of each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import Message

from schedule_builder.diagnostics import (
    Edit,
    FieldPath,
    Fix,
    Span,
    Words,
    did_you_mean,
    shown,
)
from schedule_builder.reading.binding_findings import BindingFindings
from schedule_builder.reading.counts import Run, run_in
from schedule_builder.reading.fields import (
    FieldSchema,
    dotted,
    is_lenient,
    is_opaque,
    is_open,
    needed_of,
    numbers_of,
    schema_of,
    selector_of,
)
from schedule_builder.reading.findings import (
    DUPLICATE_KEY,
    MISSING_FIELD,
    NOT_INCREASING,
    TWO_MEMBERS,
    UNKNOWN_TYPE,
    YAML_1_1,
)
from schedule_builder.reading.places import Place
from schedule_builder.reading.tree import (
    Block,
    Field,
    Scalar,
    Sequence,
    Value,
    span,
    text_of,
    typed,
)
from schedule_builder.reading.values import (
    Refusal,
    misread,
    value_of,
    without_value,
    wrong_type,
)


def _broken(plugins: Mapping[str, str]) -> Words | str:
    """What keeps plugins, which may have the kind, from being loaded."""
    if not plugins:
        return ""
    reasons = "; ".join(f"`{name}`: {reason}" for name, reason in plugins.items())
    return Words(" A plugin cannot be imported: {reasons}.", reasons=reasons)


class _Numbers(NamedTuple):
    """A list of messages of numbers, such as the thousands of stages of a schedule.

    Attributes:
        field: its name.
        target: the messages.
        places: their places.
        numbers: for each of their fields, what reads its number, and its least and its most.
        needed: those of them that have to be given.
    """

    field: str
    target: Any
    places: list[Place]
    numbers: dict[str, tuple[Callable[[str], float | None], float, float]]
    needed: frozenset[str]

    def takes(self, field: Field) -> bool:
        """Adds the message of one more field of its name, as `add` does."""
        block = field.value
        if field.name != self.field or not isinstance(block, Block):
            return False
        return self.add(block, field, field)

    def add(self, block: Block, field: Field, at: Field | Value) -> bool:
        """Adds the message of a block; returns whether that is all there is to say about it.

        `Binder.message` adds the same, and reports what does not fit.
        """
        values: dict[str, int | float] = {}
        for given in block.fields:
            name, value = given.name, given.value
            number = self.numbers.get(name)
            if number is None or not isinstance(value, Scalar) or value.quoted or name in values:
                return False
            read, least, most = number
            found = read(value.text)
            if found is None or not least <= found <= most:
                return False
            values[name] = found
        if len(values) < len(self.numbers) and not self.needed <= values.keys():
            return False
        self.places[len(self.target) :] = (Place(field, at, block),)
        message = self.target.add()
        for name, found in values.items():
            setattr(message, name, found)
        return True


class Binder(BindingFindings):
    """Fills one message from one document."""

    # Where a subclass assigns them, not all type checkers take the types of the base class.
    run: Run
    path: FieldPath
    fields: dict[str, Place]
    at: FieldPath
    siblings: frozenset[str]

    def bind(
        self,
        block: Block,
        message: Message,
        path: FieldPath = (),
        at: Field | Value | None = None,
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
        places = (self.places.find(path) or self.places.root).fields
        self.path, self.fields = path, places
        around = self.run
        self.run = run_in(block, message.DESCRIPTOR, around)
        first: dict[str, Field] = {}
        selector = selector_of(message.DESCRIPTOR)
        chosen = text_of(block, selector) if selector else ""
        given = self.names_in(block) if selector else frozenset()
        for earlier, again in self.duplicates.pop(id(block), ()):
            if again.name in schema or not is_open(message.DESCRIPTOR):
                self.at = (*path, again.name)
                self.duplicate(earlier, again)
            else:
                self.duplicates.setdefault(0, []).append((earlier, again))
        stages: _Numbers | None = None
        for field in block.fields:
            if stages is not None and stages.takes(field):
                continue
            if self.report.is_full:
                return
            self.at, self.siblings = (*path, field.name), given
            declared = schema.get(field.name)
            if declared is None:
                # A wrong type is reported at the field that chooses it.
                if field.name != chosen:
                    self.unknown(field, message.DESCRIPTOR, block)
            elif lenient and self.is_null(field.value):
                self.null(field, declared, message, path)
            elif self.admit(field, declared, first):
                self.field(field, declared, message, path)
                self.path, self.fields = path, places
                is_list = declared.repeated and not self.syntax.explicit_lists
                if is_list and (stages is None or stages.field != field.name):
                    stages = self.numbers(declared, message)
        self.run = around

        def opening() -> Span:
            return span(at) if at is not None else Span(block.start, block.start)

        for declared in needed_of(message.DESCRIPTOR) if counts else ():
            self.check_presence(declared, path, opening)
        if chosen in schema and schema[chosen].is_selectable:
            part = getattr(message, chosen)
            choice = (*path, selector)
            place = self.places.get((*path, chosen), self.places[choice])
            for declared in needed_of(part.DESCRIPTOR):
                self.check_presence(declared, (*path, chosen), lambda: place.name)

    def is_null(self, value: Value) -> bool:
        return isinstance(value, Scalar) and not value.quoted and self.syntax.null(value.text)

    def null(self, field: Field, declared: FieldSchema, message: Any, path: FieldPath) -> None:
        """Handles a field that is null where null means not given; for a selector, no sub-block."""
        if declared.rule.selects:
            self.fields[declared.name] = Place(field, field)
            setattr(message, declared.name, "")

    def admit(self, field: Field, declared: FieldSchema, first: dict[str, Field]) -> bool:
        """Whether a field may stand where it does, after the fields before it."""
        key = declared.oneof or (None if declared.repeated else declared.name)
        if key is None:
            return True
        earlier = first.setdefault(key, field)
        if earlier is field:
            return True
        if earlier.name == field.name:
            # The fix of each one takes out the one before it: all are made at once.
            first[key] = field
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

    def bind_all(self, message: Message) -> None:
        """Fills a message from the whole document, and reports what does not fit."""
        self.bind(self.document.root, message)
        for pairs in self.duplicates.values():
            for earlier, again in pairs:
                words, related = self.given_twice(earlier, again)
                self.report.add(DUPLICATE_KEY, span(again), words, related)

    def field(self, field: Field, declared: FieldSchema, message: Any, path: FieldPath) -> None:
        """Fills a field that is declared."""
        value = field.value
        path = (*path, declared.name)
        if declared.repeated:
            self.fields.setdefault(declared.name, Place(field, value))
            items = self.items(value, declared, is_lenient=is_lenient(message.DESCRIPTOR))
            if items is not None:
                self.elements(items, declared, message, path, field)
            return
        self.fields[declared.name] = Place(field, field if isinstance(value, Block) else value)
        if isinstance(value, Sequence):
            self.refuse(value, wrong_type(declared, Words("not a list")))
        elif declared.kind == "message":
            self.message(value, declared, getattr(message, declared.name), path, field)
        elif (converted := self.scalar(value, declared)) is not None:
            setattr(message, declared.name, converted)

    def items(self, value: Value, declared: FieldSchema, *, is_lenient: bool) -> list[Value] | None:
        """The values of a repeated field; None after an error."""
        is_text = declared.kind == "string" and isinstance(value, Scalar)
        if isinstance(value, Sequence):
            items = value.items
        elif self.syntax.explicit_lists and not (is_text and is_lenient):
            if isinstance(value, Scalar) and not value.quoted and self.syntax.null(value.text):
                self.refuse(value, without_value(declared, Words("a list")))
                return None
            example = f"[{shown(value.text)}]" if isinstance(value, Scalar) else "[{ ... }]"
            found = Words("not one value: write {example}", example=example)
            self.refuse(value, wrong_type(declared, found, Words("a list")))
            return None
        else:
            items = [value]
        if not items and declared.rule.not_empty:
            words = Words("{field:field} is empty: add at least one value", field=declared.name)
            self.add(MISSING_FIELD, span(value), words)
        return items

    def elements(
        self,
        items: list[Value],
        declared: FieldSchema,
        message: Any,
        path: FieldPath,
        field: Field,
    ) -> None:
        """Adds values to a repeated field."""
        target, places = getattr(message, declared.name), self.fields[declared.name].elements
        stages = self.numbers(declared, message)
        for item in items:
            if self.report.is_full:
                return
            alone = isinstance(item, Block) and len(items) == 1
            where = field if alone else item
            if stages is not None and isinstance(item, Block) and stages.add(item, field, where):
                continue
            at = (*path, len(target))
            self.at = at
            # An element that cannot be read leaves its number to the next one.
            places[len(target) :] = (Place(field, where),)
            if isinstance(item, Sequence):
                self.refuse(
                    item,
                    wrong_type(declared, Words("not a list in a list: remove the inner brackets")),
                )
            elif declared.kind == "message":
                self.message(item, declared, target.add(), at, field if len(items) == 1 else item)
            elif (converted := self.scalar(item, declared)) is not None:
                if declared.rule.strictly_increasing and target and converted <= target[-1]:
                    words = Words(
                        "{field:field} must strictly increase: {value} is not above {before}. Raise"
                        " or remove it",
                        field=declared.name,
                        value=converted,
                        before=target[-1],
                    )
                    self.add(NOT_INCREASING, span(item), words)
                target.append(converted)

    def numbers(self, declared: FieldSchema, message: Any) -> _Numbers | None:
        """A repeated field of the present message as a list of numbers; None if it is not one."""
        known = numbers_of(declared.message) if declared.message is not None else None
        if known is None or self.has_two_readings or self.duplicates:
            return None
        readers = self.syntax.real, self.syntax.integer
        numbers = {
            name: (readers[number.is_whole], number.least, number.most)
            for name, number in known.items()
        }
        needed = frozenset(field.name for field in needed_of(declared.message))
        target, places = getattr(message, declared.name), self.fields[declared.name].elements
        return _Numbers(declared.name, target, places, numbers, needed)

    def message(
        self,
        value: Block | Scalar,
        declared: FieldSchema,
        message: Any,
        path: FieldPath,
        at: Field | Value,
    ) -> None:
        """Fills a message in a field."""
        if isinstance(value, Scalar):
            self.not_a_block(value, declared, span(at))
            return
        message.SetInParent()
        if message.DESCRIPTOR.full_name == "google.protobuf.Any":
            self.any(value, message, path, at)
        elif not is_opaque(message.DESCRIPTOR):
            self.bind(value, message, path, at, counts=not declared.is_selectable)

    def any(self, value: Block, message: Any, path: FieldPath, at: Field | Value) -> None:
        """Fills an Any with the message whose type its one field names."""
        type_field, contents = typed(value)
        if type_field is None:
            words = Words(
                "missing type: write `[type.googleapis.com/FULL.NAME] {{ ... }}` in text"
                ' format, `"@type": type.googleapis.com/FULL.NAME` in YAML'
            )
            self.add(UNKNOWN_TYPE, span(at), words)
            return
        known = self.custom_kinds()
        type_name = contents.name.rpartition("/")[2]
        if type_name not in known:
            guess = did_you_mean(type_name, known)
            provided = Words("No installed package provides one.")
            if known:
                names = ", ".join(f"`{name}`" for name in sorted(known))
                provided = Words("Installed packages provide {names}.", names=names)
            words = Words(
                "unknown custom schedule `{name}`{hint} {provided}{broken} Check the name, or"
                " install the package that provides it",
                name=shown(type_name),
                hint=Words(": did you mean `{guess}`?", guess=guess) if guess else ".",
                provided=provided,
                broken=_broken(self.broken_plugins()),
            )
            self.add(UNKNOWN_TYPE, span(type_field), words)
            return
        inner = known[type_name]()
        self.bind(contents.block, inner, path, at)
        message.Pack(inner)

    def scalar(self, value: Block | Scalar, declared: FieldSchema) -> Any:
        """The value in the field's type; None after reporting why it cannot be one."""
        if isinstance(value, Block):
            self.refuse(value, wrong_type(declared, Words("not a block")))
            return None
        converted = value_of(value, declared, self.syntax, self.siblings, self.run)
        if isinstance(converted, Refusal):
            self.refuse(value, converted)
            return None
        if self.has_two_readings and (found := misread(value, declared, self.syntax)):
            fix = None
            if found.is_certain and not self.document.has_aliases:
                edit = Edit(value.start, value.end, found.plain)
                fix = Fix(f"Write `{found.plain}`", (edit,), safe=True)
            at = span(value)
            self.report.add(YAML_1_1, at, found.words, path=dotted(self.at), fix=fix)
        return converted
