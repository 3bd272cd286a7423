"""A config with every value in force, defaults included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source, Words
from schedule_builder.dialects.lowering import unpacked
from schedule_builder.editing.convert import convert
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    no_new_error,
    reread,
    same_schedule,
)
from schedule_builder.reading.fields import FieldSchema, is_opaque, is_open, schema_of


def resolved(config: Config) -> str:
    """A config in its own format with every value in force, defaults marked as such.

    Lengths in another unit are written in steps.

    Args:
        config: a config with a schedule.

    Raises:
        EditingError: it would not have the same schedule, or cannot be written in its format.
    """
    text = "".join(f"{line}\n" for line in _resolved_lines(config.message_in_steps, ""))

    def read(text: str) -> Config:
        return examine(
            Source(config.filename, text),
            "text",
            num_steps=config.given_steps,
            batch_size=config.given_batch_size,
            dialect=config.dialect,
        )

    try:
        after = reread(config, text, Meant(no_new_error, same_schedule), read)
    except UnmeantError as error:
        words = Words(
            "with all values in force, {reason}. Report this fault of `show --resolved`",
            reason=error.words,
        )
        raise EditingError(config.document.source, None, words) from None
    return convert(after, "yaml") if config.document.syntax.explicit_lists else text


def _resolved_lines(message: Any, indent: str) -> Iterator[str]:
    for declared in schema_of(message.DESCRIPTOR).values():
        value = getattr(message, declared.name)
        if declared.repeated:
            items = list(value)
        elif message.HasField(declared.name):
            items = [value]
        elif declared.oneof is None and declared.default is not None:
            yield f"{indent}{declared.name}: {_literal(value, declared)}  # default"
            continue
        else:
            continue
        for item in items:
            if declared.message is None:
                yield f"{indent}{declared.name}: {_literal(item, declared)}"
            elif is_opaque(declared.message):
                yield f"{indent}{declared.name} {{}}  # opaque: stays as it is in the file"
            elif declared.message.full_name == "google.protobuf.Any":
                inner = unpacked(item)
                yield f"{indent}{declared.name} {{"
                yield f"{indent}  [{item.type_url}] {{"
                yield from _resolved_lines(inner, indent + "    ")
                yield f"{indent}  }}"
                yield f"{indent}}}"
            else:
                rest = "  # the rest stays as it is in the file" * is_open(declared.message)
                yield f"{indent}{declared.name} {{{rest}"
                yield from _resolved_lines(item, indent + "  ")
                yield f"{indent}}}"


def _literal(value: Any, declared: FieldSchema) -> str:
    if declared.enum is not None:
        return str(declared.enum.values_by_number[value].name)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are valid in text format as well.
        return json.dumps(value)
    return repr(value)
