"""Shortcuts for what nearly all files have: the same tree, the same message, the same findings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Report, Source
from schedule_builder.reading import binding, text_format
from schedule_builder.reading.tree import Block, Sequence
from tests.support.data import DATA

ROOT = Path(__file__).parent.parent.parent
FILES = [
    path
    for folder in (ROOT / "configs", ROOT / "tests" / "rule_cases", DATA and DATA / "corpus")
    for path in sorted(folder.rglob("*.*") if folder else ())
    if path.suffix in (".config", ".pbtxt", ".textproto")
]
PIECES = [
    *(
        "a: 1",
        "b: -2.5e-3",
        "c: 0.",
        "d: word",
        'e: "text"',
        "f: 'single'",
        "g {",
        "g: {",
        "}",
        "} ",
    ),
    *(
        "\n",
        "  ",
        "\t",
        "# comment: 1 }\n",
        "#\n",
        "\r\n",
        "\f",
        "h: [1, 2]",
        "[",
        "]",
        "<",
        ">",
        "%",
    ),
    *(",", ";", '"more"', "i:", "{", "j: 007", "k: 1,5", "l: 5%", 'm: "\\n"', 'n: "\u00e4"', "o"),
    *(
        "- 1",
        "[x.y]: 2",
        "p: .5",
        "q: 1.5f",
        "r: ${X}",
        "{{ x }}",
        "s: {{ x }}",
        "{% x %}",
        '"',
        "\u00e4",
        "# end",
    ),
]


def as_data(node: Any) -> Any:
    """A tree with all its places, as plain data."""
    if isinstance(node, Block):
        fields = [(f.name, f.start, f.end, as_data(f.value)) for f in node.fields]
        return ("block", node.start, node.end, fields)
    if isinstance(node, Sequence):
        return ("list", node.start, node.end, [as_data(item) for item in node.items])
    return ("scalar", node.text, node.quoted, node.start, node.end)


def read(text: str) -> Any:
    source = Source("a.config", text)
    report = Report(source)
    return as_data(text_format.read(source, report).root), report.diagnostics


def check(text: str) -> None:
    at_once = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_format, "_PLAIN_FIELD", re.compile(r"(?!)"))
        assert read(text) == at_once


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", " ", "\n"]))
@settings(max_examples=400)
@example(["a {"] * 101, "")
@example(["a: [{ b: 1 } { c: 2 }]"], "")
@example(["a < b: 1 } c: 2"], "")
@example(["a: 1 # b: 2\n, c: 3"], "")
@example(["a: {{ b }}"], "")
@example(["a {% b %} c: 1"], "")
@example(["a {} # b\n ; c: 3"], "")
@example(['a: "x" # b\n "y" c: 3'], "")
def test_pieces(pieces: list[str], between: str) -> None:
    check(between.join(pieces))


ROWS = [
    *("a { b: 1 }", "a { b: 1 c: -2.5e-3 }", "a: { b: 0.\n  c: 0 }", "b{c:1}", "\ta {\r\nb: 1}"),
    *("a { b: 1 c: 2 d: 3 }", "a {}", "a { b: word }", 'a { b: "c" }', "a { b { c: 1 } }", "b: 1"),
    *("a { b: 1, c: 2 }", "a { b: 1; }", "a { b: 007 }", "a { b: 1.5f }", "a { b: 5% }", "a: 1"),
    *("a { b: 1 # c\n }", "# a\n", "a { b: 1 c }", "a { b: [1] }", "a < b: 1 >", "a { b: 1 >"),
    *("a { b: 1 }}", "a { b: 1", "a {{ b: 1 }", "a { b: 1 } ,", "a { b: 1 } ; a { b: 1 }", "}"),
    *("a { b: 1 }%", "a { b: 1 }[", "a { b: 1c: 2 }", "a { b: 1 } -", "a { b: - 1 }", "\u00e4"),
]


@given(st.lists(st.sampled_from(ROWS), max_size=8), st.sampled_from(["", "r {", "r: [{", "r <"]))
@settings(max_examples=400)
@example(["a { b: 1 }"] * 3, "r { " * 100)
@example(["a { b: 1 }"] * 3, "r { " * 101)
def test_rows(rows: list[str], around: str) -> None:
    check("\n".join([around, *rows]))
    check("\n".join([around, "a { b: 1 }", "a { b: 2 }", *rows, "}"]))


def test_a_row_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    found = 0
    numbers = text_format._numbers

    def counted(match: re.Match[str]) -> Block:
        nonlocal found
        found += 1
        return numbers(match)

    monkeypatch.setattr(text_format, "_numbers", counted)
    read("m { r: 1\n" + "a { b: 1 c: 0.5 }\n" * 50 + "}")
    assert found == 48


def test_files() -> None:
    assert FILES
    for path in FILES:
        check(path.read_text("utf-8", "replace"))


def test_they_are_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = 0
    advance = text_format._Reader.advance

    def counted(reader: Any) -> None:
        nonlocal tokens
        tokens += 1
        advance(reader)

    monkeypatch.setattr(text_format._Reader, "advance", counted)
    read('a { b: 1\n c: word # a comment\n d: "text"\n e { f: -1.5 }\n }\n' * 50)
    assert tokens == 2


STAGE_FIELDS = [
    *("step: 10", "step: 20", "step: 007", "step: 0x10", "step: -1", "step: 1.5", "step: 1e3"),
    *("step: 4294967296", 'step: "5"', "step: [5]", "step {}", "step: word", "stp: 1"),
    *("learning_rate: 0.1", "learning_rate: .5f", "learning_rate: inf", "learning_rate: nan"),
    *("learning_rate: -1", "learning_rate: 1e39", "learning_rate: 5%", "learning_rate: ${X}"),
]
STAGES = st.lists(
    st.lists(st.sampled_from(STAGE_FIELDS), max_size=3).map(
        lambda fields: f"schedule {{ {' '.join(fields)} }}"
    ),
    max_size=4,
)


def summary(config: Config) -> Any:
    places = {path: (place.name, place.value) for path, place in config.places.items()}
    return config.message, config.diagnostics, places, config.schedule


@given(STAGES)
@settings(max_examples=300)
@example(["schedule: [{ step: 1 learning_rate: 0.1 }, { step: 2 learning_rate: 0.1 }]"])
@example(["schedule: [{ step: 1 learning_rate: 0.1 }, 2]"])
def test_stages(stages: list[str]) -> None:
    inner = "\n".join(["initial_learning_rate: 1", *stages])
    source = Source("a.config", f"manual_step_learning_rate {{ {inner} }}")
    at_once = summary(examine(source))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binding, "numbers_of", lambda descriptor: None)
        one_by_one = summary(examine(source))
    # A NaN of a message is not equal to itself.
    assert repr(at_once[0]) == repr(one_by_one[0])
    assert at_once[1:] == one_by_one[1:]
