"""A training run that kills itself at a step, and resumes from its checkpoint when run again.

python -m tests.support.resuming WAY CONFIG FOLDER KILL_AT

Appends each applied rate, as the optimizer was given it, to FOLDER/applied.csv.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import schedule_builder as sb
import schedule_builder.frameworks.keras3  # for load_model
from tests.support.recording import samples, small_model

EPOCH_STEPS = 5


def applied(optimizer: Any, path: Path, kill_at: int) -> None:
    """Writes down each update's step and rate when it is applied, and kills the process at one."""
    update_step = optimizer.update_step

    def write(step: Any, rate: Any) -> None:
        with path.open("a") as file:
            file.write(f"{int(step)},{float(rate)!r}\n")
        if int(step) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def recorded(gradient: Any, variable: Any, learning_rate: Any) -> Any:
        if tuple(variable.shape) == (1,):
            tf.py_function(write, [optimizer.iterations.value, learning_rate], [])
        return update_step(gradient, variable, learning_rate)

    optimizer.update_step = recorded


def fit(model: Any, config: sb.Config, folder: Path, *callbacks: Any) -> None:
    log = sb.LearningRateLog(config, folder / "rates.csv")
    epochs = (config.num_steps or 0) // EPOCH_STEPS
    done = int(model.optimizer.iterations) // EPOCH_STEPS
    inputs, targets = samples(4 * EPOCH_STEPS)
    model.fit(
        inputs,
        targets,
        batch_size=4,
        initial_epoch=done,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*callbacks, log],
    )


def with_backup_and_restore(config: sb.Config, folder: Path, kill_at: int) -> None:
    model = small_model(keras)
    optimizer = sb.build_optimizer(config)
    applied(optimizer, folder / "applied.csv", kill_at)
    model.compile(optimizer, "mse")
    fit(model, config, folder, keras.callbacks.BackupAndRestore(folder / "backup"))


def with_model_checkpoint(config: sb.Config, folder: Path, kill_at: int) -> None:
    path = folder / "model.keras"
    if path.exists():
        model = keras.models.load_model(path)  # its schedule comes with it
    else:
        model = small_model(keras)
        model.compile(sb.build_optimizer(config), "mse")
    applied(model.optimizer, folder / "applied.csv", kill_at)
    fit(model, config, folder, keras.callbacks.ModelCheckpoint(path))


def with_checkpoint(config: sb.Config, folder: Path, kill_at: int) -> None:
    model = small_model(keras)
    optimizer = sb.build_optimizer(config)
    applied(optimizer, folder / "applied.csv", kill_at)
    optimizer.build(model.trainable_variables)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    manager = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=2)
    checkpoint.restore(manager.latest_checkpoint)

    @tf.function
    def train_step(inputs: Any, targets: Any) -> Any:
        rate = tf.identity(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True) - targets))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return rate

    inputs, targets = map(tf.constant, samples(4))
    with sb.RateLog(config, folder / "rates.csv") as log:
        for step in range(int(optimizer.iterations), config.num_steps or 0):
            log.record(step, float(train_step(inputs, targets)))
            if (step + 1) % EPOCH_STEPS == 0:
                manager.save()
    print(log.close())


WAYS = {
    "BackupAndRestore": with_backup_and_restore,
    "ModelCheckpoint": with_model_checkpoint,
    "Checkpoint": with_checkpoint,
}


if __name__ == "__main__":
    way, config_path, folder_path, kill_step = sys.argv[1:]
    WAYS[way](sb.load(config_path), Path(folder_path), int(kill_step))
