"""Reading a config of a megabyte, half of it stages and half of it an opaque model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import yaml
from google.protobuf import text_format as protobuf_text

from benchmarks.inputs import as_text, as_yaml, checked, manual_stages, pipeline
from benchmarks.measuring import Row, interleaved, pair, spread, turns
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

    tree, ours, peer = turns(
        read_tree, partial(checked, "pipeline.config", text), read_protobuf, seconds=10
    )
    yield pair(tree, peer).row("text format to a tree / protobuf's Parse")
    yield pair(ours, peer).row("text format, checked / protobuf's Parse, unchecked")
    yield interleaved(
        partial(checked, "pipeline.yaml", in_yaml),
        partial(yaml.load, in_yaml, yaml.CSafeLoader),
        seconds=5,
        fewest=5,
    ).row("YAML, checked / PyYAML's C loader, unchecked")

    stages = manual_stages(100_000)
    (taken,) = turns(
        partial(checked, "stages.config", stages), seconds=5, fewest=1, most=3, warm=False
    )
    loaded = spread(taken)
    yield Row("100,000 stages, loaded", loaded.median, None, loaded)
