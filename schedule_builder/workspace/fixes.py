"""Fixes files, with the settings of their project."""

from __future__ import annotations

from collections.abc import Sequence

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.limits import MAX_FIX_PASSES
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.workspace.baseline import Baseline
from schedule_builder.workspace.checker import check
from schedule_builder.workspace.request import Request


def fix(data: bytes, filename: str, request: Request, *, unsafe: bool) -> tuple[bytes, int]:
    """A file's contents after all of its fixes, and how many were made.

    Args:
        data: the contents.
        filename: the file's name, which says its format and where its settings are.
        request: the request. Findings in its baseline are not fixed.
        unsafe: whether to make also fixes that may change the schedule.
    """
    path = request.baseline_of(filename)
    made = 0
    for _ in range(MAX_FIX_PASSES):
        checked = check(data, filename, request)
        found: Sequence[Diagnostic] = checked.diagnostics
        if path is not None:
            found = Baseline(path).unknown(found, {filename: checked.text})
        text, count = apply_fixes(checked.text, found, unsafe=unsafe)
        if not count:
            break
        made += count
        mark = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
        data = mark + text.encode("utf-8")
    return data, made
