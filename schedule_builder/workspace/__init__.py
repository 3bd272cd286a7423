"""The validator in a repository: settings, discovery, suppressions, baselines.

In: paths. Out: the findings of each file, by its project's settings. Imports `config` and what is
below; it must not know `output` and `frameworks`.
"""
