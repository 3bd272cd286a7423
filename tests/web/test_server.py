"""What the server of `edit` answers, and what it refuses, over real connections."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.web import server as server_module
from schedule_builder.web.server import EditServer
from schedule_builder.web.session import REQUESTS, Session

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


def test_no_part_of_an_answer_waits_for_the_one_before(
    server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = []
    handler = server_module._Handler
    setup = handler.setup

    def setting_up(self: Any) -> None:
        setup(self)
        options.append(self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(handler, "setup", setting_up)
    assert asked(server)[0] == 200
    assert len(options) == 1
    assert options[0]


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
        ("drag", b'{"text":"","kind":"peak","field":"f","at":0,"step":1e999,"rate":0}'),
        (
            "drag",
            b'{"text":"","kind":"peak","field":"f","at":0,"step":0,"rate":1%s}' % (b"0" * 400),
        ),
        ("hover", b'{"text":"","offset":1%s}' % (b"0" * 400)),
        ("hover", {"text": "", "offset": 1.5}),
        ("open", {"self": 1}),
        ("save", {"text": CONFIG}),
    ],
)
def test_a_malformed_request_is_refused(server: EditServer, name: str, body: object) -> None:
    status, answer = asked(server, name, body)
    assert (status, answer) == (400, {"error": "the request is malformed"})


# --- what is not quite a request ----------------------------------------------------------------


def head(
    server: EditServer,
    line: str = "POST /api/open HTTP/1.1",
    length: str | None = "2",
    more: str = "",
    host: str = "",
) -> bytes:
    """A request of the server's own page, but for what is given, without its body."""
    host = host or server.hosts[0]
    lines = [
        line,
        f"Host: {host}",
        f"Origin: http://{host}",
        "Content-Type: application/json",
        f"Authorization: Bearer {server.token}",
        *([f"Content-Length: {length}"] if length is not None else []),
        *([more] if more else []),
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def sent(server: EditServer, data: bytes) -> list[tuple[int, str]]:
    """The answers to what is sent, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
    answers = []
    while received:
        top, _, rest = received.partition(b"\r\n\r\n")
        assert b"frame-ancestors 'none'" in top
        assert b"Access-Control" not in top
        length = int(re.findall(rb"Content-Length: (\d+)", top)[0])
        status = re.match(rb"HTTP/1\.1 (\d+) ", top)
        assert status, top
        answers.append((int(status[1]), rest[:length].decode()))
        received = rest[length:]
    return answers


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (413, {"length": "9" * 5000}),
        (413, {"length": "+2"}),
        (413, {"length": "2, 2"}),
        (413, {"length": "\xb2"}),
        (413, {"length": "2", "more": "Content-Length: 2"}),
        # The length in two ways: one of them would make the rest another request.
        (413, {"more": "Transfer-Encoding: chunked"}),
        (413, {"more": "Transfer-Encoding: identity"}),
        (400, {"length": "200"}),
        (505, {"line": "POST /api/open HTTP/1.0"}),
        (505, {"line": "POST /api/open HTTP/2.0"}),
        (505, {"line": "GET /"}),
        (404, {"line": "POST http://{host}/api/open HTTP/1.1"}),
        (404, {"line": "POST http://other.test/api/open HTTP/1.1"}),
        (404, {"line": "POST /api/open?a HTTP/1.1"}),
        (404, {"line": "POST /api/../api/open HTTP/1.1"}),
        (404, {"line": "POST /api/%6fpen HTTP/1.1"}),
        (404, {"line": "POST http://[::1/api/open HTTP/1.1"}),
        (404, {"line": "GET //[/ HTTP/1.1", "length": None}),
        (403, {"host": "LOCALHOST:{port}"}),
        (403, {"host": "[::1]:{port}"}),
        (403, {"host": "127.1:{port}"}),
        (403, {"host": "127.0.0.1:{port}\0"}),
        *((501, {"line": f"{method} / HTTP/1.1"}) for method in ("OPTIONS", "PUT", "TRACE", "<b>")),
        (501, {"line": "CONNECT other.test:80 HTTP/1.1"}),
        (414, {"line": f"GET /{'a' * 70_000} HTTP/1.1"}),
        (431, {"more": "A: " + "a" * 70_000}),
        (431, {"more": "\r\n".join(f"A{n}: a" for n in range(200))}),
        (400, {"line": "\x16\x03\x01"}),
        (400, {"line": "GET / / HTTP/1.1"}),
    ],
)
def test_what_is_not_quite_a_request_is_refused_once(
    server: EditServer, status: int, changes: dict[str, Any]
) -> None:
    filled = {
        key: value and value.format(host=server.hosts[0], port=server.server_port)
        for key, value in changes.items()
    }
    # What follows a request that is refused is not taken for another one.
    ((found, text),) = sent(server, head(server, **filled) + b"{}" + head(server) + b"{}")
    assert found == status
    assert set(json.loads(text)) == {"error"}
    assert "<b>" not in text


def test_the_body_of_a_get_is_not_the_next_request(server: EditServer) -> None:
    inner = head(server) + b"{}"
    outer = head(server, "GET / HTTP/1.1", length=str(len(inner)))
    ((status, text),) = sent(server, outer + inner)
    assert status == 200
    assert CONFIG not in text


def test_requests_in_a_row_are_answered_in_order(server: EditServer) -> None:
    first = head(server) + b"{}"
    second = head(server, "POST /api/disk HTTP/1.1") + b"{}"
    (one, other) = sent(server, first + second)
    assert (one[0], other[0]) == (200, 200)
    assert "text" in json.loads(one[1])
    assert set(json.loads(other[1])) == {"version", "why"}


def test_a_request_that_stops_is_refused(
    server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module._Handler, "timeout", 0.05)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(head(server, length="200") + b"{}")
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in answer


def test_many_connections_do_not_keep_the_page_out(server: EditServer) -> None:
    address = ("127.0.0.1", server.server_port)
    connections = [socket.create_connection(address, timeout=10) for _ in range(200)]
    assert asked(server)[0] == 200
    for connection in connections:
        connection.close()


def test_a_port_can_be_served_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    session, port, old = Session(str(path)), 0, ""
    for _ in range(2):
        with EditServer(session, port) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            # The server closes first, which keeps the port for a minute.
            assert sent(server, head(server, "PUT / HTTP/1.1"))
            if old:  # A page of the server that was here before.
                assert asked(server, changes={"Authorization": f"Bearer {old}"})[0] == 401
            with pytest.raises(OSError, match="in use"):
                EditServer(session, server.server_port)
            server.shutdown()
            thread.join()
        port, old = server.server_port, server.token


def test_no_name_server_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("getfqdn", "gethostbyaddr", "gethostbyname", "getaddrinfo", "gethostname"):
        monkeypatch.setattr(socket, name, None)
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    with EditServer(Session(str(path))) as server:
        assert server.server_name == "127.0.0.1"


def test_a_file_is_saved_to_its_end_and_while_a_text_is_examined(
    server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = asked(server)[1]["version"]
    began, may_end = threading.Event(), threading.Event()

    def slow(_: Session, text: str) -> dict[str, Any]:
        began.set()
        assert may_end.wait(10)
        return {}

    monkeypatch.setitem(REQUESTS, "check", slow)
    checking = threading.Thread(target=asked, args=(server, "check", {"text": ""}))
    checking.start()
    assert began.wait(10)
    answer = asked(server, "save", {"text": "new", "version": version, "form": "\n"})
    assert answer[1]["isSaved"]
    may_end.set()
    checking.join()
    # While the command ends, what is being saved is saved, and nothing more.
    with server.locks["file"]:
        closing = threading.Thread(target=server.server_close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    closing.join(10)
    assert not closing.is_alive()


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


@pytest.mark.parametrize(("request_line", "status"), [("GET /", 200), ("POST /api/open", 403)])
def test_an_answer_arrives_though_its_request_was_not_read(
    server: EditServer, monkeypatch: pytest.MonkeyPatch, request_line: str, status: int
) -> None:
    ended = threading.Event()
    shutdown_request = server.shutdown_request

    def shutting_down(request: socket.socket) -> None:
        shutdown_request(request)
        ended.set()

    monkeypatch.setattr(server, "shutdown_request", shutting_down)
    body = b"x" * 3_000_000
    with socket.socket() as connection:
        # What does not fit is kept by the server's side, where a reset drops it.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", server.server_port))
        lines = (f"{request_line} HTTP/1.1", f"Host: {server.hosts[0]}")
        head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "\r\n"))
        connection.sendall(head.encode() + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == status
        response.read()
        assert response.isclosed()
        connection.shutdown(socket.SHUT_WR)
        assert ended.wait(10)


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
