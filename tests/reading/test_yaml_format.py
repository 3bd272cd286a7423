"""YAML and JSON: values by the schema, one tree from both of PyYAML's parsers, and no tricks."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine, examine_bytes
from schedule_builder.config import load
from schedule_builder.diagnostics import ConfigError, Report, Source
from schedule_builder.reading import yaml_format
from schedule_builder.reading.tree import Block, Scalar, Value
from tests.reading.test_text_format import pipelines
from tests.support.data import DATA, needs_data
from tests.support.drawing import learning_rates

RECIPES = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.yaml"))
CORPUS = sorted((DATA / "corpus" / "garden").iterdir()) if DATA else []
LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers, one after the other."""
    monkeypatch.setattr(yaml_format, "_LOADER", request.param)


def read(text: str, filename: str = "x.yaml") -> Config:
    return examine(Source(filename, text))


def codes(config: Config) -> set[str]:
    """What reading and binding found; rules and lowering are others' business."""
    return {d.code for d in config.diagnostics if d.code < "SB3"}


def places(text: str) -> list[tuple[int, int, str]]:
    return [(d.row, d.column, d.code) for d in read(text).diagnostics if d.code < "SB3"]


def messages(text: str) -> str:
    return "\n".join(d.message for d in read(text).diagnostics)


# --- single values ----------------------------------------------------------------------------

VALUES: list[tuple[str, str, object]] = [
    *[
        ("startup_delay_steps", text, value)
        for text, value in {
            "1": 1.0,
            "1e-3": 0.001,
            "1E3": 1000.0,
            "1e+3": 1000.0,
            "-1.5e-3": -0.0015,
            ".5": 0.5,
            "5.": 5.0,
            "+1": 1.0,
            "010": 10.0,
            "010.5": 10.5,
            "0x10": 16.0,
            "0o17": 15.0,
            ".inf": float("inf"),
            "-.Inf": float("-inf"),
            "+.INF": float("inf"),
            ".nan": "nan",
            "1e400": float("inf"),
            "!!float 1": 1.0,
            "!!int 1": 1.0,
            "1:30": "SB203",
            "1:30.5": "SB203",
            "1_000": "SB203",
            "0b1": "SB203",
            "0x": "SB203",
            "1e": "SB203",
            "1.2.3": "SB203",
            "- 1": "SB102",
            "inf": "SB203",
            "nan": "SB203",
            "true": "SB203",
            "one": "SB203",
            "null": "SB203",
            "~": "SB203",
            "": "SB203",
            "'1'": "SB203",
            '"1"': "SB203",
            "[1]": "SB203",
            "{}": "SB203",
            "$rate": "SB105",
        }.items()
    ],
    *[
        ("num_steps", text, value)
        for text, value in {
            "7": 7,
            "90e3": 90_000,
            "9E4": 90_000,
            "1000.0": 1000,
            "010": 10,
            "08": 8,
            "0x1F": 31,
            "0o17": 15,
            "-0": 0,
            "+7": 7,
            "4294967295": 4_294_967_295,
            "4294967296": "SB204",
            "4294967296.0": "SB204",
            "1e10": "SB204",
            "1e30": "SB204",
            "-1": "SB204",
            "-1.0": "SB204",
            "0.5": "SB203",
            "1e-1": "SB203",
            "1:30": "SB203",
            "1_000": "SB203",
            "0b11": "SB203",
            "2020-01-01": "SB203",
            ".inf": "SB203",
            "true": "SB203",
            "null": "SB203",
            "'7'": "SB203",
            "[7]": "SB203",
        }.items()
    ],
    *[
        ("sync_replicas", text, value)
        for text, value in {
            "true": True,
            "True": True,
            "TRUE": True,
            "false": False,
            "False": False,
            "FALSE": False,
            "yes": "SB203",
            "on": "SB203",
            "No": "SB203",
            "off": "SB203",
            "y": "SB203",
            "t": "SB203",
            "1": "SB203",
            "0": "SB203",
            "tRUE": "SB203",
            "'true'": "SB203",
            "null": "SB203",
        }.items()
    ],
    *[
        ("fine_tune_checkpoint_version", text, value)
        for text, value in {
            "V2": 2,
            "'V2'": 2,
            '"V2"': 2,
            "2": 2,
            "v2": "SB203",
            "3": "SB203",
            "V3": "SB203",
            "true": "SB203",
            "null": "SB203",
        }.items()
    ],
    *[
        ("fine_tune_checkpoint", text, value)
        for text, value in {
            "model.ckpt": "model.ckpt",
            "'it''s'": "it's",
            '"a\\tb\\x41\\u00e9\\U0001F600"': "a\tbA\u00e9\U0001f600",
            "a b": "a b",
            "''": "",
            "'null'": "null",
            "123": "123",
            "1e-3": "1e-3",
            "010": "010",
            "true": "true",
            "yes": "yes",
            "2020-01-01": "2020-01-01",
            "C:\\a": "C:\\a",
            "s3://a/b#c": "s3://a/b#c",
            "a # b": "a",
            "!!str 1": "1",
            ">-\n    a\n    b": "a b",
            "|\n    a\n    b": "a\nb\n",
            "null": "SB203",
            "": "SB203",
            "[a]": "SB203",
            "{}": "SB203",
        }.items()
    ],
]


