"""A language server: findings while typing, documentation, completions, fixes and an outline.

Editors start it as `schedule-builder server` and speak the Language Server Protocol with it over
standard input and output. This file knows the protocol's methods alone: `answers` has the answers.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from schedule_builder._version import __version__
from schedule_builder.language_server.documents import OpenDocument, Snapshot
from schedule_builder.language_server.worker import LARGE_CHARACTERS, Worker
from schedule_builder.printable import printable

if TYPE_CHECKING:
    from schedule_builder.language_server.analysis import Analysis

NAME = "schedule-builder"
_CODE_ACTIONS = [
    types.CodeActionKind.QuickFix,
    f"{types.CodeActionKind.SourceFixAll.value}.{NAME}",
    f"{types.CodeActionKind.RefactorRewrite.value}.rescale",
]
REQUESTS: dict[str, Any] = {
    types.TEXT_DOCUMENT_HOVER: None,
    # Whitespace, braces and colons as triggers would make Enter insert a completion.
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(code_action_kinds=_CODE_ACTIONS),
    types.TEXT_DOCUMENT_CODE_LENS: None,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: None,
    types.TEXT_DOCUMENT_FOLDING_RANGE: None,
    types.TEXT_DOCUMENT_INLAY_HINT: None,
    types.TEXT_DOCUMENT_FORMATTING: None,
}
"""The requests that are answered, with their options for the client. The function for
`textDocument/codeLens` in `answers` is `code_lens`."""
_SWITCH_SECONDS = 0.001
"""How long the worker may keep the loop waiting: less than Python's own 5 ms."""


class Protocol(LanguageServerProtocol):
    """The protocol, with an answer for each request: pygls gives none for malformed parameters."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], None, error.to_response_error())
            # A notification without a handler: the caller continues with what it gets.
            return types.ProgressNotification(types.ProgressParams(token="", value=None))


server: LanguageServer = LanguageServer(
    NAME, __version__, protocol_cls=Protocol, converter_factory=get_converter
)


def _answers() -> Any:
    # With the compiler this import takes as long as pygls; the client gets its answer before.
    return import_module("schedule_builder.language_server.answers")


def _analyze(snapshot: Snapshot) -> Analysis:
    from schedule_builder.language_server.analysis import Analysis  # noqa: PLC0415 - as above

    return Analysis(snapshot)


_said: set[str] = set()
"""The messages about settings and sizes that were shown; they are not repeated."""


def _say_once(kind: types.MessageType, text: str) -> None:
    if text not in _said:
        _said.add(text)
        shown = printable(f"{NAME}: {text}")
        server.window_show_message(types.ShowMessageParams(kind, shown))


def _publish(analysis: Analysis) -> None:
    for complaint in analysis.complaints:
        kind = types.MessageType.Error if complaint.is_error else types.MessageType.Warning
        _say_once(kind, complaint.text)
    snapshot = analysis.snapshot
    found = _answers().diagnostics(analysis)
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(snapshot.uri, found, version=snapshot.version)
    )


_worker: Worker[Analysis] = Worker(_analyze, _publish)


def _document(uri: str) -> OpenDocument | None:
    """An open document; files on the disk are not used."""
    documents, name = server.workspace.text_documents, unquote(uri)
    document = documents.get(name)
    if document is None or isinstance(document, OpenDocument):
        return document
    documents[name] = opened = OpenDocument(document)
    return opened


@server.feature(types.INITIALIZED)
def initialized(params: types.InitializedParams) -> None:
    """Loads the compiler while the client opens its first document."""
    _worker.warm_up(_answers)


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    """Reports the findings of a document that was opened."""
    _check(params.text_document.uri, is_typing=False)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(params: types.DidChangeTextDocumentParams) -> None:
    """Reports the findings after a change."""
    _check(params.text_document.uri, is_typing=True)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(params: types.DidSaveTextDocumentParams) -> None:
    """Reports the findings again: settings beside the document may have changed."""
    _check(params.text_document.uri, is_typing=False)


def _check(uri: str, *, is_typing: bool) -> None:
    document = _document(uri)
    if document is None:
        return
    if document.is_larger_than(LARGE_CHARACTERS):
        text = (
            f"{document.filename} has more than {LARGE_CHARACTERS} characters:"
            " it is checked when it is opened and saved, not while typing"
        )
        _say_once(types.MessageType.Info, text)
        if is_typing:
            return
    _worker.check_soon(document)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(params: types.DidCloseTextDocumentParams) -> None:
    """Removes the findings of a closed document."""
    _worker.forget(params.text_document.uri)
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(params.text_document.uri, [])
    )


@server.feature(types.SHUTDOWN)
def shutdown(params: None) -> None:
    """Stops the worker. Requests that it has not answered are dropped."""
    _worker.stop()


def _handler(name: str) -> Callable[[Any], Awaitable[Any]]:
    """The function that answers a request about an open document."""

    async def answer(params: Any) -> Any:
        document = _document(params.text_document.uri)
        analysis = await _worker.answer(document) if document is not None else None
        if analysis is None:
            return None
        options = _OPTIONS[name]() if name in _OPTIONS else {}
        try:
            return await _worker.run(getattr(_answers(), name), analysis, params, **options)
        except import_module("schedule_builder.editing.errors").EditingError as error:
            _say_once(types.MessageType.Warning, str(error))
            return None

    return answer


def _has_snippets() -> bool:
    """Whether the client expands snippets."""
    completion = getattr(server.client_capabilities.text_document, "completion", None)
    item = getattr(completion, "completion_item", None)
    return bool(getattr(item, "snippet_support", False))


def _shows_disabled() -> bool:
    """Whether the client shows actions that cannot be taken, with the reason."""
    action = getattr(server.client_capabilities.text_document, "code_action", None)
    return bool(getattr(action, "disabled_support", False))


_OPTIONS: dict[str, Callable[[], dict[str, bool]]] = {
    "completion": lambda: {"with_snippets": _has_snippets()},
    "code_action": lambda: {"with_reasons": _shows_disabled()},
}
"""What the answers have to know of the client."""


for _method, _options in REQUESTS.items():
    _words = "".join(f"_{c.lower()}" if c.isupper() else c for c in _method.partition("/")[2])
    server.feature(_method, _options)(_handler(_words))


class PrintableFormatter(logging.Formatter):
    """Takes control characters, which names and texts may have, out of the log."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines for a record."""
        return printable(super().format(record), kept="\n\t")


def main() -> None:
    """Serves over standard input and output until the client leaves."""
    # pygls logs tracebacks for a client's mistakes, and clients show them as errors of the server.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    sys.setswitchinterval(_SWITCH_SECONDS)
    server.start_io()
