"""Pictures of schedules, by matplotlib."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure

from schedule_builder.compiler import Config
from schedule_builder.config import ConfigLike, load
from schedule_builder.files import read_whole, write_file
from schedule_builder.limits import MAX_RATES_BYTES
from schedule_builder.output.changes import Side
from schedule_builder.output.chart import (
    AXES,
    SEVERITIES,
    Chart,
    chart_of,
    placed,
    shortened,
    style_of,
    visible,
)
from schedule_builder.schedules.applied_rates import parse_rates
from schedule_builder.schedules.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI, _SMALL_DPI, _SMALL = 120, 90, 600
"""Dots per inch; those of small pictures, for smaller texts; the width of small ones, in pixels."""
_LETTER = 0.075
"""The width of a letter in inches: of the widest texts in labels, and of others beside axes."""
_LABEL_POINTS, _AXIS_POINTS = 8.0, 10.0
_ROW = 0.16
"""The height of a row of labels in inches."""
_DARK = {
    "figure.facecolor": "#111111",
    "axes.facecolor": "#111111",
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), "#dddddd"
    ),
}


def plot(
    *configs: ConfigLike | Schedule,
    ax: Axes | None = None,
    axis: str = "steps",
    log: bool = False,
    labels: Sequence[str] | None = None,
    num_steps: int | None = None,
    batch_size: int | None = None,
    examples_per_epoch: int | None = None,
) -> Axes:
    """Draws the rates of schedules over each other.

    Args:
        *configs: configs as for `load`, schedules, and paths of CSVs of applied rates.
        ax: the matplotlib Axes to draw on; by default, those of a new figure of pyplot.
        axis: the unit of the horizontal axis: `steps`, `epochs` or `percent` of each run.
        log: whether the rates have a logarithmic axis.
        labels: a name for each in the legend; by default, the file's.
        num_steps: the run length, where a config does not state it.
        batch_size: the number of examples in a step, where a config does not state it.
        examples_per_epoch: the number of examples in an epoch, where a config does not state it.

    Returns:
        The Axes.

    Raises:
        ConfigError: a config has errors.
        ModuleNotFoundError: matplotlib is not installed.
        OSError: a file cannot be read.
        ValueError: the steps of an epoch are not known, or an argument does not fit.
    """
    if not configs:
        message = "there is nothing to plot: pass a config, a schedule or a CSV of applied rates"
        raise ValueError(message)
    if axis not in AXES:
        message = f"axis is one of {', '.join(AXES)}. Received: {axis!r}"
        raise ValueError(message)
    if labels is not None and len(labels) != len(configs):
        message = f"{len(configs)} labels are needed, one for each curve. Received: {len(labels)}"
        raise ValueError(message)
    sides = [_side(config, num_steps, batch_size) for config in configs]
    if labels is not None:
        sides = [side.named(label) for side, label in zip(sides, labels, strict=True)]
    chart = chart_of(sides, unit=axis, is_log=log, examples_per_epoch=examples_per_epoch)
    if ax is None:
        from matplotlib import pyplot  # noqa: PLC0415 - it chooses how to show figures, once

        _, ax = pyplot.subplots(figsize=(7.0, 3.8), layout="constrained")
    draw(chart, ax)
    return ax


def _side(config: ConfigLike | Schedule, num_steps: int | None, batch_size: int | None) -> Side:
    if isinstance(config, Schedule):
        return Side("schedule", config, num_steps)
    if isinstance(config, (str, os.PathLike)) and os.fspath(config).lower().endswith(".csv"):
        text = read_whole(config, MAX_RATES_BYTES).decode("utf-8", "replace")
        return Side.of_record(parse_rates(text, os.fspath(config)))
    if isinstance(config, Config):
        return Side.of_config(load(config))
    return Side.of_config(load(config, num_steps=num_steps, batch_size=batch_size))


def picture(chart: Chart, suffix: str, *, width: int = 840, is_dark: bool = False) -> bytes:
    """A chart as a picture file.

    The same chart gives the same bytes. A `matplotlibrc` in the current folder, which may be
    untrusted, cannot make matplotlib start LaTeX.

    Args:
        chart: the chart.
        suffix: the format, such as png, svg or pdf.
        width: in pixels; the height follows.
        is_dark: whether it is for a dark page.

    Raises:
        ValueError: there is no such format.
    """
    with rc_context():
        rcdefaults()
        rcParams["svg.hashsalt"] = "schedule-builder"
        if is_dark:
            rcParams.update(_DARK)
        dots = _DPI if width >= _SMALL else _SMALL_DPI
        if width < _SMALL:
            rcParams["font.size"] = _LABEL_POINTS
        inches = width / dots
        # A legend takes no room from the curves.
        legend = 0.2 * math.ceil(len(chart.curves) / _columns(chart, inches))
        figure = Figure(figsize=(inches, max(inches * 0.52, 2.2) + legend), layout="constrained")
        draw(chart, figure.add_subplot())
        metadata = {"Date": None} if suffix == "svg" else None
        data = BytesIO()
        figure.savefig(data, format=suffix, dpi=dots, metadata=metadata)
    return data.getvalue()


def draw(chart: Chart, axes: Any) -> None:
    """Draws a chart on matplotlib's Axes."""
    low, high = chart.rate_limits
    width, height = axes.figure.get_size_inches()
    for number, curve in enumerate(chart.curves):
        label: str | None = _plain(shortened(curve.label, int((width - 1.2) / _LETTER)))
        color, dashes = style_of(number)
        for stretch in visible(curve, low, is_log=chart.is_log):
            xs, rates = zip(*stretch, strict=True)
            axes.plot(
                xs,
                rates,
                color=color,
                linewidth=1.8,
                linestyle=(0, dashes) if dashes else "-",
                marker="o" if len(xs) == 1 else None,
                markersize=4,
                label=label,
            )
            label = None
    axes.set_yscale("log" if chart.is_log else "linear")
    axes.set_xlim(0, chart.x_end)
    axes.set_ylim(low, high)
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel("learning rate")
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.6g}" if x < 1e6 else f"{x:,.0f}")  # noqa: PLR2004 - all digits
    axes.locator_params(axis="x", nbins=max(int(width / 0.9), 3), min_n_ticks=3)
    axes.grid(axis="y", alpha=0.2)
    rows = _draw_marks(chart, axes, width)
    above = rows * _ROW * 72
    if chart.title:
        title = shortened(chart.title, int((width - 0.8) / _LETTER / 1.15))
        axes.set_title(_plain(title), loc="left", fontsize="medium", pad=above + 4)
    if chart.note:
        letter = _LETTER * axes.xaxis.label.get_size() / _AXIS_POINTS
        most = int((width - 0.3) / letter)
        first, *others = textwrap.wrap(chart.note, most) or [""]
        lines = [first, shortened(" ".join(others), most)] if others else [first]
        axes.set_xlabel("\n".join([chart.x_label, *map(_plain, lines)]))
    if len(chart.curves) > 1:
        anchor = 1 + (above + 6 + (14 if chart.title else 0)) / 72 / (height * 0.72)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, anchor),
            ncols=_columns(chart, width),
            frameon=False,
            fontsize=_LABEL_POINTS,
            borderaxespad=0,
            handlelength=2.4,
        )


