"""YAML and JSON, read into a located tree.

PyYAML's events give structure and places; values stay text and get their type from the schema.
`yaml_scalars` says what they mean, and `yaml_merging` what merge keys do. No tag is ever executed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import yaml

from schedule_builder.diagnostics import TOO_LARGE, Kind, Report, Source, Span, Words, shown
from schedule_builder.limits import MAX_ALIASED_VALUES
from schedule_builder.reading import yaml_errors
from schedule_builder.reading.findings import PLACEHOLDER, SYNTAX, TAG, TOO_DEEP
from schedule_builder.reading.positions import after_properties
from schedule_builder.reading.tree import (
    Block,
    Document,
    Field,
    Scalar,
    Sequence,
    Value,
    is_too_deep,
    too_deep,
)
from schedule_builder.reading.yaml_scalars import YAML

# The C loader reads some twenty times faster; both give the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# These are compiled where they are used, as few files need them.
_PLACEHOLDER = r"\{\{[^{}\n]*\}\}"
_TAG = r"!<[^>\n]*>|![^\s,\[\]{}]*"
_PLAIN = r"(?:[^\s,\[\]{}:#]|:(?![\s,\[\]{}]))"
"""A character that a value without quotes may begin with, where it follows a blank."""
_FLOW = (
    r"(\"[^\"\\]*(?:\\[\s\S][^\"\\]*)*\")|'[^']*'|#[^\n]*|[?:]|[&!][^\s,\[\]{}]*"
    rf"|{_PLAIN}(?:{_PLAIN}|#)*(?:\s+{_PLAIN}(?:{_PLAIN}|#)*)*|(\t)"
)
"""A part of a text between brackets: one in double quotes, any other one, or a tab between them."""
_ONLY_JSON = r"\\u[dD][89a-fA-F]|[\x7f-\x9f\u2028\u2029]"
_STANDARD_TAG = "tag:yaml.org,2002:"
_FITTING_TAGS = {
    "a single value": {_STANDARD_TAG + name for name in ("str", "int", "float", "bool", "null")},
    "a list": {_STANDARD_TAG + name for name in ("seq", "python/tuple", "python/list")},
    "a block": {_STANDARD_TAG + "map"},
}
"""The tags that mean nothing, by what they may stand before."""


_NOT_READ = Scalar("", False, 0, 0)
"""The value of a key until its own is read."""


class _Stop(Exception):
    pass


class _Builder:
    """Builds a tree from events, without recursion.

    Each event of PyYAML's is taken by the method that `takers` has for its type: thousands of
    scalars are why those of one do much in one function.
    """

    def __init__(self, source: Source, report: Report, texts: dict[int, str]) -> None:
        self.source = source
        self.report = report
        self.texts = texts
        self.anchors: dict[str, tuple[Value, int, int] | None] = {}
        self.nodes = 0
        self.aliased = 0
        """How many values aliases repeat."""
        self.has_aliases = False
        self.duplicates: dict[int, list[tuple[Field, Field]]] = {}
        self.merges: list[tuple[Block, Field]] = []
        self.last_end = 0
        # Open containers; at the bottom, a list for the root.
        self.roots = Sequence(0)
        self.stack: list[_Frame] = [_Frame(self.roots, None, 0)]
        self.takers: dict[type[Any], Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.AliasEvent: self.alias,
            yaml.MappingStartEvent: self.start_container,
            yaml.SequenceStartEvent: self.start_container,
            yaml.MappingEndEvent: self.end_container,
            yaml.SequenceEndEvent: self.end_container,
            yaml.DocumentStartEvent: self.start_document,
        }

    def stop(self, kind: Kind, at: Span, words: Words) -> NoReturn:
        """Reports an error after which the rest cannot be read."""
        self.report.add(kind, at, words)
        raise _Stop

    def read(self, events: Iterable[Any]) -> None:
        """Takes PyYAML's events."""
        takers = self.takers
        for event in events:
            take = takers.get(type(event))
            if take is not None:
                take(event)

    def start_document(self, event: Any) -> None:
        if self.roots.items:
            words = Words(
                "{marker} starts a second YAML document, but a config is one document. Remove"
                " {marker}, or move what follows it to another file",
                marker="`---`" if event.explicit else "`...`",
            )
            self.stop(SYNTAX, _span(event), words)

    def scalar(self, event: Any) -> None:
        start, end, text = event.start_mark.index, event.end_mark.index, event.value
        keep = not event.tag or self.check_tag(event.tag, start, "a single value")
        has_properties = event.anchor or event.tag
        begin = after_properties(self.source.text, start) if has_properties else start
        if self.texts:
            text = self.texts.get(begin, text)
        frame = self.stack[-1]
        key = frame.key
        if key is None and frame.is_block:
            self.key(frame, text, start, end, is_plain=not event.style and not event.tag)
            return
        if start == end and key is not None:
            # Parsers disagree on the place of an empty value. `{a, b: 1}` has no colon after `a`.
            colon = re.compile(r"\s*:").match(self.source.text, key.end)
            start = end = colon.end() if colon else key.end
        else:
            start = begin
        scalar = Scalar(text, bool(event.style), start, end)
        self.last_end = end
        self.nodes += 1
        if event.anchor:
            self.anchors[event.anchor] = (scalar, 1, 0)
        self.value(frame, scalar, 0, keep=keep)

    def alias(self, event: Any) -> None:
        anchor, at = event.anchor or "", _span(event)
        frame = self.stack[-1]
        if frame.wants_key():
            self.stop(SYNTAX, at, Words("a key must be a name, not an alias. Write the name"))
        known = self.anchors.get(anchor)
        if known is None:
            words = Words(
                "undefined alias `*{name}`: no anchor `&{name}` before it. Add one, or write the"
                " value",
                name=anchor,
            )
            self.stop(SYNTAX, at, words)
        value, size, height = known
        if is_too_deep(len(self.stack) - 1 + height):
            self.stop(TOO_DEEP, at, too_deep())
        self.has_aliases = True
        self.aliased += size
        if self.aliased > MAX_ALIASED_VALUES:
            words = Words(
                "the file's aliases expand to more than {count:,} values. Use fewer aliases",
                count=MAX_ALIASED_VALUES,
            )
            self.stop(TOO_LARGE, at, words)
        self.last_end = at.end
        if isinstance(value, Scalar):
            value = Scalar(value.text, value.quoted, *at)
        self.nodes += size
        self.value(frame, value, height)

    def start_container(self, event: Any) -> None:
        is_list = type(event) is yaml.SequenceStartEvent
        start = event.start_mark.index
        what = "a list" if is_list else "a block"
        keep = not event.tag or self.check_tag(event.tag, start, what)
        if self.stack[-1].wants_key():
            self.refuse_key(start, event.end_mark.index)
        if is_too_deep(len(self.stack)):
            self.stop(TOO_DEEP, _span(event), too_deep())
        if event.anchor:
            self.anchors[event.anchor] = None
        container = Sequence(start) if is_list else Block(start)
        self.stack.append(_Frame(container, event.anchor, self.nodes, keep=keep))

    def refuse_key(self, start: int, end: int) -> NoReturn:
        """Refuses a block or a list where a key belongs."""
        if placeholder := re.compile(_PLACEHOLDER).match(self.source.text, start - 1):
            self.stack.pop()
            self.stack[-1].leave_key()
            words = Words(
                "unexpanded placeholder `{text}`: write the value", text=shown(placeholder[0])
            )
            self.stop(PLACEHOLDER, Span(*placeholder.span()), words)
        opening = self.source.text[start : start + 1]
        words = Words("a key must be a name, not a block or a list. Write the name")
        if opening in ("{", "["):
            words = Words(
                "expected the name of a field, not `{opening}`. Write a name instead of it, or"
                " `name: ` before it",
                opening=opening,
            )
        self.stop(SYNTAX, Span(start, end), words)

    def end_container(self, event: Any) -> None:
        frame = self.close()
        container, end = frame.container, event.end_mark.index
        # In block style PyYAML's end is where the next token starts: our end is the last value's.
        closed = end > event.start_mark.index
        if closed or self.source.text[container.start : container.start + 1] in "{[":
            self.last_end = end
        container.end = max(self.last_end, container.start)
        self.nodes += 1
        if frame.anchor:
            size = self.nodes - frame.nodes_before
            self.anchors[frame.anchor] = (container, size, frame.height)
        self.value(self.stack[-1], container, frame.height, keep=frame.keep)

    def close(self) -> _Frame:
        """Leaves the innermost container, without the fields that are given again in it."""
        frame = self.stack.pop()
        if frame.replaced and isinstance(frame.container, Block):
            fields = frame.container.fields
            frame.container.fields = [f for f in fields if id(f) not in frame.replaced]
        return frame

    def close_all(self) -> Value | None:
        """The root, with what was read of the blocks that an error left open."""
        self.stack[-1].leave_key()
        while len(self.stack) > 1:
            container = self.close().container
            self.value(self.stack[-1], container, 0)
        return self.roots.items[0] if self.roots.items else None

    def key(self, frame: _Frame, name: str, start: int, end: int, *, is_plain: bool) -> None:
        """Takes the key of the next value; of a key that is given twice, the last value counts."""
        key = frame.key = Field(name, start, end, _NOT_READ)
        frame.is_merge = is_plain and name == "<<"
        if frame.is_merge:
            return
        first = frame.keys.get(name)
        if first is not None:
            self.duplicates.setdefault(id(frame.container), []).append((first, key))
            frame.replaced.add(id(first))
        frame.keys[name] = key

    def value(self, frame: _Frame, value: Value, height: int, *, keep: bool = True) -> None:
        """Adds a value, with its levels of containers, to the innermost container."""
        if height >= frame.height:
            frame.height = height + 1
        container, key = frame.container, frame.key
        if isinstance(container, Sequence):
            container.items.append(value)
        elif key is not None:
            frame.key = None
            key.value = value
            if frame.is_merge:
                self.merges.append((container, key))
            elif keep:
                container.fields.append(key)

    def check_tag(self, tag: str, start: int, what: str) -> bool:
        """Whether a value with a tag may be read; reports an error if it may not."""
        if tag == "!" or tag in _FITTING_TAGS[what]:
            return True
        short = tag.replace(_STANDARD_TAG, "!!")
        words = Words(
            "the tag `{tag}` is not allowed: a config is data, and tags can run code. Remove it",
            tag=shown(short),
        )
        if any(tag in tags for tags in _FITTING_TAGS.values()):
            words = Words(
                "the tag `{tag}` does not fit {what}: PyYAML refuses it. Remove it",
                tag=short,
                what=what,
            )
        written = re.compile(_TAG).search(self.source.text, start)
        self.report.add(TAG, Span(*written.span()) if written else Span(start, start + 1), words)
        return False


