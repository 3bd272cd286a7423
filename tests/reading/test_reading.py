"""Reading learning rates in every spelling, what errors teach, and what `load` takes."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from google.protobuf import text_format as protobuf_text
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder import ConfigError, load, validate_text
from schedule_builder.compiler import Config, examine, examine_bytes
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.v1 import learning_rate_pb2 as rates
from tests.support.drawing import learning_rates


def read(text: str, filename: str = "x.config") -> Config:
    return examine(Source(filename, text))


def errors(config: Config) -> list[Diagnostic]:
    return [d for d in config.diagnostics if d.severity == "error"]


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
    # json_format writes int64 as strings, which in YAML are not numbers.
    plain = json.loads(re.sub(r'"(-?\d+)"', r"\1", json.dumps(data)))
    for text in (json.dumps(plain), json.dumps(plain, indent="\t"), yaml.safe_dump(plain)):
        config = read(text, "x.yaml")
        assert not errors(config), text
        assert config.message == message, text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("constant_learning_rate { learning_rat: 1 }", "did you mean `learning_rate`?"),
        ("train_config { total_steps: 3 }", "it belongs to"),
        ("train_config { batch_size: 0 }", "at least 1"),
        ("train_config { batch_size: 4294967296 }", "from 1 to 4294967295"),
        ("train_config { batch_size: 32.0 }", "write 32"),
        ('train_config { batch_size: "32" }', "remove the quotes"),
        ("train_config { fine_tune_checkpoint: abc }", "put it in quotes"),
        ("constant_learning_rate {} warmup { shape: LINEER }", "did you mean `LINEAR`?"),
        ("constant_learning_rate {\n  learning_rate: 1\n  learning_rate: 1\n}", "line 2"),
        ("cosine_decay_learning_rate { total_steps: 9 }", "(10000, its default)"),
    ],
)
def test_errors_teach(text: str, hint: str) -> None:
    assert any(hint in d.message for d in validate_text(text, "x.config"))


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
    with pytest.raises(TypeError, match="expected a path"):
        load(config)


def test_data_that_json_cannot_hold_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="plain data"):
        load({"train_config": object()})
