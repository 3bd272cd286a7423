"""The choices of the caller, which take precedence over the settings of a file's project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from schedule_builder.diagnostics import Diagnostic, Words, in_order
from schedule_builder.files import folder_of
from schedule_builder.rules.kinds import FINDINGS_LEFT_OUT
from schedule_builder.workspace.settings import Settings, settings_for, shown_path


class Request(NamedTuple):
    """The caller's options, in addition to the settings.

    Attributes:
        overrides: values that replace those in the files.
        num_steps: the run length, where a file does not state it.
        batch_size: the number of examples in a step, where a file does not state it.
        select: the codes to report, instead of those in the settings.
        ignore: codes not to report, in addition to those in the settings.
        fail_on: `error` or `warning`, instead of the settings'.
        baseline: the file of known findings, instead of the settings'.
        settings: the settings for all files, instead of each file's own.
    """

    overrides: tuple[str, ...] = ()
    num_steps: int | None = None
    batch_size: int | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    baseline: Path | None = None
    settings: Settings | None = None

    def settings_of(self, folder: Path) -> Settings:
        """The settings in force in a folder."""
        settings = self.settings if self.settings is not None else settings_for(folder)
        if not (self.select or self.ignore):
            return settings
        return settings._replace(
            select=self.select or settings.select,
            ignore=settings.ignore + self.ignore,
        )

    def baseline_of(self, filename: str) -> Path | None:
        """The baseline for a file."""
        if self.baseline is not None:
            return self.baseline
        settings = self.settings_of(folder_of(filename))
        if not settings.baseline:
            return None
        return shown_path(settings.root / settings.baseline)

    def fails(self, diagnostics: Sequence[Diagnostic]) -> bool:
        """Whether any of the findings makes the run fail."""
        if any(d.severity == "error" for d in diagnostics):
            return True
        return bool(self.failing_warnings(d.filename for d in diagnostics))

    def failing_warnings(self, filenames: Iterable[str]) -> frozenset[str]:
        """The files whose warnings make the run fail."""
        return frozenset(name for name in set(filenames) if self._fail_on(name) == "warning")

    def shown(self, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
        """As many findings of each file as its settings show, with one that counts the others."""
        by_file: dict[str, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            by_file.setdefault(diagnostic.filename, []).append(diagnostic)
        result: list[Diagnostic] = []
        for filename, found in by_file.items():
            # One is always shown, whatever the settings say, and whether or not they can be read.
            limit = self.settings_of(folder_of(filename)).max_findings if found[1:] else 1
            result += found if len(found) <= limit else _first(found, limit)
        return result

    def _fail_on(self, filename: str) -> str:
        return self.fail_on or self.settings_of(folder_of(filename)).fail_on


def _first(found: Sequence[Diagnostic], limit: int) -> Iterator[Diagnostic]:
    """The first findings of a file, errors before warnings, and one about the rest."""
    ordered = sorted(found, key=lambda d: d.severity != "error")
    kept, rest = ordered[:limit], ordered[limit:]
    yield from in_order(kept)
    first = in_order(rest)[0]
    code, name, _, _ = FINDINGS_LEFT_OUT
    words = Words(
        "not shown: {count:count more finding} of this file, the first of them here. To see more,"
        " raise `max-findings` in the settings",
        count=len(rest),
    )
    # Where one of them fails the run, this does.
    severity = rest[0].severity
    place = (first.row, first.column, first.end_row, first.end_column)
    yield Diagnostic(first.filename, *place, code, name, severity, words)


NOTHING_MORE = Request()
