"""Configs in the other format: the same messages, the same opaque parts, the same comments."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.cli.app import main
from schedule_builder.compiler import Config, examine
from schedule_builder.config import first_difference
from schedule_builder.diagnostics import Source, Words
from schedule_builder.editing import convert as convert_module
from schedule_builder.editing.convert import ConvertError, convert
from schedule_builder.reading.fields import FieldSchema
from schedule_builder.reading.tree import Scalar, Sequence, Syntax, Value
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support import drawing
from tests.support.data import DATA, needs_data

ROOT = Path(__file__).parent.parent.parent
SUFFIX = {"text": ".config", "yaml": ".yaml"}
SUFFIXES = SUFFIX.values()


def read(text: str, file_format: str, name: str = "a") -> Config:
    config = examine(Source(name + SUFFIX[file_format], text))
    assert not [d for d in config.diagnostics if d.severity == "error"], config.diagnostics
    return config


def plain(value: Value, syntax: Syntax) -> Any:
    """What a value is, whatever it is written like; a single value is a list of one."""
    if isinstance(value, Scalar):
        number = syntax.real(value.text)
        if value.quoted:
            return value.text
        if number is None and (integer := syntax.integer(value.text)) is not None:
            number = float(integer)
        boolean = {"true": True, "false": False}.get(value.text.lower())
        return (value.text if boolean is None else boolean,) if number is None else repr(number)
    if isinstance(value, Sequence):
        return [plain(item, syntax) for item in value.items]
    fields: dict[str, list[Any]] = {}
    for field in value.fields:
        inner = plain(field.value, syntax)
        fields.setdefault(field.name, []).extend(inner if isinstance(inner, list) else [inner])
    return {name: values for name, values in fields.items() if values}


def comments(text: str) -> list[str]:
    """The comments of a text in which no value holds their sign."""
    return sorted(comment.strip() for comment in re.findall("#.*", text))


@given(drawing.learning_rates | drawing.experiments())
def test_there_and_back(message: Any) -> None:
    config = read(text_format.MessageToString(message), "text")
    there = read(convert(config, "yaml"), "yaml")
    back = read(convert(there, "text"), "text")
    assert config.message == there.message == back.message


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
SCALARS = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text().filter(lambda text: text not in ("Infinity", "-Infinity"))
)


def blocks(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    # One value is the same as a list of it, where no schema says which is meant.
    lists = st.lists(values, min_size=2, max_size=3)
    return st.dictionaries(NAMES, values | lists, max_size=3)


def core(text: str) -> Any:
    """YAML's data as an independent reader has it, with the numbers of YAML 1.2."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in (
        ("bool", "true|false", "tf"),
        ("int", r"[-+]?[0-9]+", "-+0123456789"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
        ("float", r"[-+]?\.inf", "-+."),
    ):
        Loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first)
        )
    return yaml.load(text, Loader)


@given(blocks(st.recursive(SCALARS, blocks, max_leaves=12)))
def test_opaque_parts(data: dict[str, Any]) -> None:
    written = {
        "train_config": {
            "optimizer": {
                "adam_optimizer": {
                    "learning_rate": {"constant_learning_rate": {"learning_rate": 0.5}}
                }
            }
        },
        "model": data,
    }
    text = json.dumps(written).replace("Infinity", ".inf")
    config = read(text, "yaml")
    assert core(convert(config, "yaml")) == written
    there = read(convert(config, "text"), "text")
    assert core(convert(there, "yaml")) == written


RECIPES = [path for path in sorted((ROOT / "configs").rglob("*.*")) if path.suffix in SUFFIXES]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes(path: Path) -> None:
    text = path.read_text()
    config = sb.load(path)
    for file_format in ("text", "yaml"):
        written = convert(config, file_format)
        other = read(written, file_format)
        assert other.message == config.message
        assert config.schedule is not None
        assert other.schedule is not None
        assert first_difference(config.schedule, other.schedule) is None
        assert comments(written) == comments(text)
        assert convert(other, file_format) == written
        # Ours are laid out like this already.
        is_own = path.suffix == SUFFIX[file_format]
        assert not is_own or written.splitlines() == text.splitlines()


