"""The public door: what `load` takes, and what a `Config` says."""

from __future__ import annotations

import pytest

from schedule_builder.config import load

PIPELINE = {
    "train_config": {
        "num_steps": 100,
        "optimizer": {
            "adam_optimizer": {
                "learning_rate": {"constant_learning_rate": {"learning_rate": 0.1}},
            }
        },
    }
}


def test_a_config_says_where_its_learning_rate_stands() -> None:
    config = load(PIPELINE)
    path = ("train_config", "optimizer", "adam_optimizer", "learning_rate")

    assert config.learning_rate_path == path
    assert config.kind_path == (*path, "constant_learning_rate")


@pytest.mark.parametrize("name", ["learning_rate", "kind"])
def test_the_old_names_of_paths_warn_and_work(name: str) -> None:
    config = load(PIPELINE)

    with pytest.warns(DeprecationWarning, match=f"`{name}_path`") as warned:
        path = getattr(config, name)

    assert path == getattr(config, f"{name}_path")
    assert [warning.filename for warning in warned] == [__file__]
