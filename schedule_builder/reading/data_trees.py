"""Located trees of plain data and of messages, without a text to read.

Findings have places nevertheless: a text that shows the data is written along with the tree.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from schedule_builder.diagnostics import TOO_LARGE, Report, Source, Span, Words
from schedule_builder.limits import MAX_DATA_CHARACTERS
from schedule_builder.reading.fields import is_repeated
from schedule_builder.reading.findings import TOO_DEEP
from schedule_builder.reading.text_lexer import TEXT_FORMAT, quoted
from schedule_builder.reading.tree import (
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Syntax,
    Value,
    is_too_deep,
    too_deep,
)
from schedule_builder.reading.yaml_scalars import YAML

_INDENT = "  "
_ANY = "google.protobuf.Any"


class _Writer:
    """Writes a text, and knows where it is in it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at = 0
        self.is_full = False
        """Whether there is more than is read: the rest is left out."""
        self.deepest: Span | None = None
        """Where blocks begin to nest too deep."""

    def write(self, text: str) -> Span:
        start = self.at
        self.parts.append(text)
        self.at += len(text)
        self.is_full = self.at > MAX_DATA_CHARACTERS
        return Span(start, self.at)

    def may_nest(self, depth: int) -> bool:
        """Whether a block or a list may nest this deep; the first that may not is remembered."""
        if not is_too_deep(depth + 1):
            return True
        self.deepest = self.deepest or Span(self.at, self.at + 1)
        return False

    def finish(self, filename: str, root: Block, syntax: Syntax) -> tuple[Document, Report]:
        source = Source(filename, "".join(self.parts))
        report = Report(source)
        if self.deepest is not None:
            report.add(TOO_DEEP, self.deepest, too_deep())
        if self.is_full:
            words = Words(
                "this has more than {limit:,} characters, written out, which is the most that is"
                " read. Name a config",
                limit=MAX_DATA_CHARACTERS,
            )
            report.add(TOO_LARGE, Span(0, 0), words)
        return Document(source, root, syntax), report


def of_data(data: Mapping[Any, Any], filename: str) -> tuple[Document, Report]:
    """The tree of plain data, as in YAML and JSON, and its findings.

    Raises:
        TypeError: the data hold a value that JSON does not have.
    """
    writer = _Writer()
    try:
        root = _data_block(writer, data, "", 0)
    except (TypeError, ValueError) as error:
        message = f"a config of plain data holds only what JSON does: {error}"
        raise TypeError(message) from error
    return writer.finish(filename, root, YAML)


