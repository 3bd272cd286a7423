"""Schedules and optimizers for TensorFlow, Keras, JAX and PyTorch.

In: a config. Out: a tensor, a schedule, an optimizer or a callback of the framework. The only room
that imports frameworks. Imports `config` and what is below.
"""
