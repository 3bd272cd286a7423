"""`python -m benchmarks [NAME ...]`: runs benchmarks and prints one table."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import Row, heading, line, page

# Each is a module of this package, with a function `rows`. They are imported on use: half of
# them need no TensorFlow.
NAMES = ("start", "many", "reading", "graph", "evaluation")


@contextmanager
def _silence() -> Iterator[None]:
    """Sends standard error nowhere: TensorFlow's import logs before its log has a level."""
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
        description="Measure speed and size, beside the peers.",
        epilog="A ratio above 1 means that ours is better. Ratios carry over to other machines,"
        " the figures beside them do not.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)} (all of them)"
    )
    parser.add_argument("--write", metavar="FILE", help="also write a page of Markdown")
    arguments = parser.parse_args()
    names = arguments.names
    for name in names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tables: dict[str, list[Row]] = {}
    print(heading())
    for name in names or NAMES:
        with _silence():
            module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        for row in module.rows():
            tables.setdefault(name, []).append(row)
            print(line(row), flush=True)
        # After each, so that a run that is stopped has a page, too.
        if arguments.write:
            Path(arguments.write).write_text(page(tables), "utf-8")


if __name__ == "__main__":
    main()