@pytest.mark.parametrize(("field", "text", "value"), VALUES)
@pytest.mark.usefixtures("either")
def test_a_value_is_what_its_field_makes_of_it(field: str, text: str, value: object) -> None:
    config = read(f"train_config:\n  {field}: {text}\n")
    if isinstance(value, str) and value.startswith("SB"):
        assert codes(config) == {value}
        return
    message: Any = config.message
    found = getattr(message.train_config, field)
    assert not codes(config), config.diagnostics
    assert ("nan" if isinstance(found, float) and math.isnan(found) else found) == value


@pytest.mark.parametrize(
    "text",
    ["1" * 5000, "-" + "1" * 5000, "0x" + "f" * 300, "0o" + "7" * 5000],
    ids=["decimal", "negative", "hexadecimal", "octal"],
)
@pytest.mark.parametrize("field", ["startup_delay_steps", "num_steps", "sync_replicas"])
def test_numbers_of_any_length(field: str, text: str) -> None:
    config = read(f"train_config: {{{field}: {text}}}")
    message: Any = config.message
    if field == "startup_delay_steps":
        sign = "-" if text.startswith("-") else ""
        assert message.train_config.startup_delay_steps == float(sign + "inf")
    else:
        assert codes(config) & {"SB203", "SB204"}


def test_the_widest_integers_of_the_native_kinds() -> None:
    text = "constant_learning_rate: {}\nwarmup: {warmup_steps: 9223372036854775807}\n"
    message: Any = read(text).message
    assert message.warmup.warmup_steps == 2**63 - 1
    assert places(text.replace("807", "808")) == [(2, 24, "SB204")]


# --- structure --------------------------------------------------------------------------------

