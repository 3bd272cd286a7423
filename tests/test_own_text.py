"""The repository holds no text of the configs that other projects wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.data import DATA, needs_data

ROOT = Path(__file__).parent.parent
RUN = 8
"""The number of equal lines in a row that show a copy; fewer may be alike by chance."""


def runs(text: str) -> Iterator[tuple[int, ...]]:
    """Every run of lines with a letter or a digit in them, as hashes; indentation is ignored."""
    lines = [line.strip() for line in text.splitlines()]
    hashes = [hash(line) for line in lines if any(map(str.isalnum, line))]
    return zip(*(hashes[start:] for start in range(RUN)), strict=False)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@needs_data
def test_no_text_of_the_corpus_is_in_the_repository() -> None:
    assert DATA is not None
    if not (ROOT / ".git").exists():
        pytest.skip("the files of a source archive are not listed")
    files = [path for path in (DATA / "corpus").rglob("*") if path.is_file()]
    corpus = {run for path in files for run in runs(read(path))}
    assert len(corpus) > 10_000
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    copies = [
        name
        for name in filter(None, tracked)
        if (ROOT / name).is_file() and not corpus.isdisjoint(runs(read(ROOT / name)))
    ]
    assert not copies, "write a minimal example of our own instead"


def test_a_copy_is_found_in_another_layout() -> None:
    text = "".join(f"rate_{n}: {n}\n" for n in range(9))
    copied = "# ours\n" + "".join(f"    {line}\n\n  }}\n" for line in text.splitlines())
    assert not set(runs(text)).isdisjoint(runs(copied))
    assert set(runs(text)).isdisjoint(runs(text.replace("rate_4", "rate_5")))
