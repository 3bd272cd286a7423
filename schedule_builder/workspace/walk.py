"""Lists the files of a folder, without those that its repository ignores.

No program is started, not even git: a repository's configuration, and even a folder that only
looks like a repository, can make git start programs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from schedule_builder.files import read_whole, resolved
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.records import Record
from schedule_builder.workspace.patterns import Patterns
from schedule_builder.workspace.settings import SettingsError

_OUTSIDE = b".*/\nnode_modules/\n__pycache__/\nsite-packages/\nbuild/\ndist/\nvenv/"
"""The names that are left out outside of a repository."""
IGNORED = "ignored by the repository"
OUTSIDE = "hidden, or a folder of built or installed files"


class _Place(Record):
    """A folder, and the patterns of files that are left out of it.

    Attributes:
        top: the folder of the repository that it is in, or the one where the walk began, without
            symbolic links.
        parts: the names of its path from there.
        is_in_repository: whether there is a repository.
        rules: the ignore files in force, the outermost first, each with its folder's depth.
    """

    top: Path
    parts: tuple[str, ...]
    is_in_repository: bool
    rules: tuple[tuple[int, Patterns], ...]

    @classmethod
    def at(cls, top: Path) -> _Place:
        """The top of a repository, or of a walk outside of one."""
        if not _holds_repository(top):
            return cls(top, (), False, ((0, Patterns.of_ignore_file(_OUTSIDE)),))
        # If `.git` is a file, as in a worktree, or a link, the folder it names is not read.
        info = top / ".git/info"
        rules = _rules(info / "exclude", 0) if resolved(info) == info else ()
        return cls(top, (), True, rules + _rules(top / ".gitignore", 0))

    @classmethod
    def of(cls, folder: Path) -> _Place | None:
        """A given folder; None if its repository ignores it, or if it is git's own folder."""
        top = next((f for f in (folder, *folder.parents) if _holds_repository(f)), folder)
        place: _Place | None = cls.at(top)
        for name in folder.relative_to(top).parts:
            place = place.entered(name) if place else None
        return place

    def entered(self, name: str) -> _Place | None:
        """A folder in this one; None if it is left out, or belongs to another repository."""
        if self.ignores(name, is_folder=True):
            return None
        parts = (*self.parts, name)
        folder = self.top.joinpath(*parts)
        if _holds_repository(folder):
            return None if self.is_in_repository else _Place.at(folder)
        rules = self.rules
        if self.is_in_repository:
            rules += _rules(folder / ".gitignore", len(parts))
        return _Place(self.top, parts, self.is_in_repository, rules)

    def ignores(self, name: str, *, is_folder: bool) -> bool:
        if name == ".git":
            return True
        parts = [os.fsencode(part) for part in (*self.parts, name)]
        for depth, patterns in reversed(self.rules):
            decision = patterns.decide(parts[depth:], is_folder)
            if decision is not None:
                return decision
        return False

    def reason(self, name: str, entry: os.DirEntry[str] | None = None) -> str:
        """Why a folder, or the file of an entry, is left out; empty if it is not."""
        if self.ignores(name, is_folder=entry is None):
            return IGNORED if self.is_in_repository else OUTSIDE
        if entry is None:
            return "another repository"
        return "" if self.holds(entry) else "not a regular file in here"

    def holds(self, entry: os.DirEntry[str]) -> bool:
        """Whether an entry of this folder is a file that may be read.

        Devices and pipes may not: reading them can wait forever. A symbolic link out of the
        repository may not either: its author may lack the right to read its target.
        """
        try:
            if not entry.is_file():
                return False
        except OSError:  # a link that leads in a circle
            return False
        return not entry.is_symlink() or resolved(entry).is_relative_to(self.top)


def _holds_repository(folder: Path) -> bool:
    return os.path.lexists(folder / ".git")


def _rules(path: Path, depth: int) -> tuple[tuple[int, Patterns], ...]:
    """The patterns of an ignore file. As in git, it must be a regular file and not a link."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    try:
        data = read_whole(path, MAX_FILE_BYTES)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise SettingsError(message) from None
    return ((depth, Patterns.of_ignore_file(data)),)


class Found(NamedTuple):
    """A file or folder in a folder that is walked.

    Attributes:
        path: where it is.
        reason: why it is left out; empty for a file that is not.
    """

    path: Path
    reason: str = ""


def walk(given: Path, is_possible: Callable[[str], bool]) -> Iterator[Found]:
    """The files in a folder, and the files and folders that are left out.

    Symbolic links to folders are not followed, so that there are no circles.

    Args:
        given: the folder; the files' paths begin with it as it is.
        is_possible: decides by its name whether a file is wanted.
    """
    start = _Place.of(resolved(given))
    if start is None:
        yield Found(given, IGNORED)
        return
    pending = [(given, start)]
    while pending:
        path, place = pending.pop()
        try:
            with os.scandir(path) as found:
                entries = list(found)
        except OSError:
            continue
        for entry in entries:
            inside = path / entry.name
            if entry.is_dir(follow_symlinks=False):
                if inner := place.entered(entry.name):
                    pending.append((inside, inner))
                elif entry.name != ".git":
                    yield Found(inside, place.reason(entry.name))
            elif is_possible(entry.name):
                yield Found(inside, place.reason(entry.name, entry))
