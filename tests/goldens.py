"""The numbers of other systems, as tests use them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format

from schedule_builder.v1 import learning_rate_pb2 as pb

from .data import DATA, needs_data

__all__ = ["CASES", "FILES", "Golden", "config_of", "needs_data"]

HERE = Path(__file__).parent / "golden"
NEVER_DECAYS = "cosine_hold_beyond_total"
"""The original returns numbers for this case, and the decay that it configures never happens."""


@dataclass(frozen=True)
class Golden:
    """One schedule, and the rates that the original returned for it."""

    name: str
    learning_rate: str
    is_refused: bool
    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = field(default=(), repr=False)
    path: Path = Path()

    def __str__(self) -> str:
        return self.name


def _golden(entry: dict[str, object], name: str, path: Path = Path()) -> Golden:
    values = tuple(map(float, entry.get("values", ())))  # type: ignore[call-overload]
    is_refused = "error" in entry or any(map(math.isnan, values)) or name == NEVER_DECAYS
    return Golden(
        name=name,
        learning_rate=str(entry["learning_rate"]),
        is_refused=is_refused,
        steps=tuple(entry.get("steps", ())),  # type: ignore[arg-type]
        values=() if is_refused else values,
        path=path,
    )


def _cases(name: str) -> list[Golden]:
    return [_golden(e, e["name"]) for e in json.loads((HERE / name).read_text())]


def _files(name: str, folder: str) -> list[Golden]:
    if DATA is None:
        return []
    entries = json.loads((DATA / "golden" / name).read_text())
    return [
        _golden(e, e["file"], DATA / "corpus" / folder / e["file"])
        for e in entries
        if "learning_rate" in e
    ]


def _is_known(golden: Golden) -> bool:
    try:
        text_format.Parse(golden.learning_rate, pb.LearningRate())
    except text_format.ParseError:
        return False
    return True


CASES = _cases("od_api_cases.json") + [
    golden for golden in _cases("native_cases.json") if _is_known(golden)
]
FILES = _files("od_api_files.json", "od_api") + _files("wild_files.json", "wild")


def config_of(golden: Golden) -> pb.LearningRate:
    """The case as a message, read by protobuf's own parser."""
    return text_format.Parse(golden.learning_rate, pb.LearningRate())
