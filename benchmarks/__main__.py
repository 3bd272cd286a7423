"""`python -m benchmarks [NAME ...]`: measures groups of rows, and prints them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import perf_counter

from benchmarks.goals import GROUPS
from benchmarks.measuring import Row
from benchmarks.page import Run, decided, draw, heading, line, page

_NAMES = ", ".join(GROUPS)


@contextmanager
def _silence() -> Iterator[None]:
    """Discards standard error: TensorFlow's import logs before its log has a level."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure costs beside the peers', and print the ratios with their goals.",
        epilog="A ratio is our cost by the peer's: less is better. Ratios carry over to other"
        " machines, the costs beside them do not.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {_NAMES} (all)")
    parser.add_argument(
        "--write", metavar="FILE", type=Path, help="also write the page of all groups"
    )
    arguments = parser.parse_args()
    names, path = arguments.names or list(GROUPS), arguments.write
    for name in names:
        if name not in GROUPS:
            parser.error(f"there is no group {name!r}; there are {_NAMES}")
    if path and set(names) != set(GROUPS):
        parser.error("--write needs all groups: leave the names out")

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    start, load = perf_counter(), os.getloadavg()[0]
    tables = {name: _measured(name) for name in names}
    minutes = (perf_counter() - start) / 60
    print(f"\n{minutes:.1f} minutes")
    if path:
        picture = path.with_name(f"{path.stem}_growth.png")
        draw(list(tables["growth"].values()), picture)
        run = Run(tables, f"python -m benchmarks --write {path}", load, minutes)
        path.write_text(page(run, picture.name), "utf-8")


def _measured(name: str) -> dict[str, Row]:
    print(heading(name), flush=True)
    module, function = GROUPS[name].home.split(".")
    with _silence():
        home = import_module(f"benchmarks.{module}")
    rows = {}
    for first in getattr(home, function)():
        row = decided(first, GROUPS[name].goals[first.what])
        rows[row.what] = row
        print(line(name, row), flush=True)
    if missing := GROUPS[name].goals.keys() - rows:
        message = f"{name} has no row for {', '.join(missing)}"
        raise ValueError(message)
    return rows


if __name__ == "__main__":
    main()
