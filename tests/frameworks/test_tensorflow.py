"""Tensors: the reference's values, exactly rounded, however TensorFlow runs."""

from __future__ import annotations

from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import HealthCheck, given, reject, settings
from mpmath import mpf

from schedule_builder import ConfigError, Schedule, build_learning_rate, build_schedule
from schedule_builder.frameworks import tensorflow_backend
from schedule_builder.frameworks.tensorflow_backend import as_it_is, rate_tensor
from schedule_builder.schedules import evaluation
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.schedules.test_schedule import telling_steps
from tests.support import oracle
from tests.support.drawing import api_learning_rates, configs
from tests.support.goldens import CASES, FILES, Golden, config_of, needs_data
from tests.support.units import by_hand_too

COSINE = "cosine_decay_learning_rate { total_steps: 1000 warmup_steps: 100 }"
MAX_NODES = 39
# Each is compiled in four ways: a short run takes fewer, `make test-exact` takes all.
PARTS = 8 if settings().max_examples > 1000 else 1
"""A part of many examples takes minutes: several can run at once."""
EXAMPLES = settings().max_examples // PARTS if PARTS > 1 else 40


def parse(text: str) -> pb.LearningRate:
    return text_format.Parse(text, pb.LearningRate())


def ways(schedule: Schedule, steps: Any) -> dict[str, Any]:
    """The rates at the same steps from each way of running TensorFlow."""

    # As the public functions are: AutoGraph would take most of the time.
    @as_it_is
    def rates(step: Any) -> Any:
        return rate_tensor(schedule, step)

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        step = tf.compat.v1.placeholder(tf.int64, steps.shape)
        in_graph = session.run(rates(tf.constant(steps)))
        # What XLA compiles goes with the session. Without one it stays: 0.7 MB for each schedule.
        compiled = session.run(tf.function(rates, jit_compile=True)(step), {step: steps})
    return {
        "eager": rates(tf.constant(steps)).numpy(),
        "traced": tf.function(rates)(tf.constant(steps)).numpy(),
        "xla": compiled,
        "graph": in_graph,
    }


def assert_rounded(found: Any, wanted: Any, name: str) -> None:
    """float32 holds the exactly rounded value, or a neighbour of it."""
    assert found.dtype == np.float32, name
    for got, exact in zip(found, wanted, strict=True):
        unit = float(np.spacing(np.float32(exact)))
        if exact >= 2.0**-126 or got != 0:
            assert abs(mpf(float(got)) - exact) <= unit, (name, got, exact)


def check_golden(golden: Golden, schedule: Schedule) -> None:
    tolerance = 5e-6 * max(golden.values)
    for name, found in ways(schedule, np.array(golden.steps, np.int64)).items():
        np.testing.assert_allclose(found, golden.values, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("golden", [g for g in CASES if not g.is_refused], ids=str)
def test_cases(golden: Golden) -> None:
    check_golden(golden, build_schedule(config_of(golden)))


def different(goldens: list[Golden]) -> list[Golden]:
    """The goldens without those whose schedule and steps another one has, too."""
    return list({(g.learning_rate, g.steps): g for g in goldens if not g.is_refused}.values())


@needs_data
@pytest.mark.parametrize("golden", different(FILES), ids=str)
def test_files(golden: Golden) -> None:
    check_golden(golden, build_schedule(golden.path))


@pytest.mark.parametrize("_part", range(PARTS))
@settings(max_examples=EXAMPLES)
@given(message=configs)
def test_tensors_are_exactly_rounded(message: Any, _part: int) -> None:
    check_rounded(build_schedule(message), message)


@pytest.mark.parametrize("_part", range(PARTS))
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(drawn=by_hand_too())
def test_tensors_are_exactly_rounded_under_units(
    drawn: tuple[Any, Any, int, int], _part: int
) -> None:
    message, in_steps, num_steps, batch_size = drawn
    try:
        schedule = build_schedule(message, num_steps=num_steps, batch_size=batch_size)
    except ConfigError:
        reject()
    check_rounded(schedule, in_steps)


def check_rounded(schedule: Schedule, message: Any) -> None:
    """Every way to a tensor gives the exact rates of a message in steps, rounded once."""
    steps = telling_steps(schedule)
    wanted = [oracle.rate(message, step) for step in steps]
    for name, found in ways(schedule, np.array(steps, np.int64)).items():
        assert_rounded(found, wanted, name)


def nodes(schedule: Schedule) -> int:
    with tf.Graph().as_default() as graph:
        rate_tensor(schedule, tf.compat.v1.placeholder(tf.int64, []))
        return len(graph.as_graph_def().node)


@given(api_learning_rates)
def test_graphs_are_small(message: pb.LearningRate) -> None:
    assert nodes(build_schedule(message)) <= MAX_NODES


def test_a_staircase_has_no_more_nodes_than_keras() -> None:
    fields = "initial_learning_rate: 0.1 decay_steps: 1000 decay_factor: 0.95 staircase: true"
    schedule = build_schedule(parse(f"exponential_decay_learning_rate {{ {fields} }}"))
    peer = keras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.95, staircase=True)

    def size(rates: Any) -> int:
        step = tf.TensorSpec([], tf.int64)
        return len(tf.function(rates).get_concrete_function(step).graph.as_graph_def().node)

    assert size(lambda step: rate_tensor(schedule, step)) <= size(peer)


