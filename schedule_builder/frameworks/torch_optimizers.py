"""Optimizers in PyTorch from a config, with groups for the rates of its variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from schedule_builder.config import ConfigLike, build_schedule, load
from schedule_builder.frameworks.optimizer_plans import plan_of
from schedule_builder.frameworks.torch_backend import FACTOR
from schedule_builder.frameworks.update_formulas import FORMULAS
from schedule_builder.frameworks.variable_factors import LOGGER

_GRADIENT_FACTOR = "gradient_factor"
# PyTorch has an option of AdamW called `decoupled_weight_decay`.
_DECAY = "config_weight_decay"
_PATHS = "paths"
_OF_A_STATE = ("params", "lr", "initial_lr")


def _listed(paths: Iterable[str]) -> str:
    names = [f"`{path}`" for path in paths]
    return ", ".join([*names[:3], *(["..."] if names[3:] else [])]) or "nothing"


class ConfigOptimizer(Optimizer):
    """An optimizer from a config: the parts of a step before and after the update itself.

    Options are in `defaults`, which PyTorch copies and pickles.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Scales and clips gradients, decays weights, updates them and their averages.

        Args:
            closure: computes the loss and the gradients again, as in PyTorch.

        Returns:
            The result of the closure.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if not self.defaults["has_stepped"]:
            self.defaults["has_stepped"] = True
            if not all("initial_lr" in group for group in self.param_groups):
                LOGGER.warning(
                    "nothing changes the rate of this optimizer:"
                    " build_torch_scheduler(config, optimizer), and call its step() after each"
                    " update"
                )
        with torch.no_grad():
            kept = self._scale_gradients()
            try:
                self._decay()
                self._own_step()
            finally:
                for parameter, gradient in kept:
                    parameter.grad = gradient
            self._average()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a state, with the factors and options of this optimizer's own config.

        Args:
            state_dict: what `state_dict()` returned.

        Raises:
            ValueError: the groups of the state do not have the parameters of this optimizer.
        """
        own = [dict(group) for group in self.param_groups]
        for group, saved in zip(own, state_dict["param_groups"], strict=False):
            here, there = group.get(_PATHS), saved.get(_PATHS)
            if here != there and there is not None:
                message = (
                    f"the state has a group of {_listed(there)}, and the config has one of"
                    f" {_listed(here or ())} in its place: its patterns were others. Load the"
                    " model's weights alone, or give the config the patterns of the run that saved"
                    " the state"
                )
                raise ValueError(message)
        super().load_state_dict(state_dict)
        for group, options in zip(self.param_groups, own, strict=True):
            group.update({k: v for k, v in options.items() if k not in _OF_A_STATE})

    def _own_step(self) -> None:
        step: Any = super().step
        # Once PyTorch has made an optimizer of its own class, that class runs the hooks as well.
        if getattr(step, "hooked", False):
            step.__wrapped__(self)
        else:
            step()

    def _pairs(self) -> list[tuple[dict[str, Any], torch.Tensor]]:
        return [
            (group, parameter)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]

    def _scale_gradients(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Replaces gradients by scaled and clipped ones, and returns the original ones."""
        pairs = self._pairs()
        kept = [(p, p.grad) for _, p in pairs if p.grad is not None]
        for group, parameter in pairs:
            if group.get(_GRADIENT_FACTOR, 1.0) != 1:
                parameter.grad = parameter.grad * group[_GRADIENT_FACTOR]
        clipping = self.defaults["clipping"]
        if clipping is None or not pairs:
            return kept
        kind, limit = clipping
        gradients = [parameter.grad for _, parameter in pairs if parameter.grad is not None]
        if kind == "clipvalue":
            clipped = [gradient.clamp(-limit, limit) for gradient in gradients]
        else:
            norms = [torch.linalg.vector_norm(g, dtype=torch.float32) for g in gradients]
            if kind == "global_clipnorm":
                here = norms[0].device
                total = torch.linalg.vector_norm(torch.stack([n.to(here) for n in norms]))
                norms = [total] * len(norms)
            clipped = [
                g * (limit / norm.clamp(min=limit)).to(g.device, g.dtype)
                for g, norm in zip(gradients, norms, strict=True)
            ]
        for (_, parameter), gradient in zip(pairs, clipped, strict=True):
            parameter.grad = gradient
        return kept

    def _decay(self) -> None:
        for group, parameter in self._pairs():
            if decay := group.get(_DECAY, 0.0):
                parameter.mul_(1 - group["lr"] * decay)

    def _average(self) -> None:
        decay = self.defaults["average_decay"]
        if decay is None:
            return
        for _, parameter in self._pairs():
            state = self.state[parameter]
            if "average" in state:
                state["average"].lerp_(parameter, 1 - decay)
            else:
                state["average"] = parameter.detach().clone()

    @torch.no_grad()
    def swap_averages(self) -> None:
        """Exchanges the weights and their moving averages; a second call exchanges them back.

        Frozen parameters have no average and stay as they are. Do not train in between.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                average = self.state.get(parameter, {}).get("average")
                if average is not None:
                    weights = parameter.clone()
                    parameter.copy_(average)
                    average.copy_(weights)


class _Operations:
    """PyTorch's functions for the formulas; rates and counts may be Python numbers."""

    sqrt = staticmethod(torch.sqrt)
    sign = staticmethod(torch.sign)
    where = staticmethod(torch.where)
    maximum = staticmethod(torch.maximum)
    zeros_like = staticmethod(torch.zeros_like)
    ones_like = staticmethod(torch.ones_like)
    full_like = staticmethod(torch.full_like)
    minimum = staticmethod(min)


