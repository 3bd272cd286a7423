"""How findings and schedules are shown: one file for each format or kind of picture.

In: findings, or a config and its schedule. Out: text, or a picture. Imports `config` and what is
below; it must not know `workspace` and `frameworks`.
"""
