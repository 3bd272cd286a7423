"""Rules that compute with rates, and a second reading of them that walks through every step."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schedule_builder import validate_text
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.rules.rate_rules import FAMILIES, MAX_RATES, zero_rate
from schedule_builder.workspace.settings import Settings
from tests.rules.test_run import run_of

ABOUT_LENGTH = {"SB401", "SB402", "SB403", "SB418"}


class Drawn(NamedTuple):
    """A schedule by stages: its first rate, later steps with their rates, a warmup, a length."""

    kind: str
    levels: tuple[float, ...]
    begins: tuple[int, ...]
    warmup: int
    shift: bool
    num_steps: int

    @property
    def text(self) -> str:
        first, *others = self.levels
        if self.kind == "manual":
            stages = "".join(
                f"schedule {{ step: {begin} learning_rate: {rate!r} }} "
                for begin, rate in zip(self.begins, others, strict=True)
            )
            main = f"manual_step_learning_rate {{ initial_learning_rate: {first!r} {stages}}}"
        else:
            boundaries = [begin - 1 for begin in self.begins]
            values = list(self.levels)
            main = (
                f"piecewise_constant_learning_rate {{ boundaries: {boundaries} values: {values} }}"
            )
        warmup = ""
        if self.warmup:
            alignment = "alignment: SHIFT" if self.shift else ""
            warmup = f"warmup {{ warmup_steps: {self.warmup} {alignment} }}"
        return (
            f"train_config {{ num_steps: {self.num_steps} optimizer {{ momentum_optimizer {{"
            f" learning_rate {{ {main} {warmup} }} }} }} }}"
        )

    def main(self, step: int) -> float:
        """The rate without the warmup."""
        return self.levels[sum(begin <= step for begin in self.begins)]

    def rates(self) -> list[float]:
        """The rate of every step."""
        moved = self.warmup if self.shift else 0
        goal = self.main(self.warmup - moved)
        return [
            goal * step / self.warmup if step < self.warmup else self.main(step - moved)
            for step in range(self.num_steps)
        ]

    def found(self) -> set[str]:
        return {d.code for d in validate_text(self.text, "a.config")}


LEVELS = st.sampled_from([0.3, 0.1, 0.05, 0.01, 0.003, 1e-3, 1e-4, 2e-5, 5e-6, 4e-7, 5e-10])


@st.composite
def drawn(draw: st.DrawFn, *, warmups: bool = True) -> Drawn:
    num_steps = draw(st.sampled_from([60, 400, 1000, 3000]))
    near = st.integers(1, num_steps // 50) | st.integers(1, num_steps)
    begins = sorted(draw(st.sets(near | st.integers(1, 2 * num_steps), min_size=1, max_size=4)))
    levels = draw(st.lists(LEVELS, min_size=len(begins) + 1, max_size=len(begins) + 1))
    warmup = draw(st.just(0) | near) if warmups else 0
    kind = draw(st.sampled_from(["manual", "piecewise"]))
    return Drawn(kind, tuple(levels), tuple(begins), warmup, draw(st.booleans()), num_steps)


def stretches(rates: list[float]) -> list[tuple[int, int, float]]:
    """Where rates stay the same: the first step, the one after the last, and the rate."""
    found, begin = [], 0
    for rate, group in groupby(rates):
        end = begin + len(list(group))
        found.append((begin, end, rate))
        begin = end
    return found


@given(drawn())
@example(Drawn("manual", (0.1, 0.01), (980,), 50, True, 1000))
def test_bypassed_schedules(case: Drawn) -> None:
    length = case.num_steps - (case.warmup if case.shift else 0)
    is_constant = len({case.main(step) for step in range(max(length, 1))}) == 1
    is_bypassed = is_constant and len(set(case.levels)) > 1 and case.warmup < case.num_steps
    found = case.found()
    assert ("SB418" in found) == is_bypassed
    if is_bypassed:
        assert found & ABOUT_LENGTH == {"SB418"}
        # What the finding offers has the same rates, the warmup over it included.
        (message,) = (d.message for d in validate_text(case.text, "a.config") if d.code == "SB418")
        offered = re.search(r"`constant_learning_rate` \(`(learning_rate: [^`]*)`\)", message)
        assert offered is not None
        kind = f"constant_learning_rate {{ {offered[1]} }}"
        start = case.text.index("learning_rate {") + len("learning_rate {")
        end = case.text.index("warmup {") if case.warmup else case.text.rindex("} } } }")
        replaced = examine(Source("b.config", f"{case.text[:start]} {kind} {case.text[end:]}"))
        assert replaced.schedule is not None
        assert [replaced.schedule(step) for step in range(case.num_steps)] == pytest.approx(
            case.rates(), rel=1e-12
        )


@given(drawn())
@example(Drawn("manual", (0.1, 0.01, 0.01), (5, 10), 5, False, 1000))
def test_lengths_in_epochs(case: Drawn) -> None:
    rates = case.rates()
    begin, _, rate = stretches(rates)[-1]
    moved = case.warmup if case.shift else 0
    is_stage = begin > case.warmup or any(
        begin == at + moved and case.main(at) != case.main(at - 1) for at in case.begins
    )
    is_early = 0 < begin <= case.num_steps * 0.01 and case.num_steps >= 1000
    expected = is_early and is_stage and rate <= max(rates) / 10
    # Of a warmup that covers all but the last stage, other rules speak.
    if begin != case.warmup:
        assert ("SB419" in case.found()) == expected


@given(drawn())
@example(Drawn("manual", (0.1, 0.1, 0.01), (300, 500), 500, False, 1000))
@example(Drawn("manual", (0.1, 0.01, 0.1), (300, 500), 400, False, 1000))
@example(Drawn("manual", (0.1, 0.3, 0.1), (1, 2), 1, False, 60))
@example(Drawn("manual", (0.1, 0.3, 0.1), (1, 3), 2, False, 60))
def test_rates_that_are_not_applied(case: Drawn) -> None:
    rates = [case.main(step) for step in range(case.num_steps)]
    if not 0 < case.warmup < case.num_steps or case.shift:
        return
    replaced, applied = rates[: case.warmup], rates[case.warmup :]
    is_constant = len(set(rates)) == 1
    is_short = applied.count(max(rates)) <= 1 or max(applied) <= max(rates) / 10
    is_lost = is_short and max(rates) in replaced
    found = case.found()
    if is_lost and not is_constant:
        assert found & {"SB406", "SB407", "SB420"}
    elif "SB420" in found:
        # The first rate lasts for next to no time after its warmup.
        begin, end, _ = stretches(applied)[0]
        assert end - begin <= 2


@given(drawn(warmups=False))
@example(Drawn("manual", (0.001, 0.001, 0.1), (500, 2000), 0, False, 3000))
@example(Drawn("manual", (1e-5, 1e-4, 1e-3, 0.1), (300, 1500, 2500), 0, False, 3000))
@example(Drawn("manual", (0.001, 0.1, 0.01), (100, 2000), 0, False, 3000))
def test_rises(case: Drawn) -> None:
    parts = stretches(case.rates())
    jumps = list(pairwise(parts))
    falls = [new[0] for old, new in jumps if new[2] < old[2]]
    rises = [(new[0], new[2] / old[2]) for old, new in jumps if new[2] > old[2]]
    expected = any(falls and begin > falls[0] for begin, _ in rises)
    expected |= bool(rises) and jumps[0][1][0] > 0.2 * case.num_steps
    early = [rise for rise in rises if not falls or rise[0] < falls[0]]
    if early:
        until = max(begin for begin, _ in early)
        total = max(part[2] for part in parts if part[0] <= until) / parts[0][2]
        is_late = early[0][0] > 0.05 * case.num_steps
        is_long = not falls and until > 0.2 * case.num_steps
        expected |= total > 9.999 and (is_late or is_long)
        expected |= any(by > 9.999 and begin > 0.05 * case.num_steps for begin, by in early)
    assert ("SB408" in case.found()) == expected


@given(drawn(warmups=False))
@example(Drawn("manual", (0.0001, 5e-10), (900,), 0, False, 3000))
@example(Drawn("manual", (0.1, 1e-3, 5e-6, 4e-7), (500, 2000, 2900), 0, False, 3000))
def test_negligible_rates(case: Drawn) -> None:
    rates = case.rates()
    peak = max(rates)
    expected = any(new < old * 0.000999 for old, new in pairwise(rates))
    low = 0
    for step, rate in enumerate(rates):
        low = low + 1 if rate < peak * 1e-4 and step > rates.index(peak) else 0
        expected |= low >= 0.2 * case.num_steps
    found = case.found()
    if expected:
        # Other findings about the same stage say more.
        assert found & {"SB421", "SB419", "SB420"}
    else:
        assert "SB421" not in found


@pytest.mark.parametrize("optimizer", ["momentum", "rms_prop", "adam"])
@given(rate=st.sampled_from([0.5, 1.0, 1.5, 20.0, 21.0, 500.0, 1000.0]))
def test_rates_that_no_optimizer_survives(optimizer: str, rate: float) -> None:
    name = f"{optimizer}_optimizer"
    text = (
        f"train_config {{ num_steps: 9 optimizer {{ {name} {{ learning_rate {{"
        f" constant_learning_rate {{ learning_rate: {rate!r} }} }} }} }} }}"
    )
    family = FAMILIES.get(name, "sgd")
    found = {d.code for d in validate_text(text, "a.config")}
    assert ("SB422" in found) == (rate > MAX_RATES[family])
    for limits in ({family: 0.7}, {name: 0.7}, {name: 0.7, family: 5000.0}):
        config = examine(Source("a.config", text), settings=Settings(max_rate=limits))
        assert ("SB422" in {d.code for d in config.diagnostics}) == (rate > 0.7)


@pytest.mark.parametrize(
    ("initial", "warmup", "idle"),
    [
        ("0.1", "warmup { warmup_steps: 300 }", None),
        ("0", "warmup { warmup_steps: 600 }", None),
        ("0", "warmup { warmup_steps: 300 }", "steps 0 to 499 train at rate 0"),
        ("0", "", "steps 0 to 499 train at rate 0"),
    ],
)
def test_a_warmup_over_the_schedule_is_not_idle(
    initial: str, warmup: str, idle: str | None
) -> None:
    text = (
        "train_config { num_steps: 1000 optimizer { momentum_optimizer { learning_rate {"
        f" manual_step_learning_rate {{ initial_learning_rate: {initial}"
        f" schedule {{ step: 500 learning_rate: 0.01 }} }} {warmup} }} }} }} }}"
    )
    found = [d.message for d in validate_text(text, "a.config") if d.code == "SB413"]
    assert [message.partition(",")[0] for message in found] == ([idle] if idle else [])


def test_a_warmup_of_which_one_step_has_no_rate_is_not_idle() -> None:
    text = (
        "manual_step_learning_rate { initial_learning_rate: 0 schedule { step: 2 learning_rate: 1"
        " } } warmup { warmup_steps: 5 }"
    )
    run = run_of(text, 100)
    assert run.schedule(0) == 0 < run.schedule(1)
    assert not list(zero_rate(run))
