"""Syntax errors in YAML: one message and one place, whichever parser of PyYAML found them."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schedule_builder.diagnostics import Report, Source
from schedule_builder.reading import yaml_format
from schedule_builder.reading.yaml_errors import OTHER, words_for

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers, one after the other."""
    monkeypatch.setattr(yaml_format, "_LOADER", request.param)


def found(text: str) -> list[tuple[int, int, str]]:
    source = Source("x.yaml", text)
    report = Report(source)
    yaml_format.read(source, report)
    return [(d.row, d.column, d.message) for d in report.diagnostics]


DIRECTIVE = "invalid directive `{}`: a config needs no lines that start with `%`. Remove it"
TAG = "invalid tag `{}`: a config needs no tags. Remove it"
NAME = (
    "invalid name `{}`: the name of an anchor or alias may have only A-Z, a-z, 0-9, `-` and `_`."
    " If `{}` is part of the text, put the value in quotes"
)
HEADER = (
    "invalid header of a block string: after `|` or `>`, write only a digit from 1 to 9, `+`, `-`,"
    " or nothing"
)
CODE = (
    r"invalid escape `{}`: expected the hexadecimal code of a character, as `\xNN`, `\uNNNN` or"
    r" `\UNNNNNNNN`. Write `\\` for a backslash"
)
TAB = "invalid tab in the indentation or between values: use spaces"
OPEN = "unterminated string: add its closing quote"
INSIDE = (
    "unexpected `:`: a field cannot start inside a value. Fix the indentation, or put the value"
    " in quotes"
)
END = "unexpected `{}`: the config has ended before it. Fix the indentation, or remove it"
MARKER = "missing `---` before `{}`, after the lines that start with `%`. Add it"
SURPLUS = "unexpected `{}`: no bracket is open here. Remove it, or add the missing `{}`"
NO_VALUE = "expected a value, not `{}`. Write one instead of it, or fix the brackets"
BEYOND = (
    r"`{}` is not the code of a character: the last one is `\U0010FFFF`. Write `\\` for a backslash"
)
HALF = (
    r"`{}` is only half of a character: write the character itself, or its whole code, such as"
    r" `\U0001F600`"
)
IN_VALUE = "unexpected `{}` in this value. Remove it, or fix the quotes"
CUT = "the file ends inside brackets: write the value, and close the brackets"
IN_ITEM = "unexpected `{}` in this list item. Remove it, or start a new line with `- `"
FIELD = (
    "expected a field (`name: value`) of the block that starts at line 1, not `{}`: fix the"
    " indentation or the quotes"
)
ITEM = (
    "expected an item (`- `) of the list that starts at line 2, not `{}`: fix the indentation or"
    " the quotes"
)
LIST = "missing `,` or `]` before {}, in the list that starts at line {}. Add it"
IN_BLOCK = "missing `:`, `,` or `}}` before `{}`, in the block that starts at line 1. Add it"
DEEP = "blocks are nested more than 100 deep, the limit of protobuf's parsers: use fewer levels"

