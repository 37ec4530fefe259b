"""Models made alike with kerax and with Keras: what the saving tests run through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A model and the shapes of its inputs.

    Args:
        make: from the library (kerax or keras) to a built model.
        shapes: of the inputs; one shape or a list.
        dtype: of the inputs; "ids" are small integers.
        trains: whether two libraries train it alike (no random numbers).
        custom: classes by name that loading needs, from the library.
        tolerance: of predictions.
    """

    make: Callable[[Any], Any]
    shapes: Any = (6,)
    dtype: str = "float32"
    trains: bool = True
    custom: Callable[[Any], dict[str, Any]] = lambda lib: {}
    tolerance: float = 1e-5

    def inputs(self, rows: int = 8) -> Any:
        rng = np.random.default_rng(0)

        def one(shape: tuple) -> np.ndarray:
            if self.dtype == "ids":
                return rng.integers(0, 5, (rows, *shape)).astype("int32")
            return rng.normal(size=(rows, *shape)).astype("float32")

        return [one(shape) for shape in self.shapes] if isinstance(self.shapes, list) else one(self.shapes)


CASES: dict[str, Case] = {}


def case(**options: Any) -> Callable:
    def register(make: Callable) -> Callable:
        CASES[make.__name__] = Case(make, **options)
        return make

    return register


@case()
def sequential(lib):
    L = lib.layers
    return lib.Sequential(
        [L.Input((6,)), L.Dense(5, activation="relu", name="first"), L.Dense(4, use_bias=False), L.Dense(2)],
        name="stack",
    )


@case(trains=False)
def dropout(lib):
    L = lib.layers
    return lib.Sequential([L.Input((6,)), L.Dense(5), L.Dropout(0.5, seed=3), L.GaussianNoise(0.1), L.Dense(2)])


@case(shapes=[(6,), (3,)])
def several_inputs_and_outputs(lib):
    L = lib.layers
    a, b = lib.Input((6,), name="a"), lib.Input((3,), name="b")
    both = L.Concatenate()([L.Dense(4, activation="tanh")(a), b])
    return lib.Model([a, b], [L.Dense(2, name="p")(both), L.Dense(3, name="q")(L.Add()([b, b]))], name="many")


@case()
def nested(lib):
    L = lib.layers
    i = lib.Input((6,))
    inner = lib.Model(i, L.Dense(4, name="deep")(i), name="inner")
    stack = lib.Sequential(
        [L.Input((4,)), L.Dense(4), lib.Sequential([L.Dense(4), L.BatchNormalization()])], name="stack"
    )
    o = lib.Input((6,))
    return lib.Model(o, L.Dense(2)(stack(inner(o))))


@case()
def shared_layers(lib):
    L = lib.layers
    i = lib.Input((6,))
    twice = L.Dense(6, activation="tanh", name="twice")
    block = lib.Sequential([L.Input((6,)), L.Dense(6)])
    return lib.Model(i, L.Add()([twice(twice(i)), block(block(i))]))


@case(shapes=(4, 3))
def recurrent(lib):
    L = lib.layers
    i = lib.Input((4, 3))
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(i)
    x = L.GRU(3, return_sequences=True, reset_after=False)(L.GRU(4, return_sequences=True)(x))
    x = L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True)(x)
    return lib.Model(i, L.SimpleRNN(2)(L.TimeDistributed(L.Dense(3))(x)))


@case(shapes=(8, 8, 2))
def convolutions(lib):
    L = lib.layers
    return lib.Sequential(
        [
            L.Input((8, 8, 2)),
            L.Conv2D(3, 3),
            L.BatchNormalization(),
            L.DepthwiseConv2D(3),
            L.SeparableConv2D(4, 2, activation="relu"),
            L.GroupNormalization(2),
            L.PReLU(),
            L.GlobalAveragePooling2D(),
            L.Dense(2),
        ]
    )


