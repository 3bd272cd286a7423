"""Findings: for every way to be wrong the place, the code and words that help; no traceback."""

from __future__ import annotations

import codecs
import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedule_builder import validate_text
from schedule_builder.compiler import examine_bytes
from schedule_builder.diagnostics import Diagnostic

Places = list[tuple[int, int, str]]

RECIPES = sorted((Path(__file__).parent.parent.parent / "configs").rglob("*.*"))
SUFFIXES = [".config", ".yaml", ""]


def found(text: str, suffix: str = ".config") -> Places:
    return [(d.row, d.column, d.code) for d in validate_text(text, "x" + suffix)]


def constant(value: str) -> str:
    return f"constant_learning_rate {{\n  learning_rate: {value}\n}}\n"


def manual(step: str) -> str:
    return f"manual_step_learning_rate {{\n  schedule {{ step: {step} learning_rate: 0.1 }}\n}}\n"


def pipeline(optimizer: str) -> str:
    return f"train_config {{\n  num_steps: 100\n  optimizer {{\n{optimizer}\n  }}\n}}\n"


def trained(learning_rate: str, num_steps: int = 100, batch_size: str = "") -> str:
    return (
        f"train_config {{\n  num_steps: {num_steps}\n{batch_size}\n  optimizer {{\n"
        f"    adam_optimizer {{\n      learning_rate {{\n{learning_rate}\n      }}\n"
        "    }\n  }\n}\n"
    )


# --- one table of everything that can be wrong ------------------------------------------------