FAULTY: list[tuple[str, int, int, str]] = [
    ("a: @x\n", 1, 4, "a value cannot start with `@`: put the value in quotes"),
    ("a: `x`\n", 1, 4, "a value cannot start with a backtick: put the value in quotes"),
    ("a: [|, 1]\n", 1, 5, "a value cannot start with `|`: put the value in quotes"),
    ("a: 1\nfoo\nb: 2\n", 2, 1, "missing `:` after `foo`"),
    ("a: 1\nfoo", 2, 1, "missing `:` after `foo`"),
    ("a: 1\n" + "k" * 1100 + ": 2\n", 2, 1, f"missing `:` after `{'k' * 37}...`"),
    ("a: - 1\n", 1, 4, "a list item cannot start here: move `- ` to a new line"),
    ("a: ? b\n", 1, 4, "a value cannot start with `? `: put the value in quotes"),
    ("a: b: c\n", 1, 5, INSIDE),
    ("a: 1\n  b: 2\n", 2, 4, INSIDE),
    ("%\n---\na: 1\n", 1, 1, DIRECTIVE.format("%")),
    ("%YAML x\n---\na: 1\n", 1, 1, DIRECTIVE.format("%YAML x")),
    ("%YAML 1\n---\na: 1\n", 1, 1, DIRECTIVE.format("%YAML 1")),
    ("%YAML 9.0\n---\na: 1\n", 1, 1, DIRECTIVE.format("%YAML 9.0")),
    ("%YAML 1." + "1" * 5000 + "\n---\n", 1, 1, DIRECTIVE.format("%YAML 1." + "1" * 29 + "...")),
    ("%YAML 1.1\n%YAML 1.1\n---\na: 1\n", 2, 1, DIRECTIVE.format("%YAML 1.1")),
    ("%TAG x y\n---\na: 1\n", 1, 1, DIRECTIVE.format("%TAG x y")),
    ("%TAG !x! ^\n---\na: 1\n", 1, 1, DIRECTIVE.format("%TAG !x! ^")),
    ("%TAG !x! a\n%TAG !x! b\n---\na: 1\n", 2, 1, DIRECTIVE.format("%TAG !x! b")),
    ("%YAML 1.1\na: 1\n", 2, 1, MARKER.format("a:")),
    ("{a: 1}}\n", 1, 7, SURPLUS.format("}", "{")),
    ("[1]]\n", 1, 4, SURPLUS.format("]", "[")),
    ("a: {b: 1}}\n", 1, 10, SURPLUS.format("}", "{")),
    ("a:\n  - [1]]\n", 2, 8, SURPLUS.format("]", "[")),
    ("{a: 1} b\n", 1, 8, END.format("b")),
    ("  a: 1\n b: 2\n", 2, 2, END.format("b:")),
    ("a: !x!y 1\n", 1, 4, TAG.format("!x!y")),
    ("a: !directive!y 1\n", 1, 4, TAG.format("!directive!y")),
    ("a: !<x 1\n", 1, 4, TAG.format("!<x")),
    ("a: !x%z 1\n", 1, 4, TAG.format("!x%z")),
    ("a: !x%ff 1\n", 1, 4, TAG.format("!x%ff")),
    ("a: !x%c3%28 1\n", 1, 4, TAG.format("!x%c3%28")),
    ("a: !\u00e9 1\n", 1, 4, TAG.format("!\u00e9")),
    ("a: & 1\n", 1, 4, NAME.format("&", "&")),
    ("a: *\u00e9\n", 1, 4, NAME.format("*\u00e9", "*")),
    ("a: |0\n x\n", 1, 5, HEADER),
    ("a: |x\n x\n", 1, 5, HEADER),
    ("a: >- x\n x\n", 1, 7, HEADER),
    ('a: "C:\\data"\n', 1, 7, r"invalid escape `\d`: write `\\` for a backslash"),
    ('a: "b\n  \\q"\n', 2, 3, r"invalid escape `\q`: write `\\` for a backslash"),
    ('a: "\\', 1, 5, r"invalid escape `\`: write `\\` for a backslash"),
    ('a: "\\xz0"\n', 1, 5, CODE.format(r"\xz0")),
    ('a: "\\u12"\n', 1, 5, CODE.format(r"\u12")),
    ('a: "\\U00110000"\n', 1, 5, BEYOND.format(r"\U00110000")),
    ('a: "\\UFFFFFFFF"\n', 1, 5, BEYOND.format(r"\UFFFFFFFF")),
    ("a: ['x, y]\n", 1, 5, OPEN),
    ('a: "x', 1, 4, OPEN),
    ("a: 'x\n---\nb: 1\n", 1, 4, OPEN),
    ("a: 'it's'\n", 1, 8, IN_VALUE.format("s")),
    ("a: 1\n}\n", 2, 1, SURPLUS.format("}", "{")),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, FIELD.format("c:")),
    ("a: &x &y 1\n", 1, 7, IN_VALUE.format("&y")),
    (": 1\n", 1, 1, "missing name before `:`. Write `name: value`"),
    ("a:\n  - 1\n  b: 2\n", 3, 3, ITEM.format("b:")),
    ("a:\n  - [1] 2\n", 2, 9, IN_ITEM.format("2")),
    ("a: [1,,2]\n", 1, 7, "missing value before `,`. Add it, or remove this `,`"),
    ("a: ]\n", 1, 4, NO_VALUE.format("]")),
    ("a: [1,,}\n", 1, 7, "missing value before `,`. Add it, or remove this `,`"),
    ("a: [1, }\n", 1, 8, NO_VALUE.format("}")),
    ("a: ,\n", 1, 4, NO_VALUE.format(",")),
    ("a: [1, # b\n", 2, 1, CUT),
    ("[", 1, 2, CUT),
    ("a: [1}\n", 1, 6, LIST.format("`}`", 1)),
    ("\na: [1\n", 3, 1, LIST.format("the end of the file", 2)),
    ("a: [1", 1, 6, LIST.format("the end of the file", 1)),
    ("a: [1\n---\n", 2, 1, LIST.format("`---`", 1)),
    ('{"a" 1}\n', 1, 6, IN_BLOCK.format("1")),
    ("a: {b: 1 c: 2}\n", 1, 11, IN_BLOCK.format(":")),
    ("a:\n\tb: 1\n", 2, 1, TAB),
    ("a:\n  b: 1\n\tc: 2\n", 3, 1, TAB),
    ("a: |\n\tx\n", 2, 1, TAB),
    ("a:\n-\t1\n", 2, 2, TAB),
    ("a: \x07\n", 1, 4, "invalid character U+0007: YAML does not allow it. Remove it"),
    ("a: 1\nb: [\x00]\n", 2, 5, "invalid character U+0000: YAML does not allow it. Remove it"),
    ("a: '\ufffe'\n", 1, 5, "invalid character U+FFFE: YAML does not allow it. Remove it"),
    ("a: \ud800\n", 1, 4, "invalid character: unpaired UTF-16 surrogate. Remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "row", "column", "message"), FAULTY)
@pytest.mark.usefixtures("either")
def test_a_fault_has_one_message_at_one_place(
    text: str, row: int, column: int, message: str
) -> None:
    assert found(text)[0] == (row, column, message)


@pytest.mark.skipif(len(LOADERS) == 1, reason="PyYAML is installed without libyaml")
def test_a_colon_that_only_libyaml_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_format, "_LOADER", yaml.CSafeLoader)
    message = (
        "unexpected `:`: write a space after each `:` that ends a name, such as `{a: b}`, or put"
        " the value in quotes"
    )
    assert found("{a:b:}\n") == [(1, 5, message)]


