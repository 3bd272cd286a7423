"""The run that rules look at: a schedule, and the training that it is for."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Repair, Set, Words
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.lowering import Length, lower_part, unpacked
from schedule_builder.dialects.units import Length as StatedLength
from schedule_builder.reading.fields import schema_of
from schedule_builder.records import Record
from schedule_builder.schedules.curves import MAX_STEP, Constant
from schedule_builder.schedules.schedule import Schedule, Segment
from schedule_builder.v1 import learning_rate_pb2 as rates
from schedule_builder.v1 import options_pb2

THRESHOLDS: dict[str, float] = {
    "deepest-fall": 0.001,
    "idle-fraction": 0.01,
    "latest-rise-fraction": 0.05,
    "least-decay": 0.01,
    "longest-floor-fraction": 0.2,
    "longest-negligible-fraction": 0.2,
    "longest-warmup-fraction": 0.2,
    "negligible-rate": 0.0001,
    "settled-fraction": 0.01,
}
"""The thresholds of rules: shares of the run, or of a rate. Settings may change them."""

_LISTS = frozenset(("schedule", "boundaries", "milestones", "learning_rates", "stage"))


class Judgement(Protocol):
    """The requirements of a project's settings for its runs."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Replacements of the numbers in `THRESHOLDS`."""

    @property
    def max_rate(self) -> Mapping[str, float]:
        """Replacements of the limits of SB422."""

    @property
    def policy(self) -> Mapping[str, Any]:
        """The team's requirements for every schedule."""


class Stage(NamedTuple):
    """A part of the run with one rate, from a list in the config."""

    begin: int
    end: int
    """The first step after it, or the run length."""
    rate: float
    path: FieldPath
    """The field that says where it begins."""
    is_listed: bool
    """Whether an entry of a list begins it."""


def is_listed(path: FieldPath) -> bool:
    """Whether a field is an entry of a list of rates, or says where one begins."""
    return not _LISTS.isdisjoint(path[-3:-1])