# The name, the text, the suffix of its file, where findings stand, and words that one of them has.
BAD: list[tuple[str, str, str, Places, str]] = [
    ("empty", "", ".config", [(1, 1, "SB106")], "has no fields"),
    ("empty yaml", "", ".yaml", [(1, 1, "SB106")], "has no fields"),
    ("empty json", "{}\n", ".json", [(1, 1, "SB106")], "has no fields"),
    ("empty without a suffix", "\n\n", "", [(1, 1, "SB106")], "has no fields"),
    ("only comments", "# one\n\n# two\n", ".config", [(1, 1, "SB106")], "has no fields"),
    ("only comments in yaml", "# one\n\n# two\n", ".yaml", [(1, 1, "SB106")], "has no fields"),
    # Syntax.
    (
        "an unterminated string",
        'train_config {\n  fine_tune_checkpoint: "abc\n  num_steps: 3\n}\n',
        ".config",
        [(2, 25, "SB102")],
        'close it with "',
    ),
    (
        "an unterminated string that swallows a brace",
        "train_config { fine_tune_checkpoint: 'abc }\n",
        ".config",
        [(1, 14, "SB103"), (1, 38, "SB102")],
        "unterminated string",
    ),
    (
        "an unterminated block",
        "constant_learning_rate {\n  learning_rate: 1\n",
        ".config",
        [(1, 24, "SB103")],
        "`}`",
    ),
    (
        "two unterminated blocks",
        "train_config {\n  optimizer <\n    use_moving_average: false\n",
        ".config",
        [(1, 14, "SB103"), (2, 13, "SB103")],
        "`>`",
    ),
    (
        "a brace too many",
        "constant_learning_rate {}\n}\n",
        ".config",
        [(2, 1, "SB102")],
        "no block",
    ),
    (
        "the wrong closing brace",
        "train_config {\n  num_steps: 3\n>\n",
        ".config",
        [(3, 1, "SB102")],
        "line 1 closes with `}`. Write that, or remove this",
    ),
    (
        "no colon",
        "train_config {\n  num_steps 3\n  batch_size: 4\n}\n",
        ".config",
        [(2, 13, "SB102")],
        "`:` and a value",
    ),
    (
        "no value",
        "train_config {\n  num_steps:\n}\n",
        ".config",
        [(3, 1, "SB102")],
        "expected a value after `num_steps:`",
    ),
    ("no value at the end", "min_learning_rate:", ".config", [(1, 19, "SB102")], "the file ends"),
    (
        "an equals sign",
        "train_config {\n  num_steps = 3\n}\n",
        ".config",
        [(2, 13, "SB102")],
        "`=`",
    ),
    (
        "a comment of another language",
        "// a comment\ntrain_config { num_steps: 3 }\n",
        ".config",
        [(1, 1, "SB102")],
        "starts with `#`",
    ),
    (
        "a list that does not end",
        "table_learning_rate {\n  learning_rates: [1, 2\n}\n",
        ".config",
        [(3, 1, "SB102")],
        "the list that starts at line 2 is not closed. Add `]` before this",
    ),
    (
        "a list that does not end, after a comma",
        "table_learning_rate {\n  learning_rates: [1, 2,\n}\n",
        ".config",
        [(3, 1, "SB102")],
        "the list that starts at line 2 is not closed. Replace the comma before this with `]`",
    ),
    (
        "a type without its domain",
        "custom { [//a] { } }\n",
        ".config",
        [(1, 1, "SB208"), (1, 11, "SB102")],
        "found `//`: a name in brackets is",
    ),
    (
        "half of a character",
        'train_config { fine_tune_checkpoint: "\\ud83d" }\n',
        ".config",
        [(1, 38, "SB102")],
        "`\\ud83d` is only half of a character",
    ),
    (
        "no checkpoint",
        "train_config: {fine_tune_checkpoint: null}\n",
        ".yaml",
        [(1, 38, "SB203")],
        "`fine_tune_checkpoint` has no value: give it a string, or remove it",
    ),
    (
        "a comma at the end of a list",
        "table_learning_rate { learning_rates: [1, 2,] }\n",
        ".config",
        [(1, 45, "SB102")],
        "after the comma",
    ),
    (
        "no comma in a list",
        "table_learning_rate { learning_rates: [1 2] }\n",
        ".config",
        [(1, 42, "SB102")],
        "`,` or `]`",
    ),
    ("a number that is none", constant("1.2.3"), ".config", [(2, 18, "SB102")], "not a number"),
    ("a number and a unit", constant("10abc"), ".config", [(2, 18, "SB102")], "not a number"),
    (
        "no opening brace",
        "train_config {\n  optimizer\n    adam_optimizer {\n      learning_rate {\n"
        "        constant_learning_rate { }\n      }\n    }\n  }\n  num_steps: 3\n}\n",
        ".config",
        [(2, 3, "SB102")],
        "missing `{` after `optimizer`",
    ),
    (
        "no value on a line of its own",
        "train_config {\n  batch_size\n      num_steps: 1000\n}\n",
        ".config",
        [(3, 7, "SB102")],
        "`:` and a value",
    ),
    (
        "a half",
        "train_config:\n  batch_size: 1,5\n",
        ".yaml",
        [(2, 15, "SB203")],
        "write 2",
    ),
    (
        "a placeholder for an enum",
        "constant_learning_rate: {}\nwarmup: {warmup_steps: 5, shape: $SHAPE}\n",
        ".yaml",
        [(2, 34, "SB105")],
        "`$SHAPE`",
    ),
    (
        "thousands",
        "train_config {\n  num_steps: 200,000\n}\n",
        ".config",
        [(2, 14, "SB102")],
        "a number cannot contain a comma: write 200000",
    ),
    ("millions", manual("1,200,000"), ".config", [(2, 20, "SB102")], "write 1200000"),
    (
        "thousands in yaml",
        "manual_step_learning_rate:\n  schedule:\n    - step: 200,000\n",
        ".yaml",
        [(3, 13, "SB203")],
        "write 200000",
    ),
    (
        "an invisible blank",
        "min_learning_rate:\xa00.1\n",
        ".config",
        [(1, 19, "SB102")],
        "no-break space",
    ),
    (
        "curly quotes in yaml",
        "constant_learning_rate: {learning_rate: \u201c0.1\u201d}\n",
        ".yaml",
        [(1, 41, "SB203")],
        "curly quotes",
    ),
    (
        "a text in curly quotes in yaml",
        "train_config: {fine_tune_checkpoint: \u201cfoo\u201d, num_steps: 3}\n",
        ".yaml",
        [(1, 38, "SB203")],
        "straight quotes",
    ),
    (
        "a count that is out of all ranges",
        "tanh_decay_learning_rate { learning_rate_base: 1 total_steps: 9223372036854775808 }\n",
        ".config",
        [(1, 63, "SB204")],
        "from 1 to 9223372036854775807",
    ),
    ("a placeholder of make", manual("$(STEP)"), ".config", [(2, 20, "SB105")], "`$(STEP)`"),
    ("a placeholder in quotes", manual('"$step"'), ".config", [(2, 20, "SB105")], "`$step`"),
    (
        "a placeholder for a block",
        "train_config:\n  optimizer: ${optimizer}\n",
        ".yaml",
        [(2, 14, "SB105")],
        "`${optimizer}`",
    ),
    (
        "a placeholder for a type",
        "trainer: {train_steps: 5, optimizer_config: {learning_rate: {type: $lr}}}\n",
        ".yaml",
        [(1, 68, "SB105")],
        "`$lr`",
    ),
    (
        "an optimizer in capitals",
        "trainer: {train_steps: 5, optimizer_config: {optimizer: {type: SGD, sgd: {}}}}\n",
        ".yaml",
        [(1, 64, "SB208")],
        "did you mean `sgd`",
    ),
    (
        "a slip in a block of many fields",
        "trainer: {train_step: 5, summary_interval: 3}\n",
        ".yaml",
        [(1, 11, "SB201")],
        "did you mean `train_steps`",
    ),
    (
        "a saved page",
        "<?xml version='1.0'?>\n<!-- saved from x -->\n<!DOCTYPE html>\n<html></html>\n",
        ".config",
        [(1, 1, "SB101")],
        "an HTML page",
    ),
    (
        "a pointer of Git LFS",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
        ".config",
        [(1, 1, "SB101")],
        "git lfs pull",
    ),
    ("digits with a gap", constant("1__000"), ".config", [(2, 18, "SB102")], "write 1000"),
    ("an octal number with an 8", manual("08"), ".config", [(2, 20, "SB102")], "not a number"),
    ("a percentage", constant("10%"), ".config", [(2, 20, "SB102")], "`%`"),
    (
        "a bad escape",
        'train_config { fine_tune_checkpoint: "C:\\Users" }\n',
        ".config",
        [(1, 38, "SB102")],
        "`\\\\` for a backslash",
    ),
    (
        "curly quotes",
        "train_config {\n  fine_tune_checkpoint: \u201cabc\u201d\n  num_steps: 3\n}\n",
        ".config",
        [(2, 25, "SB102")],
        "straight quote",
    ),
    (
        "curly quotes around a brace",
        "train_config { fine_tune_checkpoint: \u2018a}b\u2019 }\n",
        ".config",
        [(1, 38, "SB102")],
        "straight quote",
    ),
    (
        "a placeholder",
        "train_config {\n  num_steps: $training_steps\n}\n",
        ".config",
        [(2, 14, "SB105")],
        "`$training_steps`",
    ),
    (
        "a placeholder in braces",
        "train_config {\n  num_steps: ${training_steps}\n}\n",
        ".config",
        [(2, 14, "SB105")],
        "`${training_steps}`",
    ),
    (
        "a template's placeholder",
        "train_config {\n  num_steps: {{ training_steps }}\n  batch_size: 3\n}\n",
        ".config",
        [(2, 14, "SB105")],
        "placeholder",
    ),
    # Names.
    (
        "an unknown optimizer",
        "train_config {\n  optimizer {\n    adm_optimizer {\n    }\n  }\n}\n",
        ".config",
        [(3, 5, "SB201")],
        "did you mean `adam_optimizer`?",
    ),
    (
        "an unknown field",
        "constant_learning_rate {\n  learning_rat: 1\n}\n",
        ".config",
        [(2, 3, "SB201")],
        "did you mean `learning_rate`?",
    ),
    (
        "an unknown field in yaml",
        "constant_learning_rate:\n  learning_rat: 1\n",
        ".yaml",
        [(2, 3, "SB201")],
        "did you mean `learning_rate`?",
    ),
    (
        "a name in camel case",
        '{"constantLearningRate": {"learningRate": 1}}',
        ".json",
        [(1, 2, "SB201")],
        "did you mean `constant_learning_rate`?",
    ),
    (
        "a field of another message",
        "train_config { total_steps: 3 }\n",
        ".config",
        [(1, 16, "SB201")],
        "it belongs to",
    ),
    (
        "an unknown enum value",
        "constant_learning_rate {}\nwarmup { warmup_steps: 3 shape: LINAER }\n",
        ".config",
        [(2, 33, "SB203")],
        "did you mean `LINEAR`?",
    ),
    (
        "an unknown enum number",
        "constant_learning_rate {}\nwarmup { warmup_steps: 3 shape: 9 }\n",
        ".config",
        [(2, 33, "SB203")],
        "one of LINEAR, CONSTANT",
    ),
    # Things given more than once.
    (
        "two learning rates",
        "constant_learning_rate {}\ncosine_decay_learning_rate {}\n",
        ".config",
        [(2, 1, "SB206")],
        "(line 1) cannot be combined",
    ),
    (
        "two optimizers",
        pipeline(
            "    adam_optimizer { learning_rate { constant_learning_rate {} } }\n"
            "    momentum_optimizer {}"
        ),
        ".config",
        [(5, 5, "SB206")],
        "`adam_optimizer` (line 4)",
    ),
    (
        "a scalar given twice",
        "train_config {\n  num_steps: 1\n  batch_size: 2\n  num_steps: 1\n}\n",
        ".config",
        [(4, 3, "SB202")],
        "first at line 2",
    ),
    (
        "a scalar given three times",
        "train_config { num_steps: 1 num_steps: 1 num_steps: 1 }\n",
        ".config",
        [(1, 29, "SB202"), (1, 42, "SB202")],
        "given twice",
    ),
    (
        "a message given twice",
        "train_config { num_steps: 1 }\ntrain_config { batch_size: 2 }\n",
        ".config",
        [(2, 1, "SB202")],
        "first at line 1",
    ),
    (
        "an opaque message given twice",
        "model {}\nmodel {}\n",
        ".config",
        [(2, 1, "SB202")],
        "first at line 1",
    ),
    (
        "a member of a oneof given twice",
        "constant_learning_rate {}\nconstant_learning_rate {}\n",
        ".config",
        [(2, 1, "SB202")],
        "given twice",
    ),
    (
        "a key given twice",
        "constant_learning_rate:\n  learning_rate: 1\n  learning_rate: 1\n",
        ".yaml",
        [(3, 3, "SB202")],
        "first at line 2",
    ),
    # Types.
    (
        "a word for a number",
        "exponential_decay_learning_rate {\n  decay_steps: z\n}\n",
        ".config",
        [(2, 16, "SB203")],
        "a whole number, not `z`",
    ),
    (
        "a quoted number",
        constant('"0.1"'),
        ".config",
        [(2, 18, "SB203")],
        "remove the quotes",
    ),
    (
        "a quoted number in yaml",
        "constant_learning_rate:\n  learning_rate: '0.1'\n",
        ".yaml",
        [(2, 18, "SB203")],
        "remove the quotes",
    ),
    (
        "a quoted word for a number",
        constant('"a"'),
        ".config",
        [(2, 18, "SB203")],
        'the string "a"',
    ),
    ("a bool for a number", constant("true"), ".config", [(2, 18, "SB203")], "not `true`"),
    ("a block for a number", constant("{}"), ".config", [(2, 18, "SB203")], "not a block"),
    ("a list for a number", constant("[1]"), ".config", [(2, 18, "SB203")], "not a list"),
    ("a fraction for a count", manual("3.5"), ".config", [(2, 20, "SB203")], "a whole number"),
    ("a float for a count", manual("90e3"), ".config", [(2, 20, "SB203")], "write 90000"),
    (
        "a number for a bool",
        "train_config { sync_replicas: 2 }",
        ".config",
        [(1, 31, "SB203")],
        "true",
    ),
    (
        "a yes for a bool",
        "train_config { sync_replicas: yes }",
        ".config",
        [(1, 31, "SB203")],
        "write true",
    ),
    (
        "a quoted bool",
        'train_config { sync_replicas: "true" }',
        ".config",
        [(1, 31, "SB203")],
        "remove the quotes",
    ),
    (
        "a quoted enum value",
        'constant_learning_rate {}\nwarmup { warmup_steps: 3 shape: "LINEAR" }\n',
        ".config",
        [(2, 33, "SB203")],
        "remove the quotes",
    ),
    (
        "a word for a text",
        "train_config { fine_tune_checkpoint: model }",
        ".config",
        [(1, 38, "SB203")],
        'put it in quotes, "model"',
    ),
    ("a number for a block", "train_config: 3\n", ".config", [(1, 15, "SB203")], "a block"),
    ("a text for a block", 'train_config: "x"\n', ".config", [(1, 15, "SB203")], "a block"),
    (
        "a list for a singular block",
        "train_config: [{}]\n",
        ".config",
        [(1, 15, "SB203")],
        "not a list",
    ),
    (
        "a number for an optimizer",
        "train_config:\n  optimizer: adam\n",
        ".yaml",
        [(2, 14, "SB203")],
        "not `adam`",
    ),
    # Ranges.
    ("a negative step", manual("-1"), ".config", [(2, 20, "SB204")], "from 0 to 4294967295"),
    ("a step above uint32", manual("4294967296"), ".config", [(2, 20, "SB204")], "4294967295"),
    ("nan", constant("nan"), ".config", [(2, 18, "SB204")], "finite"),
    ("-nan", constant("-nan"), ".config", [(2, 18, "SB204")], "finite"),
    ("inf", constant("inf"), ".config", [(2, 18, "SB204")], "finite"),
    ("1e400", constant("1e400"), ".config", [(2, 18, "SB204")], "finite"),
    ("1e60", constant("1e60"), ".config", [(2, 18, "SB204")], "at most 3.4028235e+38"),
    ("a rate of -1", constant("-1"), ".config", [(2, 18, "SB204")], "at least 0"),
    ("a tiny negative rate", constant("-1e-300"), ".config", [(2, 18, "SB204")], "at least 0"),
    ("nan in yaml", "min_learning_rate: .nan\n", ".yaml", [(1, 20, "SB204")], "finite"),
    (
        "no steps to decay in",
        "exponential_decay_learning_rate { decay_steps: 0 }",
        ".config",
        [(1, 48, "SB204")],
        "at least 1",
    ),
    (
        "a factor of 0",
        "exponential_decay_learning_rate { decay_factor: 0 }",
        ".config",
        [(1, 49, "SB204")],
        "greater than 0",
    ),
    (
        "a share of 1",
        "one_cycle_learning_rate { max_learning_rate: 1 total_steps: 10 pct_start: 1 }",
        ".config",
        [(1, 75, "SB204")],
        "less than 1",
    ),
    (
        "an infinite power",
        "polynomial_decay_learning_rate {\n  initial_learning_rate: 1\n  decay_steps: 9\n"
        "  power: inf\n}\n",
        ".config",
        [(4, 10, "SB204")],
        "finite",
    ),
    (
        "a bad element of a list",
        "table_learning_rate {\n  learning_rates: [0.1, 0.2,\n    -3, 0.4]\n}",
        ".config",
        [(3, 5, "SB204")],
        "at least 0",
    ),
    # Missing fields.
    (
        "a missing field",
        "constant_learning_rate {}\n\nwarmup {\n  shape: COSINE\n}\n",
        ".config",
        [(3, 1, "SB205")],
        "missing `warmup_steps` in `warmup`",
    ),
    (
        "a missing list",
        "\ntable_learning_rate {\n}\n",
        ".config",
        [(2, 1, "SB205")],
        "missing `learning_rates` in `table_learning_rate`: add at least one",
    ),
    (
        "an empty list",
        "table_learning_rate:\n  learning_rates: []\n",
        ".yaml",
        [(2, 19, "SB205")],
        "at least one",
    ),
    (
        "no entries",
        "manual_step_learning_rate {\n  initial_learning_rate: 1\n}\n",
        ".config",
        [(1, 1, "SB205")],
        "missing `schedule` in `manual_step_learning_rate`: add at least one",
    ),
    (
        "boundaries out of order",
        "piecewise_constant_learning_rate {\n  boundaries: [10, 20, 20]\n"
        "  values: [1, 2, 3, 4]\n}\n",
        ".config",
        [(2, 24, "SB207")],
        "20 is not above 20",
    ),
    (
        "milestones out of order, given one by one",
        "multi_step_learning_rate {\n  initial_learning_rate: 1\n  milestones: 5\n"
        "  milestones: 4\n}\n",
        ".config",
        [(4, 15, "SB207")],
        "4 is not above 5",
    ),
    (
        "an unknown custom kind",
        "custom { [type.googleapis.com/acme.NoSuchKind] { a: 1 } }\n",
        ".config",
        [(1, 10, "SB208")],
        "acme.NoSuchKind",
    ),
    ("a custom kind without a type", "custom {}\n", ".config", [(1, 1, "SB208")], "missing type"),
    (
        "an unknown custom kind in json",
        '{"custom": {"@type": "type.googleapis.com/acme.NoSuchKind", "a": 1}}\n',
        ".json",
        [(1, 22, "SB208")],
        "acme.NoSuchKind",
    ),
    # What single values do not show.
    ("no train_config", "\nmodel {\n}\n", ".config", [(2, 1, "SB301")], "missing `train_config`"),
    (
        "no optimizer",
        "train_config {\n  num_steps: 3\n}\n",
        ".config",
        [(1, 1, "SB301")],
        "`optimizer`",
    ),
    (
        "an empty optimizer",
        pipeline(""),
        ".config",
        [(3, 3, "SB301")],
        "no optimizer is chosen here",
    ),
    (
        "an empty optimizer in yaml",
        "train_config:\n  optimizer: {}\n",
        ".yaml",
        [(2, 3, "SB301")],
        "no optimizer is chosen here",
    ),
    (
        "missing kind of schedule",
        pipeline("    adam_optimizer {}"),
        ".config",
        [(4, 5, "SB302")],
        "add one",
    ),
    (
        "an empty learning rate",
        trained(""),
        ".config",
        [(6, 7, "SB302")],
        "missing kind of schedule",
    ),
    (
        "only a floor",
        "min_learning_rate: 1\n",
        ".config",
        [(1, 1, "SB302")],
        "missing kind of schedule",
    ),
    (
        "an empty learning rate inside another one",
        "sequential_learning_rate {\n  stage {\n    learning_rate {}\n  }\n}\n",
        ".config",
        [(3, 5, "SB302")],
        "missing kind of schedule",
    ),
    ("a first step of 0", manual("0"), ".config", [(2, 20, "SB303")], "`initial_learning_rate`"),
    (
        "a first step that is missing",
        "manual_step_learning_rate {\n  schedule {\n    learning_rate: 1\n  }\n}\n",
        ".config",
        [(2, 3, "SB303")],
        "missing `step`",
    ),
    (
        "equal steps",
        "manual_step_learning_rate {\n  schedule { step: 9 }\n  schedule { step: 9 }\n}\n",
        ".config",
        [(3, 20, "SB304")],
        "step 9 is not after step 9",
    ),
    (
        "points out of order",
        "piecewise_linear_learning_rate:\n  point:\n  - {step: 9, learning_rate: 1}\n"
        "  - {step: 8, learning_rate: 1}\n",
        ".yaml",
        [(4, 12, "SB304")],
        "step 8 is not after step 9",
    ),
    (
        "a later step that is missing",
        "manual_step_learning_rate {\n  schedule { step: 9 }\n  schedule { learning_rate: 1 }\n}\n",
        ".config",
        [(3, 3, "SB304")],
        "step",
    ),
    (
        "a warmup as long as all steps",
        "cosine_decay_learning_rate {\n  total_steps: 100\n  warmup_steps: 100\n}\n",
        ".config",
        [(2, 16, "SB305")],
        "set it above 100",
    ),
    (
        "a warmup and a hold beyond all steps",
        "cosine_decay_learning_rate {\n  warmup_steps: 60\n  hold_base_rate_steps: 50\n"
        "  total_steps: 100\n}\n",
        ".config",
        [(4, 16, "SB305")],
        "`hold_base_rate_steps` (50)",
    ),
    (
        "a default warmup beyond all steps",
        "cosine_decay_learning_rate {\n  total_steps: 100\n}\n",
        ".config",
        [(2, 16, "SB305")],
        "`warmup_steps` (10000, its default)",
    ),
    (
        "a hold beyond the default steps",
        "cosine_decay_learning_rate {\n  hold_base_rate_steps: 4000000\n}\n",
        ".config",
        [(2, 25, "SB305")],
        "`total_steps` (4000000, its default)",
    ),
    (
        "a warmup that falls",
        "cosine_decay_learning_rate {\n  learning_rate_base: 0.1\n  warmup_learning_rate: 0.2\n}\n",
        ".config",
        [(3, 25, "SB306")],
        "the warmup falls",
    ),
    (
        "a default warmup that falls",
        "cosine_decay_learning_rate {\n  learning_rate_base: 0.0001\n}\n",
        ".config",
        [(2, 23, "SB306")],
        "(0.0002, its default)",
    ),
    (
        "too few values",
        "piecewise_constant_learning_rate {\n  boundaries: [1, 2]\n  values: [1, 2]\n}\n",
        ".config",
        [(3, 11, "SB307")],
        ("expected 3 values for 2 boundaries, got 2. Add or remove values"),
    ),
    (
        "an exponential warmup from 0",
        "constant_learning_rate {}\nwarmup { warmup_steps: 9 shape: EXPONENTIAL }\n",
        ".config",
        [(2, 1, "SB308")],
        "",
    ),
    (
        "scaling without a batch size",
        trained("constant_learning_rate {}\nbatch_size_scaling { reference_batch_size: 64 }"),
        ".config",
        [(8, 1, "SB308")],
        "batch_size",
    ),
    (
        "a rate that overflows in the run",
        trained("exponential_decay_learning_rate { decay_factor: 10 decay_steps: 1 }"),
        ".config",
        [(7, 1, "SB309")],
        "at step 42",
    ),
    (
        "a middle stage without steps",
        "sequential_learning_rate {\n  stage { learning_rate { constant_learning_rate {} } }\n"
        "  stage { learning_rate { constant_learning_rate {} } }\n}\n",
        ".config",
        [(2, 3, "SB310")],
        "only the last",
    ),
    (
        "scaling of a stage",
        "sequential_learning_rate {\n  stage {\n    learning_rate {\n"
        "      constant_learning_rate {}\n"
        "      batch_size_scaling { reference_batch_size: 3 }\n    }\n  }\n}\n",
        ".config",
        [(5, 7, "SB311")],
        "Move it out",
    ),
    (
        "scaling of a member",
        "combined_learning_rate:\n  op: MAX\n  learning_rates:\n  - constant_learning_rate: {}\n"
        "    batch_size_scaling: {reference_batch_size: 3}\n",
        ".yaml",
        [(5, 5, "SB311")],
        "Move it out",
    ),
    # Several at once.
    (
        "values and names at once",
        "train_config {\n  batch_size: x\n  num_stops: 3\n  optimizer {\n    adam_optimizer {\n"
        "      epsilon: -1\n      learning_rate {\n        constant_learning_rate {\n"
        '          learning_rate: "1"\n        }\n        constant_learning_rate {}\n      }\n'
        "    }\n  }\n  sync_replicas: maybe\n}\n",
        ".config",
        [
            (2, 15, "SB203"),
            (3, 3, "SB201"),
            (6, 16, "SB204"),
            (9, 26, "SB203"),
            (11, 9, "SB202"),
            (15, 18, "SB203"),
        ],
        "did you mean `num_steps`?",
    ),
    (
        "values and names at once in yaml",
        "train_config:\n  batch_size: x\n  num_stops: 3\n  optimizer:\n    adam_optimizer:\n"
        "      epsilon: -1\n      learning_rate:\n"
        "        constant_learning_rate: {learning_rate: []}\n"
        "  num_steps: 1:30\n",
        ".yaml",
        [(2, 15, "SB203"), (3, 3, "SB201"), (6, 16, "SB204"), (8, 49, "SB203"), (9, 14, "SB203")],
        "not a list",
    ),
    (
        "syntax and values at once",
        "train_config {\n  num_steps 3\n  batch_size: x\n  bogus: 1\n  sync_replicas: : true\n"
        "  optimizer { adam_optimizer { epsilon: -1 } }\n}\n",
        ".config",
        [
            (2, 13, "SB102"),
            (3, 15, "SB203"),
            (4, 3, "SB201"),
            (5, 18, "SB102"),
            (6, 41, "SB204"),
        ],
        "",
    ),
    (
        "rules at once",
        "sequential_learning_rate {\n"
        "  stage { learning_rate { manual_step_learning_rate { schedule { step: 0 } } } }\n"
        "  stage { learning_rate { cosine_decay_learning_rate { total_steps: 5 } } }\n}\n",
        ".config",
        [(2, 3, "SB310"), (2, 72, "SB303"), (3, 69, "SB305")],
        "",
    ),
    (
        "a rule beside an error elsewhere",
        "train_config {\n  num_stops: 5\n  optimizer { adam_optimizer {} }\n}\n",
        ".config",
        [(2, 3, "SB201"), (3, 15, "SB302")],
        "",
    ),
]
NAMES = [name for name, *_ in BAD]


