"""One worker that reads and checks documents: the newest version of each, and no other.

A check takes longer than a keystroke. It runs at once if the worker is idle. Changes in the
meantime are checked when the typing pauses, and the versions in between are skipped. Requests
wait for the version that they are about, and share its analysis with the check.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from schedule_builder.language_server.documents import OpenDocument, Snapshot

PAUSE_SECONDS = 0.1
_BURST_SECONDS = 0.02
"""How long to wait for the next piece of a change by a program, which sends many at once."""
_LONGEST_WAIT_SECONDS = 1.0
LARGE_CHARACTERS = 500_000
"""A document above this size is read and checked when it is opened and saved, not while typing."""
T = TypeVar("T")
R = TypeVar("R")


class _Job(Generic[T]):
    """The analysis of one version, and how many wait for it."""

    def __init__(self, snapshot: Snapshot, future: asyncio.Future[T]) -> None:
        self.snapshot = snapshot
        self.future = future
        self.waiting = 0


class Worker(Generic[T]):
    """Analyses open documents in a thread of its own.

    Args:
        analyze: analyzes a version of a document; runs in the thread.
        publish: publishes the result for the newest version; runs in the loop.
    """

    def __init__(self, analyze: Callable[[Snapshot], T], publish: Callable[[T], None]) -> None:
        self._analyze = analyze
        self._publish = publish
        self._executor = ThreadPoolExecutor(1, "analysis")
        self._jobs: dict[str, _Job[T]] = {}
        self._due: dict[str, OpenDocument] = {}
        self._checks: asyncio.Task[None] | None = None
        self._changed_at = 0.0

    def stop(self) -> None:
        """Drops the waiting jobs."""
        self._due.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def warm_up(self, load: Callable[[], object]) -> None:
        """Runs something in the thread before there is anything to analyse."""
        self._executor.submit(load)

    def forget(self, uri: str) -> None:
        """Drops a document that was closed."""
        self._due.pop(uri, None)
        self._jobs.pop(uri, None)

    async def answer(self, document: OpenDocument) -> T | None:
        """The analysis of a document as it is now; None for a large one that was changed."""
        snapshot = document.snapshot()
        job = self._jobs.get(document.uri)
        is_known = job is not None and job.snapshot.is_same(snapshot)
        if not is_known and len(snapshot.text) > LARGE_CHARACTERS:
            return None
        return await self._analysis(snapshot)

    async def run(self, function: Callable[..., R], *arguments: object, **options: object) -> R:
        """Runs a function in the thread, where no request waits for it."""
        call = partial(function, *arguments, **options)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def _analysis(self, snapshot: Snapshot) -> T:
        job = self._jobs.get(snapshot.uri)
        if job is None or not job.snapshot.is_same(snapshot) or job.future.cancelled():
            loop = asyncio.get_running_loop()
            job = _Job(snapshot, loop.run_in_executor(self._executor, self._run, snapshot))
            self._jobs[snapshot.uri] = job
        job.waiting += 1
        try:
            return await asyncio.shield(job.future)
        finally:
            job.waiting -= 1
            if not job.waiting:
                job.future.cancel()  # No effect if the job is done.

    def _run(self, snapshot: Snapshot) -> T:
        # Trees have many nodes and no cycles: collecting garbage takes half of the time.
        gc.disable()
        try:
            return self._analyze(snapshot)
        finally:
            gc.enable()

    def check_soon(self, document: OpenDocument) -> None:
        """Has the newest version of a document checked and published."""
        self._changed_at = time.monotonic()
        self._due[document.uri] = document
        if self._checks is None or self._checks.done():
            self._checks = asyncio.ensure_future(self._check_all())

    async def _check_all(self) -> None:
        pause = _BURST_SECONDS
        while self._due:
            await self._until_quiet(pause)
            if not self._due:
                return
            uri, document = next(iter(self._due.items()))
            del self._due[uri]
            version = document.version
            result = await self._analysis(document.snapshot())
            if document.version == version and uri not in self._due and uri in self._jobs:
                self._publish(result)
            pause = PAUSE_SECONDS

    async def _until_quiet(self, seconds: float) -> None:
        """Waits until there was no change for so long, or for a second."""
        started = time.monotonic()
        while (now := time.monotonic()) - self._changed_at < seconds:
            if now - started > _LONGEST_WAIT_SECONDS:
                return
            await asyncio.sleep(seconds / 4)
