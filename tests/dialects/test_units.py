"""Lengths in epochs, percents and permilles of the run."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from hypothesis import HealthCheck, assume, event, given, settings

import schedule_builder as sb
from schedule_builder.cli import main
from schedule_builder.dialects.learning_rate import LEARNING_RATE, has_units
from schedule_builder.dialects.lowering import LoweringError, custom_kinds
from schedule_builder.dialects.modifiers import lower
from schedule_builder.dialects.object_detection import PIPELINE as PIPELINE_DIALECT
from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.dialects.unit_conversion import in_steps
from schedule_builder.dialects.units import Axis, Length, nearest
from schedule_builder.schedules import comparison
from schedule_builder.v1 import learning_rate_pb2 as pb
from schedule_builder.v1 import options_pb2
from tests.support.units import Collision, by_hand, in_units

AXIS = Axis(1000, 32, "train_config.num_steps", "train_config.batch_size")


def converted(message: Any, axis: Axis = AXIS) -> Any:
    return in_steps(message, axis, custom_kinds)


def problems(message: Any, axis: Axis = AXIS) -> list[tuple[Any, str]]:
    return [(p.path, str(p.words)) for p in converted(message, axis).problems]


# The recipe of "ImageNet in 1 Hour": 5 epochs of warmup, drops at 30, 60 and 80, 90 in all.
IMAGENET = {5: 782, 30: 4692, 60: 9384, 80: 12511, 90: 14075}


@pytest.mark.parametrize("epochs", IMAGENET)
def test_epochs_of_imagenet_in_1_hour(epochs: int) -> None:
    message = pb.LearningRate(step_unit=pb.EPOCHS, examples_per_epoch=1281167)
    message.multi_step_learning_rate.milestones.append(epochs)
    (milestone,) = converted(message, Axis(None, 8192)).message.multi_step_learning_rate.milestones
    assert milestone == IMAGENET[epochs]


@pytest.mark.parametrize(
    ("num_steps", "percent", "steps"), [(50, 1, 1), (250, 1, 3), (3125, 50, 1563), (2500, 5, 125)]
)
def test_a_half_is_rounded_up(num_steps: int, percent: int, steps: int) -> None:
    assert nearest(Fraction(num_steps * percent, 100)) == steps
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    message.multi_step_learning_rate.milestones.append(percent)
    result = converted(message, Axis(num_steps, None)).message
    assert list(result.multi_step_learning_rate.milestones) == [steps]


def test_parts_of_the_run_end_with_it_for_every_run_length() -> None:
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    phases = message.warmup_stable_decay_learning_rate
    phases.warmup_steps, phases.stable_steps, phases.decay_steps = 5, 0, 95
    missed = 0
    for num_steps in range(10, 10_005):
        result = converted(message, Axis(num_steps, None)).message.warmup_stable_decay_learning_rate
        assert result.warmup_steps + result.decay_steps == num_steps
        alone = [nearest(Fraction(num_steps * percent, 100)) for percent in (5, 95)]
        missed += sum(alone) != num_steps
    # What rounding each length by itself would do.
    assert missed == 500


def test_a_stage_counts_from_its_exact_beginning() -> None:
    # Stages of 2.5 steps begin at 0, 2.5 and 5: at steps 0, 3 and 5.
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    for _ in range(3):
        stage = message.sequential_learning_rate.stage.add(steps=5)
        stage.learning_rate.multi_step_learning_rate.milestones.append(3)
    result = converted(message, Axis(50, None)).message.sequential_learning_rate
    assert [stage.steps for stage in result.stage] == [3, 2, 3]
    milestones = [s.learning_rate.multi_step_learning_rate.milestones[0] for s in result.stage]
    assert milestones == [2, 1, 2]  # 1.5, 4.0 - 3 and 6.5 - 5, of 2, 4 and 7


def test_a_shifted_schedule_counts_from_the_exact_end_of_its_warmup() -> None:
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    message.warmup.warmup_steps, message.warmup.alignment = 5, pb.Warmup.SHIFT
    message.multi_step_learning_rate.milestones.extend([50, 95])
    result = converted(message, Axis(50, None)).message
    assert result.warmup.warmup_steps == 3
    assert list(result.multi_step_learning_rate.milestones) == [25, 47]  # 27.5 and 50, less 3


def test_periods_are_rounded_by_themselves() -> None:
    message = pb.LearningRate(step_unit=pb.EPOCHS, examples_per_epoch=1281167)
    message.exponential_decay_learning_rate.decay_steps = 3
    result = converted(message, Axis(None, 8192))
    assert result.message.exponential_decay_learning_rate.decay_steps == 469  # 469.17


def test_a_table_under_a_unit_is_its_boundaries() -> None:
    message = pb.LearningRate(step_unit=pb.EPOCHS, examples_per_epoch=5)
    message.table_learning_rate.learning_rates.extend([0.3, 0.2, 0.1])
    result = converted(message, Axis(None, 2))
    piecewise = result.message.piecewise_constant_learning_rate
    assert (list(piecewise.boundaries), list(piecewise.values)) == ([2, 4], [0.3, 0.2, 0.1])
    schedule = lower(result.message)
    assert [schedule(step) for step in range(7)] == [0.3, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1]
    kind = "piecewise_constant_learning_rate"
    third = ("table_learning_rate", "learning_rates", 2)
    assert result.original((kind, "boundaries", 1)) == result.original((kind, "values", 2)) == third
    del message.table_learning_rate.learning_rates[1:]
    result = converted(message, Axis(None, 2))
    assert result.message.constant_learning_rate.learning_rate == 0.3
    assert result.original(("constant_learning_rate",)) == ("table_learning_rate",)


def test_a_table_may_repeat_a_rate_under_a_unit_as_in_steps() -> None:
    table = "table_learning_rate { learning_rates: [0.1, 0.1, 0.01] steps_per_entry: %s }"
    in_epochs = f"step_unit: EPOCHS examples_per_epoch: 32 {table % 300}"
    assert found(PIPELINE % in_epochs) == found(PIPELINE % (table % 300)) == []


def custom(syntax: str, options: Any) -> Any:
    """A message type of another package, with one number that the options are about."""
    name = f"units_{syntax}_{'marked' if options else 'unmarked'}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package=name, syntax=syntax)
    file.dependency.append("schedule_builder/v1/options.proto")
    message = file.message_type.add(name="Kind")
    number = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(
        name="length", number=1, type=number.TYPE_INT64, label=number.LABEL_OPTIONAL
    )
    if options:
        extensions: Any = field.options.Extensions
        extensions[options_pb2.counts_steps] = options
    message.field.add(name="other", number=2, type=number.TYPE_INT64, label=number.LABEL_OPTIONAL)
    return made(file)["Kind"]


def made(file: Any) -> dict[str, Any]:
    """The types of message in a file, by name, which is added to the known ones."""
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    factory: Any = message_factory
    get = getattr(factory, "GetMessageClass", None) or factory.MessageFactory(pool).GetPrototype
    names = [message.name for message in file.message_type]
    return {name: get(pool.FindMessageTypeByName(f"{file.package}.{name}")) for name in names}


@pytest.mark.parametrize("syntax", ["proto2", "proto3"])
def test_of_a_custom_kind_the_marked_fields_are_converted(syntax: str) -> None:
    marked, unmarked = custom(syntax, options_pb2.LENGTH), custom(syntax, 0)
    kinds = {kind.DESCRIPTOR.full_name: kind for kind in (marked, unmarked)}
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    message.custom.Pack(marked(length=5, other=7))
    result = in_steps(message, AXIS, lambda: kinds)
    unpacked = marked()
    assert result.message.custom.Unpack(unpacked)
    assert unpacked == marked(length=50, other=7)
    assert not result.problems
    message.custom.Pack(unmarked(length=5, other=7))
    (problem,) = in_steps(message, AXIS, lambda: kinds).problems
    assert problem.path == ("custom",)
    assert "cannot be used with `step_unit: PERCENT_OF_RUN`" in str(problem.words)
    message.step_unit = pb.STEPS
    assert not in_steps(message, AXIS, lambda: kinds).problems
    message.custom.Pack(marked())
    message.step_unit = pb.PERCENT_OF_RUN
    assert not in_steps(message, AXIS, lambda: kinds).problems


PARTS = """
name: "units_parts.proto" package: "units_parts" syntax: "proto2"
dependency: "schedule_builder/v1/options.proto"
message_type {
  name: "Kind"
  field { name: "rate" number: 1 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
  field { name: "again" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL
          type_name: ".units_parts.Kind" }
  field { name: "part" number: 3 type: TYPE_MESSAGE label: LABEL_REPEATED
          type_name: ".units_parts.Part" }
}
message_type {
  name: "Part"
  field { name: "rate" number: 1 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
  field { name: "length" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL default_value: "1"
          options { [schedule_builder.v1.counts_steps]: LENGTH } }
  field { name: "more" number: 3 type: TYPE_INT64 label: LABEL_OPTIONAL default_value: "2"
          options { [schedule_builder.v1.counts_steps]: LENGTH } }
}
message_type {
  name: "Loop"
  field { name: "rate" number: 1 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
  field { name: "again" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL
          type_name: ".units_parts.Loop" }
}
"""


def test_marked_fields_may_be_inside_and_messages_in_themselves() -> None:
    file = text_format.Parse(PARTS, descriptor_pb2.FileDescriptorProto())
    types = made(file)
    kind, loop = types["Kind"], types["Loop"]
    kinds = {found.DESCRIPTOR.full_name: found for found in types.values()}
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN)
    message.custom.Pack(text_format.Parse("part { length: 5 more: 1 } part { more: 3 }", kind()))
    result = in_steps(message, Axis(250, None), lambda: kinds)
    unpacked = kind()
    assert result.message.custom.Unpack(unpacked)
    # 12.5, then 15, and to 22.5.
    assert unpacked == text_format.Parse("part { length: 13 more: 2 } part { more: 8 }", kind())
    # A default of 1 is not a number of steps that somebody chose, as one of 2 is.
    assert not result.problems
    message.custom.Pack(text_format.Parse("part { length: 5 }", kind()))
    (problem,) = in_steps(message, AXIS, lambda: kinds).problems
    assert problem.path == ("custom", "part", 0, "more")
    message.custom.Pack(loop(again=loop()))
    (problem,) = in_steps(message, AXIS, lambda: kinds).problems
    assert problem.path == ("custom",)


def test_what_a_length_came_from() -> None:
    message = pb.LearningRate(step_unit=pb.PERCENT_OF_RUN, examples_per_epoch=1281167)
    message.warmup.warmup_steps, message.warmup.step_unit = 5, pb.EPOCHS
    message.multi_step_learning_rate.milestones.append(60)
    lengths = converted(message, Axis(14075, 8192)).lengths
    assert {path: str(length) for path, length in lengths.items()} == {
        ("warmup", "warmup_steps"): "5 epochs of 156.39246 steps",
        ("multi_step_learning_rate", "milestones", 0): "60 % of 14075",
    }
    assert lengths["warmup", "warmup_steps"] == Length(5, pb.EPOCHS, 782, Fraction(1281167, 8192))


def test_without_units_there_is_nothing_to_do() -> None:
    assert all(dialect.in_steps(dialect.root(), 1000, 32) is None for dialect in DIALECTS)
    message = pb.LearningRate()
    message.multi_step_learning_rate.milestones.append(60)
    assert not has_units(message)
    assert converted(message).message == message


@given(in_units())
@settings(
    max_examples=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
def test_units_are_what_they_are_by_hand_exact(drawn: tuple[Any, int, int]) -> None:
    message, num_steps, batch_size = drawn
    result = converted(message, Axis(num_steps, batch_size))
    try:
        expected = by_hand(message, num_steps, batch_size)
    except Collision:
        event("two boundaries fall together")
        assert result.problems
        return
    except ValueError:
        # A number of steps that the API's own fields cannot hold.
        assert result.problems
        return
    assert not result.problems
    assert result.message == expected
    if num_steps % 10:
        # Equal messages have equal schedules; a share of them is compared all the same.
        return
    try:
        schedule, other = lower(result.message), lower(expected)
    except LoweringError:
        assume(False)
    assert comparison.first_difference(schedule, other) is None


PIPELINE = """train_config {
  batch_size: 32
  num_steps: 1000
  optimizer { momentum_optimizer { learning_rate {
    %s
  } } }
}
"""
MILESTONES = "multi_step_learning_rate { initial_learning_rate: 0.1 milestones: [60, 80] }"
YAML = """train_config:
  num_steps: 1000
  optimizer:
    momentum_optimizer:
      learning_rate:
        step_unit: PERCENT_OF_RUN
        multi_step_learning_rate: {initial_learning_rate: 0.1, milestones: [60, 80]}
        warmup: {warmup_steps: 5}
"""


def found(text: str, filename: str = "a.config") -> list[str]:
    return [str(d) for d in sb.validate_text(text, filename)]


def test_a_pipeline_in_percent_is_one_in_steps(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    schedule = sb.build_schedule(path)
    assert schedule.begins == [0, 50, 600, 800]
    in_steps = YAML.replace("step_unit: PERCENT_OF_RUN", "step_unit: STEPS")
    in_steps = in_steps.replace("60, 80", "600, 800").replace("steps: 5", "steps: 50")
    other = tmp_path / "b.yaml"
    other.write_text(in_steps)
    assert sb.first_difference(path, other) is None
    assert found(YAML, "a.yaml") == found(in_steps, "b.yaml") == []


def test_another_run_length_moves_the_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    config = sb.load(path, overrides="train_config.num_steps=90000")
    assert sb.build_schedule(config).begins == [0, 4500, 54000, 72000]


def test_the_recipe_in_epochs_is_the_one_in_steps() -> None:
    configs = Path(__file__).parent.parent.parent / "configs"
    for suffix in ("config", "yaml"):
        name = f"resnet50_imagenet_1_hour_epochs.{suffix}"
        one, other = configs / name, configs / "resnet50_imagenet_1_hour.config"
        assert sb.first_difference(one, other) is None
        assert sb.build_schedule(one).begins == sb.build_schedule(other).begins


def test_what_a_bare_learning_rate_lacks_comes_from_the_caller() -> None:
    bare = {"step_unit": "PERCENT_OF_RUN", "multi_step_learning_rate": {"milestones": [50]}}
    bare["multi_step_learning_rate"]["initial_learning_rate"] = 0.1  # type: ignore[index]
    with pytest.raises(sb.ConfigError, match=r"needs the run length.*pass `--num-steps`"):
        sb.build_schedule(bare)
    assert sb.build_schedule(bare, num_steps=1000).begins == [0, 500]
    epochs = {**bare, "step_unit": "EPOCHS", "examples_per_epoch": 100}
    with pytest.raises(sb.ConfigError, match="needs the batch size"):
        sb.build_schedule(epochs)
    assert sb.build_schedule(epochs, batch_size=40).begins == [0, 125]
    with pytest.raises(ValueError, match="batch_size"):
        sb.build_schedule(epochs, batch_size=0)


def test_the_table_for_each_epoch_begins_each_at_the_nearest_step() -> None:
    configs = Path(__file__).parent.parent.parent / "configs"
    for suffix in ("config", "yaml"):
        path = configs / f"table_for_each_epoch.{suffix}"
        begins = sb.build_schedule(path).begins
        # 4 * 390.625 is 1562.5: a half, up.
        assert begins == [0, 391, 781, 1172, 1563, 1953, 2344, 2734, 3125, 3516]
        assert not sb.validate([path])


BAD = {
    "step_unit: EPOCHS examples_per_epoch: 3200000000 manual_step_learning_rate"
    " { schedule { step: 3000 learning_rate: 0.1 } }": (
        "5:99: error[SB316] 3000 epochs of 100000000 steps are 300000000000 steps, and `step` holds"
        " at most 4294967295. Use a smaller number, or check `examples_per_epoch`"
    ),
    # An error at the unit also where nothing is counted in it.
    "step_unit: EPOCHS constant_learning_rate { learning_rate: 0.1 }": "5:16: error[SB316]"
    " `step_unit: EPOCHS` needs the number of examples",
    f"step_unit: EPOCHS {MILESTONES}": "5:16: error[SB316] `step_unit: EPOCHS` needs the number of"
    " examples: add `examples_per_epoch`",
    f"examples_per_epoch: 100 {MILESTONES}": "5:25: warning[SB317] unused `examples_per_epoch`",
    "step_unit: PERMILLE_OF_RUN cosine_decay_learning_rate { learning_rate_base: 0.1 warmup_steps: "
    "0 }": "5:32: error[SB316] `total_steps` is missing: its default is 4000000 steps",
    f"step_unit: PERCENT_OF_RUN {MILESTONES.replace('80', '120')}": "5:102: warning[SB402] this"
    " stage is never reached: it begins at step 1200, and training ends after 1000 steps.",
}


@pytest.mark.parametrize("body", BAD)
def test_what_is_wrong_with_a_unit_is_located(body: str) -> None:
    (finding,) = found(PIPELINE % body)
    assert finding.startswith(f"a.config:{BAD[body]}")


def test_what_is_right_with_a_unit_is_no_finding() -> None:
    constant = "constant_learning_rate { learning_rate: 0.1 }"
    assert not found(PIPELINE % f"step_unit: EPOCHS examples_per_epoch: 9 {constant}")
    assert not found(PIPELINE % f"step_unit: STEPS {constant}")


@pytest.mark.parametrize(
    ("unit", "removed"), [("PERCENT_OF_RUN", "num_steps"), ("EPOCHS", "batch_size")]
)
def test_what_a_unit_needs_is_named_at_the_unit(unit: str, removed: str) -> None:
    text = PIPELINE % f"step_unit: {unit} examples_per_epoch: 100 {MILESTONES}"
    lines = [line for line in text.splitlines() if removed not in line]
    errors = [text for text in found("\n".join(lines)) if "error" in text]
    assert len(errors) == 1
    assert errors[0].startswith(f"a.config:4:16: error[SB316] `step_unit: {unit}` needs the ")
    assert f"set `train_config.{removed}`" in errors[0]


def test_findings_speak_of_both() -> None:
    (finding,) = found(PIPELINE % f"step_unit: PERCENT_OF_RUN {MILESTONES.replace('80', '120')}")
    # A longer run would not help: the stage moves with it.
    assert finding.endswith(
        "Begin it earlier (`multi_step_learning_rate.milestones[1]` is 120 % of 1000, by"
        " `step_unit`)"
    )
    in_steps = PIPELINE % MILESTONES.replace("60, 80", "600, 1200")
    (finding,) = found(in_steps)
    assert finding.endswith("Begin it earlier, or train for longer")


def test_a_length_of_no_step_and_boundaries_that_fall_together_show_the_arithmetic() -> None:
    body = f"step_unit: PERCENT_OF_RUN {MILESTONES.replace('60, 80', '1, 50, 51')}"
    findings = found((PIPELINE % body).replace("1000", "40"))
    assert [f.partition("] ")[2] for f in findings] == [
        "1 percent is 0.4 steps, which rounds to 0. Use a larger number, or"
        " write it in steps under `step_unit: STEPS`",
        "this boundary and the one before it both round to step 20, from 20 and 20.4. 1 percent"
        " is 0.4 steps. Move them apart",
    ]
    body = f"step_unit: EPOCHS examples_per_epoch: 80 {MILESTONES.replace('60, 80', '50, 51')}"
    (finding,) = found((PIPELINE % body).replace("batch_size: 32", "batch_size: 200"))
    assert finding.endswith("from 20 and 20.4. 1 epoch is 0.4 steps. Move them apart")


def test_a_length_that_is_too_large_is_not_blamed_on_epochs() -> None:
    step = "manual_step_learning_rate { schedule { step: 4000000000 learning_rate: 0.1 } }"
    (finding,) = found(PIPELINE % f"step_unit: PERCENT_OF_RUN {step}")
    assert finding.endswith("`step` holds at most 4294967295. Use a smaller number")


def test_a_fix_that_writes_steps_is_not_offered_under_a_unit() -> None:
    cosine = (
        "cosine_decay_learning_rate { learning_rate_base: 0.1 warmup_steps: 0 total_steps: %d }"
    )
    in_percent, in_steps = (
        sb.validate_text(PIPELINE % f"step_unit: {unit} {cosine % count}", "a.config")
        for unit, count in (("PERCENT_OF_RUN", 200), ("STEPS", 2000))
    )
    assert [d.code for d in in_percent] == [d.code for d in in_steps] == ["SB403"]
    assert in_steps[0].fix is not None
    assert in_percent[0].fix is None


def test_the_settings_give_the_run_length_and_diff_compares_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.schedule-builder]\nnum-steps = 2000\n")
    one, other = tmp_path / "a.config", tmp_path / "b.config"
    one.write_text(f"step_unit: PERCENT_OF_RUN {MILESTONES}")
    other.write_text(MILESTONES.replace("60, 80", "1200, 1600"))
    assert main(["validate", str(one)]) == 0
    assert not sb.validate([one])
    assert main(["diff", str(one), str(other)]) == 0
    assert main(["diff", str(one), str(other), "--num-steps", "1000"]) == 1
    assert "at steps 600..999" in capsys.readouterr().out
    assert sb.first_difference(sb.load(one, num_steps=2000), other) is None
    with pytest.raises(sb.ConfigError, match="in Python, `num_steps=`"):
        sb.first_difference(one, other)


@pytest.mark.parametrize("unit", ["EPOCHS", "PERCENT_OF_RUN", "PERMILLE_OF_RUN"])
def test_the_other_format_keeps_the_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str
) -> None:
    path = tmp_path / "a.config"
    examples = "examples_per_epoch: 500" * (unit == "EPOCHS")
    path.write_text(PIPELINE % f"step_unit: {unit} {examples} {MILESTONES}")
    assert main(["convert", str(path)]) == 0
    other = tmp_path / "a.yaml"
    other.write_text(capsys.readouterr().out)
    assert f"step_unit: {unit}" in other.read_text()
    assert sb.load(other).message == sb.load(path).message
    assert sb.first_difference(path, other) is None


def test_a_set_run_length_moves_the_boundaries_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    override = ["--set", "train_config.num_steps=90000"]
    assert main(["show", *override, "--steps", "0", "--format", "json", str(path)]) == 0
    begins = [segment["begin"] for segment in json.loads(capsys.readouterr().out)["segments"]]
    assert begins == [0, 4500, 54000, 72000]


def test_an_experiment_has_no_units() -> None:
    text = (
        "trainer:\n  train_steps: 100\n  optimizer_config:\n    step_unit: PERCENT_OF_RUN\n"
        "    optimizer: {type: sgd}\n"
        "    learning_rate: {type: constant, constant: {learning_rate: 0.1}}\n"
    )
    (finding,) = (f for f in found(text, "a.yaml") if "error" in f)
    assert finding.startswith("a.yaml:4:5: error[SB201]")


def test_inner_examples_override_outer_ones() -> None:
    inner = "multi_step_learning_rate { initial_learning_rate: 0.1 milestones: 1 }"
    stage = f"learning_rate {{ examples_per_epoch: 1600 {inner} }}"
    text = (
        f"step_unit: EPOCHS examples_per_epoch: 3200 sequential_learning_rate {{ stage {{ steps: 2"
        f" {stage} }} stage {{ learning_rate {{ {inner} }} }} }}"
    )
    message = text_format.Parse(text, pb.LearningRate())
    schedule = sb.build_schedule(message, batch_size=32)
    assert schedule.begins == [0, 50, 200, 300]


# An epoch of 2.5 steps: what each kind is in steps, by hand.
IN_STEPS: list[tuple[str, str]] = [
    (
        "exponential_decay_learning_rate { decay_steps: 3 burnin_steps: 5 }",
        "exponential_decay_learning_rate { decay_steps: 8 burnin_steps: 13 }",
    ),
    (
        "manual_step_learning_rate { schedule { step: 1 } schedule { step: 4 } }",
        "manual_step_learning_rate { schedule { step: 3 } schedule { step: 10 } }",
    ),
    (
        # 2.5, then to 7.5, and to 22.5 in all.
        "cosine_decay_learning_rate { warmup_steps: 1 hold_base_rate_steps: 2 total_steps: 9 }",
        "cosine_decay_learning_rate { warmup_steps: 3 hold_base_rate_steps: 5 total_steps: 23 }",
    ),
    (
        "cosine_decay_learning_rate { warmup_steps: 0 total_steps: 9 }",
        "cosine_decay_learning_rate { warmup_steps: 0 total_steps: 23 }",
    ),
    (
        "piecewise_constant_learning_rate { boundaries: [1, 3] }",
        "piecewise_constant_learning_rate { boundaries: [3, 8] }",
    ),
    (
        "piecewise_linear_learning_rate { point { step: 0 } point { step: 3 } }",
        "piecewise_linear_learning_rate { point { step: 0 } point { step: 8 } }",
    ),
    (
        "inverse_sqrt_learning_rate { timescale: 3 }",
        "inverse_sqrt_learning_rate { timescale: 8 }",
    ),
    (
        # 2.5, and to 10.
        "power_decay_learning_rate { offset_steps: 1 total_steps: 3 }",
        "power_decay_learning_rate { offset_steps: 3 total_steps: 7 }",
    ),
    (
        # 2.5, 5 and 12.5.
        "warmup_stable_decay_learning_rate { warmup_steps: 1 stable_steps: 1 decay_steps: 3 }",
        "warmup_stable_decay_learning_rate { warmup_steps: 3 stable_steps: 2 decay_steps: 8 }",
    ),
    ("noam_learning_rate { warmup_steps: 3 }", "noam_learning_rate { warmup_steps: 8 }"),
    ("one_cycle_learning_rate { total_steps: 3 }", "one_cycle_learning_rate { total_steps: 8 }"),
    (
        "table_learning_rate { learning_rates: [3, 2, 1] steps_per_entry: 3 }",
        "piecewise_constant_learning_rate { values: [3, 2, 1] boundaries: [7, 14] }",
    ),
    # A period is 7.5 steps wherever it begins, and a position from 2.5 on is 10 less 3.
    (
        "warmup { warmup_steps: 1 alignment: SHIFT } polynomial_decay_learning_rate {"
        " decay_steps: 3 cycle: true }",
        "warmup { warmup_steps: 3 alignment: SHIFT } polynomial_decay_learning_rate {"
        " decay_steps: 8 cycle: true }",
    ),
    (
        "warmup { warmup_steps: 1 alignment: SHIFT } polynomial_decay_learning_rate {"
        " decay_steps: 3 cycle: false }",
        "warmup { warmup_steps: 3 alignment: SHIFT } polynomial_decay_learning_rate {"
        " decay_steps: 7 cycle: false }",
    ),
    (
        # It begins at 2.5, 7.5 and 12.5, which are steps 3, 8 and 13.
        "warmup { warmup_steps: 1 alignment: SHIFT } table_learning_rate {"
        " learning_rates: [3, 2, 1] steps_per_entry: 2 }",
        "warmup { warmup_steps: 3 alignment: SHIFT } piecewise_constant_learning_rate {"
        " values: [3, 2, 1] boundaries: [4, 9] }",
    ),
    # A warmup over the schedule moves nothing.
    (
        "warmup { warmup_steps: 1 } multi_step_learning_rate { milestones: 3 }",
        "warmup { warmup_steps: 3 } multi_step_learning_rate { milestones: 8 }",
    ),
    (
        "warmup { alignment: SHIFT } multi_step_learning_rate { milestones: 3 }",
        "warmup { alignment: SHIFT } multi_step_learning_rate { milestones: 8 }",
    ),
    # A stage in steps between two in epochs: 5 steps, then 7, then to 12 + 7.5.
    (
        "sequential_learning_rate { stage { steps: 2 learning_rate { step_unit: STEPS"
        " multi_step_learning_rate { milestones: 3 } } } stage { learning_rate {"
        " multi_step_learning_rate { milestones: 3 } } } }",
        "sequential_learning_rate { stage { steps: 5 learning_rate {"
        " multi_step_learning_rate { milestones: 3 } } } stage { learning_rate {"
        " multi_step_learning_rate { milestones: 8 } } } }",
    ),
    # 3 epochs of 1.5 steps in one of its members.
    (
        "combined_learning_rate { learning_rates { examples_per_epoch: 3"
        " multi_step_learning_rate { milestones: 3 } } learning_rates {"
        " multi_step_learning_rate { milestones: 3 } } }",
        "combined_learning_rate { learning_rates { multi_step_learning_rate { milestones: 5 } }"
        " learning_rates { multi_step_learning_rate { milestones: 8 } } }",
    ),
]


def under(unit: str, body: str) -> Any:
    return text_format.Parse(f"{unit} {body}", pb.LearningRate())


@pytest.mark.parametrize(("body", "wanted"), IN_STEPS)
def test_each_kind_in_steps(body: str, wanted: str) -> None:
    result = converted(under("step_unit: EPOCHS examples_per_epoch: 5", body), Axis(None, 2))
    assert not result.problems
    assert result.message == under("", wanted)
    assert result.unused_examples == []


def test_a_stage_in_steps_counts_from_where_it_begins() -> None:
    epochs = "learning_rate { step_unit: EPOCHS multi_step_learning_rate { milestones: 1 } }"
    for unit in ("", "step_unit: STEPS"):
        body = f"examples_per_epoch: 5 sequential_learning_rate {{ stage {{ steps: 3 {epochs} }}"
        result = converted(under(unit, f"{body} stage {{ {epochs} }} }}"), Axis(None, 2))
        first, second = result.message.sequential_learning_rate.stage
        assert first.steps == 3
        assert list(first.learning_rate.multi_step_learning_rate.milestones) == [3]
        # From step 3 to 5.5, which is rounded to 6.
        assert list(second.learning_rate.multi_step_learning_rate.milestones) == [3]
        # A number of steps came from no other unit.
        assert {path[-3:] for path in result.lengths} == {
            ("multi_step_learning_rate", "milestones", 0)
        }


def test_where_the_fields_of_a_table_stood() -> None:
    table = "table_learning_rate { learning_rates: [%s] steps_per_entry: 2 }"
    stage = ("sequential_learning_rate", "stage", 0, "learning_rate")
    for outside, body in (
        ((), table),
        (stage, f"sequential_learning_rate {{ stage {{ learning_rate {{ {table} }} }} }}"),
    ):
        given = (*outside, "table_learning_rate")
        unit = "step_unit: EPOCHS examples_per_epoch: 5"
        result = converted(under(unit, body % "3, 2, 1"), Axis(None, 2))
        moved = (*outside, "piecewise_constant_learning_rate")
        places: dict[Any, Any] = {
            (): (),
            ("values",): ("values",),
            ("values", 0): ("learning_rates", 0),
            ("values", 2): ("learning_rates", 2),
            ("boundaries", 0): ("learning_rates", 1),
            ("boundaries", 1): ("learning_rates", 2),
        }
        for new, old in places.items():
            assert result.original((*moved, *new)) == (*given, *old)
        assert result.original((*outside, "warmup")) == (*outside, "warmup")
        assert result.lengths == {
            (*given, "steps_per_entry"): Length(2, pb.EPOCHS, 5, Fraction(5, 2))
        }
        result = converted(under(unit, body % "3"), Axis(None, 2))
        moved = (*outside, "constant_learning_rate")
        assert result.original(moved) == given
        assert result.original((*moved, "learning_rate")) == (*given, "learning_rates", 0)


def test_entries_of_a_table_that_begin_together() -> None:
    table = "table_learning_rate { learning_rates: [4, 3, 2, 1] }"
    unit = "step_unit: EPOCHS examples_per_epoch: %d"
    # At 0, 2.5 / 4, 5 / 4 and 7.5 / 4.
    assert problems(under(unit % 5, table), Axis(None, 8)) == [
        (
            ("table_learning_rate", "steps_per_entry"),
            "entries 1 and 2 both begin at step 1: an entry of 1 epoch lasts 0.625 steps. Use a"
            " longer `steps_per_entry`",
        )
    ]
    twice = table.replace("1] ", "1] steps_per_entry: 2 ")
    assert problems(under(unit % 5, twice), Axis(None, 8)) == []
    ((_, words),) = problems(under(unit % 1, twice), Axis(None, 8))
    assert words.startswith(
        "entries 0 and 1 both begin at step 0: an entry of 2 epochs lasts 0.25 steps."
    )


MILESTONE = "multi_step_learning_rate { milestones: 10 }"


@pytest.mark.parametrize(
    ("unit", "axis", "words"),
    [
        ("EPOCHS", Axis(100, 8), "the number of examples: add `examples_per_epoch` beside it"),
        ("EPOCHS", Axis(None, None), "the number of examples: add `examples_per_epoch` beside it"),
        ("EPOCHS examples_per_epoch: 8", Axis(100, None, "", "a.batch_size"),
         "the batch size: set `a.batch_size`"),
        ("EPOCHS examples_per_epoch: 8", Axis(100, None, "a.num_steps"),
         "the batch size, which this file does not hold: pass `--batch-size` (in Python,"
         " `batch_size=`)"),
        ("PERCENT_OF_RUN", Axis(None, 8, "a.num_steps"),
         "the run length: set `a.num_steps`, or pass `--num-steps`"),
        ("PERMILLE_OF_RUN", Axis(None, 8, "", "a.batch_size"),
         "the run length, which this file does not hold: pass `--num-steps` (in Python,"
         " `num_steps=`)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [MILESTONE, "constant_learning_rate {}", "table_learning_rate {}"])
def test_what_a_unit_lacks_is_said_once(unit: str, axis: Axis, words: str, kind: str) -> None:
    name = unit.split(maxsplit=1)[0]
    wanted = [(("step_unit",), f"`step_unit: {name}` needs {words}")]
    assert problems(under(f"step_unit: {unit} {kind}", ""), axis) == wanted
    # Also where the unit of what is around it is repeated.
    inner = f"combined_learning_rate {{ learning_rates {{ step_unit: {name} {kind} }} }}"
    assert problems(under(f"step_unit: {unit}", inner), axis) == wanted


def test_what_a_unit_inside_lacks_is_said_there() -> None:
    member = f"learning_rates {{ step_unit: EPOCHS {MILESTONE} }}"
    (problem,) = problems(under(f"combined_learning_rate {{ {member} }}", ""), Axis(9, 9))
    assert problem[0] == ("combined_learning_rate", "learning_rates", 0, "step_unit")
    warmup = "warmup { warmup_steps: 5 step_unit: PERCENT_OF_RUN } constant_learning_rate {}"
    (problem,) = problems(under(warmup, ""), Axis(None, 9))
    assert problem[0] == ("warmup", "step_unit")


EXAMPLES = "examples_per_epoch: 8"
USES = "step_unit: EPOCHS multi_step_learning_rate { milestones: 10 }"


@pytest.mark.parametrize(
    ("body", "unused"),
    [
        (f"{EXAMPLES} {USES}", []),
        (f"{EXAMPLES} {MILESTONE}", [()]),
        (f"{EXAMPLES} {MILESTONE} step_unit: PERCENT_OF_RUN", [()]),
        (f"{EXAMPLES} {MILESTONE} warmup {{ warmup_steps: 1 step_unit: EPOCHS }}", []),
        (f"{EXAMPLES} {MILESTONE} warmup {{ warmup_steps: 1 }}", [()]),
        (f"{EXAMPLES} combined_learning_rate {{ learning_rates {{ {USES} }} }}", []),
        (f"{EXAMPLES} combined_learning_rate {{ learning_rates {{ {MILESTONE} }} }}", [()]),
        (
            f"{EXAMPLES} combined_learning_rate {{ learning_rates {{ {USES} }} learning_rates {{"
            f" {EXAMPLES} {MILESTONE} }} }}",
            [("combined_learning_rate", "learning_rates", 1)],
        ),
        (f"combined_learning_rate {{ learning_rates {{ {MILESTONE} }} }}", []),
    ],
)
def test_examples_that_no_epoch_needs(body: str, unused: list[Any]) -> None:
    result = converted(under(body, ""))
    assert result.unused_examples == [(*path, "examples_per_epoch") for path in unused]


# Positions, and then a default that is a number of steps.
APART = (
    "this boundary and the one before it both round to step {}, from {} and {}. 1 percent is {}"
    " steps. Move them apart"
)
NO_STEP = (
    "{} percent is {} steps, which rounds to 0. Use a larger number, or write it in steps under"
    " `step_unit: STEPS`"
)
SHIFTED = "warmup { warmup_steps: 50 alignment: SHIFT } multi_step_learning_rate { milestones: %s }"


@pytest.mark.parametrize(
    ("num_steps", "body", "wanted"),
    [
        (49, "multi_step_learning_rate { milestones: 1 }", [
            ("milestones 0", NO_STEP.format(1, 0.49))]),
        (50, "multi_step_learning_rate { milestones: 1 }", []),
        (49, "multi_step_learning_rate { milestones: 0 }", []),
        # A length of nothing after another one, which ends at 9.8.
        (
            49,
            "warmup_stable_decay_learning_rate { warmup_steps: 20 stable_steps: 1 decay_steps: 9 }",
            [("stable_steps", NO_STEP.format(1, 0.49))],
        ),
        (49, "multi_step_learning_rate { milestones: [20, 21] }", [
            ("milestones 1", APART.format(10, "9.8", "10.29", "0.49"))]),
        (49, "multi_step_learning_rate { milestones: [20, 20] }", []),
        (49, "multi_step_learning_rate { milestones: [20, 22] }", []),
        (50, "multi_step_learning_rate { milestones: [20, 21] }", []),
        # After a warmup of 24.5 steps, which end at step 25: at 34.3 and 34.79, less that.
        (49, SHIFTED % "[20, 21]", []),
        (49, SHIFTED % "[19, 20]", [
            ("milestones 1", APART.format(9, "9.31", "9.8", "0.49"))]),
    ],
)  # fmt: skip
def test_boundaries_that_fall_together(
    num_steps: int, body: str, wanted: list[tuple[str, str]]
) -> None:
    found = problems(under("step_unit: PERCENT_OF_RUN", body), Axis(num_steps, None))
    assert [(" ".join(map(str, path[1:])), words) for path, words in found] == wanted


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("cosine_decay_learning_rate { warmup_steps: 0 }", ["total_steps"]),
        ("cosine_decay_learning_rate {}", ["total_steps", "warmup_steps"]),
        ("exponential_decay_learning_rate {}", ["decay_steps"]),
        ("inverse_sqrt_learning_rate {}", ["timescale"]),
        ("cyclic_learning_rate {}", ["step_size_up"]),
        # The default of these is 0, 1 or none.
        ("power_decay_learning_rate { total_steps: 50 }", []),
        ("power_decay_learning_rate {}", []),
        ("warmup_stable_decay_learning_rate { decay_steps: 50 }", []),
        ("table_learning_rate { learning_rates: [1, 2] }", []),
        # And here it is not a number of steps.
        ("one_cycle_learning_rate { total_steps: 50 }", []),
        ("cosine_restarts_learning_rate { first_decay_steps: 50 }", []),
    ],
)
def test_a_default_of_steps_has_no_meaning_in_another_unit(body: str, missing: list[str]) -> None:
    found = problems(under("step_unit: PERCENT_OF_RUN", body))
    assert sorted(path[-1] for path, _ in found) == missing
    assert problems(under("step_unit: STEPS", body)) == []
    message = under("", body)
    kind = message.WhichOneof("learning_rate")
    for path, words in found:
        default = getattr(getattr(message, kind), path[-1])
        assert words == (
            f"`{path[-1]}` is missing: its default is {default} steps, which has no meaning under"
            " `step_unit: PERCENT_OF_RUN`. Set it"
        )


@pytest.mark.parametrize(("examples", "is_found"), [(2**32 - 1, False), (2**32, True)])
def test_what_a_field_can_hold(examples: int, is_found: bool) -> None:
    manual = "manual_step_learning_rate { schedule { step: 1 } }"
    unit = f"step_unit: EPOCHS examples_per_epoch: {examples}"
    found = problems(under(unit, manual), Axis(None, 1))
    assert [path for path, _ in found] == [
        ("manual_step_learning_rate", "schedule", 0, "step")
    ] * is_found


def test_a_config_without_a_learning_rate_has_none_of_its_parts() -> None:
    assert LEARNING_RATE.kind_path(pb.LearningRate()) == ("",)
    for text in ("", "train_config {}", "train_config { optimizer {} }"):
        message = text_format.Parse(text, PIPELINE_DIALECT.root())
        path = PIPELINE_DIALECT.learning_rate_path(message)
        assert PIPELINE_DIALECT.kind_path(message) == path == ("train_config", "optimizer")
        assert not PIPELINE_DIALECT.uses_batch_size(message)
        assert PIPELINE_DIALECT.in_steps(message, 9, 9) is None
        assert PIPELINE_DIALECT.lower(message, 9) is None
        assert PIPELINE_DIALECT.under_warmup(message) is None
        assert list(PIPELINE_DIALECT.warmups(message)) == []
