"""The completion scripts, tried in the shells that are installed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from schedule_builder import cli

pytest.importorskip("shtab")


def script(shell: str, path: Path) -> Path:
    assert cli.main(["completion", shell, "-o", str(path)]) == 0
    return path


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("val", {"validate"}),
        ("show --re", {"--resolved"}),
        ("show --format ", {"table", "csv", "json"}),
        ("validate -f sa", {"sarif"}),
        ("rules SB40", {f"SB{number}" for number in (*range(401, 410),)}),
        ("show oth", {"other.config"}),
        ("validate oth", {"other.config"}),
        ("show other.config -o oth", {"other.config"}),
    ],
)
def test_bash(words: str, completed: set[str], tmp_path: Path) -> None:
    script("bash", tmp_path / "script")
    (tmp_path / "other.config").touch()
    array = " ".join(f"'{word}'" for word in ["schedule-builder", *words.split(" ")])
    program = (
        f"source ./script; COMP_WORDS=({array}); COMP_CWORD={len(words.split(' '))};"
        "$(complete -p schedule-builder | sed 's/.*-F \\([^ ]*\\).*/\\1/');"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--norc", "-c", program]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert {line.strip() for line in result.stdout.splitlines()} == completed


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(tmp_path: Path) -> None:
    script("fish", tmp_path / "script")
    (tmp_path / "other.config").touch()
    words = {
        "val": ["validate"],
        "show --re": ["--resolved"],
        "show --format ": ["table", "csv", "json"],
        "validate -f sa": ["sarif"],
        "rules SB40": [f"SB{number}" for number in range(401, 410)],
        "show oth": ["other.config"],
        "show other.config -o oth": ["other.config"],
    }
    program = "source ./script; for line in $argv; complete -C $line; echo; end"
    command = ["fish", "--no-config", "-c", program, *(f"schedule-builder {w}" for w in words)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    found = [
        [line.partition("\t")[0] for line in block.splitlines()]
        for block in result.stdout.removesuffix("\n\n").split("\n\n")
    ]
    assert found == list(words.values())


class Shell(NamedTuple):
    """How a shell is run in a terminal.

    Args:
        arguments: those after its name.
        terminal: the kind of terminal, in which it edits lines.
        script: the file that its script is written to.
        setup: what to type first.
        key: the key that shows the whole line, as only what changes is drawn.
        line: how it is shown.
    """

    arguments: list[str]
    terminal: str
    script: str
    setup: str
    key: str
    line: str


SHELLS = {
    "zsh": Shell(
        ["-f", "-i"],
        "dumb",
        "_schedule-builder",
        "PS1='$ '; fpath=($PWD $fpath); autoload -U compinit; compinit -u\n"
        "shown() { zle -M \"<$BUFFER>\" }; zle -N shown; bindkey '^Xb' shown; echo DO''NE\n",
        "\x18b",
        "<{}>",
    ),
    "tcsh": Shell(
        ["-f"], "vt100", "script", "set prompt='$ '; source ./script; echo DO''NE\n", "\x12", "$ {}"
    ),
}


@pytest.mark.parametrize("name", SHELLS)
def test_in_a_terminal(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    shell = SHELLS[name]
    script(name, tmp_path / shell.script)
    (tmp_path / "other.config").touch()
    lines = {
        "schedule-builder val\t": "schedule-builder validate ",
        "schedule-builder show --re\t": "schedule-builder show --resolved ",
        "schedule-builder validate -f sa\t": "schedule-builder validate -f sarif ",
        "schedule-builder show oth\t": "schedule-builder show other.config ",
    }
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        environment = {
            "PATH": os.environ["PATH"],
            "TERM": shell.terminal,
            "HOME": str(tmp_path),
            "ZDOTDIR": str(tmp_path),
        }
        os.execvpe(name, [name, *shell.arguments], environment)
    try:
        send(terminal, shell.setup)
        read_until(terminal, "DONE")
        for typed, completed in lines.items():
            send(terminal, typed)
            send(terminal, shell.key)
            read_until(terminal, shell.line.format(completed))
            send(terminal, "\x15")  # kills the line
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def send(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def read_until(terminal: int, text: str) -> None:
    seen = b""
    end = time.monotonic() + 30
    while text.encode() not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"no {text!r} in {seen!r}"
        seen += os.read(terminal, 4096)


def test_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 2
    assert "pip install 'schedule-builder[completion]'" in capsys.readouterr().err


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "zhs"]) == 2
    assert "invalid value `zhs`: did you mean `zsh`?" in capsys.readouterr().err
