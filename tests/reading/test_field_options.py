"""The schema says what its fields mean, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schedule_builder.reading.fields import is_opaque, is_stretchable_value, schema_of
from schedule_builder.v1 import (
    experiment_pb2,
    learning_rate_pb2,
    optimizer_pb2,
    options_pb2,
    pipeline_pb2,
)

# Whole numbers that are not training steps, and steps that a schedule does not depend on.
OTHER_COUNTS = {
    "batch_queue_capacity",
    "batch_size",
    "examples_per_epoch",
    "global_batch_size",
    "max_number_of_boxes",
    "min_dim_size_to_factor",
    "model_dim",
    "num_batch_queue_threads",
    "prefetch_queue_capacity",
    "reference_batch_size",
    "replicas_to_aggregate",
    "start_step",
    "step_offset",
    "steps_per_loop",
}


def _messages(descriptors: Any) -> Iterator[Any]:
    for descriptor in descriptors:
        yield descriptor
        yield from _messages(descriptor.nested_types)


MESSAGES = [
    message
    for module in (experiment_pb2, learning_rate_pb2, optimizer_pb2, pipeline_pb2)
    for message in _messages(module.DESCRIPTOR.message_types_by_name.values())
]
FIELDS = [
    pytest.param(field, id=f"{message.name}.{field.name}")
    for message in MESSAGES
    for field in schema_of(message).values()
]


@pytest.mark.parametrize("field", FIELDS)
def test_every_whole_number_says_whether_it_counts_steps(field: Any) -> None:
    is_count = field.kind == "integer" and field.name not in OTHER_COUNTS

    assert bool(field.counts_steps) == is_count


@pytest.mark.parametrize("field", FIELDS)
def test_only_a_length_ends_a_decay_and_only_a_default_surprises(field: Any) -> None:
    assert field.ends_decay in options_pb2.DecayEnd.values()
    assert field.counts_steps or not field.ends_decay
    assert field.default is not None or not field.has_surprising_default
    assert field.is_stretchable or field.kind == "message"


def test_only_contents_that_are_kept_are_opaque() -> None:
    assert [message.name for message in MESSAGES if is_opaque(message)] == ["Opaque"]


def test_an_enum_says_which_of_its_values_cannot_be_stretched() -> None:
    modes = learning_rate_pb2.CyclicLearningRate.Mode

    stretchable = [
        name for name, number in modes.items() if is_stretchable_value(modes.DESCRIPTOR, number)
    ]

    assert stretchable == ["TRIANGULAR", "TRIANGULAR2"]
