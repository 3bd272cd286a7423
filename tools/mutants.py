"""Mutation testing: changes a file in one place at a time, and runs the tests of its room.

    python tools/mutants.py schedule_builder/schedules/decays.py     (a file)
    python tools/mutants.py schedule_builder/rules                   (every file of a room)
    python tools/mutants.py --only survivors schedule_builder/rules  (or `untried`)
    python tools/mutants.py schedule_builder/rules --only survivors --tests tests/rules/test_new.py

Writes the table of `docs/testing.md`. What survived is in `out/mutants/`, and is printed.

One process imports the package and collects the tests. For each mutant it makes a copy of itself
(fork), puts the changed function in place, and runs the tests that reach the changed lines, the
quickest first. What takes effect on import alone is tried in a process that imports the package
again.

Two published tools fit less: mutmut 3 skips functions with decorators, which all rules and
lowerings have. cosmic-ray runs a command for each mutant, which imports everything again.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import json
import os
import pickle
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import _lru_cache_wrapper
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

sys.path[0] = str(Path(__file__).parent.parent)
from tools.mutation import Mutant, mutants_of  # noqa: E402 - needs the path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "testing.md"
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.yaml"
CACHE = ROOT / "out" / "mutants"
_CASES = "tests/rules/test_rules.py"
TESTS = {
    "editing": ["tests/editing", "tests/test_rereading.py"],
    "dialects": ["tests/dialects", "tests/schedules", _CASES],
    "schedules": ["tests/schedules", "tests/dialects", _CASES],
}
"""The tests of a room, where those are not the ones in the folder of its name alone.

Schedules and what makes them are compared with an oracle and other systems' numbers together, and
their errors stand in the files that rules are tried with.
"""
FRAMEWORKS = ("tensorflow", "tf_keras", "keras", "jax", "torch")
"""Tests that need one of these are left out."""
OPTIONS = (
    *("-q", "--no-header", "--no-summary", "--assert=plain"),
    # It is imported before, for all.
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "--continue-on-collection-errors"),
    *("--hypothesis-profile=mutants", "--override-ini=addopts=--doctest-modules"),
)
EXAMPLES = 20
"""How many examples a property test makes, always the same ones."""
LONGEST = 3.0
"""Tests that take more seconds, while their lines are recorded, are left out.

What survives runs all others, so that a smaller number is quicker by far: a mutant that only the
longer tests notice then counts as one that survives.
"""
OTHERS = 5.0
"""Of the tests of other rooms, the quickest for one mutant are tried: those of so many seconds.

A mutant that only the others notice counts as one that survives, never the other way around.
"""
MOST_MEMORY = 3 * 2**30
KILLED, SURVIVED, UNREACHED = "killed", "survived", "unreached"
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "all": (),
    "untried": (KILLED, SURVIVED, UNREACHED),
    "survivors": (KILLED,),
}
"""Which mutants are left out, by what became of them the last time."""


class Test(NamedTuple):
    """What is known of a test that passes: its time, and the lines of each file that it reaches."""

    name: str
    seconds: float
    lines: dict[str, set[int]]


class Plan(NamedTuple):
    """What is known before the first mutant is tried.

    Attributes:
        tests: those that pass, the quickest first.
        on_import: the lines that run while the package is imported and tests are collected.
    """

    tests: list[Test]
    on_import: dict[str, set[int]]


class Tracer:
    """Which lines of some files are run."""

    def __init__(self, files: Iterable[str]) -> None:
        self.lines: dict[str, set[int]] = {name: set() for name in files}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        lines = self.lines.get(frame.f_code.co_filename)
        if lines is None:
            return None
        lines.add(frame.f_lineno)

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add(frame.f_lineno)
            return local

        return local

    def __enter__(self) -> Tracer:
        sys.settrace(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def in_child(work: Callable[[], Any], seconds: float | None = None) -> Any:
    """What a function returns in a copy of this process; None where the copy does not end well."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            if seconds is not None:
                limit = int(seconds) + 1
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
                resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
                # A test that waits for something takes no time of the processor.
                signal.alarm(20 * limit)
            result = pickle.dumps(work())
            with os.fdopen(write, "wb") as pipe:
                pipe.write(result)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else None  # noqa: S301 - of our own process


