"""The validator in a repository: settings, discovery, suppressions, baselines.

In: paths. Out: the findings of each file, as its project wants them. Imports `config` and what is
below; it must not know `output` and `frameworks`.
"""
