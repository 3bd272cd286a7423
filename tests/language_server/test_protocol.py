"""The language server, spoken to in bytes: what clients do that no library would send."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument

from schedule_builder.diagnostics import Span
from schedule_builder.language_server import worker
from schedule_builder.language_server.documents import OpenDocument
from tests.support import rpc
from tests.support.rpc import Client

CONFIG = "constant_learning_rate { learning_rate: 0.1 }\n"
STEPS = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    warmup_steps: 0
    warmup_learning_rate: 0.1
    total_steps: 100
  } } } }
}
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    text_document = {"completion": {"completionItem": {"snippetSupport": True}}}
    with Client(textDocument=text_document) as session:
        yield session
        assert session.leave() == (0, "")


def test_no_character_opens_completion_by_itself(client: Client) -> None:
    options = client.capabilities["capabilities"]["completionProvider"]
    assert not options.get("triggerCharacters")
    assert client.capabilities["capabilities"]["textDocumentSync"]["change"] == 2  # incremental


def test_malformed_parameters_are_answered(client: Client) -> None:
    client.open("a.config", CONFIG)
    document = {"uri": f"{rpc.URI}a.config"}
    for position in ({"line": -1, "character": 0}, {"line": "x"}, None):
        answer = client.request("textDocument/hover", textDocument=document, position=position)
        assert answer["error"]["code"] == -32602
    for line, character in ((0, 999), (99, 0), (2**31 - 1, 2**31 - 1)):
        assert client.ask("hover", "a.config", line, character) is None
    assert client.ask("hover", "a.config", 0, 2) is not None
    client.notify("textDocument/didChange", textDocument=document, contentChanges=7)
    assert client.ask("hover", "a.config", 0, 2) is not None


def test_a_document_that_is_not_open_is_not_read(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    position = {"line": 0, "character": 2}
    document = {"uri": path.as_uri()}
    answer = client.request("textDocument/hover", textDocument=document, position=position)
    assert answer["result"] is None
    client.open("closed.config", CONFIG)
    assert client.ask("hover", "closed.config", 0, 2) is not None
    client.notify("textDocument/didClose", textDocument={"uri": f"{rpc.URI}closed.config"})
    assert client.ask("hover", "closed.config", 0, 2) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "version: '3'\nservices:\n  web:\n    image: x\n"),
        ("net.pbtxt", 'name: "x"\nlayer { name: "y" }\n'),
        ("new.yaml", ""),
        ("new.config", "# nothing yet\n"),
    ],
)
def test_files_that_validate_leaves_alone_are_let_be(client: Client, name: str, text: str) -> None:
    client.open(name, text)
    assert client.report(name, 1) == []
    last = text.count("\n")
    offered = client.ask("completion", name, last)
    assert bool(offered) == name.startswith("new")
    assert client.ask("foldingRange", name, -1) == []


@pytest.mark.parametrize("name", ["empty.yaml", "empty.config", "empty.json"])
def test_an_empty_file_is_offered_every_beginning(client: Client, name: str) -> None:
    client.open(name, "{}" if name.endswith(".json") else "")
    labels = {c["label"] for c in client.ask("completion", name, 0, int(name.endswith(".json")))}
    assert {"train_config", "trainer", "cosine_decay_learning_rate", "warmup"} <= labels


def test_settings_and_baseline_are_in_force(client: Client, tmp_path: Path) -> None:
    from schedule_builder.cli import app as cli

    (tmp_path / "a.config").write_text(STEPS)
    known = str(tmp_path / "known.json")
    assert cli.main(["validate", str(tmp_path / "a.config"), "--write-baseline", known]) == 0
    (tmp_path / "pyproject.toml").write_text(
        '[tool.schedule-builder]\nexclude = ["old/"]\nbaseline = "known.json"\n'
    )
    folder = tmp_path.as_uri() + "/"

    def codes(name: str) -> list[str]:
        item = {"uri": folder + name, "languageId": "x", "version": 1, "text": STEPS}
        client.notify("textDocument/didOpen", textDocument=item)
        return [found["code"] for found in client.report_of(folder + name, 1)]

    assert codes("a.config") == []
    assert codes("old/a.config") == []
    assert codes("b.config") == ["SB404"]


def test_the_newest_version_alone_is_reported(client: Client) -> None:
    client.open("typing.config", STEPS)
    (found,) = client.report("typing.config", 1)
    assert found["code"] == "SB404"
    href = found["codeDescription"]["href"]
    assert href.endswith("SB404.html")
    for version in range(2, 52):
        client.change("typing.config", version, (0, 14, 0, 14, " "))
    assert client.ask("hover", "typing.config", 1, 4) is not None
    assert client.report("typing.config", 51)
    stale = [m for m in client.notifications if m["params"].get("version", 0) in range(2, 51)]
    assert not stale


def test_a_large_document_is_checked_when_saved(client: Client) -> None:
    text = CONFIG + "#" * worker.LARGE_CHARACTERS + "\n"
    client.open("large.config", text)
    assert client.report("large.config", 1) == []
    assert client.ask("hover", "large.config", 0, 2) is not None
    client.change("large.config", 2, (0, 0, 0, 0, "x"))
    assert client.ask("hover", "large.config", 0, 2) is None
    assert any("when it is opened and saved" in str(m) for m in client.notifications)
    client.notify("textDocument/didSave", textDocument={"uri": f"{rpc.URI}large.config"})
    assert client.report("large.config", 2)


def test_what_an_editor_shows(client: Client) -> None:
    client.open("shown.config", STEPS)
    (symbol,) = client.ask("documentSymbol", "shown.config", -1)
    names = [child["name"] for child in symbol["children"]]
    assert (symbol["name"], names) == ("train_config", ["num_steps", "optimizer"])
    assert client.ask("foldingRange", "shown.config", -1)[0] == {"startLine": 0, "endLine": 7}
    lines = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    (hint,) = client.ask("inlayHint", "shown.config", -1, range=lines)
    assert (hint["label"], hint["position"]["line"]) == ("rate 0 at step 149", 1)

    def actions(*only: str) -> list[str]:
        context = {"diagnostics": [], **({"only": list(only)} if only else {})}
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        found = client.ask("codeAction", "shown.config", -1, range=whole, context=context)
        return [f"{action['kind']}: {action['title']}" for action in found]

    rescale = "refactor.rewrite.rescale: Rescale the schedule from 100 to 150 steps"
    fixes = [
        "quickfix: Set `total_steps` to 150, so that the decay ends with the run",
        "quickfix: Suppress SB404 here",
    ]
    assert actions() == [*fixes, rescale]
    assert actions("quickfix") == fixes
    assert actions("refactor") == actions("refactor.rewrite") == [rescale]
    assert actions("source") == actions("source.fixAll") == []
    assert actions("source.organizeImports", "quick") == []


def test_a_document_is_formatted(client: Client) -> None:
    options = {"tabSize": 8, "insertSpaces": False}
    client.open("long.config", STEPS)
    (edit,) = client.ask("formatting", "long.config", -1, options=options)
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert (start, end) == ({"line": 2, "character": 0}, {"line": 8, "character": 0})
    assert "  optimizer {\n    momentum_optimizer {\n" in edit["newText"]
    client.open("short.config", "train_config {\n  num_steps: 5\n}\n")
    assert client.ask("formatting", "short.config", -1, options=options) == []
    client.open("broken.config", "train_config {\n")
    assert client.ask("formatting", "broken.config", -1, options=options) is None


def test_snippets_are_for_clients_that_know_them(client: Client) -> None:
    client.open("new.config", "constant_learning_rate {}\nwarm")
    (item,) = [c for c in client.ask("completion", "new.config", 1, 4) if c["label"] == "warmup"]
    assert item["insertTextFormat"] == 2
    assert item["textEdit"]["newText"].startswith("warmup {\n")
    assert item["textEdit"]["range"]["start"] == {"line": 1, "character": 0}
    with Client() as plain:
        plain.open("new.config", "constant_learning_rate {}\nwarm")
        (item,) = [c for c in plain.ask("completion", "new.config", 1, 4) if c["label"] == "warmup"]
        assert item["textEdit"]["newText"] == "warmup { }"


def test_what_is_unused_is_tagged(client: Client) -> None:
    client.open("unused.config", f"{CONFIG}# schedule-builder: ignore[SB402]\n")
    (found,) = client.report("unused.config", 1)
    assert (found["code"], found["tags"]) == ("SB901", [1])


def test_it_leaves_at_once_while_it_works() -> None:
    with Client() as client:
        client.open("a.config", STEPS * 400)
        assert client.leave() == (0, "")


# --- documents --------------------------------------------------------------------------------


def document(text: str, encoding: str = "utf-16") -> OpenDocument:
    codec = PositionCodec(encoding)
    return OpenDocument(TextDocument("file:///a", text, 1, position_codec=codec))


ALPHABET = ["a", "b: 1", "\n", "\r\n", "\r", "\x0c", "\u2028", "\N{GRINNING FACE}", "\u00e9", " "]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_incremental_changes_give_the_text_that_they_describe(encoding: str) -> None:
    draw = random.Random(1)
    text = ""
    opened = document(text, encoding)
    for _ in range(400):
        start = draw.randint(0, len(text))
        end = min(start + draw.randint(0, 4), len(text))
        if any(text[at - 1 : at + 1] == "\r\n" for at in (start, end)):
            continue  # No position is between them.
        new = "".join(draw.choices(ALPHABET, k=draw.randint(0, 3)))
        place = opened.snapshot().range(Span(start, end))
        opened.apply_change(types.TextDocumentContentChangePartial(place, new))
        text = text[:start] + new + text[end:]
        assert opened.source == text
        assert list(opened.lines) == list(document(text).lines)


def test_positions_and_offsets_are_inverse() -> None:
    text = "\ufeffa\N{GRINNING FACE}b\r\nc\x0cd\re\u2028f\n\n"
    snapshot = document(text).snapshot()
    assert snapshot.text == text[1:]
    for offset in range(len(snapshot.text) + 1):
        if snapshot.text[offset - 1 : offset + 1] != "\r\n":
            assert snapshot.offset(snapshot.position(offset)) == offset
    assert snapshot.position(3) == types.Position(0, 5)  # with the byte-order mark
    assert snapshot.offset(types.Position(0, 99)) == 3
    assert snapshot.offset(types.Position(9, 9)) == len(snapshot.text)
    assert snapshot.offset_at(2, 1) == snapshot.text.index("c")
