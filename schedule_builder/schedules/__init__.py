"""Schedules as closed-form segments on the integer step axis, and their evaluation.

In: curves and the steps at which they begin. Out: exact rates, in Python, in NumPy and in every
number system that implements the table of operations. This room does not know protobuf, files or
configs.
"""
