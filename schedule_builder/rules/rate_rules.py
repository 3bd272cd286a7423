"""Rules about rates that are too low to change the weights, or too high to train with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.rules.registry import Finding, rule
from schedule_builder.rules.run import Run, Stage, is_listed
from schedule_builder.v1 import learning_rate_pb2 as rates

_ROUNDING = 1e-6
_FIRST_RATES = ("initial_learning_rate", "learning_rate_base", "learning_rate")
"""The fields of the rate that a schedule without stages begins with."""

MAX_RATES = {
    # The highest rates of 576 real configs are a tenth of these or less: 0.001 of `adam_optimizer`,
    # 0.0005 of `adam`, 0.004 of `adamw`, 0.00999 of `vit_adamw`,
    "adam": 1.0,
    # 1.8 of `rmsprop`, 0.006 of `rms_prop_optimizer`,
    "rmsprop": 20.0,
    # 4.68 of `lars`,
    "lars": 50.0,
    # 40.9 of `sgd`, 4 of `momentum_optimizer`, 0.0418 of `sgd_torch`, 0.02 of `sgd_dymow`, 1.6 of
    # those that leave the optimizer to code.
    "sgd": 500.0,
    # None of them has one of these, whose updates are normalized as those of Adam are.
    "lamb": 10.0,
    "adagrad": 10.0,
    "adafactor": 10.0,
    "lion": 10.0,
}
"""The limit of the rate for each family of optimizers."""
FAMILIES = {
    "adam_optimizer": "adam",
    "adam": "adam",
    "adam_experimental": "adam",
    "adamw": "adam",
    "adamw_experimental": "adam",
    "vit_adamw": "adam",
    "adamw_optimizer": "adam",
    "rms_prop_optimizer": "rmsprop",
    "rmsprop": "rmsprop",
    "lars": "lars",
    "lamb": "lamb",
    "adagrad": "adagrad",
    "adafactor": "adafactor",
    "adafactor_keras": "adafactor",
    "lion": "lion",
    "lamb_optimizer": "lamb",
    "adagrad_optimizer": "adagrad",
    "adafactor_optimizer": "adafactor",
    "lion_optimizer": "lion",
}
"""The family of an optimizer's block; all others are like SGD."""


@rule("SB413", "zero-rate", "warning")
def zero_rate(run: Run) -> Iterator[Finding]:
    """Steps of the run train at rate 0.

    An update with rate 0 costs as much as any other, and changes no weight. Warmups that begin at
    0, as most do, and decays that end there are not reported.

        schedule { step: 1000 learning_rate: 0 }
        manual_step_learning_rate { initial_learning_rate: 0 ... }

    Use instead:

        schedule { step: 1000 learning_rate: 0.0001 }
        manual_step_learning_rate { initial_learning_rate: 0.001 ... }
    """
    main, segments = run.main, run.schedule.segments
    is_manual = isinstance(main, rates.ManualStepLearningRate)
    count = 0
    if is_manual and not main.initial_learning_rate:
        count = 1 if main.warmup else min(main.schedule[0].step, run.last + 1)
    # A warmup over the schedule begins at 0, too, and may rise from there.
    if count and run.schedule(0) == run.schedule(count - 1) == 0:
        words = Words(
            "{idle} at rate 0, so the weights do not change. Set a rate above 0",
            idle=_trained(0, count - 1),
        )
        yield Finding((*run.kind_path, "initial_learning_rate"), words)
    elif run.peak[0] == 0:
        words = Words(
            "every step trains at rate 0, so the weights do not change. Set a rate above 0"
        )
        yield Finding(run.kind_path, words)
        return
    ends = [min(run.last, segment.begin - 1) for segment in segments[2:]] + [run.last]
    constants = pairwise(run.schedule.constant_rates)
    for segment, (before, rate), end in zip(segments[1:], constants, ends, strict=False):
        if before is not None and rate == 0 and segment.begin <= end:
            idle = _trained(segment.begin, end)
            if run.num_steps is None and segment is segments[-1]:
                idle = Words("all steps from {first} on train", first=segment.begin)
            words = Words(
                "{idle} at rate 0, so the weights do not change. Set a rate above 0", idle=idle
            )
            name = next((n for n in _FIRST_RATES if getattr(run.main, n, None) == 0), None)
            if name is not None and not is_listed(segment.path):
                words = Words(
                    "{idle} at rate 0, so the weights do not change, because {name:field} is 0."
                    " Set it above 0",
                    idle=idle,
                    name=name,
                )
            yield Finding(run.at(segment), words)


