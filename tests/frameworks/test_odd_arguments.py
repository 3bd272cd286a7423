"""What is not a step is the documented TypeError, in TensorFlow and Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from schedule_builder import (
    build_keras_schedule,
    build_learning_rate,
    build_optimizer,
    build_schedule,
)
from tests.support.odd import STEPS

DATA = {"constant_learning_rate": {"learning_rate": 0.1}}
TENSORS = {
    "a tensor of a float": tf.constant(5.0),
    "a tensor of floats": tf.constant([5.0, 6.0]),
    "a tensor of a text": tf.constant("5"),
    "a tensor of a bool": tf.constant(True),
    "a tensor of a complex number": tf.constant(5j),
    "a variable of a float": tf.Variable(5.0),
}
ALL: dict[str, Any] = STEPS | TENSORS
SCHEDULE = build_schedule(DATA)
KERAS = {legacy: build_keras_schedule(DATA, legacy=legacy) for legacy in (False, True)}
TAKERS: dict[str, Callable[[Any], object]] = {
    "eagerly": lambda step: build_learning_rate(DATA, step),
    "in a graph": tf.function(lambda step: build_learning_rate(DATA, step), autograph=False),
    "by Keras 3": KERAS[False],
    "by Keras 2": KERAS[True],
}


NOT_FOR_GRAPHS = ("a dict", "an object", "lists of several lengths", "a date")
"""TensorFlow itself calls no function with these."""


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        (given, takes)
        for given in ALL
        for takes in TAKERS
        if takes != "in a graph" or given not in NOT_FOR_GRAPHS
    ],
)
def test_what_is_not_a_step(given: str, takes: str) -> None:
    said = "a step is an integer. Received: "
    with pytest.raises(TypeError, match=said if given != "None" else "pass `global_step`"):
        TAKERS[takes](ALL[given])


@pytest.mark.parametrize("given", TENSORS)
def test_tensors_that_python_does_not_take(given: str) -> None:
    with pytest.raises(TypeError, match=r"whole numbers?\. Received: "):
        SCHEDULE(TENSORS[given])


@pytest.mark.parametrize("given", [None, 5, True, 5.0, b"a.config", [], tf.constant(1.0)])
def test_what_is_not_a_config(given: Any) -> None:
    for build in (build_optimizer, lambda given: build_learning_rate(given, 0)):
        with pytest.raises(TypeError, match="expected a path, a Config"):
            build(given)