BAD: dict[str, tuple[str, list[tuple[int, int, str]], str]] = {
    "a duplicate key": (
        "train_config:\n  num_steps: 1\n  num_steps: 1\n",
        [(3, 3, "SB202")],
        "line 2",
    ),
    "a duplicate key in another spelling": (
        "train_config: {num_steps: 1, 'num_steps': 2}",
        [(1, 30, "SB202")],
        "line 1",
    ),
    "a duplicate block": ("train_config: {}\n\ntrain_config: {}\n", [(3, 1, "SB202")], "line 1"),
    "a duplicate in an opaque part": ("model: {a: 1, a: 2}", [(1, 15, "SB209")], "`a`"),
    "two members of a oneof": (
        "constant_learning_rate: {}\nnoam_learning_rate: {model_dim: 1, warmup_steps: 1}\n",
        [(2, 1, "SB206")],
        "line 1",
    ),
    "a merge key": (
        "model: &m {a: 1}\ntrain_config:\n  <<: *m\n",
        [(3, 3, "SB102")],
        "merge keys",
    ),
    "an alias of nothing": ("train_config: *nothing\n", [(1, 15, "SB102")], "*nothing"),
    "an alias of what contains it": (
        "train_config: &a {optimizer: *a}\n",
        [(1, 30, "SB102")],
        "*a",
    ),
    "an alias for a key": (
        "model: {b: &a x}\n*a : 1\n",
        [(2, 1, "SB102")],
        "not an alias",
    ),
    "a list for a key": ("? [a]\n: 1\n", [(1, 3, "SB102")], "the name of a field, not `[`"),
    "a block for a key": ("{a: 1}: 1\n", [(1, 1, "SB102")], "the name of a field, not `{`"),
    "an indented block for a key": ("? a: 1\n: 1\n", [(1, 3, "SB102")], "a key must be a name"),
    "a second document": (
        "train_config: {}\n---\nmodel: {}\n",
        [(2, 1, "SB102")],
        "second YAML document",
    ),
    "an empty second document": (
        "train_config: {}\n---\n",
        [(2, 1, "SB102")],
        "second YAML document",
    ),
    "a list at the top": ("- train_config: {}\n", [(1, 1, "SB102")], "a list"),
    "a value at the top": ("train_config\n", [(1, 1, "SB102")], "a single value"),
    "no colon's space": ("train_config:{}\n", [(1, 1, "SB102")], "a single value"),
    "a list where a message belongs": ("train_config: [1]\n", [(1, 15, "SB203")], "not a list"),
    "a list of blocks where a message belongs": (
        "train_config:\n  - num_steps: 3\n",
        [(2, 3, "SB203")],
        "not a list",
    ),
    "a value where a message belongs": ("train_config: 3\n", [(1, 15, "SB203")], "not `3`"),
    "a text where a message belongs": ("train_config: 'x'\n", [(1, 15, "SB203")], "not `x`"),
    "a value where a list belongs": (
        "train_config: {freeze_variables: a}\n",
        [(1, 34, "SB203")],
        "a list",
    ),
    "a block where a list belongs": (
        "manual_step_learning_rate:\n  schedule: {step: 3}\n",
        [(2, 13, "SB203")],
        "a list",
    ),
    "a list in a list": (
        "table_learning_rate: {learning_rates: [[1, 2]]}\n",
        [(1, 40, "SB203")],
        "a list in a list",
    ),
    "a null in a list": (
        "table_learning_rate: {learning_rates: [1, null]}\n",
        [(1, 43, "SB203")],
        "no value",
    ),
    "a null for a list": (
        "train_config:\n  freeze_variables:\n",
        [(2, 20, "SB203")],
        "a list",
    ),
    "a null for a block": ("train_config:\nmodel: {}\n", [(1, 1, "SB203")], "no value"),
    "a tilde for a block": ("train_config: ~\n", [(1, 1, "SB203")], "no value"),
    "a null for a number": ("train_config:\n  num_steps:\n", [(2, 13, "SB203")], "no value"),
    "a tab for indentation": ("train_config:\n\tnum_steps: 3\n", [(2, 1, "SB102")], "tab"),
    "an open list": ("train_config: {freeze_variables: [a, b\n", [(2, 1, "SB102")], "line 1"),
    "an open text": (
        "train_config: {fine_tune_checkpoint: 'a}\n",
        [(1, 38, "SB102")],
        "unterminated",
    ),
    "a field that stands too far right": (
        "train_config:\n  num_steps: 3\n   batch_size: 4\n",
        [(2, 14, "SB203"), (3, 14, "SB102")],
        "a field cannot start inside a value",
    ),
    "a field that stands too far left": (
        "train_config:\n    num_steps: 3\n  batch_size: 4\n",
        [(3, 3, "SB102")],
        "line 1",
    ),
    "a placeholder": (
        "train_config: {num_steps: {{ steps }}}\n",
        [(1, 27, "SB105")],
        "unexpanded placeholder",
    ),
    "a character that begins nothing": (
        "train_config: @x\n",
        [(1, 15, "SB102")],
        "a value cannot start with `@`",
    ),
    "a control character": (
        "train_config: \x07\n",
        [(1, 15, "SB102")],
        "U+0007",
    ),
    "ours in a conflict": (
        "train_config: {}\n<<<<<<< HEAD\nx: 1\n=======\nx: 2\n>>>>>>> b\n",
        [(2, 1, "SB102")],
        "merge-conflict",
    ),
    "theirs in a conflict": ("train_config: {}\n>>>>>>> b\n", [(2, 1, "SB102")], "merge-conflict"),
    "an unknown directive's document": (
        "%YAML 9.0\n---\ntrain_config: {}\n",
        [(1, 1, "SB102")],
        "",
    ),
}


