"""Graphs written once, made with kerax and with Keras: `make(K)` gives a model of the library `K`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

GRAPHS: dict[str, Callable[[Any], Any]] = {}


def graph(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    GRAPHS[make.__name__] = make
    return make


def inputs_for(model: Any, rows: int = 4, seed: int = 0) -> Any:
    """Random inputs in the structure the model takes."""
    rng = np.random.default_rng(seed)

    def one(tensor: Any) -> np.ndarray:
        shape = [rows, *(3 if size is None else size for size in tensor.shape[1:])]
        if "int" in str(tensor.dtype):
            return rng.integers(0, 5, shape).astype(str(tensor.dtype))
        return rng.normal(size=shape).astype("float32")

    def fill(structure: Any) -> Any:
        if isinstance(structure, dict):
            return {key: fill(structure[key]) for key in structure}
        if isinstance(structure, (list, tuple)):
            return type(structure)(fill(item) for item in structure)
        return one(structure)

    return fill(model.input)


@graph
def chain(K):
    x = K.Input((8,))
    y = K.layers.Dense(4, activation="relu")(x)
    return K.Model(x, K.layers.Dense(1)(y))


@graph
def named_chain(K):
    x = K.Input((8,), name="features")
    y = K.layers.Dense(4, activation="relu", name="hidden")(x)
    return K.Model(x, K.layers.Dense(1, name="head")(y), name="mlp")


@graph
def wide_and_deep(K):
    wide, deep = K.Input((5,), name="wide"), K.Input((6,), name="deep")
    h = K.layers.Dense(30, activation="relu")(deep)
    h = K.layers.Dense(30, activation="relu")(h)
    joined = K.layers.concatenate([wide, h])
    out, aux = K.layers.Dense(1, name="main")(joined), K.layers.Dense(1, name="aux")(h)
    return K.Model(inputs=[wide, deep], outputs=[out, aux])


@graph
def dict_in_dict_out(K):
    ins = {"b": K.Input((3,), name="b"), "a": K.Input((2,), name="a")}
    h = K.layers.Concatenate()([ins["b"], ins["a"]])
    return K.Model(ins, {"y": K.layers.Dense(1, name="y")(h), "x": K.layers.Dense(2, name="x")(h)})


@graph
def nested_structure(K):
    a, b, c = K.Input((2,), name="a"), K.Input((3,), name="b"), K.Input((4,), name="c")
    h = K.layers.Concatenate()([a, b, c])
    return K.Model([a, {"left": b, "right": c}], {"one": K.layers.Dense(1)(h), "rest": [h, K.layers.Dense(2)(h)]})


@graph
def tuple_in_tuple_out(K):
    a, b = K.Input((2,)), K.Input((2,))
    s = K.layers.Add()([a, b])
    return K.Model((a, b), (K.layers.Dense(2)(s), K.layers.Dense(3)(s)))


@graph
def shared_layer(K):
    a, b = K.Input((4,), name="left"), K.Input((4,), name="right")
    tower = K.layers.Dense(3, activation="tanh", name="tower")
    return K.Model([a, b], K.layers.Dense(1)(K.layers.concatenate([tower(a), tower(b)])))


@graph
def layer_called_twice_in_a_row(K):
    x = K.Input((4,))
    again = K.layers.Dense(4, activation="relu")
    y = again(x)
    y = K.layers.Dense(4)(y)
    y = again(y)
    return K.Model(x, K.layers.Dense(2)(y))


@graph
def residual(K):
    x = K.Input((8, 8, 3))
    h = K.layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    h = K.layers.BatchNormalization()(h)
    h = K.layers.ReLU()(h)
    skip = h
    h = K.layers.Conv2D(4, 3, padding="same")(h)
    h = K.layers.BatchNormalization()(h)
    h = K.layers.Add()([h, skip])
    h = K.layers.Activation("relu")(h)
    skip = K.layers.Conv2D(6, 1, strides=2)(h)
    h = K.layers.Conv2D(6, 3, strides=2, padding="same")(h)
    h = K.layers.add([h, skip])
    h = K.layers.GlobalAveragePooling2D()(h)
    return K.Model(x, K.layers.Dense(3, activation="softmax")(h))


@graph
def nested_functional(K):
    inner_in = K.Input((4,), name="inner_input")
    inner = K.Model(inner_in, K.layers.Dense(3, activation="relu", name="inner_dense")(inner_in), name="encoder")
    x = K.Input((4,))
    return K.Model(x, K.layers.Dense(1)(inner(x)))


@graph
def nested_sequential(K):
    block = K.Sequential([K.layers.Dense(5, activation="relu"), K.layers.Dense(3)], name="block")
    a, b = K.Input((4,)), K.Input((4,))
    return K.Model([a, b], K.layers.Subtract()([block(a), block(b)]))


@graph
def sequential_of_functional(K):
    x = K.Input((4,))
    inner = K.Model(x, K.layers.Dense(3, activation="relu")(x))
    return K.Sequential([K.Input((4,)), inner, K.layers.Dense(2)])


@graph
def sequential(K):
    return K.Sequential(
        [
            K.Input((28, 28)),
            K.layers.Flatten(),
            K.layers.Dense(10, activation="relu"),
            K.layers.Dropout(0.2),
            K.layers.Dense(3, activation="softmax"),
        ]
    )


@graph
def sequential_input_shape(K):
    return K.Sequential([K.layers.Dense(3, input_shape=(4,), activation="selu"), K.layers.Dense(2)], name="old")


@graph
def deferred_sequential(K):
    model = K.Sequential([K.layers.Dense(3), K.layers.BatchNormalization(), K.layers.Dense(1)])
    model.build((None, 6))
    return model


@graph
def multi_output_layer(K):
    x = K.Input((5, 3))
    y, h, c = K.layers.LSTM(4, return_sequences=True, return_state=True)(x)
    return K.Model(x, [K.layers.Dense(2)(y), K.layers.Concatenate()([h, c])])


@graph
def encoder_decoder(K):
    x = K.Input((5,), dtype="int32")
    z = K.Input((4,), dtype="int32")
    e = K.layers.Embedding(7, 3)(x)
    _, h, c = K.layers.LSTM(4, return_state=True)(e)
    d = K.layers.Embedding(6, 3)(z)
    d = K.layers.LSTM(4, return_sequences=True)(d, initial_state=[h, c])
    return K.Model([x, z], K.layers.Dense(6, activation="softmax")(d))


@graph
def masked_text(K):
    x = K.Input((6,), dtype="int32")
    h = K.layers.Embedding(10, 4, mask_zero=True)(x)
    h = K.layers.LSTM(3)(h)
    return K.Model(x, K.layers.Dense(1, activation="sigmoid")(h))


@graph
def inner_tensors_as_inputs(K):
    x = K.Input((4,))
    h = K.layers.Dense(3, name="lower")(x)
    y = K.layers.Dense(2, name="upper")(h)
    return K.Model(h, y)


@graph
def feature_extraction(K):
    x = K.Input((4,))
    h = K.layers.Dense(3, name="lower")(x)
    whole = K.Model(x, K.layers.Dense(2, name="upper")(h))
    return K.Model(whole.input, [whole.get_layer("lower").output, whole.output])


@graph
def unused_branch(K):
    x = K.Input((4,))
    h = K.layers.Dense(3)(x)
    K.layers.Dense(7)(h)
    return K.Model(x, K.layers.Dense(2)(h))


@graph
def input_is_output(K):
    x = K.Input((4,))
    return K.Model(x, [x, K.layers.Dense(2)(x)])


@graph
def unequal_depths(K):
    a, b = K.Input((3,), name="a"), K.Input((3,), name="b")
    p = K.layers.Dense(3, name="p")(b)
    q = K.layers.Dense(3, name="q")(a)
    q = K.layers.Dense(3, name="q2")(q)
    r = K.layers.Dense(3, name="r")(p)
    r = K.layers.Dense(3, name="r2")(r)
    s = K.layers.Average(name="s")([q, r])
    t = K.layers.Multiply(name="t")([s, b])
    return K.Model([a, b], [t, q])


@graph
def arithmetic(K):
    a, b = K.Input((3,)), K.Input((3,))
    return K.Model([a, b], (a + b) * 2.0 - a / 3.0 + (-b) ** 2 - 1)


@graph
def reflected_arithmetic(K):
    a = K.Input((3,))
    return K.Model(a, 1.0 - a + 2.0 / (a * a + 1.0))


@graph
def slicing(K):
    x = K.Input((6, 4))
    return K.Model(x, [x[:, 0], x[:, 1:5, ::2], x[..., -1], x[:, None]])


@graph
def reductions(K):
    x = K.Input((6, 4))
    return K.Model(
        x,
        [K.ops.mean(x, axis=1), K.ops.sum(x, axis=-1, keepdims=True), K.ops.max(x, axis=(1, 2)), K.ops.std(x, axis=1)],
    )


@graph
def shapes(K):
    x = K.Input((6, 4))
    y = K.ops.reshape(x, (-1, 24))
    z = K.ops.transpose(x, (0, 2, 1))
    return K.Model(
        x,
        [
            y,
            z,
            K.ops.expand_dims(x, -1),
            K.ops.concatenate([x, x], axis=-1),
            K.ops.stack([x, x], axis=1),
            K.ops.squeeze(K.ops.expand_dims(x, 1), 1),
        ],
    )


@graph
def products(K):
    a, b = K.Input((3, 4)), K.Input((4, 2))
    return K.Model([a, b], [K.ops.matmul(a, b), a @ b, K.ops.einsum("bij,bjk->bki", a, b)])


@graph
def nonlinear(K):
    x = K.Input((4,))
    return K.Model(
        x,
        [
            K.ops.relu(x),
            K.ops.sigmoid(x),
            K.ops.softmax(x),
            K.ops.exp(x),
            K.ops.tanh(x),
            K.ops.absolute(x),
            K.ops.square(x),
            K.ops.sqrt(K.ops.absolute(x)),
            K.ops.log(K.ops.absolute(x) + 1.0),
            K.ops.maximum(x, 0.5),
            K.ops.clip(x, -1.0, 1.0),
        ],
    )


@graph
def choice(K):
    x = K.Input((4,))
    return K.Model(x, [K.ops.where(x > 0, x, x * 0.1), K.ops.cast(x > 0, "float32"), K.ops.argmax(x, axis=-1)])


@graph
def variational(K):
    x = K.Input((6,))
    h = K.layers.Dense(4, activation="relu")(x)
    mean, log_var = K.layers.Dense(2, name="mean")(h), K.layers.Dense(2, name="log_var")(h)
    z = mean + K.ops.exp(0.5 * log_var) * 0.1
    return K.Model(x, [mean, log_var, K.layers.Dense(6)(z)])


@graph
def attention(K):
    q, v = K.Input((5, 4)), K.Input((3, 4))
    return K.Model([q, v], K.layers.MultiHeadAttention(2, 3)(q, v))


@graph
def mixed_precision(K):
    x = K.Input((4,))
    h = K.layers.Dense(3, dtype="mixed_bfloat16")(x)
    return K.Model(x, K.layers.Dense(1, dtype="float32")(h))


@graph
def regularized(K):
    x = K.Input((4,))
    h = K.layers.Dense(
        3,
        kernel_regularizer="l2",
        bias_initializer="ones",
        kernel_constraint="max_norm",
        activity_regularizer=K.regularizers.L1(0.01),
    )(x)
    return K.Model(x, K.layers.Dense(1, kernel_initializer=K.initializers.RandomNormal(seed=3))(h))


@graph
def frozen(K):
    x = K.Input((4,))
    model = K.Model(x, K.layers.Dense(1)(K.layers.Dense(3, trainable=False)(x)))
    model.trainable = True
    model.layers[1].trainable = False
    return model


@graph
def spectrum_of_ranks(K):
    x = K.Input((None, 3))
    h = K.layers.Conv1D(4, 3, padding="causal")(x)
    h = K.layers.GlobalMaxPooling1D()(h)
    h = K.layers.Reshape((2, 2))(h)
    return K.Model(x, K.layers.Flatten()(K.layers.Permute((2, 1))(h)))
