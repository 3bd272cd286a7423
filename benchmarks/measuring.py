"""Times, side by side, and the lines of the table."""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: what is done, and what the peer is.
        ours: our figure.
        peer: the peer's figure, None where nothing else does the job.
        unit: of both figures.
        more_is_better: whether the larger figure is the better one.
        interval: what holds the ratio in 95 of 100 cases, where turns were timed one by one.
    """

    what: str
    ours: float
    peer: float | None
    unit: str
    more_is_better: bool = False
    interval: tuple[float, float] | None = None

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


class Pair(NamedTuple):
    """Two functions, timed in turns.

    Attributes:
        ours: the median of our seconds.
        peer: the median of the peer's.
        ratio: the median of ours divided by the peer's, turn by turn.
        interval: what holds that median in 95 of 100 cases, by the order of the ratios.
    """

    ours: float
    peer: float
    ratio: float
    interval: tuple[float, float]


def interleaved(
    ours: Callable[[], Any], peer: Callable[[], Any], *, pairs: int, seconds: float = 10.0
) -> Pair:
    """Times two functions in turns, which are changed about so that neither is always first.

    Args:
        ours: our function.
        peer: the peer's.
        pairs: how often.
        seconds: after which there are no more turns, though at least ten.
    """
    times: dict[Any, list[float]] = {ours: [], peer: []}
    ours(), peer()
    end = perf_counter() + seconds
    for turn in range(pairs):
        if turn >= _FEWEST_TURNS and perf_counter() > end:
            break
        gc.collect()
        for function in (ours, peer) if turn % 2 else (peer, ours):
            start = perf_counter()
            function()
            times[function].append(perf_counter() - start)
    ratios = sorted(a / b for a, b in zip(times[ours], times[peer], strict=True))
    # The ranks of a median's interval: half the number, 0.98 of its root to either side.
    reach = 0.98 * len(ratios) ** 0.5
    low = max(int(len(ratios) / 2 - reach), 0)
    high = min(int(len(ratios) / 2 + reach), len(ratios) - 1)
    return Pair(
        median(times[ours]), median(times[peer]), median(ratios), (ratios[low], ratios[high])
    )


_FEWEST_TURNS = 10
_WIDTHS = (64, 14, 14, 22)


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
    return _aligned(f"  {row.what}", *_figures(row))


def _figures(row: Row) -> tuple[str, str, str]:
    ratio = "-" if row.ratio is None else f"{row.ratio:,.2f}"
    if row.interval:
        ratio += " ({:,.2f}..{:,.2f})".format(*row.interval)
    return _figure(row.ours, row.unit), _figure(row.peer, row.unit), ratio


def page(tables: Mapping[str, Sequence[Row]]) -> str:
    """The page of a run: where and when it ran, and a table for each benchmark."""
    versions = ", ".join(
        f"{name} {version(name)}"
        for name in ("schedule-builder", "tensorflow", "keras", "numpy", "protobuf", "pyyaml")
    )
    lines = [
        "# Benchmarks",
        "",
        "`python -m benchmarks --write docs/benchmarks.md` wrote this page"
        f" on {datetime.now(timezone.utc):%Y-%m-%d}.",
        f"Machine: {os.cpu_count()} cores, {_processor()}. Python {platform.python_version()},"
        f" {versions}.",
        "",
        "A ratio above 1 means that ours is better. In parentheses, the interval that holds the"
        " median of the pairs' ratios in 95 of 100 cases. Ratios carry over to other machines,"
        " the figures beside them do not.",
    ]
    for name, rows in tables.items():
        lines += ["", f"## {name}", "", "| what / peer | ours | peer | ratio |"]
        lines += ["| --- | ---: | ---: | ---: |"]
        lines += [f"| {row.what} | {' | '.join(_figures(row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _processor() -> str:
    try:
        for text in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
