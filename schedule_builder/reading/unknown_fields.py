"""Suggests what an unknown field was most likely meant to be."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from typing import Any, NamedTuple

from schedule_builder.diagnostics import Edit, Fix, Words, shown
from schedule_builder.reading.block_examples import example_of, inner_example, member_named
from schedule_builder.reading.counts import RUN_LENGTHS, UNKNOWN_RUN, Run, in_steps
from schedule_builder.reading.fields import (
    FieldSchema,
    field_named,
    is_lenient,
    is_opaque,
    is_open,
    schema_of,
)
from schedule_builder.reading.foreign_names import (
    MAX_SHOWN_NAMES,
    argument_named,
    argument_words,
    is_argument_of,
    schedule_named,
    schedule_words,
)
from schedule_builder.reading.names import nearest, unit_of, words_of
from schedule_builder.reading.tree import Block, Field, Scalar, Sequence, Syntax, Value
from schedule_builder.reading.values import SLIP, Refusal, value_of
from schedule_builder.v1 import pipeline_pb2

_MAX_OWNERS = 3
_TYPE_NAMES = frozenset(("type", "class_name", "kind", "name", "schedule"))
"""Fields that select one of several blocks in other systems."""


class Unknown(NamedTuple):
    """The message about an unknown field.

    Attributes:
        words: the message.
        about: the field that was meant; None where none is known.
        fix: writes the right name, if only the name is wrong.
    """

    words: Words
    about: str | None
    fix: Fix | None = None


class Where(NamedTuple):
    """Where an unknown field was found.

    Attributes:
        descriptor: the type of the message.
        block: the name of the field that holds the message; empty for the whole file.
        syntax: the syntax of the file.
        run: what is known of the run.
        quote: the quotes around names.
    """

    descriptor: Any
    block: str
    syntax: Syntax
    run: Run = UNKNOWN_RUN
    quote: str = ""


def unknown_field(name: str, value: Value | None, where: Where) -> Unknown:
    """Says that a type of message has no such field, and what was probably meant.

    Args:
        name: the field.
        value: its value, if it is known: fields that it does not fit are not suggested.
        where: where it stands.
    """
    if found := _as_unit(name, value, where):
        return Unknown(_words(name, found[0], where), found[1])
    hint, about = _hint(name, value, where)
    return Unknown(_words(name, hint, where), about)


def judged(field: Field, where: Where, given: Container[str]) -> Unknown | None:
    """The message for an unknown field, with a fix; None if it is kept and not checked.

    Args:
        field: the field.
        where: where it stands.
        given: the fields beside it. Where most fields are another tool's, a field is only taken
            for a misspelling if it is like one of ours that is missing there.
    """
    schema = schema_of(where.descriptor)
    if is_open(where.descriptor):
        missing = [name for name in schema if name not in given]
        fitting = [name for name in missing if binds(field.value, schema[name], where)]
        meant = nearest(field.name, fitting, cutoff=SLIP)
        if meant is None:
            return None
        hint = Words(": did you mean `{guess}`?", guess=meant)
        found = Unknown(_words(field.name, hint, where), meant)
    else:
        found = unknown_field(field.name, field.value, where)
        meant = found.about
        if meant is None or not binds(field.value, schema[meant], where):
            return found
        if unit_of(field.name) is not None or (meant in given and not schema[meant].repeated):
            return found
    edit = Edit(field.start, field.end, f"{where.quote}{meant}{where.quote}")
    return found._replace(fix=Fix(f"Write `{meant}`", (edit,), safe=False))


def _words(name: str, hint: Words | str, where: Where) -> Words:
    if not where.block:
        return Words("unknown field `{name}`{hint}", name=shown(name), hint=hint)
    return Words(
        "{block:field} has no field `{name}`{hint}", block=where.block, name=shown(name), hint=hint
    )


def binds(value: Value | None, declared: FieldSchema, where: Where) -> bool:
    """Whether a value can be the value of a field."""
    if isinstance(value, Sequence):
        return declared.repeated and all(binds(item, declared, where) for item in value.items)
    if isinstance(value, Scalar):
        if declared.message is not None:
            return False
        return not isinstance(value_of(value, declared, where.syntax), Refusal)
    return value is None or declared.message is not None


def _hint(name: str, value: Value | None, where: Where) -> tuple[Words | str, str | None]:
    schema = schema_of(where.descriptor)
    scalar = value if isinstance(value, Scalar) else None
    message = where.descriptor.full_name
    if (argument := argument_named(name, message)) and not is_lenient(where.descriptor):
        fitting = [n for n, declared in schema.items() if binds(value, declared, where)]
        if not is_argument_of(argument, message) and (guess := nearest(name, fitting, cutoff=SLIP)):
            return Words(": did you mean `{guess}`?", guess=guess), guess
        meant = argument.argument
        fits = meant in schema and binds(value, schema[meant], where)
        return argument_words(name, argument, message), meant if fits else None
    if scalar is not None and name in _TYPE_NAMES and (hint := _as_type(scalar, where)):
        return hint, None
    fitting = [n for n, declared in schema.items() if binds(value, declared, where)]
    spelling = name.replace("_", "").lower()
    guess = next((n for n in fitting if n.replace("_", "") == spelling), None)
    if guess is None and not is_lenient(where.descriptor) and (foreign := schedule_named(name)):
        return schedule_words(foreign), None
    if guess is None and isinstance(value, Block):
        guess = member_named(name, where.descriptor)
    around = _owners(name, where.descriptor)
    fitting_owners = [field for field, declared in around.items() if binds(value, declared, where)]
    owners = sorted(fitting_owners or around)
    if guess := guess or nearest(name, fitting, cutoff=0.8 if owners else 0.6):
        return Words(": did you mean `{guess}`?", guess=guess), guess
    if scalar is not None and (hint := _as_block(name, scalar, where)):
        return hint, None
    if owners:
        listed = " or ".join(f"`{owner}`" for owner in owners[:_MAX_OWNERS])
        if len(owners) <= _MAX_OWNERS:
            words = Words(": it belongs to {names}. Move it there, or remove it", names=listed)
            return words, None
        return Words(
            ": it belongs to a block such as {names}. Move it into one, or remove it",
            names=listed.replace(" or ", ", ", _MAX_OWNERS - 2),
        ), None
    if not schema:
        return "", None
    names = list(schema)[:MAX_SHOWN_NAMES]
    more = ", ..." if len(schema) > len(names) else ""
    return Words(
        ". Rename or remove it. Known fields: {names}{more}", names=", ".join(names), more=more
    ), None


def _as_unit(name: str, value: Value | None, where: Where) -> tuple[Words, str] | None:
    """What to write for a length that is not in steps, such as `warmup_ratio` and `epochs`."""
    found = unit_of(name)
    number = where.syntax.real(value.text) if isinstance(value, Scalar) else None
    if found is None or number is None:
        return None
    unit, stem = found
    schema = schema_of(where.descriptor)
    targets = [f"{stem}_steps"] if stem else []
    if unit == "epochs" and words_of(stem) in ((), ("num",), ("max",), ("train",), ("total",)):
        targets += RUN_LENGTHS
    meant = next((t for t in targets if t in schema and not schema[t].repeated), None)
    if meant is None:
        return None
    if unit == "share" and number > 1:
        unit = "percent"
    # The length of the run itself has no other unit.
    run = where.run._replace(has_units=where.run.has_units and meant not in RUN_LENGTHS)
    hint = in_steps(unit, number, run, meant)
    return Words(": `{meant}` counts steps. {hint}", meant=meant, hint=hint), meant


def _as_type(value: Scalar, where: Where) -> Words | None:
    """What to write for a value that chooses a block: `type: adam`, `class_name: CosineDecay`."""
    if member := member_named(value.text, where.descriptor):
        opening = f"{where.quote}{member}{where.quote}"
        block = f"{opening}: {{...}}" if where.syntax.explicit_lists else f"{member} {{ ... }}"
        return Words(": the block's name selects the kind. Write `{block}`", block=block)
    foreign = schedule_named(value.text)
    return schedule_words(foreign) if foreign is not None else None


def _as_block(name: str, value: Scalar, where: Where) -> Words | None:
    """What to write where the field that is meant is a block, and the value stands in it."""
    schema = schema_of(where.descriptor)
    blocks = [n for n, declared in schema.items() if declared.message is not None]
    meant = nearest(name, blocks, cutoff=SLIP)
    if meant:
        example = example_of(value, schema[meant], where.syntax, where.quote)
    else:
        example = inner_example(name, value, where.descriptor, where.syntax, where.quote)
    return Words(": write `{example}`", example=example) if example else None


@lru_cache(maxsize=1_000)
def _owners(name: str, descriptor: Any) -> dict[str, FieldSchema]:
    """The fields of a pipeline whose blocks have a field of this name, and that field."""
    found: dict[str, FieldSchema] = {}
    seen: set[str] = set()
    root: Any = pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR
    pending: list[tuple[str, Any]] = [] if is_lenient(descriptor) else [("", root)]
    while pending:
        field, owner = pending.pop()
        if owner.full_name in seen or is_opaque(owner):
            continue
        seen.add(owner.full_name)
        if field and field_named(owner, name) is not None:
            found[field] = schema_of(owner)[name]
        pending += [(f.name, f.message_type) for f in owner.fields if f.message_type is not None]
    return found
