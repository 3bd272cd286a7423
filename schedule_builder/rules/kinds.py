"""The kinds of findings that the rooms above report, with their pages.

Lowering, the optimizers of Keras, suppressions and baselines find them. They are defined here, so
that the manual holds all kinds and imports none of these rooms.
"""

from __future__ import annotations

from schedule_builder.diagnostics import Kind

IMPOSSIBLE = Kind(
    "SB308",
    "impossible-schedule",
    "error",
    """Field values do not form a valid schedule.

    Each value alone is within its bounds, and they cannot be combined: an exponential shape that
    starts at rate 0, or a batch-size scaling without a batch size.

        constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 9 shape: EXPONENTIAL }

    Use instead:

        constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 9 shape: LINEAR }
    """,
)
NOT_FINITE = Kind(
    "SB309",
    "rate-not-finite",
    "error",
    """A rate of the run is not a finite number.

    Products of growing factors overflow, and some formulas of the Model Garden divide by zero at
    their end. An optimizer would write NaN into every weight. Rates must be finite, at least 0, and
    at most the largest float32.

        exponential_decay_learning_rate { decay_steps: 1 decay_factor: 10 ... }   # overflows

    Use instead:

        exponential_decay_learning_rate { decay_steps: 1000 decay_factor: 0.5 ... }
    """,
)
NOT_IN_KERAS = Kind(
    "SB315",
    "not-in-keras",
    "error",
    """Keras has no such optimizer, or not with these options.

    Only `build_optimizer`, and `build_optax_optimizer` and `build_torch_optimizer` for JAX and
    PyTorch, report this: the learning rate of the same config can be built. Choose an optimizer
    that Keras has, or remove the option that the message names.
    """,
)
STEP_UNIT = Kind(
    "SB316",
    "invalid-step-unit",
    "error",
    """A length cannot be converted to steps.

    `step_unit` counts in epochs, percents or permilles of the run. It needs what these are parts
    of: the run length, or `examples_per_epoch` and the batch size. Each length must be at
    least one step, two boundaries must not fall together, and a default that is a number of steps
    must be replaced by a value.

        step_unit: PERCENT_OF_RUN multi_step_learning_rate { milestones: 50 ... }   # of which run?

    Use instead:

        train_config { num_steps: 9000 ... step_unit: PERCENT_OF_RUN ... milestones: 50 ... }
    """,
)
UNUSED_EXAMPLES = Kind(
    "SB317",
    "unused-examples",
    "warning",
    """`examples_per_epoch` is set, and nothing counts epochs.

    The number has an effect only on lengths under `step_unit: EPOCHS`. Without it, the lengths
    beside it are steps.

        examples_per_epoch: 50000 multi_step_learning_rate { milestones: 30 ... }

    Use instead:

        examples_per_epoch: 50000 step_unit: EPOCHS multi_step_learning_rate { milestones: 30 ... }
    """,
)
UNMATCHED_PATTERN = Kind(
    "SB319",
    "unmatched-pattern",
    "error",
    """A pattern of `learning_rate_multiplier` is found in no variable of the model.

    The variables that it was written for would train at the full rate. Only builders of optimizers
    report this, when the optimizer first sees its variables: the validator knows no model. The
    message names the variables whose paths are nearest to the pattern.

        learning_rate_multiplier { pattern: "backbne/" factor: 0.1 }

    Use instead:

        learning_rate_multiplier { pattern: "backbone/" factor: 0.1 }
    """,
)
UNUSED_SUPPRESSION = Kind(
    "SB901",
    "unused-suppression",
    "warning",
    """Unused suppression.

    The finding that it suppresses is not reported here. It would hide the next finding of its kind.
    `--fix` removes it.

        num_steps: 1000  # schedule-builder: ignore[SB402]

    Use instead:

        num_steps: 1000
    """,
)
BAD_SUPPRESSION = Kind(
    "SB902",
    "bad-suppression",
    "error",
    """Malformed suppression.

    A suppression names the codes that it suppresses, in brackets.

        # schedule-builder: ignore

    Use instead:

        # schedule-builder: ignore[SB402]
    """,
)
STALE_BASELINE = Kind(
    "SB903",
    "stale-baseline",
    "warning",
    """An entry of the baseline is no longer found.

    It would hide the next finding like it. Write the baseline again with `--write-baseline`.
    """,
)
FINDINGS_LEFT_OUT = Kind(
    "SB904",
    "findings-left-out",
    "warning",
    """A file has more findings than are shown.

    Of each file 1,000 findings are shown, errors first; the setting `max-findings` takes another
    number. The summary and the exit code count all of them. This is an error where one of those
    that are left out is.

        schedule { step: 0 learning_rate: -1 }   # and more such mistakes than are shown

    Use instead:

        schedule { step: 1 learning_rate: 1 }
    """,
)
KINDS = (
    IMPOSSIBLE,
    NOT_FINITE,
    NOT_IN_KERAS,
    STEP_UNIT,
    UNUSED_EXAMPLES,
    UNMATCHED_PATTERN,
    UNUSED_SUPPRESSION,
    BAD_SUPPRESSION,
    STALE_BASELINE,
    FINDINGS_LEFT_OUT,
)
