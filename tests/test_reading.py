"""Reading: the same messages as protobuf's own parsers, and every error at its place."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from google.protobuf import text_format as protobuf_text
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder import ConfigError, load, validate_text, yaml_format
from schedule_builder.config import Config, examine, examine_bytes
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import pipeline_pb2 as pipelines

from .data import DATA, needs_data
from .drawing import learning_rates

ROOT = Path(__file__).parent.parent
RECIPES = sorted((ROOT / "configs").iterdir())
CORPUS = sorted((DATA / "corpus").glob("[ow]*/*")) if DATA else []


def read(text: str, filename: str = "x.config") -> Config:
    return examine(Source(filename, text))


def errors(config: Config) -> list[Diagnostic]:
    return [d for d in config.diagnostics if d.severity == "error"]


def found(text: str, filename: str = "x.config") -> list[str]:
    return [f"{d.row}:{d.column} {d.code}" for d in errors(read(text, filename))]


# --- the same as protobuf's parsers -----------------------------------------------------------


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_read_as_protobuf_reads_them(path: Path) -> None:
    config = load(path)
    wanted = type(config.message)()
    if path.suffix == ".config":
        protobuf_text.Parse(path.read_text(), wanted)
    else:
        json_format.ParseDict(yaml.safe_load(path.read_text()), wanted)
    assert config.message == wanted


def permissively(text: str) -> Any:
    """protobuf's reading of a pipeline, which skips what it does not know."""
    message = pipelines.TrainEvalPipelineConfig()
    # An extension of a message that has none is an error to it even so.
    text = re.sub(r"^\[[\w.]+\]", "extension", text, flags=re.MULTILINE)
    return protobuf_text.Parse(text, message, allow_unknown_field=True)


@needs_data
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_real_files_read_as_protobuf_reads_them(path: Path) -> None:
    config = examine_bytes(path.read_bytes(), path.name)
    if any(d.code < "SB3" for d in config.diagnostics):
        # What we refuse to read, protobuf refuses without leniency, too.
        with pytest.raises(protobuf_text.ParseError):
            protobuf_text.Parse(path.read_text(), pipelines.TrainEvalPipelineConfig())
        return
    message: Any = config.message
    assert message.train_config == permissively(path.read_text()).train_config


def mangled(text: str, choose: random.Random) -> str:
    """The same text format in another spelling."""
    out = []
    for line in text.splitlines():
        head = re.match(r"( *)(\w+)(:? )(.*)$", line)
        if line.strip() == "}":
            out.append("}" + choose.choice(["", ";", ",", " # done"]))
        elif head and head[4] == "{":
            out.append(head[1] + head[2] + choose.choice([" {", ":{", " : {", " # x\n {"]))
        elif head:
            value = head[4]
            if re.fullmatch(r"[1-9]\d*", value) and choose.random() < 0.5:
                value = choose.choice([hex(int(value)), f"0{int(value):o}"])
            elif re.fullmatch(r"0\.\d+", value):
                value = choose.choice([value, value[1:], value + "f", value + "e0", value + "E+00"])
            gap = choose.choice([": ", ":", " : ", ":\t", ": # why\n "])
            out.append(head[1] + head[2] + gap + value + choose.choice(["", ";", ",", " ;"]))
        else:
            out.append(line)
    return choose.choice(["\n", "\r\n", " \n\n\t"]).join(out)


@given(learning_rates, st.randoms(use_true_random=False))
def test_text_format_in_any_spelling(message: rates.LearningRate, choose: random.Random) -> None:
    for text in (
        protobuf_text.MessageToString(message),
        protobuf_text.MessageToString(message, as_one_line=True),
        protobuf_text.MessageToString(
            message, pointy_brackets=True, use_short_repeated_primitives=True
        ),
        mangled(protobuf_text.MessageToString(message), choose),
    ):
        config = examine_bytes(b"\xef\xbb\xbf" + text.encode(), "x.config")
        assert not errors(config), text
        assert config.message == message, text


