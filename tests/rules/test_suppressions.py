"""Comments that suppress findings: which line each is for, and what is said of others."""

from __future__ import annotations

import pytest

from schedule_builder.compiler import examine, unsuppressed
from schedule_builder.diagnostics import TOO_LARGE, Diagnostic, Source
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.rules.suppressions import comment_for

FIELD = "constant_learning_rate { learning_rat: 0.1 }\n"
"""A line with an unknown field, SB201, and without a rate."""
IGNORE = "# schedule-builder: ignore[{}]"


def found(text: str) -> list[Diagnostic]:
    return unsuppressed(examine(Source("a.pbtxt", text)))


def places(text: str) -> list[tuple[int, str]]:
    """The lines and codes of the findings that are about names and comments."""
    codes = ("SB201", "SB901", "SB902")
    return [(d.row, d.code) for d in found(text) if d.row is not None and d.code in codes]


def test_the_finding_is_there_without_a_comment() -> None:
    assert places(FIELD) == [(1, "SB201")]


@pytest.mark.parametrize(
    "text",
    [
        "{ignore}\n{field}",
        "{field}{file}",
        "{file}\n{field}",
        "{ignore}\n# other\n{field}",
        "{ignore}\n\n  # other\r\n\n{field}",
        "# other\n{ignore}\n{ignore_name}\n{field}",
        "# other\n\n\n{ignore}\n\n{field}",
        "# schedule-builder: ignore # schedule-builder: ignore[SB201]\n{field}",
        "# schedule-builder: ignore[SB201] # schedule-builder: ignore\n{field}",
    ],
)
def test_what_a_comment_is_for(text: str) -> None:
    """For the line after it and other lines of comments, or for the whole file."""
    named = {
        "ignore": IGNORE.format("SB201"),
        "ignore_name": IGNORE.format("unknown-field"),
        "file": "# schedule-builder: ignore-file[SB201]",
        "field": FIELD,
    }
    left = places(text.format(**named))
    assert left == ([(1, "SB902")] if "ignore # " in text or "ignore\n" in text else [])


@pytest.mark.parametrize(
    "text",
    [
        "{field}{ignore}",  # the last line, for none
        "{field}{ignore}\n",
        "{ignore}\nmin_learning_rate: 0.1\n{field}",
        "{field}# other\n{ignore}\n{ignore}",
    ],
)
def test_a_comment_for_another_line_is_not_used(text: str) -> None:
    text = text.format(field=FIELD, ignore=IGNORE.format("SB201"))
    left = places(text)
    assert (text.splitlines().index(FIELD.strip()) + 1, "SB201") in left
    assert [code for _, code in left].count("SB901") == text.count("ignore[")


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (
            IGNORE.format("SB402"),
            "unused suppression: SB402 is not reported on this line. Remove it",
        ),
        (
            "# schedule-builder: ignore-file[SB402]",
            "unused suppression: SB402 is not reported in this file. Remove it",
        ),
        (IGNORE.format("SB4"), "unknown rule `SB4`: write whole codes, such as SB401"),
        (IGNORE.format("SB90"), "unknown rule `SB90`: write whole codes, such as SB901"),
        (IGNORE.format("SB11"), "unknown rule `SB11`: write whole codes, such as SB110"),
        (IGNORE.format("SB4O2"), "unknown rule `SB4O2`: did you mean `SB402`?"),
        (
            IGNORE.format("unknown-fiel"),
            "unknown rule `unknown-fiel`: did you mean `unknown-field`?",
        ),
        (IGNORE.format("nothing"), "unknown rule `nothing`: see `schedule-builder rules`"),
        (
            "# schedule-builder: ignore[]",
            "malformed suppression: expected `ignore[CODE]` or `ignore-file[CODE]`, such as"
            " `# schedule-builder: ignore[SB402]`",
        ),
    ],
)
def test_what_is_said_of_a_comment(comment: str, words: str) -> None:
    text = f"constant_learning_rate {{ learning_rate: 0.1 }}\n{comment}\n"
    (about,) = (d for d in found(text) if d.code in ("SB901", "SB902"))
    assert about.message == words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # The whole comment, with its line if nothing else is on it.
        ("{field}  # schedule-builder: ignore[SB402]\n", "{field}\n"),
        ("{field}  # schedule-builder: ignore[SB402]", "{field}"),
        ("  # schedule-builder: ignore[SB402]  \r\n{field}\n", "{field}\n"),
        ("{field}\n# schedule-builder: ignore-file[SB402] why", "{field}\n"),
        ("{field}  # why # schedule-builder: ignore[SB402]\n", "{field}  # why\n"),
        (" # schedule-builder: ignore[SB402] # why\n{field}\n", " # why\n{field}\n"),
        # All its codes in one edit.
        ("{field}  # schedule-builder: ignore[SB402, SB403,SB404]\n", "{field}\n"),
        # Those that are not used.
        (
            "{field}  # schedule-builder: ignore[SB201, SB402]",
            "{field}  # schedule-builder: ignore[SB201]",
        ),
        (
            "{field}  # schedule-builder: ignore[SB402, SB201,SB403]",
            "{field}  # schedule-builder: ignore[SB201]",
        ),
        (
            "{field}  # schedule-builder: ignore[SB201 SB402]",
            "{field}  # schedule-builder: ignore[SB201 ]",
        ),
    ],
)
def test_what_is_not_used_is_removed(text: str, wanted: str) -> None:
    text, wanted = (each.format(field=FIELD.strip()) for each in (text, wanted))
    unused = [d for d in found(text) if d.code == "SB901"]
    fixes = [d.fix for d in unused if d.fix is not None]
    assert {(fix.title, fix.safe) for fix in fixes} == {("Remove this suppression", True)}
    assert apply_fixes(text, unused) == (wanted, len(fixes))


def test_after_some_unknown_rules_none_is_suggested() -> None:
    """As comparing names takes long."""
    text = f"{FIELD}{IGNORE.format(','.join(['SB4O2'] * 2000))}"
    messages = [d.message for d in found(text) if d.code == "SB902"]
    assert messages[0] == "unknown rule `SB4O2`: did you mean `SB402`?"
    assert messages[-1] == "unknown rule `SB4O2`: see `schedule-builder rules`"


def test_where_not_all_findings_are_known_no_comment_is_unused() -> None:
    text = f"{FIELD}{IGNORE.format('SB402')}\n# schedule-builder: ignore\n"
    config = examine(Source("a.pbtxt", text))
    (first, *_) = config.diagnostics
    large = first._replace(code=TOO_LARGE.code)
    left = unsuppressed(config._replace(diagnostics=(large, *config.diagnostics)))
    codes = [d.code for d in left]
    assert "SB902" in codes
    assert "SB901" not in codes
    assert codes.count("SB201") == 1


def test_the_comment_for_a_finding() -> None:
    for comment, wanted in (
        ("# schedule-builder: ignore[SB402, unknown-field]", (2, "unknown-field")),
        (IGNORE.format("SB402"), None),
        ("# schedule-builder: ignore-file[SB402, SB201]", (2, "SB201")),
    ):
        config = examine(Source("a.pbtxt", f"\n{comment}\n{FIELD}"))
        (finding,) = (d for d in config.diagnostics if d.code == "SB201")
        assert comment_for(config.document, finding) == wanted
