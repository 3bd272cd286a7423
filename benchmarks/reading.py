"""Reading a config of a megabyte, half of it stages and half of it an opaque model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import yaml
from google.protobuf import text_format as protobuf_text

from benchmarks.inputs import as_text, as_yaml, checked, manual_stages, pipeline
from benchmarks.measuring import Row, Turns, interleaved, spread
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

    turns = Turns(read_tree, partial(checked, "pipeline.config", text), read_protobuf, seconds=10)
    yield turns.row("text format to a tree / protobuf's Parse", 0, 2)
    yield turns.row("text format, checked / protobuf's Parse, unchecked", 1, 2)
    yield interleaved(
        partial(checked, "pipeline.yaml", in_yaml),
        partial(yaml.load, in_yaml, yaml.CSafeLoader),
        seconds=5,
        fewest=5,
    ).row("YAML, checked / PyYAML's C loader, unchecked")

    stages = manual_stages(100_000)
    loading = Turns(
        partial(checked, "stages.config", stages), seconds=5, fewest=1, most=3, warm=False
    )

    def loaded() -> Row:
        taken = spread(loading.costs[0])
        return Row("100,000 stages, loaded", taken.median, None, taken)

    yield loading.described(loaded)
