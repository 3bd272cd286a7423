"""The server of the page that edits one file: for one browser on this machine alone.

A page of any other site can send requests to a port of this machine, and a name that it controls
can be made to mean this machine. So a request has to name this server in `Host`, one that asks for
something has to come from its own page (`Origin`) in JSON, which needs the browser's consent across
sites, and has to show the token. The token reaches the page in the fragment of the address, which
browsers send to no server.
"""

from __future__ import annotations

import hmac
import json
import math
import os
import secrets
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from socketserver import TCPServer
from typing import Any

from schedule_builder.printable import printable
from schedule_builder.web.page import page, policy
from schedule_builder.web.session import OF_THE_FILE, REQUESTS, RequestError, Session

_ADDRESS = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost")
_LARGEST = 16_000_000
"""The largest request, in bytes: two texts of the largest file, with what JSON escapes."""
_SECONDS = 30
"""How long a connection may be silent."""
_CLOSING_SECONDS = 5
_LINGERING_SECONDS = 2
"""How long the rest of a request may take to arrive after its answer."""
_MALFORMED = "the request is malformed"
_LARGEST_WHOLE = 2**53
"""Up to here a browser tells whole numbers apart."""


class _RefusedError(Exception):
    """A request is refused; the message says why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class EditServer(ThreadingHTTPServer):
    """Serves the page of one file.

    Args:
        session: the file.
        port: the port; 0 for any that is free.
    """

    daemon_threads = True
    # A port that was just served can be served again. Where there is no POSIX, this would let
    # another program share the port.
    allow_reuse_address: bool = os.name == "posix"
    request_queue_size = 128

    def __init__(self, session: Session, port: int = 0) -> None:
        self.locks: dict[str, threading.Lock] = {
            name: threading.Lock() for name in ("file", "compiler")
        }
        self.is_closed: bool = False
        super().__init__((_ADDRESS, port), _Handler)
        self.session: Session = session
        self.token: str = secrets.token_urlsafe(32)
        self.hosts: tuple[str, ...] = tuple(f"{name}:{self.server_port}" for name in _NAMES)
        nonce = secrets.token_urlsafe(16)
        self.page: str = page("edit", "schedule-builder", {"nonce": nonce}, nonce)
        self.policy: str = policy("edit", nonce)

    def server_bind(self) -> None:
        """Takes the port, without asking a name server what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name: str = _ADDRESS
        self.server_port: int = self.server_address[1]

    @property
    def address(self) -> str:
        """What a browser opens; the token is in it."""
        return f"http://{self.hosts[0]}/#{self.token}"

    def server_close(self) -> None:
        """Ends, but not in the middle of saving: that would leave a temporary file."""
        self.is_closed = True
        if self.locks["file"].acquire(timeout=_CLOSING_SECONDS):
            self.locks["file"].release()
        super().server_close()

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection so that its answer arrives.

        To close it with a part of the request unread would reset it, and drop what the other side
        has not received yet (RFC 9112, section 9.6).
        """
        try:
            request.shutdown(socket.SHUT_WR)
            end = time.monotonic() + _LINGERING_SECONDS
            while (left := end - time.monotonic()) > 0:
                request.settimeout(left)
                if not request.recv(65536):
                    break
        except OSError:
            pass  # The other side has gone, or is silent.
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints nothing: a browser may close a connection at any time."""


def _not_json(name: str) -> float:
    """NaN and infinities, which Python reads and JSON does not have."""
    raise ValueError(name)


def _is_of(value: object, kind: str) -> bool:
    """Whether a value is of the type of a parameter, and a number that a browser can mean."""
    if isinstance(value, (int, float)):
        return type(value).__name__ in (kind, "int" if kind == "float" else kind) and (
            abs(value) <= _LARGEST_WHOLE if isinstance(value, int) else math.isfinite(value)
        )
    return type(value).__name__ == kind


