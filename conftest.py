"""Doctests of backends run where their frameworks are installed."""

from importlib.util import find_spec

BACKENDS = {"jax": "jax", "torch": "torch"}
collect_ignore = [
    f"schedule_builder/frameworks/{backend}_backend.py"
    for backend, framework in BACKENDS.items()
    if find_spec(framework) is None
]
