"""What a file says, what is new in an edited one, and an edit in one line."""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Diagnostic, Source, Words
from schedule_builder.editing import rates
from schedule_builder.editing.contents import (
    contents_of,
    with_value,
    with_values,
    without_value,
)
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    faults,
    new_findings,
    nothing_new,
    reread,
    same_message,
)
from schedule_builder.editing.summary import changed_fields, peak_of, rate_change
from schedule_builder.schedules.curves import Constant, Cycle, Exponential, Interpolation
from schedule_builder.schedules.schedule import Schedule, Segment


def read(text: str, name: str = "a.config", **options: Any) -> Config:
    return examine(Source(name, text), **options)


TREE: dict[str, Any] = {"a": ["1"], "b": [{"c": ["2"], "d": ["3"]}, {"c": ["4"]}], "e": ["5", "6"]}
B1, B2 = TREE["b"]


def test_contents_are_values_by_names_without_places() -> None:
    text = 'a: 1 b { c: "x" } b { } e: [1, 2] e: 3 f: [] g { h: "1" }'
    wanted = {
        "a": [("1", False)],
        "b": [{"c": [("x", True)]}, {}],
        "e": [("1", False), ("2", False), ("3", False)],
        "g": [{"h": [("1", True)]}],
    }
    assert contents_of(read(text).document) == wanted
    spread = text.replace(" ", "\n  ").replace("[\n", "[")
    assert contents_of(read(spread).document) == wanted
    listed = "a: 1\nb: [{c: 'x'}, {}]\ne: [1, 2, 3]\nf: []\ng: {h: '1'}"
    assert contents_of(read(listed, "a.yaml").document) == wanted


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        (("a",), "9", {"a": ["9"]}),
        (("a",), ["8", "9"], {"a": ["8", "9"]}),
        (("a",), [], {"a": None}),
        (("new",), "9", {"new": ["9"]}),
        (("new",), [], {}),
        (("new", "x"), "9", {"new": [{"x": ["9"]}]}),
        (("new", "x", "y"), "9", {"new": [{"x": [{"y": ["9"]}]}]}),
        (("new", 0), "9", {"new": ["9"]}),
        (("new", 0, "x"), "9", {"new": [{"x": ["9"]}]}),
        (("a", "x"), "9", {"a": [{"x": ["9"]}]}),
        (("b", "c"), "9", {"b": [{"c": ["9"], "d": ["3"]}, B2]}),
        (("b", 0, "c"), "9", {"b": [{"c": ["9"], "d": ["3"]}, B2]}),
        (("b", 1, "c"), "9", {"b": [B1, {"c": ["9"]}]}),
        (("b", 1, "new"), "9", {"b": [B1, {"c": ["4"], "new": ["9"]}]}),
        (("b", 2, "c"), "9", {"b": [B1, B2, {"c": ["9"]}]}),
        (("b", 1), "9", {"b": [B1, "9"]}),
        (("e", 0), "9", {"e": ["9", "6"]}),
        (("e", 1), "9", {"e": ["5", "9"]}),
        (("e", 2), "9", {"e": ["5", "6", "9"]}),
    ],
)
def test_a_tree_with_another_value(path: Any, value: Any, changed: dict[str, Any]) -> None:
    before = deepcopy(TREE)
    wanted = {k: v for k, v in (TREE | changed).items() if v is not None}
    assert with_value(TREE, path, value) == wanted
    if path != ("a", "x"):
        assert with_values(TREE, {path: value}) == wanted
    assert before == TREE


def test_a_tree_with_several_values() -> None:
    before = deepcopy(TREE)
    values = {("a",): "7", ("b", 1, "c"): "8", ("b", "d"): "9", ("e", 1): "0", ("x", 0, "y"): "1"}
    wanted = TREE
    for path, value in values.items():
        wanted = with_value(wanted, path, value)
    assert with_values(TREE, values) == wanted
    assert before == TREE


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        (("a",), {"a": None}),
        (("a", 0), {"a": None}),
        (("e",), {"e": None}),
        (("e", 0), {"e": ["6"]}),
        (("e", 1), {"e": ["5"]}),
        (("b", 0), {"b": [B2]}),
        (("b", 1), {"b": [B1]}),
        (("b", "c"), {"b": [{"d": ["3"]}, B2]}),
        (("b", 0, "c"), {"b": [{"d": ["3"]}, B2]}),
        (("b", 1, "c"), {"b": [B1, {}]}),
        (("b", 1, "c", 0), {"b": [B1, {}]}),
    ],
)
def test_a_tree_without_a_value(path: Any, changed: dict[str, Any]) -> None:
    before = deepcopy(TREE)
    wanted = {k: v for k, v in (TREE | changed).items() if v is not None}
    assert without_value(TREE, path) == wanted
    assert before == TREE