class _Handler(BaseHTTPRequestHandler):
    server: EditServer
    protocol_version = "HTTP/1.1"
    server_version = "schedule-builder"
    sys_version = ""
    timeout = _SECONDS
    # The body of an answer does not wait until its headers are acknowledged, some 40 ms later.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Sends the page, which contains nothing of the file."""
        try:
            self._check_form()
            if self._length("0"):
                self.close_connection = True  # A body is not the next request.
            if self.path != "/":
                raise _RefusedError(HTTPStatus.NOT_FOUND, "there is only one page here: /")
        except _RefusedError as error:
            self._refuse(error)
            return
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page.encode())

    def do_POST(self) -> None:
        """Answers the page."""
        try:
            self._check_form()
            self._check_sender()
            name, arguments = self._request()
        except _RefusedError as error:
            self._refuse(error)
            return
        data = json.dumps(self._answer(name, arguments), allow_nan=False).encode()
        self._send(HTTPStatus.OK, "application/json", data)

    def _answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            # A file is saved while a long text is examined.
            with self.server.locks["file" if name in OF_THE_FILE else "compiler"]:
                if self.server.is_closed:
                    message = "the server has ended"
                    raise RequestError(message)
                return self.server.session.answer(name, arguments)
        except RequestError as error:
            return {"error": str(error)}
        except Exception as error:
            # The page and its text must outlive our faults.
            return {"error": printable(f"internal error, please report it: {error!r}")}

    # --- what a request has to have -------------------------------------------------------------

    def _only(self, name: str) -> str:
        """The value of a header that is given once."""
        values = self.headers.get_all(name, [])
        return values[0] if len(values) == 1 else ""

    def _check_form(self) -> None:
        if self._only("Host") not in self.server.hosts:
            message = "this server answers to its own address alone"
            raise _RefusedError(HTTPStatus.FORBIDDEN, message)
        if self.request_version != self.protocol_version:
            message = f"this server speaks {self.protocol_version} alone"
            raise _RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, message)

    def _check_sender(self) -> None:
        if self._only("Origin") != f"http://{self._only('Host')}":
            raise _RefusedError(HTTPStatus.FORBIDDEN, "the request is not from this server's page")
        if self._only("Content-Type") != "application/json":
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the request has to be JSON")
        expected = f"Bearer {self.server.token}".encode()
        if not hmac.compare_digest(self._only("Authorization").encode(), expected):
            message = "the token is missing or wrong: open the address that `edit` printed"
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, message)

    def _length(self, default: str = "") -> int:
        """The bytes of the body. A length that can be read in two ways is refused."""
        lengths = self.headers.get_all("Content-Length", [default])
        is_number = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdecimal()
        is_short = is_number and len(lengths[0]) <= len(str(_LARGEST))
        if not is_short or int(lengths[0]) > _LARGEST or "Transfer-Encoding" in self.headers:
            message = f"a request states its length, which is at most {_LARGEST} bytes"
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        return int(lengths[0])

    def _request(self) -> tuple[str, dict[str, Any]]:
        name = self.path.removeprefix("/api/")
        if name not in REQUESTS or not self.path.startswith("/api/"):
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is no such request")
        length = self._length()
        try:
            data = self.rfile.read(length)
        except TimeoutError:
            message = f"the request was not continued for {_SECONDS} seconds"
            raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, message) from None
        try:
            arguments = json.loads(data, parse_constant=_not_json)
            bound = signature(REQUESTS[name]).bind(None, **arguments)
            values = [
                (parameter.annotation, bound.arguments.get(key, parameter.default))
                for key, parameter in [*signature(REQUESTS[name]).parameters.items()][1:]
            ]
        except (ValueError, TypeError, RecursionError):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, _MALFORMED) from None
        if len(data) != length or not all(_is_of(value, kind) for kind, value in values):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, _MALFORMED)
        return name, arguments

    # --- answers --------------------------------------------------------------------------------

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses what the library does not take for a request, in the form of the other refusals.

        Its own page would repeat what it was sent.
        """
        status = HTTPStatus(code)
        self._refuse(_RefusedError(status, status.phrase))

    def _refuse(self, error: _RefusedError) -> None:
        # The unread part of the request would be read as the next request.
        self.close_connection = True
        data = json.dumps({"error": str(error)}).encode()
        self._send(error.status, "application/json", data)

    def _send(self, status: HTTPStatus, kind: str, data: bytes) -> None:
        self.request_version = self.protocol_version  # An answer has headers, whatever was sent.
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            "Content-Security-Policy": f"{self.server.policy}; frame-ancestors 'none'",
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Keeps requests out of the terminal, which may show them raw."""


def shown_address(server: EditServer) -> str:
    """The line that says where the page is."""
    return printable(f"Editing {server.session.path} at {server.address}")
