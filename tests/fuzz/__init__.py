"""Fuzzing: any input of each surface, and what must hold for it.

`test_surfaces.py` tries a few inputs, the same ones in every run of the tests. `make fuzz` tries as
many as fit into its minutes, guided by the lines that they reach (`__main__.py`).
"""
