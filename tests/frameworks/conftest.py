"""Fixtures of the tests with TensorFlow."""

from __future__ import annotations

import pytest
import tensorflow as tf


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has a GPU, as far as it is asked for one."""
    visible = tf.config.get_visible_devices
    monkeypatch.setattr(
        tf.config,
        "get_visible_devices",
        lambda kind=None: ["GPU:0"] if kind == "GPU" else visible(kind),
    )
