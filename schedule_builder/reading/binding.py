"""A located tree and a schema make a message, and every finding about names, types and values."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from schedule_builder.diagnostics import (
    Edit,
    FieldPath,
    Fix,
    Kind,
    Report,
    Source,
    Span,
    did_you_mean,
    shown,
)
from schedule_builder.reading.tree import (
    CURLY_QUOTES,
    DUPLICATE,
    PLACEHOLDER,
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Value,
    span,
    without_comma,
)
from schedule_builder.v1 import options_pb2

UNKNOWN_FIELD = Kind("SB201", "unknown-field", "error")
WRONG_TYPE = Kind("SB203", "wrong-type", "error")
OUT_OF_RANGE = Kind("SB204", "out-of-range", "error")
MISSING_FIELD = Kind("SB205", "missing-field", "error")
TWO_MEMBERS = Kind("SB206", "two-of-one", "error")
UNKNOWN_TYPE = Kind("SB208", "unknown-type", "error")
NOT_INCREASING = Kind("SB207", "not-increasing", "error")


def dotted(path: FieldPath) -> str:
    """A path as people write it: `train_config.optimizer`, `schedule[0].step`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


_SLIP = 0.9
MAX_SHOWN_NAMES = 12
MAX_SHOWN = 2**64
"""Larger numbers are not suggested: they fit no integer."""
_PLACEHOLDER = re.compile(r"\$[{(]?\w|%\(|\{\{")
_DECIMAL_COMMA = re.compile(r"-?\d+(?:,\d+)+\Z")
_RULE: Any = options_pb2.rule
_OPEN: Any = options_pb2.open
_LENIENT: Any = options_pb2.lenient
_OPAQUE: Any = options_pb2.opaque
_COUNTS_STEPS: Any = options_pb2.counts_steps
_ENDS_DECAY: Any = options_pb2.ends_decay
_SURPRISING_DEFAULT: Any = options_pb2.surprising_default
_NOT_STRETCHABLE: Any = options_pb2.not_stretchable
_NOT_STRETCHABLE_VALUE: Any = options_pb2.not_stretchable_value
_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


class Place(NamedTuple):
    """Where a field stands in its file: its name, and its value."""

    name: Span
    value: Span


@dataclass(frozen=True)
class FieldSchema:
    """What the schema says of one field."""

    name: str
    repeated: bool
    kind: str
    rule: Any
    default: Any
    oneof: str | None
    limits: tuple[int, int]
    message: Descriptor | None
    enum: EnumDescriptor | None
    owner: Descriptor | None
    bounds: tuple[tuple[str, Callable[[Any, Any], bool], float], ...]
    is_bounded: bool
    is_selectable: bool
    """Whether this is a sub-block that counts only where a field beside it names it."""
    counts_steps: bool
    """Whether the number is a length or a place on the axis of training steps."""
    ends_decay: int
    """How the number says where a decay ends: a `DecayEnd`, 0 where it does not."""
    has_surprising_default: bool
    """Whether a file has to show the value, as nobody would guess the default."""
    is_stretchable: bool
    """Whether what the field holds keeps its kind when it is stretched to another length."""

    @property
    def expected(self) -> str:
        """The type, in words."""
        if self.enum is not None:
            return "one of " + ", ".join(v.name for v in self.enum.values)
        return {
            "message": "a block `{ ... }`",
            "string": "a text",
            "bool": "true or false",
            "integer": "a whole number",
            "real": "a number",
        }[self.kind]


@cache
def schema_of(descriptor: Any) -> dict[str, FieldSchema]:
    """The fields of a message type, by name."""
    return {field.name: _field_schema(field) for field in descriptor.fields}


