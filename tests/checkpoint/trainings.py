"""Trainings that can be interrupted anywhere, and what is left of one when it is over, to the bit."""

from __future__ import annotations

import json

import numpy as np

import kerax as keras
from kerax._core import nnx_private
from kerax.callbacks._periodic import Periodic
from kerax.data.pydataset import PyDataset

ROWS, BATCH = 52, 8


class Interrupted(Exception):
    """In place of a kill."""


class After(Periodic):
    """Interrupts after so many steps, without asking for single ones."""

    def on_due(self, epoch, batch, logs):
        raise Interrupted

    def get_state(self):
        return {}  # it counts anew each time

    def set_state(self, state):
        raise AssertionError("no state of it was saved")


def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 6)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def dataset():
    return keras.data.Dataset.from_tensor_slices(rows())


def dense(**compiled):
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    schedule = keras.optimizers.schedules.ExponentialDecay(0.02, 5, 0.9)
    options = {
        "optimizer": keras.optimizers.Adam(schedule),
        "metrics": ["accuracy", keras.metrics.AUC(num_thresholds=9)],
    }
    model.compile(**{"loss": "binary_crossentropy", **options, **compiled})
    return model


def small(**options):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dropout(0.4), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.02, momentum=0.5), "mse", metrics=["mae"], **options)
    return model


class Tape(keras.Model):
    """A step of one's own, with a second optimizer, a counter outside and the global random state."""

    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(4), keras.layers.Dense(1)
        self.tracker = keras.metrics.Mean(name="loss")

    def compile(self, other, **options):
        super().compile(**options)
        self.other = other

    def call(self, x):
        return self.second(self.first(x))

    def train_step(self, data):
        x, y = data
        with keras.GradientTape(persistent=True) as tape:
            noise = keras.random.normal((6,))  # from the global generator
            loss = keras.ops.mean((self(x + 0.1 * noise) - y) ** 2)
        for layer, optimizer in ((self.first, self.optimizer), (self.second, self.other)):
            weights = layer.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}


def tape():
    keras.utils.set_random_seed(7)
    model = Tape()
    model.compile(optimizer=keras.optimizers.Adam(0.01), other=keras.optimizers.SGD(0.01, momentum=0.9))
    return model


class Batches(PyDataset):
    def __init__(self):
        super().__init__()
        self.x, self.y = rows()

    def __len__(self):
        return -(-ROWS // BATCH)

    def __getitem__(self, index):
        place = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[place], self.y[place]


def arrays(**options):
    x, y = rows()
    return {"x": x, "y": y, "batch_size": BATCH, "validation_data": (x[:20], y[:20]), **options}


class Batchwise(keras.callbacks.Callback):
    """Asks for single steps, and changes what it sees."""

    def on_train_batch_end(self, batch, logs=None):
        weight = self.model.layers[0].kernel
        weight.assign(weight * 0.999)


class MadeFunction(keras.Sequential):
    """Brings its own training function, which takes two batches a step."""

    def make_train_function(self, force=False):
        def function(iterator):
            logs = self.train_on(next(iterator))
            return logs

        return function

    def train_on(self, data):
        x, y = data
        return self.train_on_batch(x, y, return_dict=True)


def made():
    keras.utils.set_random_seed(7)
    model = MadeFunction([keras.Input((6,)), keras.layers.Dense(3), keras.layers.Dropout(0.3), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def watchers():
    return [
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=0.05, factor=0.5),
        keras.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=0.02, restore_best_weights=True),
    ]


# name -> (model, what fit gets, other callbacks)
TRAININGS = {
    "arrays": (dense, arrays, list),
    "plateau and early stop": (lambda: dense(optimizer=keras.optimizers.SGD(0.3)), arrays, watchers),
    "single steps": (dense, arrays, lambda: [Batchwise()]),
    "in order": (dense, lambda: arrays(shuffle=False), list),
    "shuffled batches": (dense, lambda: arrays(shuffle="batch"), list),
    "epochs of four steps": (dense, lambda: arrays(steps_per_epoch=4, epochs=7), list),
    "validation split, weights": (
        dense,
        lambda: arrays(validation_data=None, validation_split=0.3, class_weight={0: 1.0, 1: 3.0}, epochs=6),
        list,
    ),
    "validated now and then": (dense, lambda: arrays(validation_freq=2), list),
    "eager": (lambda: small(run_eagerly=True), arrays, list),
    "Dataset": (
        dense,
        lambda: {"x": dataset().shuffle(ROWS).batch(BATCH), "validation_data": dataset().batch(9)},
        list,
    ),
    "Dataset that maps and repeats": (
        dense,
        lambda: {"x": dataset().map(lambda x, y: (x * 2, y)).shuffle(9).repeat().batch(BATCH), "steps_per_epoch": 7},
        list,
    ),
    "PyDataset": (dense, lambda: {"x": Batches(), "shuffle": True}, list),
    "step of one's own": (tape, lambda: arrays(validation_data=None), list),
    "function of one's own": (made, lambda: arrays(validation_data=None), list),
    "average of the weights": (
        lambda: dense(optimizer=keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.8)),
        arrays,
        lambda: [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
    ),
}


class Training:
    """One of them, on a model made once.

    Args:
        name: of `TRAININGS`.
    """

    def __init__(self, name):
        make, self.data, self.others = TRAININGS[name]
        keras.utils.clear_session(free_memory=False)  # names count from the beginning
        self.model = make()

    def run(self, *callbacks):
        """Train; what is left."""
        history = self.model.fit(verbose=0, callbacks=[*self.others(), *callbacks], **{"epochs": 4, **self.data()})
        return remains(self.model, history)

    def spoil(self):
        """Have something else in everything that a checkpoint holds."""
        for variable in self.model._engine.value.carried("train").variables:
            value = nnx_private.raw(variable)
            nnx_private.put(variable, value + np.ones((), value.dtype))
        self.model.stop_training = True
        np.random.seed(1)


def remains(model, history):
    """All Variables as bytes, the history, and what the random generators would give next."""
    found = {}
    for index, variable in enumerate(model._engine.value.carried("train").variables):
        value = nnx_private.raw(variable)
        found[f"{index} {getattr(variable, 'path', '')}"] = (str(value.dtype), np.asarray(value).tobytes())
    return found, json.dumps(history.history), history.epoch, np.random.get_state()[1].tobytes()
