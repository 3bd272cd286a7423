"""The command line as a process of its own, and a few moments at which something happens to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFIG = """\
train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    warmup_learning_rate: 0.01
    total_steps: 150
    warmup_steps: 10
  } } } }
}
"""
COMMANDS: dict[str, list[str]] = {
    "validate": ["validate", "a.config"],
    "rules": ["rules"],
    "schema": ["schema"],
    "show": ["show", "a.config"],
    "plot": ["plot", "--terminal", "a.config"],
    "set": ["set", "--diff", "a.config", "num_steps=300"],
    "get": ["get", "a.config", "num_steps"],
    "rescale": ["rescale", "--diff", "a.config", "--num-steps", "300"],
    "fmt": ["fmt", "--diff", "b.config"],
    "convert": ["convert", "a.config"],
    "diff": ["diff", "a.config", "b.config"],
    "report": ["report", "--against", "HEAD", "a.config"],
    "completion": ["completion", "bash"],
}
"""A call of every command that prints something, but for the language server."""
# Something happens at an audit event, such as the opening of a file: a moment is an event, and what
# its first argument has in it.
_AT_A_MOMENT = """
import os, signal, sys
event, text, action = sys.argv[1:4]
def act():
    if action == "interrupt":
        signal.raise_signal(signal.SIGINT)
    elif action == "delete":
        os.unlink(text)
    elif action == "truncate":
        os.truncate(text, 9)
    elif action == "raise":
        raise ValueError("a fault\x1b[31m of ours")
def hook(name, arguments):
    if happened or name != event or text not in str(arguments[:1]):
        return
    happened.append(name)
    act()
happened = []
sys.addaudithook(hook)
sys.argv[:4] = ["schedule-builder"]
from schedule_builder.cli import main
sys.exit(main())
"""


def command(
    *arguments: object, moment: tuple[str, str] | None = None, action: str = ""
) -> list[str]:
    """The words of a call, to which something may happen at a moment."""
    if moment is None:
        return [sys.executable, "-m", "schedule_builder", *map(str, arguments)]
    return [sys.executable, "-c", _AT_A_MOMENT, *moment, action, *map(str, arguments)]


def run(
    *arguments: object,
    moment: tuple[str, str] | None = None,
    action: str = "",
    env: dict[str, str] | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Runs a call to its end, for half a minute at most."""
    given: dict[str, Any] = {"capture_output": True, "stdin": subprocess.DEVNULL} | options
    if "stdout" in given or "stderr" in given:
        del given["capture_output"]
    return subprocess.run(
        command(*arguments, moment=moment, action=action),
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=30,
        env=os.environ | (env or {}),
        **given,
    )


def wait_for(holds: Callable[[], object], what: str) -> None:
    """Waits until something holds, for a minute at most."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    tasks = Path(f"/proc/{pid}/task")
    found: list[int] = []
    for task in tasks.iterdir() if tasks.exists() else ():
        found += map(int, (task / "children").read_text().split())
    return found
