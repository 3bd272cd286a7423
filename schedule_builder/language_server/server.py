"""A language server: findings while typing, documentation, completions, quick fixes and a lens.

Editors start it as `schedule-builder server` and speak the Language Server Protocol with it over
standard input and output.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from schedule_builder._version import __version__
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Diagnostic, Edit, Source, Span
from schedule_builder.language_server import language
from schedule_builder.language_server.completion import completions
from schedule_builder.reading.findings import NOT_CONFIG
from schedule_builder.workspace.checker import check
from schedule_builder.workspace.request import NOTHING_MORE
from schedule_builder.workspace.settings import SettingsError, settings_for

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
server = LanguageServer("schedule-builder", __version__)


_said: set[str] = set()
"""The warnings about settings that were shown: a change of a text does not repeat them."""


def _show(kind: types.MessageType, text: str) -> None:
    server.window_show_message(types.ShowMessageParams(kind, f"schedule-builder: {text}"))


class _Text:
    """An open document, and its places as the client counts them."""

    def __init__(self, document: TextDocument) -> None:
        self.document = document
        self.filename = unquote(urlparse(document.uri).path)
        self.source = Source(self.filename, document.source)

    def position(self, row: int, column: int) -> types.Position:
        codec = self.document.position_codec
        at = types.Position(row - 1, column - 1)
        return codec.position_to_client_units(self.document.lines, at)

    def range(self, span: Span) -> types.Range:
        start, end = self.source.position(span.start), self.source.position(span.end)
        return types.Range(self.position(*start), self.position(*end))

    def offset(self, position: types.Position) -> int:
        return int(self.document.offset_at_position(position))

    def config(self) -> Config:
        return examine(self.source)

    def found(self) -> Sequence[Diagnostic]:
        try:
            data = self.source.text.encode("utf-8", "surrogatepass")
            settings_for.cache_clear()  # They may be open beside it.
            found = check(data, self.filename, NOTHING_MORE).diagnostics
            for text in settings_for(Path(self.filename).resolve().parent).warnings:
                if text not in _said:
                    _said.add(text)
                    _show(types.MessageType.Warning, text)
            # An editor asks about files that are not configs.
            return [d for d in found if d.code != NOT_CONFIG.code]
        except SettingsError as error:
            _show(types.MessageType.Error, str(error))
            return self.config().diagnostics

    def diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        start = self.position(found.row, found.column)
        end = self.position(found.end_row, found.end_column)
        related = [
            types.DiagnosticRelatedInformation(
                types.Location(
                    self.document.uri,
                    types.Range(
                        self.position(r.row, r.column), self.position(r.end_row, r.end_column)
                    ),
                ),
                r.message,
            )
            for r in found.related
        ]
        return types.Diagnostic(
            types.Range(start, end),
            found.message,
            SEVERITIES[found.severity],
            code=found.code,
            source="schedule-builder",
            related_information=related,
        )

    def edit(self, edit: Edit) -> types.TextEdit:
        return types.TextEdit(self.range(Span(edit.start, edit.end)), edit.text)


def _open(uri: str) -> _Text:
    return _Text(server.workspace.get_text_document(uri))


def _publish(uri: str) -> None:
    text = _open(uri)
    diagnostics = [text.diagnostic(found) for found in text.found()]
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri, diagnostics, version=text.document.version)
    )


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    """Reports what is wrong with a document that was opened."""
    _publish(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(params: types.DidChangeTextDocumentParams) -> None:
    """Reports what is wrong after every change."""
    _publish(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(params: types.DidCloseTextDocumentParams) -> None:
    """Takes the findings of a closed document back."""
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(params.text_document.uri, [])
    )


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(params: types.HoverParams) -> types.Hover | None:
    """A field's documentation, and the rate that it leads to."""
    text = _open(params.text_document.uri)
    found = language.hover(text.config(), text.offset(params.position))
    if found is None:
        return None
    contents = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(contents, text.range(found.span))


@server.feature(
    types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", ":", "{"])
)
def completion(params: types.CompletionParams) -> list[types.CompletionItem]:
    """Fields that may stand here, or the values of the one before."""
    text = _open(params.text_document.uri)
    kinds = {
        True: types.CompletionItemKind.EnumMember,
        False: types.CompletionItemKind.Field,
    }
    return [
        types.CompletionItem(
            label=found.name,
            kind=kinds[found.is_value],
            detail=found.detail or None,
            documentation=found.documentation or None,
            insert_text=found.insertion,
        )
        for found in completions(text.config(), text.offset(params.position))
    ]


@server.feature(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
)
def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
    """The fixes of what is found here, and a comment that suppresses it."""
    text = _open(params.text_document.uri)
    uri = params.text_document.uri
    asked = params.range
    actions = []
    for found in text.found():
        diagnostic = text.diagnostic(found)
        if not _overlap(diagnostic.range, asked):
            continue
        fixes: list[tuple[str, list[types.TextEdit], bool]] = []
        if found.fix is not None:
            edits = [text.edit(edit) for edit in found.fix.edits]
            fixes.append((found.fix.title, edits, found.fix.safe))
        if not text.filename.endswith(".json"):
            fixes.append((f"Suppress {found.code} here", [_suppress(text, found)], False))
        for title, edits, is_preferred in fixes:
            actions.append(
                types.CodeAction(
                    title,
                    types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    is_preferred=is_preferred,
                    edit=types.WorkspaceEdit(changes={uri: edits}),
                )
            )
    return actions


def _overlap(one: types.Range, other: types.Range) -> bool:
    return bool(one.start <= other.end and other.start <= one.end)


def _suppress(text: _Text, found: Diagnostic) -> types.TextEdit:
    line = text.document.lines[found.row - 1] if text.document.lines else ""
    end = text.position(found.row, len(line.rstrip("\r\n")) + 1)
    comment = f"  # schedule-builder: ignore[{found.code}]"
    return types.TextEdit(types.Range(end, end), comment)


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
    """The schedule in one line, above its kind."""
    text = _open(params.text_document.uri)
    found = language.lens(text.config())
    if found is None:
        return []
    return [types.CodeLens(text.range(found.span), types.Command(found.text, ""))]


def main() -> None:
    """Serves over standard input and output until the client leaves."""
    server.start_io()