def _field_schema(field: FieldDescriptor) -> FieldSchema:
    # `label` warns on new runtimes, and old ones have no `is_repeated`.
    repeated = getattr(field, "is_repeated", None)
    if repeated is None:
        repeated = getattr(field, "label") == 3  # noqa: B009, PLR2004
    kind = {
        FieldDescriptor.TYPE_MESSAGE: "message",
        FieldDescriptor.TYPE_ENUM: "enum",
        FieldDescriptor.TYPE_STRING: "string",
        FieldDescriptor.TYPE_BOOL: "bool",
        FieldDescriptor.TYPE_DOUBLE: "real",
        FieldDescriptor.TYPE_FLOAT: "real",
    }.get(field.type, "integer")
    oneof, owner = field.containing_oneof, field.containing_type
    options = field.GetOptions()
    rule = options.Extensions[_RULE]
    siblings = owner.fields if owner is not None else ()
    return FieldSchema(
        name=field.name,
        repeated=repeated,
        kind=kind,
        rule=rule,
        bounds=tuple(
            (*_BOUNDS[name], getattr(rule, name)) for name in _BOUNDS if rule.HasField(name)
        ),
        is_bounded=bool(rule.ByteSize()),
        default=field.default_value if field.has_default_value else None,
        oneof=oneof.name if oneof is not None else None,
        limits=_INTEGERS.get(field.type, (0, 0)),
        message=field.message_type,
        enum=field.enum_type,
        owner=owner,
        is_selectable=field.message_type is not None
        and any(f.GetOptions().Extensions[_RULE].selects for f in siblings),
        counts_steps=options.Extensions[_COUNTS_STEPS],
        ends_decay=options.Extensions[_ENDS_DECAY],
        has_surprising_default=options.Extensions[_SURPRISING_DEFAULT],
        is_stretchable=not options.Extensions[_NOT_STRETCHABLE],
    )


def is_stretchable_value(enum: EnumDescriptor, number: int) -> bool:
    """Whether what a value of an enum chooses keeps its kind when it is stretched."""
    value = enum.values_by_number.get(number)
    return value is None or not value.GetOptions().Extensions[_NOT_STRETCHABLE_VALUE]


@cache
def is_opaque(descriptor: Any) -> bool:
    """Whether a message type stands for contents that are kept and not judged."""
    return bool(descriptor.GetOptions().Extensions[_OPAQUE])


@cache
def is_open(descriptor: Any) -> bool:
    """Whether fields that a message type does not declare are kept and not judged."""
    return bool(descriptor.GetOptions().Extensions[_OPEN])


@cache
def is_lenient(descriptor: Any) -> bool:
    """Whether `null` means not given, and one text may stand for a list of texts."""
    return bool(descriptor.file.GetOptions().Extensions[_LENIENT])


