"""Recognizes files that were saved as a config and are something else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schedule_builder.diagnostics import Kind, Span, Words, shown
from schedule_builder.reading.findings import NOT_CONFIG, NOT_TEXT, SYNTAX
from schedule_builder.reading.formats import YAML
from schedule_builder.reading.tree import Block

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
_PRINTED = re.compile(r"\s*\{'\w+': (?=[^{}\n]*[\n{])")
_TABLE = re.compile(r"[ \t]*[\w.%\"' -]+(?:[,;\t][\w.%\"' +-]*)+\r?(?:\n|\Z)")
_TABLE_ROWS = 3
_LEAST_ROWS = 2
_TEXT_BLOCK = re.compile(r"^[ \t]*\w+[ \t]*[{<]", re.MULTILINE)
_JSON = re.compile(r"\s*\{\s*\"")
_YAML_BLOCK = re.compile(
    r"^(?:---[ \t]*\r?$"
    r"|[\w\"'-]+:[ \t]*(?:\#[^\n]*)?\n(?:[ \t]*(?:\#[^\n]*)?\n)*(?:[ ]+[\w\"'-]+:\s|[ ]*-[ ]))",
    re.MULTILINE,
)
_FOREIGN = {
    "a YOLO data set": {"train", "val", "nc"},
    "a label map": {"item"},
    "a DeepLab2 experiment": {"model_options", "trainer_options"},
    "a Caffe solver": {"base_lr", "lr_policy"},
    "a Docker Compose file": {"services"},
    "a GitHub workflow": {"on", "jobs"},
    "a Kubernetes manifest": {"apiVersion", "kind"},
    "a Triton model config": {"platform", "max_batch_size"},
    "an npm package": {"name", "version", "dependencies"},
}
"""Files of other tools with a config's suffix, and the names that they are recognized by."""
_MOST_NAMES = 4


def mistaken(text: str, file_format: str) -> tuple[Kind, Span, Words] | None:
    """Says what an unreadable text is instead of a config, and where that shows."""
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
            "this is a schema (.proto), not a config: it declares fields. Name a file"
            " that sets them"
        )
        return NOT_TEXT, Span(*schema.span()), words
    if _PRINTED.match(text):
        words = Words(
            "this is a printed Python dict, not a config: save each config in it with"
            " `text_format.MessageToString`"
        )
        return NOT_CONFIG, Span(0, 1), words
    if _is_table(text):
        words = Words("this is a CSV table: name a config instead")
        return NOT_CONFIG, Span(0, 1), words
    return _other_format(text, file_format)


def _is_table(text: str) -> bool:
    """Whether a text begins with rows of values that have the same number of columns."""
    rows = [row for row in text.split("\n", _TABLE_ROWS)[:_TABLE_ROWS] if row.strip()]
    if len(rows) < _LEAST_ROWS or not all(map(_TABLE.fullmatch, rows)):
        return False
    return len({len(re.findall("[,;\t]", row)) for row in rows}) == 1


def not_a_config(root: Block, text: str) -> Words:
    """Says what a file is instead of a config, by the names at its top."""
    names = list(dict.fromkeys(field.name for field in root.fields))
    known = next((what for what, signs in _FOREIGN.items() if signs <= set(names)), None)
    if known:
        return Words("this is {what}: name a config instead", what=known)
    if names:
        found = Words("found {names} at its top", names=_listed(names))
    else:
        found = Words("it begins with `{line}`", line=shown(text.strip().split("\n", 1)[0]))
    return Words(
        "this is not a config: {found}. At its top, a pipeline has `train_config`, an experiment"
        " `trainer` with `optimizer_config`, and a learning rate its kind. Name such a file",
        found=found,
    )


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{shown(name)}`" for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        quoted[-1] = f"{len(names) - _MOST_NAMES + 1} more fields"
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


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
    words = Words("this is {name}: give the file the suffix {suffix}", name=name, suffix=suffix)
    return SYNTAX, Span(start, other.end()), words