@case(shapes=(4, 6))
def attention(lib):
    L = lib.layers
    i = lib.Input((4, 6))
    x = L.LayerNormalization()(L.Add()([i, L.MultiHeadAttention(2, 3)(i, i)]))
    x = L.GroupQueryAttention(4, 4, 2)(x, x)
    return lib.Model(i, L.Dense(2)(L.Flatten()(L.EinsumDense("abc,cd->abd", (4, 5), bias_axes="d")(x))))


@case(shapes=(5,), dtype="ids")
def embedding(lib):
    L = lib.layers
    return lib.Sequential([L.Input((5,), dtype="int32"), L.Embedding(5, 3), L.Flatten(), L.Dense(2)])


@case(shapes=[(5,), (5,)], dtype="ids")
def shared_embedding(lib):
    L = lib.layers
    a, b = lib.Input((5,), dtype="int32"), lib.Input((5,), dtype="int32")
    table = L.Embedding(5, 3, name="table")
    return lib.Model([a, b], L.Dense(2)(L.Flatten()(L.Concatenate()([table(a), table(b)]))))


@case()
def adapted(lib):
    L = lib.layers
    norm = L.Normalization()
    norm.adapt(np.random.default_rng(1).normal(3, 2, (20, 6)).astype("float32"))
    return lib.Sequential([L.Input((6,)), norm, L.Dense(2)])


@case()
def frozen(lib):
    L = lib.layers
    model = lib.Sequential([L.Input((6,)), L.Dense(5), L.BatchNormalization(), L.Dense(2)])
    model.layers[0].trainable = False
    return model


@case(tolerance=2e-2)
def half_precision(lib):
    L = lib.layers
    return lib.Sequential(
        [L.Input((6,)), L.Dense(5, dtype="mixed_bfloat16"), L.Dense(4, dtype="bfloat16"), L.Dense(2, dtype="float32")]
    )


@case()
def regularized(lib):
    L = lib.layers
    return lib.Sequential(
        [
            L.Input((6,)),
            L.Dense(5, kernel_regularizer=lib.regularizers.L2(0.01), kernel_constraint="max_norm"),
            L.Dense(2, kernel_initializer=lib.initializers.HeNormal(seed=1), activation=lib.activations.softplus),
        ]
    )


def classes(lib):
    """A model and a layer as a user writes them, for one library."""

    class Block(lib.layers.Layer):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self._hidden = lib.layers.Dense(units)
            self.branches = [lib.layers.Dense(units), {"deep": (lib.layers.Dense(units), lib.layers.ReLU())}]

        def build(self, shape):
            self.scale = self.add_weight(shape=(self.units,), initializer="ones", name="scale")
            self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False, name="steps")
            self._hidden.build(shape)
            for layer in (self.branches[0], *self.branches[1]["deep"]):
                layer.build((None, self.units))

        @property
        def first(self):
            return self._hidden

        def call(self, x):
            x = self.branches[0](self._hidden(x))
            for layer in self.branches[1]["deep"]:
                x = layer(x)
            return x * self.scale

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    class Net(lib.Model):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.zed = Block(units)
            self.again = self.zed
            self._private = lib.layers.Dense(units)
            self.blocks = [lib.layers.Dense(units), Block(units)]
            self.head = lib.Sequential([lib.layers.Dense(3), lib.layers.Dense(2)])
            self.drop = lib.layers.Dropout(0.0)
            self.own = self.add_weight(shape=(2,), initializer="ones", name="own")

        def call(self, x, training=False):
            x = self._private(self.zed(x))
            for block in self.blocks:
                x = block(x)
            return self.head(self.drop(x)) * self.own

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return {"Block": Block, "Net": Net}


@case(custom=classes)
def custom_layer(lib):
    L = lib.layers
    return lib.Sequential([L.Input((6,)), classes(lib)["Block"](5), L.Dense(2)])


@case(custom=classes)
def subclassed(lib):
    model = classes(lib)["Net"](5)
    model(np.zeros((1, 6), "float32"))
    return model
