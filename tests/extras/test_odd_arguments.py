"""What is not a step is the documented TypeError, in JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import schedule_builder
from tests.support.odd import STEPS

SCHEDULE = schedule_builder.build_schedule({"constant_learning_rate": {"learning_rate": 0.1}})
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
    assert takes(-5) == takes(0)


@pytest.mark.parametrize(("make", "other"), [(jax_taker, torch_taker), (torch_taker, jax_taker)])
def test_arrays_of_another_library(
    make: Callable[[], tuple[Callable[[Any], object], dict[str, Any]]],
    other: Callable[[], tuple[Callable[[Any], object], dict[str, Any]]],
) -> None:
    torch = pytest.importorskip("torch")
    takes, _ = make()
    _, arrays = other()
    arrays["a tensor that NumPy does not hold"] = torch.tensor(5, dtype=torch.bfloat16)
    arrays["a tensor with a gradient"] = torch.tensor(5.0, requires_grad=True)
    for name, step in arrays.items():
        with pytest.raises(TypeError) as refused:
            takes(step)
        assert refused.match(SAID), name
    jnp = pytest.importorskip("jax.numpy")
    for step in (torch.tensor(5), jnp.array(5)):
        assert takes(step) == takes(5)


def test_what_is_not_a_step_in_a_compiled_function() -> None:
    jax = pytest.importorskip("jax")
    takes, arrays = jax_taker()
    for step in (True, 5.0, *arrays.values()):
        with pytest.raises(TypeError, match=SAID):
            jax.jit(takes)(step)


ODD: dict[str, Any] = {name: value for name, value in STEPS.items() if name != "None"}
DATA = {"constant_learning_rate": {"learning_rate": 0.1}}


@pytest.mark.parametrize("name", ["num_steps", "batch_size", "step_offset"])
def test_what_is_not_a_number_of_steps(name: str) -> None:
    pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    said = f"{name} must be a whole number"
    for value in (*ODD.values(), torch.tensor(5.0), torch.tensor(True)):
        with pytest.raises(TypeError, match=said):
            schedule_builder.build_optax_schedule(DATA, **{name: value})
        with pytest.raises(TypeError, match=said):
            schedule_builder.build_torch_scheduler(DATA, optimizer, **{name: value})
    for build in (
        schedule_builder.build_optax_schedule,
        lambda data, **n: schedule_builder.build_torch_scheduler(data, optimizer, **n),
    ):
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            build(DATA, **{name: -1})


@pytest.mark.parametrize("given", [None, 5, True, 5.0, b"a.config", [], object()])
def test_what_is_not_a_config(given: Any) -> None:
    pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    parameters = [torch.nn.Parameter(torch.ones(1))]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    for build in (
        schedule_builder.build_optax_schedule,
        schedule_builder.build_optax_optimizer,
        lambda given: schedule_builder.build_torch_scheduler(given, optimizer),
        lambda given: schedule_builder.build_torch_optimizer(given, [("a", parameters[0])]),
    ):
        with pytest.raises(TypeError, match="expected a path, a Config"):
            build(given)


@pytest.mark.parametrize("given", [None, "sgd", 5, [], {}])
def test_what_is_not_an_optimizer(given: Any) -> None:
    pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"`optimizer` must be a torch.optim.Optimizer. Received: "):
        schedule_builder.build_torch_scheduler(DATA, given)


def test_what_is_not_a_number_of_updates() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    for value in (None, *ODD.values(), torch.tensor(5.0)):
        with pytest.raises(TypeError, match="last_epoch must be a whole number"):
            schedule_builder.build_torch_scheduler(DATA, optimizer, last_epoch=value)
    for value in (-2, 2**70):
        with pytest.raises(ValueError, match="last_epoch must be at "):
            schedule_builder.build_torch_scheduler(DATA, optimizer, last_epoch=value)
    scheduler = schedule_builder.build_torch_scheduler(DATA, optimizer, last_epoch=torch.tensor(5))
    assert scheduler.last_epoch == 6
