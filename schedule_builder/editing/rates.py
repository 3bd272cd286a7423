"""Multiplying the rates of a config, for another batch size or another peak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import FieldPath, Words, rate_text
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.set import Edited, Setting, edit
from schedule_builder.editing.summary import peak_of
from schedule_builder.reading.fields import counting, dotted, makes_product, schema_of, selector_of
from schedule_builder.schedules.schedule import Schedule

RULES = ("linear", "sqrt")
"""How rates follow the batch size: in proportion to it, or to its square root."""
_ANY = "google.protobuf.Any"
_DIGITS = 9
"""The number of digits that tell any two float32 numbers apart."""
_WRITTEN = 10.0 ** (1 - _DIGITS)
"""How far a rate of so many digits may be from the one that is meant."""
_SAME = 1e-6


class RatesError(EditingError):
    """Raised for rates that cannot be changed; the message says where and why."""


def scale_rates(config: Config, factor: float | Fraction) -> Edited:
    """A config with every rate and floor multiplied, including defaults in force.

    Args:
        config: a config that was read from a text, with a schedule.
        factor: above 0.

    Returns:
        The edited config. Its rate at every step is the old one times the factor, to the nine
        digits that a rate is written with.

    Raises:
        RatesError: the schedule is of a kind whose rates are not known.
        SetError: a rate cannot be written where it stands.

    >>> from schedule_builder.compiler import examine
    >>> from schedule_builder.diagnostics import Source
    >>> text = "constant_learning_rate { learning_rate: 0.3 } min_learning_rate: 0.1"
    >>> scale_rates(examine(Source("a.config", text)), 0.5).text
    'constant_learning_rate { learning_rate: 0.15 } min_learning_rate: 0.05'
    """
    exact = Fraction(factor)
    settings = []
    paths = config.dialect.schedule_paths(config.message)
    for path in paths if exact != 1 else ():
        message = config.get(path) if path else config.message
        for place, value in _rates(config, message, path) if message is not None else ():
            values = [_text(v, exact) for v in (value if isinstance(value, list) else [value])]
            text = f"[{', '.join(values)}]" if isinstance(value, list) else values[0]
            settings.append(Setting(dotted(place), text))
    edited = edit(config, settings)
    before, after = config.schedule, edited.config.schedule
    if before is None or after is None or not _is_scaled(config, before, after, float(exact)):
        words = Words(
            "the rate would not be {factor} times as high at every step: change the rates of"
            " {name:field} by hand",
            factor=rate_text(float(exact)),
            name=config.kind_path[-1],
        )
        raise RatesError(config.document.source, None, words)
    return edited


def set_peak(config: Config, peak: float) -> Edited:
    """A config with every rate multiplied, so that the highest rate is `peak`.

    Args:
        config: a config that was read from a text, with a schedule.
        peak: the highest rate of the run.

    Raises:
        RatesError: the rate is 0 throughout, or of a kind whose rates are not known.
        SetError: a rate cannot be written where it stands.
    """
    now = peak_of(config)
    if not now:
        words = Words(
            "the rate is 0 throughout the run, so no factor makes its peak {peak}. Set"
            " the rate first",
            peak=rate_text(peak),
        )
        raise RatesError(config.document.source, None, words)
    if math.isclose(peak, now, rel_tol=_WRITTEN):
        return edit(config, [])
    return scale_rates(config, Fraction(repr(peak)) / Fraction(repr(now)))


def has_scaling(config: Config) -> bool:
    """Whether the rates of a config follow its batch size by themselves."""
    path = config.learning_rate_path
    message = config.get(path) if path else config.message
    name = "batch_size_scaling"
    return message is not None and name in schema_of(message.DESCRIPTOR) and message.HasField(name)


def set_batch_size(config: Config, batch_size: int, rule: str = "linear") -> Edited:
    """A config for another batch size, with its rates multiplied by the ratio, or by its root.

    Under `batch_size_scaling` the batch size alone is written: the rates follow it.

    Args:
        config: a config that was read from a text, with a schedule.
        batch_size: the new number of examples in a step.
        rule: one of `RULES`.

    Raises:
        RatesError: the file does not set its batch size, or its rates are not known.
        SetError: a value cannot be written where it stands.
    """
    ratio = Fraction(batch_size, stated_batch_size(config))
    setting = Setting(dotted(config.dialect.batch_size_path), str(batch_size))
    if has_scaling(config):
        return edit(config, [setting])
    scaled = scale_rates(config, ratio if rule == "linear" else math.sqrt(ratio))
    return edit(scaled.config, [setting])


def stated_batch_size(config: Config) -> int:
    """The batch size that a file sets.

    Raises:
        RatesError: it sets none.
    """
    stated = config.dialect.batch_size(config.message)
    if stated is None:
        field = dotted(config.dialect.batch_size_path)
        words = Words(
            "the file does not set {field}, so the batch size that its rates were made for is"
            " unknown. Set it first",
            field=f"`{field}`" if field else "a batch size",
        )
        raise RatesError(config.document.source, None, words)
    return stated


def set_warmup(config: Config, steps: int) -> Edited:
    """A config whose warmup lasts a given number of steps.

    Args:
        config: a config that was read from a text, with a schedule.
        steps: the new length.

    Raises:
        RatesError: there is no warmup, there are several, or it is not counted in steps.
        SetError: the length cannot be written where it stands.
    """
    found = [path for path, length in config.dialect.warmups(config.message) if length]
    if len(found) != 1:
        words = Words(
            "the schedule has no warmup. Add one with `schedule-builder set`, such as"
            " `warmup.warmup_steps=100`"
        )
        if found:
            paths = " and ".join(f"`{dotted(path)}`" for path in found)
            words = Words(
                "the schedule has several warmups, {paths}. Change one with `schedule-builder set`",
                paths=paths,
            )
        raise RatesError(config.document.source, None, words)
    (path,) = found
    if length := config.length(path):
        words = Words(
            "`{path}` is {length}, and not a number of steps. Change it with"
            " `schedule-builder set`",
            path=dotted(path),
            length=length,
        )
        raise RatesError(config.document.source, config.place(path).start, words)
    return edit(config, [Setting(dotted(path), str(steps))])


def _rates(config: Config, message: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    """The fields of a message that scale its rate, with their paths; a list as a whole."""
    schema = schema_of(message.DESCRIPTOR)
    names = list(schema)
    if selector_of(message.DESCRIPTOR):
        chosen = counting(message)
        names = [] if chosen is None else [chosen]
    is_product = makes_product(message)
    for name in names:
        declared, value, place = schema[name], getattr(message, name), (*path, name)
        if declared.message is not None:
            items = list(value) if declared.repeated else [value] * message.HasField(name)
            for index, item in enumerate(items[:1] if is_product else items):
                if declared.message.full_name == _ANY:
                    words = Words(
                        "{name:field} holds a custom schedule from another package, whose rates are"
                        " not known: change it by hand",
                        name=name,
                    )
                    raise RatesError(config.document.source, config.place(place).start, words)
                yield from _rates(config, item, (*place, index) if declared.repeated else place)
        elif declared.scales_rate and declared.repeated:
            yield place, list(value)
        elif declared.scales_rate and value and (message.HasField(name) or declared.default):
            yield place, value


def _text(value: float, factor: Fraction) -> str:
    """A rate times a factor, as people write it."""
    number = float(Fraction(repr(value)) * factor)
    digits = max(_DIGITS, _digits(value))
    return repr(float(f"{number:.{digits}g}"))


def _digits(number: float) -> int:
    """How many significant digits a number has, written out."""
    return len(repr(number).partition("e")[0].replace(".", "").strip("0"))


def _is_scaled(config: Config, before: Schedule, after: Schedule, factor: float) -> bool:
    """Whether a schedule has the rates of another one times a factor."""
    last = before.last_step(config.num_steps)
    steps = {*before.extremes(0, last), *after.extremes(0, last), last // 2, last // 3, last}
    return all(
        math.isclose(after(step), before(step) * factor, rel_tol=_SAME, abs_tol=1e-300)
        for step in steps
    )
