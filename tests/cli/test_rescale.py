"""The command `rescale`, beyond the length of a run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import schedule_builder as sb
from schedule_builder import cli

TEXT = """train_config {
  batch_size: 64
  num_steps: 1000
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.08 total_steps: 1000 warmup_learning_rate: 0.01 warmup_steps: 100
  } } } }
}
"""
Said = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(TEXT)
    return tmp_path / "a.config"


@pytest.mark.parametrize(
    ("arguments", "replaced", "said"),
    [
        (
            ["--batch-size", "128"],
            {"64": "128", "0.08": "0.16", "0.01": "0.02"},
            "from batch size 64 to 128: rates times 2, by the linear rule.",
        ),
        (
            ["--batch-size", "256", "--rule", "sqrt", "--keep-epochs"],
            {"64": "256", "0.08": "0.16", "0.01": "0.02", "1000": "250", "s: 100\n": "s: 25\n"},
            "from 1000 to 250 steps; from batch size 64 to 256: rates times 2, by the sqrt rule.",
        ),
        (["--scale-rates", "0.5"], {"0.08": "0.04", "0.01": "0.005"}, "with rates times 0.5."),
        (["--peak", "0.4"], {"0.08": "0.4", "0.01": "0.05"}, "to a peak of 0.4."),
        (
            ["--epochs", "2.5", "--examples", "6400"],
            {"1000": "250", "s: 100\n": "s: 25\n"},
            "from 1000 to 250 steps.",
        ),
        (
            ["--num-steps", "2000", "--warmup-steps", "50"],
            {"1000": "2000", "s: 100\n": "s: 50\n"},
            "from 1000 to 2000 steps; to a warmup of 50 steps.",
        ),
    ],
)
def test_what_changes(
    path: Path, capsys: Said, arguments: list[str], replaced: dict[str, str], said: str
) -> None:
    wanted = TEXT
    for old, new in replaced.items():
        wanted = wanted.replace(old, new)
    assert cli.main(["rescale", "a.config", *arguments, "--diff"]) == 0
    shown = capsys.readouterr()
    assert path.read_text() == TEXT
    assert shown.err.startswith(f"Would rescale a.config {said}\n")
    assert cli.main(["rescale", "a.config", *arguments]) == 0
    done = capsys.readouterr()
    assert done.out == ""
    # The same changes, and the same warnings.
    assert done.err == shown.err.replace("Would rescale", "Rescaled")
    assert "a.config: peak 0.08 -> " in done.err
    assert path.read_text() == wanted
    assert sb.load(path)


def test_standard_input(path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert cli.main(["rescale", "-", "--scale-rates", "2", "--diff"]) == 0
    out, err = capsys.readouterr()
    assert "+    learning_rate_base: 0.16 total_steps: 1000 warmup_learning_rate: 0.02" in out
    assert err.startswith("Would rescale <stdin> with rates times 2.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to rescale: pass"),
        (["--rule", "sqrt"], 2, "`--rule` requires `--batch-size`"),
        (["--keep-epochs"], 2, "`--keep-epochs` requires `--batch-size`"),
        (["--examples", "5"], 2, "`--examples` requires `--epochs`"),
        (["--from-steps", "5", "--peak", "1"], 2, "`--from-steps` requires"),
        (["--peak", "1", "--scale-rates", "1"], 2, "cannot be combined"),
        (["--peak", "-1"], 2, "'-1' is not a number above 0"),
        (["--peak", "nan"], 2, "'nan' is not a number above 0"),
        (["--epochs", "5"], 1, "does not set `examples_per_epoch`: pass `--examples`"),
        (["--peak", "1e39"], 1, "it must be at most 3.4028235e+38"),
        (["--warmup-steps", "2000"], 1, "the file would have new errors"),
        (["--peak", "0.08"], 0, "nothing to change: a.config has these values already"),
    ],
)
def test_what_is_refused(
    path: Path, capsys: Said, arguments: list[str], code: int, said: str
) -> None:
    assert cli.main(["rescale", "a.config", *arguments]) == code
    assert said in capsys.readouterr().err
    assert path.read_text() == TEXT
