"""Reads files of a git repository at a revision; no other module starts git.

A repository's own configuration can name programs for git to run, and so can the environment. Only
the two commands that read objects are started, without anything that could start another program:
no hooks, no monitor of files, no filters, no pager, no fetching of objects that are missing. A
folder that only looks like a repository is not used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from hashlib import sha1, sha256
from pathlib import Path
from typing import NamedTuple

from schedule_builder.files import resolved

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
)
_KEPT = ("HOME", "XDG_CONFIG_HOME", "PATH", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
_ENVIRONMENT = {
    "LC_ALL": "C",
    # A partial clone fetches what it lacks, with programs that its configuration names: newer
    # versions of git can be told not to, and older ones find no protocol that is allowed.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}
_REGULAR = ("100644", "100755")
_ENTRY = re.compile(r"(\d+) (\w+) ([0-9a-f]+)\t(.*)", re.DOTALL)
_NAME = re.compile(r"\w[\w./-]*")
"""A branch, a tag or a commit, and nothing like HEAD~1."""
_SHA256_DIGITS = 64


class RevisionError(ValueError):
    """A revision, or a file of it, that cannot be read; the message says why."""


class RevisionPath(NamedTuple):
    """A file at a revision, as `REV:path` names it."""

    revision: str
    path: str


def revision_path(text: str) -> RevisionPath | None:
    """Parses `REV:path`; None for the name of a file, and for any other text."""
    revision, colon, path = text.partition(":")
    if not (revision and colon and path) or os.path.lexists(text):
        return None
    return RevisionPath(revision, path)


class Repository:
    """A git repository.

    Args:
        folder: a folder in its working tree.

    Raises:
        RevisionError: the folder is in no repository, or git is not installed.
    """

    def __init__(self, folder: Path) -> None:
        folder = resolved(folder)
        top = next((f for f in (folder, *folder.parents) if os.path.lexists(f / ".git")), None)
        if top is None:
            message = f"{folder} is not in a git repository"
            raise RevisionError(message)
        self.top = top
        self._program = _git()

    def commit(self, revision: str) -> str:
        """The name of the commit that a revision means.

        Raises:
            RevisionError: there is no such commit here.
        """
        if not revision.strip() or not revision.isprintable():
            message = f"{revision!r} is not a revision"
            raise RevisionError(message)
        line = self._run("cat-file", "--batch-check", data=f"{revision}^{{commit}}\n".encode())
        name, _, rest = line.decode("utf-8", "replace").partition(" ")
        if not rest.startswith("commit "):
            is_name = _NAME.fullmatch(revision) is not None
            origin = f"--depth=1 origin {revision.removeprefix('origin/')}"
            message = (
                f"unknown revision `{revision}` in {self.top}. If this is a shallow clone, as in"
                f" CI, fetch it first: `git fetch {origin if is_name else '--unshallow'}`"
            )
            raise RevisionError(message)
        return name

    def files(self, commit: str) -> dict[str, str]:
        """The regular files of a commit: the name of each one's contents, by its path."""
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        found = {}
        for entry in os.fsdecode(listing).split("\0"):
            match = _ENTRY.fullmatch(entry)
            if match and match[1] in _REGULAR:
                found[match[4]] = match[3]
        return found

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """The contents that have these names.

        Raises:
            RevisionError: some of them are not here.
        """
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        output = self._run("cat-file", "--batch", data="".join(f"{n}\n" for n in wanted).encode())
        found, at = {}, 0
        for name in wanted:
            end = output.index(b"\n", at)
            header = output[at:end].split()
            if header[1:2] != [b"blob"]:
                message = (
                    f"object {name} is missing in {self.top}, which may be a partial clone: fetch"
                    " it with `git fetch --refetch`"
                )
                raise RevisionError(message)
            begin = end + 1
            at = begin + int(header[2])
            found[name] = output[begin:at]
            at += 1
        return found

    def read(self, revision: str, path: str) -> bytes:
        """The contents of a file at a revision.

        Args:
            revision: a commit, branch, tag or `HEAD~1`.
            path: from the top of the repository; or from the current folder, where it begins
                with `./` or `../`, as git has it.

        Raises:
            RevisionError: there is no such revision, or no such file.
        """
        if path.startswith(("./", "../")):
            inside = resolved(os.path.abspath(path))  # noqa: PTH100 - `..` of a name alone
            if not inside.is_relative_to(self.top):
                message = f"{path} is outside of {self.top}"
                raise RevisionError(message)
            path = inside.relative_to(self.top).as_posix()
        files = self.files(self.commit(revision))
        if path not in files:
            here = os.path.relpath(Path.cwd() / path, self.top)
            hint = f": did you mean `{revision}:./{path}`?" if here in files else ""
            message = f"revision `{revision}` has no file {path}{hint}"
            raise RevisionError(message)
        return self.contents([files[path]])[files[path]]

    def _run(self, *arguments: str, data: bytes = b"") -> bytes:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # git must not look above the folder if its `.git` turns out not to be a repository.
        environment |= {**_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(self.top.parent)}
        done = subprocess.run(  # noqa: S603 - the program is found in PATH, and no shell reads it
            [self._program, "-C", str(self.top), *_OPTIONS, *arguments],
            env=environment,
            input=data,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip()
            message = f"git cannot read {self.top}: {words}"
            raise RevisionError(message)
        return done.stdout


def name_of(data: bytes, like: str) -> str:
    """The name that git gives contents.

    Args:
        data: the contents.
        like: another name in the same repository, which says how they are made.
    """
    blob = b"blob %d\0%b" % (len(data), data)
    return (sha256 if len(like) == _SHA256_DIGITS else sha1)(blob).hexdigest()


@cache
def _git() -> str:
    # A relative folder in PATH may be in the repository that is examined.
    folders = [f for f in os.environ.get("PATH", "").split(os.pathsep) if Path(f).is_absolute()]
    program = shutil.which("git", path=os.pathsep.join(folders))
    if program is None:
        message = "git is needed to read a revision, and is not installed"
        raise RevisionError(message)
    return program
