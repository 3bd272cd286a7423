"""Why a config cannot be changed, and where."""

from __future__ import annotations

from schedule_builder.diagnostics import Source, Words


class EditingError(ValueError):
    """A change of a config that cannot be made; the message says where and why.

    Attributes:
        words: the reason, as a template and its values.
    """

    def __init__(self, source: Source, start: int | None, words: Words) -> None:
        place = source.filename
        if start is not None:
            row, column = source.position(start)
            place = f"{place}:{row}:{column}"
        super().__init__(f"{place}: {words}")
        self.words = words
