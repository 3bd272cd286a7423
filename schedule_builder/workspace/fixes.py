"""Fixes files, with the settings of their project."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from schedule_builder.compiler import Config, unsuppressed
from schedule_builder.diagnostics import TOO_LARGE, Diagnostic, Edit, Words
from schedule_builder.editing.contents import contents_of
from schedule_builder.editing.rereading import Meant, UnmeantError, added, reread, same_schedule
from schedule_builder.limits import MAX_FIX_PASSES
from schedule_builder.reading.edits import apply, apply_fixes
from schedule_builder.rules.kinds import UNUSED_SUPPRESSION
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


def fault_of_fix(config: Config, found: Diagnostic, request: Request) -> str:
    """Why the fix of one finding of a file is not made; empty where it can be.

    Args:
        config: the file, as it was read with the request.
        found: the finding, which has a fix.
        request: the request.
    """
    data = config.document.source.text.encode()
    return _Fixing(config, data, config.filename, request).make([found])


def suppression(config: Config, found: Diagnostic, request: Request) -> tuple[Edit, str]:
    """The comment that suppresses a finding on its line.

    Args:
        config: the file, as it was read with the request.
        found: the finding.
        request: the request.

    Returns:
        The edit that adds it, and why it cannot stand there; empty where it can.
    """
    text = config.document.source.text
    lines = text.split("\n", found.row)[: found.row]
    at = len("\n".join(lines).rstrip("\r"))
    edit = Edit(at, at, f"  # schedule-builder: ignore[{found.code}]")
    try:
        reread(
            config,
            apply(text, [edit]),
            Meant(partial(_new_beside, found), _other_contents),
            lambda text: examined(text.encode(), config.filename, request)[0],
        )
    except UnmeantError as error:
        return edit, str(error.words)
    return edit, ""


def _new_beside(found: Diagnostic, before: Config, after: Config) -> list[Diagnostic]:
    """The new findings after one was suppressed; that one, if it was not."""
    new = added(unsuppressed(before), unsuppressed(after), lambda d: d.code)
    return new or [d for d in unsuppressed(after) if (d.code, d.row) == (found.code, found.row)]


def _other_contents(before: Config, after: Config) -> Words | None:
    is_same = contents_of(before.document) == contents_of(after.document)
    return None if is_same else Words("the new text would not say the same")


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
        is_safe = all(finding.fix and finding.fix.safe for finding in wanted)
        try:
            self.config = reread(before, text, SAFE if is_safe else UNSAFE, self._read)
        except UnmeantError as error:
            return str(error.words)
        return ""

    def _read(self, text: str) -> Config:
        config, self.found = examined(self.data, self._filename, self._request)
        return config


def _new(before: Config, after: Config) -> list[Diagnostic]:
    """New syntax errors, and errors where there are more than before.

    A fix may bring to light what could not be judged before.
    """
    new = _added(before, after)
    syntax = [d for d in new if d.code.startswith(_SYNTAX)]
    errors = [d for d in new if d.severity == "error"]
    were, are = (
        sum(d.severity == "error" for d in config.diagnostics) for config in (before, after)
    )
    return syntax or (errors if are > were else [])


def _added(before: Config, after: Config) -> list[Diagnostic]:
    """The new findings of any kind. That a comment suppresses nothing any more is not one."""
    found = [d for d in unsuppressed(after) if d.code != UNUSED_SUPPRESSION.code]
    return added(unsuppressed(before), found, lambda d: d.code)


def _new_after_safe(before: Config, after: Config) -> list[Diagnostic]:
    return _new(before, after) or (_added(before, after) if before.schedule is not None else [])


def _without_schedule(before: Config, after: Config) -> Words | None:
    is_lost = before.schedule is not None and after.schedule is None
    return Words("the new text would have no schedule") if is_lost else None


SAFE = Meant(_new_after_safe, same_schedule)
UNSAFE = Meant(_new, _without_schedule)