@pytest.mark.parametrize(
    ("text", "suffix", "wanted", "words"), [case[1:] for case in BAD], ids=NAMES
)
def test_every_error_at_its_place(text: str, suffix: str, wanted: Places, words: str) -> None:
    findings = [d for d in validate_text(text, "x" + suffix) if d.severity == "error"]
    assert [(d.row, d.column, d.code) for d in findings] == sorted(wanted)
    assert any(words in d.message for d in findings)
    assert_inside(findings, text)


# What the rules do not mind, beside what they do.
GOOD = {
    "a constant": "constant_learning_rate {}",
    "a pipeline": trained("constant_learning_rate {}"),
    "a late first step": manual("1"),
    "increasing steps": (
        "manual_step_learning_rate {\n  schedule { step: 8 }\n  schedule { step: 9 }\n}"
    ),
    "a first point at 0": (
        "piecewise_linear_learning_rate {\n  point { step: 0 learning_rate: 1 }\n"
        "  point { step: 1 learning_rate: 1 }\n}"
    ),
    "one step to decay in": (
        "cosine_decay_learning_rate { total_steps: 100 warmup_steps: 49 hold_base_rate_steps: 50 }"
    ),
    "a level warmup": (
        "cosine_decay_learning_rate { learning_rate_base: 0.1 warmup_learning_rate: 0.1 }"
    ),
    "a fall where there is no warmup": (
        "cosine_decay_learning_rate { learning_rate_base: 0.0001 warmup_steps: 0 }"
    ),
    "one value more": "piecewise_constant_learning_rate { boundaries: [1, 2] values: [1, 2, 3] }",
    "an exponential warmup": (
        "constant_learning_rate {} warmup { warmup_steps: 9 shape: EXPONENTIAL"
        " warmup_learning_rate: 0.0001 }"
    ),
    "a batch size": trained(
        "constant_learning_rate {} batch_size_scaling { reference_batch_size: 64 }",
        batch_size="  batch_size: 128",
    ),
    "an overflow after the run": trained(
        "exponential_decay_learning_rate { decay_factor: 10 decay_steps: 1 }", num_steps=42
    ),
    "stages with steps": (
        "sequential_learning_rate {\n"
        "  stage { steps: 1 learning_rate { constant_learning_rate {} } }\n"
        "  stage { learning_rate { constant_learning_rate {} } }\n}"
    ),
    "the largest rate": constant("3.4028235e38"),
    "the largest step": manual("4294967295"),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_is_right_has_no_errors(text: str) -> None:
    assert [d for d in validate_text(text, "x.config") if d.severity == "error"] == []


@pytest.mark.parametrize(
    ("text", "suffix", "other"),
    [
        ("constant_learning_rate {}\n\n cosine_decay_learning_rate {}\n", ".config", (1, 1)),
        ("train_config {\n  num_steps: 1\n  num_steps: 1\n}\n", ".config", (2, 3)),
        ("train_config:\n  num_steps: 1\n  num_steps: 1\n", ".yaml", (2, 3)),
        (
            "manual_step_learning_rate {\n  schedule { step: 9 }\n  schedule { step: 9 }\n}\n",
            ".config",
            (2, 20),
        ),
    ],
)
def test_the_other_place_is_named(text: str, suffix: str, other: tuple[int, int]) -> None:
    (finding,) = (d for d in validate_text(text, "x" + suffix) if d.related)
    assert [(r.row, r.column) for r in finding.related] == [other]


def test_findings_come_by_line() -> None:
    text = "train_config {\n  optimizer {}\n  z: 1\n  y: 1\n}\na: 1\nb: 1 c: 1\n"
    places = found(text)
    assert places == sorted(places)
    assert [place[:2] for place in places] == [(3, 3), (4, 3), (6, 1), (7, 1), (7, 6)]


def test_a_list_of_errors_ends() -> None:
    findings = validate_text("= =\n" * 1000, "x.config")
    assert 1 < len(findings) < 100


# --- bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"constant_learning_rate {\n  \xff\n}", (2, 3), "byte 0xff is not UTF-8"),
        ("# \u00e4\n# \u00fc".encode("latin-1"), (1, 3), "byte 0xe4 is not UTF-8"),
        ("# \u00e4\n# ".encode() + b"\xfc", (2, 3), "byte 0xfc is not UTF-8"),
        (codecs.BOM_UTF8 + b"# abcd\n# \xfc", (2, 3), "byte 0xfc is not UTF-8"),
        (b"a: 'b\xe2\x82", (1, 6), "byte 0xe2 is not UTF-8"),
        (b"a: '\xed\xa0\x80'", (1, 5), "byte 0xed is not UTF-8"),
        ("constant_learning_rate {}".encode("utf-16"), (1, 1), "UTF-16"),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), (1, 1), "UTF-16"),
        ("a: 1".encode("utf-16-le"), (1, 2), "zero byte"),
        (b"# text\na\0b", (2, 2), "zero byte"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", (3, 1), "binary"),
        (b"\0", (1, 1), "binary"),
        (b"\xff", (1, 1), "0xff"),
    ],
)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_text_is_said_to_be_none(
    data: bytes, place: tuple[int, int], words: str, suffix: str
) -> None:
    (finding,) = examine_bytes(data, "x" + suffix).diagnostics
    assert finding.code == "SB101"
    assert words in finding.message
    assert (finding.row, finding.column) == place


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "data",
    [b"", codecs.BOM_UTF8, b"\n", codecs.BOM_UTF8 + b"# a\r\n", b" " * 1000, b"\r\n \n"],
)
def test_bytes_of_nothing_are_empty(data: bytes, suffix: str) -> None:
    (finding,) = examine_bytes(data, "x" + suffix).diagnostics
    assert (finding.row, finding.column, finding.code) == (1, 1, "SB106")


