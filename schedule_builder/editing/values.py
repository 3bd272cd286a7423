"""Values that fields are to have: whether they may, and whether the file has them already."""

from __future__ import annotations

from collections.abc import Container

from schedule_builder.diagnostics import FieldPath, Words, shown
from schedule_builder.editing.contents import contents
from schedule_builder.editing.get import values_at
from schedule_builder.reading.edits import block_at, element_at
from schedule_builder.reading.field_paths import PathError, Step
from schedule_builder.reading.findings import WRONG_TYPE, YAML_1_1
from schedule_builder.reading.tree import Block, Document, Scalar, Sequence, Value
from schedule_builder.reading.typed_values import typed_value
from schedule_builder.reading.values import Refusal, misread, value_of

_NOUNS = {Scalar: "a single value", Block: "a block", Sequence: "a list"}


def wanted_value(document: Document, step: Step, path: FieldPath, text: str) -> Value:
    """The value that a field is to have.

    Raises:
        PathError: the field cannot have it.
    """
    declared = step.declared
    if declared is None:
        return _value_like(document, step, path, text)
    value = typed_value(text, step, document.syntax)
    siblings: Container[str] = ()
    if declared.rule.selects:
        block = block_at(document, path[:-1])
        siblings = [field.name for field in block.fields] if block is not None else []
    for item in value.items if isinstance(value, Sequence) else [value]:
        if not isinstance(item, Scalar if declared.message is None else Block):
            words = Words(
                "{field:field} must be {expected}", field=step.name, expected=declared.expected
            )
            raise PathError(WRONG_TYPE, step.at, words)
        if not isinstance(item, Scalar):
            continue
        found = value_of(item, declared, document.syntax, siblings)
        if isinstance(found, Refusal):
            raise PathError(found.kind, step.at, found.words)
        if unclear := misread(item, declared, document.syntax):
            raise PathError(YAML_1_1, step.at, unclear.words)
    return value


def _value_like(document: Document, step: Step, path: FieldPath, text: str) -> Value:
    """The value of a field that no schema describes: of the same kind as the file's."""
    old = element_at(document, path)
    if old is None:
        words = Words(
            "only fields that the file has can be set here, as the schema does not"
            " describe this part of a config. Add the field to the file first"
        )
        raise PathError(WRONG_TYPE, step.at, words)
    word = text.strip()
    if isinstance(old.value, Scalar) and old.value.quoted:
        is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
        if not is_quoted:
            return Scalar(word, True, 0, len(word))
    value = typed_value(text, step, document.syntax)
    if type(value) is not type(old.value):
        words = Words(
            "the file has {old} here, and `{text}` is {new}. Give {old}",
            old=_NOUNS[type(old.value)],
            new=_NOUNS[type(value)],
            text=shown(word),
        )
        raise PathError(WRONG_TYPE, step.at, words)
    return value


def has_value(document: Document, path: FieldPath, value: Value, step: Step) -> bool:
    """Whether a field has a value already, however it is written."""
    declared, syntax = step.declared, document.syntax
    olds = values_at(document, path)
    news = value.items if isinstance(value, Sequence) else [value]

    def is_same(old: Value, new: Value) -> bool:
        if declared is None or not (isinstance(old, Scalar) and isinstance(new, Scalar)):
            return bool(contents(old) == contents(new))
        # A kind that only Python code knows counts as one.
        one, other = (value_of(v, declared, syntax, (v.text,)) for v in (old, new))
        return one == other

    return len(olds) == len(news) and all(map(is_same, olds, news))
