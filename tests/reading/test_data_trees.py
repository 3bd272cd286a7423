"""Trees of data and of messages are those of the texts that show them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from google.protobuf import any_pb2, descriptor_pb2, text_format, wrappers_pb2
from hypothesis import example, given
from hypothesis import strategies as st

from schedule_builder.config import load
from schedule_builder.diagnostics import ConfigError, Report, Source
from schedule_builder.reading.data_trees import of_data, of_message
from schedule_builder.reading.formats import reader_of
from schedule_builder.reading.tree import Block, Document, Scalar, Sequence, Value
from schedule_builder.v1 import learning_rate_pb2, pipeline_pb2
from tests.support import drawing


def shape(value: Value) -> Any:
    """A tree as plain data, places included."""
    if isinstance(value, Scalar):
        return value.text, value.quoted, value.start, value.end
    if isinstance(value, Sequence):
        return [shape(item) for item in value.items], value.start, value.end
    fields = [(f.name, f.start, f.end, shape(f.value)) for f in value.fields]
    return fields, value.start, value.end


def read(text: str, file_format: str) -> Document:
    source = Source("x", text)
    report = Report(source)
    document = reader_of(file_format)(source, report)
    assert not report.diagnostics
    return document


texts = st.text(st.characters(min_codepoint=32, max_codepoint=126))
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(-1e9, 1e9), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(texts, inner, max_size=4),
    ),
)


@given(st.dictionaries(texts, plain, min_size=1))
@example({"a": {}, "b": [], "c": [[{}], [1, [2]]], "d": {"e": {"f": None}}})
@example({"quoted": 'a "b" \\ \n', "umlaut": "äöü", "numbers": [1e-05, 1e300, -0.0, 2**80]})
def test_plain_data_have_the_tree_of_their_json(data: dict[str, Any]) -> None:
    document, report = of_data(data, "<dict>")
    text = json.dumps(data, indent=2, ensure_ascii=False)

    assert document.source.text == text
    assert shape(document.root) == shape(read(text, "yaml").root)
    assert not report.diagnostics


@given(drawing.learning_rates)
def test_a_message_has_the_tree_of_its_text(message: Any) -> None:
    document, report = of_message(message, "<LearningRate>")
    text = text_format.MessageToString(message)

    assert document.source.text == text
    assert shape(document.root)[0] == shape(read(text, "text").root)[0]
    assert not report.diagnostics


def full_message() -> descriptor_pb2.FileDescriptorProto:
    """A message of somebody else's schema, of many types of fields."""
    proto = descriptor_pb2.FileDescriptorProto(name='a "b" \u00e4\n', dependency=["x", "y"])
    proto.message_type.add(name="M").field.add(
        name="f", number=3, type=descriptor_pb2.FieldDescriptorProto.TYPE_GROUP
    )
    proto.options.deprecated = True
    part = proto.options.uninterpreted_option.add(double_value=1e-05, string_value=b"\xff\x00z")
    part.name.add(name_part="n", is_extension=False)
    return proto


def test_any_schema_has_the_tree_of_its_text() -> None:
    message = full_message()
    document, _ = of_message(message, "<FileDescriptorProto>")
    again = descriptor_pb2.FileDescriptorProto()
    text_format.Parse(document.source.text, again)

    assert again == message
    assert shape(document.root)[0] == shape(read(document.source.text, "text").root)[0]


def test_what_an_any_holds_is_told_by_its_type() -> None:
    inner = learning_rate_pb2.ConstantLearningRate(learning_rate=0.5)
    holder = any_pb2.Any()
    holder.Pack(inner)
    document, _ = of_message(holder, "<Any>")
    (field,) = document.root.fields

    assert field.name == "[type.googleapis.com/schedule_builder.v1.ConstantLearningRate]"
    assert isinstance(field.value, Block)
    assert [f.name for f in field.value.fields] == ["learning_rate"]
    unknown, _ = of_message(any_pb2.Any(type_url="a/b.C", value=b"\x01"), "<Any>")
    assert [f.name for f in unknown.root.fields] == ["type_url", "value"]


@pytest.mark.parametrize("value", [0.002, 1e-05, 0.1, 3.4028235e38, 1.4013e-45, 123456.79])
def test_a_float32_has_the_digits_that_tell_it_apart(value: float) -> None:
    """0.002 in a field of type float is 0.0020000000949949026 as a double."""
    document, _ = of_message(wrappers_pb2.FloatValue(value=value), "<FloatValue>")
    (field,) = document.root.fields

    assert isinstance(field.value, Scalar)
    assert float(field.value.text) == pytest.approx(value, rel=1e-6)
    assert len(field.value.text) <= len(repr(value)) + 2
    for special in (math.inf, -math.inf, math.nan):
        document, _ = of_message(wrappers_pb2.FloatValue(value=special), "<FloatValue>")
        assert document.source.text == f"value: {special!r}\n"


def test_findings_have_places_in_the_text_that_shows_the_data() -> None:
    with pytest.raises(ConfigError) as refused:
        load({"constant_learning_rate": {"learning_rate": -1.0}})
    (finding,) = refused.value.diagnostics
    assert (finding.filename, finding.row, finding.column, finding.end_column) == (
        "<dict>", 3, 22, 26,
    )  # fmt: skip

    message = pipeline_pb2.TrainEvalPipelineConfig()
    message.train_config.batch_size = 0
    with pytest.raises(ConfigError) as refused:
        load(message)
    places = [(d.code, d.filename, d.row, d.column) for d in refused.value.diagnostics]
    assert ("SB204", "<TrainEvalPipelineConfig>", 2, 15) in places


@pytest.mark.parametrize("depth", [99, 100, 101, 5000])
def test_nesting_has_an_end(depth: int) -> None:
    data: Any = 1
    for _ in range(depth):
        data = [data]
    document, report = of_data({"x": data}, "<dict>")

    assert [d.code for d in report.diagnostics] == ["SB104"] * (depth >= 100)
    assert document.root.fields


def test_data_in_a_circle_are_refused() -> None:
    data: dict[str, Any] = {}
    data["x"] = [data]
    _, report = of_data(data, "<dict>")

    assert [d.code for d in report.diagnostics] == ["SB104"]


@pytest.mark.parametrize("data", [{"x": object()}, {("a", "b"): 1}, {"x": {1, 2}}, {"x": b"y"}])
def test_what_json_does_not_hold_is_a_type_error(data: dict[Any, Any]) -> None:
    with pytest.raises(TypeError, match="plain data holds only what JSON does"):
        of_data(data, "<dict>")


def test_keys_are_texts_as_json_writes_them() -> None:
    document, _ = of_data({1: 1, 2.5: 0, None: 0}, "<dict>")

    assert [field.name for field in document.root.fields] == ["1", "2.5", "null"]
    assert document.source.text == json.dumps({1: 1, 2.5: 0, None: 0}, indent=2)
