"""The one way to another text of a config: it is read again, and compared with what was meant.

All that gives a file another text passes through here: fixes, `set`, `convert`, `rescale`, `fmt`,
the code actions of the language server and the page of `edit`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from schedule_builder.compiler import Config, examine, unsuppressed
from schedule_builder.diagnostics import Diagnostic, Source, Words
from schedule_builder.reading.findings import FINDINGS, SYNTAX
from schedule_builder.schedules.comparison import first_difference

_OF_READING = frozenset(kind.code for kind in FINDINGS)
_INDEX = re.compile(r"\[\d+\]")


class Meant(NamedTuple):
    """What an edit is meant to do.

    Attributes:
        new: given the configs before and after, the findings that it must not add.
        other: given both, what is not as it was meant to be; None where all is.
    """

    new: Callable[[Config, Config], Sequence[Diagnostic]]
    other: Callable[[Config, Config], Words | None]


class UnmeantError(Exception):
    """Raised for a text that does not say what was meant.

    Attributes:
        words: what is wrong with it.
        findings: the new findings in it, if they are what is wrong.
    """

    def __init__(self, words: Words, findings: Sequence[Diagnostic] = ()) -> None:
        super().__init__(str(words))
        self.words = words
        self.findings: tuple[Diagnostic, ...] = tuple(findings)


def reread(
    before: Config,
    text: str,
    meant: Meant,
    read: Callable[[str], Config] | None = None,
) -> Config:
    """Reads the text that an edit gives.

    Args:
        before: the config that was edited.
        text: the text of the edited file.
        meant: what the edit is meant to do.
        read: reads the text; by default, with the run length and batch size of the config before.

    Raises:
        UnmeantError: the text does not say what was meant.
    """
    after = read(text) if read is not None else _examined(before, text)
    if found := meant.new(before, after):
        if found[0].code == SYNTAX.code:
            # The message is about a text that is not shown.
            raise UnmeantError(Words("an edit would break its layout"), found)
        words = Words(
            "the new text would have this {kind}: {message}",
            kind="error" if found[0].severity == "error" else "finding",
            message=found[0].message,
        )
        raise UnmeantError(words, found)
    if wrong := meant.other(before, after):
        raise UnmeantError(wrong)
    return after


def _examined(before: Config, text: str) -> Config:
    return examine(
        Source(before.filename, text),
        num_steps=before.given_steps,
        batch_size=before.given_batch_size,
    )


# --- findings -----------------------------------------------------------------------------------


def added(
    before: Iterable[Diagnostic],
    after: Iterable[Diagnostic],
    identity: Callable[[Diagnostic], Hashable],
) -> list[Diagnostic]:
    """The findings that are not among earlier ones."""
    known = Counter(map(identity, before))
    new = []
    for found in after:
        known[identity(found)] -= 1
        if known[identity(found)] < 0:
            new.append(found)
    return new


def new_findings(before: Config, after: Config) -> list[Diagnostic]:
    """What is found in an edited config, and was not found before in the same words."""
    return added(unsuppressed(before), unsuppressed(after), lambda d: (d.code, d.path, d.message))


def faults(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings that no edit may add: errors, and all about how a text is written.

    The other ones are warnings of rules, which judge what a file says and nothing else. As an
    edit changes only what was asked in that, they follow from what was asked: so does a warmup that
    is longer than a run which was made shorter.
    """
    return [d for d in findings if d.severity == "error" or d.code in _OF_READING]


def no_new_error(before: Config, after: Config) -> list[Diagnostic]:
    """For edits of what a config means: the new findings that no edit may add."""
    return faults(new_findings(before, after))


def nothing_new(before: Config, after: Config) -> list[Diagnostic]:
    """For edits that keep what a config means: all new findings, whatever their words."""
    return added(
        unsuppressed(before), unsuppressed(after), lambda d: (d.code, _INDEX.sub("", d.path))
    )


# --- what is meant ------------------------------------------------------------------------------


def same_message(before: Config, after: Config) -> Words | None:
    """Whether both configs have the same values."""
    one, other = (c.message.SerializeToString(deterministic=True) for c in (before, after))
    return Words("the new text would not say the same") if one != other else None


def same_schedule(before: Config, after: Config) -> Words | None:
    """Whether both configs have the same rate at every step, as far as the first one has any."""
    if before.schedule is None:
        return None
    if after.schedule is None:
        return Words("the new text would have no schedule")
    step = first_difference(before.schedule, after.schedule)
    return Words("the rate at step {step} would change", step=step) if step is not None else None
