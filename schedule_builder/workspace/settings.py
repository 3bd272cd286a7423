"""A project's settings: the table `[tool.schedule-builder]` of its pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from schedule_builder.diagnostics import Diagnostic, did_you_mean, shown
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.files import read_whole, resolved
from schedule_builder.limits import MAX_FILE_BYTES, MAX_SHOWN_FINDINGS
from schedule_builder.records import Record
from schedule_builder.rules.rate_rules import MAX_RATES
from schedule_builder.rules.run import THRESHOLDS

if TYPE_CHECKING:
    from schedule_builder.workspace.patterns import Patterns

SECTION = "schedule-builder"
# Without the closing bracket: if it is missing, the file is broken and must be reported.
_HEADER = re.compile(r"^\s*\[\s*tool\s*\.\s*[\"']?schedule-builder(?![\w-])", re.MULTILINE)
_KEY = re.compile(
    r"(?:^|[.\[])[ \t]*[\"']?([\w-]{12,20})[\"']?[ \t]*(?=[\].=])", re.MULTILINE | re.ASCII
)
"""Keys that are about as long as the name of our table."""
_NEARNESS = 0.85


class SettingsError(ValueError):
    """Raised for settings that cannot be used; the message names the file, the line and the fix."""


class Settings(Record):
    """The settings of a project.

    Attributes:
        select: the codes to report, or beginnings of codes; empty for all.
        ignore: the codes not to report.
        per_file_ignores: the codes not to report for files that match a pattern, as in
            `.gitignore`.
        severity: `error` or `warning` for a code, instead of its own.
        fail_on: `error`; or `warning`, if warnings also make a run fail.
        num_steps: the run length, where a file does not state it.
        files: patterns, as in `.gitignore`, of the files to check in folders; by default, their
            contents decide.
        exclude: patterns of files to leave out.
        baseline: a file of known findings.
        thresholds: the thresholds of rules.
        max_findings: how many findings of a file to show.
        max_rate: the highest rate that SB422 accepts, by optimizer.
        policy: what the team requires of every schedule.
        root: the folder that patterns and the baseline count from.
        warnings: messages about tables that are nearly ours, and are not read.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = {}
    severity: Mapping[str, str] = {}
    fail_on: str = "error"
    num_steps: int | None = None
    files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    thresholds: Mapping[str, float] = {}
    max_findings: int = MAX_SHOWN_FINDINGS
    max_rate: Mapping[str, float] = {}
    policy: Mapping[str, Any] = {}
    root: Path = Path()
    warnings: tuple[str, ...] = ()

    def _severity_of(self, diagnostic: Diagnostic) -> str:
        """The severity for the longest given beginning of the code."""
        given = [code for code in self.severity if diagnostic.code.startswith(code)]
        return self.severity[max(given, key=len)] if given else diagnostic.severity

    def matches(self, patterns: tuple[str, ...], filename: str) -> bool:
        """Whether patterns of these settings match a file, as in `.gitignore`, from the root."""
        if not patterns:
            return False
        path = Path(filename)
        try:
            # If the file is a symbolic link, its own name counts.
            inside = (resolved(path.parent) / path.name).relative_to(resolved(self.root))
        except ValueError:
            return False
        return _compiled(patterns).select([os.fsencode(part) for part in inside.parts])

    def judged(self, diagnostics: Sequence[Diagnostic], filename: str) -> list[Diagnostic]:
        """The findings that these settings report, with their severities."""
        ignored = list(self.ignore)
        for pattern, codes in self.per_file_ignores.items():
            if self.matches((pattern,), filename):
                ignored += codes
        return [
            d._replace(severity=self._severity_of(d)) if self.severity else d
            for d in diagnostics
            if (not self.select or d.code.startswith(self.select))
            and not d.code.startswith(tuple(ignored))
        ]


def codes(names: Sequence[str]) -> tuple[str, ...]:
    """Converts codes, beginnings of codes and names of rules to codes.

    Raises:
        ValueError: a text is none of these; the message has a hint.
    """
    from schedule_builder.rules.pages import NAMES, find, similar  # noqa: PLC0415 - 1 ms, for settings with codes alone

    for name in names:
        if not find(name):
            guess = similar(name)
            hint = f": did you mean `{guess}`?" if guess else ""
            message = f"unknown rule `{shown(name)}`{hint} (see `schedule-builder rules`)"
            raise ValueError(message)
    return tuple(NAMES.get(name.lower(), name.upper()) for name in names)


