"""Sets fields of a config to new values, in the text that they are written in.

The text is read again after edits that can be made together, and all of it at the end: the new tree
must differ from the old one only in the requested fields.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import (
    Diagnostic,
    Edit,
    FieldPath,
    Report,
    Source,
    Span,
    Words,
    shown,
)
from schedule_builder.editing.batch import Batch
from schedule_builder.editing.contents import (
    Contents,
    contents,
    contents_of,
    with_value,
    without_value,
)
from schedule_builder.editing.errors import SetError, set_error
from schedule_builder.editing.get import LONGEST_SHOWN, numbered, values_at, written_at
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    new_findings,
    no_new_error,
    reread,
)
from schedule_builder.reading.edits import (
    apply,
    element_at,
    merge_key_of,
    put,
    removal,
    removed,
)
from schedule_builder.reading.field_paths import (
    FieldNames,
    PathError,
    Step,
    path_of,
)
from schedule_builder.reading.fields import dotted, field_name, schema_of, selector_of
from schedule_builder.reading.findings import WRONG_TYPE, YAML_1_1
from schedule_builder.reading.formats import detect_format, reader_of
from schedule_builder.reading.layout import Layout
from schedule_builder.reading.positions import own_end
from schedule_builder.reading.tree import (
    Block,
    Document,
    Element,
    Scalar,
    Sequence,
    Value,
)
from schedule_builder.reading.typed_values import typed_value
from schedule_builder.reading.values import Refusal, misread, value_of
from schedule_builder.records import Record

if TYPE_CHECKING:
    from schedule_builder.reading.yaml_format import Anchored

_READING = ("SB1",)
"""The beginning of the codes of syntax errors."""
_NOUNS = {Scalar: "a single value", Block: "a block", Sequence: "a list"}


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
        anchors: what aliases of YAML repeat in it; None until that is needed.
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
        self.named: list[tuple[Setting, list[Step]]] = []
        self.known = len(self.changes)
        self.awaited: list[tuple[int, FieldPath]] = []

    def read(self, document: Document) -> None:
        """Takes a text that was read for the current one."""
        self.layout = Layout(document)
        self.names = FieldNames(document, self.descriptor)
        self.anchors: list[Anchored] | None = None

    @property
    def document(self) -> Document:
        """What was read last."""
        return self.layout.document

    def make(self, setting: Setting) -> None:
        """Makes one setting, together with earlier and later ones if possible."""
        try:
            try:
                is_made = self.join(setting)
            except (PathError, SetError):
                if not self.batch.made:
                    raise
                is_made = False
            if not is_made:
                # It may be about what they change.
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
                self.named.append((setting, steps))
        return is_made

    def is_apart(self, steps: list[Step], path: FieldPath) -> bool:
        """Whether the edits that are to be made change nothing about a field."""
        batch = self.batch
        is_moved = batch.grows or batch.shrinks
        if is_moved and any((step.index or 0) < 0 or step.declared is None for step in steps):
            return False
        return batch.is_apart(self.after_batch(steps, path))

    def after_batch(self, steps: list[Step], path: FieldPath) -> FieldPath:
        """The path of a field after the edits: a new element follows those that are added."""
        if not steps[-1].appends or not isinstance(path[-1], int):
            return path
        return (*path[:-1], path[-1] + self.batch.added(path[:-1]))

    def set(self, steps: list[Step], path: FieldPath, text: str) -> bool:
        """Gives a field a value, and removes the fields that it excludes; False if it waits."""
        step = steps[-1]
        if step.declared is None:
            value = self.value_like(step, path, text)
        else:
            value = typed_value(text, step, self.document.syntax)
            self.check(value, step, path)
        selects = step.declared is not None and step.declared.rule.selects
        old = element_at(self.document, path)
        if old is not None and not self.batch.made and self.is_same(path, value, step):
            return True
        others = list(self.excluded(path))
        selected = list(self.unselected(path))
        is_alone = selects or bool(others) or bool(selected)
        if is_alone and self.batch.made:
            return False
        if old is not None and self.is_same(path, value, step):
            return True
        like = self.document.source.text[old.value.start : old.value.end] if old else ""
        value = self.layout.as_written(value, step.declared, like)
        is_scalar = old is not None and isinstance(old.value, Scalar) and isinstance(value, Scalar)
        if is_scalar and not is_alone:
            self.replace(path, value)
            return True
        is_new = old is None and not isinstance(value, Sequence) and step.declared is not None
        if is_new and not is_alone and self.add(steps, path, value):
            return True
        if self.batch.made:
            return False
        self.put(path, value)
        for place, name in selected:
            self.put(place, self.layout.as_written(Scalar(name, True, 0, 0), None))
        for other in others:
            self.remove_now(other)
        return True

    def check(self, value: Value, step: Step, path: FieldPath) -> None:
        """Refuses values that the field cannot have."""
        declared = step.declared
        if declared is None:
            return
        siblings: Container[str] = ()
        if declared.rule.selects:
            block = self.block(path[:-1] if isinstance(path[-1], str) else path[:-2])
            siblings = [f.name for f in block.fields] if block is not None else []
        for item in value.items if isinstance(value, Sequence) else [value]:
            if declared.message is not None or not isinstance(item, Scalar):
                continue
            given = Scalar(item.text, declared.kind == "string" or item.quoted, 0, 0)
            found = value_of(given, declared, self.document.syntax, siblings)
            if isinstance(found, Refusal):
                raise PathError(found.kind, step.at, found.words)
            if unclear := misread(given, declared, self.document.syntax):
                raise PathError(YAML_1_1, step.at, unclear.words)
        items = value.items if isinstance(value, Sequence) else [value]
        if any(isinstance(item, Block) != (declared.message is not None) for item in items):
            words = Words(
                "{field:field} must be {expected}", field=step.name, expected=declared.expected
            )
            raise PathError(WRONG_TYPE, step.at, words)

    def value_like(self, step: Step, path: FieldPath, text: str) -> Value:
        """The value of a field that no schema describes: of the same kind as the file's."""
        old = element_at(self.document, path)
        if old is None:
            words = Words(
                "only fields that the file has can be set here, as the schema does not"
                " describe this part of a config. Add the field to the file first"
            )
            raise PathError(WRONG_TYPE, step.at, words)
        word = text.strip()
        if isinstance(old.value, Scalar) and old.value.quoted:
            is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
            if not is_quoted:
                return Scalar(word, True, 0, len(word))
        value = typed_value(text, step, self.document.syntax)
        if type(value) is not type(old.value):
            words = Words(
                "the file has {old} here, and `{text}` is {new}. Give {old}",
                old=_NOUNS[type(old.value)],
                new=_NOUNS[type(value)],
                text=shown(word),
            )
            raise PathError(WRONG_TYPE, step.at, words)
        return value

    def is_same(self, path: FieldPath, value: Value, step: Step) -> bool:
        """Whether a field has a value already, however it is written."""
        olds = values_at(self.document, path)
        news = value.items if isinstance(value, Sequence) else [value]
        if len(olds) != len(news):
            return False
        declared, syntax = step.declared, self.document.syntax
        for old, new in zip(olds, news, strict=True):
            if declared is None or not (isinstance(old, Scalar) and isinstance(new, Scalar)):
                if contents(old) != contents(new):
                    return False
                continue
            is_text = declared.kind == "string"
            given = Scalar(new.text, is_text or new.quoted, 0, 0)
            one, other = (value_of(v, declared, syntax, _Anything()) for v in (old, given))
            if isinstance(one, Refusal) or one != other or type(one) is not type(other):
                return False
        return True

    def block(self, path: FieldPath) -> Block | None:
        """The block at a path."""
        if not path:
            return self.document.root
        found = element_at(self.document, path)
        return found.value if found is not None and isinstance(found.value, Block) else None

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
            schema, block = schema_of(message), self.block(place)
            oneof = schema[name].oneof if name in schema else None
            for field in block.fields if block is not None and oneof is not None else ():
                other = schema.get(field.name)
                if other is not None and other.oneof == oneof and field.name != name:
                    yield (*place, field.name)

    def unselected(self, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
        """The fields that have to select a new sub-block, as they select none yet."""
        for place, name, message in self.levels(path):
            selector, schema, block = selector_of(message), schema_of(message), self.block(place)
            is_selectable = name in schema and schema[name].is_selectable
            is_given = block is not None and (
                bool(self.document.elements(block, name))
                or bool(self.document.elements(block, selector))
            )
            if selector and is_selectable and not is_given:
                yield (*place, selector), name

    def replace(self, path: FieldPath, value: Value) -> None:
        """Replaces one scalar by another, together with other edits."""
        before = written_at(self.document, path) or ""
        self.check_shared(path, is_removal=False)
        edits = put(self.layout, path, value, self.descriptor)
        if edits is None:
            raise self.unchangeable(path)
        self.batch.replace(path, edits, contents(value))
        after = shown("".join(edit.text for edit in edits).strip(), LONGEST_SHOWN)
        self.changes.append(Change(dotted(path), before, after))

    def add(self, steps: list[Step], path: FieldPath, value: Value) -> bool:
        """Adds a field or an element together with other edits; False if that cannot be."""
        if not self.is_together or self.document.has_aliases:
            return False
        edits = put(self.layout, path, value, self.descriptor)
        place = self.after_batch(steps, path)
        if edits is None or not self.batch.add(place, self.given(path), edits, contents(value)):
            return False
        self.awaited.append((len(self.changes), place))
        self.changes.append(Change(dotted(place), "", ""))
        return True

    def given(self, path: FieldPath) -> FieldPath:
        """As much of the way to a field as the text has."""
        length = len(path) - 1
        while length and element_at(self.document, path[:length]) is None:
            length -= 1
        return path[:length]

    def flush(self) -> None:
        """Makes the edits that are pending."""
        batch, joined, named, awaited = self.batch, self.joined, self.named, self.awaited
        known, before, said = self.known, self.document, self.wanted
        self.begin()
        if not batch.made:
            return
        wanted = deepcopy(said)
        batch.applied_to(wanted)
        try:
            self.apply(batch.edits(before.source.text), batch.made[0].path, wanted)
            for setting, steps in named if batch.grows else ():
                if path_of(self.resolved(setting)) != path_of(steps):
                    raise self.unchangeable(batch.made[0].path)
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
            after = written_at(self.document, path) or ""
            self.changes[index] = self.changes[index]._replace(after=after)

    def put(self, path: FieldPath, value: Value) -> None:
        """Puts a value into the text, which is read again."""
        before = written_at(self.document, path) or ""
        self.check_shared(path, is_removal=False)
        edits = put(self.layout, path, value, self.descriptor)
        normal = contents(value)
        self.apply(edits, path, with_value(self.wanted, path, normal))
        self.changes.append(Change(dotted(path), before, written_at(self.document, path) or ""))
        self.begin()

    def remove(self, steps: list[Step], path: FieldPath) -> bool:
        """Removes an element, or a field with all its repetitions; False if that waits."""
        batch, step = self.batch, steps[-1]
        is_simple = not self.document.has_aliases and all(s.declared is not None for s in steps)
        if not (is_simple and self.is_together):
            if batch.made:
                return False
            self.remove_now(path)
            return True
        place = path
        if step.index is None:
            if not self.is_apart(steps, path):
                return False
        else:
            if any((s.index or 0) < 0 for s in steps[:-1]) or not batch.is_outside(path[:-1]):
                return not batch.made and self.removed_now(path)
            block = self.block(path[:-2])
            count = len(self.document.elements(block, step.name)) if block is not None else 0
            index = batch.element(path[:-1], step.index, count)
            if index is None:
                return False
            place = (*path[:-1], index)
        if element_at(self.document, place) is None:
            return True
        before = written_at(self.document, place) or ""
        part = removed(self.document, place)
        if part is None or not (
            batch.remove(path, part)
            if step.index is None
            else batch.remove_element(path[:-1], step.index, part)
        ):
            return not batch.made and self.removed_now(path)
        self.changes.append(Change(dotted(batch.made[-1].path), before, ""))
        return True

    def removed_now(self, path: FieldPath) -> bool:
        """Removes a field at once, and says that it did."""
        self.remove_now(path)
        return True

    def remove_now(self, path: FieldPath) -> None:
        """Removes an element, or a field with all its repetitions, from the text."""
        before = written_at(self.document, path)
        while (found := element_at(self.document, path)) is not None:
            self.check_shared(path, is_removal=True)
            edits = removal(self.document, path)
            wanted = self.wanted
            if isinstance(path[-1], int):
                self.apply(edits, path, without_value(wanted, path))
                break
            siblings = self.block(path[:-1])
            elements = self.document.elements(siblings, path[-1]) if siblings is not None else []
            for _ in [element for element in elements if element.field is found.field]:
                wanted = without_value(wanted, (*path, 0))
            self.apply(edits, path, wanted)
        if before is not None:
            self.changes.append(Change(dotted(path), before, ""))
        self.begin()

    def apply(self, edits: list[Edit] | None, path: FieldPath, wanted: Contents) -> None:
        """Makes edits, and reads the text that they give."""
        source = self.document.source
        text = apply(source.text, edits) if edits is not None else source.text
        report = Report(Source(source.filename, text))
        document = reader_of(self.format)(report.source, report)
        if document.syntax.explicit_lists:
            from schedule_builder.reading.yaml_merging import settle  # noqa: PLC0415 - 3 ms, for YAML alone

            document = settle(document, self.descriptor, report)
        is_read = not any(map(_is_unread, report.diagnostics))
        if edits is None or not is_read or contents_of(document) != wanted:
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

    def check_shared(self, path: FieldPath, *, is_removal: bool) -> None:
        """Refuses to change values that aliases or merge keys of YAML repeat elsewhere."""
        document = self.document
        if not document.has_aliases:
            return
        if self.anchors is None:
            from schedule_builder.reading.yaml_format import anchored  # noqa: PLC0415 - read already

            self.anchors = anchored(document.source.text)
        text = document.source.text
        if key := merge_key_of(document, path):
            row, _ = document.source.position(key.start)
            words = Words(
                "{name:field} is merged into the block at line {row} (`<<`), and other blocks"
                " may share it. Write it out there first",
                name=field_name(path),
                row=row,
            )
            raise set_error(document.source.filename, words)
        on_way = [(path[:n], element_at(document, path[:n])) for n in range(1, len(path) + 1)]
        found = [(at, element) for at, element in on_way if element is not None]
        last = element_at(document, path)
        for shared in self.anchors:
            span, uses = shared.span, shared.uses
            for at, element in found:
                start = element.value.start
                is_last = element == last
                is_alias = any(use.start == start for use in uses)
                is_inside = span.start <= start < span.end
                if is_removal and is_last:
                    own = _own_span(text, element)
                    is_inside = own[0] <= span.start < own[1] and any(
                        not own[0] <= use.start < own[1] for use in uses
                    )
                    is_alias = False
                # An alias of a block has the block itself as its value.
                is_alias = is_alias or (is_inside and element.field.start >= span.end)
                if is_alias or is_inside:
                    words = _shared_words(is_alias=is_alias, is_removal=is_removal and is_last)
                    words = words.filled(
                        name=dotted(at if is_alias else path),
                        anchor=shared.name,
                        place=_place(document, span),
                        use=_place(document, uses[0]),
                    )
                    raise set_error(document.source.filename, words)


def _shared_words(*, is_alias: bool, is_removal: bool) -> Words:
    """How a value is shared through an anchor."""
    if is_alias:
        return Words(
            "{name:field} is an alias of `&{anchor}` ({place}). Replace `*{anchor}` with its value"
            " first, or change the anchored value by hand"
        )
    if is_removal:
        return Words(
            "{name:field} holds the anchored value `&{anchor}` ({place}), which `*{anchor}` repeats"
            " ({use}). Replace each `*{anchor}` with its value first"
        )
    return Words(
        "{name:field} belongs to the anchored value `&{anchor}` ({place}), which `*{anchor}`"
        " repeats ({use}). Replace each `*{anchor}` with its value first, or change the anchored"
        " value by hand"
    )


def _place(document: Document, span: Span) -> str:
    return "{}:{}".format(*document.source.position(span.start))


def _own_span(text: str, element: Element) -> tuple[int, int]:
    if element.sequence is not None and len(element.sequence.items) > 1:
        return element.value.start, element.value.end
    return element.field.start, own_end(text, element.field)


class _Anything:
    """Holds every name."""

    def __contains__(self, item: object) -> bool:
        return True
