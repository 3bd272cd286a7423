"""How large schedules may be, and what is said where a kind of another package fails."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import Int64Value

from schedule_builder.diagnostics import Words
from schedule_builder.dialects import lowering
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.lowering import (
    LoweringError,
    broken_plugins,
    check_size,
    custom_kinds,
    lowers,
    sequence,
    steps_down,
)
from schedule_builder.limits import MAX_MEMBER_SEGMENTS, MAX_MEMBERS, MAX_SEGMENTS
from schedule_builder.schedules.curves import MAX_STEP, Constant
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import learning_rate_pb2 as pb


def table(entries: int) -> pb.LearningRate:
    message = pb.LearningRate()
    message.table_learning_rate.learning_rates.extend([0.1] * entries)
    return message


def constant() -> pb.LearningRate:
    message = pb.LearningRate()
    message.constant_learning_rate.learning_rate = 0.1
    return message


def combined(*members: pb.LearningRate) -> pb.LearningRate:
    message = pb.LearningRate()
    message.combined_learning_rate.learning_rates.extend(members)
    return message


def in_sequence(*members: pb.LearningRate) -> pb.LearningRate:
    message = pb.LearningRate()
    for member in members:
        message.sequential_learning_rate.stage.add(steps=9, learning_rate=member)
    return message


def piecewise(boundaries: int, values: int) -> pb.LearningRate:
    message = pb.LearningRate()
    message.piecewise_constant_learning_rate.boundaries.extend(range(boundaries))
    message.piecewise_constant_learning_rate.values.extend([0.1] * values)
    return message


def milestones(count: int) -> pb.LearningRate:
    message = pb.LearningRate()
    message.multi_step_learning_rate.initial_learning_rate = 0.1
    message.multi_step_learning_rate.milestones.extend(range(count))
    return message


def boundaries(count: int) -> pb.LearningRate:
    message = pb.LearningRate()
    for step in range(count):
        message.manual_step_learning_rate.schedule.add(step=step, learning_rate=0.1)
    return message


COMBINATION = "combined_learning_rate learning_rates"
STAGES = "sequential_learning_rate stage"
SIZES: list[tuple[pb.LearningRate, pb.LearningRate, str, str]] = [
    (
        table(MAX_SEGMENTS),
        table(MAX_SEGMENTS + 1),
        "table_learning_rate learning_rates",
        "a schedule may have 100,000. Use a schedule such as",
    ),
    (
        in_sequence(table(MAX_SEGMENTS - 1), constant()),
        in_sequence(table(MAX_SEGMENTS - 1), constant(), constant()),
        STAGES,
        "a schedule may have 100,000. Use a schedule such as",
    ),
    (
        in_sequence(constant(), table(MAX_SEGMENTS - 1)),
        in_sequence(constant(), table(MAX_SEGMENTS + 1)),
        f"{STAGES} 1 learning_rate table_learning_rate learning_rates",
        "a schedule may have 100,000. Use a schedule such as",
    ),
    (
        milestones(MAX_SEGMENTS),
        milestones(MAX_SEGMENTS + 1),
        "multi_step_learning_rate milestones",
        "a schedule may have 100,000. Use a schedule such as",
    ),
    # Of the lists of a message the longest is blamed, the first of them.
    (
        piecewise(MAX_SEGMENTS // 2, MAX_SEGMENTS // 2),
        piecewise(MAX_SEGMENTS // 2, MAX_SEGMENTS // 2 + 1),
        "piecewise_constant_learning_rate values",
        "a schedule may have 100,000. Use a schedule such as",
    ),
    (
        piecewise(MAX_SEGMENTS // 2, MAX_SEGMENTS // 2),
        piecewise(MAX_SEGMENTS, MAX_SEGMENTS),
        "piecewise_constant_learning_rate boundaries",
        "a schedule may have 100,000. Use a schedule such as",
    ),
    (
        combined(*[constant()] * MAX_MEMBERS),
        combined(*[constant()] * (MAX_MEMBERS + 1)),
        COMBINATION,
        "has 33 members: at most 32",
    ),
    (
        combined(*[piecewise(1, 2)] * MAX_MEMBERS),
        combined(*[piecewise(1, 2)] * (MAX_MEMBERS + 1)),
        COMBINATION,
        "has 33 members: at most 32",
    ),
    (
        combined(*[in_sequence(boundaries(2), boundaries(3))] * MAX_MEMBERS),
        combined(*[in_sequence(boundaries(2), boundaries(3))] * (MAX_MEMBERS + 1)),
        COMBINATION,
        "has 33 members: at most 32",
    ),
    # Members of members count, and not the combination that has them.
    (
        combined(combined(*[constant()] * 30), constant(), constant()),
        combined(combined(*[constant()] * 31), constant(), constant()),
        COMBINATION,
        "has 33 members",
    ),
    (
        combined(in_sequence(combined(*[constant()] * 16), combined(*[constant()] * 16))),
        combined(in_sequence(combined(*[constant()] * 16), combined(*[constant()] * 17))),
        COMBINATION,
        "has 33 members",
    ),
    (
        in_sequence(combined(*[constant()] * MAX_MEMBERS), combined(*[constant()] * MAX_MEMBERS)),
        in_sequence(constant(), combined(*[constant()] * (MAX_MEMBERS + 1))),
        f"{STAGES} 1 learning_rate {COMBINATION}",
        "has 33 members",
    ),
    (
        combined(table(MAX_MEMBER_SEGMENTS - 1), constant()),
        combined(table(MAX_MEMBER_SEGMENTS), constant()),
        COMBINATION,
        "more than 5,000 segments",
    ),
]


@pytest.mark.parametrize(("good", "bad", "path", "words"), SIZES)
def test_the_largest_schedule(
    good: pb.LearningRate, bad: pb.LearningRate, path: str, words: str
) -> None:
    check_size(good)
    with pytest.raises(LoweringError, match=words) as error:
        check_size(bad)
    assert " ".join(map(str, error.value.path)) == path


def test_an_error_has_words_whatever_it_is_made_of() -> None:
    words = Words("{count} steps", count=5)
    assert LoweringError((), words).words is words
    of_plugin = LoweringError((), "5 {steps}")
    assert (str(of_plugin), str(of_plugin.words)) == ("5 {steps}", "5 {steps}")


def test_the_longest_list_is_blamed_where_each_has_one_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lowering, "MAX_SEGMENTS", 1)
    with pytest.raises(LoweringError) as error:
        check_size(piecewise(1, 1))
    assert error.value.path == ("piecewise_constant_learning_rate", "boundaries")


def test_a_sequence_ends_at_the_last_step_and_leaves_out_what_is_empty() -> None:
    schedule = sequence(
        (0, Constant(1.0)),
        (0, Constant(2.0), ("a",)),
        (5, Constant(3.0), ("b",)),
        (5, Constant(4.0), ("c",)),
        (4, Constant(5.0)),
        (MAX_STEP, Constant(6.0), ("d",)),
        (MAX_STEP + 1, Constant(7.0), ("e",)),
    )
    assert [(s.begin, s.origin, s.curve, s.path, s.floor) for s in schedule.segments] == [
        (0, 0, Constant(2.0), ("a",), 0),
        (4, 4, Constant(5.0), (), 0),
        (MAX_STEP, MAX_STEP, Constant(6.0), ("d",), 0),
    ]
    down = steps_down([3, 9], [1.0, 0.5, 0.25], "values")
    assert [(s.begin, s.path) for s in down.segments] == [
        (0, ()),
        (3, ("values", 0)),
        (9, ("values", 1)),
    ]
    for begins in ([3], [3, 9, 10]):
        with pytest.raises(ValueError, match=r"zip\(\)"):
            steps_down(begins, [1.0, 0.5, 0.25], "values")


NAME = Int64Value.DESCRIPTOR.full_name
Add = Callable[..., pb.LearningRate]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Add:
    """Adds a kind of another package, and gives a learning rate of it."""
    monkeypatch.setattr(lowering, "_KINDS", dict(lowering._KINDS))

    def added(function: Any, warmup: Any = None) -> pb.LearningRate:
        assert lowers(Int64Value, warmup=warmup)(function) is function
        message = pb.LearningRate()
        message.custom.Pack(Int64Value(value=5))
        return message

    return added


def halved(message: Any) -> Schedule:
    return sequence((0, Constant(1.0)), (message.value, Constant(0.5), ("value",)))


def test_a_kind_of_another_package(add: Add) -> None:
    message = add(halved)
    schedule = LEARNING_RATE.lower(message, None)
    assert schedule is not None
    assert [(s.begin, s.path) for s in schedule.segments] == [(0, ()), (5, ("custom", "value"))]
    assert custom_kinds()[NAME] is Int64Value
    assert not any(name.startswith("schedule_builder.") for name in custom_kinds())
    assert list(LEARNING_RATE.warmups(message)) == []
    # What is under a warmup is known of this project's kinds alone.
    message.warmup.warmup_steps = 3
    assert LEARNING_RATE.under_warmup(message) is None
    with pytest.raises(ValueError, match=f"{NAME} already has a lowering: halved"):
        add(halved)


def test_a_kind_of_another_package_may_have_a_warmup(add: Add) -> None:
    message = add(halved, lambda inner: (("value",), inner.value))
    assert LEARNING_RATE.lower(message, None) is not None
    assert list(LEARNING_RATE.warmups(message)) == [(("custom", "value"), 5)]


def failing(error: Exception) -> Any:
    def function(message: Any) -> Any:
        raise error

    return function


FAILED = f"the plugin for `{NAME}` ({__name__}) failed: "
LONG = "x" * 300


@pytest.mark.parametrize(
    ("function", "warmup", "path", "words"),
    [
        (failing(LoweringError(("value",), "too much")), None, "custom value", "too much"),
        (
            failing(ZeroDivisionError("none of it")),
            None,
            "custom",
            f"{FAILED}ZeroDivisionError: none of it. Report this to its authors",
        ),
        (
            lambda message: message.value,
            None,
            "custom",
            f"{FAILED}TypeError: it returned int in place of a Schedule. Report this",
        ),
        (halved, failing(KeyError("steps")), "custom", f"{FAILED}KeyError: 'steps'. Report"),
        (
            failing(ValueError(LONG)),
            None,
            "custom",
            f"{FAILED}ValueError: {LONG[:197]}.... Report",
        ),
    ],
)
def test_a_kind_of_another_package_that_fails(
    add: Add, function: Any, warmup: Any, path: str, words: str
) -> None:
    with pytest.raises(LoweringError) as error:
        LEARNING_RATE.lower(add(function, warmup), None)
    assert " ".join(map(str, error.value.path)) == path
    assert str(error.value.words).startswith(words)


def test_packages_that_cannot_be_loaded_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class EntryPoint:
        def __init__(self, name: str, error: BaseException | None) -> None:
            self.name, self.value, self.error = name, f"{name}.kinds", error

        def load(self) -> None:
            if self.error is not None:
                raise self.error

    asked = []

    def entry_points(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [
            EntryPoint("good", None),
            EntryPoint("bad", ImportError("no such\nmodule")),
            EntryPoint("gone", SystemExit(3)),
        ]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert broken_plugins.__wrapped__() == {
        "bad = bad.kinds": "ImportError: no such module",
        "gone = gone.kinds": "SystemExit: 3",
    }
    assert asked == ["schedule_builder.schedules"]