@needs_data
@pytest.mark.parametrize("folder", ["od_api", "wild", "garden"])
def test_real_files(folder: str) -> None:
    assert DATA is not None
    done = 0
    refusals: list[tuple[str, str, str]] = []
    for path in sorted((DATA / "corpus" / folder).iterdir()):
        config = examine(Source(path.name, path.read_text(errors="replace")))
        if any(d.severity == "error" for d in config.diagnostics):
            continue
        own = "yaml" if folder == "garden" else "text"
        for file_format in ("text", "yaml"):
            try:
                written = convert(config, file_format)
            except ConvertError as error:
                refusals.append(
                    (own, file_format, re.sub(r".*a field named `\d+`.*", "", str(error)))
                )
                continue
            other = read(written, file_format)
            assert other.message == config.message, path
            assert comments(written) == comments(config.document.source.text), path
            assert convert(other, file_format) == written, path
            if own == "text":
                back = read(convert(other, own), own)
                assert plain(back.document.root, back.document.syntax) == plain(
                    config.document.root, config.document.syntax
                ), path
            done += 1
    assert done > {"od_api": 200, "wild": 300, "garden": 480}[folder]
    # The Garden's files have numbers for names, where no schema rules.
    assert set(refusals) <= {("yaml", "text", "")}
    assert len(refusals) < 0.06 * done


TEXT = r"""# Top.

train_config: <  # why
  # About the size.
  batch_size: 0x10;

  num_steps: 010  # eight
  fine_tune_checkpoint: 'a\tb' "c"
  optimizer {
    adam_optimizer { learning_rate {
      manual_step_learning_rate {
        schedule { step: 3 learning_rate: .1f }  # first
        schedule {  # second
          step: 5, learning_rate: 1e-3
        }
        warmup: t
        # The end of it.
      }
    } }
    use_moving_average: False
  }  # optimizer
>
model { ssd { kind: RELU_6 sizes: [1, 2.5] sizes: -3 empty {} name: "a: #b" on: inf } }
# Bottom.
"""
AS_YAML = r"""# Top.

train_config:  # why
  # About the size.
  batch_size: 0x10

  num_steps: 8  # eight
  fine_tune_checkpoint: "a\tbc"
  optimizer:
    adam_optimizer:
      learning_rate:
        manual_step_learning_rate:
          schedule:
            - {step: 3, learning_rate: .1f}  # first
            # second
            - step: 5
              learning_rate: 1e-3
          warmup: true
          # The end of it.
    use_moving_average: false
  # optimizer
model: {ssd: {kind: RELU_6, sizes: [1, 2.5, -3], empty: {}, name: "a: #b", "on": .inf}}
# Bottom.
""".replace(".1f", "0.1")
BACK = """# Top.

train_config {  # why
  # About the size.
  batch_size: 0x10

  num_steps: 8  # eight
  fine_tune_checkpoint: "a\\tbc"
  optimizer {
    adam_optimizer {
      learning_rate {
        manual_step_learning_rate {
          schedule { step: 3 learning_rate: 0.1 }  # first
          # second
          schedule {
            step: 5
            learning_rate: 1e-3
          }
          warmup: true
          # The end of it.
        }
      }
    }
    use_moving_average: false
  }
  # optimizer
}
model { ssd { kind: RELU_6 sizes: [1, 2.5, -3] empty {} name: "a: #b" on: inf } }
# Bottom.
"""


def test_layout() -> None:
    assert convert(read(TEXT, "text"), "yaml") == AS_YAML
    assert convert(read(AS_YAML, "yaml"), "text") == BACK
    assert convert(read(BACK, "text"), "yaml") == AS_YAML


COMMENTED = """\
manual_step_learning_rate:
  schedule:
    # One.
    - {step: 1, learning_rate: 0.1}

    # Two, and more
    # of it.
    - step: 2
      learning_rate: 0.01
      # In it.

      # In it, too.
  # After them.
  initial_learning_rate: 1

# After everything.
"""


