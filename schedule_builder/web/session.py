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
from schedule_builder.files import WriteError, read_config, write_file
from schedule_builder.language_server.completion import completions
from schedule_builder.language_server.language import hover
from schedule_builder.limits import MAX_FILE_BYTES
from schedule_builder.output.changes import Side
from schedule_builder.printable import printable
from schedule_builder.reading.formats import detect_format
from schedule_builder.web.fields import NotMovedError, handles, moved, number_fields
from schedule_builder.web.model import shown_side
from schedule_builder.workspace.checker import examined
from schedule_builder.workspace.request import NOTHING_MORE, Request
from schedule_builder.workspace.settings import SettingsError

_LAYOUT = "\t\r\n"
_MARK = codecs.BOM_UTF8.decode()
_FORMS = ("\n", "\r\n", f"{_MARK}\n", f"{_MARK}\r\n")
"""What the text of a page may lack: a byte-order mark, and how every line ends."""


class RequestError(ValueError):
    """What a page asks for cannot be done; the message says why."""


class Session:
    """One file. No other one is read or written.

    The page has the text with line feeds alone where the file ends every line by CR and LF, and
    without a byte-order mark. It keeps which of them there were (the form of a file), and both are
    put back.

    Args:
        path: the file.
        request: how it is checked.

    Raises:
        OSError: the file cannot be read.
        RequestError: it is not UTF-8, or too large for a config.
    """

    def __init__(self, path: str, request: Request = NOTHING_MORE) -> None:
        self.path = path
        self._request = request
        self._saved: tuple[str, dict[str, Any] | None] = ("", None)
        self.text_of(self._read())

    @property
    def name(self) -> str:
        """The file's name, as people see it."""
        return printable(Path(self.path).name)

    def text_of(self, data: bytes) -> tuple[str, str]:
        """Converts a file's contents to the page's text, and the form of the file."""
        if len(data) > MAX_FILE_BYTES:
            message = f"{printable(self.path)} has more than {MAX_FILE_BYTES:,} bytes"
            raise RequestError(message)
        mark = _MARK if data.startswith(codecs.BOM_UTF8) else ""
        try:
            text = data.decode()[len(mark) :]
        except UnicodeDecodeError as error:
            message = f"{printable(self.path)} is not UTF-8, at byte {error.start}"
            raise RequestError(message) from None
        ends_in_both = 0 < text.count("\r\n") == text.count("\n") == text.count("\r")
        if ends_in_both:
            return text.replace("\r\n", "\n"), f"{mark}\r\n"
        return text, f"{mark}\n"

    def data_of(self, text: str, form: str) -> bytes:
        """The contents of the file for a text of the page, and the form of the file."""
        if form not in _FORMS:
            message = "a file has no such form"
            raise RequestError(message)
        if form.endswith("\r\n"):
            # What was pasted may have both already.
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        try:
            return (form.rstrip("\r\n") + text).encode()
        except UnicodeEncodeError:
            message = "invalid character in the text: unpaired UTF-16 surrogate. Remove it"
            raise RequestError(message) from None

    def _read(self) -> bytes:
        return read_config(self.path)

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
        except (EditingError, NotMovedError, SettingsError) as error:
            raise RequestError(printable(str(error))) from None
        except OSError as error:
            message = printable(f"{self.path}: {error.strerror or error}")
            raise RequestError(message) from None

    def open(self) -> dict[str, Any]:
        """The file as it is on the disk."""
        data = self._read()
        text, form = self.text_of(data)
        return {
            "name": self.name,
            "path": printable(self.path),
            "text": text,
            "form": form,
            "version": _version(data),
            "format": self._format(text),
        }

    def disk(self) -> dict[str, Any]:
        """The version on the disk; empty if the file is gone, or cannot be read and why."""
        try:
            return {"version": _version(self._read()), "why": ""}
        except FileNotFoundError:
            return {"version": "", "why": ""}
        except OSError as error:
            return {"version": "", "why": printable(error.strerror or str(error))}

    def check(self, text: str, saved: str = "") -> dict[str, Any]:
        """What is found in a text, and its curve.

        Args:
            text: the text.
            saved: the text that is on the disk, whose curve is drawn, too.
        """
        config, data = self._shown(text)
        data["fields"], data["moreFields"] = number_fields(config)
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
        return _after(edit(self._examined(text), [Setting(field, value)]))

    def drag(
        self, text: str, kind: str, field: str, at: int, step: float, rate: float
    ) -> dict[str, Any]:
        """A text after a handle was dragged, and its curve, which follows the mouse."""
        edited = moved(self._examined(text), kind, field, at, step, rate)
        shown = Side.of_config(edited.config, self.name, diagnostics=())
        return {**_after(edited), "shown": shown_side(shown)}

    def save(self, text: str, version: str, form: str) -> dict[str, Any]:
        """Writes the file, unless it is no longer the version that the page knows.

        Args:
            text: the text.
            version: the version that it replaces; empty for a file that is gone.
            form: the form of the file.

        Returns:
            The new version; or what is on the disk instead, where that is another one.
        """
        new = self.data_of(text, form)
        try:
            old: bytes | None = self._read()
        except FileNotFoundError:
            old = None
        if (_version(old) if old is not None else "") != version:
            return {"isSaved": False, **self.disk()}
        try:
            write_file(self.path, new, read=old)
        except WriteError as error:
            raise RequestError(printable(str(error))) from None
        return {"isSaved": True, "version": _version(new), "why": ""}

    # --- the compiler -------------------------------------------------------------------------

    def _examined(self, text: str) -> Config:
        return examined(_encoded(text), self.path, self._request)[0]

    def _shown(self, text: str) -> tuple[Config, dict[str, Any]]:
        config, found = examined(_encoded(text), self.path, self._request)
        shown = self._request.shown(found)
        return config, shown_side(Side.of_config(config, self.name, shown))

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
OF_THE_FILE = ("open", "disk", "save")
"""Those of them that need the file alone, and no compiler."""


def _after(edited: Edited) -> dict[str, Any]:
    return {
        "text": edited.text,
        "changes": [printable(str(change)) for change in edited.changes],
    }


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
