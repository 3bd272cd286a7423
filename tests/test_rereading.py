"""Whatever writes another text of a config has it read again first, in one place."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from schedule_builder.cli.app import main
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source, Words
from schedule_builder.editing.rereading import (
    Meant,
    UnmeantError,
    new_findings,
    no_new_error,
    nothing_new,
    reread,
    same_message,
    same_schedule,
)
from schedule_builder.web.session import RequestError, Session

ROOT = Path(__file__).parent.parent
TEXT = """\
train_config {
  num_steps: 200  # kept
  batch_size: 8
    optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.5
    schedule { step: 100 learning_rate: 0.5 }
    schedule { step: 120 learning_rate: 0.05 }
  } } } }
}
"""
STRETCHED = TEXT.replace(
    "manual_step_learning_rate {\n    initial_learning_rate: 0.5\n"
    "    schedule { step: 100 learning_rate: 0.5 }\n    schedule { step: 120 learning_rate: 0.05 }",
    "cosine_decay_learning_rate {\n    total_steps: 100 learning_rate_base: 0.5 warmup_steps: 10",
)
UNMEANT = "what was not asked for"


class Outcome(NamedTuple):
    """What a writer gave, and what it said."""

    text: str
    said: str


Writer = Callable[[Path, pytest.CaptureFixture[str]], Outcome]


def in_place(*arguments: str, text: str = TEXT) -> Writer:
    """A command that writes its file in place."""

    def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
        path.write_text(text, encoding="utf-8")
        name, *rest = arguments
        main([name, str(path), *rest])
        new = path.read_text(encoding="utf-8")
        return Outcome("" if new == text else new, capsys.readouterr().err)

    return run


def printed(*arguments: str) -> Writer:
    """A command that prints the new text."""

    def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
        path.write_text(TEXT, encoding="utf-8")
        name, *rest = arguments
        main([name, str(path), *rest])
        return Outcome(*capsys.readouterr())

    return run


def page(request: str, **arguments: Any) -> Writer:
    """A request of the page of `edit`."""

    def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
        path.write_text(TEXT, encoding="utf-8")
        try:
            return Outcome(
                Session(str(path)).answer(request, {"text": TEXT, **arguments})["text"], ""
            )
        except RequestError as error:
            return Outcome("", str(error))

    return run


def action(title: str, text: str = TEXT) -> Writer:
    """A code action of the language server."""

    def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
        types, answers, analysis = _analysis(path, text)
        whole = types.Range(types.Position(0, 0), types.Position(len(text), 0))
        document = types.TextDocumentIdentifier(path.as_uri())
        params = types.CodeActionParams(document, whole, types.CodeActionContext([]))
        found = answers.code_action(analysis, params, with_reasons=True)
        (made,) = [a for a in found if a.title.startswith(title)]
        # A client that does not know them is not offered what cannot be done.
        offered = [a.title for a in answers.code_action(analysis, params)]
        assert (made.title in offered) is (made.disabled is None)
        return Outcome(str(made.edit or ""), made.disabled.reason if made.disabled else "")

    return run


def layout(path: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
    """The language server's layout."""
    from schedule_builder.editing.errors import EditingError

    types, answers, analysis = _analysis(path, TEXT)
    document = types.TextDocumentIdentifier(path.as_uri())
    params = types.DocumentFormattingParams(document, types.FormattingOptions(2, True))
    try:
        return Outcome(str(answers.formatting(analysis, params) or ""), "")
    except EditingError as error:  # which the server shows
        return Outcome("", str(error))


def _analysis(path: Path, text: str) -> Any:
    pytest.importorskip("pygls")
    from lsprotocol import types
    from pygls.workspace import TextDocument

    from schedule_builder.language_server import answers
    from schedule_builder.language_server.analysis import Analysis
    from schedule_builder.language_server.documents import OpenDocument

    document = OpenDocument(TextDocument(path.as_uri(), text, 1, "text"))
    return types, answers, Analysis(document.snapshot())


RATE = "train_config.optimizer.momentum_optimizer.learning_rate.manual_step_learning_rate"
WRITERS: dict[str, tuple[str, Writer]] = {
    "validate --fix": ("cli/fixes.py", in_place("validate", "--fix", "--isolated")),
    "validate --unsafe-fixes": (
        "cli/fixes.py",
        in_place("validate", "--unsafe-fixes", text=STRETCHED),
    ),
    "set": ("cli/set.py", in_place("set", "num_steps=300")),
    "set []": ("cli/set.py", in_place("set", "schedule[]={step: 150, learning_rate: 0.01}")),
    "set --unset": ("cli/set.py", in_place("set", "--unset", "batch_size")),
    "rescale": ("cli/rescale.py", in_place("rescale", "--num-steps", "400")),
    "rescale --scale-rates": ("cli/rescale.py", in_place("rescale", "--scale-rates", "2")),
    "rescale --peak": ("cli/rescale.py", in_place("rescale", "--peak", "0.1")),
    "rescale --batch-size": ("cli/rescale.py", in_place("rescale", "--batch-size", "16")),
    "rescale --warmup-steps": (
        "cli/rescale.py",
        in_place("rescale", "--warmup-steps", "20", text=STRETCHED),
    ),
    "fmt": ("cli/fmt.py", in_place("fmt")),
    "convert": ("cli/convert.py", printed("convert")),
    "convert --step-unit": (
        "cli/convert.py",
        printed("convert", "--step-unit", "percent_of_run"),
    ),
    "show --resolved": ("cli/show.py", printed("show", "--resolved")),
    "edit: a field": ("web/session.py", page("set", field="batch_size", value="16")),
    "edit: a drag": (
        "web/session.py",
        page(
            "drag", kind="boundary", field=f"{RATE}.schedule[1].step", at=120, step=140, rate=0.05
        ),
    ),
    "server: a fix": ("language_server/answers.py", action("Remove this entry")),
    "server: a suppression": ("language_server/answers.py", action("Suppress SB414 here")),
    "server: all fixes": ("language_server/answers.py", action("Apply all safe fixes")),
    "server: the run's length": ("language_server/answers.py", action("Rescale", STRETCHED)),
    "server: layout": ("language_server/answers.py", layout),
}
"""Every way to another text of a config, and the file that writes it."""
OTHERS = {
    "cli/common.py": "what a command prints, for `-o`",
    "cli/completion.py": "shell completions",
    "cli/plot.py": "pictures",
    "cli/report.py": "reports",
    "cli/validate.py": "findings, for `-o`",
    "frameworks/rate_log.py": "applied rates",
    "output/plot.py": "pictures",
    "output/streams.py": "standard output",
    "workspace/baseline.py": "baselines",
}
"""The files that write something else, and what."""


