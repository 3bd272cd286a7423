"""What rules ask of a run: its stages, its first change and its end, each counted step by step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, product
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.wrappers_pb2 import Int64Value

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import FieldPath, Set, Source
from schedule_builder.dialects import lowering
from schedule_builder.dialects.base import Dialect
from schedule_builder.dialects.learning_rate import LEARNING_RATE
from schedule_builder.dialects.lowering import lowers, sequence
from schedule_builder.dialects.model_garden import EXPERIMENT
from schedule_builder.dialects.object_detection import PIPELINE
from schedule_builder.rules.run import THRESHOLDS, Run, is_listed
from schedule_builder.schedules.curves import Constant
from schedule_builder.workspace.settings import Settings

RATE = ("train_config", "optimizer", "sgd_optimizer", "learning_rate")


def run_of(text: str, num_steps: int | None = None, dialect: Dialect = LEARNING_RATE) -> Run:
    message: Any = text_format.Parse(text, dialect.root())
    schedule = dialect.lower(message, None)
    assert schedule is not None
    return Run(
        root=message,
        dialect=dialect,
        schedule=schedule,
        num_steps=num_steps or dialect.num_steps(message),
        policy={},
        thresholds=THRESHOLDS,
        max_rate={},
        is_in_steps=True,
        moved=(),
        blamed=set(),
    )


def pipeline(rate: str, num_steps: int | None = 1000) -> Run:
    steps = "" if num_steps is None else f"num_steps: {num_steps}"
    text = (
        f"train_config {{ {steps} optimizer {{ sgd_optimizer {{ learning_rate {{ {rate} }} }} }} }}"
    )
    return run_of(text, dialect=PIPELINE)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("schedule 0 step", True),
        ("boundaries 0", True),
        ("milestones 1", True),
        ("learning_rates 1", True),
        ("stage 0 steps", True),
        ("stage 0 learning_rate multi_step_learning_rate milestones 1", True),
        ("stage 0 learning_rate manual_step_learning_rate schedule 1 step", True),
        ("stage 0 learning_rate tanh_decay_learning_rate total_steps", False),
        ("learning_rates 0 tanh_decay_learning_rate total_steps", False),
        ("point 0 step", False),
        ("warmup warmup_steps", False),
        ("decay_steps", False),
        ("", False),
    ],
)
def test_an_entry_of_a_list_is_listed(path: str, wanted: bool) -> None:
    names = tuple(int(name) if name.isdigit() else name for name in path.split())
    assert is_listed(names) == wanted


def lists(rates: tuple[float, ...], steps: tuple[int, ...]) -> str:
    entries = "".join(
        f"schedule {{ step: {step} learning_rate: {rate} }}"
        for step, rate in zip(steps, rates[1:], strict=True)
    )
    return f"manual_step_learning_rate {{ initial_learning_rate: {rates[0]} {entries} }}"


def test_the_stages_of_a_list_are_what_its_steps_have_in_common() -> None:
    for rates in product((0.5, 0.25), repeat=4):
        for steps in ((1, 2, 3), (2, 5, 9), (3, 4, 8)):
            for num_steps in (1, 2, 3, 4, 5, 8, 9, 10, 12):
                run = run_of(lists(rates, steps), num_steps)
                each = [rates[sum(step >= begin for begin in steps)] for step in range(num_steps)]
                wanted, begin = [], 0
                for rate, same in groupby(each):
                    end = begin + len(list(same))
                    wanted.append((begin, end, rate))
                    begin = end
                assert [stage[:3] for stage in run.stages] == wanted
                assert run.last == num_steps - 1
                assert run.peak == (max(each), each.index(max(each)))
                for stage in run.stages:
                    assert stage.is_listed == (stage.begin > 0)
                    kind = ("manual_step_learning_rate",)
                    entry = (
                        (*kind, "schedule", steps.index(stage.begin), "step")
                        if (stage.begin)
                        else kind
                    )
                    assert stage.path == entry


def test_curves_are_not_stages_and_part_them() -> None:
    kind = "warmup_stable_decay_learning_rate"
    run = run_of(
        f"{kind} {{ initial_learning_rate: 0.5 peak_learning_rate: 0.5 warmup_steps: 3"
        " stable_steps: 4 decay_steps: 5 end_learning_rate: 0.5 }",
        20,
    )
    assert [stage[:3] for stage in run.stages] == [(3, 7, 0.5), (12, 20, 0.5)]
    assert run.stages[1].path == (kind, "decay_steps")
    assert not run.stages[1].is_listed


def test_without_a_run_length_the_last_segment_is_the_end() -> None:
    run = run_of(lists((0.5, 0.25, 0.125), (2, 5)))
    assert run.last == 5
    assert [stage[:3] for stage in run.stages] == [(0, 2, 0.5), (2, 5, 0.25), (5, 6, 0.125)]
    assert run.first_change is None
    assert run_of("constant_learning_rate { learning_rate: 0.5 }").last == 0


def test_the_highest_rate_is_the_first_of_its_kind() -> None:
    run = run_of("tanh_decay_learning_rate { learning_rate_base: 1 total_steps: 9 }", 9)
    assert run.peak == (run.schedule(0), 0)
    rise = "constant_learning_rate { learning_rate: 0.5 } warmup { warmup_steps: 4 }"
    assert run_of(rise, 9).peak == (0.5, 4)


KINDS = {
    "multi_step": "multi_step_learning_rate {{ initial_learning_rate: 0.5 milestones: {} }}",
    "polynomial": "polynomial_decay_learning_rate {{ initial_learning_rate: 0.5 decay_steps: {} }}",
    "stairs": "exponential_decay_learning_rate {{ initial_learning_rate: 0.5 decay_steps: {}"
    " decay_factor: 0.5 staircase: true }}",
    "burn-in": "exponential_decay_learning_rate {{ initial_learning_rate: 0.5 decay_steps: {}"
    " decay_factor: 0.5 staircase: true burnin_steps: 3 burnin_learning_rate: 0.25 }}",
    "piecewise": "piecewise_linear_learning_rate {{ point {{ step: {} learning_rate: 0.5 }}"
    " point {{ step: 50 learning_rate: 0.25 }} }}",
    "level": "multi_step_learning_rate {{ initial_learning_rate: 0.5 milestones: {}"
    " decay_factor: 1 }}",
    "pause": "manual_step_learning_rate {{ initial_learning_rate: 0.5 schedule {{ step: 2"
    " learning_rate: 0.25 }} schedule {{ step: {} learning_rate: 0.5 }} }}",
}
"""Kinds whose first change comes at a step, or at others."""


def _cases() -> Iterator[tuple[str, int, int, int, str]]:
    for kind in KINDS:
        for at, num_steps, warmup in product((4, 9, 10, 11), (1, 8, 9, 10, 11, 14), (0, 3)):
            yield kind, at, num_steps, warmup, "OVERLAP"
        for at, num_steps, warmup in product((4, 7, 9), (8, 9, 10, 11, 14), (1, 3, 9)):
            yield kind, at, num_steps, warmup, "SHIFT"


def _first_change(rate: Any, num_steps: int, warmup: int, is_shifted: bool) -> int | None:
    """The first step after the run at which a schedule without its warmup changes."""
    if warmup > num_steps - 1:
        return None
    moved = warmup if is_shifted else 0
    inside = {rate(max(step - moved, 0)) for step in range(num_steps)}
    later = [step for step in range(num_steps, 100) if rate(step - moved) != rate(0)]
    return later[0] if len(inside) == 1 and later else None


def test_the_first_change_is_the_first_step_with_another_rate() -> None:
    seen = set()
    for kind, at, num_steps, warmup, alignment in _cases():
        text = KINDS[kind].format(at)
        modifier = f"warmup {{ warmup_steps: {warmup} alignment: {alignment} }}"
        run = run_of(text + modifier * bool(warmup), num_steps)
        bare = LEARNING_RATE.lower(text_format.Parse(text, LEARNING_RATE.root()), None)
        wanted = _first_change(bare, num_steps, warmup, alignment == "SHIFT")
        if kind == "burn-in":
            wanted = None  # It is a warmup of the kind itself.
        assert run.first_change == wanted, (kind, at, num_steps, warmup, alignment)
        seen.add(wanted)
    assert len(seen) > 6


def test_a_warmup_may_end_with_the_last_step() -> None:
    text = KINDS["multi_step"].format(20) + "warmup { warmup_steps: %d }"
    assert run_of(text % 9, 10).first_change == 20
    assert run_of(text % 10, 10).first_change is None
    assert run_of(text % 0, 10).warmups == []


def test_a_run_of_one_step_ends_before_the_first_change() -> None:
    for at in (1, 2):
        for kind in ("multi_step", "stairs"):
            assert run_of(KINDS[kind].format(at), 1).first_change == at


def test_a_curve_may_begin_after_the_run() -> None:
    for begin in (9, 10, 11):
        run = run_of(KINDS["piecewise"].format(begin), 10)
        assert run.first_change == (begin + 1 if begin >= 9 else None)


def test_what_a_kind_of_another_package_does_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "_KINDS", dict(lowering._KINDS))
    lowers(Int64Value)(lambda message: sequence((0, Constant(0.5)), (9, Constant(0.25))))
    root: Any = LEARNING_RATE.root()
    root.custom.Pack(Int64Value(value=1))
    run = run_of(text_format.MessageToString(root), 9)
    assert run.bare is None
    assert run.first_change is None


def test_fields_and_places() -> None:
    run = pipeline("constant_learning_rate { learning_rate: 0.5 } warmup { warmup_steps: 3 }")
    assert run.path == RATE
    assert run.kind_path == (*RATE, "constant_learning_rate")
    assert run.main.learning_rate == run.get((*run.kind_path, "learning_rate")) == 0.5
    assert run.has((*RATE, "warmup", "warmup_steps"))
    assert not run.has((*RATE, "warmup", "warmup_learning_rate"))
    assert not run.has((*RATE, "warmup", "another"))
    assert run.has((*RATE, "warmup"))
    assert run.optimizer == "sgd_optimizer"
    assert [run.at(segment) for segment in run.schedule.segments] == [
        run.kind_path,
        (*RATE, "warmup", "warmup_steps"),
    ]
    assert run.bare is not None
    assert run.bare(0) == 0.5
    steps = pipeline(lists((0.5, 0.25), (9,)))
    assert steps.get((*steps.kind_path, "schedule", 0, "step")) == 9
    assert run_of("constant_learning_rate {}").optimizer == ""


def test_the_end_is_where_the_file_says_it() -> None:
    rate = "constant_learning_rate { learning_rate: 0.5 }"
    ((path, words),) = pipeline(rate).ending
    assert path == ("train_config", "num_steps")
    assert str(words) == "training ends after 1000 steps"
    assert pipeline(rate, None).ending == ()
    assert pipeline(rate, None)._replace(num_steps=50).ending == ()
    assert run_of(rate, 50).ending == ()
    garden = run_of(
        "trainer { train_steps: 70 optimizer_config { learning_rate { type: 'constant' constant {"
        " learning_rate: 0.5 } } } }",
        dialect=EXPERIMENT,
    )
    ((path, words),) = garden.ending
    assert path == ("trainer", "train_steps")
    assert str(words) == "training ends after 70 steps"


@pytest.mark.parametrize(
    ("num_steps", "end", "wanted"),
    [(1000, 1011, True), (1000, 1010, False), (1000, 500, False), (None, 9**9, False)],
)
def test_an_end_is_beyond_a_run_by_more_than_a_hundredth(
    num_steps: int | None, end: int, wanted: bool
) -> None:
    run = run_of("constant_learning_rate { learning_rate: 0.5 }", num_steps)
    assert run.is_beyond(end) == wanted
    assert not run._replace(policy={}).must_end_together
    assert run._replace(policy={"require-end-at-num-steps": True}).must_end_together


@pytest.mark.parametrize(
    ("rate", "path", "end", "length"),
    [
        ("cosine_decay_learning_rate { total_steps: 500 }", "total_steps", 500, 1000),
        ("cosine_decay_learning_rate { total_steps: 5000 }", "total_steps", 5000, 1000),
        # Its last update has its last rate.
        ("one_cycle_learning_rate { total_steps: 500 }", "total_steps", 499, 1000),
        # A decay of 100 steps that ends where it does for what is before it.
        ("polynomial_decay_learning_rate { decay_steps: 100 }", "decay_steps", 1098, 2),
        ("polynomial_decay_learning_rate { decay_steps: 100 }", "decay_steps", 1099, 1),
        ("polynomial_decay_learning_rate { decay_steps: 100 }", "decay_steps", 1100, None),
        ("exponential_decay_learning_rate { decay_steps: 100 }", "decay_steps", 100, None),
        ("cosine_decay_learning_rate { warmup_steps: 500 }", "warmup_steps", 500, None),
    ],
)
def test_a_decay_is_made_to_end_with_the_run(
    rate: str, path: str, end: int, length: int | None
) -> None:
    run = pipeline(rate)
    repair = run.aligned((*run.kind_path, path), end)
    if length is None:
        assert repair is None
        return
    assert repair is not None
    assert repair.title == f"Set `{path}` to {length}, so that the decay ends with the run"
    assert repair.changes == (Set((*run.kind_path, path), str(length)),)
    assert not repair.safe
    assert run._replace(num_steps=None).aligned((*run.kind_path, path), end) is None


def test_an_entry_of_a_list_is_not_aligned() -> None:
    run = pipeline("multi_step_learning_rate { milestones: [5] }")
    path: FieldPath = (*run.kind_path, "milestones", 0)
    assert run.aligned(path, 5) is None


CYCLE = "cyclic_learning_rate {{ base_learning_rate: {} max_learning_rate: {} step_size_up: 50 }}"
GROWING = (
    "exponential_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 5 decay_factor: 1.5"
    " staircase: true }"
)


def test_the_highest_rate_without_a_run_length() -> None:
    warmup = " warmup { warmup_steps: 7 }"
    for base, high in ((0, 0.5), (0.1, 0.2), (0.3, 0.1)):
        turn = 50 if high > base else 0
        assert run_of(CYCLE.format(base, high)).peak == (max(base, high), turn)
        assert run_of(CYCLE.format(base, high) + warmup).peak == (max(base, high), turn or 100)
    assert run_of("constant_learning_rate { learning_rate: 0.5 }").peak == (0.5, 0)
    # One that grows without end has none, and counts where it begins.
    assert run_of(GROWING).peak == (0.1, 0)
    assert run_of(GROWING + " warmup { warmup_steps: 12 }").peak[1] == 12


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (CYCLE.format(0, 0.5), set()),
        (CYCLE.format(0, 0), {"SB413", "SB502"}),
        (CYCLE.format(0.01, 0.5) + " warmup { warmup_steps: 100 }", set()),
        (CYCLE.format(0.1, 50000), {"SB422", "SB501"}),
        (CYCLE.format(0.1, 0.5) + " min_learning_rate: 0.3", set()),
        (CYCLE.format(0.1, 0.5) + " min_learning_rate: 0.5", {"SB417", "SB502"}),
        (CYCLE.format(0.5, 0.1), {"SB502"}),
        (GROWING, {"SB416"}),
        (GROWING + " min_learning_rate: 7", {"SB416"}),
        (GROWING + " warmup { warmup_steps: 12 }", {"SB416"}),
    ],
)
def test_rates_after_the_last_boundary_count_without_a_run_length(
    text: str, wanted: set[str]
) -> None:
    policy = {"require-warmup": True, "max-learning-rate": 100}
    found = examine(Source("a.config", text), settings=Settings(policy=policy)).diagnostics
    assert {d.code for d in found} == wanted
