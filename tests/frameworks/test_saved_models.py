"""Models that an earlier version saved load in a fresh process, as their documents say.

The files in `saved/` were written by version 0.1.0 before its modules moved into rooms, with
Keras 3.12.4 and tf_keras 2.16.0 on Python 3.10: the oldest that are supported.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from schedule_builder.config import build_schedule
from schedule_builder.frameworks.keras_common import build_keras_schedule

SAVED = Path(__file__).parent / "saved"
CONFIG = {
    "cosine_decay_learning_rate": {
        "learning_rate_base": 0.1,
        "total_steps": 1000,
        "warmup_learning_rate": 0.01,
        "warmup_steps": 100,
    }
}
PROGRAM = """
import sys
import {keras} as keras
import {imported}
model = keras.models.load_model(sys.argv[1])
# What `learning_rate` gives is the rate at the counter, so that the schedule itself is asked for.
schedule = model.optimizer._learning_rate
print(type(schedule).__module__, int(model.optimizer.iterations.numpy()))
print(*(float(schedule(step)) for step in (0, 99, 100, 999, 1000)))
"""


@pytest.mark.parametrize(
    ("name", "keras", "module", "imported"),
    [
        ("keras3", "keras", "keras_adapter", "schedule_builder.keras_adapter"),
        ("keras2", "tf_keras", "legacy_keras", "schedule_builder.legacy_keras"),
        # Where Keras is there already, the package alone is enough.
        ("keras3", "keras", "keras_adapter", "schedule_builder"),
        ("keras2", "tf_keras", "legacy_keras", "schedule_builder"),
    ],
)
def test_a_model_saved_before_the_modules_moved(
    name: str, keras: str, module: str, imported: str
) -> None:
    if find_spec("tensorflow") is None or find_spec(keras) is None:
        pytest.skip(f"{keras} is not installed")
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM.format(keras=keras, imported=imported),
            str(SAVED / f"{name}.keras"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    first, rates = ran.stdout.splitlines()
    assert first.split() == [f"schedule_builder.{module}", "4"]
    schedule = build_schedule(CONFIG)
    expected = [schedule(step) for step in (0, 99, 100, 999, 1000)]
    assert [float(rate) for rate in rates.split()] == pytest.approx(expected, rel=1e-6, abs=1e-30)


def test_the_error_about_a_class_that_is_not_imported_says_what_to_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keras = pytest.importorskip("keras")
    saved = keras.saving.serialize_keras_object(build_keras_schedule(CONFIG))
    schedule = keras.saving.deserialize_keras_object(saved)
    assert schedule.schedule == build_schedule(CONFIG)
    monkeypatch.delitem(keras.saving.get_custom_objects(), "schedule_builder>ConfigSchedule")
    with pytest.raises(TypeError, match=r"import schedule_builder\.keras_adapter before load_mode"):
        keras.saving.deserialize_keras_object(saved)
