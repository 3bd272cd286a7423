"""Rewrites lengths in steps as epochs, percents or permilles, in the text of the config."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, Set, Words
from schedule_builder.dialects.units import Axis, nearest, steps_of_unit, unit_noun
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    nothing_new,
    reread,
    same_schedule,
)
from schedule_builder.reading.edits import apply, edits_of
from schedule_builder.reading.fields import dotted, field_name, schema_of
from schedule_builder.v1 import learning_rate_pb2 as pb


class StepUnitError(EditingError):
    """Raised for lengths that cannot be written in another unit; the message says where and why."""


class Rewritten(NamedTuple):
    """A config in another unit.

    Attributes:
        text: its text.
        config: what was read from it.
        kept: the lengths that stay in steps.
    """

    text: str
    config: Config
    kept: tuple[FieldPath, ...]


def in_unit(config: Config, name: str, examples_per_epoch: int | None = None) -> Rewritten:
    """The text of a config whose lengths in steps are written in another unit.

    Only whole numbers of the unit are written. A warmup, or a learning rate inside another, that
    has other lengths gets `step_unit: STEPS`. Comments and layout stay, and the rate at every step
    is the same.

    Args:
        config: a config that was loaded from a file.
        name: the name of a `StepUnit` other than STEPS.
        examples_per_epoch: the examples of an epoch, for EPOCHS where the file does not say.

    Returns:
        The text, and the lengths that stay in steps.

    Raises:
        StepUnitError: a length is not a whole number of the unit, and no `step_unit` can be set for
            it alone; or something is missing, or in another unit already.

    >>> from schedule_builder.config import load
    >>> config = load({"multi_step_learning_rate": {"initial_learning_rate": 0.1,
    ...     "milestones": [600]}}, num_steps=1000)
    >>> print(in_unit(config, "PERCENT_OF_RUN").text)
    {
      "multi_step_learning_rate": {
        "initial_learning_rate": 0.1,
        "milestones": [
          60
        ]
      },
      "step_unit": "PERCENT_OF_RUN"
    }
    """
    path = config.learning_rate_path
    message = config.get(path) if path else config.message
    if not isinstance(message, pb.LearningRate):
        raise _refused(
            config, None, Words("this kind of config has no `step_unit`. Keep its lengths in steps")
        )
    if config.in_steps is not None and config.in_steps.lengths:
        other, length = next(iter(config.in_steps.lengths.items()))
        words = Words(
            "`{field}` already has a unit: {length}. Write the file in steps first, with"
            " `show --resolved`",
            field=dotted(other[len(config.kind_path) :]),
            length=length,
        )
        raise _refused(config, other, words)
    if config.document.has_aliases:
        words = Words(
            "the file has aliases, and each can be part of several values. Write them out first"
        )
        raise _refused(config, None, words)
    examples = _examples(config, message, examples_per_epoch)
    steps = _steps_of_one(config, name, examples)
    rewriter = _Rewriter(config, name, steps)
    rewriter.learning_rate(message, path, is_outermost=True)
    if name == "EPOCHS" and not message.HasField("examples_per_epoch"):
        rewriter.set((*path, "examples_per_epoch"), str(examples))
    text = rewriter.text()
    try:
        after = reread(config, text, Meant(nothing_new, same_schedule))
    except UnmeantError as error:
        words = Words(
            "the file is not changed: {problem}. Write the lengths in {name} by hand",
            problem=error.words,
            name=name,
        )
        raise _refused(config, None, words) from None
    return Rewritten(text, after, tuple(rewriter.kept))


def _examples(config: Config, message: pb.LearningRate, given: int | None) -> int | None:
    """How many examples an epoch has, by the file and by the caller."""
    if not message.HasField("examples_per_epoch"):
        return given
    stated: int = message.examples_per_epoch
    if given not in (None, stated):
        words = Words(
            "the file sets `examples_per_epoch` to {stated}. Omit `--examples-per-epoch"
            " {given}`, or change the file",
            stated=stated,
            given=given,
        )
        raise _refused(config, (*config.learning_rate_path, "examples_per_epoch"), words)
    return stated


def _steps_of_one(config: Config, name: str, examples: int | None) -> Fraction:
    """How many steps one unit is."""
    axis = Axis(config.num_steps, config.batch_size)
    steps = steps_of_unit(pb.StepUnit.Value(name), examples, axis)
    if steps is not None:
        return steps
    words = Words("the file does not state its run length: pass `--num-steps`")
    if name == "EPOCHS" and examples is None:
        words = Words(
            "the file does not say how many examples an epoch has: pass `--examples-per-epoch`"
        )
    elif name == "EPOCHS":
        words = Words("the file does not state its batch size: pass `--batch-size`")
    raise _refused(config, None, words)


class _Rewriter:
    """Collects the changes of one config.

    Attributes:
        config: the config that is rewritten.
        name: the unit.
        steps: how many steps one unit is.
        changes: the values to write, with their paths.
        kept: the lengths that stay in steps.
        converted: whether any length is in the unit.
    """

    def __init__(self, config: Config, name: str, steps: Fraction) -> None:
        self.config = config
        self.name = name
        self.steps = steps
        self.changes: list[Set] = []
        self.kept: dict[FieldPath, int] = {}
        self.converted = False

    def learning_rate(
        self, message: pb.LearningRate, path: FieldPath, *, is_outermost: bool = False
    ) -> None:
        """Rewrites a learning rate, or keeps it in steps."""
        kind = message.WhichOneof("learning_rate")
        if kind is None:
            return
        counts: list[tuple[FieldPath, int, int | None]] = []
        inner: list[tuple[FieldPath, pb.LearningRate]] = []
        _collect(getattr(message, kind), (*path, kind), counts, inner)
        inexact = {place: count for place, count, _ in counts if not self.is_exact(count)}
        if kind == "custom" or inexact:
            if is_outermost:
                raise self.has_no_home(inexact or {(*path, kind): 0})
            self.keep(message, path)
            return
        self.write(counts)
        if message.HasField("warmup"):
            self.warmup(message, path)
        for place, learning_rate in inner:
            self.learning_rate(learning_rate, place)
        if is_outermost:
            if not self.converted:
                raise self.has_no_home(self.kept)
            self.set((*path, "step_unit"), self.name)
        elif message.HasField("step_unit"):
            self.set((*path, "step_unit"), self.name)

    def warmup(self, message: pb.LearningRate, path: FieldPath) -> None:
        """Rewrites the modifier, or keeps it in steps."""
        place = (*path, "warmup", "warmup_steps")
        count = message.warmup.warmup_steps
        if not self.is_exact(count):
            self.kept[place] = count
            self.set((*path, "warmup", "step_unit"), "STEPS")
            return
        self.write([(place, count, None)])
        if message.warmup.HasField("step_unit"):
            self.set((*path, "warmup", "step_unit"), self.name)

    def keep(self, message: pb.LearningRate, path: FieldPath) -> None:
        """Leaves a learning rate, and all inside it, in steps."""
        counts: list[tuple[FieldPath, int, int | None]] = []
        inner: list[tuple[FieldPath, pb.LearningRate]] = [(path, message)]
        for place, learning_rate in inner:
            kind = learning_rate.WhichOneof("learning_rate")
            if kind == "custom":
                self.kept |= {(*place, kind): 0}
            elif kind is not None:
                _collect(getattr(learning_rate, kind), (*place, kind), counts, inner)
            if learning_rate.HasField("warmup"):
                warmup = (*place, "warmup", "warmup_steps")
                counts.append((warmup, learning_rate.warmup.warmup_steps, None))
        self.kept |= {p: count for p, count, default in counts if count and default is None}
        self.set((*path, "step_unit"), "STEPS")

    def is_exact(self, count: int) -> bool:
        """Whether a number of steps is a whole number of the unit."""
        return (count / self.steps).denominator == 1

    def write(self, counts: list[tuple[FieldPath, int, int | None]]) -> None:
        """Writes counts in the unit. A default is written only if it means another length there."""
        for place, count, default in counts:
            number = nearest(count / self.steps)
            self.converted = self.converted or count > 0
            # A default of 1 counts the unit as well; other defaults are numbers of steps.
            if default is None or number != default or default > 1:
                self.set(place, str(number))

    def set(self, path: FieldPath, text: str) -> None:
        """Puts a value into the file."""
        self.changes.append(Set(path, text))

    def text(self) -> str:
        """The text with all changes made."""
        document = self.config.document
        source = document.source.text
        edits = []
        for change in self.changes:
            found = edits_of(document, change, self.config.message.DESCRIPTOR)
            if found is None:
                words = Words(
                    "cannot set {name:field} to `{text}` in this file. Set it by hand first",
                    name=field_name(change.path),
                    text=change.text,
                )
                raise _refused(self.config, change.path, words)
            edits += found
        return apply(source, edits)

    def has_no_home(self, inexact: dict[FieldPath, int]) -> StepUnitError:
        """Says which lengths are not whole numbers of the unit."""
        if not inexact:
            words = Words(
                "the file has no length to write in {name}: omit `--step-unit`", name=self.name
            )
            return _refused(self.config, None, words)
        first, *others = inexact.items()
        words = self.reason(*first)
        for place, count in others:
            where = self.config.document.source.position(self.config.place(place).start)
            words = Words(
                "{words}; and at {row}:{column}: {reason}",
                words=words,
                row=where[0],
                column=where[1],
                reason=self.reason(place, count),
            )
        if not any(place[-1] == "custom" for place in inexact):
            permille = self.steps / 10
            fits = all((count / permille).denominator == 1 for count in inexact.values())
            if self.name == "PERCENT_OF_RUN" and fits:
                words = Words("{words}. Use `--step-unit permille_of_run`", words=words)
            else:
                words = Words("{words}. Change the number, or keep the steps", words=words)
        return _refused(self.config, first[0], words)

    def reason(self, place: FieldPath, count: int) -> Words:
        """Why a length cannot be written in the unit."""
        if place[-1] == "custom":
            return Words(
                "`custom` holds a custom schedule from another package, whose lengths stay in"
                " steps: omit `--step-unit`"
            )
        return Words(
            "`{field}` is {count} steps, {number:.10g} {unit}, and only whole numbers can"
            " be written",
            field=dotted(place[len(self.config.kind_path) - 1 :]),
            count=count,
            number=float(count / self.steps),
            unit=unit_noun(pb.StepUnit.Value(self.name), 2),
        )


def _collect(
    message: Any,
    path: FieldPath,
    counts: list[tuple[FieldPath, int, int | None]],
    inner: list[tuple[FieldPath, pb.LearningRate]],
) -> None:
    """Collects the lengths of a kind, with defaults in force, and the learning rates inside it."""
    for name, declared in schema_of(message.DESCRIPTOR).items():
        value, here = getattr(message, name), (*path, name)
        if declared.message is not None:
            given = value if declared.repeated else (value,) * message.HasField(name)
            for index, item in enumerate(given):
                place = (*here, index) if declared.repeated else here
                if isinstance(item, pb.LearningRate):
                    inner.append((place, item))
                else:
                    _collect(item, place, counts, inner)
        elif declared.counts_steps and declared.repeated:
            counts += [((*here, index), count, None) for index, count in enumerate(value)]
        elif declared.counts_steps and message.HasField(name):
            counts.append((here, value, None))
        elif declared.counts_steps and declared.default:
            counts.append((here, declared.default, declared.default))


def _refused(config: Config, path: FieldPath | None, words: Words) -> StepUnitError:
    start = config.place(path).start if path is not None else None
    return StepUnitError(config.document.source, start, words)
