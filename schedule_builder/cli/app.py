"""The command line, `schedule-builder`.

Exit codes: 0, no errors; 1, the configs have errors, or `diff` found a difference; 2, the command
could not run.
"""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schedule_builder._version import __version__
from schedule_builder.cli import validate as validating
from schedule_builder.cli.validate import COULD_NOT_RUN, FOUND_ERRORS, OK
from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.files import WriteError, write_file
from schedule_builder.reading.formats import detect_format
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.workspace.discovery import STDIN
from schedule_builder.workspace.settings import SettingsError, settings_for

DIFFERENT = 1
MAX_SHOWN_STEPS = 1_000_000
_RANGE = re.compile(r"(\d+)(?::(\d+)(?::(\d+))?)?\Z")


def _read(path: str) -> bytes | None:
    """The contents of a file, or of standard input for `-`; None after saying why it has none."""
    if path == STDIN:
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slower to open one file
            return file.read()
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"schedule-builder: cannot read {path}: {reason}", file=sys.stderr)
        return None


def _print_findings(config: Config) -> None:
    for diagnostic in config.diagnostics:
        print(diagnostic, file=sys.stderr)


def _examine(path: str, **options: Any) -> Config | None:
    """The config that a path names, `-` included; None after saying why it cannot be read."""
    data = _read(path)
    if data is None:
        return None
    return examine_bytes(data, "<stdin>" if path == STDIN else path, **options)


def _examine_run(path: str, arguments: argparse.Namespace) -> Config | None:
    """The config that a path names, with what stands in for what it says of its run."""
    num_steps = arguments.num_steps or settings_for(Path(path).resolve().parent).num_steps
    return _examine(path, overrides=arguments.overrides, num_steps=num_steps)


def _usable(arguments: argparse.Namespace) -> tuple[Config, Schedule] | int:
    """The config that is meant and its schedule, or the exit code after saying what is wrong."""
    config = _examine_run(arguments.file, arguments)
    if config is None:
        return COULD_NOT_RUN
    _print_findings(config)
    return FOUND_ERRORS if config.schedule is None else (config, config.schedule)


def _show(arguments: argparse.Namespace) -> int:
    from schedule_builder.output.schedule_table import RENDERERS, resolved, telling_steps

    found = _usable(arguments)
    if isinstance(found, int):
        return found
    config, schedule = found
    if arguments.resolved:
        sys.stdout.write(resolved(config))
        return OK
    steps = arguments.steps or telling_steps(schedule, config.num_steps)
    sys.stdout.write(RENDERERS[arguments.format](config, schedule, steps))
    return OK


