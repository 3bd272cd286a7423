"""A curve as a line of block characters."""

from __future__ import annotations

import math
from collections.abc import Iterable

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(rates: Iterable[float | None], highest: float) -> str:
    """A block for each rate, from 0 to the highest one; a blank for None and NaN.

    >>> sparkline([0.0, 0.05, 0.1, None], 0.1)
    '▁▅█ '
    """
    line = ""
    for rate in rates:
        if rate is None or not math.isfinite(rate):
            line += " "
        else:
            share = rate / highest if highest > 0 else 0.0
            line += _BLOCKS[min(max(math.floor(share * len(_BLOCKS)), 0), len(_BLOCKS) - 1)]
    return line
