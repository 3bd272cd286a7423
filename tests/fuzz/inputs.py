"""The inputs: our own small files, changed piece by piece, and messages with any values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.reading.formats import SUFFIXES, YAML
from tests.support import drawing

SEEDS = sorted((Path(__file__).parent / "seeds").iterdir())
_TOKEN = re.compile(r"\w+|[^\S\n]+|.", re.DOTALL)
_MOST_CHANGES = 8
NUMBERS = [
    *("0", "1", "-1", "2", "0.5", "1e-3", "-0.0", ".5", "1.", "1e999", "-1e999", "1e-999"),
    *("nan", "inf", "-inf", "Infinity", ".inf", "0x1F", "017", "0o17", "1_000", "1,000", "1e3"),
    *("2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808"),
    *("99999999999999999999", "1.5f", "1:30", "+1", "- 1", "1" * 500),
]
WORDS = ["true", "false", "True", "no", "null", "~", "COSINE", "cosine", "EPOCHS", "$x", "{{ x }}"]
ODD = [
    *("\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800", "\xa0"),
    *("\r", "\r\n", "\n", "\t", " ", "\f", "\u201c", "\u201d", "\u00e9", "\U0001f600", "\ufffd"),
]
_TEXT_PIECES = [
    *("{", "}", "<", ">", "[", "]", ":", ";", ",", '"', "'", "\\", "\\x", "\\u12", "\\777", "#"),
    *("# schedule-builder: ignore", "# schedule-builder: ignore[SB402]", "[a.b/c.D]", "custom {"),
    *("schedule { step: 5 }", "a: 1", "a { b: 'c' }", "/* a */", "// a", "-", "{}", "<>", "[]"),
]
_YAML_PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ": ",
        ":",
        ", ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "<<: ",
        "<<: *a",
        "!!str ",
        "!x ",
    ),
    *(
        "|\n",
        ">-\n",
        "|2\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "'",
        '"',
        '"\\ud83d"',
        "\\",
        "#",
        " #",
    ),
    *(
        "# schedule-builder: ignore-file[SB404]",
        "a: 1",
        "a: {b: c}",
        "- a\n",
        "\n  ",
        "\n    ",
        "@",
        "`",
    ),
]


def _names() -> list[str]:
    """The fields of every message that a config can hold, and two that none has."""
    found: dict[str, None] = {}
    pending = [dialect.root.DESCRIPTOR for dialect in DIALECTS]
    for descriptor in pending:
        for field in descriptor.fields:
            found[field.name] = None
            if field.message_type is not None and field.message_type not in pending:
                pending.append(field.message_type)
    return [*found, "learning_rate_bas", "lr"]


NAMES = _names()
numbers = st.one_of(
    st.sampled_from(NUMBERS), st.integers().map(str), st.floats().map(repr), st.just("100")
)


def pieces(is_yaml: bool) -> st.SearchStrategy[str]:
    """What is put into a text."""
    own = _YAML_PIECES if is_yaml else _TEXT_PIECES
    return st.one_of(
        st.sampled_from(own),
        st.sampled_from(own),
        numbers,
        st.sampled_from(NAMES),
        st.sampled_from(WORDS),
        st.sampled_from(ODD),
        st.text(max_size=4),
    )


@st.composite
def changed(draw: st.DrawFn, text: str, added: st.SearchStrategy[str]) -> str:
    """A text with some of its pieces removed, repeated, replaced, or moved."""
    tokens = _TOKEN.findall(text)
    for _ in range(draw(st.integers(0, _MOST_CHANGES))):
        start = draw(st.integers(0, len(tokens)))
        end = min(start + draw(st.integers(0, 3) | st.integers(0, 30)), len(tokens))
        kind = draw(st.sampled_from(["insert", "insert", "replace", "remove", "repeat", "move"]))
        taken = tokens[start:end]
        if kind == "insert":
            tokens.insert(start, draw(added))
        elif kind == "replace":
            tokens[start : start + 1] = [draw(added)]
        elif kind == "remove":
            del tokens[start:end]
        elif kind == "repeat":
            tokens[end:end] = taken * draw(st.integers(1, 3))
        else:
            del tokens[start:end]
            at = draw(st.integers(0, len(tokens)))
            tokens[at:at] = taken
    return "".join(tokens)


@st.composite
def files(draw: st.DrawFn, *formats: str) -> tuple[str, str]:
    """A name and a text: a seed, or a message as protobuf prints it, with changes."""
    seeds = [path for path in SEEDS if not formats or SUFFIXES[path.suffix] in formats]
    if draw(st.booleans()) and YAML not in formats:
        message = draw(drawing.learning_rates)
        name, text = "a.config", text_format.MessageToString(message)
    else:
        path = draw(st.sampled_from(seeds))
        name, text = f"a{path.suffix}", path.read_text(encoding="utf-8")
    return name, draw(changed(text, pieces(SUFFIXES[Path(name).suffix] == YAML)))


_EXTREMES: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: st.sampled_from([0, 1, -1, 100, 2**31 - 1]),
    FieldDescriptor.CPPTYPE_INT64: st.sampled_from([0, 1, -1, 100, 2**62, 2**63 - 1]),
    FieldDescriptor.CPPTYPE_UINT32: st.sampled_from([0, 1, 100, 2**32 - 1]),
    FieldDescriptor.CPPTYPE_UINT64: st.sampled_from([0, 1, 100, 2**64 - 1]),
    FieldDescriptor.CPPTYPE_DOUBLE: st.one_of(
        st.sampled_from([0.0, 1.0, 0.1, -1.0, 1e-300, 1e38, 1e300, 1.7976931348623157e308]),
        st.floats(),
    ),
    FieldDescriptor.CPPTYPE_FLOAT: st.one_of(
        st.sampled_from([0.0, 1.0, 0.1, -1.0, 1e-38, 1e38]), st.floats(width=32)
    ),
    FieldDescriptor.CPPTYPE_STRING: st.sampled_from(["", "a", "cosine", "(a+)+", "["]),
}


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A valid config, in which some fields got extreme values, or were cleared."""
    message: Message = type(drawn := draw(drawing.configs))()
    message.CopyFrom(drawn)
    for _ in range(draw(st.integers(0, 3))):
        place: Any = message
        while inner := _inner(place):
            if len(inner) == 0 or not draw(
                st.booleans() if place is not message else st.just(True)
            ):
                break
            place = draw(st.sampled_from(inner))
        fields = [f for f in place.DESCRIPTOR.fields if f.cpp_type in _EXTREMES]
        if not fields:
            continue
        field = draw(st.sampled_from(fields))
        value = getattr(place, field.name)
        if draw(st.integers(0, 4)) == 0:
            place.ClearField(field.name)
        elif hasattr(value, "append"):
            value.append(draw(_EXTREMES[field.cpp_type]))
        else:
            setattr(place, field.name, draw(_EXTREMES[field.cpp_type]))
    return message


def _inner(message: Message) -> list[Message]:
    """The messages in a message that are given."""
    found: list[Message] = []
    for field, value in message.ListFields():
        if field.message_type is not None:
            found += [value] if isinstance(value, Message) else list(value)
    return found


data = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=3),
        st.sampled_from(NUMBERS + WORDS),
        st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
        st.dictionaries(st.text(max_size=3) | st.integers() | st.none(), inner, max_size=2),
    ),
    max_leaves=8,
)
"""Plain data of any shape, with the names of fields here and there."""