class _FormulaOptimizer(Optimizer):
    """An optimizer that PyTorch lacks, or computes in another way."""

    formula: str

    def __init__(self, groups: Any, lr: float, **arguments: Any) -> None:
        super().__init__(groups, {"lr": lr, "arguments": arguments})

    def step(self, closure: Any = None) -> None:
        formula = FORMULAS[self.formula]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                arguments, state = group["arguments"], self.state[parameter]
                if "step" not in state:
                    state["step"] = 0
                    state.update(formula.new_slots(arguments, _Operations, parameter))
                state["step"] += 1
                lost, slots = formula.update(
                    arguments,
                    _Operations,
                    state,
                    parameter.grad,
                    parameter,
                    group["lr"],
                    state["step"],
                )
                parameter.sub_(lost)
                for name, value in slots.items():
                    state[name].copy_(value)


class Adam(ConfigOptimizer, torch.optim.Adam):
    """PyTorch's Adam, for a config."""


class AdamW(ConfigOptimizer, torch.optim.AdamW):
    """PyTorch's AdamW, for a config."""


class Adagrad(ConfigOptimizer, torch.optim.Adagrad):
    """PyTorch's Adagrad, for a config."""


class SGD(ConfigOptimizer, _FormulaOptimizer):
    """SGD whose momentum holds updates and not gradients, as in Keras."""

    formula = "SGD"


class RMSprop(ConfigOptimizer, _FormulaOptimizer):
    """RMSProp with epsilon under the root, as the API has it."""

    formula = "RMSprop"


class Lamb(ConfigOptimizer, _FormulaOptimizer):
    """LAMB."""

    formula = "Lamb"


class Lion(ConfigOptimizer, _FormulaOptimizer):
    """Lion."""

    formula = "Lion"


class Adafactor(ConfigOptimizer, _FormulaOptimizer):
    """Adafactor."""

    formula = "Adafactor"


_CLASSES: dict[str, Any] = {
    c.__name__: c for c in (Adam, AdamW, Adagrad, SGD, RMSprop, Lamb, Lion, Adafactor)
}


