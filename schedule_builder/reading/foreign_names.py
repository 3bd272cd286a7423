"""Names of other libraries' schedules and arguments, and what they are called here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schedule_builder.diagnostics import Words, shown
from schedule_builder.v1 import learning_rate_pb2

_CALL = re.compile(r"(?:\w+\.)*(\w+)\(")
_AFFIXES = re.compile(r"^get|(?:withwarmup|withhardrestarts)|(?:learningrate|schedule|scheduler)$")


MAX_SHOWN_NAMES = 12
"""The most fields of a block that a message lists."""


class Foreign(NamedTuple):
    """A schedule, or an argument of one, of another library."""

    kind: str
    """The equivalent kind of learning rate in this project."""
    library: str
    name: str
    """The schedule's name in that library."""
    note: str
    argument: str = ""
    """The equivalent field in this project; empty if there is none."""


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    path = Path(__file__).parent / "equivalents.yaml"
    # PyYAML's loader in Python takes 0.2 s for it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, list[dict[str, Any]]] = yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - both are safe
    return found


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return _AFFIXES.sub("", plain)


@cache
def _schedules() -> dict[str, Foreign]:
    found: dict[str, Foreign] = {}
    for kind, entries in _table().items():
        for entry in entries:
            foreign = Foreign(kind, entry["library"], entry["name"], entry.get("note", ""))
            call = _CALL.match(entry["code"])
            for name in (entry["name"], call[1] if call else ""):
                found.setdefault(_plain(name), foreign)
    return {name: foreign for name, foreign in found.items() if name}


def schedule_named(name: str) -> Foreign | None:
    """The schedule of another library that goes by a name: `CosineDecay`, `OneCycleLR`, `wsd`."""
    return _schedules().get(_plain(name))


def argument_named(name: str, message: str) -> Foreign | None:
    """The argument of another library's schedule of that name.

    Args:
        name: the name.
        message: the full name of the message type in which it was found, whose kind is preferred.
    """
    fields: Any = learning_rate_pb2.LearningRate.DESCRIPTOR.fields_by_name
    found = [
        Foreign(kind, entry["library"], entry["name"], entry.get("note", ""), argument)
        for kind, entries in _table().items()
        for entry in entries
        for argument in [entry.get("arguments", {}).get(name)]
        if argument is not None
    ]
    own = [f for f in found if fields[f.kind].message_type.full_name == message]
    return next(iter([*own, *found]), None)


def schedule_words(foreign: Foreign) -> Words:
    """What to write for a schedule of another library."""
    note = Words(" ({note})", note=foreign.note) if foreign.note else ""
    return Words(
        ": use `{kind}` for {name} of {library}{note}",
        library=foreign.library,
        name=foreign.name,
        kind=foreign.kind,
        note=note,
    )


def is_argument_of(foreign: Foreign, message: str) -> bool:
    """Whether an argument belongs to the equivalent of a type of message, by its full name."""
    fields: Any = learning_rate_pb2.LearningRate.DESCRIPTOR.fields_by_name
    return bool(fields[foreign.kind].message_type.full_name == message)


def argument_words(name: str, foreign: Foreign, message: str) -> Words:
    """What to write for an argument of another library's schedule."""
    is_own = is_argument_of(foreign, message)
    values = {"name": shown(name), "library": foreign.library, "schedule": foreign.name}
    if is_own and foreign.argument:
        words = Words(": use `{field}` for {name} of {schedule} ({library})")
        return words.filled(field=foreign.argument, **values)
    if is_own:
        words = Words(": {name} of {schedule} ({library}) has no equivalent here. Remove it{note}")
        note = Words(". Note on {name}: {note}", name=foreign.name, note=foreign.note)
        return words.filled(note=note if foreign.note else "", **values)
    words = Words(
        ": {name} is an argument of {schedule} ({library}), which is `{kind}` here. Use that, or a"
        " field of this block: {fields}"
    )
    block: Any = learning_rate_pb2.DESCRIPTOR.pool.FindMessageTypeByName(message)
    names = [*block.fields_by_name]
    if len(names) > MAX_SHOWN_NAMES:
        names = [*names[:MAX_SHOWN_NAMES], "..."]
    return words.filled(kind=foreign.kind, fields=", ".join(names), **values)
