"""Finds the block that a single value was meant to be."""

from __future__ import annotations

from typing import Any, TypeAlias

from schedule_builder.diagnostics import Words
from schedule_builder.reading.fields import FieldSchema, schema_of, selector_of
from schedule_builder.reading.names import words_of
from schedule_builder.reading.tree import Scalar, Syntax
from schedule_builder.reading.values import Refusal, value_of

_Fields: TypeAlias = "list[tuple[str, str | _Fields]]"
_DEEPEST = 3


def example_of(value: Scalar, declared: FieldSchema, syntax: Syntax, quote: str = "") -> str | None:
    """The field with the block that a value was most likely meant for; None where none fits.

    Args:
        value: what was written instead of a block.
        declared: the field, which holds blocks.
        syntax: the file's.
        quote: what names stand in.
    """
    chosen = _chosen(value, declared.message) or _with_value(value, declared, syntax)
    return None if chosen is None else _written([(declared.name, chosen)], syntax, quote)


def inner_example(
    name: str, value: Scalar, descriptor: Any, syntax: Syntax, quote: str = ""
) -> str | None:
    """The first block of a message in which a field of that name holds the value."""
    for field in schema_of(descriptor).values():
        inner = schema_of(field.message).get(name) if field.message is not None else None
        if inner is None or inner.message is not None or field.repeated:
            continue
        if not isinstance(value_of(value, inner, syntax), Refusal):
            return _written([(field.name, [(name, value.text)])], syntax, quote)
    return None


def members_of(descriptor: Any) -> list[str]:
    """The blocks of a message that exclude each other."""
    fields = schema_of(descriptor).values() if descriptor is not None else ()
    return [field.name for field in fields if field.message is not None and field.oneof]


def contents_of(declared: FieldSchema) -> Words:
    """What a block without a value needs, as advice.

    `{}` is enough where no field in it is needed, and means nothing as an element of a list.
    """
    if members := members_of(declared.message):
        return Words("give it one block, such as {member:field}", member=members[0])
    fields = schema_of(declared.message).values()
    needed = [f for f in fields if f.rule.required or f.rule.not_empty or members_of(f.message)]
    if declared.repeated:
        needed = needed or list(fields)
    if not needed:
        return Words("write `{{}}` for all its defaults")
    these, *others = [Words("{name:field}", name=field.name) for field in needed]
    for other in others:
        these = Words("{these} and {other}", these=these, other=other)
    return Words("give it {fields}", fields=these)


def member_named(text: str, descriptor: Any) -> str | None:
    """The block of a message whose name begins with the same words as a text: `adam`."""
    words = words_of(text)
    for field in schema_of(descriptor).values():
        rest = words_of(field.name)[len(words) :]
        is_named = bool(words) and words_of(field.name)[: len(words)] == words
        if field.message is not None and is_named and rest in ((), ("optimizer",), _RATE, _DECAY):
            return field.name
    return None


_RATE = ("learning", "rate")
_DECAY = ("decay", "learning", "rate")


def _chosen(value: Scalar, descriptor: Any) -> _Fields | None:
    """The block that a name chooses."""
    selector = selector_of(descriptor)
    if selector and value.text in schema_of(descriptor):
        return [(selector, value.text)]
    member = member_named(value.text, descriptor) if not selector else None
    return [(member, [("...", "")])] if member else None


def _with_value(value: Scalar, declared: FieldSchema, syntax: Syntax) -> _Fields | None:
    """The block with the value at the first field that has its name, or counts its steps."""
    own = list(schema_of(declared.message))
    wanted = (declared.name, f"{declared.name}_steps", *(own if len(own) == 1 else ()))
    # The nearest such field, in the order of the schema.
    pending: list[tuple[Any, list[tuple[Any, str]]]] = [(declared.message, [])]
    for descriptor, path in pending:
        for field in schema_of(descriptor).values():
            if field.message is not None and not field.repeated and len(path) < _DEEPEST:
                pending.append((field.message, [*path, (descriptor, field.name)]))
            elif field.message is None and field.name in wanted and not field.repeated:
                if isinstance(value_of(value, field, syntax), Refusal):
                    continue
                fields: _Fields = [(field.name, value.text)]
                for owner, name in reversed(path):
                    selector = selector_of(owner)
                    choice: _Fields = [(selector, name)] if selector else []
                    fields = [*choice, (name, fields)]
                return fields
    return None


def _written(fields: _Fields, syntax: Syntax, quote: str) -> str:
    parts = []
    for name, value in fields:
        if name == "...":
            parts.append(name)
        elif isinstance(value, str):
            is_text = quote and syntax.real(value) is None
            parts.append(
                f"{quote}{name}{quote}: {quote if is_text else ''}{value}{quote if is_text else ''}"
            )
        elif syntax.explicit_lists:
            parts.append(f"{quote}{name}{quote}: {{{_written(value, syntax, quote)}}}")
        else:
            parts.append(f"{name} {{ {_written(value, syntax, quote)} }}")
    return (", " if syntax.explicit_lists else " ").join(parts)
