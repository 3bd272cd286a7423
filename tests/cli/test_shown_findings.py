"""How many findings of a file are shown, in every output, and that all of them count."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pygls.workspace import PositionCodec

from schedule_builder.cli.app import main
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Diagnostic, Source, Words
from schedule_builder.language_server.analysis import Analysis
from schedule_builder.language_server.documents import Snapshot
from schedule_builder.limits import MAX_SHOWN_FINDINGS
from schedule_builder.output import RENDERERS, markdown
from schedule_builder.output.findings import Findings
from schedule_builder.output.notebook import of_config
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings

CLI = Path(__file__).parent.parent.parent / "schedule_builder" / "cli"
RATES = "manual_step_learning_rate {{ initial_learning_rate: 0.1\n{}}}\n"
ERRORS = RATES.format("schedule { step: 5 learning_rate: -1 }\n" * 7)
WARNINGS = (
    "constant_learning_rate { learning_rate: 0.1 }\n" + "# schedule-builder: ignore[SB402]\n" * 7
)
LEFT_OUT = "not shown: 5 more findings of this file"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.schedule-builder]\nmax-findings = 2\n")
    Path("errors.config").write_text(ERRORS)
    Path("warnings.config").write_text(WARNINGS)
    Path("right.config").write_text("constant_learning_rate { learning_rate: 0.1 }\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments])
        return code, *capfd.readouterr()

    return run


@pytest.mark.parametrize(("found", "more"), [(1000, 0), (1001, 1), (5000, 4000)])
def test_a_thousand_are_shown(found: int, more: int) -> None:
    findings = [
        Diagnostic("a.config", row, 1, row, 2, "SB204", "name", "error", Words("wrong"))
        for row in range(1, found + 1)
    ]
    shown = Request(settings=Settings()).shown(findings)
    assert shown[:MAX_SHOWN_FINDINGS] == findings[:MAX_SHOWN_FINDINGS]
    said = [d.message.partition(" of this file")[0] for d in shown[MAX_SHOWN_FINDINGS:]]
    assert said == [f"not shown: {more} more finding{'s' * (more != 1)}"] * bool(more)


@pytest.mark.parametrize("name", RENDERERS)
def test_every_format_says_how_many_are_left_out(name: str, run: Run) -> None:
    code, out, err = run("validate", "--format", name, "errors.config")
    assert (code, err) == (1, "")
    assert LEFT_OUT in out
    assert out.count("it must be at least 0") in (2, 3)  # JUnit's summary repeats one
    code, out, err = run("validate", "--format", name, "warnings.config")
    assert (code, err) == (0, "")
    assert LEFT_OUT in out


def test_the_summary_and_statistics_count_all(run: Run) -> None:
    assert run("validate", "--statistics", "errors.config")[1].startswith("7  SB204")
    code, out, _ = run("validate", "errors.config", "warnings.config")
    assert (code, out.count(LEFT_OUT)) == (1, 2)
    assert "Found 7 errors and 7 warnings in 2 files. 7 fixable" in out


def test_the_exit_code_counts_all(run: Run) -> None:
    for limit, code in ((1, 1), (7, 1), (8, 1)):
        Path("pyproject.toml").write_text(f"[tool.schedule-builder]\nmax-findings = {limit}\n")
        assert run("validate", "errors.config")[0] == code
        assert run("validate", "warnings.config")[0] == 0
        assert run("validate", "warnings.config", "--fail-on", "warning")[0] == code


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", '"all"', "true"])
def test_the_setting_is_a_whole_number_above_0(limit: str, run: Run) -> None:
    Path("pyproject.toml").write_text(f"[tool.schedule-builder]\nmax-findings = {limit}\n")
    code, out, err = run("validate", "errors.config")
    assert (code, out) == (2, "")
    assert "pyproject.toml:2: `max-findings`: expected a whole number above 0" in err


def test_baselines_and_fixes_are_about_all(run: Run) -> None:
    assert run("validate", "errors.config", "--write-baseline", "known.json")[0] == 0
    entries = json.loads(Path("known.json").read_text())["findings"]
    assert sum(entry["count"] for entry in entries) == 7
    code, out, _ = run("validate", "errors.config", "--baseline", "known.json")
    assert (code, out) == (0, "1 file: no new findings (7 known).\n")
    assert run("validate", "warnings.config", "--fix")[0] == 0
    assert "ignore" not in Path("warnings.config").read_text()


def test_a_table_that_is_cut_off_says_how_many_are_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown, "MOST_CHARACTERS", 400)
    out = run("validate", "--format", "markdown", "errors.config")[1]
    listed = out.count("| error [SB204]")
    assert 0 < listed < 3
    assert out.endswith(f"\n{7 - listed} more are left out here: see the log.\n")
    one = Diagnostic("a", 1, 1, 1, 2, "SB204", "name", "error", Words("wrong"))
    monkeypatch.setattr(markdown, "MOST_CHARACTERS", 10)
    assert "\n3 more are left out here" in markdown.render(Findings([one] * 3, {"a": ""}))


@pytest.mark.parametrize(
    "arguments",
    [
        "show errors.config",
        "show warnings.config",
        "convert errors.config",
        "convert warnings.config",
        "plot errors.config --terminal",
        "diff errors.config right.config",
        "rescale errors.config --num-steps 5",
    ],
)
def test_other_commands_show_as_many(arguments: str, run: Run) -> None:
    _, _, err = run(*arguments.split())
    found = re.findall(r"^\w+\.config:\d+:\d+: \w+\[(SB\d+)\]", err, re.MULTILINE)
    assert (len(found), found[-1]) == (3, "SB904")
    assert LEFT_OUT in err


def test_pages_and_editors_show_as_many(run: Run) -> None:
    code, _, err = run("report", "errors.config", "-o", "a.html")
    assert (code, err) == (0, "Wrote a.html.\n")
    page = Path("a.html").read_text()
    assert page.count("it must be at least 0") == 2
    assert LEFT_OUT in page
    uri = Path("errors.config").resolve().as_uri()
    snapshot = Snapshot(uri, 1, ERRORS.splitlines(keepends=True), PositionCodec())
    found = Analysis(snapshot).diagnostics
    assert [d.code for d in found] == ["SB204", "SB204", "SB904"]


def test_a_notebook_shows_a_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedule_builder.output.notebook.MAX_SHOWN_FINDINGS", 2)
    html = of_config(examine(Source("a.config", ERRORS)))
    assert html.count("SB204") == 2
    assert "<div>... 5 more findings: <code>validate</code> lists them</div>" in html


def test_commands_have_one_way_to_print_findings() -> None:
    """All that is printed of a file's findings passes `say_findings`."""
    wrong = re.compile(r"\b(?:say|show|emit)\([^)]*(?:diagnostics|\.findings|unsuppressed)")
    found = {
        path.name: wrong.findall(path.read_text(encoding="utf-8")) for path in CLI.glob("*.py")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}
