"""What people paste and leave out: one finding, at the line to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedule_builder import validate_text

RECIPES = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.config"))
NESTED = """\
train_config {
  optimizer {
    adam_optimizer {
      learning_rate { constant_learning_rate {} }
    }
  }
  num_steps: 5
}
"""

# The text, the suffix of its file, where the one error stands, and words that it has.
PASTED: dict[str, tuple[str, str, tuple[int, int, str], str]] = {
    "a page": (
        "\n<!DOCTYPE html>\n<html><body>\n{",
        ".config",
        (1, 1, "SB101"),
        "download the raw file",
    ),
    "a page in yaml": (
        "<html lang='en'>\n a: b: c\n",
        ".yaml",
        (1, 1, "SB101"),
        "download the raw file",
    ),
    "a schema": (
        '// Rates.\nsyntax = "proto2";\nmessage Rate {\n  optional float a = 1;\n}\n',
        ".config",
        (2, 1, "SB101"),
        "this is a schema",
    ),
    "a message of a schema": (
        "message Rate {\n  optional float a = 1;\n}\n",
        ".config",
        (1, 1, "SB101"),
        "this is a schema",
    ),
    "yaml": (
        "# Mine.\ntrain_config:\n  num_steps: 5\n",
        ".config",
        (2, 1, "SB102"),
        "this is YAML",
    ),
    "a yaml document": ("---\na: {b: 1}\n", ".pbtxt", (1, 1, "SB102"), "the suffix .yaml"),
    "a yaml list": ("a:\n\n# b\n- b: 1\n", ".config", (1, 1, "SB102"), "this is YAML"),
    "json": ('{\n  "train_config": {}\n}\n', ".config", (1, 1, "SB102"), "the suffix .json"),
    "text format": ("# Mine.\n" + NESTED, ".yaml", (2, 1, "SB102"), "the suffix .config"),
    "a conflict": (
        NESTED.replace("  num", "<<<<<<< HEAD\n  num_steps: 4\n=======\n  num") + ">>>>>>> b\n",
        ".config",
        (7, 1, "SB102"),
        "resolve the conflict",
    ),
    "a decimal comma": (
        "constant_learning_rate {\n  learning_rate: 0,04\n}\n",
        ".config",
        (2, 18, "SB102"),
        "write 0.04",
    ),
    "a decimal comma in yaml": (
        "constant_learning_rate:\n  learning_rate: 0,04\n",
        ".yaml",
        (2, 18, "SB203"),
        "write 0.04",
    ),
    "a hexadecimal rate": ("min_learning_rate: 0x1F", ".config", (1, 20, "SB203"), "write 31"),
    "a template": ("train_config: {num_steps: {{ n }}}", ".yaml", (1, 27, "SB105"), "`{{ n }}`"),
    "a longer version's end": (
        NESTED + "teps: 5\n  }\n}\nmodel {}\n",
        ".config",
        (10, 3, "SB102"),
        "ended at line 8",
    ),
    "a longer version's fields": (
        NESTED + "  num_steps: 6\n}\n",
        ".config",
        (9, 3, "SB102"),
        "ended at line 8",
    ),
    "a brace missing before a field": (
        NESTED.replace("  }\n  num", "  num"),
        ".config",
        (2, 13, "SB103"),
        "`optimizer`, opened at line 2, is never closed: line 6 is outside",
    ),
    "a brace missing before a brace": (
        NESTED.replace("    }\n", "", 1),
        ".config",
        (3, 20, "SB103"),
        "`adam_optimizer`",
    ),
    "a brace missing before a block": (
        "train_config {\n  num_steps: 3\nmodel {\n}\n",
        ".config",
        (1, 14, "SB103"),
        "line 3 is outside",
    ),
    "a brace twice": (
        NESTED.replace("  }\n  num", "  }\n  }\n  num"),
        ".config",
        (7, 3, "SB102"),
        "closes the block of line 2 a second time",
    ),
}


@pytest.mark.parametrize(("text", "suffix", "place", "words"), PASTED.values(), ids=PASTED)
def test_it_is_said_once_what_it_is(
    text: str, suffix: str, place: tuple[int, int, str], words: str
) -> None:
    (error,) = (d for d in validate_text(text, "x" + suffix) if d.severity == "error")
    assert (error.row, error.column, error.code) == place
    assert words in error.message


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_brace_too_few_or_too_many_is_found(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    opened = []
    for row, line in enumerate(lines, 1):
        if line.rstrip().endswith("{"):
            opened.append(row)
        if line.strip() != "}":
            continue
        without = "".join(lines[: row - 1] + lines[row:])
        (missing,) = (d for d in validate_text(without, "x.config") if d.severity == "error")
        assert (missing.row, missing.code) == (opened.pop(), "SB103")
        twice = "".join(lines[:row] + lines[row - 1 :])
        (surplus,) = (d for d in validate_text(twice, "x.config") if d.severity == "error")
        assert (surplus.row, surplus.code) == (row + 1, "SB102")


def test_without_indentation_the_outer_blocks_are_open() -> None:
    lines = [line.lstrip() for line in NESTED.splitlines(keepends=True)]
    errors = validate_text("".join(lines[:4]), "x.config")
    assert [(d.row, d.code) for d in errors] == [(row, "SB103") for row in (1, 2, 3)]
