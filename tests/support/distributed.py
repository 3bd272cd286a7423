"""Training on several devices and machines, as one of their processes.

python -m tests.support.distributed WAY CONFIG [FOLDER]

Prints, as its last line, the steps and rates that it applied: JSON, [[step, rate], ...]. The
environment variable TF_CONFIG says which process of a cluster it is.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import schedule_builder as sb
from tests.support import variable_rates
from tests.support.recording import samples, small_model

STEPS = 20


def mirrored_fit(config: sb.Config, folder: Path) -> list[tuple[int, float]]:
    """Keras 3's `fit` on two devices of one machine."""
    import keras

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        model = small_model(keras)
        optimizer = sb.build_optimizer(config)
        applied = _applied(optimizer)
        model.compile(optimizer, "mse")
    log = sb.LearningRateLog(config, folder / "rates.csv")
    inputs, targets = samples(4 * STEPS)
    model.fit(inputs, targets, batch_size=4, shuffle=False, verbose=0, callbacks=[log])
    # Each device updates its copy.
    assert applied[::2] == applied[1::2]
    return applied[::2]


def _applied(optimizer: Any) -> list[tuple[int, float]]:
    """The list that the optimizer of this process leaves each update's step and rate in."""
    found: list[tuple[int, float]] = []
    update_step = optimizer.update_step

    def recorded(gradient: Any, variable: Any, *rate: Any) -> Any:
        # Keras 2 has the rate in a variable, which it sets at the beginning of an update.
        current = rate[0] if rate else optimizer._current_learning_rate
        step = optimizer.iterations
        if tuple(variable.shape) == (1,):
            tf.py_function(
                lambda s, r: found.append((int(s), float(r))),
                [tf.convert_to_tensor(step), tf.convert_to_tensor(current)],
                [],
            )
        return update_step(gradient, variable, *rate)

    optimizer.update_step = recorded
    return found


def multi_worker_fit(config: sb.Config, folder: Path) -> list[tuple[int, float]]:
    """Keras 2's `fit` on several machines."""
    import tf_keras

    from schedule_builder.frameworks.keras2 import LearningRateLog

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = small_model(tf_keras)
        optimizer = sb.build_optimizer(config, legacy=True)
        applied = _applied(optimizer)
        model.compile(optimizer, "mse")
    dataset = tf.data.Dataset.from_tensor_slices(samples(4 * STEPS)).repeat().batch(12)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    worker = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    log = LearningRateLog(config, folder / f"rates-{worker}.csv")
    model.fit(
        dataset.with_options(options),
        epochs=2,
        steps_per_epoch=STEPS // 2,
        verbose=0,
        callbacks=[log],
    )
    return applied


def parameter_server(config: sb.Config, folder: Path) -> list[tuple[int, int, float]]:
    """A custom loop whose variables are on a server, and whose steps are on any worker.

    Gives each update's worker, too. Ten come one after another, and more then all at once.
    """
    import tf_keras

    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if resolver.task_type in ("worker", "ps"):
        server = tf.distribute.Server(
            resolver.cluster_spec(),
            job_name=resolver.task_type,
            task_index=resolver.task_id,
            protocol="grpc",
        )
        server.join()
    strategy = tf.distribute.ParameterServerStrategy(resolver)
    coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
    with strategy.scope():
        model = small_model(tf_keras)
        optimizer = sb.build_optimizer(config, legacy=True)
        optimizer.build(model.trainable_variables)

    def update(inputs: Any, targets: Any, worker: Any) -> tuple[Any, Any, Any]:
        step = tf.identity(optimizer.iterations)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True) - targets))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return worker, step, tf.identity(optimizer._current_learning_rate)

    @tf.function
    def train_step(iterator: Any) -> Any:
        return strategy.run(update, args=next(iterator))

    def dataset_of(context: Any) -> Any:
        def with_a_name(inputs: Any, targets: Any) -> Any:
            name = tf.raw_ops.RandomUniformInt(
                shape=tf.zeros([0], tf.int32), minval=0, maxval=2**31 - 1
            )
            return inputs, targets, name

        # Each worker draws the number once, from no seed of the program's, and is known by it.
        return tf.data.Dataset.from_tensors(samples(4)).map(with_a_name).cache().repeat()

    per_worker = coordinator.create_per_worker_dataset(
        lambda: strategy.distribute_datasets_from_function(dataset_of)
    )
    iterator = iter(per_worker)
    found: list[tuple[int, int, float]] = []
    for together in [1] * 10 + [10] * 30:
        if len(found) > 10 and len({worker for worker, _, _ in found}) == 2:
            break
        updates = [coordinator.schedule(train_step, args=(iterator,)) for _ in range(together)]
        found += [(int(w), int(s), float(r)) for w, s, r in (u.fetch() for u in updates)]
    assert int(optimizer.iterations) == len(found)
    return found


def mirrored_rates(config: sb.Config, folder: Path) -> list[str]:
    """Factors of either Keras on two devices of one machine."""
    import keras
    import tf_keras

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    return _checked(strategy, (keras, tf_keras))


def multi_worker_rates(config: sb.Config, folder: Path) -> list[str]:
    """Factors on several machines: in a loop of Keras 3, and in `fit` of Keras 2."""
    import keras
    import tf_keras

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    _check_loop(strategy, keras)
    return _checked(strategy, (tf_keras,))


def _check_loop(strategy: Any, keras: Any) -> None:
    config = variable_rates.pipeline("sgd_optimizer", {"weight_decay": 0.5})
    with strategy.scope():
        variables = [
            keras.Variable([variable_rates.FIRST], name=name) for name in variable_rates.FACTORS
        ]
        optimizer = sb.build_optimizer(config)
        optimizer.build(variables)

    @tf.function
    def update() -> None:
        strategy.run(lambda: optimizer.apply([tf.constant([0.5])] * len(variables), variables))

    for _ in range(variable_rates.STEPS):
        update()
    for variable, factor in zip(variables, variable_rates.FACTORS.values(), strict=True):
        wanted = variable_rates.wanted(factor, decay=0.5)[-1]
        np.testing.assert_allclose(variable.value.numpy(), [wanted], rtol=5e-7)


def _checked(strategy: Any, kerases: Any) -> list[str]:
    assert strategy.num_replicas_in_sync == 2
    done = []
    config = variable_rates.pipeline(
        "sgd_optimizer", {"weight_decay": 0.5}, average=True, gradient_clipping_by_norm=1.0
    )
    for keras in kerases:
        with strategy.scope():
            found, model = variable_rates.fit(keras, config)
        # Keras 2 clips the sums over the replicas, and Keras 3 the halves, which are short enough.
        gradient = 2**-0.5 if variable_rates.is_keras2(keras) else 1.0
        variable_rates.assert_trained(found, decay=0.5, gradient=gradient)
        assert variable_rates.weights(model)["stem"] == np.float32(variable_rates.FIRST)
        done.append(keras.__name__)
    return done


WAYS = {
    "mirrored_fit": mirrored_fit,
    "mirrored_rates": mirrored_rates,
    "multi_worker_fit": multi_worker_fit,
    "multi_worker_rates": multi_worker_rates,
    "parameter_server": parameter_server,
}


if __name__ == "__main__":
    way, config_path, folder_path = sys.argv[1:]
    print(json.dumps(WAYS[way](sb.load(config_path), Path(folder_path))))
