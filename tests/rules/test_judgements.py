"""What rules say of small configs: each kind of fault, its neighbours, and what is none."""

from __future__ import annotations

import pytest

from schedule_builder import validate_text


def pipeline(learning_rate: str, num_steps: int, optimizer: str = "momentum_optimizer") -> str:
    return (
        f"train_config {{ num_steps: {num_steps} batch_size: 8 optimizer {{ {optimizer} {{"
        f" learning_rate {{ {learning_rate} }} }} }} }}"
    )


def experiment(learning_rate: str, num_steps: int, warmup: str = "", optimizer: str = "sgd") -> str:
    return (
        f"trainer:\n  train_steps: {num_steps}\n  optimizer_config:\n"
        f"    optimizer: {{type: {optimizer}, {optimizer}: {{}}}}\n"
        f"    learning_rate: {learning_rate}\n" + (f"    warmup: {warmup}\n" if warmup else "")
    )


def manual(first: str, *stages: tuple[int, str], extra: str = "") -> str:
    entries = " ".join(f"schedule {{ step: {s} learning_rate: {r} }}" for s, r in stages)
    return f"manual_step_learning_rate {{ initial_learning_rate: {first} {entries} {extra} }}"


def multi_step(first: str, milestones: str, factor: str, extra: str = "") -> str:
    return (
        f"multi_step_learning_rate {{ initial_learning_rate: {first} milestones: {milestones}"
        f" decay_factor: {factor} }} {extra}"
    )


def piecewise(boundaries: str, values: str) -> str:
    return f"piecewise_constant_learning_rate {{ boundaries: {boundaries} values: {values} }}"


def stepwise(boundaries: str, values: str, offset: int = 0) -> str:
    block = f"{{boundaries: {boundaries}, values: {values}, offset: {offset}}}"
    return f"{{type: stepwise, stepwise: {block}}}"


def linear(steps: int, rate: float = 0) -> str:
    return f"{{type: linear, linear: {{warmup_steps: {steps}, warmup_learning_rate: {rate}}}}}"


COSINE = (
    "cosine_decay_learning_rate {{ learning_rate_base: 5e-4 total_steps: {} warmup_steps: {}"
    " warmup_learning_rate: {} }}"
)
TABLE = "table_learning_rate {{ learning_rates: [{}] {} }}"
RATES = ", ".join(f"{0.1 * 0.95**i:.6g}" for i in range(90))
EXPONENTIAL = (
    "exponential_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: {}"
    " decay_factor: 0.5 {} }}"
)
STEEP = (
    "{{type: polynomial, polynomial: {{initial_learning_rate: {}, end_learning_rate: {},"
    " decay_steps: 1000, power: 1e9, offset: 500}}}}"
)
SEQUENCE = (
    "sequential_learning_rate {{ stage {{ steps: {} learning_rate {{ constant_learning_rate {{"
    " learning_rate: 0.1 }} }} }} stage {{ learning_rate {{ constant_learning_rate {{"
    " learning_rate: 0.001 }} }} }} }}"
)
GARDEN_COSINE = (
    "{{type: cosine, cosine: {{initial_learning_rate: 0.1, decay_steps: {}, alpha: {}}}}}"
)
GARDEN_POLYNOMIAL = (
    "{{type: polynomial, polynomial: {{initial_learning_rate: 0.1, decay_steps: {},"
    " end_learning_rate: {}}}}}"
)