def _plain(text: str) -> str:
    """A text with its special meaning for matplotlib removed: no formula, no hidden label."""
    return f"{' ' * text.startswith('_')}{text}".replace("$", "\\$")


def _columns(chart: Chart, width: float) -> int:
    """How many entries of the legend fit side by side."""
    most = int((width - 1.2) / _LETTER)
    longest = max(min(len(curve.label), most) for curve in chart.curves)
    return max(1, min(len(chart.curves), int(width / (0.6 + _LETTER * longest))))


def _draw_marks(chart: Chart, axes: Any, width: float) -> int:
    """Draws the marks, and gives the number of rows of their labels."""
    # About the width of the plot in the figure.
    room = width - 0.9
    places = [room * min(mark.x / chart.x_end, 1) for mark in chart.marks]
    color = axes.xaxis.label.get_color()
    for mark in chart.marks:
        if mark.kind == "segment":
            if mark.x:
                axes.axvline(mark.x, color=color, alpha=0.25, linewidth=1, zorder=0)
            continue
        paint = mark.color(color)
        axes.axvline(
            mark.x, color=paint, alpha=0.8, linewidth=1, linestyle=":", zorder=0, clip_on=False
        )
    rows = 2 if any(mark.kind in SEVERITIES for mark in chart.marks) else 1
    units = 100.0  # `placed` keeps gaps in pixels
    for label in placed(chart.marks, [p * units for p in places], room * units, _LETTER * units):
        axes.annotate(
            _plain(label.text),
            (label.x / units / room, 1),
            (0, 3 + (rows - 1 - label.row) * _ROW * 72),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=_LABEL_POINTS,
            horizontalalignment="right" if label.is_before else "left",
            color=label.mark.color(color),
            alpha=0.75 if label.mark.color(color) == color else 1,
        )
    return rows if chart.marks else 0


def plot_schedule(
    schedule: Schedule, num_steps: int, path: str | os.PathLike[str], *, title: str = ""
) -> None:
    """Draws the rate over a run into a file, whose suffix says the format.

    Raises:
        WriteError: the file cannot be written.
    """
    suffix = os.path.splitext(path)[1][1:].lower() or "png"  # noqa: PTH122 - may be a string
    chart = chart_of([Side("rate", schedule, num_steps)], title=title)
    write_file(path, picture(chart, suffix))
