"""The command `rescale`: a schedule for another run length, batch size or peak."""

from __future__ import annotations

import argparse
import codecs
import math
from fractions import Fraction

from schedule_builder.cli.common import (
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_file,
    add_output,
    explain_format,
    positive,
    read_input,
    say_findings,
    schedule_of,
)
from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.diagnostics import ConfigError, rate_text
from schedule_builder.dialects.units import nearest
from schedule_builder.editing import rates
from schedule_builder.editing.errors import EditingError, SetError
from schedule_builder.editing.rescale import follows_run, rescale, unscaled_counts
from schedule_builder.editing.summary import changed_fields, rate_change
from schedule_builder.files import same_file, write_file
from schedule_builder.output.difference import difference
from schedule_builder.output.streams import emit_file, say, show
from schedule_builder.reading.fields import dotted
from schedule_builder.workspace.discovery import STDIN

DESCRIPTION = (
    "Fit a config's schedule to another run length, warmup, batch size or peak. Comments, layout"
    " and everything else stay. Several options are applied in the order of this list."
)
_MOST_CHANGES = 12


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "--num-steps",
        type=positive,
        metavar="N",
        help="stretch the schedule to a run of N steps: multiply every number of steps, and set the"
        " run length (default: no change)",
    )
    parser.add_argument(
        "--epochs",
        type=_above_0,
        metavar="N",
        help="the same, for N passes over the training data (default: no change)",
    )
    parser.add_argument(
        "--examples",
        type=positive,
        metavar="N",
        help="number of training examples, for --epochs (default: the file's `examples_per_epoch`)",
    )
    parser.add_argument(
        "--from-steps",
        type=positive,
        metavar="N",
        help="run length that the schedule was made for (default: the file's)",
    )
    parser.add_argument(
        "--warmup-steps",
        type=_count,
        metavar="N",
        help="set how long the warmup lasts (default: no change)",
    )
    parser.add_argument(
        "--batch-size",
        type=positive,
        metavar="N",
        help="set the batch size, and multiply every rate and floor by the ratio to the old one"
        " (default: no change)",
    )
    parser.add_argument(
        "--rule",
        choices=rates.RULES,
        help="how rates follow --batch-size: with the ratio, or with its root (default: linear)",
    )
    parser.add_argument(
        "--keep-epochs",
        action="store_true",
        help="with --batch-size, divide lengths and the run length by the ratio",
    )
    parser.add_argument(
        "--scale-rates",
        type=_above_0,
        metavar="FACTOR",
        help="multiply every rate and floor (default: no change)",
    )
    parser.add_argument(
        "--peak",
        type=_above_0,
        metavar="RATE",
        help="multiply every rate and floor so that the highest is RATE (default: no change)",
    )
    add_output(parser, "write the new config to FILE", "the file itself, in place")
    explain_format(parser)
    parser.add_argument(
        "--diff", action="store_true", help="print the changes as a diff; change no file"
    )


