"""Maps syntax errors of PyYAML to messages and places of this project.

PyYAML has two parsers with different messages for the same fault, and a release may change them. So
their messages are not shown: they only select the kind of fault.
"""

from __future__ import annotations

import re
from typing import Any

from schedule_builder.diagnostics import Report, Source, Span, Words, shown
from schedule_builder.reading.findings import SYNTAX
from schedule_builder.reading.tree import not_a_character

UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML does not allow, not even in quotes."""

TOO_MANY_LEVELS = "exceeded maximum nesting depth"
"""libyaml's message for 1000 levels, from 0.2.6 on."""

TAB = Words("invalid tab in the indentation or between values: use spaces")
OTHER = Words("invalid YAML: unexpected {found}. Remove it, or put the value in quotes")

# Where a fault is shown: where the parser noticed it, where the text in question starts, at the
# escape before it, or at the start of its line.
_HERE, _START, _ESCAPE, _LINE = "here", "start", "escape", "line"
_TAG = Words("invalid tag {found}: a config needs no tags. Remove it")
_UNTERMINATED = Words("unterminated string: add its closing quote")
_HEADER = Words(
    "invalid header of a block string: after `|` or `>`, write only a digit from 1 to 9, `+`, `-`,"
    " or nothing"
)
_CODE = Words(
    r"invalid escape {found}: expected the hexadecimal code of a character, as `\xNN`,"
    r" `\uNNNN` or `\UNNNNNNNN`. Write `\\` for a backslash"
)
_ENDED = Words(
    "unexpected {found}: the config has ended before it. Fix the indentation, or remove it"
)
_SURPLUS = Words(
    "unexpected {found}: no bracket is open here. Remove it, or add the missing `{opening}`"
)
_NO_VALUE = Words("expected a value, not {found}. Write one instead of it, or fix the brackets")
_NO_ITEM = Words(
    "expected an item (`- `) of the list that starts at line {row}, not {found}: fix the"
    " indentation or the quotes"
)
_NO_FIELD = Words(
    "expected a field (`name: value`) of the block that starts at line {row}, not {found}: fix the"
    " indentation or the quotes"
)

FAULTS: tuple[tuple[str, str, Words], ...] = (
    (r"found a tab character", _HERE, TAB),
    (
        r"cannot start any token",
        _HERE,
        Words("a value cannot start with {character}: put the value in quotes"),
    ),
    (r"undefined tag handle", _START, _TAG),
    (
        r"directive(?!>)|incompatible YAML document|duplicate tag handle|integer string conversion",
        _LINE,
        Words("invalid directive {found}: a config needs no lines that start with `%`. Remove it"),
    ),
    (r"\ba (?:node )?tag\b|codec can't decode", _START, _TAG),
    (
        r"\ban (?:anchor|alias)\b",
        _START,
        Words(
            "invalid name {found}: the name of an anchor or alias may have only A-Z, a-z, 0-9,"
            " `-` and `_`. If {character} is part of the text, put the value in quotes"
        ),
    ),
    (r"a block scalar", _HERE, _HEADER),
    (
        r"unknown escape character",
        _ESCAPE,
        Words(r"invalid escape {found}: write `\\` for a backslash"),
    ),
    (
        r"hexa?decimal number|Unicode character escape|chr\(\)|too large to convert",
        _ESCAPE,
        _CODE,
    ),
    (r"a quoted scalar found unexpected", _START, _UNTERMINATED),
    (r"a simple key", _START, Words("missing `:` after {found}")),
    (
        r"sequence entries are not allowed",
        _HERE,
        Words("a list item cannot start here: move `- ` to a new line"),
    ),
    (
        r"mapping keys are not allowed",
        _HERE,
        Words("a value cannot start with `? `: put the value in quotes"),
    ),
    (
        r"mapping values are not allowed",
        _HERE,
        Words(
            "unexpected `:`: a field cannot start inside a value. Fix the indentation, or put the"
            " value in quotes"
        ),
    ),
    (
        r"expected '?<document start>",
        _HERE,
        _ENDED,
    ),
    (r"node content", _HERE, _NO_VALUE),
    (r"a block collection", _HERE, _NO_ITEM),
    (r"a block mapping", _HERE, _NO_FIELD),
    (
        r"a flow sequence",
        _HERE,
        Words("missing `,` or `]` before {found}, in the list that starts at line {row}. Add it"),
    ),
    (
        r"a flow mapping",
        _HERE,
        Words(
            "missing `:`, `,` or `}}` before {found}, in the block that starts at line {row}."
            " Add it"
        ),
    ),
    (
        r"unexpected ':'",
        _HERE,
        Words(
            "unexpected `:`: write a space after each `:` that ends a name, such as `{{a: b}}`, or"
            " put the value in quotes"
        ),
    ),
)
"""Kinds of faults: what both parsers call them, where they are shown, and our words."""

