"""Logs the rates that a run applied, and compares them with those of its config."""

from __future__ import annotations

import logging
import math
import os
from itertools import count
from pathlib import Path
from struct import pack
from typing import Any, TextIO

from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.files import read_whole, write_file
from schedule_builder.limits import MAX_RATES_BYTES
from schedule_builder.reading.fields import dotted
from schedule_builder.schedules.applied_rates import HEADER, are_equal, parse_rates
from schedule_builder.schedules.schedule import MAX_RATE, Schedule, whole

LOGGER = logging.getLogger("schedule_builder")


def _written(rate: float) -> str:
    """A rate with the fewest digits that give the same float32."""
    for digits in (7, 8):
        text = f"{rate:.{digits}g}"
        if abs(rate) > MAX_RATE or pack("f", float(text)) == pack("f", rate):
            return text
    return f"{rate:.9g}"


class RateLog:
    """Logs the rates that a run applies, and compares them with those of its config.

    A run that resumes from a checkpoint continues the same file. Rows from its first step on are
    dropped: their updates were lost. The logger `schedule_builder` warns:

    * if the rate jumps where the run resumes, because the config has changed;
    * if a rate is not the config's;
    * if a run continues beyond its last step;
    * if a run begins at step 0 again: the earlier file is then renamed.

    Each process needs a file of its own.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        csv: the file for the rates, with the columns `step` and `learning_rate`.
        step_offset: as the schedule was built with.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Attributes:
        count: how many rates were recorded.
        last_rate: the latest of them.
        end: the run length of the config; None if it is unknown.
        first_difference: the first step at which the applied rate is not the config's, with the
            rate that was applied and the rate of the config; None where there is none.

    Raises:
        ConfigError: the config has errors.
        OSError: the config or the CSV file cannot be read.
        ValueError: the CSV file is not such a log, or `step_offset` is negative.

    >>> with RateLog({"constant_learning_rate": {"learning_rate": 0.5}}) as log:
    ...     for step in range(3):
    ...         log.record(step, 0.5)
    >>> print(log.verdict)
    all 3 applied rates (steps 0 to 2) match <dict>
    """

    def __init__(
        self,
        config: ConfigLike,
        csv: str | os.PathLike[str] | None = None,
        *,
        step_offset: int = 0,
        num_steps: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        loaded = load(config, num_steps=num_steps, batch_size=batch_size)
        self.name: str = loaded.filename
        self._lengths = "; ".join(
            f"{dotted(path)}: {length} = {length.steps} step{'s' * (length.steps != 1)}"
            for path, length in (loaded.in_steps.lengths if loaded.in_steps else {}).items()
        )
        self.schedule: Schedule = build_schedule(loaded, step_offset=step_offset)
        steps = loaded.num_steps
        self.end: int | None = None if steps is None else steps + whole(step_offset, "step_offset")
        self._is_over = False
        self.count: int = 0
        self.last_rate: float = math.nan
        self.first_difference: tuple[int, float, float] | None = None
        self._path = None if csv is None else Path(csv)
        self._file: TextIO | None = None
        self._begin: int | None = None
        self._next = 0
        self._gap: tuple[int, int] | None = None
        if self._path is not None and self._path.exists():
            read_rates(self._path)

    def __enter__(self) -> RateLog:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def record(self, step: Any, rate: Any) -> None:
        """Records the rate of the update that turns `step` into `step + 1`.

        Args:
            step: a whole number, a variable or a tensor.
            rate: a number, a variable or a tensor.

        Raises:
            OSError: the CSV file cannot be written.
            TypeError: the step is not a whole number, or the rate not a number.
            ValueError: the step is negative.
        """
        step = whole(step, "step")
        rate = float(rate.numpy() if hasattr(rate, "numpy") else rate)
        if step != self._next or self._begin is None:
            if self._begin is not None and self._gap is None:
                self._gap = (self._next, step)
            self.close()
            if self._path is not None:
                self._continue(self._path, step, rate)
            self._begin = step if self._begin is None else self._begin
        if not self.count and self._lengths:
            LOGGER.info("%s counts %s", self.name, self._lengths)
        self._next = step + 1
        self.count += 1
        self.last_rate = rate
        if self._path is not None:
            if self._file is None:
                # Line by line, so that a run that is killed loses no rate.
                self._file = self._path.open("a", encoding="utf-8", buffering=1)
            self._file.write(f"{step},{_written(rate)}\n")
        if self.first_difference is None and not are_equal(rate, self.schedule(step)):
            self.first_difference = (step, rate, self.schedule(step))
            LOGGER.warning("%s", self.verdict)
        if self.end is not None and step >= self.end and not self._is_over:
            self._is_over = True
            LOGGER.warning(
                "step %d is beyond the %d steps of %s (rate %s)",
                step,
                self.end,
                self.name,
                _written(rate),
            )

    def _continue(self, path: Path, step: int, rate: float) -> None:
        """Drops the rows from a step on, and warns if the rate jumps there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = read_rates(path) if path.exists() else []
        kept = [row for row in rows if row[0] < step]
        other = path
        if rows and not step:
            others = (path.with_suffix(f".{n}{path.suffix}") for n in count(1))
            other = path.rename(next(name for name in others if not name.exists()))
        text = HEADER + "".join(f"{s},{_written(r)}\n" for s, r in kept)
        write_file(path, text.encode())
        if not kept:
            if rows and not step:
                words = "%s had %d rates of another run: they are in %s now"
                LOGGER.warning(words, path, len(rows), other)
            return
        last, old = kept[-1]
        if last != step - 1 and self._gap is None:
            self._gap = (last + 1, step)
        if not are_equal(old, self.schedule(last)) and not are_equal(old, rate):
            LOGGER.warning(
                "%s differs from the config of this run before step %d: the rate jumps from"
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

    @property
    def verdict(self) -> str:
        """Whether the rates applied until now match the config, in a sentence."""
        if self.first_difference is not None:
            step, applied, wanted = self.first_difference
            return (
                f"applied rates do not match {self.name}: at step {step} the rate was"
                f" {_written(applied)} instead of {_written(wanted)}"
            )
        if self._gap is not None:
            expected, found = self._gap
            return f"log incomplete: expected step {expected}, got step {found}"
        if self._begin is None:
            return "no rate was recorded"
        beyond = 0 if self.end is None else self._next - max(self.end, self._begin)
        more = ""
        if beyond > 0:
            more = f"; {beyond} beyond its run length, the last {_written(self.last_rate)}"
        if self.count == 1:
            return f"the applied rate (step {self._begin}) matches {self.name}{more}"
        steps = f"steps {self._begin} to {self._next - 1}"
        return f"all {self.count} applied rates ({steps}) match {self.name}{more}"

    def close(self) -> str:
        """Closes the file and returns the verdict. Another `record` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
        return self.verdict


def read_rates(path: str | os.PathLike[str]) -> list[tuple[int, float]]:
    """Reads the file of a `RateLog`: steps and their rates.

    A last line that a killed process did not finish is left out.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not such a log; the message says at which line.
    """
    text = read_whole(path, MAX_RATES_BYTES).decode("utf-8-sig", "replace")
    record = parse_rates(text, os.fspath(path))
    return list(zip(record.steps, record.rates, strict=True))
