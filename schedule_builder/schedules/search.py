"""Bisection: the one search over steps."""

from __future__ import annotations

from collections.abc import Callable


def narrowed(holds: Callable[[int], bool], low: int, high: int, width: int = 1) -> tuple[int, int]:
    """Two steps near each other, at the first of which something does not hold yet.

    Args:
        holds: tells whether it holds at a step.
        low: a step at which it does not.
        high: a later step at which it does.
        width: how far apart the two steps may stay.
    """
    while high - low > width:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low, high


def first_true(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first step at which something holds that holds from there on.

    Args:
        holds: tells whether it holds at a step.
        low: a step at which it does not.
        high: a later step at which it does.

    >>> first_true(lambda step: step * step >= 50, 0, 100)
    8
    """
    return narrowed(holds, low, high)[1]