def refuse_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the one place find a fault in everything."""

    def refused(*arguments: Any) -> Config:
        raise UnmeantError(Words(UNMEANT))

    for name, module in list(sys.modules.items()):
        if name.startswith("schedule_builder.") and vars(module).get("reread") is reread:
            monkeypatch.setattr(module, "reread", refused)


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_reads_again(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, write = WRITERS[name]
    path = tmp_path / "a.config"
    made = write(path, capsys)
    assert made.text, made.said
    assert UNMEANT not in made.said
    refuse_all(monkeypatch)
    refused = write(path, capsys)
    assert not refused.text
    assert UNMEANT in refused.said


def test_every_writer_is_known() -> None:
    """A new one has to be listed here, and is then tried."""
    package = ROOT / "schedule_builder"
    calls = {"write_file", "emit_file", "emit_text", "WorkspaceEdit", "TextEdit"}
    found = set()
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            getattr(node.func, "id", getattr(node.func, "attr", ""))
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        } | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if names & calls:
            found.add(path.relative_to(package).as_posix())
    assert found == {file for file, _ in WRITERS.values()} | OTHERS.keys()


def test_every_maker_of_texts_is_known() -> None:
    """What changes a text, or writes one, calls the one place, or is called by what does."""
    package = ROOT / "schedule_builder"
    makers, readers = set(), set()
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        name = path.relative_to(package).as_posix()
        if imported & {"apply", "apply_fixes"}:
            makers.add(name)
        if "reread" in imported:
            readers.add(name)
    assert makers
    assert makers <= readers
    assert readers - makers == {"editing/convert.py", "editing/format.py", "output/resolved.py"}


# --- the one place ------------------------------------------------------------------------------


def config(text: str = TEXT) -> Config:
    return examine(Source("a.config", text))


def nothing(before: Config, after: Config) -> None:
    """Nothing has to be as it was."""


@pytest.mark.parametrize(
    ("old", "new", "strict", "lenient"),
    [
        ("0.05 }", "0.04 }", 0, 0),
        ("batch_size: 8", "batch_size: x", 1, 1),  # an error
        ("num_steps: 200", "num_steps: 110", 1, 0),  # a warning of a rule
        ("# kept", "# schedule-builder: ignore[SB402]", 1, 0),  # one about a comment
        ("# kept", "# schedule-builder: ignore-file[SB414]", 0, 0),
    ],
)
def test_new_findings(old: str, new: str, strict: int, lenient: int) -> None:
    before, after = config(), config(TEXT.replace(old, new))
    assert bool(nothing_new(before, after)) == bool(strict)
    assert bool(no_new_error(before, after)) == bool(lenient)


def test_a_finding_that_is_not_suppressed_any_more_is_new() -> None:
    comment = "  # schedule-builder: ignore[SB414]\n"
    line = "schedule { step: 100 learning_rate: 0.5 }\n"
    before = config(TEXT.replace(line, line[:-1] + comment))
    after = config(TEXT.replace(line, line[:-1] + "\n\n" + comment))
    assert {d.code for d in nothing_new(before, after)} == {"SB414", "SB901"}
    assert {d.code for d in new_findings(before, after)} == {"SB414", "SB901"}
    assert not nothing_new(after, before)


def test_what_is_the_same() -> None:
    before = config()
    other, broken = config(TEXT.replace("120", "130")), config(TEXT.replace("120", "x"))
    written = config(TEXT.replace("0.05 }", "5e-2 }"))
    assert same_message(before, written) is None
    assert same_message(before, other) is not None
    assert same_schedule(before, written) is None
    assert str(same_schedule(before, other)) == "the rate at step 120 would change"
    assert "would have no schedule" in str(same_schedule(before, broken))
    assert same_schedule(broken, other) is None


def test_a_text_is_read_as_the_one_before() -> None:
    """With the run length that the caller gave."""
    before = examine(Source("a.config", "constant_learning_rate {}"), num_steps=7, batch_size=3)
    after = reread(before, "constant_learning_rate { }", Meant(nothing_new, nothing))
    assert (after.filename, after.num_steps, after.batch_size) == ("a.config", 7, 3)


def test_findings_come_first() -> None:
    before = config()
    with pytest.raises(UnmeantError, match="would have this error: ") as refused:
        reread(before, TEXT.replace("120", "x"), Meant(no_new_error, same_message))
    assert [d.code for d in refused.value.findings] == ["SB203"]
    with pytest.raises(UnmeantError, match="would have this finding: ") as refused:
        reread(before, TEXT.replace("200", "110"), Meant(nothing_new, same_message))
    with pytest.raises(UnmeantError, match="would not say the same") as refused:
        reread(before, TEXT.replace("120", "130"), Meant(nothing_new, same_message))
    assert refused.value.findings == ()
