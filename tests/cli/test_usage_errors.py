"""Every usage error names its command, the option or argument that is meant, and a `--help`."""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import schedule_builder.cli
from schedule_builder import cli
from schedule_builder.cli import common
from schedule_builder.cli.app import COMMANDS, whole_parser
from schedule_builder.workspace.settings import settings_for

CONFIG = """train_config {
  num_steps: 600
  batch_size: 8
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.01 }
  } } } }
}
"""
FILES = {
    "a.config": CONFIG,
    "lengthless.config": CONFIG.replace("  num_steps: 600\n", ""),
    "scaled.config": CONFIG.replace(
        "{ learning_rate {",
        "{ learning_rate { batch_size_scaling { reference_batch_size: 256 }",
    ),
    "other.toml": "[project]\n",
}
CALLS = (
    "convert a.config --examples-per-epoch 9",
    "convert a.config -o b.json",
    "convert a.config -o a.config",
    "diff a.config",
    "diff --driver a b",
    "diff empty empty",
    "edit -",
    "fmt empty",
    "plot a.config --axis epochs",
    "plot a.config -o a.xyz",
    "report a.config -o a.html --for summary",
    "report a.config",
    "report empty -f html",
    "rescale a.config",
    "rescale a.config --num-steps 9 --epochs 9",
    "rescale a.config --examples 9",
    "rescale a.config --from-steps 9",
    "rescale a.config --epochs 9",
    "rescale lengthless.config --batch-size 16 --keep-epochs",
    "rescale scaled.config --batch-size 16 --rule sqrt",
    "rules SB999",
    "set a.config",
    "set a.config lengthless.config num_steps=9 -o b.config",
    "show a.config --resolved --steps 0",
    "validate --statistics -f json",
    "validate --config other.toml",
    "validate --exclude !a.config",
    "validate --select SB999",
    "validate --set num_steps=9 --fix a.config",
    "validate empty",
)
"""One call for each place that raises a usage error."""
NAMES = {
    command: [
        name
        for action in parser._actions
        for name in (*action.option_strings, action.metavar)
        if isinstance(name, str)
    ]
    for command, parser in next(
        action.choices
        for action in whole_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ).items()
}
"""The options and arguments of each command, as its help writes them."""
Run = Callable[[str], tuple[int, str, str]]
Place = tuple[str, int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a call in a folder with some files; gives the exit code and both outputs."""
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for name, text in FILES.items():
        Path(name).write_text(text)

    def call(line: str) -> tuple[int, str, str]:
        settings_for.cache_clear()
        return cli.main(line.split()), *capfd.readouterr()

    return call


def raises(error: str) -> Iterator[tuple[Place, str]]:
    """Where the command line raises an error, and the statements of that block as text."""
    for path in Path(schedule_builder.cli.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
                for child in block if isinstance(block, list) else ():
                    if ast.unparse(child).startswith(f"raise {error}("):
                        yield (path.name, child.lineno), "\n".join(map(ast.unparse, block or ()))


def test_an_error_that_names_an_option_is_a_usage_error() -> None:
    others = dict(raises("CommandError"))
    assert len(others) > 15
    assert [place for place, text in others.items() if "`--" in text] == []


def test_every_usage_error_names_command_option_and_help(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")  # it says which suffixes there are
    raised: set[Place] = set()
    plain = common.UsageError.__init__

    def recorded(self: common.UsageError, *arguments: Any) -> None:
        caller = sys._getframe(1)
        raised.add((os.path.basename(caller.f_code.co_filename), caller.f_lineno))  # noqa: PTH119
        plain(self, *arguments)

    monkeypatch.setattr(common.UsageError, "__init__", recorded)
    for line in CALLS:
        before = set(raised)
        code, out, err = run(line)
        command = line.split()[0]
        assert (code in (1, 2), out) == (True, ""), (line, err)
        assert err.startswith(f"schedule-builder {command}: "), (line, err)
        assert err.endswith(f"\nFor usage, run: schedule-builder {command} --help\n"), (line, err)
        message = err.removesuffix(f"schedule-builder {command} --help\n")
        assert any(names_it(message, name) for name in NAMES[command]), (line, err)
        assert raised > before, f"another call reaches the same place: {line}"
    assert raised == {place for place, _ in raises("UsageError")}


def names_it(message: str, name: str) -> bool:
    """Whether a message names an option or an argument."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message) is not None


# Options that some commands have are explained by the others. test_help.py tries those who have.

WITHOUT_OPTIONS = {"server"}
"""Takes no arguments at all, and prints nothing for people."""


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, option)
        for command in COMMANDS
        for option in ("-o", "-f")
        if command not in WITHOUT_OPTIONS and option not in NAMES[command]
    ],
)
def test_a_command_without_o_or_f_says_what_to_do(command: str, option: str, run: Run) -> None:
    long = {"-o": "--output", "-f": "--format"}[option]
    for text in (option, f"{option}json", long, f"{long}=json"):
        code, out, err = run(f"{command} {text} json a.config")
        assert (code, out) == (2, "")
        first, second = err.splitlines()
        name = text.partition("=")[0]
        assert first.startswith(f"schedule-builder {command}: unknown option `{name}`: ")
        assert "did you mean" not in first
        assert len(first) > len(f"schedule-builder {command}: unknown option `{name}`: ") + 20
        assert second == f"For usage, run: schedule-builder {command} --help"


def test_what_is_said_instead_of_o_works(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("a.config").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        code, out, _ = run("fmt -")
    assert (code, out[:12]) == (0, "train_config")
    assert run("show a.config --resolved")[0] == 0
