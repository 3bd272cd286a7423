"""Repositories for tests, made by the git that is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

IDENTITY = {
    **{f"GIT_{who}_NAME": "somebody" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")},
}


def git(folder: Path, *arguments: str, fails: bool = False) -> str:
    """Runs the installed git, with the configuration of the repository."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **IDENTITY},
        capture_output=True,
        text=True,
        check=not fails,
    )
    return done.stdout.strip()


def commit(folder: Path, message: str = "more") -> None:
    """Commits all that is in a folder, which becomes a repository."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
