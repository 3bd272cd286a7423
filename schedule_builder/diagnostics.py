"""Findings: what was found in a config, where, and the words for it.

A finding stores its data; its message is rendered when it is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property, total_ordering
from typing import Any, NamedTuple, TypeAlias

from schedule_builder.limits import MAX_FINDINGS, MAX_SUGGESTIONS
from schedule_builder.printable import printable
from schedule_builder.records import Record

FieldPath: TypeAlias = tuple[str | int, ...]
"""Where a value is in a message: field names, and indexes into repeated fields."""
_NAME = r"`([a-z]\w*)`"


def rate_text(value: float) -> str:
    """A rate as messages show it: six significant digits, without padding."""
    return f"{value:.6g}"


class _Value:
    """A value that fills a template.

    `{n:count step}` is `1 step` or `2 steps`; `{x:rate}` is a rate; `{x:exact}` has the nine digits
    that tell two float32 numbers apart; `{name:field}` is the name of a field in backquotes. Other
    specifications are Python's.
    """

    __slots__ = ("names", "value")

    def __init__(self, value: Any, names: Mapping[str, str]) -> None:
        self.value = value
        self.names = names

    def __repr__(self) -> str:
        return repr(self.value)  # for `{x!r}`

    def __format__(self, format_spec: str) -> str:
        value = self.value
        if format_spec == "field":
            return f"`{self.names.get(value, value)}`"
        if format_spec.startswith("count "):
            noun = format_spec.removeprefix("count ")
            return f"{value} {noun}{'' if value == 1 else 's'}"
        if format_spec == "rate":
            return rate_text(value)
        if format_spec == "exact":
            return f"{value:.9g}"
        return format(value, format_spec)


def _filled(template: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return template.format_map({key: _Value(value, names) for key, value in values.items()})


class Words:
    """A message as a template and the values in it, which is rendered last.

    Args:
        template: the text, with a field in braces for each value; a literal brace is doubled. Names
            of fields stand in backquotes. It is a literal in the code, so that all messages can be
            listed.
        values: what fills the template. A value may be `Words` itself.

    >>> str(Words("`warmup_steps` is {steps}: {count:count step} too many", steps=9, count=1))
    '`warmup_steps` is 9: 1 step too many'
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: Any) -> None:
        self.template: str = template
        self.values: dict[str, Any] = values

    def filled(self, **values: Any) -> Words:
        """These words with more values."""
        return Words(self.template, **self.values, **values)

    def render(self, names: Mapping[str, str] | None = None) -> str:
        """Renders the message.

        Args:
            names: the names to show for fields, where the reader knows them by other names.
        """
        if not names:
            return _filled(self.template, self.values, {})

        def renamed(match: re.Match[str]) -> str:
            return f"`{names.get(match[1], match[1])}`"

        values = {
            key: value.render(names) if isinstance(value, Words) else value
            for key, value in self.values.items()
        }
        return _filled(re.sub(_NAME, renamed, self.template), values, names)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"Words({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and str(self) == str(other)

    def __lt__(self, other: Words) -> bool:
        return str(self) < str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class Span(NamedTuple):
    """A range of a text: the offset of its first character, and the one after its last."""

    start: int
    end: int


class Source(Record):
    """A text and its name in messages."""

    filename: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, find, at = [0], self.text.find, 0
        while (at := find("\n", at) + 1) > 0:
            starts.append(at)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The row and column of an offset, both counted from 1, in characters."""
        starts = self._line_starts
        row = bisect_right(starts, offset)
        return row, offset - starts[row - 1] + 1


class Related(NamedTuple):
    """A second place that a finding refers to."""

    row: int
    column: int
    end_row: int
    end_column: int
    words: Words
    filename: str = ""
    """The file of this place; empty if it is the finding's own file."""

    @property
    def message(self) -> str:
        """What the finding says about this place."""
        return str(self.words)


class Edit(NamedTuple):
    """A replacement of a range of the source, by offsets of characters."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """A fix of a finding.

    Attributes:
        title: what the edits do, as an imperative.
        edits: replacements in the source, none of which overlap.
        safe: whether the edits certainly keep the schedule that was meant.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


@total_ordering
class Diagnostic(Record, uncompared=("path", "fix")):
    """One finding.

    Attributes:
        filename: the file as it was named by the caller.
        row: the line, counted from 1.
        column: the character in the line, counted from 1.
        end_row: the line of the first character after the place.
        end_column: that character's column.
        code: the stable code of the kind of finding, such as `SB201`.
        name: its stable name, such as `unknown-field`.
        severity: `error` or `warning`.
        words: the message as a template and its values.
        related: other places that the finding refers to.
        path: the field that the finding is about, such as
            `train_config.optimizer.momentum_optimizer`; empty where there is none.
        fix: the edits that fix it; None where only the author can decide.
    """

    filename: str
    row: int
    column: int
    end_row: int
    end_column: int
    code: str
    name: str
    severity: str
    words: Words
    related: tuple[Related, ...] = ()
    path: str = ""
    fix: Fix | None = None

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Diagnostic):
            return NotImplemented
        return self._key() < other._key()

    @property
    def message(self) -> str:
        """What was found, what was expected and the likely fix."""
        return str(self.words)

    def __str__(self) -> str:
        place = f"{self.filename}:{self.row}:{self.column}"
        return printable(f"{place}: {self.severity}[{self.code}] {self.message}")

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data, as in the JSON output."""
        return {
            "filename": self.filename,
            "location": {"row": self.row, "column": self.column},
            "end_location": {"row": self.end_row, "column": self.end_column},
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "related": [
                {
                    "filename": r.filename or self.filename,
                    "location": {"row": r.row, "column": r.column},
                    "end_location": {"row": r.end_row, "column": r.end_column},
                    "message": r.message,
                }
                for r in self.related
            ],
        }


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings by file, line and column."""
    return tuple(sorted(diagnostics, key=Diagnostic._key))


