"""Stretches a schedule to another run length, in the text that it is written in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from google.protobuf.message import Message

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import (
    ConfigError,
    Diagnostic,
    Edit,
    FieldPath,
    Set,
    Source,
    Words,
)
from schedule_builder.editing.aliases import merged
from schedule_builder.editing.contents import contents_of, with_values
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rereading import Meant, UnmeantError, no_new_error, reread
from schedule_builder.reading.edits import apply, edits_of, element_at
from schedule_builder.reading.fields import (
    counting,
    field_name,
    is_stretchable_value,
    schema_of,
    selector_of,
)

_LONGEST_NAME = 200
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)\s+\Z")


class RescaleError(EditingError):
    """Raised for a schedule that cannot be stretched; the message says where and why."""


def rescale(config: Config, num_steps: int, from_steps: int | None = None) -> str:
    """The text of a config whose schedule is stretched to another length.

    Every number of steps in the learning rate is multiplied by `num_steps / from_steps` and
    rounded, but not to 0; the run length becomes `num_steps`. Under a `step_unit` only the run
    length changes, and the schedule follows it. Rates, comments and layout stay. Where all the
    products are whole numbers, the new rate at a step is the old one at the step times
    `from_steps / num_steps`.

    Args:
        config: a config that was loaded from a file.
        num_steps: the new run length.
        from_steps: the length that the schedule was made for; by default, the config's own.

    Returns:
        The text.

    Raises:
        ConfigError: the schedule would be invalid, as where two stages begin at one step.
        RescaleError: the length of the schedule is unknown, or it has none.

    >>> from schedule_builder.config import load
    >>> print(rescale(load({"manual_step_learning_rate": {"schedule": [
    ...     {"step": 600, "learning_rate": 0.1}]}}), 500, from_steps=1000))
    {
      "manual_step_learning_rate": {
        "schedule": [
          {
            "step": 300,
            "learning_rate": 0.1
          }
        ]
      }
    }
    """
    length = from_steps or config.num_steps
    if length is None:
        words = Words(
            "the file does not set the run length that its schedule was made for: pass"
            " `--from-steps`"
        )
        raise RescaleError(config.document.source, None, words)
    run_length = config.dialect.num_steps_path
    changes: dict[Set, int] = {}
    if not follows_run(config):
        ratio = Fraction(num_steps, length)
        changes = {
            Set(path, str(new)): old
            for path, old in _counts(config)
            if (new := _scaled(old, ratio)) != old
        }
    elif from_steps is not None or not run_length:
        words = Words(
            "lengths here follow the run, as they have a `step_unit`. Omit `--from-steps`, so"
            " that only the run length changes"
        )
        if not run_length:
            words = Words(
                "nothing to change: lengths here follow the run, as they have a `step_unit`,"
                " and the file does not set the run length. Set it in the command or the config"
                " that starts training"
            )
        raise RescaleError(config.document.source, None, words)
    if run_length and config.get(run_length) != num_steps:
        changes[Set(run_length, str(num_steps))] = length
    source = config.document.source
    given = {c: old for c, old in changes.items() if element_at(config.document, c.path)}
    text = apply(source.text, _edits(config, given))
    for change, old in changes.items():
        if change not in given:
            # Each is added to the result of the one before: a block may have been empty.
            text = apply(text, _edits(examine(Source(source.filename, text)), {change: old}))
    wanted = with_values(
        contents_of(config.document), {change.path: (change.text, False) for change in changes}
    )

    def other(before: Config, after: Config) -> Words | None:
        if contents_of(after.document) == wanted:
            return None
        return Words(
            "the lengths cannot be changed in the layout that the file has: change them by hand"
        )

    try:
        # A run length that the caller gave is that of the old schedule.
        reread(config, text, Meant(_invalid, other), lambda t: examine(Source(source.filename, t)))
    except UnmeantError as error:
        if error.findings:
            raise ConfigError(error.findings) from None
        raise RescaleError(source, None, error.words) from None
    return text


def _invalid(before: Config, after: Config) -> Sequence[Diagnostic]:
    """What makes the stretched schedule invalid."""
    return no_new_error(before, after) or (after.diagnostics if after.schedule is None else ())


def follows_run(config: Config) -> bool:
    """Whether a config has lengths in another unit than steps, so that no number is rescaled."""
    return config.in_steps is not None and bool(config.in_steps.lengths)


def unscaled_counts(config: Config) -> dict[FieldPath, str]:
    """The lengths that do not follow the run under a unit: those in steps and in epochs."""
    found: dict[FieldPath, str] = {}
    for path, count in _counts(config):
        length = config.length(path)
        if length is None and count:
            found[path] = f"{count} step{'s' * (count != 1)}"
        elif length is not None and not length.follows_run:
            found[path] = str(length)
    return found


def _edits(config: Config, changes: dict[Set, int]) -> list[Edit]:
    """The edits for changes, each with the number that was there before; no edit is repeated."""
    edits: dict[Edit, FieldPath] = {}
    for change, old in changes.items():
        if words := merged(config.document, change.path):
            raise _refuse(config, change.path, words)
        found = edits_of(config.document, change, config.message.DESCRIPTOR)
        if found is None:
            words = Words(
                "{name:field} is not set. Add `{name}: {old}`, its default, to the file, then run"
                " the command again",
                name=field_name(change.path),
                old=old,
            )
            raise _refuse(config, change.path, words)
        edits |= dict.fromkeys(found, change.path)
    if not config.document.has_aliases:
        return list(edits)
    return _with_aliases(config, edits)


def _with_aliases(config: Config, edits: dict[Edit, FieldPath]) -> list[Edit]:
    """The edits that remain where YAML has aliases: these follow the value of their anchor."""
    text = config.document.source.text
    following: list[Edit] = []
    for edit, path in edits.items():
        anchor = _ANCHOR.search(text, max(edit.start - _LONGEST_NAME, 0), edit.start)
        if anchor is None:
            continue
        alias = f"*{anchor[1]}"
        same = [e for e in edits if text[e.start : e.end] == alias and e.text == edit.text]
        following += same
        uses = re.findall(rf"(?<![^\s,\[{{:-]){re.escape(alias)}(?![^\s,\]}}])", text)
        if len(uses) > len(same):
            words = Words(
                "other values are aliases of `&{anchor}` and would change with it: write them out"
                " first",
                anchor=anchor[1],
            )
            raise _refuse(config, path, words)
    return [edit for edit in edits if edit not in following]


def _scaled(steps: int, ratio: Fraction) -> int:
    new = round(steps * ratio)
    return max(new, 1) if steps > 0 else new


def _refuse(config: Config, path: FieldPath, words: Words) -> RescaleError:
    return RescaleError(config.document.source, config.place(path).start, words)


def _counts(config: Config) -> Iterator[tuple[FieldPath, int]]:
    """Every number of steps that is in force in a learning rate, defaults included."""
    for path in config.dialect.schedule_paths(config.message):
        message = config.get(path)
        if message is not None:
            yield from _counts_in(config, message, path)


def _counts_in(
    config: Config, message: Message, path: FieldPath
) -> Iterator[tuple[FieldPath, int]]:
    names = list(schema_of(message.DESCRIPTOR))
    if selector_of(message.DESCRIPTOR):
        chosen = counting(message)
        names = [] if chosen is None else [chosen]
    for name in names:
        yield from _counts_in_field(config, message, name, path)


def _counts_in_field(
    config: Config, message: Message, name: str, path: FieldPath
) -> Iterator[tuple[FieldPath, int]]:
    declared = schema_of(message.DESCRIPTOR)[name]
    value = getattr(message, name)
    if declared.message is not None:
        if declared.repeated:
            for index, item in enumerate(value):
                yield from _counts_in(config, item, (*path, name, index))
        elif message.HasField(name):
            if not declared.is_stretchable:
                raise _has_no_length(config, (*path, name))
            yield from _counts_in(config, value, (*path, name))
    elif declared.enum is not None and not is_stretchable_value(declared.enum, value):
        raise _has_no_length(config, path)
    elif declared.counts_steps and declared.repeated:
        for index, item in enumerate(value):
            yield (*path, name, index), item
    elif declared.counts_steps:
        yield (*path, name), value


def _has_no_length(config: Config, path: FieldPath) -> RescaleError:
    words = Words(
        "`rescale` cannot stretch {name:field}, as its rates would change with its lengths."
        " Change its values by hand",
        name=field_name(path),
    )
    return _refuse(config, path, words)
