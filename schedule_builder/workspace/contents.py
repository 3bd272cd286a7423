"""Decides whether the contents of a file are those of a config, or nearly."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schedule_builder.compiler import parse
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.registry import DIALECTS, misspelled
from schedule_builder.files import read_config
from schedule_builder.reading.formats import TEXT, format_of_name
from schedule_builder.reading.tree import Block

_LARGEST = 20_000_000
_LARGEST_DOUBTFUL = 2_000_000
_PASTED = r"(?i)\s*(?:<!|<html|<\?xml|syntax\s*=)"
"""Matches an HTML page, or the schema, that was saved instead of a config."""
_LIKE = r"(?im)^[ \t{]{0,4}[\"']?\w*(?:trai|tria|rain|earn|_rat)\w*[\"']?[ \t]*[:{<]"
"""Matches a name at the top that may be a misspelling of a name of every config."""
_OTHER = "is not a config"


class Verdict(NamedTuple):
    """Whether the contents of a file are a config.

    Attributes:
        reason: why it is not a config, as the predicate of its name; empty if it is one.
        is_near: whether it is nearly one.
    """

    reason: str = ""
    is_near: bool = False


def judge(path: Path) -> Verdict:
    """Judges a file. An unreadable file passes, as reading it reports the reason."""
    try:
        if path.stat().st_size > _LARGEST:
            return Verdict("is larger than 20 MB")
        data = read_config(path)
    except OSError:
        return Verdict()
    return judge_contents(path, data)


def judge_contents(path: Path, data: bytes) -> Verdict:
    """Judges contents that a file of this name has, or had."""
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if is_wide else "utf-8-sig", "replace").replace("\r\n", "\n")
    if path.suffix == ".config" and "pipeline" in path.stem and re.match(_PASTED, text):
        return Verdict()  # It was meant to be a config.
    return _judge(path, text)


def _judge(path: Path, text: str) -> Verdict:
    signs = _signs()
    has_words = signs.words.search(text) is not None
    if has_words and signs.certain.search(text):
        return Verdict()
    if len(text) > _LARGEST_DOUBTFUL:
        is_probable = has_words and signs.probable.search(text)
        return Verdict() if is_probable else Verdict(_OTHER)
    if not has_words and not re.search(_LIKE, text) and not signs.parts.search(text):
        return Verdict(_OTHER)
    root, is_sound = parse(path.name, text)
    is_meant = any(dialect.is_meant(root) for dialect in DIALECTS)
    if is_meant or (has_words and not is_sound and signs.probable.search(text)):
        return Verdict()
    if near := misspelled(root):
        return Verdict("has `{}`: did you mean `{}`?".format(*near), is_near=True)
    if truncated := _truncated(root, format_of_name(path.name) == TEXT):
        return Verdict(f"looks like a truncated {truncated}", is_near=True)
    return Verdict(_OTHER)


def _wholes() -> list[Dialect]:
    """The dialects whose files have several blocks, with one that every file has."""
    return [d for d in DIALECTS if d.words and d.words[0] in d.root.DESCRIPTOR.fields_by_name]


def _truncated(root: Block, is_text: bool) -> str | None:
    """The config that a file is a part of; None if it may be anything.

    A single name at the top of YAML does not decide: many files have a `model`.
    """
    names = {field.name for field in root.fields}
    has_blocks = any(isinstance(field.value, Block) for field in root.fields)
    if not has_blocks or not (is_text or len(names) > 1):
        return None
    for dialect in _wholes():
        missing = dialect.words[0]
        if names <= {*dialect.root.DESCRIPTOR.fields_by_name} - {missing}:
            return f"{dialect.title}: it has no `{missing}`"
    return None


class _Signs(NamedTuple):
    """Patterns that indicate a config of any dialect."""

    words: re.Pattern[str]
    certain: re.Pattern[str]
    probable: re.Pattern[str]
    parts: re.Pattern[str]


@cache
def _signs() -> _Signs:
    def one_of(patterns: Iterable[str]) -> re.Pattern[str]:
        return re.compile("|".join(filter(None, patterns)), re.MULTILINE)

    return _Signs(
        words=one_of(word for dialect in DIALECTS for word in dialect.words),
        certain=one_of(dialect.certain for dialect in DIALECTS),
        probable=one_of(dialect.probable for dialect in DIALECTS),
        parts=one_of(
            rf"^[ \t{{]{{0,4}}[\"']?{field.name}[\"']?[ \t]*[:{{<]"
            for dialect in _wholes()
            for field in dialect.root.DESCRIPTOR.fields
        ),
    )
