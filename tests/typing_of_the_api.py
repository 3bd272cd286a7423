# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""The types that users see. mypy and pyright check this file in `make lint`; nothing runs it.

A comment that ignores an error is a test, too: both say if there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

if TYPE_CHECKING:
    import copy
    import sys

    import numpy as np
    import tensorflow as tf
    from google.protobuf.message import Message
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from typing_extensions import assert_type

    import schedule_builder as sb
    from schedule_builder import curves
    from schedule_builder.frameworks.torch_backend import ConfigScheduler
    from schedule_builder.frameworks.torch_optimizers import ConfigOptimizer

    config = sb.load("pipeline.config", overrides=["train_config.num_steps=500"])
    assert_type(config, sb.Config)
    assert_type(config.num_steps, int | None)
    assert_type(config.batch_size, int | None)
    assert_type(config.message, Message)
    assert_type(config.schedule, sb.Schedule | None)
    assert_type(config.diagnostics, tuple[sb.Diagnostic, ...])
    assert_type(sb.load({"num_steps": 500}, num_steps=500, batch_size=8), sb.Config)
    sb.load(500)  # type: ignore[arg-type]
    sb.lode("")  # type: ignore[attr-defined]

    schedule = sb.build_schedule(config)
    assert_type(schedule, sb.Schedule)
    assert_type(schedule(10), float)
    assert_type(schedule(np.int64(10)), float)
    # What `arange` gives is Any in older stubs of NumPy.
    steps: NDArray[np.int64] = np.arange(10)
    assert_type(schedule(steps), NDArray[np.float64])
    assert_type(schedule.rates(range(10)), list[float])
    assert_type(schedule.segment_at(10), sb.Segment)
    assert_type(schedule.starting_at(10), sb.Schedule)
    assert_type(sb.Schedule.from_dict(schedule.to_dict()), sb.Schedule)
    schedule("10")  # type: ignore[call-overload]
    schedule(0.5)  # type: ignore[call-overload]

    segment = sb.Segment(0, curves.Constant(0.1), origin=0)
    later = sb.Segment(100, curves.Interpolation(0.1, 0.0, length=400), 100, floor=0.01)
    assert_type(sb.Schedule((segment, later)), sb.Schedule)
    sb.Segment(0, curves.Constant("0.1"), 0)  # type: ignore[arg-type]
    sb.Segment(0, curves.Constant(0.1))  # type: ignore[call-arg]
    segment.begin = 1  # type: ignore[misc]
    assert_type(segment.curve, curves.Curve)
    assert_type(segment.curve.scaled(0.5), curves.Curve)
    assert_type(curves.Constant(0.1).scaled(0.5), curves.Constant)

    match segment:
        case sb.Segment(begin, curves.Constant(rate)):
            assert_type(begin, int)
            assert_type(rate, float)
        case sb.Segment(curve=curves.Interpolation(start, end)):
            assert_type((start, end), tuple[float, float])
        case sb.Segment(floor=floor):
            assert_type(floor, float)

    assert_type(segment._replace(begin=1), sb.Segment)  # pyright: ignore[reportPrivateUsage]
    assert_type(config._replace(filename="a.config"), sb.Config)  # pyright: ignore[reportPrivateUsage]
    if sys.version_info >= (3, 13):
        assert_type(copy.replace(segment, begin=1), sb.Segment)
        assert_type(copy.replace(config, filename="a.config"), sb.Config)
    assert_type({segment, later}, set[sb.Segment])

    assert_type(sb.first_difference(config, "other.config"), int | None)
    assert_type(sb.validate(["configs"]), list[sb.Diagnostic])
    assert_type(sb.validate_text("", "pipeline.config"), list[sb.Diagnostic])
    assert_type(sb.__version__, str)

    for finding in sb.validate(["configs"]):
        assert_type(finding.filename, str)
        assert_type(finding.row, int)
        assert_type(finding.code, str)
        assert_type(finding.message, str)

    with sb.RateLog(config, "rates.csv") as rates:
        assert_type(rates, sb.RateLog)
        rates.record(0, 0.1)
    assert_type(rates.close(), str)

    assert_type(sb.build_learning_rate(config, tf.constant(10)), tf.Tensor)
    step: SupportsIndex = tf.constant(10)
    assert_type(schedule(step), float)
    assert_type(sb.build_keras_schedule(config, legacy=False), Any)
    assert_type(sb.build_optimizer(config, gradient_accumulation_steps=2), Any)
    assert_type(sb.LearningRateLog(config, "rates.csv", verbose=1), sb.LearningRateLog)
    # pyright does not know the classes of JAX and PyTorch, which are not installed here.
    sb.build_optax_schedule(config)(10)  # pyright: ignore[reportUnknownMemberType]
    sb.build_optax_optimizer(config, num_steps=500)  # pyright: ignore[reportUnknownMemberType]
    optimizer = sb.build_torch_optimizer(config, [])  # pyright: ignore[reportUnknownMemberType]
    assert_type(optimizer, ConfigOptimizer)
    optimizer.swap_averages()
    scheduler = sb.build_torch_scheduler(config, optimizer)  # pyright: ignore[reportUnknownMemberType]
    assert_type(scheduler, ConfigScheduler)

    assert_type(sb.plot(config, schedule, "other.config", labels=["a", "b", "c"]), Axes)

    @sb.lowers(Message)
    def lower(message: Message) -> sb.Schedule:
        if message.ByteSize():
            raise sb.LoweringError(("length",), "has to be above 0")
        return sb.Schedule((segment,))

    assert_type(lower(config.message), sb.Schedule)

    try:
        sb.load("pipeline.config")
    except sb.ConfigError as error:
        assert_type(error.diagnostics, tuple[sb.Diagnostic, ...])
    except sb.SettingsError as error:
        assert_type(error.args, tuple[Any, ...])
