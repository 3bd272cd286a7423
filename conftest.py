"""Doctests of adapters run where their frameworks are installed."""

from importlib.util import find_spec

ADAPTERS = {"optax": "jax", "torch": "torch"}
collect_ignore = [
    f"schedule_builder/{adapter}_adapter.py"
    for adapter, framework in ADAPTERS.items()
    if find_spec(framework) is None
]
