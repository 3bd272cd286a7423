"""Patterns of paths as gitignore defines them: those of ignore files and those of settings.

A pattern is matched byte by byte, as in git, and without regular expressions: no pattern takes
long (`*a*a*a*a*a*a*a*b` takes a regular expression hours), and every pattern means the same as in
git.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TypeVar

from schedule_builder.records import Record

_SLASH, _BACKSLASH, _STAR, _QUESTION, _OPEN, _CLOSE, _DASH = b"/\\*?[]-"
_SPECIAL = re.compile(rb"[*?\[\\]")
_USELESS = {
    "^#": "`#` begins a comment in ignore files. For a name, write `\\#`",
    "//": "empty name between two slashes. Write one slash",
    r"^!?(?:.*/)?\.\.?(?:/|$)": "a path cannot contain `.` or `..`. Start at the settings file",
    r"(?<!\\)(?:\\\\)*\\[A-Za-z0-9]": "`\\` only escapes special characters. Write `/` for folders",
}
"""Patterns that git accepts and never matches, with the pattern to write instead."""
_ALL = frozenset(range(256))
# As in the C locale, like git, for any locale of the user.
_CLASSES = {
    b"alnum": "[0-9A-Za-z]",
    b"alpha": "[A-Za-z]",
    b"blank": "[ \t]",
    b"cntrl": "[\0-\x1f\x7f]",
    b"digit": "[0-9]",
    b"graph": "[!-~]",
    b"lower": "[a-z]",
    b"print": "[ -~]",
    b"punct": "[!-/:-@\\[-`{-~]",
    b"space": "[ \t\n\r]",
    b"upper": "[A-Z]",
    b"xdigit": "[0-9A-Fa-f]",
}

_Element = TypeVar("_Element")
_Item = TypeVar("_Item")
_Codes = frozenset[int]
_Segment = tuple["_Codes | None", ...]
"""The part of a pattern between two slashes: sets of bytes, and None for `*`."""


class PatternError(ValueError):
    """Raised for a pattern that can never match; the message says why, and names the fix."""


class _Pattern(Record):
    """One pattern.

    Attributes:
        is_negated: it reverses the decision of patterns before it (`!`).
        for_folders: it matches only folders (a slash at its end).
        for_names: it matches a name in any folder (no other slash).
        prefix: the part before its first special character.
        segments: the rest, divided at slashes; None for `**`, any number of folders.
    """

    is_negated: bool
    for_folders: bool
    for_names: bool
    prefix: bytes
    segments: tuple[_Segment | None, ...]

    def matches(self, parts: Sequence[bytes], is_folder: bool) -> bool:
        if self.for_folders and not is_folder:
            return False
        text = parts[-1] if self.for_names else b"/".join(parts)
        if not self.segments:
            return text == self.prefix
        if not text.startswith(self.prefix):
            return False
        return _fits(self.segments, text[len(self.prefix) :].split(b"/"), _segment_fits)


def _fits(
    pattern: Sequence[_Item | None],
    text: Sequence[_Element],
    fits: Callable[[_Item, _Element], bool],
) -> bool:
    """Whether a pattern matches a whole text; None in it matches any number of elements.

    It is enough to retry the last None, so the time is at most the product of both lengths.
    """
    at = start = 0
    retried: int | None = None
    position = 0
    while position < len(text):
        item = pattern[at] if at < len(pattern) else None
        if at < len(pattern) and item is None:
            retried, start = at, position
            at += 1
        elif item is not None and fits(item, text[position]):
            at += 1
            position += 1
        elif retried is not None:
            start += 1
            at, position = retried + 1, start
        else:
            return False
    return all(item is None for item in pattern[at:])


def _segment_fits(segment: _Segment, name: bytes) -> bool:
    return _fits(segment, name, _code_fits)


def _code_fits(codes: _Codes, code: int) -> bool:
    return code in codes


class Patterns:
    """Patterns in their order: the last one that matches decides."""

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        self._patterns = tuple(patterns)[::-1]

    @classmethod
    def of_ignore_file(cls, data: bytes) -> Patterns:
        """The patterns of an ignore file; lines that git ignores are ignored as well."""
        return cls(_read(data))

    def decide(self, parts: Sequence[bytes], is_folder: bool) -> bool | None:
        """Whether a file or folder is matched (True) or negated (False); None if no pattern fits.

        Args:
            parts: the names of its path, from the folder that patterns count from.
            is_folder: whether it is a folder.
        """
        for pattern in self._patterns:
            if pattern.matches(parts, is_folder):
                return not pattern.is_negated
        return None

    def select(self, parts: Sequence[bytes]) -> bool:
        """Whether a file or one of its folders is matched; a matched folder has no exceptions."""
        return any(
            self.decide(parts[:count], count < len(parts)) for count in range(1, len(parts) + 1)
        )


def _read(data: bytes) -> Iterator[_Pattern]:
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        text = line.removesuffix(b"\r")
        if text and not text.startswith(b"#"):
            try:
                yield _parse(text)
            except PatternError:
                continue


@cache
def of_settings(texts: tuple[str, ...]) -> Patterns:
    """The patterns that settings give.

    Raises:
        PatternError: a pattern can never match, or negates what no pattern before it matches.
    """
    patterns: list[_Pattern] = []
    for text in texts:
        try:
            for wrong, message in _USELESS.items():
                if re.search(wrong, text):
                    raise PatternError(message)
            pattern = _parse(text.encode("utf-8", "surrogatepass"))
            if pattern.is_negated and all(before.is_negated for before in patterns):
                message = (
                    "`!` includes files again that patterns before it exclude; there are none."
                    " For a name, write `\\!`"
                )
                raise PatternError(message)
        except PatternError as error:
            message = f"invalid pattern `{text}`: {error}"
            raise PatternError(message) from None
        patterns.append(pattern)
    return Patterns(patterns)


def _parse(line: bytes) -> _Pattern:
    """Parses a line. Raises PatternError if the pattern cannot match any path."""
    text = line.rstrip(b" ")
    if text != line and (len(text) - len(text.rstrip(b"\\"))) % 2:
        text += b" "  # This blank is escaped.
    is_negated = text.startswith(b"!")
    text = text.removeprefix(b"!")
    for_folders = text.endswith(b"/")
    text = text.removesuffix(b"/")
    for_names = b"/" not in text
    text = text.removeprefix(b"/")
    if not text:
        message = "empty pattern. For all files, write `*`"
        raise PatternError(message)
    special = _SPECIAL.search(text)
    prefix = text[: special.start()] if special else text
    segments = _segments(text[len(prefix) :])
    return _Pattern(is_negated, for_folders, for_names, prefix, tuple(segments))


def _segments(text: bytes) -> list[_Segment | None]:
    """A pattern from its first special character on, divided at slashes."""
    if not text:
        return []
    segments: list[_Segment | None] = []
    tokens: list[_Codes | None] = []
    start = at = 0
    while True:
        is_slash = text.startswith((b"/", b"\\/"), at)
        if at == len(text) or is_slash:
            # git also takes `**` for folders after a prefix such as `name`. At the end, and before
            # `\/`, `**` stands at least for one folder.
            if tokens and not any(tokens) and at - start > 1:
                segments.append(None)
                if text[at : at + 1] != b"/":
                    segments.append((None,))
            else:
                segments.append(tuple(tokens))
            if not is_slash:
                return segments
            at += 1 + (text[at] == _BACKSLASH)
            start, tokens = at, []
            continue
        code, at = text[at], at + 1
        if code == _STAR:
            if not tokens or tokens[-1] is not None:
                tokens.append(None)
        elif code == _QUESTION:
            tokens.append(_ALL)
        elif code == _OPEN:
            codes, at = _bracket(text, at)
            tokens.append(codes)
        else:
            if code == _BACKSLASH:
                code, at = _escaped(text, at)
            tokens.append(frozenset((code,)))


def _escaped(text: bytes, at: int) -> tuple[int, int]:
    """The byte after a backslash, and where it ends."""
    if at == len(text):
        message = "nothing follows its last `\\`. For a backslash, write `\\\\`"
        raise PatternError(message)
    return text[at], at + 1


def _bracket(text: bytes, at: int) -> tuple[_Codes, int]:
    """The bytes that a bracket expression matches, and where it ends."""
    is_negated = text[at : at + 1] in (b"!", b"^")
    first = at = at + is_negated
    codes: set[int] = set()
    before: int | None = None  # the byte that a range can begin with
    while at == first or text[at : at + 1] != b"]":
        if at >= len(text):
            message = "`[` has no `]`. For a bracket, write `\\[`"
            raise PatternError(message)
        code, at = text[at], at + 1
        if code == _DASH and before is not None and text[at : at + 1] not in (b"", b"]"):
            code, at = text[at], at + 1
            if code == _BACKSLASH:
                code, at = _escaped(text, at)
            codes.update(range(before, code + 1))
            before = None
            continue
        if code == _OPEN and text.startswith(b":", at):
            end = text.find(b"]", at + 1)
            if end > at + 1 and text[end - 1] == ord(":"):
                name = text[at + 1 : end - 1]
                if name not in _CLASSES:
                    known = ", ".join(sorted(name.decode() for name in _CLASSES))
                    message = f"`[:{name.decode(errors='replace')}:]` is not one of {known}"
                    raise PatternError(message)
                codes.update(c for c in range(128) if re.match(_CLASSES[name], chr(c)))
                before, at = None, end + 1
                continue
        if code == _BACKSLASH:
            code, at = _escaped(text, at)
        codes.add(code)
        before = code
    matched = (_ALL - codes if is_negated else frozenset(codes)) - {_SLASH}
    if not matched:
        message = "`[/]` matches nothing. Write `/` outside of brackets"
        raise PatternError(message)
    return matched, at + 1
