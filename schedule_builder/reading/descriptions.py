"""The schema's comments about messages, fields and values, without the schema's compiler."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from google.protobuf.descriptor import FieldDescriptor


@cache
def _comments() -> dict[str, str]:
    path = Path(__file__).parent.parent / "v1" / "comments.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def describe(field: FieldDescriptor) -> str:
    """The comment on a field; without one, the comment on its type."""
    text = comment(field.full_name)
    return text or (comment(field.message_type.full_name) if field.message_type else "")


def comment(full_name: str) -> str:
    """The comment on a message, a field, an enum or a value of one, as one paragraph.

    Args:
        full_name: its name in the schema, such as `schedule_builder.v1.Warmup.shape`.

    Returns:
        The comment; empty where there is none.
    """
    return _comments().get(full_name, "")