class Set(NamedTuple):
    """Gives a field a value.

    Attributes:
        path: the field.
        text: the value, written as either format writes it.
        like: the field that the value is copied from, with its spelling; empty if it is not a copy.
    """

    path: FieldPath
    text: str
    like: FieldPath = ()


class Remove(NamedTuple):
    """Removes a field, or an element of one."""

    path: FieldPath


class Repair(NamedTuple):
    """A fix of a finding. A safe one certainly keeps the schedule that was meant."""

    title: str
    changes: tuple[Set | Remove, ...]
    safe: bool


class Kind(NamedTuple):
    """A kind of finding. Codes and names are stable, and never reused.

    Attributes:
        code: such as `SB201`.
        name: such as `unknown-field`.
        severity: `error` or `warning`.
        page: its page in the manual: a title that names the fault, what it means and an example.
    """

    code: str
    name: str
    severity: str
    page: str = ""

    @property
    def title(self) -> str:
        """What is wrong, in one sentence."""
        return self.page.partition("\n")[0]


TOO_LARGE = Kind(
    "SB110",
    "too-large",
    "error",
    """The file exceeds a limit.

    A file has at most 5,000,000 bytes, 1,000,000 values that YAML's aliases add to those in the
    text, and 10,000 findings; a dict or a message has at most 20,000,000 characters, written
    out. No honest config comes near that: a program wrote the file in a loop, or it is meant to
    make a reader fail. The page `limits` lists all limits.

        a: &a [1, 1, 1, 1]   b: &b [*a, *a, *a, *a]   c: &c [*b, *b, *b, *b]   # and so on

    Use instead:

        a: [1, 1, 1, 1]
    """,
)


class Report:
    """Collects the findings of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.has_errors: bool = False
        """Whether anything recorded so far is an error."""
        self._suggestions = 0
        self._appended: list[tuple[int, Source]] = []

    def append(self, source: Source) -> int:
        """Adds a second source, and returns the offset at which it begins."""
        last, before = self._appended[-1] if self._appended else (0, self.source)
        base = last + len(before.text) + 1
        self._appended.append((base, source))
        return base

    def _place(self, span: Span) -> tuple[str, tuple[int, int, int, int]]:
        start, end = span.start, max(span)
        base, source = 0, self.source
        for other, appended in self._appended:
            if start >= other:
                base, source = other, appended
        place = (*source.position(start - base), *source.position(end - base))
        return source.filename, place

    def add(
        self,
        kind: Kind,
        span: Span,
        words: Words,
        related: Iterable[tuple[Span, Words]] = (),
        *,
        path: str = "",
        fix: Fix | None = None,
    ) -> None:
        """Records a finding at a place of the source; of too many, that there are more."""
        if len(self.diagnostics) >= MAX_FINDINGS:
            self.has_errors |= kind.severity == "error"
            if self.is_full:
                return
            words = Words(
                "this file has more than {limit:,} findings: the others are not kept. Fix what"
                " writes the file",
                limit=MAX_FINDINGS,
            )
            kind, related, path, fix = TOO_LARGE, (), "", None
        self.has_errors |= kind.severity == "error"
        filename, place = self._place(span)
        others = []
        for other, text in related:
            where, there = self._place(other)
            others.append(Related(*there, text, where if where != filename else ""))
        code, name, severity, _ = kind
        self.diagnostics.append(
            Diagnostic(filename, *place, code, name, severity, words, tuple(others), path, fix)
        )

    @property
    def is_full(self) -> bool:
        """Whether no further finding is kept, so that the rest need not be looked at."""
        return len(self.diagnostics) > MAX_FINDINGS

    def may_suggest(self) -> bool:
        """Whether another unknown name may be compared with all known ones, which is slow."""
        self._suggestions += 1
        return self.has_all_suggestions

    @property
    def has_all_suggestions(self) -> bool:
        """Whether every unknown name was compared with the known ones."""
        return self._suggestions <= MAX_SUGGESTIONS

    def clear(self, start: int = 0) -> None:
        """Forgets the findings from an index on."""
        del self.diagnostics[start:]
        self.has_errors = any(d.severity == "error" for d in self.diagnostics)


class ConfigError(ValueError):
    """A config that cannot be used. `diagnostics` holds every finding, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        errors = [d for d in self.diagnostics if d.severity == "error"]
        super().__init__("\n".join(map(str, errors or self.diagnostics)))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


def did_you_mean(word: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The candidate that `word` is most likely a misspelling of."""
    from difflib import get_close_matches  # noqa: PLC0415 - 1 ms, for misspelt names alone

    matches = get_close_matches(word, list(candidates), n=1, cutoff=cutoff)
    return matches[0] if matches else None


def shown(text: str, limit: int = 40) -> str:
    """A piece of a source for a message: on one line, and shortened."""
    text = " ".join(text.split()) if not text.isspace() else repr(text)[1:-1]
    text = text if len(text) <= limit else text[: limit - 3] + "..."
    return text.encode("utf-8", "replace").decode()