class Session:
    """A plugin of pytest, which replaces the running of tests by the trying of mutants."""

    def __init__(
        self, files: dict[str, list[Mutant]], report: Callable[..., None], longest: float
    ) -> None:
        self.files = files
        self.report = report
        self.longest = longest
        self.tracer = Tracer(files)
        self.plan: Plan | None = None
        self.items: dict[str, Any] = {}
        self.caches: list[Any] = []
        self.kills: Counter[str] = Counter()
        self.failed = self.skipped = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.skipped |= report.skipped
        self.failed |= report.failed or report.skipped

    def _passes(self, item: Any) -> bool:
        self.failed = self.skipped = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed

    def _clear(self) -> None:
        """Forgets what functions with a cache have found."""
        for cached in self.caches:
            cached.cache_clear()

    def _baseline(self) -> list[Test]:
        def stop(number: int, frame: FrameType | None) -> None:
            message = "this test takes too long"
            raise TimeoutError(message)

        signal.signal(signal.SIGVTALRM, stop)
        tests = []
        for name, item in self.items.items():
            self._clear()  # What one test leaves there, others would not reach.
            begin = time.process_time()
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST, LONGEST)
            try:
                with Tracer(self.files) as tracer:
                    passes = self._passes(item)
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            seconds = time.process_time() - begin
            if passes and seconds <= self.longest:
                reached = {file: lines for file, lines in tracer.lines.items() if lines}
                tests.append(Test(name, seconds, reached))
            elif not self.skipped:
                print(f"  left out: {name}, {seconds:.1f} s", flush=True)
        return tests

    def pytest_runtestloop(self, session: Any) -> bool:
        sys.settrace(None)
        self.items = {item.nodeid: item for item in session.items}
        self.caches = [
            found
            for found in gc.get_objects()
            if isinstance(found, _lru_cache_wrapper) and is_own(found.__wrapped__)
        ]
        tests = in_child(self._baseline)
        self.plan = Plan(sorted(tests, key=lambda test: test.seconds), self.tracer.lines)
        seconds = sum(test.seconds for test in tests)
        print(f"{len(tests)} tests pass, in {seconds:.0f} s", flush=True)
        functions = defaultdict(list)
        for found in gc.get_objects():
            if isinstance(found, FunctionType) and found.__code__.co_filename in self.files:
                code = found.__code__
                functions[code.co_filename, code.co_name, code.co_firstlineno].append(found)
        gc.freeze()  # Copies of this process then share more of its memory.
        for file, mutants in self.files.items():
            for mutant in mutants:
                if mutant.function is not None and functions[(file, *mutant.function)]:
                    self._try(file, mutant, functions[(file, *mutant.function)])
        return True

    def _try(self, file: str, mutant: Mutant, functions: list[Any]) -> None:
        tests = reaching(self.plan, file, mutant)

        # What noticed others of the file will notice this one, too.
        tests.sort(key=lambda test: test.seconds / (1 + self.kills[test.name]))

        def notices(test: Test) -> bool:
            # The signal ends this copy of the process, which then has no answer.
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.5 + 5 * test.seconds)
            return not self._passes(self.items[test.name])

        def work() -> str | None:
            self._clear()
            code = code_of(compile(mutant.text, file, "exec"), *mutant.function)
            for function in functions:
                function.__code__ = code
            return next((test.name for test in tests if notices(test)), "")

        killer = in_child(work, limit_of(tests)) if tests else ""
        self.kills.update([killer] if killer else [])
        self.report(file, mutant, killer, bool(tests))


def is_own(function: Any) -> bool:
    """Whether a function is one of the package."""
    return getattr(function, "__module__", "").startswith("schedule_builder.")


def limit_of(tests: list[Test]) -> float:
    """How many seconds of the processor these tests may take with a mutant."""
    return 2 + 3 * sum(test.seconds for test in tests)


def reaching(plan: Plan | None, file: str, mutant: Mutant) -> list[Test]:
    """The tests that reach the lines of a mutant."""
    assert plan is not None  # noqa: S101 - it is made first
    lines = set(range(mutant.row, mutant.end_row + 1))
    return chosen(file, [test for test in plan.tests if lines & test.lines.get(file, set())])


def chosen(file: str, tests: Iterable[Test]) -> list[Test]:
    """The tests of a file's own room, and the quickest of the others."""
    room = room_of(Path(file))
    found = []
    left = OTHERS
    for test in tests:
        if not test.name.startswith((f"tests/{room}/", f"schedule_builder/{room}/")):
            left -= test.seconds
            if left < 0:
                continue
        found.append(test)
    return found


