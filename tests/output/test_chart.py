"""Pictures: what they show, that labels do not collide, and that nothing gets out of its text."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.output.changes import Side
from schedule_builder.output.chart import (
    COLORS,
    Chart,
    Curve,
    Mark,
    chart_of,
    legend_rows,
    log_ticks,
    placed,
    sample_steps,
    shortened,
    style_of,
    thinned,
    ticks,
    visible,
)
from schedule_builder.output.svg import svg
from schedule_builder.schedules.applied_rates import AppliedRates

CONFIGS = Path(__file__).parents[2] / "configs"
DIGITS = str(CONFIGS / "digits.config")
EPOCHS = str(CONFIGS / "resnet50_imagenet_1_hour_epochs.config")
STAGES = """train_config {
  num_steps: 600
  optimizer { adam_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.001
    schedule { step: 300 learning_rate: 0.01 }
    schedule { step: 900 learning_rate: 0.0001 }
  } } } }
}
"""
NAMESPACE = "{http://www.w3.org/2000/svg}"


def side(path: str) -> Side:
    return Side.of_config(sb.load(path))


def test_a_chart_of_one_config() -> None:
    chart = chart_of([side(DIGITS)], title="digits")
    (curve,) = chart.curves
    schedule = sb.build_schedule(DIGITS)
    assert list(curve.rates) == [schedule(int(x)) for x in curve.xs]
    assert (curve.xs[0], curve.xs[-1], chart.x_end) == (0, 599, 600)
    assert max(curve.rates) == 0.1
    assert chart.marks == (
        Mark(0, "linear", "segment"),
        Mark(60, "cosine", "segment"),
        Mark(600, "end", "end"),
    )
    assert (chart.x_label, chart.note) == ("step", "")


def test_findings_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "stages.config"
    path.write_text(STAGES)
    chart = chart_of([side(str(path))])
    assert Mark(300, "SB408", "warning") in chart.marks
    # A stage that is never reached has no place in the picture.
    assert chart.note.startswith("Findings: ")
    assert "SB402" in chart.note
    two = chart_of([side(str(path)), side(DIGITS)])
    assert two.note == "Findings: stages.config: SB402"
    # Both train for 600 steps.
    assert two.marks == (
        Mark(300, "SB408 of stages.config", "warning", 0),
        Mark(600, "end", "end"),
    )


def test_ends_say_whose_they_are() -> None:
    schedule = sb.build_schedule(DIGITS)
    runs = [
        Side(name, schedule, steps) for name, steps in (("a/x", 600), ("b/x", 900), ("c/y", 900))
    ]
    record = Side.of_record(AppliedRates("run.csv", (0, 1), (0.1, 0.1)))
    assert chart_of([runs[0], record]).marks == (Mark(600, "end", "end"),)
    assert chart_of([record, *runs]).marks == (
        Mark(600, "end of a/x", "end", 1),
        Mark(900, "end of b/x, c/y", "end"),
    )
    # Without folders, where that tells them apart; of one that does not state its length, none.
    chart = chart_of([runs[0], runs[2], Side("z", schedule)])
    assert [(mark.text, mark.color("")) for mark in chart.marks] == [
        ("end of x", COLORS[0]),
        ("end of y", COLORS[1]),
    ]
    picture = svg(chart)
    for color, text in ((COLORS[0], "end of x"), (COLORS[1], "end of y")):
        assert re.search(f'fill="{color}" text-anchor="end">{text}<', picture)
        assert f'stroke="{color}" stroke-opacity="0.8"' in picture


def test_axes_count_in_epochs_and_percent() -> None:
    chart = chart_of([side(EPOCHS)], unit="epochs")
    begins = [mark.x for mark in chart.marks if mark.kind == "segment"]
    assert begins == pytest.approx([0, 5, 30, 60, 80], abs=0.01)
    assert chart.x_end == pytest.approx(90, abs=0.01)
    chart = chart_of([side(EPOCHS), side(DIGITS)], unit="percent")
    assert chart.x_end == 100
    assert [mark.x for mark in chart.marks] == [100]
    with pytest.raises(ValueError, match="the steps of an epoch are not known for"):
        chart_of([side(DIGITS)], unit="epochs")
    chart = chart_of([side(DIGITS)], unit="epochs", examples_per_epoch=1500)
    batch_size = sb.load(DIGITS).batch_size
    assert batch_size is not None
    assert chart.x_end == pytest.approx(600 / (1500 / batch_size))


def test_applied_rates_keep_their_peaks() -> None:
    count = 100_000
    rates = [0.1] * count
    rates[77_777] = 0.9
    rates[5] = 0.01
    record = AppliedRates("run.csv", tuple(range(count)), tuple(rates))
    (curve,) = chart_of([Side.of_record(record)]).curves
    assert len(curve.xs) < 5000
    assert (max(curve.rates), min(curve.rates)) == (0.9, 0.01)
    assert curve.xs[-1] == count - 1


def test_a_logarithmic_axis_has_room_for_zero() -> None:
    chart = chart_of([side(DIGITS)], is_log=True)
    low, high = chart.rate_limits
    assert 0 < low < 1e-6
    assert high > 0.1
    for stretch in visible(chart.curves[0], low, is_log=True):
        assert all(rate >= low for _, rate in stretch)
    zero = Chart((Curve("zero", (0, 1), (0.0, 0.0)),), ())
    assert zero.rate_limits[1] > 0
    svg(zero)
    svg(Chart(zero.curves, (), is_log=True))


def test_where_there_is_no_rate_nothing_is_drawn() -> None:
    curve = Curve("gaps", (0, 1, 2, 3, 4), (0.1, math.nan, 0.2, 0.3, math.nan))
    assert list(visible(curve, 0, is_log=False)) == [[(0, 0.1)], [(2, 0.2), (3, 0.3)]]
    assert svg(Chart((curve,), ())).count("<circle") == 1


marks = st.lists(
    st.tuples(
        st.floats(0, 600),
        st.sampled_from(["linear", "cosine", "SB402", "SB408 of a", "end", "end of b.config"]),
    ),
    max_size=14,
)


@given(marks, st.floats(100, 900))
def test_labels_do_not_collide(drawn: list[tuple[float, str]], width: float) -> None:
    kinds = {"SB402": "error", "SB408": "warning", "end": "end"}
    chosen = sorted(
        (Mark(x, text, kinds.get(text[:5].strip(), "segment")) for x, text in drawn),
        key=lambda mark: mark[:3],
    )
    places = [mark.x / 600 * width for mark in chosen]
    labels = placed(chosen, places, width, 6.0)
    assert all(label.mark.text.startswith(label.text) for label in labels)
    spans = []
    for label in labels:
        length = 6 * len(label.text)
        left = label.x - length * label.is_before
        spans.append((label.row, left, left + length))
    spans.sort()
    for (row, _, right), (other, left, _) in pairwise(spans):
        assert row != other or left >= right
    assert all(left >= 0 and right <= width + 1e-6 for _, left, right in spans)
    if any(mark.kind == "end" and place > 30 for mark, place in zip(chosen, places, strict=True)):
        assert any(label.mark.kind == "end" for label in labels)


def test_a_label_gives_way_to_a_shorter_one() -> None:
    crowded = [Mark(x, f"SB40{x // 20} of a.config", "warning", 0) for x in (40, 80, 120)]
    labels = placed(crowded, [mark.x for mark in crowded], 400, 6.0)
    assert [label.text for label in labels] == ["SB402", "SB404", "SB406"]
    assert [label.text for label in placed(crowded[:1], [40], 400, 6.0)] == ["SB402 of a.config"]


def test_curves_are_told_apart() -> None:
    assert len({style_of(number) for number in range(36)}) == 36


@given(st.floats(1e-9, 1e9), st.integers(2, 12))
def test_ticks_are_round_and_few(end: float, most: int) -> None:
    found = ticks(end, most)
    assert found[0] == 0
    assert 2 <= len(found) <= most + 1
    assert found[-1] <= end * (1 + 1e-9)
    assert all(float(f"{tick:.4g}") == tick for tick in found)


@given(st.floats(1e-12, 1e3), st.floats(1.5, 1e8), st.integers(1, 9))
def test_logarithmic_ticks_are_powers_of_ten(low: float, ratio: float, most: int) -> None:
    found = log_ticks(low, low * ratio, most)
    assert len(found) <= most
    assert all(low * (1 - 1e-9) <= tick <= low * ratio * (1 + 1e-9) for tick in found)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60))
def test_thinned_curves_stay_where_they_are(heights: list[float]) -> None:
    points = [(float(x), y) for x, y in enumerate(heights)]
    kept = thinned(points, 0.2)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert set(kept) <= set(points)
    for (x1, y1), (x2, y2) in pairwise(kept):
        for x, y in points:
            if x1 < x < x2:
                assert abs(y1 + (y2 - y1) * (x - x1) / (x2 - x1) - y) <= 0.41


def test_names_are_shortened_in_their_middle() -> None:
    assert shortened("a" * 10, 10) == "a" * 10
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert len(shortened("abcdefghij", 1)) <= 2
    assert legend_rows(["a" * 10, "b" * 10, "c" * 90], 300, 6.0, 20) == [[0, 1], [2]]


def test_steps_include_both_sides_of_changes() -> None:
    schedule = sb.build_schedule(EPOCHS)
    steps = sample_steps(schedule, 14_074)
    assert steps == sorted(set(steps))
    assert {0, 781, 782, 4691, 4692, 14_074} <= set(steps)


@pytest.mark.parametrize("size", [(400, 240), (900, 420)])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_the_svg_is_sound(size: tuple[int, int], count: int) -> None:
    names = ["digits", "digits_one_cycle", "retinanet_90k", "densenet_multi_step"]
    sides = [side(str(CONFIGS / f"{n}.config")) for n in [*names, *names][:count]]
    text = svg(chart_of(sides, unit="percent", is_log=count == 6), *size)
    root = ElementTree.fromstring(text)
    assert root.attrib["role"] == "img"
    paths = [p.attrib for p in root.iter(f"{NAMESPACE}path") if p.attrib["stroke"] in COLORS]
    assert len({(p["stroke"], p.get("stroke-dasharray")) for p in paths}) == count
    for path in paths:
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path["d"])]
        assert all(0 <= x <= size[0] for x in numbers[::2])
        assert all(0 <= y <= size[1] for y in numbers[1::2])
    # All of it is inline: nothing is loaded, and the page's style stays.
    assert not re.search(r"<style|<script|href|url\(|\bid=", text)
    assert len(text) < 20_000


def test_names_do_not_get_out_of_the_picture() -> None:
    name = "<script>\"'&\x1b]0;x\x07.config"
    schedule = sb.build_schedule(DIGITS)
    sides = [Side(name, schedule, 600), Side("b", schedule, 600)]
    text = svg(chart_of(sides, title=name))
    ElementTree.fromstring(text)
    assert "<script" not in text
    assert "\x1b" not in text


def test_notebooks_show_words_curve_and_findings(tmp_path: Path) -> None:
    html = sb.load(DIGITS)._repr_html_()
    root = ElementTree.fromstring(html)
    assert root.tag == "div"
    assert "digits.config (600 steps)" in "".join(root.itertext())
    assert "half a cosine from 0.1 to 0 over 540 steps" in html
    assert html.count("<svg ") == 1
    path = tmp_path / "a<b>.config"
    path.write_text(STAGES)
    html = sb.load(path)._repr_html_()
    ElementTree.fromstring(html)
    assert "<code>SB402</code>" in html
    assert "a&lt;b&gt;.config" in html
    html = sb.build_schedule({"table_learning_rate": {"learning_rates": [0.1] * 50}})._repr_html_()
    ElementTree.fromstring(html)
    assert "... 38 more segments ..." in html
