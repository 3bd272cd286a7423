"""Runs tests under several versions of Python, TensorFlow and PyYAML, and with protobuf in Python.

make test-matrix
make test-matrix MATRIX="tensorflow-2.16 pyyaml-6.0.1-pure"

`matrix.json` lists the legs; CI reads it, too. Each leg has an environment of its own in .matrix/.
Interpreters are taken from the PATH or from pyenv. A leg whose Python is missing does not run:
that is a failure in CI (where the environment variable `CI` is set), or where no leg ran.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LEGS: dict[str, dict[str, Any]] = {
    leg["leg"]: leg for leg in json.loads(Path(__file__).with_name("matrix.json").read_text())
}
TOOLS = ["pytest>=8.2", "pytest-xdist>=3.6", "hypothesis>=6.100"]
# The tests that use TensorFlow, with the protobuf, NumPy and Keras that its version resolves to.
# Versions of protobuf's own reader of text format accept different texts; ours is compared with
# the newest one, in `make test`.
TENSORFLOW_TESTS = (
    "tests/compat",
    "tests/dialects",
    "tests/end_to_end/test_examples.py",
    "tests/frameworks",
    "tests/schedules",
)
# The tests with PyYAML.
PYYAML_TESTS = ("tests/editing", "tests/reading")
# The tests with protobuf's implementation in pure Python, but for those of tensors.
ROOMS = ("cli", "dialects", "editing", "output", "reading", "rules", "workspace")
PROTOBUF_TESTS = tuple(f"tests/{room}" for room in ROOMS)
EXTRAS = ("tensorflow", "legacy-keras", "examples", "dev")
"""What `make test` installs."""
PROTOBUF = "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"
VERSIONS = """
import importlib, importlib.util as found, platform
names = ["tensorflow", "google.protobuf", "numpy", "keras", "tf_keras", "yaml"]
modules = [importlib.import_module(name) for name in names if name == "google.protobuf"
           or found.find_spec(name)]
import yaml
print(f"Python {platform.python_version()}",
      *(f"{module.__name__} {module.__version__}" for module in modules),
      "with libyaml" if yaml.__with_libyaml__ else "without libyaml", sep=", ")
"""


def interpreters(version: str) -> Iterator[str]:
    """Candidates for a Python of this version."""
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


def requirements(leg: dict[str, Any]) -> list[str]:
    """The requirements of a leg for pip."""
    if "tensorflow" in leg:
        pinned = [f"{name}=={leg['tensorflow']}.*" for name in ("tensorflow", "tf_keras")]
        return [*pinned, *TOOLS, "mpmath>=1.3", "hatchling>=1.21", "-e", f"{ROOT}[examples]"]
    if "protobuf" in leg:
        return ["-e", f"{ROOT}[{','.join(EXTRAS)}]"]
    build = ["--no-binary", "PyYAML", "--no-cache-dir"] if leg.get("pure") else []
    return [*build, f"PyYAML=={leg['pyyaml']}", *TOOLS, "-e", str(ROOT)]


def pip_environment(leg: dict[str, Any]) -> dict[str, str]:
    """The environment variables of the pip that installs a leg."""
    # A leg has its own versions: the constraints that the Makefile exports would contradict them.
    constraints = ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")
    environment = {name: value for name, value in os.environ.items() if name not in constraints}
    if leg.get("pure"):
        # Without this, the parser in C is built where libyaml is installed.
        environment["PYYAML_FORCE_LIBYAML"] = "0"
    return environment


def tests_of(leg: dict[str, Any]) -> tuple[str, ...]:
    """What a leg runs."""
    if "protobuf" in leg:
        return PROTOBUF_TESTS
    return TENSORFLOW_TESTS if "tensorflow" in leg else PYYAML_TESTS


def environment_of(leg: dict[str, Any]) -> dict[str, str]:
    """The environment variables that a leg's tests have beside ours."""
    return {PROTOBUF: leg["protobuf"]} if "protobuf" in leg else {}


def run_leg(leg: dict[str, Any]) -> str:
    """Runs one leg, and says how it ended."""
    python = interpreter(leg["python"])
    if python is None:
        return f"not run: there is no Python {leg['python']} here"
    folder = ROOT / ".matrix" / leg["leg"]
    own = folder / "bin" / "python"
    wanted = requirements(leg)
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text() != "\n".join(wanted):
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *wanted], check=True, env=pip_environment(leg))
        installed.write_text("\n".join(wanted))
    shown = subprocess.run([own, "-c", VERSIONS], check=True, capture_output=True, text=True)
    versions = shown.stdout.strip()
    print(f"\n{leg['leg']}: {versions}", flush=True)
    if "pyyaml" in leg and versions.endswith("without libyaml") != leg.get("pure", False):
        return f"failed (the wrong build of PyYAML): {versions}"
    ran = subprocess.run(
        [own, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", *tests_of(leg)],
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment_of(leg)},
    )
    outcome = "passed" if ran.returncode == 0 else f"failed (exit code {ran.returncode})"
    return f"{outcome}: {versions}"


def main() -> int:
    """Runs the legs, and lists how they ended."""
    names = sys.argv[1:] or list(LEGS)
    if unknown := [name for name in names if name not in LEGS]:
        print(f"unknown legs: {', '.join(unknown)}. The legs are {', '.join(LEGS)}")
        return 2
    outcomes = {name: run_leg(LEGS[name]) for name in names}
    print()
    for name, outcome in outcomes.items():
        print(f"{name}  {outcome}")
    count = sum(outcome.startswith("not run") for outcome in outcomes.values())
    has_failed = any(outcome.startswith("failed") for outcome in outcomes.values())
    return int(has_failed or count == len(outcomes) or bool(count and os.environ.get("CI")))


if __name__ == "__main__":
    sys.exit(main())
