"""There is one way to standard output and standard error, and nothing harmful takes it."""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedule_builder
from schedule_builder.output import streams
from schedule_builder.printable import json_text
from tests.test_printable import HOSTILE

PACKAGE = Path(schedule_builder.__file__).parent
STREAMS = {"stdin", "stdout", "stderr", "__stdout__", "__stderr__", "displayhook", "excepthook"}
WRITING = {("os", "write"), ("os", "writev"), ("os", "sendfile"), ("traceback", "print_exc")}
NOT_AN_EXIT = {
    ("files.py", "sys.stdout"): "the file that `-` names: what was printed comes first",
    ("files.py", "sys.stderr"): "the same",
    ("cli/__init__.py", "sys.stderr"): "two constant lines, which must not need an import",
    ("cli/common.py", "sys.stderr"): "a comparison: argparse says by it which of the two it means",
    ("cli/common.py", "sys.__stdout__"): "the width of the terminal",
    ("workspace/processes.py", "os.write"): "pipes between a process and its workers",
    (
        "frameworks/keras_callback.py",
        "print",
    ): "the verdict, made printable",
}


def exits(source: str) -> set[str]:
    """The ways that a program has to write to its standard streams."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id == "print":
            found.add("print")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = (node.value.id, node.attr)
            if name in WRITING or (name[0] == "sys" and name[1] in STREAMS):
                found.add(".".join(name))
        if isinstance(node, ast.ImportFrom) and node.module in ("sys", "os", "traceback"):
            found |= {a.name for a in node.names if a.name in STREAMS | {n for _, n in WRITING}}
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(1)", {"print"}),
        ("map(print, lines)", {"print"}),
        ("import sys\nsys.stdout.write(text)", {"sys.stdout"}),
        ("writer = csv.writer(sys.stdout)", {"sys.stdout"}),
        ("from sys import stdout", {"stdout"}),
        ("os.write(1, data)", {"os.write"}),
        ("file.write(text)", set()),
    ],
)
def test_exits_are_found(source: str, expected: set[str]) -> None:
    assert exits(source) == expected


def test_there_is_one_way_out() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        if path != Path(streams.__file__)
        for name in exits(path.read_text(encoding="utf-8"))
    }
    assert found == set(NOT_AN_EXIT), "print with `schedule_builder.output.streams`"


READING = r"\.read_(bytes|text)\(|\.resolve\(\)|(?<!def )(?<![\w.])open\("


def test_there_is_one_way_to_read_a_file() -> None:
    """Reading a pipe may never end, and links may lead in circles. Its own files are safe."""
    own = {
        "reading/foreign_names.py",
        "reading/descriptions.py",
        "web/page.py",
    }  # files of the package
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "files.py" and re.search(READING, path.read_text(encoding="utf-8"))
    }
    assert found == own, "read with `read_file`, and use `resolved` in place of `Path.resolve`"


def taken(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=True))
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    return out


@given(text=HOSTILE | st.from_regex(r"(?m)[ \n]?::error::\x1b\[31m##(vso)?\[x\][\x7f-\x9f]"))
def test_nothing_harmful_gets_out(text: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        out = taken(monkeypatch)
        streams.show(text)
        streams.show(text, is_styled=True)
        streams.say(text, text)
        streams.emit(text)
        streams.emit(json_text({text: text}))
        shown = out.getvalue().decode()
    shown = re.sub("\x1b\\[(0|1|36|1;31|1;33|38;5;[0-9]+)m", "", shown)
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert not re.search(r"(?m)^\s*::|##\w*\[", shown)


@given(text=HOSTILE)
def test_json_stays_what_it_is(text: str) -> None:
    import json

    assert json.loads(json_text({"a": text})) == {"a": text}


def test_the_contents_of_a_file_are_exact_but_for_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = b"a: \x1b[31m\r\n\xff##[x]\n"
    out = taken(monkeypatch)
    streams.emit_file(data)
    sys.stdout.flush()
    assert out.getvalue() == data
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    streams.emit_file(data)
    assert out.getvalue()[len(data) :].decode() == "a: \u241b[31m\n\\xff\uff03#[x]\n"
