"""Trains on several machines under the schedule of one pipeline config.

Start one command for each worker, on its machine, with the same list of workers:

    python examples/multi_worker.py --workers 10.0.0.1:2222,10.0.0.2:2222 --index 0
    python examples/multi_worker.py --workers 10.0.0.1:2222,10.0.0.2:2222 --index 1

The config's `batch_size` is that of a step of all workers together. The workers share the folder
--backup: when one of them is lost, start its command again; the others notice, start over by
themselves, and all resume from the same checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import schedule_builder as sb

ROOT = Path(__file__).resolve().parent.parent


def batches(batch_size: int) -> tf.data.Dataset:
    """Images and labels, endlessly; TensorFlow gives each worker its share of every batch."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., None]
    dataset = tf.data.Dataset.from_tensor_slices((images, digits.target))
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    shuffled = dataset.shuffle(len(images), seed=0).repeat()
    return shuffled.batch(batch_size, drop_remainder=True).with_options(options)


def network() -> Any:
    """A small network."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def train(config: sb.Config, strategy: Any, worker: int, backup: Path, save_every: int) -> str:
    """Trains to the config's last step, from the backup if there is one."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = network()
        optimizer = sb.build_optimizer(config)
        optimizer.build(model.trainable_variables)
    batch_size, num_steps = config.batch_size or 64, config.num_steps or 1000
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    checkpoint.restore(tf.train.latest_checkpoint(str(backup / "worker-0")))
    # Saving is a step of all workers, but only what the first one writes is read again.
    manager = tf.train.CheckpointManager(checkpoint, str(backup / f"worker-{worker}"), 1)

    def update(images: Any, labels: Any) -> tuple[Any, Any]:
        rate = tf.identity(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            losses = keras.losses.sparse_categorical_crossentropy(
                labels, model(images, training=True), from_logits=True
            )
            loss = tf.nn.compute_average_loss(losses, global_batch_size=batch_size)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss, rate

    @tf.function
    def train_step(iterator: Any) -> tuple[Any, Any]:
        losses, rates = strategy.run(update, args=next(iterator))
        loss = strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
        return loss, strategy.experimental_local_results(rates)[0]

    iterator = iter(strategy.experimental_distribute_dataset(batches(batch_size)))
    with sb.RateLog(config, backup / f"worker-{worker}.csv") as log:
        for step in range(int(optimizer.iterations.numpy()), num_steps):
            loss, rate = train_step(iterator)
            log.record(step, float(rate))
            if (step + 1) % save_every == 0 or step + 1 == num_steps:
                manager.save()
                print(
                    f"worker {worker}: step {step + 1}, loss {loss:.4g}, rate {rate:.6g}",
                    flush=True,
                )
    return log.close()


def main() -> None:
    """Reads the command line, and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", required=True, help="HOST:PORT of each worker, with commas")
    parser.add_argument("--index", type=int, required=True, help="which of them this is, from 0")
    parser.add_argument("--pipeline", type=Path, default=ROOT / "configs" / "digits.config")
    parser.add_argument("--backup", type=Path, default=Path("out") / "backup")
    parser.add_argument("--save-every", type=int, default=100, help="steps between backups (100)")
    arguments = parser.parse_args()
    if arguments.save_every < 1:
        parser.error("--save-every is at least 1")
    cluster = {"worker": arguments.workers.split(",")}
    task = {"type": "worker", "index": arguments.index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    config = sb.load(arguments.pipeline)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    try:
        verdict = train(config, strategy, arguments.index, arguments.backup, arguments.save_every)
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        lost = type(error).__name__
        print(
            f"worker {arguments.index}: another worker was lost ({lost}): starting over", flush=True
        )
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - this very program
    print(f"worker {arguments.index}: {verdict}", flush=True)


if __name__ == "__main__":
    main()
