"""Rows as a table in the terminal, and as docs/benchmarks.md with its picture."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import geometric_mean
from typing import NamedTuple

from benchmarks.goals import GROUPS
from benchmarks.measuring import MOST_SECONDS, MOST_TIMES, Row, Spread, no_more

_WIDTHS = (60, 21, 18, 24, 10, 13)
_DEVICE_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks_device.md"


def heading(group: str) -> str:
    """The lines above a group's rows in the terminal."""
    return f"\n{group}: {GROUPS[group].title}\n" + _aligned(*_columns(group))


def line(group: str, row: Row) -> str:
    """A row in the terminal."""
    return _aligned(*_cells(row, GROUPS[group].goals[row.what]))


def verdict(ratio: Spread, goal: float | None) -> str:
    """Whether a goal is reached by the whole interval, by none of it, or by a part."""
    if goal is None:
        return ""
    if ratio.high <= goal:
        return "reached"
    return "open" if ratio.low <= goal else "not reached"


def decided(row: Row, goal: float | None) -> Row:
    """A row, with more turns while its goal is open and there are any to take."""
    while verdict(row.ratio, goal) == "open" and (found := row.more()):
        row = found
    # It keeps nothing of what was timed: models and schedules.
    return row._replace(more=no_more)


def _aligned(what: str, *cells: str) -> str:
    first, *others = _WIDTHS
    return f"  {what:<{first}}" + "".join(f"{c:>{w}}" for c, w in zip(cells, others, strict=True))


def _columns(group: str) -> tuple[str, ...]:
    if group == "growth":
        return "cost", "least", "most", "exponent", "goal", ""
    return "what / beside which peer", "ours", "peer", "ratio", "goal", ""


def _cells(row: Row, goal: float | None) -> tuple[str, ...]:
    ours = f"{_figure(row.ours, row.unit)} {row.note}".rstrip()
    if row.peer is None:
        limit = "" if goal is None else _figure(goal, row.unit)
        return row.what, ours, "", "", limit, verdict(row.ratio, goal)
    peer = _figure(row.peer, row.unit)
    if row.points:
        (least, _), *_, (most, _) = row.points
        ours, peer = f"{ours} at {least:,}", f"{peer} at {most:,}"
    middle, low, high = (_number(value) for value in row.ratio)
    ratio = middle if low == high else f"{middle} ({low}..{high})"
    limit = "" if goal is None else _number(goal)
    return row.what, ours, peer, ratio, limit, verdict(row.ratio, goal)


def _number(ratio: float) -> str:
    return f"{ratio:.2g}" if 1e-4 <= abs(ratio) < 0.1 else f"{ratio:.2f}"


def _figure(value: float, unit: str) -> str:
    if unit == "s":
        size, unit = next(
            (
                (size, unit)
                for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "us"))
                if value >= size
            ),
            (1e-9, "ns"),
        )
        value /= size
    return f"{value:,.0f} {unit}" if value >= 100 or value == int(value) else f"{value:.3g} {unit}"


class Run(NamedTuple):
    """A run over all groups.

    Attributes:
        tables: of each group, its rows by their names.
        command: what was run.
        load: how many processes wanted to run when it began.
        minutes: how long it took.
    """

    tables: Mapping[str, Mapping[str, Row]]
    command: str
    load: float
    minutes: float


