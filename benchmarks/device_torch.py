"""PyTorch's half of the device benchmark: beside its own schedulers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.optim import lr_scheduler

from benchmarks.device import Device, Way
from benchmarks.kinds import KINDS
from schedule_builder import Schedule, build_torch_scheduler
from schedule_builder.frameworks.torch_backend import rate_tensor


def _cosine(optimizer: Any) -> Any:
    warmup = lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 1000)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, 899_000)
    return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], [1000])


_PEERS: dict[str, Callable[[Any], Any]] = {
    "cosine with warmup": _cosine,
    "exponential": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.95 ** (1 / 1000)),
    "piecewise, 3 boundaries": lambda optimizer: lr_scheduler.MultiStepLR(
        optimizer, [1000, 2000, 3000], 0.5
    ),
}


def device() -> Device:
    """The GPU where PyTorch sees one."""
    if torch.cuda.is_available():
        return Device(torch.cuda.get_device_name(), is_accelerator=True)
    return Device("the processor", is_accelerator=False)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def rates(schedule: Schedule, steps: Any) -> Any:
    """Rates at steps that lie on the device, computed there."""
    return rate_tensor(schedule, torch.tensor(steps, device=_device())).cpu().numpy()


def ways(names: Iterable[str], loop: int, calls: int) -> Iterator[Way]:
    """A scheduler's step, and a training step with the scheduler's."""
    for kind in names:

        def ours(optimizer: Any, config: Any = KINDS[kind].config) -> Any:
            return build_torch_scheduler(config, optimizer)

        peer = _PEERS[kind]
        yield Way(
            f"{kind}, a scheduler's step / PyTorch",
            _stepped(ours, loop),
            _stepped(peer, loop),
            loop,
        )
        if kind == "cosine with warmup":
            for name, make in (("SGD", torch.optim.SGD), ("AdamW", torch.optim.AdamW)):
                yield Way(
                    f"training step of a small network, {name}, {kind} / PyTorch",
                    _trained(make, ours, calls),
                    _trained(make, peer, calls),
                    calls,
                )


def _stepped(make: Callable[[Any], Any], loop: int) -> Callable[[], Any]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = make(optimizer)
    optimizer.step()

    def run() -> None:
        for _ in range(loop):
            scheduler.step()

    return run


def _trained(make: Any, schedule: Callable[[Any], Any], calls: int) -> Callable[[], Any]:
    layers = [torch.nn.Linear(256, 256) for _ in range(4)]
    network = torch.nn.Sequential(*layers).to(_device())
    optimizer = make(network.parameters(), lr=0.1)
    scheduler = schedule(optimizer)
    batch = torch.ones(64, 256, device=_device())

    def run() -> Any:
        for _ in range(calls):
            optimizer.zero_grad()
            network(batch).square().mean().backward()
            optimizer.step()
            scheduler.step()
        return float(network[0].weight[0, 0])  # waits for the device

    return run
