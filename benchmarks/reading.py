"""A config of a megabyte, half of it stages and half of it an opaque model, is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from google.protobuf import text_format as protobuf_text

from benchmarks.inputs import as_text, as_yaml, pipeline
from benchmarks.measuring import Row, medians
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Report, Source
from schedule_builder.reading import text_format
from schedule_builder.v1 import pipeline_pb2


def rows() -> Iterator[Row]:
    """Times our readers beside protobuf's and PyYAML's."""
    data = pipeline(stages=5000, layers=900)
    text, in_yaml = as_text(data), as_yaml(data)

    def read_tree() -> None:
        source = Source("pipeline.config", text)
        text_format.read(source, Report(source))

    def read_protobuf() -> None:
        message = pipeline_pb2.TrainEvalPipelineConfig()
        protobuf_text.Parse(text, message, allow_unknown_field=True)

    tree, checked, protobuf = (
        len(text) / 1e6 / seconds
        for seconds in medians(
            [read_tree, lambda: _examine("pipeline.config", text), read_protobuf], runs=5
        )
    )
    yield _row("text format to a tree / protobuf's Parse", tree, protobuf)
    yield _row("text format, checked / protobuf's Parse, unchecked", checked, protobuf)

    checked, fast = (
        len(in_yaml) / 1e6 / seconds
        for seconds in medians(
            [
                lambda: _examine("pipeline.yaml", in_yaml),
                lambda: yaml.load(in_yaml, yaml.CSafeLoader),
            ],
            runs=5,
        )
    )
    yield _row("YAML, checked / PyYAML's C loader, unchecked", checked, fast)
    (seconds,) = medians([lambda: yaml.load(in_yaml, yaml.SafeLoader)], runs=1, warm=False)
    slow = len(in_yaml) / 1e6 / seconds
    yield _row("YAML, checked / PyYAML's Python loader, unchecked (once)", checked, slow)


def _row(what: str, ours: float, peer: float) -> Row:
    return Row(what, ours, peer, "MB/s", more_is_better=True)


def _examine(filename: str, text: str) -> Any:
    config = examine(Source(filename, text))
    if config.schedule is None:
        raise ValueError(config.diagnostics)
    return config
