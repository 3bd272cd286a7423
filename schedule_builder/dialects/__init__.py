"""What a config means: from a bound message to a `Schedule`.

In: a message. Out: a schedule, or a `LoweringError` that names the field. One file for each system
of configs. Imports `schedules` and `reading`.
"""
