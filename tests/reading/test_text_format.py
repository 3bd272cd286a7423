"""Text format: what protobuf's own parser reads is read to the same message, in any spelling."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine, examine_bytes
from schedule_builder.diagnostics import Source
from schedule_builder.v1 import pipeline_pb2 as pb
from tests.support.data import DATA, needs_data, needs_new_protobuf
from tests.support.drawing import learning_rates

RECIPES = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.config"))
CORPUS = [
    path
    for folder in ("od_api", "wild")
    for path in sorted((DATA / "corpus" / folder).iterdir() if DATA else ())
]

SYNTAX = frozenset(("SB101", "SB102", "SB103", "SB104", "SB105", "SB106"))
# What the binder finds although protobuf, asked to skip unknown fields, takes it: names that
# are not checked, and the bounds of the schema's options.
STRICTER = frozenset(("SB201", "SB204", "SB205", "SB207"))


def read(text: str) -> Config:
    return examine(Source("x.config", text))


def codes(config: Config) -> set[str]:
    """What reading and binding found; rules and lowering are others' business."""
    return {d.code for d in config.diagnostics if d.code < "SB3"}


def permissively(text: str) -> pb.TrainEvalPipelineConfig | None:
    """protobuf's reading of a pipeline, which skips unknown fields but checks their syntax."""
    # It has no patience with extensions of a message that declares none.
    text = re.sub(r"^\[[\w.]+\]", "extension", text, flags=re.MULTILINE)
    message = pb.TrainEvalPipelineConfig()
    try:
        return text_format.Parse(text, message, allow_unknown_field=True)
    except text_format.ParseError:
        return None


# --- real files -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_are_the_messages_that_protobuf_reads(path: Path) -> None:
    config = examine_bytes(path.read_bytes(), path.name)
    wanted = text_format.Parse(path.read_text(encoding="utf-8"), type(config.message)())
    assert not codes(config)
    assert config.message == wanted


@needs_data
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_real_files_are_refused_and_read_as_by_protobuf(path: Path) -> None:
    config = examine_bytes(path.read_bytes(), path.name)
    wanted = permissively(path.read_text(encoding="utf-8"))
    assert bool(codes(config) - STRICTER) == (wanted is None), config.diagnostics
    if wanted is not None and "SB204" not in codes(config):
        message: Any = config.message
        assert message.train_config == wanted.train_config
        assert {f.name for f, _ in message.ListFields()} == {f.name for f, _ in wanted.ListFields()}


# --- any message, in any spelling -------------------------------------------------------------

SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False),
    FieldDescriptor.TYPE_ENUM: st.integers(0, 2),
    FieldDescriptor.TYPE_STRING: st.text(max_size=8),
}
BOUNDED = {
    "batch_size": st.integers(1, 2**32 - 1),
    "gradient_clipping_by_norm": st.floats(0, 1e38),
    "clip_by_value": st.floats(0, 1e38),
    "clip_by_norm": st.floats(0, 1e38),
}
SHARES = {
    "momentum_optimizer": ["momentum_optimizer_value"],
    "rms_prop_optimizer": ["momentum_optimizer_value", "decay", "epsilon"],
    "adam_optimizer": ["epsilon"],
}


@st.composite
def pipelines(draw: st.DrawFn, texts: st.SearchStrategy[str] | None = None) -> Any:
    """Pipelines that use every field of the optimizer side."""
    scalars = SCALARS | ({FieldDescriptor.TYPE_STRING: texts} if texts is not None else {})
    message = pb.TrainEvalPipelineConfig()
    train_config: Any = message.train_config
    fields = [f for f in pb.TrainConfig.DESCRIPTOR.fields if f.type in scalars]
    for field in draw(st.lists(st.sampled_from(fields), unique_by=lambda f: f.name, max_size=8)):
        values = BOUNDED.get(field.name, scalars[field.type])
        if field.name in ("freeze_variables", "update_trainable_variables"):
            getattr(train_config, field.name).extend(draw(st.lists(values, max_size=3)))
        else:
            setattr(train_config, field.name, draw(values))
    kind = draw(st.sampled_from(sorted(SHARES)))
    optimizer: Any = getattr(train_config.optimizer, kind)
    optimizer.learning_rate.CopyFrom(draw(learning_rates))
    for name in draw(st.sets(st.sampled_from(SHARES[kind]))):
        setattr(optimizer, name, draw(st.floats(0, 1)))
    return message


