"""A custom kind of learning rate: what a package outside of schedule-builder has to write."""

from schedule_builder import LoweringError, Schedule, Segment, lowers
from schedule_builder.curves import Constant, Interpolation

from .sawtooth_pb2 import Sawtooth


@lowers(Sawtooth)
def lower_sawtooth(message: Sawtooth) -> Schedule:
    """The schedule that a Sawtooth message describes."""
    high, low, period = (
        message.max_learning_rate,
        message.min_learning_rate,
        message.period_steps,
    )
    if low > high:
        raise LoweringError(("min_learning_rate",), "the teeth fall: the minimum is the lower rate")
    begins = [period * i for i in range(message.teeth)]
    teeth = [Segment(begin, Interpolation(high, low, period), begin) for begin in begins]
    end = period * message.teeth
    return Schedule((*teeth, Segment(end, Constant(low), end)))
