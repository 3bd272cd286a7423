"""Checks files with the settings of their project, and their own suppressions."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

from schedule_builder.compiler import Config, examine, examine_bytes, unsuppressed
from schedule_builder.diagnostics import Diagnostic, Source
from schedule_builder.files import folder_of, read_config
from schedule_builder.reading.fields import dotted
from schedule_builder.reading.formats import format_of_name, reader_of
from schedule_builder.workspace.request import NOTHING_MORE, Request

_WORTH_A_COPY = 150_000
_WORTH_A_PROCESS = 300_000
"""The number of bytes that take a few times as long to check as a process takes to start: a copy of
this one, or a new one."""
_BYTES_OF_A_FILE = 3_000
"""The number of bytes that take as long to check as what is done once for each file."""


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
    settings = request.settings_of(folder_of(filename))
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
        ChildProcessError: a process died; the message says what to do.
    """
    most = min(len(filenames), os.cpu_count() or 1)
    if most > 1:
        from schedule_builder.workspace.processes import CAN_FORK, shared  # noqa: PLC0415 - not for one file

        if jobs is None:
            jobs = _work(filenames) // (_WORTH_A_COPY if CAN_FORK else _WORTH_A_PROCESS)
        if min(jobs, most) > 1:
            for file_format in filter(None, {*map(format_of_name, filenames)}):
                reader_of(file_format)  # Copies of this process have what it has imported.
            work = partial(_check_file, request=request)
            with closing(shared(work, filenames, min(jobs, most))) as results:
                yield from zip(filenames, results, strict=True)
            return
    for name in filenames:
        yield name, _check_file(name, request)


def _work(filenames: Sequence[str]) -> int:
    """How much there is to check, in bytes."""
    total = _BYTES_OF_A_FILE * len(filenames)
    for name in filenames:
        try:
            total += os.stat(name).st_size  # noqa: PTH116 - once for each of many files
        except OSError:
            continue
    return total
