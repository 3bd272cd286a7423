"""Decides which files a run of `validate` checks."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from schedule_builder.files import folder_of, resolved
from schedule_builder.reading.formats import SUFFIXES
from schedule_builder.workspace.contents import judge, judge_contents
from schedule_builder.workspace.settings import Settings

STDIN = "-"
_WILD = re.compile(r"[*?\[]")
_STARS = re.compile(r"(?:(?<=/)|^)(?:\*\*(?:/+|$))+")


class Decision(NamedTuple):
    """Whether a file is checked.

    Attributes:
        name: the file, or a folder that is left out as a whole.
        reason: why it is not checked, as the predicate of its name; empty if it is checked.
        is_near: whether it is nearly a config, so that its author may expect it to be checked.
    """

    name: str
    reason: str = ""
    is_near: bool = False


def find_files(
    paths: Iterable[str], settings_of: Callable[[Path], Settings], *, filtered: bool = False
) -> Iterator[str]:
    """The files to check, from paths; see `decide`."""
    for decision in decide(paths, settings_of, filtered=filtered):
        if not decision.reason:
            yield decision.name


def decide(
    paths: Iterable[str],
    settings_of: Callable[[Path], Settings],
    exclude: tuple[str, ...] = (),
    *,
    filtered: bool = False,
) -> Iterator[Decision]:
    """Decides which files to check: those that are named, in folders, or matched by patterns.

    In a folder, files are checked that the repository does not ignore, that have the suffix of a
    config, and that look like a pipeline, an experiment or a learning rate. If the settings have
    patterns, files that match them are checked instead.

    Args:
        paths: files, folders, patterns such as `configs/**/*.config`, or `-`.
        settings_of: gives the settings that are in force in a folder.
        exclude: patterns of files to leave out, beside those of the settings; they count from the
            current folder.
        filtered: whether files that are named must pass the same checks.

    Yields:
        Each file that is named, or is in a folder and has the suffix of a config.
    """
    caller = Settings(exclude=exclude)
    seen: set[str] = set()
    for path in paths:
        for decision in _of_path(path, settings_of, caller, filtered):
            if decision.name not in seen:
                seen.add(decision.name)
                yield decision


def _of_path(
    path: str, settings_of: Callable[[Path], Settings], caller: Settings, filtered: bool
) -> Iterator[Decision]:
    if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - faster for one file
        settings = settings_of(resolved(path))
        from schedule_builder.workspace.walk import walk  # noqa: PLC0415 - 4 ms, for folders

        for file, reason in sorted(walk(Path(path), _is_possible(settings))):
            name = str(file)
            yield Decision(name, f"is {reason}") if reason else _judged(name, settings, caller)
        return
    found = [path]
    if _WILD.search(path) and not os.path.exists(path):  # noqa: PTH110
        matched = sorted(set(_matched(path)))
        found = [p for p in matched if os.path.isfile(p)] or [path]  # noqa: PTH113
    for name in found:
        if filtered:
            yield _judged(name, settings_of(folder_of(name)), caller)
        else:
            yield Decision(name)


def _matched(pattern: str) -> Iterator[str]:
    """The files that a shell pattern matches; `**` matches any folders that are not hidden.

    `glob` follows symbolic links to folders there: two that lead in circles keep it busy for ever.
    """
    import glob  # noqa: PLC0415 - for patterns alone

    stars = _STARS.search(pattern)
    if stars is None:
        yield from glob.glob(pattern)  # noqa: PTH207 - as it is given
        return
    before, after = pattern[: stars.start()], pattern[stars.end() :] or "*"
    for top in glob.glob(before) if before else [""]:  # noqa: PTH207 - as it is given
        for folder, inner, _ in os.walk(top or "."):
            inner[:] = (name for name in inner if not name.startswith("."))
            place = f"{folder.rstrip('/')}/" if top else f"{folder}/"[2:]
            yield from _matched(glob.escape(place) + after)


def _is_possible(settings: Settings) -> Callable[[str], bool]:
    """A test of a file's name, which is cheaper than reading the file."""
    if settings.files:
        return lambda name: True
    return lambda name: name.lower().endswith(tuple(SUFFIXES))


def _judged(name: str, settings: Settings, caller: Settings) -> Decision:
    if caller.matches(caller.exclude, name):
        return Decision(name, "is excluded by `--exclude`")
    path = Path(name)
    return _by_settings(name, settings) or Decision(name, *judge(path))


def decide_open(name: str, data: bytes, settings: Settings) -> Decision:
    """Whether an editor's document is checked; its contents need not be on the disk.

    Args:
        name: the file's name, which may lack a suffix: a new file has none.
        data: its contents.
        settings: those in force in its folder.
    """
    path = Path(name)
    decision = _by_settings(name, settings) if path.suffix else None
    return decision or Decision(name, *judge_contents(path, data))


def _by_settings(name: str, settings: Settings) -> Decision | None:
    """The decision by the settings and the suffix of a file; None if its contents decide."""
    if settings.matches(settings.exclude, name):
        return Decision(name, "is excluded by the settings")
    if settings.files:
        is_matched = settings.matches(settings.files, name)
        return Decision(name, "" if is_matched else "is not in `files` of the settings")
    if Path(name).suffix.lower() not in SUFFIXES:
        return Decision(name, "does not have the suffix of a config")
    return None
