"""Optimizers in PyTorch: the rate of each parameter, and Keras' numbers."""

from __future__ import annotations

import copy
import logging
from typing import Any

import numpy as np
import pytest

import schedule_builder as sb

from .optimizer_configs import (
    BLOCKS,
    CLIPPINGS,
    FACTORS,
    GRADIENTS,
    RATE,
    STEPS,
    WEIGHTS,
    config,
    run_documented,
    trained_by_keras,
)

torch = pytest.importorskip("torch")
REFERENCE = [sb.build_schedule(RATE)(step) for step in range(STEPS)]
NOT_KERAS_EPSILON = {"adam_optimizer": 1e-5, "adamw_optimizer": 5e-5}


class Training:
    """Parameters, and the optimizer and scheduler of a config."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.parameters = {
            path: torch.nn.Parameter(torch.tensor(weights)) for path, weights in WEIGHTS.items()
        }
        named = ((path.replace("/", "."), p) for path, p in self.parameters.items())
        self.optimizer = sb.build_torch_optimizer(settings, named)
        self.scheduler = sb.build_torch_scheduler(settings, self.optimizer)

    def run(self, steps: Any = GRADIENTS) -> dict[str, Any]:
        for gradients in steps:
            for path, parameter in self.parameters.items():
                parameter.grad = torch.tensor(gradients[path])
            self.optimizer.step()
            self.scheduler.step()
        return self.weights()

    def weights(self) -> dict[str, Any]:
        return {path: p.detach().numpy().copy() for path, p in self.parameters.items()}


@pytest.mark.parametrize("name", BLOCKS)
def test_it_trains_as_keras_does(name: str, caplog: Any) -> None:
    settings = config(name, bias_grad_multiplier=2.0, gradient_clipping_by_norm=1.0)
    training = Training(settings)
    found = training.run()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    wanted, averages = trained_by_keras(settings)
    training.optimizer.swap_averages()
    swapped = training.weights()
    training.optimizer.swap_averages()
    back = training.weights()
    for path, weights in wanted.items():
        np.testing.assert_array_equal(back[path], found[path])
        atol = NOT_KERAS_EPSILON.get(name, 2e-6)
        np.testing.assert_allclose(found[path], weights, rtol=0, atol=atol)
        if FACTORS[path.split("/")[0]]:
            np.testing.assert_allclose(swapped[path], averages[path], rtol=0, atol=atol)
        else:
            np.testing.assert_array_equal(found[path], WEIGHTS[path])
            np.testing.assert_array_equal(swapped[path], WEIGHTS[path])


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adagrad"])
def test_it_trains_as_separate_optimizers_of_pytorch_do(name: str) -> None:
    options = {"eps": 1e-7, **({"weight_decay": 0.1} if name == "AdamW" else {})}
    block = {"epsilon": 1e-7, **({"weight_decay": 0.1} if name == "AdamW" else {})}
    if name == "Adagrad":
        options["initial_accumulator_value"] = 0.1
    found = Training(config(f"{name.lower()}_optimizer", block)).run()
    for path, weights in WEIGHTS.items():
        parameter = torch.nn.Parameter(torch.tensor(weights))
        optimizer = getattr(torch.optim, name)([parameter], **options)
        for rate, gradients in zip(REFERENCE, GRADIENTS, strict=True):
            optimizer.param_groups[0]["lr"] = rate * FACTORS[path.split("/")[0]]
            parameter.grad = torch.tensor(gradients[path])
            optimizer.step()
        np.testing.assert_allclose(found[path], parameter.detach(), rtol=0, atol=7e-7)


@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_gradients_are_clipped_without_the_frozen_and_stay(clipping: str) -> None:
    training = Training(config("sgd_optimizer", {}, **{clipping: 0.5}))
    before = training.weights()
    training.run(GRADIENTS[:1])
    kept = [path for path in WEIGHTS if "stem" not in path]
    total = np.sqrt(sum(np.square(GRADIENTS[0][path]).sum() for path in kept))
    for path in kept:
        gradient = GRADIENTS[0][path]
        norm = total if "gradient" in clipping else np.sqrt(np.square(gradient).sum())
        scaled = gradient * min(1, 0.5 / norm)
        if clipping == "clip_by_value":
            scaled = np.clip(gradient, -0.5, 0.5)
        wanted = before[path] - REFERENCE[0] * FACTORS[path.split("/")[0]] * scaled
        np.testing.assert_allclose(training.weights()[path], wanted, rtol=0, atol=3e-7)
        np.testing.assert_array_equal(training.parameters[path].grad, gradient)


@pytest.mark.parametrize("peak", [1.0, 0.0])
def test_the_rate_of_each_parameter_is_the_factor_times_the_reference(peak: float) -> None:
    points = [{"step": 0, "learning_rate": peak}, {"step": 4, "learning_rate": 0.25}]
    rate = {"piecewise_linear_learning_rate": {"point": points}}
    training = Training(config("sgd_optimizer", {"learning_rate": rate}))
    for step in range(STEPS):
        before = training.weights()
        training.run([{path: np.ones_like(w) for path, w in WEIGHTS.items()}])
        for path, weights in training.weights().items():
            wanted = sb.build_schedule(rate)(step) * FACTORS[path.split("/")[0]]
            np.testing.assert_allclose(before[path] - weights, wanted, rtol=0, atol=5e-7)


@pytest.mark.parametrize("name", ["sgd_optimizer", "adamw_optimizer"])
def test_hooks_run_once_and_copies_train_alike(name: str) -> None:
    for own in (torch.optim.SGD, torch.optim.AdamW):
        own([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    training = Training(config(name))
    calls: list[Any] = []
    training.optimizer.register_step_pre_hook(lambda *_: calls.append(1))
    copied = copy.copy(training)
    copied.parameters, copied.optimizer = copy.deepcopy((training.parameters, training.optimizer))
    copied.scheduler = sb.build_torch_scheduler(config(name), copied.optimizer)
    training.run()
    assert len(calls) == STEPS
    for path, weights in copied.run().items():
        np.testing.assert_array_equal(weights, training.weights()[path])


@pytest.mark.parametrize("name", ["adamw_optimizer", "lamb_optimizer"])
def test_a_run_resumes(name: str) -> None:
    wanted = Training(config(name)).run()
    first = Training(config(name))
    first.run(GRADIENTS[:3])
    second = Training(config(name))
    for path, parameter in second.parameters.items():
        parameter.data.copy_(first.parameters[path])
    second.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))
    second.scheduler.load_state_dict(first.scheduler.state_dict())
    for path, weights in second.run(GRADIENTS[3:]).items():
        np.testing.assert_array_equal(weights, wanted[path])


def test_a_state_under_another_config_has_the_configs_factors() -> None:
    first = Training(config("adamw_optimizer"))
    first.run(GRADIENTS[:3])
    block = {"weight_decay": 0.5, "exclude_from_weight_decay": ["bias$"]}
    settings = config("adamw_optimizer", block)
    multipliers = settings["train_config"]["optimizer"]["learning_rate_multiplier"]
    settings["train_config"]["optimizer"]["learning_rate_multiplier"] = [
        multipliers[0],
        {"pattern": "^backbone/", "factor": 0.25},
    ]
    second = Training(settings)
    state, rates = first.optimizer.state_dict(), first.scheduler.state_dict()
    second.optimizer.load_state_dict(copy.deepcopy(state))
    for scheduler in (
        sb.build_torch_scheduler(settings, second.optimizer, last_epoch=2),
        second.scheduler,
    ):
        if scheduler is second.scheduler:
            scheduler.load_state_dict(rates)
        groups = second.optimizer.param_groups
        assert [group["lr"] for group in groups] == [
            REFERENCE[3] * factor for factor in (0.25, 0.25, 1, 1)
        ]
        assert [group["weight_decay"] for group in groups] == [0.5, 0, 0.5, 0]


def test_a_state_of_other_groups_is_refused() -> None:
    state = Training(config("adamw_optimizer")).optimizer.state_dict()
    settings = config("adamw_optimizer")
    settings["train_config"]["optimizer"]["learning_rate_multiplier"] = [
        {"pattern": "^head/", "factor": 0},
        {"pattern": "^stem/", "factor": 0.1},
    ]
    other = Training(settings)
    before = other.optimizer.state_dict()
    with pytest.raises(
        ValueError, match=r"a group of `backbone/kernel`.* has one of `stem/kernel`"
    ):
        other.optimizer.load_state_dict(state)
    assert other.optimizer.state_dict() == before


def test_a_closure_gives_the_loss_and_the_gradients() -> None:
    training = Training(config("adamw_optimizer"))

    def closure() -> Any:
        for parameter in training.parameters.values():
            parameter.grad = None
        loss = sum((p**2).sum() for p in training.parameters.values())
        loss.backward()
        return loss

    losses = [float(training.optimizer.step(closure).detach()) for _ in range(3)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[2]


def test_an_optimizer_without_a_scheduler_says_so_once(caplog: Any) -> None:
    parameters = {path: torch.nn.Parameter(torch.tensor(w)) for path, w in WEIGHTS.items()}
    optimizer = sb.build_torch_optimizer(config("adam_optimizer"), parameters.items())
    optimizer.step()
    optimizer.step()
    (record,) = caplog.records
    assert "build_torch_scheduler(config, optimizer)" in record.getMessage()


def test_an_optimizer_whose_parameters_are_all_frozen_steps() -> None:
    settings = config("adam_optimizer", freeze_variables=[".*"])
    training = Training(settings)
    for path, weights in training.run().items():
        np.testing.assert_array_equal(weights, WEIGHTS[path])
    assert training.scheduler.last_epoch == STEPS


def test_wrong_parameters_are_refused() -> None:
    model = torch.nn.Linear(2, 1)
    settings = config("adam_optimizer")
    with pytest.raises(TypeError, match="named_parameters"):
        sb.build_torch_optimizer(settings, model.parameters())
    with pytest.raises(ValueError, match="there are no parameters"):
        sb.build_torch_optimizer(settings, [])
    with pytest.raises(sb.ConfigError, match=r"SB319.*`\^stem/` is found in none.*`weight`"):
        sb.build_torch_optimizer(settings, model.named_parameters())
    with pytest.raises(ValueError, match="names no optimizer: use build_torch_scheduler"):
        sb.build_torch_optimizer(RATE, model.named_parameters())


def test_the_documented_code_runs(tmp_path: Any, monkeypatch: Any) -> None:
    parts = {name: torch.nn.Linear(2, 2) for name in FACTORS}
    model = torch.nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    stem = parts["stem"].weight.detach().clone()
    head = parts["head"].weight.detach().clone()
    loss = (model(torch.ones(3, 2)) ** 2).sum()
    run_documented("PyTorch", {"sb": sb, "model": model, "loss": loss}, tmp_path, monkeypatch)
    assert torch.equal(parts["stem"].weight, stem)
    assert not torch.equal(parts["head"].weight, head)
