"""What the language server says beside its answers holds no control characters."""

from __future__ import annotations

import ast
import logging
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types

from schedule_builder.language_server import server

ROOT = Path(__file__).parent.parent.parent
HOSTILE = "a\x1b]0;b\x07\x9b2J\u202ec\x7f"
HARMFUL = "\x1b\x07\x9b\u202e\x7f"


def test_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[types.ShowMessageParams] = []
    monkeypatch.setattr(server.server, "window_show_message", shown.append)
    server._say_once(types.MessageType.Info, HOSTILE)
    (message,) = shown
    assert message.message.startswith("schedule-builder: a")
    assert not set(HARMFUL) & set(message.message)


def test_the_log() -> None:
    """Also of a traceback, whose lines stay lines."""
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        trace = (ValueError, error, error.__traceback__)
    record = logging.LogRecord(HOSTILE, logging.ERROR, "a.py", 1, "%s", (HOSTILE,), trace)
    text = server.PrintableFormatter().format(record)
    assert text.count("\n") > 3
    assert not set(HARMFUL) & set(text)


def test_there_is_one_exit() -> None:
    """Whatever shows a message, or logs or prints one, is in the server, once."""
    exits: list[Any] = []
    names = ("window_show_message", "window_log_message", "show_message", "print", "write")
    for path in (ROOT / "schedule_builder" / "language_server").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                exits += [(path.name, name)] * (name in names)
    assert exits == [("server.py", "window_show_message")]
