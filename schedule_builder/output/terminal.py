"""A chart for a terminal, by plotille."""

from __future__ import annotations

import math

from plotille import Figure

from schedule_builder.output.chart import Chart, number_text, visible

_COLORS = (33, 208, 35, 134, 203, 37)
"""The colours of curves, out of a terminal's 256."""
_LETTERS = 7
_LEAST_WIDTH, _LEAST_HEIGHT = 20, 6
_AROUND = 22
"""Columns beside the plot: numbers, and the axis without its name."""


def drawn(chart: Chart, columns: int, lines: int, *, color: bool) -> str:
    """The picture.

    Args:
        chart: the chart.
        columns: how wide the terminal is.
        lines: how high the picture may be.
        color: whether to use colours.
    """
    low, high = chart.rate_limits

    def y(rate: float) -> float:
        return math.log10(rate) if chart.is_log else rate

    def rate_text(value: float, _: float) -> str:
        return f"{10**value if chart.is_log else value:.3g}".rjust(9)

    name = "%" if chart.unit == "percent" else chart.x_label
    figure = Figure()
    # There is a number at each tenth column.
    figure.width = max((columns - _AROUND - len(name)) // 10 * 10, _LEAST_WIDTH)
    figure.height = max(lines - 6 - len(chart.curves), _LEAST_HEIGHT)
    figure.color_mode = "byte"
    figure.with_colors = color
    figure.set_x_limits(0, chart.x_end)
    figure.set_y_limits(y(low), y(high))
    figure.x_label, figure.y_label = name, "rate"
    figure.y_ticks_fkt = rate_text
    figure.x_ticks_fkt = lambda value, _: number_text(float(f"{value:.4g}"))
    is_told = color and len(chart.curves) <= len(_COLORS)
    for number, curve in enumerate(chart.curves):
        letter = "" if is_told or len(chart.curves) == 1 else chr(ord("a") + number % 26)
        label: str | None = f"{letter} {curve.label}".strip()
        for stretch in visible(curve, low, is_log=chart.is_log):
            xs, rates = zip(*stretch, strict=True)
            paint = _COLORS[number % len(_COLORS)] if color else None
            figure.plot(xs, [y(rate) for rate in rates], lc=paint, label=label)
            label = None
            if letter:  # in place of a colour
                spots = [len(xs) * i // _LETTERS for i in range(1, _LETTERS)]
                where = [xs[i] for i in spots], [y(rates[i]) for i in spots]
                figure.text(*where, [letter] * len(spots))
    text: str = figure.show(legend=len(chart.curves) > 1)
    words = [chart.title] if chart.title else []
    lines_below = [f"{mark.text} at {_place(chart, mark.x)}" for mark in chart.marks]
    more = [", ".join(lines_below)] if lines_below else []
    return "\n".join([*words, text, *more, *filter(None, [chart.note])]) + "\n"


def _place(chart: Chart, x: float) -> str:
    if chart.unit == "percent":
        return f"{number_text(float(f'{x:.4g}'))} %"
    return f"{chart.x_label} {number_text(float(f'{x:.6g}'))}"
