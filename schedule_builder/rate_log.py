"""What ran: the rates that a run applied, kept and compared with those of its config."""

from __future__ import annotations

import csv as csv_format
import logging
import math
import os
from pathlib import Path
from struct import pack
from typing import TextIO

from schedule_builder.building import build_schedule
from schedule_builder.config import ConfigLike, load
from schedule_builder.schedule import MAX_RATE

LOGGER = logging.getLogger("schedule_builder")
_COLUMNS = ("step", "learning_rate")
_FLOAT32 = 2.0**-22
"""Two neighbours in float32 differ by less, relative to either."""
_TINY = 2.0**-126
"""Below this float32 may be flushed to 0."""


def _are_equal(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=_FLOAT32, abs_tol=_TINY)


def _written(rate: float) -> str:
    """A rate in the fewest digits that are this one in float32."""
    for digits in (7, 8):
        text = f"{rate:.{digits}g}"
        if abs(rate) > MAX_RATE or pack("f", float(text)) == pack("f", rate):
            return text
    return f"{rate:.9g}"


class RateLog:
    """Keeps the rates that a run applies, and says whether they are those of its config.

    A run that goes on from a checkpoint goes on in the same file: rows of updates that were
    lost in between are dropped. Where the config has changed since, and the rate jumps, a warning
    of the logger `schedule_builder` names the jump.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        csv: the file to keep the rates in, with the columns `step` and `learning_rate`.
        step_offset: as the schedule was built with.

    Attributes:
        count: how many rates were recorded.
        last_rate: the latest of them.
        first_difference: the first step at which what ran is not what the config says, with the
            rate that was applied and the rate of the config; None where there is none.

    Raises:
        ConfigError: the config has errors.
        OSError: the config or the CSV file cannot be read.
        ValueError: the CSV file is no such log.

    >>> with RateLog({"constant_learning_rate": {"learning_rate": 0.5}}) as log:
    ...     for step in range(3):
    ...         log.record(step, 0.5)
    >>> print(log.close())
    what ran is what <dict> says: 3 rates, at steps 0 to 2
    """

    def __init__(
        self,
        config: ConfigLike,
        csv: str | os.PathLike[str] | None = None,
        *,
        step_offset: int = 0,
    ) -> None:
        loaded = load(config)
        self.name = loaded.filename
        self.schedule = build_schedule(loaded, step_offset=step_offset)
        self.count = 0
        self.last_rate = math.nan
        self.first_difference: tuple[int, float, float] | None = None
        self._path = None if csv is None else Path(csv)
        self._file: TextIO | None = None
        self._begin: int | None = None
        self._next = 0
        self._gap: tuple[int, int] | None = None

    def __enter__(self) -> RateLog:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def record(self, step: int, rate: float) -> None:
        """Records the rate of the update that turns `step` into `step + 1`."""
        if self._begin is None:
            self._begin = self._next = step
            if self._path is not None:
                self._continue(self._path, step, rate)
        if step != self._next and self._gap is None:
            self._gap = (self._next, step)
        self._next = step + 1
        self.count += 1
        self.last_rate = rate
        if self._path is not None:
            if self._file is None:
                # Line by line, so that a run that is killed has lost nothing.
                self._file = self._path.open("a", encoding="utf-8", buffering=1)
            self._file.write(f"{step},{_written(rate)}\n")
        if self.first_difference is None and not _are_equal(rate, self.schedule(step)):
            self.first_difference = (step, rate, self.schedule(step))

    def _continue(self, path: Path, step: int, rate: float) -> None:
        kept = [row for row in read_rates(path) if row[0] < step] if path.exists() else []
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(",".join(_COLUMNS) + "\n")
            file.writelines(f"{s},{_written(r)}\n" for s, r in kept)
        new.replace(path)
        if kept and not _are_equal(kept[-1][1], self.schedule(kept[-1][0])):
            last, old = kept[-1]
            LOGGER.warning(
                "%s is not what this run was trained with until step %d: the rate jumps from"
                " %s at step %d to %s at step %d (this config has %s at step %d)",
                self.name,
                step,
                _written(old),
                last,
                _written(rate),
                step,
                _written(self.schedule(last)),
                last,
            )

    def close(self) -> str:
        """Closes the file, and says whether what ran until now is what the config says."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self.first_difference is not None:
            step, applied, wanted = self.first_difference
            return (
                f"what ran is not what {self.name} says: at step {step} the rate was"
                f" {_written(applied)} instead of {_written(wanted)}"
            )
        if self._gap is not None:
            expected, found = self._gap
            return (
                f"what ran is not certain: step {found} was recorded where step {expected} comes"
                " next"
            )
        if self._begin is None:
            return "nothing ran: no rate was recorded"
        return (
            f"what ran is what {self.name} says: {self.count} rates, at steps {self._begin} to"
            f" {self._next - 1}"
        )


def read_rates(path: str | os.PathLike[str]) -> list[tuple[int, float]]:
    """Reads what a `RateLog` wrote: steps and their rates.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such log.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv_format.reader(file)
        try:
            if tuple(next(rows, ())) != _COLUMNS:
                raise ValueError
            return [(int(step), float(rate)) for step, rate in rows]
        except ValueError:
            message = f"{os.fspath(path)}:{rows.line_num}: this is no log of learning rates"
            raise ValueError(message) from None
