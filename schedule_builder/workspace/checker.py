"""Checks files with the settings of their project, and their own suppressions."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

from schedule_builder.compiler import Config, examine, examine_bytes, unsuppressed
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.files import read_config, resolved
from schedule_builder.reading.fields import dotted
from schedule_builder.workspace.request import NOTHING_MORE, Request

_WORTH_A_PROCESS = 300_000
"""The number of bytes that take a few times as long to check as a process takes to start."""
_BYTES_OF_A_FILE = 3_000
"""The number of bytes that take as long to check as what is done once for each file."""


class WorkerError(Exception):
    """A process that checks files has died; the message says what to do."""


class StatedLength(NamedTuple):
    """The run length that a file states, and the field that states it."""

    filename: str
    path: str
    num_steps: int


def stated_length(config: Config) -> StatedLength | None:
    """The run length that a config states itself; None if it does not."""
    num_steps = config.dialect.num_steps(config.message)
    if not num_steps:
        return None
    return StatedLength(config.filename, dotted(config.dialect.num_steps_path), num_steps)


class Checked(NamedTuple):
    """A file that was checked: its text and its findings."""

    filename: str
    text: str
    diagnostics: tuple[Diagnostic, ...]
    stated_length: StatedLength | None = None


def check(data: bytes, filename: str, request: Request = NOTHING_MORE) -> Checked:
    """Checks the contents of a file.

    Args:
        data: the contents.
        filename: the file's name, which says its format and where its settings are.
        request: the options of the caller.
    """
    config, found = examined(data, filename, request)
    return Checked(filename, config.document.source.text, found, stated_length(config))


def examined(
    data: bytes, filename: str, request: Request = NOTHING_MORE
) -> tuple[Config, tuple[Diagnostic, ...]]:
    """The contents of a file as a config, with the findings to report; see `check`."""
    settings = request.settings_of(resolved(filename).parent)
    config = examine_bytes(
        data,
        filename,
        overrides=request.overrides,
        num_steps=request.num_steps or settings.num_steps,
        batch_size=request.batch_size,
        settings=settings,
    )
    return config, tuple(settings.judged(unsuppressed(config), filename))


def validate(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Diagnostic]:
    """Checks files, as the command `schedule-builder validate` does.

    The settings of each file's project are in force, and so are the comments that suppress
    findings.

    Args:
        paths: files in text format, YAML or JSON, or one of them.

    Returns:
        All findings, by file in the order given and by line. Never raises for a bad config.

    Raises:
        OSError: a file cannot be read.
        SettingsError: a project's settings cannot be used.
        TypeError: an argument is not a path, or paths.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = (paths,)
    if not isinstance(paths, Iterable) or isinstance(paths, (bytes, Mapping)):
        message = f"expected a path, or paths. Received: {paths!r}"
        raise TypeError(message)
    paths = list(paths)
    for path in paths:
        if not isinstance(path, (str, os.PathLike)):
            message = f"expected a path. Received: {path!r}"
            raise TypeError(message)
    return [
        diagnostic
        for path in paths
        for diagnostic in check(read_config(path), os.fspath(path)).diagnostics
    ]


def validate_text(text: str, filename: str = "<text>") -> list[Diagnostic]:
    """Checks a config that is not in a file, without any settings.

    Args:
        text: the config.
        filename: the name it has in findings; its suffix says which format it is in.

    Returns:
        All findings, by line. Never raises for a bad config.
    """
    for name, given in (("text", text), ("filename", filename)):
        if not isinstance(given, str):
            message = f"{name} must be a string. Received: {type(given).__name__}"
            raise TypeError(message)
    config = examine(Source(filename, text))
    return unsuppressed(config)


def _check_file(filename: str, request: Request) -> Checked | str:
    """A checked file, or the reason why it cannot be read."""
    try:
        data = read_config(filename)
    except OSError as error:
        return error.strerror or str(error)
    return check(data, filename, request)


def check_files(
    filenames: Sequence[str],
    request: Request = NOTHING_MORE,
    jobs: int | None = None,
) -> Generator[tuple[str, Checked | str], None, None]:
    """Checks files, on all processors where that pays.

    Args:
        filenames: the files.
        request: the options of the caller.
        jobs: how many processes to use; by default, chosen by number and size.

    Yields:
        Each file's name, in the order given, with what was found, or with the reason why it
        cannot be read.

    Raises:
        WorkerError: a process died.
    """
    if jobs is None:
        jobs = min(os.cpu_count() or 1, _work(filenames) // _WORTH_A_PROCESS)
    jobs = min(jobs, len(filenames), os.cpu_count() or 1)
    if jobs <= 1:
        for name in filenames:
            yield name, _check_file(name, request)
        return
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor  # noqa: PLC0415 - 15 ms, for many files alone
    from multiprocessing import active_children  # noqa: PLC0415 - as above

    with ExitStack() as pools:
        pools.enter_context(_without_late_errors())
        with _without_current_folder():
            # The pool starts a helper of its own, and the first task starts the workers.
            pool = pools.enter_context(ProcessPoolExecutor(jobs))
            with _without_interrupts():
                results = pool.map(partial(_check_file, request=request), filenames, chunksize=8)
        try:
            yield from zip(filenames, results, strict=True)
        except BaseException as error:
            # The results of what is left are not wanted, and it may take long.
            for process in active_children():
                process.kill()
            if isinstance(error, BrokenExecutor):
                message = (
                    "a worker process died, perhaps because memory ran out. Check fewer files, or"
                    " pass `--jobs 1`"
                )
                raise WorkerError(message) from None
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
    import signal  # noqa: PLC0415 - as above

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


def _work(filenames: Sequence[str]) -> int:
    """How much there is to check, in bytes."""
    total = _BYTES_OF_A_FILE * len(filenames)
    for name in filenames:
        try:
            total += os.stat(name).st_size  # noqa: PTH116 - once for each of many files
        except OSError:
            continue
    return total
