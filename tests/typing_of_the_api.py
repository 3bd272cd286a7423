"""The types that users see. mypy checks this file in `make lint`; nothing runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import assert_type

    import schedule_builder as sb

    config = sb.load("pipeline.config", overrides=["train_config.num_steps=500"])
    assert_type(config, sb.Config)
    assert_type(config.num_steps, int | None)
    assert_type(config.batch_size, int | None)
    assert_type(config.diagnostics, tuple[sb.Diagnostic, ...])

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
    schedule("10")  # type: ignore[call-overload]  # a step is a whole number
    schedule(0.5)  # type: ignore[call-overload]  # and mypy says if these ever pass

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