class _Frame:
    """An open container.

    Attributes:
        key: in a block, the key that waits for its value.
        keys: the keys so far.
        replaced: the fields, by their `id`, that are given again.
        height: the levels of containers, itself included.
        nodes_before: how many nodes were read before.
        keep: whether its tag allows to read it.
    """

    __slots__ = (
        "anchor",
        "container",
        "height",
        "is_block",
        "is_merge",
        "keep",
        "key",
        "keys",
        "nodes_before",
        "replaced",
    )

    def __init__(
        self, container: Block | Sequence, anchor: str | None, nodes: int, *, keep: bool = True
    ) -> None:
        self.keep = keep
        self.container = container
        self.is_block = isinstance(container, Block)
        self.anchor = anchor
        self.nodes_before = nodes
        self.height = 1
        self.key: Field | None = None
        self.is_merge = False
        self.keys: dict[str, Field] = {}
        self.replaced: set[int] = set()

    def wants_key(self) -> bool:
        return self.is_block and self.key is None

    def leave_key(self) -> None:
        """Gives the key that waits no value, and does not add it."""
        if self.key is not None:
            self.key.value = Scalar("", False, self.key.end, self.key.end)
            self.key = None


def _span(event: Any) -> Span:
    return Span(event.start_mark.index, event.end_mark.index)


