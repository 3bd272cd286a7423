"""What people save as a config although it is none, or one of another format."""

from __future__ import annotations

import re

from schedule_builder.diagnostics import Kind, Span
from schedule_builder.reading.tree import NOT_TEXT, SYNTAX

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


def mistaken(text: str, file_format: str) -> tuple[Kind, Span, str] | None:
    """What a text that cannot be read is instead, and the place that shows it."""
    if page := _HTML.match(text):
        return (
            NOT_TEXT,
            Span(*page.span()),
            "this is a page of the web that shows a config, and not the config: download the file"
            " itself (on GitHub, `Raw`)",
        )
    if pointer := _POINTER.match(text):
        return (
            NOT_TEXT,
            Span(*pointer.span()),
            "this is what Git LFS keeps in the place of a file: fetch the file with `git lfs pull`",
        )
    if marker := _CONFLICT.search(text):
        words = "this is a merge-conflict marker: resolve the conflict"
        return SYNTAX, Span(*marker.span()), words
    if schema := _SCHEMA.search(text):
        return (
            NOT_TEXT,
            Span(*schema.span()),
            "this is a schema (.proto), which says what fields there are: a config gives them"
            " values",
        )
    block = _TEXT_BLOCK.search(text)
    if file_format == "yaml":
        other, name, suffix = block, "text format", ".config"
    elif json := _JSON.match(text):
        other, name, suffix = json, "JSON", ".json"
    else:
        other, name, suffix = None if block else _YAML_BLOCK.search(text), "YAML", ".yaml"
    if other is None:
        return None
    start = other.end() - len(other.group().lstrip())
    return SYNTAX, Span(start, other.end()), f"this is {name}: name the file {suffix}"
