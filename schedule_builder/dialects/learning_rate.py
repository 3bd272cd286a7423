"""A learning rate of this project: as a file of its own, and as part of larger configs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath
from schedule_builder.dialects import modifiers
from schedule_builder.dialects.base import Dialect, given
from schedule_builder.dialects.lowering import Length, LoweringError, custom_kinds
from schedule_builder.reading.fields import types_inside
from schedule_builder.reading.tree import Block
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import learning_rate_pb2 as pb

if TYPE_CHECKING:
    from schedule_builder.dialects.units import InSteps


_UNITS = ("step_unit", "examples_per_epoch")


def has_units(learning_rate: pb.LearningRate) -> bool:
    """Whether a learning rate may have lengths in another unit than steps.

    `examples_per_epoch` alone counts too, as only the conversion finds out that it is unused.
    """
    return any(
        message.HasField(name)
        for message in _messages(learning_rate)
        for name in _UNITS
        if name in message.DESCRIPTOR.fields_by_name
    )


def _messages(message: Message) -> Iterator[Message]:
    yield message
    for declared, value in message.ListFields():
        if declared.message_type is not None and _may_have_units(declared.message_type):
            for inner in (value,) if isinstance(value, Message) else value:
                yield from _messages(inner)


@cache
def _may_have_units(descriptor: Any) -> bool:
    """Whether a type of message, or one that may be in it, has a field for a unit."""
    types = types_inside(descriptor)
    return any(name in found.fields_by_name for found in types for name in _UNITS)


class NativeDialect(Dialect):
    """A config system whose files hold a `LearningRate`."""

    def _learning_rate(self, config: Any) -> pb.LearningRate | None:
        message = given(config, self.learning_rate_path(config))
        return message if isinstance(message, pb.LearningRate) else None

    def kind_path(self, config: Any) -> FieldPath:
        path, message = self.learning_rate_path(config), self._learning_rate(config)
        return path if message is None else (*path, message.WhichOneof("learning_rate") or "")

    def uses_batch_size(self, config: Any) -> bool:
        message = self._learning_rate(config)
        return message is not None and (
            message.HasField("batch_size_scaling") or has_units(message)
        )

    def in_steps(
        self, config: Any, num_steps: int | None, batch_size: int | None
    ) -> InSteps | None:
        message = self._learning_rate(config)
        if message is None or not has_units(message):
            return None
        from schedule_builder.dialects.unit_conversion import in_steps  # noqa: PLC0415 - 6 ms
        from schedule_builder.dialects.units import Axis  # noqa: PLC0415 - beside it

        axis = Axis(
            num_steps,
            batch_size,
            ".".join(map(str, self.num_steps_path)),
            ".".join(map(str, self.batch_size_path)),
        )
        found = in_steps(message, axis, custom_kinds)
        path = self.learning_rate_path(config)
        if not path:
            return found
        converted = type(config)()
        converted.CopyFrom(config)
        given(converted, path).CopyFrom(found.message)
        return found.inside(converted, path)

    def lower(self, config: Any, batch_size: int | None) -> Schedule | None:
        message = self._learning_rate(config)
        if message is None:
            return None
        try:
            return modifiers.lower(message, batch_size)
        except LoweringError as error:
            raise error.inside(*self.learning_rate_path(config)) from None

    def warmups(self, config: Any) -> Iterator[Length]:
        message = self._learning_rate(config)
        for path, steps in () if message is None else modifiers.warmups(message):
            yield (*self.learning_rate_path(config), *path), steps

    def under_warmup(self, config: Any) -> Schedule | None:
        message = self._learning_rate(config)
        return None if message is None else modifiers.under_warmup(message)


class _LearningRate(NativeDialect):
    root: type[Message] = pb.LearningRate
    words: tuple[str, ...] = ("_learning_rate",)
    probable = r"^[ \t{\"']*(?:table_learning_rate|manual_step_learning_rate)[\"']?[ \t]*[:{<]"

    def is_meant(self, block: Block) -> bool:
        kinds = pb.LearningRate.DESCRIPTOR.oneofs_by_name["learning_rate"].fields
        names = {kind.name for kind in kinds} - {"custom"}
        return any(isinstance(f.value, Block) and f.name in names for f in block.fields)

    def learning_rate_path(self, config: Any) -> FieldPath:
        return ()


LEARNING_RATE = _LearningRate()