def _plot(arguments: argparse.Namespace) -> int:
    validating.refuse_inputs("--output", arguments.output, [arguments.file])
    found = _usable(arguments)
    if isinstance(found, int):
        return found
    config, schedule = found
    try:
        from schedule_builder.output.plot import plot_schedule
    except ImportError as error:
        print(
            f"schedule-builder: pictures need {error.name}: pip install 'schedule-builder[plot]'",
            file=sys.stderr,
        )
        return COULD_NOT_RUN
    # A little beyond the last change, where nothing says how long the run is.
    num_steps = config.num_steps or schedule.begins[-1] * 5 // 4 or 1000
    try:
        plot_schedule(schedule, num_steps, arguments.output, title=arguments.file)
    except ValueError as error:
        print(f"schedule-builder: cannot write {arguments.output}: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    return OK


def _rescale(arguments: argparse.Namespace) -> int:
    from schedule_builder.diagnostics import ConfigError
    from schedule_builder.editing.rescale import RescaleError, rescale

    data = _read(arguments.file)
    if data is None:
        return COULD_NOT_RUN
    config = examine_bytes(data, arguments.file)
    if config.schedule is None:
        _print_findings(config)
        return FOUND_ERRORS
    try:
        text = rescale(config, arguments.num_steps, arguments.from_steps)
    except RescaleError as error:
        print(f"schedule-builder: {error}", file=sys.stderr)
        return FOUND_ERRORS
    except ConfigError as error:
        steps = arguments.num_steps
        print(f"schedule-builder: stretched to {steps} steps, it is no schedule:", file=sys.stderr)
        print(error, file=sys.stderr)
        return FOUND_ERRORS
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    new = mark + text.encode()
    if new == data:
        end = config.schedule.begins[-1]
        hint = f"; its schedule ends at step {end}: `--from-steps {end}` would fit that to the run"
        print(
            f"schedule-builder: nothing to change: {arguments.file} is made for"
            f" {arguments.num_steps} steps{hint if end not in (0, arguments.num_steps) else ''}",
            file=sys.stderr,
        )
        return OK
    if arguments.diff:
        sys.stdout.write(validating.difference(data, new, arguments.file))
        return OK
    write_file(arguments.file, new, read=None if arguments.file == STDIN else data)
    # What did not fit the old run does not fit the new one.
    _print_findings(examine_bytes(new, arguments.file))
    return OK


def _convert(arguments: argparse.Namespace) -> int:
    from schedule_builder.editing.convert import ConvertError, convert
    from schedule_builder.reading.text_lexer import TEXT_FORMAT

    validating.refuse_inputs("--output", arguments.output, [arguments.file])
    config = _examine(arguments.file)
    if config is None:
        return COULD_NOT_RUN
    _print_findings(config)
    if any(found.severity == "error" for found in config.diagnostics):
        return FOUND_ERRORS
    if arguments.to is not None:
        file_format = arguments.to
    elif arguments.output is not None:
        if arguments.output.lower().endswith(".json"):
            print("schedule-builder: JSON holds no comments: name a .yaml file", file=sys.stderr)
            return COULD_NOT_RUN
        file_format = detect_format(arguments.output, "")
    else:
        file_format = "yaml" if config.document.syntax is TEXT_FORMAT else "text"
    try:
        text = convert(config, file_format)
    except ConvertError as error:
        print(f"schedule-builder: {error}", file=sys.stderr)
        return FOUND_ERRORS
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_file(arguments.output, text.encode())
    return OK


def _diff(arguments: argparse.Namespace) -> int:
    from schedule_builder.config import first_difference

    schedules, lengths = [], []
    for path in (arguments.first, arguments.second):
        config = _examine_run(path, arguments)
        if config is None:
            return COULD_NOT_RUN
        if config.schedule is None:
            _print_findings(config)
            return COULD_NOT_RUN
        schedules.append(config.schedule)
        lengths.append(config.num_steps)
    step = first_difference(*schedules)
    paths = (arguments.first, arguments.second)
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


def _rules(arguments: argparse.Namespace) -> int:
    from schedule_builder.rules.pages import KINDS, find, manual

    if not arguments.rules:
        for kind in KINDS.values():
            print(f"{kind.code}  {kind.severity:7}  {kind.name:24}  {kind.title}")
        return OK
    for text in arguments.rules:
        kinds = find(text)
        if not kinds:
            print(f"schedule-builder: there is no rule {text}", file=sys.stderr)
            return COULD_NOT_RUN
        print("\n".join(map(manual, kinds)))
    return OK


def _schema(arguments: argparse.Namespace) -> int:
    from schedule_builder.language_server.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return OK


def _server(arguments: argparse.Namespace) -> int:
    try:
        from schedule_builder.language_server.server import main as serve
    except ImportError as error:
        hint = "pip install 'schedule-builder[server]'"
        print(f"schedule-builder: the server needs {error.name}: {hint}", file=sys.stderr)
        return COULD_NOT_RUN
    serve()
    return OK


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


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="text format, YAML or JSON; - for standard input"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="schedule-builder",
        description="One compiler for learning-rate schedules.",
        epilog="Exit codes: 0, no errors; 1, the configs have errors; 2, could not run.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    validate = commands.add_parser(
        "validate",
        help="check configs",
        description="Check configs, and report every finding. Without a path, check this folder.",
        epilog="Exit codes: 0, no errors; 1, errors, or what --fail-on says; 2, could not run.",
    )
    validating.add_arguments(validate)

    rules = commands.add_parser(
        "rules",
        help="explain the findings",
        description="List all rules, or explain some.",
    )
    rules.add_argument(
        "rules", nargs="*", metavar="RULE", help="a code, its beginning, or a name: SB402, SB4"
    )
    rules.set_defaults(command=_rules)

    schema = commands.add_parser(
        "schema",
        help="print a JSON Schema of configs",
        description="Print a JSON Schema (draft 7) of configs in YAML and JSON, for editors.",
    )
    schema.set_defaults(command=_schema)

    server = commands.add_parser(
        "server",
        help="serve editors",
        description="Speak the Language Server Protocol over standard input and output. Needs"
        " pip install 'schedule-builder[server]'.",
    )
    server.set_defaults(command=_server)

    show = commands.add_parser(
        "show",
        help="say what a config comes to",
        description="Show a config's schedule: in words, and as rates at steps.",
    )
    _add_file(show)
    validating.add_overrides(show)
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

    plot = commands.add_parser(
        "plot",
        help="draw a schedule",
        description="Draw a config's rate over its run."
        " Needs pip install 'schedule-builder[plot]'.",
    )
    _add_file(plot)
    validating.add_overrides(plot)
    plot.add_argument(
        "--output",
        default="learning_rate.png",
        metavar="FILE",
        help="the picture, whose suffix says the format: png, svg, pdf (learning_rate.png)",
    )
    plot.set_defaults(command=_plot)

    rescale = commands.add_parser(
        "rescale",
        help="stretch a schedule to a run of another length",
        description="Multiply every number of steps in a config's learning rate, so that the"
        " schedule fits a run of another length, and set that length. Rates, comments and layout"
        " stay. Changes the file in place.",
    )
    rescale.add_argument("file", metavar="FILE", help="text format, YAML or JSON")
    rescale.add_argument(
        "--num-steps",
        type=validating.positive,
        required=True,
        metavar="N",
        help="how long the run is to be",
    )
    rescale.add_argument(
        "--from-steps",
        type=validating.positive,
        metavar="N",
        help="the length that the schedule was made for (the file's own)",
    )
    rescale.add_argument("--diff", action="store_true", help="show the changes, make none")
    rescale.set_defaults(command=_rescale)

    convert = commands.add_parser(
        "convert",
        help="write a config in the other format",
        description="Write a config in text format as YAML, or the reverse, with its comments.",
    )
    _add_file(convert)
    convert.add_argument(
        "--to",
        choices=("text", "yaml"),
        help="the format to write (what the name of the output says, or the other one)",
    )
    convert.add_argument("--output", metavar="FILE", help="where to write it (standard output)")
    convert.set_defaults(command=_convert)

    diff = commands.add_parser(
        "diff",
        help="compare two schedules",
        description="Say whether two configs mean the same rates, or from which step on they"
        " differ. Exit code 1 where they do, 2 where one of them has errors.",
    )
    diff.add_argument("first", metavar="FILE", help="a config in any format")
    diff.add_argument("second", metavar="FILE", help="another one")
    validating.add_overrides(diff)
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
        if not sys.stdout.closed:  # as the server leaves it
            sys.stdout.flush()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else COULD_NOT_RUN
    except (SettingsError, WriteError) as error:
        print(f"schedule-builder: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    except BrokenPipeError:
        # Whoever read our output has closed it: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN
    return code
