"""The schedule stretched to the run length, for a code action."""

from __future__ import annotations

from typing import NamedTuple

from schedule_builder.compiler import Config
from schedule_builder.diagnostics import ConfigError, Span
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.rescale import follows_run, rescale
from schedule_builder.language_server.language import field_at
from schedule_builder.reading.fields import schema_of


class Rescaled(NamedTuple):
    """A text with another length of the schedule, and where to offer it."""

    title: str
    text: str
    """Empty where the schedule cannot be stretched."""
    fault: str
    """Why it cannot; empty where it can."""
    places: tuple[Span, ...]


def rescaled(config: Config) -> Rescaled | None:
    """The text with a decay that ends with the run; None if it does already, or has no end."""
    schedule, num_steps = config.schedule, config.num_steps
    if schedule is None or not num_steps or follows_run(config):
        return None
    last = schedule.segments[-1]
    end = (*config.learning_rate_path, *last.path)
    owner, field = field_at(config, end)
    is_end = last.path and field is not None and schema_of(owner)[field.name].ends_decay
    if not is_end or last.begin == num_steps:
        return None
    text, fault = "", ""
    try:
        text = rescale(config, num_steps, last.begin)
    except EditingError as error:
        fault = str(error)
    except ConfigError as error:
        fault = f"the schedule would be invalid: {error.diagnostics[0].message}"
    paths = [config.kind_path, end, config.dialect.num_steps_path]
    places = [config.places[path] for path in paths if path in config.places]
    spans = tuple(span for place in places for span in (place.name, place.value))
    title = f"Rescale the schedule from {last.begin} to {num_steps} steps"
    return Rescaled(title, text, fault, spans)