@given(learning_rates)
def test_yaml_and_json_in_any_style(message: rates.LearningRate) -> None:
    data = json_format.MessageToDict(message, preserving_proto_field_name=True)
    # json_format writes int64 as strings, which in YAML are no numbers.
    plain = json.loads(re.sub(r'"(-?\d+)"', r"\1", json.dumps(data)))
    for text in (json.dumps(plain), json.dumps(plain, indent="\t"), yaml.safe_dump(plain)):
        config = read(text, "x.yaml")
        assert not errors(config), text
        assert config.message == message, text


SPELLINGS = [
    *("1", "1.5", ".04", "4.", "1e-3", "1E3", "1e+3", "0.1f", "2F", "1.f", "1e5f", "-0", "0"),
    *("0x1F", "017", "00", "08", "089.5", "1_000", "10abc", "1.2.3", "1e", "0x", "0x1.8p1"),
    *("--1", "+1", ".", "1..", "inf", "infinity", "nan", "-inf", "true"),
]
# protobuf's Python parser is stricter than the specification, or laxer, in these.
DELIBERATE = {"+1", "00", "08", "1_000", "089.5", "0x1F", "017"}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_numbers_are_what_protobuf_takes_for_numbers(spelling: str) -> None:
    text = f"min_learning_rate: {spelling}\nconstant_learning_rate {{}}"
    try:
        wanted = protobuf_text.Parse(text, rates.LearningRate()).min_learning_rate
    except protobuf_text.ParseError:
        wanted = None
    config = read(text)
    codes = {d.code for d in errors(config)}
    message: Any = config.message
    if spelling in DELIBERATE:
        return
    if wanted is None:
        assert codes & {"SB102", "SB203"}
    elif 0 <= wanted <= 3.4e38:
        assert not codes
        assert message.min_learning_rate == wanted
    else:
        assert codes == {"SB204"}


SPECIFIED = {"0x1F": 31.0, "017": 15.0, "00": 0.0, "08": None, "1_000": None, "+1": None}


@pytest.mark.parametrize(("spelling", "value"), SPECIFIED.items())
def test_numbers_are_what_the_specification_takes_for_numbers(
    spelling: str, value: float | None
) -> None:
    config = read(f"min_learning_rate: {spelling}\nconstant_learning_rate {{}}")
    message: Any = config.message
    assert bool(errors(config)) == (value is None)
    if value is not None:
        assert message.min_learning_rate == value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r'"a\tb"', "a\tb"),
        (r"'it''s'", "its"),
        (r'"a" "b"  # and' + "\n 'c'", "abc"),
        (r'"\x41\101\u0041"', "AAA"),
        (r'"\303\244"', "\N{LATIN SMALL LETTER A WITH DIAERESIS}"),
        (r'"\\ \" \'"', "\\ \" '"),
    ],
)
def test_strings(written: str, text: str) -> None:
    source = f"train_config {{ fine_tune_checkpoint: {written} }}"
    message: Any = read(source).message
    assert message.train_config.fine_tune_checkpoint == text
    assert permissively(source).train_config.fine_tune_checkpoint == text


# --- every error at its place -----------------------------------------------------------------

