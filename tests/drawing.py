"""Random learning rates that are valid, over the whole schema, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

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


kinds = st.one_of(constants(), exponentials(), manual_steps(), cosines(), piecewise_constants())
learning_rates = st.one_of(kinds, warmed_up(kinds), exponentially_warmed_up())