class Binder:
    """Fills one message from one document."""

    def __init__(self, document: Document, report: Report) -> None:
        self.syntax = document.syntax
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
        self.siblings: frozenset[str] = frozenset()
        """The fields that are given beside it."""

    def add(
        self,
        kind: Kind,
        at: Span,
        text: str,
        related: Iterable[tuple[Span, str]] = (),
        fix: Fix | None = None,
    ) -> None:
        self.broken.add(self.path)
        if kind is not UNKNOWN_FIELD:
            self.failed.add(self.at)
        self.report.add(kind, at, text, related, path=dotted(self.at), fix=fix)

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
        first: dict[str, Field] = {}
        selector = selector_of(message.DESCRIPTOR)
        chosen = _text_of(block, selector)
        given = frozenset(f.name for f in block.fields) if selector else frozenset()
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
            return
        fix = None
        given = {f.name for f in block.fields}
        if not is_open(descriptor):
            meant = _meant(field.name, descriptor)
        else:
            # Most fields are none of ours: only what looks like one that is missing is a slip.
            missing = set(schema_of(descriptor)).difference(given)
            alike = [name for name in missing if _is_alike(field.name, name)]
            meant = did_you_mean(field.name, alike, cutoff=_SLIP) if alike else None
            if meant is None:
                return
        if meant and (schema_of(descriptor)[meant].repeated or meant not in given):
            quote = '"' if self.report.source.text[field.start : field.start + 1] == '"' else ""
            edit = Edit(field.start, field.end, f"{quote}{meant}{quote}")
            fix = Fix(f"Write `{meant}`", (edit,), safe=False)
        self.add(UNKNOWN_FIELD, span(field), unknown_field(field.name, descriptor), fix=fix)

    def admit(self, field: Field, declared: FieldSchema, first: dict[str, Field]) -> bool:
        """Whether a field may stand where it does, after the fields before it."""
        key = declared.oneof or (None if declared.repeated else declared.name)
        if key is None:
            return True
        earlier = first.setdefault(key, field)
        if earlier is field:
            return True
        row, _ = self.report.source.position(earlier.start)
        related = [(span(earlier), f"`{earlier.name}` is given here")]
        if earlier.name == field.name:
            self.add(
                DUPLICATE,
                span(field),
                f"`{field.name}` is given twice (first at line {row}): keep one of them",
                related,
                dead_copy(self.report.source, earlier),
            )
        else:
            self.add(
                TWO_MEMBERS,
                span(field),
                f"`{field.name}` and `{earlier.name}` (line {row}) exclude each other:"
                " keep one of them",
                related,
            )
        return False

    def field(self, field: Field, declared: FieldSchema, message: Any, path: FieldPath) -> None:
        name, value = span(field), field.value
        path = (*path, declared.name)
        if not declared.repeated:
            self.places[path] = Place(name, name if isinstance(value, Block) else span(value))
            if isinstance(value, Sequence):
                self.wrong_type(value, declared, "not a list")
            elif declared.kind == "message":
                self.message(value, declared, getattr(message, declared.name), path, name)
            elif (converted := self.scalar(value, declared)) is not None:
                setattr(message, declared.name, converted)
            return
        target = getattr(message, declared.name)
        self.places.setdefault(path, Place(name, span(value)))
        is_text = declared.kind == "string" and isinstance(value, Scalar)
        if isinstance(value, Sequence):
            items = value.items
        elif self.syntax.explicit_lists and not (is_text and is_lenient(message.DESCRIPTOR)):
            self.wrong_type(
                value, declared, f"not one value: write {self.syntax.list_example}", "a list"
            )
            return
        else:
            items = [value]
        if not items and declared.rule.not_empty:
            self.add(
                MISSING_FIELD, span(value), f"`{declared.name}` is empty: give at least one value"
            )
        for item in items:
            at = (*path, len(target))
            self.at = at
            alone = isinstance(item, Block) and len(items) == 1
            self.places[at] = Place(name, name if alone else span(item))
            if isinstance(item, Sequence):
                self.wrong_type(item, declared, "not a list in a list")
            elif declared.kind == "message":
                self.message(
                    item, declared, target.add(), at, name if len(items) == 1 else span(item)
                )
            elif (converted := self.scalar(item, declared)) is not None:
                if declared.rule.strictly_increasing and target and converted <= target[-1]:
                    self.add(
                        NOT_INCREASING,
                        span(item),
                        f"`{declared.name}` must strictly increase, and {converted} does not come"
                        f" after {target[-1]}",
                    )
                target.append(converted)

    def message(
        self,
        value: Block | Scalar,
        declared: FieldSchema,
        message: Any,
        path: FieldPath,
        name: Span,
    ) -> None:
        if isinstance(value, Scalar):
            if not value.quoted and self.syntax.null(value.text):
                self.add(
                    WRONG_TYPE,
                    name,
                    f"`{declared.name}` has no value: write `{{}}` for all its defaults,"
                    " or remove it",
                )
            elif not self.placeholder(value, declared):
                self.wrong_type(value, declared, f"not `{shown(value.text)}`")
            return
        message.SetInParent()
        if message.DESCRIPTOR.full_name == "google.protobuf.Any":
            self.any(value, message, path, name)
        elif not is_opaque(message.DESCRIPTOR):
            self.bind(value, message, path, name, counts=not declared.is_selectable)

    def any(self, value: Block, message: Any, path: FieldPath, name: Span) -> None:
        """Fills an Any with the message whose type its one field names."""
        from schedule_builder.dialects.lowering import custom_kinds  # few configs need it

        type_field, contents = typed(value)
        known = custom_kinds()
        if type_field is None:
            self.add(
                UNKNOWN_TYPE,
                name,
                "this needs a type: `[type.googleapis.com/FULL.NAME] { ... }` in text format,"
                ' `"@type": type.googleapis.com/FULL.NAME` in YAML',
            )
            return
        type_name = contents.name.rpartition("/")[2]
        if type_name not in known:
            guess = did_you_mean(type_name, known)
            hint = f": did you mean {guess}?" if guess else ""
            installed = ", ".join(sorted(known)) or "none"
            self.add(
                UNKNOWN_TYPE,
                span(type_field),
                f"no installed package has the kind `{shown(type_name)}`{hint} (installed:"
                f" {installed}). A package offers one through its entry points in the group"
                " `schedule_builder.schedules`",
            )
            return
        inner = known[type_name]()
        self.bind(contents.block, inner, path, name)
        message.Pack(inner)

    def wrong_type(
        self, value: Value, declared: FieldSchema, found: str, expected: str = ""
    ) -> None:
        self.add(
            WRONG_TYPE,
            span(value),
            f"`{declared.name}` is {expected or declared.expected}, {found}",
        )

    def scalar(self, value: Block | Scalar, declared: FieldSchema) -> Any:
        """The value in the field's type, or None after reporting why it has none."""
        if isinstance(value, Block):
            self.wrong_type(value, declared, "not a block")
            return None
        text = value.text
        if declared.rule.selects and not self.selects(value, declared):
            return None
        if declared.kind == "string":
            if any("\ud800" <= character <= "\udfff" for character in text):
                self.wrong_type(value, declared, "and its escapes write bytes that are not UTF-8")
                return None
            if {*text[:1], *text[-1:]} <= set(CURLY_QUOTES) and text and not value.quoted:
                self.wrong_type(value, declared, "in straight quotes and not in these curly ones")
                return None
            if value.quoted or (self.syntax.plain_strings and not self.syntax.null(text)):
                return text
            self.wrong_type(
                value, declared, f'not `{shown(text)}`: put it in quotes, "{shown(text)}"'
            )
            return None
        is_enum = declared.enum is not None and self.syntax.plain_strings
        if value.quoted and not is_enum and self.placeholder(value, declared):
            return None
        if value.quoted and not is_enum:
            hint = ": remove the quotes" if self.fits(text, declared) else ""
            self.wrong_type(value, declared, f'not the text "{shown(text)}"{hint}')
            return None
        if declared.enum is not None:
            return self.enum(value, declared, declared.enum)
        if declared.kind == "bool":
            boolean = self.syntax.boolean(text)
            if boolean is None:
                meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}
                guess = meant.get(text.lower())
                hint = f": write {guess}" if guess else ""
                self.wrong_type(value, declared, f"not `{shown(text)}`{hint}")
            return boolean
        return self.number(value, declared)

    def selects(self, value: Scalar, declared: FieldSchema) -> bool:
        """Whether the text names a sub-block of the message; says so if it does not."""
        descriptor: Any = declared.owner
        names = [f.name for f in schema_of(descriptor).values() if f.is_selectable]
        if not value.text or value.text in names:
            return True
        if self.placeholder(value, declared):
            return False
        # Where Python code may add types, only what looks like one of these is a slip.
        cutoff = _SLIP if is_open(descriptor) else 0.6
        guess = did_you_mean(value.text.lower(), names, cutoff=cutoff)
        if is_open(descriptor) and (guess is None or value.text in self.siblings):
            return True
        hint = f": did you mean `{guess}`?" if guess else ""
        self.add(
            UNKNOWN_TYPE,
            span(value),
            f"{descriptor.name} has no type `{shown(value.text)}`{hint} (there are"
            f" {', '.join(names)})",
        )
        return False

    def placeholder(self, value: Scalar, declared: FieldSchema) -> bool:
        """Whether a value is there to be replaced; reports it if so."""
        if not _PLACEHOLDER.match(value.text):
            return False
        words = f"`{shown(value.text)}` is a placeholder that nothing filled in"
        self.add(PLACEHOLDER, span(value), f"{words}: `{declared.name}` is {declared.expected}")
        return True

    def fits(self, text: str, declared: FieldSchema) -> bool:
        if declared.enum is not None:
            return text in declared.enum.values_by_name
        convert = {
            "bool": self.syntax.boolean,
            "integer": self.syntax.integer,
            "real": self.syntax.real,
        }[declared.kind]
        return convert(text) is not None

    def enum(self, value: Scalar, declared: FieldSchema, enum: EnumDescriptor) -> int | None:
        found = enum.values_by_name.get(value.text)
        if found is None and (number := self.syntax.integer(value.text)) is not None:
            found = enum.values_by_number.get(number)
        if found is not None:
            return int(found.number)
        if self.placeholder(value, declared):
            return None
        guess = did_you_mean(value.text.upper(), enum.values_by_name)
        hint = f": did you mean {guess}?" if guess else ""
        self.wrong_type(value, declared, f"not `{shown(value.text)}`{hint}")
        return None

    def number(self, value: Scalar, declared: FieldSchema) -> int | float | None:
        integer = declared.kind == "integer"
        number: int | float | None = (
            self.syntax.integer(value.text) if integer else self.syntax.real(value.text)
        )
        if number is None and integer:
            real = self.syntax.real(value.text)
            # A number that is whole, and as large as this, is only written in another way.
            number = int(real) if real is not None and 2**64 < abs(real) < math.inf else None
        if number is None:
            self.no_number(value, declared)
            return None
        problem = _out_of_range(number, declared)
        if problem:
            self.add(
                OUT_OF_RANGE, span(value), f"`{declared.name}` is {shown(value.text)}: {problem}"
            )
            return None
        return number

    def no_number(self, value: Scalar, declared: FieldSchema) -> None:
        """Says why a text is no number of the field's type."""
        text = value.text
        if self.syntax.null(text):
            self.add(
                WRONG_TYPE,
                span(value),
                f"`{declared.name}` has no value: give it {declared.expected}, or remove it",
            )
            return
        if self.placeholder(value, declared):
            return
        meant: float | None = self.syntax.integer(text)
        if declared.kind == "integer":
            real = self.syntax.real(text)
            meant = round(real) if real is not None and math.isfinite(real) else None
        hint = f": write {meant}" if meant is not None and abs(meant) < MAX_SHOWN else ""
        if meant is None and _DECIMAL_COMMA.match(text):
            hint = f": write {without_comma(text, whole=declared.kind == 'integer')}"
        elif meant is None and text[:1] in CURLY_QUOTES:
            hint = ": these are curly quotes. Remove them"
        self.wrong_type(value, declared, f"not `{shown(text)}`{hint}")

    def check_presence(
        self, declared: FieldSchema, message: Any, path: FieldPath, opening: Span
    ) -> None:
        """Reports a field that has to be there, at the opening of its message."""
        self.at = (*path, declared.name)
        if not self.complete or self.at in self.places:
            return
        if declared.rule.required:
            self.add(
                MISSING_FIELD,
                opening,
                f"{message.DESCRIPTOR.name} needs `{declared.name}`, {declared.expected}:"
                " it has no default",
            )
        elif declared.rule.not_empty:
            self.add(
                MISSING_FIELD,
                opening,
                f"{message.DESCRIPTOR.name} needs at least one `{declared.name}`",
            )


