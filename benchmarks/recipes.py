"""The recipes of configs/, and the kinds of schedules that frameworks have, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
RECIPES = sorted(CONFIGS.glob("*.config"))

KINDS: dict[str, dict[str, Any]] = {
    "cosine with warmup": {
        "cosine_decay_learning_rate": {
            "learning_rate_base": 0.1,
            "total_steps": 100_000,
            "warmup_learning_rate": 0.01,
            "warmup_steps": 1000,
        }
    },
    "exponential": {
        "exponential_decay_learning_rate": {
            "initial_learning_rate": 0.1,
            "decay_steps": 1000,
            "decay_factor": 0.95,
            "staircase": False,
        }
    },
    "piecewise, 3 boundaries": {
        "piecewise_constant_learning_rate": {
            "boundaries": [1000, 2000, 3000],
            "values": [0.1, 0.05, 0.025, 0.0125],
        }
    },
}
"""Of each, the config; every module of a framework has the peer of the same name."""
