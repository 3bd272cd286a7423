"""Random configs that are valid, over the whole schema, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schedule_builder.v1 import experiment_pb2 as garden
from schedule_builder.v1 import learning_rate_pb2 as pb

rates = st.one_of(
    st.sampled_from([0.0, 0.1, 0.01, 0.002, 1.0]),
    st.floats(1e-8, 10.0, allow_subnormal=False),
)
positive_rates = st.floats(1e-8, 10.0, allow_subnormal=False)
lengths = st.one_of(st.integers(1, 50), st.integers(1, 2**31))
long_lengths = st.one_of(lengths, st.integers(1, 2**40))


@st.composite
def increasing(draw: st.DrawFn, low: int, high: int, size: int = 6) -> list[int]:
    """A few increasing steps."""
    return sorted(draw(st.sets(st.integers(low, high), min_size=1, max_size=size)))


@st.composite
def constants(draw: st.DrawFn) -> pb.LearningRate:
    return pb.LearningRate(
        constant_learning_rate=pb.ConstantLearningRate(learning_rate=draw(rates))
    )


@st.composite
def exponentials(draw: st.DrawFn) -> pb.LearningRate:
    decay = pb.ExponentialDecayLearningRate(
        initial_learning_rate=draw(rates),
        decay_steps=draw(lengths),
        decay_factor=draw(st.floats(0.01, 1.0)),
        staircase=draw(st.booleans()),
        burnin_learning_rate=draw(rates),
        burnin_steps=draw(st.one_of(st.just(0), lengths)),
        min_learning_rate=draw(st.one_of(st.just(0.0), rates)),
    )
    return pb.LearningRate(exponential_decay_learning_rate=decay)


@st.composite
def manual_steps(draw: st.DrawFn) -> pb.LearningRate:
    message = pb.ManualStepLearningRate(
        initial_learning_rate=draw(rates), warmup=draw(st.booleans())
    )
    for step in draw(increasing(1, draw(st.sampled_from([20, 2**32 - 1])))):
        message.schedule.add(step=step, learning_rate=draw(rates))
    return pb.LearningRate(manual_step_learning_rate=message)


@st.composite
def cosines(draw: st.DrawFn) -> pb.LearningRate:
    warmup = draw(st.one_of(st.just(0), st.integers(1, 2**30)))
    hold = draw(st.one_of(st.just(0), st.integers(1, 2**30)))
    low, high = sorted((draw(rates), draw(rates)))
    message = pb.CosineDecayLearningRate(
        learning_rate_base=high,
        warmup_learning_rate=low,
        warmup_steps=warmup,
        hold_base_rate_steps=hold,
        total_steps=warmup + hold + draw(st.integers(1, 2**31 - 1)),
    )
    return pb.LearningRate(cosine_decay_learning_rate=message)


@st.composite
def piecewise_constants(draw: st.DrawFn) -> pb.LearningRate:
    boundaries = draw(increasing(0, draw(st.sampled_from([20, 2**40]))))
    values = [draw(rates) for _ in range(len(boundaries) + 1)]
    message = pb.PiecewiseConstantLearningRate(boundaries=boundaries, values=values)
    return pb.LearningRate(piecewise_constant_learning_rate=message)


@st.composite
def warmed_up(draw: st.DrawFn, kinds: st.SearchStrategy[Any]) -> pb.LearningRate:
    """A learning rate under a warmup."""
    message: pb.LearningRate = draw(kinds)
    message.warmup.warmup_steps = draw(st.one_of(st.just(0), long_lengths))
    message.warmup.alignment = draw(st.sampled_from([pb.Warmup.OVERLAP, pb.Warmup.SHIFT]))
    message.warmup.shape = draw(
        st.sampled_from(
            [pb.Warmup.LINEAR, pb.Warmup.CONSTANT, pb.Warmup.POLYNOMIAL, pb.Warmup.COSINE]
        )
    )
    message.warmup.power = draw(st.sampled_from([0.5, 1.0, 2.0, 3.0, 1.7]))
    message.warmup.warmup_learning_rate = draw(rates)
    return message


@st.composite
def exponentially_warmed_up(draw: st.DrawFn) -> pb.LearningRate:
    """An EXPONENTIAL warmup, which needs both ends above 0."""
    message = pb.LearningRate(
        constant_learning_rate=pb.ConstantLearningRate(learning_rate=draw(positive_rates))
    )
    message.warmup.shape = pb.Warmup.EXPONENTIAL
    message.warmup.warmup_steps = draw(long_lengths)
    message.warmup.warmup_learning_rate = draw(positive_rates)
    return message


powers = st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 0.9, 1.7, 30.0])


def of(kind: str, **fields: Any) -> pb.LearningRate:
    """A LearningRate of one kind."""
    message = pb.LearningRate()
    main = getattr(message, kind)
    main.SetInParent()
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(main, name).extend(value)
        elif value is not None:
            setattr(main, name, value)
    return message


def drawn(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[pb.LearningRate]:
    """LearningRates of one kind with drawn fields."""
    return st.fixed_dictionaries(fields).map(lambda values: of(kind, **values))


maybe = st.none
polynomials = drawn(
    "polynomial_decay_learning_rate",
    initial_learning_rate=rates,
    end_learning_rate=rates,
    decay_steps=long_lengths,
    power=powers,
    cycle=st.booleans(),
)
inverse_times = drawn(
    "inverse_time_decay_learning_rate",
    initial_learning_rate=rates,
    decay_steps=long_lengths,
    decay_rate=st.floats(0, 100),
    staircase=st.booleans(),
)
inverse_sqrts = drawn(
    "inverse_sqrt_learning_rate", learning_rate_base=rates, timescale=long_lengths
)
power_decays = drawn(
    "power_decay_learning_rate",
    learning_rate_base=rates,
    power=st.sampled_from([-0.5, -1.0, -0.1, 0.0, 0.01]),
    offset_steps=st.one_of(st.just(0), long_lengths),
    max_learning_rate=st.one_of(maybe(), positive_rates),
    total_steps=st.one_of(maybe(), long_lengths),
    linear_tail_fraction=st.sampled_from([0.0, 0.1, 0.37, 1.0]),
)
multi_steps = drawn(
    "multi_step_learning_rate",
    initial_learning_rate=rates,
    milestones=increasing(0, 2**40),
    decay_factor=st.floats(0.01, 1.0),
)
cosine_restarts = drawn(
    "cosine_restarts_learning_rate",
    initial_learning_rate=rates,
    first_decay_steps=long_lengths,
    t_mul=st.one_of(st.sampled_from([1.0, 1.3, 1.5, 2.0, 3.0, 10.0]), st.floats(1.05, 3.0)),
    m_mul=st.sampled_from([1.0, 0.9, 0.5]),
    alpha=st.floats(0, 1),
)
one_cycles = drawn(
    "one_cycle_learning_rate",
    max_learning_rate=rates,
    total_steps=st.integers(20, 2**40),
    pct_start=st.floats(0.1, 0.45),
    div_factor=st.floats(1, 100),
    final_div_factor=st.floats(1, 1e6),
    anneal=st.sampled_from([0, 1]),
    three_phase=st.booleans(),
)
cyclics = drawn(
    "cyclic_learning_rate",
    base_learning_rate=rates,
    max_learning_rate=rates,
    step_size_up=long_lengths,
    step_size_down=st.one_of(maybe(), long_lengths),
    mode=st.sampled_from([0, 1, 2]),
    gamma=st.sampled_from([1.0, 0.9999, 0.99999999]),
)
warmup_stable_decays = drawn(
    "warmup_stable_decay_learning_rate",
    peak_learning_rate=positive_rates,
    warmup_steps=st.one_of(st.just(0), long_lengths),
    stable_steps=st.one_of(st.just(0), long_lengths),
    decay_steps=long_lengths,
    initial_learning_rate=rates,
    end_learning_rate=positive_rates,
    decay_shape=st.sampled_from([0, 1, 2, 3]),
)
noams = drawn(
    "noam_learning_rate",
    model_dim=st.integers(1, 2**20),
    warmup_steps=long_lengths,
    scale=rates,
)
tanhs = drawn(
    "tanh_decay_learning_rate",
    learning_rate_base=rates,
    end_learning_rate=rates,
    total_steps=long_lengths,
    lower=st.floats(-20, 5),
    upper=st.floats(-5, 20),
)
tables = drawn(
    "table_learning_rate",
    learning_rates=st.lists(rates, min_size=1, max_size=8),
    steps_per_entry=lengths,
)


@st.composite
def piecewise_linears(draw: st.DrawFn) -> pb.LearningRate:
    curve = draw(st.sampled_from(["LINEAR", "COSINE"]))
    message = pb.PiecewiseLinearLearningRate(interpolation=curve)
    for step in draw(increasing(0, draw(st.sampled_from([20, 2**40])))):
        message.point.add(step=step, learning_rate=draw(rates))
    return pb.LearningRate(piecewise_linear_learning_rate=message)


api_kinds = st.one_of(constants(), exponentials(), manual_steps(), cosines(), piecewise_constants())
api_learning_rates = st.one_of(api_kinds, warmed_up(api_kinds), exponentially_warmed_up())
"""The Object Detection API's kinds, TensorFlow's piecewise constant, and warmups of them."""

simple_kinds = st.one_of(
    api_kinds,
    polynomials,
    inverse_times,
    inverse_sqrts,
    power_decays,
    multi_steps,
    piecewise_linears(),
    cosine_restarts,
    one_cycles,
    cyclics,
    warmup_stable_decays,
    noams,
    tanhs,
    tables,
)


@st.composite
def sequences(draw: st.DrawFn, members: st.SearchStrategy[Any]) -> pb.LearningRate:
    message = pb.SequentialLearningRate()
    for _ in range(draw(st.integers(1, 3))):
        message.stage.add(learning_rate=draw(members), steps=draw(long_lengths))
    if draw(st.booleans()):
        message.stage[-1].ClearField("steps")
    return pb.LearningRate(sequential_learning_rate=message)


@st.composite
def combinations(draw: st.DrawFn, members: st.SearchStrategy[Any]) -> pb.LearningRate:
    message = pb.CombinedLearningRate(op=draw(st.sampled_from(["PRODUCT", "MIN", "MAX"])))
    message.learning_rates.extend(draw(st.lists(members, min_size=1, max_size=3)))
    return pb.LearningRate(combined_learning_rate=message)


@st.composite
def floored(draw: st.DrawFn, kinds: st.SearchStrategy[Any]) -> pb.LearningRate:
    message: pb.LearningRate = draw(kinds)
    message.min_learning_rate = draw(rates)
    return message


kinds = st.recursive(
    simple_kinds,
    lambda members: st.one_of(
        sequences(members), combinations(members), warmed_up(members), floored(members)
    ),
    max_leaves=4,
)
learning_rates = st.one_of(kinds, warmed_up(simple_kinds), exponentially_warmed_up())
"""The whole schema."""


offsets = st.one_of(st.just(0), st.integers(-(2**31), 2**31), st.integers(-60, 200))


def parts(message: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Messages of a type with drawn fields."""
    return st.fixed_dictionaries(fields).map(lambda values: message(**values))


