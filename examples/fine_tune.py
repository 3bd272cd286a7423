"""Fine-tunes a small network for as many steps as you like, under one unchanged config.

The network learns the digits 0 to 4, then the digits 5 to 9 with the schedule of
configs/fine_tune_backbone.config: a warmup over 5 % of the run, drops at 60 % and 80 %. Its stem is
frozen, its backbone trains at a tenth of the rate, and its new head at the whole. The config counts
in percent of the run, so that the same file is right for every run length:

    python examples/fine_tune.py --num-steps 400
    python examples/fine_tune.py --num-steps 100
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import schedule_builder as sb

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "fine_tune_backbone.config"
PRE_TRAINING_STEPS = 150
CLASSES = 5


def data(digits: range) -> tuple[Any, Any, Any, Any]:
    """Images and labels of some of the digits, for training and held out."""
    loaded = load_digits()
    chosen = np.isin(loaded.target, list(digits))
    images = (loaded.images[chosen] / 16.0).astype(np.float32)[..., None]
    labels = loaded.target[chosen] - digits.start
    parts: tuple[Any, Any, Any, Any] = tuple(
        train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    )
    return parts


def network() -> Any:
    """A small convolutional network: a stem, a backbone and a head."""
    stem = keras.layers.Conv2D(8, 3, activation="relu", name="stem")
    backbone = keras.Sequential(
        [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Flatten()], name="backbone"
    )
    head = keras.layers.Dense(CLASSES, name="head")
    return keras.Sequential([keras.Input((8, 8, 1)), stem, backbone, head])


def moved(model: Any, before: dict[str, Any]) -> str:
    """How far the weights of each part moved, on average."""
    parts = []
    for layer in model.layers:
        pairs = zip(before[layer.name], layer.get_weights(), strict=True)
        change = np.concatenate([np.ravel(new - old) for old, new in pairs])
        parts.append(f"{layer.name} {np.abs(change).mean():.3f}")
    return ", ".join(parts)


def fit(model: Any, digits: range, optimizer: Any, num_steps: int, *callbacks: Any) -> float:
    """Trains on some of the digits, and returns the accuracy on those held out."""
    train_images, test_images, train_labels, test_labels = data(digits)
    batches = (
        tf.data.Dataset.from_tensor_slices((train_images, train_labels))
        .shuffle(len(train_images), seed=0)
        .repeat()
        .batch(32)
        .take(num_steps)
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    model.fit(
        batches, steps_per_epoch=num_steps, shuffle=False, verbose=0, callbacks=list(callbacks)
    )
    return float(model.evaluate(test_images, test_labels, verbose=0)[1])


def main() -> int:
    """Reads the command line, and runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--num-steps", type=int, default=400, help="the run length (default: 400)")
    parser.add_argument("--csv", type=Path, help="a file for the rates that were applied")
    arguments = parser.parse_args()
    if arguments.num_steps < 1:
        parser.error("--num-steps must be at least 1")
    keras.utils.set_random_seed(0)
    try:
        config = sb.load(CONFIG, overrides=f"train_config.num_steps={arguments.num_steps}")
    except sb.ConfigError as error:
        print(*error.diagnostics, sep="\n", file=sys.stderr)
        return 1
    print(f"{config.num_steps} steps:\n{sb.build_schedule(config)}\n")

    model = network()
    before = fit(model, range(CLASSES), keras.optimizers.SGD(0.05, 0.9), PRE_TRAINING_STEPS)
    print(f"Accuracy on held-out digits 0 to 4 after {PRE_TRAINING_STEPS} steps: {before:.1%}")
    log = sb.LearningRateLog(config, csv=arguments.csv, verbose=0)
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    after = fit(model, range(5, 10), sb.build_optimizer(config), arguments.num_steps, log)
    print(f"Accuracy on held-out digits 5 to 9 after fine-tuning: {after:.1%}")
    print(f"Mean change of the weights: {moved(model, weights)}")
    print(log.verdict)
    return 1 if log.rates.first_difference else 0


if __name__ == "__main__":
    sys.exit(main())
