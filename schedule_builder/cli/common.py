"""What commands share: their arguments, how they read a config, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any, NoReturn

from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.diagnostics import Diagnostic, did_you_mean
from schedule_builder.files import (
    read_file,
    read_whole,
    resolved,
    same_file,
    write_file,
    writes_standard_output,
)
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.output import streams
from schedule_builder.output.streams import emit_text, encoded, say, show
from schedule_builder.printable import printable
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.workspace.checker import StatedLength, stated_length
from schedule_builder.workspace.discovery import STDIN
from schedule_builder.workspace.request import NOTHING_MORE
from schedule_builder.workspace.settings import settings_for

OK, FOUND_ERRORS, COULD_NOT_RUN = 0, 1, 2
_COLUMNS = 80


class CommandError(Exception):
    """Ends a command.

    Args:
        message: what to say on standard error; empty where the findings say all.
        code: the exit code.
        findings: findings to print after the message.
    """

    def __init__(
        self, message: str = "", code: int = COULD_NOT_RUN, findings: Iterable[Diagnostic] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.findings: tuple[Diagnostic, ...] = tuple(findings)


class UsageError(CommandError):
    """Ends a command that cannot do what its arguments ask for.

    `app` puts the command's name before the message, and its `--help` after it, as the parser does.
    The message names the option or the argument that is meant.
    """


class _HelpFormatter(argparse.HelpFormatter):
    """Help that is as wide as the terminal.

    argparse makes one for each argument that is declared, and asks `shutil` how wide it is, which
    imports all kinds of archives.
    """

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"width": _terminal_columns() - 2, **options})


def _terminal_columns() -> int:
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", ""))) > 0:
            return columns
    columns = 0
    if sys.__stdout__ is not None:
        with suppress(ValueError, OSError):  # it is closed, or not a terminal
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns
    return columns or _COLUMNS


class Parser(argparse.ArgumentParser):
    """A parser of one command's arguments that suggests the right spelling of a wrong one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": _HelpFormatter, **options})
        self._instead: dict[str, str] = {}

    def explain(self, *options: str, instead: str) -> None:
        """Says what to do instead of options that other commands have, and this one has not."""
        self._instead.update(dict.fromkeys(options, instead))

    def add_argument(self, *args: Any, **options: Any) -> argparse.Action:
        """Declares an argument. One with choices suggests the choice that was meant."""
        if "choices" in options:
            options.setdefault("type", _one_of(options["choices"]))
        return super().add_argument(*args, **options)

    def parse(self, argv: list[str]) -> argparse.Namespace:
        """Parses arguments. An unknown option is reported before its value is taken for a file."""
        known = [option for action in self._actions for option in action.option_strings]
        for text in takewhile(lambda text: text != "--", argv):
            option = text.partition("=")[0]
            is_option = option.startswith("-") and not option[1:2].isdecimal() and option != "-"
            if is_option and not (
                any(name.startswith(option) for name in known) or _has_value(option, known)
            ):
                guess = did_you_mean(option, known)
                hint = f": did you mean `{guess}`?" if guess else ""
                if instead := self._instead.get(option[:2] if option[1] != "-" else option):
                    hint = f": {instead}"
                if os.path.lexists(text):
                    hint = f". For the file, write `./{text}`"
                self.error(f"unknown option `{option}`{hint}")
        if self._subparsers is not None:
            return self.parse_args(argv)
        # Options may stand between files, and between the settings of `set`.
        return self.parse_intermixed_args(argv)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Prints help on standard output, and what is wrong on standard error."""
        if file is sys.stderr:
            say(*message.removesuffix("\n").split("\n"))
        else:
            show(message)

    def error(self, message: str, code: int = COULD_NOT_RUN) -> NoReturn:
        """Says what is wrong, and which command explains the usage."""
        help_hint = f"For usage, run: {self.prog} --help"
        self.exit(code, f"{self.prog}: {message}\n{help_hint}\n")


def _has_value(option: str, known: Sequence[str]) -> bool:
    """Whether a text is a short option with its value attached, such as `-fjson`.

    `-format` is not: it is more likely `--format` than `-f ormat`.
    """
    return option[:2] in known and did_you_mean(f"-{option}", known) is None


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """The type of an argument with fixed choices."""
    words = tuple(choices)

    def check(text: str) -> str:
        if text in words:
            return text
        guess = did_you_mean(text, words)
        hint = f"did you mean `{guess}`? Expected" if guess else "expected"
        message = f"invalid value `{text}`: {hint} one of {', '.join(words)}"
        raise argparse.ArgumentTypeError(message)

    return check


def add_file(parser: argparse.ArgumentParser, name: str = "file", text: str = "") -> None:
    """Declares a config as an argument."""
    text = text or "a config in text format, YAML or JSON; - for standard input"
    parser.add_argument(name, metavar="FILE", help=text)


def add_output(
    parser: argparse.ArgumentParser,
    text: str = "write the output to FILE",
    default: str = "standard output",
) -> None:
    """Declares `-o`, for a command that writes. `write_output` writes there."""
    parser.add_argument("-o", "--output", metavar="FILE", help=f"{text} (default: {default})")


def add_format(
    parser: argparse.ArgumentParser,
    formats: Iterable[str],
    default: str,
    text: str = "output format",
) -> None:
    """Declares `-f`. Without it the argument is None, and `default` says in words what follows."""
    parser.add_argument(
        "-f", "--format", choices=tuple(formats), help=f"{text} (default: {default})"
    )


def explain_format(parser: Parser) -> None:
    """Says what to do instead of `-f`, for a command that changes a file."""
    parser.explain(
        "-f",
        "--format",
        instead="a file keeps its format. To convert it, run: schedule-builder convert FILE",
    )


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Declares `--set`, the run length and the batch size."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        dest="overrides",
        help="replace a value of the file, such as train_config.num_steps=5000; repeatable"
        " (default: none)",
    )
    add_run(parser)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declares the run length and the batch size of files that do not state theirs."""
    parser.add_argument(
        "--num-steps",
        type=positive,
        metavar="N",
        help="run length of files that do not state one (default: `num-steps` in the settings)",
    )
    parser.add_argument(
        "--batch-size",
        type=positive,
        metavar="N",
        help="batch size of files that do not state one (default: none)",
    )