def _events(text: str) -> Iterator[Any]:
    """PyYAML's events, as many levels as are read and more, whatever its own limit is."""
    loader = _LOADER(text)
    given = 0
    try:
        for event in iter(loader.get_event, None):
            given += 1
            yield event
    except (ValueError, OverflowError) as error:
        # The parser in Python converts some escapes and numbers without checking them.
        problem = str(error)
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=loader.get_mark()) from error
    except yaml.MarkedYAMLError as error:
        limit = error.problem_mark
        if limit is None or yaml_errors.TOO_MANY_LEVELS not in str(error.problem):
            raise
        # libyaml reads ahead, and fails before it gives the events of the levels that it has
        # read. They are given if the text is cut before the level that is one too many.
        yield from islice(_events(text[: limit.index]), given, None)
        raise
    finally:
        loader.dispose()


class Anchored(NamedTuple):
    """A value of YAML that aliases repeat.

    Attributes:
        name: the name of the anchor.
        span: the value, its anchor included.
        uses: the aliases.
    """

    name: str
    span: Span
    uses: list[Span]


class Anchors:
    """The values that aliases repeat, in the order of the text, found by where they stand.

    Args:
        text: a text that can be read.
    """

    def __init__(self, text: str) -> None:
        self.values: list[Anchored] = _anchored(text)
        self._starts = [value.span.start for value in self.values]
        self._of_use = {use.start: n for n, value in enumerate(self.values) for use in value.uses}
        self._around: list[int | None] = []
        open_: list[int] = []
        for number, value in enumerate(self.values):
            while open_ and self.values[open_[-1]].span.end <= value.span.start:
                open_.pop()
            self._around.append(open_[-1] if open_ else None)
            open_.append(number)

    def used_at(self, start: int) -> int | None:
        """The number of the value that an alias at a place repeats."""
        return self._of_use.get(start)

    def around(self, start: int) -> Iterator[int]:
        """The numbers of the values that a place is in, the innermost first."""
        at: int | None = bisect_right(self._starts, start) - 1
        while at is not None and at >= 0:
            if start < self.values[at].span.end:
                yield at
            at = self._around[at]

    def repeated_outside(self, span: Span) -> Iterator[int]:
        """The numbers of the values that begin in a range, and that aliases beyond it repeat."""
        first = bisect_left(self._starts, span.start)
        for number in range(first, bisect_left(self._starts, span.end)):
            uses = self.values[number].uses
            if uses[0].start < span.start or uses[-1].start >= span.end:
                yield number