@pytest.mark.skipif(len(LOADERS) == 1, reason="PyYAML is installed without libyaml")
@pytest.mark.parametrize("escape", [r"\ud83d", r"\uDFFF", r"\U0000d800"])
def test_half_of_a_character_that_only_libyaml_refuses(
    escape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_format, "_LOADER", yaml.CSafeLoader)
    assert found(f'a: "{escape}"\n') == [(1, 5, HALF.format(escape))]


@pytest.mark.parametrize("levels", [1_000, 10_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "row", "column"),
    [
        ("[", 1, 103),
        ("[ ", 1, 202),
        ("[\n", 100, 1),
        ("{a: ", 1, 400),
        ('{"a":', 1, 499),
        ("[{a: ", 1, 250),
    ],
)
@pytest.mark.usefixtures("either")
def test_the_limit_of_levels_is_ours(levels: int, opening: str, row: int, column: int) -> None:
    # The field `a` is the first of a hundred levels.
    assert found("a: " + opening * levels)[0] == (row, column, DEEP)


# --- nothing of theirs is left ----------------------------------------------------------------


NAMES = {"an %s": ["anchor", "alias"], "a %s node": ["block", "flow"], "a %s": ["tag", "directive"]}


def said(node: ast.expr) -> list[str]:
    """What a message in the source of PyYAML may become."""
    if isinstance(node, ast.Constant):
        return [str(node.value or "")]
    if not isinstance(node, ast.BinOp):
        # Python's own words, about bytes that are not UTF-8.
        return ["'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"]
    text: str = ast.literal_eval(node.left)
    for words, names in NAMES.items():
        if words in text:
            return [text.replace("%s", name) for name in names]
    return [re.sub(r"%[rsd]", "x", text)]


def raised(module: Any) -> list[tuple[str, str]]:
    """The context and the problem of everything that a module of PyYAML raises."""
    calls = [
        node.exc
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    ]
    return [
        (context, problem)
        for call in calls
        for context in said(call.args[0])
        for problem in said(call.args[2])
    ]


