"""The layout of configs: nothing but blanks changes, and a second time nothing at all."""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from schedule_builder.cli import app as cli
from schedule_builder.editing import format as format_module
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.format import FormatError, format_text
from tests.support.data import DATA, needs_data
from tests.support.drawing import configs

ROOT = Path(__file__).parent.parent.parent
RECIPES = sorted((ROOT / "configs").rglob("*.config"))

TEXTS = (".config", ".pbtxt", ".textproto", ".prototxt")
IS_EXACT = settings().max_examples > 1000
"""Whether `make test-exact` runs all, or `make test` a sample."""

BEFORE = """# above

train_config: { # opens


  num_steps : 5   # five


  optimizer < momentum_optimizer: { learning_rate {
    # a rate
    constant_learning_rate { learning_rate : 0.1, } } } >; freeze_variables: ["a",  'b'] # two
  data_augmentation_options { random_horizontal_flip {
  } }
  fine_tune_checkpoint: "a" # first
     "b"
  # last
}
model { ssd { x: - 5 y: [ { a: 1 }, # one
 { b: 2 } ] [some.ext] { } } }   # end
# below"""
AFTER = """# above

train_config {  # opens
  num_steps: 5  # five

  optimizer {
    momentum_optimizer {
      learning_rate {
        # a rate
        constant_learning_rate {
          learning_rate: 0.1
        }
      }
    }
  }
  freeze_variables: ["a", 'b']  # two
  data_augmentation_options {
    random_horizontal_flip {}
  }
  fine_tune_checkpoint: "a"  # first
    "b"
  # last
}
model {
  ssd {
    x: -5
    y: [
      {
        a: 1
      },  # one
      {
        b: 2
      }
    ]
    [some.ext] {}
  }
}  # end
# below
"""


def test_text_format() -> None:
    assert format_text("a.config", BEFORE) == AFTER
    assert format_text("a.config", AFTER) == AFTER
    assert format_text("a.config", AFTER.replace("\n", "\r\n")) == AFTER.replace("\n", "\r\n")
    assert format_text("a.config", "") == ""


