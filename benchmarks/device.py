"""Rates on an accelerator: exactness, and time beside each framework's own schedules.

`python -m benchmarks.device` runs every framework that imports, or those that are named, and takes
less than three minutes. What it prints is the tables of docs/benchmarks_device.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from benchmarks.inputs import CONFIGS
from benchmarks.measuring import Pair, interleaved
from schedule_builder import Schedule, build_schedule

_LOOP = 2000
_CALLS = 50
_KINDS = ("cosine with warmup", "exponential", "piecewise, 3 boundaries")
_PAIRS = 30
_LONGEST = 2**31
"""JAX's steps are int32."""


class Device(NamedTuple):
    """What a framework runs on.

    Attributes:
        name: of the card, or of the processor where there is no accelerator.
        is_accelerator: whether it is one.
    """

    name: str
    is_accelerator: bool


class Way(NamedTuple):
    """One comparison: a function of ours and a peer's, each called `calls` times a run."""

    what: str
    ours: Callable[[], Any]
    peer: Callable[[], Any]
    calls: int


def units(found: Any, wanted: Any) -> float:
    """The largest distance of float32 rates from float64 ones, in units of the last place."""
    exact = np.asarray(wanted, np.float64)
    spacing = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    # What is less than the smallest normal number may be flushed to zero.
    counts = np.abs(exact) >= 2.0**-126
    distance = np.abs(np.asarray(found, np.float64) - exact) / spacing
    return float(np.max(distance[counts], initial=0.0))


def telling_steps(schedule: Schedule) -> list[int]:
    """Steps of a schedule: around each segment's beginning, and some between and far beyond."""
    last = min(max(schedule.begins[-1], 100_000), 2**30 - 1)
    near = {begin + i for begin in schedule.begins for i in (-1, 0, 1, 17)}
    some = range(0, 2 * last, max(last // 500, 1))
    return sorted({*(step for step in near if 0 <= step < _LONGEST), *some})


def _rows(name: str) -> Iterator[str]:
    home = import_module(f"benchmarks.device_{name}")
    device: Device = home.device()
    kind = "" if device.is_accelerator else " (no accelerator is seen)"
    yield f"## {_NAMES[name]} {_version(name)} on {device.name}{kind}"
    yield ""
    worst = ("", 0.0)
    recipes = sorted(CONFIGS.glob("*.config"))
    for config in recipes:
        schedule = build_schedule(config)
        steps = telling_steps(schedule)
        found = units(home.rates(schedule, np.array(steps, np.int64)), schedule.rates(steps))
        worst = max(worst, (config.name, found), key=lambda pair: pair[1])
    yield (
        f"Largest distance from the float64 rate over {len(recipes)} configs:"
        f" {worst[1]:.3f} units in the last place of float32 ({worst[0]})."
    )
    yield ""
    yield "| what / peer | ours | peer | ours / peer, median and 95 % interval |"
    yield "| --- | ---: | ---: | ---: |"
    for way in home.ways(_KINDS, _LOOP, _CALLS):
        turns = interleaved(way.ours, way.peer, calls=way.calls, most=_PAIRS, seconds=4.0)
        yield _line(way, turns.pair())
    yield ""


def _line(way: Way, pair: Pair) -> str:
    ours, peer = (1e6 * seconds for seconds in (pair.ours, pair.peer))
    ratio = "{:.2f} ({:.2f}..{:.2f})".format(*pair.ratio)
    return f"| {way.what} | {ours:,.2f} us | {peer:,.2f} us | {ratio} |"


_NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    for name in sys.argv[1:] or [name for name in _NAMES if find_spec(name)]:
        for line in _rows(name):
            print(line, flush=True)


if __name__ == "__main__":
    main()
