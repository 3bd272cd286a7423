"""Arguments of wrong types, which people pass by mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS: dict[str, Any] = {
    "None": None,
    "a text": "5",
    "bytes": b"5",
    "a bool": True,
    "a bool of NumPy": np.bool_(True),
    "NaN": float("nan"),
    "a float": 5.0,
    "a complex number": 5j,
    "a dict": {},
    "an object": object(),
    "lists of several lengths": [[1], [2, 3]],
    "an array of floats": np.array([1.5]),
    "an array of one float": np.array(5.0),
    "an array of complex numbers": np.array([1j]),
    "an array of bools": np.array([True]),
    "an array of objects": np.array([None]),
    "an array of texts": np.array(["a"]),
    "a date": np.datetime64(5, "s"),
}
"""What is not a step."""
