"""The language server, spoken to by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.language_server import language
from schedule_builder.language_server.completion import completions

TEXT = """# \N{SNOWMAN} \N{GRINNING FACE}
train_config { /* */
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 120 learning_rate: 0.01 }
  } } } }
}
""".replace(" /* */", "")
YAML = """trainer:
  train_steps: 1000
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate:
      type: cosine
      cosine:
        initial_learning_rate: 0.1
        decay_steps: 1000
"""
T = TypeVar("T")


class Editor(LanguageClient):
    """A client that keeps what the server reports."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.reports: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def report(params: types.PublishDiagnosticsParams) -> None:
            self.reports.put_nowait(params)

    async def reported(self) -> list[types.Diagnostic]:
        params = await asyncio.wait_for(self.reports.get(), 30)
        return list(params.diagnostics)


def session(script: Callable[[Editor], Awaitable[T]]) -> T:
    """Runs a script with a server of its own."""

    async def run() -> T:
        editor = Editor()
        await editor.start_io(sys.executable, "-m", "schedule_builder", "server")
        await editor.initialize_async(
            types.InitializeParams(capabilities=types.ClientCapabilities())
        )
        editor.initialized(types.InitializedParams())
        result = await script(editor)
        await editor.shutdown_async(None)
        editor.exit(None)
        stop: Callable[[], Awaitable[None]] = editor.stop
        await stop()
        return result

    return asyncio.run(run())


def open_document(editor: Editor, uri: str, text: str, version: int = 1) -> None:
    item = types.TextDocumentItem(uri, "text", version, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))


def at(text: str, words: str, *, after: bool = False) -> types.Position:
    offset = text.index(words) + (len(words) if after else 0)
    before = text[:offset]
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def test_a_session(tmp_path: Path) -> None:
    uri = (tmp_path / "with space.config").as_uri()
    document = types.TextDocumentIdentifier(uri)

    async def script(editor: Editor) -> None:
        open_document(editor, uri, TEXT)
        (finding,) = await editor.reported()
        assert (finding.code, finding.source) == ("SB414", "schedule-builder")
        assert finding.severity == types.DiagnosticSeverity.Warning
        assert finding.range.start == at(TEXT, "0.1 }")

        changed = TEXT.replace("120", "\N{GRINNING FACE}: 1 120")
        change = types.TextDocumentContentChangeWholeDocument(changed)
        editor.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(2, uri), [change]
            )
        )
        assert "SB102" in {d.code for d in await editor.reported()}
        change = types.TextDocumentContentChangeWholeDocument(TEXT)
        editor.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(3, uri), [change]
            )
        )
        assert [d.code for d in await editor.reported()] == ["SB414"]

        hover = await editor.text_document_hover_async(
            types.HoverParams(document, at(TEXT, "initial_learning_rate"))
        )
        assert hover is not None
        assert "**initial_learning_rate**: a number" in str(hover.contents)
        assert "Default: `0.002`" in str(hover.contents)
        assert "0.1" in str(hover.contents)

        lenses = await editor.text_document_code_lens_async(types.CodeLensParams(document))
        assert lenses is not None
        (lens,) = lenses
        assert lens.command is not None
        assert lens.command.title == (
            "constant 0.1; from step 100: constant 0.1; from step 120: constant 0.01"
            " → 0.01 at step 149, the last"
        )
        assert lens.range.start == at(TEXT, "manual_step_learning_rate")

        where = types.Range(at(TEXT, "0.1 }"), at(TEXT, "0.1 }"))
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(document, where, types.CodeActionContext([finding]))
        )
        assert actions is not None
        fix, suppression, everything = actions
        assert isinstance(fix, types.CodeAction)
        assert fix.title == "Remove this entry, which repeats 0.1"
        assert fix.edit is not None
        assert fix.edit.changes is not None
        (edit,) = fix.edit.changes[uri]
        assert (edit.range.start.line, edit.range.end.line, edit.new_text) == (5, 6, "")
        assert isinstance(suppression, types.CodeAction)
        assert "ignore[SB414]" in str(suppression.edit)
        assert isinstance(everything, types.CodeAction)
        assert (everything.title, everything.kind) == (
            "Apply all safe fixes (1)",
            "source.fixAll.schedule-builder",
        )

        items = await editor.text_document_completion_async(
            types.CompletionParams(document, at(TEXT, "initial_learning_rate"))
        )
        assert isinstance(items, list)
        assert [item.label for item in items] == ["schedule", "warmup"]

        editor.text_document_did_close(types.DidCloseTextDocumentParams(document))
        assert await editor.reported() == []

    session(script)