PIPELINE = """\
train_config {{
  optimizer {{
    momentum_optimizer {{
      learning_rate {{
{}
      }}
    }}
  }}
}}
"""
BAD = {
    "empty": ("", ["1:1 SB106"]),
    "only comments": ("# nothing\n\n# here\n", ["1:1 SB106"]),
    "an unterminated string": ('train_config {\n  fine_tune_checkpoint: "abc\n}', ["2:25 SB102"]),
    "an unterminated block": ("constant_learning_rate {\n  learning_rate: 1\n", ["1:24 SB103"]),
    "a brace too many": ("constant_learning_rate {}\n}\n", ["2:1 SB102"]),
    "the wrong brace": ("constant_learning_rate {\n>\n", ["2:1 SB102"]),
    "no value": ("min_learning_rate:\nconstant_learning_rate {}", ["2:1 SB203", "2:24 SB102"]),
    "curly quotes": ("train_config { fine_tune_checkpoint: \u201cx\u201d }", ["1:38 SB102"]),
    "a placeholder": ("train_config {\n  num_steps: $training_steps\n}", ["2:14 SB105"]),
    "a bad escape": (r'train_config { fine_tune_checkpoint: "\q" }', ["1:38 SB102"]),
    "an open list": ("piecewise_constant_learning_rate { values: [1, 2 }", ["1:50 SB102"]),
    "an unknown optimizer": (
        "train_config {\n  optimizer {\n    sgd_optimizer {}\n  }\n}",
        ["3:5 SB201"],
    ),
    "an unknown field": ("constant_learning_rate { learning_rat: 1 }", ["1:26 SB201"]),
    "a field of another message": ("train_config { total_steps: 3 }", ["1:16 SB201"]),
    "an unknown enum value": (
        "constant_learning_rate {} warmup { warmup_steps: 3 shape: LINEER }",
        ["1:59 SB203"],
    ),
    "two learning rates": (
        "constant_learning_rate {}\ncosine_decay_learning_rate {}",
        ["2:1 SB206"],
    ),
    "a word for a number": (
        "exponential_decay_learning_rate { decay_steps: z }",
        ["1:48 SB203"],
    ),
    "a text for a number": ('constant_learning_rate { learning_rate: "1" }', ["1:41 SB203"]),
    "a bool for a number": ("constant_learning_rate { learning_rate: true }", ["1:41 SB203"]),
    "a fraction for a count": (
        "exponential_decay_learning_rate { decay_steps: 3.5 }",
        ["1:48 SB203"],
    ),
    "a block for a number": ("constant_learning_rate { learning_rate {} }", ["1:40 SB203"]),
    "a number for a block": ("constant_learning_rate: 3", ["1:25 SB203"]),
    "a negative step": (
        "manual_step_learning_rate { schedule { step: -1 learning_rate: 0.1 } }",
        ["1:46 SB204"],
    ),
    "a step beyond uint32": (
        "manual_step_learning_rate { schedule { step: 4294967296 learning_rate: 0.1 } }",
        ["1:46 SB204"],
    ),
    "nan": ("constant_learning_rate { learning_rate: nan }", ["1:41 SB204"]),
    "inf": ("constant_learning_rate { learning_rate: inf }", ["1:41 SB204"]),
    "1e60": ("constant_learning_rate { learning_rate: 1e60 }", ["1:41 SB204"]),
    "a negative rate": ("constant_learning_rate { learning_rate: -0.1 }", ["1:41 SB204"]),
    "no steps to decay in": ("exponential_decay_learning_rate { decay_steps: 0 }", ["1:48 SB204"]),
    "a scalar twice": (
        "constant_learning_rate {\n  learning_rate: 1\n  learning_rate: 1\n}",
        ["3:3 SB202"],
    ),
    "a message twice": ("constant_learning_rate {}\nconstant_learning_rate {}", ["2:1 SB202"]),
    "a missing field": ("constant_learning_rate {}\nwarmup { shape: LINEAR }", ["2:1 SB205"]),
    "an empty list": ("table_learning_rate { learning_rates: [] }", ["1:39 SB205"]),
    "boundaries that do not increase": (
        "piecewise_constant_learning_rate { boundaries: [5, 5] values: [1, 2, 3] }",
        ["1:52 SB207"],
    ),
    "no optimizer": ("train_config {}", ["1:1 SB301"]),
    "no kind of optimizer": ("train_config { optimizer {} }", ["1:16 SB301"]),
    "no train_config": ("model { ssd {} }", ["1:1 SB301"]),
    "no learning rate": ("train_config { optimizer { adam_optimizer {} } }", ["1:28 SB302"]),
    "an empty learning rate": (PIPELINE.format(""), ["4:7 SB302"]),
    "a first step 0": (
        "manual_step_learning_rate {\n  schedule { step: 0 learning_rate: 1 }\n}",
        ["2:20 SB303"],
    ),
    "a first step left out": (
        "manual_step_learning_rate {\n  schedule { learning_rate: 1 }\n}",
        ["2:3 SB303"],
    ),
    "steps that do not increase": (
        "manual_step_learning_rate {\n  schedule { step: 9 }\n  schedule { step: 9 }\n}",
        ["3:20 SB304"],
    ),
    "points that do not increase": (
        "piecewise_linear_learning_rate {\n  point { step: 9 learning_rate: 1 }\n"
        "  point { step: 8 learning_rate: 1 }\n}",
        ["3:17 SB304"],
    ),
    "a warmup as long as the run": (
        "cosine_decay_learning_rate { total_steps: 100 warmup_steps: 100 }",
        ["1:43 SB305"],
    ),
    "a default warmup that is too long": (
        "cosine_decay_learning_rate { total_steps: 100 }",
        ["1:43 SB305"],
    ),
    "a warmup that falls": (
        "cosine_decay_learning_rate { learning_rate_base: 0.0001 }",
        ["1:50 SB306"],
    ),
    "values that do not match": (
        "piecewise_constant_learning_rate { boundaries: 5 values: 1 }",
        ["1:58 SB307"],
    ),
    "an exponential warmup from 0": (
        "constant_learning_rate {}\nwarmup { warmup_steps: 9 shape: EXPONENTIAL }",
        ["2:1 SB308"],
    ),
    "a cycle without a rise": (
        "one_cycle_learning_rate { max_learning_rate: 1 total_steps: 10 pct_start: 0.1 }",
        ["1:75 SB308"],
    ),
    "scaling without a batch size": (
        "constant_learning_rate {}\nbatch_size_scaling { reference_batch_size: 64 }",
        ["2:1 SB308"],
    ),
    "a rate that overflows": (
        "train_config { num_steps: 100000 optimizer { adam_optimizer { learning_rate {\n"
        "  exponential_decay_learning_rate { decay_factor: 10 decay_steps: 1 }\n} } } }",
        ["2:3 SB309"],
    ),
    "a rate that turns negative": (
        "inverse_time_decay_learning_rate {\n"
        "  initial_learning_rate: 1 decay_steps: 10 decay_rate: -2\n} \n"
        "warmup { warmup_steps: 20 }",
        ["1:1 SB309"],
    ),
    "a middle stage without steps": (
        "sequential_learning_rate {\n  stage { learning_rate { constant_learning_rate {} } }\n"
        "  stage { learning_rate { constant_learning_rate {} } }\n}",
        ["2:3 SB310"],
    ),
    "scaling of a member": (
        "combined_learning_rate {\n  op: MIN\n  learning_rates {\n    constant_learning_rate {}\n"
        "    batch_size_scaling { reference_batch_size: 3 }\n  }\n}",
        ["5:5 SB311"],
    ),
    "several at once": (
        "train_config {\n  batch_size: x\n  num_stops: 3\n  optimizer {\n    adam_optimizer {\n"
        "      epsilon: -1\n    }\n  }\n}",
        ["2:15 SB203", "3:3 SB201", "6:16 SB204"],
    ),
}
BAD_YAML = {
    "a list where a message belongs": ("train_config: [1]", ["1:15 SB203"]),
    "a list at the top": ("- 1\n- 2\n", ["1:1 SB102"]),
    "a duplicate key": (
        "constant_learning_rate:\n  learning_rate: 1\n  learning_rate: 2\n",
        ["3:3 SB202"],
    ),
    "a tag": (
        "constant_learning_rate: !!python/object/apply:os.system [touch pwned]\n",
        ["1:25 SB107"],
    ),
    "a clock time": ("min_learning_rate: 1:30\nconstant_learning_rate: {}\n", ["1:20 SB203"]),
    "a message without a value": ("constant_learning_rate:\n", ["1:1 SB203"]),
    "a value without a list": (
        "table_learning_rate: {learning_rates: 3}",
        ["1:39 SB203"],
    ),
    "a yes": ("manual_step_learning_rate: {warmup: yes, schedule: [{step: 3}]}", ["1:37 SB203"]),
    "a tab": ("train_config:\n\tbatch_size: 3\n", ["2:1 SB102"]),
    "a second document": ("constant_learning_rate: {}\n---\nx: 1\n", ["2:1 SB102"]),
    "a merge key": ("constant_learning_rate: {<<: {learning_rate: 1}}", ["1:26 SB102"]),
    "an alias of nothing": ("constant_learning_rate: *nothing", ["1:25 SB102"]),
    "an alias of itself": ("constant_learning_rate: &a {learning_rate: *a}", ["1:44 SB102"]),
    "a conflict": ("x: 1\n<<<<<<< HEAD\nx: 2\n=======\nx: 3\n>>>>>>> other\n", ["2:1 SB102"]),
}


