"""Gates: what an LSTM does at each step once its products are there."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..._types import Array


@jax.custom_jvp
def lstm_gates(z: Array, c: Array) -> tuple[Array, Array]:
    """The state after a step with the default activations: `c' = s(f) c + s(i) tanh(n)`, `h = s(o) tanh(c')`,
    with the sigmoid s.

    Args:
        z: (batch, 4 * units): i, f, n, o before their activation.
        c: (batch, units): the memory before.
    Returns:
        (h, c'), each (batch, units).
    """
    return _step(z, c)[:2]


@lstm_gates.defjvp
def _lstm_gates_jvp(primals: tuple, tangents: tuple) -> tuple:
    # The derivatives follow from the gates themselves, and what z is multiplied with is joined first: a third
    # less is kept for each step of the way back.
    (z, c), (dz, dc) = primals, tangents
    h, new, i, f, n, o, squashed = _step(z, c)
    di, df, dn, do = jnp.split(dz, 4, axis=-1)
    dnew = (n * i * (1 - i)) * di + (c * f * (1 - f)) * df + (i * (1 - n * n)) * dn + f * dc
    dh = (squashed * o * (1 - o)) * do + (o * (1 - squashed * squashed)) * dnew
    return (h, new), (dh, dnew)


def _step(z: Array, c: Array) -> tuple[Array, ...]:
    i, f, n, o = jnp.split(z, 4, axis=-1)
    i, f, n, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(n), jax.nn.sigmoid(o)
    new = f * c + i * n
    squashed = jnp.tanh(new)
    return o * squashed, new, i, f, n, o, squashed


__all__ = ["lstm_gates"]