def code_of(code: CodeType, name: str, row: int) -> CodeType:
    """The code of a function at the top of a module, or in a class."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if (inner.co_name, inner.co_firstlineno) == (name, row):
                return inner
            with suppress(LookupError):
                return code_of(inner, name, row)
    message = f"{name} in line {row} was not found"
    raise LookupError(message)


def prepare() -> None:
    """Imports what the package and its tests are made with, and sets the terms."""
    for name in FRAMEWORKS:
        sys.modules[name] = None  # type: ignore[assignment] # what makes an import fail
    for name in ("pytest", "google.protobuf.text_format", "yaml", "mpmath", "numpy"):
        importlib.import_module(name)
    from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415 - as the rest here

    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    os.chdir(ROOT)


def run_session(
    tests: list[str], files: dict[str, list[Mutant]], report: Any, longest: float
) -> Plan | None:
    """Tries every mutant of a function, in a copy of this process, and gives the plan."""
    import pytest  # noqa: PLC0415 - see `prepare`

    session = Session(files, report, longest)
    sys.settrace(session.tracer)
    try:
        for file in files:  # Some are imported when they are needed.
            with suppress(ImportError):
                importlib.import_module(name_of(Path(file)).removesuffix(".py").replace("/", "."))
        pytest.main([*OPTIONS, *tests], plugins=[session])
    finally:
        sys.settrace(None)
    return session.plan


def run_fresh(file: str, text: str, tests: list[str]) -> bool:
    """Whether tests fail in a process that imports the changed file."""
    import pytest  # noqa: PLC0415 - see `prepare`

    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        if str(self.path) == file:
            return compile(text, file, "exec")
        return original(self, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign] # in this copy alone
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return pytest.main([*OPTIONS, "-x", *tests]) != 0


class Results:
    """What became of the mutants of some files, written down as it is found."""

    def __init__(self, files: dict[str, list[Mutant]], save: Callable[[], None]) -> None:
        self.total = sum(map(len, files.values()))
        self.save = save
        self.outcomes: dict[tuple[str, Any], tuple[str, str]] = {}
        self.begin = time.monotonic()

    def add(self, file: str, mutant: Mutant, killer: str | None, reached: bool) -> None:
        """Records one. The killer is the test, None where the copy died or took too long."""
        outcome = KILLED if killer != "" else SURVIVED if reached else UNREACHED
        self.outcomes[file, mutant.key] = outcome, killer or ""
        if len(self.outcomes) % 20 == 0:
            self.save()
            each = (time.monotonic() - self.begin) / len(self.outcomes)
            print(f"  {len(self.outcomes)} of {self.total}, {each:.2f} s each", flush=True)


def room_of(path: Path) -> str:
    """The room that a file is in."""
    return path.relative_to(ROOT / "schedule_builder").parts[0]


def equivalents() -> dict[str, list[dict[str, Any]]]:
    """The mutants that no test can kill, by file, each with a reason."""
    import yaml  # noqa: PLC0415 - see `prepare`

    return yaml.safe_load(EQUIVALENT.read_text()) or {}


def key_of(entry: dict[str, Any]) -> Any:
    """The key of the mutant that an entry of the list of equivalent ones means."""
    return entry["in"], entry["line"], entry["becomes"], entry.get("number", 0)


def try_files(room: str, paths: Sequence[Path], options: argparse.Namespace) -> None:
    """Tries the mutants of files of one room, and writes down what became of them."""
    known = {str(p): {key_of(e) for e in equivalents().get(name_of(p), [])} for p in paths}
    cached = {str(p): read_cache(p) for p in paths}
    files: dict[str, list[Mutant]] = {}
    everything: dict[str, list[Mutant]] = {}
    for path in paths:
        file = str(path)
        everything[file] = list(mutants_of(path.read_text()))
        if stale := known[file] - {mutant.key for mutant in everything[file]}:
            sys.exit(f"{name_of(EQUIVALENT)}: no such mutant of {name_of(path)}: {sorted(stale)}")
        files[file] = [
            mutant
            for mutant in everything[file]
            if mutant.key not in known[file]
            and cached[file].get(mutant.key) not in LEFT_OUT[options.only]
            and digest(mutant) % options.sample == 0
        ]

    def save() -> None:
        for path in paths:
            found = {m.key: results.outcomes.get((str(path), m.key)) for m in everything[str(path)]}
            write_cache(path, found, cached[str(path)])

    results = Results(files, save)
    tests = options.tests or [*TESTS.get(room, [f"tests/{room}"]), f"schedule_builder/{room}"]
    tests = [test for test in tests if Path(test.partition("::")[0]).exists()]
    print(f"{room}: {results.total} mutants", flush=True)

    def session() -> tuple[Plan | None, Any]:
        return run_session(tests, files, results.add, options.longest), results.outcomes

    # In a copy: what is imported for the tests must not be there for those that import again.
    plan, results.outcomes = in_child(session)
    save()
    for file, mutants in files.items():
        for mutant in mutants:
            outcome = results.outcomes.get((file, mutant.key), (UNREACHED, ""))[0]
            lines = set(range(mutant.row, mutant.end_row + 1))
            if outcome != UNREACHED or not lines & plan.on_import[file]:
                continue
            reached = reaching(plan, file, mutant) if mutant.function else []
            names = list(dict.fromkeys(t.name for t in reached or chosen(file, plan.tests)))
            fails = in_child(
                lambda m=mutant, f=file, n=names: run_fresh(f, m.text, n),  # type: ignore[misc]
                20 + limit_of(plan.tests),
            )
            results.add(file, mutant, None if fails is not False else "", True)
    save()
    for path in paths:
        report(path, known[str(path)])


def digest(mutant: Mutant) -> int:
    """A number of a mutant, the same in every run."""
    return int.from_bytes(hashlib.sha256(repr(mutant.key).encode()).digest()[:4], "big")


def name_of(path: Path) -> str:
    """A path as the project writes it."""
    return path.relative_to(ROOT).as_posix()


def cache_of(path: Path) -> Path:
    """Where the outcomes for a file are kept."""
    return CACHE / (name_of(path).replace("/", ".") + ".json")


def read_cache(path: Path) -> dict[Any, str | None]:
    """What became of each mutant the last time it was tried."""
    if not cache_of(path).exists():
        return {}
    return {tuple(key): outcome for key, outcome in json.loads(cache_of(path).read_text())}


def write_cache(path: Path, found: dict[Any, Any], before: dict[Any, str | None]) -> None:
    """Keeps the outcomes for a file; those that were not tried now are what they were."""
    outcomes = {key: outcome[0] if outcome else before.get(key) for key, outcome in found.items()}
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = [[list(key), outcome] for key, outcome in outcomes.items()]
    cache_of(path).write_text(json.dumps(kept, indent=0))


def report(path: Path, equivalent: set[Any]) -> None:
    """Prints what survived in a file, and renews its row of the table."""
    outcomes = read_cache(path)
    if not outcomes:
        return  # It has data alone.
    left = {key: outcome for key, outcome in outcomes.items() if key not in equivalent}
    for (scope, line, becomes, number), outcome in left.items():
        if outcome in (SURVIVED, UNREACHED):
            again = f" ({number})" if number else ""
            print(f"{name_of(path)}: {outcome} in {scope}{again}\n  - {line}\n  + {becomes}")
    counts = Counter(left.values())
    survived = counts[SURVIVED] + counts[UNREACHED]
    tried = counts[KILLED] + survived
    share = f"{100 * counts[KILLED] / tried:.1f} %" if tried else ""
    cells = [len(left), tried, counts[KILLED], survived, len(equivalent), share]
    name = f"`{name_of(path)}`"
    print(name, *cells, sep=" | ", flush=True)
    text = TABLE.read_text()
    head, mark, rest = text.partition("<!-- mutants -->\n")
    old, end, tail = rest.partition("<!-- end -->")
    rows = dict(re.findall(r"(?m)^\| (`schedule_builder/\S+`) (\|.*)$", old))
    rows[name] = f"| {' | '.join(map(str, cells))} |"
    heading = "".join(f"{line}\n" for line in old.splitlines()[:2])
    body = "".join(f"| {file} {row}\n" for file, row in sorted(rows.items()))
    TABLE.write_text(f"{head}{mark}{heading}{body}{end}{tail}")


def main() -> None:
    """Reads the arguments, and tries room by room."""
    parser = argparse.ArgumentParser(
        description="Test the tests: change the code, look who notices"
    )
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders of a room")
    parser.add_argument("--only", choices=LEFT_OUT, default="all", help="by the last outcome")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="one in N mutants")
    parser.add_argument(
        "--longest", type=float, default=LONGEST, metavar="SECONDS", help="of a test"
    )
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="these alone, as new ones")
    options = parser.parse_args()
    rooms: dict[str, list[Path]] = {}
    for given in options.paths:
        path = given.resolve()
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            rooms.setdefault(room_of(file), []).append(file)
    prepare()
    for room, files in rooms.items():
        try_files(room, files, options)


if __name__ == "__main__":
    main()
