"""Configs of each optimizer, and what a model is given, for JAX and PyTorch."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

STEPS = 6
RATE = {
    "polynomial_decay_learning_rate": {
        "initial_learning_rate": 0.1,
        "end_learning_rate": 0.01,
        "decay_steps": STEPS - 1,
    }
}
BLOCKS: dict[str, dict[str, Any]] = {
    "momentum_optimizer": {},
    "rms_prop_optimizer": {},
    "adam_optimizer": {},
    "sgd_optimizer": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    "adamw_optimizer": {"amsgrad": True, "exclude_from_weight_decay": ["bias$"]},
    "lamb_optimizer": {"weight_decay": 0.1},
    "lion_optimizer": {"weight_decay": 0.1},
    "adafactor_optimizer": {"weight_decay": 0.1, "exclude_from_weight_decay": ["^head"]},
    "adagrad_optimizer": {"weight_decay": 0.1},
}
FACTORS = {"stem": 0.0, "backbone": 0.1, "head": 1.0}
MULTIPLIERS = [{"pattern": f"^{name}/", "factor": factor} for name, factor in FACTORS.items()]
CLIPPINGS = ("gradient_clipping_by_norm", "clip_by_norm", "clip_by_value")


def config(name: str, block: dict[str, Any] | None = None, **train: Any) -> dict[str, Any]:
    """A pipeline with an optimizer, a frozen stem and a slow backbone."""
    optimizer = {
        name: {"learning_rate": RATE} | (BLOCKS[name] if block is None else block),
        "learning_rate_multiplier": MULTIPLIERS,
        "moving_average_decay": 0.9,
    }
    return {"train_config": {"num_steps": STEPS, "optimizer": optimizer} | train}


def drawn(seed: int) -> dict[str, Any]:
    """Random values in the form of the model's parameters, by path."""
    random = np.random.default_rng(seed)
    shapes = {"kernel": (3, 4), "bias": (4,)}
    return {
        f"{part}/{name}": random.normal(size=shape).astype(np.float32)
        for part in FACTORS
        for name, shape in shapes.items()
    }


WEIGHTS = drawn(0)
GRADIENTS = [drawn(seed) for seed in range(1, STEPS + 1)]


def trained_by_keras(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The weights and their averages after an optimizer of Keras took all steps."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    import schedule_builder as sb

    optimizer = sb.build_optimizer(config, legacy=False)
    variables = {}
    for path, weights in WEIGHTS.items():
        part, name = path.split("/")
        with keras.name_scope(part):
            variables[path] = keras.Variable(weights, name=name)
    for gradients in GRADIENTS:
        given = [keras.ops.convert_to_tensor(gradients[path]) for path in variables]
        optimizer.apply(given, list(variables.values()))
    convert = keras.ops.convert_to_numpy
    averages = zip(variables, optimizer._model_variables_moving_average, strict=True)
    return (
        {path: convert(variable) for path, variable in variables.items()},
        {path: convert(average) for path, average in averages},
    )


def run_documented(section: str, names: dict[str, Any], folder: Path, monkeypatch: Any) -> None:
    """Runs the code in a section of the optimizers' page, in a folder with the page's config."""
    text = (Path(__file__).parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    settings = re.search(r"^```\n(# fine_tune\.config\n.*?)^```$", text, re.DOTALL | re.MULTILINE)
    body = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```py\n(.*?)^```$", body, re.DOTALL | re.MULTILINE)
    assert settings is not None
    assert blocks
    (folder / "fine_tune.config").write_text(settings[1])
    monkeypatch.chdir(folder)
    for block in blocks:
        exec(compile(block, "optimizers.md", "exec"), names)
