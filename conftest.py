"""Doctests of modules that need a framework run where it is installed."""

from importlib.util import find_spec

NEEDS = {
    "jax_backend": "jax",
    "optax_optimizers": "optax",
    "torch_backend": "torch",
    "torch_optimizers": "torch",
}
collect_ignore = [
    f"schedule_builder/frameworks/{module}.py"
    for module, framework in NEEDS.items()
    if find_spec(framework) is None
]
