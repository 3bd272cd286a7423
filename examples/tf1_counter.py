"""TF1 graph mode: a loop that counts, and reads the rate after it has counted.

The increment of the global step is a control dependency of the rate, so that each run first
increments the step and then reads the rate for it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import tensorflow as tf

import schedule_builder as sb

tf1 = tf.compat.v1
CONFIG = Path(__file__).resolve().parent.parent / "configs" / "tf1_counter.config"


def main() -> None:
    """Counts to 20, and prints each step with its rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    try:
        config = sb.load(arguments.config)
    except (OSError, sb.ConfigError) as error:
        parser.exit(1, f"{error}\n")

    with tf.Graph().as_default(), tf1.Session() as session:
        global_step = tf1.train.get_or_create_global_step()
        update_op = tf1.assign_add(global_step, 1)
        with tf.control_dependencies([update_op]):
            learning_rate = sb.build_learning_rate(config)
            step = tf.identity(global_step.read_value())
        session.run(tf1.global_variables_initializer())
        for _ in range(arguments.steps):
            print("step {}: rate {:.4g}".format(*session.run([step, learning_rate])))


if __name__ == "__main__":
    main()