LONGEST = "x" * 86
LAYOUTS = {
    # Blank lines.
    "\n\n# c\na: 1\n": "# c\na: 1\n",
    "a: 1\n\n\n": "a: 1\n",
    "b: 2\n\na:\n\n 1\n": "b: 2\n\na: 1\n",
    "a: 1 # b\n\n# c\n\n\nd: 2": "a: 1  # b\n\n# c\n\nd: 2\n",
    "a <\n b: 1\n\n>\n": "a {\n  b: 1\n}\n",
    "a: [\n  1, # c\n\n  2\n\n]\n": "a: [\n  1,  # c\n\n  2\n]\n",
    "a: [\n\n  1, # c\n 2]\n": "a: [\n  1,  # c\n  2\n]\n",
    "a: [1\n\n]\nb: 1\n": "a: [1]\nb: 1\n",
    "a: [\n\n1,\n\n 2]\n": "a: [1, 2]\n",
    "a: [\n\n]\nb: 1\n": "a: []\nb: 1\n",
    "a: [\n\n{}\n\n]\n": "a: [\n  {}\n]\n",
    "a: -\n\n 5\n": "a: -5\n",
    "a: -\n\n# c\n\n5 # d\n": "a: -5\n# c\n# d\n",
    "a: - # c\n5 # d\n": "a: -5  # c\n# d\n",
    "a: [-\n\n 5]\n": "a: [-5]\n",
    "a {\n\n  # only\n\n  # two\n\n}\nb {\n\n\n}\n": "a {\n  # only\n\n  # two\n}\nb {}\n",
    "# a\n\n\n# b\n\n": "# a\n\n\n# b\n",
    "   ": "",
    # Comments.
    "a { # c\n}\n": "a {  # c\n}\n",
    "a\n{ # c\n b: 1 }\n": "a {  # c\n  b: 1\n}\n",
    "a {} # c\n": "a {}  # c\n",
    "a: [ # c\n]\n": "a: [  # c\n]\n",
    "a:\n[ # c\n 1]\n": "a: [  # c\n  1\n]\n",
    "a: [\n# c\n 1]\n": "a: [\n  # c\n  1\n]\n",
    "a: [1,\n# c\n2]\n": "a: [\n  1,\n  # c\n  2\n]\n",
    "a: [1, 2 # c\n]\n": "a: [\n  1,\n  2  # c\n]\n",
    "a: [1, 2# c\n]\n": "a: [\n  1,\n  2  # c\n]\n",
    "a: [\n 1\n] # c\nb: 1": "a: [1]  # c\nb: 1\n",
    "a: [1]# c\nb {}# d\n": "a: [1]  # c\nb {}  # d\n",
    "a {\n b: 1 # c\n # d\n # e\n\n\n # f\n}": ("a {\n  b: 1  # c\n  # d\n  # e\n\n  # f\n}\n"),
    "a # x\n: # y\n 1 # z\n": "# x\n# y\na: 1  # z\n",
    "a: - # c\n 5 b: -\n6\n": "a: -5  # c\nb: -6\n",
    # Texts of several parts.
    "a: 'x' # 1\n  \"y\" # 2\n  # 3\n 'x' # 4\n": (
        "a: 'x'  # 1\n  \"y\"  # 2\n  # 3\n  'x'  # 4\n"
    ),
    "a: 'x' # 1\n'x' # 2\n'x' # 3\n": "a: 'x'  # 1\n  'x'  # 2\n  'x'  # 3\n",
    "a: 'x' 'y'\n": "a: 'x' 'y'\n",
    "a: [ 'x' # c\n 'y', 'z' ]": "a: [\n  'x'  # c\n    'y',\n  'z'\n]\n",
    "a: ['x' 'y',\n 'z'\n 'w'] # c\n": "a: ['x' 'y', 'z' 'w']  # c\n",
    'a{b:"x\\"#"\'#y\'}': 'a {\n  b: "x\\"#" \'#y\'\n}\n',
    # Blocks and lists.
    "a: [\n]\n": "a: []\n",
    "a: [{}, 1]\n": "a: [\n  {},\n  1\n]\n",
    "a: [{ b: 1 } # x\n, { c: [1, 2] } # y\n]\n": (
        "a: [\n  {\n    b: 1\n  },  # x\n  {\n    c: [1, 2]\n  }  # y\n]\n"
    ),
    "a < b < [ some . ext ]: - inf; > >": "a {\n  b {\n    [some.ext]: -inf\n  }\n}\n",
    "a: 0x1F,b: 1e5;c: V d: Xy": "a: 0x1F\nb: 1e5\nc: V\nd: Xy\n",
    f"a {{ b {{ c: ['{LONGEST}', 1] }} }}": f"a {{\n  b {{\n    c: ['{LONGEST}', 1]\n  }}\n}}\n",
    f"a {{ b {{ c: ['{LONGEST}x', 1] }} }}": (
        f"a {{\n  b {{\n    c: [\n      '{LONGEST}x',\n      1\n    ]\n  }}\n}}\n"
    ),
    "a\n: 1 b: 2 # schedule-builder: ignore\n": "a: 1\nb: 2  # schedule-builder: ignore\n",
    # A line with a comment that suppresses findings.
    **{
        f"{line} # schedule-builder: ignore\n": f"{line}  # schedule-builder: ignore\n"
        for line in (
            "x { y { z: 1 } }",
            "x { y: [1, 2] z: 'a' 'b' w {} v: [] }",
            "x {}",
            "x: [1, 2]",
        )
    },
    "x { [a . b]: 1 } ; # Schedule-Builder: ignore\n": (
        "x { [a.b]: 1 }  # Schedule-Builder: ignore\n"
    ),
    "a: 1\nx{y:1}# schedule-builder: ignore\n": "a: 1\nx { y: 1 }  # schedule-builder: ignore\n",
}


@pytest.mark.parametrize("text", LAYOUTS)
def test_layouts(text: str) -> None:
    assert format_text("a.config", text) == LAYOUTS[text]
    assert format_text("a.config", LAYOUTS[text]) == LAYOUTS[text]


