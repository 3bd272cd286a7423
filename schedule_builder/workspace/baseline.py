"""Baselines: known findings of old configs, which are not reported again.

An entry is a file, a code, the path of the field and a checksum of the line. Lines may move,
elements of a list may get another index, and a file may get another name.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from schedule_builder.diagnostics import Diagnostic, Words, shown
from schedule_builder.files import read_whole, resolved, write_file
from schedule_builder.limits import MAX_BASELINE_BYTES
from schedule_builder.rules.kinds import STALE_BASELINE
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import SettingsError

VERSION = 1
_INDEX = re.compile(r"\[\d+\]")


class _Entry(NamedTuple):
    """A known finding.

    Attributes:
        file: the file, from the folder of the baseline.
        code: the code of the finding.
        path: the field.
        line: a checksum of the text of its line; empty in baselines of older versions.
    """

    file: str
    code: str
    path: str
    line: str

    @property
    def field(self) -> str:
        """The path without its indexes."""
        return _INDEX.sub("[]", self.path)


def _entry(data: Mapping[str, Any]) -> tuple[_Entry, int]:
    """An entry of a file, and how often it is known. Raises ValueError for what is not one."""
    texts = [data["file"], data["code"], data["path"], data.get("line", "")]
    count = data["count"]
    if not all(isinstance(text, str) for text in texts) or type(count) is not int or count < 1:
        raise ValueError(data)
    if "\0" in data["file"]:
        raise ValueError(data)  # Not a name of a file.
    return _Entry(*texts), count


_WAYS: tuple[Callable[[_Entry], object], ...] = (
    lambda entry: entry,
    lambda entry: (entry.file, entry.code, entry.field, entry.line),  # elements were added
    lambda entry: (entry.file, entry.code, entry.path),  # the line was edited
    lambda entry: (entry.file, entry.code, entry.field),  # both
)
"""The ways to match a finding with its entry, the most exact first."""


class Baseline:
    """The known findings in a file.

    Args:
        path: the file; the names of files in it count from its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder: Path = resolved(path.parent)

    def _name(self, filename: str) -> str:
        path = resolved(filename)
        try:
            return path.relative_to(self.folder).as_posix()
        except ValueError:
            return path.as_posix()

    def _entries(self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> list[_Entry]:
        lines = {name: text.split("\n") for name, text in texts.items()}
        entries = []
        for found in diagnostics:
            line = "".join(lines.get(found.filename, [])[found.row - 1 : found.row]).strip()
            checksum = f"{crc32(line.encode('utf-8', 'surrogatepass')):08x}"
            entries.append(_Entry(self._name(found.filename), found.code, found.path, checksum))
        return entries

    def write(self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> int:
        """Writes the findings as known, and returns how many there are.

        Args:
            diagnostics: the findings.
            texts: the files that were checked, with their texts.

        Raises:
            WriteError: the file cannot be written.
        """
        counts = Counter(self._entries(diagnostics, texts))
        entries = [entry._asdict() | {"count": n} for entry, n in sorted(counts.items())]
        lines = ",\n    ".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        text = f'{{\n  "version": {VERSION},\n  "findings": [\n    {lines}\n  ]\n}}\n'
        write_file(self.path, text.encode("utf-8", "backslashreplace"))
        return counts.total()

    def _read(self) -> tuple[Counter[_Entry], str]:
        """The known findings, and the text they are in.

        Raises:
            SettingsError: the file is not a baseline, or cannot be read.
        """
        try:
            text = read_whole(self.path, MAX_BASELINE_BYTES).decode("utf-8", "replace")
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.EISDIR):
                message = f"the baseline {self.path} is not a regular file"
                raise SettingsError(message) from None
            if error.errno == errno.EFBIG:
                message = f"cannot read the baseline {self.path}: {error.strerror}"
                raise SettingsError(message) from None
            message = (
                f"cannot read the baseline {self.path}: {error.strerror}."
                f" Write it with `--write-baseline {self.path}`"
            )
            raise SettingsError(message) from None
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                message = (
                    f"{self.path}: version {shown(str(data['version']))} of baselines is unknown."
                    " Write it again with `--write-baseline`"
                )
                raise SettingsError(message)
            known = Counter(dict(map(_entry, data["findings"])))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, SettingsError):
                raise
            message = f"{self.path} is not a baseline: write one with `--write-baseline`"
            raise SettingsError(message) from None
        return known, text

    def unknown(
        self, diagnostics: Sequence[Diagnostic], texts: Mapping[str, str]
    ) -> list[Diagnostic]:
        """The findings that are not known."""
        return self._split(diagnostics, texts, self._read()[0])

    def _split(
        self, diagnostics: Sequence[Diagnostic], texts: Mapping[str, str], left: Counter[_Entry]
    ) -> list[Diagnostic]:
        """The findings that match none of the known ones in `left`; matches are removed there."""
        entries = self._entries(diagnostics, texts)
        fresh = dict(enumerate(entries))

        def take(way: Callable[[_Entry], object], known: Iterable[_Entry]) -> None:
            open_entries: dict[object, list[_Entry]] = {}
            for entry in known:
                open_entries.setdefault(way(entry), []).append(entry)
            for index, entry in list(fresh.items()):
                for other in open_entries.get(way(entry), ()):
                    if left[other] > 0:
                        left[other] -= 1
                        del fresh[index]
                        break

        for way in _WAYS:
            take(way, left)
        gone = self._missing(left)
        take(lambda e: (e.code, e.field, e.line), [e for e in left if e.file in gone and e.line])
        return [diagnostics[index] for index in sorted(fresh)]

    def _missing(self, known: Iterable[_Entry]) -> set[str]:
        """The files of entries that do not exist any more."""
        names = {entry.file for entry in known}
        return {name for name in names if not os.path.exists(self.folder / name)}  # noqa: PTH110 - of any name

    def compare(
        self,
        diagnostics: Sequence[Diagnostic],
        checked: Iterable[str],
        texts: Mapping[str, str],
        request: Request,
        *,
        is_partial: bool = False,
    ) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """The findings that are not known, and a finding for each stale entry.

        Args:
            diagnostics: all findings.
            checked: the files that were checked: entries of other files are ignored.
            texts: their texts.
            request: the request: entries of codes that are not reported are ignored as well.
            is_partial: whether more files may hold findings of entries whose file is gone, as where
                a hook checks what a commit changes.
        """
        left, text = self._read()
        fresh = self._split(diagnostics, texts, left)
        names = {self._name(name) for name in checked}
        if not is_partial:
            names |= self._missing(left)
        gone = [
            self._stale(entry, count, text)
            for entry, count in left.items()
            if count > 0 and entry.file in names and self._is_reported(entry, request)
        ]
        return fresh, gone

    def _is_reported(self, entry: _Entry, request: Request) -> bool:
        path = self.folder / entry.file
        finding = _NOWHERE._replace(filename=str(path), code=entry.code)
        return bool(request.settings_of(resolved(path).parent).judged([finding], str(path)))

    def _stale(self, entry: _Entry, count: int, text: str) -> Diagnostic:
        written = entry._asdict() if entry.line else dict(list(entry._asdict().items())[:-1])
        start = json.dumps(written, ensure_ascii=False)[:-1]
        row = text.count("\n", 0, max(text.find(start), 0)) + 1
        words = Words(
            "stale baseline entry: {code}{where} in {name} is no longer found{times}."
            " Write the baseline again with `--write-baseline`",
            times=Words(" ({count} times)", count=count) if count > 1 else "",
            code=entry.code,
            where=Words(" at `{path}`", path=entry.path) if entry.path else "",
            name=entry.file,
        )
        code, name, severity, _ = STALE_BASELINE
        return Diagnostic(str(self.path), row, 1, row, 1, code, name, severity, words)


def beyond_baselines(
    diagnostics: list[Diagnostic],
    texts: Mapping[str, str],
    request: Request,
    *,
    is_partial: bool = False,
) -> tuple[list[Diagnostic], int]:
    """The findings that no baseline holds, and a finding for each stale entry.

    Args:
        diagnostics: all findings.
        texts: the files that were checked, with their texts.
        request: the request.
        is_partial: whether there are more files than these.

    Returns:
        The findings, and how many are known.
    """
    files_of: dict[Path, list[str]] = {}
    for name in texts:
        if path := request.baseline_of(name):
            files_of.setdefault(path, []).append(name)
    known = len(diagnostics)
    stale = []
    for path in sorted(files_of):
        diagnostics, gone = Baseline(path).compare(
            diagnostics, files_of[path], texts, request, is_partial=is_partial
        )
        stale += request.settings_of(resolved(path).parent).judged(gone, str(path))
    return diagnostics + stale, known - len(diagnostics)


_NOWHERE = Diagnostic("", 1, 1, 1, 1, "", "", "", Words(""))
