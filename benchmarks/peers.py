"""Six workloads, each written three times: for Keras's API, as a jitted loop, and as one fused loop.

A workload's `build(keras)` takes Keras or kerax and returns the compiled model, so both run the same
lines. `Loop` is what a careful JAX user writes by hand: one dispatch a step, donated state, batches
gathered by a shuffled index, running means of the loss and the metrics. `Fused` does the same work
over device-resident data in one dispatch for many steps: the limit that a training loop can reach.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

BATCH = 32
Tree = Any


@dataclasses.dataclass(frozen=True)
class Workload:
    """One model, its data, and the same thing by hand.

    Attributes:
        title: as the table of targets has it.
        rows: how many examples there are.
        build: (keras) -> a compiled model.
        data: (rng, rows) -> x and y as `fit` takes them.
        init: (rng) -> parameters and the state that is not trained.
        apply: (params, state, x, key, fast) -> outputs and the new state, in training; `fast` asks for
            the best form known instead of the usual one.
        losses: (outputs, y) -> the loss and a dict of metric values, means over the batch.
        tx: the optimizer.
    """

    title: str
    rows: int
    build: Callable[[Any], Any]
    data: Callable[[np.random.Generator, int], tuple[Tree, Tree]]
    init: Callable[[np.random.Generator], tuple[Tree, Tree]]
    apply: Callable[..., tuple[Tree, Tree]]
    losses: Callable[[Tree, Tree], tuple[jax.Array, dict[str, jax.Array]]]
    tx: optax.GradientTransformation


# ---- the two loops -------------------------------------------------------------------------------


def _start(work: Workload) -> Tree:
    params, extra = jax.tree.map(jnp.asarray, work.init(np.random.default_rng(0)))
    return {"params": params, "extra": extra, "opt": work.tx.init(params), "step": jnp.int32(0)}


def _total_names(work: Workload, x: Tree, y: Tree) -> list[str]:
    batch = jax.tree.map(lambda a: a[:BATCH], (x, y))
    _, totals = jax.eval_shape(lambda batch: _step(work, False, _start(work), {}, batch), batch)
    return list(totals)


def _step(work: Workload, fast: bool, state: Tree, totals: Tree, batch: Tree) -> tuple[Tree, Tree]:
    x, y = batch
    key = jax.random.fold_in(jax.random.key(0), state["step"])

    def objective(params):
        outputs, extra = work.apply(params, state["extra"], x, key, fast)
        loss, metrics = work.losses(outputs, y)
        return loss, (extra, metrics)

    (loss, (extra, metrics)), grads = jax.value_and_grad(objective, has_aux=True)(state["params"])
    updates, opt = work.tx.update(grads, state["opt"], state["params"])
    size = jax.tree.leaves(x)[0].shape[0]
    seen = {"loss": loss * size, "rows": jnp.float32(size), **{k: v * size for k, v in metrics.items()}}
    totals = {name: totals[name] + value for name, value in seen.items()} if totals else seen
    params = optax.apply_updates(state["params"], updates)
    return {"params": params, "extra": extra, "opt": opt, "step": state["step"] + 1}, totals


def _zeros(names: list[str]) -> Tree:
    return {name: jnp.zeros(()) for name in names}


def _logs(totals: Tree) -> dict[str, float]:
    totals = jax.device_get(totals)
    return {name: float(value / totals["rows"]) for name, value in totals.items() if name != "rows"}


class Loop:
    """A jitted step called once a batch; batches are gathered from NumPy arrays."""

    def __init__(self, work: Workload, x: Tree, y: Tree, fast: bool = False) -> None:
        self.data = (x, y)
        self.rows = jax.tree.leaves(x)[0].shape[0]
        self.steps = math.ceil(self.rows / BATCH)
        self.rng = np.random.default_rng(1)
        self.state = _start(work)
        self.names = _total_names(work, x, y)
        self.step = jax.jit(functools.partial(_step, work, fast), donate_argnums=(0, 1))

    def epoch(self) -> dict[str, float]:
        order, totals, state, step = self.rng.permutation(self.rows), _zeros(self.names), self.state, self.step
        leaves, structure = jax.tree.flatten(self.data)
        for start in range(0, self.rows, BATCH):
            rows = order[start : start + BATCH]
            state, totals = step(state, totals, structure.unflatten([a[rows] for a in leaves]))
        self.state = state
        return _logs(totals)


class Fused:
    """Whole epochs in one dispatch over device-resident data; the short last batch takes its own step."""

    def __init__(self, work: Workload, x: Tree, y: Tree, fast: bool = True) -> None:
        self.rows = jax.tree.leaves(x)[0].shape[0]
        self.steps = math.ceil(self.rows / BATCH)
        self.data = jax.tree.map(jnp.asarray, (x, y))
        self.rng = np.random.default_rng(1)
        self.state = _start(work)
        self.names = _total_names(work, x, y)
        step = functools.partial(_step, work, fast)

        def gather(data, order, start, size):
            rows = lax.dynamic_slice(order, (start,), (size,))
            return jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds"), data)

        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def run(state, totals, data, order, steps):
            def body(i, carry):
                return step(*carry, gather(data, order, i * BATCH, BATCH))

            return lax.fori_loop(0, steps, body, (state, totals))

        @functools.partial(jax.jit, donate_argnums=(0, 1), static_argnums=5)
        def one(state, totals, data, order, start, size):
            return step(state, totals, gather(data, order, start, size))

        self.run, self.one = run, one

    def epoch(self) -> dict[str, float]:
        order = jnp.asarray(self.rng.permutation(self.rows).astype(np.int32))
        full, rest = divmod(self.rows, BATCH)
        state, totals = self.run(self.state, _zeros(self.names), self.data, order, full)
        if rest:
            state, totals = self.one(state, totals, self.data, order, full * BATCH, rest)
        self.state = state
        return _logs(totals)


# ---- what the models are made of, by hand ---------------------------------------------------------


def _glorot(rng: np.random.Generator, *shape: int) -> np.ndarray:
    receptive = math.prod(shape[:-2])
    limit = math.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype("float32")


def _dense(rng: np.random.Generator, inputs: int, units: int) -> dict[str, np.ndarray]:
    return {"kernel": _glorot(rng, inputs, units), "bias": np.zeros(units, "float32")}


def _linear(p: Tree, x: jax.Array) -> jax.Array:
    return x @ p["kernel"] + p["bias"]


def _dropout(key: jax.Array, x: jax.Array, rate: float) -> jax.Array:
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def _classify(logits: jax.Array, y: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    return loss, {"accuracy": (logits.argmax(-1) == y).mean()}


def _layer_norm(p: Tree, x: jax.Array) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-6) * p["gamma"] + p["beta"]


def _scale(width: int) -> dict[str, np.ndarray]:
    return {"gamma": np.ones(width, "float32"), "beta": np.zeros(width, "float32")}


# ---- wide & deep ----------------------------------------------------------------------------------


def _wide_deep_build(keras):
    wide, deep = keras.layers.Input(shape=(5,)), keras.layers.Input(shape=(6,))
    hidden = keras.layers.Dense(30, activation="relu")(deep)
    hidden = keras.layers.Dense(30, activation="relu")(hidden)
    both = keras.layers.concatenate([wide, hidden])
    output = keras.layers.Dense(1)(both)
    aux = keras.layers.Dense(1)(hidden)
    model = keras.Model(inputs=[wide, deep], outputs=[output, aux])
    model.compile(
        loss=["mse", "mse"],
        loss_weights=[0.9, 0.1],
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        metrics=[[keras.metrics.RootMeanSquaredError()], [keras.metrics.RootMeanSquaredError()]],
    )
    return model


def _wide_deep_data(rng, rows):
    x = rng.normal(size=(rows, 8)).astype("float32")
    y = (x @ rng.normal(size=(8, 1)) + rng.normal(size=(rows, 1))).astype("float32")
    return [np.ascontiguousarray(x[:, :5]), np.ascontiguousarray(x[:, 2:])], [y, y]


def _wide_deep_init(rng):
    return {"a": _dense(rng, 6, 30), "b": _dense(rng, 30, 30), "out": _dense(rng, 35, 1), "aux": _dense(rng, 30, 1)}, {}


def _wide_deep_apply(p, state, x, key, fast):
    wide, deep = x
    hidden = jax.nn.relu(_linear(p["b"], jax.nn.relu(_linear(p["a"], deep))))
    return (_linear(p["out"], jnp.concatenate([wide, hidden], -1)), _linear(p["aux"], hidden)), state


def _wide_deep_losses(outputs, y):
    main, aux = (jnp.square(o - t).mean() for o, t in zip(outputs, y, strict=True))
    # The mean of squares is accumulated; its root is taken when the logs are read.
    return 0.9 * main + 0.1 * aux, {"main_loss": main, "aux_loss": aux, "main_square": main, "aux_square": aux}


# ---- 784-300-100-10 -------------------------------------------------------------------------------


def _mlp_build(keras):
    model = keras.Sequential(
        [
            keras.layers.Input(shape=(28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.SGD(learning_rate=1e-2),
        metrics=["accuracy"],
    )
    return model


def _images(rng, rows, shape):
    return rng.random(size=(rows, *shape), dtype="float32"), rng.integers(0, 10, rows).astype("int32")


def _mlp_init(rng):
    return [_dense(rng, 784, 300), _dense(rng, 300, 100), _dense(rng, 100, 10)], {}


def _mlp_apply(p, state, x, key, fast):
    x = x.reshape(x.shape[0], -1)
    for layer in p[:-1]:
        x = jax.nn.relu(_linear(layer, x))
    return _linear(p[-1], x), state


# ---- many small arrays: 49 blocks and a head are 692 arrays with Adam's ------------------------------

_BLOCKS = 49


def _deep_build(keras):
    model = keras.Sequential([keras.layers.Input(shape=(32,))])
    for _ in range(_BLOCKS):
        model.add(keras.layers.Dense(32, activation="relu"))
        model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        metrics=["accuracy"],
    )
    return model


def _deep_data(rng, rows):
    return rng.normal(size=(rows, 32)).astype("float32"), rng.integers(0, 10, rows).astype("int32")


def _deep_init(rng):
    blocks = [(_dense(rng, 32, 32), _scale(32)) for _ in range(_BLOCKS)]
    moving = [(np.zeros(32, "float32"), np.ones(32, "float32")) for _ in range(_BLOCKS)]
    return {"blocks": blocks, "head": _dense(rng, 32, 10)}, moving


def _deep_apply(p, state, x, key, fast):
    moved = []
    for (dense, norm), (mean, variance) in zip(p["blocks"], state, strict=True):
        x = jax.nn.relu(_linear(dense, x))
        m = x.mean(0)
        v = jnp.square(x - m).mean(0)
        scale = lax.rsqrt(v + 1e-3) * norm["gamma"]
        x = x * scale + (norm["beta"] - m * scale)
        moved.append((0.99 * mean + 0.01 * m, 0.99 * variance + 0.01 * v))
    return _linear(p["head"], x), moved


# ---- small CNN ------------------------------------------------------------------------------------


def _cnn_build(keras):
    model = keras.Sequential(
        [
            keras.layers.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def _cnn_init(rng):
    return {
        "a": {"kernel": _glorot(rng, 3, 3, 1, 32), "bias": np.zeros(32, "float32")},
        "b": {"kernel": _glorot(rng, 3, 3, 32, 64), "bias": np.zeros(64, "float32")},
        "head": _dense(rng, 1600, 10),
    }, {}


def _conv(p, x, fast):
    kernel = p["kernel"]
    if not fast:
        y = lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + p["bias"]
    height, width = x.shape[1] - 2, x.shape[2] - 2
    patches = jnp.concatenate([x[:, i : i + height, j : j + width] for i in range(3) for j in range(3)], -1)
    flat = patches.reshape(-1, patches.shape[-1]) @ kernel.reshape(-1, kernel.shape[-1])
    return flat.reshape(*patches.shape[:3], -1) + p["bias"]


@jax.custom_jvp
def _halve(x):
    return _halve_jvp((x,), (x,))[0]


@_halve.defjvp
def _halve_jvp(primals, tangents):
    def blocks(x):
        n, h, w, c = x.shape
        return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)

    x, dx = blocks(primals[0]), blocks(tangents[0])
    best, place = x[:, :, 0, :, 0], jnp.uint8(0)
    for number in (1, 2, 3):
        other = x[:, :, number // 2, :, number % 2]
        place = jnp.where(other > best, jnp.uint8(number), place)
        best = jnp.maximum(best, other)
    number = jnp.arange(4, dtype=jnp.uint8).reshape(1, 1, 2, 1, 2, 1)
    return best, jnp.where(place[:, :, None, :, None] == number, dx, 0).sum((2, 4))


def _pool(x, fast):
    if fast:
        return _halve(x)
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _cnn_apply(p, state, x, key, fast):
    x = _pool(jax.nn.relu(_conv(p["a"], x, fast)), fast)
    x = _pool(jax.nn.relu(_conv(p["b"], x, fast)), fast)
    x = _dropout(key, x.reshape(x.shape[0], -1), 0.5)
    return _linear(p["head"], x), state


# ---- transformer block ----------------------------------------------------------------------------

_VOCABULARY, _TOKENS, _WIDTH, _HEADS = 20_000, 80, 32, 2


def _transformer_build(keras):
    layers, ops = keras.layers, keras.ops

    class TokenAndPosition(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.tokens = layers.Embedding(_VOCABULARY, _WIDTH)
            self.positions = layers.Embedding(_TOKENS, _WIDTH)

        def call(self, x):
            return self.tokens(x) + self.positions(ops.arange(_TOKENS))

    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.attention = layers.MultiHeadAttention(num_heads=_HEADS, key_dim=_WIDTH)
            self.wide = layers.Dense(32, activation="relu")
            self.narrow = layers.Dense(_WIDTH)
            self.norm1, self.norm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
            self.drop1, self.drop2 = layers.Dropout(0.1), layers.Dropout(0.1)

        def call(self, x, training=None):
            x = self.norm1(x + self.drop1(self.attention(x, x), training=training))
            return self.norm2(x + self.drop2(self.narrow(self.wide(x)), training=training))

    inputs = layers.Input(shape=(_TOKENS,))
    x = Block()(TokenAndPosition()(inputs))
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(0.1)(x)
    x = layers.Dense(20, activation="relu")(x)
    x = layers.Dropout(0.1)(x)
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _tokens(rng, rows):
    return (
        rng.integers(0, _VOCABULARY, (rows, _TOKENS)).astype("int32"),
        rng.integers(0, 2, rows).astype("int32"),
    )


def _transformer_init(rng):
    def project():
        return {
            "kernel": _glorot(rng, _WIDTH, _HEADS * _WIDTH).reshape(_WIDTH, _HEADS, _WIDTH),
            "bias": np.zeros((_HEADS, _WIDTH), "float32"),
        }

    return {
        "tokens": rng.uniform(-0.05, 0.05, (_VOCABULARY, _WIDTH)).astype("float32"),
        "positions": rng.uniform(-0.05, 0.05, (_TOKENS, _WIDTH)).astype("float32"),
        "query": project(),
        "key": project(),
        "value": project(),
        "merge": _dense(rng, _HEADS * _WIDTH, _WIDTH),
        "wide": _dense(rng, _WIDTH, 32),
        "narrow": _dense(rng, 32, _WIDTH),
        "norm1": _scale(_WIDTH),
        "norm2": _scale(_WIDTH),
        "hidden": _dense(rng, _WIDTH, 20),
        "head": _dense(rng, 20, 2),
    }, {}


def _transformer_apply(p, state, tokens, key, fast):
    keys = jax.random.split(key, 4)
    x = p["tokens"][tokens] + p["positions"]
    q, k, v = (jnp.einsum("btd,dhk->bthk", x, p[n]["kernel"]) + p[n]["bias"] for n in ("query", "key", "value"))
    scores = jax.nn.softmax(jnp.einsum("bqhk,bshk->bhqs", q / math.sqrt(_WIDTH), k), axis=-1)
    attended = jnp.einsum("bhqs,bshk->bqhk", scores, v).reshape(*x.shape[:2], -1)
    x = _layer_norm(p["norm1"], x + _dropout(keys[0], _linear(p["merge"], attended), 0.1))
    hidden = _linear(p["narrow"], jax.nn.relu(_linear(p["wide"], x)))
    x = _layer_norm(p["norm2"], x + _dropout(keys[1], hidden, 0.1))
    x = _dropout(keys[2], x.mean(1), 0.1)
    x = _dropout(keys[3], jax.nn.relu(_linear(p["hidden"], x)), 0.1)
    return _linear(p["head"], x), state


# ---- LSTM -----------------------------------------------------------------------------------------

_UNITS = 64


def _lstm_build(keras):
    model = keras.Sequential(
        [
            keras.layers.Input(shape=(_TOKENS,)),
            keras.layers.Embedding(_VOCABULARY, _UNITS),
            keras.layers.LSTM(_UNITS),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _lstm_init(rng):
    return {
        "tokens": rng.uniform(-0.05, 0.05, (_VOCABULARY, _UNITS)).astype("float32"),
        "gates": _dense(rng, _UNITS, 4 * _UNITS),
        "recurrent": _glorot(rng, _UNITS, 4 * _UNITS),
        "head": _dense(rng, _UNITS, 1),
    }, {}


def _lstm_apply(p, state, tokens, key, fast):
    x = p["tokens"][tokens.T]  # time first: the scan then reads whole rows
    projected = _linear(p["gates"], x)

    def cell(carry, z):
        h, c = carry
        i, f, g, o = jnp.split(z + h @ p["recurrent"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zero = jnp.zeros((tokens.shape[0], _UNITS))
    (h, _), _ = lax.scan(cell, (zero, zero), projected)
    return _linear(p["head"], h)[:, 0], state


def _lstm_losses(logits, y):
    loss = optax.sigmoid_binary_cross_entropy(logits, y.astype(logits.dtype)).mean()
    return loss, {"accuracy": ((logits > 0) == (y > 0)).mean()}


WORKLOADS: dict[str, Workload] = {
    "wide_deep": Workload(
        "wide & deep, 2 in 2 out, Adam",
        11_610,
        _wide_deep_build,
        _wide_deep_data,
        _wide_deep_init,
        _wide_deep_apply,
        _wide_deep_losses,
        optax.adam(1e-3, eps=1e-7),
    ),
    "mlp": Workload(
        "784-300-100-10, SGD",
        55_000,
        _mlp_build,
        functools.partial(_images, shape=(28, 28)),
        _mlp_init,
        _mlp_apply,
        _classify,
        optax.sgd(1e-2),
    ),
    "deep": Workload(
        "Dense(32)+BatchNorm, 100 layers, Adam (692 arrays)",
        6_400,
        _deep_build,
        _deep_data,
        _deep_init,
        _deep_apply,
        _classify,
        optax.adam(1e-3, eps=1e-7),
    ),
    "cnn": Workload(
        "small CNN, 2 conv + max-pool + dropout, Adam",
        3_200,
        _cnn_build,
        functools.partial(_images, shape=(28, 28, 1)),
        _cnn_init,
        _cnn_apply,
        _classify,
        optax.adam(1e-3, eps=1e-7),
    ),
    "transformer": Workload(
        "transformer block, 80 tokens, Adam",
        3_200,
        _transformer_build,
        _tokens,
        _transformer_init,
        _transformer_apply,
        _classify,
        optax.adam(1e-3, eps=1e-7),
    ),
    "lstm": Workload(
        "LSTM(64), 80 tokens, Adam",
        1_600,
        _lstm_build,
        _tokens,
        _lstm_init,
        _lstm_apply,
        _lstm_losses,
        optax.adam(1e-3, eps=1e-7),
    ),
}

__all__ = ["BATCH", "WORKLOADS", "Fused", "Loop", "Workload"]
