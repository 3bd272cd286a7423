"""Fuzzing for as long as asked for: `python -m tests.fuzz --minutes 15 text`.

Each surface runs in a process of its own, where atheris, if it is installed, looks for inputs that
reach new lines; otherwise inputs are random. A failure does not end the run: the first input for
each place that fails is kept in `out/fuzz/SURFACE/`, as hypothesis prints it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent.parent / "out" / "fuzz"
NAMES = ("text", "yaml", "binding", "rules", "rewriting", "settings", "server")
_LONGEST = 4096
"""So many bytes, from which hypothesis makes an input."""
_SLOW_SECONDS = 10


class Harness:
    """Hands bytes to a surface, and counts.

    Args:
        name: the surface.
        seconds: after so many the process ends.
    """

    def __init__(self, name: str, seconds: float) -> None:
        from hypothesis import HealthCheck, Phase, settings

        from tests.fuzz.surfaces import SURFACES

        options = settings(
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        self.input: dict[str, Any] = {}
        surface: Any = SURFACES[name]
        inner = surface.hypothesis.inner_test

        @wraps(inner)
        def recorded(**values: Any) -> None:
            self.input = values
            inner(**values)

        surface.hypothesis.inner_test = recorded
        surface = options(surface)
        self.run: Callable[[bytes], bytes | None] = surface.hypothesis.fuzz_one_input
        self.folder = OUT / name
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.txt"):
            old.unlink()
        self.begin = time.monotonic()
        self.end = self.begin + seconds
        self.tried = 0
        self.valid = 0
        self.slowest = 0.0
        self.failures: dict[str, int] = {}

    def __call__(self, data: bytes) -> None:
        """Tries one input."""
        begin = time.process_time()
        try:
            self.valid += self.run(data) is not None
        except Exception as error:
            self.valid += 1
            self.keep(error)
        seconds = time.process_time() - begin
        self.slowest = max(self.slowest, seconds)
        self.tried += 1
        if self.tried % 50 == 0 or time.monotonic() > self.end:
            self.write()

    def keep(self, error: Exception) -> None:
        """Writes down the first input that fails in a place."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "schedule_builder" in f.filename or "fuzz" in f.filename]
        last = (ours or frames)[-1]
        place = f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
        self.failures[place] = self.failures.get(place, 0) + 1
        if self.failures[place] == 1:
            text = "".join(traceback.format_exception(error))
            path = self.folder / f"{place}.txt"
            path.write_text(
                f"{self.input!r}\n\n{text}", encoding="utf-8", errors="backslashreplace"
            )

    def write(self) -> None:
        """Writes the counts down, where the parent reads them."""
        counts = {
            "tried": self.tried,
            "valid": self.valid,
            "seconds": time.monotonic() - self.begin,
            "processor": time.process_time(),
            "slowest": self.slowest,
            "failures": self.failures,
        }
        (self.folder / "counts.json").write_text(json.dumps(counts))


def fuzz(name: str, seconds: float) -> None:
    """Fuzzes one surface in this process."""
    if find_spec("atheris") is None:
        harness = Harness(name, seconds)
        while time.monotonic() < harness.end:
            harness(random.randbytes(random.randrange(_LONGEST)))
        return
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["schedule_builder"], enable_loader_override=False):
        harness = Harness(name, seconds)
    corpus = harness.folder / "corpus"
    corpus.mkdir(exist_ok=True)
    # Short inputs end before hypothesis has made anything of them.
    first = random.Random(name)
    for number in range(20):
        (corpus / f"first{number}").write_bytes(first.randbytes(_LONGEST // 2))
    arguments = [f"-max_total_time={seconds:.0f}", f"-max_len={_LONGEST}", "-len_control=0"]
    atheris.Setup(
        [sys.argv[0], *arguments, "-timeout=120", "-rss_limit_mb=3000", str(corpus)], harness
    )
    atheris.Fuzz()


def main() -> int:
    """Runs the surfaces one after another, and prints what was counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("surfaces", nargs="*", choices=[*NAMES, []], help="by default, all")
    parser.add_argument("--minutes", type=float, default=1, help="for each surface (1)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        fuzz(options.surfaces[0], 60 * options.minutes)
        return 0
    failed = False
    for name in options.surfaces or NAMES:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz",
            "--child",
            f"--minutes={options.minutes}",
            name,
        ]
        process = subprocess.run(command, check=False, capture_output=True)
        path = OUT / name / "counts.json"
        if not path.exists():
            print(process.stderr.decode(errors="replace"))
            return 1
        counts = json.loads(path.read_text())
        rates = [counts["tried"] / counts[clock] for clock in ("seconds", "processor")]
        print(
            f"{name}: {counts['tried']} inputs, {counts['valid']} of them valid,"
            f" {rates[0]:.1f} a second ({rates[1]:.1f} a second of the processor),"
            f" the slowest {counts['slowest']:.1f} s, {len(counts['failures'])} failures",
            flush=True,
        )
        for place, count in counts["failures"].items():
            print(
                f"  {place}: {count} times, see {(OUT / name / place).relative_to(Path.cwd())}.txt"
            )
        if process.returncode:
            print(process.stderr.decode(errors="replace")[-2000:])
        failed |= bool(counts["failures"] or process.returncode)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
