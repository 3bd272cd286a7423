"""Files that people save as a config and that are something else."""

from __future__ import annotations

import re

from schedule_builder.diagnostics import Kind, Span, Words
from schedule_builder.reading.findings import NOT_TEXT, SYNTAX
from schedule_builder.reading.formats import YAML

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SCHEMA = re.compile(
    r"^[ \t]*(?:syntax[ \t]*=[ \t]*[\"']proto[23][\"']|(?:message|enum)[ \t]+\w+\s*\{)",
    re.MULTILINE,
)
_POINTER = re.compile(r"version https://git-lfs\.github\.com/spec/\S*")
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: [^\n]*)?\r?$", re.MULTILINE)
_TEXT_BLOCK = re.compile(r"^[ \t]*\w+[ \t]*[{<]", re.MULTILINE)
_JSON = re.compile(r"\s*\{\s*\"")
_YAML_BLOCK = re.compile(
    r"^(?:---[ \t]*\r?$"
    r"|[\w\"'-]+:[ \t]*(?:\#[^\n]*)?\n(?:[ \t]*(?:\#[^\n]*)?\n)*(?:[ ]+[\w\"'-]+:\s|[ ]*-[ ]))",
    re.MULTILINE,
)


def mistaken(text: str, file_format: str) -> tuple[Kind, Span, Words] | None:
    """What a text that cannot be read is instead, and the place that shows it."""
    if page := _HTML.match(text):
        words = Words(
            "this is an HTML page, not a config: download the raw file (on GitHub, `Raw`)"
        )
        return NOT_TEXT, Span(*page.span()), words
    if pointer := _POINTER.match(text):
        words = Words("this is a Git LFS pointer: run `git lfs pull`")
        return NOT_TEXT, Span(*pointer.span()), words
    if marker := _CONFLICT.search(text):
        words = Words("this is a merge-conflict marker: resolve the conflict")
        return SYNTAX, Span(*marker.span()), words
    if schema := _SCHEMA.search(text):
        words = Words(
            "this is a schema (.proto), which declares fields: a config gives them values"
        )
        return NOT_TEXT, Span(*schema.span()), words
    return _other_format(text, file_format)


def _other_format(text: str, file_format: str) -> tuple[Kind, Span, Words] | None:
    """Says that a text is in another format than its name says, where that is so."""
    block = _TEXT_BLOCK.search(text)
    if file_format == YAML:
        other, name, suffix = block, "text format", ".config"
    elif json := _JSON.match(text):
        other, name, suffix = json, "JSON", ".json"
    else:
        other, name, suffix = None if block else _YAML_BLOCK.search(text), "YAML", ".yaml"
    if other is None:
        return None
    start = other.end() - len(other.group().lstrip())
    words = Words("this is {name}: name the file {suffix}", name=name, suffix=suffix)
    return SYNTAX, Span(start, other.end()), words