def _anchored(text: str) -> list[Anchored]:
    """The values that aliases repeat."""
    found: list[Anchored] = []
    known: dict[str, int] = {}
    open_: list[int | None] = []
    last_end = 0
    for event in _events(_as_yaml(text)[0] if text.lstrip()[:1] in ("{", "[") else text):
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            found[known[event.anchor or ""]].uses.append(Span(start, end))
            last_end = end
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            last_end = end if end > start else last_end
            if (at := open_.pop()) is not None:
                found[at] = found[at]._replace(span=Span(found[at].span.start, last_end))
        elif isinstance(event, yaml.NodeEvent):
            last_end = end
            if event.anchor:
                known[event.anchor] = len(found)
                found.append(Anchored(event.anchor, Span(start, end), []))
            if not isinstance(event, yaml.ScalarEvent):
                open_.append(known[event.anchor] if event.anchor else None)
    return [value for value in found if value.uses]


def _as_yaml(text: str) -> tuple[str, dict[int, str]]:
    """JSON as YAML, with every character at its place, and the texts that YAML does not allow.

    JSON may be indented with tabs, and its texts hold escapes and characters that YAML refuses.
    """
    texts: dict[int, str] = {}
    if not re.search(rf"\t|{_ONLY_JSON}", text):
        return text, texts

    def replaced(match: re.Match[str]) -> str:
        quoted, tab = match.groups()
        if tab:
            return " "
        if not quoted or not re.search(_ONLY_JSON, quoted):
            return match[0]
        import json  # noqa: PLC0415 - 2 ms, for such texts alone

        try:
            texts[match.start()] = json.loads(quoted)
        except ValueError:
            return match[0]
        return f'"{"x" * (len(quoted) - 2)}"'

    return re.sub(_FLOW, replaced, text), texts


def read(source: Source, report: Report) -> Document:
    """Reads YAML or JSON. What is wrong with it goes to the report."""
    text, texts = source.text, dict[int, str]()
    if text.lstrip()[:1] in ("{", "["):
        text, texts = _as_yaml(text)
    builder = _Builder(source, report, texts)
    if unprintable := yaml_errors.UNPRINTABLE.search(text):
        yaml_errors.report_character(unprintable.start(), source, report)
        text = ""
    try:
        builder.read(_events(text))
    except _Stop:
        pass
    except yaml.YAMLError as error:
        yaml_errors.report_error(error, source, report)
    root = builder.close_all()
    if root is None:
        root = Block(0)
    if isinstance(root, Scalar) and not root.quoted and YAML.null(root.text):
        root = Block(0)
    if not isinstance(root, Block):
        words = Words("expected a block of fields, not a single value: write them as `name: value`")
        if isinstance(root, Sequence):
            words = Words(
                "expected a block of fields, not a list: write them as `name: value`, without `- `"
            )
        report.add(SYNTAX, Span(root.start, root.end), words)
        root = Block(0)
    return Document(
        source,
        root,
        YAML,
        builder.has_aliases,
        duplicates=builder.duplicates,
        merges=tuple(builder.merges),
    )