@pytest.mark.parametrize(("text", "wanted"), BAD.values(), ids=BAD)
def test_bad_text(text: str, wanted: list[str]) -> None:
    assert found(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), BAD_YAML.values(), ids=BAD_YAML)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", None)])
def test_bad_yaml(
    text: str, wanted: list[str], loader: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(yaml_format, "_LOADER", loader)
    monkeypatch.chdir(tmp_path)
    assert found(text, "x.yaml") == wanted
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("constant_learning_rate { learning_rat: 1 }", "did you mean `learning_rate`?"),
        ("train_config { total_steps: 3 }", "it belongs to"),
        ("train_config { batch_size: 0 }", "at least 1"),
        ("train_config { batch_size: 4294967296 }", "nearest: 4294967295"),
        ("train_config { batch_size: 32.0 }", "write 32"),
        ('train_config { batch_size: "32" }', "remove the quotes"),
        ("train_config { fine_tune_checkpoint: abc }", "put it in quotes"),
        ("constant_learning_rate {} warmup { shape: LINEER }", "did you mean LINEAR?"),
        ("constant_learning_rate {\n  learning_rate: 1\n  learning_rate: 1\n}", "line 2"),
        ("cosine_decay_learning_rate { total_steps: 9 }", "(10000, its default)"),
    ],
)
def test_errors_teach(text: str, hint: str) -> None:
    assert any(hint in d.message for d in validate_text(text, "x.config"))


