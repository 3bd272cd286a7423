"""The options and types of the fields of a message, as the schema states them."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.v1 import learning_rate_pb2, options_pb2

_RULE: Any = options_pb2.rule
_OPEN: Any = options_pb2.open
_LENIENT: Any = options_pb2.lenient
_OPAQUE: Any = options_pb2.opaque
_COUNTS_STEPS: Any = options_pb2.counts_steps
_MAKES_PERIODS: Any = options_pb2.makes_periods
_ENDS_DECAY: Any = options_pb2.ends_decay
_SURPRISING_DEFAULT: Any = options_pb2.surprising_default
_NOT_STRETCHABLE: Any = options_pb2.not_stretchable
_NOT_STRETCHABLE_VALUE: Any = options_pb2.not_stretchable_value
_SCALES_RATE: Any = options_pb2.scales_rate
_MAKES_PRODUCT: Any = options_pb2.makes_product
_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
_KINDS = {
    FieldDescriptor.TYPE_MESSAGE: "message",
    FieldDescriptor.TYPE_ENUM: "enum",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_DOUBLE: "real",
    FieldDescriptor.TYPE_FLOAT: "real",
}
_EXPECTED = {
    "message": Words("a block `{{ ... }}`"),
    "string": Words("a string"),
    "bool": Words("true or false"),
    "integer": Words("a whole number"),
    "real": Words("a number"),
}
_IS_WITHIN: dict[str, Callable[[Any, Any], bool]] = {
    "greater_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}


class Bound(NamedTuple):
    """One end of a field's range: its name in `Rule`, the test of a value, and the number."""

    name: str
    is_within: Callable[[Any, Any], bool]
    number: float


class Number(NamedTuple):
    """What a field of one finite number may be: whether it is whole, and its range."""

    is_whole: bool
    least: float
    most: float


class FieldSchema(NamedTuple):
    """What the schema states about one field."""

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
    bounds: tuple[Bound, ...]
    is_bounded: bool
    is_selectable: bool
    """Whether this is a sub-block that counts only where a field beside it names it."""
    counts_steps: int
    """What the steps count: a `StepCount`; 0 if the field does not count steps."""
    makes_periods: bool
    """Whether a true value makes every position of the message a period."""
    ends_decay: int
    """How the number sets the end of a decay: a `DecayEnd`; 0 if it does not."""
    has_surprising_default: bool
    """Whether a file should set the value, as a reader would not guess its default."""
    is_stretchable: bool
    """Whether the schedule in the field keeps its kind when it is stretched to another length."""
    scales_rate: bool
    """Whether multiplying this and all other such fields multiplies the rate."""

    @property
    def expected(self) -> Words:
        """The type, in words."""
        if self.enum is not None:
            return Words("one of {names}", names=", ".join(v.name for v in self.enum.values))
        return _EXPECTED[self.kind]


@cache
def schema_of(descriptor: Any) -> dict[str, FieldSchema]:
    """The fields of a message type, by name."""
    options = [(field, field.GetOptions()) for field in descriptor.fields]
    selects = any(given.Extensions[_RULE].selects for _, given in options)
    return {field.name: _field_schema(field, given, selects) for field, given in options}


def field_named(descriptor: Any, name: str) -> Any:
    """The field of a message type with a name that stands in a file; None where it has none.

    protobuf's own lookup raises for half of a surrogate pair, which JSON's escapes can hold, and
    its `in` even leaves an error set, which the next call raises.
    """
    return descriptor.fields_by_name.get(name) if name.isascii() else None


def value_named(enum: EnumDescriptor, name: str) -> Any:
    """The value of an enum with a name that stands in a file, as `field_named`."""
    return enum.values_by_name.get(name) if name.isascii() else None


@cache
def types_inside(descriptor: Any) -> tuple[Any, ...]:
    """A type of message, and those of the messages that may be in it."""
    found = {descriptor.full_name: descriptor}
    pending = [descriptor]
    for outer in pending:
        for field in outer.fields:
            inner = field.message_type
            if inner is not None and inner.full_name not in found:
                found[inner.full_name] = inner
                pending.append(inner)
    return tuple(found.values())


@cache
def needed_of(descriptor: Any) -> tuple[FieldSchema, ...]:
    """The fields that have to be given."""
    declared = schema_of(descriptor).values()
    return tuple(field for field in declared if field.rule.required or field.rule.not_empty)


@cache
def numbers_of(descriptor: Any) -> dict[str, Number] | None:
    """The fields of a message whose fields are single numbers; None of others."""
    schema = schema_of(descriptor)
    is_plain = all(
        field.kind in ("integer", "real") and not (field.repeated or field.oneof or field.enum)
        for field in schema.values()
    )
    if not is_plain or is_lenient(descriptor):
        return None
    return {name: _number(field) for name, field in schema.items()}