def _expect(holds: bool, expected: str, name: str = "") -> None:
    if not holds:
        message = f"{f'`{name}`: ' * bool(name)}expected {expected}"
        raise ValueError(message)


def _texts(value: Any) -> tuple[str, ...]:
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    _expect(is_list, 'a list of strings, such as ["SB402"]')
    return tuple(value)


def _compiled(patterns: tuple[str, ...]) -> Patterns:
    from schedule_builder.workspace.patterns import of_settings  # noqa: PLC0415 - 3 ms, if needed

    return of_settings(patterns)


def _patterns(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    _compiled(texts)
    return texts


def _file_ignores(pattern: str, value: Any) -> tuple[str, tuple[str, ...]]:
    _compiled((pattern,))
    return pattern, codes(_texts(value))


def _table(value: Any, of: Callable[[str, Any], tuple[str, Any]]) -> dict[str, Any]:
    _expect(isinstance(value, dict), "a table")
    return dict(of(name, item) for name, item in value.items())


def _choice(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        _expect(value in choices, " or ".join(choices))
        return str(value)

    return check


def _text(value: Any) -> str:
    _expect(isinstance(value, str), "a string")
    return str(value)


def _file_below(value: Any) -> str:
    """Checks that a file is in the folder of the settings, as settings may be untrusted."""
    path = PurePath(_text(value))
    if path.is_absolute() or ".." in path.parts or not str(value).isprintable():
        message = (
            f"expected a path below the folder of this file, not `{shown(str(path))}`."
            " For a file elsewhere, pass `--baseline`"
        )
        raise ValueError(message)
    return str(value)


def _positive(value: Any) -> int:
    _expect(type(value) is int and value > 0, "a whole number above 0")
    return int(value)


def _known(name: str, names: Sequence[str]) -> None:
    if name not in names:
        guess = did_you_mean(name, names)
        hint = f": did you mean `{guess}`?" if guess else f" (known: {', '.join(names)})"
        message = f"unknown setting `{shown(name)}`{hint}"
        raise ValueError(message)


def _threshold(name: str, value: Any) -> tuple[str, float]:
    _known(name, list(THRESHOLDS))
    _expect(type(value) in (int, float) and 0 <= value <= 1, "a share from 0 to 1", name)
    return name, float(value)


def _rate(value: Any, name: str = "") -> float:
    _expect(type(value) in (int, float) and value >= 0, "a number of at least 0", name)
    return float(value)


def _max_rate(name: str, value: Any) -> tuple[str, float]:
    optimizers = {name for dialect in DIALECTS for name in dialect.optimizer_names()}
    _known(name, sorted(optimizers | set(MAX_RATES)))
    return name, _rate(value, name)


def _flag(value: Any) -> bool:
    _expect(isinstance(value, bool), "true or false")
    return bool(value)


def _rates(value: Any) -> Any:
    if not isinstance(value, dict):
        return _rate(value)
    optimizers = [name for dialect in DIALECTS for name in dialect.optimizer_names()]
    for name in value:
        if name not in optimizers and (guess := did_you_mean(name, optimizers)):
            message = f"unknown optimizer `{shown(name)}`: did you mean `{guess}`?"
            raise ValueError(message)
    return {name: _rate(rate, name) for name, rate in value.items()}


_POLICIES: dict[str, Callable[[Any], Any]] = {
    "max-learning-rate": _rates,
    "require-warmup": _flag,
    "require-end-at-num-steps": _flag,
}


def _policy(name: str, value: Any) -> tuple[str, Any]:
    _known(name, list(_POLICIES))
    try:
        return name, _POLICIES[name](value)
    except ValueError as error:
        message = f"`{name}`: {error}"
        raise ValueError(message) from None


def _severity(name: str, value: Any) -> tuple[str, str]:
    (code,) = codes([name])
    _expect(value in ("error", "warning"), "error or warning", name)
    return code, str(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "select": lambda value: codes(_texts(value)),
    "ignore": lambda value: codes(_texts(value)),
    "per-file-ignores": lambda value: _table(value, _file_ignores),
    "severity": lambda value: _table(value, _severity),
    "fail-on": _choice("error", "warning"),
    "num-steps": _positive,
    "files": _patterns,
    "exclude": _patterns,
    "baseline": _file_below,
    "thresholds": lambda value: _table(value, _threshold),
    "max-findings": _positive,
    "max-rate": lambda value: _table(value, _max_rate),
    "policy": lambda value: _table(value, _policy),
}


def _line(text: str, name: str) -> int:
    """The line of a setting, found by a search, as TOML's parser gives no places."""
    header = _HEADER.search(text)
    start = header.start() if header else 0
    found = re.compile(
        rf"^\s*(?:\[.*)?[\"']?{re.escape(name)}[\"']?\s*[=\].]", re.MULTILINE
    ).search(text, start)
    at = found.end() if found else start
    return text.count("\n", 0, at) + 1


def read_settings(path: Path) -> Settings | None:
    """The settings of a pyproject.toml; None where it has none.

    Raises:
        SettingsError: the settings have an error.
        OSError: the file cannot be read.
    """
    return _read(path)[0]


def misspelled_tables(path: Path) -> tuple[str, ...]:
    """A warning for each table of a pyproject.toml that may be meant as our settings."""
    return _read(path)[1]


def _read(path: Path) -> tuple[Settings | None, tuple[str, ...]]:
    """The settings of a pyproject.toml, and a warning for each table that may be meant as such."""
    text = read_whole(path, MAX_FILE_BYTES).decode("utf-8", "replace")
    has_table = bool(_HEADER.search(text))
    if not has_table and not any(map(_is_near, _KEY.findall(text))):
        return None, ()
    try:
        data = _parse(text, path)
    except SettingsError:
        if has_table:
            raise
        return None, ()  # Other tools report a broken file.
    warnings = tuple(_misspelled(data, text, path))
    tool = data.get("tool")
    table = tool.get(SECTION) if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        return None, warnings
    given: dict[str, Any] = {}
    problems = []
    for name, value in table.items():
        try:
            _known(name, list(_READERS))
            given[name.replace("-", "_")] = _READERS[name](value)
        except ValueError as error:
            problems.append(f"{path}:{_line(text, name)}: `{name}`: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**given, root=path.parent, warnings=warnings), ()


def _is_near(name: str) -> bool:
    """Whether a name is that of our table, or a misspelling of it."""
    word = name.lower().replace("_", "-")
    if word == SECTION:
        return True
    # The number of common letters bounds the similarity, and is cheaper than importing difflib.
    shared = (Counter(word) & Counter(SECTION)).total()
    is_possible = 2 * shared >= _NEARNESS * (len(word) + len(SECTION))
    return is_possible and did_you_mean(word, [SECTION], cutoff=_NEARNESS) is not None


def _misspelled(data: Mapping[str, Any], text: str, path: Path) -> Iterator[str]:
    """A warning for each table whose name is nearly that of the settings."""
    for outer, value in data.items():
        if isinstance(value, dict) and _is_near(outer):
            yield _not_read((outer,), text, path)
        for inner, table in value.items() if isinstance(value, dict) else ():
            if (
                isinstance(table, dict)
                and (outer, inner) != ("tool", SECTION)
                and _is_near(inner)
                and did_you_mean(outer, ["tool"])
            ):
                yield _not_read((outer, inner), text, path)


def _not_read(names: Sequence[str], text: str, path: Path) -> str:
    found = re.search(rf"(?m)^[^#\n]*{re.escape(names[-1])}", text)
    row = text.count("\n", 0, found.end()) + 1 if found else 1
    return (
        f"{shown_path(path)}:{row}: the table [{'.'.join(names)}] is not read."
        f" Did you mean [tool.{SECTION}]?"
    )


def shown_path(path: Path) -> Path:
    """A path as messages show it: from the current folder, where it is in there."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _parse(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - 2 ms, for projects with settings alone
    else:
        import tomli as tomllib  # noqa: PLC0415 - 2 ms, for projects with settings alone
    try:
        return tomllib.loads(text)
    except ValueError as error:  # Of TOML, and of numbers with thousands of digits.
        message = f"{path}: {error}"
        raise SettingsError(message) from None
    except RecursionError:
        message = f"{path}: its values are nested too deeply"
        raise SettingsError(message) from None


@cache
def settings_for(folder: Path) -> Settings:
    """The settings that are in force in a folder: those of the nearest pyproject.toml with some."""
    folder = resolved(folder)
    warnings: tuple[str, ...] = ()
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            settings, more = _read(path)
        except OSError as error:
            message = f"{path}: {error.strerror}"
            raise SettingsError(message) from None
        warnings += more
        if settings is not None:
            return settings._replace(warnings=warnings + settings.warnings)
    return Settings(root=folder, warnings=warnings)
