"""Trains a small network on real data under the schedule of a pipeline config.

The data are scikit-learn's handwritten digits, which come with the package. Any other pipeline, or
a learning rate alone, works as well:

    python examples/train_digits.py --pipeline path/to/pipeline.config
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import schedule_builder as sb
from schedule_builder.output.plot import plot_schedule
from schedule_builder.v1.learning_rate_pb2 import LearningRate

ROOT = Path(__file__).resolve().parent.parent
MOST_STEPS = 2000
STEPS_WITHOUT_A_NUMBER = 1000


class Progress(keras.callbacks.Callback):
    """Shows loss and rate while training."""

    def __init__(self, num_steps: int, log: sb.LearningRateLog) -> None:
        super().__init__()
        self.num_steps = num_steps
        self.log = log
        self.bar = keras.utils.Progbar(num_steps, stateful_metrics=["learning rate"])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Shows those of the last step."""
        done = self.log.rates.count
        values = [("loss", logs["loss"]), ("learning rate", self.log.rates.last_rate)]
        if sys.stdout.isatty():
            self.bar.update(done, values, finalize=done == self.num_steps)
        elif done % max(self.num_steps // 10, 1) == 0:
            text = " ".join(f"{name} {value:.4g}" for name, value in values)
            print(f"{done}/{self.num_steps} {text}")


def data() -> tuple[Any, Any, Any, Any]:
    """Images and labels for training, and those held out."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., None]
    parts: tuple[Any, Any, Any, Any] = tuple(
        train_test_split(
            images, digits.target, test_size=0.2, random_state=0, stratify=digits.target
        )
    )
    return parts


def network() -> Any:
    """A small convolutional network."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def run_length(config: sb.Config, wanted: int | None) -> int:
    """For how many steps to train; says so where it is not what the config says."""
    num_steps = wanted or min(config.num_steps or STEPS_WITHOUT_A_NUMBER, MOST_STEPS)
    if config.num_steps is None:
        print(f"The config names no number of steps: training for {num_steps}.")
    elif num_steps < config.num_steps:
        print(
            f"The config trains for {config.num_steps:,} steps, this example only for the first"
            f" {num_steps:,} of them. (--steps chooses another number.)"
        )
    return num_steps


def optimizer_of(config: sb.Config) -> Any:
    """The config's optimizer; for a learning rate alone, SGD with momentum."""
    if isinstance(config.message, LearningRate):
        return keras.optimizers.SGD(sb.build_keras_schedule(config), momentum=0.9)
    return sb.build_optimizer(config)


def train(config: sb.Config, optimizer: Any, num_steps: int, folder: Path) -> int:
    """Trains, reports, and returns the exit code."""
    keras.utils.set_random_seed(0)
    train_images, test_images, train_labels, test_labels = data()
    batch_size = min(config.batch_size or 64, len(train_images))
    batches = (
        tf.data.Dataset.from_tensor_slices((train_images, train_labels))
        .shuffle(len(train_images), seed=0)
        .repeat()
        .batch(batch_size)
        .take(num_steps)
    )
    model = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    # Each run of this example is a new one.
    shutil.rmtree(folder / "logs", ignore_errors=True)
    (folder / "learning_rate.csv").unlink(missing_ok=True)
    log = sb.LearningRateLog(
        config, csv=folder / "learning_rate.csv", log_dir=folder / "logs", verbose=0
    )
    callbacks = [log, Progress(num_steps, log)]
    started = time.perf_counter()
    model.fit(batches, steps_per_epoch=num_steps, shuffle=False, verbose=0, callbacks=callbacks)
    seconds = time.perf_counter() - started
    _, accuracy = model.evaluate(test_images, test_labels, verbose=0)
    print(
        f"\nTrained on {len(train_images)} images for {num_steps} steps in {seconds:.0f} s."
        f" Accuracy on {len(test_images)} held-out images: {accuracy:.1%}"
    )

    print(log.verdict)
    if log.rates.first_difference:
        return 1
    picture = folder / "learning_rate.png"
    plot_schedule(sb.build_schedule(config), num_steps, picture, title=config.filename)
    print(
        f"Picture: {picture}\nRates:   {folder / 'learning_rate.csv'}\n"
        f"Logs:    tensorboard --logdir {folder / 'logs'}"
    )
    return 0


def main() -> int:
    """Reads the command line, and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pipeline", type=Path, default=ROOT / "configs" / "digits.config")
    parser.add_argument("--output", type=Path, default=Path("out"), help="a folder (out)")
    parser.add_argument("--steps", type=int, help="train for so many steps")
    arguments = parser.parse_args()
    if arguments.steps is not None and arguments.steps < 1:
        parser.error("--steps is at least 1")
    try:
        config = sb.load(arguments.pipeline)
        optimizer = optimizer_of(config)
    except sb.ConfigError as error:
        print(*error.diagnostics, sep="\n", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot read {arguments.pipeline}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{config.filename}:\n{sb.build_schedule(config)}\n")
    return train(config, optimizer, run_length(config, arguments.steps), arguments.output)


if __name__ == "__main__":
    sys.exit(main())
