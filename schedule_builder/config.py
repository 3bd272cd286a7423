"""Loading configs: from a file, a text, a message or plain data to a checked `Config`."""

from __future__ import annotations

import codecs
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TypeAlias

from google.protobuf.message import Message

from schedule_builder import text_format
from schedule_builder.binding import Binder, Path, Place
from schedule_builder.diagnostics import (
    ConfigError,
    Diagnostic,
    Kind,
    Report,
    Source,
    Span,
    closest,
)
from schedule_builder.lowering import LoweringError, lower
from schedule_builder.rules import check_message
from schedule_builder.schedule import MAX_RATE, Schedule
from schedule_builder.tree import EMPTY, NOT_TEXT, Document
from schedule_builder.v1 import learning_rate_pb2, optimizer_pb2, pipeline_pb2

IMPOSSIBLE = Kind("SB308", "impossible-schedule", "error")
NOT_FINITE = Kind("SB309", "rate-not-finite", "error")

ROOTS: tuple[type[Message], ...] = (
    pipeline_pb2.TrainEvalPipelineConfig,
    learning_rate_pb2.LearningRate,
)
"""What a file may be. The names of its top-level fields decide."""

_YAML_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_TEXT_SUFFIXES = frozenset((".config", ".pbtxt", ".textproto", ".txtpb", ".prototxt"))
_COMMENT = re.compile(r"(?:\s+|#[^\n]*)*")
_YAML_OPENING = re.compile(r"---|%YAML|[{\[]|[\w\"'-]+[ \t]*:[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_WORD_LINE = re.compile(r"^[ \t]*[\w\"'-]+[ \t]*:[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Config:
    """A config that was read and checked.

    Attributes:
        filename: the name it goes by in messages.
        message: the whole config, a `TrainEvalPipelineConfig` or a `LearningRate`.
        diagnostics: what was found in it; no errors, where `load` returned it.
        schedule: the learning-rate schedule, None where there are errors.
    """

    filename: str
    message: Message
    diagnostics: tuple[Diagnostic, ...]
    schedule: Schedule | None
    document: Document = field(repr=False)
    places: Mapping[Path, Place] = field(repr=False)

    @property
    def train_config(self) -> pipeline_pb2.TrainConfig | None:
        """How to train; None where the file is a learning rate alone."""
        if isinstance(self.message, pipeline_pb2.TrainEvalPipelineConfig):
            return self.message.train_config
        return None

    @property
    def optimizer(self) -> optimizer_pb2.Optimizer | None:
        """The optimizer; None where the file is a learning rate alone."""
        train_config = self.train_config
        return None if train_config is None else train_config.optimizer

    @property
    def learning_rate(self) -> tuple[Path, learning_rate_pb2.LearningRate]:
        """The learning rate, and where it is in the message."""
        if isinstance(self.message, learning_rate_pb2.LearningRate):
            return (), self.message
        optimizer = self.optimizer or optimizer_pb2.Optimizer()
        kind = optimizer.WhichOneof("optimizer")
        if kind is None:
            return (), learning_rate_pb2.LearningRate()
        path = ("train_config", "optimizer", kind, "learning_rate")
        return path, getattr(optimizer, kind).learning_rate

    @property
    def num_steps(self) -> int | None:
        """The number of steps that the config trains for, None where it does not say."""
        train_config = self.train_config
        return (train_config.num_steps or None) if train_config is not None else None

    @property
    def batch_size(self) -> int | None:
        """The number of examples in a step, None where the config does not state it."""
        train_config = self.train_config
        if train_config is None or not train_config.HasField("batch_size"):
            return None
        return train_config.batch_size

    def place(self, path: Path) -> Span:
        """Where a field stands; where it is missing, the opening of its message."""
        if path in self.places:
            return self.places[path].value
        while path:
            path = path[:-1]
            if path in self.places:
                return self.places[path].name
        start = min((f.start for f in self.document.root.fields), default=0)
        return Span(start, start)


ConfigLike: TypeAlias = "str | os.PathLike[str] | Config | Message | Mapping[str, object]"
"""What the builders take: a path, a loaded config, a message or plain data."""


def load(config: ConfigLike) -> Config:
    """Reads and checks a config.

    Args:
        config: the path of a file in text format, YAML or JSON; a message of this project or
            of the Object Detection API (`TrainEvalPipelineConfig` or `LearningRate`); plain
            data as YAML would hold them; or a `Config`, which is returned as it is.

    Returns:
        The config, without errors.

    Raises:
        ConfigError: the config has errors. `diagnostics` holds all findings.
        OSError: the file cannot be read.
    """
    if isinstance(config, Config):
        loaded = config
    elif isinstance(config, Message):
        from google.protobuf import text_format as protobuf_text  # slow to import

        text = protobuf_text.MessageToString(config)
        loaded = examine(Source(f"<{config.DESCRIPTOR.name}>", text), "text")
    elif isinstance(config, Mapping):
        try:
            text = json.dumps(config, indent=2, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            message = f"a config of plain data holds only what JSON does: {error}"
            raise TypeError(message) from error
        loaded = examine(Source("<dict>", text), "yaml")
    elif isinstance(config, (str, os.PathLike)):
        loaded = examine_bytes(FilePath(config).read_bytes(), os.fspath(config))
    else:
        message = (
            "a config is a path, a Config, a protobuf message or a dict. Received:"
            f" {type(config).__name__}"
        )
        raise TypeError(message)
    if loaded.schedule is None:
        raise ConfigError(loaded.diagnostics)
    return loaded


def validate(paths: Iterable[str | os.PathLike[str]]) -> list[Diagnostic]:
    """Checks files.

    Args:
        paths: files in text format, YAML or JSON.

    Returns:
        All findings, by file in the order given and by line. Never raises for a bad config.

    Raises:
        OSError: a file cannot be read.
    """
    return [d for path in paths for d in validate_file(path)]


def validate_file(path: str | os.PathLike[str]) -> tuple[Diagnostic, ...]:
    """Checks one file. Raises OSError where it cannot be read."""
    return examine_bytes(FilePath(path).read_bytes(), os.fspath(path)).diagnostics


def validate_text(text: str, filename: str = "<text>") -> list[Diagnostic]:
    """Checks a config that is not in a file.

    Args:
        text: the config.
        filename: the name it has in findings; its suffix says which format it is in.

    Returns:
        All findings, by line. Never raises for a bad config.
    """
    return list(examine(Source(filename, text)).diagnostics)


def examine_bytes(data: bytes, filename: str) -> Config:
    """Reads and checks a file's contents, whatever they are."""
    problem, at = "", 0
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problem = "this file is UTF-16: save it as UTF-8"
    elif (at := data.find(b"\0")) >= 0:
        problem = "this is a binary file (it holds a zero byte), not a config"
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            at = error.start
            problem = f"byte 0x{data[at]:02x} is not UTF-8: save the file as UTF-8"
    if problem:
        source = Source(
            filename, data[: max(at, 0)].decode("utf-8", "replace") + "\N{REPLACEMENT CHARACTER}"
        )
        report = Report(source)
        end = len(source.text)
        report.add(NOT_TEXT, Span(end - 1, end), problem)
        document = text_format.read(Source(filename, ""), Report(source))
        return _result(document, report, ROOTS[0](), {}, None)
    return examine(Source(filename, text))


def detect_format(filename: str, text: str) -> str:
    """The format of a config, `text` or `yaml`: its suffix decides, or else its contents."""
    suffix = FilePath(filename).suffix.lower()
    if suffix in _YAML_SUFFIXES:
        return "yaml"
    if suffix in _TEXT_SUFFIXES:
        return "text"
    start = _COMMENT.match(text)
    if _YAML_OPENING.match(text, start.end() if start else 0):
        return "yaml"
    return "yaml" if _WORD_LINE.search(text) and "{" not in text else "text"


def examine(source: Source, file_format: str | None = None) -> Config:
    """Reads and checks a text, and collects whatever there is to find."""
    report = Report(source)
    if (file_format or detect_format(source.filename, source.text)) == "yaml":
        from schedule_builder import yaml_format  # text files need no PyYAML

        document = yaml_format.read(source, report)
    else:
        document = text_format.read(source, report)
    message = _root(document)()
    if not document.root.fields:
        if not report.diagnostics:
            report.add(
                EMPTY,
                Span(0, 0),
                "there is no config here: a pipeline has `train_config`, a schedule of its own"
                " one of the kinds of learning rate",
            )
        return _result(document, report, message, {}, None)

    readable = not report.has_errors
    binder = Binder(document, report)
    binder.bind(document.root, message)
    config = _result(document, report, message, binder.places, None)
    if readable:
        for kind, finding in check_message(message, binder.broken):
            related = [(config.place(path), text) for path, text in finding.related]
            report.add(kind, config.place(finding.path), finding.message, related)
    schedule = None if report.has_errors else _lower(config, report)
    return _result(document, report, message, binder.places, schedule)


def _result(
    document: Document,
    report: Report,
    message: Message,
    places: Mapping[Path, Place],
    schedule: Schedule | None,
) -> Config:
    diagnostics = tuple(sorted(report.diagnostics))
    if report.has_errors:
        schedule = None
    return Config(report.source.filename, message, diagnostics, schedule, document, places)


def _root(document: Document) -> type[Message]:
    """The type of message that the top-level names of a file speak of."""
    names = [f.name for f in document.root.fields]

    def likeness(root: type[Message]) -> tuple[int, int]:
        known = root.DESCRIPTOR.fields_by_name
        exact = sum(name in known for name in names)
        return exact, sum(closest(name, known) is not None for name in names) if not exact else 0

    return max(ROOTS, key=likeness)


def _lower(config: Config, report: Report) -> Schedule | None:
    path, learning_rate = config.learning_rate
    try:
        schedule = lower(learning_rate, config.batch_size)
    except LoweringError as error:
        report.add(IMPOSSIBLE, config.place((*path, *error.path)), str(error))
        return None
    step = _first_not_finite(schedule, config.num_steps)
    if step is not None:
        kind = learning_rate.WhichOneof("learning_rate")
        report.add(
            NOT_FINITE,
            config.place((*path, kind or "")),
            f"the rate at step {step} is {schedule(step):.9g}: a rate is finite, not negative, and"
            f" at most {MAX_RATE:.9g}",
        )
    return schedule


def _first_not_finite(schedule: Schedule, num_steps: int | None) -> int | None:
    """A step of the run at which the rate is no finite float32, the first one where it can be told.

    Where the run's length is not known, it lasts until the last segment begins.
    """

    def is_fine(step: int) -> bool:
        rate = schedule(step)
        return math.isfinite(rate) and 0 <= rate <= MAX_RATE

    last = schedule.begins[-1] if num_steps is None else num_steps - 1
    fine = 0
    for step in schedule.extremes(0, last):
        if is_fine(step):
            fine = step
            continue
        low, high = (fine, step) if is_fine(fine) else (step, step)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if is_fine(middle) else (low, middle)
        return high
    return None
