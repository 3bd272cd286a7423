"""The layout of YAML, by ruamel.yaml: it keeps comments, quotes and the spelling of values."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.anchor import Anchor
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.representer import RoundTripRepresenter

from schedule_builder.diagnostics import Words
from schedule_builder.editing.errors import EditingError
from schedule_builder.printable import UNSEEN
from schedule_builder.reading.tree import Document

_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "timestamp"))
_SEPARATORS = frozenset("\u2028\u2029")
_ANCHOR = re.compile(r"(?<![^\s,\[{:-])[&*][^\s,\]}]+")


class _Plain:
    """A plain value as it is written: ruamel.yaml would write `~` and `True` in its own way."""

    def __init__(self, node: Any) -> None:
        self.tag, self.text = node.tag, node.value
        self.anchor: Any = None
        if node.anchor:
            self.anchor = Anchor()
            self.anchor.value, self.anchor.always_dump = node.anchor, True

    def __str__(self) -> str:
        return str(self.text)


class _Constructor(RoundTripConstructor):
    pass


class _Representer(RoundTripRepresenter):
    pass


def _construct(constructor: Any, node: Any) -> _Plain:
    return _Plain(node)


def _represent(representer: Any, plain: _Plain) -> Any:
    return representer.represent_scalar(plain.tag, plain.text, anchor=plain.anchor)


for _tag in _TAGS:
    _Constructor.add_constructor(_tag, _construct)
_Representer.add_representer(_Plain, _represent)


def format_yaml(document: Document) -> str:
    """A YAML document in the one layout: two blanks for each block, lists inside of their field.

    Raises:
        EditingError: ruamel.yaml cannot read the document.
    """
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    # Lines are not broken: only the author knows where a text may be.
    yaml.width = sys.maxsize
    yaml.indent(mapping=2, sequence=4, offset=2)
    # ruamel.yaml loses blank lines after brackets where lines end in other ways.
    text = re.sub("\r\n?", "\n", document.source.text)
    # It indents separators of lines after the last line, which belong to no value.
    last = text.rstrip()
    if not _SEPARATORS.isdisjoint(text[len(last) :]):
        text = f"{last}\n"
    yaml.explicit_start = text.startswith("---")
    out = io.StringIO()
    try:
        yaml.dump(yaml.load(text), out)
    except YAMLError as error:
        message, start = str(error), None
        if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
            message, start = str(error.problem), _place(document.source.text, error.problem_mark)
        words = Words(
            "ruamel.yaml cannot read the file. Change the YAML there: {message}",
            message=" ".join(message.split()),
        )
        raise EditingError(document.source, start, words) from None
    new = out.getvalue()
    if _ANCHOR.findall(new) != _ANCHOR.findall(text):
        words = Words(
            "the file is left as it is, because in the new layout an anchor would change. Format it"
            " by hand, and report this fault of `fmt`"
        )
        raise EditingError(document.source, None, words)
    return _escaped(new, text)


def _place(text: str, mark: Any) -> int:
    """Where a place in a text is if its lines end in two characters."""
    ends = (end.start() - number for number, end in enumerate(re.finditer("\r\n", text)))
    at: int = mark.index
    return at + sum(end < at for end in ends)


def _escaped(new: str, text: str) -> str:
    """A new text that keeps characters which are not shown escaped; ruamel.yaml writes them."""
    for character in UNSEEN:
        if new.count(character) > text.count(character):
            new = new.replace(character, f"\\u{ord(character):04x}")
    return new
