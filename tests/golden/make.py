"""Write the golden files again: `KERAS_BACKEND=jax python tests/golden/make.py` with Keras 3.15.

keras3_*        files of the real Keras 3, and in numbers.npz what its models predict
keras2_*.h5     files as Keras 2.15 and tf.keras wrote them, by hand: configs, names and attributes of that format;
                the predictions are computed here with NumPy
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
numbers: dict[str, np.ndarray] = {}


# -- Keras 3 -----------------------------------------------------------------------------------------------


def keras3() -> None:
    """Whole models after a step of training, and weights alone."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)

    def keep(name: str, model: keras.Model, *shapes: tuple, optimizer: str = "adam") -> None:
        x = [rng.normal(size=(3, *shape)).astype("float32") for shape in shapes]
        inputs = x if len(x) > 1 else x[0]
        y = model.predict(inputs, verbose=0)
        model.compile(optimizer, "mse" if not isinstance(y, list) else ["mse"] * len(y))
        model.fit(inputs, [np.ones_like(one) for one in y] if isinstance(y, list) else np.ones_like(y), verbose=0)
        y = model.predict(inputs, verbose=0)
        model.save(HERE / f"{name}.keras")
        for index, value in enumerate(x):
            numbers[f"{name}.x{index}"] = value
        for index, value in enumerate(y if isinstance(y, list) else [y]):
            numbers[f"{name}.y{index}"] = value

    stack = keras.Sequential(
        [layers.Input((4,)), layers.Dense(3, "relu"), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(2)]
    )
    keep("keras3_sequential", stack, (4,))
    stack.save_weights(HERE / "keras3.weights.h5")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, "tanh", name="shared")
    both = layers.Concatenate()([shared(a), shared(b)])
    keep("keras3_functional", keras.Model([a, b], [layers.Dense(1)(both), layers.Add()([a, b])]), (4,), (4,))
    x = keras.Input((5, 3))
    y = layers.TimeDistributed(layers.Dense(2))(layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x))
    keep("keras3_recurrent", keras.Model(x, layers.LayerNormalization()(y)), (5, 3), optimizer="sgd")


# -- Keras 2 -----------------------------------------------------------------------------------------------


def initializer(name: str) -> dict:
    """As Keras 2 writes one: a class name and a config, no module."""
    return {"class_name": name, "config": {"seed": None} if name == "GlorotUniform" else {}}


def dense(name: str, units: int, activation: str, **more: object) -> dict:
    return {
        "class_name": "Dense",
        "config": {
            "name": name,
            "trainable": True,
            **more,
            "dtype": "float32",
            "units": units,
            "activation": activation,
            "use_bias": True,
            "kernel_initializer": initializer("GlorotUniform"),
            "bias_initializer": initializer("Zeros"),
            "kernel_regularizer": None,
            "bias_regularizer": None,
            "activity_regularizer": None,
            "kernel_constraint": None,
            "bias_constraint": None,
        },
    }


def entry(name: str, *shape: int) -> dict:
    config = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "ragged": False, "name": name}
    return {"class_name": "InputLayer", "config": config}


TRAINING = {
    "loss": "mse",
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "dtype": "float32", "fn": "mae"}}]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "SGD",
        "config": {"name": "SGD", "lr": 0.25, "decay": 0.0, "momentum": 0.0, "nesterov": False},
    },
}


