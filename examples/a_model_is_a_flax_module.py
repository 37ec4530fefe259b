"""A kerax model in the hands of Flax, optax and plain JAX: no `compile`, no `fit`.

Three loops train the same network: `nnx.jit` on the model itself, a pure function of its arrays, and
`fit` with an optax optimizer and a Flax layer inside. Takes about 15 seconds.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

import kerax as keras
from kerax import layers


def spiral(rows, rng):
    """Points of two interleaved spirals, and which of the two they are on."""
    turn = rng.uniform(0.25, 1.0, rows)
    label = rng.integers(0, 2, rows)
    angle = 3 * np.pi * turn + np.pi * label
    points = np.stack([turn * np.cos(angle), turn * np.sin(angle)], -1) + rng.normal(0, 0.02, (rows, 2))
    return points.astype("float32"), label.astype("int32")


def network(*extra):
    return keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(64, activation="relu"),
            *extra,
            layers.Dense(64, activation="relu"),
            layers.Dense(2),
        ]
    )


def loss_of(logits, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def with_nnx(x, y):
    """Flax's own loop: the model is an `nnx.Module`, its weights are `nnx.Param`s."""
    model = network()
    optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer):
        grads = nnx.grad(lambda model: loss_of(model(x), y))(model)
        optimizer.update(model, grads)

    for _ in range(300):
        step(model, optimizer)
    return model(x)


def with_plain_jax(x, y):
    """A pure function and its arrays: what a researcher differentiates, vmaps, shards."""
    model = network()
    f, params, state = model.as_function()
    tx = optax.adam(1e-2)

    @jax.jit
    def step(params, slots):
        grads = jax.grad(lambda params: loss_of(f(params, state, x)[0], y))(params)
        updates, slots = tx.update(grads, slots)
        return optax.apply_updates(params, updates), slots

    slots = tx.init(params)
    for _ in range(300):
        params, slots = step(params, slots)
    return f(params, state, x)[0]


def with_fit(x, y):
    """`fit`, with an optax optimizer as it is and a Flax layer among the others."""
    model = network(nnx.Linear(64, 64, rngs=nnx.Rngs(0)))
    model.compile(optax.adamw(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=60, batch_size=200, verbose=0)
    return model(x)


def main():
    keras.utils.set_random_seed(0)
    x, y = spiral(1_000, np.random.default_rng(0))
    for way in (with_nnx, with_plain_jax, with_fit):
        accuracy = float((jnp.argmax(way(x, y), -1) == y).mean())
        print(f"{way.__name__:<16} {accuracy:.3f} of the points on the right spiral")
        if accuracy < 0.9:
            raise SystemExit("It learned less than it should.")


if __name__ == "__main__":
    main()