def test_the_graph_does_not_grow_with_the_number_of_stages() -> None:
    def manual(stages: int) -> Schedule:
        message = pb.ManualStepLearningRate(warmup=True)
        for i in range(stages):
            message.schedule.add(step=10 * i + 10, learning_rate=0.1 / (i + 1))
        return build_schedule(pb.LearningRate(manual_step_learning_rate=message))

    assert nodes(manual(10_000)) == nodes(manual(3)) <= MAX_NODES


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_any_integer_dtype(dtype: str) -> None:
    rate = build_learning_rate(parse(COSINE), tf.constant(50, dtype))
    assert (rate.dtype, rate.shape) == (tf.float32, ())
    assert float(rate) == np.float32(build_schedule(parse(COSINE))(50))


def test_the_largest_uint64_is_no_negative_step() -> None:
    config = parse("piecewise_constant_learning_rate { boundaries: 9 values: [0.1, 0.01] }")
    rates = build_learning_rate(
        config, tf.constant([9, 10, 2**63, 2**63 + 1, 2**64 - 1], tf.uint64)
    )
    np.testing.assert_allclose(rates, [0.1] + [0.01] * 4, rtol=1e-7)


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (2, 0, 3)])
@pytest.mark.parametrize("text", [COSINE, "constant_learning_rate {}"])
def test_any_shape(shape: tuple[int, ...], text: str) -> None:
    steps = np.arange(np.prod(shape, dtype=int)).reshape(shape) * 100
    rates = build_learning_rate(parse(text), steps)
    assert rates.shape == shape
    np.testing.assert_array_equal(rates, np.float32(build_schedule(parse(text))(steps)))


@pytest.mark.parametrize("text", [COSINE, "constant_learning_rate {}"])
def test_a_shape_that_is_known_only_at_run_time(text: str) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        steps = tf.compat.v1.placeholder(tf.int32, None)
        rates = build_learning_rate(parse(text), steps)
        for value in (5, [5, 6], [[5], [6]]):
            assert session.run(rates, {steps: value}).shape == np.shape(value)


@pytest.mark.parametrize("step", [0, 5, -3, 2**40, MAX_STEP, 2**70])
def test_python_steps(step: int) -> None:
    config = parse(COSINE)
    assert float(build_learning_rate(config, step)) == np.float32(build_schedule(config)(step))


def test_variables() -> None:
    config = parse(COSINE)
    wanted = np.float32(build_schedule(config)(50))
    optimizer = keras.optimizers.SGD()
    optimizer.build([keras.Variable(0.0)])
    optimizer.iterations.assign(50)
    assert float(build_learning_rate(config, tf.Variable(50))) == wanted
    assert float(build_learning_rate(config, tf.Variable(50, dtype=tf.int64))) == wanted
    assert float(build_learning_rate(config, optimizer.iterations)) == wanted


@pytest.mark.parametrize("step", [1.0, np.float32(3), np.array([1.0]), True, None, "5"])
def test_a_step_that_is_no_integer_is_a_type_error(step: object) -> None:
    with pytest.raises(TypeError):
        build_learning_rate(parse(COSINE), step)


def test_a_float_step_is_a_type_error_when_traced() -> None:
    traced = tf.function(lambda step: build_learning_rate(parse(COSINE), step))
    with pytest.raises(TypeError, match="integer"):
        traced.get_concrete_function(tf.TensorSpec([], tf.float32))


def test_one_trace_serves_all_steps() -> None:
    traces = 0

    @tf.function
    def rate(step: Any) -> Any:
        nonlocal traces
        traces += 1
        return build_learning_rate(parse(COSINE), step)

    for step in range(100):
        rate(tf.constant(step, tf.int64))
    assert traces == 1


def test_eager_steps_are_evaluated_without_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, eager tensors and variables: the reference's rate becomes one constant."""
    schedule = build_schedule(parse(COSINE))
    monkeypatch.delattr(tensorflow_backend, "evaluate")
    steps = [50, np.int32(50), tf.constant(50), tf.Variable(50), tf.Variable(50, dtype=tf.int64)]
    for step in (*steps, np.array([50, 500]), tf.constant([50, 500])):
        found = rate_tensor(schedule, step).numpy()
        np.testing.assert_array_equal(found, np.float32(schedule(np.array(step))))


