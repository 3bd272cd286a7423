"""The commands `set` and `get`."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

import schedule_builder as sb
from schedule_builder import cli

TEXT = """train_config {
  num_steps: 100  # a day
  batch_size: 24
  optimizer { adam_optimizer { learning_rate {
    constant_learning_rate { learning_rate: 0.1 }
  } } }
}
"""
PATH = "train_config.optimizer.adam_optimizer.learning_rate.constant_learning_rate.learning_rate"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(TEXT)
    return tmp_path / "a.config"


Said = pytest.CaptureFixture[str]


def test_a_file_is_changed_in_place(path: Path, capsys: Said) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    assert cli.main(["set", "a.config", "learning_rate=1e-3", "num_steps=50"]) == 0
    wanted = TEXT.replace("100", "50").replace("0.1", "1e-3").replace("\n", "\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + wanted.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"a.config: {PATH}: 0.1 -> 1e-3",
        "a.config: train_config.num_steps: 100 -> 50",
        "a.config: peak 0.1 -> 0.001, ends at 0.1 -> 0.001",
    ]


def test_nothing_to_change_writes_nothing(path: Path, capsys: Said) -> None:
    before = path.stat()
    assert (
        cli.main(
            ["set", "a.config", "num_steps=1e2", "--unset", "optimizer.adam_optimizer.epsilon"]
        )
        == 0
    )
    assert capsys.readouterr().err == "a.config: nothing to change\n"
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_options_between_the_settings(path: Path, capsys: Said) -> None:
    assert (
        cli.main(
            ["set", "--diff", "a.config", "--if-absent", "num_steps=5", "--unset", "batch_size"]
        )
        == 0
    )
    out, err = capsys.readouterr()
    assert "-  batch_size: 24\n" in out
    assert "num_steps: 5\n" not in out
    assert "a.config: train_config.batch_size: removed 24\n" in err
    assert path.read_text() == TEXT


def test_the_diff_says_what_the_run_says(path: Path, capsys: Said) -> None:
    arguments = ["set", "a.config", "learning_rate=1e6"]
    assert cli.main([*arguments, "--diff"]) == 0
    shown = capsys.readouterr().err
    assert cli.main(arguments) == 0
    assert capsys.readouterr().err == shown
    assert "warning[SB" in shown


def test_several_files_or_none(path: Path, capsys: Said) -> None:
    other = path.with_name("b.config")
    other.write_text("constant_learning_rate { learning_rate: 0.5 }\n")
    assert cli.main(["set", "a.config", "learning_rate=1", "b.config"]) == 0
    assert sb.load(path).get(tuple(PATH.split("."))) == 1
    assert "learning_rate: 1 }" in other.read_text()
    before = path.read_text(), other.read_text()
    capsys.readouterr()
    assert cli.main(["set", "a.config", "b.config", "num_steps=7"]) == 1
    assert (path.read_text(), other.read_text()) == before
    err = capsys.readouterr().err
    assert "schedule-builder: b.config: `num_steps=7`: unknown field `num_steps`" in err
    assert "no file was changed" in err


def test_standard_input(path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert cli.main(["set", "-", "num_steps=7"]) == 0
    out, err = capsys.readouterr()
    assert out == TEXT.replace("100", "7")
    assert "<stdin>: train_config.num_steps: 100 -> 7" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to set"),
        (["num_steps=x"], 1, "must be a whole number, not `x`"),
        (["num_steps=5", "learning_rate=-1"], 1, "must be at least 0"),
        (["--unset", "adam_optimizer"], 1, "error[SB"),
        (["missing.config", "num_steps=5"], 2, "cannot read missing.config"),
        (["b.config", "num_steps=5", "-o", "c"], 2, "`--output` requires a single FILE"),
        (["--unse", "x", "--nonsense"], 2, "unknown option `--nonsense`"),
    ],
)
def test_what_is_refused(
    path: Path, capsys: Said, arguments: list[str], code: int, said: str
) -> None:
    assert cli.main(["set", "a.config", *arguments]) == code
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert path.read_text() == TEXT


def test_a_file_that_changed_meanwhile_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from schedule_builder.editing.set import edit

    def slow(config: object, settings: object) -> object:
        path.write_text(TEXT + "# more\n")
        return edit(config, settings)  # type: ignore[arg-type]

    monkeypatch.setattr("schedule_builder.cli.set.edit", slow)
    assert cli.main(["set", "a.config", "num_steps=5"]) == 2
    assert path.read_text() == TEXT + "# more\n"


def test_get(path: Path, capsys: Said) -> None:
    assert cli.main(["get", "a.config", "num_steps"]) == 0
    assert capsys.readouterr() == ("100\n", "")
    assert cli.main(["get", "a.config", "num_steps", "moving_average_decay"]) == 0
    out, err = capsys.readouterr()
    assert out == "train_config.num_steps=100\ntrain_config.optimizer.moving_average_decay=0.9999\n"
    assert "`train_config.optimizer.moving_average_decay` is not set and has this default" in err
    assert cli.main(["get", "a.config", "freeze_variables"]) == 1
    assert "is not set and has no default" in capsys.readouterr().err
    assert cli.main(["get", "a.config", "nonsense"]) == 1
    assert "unknown field `nonsense`" in capsys.readouterr().err
    out_lines = [f"{PATH}=0.1", "train_config.num_steps=100"]
    assert (
        cli.main(
            ["get", "a.config", "learning_rate.constant_learning_rate.learning_rate", "num_steps"]
        )
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines == out_lines
    assert cli.main(["set", "a.config", *lines]) == 0
    assert "nothing to change" in capsys.readouterr().err


def test_where_one_file_cannot_be_written_none_changes(
    path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schedule_builder.editing.set import edit

    other = path.with_name("b.config")
    other.write_text(TEXT)

    def slow(config: sb.Config, settings: object) -> object:
        if config.filename == "b.config":
            other.write_text(TEXT + "# more\n")
        return edit(config, settings)  # type: ignore[arg-type]

    monkeypatch.setattr("schedule_builder.cli.set.edit", slow)
    for order in (["a.config", "b.config"], ["b.config", "a.config"]):
        other.write_text(TEXT)
        assert cli.main(["set", *order, "num_steps=5"]) == 2
        assert path.read_text() == TEXT
        assert other.read_text() == TEXT + "# more\n"
        assert "a.config" not in capsys.readouterr().err
