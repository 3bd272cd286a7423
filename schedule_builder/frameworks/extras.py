"""Names the extra of this package that installs a missing library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
    "tf_keras": "legacy-keras",
    "jax": "jax",
    "optax": "jax",
    "torch": "torch",
    "numpy": "tensorflow",
    "matplotlib": "plot",
    "plotille": "terminal",
    "pygls": "server",
    "lsprotocol": "server",
    "ruamel": "fmt",
    "shtab": "completion",
}
"""The extra that installs a library, by the name of its module."""


@contextmanager
def naming_extra(what: str) -> Iterator[None]:
    """Makes the error of a library that is missing say how to install it.

    Args:
        what: what needs the library, as the subject of the message.

    Raises:
        ModuleNotFoundError: a library is missing; the message names the extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS or "schedule-builder[" in str(error):
            raise
        message = f"{what} needs {library}: pip install 'schedule-builder[{EXTRAS[library]}]'"
        raise ModuleNotFoundError(message, name=error.name) from error
