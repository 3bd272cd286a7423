"""Writing a config in the other format, comments included."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any

import yaml

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Diagnostic, Source, Words, shown
from schedule_builder.dialects.lowering import custom_kinds
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    nothing_new,
    reread,
    same_message,
)
from schedule_builder.printable import UNSEEN
from schedule_builder.reading.comments import Note, notes
from schedule_builder.reading.fields import FieldSchema, is_lenient, schema_of
from schedule_builder.reading.text_lexer import TEXT_FORMAT, quoted
from schedule_builder.reading.tree import (
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Syntax,
    Value,
    typed,
)
from schedule_builder.reading.yaml_scalars import GARDEN, YAML
from schedule_builder.rules.kinds import UNUSED_SUPPRESSION

_LINE_LENGTH = 100
_BESIDE = re.compile(r"[ \t:,;{<\[-]*")
_NO_FIELD = re.compile(r"(?:\s|#[^\n]*)*")
_NOT_PLAIN = re.compile(r"[,\[\]{}:#\n]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ENUM_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_BYTES = re.compile("[\ud800-\udfff]")
_NULL = "null"
_BOOLEANS = frozenset(("true", "false"))
# Readers of YAML 1.1 do not take these for names.
_NO_KEYS = _BOOLEANS | {"y", "n", "yes", "no", "on", "off", "null"}


class ConvertError(EditingError):
    """Raised for a value that the other format cannot express; the message says where and why."""


def convert(config: Config, file_format: str) -> str:
    """The text of a config in another format, or with a new layout in its own.

    Comments keep their places; those before the first entry of a list may move before
    the list. A value keeps its spelling where the new format reads it alike. Where the schema does
    not describe a value, as in a model, a quoted value is a text. YAML's plain words in upper case
    are then names of an enum, and other plain words are texts.

    Args:
        config: a config that was read without errors.
        file_format: `text` or `yaml`.

    Returns:
        The text.

    Raises:
        ConvertError: a value cannot be written in the other format: in text format, a list in a
            list, or a key that is not a name, such as 5.

    >>> from schedule_builder.config import load
    >>> config = load({"manual_step_learning_rate": {"schedule": [
    ...     {"step": 600, "learning_rate": 0.1}]}})
    >>> print(convert(config, "text"), end="")
    manual_step_learning_rate {
      schedule {
        step: 600
        learning_rate: 0.1
      }
    }
    """
    document = config.document
    writer = {"text": _TextWriter, "yaml": _YamlWriter}[file_format](document)
    if file_format == "yaml" and is_lenient(config.message.DESCRIPTOR):
        writer.syntax = GARDEN
    writer.fields(document.root, config.message.DESCRIPTOR, "")
    writer.notes_before(len(document.source.text) + 1, "")
    newline = "\r\n" if "\r\n" in document.source.text else "\n"
    text = newline.join([*writer.lines, ""])
    _check(config, text, file_format)
    return text


def _check(config: Config, text: str, file_format: str) -> None:
    """Refuses a text that does not say the same, or in which anything new is found."""

    def read(text: str) -> Config:
        return examine(
            Source(config.filename, text),
            file_format,
            num_steps=config.given_steps,
            batch_size=config.given_batch_size,
            dialect=config.dialect,
        )

    try:
        reread(config, text, Meant(nothing_new, same_message), read)
    except UnmeantError as error:
        found = error.findings[0] if error.findings else None
        words = Words("{words}. Keep this file as it is", words=error.words)
        if found is not None:
            words = Words(
                "the converted file would not say the same: {found}. Keep this file as it is",
                found=found.message,
            )
        words = _about_comments(config, error.findings) or words
        raise ConvertError(config.document.source, None, words) from None


def _about_comments(config: Config, new: Iterable[Diagnostic]) -> Words | None:
    """The words for new findings that a comment suppresses in a config; None for others."""
    from schedule_builder.rules.suppressions import comment_for  # noqa: PLC0415 - 4 ms, for errors alone

    def is_unused(found: Diagnostic) -> bool:
        return found.code == UNUSED_SUPPRESSION.code

    # Where a finding has moved away from its comment, the comment is unused as well.
    for found in sorted(new, key=is_unused):
        code = found.words.values["code"] if is_unused(found) else found.code
        same_code = (d for d in config.diagnostics if d.code == code)
        for old in sorted(same_code, key=lambda d: d.path != found.path):
            if comment := comment_for(config.document, old):
                row, rule = comment
                if is_unused(found):
                    return Words(
                        "not converted: the comment for `{rule}` on line {row} would be unused in"
                        " the converted file. Remove it first",
                        rule=rule,
                        row=row,
                    )
                name = old.path.rpartition(".")[2]
                advice = Words(
                    "Write {name:field} on a line of its own, with the comment on the line above",
                    name=name,
                )
                if not name:
                    advice = Words("Replace it with `ignore-file[{rule}]`", rule=rule)
                return Words(
                    "not converted: the comment `ignore[{rule}]` on line {row} would no longer"
                    " stand where its finding is. {advice}",
                    rule=rule,
                    row=row,
                    advice=advice,
                )
    return None


class _Writer(ABC):
    """Writes a tree line by line, with the comments in between."""

    syntax: Syntax

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.source.text
        self.notes = deque(notes(document))
        self.lines: list[str] = []

    @abstractmethod
    def fields(self, block: Block, descriptor: Any, indent: str) -> None:
        """Writes the fields of a block of a message type; the type is None where it is unknown."""

    @abstractmethod
    def string(self, scalar: Scalar) -> str:
        """A text, quoted for the format."""

    @abstractmethod
    def word(self, scalar: Scalar) -> str:
        """A plain word that no schema describes."""

    def scalar(self, scalar: Scalar, declared: FieldSchema | None) -> str:
        kind = declared.kind if declared is not None else ""
        source, text = self.document.syntax, scalar.text
        if self.is_null(scalar):
            return self.word(scalar)
        if kind == "string" or (scalar.quoted and kind != "enum"):
            return self.string(scalar)
        if kind == "bool":
            return str(source.boolean(text)).lower()
        integer, real = source.integer(text), source.real(text)
        if kind != "integer" and real is not None and repr(real) == repr(self.syntax.real(text)):
            return text
        if kind != "real" and integer is not None:
            return text if self.syntax.integer(text) == integer else str(integer)
        if real is not None:
            written = repr(real)
            is_number = self.syntax.real(written) is not None
            return written if is_number else re.sub("(?=inf|nan)", ".", written)
        return self.word(scalar)

    def is_null(self, value: Value) -> bool:
        syntax = self.document.syntax
        return isinstance(value, Scalar) and not value.quoted and syntax.null(value.text)

    def list_line(self, opening: str, value: Sequence, declared: FieldSchema | None) -> str | None:
        """A list on one line; None where it does not fit or holds more than scalars."""
        items = [self.scalar(v, declared) for v in value.items if isinstance(v, Scalar)]
        line = f"{opening} [{', '.join(items)}]"
        comment = self.comment()
        has_comment = comment is not None and comment.start < value.end
        is_long = has_comment or len(items) < len(value.items) or len(line) > _LINE_LENGTH
        return None if is_long else line

    def is_one_line(self, block: Block) -> bool:
        """Whether a block stands between braces on one line."""
        text = self.text[block.start : block.end]
        return text[:1] in ("{", "<") and "\n" not in text

    def comment(self) -> Note | None:
        """The next comment, after blank lines."""
        return next((note for note in self.notes if note.text), None)

    def line(self, line: str, end: int) -> None:
        """Writes a line, and beside it the comment after an offset."""
        self.lines.append(line)
        if self.is_beside(end):
            self.lines[-1] += f"  {self.notes.popleft().text}"

    def is_beside(self, end: int) -> bool:
        """Whether the next comment is after an offset, on its line."""
        note = self.notes[0] if self.notes else None
        return bool(note and note.text and _BESIDE.fullmatch(self.text, end, note.start))

    def notes_before(self, offset: int, indent: str) -> None:
        """Writes the comments before an offset, each on a line of its own."""
        while self.notes and self.notes[0].start < offset:
            text = self.notes.popleft().text
            if text:
                self.lines.append(indent + text)
            elif self.lines and self.lines[-1] and not self.lines[-1].endswith(("{", ":", "-")):
                self.lines.append("")

    def notes_at_end(self, block: Block, indent: str) -> None:
        """Writes the comments after the last field of a block."""
        if self.text[block.start : block.start + 1] in ("{", "<"):
            self.notes_before(block.end, indent)
            return
        # Without braces, comments belong to the block if they are indented as far as it.
        column = self.column(block.fields[0].start)
        while (
            (comment := self.comment())
            and self.column(comment.start) >= column
            and _NO_FIELD.fullmatch(self.text, block.end, comment.start)
        ):
            self.notes_before(comment.start + 1, indent)

    def column(self, offset: int) -> int:
        return self.document.source.position(offset)[1]

    def refuse(self, node: Value | Field, words: Words) -> ConvertError:
        return ConvertError(self.document.source, node.start, words)


def _declared(descriptor: Any, name: str) -> FieldSchema | None:
    return schema_of(descriptor).get(name) if descriptor is not None else None


def _message(declared: FieldSchema | None) -> Any:
    """The type of a field's blocks; None where it is unknown."""
    return declared.message if declared is not None else None


