"""Several devices and machines: the same config, the same rates everywhere."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.frameworks.rate_log import read_rates
from tests.support.recording import reference, write_pipeline

ROOT = Path(__file__).parent.parent.parent
SECONDS = 180


def addresses(count: int) -> list[str]:
    """Ports of this machine that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [f"localhost:{each.getsockname()[1]}" for each in sockets]


class Processes:
    """Processes that end with their test, whatever happens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: Any, task: dict[str, Any] | None = None) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("TF_CONFIG", None)
        if task is not None:
            environment["TF_CONFIG"] = json.dumps(task)
        with (self.folder / f"stderr-{len(self.started)}").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-u", *map(str, arguments)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.started.append(process)
        return process

    def output(self, process: subprocess.Popen[str]) -> list[str]:
        out, _ = process.communicate(timeout=SECONDS)
        errors = (self.folder / f"stderr-{self.started.index(process)}").read_text()
        assert process.returncode == 0, out + errors
        return out.splitlines()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    running = Processes(tmp_path)
    yield running
    for process in running.started:
        process.kill()
        process.communicate()


def pairs(path: Path, count: int) -> list[list[float]]:
    return [[step, rate] for step, rate in enumerate(reference(path, range(count)))]


def test_mirrored_fit_on_two_devices(tmp_path: Path, processes: Processes) -> None:
    path = write_pipeline(tmp_path)
    lines = processes.output(
        processes.start("-m", "tests.support.distributed", "mirrored_fit", path, tmp_path)
    )
    assert json.loads(lines[-1]) == pairs(path, 20)
    assert f"all 20 applied rates (steps 0 to 19) match {path}" in lines


def test_factors_on_two_devices(tmp_path: Path, processes: Processes) -> None:
    pytest.importorskip("tf_keras")
    path = write_pipeline(tmp_path)
    started = processes.start("-m", "tests.support.distributed", "mirrored_rates", path, tmp_path)
    assert len(json.loads(processes.output(started)[-1])) == 2


def test_factors_on_two_machines(tmp_path: Path, processes: Processes) -> None:
    pytest.importorskip("tf_keras")
    path = write_pipeline(tmp_path)
    cluster = {"worker": addresses(2)}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": index}} for index in (0, 1)]
    program = ("-m", "tests.support.distributed", "multi_worker_rates", path, tmp_path)
    for worker in [processes.start(*program, task=task) for task in tasks]:
        assert len(json.loads(processes.output(worker)[-1])) == 1


@pytest.mark.parametrize("count", [2, 3])
def test_fit_of_keras_2_on_several_machines(
    tmp_path: Path, processes: Processes, count: int
) -> None:
    pytest.importorskip("tf_keras")
    path = write_pipeline(tmp_path)
    cluster = {"worker": addresses(count)}
    workers = [
        processes.start(
            "-m",
            "tests.support.distributed",
            "multi_worker_fit",
            path,
            tmp_path,
            task={"cluster": cluster, "task": {"type": "worker", "index": index}},
        )
        for index in range(count)
    ]
    for worker in workers:
        lines = processes.output(worker)
        assert json.loads(lines[-1]) == pairs(path, 20)
        assert f"all 20 applied rates (steps 0 to 19) match {path}" in lines


def test_a_parameter_server_and_two_workers(tmp_path: Path, processes: Processes) -> None:
    pytest.importorskip("tf_keras")
    path = write_pipeline(tmp_path, num_steps=400)
    first, second, server, chief = addresses(4)
    cluster = {"worker": [first, second], "ps": [server], "chief": [chief]}

    def start(kind: str, index: int) -> subprocess.Popen[str]:
        task = {"cluster": cluster, "task": {"type": kind, "index": index}}
        return processes.start(
            "-m", "tests.support.distributed", "parameter_server", path, tmp_path, task=task
        )

    for kind, index in (("ps", 0), ("worker", 0), ("worker", 1)):
        start(kind, index)
    updates = json.loads(processes.output(start("chief", 0))[-1])
    wanted = reference(path, range(400))
    assert [[step, rate] for _, step, rate in updates[:10]] == pairs(path, 10)
    assert len({worker for worker, _, _ in updates}) == 2
    # Updates at once look at the step and at the rate while others change both.
    for _, step, rate in updates[10:]:
        assert rate in wanted[max(step - 10, 0) : step + 10]


def example(processes: Processes, workers: list[str], index: int, *arguments: Any) -> Any:
    return processes.start(
        "examples/multi_worker.py", "--workers", ",".join(workers), "--index", index, *arguments
    )


def test_the_example_on_three_machines(tmp_path: Path, processes: Processes) -> None:
    # A step of all three takes 63 images, however many each of them takes.
    pipeline = tmp_path / "scaled.config"
    scaling = "batch_size_scaling { reference_batch_size: 21 } cosine_decay_learning_rate"
    text = (ROOT / "configs" / "digits.config").read_text()
    text = text.replace("batch_size: 64", "batch_size: 63").replace("_steps: 600", "_steps: 90")
    pipeline.write_text(text.replace("cosine_decay_learning_rate", scaling, 1))
    wanted = reference(pipeline, range(90))
    assert wanted[60] == pytest.approx(3 * 0.1)
    workers = addresses(3)
    started = [
        example(processes, workers, index, "--pipeline", pipeline, "--backup", tmp_path / "backup")
        for index in range(3)
    ]
    for index, process in enumerate(started):
        lines = processes.output(process)
        verdict = f"all 90 applied rates (steps 0 to 89) match {pipeline}"
        assert lines[-1] == f"worker {index}: {verdict}"
        rates = [rate for _, rate in read_rates(tmp_path / "backup" / f"worker-{index}.csv")]
        assert rates == pytest.approx(wanted, rel=1e-7)


def test_a_worker_is_killed_and_started_again(tmp_path: Path, processes: Processes) -> None:
    workers = addresses(2)
    arguments = ("--backup", tmp_path / "backup", "--save-every", 50)
    survivor = example(processes, workers, 0, *arguments)
    killed = example(processes, workers, 1, *arguments)
    assert killed.stdout is not None
    for line in killed.stdout:
        if "step 200" in line:
            os.kill(killed.pid, signal.SIGKILL)
            break
    assert killed.wait(SECONDS) == -signal.SIGKILL
    again = example(processes, workers, 1, *arguments)
    resumed = processes.output(again)
    lines = processes.output(survivor)
    assert any("another worker was lost" in line for line in lines)
    for index, out in ((0, lines), (1, resumed)):
        assert " applied rates (steps " in out[-1]
        steps, rates = zip(*read_rates(tmp_path / "backup" / f"worker-{index}.csv"), strict=True)
        assert list(steps) == list(range(600))
        wanted = reference(ROOT / "configs" / "digits.config", range(600))
        assert list(rates) == pytest.approx(wanted, rel=1e-7)
    # They began again where the first worker had saved, and not at the beginning.
    begun = int(resumed[-1].partition("(steps ")[2].split()[0])
    assert begun >= 150
    assert begun % 50 == 0