@pytest.mark.parametrize(("text", "wanted", "hint"), BAD.values(), ids=BAD)
@pytest.mark.usefixtures("either")
def test_bad_structure(text: str, wanted: list[tuple[int, int, str]], hint: str) -> None:
    assert places(text) == wanted
    assert hint in messages(text)


EMPTY = ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "{}", "null\n", "~\n", "--- # none\n"]


@pytest.mark.parametrize("text", EMPTY)
@pytest.mark.usefixtures("either")
def test_nothing_at_all_is_said_to_be_empty(text: str) -> None:
    assert codes(read(text)) == {"SB106"}


def test_an_error_does_not_hide_what_stands_before_it() -> None:
    text = "train_config:\n  num_steps: x\n  batch_size: *nothing\n"
    assert places(text) == [(2, 14, "SB203"), (3, 15, "SB102")]


def test_characters_are_counted_and_not_bytes() -> None:
    assert places("# \u00e4\U0001f600\nmodel: {\u00e9\U0001f600: '\u2014'}\ntrain_config: 3\n") == [
        (3, 15, "SB203")
    ]
    assert places("model: {\u00e9\U0001f600: '\u2014', b: *c}\n") == [(1, 21, "SB102")]
    assert places("model: {}\r\ntrain_config: 3\r\n") == [(2, 15, "SB203")]
    for text in ("model: {\u00e9\U0001f600: \x07}\n", "model: {aaaa: \x07}\n"):
        assert places(text) == [(1, text.index("\x07") + 1, "SB102")]


def test_a_byte_order_mark_moves_nothing() -> None:
    for text in ("train_config: 3\n", "train_config: *a\n"):
        config = examine_bytes(b"\xef\xbb\xbf" + text.encode(), "x.yaml")
        assert [(d.row, d.column) for d in config.diagnostics] == [(1, 15)]