def test_settings_that_cannot_be_read_are_shown(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.schedule-builder]\nselct = []\n")
    uri = (tmp_path / "a.config").as_uri()

    async def script(editor: Editor) -> list[types.Diagnostic]:
        open_document(editor, uri, TEXT)
        return await editor.reported()

    assert [d.code for d in session(script)] == ["SB414"]


# --- what it says, without a server -----------------------------------------------------------


def config_of(text: str, name: str = "a.config") -> Config:
    return examine(Source(name, text))


def offered(text: str, name: str) -> list[str]:
    """The completions where the text has a `|`."""
    offset = text.index("|")
    return [c.name for c in completions(config_of(text.replace("|", ""), name), offset)]


OFFERED: dict[str, tuple[str, str, list[str], list[str]]] = {
    "an empty file": ("|", "a.config", ["train_config", "model"], []),
    "an empty block": ("train_config { | }", "a.config", ["optimizer", "num_steps"], ["model"]),
    "what is given": (
        "train_config { num_steps: 3 | }",
        "a.config",
        ["optimizer"],
        ["num_steps"],
    ),
    "an unclosed block": (
        "train_config {\n  optimizer {\n    |",
        "a.config",
        ["adam_optimizer"],
        [],
    ),
    "half a name": ("train_config {\n  opt|\n}", "a.config", ["optimizer"], []),
    "a member of a oneof": (
        "constant_learning_rate {}\n|",
        "a.config",
        ["warmup"],
        ["cosine_decay_learning_rate"],
    ),
    "an opaque part": ("model { | }", "a.config", [], ["ssd"]),
    "an enum's values": (
        "constant_learning_rate {}\nwarmup { shape: | }",
        "a.config",
        ["LINEAR", "CONSTANT"],
        ["shape"],
    ),
    "units": (
        "constant_learning_rate {}\nstep_unit: |",
        "a.config",
        ["STEPS", "EPOCHS", "PERCENT_OF_RUN", "PERMILLE_OF_RUN"],
        ["step_unit"],
    ),
    "a unit of a warmup in yaml": (
        "constant_learning_rate: {}\nwarmup:\n  step_unit: PER|\n",
        "a.yaml",
        ["PERCENT_OF_RUN", "PERMILLE_OF_RUN"],
        [],
    ),
    "the fields of units": (
        "constant_learning_rate {}\n|",
        "a.config",
        ["step_unit", "examples_per_epoch"],
        [],
    ),
    "a bool's values": (
        "train_config { optimizer { use_moving_average: t| } }",
        "a.config",
        ["true", "false"],
        [],
    ),
    "a number": ("train_config { num_steps: | }", "a.config", [], ["optimizer"]),
    "an empty yaml file": ("|", "a.yaml", ["train_config"], []),
    "a yaml block": ("train_config:\n  |", "a.yaml", ["num_steps"], ["model"]),
    "a yaml block with fields": (
        "train_config:\n  num_steps: 3\n  |\n",
        "a.yaml",
        ["optimizer"],
        ["num_steps"],
    ),
    "half a name in yaml": (
        "train_config:\n  optimizer:\n    ad|\n  num_steps: 3\n",
        "a.yaml",
        ["adam_optimizer"],
        ["num_steps"],
    ),
    "an element of a yaml list": (
        "manual_step_learning_rate:\n  schedule:\n    - step: 3\n      |\n",
        "a.yaml",
        ["learning_rate"],
        ["step"],
    ),
    "another element of a yaml list": (
        "manual_step_learning_rate:\n  schedule:\n    - step: 3\n      learning_rate: 1\n    - |\n",
        "a.yaml",
        ["step", "learning_rate"],
        ["schedule"],
    ),
    "an element before others": (
        "manual_step_learning_rate:\n  schedule:\n    - |\n    - step: 3\n",
        "a.yaml",
        ["step", "learning_rate"],
        ["schedule"],
    ),
    "quoted keys": (
        '"train_config":\n  "num_steps": 3\n  |\n',
        "a.yaml",
        ["optimizer"],
        ["num_steps", "train_config"],
    ),
    "a comment": ("train_config { # set |\n}", "a.config", [], ["optimizer"]),
    "a yaml comment": ("train_config:\n  # set |\n", "a.yaml", [], ["optimizer"]),
    "a text": (
        'train_config { fine_tune_checkpoint: "my | file" }',
        "a.config",
        [],
        ["optimizer"],
    ),
    "a value in quotes": (
        "trainer:\n  optimizer_config:\n    learning_rate:\n      type: 'c|'\n",
        "a.yaml",
        ["cosine"],
        [],
    ),
    "a yaml flow": ("train_config: {num_steps: 3, |}", "a.yaml", ["optimizer"], ["num_steps"]),
    "a type of the garden": (
        "trainer:\n  optimizer_config:\n    learning_rate:\n      type: c|\n",
        "a.yaml",
        ["cosine", "constant"],
        ["type"],
    ),
}


