"""The contents of a picture of schedules, for every renderer: curves, axes, marks and labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.changes import Side
from schedule_builder.printable import printable
from schedule_builder.reading.fields import dotted
from schedule_builder.records import Record
from schedule_builder.schedules.applied_rates import AppliedRates
from schedule_builder.schedules.schedule import Schedule

AXES = ("steps", "epochs", "percent")
"""The units of the horizontal axis."""
COLORS = ("#3a7fd0", "#d1701f", "#2e9c5c", "#a35fd0", "#d84a5a", "#1d95a3")
"""The colours of curves: each has a contrast of at least 3 to 1 with white and with black."""
DASHES = ((), (6, 2), (2, 2), (8, 2, 2, 2), (4, 1, 1, 1), (1, 2))
"""The dashes of curves, which differ without colours too: lengths of strokes and gaps."""
SEVERITIES = {"error": "#d84a5a", "warning": "#b98a12"}
_POINTS = 1000
_MOST_SEGMENTS = 12
_LOWEST_SHARE = 1e-6
"""The lowest rate of a logarithmic axis, as a share of the highest rate."""
_GAP = 6.0
_OF = " of "
_MOST_LETTERS = 20
"""Of the name of a curve beside a mark."""


class Mark(NamedTuple):
    """A vertical line with a label.

    Attributes:
        x: where it is.
        text: its label.
        kind: `segment`, `end`, `error` or `warning`.
        curve: the number of the curve that it is about; None where it is about several.
    """

    x: float
    text: str
    kind: str
    curve: int | None = None

    def color(self, default: str) -> str:
        """Its colour: of an end, that of its curve; of a finding, that of its severity."""
        if self.kind == "end" and self.curve is not None:
            return style_of(self.curve)[0]
        return SEVERITIES.get(self.kind, default)


class Curve(NamedTuple):
    """A curve: its label, and the rate at each place of the axis. A missing rate is NaN."""

    label: str
    xs: Sequence[float]
    rates: Sequence[float]


class Chart(Record):
    """A picture of curves.

    Attributes:
        curves: the curves, in the order of colours.
        marks: vertical lines, in order.
        unit: the unit of the horizontal axis, one of `AXES`.
        is_log: whether the vertical axis is logarithmic.
        title: a line above.
        note: a line below.
    """

    curves: Sequence[Curve]
    marks: Sequence[Mark]
    unit: str = "steps"
    is_log: bool = False
    title: str = ""
    note: str = ""

    @property
    def x_label(self) -> str:
        """The label of the horizontal axis."""
        return {"steps": "step", "epochs": "epoch", "percent": "percent of the run"}[self.unit]

    @property
    def x_end(self) -> float:
        """Where the horizontal axis ends; it begins at 0."""
        ends = [curve.xs[-1] for curve in self.curves if curve.xs]
        return max([*ends, *(mark.x for mark in self.marks)], default=0) or 1

    @property
    def rate_limits(self) -> tuple[float, float]:
        """The lowest and the highest rate of the vertical axis."""
        rates = [r for curve in self.curves for r in curve.rates if math.isfinite(r)]
        highest = max(rates, default=0.0) or 1.0
        if not self.is_log:
            return 0.0, highest * 1.06
        least = min((r for r in rates if r > 0), default=highest / 10)
        least = max(least, highest * _LOWEST_SHARE)
        return min(least, highest / 10) / 1.2, highest * 1.5


def chart_of(
    sides: Sequence[Side],
    *,
    unit: str = "steps",
    is_log: bool = False,
    title: str = "",
    examples_per_epoch: int | None = None,
    points: int = _POINTS,
) -> Chart:
    """The picture of some schedules and records of applied rates.

    Args:
        sides: the sides to draw; each has rates.
        unit: the unit of the horizontal axis, one of `AXES`.
        is_log: whether the vertical axis is logarithmic.
        title: a line above.
        examples_per_epoch: the examples of an epoch, where a config does not state it.
        points: about how many rates to draw of each, beside both sides of every change.

    Raises:
        ValueError: the axis is in epochs or percent, and the number of steps in one of them is
            unknown.
    """
    curves, notes = [], []
    marks: dict[Mark, list[int]] = {}
    for number, side in enumerate(sides):
        base = _steps_of(unit, side, examples_per_epoch)
        steps, rates = _points(side, points)
        curves.append(Curve(printable(side.name), [float(step / base) for step in steps], rates))
        for mark in _marks(side, has_names=len(sides) == 1):
            place = float(Fraction(mark.x) / base)
            marks.setdefault(mark._replace(x=place), []).append(number)
        if others := _other_findings(side):
            notes.append((number, ", ".join(others)))
    names = _short_names([curve.label for curve in curves])
    found = [f"{names[number]}: {text}" if len(sides) > 1 else text for number, text in notes]
    note = f"Findings: {'; '.join(found)}" if notes else ""
    configs = {n for n, side in enumerate(sides) if isinstance(side.rates, Schedule)}
    ordered = sorted(
        (
            mark if configs <= set(numbers) else _named(mark, numbers, names)
            for mark, numbers in marks.items()
        ),
        key=lambda mark: mark[:3],
    )
    return Chart(tuple(curves), tuple(ordered), unit, is_log, printable(title), note)


def _named(mark: Mark, numbers: Sequence[int], names: Sequence[str]) -> Mark:
    """A mark that says which curves it is about."""
    about = sorted(set(numbers))
    text = f"{mark.text}{_OF}{', '.join(names[number] for number in about)}"
    return mark._replace(text=text, curve=about[0] if len(about) == 1 else None)


def _short_names(names: Sequence[str]) -> list[str]:
    """Names that fit beside a mark: without folders, where that tells them apart."""
    last = [name.rpartition("/")[2] for name in names]
    chosen = last if len(set(last)) == len(set(names)) else names
    return [shortened(name, _MOST_LETTERS) for name in chosen]


def sample_steps(schedule: Schedule, last: int, points: int = _POINTS) -> list[int]:
    """The steps to draw: both sides of every change, and enough between them.

    Args:
        schedule: the schedule.
        last: the last step to draw.
        points: about how many steps.

    Returns:
        Increasing steps from 0 to `last`.
    """
    steps = {last * i // points for i in range(points + 1)}
    for begin in schedule.begins:
        steps |= {begin - 1, begin}
    steps.update(schedule.extremes(0, last))
    return sorted(step for step in steps if 0 <= step <= last)


def _points(side: Side, points: int) -> tuple[Sequence[int], Sequence[float]]:
    rates = side.rates
    if isinstance(rates, AppliedRates):
        if len(rates.steps) <= 4 * points:
            return rates.steps, rates.rates
        # Both ends, and the highest and lowest rates in between.
        kept = {0, len(rates.steps) - 1}
        width = len(rates.steps) // points
        for begin in range(0, len(rates.steps), width):
            chosen = range(begin, min(begin + width, len(rates.steps)))
            kept |= {min(chosen, key=rates.rates.__getitem__)}
            kept |= {max(chosen, key=rates.rates.__getitem__)}
        order = sorted(kept)
        return [rates.steps[i] for i in order], [rates.rates[i] for i in order]
    if rates is None:
        return (), ()
    steps = sample_steps(rates, side.last_step, points)
    return steps, rates.rates(steps)


def _steps_of(unit: str, side: Side, examples_per_epoch: int | None) -> Fraction:
    """How many steps one unit of the axis is."""
    if unit == "steps":
        return Fraction(1)
    if unit == "percent":
        # The last step begins just before the run's end.
        return Fraction(max(side.num_steps or side.last_step + 1, 1), 100)
    known = side.steps_per_epoch(examples_per_epoch)
    if known is None:
        message = (
            f"the steps of an epoch are not known for {side.name}: it needs a batch size, and"
            " `examples_per_epoch` in the file or `--examples-per-epoch`"
        )
        raise ValueError(message)
    return known


def _marks(side: Side, *, has_names: bool) -> Iterator[Mark]:
    """The marks of a side: segments, findings about one of them, and the end of training."""
    if side.num_steps:
        yield Mark(side.num_steps, "end", "end")
    if not isinstance(side.rates, Schedule):
        return
    begins = [s for s in side.rates.segments if s.begin <= side.last_step]
    if has_names and len(begins) <= _MOST_SEGMENTS:
        for segment in begins:
            yield Mark(segment.begin, _segment_name(segment.curve), "segment")
    for found, step in _located(side):
        if step is not None:
            yield Mark(step, found.code, found.severity)


def _segment_name(curve: object) -> str:
    name = str(getattr(curve, "shape", "")) or str(getattr(curve, "name", ""))
    return name.partition("_of_")[0].replace("_", " ")


def _located(side: Side) -> Iterator[tuple[Diagnostic, int | None]]:
    """Each finding, with the step at which its field changes the rate."""
    steps: dict[str, int] = {}
    if isinstance(side.rates, Schedule) and side.config is not None:
        root = side.config.learning_rate_path
        for segment in side.rates.segments:
            if segment.path and segment.begin <= side.last_step:
                steps.setdefault(dotted((*root, *segment.path)), segment.begin)
    for found in side.diagnostics:
        yield found, steps.get(found.path)


def _other_findings(side: Side) -> list[str]:
    codes = [found.code for found, step in _located(side) if step is None]
    return [
        f"{code} (x{codes.count(code)})" if codes.count(code) > 1 else code
        for code in dict.fromkeys(codes)
    ]


def ticks(end: float, most: int) -> list[float]:
    """Round numbers from 0 to the end of an axis.

    >>> ticks(600, 4)
    [0.0, 200.0, 400.0, 600.0]
    """
    exponent = math.floor(math.log10(end / max(most, 1)))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        width = factor * 10.0**exponent
        if end / width <= most and (factor != 2.5 or exponent > 0):  # noqa: PLR2004 - 2.5 needs more digits
            break
    count = math.floor(end / width + 1e-9)
    return [float(f"{width * i:.12g}") for i in range(count + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten between two rates, at most a given number of them.

    >>> log_ticks(0.0005, 0.2, 5)
    [0.001, 0.01, 0.1]
    """
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    every = max(1, math.ceil((last - first + 1) / max(most, 1)))
    return [float(f"1e{power}") for power in range(last, first - 1, -every)][::-1]


