"""Why a config cannot be changed, and where."""

from __future__ import annotations

from collections.abc import Iterable

from schedule_builder.diagnostics import Diagnostic, Source, Words
from schedule_builder.printable import printable


class EditingError(ValueError):
    """Raised for a change of a config that cannot be made; the message says where and why.

    Attributes:
        words: the reason, as a template and its values.
    """

    def __init__(self, source: Source, start: int | None, words: Words) -> None:
        place = source.filename
        if start is not None:
            row, column = source.position(start)
            place = f"{place}:{row}:{column}"
        super().__init__(printable(f"{place}: {words}"))
        self.words = words


class SetError(EditingError):
    """Raised for a value that cannot be set; the message says where and why.

    Attributes:
        findings: the errors that the changed file would have.
    """

    findings: tuple[Diagnostic, ...] = ()


def set_error(filename: str, words: Words, findings: Iterable[Diagnostic] = ()) -> SetError:
    """Says why a value cannot be set in a file.

    Args:
        filename: the file.
        words: the reason.
        findings: the errors that the changed file would have.
    """
    error = SetError(Source(filename, ""), None, words)
    error.findings = tuple(findings)
    return error
