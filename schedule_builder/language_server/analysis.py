"""Reads and checks a version of a document, as `validate` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import Diagnostic
from schedule_builder.files import resolved
from schedule_builder.language_server.documents import Snapshot
from schedule_builder.reading.formats import format_of_name
from schedule_builder.workspace.baseline import Baseline
from schedule_builder.workspace.checker import examined
from schedule_builder.workspace.discovery import decide_open
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings, SettingsError, settings_for

_SUFFIXES = {"yaml": ".yaml", "json": ".json", "jsonc": ".json"}
"""The suffixes for languages, whose format a document without a config's suffix has."""

T = TypeVar("T")


class Complaint(NamedTuple):
    """An error in a project's settings."""

    text: str
    is_error: bool


class Analysis:
    """The result of checking a version of a document.

    Attributes:
        snapshot: the version.
        filename: its file.
        config: the config; if the file is not a config, it has no values.
        is_checked: whether `validate` checks the file in a folder, or its author expects it to.
        request: how it was checked.
        diagnostics: the findings that the project's baseline does not hold.
        complaints: the errors in the project's settings.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.filename: str = _filename(snapshot)
        self.complaints: list[Complaint] = []
        self._made: dict[Hashable, Any] = {}
        self.diagnostics: tuple[Diagnostic, ...] = ()
        data = snapshot.text.encode("utf-8", "surrogatepass")
        settings_for.cache_clear()  # The settings may be edited at the same time.
        try:
            settings = settings_for(resolved(self.filename).parent)
        except SettingsError as error:
            settings = Settings()
            self.complaints.append(Complaint(str(error), is_error=True))
        self.complaints += [Complaint(text, is_error=False) for text in settings.warnings]
        request = Request(settings=settings)
        self.request: Request = request
        config, found = examined(data, self.filename, request)
        self.config: Config = config
        decision = decide_open(self.filename, data, settings)
        self.is_checked: bool = not decision.reason or decision.is_near
        if self.is_checked:
            self.diagnostics = tuple(request.shown(self._unknown(found, request)))

    @property
    def is_text(self) -> bool:
        """Whether the config has the text of the version, as one that is not UTF-8 has not."""
        return self.config.document.source.text == self.snapshot.text

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made of this version under a key; it is made at most once."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def _unknown(self, found: tuple[Diagnostic, ...], request: Request) -> tuple[Diagnostic, ...]:
        """The findings that the project's baseline does not hold."""
        path = request.baseline_of(self.filename)
        if path is None:
            return found
        try:
            return tuple(Baseline(path).unknown(found, {self.filename: self.snapshot.text}))
        except SettingsError as error:
            self.complaints.append(Complaint(str(error), is_error=True))
            return found


def _filename(snapshot: Snapshot) -> str:
    """The file of a document; a new document has only a name."""
    parts = urlparse(snapshot.uri)
    name = url2pathname(parts.path) if parts.scheme == "file" else unquote(parts.path)
    if parts.netloc and parts.scheme == "file":
        name = f"{os.sep * 2}{parts.netloc}{name}"
    suffix = "" if format_of_name(name) else _SUFFIXES.get(snapshot.language, "")
    return f"{name}{suffix}"
