"""Pictures of schedules."""

from __future__ import annotations

import os
from io import BytesIO

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure

from schedule_builder.files import write_file
from schedule_builder.output.printable import printable
from schedule_builder.schedules.schedule import Schedule

_POINTS = 2000
_MARKED_SEGMENTS = 12


def sample_steps(schedule: Schedule, num_steps: int) -> list[int]:
    """The steps to draw: both sides of every change, and enough between them.

    Args:
        schedule: the schedule.
        num_steps: the length of the run.

    Returns:
        Increasing steps from 0 to `num_steps`.
    """
    steps = {num_steps * i // _POINTS for i in range(_POINTS + 1)}
    for begin in schedule.begins:
        steps |= {begin - 1, begin}
    steps.update(schedule.extremes(0, num_steps))
    return sorted(step for step in steps if 0 <= step <= num_steps)


def plot_schedule(
    schedule: Schedule,
    num_steps: int,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    suffix: str = "",
) -> None:
    """Draws the rate over a run.

    Args:
        schedule: the schedule.
        num_steps: the length of the run.
        path: where to write the picture.
        title: a line above the picture.
        suffix: the format, such as png, svg or pdf. By default it is the suffix of the path, or
            png where that has none.

    Raises:
        ValueError: the suffix is not that of a format.
        WriteError: the file cannot be written.
    """
    steps = sample_steps(schedule, num_steps)
    with rc_context():
        # The same schedule gives the same bytes, and a `matplotlibrc` in the current folder, which
        # may be a stranger's, cannot make matplotlib start LaTeX.
        rcdefaults()
        rcParams["svg.hashsalt"] = "schedule-builder"
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        axes = figure.add_subplot()
        begins = [begin for begin in schedule.begins[1:] if begin < num_steps]
        for begin in begins if len(begins) <= _MARKED_SEGMENTS else []:
            axes.axvline(begin, color="0.85", linewidth=1, zorder=0)
        axes.plot(steps, [schedule(step) for step in steps], color="#1f5fa8", linewidth=1.8)
        axes.set_xlabel("step")
        axes.set_ylabel("learning rate")
        axes.set_xlim(0, num_steps)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
        if title:
            axes.set_title(printable(title), loc="left", fontsize="medium")
        suffix = suffix or os.path.splitext(path)[1][1:].lower() or "png"  # noqa: PTH122 - may be a string
        metadata = {"Date": None} if suffix == "svg" else None
        picture = BytesIO()
        figure.savefig(picture, format=suffix, dpi=120, metadata=metadata)
    write_file(path, picture.getvalue())