def number_text(number: float) -> str:
    """A number beside a tick.

    >>> [number_text(n) for n in (0.0, 1500.0, 0.025, 1e-05)]
    ['0', '1,500', '0.025', '1e-05']
    """
    return f"{number:,.0f}" if number >= 1 and number == int(number) else f"{number:g}"


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters; the middle of a longer one is cut out.

    >>> shortened("configs/a_long_name.config", 16)
    'configs/….config'
    """
    if len(text) <= most:
        return text
    end = max((most - 1) // 2, 1)
    return f"{text[: max(most - 1 - end, 0)]}…{text[-end:]}"


class Label(NamedTuple):
    """A label of a mark.

    Attributes:
        mark: the mark.
        text: its text, or what is most of it where there is no room for all.
        x: where it begins, or ends if it is before the mark.
        row: in which row it is.
        is_before: whether it ends at `x`.
    """

    mark: Mark
    text: str
    x: float
    row: int
    is_before: bool


def placed(
    marks: Sequence[Mark], places: Sequence[float], width: float, letter: float
) -> list[Label]:
    """The labels that fit side by side, in two rows: findings in the second one.

    The ends come first. A segment has a label where it is long enough for it.

    Args:
        marks: the marks, in order.
        places: where each of them is, from the left edge.
        width: where the picture ends.
        letter: how wide a letter is.
    """
    full, short = (
        _placed(marks, places, width, letter, is_short=is_short) for is_short in (False, True)
    )
    return short if len(short) > len(full) else full


def _placed(
    marks: Sequence[Mark],
    places: Sequence[float],
    width: float,
    letter: float,
    *,
    is_short: bool,
) -> list[Label]:
    labels: list[Label] = []
    taken: list[tuple[int, float, float]] = []
    begins = [p for mark, p in zip(marks, places, strict=True) if mark.kind == "segment"]
    for mark, place in sorted(
        zip(marks, places, strict=True), key=lambda pair: pair[0].kind != "end"
    ):
        row = int(mark.kind in SEVERITIES)
        texts = mark.text, mark.text.partition(_OF)[0]
        for text in texts[is_short:]:
            length = len(text) * letter
            is_before = mark.kind == "end" or place + _GAP / 2 + length > width
            x = place - _GAP / 2 if is_before else place + _GAP / 2
            left = x - length if is_before else x
            right = left + length
            is_wide = mark.kind != "segment" or right <= min(
                (b for b in begins if b > place), default=width
            )
            is_free = all(
                r != row or right + _GAP <= begin or left >= end + _GAP for r, begin, end in taken
            )
            if is_wide and is_free and left >= 0:
                labels.append(Label(mark, text, x, row, is_before))
                taken.append((row, left, right))
                break
    return labels


def style_of(number: int) -> tuple[str, Sequence[float]]:
    """The colour and the dashes of a curve; no two of 36 have both in common.

    Args:
        number: the curve's place in the order of drawing.
    """
    turn, place = divmod(number, len(COLORS))
    return COLORS[place], DASHES[(place + turn) % len(DASHES)]


def legend_rows(names: Sequence[str], width: float, letter: float, key: float) -> list[list[int]]:
    """The entries of a legend in rows that are not wider than the picture, by their numbers."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for number, name in enumerate(names):
        needed = key + len(name) * letter + 2 * _GAP
        if rows[-1] and used + needed > width:
            rows.append([])
            used = 0.0
        rows[-1].append(number)
        used += needed
    return rows


