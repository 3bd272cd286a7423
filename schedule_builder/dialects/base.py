"""The interface of a config system: the rest of the compiler asks one object for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath
from schedule_builder.dialects.lowering import Length
from schedule_builder.dialects.variable_rates import VariableRates
from schedule_builder.reading.tree import Block
from schedule_builder.schedules.schedule import Schedule

if TYPE_CHECKING:
    from schedule_builder.dialects.units import InSteps


def given(message: Any, path: FieldPath) -> Any:
    """The value at a path of field names; None where it is not given."""
    for name in path:
        if not isinstance(name, str) or not message.HasField(name):
            return None
        message = getattr(message, name)
    return message


class MovingAverage(NamedTuple):
    """A moving average of the weights: the share of the old one that each update keeps."""

    decay: float
    start_step: int = 0
    start_path: FieldPath = ()


class OptimizerRequest(NamedTuple):
    """The optimizer that a config asks for, independent of any framework.

    Attributes:
        name: the name of its block; empty where it is left to Python code.
        block: its fields; None where it has none.
        block_path: where they stand.
        choice_path: the field that chooses it.
        clipping: the limit of gradients that is set beside the block, by the name that Keras has
            for it: `global_clipnorm`, `clipnorm` or `clipvalue`.
        average: the moving average of the weights; None for none.
    """

    name: str
    block: Any
    block_path: FieldPath
    choice_path: FieldPath
    clipping: Mapping[str, float] = MappingProxyType({})
    average: MovingAverage | None = None


class Dialect(ABC):
    """A config system: what its files look like, and what they mean.

    All methods but `is_meant` take a whole config, and all paths count from there.
    """

    root: type[Message]
    """The message that a whole file is."""
    num_steps_path: FieldPath = ()
    """The path of the run length; empty if files have none."""
    batch_size_path: FieldPath = ()
    """The path of the batch size; empty if files have none."""
    is_part: bool = False
    """Whether the message is a part of another dialect's, kept in a file of its own."""
    title: str = "config"
    """What people call a file of this config system."""
    words: tuple[str, ...] = ()
    """Every file holds at least one of these words."""
    certain: str = ""
    """A pattern that only files of this system match; empty if there is none."""
    probable: str = ""
    """A weaker pattern, which broken files match as well; empty if there is none."""

    @abstractmethod
    def is_meant(self, block: Block) -> bool:
        """Whether the fields at the top of a file are those of this config system."""

    @abstractmethod
    def learning_rate_path(self, config: Any) -> FieldPath:
        """The path of the message that is lowered to the schedule.

        Where a config chooses none, this is the last message on the way there.
        """

    @abstractmethod
    def kind_path(self, config: Any) -> FieldPath:
        """The path of the block that selects the kind of schedule."""

    def schedule_paths(self, config: Any) -> list[FieldPath]:
        """The paths of all parts that the schedule depends on."""
        return [self.learning_rate_path(config)]

    def uses_batch_size(self, config: Any) -> bool:
        """Whether the schedule depends on the batch size."""
        return False

    def num_steps(self, config: Any) -> int | None:
        """The run length in steps; None if the config does not state it."""
        path = self.num_steps_path
        return given(config, path) or None if path else None

    def batch_size(self, config: Any) -> int | None:
        """The number of examples in a step; None if the config does not state it."""
        path = self.batch_size_path
        return given(config, path) or None if path else None

    def in_steps(
        self, config: Any, num_steps: int | None, batch_size: int | None
    ) -> InSteps | None:
        """The config with all its lengths in steps; None if they are all in steps already.

        Args:
            config: the message.
            num_steps: the run length, None where nothing states it.
            batch_size: the batch size, None where nothing states it.
        """
        return None

    @abstractmethod
    def lower(self, config: Any, batch_size: int | None) -> Schedule | None:
        """The schedule that a checked config describes.

        The paths of its segments count from the learning rate.

        Args:
            config: the message, with all lengths in steps.
            batch_size: what `batch_size_scaling` scales by, None where nothing states it.

        Returns:
            The schedule; None where the file leaves some of it to Python code.

        Raises:
            LoweringError: the field values do not form a schedule. Its path is that of the field
                in the config.
        """

    @abstractmethod
    def warmups(self, config: Any) -> Iterator[Length]:
        """How long the warmups last: the kind's own, and the one over the schedule."""

    @abstractmethod
    def under_warmup(self, config: Any) -> Schedule | None:
        """The schedule whose beginning a warmup covers; None where nothing is covered."""

    def optimizer_names(self) -> tuple[str, ...]:
        """The names of the optimizers that files may choose."""
        return ()

    def optimizer(self, config: Any) -> OptimizerRequest | None:
        """The optimizer that a config asks for; None if configs of this system have none."""
        return None

    def variable_rates(self, config: Any) -> VariableRates:
        """The config's factors of the rate for single variables."""
        return VariableRates()
