"""What the server of `edit` answers, and what it refuses, over real connections."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.web.server import EditServer
from schedule_builder.web.session import Session

CONFIG = "constant_learning_rate { learning_rate: 0.5 }  # ours\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EditServer]:
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    with EditServer(Session(str(path))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(
    server: EditServer,
    name: str = "open",
    body: object = None,
    method: str = "POST",
    path: str = "",
    changes: dict[str, str | None] | None = None,
) -> tuple[int, dict[str, Any]]:
    """What the server answers to its own page's request, but for some headers."""
    headers: dict[str, str | None] = {
        "Host": server.hosts[0],
        "Origin": f"http://{server.hosts[0]}",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {server.token}",
        **{key.replace("_", "-"): value for key, value in (changes or {}).items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    connection.putrequest(method, path or f"/api/{name}", skip_host=True)
    for key, value in headers.items():
        if value is not None:
            connection.putheader(key, value)
    if "Content_Length" not in (changes or {}):
        connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    for header, expected in (
        ("X-Frame-Options", "DENY"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Access-Control-Allow-Origin", None),
    ):
        assert response.getheader(header) == expected
    assert "frame-ancestors 'none'" in str(response.getheader("Content-Security-Policy"))
    is_json = response.getheader("Content-Type") == "application/json"
    return response.status, json.loads(text) if is_json else {"page": text.decode()}


def test_the_page_of_the_server_is_answered(server: EditServer) -> None:
    status, answer = asked(server)
    assert status == 200
    assert answer["text"] == CONFIG
    port = server.server_port
    other = f"localhost:{port}"
    assert asked(server, changes={"Host": other, "Origin": f"http://{other}"})[0] == 200


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        # A name that another site made to mean this machine, with and without the port.
        (403, {"Host": "rebound.test:{port}", "Origin": "http://rebound.test:{port}"}),
        (403, {"Host": "127.0.0.1", "Origin": "http://127.0.0.1"}),
        (403, {"Host": "localhost.:{port}", "Origin": "http://localhost.:{port}"}),
        (403, {"Host": "127.0.0.1:{port}@other.test"}),
        (403, {"Host": None}),
        # Another page; a page without an origin; the other name of this machine.
        (403, {"Origin": "http://other.test"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": None}),
        (403, {"Origin": "http://localhost:{port}"}),
        (403, {"Origin": "https://127.0.0.1:{port}"}),
        # What a form or a page of another site can send without asking.
        (415, {"Content_Type": "text/plain"}),
        (415, {"Content_Type": "application/x-www-form-urlencoded"}),
        (415, {"Content_Type": "text/plain; application/json"}),
        (415, {"Content_Type": None}),
        (401, {"Authorization": None}),
        (401, {"Authorization": "Bearer "}),
        (401, {"Authorization": "Bearer {token}x"}),
        (401, {"Authorization": "Basic {token}"}),
        (401, {"Authorization": "Bearer \xe9"}),
        (413, {"Content_Length": "16000001"}),
        (413, {"Content_Length": "-1"}),
        (413, {"Transfer_Encoding": "chunked", "Content_Length": None}),
    ],
)
def test_any_other_sender_is_refused(
    server: EditServer, status: int, changes: dict[str, str | None]
) -> None:
    port, token = server.server_port, server.token
    filled = {key: v and v.format(port=port, token=token) for key, v in changes.items()}
    found, answer = asked(server, changes=filled)
    assert (found, set(answer)) == (status, {"error"})
    assert CONFIG not in json.dumps(answer)


@pytest.mark.parametrize("header", ["Host", "Origin", "Authorization", "Content-Type"])
def test_a_header_that_is_given_twice_is_refused(server: EditServer, header: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest("POST", "/api/open", skip_host=True)
    headers = {
        "Host": server.hosts[0],
        "Origin": f"http://{server.hosts[0]}",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {server.token}",
    }
    for key, value in headers.items():
        for _ in range(1 + (key == header)):
            connection.putheader(key, value)
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"{}")
    assert connection.getresponse().status in (401, 403, 415)
    connection.close()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("open", b"not json"),
        ("open", b"[" * 100_000),
        ("open", {"path": "/etc/passwd"}),
        ("check", {}),
        ("check", {"text": 1}),
        ("check", {"text": "", "saved": None}),
        ("check", [1]),
        ("drag", b'{"text":"","kind":"peak","field":"f","at":0,"step":NaN,"rate":0}'),
        ("drag", {"text": "", "kind": "peak", "field": "f", "at": True, "step": 1, "rate": 1}),
        ("save", {"text": CONFIG}),
    ],
)
def test_a_malformed_request_is_refused(server: EditServer, name: str, body: object) -> None:
    status, answer = asked(server, name, body)
    assert (status, answer) == (400, {"error": "the request is malformed"})


def test_there_is_one_page_and_nothing_else(server: EditServer) -> None:
    status, answer = asked(server, method="GET", path="/")
    assert status == 200
    assert CONFIG not in answer["page"]
    assert server.token not in answer["page"]
    for path in ("/a.config", "/../a.config", "/api/open", "//127.0.0.1/", "/index.html"):
        assert asked(server, method="GET", path=path)[0] == 404
    assert asked(server, method="GET", path="/", changes={"Host": "other.test"})[0] == 403
    assert asked(server, "answer")[0] == 404
    assert asked(server, path="/open")[0] == 404


def test_the_token_is_in_the_fragment_and_new_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    session = Session(str(path))
    with EditServer(session) as one, EditServer(session) as other:
        assert one.address == f"http://127.0.0.1:{one.server_port}/#{one.token}"
        assert one.token != other.token
        assert len(one.token) >= 43
        assert one.server_address[0] == "127.0.0.1"
        # The page that an earlier server made is refused by the next one.
        assert one.server_port != other.server_port


def test_a_fault_of_ours_is_answered_in_words(
    server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "text_of", lambda self, data: 1 / 0)
    status, answer = asked(server)
    assert status == 200
    assert answer == {
        "error": "internal error, please report it: ZeroDivisionError('division by zero')"
    }
