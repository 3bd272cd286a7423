"""The command `diff`: where two schedules differ."""

from __future__ import annotations

import argparse

from schedule_builder.cli.common import (
    COULD_NOT_RUN,
    OK,
    add_file,
    add_overrides,
    read_run,
    schedule_of,
)
from schedule_builder.schedules.comparison import first_difference

DESCRIPTION = (
    "Say whether two configs mean the same rates, or from which step on they differ. Exit code 1"
    " where they do, 2 where one of them has errors."
)
DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_file(parser, "first")
    add_file(parser, "second", "another one")
    add_overrides(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    paths = (arguments.first, arguments.second)
    configs, schedules = [], []
    for path in paths:
        configs.append(read_run(path, arguments))
        schedules.append(schedule_of(configs[-1], COULD_NOT_RUN))
    step = first_difference(*schedules)
    lengths = [config.num_steps for config in configs]
    if lengths[0] != lengths[1]:
        runs = " and ".join(f"{n or 'no number of'} steps" for n in lengths)
        print(f"The runs differ: {runs}.")
    if step is None:
        print("The rates are the same at every step.")
        return OK
    print(f"The rates differ from step {step} on:")
    rates = [repr(schedule(step)) for schedule in schedules]
    width, digits = max(map(len, paths)), max(map(len, rates))
    for path, rate, schedule in zip(paths, rates, schedules, strict=True):
        print(f"  {path:{width}}  {rate:{digits}}  {schedule.segment_at(step)}")
    return DIFFERENT
