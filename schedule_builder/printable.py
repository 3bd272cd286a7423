"""Replaces characters of names and messages that could harm a terminal, a log or a report."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_DIRECTIONS = (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
"""What reverses or breaks the text that follows it."""
UNSEEN = "".join(map(chr, (*range(0x7F, 0xA0), *_DIRECTIONS)))
"""Characters that are not shown as they are, beside the control characters of ASCII."""
_INVALID = "\ufffe\uffff"  # in XML
_SURROGATES = "\ud800-\udfff"  # bytes of a name that are not UTF-8
_COMMAND = r"#(?=#\w*\[)"
"""What begins a command of Azure Pipelines, TeamCity or GitHub anywhere in a line."""
COMMAND_LINE = r"^([^\S\n]*):(?=:)"
"""What begins a command of GitHub at the beginning of a line."""
_PICTURES = 0x2400
_DELETE = 0x7F


def printable(text: str, *, kept: str = "") -> str:
    """A text whose control characters are replaced by a visible character each.

    A file's name or contents may hold sequences that move a terminal's cursor, line feeds that
    begin a command of a CI service, or marks that reverse what follows. Columns stay. A byte that
    is not UTF-8, which names alone can hold, is escaped: strict readers refuse it. Of `##name[`,
    which begins a command of some CI services, the first sign becomes a wide one.

    Args:
        text: the text.
        kept: control characters to keep, such as line feeds where several lines are printed.
    """
    if text.isascii() and text.isprintable() and "##" not in text:
        return text
    return _unprintable(kept).sub(_picture, text)


def json_text(data: Any) -> str:
    """Data as JSON, every character of which `printable` leaves as it is."""
    import json  # noqa: PLC0415 - 3 ms, for programs

    text = json.dumps(data, indent=2, allow_nan=False)
    return re.sub(f"\x7f|{_COMMAND}", lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


@cache
def _unprintable(kept: str) -> re.Pattern[str]:
    """The pattern of the characters that are replaced."""
    controls = "".join(chr(code) for code in range(ord(" ")) if chr(code) not in kept)
    return re.compile(f"[{re.escape(controls)}{UNSEEN}{_INVALID}{_SURROGATES}]|{_COMMAND}")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < ord(" "):
        return chr(_PICTURES + code)
    if match[0] == "#":
        return "\N{FULLWIDTH NUMBER SIGN}"
    if "\ud800" <= match[0] <= "\udfff":
        return f"\\u{code:x}"
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"
