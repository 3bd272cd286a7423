"""Which files a run of `validate` is about.

Nothing of the folders that it looks into is run, git included: a repository's configuration, and
even a folder that only looks like a repository, can make git start programs.
"""

from __future__ import annotations

import codecs
import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schedule_builder.compiler import parse
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.reading.formats import SUFFIXES
from schedule_builder.workspace.patterns import Patterns
from schedule_builder.workspace.settings import Settings

STDIN = "-"
_OUTSIDE = b".*/\nnode_modules/\n__pycache__/\nsite-packages/\nbuild/\ndist/\nvenv/"
"""What is left out where no repository says it."""
_LARGEST = 20_000_000
_LARGEST_DOUBTFUL = 2_000_000
_WILD = re.compile(r"[*?\[]")
_STARS = re.compile(r"(?:(?<=/)|^)(?:\*\*(?:/+|$))+")
_PASTED = re.compile(r"\s*(?:<!|<html|<\?xml|syntax\s*=)", re.IGNORECASE)
"""A page, or the schema, that was saved in the place of a config."""


def find_files(
    paths: Iterable[str], settings_of: Callable[[Path], Settings], *, filtered: bool = False
) -> Iterator[str]:
    """The files that are meant by paths: themselves, those of folders, and those of patterns.

    Of a folder, the files that its repository's ignore files do not name, whose suffix is that of
    a config and whose contents look like a pipeline, an experiment or a learning rate; where the
    settings give patterns, the files that they match.

    Args:
        paths: files, folders, patterns such as `configs/**/*.config`, or `-`.
        settings_of: gives the settings that are in force in a folder.
        filtered: whether files that are named have to be such files, too.
    """
    seen: set[str] = set()
    for path in paths:
        if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - faster for one file
            settings = settings_of(Path(path).resolve())
            found: Iterable[str] = (
                str(file)
                for file in sorted(_walk(Path(path), _is_possible(settings)))
                if _is_meant(file, settings)
            )
        elif _WILD.search(path) and not os.path.exists(path):  # noqa: PTH110
            matched = sorted(set(_matched(path)))
            found = [p for p in matched if os.path.isfile(p)] or [path]  # noqa: PTH113
        else:
            found = [path]
        for name in found:
            if filtered and not _is_meant(Path(name), settings_of(Path(name).resolve().parent)):
                continue
            if name not in seen:
                seen.add(name)
                yield name


def _matched(pattern: str) -> Iterator[str]:
    """What a pattern of the shell matches, `**` any folders that are not hidden.

    `glob` follows symbolic links to folders there: two that lead in circles keep it busy for ever.
    """
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
    """What tells by its name whether a file may be meant: it is cheaper than looking into it."""
    if settings.files:
        return lambda name: True
    return lambda name: name.lower().endswith(tuple(SUFFIXES))


def _is_meant(path: Path, settings: Settings) -> bool:
    if settings.matches(settings.exclude, str(path)):
        return False
    if settings.files:
        return settings.matches(settings.files, str(path))
    return path.suffix.lower() in SUFFIXES and _looks_like_config(path)


@dataclass(frozen=True)
class _Place:
    """A folder, and what is left out of it.

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
        # Where `.git` is a file, as in a worktree, or a link, it leads elsewhere: that is not read.
        info = top / ".git/info"
        rules = _rules(info / "exclude", 0) if info.resolve() == info else ()
        return cls(top, (), True, rules + _rules(top / ".gitignore", 0))

    @classmethod
    def of(cls, folder: Path) -> _Place | None:
        """A folder that is given; None where its repository ignores it, or it is git's own."""
        top = next((f for f in (folder, *folder.parents) if _holds_repository(f)), folder)
        place: _Place | None = cls.at(top)
        for name in folder.relative_to(top).parts:
            place = place.entered(name) if place else None
        return place

    def entered(self, name: str) -> _Place | None:
        """A folder in this one; None where it is left out, or is another repository's."""
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

    def holds(self, entry: os.DirEntry[str]) -> bool:
        """Whether an entry of this folder is a file that may be read.

        Devices and pipes may not, since reading them can wait for ever, nor may what a symbolic
        link out of the repository leads to: whoever made the link may not be allowed to read it.
        """
        try:
            if not entry.is_file():
                return False
        except OSError:  # a link that leads in a circle
            return False
        return not entry.is_symlink() or Path(entry).resolve().is_relative_to(self.top)


def _holds_repository(folder: Path) -> bool:
    return os.path.lexists(folder / ".git")


def _rules(path: Path, depth: int) -> tuple[tuple[int, Patterns], ...]:
    """An ignore file's patterns. Only a regular file is read, and no symbolic link: as by git."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return ((depth, Patterns.of_ignore_file(path.read_bytes())),)


def _walk(given: Path, is_possible: Callable[[str], bool]) -> Iterator[Path]:
    """The files in a folder, without those that its repository ignores.

    A folder that a symbolic link leads to is not entered, so that there are no circles.

    Args:
        given: the folder; the files' paths begin with it as it is.
        is_possible: tells by a file's name whether it is wanted.
    """
    start = _Place.of(given.resolve())
    pending = [(given, start)] if start else []
    while pending:
        path, place = pending.pop()
        try:
            with os.scandir(path) as found:
                entries = list(found)
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if inner := place.entered(entry.name):
                    pending.append((path / entry.name, inner))
            elif (
                is_possible(entry.name)
                and not place.ignores(entry.name, is_folder=False)
                and place.holds(entry)
            ):
                yield path / entry.name


def _looks_like_config(path: Path) -> bool:
    try:
        if path.stat().st_size > _LARGEST:
            return False
        data = path.read_bytes()
    except OSError:
        # It is reported where it is read.
        return True
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if is_wide else "utf-8-sig", "replace").replace("\r\n", "\n")
    if path.suffix == ".config" and "pipeline" in path.stem and _PASTED.match(text):
        return True  # it was meant to be one
    signs = _signs()
    if not signs.words.search(text):
        return False
    if signs.certain.search(text):
        return True
    if len(text) > _LARGEST_DOUBTFUL:
        return bool(signs.probable.search(text))
    return _is_config(path, text)


class _Signs(NamedTuple):
    """Patterns of what speaks for a config of any dialect."""

    words: re.Pattern[str]
    certain: re.Pattern[str]
    probable: re.Pattern[str]


@cache
def _signs() -> _Signs:
    def one_of(patterns: Iterable[str]) -> re.Pattern[str]:
        return re.compile("|".join(filter(None, patterns)), re.MULTILINE)

    return _Signs(
        words=one_of(word for dialect in DIALECTS for word in dialect.words),
        certain=one_of(dialect.certain for dialect in DIALECTS),
        probable=one_of(dialect.probable for dialect in DIALECTS),
    )


def _is_config(path: Path, text: str) -> bool:
    """Whether the blocks of a file are those of a pipeline, an experiment or a learning rate."""
    root, is_sound = parse(path.name, text)
    if any(dialect.is_meant(root) for dialect in DIALECTS):
        return True
    return not is_sound and bool(_signs().probable.search(text))