PYTHON = [*raised(yaml.scanner), *raised(yaml.parser)]
# From the scanner and the parser of libyaml 0.2.6 and 0.2.5.
LIBYAML = [
    *[
        ("while scanning a directive", problem)
        for problem in (
            "could not find expected directive name",
            "did not find expected comment or line break",
            "found unexpected non-alphabetical character",
            "found unknown directive name",
        )
    ],
    *[
        ("while scanning a %YAML directive", problem)
        for problem in (
            "did not find expected digit or '.' character",
            "did not find expected version number",
            "found extremely long version number",
        )
    ],
    ("while scanning a %TAG directive", "did not find expected whitespace"),
    ("while scanning a %TAG directive", "did not find expected whitespace or line break"),
    *[
        (f"while {doing} a {name}", problem)
        for doing in ("scanning", "parsing")
        for name in ("tag", "tag directive", "%TAG directive")
        for problem in (
            "did not find expected '!'",
            "did not find expected tag URI",
            "did not find the expected '>'",
            "did not find expected whitespace or line break",
            "did not find URI escaped octet",
            "found an incorrect leading UTF-8 octet",
            "found an incorrect trailing UTF-8 octet",
        )
    ],
    ("while scanning an anchor", "did not find expected alphabetic or numeric character"),
    ("while scanning an alias", "did not find expected alphabetic or numeric character"),
    *[
        ("while scanning a block scalar", problem)
        for problem in (
            "did not find expected comment or line break",
            "found a tab character where an indentation space is expected",
            "found an indentation indicator equal to 0",
        )
    ],
    ("while scanning a plain scalar", "found a tab character that violates indentation"),
    ("while scanning a plain scalar", "found unexpected ':'"),
    ("while scanning a quoted scalar", "found unexpected document indicator"),
    ("while scanning a quoted scalar", "found unexpected end of stream"),
    *[
        ("while parsing a quoted scalar", problem)
        for problem in (
            "did not find expected hexdecimal number",
            "found invalid Unicode character escape code",
            "found unknown escape character",
        )
    ],
    ("while scanning a simple key", "could not find expected ':'"),
    ("while scanning for the next token", "found character that cannot start any token"),
    ("", "block sequence entries are not allowed in this context"),
    ("", "mapping keys are not allowed in this context"),
    ("", "mapping values are not allowed in this context"),
    ("", "did not find expected <document start>"),
    ("", "found duplicate %TAG directive"),
    ("", "found duplicate %YAML directive"),
    ("", "found incompatible YAML document"),
    ("while parsing a node", "found undefined tag handle"),
    ("while parsing a block node", "did not find expected node content"),
    ("while parsing a flow node", "did not find expected node content"),
    ("while parsing a block collection", "did not find expected '-' indicator"),
    ("while parsing a block mapping", "did not find expected key"),
    ("while parsing a flow sequence", "did not find expected ',' or ']'"),
    ("while parsing a flow mapping", "did not find expected ',' or '}'"),
]


def test_messages_of_the_parser_in_python_were_found() -> None:
    assert len(PYTHON) > 40


@pytest.mark.parametrize(("context", "problem"), [*PYTHON, *LIBYAML])
def test_every_fault_has_words_of_its_own(context: str, problem: str) -> None:
    _, words = words_for(context, problem)
    assert words.template != OTHER.template


def test_an_unknown_fault_has_words_of_ours() -> None:
    where, words = words_for("while dreaming", "found a sheep")
    assert (where, words.template) == ("here", OTHER.template)


PIECES = st.sampled_from(
    [
        *"abc01 \n\t:,-?[]{}&*!|>'\"%@`#\\~",
        *("\n  ", "\n    ", ": ", "- ", "? ", " #", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n"),
        *("\\x", "\\u00", "\\U", "!!", "!<", "<<", "\r\n", "\x85", "\u2028", "\ufeff", "\u00e9"),
        *("a: ", "b: 1\n", "c:\n  - 1\n", "{a: 1}", "[1, 2]", "&a ", "*a", "|-\n", "\x07"),
    ]
)
THEIRS = re.compile(
    r"while (?:scanning|parsing)|did not find|could not find|but (?:found|got)|<\w+ ?\w+>|codec"
    r"|exceeded|\bfound\b"
)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_text_brings_words_of_theirs(text: str) -> None:
    before = yaml_format._LOADER
    for loader in LOADERS:
        yaml_format._LOADER = loader
        try:
            for _, _, message in found(text):
                # What is quoted is the text's own.
                assert not THEIRS.search(re.sub(r"`[^`]*`", "", message)), (text, message)
        finally:
            yaml_format._LOADER = before
