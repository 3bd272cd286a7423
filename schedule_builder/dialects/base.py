"""What the rest of the compiler asks of a config system: one object for each of them."""

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
    """The optimizer that a config asks for, in no framework's terms.

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
    """The field that says for how many steps to train; empty where files do not say it."""
    batch_size_path: FieldPath = ()
    """The field that says how many examples are in a step; empty where files do not say it."""
    is_part: bool = False
    """Whether the message is a part of another dialect's, which some keep in a file of its own."""
    title: str = "config"
    """What people call a file of this config system."""
    words: tuple[str, ...] = ()
    """Words of which every file holds one."""
    certain: str = ""
    """A pattern that no other file matches; empty where there is none."""
    probable: str = ""
    """A pattern that broken files match, too; empty where there is none."""

    @abstractmethod
    def is_meant(self, block: Block) -> bool:
        """Whether the fields at the top of a file are those of this config system."""

    @abstractmethod
    def learning_rate_path(self, config: Any) -> FieldPath:
        """Where the message that is lowered to the schedule is.

        Where a config chooses none, this is the last message on the way there.
        """

    @abstractmethod
    def kind_path(self, config: Any) -> FieldPath:
        """Where the block is that says which kind of schedule it is."""

    def schedule_paths(self, config: Any) -> list[FieldPath]:
        """The parts that the schedule depends on, and no others."""
        return [self.learning_rate_path(config)]

    def uses_batch_size(self, config: Any) -> bool:
        """Whether the schedule depends on the batch size."""
        return False

    def num_steps(self, config: Any) -> int | None:
        """For how many steps to train; None where the config does not say it."""
        path = self.num_steps_path
        return given(config, path) or None if path else None

    def batch_size(self, config: Any) -> int | None:
        """The number of examples in a step; None where the config does not say it."""
        path = self.batch_size_path
        return given(config, path) or None if path else None

    def in_steps(
        self, config: Any, num_steps: int | None, batch_size: int | None
    ) -> InSteps | None:
        """The config with all its lengths in steps; None where they are that already.

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
        """The optimizer that a config asks for; None where it is none of a config's business."""
        return None

    def variable_rates(self, config: Any) -> VariableRates:
        """What a config says of the rates of single variables."""
        return VariableRates()