@pytest.mark.parametrize("name", OFFERED)
def test_completions(name: str) -> None:
    text, filename, some, none = OFFERED[name]
    found = offered(text, filename)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def hovered(text: str, words: str, name: str = "a.config") -> str:
    found = language.hover(config_of(text, name), text.index(words) + 1)
    return found.text if found else ""


def test_hover() -> None:
    assert "From step 120 on, constant 0.01: the rate is `0.01`" in hovered(TEXT, "120")
    assert "From step 120 on" in hovered(TEXT, "0.01")
    assert "Rate at the last step, 149: `0.01`" in hovered(TEXT, "150")
    assert "half a cosine from 0.1 to 0" in hovered(YAML, "initial_learning_rate", "a.yaml")
    assert "one of" in hovered("constant_learning_rate {}\nwarmup { shape: LINEAR }", "shape")
    assert hovered(TEXT, "# ") == ""


def test_hover_says_what_a_length_comes_to() -> None:
    text = TEXT.replace("100", "30").replace("120", "60").replace("150", "1000")
    schedule = "manual_step_learning_rate {"
    assert text.count(schedule) == 1
    text = text.replace(schedule, f"step_unit: PERCENT_OF_RUN {schedule}")
    said = hovered(text, "60")
    assert "60 % of 1000: 600 steps" in said
    assert "From step 600 on, constant 0.01" in said
    assert "`PERMILLE_OF_RUN`: A thousandth of the run length." in hovered(text, "step_unit")
    table = "table_learning_rate { learning_rates: [0.1, 0.02] steps_per_entry: 3 }"
    epochs = "train_config { num_steps: 9 batch_size: 2 optimizer { sgd { learning_rate {"
    epochs = epochs.replace("sgd", "momentum_optimizer")
    text = f"{epochs} step_unit: EPOCHS examples_per_epoch: 3 {table} }} }} }} }}"
    assert "3 epochs of 1.5 steps: 5 steps" in hovered(text, "steps_per_entry")
    assert "From step 5 on, constant 0.02" in hovered(text, "0.02")


def test_a_lens_needs_a_schedule() -> None:
    assert language.lens(config_of("train_config {}")) is None
    lens = language.lens(config_of(YAML, "a.yaml"))
    assert lens is not None
    assert lens.text.startswith("half a cosine from 0.1 to 0 over 1000 steps → ")
    assert lens.text.endswith(" at step 999, the last")


@pytest.mark.parametrize("text", [TEXT, YAML])
def test_every_place_has_an_answer(text: str) -> None:
    name = "a.config" if text is TEXT else "a.yaml"
    for cut in range(0, len(text), 7):
        config = config_of(text[:cut], name)
        for offset in (0, cut // 2, cut):
            language.hover(config, offset)
            completions(config, offset)
            language.lens(config)


def test_without_pygls_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from schedule_builder.cli import app as cli

    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    monkeypatch.delitem(sys.modules, "schedule_builder.language_server.server", raising=False)
    assert cli.main(["server"]) == 2
    assert "schedule-builder[server]" in capsys.readouterr().err
