"""The meaning of plain YAML values in YAML 1.2, and for the Model Garden's own reader.

YAML 1.2 holds for every file but the Model Garden's experiments. The Garden reads these with
PyYAML, which is YAML 1.1, and a pattern of its own for numbers such as `1e-3`: `0100` is 64 there.
"""

from __future__ import annotations

import math
import re
import sys

from schedule_builder.reading.tree import Syntax, decimal, number_reader

_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_PREFIXED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_BOOLEANS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(
    ("false", "False", "FALSE"), False
)
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))

_GARDEN_INTEGER = re.compile(
    r"[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)\Z"
)
_GARDEN_REAL = re.compile(
    r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+)\Z"  # the Garden's own
)
_GARDEN_BOOLEANS = {
    spelling: meaning
    for word, meaning in {
        "yes": True,
        "no": False,
        "true": True,
        "false": False,
        "on": True,
        "off": False,
    }.items()
    for spelling in (word, word.capitalize(), word.upper())
}
_LONGEST_WHOLE = 40


def _integer(text: str) -> int | None:
    if _DECIMAL.match(text):
        number = decimal(text.lstrip("+-"))
        return -number if text[0] == "-" else number
    if _PREFIXED.match(text):
        return int(text, 0)
    return _whole(text, float(text)) if _REAL.match(text) else None


def _whole(text: str, value: float) -> int | None:
    """The whole number that is written as 90e3 or 1000.0; None if it is not whole."""
    is_exact = len(text) < _LONGEST_WHOLE and abs(value) < 2**53
    return int(value) if is_exact and value.is_integer() else None


def _real(text: str) -> float | None:
    if _REAL.match(text):
        return float(text)
    if _PREFIXED.match(text):
        return _as_float(int(text, 0))
    return _special(text)


def _as_float(number: int) -> float:
    if number.bit_length() < sys.float_info.max_exp:
        return float(number)
    return math.inf if number > 0 else -math.inf


def _special(text: str) -> float | None:
    return float(text.replace(".", "")) if _SPECIAL.match(text) else None


def _garden_integer(text: str) -> int | None:
    if _GARDEN_INTEGER.match(text):
        return _garden_whole(text)
    real = _garden_real(text)
    return None if real is None or not math.isfinite(real) else _whole(text, real)


def _garden_whole(text: str) -> int | None:
    digits = text.replace("_", "").lstrip("+-")
    sign = -1 if text[0] == "-" else 1
    if digits[:2] in ("0b", "0x"):
        # PyYAML fails where only underscores follow.
        return sign * int(digits, 0) if digits[2:] else None
    if ":" in digits:
        number = 0
        for part in digits.split(":"):
            number = number * 60 + decimal(part)
        return sign * number
    return sign * (decimal(digits) if digits[0] != "0" else int(digits, 8))


def _garden_real(text: str) -> float | None:
    if _GARDEN_INTEGER.match(text):
        number = _garden_whole(text)
        return None if number is None else _as_float(number)
    if not _GARDEN_REAL.match(text):
        return _special(text)
    digits = text.replace("_", "").lstrip("+-")
    value = 0.0
    for part in digits.split(":"):
        value = value * 60 + float(part)
    return -value if text[0] == "-" else value


YAML: Syntax = Syntax(
    format="yaml",
    name="YAML",
    integer=number_reader(_integer),
    real=number_reader(_real),
    boolean=_BOOLEANS.get,
    null=_NULLS.__contains__,
    plain_strings=True,
    explicit_lists=True,
    other=lambda: GARDEN,
)
"""YAML 1.2 and JSON."""
GARDEN: Syntax = YAML._replace(
    name="the Model Garden's YAML",
    integer=number_reader(_garden_integer),
    real=number_reader(_garden_real),
    boolean=_GARDEN_BOOLEANS.get,
    other=lambda: YAML,
)
"""YAML as the Model Garden reads it."""