def test_a_finding_names_the_other_place() -> None:
    (finding,) = validate_text(
        "constant_learning_rate {}\n\ncosine_decay_learning_rate {}", "x.pbtxt"
    )
    assert [(r.row, r.column) for r in finding.related] == [(1, 1)]


def test_values_are_read_by_the_schema() -> None:
    config = read(
        "exponential_decay_learning_rate:\n  initial_learning_rate: 1e-3\n  decay_steps: 010\n"
        "  burnin_steps: 0x10\n  decay_factor: .5\n",
        "x.yaml",
    )
    message: Any = config.message
    main = message.exponential_decay_learning_rate
    assert not errors(config)
    assert (main.initial_learning_rate, main.decay_steps, main.burnin_steps, main.decay_factor) == (
        0.001,
        10,
        16,
        0.5,
    )


def test_lists_with_python_tags_are_lists() -> None:
    text = "table_learning_rate: {learning_rates: !!python/tuple [0.1, 0.2]}"
    message: Any = read(text, "x.yaml").message
    assert list(message.table_learning_rate.learning_rates) == [0.1, 0.2]


def test_opaque_parts_are_kept_and_not_judged() -> None:
    config = read(
        "model { [acme.extension] { odd: 1 odd: 2 } anything < x: 'y' > }\n"
        "train_config { data_augmentation_options { a {} b {} }\n"
        "  optimizer { adam_optimizer { learning_rate { constant_learning_rate {} } } } }\n"
        "[acme.more] { z: 3 }\n"
    )
    assert not errors(config)
    assert [field.name for field in config.document.root.fields] == [
        "model",
        "train_config",
        "[acme.more]",
    ]


