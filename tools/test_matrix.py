"""Runs the tests that meet TensorFlow under several versions of Python, TensorFlow and protobuf.

make test-matrix
make test-matrix MATRIX="3.10:2.16 3.13:2.21"

Each leg has an environment of its own in .matrix/, with the protobuf, NumPy and Keras that its
TensorFlow resolves to. Interpreters are taken from the PATH or from pyenv. A leg whose Python is
not on this machine is reported as not run; where all are, that is a failure.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEGS = ("3.10:2.16", "3.11:2.18", "3.12:2.20", "3.13:2.21")
TOOLS = ("pytest>=8.2", "pytest-xdist>=3.6", "hypothesis>=6.100", "mpmath>=1.3", "hatchling>=1.21")
# What protobuf's own reader of text format takes differs between its versions; ours is compared
# with the newest, in `make test`.
TESTS = (
    "tests/compat",
    "tests/dialects",
    "tests/end_to_end/test_examples.py",
    "tests/frameworks",
    "tests/schedules",
)
VERSIONS = """
import platform, google.protobuf, keras, numpy, tensorflow as tf, tf_keras
print(f"Python {platform.python_version()}, TensorFlow {tf.__version__}, protobuf"
      f" {google.protobuf.__version__}, NumPy {numpy.__version__}, Keras {keras.__version__},"
      f" tf_keras {tf_keras.__version__}")
"""


def interpreters(version: str) -> Iterator[str]:
    """What may be a Python of this version."""
    yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    yield from map(str, (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))


def interpreter(version: str) -> str | None:
    """A Python of this version that runs."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in interpreters(version):
        ran = subprocess.run(
            [candidate, "-c", program], check=False, capture_output=True, text=True
        )
        if ran.stdout.strip() == version:
            return candidate
    return None


def run_leg(leg: str) -> str:
    """Runs one leg, and says how it ended."""
    python_version, tensorflow_version = leg.split(":")
    python = interpreter(python_version)
    if python is None:
        return f"not run: there is no Python {python_version} here"
    folder = ROOT / ".matrix" / leg.replace(":", "-")
    own = folder / "bin" / "python"
    tensorflow = [f"{name}=={tensorflow_version}.*" for name in ("tensorflow", "tf_keras")]
    wanted = [*tensorflow, *TOOLS, "-e", f"{ROOT}[examples]"]
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text() != "\n".join(wanted):
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *wanted], check=True)
        installed.write_text("\n".join(wanted))
    shown = subprocess.run([own, "-c", VERSIONS], check=True, capture_output=True, text=True)
    print(f"\n{leg}: {shown.stdout.strip()}", flush=True)
    ran = subprocess.run(
        [own, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", *TESTS],
        check=False,
        cwd=ROOT,
    )
    outcome = "passed" if ran.returncode == 0 else f"failed (exit code {ran.returncode})"
    return f"{outcome}: {shown.stdout.strip()}"


def main() -> int:
    """Runs the legs, and lists how they ended."""
    outcomes = {leg: run_leg(leg) for leg in sys.argv[1:] or LEGS}
    print()
    for leg, outcome in outcomes.items():
        print(f"{leg}  {outcome}")
    has_failed = any(outcome.startswith("failed") for outcome in outcomes.values())
    has_run = any(not outcome.startswith("not run") for outcome in outcomes.values())
    return int(has_failed or not has_run)


if __name__ == "__main__":
    sys.exit(main())
