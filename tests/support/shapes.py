"""Shapes of input that could take more than linear time or memory: each is text by its size.

A shape repeats one unit: a field, a comment, an anchor, a bracket. `SHAPES` holds each by a name
that says what is repeated; the suffix of its file says the format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Shape(NamedTuple):
    """A text of any number of units.

    Attributes:
        suffix: of its file.
        text: gives the text, by the number of units.
    """

    suffix: str
    text: Callable[[int], str]


SHAPES: dict[str, Shape] = {}
DATA: dict[str, Callable[[int], dict[str, Any]]] = {}
"""Configs of plain data, by the number of units."""


def _join(unit: Callable[[int], str], count: int, between: str = "\n") -> str:
    return between.join(map(unit, range(count)))


def _shape(suffix: str, name: str, text: Callable[[int], str]) -> None:
    SHAPES[name] = Shape(suffix, text)


def _repeat(
    suffix: str, name: str, unit: Callable[[int], str], around: str = "@", between: str = "\n"
) -> None:
    """A shape of units in lines, which replace the `@` of the text around them."""
    before, after = around.split("@")
    _shape(suffix, name, lambda n: f"{before}{_join(unit, n, between)}{after}")


def _same(suffix: str, name: str, unit: str, around: str = "@") -> None:
    before, after = around.split("@")
    _shape(suffix, name, lambda n: f"{before}{unit * n}{after}")


_TRAIN = "train_config {\n  num_steps: 1000\n  batch_size: 8\n@\n}\n"
_RATE = _TRAIN.replace("@", "  optimizer { sgd_optimizer { learning_rate {\n@\n  } } }")
_MODEL = _RATE.replace("@", "constant_learning_rate { learning_rate: 0.1 }") + "model {\n#\n}\n"


def _in_model(text: str) -> str:
    return _MODEL.replace("@", "").replace("#", text)


def _manual(entries: str) -> str:
    kind = f"manual_step_learning_rate {{ initial_learning_rate: 1\n{entries} }}"
    return _RATE.replace("@", kind)


_CONSTANT = "constant_learning_rate { learning_rate: 0.1 }"
_WHOLE = _RATE.replace("@", _CONSTANT)


def _text_shapes() -> None:
    model = _in_model("@")
    for name, unit in {
        "fields": "x: 1\n",
        "fields on one line": "x: 1 ",
        "fields without blanks": "x:1,",
        "blocks": "f { x: 1 }\n",
        "blocks on one line": "f{x:1}",
        "lists": "f: [1, 2]\n",
        "empty lists": "f: []\n",
        "comments": "# nothing\n",
        "comments beside fields": "x: 1 # nothing\n",
        "blank lines": "\n",
        "carriage returns": "x: 1\r",
        "line ends of Windows": "x: 1\r\n",
        "blanks": " ",
        "strings": 's: "a b"\n',
        "strings in pieces": "s: \"a\" 'b'\n",
        "extensions": "[a.b.c] { x: 1 }\n",
        "types": "f { [type.googleapis.com/a.B] { x: 1 } }\n",
        "separators": "x: 1;\n",
        "words": "e: WORD\n",
        "minus signs": "x: -1\n",
        "placeholders": "x: ${x}\n",
        "curly quotes": "x: \u201ca\u201d\n",
        "backslashes kept": 's: "\\q"\n',
        "underscores in numbers": "x: 1_000\n",
        "decimal commas": "x: 1,5\n",
        "percentages": "x: 5%\n",
        "missing values": "x:\n",
        "missing names": ": 1\n",
        "closing braces": "}\n",
        "opening braces": "f {\n",
        "opening brackets": "f: [\n",
        "brackets of extensions": "[",
        "lone quotes": '"',
        "lone quotes on lines": 'x: "\n',
        "marks of byte order": "\ufeff",
        "colons": ":",
        "commas": ",",
        "dollars": "$",
        "braces of templates": "{{",
        "slashes": "//\n",
        "plus signs": "+",
        "dots": ".",
    }.items():
        _same(".config", f"text: {name}", unit, model)
    for name, around in {
        "string": 's: "@"',
        "string of quotes": "s: '@\"'",
        "comment": "#@",
        "name": "f@: 1",
        "word": "f: W@",
        "unterminated string": 's: "@',
        "type": "f { [type.googleapis.com/a@] { } }",
        "type without a slash": "f { [a@] { } }",
    }.items():
        _same(".config", f"text: a long {name}", "a", _in_model(around))
    for name, unit in {
        "escapes": "\\n",
        "octal escapes": "\\101",
        "wide escapes": "\\U0001F600",
    }.items():
        _same(".config", f"text: {name} in one string", unit, _in_model('s: "@"'))
    _same(".config", "text: pieces of one string", "'a' ", _in_model("s: @"))
    _same(".config", "text: values of one list", "1, ", _in_model("f: [@ 1]"))
    _same(".config", "text: blocks of one list", "{ x: 1 }, ", _in_model("f: [@ {}]"))
    _same(".config", "text: digits of a length", "9", _TRAIN.replace("@", "max_number_of_boxes: @"))
    _same(".config", "text: digits of a rate", "9", _WHOLE.replace("0.1", "0.@"))
    _same(
        ".config", "text: digits of base 16", "f", _TRAIN.replace("@", "max_number_of_boxes: 0x@")
    )
    _same(".config", "text: zeros", "0", _TRAIN.replace("@", "max_number_of_boxes: @"))


def _nested_text_shapes() -> None:
    _shape(".config", "text: nested blocks", lambda n: _in_model("f {" * n + "}" * n))
    _shape(".config", "text: nested lines", lambda n: _in_model("f {\n" * n + "}\n" * n))
    _shape(".config", "text: nested lists", lambda n: _in_model("f: [" + "[" * n + "]" * n + "]"))
    _shape(".config", "text: nested unclosed", lambda n: "train_config {" * n)
    _shape(
        ".config",
        "text: nested sequences",
        lambda n: _RATE.replace(
            "@", "sequential_learning_rate { stage { learning_rate { " * n + "} } } " * n
        ),
    )

    _shape(
        ".config",
        "text: stages in deep sequences",
        lambda n: _RATE.replace("@", deep_stages(20, n)),
    )


def deep_stages(levels: int, count: int) -> str:
    """A schedule of stages, in the sequences of as many levels."""
    lines = (f"schedule {{ step: {i}0 learning_rate: {1 / (i + 1)} }}\n" for i in range(1, count))
    stages = "".join(lines)
    text = f"manual_step_learning_rate {{ initial_learning_rate: 1\n{stages}}}"
    inside = "sequential_learning_rate { stage { learning_rate { " * levels
    return f"{inside}{text}{' } } }' * levels}\n"


def _field_shapes() -> None:
    for name, unit in {
        "unknown fields": "unknown_{}: 1",
        "unknown blocks": "unknown_{} {{ x: 1 }}",
        "misspelt fields": "num_stepz{}: 1",
        "foreign names": "CosineDecay{}: 1",
        "names of units": "warmup_{}_epochs: 1",
        "one unknown field": "unknown: 1",
    }.items():
        _repeat(".config", f"text: {name}", unit.format, _TRAIN)
    _repeat(".config", "text: unknown fields at the top", "unknown_{}: 1".format, _WHOLE + "@")
    _repeat(
        ".config", "text: unknown blocks at the top", "unknown_{} {{ x: 1 }}".format, _WHOLE + "@"
    )
    _repeat(".config", "text: only unknown fields", "unknown_{}: 1".format)
    _repeat(
        ".config",
        "text: unknown fields of a rate",
        "rate_{}: 1".format,
        _RATE.replace("@", f"{_CONSTANT} @"),
    )
    _same(".config", "text: one field again", "  num_steps: 1000\n", _TRAIN)
    _same(".config", "text: one field on one line", "num_steps: 1000 ", _TRAIN)
    _same(".config", "text: one field with commas", "num_steps: 1000,", _TRAIN)
    _same(".config", "text: one block again", "optimizer { }\n", _TRAIN)
    _same(
        ".config",
        "text: two members in turn",
        "sgd_optimizer { } adam_optimizer { }\n",
        _TRAIN.replace("@", "optimizer {\n@}"),
    )
    _same(".config", "text: extensions at the top", "[a.b] { x: 1 }\n", _WHOLE + "@")
    _same(".config", "text: unknown extensions", "[a.b] { x: 1 }\n", _TRAIN)
    _same(".config", "text: strings of a field", 'freeze_variables: "a"\n', _TRAIN)
    _same(
        ".config",
        "text: strings of a list",
        '"a", ',
        _TRAIN.replace("@", 'freeze_variables: [@"a"]'),
    )
    _same(".config", "text: numbers for strings", "freeze_variables: 1\n", _TRAIN)
    _same(
        ".config",
        "text: patterns",
        'learning_rate_multiplier { pattern: "a" factor: 0.5 }\n',
        _WHOLE.replace("  optimizer {", "  optimizer {\n@", 1),
    )


def _rate_shapes() -> None:
    entries: dict[str, Callable[[int], str]] = {
        "stages": lambda i: f"schedule {{ step: {i + 1} learning_rate: {1 / (i + 2)} }}",
        "stages on one line": lambda i: f"schedule{{step:{i + 1} learning_rate:{1 / (i + 2)}}}",
        "stages that rise": lambda i: f"schedule {{ step: {i + 1} learning_rate: {i + 1} }}",
        "stages that go up and down": lambda i: (
            f"schedule {{ step: {i + 1} learning_rate: {i % 2} }}"
        ),
        "stages of one rate": lambda i: f"schedule {{ step: {i + 1} learning_rate: 0.5 }}",
        "stages without a rate": lambda i: f"schedule {{ step: {i + 1} }}",
        "stages without a step": lambda i: "schedule { learning_rate: 0.5 }",
        "stages out of order": lambda i: f"schedule {{ step: {10**7 - i} learning_rate: 0.5 }}",
        "stages of wrong types": lambda i: 'schedule { step: "1" learning_rate: x }',
        "stages out of range": lambda i: "schedule { step: -1 learning_rate: -1 }",
        "stages with unknown fields": lambda i: f"schedule {{ stop: {i} lr: 0.5 }}",
        "stages in epochs": lambda i: "schedule { step: 5e learning_rate: 0.5 }",
    }
    for name, unit in entries.items():
        between = " " if "one line" in name else "\n"
        _repeat(".config", f"text: {name}", unit, _manual("@"), between)
    rates = {
        "milestones": (
            "multi_step_learning_rate { initial_learning_rate: 1 decay_factor: 0.9 @ }",
            "milestones: {}",
        ),
        "milestones out of order": (
            "multi_step_learning_rate { initial_learning_rate: 1 @ }",
            "milestones: 5",
        ),
        "points": (
            "piecewise_linear_learning_rate { @ }",
            "point {{ step: {0} learning_rate: 0.{0} }}",
        ),
        "empty points": ("piecewise_linear_learning_rate { @ }", "point {{ }}"),
        "entries of a table": ("table_learning_rate { @ }", "learning_rates: 0.{0}"),
        "parts of a sequence": (
            "sequential_learning_rate { @ }",
            "stage {{ steps: 5"
            " learning_rate {{ constant_learning_rate {{ learning_rate: 0.{0} }} }} }}",
        ),
        "parts without steps": (
            "sequential_learning_rate { @ }",
            "stage {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.{0} }} }} }}",
        ),
        "empty parts": ("sequential_learning_rate { @ }", "stage {{ }}"),
        "warmups in a sequence": (
            "sequential_learning_rate { @ }",
            "stage {{ steps: 50 learning_rate {{ cosine_decay_learning_rate {{ total_steps: 50"
            " warmup_steps: 5 }} warmup {{ warmup_steps: 9 }} }} }}",
        ),
        "unknown kinds": ("@", "custom {{ [type.googleapis.com/a.B{}] {{ }} }}"),
    }
    members = (
        "learning_rates {{ polynomial_decay_learning_rate {{ initial_learning_rate: 0.{0}"
        " decay_steps: {0}1 }} }}"
    )
    cyclic = (
        "learning_rates {{ cyclic_learning_rate {{ base_learning_rate: 0.1"
        " max_learning_rate: 1.{0} step_size_up: 2{0} }} }}"
    )
    for op in ("PRODUCT", "MIN", "MAX"):
        around = f"combined_learning_rate {{ op: {op} @ }}"
        rates[f"members of a {op.lower()}"] = (around, members)
        rates[f"cycles in a {op.lower()}"] = (around, cyclic)
    for name, (around, written) in rates.items():
        _repeat(".config", f"text: {name}", written.format, _RATE.replace("@", around))
    _shape(
        ".config",
        "text: values that repeat",
        lambda n: _RATE.replace(
            "@",
            "piecewise_constant_learning_rate { boundaries: ["
            + ", ".join(map(str, range(1, n + 1)))
            + "] values: ["
            + ", ".join(["0.5"] * (n + 1))
            + "] }",
        ),
    )
    _shape(
        ".config",
        "text: unclosed blocks in lines",
        lambda n: (
            _WHOLE + "".join("train_config {\n  optimizer {\n  num_steps: 5\n" for _ in range(n))
        ),
    )
    _shape(
        ".config", "text: surplus braces in lines", lambda n: _WHOLE + "model {\n  x: 1\n}\n}\n" * n
    )


def _comment_shapes() -> None:
    mark = "# schedule-builder: "
    comments = {
        "used": "    schedule {{ step: {0} learning_rate: 0.5 }} " + mark + "ignore[SB414]",
        "unused": mark + "ignore[SB402]",
        "malformed": mark + "ignore",
        "of unknown codes": mark + "ignore[SB9{0}]",
        "of unknown names": mark + "ignore[stage-{0}]",
        "of files": mark + "ignore-file[SB414]",
        "beside fields": "    schedule {{ step: {0} learning_rate: 0.5{0} }} "
        + mark
        + "ignore[SB402]",
    }
    for name, unit in comments.items():
        _repeat(".config", f"text: suppressions {name}", unit.format, _manual("@\n"))
    _same(".config", "text: codes of one suppression", "SB402,", _WHOLE + mark + "ignore[@SB402]\n")
    _same(".config", "text: suppressions in one comment", mark + "ignore[SB402] ", _WHOLE + "@")
    _same(".config", "text: suppressions over one line", mark + "ignore[SB402]\n", "@" + _WHOLE)


_YAML = "train_config:\n  num_steps: 1000\n  batch_size: 8\n@"
_YAML_RATE = _YAML.replace("@", "  optimizer:\n    sgd_optimizer:\n      learning_rate:\n@")
_YAML_WHOLE = (
    _YAML_RATE.replace("@", "        constant_learning_rate:\n          learning_rate: 0.1\n")
    + "model:\n@"
)
_GARDEN = (
    "task:\n  train_data:\n    global_batch_size: 8\n  model:\n@\ntrainer:\n  train_steps: 1000\n"
    "  optimizer_config:\n    optimizer: {type: sgd, sgd: {}}\n    learning_rate:\n"
    "      type: stepwise\n      stepwise: {boundaries: [10], values: [0.1, 0.01]}\n"
)


def _yaml_shapes() -> None:
    for name, unit in {
        "keys": "  key_{0}: 1",
        "keys of blocks": "  key_{0}: {{x: 1}}",
        "keys of lists": "  key_{0}: [1, 2]",
        "nulls": "  key_{0}:",
        "quoted keys": "  \"key_{0}\": 'a'",
        "comments": "  # nothing",
        "comments beside keys": "  key_{0}: 1  # nothing",
        "explicit keys": "  ? key_{0}\n  : 1",
        "literal blocks": "  key_{0}: |\n    a\n    b",
        "folded blocks": "  key_{0}: >\n    a\n    b",
        "one key again": "  key: 1",
        "anchors": "  key_{0}: &a{0} 1",
        "anchors of blocks": "  key_{0}: &a{0} {{x: 1}}",
        "one anchor again": "  key_{0}: &a 1",
        "anchors and aliases": "  key_{0}: &a{0} 1\n  use_{0}: *a{0}",
        "anchors of blocks and aliases": "  key_{0}: &a{0} {{x: 1}}\n  use_{0}: *a{0}",
        "standard tags": "  key_{0}: !!str a",
        "refused tags": "  key_{0}: !!python/name:os.system a",
        "values of YAML 1.1": "  key_{0}: yes",
        "times": "  key_{0}: 1:30",
        "tabs": "  key_{0}:\t1",
        "carriage returns": "  key_{0}: 1\r",
        "merge keys": "  key_{0}: {{<<: {{x: 1}}}}",
    }.items():
        _repeat(".yaml", f"yaml: {name}", unit.format, _YAML_WHOLE + "\n")
        _repeat(".yaml", f"garden: {name}", ("  " + unit.replace("\n", "\n  ")).format, _GARDEN)


def _alias_shapes() -> None:
    for name, unit in {
        "unknown keys": "  unknown_{0}: 1",
        "unknown blocks": "  unknown_{0}: {{x: 1}}",
        "misspelt keys": "  num_stepz{0}: 1",
        "a known key again": "  num_steps: 1000",
    }.items():
        _repeat(".yaml", f"yaml: {name} of a message", unit.format, _YAML)
    for name, unit in {
        "aliases": "  key_{0}: *base",
        "merged blocks": "  key_{0}:\n    <<: *base",
        "merged lists": "  key_{0}:\n    <<: [*base, *base]",
    }.items():
        around = "base: &base {x: 1, y: 2}\n" + _YAML_WHOLE + "\n"
        _repeat(".yaml", f"yaml: {name}", unit.format, around)
        inner = _GARDEN.replace("@", "    base: &base {x: 1, y: 2}\n@")
        _repeat(".yaml", f"garden: {name}", ("  " + unit.replace("\n", "\n  ")).format, inner)
    _shape(
        ".yaml",
        "garden: merge keys of one block",
        lambda n: _GARDEN.replace(
            "@", "    base: &base {x: 1}\n    block:\n" + "      <<: *base\n" * n
        ),
    )
    _shape(
        ".yaml",
        "garden: merge keys with fields",
        lambda n: _GARDEN.replace(
            "@", "    block:\n" + _join(lambda i: f"      <<: {{m{i}: 1}}\n      k{i}: 1", n)
        ),
    )
    _shape(
        ".yaml",
        "garden: merge keys that conflict",
        lambda n: _GARDEN.replace("@", "    block:\n" + _join(lambda i: "      <<: {x: 1}", n)),
    )
    _shape(
        ".yaml",
        "garden: a chain of merges",
        lambda n: _GARDEN.replace(
            "@",
            "    b0: &b0 {x: 1}\n"
            + _join(lambda i: f"    b{i + 1}: &b{i + 1} {{<<: *b{i}, k{i}: 1}}", n),
        ),
    )
    _shape(
        ".yaml",
        "garden: doubling aliases",
        lambda n: _GARDEN.replace(
            "@", "    b0: &b0 [1]\n" + _join(lambda i: f"    b{i + 1}: &b{i + 1} [*b{i}, *b{i}]", n)
        ),
    )
    _shape(
        ".yaml",
        "yaml: doubling aliases",
        lambda n: _YAML_WHOLE.replace(
            "@", "  b0: &b0 [1]\n" + _join(lambda i: f"  b{i + 1}: &b{i + 1} [*b{i}, *b{i}]", n)
        ),
    )
    _shape(
        ".yaml",
        "yaml: one alias of a large list",
        lambda n: _YAML_WHOLE.replace(
            "@", "  base: &base [" + "1, " * n + "1]\n" + "  k0: *base\n  k1: *base\n"
        ),
    )


def _long_yaml_shapes() -> None:
    for name, around, unit in (
        ("values of a flow list", "  f: [@1]\n", "1, "),
        ("blocks of a flow list", "  f: [@{x: 1}]\n", "{x: 1}, "),
        ("keys of a flow block", "  f: {@x: 1}\n", "y: 1, "),
        ("entries of a list", "  f:\n@", "  - 1\n"),
        ("blocks of a list", "  f:\n@", "  - x: 1\n    y: 2\n"),
        ("a long plain text", "  f: a@\n", "a"),
        ("a long text of words", "  f: a@\n", " a"),
        ("a long quoted text", '  f: "@"\n', "a"),
        ("a long single-quoted text", "  f: '@'\n", "''"),
        ("escapes", '  f: "@"\n', "\\n"),
        ("a literal block", "  f: |\n@", "    a b\n"),
        ("a folded block", "  f: >\n@", "    a b\n"),
        ("a long key", "  a@: 1\n", "a"),
        ("a long comment", "  # @\n", "a"),
        ("a long line of blanks", "  f: 1 @\n", " "),
        ("blank lines", "  f: 1\n@", "\n"),
        ("nested flow lists", "  f: @\n", "["),
        ("nested flow blocks", "  f: @\n", "{a: "),
        ("nested dashes", "  f:\n  @1\n", "- "),
        ("documents", "  f: 1\n@", "---\na: 1\n"),
        ("colons", "  f: @\n", ":"),
        ("quotes", "  f: @\n", '"'),
        ("ampersands", "  f: @\n", "&"),
        ("stars", "  f: @\n", "*a "),
        ("exclamation marks", "  f: @\n", "! "),
        ("question marks", "  f: @\n", "? "),
        ("percent signs", "@\n", "%"),
        ("placeholders", "  f: @\n", "{{ x }}"),
        ("marks of byte order", "  f: @\n", "\ufeff"),
        ("separators of lines", "  f: @\n", "\u2028"),
        ("a long directive", "@\n", "#"),
    ):
        _same(".yaml", f"yaml: {name}", unit, _YAML_WHOLE.replace("@", around))
    for name, unit in {
        "stages": "          - {{step: {0}1, learning_rate: 0.{0}}}",
        "stages of one rate": "          - {{step: {0}1, learning_rate: 0.5}}",
        "stages in lines": "          - step: {0}1\n            learning_rate: 0.5",
        "stages of wrong types": "          - {{step: a, learning_rate: b}}",
        "numbers for stages": "          - 1",
        "suppressions used": "          - {{step: {0}1, learning_rate: 0.5}}"
        "  # schedule-builder: ignore[SB414]",
        "suppressions unused": "          - {{step: {0}1, learning_rate: 0.{0}}}"
        "  # schedule-builder: ignore[SB402]",
    }.items():
        around = (
            "        manual_step_learning_rate:\n          initial_learning_rate: 1\n"
            "          schedule:\n@\n"
        )
        _repeat(".yaml", f"yaml: {name}", unit.format, _YAML_RATE.replace("@", around))
    _shape(
        ".yaml",
        "garden: stages",
        lambda n: _GARDEN.replace("@", "    x: 1").replace(
            "[10], values: [0.1, 0.01]",
            f"{list(range(1, n + 1))}, values: {[1 / (i + 1) for i in range(n + 1)]}",
        ),
    )
    _shape(
        ".yaml",
        "garden: stages of one rate",
        lambda n: _GARDEN.replace("@", "    x: 1").replace(
            "[10], values: [0.1, 0.01]", f"{list(range(1, n + 1))}, values: {[0.5] * (n + 1)}"
        ),
    )
    _shape(
        ".yaml",
        "garden: octal numbers",
        lambda n: _GARDEN.replace("@", "    x: 1").replace(
            "[10], values: [0.1, 0.01]", f"[{', '.join('0100' for _ in range(n))}], values: [1]"
        ),
    )
    _shape(
        ".yaml",
        "garden: digits of base 60",
        lambda n: _GARDEN.replace("@", "    x: 1").replace(
            "train_steps: 1000", "train_steps: 1" + ":30" * n
        ),
    )
    _shape(
        ".yaml",
        "garden: unknown blocks of a type",
        lambda n: _GARDEN.replace("@", "    x: 1").replace(
            "      type: stepwise",
            "      type: stepwise\n" + _join(lambda i: f"      unknown_{i}: {{x: 1}}", n),
        ),
    )
    garden = _GARDEN.replace("@", "    x: 1")
    for name, unit in {
        "slips in an open block": "  train_step{0}: 5",
        "keys of an open block": "  key_{0}: 5",
        "blocks of an open block": "  key_{0}: {{x: 1}}",
    }.items():
        _repeat(".yaml", f"garden: {name}", unit.format, garden + "@\n")


def _json_shapes() -> None:
    json = '{"train_config": {"num_steps": 1000, "batch_size": 8, @}}'
    for name, unit in {
        "keys": '"key_{0}": 1',
        "one key again": '"num_steps": 1000',
        "escapes of surrogates": '"key_{0}": "\\ud83d\\ude00"',
        "tabs": '\t"key_{0}":\t1',
        "blocks": '"key_{0}": {{"x": 1}}',
    }.items():
        _repeat(".json", f"json: {name}", unit.format, json, ", ")
        _repeat(".json", f"json: {name} in lines", unit.format, json, ",\n  ")
    _shape(
        ".json",
        "json: values of a list",
        lambda n: json.replace("@", '"freeze_variables": [' + '"a", ' * n + '"a"]'),
    )
    _shape(
        ".json",
        "json: stages",
        lambda n: json.replace(
            "@",
            '"optimizer": {"sgd_optimizer": {"learning_rate": {"manual_step_learning_rate":'
            ' {"schedule": ['
            + ", ".join(f'{{"step": {i + 1}, "learning_rate": 0.5}}' for i in range(n))
            + "]}}}}",
        ),
    )
    _shape(".json", "json: nested lists", lambda n: "[" * n + "]" * n)
    _shape(".json", "json: nested blocks", lambda n: '{"a":' * n + "1" + "}" * n)


def _other_shapes() -> None:
    for suffix in (".config", ".yaml"):
        for name, unit in {
            "letters": "a",
            "words": "word ",
            "lines of words": "some words\n",
            "blank lines": "\n",
            "blanks": " ",
            "carriage returns": "\r",
            "HTML": "<p>a</p>\n",
            "sharps": "#",
            "quotes": '"',
            "tabs": "\t",
            "emoji": "\U0001f600",
            "dashes": "-",
            "assignments": "a = 1\n",
            "zero bytes": "\0",
            "DEL": "\x7f",
        }.items():
            _same(suffix, f"other{suffix}: {name}", unit)


def _data(rate: Any, **others: Any) -> dict[str, Any]:
    return {
        "train_config": {
            "num_steps": 1000,
            "optimizer": {"sgd_optimizer": {"learning_rate": rate}},
            **others,
        }
    }


def _nested(count: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(count):
        value = wrap(value)
    return value


DATA.update(
    {
        "keys": lambda n: (
            _data({"constant_learning_rate": {"learning_rate": 0.1}})
            | {"model": {f"key_{i}": 1 for i in range(n)}}
        ),
        "unknown keys": lambda n: _data({}, **{f"unknown_{i}": 1 for i in range(n)}),
        "stages": lambda n: _data(
            {
                "manual_step_learning_rate": {
                    "schedule": [{"step": i + 1, "learning_rate": 0.5} for i in range(n)]
                }
            }
        ),
        "a long text": lambda n: _data({}, fine_tune_checkpoint="a" * n),
        "nested dicts": lambda n: _data(_nested(n, lambda value: {"a": value})),
        "nested lists": lambda n: _data(_nested(n, lambda value: [value])),
    }
)

_text_shapes()
_nested_text_shapes()
_field_shapes()
_rate_shapes()
_comment_shapes()
_yaml_shapes()
_alias_shapes()
_long_yaml_shapes()
_json_shapes()
_other_shapes()