@st.composite
def garden_stepwise(draw: st.DrawFn) -> garden.StepwiseLrConfig:
    boundaries = draw(increasing(0, draw(st.sampled_from([20, 2**40]))))
    values = [draw(rates) for _ in range(len(boundaries) + 1)]
    return garden.StepwiseLrConfig(boundaries=boundaries, values=values, offset=draw(offsets))


@st.composite
def garden_cosines(draw: st.DrawFn) -> garden.CosineLrConfig:
    steps = draw(long_lengths)
    return garden.CosineLrConfig(
        initial_learning_rate=draw(rates),
        decay_steps=steps,
        alpha=draw(st.one_of(st.just(0.0), st.floats(0, 1))),
        offset=draw(st.integers(-(2**31), 20 * steps)),
    )


@st.composite
def garden_polynomials(draw: st.DrawFn) -> garden.PolynomialLrConfig:
    low, high = sorted((draw(rates), draw(rates)))
    steps = draw(long_lengths)
    return garden.PolynomialLrConfig(
        initial_learning_rate=high,
        end_learning_rate=low,
        decay_steps=steps,
        power=draw(st.sampled_from([0.5, 1.0, 2.0, 0.9, 1.7])),
        cycle=draw(st.booleans()),
        offset=draw(st.integers(-(2**31), 20 * steps)),
    )


