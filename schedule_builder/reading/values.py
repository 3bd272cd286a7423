"""Converts a scalar to a typed value of its field, or says why it is not one."""

from __future__ import annotations

import math
import re
from collections.abc import Container
from typing import Any, NamedTuple

from google.protobuf.descriptor import EnumDescriptor

from schedule_builder.diagnostics import Kind, Words, did_you_mean, shown
from schedule_builder.limits import MAX_NUMBER_CHARACTERS
from schedule_builder.reading.counts import (
    RUN_LENGTHS,
    UNKNOWN_RUN,
    Run,
    finer_unit,
    in_steps,
    quantity,
)
from schedule_builder.reading.fields import Bound, FieldSchema, is_open, schema_of, value_named
from schedule_builder.reading.findings import OUT_OF_RANGE, PLACEHOLDER, UNKNOWN_TYPE, WRONG_TYPE
from schedule_builder.reading.tree import CURLY_QUOTES, Scalar, Syntax, without_comma

SLIP = 0.9
"""The least similarity of a misspelling where other tools' words are allowed."""
_TWO_TO_THE_64 = 2**64
"""Larger numbers are not suggested: no integer field holds them."""
_PLACEHOLDER = r"\$[{(]?\w|%\(|\{\{"
_TRUTH_VALUES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_DECIMAL_COMMA = r"-?\d+(?:,\d+)+\Z"


class Refusal(NamedTuple):
    """Why a scalar is not a value of a field."""

    kind: Kind
    words: Words


def value_of(
    value: Scalar,
    declared: FieldSchema,
    syntax: Syntax,
    siblings: Container[str] = (),
    run: Run = UNKNOWN_RUN,
) -> str | bool | int | float | Refusal:
    """The value that a scalar gives a field, in the field's type.

    Args:
        value: the scalar.
        declared: the field.
        syntax: how the file's format writes values.
        siblings: the fields that are given beside this one.
        run: what is known of the run.
    """
    if declared.rule.selects and (refusal := _selected(value, declared, siblings)):
        return refusal
    text = value.text
    if not value.quoted and syntax.null(text):
        return without_value(declared)
    if declared.kind == "string":
        return _string(value, declared, syntax)
    if value.quoted and not (declared.enum is not None and syntax.plain_strings):
        if refusal := placeholder(value, declared):
            return refusal
        hint = Words(": remove the quotes") if _fits(text, declared, syntax) else ""
        if not hint and declared.counts_steps:
            hint = _number_meant(text, declared, syntax, run)
        found = Words('not the string "{text}"{hint}', text=shown(text), hint=hint)
        return wrong_type(declared, found)
    if declared.enum is not None:
        return _enum(value, declared, declared.enum, syntax)
    if declared.kind == "bool":
        boolean = syntax.boolean(text)
        if boolean is not None:
            return boolean
        guess = _TRUTH_VALUES.get(text.lower())
        hint = Words(": write {guess}", guess=guess) if guess else ""
        return wrong_type(declared, _not(text, hint))
    return _number(value, declared, syntax, run)


def _read(text: str, declared: FieldSchema, syntax: Syntax) -> bool | int | float | None:
    """Reads a number or a truth value in a syntax; None if the text is not one."""
    if declared.kind == "bool":
        return syntax.boolean(text)
    return syntax.integer(text) if declared.kind == "integer" else syntax.real(text)


def _other_reading(text: str, declared: FieldSchema, syntax: Syntax) -> Words | str:
    """What to write for a text that only another reading of the format takes for such a value."""
    other = syntax.other()
    meant = _read(text, declared, other) if other is not None else None
    if meant is None or abs(meant) >= _TWO_TO_THE_64:
        return ""
    if syntax.boolean("yes") is None:
        return Words(": write {meant}, its value in YAML 1.1", meant=_plain(meant))
    return Words(
        ", which the Model Garden's YAML reader takes as a string: write {meant}",
        meant=_plain(meant),
    )


def misread(value: Scalar, declared: FieldSchema, syntax: Syntax) -> Misread | None:
    """The message for a value that YAML 1.1 and YAML 1.2 read differently, where 1.1 is used."""
    if value.quoted or declared.enum is not None or declared.kind in ("string", "message"):
        return None
    other = syntax.other()
    if other is None or syntax.boolean("yes") is None:
        return None
    ours, theirs = (_read(value.text, declared, s) for s in (syntax, other))
    if ours is None or ours == theirs or (ours != ours and theirs != theirs):  # noqa: PLR0124 (NaN)
        return None
    plain = _plain(ours)
    words = Words(
        "`{text}` is {plain} here, as the Model Garden reads YAML 1.1: write {plain}",
        text=shown(value.text),
        plain=plain,
    )
    # The author of 0100 or 1:30 may have meant another number.
    return Misread(words, plain, is_certain=theirs is None and ":" not in value.text)