def positive(text: str) -> int:
    """A number of steps, or of processes, on the command line."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        message = f"{text!r} is not a whole number above 0"
        raise argparse.ArgumentTypeError(message)
    return number


def say_why(error: CommandError) -> None:
    """Says why a command ends."""
    say(*(f"schedule-builder: {error}".split("\n") if str(error) else []))
    say_findings(error.findings)


def say_findings(findings: Sequence[Diagnostic]) -> None:
    """Prints as many findings of each file as its settings show."""
    say(*NOTHING_MORE.shown(findings))


def warn(warnings: Iterable[str]) -> None:
    """Prints warnings about the settings, each of them once."""
    say(*(f"schedule-builder: warning: {text}" for text in dict.fromkeys(warnings)))


def read_input(path: str, *, most: int = MAX_FILE_BYTES, is_whole: bool = False) -> bytes:
    """The contents of a file, or of standard input for `-`.

    Args:
        path: the file.
        most: the bytes that it may have. Of more, so many and one more are read.
        is_whole: whether to refuse a larger one.
    """
    try:
        if path == STDIN:
            data = streams.read_input(most)
            if is_whole and len(data) > most:
                message = f"standard input has more than {most:,} bytes"
                raise CommandError(message)
            return data
        return read_whole(path, most) if is_whole else read_file(path, at_most=most)
    except OSError as error:
        message = f"cannot read {printable(path)}: {error.strerror or error}"
        raise CommandError(message) from None


def read_config(path: str, **options: Any) -> Config:
    """Reads the config at a path, or on standard input for `-`; it may have errors."""
    return examine_bytes(read_input(path), "<stdin>" if path == STDIN else path, **options)


def read_run(path: str, arguments: argparse.Namespace) -> Config:
    """Reads the config at a path, with overrides, run length and batch size."""
    settings = settings_for(resolved(path).parent)
    warn(settings.warnings)
    config = read_config(
        path,
        overrides=getattr(arguments, "overrides", ()),
        num_steps=arguments.num_steps or settings.num_steps,
        batch_size=arguments.batch_size,
    )
    note_run_lengths(arguments, [stated_length(config)])
    return config


def note_run_lengths(arguments: argparse.Namespace, stated: Sequence[StatedLength | None]) -> None:
    """Says that `--num-steps` does not replace a run length that a file states.

    Args:
        arguments: those of the command.
        stated: the run length that each file states.
    """
    num_steps = arguments.num_steps
    others = [length for length in stated if length and num_steps not in (None, length.num_steps)]
    if not others:
        return
    filename, path, length = others[0]
    names = (text.partition("=")[0].strip() for text in arguments.overrides)
    if any(path == name or path.endswith(f".{name}") for name in names):
        say(f"schedule-builder: `--num-steps {num_steps}` is not used: `--set` gives {length}")
        return
    if len(stated) == 1:
        where = f"{filename} sets `{path}` to {length}"
    else:
        where = f"{len(others)} of {len(stated)} files set their own ({filename}: {length})"
    say(
        f"schedule-builder: `--num-steps {num_steps}` is not used: {where}. To replace it, pass"
        f" `--set {path}={num_steps}`"
    )


def write_output(
    arguments: argparse.Namespace,
    text: str,
    inputs: Iterable[str] = (),
    *,
    emit: Callable[[str], None] = show,
) -> None:
    """Writes a command's output where `-o` says, or to standard output.

    Args:
        arguments: those of the command, declared with `add_output`.
        text: the output.
        inputs: the files that it was made from, which it must not overwrite.
        emit: what prints it on standard output: `show` for people, `emit` for programs, and
            `emit_text` for the text of a file, which is written exactly.
    """
    if arguments.output is None:
        emit(text)
        return
    refuse_inputs("--output", arguments.output, inputs)
    data = text.encode("utf-8", "backslashreplace") if emit is emit_text else encoded(text)
    write_file(arguments.output, data)
    if not writes_standard_output(arguments.output):
        say(f"Wrote {arguments.output}.")


def schedule_of(config: Config, code: int = FOUND_ERRORS) -> Schedule:
    """The schedule of a config. Without one, the command ends with its findings and a code."""
    if config.schedule is None:
        raise CommandError(how_to_fix(config), code, config.diagnostics)
    return config.schedule


def how_to_fix(config: Config) -> str:
    """The command that fixes all errors of a file; empty if there is none."""
    errors = [found for found in config.diagnostics if found.severity == "error"]
    if not errors or not all(found.fix and found.fix.safe for found in errors):
        return ""
    if config.filename == "<stdin>":
        return "`schedule-builder validate --fix -` fixes these errors"
    return f"`schedule-builder validate --fix {config.filename}` fixes these errors"


def no_configs(paths: Sequence[str]) -> str:
    """What to say where files, folders and patterns on the command line name no config."""
    where = printable(", ".join(paths or ["."]))
    return f"found no configs in {where}: pass the PATH of a config, or of a folder with some"


def refuse_inputs(option: str, output: str | None, inputs: Iterable[str]) -> None:
    """Ends the command where an output would overwrite what it reads."""
    found = same_file(output, inputs) if output else None
    if found is not None:
        what = "standard input" if found == STDIN else found
        message = f"`{option} {output}` would overwrite an input, {what}: name another file"
        raise UsageError(message)