class Speller:
    """Writes a message in text format, and chooses wherever there is more than one way to."""

    def __init__(self, choose: random.Random) -> None:
        self.choice = choose.choice
        self.shuffle = choose.shuffle
        self.randrange = choose.randrange

    def gap(self) -> str:
        return self.choice(
            [" ", "  ", "\n", "\r\n", "\t", "\f", "\v", " # it's { \"a\n", "#\n", "\n\n#: [1,\r\n"]
        )

    def maybe_gap(self) -> str:
        return self.choice(["", self.gap()])

    def fields(self, message: Message) -> str:
        parts = []
        for field, value in message.ListFields():
            if isinstance(value, (Message, str, int, float)):
                parts.append(self.field(field, [value], False))
                continue
            values = list(value)
            repeated = []
            while values:
                size = self.randrange(len(values)) + 1
                repeated.append(
                    self.field(field, values[:size], size > 1 or self.choice("01") > "0")
                )
                values = values[size:]
            parts.append(self.gap().join(repeated))
        self.shuffle(parts)
        return self.maybe_gap() + "".join(
            part
            + self.choice([self.gap(), self.maybe_gap() + self.choice(";,") + self.maybe_gap()])
            for part in parts
        )

    def field(self, field: Any, values: list[Any], as_list: bool) -> str:
        spelled = [self.value(field, value) for value in values]
        colon = self.maybe_gap() + ":" + self.maybe_gap()
        if as_list:
            comma = self.maybe_gap() + "," + self.maybe_gap()
            inside = self.maybe_gap() + comma.join(spelled) + self.maybe_gap()
            return f"{field.name}{colon}[{inside}]"
        if isinstance(values[0], Message) and self.choice("01") > "0":
            return f"{field.name}{self.maybe_gap()}{spelled[0]}"
        return f"{field.name}{colon}{spelled[0]}"

    def value(self, field: Any, value: Any) -> str:
        if isinstance(value, Message):
            opening, closing = self.choice([("{", "}"), ("<", ">")])
            return f"{opening}{self.fields(value)}{closing}"
        if field.enum_type is not None:
            name: str = field.enum_type.values_by_number[value].name
            return self.choice([name, str(value)])
        if isinstance(value, bool):
            return self.choice(
                ["true", "True", "t", "1"] if value else ["false", "False", "f", "0"]
            )
        if isinstance(value, int):
            sign, size = "-" * (value < 0), abs(value)
            return sign + self.choice([f"{size}", f"0x{size:x}", f"0X{size:X}", f"0{size:o}"])
        if isinstance(value, float):
            return self.real(value)
        return self.string(value)

    def real(self, value: float) -> str:
        text = repr(value)
        if text.endswith("inf"):
            return self.choice([text, text.upper(), text + "inity"])
        spellings = [text, text + "f", text + "F", text.replace("e", "E")]
        if text.startswith("0.") and text != "0.0":
            spellings.append(text[1:])
        if text.endswith(".0"):
            spellings += [text[:-1], text[:-2], text[:-2] + "f", text[:-2] + "e0"]
        return self.choice(spellings)

    def string(self, value: str) -> str:
        parts = [""]
        for character in value:
            if self.randrange(4) == 0:
                parts.append("")
            octal = "".join(f"\\{byte:03o}" for byte in character.encode())
            ways = [octal, "".join(f"\\x{byte:02x}" for byte in character.encode())]
            # protobuf's Python parser takes the backslash of "\\u005c" for one that escapes.
            if character != "\\":
                ways.append(f"\\U{ord(character):08X}")
            if ord(character) < 2**16 and character != "\\":
                ways.append(f"\\u{ord(character):04x}")
            if character in "\n\t\\'\"":
                ways.append({"\n": "\\n", "\t": "\\t"}.get(character, "\\" + character))
            elif character.isprintable():
                ways += [character] * 8
            parts[-1] += self.choice(ways)
        quoted = [quote + part + quote for part in parts for quote in self.choice("\"'")]
        return self.maybe_gap().join(quoted)