def test_a_symbolic_step_makes_no_constant() -> None:
    """Whatever a function is called with, a step that changes between calls is followed."""
    schedule = build_schedule(parse(COSINE))
    counter = tf.Variable(0, dtype=tf.int64)
    by_argument = tf.function(lambda step: rate_tensor(schedule, step), reduce_retracing=True)
    by_variable = tf.function(lambda: rate_tensor(schedule, counter))
    for step in (0, 50, 100, 500, 1500):
        counter.assign(step)
        wanted = np.float32(schedule(step))
        assert by_argument(tf.constant(step)).numpy() == pytest.approx(wanted, rel=1e-6)
        assert by_variable().numpy() == pytest.approx(wanted, rel=1e-6)


def operations(text: str) -> list[str]:
    """What the graph of a schedule computes."""
    with tf.Graph().as_default() as graph:
        rate_tensor(build_schedule(parse(text)), tf.compat.v1.placeholder(tf.int64, []))
        return [node.op for node in graph.as_graph_def().node if node.op != "Const"]


@pytest.mark.parametrize("hold", ["", "hold_base_rate_steps: 50"])
def test_a_hold_and_an_end_cost_bounds_of_the_step(hold: str) -> None:
    """What continues into a constant needs no comparison and no formula for it."""
    found = operations(COSINE.replace("}", hold + "}"))
    assert found.count("Sin") == found.count("ClipByValue") == 1
    # A warmup is below the decay that it leads to: the lower of both is the rate.
    assert found.count("Minimum") == 1
    assert not {"SelectV2", "GreaterEqual", "GatherV2"} & set(found)
    assert len(found) == 13


@pytest.mark.parametrize("share", [0.999, 0.9999])
@pytest.mark.parametrize("hold", [0, 50])
def test_a_decay_that_begins_lower_than_its_warmup_ends(share: float, hold: int) -> None:
    """By less than a step of the warmup, and by more."""
    stage = (
        "stage {{ steps: {} learning_rate {{ polynomial_decay_learning_rate {{"
        " initial_learning_rate: {} end_learning_rate: {} decay_steps: {} }} }} }}"
    )
    stages = [stage.format(1000, 0.0, 0.1, 1000), stage.format(9000, 0.1 * share, 0.001, 9000)]
    if hold:
        stages.insert(1, stage.format(hold, 0.1, 0.1, hold))
    message = parse(f"sequential_learning_rate {{ {' '.join(stages)} }}")
    check_rounded(build_schedule(message), message)


@pytest.mark.parametrize(
    "warmup",
    [
        "warmup { warmup_steps: 100 warmup_learning_rate: 0.5 }",
        "warmup { warmup_steps: 100 shape: COSINE }",
        "warmup { warmup_steps: 100 shape: CONSTANT }",
    ],
)
def test_where_the_lower_rate_is_not_always_the_one_that_holds(warmup: str) -> None:
    """From above, on a curve that turns or with a jump: the step decides."""
    text = (
        "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 1000 power: 2 }"
        + warmup
    )
    assert {"SelectV2", "GreaterEqual"} <= set(operations(text))
    check_rounded(build_schedule(parse(text)), parse(text))


@pytest.mark.parametrize(
    ("text", "integer"),
    [
        (COSINE, False),
        ("piecewise_constant_learning_rate { boundaries: 9 values: [0.1, 0.01] }", False),
        (f"piecewise_constant_learning_rate {{ boundaries: {2**53} values: [0.1, 0.01] }}", True),
        (f"inverse_sqrt_learning_rate {{ learning_rate_base: 1 timescale: {2**54} }}", True),
        ("exponential_decay_learning_rate { decay_steps: 1000 staircase: true }", True),
        (
            "cosine_restarts_learning_rate { initial_learning_rate: 0.1 first_decay_steps: 1000"
            " t_mul: 1 }",
            True,
        ),
        (
            "combined_learning_rate { op: MIN learning_rates { constant_learning_rate {} }"
            " learning_rates { cyclic_learning_rate { base_learning_rate: 0.1"
            " max_learning_rate: 1 } } }",
            True,
        ),
    ],
)
def test_steps_are_integers_where_float64_is_not_enough(text: str, integer: bool) -> None:
    """Beyond 2^53, and where the last digits of a large step decide."""
    assert (operations(text)[1] != "Cast") == integer
    schedule = build_schedule(parse(text))
    steps = [0, 1, 2**53, 2**53 + 1, 2**54 + 2, 2**60 + 501, MAX_STEP - 1, MAX_STEP]
    traced = tf.function(lambda step: rate_tensor(schedule, step))
    np.testing.assert_allclose(traced(tf.constant(steps)), schedule(np.array(steps)), rtol=1e-6)