def _custom(block: Block) -> tuple[Scalar, Block, Any]:
    """The name of the type that an Any holds, its contents, and the type."""
    field, (name, contents) = typed(block)
    assert field is not None  # noqa: S101 - the config was read without errors
    descriptor = custom_kinds()[name.rpartition("/")[2]].DESCRIPTOR
    return Scalar(name, True, field.start, field.end), contents, descriptor


def _is_any(descriptor: Any) -> bool:
    return descriptor is not None and descriptor.full_name == "google.protobuf.Any"


class _TextWriter(_Writer):
    syntax = TEXT_FORMAT

    def fields(self, block: Block, descriptor: Any, indent: str) -> None:
        if _is_any(descriptor):
            name, contents, descriptor = _custom(block)
            self.notes_before(name.start, indent)
            self.block(f"{indent}[{name.text}]", name.end, contents, descriptor, indent)
            return
        for field in block.fields:
            self.notes_before(field.start, indent)
            if not _NAME.match(field.name) and not field.name.startswith("["):
                words = Words(
                    "text format cannot hold a field named `{name}`: a name has letters,"
                    " digits and underscores, and no digit first. Keep this file in YAML",
                    name=shown(field.name),
                )
                raise self.refuse(field, words)
            declared, value = _declared(descriptor, field.name), field.value
            opening = f"{indent}{field.name}"
            if declared is not None and self.is_null(value):
                # null means not given; for a sub-block, none.
                if declared.rule.selects:
                    self.line(f'{opening}: ""', value.end)
                continue
            if not isinstance(value, Sequence):
                self.value(opening, field.end, value, declared, indent)
            elif line := self.list_line(f"{opening}:", value, declared):
                self.line(line, value.end)
            elif declared is None and len(value.items) == 1 and isinstance(value.items[0], Block):
                # Only the list shows that there may be several.
                self.block(f"{opening}: [", field.end, value.items[0], None, indent, "]")
            else:
                for item in value.items:
                    self.notes_before(item.start, indent)
                    self.value(opening, item.start, item, declared, indent)

    def value(
        self, opening: str, end: int, value: Value, declared: FieldSchema | None, indent: str
    ) -> None:
        if isinstance(value, Sequence):
            raise self.refuse(
                value, Words("text format cannot hold a list in a list. Keep this file in YAML")
            )
        if isinstance(value, Scalar):
            self.line(f"{opening}: {self.scalar(value, declared)}", value.end)
        else:
            self.block(opening, end, value, _message(declared), indent)

    def block(
        self,
        opening: str,
        end: int,
        block: Block,
        descriptor: Any,
        indent: str,
        closing: str = "",
    ) -> None:
        opening = f"{opening}{'' if closing else ' '}{{"
        at = len(self.lines)
        self.line(opening, end)
        if block.fields:
            self.fields(block, descriptor, indent + "  ")
        self.notes_at_end(block, indent + "  ")
        if self.lines[at:] == [opening]:
            self.lines.pop()
            self.line(f"{opening}}}{closing}", block.end)
            return
        self.line(f"{indent}}}{closing}", block.end)
        line = indent + " ".join(line.strip() for line in self.lines[at:])
        if self.is_one_line(block) and len(line) <= _LINE_LENGTH:
            self.lines[at:] = [line]

    def string(self, scalar: Scalar) -> str:
        return quoted(scalar.text)

    def word(self, scalar: Scalar) -> str:
        text = scalar.text
        if self.is_null(scalar):
            # Text format has no null. The word is not checked here, and YAML reads it back.
            return _NULL
        if text.lower() in _BOOLEANS:
            return text.lower()
        is_name = self.document.syntax is TEXT_FORMAT or _ENUM_NAME.match(text)
        return text if is_name else self.string(scalar)