def write(name: str, config: dict, weights: dict[str, list[tuple[str, np.ndarray]]]) -> None:
    """A whole model, as Keras 2.15 lays it out."""
    with h5py.File(HERE / f"{name}.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.15.0", b"tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps(TRAINING).encode()
        top = file.create_group("model_weights")
        top.attrs["layer_names"] = [layer.encode() for layer in weights]
        top.attrs["keras_version"], top.attrs["backend"] = b"2.15.0", b"tensorflow"
        for layer, values in weights.items():
            group = top.create_group(layer)
            group.attrs["weight_names"] = [path.encode() for path, _ in values]
            for path, value in values:
                group[path] = value


def keras2() -> None:
    """A stack, and a graph with a shared layer and wrapped recurrent layers."""
    rng = np.random.default_rng(2)

    def values(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype("float32")

    def layer(name: str, rows: int, columns: int) -> list[tuple[str, np.ndarray]]:
        return [(f"{name}/kernel:0", values(rows, columns)), (f"{name}/bias:0", values(columns))]

    stack = {
        "name": "sequential",
        "layers": [
            entry("dense_input", 4),
            dense("dense", 3, "relu", batch_input_shape=[None, 4]),
            {"class_name": "Dropout", "config": {"name": "dropout", "rate": 0.5, "noise_shape": None, "seed": None}},
            dense("dense_1", 2, "linear"),
        ],
    }
    held = {"dense": layer("dense", 4, 3), "dropout": [], "dense_1": layer("dense_1", 3, 2)}
    write("keras2_sequential", {"class_name": "Sequential", "config": stack}, held)
    (_, k0), (_, b0), (_, k1), (_, b1) = held["dense"] + held["dense_1"]
    x = values(3, 4)
    numbers["keras2_sequential.x0"], numbers["keras2_sequential.y0"] = x, np.maximum(x @ k0 + b0, 0) @ k1 + b1

    def node(*tensors: tuple) -> list:
        return [[[*tensor, {}] for tensor in tensors]]

    cell = {"name": "rnn", "units": 2, "activation": "tanh", "return_sequences": True, "time_major": False}
    graph = {
        "name": "model",
        "layers": [
            {**entry("a", 5, 3), "name": "a", "inbound_nodes": []},
            {**entry("b", 5, 3), "name": "b", "inbound_nodes": []},
            {
                **dense("shared", 4, "tanh"),
                "name": "shared",
                "inbound_nodes": [*node(("a", 0, 0)), *node(("b", 0, 0))],
            },
            {
                "class_name": "Add",
                "config": {"name": "add", "trainable": True, "dtype": "float32"},
                "name": "add",
                "inbound_nodes": node(("shared", 0, 0), ("shared", 1, 0)),
            },
            {
                "class_name": "Bidirectional",
                "config": {
                    "name": "both_ways",
                    "trainable": True,
                    "dtype": "float32",
                    "layer": {"class_name": "SimpleRNN", "config": cell},
                    "merge_mode": "concat",
                },
                "name": "both_ways",
                "inbound_nodes": node(("add", 0, 0)),
            },
            {
                "class_name": "TimeDistributed",
                "config": {"name": "each", "trainable": True, "dtype": "float32", "layer": dense("inner", 1, "linear")},
                "name": "each",
                "inbound_nodes": node(("both_ways", 0, 0)),
            },
        ],
        "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [["each", 0, 0], ["add", 0, 0]],
    }

    def recurrent(way: str) -> list[tuple[str, np.ndarray]]:
        parts = {"kernel": values(4, 2), "recurrent_kernel": values(2, 2), "bias": values(2)}
        return [(f"both_ways/{way}_rnn/simple_rnn_cell/{key}:0", value) for key, value in parts.items()]

    held = {
        "a": [],
        "b": [],
        "shared": layer("shared", 3, 4),
        "add": [],
        "both_ways": recurrent("forward") + recurrent("backward"),
        "each": layer("each", 4, 1),
    }
    write("keras2_functional", {"class_name": "Functional", "config": graph}, held)

    def walked(x: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
        state, out = np.zeros((len(x), 2), "float32"), []
        for step in range(x.shape[1]):
            state = np.tanh(x[:, step] @ kernel + state @ recurrent + bias)
            out.append(state)
        return np.stack(out, axis=1)

    arrays = {name: [value for _, value in held[name]] for name in held}
    a, b = values(3, 5, 3), values(3, 5, 3)
    kernel, bias = arrays["shared"]
    total = np.tanh(a @ kernel + bias) + np.tanh(b @ kernel + bias)
    there = walked(total, *arrays["both_ways"][:3])
    back = walked(total[:, ::-1], *arrays["both_ways"][3:])[:, ::-1]
    kernel, bias = arrays["each"]
    numbers["keras2_functional.x0"], numbers["keras2_functional.x1"] = a, b
    numbers["keras2_functional.y0"] = np.concatenate([there, back], axis=-1) @ kernel + bias
    numbers["keras2_functional.y1"] = total


if __name__ == "__main__":
    keras3()
    keras2()
    np.savez_compressed(HERE / "numbers.npz", **numbers)
