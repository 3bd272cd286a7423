"""Sets fields of a config to new values, in the text that they are written in.

The text is read again after edits that can be made together, and all of it at the end: the new tree
must differ from the old one only in the requested fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import (
    Diagnostic,
    Edit,
    FieldPath,
    Report,
    Source,
    Words,
    shown,
)
from schedule_builder.editing.aliases import Aliases
from schedule_builder.editing.batch import Batch, New, new_block
from schedule_builder.editing.contents import (
    Contents,
    contents,
    contents_of,
    with_value,
    without_value,
)
from schedule_builder.editing.errors import SetError, set_error
from schedule_builder.editing.get import numbered, written_at
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    new_findings,
    no_new_error,
    reread,
)
from schedule_builder.editing.values import has_value, wanted_value
from schedule_builder.reading.edits import (
    apply,
    block_at,
    element_at,
    put,
    removal,
    removed,
)
from schedule_builder.reading.field_paths import (
    FieldNames,
    PathError,
    Step,
)
from schedule_builder.reading.fields import dotted, schema_of, selector_of
from schedule_builder.reading.formats import detect_format, reader_of
from schedule_builder.reading.layout import Layout
from schedule_builder.reading.tree import Document, Scalar, Value
from schedule_builder.records import Record

_READING = ("SB1",)
"""The beginning of the codes of syntax errors."""


class Setting(NamedTuple):
    """A field, and the value to give it.

    Attributes:
        field: its path, or as much of its end as only one field of the file has.
        value: the value as typed; None to remove the field.
        if_absent: whether to keep a value that the file already has.
    """

    field: str
    value: str | None
    if_absent: bool = False

    def __str__(self) -> str:
        return f"--unset {self.field}" if self.value is None else f"{self.field}={self.value}"


class Change(NamedTuple):
    """How a field changed.

    Attributes:
        path: the field, from the top of the file.
        before: its value as the file had it; empty for none.
        after: its value as the file has it now; empty for none.
    """

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.after:
            return f"{self.path}: removed {self.before}"
        return f"{self.path}: {self.before or '(not set)'} -> {self.after}"


class Edited(Record):
    """A config after an edit.

    Attributes:
        text: its text.
        changes: the changes, in order; empty if every field had its value already.
        config: the config that was read from the new text.
        findings: the findings that are new in it.
    """

    text: str
    changes: tuple[Change, ...]
    config: Config
    findings: tuple[Diagnostic, ...]


def edit(config: Config, settings: Iterable[Setting]) -> Edited:
    """Sets fields of a config: all of them, or none if one of them is refused.

    A field that the file does not have is added where its message has it, with the blocks that lead
    there, laid out like those beside it. A member of a oneof replaces the member that is set. All
    other text is unchanged.

    Args:
        config: a config that was read from a text, whether or not it has errors.
        settings: what to change, one after another.

    Returns:
        The new text, and the changes.

    Raises:
        SetError: a field is unknown or cannot have the value, or the file would have new errors.

    >>> from schedule_builder.compiler import examine
    >>> from schedule_builder.diagnostics import Source
    >>> config = examine(Source("a.config", "constant_learning_rate { learning_rate: 1 } # our"))
    >>> edit(config, [Setting("learning_rate", "1e-3")]).text
    'constant_learning_rate { learning_rate: 1e-3 } # our'
    """
    unread = [d for d in config.diagnostics if _is_unread(d)]
    if unread:
        words = Words(
            "the file has errors and cannot be read in full, so it is not changed. Fix them first"
        )
        raise set_error(config.filename, words, unread)
    editor = _Editor(config)
    for setting in settings:
        editor.make(setting)
    editor.flush()
    text = editor.document.source.text
    if not editor.changes:
        return Edited(text, (), config, ())
    try:
        after = reread(config, text, Meant(no_new_error, editor.difference))
    except UnmeantError as error:
        words = Words("{words}, so the file is not changed", words=error.words)
        if error.findings:
            words = Words("the file would have new errors, so it is not changed")
        raise set_error(config.filename, words, error.findings) from None
    return Edited(text, tuple(editor.changes), after, tuple(new_findings(config, after)))


def _is_unread(found: Diagnostic) -> bool:
    return found.severity == "error" and found.code.startswith(_READING)


class _Editor:
    """Changes one text.

    Settings whose edits change nothing about each other are made together, and the text is read
    again after them. What depends on what is made so far is made after that.

    Attributes:
        layout: how the text is laid out that was read last.
        names: its fields, by the names that people give them.
        aliases: what aliases of YAML repeat in it.
        wanted: what the file has to say after what was changed so far.
        changes: what was changed so far.
        batch: edits that are still to be made.
        joined: the settings that they are for.
        is_together: whether edits are made together at all.
    """

    def __init__(self, config: Config) -> None:
        self.descriptor: Any = config.message.DESCRIPTOR
        self.read(config.document)
        source = config.document.source
        self.format = detect_format(source.filename, source.text)
        self.wanted: Contents = contents_of(config.document)
        self.changes: list[Change] = []
        self.is_together = True
        self.begin()

    def begin(self) -> None:
        """Begins to collect edits."""
        self.batch = Batch()
        self.joined: list[Setting] = []
        self.named: list[Setting] = []
        self.known = len(self.changes)
        self.awaited: list[tuple[int, FieldPath]] = []

    def read(self, document: Document) -> None:
        """Takes a text that was read for the current one."""
        self.layout = Layout(document)
        self.names = FieldNames(document, self.descriptor)
        self.aliases = Aliases(document)

    @property
    def document(self) -> Document:
        """What was read last."""
        return self.layout.document

    def make(self, setting: Setting) -> None:
        """Makes one setting, together with earlier and later ones if possible."""
        try:
            is_made = False
            with suppress(PathError, SetError):
                is_made = self.join(setting)
            if not is_made:
                # It may be about what the earlier ones change.
                self.flush()
                self.join(setting)
        except PathError as error:
            words = Words("`{setting}`: {words}", setting=shown(str(setting)), words=error.words)
            raise set_error(self.document.source.filename, words) from None
        if not self.is_together:
            self.flush()

    def resolved(self, setting: Setting) -> list[Step]:
        """The field that a setting names."""
        is_value = setting.value is not None and not setting.value.lstrip().startswith("{")
        return self.names.resolve(setting.field, is_value=is_value)

    def join(self, setting: Setting) -> bool:
        """Adds a setting to the edits that are to be made; False if it has to wait for them.

        It never waits if there are none.
        """
        steps = self.resolved(setting)
        path = numbered(steps, self.document)
        if setting.value is None:
            is_made = self.remove(steps, path)
        else:
            is_known = setting.if_absent and written_at(self.document, path) is not None
            is_made = self.is_apart(steps, path) and (
                is_known or self.set(steps, path, setting.value)
            )
        if is_made and self.batch.made:
            self.joined.append(setting)
            if self.batch.grows:
                self.named.append(setting)
        return is_made

    def is_apart(self, steps: list[Step], path: FieldPath) -> bool:
        """Whether the edits that are to be made change nothing about a field."""
        return self.is_fixed(steps) and self.batch.is_apart(self.after_batch(steps, path))

    def is_fixed(self, steps: list[Step]) -> bool:
        """Whether steps mean the same element after the edits that are to be made."""
        is_moved = self.batch.grows or self.batch.shrinks
        return not (is_moved and any(step.is_from_end for step in steps))

    def after_batch(self, steps: list[Step], path: FieldPath) -> FieldPath:
        """The path of a field after the edits: a new element follows those that are added."""
        if not steps[-1].appends or not isinstance(path[-1], int):
            return path
        return (*path[:-1], path[-1] + self.batch.added(path[:-1]))

    def set(self, steps: list[Step], path: FieldPath, text: str) -> bool:
        """Gives a field a value, and removes the fields that it excludes; False if it waits."""
        step = steps[-1]
        value = wanted_value(self.document, step, path, text)
        selects = step.declared is not None and step.declared.rule.selects
        old = element_at(self.document, path)
        if has_value(self.document, path, value, step):
            return True
        others = list(self.excluded(path))
        selected = list(self.unselected(path))
        is_alone = selects or bool(selected)
        like = self.document.source.text[old.value.start : old.value.end] if old else ""
        value = self.layout.as_written(value, step.declared, like)
        is_joined = not is_alone and (
            self.add(steps, path, value, others)
            if old is None
            else not others and self.replace(path, old.value, value)
        )
        if is_joined:
            return True
        if self.batch.made:
            return False
        self.put(path, value)
        for place, name in selected:
            self.put(place, self.layout.as_written(Scalar(name, True, 0, 0), None))
        for other in others:
            self.remove_now(other)
        return True

    def levels(self, path: FieldPath) -> Iterator[tuple[FieldPath, str, Any]]:
        """The blocks on a path: where each is, the field that is next, and the message type."""
        message = self.descriptor
        for length, name in enumerate(path):
            if isinstance(name, int) or message is None:
                continue
            yield path[:length], name, message
            declared = schema_of(message).get(name)
            message = declared.message if declared is not None else None

    def excluded(self, path: FieldPath) -> Iterator[FieldPath]:
        """The members of oneofs that a value at a path replaces."""
        for place, name, message in self.levels(path):
            schema, block = schema_of(message), block_at(self.document, place)
            oneof = schema[name].oneof if name in schema else None
            for field in block.fields if block is not None and oneof is not None else ():
                other = schema.get(field.name)
                if other is not None and other.oneof == oneof and field.name != name:
                    yield (*place, field.name)

    def unselected(self, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
        """The fields that have to select a new sub-block, as they select none yet."""
        for place, name, message in self.levels(path):
            selector, schema = selector_of(message), schema_of(message)
            block = block_at(self.document, place)
            is_selectable = name in schema and schema[name].is_selectable
            is_given = block is not None and (
                bool(self.document.elements(block, name))
                or bool(self.document.elements(block, selector))
            )
            if selector and is_selectable and not is_given:
                yield (*place, selector), name

    def replace(self, path: FieldPath, old: Value, value: Value) -> bool:
        """Replaces one value by another, together with other edits; False if that cannot be."""
        self.aliases.check(path, is_removal=False)
        is_scalar = isinstance(old, Scalar) and isinstance(value, Scalar)
        edits = put(self.layout, path, value, self.descriptor)
        if not self.batch.replace(path, edits or [], contents(value), is_scalar=is_scalar):
            return False
        self.expect(path, self.written(path))
        return True

    def add(
        self, steps: list[Step], path: FieldPath, value: Value, others: list[FieldPath]
    ) -> bool:
        """Adds a field or an element together with other edits; False if that cannot be.

        Args:
            steps: the field.
            path: its path.
            value: its value.
            others: the members of oneofs that it replaces.
        """
        if not self.is_together:
            return False
        self.aliases.check(path, is_removal=False)
        place = self.after_batch(steps, path)
        others = [other for other in others if other not in self.batch.replaced]
        parts = self.batch.together(self.new(place, self.given(path), value, others))
        if parts is None:
            return False
        if len(parts) > 1:
            field = parts[0].field
            inner = [(part.rest, part.value) for part in parts]
            whole = new_block(self.message_at(field), inner)
            edits = put(self.layout, field, whole, self.descriptor)
        else:
            edits = put(self.layout, path, value, self.descriptor)
        if edits is None or not self.batch.add(parts, edits, contents(value)):
            return False
        self.expect(place, "")
        self.changes.extend(Change(dotted(other), self.written(other), "") for other in others)
        return True

    def written(self, path: FieldPath) -> str:
        """The value at a path as a change shows it; empty for none."""
        return written_at(self.document, path) or ""

    def expect(self, path: FieldPath, before: str) -> None:
        """Notes a change whose new value is read when the edits are made."""
        self.awaited.append((len(self.changes), path))
        self.changes.append(Change(dotted(path), before, ""))

    def given(self, path: FieldPath) -> FieldPath:
        """As much of the way to a field as the text has."""
        length = len(path) - 1
        while length and element_at(self.document, path[:length]) is None:
            length -= 1
        return path[:length]

    def new(
        self, path: FieldPath, block: FieldPath, value: Value, replaces: list[FieldPath]
    ) -> New:
        """A value that is added to a block, or to a list, on its path."""
        members, rank = {}, 0
        for place, name, message in self.levels(path):
            schema = schema_of(message)
            if (oneof := schema[name].oneof) is not None:
                members[place, oneof] = name
            if place == block:
                rank = list(schema).index(name)
        return New(path, block, rank, members, replaces, value)

    def message_at(self, path: FieldPath) -> Any:
        """The type of the blocks at a path that the schema describes."""
        [*_, (_, name, message)] = self.levels(path)
        return schema_of(message)[name].message

    def flush(self) -> None:
        """Makes the edits that are pending."""
        batch, joined, named, awaited = self.batch, self.joined, self.named, self.awaited
        known, before, said = self.known, self.document, self.wanted
        self.begin()
        if not batch.made:
            return
        try:
            self.apply_batch(batch)
            self.remove_members(batch.replaced)
            for setting in named:
                self.resolved(setting)  # Among more fields, a name may mean several.
        except (PathError, SetError):
            if not self.is_together:
                raise
            # One after another, as the first one that is wrong is to be named.
            self.read(before)
            self.wanted = said
            del self.changes[known:]
            self.begin()
            self.is_together = False
            for setting in joined:
                self.make(setting)
            self.is_together = True
            return
        for index, path in awaited:
            self.changes[index] = self.changes[index]._replace(after=self.written(path))

    def remove_members(self, paths: Iterable[FieldPath]) -> None:
        """Removes members of oneofs that others have replaced."""
        batch = Batch()
        for path in paths:
            self.aliases.check(path, is_removal=True)
            part = removed(self.document, path)
            if part is None or not batch.remove(path, part):
                raise self.unchangeable(path)
        if batch.made:
            self.apply_batch(batch)

    def put(self, path: FieldPath, value: Value) -> None:
        """Puts a value into the text, which is read again."""
        before = self.written(path)
        self.aliases.check(path, is_removal=False)
        edits = put(self.layout, path, value, self.descriptor)
        normal = contents(value)
        self.apply(edits, path, with_value(self.wanted, path, normal))
        self.changes.append(Change(dotted(path), before, self.written(path)))
        self.begin()

    def remove(self, steps: list[Step], path: FieldPath) -> bool:
        """Removes an element, or a field with all its repetitions; False if that waits."""
        batch, step = self.batch, steps[-1]
        if not self.is_together:
            return self.remove_now(path)
        place = path
        if step.index is None:
            if not self.is_apart(steps, path):
                return False
        else:
            if not (self.is_fixed(steps[:-1]) and batch.is_outside(path[:-1])):
                return False
            in_text = batch.place_of(path, step.index)
            if in_text is None:
                return False
            place = in_text
        if element_at(self.document, place) is None:
            return True
        self.aliases.check(place, is_removal=True)
        before = self.written(place)
        part = removed(self.document, place)
        if part is None or not (
            batch.remove(path, part)
            if step.index is None
            else batch.remove_element(path[:-1], step.index, part)
        ):
            return self.remove_now(path)
        self.changes.append(Change(dotted(batch.made[-1].path), before, ""))
        return True

    def remove_now(self, path: FieldPath) -> bool:
        """Removes an element, or a field with all its repetitions; False while others wait."""
        if self.batch.made:
            return False
        before = written_at(self.document, path)
        while (found := element_at(self.document, path)) is not None:
            self.aliases.check(path, is_removal=True)
            edits = removal(self.document, path)
            wanted = self.wanted
            if isinstance(path[-1], int):
                self.apply(edits, path, without_value(wanted, path))
                break
            siblings = block_at(self.document, path[:-1])
            elements = self.document.elements(siblings, path[-1]) if siblings is not None else []
            for _ in [element for element in elements if element.field is found.field]:
                wanted = without_value(wanted, (*path, 0))
            self.apply(edits, path, wanted)
        if before is not None:
            self.changes.append(Change(dotted(path), before, ""))
        self.begin()
        return True

    def apply_batch(self, batch: Batch) -> None:
        """Makes the edits of a batch together."""
        wanted = deepcopy(self.wanted)
        batch.applied_to(wanted)
        self.apply(batch.edits(self.document.source.text), batch.made[0].path, wanted)

    def apply(self, edits: list[Edit] | None, path: FieldPath, wanted: Contents) -> None:
        """Makes edits, and reads the text that they give."""
        source = self.document.source
        text = apply(source.text, edits or ())
        report = Report(Source(source.filename, text))
        document = reader_of(self.format)(report.source, report)
        if document.syntax.explicit_lists:
            from schedule_builder.reading.yaml_merging import settle  # noqa: PLC0415 - 3 ms, for YAML alone

            document = settle(document, self.descriptor, report)
        is_read = not any(map(_is_unread, report.diagnostics))
        if not is_read or contents_of(document) != wanted:
            raise self.unchangeable(path)
        self.wanted = wanted
        self.read(document)

    def difference(self, before: Config, after: Config) -> Words | None:
        """What an edited config says beside what was asked; None if nothing."""
        is_other = contents_of(after.document) != self.wanted
        return Words("the new text would say something else") if is_other else None

    def unchangeable(self, path: FieldPath) -> SetError:
        """Says that there is no safe edit."""
        words = Words(
            "{name:field} cannot be changed in the layout that the file has: change it by hand",
            name=dotted(path),
        )
        return set_error(self.document.source.filename, words)
