"""Findings and answers about a document, in the types of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from lsprotocol import types

from schedule_builder.diagnostics import Diagnostic, Edit, Related, Span
from schedule_builder.editing.format import format_text
from schedule_builder.files import resolved
from schedule_builder.language_server import language
from schedule_builder.language_server.analysis import Analysis
from schedule_builder.language_server.completion import Completion, completions
from schedule_builder.language_server.documents import Snapshot
from schedule_builder.language_server.hints import hints
from schedule_builder.language_server.outline import Entry, folds, outline
from schedule_builder.language_server.rescaling import rescaled
from schedule_builder.rules.pages import KINDS, address
from schedule_builder.workspace.fixes import fault_of_fix, fix, suppression

NAME = "schedule-builder"
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{NAME}"
RESCALE = f"{types.CodeActionKind.RefactorRewrite.value}.rescale"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_UNUSED = {"SB312", "SB317", "SB901"}
"""The findings whose place has no effect, which editors fade."""

_MOST_TRIED = 50
"""The findings in a range whose fixes are tried and offered: each is read again."""


# --- findings -----------------------------------------------------------------------------------


def diagnostics(analysis: Analysis) -> list[types.Diagnostic]:
    """All findings of a document."""
    return [_diagnostic(analysis.snapshot, found) for found in analysis.diagnostics]


def _diagnostic(snapshot: Snapshot, found: Diagnostic) -> types.Diagnostic:
    kind = KINDS.get(found.code)
    return types.Diagnostic(
        _place(snapshot, found),
        found.message,
        _SEVERITIES[found.severity],
        code=found.code,
        code_description=types.CodeDescription(address(kind)) if kind else None,
        source=NAME,
        tags=[types.DiagnosticTag.Unnecessary] if found.code in _UNUSED else None,
        related_information=[
            types.DiagnosticRelatedInformation(_location(snapshot, related), related.message)
            for related in found.related
        ],
    )


def _place(snapshot: Snapshot, found: Diagnostic | Related) -> types.Range:
    start = snapshot.offset_at(found.row, found.column)
    return snapshot.range(Span(start, snapshot.offset_at(found.end_row, found.end_column)))


def _location(snapshot: Snapshot, related: Related) -> types.Location:
    if not related.filename:
        return types.Location(snapshot.uri, _place(snapshot, related))
    # The lines of another file are not loaded, so its columns count characters.
    start = types.Position(related.row - 1, related.column - 1)
    end = types.Position(related.end_row - 1, related.end_column - 1)
    uri = resolved(related.filename).as_uri()
    return types.Location(uri, types.Range(start, end))


# --- requests -----------------------------------------------------------------------------------


def hover(analysis: Analysis, params: types.HoverParams) -> types.Hover | None:
    """A field's documentation, and the rate that it leads to."""
    if not analysis.is_checked:
        return None
    found = language.hover(analysis.config, analysis.snapshot.offset(params.position))
    if found is None:
        return None
    contents = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(contents, analysis.snapshot.range(found.span))


def completion(
    analysis: Analysis, params: types.CompletionParams, *, with_snippets: bool
) -> list[types.CompletionItem]:
    """Fields that may stand here, or the values of the one before."""
    snapshot = analysis.snapshot
    offset = snapshot.offset(params.position)
    found = completions(analysis.config, offset, is_config=analysis.is_checked)
    return [_item(snapshot, c, index, with_snippets) for index, c in enumerate(found)]


def _item(
    snapshot: Snapshot, found: Completion, index: int, with_snippets: bool
) -> types.CompletionItem:
    is_snippet = with_snippets and bool(found.snippet)
    text = found.snippet if is_snippet else found.insertion
    written = snapshot.text[found.span.start : found.span.end]
    return types.CompletionItem(
        label=found.name,
        kind=types.CompletionItemKind.EnumMember
        if found.is_value
        else types.CompletionItemKind.Field,
        detail=found.detail or None,
        documentation=found.documentation or None,
        filter_text=_compared(written, found.name),
        sort_text=f"{int(not found.is_required)}{index:03}",
        insert_text_format=types.InsertTextFormat.Snippet
        if is_snippet
        else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(snapshot.range(found.span), text),
    )


