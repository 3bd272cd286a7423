"""Optimizers with more than one rate, in Keras 3 on TensorFlow and in Keras 2."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import schedule_builder as sb
from schedule_builder.frameworks.keras_common import keras_home
from tests.support import variable_rates as support

ROOT = Path(__file__).parent.parent.parent
KERASES = ["keras", "tf_keras"]


def keras_named(name: str) -> Any:
    return pytest.importorskip(name)


@pytest.mark.parametrize("check", support.CHECKS)
@pytest.mark.parametrize("name", KERASES)
def test_training_with_factors(name: str, check: str, tmp_path: Path) -> None:
    support.CHECKS[check](keras_named(name), tmp_path)


@pytest.mark.parametrize("field", support.OPTIMIZERS)
@pytest.mark.parametrize("name", KERASES)
def test_the_schedule_is_evaluated_once_in_an_update(
    name: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = keras_named(name)
    if not hasattr(module.optimizers, support.OPTIMIZERS[field][0]):
        pytest.skip(f"{name} has no such optimizer")
    fields = support.OPTIMIZERS[field][1]
    multipliers = [("w1", 0.5), ("w0", 0.0)]
    config = support.pipeline(field, fields, multipliers, average=True)
    optimizer = sb.build_optimizer(config, legacy=name == "tf_keras")
    variables = [tf.Variable([1.0, 2.0], name=f"w{n}") for n in range(20)]
    if name == "keras":
        variables = [keras.Variable([1.0, 2.0], name=f"w{n}") for n in range(20)]
    optimizer.build(variables)
    schedule, calls = keras_home(name == "tf_keras").ConfigSchedule, []
    evaluate = schedule.__call__

    def counted(self: Any, step: Any) -> Any:
        calls.append(step)
        return evaluate(self, step)

    monkeypatch.setattr(schedule, "__call__", counted)
    gradients = [tf.constant([0.1, 0.2])] * 20
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    assert len(calls) == 1
    update = tf.function(lambda: optimizer.apply_gradients(zip(gradients, variables, strict=True)))
    update()
    update()
    assert len(calls) == 2


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", KERASES)
def test_a_loop_that_autograph_converts(name: str, *, jit_compile: bool) -> None:
    module = keras_named(name)
    config = support.pipeline("sgd_optimizer", {"weight_decay": 0.5}, [("^a", 0.1), ("b", 0)])
    optimizer = sb.build_optimizer(config, legacy=name == "tf_keras")
    make = module.Variable if name == "keras" else tf.Variable
    variables = [make([support.FIRST], name=letter) for letter in "abc"]
    optimizer.build(variables)
    gradients = [tf.constant([1.0])] * 3

    @tf.function(jit_compile=jit_compile)
    def update() -> None:
        if name == "keras":
            optimizer.apply(gradients, variables)
        else:
            optimizer.apply_gradients(zip(gradients, variables, strict=True))

    for _ in range(support.STEPS):
        update()
    for variable, factor in zip(variables, (0.1, 0.0, 1.0), strict=True):
        wanted = support.wanted(factor, decay=0.5)[-1]
        np.testing.assert_allclose(support.numbers(variable), [wanted], rtol=5e-7)


PROGRAM = """
import json, sys
import {name}
import schedule_builder
model = {name}.models.load_model(sys.argv[1])
from tests.support.variable_rates import train
print(json.dumps(train(model, 3)))
"""


@pytest.mark.parametrize("name", KERASES)
def test_a_fresh_process_goes_on(name: str, tmp_path: Path) -> None:
    module = keras_named(name)
    model = support.dense(module)
    support.train(model, 2)
    model.save(tmp_path / "model.keras")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name), str(tmp_path / "model.keras")],
        check=True,
        capture_output=True,
        cwd=ROOT,
        text=True,
    )
    assert json.loads(ran.stdout.splitlines()[-1]) == support.train(model, 3)


def test_a_pattern_without_a_match_names_its_place_and_the_nearest_paths() -> None:
    config = support.pipeline(multipliers=[("^stem/", 0), ("bakbone", 0.1)])
    text = r"error\[SB319\] `bakbone` is found in none of the 3 variables\. .*: `.*backbone"
    with pytest.raises(sb.ConfigError, match=text):
        support.fit(keras, config)


def test_an_optimizer_that_keras_2_lacks_is_named() -> None:
    pytest.importorskip("tf_keras")
    config = support.pipeline("lamb_optimizer")
    with pytest.raises(sb.ConfigError, match=r"error\[SB315\] Keras .* has no optimizer `lamb_opt"):
        sb.build_optimizer(config, legacy=True)


def test_keras_own_classes_are_built_where_they_do_the_same() -> None:
    plain = sb.build_optimizer(support.pipeline(multipliers=()))
    assert type(plain) is keras.optimizers.SGD
    for config in (
        support.pipeline(),
        support.pipeline("adamw_optimizer", multipliers=()),
        support.pipeline(multipliers=(), freeze_variables=["stem"]),
        support.pipeline(multipliers=(), bias_grad_multiplier=2.0),
    ):
        assert isinstance(sb.build_optimizer(config), support_mixin())


def support_mixin() -> Any:
    return import_module("schedule_builder.frameworks.keras_variable_rates").VariableRatesMixin


@pytest.mark.parametrize("field", support.OPTIMIZERS)
def test_defaults_are_those_of_keras(field: str) -> None:
    if field in ("momentum_optimizer", "adam_optimizer", "rms_prop_optimizer"):
        return  # These have the Object Detection API's.
    ours = sb.build_optimizer(support.pipeline(field, multipliers=())).get_config()
    theirs = getattr(keras.optimizers, support.OPTIMIZERS[field][0])().get_config()
    for name in theirs.keys() - {"learning_rate", "name"}:
        if theirs[name] != ours[name]:
            assert name == "ema_momentum", name


def test_adamw_with_warmup_stable_decay_is_one_file(tmp_path: Path) -> None:
    rate = "train_config.optimizer.adamw_optimizer.learning_rate.warmup_stable_decay_learning_rate"
    lengths = {"warmup_steps": 2, "stable_steps": 10, "decay_steps": 8}
    config = sb.load(
        ROOT / "configs" / "warmup_stable_decay_adamw.config",
        overrides=[f"{rate}.{name}={steps}" for name, steps in lengths.items()]
        + ["train_config.num_steps=20"],
    )
    log = sb.LearningRateLog(config, verbose=0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
    optimizer = sb.build_optimizer(config)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    model.compile(optimizer, "mse")
    inputs = np.linspace(0, 1, 160, dtype=np.float32).reshape(-1, 2)
    model.fit(inputs, inputs[:, :1], batch_size=4, verbose=0, callbacks=[log])
    assert log.verdict.startswith("all 20 applied rates (steps 0 to 19) match")


@pytest.mark.parametrize("builder", ["build_learning_rate", "build_keras_schedule"])
def test_a_rate_alone_warns_of_multipliers_once(
    builder: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = support.pipeline("adam_optimizer", {}, [("kernel", 0.5)])
    build = getattr(sb, builder)
    build(config, 0) if builder == "build_learning_rate" else build(config, legacy=False)
    (record,) = caplog.records
    assert f"{builder} gives the rate without a multiplier" in record.getMessage()
    assert "use build_optimizer" in record.getMessage()


def test_what_applies_multipliers_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sb.build_optimizer(support.pipeline("adam_optimizer", {}, [("kernel", 0.5)]), legacy=False)
    assert not caplog.records