GAPS = st.sampled_from(["", "", " ", "\n", "\n\n", " # c\n", "\n# c\n", "\n\n# c\n\n"])


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> str:
    """Fields of every kind, with blank lines and comments wherever they may stand."""

    def scalar() -> str:
        return draw(st.sampled_from(["1", "x", f"-{draw(GAPS)}5", f"'x'{draw(GAPS)}'y'"]))

    def block() -> str:
        return f"{{{draw(bodies(depth - 1))}}}"

    text = draw(GAPS)
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["scalar", "list", "block"][: 3 if depth else 1]))
        value = f":{draw(GAPS)}{scalar()}"
        if kind == "block":
            value = block()
        elif kind == "list":
            items = [
                draw(st.sampled_from([scalar, block]))() for _ in range(draw(st.integers(0, 3)))
            ]
            spaced = (f"{draw(GAPS)}{item}{draw(GAPS)}" for item in items)
            value = f": [{draw(GAPS)}{','.join(spaced)}]"
        text += f"a{draw(GAPS)}{value};{draw(GAPS)}"
    return text


@given(bodies())
def test_a_layout_stays_wherever_blank_lines_and_comments_stood(text: str) -> None:
    made = format_text("a.config", text)
    assert format_text("a.config", made) == made


@pytest.mark.parametrize(
    "new",
    [
        'm { a: 2 b { c: [1, 2] d: "x" } }',
        'm { a: "1" b { c: [1, 2] d: "x" } }',
        'm { a: 1 b { c: [1, 2] d: "y" } }',
        'm { a: 1 b { c: [2, 1] d: "x" } }',
        'm { a: 1 b { d: "x" c: [1, 2] } }',
        'm { a: 1 b { c: [1, 2] e: "x" } }',
        'm { a: 1 b { c: [1, 2] } d: "x" }',
        'm { a: 1 b { c: [1, 2, { d: "x" }] } }',
        "m { a: 1 }",
    ],
)
def test_a_layout_with_other_values_is_refused(new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a fault would write it."""
    text = 'model { a: 1 b { c: [1, 2] d: "x" } }'
    monkeypatch.setattr(
        format_module._Layout, "write", lambda layout: new.replace("m {", "model {")
    )
    with pytest.raises(FormatError, match="in the new layout a value would change"):
        format_text("a.config", text)


def test_a_suppression_stays_on_the_line_that_it_is_for() -> None:
    text = (
        "manual_step_learning_rate {\n  schedule { step: 9 learning_rate: 1 }"
        "  # schedule-builder: ignore[SB414]\n}\n"
    )
    assert format_text("a.config", text) == text.replace("}  #", "}  #")


@pytest.mark.parametrize(
    "text",
    [
        "a { b {\n  c { d: 1 } } }",
        "a {\n  b: 1 }",
        "a { b: 1",
        "x { a: 1 } b: 2",
        "x { y: [ { a: 1 }, { b: 2 }",
        "x: [1, 2] y: 3",
        "x { y: [\n { a: 1 }, { b: 2 }",
    ],
)
def test_a_suppression_that_would_leave_its_line_keeps_the_file_as_it_is(text: str) -> None:
    with pytest.raises(FormatError, match="a comment that suppresses findings would leave"):
        format_text(
            "a.config",
            f"{text}  # schedule-builder: ignore[SB414]\n"
            + "]" * (text.count("[") - text.count("]"))
            + "}" * (text.count("{") - text.count("}")),
        )


def test_blank_lines_in_an_empty_block_are_removed_at_once() -> None:
    assert format_text("a.config", "a {\n\n}\nb {\n\n  # c\n\n}\n") == "a {}\nb {\n  # c\n}\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.config", "a {\n  b: }", "a.config:2:6: the file cannot be read: "),
        ("a.json", '{"a": 1}', "JSON is not formatted"),
    ],
)
def test_what_cannot_be_formatted(name: str, text: str, words: str) -> None:
    with pytest.raises(FormatError, match=re.escape(words)):
        format_text(name, text)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_are_formatted_once(path: Path) -> None:
    once = format_text(path.name, path.read_text())
    assert format_text(path.name, once) == once


@given(configs)
def test_every_message_is_what_it_was(message: Any) -> None:
    text = text_format.MessageToString(message, as_one_line=True)
    new = format_text("a.config", text)
    assert text_format.Parse(new, type(message)()) == message
    assert format_text("a.config", new) == new


@needs_data
def test_real_text_files_exactly() -> None:
    """Every file that can be read is formatted, once: `format_text` itself compares trees."""
    assert DATA is not None
    formatted, refused = 0, []
    texts = [p for p in (DATA / "corpus").glob("*/*") if p.suffix in TEXTS]
    for path in sorted(texts)[:: 1 if IS_EXACT else 4]:
        text = path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
        try:
            once = format_text(path.name, text)
        except FormatError as error:
            refused.append(str(error))
            continue
        assert format_text(path.name, once) == once, path.name
        formatted += 1
    assert all("the file cannot be read" in reason for reason in refused)
    assert formatted > (300 if IS_EXACT else 70)


YAML = "# a\ntrainer:\n    train_steps: 1e3 # b\n    optimizer_config:\n    - x\n    -   'y'\n"


def test_yaml() -> None:
    pytest.importorskip("ruamel.yaml")
    new = format_text("a.yaml", YAML)
    assert new == (
        "# a\ntrainer:\n  train_steps: 1e3   # b\n  optimizer_config:\n    - x\n    - 'y'\n"
    )
    assert format_text("a.yaml", new) == new
    spelled = "---\na: &x ~\nb: *x\nc: {d: True, e: 010, f: 1e-3}\ng: &y\n  h: 1\ni:\n  <<: *y\n"
    assert format_text("a.yaml", spelled) == spelled
    assert format_text("a.yaml", "# a\n\n") == "# a\n"


YAML_LAYOUTS = {
    "a: {b: 1,   c: [1,2]}\n": "a: {b: 1, c: [1, 2]}\n",
    "a:\n- b: 1\n  c: 2\n-   - d\n": "a:\n  - b: 1\n    c: 2\n  -   - d\n",
    "a:\n    b: |\n       x\n       y\n": "a:\n  b: |\n    x\n    y\n",
    "a:   \n  b\n": "a: b\n",
    "? a\n: 1\n": "a: 1\n",
    "a: >-\n  b\n\u2028": "a: >-\n  b\n",
    "a: |\n  b\n\u2029\n\n \u2028": "a: |\n  b\n",
}
YAML_AS_IT_IS = [
    "---\na: 1\n",
    "a: 'x'\nb: \"y\"\nc: yes\nd: 0x1F\ne: 1_000\nf: 2001-01-01\ng: .inf\nh: TRUE\ni: Null\nj: ~\n",
    "a: 010\nb: +1\nc: 1.\nd: True\n",
    "a: 1.0E+05\nb: -.50e3\nc: 1_0.50\nd: +.INF\ne: 2001-12-14t21:59:43.10-05:00\n",
    "a: &x 1\nb: &y z\n",
    "a: &x 1\nb: [*x, &y ~, *y]\nc: &z True\nd: *z\n",
    'a: "x\\u200ey"\nb: "z\\u202e"\n',
    'a: "x\u200ey"\n',
    "a: {b: 1}\n\nc: [d]\n\n# e\ne: 1\n",
]


@pytest.mark.parametrize(
    ("text", "wanted"), [*YAML_LAYOUTS.items(), *((text, text) for text in YAML_AS_IT_IS)]
)
def test_yaml_layouts(text: str, wanted: str) -> None:
    pytest.importorskip("ruamel.yaml")
    assert format_text("a.yaml", text) == wanted
    assert format_text("a.yaml", wanted) == wanted
    in_windows = wanted.replace("\n", "\r\n")
    assert format_text("a.yaml", text.replace("\n", "\r\n")) == in_windows
    assert format_text("a.yaml", in_windows) == in_windows
    assert format_text("a.yaml", text.replace("\n", "\r")) == wanted


def test_places_of_a_text_with_two_characters_at_the_ends_of_lines() -> None:
    pytest.importorskip("ruamel.yaml")
    from schedule_builder.editing import format_yaml

    text = "a\r\n\r\nbc\rd\r\n"
    read = re.sub("\r\n?", "\n", text)
    for at in range(len(read) + 1):
        place = format_yaml._place(text, mock.Mock(index=at))
        assert re.sub("\r\n?", "\n", text[:place]) == read[:at]
        assert not text[:place].endswith("\r") or text[place - 2 : place] == "c\r"


def test_yaml_lines_are_not_broken() -> None:
    pytest.importorskip("ruamel.yaml")
    text = f"a: {'x y ' * 2000}z\nb: [{'1, ' * 2000}2]\n"
    assert format_text("a.yaml", text) == text


def test_yaml_that_cannot_be_formatted(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ruamel.yaml")
    for end, first in product(("\n", "\r\n"), ("", "b: 1\n\n")):
        text = f"{first}a: 5\na: ~\n".replace("\n", end)
        with pytest.raises(EditingError) as refused:
            format_text("a.yaml", text)
        said, row = str(refused.value), first.count("\n") + 2
        words = "ruamel.yaml cannot read the file. Change the YAML there: "
        assert said.startswith(f"a.yaml:{row}:1: {words}")
    assert said.endswith('found duplicate key "a" with value "~" (original value: "5")')
    from ruamel import yaml as ruamel_yaml
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    from schedule_builder.editing import format_yaml

    # Errors without a place.
    for error in (YAMLError("it is\n  odd"), MarkedYAMLError(problem="it is odd")):
        with monkeypatch.context() as patched:
            patched.setattr(ruamel_yaml.YAML, "load", mock.Mock(side_effect=error))
            with pytest.raises(EditingError, match=r"^a\.yaml: ruamel\.yaml .*there: it is odd$"):
                format_text("a.yaml", "a: 5\n")

    class Renamed(format_yaml._Plain):  # as a fault would
        def __init__(self, node: Any) -> None:
            super().__init__(node)
            self.anchor = None

    monkeypatch.setattr(format_yaml, "_Plain", Renamed)
    format_yaml._Representer.add_representer(Renamed, format_yaml._represent)
    with pytest.raises(EditingError, match="in the new layout an anchor would change"):
        format_text("a.yaml", "a: &x 1\nb: 2\n")


@needs_data
def test_real_yaml_files_exactly() -> None:
    """A file is formatted with the same values and comments, or left as it is with a reason."""
    pytest.importorskip("ruamel.yaml")
    assert DATA is not None
    formatted, refused = 0, []
    for path in sorted((DATA / "corpus").glob("*/*.yaml"))[:: 1 if IS_EXACT else 16]:
        try:
            once = format_text(path.name, path.read_text())
        except EditingError as error:
            refused.append(str(error))
            continue
        assert format_text(path.name, once) == once, path.name
        formatted += 1
    assert formatted > max(12, 10 * len(refused)), refused


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Path("a.config")
    config.write_text("\ufeff" + BEFORE)
    Path("other.json").write_text('{"train_config": {}}')
    assert cli.main(["fmt", "--check"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("a.config\n", "1 would be formatted, 0 unchanged\n")
    assert cli.main(["fmt", "--diff", "a.config"]) == 1
    assert "+train_config {  # opens\n" in capsys.readouterr().out
    assert config.read_text() == "\ufeff" + BEFORE
    assert cli.main(["fmt", "."]) == 0
    assert config.read_text() == "\ufeff" + AFTER
    assert capsys.readouterr().err == "1 formatted, 0 unchanged\n"
    assert cli.main(["fmt", "--check", "."]) == 0
    config.write_text("train_config {\n  a b\n}\n")
    capsys.readouterr()
    assert cli.main(["fmt", "a.config"]) == 1
    assert (
        "a.config:2:5: the file cannot be read: found `b`: expected `:`" in capsys.readouterr().err
    )
    config.write_bytes(b"train_config { a: '\xff' }")
    assert cli.main(["fmt", "a.config"]) == 1
    assert "not UTF-8" in capsys.readouterr().err


def test_without_ruamel_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    monkeypatch.delitem(sys.modules, "schedule_builder.editing.format_yaml", raising=False)
    assert cli.main(["fmt", str(tmp_path / "a.yaml")]) == 2
    assert "schedule-builder[fmt]" in capsys.readouterr().err