def _compared(written: str, name: str) -> str | None:
    """The text that clients compare with the text that an edit replaces, quotes included."""
    if ":" in written:
        return f"{written[: written.index(':') + 1]}{name}"
    return f"{written[:1]}{name}{written[:1]}" if written[:1] in ("'", '"') else None


def code_lens(analysis: Analysis, params: types.CodeLensParams) -> list[types.CodeLens]:
    """The schedule in one line, above its kind."""
    found = language.lens(analysis.config) if analysis.is_checked else None
    if found is None:
        return []
    return [types.CodeLens(analysis.snapshot.range(found.span), types.Command(found.text, ""))]


def document_symbol(
    analysis: Analysis, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    """The outline."""
    if not analysis.is_checked:
        return []
    return [_symbol(analysis.snapshot, entry) for entry in outline(analysis.config)]


def _symbol(snapshot: Snapshot, entry: Entry) -> types.DocumentSymbol:
    kind = types.SymbolKind.Array if entry.is_list else types.SymbolKind.Struct
    return types.DocumentSymbol(
        entry.name,
        types.SymbolKind.Field if entry.detail else kind,
        snapshot.range(entry.span),
        snapshot.range(entry.name_span),
        detail=entry.detail or None,
        children=[_symbol(snapshot, child) for child in entry.children],
    )


def folding_range(analysis: Analysis, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """What can be folded."""
    if not analysis.is_checked:
        return []
    return [
        types.FoldingRange(
            fold.first,
            fold.last,
            kind=types.FoldingRangeKind.Comment if fold.is_comment else None,
        )
        for fold in folds(analysis.config)
    ]


def inlay_hint(analysis: Analysis, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Lengths in steps, rates at boundaries, and defaults in force."""
    if not analysis.is_checked:
        return []
    snapshot = analysis.snapshot
    start, end = snapshot.offset(params.range.start), snapshot.offset(params.range.end)
    return [
        types.InlayHint(snapshot.position(hint.offset), hint.text, padding_left=True)
        for hint in hints(analysis.config)
        if start <= hint.offset <= end
    ]


def formatting(
    analysis: Analysis, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    """The layout of `fmt`, whatever the client's options; None if the text cannot be formatted.

    Raises:
        EditingError: the text could be formatted, but not without a change of what it says.
    """
    if not analysis.is_checked or analysis.filename.lower().endswith(".json"):
        return None
    if any(d.severity == "error" and d.code.startswith("SB1") for d in analysis.diagnostics):
        return None  # What is wrong is marked in the text already.
    try:
        text = format_text(analysis.filename, analysis.snapshot.text)
    except ModuleNotFoundError:
        return None
    snapshot = analysis.snapshot
    edits = _difference(snapshot, text) if text != snapshot.text else []
    return [types.TextEdit(snapshot.range(Span(e.start, e.end)), e.text) for e in edits]


# --- code actions -------------------------------------------------------------------------------


def code_action(
    analysis: Analysis, params: types.CodeActionParams, *, with_reasons: bool = False
) -> list[types.CodeAction]:
    """Fixes, comments that suppress, all safe fixes at once, and the schedule rescaled.

    Each new text is read again first. What it would do beside what it is for makes an action
    disabled, with the reason.

    Args:
        analysis: the document.
        params: what is asked.
        with_reasons: whether the client shows disabled actions; otherwise they are left out.
    """
    if not analysis.is_checked or not analysis.is_text:
        return []
    only = params.context.only
    actions: list[types.CodeAction] = []
    if _is_wanted(types.CodeActionKind.QuickFix.value, only):
        actions += _quick_fixes(analysis, params.range)
    if _is_wanted(RESCALE, only):
        actions += _rescaled(analysis, params.range)
    if _is_wanted(FIX_ALL, only):
        actions += _fixed(analysis)
    return [action for action in actions if with_reasons or action.disabled is None]


def _is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether a client wants actions of a kind: `source` includes `source.fixAll`."""
    if only is None:
        return True
    names = [str(getattr(name, "value", name)) for name in only]
    return any(not name or f"{kind}.".startswith(f"{name}.") for name in names)


def _quick_fixes(analysis: Analysis, asked: types.Range) -> Iterator[types.CodeAction]:
    snapshot, config, request = analysis.snapshot, analysis.config, analysis.request
    in_range = [
        (found, diagnostic)
        for found in analysis.diagnostics
        if _overlap((diagnostic := _diagnostic(snapshot, found)).range, asked)
    ]
    for found, diagnostic in in_range[:_MOST_TRIED]:
        if found.fix is not None:
            fault = analysis.once(("fix", found), partial(fault_of_fix, config, found, request))
            action = _action(analysis, found.fix.title, found.fix.edits, fault)
            action.diagnostics, action.is_preferred = [diagnostic], found.fix.safe and not fault
            yield action
        if not analysis.filename.lower().endswith(".json"):
            edit, fault = analysis.once(
                ("suppression", found), partial(suppression, config, found, request)
            )
            action = _action(analysis, f"Suppress {found.code} here", [edit], fault)
            action.diagnostics = [diagnostic]
            yield action


def _action(
    analysis: Analysis,
    title: str,
    edits: Iterable[Edit],
    fault: str = "",
    kind: str = types.CodeActionKind.QuickFix.value,
) -> types.CodeAction:
    """An action that makes edits; a disabled one where there is a reason not to make them."""
    snapshot = analysis.snapshot
    if fault:
        return types.CodeAction(title, kind, disabled=types.CodeActionDisabled(fault))
    changes = [types.TextEdit(snapshot.range(Span(e.start, e.end)), e.text) for e in edits]
    edit = types.WorkspaceEdit(changes={snapshot.uri: changes})
    return types.CodeAction(title, kind, edit=edit)


def _overlap(one: types.Range, other: types.Range) -> bool:
    return bool(one.start <= other.end and other.start <= one.end)


def _rescaled(analysis: Analysis, asked: types.Range) -> Iterator[types.CodeAction]:
    found = rescaled(analysis.config)
    snapshot = analysis.snapshot
    if found and any(_overlap(snapshot.range(place), asked) for place in found.places):
        edits = _difference(snapshot, found.text)
        yield _action(analysis, found.title, edits, found.fault, RESCALE)


def _fixed(analysis: Analysis) -> Iterator[types.CodeAction]:
    if not any(found.fix and found.fix.safe for found in analysis.diagnostics):
        return
    snapshot, refused = analysis.snapshot, list[str]()
    fixed, count = fix(
        snapshot.text.encode(), analysis.filename, analysis.request, unsafe=False, refused=refused
    )
    if count:
        edits = _difference(snapshot, fixed.decode())
        yield _action(analysis, f"Apply all safe fixes ({count})", edits, kind=FIX_ALL)
    elif refused:
        yield _action(analysis, "Apply all safe fixes", (), refused[0], FIX_ALL)


def _difference(snapshot: Snapshot, text: str) -> list[Edit]:
    """The edits that change a document to another text; common lines stay, with their marks."""
    before, after = snapshot.text.splitlines(keepends=True), text.splitlines(keepends=True)
    top = _common(before, after)
    bottom = _common(before[top:][::-1], after[top:][::-1])
    start = sum(map(len, before[:top]))
    end = len(snapshot.text) - sum(map(len, before[len(before) - bottom :]))
    return [Edit(start, end, "".join(after[top : len(after) - bottom]))]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two lists have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
