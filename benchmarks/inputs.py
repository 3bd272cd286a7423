"""The configs that the benchmarks read: plain data, and its form in both formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml


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
