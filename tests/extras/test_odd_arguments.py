"""What is not a step is the documented TypeError, in JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schedule_builder import build_schedule
from tests.support.odd import STEPS

SCHEDULE = build_schedule({"constant_learning_rate": {"learning_rate": 0.1}})
SAID = r"(a step is an integer|a step must be a whole number|steps are whole numbers)\. Received: "


def jax_taker() -> tuple[Callable[[Any], object], dict[str, Any]]:
    """The optax schedule, and arrays that are not steps."""
    jnp = pytest.importorskip("jax.numpy")
    pytest.importorskip("optax")
    from schedule_builder.frameworks.jax_backend import optax_schedule

    arrays = {
        "a tensor of a float": jnp.array(5.0),
        "a tensor of floats": jnp.array([5.0]),
        "a tensor of a bool": jnp.array(True),
        "a tensor of a complex number": jnp.array(5j),
    }
    return optax_schedule(SCHEDULE), arrays


def torch_taker() -> tuple[Callable[[Any], object], dict[str, Any]]:
    """PyTorch's evaluator, and tensors that are not steps."""
    torch = pytest.importorskip("torch")
    from schedule_builder.frameworks.torch_backend import rate_tensor

    tensors = {
        "a tensor of a float": torch.tensor(5.0),
        "a tensor of floats": torch.tensor([5.0]),
        "a tensor of a bool": torch.tensor(True),
        "a tensor of a complex number": torch.tensor(5j),
    }
    return lambda step: rate_tensor(SCHEDULE, step), tensors


@pytest.mark.parametrize("make", [jax_taker, torch_taker])
def test_what_is_not_a_step(
    make: Callable[[], tuple[Callable[[Any], object], dict[str, Any]]],
) -> None:
    takes, tensors = make()
    for name, step in (STEPS | tensors).items():
        with pytest.raises(TypeError) as refused:
            takes(step)
        assert refused.match(SAID), name
    assert takes(5) == pytest.approx(0.1)