def page(run: Run, picture: str) -> str:
    """The page of a run: where, when and how it ran, and a table for each group.

    Args:
        run: what was measured.
        picture: the address of the picture of growths.
    """
    packages = ("tensorflow", "keras", "numpy", "protobuf", "pyyaml", "check-jsonschema")
    verdicts = [
        verdict(row.ratio, GROUPS[group].goals[what])
        for group, rows in run.tables.items()
        for what, row in rows.items()
    ]
    reached, missed, undecided = map(verdicts.count, ("reached", "not reached", "open"))
    introduction = _INTRODUCTION.format(
        command=run.command,
        minutes=run.minutes,
        load=run.load,
        date=datetime.now(timezone.utc),
        cores=os.cpu_count(),
        processor=_processor(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {version(name)}" for name in packages),
        goals=reached + missed + undecided,
        reached=reached,
        missed=missed,
        undecided=undecided,
        times=MOST_TIMES,
        seconds=MOST_SECONDS,
    )
    tables = "\n".join(line for name in GROUPS for line in _table(name, run.tables[name], picture))
    return f"{introduction}{tables}\n{_DEVICE}{on_device()}\n"


_INTRODUCTION = """\
# Benchmarks

`{command}` wrote this page on {date:%Y-%m-%d}, in {minutes:.0f} minutes.
`make bench` prints the same tables, and `python -m benchmarks graph python` those of two groups.

* Machine: {cores} cores, {processor}; load {load:.1f} at the start.
* Versions: Python {python}, {versions}.

A ratio is our cost divided by the peer's: **less is better**, and below 1 ours is the smaller one.
Both take turns in one run. The ratio is the median over the turns; in parentheses is the interval
that holds it in 95 of 100 cases. Ratios carry over to other machines; the costs beside them do not.

A goal is the largest ratio that is wanted. It is reached where the whole interval is within it, and
open where a part of the interval is. Of {goals} goals, {reached} are reached, {missed} are not
reached, and {undecided} are open.

While a goal is open, its row takes as many turns again: up to {times} times as many, unless they
have taken more than {seconds:.0f} seconds. This holds for every row. An interval that was looked at
several times holds the median a little less often.
"""
_GROWTH = """\
These costs are ours alone. An exponent of 0 is a cost that does not grow with the size, and of 1
one that grows as the size does. Each turn over the sizes gives an exponent.

![Cost against size in six pictures: {names}]({picture})
"""
_DEVICE = """
## On a GPU

`python -m benchmarks.device` measures on the accelerator that a framework sees. The command above
does not run it. [Speed on a GPU](benchmarks_device.md) has its results with TensorFlow, JAX and
PyTorch. Those with TensorFlow are:

"""


def _table(group: str, rows: Mapping[str, Row], picture: str) -> Iterator[str]:
    yield f"\n## {GROUPS[group].title}\n"
    if group == "growth":
        yield _GROWTH.format(names=", ".join(rows), picture=picture)
    columns = _columns(group)
    yield f"| {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * (len(columns) - 2)} --- |"
    for what, goal in GROUPS[group].goals.items():
        yield f"| {' | '.join(_cells(rows[what], goal))} |"


def on_device() -> str:
    """TensorFlow's section of the page that is kept by hand."""
    text = _DEVICE_PAGE.read_text("utf-8")
    found = re.search(r"^## TensorFlow.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        message = f"{_DEVICE_PAGE} has no section about TensorFlow"
        raise ValueError(message)
    return f"#{found[0].strip()}"


def draw(rows: Sequence[Row], path: Path) -> None:
    """A picture for each growth, with the power that fits."""
    from matplotlib.figure import Figure
    from PIL import Image

    height = (len(rows) + 1) // 2
    figure = Figure((8, 3 * height), layout="constrained", facecolor="white")
    for row, axes in zip(rows, figure.subplots(height, 2).flat, strict=True):
        sizes, seconds = zip(*row.points, strict=True)
        middle, slope = geometric_mean(sizes), row.ratio.median
        fit = [geometric_mean(seconds) * (size / middle) ** slope for size in sizes]
        axes.loglog(sizes, fit, "-", color="#7aa6d8", linewidth=3)
        axes.loglog(sizes, seconds, "o", color="#174a84", markersize=9)
        # At least three powers of ten, so that what does not grow looks flat.
        low, high = axes.get_ylim()
        spare = max((1000 * low / high) ** 0.5, 1.2)
        axes.set_ylim(low / spare, high * spare)
        axes.yaxis.set_major_formatter(lambda value, _: _figure(value, "s"))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.xaxis.set_minor_formatter(lambda value, _: "")
        axes.set_title(row.what.replace(", ", ",\n"), fontsize=17)
        axes.tick_params(labelsize=15)
        axes.text(0.05, 0.84, f"exponent {slope:.2f}", transform=axes.transAxes, size=17)
        axes.grid(color="#dddddd")
    figure.savefig(path, dpi=150)
    Image.open(path).convert("RGB").quantize(32).save(path, optimize=True)


def _processor() -> str:
    try:
        for text in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
