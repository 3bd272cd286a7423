"""What may get out of the characters in names and messages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.printable import printable

HOSTILE = st.text(
    st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Lu"]) | st.sampled_from("\x1b\x9b\n\r\t")
)


@given(HOSTILE)
def test_no_control_character_stays(text: str) -> None:
    out = printable(text)
    assert len(out) == len(text)
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in out)
    assert not any(unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF") for c in out)
    assert not any(unicodedata.bidirectional(c) in ("LRI", "RLI", "FSI", "PDI") for c in out)
    assert printable(out) == out


@given(HOSTILE)
def test_what_is_kept(text: str) -> None:
    out = printable(text, kept="\n\t")
    assert out.count("\n") == text.count("\n")
    assert out.replace("\n", "").replace("\t", "") == printable(
        text.replace("\n", "").replace("\t", "")
    )


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_what_can_be_read_stays(text: str) -> None:
    if "##" not in text:
        assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "a ##vso[task.setvariable variable=PATH]x",
            "a \uff03#vso[task.setvariable variable=PATH]x",
        ),
        ("##[error]x", "\uff03#[error]x"),
        ("##teamcity[x]", "\uff03#teamcity[x]"),
        ("## a heading [1]", "## a heading [1]"),
        ("a##b", "a##b"),
    ],
)
def test_commands_of_ci_services(text: str, shown: str) -> None:
    assert printable(text) == shown
