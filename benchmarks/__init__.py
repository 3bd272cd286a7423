"""Measures what the project costs, beside other tools for the same job: `python -m benchmarks`."""