def _number(field: FieldSchema) -> Number:
    """What the number in a field may be."""
    is_whole = field.kind == "integer"
    least, most = field.limits if is_whole else (-sys.float_info.max, sys.float_info.max)
    for name, _, bound in field.bounds:
        if name in ("at_least", "greater_than"):
            above = math.floor(bound) + 1 if is_whole else math.nextafter(bound, math.inf)
            least = max(least, bound if name == "at_least" else above)
        else:
            below = math.ceil(bound) - 1 if is_whole else math.nextafter(bound, -math.inf)
            most = min(most, bound if name == "at_most" else below)
    return Number(is_whole, least, most)


@cache
def has_run_units(descriptor: Any) -> bool:
    """Whether the counts of a message may have another unit than steps."""
    name: str = descriptor.file.name
    return name == learning_rate_pb2.DESCRIPTOR.name


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether a field of any schema may be given several times."""
    # `label` warns on new runtimes, and old ones have no `is_repeated`.
    repeated = getattr(field, "is_repeated", None)
    if repeated is None:
        repeated = getattr(field, "label") == 3  # noqa: B009, PLR2004
    return bool(repeated)


def _field_schema(field: FieldDescriptor, options: Any, selects: bool) -> FieldSchema:
    oneof, owner = field.containing_oneof, field.containing_type
    rule = options.Extensions[_RULE]
    return FieldSchema(
        name=field.name,
        repeated=is_repeated(field),
        kind=_KINDS.get(field.type, "integer"),
        rule=rule,
        bounds=tuple(
            Bound(name, is_within, getattr(rule, name))
            for name, is_within in _IS_WITHIN.items()
            if rule.HasField(name)
        ),
        is_bounded=bool(rule.ByteSize()),
        default=field.default_value if field.has_default_value else None,
        oneof=oneof.name if oneof is not None else None,
        limits=_INTEGERS.get(field.type, (0, 0)),
        message=field.message_type,
        enum=field.enum_type,
        owner=owner,
        is_selectable=selects and field.message_type is not None,
        counts_steps=options.Extensions[_COUNTS_STEPS],
        makes_periods=options.Extensions[_MAKES_PERIODS],
        ends_decay=options.Extensions[_ENDS_DECAY],
        has_surprising_default=options.Extensions[_SURPRISING_DEFAULT],
        is_stretchable=not options.Extensions[_NOT_STRETCHABLE],
        scales_rate=options.Extensions[_SCALES_RATE],
    )


def is_stretchable_value(enum: EnumDescriptor, number: int) -> bool:
    """Whether the kind that a value of an enum chooses can be stretched to another length."""
    value = enum.values_by_number.get(number)
    return value is None or not value.GetOptions().Extensions[_NOT_STRETCHABLE_VALUE]


def makes_product(message: Any) -> bool:
    """Whether the members of a message are multiplied."""
    for declared in message.DESCRIPTOR.fields:
        if declared.enum_type is not None and not is_repeated(declared):
            value = declared.enum_type.values_by_number.get(getattr(message, declared.name))
            if value is not None and value.GetOptions().Extensions[_MAKES_PRODUCT]:
                return True
    return False


@cache
def is_opaque(descriptor: Any) -> bool:
    """Whether the contents of a message type are kept and not checked."""
    return bool(descriptor.GetOptions().Extensions[_OPAQUE])


@cache
def is_open(descriptor: Any) -> bool:
    """Whether fields that a message type does not declare are kept and not checked."""
    return bool(descriptor.GetOptions().Extensions[_OPEN])


@cache
def is_lenient(descriptor: Any) -> bool:
    """Whether `null` means not given, and one text is accepted as a list of one."""
    return bool(descriptor.file.GetOptions().Extensions[_LENIENT])


@cache
def selector_of(descriptor: Any) -> str:
    """The field that selects a sub-block of a message; "" if the message has none."""
    return next((f.name for f in schema_of(descriptor).values() if f.rule.selects), "")


def counting(message: Any) -> str | None:
    """The name of the selected sub-block of a message; None if none is selected.

    If the file does not select one, it is the only one that is given.
    """
    selector = selector_of(message.DESCRIPTOR)
    if message.HasField(selector):
        return getattr(message, selector) or None
    given = [field.name for field, _ in message.ListFields()]
    return given[0] if len(given) == 1 else None


def dotted(path: FieldPath) -> str:
    """A path as people write it: `train_config.optimizer`, `schedule[0].step`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def field_name(path: FieldPath) -> str:
    """The field at the end of a path, with its index in a list: `step`, `milestones[0]`.

    >>> field_name(("multi_step_learning_rate", "milestones", 0))
    'milestones[0]'
    """
    names = [place for place, part in enumerate(path) if isinstance(part, str)]
    return dotted(path[names[-1] :] if names else path)