@needs_new_protobuf
@settings(max_examples=60)
@given(pipelines(), st.randoms(use_true_random=False))
def test_every_spelling_of_a_message_is_that_message(message: Any, choose: random.Random) -> None:
    text = Speller(choose).fields(message)
    wanted = text_format.Parse(text, pb.TrainEvalPipelineConfig())
    assert wanted == message  # or else the speller is wrong
    config = examine_bytes(choose.choice([b"", b"\xef\xbb\xbf"]) + text.encode(), "x.config")
    assert not codes(config), config.diagnostics
    assert config.message == message


@settings(max_examples=40)
@given(pipelines(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_what_protobuf_prints_is_read_back(
    message: Any, one_line: bool, pointy: bool, short: bool, utf8: bool
) -> None:
    text = text_format.MessageToString(
        message,
        as_one_line=one_line,
        pointy_brackets=pointy,
        use_short_repeated_primitives=short,
        as_utf8=utf8,
        force_colon=short,
        use_index_order=pointy,
    )
    config = read(text)
    assert not codes(config), config.diagnostics
    assert config.message == message


# --- the syntax of parts that are not checked -------------------------------------------------

# Bare words and numbers of a kind that neither parser takes for the name of a field.
VALUES = (
    "word",
    "-1",
    ".5",
    "-.5e-3",
    "-inf",
    '"a"',
    "'b' \"c\"",
    r'"\x41\n\101"',
    "-0x1F",
    "-017",
)
NAMES = ("name", "_n1", "[a.b]", "[type.googleapis.com/a.b]")
MARKS = (*"{}<>]:;,", ": [", "#\n", "\n", "-", "$", "\u201c", "%", '"', "a b")
# Not "[" alone: protobuf's Python parser skips no list of blocks without a colon.


@st.composite
def fields(draw: st.DrawFn, depth: int = 3) -> list[str]:
    """A few fields, as tokens."""
    tokens: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        tokens.append(draw(st.sampled_from(NAMES)))
        form = draw(st.sampled_from(["scalar", "list", "block", "blocks"] if depth else ["scalar"]))
        if form == "scalar":
            tokens += [":", draw(st.sampled_from(VALUES))]
        elif form == "list":
            values = draw(st.lists(st.sampled_from(VALUES), max_size=3))
            tokens += [": [", *" , ".join(values).split(" , "), "]"]
            tokens = [token for token in tokens if token]
        else:
            opening, closing = draw(st.sampled_from([("{", "}"), ("<", ">")]))
            block = [opening, *draw(fields(depth - 1)), closing]
            if form == "blocks":
                tokens += [": [", *block, ",", *block, "]"]
            else:
                tokens += [*draw(st.sampled_from([[], [":"]])), *block]
        tokens += draw(st.sampled_from([[], [";"], [","], ["#\n"]]))
    return tokens


@needs_new_protobuf
@settings(max_examples=300)
@given(fields(), st.data())
def test_opaque_parts_have_the_syntax_that_protobuf_checks(
    tokens: list[str], data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(tokens)))
        removed = data.draw(st.integers(0, 1))
        tokens[at : at + removed] = data.draw(st.lists(st.sampled_from(MARKS + VALUES), max_size=1))
    text = "model { part { " + " ".join(tokens) + " } }"
    try:
        text_format.Parse(text, pb.TrainEvalPipelineConfig(), allow_unknown_field=True)
        accepted = True
    except text_format.ParseError:
        accepted = False
    config = read(text)
    assert bool(codes(config) & SYNTAX) != accepted, (text, config.diagnostics)


@pytest.mark.parametrize(
    ("field", "legal"),
    [
        ("[a.b]: 1", True),
        ("[type.googleapis.com/a.b] { c: 1 }", True),
        ("[ a . b ]: 1", True),
        ("[a\n.b]: 1", True),
        ("[a # c\n.b]: 1", True),
        ("[a.b!]: 1", False),
        ("[a b]: 1", False),
        ("[/a]: 1", False),
        ("[a/]: 1", False),
        ("[a..b]: 1", False),
        ("[1a]: 1", False),
        ("[]: 1", False),
        ("[a.b", False),
    ],
)
def test_names_of_extensions(field: str, legal: bool) -> None:
    text = f"model {{ part {{ {field} }} }}"
    assert bool(codes(read(text)) & SYNTAX) != legal
    assert (permissively(text) is not None) == legal  # protobuf agrees


def test_a_list_of_blocks_needs_no_colon() -> None:
    text = "manual_step_learning_rate { schedule [{ step: 3 }, < step: 5 >] }"
    config = read(text)
    message: Any = config.message
    assert config.schedule is not None
    assert message == text_format.Parse(text, type(message)())
    assert [entry.step for entry in message.manual_step_learning_rate.schedule] == [3, 5]


# --- single values ----------------------------------------------------------------------------

REFUSED = None
REALS = (
    *("1", "0", "-0", "1.5", ".04", "4.", "1e-3", "1E3", "1e+3", "-1e-3", "1e400", "-1e400"),
    *(
        "0.1f",
        "1.5F",
        "2f",
        "2F",
        "1.f",
        "1e5f",
        ".5e5F",
        "5e-324",
        "123456789012345678901234567890",
    ),
    *("inf", "-inf", "INF", "infinity", "-Infinity", "nan", "NaN", "-nan"),
    *("08.5", "00", "08", "017", "-010", "0x1F", "0x1p3", "0b1", "0o7", "1_000", "1_0.5"),
    *("10abc", "1.2.3", "1e", "1e+", "0x", ".", "-", "--1", "+1", "- 1", "-\n1", "1 2", "1e5L"),
    *("true", "one", '"1"', "{}", "[1]", "[]", "inff", "nanf", "infinit", "-word", "1-2"),
)
INTEGERS = (
    *("0", "1", "-1", "4294967295", "4294967296", "-2147483648", "2147483647", "2147483648"),
    *("0x1F", "0X1f", "-0x1F", "017", "00", "-017", "0xffffffff", "0x100000000", "037777777777"),
    *("08", "0x", "0xg", "1_000", "+1", "-0", "1.0", "1e3", "1f", "0b1", "0o7", "10abc", "- 1"),
    *("9" * 400, "true", "inf", '"1"', "{}", "[1]", "1L", "1u"),
)
BOOLEANS = (
    *("true", "false", "True", "False", "t", "f", "1", "0", "TRUE", "FALSE", "T", "yes", "on"),
    *("2", "-1", "1.0", '"true"', "{}", "00", "01", "0x1", "0x0"),
)
ENUMS = (
    "V1",
    "V2",
    "UNKNOWN",
    "0",
    "2",
    "0x2",
    "02",
    "3",
    "-1",
    "v1",
    "V",
    '"V1"',
    "1.0",
    "{}",
    "-V1",
)
STRINGS = (
    *(
        '"a"',
        "'a'",
        '"it\'s"',
        "'a' \"b\"'c'",
        '"a" # c\n "b"',
        '""',
        "\"\" ''",
        '"\u00e9\U0001f600"',
    ),
    *(
        r'"\a\b\f\n\r\t\v\\\'\""',
        r'"\?"',
        r"'\'\"'",
        r'"\0\12\1234"',
        r'"\x41\x4g"',
        r'"\X41"',
        r'"\x"',
    ),
    *(r'"\303\251"', r'"\xc3" "\xa9"', r'"\u00e9"', r'"\U0001F600"', r'"\u00e"', r'"\U00110000"'),
    *(r'"\ud83d\ude00"', r'"\ud83d"', r'"\xff"', r'"\303"', r'"\q"', r'"\8"', r'"a\"'),
    *(
        '"a',
        "'a\"",
        '"a\nb"',
        '"a\\\nb"',
        "a",
        "1",
        "{}",
        '["a"]',
        '"a", "b"',
        "`a`",
        '"\t"',
        "-'a'",
    ),
)
# In these, protobuf's Python parser is not what the specification says (protobuf.dev, "Text
# Format Language Specification") and its C++ parser does: no number has underscores or a plus,
# integers are not Python literals, a sign may stand apart, an enum's number may be octal, and
# escapes are C's.
DELIBERATE: dict[tuple[str, str], object] = {
    ("startup_delay_steps", "1_000"): REFUSED,
    ("startup_delay_steps", "1_0.5"): REFUSED,
    ("startup_delay_steps", "+1"): REFUSED,
    ("startup_delay_steps", "- 1"): -1.0,
    ("startup_delay_steps", "-\n1"): -1.0,
    ("startup_delay_steps", "inff"): REFUSED,
    ("startup_delay_steps", "nanf"): REFUSED,
    ("replicas_to_aggregate", "1_000"): REFUSED,
    ("replicas_to_aggregate", "+1"): REFUSED,
    ("replicas_to_aggregate", "0b1"): REFUSED,
    ("replicas_to_aggregate", "0o7"): REFUSED,
    ("replicas_to_aggregate", "- 1"): -1,
    ("num_steps", "1_000"): REFUSED,
    ("num_steps", "+1"): REFUSED,
    ("num_steps", "0b1"): REFUSED,
    ("num_steps", "0o7"): REFUSED,
    ("fine_tune_checkpoint_version", "02"): 2,
    ("fine_tune_checkpoint", r'"\?"'): "?",
    ("fine_tune_checkpoint", r'"\X41"'): "A",
    ("fine_tune_checkpoint", r'"\q"'): REFUSED,
    ("fine_tune_checkpoint", r'"\8"'): REFUSED,
}


def scalar(field: str, spelling: str) -> str:
    return f"train_config {{ {field}: {spelling} }}"


def value_of(message: Any, field: str) -> object:
    value = getattr(message.train_config, field)
    return "nan" if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize(
    ("field", "spelling"),
    [
        *(("startup_delay_steps", spelling) for spelling in REALS),
        *(("replicas_to_aggregate", spelling) for spelling in INTEGERS),
        *(("num_steps", spelling) for spelling in INTEGERS),
        *(("sync_replicas", spelling) for spelling in BOOLEANS),
        *(("fine_tune_checkpoint_version", spelling) for spelling in ENUMS),
        *(("fine_tune_checkpoint", spelling) for spelling in STRINGS),
    ],
)
@needs_new_protobuf
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # protobuf's, for bad escapes
def test_values_are_what_protobuf_reads(field: str, spelling: str) -> None:
    text = scalar(field, spelling)
    try:
        parsed = text_format.Parse(text, pb.TrainEvalPipelineConfig())
        wanted = value_of(parsed, field)
    except text_format.ParseError:
        wanted = REFUSED
    if (field, spelling) in DELIBERATE:
        assert wanted != DELIBERATE[field, spelling], "this difference is gone"
        wanted = DELIBERATE[field, spelling]
    config = read(text)
    found = value_of(config.message, field) if not codes(config) else REFUSED
    assert found == wanted, config.diagnostics
    assert type(found) is type(wanted)


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("field", ["startup_delay_steps", "num_steps", "sync_replicas"])
@pytest.mark.parametrize("prefix", ["", "-", "0x", "0"])
def test_numbers_of_any_length(digits: int, field: str, prefix: str) -> None:
    config = read(scalar(field, prefix + "1" * digits))
    message: Any = config.message
    if field == "startup_delay_steps" and prefix in ("", "-"):
        assert message.train_config.startup_delay_steps == float(prefix + "inf")
    else:
        assert codes(config) & {"SB203", "SB204"}


def test_the_widest_integers_of_the_native_kinds() -> None:
    text = "constant_learning_rate {} warmup { warmup_steps: 9223372036854775807 }"
    message: Any = read(text).message
    assert message.warmup.warmup_steps == 2**63 - 1
    assert codes(read(text.replace("807", "808"))) == {"SB204"}


@pytest.mark.parametrize("count", [999, 1000, 1001, 1002, 2500])
@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("train_config { @ num_steps: 5 }", "# word } 7 { \n"),
        ("train_config { num_steps: @ 5 }", "# word } 7 { \n  "),
        ("train_config { freeze_variables: [ @ 'a'] num_steps: 5 }", "#]\n"),
        ("train_config { num_steps: 5 } @", "#\r\n"),
        ('train_config { num_steps: 5 fine_tune_checkpoint: "a@b" }', "\\n"),
        ("train_config { num_steps: 5 fine_tune_checkpoint: 'a@b' }", "\\'"),
        ("train_config { num_steps: 5 fine_tune_checkpoint: 'a' @ 'b' }", '"\\101"'),
    ],
)
def test_any_number_of_comments_and_escapes(text: str, unit: str, count: int) -> None:
    """The lexer takes a thousand of them at a time."""
    text = text.replace("@", unit * count)
    expected = pb.TrainEvalPipelineConfig()
    text_format.Parse(text, expected)
    config = read(text)
    assert not [d for d in config.diagnostics if d.code < "SB3"]
    assert config.message == expected


def test_a_string_of_many_escapes_that_is_not_closed() -> None:
    config = read('train_config { fine_tune_checkpoint: "' + "\\n" * 3000 + "\n num_steps: 5 }")
    assert [(d.row, d.column) for d in config.diagnostics if d.code == "SB102"] == [(1, 38)]
