"""Compares a config's patterns of variables with the variables of a model, for every framework."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import ConfigError, Report
from schedule_builder.dialects.variable_rates import UnmatchedPatternError, VariableRates
from schedule_builder.reading.fields import dotted
from schedule_builder.rules.kinds import UNMATCHED_PATTERN

LOGGER = logging.getLogger("schedule_builder")


def check_paths(rates: VariableRates, paths: Sequence[str], config: Config | None = None) -> None:
    """Checks that each pattern matches a variable, and logs which factor each variable gets.

    Optimizers call it once, when they first see their variables.

    Args:
        rates: the factors of the config.
        paths: the paths of all variables that the model trains, their parts joined by `/`.
        config: the config, for the place of an error; None if it is unknown.

    Raises:
        ConfigError: the pattern of a multiplier is found in no path; without a config it is an
            `UnmatchedPatternError`.
    """
    if not rates:
        return
    try:
        warnings = list(rates.unmatched(paths))
    except UnmatchedPatternError as error:
        if config is None:
            raise
        report = Report(config.document.source)
        place = config.place(error.path)
        report.add(UNMATCHED_PATTERN, place, error.words, path=dotted(error.path))
        raise ConfigError(report.diagnostics) from None
    for words in warnings:
        LOGGER.warning("%s", words)
    for factor, group in rates.by_factor(paths).items():
        LOGGER.info(
            "%s: %d of %d variables: %s",
            f"learning rate times {factor:g}" if factor else "frozen",
            len(group),
            len(paths),
            ", ".join(group),
        )


def warn_unapplied(config: Config, builder: str, applying: str) -> None:
    """Warns that a builder of rates cannot apply the config's factors for single variables.

    Args:
        config: the config.
        builder: the builder's name.
        applying: the name of the function that applies it.
    """
    if config.dialect.variable_rates(config.message):
        LOGGER.warning(
            "%s: %s gives the rate without a multiplier, and cannot freeze variables or scale"
            " gradients as this config asks: use %s",
            config.filename,
            builder,
            applying,
        )
