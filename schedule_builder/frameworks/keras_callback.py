"""The callback that logs applied rates, for either Keras."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from schedule_builder.config import ConfigLike
from schedule_builder.frameworks.extras import naming_extra
from schedule_builder.frameworks.rate_log import LOGGER, RateLog
from schedule_builder.printable import printable


def _number(value: Any) -> Any:
    """The value of a variable; a mirrored one does not convert to a number by itself."""
    return value.numpy() if hasattr(value, "numpy") else value


class LearningRateLogMixin:
    """Logs the rate of every update, and compares the log with the config at the end.

    It reads the rate of the optimizer, so that a rate set by other code shows. Put it first among
    the callbacks, so that no other one changes the rate between the update and the reading.
    Updates that loss scaling skips are not counted. With accumulated gradients, updates are counted
    and not batches.

    Args:
        config: a path, a loaded config, a message or plain data, as for `load`.
        csv: a file for the rates, with the columns `step` and `learning_rate`. A run that resumes
            from a checkpoint continues it; see `RateLog`.
        log_dir: a folder for TensorBoard, with the scalar `learning_rate`. Needs TensorFlow.
        step_offset: as the optimizer was built with.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.
        verbose: 1 to print at the end whether the applied rates match the config.

    Attributes:
        rates: the `RateLog`, whose `first_difference` is None after a run as configured.

    Raises:
        ConfigError: the config has errors.
        OSError: the config or the CSV file cannot be read.
        ValueError: the CSV file is not such a log, or `step_offset` is negative.
    """

    model: Any

    def __init__(
        self,
        config: ConfigLike,
        csv: str | os.PathLike[str] | None = None,
        log_dir: str | os.PathLike[str] | None = None,
        *,
        step_offset: int = 0,
        verbose: int = 1,
        num_steps: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        super().__init__()
        self.rates: RateLog = RateLog(
            config, csv, step_offset=step_offset, num_steps=num_steps, batch_size=batch_size
        )
        self.verbose = verbose
        self._log_dir = log_dir
        self._summary: Any = None
        self._writer: Any = None
        self._done = 0
        self._is_first_epoch = True
        self._before = 0.0

    @property
    def verdict(self) -> str:
        """Whether the rates applied until now match the config, in a sentence."""
        return self.rates.verdict

    @property
    def _optimizer(self) -> Any:
        optimizer = self.model.optimizer
        return getattr(optimizer, "inner_optimizer", optimizer)

    def _updates(self) -> int:
        """How many updates were applied; Keras counts batches where it accumulates gradients."""
        return int(_number(self._optimizer.iterations))

    @property
    def _source(self) -> Any:
        """The source of the optimizer's rate: a schedule, a function or a variable."""
        optimizer = self._optimizer
        source = getattr(optimizer, "_learning_rate", None)
        return optimizer.learning_rate if source is None else source

    def _rate(self, update: int) -> float:
        """The rate of an update of the last execution."""
        source = self._source
        if hasattr(source, "get_config"):
            batches = getattr(self._optimizer, "gradient_accumulation_steps", None) or 1
            return float(source((update + 1) * batches - 1))
        return self._before if callable(source) else float(_number(source))

    def on_train_begin(self, logs: Any = None) -> None:
        """Opens TensorBoard's log."""
        self._is_first_epoch = True
        if not hasattr(self._optimizer, "learning_rate"):
            message = (
                f"{type(self).__name__} reads the rate of one optimizer. Received:"
                f" {type(self._optimizer).__name__}"
            )
            raise TypeError(message)
        if self._log_dir is not None:
            with naming_extra("`log_dir`"):
                self._summary = import_module("tensorflow").summary
            self._writer = self._summary.create_file_writer(os.fspath(self._log_dir))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Warns of a run that resumes at a later epoch with a counter that begins at 0."""
        if self._is_first_epoch and epoch and not self._updates():
            LOGGER.warning(
                "training resumes at epoch %d, and the optimizer has counted no update: the"
                " schedule starts again at step 0. Files of weights alone (`.weights.h5`) have no"
                " counter: save the whole model, or a checkpoint with its optimizer",
                epoch,
            )
        self._is_first_epoch = False

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Counts the updates before, and calls a rate function, whose result may change later."""
        self._done = self._updates()
        source = self._source
        if callable(source) and not hasattr(source, "get_config"):
            self._before = float(_number(source()))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Records the updates that were applied since: several, with `steps_per_execution`."""
        for update in range(self._done, self._updates()):
            rate = self._rate(update)
            self.rates.record(update, rate)
            if self._writer is not None:
                with self._writer.as_default(update):
                    self._summary.scalar("learning_rate", rate)

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the logs, and compares."""
        if self._writer is not None:
            self._writer.close()
        self.rates.close()
        if self.verbose:
            print(f"\n{printable(self.verdict)}")
