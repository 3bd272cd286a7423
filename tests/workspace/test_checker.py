"""Tests of the processes that check files."""

from __future__ import annotations

import threading
from concurrent.futures import InvalidStateError
from typing import Any

import pytest

from schedule_builder.workspace import checker


@pytest.mark.parametrize(("error", "is_told"), [(InvalidStateError, False), (ValueError, True)])
def test_a_cancelled_task_of_a_worker_that_ended_is_not_told(
    error: type[Exception], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", told.append)

    def fail() -> None:
        raise error

    with checker._without_late_errors():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert bool(told) == is_told
