"""What is not a step is the documented TypeError, in Python and NumPy."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from schedule_builder import build_schedule, load
from tests.support.odd import STEPS

DATA = {"constant_learning_rate": {"learning_rate": 0.1}}
SCHEDULE = build_schedule(DATA)


class Tensor:
    """One of a float, as TensorFlow has them: what it holds has no index."""

    ndim = 0

    def __index__(self) -> int:
        return self.__array__().__index__()  # type: ignore[no-any-return] # it has none

    def __array__(self) -> Any:
        return STEPS["an array of one float"][()]

    def numpy(self) -> Any:
        return self.__array__()


STEP_TAKERS: dict[str, Callable[[Any], object]] = {
    "a step": SCHEDULE,
    "one of several steps": lambda step: SCHEDULE.rates([step]),
    "an offset": SCHEDULE.starting_at,
    "an offset of a config": lambda step: build_schedule(DATA, step_offset=step),
}


@pytest.mark.parametrize("takes", STEP_TAKERS)
@pytest.mark.parametrize("given", [*STEPS, "a tensor"])
def test_what_is_not_a_step(given: str, takes: str) -> None:
    step = Tensor() if given == "a tensor" else STEPS[given]
    with pytest.raises(TypeError, match=r"whole numbers?\. Received: "):
        STEP_TAKERS[takes](step)


class Whole:
    """A number of some library, of a type that has a name and perhaps a kind."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def __index__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("dtype", "is_step"),
    [
        (np.dtype(np.int64), True),
        ("torch.int64", True),
        ("<dtype: 'int64'>", True),
        (np.dtype(bool), False),
        (SimpleNamespace(kind="b"), False),
        ("torch.bool", False),
        ("<dtype: 'bool'>", False),
    ],
)
def test_a_bool_of_any_library_is_not_a_step(dtype: Any, is_step: bool) -> None:
    """Even where it has an index."""
    if is_step:
        assert SCHEDULE(Whole(dtype)) == SCHEDULE(1)
        return
    with pytest.raises(TypeError, match=r"^a step must be a whole number"):
        SCHEDULE(Whole(dtype))


@pytest.mark.parametrize(
    "given", [name for name, step in STEPS.items() if "lists of several" not in name]
)
def test_what_is_not_several_steps(given: str) -> None:
    with pytest.raises(TypeError, match=r"whole numbers\. Received: "):
        SCHEDULE.rates(STEPS[given])


@pytest.mark.parametrize("name", ["num_steps", "batch_size"])
@pytest.mark.parametrize("given", [name for name in STEPS if name != "None"])
def test_what_is_not_a_number_of_steps(given: str, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a whole number. Received: "):
        load(DATA, **{name: STEPS[given]})


@pytest.mark.parametrize("given", [None, 5, True, 5.0, b"a=1", {"a": 1}, [1], [None], object()])
def test_what_is_not_an_override(given: Any) -> None:
    with pytest.raises(TypeError, match=r"expected (overrides|an override) such as"):
        load(DATA, overrides=given)


@pytest.mark.parametrize("given", [None, 5, True, 5.0, b"a.config", [], [DATA], object(), 5j])
def test_what_is_not_a_config(given: Any) -> None:
    for build in (load, build_schedule):
        with pytest.raises(TypeError, match="expected a path, a Config"):
            build(given)