# --- tags, aliases, depth ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.mkdir [pwned]",
        "!!python/object/apply:os.mkdir {args: [pwned]}",
        "!!python/object/new:os.mkdir [pwned]",
        "!!python/name:os.mkdir ''",
        "!!python/module:antigravity ''",
        "!!python/object:os.x {}",
        "!<tag:yaml.org,2002:python/object/apply:os.mkdir> [pwned]",
        "!!python/tuple {}",
        "!!python/list a",
        "!!python/dict {}",
        "!!set {a}",
        "!!binary aGk=",
        "!!timestamp 2020-01-01",
        "!mine {}",
        "!ENV x",
    ],
)
@pytest.mark.usefixtures("either")
def test_a_tag_is_an_error_and_runs_nothing(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"model: {{}}\ntrain_config: {value}\n"
    assert (2, 15, "SB107") in places(text)
    assert codes(read(text)) == {"SB107"}
    assert not list(tmp_path.iterdir())


def test_a_tag_of_a_directive_is_shown_within_the_text() -> None:
    text = "%TAG ! tag:a.very.long.example.org,2000:\n---\nmodel: !x 1"
    (finding,) = read(text).diagnostics
    assert (finding.row, finding.column, finding.code) == (3, 8, "SB107")
    assert finding.end_row == 3
    assert finding.end_column <= len("model: !x 1") + 1


@pytest.mark.parametrize(
    ("tag", "value", "what"),
    [
        *((f"!!{tag}", "[1]", "a list") for tag in ("str", "int", "float", "bool", "null", "map")),
        *((f"!!{tag}", "{a: 1}", "a block") for tag in ("str", "null", "seq", "python/tuple")),
        *((f"!!{tag}", "1", "a single value") for tag in ("map", "seq", "python/list")),
        ("!<tag:yaml.org,2002:map>", "1", "a single value"),
    ],
)
def test_a_standard_tag_must_fit(tag: str, value: str, what: str) -> None:
    text = f"model:\n  a: {tag} {value}\n"
    with pytest.raises(yaml.constructor.ConstructorError):
        yaml.load(text, yaml.FullLoader)
    (found,) = read(text).diagnostics
    assert (found.code, found.row, found.column) == ("SB107", 2, 6)
    short = "!!map" if tag.startswith("!<") else tag
    assert found.message == f"the tag `{short}` does not fit {what}: PyYAML refuses it. Remove it"


@pytest.mark.parametrize("text", ["!<!!str> a", "!<!!map> {}", "!<!!seq> []"])
def test_a_tag_with_the_name_of_a_standard_one(text: str) -> None:
    (found,) = read(f"model:\n  a: {text}\n").diagnostics
    assert "is not allowed" in found.message


@pytest.mark.parametrize("tag", ["", "!!python/tuple ", "!!python/list ", "!!seq ", "! "])
@pytest.mark.usefixtures("either")
def test_lists_are_lists_whatever_python_called_them(tag: str) -> None:
    config = read(f"table_learning_rate:\n  learning_rates: {tag}[0.1, 0.2]\n")
    message: Any = config.message
    assert not config.diagnostics
    assert list(message.table_learning_rate.learning_rates) == [0.1, 0.2]


def test_an_alias_stands_for_its_value() -> None:
    config = read(
        "sequential_learning_rate:\n  stage:\n"
        "  - {steps: &n 7, learning_rate: &main {constant_learning_rate: {learning_rate: 0.5}}}\n"
        "  - {steps: *n, learning_rate: *main}\n"
    )
    message: Any = config.message
    assert not config.diagnostics
    first, second = message.sequential_learning_rate.stage
    assert first == second
    assert second.learning_rate.constant_learning_rate.learning_rate == 0.5
    assert second.steps == 7


def test_an_anchor_may_be_given_anew() -> None:
    config = read("model: &a {}\ntrain_config: {num_steps: &a 5, batch_size: *a}\n")
    message: Any = config.message
    assert message.train_config.batch_size == 5


@pytest.mark.usefixtures("either")
def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    config = read("model:\n" + "\n".join("  " + line for line in lines))
    (finding,) = (d for d in config.diagnostics if d.code == "SB110")
    # The line whose aliases make it a million values, or the one with their value.
    assert finding.row in (6, 7)
    assert "expand" in finding.message


@pytest.mark.parametrize("levels", [150, 400])
def test_blocks_that_only_aliases_nest_are_too_deep_all_the_same(levels: int) -> None:
    lines = ["model:", "  a0: &a0 {constant_learning_rate: {}}"]
    lines += [
        f"  a{n}: &a{n} {{combined_learning_rate: {{op: MIN, learning_rates: [*a{n - 1}]}}}}"
        for n in range(1, levels)
    ]
    lines.append(
        f"train_config: {{optimizer: {{adam_optimizer: {{learning_rate: *a{levels - 1}}}}}}}"
    )
    assert codes(read("\n".join(lines))) == {"SB104"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[" * 10_000 + "]" * 10_000, (1, 101)),
        ("{a: " * 10_000 + "}" * 10_000, (1, 401)),
        ("a: " + "[" * 10_000, (1, 103)),
        ("\n".join(" " * n + "a:" for n in range(1000)), (101, 101)),
        ("- " * 10_000, (1, 201)),
    ],
    ids=["lists", "blocks", "open", "indented", "dashes"],
)
@pytest.mark.usefixtures("either")
def test_nesting_has_an_end(text: str, place: tuple[int, int]) -> None:
    (finding,) = (d for d in read(text).diagnostics if d.code == "SB104")
    assert (finding.row, finding.column) == place


def test_a_hundred_levels_are_fine() -> None:
    assert codes(read("model: " + "{a: " * 99 + "1" + "}" * 99)) == set()
    assert codes(read("model: " + "{a: " * 100 + "1" + "}" * 100)) == {"SB104"}


# --- JSON -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\/b"', "a/b"),
        (r'"\"\\\b\f\n\r\t\u0041"', '"\\\b\f\n\r\tA'),
        (r'"\ud83d\ude00"', "\U0001f600"),
        ('"\U0001f600"', "\U0001f600"),
        ('"\x7f"', "\x7f"),
        ('"a\u2028b\u2029c\x85d"', "a\u2028b\u2029c\x85d"),
        ('"a: b, # c"', "a: b, # c"),
        ('""', ""),
    ],
)
def test_texts_of_json(text: str, value: str) -> None:
    source = f'{{\n\t"train_config":\t{{"fine_tune_checkpoint":{text}}}}}'
    assert json.loads(source)["train_config"]["fine_tune_checkpoint"] == value
    config = read(source, "x.json")
    message: Any = config.message
    assert not codes(config), config.diagnostics
    assert message.train_config.fine_tune_checkpoint == value


