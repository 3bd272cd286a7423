"""Values as people type them on a command line; the schema decides their type.

A text needs no quotes, a list no brackets, and a whole number may be typed as 1e5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from schedule_builder.diagnostics import Report, Source, Words
from schedule_builder.reading.field_paths import PathError, Step
from schedule_builder.reading.findings import SYNTAX
from schedule_builder.reading.formats import YAML, reader_of
from schedule_builder.reading.tree import Document, Scalar, Sequence, Syntax, Value, moved
from schedule_builder.reading.values import misread

_ITEM = re.compile(r"[^\s,]+")
_LARGEST_WHOLE = 2**53
"""Above this, not every whole number is a float64."""


def typed_value(text: str, step: Step, syntax: Syntax) -> Value:
    """The value that a text gives a field, with places in that text.

    Args:
        text: what was typed.
        step: the field.
        syntax: how the file writes values.

    Raises:
        PathError: this is not one value.
    """
    declared = step.declared
    is_list = declared is not None and declared.repeated and not step.is_element
    at = len(text) - len(text.lstrip())
    word = text.strip()
    if declared is None or declared.message is not None or word.startswith("["):
        reads_texts = is_list and declared is not None and declared.kind == "string"
        read = reader_of(YAML if reads_texts else syntax.format)
        return _normal(_read(text, step.name, read), step, syntax)
    if is_list:
        items = _ITEM.finditer(text) if declared.kind != "string" else [re.match(r".*", text)]
        found = Sequence(at)
        found.end = at + len(word)
        found.items = [_one(m[0], m.start(), step, syntax) for m in items if m is not None]
        if found.items:
            return found
    return _one(text, 0, step, syntax)


def _one(text: str, offset: int, step: Step, syntax: Syntax) -> Value:
    """The value of a field that holds no block, typed without brackets."""
    at, word = offset + len(text) - len(text.lstrip()), text.strip()
    is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
    if step.declared is not None and step.declared.kind == "string" and not is_quoted:
        return Scalar(word, True, at, at + len(word))
    if not word:
        words = Words("expected one value after the `=`, and nothing follows it")
        raise PathError(SYNTAX, (0, len(text)), words)
    value = moved(_read(text, step.name, reader_of(syntax.format)), offset)
    return _normal(value, step, syntax)


def _read(text: str, name: str, read: Callable[[Source, Report], Document]) -> Value:
    """The value that a file of a format would hold."""
    own = Report(Source("", f"{name}: {text}"))
    fields = read(own.source, own).root.fields
    if own.diagnostics or len(fields) != 1:
        why = Words(": {words}", words=own.diagnostics[0].words) if own.diagnostics else ""
        words = Words("expected one value after the `=`{why}", why=why)
        raise PathError(SYNTAX, (0, len(text)), words)
    return moved(fields[0].value, -len(name) - 2)


def _normal(value: Value, step: Step, syntax: Syntax) -> Value:
    """Texts that need no quotes; numbers that were typed as 1e5, 500.0 or 1_000, written out."""
    kind = step.declared.kind if step.declared is not None else ""
    for scalar in value.items if isinstance(value, Sequence) else [value]:
        if not isinstance(scalar, Scalar):
            continue
        scalar.quoted = scalar.quoted or kind == "string"
        if kind == "integer" and not scalar.quoted and syntax.integer(scalar.text) is None:
            number = syntax.real(scalar.text)
            if number is not None and math.isfinite(number) and number.is_integer():
                scalar.text = str(int(number)) if abs(number) < _LARGEST_WHOLE else scalar.text
        if step.declared is not None:
            found = misread(scalar, step.declared, syntax)
            scalar.text = found.plain if found is not None and found.is_certain else scalar.text
    return value
