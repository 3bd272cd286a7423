"""Fixes files, with the settings of their project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import TOO_LARGE, Diagnostic
from schedule_builder.limits import MAX_FIX_PASSES
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.schedules.comparison import first_difference
from schedule_builder.workspace.baseline import Baseline
from schedule_builder.workspace.checker import examined
from schedule_builder.workspace.request import Request

_MAX_TRIED = 50
"""The number of fixes that are tried one by one where they cannot be made together."""
_SYNTAX = "SB1"


def fix(
    data: bytes,
    filename: str,
    request: Request,
    *,
    unsafe: bool,
    refused: list[str] | None = None,
) -> tuple[bytes, int]:
    """A file's contents after all of its fixes, and how many were made.

    The new contents are read again. A fix that would break the file, or after which something new
    is found in it, is not made.

    Args:
        data: the contents.
        filename: the file's name, which says its format and where its settings are.
        request: the request. Findings in its baseline are not fixed.
        unsafe: whether to make also fixes that may change the schedule.
        refused: takes a sentence for each fix that is not made.
    """
    path = request.baseline_of(filename)
    left_out: set[str] = set()
    made = 0
    config, found = examined(data, filename, request)
    for _ in range(MAX_FIX_PASSES):
        wanted: Sequence[Diagnostic] = found
        if path is not None:
            text = config.document.source.text
            wanted = Baseline(path).unknown(wanted, {filename: text})
        wanted = [d for d in wanted if d.fix and (d.fix.safe or unsafe) and str(d) not in left_out]
        if not wanted:
            break
        fixing = _Fixing(config, data, filename, request)
        if fixing.make(wanted):
            for finding in wanted:
                fault = _ALL if len(wanted) > _MAX_TRIED else fixing.make([finding])
                if fault:
                    left_out.add(str(finding))
                    if refused is not None:
                        refused.append(f"{finding}. Not fixed: {fault}")
            wanted = [d for d in wanted if str(d) not in left_out]
            if not wanted or fixing.make(wanted):
                break
        made += fixing.count
        data, config, found = fixing.data, fixing.config, fixing.found
        if any(diagnostic.code == TOO_LARGE.code for diagnostic in found):
            break  # Each round would fix a part.
    return data, made


_ALL = "the fixes of this file cannot be made together, and are too many to try one by one"


class _Fixing:
    """Fixes of one state of a file, and the state after them."""

    def __init__(self, config: Config, data: bytes, filename: str, request: Request) -> None:
        self._before = config
        self._mark = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
        self._filename, self._request = filename, request
        self.config = config
        self.data = data
        self.found: tuple[Diagnostic, ...] = ()
        self.count = 0

    def make(self, wanted: Sequence[Diagnostic]) -> str:
        """Makes fixes, and returns why the file would not be what it is meant to be, if so."""
        before = self._before
        text, self.count = apply_fixes(before.document.source.text, wanted, unsafe=True)
        self.data = self._mark + text.encode("utf-8")
        self.config, self.found = examined(self.data, self._filename, self._request)
        is_safe = all(finding.fix and finding.fix.safe for finding in wanted)
        return _fault(before, self.config, is_safe=is_safe)


def _fault(before: Config, after: Config, *, is_safe: bool) -> str:
    """Why a config is not what it was but for fixes; empty where it is.

    Where it had no schedule, a fix may bring to light what could not be judged before.
    """
    known = Counter(d.code for d in before.diagnostics)
    errors = sum(d.severity == "error" for d in before.diagnostics)
    was_judged = before.schedule is not None
    for finding in after.diagnostics:
        known[finding.code] -= 1
        is_error = finding.severity == "error"
        errors -= is_error
        is_new = known[finding.code] < 0
        if (is_new and finding.code.startswith(_SYNTAX)) or errors < 0:
            return f"the fixed file would have this error: {finding.message}"
        if is_new and was_judged and is_safe:
            return f"the fixed file would have this finding: {finding.message}"
    if before.schedule is None:
        return ""
    if after.schedule is None:
        return "the fixed file would have no schedule"
    if is_safe and (step := first_difference(before.schedule, after.schedule)) is not None:
        return f"the rate at step {step} would change"
    return ""