class _YamlWriter(_Writer):
    syntax = YAML

    def fields(self, block: Block, descriptor: Any, indent: str) -> None:
        if _is_any(descriptor):
            type_name, block, descriptor = _custom(block)
            self.notes_before(type_name.start, indent)
            self.line(f'{indent}"@type": {self.string(type_name)}', type_name.end)
        first: dict[str, Field] = {}
        for field in block.fields:
            first.setdefault(field.name, field)
        for name, field in first.items():
            declared, value = _declared(descriptor, name), field.value
            elements = self.document.elements(block, name)
            is_list = len(elements) > 1 or (declared is not None and declared.repeated)
            if is_list and not self.is_null(value):
                value = Sequence(value.start)
                value.items = [element.value for element in elements]
                value.end = field.value.end
            opening = f"{indent}{self.key(field)}:"
            self.notes_before(field.start, indent)
            # A comment beside the first of several fields is about that field.
            end = field.end if isinstance(field.value, type(value)) else len(self.text)
            self.value(opening, end, value, declared, indent)

    def value(
        self, opening: str, end: int, value: Value, declared: FieldSchema | None, indent: str
    ) -> None:
        """Writes a value after a key or the dash of a list, which is indented as given."""
        if isinstance(value, Scalar):
            self.line(f"{opening} {self.scalar(value, declared)}", value.end)
        elif isinstance(value, Sequence):
            if line := self.list_line(opening, value, declared):
                self.line(line, value.end)
                return
            self.line(opening, end)
            for item in value.items:
                self.item(item, declared, indent + "  ")
        elif not value.fields:
            self.line(f"{opening} {{}}", value.end)
        else:
            self.block(opening, end, value, _message(declared), indent + "  ")

    def block(self, opening: str, end: int, block: Block, descriptor: Any, indent: str) -> None:
        at = len(self.lines)
        self.line(opening, end)
        self.fields(block, descriptor, indent)
        self.notes_at_end(block, indent)
        inner = [line.removeprefix(indent) for line in self.lines[at + 1 :]]
        line = f"{opening} {{{', '.join(inner)}}}"
        is_flat = not any(line.startswith(" ") for line in inner)
        if self.is_one_line(block) and is_flat and len(line) <= _LINE_LENGTH:
            self.lines[at:] = [line]
        is_at_end = "\n" not in self.text[block.fields[-1].value.end : block.end]
        if is_at_end and self.is_beside(block.end):
            self.lines[-1] += f"  {self.notes.popleft().text}"

    def item(self, value: Value, declared: FieldSchema | None, indent: str) -> None:
        first = value.fields[0] if isinstance(value, Block) and value.fields else value
        self.notes_before(first.start, indent)
        at, dash = len(self.lines), f"{indent}-"
        self.value(dash, value.start, value, declared, indent)
        if self.lines[at] == dash:
            self.lines[at : at + 2] = [f"{dash} {self.lines[at + 1].lstrip()}"]

    def key(self, field: Field) -> str:
        """A key. One that is not a name keeps its spelling: 5 and "5" are two keys in YAML."""
        if _NAME.match(field.name) and field.name.lower() not in _NO_KEYS:
            return field.name
        written = self.text[field.start : field.end]
        is_written = self.document.syntax.explicit_lists and "\n" not in written
        return written if is_written else _quoted(field.name)

    def string(self, scalar: Scalar) -> str:
        if _BYTES.search(scalar.text):
            words = Words(
                "these bytes are not UTF-8, so YAML cannot hold them. Keep this file in text format"
            )
            raise self.refuse(scalar, words)
        return self.word(scalar) if not scalar.quoted else _quoted(scalar.text)

    def word(self, scalar: Scalar) -> str:
        if self.is_null(scalar):
            return scalar.text or _NULL
        if scalar.text == _NULL and not scalar.quoted:
            return _NULL
        # A word that is plain in a block may need quotes in a list.
        is_other = _NOT_PLAIN.search(scalar.text) or YAML.null(scalar.text)
        return _quoted(scalar.text) if is_other else scalar.text


def _quoted(text: str) -> str:
    written: str = yaml.dump(text, default_style='"', allow_unicode=True, width=math.inf)
    return re.sub(f"[{UNSEEN}]", lambda match: f"\\u{ord(match[0]):04x}", written.rstrip("\n"))
