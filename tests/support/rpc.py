"""A JSON-RPC client for a language server, which can also send malformed messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

SERVER = (sys.executable, "-m", "schedule_builder", "server")
URI = "file:///nowhere/"
C = TypeVar("C", bound="Client")


class Client:
    """A server process, with the texts of open documents and the notifications received."""

    def __init__(self, command: Sequence[str] = SERVER, **capabilities: Any) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.notifications: list[dict[str, Any]] = []
        self.requests = 0
        self.capabilities = self.request("initialize", capabilities=capabilities)["result"]
        self.notify("initialized")

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def notify(self, method: str, **params: Any) -> None:
        self._send(method=method, params=params)

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a request, and gives its answer: with `result`, or with `error`."""
        self.requests += 1
        self._send(id=self.requests, method=method, **({"params": params} if params else {}))
        while (message := self.receive()).get("id") != self.requests:
            self.notifications.append(message)
        return message

    def ask(self, method: str, name: str, line: int = 0, character: int = 0, **more: Any) -> Any:
        """Asks about a position of a document."""
        place = {"textDocument": {"uri": URI + name}, **more}
        if line >= 0:
            place["position"] = {"line": line, "character": character}
        return self.request(f"textDocument/{method}", **place)["result"]

    def open(self, name: str, text: str, language: str = "text", version: int = 1) -> None:
        item = {"uri": URI + name, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", textDocument=item)

    def change(self, name: str, version: int, *changes: tuple[int, int, int, int, str]) -> None:
        """Sends changes: line and character of the start, those of the end, and the text."""
        document = {"uri": URI + name, "version": version}
        parts = [
            {
                "range": {
                    "start": {"line": row, "character": column},
                    "end": {"line": end_row, "character": end_column},
                },
                "text": text,
            }
            for row, column, end_row, end_column, text in changes
        ]
        self.notify("textDocument/didChange", textDocument=document, contentChanges=parts)

    def report(self, name: str, version: int | None = None) -> list[dict[str, Any]]:
        """The findings of a version of a document; None: of a closed one."""
        return self.report_of(URI + name, version)

    def report_of(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """The same of a document by its whole address."""
        seen = 0
        while True:
            if seen == len(self.notifications):
                self.notifications.append(self.receive())
            message = self.notifications[seen]
            params = message.get("params", {})
            is_report = message.get("method") == "textDocument/publishDiagnostics"
            if is_report and (params["uri"], params.get("version")) == (uri, version):
                del self.notifications[seen]
                found: list[dict[str, Any]] = params["diagnostics"]
                return found
            seen += 1

    def leave(self) -> tuple[int, str]:
        """Ends the session, and gives the exit code and what stands on standard error."""
        assert self.request("shutdown")["result"] is None
        self._send(method="exit")
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors.decode()
