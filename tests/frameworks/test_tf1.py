"""TF1 graph mode: sessions, monitored sessions with hooks and summaries, and names in the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import schedule_builder as sb
from tests.support.recording import reference, write_pipeline


class RateHook(tf1.train.SessionRunHook):
    """Fetches the rate that each step is trained with, in the same run."""

    def __init__(self, rate: Any) -> None:
        self.rate = rate
        self.rates: list[float] = []

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self.rate)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.rates.append(float(run_values.results))


def graph_of(path: Path) -> tuple[Any, Any]:
    """A training step, and the rate it is made with."""
    tf1.train.create_global_step()
    weight = tf1.get_variable("weight", initializer=1.0)
    rate = sb.build_learning_rate(path)
    tf1.summary.scalar("train/learning_rate", rate)
    optimizer = tf1.train.GradientDescentOptimizer(rate)
    # Fetched in one run with the step, the rate has to be read before the step counts.
    with tf.control_dependencies([rate]):
        train = optimizer.minimize(tf.square(weight - 3.0), tf1.train.get_global_step())
    return train, rate


def monitored(path: Path, folder: Path, last_step: int) -> list[float]:
    with tf.Graph().as_default():
        train, rate = graph_of(path)
        hook = RateHook(rate)
        hooks = [hook, tf1.train.StopAtStepHook(last_step=last_step)]
        with tf1.train.MonitoredTrainingSession(
            checkpoint_dir=str(folder),
            hooks=hooks,
            save_checkpoint_steps=5,
            save_summaries_steps=1,
            log_step_count_steps=None,
            # TensorFlow 2.20 cannot write it with the protobuf that it resolves to.
            save_graph_def=False,
        ) as session:
            while not session.should_stop():
                session.run(train)
    return hook.rates


def summaries(folder: Path) -> dict[int, float]:
    found = {}
    for events in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf1.train.summary_iterator(str(events)):
            for value in event.summary.value:
                if value.tag == "train/learning_rate":
                    found[event.step] = value.simple_value
    return found


def test_a_session(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    with tf.Graph().as_default(), tf1.Session() as session:
        train, rate = graph_of(path)
        session.run(tf1.global_variables_initializer())
        rates = [float(session.run([rate, train])[0]) for _ in range(20)]
    assert rates == reference(path, range(20))


def test_a_monitored_session_and_its_restart(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    folder = tmp_path / "model"
    rates = monitored(path, folder, last_step=8)
    rates += monitored(path, folder, last_step=20)
    wanted = reference(path, range(20))
    assert rates == wanted
    # A summary has the number of updates that were applied when it was written.
    logged = summaries(folder)
    assert len(logged) >= 18
    assert all(rate in wanted[step - 1 : step + 1] for step, rate in logged.items())


def test_names_in_the_graph(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    with tf.Graph().as_default() as graph:
        tf1.train.create_global_step()
        before = {operation.name for operation in graph.get_operations()}
        rate = sb.build_learning_rate(path)
        assert rate.name == "learning_rate:0"
        added = {operation.name for operation in graph.get_operations()} - before
        assert all(name.split("/")[0] == "learning_rate" for name in added)
        assert graph.get_tensor_by_name("learning_rate:0") is rate
        with tf1.variable_scope("train"), tf1.name_scope("optimizer"):
            scoped = sb.build_learning_rate(path)
        assert scoped.name == "train/optimizer/learning_rate:0"
        assert sb.build_learning_rate(path).name == "learning_rate_1:0"


@pytest.mark.parametrize("use_resource", [False, True])
def test_the_global_step_is_found_or_created(tmp_path: Path, *, use_resource: bool) -> None:
    path = write_pipeline(tmp_path)
    with tf.Graph().as_default(), tf1.Session() as session:
        before = tf1.resource_variables_enabled()
        (tf1.enable_resource_variables if use_resource else tf1.disable_resource_variables)()
        try:
            rate = sb.build_learning_rate(path)
            step = tf1.train.get_global_step()
            assert step is not None
            session.run(tf1.global_variables_initializer())
            assert float(session.run(rate)) == reference(path, range(1))[0]
            session.run(step.assign_add(7))
            assert float(session.run(rate)) == reference(path, range(7, 8))[0]
        finally:
            (tf1.enable_resource_variables if before else tf1.disable_resource_variables)()
