"""Every row that is measured, and its goal: how large the ratio may be.

`python -m benchmarks` prints these rows, and only these. A ratio is our cost by the peer's, so that
less is better; a growth has an exponent in its place. None: without a goal. A goal is reached where
the whole interval is within it.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.kinds import IN_KERAS, KINDS

_PIECEWISE = [name for name, kind in IN_KERAS.items() if kind.is_piecewise]
_STEPS = ("int", "tensor", "variable")
_TRAINING = [
    f"{optimizer}, {loop}, {way} / Keras"
    for optimizer in ("SGD", "Adam", "AdamW")
    for loop in ("fit", "custom loop")
    for way in ("graph", "eager")
]


class Group(NamedTuple):
    """Rows that are measured together.

    Attributes:
        title: what is measured.
        home: the module and the function that measure it. It is imported on use: half of them
            need no TensorFlow.
        goals: of each row, in their order.
    """

    title: str
    home: str
    goals: dict[str, float | None]


GROUPS = {
    "start": Group(
        "Validating one file, from the shell's return key to the exit code",
        "start.rows",
        {
            "validate, text format / Python that does nothing": 8,
            "validate, text format / check-jsonschema, YAML": 1 / 3,
            "validate, YAML / Python that does nothing": 10,
            "validate, YAML / check-jsonschema, YAML": 1 / 3,
        },
    ),
    "many": Group(
        "Validating many files in one run, and one very long file",
        "many.rows",
        {
            "a repository, its YAML files / check-jsonschema": 1 / 6,
            "a repository, all files / check-jsonschema, its YAML files": 1 / 6,
            # Half of what it was when the goal was set.
            "validate, 100,000 lines / protobuf's Parse, unchecked": 2.2,
        },
    ),
    "reading": Group(
        "Reading a config of a megabyte, half of it stages and half of it an opaque model",
        "reading.rows",
        {
            "text format to a tree / protobuf's Parse": 1,
            "text format, checked / protobuf's Parse, unchecked": 1,
            "YAML, checked / PyYAML's C loader, unchecked": None,
            "100,000 stages, loaded": 2,
        },
    ),
    "tracing": Group(
        "The graph that a schedule adds to a training step, for a scalar int64 step",
        "evaluation.tracing",
        {
            "nodes of the largest graph of all configs": 24,
            **{f"nodes, {name} / Keras": None for name in IN_KERAS},
            **{f"time, {name} / Keras": 1 for name in IN_KERAS},
            "bytes, a warmup of 100,000 steps / Object Detection API": None,
        },
    ),
    "eager": Group(
        "An eager call",
        "evaluation.eager",
        {
            **{f"{step}, {name} / Keras": 0.1 for name in IN_KERAS for step in _STEPS},
            "tensor, 100,000 stages / 3 stages": 2,
        },
    ),
    "graph": Group(
        "A step of a loop of 20,000 in `tf.function`, the loop included",
        "evaluation.graph",
        {
            **{f"{name} / Keras": 1.15 if kind.is_bare else 1 for name, kind in IN_KERAS.items()},
            "piecewise, 10,000 boundaries / 3 boundaries": 2,
        },
    ),
    "xla": Group(
        "A step of a loop of 200,000, compiled by XLA, the loop included",
        "evaluation.xla",
        {
            **{f"{name} / Keras": 2 for name in IN_KERAS},
            **{f"{name} / a constant": 1.5 for name in _PIECEWISE},
        },
    ),
    "training": Group(
        "A whole training step of a small dense network, our optimizer and schedule beside Keras'",
        "training.rows",
        dict.fromkeys(_TRAINING, 1.02),
    ),
    "python": Group(
        "One rate in Python, without TensorFlow",
        "evaluation.python",
        {f"{name} / by hand": 5 for name in KINDS},
    ),
    "numpy": Group(
        "The rates of a million steps in NumPy",
        "evaluation.numpy",
        {f"{name} / by hand": 2 for name in KINDS},
    ),
    "growth": Group(
        "How costs grow",
        "growth.rows",
        {
            "a step in a graph, with boundaries": 0.1,
            "a rate in Python, with segments": 0.2,
            "loading, with stages": 1.1,
            "loading, with nesting": 1.1,
            "validating a file, with its kilobytes": 1.1,
            "validating a repository, with its files": 1.1,
        },
    ),
}