class Misread(NamedTuple):
    """A value that YAML 1.1 and YAML 1.2 read differently."""

    words: Words
    plain: str
    """A spelling that both versions read as its value."""
    is_certain: bool
    """Whether the author certainly meant that value."""


def _plain(value: bool | int | float) -> str:
    """A number or a truth value, in a spelling that every reader of YAML understands."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def wrong_type(declared: FieldSchema, found: Words, expected: Words | None = None) -> Refusal:
    """Says which value a field must have, and what was found."""
    words = Words(
        "{field:field} must be {expected}, {found}",
        field=declared.name,
        expected=expected or declared.expected,
        found=found,
    )
    return Refusal(WRONG_TYPE, words)


def without_value(declared: FieldSchema, expected: Words | None = None) -> Refusal:
    """Says that a field has no value."""
    words = Words(
        "{field:field} has no value: give it {expected}, or remove it",
        field=declared.name,
        expected=expected or declared.expected,
    )
    return Refusal(WRONG_TYPE, words)


def placeholder(value: Scalar, declared: FieldSchema) -> Refusal | None:
    """Reports a value that is an unexpanded placeholder; None if it is not one."""
    if not re.match(_PLACEHOLDER, value.text):
        return None
    words = Words(
        "unexpanded placeholder `{text}`. Replace it: {field:field} must be {expected}",
        text=shown(value.text),
        field=declared.name,
        expected=declared.expected,
    )
    return Refusal(PLACEHOLDER, words)


def _not(text: str, hint: Words | str = "") -> Words:
    return Words("not `{text}`{hint}", text=shown(text), hint=hint)


def _did_you_mean(guess: str | None) -> Words | str:
    return Words(": did you mean `{guess}`?", guess=guess) if guess else ""


def _selected(value: Scalar, declared: FieldSchema, siblings: Container[str]) -> Refusal | None:
    """Reports a text that does not name a sub-block of the message; None if it does."""
    descriptor: Any = declared.owner
    names = [f.name for f in schema_of(descriptor).values() if f.is_selectable]
    if not value.text or value.text in names:
        return None
    if refusal := placeholder(value, declared):
        return refusal
    from schedule_builder.reading.names import nearest  # noqa: PLC0415 - 3 ms, for errors alone

    # Python code may add types, so only a word that is like a known type is a misspelling.
    cutoff = SLIP if is_open(descriptor) else 0.6
    guess = nearest(value.text, names, cutoff=cutoff)
    if is_open(descriptor) and (guess is None or value.text in siblings):
        return None
    hint = _did_you_mean(guess) or Words(": use a known one")
    words = Words(
        "unknown {field:field} `{text}`{hint} (known: {names})",
        field=declared.name,
        text=shown(value.text),
        hint=hint,
        names=", ".join(names),
    )
    if value.text in siblings:
        # Its block is there: a custom kind, not a misspelling.
        words = Words(
            "unknown {field:field} `{text}`. Known types: {names}. If your Python code registers"
            " this one, its rates cannot be checked: add the file to `exclude` in the settings",
            field=declared.name,
            text=shown(value.text),
            names=", ".join(names),
        )
    return Refusal(UNKNOWN_TYPE, words)


def _string(value: Scalar, declared: FieldSchema, syntax: Syntax) -> str | Refusal:
    text = value.text
    if any("\ud800" <= character <= "\udfff" for character in text):
        return wrong_type(
            declared, Words("and its escapes are not valid UTF-8. Write the characters themselves")
        )
    if {*text[:1], *text[-1:]} <= set(CURLY_QUOTES) and text and not value.quoted:
        return wrong_type(declared, Words("in straight quotes, not in curly quotes"))
    if value.quoted or syntax.plain_strings:
        return text
    found = Words('not `{text}`: put it in quotes, "{text}"', text=shown(text))
    return wrong_type(declared, found)


def _fits(text: str, declared: FieldSchema, syntax: Syntax) -> bool:
    if declared.enum is not None:
        return value_named(declared.enum, text) is not None
    convert = {"bool": syntax.boolean, "integer": syntax.integer, "real": syntax.real}
    return convert[declared.kind](text) is not None


def _enum(
    value: Scalar, declared: FieldSchema, enum: EnumDescriptor, syntax: Syntax
) -> int | Refusal:
    found = value_named(enum, value.text)
    if found is None and (number := syntax.integer(value.text)) is not None:
        found = enum.values_by_number.get(number)
    if found is not None:
        return int(found.number)
    if refusal := placeholder(value, declared):
        return refusal
    guess = did_you_mean(value.text.upper(), enum.values_by_name)
    return wrong_type(declared, _not(value.text, _did_you_mean(guess)))


def _number(
    value: Scalar, declared: FieldSchema, syntax: Syntax, run: Run
) -> int | float | Refusal:
    integer = declared.kind == "integer"
    number: int | float | None
    number = syntax.integer(value.text) if integer else syntax.real(value.text)
    if number is None and integer:
        real = syntax.real(value.text)
        # A number as large as this is whole, and only written with an exponent.
        is_large = real is not None and _TWO_TO_THE_64 < abs(real) < math.inf
        number = int(real) if real is not None and is_large else None
    if number is None:
        return _no_number(value, declared, syntax, run)
    if problem := _out_of_range(number, declared):
        words = Words(
            "{field:field} is {value}: it must be {problem}",
            field=declared.name,
            value=shown(value.text),
            problem=problem,
        )
        return Refusal(OUT_OF_RANGE, words)
    return number


def _no_number(value: Scalar, declared: FieldSchema, syntax: Syntax, run: Run) -> Refusal:
    """Says why a text is not a number of the field's type."""
    text = value.text
    if len(text) > MAX_NUMBER_CHARACTERS:
        words = Words(
            "{field:field} has {count:,} characters: a number has at most {limit:,}. Shorten it",
            field=declared.name,
            count=len(text),
            limit=MAX_NUMBER_CHARACTERS,
        )
        return Refusal(OUT_OF_RANGE, words)
    if refusal := placeholder(value, declared):
        return refusal
    return wrong_type(declared, _not(text, _number_meant(text, declared, syntax, run)))


