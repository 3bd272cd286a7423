"""The list of config systems, and which of them a file belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from schedule_builder.diagnostics import did_you_mean
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import OPTIMIZER, PIPELINE, TRAIN_CONFIG
from schedule_builder.reading.fields import is_opaque, schema_of, types_inside
from schedule_builder.reading.tree import Block, Field, Scalar

DIALECTS: tuple[Dialect, ...] = (PIPELINE, EXPERIMENT, TRAIN_CONFIG, OPTIMIZER, LEARNING_RATE)
"""All of them. A file that shows no sign of any is read as the first."""
_BY_MESSAGE = {dialect.root.DESCRIPTOR.full_name: dialect for dialect in DIALECTS}
_TELLING_NAMES = 50
_NEARNESS = 0.8
_MOST_OF_A_SCHEDULE = 3
"""The most fields at the top of a schedule in a file of its own: the kind and its modifiers."""
_CLASS_NAMES = frozenset(("class_name", "_target_"))


def dialect_of(message: str) -> Dialect:
    """The dialect whose files are of a type of message, by its full name."""
    return _BY_MESSAGE[message]


def recognize(names: Iterable[str]) -> Dialect:
    """The dialect of a file, by the names of its top-level fields.

    It is read as a part of a config only if no name at its top belongs to a whole config.
    """
    telling = list(dict.fromkeys(names))[:_TELLING_NAMES]

    def exact(dialect: Dialect) -> tuple[bool, int]:
        count = sum(name in schema_of(dialect.root.DESCRIPTOR) for name in telling)
        return bool(count) and not dialect.is_part, count

    def near(dialect: Dialect) -> int:
        fields = schema_of(dialect.root.DESCRIPTOR)
        return sum(did_you_mean(name, fields) is not None for name in telling)

    best = max(DIALECTS, key=exact)
    return best if exact(best)[1] else max((d for d in DIALECTS if not d.is_part), key=near)


def is_config(block: Block) -> bool:
    """Whether the fields at the top of a file indicate a config, even a misspelled or broken one.

    They do if a dialect knows them, if one of them is nearly the block of a dialect, or if most of
    them are names of fields anywhere in the schema.
    """
    if any(dialect.is_meant(block) for dialect in DIALECTS) or misspelled(block):
        return True
    names = {field.name for field in block.fields[:_TELLING_NAMES]}
    if 2 * len(names & _all_names()) > len(names):
        return True
    return len(names) <= _MOST_OF_A_SCHEDULE and any(map(_is_schedule, block.fields))


def _is_schedule(field: Field) -> bool:
    """Whether a field is a schedule that this project, or another library, may have."""
    if field.name in _CLASS_NAMES:
        return isinstance(field.value, Scalar) and _is_known(field.value.text)
    if not isinstance(field.value, Block):
        return False
    return field.name.endswith(LEARNING_RATE.words) or _is_known(field.name)


def _is_known(name: str) -> bool:
    from schedule_builder.reading.foreign_names import schedule_named  # noqa: PLC0415 - 30 ms

    return schedule_named(name) is not None


def misspelled(block: Block) -> tuple[str, str] | None:
    """A name at the top of a file that is nearly a block of a dialect, and the name that was meant.

    The block's contents have to fit the schema as well: `trainer_options` is another tool's.
    """
    for field in block.fields[:_TELLING_NAMES]:
        for dialect in DIALECTS:
            if meant := _meant(field, dialect.root.DESCRIPTOR):
                return field.name, meant
    return None


def _meant(field: Field, descriptor: Any) -> str | None:
    schema = schema_of(descriptor)
    if not isinstance(field.value, Block) or field.name in schema:
        return None
    blocks = {n: f.message for n, f in schema.items() if f.message and not is_opaque(f.message)}
    guess = did_you_mean(field.name, blocks, cutoff=_NEARNESS)
    if guess is None:
        return None
    inner = schema_of(blocks[guess])
    return guess if any(f.name in inner for f in field.value.fields) else None


@cache
def _all_names() -> frozenset[str]:
    """The names of all fields that a config may have anywhere."""
    types = (found for dialect in DIALECTS for found in types_inside(dialect.root.DESCRIPTOR))
    return frozenset(name for found in types for name in schema_of(found))