@cache
def selector_of(descriptor: Any) -> str:
    """The field that names the one sub-block of a message that counts; "" where all do."""
    return next((f.name for f in schema_of(descriptor).values() if f.rule.selects), "")


def counting(message: Any) -> str | None:
    """The name of the one sub-block of a message that counts, None where none does.

    Where the file does not choose, it is the only one that is given.
    """
    selector = selector_of(message.DESCRIPTOR)
    if message.HasField(selector):
        return getattr(message, selector) or None
    given = [field.name for field, _ in message.ListFields()]
    return given[0] if len(given) == 1 else None


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


def _out_of_range(number: int | float, declared: FieldSchema) -> str:
    """What is wrong with a number, and the nearest one that is right."""
    if isinstance(number, int):
        low, high = declared.limits
        for words, _, bound in declared.bounds:
            low = max(low, int(bound)) if words == "at least" else low
            high = min(high, int(bound)) if words == "at most" else high
        if not low <= number <= high and not declared.limits[0] <= number <= declared.limits[1]:
            nearest = min(max(number, low), high)
            return f"it must be a whole number from {low} to {high} (nearest: {nearest})"
    if isinstance(number, float) and not math.isfinite(number) and declared.is_bounded:
        return "it must be a finite number"
    broken = [
        f"{words} {int(bound) if isinstance(number, int) else format(bound, '.9g')}"
        for words, is_within, bound in declared.bounds
        if not is_within(number, bound)
    ]
    return f"it must be {' and '.join(broken)}" if broken else ""


