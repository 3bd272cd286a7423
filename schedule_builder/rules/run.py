"""What a rule over a run sees: a schedule, and the training that it is for."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.dialects.base import Dialect
from schedule_builder.schedules.schedule import Schedule, Segment

THRESHOLDS: dict[str, float] = {
    "idle-fraction": 0.01,
    "least-decay": 0.01,
    "longest-floor-fraction": 0.2,
    "longest-warmup-fraction": 0.2,
}
"""The numbers that rules judge by: shares of the run, or of a rate. Settings may change them."""


class Judgement(Protocol):
    """What a project's settings say of its runs."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Numbers in place of those in `THRESHOLDS`."""

    @property
    def policy(self) -> Mapping[str, Any]:
        """What is required beyond what a schedule needs."""


@dataclass(frozen=True)
class Run:
    """A schedule, and the training that it is for.

    Attributes:
        dialect: the config system that it is of.
        root: the whole config.
        path: where the message that was lowered is in it.
        message: that message.
        kind_path: the path of the block that says which kind of schedule it is.
        schedule: what it was lowered to.
        num_steps: how many steps are trained, None where nothing says.
        num_steps_path: the field that says so; empty where it is said elsewhere, or nowhere.
        optimizer: the name of the optimizer's block; empty where there is none.
        thresholds: what to judge by.
        policy: what the project's settings require.
        broken: messages with errors in them; what is missing there may be a misspelt field.
        blamed: the fields that other findings are about already.
    """

    dialect: Dialect
    root: Message
    path: FieldPath
    message: Any
    kind_path: FieldPath
    schedule: Schedule
    num_steps: int | None
    num_steps_path: FieldPath
    optimizer: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=lambda: THRESHOLDS)
    broken: Container[FieldPath] = ()
    blamed: set[FieldPath] = field(default_factory=set)

    def get(self, path: FieldPath) -> Any:
        """What is at a path in the whole config: its value, or its default."""
        value: Any = self.root
        for name in path:
            value = getattr(value, name) if isinstance(name, str) else value[name]
        return value

    @property
    def main(self) -> Any:
        """The message of the kind."""
        message = self.message
        for name in self.kind_path[len(self.path) :]:
            message = getattr(message, str(name))
        return message

    def at(self, segment: Segment) -> FieldPath:
        """The field that says where a segment begins, or else the kind."""
        return (*self.path, *segment.path) if segment.path else self.kind_path

    @cached_property
    def last(self) -> int:
        """The last step of the run; of one without an end, where its last segment begins."""
        return self.num_steps - 1 if self.num_steps else self.schedule.begins[-1]

    @cached_property
    def peak(self) -> tuple[float, int]:
        """The highest rate of the run, and the first step that has it."""
        step = max(self.schedule.extremes(0, self.last), key=self.schedule)
        return self.schedule(step), step

    @cached_property
    def parts(self) -> list[Schedule]:
        """The schedule, or the members of a product that has no other segments."""
        return self.schedule.parts

    def has(self, path: FieldPath) -> bool:
        """Whether the config itself gives a field, and not its default."""
        message, name = self.get(path[:-1]), str(path[-1])
        return name in message.DESCRIPTOR.fields_by_name and bool(message.HasField(name))

    @property
    def ending(self) -> tuple[tuple[FieldPath, Words], ...]:
        """The related place that says how long the run is."""
        if not self.num_steps_path:
            return ()
        words = Words("training ends after {num_steps} steps", num_steps=self.num_steps)
        return ((self.num_steps_path, words),)

    @cached_property
    def warmups(self) -> list[tuple[FieldPath, int]]:
        """The fields that say how long a warmup lasts, and what they say."""
        found = self.dialect.warmups(self.root)
        return [(path, steps) for path, steps in found if steps]
