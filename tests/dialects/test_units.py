"""Lengths in epochs, percents and permilles of the run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings

from schedule_builder.dialects.kinds import LoweringError, custom_kinds, lower
from schedule_builder.dialects.units import Axis, Length, has_units, in_steps, nearest
from schedule_builder.schedules import comparison
from schedule_builder.v1 import learning_rate_pb2 as pb
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
    assert result.moved["piecewise_constant_learning_rate", "boundaries", 1] == (
        "table_learning_rate",
        "learning_rates",
        2,
    )


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
    try:
        schedule, other = lower(result.message), lower(expected)
    except LoweringError:
        assume(False)
    assert comparison.first_difference(schedule, other) is None
