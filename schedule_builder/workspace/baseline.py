"""Known findings of old configs, which stay quiet until something new comes.

An entry is a file, a code and the path of the field, and how often; lines may move.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from schedule_builder.diagnostics import Diagnostic, Words
from schedule_builder.files import write_file
from schedule_builder.rules.kinds import STALE_BASELINE
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import SettingsError

VERSION = 1
_Key: TypeAlias = "tuple[str, str, str]"


class Baseline:
    """The findings that a file knows.

    Args:
        path: the file; the names of files in it count from its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent.resolve()

    def _key(self, diagnostic: Diagnostic) -> _Key:
        path = Path(diagnostic.filename).resolve()
        try:
            name = path.relative_to(self.folder).as_posix()
        except ValueError:
            name = path.as_posix()
        return name, diagnostic.code, diagnostic.path

    def write(self, diagnostics: Iterable[Diagnostic]) -> int:
        """Writes the findings as known, and returns how many there are.

        Raises:
            WriteError: the file cannot be written.
        """
        counts = Counter(map(self._key, diagnostics))
        entries = [
            {"file": name, "code": code, "path": path, "count": count}
            for (name, code, path), count in sorted(counts.items())
        ]
        lines = ",\n    ".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        text = f'{{\n  "version": {VERSION},\n  "findings": [\n    {lines}\n  ]\n}}\n'
        write_file(self.path, text.encode("utf-8", "backslashreplace"))
        return counts.total()

    def read(self) -> tuple[Counter[_Key], str]:
        """The known findings, and the text they are in.

        Raises:
            SettingsError: the file is no baseline.
            OSError: it cannot be read.
        """
        text = self.path.read_text(encoding="utf-8", errors="replace")
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                message = f"{self.path}: version {data['version']} of baselines is not known"
                raise SettingsError(message)
            known = Counter(
                {(e["file"], e["code"], e["path"]): int(e["count"]) for e in data["findings"]}
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, SettingsError):
                raise
            message = f"{self.path} is no baseline: write one with `--write-baseline`"
            raise SettingsError(message) from None
        return known, text

    def unknown(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings that are not known."""
        return self._split(diagnostics, Counter(self.read()[0]))

    def _split(self, diagnostics: Iterable[Diagnostic], left: Counter[_Key]) -> list[Diagnostic]:
        """The findings beyond those that are left of the known, which are taken from these."""
        fresh = []
        for diagnostic in diagnostics:
            key = self._key(diagnostic)
            if left[key] > 0:
                left[key] -= 1
            else:
                fresh.append(diagnostic)
        return fresh

    def compare(
        self, diagnostics: Iterable[Diagnostic], checked: Iterable[str], request: Request
    ) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """The findings that are not known, and one for each entry that is found no longer.

        Args:
            diagnostics: all findings.
            checked: the files that were checked: entries of others are let be.
            request: what was asked for: entries of codes that are not reported are let be, too.
        """
        known, text = self.read()
        left = Counter(known)
        fresh = self._split(diagnostics, left)
        names = {self._key(_named(name))[0] for name in checked} | _missing(self, known)
        gone = [
            self._stale(key, left[key], text)
            for key in known
            if left[key] and key[0] in names and self._is_reported(key, request)
        ]
        return fresh, gone

    def _is_reported(self, key: _Key, request: Request) -> bool:
        name, code, _ = key
        path = self.folder / name
        finding = replace(_named(str(path)), code=code)
        return bool(request.settings_of(path.resolve().parent).judged([finding], str(path)))

    def _stale(self, key: _Key, count: int, text: str) -> Diagnostic:
        name, code, path = key
        entry = json.dumps({"file": name, "code": code, "path": path}, ensure_ascii=False)
        row = text.count("\n", 0, max(text.find(entry[:-1]), 0)) + 1
        words = Words(
            "stale baseline entry: {code}{where} in {name} is no longer found{times}."
            " Write the baseline again with `--write-baseline`",
            times=Words(" ({count} times)", count=count) if count > 1 else "",
            code=code,
            where=Words(" at `{path}`", path=path) if path else "",
            name=name,
        )
        kind, title, severity, _ = STALE_BASELINE
        return Diagnostic(str(self.path), row, 1, row, 1, kind, title, severity, words)


def beyond_baselines(
    diagnostics: list[Diagnostic], checked: Iterable[str], request: Request
) -> list[Diagnostic]:
    """The findings that no baseline knows, and one for each entry that is found no longer.

    Args:
        diagnostics: all findings.
        checked: the files that were checked.
        request: what was asked for.
    """
    files_of: dict[Path, list[str]] = {}
    for name in checked:
        if path := request.baseline_of(name):
            files_of.setdefault(path, []).append(name)
    stale = []
    for path in sorted(files_of):
        diagnostics, gone = Baseline(path).compare(diagnostics, files_of[path], request)
        stale += request.settings_of(path.resolve().parent).judged(gone, str(path))
    return diagnostics + stale


def _named(filename: str) -> Diagnostic:
    return Diagnostic(filename, 1, 1, 1, 1, "", "", "", Words(""))


def _missing(baseline: Baseline, known: Iterable[_Key]) -> set[str]:
    """The files that entries speak of, and that are there no more."""
    return {name for name, _, _ in known if not (baseline.folder / name).exists()}