def _number_meant(text: str, declared: FieldSchema, syntax: Syntax, run: Run) -> Words | str:
    """What to write for a text that is not a number of the field's type."""
    is_whole = declared.kind == "integer"
    real = syntax.real(text)
    is_in_steps = run.step_unit in ("", "STEPS") and declared.name not in RUN_LENGTHS
    if declared.counts_steps and is_in_steps and (found := quantity(text, real)):
        return Words(": {hint}", hint=in_steps(*found, run, declared.name))
    if is_whole and real is not None:
        if real.is_integer() and abs(real) < _TWO_TO_THE_64:
            return Words(": write {meant}", meant=int(real))
        return finer_unit(real, run) if declared.counts_steps and math.isfinite(real) else ""
    whole = syntax.integer(text)
    if whole is not None:
        return Words(": write {meant}", meant=whole) if abs(whole) < _TWO_TO_THE_64 else ""
    if re.match(_DECIMAL_COMMA, text):
        return Words(": write {meant}", meant=without_comma(text, whole=is_whole))
    if text[:1] in CURLY_QUOTES:
        return Words(": remove the curly quotes")
    return _other_reading(text, declared, syntax)


def _out_of_range(number: int | float, declared: FieldSchema) -> Words | None:
    """The bound that a number violates; None if it is within its range."""
    if isinstance(number, int):
        low, high = declared.limits
        if not low <= number <= high:
            for name, _, bound in declared.bounds:
                low = max(low, int(bound)) if name == "at_least" else low
                high = min(high, int(bound)) if name == "at_most" else high
            return Words("a whole number from {low} to {high}", low=low, high=high)
    if isinstance(number, float) and not math.isfinite(number) and declared.is_bounded:
        return Words("a finite number")
    broken = next((b for b in declared.bounds if not b.is_within(number, b.number)), None)
    return _bound_words(broken, is_whole=isinstance(number, int)) if broken is not None else None


def _bound_words(bound: Bound, *, is_whole: bool) -> Words:
    number = str(int(bound.number)) if is_whole else format(bound.number, ".9g")
    return {
        "greater_than": Words("greater than {number}", number=number),
        "at_least": Words("at least {number}", number=number),
        "less_than": Words("less than {number}", number=number),
        "at_most": Words("at most {number}", number=number),
    }[bound.name]
