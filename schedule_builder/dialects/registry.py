"""Every config system that there is, and which of them a file is of."""

from __future__ import annotations

from collections.abc import Iterable

from schedule_builder.diagnostics import did_you_mean
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import OPTIMIZER, PIPELINE, TRAIN_CONFIG

DIALECTS: tuple[Dialect, ...] = (PIPELINE, EXPERIMENT, TRAIN_CONFIG, OPTIMIZER, LEARNING_RATE)
"""All of them. What nothing speaks for is taken for the first."""
_BY_MESSAGE = {dialect.root.DESCRIPTOR.full_name: dialect for dialect in DIALECTS}
_TELLING_NAMES = 50


def dialect_of(message: str) -> Dialect:
    """The dialect whose files are of a type of message, by its full name."""
    return _BY_MESSAGE[message]


def recognize(names: Iterable[str]) -> Dialect:
    """The dialect of a file, by the names of its top-level fields.

    A file is only taken for a part of another one where no name speaks for a whole.
    """
    telling = list(dict.fromkeys(names))[:_TELLING_NAMES]

    def exact(dialect: Dialect) -> tuple[bool, int]:
        count = sum(name in dialect.root.DESCRIPTOR.fields_by_name for name in telling)
        return bool(count) and not dialect.is_part, count

    def near(dialect: Dialect) -> int:
        fields = dialect.root.DESCRIPTOR.fields_by_name
        return sum(did_you_mean(name, fields) is not None for name in telling)

    best = max(DIALECTS, key=exact)
    return best if exact(best)[1] else max((d for d in DIALECTS if not d.is_part), key=near)
