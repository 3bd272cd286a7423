"""Experiments as the Model Garden's own reader reads them: PyYAML with one more pattern."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from schedule_builder import validate_text
from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Report, Source
from schedule_builder.editing.convert import convert
from schedule_builder.editing.rescale import RescaleError, rescale
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.reading.tree import Block, Scalar, Sequence, Value
from schedule_builder.reading.yaml_format import read
from schedule_builder.reading.yaml_merging import resolve_merges
from schedule_builder.reading.yaml_scalars import GARDEN, YAML


class Oracle(yaml.SafeLoader):
    """The Garden's loader."""


# As official/modeling/hyperparams/params_dict.py has it: its dots match a backslash.
Oracle.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"""
    ^(?:[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |
    [-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
    |
    \\.[0-9_]+(?:[eE][-+][0-9]+)?
    |
    [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*)$""",
        re.VERBOSE,
    ),
    list("-+0123456789."),
)


def as_garden(text: str) -> Any:
    """What the Garden makes of a plain scalar; None where it fails."""
    try:
        return yaml.load("a: " + text, Loader=Oracle)["a"]
    except (ValueError, yaml.YAMLError):
        return None


def same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and math.isnan(one + other))


# What numbers are written with, in an order that gives many of them.
PIECES = st.sampled_from([*"0123456789", "0x", "0b", "0o", "_", ":", ".", "e", "E", "+", "-", "1e"])
WORDS = st.sampled_from(
    re.split(
        r"\s+",
        """yes Yes YES yEs no on On ON off true True TRUE tRUE false .inf -.inf .NaN .nan +.Inf nan
        inf y n null ~ 2001-01-01 0x 0x_ 0b_ 0_ -0_7 0o7 1:60 1:5:59.5 190:20:30 -1:30 1__0""",
    )
)


@given(st.one_of(WORDS, st.lists(PIECES, min_size=1, max_size=7).map("".join)))
@example("0100")
@example("1e-3")
@example("1.5e3")
@example("1.5e+3")
@example("0800")
@example("1e20")
@example("1_000.5")
def test_scalars(text: str) -> None:
    found = as_garden(text)
    boolean = GARDEN.boolean(text)
    assert boolean is (found if isinstance(found, bool) else None)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        assert GARDEN.real(text) is None
        assert GARDEN.integer(text) is None
    elif isinstance(found, int):
        assert GARDEN.integer(text) == found
        assert GARDEN.real(text) == found
    else:
        assert same(GARDEN.real(text), found)
        # Larger numbers are not exact where they are written with an exponent.
        is_exact = math.isfinite(found) and abs(found) < 2**53
        whole = int(found) if is_exact and found.is_integer() else None
        assert GARDEN.integer(text) == whole


@given(st.one_of(WORDS, st.lists(PIECES, min_size=1, max_size=7).map("".join)))
def test_every_value_that_differs_is_reported(text: str) -> None:
    if not isinstance(as_garden(text), (int, float)) or isinstance(as_garden(text), bool):
        return
    config = f"trainer: {{train_steps: {text}, optimizer_config: {{}}}}"
    codes = {d.code for d in validate_text(config, "a.yaml")}
    ours, theirs = GARDEN.integer(text), YAML.integer(text)
    if ours is None:
        assert not {"SB203", "SB204"}.isdisjoint(codes)
    elif 0 <= ours < 2**63:
        assert ("SB210" in codes) == (ours != theirs)


TEMPLATE = """\
task: {{}}
trainer:
  train_steps: {steps}
  optimizer_config:
    optimizer: {{type: sgd, sgd: {{nesterov: {nesterov}}}}}
    learning_rate: {{type: cosine, cosine: {{initial_learning_rate: 0.1, decay_steps: {steps}}}}}
"""


def experiment(steps: str = "1000", nesterov: str = "true") -> Config:
    return examine(Source("a.yaml", TEMPLATE.format(steps=steps, nesterov=nesterov)))


@pytest.mark.parametrize(
    ("written", "number", "is_fixed"),
    [("0100", 64, False), ("1_000", 1000, True), ("1:30", 90, False), ("0b101", 5, True)],
)
def test_a_value_of_yaml_1_1_counts_and_is_named(written: str, number: int, is_fixed: bool) -> None:
    config = experiment(written)
    assert config.num_steps == number
    first, second = (d for d in config.diagnostics if d.code == "SB210")
    assert (first.severity, first.row, first.column, second.row) == ("warning", 3, 16, 6)
    assert f"`{written}` is {number} here" in first.message
    assert f"write {number}" in first.message
    assert bool(first.fix) == is_fixed
    if is_fixed:
        text, _ = apply_fixes(config.document.source.text, config.diagnostics)
        fixed = examine(Source("a.yaml", text))
        assert fixed.schedule == config.schedule
        assert not [d for d in fixed.diagnostics if d.code == "SB210"]


