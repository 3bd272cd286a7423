"""What a run is asked for: the choices of the caller, over the settings of each file's project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.workspace.settings import Settings, settings_for, shown_path


class Request(NamedTuple):
    """What the caller asks for, beyond what settings say.

    Attributes:
        overrides: values in place of those in the files.
        num_steps: for how many steps to train where a file does not say.
        batch_size: the number of examples in a step where a file does not say.
        select: the codes to report, in place of the settings'.
        ignore: codes not to report, beside the settings'.
        fail_on: `error` or `warning`, in place of the settings'.
        baseline: the file of known findings, in place of the settings'.
        settings: what to use in place of each file's own settings.
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
        """The file of known findings that is for a file."""
        if self.baseline is not None:
            return self.baseline
        settings = self.settings_of(Path(filename).resolve().parent)
        if not settings.baseline:
            return None
        return shown_path(settings.root / settings.baseline)

    def fails(self, diagnostics: Sequence[Diagnostic]) -> bool:
        """Whether any of the findings makes the run fail."""
        if any(d.severity == "error" for d in diagnostics):
            return True
        return bool(self.failing_warnings(d.filename for d in diagnostics))

    def failing_warnings(self, filenames: Iterable[str]) -> frozenset[str]:
        """Those of the files whose warnings make the run fail."""
        return frozenset(name for name in set(filenames) if self._fail_on(name) == "warning")

    def _fail_on(self, filename: str) -> str:
        return self.fail_on or self.settings_of(Path(filename).resolve().parent).fail_on


NOTHING_MORE = Request()
