"""The command `validate`: what to check, what to mend, what to show, and how to end."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.files import WriteError, same_file, write_file, writes_standard_output
from schedule_builder.output.findings import (
    RENDERERS,
    Findings,
    default_format,
    summary,
    wants_color,
)
from schedule_builder.workspace.checker import Checked, Request, check, check_files, mend
from schedule_builder.workspace.discovery import STDIN, find_files
from schedule_builder.workspace.settings import (
    Settings,
    SettingsError,
    codes,
    read_settings,
    settings_for,
)

OK, FOUND_ERRORS, COULD_NOT_RUN = 0, 1, 2
_FOR_PEOPLE = ("text", "full")
_PROGRESS_FROM = 20
_WATCH_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="PATH",
        help="files in text format, YAML or JSON; folders; patterns; - for standard input",
    )
    parser.add_argument(
        "--format", choices=RENDERERS, help="how to report (text; github under GitHub Actions)"
    )
    parser.add_argument("--output", metavar="FILE", help="write the report to a file")
    parser.add_argument(
        "--stdin-filename",
        metavar="NAME",
        default="<stdin>",
        help="the name of what - reads, which says its format and its settings",
    )
    parser.add_argument(
        "--filter",
        action="store_true",
        help="leave out what is no config, or is excluded, also of the files that are named",
    )
    add_overrides(parser)
    what = parser.add_argument_group("what to report")
    what.add_argument("--select", metavar="CODES", help="only these codes, such as SB1,SB402")
    what.add_argument("--ignore", metavar="CODES", help="none of these codes")
    what.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        help="which findings make the exit code 1 (error)",
    )
    what.add_argument("--baseline", metavar="FILE", help="leave out the findings of this file")
    what.add_argument(
        "--write-baseline", metavar="FILE", help="take what is found now for known, in a file"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", metavar="FILE", help="the pyproject.toml with the settings")
    where.add_argument("--isolated", action="store_true", help="use no settings")
    mending = parser.add_argument_group("mending")
    mending.add_argument("--fix", action="store_true", help="mend in place what is safe to mend")
    mending.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="mend what may change the schedule, too (--fix is included)",
    )
    mending.add_argument("--diff", action="store_true", help="show the mending, change nothing")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (as many as pay)")
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    parser.set_defaults(command=run)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Declares what stands in for what a file says."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        dest="overrides",
        help="a value in place of the file's, such as train_config.num_steps=5000; repeatable",
    )
    parser.add_argument(
        "--num-steps", type=positive, metavar="N", help="the length of runs whose file says none"
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


def run(arguments: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    try:
        request = _request(arguments)
        if arguments.watch:
            with suppress(KeyboardInterrupt):
                _watch(arguments, request)
            return OK
        return _once(arguments, request)
    except (BrokenPipeError, WriteError):
        raise  # The command line says it for all commands.
    except OSError as error:
        print(f"schedule-builder: {error.filename}: {error.strerror}", file=sys.stderr)
    return COULD_NOT_RUN


def _request(arguments: argparse.Namespace) -> Request:
    settings = None
    if arguments.isolated:
        settings = Settings()
    elif arguments.config:
        settings = read_settings(Path(arguments.config))
        if settings is None:
            message = f"{arguments.config} has no table [tool.schedule-builder]"
            raise SettingsError(message)
    try:
        chosen = {name: _codes(getattr(arguments, name)) for name in ("select", "ignore")}
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return Request(
        tuple(arguments.overrides),
        arguments.num_steps,
        **chosen,
        settings=settings,
    )


def _codes(text: str | None) -> tuple[str, ...]:
    return codes([name.strip() for name in text.split(",")]) if text else ()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Trees of many nodes hold no cycles, and looking for some takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collector()
def _once(arguments: argparse.Namespace, request: Request) -> int:
    files = _files(arguments, request)
    if not files and arguments.filter:
        return OK
    if not files:
        print("schedule-builder: there are no configs to check here", file=sys.stderr)
        return COULD_NOT_RUN
    _refuse_outputs(files, arguments, request)
    code = OK
    if arguments.diff or arguments.fix or arguments.unsafe_fixes:
        if request.overrides:
            message = "--set stands in for what files say, and mending changes that: give one"
            raise SettingsError(message)
        mended, piped, code = _mend(files, arguments, request)
        if arguments.diff:
            return FOUND_ERRORS if mended else OK
        if piped is not None:
            # Standard output holds the mended text.
            left = check(piped, arguments.stdin_filename, request).diagnostics
            for diagnostic in left:
                print(diagnostic, file=sys.stderr)
            return code or (FOUND_ERRORS if _fails(left, arguments, request) else OK)
    checked, unread = _check(files, arguments, request)
    code = max(code, unread)
    # What is wrong with an override is so in every file.
    diagnostics = list(dict.fromkeys(d for c in checked for d in c.diagnostics))
    if arguments.write_baseline:
        from schedule_builder.workspace.baseline import Baseline

        count = Baseline(Path(arguments.write_baseline)).write(diagnostics)
        print(f"Wrote {count} known finding{'s' * (count != 1)} to {arguments.write_baseline}.")
        return code
    diagnostics = _beyond_baselines(diagnostics, checked, arguments, request)
    if not checked and code != OK and (arguments.format or default_format()) in _FOR_PEOPLE:
        return code
    _report(diagnostics, checked, arguments)
    if code == OK and _fails(diagnostics, arguments, request):
        code = FOUND_ERRORS
    return code


def _files(arguments: argparse.Namespace, request: Request) -> list[str]:
    paths = arguments.files or ["."]
    return list(find_files(paths, request.settings_of, filtered=arguments.filter))


def refuse_inputs(option: str, output: str | None, inputs: Iterable[str]) -> None:
    """Raises a SettingsError where an output would overwrite what the command reads."""
    found = same_file(output, inputs) if output else None
    if found is not None:
        what = "standard input" if found == STDIN else found
        message = f"{option} {output} would overwrite an input, {what}: name another file"
        raise SettingsError(message)


def _refuse_outputs(files: Sequence[str], arguments: argparse.Namespace, request: Request) -> None:
    """Raises a SettingsError where an output of `validate` is one of its inputs."""
    if not (arguments.output or arguments.write_baseline):
        return
    folders = {Path(name).resolve().parent for name in files}
    settings = [request.settings_of(folder) for folder in folders]
    inputs = [*files, *filter(None, [arguments.config])]
    inputs += [str(s.root / "pyproject.toml") for s in settings if not arguments.isolated]
    refuse_inputs("--write-baseline", arguments.write_baseline, inputs)
    baselines = {_baseline_of(name, arguments, request) for name in files}
    inputs += [str(path) for path in baselines if path is not None]
    refuse_inputs("--output", arguments.output, inputs)


def _check(
    files: Sequence[str], arguments: argparse.Namespace, request: Request
) -> tuple[list[Checked], int]:
    checked, code = [], OK
    names = [name for name in files if name != STDIN]
    if len(names) < len(files):
        checked.append(check(sys.stdin.buffer.read(), arguments.stdin_filename, request))
    for name, result in _progress(check_files(names, request, arguments.jobs), len(names)):
        if isinstance(result, str):
            print(f"schedule-builder: cannot read {name}: {result}", file=sys.stderr)
            code = COULD_NOT_RUN
        else:
            checked.append(result)
    return checked, code


def _progress(
    results: Iterator[tuple[str, Checked | str]], total: int
) -> Iterator[tuple[str, Checked | str]]:
    """Shows on a terminal how far the check of many files is."""
    shown = total > _PROGRESS_FROM and sys.stderr.isatty()
    last = 0.0
    for count, result in enumerate(results, 1):
        now = time.monotonic()
        if shown and now - last > 0.1:  # noqa: PLR2004 - seconds, so that it does not flicker
            filled = 30 * count // total
            bar = "#" * filled + "." * (30 - filled)
            print(f"\r[{bar}] {count}/{total} files", end="", file=sys.stderr, flush=True)
            last = now
        yield result
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _baseline_of(filename: str, arguments: argparse.Namespace, request: Request) -> Path | None:
    """The file of what is known of a file."""
    if arguments.baseline is not None:
        return Path(arguments.baseline)
    settings = request.settings_of(Path(filename).resolve().parent)
    return settings.root / settings.baseline if settings.baseline else None


def _beyond_baselines(
    diagnostics: list[Diagnostic],
    checked: Sequence[Checked],
    arguments: argparse.Namespace,
    request: Request,
) -> list[Diagnostic]:
    """What no baseline knows, and the entries of baselines that are found no longer."""
    known = {c.filename: _baseline_of(c.filename, arguments, request) for c in checked}
    paths = {path for path in known.values() if path is not None}
    if not paths:
        return diagnostics
    from schedule_builder.workspace.baseline import Baseline

    stale = []
    for path in sorted(paths):
        baseline = Baseline(path)
        names = [name for name, own in known.items() if own == path]
        diagnostics, gone = baseline.compare(diagnostics, names, request)
        stale += request.settings_of(path.resolve().parent).judged(gone, str(path))
    return diagnostics + stale


def _report(
    diagnostics: Sequence[Diagnostic], checked: Sequence[Checked], arguments: argparse.Namespace
) -> None:
    name = arguments.format or default_format()
    color = wants_color(is_terminal=sys.stdout.isatty()) and not arguments.output
    findings = Findings(diagnostics, {c.filename: c.text for c in checked}, color)
    text = RENDERERS[name](findings)
    if arguments.output:
        write_file(arguments.output, text.encode("utf-8", "backslashreplace"))
        # Programs read the report.
        is_shared = writes_standard_output(arguments.output)
        print(summary(findings), file=sys.stderr if is_shared else sys.stdout)
    else:
        sys.stdout.write(text)


def _fails(
    diagnostics: Sequence[Diagnostic], arguments: argparse.Namespace, request: Request
) -> bool:
    """Whether any of the findings makes the run fail."""
    if any(d.severity == "error" for d in diagnostics):
        return True
    if arguments.fail_on:
        return bool(diagnostics) and arguments.fail_on == "warning"
    folders = {Path(name).resolve().parent for name in {d.filename for d in diagnostics}}
    return any(request.settings_of(folder).fail_on == "warning" for folder in folders)


def _mend(
    files: Sequence[str], arguments: argparse.Namespace, request: Request
) -> tuple[int, bytes | None, int]:
    """Mends files in place, or shows how.

    Returns:
        How many findings, what standard input became, and the exit code so far.
    """
    total, changed, piped, code = 0, 0, None, OK
    for name in files:
        is_stdin = name == STDIN
        filename = arguments.stdin_filename if is_stdin else name
        try:
            old = sys.stdin.buffer.read() if is_stdin else Path(name).read_bytes()
        except OSError:
            continue  # The check says why.
        unknown = None
        if path := _baseline_of(filename, arguments, request):
            from schedule_builder.workspace.baseline import Baseline

            unknown = Baseline(path).unknown
        new, count = mend(old, filename, request, unsafe=arguments.unsafe_fixes, choose=unknown)
        piped = new if is_stdin else piped
        if arguments.diff:
            sys.stdout.write(difference(old, new, filename))
        elif is_stdin:
            sys.stdout.buffer.write(new)
        elif count:
            try:
                write_file(name, new, read=old)
            except WriteError as error:
                left = f"{count} finding{'s' * (count != 1)} not fixed"
                print(f"schedule-builder: {error}: {left}", file=sys.stderr)
                code = COULD_NOT_RUN
                continue
        total += count
        changed += bool(count)
    where = f"{changed} file{'s' * (changed != 1)}"
    done = "Would mend" if arguments.diff else "Mended"
    if total or arguments.diff:
        print(f"{done} {total} finding{'s' * (total != 1)} in {where}.", file=sys.stderr)
    return total, piped, code


def difference(old: bytes, new: bytes, name: str) -> str:
    """What becomes another line, as `diff -u` shows it."""
    import difflib  # few runs show one

    before, after = (data.decode("utf-8", "replace").splitlines(True) for data in (old, new))
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(
            before, after, f"a/{name.lstrip('/')}", f"b/{name.lstrip('/')}"
        )
    )
    return text.replace("\r\n", "\n")


def _watch(arguments: argparse.Namespace, request: Request) -> None:
    """Checks again whenever one of the files, or which files there are, changes."""
    before: dict[str, int] | None = None
    while True:
        settings_for.cache_clear()
        now = {}
        for name in _files(arguments, request):
            with suppress(OSError):
                now[name] = os.stat(name).st_mtime_ns  # noqa: PTH116 - twice a second
        if now != before:
            if sys.stdout.isatty():
                print("\x1b[2J\x1b[H", end="")
            _once(arguments, request)
            sys.stdout.flush()
            before = now
        time.sleep(_WATCH_SECONDS)
