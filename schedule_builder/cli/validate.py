"""The command `validate`: checks configs, fixes them, and prints the findings."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn

from schedule_builder.cli.common import (
    COULD_NOT_RUN,
    FOUND_ERRORS,
    OK,
    CommandError,
    Parser,
    UsageError,
    add_format,
    add_output,
    add_overrides,
    no_configs,
    note_run_lengths,
    positive,
    read_input,
    refuse_inputs,
    say_why,
    warn,
)
from schedule_builder.compiler import without_collector
from schedule_builder.files import WriteError, folder_of, write_file, writes_standard_output
from schedule_builder.output import RENDERERS, STATISTICS, WITH_COMMANDS, renderer
from schedule_builder.output.findings import (
    WITH_SUMMARY,
    Findings,
    default_format,
    not_checked,
    summary,
    wants_color,
)
from schedule_builder.output.streams import (
    clear_screen,
    emit,
    encoded,
    flush,
    is_terminal,
    say,
    show,
    show_progress,
    shows_progress,
)
from schedule_builder.printable import printable
from schedule_builder.workspace.checker import Checked, check, check_files
from schedule_builder.workspace.discovery import STDIN, Decision, decide
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import (
    Settings,
    SettingsError,
    codes,
    misspelled_tables,
    read_settings,
    settings_for,
)

DESCRIPTION = "Check configs and report every finding."
EPILOG = "Exit codes: 0, no errors; 1, errors, or findings that --fail-on names; 2, could not run."
_FOR_PEOPLE = ("text", "full", STATISTICS)
_PROGRESS_FROM = 20
_WATCH_SECONDS = 0.5


def add_arguments(parser: Parser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="PATH",
        help="files in text format, YAML or JSON; folders; patterns; - for standard input"
        " (default: the current folder)",
    )
    add_format(parser, RENDERERS, "text; github under GitHub Actions")
    add_output(parser, "write the report to FILE")
    parser.add_argument(
        "--statistics", action="store_true", help="count findings by rule, instead of listing them"
    )
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="print findings and warnings only: no summary, no progress",
    )
    parser.add_argument(
        "--stdin-filename",
        metavar="NAME",
        default="<stdin>",
        help="name to assume for standard input; decides format and settings (default: <stdin>)",
    )
    parser.add_argument(
        "--filter",
        action="store_true",
        help="skip files that are not configs or are excluded, even when named explicitly",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="skip files in folders that match a pattern, written as in .gitignore and relative to"
        " the current folder; repeatable (default: none)",
    )
    parser.add_argument(
        "--list-files",
        action="store_true",
        help="list the files to check, and why others are not checked; check nothing",
    )
    add_overrides(parser)
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="number of worker processes (default: chosen by total size)",
    )
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    _add_choices(parser)
    _add_fixes(parser)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to report")
    what.add_argument(
        "--select", metavar="CODES", help="only these codes, such as SB1,SB402 (default: all)"
    )
    what.add_argument("--ignore", metavar="CODES", help="none of these codes (default: none)")
    what.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        help="lowest severity that makes the exit code 1 (default: error)",
    )
    what.add_argument(
        "--baseline",
        metavar="FILE",
        help="omit the findings recorded in FILE (default: `baseline` in the settings)",
    )
    what.add_argument(
        "--write-baseline",
        metavar="FILE",
        help="write current findings to FILE as a baseline (default: none)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--config", metavar="FILE", help="pyproject.toml with the settings (default: the nearest)"
    )
    where.add_argument("--isolated", action="store_true", help="use no settings")


def _add_fixes(parser: argparse.ArgumentParser) -> None:
    fixes = parser.add_argument_group("fixes")
    fixes.add_argument("--fix", action="store_true", help="apply the safe fixes, in place")
    fixes.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="apply also the fixes that may change the schedule (implies --fix)",
    )
    fixes.add_argument(
        "--diff", action="store_true", help="print the fixes as a diff; change no file"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    if arguments.statistics and arguments.format:
        message = "`--statistics` cannot be combined with `--format`"
        raise UsageError(message)
    try:
        request = _request(arguments)
        if arguments.watch:
            _watch(arguments, request)
        return _once(arguments, request)
    except (BrokenPipeError, WriteError):
        raise  # `app` reports it for all commands.
    except OSError as error:
        raise CommandError(_reason(error)) from None


def _reason(error: Exception) -> str:
    """Why the command ends."""
    if isinstance(error, OSError) and error.filename is not None:
        return printable(f"{error.filename}: {error.strerror}")
    return str(error)


def _request(arguments: argparse.Namespace) -> Request:
    settings = None
    if arguments.isolated:
        settings = Settings()
    elif arguments.config:
        settings = read_settings(Path(arguments.config))
        if settings is None:
            message = f"`--config`: {arguments.config} has no table [tool.schedule-builder]"
            raise UsageError("\n".join([message, *misspelled_tables(Path(arguments.config))]))
    if arguments.exclude:
        from schedule_builder.workspace.patterns import of_settings  # noqa: PLC0415 - 3 ms, if needed

        try:
            of_settings(tuple(arguments.exclude))
        except ValueError as error:
            message = f"`--exclude`: {error}"
            raise UsageError(message) from None
    chosen = {name: _codes(name, getattr(arguments, name)) for name in ("select", "ignore")}
    return Request(
        tuple(arguments.overrides),
        arguments.num_steps,
        arguments.batch_size,
        **chosen,
        fail_on=arguments.fail_on,
        baseline=Path(arguments.baseline) if arguments.baseline is not None else None,
        settings=settings,
    )


def _codes(option: str, text: str | None) -> tuple[str, ...]:
    try:
        return codes([name.strip() for name in text.split(",")]) if text else ()
    except ValueError as error:
        message = f"`--{option}`: {error}"
        raise UsageError(message) from None


@without_collector()
def _once(arguments: argparse.Namespace, request: Request) -> int:
    decisions = _decide(arguments, request)
    if arguments.list_files:
        return _list_files(decisions)
    files = [decision.name for decision in decisions if not decision.reason]
    left_out = [f"{d.name} {d.reason}" for d in decisions if d.is_near and not arguments.quiet]
    if not files and arguments.filter:
        return OK
    if not files:
        message = no_configs(arguments.files)
        raise UsageError("\n".join([message, *map(not_checked, left_out)]))
    _refuse_outputs(files, arguments, request)
    folders = dict.fromkeys(map(folder_of, files))
    warn(text for folder in folders for text in request.settings_of(folder).warnings)
    code = OK
    if arguments.diff or arguments.fix or arguments.unsafe_fixes:
        if request.overrides:
            message = "`--set` cannot be combined with `--fix`, `--unsafe-fixes` or `--diff`"
            raise UsageError(message)
        from schedule_builder.cli.fixes import fix_files  # noqa: PLC0415 - 5 ms, for fixes alone

        fixed, piped, code = fix_files(files, arguments, request)
        if arguments.diff:
            return FOUND_ERRORS if fixed else OK
        if piped is not None:
            # Standard output holds the fixed text.
            left = check(piped, arguments.stdin_filename, request).diagnostics
            say(*request.shown(left))
            return code or (FOUND_ERRORS if request.fails(left) else OK)
    checked, unread = _check(files, arguments, request)
    code = max(code, unread)
    # An error in an override is the same in every file.
    diagnostics = list(dict.fromkeys(d for c in checked for d in c.diagnostics))
    texts = {c.filename: c.text for c in checked}
    note_run_lengths(arguments, [c.stated_length for c in checked])
    if arguments.write_baseline:
        from schedule_builder.workspace.baseline import Baseline  # noqa: PLC0415 - 3 ms, where needed

        count = Baseline(Path(arguments.write_baseline)).write(diagnostics, texts)
        path = arguments.write_baseline
        _done(f"Wrote {count} known finding{'s' * (count != 1)} to {path}.", arguments, path)
        return code
    known = 0
    if any(map(request.baseline_of, texts)):
        from schedule_builder.workspace.baseline import beyond_baselines  # noqa: PLC0415 - as above

        diagnostics, known = beyond_baselines(
            diagnostics, texts, request, is_partial=arguments.filter
        )
    if not checked and code != OK and _shown_as(arguments) in _FOR_PEOPLE:
        return code
    warned = {d.filename for d in diagnostics if d.severity == "warning"}
    failing = request.failing_warnings(warned)
    shown = request.shown(diagnostics)
    findings = Findings(
        shown, texts, known, left_out, counted=diagnostics, failing_warnings=failing
    )
    _report(findings, arguments)
    return code or (FOUND_ERRORS if request.fails(diagnostics) else OK)


def _decide(arguments: argparse.Namespace, request: Request) -> list[Decision]:
    paths = arguments.files or ["."]
    exclude = tuple(arguments.exclude)
    return list(decide(paths, request.settings_of, exclude, filtered=arguments.filter))


def _list_files(decisions: Sequence[Decision]) -> int:
    for name, reason, _ in decisions:
        line = f"{name}: {f'not checked: {reason}' if reason else 'checked'}"
        show(f"{printable(line)}\n")
    return OK


def _refuse_outputs(files: Sequence[str], arguments: argparse.Namespace, request: Request) -> None:
    """Ends the command where one of its outputs is one of its inputs."""
    if not (arguments.output or arguments.write_baseline):
        return
    folders = set(map(folder_of, files))
    settings = [request.settings_of(folder) for folder in folders]
    inputs = [*files, *filter(None, [arguments.config])]
    inputs += [str(s.root / "pyproject.toml") for s in settings if not arguments.isolated]
    refuse_inputs("--write-baseline", arguments.write_baseline, inputs)
    baselines = {request.baseline_of(name) for name in files}
    inputs += [str(path) for path in baselines if path is not None]
    refuse_inputs("--output", arguments.output, inputs)


def _check(
    files: Sequence[str], arguments: argparse.Namespace, request: Request
) -> tuple[list[Checked], int]:
    checked, code = [], OK
    names = [name for name in files if name != STDIN]
    if len(names) < len(files):
        checked.append(check(read_input(STDIN), arguments.stdin_filename, request))
    with closing(check_files(names, request, arguments.jobs)) as results:
        for name, result in results if arguments.quiet else _progress(results, len(names)):
            if isinstance(result, str):
                say(f"schedule-builder: cannot read {printable(name)}: {result}")
                code = COULD_NOT_RUN
            else:
                checked.append(result)
    return checked, code


def _progress(
    results: Iterator[tuple[str, Checked | str]], total: int
) -> Iterator[tuple[str, Checked | str]]:
    """Shows progress on a terminal while many files are checked."""
    shown = total > _PROGRESS_FROM and shows_progress()
    last = 0.0
    for count, result in enumerate(results, 1):
        now = time.monotonic()
        if shown and now - last > 0.1:  # noqa: PLR2004 - seconds, so that it does not flicker
            filled = 30 * count // total
            bar = "#" * filled + "." * (30 - filled)
            show_progress(f"[{bar}] {count}/{total} files")
            last = now
        yield result
    if shown:
        show_progress("")


def _shown_as(arguments: argparse.Namespace) -> str:
    """The module of the output."""
    if arguments.statistics:
        return STATISTICS
    return str(arguments.format or default_format())


def _report(findings: Findings, arguments: argparse.Namespace) -> None:
    name = _shown_as(arguments)
    color = wants_color(is_terminal=is_terminal()) and not arguments.output
    findings = findings._replace(color=color, is_quiet=arguments.quiet)
    text = renderer(name)(findings)
    if arguments.output:
        write_file(arguments.output, encoded(text))
        _done(summary(findings), arguments, arguments.output)
    else:
        if name in _FOR_PEOPLE:
            show(text, is_styled=color)
        else:
            emit(text, has_commands=name == WITH_COMMANDS)
        if name not in WITH_SUMMARY:
            say(*map(not_checked, findings.left_out))


def _done(text: str, arguments: argparse.Namespace, output: str) -> None:
    """Says what was done, where it does not get into an output that programs read."""
    if arguments.quiet:
        return
    if writes_standard_output(output):
        say(*text.split("\n"))
    else:
        show(f"{text}\n")


def _watch(arguments: argparse.Namespace, request: Request) -> NoReturn:
    """Checks again whenever the files, which files there are, or the settings change.

    What keeps the first check from running ends the command. Later, a file may be half written: the
    reason is said, and the next change is waited for.
    """
    before = None
    while True:
        settings_for.cache_clear()
        now = _state(arguments, request)
        if now != before:
            clear_screen()
            try:
                _once(arguments, request)
            except (CommandError, SettingsError, OSError) as error:
                if before is None or isinstance(error, BrokenPipeError):
                    raise
                say_why(error if isinstance(error, CommandError) else CommandError(_reason(error)))
            flush()
            before = now
        time.sleep(_WATCH_SECONDS)


def _state(arguments: argparse.Namespace, request: Request) -> object:
    """What a check depends on: it changes whenever this does."""
    files, settings = {}, {}
    try:
        for name, *_ in _decide(arguments, request):
            folder = folder_of(name)
            settings[folder] = request.settings_of(folder)
            with suppress(OSError):
                status = os.stat(name)  # noqa: PTH116 - twice a second
                files[name] = status.st_mtime_ns, status.st_size, status.st_ino
    except (SettingsError, OSError) as error:
        return str(error)
    return files, settings