FIVE_MEGABYTES = 5_000_000  # the largest file that is read
LARGE: list[tuple[str, str, tuple[int, int, str]]] = [
    ("{", ".config", (1, 1, "SB102")),
    ("[", ".config", (1, 2, "SB102")),
    ("a{", ".config", (1, 202, "SB104")),
    (" ", ".config", (1, 1, "SB106")),
    ("#", ".config", (1, 1, "SB106")),
    ('"', ".config", (1, 1, "SB102")),
    ("{", ".yaml", (1, 2, "SB102")),
    ("[", ".yaml", (1, 101, "SB104")),
    ("{a: ", ".yaml", (1, 401, "SB104")),
    ("a{", ".yaml", (1, 1, "SB102")),
    (" ", ".yaml", (1, 1, "SB106")),
    ("#", ".yaml", (1, 1, "SB106")),
    ('"', ".yaml", (1, 1, "SB102")),
    (" ", "", (1, 1, "SB106")),
]


@pytest.mark.parametrize(("unit", "suffix", "wanted"), LARGE)
def test_five_megabytes_of_one_thing(unit: str, suffix: str, wanted: tuple[int, int, str]) -> None:
    findings = examine_bytes(
        unit.encode() * (FIVE_MEGABYTES // len(unit)), "x" + suffix
    ).diagnostics
    assert wanted in [(d.row, d.column, d.code) for d in findings]
    assert len(findings) <= 100
    assert all(len(d.message) < 1000 for d in findings)


@pytest.mark.parametrize(
    ("text", "suffix", "place"),
    [
        ("a {" * 10_000 + "}" * 10_000, ".config", (1, 303)),
        ("a <\n" * 10_000, ".config", (101, 3)),
        ("model { a: [" + "{ b: [" * 10_000, ".config", (1, 307)),
        ("{a: " * 10_000 + "}" * 10_000, ".json", (1, 401)),
        ("[" * 10_000 + "]" * 10_000, ".yaml", (1, 101)),
    ],
)
def test_ten_thousand_levels(text: str, suffix: str, place: tuple[int, int]) -> None:
    findings = validate_text(text, "x" + suffix)
    assert [(d.row, d.column) for d in findings if d.code == "SB104"] == [place]


def test_a_hundred_levels_are_fine() -> None:
    assert "SB104" not in {code for *_, code in found("model {" * 100 + "}" * 100)}
    assert "SB104" in {code for *_, code in found("model {" * 101 + "}" * 101)}


def test_very_long_names_and_values_are_shortened() -> None:
    text = f"train_config {{ {'n' * 100_000}: 1 num_steps: {'v' * 100_000} }}"
    findings = validate_text(text, "x.config")
    assert [d.code for d in findings] == ["SB201", "SB204"]
    assert all(len(d.message) < 1500 for d in findings)


# --- any text at all --------------------------------------------------------------------------


def assert_inside(findings: list[Diagnostic], text: str) -> None:
    """Every place is in the text, or at most one after the last character of its line."""
    lines = text.split("\n")
    for finding in findings:
        assert finding.severity in ("error", "warning")
        assert re.fullmatch(r"SB\d{3}", finding.code)
        assert finding.message
        begin = (finding.row, finding.column)
        end = (finding.end_row, finding.end_column)
        assert begin <= end
        for row, column in (begin, end, *((r.row, r.column) for r in finding.related)):
            assert 1 <= row <= len(lines)
            assert 1 <= column <= len(lines[row - 1]) + 1


@settings(max_examples=400)
@given(st.text(), st.sampled_from(SUFFIXES))
@example("\ufeff", ".config")
@example("\ufeffa: 1", ".yaml")
@example("a: !!", ".yaml")
@example("[", ".config")
@example("a: \u2028 b", ".yaml")
@example("a\r\rb", ".yaml")
@example("\x85", "")
def test_any_text_has_findings_and_no_traceback(text: str, suffix: str) -> None:
    findings = validate_text(text, "x" + suffix)
    assert_inside(findings, text)
    assert any(d.severity == "error" for d in findings)


TOKENS = (
    *"{}<>[]:;,-#$&*!|?%@`'\"\\\n\t \u201c",
    *("\n  ", ": ", "- ", "---\n", "<<", "${", "{{", "}}", "\\x", "[a.b]"),
    *("1", "-1", "1e999", "nan", "0x", "08", "a", "train_config", "optimizer", "adam_optimizer"),
    *("learning_rate", "constant_learning_rate", "manual_step_learning_rate", "schedule", "step"),
    *("piecewise_constant_learning_rate", "boundaries"),
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join), st.sampled_from(SUFFIXES))
def test_any_soup_of_tokens_is_no_traceback(text: str, suffix: str) -> None:
    assert_inside(validate_text(text, "x" + suffix), text)