def _trained(first: int, last: int) -> Words:
    if first == last:
        return Words("step {first} trains", first=first)
    return Words("steps {first} to {last} train", first=first, last=last)


@rule("SB421", "negligible-rate", "warning")
def negligible_rate(run: Run) -> Iterator[Finding]:
    """A stage trains at next to nothing.

    Rates below a ten-thousandth of the highest one (the setting `negligible-rate`) do not change
    the weights to speak of. For a fifth of the run (`longest-negligible-fraction`) they are a
    waste; most often a digit is wrong. So is a fall to less than a thousandth at once
    (`deepest-fall`). Decays are not checked: published recipes of MobileNet spend a quarter of the
    run below such rates.

        initial_learning_rate: 0.0001
        schedule { step: 90000 learning_rate: 0.0000000005 }    # 0.00005 was meant

    Use instead:

        initial_learning_rate: 0.0001
        schedule { step: 90000 learning_rate: 0.00005 }
    """
    peak, at = run.peak
    limits = run.thresholds
    low = peak * limits["negligible-rate"]
    ends, end = [], run.last + 1
    for stage in reversed(run.stages):
        end = stage.begin if stage.rate >= low else end
        ends.append(end)
    for stage, end in zip(run.stages, reversed(ends), strict=True):
        step, rate = stage.begin, stage.rate
        old = run.schedule.rate_at(step - 1) if step else rate
        length = end - step
        longest = (run.num_steps or math.inf) * limits["longest-negligible-fraction"]
        is_cliff = rate < old * limits["deepest-fall"] * (1 - _ROUNDING)
        is_low = step > at and rate < low and length >= longest
        if not stage.is_listed or rate == 0 or not (is_cliff or is_low):
            continue
        if is_cliff:
            words = Words(
                "the rate falls from {old:rate} to {rate:rate} at step {step}{after_boundary}."
                " Check the digits of the rate {rate:rate}",
                old=old,
                rate=rate,
                step=step,
                after_boundary=run.after_boundary(step, stage.path),
            )
        else:
            words = Words(
                "{length} of {num_steps} steps, from step {step}{after_boundary} on, train at"
                " {rate:rate} or less, and the highest rate is {peak:rate}. Check the digits of the"
                " rate {rate:rate}",
                length=length,
                num_steps=run.num_steps,
                step=step,
                after_boundary=run.after_boundary(step, stage.path),
                rate=rate,
                peak=peak,
            )
        if stage.path not in run.blamed:
            yield Finding(stage.path, words, _value_after(stage))
        return


def _value_after(stage: Stage) -> tuple[tuple[FieldPath, Words], ...]:
    """The related place with the rate of a stage that a boundary begins."""
    *parent, name, index = stage.path
    if name != "boundaries" or not isinstance(index, int):
        return ()
    return (
        ((*parent, "values", index + 1), Words("the rate is {rate:rate} here", rate=stage.rate)),
    )


@rule("SB422", "rate-too-high", "warning")
def rate_too_high(run: Run) -> Iterator[Finding]:
    """A rate is higher than its optimizer can train with.

    The weights become NaN, or oscillate for ever. The limits are far above what is in use: 1 for
    Adam and its relatives, 10 for LAMB, Adagrad, Adafactor and Lion, 20 for RMSprop, 50 for LARS,
    500 for SGD with momentum and all others. The setting `max-rate` takes lower ones, by a name of
    this list or that of an optimizer's block: `max-rate = { adam = 0.1 }`.

        adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 1000 } } }

    Use instead:

        adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } }
    """
    family = FAMILIES.get(run.optimizer, "sgd")
    limits = MAX_RATES | dict(run.max_rate)
    limit = limits.get(run.optimizer, limits[family])
    rate, step = run.peak
    if rate <= limit:
        return
    advice = Words("Check the digits, or lower the rate")
    if step and run.growth_factors:
        advice = Words("Check {name:field}, by which the rate grows", name=run.growth_factors[0])
    values = {
        "rate": rate,
        "step": step,
        "limit": limit,
        "optimizer": run.optimizer,
        "advice": advice,
    }
    if run.optimizer:
        words = Words(
            "the rate is {rate:rate} at step {step}, and `{optimizer}` rarely trains above"
            " {limit:rate}. {advice}",
            **values,
        )
    else:
        words = Words(
            "the rate is {rate:rate} at step {step}, and no optimizer trains above"
            " {limit:rate}. {advice}",
            **values,
        )
    yield Finding(run.kind_path, words)
