"""The command `report`: what a branch changes, in Markdown."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedule_builder import build_schedule
from schedule_builder.cli.app import main
from schedule_builder.diagnostics import Diagnostic, Words
from schedule_builder.output.changes import Change, Side
from schedule_builder.output.chart import COLORS
from schedule_builder.output.report import LIMITS, MARKER, as_markdown
from schedule_builder.schedules.curves import Constant
from schedule_builder.schedules.schedule import Schedule, Segment
from tests.support.git import commit

if shutil.which("git") is None:
    pytest.skip("git is not installed", allow_module_level=True)

CONFIG = """train_config {
  num_steps: 600
  optimizer { adam_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    total_steps: 600
    warmup_learning_rate: 0
    warmup_steps: 60
  } } } }
}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    Path("configs").mkdir()
    for name in "abcde":
        Path(f"configs/{name}.config").write_text(CONFIG + f"# {name}\n")
    commit(Path())

    def run(*arguments: Any) -> tuple[int, str, str]:
        code = main(["report", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def edit(name: str, old: str, new: str) -> None:
    path = Path(f"configs/{name}.config")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each config's row."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in found if len(cells) == 7}


def test_what_moved_has_one_row(run: Run) -> None:
    edit("a", "0.1", "0.3")
    Path("configs/a.config").rename("a.config")
    code, out, _ = run("--against", "main")
    assert code == 0
    assert "\n| `a.config`<br>was `configs/a.config` | `" in out
    assert "\n1 config: 1 changed.\n" in out


def test_what_changed(run: Run) -> None:
    edit("a", "warmup_steps: 60", "warmup_steps: 120")
    edit("b", "0.1", "0.3")
    edit("c", "600", "1200")
    Path("configs/d.config").unlink()
    Path("configs/f.config").write_text("constant_learning_rate { learning_rate: 0.1 }")
    edit("e", "# e", "# another comment")
    code, out, err = run("--against", "main")
    assert (code, err) == (0, "")
    assert out.startswith(f"{MARKER}\n\n### Learning-rate schedules compared with `main`\n\n")
    assert "6 configs: 3 changed, 1 added, 1 removed, 1 with the same rates." in out
    found = rows(out)
    assert list(found) == [f"configs/{name}.config" for name in "dfbca"]
    assert found["configs/b.config"][1:] == [
        *("0.1 → 0.3", "60", "8.46157e-07 → 2.53847e-06", "600", "0.1 → 0.3 at step 60")
    ]
    assert found["configs/a.config"][2] == "60 → 120"
    assert found["configs/c.config"][4] == "600 → 1200"
    assert found["configs/d.config"][5] == "removed"
    assert found["configs/f.config"][5] == "added"
    before, after = found["configs/b.config"][0].strip("`").split("`<br>`")
    assert len(before) == len(after) == 24
    assert max(after) == "█"
    assert max(before) == "▃"
    short, long = found["configs/c.config"][0].strip("`").split("`<br>`")
    assert (len(short.rstrip()), len(long.rstrip())) == (12, 24)
    assert out.count("```mermaid") == 3


def test_the_charts_hold_the_rates(run: Run) -> None:
    edit("a", "0.1", "3e-7")
    _, out, _ = run("--against", "HEAD")
    (chart,) = re.findall(r"```mermaid\n(.*?)```", out, re.DOTALL)
    first, *lines = chart.splitlines()
    # Orange before, blue after, as the words above say.
    assert "before (orange) and after (blue):" in out
    assert re.fullmatch(r"%%\{init: (.*)\}%%", first)
    setting = json.loads(first.removeprefix("%%{init: ").removesuffix("}%%"))
    palette = setting["themeVariables"]["xyChart"]["plotColorPalette"]
    assert palette == f"{COLORS[1]}, {COLORS[0]}"
    assert lines[:4] == [
        "xychart-beta",
        '  title "configs/a.config"',
        '  x-axis "step" 0 --> 599',
        '  y-axis "learning rate" 0 --> 0.10000',
    ]
    # No number has an exponent, which Mermaid cannot read.
    assert not re.search(r"\de", chart)
    edit("a", "3e-7", "4e-7")
    commit(Path())
    edit("a", "4e-7", "3e-7")
    _, out, _ = run("--against", "HEAD")
    (chart,) = re.findall(r"```mermaid\n(.*?)```", out, re.DOTALL)
    lines = chart.splitlines()[1:]
    assert lines[3] == '  y-axis "learning rate" 0 --> 0.00000040000'
    rates = [float(number) for number in re.findall(r"[\d.]+", lines[5])]
    schedule = build_schedule("configs/a.config")
    wanted = [schedule(599 * i // 48) for i in range(49)]
    assert rates == pytest.approx(wanted, abs=1e-11)


def test_findings_that_are_new(run: Run) -> None:
    edit("a", "total_steps: 600", "total_steps: 900")  # SB403
    edit("b", "0.1", "-0.1")
    _, out, _ = run("--against", "HEAD")
    assert "#### New findings\n\n| place | finding | message |\n" in out
    assert "| `configs/b.config:4:25` | error [SB204](" in out
    assert "no schedule: see the findings" in out
    assert out.index("SB204") < out.index("SB403")
    commit(Path())
    edit("a", "0.1", "0.2")
    _, out, _ = run("--against", "HEAD")
    assert "New findings" not in out


def test_nothing_changed(run: Run) -> None:
    code, out, _ = run("--against", "HEAD")
    assert code == 0
    assert out == (
        f"{MARKER}\n\n### Learning-rate schedules compared with `HEAD`\n\n"
        "0 configs: nothing to compare.\n"
    )
    code, _, err = run("--against", "nowhere")
    assert code == 2
    assert "unknown revision `nowhere`" in err


def test_names_do_not_get_out_of_their_cells(run: Run) -> None:
    name = 'configs/x|"]`<b>%%{init}%%\x1b[1m@all.config'
    Path(name).write_text(CONFIG)
    commit(Path())
    Path(name).write_text(CONFIG.replace("0.1", "0.2"))
    _, out, _ = run("--against", "HEAD")
    (line,) = [line for line in out.splitlines() if line.startswith("| `")]
    assert len(re.split(r"(?<!\\)\|", line)) == 9
    assert line.startswith('| `` configs/x\\|"]`<b>')
    assert "\x1b" not in out
    assert re.search(r'^  title "configs/x\w+_init_\w+_all.config"$', out, re.MULTILINE)


@pytest.mark.parametrize("place", LIMITS)
def test_long_reports_are_cut_by_whole_rows(place: str) -> None:
    schedule = Schedule((Segment(0, Constant(0.1), 0),))
    error = Diagnostic("a", 1, 1, 1, 2, "SB204", "out-of-range", "error", Words("é" * 1500))
    sides = Side("a", schedule, 10), Side("b", schedule.scaled(2), 20, 0, (error,))
    limit = LIMITS[place]
    changes = [Change(f"{'é' * 1900}{i:05}", *sides) for i in range(limit.most // 1500)]
    out = as_markdown(changes, "main", limit)
    assert 0.9 * limit.most < limit.size(out) <= limit.most
    shown = rows(out)
    table, findings = map(int, re.findall(r"^(\d+) more are left out here\.$", out, re.MULTILINE))
    assert len(shown) + table == out.count("SB204](") + findings == len(changes)
    assert list(shown) == [change.name for change in changes][: len(shown)]


def test_the_report_is_written_to_a_file(run: Run) -> None:
    edit("a", "0.1", "0.2")
    code, out, err = run("--against", "HEAD", "configs", "-o", "report.md")
    assert (code, out, err) == (0, "", "Wrote report.md.\n")
    assert Path("report.md").read_text().startswith(MARKER)
    os.chdir("configs")
    _, out, _ = run("--against", "HEAD", "a.config")
    assert list(rows(out)) == ["configs/a.config"]
