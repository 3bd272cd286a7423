"""What the tests of all frameworks compare."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import settings
from mpmath import mpf

from schedule_builder import Schedule, build_schedule
from tests.support.goldens import CASES, FILES, Golden, config_of

EXAMPLES = settings().max_examples if settings().max_examples > 1000 else 40
"""Random configs of each test; each is compiled again."""
TEXT = """
cosine_decay_learning_rate {
  learning_rate_base: 0.1 total_steps: 20 warmup_steps: 5 warmup_learning_rate: 0.01
}
"""


def _different(goldens: list[Golden]) -> list[Golden]:
    """The goldens without those whose schedule and steps another one has, too."""
    accepted = [g for g in goldens if not g.is_refused]
    return list({(str(g.learning_rate), tuple(g.steps)): g for g in accepted}.values())


GOLDENS = _different(CASES + FILES)


def schedule_of(golden: Golden) -> Schedule:
    return build_schedule(golden.path if golden.path.name else config_of(golden))


def assert_rounded(found: Any, wanted: Any, name: str) -> None:
    """float32 holds the exactly rounded value, or a neighbour of it."""
    found = np.asarray(found)
    assert found.dtype == np.float32, name
    for got, exact in zip(found, wanted, strict=True):
        unit = float(np.spacing(np.float32(exact)))
        # Some devices take numbers below the normal ones for 0.
        if exact >= 2.0**-126 or got != 0:
            assert abs(mpf(float(got)) - exact) <= unit, (name, got, exact)


def check_golden(golden: Golden, found: Any, name: str, steps: Any = None) -> None:
    """The rates are the reference's, and those that the original gave."""
    schedule = schedule_of(golden)
    steps = golden.steps if steps is None else steps
    assert_rounded(found, [schedule(int(step)) for step in steps], name)
    tolerance = 5e-6 * max(golden.values)
    original = dict(zip(golden.steps, golden.values, strict=True))
    values = [original[int(step)] for step in steps]
    np.testing.assert_allclose(found, values, rtol=0, atol=tolerance, err_msg=name)
