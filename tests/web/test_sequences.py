"""Any sequence of what people, pages and other programs do to a file that is edited."""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schedule_builder import validate
from schedule_builder.web.server import EditServer
from schedule_builder.web.session import Session

MARK = b"\xef\xbb\xbf"
TEXT = """\
# ours
num_steps: 1000
cosine_decay_learning_rate { learning_rate_base: 0.1  # peak
  total_steps: 1000 warmup_steps: 100 }
"""
PIECES = st.sampled_from(
    ["# \N{OPTICAL DISC}\n", "\n", "}", "nan", "\r", "\t", "\ud800", "\x1b", "0"]
)
FILES = st.builds(
    lambda text, mark, end: mark + text.replace("\n", end).encode(),
    st.sampled_from([TEXT, "", "\n", "# theirs\n", TEXT.replace("0.1", "0.2")]),
    st.sampled_from([b"", MARK]),
    st.sampled_from(["\n", "\r\n"]),
)
EXAMPLES = max(settings().max_examples // 10, 1)


class Sequences(RuleBasedStateMachine):
    """One file, its server, and two pages. The model is what each of them has."""

    @initialize(data=FILES)
    def start(self, data: bytes) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "a.pbtxt"
        self.on_disk: bytes | None = data
        self.path.write_bytes(data)
        self.server = EditServer(Session(str(self.path)))
        run = {"poll_interval": 0.01}
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs=run)
        self.thread.start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port)
        self.pages = [{**self.asked("open"), "data": data} for _ in range(2)]

    def asked(self, name: str, **values: Any) -> dict[str, Any]:
        """An answer of the server. Each is well-formed, and tells people what went wrong."""
        headers = {
            "Origin": f"http://{self.server.hosts[0]}",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.server.token}",
        }
        self.connection.request("POST", f"/api/{name}", json.dumps(values), headers)
        response = self.connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        assert response.status == 200
        error = answer.get("error", "")
        assert error.isprintable()
        assert "internal error" not in error
        return answer

    # --- what may happen ------------------------------------------------------------------------

    @rule(page=st.integers(0, 1), at=st.integers(0, 200), length=st.integers(0, 30), piece=PIECES)
    def types(self, page: int, at: int, length: int, piece: str) -> None:
        text = self.pages[page]["text"]
        self.pages[page]["text"] = text[:at] + piece + text[at + length :]

    @rule(page=st.integers(0, 1))
    def checks(self, page: int) -> None:
        text = self.pages[page]["text"]
        answer = self.asked("check", text=text, saved=TEXT)
        found = [one["code"] for one in answer["findings"]]
        if "\ud800" not in text:  # Of a file, no such character is read.
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / self.path.name
                path.write_bytes(text.encode())
                assert found == [one.code for one in validate([path])]

    @rule(
        page=st.integers(0, 1),
        field=st.sampled_from(["num_steps", "cosine_decay_learning_rate.warmup_steps", "x"]),
        value=st.sampled_from(["500", "2000", "many", ""]),
    )
    def sets(self, page: int, field: str, value: str) -> None:
        self.changed(page, self.asked("set", text=self.text(page), field=field, value=value))

    @rule(page=st.integers(0, 1), handle=st.integers(0, 3), step=st.floats(-9, 1500))
    def drags(self, page: int, handle: int, step: float) -> None:
        handles = self.asked("check", text=self.text(page))["handles"]
        if handle < len(handles):
            chosen = handles[handle]
            what = {"kind": chosen["kind"], "field": chosen["field"], "at": chosen["step"]}
            rate = abs(step) / 1000
            answer = self.asked("drag", text=self.text(page), step=step, rate=rate, **what)
            self.changed(page, answer)

    def text(self, page: int) -> str:
        return str(self.pages[page]["text"])

    def changed(self, page: int, answer: dict[str, Any]) -> None:
        """What changes a text keeps its comments, and what is refused changes nothing."""
        if "error" not in answer:
            for comment in ("# ours", "# peak"):
                assert (comment in answer["text"]) == (comment in self.text(page))
            self.pages[page]["text"] = answer["text"]

    @rule(page=st.integers(0, 1))
    def saves(self, page: int) -> None:
        own = self.pages[page]
        data = expected(own)
        answer = self.asked("save", **{name: own[name] for name in ("text", "version", "form")})
        if data is None:
            assert "surrogate" in answer["error"]
        elif own["data"] == self.on_disk:
            assert answer["isSaved"]
            own["version"], own["data"], self.on_disk = answer["version"], data, data
        else:
            assert not answer["isSaved"]

    @rule(page=st.integers(0, 1))
    def loads(self, page: int) -> None:
        answer = self.asked("open")
        assert ("error" in answer) == (self.on_disk is None)
        if self.on_disk is not None:
            self.pages[page] = answer
            self.pages[page]["data"] = self.on_disk
            assert expected(answer) == self.on_disk

    @rule(page=st.integers(0, 1))
    def keeps(self, page: int) -> None:
        """Asked about a file that changed, somebody keeps the text of the page."""
        self.pages[page]["version"] = self.asked("disk")["version"]
        self.pages[page]["data"] = self.on_disk

    @rule(data=FILES)
    def another_program_writes(self, data: bytes) -> None:
        self.on_disk = data
        self.path.write_bytes(data)

    @precondition(lambda self: self.on_disk is not None)
    @rule()
    def another_program_removes(self) -> None:
        self.on_disk = None
        self.path.unlink()

    # --- what holds -----------------------------------------------------------------------------

    @invariant()
    def the_disk_has_what_was_written_last(self) -> None:
        if self.on_disk is None:
            assert [*self.path.parent.iterdir()] == []
        else:
            assert [*self.path.parent.iterdir()] == [self.path]
            assert self.path.read_bytes() == self.on_disk

    def teardown(self) -> None:
        self.connection.close()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.folder.cleanup()


def expected(page: dict[str, Any]) -> bytes | None:
    """The bytes of a page's text, with the mark and the line ends of its file."""
    text, form = page["text"], page["form"]
    if "\ud800" in text:
        return None
    if form.endswith("\r\n"):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return (MARK if form.startswith("\ufeff") else b"") + str(text).encode()


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=EXAMPLES, stateful_step_count=30)