OUTLASTING = "polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 3000 }"
JUDGED: dict[str, tuple[str, dict[str, str]]] = {
    # Lengths in epochs.
    "milestones": (
        pipeline(multi_step("0.1", "[30, 60, 80]", "0.1"), 90000),
        {"SB419": "stretch them with `schedule-builder rescale"},
    ),
    "milestones in steps": (pipeline(multi_step("0.1", "[30000, 60000]", "0.1"), 90000), {}),
    "milestones of a short run": (pipeline(multi_step("0.1", "[3, 6, 9]", "0.1"), 900), {}),
    "epochs under a warmup": (
        pipeline(multi_step("0.1", "[30, 60, 80]", "0.1", "warmup { warmup_steps: 5 }"), 90000),
        {"SB419": "step 80 of 90000: 99.91 % of the run"},
    ),
    "epochs above a floor": (
        pipeline(multi_step("0.1", "[30, 60, 80]", "0.1", "min_learning_rate: 0.001"), 90000),
        {"SB419": "trains at 0.001"},
    ),
    "epochs by hand": (pipeline(manual("0.1", (30, "0.01"), (60, "0.001")), 90000), {"SB419": ""}),
    "epochs, and the unit for them": (
        pipeline(multi_step("0.1", "[30, 60, 80]", "0.1"), 90000),
        {"SB419": "set `step_unit: EPOCHS` and `examples_per_epoch`"},
    ),
    "a decay that outlasts the run": (
        pipeline(OUTLASTING, 1000),
        {"SB403": "`step_unit: PERCENT_OF_RUN` and `decay_steps: 100`"},
    ),
    "a decay after a warmup that outlasts the run": (
        pipeline(f"{OUTLASTING} warmup {{ warmup_steps: 9 alignment: SHIFT }}", 1000),
        {"SB403": "To fit any run length, write the lengths in percent"},
    ),
    "boundaries": (pipeline(piecewise("[30, 60]", "[0.1, 0.01, 0.001]"), 90000), {"SB419": ""}),
    "boundaries of the Garden": (
        experiment(stepwise("[30, 60]", "[0.1, 0.01, 0.001]"), 90000),
        {"SB419": "If the lengths count epochs, stretch them"},
    ),
    "a table of epochs": (
        pipeline(TABLE.format(RATES, ""), 90000),
        {"SB419": "Set `steps_per_entry` to the number of steps in an epoch, or set"},
    ),
    "a table in steps": (pipeline(TABLE.format(RATES, "steps_per_entry: 1000"), 90000), {}),
    "a sequence of epochs": (pipeline(SEQUENCE.format(30), 90000), {"SB419": ""}),
    "a decay over epochs": (pipeline(COSINE.format(90, 5, 0), 90000), {"SB404": "step 90"}),
    # Rates that are not applied.
    "a milestone at the warmup's end": (
        pipeline(multi_step("2.5e-4", "[500, 1000]", "0.01", "warmup { warmup_steps: 500 }"), 9000),
        {"SB420": "0.00025, is never applied: this warmup of 500 steps replaces it, and leads to"},
    ),
    "a milestone just after it": (
        pipeline(multi_step("2.5e-4", "[500, 4000]", "0.1", "warmup { warmup_steps: 499 }"), 9000),
        {"SB420": "is applied for one step"},
    ),
    "a milestone well after it": (
        pipeline(multi_step("2.5e-4", "[600, 4000]", "0.1", "warmup { warmup_steps: 499 }"), 9000),
        {},
    ),
    "a boundary under the Garden's warmup": (
        experiment(stepwise("[500, 4000]", "[0.1, 0.01, 0.001]"), 9000, linear(501)),
        {"SB420": "leads to 0.01"},
    ),
    "a decay under a warmup": (
        pipeline(EXPONENTIAL.format(100, "") + " warmup { warmup_steps: 1000 }", 9000),
        {"SB420": "leads to 9.76563e-05"},
    ),
    # Before its offset a large power overflows, which a warmup replaces.
    "a power that is not a number under a warmup": (
        experiment(STEEP.format(0.002, 1), 9000, linear(1500)),
        {},
    ),
    "a power that is infinite under a warmup": (
        experiment(STEEP.format(1, 0.002), 9000, linear(1500)),
        {"SB406": "from inf, is over by step 1500"},
    ),
    # The factor of a power of the step is not a rate to be applied.
    "a power under a warmup": (
        experiment("{type: power, power: {initial_learning_rate: 0.08}}", 90000, linear(10000)),
        {},
    ),
    "a native power under a warmup": (
        pipeline(
            "power_decay_learning_rate { learning_rate_base: 0.08 } warmup { warmup_steps: 10000 }",
            90000,
        ),
        {},
    ),
    "a milestone of 1": (
        pipeline(multi_step("0.1", "[1, 5000]", "0.1"), 9000),
        {"SB420": "lasts for 1 step"},
    ),
    "a milestone of 1 after a warmup": (
        pipeline(
            multi_step("0.1", "[1, 5000]", "0.1", "warmup { warmup_steps: 50 alignment: SHIFT }"),
            9000,
        ),
        {"SB420": "from step 51 on"},
    ),
    "a milestone of 0": (
        pipeline(multi_step("0.1", "[0, 5000]", "0.1"), 9000),
        {"SB420": "never applied"},
    ),
    "a boundary of 0": (
        pipeline(piecewise("[0, 5000]", "[0.1, 0.01, 0.001]"), 9000),
        {"SB420": "lasts for 1 step"},
    ),
    "a boundary of 1": (
        pipeline(piecewise("[1, 5000]", "[0.1, 0.01, 0.001]"), 9000),
        {"SB420": "lasts for 2 steps"},
    ),
    "a boundary before the run": (
        experiment(stepwise("[-5, 5000]", "[0.1, 0.01, 0.001]"), 9000),
        {"SB420": "never applied"},
    ),
    "a step of 1": (
        pipeline(manual("0.1", (1, "0.01"), (5000, "0.001")), 9000),
        {"SB420": "lasts for 1 step"},
    ),
    "a warmup by single steps": (
        pipeline(manual("0.01", *((i, f"0.0{i + 1}") for i in range(1, 6)), (400, "0.001")), 900),
        {},
    ),
    "a run of few steps": (pipeline(multi_step("0.1", "[1, 5]", "0.1"), 10), {}),
    # Warmups that change nothing.
    "a level cosine warmup": (
        pipeline(COSINE.format(9000, 500, 5e-4), 9000),
        {"SB414": "this warmup does not change the rate: it is 0.0005"},
    ),
    "a level warmup": (
        pipeline(
            "constant_learning_rate { learning_rate: 0.1 }"
            " warmup { warmup_steps: 50 warmup_learning_rate: 0.1 }",
            9000,
        ),
        {"SB414": "0.1 from step 0 on"},
    ),
    "a level warmup of the Garden": (
        experiment(stepwise("[5000]", "[0.1, 0.01]"), 9000, linear(50, 0.1)),
        {"SB414": ""},
    ),
    "a level burn-in": (
        pipeline(EXPONENTIAL.format(900, "burnin_learning_rate: 0.1 burnin_steps: 100"), 9000),
        {"SB414": ""},
    ),
    "a level first stretch": (
        pipeline(manual("0.1", (50, "0.1"), (5000, "0.01"), extra="warmup: true"), 9000),
        {"SB414": ""},
    ),
    # Rises that are not a warmup.
    "a late rise after an idle stage": (
        pipeline(manual(".001", (500, ".001"), (20000, ".1")), 30000),
        {"SB408": "at step 20000, from 0.001 to 0.1", "SB414": "no change at step 500"},
    ),
    "a rise over all of the run": (
        pipeline(manual("1e-5", (300, "1e-4"), (1500, "1e-3"), (2500, ".1")), 3000),
        {"SB408": "at step 2500"},
    ),
    "a rise that falls at last": (
        pipeline(manual("1e-3", (300, ".1"), (2500, ".01")), 3000),
        {"SB408": "at step 300"},
    ),
    "a warmup by steps": (pipeline(manual("1e-3", (50, "1e-2"), (1500, "1e-3")), 3000), {}),
    "a table that rises": (
        pipeline(TABLE.format("0.01, 0.05, 0.1, 0.05, 0.01", "steps_per_entry: 600"), 3000),
        {},
    ),
    "a factor that grows": (
        pipeline(multi_step("0.001", "[500, 800]", "10"), 1000),
        {"SB416": "write 0.1"},
    ),
    # Rates at next to nothing, and those that nothing survives.
    "a tail at nothing": (
        pipeline(manual("1e-4", (90000, "5e-10")), 200000),
        {"SB421": "falls from 0.0001 to 5e-10 at step 90000"},
    ),
    "two stages at nothing": (
        pipeline(manual("0.1", (900, "1e-3"), (1200, "5e-6"), (1400, "4e-6")), 2000),
        {"SB421": "800 of 2000 steps, from step 1200 on, train at 5e-06 or less"},
    ),
    "a fall without a run length": (manual("0.1", (9000, "1e-7")), {"SB421": "from 0.1 to 1e-07"}),
    "a decay over epochs that is 0 as float32": (
        pipeline(EXPONENTIAL.format(30, ""), 90000),
        {"SB404": "the rate falls to 0 at step"},
    ),
    "a low end": (pipeline(manual("0.1", (900, "1e-3"), (1800, "5e-6")), 2000), {}),
    "a thousandth": (pipeline(multi_step("0.1", "[900]", "0.001"), 2000), {}),
    "1000 under Adam": (
        pipeline("constant_learning_rate { learning_rate: 1000 }", 9, "adam_optimizer"),
        {"SB422": "`adam_optimizer` rarely trains above 1"},
    ),
    "3 under AdamW": (
        experiment("{type: constant, constant: {learning_rate: 3}}", 9, optimizer="adamw"),
        {"SB422": "`adamw`"},
    ),
    "1000 alone": (
        "constant_learning_rate { learning_rate: 1000 }",
        {"SB422": "no optimizer trains above 500"},
    ),
    # Floors that are there to be reached, and lengths that add up.
    "an alpha": (experiment(GARDEN_COSINE.format(88800, 0.2), 90000, linear(1200)), {}),
    "an end": (experiment(GARDEN_POLYNOMIAL.format(80000, 0.01), 90000), {}),
    "an early end": (
        experiment(GARDEN_POLYNOMIAL.format(60000, 0.01), 90000),
        {"SB404": "the last 30000 of 90000 steps train at rate 0.01"},
    ),
    "an end at nothing": (
        experiment(GARDEN_POLYNOMIAL.format(80000, 1e-9), 90000),
        {"SB404": "train at rate 1e-09"},
    ),
    "lengths that add up": (
        experiment(GARDEN_COSINE.format(88800, 0), 90000, linear(1200)),
        {"SB404": "The decay counts from"},
    ),
    # A first step of 0.
    "a rate that is set": (
        pipeline(manual(".003", (0, ".003"), (500, ".001")), 1000),
        {"SB303": "which is 0.003 already. Remove this entry"},
    ),
    "a rate that is not set": (
        pipeline(manual(".002", (0, ".003"), (500, ".001")), 1000),
        {"SB303": "Set that to 0.003 and remove this entry"},
    ),
    # Schedules that are bypassed.
    "stages": (
        pipeline(manual(".003", (9000, ".001"), (10000, ".0001")), 1000),
        {"SB418": "or replace the schedule with `constant_learning_rate` (`learning_rate: 0.003`)"},
    ),
    "idle stages": (
        pipeline(manual(".003", (10000, ".0001"), (20000, ".0001")), 1000),
        {"SB418": "step 10000"},
    ),
    "a stage that is reached": (
        pipeline(manual(".003", (500, ".001"), (10000, ".0001")), 1000),
        {"SB402": "The rate is 0.001 at the last step"},
    ),
    "a decay by stairs": (
        pipeline(EXPONENTIAL.format(8000, "staircase: true"), 1000),
        {"SB418": "step 8000"},
    ),
    "a decay that begins": (
        pipeline(EXPONENTIAL.format(800000, "staircase: false"), 1000),
        {"SB401": "only from 0.1 to 0.0999134807"},
    ),
    "a warmup over stages": (
        pipeline(multi_step(".003", "[9000]", ".1", "warmup { warmup_steps: 50 }"), 1000),
        {"SB418": "`learning_rate: 0.003`"},
    ),
    "a warmup that moves the stages": (
        pipeline(
            multi_step(".003", "[980]", ".1", "warmup { warmup_steps: 50 alignment: SHIFT }"), 1000
        ),
        {"SB418": "step 1030"},
    ),
    "stages of the Garden": (
        experiment(stepwise("[5000, 40000]", "[0.1, 0.01, 0.001]"), 1000, linear(50)),
        {"SB418": "with `type: constant` and a `constant` block (`learning_rate: 0.1`)"},
    ),
    "a product": (
        pipeline(
            "combined_learning_rate { op: PRODUCT"
            " learning_rates { constant_learning_rate { learning_rate: 0.1 } }"
            f" learning_rates {{ {multi_step('1.0', '[5000]', '0.1')} }} }}",
            1000,
        ),
        {"SB418": "step 5000"},
    ),
    "epochs that are not reached": (
        pipeline(
            multi_step("0.1", "[50]", "0.1", "step_unit: EPOCHS examples_per_epoch: 800"), 1000
        ),
        {"SB418": "Train for longer, or replace the schedule"},
    ),
    "epochs that are reached": (
        pipeline(
            multi_step("0.1", "[5]", "0.1", "step_unit: EPOCHS examples_per_epoch: 800"), 1000
        ),
        {},
    ),
    "a sequence": (pipeline(SEQUENCE.format(5000), 1000), {"SB418": "step 5000"}),
}


@pytest.mark.parametrize("name", JUDGED)
def test_a_schedule_is_judged(name: str) -> None:
    text, wanted = JUDGED[name]
    filename = "a.yaml" if text.startswith("trainer") else "a.config"
    found = [d for d in validate_text(text, filename) if d.code != "SB409"]
    assert sorted(d.code for d in found) == sorted(wanted), list(map(str, found))
    for diagnostic in found:
        assert wanted[diagnostic.code] in diagnostic.message
