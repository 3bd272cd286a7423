"""Resolves YAML's merge keys (`<<`) as PyYAML does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from schedule_builder.diagnostics import Report, Words, shown
from schedule_builder.reading.fields import is_lenient
from schedule_builder.reading.findings import DUPLICATE_KEY, SYNTAX
from schedule_builder.reading.tree import Block, Document, Field, Sequence, Value, span
from schedule_builder.reading.yaml_scalars import GARDEN


def settle(document: Document, descriptor: Any, report: Report) -> Document:
    """Applies the reading of YAML of the tool that a file is for.

    Args:
        document: what was read.
        descriptor: the type of the whole message. The Model Garden reads its own with PyYAML, which
            is YAML 1.1 and has merge keys. For all others YAML 1.2 holds.
        report: where errors go.
    """
    if not is_lenient(descriptor):
        return refuse_merges(document, report)
    return resolve_merges(document, report)._replace(syntax=GARDEN)


def refuse_merges(document: Document, report: Report) -> Document:
    """Reports the merge keys of a file in YAML 1.2."""
    for _, key in document.merges:
        words = Words("merge keys (`<<`) are not part of YAML 1.2: write out the fields")
        report.add(SYNTAX, span(key), words)
    return document._replace(merges=())


def resolve_merges(document: Document, report: Report) -> Document:
    """Puts the fields that merge keys add into their blocks, with the places they have.

    As the specification of merge keys says, a block's own fields override merged ones, and an
    earlier merged block overrides later ones. Versions of PyYAML differ there.
    """
    origins: dict[int, Field] = {}
    merged: dict[int, dict[str, Field]] = {}
    names: dict[int, set[str]] = {}
    left = Counter(id(block) for block, _ in document.merges)
    # Inner blocks come first, and an anchor before its aliases: what is merged is complete.
    for block, key in document.merges:
        taken = merged.setdefault(id(block), {})
        own = names.get(id(block))
        if own is None:
            own = names[id(block)] = {field.name for field in block.fields}
        for other in _sources(key.value, report):
            for field in other.fields:
                if field.name in own:
                    continue
                before = taken.setdefault(field.name, field)
                if before.value is not field.value:
                    _report_conflict(key, before, field, report)
        left[id(block)] -= 1
        if not left[id(block)]:
            fields = [Field(f.name, f.start, f.end, f.value) for f in taken.values()]
            origins |= {id(field): key for field in fields}
            block.fields[:0] = fields
    return document._replace(merges=(), merged=origins)


def _report_conflict(key: Field, first: Field, second: Field, report: Report) -> None:
    words = Words(
        "two of the merged blocks set `{field}`, and PyYAML's versions differ in which one"
        " they use. Set `{field}` here",
        field=shown(first.name),
    )
    related = [
        (span(field), Words("`{field}`", field=shown(field.name))) for field in (first, second)
    ]
    report.add(DUPLICATE_KEY, span(key), words, related)


def _sources(value: Value, report: Report) -> Iterator[Block]:
    """The blocks that a merge key names."""
    for item in value.items if isinstance(value, Sequence) else [value]:
        if isinstance(item, Block):
            yield item
        else:
            words = Words(
                "expected a block of fields, or a list of blocks, after the merge key `<<`: write"
                " an alias of one, such as `<<: *name`"
            )
            report.add(SYNTAX, span(item), words)
