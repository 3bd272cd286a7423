"""How commands read what they compare: configs, records of applied rates, revisions, folders."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from schedule_builder.cli.common import (
    CommandError,
    UsageError,
    no_configs,
    note_run_lengths,
    read_input,
    warn,
)
from schedule_builder.files import resolved
from schedule_builder.limits import MAX_RATES_BYTES
from schedule_builder.output.changes import Change, Side
from schedule_builder.schedules.applied_rates import is_record, parse_rates
from schedule_builder.workspace.checker import StatedLength, examined, stated_length
from schedule_builder.workspace.discovery import STDIN
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import settings_for

Contents: TypeAlias = "tuple[bytes | None, str, str]"
"""Contents, how they are named, and their path; see `Reader.contents`."""


class Reader:
    """Reads sides of a comparison.

    Args:
        arguments: those of a command that has the options of `add_overrides`.
    """

    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self._request = Request(
            tuple(arguments.overrides), arguments.num_steps, arguments.batch_size
        )
        self._stated: list[StatedLength | None] = []

    def file(self, path: str) -> Side:
        """Reads a side: a file, `-` for standard input, or `REV:PATH`."""
        from schedule_builder.workspace.git import (  # noqa: PLC0415 - 10 ms, for revisions alone
            Repository,
            RevisionError,
            revision_path,
        )

        at = None if path == STDIN else revision_path(path)
        if at is None:
            return self.contents(
                read_input(path, most=MAX_RATES_BYTES, is_whole=True),
                "<stdin>" if path == STDIN else path,
            )
        try:
            data = Repository(Path()).read(*at)
        except RevisionError as error:
            raise CommandError(str(error)) from None
        return self.contents(data, path, at.path)

    def contents(self, data: bytes, name: str, path: str = "") -> Side:
        """A file's contents.

        Args:
            data: the contents.
            name: how they are named to people.
            path: the file whose suffix and settings count, if the name is not its path.
        """
        text = data.decode("utf-8", "replace")
        if is_record(text):
            try:
                return Side.of_record(parse_rates(text, name))
            except ValueError as error:
                raise CommandError(str(error)) from None
        warn(settings_for(resolved(path or name).parent).warnings)
        config, found = examined(data, path or name, self._request)
        self._stated.append(stated_length(config))
        # The name tells findings at a revision from those in the present file.
        return Side.of_config(config, name, [d._replace(filename=name) for d in found])

    def pair(self, name: str, old: Contents, new: Contents) -> Change:
        """A file on two sides, each with its contents, how it is named, and its path."""
        first, second = (
            None if data is None else self.contents(data, *rest) for data, *rest in (old, new)
        )
        return Change(name, first, second)

    def folders(self, first: str, second: str) -> list[Change]:
        """The configs in either of two folders."""
        from schedule_builder.workspace.changes import between_folders  # noqa: PLC0415 - 10 ms, for folders alone

        pairs = between_folders(Path(first), Path(second), self._request)
        if not pairs:
            raise UsageError(no_configs([first, second]))
        return [
            self.pair(
                name,
                (old, os.path.join(first, name), ""),  # noqa: PTH118 - as it is given
                (new, os.path.join(second, name), ""),  # noqa: PTH118 - as it is given
            )
            for name, old, new, *_ in pairs
        ]

    def found(self, paths: Sequence[str]) -> list[Side]:
        """The configs that files, folders and patterns name."""
        from schedule_builder.workspace.discovery import find_files  # noqa: PLC0415 - 10 ms, for folders alone

        names = list(find_files(paths or ["."], self._request.settings_of))
        if not names:
            raise UsageError(no_configs(paths))
        return [self.file(name) for name in names]

    def since(self, revision: str, paths: Sequence[str]) -> list[Change]:
        """The configs that changed since a revision of git."""
        from schedule_builder.workspace.changes import since  # noqa: PLC0415 - 10 ms, for revisions alone
        from schedule_builder.workspace.git import RevisionError  # noqa: PLC0415 - 10 ms, for revisions alone

        try:
            pairs = since(revision, paths or ["."], self._request)
        except RevisionError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            message = f"cannot read {error.filename}: {error.strerror}"
            raise CommandError(message) from None
        changes = []
        for name, old, new, old_name, old_path in pairs:
            sides = (old, f"{revision}:{old_path}", old_name or name), (new, name, "")
            changes.append(self.pair(name, *sides)._replace(old_name=old_name))
        return changes

    def shown(self, side: Side) -> Side:
        """A side with as many findings as its settings show."""
        return side._replace(diagnostics=tuple(self._request.shown(side.diagnostics)))

    def shown_change(self, change: Change) -> Change:
        """A change with as many findings of each side."""
        first, second = (side and self.shown(side) for side in (change.first, change.second))
        return change._replace(first=first, second=second)

    def note_run_lengths(self) -> None:
        """Says that `--num-steps` does not replace a run length that a file states."""
        note_run_lengths(self._arguments, [stated for stated in self._stated if stated])
