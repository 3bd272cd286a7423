"""The configs that the benchmarks read: plain data, and its form in both formats."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def every_config() -> list[Path]:
    """All config files at hand: those of `SCHEDULE_BUILDER_DATA`, or otherwise our recipes."""
    data = os.environ.get("SCHEDULE_BUILDER_DATA")
    folder = Path(data) / "corpus" if data else CONFIGS
    return sorted(path for path in folder.rglob("*.*") if path.is_file())


def checked(filename: str, text: str) -> Config:
    """A text, read, bound and checked.

    Raises:
        ValueError: it has no schedule.
    """
    config = examine(Source(filename, text))
    if config.schedule is None:
        raise ValueError(config.diagnostics)
    return config


def manual_stages(count: int) -> str:
    """A pipeline in text format with a manual schedule, a line for each stage but the first."""
    # Short lines: 100,000 of them are just below the largest size of a file.
    stages = "".join(
        f"schedule {{ step: {10 * line} learning_rate: {1 - 0.9 * line / count:.6f} }}\n"
        for line in range(1, count)
    )
    return (
        f"train_config {{\n  num_steps: {20 * count}\n"
        "  optimizer { momentum_optimizer { learning_rate {\n"
        f"  manual_step_learning_rate {{\n    initial_learning_rate: 1.0\n{stages}"
        "  } } } }\n}\n"
    )


def pipeline(stages: int, layers: int) -> dict[str, Any]:
    """A pipeline with a manual schedule of some stages, and a model of some layers."""
    return {
        "model": {
            "ssd": {
                "num_classes": 90,
                "image_resizer": {"fixed_shape_resizer": {"height": 300, "width": 300}},
                "feature_extractor": {"type": "ssd_mobilenet_v2", "layer": [_layer()] * layers},
            }
        },
        "train_config": {
            "batch_size": 24,
            "num_steps": 1000 * (stages + 1),
            "optimizer": {
                "momentum_optimizer": {
                    "learning_rate": {
                        "manual_step_learning_rate": {
                            "initial_learning_rate": 0.1,
                            "schedule": [
                                {"step": 1000 * i, "learning_rate": 0.1 / (1 + i)}
                                for i in range(1, stages + 1)
                            ],
                        }
                    },
                    "momentum_optimizer_value": 0.9,
                },
                "use_moving_average": False,
            },
            "fine_tune_checkpoint": "gs://models/ssd/model.ckpt",
        },
    }


def _layer() -> dict[str, Any]:
    return {
        "name": "BoxPredictor/Conv2d_pointwise",
        "depth": 256,
        "kernel_size": [3, 3],
        "conv_hyperparams": {
            "activation": "RELU_6",
            "regularizer": {"l2_regularizer": {"weight": 0.00004}},
            "initializer": {"truncated_normal_initializer": {"mean": 0.0, "stddev": 0.03}},
            "batch_norm": {"decay": 0.9997, "center": True, "epsilon": 0.001},
        },
    }


def as_text(data: dict[str, Any]) -> str:
    """The data in text format."""
    return "".join(f"{line}\n" for line in _text_lines(data, ""))


def _text_lines(data: dict[str, Any], indent: str) -> Iterator[str]:
    for name, values in data.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, dict):
                yield f"{indent}{name} {{"
                yield from _text_lines(value, indent + "  ")
                yield f"{indent}}}"
            else:
                # Names in capitals are an enum's.
                is_enum = isinstance(value, str) and value.isupper()
                yield f"{indent}{name}: {value if is_enum else json.dumps(value)}"


def as_yaml(data: dict[str, Any]) -> str:
    """The data in YAML."""
    # By way of JSON, which has no anchors for what is repeated.
    dumped: str = yaml.safe_dump(json.loads(json.dumps(data)), sort_keys=False)
    return dumped