@st.composite
def garden_step_cosines(draw: st.DrawFn) -> tuple[garden.StepCosineLrConfig, int]:
    """A config, with a run length before which its rates are valid."""
    first, *others = draw(increasing(1, draw(st.sampled_from([20, 2**40]))))
    boundaries = [draw(st.sampled_from([0, 0, -first])), first, *(others)]
    values = [draw(rates) for _ in boundaries]
    offset = draw(st.integers(1 - boundaries[-1], 20 * first))
    message = garden.StepCosineLrConfig(boundaries=boundaries, values=values, offset=offset)
    return message, boundaries[-1] + offset


garden_kinds: dict[str, st.SearchStrategy[Any]] = {
    "constant": parts(garden.ConstantLrConfig, learning_rate=rates),
    "stepwise": garden_stepwise(),
    "exponential": parts(
        garden.ExponentialLrConfig,
        initial_learning_rate=rates,
        decay_steps=st.integers(10**7, 2**40),
        decay_rate=st.floats(0.8, 1.0),
        staircase=st.booleans(),
        offset=offsets,
    ),
    "polynomial": garden_polynomials(),
    "cosine": garden_cosines(),
    "power": parts(
        garden.DirectPowerLrConfig,
        initial_learning_rate=rates,
        power=st.sampled_from([-0.5, -1.0, -0.1, 0.0]),
    ),
    "power_linear": parts(
        garden.PowerAndLinearDecayLrConfig,
        initial_learning_rate=rates,
        total_decay_steps=st.one_of(st.just(0), long_lengths),
        power=st.sampled_from([-0.5, -1.0, -0.1, 0.0]),
        linear_decay_fraction=st.sampled_from([0.0, 0.1, 0.37, 1.0]),
        offset=offsets,
    ),
    "power_with_offset": parts(
        garden.PowerDecayWithOffsetLrConfig,
        initial_learning_rate=rates,
        power=st.sampled_from([-0.5, -1.0, -0.1, 0.0]),
        offset=offsets,
        pre_offset_learning_rate=rates,
    ),
    "step_cosine_with_offset": garden_step_cosines(),
}


