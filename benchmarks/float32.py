"""How far rates computed in float32 are from the exact ones: `python -m benchmarks.float32`.

Of all config files at hand, at both sides of every boundary and between: not a speed, and no row of
the table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from benchmarks.inputs import every_config
from schedule_builder import ConfigError, Schedule, build_schedule
from schedule_builder.frameworks.tensorflow_backend import rate_tensor


class Distance(NamedTuple):
    """The largest distance of a schedule's rates from the exact ones.

    Attributes:
        share: of the exact rate.
        step: where it is.
    """

    share: float
    step: int


def steps_of(schedule: Schedule) -> Any:
    """Both sides of every boundary up to step 2^40, and steps between and after."""
    begins = np.array([begin for begin in schedule.begins if begin < _LARGEST])
    ends = np.append(begins[1:], max(2 * begins[-1], 1_000_000))
    between = [begins + (ends - begins) * i // 16 for i in range(16)]
    beside = [begins - 1, begins + 1, ends - 2]
    return np.unique(np.concatenate([begins, *between, *beside]).clip(0))


def distance(schedule: Schedule) -> Distance:
    """The largest distance among the steps at which float32 has all of its digits."""
    steps = steps_of(schedule)
    exact = schedule(steps)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        rates = session.run(rate_tensor(schedule, tf.constant(steps), "float32"))
    found = rates.astype(np.float64)
    is_normal = np.abs(exact) >= _SMALLEST
    shares = np.abs(found[is_normal] / exact[is_normal] - 1)
    if not len(shares):
        return Distance(0.0, 0)
    largest = int(np.nanargmax(shares))
    return Distance(float(shares[largest]), int(steps[is_normal][largest]))


def distances() -> Iterator[tuple[str, Distance]]:
    """The distances of all config files at hand that have a schedule."""
    seen = set()
    for path in every_config():
        try:
            schedule = build_schedule(path)
        except ConfigError:
            continue
        if schedule not in seen:
            seen.add(schedule)
            yield path.name, distance(schedule)


_SMALLEST = 2.0**-100
_LARGEST = 2**40

if __name__ == "__main__":
    found = sorted(distances(), key=lambda pair: -pair[1].share)
    print(f"{len(found)} schedules. The largest distances, as a share of the exact rate:")
    for name, (share, step) in found[:5]:
        print(f"  {share:.2g} at step {step:,}: {name}")