_TOKEN = re.compile(
    r"""\\x[^\s"]{0,2}|\\u[^\s"]{0,4}|\\U[^\s"]{0,8}|\\.|"[^"\n]*"?|'[^'\n]*'?|%[^\n]*"""
    r"""|[^\s,\[\]{}"']+|\S"""
)
_WHOLE_CODE = re.compile(r"`(\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))`")
_REST = re.compile(r"(?:\s|#[^\n]*(?:\n|\Z))*\Z")


def words_for(context: str | None, problem: str) -> tuple[str, Words]:
    """Where to show an error of PyYAML, and our words for it."""
    said = f"{context or ''} {problem}"
    for pattern, where, words in FAULTS:
        if re.search(pattern, said):
            return where, words
    return _HERE, OTHER


def report_error(error: Exception, source: Source, report: Report) -> None:
    """Reports a syntax error of PyYAML."""
    text = source.text
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    where, words = words_for(context, str(problem or error))
    noticed: Any = getattr(error, "problem_mark", None)
    started: Any = getattr(error, "context_mark", None) or noticed
    mark = started if where == _START else noticed or started
    at = min(mark.index if mark else 0, len(text))
    if where == _ESCAPE:
        at = max(text.rfind("\\", 0, at + 1), 0)
    elif where == _LINE:
        at = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    elif text[at : at + 1] == "\t":
        words = TAB
    words = _closer_look(words, text, at)
    row, _ = source.position(min(started.index, len(text))) if started else (1, 1)
    character = text[at : at + 1]
    words = words.filled(
        row=row,
        found=_found(text, at),
        character="a backtick" if character == "`" else f"`{character}`",
    )
    report.add(SYNTAX, Span(at, min(at + 1, len(text))), words)


def _closer_look(words: Words, text: str, at: int) -> Words:
    """The words for a fault, after a look at the text: PyYAML calls several faults the same."""
    found, is_end = text[at : at + 1], bool(_REST.match(text, at))
    if words is _CODE and (escape := _WHOLE_CODE.match(_found(text, at))):
        return not_a_character(escape[1])
    if words is _NO_VALUE:
        if is_end:
            return Words("the file ends inside brackets: write the value, and close the brackets")
        in_list = found == "," and text[:at].rstrip()[-1:] in ("[", ",")
        return Words("missing value before `,`. Add it, or remove this `,`") if in_list else words
    if all(words is not other for other in (_ENDED, _NO_ITEM, _NO_FIELD)):
        return words
    if found in ("]", "}"):
        return _SURPLUS.filled(opening={"]": "[", "}": "{"}[found])
    if words is _ENDED:
        has_directive = re.search(r"^%", text[:at], re.MULTILINE)
        if has_directive and not re.search(r"^---", text[:at], re.MULTILINE):
            return Words(
                "missing `---` before {found}, after the lines that start with `%`. Add it"
            )
        return words
    if found == ":":
        return Words("missing name before `:`. Write `name: value`")
    if not re.search(r"(?:^|[\n\r\x85\u2028\u2029])[ ]*\Z", text[:at]) and not is_end:
        if words is _NO_ITEM:
            return Words(
                "unexpected {found} in this list item. Remove it, or start a new line with `- `"
            )
        return Words("unexpected {found} in this value. Remove it, or fix the quotes")
    return words


def report_character(at: int, source: Source, report: Report) -> None:
    """Reports a character that `UNPRINTABLE` found."""
    code = ord(source.text[at])
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 (the surrogates)
        words = Words("invalid character: unpaired UTF-16 surrogate. Remove it")
    else:
        words = Words(
            "invalid character U+{code:04X}: YAML does not allow it. Remove it", code=code
        )
    report.add(SYNTAX, Span(at, at + 1), words)


def _found(text: str, at: int) -> str:
    """The text at a place, for a message."""
    if _REST.match(text, at):
        return "the end of the file"
    found = _TOKEN.match(text, at)
    return f"`{shown(found[0])}`" if found else "the end of the line"