def test_truth_values() -> None:
    config = experiment(nesterov="yes")
    message: Any = config.message
    assert message.trainer.optimizer_config.optimizer.sgd.nesterov is True
    (finding,) = config.diagnostics
    assert finding.code == "SB210"
    assert "`yes` is true here" in finding.message


@pytest.mark.parametrize("text", ["1000", "1e3", "0x10", "1.5e+3", "true", "0.1"])
def test_what_both_read_alike_is_no_finding(text: str) -> None:
    assert not [d for d in experiment(text).diagnostics if d.code == "SB210"]


@pytest.mark.parametrize(("written", "plain"), [("0o10", "8"), ("0800", "800"), ("1.5e3", "1500")])
def test_what_is_a_text_to_the_garden_is_an_error(written: str, plain: str) -> None:
    found = [d for d in experiment(written).diagnostics if d.severity == "error"]
    assert {d.code for d in found} == {"SB203"}
    assert all("YAML reader takes as a string" in d.message for d in found)
    assert all(d.message.endswith(f"write {plain}") for d in found)


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("decay_steps: 1_000", "1000"),
        ("decay_steps: 1:30", "90"),
        ("decay_steps: 0b101", "5"),
        ("staircase: yes", "true"),
        ("staircase: Off", "false"),
        ("decay_factor: 1_0.5", "10.5"),
    ],
)
def test_elsewhere_it_is_an_error_that_names_the_value(field: str, meant: str) -> None:
    text = f"exponential_decay_learning_rate: {{initial_learning_rate: 0.1, {field}}}\n"
    for filename in ("a.yaml", "a.json"):
        (error,) = (d for d in validate_text(text, filename) if d.severity == "error")
        assert error.code == "SB203"
        assert f": write {meant}" in error.message


def test_elsewhere_a_leading_zero_is_decimal() -> None:
    config = examine(
        Source(
            "a.yaml",
            "multi_step_learning_rate:\n  initial_learning_rate: 1\n  milestones: [010, 0100]\n",
        )
    )
    assert not [d for d in config.diagnostics if d.severity == "error"]
    message: Any = config.message
    assert list(message.multi_step_learning_rate.milestones) == [10, 100]


# Merge keys.
def plain(value: Value) -> Any:
    """A tree as plain data."""
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return {field.name: plain(field.value) for field in value.fields}


@st.composite
def merging(draw: st.DrawFn) -> str:
    """Blocks that merge those before them."""
    lines = []
    count = draw(st.integers(1, 5))
    for number in range(count):
        lines.append(f"b{number}: &b{number}")
        before = [f"*b{n}" for n in range(number)]
        # Which of two merged values counts depends on the version of PyYAML.
        names = draw(st.sets(st.sampled_from("pqrs"), min_size=1))
        entries = [f"  {name}{number}: v" for name in sorted(names)]
        entries += [f"  {draw(st.sampled_from('pqrs'))}{n}: own" for n in range(number)][
            : number == count - 1
        ]
        for _ in range(draw(st.integers(0, 2)) if before else 0):
            chosen = draw(st.lists(st.sampled_from(before), min_size=1, max_size=3))
            source = chosen[0] if draw(st.booleans()) else f"[{', '.join(chosen)}]"
            entries.insert(draw(st.integers(0, len(entries))), f"  <<: {source}")
        lines += entries
    return "\n".join(lines) + "\n"


@given(merging())
def test_merge_keys_as_pyyaml_resolves_them(text: str) -> None:
    source = Source("a.yaml", text)
    report = Report(source)
    document = resolve_merges(read(source, report), report)
    assert not report.diagnostics
    assert plain(document.root) == yaml.load(text, Loader=Oracle)
    for field in document.root.fields:
        assert isinstance(field.value, Block)
        for inner in field.value.fields:
            assert text[inner.start : inner.end] == inner.name


MERGED = """\
common: &common
  initial_learning_rate: 0.1
  decay_steps: 900
trainer:
  train_steps: 1000
  optimizer_config:
    optimizer: {type: sgd}
    learning_rate:
      type: cosine
      cosine:
        <<: *common
        alpha: 0
"""