def visible(curve: Curve, low: float, *, is_log: bool) -> Iterator[list[tuple[float, float]]]:
    """The stretches of a curve that have rates; on a logarithmic axis, none below the lowest."""
    stretch: list[tuple[float, float]] = []
    for x, rate in zip(curve.xs, curve.rates, strict=True):
        if math.isfinite(rate):
            stretch.append((x, max(rate, low) if is_log else rate))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def thinned(points: Sequence[tuple[float, float]], nearest: float) -> list[tuple[float, float]]:
    """The points without those on a straight line between their neighbours.

    Args:
        points: places in the picture.
        nearest: how far from the line a point may be to be left out.
    """
    if len(points) < 3:  # noqa: PLR2004 - both ends stay
        return list(points)
    kept = [points[0]]
    low, high = -math.inf, math.inf
    last = points[0]
    for x, y in points[1:]:
        run = x - kept[-1][0]
        if run <= 0:
            kept += [last] if last != kept[-1] else []
            kept.append((x, y))
            low, high = -math.inf, math.inf
        else:
            slope = (y - kept[-1][1]) / run
            if not low <= slope <= high:
                kept.append(last)
                run = x - last[0]
                low, high = -math.inf, math.inf
            if run > 0:
                slope = (y - kept[-1][1]) / run
                low, high = max(low, slope - nearest / run), min(high, slope + nearest / run)
        last = (x, y)
    if kept[-1] != last:
        kept.append(last)
    return kept
