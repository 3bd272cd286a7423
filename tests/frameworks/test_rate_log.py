"""The log of applied rates: what it keeps, what it reports, and how it resumes."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from schedule_builder.compat import optimizer_builder
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.frameworks.rate_log import read_rates
from tests.support.recording import reference, samples, small_model, write_pipeline


def falling(rate: float, step: int = 5) -> dict[str, Any]:
    return {
        "manual_step_learning_rate": {
            "initial_learning_rate": rate,
            "schedule": [{"step": step, "learning_rate": rate / 10}],
        }
    }


def run(config: Any, steps: range, csv: Path | None = None, **options: Any) -> sb.RateLog:
    schedule = sb.build_schedule(config, **options)
    log = sb.RateLog(config, csv, **options)
    for step in steps:
        log.record(step, float(np.float32(schedule(step))))
    return log


def test_a_run_as_configured() -> None:
    log = run(falling(0.1), range(10))
    assert (log.count, log.first_difference) == (10, None)
    assert log.last_rate == np.float32(0.01)
    assert log.close() == "all 10 applied rates (steps 0 to 9) match <dict>"


def test_the_first_line_says_what_lengths_come_to(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "schedule_builder")
    config = {**falling(0.1, 60), "step_unit": "PERCENT_OF_RUN", "warmup": {"warmup_steps": 5}}
    log = sb.RateLog(config, num_steps=10)
    assert not caplog.records
    schedule = sb.build_schedule(config, num_steps=10)
    for step in range(10):
        log.record(step, schedule(step))
    assert [record.getMessage() for record in caplog.records] == [
        "<dict> counts warmup.warmup_steps: 5 % of 10 = 1 step;"
        " manual_step_learning_rate.schedule[0].step: 60 % of 10 = 6 steps"
    ]
    assert log.close().startswith("all 10 applied rates (steps 0 to 9) match <dict>")
    caplog.clear()
    run(falling(0.1), range(3))
    assert not caplog.records


def test_the_first_difference() -> None:
    log = sb.RateLog(falling(0.1))
    for step in range(10):
        log.record(step, 0.1)
    assert log.first_difference == (5, 0.1, 0.01)
    assert log.close() == (
        "applied rates do not match <dict>: at step 5 the rate was 0.1 instead of 0.01"
    )


def test_neighbours_in_float32_are_equal_and_others_are_not() -> None:
    for neighbours, differs in ((0, False), (1, False), (-1, False), (4, True), (-4, True)):
        rate = np.float32(0.1).view(np.int32) + np.int32(neighbours)
        log = sb.RateLog({"constant_learning_rate": {"learning_rate": 0.1}})
        log.record(0, float(rate.view(np.float32)))
        assert (log.first_difference is not None) == differs


def test_a_gap_and_a_repeat_are_said() -> None:
    for steps, text in (((0, 1, 4), "expected step 2, got step 4"), ((0, 1, 1), "got step 1")):
        log = sb.RateLog(falling(0.1))
        for step in steps:
            log.record(step, 0.1)
        assert text in log.close()
    assert sb.RateLog(falling(0.1)).close() == "no rate was recorded"


def test_a_file_goes_on_where_the_checkpoint_was(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "logs" / "rates.csv"
    killed = run(falling(0.1), range(7), path)
    assert path.read_text().splitlines()[:2] == ["step,learning_rate", "0,0.1"]
    assert len(read_rates(path)) == 7
    log = run(falling(0.1), range(4, 10), path)
    assert "(steps 4 to 9)" in log.close()
    killed.close()
    assert read_rates(path) == [(step, 0.1 if step < 5 else 0.01) for step in range(10)]
    assert not caplog.records
    log.record(10, 0.01)
    assert "(steps 4 to 10)" in log.close()
    assert len(read_rates(path)) == 11


def test_a_checkpoint_may_be_restored_in_the_same_process(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    log = run(falling(0.1), range(7), path)
    log.record(3, 0.1)
    assert [step for step, _ in read_rates(path)] == [0, 1, 2, 3]
    # From here, it cannot be told from a step that counted twice.
    assert "expected step 7, got step 3" in log.close()


def test_a_hole_in_the_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1), range(3), path).close()
    log = run(falling(0.1), range(10, 13), path)
    assert log.close() == "log incomplete: expected step 3, got step 10"


def test_another_run_in_the_same_file_is_said(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1), range(3), path).close()
    run(falling(0.1), range(2), path).close()
    assert [r.getMessage() for r in caplog.records] == [
        f"{path} had 3 rates of another run: they are in {path.with_suffix('.1.csv')} now"
    ]
    assert len(read_rates(path)) == 2


def test_what_is_trained_beyond_the_run_is_said(caplog: Any) -> None:
    text = (
        "train_config { num_steps: 4 optimizer { adam_optimizer { learning_rate {"
        " cosine_decay_learning_rate { learning_rate_base: 0.1 total_steps: 4 warmup_steps: 0"
        " warmup_learning_rate: 0 } } } } }"
    )
    config = examine(Source("a.config", text))
    rates = sb.build_schedule(config)
    for begin, said in (
        (0, ("all 6 applied rates (steps 0 to 5) match", "2 beyond its run length, the last 0")),
        (5, ("the applied rate (step 5) matches", "1 beyond its run length, the last 0")),
    ):
        caplog.clear()
        log = sb.RateLog(config)
        for step in range(begin, 6):
            log.record(step, rates(step))
        assert log.verdict == f"{said[0]} a.config; {said[1]}"
        (record,) = caplog.records
        assert record.getMessage() == (
            f"step {max(begin, 4)} is beyond the 4 steps of a.config (rate 0)"
        )


def test_another_rate_is_said_at_once(caplog: Any) -> None:
    log = sb.RateLog(falling(0.1))
    log.record(0, 0.1)
    assert not caplog.records
    log.record(1, 0.7)
    log.record(2, 0.7)
    (record,) = caplog.records
    assert "at step 1 the rate was 0.7 instead of" in record.getMessage()


def test_a_run_that_is_resumed_twice_is_one_run(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1), range(3, 5), path).close()
    run(falling(0.1), range(3, 6), path).close()
    assert not caplog.records
    assert [step for step, _ in read_rates(path)] == [3, 4, 5]
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "rates.csv", tmp_path / "link.csv"
    run(falling(0.1), range(3), path).close()
    link.symlink_to(path)
    run(falling(0.1), range(2, 5), link).close()
    assert link.is_symlink()
    assert len(read_rates(path)) == 5


@pytest.mark.parametrize("tail", ["", "3", "3,", "3,0.0", "3,0.1\0\0"])
def test_a_line_that_was_not_finished_is_left_out(tmp_path: Path, tail: str, caplog: Any) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1), range(3), path).close()
    path.write_text(path.read_text() + tail)
    log = run(falling(0.1), range(3, 6), path)
    assert "3 applied rates (steps 3 to 5)" in log.close()
    assert [step for step, _ in read_rates(path)] == list(range(6))
    assert not caplog.records


@pytest.mark.parametrize(
    "before", ["", "step,lear", "step,learning_rate\n", "\ufeffstep,learning_rate\r\n0,0.1\r\n"]
)
def test_a_file_without_rates_or_from_a_spreadsheet(tmp_path: Path, before: str) -> None:
    path = tmp_path / "rates.csv"
    path.write_bytes(before.encode())
    run(falling(0.1), range(1, 3), path).close()
    steps = [step for step, _ in read_rates(path)]
    assert steps == ([0, 1, 2] if "0,0.1" in before else [1, 2])


def test_a_jump_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1), range(7), path).close()
    with caplog.at_level(logging.WARNING, "schedule_builder"):
        log = run(falling(0.5), range(7, 9), path)
    log.close()
    (record,) = caplog.records
    assert record.name == "schedule_builder"
    assert record.getMessage() == (
        "<dict> differs from the config of this run before step 7: the rate jumps from 0.01 at"
        " step 6 to 0.05 at step 7 (this config has 0.05 at step 6)"
    )
    assert log.first_difference is None


def test_a_change_of_what_is_still_to_come_is_no_jump(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "rates.csv"
    run(falling(0.1, 20), range(7), path).close()
    run(falling(0.1, 30), range(7, 40), path).close()
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("notes", 1),
        ("a,b\n1,2\n", 1),
        ("step,learning_rate\n1,2,3\n", 2),
        ("step,learning_rate\n1,2\nx,1\n", 3),
        ("step,learning_rate\n1,2\n1,2\n", 3),
    ],
)
def test_a_file_that_is_no_log(tmp_path: Path, text: str, row: int) -> None:
    path = tmp_path / "notes.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"notes\.csv:{row}: this is not a log of learning rates"):
        sb.RateLog(falling(0.1), path)
    assert path.read_text() == text
    with pytest.raises(IsADirectoryError):
        sb.LearningRateLog(falling(0.1), tmp_path)


@pytest.mark.parametrize(
    ("step", "rate", "error", "text"),
    [
        (0.0, 0.1, TypeError, "step must be a whole number. Received: 0.0"),
        (True, 0.1, TypeError, "step must be a whole number. Received: True"),
        (-1, 0.1, ValueError, "step must be at least 0. Received: -1"),
        (0, "fast", ValueError, "fast"),
    ],
)
def test_what_is_no_step_or_no_rate_is_not_written(
    tmp_path: Path, step: Any, rate: Any, error: type[Exception], text: str
) -> None:
    path = tmp_path / "rates.csv"
    with sb.RateLog(falling(0.1), path) as log:
        with pytest.raises(error, match=re.escape(text)):
            log.record(step, rate)
        log.record(tf.Variable(0, dtype=tf.int64), tf.constant(0.1))
        log.record(keras.Variable(1, dtype="int64"), np.float32(0.1))
        log.record(np.int32(2), 0.1)
    assert read_rates(path) == [(0, 0.1), (1, 0.1), (2, 0.1)]


def test_a_bad_config() -> None:
    with pytest.raises(sb.ConfigError, match="SB204"):
        sb.RateLog({"constant_learning_rate": {"learning_rate": -1}})


def train(optimizer: Any, callback: Any, **options: Any) -> None:
    model = small_model(keras)
    model.compile(optimizer, "mse", **options)
    model.fit(*samples(), batch_size=4, verbose=0, callbacks=[callback])


def test_the_callback_writes_csv_and_tensorboard(tmp_path: Path, capsys: Any) -> None:
    path = write_pipeline(tmp_path)
    log = sb.LearningRateLog(path, tmp_path / "rates.csv", tmp_path / "board")
    train(sb.build_optimizer(path), log, steps_per_execution=3)
    wanted = reference(path, range(20))
    assert [step for step, _ in read_rates(tmp_path / "rates.csv")] == list(range(20))
    assert [rate for _, rate in read_rates(tmp_path / "rates.csv")] == pytest.approx(wanted, 1e-7)
    (events,) = (tmp_path / "board").iterdir()
    logged = {
        event.step: float(tf.make_ndarray(value.tensor))
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    }
    assert logged == dict(enumerate(wanted))
    assert capsys.readouterr().out == f"\n{log.verdict}\n"


@pytest.mark.parametrize(
    "rate",
    [
        0.01,
        keras.optimizers.schedules.ExponentialDecay(0.001, 10, 0.5),
        sb.build_keras_schedule({"constant_learning_rate": {"learning_rate": 0.001}}),
    ],
    ids=["a number", "Keras' own", "another config"],
)
def test_the_callback_sees_what_is_not_the_configs(tmp_path: Path, rate: Any) -> None:
    path = write_pipeline(tmp_path)
    log = sb.LearningRateLog(path, verbose=0)
    train(keras.optimizers.SGD(rate), log)
    assert log.rates.first_difference is not None
    assert log.verdict.startswith(f"applied rates do not match {path}: at step ")


def test_the_callback_sees_another_callback_change_the_rate(tmp_path: Path) -> None:
    config = {"constant_learning_rate": {"learning_rate": 0.5}}
    log = sb.LearningRateLog(config, verbose=0)
    changes = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 if epoch < 2 else 0.1)
    model = small_model(keras)
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.fit(*samples(), batch_size=4, epochs=3, verbose=0, callbacks=[changes, log])
    assert log.rates.first_difference == (40, float(np.float32(0.1)), 0.5)


def test_the_callback_sees_a_later_callback_change_the_rate() -> None:
    class Changes(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.5 if batch < 19 else 0.25

    log = sb.LearningRateLog({"constant_learning_rate": {"learning_rate": 0.5}}, verbose=0)
    model = small_model(keras)
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.fit(*samples(), batch_size=4, verbose=0, callbacks=[log, Changes()])
    assert log.rates.first_difference == (19, 0.25, 0.5)


def test_the_callback_asks_a_function_before_the_update(tmp_path: Path) -> None:
    class Counts(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            step.assign(batch)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            step.assign(batch + 1)

    path = write_pipeline(tmp_path)
    step = tf.Variable(0, dtype=tf.int64)
    train_config = sb.load(path).message.train_config  # type: ignore[attr-defined]
    optimizer, _ = optimizer_builder.build(train_config.optimizer, step)
    log = sb.LearningRateLog(path, verbose=0)
    model = small_model(keras)
    model.compile(optimizer, "mse")
    model.fit(*samples(), batch_size=4, verbose=0, callbacks=[log, Counts()])
    assert log.verdict == f"all 20 applied rates (steps 0 to 19) match {path}"


def test_the_callback_has_a_verdict_after_an_interruption(tmp_path: Path) -> None:
    class Interrupts(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 4:
                raise KeyboardInterrupt

    path = write_pipeline(tmp_path)
    log = sb.LearningRateLog(path, verbose=0)
    model = small_model(keras)
    model.compile(sb.build_optimizer(path), "mse")
    with pytest.raises(KeyboardInterrupt):
        model.fit(*samples(), batch_size=4, verbose=0, callbacks=[log, Interrupts()])
    assert log.verdict == f"all 5 applied rates (steps 0 to 4) match {path}"


def test_the_callback_refuses_an_optimizer_without_a_rate(tmp_path: Path) -> None:
    class Several:
        inner_optimizer = object()

    log = sb.LearningRateLog(write_pipeline(tmp_path))
    model = small_model(keras)
    model.compile("sgd", "mse")
    log.set_model(model)
    model.optimizer = Several()
    with pytest.raises(TypeError, match="reads the rate of one optimizer"):
        log.on_train_begin()


def test_a_second_fit_goes_on(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, num_steps=40)
    log = sb.LearningRateLog(path, tmp_path / "rates.csv", verbose=0)
    model = small_model(keras)
    model.compile(sb.build_optimizer(path), "mse")
    for _ in range(2):
        model.fit(*samples(), batch_size=4, verbose=0, callbacks=[log])
    assert "40 applied rates (steps 0 to 39)" in log.verdict
    assert len(read_rates(tmp_path / "rates.csv")) == 40


@pytest.mark.parametrize(
    ("epoch", "counted", "warns"), [(1, 0, True), (1, 3, False), (0, 0, False)]
)
def test_a_run_that_resumes_without_its_counter_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, epoch: int, counted: int, *, warns: bool
) -> None:
    path = write_pipeline(tmp_path)
    model = small_model(keras)
    optimizer = sb.build_optimizer(path)
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(counted)
    model.compile(optimizer, "mse")
    log = sb.LearningRateLog(path, verbose=0)
    model.fit(*samples(8), initial_epoch=epoch, epochs=epoch + 2, verbose=0, callbacks=[log])
    text = "training resumes at epoch 1, and the optimizer has counted no update"
    assert caplog.text.count(text) == warns