def test_two_merged_values_are_reported() -> None:
    text = MERGED.replace("trainer:", "other: &other {decay_steps: 800}\ntrainer:").replace(
        "<<: *common", "<<: [*common, *other]"
    )
    config = examine(Source("a.yaml", text))
    (finding,) = (d for d in config.diagnostics if d.code == "SB209")
    assert (finding.row, finding.column) == (12, 9)
    assert [related.row for related in finding.related] == [3, 4]


def test_a_merged_field_counts_at_its_own_place() -> None:
    config = examine(Source("a.yaml", MERGED))
    assert config.schedule is not None
    assert config.schedule(0) == 0.1
    (finding,) = config.diagnostics
    assert (finding.code, finding.row, finding.column) == ("SB404", 3, 16)
    bad = examine(Source("a.yaml", MERGED.replace("900", "x")))
    (error,) = (d for d in bad.diagnostics if d.severity == "error")
    assert (error.code, error.row, error.column) == ("SB203", 3, 16)


def test_a_merged_field_is_not_rewritten() -> None:
    config = examine(Source("a.yaml", MERGED))
    with pytest.raises(RescaleError, match=r"a.yaml:3:16: `decay_steps` is merged .* at line 11"):
        rescale(config, 5000)
    own = MERGED.replace("        alpha: 0", "        decay_steps: 1000")
    assert "decay_steps: 5000" in rescale(examine(Source("a.yaml", own)), 5000)


def test_merged_fields_are_written_out_when_converted() -> None:
    config = examine(Source("a.yaml", MERGED))
    for file_format in ("text", "yaml"):
        text = convert(config, file_format)
        again = examine(Source("a.yaml" if file_format == "yaml" else "a.config", text))
        assert again.schedule == config.schedule, text


@pytest.mark.parametrize("value", ["3", "[*common, 3]", "abc"])
def test_what_cannot_be_merged_is_an_error(value: str) -> None:
    config = examine(Source("a.yaml", MERGED.replace("<<: *common", f"<<: {value}")))
    assert "SB102" in {d.code for d in config.diagnostics}


def test_elsewhere_a_merge_key_is_an_error() -> None:
    text = "a: &a {learning_rate: 1}\nconstant_learning_rate:\n  <<: *a\n"
    found = [d for d in validate_text(text, "a.yaml") if d.code == "SB102"]
    assert [(d.row, d.column) for d in found] == [(3, 3)]


# Keys that are given twice.
def test_a_key_twice_is_a_warning_where_nothing_is_judged() -> None:
    text = (
        TEMPLATE.format(steps=1000, nesterov="true")
        .replace("task: {}", "task: {model: {a: 1, a: {b: 2, b: 3}}}\nruntime: {tpu: x, tpu: y}")
        .replace("  train_steps", "  validation_steps: 5\n  validation_steps: 6\n  train_steps")
    )
    config = examine(Source("a.yaml", text))
    assert config.schedule is not None
    found = [(d.code, d.severity, d.row, d.column, d.related[0].row) for d in config.diagnostics]
    assert found == [
        ("SB209", "warning", 1, 22, 1),
        ("SB209", "warning", 1, 32, 1),
        ("SB209", "warning", 2, 19, 2),
        ("SB209", "warning", 5, 3, 4),
    ]


def test_a_key_twice_is_an_error_where_it_counts() -> None:
    for again in ("train_steps: 7", "optimizer_config: {}"):
        text = f"trainer:\n  train_steps: 5\n  optimizer_config: {{}}\n  {again}\n"
        found = [d for d in validate_text(text, "a.yaml") if d.code == "SB202"]
        assert [(d.severity, d.row, d.column) for d in found] == [("error", 4, 3)]
    lists = (
        "trainer: {optimizer_config: {learning_rate: {type: stepwise, stepwise: {values: [1, 2],"
    )
    text = f"{lists} boundaries: [5], boundaries: [6]}}}}}}}}\n"
    assert "SB202" in {d.code for d in validate_text(text, "a.yaml")}


def test_the_last_value_of_a_key_counts_as_for_pyyaml() -> None:
    text = "task: {a: 1, b: 2, a: 3}\ntrainer: {train_steps: 5}\n"
    config = examine(Source("a.yaml", text))
    assert plain(config.document.root)["task"] == {"b": "2", "a": "3"}
