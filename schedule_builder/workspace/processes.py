"""Shares work among processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NoReturn, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

CAN_FORK: bool = hasattr(os, "fork") and sys.platform != "darwin"
"""Whether a process can be copied. On macOS, the system's own libraries may not survive it."""
_MOST_PARTS = 256
"""A byte says which part of the work is next."""
_PARTS_OF_A_PROCESS = 16
_LENGTH_BYTES = 8
_DONE = b""
"""The last answer of a worker."""
_DIED = (
    "a worker process died, perhaps because memory ran out. Check fewer files, or pass `--jobs 1`"
)


def shared(
    work: Callable[[_Item], _Result], items: Sequence[_Item], count: int
) -> Generator[_Result, None, None]:
    """The results of a function for several items, in their order.

    Args:
        work: the function.
        items: what it is called with.
        count: how many processes call it.

    Raises:
        ChildProcessError: a process died; the message says what to do.
    """
    return _by_copies(work, items, count) if CAN_FORK else _by_a_pool(work, items, count)


def _by_copies(
    work: Callable[[_Item], _Result], items: Sequence[_Item], count: int
) -> Generator[_Result, None, None]:
    """The same, by copies of this process: they have all that it has imported and computed.

    Python's pool takes two threads, a queue and 20 ms of imports to do so.
    """
    size = -(-len(items) // min(_PARTS_OF_A_PROCESS * count, _MOST_PARTS)) or 1
    parts = [items[begin : begin + size] for begin in range(0, len(items), size)]
    # A worker that is free takes the next byte of this pipe, which is the number of a part.
    numbers, numbering = os.pipe()
    os.write(numbering, bytes(range(len(parts))))
    os.close(numbering)
    workers: dict[int, int] = {}
    try:
        with _without_interrupts():
            for _ in range(count):
                if not _start(work, parts, numbers, workers):
                    break
        yield from _in_order(len(parts), workers) if workers else map(work, items)
    finally:
        os.close(numbers)
        # The results of what is left are not wanted, and it may take long.
        for answers, process in workers.items():
            _end(answers, process)


def _start(
    work: Callable[[_Item], _Result],
    parts: Sequence[Sequence[_Item]],
    numbers: int,
    workers: dict[int, int],
) -> bool:
    """Starts a worker, and adds it to the others, by the descriptor that its answers come from.

    Returns:
        Whether it started: there may be a limit on processes.
    """
    answers, answering = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(answers)
        os.close(answering)
        return False
    if not process:
        # If this process is the last that could read an answer, writing it would wait forever.
        for descriptor in (answers, *workers):
            os.close(descriptor)
        _work(work, parts, numbers, answering)
    os.close(answering)
    workers[answers] = process
    return True


def _work(
    work: Callable[[_Item], _Result],
    parts: Sequence[Sequence[_Item]],
    numbers: int,
    answering: int,
) -> NoReturn:
    """Does parts of the work until none is left, and ends this process."""
    import pickle  # noqa: PLC0415 - 3 ms, for many files alone

    code = 1
    try:
        while number := os.read(numbers, 1):
            answer: Any
            try:
                answer = [work(item) for item in parts[number[0]]]
            except Exception as error:
                answer = error  # The process that waits raises it.
            _write(answering, pickle.dumps((number[0], answer)))
        _write(answering, _DONE)
        code = 0
    finally:
        # Not as other processes end: what is still to print, and to clean up, is our parent's.
        os._exit(code)


def _in_order(count: int, workers: dict[int, int]) -> Iterator[Any]:
    """The results of all parts. Workers that are done are taken out."""
    import pickle  # noqa: PLC0415 - as above
    import select  # noqa: PLC0415 - as above

    known: dict[int, list[Any]] = {}
    for wanted in range(count):
        while wanted not in known:
            for answers in select.select([*workers], [], [])[0]:
                data = _read(answers)
                if data == _DONE:
                    _end(answers, workers.pop(answers))
                    continue
                number, answer = pickle.loads(data)  # noqa: S301 - of a copy of this process
                if isinstance(answer, Exception):
                    raise answer
                known[number] = answer
        yield from known.pop(wanted)


def _end(answers: int, process: int) -> None:
    """Ends a worker, if it has not ended."""
    os.close(answers)
    # Where our parent told the system so (it ignores SIGCHLD), nothing is left of a process.
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _write(descriptor: int, data: bytes) -> None:
    """Writes an answer to a pipe, after its length."""
    left = memoryview(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
    while left:
        left = left[os.write(descriptor, left) :]


def _read(descriptor: int) -> bytes:
    """The next answer in a pipe.

    Raises:
        ChildProcessError: the pipe ends before it does.
    """
    length = int.from_bytes(_exactly(descriptor, _LENGTH_BYTES), "big")
    return _exactly(descriptor, length)


def _exactly(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            raise ChildProcessError(_DIED)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _by_a_pool(
    work: Callable[[_Item], _Result], items: Sequence[_Item], count: int
) -> Generator[_Result, None, None]:
    """The same, by new processes, which import everything again."""
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor  # noqa: PLC0415 - 15 ms, for many files alone
    from multiprocessing import active_children  # noqa: PLC0415 - as above

    with ExitStack() as pools:
        pools.enter_context(_without_late_errors())
        with _without_current_folder():
            # The pool starts a helper of its own, and the first task starts the workers.
            pool = pools.enter_context(ProcessPoolExecutor(count))
            with _without_interrupts():
                results = pool.map(work, items, chunksize=8)
        try:
            yield from results
        except BaseException as error:
            # The results of what is left are not wanted, and it may take long.
            for process in active_children():
                process.kill()
            if isinstance(error, BrokenExecutor):
                raise ChildProcessError(_DIED) from None
            raise


@contextmanager
def _without_late_errors() -> Iterator[None]:
    """Keeps the pool's thread from printing that a task was cancelled when its worker ended.

    It may set the result of a cancelled task, which is an error, and print a traceback.
    """
    import threading  # noqa: PLC0415 - as above
    from concurrent.futures import InvalidStateError  # noqa: PLC0415 - as above

    before = threading.excepthook

    def told(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, InvalidStateError):
            before(args)

    threading.excepthook = told
    try:
        yield
    finally:
        threading.excepthook = before


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keeps Ctrl-C, which a terminal sends to all processes, from workers that are started now.

    This process gets it, as any other end, and ends them. While it forks, Python would drop it.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_current_folder() -> Iterator[None]:
    """Keeps workers that are started now from taking modules from the current folder.

    A new Python process looks for modules there before it knows our path, and the folder may be
    untrusted.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
