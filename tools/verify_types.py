"""Checks with pyright that type checkers know every public type, and the types that users see.

mypy is not enough: what it infers for an attribute without an annotation, another type checker may
not, and does not have to. `pyright --verifytypes` counts as known only what is annotated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "schedule_builder"
USES = ROOT / "tests" / "typing_of_the_api.py"
NEWEST = "3.13"
"""The version of Python that the uses are checked for; mypy checks them for the installed one."""
ROOMS_OF_FRAMEWORKS = (f"{PACKAGE}.frameworks.", f"{PACKAGE}.compat.")
OF_A_FRAMEWORK = ("Type of base class", "Type of metaclass")
"""How messages begin about a class whose base class has no types where nothing is installed."""


def _messages(symbol: dict[str, Any]) -> list[str]:
    return [each["message"] for each in symbol["diagnostics"] if each["severity"] == "error"]


def _last_name(symbol: dict[str, Any]) -> str:
    name: str = symbol["name"]
    return name.rpartition(".")[2]


def guessed(symbols: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with each symbol whose type is not known, a line each.

    Classes that derive from those of a framework are left out: not all frameworks have types.
    """
    unknown = [s for s in symbols if not s["isTypeKnown"] or s["isTypeAmbiguous"]]
    derived = {
        _last_name(symbol)
        for symbol in unknown
        if symbol["name"].startswith(ROOMS_OF_FRAMEWORKS)
        and all(message.startswith(OF_A_FRAMEWORK) for message in _messages(symbol))
    }
    for symbol in unknown:
        if _last_name(symbol) in derived:
            continue
        messages = [
            m for m in _messages(symbol) if not m.endswith(tuple(f'"{d}"' for d in derived))
        ]
        for message in messages:
            yield f"{symbol['name']}: {' '.join(message.split())}"


def main() -> int:
    """Runs pyright, whose command the arguments are, and says what it does not know.

    Returns:
        The exit code: 1 where something is not known.
    """
    environment = os.environ | {
        # pyright takes the packages of the first Python on the path.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PYTHONPATH": str(ROOT),
    }

    def started(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*sys.argv[1:], *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    # At the same time: each takes seconds.
    uses = started("--pythonversion", NEWEST, str(USES))
    types = started("--verifytypes", PACKAGE, "--ignoreexternal", "--outputjson")
    output = types.communicate()[0]
    try:
        report = json.loads(output)["typeCompleteness"]
    except (ValueError, KeyError):
        print(f"pyright did not report on the types of {PACKAGE}: {output}")
        return 1
    found = list(guessed(report["symbols"]))
    for line in found:
        print(line)
    counts = report["exportedSymbolCounts"]
    known, total = counts["withKnownType"], sum(counts.values())
    others = "" if found else ": the others derive from classes of frameworks"
    print(f"pyright knows {known} of {total} public types ({known / total:.2%}){others}")
    output = uses.communicate()[0]
    if uses.returncode:
        print(output, end="")
    return 1 if found or not known or uses.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
