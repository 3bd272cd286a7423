"""The changes that a command would make in a file, as in the output of `diff -u`."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from schedule_builder.printable import printable


def difference(old: bytes, new: bytes, name: str) -> str:
    """The lines that change, as a patch.

    Args:
        old: the contents of the file.
        new: the new contents.
        name: the file.
    """
    name = name.lstrip("/")
    return patch(old, new, f"a/{name}", f"b/{name}")


def patch(old: bytes, new: bytes, old_name: str, new_name: str) -> str:
    """The lines that differ, as a patch from one file to another.

    Args:
        old: the contents of the one.
        new: the contents of the other.
        old_name: what the patch calls the one.
        new_name: what it calls the other.
    """
    before, after = (data.decode("utf-8", "replace").splitlines(True) for data in (old, new))
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in _hunks(before, after)
    )
    head = f"--- {printable(old_name)}\n+++ {printable(new_name)}\n" if text else ""
    return head + text.replace("\r\n", "\n")


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The hunks of a patch, line by line."""
    for group in _Lines(before, after).get_grouped_opcodes():
        (_, a, _, b, _), (_, _, a_end, _, b_end) = group[0], group[-1]
        yield f"@@ -{_range(a, a_end)} +{_range(b, b_end)} @@\n"
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[first:last])
                continue
            yield from (f"-{line}" for line in before[first:last])
            yield from (f"+{line}" for line in after[new_first:new_last])


class _Lines(SequenceMatcher[str]):
    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, before, after)
        self._blocks = [*_matches(before, after), Match(len(before), len(after), 0)]

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def _range(begin: int, end: int) -> str:
    """Lines as a hunk counts them: none are those after a line."""
    length = end - begin
    return f"{begin + 1}" if length == 1 else f"{begin + (length > 0)},{length}"


def _matches(before: Sequence[str], after: Sequence[str]) -> list[Match]:
    """The lines that stay, in order, in time that grows with their number.

    Lines that stand once on both sides come first. `difflib` alone takes time by the square where
    every second line of thousands changes.
    """
    found: list[Match] = []
    a = b = 0
    for i, j in [*_anchors(before, after), (len(before), len(after))]:
        blocks = [Match(i, j, int(i < len(before)))]
        if a < i and b < j:
            gap = SequenceMatcher(None, before[a:i], after[b:j]).get_matching_blocks()
            blocks = [*(Match(a + m.a, b + m.b, m.size) for m in gap), *blocks]
        for block in blocks:
            last = found[-1] if found else Match(0, 0, 0)
            if block.size and (last.a + last.size, last.b + last.size) == block[:2]:
                found[-1:] = [Match(last.a, last.b, last.size + block.size)]
            elif block.size:
                found.append(block)
        a, b = i + 1, j + 1
    return found


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The most lines that stand once on both sides, in one order: where they are on each."""
    counts = Counter(before), Counter(after)
    places = {line: j for j, line in enumerate(after) if counts[1][line] == 1}
    ends: list[int] = []  # the lowest place at which so many lines can end
    chain: list[tuple[int, int, int]] = []  # a line, and the one before it in the chain
    tops: list[int] = []
    for i, line in enumerate(before):
        if counts[0][line] != 1 or line not in places:
            continue
        at = bisect_left(ends, places[line])
        ends[at : at + 1], tops[at : at + 1] = [places[line]], [len(chain)]
        chain.append((i, places[line], tops[at - 1] if at else -1))
    found, link = [], tops[-1] if tops else -1
    while link >= 0:
        i, j, link = chain[link]
        found.append((i, j))
    return found[::-1]
