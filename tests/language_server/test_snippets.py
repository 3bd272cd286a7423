"""Completions that are accepted as they are leave a valid file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.language_server.completion import Completion, completions
from schedule_builder.language_server.snippets import Style, insertion
from schedule_builder.reading.fields import FieldSchema, is_opaque, schema_of, selector_of
from schedule_builder.v1 import learning_rate_pb2 as rates

NAMES = {
    Style.TEXT: "a.config",
    Style.BLOCK: "a.yaml",
    Style.FLOW: "a.yaml",
    Style.JSON: "a.json",
}


def expanded(snippet: str) -> str:
    """A snippet after Tab was pressed to its end."""
    text = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\|\}", r"\1", snippet)
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text)
    return re.sub(r"\$\d+", "", text)


def fields(
    descriptor: Any, way: tuple[FieldSchema, ...] = (), seen: frozenset[str] = frozenset()
) -> Iterator[tuple[FieldSchema, ...]]:
    """Every field of a message and of those in it, with the fields on the way there."""
    for field in schema_of(descriptor).values():
        yield (*way, field)
        message = field.message
        if message is not None and not is_opaque(message) and message.full_name not in seen:
            yield from fields(message, (*way, field), seen | {message.full_name})


def nested(names: list[str], inner: str, style: Style) -> tuple[str, range]:
    """A text with blocks around another, and the rows of that."""
    if style is Style.TEXT:
        before = "".join(f"{name} {{\n" for name in names)
        text = before + inner + "\n" + "}\n" * len(names)
    elif style is Style.BLOCK:
        before = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(names))
        lines = inner.split("\n")
        text = before + "".join(f"{'  ' * len(names)}{line}\n" for line in lines)
    else:
        quote = '"' * (style is Style.JSON)
        before = "{\n" + "".join(f"{quote}{name}{quote}: {{\n" for name in names)
        text = before + inner + "\n" + "}" * (len(names) + 1) + "\n"
    first = before.count("\n") + 1
    return text, range(first, first + inner.count("\n") + 1)


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.title)
def test_a_block_is_valid_as_it_is_written(dialect: Any, style: Style) -> None:
    seen = 0
    done: set[str] = set()
    for *way, field in fields(dialect.root.DESCRIPTOR):
        if field.message is None or any(f.repeated for f in way):
            continue
        if field.message.full_name == "google.protobuf.Any":
            continue  # The types are unknown.
        full_name = f"{field.owner.full_name}.{field.name}" if field.owner else field.name
        if full_name in done:
            continue
        done.add(full_name)
        inner = expanded(insertion(field, style).snippet)
        text, rows = nested([f.name for f in way], inner, style)
        found = examine(Source(NAMES[style], text)).diagnostics
        wrong = [d for d in found if d.severity == "error" and d.row in rows and d.code < "SB3"]
        if style is Style.BLOCK:
            # Where nothing is required, YAML has a name alone until somebody types on.
            wrong = [d for d in wrong if "has no value" not in d.message]
        if selector_of(field.message):
            # What the block of a type needs is not known before somebody chooses.
            wrong = [d for d in wrong if d.code != "SB205"]
        assert not wrong, f"{text}\n{wrong[0]}"
        assert not [d for d in found if d.code.startswith("SB1")], text
        seen += 1
    assert seen > 5


def test_a_snippet_has_what_is_required() -> None:
    field = schema_of(rates.LearningRate.DESCRIPTOR)["polynomial_decay_learning_rate"]
    written = insertion(field, Style.TEXT)
    assert written.plain == "polynomial_decay_learning_rate { }"
    assert written.snippet == (
        "polynomial_decay_learning_rate {\n"
        "  initial_learning_rate: ${1:0.1}\n"
        "  decay_steps: ${2:1000}\n"
        "}$0"
    )
    assert insertion(field, Style.BLOCK).plain == "polynomial_decay_learning_rate:"


def accepted(text: str, name: str, label: str) -> str:
    """A text after a completion was accepted where it has a `|`."""
    offset = text.index("|")
    text = text.replace("|", "")
    found = completions(examine(Source(name, text)), offset)
    chosen: Completion = next(c for c in found if c.name == label)
    written = expanded(chosen.snippet or chosen.insertion)
    return text[: chosen.span.start] + written + text[chosen.span.end :]


GARDEN = "trainer:\n  optimizer_config:\n    learning_rate:\n      "


@pytest.mark.parametrize(
    ("name", "text", "label", "wanted"),
    [
        ("a.yaml", f"{GARDEN}type:|\n", "exponential", f"{GARDEN}type: exponential\n"),
        ("a.yaml", f"{GARDEN}type: ex|\n", "exponential", f"{GARDEN}type: exponential\n"),
        ("a.yaml", f"{GARDEN}type: 'ex|'\n", "exponential", f"{GARDEN}type: 'exponential'\n"),
        ("a.config", "warmup { shape:| }", "LINEAR", "warmup { shape: LINEAR }"),
        (
            "a.config",
            "trainer { optimizer_config { optimizer { type: s| } } }",
            "sgd",
            'trainer { optimizer_config { optimizer { type: "sgd" } } }',
        ),
        (
            "a.json",
            '{\n  "warmup": {\n    "shape":|}}',
            "LINEAR",
            '{\n  "warmup": {\n    "shape": "LINEAR"}}',
        ),
        ("a.yaml", "train_config: {num|}", "num_steps", "train_config: {num_steps: }"),
        ("a.yaml", "train_config: {opt|}", "optimizer", "train_config: {optimizer: {}}"),
        ("a.json", '{\n  "tra|"\n}', "train_config", '{\n  "train_config": {}\n}'),
        ("a.json", "{\n  tra|\n}", "train_config", '{\n  "train_config": {}\n}'),
    ],
)
def test_what_is_accepted_replaces_the_word(name: str, text: str, label: str, wanted: str) -> None:
    assert accepted(text, name, label) == wanted
