"""Converts shares of the run, percents and epochs to steps, with what is known of the run."""

from __future__ import annotations

__lazy_modules__: list[str] = ["fractions"]  # 3 ms, which Python 3.15 puts off until it is used

import math
import re
from fractions import Fraction
from typing import Any, NamedTuple

from schedule_builder.diagnostics import FieldPath, Words
from schedule_builder.reading.fields import has_run_units
from schedule_builder.reading.tree import Block, Document, Scalar, Value, text_of

_QUANTITY = r"(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?P<unit>%|ep|dur|ba)\Z"
"""A percentage, or a duration as MosaicML's Composer writes it."""


RUN_LENGTHS = ("num_steps", "train_steps")
"""The fields that hold the length of the whole run."""


class Run(NamedTuple):
    """What is known of the run that a config is for."""

    num_steps: int | None = None
    batch_size: int | None = None
    step_unit: str = ""
    """The unit in force at a value; empty if there is none, or if the schema has none there."""
    has_units: bool = False
    """Whether the schema has `step_unit` there."""
    examples_per_epoch: int | None = None


UNKNOWN_RUN = Run()


def quantity(text: str, number: float | None) -> tuple[str, float] | None:
    """The unit and the number of a value that is not a count: `0.05`, `10%`, `5ep`, `0.1dur`."""
    if number is not None:
        return ("share", number) if 0 < number < 1 else None
    match = re.match(_QUANTITY, text)
    if match is None:
        return None
    unit = {"%": "percent", "ep": "epochs", "dur": "share", "ba": "steps"}[match["unit"]]
    found = float(match["number"])
    return (unit, found) if math.isfinite(found) else None


def in_steps(unit: str, number: float, run: Run, field: str) -> Words:
    """Says how many steps a value is, or how to compute them."""
    if unit == "steps":
        return Words("write {steps:g}", steps=number)
    if unit == "epochs":
        size = str(run.batch_size) if run.batch_size else "batch_size"
        words = Words(
            "{epochs:g} epochs are {epochs:g} * training examples / {size} steps",
            epochs=number,
            size=size,
        )
        return _or_unit(words, "EPOCHS", number, run, field)
    share = number / 100 if unit == "percent" else number
    percent = round(share * 100, 9)
    if run.num_steps is None:
        words = Words(
            "multiply {share:g} by the number of training steps, and write the result", share=share
        )
    else:
        words = Words(
            "{share:g} of the {total} training steps is {exact:.10g}: write {steps}",
            share=share,
            total=run.num_steps,
            exact=float(Fraction(repr(share)) * run.num_steps),
            steps=math.floor(Fraction(repr(share)) * run.num_steps + Fraction(1, 2)),
        )
    if percent.is_integer():
        return _or_unit(words, "PERCENT_OF_RUN", percent, run, field)
    return _or_unit(words, "PERMILLE_OF_RUN", percent * 10, run, field)


def _or_unit(words: Words, unit: str, number: float, run: Run, field: str) -> Words:
    if not run.has_units or not float(number).is_integer():
        return words
    if unit == "EPOCHS":
        return Words(
            "{words}. Or set `step_unit: EPOCHS`, `examples_per_epoch` (the number of training"
            " examples) and `{field}: {number:g}`",
            words=words,
            field=field,
            number=number,
        )
    return Words(
        "{words}. Or set `step_unit: {unit}` and `{field}: {number:g}`",
        words=words,
        unit=unit,
        field=field,
        number=number,
    )


def finer_unit(number: float, run: Run) -> Words | str:
    """What to write for a fraction of a unit: the finer unit, or steps."""
    permille = round(number * 10, 9)
    if run.step_unit in ("", "STEPS"):
        return ""
    if run.step_unit == "PERCENT_OF_RUN" and permille.is_integer():
        return Words(
            ": write {number:g} under `step_unit: PERMILLE_OF_RUN`, or a number of steps under"
            " `step_unit: STEPS`",
            number=permille,
        )
    steps = _exact_steps(number, run)
    if steps is None:
        return Words(
            ": write a whole number; or write every length under this `step_unit` in steps, and"
            " set `step_unit: STEPS`"
        )
    return Words(
        ": write a whole number; or write every length under this `step_unit` in steps ({steps}"
        " here), and set `step_unit: STEPS`",
        steps=math.floor(steps + Fraction(1, 2)),
    )


def _exact_steps(number: float, run: Run) -> Fraction | None:
    """How many steps a number in the unit in force is; None if that is unknown."""
    exact = Fraction(repr(number))
    if run.step_unit == "EPOCHS":
        known = run.examples_per_epoch and run.batch_size
        return exact * Fraction(run.examples_per_epoch or 0, run.batch_size or 1) if known else None
    parts = {"PERCENT_OF_RUN": 100, "PERMILLE_OF_RUN": 1000}.get(run.step_unit)
    return exact * run.num_steps / parts if parts and run.num_steps else None


def unit_for(text: str) -> Words | str:
    """What to write for a percentage or a duration, wherever it stands; empty for other texts."""
    match = re.match(_QUANTITY, text)
    if match is None:
        return ""
    number, unit = Fraction(match["number"].rstrip(".")), match["unit"]
    if unit == "ba":
        return Words("write {number}", number=match["number"])
    if unit == "dur":
        number *= 100
    name = "EPOCHS" if unit == "ep" else "PERCENT_OF_RUN"
    if name == "PERCENT_OF_RUN" and number.denominator != 1:
        number, name = number * 10, "PERMILLE_OF_RUN"
    if number.denominator != 1:
        return Words("write a whole number of steps")
    return Words(
        "write a number of steps; or {number} under `step_unit: {name}`", number=number, name=name
    )


def run_in(block: Block, descriptor: Any, around: Run) -> Run:
    """What is known of the run inside of a block."""
    has_units = has_run_units(descriptor)
    if has_units == around.has_units and not (
        has_units and "step_unit" in descriptor.fields_by_name
    ):
        return around
    unit = text_of(block, "step_unit") or around.step_unit
    examples = text_of(block, "examples_per_epoch")
    known = int(examples) if examples.isdecimal() else around.examples_per_epoch
    return around._replace(has_units=has_units, step_unit=unit, examples_per_epoch=known)


def run_of(
    document: Document,
    num_steps_path: FieldPath,
    batch_size_path: FieldPath,
    num_steps: int | None,
    batch_size: int | None,
) -> Run:
    """What a tree and the caller state about the run."""

    def number(path: FieldPath) -> int | None:
        value: Value | None = document.root if path else None
        for name in path:
            elements = document.elements(value, str(name)) if isinstance(value, Block) else []
            value = elements[-1].value if elements else None
        return document.syntax.integer(value.text) if isinstance(value, Scalar) else None

    return Run(number(num_steps_path) or num_steps, number(batch_size_path) or batch_size)
