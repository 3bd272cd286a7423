"""What a command would change in a file, as `diff -u` shows it."""

from __future__ import annotations

import difflib

from schedule_builder.output.printable import printable


def difference(old: bytes, new: bytes, name: str) -> str:
    """The lines that change, as a patch.

    Args:
        old: the contents of the file.
        new: what they would become.
        name: the file.
    """
    shown = printable(name.lstrip("/"))
    before, after = (data.decode("utf-8", "replace").splitlines(True) for data in (old, new))
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(before, after, f"a/{shown}", f"b/{shown}")
    )
    return text.replace("\r\n", "\n")
