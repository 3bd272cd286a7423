"""Which files are old ones that moved."""

from __future__ import annotations

import pytest

from schedule_builder.workspace import changes
from schedule_builder.workspace.changes import moves

LINES = [f"field_{number}: {number}" for number in range(10)]


def text(*numbers: int, more: str = "") -> bytes:
    return "\n".join([*(LINES[number] for number in numbers), more]).encode()


def test_the_most_alike_belong_together() -> None:
    gone = {"a.config": text(0, 1, 2, 3), "b.config": text(0, 1, 2, 4), "c.config": text(7)}
    come = {"x.config": text(0, 1, 2, 4, 5), "y.config": text(0, 1, 2), "z.config": text(8, 9)}
    assert moves(gone, come) == {"x.config": "b.config", "y.config": "a.config"}
    # Of files that are alike as much, one keeps its name.
    gone = {"a/p.config": text(0, 1), "a/q.config": text(0, 1)}
    come = {"b/q.yaml": text(0, 1, 2), "b/p.yaml": text(0, 1, 2)}
    assert moves(gone, come) == {"b/q.yaml": "a/q.config", "b/p.yaml": "a/p.config"}
    assert moves({"a": b""}, {"b": b""}) == {}


def test_half_is_enough_in_any_layout() -> None:
    assert moves({"a": text(0, 1, 2, 3)}, {"b": text(0, 1, 2, 5)}) == {"b": "a"}
    assert moves({"a": text(0, 1, 2, 3)}, {"b": text(0, 4, 5, 6)}) == {}
    assert moves({"a": text(0, 1, 2, 3)}, {"b": text(0, 1, 2, 3, more="x " * 90)}) == {}
    text_format = b'train {\r\n\trates { kind: "a" }\r\n\tsteps: 10;\r\n}\r\n'
    alike, other = (
        f"train:\n  rates: {{kind: {kind}}}\n  {name}: 10\n".encode()
        for kind, name in (("a", "steps"), ("b", "epochs"))
    )
    assert moves({"a": text_format}, {"b": alike}) == {"b": "a"}
    assert moves({"a": text_format}, {"b": other}) == {}
    # Of one long line, most is as it was.
    line = b"cosine { base: 0.1 total: 600 warmup: 60 }"
    assert moves({"a": line}, {"b": line.replace(b"0.1", b"0.2")}) == {"b": "a"}


def test_of_many_files_those_that_kept_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_MOST_COMPARED", 3)
    gone = {"a/p.config": text(0, 1), "a/q.config": text(2, 3)}
    come = {"b/p.config": text(0, 1, 4), "b/r.config": text(2, 3)}
    assert moves(gone, come) == {"b/p.config": "a/p.config"}
