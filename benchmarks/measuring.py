"""Times, side by side, and the lines of the table."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: what is done, and what the peer is.
        ours: our figure.
        peer: the peer's figure, None where nothing else does the job.
        unit: of both figures.
        more_is_better: whether the larger figure is the better one.
    """

    what: str
    ours: float
    peer: float | None
    unit: str
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        if self.peer is None:
            return None
        return self.ours / self.peer if self.more_is_better else self.peer / self.ours


def medians(
    functions: Sequence[Callable[[], Any]], runs: int, *, warm: bool = True
) -> tuple[float, ...]:
    """The median of each function's seconds; they take turns, so that all see the same machine.

    Args:
        functions: what to time.
        runs: how often.
        warm: whether each has a first run that is not counted.
    """
    times: list[list[float]] = [[] for _ in functions]
    for run in range(runs + warm):
        for function, seconds in zip(functions, times, strict=True):
            gc.collect()
            start = perf_counter()
            function()
            if run >= warm:
                seconds.append(perf_counter() - start)
    return tuple(map(median, times))


_WIDTHS = (64, 14, 14, 8)


def _aligned(what: str, *figures: str) -> str:
    first, *others = _WIDTHS
    return f"{what:<{first}}" + "".join(f"{f:>{w}}" for f, w in zip(figures, others, strict=True))


def _figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    digits = f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:#.3g}"
    return f"{digits} {unit}".rstrip()


def heading() -> str:
    """The table's first line."""
    return _aligned("what, / beside which peer", "ours", "peer", "ratio")


def line(row: Row) -> str:
    """A row as the table has it."""
    ratio = "-" if row.ratio is None else f"{row.ratio:,.2f}"
    return _aligned(
        f"  {row.what}", _figure(row.ours, row.unit), _figure(row.peer, row.unit), ratio
    )