@pytest.mark.parametrize("written", ["'a\tb'", '"a\tb"', "a\tb"])
def test_a_tab_inside_a_value_stays_a_tab(written: str) -> None:
    message: Any = read(f"{{train_config: {{fine_tune_checkpoint: {written}}}}}").message
    assert message.train_config.fine_tune_checkpoint == "a\tb"


def test_json_with_tabs_keeps_its_places() -> None:
    assert places('{\n\t"train_config": {\n\t\t"num_steps":\tx\n\t}\n}\n') == [(3, 16, "SB203")]


# --- any message, as other software writes it -------------------------------------------------

TEXTS = ("fine_tune_checkpoint", "fine_tune_checkpoint_type")
# Every printable character of the basic plane; JSON's oddities have a test of their own.
plain_texts = st.text(
    st.characters(max_codepoint=0xFFFD, exclude_categories=["C", "Z"]), max_size=8
)


def as_data(message: Any) -> Any:
    """A message as plain data. protobuf makes texts of 64-bit integers and of infinities."""

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: plain(item, key) for key, item in value.items()}
        if isinstance(value, list):
            is_text = name in ("freeze_variables", "update_trainable_variables")
            return value if is_text else [plain(item) for item in value]
        if isinstance(value, str) and name not in TEXTS:
            if re.fullmatch(r"-?\d+", value):
                return int(value)
            return {"Infinity": float("inf"), "-Infinity": float("-inf")}.get(value, value)
        return value

    return plain(json_format.MessageToDict(message, preserving_proto_field_name=True))


finite_messages = st.one_of(learning_rates, pipelines(plain_texts)).filter(
    lambda message: "Infinity" not in json.dumps(as_data(message))
)


@settings(max_examples=60)
@given(
    finite_messages,
    st.sampled_from([None, 0, 3, "\t"]),
    st.booleans(),
    st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", "\t: ")]),
)
def test_json_of_a_message_is_that_message(
    message: Any, indent: int | str | None, ascii_only: bool, separators: tuple[str, str]
) -> None:
    text = json.dumps(
        as_data(message), indent=indent, ensure_ascii=ascii_only, separators=separators
    )
    config = read(text, "x.json")
    assert not codes(config), (text, config.diagnostics)
    assert config.message == message


