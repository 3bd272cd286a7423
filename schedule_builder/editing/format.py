"""The layout of a config: the same values and comments in the same order, written in one way.

In text format: two blanks for each block, one field a line. YAML is laid out by ruamel.yaml.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from operator import sub

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Report, Source, Words
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rereading import Meant, UnmeantError, nothing_new, reread
from schedule_builder.reading.comments import Note, notes
from schedule_builder.reading.formats import detect_format, reader_of
from schedule_builder.reading.text_lexer import TEXT_FORMAT
from schedule_builder.reading.tree import Block, Document, Field, Scalar, Sequence, Value

_LINE_LENGTH = 100
_INDENT = "  "
_BESIDE = "  "
"""The blanks between a value and the comment after it."""
_STRING = re.compile(r"\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'")
_SUPPRESSION = "schedule-builder:"


class FormatError(EditingError):
    """Raised for a text that cannot be given a new layout; the message says where and why."""


def format_text(filename: str, text: str) -> str:
    """A config in the one layout.

    Fields, values and comments stay, and their order. A comment stays with the field that it is
    beside or above.

    Args:
        filename: the file's name, which says its format.
        text: its contents, without a byte-order mark.

    Returns:
        The text. Formatting it again does not change it.

    Raises:
        FormatError: the text has syntax errors, or is JSON.
        ModuleNotFoundError: it is YAML, and ruamel.yaml is not installed.
    """
    document = _readable(filename, text)
    if not document.root.fields:
        return f"{text.strip()}\n" if text.strip() else ""
    if document.syntax is TEXT_FORMAT:
        new = _Layout(document).write()
    elif filename.lower().endswith(".json"):
        words = Words("JSON is not formatted: use a JSON formatter")
        raise FormatError(document.source, None, words)
    else:
        from schedule_builder.editing.format_yaml import format_yaml  # noqa: PLC0415 - 60 ms, and an extra

        new = format_yaml(document)
    if "\r\n" in text:
        new = new.replace("\r\n", "\n").replace("\n", "\r\n")
    try:
        reread(examine(document.source), new, Meant(nothing_new, _difference))
    except UnmeantError as error:
        words = Words(
            "the file is left as it is, because in the new layout {reason}. Format it by hand, and"
            " report this fault of `fmt`",
            reason=error.words,
        )
        raise FormatError(document.source, None, words) from None
    return new


def _readable(filename: str, text: str) -> Document:
    """A text as a tree. Raises FormatError where it cannot be read."""
    source = Source(filename, text)
    report = Report(source)
    document = reader_of(detect_format(filename, text))(source, report)
    if report.has_errors:
        found = next(d for d in report.diagnostics if d.severity == "error")
        words = Words("the file cannot be read: {message}", message=found.message)
        lines = text.split("\n")[: found.row - 1]
        raise FormatError(source, sum(len(line) + 1 for line in lines) + found.column - 1, words)
    return document


def _difference(one: Config, other: Config) -> Words | None:
    """What is lost or changed in a new layout; None if nothing is."""
    before, after = one.document, other.document
    if _plain(before.root) != _plain(after.root):
        return Words("a value would change")
    if [n.text for n in notes(before) if n.text] != [n.text for n in notes(after) if n.text]:
        return Words("a comment would be lost or moved")
    if any(map(sub, _beside(before), _beside(after))):
        return Words("a comment that suppresses findings would leave their line")
    return None


def _beside(document: Document) -> list[set[str]]:
    """The names of the fields on the line of each comment that suppresses findings."""
    text = document.source.text
    comments = [note for note in notes(document) if _SUPPRESSION in note.text.lower()]
    names = sorted(_names(document.root)) if comments else []
    found = []
    for note in comments:
        line = text.rfind("\n", 0, note.start) + 1
        first, last = bisect_left(names, (line,)), bisect_left(names, (note.start,))
        found.append({name for _, name in names[first:last]})
    return found


def _names(value: Value) -> Iterator[tuple[int, str]]:
    """The fields of a tree: where each stands, and its name."""
    if isinstance(value, Block):
        for field in value.fields:
            yield field.start, field.name
            yield from _names(field.value)
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _names(item)


def _plain(value: Value) -> object:
    """What a tree says, in order and without places."""
    if isinstance(value, Scalar):
        return value.text, value.quoted
    if isinstance(value, Sequence):
        return [_plain(item) for item in value.items]
    return tuple((field.name, _plain(field.value)) for field in value.fields)


class _Layout:
    """Writes a text-format document."""

    def __init__(self, document: Document) -> None:
        self.root = document.root
        self.text = document.source.text
        self.notes = [*notes(document), Note(len(self.text) + 1, "")]
        self.next = 0
        self.lines: list[str] = []
        self.depth = 0
        self.last = 0
        """Where what was written last ends in the old text."""
        self.is_fresh = True
        """Whether the last line opens a block, or there is none: no blank line follows."""

    def write(self) -> str:
        """The whole text."""
        self.fields(self.root)
        self.comments(len(self.text))
        return "".join(f"{line}\n" for line in self.lines)

    def line(self, text: str) -> None:
        """Writes a line."""
        self.lines.append(f"{_INDENT * self.depth}{text}")
        self.is_fresh = False

    def comments(self, until: int) -> None:
        """Writes the comments and blank lines before an offset."""
        is_blank = False
        while self.notes[self.next].start < until:
            note = self.notes[self.next]
            self.next += 1
            if not note.text:
                is_blank = True
            elif self.lines and "\n" not in self.text[self.last : note.start]:
                self.lines[-1] += f"{_BESIDE}{note.text}"
            else:
                self.blank(is_blank)
                self.line(note.text)
                is_blank = False
        is_at_end = self.text[until : until + 1] in ("}", ">", "]", "")
        self.blank(is_blank and not is_at_end)

    def inside(self, end: int) -> Iterator[Note]:
        """The comments and blank lines before an offset that are not written yet."""
        at = self.next
        while (note := self.notes[at]).start < end:
            yield note
            at += 1

    def skip_blank(self, until: int) -> None:
        """Leaves out blank lines before an offset, up to a comment."""
        while not self.notes[self.next].text and self.notes[self.next].start < until:
            self.next += 1

    def blank(self, is_wanted: bool) -> None:
        if is_wanted and not self.is_fresh:
            self.lines.append("")
            self.is_fresh = True

    def fields(self, block: Block) -> None:
        """Writes the fields of a block."""
        for field in block.fields:
            self.comments(field.start)
            self.field(field)

    def field(self, field: Field) -> None:
        name = "".join(self.text[field.start : field.end].split())
        # A comment between a name and its value moves above them.
        self.comments(field.value.start)
        if isinstance(field.value, Block):
            self.block(f"{name} {{", field.value, "}")
        elif isinstance(field.value, Sequence):
            self.sequence(name, field.value)
        else:
            self.scalar(f"{name}: ", field.value, "")

    def block(self, opening: str, block: Block, closing: str) -> None:
        end = block.end - 1
        if not block.fields:
            self.skip_blank(end)
        if not block.fields and self.notes[self.next].start > end:
            self.line(f"{opening}{closing}")
        elif line := self.kept(block):
            self.line(f"{opening[:-1]}{line}{closing[1:]}")
        else:
            self.line(opening)
            self.is_fresh = True
            self.last = block.start + 1
            self.depth += 1
            self.fields(block)
            self.comments(end)
            self.depth -= 1
            self.line(closing)
        self.last = block.end

    def kept(self, block: Block) -> str:
        """The fields of a block in one line, where a comment after it is about that line."""
        note = self.notes[self.next]
        is_behind = (
            note.start >= block.end
            and not self.text[block.end : note.start].strip(" \t,;")
            and "\n" not in self.text[block.start : note.start]
        )
        return self.flat(block) if is_behind and _SUPPRESSION in note.text.lower() else ""

    def flat(self, value: Value) -> str:
        """A value in one line."""
        if isinstance(value, Scalar):
            return " ".join(self.pieces(value))
        if isinstance(value, Sequence):
            return f"[{', '.join(map(self.flat, value.items))}]"
        parts = []
        for field in value.fields:
            name = "".join(self.text[field.start : field.end].split())
            inner = self.flat(field.value)
            is_block = isinstance(field.value, Block)
            parts.append(f"{name} {inner}" if is_block else f"{name}: {inner}")
        return f"{{ {' '.join(parts)} }}" if parts else "{}"

    def pieces(self, value: Scalar) -> list[str]:
        """A value as it is written: of a text, each of its parts."""
        written = _without_comments(self.text[value.start : value.end])
        return _STRING.findall(written) if written[:1] in "'\"" else ["".join(written.split())]

    def scalar(self, before: str, value: Scalar, after: str) -> None:
        written = self.text[value.start : value.end]
        pieces = self.pieces(value)
        if "\n" not in written or len(pieces) == 1:
            self.line(f"{before}{' '.join(pieces)}{after}")
            self.last = value.start
            # One after a minus sign, which is rare, moves after the number, and what follows it
            # begins a line.
            end = value.end
            while (note := self.notes[self.next]).start < value.end:
                if note.text:
                    self.comments(note.start + 1)
                    end = value.start
                else:
                    self.skip_blank(value.end)
            self.last = end
            return
        at = value.start
        for index, piece in enumerate(pieces):
            at = self.text.index(piece, at)
            self.depth += index > 0
            if index:
                self.comments(at)
            text = piece if index else f"{before}{piece}"
            self.line(text + after if index == len(pieces) - 1 else text)
            self.depth -= index > 0
            at += len(piece)
            self.last = at

    def sequence(self, name: str, value: Sequence) -> None:
        end = value.end - 1
        has_blocks = any(isinstance(item, Block) for item in value.items)
        has_comments = any(note.text for note in self.inside(end))
        line = f"{name}: {self.flat(value)}" if not has_blocks else ""
        is_short = len(line) + len(_INDENT) * self.depth <= _LINE_LENGTH
        if line and not has_comments and is_short:
            self.skip_blank(end)
            self.line(line)
        elif not value.items and not has_comments:
            self.skip_blank(end)
            self.line(f"{name}: []")
        else:
            self.line(f"{name}: [")
            self.is_fresh = True
            self.last = value.start + 1
            self.depth += 1
            for index, item in enumerate(value.items):
                self.comments(item.start)
                comma = "," * (index < len(value.items) - 1)
                if isinstance(item, Block):
                    self.block("{", item, f"}}{comma}")
                elif isinstance(item, Scalar):
                    self.scalar("", item, comma)
            self.comments(end)
            self.depth -= 1
            self.line("]")
        self.last = value.end


def _without_comments(text: str) -> str:
    """The parts of a text of several, without the comments between them."""
    return re.sub(rf"({_STRING.pattern})|#[^\n]*", lambda match: match[1] or "", text)
