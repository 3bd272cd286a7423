"""The command `plot`, and `schedule_builder.plot`."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import schedule_builder as sb
from schedule_builder.cli.app import main

pytest.importorskip("matplotlib")
CONFIGS = Path(__file__).parents[2] / "configs"
DIGITS = CONFIGS / "digits.config"
ONE_CYCLE = CONFIGS / "digits_one_cycle.config"
EPOCHS = CONFIGS / "resnet50_imagenet_1_hour_epochs.config"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: Any) -> tuple[int, str, str]:
        code = main(["plot", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def width_of(path: str) -> int:
    """The width of a PNG in pixels."""
    data = Path(path).read_bytes()
    assert data.startswith(b"\x89PNG")
    width: int = struct.unpack(">I", data[16:20])[0]
    return width


def test_curves_over_each_other(run: Run) -> None:
    Path("run.csv").write_text("step,learning_rate\n0,0.1\n10,0.2\n")
    code, out, err = run(DIGITS, ONE_CYCLE, "run.csv", "-o", "curves.svg")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "Drew steps 0 to 600 in curves.svg."
    text = Path("curves.svg").read_text()
    for name in ("digits.config", "digits_one_cycle.config", "run.csv", "end"):
        assert f"{name} -->" in text
    for color in ("#3a7fd0", "#d1701f", "#2e9c5c"):
        assert color in text
    assert run(DIGITS, "missing.csv")[0] == 2
    Path("run.csv").write_text("step,learning_rate\n0,x\n\n")
    assert "run.csv:2: this is not a log of learning rates" in run("run.csv")[2]


def test_axes_and_sizes(run: Run) -> None:
    code, _, err = run(EPOCHS, "--axis", "epochs", "--log", "--dark", "--width", 400)
    assert (code, err) == (0, "Drew steps 0 to 14075 in learning_rate.png.\n")
    assert width_of("learning_rate.png") == pytest.approx(400, abs=1)
    run(DIGITS)
    assert width_of("learning_rate.png") == 840
    code, _, err = run(DIGITS, "--axis", "epochs")
    assert code == 2
    assert "`examples_per_epoch` in the file or `--examples-per-epoch`" in err
    assert run(DIGITS, "--axis", "epochs", "--examples-per-epoch", 1500)[0] == 0
    assert run(DIGITS, ONE_CYCLE, "--axis", "percent", "-o", "b.pdf")[0] == 0
    assert "did you mean `percent`?" in run(DIGITS, "--axis", "percents")[2]


def test_the_same_picture_has_the_same_bytes(run: Run) -> None:
    for name in ("a.svg", "b.svg"):
        run(DIGITS, ONE_CYCLE, "-o", name)
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


def test_in_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotille")
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "20")
    code, out, err = run(DIGITS, ONE_CYCLE, "--terminal", "--axis", "percent")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert all(len(line) <= 70 for line in lines if "config" not in line)
    assert "digits_one_cycle.config" in out
    assert "end at 100 %" in out
    assert re.search(r"[\u2800-\u28ff]{20}", out)
    assert "\x1b" not in out
    assert not list(Path().iterdir())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[38;5;33m" in run(DIGITS, "--terminal", "--log")[1]


def test_a_missing_library_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotille", None)
    monkeypatch.delitem(sys.modules, "schedule_builder.output.terminal", raising=False)
    code, _, err = run(DIGITS, "--terminal")
    assert code == 2
    assert "`plot --terminal` needs plotille: pip install 'schedule-builder[terminal]'" in err


def test_from_python(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    axes: Any = Figure().add_subplot()
    schedule = sb.build_schedule(DIGITS)
    options: dict[str, Any] = {"labels": ["one", "two"], "log": True, "num_steps": 600}
    assert sb.plot(DIGITS, schedule.scaled(2), ax=axes, **options) is axes
    lines: list[Any] = [li for li in axes.get_lines() if li.get_label() in ("one", "two")]
    assert [line.get_label() for line in lines] == ["one", "two"]
    assert max(lines[1].get_ydata()) == 0.2
    assert axes.get_yscale() == "log"
    assert axes.get_xlim() == (0, 600)
    csv = tmp_path / "run.csv"
    csv.write_text("step,learning_rate\n0,0.1\n10,0.2\n")
    axes = sb.plot(csv, ax=Figure().add_subplot())
    assert list(axes.get_lines()[0].get_xdata()) == [0, 10]
    for arguments, options, words in (
        ((), {}, "nothing to plot"),
        ((DIGITS,), {"axis": "weeks"}, "axis is one of steps, epochs, percent. Received: 'weeks'"),
        ((DIGITS,), {"labels": []}, "1 labels are needed"),
    ):
        with pytest.raises(ValueError, match=words):
            sb.plot(*arguments, **options)


def test_names_mean_nothing_to_matplotlib() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    longer = sb.load(ONE_CYCLE, overrides=["num_steps=900"])
    axes: Any = sb.plot(DIGITS, longer, ax=figure.add_subplot(), labels=["_$x^", "$y_$\\frac"])
    figure.canvas.draw()
    assert [text.get_text() for text in axes.texts][:2] == [
        "end of _\\$x^",
        "end of \\$y_\\$\\frac",
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        " _\\$x^",
        "\\$y_\\$\\frac",
    ]


def test_pyplot_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    from matplotlib import pyplot

    axes = sb.plot(DIGITS)
    assert pyplot.gca() is axes
    pyplot.close(axes.figure)