def finding(
    code: str = "SB401",
    severity: str = "warning",
    path: str = "x",
    message: str = "m",
    row: int = 1,
) -> Diagnostic:
    return Diagnostic("a", row, 1, row, 2, code, "name", severity, Words(message), path=path)


def test_a_finding_is_new_that_was_not_there_in_the_same_words() -> None:
    def new(before: list[Diagnostic], after: list[Diagnostic]) -> list[Diagnostic]:
        document = SimpleNamespace(source=Source("a.config", ""))
        configs: Any = [
            SimpleNamespace(diagnostics=tuple(found), document=document)
            for found in (before, after)
        ]
        return list(new_findings(*configs))

    one = finding()
    assert new([], []) == new([one], []) == new([one], [one]) == []
    # Its place does not count, and how often it is there does.
    moved = finding(row=9)
    assert new([one], [moved]) == []
    assert new([one], [moved, one]) == [one]
    assert new([one, one], [moved, one]) == []
    assert new([one, one], [one, one, moved]) == [moved]
    for other in (finding(code="SB402"), finding(path="y"), finding(message="n")):
        assert new([one], [other, one]) == [other]


def test_a_finding_that_moves_in_a_list_is_not_new() -> None:
    def new(before: str, after: str) -> list[Diagnostic]:
        document = SimpleNamespace(source=Source("a.config", ""))
        configs: Any = [
            SimpleNamespace(diagnostics=(finding(path=path),), document=document)
            for path in (before, after)
        ]
        return list(nothing_new(*configs))

    assert new("a[0].b", "a[10].b") == new("a[2]", "a[0]") == new("a.b", "a[0].b") == []
    assert [d.path for d in new("a[0].b", "a[0].c")] == ["a[0].c"]


def test_a_text_that_cannot_be_read_is_refused_without_its_message() -> None:
    before = read("constant_learning_rate { learning_rate: 1 }")
    with pytest.raises(UnmeantError) as refused:
        reread(
            before, "constant_learning_rate { learning_rate 1 }", Meant(nothing_new, same_message)
        )
    assert str(refused.value) == "an edit would break its layout"
    assert [found.code for found in refused.value.findings] == ["SB102"]


def test_faults_are_errors_and_what_is_said_about_the_writing() -> None:
    errors = [finding("SB401", "error"), finding("SB204", "error")]
    assert faults([finding("SB401"), *errors]) == errors
    # What the reader warns of, here about escapes in a text.
    assert faults([finding("SB108")]) == [finding("SB108")]


# In one line.

RISING = (
    "piecewise_linear_learning_rate { point { step: 0 learning_rate: 0 }"
    " point { step: 100 learning_rate: 1 } }"
)


def test_the_peak_is_that_of_the_run() -> None:
    assert peak_of(read(RISING, num_steps=50)) == pytest.approx(0.49)
    assert peak_of(read(RISING, num_steps=1)) == 0
    # Without a run length, the last segment begins a last time.
    assert peak_of(read(RISING)) == 1
    assert peak_of(read("constant_learning_rate { learning_rate: -1 }")) is None
    assert isinstance(peak_of(read("constant_learning_rate { learning_rate: 1 }")), float)


def test_a_change_of_the_rate_in_one_line() -> None:
    short, long = read(RISING, num_steps=50), read(RISING, num_steps=51)
    assert rate_change(short, long) == "peak 0.49 -> 0.5, ends at 0.49 -> 0.5"
    falling = RISING.replace("rate: 0 ", "rate: 2 ")
    assert rate_change(read(falling, num_steps=50), short) == (
        "peak 2 -> 0.49, ends at 1.51 -> 0.49"
    )
    assert rate_change(short, read(RISING)) == "peak 0.49 -> 1"
    assert rate_change(read(RISING), short) == "peak 1 -> 0.49"
    nothing = read("constant_learning_rate { learning_rate: -1 }")
    assert rate_change(short, nothing) == rate_change(nothing, short) == ""
    assert rate_change(nothing, nothing) == ""


def test_fields_that_changed() -> None:
    before = read(
        "manual_step_learning_rate { schedule { step: 10 learning_rate: 0.5 }"
        " schedule { step: 20 learning_rate: 0.25 } }"
    )
    after = read(
        "manual_step_learning_rate { initial_learning_rate: 0.1 schedule { step: 10"
        " learning_rate: 0.125 } }"
    )
    name = "manual_step_learning_rate"
    assert changed_fields(before, after) == [
        f"{name}.schedule[0].learning_rate: 0.5 -> 0.125",
        f"{name}.schedule[1].step: 20 -> (not set)",
        f"{name}.schedule[1].learning_rate: 0.25 -> (not set)",
        f"{name}.initial_learning_rate: (not set) -> 0.1",
    ]
    assert changed_fields(before, before) == []
    third = read("constant_learning_rate { learning_rate: 0.333333333333 }")
    assert changed_fields(third, read("constant_learning_rate { learning_rate: 1e-5 }")) == [
        "constant_learning_rate.learning_rate: 0.333333 -> 1e-05"
    ]
    long = read("multi_step_learning_rate { milestones: [12345678] }")
    assert changed_fields(read("multi_step_learning_rate {}"), long) == [
        "multi_step_learning_rate.milestones[0]: (not set) -> 12345678"
    ]
    some = read("multi_step_learning_rate { milestones: [5, 6] }")
    more = read("multi_step_learning_rate { milestones: [5, 7, 8] }")
    assert changed_fields(some, more) == [
        "multi_step_learning_rate.milestones[1]: 6 -> 7",
        "multi_step_learning_rate.milestones[2]: (not set) -> 8",
    ]


