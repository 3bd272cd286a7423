"""Tests of the processes that share work."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.workspace import processes
from schedule_builder.workspace.processes import shared

OURS = os.getpid()

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
needs_fork = pytest.mark.skipif(not processes.CAN_FORK, reason="this system makes no copies")


@pytest.fixture(params=[pytest.param(True, marks=needs_fork), False], ids=["copies", "pool"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "CAN_FORK", request.param)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize(("items", "count"), [(2, 2), (3, 2), (7, 3), (1000, 2)])
def test_results_come_in_the_order_of_the_items(items: int, count: int) -> None:
    assert list(shared(str, range(items), count)) == [str(item) for item in range(items)]


def _first_waits_for_last(folder: Path, item: int) -> int:
    done = folder / "done"
    if item == 39:
        done.touch()
    while item == 0 and not done.exists():
        time.sleep(0.001)
    return os.getpid()


@pytest.mark.usefixtures("_way")
def test_others_go_on_while_one_takes_long(tmp_path: Path) -> None:
    first, *others = shared(partial(_first_waits_for_last, tmp_path), range(40), 2)
    assert len({OURS, first, others[-1]}) == 3


@pytest.mark.usefixtures("_way")
def test_results_may_be_larger_than_a_pipe() -> None:
    sizes = [1 << 20, 0, 1 << 20, 1]
    assert list(map(len, shared(bytes, sizes, 2))) == sizes


@pytest.mark.usefixtures("_way")
def test_an_error_is_raised_here() -> None:
    with pytest.raises(ValueError, match="'x'"):
        list(shared(int, [*"12345x6789"], 2))


def _die(item: int) -> int:
    if item == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.usefixtures("_way")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal on this system")
def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(ChildProcessError, match="a worker process died"):
        list(shared(_die, range(40), 2))


@needs_fork
@pytest.mark.parametrize("at", [0, 3, 12])
def test_a_pipe_that_ends_within_an_answer(at: int) -> None:
    reading, writing = os.pipe()
    processes._write(writing, b"answer")
    assert processes._read(reading) == b"answer"
    whole = len(b"answer").to_bytes(processes._LENGTH_BYTES, "big") + b"answer"
    os.write(writing, whole[:at])
    os.close(writing)
    with pytest.raises(ChildProcessError):
        processes._read(reading)
    os.close(reading)


@needs_fork
@pytest.mark.parametrize("ends", ["close", "error", "exhausted"])
def test_no_worker_and_no_descriptor_is_left(ends: str) -> None:
    before = sorted(Path("/dev/fd").iterdir())
    work: Callable[[int], Any] = _fail if ends == "error" else _pid
    results = shared(work, range(40), 2)
    found = set()
    if ends == "error":
        with pytest.raises(ZeroDivisionError):
            next(results)
    elif ends == "close":
        found = {next(results)}
        results.close()
    else:
        found = set(results)
    assert OURS not in found
    for process in found:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    assert sorted(Path("/dev/fd").iterdir()) == before


def _pid(item: int) -> int:
    return os.getpid()


def _fail(item: int) -> float:
    return 1 / 0


@needs_fork
@pytest.mark.parametrize("most", [0, 1])
def test_a_limit_on_processes(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done by those that there may be."""
    fork = os.fork
    started: list[int] = []

    def limited() -> int:
        if len(started) == most:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        started.append(0)
        return fork()

    before = sorted(Path("/dev/fd").iterdir())
    monkeypatch.setattr(os, "fork", limited)
    found = list(shared(_pid, range(40), 3))
    assert len(found) == 40
    assert len(set(found)) == 1
    assert (OURS in found) == (most == 0)
    assert sorted(Path("/dev/fd").iterdir()) == before


@needs_fork
def test_the_system_may_keep_nothing_of_processes() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert list(shared(str, range(40), 2)) == [str(item) for item in range(40)]
    finally:
        signal.signal(signal.SIGCHLD, before)


@pytest.mark.parametrize(("error", "is_told"), [(InvalidStateError, False), (ValueError, True)])
def test_a_cancelled_task_of_a_worker_that_ended_is_not_told(
    error: type[Exception], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", told.append)

    def fail() -> None:
        raise error

    with processes._without_late_errors():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert bool(told) == is_told