def test_comments_belong_where_they_are_indented_to() -> None:
    assert convert(read(COMMENTED, "yaml"), "yaml") == COMMENTED
    text = convert(read(COMMENTED, "yaml"), "text")
    assert (
        text
        == """\
manual_step_learning_rate {
  # One.
  schedule { step: 1 learning_rate: 0.1 }

  # Two, and more
  # of it.
  schedule {
    step: 2
    learning_rate: 0.01
    # In it.

    # In it, too.
  }
  # After them.
  initial_learning_rate: 1
}

# After everything.
"""
    )
    # What stands before the first entry may be about all of them.
    before = COMMENTED.replace("  schedule:\n    # One.\n", "  # One.\n  schedule:\n")
    assert convert(read(text, "text"), "yaml") == before


def test_line_ends() -> None:
    config = read(TEXT.replace("\n", "\r\n"), "text")
    assert convert(config, "yaml") == AS_YAML.replace("\n", "\r\n")


OPTIMIZER = """
train_config: {optimizer: {adam_optimizer: {learning_rate: {constant_learning_rate: {}}}}}
"""


def yaml_model(written: str) -> Config:
    return read(f"{OPTIMIZER}model: {{{written}}}\n", "yaml", "b")


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        (
            "a: [[1]]",
            ("b.yaml:3:13: text format cannot hold a list in a list. Keep this file in YAML"),
        ),
        ("a-b: 1", "b.yaml:3:9: text format cannot hold a field named `a-b`: a name has letters"),
        ("5: {a: 1}", "b.yaml:3:9: text format cannot hold a field named `5`: a name has letters"),
    ],
)
def test_what_text_format_has_not(written: str, refusal: str) -> None:
    with pytest.raises(ConvertError, match=f"^{re.escape(refusal)}"):
        convert(yaml_model(written), "text")


@pytest.mark.parametrize(
    ("written", "text", "back"),
    [
        ("a: null", "a: null", "a: null"),
        ("a: ~", "a: null", "a: null"),
        ("a: ", "a: null", "a: null"),
        ("a: [null, 1]", "a: [null, 1]", "a: [null, 1]"),
        # A text that is spelt like it stays one.
        ('a: "null"', 'a: "null"', 'a: "null"'),
        # A name of an enum is another one.
        ("a: NULL_OP", "a: NULL_OP", "a: NULL_OP"),
    ],
)
def test_null_where_no_schema_rules_comes_back(written: str, text: str, back: str) -> None:
    there = convert(yaml_model(written), "text")
    assert f"model {{ {text} }}" in there
    assert f"model: {{{back}}}" in convert(read(there, "text"), "yaml")


def test_null_that_means_not_given_is_left_out_of_text() -> None:
    text = (
        "trainer:\n  train_steps: 100\n  optimizer_config:\n    ema: null  # no average\n"
        "    optimizer: {type: adamw}\n    learning_rate:\n      type: constant\n"
        "      constant: {learning_rate: 0.1, name: ~}\n    warmup: {type: null}\n"
        "task: {init_checkpoint: null}\n"
    )
    config = read(text, "yaml")
    there = convert(config, "text")
    other = read(there, "text")

    assert other.message == config.message
    assert other.schedule == config.schedule
    assert "ema" not in there.replace("# no average", "")
    assert 'warmup { type: "" }' in there
    assert "init_checkpoint: null" in there
    assert "# no average" in there


