"""Text format that protobuf's Python parser alone reads: read as it does, and reported."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import example, given
from hypothesis import strategies as st

from schedule_builder import validate_text
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import pipeline_pb2 as pb
from tests.support.data import needs_new_protobuf


def codes(text: str) -> list[str]:
    return [d.code for d in validate_text(text, "a.config") if d.code < "SB3"]


def parsed(text: str) -> Any:
    """What protobuf's parser makes of a pipeline; None where it refuses it."""
    try:
        return text_format.Parse(text, pb.TrainEvalPipelineConfig())
    except text_format.ParseError:
        return None


# Not `\\?`, `\\X41` and `\\400`, which the grammar has and this parser has not.
PIECES = st.sampled_from(
    [
        *"abcdefnrtvxuUN01789 :/.-_",
        "\\",
        "\\\\",
        "\\x4",
        "\\101",
        "\\u00e9",
        "\\ud800",
        "\\n",
        "\\'",
    ]
)


@needs_new_protobuf
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:invalid octal escape:DeprecationWarning")
@given(st.lists(PIECES, max_size=8).map("".join))
@example("D:\\Models\\ckpt-0")
@example("C:\\Users")
@example("\\ud83d\\ude00")
def test_strings(body: str) -> None:
    if (len(body) - len(body.rstrip("\\"))) % 2:
        return  # it escapes the quote
    text = f'train_config {{ fine_tune_checkpoint: "{body}" }}'
    theirs = parsed(text)
    config = examine(Source("a.config", text))
    refused = bool({"SB102", "SB203"} & {d.code for d in config.diagnostics})
    assert refused == (theirs is None)
    if theirs is not None:
        ours: Any = config.message
        assert ours.train_config.fine_tune_checkpoint == theirs.train_config.fine_tune_checkpoint


@given(st.lists(st.sampled_from([*"0123456789", "_", ".", "e", "+", "-"]), min_size=1, max_size=7))
@example(list("200_000"))
@example(list("+1"))
@example(list("1__0"))
def test_numbers(pieces: list[str]) -> None:
    written = "".join(pieces)
    text = f"min_learning_rate: {written}"
    try:
        theirs = text_format.Parse(text, rates.LearningRate()).min_learning_rate
    except text_format.ParseError:
        theirs = None
    config = examine(Source("a.config", text))
    message: Any = config.message
    found = {d.code for d in config.diagnostics if d.code < "SB3"}
    if theirs is None:
        assert found
    elif not found - {"SB108"}:
        # The same number, or, where the grammar forbids what Python reads, an error.
        assert message.min_learning_rate == theirs


@pytest.mark.parametrize("number", ["200_000", "+1", "+200_000", "1_0_0"])
def test_a_number_is_read_reported_and_fixed(number: str) -> None:
    text = f"train_config {{ num_steps: {number} }}"
    config = examine(Source("a.config", text))
    assert config.num_steps == parsed(text).train_config.num_steps
    (finding,) = (d for d in config.diagnostics if d.code == "SB108")
    assert (finding.severity, finding.row, finding.column) == ("warning", 1, 27)
    fixed, _ = apply_fixes(text, [finding])
    assert examine(Source("a.config", fixed)).message == config.message
    assert "SB108" not in codes(fixed)


@pytest.mark.parametrize("number", ["1__0", "1_", "+x", "-+1", "+", "0_1"])
def test_what_python_does_not_read_either_is_an_error(number: str) -> None:
    assert "SB102" in codes(f"model {{ a: {number} }}")


@pytest.mark.parametrize(
    ("path", "is_safe"),
    [("D:\\Models\\ckpt-0", True), ("D:\\Models\\new", False), ("D:\\\\Models\\ckpt", True)],
)
def test_backslashes_of_a_path(path: str, is_safe: bool) -> None:
    text = f'train_config {{ fine_tune_checkpoint: "{path}" num_steps: 5 }}'
    config = examine(Source("a.config", text))
    (finding,) = (d for d in config.diagnostics if d.code == "SB108")
    assert text[finding.column - 1 : finding.end_column - 1] in ("\\M", "\\c")
    assert finding.fix is not None
    assert finding.fix.safe == is_safe
    fixed, _ = apply_fixes(text, [finding], unsafe=True)
    assert "SB108" not in codes(fixed)
    if is_safe:
        assert examine(Source("a.config", fixed)).message == config.message


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("constant_learning_rate { [learning_rate]: 0.5 }", False),
        ("constant_learning_rate {} [a.b] { c: 1 }", False),
        ("train_config { [a.b] { c: 1 } }", False),
        ("train_config {} [a.b] { c: 1 }", True),
        ("model { [a.b] { c: 1 } }", True),
    ],
)
def test_unknown_extensions(text: str, is_known: bool) -> None:
    assert ("SB201" not in codes(text)) == is_known


@needs_new_protobuf
@pytest.mark.parametrize(
    "url",
    [
        "type.googleapis.com/a.b", "a/b", "a-b/c", "a/b/c.d", "a%20b/c", "a%2/c", "/a", "a/",
        "a/1b", "a / b . c", "a/b.", "a!b/c", "a/b!", "a#\n/b", "//a", "a/b-c",
    ],
)  # fmt: skip
def test_type_urls_as_protobuf_reads_them(url: str) -> None:
    text = f"custom {{ [{url}] {{ }} }}"
    try:
        text_format.Parse(text, rates.LearningRate())
        accepted = True
    except text_format.ParseError as error:
        accepted = "Type URL" not in str(error) and "xpected" not in str(error)
        accepted = accepted and "percent" not in str(error)
    assert ("SB102" not in codes(text)) == accepted
