"""What would change in a file: a patch that says so, found in time that grows with the file."""

from __future__ import annotations

import cProfile
import difflib
import re

from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.output.difference import difference

LINES = st.lists(st.sampled_from(["a", "b", "c", "{", "}", ""]), max_size=12)


def patched(old: list[str], patch: str) -> list[str]:
    """The lines after a patch, whose context and counts have to be right."""
    lines, at = [], 0
    hunks = re.split(r"(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", patch)
    for begin, count, new_begin, new_count, body in zip(*[iter(hunks[1:])] * 5, strict=True):
        removed, added = int(count or 1), int(new_count or 1)
        start = int(begin) - (removed > 0)
        lines += old[at:start]
        assert len(lines) == int(new_begin) - (added > 0)
        of_old = [line[1:] for line in body.splitlines() if line[0] in " -"]
        of_new = [line[1:] for line in body.splitlines() if line[0] in " +"]
        assert (len(of_old), len(of_new)) == (removed, added)
        assert old[start : start + removed] == of_old
        lines, at = lines + of_new, start + removed
    return lines + old[at:]


@given(LINES, LINES)
def test_the_patch_makes_one_text_of_the_other(old: list[str], new: list[str]) -> None:
    before, after = ("".join(f"{line}\n" for line in lines).encode() for lines in (old, new))
    patch = difference(before, after, "a")
    assert patched(old, patch) == new
    assert bool(patch) == (old != new)


def test_it_is_what_diff_prints() -> None:
    old = [f"{i}\n" for i in range(30)]
    new = [*old[:4], "x\n", *old[5:20], "y\n", *old[20:]]
    wanted = "".join(difflib.unified_diff(old, new, "a/f", "b/f"))
    assert difference("".join(old).encode(), "".join(new).encode(), "f") == wanted
    assert difference(b"a\r\nb", b"a\r\nc", "f") == (
        "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n"
        "+c\n\\ No newline at end of file\n"
    )


def calls(count: int) -> int:
    """How many function calls it takes where every second of so many lines changes."""
    old, new = (
        "".join(f"step: {i}\nrate: {i * factor}\n" for i in range(count)).encode()
        for factor in (3, 5)
    )
    profile = cProfile.Profile()
    profile.enable()
    patch = difference(old, new, "a")
    profile.disable()
    assert patch.count("\n+rate") == count - 1
    return sum(entry.callcount for entry in profile.getstats())


def test_many_lines_take_time_that_grows_with_their_number() -> None:
    assert calls(400) < 6 * calls(100)
