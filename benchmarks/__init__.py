"""What the project costs, measured beside what else does the job: `python -m benchmarks`."""