def _key(key: object) -> str:
    """A key, in the spelling of JSON."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    message = f"keys must be str, int, float, bool or None, not {type(key).__name__}"
    raise TypeError(message)


def _data_block(writer: _Writer, data: Mapping[Any, Any], indent: str, depth: int) -> Block:
    block = Block(writer.at)
    inner = f"{indent}{_INDENT}"
    if writer.may_nest(depth) and data:
        for index, (key, value) in enumerate(data.items()):
            if writer.is_full:
                break
            writer.write(f"{',' if index else '{'}\n{inner}")
            name = writer.write(json.dumps(_key(key), ensure_ascii=False))
            writer.write(": ")
            field = Field(_key(key), *name, _data_value(writer, value, inner, depth + 1))
            block.fields.append(field)
        writer.write(f"\n{indent}}}")
    else:
        writer.write("{}")
    block.end = writer.at
    return block


def _data_value(writer: _Writer, value: Any, indent: str, depth: int) -> Value:
    if isinstance(value, Mapping):
        return _data_block(writer, value, indent, depth)
    if not isinstance(value, (list, tuple)):
        text = json.dumps(value, ensure_ascii=False)
        is_text = isinstance(value, str)
        return Scalar(str(value) if is_text else text, is_text, *writer.write(text))
    sequence = Sequence(writer.at)
    inner = f"{indent}{_INDENT}"
    if writer.may_nest(depth) and value:
        for index, item in enumerate(value):
            if writer.is_full:
                break
            writer.write(f"{',' if index else '['}\n{inner}")
            sequence.items.append(_data_value(writer, item, inner, depth + 1))
        writer.write(f"\n{indent}]")
    else:
        writer.write("[]")
    sequence.end = writer.at
    return sequence


def of_message(message: Message, filename: str) -> tuple[Document, Report]:
    """The tree of a message of any schema, as in text format, and its findings."""
    writer = _Writer()
    root = Block(0)
    _fields(writer, message, root, "", 0)
    root.end = writer.at
    return writer.finish(filename, root, TEXT_FORMAT)


def _fields(writer: _Writer, message: Message, block: Block, indent: str, depth: int) -> None:
    if message.DESCRIPTOR.full_name == _ANY and (packed := _unpacked(message)):
        _message(writer, f"[{packed.type_url}]", packed.message, block, indent, depth)
        return
    for descriptor, value in message.ListFields():
        name = descriptor.name
        if descriptor.is_extension:
            name = f"[{descriptor.full_name}]"
        elif descriptor.type == FieldDescriptor.TYPE_GROUP and descriptor.message_type:
            name = descriptor.message_type.name
        for item in _items(descriptor, value):
            if writer.is_full:
                return
            if isinstance(item, Message):
                _message(writer, name, item, block, indent, depth)
                continue
            writer.write(indent)
            at = writer.write(name)
            writer.write(": ")
            block.fields.append(Field(name, *at, _scalar(writer, item, descriptor)))
            writer.write("\n")


def _items(descriptor: FieldDescriptor, value: Any) -> Iterator[Any]:
    """The values of a field, each of which is written by itself."""
    kind = descriptor.message_type
    if kind is not None and kind.GetOptions().map_entry:
        entry = value.GetEntryClass()
        yield from (entry(key=key, value=value[key]) for key in sorted(value))
    elif is_repeated(descriptor):
        yield from value
    else:
        yield value


def _message(
    writer: _Writer, name: str, message: Message, block: Block, indent: str, depth: int
) -> None:
    writer.write(indent)
    at = writer.write(name)
    writer.write(" ")
    inner = Block(writer.at)
    if writer.may_nest(depth):
        writer.write("{\n")
        _fields(writer, message, inner, f"{indent}{_INDENT}", depth + 1)
        writer.write(f"{indent}}}")
    else:
        writer.write("{}")
    inner.end = writer.at
    writer.write("\n")
    block.fields.append(Field(name, *at, inner))


def _scalar(writer: _Writer, value: Any, descriptor: FieldDescriptor) -> Scalar:
    if isinstance(value, (bytes, str)):
        text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
        return Scalar(text, True, *writer.write(quoted(text)))
    if isinstance(value, bool):
        text = str(value).lower()
    elif descriptor.enum_type is not None:
        known = descriptor.enum_type.values_by_number.get(value)
        text = str(value) if known is None else known.name
    elif descriptor.type == FieldDescriptor.TYPE_FLOAT:
        text = repr(_shortest(value))
    else:
        text = repr(value)
    return Scalar(text, False, *writer.write(text))


def _shortest(value: float) -> float:
    """The number with the fewest digits that gives the same float32."""
    if not math.isfinite(value):
        return value
    candidates = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next((n for n in candidates if struct.pack("f", n) == struct.pack("f", value)), value)


class _Packed(NamedTuple):
    type_url: str
    message: Message


def _unpacked(message: Any) -> _Packed | None:
    """The message in an Any; None where its type is not known."""
    try:
        pool = message.DESCRIPTOR.file.pool
        descriptor = pool.FindMessageTypeByName(message.TypeName())
    except KeyError:
        return None
    packed = GetMessageClass(descriptor)()
    return _Packed(message.type_url, packed) if message.Unpack(packed) else None
