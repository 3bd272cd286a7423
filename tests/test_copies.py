"""Configs and schedules are copied and pickled, also to other processes; odd arguments fail."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import schedule_builder as sb
from schedule_builder.compiler import Config
from schedule_builder.editing.rescale import rescale
from schedule_builder.reading.edits import merge_key_of
from schedule_builder.reading.text_lexer import TEXT_FORMAT
from schedule_builder.reading.yaml_scalars import GARDEN, YAML

CONFIGS = Path(__file__).parent.parent / "configs"
MERGED = """\
trainer:
  train_steps: 900
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate:
      type: exponential
      exponential:
        <<: {initial_learning_rate: 0.1, decay_steps: 100, decay_rate: 0.5}
"""
RATE = {
    "cosine_decay_learning_rate": {"learning_rate_base": 0.1, "total_steps": 90, "warmup_steps": 9}
}
CASES: dict[str, Callable[[Path], Config]] = {
    "text": lambda _: sb.load(CONFIGS / "digits.config"),
    "yaml": lambda _: sb.load(CONFIGS / "digits.yaml"),
    "experiment": lambda _: sb.load(CONFIGS / "garden/resnet50_cosine.yaml"),
    "a dict": lambda _: sb.load(RATE),
    "a message": lambda _: sb.load(sb.load(RATE).message),
    "merge keys": lambda folder: sb.load(_written(folder / "a.yaml", MERGED)),
    "a unit": lambda _: sb.load(RATE | {"step_unit": "PERCENT_OF_RUN"}, num_steps=900),
    "overrides": lambda _: sb.load(RATE, overrides="min_learning_rate=0.01"),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "an old pickle": lambda value: pickle.loads(pickle.dumps(value, protocol=2)),
}


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", CASES)
def test_a_copy_says_and_does_the_same(name: str, way: str, tmp_path: Path) -> None:
    config = CASES[name](tmp_path)
    path = (*config.kind_path, "decay_steps")
    merge = merge_key_of(config.document, path)
    other: Config = COPIES[way](config)
    assert (other.filename, other.diagnostics) == (config.filename, config.diagnostics)
    assert other.message == config.message
    assert other.schedule == config.schedule
    assert (other.num_steps, other.batch_size) == (config.num_steps, config.batch_size)
    assert other.message_in_steps == config.message_in_steps
    assert other.document.syntax is config.document.syntax
    assert {p: other.place(p) for p in config.places} == {p: config.place(p) for p in config.places}
    again = merge_key_of(other.document, path)
    assert (merge is None) == (again is None) == (name != "merge keys")
    if config.num_steps and config.in_steps is None and merge is None:
        assert rescale(other, 2 * config.num_steps) == rescale(config, 2 * config.num_steps)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("syntax", [TEXT_FORMAT, YAML, GARDEN], ids=lambda syntax: syntax.name)
def test_a_syntax_is_one_object(syntax: Any, way: str) -> None:
    assert COPIES[way](syntax) is syntax


# `fork` and `spawn` run in a process of their own, as tests have threads.
PROGRAM = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import schedule_builder as sb

def rate(config, step):
    return config.schedule(step), str(config.diagnostics), sb.build_schedule(config)(step)

if __name__ == "__main__":
    config = sb.load(sys.argv[1])
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert pool.submit(rate, config, 7).result() == rate(config, 7), method
        print(method)
"""


def test_other_processes_take_a_config(tmp_path: Path) -> None:
    program = _written(tmp_path / "program.py", PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), str(CONFIGS / "digits.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert {"spawn"} <= set(done.stdout.split())


API: Any = sb
"""What a program without types may call."""


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: API.load(RATE, overrides=None), "expected overrides such as"),
        (lambda: API.load(RATE, overrides=5), "expected overrides such as"),
        (lambda: API.load(RATE, overrides=b"a=1"), "expected overrides such as"),
        (lambda: API.load(RATE, overrides={"a": 1}), "expected overrides such as"),
        (lambda: API.load(RATE, overrides=[None]), "expected an override such as"),
        (lambda: API.load(None), "expected a path, a Config"),
        (lambda: API.load([]), "expected a path, a Config"),
        (lambda: API.load(RATE, num_steps="5"), "num_steps must be a whole number"),
        (lambda: API.load(RATE, batch_size=5.5), "batch_size must be a whole number"),
        (lambda: API.build_schedule(RATE, step_offset=None), "step_offset must be a whole number"),
        (lambda: API.first_difference(None, RATE), "expected a path, a Config"),
        (lambda: API.validate(None), "expected a path, or paths"),
        (lambda: API.validate(b"a.config"), "expected a path, or paths"),
        (lambda: API.validate([None]), "expected a path"),
        (lambda: API.validate_text(None), "text must be a string"),
        (lambda: API.validate_text("", None), "filename must be a string"),
        (lambda: API.build_schedule(RATE)(None), "a step must be a whole number"),
        (lambda: API.build_schedule(RATE)("5"), "a step must be a whole number"),
        (lambda: API.build_schedule(RATE)(5.0), "a step must be a whole number"),
    ],
)
def test_odd_arguments_are_a_type_error(call: Callable[[], object], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call()


def test_a_name_with_nul_cannot_be_read() -> None:
    with pytest.raises(OSError, match="NUL"):
        API.load("a\0b")
