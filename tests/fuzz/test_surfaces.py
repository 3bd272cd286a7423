"""A few inputs of every surface, the same ones in every run; `make fuzz` tries more."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.fuzz.surfaces import SURFACES

FEW = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("name", SURFACES)
def test_a_few_inputs(name: str) -> None:
    if name == "server":
        pytest.importorskip("pygls")
    FEW(SURFACES[name])()