def test_a_compiled_cosine_is_a_polynomial_as_exact_as_the_sine() -> None:
    """XLA calls the sine of the C library, which takes longer than the rest of the formula."""
    schedule = build_schedule(
        parse("cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 1000003 }")
    )
    compiled = tf.function(lambda step: rate_tensor(schedule, step), jit_compile=True)
    steps = np.array([-1, 0, 1, 2, 999, 500_001, 500_002, 999_999, 1_000_002, 1_000_003, MAX_STEP])
    rates = compiled(tf.constant(steps)).numpy()
    exact = schedule(steps).astype(np.float32)
    assert (np.abs(rates - exact) <= np.spacing(exact)).all()
    graph = compiled.get_concrete_function(tf.TensorSpec([], tf.int64)).graph
    assert "Sin" not in {node.op for node in graph.as_graph_def().node}


def test_a_table_is_made_once_for_all_traces() -> None:
    message = pb.ManualStepLearningRate(warmup=True)
    for i in range(2000):
        message.schedule.add(step=10 * i + 10, learning_rate=0.1 / (i + 1))
    schedule = build_schedule(pb.LearningRate(manual_step_learning_rate=message))
    with mock.patch.object(evaluation, "tabulated", wraps=evaluation.tabulated) as made:
        for _ in range(2):
            traced = tf.function(lambda step: rate_tensor(schedule, step))
            assert float(traced(tf.constant(505))) == np.float32(schedule(505))
        assert made.call_count == 1
        for step in (505, tf.constant(505), tf.Variable(505), tf.range(0, 20_000, 7)):
            rate_tensor(schedule, step)
    assert made.call_count <= 2  # the second one is NumPy's


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("jit_compile", [False, True])
def test_where_there_is_a_gpu_the_host_computes_the_rate(jit_compile: bool) -> None:
    schedule, counter = build_schedule(parse(COSINE)), tf.Variable(50, dtype=tf.int64)
    rate = tf.function(lambda: rate_tensor(schedule, counter), jit_compile=jit_compile)
    assert float(rate()) == np.float32(schedule(50))
    nodes = rate.get_concrete_function().graph.as_graph_def().node
    elsewhere = {node.op for node in nodes if node.device != "/device:CPU:0"}
    # The counter is read where it is.
    assert elsewhere == {"Placeholder", "ReadVariableOp", "Identity", "NoOp"}
    assert {"Cast", "Square"} <= {node.op for node in nodes}


@pytest.mark.usefixtures("gpu")
def test_a_tf1_graph_is_placed_by_its_session() -> None:
    with tf.Graph().as_default() as graph:
        rate_tensor(build_schedule(parse(COSINE)), tf.compat.v1.placeholder(tf.int64, []))
    assert {node.device for node in graph.as_graph_def().node} == {""}


def test_without_a_gpu_nothing_is_placed() -> None:
    rate = tf.function(lambda step: rate_tensor(build_schedule(parse(COSINE)), step))
    graph = rate.get_concrete_function(tf.TensorSpec([], tf.int64)).graph
    assert {node.device for node in graph.as_graph_def().node} == {""}


def test_the_tensor_is_named() -> None:
    for text in (COSINE, "constant_learning_rate {}"):
        with tf.Graph().as_default():
            assert build_learning_rate(parse(text)).name == "learning_rate:0"


def test_the_graphs_global_step_is_created_when_absent() -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        assert tf.compat.v1.train.get_global_step() is None
        rate = build_learning_rate(parse(COSINE))
        step = tf.compat.v1.train.get_global_step()
        session.run(tf.compat.v1.global_variables_initializer())
        session.run(step.assign(50))
        assert session.run(rate) == np.float32(build_schedule(parse(COSINE))(50))


@pytest.mark.parametrize("use_resource", [False, True])
def test_control_dependencies_order_the_reading(use_resource: bool) -> None:
    config = parse("piecewise_constant_learning_rate { boundaries: 0 values: [0.5, 0.25] }")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        step = tf.compat.v1.get_variable(
            "global_step", initializer=tf.constant(0, tf.int64), use_resource=use_resource
        )
        with tf.control_dependencies([tf.compat.v1.assign_add(step, 1)]):
            rate = build_learning_rate(config, step)
        session.run(tf.compat.v1.global_variables_initializer())
        assert session.run(rate) == 0.25


def test_no_variable_is_created() -> None:
    with tf.Graph().as_default() as graph:
        build_learning_rate(parse(COSINE), tf.constant(3))
        assert not graph.get_collection(tf.compat.v1.GraphKeys.GLOBAL_VARIABLES)
