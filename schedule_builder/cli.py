"""The command line, `schedule-builder`.

Exit codes: 0, no errors; 1, the configs have errors, or `diff` found a difference; 2, the command
could not run.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence

from schedule_builder import __version__
from schedule_builder.config import examine_bytes
from schedule_builder.curves import MAX_STEP
from schedule_builder.diagnostics import RENDERERS as FINDING_FORMATS
from schedule_builder.diagnostics import Diagnostic

OK, FOUND_ERRORS, COULD_NOT_RUN = 0, 1, 2
DIFFERENT = 1
MAX_SHOWN_STEPS = 1_000_000
_RANGE = re.compile(r"(\d+)(?::(\d+)(?::(\d+))?)?\Z")


def _read(path: str) -> bytes | None:
    """A file's contents; None after saying why it has none."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slower to open one file
            return file.read()
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"schedule-builder: cannot read {path}: {reason}", file=sys.stderr)
        return None


def _summary(diagnostics: Sequence[Diagnostic], files: int) -> str:
    counts = Counter(d.severity for d in diagnostics)
    found = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in ("error", "warning")
        if counts[severity]
    ]
    where = f"{files} file{'s' if files != 1 else ''}"
    return f"Found {' and '.join(found)} in {where}." if found else f"{where}: no findings."


def _validate(arguments: argparse.Namespace) -> int:
    diagnostics: list[Diagnostic] = []
    code, files = OK, 0
    for path in arguments.files:
        data = _read(path)
        if data is None:
            code = COULD_NOT_RUN
            continue
        files += 1
        diagnostics += examine_bytes(data, path).diagnostics
    sys.stdout.write(FINDING_FORMATS[arguments.format](diagnostics))
    if arguments.format == "text":
        print(_summary(diagnostics, files))
    if code == OK and any(d.severity == "error" for d in diagnostics):
        code = FOUND_ERRORS
    return code


def _show(arguments: argparse.Namespace) -> int:
    from schedule_builder.showing import RENDERERS, resolved, telling_steps

    data = _read(arguments.file)
    if data is None:
        return COULD_NOT_RUN
    config = examine_bytes(data, arguments.file)
    if config.diagnostics:
        sys.stderr.write(FINDING_FORMATS["text"](list(config.diagnostics)))
    if config.schedule is None:
        return FOUND_ERRORS
    if arguments.resolved:
        sys.stdout.write(resolved(config.message))
        return OK
    steps = arguments.steps or telling_steps(config.schedule, config.num_steps)
    sys.stdout.write(RENDERERS[arguments.format](config, config.schedule, steps))
    return OK


def _diff(arguments: argparse.Namespace) -> int:
    from schedule_builder.comparing import first_difference

    schedules = []
    for path in (arguments.first, arguments.second):
        data = _read(path)
        if data is None:
            return COULD_NOT_RUN
        config = examine_bytes(data, path)
        if config.schedule is None:
            sys.stderr.write(FINDING_FORMATS["text"](list(config.diagnostics)))
            return COULD_NOT_RUN
        schedules.append(config.schedule)
    step = first_difference(*schedules)
    if step is None:
        print("The rates are the same at every step.")
        return OK
    print(f"The rates differ from step {step} on:")
    paths = (arguments.first, arguments.second)
    width = max(map(len, paths))
    for path, schedule in zip(paths, schedules, strict=True):
        print(f"  {path:{width}}  {schedule(step):.17g}  {schedule.segment_at(step)}")
    return DIFFERENT


def _steps(text: str) -> list[int]:
    """Steps as `--steps` takes them: `0,1,999`, or ranges such as `0:1000:100`."""
    steps: list[int] = []
    for part in text.split(","):
        match = _RANGE.match(part.strip())
        if match is None:
            message = f"{part!r} is neither a step nor a range FIRST:END[:EVERY]"
            raise argparse.ArgumentTypeError(message)
        first, end, every = (int(group) if group else None for group in match.groups())
        chosen = range(first or 0, (first or 0) + 1 if end is None else end, every or 1)
        if every == 0 or len(steps) + len(chosen) > MAX_SHOWN_STEPS:
            message = f"{part!r} makes more than {MAX_SHOWN_STEPS} steps"
            raise argparse.ArgumentTypeError(message)
        if chosen and chosen[-1] > MAX_STEP:
            message = f"{part!r} is beyond the largest step, {MAX_STEP}"
            raise argparse.ArgumentTypeError(message)
        steps += chosen
    return steps


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="schedule-builder",
        description="One compiler for learning-rate schedules.",
        epilog="Exit codes: 0, no errors; 1, the configs have errors; 2, could not run.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    validate = commands.add_parser(
        "validate", help="check configs", description="Check configs, and report every finding."
    )
    validate.add_argument("files", nargs="+", metavar="FILE", help="text format, YAML or JSON")
    validate.add_argument(
        "--format", choices=FINDING_FORMATS, default="text", help="how to report (text)"
    )
    validate.set_defaults(command=_validate)

    show = commands.add_parser(
        "show",
        help="say what a config comes to",
        description="Show a config's schedule: in words, and as rates at steps.",
    )
    show.add_argument("file", metavar="FILE", help="text format, YAML or JSON")
    show.add_argument(
        "--steps",
        type=_steps,
        metavar="STEPS",
        help="steps to show, such as 0,1,999 or 0:1000:100 (by default, where the rate changes)",
    )
    show.add_argument(
        "--resolved", action="store_true", help="show the config with every value in force"
    )
    show.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="how to show (table)"
    )
    show.set_defaults(command=_show)

    diff = commands.add_parser(
        "diff",
        help="compare two schedules",
        description="Say whether two configs mean the same rates, or from which step on they"
        " differ. Exit code 1 where they do, 2 where one of them has errors.",
    )
    diff.add_argument("first", metavar="FILE", help="a config in any format")
    diff.add_argument("second", metavar="FILE", help="another one")
    diff.set_defaults(command=_diff)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A config may hold any character, and a terminal may not know it.
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = _parser().parse_args(argv)
        code: int = arguments.command(arguments)
        sys.stdout.flush()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else COULD_NOT_RUN
    except BrokenPipeError:
        # Whoever read our output has closed it: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN
    return code
