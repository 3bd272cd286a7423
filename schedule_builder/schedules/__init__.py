"""Schedules as closed-form segments on the integer step axis, and their evaluation.

In: curves and the steps at which they begin. Out: exact rates, in Python, in NumPy and in whatever
implements the table of operations. Knows nothing of protobuf, of files and of configs.
"""
