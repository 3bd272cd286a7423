"""How costs grow: the exponent of the power of the size that fits them best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.evaluation import looped
from benchmarks.inputs import as_text, checked, manual_stages, pipeline
from benchmarks.kinds import staged
from benchmarks.measuring import Row, growth
from schedule_builder.cli.app import main
from schedule_builder.keras_adapter import ConfigSchedule

_CALLS = 1000


def rows() -> Iterator[Row]:
    """Times ours alone, at each size in turn."""
    tens = (10, 100, 1000, 10_000)
    yield growth("a step in a graph, with boundaries", _in_graph, tens, calls=_CALLS, seconds=3)
    yield growth("a rate in Python, with segments", _in_python, tens, calls=_CALLS)
    yield growth("loading, with stages", _loaded, tens, fewest=5)
    yield growth("loading, with nesting", _nested, (1, 2, 4, 8, 16))
    yield growth("validating a file, with its kilobytes", _long, (1, 10, 100, 1000), fewest=5)
    with TemporaryDirectory() as folder:
        cost = partial(_repository, Path(folder))
        yield growth("validating a repository, with its files", cost, (3, 30, 300), fewest=5)


def _in_graph(boundaries: int) -> Callable[[], Any]:
    return looped(ConfigSchedule(staged(boundaries + 1)), _CALLS)


def _in_python(segments: int) -> Callable[[], Any]:
    schedule = staged(segments)
    steps = range(0, _CALLS * segments, segments)
    return lambda: [schedule(step) for step in steps]


def _loaded(count: int) -> Callable[[], Any]:
    return partial(checked, "stages.config", manual_stages(count))


def _nested(depth: int) -> Callable[[], Any]:
    rate = "constant_learning_rate { learning_rate: 0.1 }"
    for _ in range(depth):
        rate = f"combined_learning_rate {{ op: MIN learning_rates {{ {rate} }} }}"
    return partial(checked, "nested.config", rate)


def _long(kilobytes: int) -> Callable[[], Any]:
    a_layer = len(as_text(pipeline(3, 2))) - len(as_text(pipeline(3, 1)))
    text = as_text(pipeline(3, max(1, 1000 * kilobytes // a_layer)))
    return partial(checked, "long.config", text)


def _repository(folder: Path, files: int) -> Callable[[], Any]:
    repository = folder / str(files)
    repository.mkdir()
    text = as_text(pipeline(3, 4))
    for number in range(files):
        (repository / f"{number}.config").write_text(text, "utf-8")

    def run() -> None:
        with redirect_stdout(StringIO()):
            main(["validate", "--isolated", str(repository)])

    return run
