"""Finds the configs that differ between two folders, or between a revision and the files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from schedule_builder.files import read_config, resolved
from schedule_builder.reading.formats import SUFFIXES
from schedule_builder.workspace.contents import judge_contents
from schedule_builder.workspace.discovery import find_files
from schedule_builder.workspace.git import Repository, name_of
from schedule_builder.workspace.request import Request

_ALIKE = 0.5
"""The least share that a file has to keep for a move, as for git."""
_MOST_COMPARED = 2_500
"""So many pairs of files are compared for moves. Of more, those that kept their name are."""
_PUNCTUATION = bytes.maketrans(b"{}<>[]:,;\"'", b" " * 11)
"""What only says in which format a text is."""


class Pair(NamedTuple):
    """A file on two sides, with its contents on each; None where it is missing.

    Attributes:
        name: the file.
        old: its contents on the first side.
        new: its contents on the second side.
        old_name: the file on the first side, where it has another name there; or else empty.
        old_path: the file on the first side, from the top of a repository.
    """

    name: str
    old: bytes | None
    new: bytes | None
    old_name: str = ""
    old_path: str = ""


def between_folders(first: Path, second: Path, request: Request) -> list[Pair]:
    """The configs in either of two folders, by their paths in there."""
    sides = [_in_folder(folder, request) for folder in (first, second)]
    pairs = []
    for name in sorted({*sides[0], *sides[1]}):
        old, new = (read_config(side[name]) if name in side else None for side in sides)
        pairs.append(Pair(name, old, new))
    return pairs


def _in_folder(folder: Path, request: Request) -> dict[str, str]:
    found = find_files([str(folder)], request.settings_of)
    return {os.path.relpath(name, folder): name for name in found}


def since(revision: str, paths: Iterable[str], request: Request) -> list[Pair]:
    """The configs that changed between a revision and the files that are there now.

    A file that was moved without a change of its contents did not change. A config that was
    moved and edited is one pair, if at least half of it is as in the old one.

    Args:
        revision: a commit, branch, tag or `HEAD~1`.
        paths: the files, folders and patterns to compare. A pattern does not match deleted files.
        request: the request, which selects the settings.

    Raises:
        OSError: a file cannot be read.
        RevisionError: the revision cannot be read, or a path is in no repository.
    """
    paths = list(paths)
    first = Path(paths[0])
    repository = Repository(first if first.is_dir() else resolved(first).parent)
    top = repository.top
    old = {
        path: name
        for path, name in repository.files(repository.commit(revision)).items()
        if _is_meant(path, top, paths, request)
    }
    like = next(iter(old.values()), "")
    data = {}
    for name in find_files(paths, request.settings_of):
        path = _path_in(top, name)
        if path is not None and os.path.lexists(name):
            data[path] = read_config(name)
    configs = set(data)
    for path in old:
        file = top / path
        if path not in data and file.is_file() and not file.is_symlink():
            data[path] = read_config(file)
    like = next(iter(old.values()), "")
    changed = list(_changed(old, {path: name_of(text, like) for path, text in data.items()}))
    contents = repository.contents(old[path] for path in changed if path in old)
    before = {path: contents[old[path]] for path in changed if path in old}
    for path, text in before.items():
        if path not in configs and not judge_contents(Path(path), text).reason:
            configs.add(path)
    changed = [path for path in changed if path in configs]
    gone = {path: before[path] for path in changed if path not in data}
    come = {path: data[path] for path in changed if path not in before}
    moved = moves(gone, come)
    pairs = []
    for path in changed:
        if path in moved.values():
            continue
        origin = moved.get(path, path)
        old_name = os.path.relpath(top / origin) if origin != path else ""
        name = os.path.relpath(top / path)
        pairs.append(Pair(name, before.get(origin), data.get(path), old_name, origin))
    return pairs


def moves(gone: Mapping[str, bytes], come: Mapping[str, bytes]) -> dict[str, str]:
    """Which of the files that are new are old ones that moved: the old path of each.

    The two files that are most alike belong together, then those of the others. Formats do not
    count, so that a config that was converted is found, too.

    Args:
        gone: the contents of files that are not there any more, by their paths.
        come: the contents of files that were not there before.
    """
    is_many = len(gone) * len(come) > _MOST_COMPARED
    parts = {path: _parts(text) for path, text in (*gone.items(), *come.items())}
    sizes = {path: _size(found) for path, found in parts.items()}
    stems: dict[str, list[str]] = {}
    for path in come:
        stems.setdefault(Path(path).stem, []).append(path)
    found: list[tuple[float, bool, str, str]] = []
    for one in gone:
        same = stems.get(Path(one).stem, [])
        for other in same if is_many else come:
            shorter, longer = sorted((sizes[one], sizes[other]))
            if shorter >= _ALIKE * longer > 0:
                share = _size(parts[one] & parts[other]) / longer
                found.append((-share, other not in same, one, other))
    moved: dict[str, str] = {}
    for share, _, one, other in sorted(found):
        if -share >= _ALIKE and other not in moved and one not in moved.values():
            moved[other] = one
    return moved


def _parts(text: bytes) -> Counter[tuple[bytes, bytes]]:
    """Each word of a text with the next one: most are a field with its value."""
    words = [word for word in text.translate(_PUNCTUATION).split() if word != b"-"]
    return Counter(pairwise(words))


def _size(parts: Counter[tuple[bytes, bytes]]) -> int:
    return sum((len(word) + len(next_word)) * n for (word, next_word), n in parts.items())


def _is_meant(path: str, top: Path, paths: Iterable[str], request: Request) -> bool:
    """Whether a file of the revision is one of those to compare."""
    if not path.lower().endswith(tuple(SUFFIXES)):
        return False
    file = top / path
    settings = request.settings_of(file.parent)
    if settings.matches(settings.exclude, str(file)):
        return False
    if settings.files and not settings.matches(settings.files, str(file)):
        return False
    return any(file.is_relative_to(_resolved(given)) for given in paths)


def _resolved(given: str) -> Path:
    """A path with the links of its folders resolved, but not the file itself."""
    path = Path(os.path.abspath(given))  # noqa: PTH100 - `..` of a name alone
    return resolved(path) if path.is_dir() else resolved(path.parent) / path.name


def _path_in(top: Path, name: str) -> str | None:
    path = _resolved(name)
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else None


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """The paths whose contents differ, except for files that were only moved."""
    gone = {old[path] for path in old if path not in new}
    come = {new[path] for path in new if path not in old}
    for path in sorted({*old, *new}):
        names = {side[path] for side in (old, new) if path in side}
        is_moved = (path not in old or path not in new) and names <= gone & come
        if not is_moved and (len(names) > 1 or path not in old or path not in new):
            yield path
