"""Code written against the Object Detection API: the same calls, the same results."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import schedule_builder as sb
from schedule_builder import compat
from schedule_builder.compat import optimizer_builder
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import optimizer_pb2 as optimizers
from tests.support.goldens import CASES, Golden, config_of
from tests.support.recording import reference

tf1 = tf.compat.v1
CASES_FILE = Path(__file__).parent.parent / "golden" / "od_api_cases.json"
NAMES = {entry["name"] for entry in json.loads(CASES_FILE.read_text())}
OPTIMIZERS = ["momentum_optimizer", "rms_prop_optimizer", "adam_optimizer"]


def called(message: rates.LearningRate, step: Any) -> Any:
    """The API's function with the arguments that its `optimizer_builder` gives it."""
    if message.HasField("manual_step_learning_rate"):
        manual = message.manual_step_learning_rate
        return compat.manual_stepping(
            step,
            [entry.step for entry in manual.schedule],
            [manual.initial_learning_rate, *(entry.learning_rate for entry in manual.schedule)],
            manual.warmup,
        )
    if message.HasField("cosine_decay_learning_rate"):
        cosine = message.cosine_decay_learning_rate
        return compat.cosine_decay_with_warmup(
            step,
            cosine.learning_rate_base,
            cosine.total_steps,
            cosine.warmup_learning_rate,
            cosine.warmup_steps,
            cosine.hold_base_rate_steps,
        )
    exponential = message.exponential_decay_learning_rate
    return compat.exponential_decay_with_burnin(
        step,
        exponential.initial_learning_rate,
        exponential.decay_steps,
        exponential.decay_factor,
        burnin_learning_rate=exponential.burnin_learning_rate,
        burnin_steps=exponential.burnin_steps,
        min_learning_rate=exponential.min_learning_rate,
        staircase=exponential.staircase,
    )


GOLDENS = [g for g in CASES if g.name in NAMES and isinstance(g.learning_rate, str)]


def message_of(golden: Golden) -> rates.LearningRate:
    message = config_of(golden)
    assert isinstance(message, rates.LearningRate)
    return message


def is_function(golden: Golden) -> bool:
    """Whether there is a function for it; without stages, the builder alone refuses it."""
    message = message_of(golden)
    if message.HasField("manual_step_learning_rate"):
        return bool(message.manual_step_learning_rate.schedule)
    return message.WhichOneof("learning_rate") not in (None, "constant_learning_rate")


FUNCTIONS = [g for g in GOLDENS if is_function(g)]


@pytest.mark.parametrize("golden", [g for g in FUNCTIONS if not g.is_refused], ids=str)
def test_functions_give_the_apis_numbers(golden: Golden) -> None:
    message = message_of(golden)
    step = tf.Variable(0, dtype=tf.int64)
    deferred = called(message, step)
    assert callable(deferred)
    eager = []
    for number in golden.steps:
        step.assign(number)
        eager.append(deferred().numpy())
    with tf.Graph().as_default(), tf1.Session() as session:
        placeholder = tf1.placeholder(tf.int64, [])
        tensor = called(message, placeholder)
        assert (tensor.dtype, tensor.shape, tensor.op.name) == (tf.float32, (), "learning_rate")
        graph = [session.run(tensor, {placeholder: number}) for number in golden.steps]
    tolerance = 5e-6 * max(golden.values)
    np.testing.assert_allclose(eager, golden.values, rtol=0, atol=tolerance)
    np.testing.assert_allclose(graph, golden.values, rtol=0, atol=tolerance)


@pytest.mark.parametrize("golden", [g for g in FUNCTIONS if g.is_refused], ids=str)
def test_what_the_api_refuses_is_a_value_error(golden: Golden) -> None:
    message = message_of(golden)
    with pytest.raises(ValueError, match=r".") as refusal:
        called(message, 0)
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (compat.manual_stepping, "global_step boundaries rates warmup=False"),
        (
            compat.cosine_decay_with_warmup,
            "global_step learning_rate_base total_steps warmup_learning_rate=0.0 warmup_steps=0"
            " hold_base_rate_steps=0",
        ),
        (
            compat.exponential_decay_with_burnin,
            "global_step learning_rate_base learning_rate_decay_steps learning_rate_decay_factor"
            " burnin_learning_rate=0.0 burnin_steps=0 min_learning_rate=0.0 staircase=True",
        ),
        (
            compat.exponential_decay_with_warmup,
            "global_step learning_rate_base learning_rate_decay_steps learning_rate_decay_factor"
            " warmup_learning_rate=0.0 warmup_steps=0 min_learning_rate=0.0 staircase=True",
        ),
        (optimizer_builder.build, "config global_step=None"),
    ],
)
def test_signatures_are_the_apis(function: Any, parameters: str) -> None:
    found = inspect.signature(function).parameters.values()
    empty = inspect.Parameter.empty
    assert [
        p.name if p.default is empty else f"{p.name}={p.default!r}" for p in found
    ] == parameters.split()