def mutated(text: str, choose: random.Random) -> str:
    """A text after a few accidents."""
    for _ in range(choose.randrange(1, 5)):
        kind = choose.randrange(8)
        lines = text.split("\n")
        at, other = choose.randrange(len(text) + 1), choose.randrange(len(text) + 1)
        row, other_row = choose.randrange(len(lines)), choose.randrange(len(lines))
        if kind == 0:
            text = text[:at] + text[at + choose.randrange(1, 20) :]
        elif kind == 1:
            text = text[:at] + text[at : at + choose.randrange(1, 20)] + text[at:]
        elif kind == 2:
            low, high = sorted((at, other))
            text = text[:low] + text[high : high + 1] + text[low + 1 : high] + text[low : low + 1]
        elif kind == 3:
            text = "\n".join(lines[:row] + lines[row + 1 :])
        elif kind == 4:
            text = "\n".join(lines[: row + 1] + lines[row:])
        elif kind == 5:
            lines[row], lines[other_row] = lines[other_row], lines[row]
            text = "\n".join(lines)
        elif kind == 6:
            text = text[:at]
        else:
            piece = choose.choice(
                [*"{}<>[]:;,-#$&*!|%@`'\"\\\t\r\0", "\u201c", "\ufeff", "99999", "e"]
            )
            text = text[:at] + piece + text[at:]
    return text


