"""One file that is being edited in a browser: what is found in its text, and how it is saved."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.set import Edited, Setting, edit
from schedule_builder.files import WriteError, read_file, write_file
from schedule_builder.language_server.completion import completions
from schedule_builder.language_server.language import hover
from schedule_builder.output.changes import Side
from schedule_builder.printable import printable
from schedule_builder.reading.formats import detect_format
from schedule_builder.web.fields import NotMovedError, handles, moved, number_fields
from schedule_builder.web.model import shown_side
from schedule_builder.workspace.checker import examined
from schedule_builder.workspace.request import NOTHING_MORE, Request

_LAYOUT = "\t\r\n"


class RequestError(ValueError):
    """What a page asks for cannot be done; the message says why."""


class Session:
    """One file. No other one is read or written.

    The page has the text with line feeds alone where the file ends every line by CR and LF, and
    without a byte-order mark. Both are put back.

    Args:
        path: the file.
        request: how it is checked.

    Raises:
        OSError: the file cannot be read.
        RequestError: it is not UTF-8.
    """

    def __init__(self, path: str, request: Request = NOTHING_MORE) -> None:
        self.path = path
        self._request = request
        self._saved: tuple[str, dict[str, Any] | None] = ("", None)
        self._mark = b""
        self._line_end = "\n"
        self.text_of(read_file(path))

    @property
    def name(self) -> str:
        """The file's name, as people see it."""
        return printable(Path(self.path).name)

    def text_of(self, data: bytes) -> str:
        """Converts a file's contents to the page's text; keeps byte-order mark and line ends."""
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            text = data[len(mark) :].decode()
        except UnicodeDecodeError as error:
            message = f"{printable(self.path)} is not UTF-8, at byte {error.start + len(mark)}"
            raise RequestError(message) from None
        ends_in_both = 0 < text.count("\r\n") == text.count("\n") == text.count("\r")
        self._mark, self._line_end = mark, "\r\n" if ends_in_both else "\n"
        return text.replace("\r\n", "\n") if ends_in_both else text

    def data_of(self, text: str) -> bytes:
        """The contents of the file for a text of the page."""
        try:
            encoded = text.replace("\n", self._line_end).encode()
        except UnicodeEncodeError:
            message = "invalid character in the text: unpaired UTF-16 surrogate. Remove it"
            raise RequestError(message) from None
        return self._mark + encoded

    # --- what the page asks -------------------------------------------------------------------

    def answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answers one request of the page.

        Args:
            name: a key of `REQUESTS`.
            arguments: what it needs.

        Raises:
            RequestError: it cannot be done.
        """
        try:
            return REQUESTS[name](self, **arguments)
        except (EditingError, NotMovedError) as error:
            raise RequestError(printable(str(error))) from None
        except OSError as error:
            message = printable(f"{self.path}: {error.strerror or error}")
            raise RequestError(message) from None

    def open(self) -> dict[str, Any]:
        """The file as it is on the disk."""
        data = read_file(self.path)
        text = self.text_of(data)
        return {
            "name": self.name,
            "path": printable(self.path),
            "text": text,
            "version": _version(data),
            "format": self._format(text),
        }

    def disk(self) -> dict[str, Any]:
        """The version on the disk; empty if the file is gone."""
        try:
            return {"version": _version(read_file(self.path))}
        except OSError:
            return {"version": ""}

    def check(self, text: str, saved: str = "") -> dict[str, Any]:
        """What is found in a text, and its curve.

        Args:
            text: the text.
            saved: the text that is on the disk, whose curve is drawn, too.
        """
        config, data = self._shown(text)
        data["fields"] = number_fields(config)
        data["handles"] = [handle._asdict() for handle in handles(config)]
        if saved and saved != text:
            if self._saved[0] != saved:
                self._saved = saved, self._shown(saved)[1]
            data["before"] = self._saved[1]
        return data

    def complete(self, text: str, offset: int) -> dict[str, Any]:
        """Completions at a place of a text; see the language server."""
        config = self._examined(text)
        found = completions(config, _characters(text, offset))
        return {
            "options": [
                {
                    "label": option.name,
                    "from": _units(text, option.span.start),
                    "to": _units(text, option.span.end),
                    "insertion": option.insertion,
                    "snippet": option.snippet,
                    "detail": option.detail,
                    "documentation": option.documentation,
                    "isValue": option.is_value,
                    "isRequired": option.is_required,
                }
                for option in found
            ]
        }

    def hover(self, text: str, offset: int) -> dict[str, Any]:
        """What is known of the field at a place of a text; see the language server."""
        found = hover(self._examined(text), _characters(text, offset))
        if found is None:
            return {"text": ""}
        return {
            "text": printable(found.text, kept=_LAYOUT),
            "from": _units(text, found.span.start),
            "to": _units(text, found.span.end),
        }

    def set(self, text: str, field: str, value: str) -> dict[str, Any]:
        """A text after a field got another value, as the command `set` gives it."""
        return self._after(edit(self._examined(text), [Setting(field, value)]))

    def drag(
        self, text: str, kind: str, field: str, at: int, step: float, rate: float
    ) -> dict[str, Any]:
        """A text after a handle was dragged."""
        return self._after(moved(self._examined(text), kind, field, at, step, rate))

    def save(self, text: str, version: str) -> dict[str, Any]:
        """Writes the file, unless it is no longer the version that the page knows.

        Args:
            text: the text.
            version: the version that it replaces.

        Returns:
            The new version; or what is on the disk instead, where that is another one.
        """
        new = self.data_of(text)
        try:
            old: bytes | None = read_file(self.path)
        except FileNotFoundError:
            old = None
        if (_version(old) if old is not None else "") != version:
            return {"isSaved": False, "version": _version(old) if old is not None else ""}
        try:
            write_file(self.path, new, read=old)
        except WriteError as error:
            raise RequestError(printable(str(error))) from None
        return {"isSaved": True, "version": _version(new)}

    # --- the compiler -------------------------------------------------------------------------

    def _examined(self, text: str) -> Config:
        return examined(_encoded(text), self.path, self._request)[0]

    def _shown(self, text: str) -> tuple[Config, dict[str, Any]]:
        config, found = examined(_encoded(text), self.path, self._request)
        return config, shown_side(Side.of_config(config, self.name, found))

    def _after(self, edited: Edited) -> dict[str, Any]:
        return {
            "text": edited.text,
            "changes": [printable(str(change)) for change in edited.changes],
            "shown": shown_side(Side.of_config(edited.config, self.name)),
        }

    def _format(self, text: str) -> str:
        with suppress(ValueError):
            return detect_format(self.path, text)
        return ""


REQUESTS: dict[str, Callable[..., dict[str, Any]]] = {
    "open": Session.open,
    "disk": Session.disk,
    "check": Session.check,
    "complete": Session.complete,
    "hover": Session.hover,
    "set": Session.set,
    "drag": Session.drag,
    "save": Session.save,
}
"""What a page may ask for."""


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _characters(text: str, units: int) -> int:
    """An offset in characters, of one in UTF-16 units, as browsers count."""
    if text.isascii():
        return min(units, len(text))
    data = text.encode("utf-16-le", "surrogatepass")[: 2 * units]
    return len(data.decode("utf-16-le", "replace"))


def _units(text: str, characters: int) -> int:
    """The inverse of `_characters`."""
    if text.isascii():
        return characters
    return len(text[:characters].encode("utf-16-le", "surrogatepass")) // 2
