"""What lowering says beside rates: where segments begin and why, and which values make none."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given

from schedule_builder.config import load
from schedule_builder.dialects import kinds
from schedule_builder.dialects.base import MovingAverage
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.lowering import LoweringError
from schedule_builder.dialects.model_garden import EXPERIMENT, MAX_WAVES
from schedule_builder.dialects.object_detection import PIPELINE
from schedule_builder.dialects.units import Axis, Length, steps_of_unit, unit_noun
from schedule_builder.dialects.variable_rates import Multiplier, VariableRates
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.support.drawing import configs

RUN = ("trainer", "optimizer_config")


def lowered(text: str, batch_size: int | None = None) -> Schedule:
    """The schedule of a LearningRate, or of the `optimizer_config` of an experiment."""
    if text.startswith("garden "):
        text = f"trainer {{ optimizer_config {{ {text.removeprefix('garden ')} }} }}"
    dialect = EXPERIMENT if text.startswith("trainer") else LEARNING_RATE
    message = text_format.Parse(text, dialect.root())
    schedule = dialect.lower(message, batch_size)
    assert schedule is not None
    return schedule


def value_at(message: Any, path: Any) -> Any:
    for name in path:
        message = message[name] if isinstance(name, int) else getattr(message, name)
    return message


@given(configs)
def test_segments_begin_at_0_and_name_fields_that_are_there(message: Any) -> None:
    config = load(message)
    assert config.schedule is not None
    first, *others = config.schedule.segments
    assert first.begin == 0
    for segment in others:
        if not segment.path:
            continue  # No field states where it begins, as with the waves before an offset.
        value = value_at(message, (*config.learning_rate_path, *segment.path))
        assert isinstance(value, int | float)


def of(kind: str, fields: str) -> str:
    return f"{kind}_learning_rate {{ {fields} }}"


BEGINS: list[tuple[str, list[tuple[int, str]]]] = [
    (
        of("piecewise_constant", "boundaries: [10, 20] values: [3, 2, 1]"),
        [(11, "boundaries 0"), (21, "boundaries 1")],
    ),
    (
        of("multi_step", "initial_learning_rate: 1 milestones: [10, 20] decay_factor: 0.1"),
        [(10, "milestones 0"), (20, "milestones 1")],
    ),
    (
        of("manual_step", "schedule { step: 10 } schedule { step: 20 learning_rate: 1 }"),
        [(10, "schedule 0 step"), (20, "schedule 1 step")],
    ),
    (
        of("piecewise_linear", "point { step: 10 } point { step: 20 } point { step: 30 }"),
        [(10, "point 0 step"), (20, "point 1 step"), (30, "point 2 step")],
    ),
    (
        of("exponential_decay", "decay_steps: 5 burnin_steps: 10 burnin_learning_rate: 1"),
        [(10, "burnin_steps")],
    ),
    (
        of("cosine_decay", "total_steps: 40 warmup_steps: 10 hold_base_rate_steps: 5"),
        [(10, "warmup_steps"), (15, "hold_base_rate_steps"), (40, "total_steps")],
    ),
    (
        of("cosine_decay", "total_steps: 40 warmup_steps: 10"),
        [(10, "warmup_steps"), (40, "total_steps")],
    ),
    (
        of("cosine_decay", "total_steps: 20 warmup_steps: 10 hold_base_rate_steps: 10"),
        [(10, "warmup_steps"), (20, "total_steps"), (21, "total_steps")],
    ),
    (of("polynomial_decay", "initial_learning_rate: 1 decay_steps: 10"), [(10, "decay_steps")]),
    (of("polynomial_decay", "initial_learning_rate: 1 decay_steps: 10 power: 0"), []),
    (of("inverse_sqrt", "learning_rate_base: 1 timescale: 10"), [(10, "timescale")]),
    # The divisor reaches 0 at 10 / 0.3, and by stairs at the fourth of them.
    (
        of("inverse_time_decay", "initial_learning_rate: 1 decay_rate: -0.3 decay_steps: 10"),
        [(34, "decay_rate")],
    ),
    (
        of("inverse_time_decay", "initial_learning_rate: 1 decay_rate: -0.3 decay_steps: 10"
           " staircase: true"),
        [(40, "decay_rate")],
    ),
    (
        of("power_decay", "learning_rate_base: 1 power: -1 total_steps: 10"
           " linear_tail_fraction: 0.5"),
        [],
    ),
    (of("power_decay", f"learning_rate_base: 1 power: -1 offset_steps: {MAX_STEP}"), []),
    (
        of("one_cycle", "max_learning_rate: 1 total_steps: 100 pct_start: 0.3"),
        [(30, "pct_start"), (99, "total_steps")],
    ),
    (
        of("one_cycle", "max_learning_rate: 1 total_steps: 100 pct_start: 0.3 three_phase: true"),
        [(30, "pct_start"), (59, "pct_start"), (99, "total_steps")],
    ),
    (
        of("cyclic", f"max_learning_rate: 1 step_size_up: {2**62} step_size_down: {2**62}"),
        [(2**62, "step_size_up")],
    ),
    (of("cyclic", f"max_learning_rate: 1 step_size_up: 1 step_size_down: {MAX_STEP - 1}"), []),
    (
        of("warmup_stable_decay", "peak_learning_rate: 1 warmup_steps: 10 stable_steps: 20"
           " decay_steps: 30"),
        [(10, "warmup_steps"), (30, "stable_steps"), (60, "decay_steps")],
    ),
    (of("noam", "model_dim: 4 warmup_steps: 10 scale: 1"), [(9, "warmup_steps")]),
    (of("noam", "model_dim: 4 warmup_steps: 1 scale: 1"), []),
    (of("tanh_decay", "learning_rate_base: 1 total_steps: 10"), [(10, "total_steps")]),
    (
        of("table", "learning_rates: [3, 2, 1] steps_per_entry: 10"),
        [(10, "learning_rates 1"), (20, "learning_rates 2")],
    ),
    (
        of("cosine_restarts", "initial_learning_rate: 1 first_decay_steps: 10 t_mul: 1 m_mul: 0"),
        [(10, "first_decay_steps")],
    ),
    (
        "sequential_learning_rate { stage { steps: 10 learning_rate { table_learning_rate {"
        " learning_rates: [3, 2] steps_per_entry: 7 } } } stage { steps: 20 learning_rate {"
        " table_learning_rate { learning_rates: [3, 2, 1] steps_per_entry: 10 } } }"
        " stage { learning_rate { constant_learning_rate { learning_rate: 9 } } } }",
        [
            (7, "stage 0 learning_rate table_learning_rate learning_rates 1"),
            (10, "stage 0 steps"),
            (20, "stage 1 learning_rate table_learning_rate learning_rates 1"),
            (30, "stage 1 steps"),
        ],
    ),
    (
        "constant_learning_rate { learning_rate: 1 } warmup { warmup_steps: 10 }",
        [(10, "warmup warmup_steps")],
    ),
    (
        of("tanh_decay", "learning_rate_base: 1 total_steps: 10")
        + " warmup { warmup_steps: 5 alignment: SHIFT }",
        [(5, "warmup warmup_steps"), (15, "total_steps")],
    ),
    (
        "garden learning_rate { type: 'stepwise' stepwise { boundaries: [10, 20, 30]"
        " values: [4, 3, 2, 1] offset: -11 } }",
        [(10, "boundaries 1"), (20, "boundaries 2")],
    ),
    (
        "garden learning_rate { type: 'stepwise' stepwise { boundaries: [10, 20]"
        " values: [4, 3, 2] offset: -10 } }",
        [(1, "boundaries 0"), (11, "boundaries 1")],
    ),
    (
        "garden learning_rate { type: 'cosine' cosine { initial_learning_rate: 1 decay_steps: 10"
        " } }",
        [(10, "decay_steps")],
    ),
    (
        "garden learning_rate { type: 'step_cosine_with_offset' step_cosine_with_offset {"
        " boundaries: [0, 10, 20, 30] values: [4, 3, 2, 1] } }",
        [(10, "boundaries 1"), (20, "boundaries 2"), (30, "boundaries 3")],
    ),
    (
        "garden learning_rate { type: 'constant' constant { learning_rate: 1 } }"
        " warmup { type: 'linear' linear { warmup_steps: 10 } }",
        [(10, "warmup linear warmup_steps")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), BEGINS)
def test_segments_begin_where_a_field_says(text: str, wanted: list[tuple[int, str]]) -> None:
    kind = text.removeprefix("garden ").split()[0]
    found = []
    for segment in lowered(text).segments[1:]:
        path = [str(name) for name in segment.path]
        own = path[path[0] == kind :] if kind != "learning_rate" else path
        own = own[2:] if kind == "learning_rate" and path[0] == kind else own
        found.append((segment.begin, " ".join(own)))
    assert found == wanted


EXPONENTIAL = "warmup { warmup_steps: 10 shape: EXPONENTIAL"
RESTARTS = "initial_learning_rate: 1 first_decay_steps: {} t_mul: {}"
WAVES = "cosine {{ initial_learning_rate: 1 decay_steps: 10 offset: {} }}"
REFUSED = [
    ("", ""),
    (
        "constant_learning_rate { learning_rate: 1 } batch_size_scaling {"
        " reference_batch_size: 8 }",
        "batch_size_scaling",
    ),
    (f"constant_learning_rate {{ learning_rate: 1 }} {EXPONENTIAL} }}",
     "warmup warmup_learning_rate"),
    (f"constant_learning_rate {{ learning_rate: 0 }} {EXPONENTIAL} warmup_learning_rate: 1 }}",
     "warmup warmup_steps"),
    (of("cosine_restarts", RESTARTS.format(1, 1.009)), "cosine_restarts_learning_rate t_mul"),
    (of("one_cycle", "total_steps: 2"), "one_cycle_learning_rate total_steps"),
    (of("one_cycle", "total_steps: 50 pct_start: 0.01"), "one_cycle_learning_rate pct_start"),
    (of("one_cycle", "total_steps: 50 pct_start: 0.02"), "one_cycle_learning_rate pct_start"),
    (
        of("one_cycle", "total_steps: 50 pct_start: 0.51 three_phase: true"),
        "one_cycle_learning_rate pct_start",
    ),
    (
        of("cyclic", f"max_learning_rate: 1 step_size_up: {2**62} step_size_down: {2**62}"
           " mode: EXP_RANGE"),
        "cyclic_learning_rate step_size_up",
    ),
    (
        of("warmup_stable_decay", "decay_steps: 9 decay_shape: EXPONENTIAL end_learning_rate: 1"),
        "warmup_stable_decay_learning_rate peak_learning_rate",
    ),
    (
        of("warmup_stable_decay", "decay_steps: 9 decay_shape: EXPONENTIAL peak_learning_rate: 1"),
        "warmup_stable_decay_learning_rate end_learning_rate",
    ),
    (
        "sequential_learning_rate { stage { steps: 1 learning_rate { constant_learning_rate {} } }"
        " stage { learning_rate { one_cycle_learning_rate { total_steps: 2 } } } }",
        "sequential_learning_rate stage 1 learning_rate one_cycle_learning_rate total_steps",
    ),
    (
        "combined_learning_rate { learning_rates { constant_learning_rate {} } learning_rates {"
        " one_cycle_learning_rate { total_steps: 2 } } }",
        "combined_learning_rate learning_rates 1 one_cycle_learning_rate total_steps",
    ),
    (
        f"garden learning_rate {{ type: 'cosine' {WAVES.format(10 * MAX_WAVES + 1)} }}",
        "trainer optimizer_config learning_rate cosine offset",
    ),
    (
        "garden learning_rate { type: 'step_cosine_with_offset' step_cosine_with_offset {"
        " boundaries: [5] values: [1] } }",
        "trainer optimizer_config learning_rate step_cosine_with_offset boundaries",
    ),
    (
        "garden learning_rate { type: 'step_cosine_with_offset' step_cosine_with_offset {"
        " boundaries: [-5, 0] values: [1, 2] } }",
        "trainer optimizer_config learning_rate step_cosine_with_offset boundaries 1",
    ),
    (
        "garden learning_rate { type: 'step_cosine_with_offset' step_cosine_with_offset {"
        f" boundaries: [{10 * MAX_WAVES - 9}, {10 * MAX_WAVES + 1}] values: [1, 2] }} }}",
        "trainer optimizer_config learning_rate step_cosine_with_offset boundaries 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path"), REFUSED)
def test_values_that_make_no_schedule_are_blamed(text: str, path: str) -> None:
    with pytest.raises(LoweringError) as error:
        lowered(text)
    assert " ".join(map(str, error.value.path)) == path
    assert len(str(error.value.words)) > len("None")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (of("cosine_restarts", RESTARTS.format(2**62, 1.001)), 9),
        (of("one_cycle", "total_steps: 50 pct_start: 0.5 max_learning_rate: 1"), 4),
        (of("one_cycle", "total_steps: 50 pct_start: 0.5 three_phase: true"), 4),
        (f"garden learning_rate {{ type: 'cosine' {WAVES.format(10 * MAX_WAVES)} }}", 1 << 30),
    ],
)
def test_the_limit_itself_makes_a_schedule(text: str, count: int) -> None:
    assert 1 < len(lowered(text).segments) < count


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (of("exponential_decay", "burnin_steps: 9 initial_learning_rate: 0.1"), []),
        (of("exponential_decay", "burnin_steps: 9 initial_learning_rate: 0.1"
            " burnin_learning_rate: 0.1"), []),
        (of("exponential_decay", "burnin_steps: 9 initial_learning_rate: 0.1"
            " burnin_learning_rate: 0.05"), [("burnin_steps", 9)]),
        (of("manual_step", "warmup: true initial_learning_rate: 0.1 schedule { step: 9"
            " learning_rate: 0.1 }"), []),
        (of("manual_step", "warmup: true initial_learning_rate: 0.1 schedule { step: 9"
            " learning_rate: 0.2 }"), [("step", 9)]),
        (of("manual_step", "initial_learning_rate: 0.1 schedule { step: 9 learning_rate: 0.2 }"),
         []),
        ("constant_learning_rate {} warmup { warmup_steps: 7 }", [("warmup_steps", 7)]),
        (of("cosine_decay", "warmup_steps: 4") + " warmup { warmup_steps: 7 }",
         [("warmup_steps", 4), ("warmup_steps", 7)]),
        ("", []),
    ],
)  # fmt: skip
def test_warmups_are_rises_and_their_lengths(text: str, wanted: list[tuple[str, int]]) -> None:
    message = text_format.Parse(text, pb.LearningRate())
    found = list(LEARNING_RATE.warmups(message))
    assert [(path[-1], steps) for path, steps in found] == wanted
    for path, steps in found:
        assert value_at(message, path) == steps


# --- what configs ask for beside the rate -------------------------------------------------------


def test_the_optimizer_that_an_experiment_asks_for() -> None:
    inside = "optimizer { type: 'sgd' sgd { momentum: 0.5 } }"
    for ema, average in (
        ("", None),
        (
            "ema { average_decay: 0.5 start_step: 7 }",
            MovingAverage(0.5, 7, (*RUN, "ema", "start_step")),
        ),
    ):
        text = f"trainer {{ optimizer_config {{ {inside} {ema} }} }}"
        message = text_format.Parse(text, EXPERIMENT.root())
        request = EXPERIMENT.optimizer(message)
        assert request is not None
        assert (request.name, request.average) == ("sgd", average)
        assert value_at(message, request.block_path) == request.block
        assert value_at(message, request.choice_path) == "sgd"
    assert EXPERIMENT.optimizer(EXPERIMENT.root()).name == ""  # type: ignore[union-attr] # never None


def test_the_optimizer_that_a_pipeline_asks_for() -> None:
    for average in ("", "use_moving_average: false"):
        text = (
            "train_config { gradient_clipping_by_norm: 5 clip_by_value: 2 clip_by_norm: 3"
            f" optimizer {{ adam_optimizer {{}} moving_average_decay: 0.5 {average} }} }}"
        )
        message = text_format.Parse(text, PIPELINE.root())
        request = PIPELINE.optimizer(message)
        assert request is not None
        assert request.name == "adam_optimizer"
        assert request.average == (None if average else MovingAverage(0.5, 0, ()))
        assert request.clipping == {"global_clipnorm": 5.0, "clipvalue": 2.0, "clipnorm": 3.0}
        assert value_at(message, request.block_path) == request.block
    assert PIPELINE.optimizer(PIPELINE.root()) is None


def test_the_variables_that_a_pipeline_trains() -> None:
    text = "train_config { freeze_variables: ['a'] update_trainable_variables: ['b', 'c'] }"
    found = PIPELINE.variable_rates(text_format.Parse(text, PIPELINE.root()))
    assert found == VariableRates((), ("a",), ("b", "c"))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (VariableRates(), []),
        (VariableRates(multipliers=(Multiplier("head", 2.0),)), []),
        (VariableRates(frozen=("head", "neck")), ["freeze_variables"]),
        (VariableRates(trained=("neck",)), ["update_trainable_variables"]),
        (VariableRates(bias_gradient_factor=2.0), ["bias_grad_multiplier"]),
    ],
)
def test_any_part_makes_variable_rates_and_says_what_it_misses(
    rates: VariableRates, said: list[str]
) -> None:
    assert bool(rates) == (rates != VariableRates())
    found = [str(words) for words in rates.unmatched(["head/kernel", "body/kernel"])]
    assert [words.split("`")[1] for words in found] == said
    for paths in (["head/bias"], ["head/bias", "head/kernel"]):
        assert not list(VariableRates(bias_gradient_factor=2.0).unmatched(paths))


@pytest.mark.parametrize(
    ("length", "words", "follows_run"),
    [
        (Length(5, pb.PERCENT_OF_RUN, 704, Fraction(14075)), "5 % of 14075", True),
        (Length(5, pb.PERMILLE_OF_RUN, 70, Fraction(14075)), "5 permille of 14075", True),
        (Length(1, pb.EPOCHS, 10, Fraction(10)), "1 epoch of 10 steps", False),
        (Length(3, pb.EPOCHS, 31, Fraction(31, 3)), "3 epochs of 10.333333 steps", False),
    ],
)
def test_a_length_says_what_it_came_from(length: Length, words: str, follows_run: bool) -> None:
    assert str(length) == words
    assert length.follows_run == follows_run


@pytest.mark.parametrize(
    ("count", "unit", "noun"),
    [
        (1, pb.EPOCHS, "epoch"),
        (2, pb.EPOCHS, "epochs"),
        (1, pb.STEPS, "step"),
        (0, pb.STEPS, "steps"),
        (2, pb.PERCENT_OF_RUN, "percent"),
        (1, pb.PERCENT_OF_RUN, "percent"),
        (2, pb.PERMILLE_OF_RUN, "permille"),
    ],
)
def test_units_have_a_plural(count: int, unit: int, noun: str) -> None:
    assert unit_noun(unit, count) == noun


def test_a_schedule_uses_the_batch_size_for_scaling_or_for_units() -> None:
    for text, uses in (
        ("constant_learning_rate {}", False),
        ("constant_learning_rate {} batch_size_scaling {}", True),
        ("constant_learning_rate {} step_unit: EPOCHS", True),
        ("constant_learning_rate {} batch_size_scaling {} step_unit: EPOCHS", True),
        ("sequential_learning_rate { stage { learning_rate { step_unit: EPOCHS } } }", True),
        ("sequential_learning_rate { stage { learning_rate { min_learning_rate: 1 } } }", False),
        ("constant_learning_rate {} warmup { step_unit: EPOCHS }", True),
    ):
        message = text_format.Parse(text, pb.LearningRate())
        assert LEARNING_RATE.uses_batch_size(message) == uses
    assert not EXPERIMENT.uses_batch_size(EXPERIMENT.root())


def test_a_unit_lasts_so_many_steps() -> None:
    axis = Axis(1000, 32)
    assert axis == Axis(1000, 32, num_steps_name="", batch_size_name="")
    for unit, steps in (
        (pb.STEPS, 1),
        (pb.EPOCHS, Fraction(5, 2)),
        (pb.PERCENT_OF_RUN, 10),
        (pb.PERMILLE_OF_RUN, 1),
    ):
        assert steps_of_unit(unit, 80, axis) == steps


# --- rates at the edges of what a number holds --------------------------------------------------


def test_a_power_is_capped_up_to_the_step_at_which_it_falls_below() -> None:
    falling = lowered(of("power_decay", "learning_rate_base: 1 power: -0.5 max_learning_rate: 0.1"))
    assert falling.begins == [0, 100]
    assert [falling(step) for step in (0, 1, 100, 400)] == pytest.approx([0.1, 0.1, 0.1, 0.05])
    rising = lowered(of("power_decay", "learning_rate_base: 1 power: 0.5 max_learning_rate: 10"))
    assert [rising(step) for step in (0, 1, 25, 100, 101, 2**60)] == [1, 1, 5, 10, 10, 10]
    low = lowered(of("power_decay", "learning_rate_base: 1 power: -0.5 max_learning_rate: 2"))
    assert [low(step) for step in (0, 1, 4)] == [1, 1, 0.5]
    flat = lowered(of("power_decay", "learning_rate_base: 1 power: 0 max_learning_rate: 0.5"))
    assert flat.begins == [0]
    assert flat(2**60) == 0.5


def test_a_power_begins_a_step_after_its_offset() -> None:
    fields = "learning_rate_base: 1 power: -0.5 max_learning_rate: {} offset_steps: {}"
    schedule = lowered(of("power_decay", fields.format(2, 10)))
    assert schedule.begins == [0, 11]
    assert [schedule(step) for step in (0, 10, 11, 14, 110)] == pytest.approx([1, 1, 1, 0.5, 0.1])
    assert lowered(of("power_decay", fields.format(2, MAX_STEP - 1))).begins == [0, MAX_STEP]
    for cap, rate in ((0.5, 0.5), (2, 1)):
        never = lowered(of("power_decay", fields.format(cap, MAX_STEP)))
        assert (never.begins, never(MAX_STEP)) == ([0], rate)


def test_a_straight_line_is_called_one() -> None:
    point = "point {{ step: {} learning_rate: {} }}"
    points = point.format(0, 1) + point.format(10, 0.5)
    for text, index in (
        (of("piecewise_linear", points), 0),
        (of("one_cycle", "max_learning_rate: 1 total_steps: 100 anneal: LINEAR"), 0),
        (of("warmup_stable_decay", "peak_learning_rate: 1 stable_steps: 5 decay_steps: 9"), 1),
    ):
        assert lowered(text).segments[index].curve.shape == "linear"  # type: ignore[attr-defined] # of the curves that have shapes


def test_a_cosine_without_a_restart() -> None:
    fields = "initial_learning_rate: 1 first_decay_steps: 100 t_mul: 1 m_mul: 0 alpha: 0.5"
    schedule = lowered(of("cosine_restarts", fields))
    wanted = [0.5 + 0.5 * (1 + math.cos(math.pi * step / 100)) / 2 for step in (0, 25, 99)]
    assert [schedule(step) for step in (0, 25, 99)] == pytest.approx(wanted)
    assert schedule(100) == schedule(10**6) == 0.5


def test_restarts_begin_at_the_next_step_after_the_exact_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begins = lowered(of("cosine_restarts", RESTARTS.format(3, 1.5))).begins
    wanted, start, length = [], Fraction(0), Fraction(3)
    while start <= MAX_STEP:
        wanted.append(math.ceil(start))
        start, length = start + length, length * Fraction(3, 2)
    assert begins == wanted
    assert lowered(of("cosine_restarts", RESTARTS.format(MAX_STEP, 2))).begins == [0, MAX_STEP]
    # Lengths of 1, 2, 4 and so on are 2^63 - 1 steps after 63 of them: one more begins there.
    twice = of("cosine_restarts", RESTARTS.format(1, 2))
    assert len(lowered(twice).begins) == 64
    monkeypatch.setattr(kinds, "MAX_RESTARTS", 63)
    assert lowered(twice)
    monkeypatch.setattr(kinds, "MAX_RESTARTS", 62)
    with pytest.raises(LoweringError, match="makes more than 62 restarts"):
        lowered(twice)


def test_lengths_of_restarts_have_a_small_denominator() -> None:
    """Their exact ones are powers of that of `t_mul`, with thousands of digits."""
    third = Fraction(1, 3)
    assert kinds._near(third).denominator == 2**128
    assert abs(kinds._near(third) - third) < Fraction(1, 2**128)


def test_noam_warms_up_for_the_steps_that_it_says() -> None:
    for warmup in (1, 2, 3):
        schedule = lowered(of("noam", f"model_dim: 4 warmup_steps: {warmup} scale: 1"))
        wanted = [0.5 * min(n**-0.5, n * warmup**-1.5) for n in range(1, 6)]
        assert [schedule(step) for step in range(5)] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            of("one_cycle", "total_steps: 50 pct_start: 0.01"),
            "phase 1 of the cycle has no steps: it would last from step 0 to -0.5. `pct_start`"
            " times `total_steps` is 0.5 and must be above 1: change one of them",
        ),
        (
            of("one_cycle", "total_steps: 50 pct_start: 0.51 three_phase: true"),
            "phase 3 of the cycle has no steps: it would last from step 49 to 49. `pct_start`"
            " times `total_steps` is 25.5 and must be above 1 and at most half of `total_steps`:"
            " change one of them",
        ),
        (
            of("cyclic", f"max_learning_rate: 1 step_size_up: {2**62} step_size_down: {2**62 + 8}"
               " mode: EXP_RANGE"),
            f"this cycle has {2**63 + 8} steps, and the limit is {2**63 - 1}. Make it shorter",
        ),
        (
            of("cosine_restarts", RESTARTS.format(1, 1.009)),
            "`t_mul` 1.009 makes more than 4096 restarts. Set it to 1 (decays of equal length), or"
            " to at least 1.02",
        ),
        (
            f"garden learning_rate {{ type: 'cosine' {WAVES.format(40_961)} }}",
            "the half cosine of 10 steps would repeat 4097 times before step 40961, by `offset`: at"
            " most 4,096 are computed. Lower `offset`, or make the cosine longer",
        ),
        (
            "constant_learning_rate { learning_rate: 0 }"
            f" {EXPONENTIAL} warmup_learning_rate: 1 }}",
            "an EXPONENTIAL warmup cannot lead to rate 0, the schedule's rate at its end. Set the"
            " rates of the schedule above 0",
        ),
        (
            of("polynomial_decay", "initial_learning_rate: 0.5 end_learning_rate: 0 decay_steps: 1")
            + f" {EXPONENTIAL} warmup_learning_rate: 1 }}",
            "an EXPONENTIAL warmup cannot lead to rate 0, the schedule's rate at its end. Make the"
            " warmup shorter, so that it ends at a rate above 0",
        ),
    ],
)  # fmt: skip
def test_the_numbers_of_what_is_refused_are_shown(text: str, words: str) -> None:
    with pytest.raises(LoweringError) as error:
        lowered(text)
    assert str(error.value.words) == words


def garden_rate(kind: str, fields: str) -> Schedule:
    return lowered(f"garden learning_rate {{ type: '{kind}' {kind} {{ {fields} }} }}")


@pytest.mark.parametrize(
    ("warmup_steps", "power", "begins"),
    [(1, 2, [0, 1]), (2, 2, [0, 1, 2]), (9, 2, [0, 1, 9]), (9, 1, [0, 1, 9]), (9, 0, [0, 9])],
)
def test_a_polynomial_warmup_of_the_garden(
    warmup_steps: int, power: float, begins: list[int]
) -> None:
    schedule = lowered(
        "garden learning_rate { type: 'constant' constant { learning_rate: 0.5 } } warmup {"
        f" type: 'polynomial' polynomial {{ warmup_steps: {warmup_steps} power: {power} }} }}"
    )
    assert schedule.begins == begins
    for step in range(12):
        # It has no rate of 0: its first two are the same.
        share = min(max(step, 1) / warmup_steps, 1) ** power
        assert schedule(step) == pytest.approx(0.5 * share)


@pytest.mark.parametrize(
    ("first", "end", "power", "offset", "cycle", "begins"),
    [
        (1, 0.1, 2, 10, False, [0, 30]),
        (0.1, 1, 2, 10, False, [0, 10, 30]),
        (0.1, 1, 1, 1, False, [0, 1, 21]),
        (0.1, 1, 0, 10, False, [0]),
        (1, 0.1, 2, 10, True, [0, 10]),
    ],
)
def test_a_polynomial_of_the_garden_before_its_offset(
    first: float, end: float, power: int, offset: int, cycle: bool, begins: list[int]
) -> None:
    schedule = garden_rate(
        "polynomial",
        f"initial_learning_rate: {first} end_learning_rate: {end} decay_steps: 20 power: {power}"
        f" offset: {offset} cycle: {str(cycle).lower()}",
    )
    assert schedule.begins == begins
    for step in range(75):
        own = step - offset
        length = 20 * max(math.ceil(own / 20), 1) if cycle else 20
        share = 1 - min(own, length) / length
        assert schedule(step) == pytest.approx((first - end) * share**power + end), step


def test_powers_of_the_garden() -> None:
    fields = "initial_learning_rate: 1 power: -1 pre_offset_learning_rate: 0.25 offset: 10"
    schedule = garden_rate("power_with_offset", fields)
    wanted = [0.25 if step <= 10 else min(0.25, 1 / (step - 10)) for step in range(40)]
    assert [schedule(step) for step in range(40)] == pytest.approx(wanted)
    fields = "initial_learning_rate: 1 power: -1 total_decay_steps: 20 linear_decay_fraction: 0.5"
    for offset in (0, 5):
        schedule = garden_rate("power_linear", f"{fields} offset: {offset}")
        for step in range(offset, 30):
            own = step - offset
            line = min(max(20 - own, 0) / 10, 1)
            assert schedule(step) == pytest.approx(line / max(own, 1))
    _, tail = garden_rate("power_linear", fields).parts
    assert [(s.begin, s.path[-1:]) for s in tail.segments] == [
        (0, ()),
        (11, ("total_decay_steps",)),
        (20, ("total_decay_steps",)),
    ]


def test_what_an_offset_moves_out_of_all_steps() -> None:
    rate = f"initial_learning_rate: 1 end_learning_rate: 0.5 decay_steps: {2**62}"
    assert garden_rate("polynomial", f"{rate} offset: {-(2**62)}")(0) == 0.5
    fields = "initial_learning_rate: 1 power: -1 pre_offset_learning_rate: 0.25 offset: {}"
    last = garden_rate("power_with_offset", fields.format(MAX_STEP - 1))
    assert last.begins == [0, MAX_STEP]
    assert garden_rate("power_with_offset", fields.format(MAX_STEP)).begins == [0]


def test_a_cosine_before_its_offset_goes_up_and_down() -> None:
    schedule = garden_rate("cosine", "initial_learning_rate: 1 decay_steps: 10 offset: 25")
    assert schedule.begins == [0, 5, 15, 25, 35]
    rates = [schedule(step) for step in (0, 5, 10, 15, 20, 25, 30, 35)]
    assert rates == pytest.approx([0.5, 1, 0.5, 0, 0.5, 1, 0.5, 0], abs=1e-12)
    assert garden_rate("cosine", "initial_learning_rate: 1 decay_steps: 10 offset: 1").begins == [
        0,
        1,
        11,
    ]


def test_a_cosine_repeats_before_its_first_boundary() -> None:
    fields = "boundaries: [4, 6, 10] values: [1, 0.5, 0.25]"
    schedule = garden_rate("step_cosine_with_offset", fields)
    assert schedule.begins == [0, 2, 4, 6, 10]
    rates = [schedule(step) for step in range(10)]
    assert rates[:7] == pytest.approx([1, 0.75, 0.5, 0.75, 1, 0.75, 0.5])
    assert rates[8] == pytest.approx(0.375)
    with pytest.raises(ValueError, match=r"zip\(\)"):
        garden_rate("step_cosine_with_offset", fields.replace("0.25", "0.25, 0.125"))


def test_a_polynomial_decay_is_a_line_or_a_power() -> None:
    def decay(initial: float, end: float, power: float) -> Schedule:
        fields = "initial_learning_rate: {} end_learning_rate: {} decay_steps: 9 power: {}"
        return lowered(of("polynomial_decay", fields.format(initial, end, power)))

    for power, shape in ((1, "linear"), (2, "power_of_remaining")):
        assert decay(1, 0.5, power).segments[0].curve.shape == shape  # type: ignore[attr-defined] # as above
    for initial, end, last in ((1, 0.5, math.inf), (0.5, 1, -math.inf), (0.5, 0.5, 0.5)):
        assert decay(initial, end, -1)(9) == last


def test_a_cycle_of_straight_lines_has_straight_lines() -> None:
    fields = "max_learning_rate: 1 div_factor: 10 total_steps: 101 pct_start: 0.5 anneal: {}"
    line = lowered(of("one_cycle", fields.format("LINEAR")))
    wave = lowered(of("one_cycle", fields.format("COSINE")))
    assert line(0) == wave(0) == pytest.approx(0.1)
    # The rise lasts 49.5 steps.
    assert line(11) == pytest.approx(0.1 + 0.9 * 11 / 49.5)
    assert wave(11) == pytest.approx(0.1 + 0.9 * (1 - math.cos(math.pi * 11 / 49.5)) / 2)


def test_a_cycle_without_a_phase_shows_the_product() -> None:
    with pytest.raises(LoweringError, match=r"`pct_start` times `total_steps` is 0\.5 and must be"):
        lowered(of("one_cycle", "total_steps: 50 pct_start: 0.01"))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("learning_rate { type: 'cosine' cosine { initial_learning_rate: 1 } }", True),
        (
            "learning_rate { type: 'cosine' cosine { initial_learning_rate: 1 decay_steps: 9 } }",
            False,
        ),
    ],
)
def test_an_experiment_with_a_field_left_to_code_has_no_schedule(text: str, missing: bool) -> None:
    message = text_format.Parse(f"trainer {{ optimizer_config {{ {text} }} }}", EXPERIMENT.root())
    assert (EXPERIMENT.lower(message, None) is None) == missing


@pytest.mark.parametrize("beyond", [0, 1])
def test_waves_are_counted_as_a_whole_number(beyond: int) -> None:
    offset = 10 * MAX_WAVES - 5 + 10 * beyond
    text = f"garden learning_rate {{ type: 'cosine' {WAVES.format(offset)} }}"
    if not beyond:
        assert len(lowered(text).segments) == MAX_WAVES + 2
        return
    with pytest.raises(
        LoweringError, match=f"would repeat {MAX_WAVES + 1} times before step {offset}"
    ):
        lowered(text)
