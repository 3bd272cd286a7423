"""What a stranger writes is not a command to a terminal or to a CI service, in any command."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from schedule_builder.cli.app import main
from schedule_builder.output import RENDERERS
from tests.support.git import commit

HOSTILE = "\x1b[31m\x9b31m\x7f\u202e##vso[x]"
"""C0, C1, DEL, a mark that reverses text, and a command of Azure Pipelines."""
ESCAPED = HOSTILE.encode("unicode_escape").decode().replace("\\x", "\\u00")
HARMFUL = r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|##\w*\[|(?m:^\s*::error)"
STYLE = r"\x1b\[(?:0|1|36|1;31|1;33|38;5;\d+)m"
FILES = {
    "a.config": '# {0}\ntrain_config {{\n  num_steps: 150 # {0}\n  fine_tune_checkpoint: "{0}"\n'
    "  optimizer {{ momentum_optimizer {{ learning_rate {{ cosine_decay_learning_rate {{\n"
    "    learning_rate_base: 0.1 total_steps: 150 warmup_steps: 10\n  }} }} }} }}\n}}\n",
    "bad.config": 'train_config {{ num_steps: 1 n{0}: 4 optimizer: "{0}" }}\n'
    "# schedule-builder: ignore[{0}]\n",
    "bad.yaml": 'train_config: {{num_steps: "{1}", "k{1}": 3}}\n',
    "r.csv": "step,learning_rate\n0,0.1\n1,{0}\n",
    "known.json": '{{"version": 1, "findings": [{{"file": "a{1}.config", "code": "SB402",'
    ' "path": "x{1}", "line": "", "count": 1}}]}}',
    "settings/pyproject.toml": '[tool.schedule-builder]\nignore = ["{1}"]\n"k{1}" = 3\n',
    "broken/pyproject.toml": "[tool.schedule-builder]\nx = {0}\n",
}
CALLS = [
    *(["validate", "-f", name, "a.config", "bad.config", "bad.yaml"] for name in RENDERERS),
    ["validate", "--statistics", "."],
    ["validate", "--list-files", "."],
    ["validate", "--diff", "--unsafe-fixes", "a.config", "bad.config"],
    ["validate", "--baseline", "known.json", "a.config"],
    ["validate", "--config", "settings/pyproject.toml", "a.config"],
    ["validate", "--config", "broken/pyproject.toml", "a.config"],
    ["validate", "--select", HOSTILE, "a.config"],
    ["validate", "--set", f"{HOSTILE}=1", "a.config"],
    ["validate", "--set", f"train_config.num_steps={HOSTILE}", "a.config"],
    ["validate", f"--{HOSTILE}"],
    ["validate", HOSTILE],
    ["validate", "-f", HOSTILE, "a.config"],
    [HOSTILE],
    ["rules", HOSTILE],
    ["show", "a.config"],
    ["show", "-f", "json", "a.config"],
    ["show", "bad.config"],
    ["get", "a.config", "fine_tune_checkpoint"],
    ["get", "a.config", "fine_tune_checkpoint", "num_steps"],
    ["get", "a.config", HOSTILE],
    ["plot", "--terminal", "a.config", "bad.config"],
    ["plot", "--terminal", "a.config", "a.config"],
    ["set", "--diff", "a.config", "num_steps=300"],
    ["set", "--diff", "a.config", f"fine_tune_checkpoint={HOSTILE}"],
    ["set", "--diff", "a.config", f"num_steps={HOSTILE}"],
    ["rescale", "--diff", "a.config", "--num-steps", "300"],
    ["fmt", "--diff", "a.config"],
    ["fmt", "--check", "."],
    ["convert", "a.config"],
    ["diff", "a.config", "r.csv"],
    ["diff", "a.config", "HEAD:a.config"],
    ["diff", "-f", "json", "a.config", "HEAD:a.config"],
    ["diff", "--git", "HEAD"],
    ["diff", "--git", HOSTILE],
    ["diff", "a.config", f"{HOSTILE}:a.config"],
    ["report", "--against", "HEAD"],
    ["report", "--against", HOSTILE],
]
EXACT = [
    ["convert", "a.config", "--to", "text"],
    ["show", "--resolved", "a.config"],
]
"""What prints the contents of a file, which are exact unless a terminal shows them."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.format(HOSTILE, ESCAPED), "utf-8")
    commit(folder)
    path = folder / "a.config"
    path.write_text(path.read_text("utf-8").replace("0.1 ", "0.2 "), "utf-8")
    return folder


@pytest.mark.parametrize("color", ["", "1"], ids=["plain", "colour"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: ascii(" ".join(call)))
def test_nothing_harmful_is_printed(
    call: list[str],
    color: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if call[0] == "plot" and find_spec("plotille") is None:
        pytest.skip("plotille is not installed")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FORCE_COLOR", color)
    assert main(call) in (0, 1, 2)
    printed = "\n".join(capsys.readouterr())
    assert printed.strip()
    shown = re.sub(STYLE, "", printed) if color else printed
    if call[:3] == ["validate", "-f", "github"]:
        shown = re.sub("(?m)^::(?:error|warning) file=[^:]*::", "", shown)
    assert not re.search(HARMFUL, shown)


@pytest.mark.parametrize("call", EXACT, ids=" ".join)
def test_a_terminal_shows_no_contents_raw(
    call: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(call) == 0
    assert not re.search(HARMFUL, "\n".join(capsys.readouterr()))