# --- whatever it is given, no traceback -------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"constant_learning_rate {\n \xff", (2, 2)),
        (b"a\0b", (1, 2)),
        ("constant_learning_rate {}".encode("utf-16"), (1, 1)),
        (b"\x89PNG\r\n\x1a\n\0\0", (2, 2)),
    ],
)
def test_what_is_not_text_is_said_to_be(data: bytes, place: tuple[int, int]) -> None:
    (finding,) = examine_bytes(data, "x.config").diagnostics
    assert finding.code == "SB101"
    assert (finding.row, finding.column) == place or finding.row >= 1


@pytest.mark.parametrize(
    "unit", ["{", "}", "[", "a{", "a{}", "a:", "<", '"', "#", " ", "\n", "-", "$", "a"]
)
@pytest.mark.parametrize("filename", ["x.config", "x.yaml"])
def test_ten_megabytes_of_anything(unit: str, filename: str) -> None:
    size = 10_000_000 if unit in ("{", "a{", "[") else 200_000
    findings = validate_text(unit * (size // len(unit)), filename)
    assert any(d.severity == "error" for d in findings)
    assert len(findings) < 200_000


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("model {" * 10_000 + "}" * 10_000, "x.config"),
        ("model: [" * 10_000, "x.config"),
        ("{a: " * 10_000 + "}" * 10_000, "x.yaml"),
        ("[" * 10_000 + "]" * 10_000, "x.json"),
        ("\n".join(" " * i + "a:" for i in range(2000)), "x.yaml"),
    ],
)
def test_deep_nesting(text: str, filename: str) -> None:
    findings = validate_text(text, filename)
    assert {"SB104"} <= {d.code for d in findings} or filename == "x.config"
    assert all(d.severity == "error" for d in findings)


def test_an_alias_bomb() -> None:
    lines = ["a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    findings = validate_text("\n".join(lines), "x.yaml")
    assert any("expand" in d.message for d in findings)


TEXTS = [path.read_text() for path in RECIPES]


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A recipe with a few random wounds."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at, size = draw(st.integers(0, len(text))), draw(st.integers(0, 40))
        piece = draw(
            st.one_of(
                st.just(""),
                st.just(text[at : at + size] * 2),
                st.sampled_from([*"{}<>[]:;,\"'#-\t\n$&*!|%@`", "nan", "1e999", "\\x"]),
                st.text(max_size=5),
            )
        )
        text = text[:at] + piece + text[at + size :]
    return text


@given(st.one_of(st.text(), broken()), st.sampled_from(["x.config", "x.yaml", "x"]))
def test_nothing_is_a_traceback(text: str, filename: str) -> None:
    rows = text.split("\n")
    for finding in validate_text(text, filename):
        assert finding.severity in ("error", "warning")
        assert finding.message
        assert 1 <= finding.row <= len(rows)
        assert 1 <= finding.column <= len(rows[finding.row - 1]) + 1
        end = (finding.end_row, finding.end_column)
        assert (finding.row, finding.column) <= end <= (len(rows), len(rows[-1]) + 1) or end[
            0
        ] <= len(rows)


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
))  # fmt: skip
def test_any_plain_data_is_a_config_or_an_error(data: Any) -> None:
    if not isinstance(data, dict):
        data = {"train_config": data}
    with pytest.raises(ConfigError):
        load(data)


@pytest.mark.parametrize("config", [None, 3, ["x"], object()])
def test_what_is_no_config_is_a_type_error(config: Any) -> None:
    with pytest.raises(TypeError, match="a config is a path"):
        load(config)


def test_data_that_json_cannot_hold_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="plain data"):
        load({"train_config": object()})