def _options(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the class, from Keras'."""
    if issubclass(_CLASSES[name], _FormulaOptimizer):
        return arguments
    options: dict[str, Any] = {"weight_decay": 0.0}
    if "beta_1" in arguments:
        options |= {"betas": (arguments["beta_1"], arguments["beta_2"])}
    renamed = {"epsilon": "eps", "beta_1": None, "beta_2": None}
    for argument, value in arguments.items():
        if (own := renamed.get(argument, argument)) is not None:
            options[own] = value
    return options


def build_torch_optimizer(
    config: ConfigLike,
    named_parameters: Iterable[tuple[str, torch.nn.Parameter]],
    *,
    step_offset: int = 0,
    num_steps: int | None = None,
    batch_size: int | None = None,
) -> ConfigOptimizer:
    """Builds the PyTorch optimizer of a config, with a group for each factor of the rate.

    Build its scheduler as well, with `build_torch_scheduler(config, optimizer)`: it sets the rates
    of the groups. Call the scheduler's `step()` after each update. Patterns are searched in the
    names of parameters, with `/` for each `.`.

    A `step()` of the optimizer scales gradients of biases by `bias_grad_multiplier`, clips,
    decays weights by their own rates, and updates them. `parameter.grad` stays what it was.
    Frozen parameters are not in any group: they are not part of any norm, do not decay and have no
    state.
    `requires_grad_(False)` also saves the computation of their gradients.

    `Adam`, `AdamW` and `Adagrad` extend PyTorch's classes. The others are classes of this project:
    PyTorch lacks them, or computes them in another way.

    Args:
        config: a pipeline or an experiment: a path, a loaded config, a message or plain data,
            as for `load`.
        named_parameters: `model.named_parameters()`.
        step_offset: the number of updates at which the schedule begins, as for the scheduler.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.

    Returns:
        The optimizer. Where the config asks for a moving average of the weights, its state has
        the averages, and `swap_averages()` puts them in place of the weights.

    Raises:
        ConfigError: the config has errors or asks for an optimizer that is not supported, or a
            multiplier's pattern is not found in the name of any parameter.
        OSError: the file cannot be read.
        TypeError: the parameters have no names.
        ValueError: the config is only a learning rate, without an optimizer; or there are no
            parameters.
    """
    loaded = load(config, num_steps=num_steps, batch_size=batch_size)
    plan = plan_of(loaded, "PyTorch", "build_torch_scheduler")
    named = list(named_parameters)
    if not all(isinstance(pair, tuple) for pair in named):
        message = "expected pairs of a name and a parameter: pass `model.named_parameters()`"
        raise TypeError(message)
    if not named:
        message = "there are no parameters. `named_parameters()` can be used once: call it again"
        raise ValueError(message)
    paths = [name.replace(".", "/") for name, _ in named]
    plan.check(paths)
    rate = build_schedule(loaded, step_offset=step_offset)(0)
    is_native = plan.name == "AdamW"
    groups: dict[Any, dict[str, Any]] = {}
    for path, (_, parameter) in zip(paths, named, strict=True):
        treatment = plan.treatment(path)
        if treatment.factor:
            group: dict[str, Any] = {
                "params": [],
                _PATHS: [],
                "lr": rate * treatment.factor,
                FACTOR: treatment.factor,
                _GRADIENT_FACTOR: treatment.gradient_factor,
                "weight_decay" if is_native else _DECAY: treatment.weight_decay,
            }
            members = groups.setdefault(treatment, group)
            members["params"].append(parameter)
            members[_PATHS].append(path)
    if not groups:
        # An update in which all parameters are frozen still counts.
        groups[None] = {"params": [], "lr": rate, FACTOR: 1.0}
    options = _options(plan.name, plan.arguments)
    optimizer: ConfigOptimizer = _CLASSES[plan.name](list(groups.values()), lr=rate, **options)
    optimizer.defaults |= {
        "clipping": plan.clipping,
        "average_decay": plan.average_decay,
        "has_stepped": False,
    }
    return optimizer
