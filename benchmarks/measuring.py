"""Costs, side by side and in turns."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from math import log
from pathlib import Path
from statistics import linear_regression, median
from time import perf_counter
from typing import Any, NamedTuple


class Spread(NamedTuple):
    """A median, and the interval that holds it in 95 of 100 cases, by the order of the values."""

    median: float
    low: float
    high: float


def no_more() -> Row | None:
    """For a row that takes no more turns."""
    return None


class Row(NamedTuple):
    """One comparison: ours divided by the peer's, so that less is better.

    Attributes:
        what: the row's name in `goals.GOALS`: what is done, and after a slash the peer.
        ours: our cost.
        peer: the peer's, None where the goal is for our cost itself.
        ratio: of the two; of a growth, the exponent, and `ours` and `peer` are the costs at the
            smallest and at the largest size.
        unit: of both costs; seconds are printed in the unit that fits.
        note: what our cost is of.
        points: of a growth, the sizes and the cost of each.
        more: takes more turns, and returns the row of all of them; None where there are enough.
    """

    what: str
    ours: float
    peer: float | None
    ratio: Spread
    unit: str = "s"
    note: str = ""
    points: Sequence[tuple[int, float]] = ()
    more: Callable[[], Row | None] = no_more


class Pair(NamedTuple):
    """Two functions: the median seconds of each, and ours by the peer's, turn by turn."""

    ours: float
    peer: float
    ratio: Spread


def exactly(what: str, ours: float, peer: float | None, unit: str) -> Row:
    """A row of what is counted."""
    ratio = ours if peer is None else ours / peer
    return Row(what, ours, peer, Spread(ratio, ratio, ratio), unit)


def spread(values: Sequence[float]) -> Spread:
    """The median of values, and its interval."""
    ordered = sorted(values)
    last = len(ordered) - 1
    # The ranks of a median's interval: the middle, and 0.98 of the number's root to either side.
    reach = 0.98 * len(ordered) ** 0.5
    low, high = max(int(last / 2 - reach), 0), min(int(last / 2 + reach) + 1, last)
    return Spread(median(ordered), ordered[low], ordered[high])


MOST_TIMES = 8
MOST_SECONDS = 30.0
"""Up to how many times their first number turns are taken, and after how long no more are."""


class Turns:
    """Functions, timed in turns, every other time in reverse, so that all see the same machine."""

    def __init__(
        self,
        *functions: Callable[[], Any],
        calls: Sequence[int] | int = 1,
        seconds: float = 1.0,
        fewest: int = 9,
        most: int = 400,
        warm: bool = True,
    ) -> None:
        """Takes the first turns.

        Args:
            functions: what to time.
            calls: how often a run does what is measured; of each function, or of all.
            seconds: after which there are no more turns.
            fewest: how many turns there are whatever they take.
            most: how many there are at most.
            warm: whether each has a first run that is not counted.
        """
        self._times: list[list[float]] = [[] for _ in functions]
        self._calls = [calls] * len(functions) if isinstance(calls, int) else calls
        self._order = list(zip(functions, self._times, strict=True))
        if warm:
            for function in functions:
                function()
        end = perf_counter() + seconds
        self._take(lambda turn: turn < fewest or (turn < most and perf_counter() <= end))
        self._first = self._count

    @property
    def _count(self) -> int:
        return len(self._times[0])

    def more(self) -> bool:
        """Takes as many turns again, and says whether there were any to take."""
        last = 2 * self._count
        if last > MOST_TIMES * self._first or sum(map(sum, self._times)) > MOST_SECONDS:
            return False
        self._take(lambda turn: turn < last)
        return True

    def _take(self, goes_on: Callable[[int], bool]) -> None:
        # Garbage is collected before, not during.
        gc.collect()
        gc.disable()
        try:
            while goes_on(turn := self._count):
                for function, taken in self._order if turn % 2 else reversed(self._order):
                    start = perf_counter()
                    function()
                    taken.append(perf_counter() - start)
        finally:
            gc.enable()

    @property
    def costs(self) -> list[list[float]]:
        """The seconds of a call of each function, turn by turn."""
        pairs = zip(self._times, self._calls, strict=True)
        return [[seconds / calls for seconds in taken] for taken, calls in pairs]

    def pair(self, ours: int = 0, peer: int = 1) -> Pair:
        """Two of the functions, by their places."""
        costs = self.costs
        ratios = [one / other for one, other in zip(costs[ours], costs[peer], strict=True)]
        return Pair(median(costs[ours]), median(costs[peer]), spread(ratios))

    def row(self, what: str, ours: int = 0, peer: int = 1, note: str = "") -> Row:
        """A row of two of the functions, with a note on our cost."""
        return self.described(lambda: Row(what, *self.pair(ours, peer), note=note))

    def described(self, describe: Callable[[], Row]) -> Row:
        """A row that is made of the turns there are, and can take more."""
        return describe()._replace(more=lambda: self.described(describe) if self.more() else None)


def interleaved(
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    *,
    calls: int = 1,
    peer_calls: int | None = None,
    **limits: Any,
) -> Turns:
    """Times two functions in turns.

    Args:
        ours: our function.
        peer: the peer's.
        calls: how often a run of ours does what is measured.
        peer_calls: how often one of the peer's does, if not as often. Where ours is far shorter,
            more calls make interruptions as rare in both.
        limits: those of `Turns`.
    """
    return Turns(ours, peer, calls=(calls, peer_calls or calls), **limits)


def python(
    *arguments: str, bytecode: Path, check: bool = True
) -> Callable[[], subprocess.CompletedProcess[bytes]]:
    """A function that runs a new Python process, from its start to its exit code.

    Args:
        arguments: of the interpreter.
        bytecode: a folder where compiled modules are kept, ours and the peers'. After a run that
            is not counted, whether this checkout and this shell keep bytecode plays no part.
        check: whether an exit code other than 0 is an error.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, check=check, env=environment, capture_output=True)


def growth(
    what: str,
    cost: Callable[[int], Callable[[], Any]],
    sizes: Sequence[int],
    *,
    calls: int = 1,
    **limits: Any,
) -> Row:
    """Fits a power of the size to the cost; its exponent is fitted turn by turn.

    Args:
        what: the row's name.
        cost: from a size to what is timed.
        sizes: the sizes, from the smallest on.
        calls: how often a run does what is measured.
        limits: those of `Turns`.
    """
    turns = Turns(*map(cost, sizes), calls=calls, **limits)
    logs = [log(size) for size in sizes]

    def describe() -> Row:
        slopes = [
            linear_regression(logs, [log(second) for second in turn]).slope
            for turn in zip(*turns.costs, strict=True)
        ]
        medians = list(map(median, turns.costs))
        points = list(zip(sizes, medians, strict=True))
        return Row(what, medians[0], medians[-1], spread(slopes), points=points)

    return turns.described(describe)
