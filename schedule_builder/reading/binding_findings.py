"""The findings that the binder reports about the fields of a message."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import (
    FieldPath,
    Fix,
    Kind,
    Report,
    Span,
    Words,
    shown,
)
from schedule_builder.reading.counts import UNKNOWN_RUN, Run
from schedule_builder.reading.fields import (
    FieldSchema,
    dotted,
    is_open,
    schema_of,
)
from schedule_builder.reading.findings import (
    DUPLICATE,
    MISSING_FIELD,
    UNKNOWN_FIELD,
    WRONG_TYPE,
)
from schedule_builder.reading.places import Place, Places
from schedule_builder.reading.tree import (
    Block,
    Document,
    Field,
    Scalar,
    Syntax,
    Value,
    span,
)
from schedule_builder.reading.values import Refusal, placeholder, wrong_type
from schedule_builder.v1 import pipeline_pb2

CustomKinds = Callable[[], Mapping[str, type[Message]]]
"""Gives the types of message that an `Any` may hold, by full name. Few configs need them."""
BrokenPlugins = Callable[[], Mapping[str, str]]
"""Gives the plugins that cannot be loaded, and why."""


_MAX_SHOWN_MEMBERS = 12


class BindingFindings:
    """The binder's present place, and the findings that it reports there.

    Args:
        document: what was read.
        report: where errors go.
        custom_kinds: gives the types that an `Any` may hold.
        run: what is known of the run.
        broken_plugins: gives the plugins that cannot be loaded, and why.
    """

    def __init__(
        self,
        document: Document,
        report: Report,
        custom_kinds: CustomKinds,
        run: Run = UNKNOWN_RUN,
        broken_plugins: BrokenPlugins = dict,
    ) -> None:
        self.broken_plugins = broken_plugins
        self.document = document
        self.run: Run = run
        self.syntax: Syntax = document.syntax
        self.has_two_readings: bool = document.syntax.other() is not None
        self.duplicates: dict[int, list[tuple[Field, Field]]] = dict(document.duplicates)
        """Keys of YAML that are given twice, in blocks that were not judged yet; under 0, keys of
        those that were, but that are not judged."""
        self.custom_kinds = custom_kinds
        self.report: Report = report
        self.complete: bool = not report.has_errors
        """Whether the whole tree was read: only then can a field be missing."""
        self.places: Places = Places()
        self.broken: set[FieldPath] = set()
        """The messages that could not be read as they were meant."""
        self.failed: set[FieldPath] = set()
        """The fields whose values could not be read."""
        self.path: FieldPath = ()
        """The message that is being filled."""
        self.fields: dict[str, Place] = self.places.root.fields
        """The places of its fields."""
        self.at: FieldPath = ()
        """The field that is being read."""
        self.meant: set[FieldPath] = set()
        """The fields that misspelt names were meant to be."""
        self.siblings: frozenset[str] = frozenset()
        """The fields that are given beside it."""
        self._names: dict[int, frozenset[str]] = {}

    def names_in(self, block: Block) -> frozenset[str]:
        """The names of the fields that are given in a block."""
        # Blocks live as long as their document, and keep their numbers.
        known = self._names.get(id(block))
        if known is None:
            known = self._names[id(block)] = frozenset(f.name for f in block.fields)
        return known

    def add(
        self,
        kind: Kind,
        at: Span,
        words: Words,
        related: Iterable[tuple[Span, Words]] = (),
        fix: Fix | None = None,
    ) -> None:
        self.broken.add(self.path)
        if kind is not UNKNOWN_FIELD:
            self.failed.add(self.at)
        self.report.add(kind, at, words, related, path=dotted(self.at), fix=fix)

    def refuse(self, value: Value, refusal: Refusal) -> None:
        """Reports why a value does not fit its field."""
        self.add(refusal.kind, span(value), refusal.words)

    def unknown(self, field: Field, descriptor: Any, block: Block) -> None:
        if field.name.startswith("["):
            # In the API, only the pipeline message can be extended.
            if descriptor.full_name != pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR.full_name:
                words = Words("unknown extension `{name}`: remove it", name=shown(field.name))
                self.add(UNKNOWN_FIELD, span(field), words)
            return
        given = self.names_in(block)
        if is_open(descriptor) and not _may_be_slip(field.name, descriptor, given):
            return
        if not self.report.may_suggest():
            if not is_open(descriptor):
                words = Words("unknown field `{name}`{hint}", name=shown(field.name), hint="")
                self.add(UNKNOWN_FIELD, span(field), words)
            return
        from schedule_builder.reading import unknown_fields  # noqa: PLC0415 - 20 ms, for errors alone

        quote = self.quote(field.start)
        name = _block_name(self.path)
        where = unknown_fields.Where(descriptor, name, self.syntax, self.run, quote)
        found = unknown_fields.judged(field, where, given)
        if found is None:
            return
        if found.about:
            self.meant.add((*self.path, found.about))
        self.add(UNKNOWN_FIELD, span(field), found.words, fix=found.fix)

    def duplicate(self, earlier: Field, again: Field) -> None:
        """Reports a field that is given twice."""
        from schedule_builder.reading.edits import dead_copy  # noqa: PLC0415 - 2 ms, for fixes alone

        words, related = self.given_twice(earlier, again)
        fix = dead_copy(self.report.source, earlier)
        self.add(DUPLICATE, span(again), words, related, fix)

    def given_twice(self, earlier: Field, again: Field) -> tuple[Words, list[tuple[Span, Words]]]:
        """The words for a field that is given twice, and its first place."""
        name = shown(again.name)
        words = Words(
            "{field:field} is given twice (first at line {row}): keep one of them",
            field=name,
            row=self.report.source.position(earlier.start)[0],
        )
        return words, [(span(earlier), Words("{field:field} is given here", field=name))]

    def not_a_block(self, value: Scalar, declared: FieldSchema, name: Span) -> None:
        """Reports a scalar where a block belongs."""
        if not value.quoted and self.syntax.null(value.text):
            from schedule_builder.reading.block_examples import (  # noqa: PLC0415 - 3 ms, for errors alone
                contents_of,
            )

            words = Words(
                "{field:field} has no value: {contents}, or remove it",
                field=declared.name,
                contents=contents_of(declared),
            )
            self.add(WRONG_TYPE, name, words)
        else:
            refusal = placeholder(value, declared)
            self.refuse(value, refusal or self.block_expected(value, declared, name))

    def block_expected(self, value: Scalar, declared: FieldSchema, name: Span) -> Refusal:
        """Says that a block was expected, and which one was meant."""
        from schedule_builder.reading.block_examples import (  # noqa: PLC0415 - 3 ms, for errors alone
            example_of,
            members_of,
        )

        example = example_of(value, declared, self.syntax, self.quote(name.start))
        hint = Words(". Write `{example}`", example=example) if example else ""
        members = members_of(declared.message)
        if not example and 0 < len(members) <= _MAX_SHOWN_MEMBERS:
            hint = Words(": write one of its blocks, {members}", members=", ".join(members))
        found = Words("not `{text}`{hint}", text=shown(value.text), hint=hint)
        return wrong_type(declared, found)

    def quote(self, start: int) -> str:
        """The quotes around the name at an offset: JSON's, or none."""
        return '"' if self.report.source.text[start : start + 1] == '"' else ""

    def check_presence(
        self, declared: FieldSchema, path: FieldPath, opening: Callable[[], Span]
    ) -> None:
        """Reports a missing required field, at the opening of its message."""
        self.at = (*path, declared.name)
        if not self.complete or self.at in self.places or self.at in self.meant:
            return
        if declared.rule.required:
            words = Words(
                "missing {field:field} in {block:field}: add it ({expected}); it has no default",
                block=_block_name(path),
                field=declared.name,
                expected=declared.expected,
            )
            self.add(MISSING_FIELD, opening(), words)
        elif declared.rule.not_empty:
            words = Words(
                "missing {field:field} in {block:field}: add at least one",
                block=_block_name(path),
                field=declared.name,
            )
            self.add(MISSING_FIELD, opening(), words)


def _block_name(path: FieldPath) -> str:
    """The field that holds the message at a path; empty for the whole file."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _may_be_slip_of(one: str, other: str) -> bool:
    """Whether a name may be a misspelling of another; cheaper than the full search."""
    return abs(len(one) - len(other)) <= 1 and (one[:3] == other[:3] or one[-3:] == other[-3:])


def _may_be_slip(name: str, descriptor: Any, given: Container[str]) -> bool:
    known = schema_of(descriptor)
    return any(_may_be_slip_of(name, other) for other in known if other not in given)
