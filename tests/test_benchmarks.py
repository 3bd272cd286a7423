"""The benchmarks compare equals, and their page is of the command as it is. Nothing is timed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from benchmarks import measuring
from benchmarks.goals import GROUPS
from benchmarks.kinds import KINDS
from benchmarks.measuring import Row, Spread, Turns, spread
from benchmarks.page import Run, decided, draw, on_device, page, verdict
from schedule_builder import build_schedule

BENCHMARKS = Path(measuring.__file__).parent
PAGE = BENCHMARKS.parent / "docs" / "benchmarks.md"

STEPS = [0, 1, 17, 500, 999, 1000, 1001, 2000, 2001, 3000, 4000, 9999, 10_000, 29_999, 30_000]
STEPS += [100_000, 179_999, 180_000, 269_999, 270_000, 500_000, 719_999, 720_000, 720_001]
STEPS += [899_999, 900_000, 900_001, 999_999]


@pytest.mark.parametrize("name", KINDS)
def test_formulas_by_hand_are_those_of_the_config(name: str) -> None:
    kind = KINDS[name]
    expected = build_schedule(kind.config).rates(STEPS)
    by_hand = [kind.by_hand(step) for step in STEPS]
    np.testing.assert_allclose(by_hand, expected, rtol=1e-9, atol=1e-12)
    array = kind.by_hand_array(np.array(STEPS, np.int64))
    np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-12)


def test_a_goal_is_reached_where_the_whole_interval_is_within_it() -> None:
    ratio = Spread(1.0, 0.9, 1.1)
    goals = (None, 0.89, 0.9, 1.0, 1.09, 1.1)
    assert [verdict(ratio, goal) for goal in goals] == ["", "not reached", *["open"] * 3, "reached"]


def test_an_interval_holds_the_median() -> None:
    for count in (1, 2, 3, 9, 30, 100):
        values = [float(value) for value in range(count)]
        middle, low, high = spread(values[::-1])
        assert middle == (count - 1) / 2
        # Symmetric, and of 30 pairs from the 10th to the 21st.
        assert low + high == count - 1
        assert count != 30 or (low, high) == (9, 20)


class Ticking:
    """Functions that take the seconds which a clock of their own says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.calls = 0
        monkeypatch.setattr(measuring, "perf_counter", lambda: self.now)

    def taking(self, *seconds: float) -> Callable[[], None]:
        """A function that takes these seconds in turn."""
        endless = cycle(seconds)

        def run() -> None:
            self.calls += 1
            self.now += next(endless)

        return run


def test_an_open_goal_gets_more_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """While its interval holds the goal, up to eight times as many."""
    for goal, turns, expected in (
        (1.0, 80, "open"),
        (3.0, 10, "reached"),
        (0.1, 10, "not reached"),
    ):
        clock = Ticking(monkeypatch)
        ours, peer = clock.taking(0.05, 0.2), clock.taking(0.1)
        limits = {"seconds": 0, "fewest": 10, "warm": False}
        first = measuring.interleaved(ours, peer, **limits).row("ours / peer", note="a note")
        assert clock.calls == 20
        row = decided(first, goal)
        assert (clock.calls, verdict(row.ratio, goal)) == (2 * turns, expected)
        assert (row.what, row.note, row.more()) == ("ours / peer", "a note", None)


def test_more_turns_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all functions that share turns, and each by its own number of calls."""
    clock = Ticking(monkeypatch)
    ours = clock.taking(0.5, 2.0, 2.0, 0.5, *[0.5] * 28)
    turns = Turns(clock.taking(1.0), ours, calls=(1, 2), seconds=0, fewest=4, warm=False)
    assert turns.pair(1, 0).ratio == (0.625, 0.25, 1.0)
    row = decided(turns.row("ours / peer", 1, 0), 0.5)
    assert clock.calls == 2 * 16
    assert (row.ours, row.peer, row.ratio) == (0.25, 1.0, (0.25, 0.25, 0.25))


def test_turns_that_took_long_are_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticking(monkeypatch)
    turns = Turns(clock.taking(4.0, 8.0), seconds=0, fewest=4, warm=False)
    assert turns.more()
    assert not turns.more()
    assert clock.calls == 8


def test_a_growth_finds_the_exponent(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(measuring, "perf_counter", lambda: clock[0])

    def square(size: int) -> Callable[[], None]:
        def run() -> None:
            clock[0] += 1e-3 * size**2

        return run

    row = measuring.growth("cost", square, (1, 10, 100))
    assert row.ratio == pytest.approx((2, 2, 2))
    assert (row.ours, row.peer) == pytest.approx((1e-3, 10))
    assert [size for size, _ in row.points] == [1, 10, 100]


def tables_of(page: str) -> dict[str, list[str]]:
    """The first cells of the tables below each heading."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    cells = {s.splitlines()[0]: re.findall(r"^\| ([^|]+) \|", s, re.MULTILINE) for s in sections}
    return {title: found[2:] for title, found in cells.items() if title != "On a GPU"}


ROWS = {group.title: list(group.goals) for group in GROUPS.values()}


def test_the_page_has_the_rows_that_the_command_knows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    again = "run `python -m benchmarks --write docs/benchmarks.md`"
    assert tables_of(text) == ROWS, again
    assert on_device() in text, again


def test_a_page_is_written_from_rows(tmp_path: Path) -> None:
    half, points = Spread(0.5, 0.4, 0.6), [(1, 1e-3), (10, 2e-3), (100, 4e-3)]
    rows = {
        name: {
            what: Row(what, 1e-3, 2e-3, half, points=points if name == "growth" else ())
            for what in group.goals
        }
        for name, group in GROUPS.items()
    }
    draw(list(rows["growth"].values()), tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size
    text = page(Run(rows, "the command", load=0.5, minutes=5.0), "growth.png")
    assert tables_of(text) == ROWS
    assert "| 1 ms | 2 ms | 0.50 (0.40..0.60) | 1.02 | reached |" in text
    assert "| 1 ms at 1 | 2 ms at 100 | 0.50 (0.40..0.60) | 1.10 | reached |" in text
    assert "](growth.png)" in text
    assert "H100" in text


def test_groups_are_measured_by_functions_that_there_are() -> None:
    for group in GROUPS.values():
        module, function = group.home.split(".")
        tree = ast.parse((BENCHMARKS / f"{module}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