def test_exponential_decay_with_warmup() -> None:
    rate = compat.exponential_decay_with_warmup(
        tf.range(0, 40, dtype=tf.int64), 0.1, 10, 0.5, 0.02, 8, min_learning_rate=0.03
    )
    wanted = [
        0.02 + (0.1 - 0.02) / 8 * t if t < 8 else max(0.1 * 0.5 ** ((t - 8) // 10), 0.03)
        for t in range(40)
    ]
    np.testing.assert_allclose(rate(), wanted, rtol=1e-6)
    with pytest.raises(ValueError, match="learning_rate_base is not below"):
        compat.exponential_decay_with_warmup(0, 0.1, 10, 0.5, 0.2, 8)


@pytest.mark.parametrize(
    ("boundaries", "stages", "text"),
    [
        ([5], [0.1], "expected one more rate than boundaries"),
        (
            [0, 5],
            [0.1, 0.2, 0.1],
            r"boundaries\[0\]: the first step cannot be 0.* is `rates\[0\]`. Set that to 0.2 and"
            " remove this entry",
        ),
        ([5, 5], [0.1, 0.1, 0.1], r"boundaries\[1\]: step 5 is not after step 5"),
        ([-5], [0.1, 0.1], r"boundaries\[0\]: .* -5"),
        ([5], [0.1, float("nan")], r"rates\[1\]: "),
        ([5], [1, 2], r"rates are floats. Received: \[1, 2\]"),
        ([5.0], [0.1, 0.2], r"a boundary must be a whole number. Received: 5\.0"),
    ],
)
def test_bad_stages(boundaries: list[int], stages: list[float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        compat.manual_stepping(0, boundaries, stages)


def test_arguments_are_named_as_they_are_written() -> None:
    with pytest.raises(
        ValueError, match="learning_rate_decay_factor: `learning_rate_decay_factor`"
    ):
        compat.exponential_decay_with_burnin(5, 0.1, 10, -0.5)
    with pytest.raises(ValueError, match="learning_rate_base: `learning_rate_base` is -"):
        compat.exponential_decay_with_burnin(5, -0.1, 10, 0.5)


def test_stages_of_numpy() -> None:
    stages = np.array([0.5, 0.25, 0.125], np.float32)
    for boundaries in (np.array([5, 10]), list(np.array([5, 10])), tf.constant([5, 10])):
        assert float(compat.manual_stepping(7, boundaries, stages)()) == 0.25
    assert float(compat.manual_stepping(7, [], [0.5])()) == 0.5
    assert float(compat.manual_stepping(7, np.array([], np.int64), [0.5])()) == 0.5
    with pytest.raises(ValueError, match="the first step cannot be 0"):
        compat.manual_stepping(7, np.array([0]), [0.5, 0.25])
    with pytest.raises(ValueError, match=r"a boundary must be a whole number. Received: 5\.0"):
        compat.manual_stepping(7, [5.0], [0.5, 0.25])
    with pytest.raises(TypeError, match="total_steps must be a whole number"):
        compat.cosine_decay_with_warmup(0, 0.1, 10.0)  # type: ignore[arg-type]


TRACING = """
import tensorflow as tf
from schedule_builder import compat
rate = tf.function(lambda step: compat.manual_stepping(step, [5], [0.1, 0.2]))
print(float(rate(tf.constant(7))))
"""


def test_tracing_warns_of_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TRACING], check=True, capture_output=True, text=True
    )
    assert float(ran.stdout) == pytest.approx(0.2)
    assert "WARNING:tensorflow" not in ran.stderr


def optimizer_of(
    rate: str, name: str = "momentum_optimizer", *, average: bool = False
) -> optimizers.Optimizer:
    text = f"{name} {{ learning_rate {{ {rate} }} }} use_moving_average: {str(average).lower()}"
    return text_format.Parse(text, optimizers.Optimizer())


@pytest.mark.parametrize("golden", [g for g in GOLDENS if not g.is_refused], ids=str)
def test_the_builder_gives_the_apis_numbers(golden: Golden) -> None:
    config = optimizer_of(str(golden.learning_rate))
    step = tf.Variable(0, dtype=tf.int64)
    _, (rate,) = optimizer_builder.build(config, step)
    eager = []
    for number in golden.steps:
        step.assign(number)
        eager.append(float(rate() if callable(rate) else rate))
    # Only what changes is a function.
    is_constant = "constant_learning_rate" in str(golden.learning_rate)
    assert callable(rate) != is_constant
    tolerance = 5e-6 * max(golden.values)
    np.testing.assert_allclose(eager, golden.values, rtol=0, atol=tolerance)
    with tf.Graph().as_default(), tf1.Session() as session:
        _, (tensor,) = optimizer_builder.build(config)
        counter = tf1.train.get_global_step()
        session.run(tf1.global_variables_initializer())
        graph = []
        for number in golden.steps:
            counter.load(number, session)
            graph.append(session.run(tensor))
    np.testing.assert_allclose(graph, golden.values, rtol=0, atol=tolerance)


COSINE = "cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 10 warmup_steps: 2 }"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_builder_in_a_graph_trains(name: str) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        weight = tf1.get_variable("weight", initializer=3.0)
        optimizer, (rate,) = optimizer_builder.build(optimizer_of(COSINE, name))
        classes = {
            "momentum_optimizer": tf1.train.MomentumOptimizer,
            "rms_prop_optimizer": tf1.train.RMSPropOptimizer,
            "adam_optimizer": tf1.train.AdamOptimizer,
        }
        assert isinstance(optimizer, classes[name])
        train = optimizer.minimize(tf.square(weight), tf1.train.get_global_step())
        session.run(tf1.global_variables_initializer())
        applied = []
        for _ in range(10):
            applied.append(float(session.run(rate)))
            session.run(train)
        wanted = reference(text_format.Parse(COSINE, rates.LearningRate()), range(10))
        assert applied == wanted
        assert session.run(weight) != 3


def test_the_moving_average_in_a_graph(tmp_path: Path) -> None:
    constant = "constant_learning_rate { learning_rate: 0.25 }"
    config = optimizer_of(constant, average=True)
    config.momentum_optimizer.momentum_optimizer_value = 0
    config.moving_average_decay = 0.5
    with tf.Graph().as_default(), tf1.Session() as session:
        weight = tf1.get_variable("weight", initializer=4.0)
        optimizer, _ = optimizer_builder.build(config)
        with pytest.raises(RuntimeError, match="build the training step first"):
            optimizer.swapping_saver()
        train = optimizer.minimize(tf.square(weight), tf1.train.get_or_create_global_step())
        saver = optimizer.swapping_saver()
        session.run(tf1.global_variables_initializer())
        expected_weight = expected_average = 4.0
        for _ in range(3):
            session.run(train)
            expected_weight -= 0.25 * 2 * expected_weight
            expected_average = 0.5 * expected_average + 0.5 * expected_weight
        assert session.run(weight) == pytest.approx(expected_weight)
        assert session.run(optimizer.average(weight)) == pytest.approx(expected_average)
        checkpoint = saver.save(session, str(tmp_path / "model"))
    reader = tf.train.load_checkpoint(checkpoint)
    assert reader.get_tensor("weight") == pytest.approx(expected_average)
    (name,) = [n for n in reader.get_variable_to_shape_map() if "ExponentialMovingAverage" in n]
    assert reader.get_tensor(name) == pytest.approx(expected_weight)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("has_step", [False, True])
def test_the_builder_in_eager_mode_trains(name: str, *, has_step: bool) -> None:
    step = tf.Variable(0, dtype=tf.int64) if has_step else None
    optimizer, (rate,) = optimizer_builder.build(optimizer_of(COSINE, name), step)
    assert isinstance(optimizer, keras.optimizers.Optimizer)
    weight = keras.Variable(3.0)
    optimizer.build([weight])

    @tf.function
    def train_step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.square(weight.value)
        optimizer.apply([tape.gradient(loss, weight.value)])
        if step is not None:
            step.assign_add(1)

    applied = []
    for _ in range(10):
        assert float(rate()) == float(optimizer.learning_rate)
        applied.append(float(rate()))
        train_step()
    assert applied == reference(text_format.Parse(COSINE, rates.LearningRate()), range(10))
    assert float(weight) != 3


@pytest.mark.parametrize("golden", [g for g in GOLDENS if g.is_refused], ids=str)
def test_the_builder_refuses_what_the_api_refuses(golden: Golden) -> None:
    config = optimizer_of(str(golden.learning_rate))
    with pytest.raises(ValueError, match="<Optimizer>"):
        optimizer_builder.build(config)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="<Optimizer>"):
        optimizer_builder.build(config)


@pytest.mark.parametrize("config", [None, "pipeline.config", {}, rates.LearningRate()])
def test_the_builder_takes_an_optimizer_message(config: Any) -> None:
    with pytest.raises(TypeError, match="expected an Optimizer message"):
        optimizer_builder.build(config)


def test_an_optimizer_without_a_kind() -> None:
    with pytest.raises(sb.ConfigError, match=r"<Optimizer>.*SB301"):
        optimizer_builder.build(optimizers.Optimizer())
