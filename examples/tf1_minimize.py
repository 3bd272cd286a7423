"""TF1 graph mode: a GradientDescentOptimizer whose rate comes from a config.

The rate ramps up over 500 steps from 0.001 to 0.1 and then steps down through 0.1, 0.05, 0.01 and
0.005. The model is a line through a few points.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import numpy as np
import tensorflow as tf

import schedule_builder as sb

tf1 = tf.compat.v1
CONFIG = Path(__file__).resolve().parent.parent / "configs" / "tf1_minimize.config"
SHOWN = (0, 1, 250, 499, 500, 501, 1000, 1001, 2000, 2001, 3000, 3001, 3499)


def main() -> None:
    """Trains, and prints step, rate and loss where the rate changes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--steps", type=int, default=max(SHOWN) + 1)
    arguments = parser.parse_args()
    try:
        config = sb.load(arguments.config)
    except (OSError, sb.ConfigError) as error:
        parser.exit(1, f"{error}\n")

    inputs = np.linspace(-1, 1, 21)
    with tf.Graph().as_default(), tf1.Session() as session:
        slope = tf1.get_variable("slope", initializer=0.0)
        offset = tf1.get_variable("offset", initializer=0.0)
        targets = tf.constant(3 * inputs + 2, tf.float32)
        loss = tf.reduce_mean(tf.square(slope * tf.constant(inputs, tf.float32) + offset - targets))

        global_step = tf1.train.get_or_create_global_step()
        learning_rate = sb.build_learning_rate(config, global_step)
        optimizer = tf1.train.GradientDescentOptimizer(learning_rate)
        train = optimizer.minimize(loss, global_step)

        session.run(tf1.global_variables_initializer())
        print("step  rate      loss")
        for step in range(arguments.steps):
            # The rate and the loss before the update: those that the update is made with.
            rate, before = session.run([learning_rate, loss])
            session.run(train)
            if step in SHOWN:
                print(f"{step:4}  {rate:.6f}  {before:.3g}")
        print("slope {:.3f}, offset {:.3f}".format(*session.run([slope, offset])))


if __name__ == "__main__":
    main()
