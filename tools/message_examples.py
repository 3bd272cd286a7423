"""Runs the examples of messages, and says which templates of messages each of them shows.

The examples are tests/rule_cases/messages.yaml. An example is a file and what is done with it:

    text, yaml, json: the contents of a.config, a.yaml or a.json; `latin1`: bytes of a.config
    file: another name for it
    settings: the lines of [tool.schedule-builder]
    command: what is run instead of `validate`, without the file's name
    variables: the paths of a model's variables, for patterns that match none of them
    baseline: the contents of known.json
    template, because: a template that no file is known to give, and why; without a file
    says: the message, where only an installed framework can give it (a test compares the two)
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import yaml

from schedule_builder.cli.app import main
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source, Words
from schedule_builder.dialects.variable_rates import UnmatchedPatternError
from schedule_builder.workspace.checker import check
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings, read_settings, settings_for

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "schedule_builder"
EXAMPLES = ROOT / "tests" / "rule_cases" / "messages.yaml"
_TELLING = 12
"""How many literal characters identify a template in a message."""
KEYS = {"text": "a.config", "yaml": "a.yaml", "json": "a.json", "latin1": "a.config"}


@cache
def templates() -> dict[str, str]:
    """The literal templates of messages in the package, each with the file that has it.

    Those of the language server are hints beside the text.
    """
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "language_server":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id == "Words" and isinstance(first, ast.Constant):
                    found.setdefault(str(first.value), path.relative_to(PACKAGE).as_posix())
    return {text: file for text, file in found.items() if has_words(text)}


def has_words(template: str) -> bool:
    """Whether a template has words besides its values."""
    return any(re.search(r"[a-z]", text) for text, *_ in Formatter().parse(template))


class Message(NamedTuple):
    """A message that an example gives."""

    code: str
    """The code of the finding, or the command that says it."""
    line: str
    """The message as a person sees it."""
    templates: tuple[str, ...]
    """The templates in it: that of the message, and those of its parts."""


class Example(NamedTuple):
    """An example and its messages."""

    source: str
    filename: str
    settings: str
    command: str
    messages: tuple[Message, ...]


@contextlib.contextmanager
def _recorded() -> Iterator[list[str]]:
    """The templates that are rendered, from the outside in."""
    seen: list[str] = []
    render = Words.render

    def recording(self: Words, names: Any = None) -> str:
        seen.append(self.template)
        return render(self, names)

    Words.render = recording  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Words.render = render  # type: ignore[method-assign]


def run_all() -> list[Example]:
    """Every example with what it gives."""
    entries = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        try:
            return [_run(entry, folder) for entry in entries if "template" not in entry]
        finally:
            os.chdir(before)


def safety_nets() -> dict[str, str]:
    """The templates that no file is known to give, with the reason."""
    entries = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return {e["template"]: e["because"] for e in entries if "template" in e}


def _run(entry: dict[str, str], folder: str) -> Example:
    (key,) = KEYS.keys() & entry.keys()
    source, filename = entry[key], entry.get("file", KEYS[key])
    settings, command = entry.get("settings", ""), entry.get("command", "")
    if "variables" in entry:
        messages = list(_unmatched(source, entry["variables"].split()))
    elif "says" in entry:
        code = re.search(r"\[(SB\d+)\]", entry["says"])
        name = code[1] if code else entry["command"].split()[0]
        messages = [Message(name, entry["says"], tuple(_matching(entry["says"])))]
    else:
        os.chdir(folder)
        Path("known.json").write_text(entry.get("baseline", ""))
        data = source.encode("latin-1" if key == "latin1" else "utf-8")
        messages = list(_said(data, filename, settings, command))
    return Example(source, filename, settings, command, tuple(messages))


def _unmatched(source: str, paths: list[str]) -> Iterator[Message]:
    """What the patterns of a config give for a model with these variables."""
    config = examine(Source("a.config", source))
    with _recorded() as seen:
        try:
            lines = [
                str(words)
                for words in config.dialect.variable_rates(config.message).unmatched(paths)
            ]
        except UnmatchedPatternError as error:
            lines = [str(error)]
    yield Message("build_optimizer", "\n".join(lines), tuple(seen))


def _matching(message: str) -> Iterator[str]:
    """The templates that a message is made of, as far as its text tells."""
    for template in templates():
        parts = [(text, name) for text, name, *_ in Formatter().parse(template)]
        pattern = "".join(re.escape(t) + (".+" if name is not None else "") for t, name in parts)
        if sum(len(t) for t, _ in parts) >= _TELLING and re.search(pattern, message):
            yield template


def _said(data: bytes, filename: str, settings: str, command: str) -> Iterator[Message]:
    if command:
        yield _run_command(data, filename, settings, command)
        return
    read = Settings()
    if settings:
        Path("pyproject.toml").write_text(f"[tool.schedule-builder]\n{settings}")
        read = read_settings(Path("pyproject.toml")) or read
    for found in check(data, filename, Request(settings=read)).diagnostics:
        with _recorded() as seen:
            lines = [str(found)]
            lines += [
                f"  {r.filename or filename}:{r.row}:{r.column}: {r.message}" for r in found.related
            ]
        yield Message(found.code, "\n".join(lines), tuple(seen))


def _run_command(data: bytes, filename: str, settings: str, command: str) -> Message:
    settings_for.cache_clear()
    Path("pyproject.toml").write_text(f"[tool.schedule-builder]\n{settings}")
    Path(filename).write_bytes(data)
    name, *arguments = command.split()
    said, printed = io.StringIO(), io.StringIO()
    with _recorded() as seen, contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
        main([name, filename, *arguments])
    text = said.getvalue() if said.getvalue() else printed.getvalue()
    text = text.replace(os.getcwd() + os.sep, "")  # noqa: PTH109 - a prefix of text
    code = re.search(r"\[(SB\d+)\]", text)
    return Message(code[1] if code else name, text.rstrip("\n"), tuple(seen))
