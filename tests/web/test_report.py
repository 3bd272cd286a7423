"""The report as a page: what it holds, and that it holds it safely."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schedule_builder.cli import main
from schedule_builder.web.page import asset, page
from tests.support.goldens import needs_data

SOURCES = Path(__file__).parents[2] / "web" / "src"
CONFIG = "constant_learning_rate { learning_rate: 0.5 }\n"


def data_of(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_folder_is_reported_on_one_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("models/a", "models/b"):
        Path(folder).mkdir(parents=True)
        Path(folder, "lr.pbtxt").write_text(CONFIG)
    assert main(["report", "-o", "all.html"]) == 0
    assert capsys.readouterr().err == "Wrote all.html.\n"
    data = data_of(Path("all.html").read_text())
    assert data["counts"] == "2 configs, 0 with findings"
    assert [(e["name"], e["short"]) for e in data["entries"]] == [
        ("models/a/lr.pbtxt", "a/lr.pbtxt"),
        ("models/b/lr.pbtxt", "b/lr.pbtxt"),
    ]


def test_changes_are_shown_over_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lr.pbtxt").write_text(CONFIG)
    who = ["-c", "user.name=a", "-c", "user.email=a@b.test"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)
    Path("lr.pbtxt").write_text(CONFIG.replace("0.5", "0.25"))
    Path("new.pbtxt").write_text(CONFIG)
    assert main(["report", "--against", "HEAD", "--format", "html"]) == 0
    data = data_of(capsys.readouterr().out)
    assert data["title"] == "Learning-rate schedules compared with HEAD"
    new, changed = data["entries"]
    assert (new["name"], new["status"], "before" in new) == ("new.pbtxt", "added", False)
    assert (changed["name"], changed["status"]) == ("lr.pbtxt", "changed")
    assert changed["before"]["facts"][0] == ["peak", "0.5"]
    assert changed["facts"][0] == ["peak", "0.25"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "."], "pass `--against REV`. For a page"),
        (["report", "-o", "a.html", "--for", "summary"], "cannot be combined with an html report"),
        (["report", "-o", "a.html"], "found no configs in .: pass the PATH"),
    ],
)
def test_what_cannot_be_reported_is_said(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
    assert not Path("a.html").exists()


def test_no_text_of_a_config_ends_the_script_that_holds_it() -> None:
    hostile = "</script><!--<script>\u2028&amp;"
    text = page("report", hostile, {"title": hostile})
    assert data_of(text) == {"title": hostile}
    assert text.count("</script>") == 2
    assert "<title>&lt;/script&gt;" in text


@pytest.mark.parametrize("name", ["report", "edit"])
def test_a_page_names_no_other_place(name: str) -> None:
    text = asset(f"{name}.js") + asset(f"{name}.css")
    found = set(re.findall(r"https?://[\w./-]+", text))
    assert found <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in page(name, "a", {})


def arithmetic(source: str, names: str) -> list[str]:
    """Where numbers of Python are computed with: a name before or after an operator."""
    code = re.sub(r"//.*|/\*.*?\*/|`[^`]*`|\"[^\"\n]*\"", "", source, flags=re.DOTALL)
    name = rf"\b(?:{names})\b[\]!)]*"
    operator = r"(?:\*\*?|/|%|-(?!-)|\+(?!\+))=?"
    return re.findall(rf"{name}\s*{operator}\s*[\w(]|[\w)\]]\s*{operator}\s*[\w.]*{name}", code)


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the sources are not in this package")
def test_the_pages_compute_with_no_rate_and_no_length() -> None:
    assert arithmetic("half = curve.rates[0] / 2", "rates|rates.0") != []
    assert arithmetic("x = 2 * one.rate", "rate") != []
    for path in SOURCES.glob("*.ts"):
        names = "rates?|high|least|logHigh"
        # The picture moves its view along the steps.
        names += "" if path.name == "chart.ts" else "|steps?|begin|num_steps"
        assert arithmetic(path.read_text(encoding="utf-8"), names) == [], path.name


def test_the_licences_of_what_is_bundled_are_beside_it() -> None:
    text = asset("licenses.txt")
    for name in ("@codemirror/view", "@lezer/common", "uplot", "style-mod", "crelt"):
        assert re.search(rf"^{name} \d\S* \(MIT\)$", text, re.MULTILINE)


@needs_data
def test_a_report_on_all_real_configs_is_below_15_mb(tmp_path: Path) -> None:
    corpus = str(Path(os.environ["SCHEDULE_BUILDER_DATA"]) / "corpus")
    command = [sys.executable, "-m", "schedule_builder", "report", corpus, "-o", "all.html"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    text = (tmp_path / "all.html").read_text()
    assert len(text) < 15_000_000
    assert len(data_of(text)["entries"]) > 500