@pytest.mark.parametrize(
    ("number", "digits"),
    [(0.1, 1), (0.25, 2), (1e-5, 1), (100.0, 1), (10.5, 3), (0.05, 1), (1.2345e-12, 5), (30.0, 1)],
)
def test_significant_digits(number: float, digits: int) -> None:
    assert rates._digits(number) == digits


@pytest.mark.parametrize(
    ("value", "factor", "text"),
    [
        (0.1, Fraction(3), "0.3"),
        (0.1, Fraction(1, 3), "0.0333333333"),
        (1.0, Fraction(2, 3), "0.666666667"),
        (0.123456789, Fraction(2), "0.246913578"),
        (0.123456789, Fraction(3), "0.370370367"),
        (0.1234567891, Fraction(1, 2), "0.06172839455"),
        (0.1234567891, Fraction(1, 3), "0.04115226303"),
        (3e-5, Fraction(1, 2), "1.5e-05"),
    ],
)
def test_a_rate_has_nine_digits_or_as_many_as_it_had(
    value: float, factor: Fraction, text: str
) -> None:
    assert rates._text(value, factor) == text


def test_scaled_schedules_are_compared_wherever_rates_are_highest_and_lowest() -> None:
    def of(*curves: Any) -> Schedule:
        return Schedule(tuple(Segment(100 * i, curve, 100 * i) for i, curve in enumerate(curves)))

    def is_scaled(one: Schedule, other: Schedule, num_steps: int | None = 200) -> bool:
        config: Any = SimpleNamespace(num_steps=num_steps)
        return rates._is_scaled(config, one, other, 2.0)

    line, cycle = Interpolation(0.5, 0.25, 100), Cycle(0.25, 0.5, 30, 70)
    one = of(line, cycle)
    assert is_scaled(one, one.scaled(2.0))
    assert is_scaled(one, one.scaled(2.0 * (1 + 1e-7)))
    assert not is_scaled(one, one.scaled(2.0 * (1 + 1e-5)))
    assert not is_scaled(one, one)
    assert not is_scaled(one, of(line.scaled(2.0), cycle))
    assert not is_scaled(one, of(line, cycle.scaled(2.0)))
    # What follows the run does not count, but without a run length all segments do.
    other = of(line.scaled(2.0), Constant(7.0))
    assert is_scaled(of(line, Constant(0.25)), other, 100)
    assert not is_scaled(of(line, Constant(0.25)), other, 101)
    assert not is_scaled(of(line, Constant(0.25)), other, None)
    # A peak of either one is enough.
    bend = Cycle(0.5, 0.6, 37, 63)
    assert not is_scaled(of(Constant(0.5)), of(bend.scaled(2.0)), 100)
    assert not is_scaled(of(bend), of(Constant(1.0)), 100)
    # Where both begin and end alike, what is between them tells.
    straight = of(Interpolation(1.0, 0.25, 99))
    bent = of(Exponential(2.0, 0.25, 99))
    assert not is_scaled(straight, bent, 100)
    assert is_scaled(of(Constant(0.0)), of(Constant(0.0)))


class Listed:
    """A schedule that is 1 at every step but one, whose rates are highest and lowest where told."""

    begins = (0, 30)
    last_step = Schedule.last_step

    def __init__(self, *offsets: int, other: int | None = None) -> None:
        self.offsets, self.other = offsets, other

    def __call__(self, step: int) -> float:
        return 1.5 if step == self.other else 1.0

    def extremes(self, begin: int, end: int) -> set[int]:
        return {begin + offset for offset in self.offsets}


@pytest.mark.parametrize(
    ("num_steps", "step"), [(100, 4), (100, 5), (100, 49), (100, 33), (100, 99), (None, 30)]
)
def test_one_other_rate_is_noticed(num_steps: int | None, step: int) -> None:
    """Where either one is highest or lowest, at a half and a third of the run, and at its end."""
    config: Any = SimpleNamespace(num_steps=num_steps)
    one, other, same = Listed(4), Listed(5, other=step), Listed(5)
    assert rates._is_scaled(config, one, same, 1.0)  # type: ignore[arg-type] # it is like one
    assert not rates._is_scaled(config, one, other, 1.0)  # type: ignore[arg-type] # the same