@settings(max_examples=60)
@given(
    st.one_of(learning_rates, pipelines(plain_texts)),
    st.sampled_from([None, False, True]),
    st.sampled_from([2, 3, 8]),
    st.sampled_from([8, 80, 10_000]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_yaml_of_a_message_is_that_message_and_one_tree(
    message: Any,
    flow: bool | None,
    indent: int,
    width: int,
    unicode: bool,
    line_break: str,
) -> None:
    text = yaml.safe_dump(
        as_data(message),
        default_flow_style=flow,
        indent=indent,
        width=width,
        allow_unicode=unicode,
        line_break=line_break,
        explicit_start=flow is None,
    )
    config = read(text)
    assert not codes(config), (text, config.diagnostics)
    assert config.message == message
    _assert_one_tree(text)


# --- two parsers, one tree --------------------------------------------------------------------


def shape(node: Value) -> object:
    """A tree as plain data, with every offset."""
    if isinstance(node, Scalar):
        return node.text, node.quoted, node.start, node.end
    if isinstance(node, Block):
        fields = [(f.name, f.start, f.end, shape(f.value)) for f in node.fields]
        return "block", node.start, node.end, fields
    return "list", node.start, node.end, [shape(item) for item in node.items]


def _assert_one_tree(text: str) -> None:
    seen = []
    before = yaml_format._LOADER
    for loader in LOADERS:
        yaml_format._LOADER = loader
        try:
            source = Source("x.yaml", text)
            report = Report(source)
            tree = shape(yaml_format.read(source, report).root)
        finally:
            yaml_format._LOADER = before
        seen.append((tree, [(d.row, d.column, d.code) for d in report.diagnostics]))
    assert all(other == seen[0] for other in seen)


DOCUMENTS = [
    "a: 1\r\nb: [1,\r\n 2]\r\n",
    "\u00e9: '\U0001f600'\nb: \"\\u00e9\"\n",
    "a: |\n x\n y\nb: >-\n x\n\n y\nc: |+\n x\n\n",
    "a: {b, d: {}}\ne: [f: 1, {}, []]\n",
    "a: {b: , c: 1}\n",
    "? a\n: 1\n? b\n",
    "a:\n- 1\n-\n- - 2\n  - 3\n- b: 4\n  c: 5\n",
    "%YAML 1.2\n---\na: 1 # b\n# c\n...\n",
    "a: &b {c: &d 1}\ne: *b\nf: [*d, *d]\n",
    "a: !!python/tuple [1]\nb: !!str\nc: !!map {}\nd: !x [y]\n",
    "a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n",
    '{\n\t"a": [1,\t2],\n\t"b": null\n}\n',
    "a: plain\n  text over\n  lines\nb: 'quoted\n  text'\n",
    "a : 1\n'b' : 2\n\"c\": 3\n4: 5\ntrue: 6\n~: 7\n'': 8\n",
    "a:\n\n\n  b: 1\n\n\nc:\n",
]


@pytest.mark.skipif(len(LOADERS) == 1, reason="PyYAML is installed without libyaml")
@pytest.mark.parametrize("text", DOCUMENTS)
def test_both_parsers_give_one_tree(text: str) -> None:
    _assert_one_tree(text)


@pytest.mark.skipif(len(LOADERS) == 1, reason="PyYAML is installed without libyaml")
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_both_parsers_give_one_tree_for_recipes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    _assert_one_tree(text)
    config = read(text)
    assert not codes(config)
    assert config.message == json_format.ParseDict(yaml.safe_load(text), type(config.message)())


@needs_data
@pytest.mark.skipif(len(LOADERS) == 1, reason="PyYAML is installed without libyaml")
@pytest.mark.parametrize("path", CORPUS[::4], ids=lambda path: path.name)
def test_both_parsers_give_one_tree_for_real_files(path: Path) -> None:
    _assert_one_tree(path.read_text(encoding="utf-8"))


@needs_data
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_real_files_are_read_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source(path.name, text)
    report = Report(source)
    tree = yaml_format.read(source, report).root
    try:
        wanted = yaml.load(text, Loader=_Plain)
    except yaml.YAMLError:
        assert report.has_errors
        return
    conflicts = [d for d in report.diagnostics if "merge-conflict" in d.message]
    assert report.diagnostics == conflicts
    if not conflicts:
        assert _data(tree) == wanted


class _Plain(yaml.SafeLoader):
    """PyYAML's own tree, with every value as it is written."""


_Plain.yaml_implicit_resolvers = {}


def _list(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


for _name in ("tuple", "list"):
    _Plain.add_constructor(f"tag:yaml.org,2002:python/{_name}", _list)


def _data(node: Value) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Block):
        return {field.name: _data(field.value) for field in node.fields}
    return [_data(item) for item in node.items]


class _Own(yaml_format._LOADER):
    """The same tree from the parser that the package takes."""


_Own.yaml_implicit_resolvers = {}
FLOW_PARTS = [
    *('"\\ud83d"', '"x\\ud83dy"', "\\ud83d", '"', "'", "b", "c d", " ", "\n", "\t", ",", ": ", ":"),
    *("[", "]", "{", "}", "#", " #", "&x ", "*x", "!!str ", "?", "-", "\\", "'it''s'", '"a":'),
]
FLOWS = ["{a: %s}", '{"a":%s}', "[{a: %s, b: 2}]", "{a: [%s, 1]}", "{\n\t'a': %s,\n\t'b': 1\n}"]


@given(
    form=st.sampled_from(FLOWS),
    parts=st.lists(st.sampled_from(FLOW_PARTS), min_size=1, max_size=8).map("".join),
)
@example(FLOWS[0], 'b"\\ud83d"')
@example(FLOWS[0], 'b\n"\\ud83d" c')
@example(FLOWS[0], "it's, 'b': '\"\\ud83d\"'")
@example(FLOWS[0], '"\\\n\\ud83d"')
@example(FLOWS[0], '&x # "\n"\\ud83d"')
@example(FLOWS[0], '!!str "\\ud83d"')
@example(FLOWS[0], 'b, #"\n "c": "\\ud83d"')
@example(FLOWS[0], "b\tc")
def test_escapes_of_json_are_what_others_are(form: str, parts: str) -> None:
    """PyYAML refuses half of a character, so the text that it reads has another escape."""
    text = form % parts
    report = Report(Source("x.json", text))
    tree = yaml_format.read(report.source, report).root
    try:
        wanted = yaml.load(text.replace("\\ud83d", "\\u2603"), Loader=_Own)
    except yaml.YAMLError as error:
        # JSON may be indented with tabs, and YAML 1.2 allows an anchor to be given again.
        is_known = "\t" in text or "duplicate anchor" in str(error)
        assert report.has_errors or is_known, text
        return
    if not report.has_errors:
        found = json.dumps(_data(tree), sort_keys=True).replace("ud83d", "u2603")
        assert found == json.dumps(wanted, sort_keys=True)


HALF = "\ud83d"  # of a pair of surrogates: no text in UTF-8 has it, and JSON's escapes can


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({HALF: 1}, "SB201"),
        ({"train_config": {HALF: 1}}, "SB201"),
        ({"train_config": {}, HALF: 1}, "SB201"),
        ({"learning_rate_base": 1, HALF: 3}, "SB201"),
        ({"warmup": {"shape": HALF}}, "SB203"),
        ({"trainer": {"optimizer_config": {"learning_rate": {"type": HALF}}}}, "SB208"),
    ],
)
def test_names_that_are_half_of_a_character(data: dict[str, Any], code: str) -> None:
    found = examine(Source("x.json", json.dumps(data))).diagnostics
    with pytest.raises(ConfigError) as error:
        load(data)
    assert code in {d.code for d in found}
    assert code in {d.code for d in error.value.diagnostics}


