"""The registry of rules: one decorator for rules over a message and for rules over a run.

A rule is a generator function that yields findings. Its docstring is its page in the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Kind, Remove, Repair, Set, Words
from schedule_builder.reading.fields import types_inside
from schedule_builder.rules.run import Run


def _inside(change: Set | Remove, path: FieldPath) -> Set | Remove:
    """The same change, for a message inside another one."""
    if isinstance(change, Set) and change.like:
        change = change._replace(like=(*path, *change.like))
    return change._replace(path=(*path, *change.path))


class Finding(NamedTuple):
    """What a rule yields.

    Attributes:
        path: the field at fault.
        words: the message.
        related: other fields that it is about.
        repair: the changes that fix it.
        begin: the step from which the finding is true: a run that ends before is not affected.
    """

    path: FieldPath
    words: Words
    related: tuple[tuple[FieldPath, Words], ...] = ()
    repair: Repair | None = None
    begin: int = 0

    def inside(self, path: FieldPath) -> Finding:
        """The same finding, for a message inside another one."""
        related = tuple(((*path, *p), words) for p, words in self.related)
        repair = self.repair
        if repair is not None:
            changes = tuple(_inside(change, path) for change in repair.changes)
            repair = repair._replace(changes=changes)
        return Finding((*path, *self.path), self.words, related, repair, self.begin)


Check: TypeAlias = Callable[[Any], Iterator[Finding]]
_C = TypeVar("_C", bound=Callable[..., Iterator[Finding]])


class Rule(NamedTuple):
    """A rule, and the kind of finding that it makes."""

    kind: Kind
    check: Check


ABOUT_ENTRIES = frozenset(("SB303", "SB304"))
"""Rules that look only at the entries of a list; errors beside the list do not matter."""

ABOUT_PRESENCE = frozenset(("SB301",))
"""Rules about missing blocks: in a broken file, the block may be at another place by mistake."""

RULES: dict[str, Rule] = {}
"""All rules by code, in the order in which they run."""
_SUBJECTS: dict[str, list[Rule]] = {}
"""The rules over each type of message, by its full name; those over a run under no name."""


def rule(code: str, name: str, severity: str, *types: type[Message]) -> Callable[[_C], _C]:
    """Registers a rule.

    Args:
        code: its code, such as `SB402`, which is never used again.
        name: its name, such as `stage-not-reached`.
        severity: `error` or `warning`.
        *types: the messages that the rule is over, with paths inside of them. Without any, the rule
            is over a `Run`, with paths in the whole config.
    """

    def register(check: _C) -> _C:
        made = Rule(Kind(code, name, severity, check.__doc__ or ""), check)
        if RULES.setdefault(code, made) is not made:
            message = f"{code} is registered twice"
            raise ValueError(message)
        for subject in [message.DESCRIPTOR.full_name for message in types] or [""]:
            _SUBJECTS.setdefault(subject, []).append(made)
        return check

    return register


def check_message(
    message: Message, broken: Container[FieldPath], path: FieldPath = ()
) -> Iterator[tuple[Kind, Finding]]:
    """Every finding about a message and the messages inside it, with full paths.

    Most rules skip `broken` messages, as their meant contents are unknown.
    """
    for found in _SUBJECTS.get(message.DESCRIPTOR.full_name, ()):
        if path in broken and found.kind.code not in ABOUT_ENTRIES:
            continue
        around = (path[:n] in broken for n in range(len(path)))
        if found.kind.code in ABOUT_PRESENCE and any(around):
            continue
        for finding in found.check(message):
            if any((*path, *finding.path[:n]) in broken for n in range(1, len(finding.path) + 1)):
                continue
            yield found.kind, finding.inside(path)
    for field, value in message.ListFields():
        if field.message_type is None or not _has_subjects(field.message_type):
            continue
        if isinstance(value, Message):
            yield from check_message(value, broken, (*path, field.name))
        else:
            for index, item in enumerate(value):
                yield from check_message(item, broken, (*path, field.name, index))


@cache
def _has_subjects(descriptor: Any) -> bool:
    """Whether there are rules over a type of message, or over one that may be in it."""
    return any(found.full_name in _SUBJECTS for found in types_inside(descriptor))


def check_run(run: Run) -> Iterator[tuple[Kind, Finding]]:
    """Every finding about a run."""
    for kind, check in _SUBJECTS[""]:
        for finding in check(run):
            run.blamed.add(finding.path)
            yield kind, finding
