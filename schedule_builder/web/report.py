"""The report of many schedules as one page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from schedule_builder.output.changes import Change, Side, counts
from schedule_builder.printable import printable
from schedule_builder.web.model import shown_side
from schedule_builder.web.page import page


def of_schedules(sides: Sequence[Side]) -> str:
    """A page with the schedules of some configs.

    Args:
        sides: the configs, in order.
    """
    total = len(sides)
    found = sum(bool(side.diagnostics) for side in sides)
    words = f"{total} config{'s' * (total != 1)}, {found} with findings"
    return _page("Learning-rate schedules", words, [shown_side(side) for side in sides])


def of_changes(changes: Sequence[Change], revision: str) -> str:
    """A page with the schedules that changed, each over what it was.

    Args:
        changes: the configs that changed.
        revision: what they are compared with.
    """
    ordered = sorted(changes, key=lambda change: (-change.size, change.name))
    title = f"Learning-rate schedules compared with {printable(revision)}"
    return _page(title, counts(changes), [_shown_change(change) for change in ordered])


def _shown_change(change: Change) -> dict[str, Any]:
    side = change.sides[-1]
    was = f", was {printable(change.old_name)}" if change.old_name else ""
    data = {**shown_side(side.named(change.name)), "status": f"{change.status}{was}"}
    if change.first is not None and change.second is not None:
        data["before"] = shown_side(change.first)
    return data


def _page(title: str, words: str, entries: list[dict[str, Any]]) -> str:
    # Of long paths in one folder, a list shows what tells them apart.
    folders = [entry["name"].split("/")[:-1] for entry in entries]
    levels = zip(*folders, strict=False) if len(folders) > 1 else ()
    shared = sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
    for entry in entries:
        entry["short"] = "/".join(entry["name"].split("/")[shared:])
    return page("report", title, {"title": title, "counts": words, "entries": entries})