@st.composite
def experiments(draw: st.DrawFn) -> garden.ExperimentConfig:
    """The Model Garden's dialect."""
    kind = draw(st.sampled_from(sorted(garden_kinds)))
    drawn = draw(garden_kinds[kind])
    message = garden.ExperimentConfig()
    config = message.trainer.optimizer_config
    config.learning_rate.type = kind
    longest_warmup = 2**40
    if isinstance(drawn, tuple):
        drawn, message.trainer.train_steps = drawn
        longest_warmup = message.trainer.train_steps - 1
    getattr(config.learning_rate, kind).CopyFrom(drawn)
    # Before its offset a polynomial that rises is below where it begins, and perhaps below 0.
    needed = 0
    if kind == "polynomial" and draw(st.booleans()):
        polynomial = config.learning_rate.polynomial
        polynomial.initial_learning_rate = drawn.end_learning_rate
        polynomial.end_learning_rate = drawn.initial_learning_rate
        needed = max(drawn.offset, 0)
    warmup = draw(st.sampled_from(["linear", "polynomial", *[""] * (not needed)]))
    if not warmup:
        return message
    config.warmup.type = warmup
    steps = draw(st.one_of(st.integers(0, 50), st.integers(0, 2**40))) + needed
    getattr(config.warmup, warmup).warmup_steps = min(steps, longest_warmup)
    if warmup == "linear":
        config.warmup.linear.warmup_learning_rate = draw(rates)
    else:
        config.warmup.polynomial.power = draw(st.sampled_from([0.5, 1.0, 2.0, 1.7]))
    return message


configs = st.one_of(learning_rates, experiments())
"""The whole schema, in every dialect."""
