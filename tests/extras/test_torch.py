"""PyTorch: the optimizer's rate is the config's at every update, also in a run that resumes."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import given, settings

import schedule_builder as sb
from schedule_builder import ConfigError, Schedule, build_schedule
from schedule_builder.schedules.curves import MAX_STEP
from schedule_builder.v1 import learning_rate_pb2 as pb
from tests.schedules.test_schedule import telling_steps
from tests.support import oracle
from tests.support.drawing import configs
from tests.support.goldens import Golden

from .comparing import EXAMPLES, GOLDENS, TEXT, assert_rounded, check_golden, schedule_of

torch = pytest.importorskip("torch")

CONFIG = text_format.Parse(TEXT, pb.LearningRate())
WANTED = [build_schedule(CONFIG)(step) for step in range(30)]


def in_groups(rates: list[float]) -> list[list[float]]:
    """The rates of the two groups of a `Training`."""
    return [[rate, rate / 4] for rate in rates]


def new_optimizer(**options: Any) -> Any:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], **({"lr": 123.0} | options))


def rates_of(schedule: Schedule, steps: Any) -> Any:
    """The rates of the tensors and, one step at a time, of the scheduler."""
    from schedule_builder.frameworks.torch_backend import ConfigScheduler, rate_tensor

    tensor = torch.tensor(steps, dtype=torch.int64)
    scheduled = []
    for step in steps:
        optimizer = new_optimizer()
        ConfigScheduler(optimizer, schedule, last_epoch=int(step) - 1)
        scheduled.append(optimizer.param_groups[0]["lr"])
    assert scheduled == [schedule(int(step)) for step in steps]
    return {
        "tensor": rate_tensor(schedule, tensor).numpy(),
        "scalars": torch.stack([rate_tensor(schedule, step) for step in tensor]).numpy(),
        "scheduler": np.asarray(scheduled, np.float32),
    }


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_goldens(golden: Golden) -> None:
    for name, found in rates_of(schedule_of(golden), golden.steps).items():
        check_golden(golden, found, name)


@settings(max_examples=EXAMPLES)
@given(configs)
def test_rates_are_exactly_rounded(message: Any) -> None:
    schedule = build_schedule(message)
    steps = telling_steps(schedule)
    wanted = [oracle.rate(message, step) for step in steps]
    for name, found in rates_of(schedule, steps).items():
        assert_rounded(found, wanted, name)


class Training:
    """A small model in training, and the rate of each update that the optimizer applied."""

    def __init__(self, optimizer: str = "SGD", **options: Any) -> None:
        torch.manual_seed(1)
        self.model = torch.nn.Linear(2, 1)
        groups = [{"params": [self.model.weight]}, {"params": [self.model.bias], "lr": 0.75}]
        self.optimizer = getattr(torch.optim, optimizer)(groups, **({"lr": 3.0} | options))
        self.applied: list[list[float]] = []
        self.optimizer.register_step_pre_hook(self.record)

    def record(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.applied.append([float(group["lr"]) for group in optimizer.param_groups])

    def run(self, scheduler: Any, updates: int) -> None:
        inputs = torch.linspace(0, 1, 8).reshape(4, 2)
        for _ in range(updates):
            self.optimizer.zero_grad()
            torch.nn.functional.mse_loss(self.model(inputs), inputs.sum(1, keepdim=True)).backward()
            self.optimizer.step()
            scheduler.step()


@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_training_applies_the_rates_in_the_groups_proportions(optimizer: str) -> None:
    training = Training(optimizer)
    scheduler = sb.build_torch_scheduler(CONFIG, training.optimizer)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    training.run(scheduler, 24)
    assert training.applied == in_groups(WANTED[:24])
    assert scheduler.last_epoch == 24
    assert scheduler.get_last_lr() == in_groups(WANTED)[24]


def test_a_schedule_may_begin_later() -> None:
    training = Training()
    training.run(sb.build_torch_scheduler(CONFIG, training.optimizer, step_offset=5), 15)
    assert training.applied == in_groups([WANTED[0]] * 5 + WANTED[:10])


def test_the_weights_change_by_the_rate() -> None:
    optimizer = new_optimizer()
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    (weights,) = optimizer.param_groups[0]["params"]
    for rate in WANTED:
        before = weights.detach().clone()
        weights.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
        np.testing.assert_allclose(before - weights.detach(), [rate] * 2, rtol=0, atol=2e-7)


def test_a_rate_that_is_a_tensor_is_filled() -> None:
    rate = torch.tensor(5.0)
    optimizer = new_optimizer(lr=rate)
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    optimizer.step()
    scheduler.step()
    kept = optimizer.param_groups[0]["lr"]
    assert isinstance(kept, torch.Tensor)
    assert float(kept) == np.float32(WANTED[1])
    scheduler.load_state_dict(scheduler.state_dict() | {"last_epoch": 5})
    assert optimizer.param_groups[0]["lr"] is kept
    assert float(kept) == np.float32(WANTED[5])


def saved(state: Any) -> Any:
    """The state after `torch.save` and `torch.load`, which executes nothing in it."""
    file = io.BytesIO()
    torch.save(state, file)
    return torch.load(io.BytesIO(file.getvalue()), weights_only=True)


@pytest.mark.parametrize("order", ["optimizer first", "scheduler first", "scheduler alone"])
def test_a_resumed_run_goes_on_without_the_config(order: str) -> None:
    first = Training()
    scheduler = sb.build_torch_scheduler(CONFIG, first.optimizer)
    first.run(scheduler, 9)
    state, optimizer_state = saved(scheduler.state_dict()), saved(first.optimizer.state_dict())

    second = Training()
    other = sb.build_torch_scheduler({"constant_learning_rate": {}}, second.optimizer)
    if order == "optimizer first":
        second.optimizer.load_state_dict(optimizer_state)
    other.load_state_dict(state)
    if order == "scheduler first":
        second.optimizer.load_state_dict(optimizer_state)
    assert other.schedule == build_schedule(CONFIG)
    second.run(other, 15)
    assert first.applied + second.applied == in_groups(WANTED[:24])


def test_a_state_is_enough_to_construct() -> None:
    from schedule_builder.frameworks.torch_backend import ConfigScheduler

    state = sb.build_torch_scheduler(CONFIG, new_optimizer()).state_dict()
    scheduler = ConfigScheduler(new_optimizer(), state["schedule"])
    assert scheduler.schedule == build_schedule(CONFIG)


def test_a_state_is_plain_data() -> None:
    import json

    scheduler = sb.build_torch_scheduler(CONFIG, new_optimizer())
    state = scheduler.state_dict()
    assert json.loads(json.dumps(state)) == state
    assert "optimizer" not in state


@given(configs)
def test_every_schedule_is_in_the_state(message: Any) -> None:
    scheduler = sb.build_torch_scheduler(message, new_optimizer())
    other = sb.build_torch_scheduler({"constant_learning_rate": {}}, new_optimizer())
    other.load_state_dict(scheduler.state_dict())
    assert other.schedule == build_schedule(message)


def test_last_epoch_needs_no_state() -> None:
    training = Training()
    training.run(sb.build_torch_scheduler(CONFIG, training.optimizer, last_epoch=8), 5)
    assert training.applied == in_groups(WANTED[9:14])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_go_on(copied: Any) -> None:
    optimizer = new_optimizer()
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    for _ in range(4):
        optimizer.step()
        scheduler.step()
    again = copied(scheduler)
    assert again.optimizer is not optimizer
    assert again.optimizer.param_groups[0]["lr"] == WANTED[4]
    again.optimizer.step()
    again.step()
    assert again.optimizer.param_groups[0]["lr"] == WANTED[5]
    assert optimizer.param_groups[0]["lr"] == WANTED[4]


def groups_of(*rates: Any) -> Any:
    parameters = [torch.nn.Parameter(torch.ones(1)) for _ in rates]
    groups = [{"params": [p], "lr": rate} for p, rate in zip(parameters, rates, strict=True)]
    return torch.optim.SGD(groups, lr=1.0)


def rates_in(optimizer: Any) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def test_a_group_that_is_added_joins_with_its_rate() -> None:
    optimizer = groups_of(0.1, 0.01)
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    for step, rate in enumerate((0.05, 0.2), 1):
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate})
        optimizer.step()
        scheduler.step()
        wanted = [WANTED[step] * f for f in (1, 0.1, 0.5, 2)][: step + 2]
        np.testing.assert_allclose(rates_in(optimizer), wanted, rtol=1e-15)


def test_the_default_tensor_of_an_added_group_changes_no_other_rate() -> None:
    optimizer = new_optimizer(lr=torch.tensor(0.5))
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
    optimizer.step()
    scheduler.step()
    assert rates_in(optimizer) == [np.float32(WANTED[1])] * 2


def test_groups_whose_rates_are_all_zero_get_the_schedules() -> None:
    optimizer = groups_of(0.0, 0.0)
    sb.build_torch_scheduler(CONFIG, optimizer)
    assert rates_in(optimizer) == [WANTED[0]] * 2


def test_tensors_stay_tensors_in_their_proportions() -> None:
    optimizer = groups_of(torch.tensor(0.25), torch.tensor(0.5))
    kept = [group["lr"] for group in optimizer.param_groups]
    scheduler = sb.build_torch_scheduler(CONFIG, optimizer)
    optimizer.step()
    scheduler.step()
    assert all(g["lr"] is rate for g, rate in zip(optimizer.param_groups, kept, strict=True))
    assert rates_in(optimizer) == [np.float32(WANTED[1] / 2), np.float32(WANTED[1])]


def test_a_resumed_run_has_the_proportions_of_initial_lr() -> None:
    first = groups_of(0.4, 0.1)
    sb.build_torch_scheduler(CONFIG, first)
    second = groups_of(1.0, 1.0)
    second.load_state_dict(saved(first.state_dict()))
    for group in second.param_groups:
        group["lr"] = 0.0  # as where a schedule begins at 0
    sb.build_torch_scheduler(CONFIG, second, last_epoch=6)
    assert rates_in(second) == [WANTED[7], WANTED[7] / 4]


def test_a_state_with_another_schedule_warns_with_the_first_difference(caplog: Any) -> None:
    states = []
    for step in (10, 7):
        rates = {"boundaries": [step - 1], "values": [0.5, 0.25]}
        config = {"piecewise_constant_learning_rate": rates}
        scheduler = sb.build_torch_scheduler(config, new_optimizer())
        states.append(saved(scheduler.state_dict() | {"last_epoch": 3}))
    scheduler.load_state_dict(states[1])
    assert not caplog.records
    scheduler.load_state_dict(states[0])
    assert "at step 7 its rate is 0.5, and that of the config is 0.25" in caplog.text
    assert "last_epoch=3" in caplog.text
    assert len(caplog.records) == 1
    assert scheduler.schedule(9) == 0.5


MULTIPLIED = {
    "train_config": {
        "num_steps": 9,
        "optimizer": {
            "sgd_optimizer": {"learning_rate": {"constant_learning_rate": {}}},
            "learning_rate_multiplier": [{"pattern": "weight", "factor": 0.5}],
        },
    }
}


def test_a_scheduler_alone_warns_of_multipliers(caplog: Any) -> None:
    sb.build_torch_scheduler(MULTIPLIED, new_optimizer())
    (record,) = caplog.records
    assert "use build_torch_optimizer" in record.getMessage()


def test_it_follows_another_scheduler() -> None:
    optimizer = new_optimizer(lr=1.0)
    constant = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=99)
    ours = sb.build_torch_scheduler(CONFIG, optimizer)
    joined = torch.optim.lr_scheduler.SequentialLR(optimizer, [constant, ours], milestones=[3])
    rates: list[float] = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        joined.step()
    assert rates == [0.5] * 3 + WANTED[:7]


def test_a_bad_config_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        sb.build_torch_scheduler(
            {"cosine_decay_learning_rate": {"total_steps": 0}}, new_optimizer()
        )


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (2, 0)])
@pytest.mark.parametrize("text", [TEXT, "constant_learning_rate {}"])
def test_tensors_of_any_integers_and_shape(text: str, shape: Any, dtype: str) -> None:
    from schedule_builder.frameworks.torch_backend import rate_tensor

    schedule = build_schedule(text_format.Parse(text, pb.LearningRate()))
    steps = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    rates = rate_tensor(schedule, torch.from_numpy(steps).to(getattr(torch, dtype)))
    assert rates.dtype == torch.float32
    assert rates.shape == shape
    np.testing.assert_array_equal(rates, np.float32(schedule(steps)))


def test_the_largest_and_the_negative_steps() -> None:
    from schedule_builder.frameworks.torch_backend import rate_tensor

    text = f"piecewise_constant_learning_rate {{ boundaries: {MAX_STEP - 1} values: [0.1, 0.01] }}"
    schedule = build_schedule(text_format.Parse(text, pb.LearningRate()))
    steps = torch.from_numpy(np.array([0, MAX_STEP, 2**63, 2**64 - 1], np.uint64))
    wanted = np.asarray([0.1, 0.01, 0.01, 0.01], np.float32)
    np.testing.assert_array_equal(rate_tensor(schedule, steps), wanted)
    assert float(rate_tensor(schedule, 2**70)) == wanted[1]
    assert float(rate_tensor(schedule, torch.tensor(-5))) == wanted[0]


@pytest.mark.parametrize("step", [1.0, True, None, "5"])
def test_a_step_that_is_no_integer_is_a_type_error(step: Any) -> None:
    from schedule_builder.frameworks.torch_backend import rate_tensor

    with pytest.raises(TypeError):
        rate_tensor(build_schedule(CONFIG), step)
    if isinstance(step, (float, bool)):
        with pytest.raises(TypeError, match="integer"):
            rate_tensor(build_schedule(CONFIG), torch.tensor(step))
