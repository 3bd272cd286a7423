"""Learning rates in PyTorch: a scheduler of an optimizer's rate, and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from schedule_builder.config import ConfigLike, build_schedule, first_difference, load
from schedule_builder.frameworks.tensor_operations import TensorOperations, not_an_integer
from schedule_builder.frameworks.variable_factors import LOGGER, warn_unapplied
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.evaluation import evaluate
from schedule_builder.schedules.schedule import Schedule, whole

FACTOR = "learning_rate_factor"
"""The entry of a group with the factor of its rate, if the config decides it."""


class ConfigScheduler(LRScheduler):
    """Sets the rates of an optimizer's parameter groups, in the proportions that they had.

    A group's rate is the schedule's, times the group's own rate over the largest among the groups
    at construction: with one group, or equal ones, it is the schedule's. Where a run resumes, a
    group's own rate is its `initial_lr`. A group that is added later joins with the rate that it
    has when it is first seen. Where all rates are 0, all groups get the schedule's. The groups of
    `build_torch_optimizer` have the factors of the config.

    The rate follows from the number of updates alone. Call `step()` after each update, not
    after each epoch.

    Args:
        optimizer: the optimizer; of the rates that it was constructed with, only the proportions
            matter.
        schedule: the schedule, or its `to_dict()`.
        last_epoch: how many updates were applied before, minus 1, as in PyTorch.

    Attributes:
        schedule: the schedule.
        factors: what the schedule's rate is multiplied by, for each group.
    """

    def __init__(
        self, optimizer: Optimizer, schedule: Schedule | dict[str, Any], last_epoch: int = -1
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            message = f"`optimizer` must be a torch.optim.Optimizer. Received: {optimizer!r}"
            raise TypeError(message)
        self.schedule: Schedule = (
            Schedule.from_dict(schedule) if isinstance(schedule, dict) else schedule
        )
        for group in optimizer.param_groups:
            # PyTorch requires it where a run resumes.
            group.setdefault("initial_lr", float(group["lr"]))
        rates = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self._largest_rate = max(rates)
        self.factors: list[float] = [
            self._own_factor(group, rate)
            for group, rate in zip(optimizer.param_groups, rates, strict=True)
        ]
        super().__init__(optimizer, whole(last_epoch, "last_epoch", at_least=-1))

    def _own_factor(self, group: dict[str, Any], rate: float) -> float:
        if FACTOR in group:
            return float(group[FACTOR])
        return rate / self._largest_rate if self._largest_rate else 1.0

    def _see_new_groups(self) -> None:
        groups = self.optimizer.param_groups
        for group in groups[len(self.factors) :]:
            # Several groups may share one tensor as their rate: that of the optimizer's defaults.
            shared = (
                factor
                for known, factor in zip(groups, self.factors, strict=False)
                if isinstance(group["lr"], torch.Tensor) and known["lr"] is group["lr"]
            )
            rate = float(group["lr"])
            group.setdefault("initial_lr", rate)
            self.factors.append(next(shared, self._own_factor(group, rate)))

    def get_lr(self) -> list[float | torch.Tensor]:
        """The rate of each parameter group after `last_epoch` updates, in float64."""
        self._see_new_groups()
        rate = self.schedule(self.last_epoch)
        groups = self.optimizer.param_groups
        # A loaded state has the factors of its own config.
        pairs = zip(self.factors, groups, strict=False)
        return [rate * group.get(FACTOR, factor) for factor, group in pairs]

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's state as plain data, which `torch.load` reads with `weights_only`.

        It holds the schedule, so that a run resumes without its config.
        """
        return {**super().state_dict(), "schedule": self.schedule.to_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues where another scheduler stopped: under its schedule, and at its rates.

        The optimizer's rates are set too, in whichever order the two states are loaded. Where the
        schedule is not the one of the config that this scheduler was built from, the logger
        `schedule_builder` warns, with the first step at which they differ. To continue under the
        new config, load no state and construct with `last_epoch=state_dict["last_epoch"]`.

        Args:
            state_dict: what `state_dict()` returned.
        """
        schedule = Schedule.from_dict(state_dict["schedule"])
        if (step := first_difference(self.schedule, schedule)) is not None:
            LOGGER.warning(
                "the loaded state brings another schedule: at step %d its rate is %g, and that of"
                " the config is %g. The run continues under the state's. To continue under the"
                " config, load no state: build_torch_scheduler(config, optimizer, last_epoch=%d)",
                step,
                schedule(step),
                self.schedule(step),
                state_dict["last_epoch"],
            )
        super().load_state_dict(state_dict | {"schedule": schedule})
        for group, rate in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate


def build_torch_scheduler(
    config: ConfigLike,
    optimizer: Optimizer,
    last_epoch: int = -1,
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> ConfigScheduler:
    """Builds a `torch.optim.lr_scheduler.LRScheduler`.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        optimizer: the optimizer whose rates it sets. A group's rate is the schedule's, times the
            group's own rate over the largest among the groups; with one group it is the
            schedule's. Of an optimizer from `build_torch_optimizer`, the config's factors
            count instead. With any other optimizer, a `learning_rate_multiplier` of the
            config, frozen variables and factors of gradients are not applied, and a warning is
            logged.
        last_epoch: how many updates were applied before, minus 1, as in PyTorch.
        step_offset: the number of updates at which the schedule begins, where they are still
            counted in a fine-tuning run. Before it, the schedule's first rate holds.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The scheduler. It has set the rate of the next update: a Python float, or the value of the
        tensor where the group's `lr` is one. Call its `step()` after each `optimizer.step()`.
        `state_dict()` holds the schedule.

    Raises:
        ConfigError: the config has errors.
        OSError: the file cannot be read.
        TypeError: the optimizer is not one of PyTorch, or `last_epoch` is not a whole number.
        ValueError: `last_epoch` is below -1.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    schedule = build_schedule(loaded, step_offset=step_offset)
    scheduler = ConfigScheduler(optimizer, schedule, last_epoch)
    if not any(FACTOR in group for group in optimizer.param_groups):
        warn_unapplied(loaded, "build_torch_scheduler", "build_torch_optimizer")
    return scheduler


class _Torch(TensorOperations):
    """The formulas' operations on tensors of one device."""

    equal = staticmethod(torch.eq)
    power = staticmethod(torch.pow)
    square = staticmethod(torch.square)
    sqrt = staticmethod(torch.sqrt)
    sin = staticmethod(torch.sin)
    exp = staticmethod(torch.exp)
    expm1 = staticmethod(torch.expm1)
    log_of_tensor = staticmethod(torch.log)
    log1p = staticmethod(torch.log1p)

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def constant(self, value: float) -> torch.Tensor:
        # A Python float would become float32 beside a tensor of integers.
        return self._column(value, isinstance(value, int))

    def _column(self, values: Any, is_whole: bool) -> torch.Tensor:
        dtype = torch.int64 if is_whole else torch.float64
        return torch.tensor(values, dtype=dtype, device=self.device)

    def _tensors(self, *values: Any) -> list[torch.Tensor]:
        return [v if isinstance(v, torch.Tensor) else self.constant(v) for v in values]

    def where(self, condition: Any, first: Any, second: Any) -> Any:
        return torch.where(condition, *self._tensors(first, second))

    def maximum(self, first: Any, second: Any) -> Any:
        return torch.maximum(*self._tensors(first, second))

    def minimum(self, first: Any, second: Any) -> Any:
        return torch.minimum(*self._tensors(first, second))

    def real(self, steps: Any) -> Any:
        (tensor,) = self._tensors(steps)
        return tensor.to(torch.float64)

    def index(self, begins: Sequence[int], step: Any) -> Any:
        return torch.bucketize(step, self._column(begins, is_whole=True), right=True)

    def take(self, columns: Sequence[Sequence[float]], index: Any) -> Sequence[Any]:
        return [self._column(c, isinstance(c[0], int))[index] for c in columns]


def rate_tensor(schedule: Schedule, step: Any) -> torch.Tensor:
    """The rates of a schedule as a float32 tensor, computed in float64 and rounded once.

    Args:
        schedule: the schedule.
        step: how many updates were applied before: an integer, or a tensor of any integer dtype
            and any shape. Negative steps mean 0.

    Returns:
        A tensor of the step's shape and on its device.

    Raises:
        TypeError: the step is not an integer.
    """
    if not isinstance(step, torch.Tensor):
        return torch.tensor(schedule(step), dtype=torch.float32)
    if step.dtype.is_floating_point or step.dtype.is_complex or step.dtype == torch.bool:
        raise not_an_integer(step.dtype, is_floating=step.dtype.is_floating_point)
    # Apple's GPUs have no float64.
    device = torch.device("cpu") if step.device.type == "mps" else step.device
    steps = step.to(device, torch.int64)
    if step.dtype == torch.uint64:
        steps = torch.where(steps < 0, MAX_STEP, steps)
    rates = evaluate(schedule, steps, _Torch(device))
    return rates.broadcast_to(steps.shape).to(step.device, torch.float32)
