"""Inlay hints of a config: lengths in steps, rates at boundaries, defaults.

Offsets count characters of the text, as everywhere in this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.message import Message

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, Words, rate_text
from schedule_builder.reading.fields import FieldSchema, counting, schema_of, selector_of


class Hint(NamedTuple):
    """A text to show after an offset."""

    offset: int
    text: str


def hints(config: Config) -> list[Hint]:
    """All hints of a config, in order."""
    if config.schedule is None:
        return []
    return sorted({*_lengths(config), *_rates(config), *_defaults(config)})


def _hint(
    config: Config, path: FieldPath, words: Words, *, behind_name: bool = False
) -> list[Hint]:
    place = config.places.get(path)
    if place is None:
        return []
    text = config.document.source.text
    end = place.name.end if behind_name else place.value.end
    if behind_name and text[end : end + 1] in "\"':":
        end += 2 if text[end : end + 2] in ('":', "':") else 1
    return [Hint(end, str(words))]


def _lengths(config: Config) -> Iterator[Hint]:
    """Lengths in epochs and in shares of the run, in steps."""
    if config.in_steps is None:
        return
    for path, length in config.in_steps.lengths.items():
        words = Words("= {steps:count step}", steps=length.steps)
        yield from _hint(config, path, words)


def _rates(config: Config) -> Iterator[Hint]:
    """The rate from which each stage begins, and the last one."""
    schedule = config.schedule
    assert schedule is not None  # noqa: S101 - the caller has seen to it
    seen: set[FieldPath] = set()
    for segment in schedule.segments:
        path = config.written_path((*config.learning_rate_path, *segment.path))
        # The rate of an element of a list is written in the element.
        if segment.path and segment.begin and path not in seen:
            seen.add(path)
            words = Words(
                "rate {rate:rate} from step {step} on",
                rate=schedule(segment.begin),
                step=segment.begin,
            )
            yield from _hint(config, path, words)
    run = config.dialect.num_steps_path
    if run and config.num_steps:
        last = config.num_steps - 1
        words = Words("rate {rate:rate} at step {last}", rate=schedule(last), last=last)
        yield from _hint(config, run, words)


def _defaults(config: Config) -> Iterator[Hint]:
    """The defaults in force in the blocks that make the schedule."""
    for path in config.dialect.schedule_paths(config.message):
        message = config.get(path)
        if isinstance(message, Message):
            yield from _defaults_in(config, message, path)


def _defaults_in(config: Config, message: Message, path: FieldPath) -> Iterator[Hint]:
    chosen = counting(message) if selector_of(message.DESCRIPTOR) else None
    missing = []
    for name, declared in schema_of(message.DESCRIPTOR).items():
        if declared.message is None:
            if _is_in_force(declared, message, name):
                missing.append(f"{name}: {_value(declared)}")
        elif selector_of(message.DESCRIPTOR) and name != chosen:
            continue
        elif declared.repeated:
            for index, item in enumerate(getattr(message, name)):
                yield from _defaults_in(config, item, (*path, name, index))
        elif message.HasField(name):
            yield from _defaults_in(config, getattr(message, name), (*path, name))
    if missing:
        words = Words("default {values}", values=", ".join(missing))
        yield from _hint(config, path, words, behind_name=True)


def _is_in_force(declared: FieldSchema, message: Message, name: str) -> bool:
    """Whether a default matters: 0 and false switch something off."""
    is_given = declared.repeated or message.HasField(name)
    return bool(declared.default) and not is_given and declared.oneof is None


def _value(declared: FieldSchema) -> str:
    if declared.enum is not None:
        return str(declared.enum.values_by_number[declared.default].name)
    if isinstance(declared.default, float):
        return rate_text(declared.default)
    return str(declared.default).lower() if declared.kind == "bool" else str(declared.default)
