"""Names of files for programs: from the top of the repository, for any current folder."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path, PurePath

from schedule_builder.files import resolved

_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables in which CI services state the folder of the checkout."""


def in_repository(filename: str) -> str:
    """A file's path from its repository, with slashes and without `./` and `..`.

    A file outside of a repository is named from the current folder, and a file outside of that by
    its whole path.

    Args:
        filename: the file as it was named by the caller.
    """
    if filename.startswith("<"):
        return filename  # standard input
    path = Path(os.path.abspath(filename))  # noqa: PTH100 - a link goes by its own name
    folder = path.parent
    top = _top(folder)
    if top is None and (real := resolved(folder)) != folder:
        # A folder may be named through a link that leads into a repository.
        folder, top = real, _top(real)
    for root in (top, Path.cwd()):
        if root is not None and folder.is_relative_to(root):
            return (folder / path.name).relative_to(root).as_posix()
    return PurePath(path).as_posix()


@cache
def _top(folder: Path) -> Path | None:
    """The top of the repository that a folder is in.

    In the workspace of a CI service it is the outermost repository, so that paths in a submodule
    count from there. Elsewhere it is the nearest one, as a home folder may be a repository.
    """
    folders = [folder, *folder.parents]
    for name in _WORKSPACES:
        workspace = Path(os.environ.get(name) or "/")
        if workspace in folders[:-1]:
            inside = folders[: folders.index(workspace) + 1]
            return next(filter(_holds_repository, reversed(inside)), workspace)
    return next(filter(_holds_repository, folders), None)


def _holds_repository(folder: Path) -> bool:
    return os.path.lexists(folder / ".git")