class Run(Record):
    """A schedule, and the training that it is for.

    Attributes:
        root: the whole config.
        dialect: the config system that it is of.
        schedule: what the config was lowered to.
        num_steps: the run length; None if it is unknown.
        policy: the requirements of the project's settings.
        thresholds: the thresholds of rules.
        max_rate: the highest rates that the settings accept, by optimizer.
        is_in_steps: whether the lengths in the config count steps, and no other unit.
        moved: blocks that the config has as another kind, as a table in epochs.
        blamed: the fields that other findings are about already.
        stated_length: gives the length of a field that the config has in another unit than steps.
        broken: messages with errors in them; what is missing there may be a misspelt field.
    """

    root: Message
    dialect: Dialect
    schedule: Schedule
    num_steps: int | None
    policy: Mapping[str, Any]
    thresholds: Mapping[str, float]
    max_rate: Mapping[str, float]
    is_in_steps: bool
    moved: Container[FieldPath]
    blamed: set[FieldPath]
    broken: Container[FieldPath] = ()
    stated_length: Callable[[FieldPath], StatedLength | None] | None = None

    def get(self, path: FieldPath) -> Any:
        """The value at a path in the whole config, or its default."""
        value: Any = self.root
        for name in path:
            value = getattr(unpacked(value), name) if isinstance(name, str) else value[name]
        return value

    def has(self, path: FieldPath) -> bool:
        """Whether the config itself gives a field, and not its default."""
        message, name = unpacked(self.get(path[:-1])), str(path[-1])
        return name in message.DESCRIPTOR.fields_by_name and bool(message.HasField(name))

    @cached_property
    def path(self) -> FieldPath:
        """The path of the message that was lowered."""
        return self.dialect.learning_rate_path(self.root)

    @cached_property
    def message(self) -> Any:
        """The message that was lowered."""
        return self.get(self.path)

    @cached_property
    def kind_path(self) -> FieldPath:
        """The path of the block that selects the kind of schedule."""
        return self.dialect.kind_path(self.root)

    @cached_property
    def main(self) -> Any:
        """The message of the kind."""
        return self.get(self.kind_path)

    @cached_property
    def optimizer(self) -> str:
        """The name of the optimizer's block; empty where there is none."""
        request = self.dialect.optimizer(self.root)
        return "" if request is None else request.name

    @cached_property
    def bare(self) -> Schedule | None:
        """The schedule of the kind without modifiers; None for a kind of another package.

        Under a warmup its segments name their fields as those of that schedule do.
        """
        if self.under_warmup is not None:
            return self.under_warmup
        main = self.main
        return None if main.DESCRIPTOR.name == "Any" else lower_part(main, str(self.kind_path[-1]))

    @cached_property
    def under_warmup(self) -> Schedule | None:
        """The schedule whose beginning a warmup covers; None where there is no such warmup."""
        return self.dialect.under_warmup(self.root)

    def at(self, segment: Segment) -> FieldPath:
        """The field that says where a segment begins, or else the kind."""
        return (*self.path, *segment.path) if segment.path else self.kind_path

    def after_boundary(self, step: int, path: FieldPath) -> Words | str:
        """What a message adds to the first step of a stage that the field at a path begins."""
        # A boundary is the last step of the stage before it. A warmup or an offset may move it.
        if path[-2:-1] == ("boundaries",) and self.get(path) == step - 1:
            return Words(" (one after the boundary)")
        return ""

    @cached_property
    def constant(self) -> Words:
        """What to write in this config for the same rate at every step."""
        kinds = self.get(self.kind_path[:-1]).DESCRIPTOR.fields_by_name
        if "type" in kinds:
            return Words("`type: constant` and a `constant` block")
        return Words("{name:field}", name="constant_learning_rate")

    @cached_property
    def last(self) -> int:
        """The last step of the run; without a run length, the beginning of the last segment."""
        return self.schedule.last_step(self.num_steps)

    @cached_property
    def peak(self) -> tuple[float, int]:
        """The highest rate of the run, and the first step that has it."""
        return self.schedule.peak_of_run(self.num_steps)

    def extremes(self, schedule: Schedule, first: int = 0) -> list[int]:
        """Steps from `first` on among which are those of the highest and lowest rates.

        Args:
            schedule: the schedule, or a part of it.
            first: a step of the run.
        """
        steps = schedule.extremes(first, self.last)
        # Of a combination, steps between are tried: few of those before the last segment.
        return steps if self.num_steps else [*steps, *schedule.extremes(self.last, MAX_STEP)]

    @cached_property
    def parts(self) -> list[Schedule]:
        """The schedule; for a product without other segments, its members."""
        return self.schedule.parts

    @cached_property
    def stages(self) -> list[Stage]:
        """The stages of the run. Neighbours with one rate are one of them."""
        found: list[Stage] = []
        schedule, after = self.schedule, self.last + 1
        ends, rates = [*schedule.begins[1:], after], schedule.constant_rates
        for segment, rate, end in zip(schedule.segments, rates, ends, strict=True):
            if segment.begin > self.last or rate is None:
                continue
            begin, until = segment.begin, min(end, after)
            if found and found[-1].end == begin and found[-1].rate == rate:
                found[-1] = found[-1]._replace(end=until)
            else:
                path = self.at(segment)
                found.append(Stage(begin, until, rate, path, is_listed(segment.path)))
        return found

    @cached_property
    def first_change(self) -> int | None:
        """The step after the run at which the rate first changes, apart from a warmup.

        None where the schedule takes effect within the run, if only in part, or never changes.
        """
        if self.num_steps is None:
            return None
        rate_at = self.schedule.rate_at
        if not self.warmups and rate_at(self.last) != rate_at(0):
            return None  # Then so does the kind's own.
        if self.bare is None:
            return None
        main, moved = self.bare, 0
        for path, steps in self.warmups:
            if path[: len(self.kind_path)] == self.kind_path or steps > self.last:
                return None
            # A warmup that covers nothing of the schedule moves it.
            moved = steps if self.under_warmup is None else 0
        last = self.last - moved
        if any(main(step) != main(0) for step in (last, *main.extremes(0, last))):
            return None
        if all(segment.curve.is_constant for segment in main.segments):
            change = next((begin for begin in main.begins if main(begin) != main(0)), None)
        else:
            from schedule_builder.schedules.comparison import first_difference  # noqa: PLC0415 - 1 ms, for few

            change = first_difference(main, Schedule((Segment(0, Constant(main(0)), 0),)))
        return None if change is None else change + moved

    @cached_property
    def warmups(self) -> list[Length]:
        """The fields with the length of a warmup, and their values."""
        return [(path, steps) for path, steps in self.dialect.warmups(self.root) if steps]

    @cached_property
    def warmup_over(self) -> Length | None:
        """The warmup over the schedule, apart from the kind's own; None where there is none."""
        length = len(self.kind_path)
        return next((found for found in self.warmups if found[0][:length] != self.kind_path), None)

    @property
    def ending(self) -> tuple[tuple[FieldPath, Words], ...]:
        """The related place with the run length."""
        path = self.dialect.num_steps_path
        if not path or not self.dialect.num_steps(self.root):
            return ()
        return ((path, Words("training ends after {num_steps} steps", num_steps=self.num_steps)),)

    def or_longer(self, path: FieldPath) -> Words | str:
        """The advice to train for longer; empty where the length of a field grows with the run."""
        stated = self.stated_length(path) if self.stated_length is not None else None
        follows = stated is not None and stated.follows_run
        return "" if follows else Words(", or train for longer")

    @cached_property
    def growth_factors(self) -> list[str]:
        """The fields of the kind with a factor by which its rate grows."""
        names = [n for n in ("decay_factor", "decay_rate") if hasattr(self.main, n)]
        is_inverse = isinstance(self.main, rates.InverseTimeDecayLearningRate)
        return [n for n in names if not is_inverse and getattr(self.main, n) > 1]

    @property
    def must_end_together(self) -> bool:
        """Whether SB503 reports the end."""
        return bool(self.policy.get("require-end-at-num-steps"))

    def is_beyond(self, end: int) -> bool:
        """Whether a part that ends at a step does so considerably later than the run."""
        if self.num_steps is None:
            return False
        return end - self.num_steps > self.num_steps * self.thresholds["idle-fraction"]

    def aligned(self, path: FieldPath, end: int) -> Repair | None:
        """Makes a decay end with the run, by the field that says its length."""
        message, name = self.get(path[:-1]), str(path[-1])
        if self.num_steps is None or not isinstance(message, Message):
            return None
        ends = schema_of(message.DESCRIPTOR)[name].ends_decay
        if ends == options_pb2.NO_END:
            return None
        last = self.num_steps - (ends == options_pb2.END_BEFORE_STEP)
        length = getattr(message, name) + last - end
        if length < 1:
            return None
        title = f"Set `{name}` to {length}, so that the decay ends with the run"
        return Repair(title, (Set(path, str(length)),), safe=False)
