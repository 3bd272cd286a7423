"""Changes of a config's text that keep its comments and layout.

In: a loaded config. Out: its new text. Imports `config` and what is below.
"""
