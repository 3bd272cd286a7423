"""Tests of the base class of immutable objects, against what dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from functools import cached_property
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.records import Record


class Base(Record):
    kind: ClassVar[str] = "base"
    first: int


class Point(Base, unshown=("label",), uncompared=("label",)):
    y: float = 0.5
    label: str = ""

    @cached_property
    def both(self) -> float:
        return self.first + self.y


@dataclasses.dataclass(frozen=True)
class Peer:
    first: int
    y: float = 0.5
    label: str = dataclasses.field(default="", compare=False, repr=False)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "first": st.integers(0, 2),
    "y": st.sampled_from([0.0, 0.5, float("nan")]),
    "label": st.sampled_from(["", "a"]),
}
NAMED = st.fixed_dictionaries({}, optional={**VALUES, "other": st.none()})


@given(st.lists(st.integers(0, 2), max_size=4), NAMED)
def test_arguments_are_taken_as_a_dataclass_takes_them(args: list[Any], named: Any) -> None:
    make: Any
    results: list[Any] = []
    for make in (Point, Peer):
        try:
            made = make(*args, **named)
        except TypeError:
            results.append(None)
        else:
            assert list(vars(made)) == ["first", "y", "label"]
            results.append((repr(made).partition("(")[2], made.label, hash(made)))
    assert results[0] == results[1]


# From Python 3.13 on, dataclasses with the same NaN are not equal.
@given(*[st.fixed_dictionaries({**VALUES, "y": st.sampled_from([0.0, 0.5])})] * 2)
def test_equality_is_that_of_dataclasses(one: Any, other: Any) -> None:
    assert (Point(**one) == Point(**other)) == (Peer(**one) == Peer(**other))
    assert Point(**one) != Peer(**one)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "Point needs a value for its field 'first'"),
        ((1, 2, "", 4), {}, "Point takes 3 fields. Received: 4"),
        ((1,), {"first": 2}, "Point got twice the field 'first'"),
        ((1,), {"z": 2}, "Point does not have the field 'z'"),
    ],
)
def test_wrong_arguments(args: Any, kwargs: Any, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        Point(*args, **kwargs)
    assert str(raised.value) == message


def test_records_do_not_change() -> None:
    point: Any = Point(1)
    with pytest.raises(AttributeError, match="cannot assign to field 'first': a Point does not"):
        point.first = 2
    with pytest.raises(AttributeError, match="cannot delete field 'first'"):
        del point.first
    assert point == Point(1)


def test_replacing_gives_another_record() -> None:
    point = Point(1, label="a")
    assert point.both == 1.5
    changed = point._replace(y=2.0)
    assert (changed.both, changed.label, point.y) == (3.0, "a", 0.5)
    with pytest.raises(TypeError, match="does not have the field 'z'"):
        point._replace(z=1)
    if sys.version_info >= (3, 13):
        assert copy.replace(point, y=2.0) == changed


def test_copies_and_pickles_are_equal() -> None:
    point = Point(1, 2.5, "a")
    for again in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert (again, again.label, repr(again)) == (point, "a", "Point(first=1, y=2.5)")


def test_patterns_match_fields_by_position() -> None:
    match Point(1, 2.5):
        case Point(first, y):
            assert (first, y) == (1, 2.5)
        case _:
            pytest.fail("no match")