def _above_0(text: str) -> Fraction:
    """A number above 0 on the command line, exactly."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        message = f"{text!r} is not a number above 0"
        raise argparse.ArgumentTypeError(message)
    return Fraction(repr(number))


def _count(text: str) -> int:
    """A number of steps on the command line, which may be 0."""
    return 0 if text == "0" else positive(text)


def _followers(config: Config) -> str:
    """Says which lengths follow the run length by themselves, and which do not."""
    fixed = unscaled_counts(config)
    if not fixed:
        return "all lengths follow it"
    names = ", ".join(f"`{dotted(path)}` ({length})" for path, length in fixed.items())
    return f"other lengths follow it, and these do not: {names}"


def _check(arguments: argparse.Namespace) -> None:
    """Rejects combinations of options that have no effect together."""
    given = {name for name, value in vars(arguments).items() if value not in (None, False)}
    for one, other in (
        ("num_steps", "epochs"),
        ("keep_epochs", "num_steps"),
        ("keep_epochs", "epochs"),
        ("scale_rates", "peak"),
    ):
        if {one, other} <= given:
            message = f"`--{one}` cannot be combined with `--{other}`".replace("_", "-")
            raise UsageError(message)
    for option, needed in (
        ("examples", "epochs"),
        ("rule", "batch_size"),
        ("keep_epochs", "batch_size"),
    ):
        if option in given and needed not in given:
            message = f"`--{option}` requires `--{needed}`".replace("_", "-")
            raise UsageError(message)
    if "from_steps" in given and not {"num_steps", "epochs", "keep_epochs"} & given:
        message = "`--from-steps` requires `--num-steps`, `--epochs` or `--keep-epochs`"
        raise UsageError(message)
    if given <= {"file", "output", "diff"}:
        message = (
            "nothing to rescale: pass `--num-steps`, `--epochs`, `--batch-size`, `--scale-rates`,"
            " `--peak` or `--warmup-steps`"
        )
        raise UsageError(message)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    _check(arguments)
    data = read_input(arguments.file)
    name = "<stdin>" if arguments.file == STDIN else arguments.file
    config = examine_bytes(data, name)
    if config.schedule is None and arguments.num_steps is not None:
        # Under a unit, a file that does not state its run length has no schedule of its own.
        known = examine_bytes(data, name, num_steps=arguments.num_steps)
        config = known if known.schedule is not None else config
    schedule = schedule_of(config)
    try:
        new_config, done = _rescaled(config, arguments)
    except SetError as error:
        raise CommandError(str(error), FOUND_ERRORS, error.findings) from None
    except EditingError as error:
        raise CommandError(str(error), FOUND_ERRORS) from None
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    new = mark + new_config.document.source.text.encode()
    if new == data and arguments.output is None and arguments.file != STDIN:
        why = _already(arguments, schedule.begins[-1])
        say(f"schedule-builder: nothing to change: {name} {why}")
        return OK
    what = f"{name} {'; '.join(done)}"
    if arguments.diff:
        show(difference(data, new, name))
        say(f"Would rescale {what}.")
    else:
        _write(arguments, new, data)
        say(f"Rescaled {what}.")
    changes = changed_fields(config, new_config)
    say(*(f"{name}: {change}" for change in changes[:_MOST_CHANGES]))
    if len(changes) > _MOST_CHANGES:
        say(f"{name}: and {len(changes) - _MOST_CHANGES} more fields")
    say(*(f"{name}: {line}" for line in [rate_change(config, new_config)] if line))
    # A schedule that did not fit the old run does not fit the new one either.
    say_findings(examine_bytes(new, name).diagnostics)
    return OK


def _already(arguments: argparse.Namespace, end: int) -> str:
    """The reason why nothing changes."""
    if arguments.num_steps is None:
        return "has these values already"
    hint = f"; its schedule ends at step {end}: `--from-steps {end}` would fit that to the run"
    made = f"is made for {arguments.num_steps} steps"
    return f"{made}{hint if end not in (0, arguments.num_steps) else ''}"


def _rescaled(config: Config, arguments: argparse.Namespace) -> tuple[Config, list[str]]:
    """The config after all requested changes, and a description of each change."""
    done: list[str] = []
    now = config
    num_steps = _run_length(config, arguments)
    if num_steps is not None:
        before = arguments.from_steps or config.num_steps
        now = _stretched(config, num_steps, arguments)
        done.append(f"from {before} to {num_steps} steps")
        if follows_run(config):
            done[-1] += f", changing the run length alone: {_followers(config)}"
    if arguments.warmup_steps is not None:
        now = rates.set_warmup(now, arguments.warmup_steps).config
        done.append(f"to a warmup of {arguments.warmup_steps} steps")
    if arguments.batch_size is not None:
        rule, old = arguments.rule or "linear", rates.stated_batch_size(now)
        if rates.has_scaling(now) and arguments.rule is not None:
            message = "`--rule` cannot be combined with the file's `batch_size_scaling`"
            raise UsageError(message)
        factor = arguments.batch_size / old
        factor = factor if rule == "linear" else math.sqrt(factor)
        how = f"rates times {rate_text(factor)}, by the {rule} rule"
        if rates.has_scaling(now):
            how = "rates follow by its `batch_size_scaling`"
        now = rates.set_batch_size(now, arguments.batch_size, rule).config
        done.append(f"from batch size {old} to {arguments.batch_size}: {how}")
    if arguments.scale_rates is not None:
        now = rates.scale_rates(now, arguments.scale_rates).config
        done.append(f"with rates times {rate_text(float(arguments.scale_rates))}")
    if arguments.peak is not None:
        now = rates.set_peak(now, float(arguments.peak)).config
        done.append(f"to a peak of {rate_text(float(arguments.peak))}")
    return now, done


def _run_length(config: Config, arguments: argparse.Namespace) -> int | None:
    """The run length to stretch to; None to leave it."""
    if arguments.epochs is not None:
        batch_size = arguments.batch_size or rates.stated_batch_size(config)
        examples = arguments.examples or _examples(config)
        return max(nearest(arguments.epochs * examples / batch_size), 1)
    if not arguments.keep_epochs:
        num_steps: int | None = arguments.num_steps
        return num_steps
    before = arguments.from_steps or config.num_steps
    if before is None:
        message = f"{config.filename} does not set its run length: pass `--from-steps`"
        raise UsageError(message, FOUND_ERRORS)
    old = rates.stated_batch_size(config)
    return max(nearest(Fraction(before * old, arguments.batch_size)), 1)


def _examples(config: Config) -> int:
    """How many examples the file says an epoch has."""
    examples = config.get((*config.learning_rate_path, "examples_per_epoch"))
    if not examples:
        message = (
            f"{config.filename} does not set `examples_per_epoch`: pass `--examples`, the number of"
            " training examples"
        )
        raise UsageError(message, FOUND_ERRORS)
    return int(examples)


def _stretched(config: Config, num_steps: int, arguments: argparse.Namespace) -> Config:
    """The config, stretched to a run length."""
    try:
        text = rescale(config, num_steps, arguments.from_steps)
    except ConfigError as error:
        message = f"stretched to {num_steps} steps, the schedule is invalid:"
        errors = [d for d in error.diagnostics if d.severity == "error"]
        raise CommandError(message, FOUND_ERRORS, errors) from None
    given = config.given_steps and num_steps
    return examine_bytes(text.encode(), config.filename, num_steps=given)


def _write(arguments: argparse.Namespace, new: bytes, read: bytes) -> None:
    """Writes the new config over the old one, or where `-o` says."""
    in_place = arguments.output is None or same_file(arguments.output, [arguments.file])
    if in_place and arguments.file != STDIN:
        write_file(arguments.file, new, read=read)
    elif arguments.output is None:
        emit_file(new)
    else:
        write_file(arguments.output, new)
