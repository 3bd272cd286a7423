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
    """

    what: str
    ours: float
    peer: float | None
    ratio: Spread
    unit: str = "s"
    note: str = ""
    points: Sequence[tuple[int, float]] = ()


class Pair(NamedTuple):
    """Two functions, timed in turns: the median seconds of each, and ours by the peer's."""

    ours: float
    peer: float
    ratio: Spread

    def row(self, what: str, note: str = "") -> Row:
        """Its row, with a note on our cost."""
        return Row(what, self.ours, self.peer, self.ratio, note=note)


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


def turns(
    *functions: Callable[[], Any],
    seconds: float = 1.0,
    fewest: int = 9,
    most: int = 400,
    warm: bool = True,
) -> list[list[float]]:
    """Times functions in turns, every other time in reverse, so that all see the same machine.

    Args:
        functions: what to time.
        seconds: after which there are no more turns.
        fewest: how many turns there are whatever they take.
        most: how many there are at most.
        warm: whether each has a first run that is not counted.

    Returns:
        The seconds of each function, turn by turn.
    """
    if warm:
        for function in functions:
            function()
    times: list[list[float]] = [[] for _ in functions]
    order = list(zip(functions, times, strict=True))
    # Garbage is collected before, not during.
    gc.collect()
    gc.disable()
    try:
        end = perf_counter() + seconds
        for turn in range(most):
            if turn >= fewest and perf_counter() > end:
                break
            for function, taken in order if turn % 2 else reversed(order):
                start = perf_counter()
                function()
                taken.append(perf_counter() - start)
    finally:
        gc.enable()
    return times


def pair(ours: Sequence[float], peer: Sequence[float]) -> Pair:
    """Two of the functions that took turns."""
    ratios = [first / second for first, second in zip(ours, peer, strict=True)]
    return Pair(median(ours), median(peer), spread(ratios))


def interleaved(
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    *,
    calls: int = 1,
    peer_calls: int | None = None,
    **limits: Any,
) -> Pair:
    """Times two functions in turns.

    Args:
        ours: our function.
        peer: the peer's.
        calls: how often a run of ours does what is measured.
        peer_calls: how often one of the peer's does, if not as often. Where ours is far shorter,
            more calls make interruptions as rare in both.
        limits: those of `turns`.
    """
    our_times, peer_times = turns(ours, peer, **limits)
    return pair(
        [seconds / calls for seconds in our_times],
        [seconds / (peer_calls or calls) for seconds in peer_times],
    )


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
        limits: those of `turns`.
    """
    times = turns(*map(cost, sizes), **limits)
    logs = [log(size) for size in sizes]
    slopes = [
        linear_regression(logs, [log(second) for second in turn]).slope
        for turn in zip(*times, strict=True)
    ]
    medians = [median(taken) / calls for taken in times]
    points = list(zip(sizes, medians, strict=True))
    return Row(what, medians[0], medians[-1], spread(slopes), points=points)
