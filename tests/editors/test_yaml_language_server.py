"""yaml-language-server with our JSON Schema: what it offers, and what it finds."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.language_server.json_schema import json_schema
from tests.support.rpc import URI, Client

PROGRAM = Path(sys.prefix) / "node_modules" / "yaml-language-server" / "bin"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    not (NODE and PROGRAM.is_dir()), reason="`make test-editors` installs it"
)


class YamlClient(Client):
    """A client, and the first line of its documents, which names the schema."""

    line = ""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YamlClient]:
    schema = tmp_path_factory.mktemp("schema") / "schedule-builder.schema.json"
    schema.write_text(json.dumps(json_schema()))
    command = [str(NODE), str(PROGRAM / "yaml-language-server"), "--stdio"]
    item = {"completionItem": {"snippetSupport": True}}
    with YamlClient(command, textDocument={"completion": item}) as session:
        # Without this it asks the schema store.
        settings = {"yaml": {"schemaStore": {"enable": False}, "validate": True}}
        session.notify("workspace/didChangeConfiguration", settings=settings)
        session.line = f"# yaml-language-server: $schema={schema.as_uri()}\n"
        yield session


def offered(client: YamlClient, name: str, text: str) -> dict[str, Any]:
    text = client.line + text
    client.open(name, text, "yaml")
    last = text.count("\n")
    column = len(text.rpartition("\n")[2])
    return {item["label"]: item for item in client.ask("completion", name, last, column)["items"]}


def test_an_empty_file_is_offered_every_beginning(client: YamlClient) -> None:
    items = offered(client, "empty.yaml", "")
    assert {"train_config", "trainer", "cosine_decay_learning_rate", "pipeline"} <= set(items)
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", items["pipeline"]["insertText"])
    assert yaml.safe_load(text)["train_config"]["num_steps"] == 10000
    found = examine(Source("a.yaml", text)).diagnostics
    assert not [str(d) for d in found if d.severity == "error"], text


def test_fields_and_values(client: YamlClient) -> None:
    items = offered(client, "steps.yaml", "train_config:\n  num")
    assert "num_steps" in items
    assert "ssd" not in items
    text = "trainer:\n  optimizer_config:\n    learning_rate:\n      type: "
    assert {"cosine", "exponential"} <= set(offered(client, "type.yaml", text))


def test_what_is_wrong(client: YamlClient) -> None:
    client.open("wrong.yaml", f"{client.line}train_config:\n  num_stops: 3\n", "yaml")
    uri = URI + "wrong.yaml"
    found: list[dict[str, Any]] = []
    while not found:  # It reports nothing before the schema is there.
        message = client.notifications.pop(0) if client.notifications else client.receive()
        if message.get("params", {}).get("uri") == uri:
            found = message["params"]["diagnostics"]
    assert "num_stops" in found[0]["message"]
    assert found[0]["range"]["start"] == {"line": 2, "character": 2}