_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "greater_than": ("greater than", operator.gt),
    "at_least": ("at least", operator.ge),
    "less_than": ("less than", operator.lt),
    "at_most": ("at most", operator.le),
}


def dead_copy(source: Source, field: Field) -> Fix | None:
    """Takes out a scalar that is given again below: the last copy is what loaders keep."""
    is_anchor = "&" in source.text[field.end : field.value.end]
    if not isinstance(field.value, Scalar) or is_anchor:
        return None
    from schedule_builder.reading.edits import without  # only a bad config pays for it

    edit = without(source.text, field.start, field.value.end)
    return Fix(f"Remove the first `{shown(field.name)}`, which counts for nothing", (edit,), True)


@cache
def _is_alike(one: str, other: str) -> bool:
    """What a slip leaves of a name, told without the search that is slow to import."""
    return abs(len(one) - len(other)) <= 1 and (one[:3] == other[:3] or one[-3:] == other[-3:])


def _meant(name: str, descriptor: Any) -> str | None:
    """The field that a name is most likely a misspelling of."""
    owners = any(_owners(name, descriptor))
    return did_you_mean(name, schema_of(descriptor), cutoff=0.8 if owners else 0.6)


@cache
def unknown_field(name: str, descriptor: Any) -> str:
    """Says that a type of message has no such field, and what was probably meant."""
    known = schema_of(descriptor)
    owners = sorted(_owners(name, descriptor))
    if guess := _meant(name, descriptor):
        hint = f": did you mean `{guess}`?"
    elif owners:
        hint = f": it belongs to {' or '.join(owners)}"
    else:
        names = list(known)[:MAX_SHOWN_NAMES]
        more = ", ..." if len(known) > len(names) else ""
        hint = f". Its fields: {', '.join(names)}{more}" if known else ""
    return f"{descriptor.name} has no field `{shown(name)}`{hint}"


def _owners(name: str, descriptor: Any) -> Iterator[str]:
    """The message types of a pipeline that do have a field of this name."""
    if is_lenient(descriptor):
        return
    from schedule_builder.v1 import pipeline_pb2  # only a bad config pays for it

    seen: set[str] = set()
    pending = [pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR]
    while pending:
        descriptor = pending.pop()
        if descriptor.full_name in seen or is_opaque(descriptor):
            continue
        seen.add(descriptor.full_name)
        if name in descriptor.fields_by_name:
            yield descriptor.name
        pending += [f.message_type for f in descriptor.fields if f.message_type is not None]