def test_a_name_for_which_protobuf_leaves_an_error_set() -> None:
    """`in` of protobuf's fields answers, and leaves an error set, which the next call raises.

    Where Python traces lines, as a debugger does, that call is at once.
    """

    def trace(*_: Any) -> Any:
        return len("") or trace

    data = {f"{HALF}never seen before": 1, "train_config": {f"{HALF}nor this": 1}}
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = examine(Source("x.json", json.dumps(data))).diagnostics
    finally:
        sys.settrace(before)
    assert [d.code for d in found] == ["SB201", "SB201"]


RATE = "constant_learning_rate: {learning_rate: 0.1}"


@pytest.mark.parametrize(
    ("text", "contents", "filled"),
    [
        ("exponential_decay_learning_rate: %s", "write `{}` for all its defaults", "{}"),
        (
            "polynomial_decay_learning_rate: %s",
            "give it `initial_learning_rate` and `decay_steps`",
            "{initial_learning_rate: 1, decay_steps: 9}",
        ),
        (
            "manual_step_learning_rate: {schedule: [%s, {step: 9, learning_rate: 0.1}]}",
            "give it `step` and `learning_rate`",
            "{step: 5, learning_rate: 0.2}",
        ),
        (
            f"sequential_learning_rate: {{stage: [%s, {{learning_rate: {{{RATE}}}}}]}}",
            "give it `learning_rate`",
            f"{{steps: 3, learning_rate: {{{RATE}}}}}",
        ),
        (f"{RATE}\nwarmup: %s", "give it `warmup_steps`", "{warmup_steps: 5}"),
        (
            "train_config: %s",
            "give it `optimizer`",
            f"{{optimizer: {{sgd_optimizer: {{learning_rate: {{{RATE}}}}}}}}}",
        ),
        (
            "train_config: {optimizer: {sgd_optimizer: {learning_rate: %s}}}",
            "give it one block, such as `constant_learning_rate`",
            f"{{{RATE}}}",
        ),
    ],
)
def test_what_a_block_without_a_value_needs(text: str, contents: str, filled: str) -> None:
    found = [d for d in read(text % "null").diagnostics if d.code == "SB203"]
    (finding,) = found
    assert finding.message.endswith(f" has no value: {contents}, or remove it")
    good = read(text % filled)
    assert not [d for d in good.diagnostics if d.severity == "error"]
