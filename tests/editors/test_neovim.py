"""Neovim with the documents' own lines, typed to as a person does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source

DOCUMENT = Path(__file__).parents[2] / "docs" / "editors.md"
BIN = Path(sys.executable).parent
NEOVIM = shutil.which("nvim", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
pytestmark = pytest.mark.skipif(not NEOVIM, reason="there is no nvim: `make test-editors` has one")
STEPS = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 120 learning_rate: 0.01 }
  } } } }
}
"""


class Neovim:
    """A Neovim process, which gets keys and answers Lua expressions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        init = folder / "init.lua"
        init.write_text(re.findall(r"```lua\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0])
        # The path of a socket may have 100 characters.
        self.home = tempfile.TemporaryDirectory(prefix="nvim")
        self.socket = f"{self.home.name}/s"
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            environment[f"XDG_{name}_HOME"] = self.home.name
        self.environment = environment
        self.process = subprocess.Popen(
            [str(NEOVIM), "--headless", "--listen", self.socket, "-u", str(init), "-i", "NONE"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.until(lambda: Path(self.socket).exists(), "a socket")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.home.cleanup()

    def _remote(self, *arguments: str) -> str:
        command = [str(NEOVIM), "--server", self.socket, *arguments]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=30, env=self.environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout or done.stderr

    def type(self, keys: str) -> None:
        self._remote("--remote-send", keys)

    def lua(self, expression: str) -> Any:
        """The value of a Lua expression."""
        quoted = expression.replace("'", "''")
        return json.loads(self._remote("--remote-expr", f"luaeval('vim.json.encode({quoted})')"))

    def until(self, is_so: Any, what: str) -> Any:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if result := is_so():
                return result
            time.sleep(0.05)
        raise AssertionError(f"there was never {what}")

    def open(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        self.type(f"<C-\\><C-n>:edit! {name}<CR>")
        clients = "#vim.lsp.get_clients({ bufnr = 0 })"
        self.until(lambda: self.lua("vim.fn.expand('%:t')") == name, f"the file {name}")
        self.until(lambda: self.lua(clients) == 1, f"a server for {name}")

    def text(self) -> str:
        return "\n".join(self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)")) + "\n"

    def found(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.lua("vim.diagnostic.get(0)")
        return found

    def complete(self, chosen: str) -> None:
        """Opens the menu, moves to an entry and accepts it."""
        self.type("<C-x><C-o>")
        menu = "vim.fn.complete_info({ 'items', 'selected' })"
        items = self.until(lambda: self.lua(menu)["items"], "a menu")
        words = [item["abbr"] for item in items]
        index = words.index(chosen)
        selected = self.lua(menu)["selected"]
        self.type("<C-n>" * (index - selected) + "<CR>")


@pytest.fixture(scope="module")
def neovim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    editor = Neovim(tmp_path_factory.mktemp("project"))
    yield editor
    editor.stop()


def test_findings_fixes_and_outline(neovim: Neovim) -> None:
    neovim.open("pipeline.config", STEPS)
    (found,) = neovim.until(neovim.found, "a finding")
    assert (found["code"], found["lnum"], found["col"]) == ("SB414", 4, 40)
    assert STEPS.splitlines()[4][found["col"] : found["end_col"]] == "0.1"
    symbols = neovim.lua(
        "vim.lsp.buf_request_sync(0, 'textDocument/documentSymbol',"
        " { textDocument = vim.lsp.util.make_text_document_params() }, 10000)[1].result"
    )
    assert [symbol["name"] for symbol in symbols] == ["train_config"]
    neovim.type("5G0f.:lua vim.lsp.buf.code_action({ apply = true, filter = function(a)")
    neovim.type(" return a.isPreferred end })<CR>")
    fixed = STEPS.replace("    schedule { step: 100 learning_rate: 0.1 }\n", "")
    neovim.until(lambda: neovim.text() == fixed, "the fixed text")
    neovim.until(lambda: not neovim.found(), "an end of findings")
    neovim.type(":lua vim.lsp.buf.format({ timeout_ms = 10000 })<CR>")
    neovim.until(lambda: "      learning_rate {\n" in neovim.text(), "the layout")


def test_typing_and_completing_leaves_a_valid_file(neovim: Neovim) -> None:
    neovim.open("typed.config", "\n")
    neovim.type("i")
    neovim.complete("train_config")
    neovim.until(lambda: neovim.text().startswith("train_config {\n"), "a block")
    neovim.type("num")
    neovim.complete("num_steps")
    neovim.type("100<CR>optim")
    neovim.complete("optimizer")
    neovim.until(lambda: "optimizer {\n" in neovim.text(), "an optimizer")
    neovim.type("momentum")
    neovim.complete("momentum_optimizer")
    neovim.until(lambda: "momentum_optimizer {\n" in neovim.text(), "its kind")
    neovim.type("<Esc>")
    found = examine(Source("typed.config", neovim.text())).diagnostics
    assert not [str(d) for d in found if d.code < "SB3"], neovim.text()


def test_a_yaml_value_keeps_its_blank(neovim: Neovim) -> None:
    text = "trainer:\n  optimizer_config:\n    learning_rate:\n      type:\n"
    neovim.open("experiment.yaml", text)
    neovim.type("G$a")
    neovim.complete("exponential")
    neovim.type("<Esc>")
    wanted = text.replace("type:", "type: exponential")
    neovim.until(lambda: neovim.text() == wanted, "the value")
