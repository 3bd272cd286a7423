"""Monaco, the editor of VS Code, in a browser: typed to, and answered by the language server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from tests.support.rpc import Client

FOLDER = Path(sys.prefix) / "node_modules" / "monaco-editor" / "min"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="`make test-editors` installs it"),
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium, which is a system package"),
]
PAGE = """<!doctype html><body><div id=e style="width:900px;height:600px"></div>
<script src="vs/loader.js"></script><script>
require.config({ paths: { vs: "vs" } });
require(["vs/editor/editor.main"], () => {
  monaco.languages.register({ id: "config" });
  const range = r => ({ startLineNumber: r.start.line + 1, startColumn: r.start.character + 1,
    endLineNumber: r.end.line + 1, endColumn: r.end.character + 1 });
  const options = window.ask("options");
  options.then(given => monaco.languages.registerCompletionItemProvider("config", {
    triggerCharacters: given.completionProvider.triggerCharacters || [],
    provideCompletionItems: async (model, position) => {
      const items = await window.ask("completion", model.getValue(),
        position.lineNumber - 1, position.column - 1);
      return { suggestions: items.map(i => ({ label: i.label, kind: 3, sortText: i.sortText,
        filterText: i.filterText, range: range(i.textEdit.range), insertText: i.textEdit.newText,
        insertTextRules: i.insertTextFormat === 2 ? 4 : 0 })) };
    } }));
  window.editor = monaco.editor.create(document.getElementById("e"), { value: "",
    language: "config", tabSize: 2, acceptSuggestionOnEnter: "on", autoIndent: "full" });
  options.then(() => { window.ready = true; });
});
</script>"""
MENU = ".suggest-widget.visible .monaco-list-row"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    item = {"completionItem": {"snippetSupport": True}}
    with Client(textDocument={"completion": item}) as client, sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        versions = iter(range(1, 1000))

        def ask(what: str, text: str = "", line: int = 0, column: int = 0) -> Any:
            if what == "options":
                return client.capabilities["capabilities"]
            name = f"{next(versions)}.{page.suffix}"
            client.open(name, text)
            return client.ask(what, name, line, column)

        page.suffix = "config"
        page.expose_function("ask", ask)

        def serve(route: Any) -> None:
            path = FOLDER / route.request.url.partition("//editor/")[2].partition("?")[0]
            if path == FOLDER:
                route.fulfill(body=PAGE, content_type="text/html")
            else:
                route.fulfill(path=path)

        page.route("**/*", serve)
        page.goto("http://editor/")
        page.wait_for_function("window.ready")
        yield page
        browser.close()


def start(page: Any, suffix: str, text: str = "") -> None:
    page.suffix = suffix
    page.evaluate("text => { editor.setValue(text); editor.focus(); }", text)
    page.evaluate("editor.setPosition(editor.getModel().getFullModelRange().getEndPosition())")


def text_of(page: Any) -> str:
    return str(page.evaluate("editor.getValue()"))


def accept(page: Any, letters: str, label: str) -> None:
    """Types letters, waits for the menu, and accepts its first entry with Enter."""
    page.keyboard.type(letters, delay=20)
    page.wait_for_selector(MENU)
    page.wait_for_function(
        "label => document.querySelector('.suggest-widget .monaco-list-row.focused')"
        "?.getAttribute('aria-label')?.startsWith(label)",
        arg=label,
    )
    page.keyboard.press("Enter")


def test_enter_after_a_brace_begins_a_line(page: Any) -> None:
    start(page, "config")
    page.keyboard.type("train_config {", delay=20)
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert text_of(page).replace(" ", "").rstrip("}") in ("train_config{\n", "train_config{\n\n")
    assert not page.query_selector_all(MENU)


def test_what_is_accepted_with_enter_is_valid(page: Any) -> None:
    start(page, "config")
    accept(page, "train_c", "train_config")
    accept(page, "num_s", "num_steps")
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    accept(page, "optimi", "optimizer")
    accept(page, "momentum_o", "momentum_optimizer")
    text = text_of(page)
    assert text.startswith("train_config {\n  num_steps: 100\n  optimizer {\n    momentum")
    found = examine(Source("a.config", text)).diagnostics
    assert not [str(d) for d in found if d.code < "SB3"], text


def test_a_yaml_value_keeps_its_blank(page: Any) -> None:
    text = "trainer:\n  optimizer_config:\n    learning_rate:\n      type:"
    start(page, "yaml", text)
    page.keyboard.press("Control+Space")
    page.wait_for_selector(MENU)
    page.keyboard.press("Enter")
    page.wait_for_function("!editor.getValue().endsWith(':')")
    line = text_of(page).splitlines()[-1]
    assert line.startswith("      type: ")
    assert line.split()[-1] in ("constant", "cosine", "stepwise", "exponential")
