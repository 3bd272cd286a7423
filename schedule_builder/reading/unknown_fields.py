"""What an unknown field was most likely meant to be."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache
from typing import Any, NamedTuple

from schedule_builder.diagnostics import Words, did_you_mean, shown
from schedule_builder.reading.fields import is_lenient, is_opaque, schema_of
from schedule_builder.reading.values import SLIP
from schedule_builder.v1 import pipeline_pb2

_MAX_SHOWN_NAMES = 12


class Unknown(NamedTuple):
    """What is said of an unknown field, and the field that was meant; None where none is known."""

    words: Words
    meant: str | None


def unknown_field(name: str, descriptor: Any, slip: str | None = None) -> Unknown:
    """Says that a type of message has no such field, and what was probably meant.

    Args:
        name: the field.
        descriptor: the type of message.
        slip: the field that is meant, where that is known.
    """
    known = schema_of(descriptor)
    owners = sorted(_owners(name, descriptor))
    guess = slip or did_you_mean(name, known, cutoff=0.8 if owners else 0.6)
    hint: Words | str = ""
    if guess:
        hint = Words(": did you mean `{guess}`?", guess=guess)
    elif owners:
        hint = Words(": it belongs to {owners}", owners=" or ".join(owners))
    elif known:
        names = list(known)[:_MAX_SHOWN_NAMES]
        more = ", ..." if len(known) > len(names) else ""
        hint = Words(". Its fields: {names}{more}", names=", ".join(names), more=more)
    words = Words(
        "{message} has no field `{name}`{hint}",
        message=descriptor.name,
        name=shown(name),
        hint=hint,
    )
    return Unknown(words, guess)


def slip_for(name: str, descriptor: Any, given: Container[str]) -> str | None:
    """The field that a name is a slip for, where most fields are not ours; None for no slip.

    Only what looks like a field that is not given is a slip.
    """
    missing = (known for known in schema_of(descriptor) if known not in given)
    alike = [known for known in missing if _is_alike(name, known)]
    return did_you_mean(name, alike, cutoff=SLIP) if alike else None


@cache
def _is_alike(one: str, other: str) -> bool:
    """What a slip leaves of a name, told without the search that is slow to import."""
    return abs(len(one) - len(other)) <= 1 and (one[:3] == other[:3] or one[-3:] == other[-3:])


def _owners(name: str, descriptor: Any) -> Iterator[str]:
    """The message types of a pipeline that do have a field of this name."""
    if is_lenient(descriptor):
        return
    seen: set[str] = set()
    pending: list[Any] = [pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR]
    while pending:
        owner = pending.pop()
        if owner.full_name in seen or is_opaque(owner):
            continue
        seen.add(owner.full_name)
        if name in owner.fields_by_name:
            yield owner.name
        pending += [f.message_type for f in owner.fields if f.message_type is not None]