@pytest.mark.parametrize("key", ["5", '"5"', "0x10", "null", "a b", "'a: b'", "yes", "1.5"])
def test_keys_of_yaml_stay_as_they_are_written(key: str) -> None:
    """5 and "5" are two keys: the Garden takes the first one for a level of a pyramid."""
    assert f"model: {{{key}: 1}}" in convert(yaml_model(f"{key}: 1"), "yaml")
    experiment = (
        f"task: {{{key}: 1}}\ntrainer:\n  optimizer_config:\n"
        "    learning_rate: {type: constant, constant: {learning_rate: 0.1}}\n"
    )
    assert f"task: {{{key}: 1}}" in convert(read(experiment, "yaml"), "yaml")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("a: UPPER", "a: UPPER"),
        ("a: lower", 'a: "lower"'),
        ("a: 'it''s'", 'a: "it\\\'s"'),
        ("a: some/path#1", 'a: "some/path#1"'),
        ("a: TRUE", "a: true"),
        ("a: 0o17", "a: 15"),
        ("a: .5", "a: .5"),
        ("a: +5", "a: 5"),
        ("a: 010", "a: 10"),
        ("a: -.inf", "a: -inf"),
        ("a: 123456789012345678901", "a: 123456789012345678901"),
        ("a: [{b: 1}, {}]", "a { b: 1 } a {}"),
        ("a: [{b: 1}]", "a: [{ b: 1 }]"),
        ("a: [{}]", "a: [{}]"),
        ("a: []", "a: []"),
    ],
)
def test_yaml_where_no_schema_says_what_it_is(written: str, wanted: str) -> None:
    config = yaml_model(written)
    text = convert(config, "text")
    assert text.endswith(f"\nmodel {{ {wanted} }}\n")
    assert read(text, "text").message == config.message


def test_a_word_that_yaml_has_no_name_for() -> None:
    rate = "train_config { optimizer { adam_optimizer { learning_rate { constant_learning_rate {} }"
    config = read(f"{rate} }} }} }} model {{ a: NULL b: [{{ c: 1 }}] }}", "text")
    written = convert(config, "yaml")
    assert 'model:\n  a: "NULL"\n  b:\n    - {c: 1}\n' in written
    back = convert(read(written, "yaml"), "text")
    assert "  b: [{ c: 1 }]\n" in back
    assert convert(read(back, "text"), "yaml") == written


def test_bytes_that_are_no_characters() -> None:
    text = (
        'model { a: "\\377" } train_config { optimizer { adam_optimizer { learning_rate {'
        " constant_learning_rate {} } } } }"
    )
    config = read(text, "text", "b")
    assert '"\\377"' in convert(config, "text")
    with pytest.raises(ConvertError, match=r"b\.config:1:12: these bytes are not UTF-8"):
        convert(config, "yaml")


