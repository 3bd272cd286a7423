"""The numbers of other systems, as tests use them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support.data import DATA, needs_data

__all__ = ["CASES", "FILES", "Golden", "config_of", "needs_data"]

HERE = Path(__file__).parent.parent / "golden"
NEVER_DECAYS = "cosine_hold_beyond_total"
"""The original returns numbers for this case, and the decay that it configures never happens."""


@dataclass(frozen=True)
class Golden:
    """One schedule, and the rates that the original returned for it."""

    name: str
    learning_rate: Any = field(repr=False)
    """Text of a `LearningRate`, or a whole experiment as plain data."""
    is_refused: bool
    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = field(default=(), repr=False)
    path: Path = Path()

    def __str__(self) -> str:
        return self.name


def _golden(entry: dict[str, Any], name: str, path: Path = Path()) -> Golden:
    values = tuple(map(float, entry.get("values", ())))
    is_refused = (
        not {"error", "parse_error"}.isdisjoint(entry)
        or any(map(math.isnan, values))
        or name == NEVER_DECAYS
    )
    return Golden(
        name=name,
        learning_rate=entry.get("learning_rate", str(entry.get("optimizer_config"))),
        is_refused=is_refused,
        steps=tuple(entry.get("steps", ())),
        values=() if is_refused else values,
        path=path,
    )


def _garden_cases(name: str) -> Iterator[Golden]:
    for entry in json.loads((HERE / name).read_text()):
        trainer = {"optimizer_config": entry["optimizer_config"]}
        values = [float(value) for value in entry["values"]]
        finite = [not math.isnan(value) for value in values].count(True)
        whole = {"learning_rate": {"trainer": trainer}} | entry
        yield _golden(whole, entry["name"])
        if finite < len(values):
            # The same, with a run that ends before there is no rate.
            shorter = {"trainer": trainer | {"train_steps": entry["steps"][finite]}}
            kept = {"values": values[:finite], "steps": entry["steps"][:finite]}
            yield _golden({"learning_rate": shorter} | kept, f"{entry['name']}_ends_before")


def _cases(name: str) -> list[Golden]:
    return [_golden(e, e["name"]) for e in json.loads((HERE / name).read_text())]


def _files(name: str, folder: str) -> list[Golden]:
    if DATA is None:
        return []
    entries = json.loads((DATA / "golden" / name).read_text())
    return [
        _golden(e, e["file"], DATA / "corpus" / folder / e["file"])
        for e in entries
        # What else is in a pipeline that the original did not parse may hide its optimizer; of an
        # experiment without numbers Python code says the type.
        if "learning_rate" in e or (folder == "garden" and "note" not in e)
    ]


CASES = [
    *_cases("od_api_cases.json"),
    *_cases("native_cases.json"),
    *_garden_cases("garden_cases.json"),
]
FILES = [
    *_files("od_api_files.json", "od_api"),
    *_files("wild_files.json", "wild"),
    *_files("garden_files.json", "garden"),
]


def config_of(golden: Golden) -> pb.LearningRate | dict[str, Any]:
    """The case as a message, read by protobuf's own parser, or as plain data."""
    if isinstance(golden.learning_rate, dict):
        return golden.learning_rate
    return text_format.Parse(golden.learning_rate, pb.LearningRate())