@settings(max_examples=250)
@given(
    st.sampled_from(RECIPES), st.randoms(use_true_random=False), st.sampled_from([None, *SUFFIXES])
)
def test_any_accident_to_a_recipe_is_no_traceback(
    path: Path, choose: random.Random, suffix: str | None
) -> None:
    text = mutated(path.read_text(encoding="utf-8"), choose)
    filename = path.name if suffix is None else "x" + suffix
    assert_inside(validate_text(text, filename), text)


@settings(max_examples=150)
@given(st.binary(), st.sampled_from(SUFFIXES))
@example(codecs.BOM_UTF8 + b"\xff", ".config")
@example(codecs.BOM_UTF8 * 2, ".yaml")
def test_any_bytes_have_findings_and_no_traceback(data: bytes, suffix: str) -> None:
    findings = list(examine_bytes(data, "x" + suffix).diagnostics)
    assert any(d.severity == "error" for d in findings)
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    if not any(d.code == "SB101" for d in findings):
        assert_inside(findings, text)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "train_config: {fine_tune_checkpoint: '\udcff'}",
        'train_config { fine_tune_checkpoint: "\udcff" }',
        "\udc80: 1\n",
    ],
)
def test_lone_surrogates_are_no_traceback(text: str, suffix: str) -> None:
    findings = validate_text(text, "x" + suffix)
    assert_inside(findings, text)
    assert any(d.severity == "error" for d in findings)
