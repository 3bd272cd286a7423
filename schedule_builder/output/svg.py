"""A chart as an SVG, made without any library, for notebooks and pages.

Texts and lines take the colour of the surrounding text, so that it fits light and dark pages. It
has no style sheet, which would change the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from schedule_builder.output.chart import (
    SEVERITIES,
    Chart,
    legend_rows,
    log_ticks,
    number_text,
    placed,
    shortened,
    style_of,
    thinned,
    ticks,
    visible,
)

_FONT = 11.0
_LETTER = 6.2
_LINE = 15.0
_KEY = 24.0
_TICK_WIDTH = 76.0
_TICK_HEIGHT = 34.0


def svg(chart: Chart, width: int = 640, height: int = 300, *, color: str = "currentColor") -> str:
    """The picture.

    Args:
        chart: the chart.
        width: its width in pixels.
        height: its height in pixels.
        color: the colour of texts and axes.
    """
    return "".join(_Picture(chart, width, height, color).lines())


class _Picture:
    def __init__(self, chart: Chart, width: int, height: int, color: str) -> None:
        self.chart, self.width, self.height, self.color = chart, width, height, color
        self.low, self.high = chart.rate_limits
        most = int((height - 90) / _TICK_HEIGHT)
        if chart.is_log:
            self.rates = log_ticks(self.low, self.high, most)
        else:
            self.rates = ticks(self.high, max(most, 2))
        self.names = [shortened(c.label, int((width - 90) / _LETTER)) for c in chart.curves]
        has_legend = len(chart.curves) > 1
        self.legend = legend_rows(self.names, width - 20, _LETTER, _KEY) if has_legend else []
        texts = [number_text(rate) for rate in self.rates]
        self.left = max(map(len, texts), default=1) * _LETTER + 22
        self.right = width - 12.0
        rows = bool(chart.title) + len(self.legend)
        self.labels_top = 6 + rows * _LINE
        self.top = self.labels_top + _LINE * (2 if self._has_findings() else 1) + 2
        self.bottom = height - 34 - (_LINE if chart.note else 0)

    def _has_findings(self) -> bool:
        return any(mark.kind in SEVERITIES for mark in self.chart.marks)

    def x(self, place: float) -> float:
        return self.left + (self.right - self.left) * place / self.chart.x_end

    def y(self, rate: float) -> float:
        if self.chart.is_log:
            share = math.log(rate / self.low) / math.log(self.high / self.low)
        else:
            share = rate / self.high
        return self.bottom - (self.bottom - self.top) * share

    def lines(self) -> Iterator[str]:
        names = ", ".join(curve.label for curve in self.chart.curves)
        what = escape(f"learning rate by {self.chart.x_label}: {names}")
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
            f' width="{self.width}" height="{self.height}" role="img" aria-label="{what}"'
            f' font-family="sans-serif" font-size="{_FONT:g}" fill="{self.color}"'
            f' style="max-width:100%;height:auto">'
        )
        yield from self._grid()
        yield from self._marks()
        yield from self._curves()
        yield from self._words()
        yield "</svg>"

    def _line(self, x1: float, y1: float, x2: float, y2: float, more: str) -> str:
        return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" fill="none" {more}/>'

    def _text(self, x: float, y: float, text: str, more: str = "") -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'

    def _grid(self) -> Iterator[str]:
        faint = f'stroke="{self.color}" stroke-opacity="0.15"'
        for rate in self.rates:
            y = self.y(rate)
            yield self._line(self.left, y, self.right, y, faint)
            yield self._text(self.left - 5, y + 4, number_text(rate), ' text-anchor="end"')
        strong = f'stroke="{self.color}" stroke-opacity="0.6"'
        yield self._line(self.left, self.bottom, self.right, self.bottom, strong)
        most = int((self.right - self.left) / _TICK_WIDTH)
        for place in ticks(self.chart.x_end, max(most, 2)):
            x = self.x(place)
            yield self._line(x, self.bottom, x, self.bottom + 4, strong)
            text = number_text(place)
            # The last number stays inside of the picture.
            half = len(text) * _LETTER / 2
            x = min(x, self.width - half - 1)
            yield self._text(x, self.bottom + 15, text, ' text-anchor="middle"')

    def _marks(self) -> Iterator[str]:
        places = [self.x(min(mark.x, self.chart.x_end)) for mark in self.chart.marks]
        for mark, x in zip(self.chart.marks, places, strict=True):
            if mark.kind == "segment" and not mark.x:
                continue  # The axis is drawn there.
            paint = mark.color(self.color)
            opacity, dash = (0.25, "") if mark.kind == "segment" else (0.8, "3 3")
            more = f'stroke="{paint}" stroke-opacity="{opacity}"'
            more += f' stroke-dasharray="{dash}"' if dash else ""
            yield self._line(x, self.top, x, self.bottom, more)
        for label in placed(self.chart.marks, places, self.right, _LETTER):
            y = self.labels_top + _LINE * (label.row + 1) - 3
            color = label.mark.color("")
            more = f' fill="{color}"' if color else ' fill-opacity="0.75"'
            more += ' text-anchor="end"' * label.is_before
            yield self._text(label.x, y, label.text, more)

    def _curves(self) -> Iterator[str]:
        for number, curve in enumerate(self.chart.curves):
            for stretch in visible(curve, self.low, is_log=self.chart.is_log):
                places = thinned([(self.x(x), self.y(rate)) for x, rate in stretch], 0.2)
                path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
                yield f'<path d="M{path}" fill="none" {self._paint(number)}/>'
                if len(places) == 1:
                    x, y = places[0]
                    paint = style_of(number)[0]
                    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{paint}"/>'

    def _paint(self, number: int) -> str:
        color, dashes = style_of(number)
        dash = f' stroke-dasharray="{" ".join(map(str, dashes))}"' if dashes else ""
        return f'stroke="{color}" stroke-width="1.8" stroke-linejoin="round"{dash}'

    def _words(self) -> Iterator[str]:
        y = 14.0
        if self.chart.title:
            title = shortened(self.chart.title, int((self.width - 20) / _LETTER))
            yield self._text(self.left, y, title, ' font-weight="bold"')
            y += _LINE
        for row in self.legend:
            x = self.left if len(self.legend) == 1 and self._fits(row) else 10.0
            for number in row:
                name = self.names[number]
                yield self._line(x, y - 4, x + _KEY - 6, y - 4, self._paint(number))
                yield self._text(x + _KEY, y, name)
                x += _KEY + len(name) * _LETTER + 12
            y += _LINE
        label = self.chart.x_label
        middle = (self.left + self.right) / 2
        yield self._text(middle, self.bottom + 29, label, ' text-anchor="middle"')
        turned = f"rotate(-90 11 {(self.top + self.bottom) / 2:.1f})"
        place = (self.top + self.bottom) / 2
        yield self._text(11, place, "learning rate", f' text-anchor="middle" transform="{turned}"')
        if self.chart.note:
            note = shortened(self.chart.note, int((self.width - 20) / _LETTER))
            yield self._text(self.left, self.height - 6.0, note, f' fill="{SEVERITIES["warning"]}"')

    def _fits(self, row: list[int]) -> bool:
        length = sum(_KEY + len(self.names[number]) * _LETTER + 12 for number in row)
        return self.left + length <= self.width