@pytest.mark.parametrize(
    ("writer", "said"), [(str.upper, "say the same: "), (lambda text: f"{text}1", "say the same. ")]
)
def test_a_text_that_says_something_else_is_refused(
    writer: Callable[[str], str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty(convert_module._TextWriter):
        def scalar(self, scalar: Scalar, declared: FieldSchema | None) -> str:
            return writer(super().scalar(scalar, declared))

    monkeypatch.setattr(convert_module, "_TextWriter", Faulty)
    text = OPTIMIZER.replace("{}}}}}", "{learning_rate: 0.1}}}}, from_detection_checkpoint: true}")
    with pytest.raises(ConvertError, match=said):
        convert(read(text, "yaml"), "text")


LONG = ", ".join(map(str, range(1000, 1030)))


@pytest.mark.parametrize("listed", [LONG, "1, # one\n    2"])
def test_lists_that_take_lines(listed: str) -> None:
    config = read(f"{OPTIMIZER}model:\n  sizes: [{listed}]\n", "yaml")
    for file_format in ("text", "yaml"):
        written = convert(config, file_format)
        assert max(map(len, written.splitlines())) < 101
        assert comments(written) == comments(listed)
        again = read(written, file_format)
        assert convert(again, file_format) == written
        assert core(convert(again, "yaml"))["model"] == core(f"sizes: [{listed}]")


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "schedule_builder", "convert", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_command(tmp_path: Path) -> None:
    source, target = tmp_path / "pipeline.config", tmp_path / "pipeline.yml"
    source.write_text(TEXT)
    shown = run(source)
    assert (shown.returncode, shown.stdout) == (0, AS_YAML)
    assert run(source, "--output", target).returncode == 0
    assert target.read_text() == AS_YAML
    assert run(target).stdout == BACK
    assert run(target, "--to", "yaml").stdout == AS_YAML
    assert run(target, "--output", source).returncode == 0
    assert source.read_text() == BACK


FIRST_STEP_ZERO = """manual_step_learning_rate:
  initial_learning_rate: 0.1
  schedule: [{step: 0, learning_rate: 0.1}, {step: 90, learning_rate: 0.01}]
"""


def test_the_command_refuses(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for text, arguments, code, message in (
        ("constant_learning_rate: {learning_rate: -1}", (), 1, "a.yaml:1:41: error[SB204]"),
        (
            f"{OPTIMIZER}model: {{5: 1}}",
            (),
            1,
            "a.yaml:3:9: text format cannot hold a field named `5`",
        ),
        (FIRST_STEP_ZERO, (), 1, f"`schedule-builder validate --fix {path}` fixes these errors"),
        (OPTIMIZER, ("--output", tmp_path / "no" / "b.config"), 2, "cannot write"),
        (OPTIMIZER, ("--to", "json"), 2, "invalid value `json`: expected one of text, yaml"),
    ):
        path.write_text(text)
        result = run(path, *arguments)
        assert (result.returncode, result.stdout) == (code, "")
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    assert run(tmp_path / "missing").returncode == 2


ONE_LINE = """\
train_config { num_steps: 100 optimizer { momentum_optimizer { learning_rate {
  cosine_decay_learning_rate { %s learning_rate_base: 0.1000000000000000 total_steps: 100\
 warmup_steps: 10 }%s
} } } }
"""
IGNORE = "  # schedule-builder: ignore[SB409]"


def test_comments_suppress_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "a.config", tmp_path / "a.yaml"
    old.write_text(ONE_LINE % (f"{IGNORE}\n", ""))
    assert main(["convert", str(old), "-o", str(new)]) == 0
    assert main(["validate", "--isolated", str(old), str(new)]) == 0
    assert "2 files: no findings." in capsys.readouterr().out


def test_a_comment_that_would_suppress_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is for a line with several fields, which YAML has on several lines."""
    old, new = tmp_path / "a.config", tmp_path / "a.yaml"
    old.write_text(ONE_LINE % ("", IGNORE))
    assert main(["validate", "--isolated", str(old)]) == 0
    assert "1 file: no findings." in capsys.readouterr().out
    assert main(["convert", str(old), "-o", str(new)]) == 1
    said = (
        f"schedule-builder: {old}: not converted: the comment `ignore[SB409]` on line 2 would no"
        " longer stand where its finding is. Write `cosine_decay_learning_rate` on a line of its"
        " own, with the comment on the line above\n"
    )
    assert capsys.readouterr().err == said
    assert not new.exists()
    # What the message says to do is enough.
    above = f"{IGNORE.strip()}\n  cosine_decay_learning_rate {{"
    old.write_text((ONE_LINE % ("", "")).replace("cosine_decay_learning_rate {", above))
    assert main(["convert", str(old), "-o", str(new)]) == 0
    assert main(["validate", "--isolated", str(old), str(new)]) == 0


def test_a_comment_that_would_not_suppress_what_has_no_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "a.config", tmp_path / "a.yaml"
    optimizer = (
        "momentum_optimizer { learning_rate { constant_learning_rate { learning_rate: 1 } } }"
    )
    text = f"batch_size: 1 optimizer {{ {optimizer} }}  # schedule-builder: IGNORE[SB405]\n"
    old.write_text(text.replace("IGNORE", "ignore"))
    assert main(["convert", str(old), "-o", str(new)]) == 1
    assert capsys.readouterr().err.endswith(
        "on line 1 would no longer stand where its finding is. Replace it with"
        " `ignore-file[SB405]`\n"
    )
    old.write_text(text.replace("IGNORE", "ignore-file"))
    assert main(["convert", str(old), "-o", str(new)]) == 0


def test_the_comment_that_is_named_is_that_of_the_finding() -> None:
    decay = "polynomial_decay_learning_rate { initial_learning_rate: 1.0 decay_steps: 9 }"
    comment = "  # schedule-builder: ignore[SB408]\n"
    text = (
        f"sequential_learning_rate {{\n  stage {{\n    steps: 9{comment}"
        f"    learning_rate {{ {decay} }}\n  }}\n"
        f"  stage {{ steps: 9 learning_rate {{ {decay} }} }}{comment}"
        "  stage { learning_rate { constant_learning_rate { learning_rate: 1 } } }\n}\n"
    )
    with pytest.raises(ConvertError, match=r"ignore\[SB408\]` on line 6 .*Write `steps` on a line"):
        convert(read(text, "text"), "yaml")


@pytest.mark.parametrize("verb", ["ignore", "ignore-file"])
def test_a_comment_for_what_the_other_format_does_not_have(verb: str) -> None:
    """Text format reads numbers in one way alone."""
    text = EXPERIMENT % "0.5"
    commented = text.replace("1_000", f"1_000  # schedule-builder: {verb}[yaml-1-1-value]")
    with pytest.raises(ConvertError) as refused:
        convert(read(commented, "yaml"), "text")
    assert str(refused.value) == (
        "a.yaml: not converted: the comment for `yaml-1-1-value` on line 2 would be unused in the"
        " converted file. Remove it first"
    )
    # What the message says to do is enough.
    assert convert(read(text, "yaml"), "text") == TEXT_EXPERIMENT % "0.5"


RATE = "sgd_optimizer { learning_rate { constant_learning_rate { learning_rate: 1 } } }"
RUN = f"train_config {{\n  num_steps: 5\n  optimizer {{ {RATE} }}\n"
YAML_RATE = "sgd_optimizer: {learning_rate: {constant_learning_rate: {learning_rate: 1}}}"
YAML_RUN = f"train_config:\n  num_steps: 5\n  optimizer: {{{YAML_RATE}}}\n"
EXPERIMENT = (
    "trainer:\n  train_steps: 1_000\n  optimizer_config:\n    optimizer: {type: sgd}\n"
    "    learning_rate: {type: constant, constant: {learning_rate: %s}}\n"
)
TEXT_EXPERIMENT = (
    'trainer {\n  train_steps: 1000\n  optimizer_config {\n    optimizer { type: "sgd" }\n'
    '    learning_rate { type: "constant" constant { learning_rate: %s } }\n  }\n}\n'
)
WORDS = "yes y n no on off null true false Yes"
EXACTLY = {
    "keys that YAML 1.1 reads as other values": (
        f"{RUN}}}\nmodel {{ {' '.join(f'{word}: 1' for word in WORDS.split())} x: 0 }}\n",
        f"{YAML_RUN}model:\n" + "".join(f'  "{word}": 1\n' for word in WORDS.split()) + "  x: 0\n",
    ),
    "texts": (
        f"{RUN}}}\nmodel {{\n  a: 'x, y' b: '[x' c: 'é' d: 'true'\n"
        "  e: 'null' f: '' g: X h: '5'\n}\n",
        f'{YAML_RUN}model:\n  a: "x, y"\n  b: "[x"\n  c: "é"\n  d: "true"\n  e: "null"\n  f: ""\n'
        '  g: X\n  h: "5"\n',
    ),
    "a list with a comment": (
        f'{RUN}  freeze_variables: ["a", # one\n "b"]\n  freeze_variables: "c"\n}}\n',
        f'{YAML_RUN}  freeze_variables:\n    - "a"  # one\n    - "b"\n    - "c"\n',
    ),
    "a list before a comment": (
        f'{RUN}  freeze_variables: ["a", "b"]# one\n  # two\n}}\n',
        f'{YAML_RUN}  freeze_variables: ["a", "b"]  # one\n  # two\n',
    ),
    "angle brackets": (
        f"{RUN}}}\n".replace("{ ", "< ").replace("} ", "> ").replace(" }\n", " >\n"),
        YAML_RUN,
    ),
    "blank lines in text": (
        "train_config {\n\n  # c\n\n  num_steps: 5\n\n\n  batch_size: 4\n"
        f"  optimizer {{\n\n    {RATE} }} }}\n",
        "train_config:\n  # c\n\n  num_steps: 5\n\n  batch_size: 4\n"
        f"  optimizer:\n    {YAML_RATE}\n",
    ),
    "numbers that YAML 1.1 reads as texts": (
        TEXT_EXPERIMENT % "0.1e1",
        (EXPERIMENT % "1.0")
        .replace("1_000", "1000")
        .replace("sgd", '"sgd"')
        .replace("type: constant", 'type: "constant"'),
    ),
    "the last comment": (f"{RUN}}}\n#", f"{YAML_RUN}#\n"),
}
AS_TEXT = {
    "words": (
        'train_config:\n  fine_tune_checkpoint: ABC\n  fine_tune_checkpoint_version: "V1"\n'
        f"  num_steps: 5\n  optimizer: {{{YAML_RATE}}}\n"
        "model: {e: ABC, f: abc, g: 'ABC', h: , i: ~, j: True, k: null}\n",
        'train_config {\n  fine_tune_checkpoint: "ABC"\n  fine_tune_checkpoint_version: V1\n'
        f"  num_steps: 5\n  optimizer {{ {RATE} }}\n}}\n"
        'model { e: ABC f: "abc" g: "ABC" h: null i: null j: true k: null }\n',
    ),
    "blank lines in YAML": (
        f"train_config:\n\n  num_steps: 5\n\n  optimizer: {{{YAML_RATE}}}\n"
        "model:\n\n  a:\n\n  -\n\n    b: 1\n\n  - 2\n",
        f"train_config {{\n  num_steps: 5\n\n  optimizer {{ {RATE} }}\n}}\n"
        "model {\n  a {\n    b: 1\n  }\n\n  a: 2\n}\n",
    ),
    "numbers of YAML 1.1": (EXPERIMENT % "0.5", TEXT_EXPERIMENT % "0.5"),
    "numbers that text format reads as others": (
        (EXPERIMENT % "0x1").replace("1_000", "1e3"),
        TEXT_EXPERIMENT % "1.0",
    ),
}
SAME = {
    "extensions": ("text", f"{RUN}}}\nmodel {{ [a.b] {{ c: 1 }} [a.c]: 5 }}\n"),
    "plain values": (
        "yaml",
        f'{YAML_RUN}model: {{e: ABC, f: abc, g: "ABC", h: null, i: ~, j: True}}\n',
    ),
    "blank lines": (
        "yaml",
        f"train_config:\n  num_steps: 5\n\n  optimizer: {{{YAML_RATE}}}\n"
        "model:\n  a:\n    - b: 1\n\n    - 2\n",
    ),
}


@pytest.mark.parametrize("name", EXACTLY)
def test_text_as_yaml(name: str) -> None:
    text, wanted = EXACTLY[name]
    assert convert(read(text, "text"), "yaml") == wanted


@pytest.mark.parametrize("name", AS_TEXT)
def test_yaml_as_text(name: str) -> None:
    text, wanted = AS_TEXT[name]
    assert convert(read(text, "yaml"), "text") == wanted


@pytest.mark.parametrize("name", SAME)
def test_what_stays(name: str) -> None:
    file_format, text = SAME[name]
    assert convert(read(text, file_format), file_format) == text


def test_plain_texts_are_quoted_where_lists_would_end_them() -> None:
    texts = ["x, y", "x[1]", "x{1}", "http://x", "x#1", "x\n\n      y"]
    lines = "".join(f"    - {text}\n" for text in texts)
    written = convert(read(f"{YAML_RUN}model:\n  a:\n{lines}", "yaml"), "yaml")
    assert written.endswith('a: ["x, y", "x[1]", "x{1}", "http://x", "x#1", "x\\ny"]\n')


def test_blank_lines_after_dashes() -> None:
    text = f"{YAML_RUN}model:\n  a:\n    - -\n\n        b: 1\n\n    - 2\n"
    assert convert(read(text, "yaml"), "yaml") == text.replace("- -\n\n        b", "- - b")


def test_nothing_for_a_null() -> None:
    written = f"{YAML_RUN}model: {{h: , i: ~}}\n"
    assert convert(read(written, "yaml"), "yaml") == written.replace("h: ,", "h: null,")


def test_lines_are_as_long_as_they_may_be() -> None:
    for file_format in ("text", "yaml"):
        found = set()
        for length in range(72, 86):
            written = convert(
                read(f"{RUN}}}\nmodel {{ a {{ b: '{'x' * length}' }} }}\n", "text"), file_format
            )
            found.add(max(map(len, (line for line in written.splitlines() if line[-1] == "}"))))
        assert max(found) == 100


def test_other_values_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert_module, "same_message", lambda *configs: Words("it is another"))
    with pytest.raises(ConvertError, match=r"^a\.config: it is another\. Keep this file as it is$"):
        convert(read(f"{RUN}}}\n", "text"), "yaml")


def test_a_kind_of_another_package_keeps_its_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    message = pb.LearningRate.DESCRIPTOR.fields_by_name["warmup"].message_type
    kinds = {"acme.Kind": SimpleNamespace(DESCRIPTOR=message)}
    monkeypatch.setattr(convert_module, "custom_kinds", lambda: kinds)
    text = (
        "custom {\n  # a\n  [x.com/acme.Kind] {  # t\n    # b\n    warmup_steps: 5\n  }\n}\n"
        "min_learning_rate: 0.1\n"
    )
    written = (
        'custom:\n  # a\n  "@type": "x.com/acme.Kind"  # t\n  # b\n  warmup_steps: 5\n'
        "min_learning_rate: 0.1\n"
    )
    configs = {
        "text": examine(Source("a.config", text)),
        "yaml": examine(Source("a.yaml", written)),
    }
    for config in configs.values():
        assert convert(config, "text") == text
        assert convert(config, "yaml") == written
    moved = 'custom: {warmup_steps: 5, "@type": x.com/acme.Kind}\n'
    other = examine(Source("a.yaml", moved))
    assert convert(other, "yaml") == 'custom: {"@type": "x.com/acme.Kind", warmup_steps: 5}\n'
    assert convert(other, "text") == "custom { [x.com/acme.Kind] { warmup_steps: 5 } }\n"


def test_a_kind_of_another_package_is_written_as_its_schema_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = pb.LearningRate.DESCRIPTOR.fields_by_name["multi_step_learning_rate"].message_type
    kinds = {"acme.Kind": SimpleNamespace(DESCRIPTOR=kind)}
    monkeypatch.setattr(convert_module, "custom_kinds", lambda: kinds)
    text = "custom { [x.com/acme.Kind] { milestones: 5 } }\n"
    written = 'custom: {"@type": "x.com/acme.Kind", milestones: [5]}\n'
    assert convert(examine(Source("a.config", text)), "yaml") == written
    assert convert(examine(Source("a.yaml", written)), "yaml") == written


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.yaml", "trainer:\n  optimizer_config:\n    optimizer:\n", "optimizer_config {}\n"),
        (
            "a.yaml",
            "trainer:\n  optimizer_config:\n    optimizer: # c\n",
            "optimizer_config {\n    # c\n  }\n",
        ),
        ("a.config", "model { a { } }", "model { a {} }\n"),
        ("a.config", "model { # c\n}", "model {  # c\n}\n"),
        ("a.config", "model {\n\n# c\n} # d\n", "model {\n  # c\n}  # d\n"),
        ("a.config", "model {\n} # d\n", "model {}  # d\n"),
        ("a.config", "model { a: [{ # c\n}] }", "a: [{  # c\n  }]\n"),
    ],
)
def test_blocks_in_which_nothing_is_written(name: str, text: str, wanted: str) -> None:
    once = convert(examine(Source(name, text)), "text")
    assert wanted in once
    assert convert(examine(Source("a.config", once)), "text") == once
