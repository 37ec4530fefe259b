"""The samplers: equal seeds draw the numbers that Keras draws on JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._core.dtypes import is_float, real_dtype, standardize_dtype
from .._core.variable import plain
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike, DType
from ..ops import _image_warps
from ._generator import SeedGenerator, raw_key
from ._global import global_seed_generator

Seed = int | SeedGenerator | None


def draw_key(seed: Seed) -> Array:
    """The JAX key that a sampler uses for `seed`; a generator moves on.

    Raises:
        ArgumentError: neither None, an integer nor a SeedGenerator.
    """
    if seed is None:
        state = global_seed_generator().next(ordered=False)  # as Keras draws from its global generator
    elif isinstance(seed, SeedGenerator):
        state = seed.next()
    elif isinstance(seed, (int, np.integer)):
        state = raw_key(int(seed))
    else:
        raise ArgumentError(
            "seed", got=f"{seed!r} of type {type(seed).__name__}", expected="an integer, a SeedGenerator or None"
        )
    return jax.random.wrap_key_data(state, impl="threefry2x32")  # whatever jax_default_prng_impl says


_image_warps.draws.key = draw_key


def _sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)


def _float_dtype(where: str, dtype: DType | None) -> Any:
    name = standardize_dtype(dtype or config.floatx())
    if not is_float(name):
        raise ArgumentError(f"random.{where}", got=f"dtype {name!r}", expected="a floating point dtype")
    return real_dtype(name)


def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DType | None = None, seed: Seed = None
) -> Array:
    """Draw from a normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: its standard deviation.
        dtype: a float dtype, `floatx()` by default.
        seed: an integer always draws the same; a `SeedGenerator` moves on; None uses the global generator.
    """
    sample = jax.random.normal(draw_key(seed), _sizes(shape), _float_dtype("normal", dtype))
    return sample * plain(stddev) + plain(mean)


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DType | None = None, seed: Seed = None
) -> Array:
    """Draw from a normal distribution cut off two standard deviations from its mean.

    Args:
        shape: of the result.
        mean: of the distribution before the cut.
        stddev: its standard deviation before the cut.
        dtype: a float dtype, `floatx()` by default.
        seed: see `normal`.
    """
    dtype = _float_dtype("truncated_normal", dtype)
    return jax.random.truncated_normal(draw_key(seed), -2.0, 2.0, _sizes(shape), dtype) * plain(stddev) + plain(mean)


def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: DType | None = None, seed: Seed = None
) -> Array:
    """Draw evenly from [minval, maxval).

    Args:
        shape: of the result.
        minval: the least value.
        maxval: the bound that is not reached.
        dtype: a float dtype, `floatx()` by default.
        seed: see `normal`.

    Raises:
        ArgumentError: a dtype that is not a float; integers come from `randint`.
    """
    dtype = _float_dtype("uniform", dtype)
    return jax.random.uniform(draw_key(seed), _sizes(shape), dtype, minval=plain(minval), maxval=plain(maxval))


def randint(shape: Sequence[int], minval: int, maxval: int, dtype: DType = "int32", seed: Seed = None) -> Array:
    """Draw integers evenly from [minval, maxval).

    Args:
        shape: of the result.
        minval: the least value.
        maxval: the bound that is not reached.
        dtype: an integer dtype.
        seed: see `normal`.

    Raises:
        ArgumentError: a dtype that is not an integer one.
    """
    name = standardize_dtype(dtype)
    if "int" not in name:
        raise ArgumentError("random.randint", got=f"dtype {name!r}", expected="an integer dtype")
    return jax.random.randint(draw_key(seed), _sizes(shape), plain(minval), plain(maxval), real_dtype(name))


def categorical(logits: ArrayLike, num_samples: int, dtype: DType = "int32", seed: Seed = None) -> Array:
    """Draw class numbers by unnormalized log-probabilities.

    Args:
        logits: (batch, classes).
        num_samples: draws per row.
        dtype: an integer dtype.
        seed: see `normal`.

    Returns:
        (batch, num_samples).

    Raises:
        ShapeError: `logits` is not a matrix.
    """
    logits = jnp.asarray(plain(logits))
    if logits.ndim != 2:
        raise ShapeError("random.categorical", got=f"logits of shape {logits.shape}", expected="(batch, classes)")
    shape = (logits.shape[0], num_samples)
    return jax.random.categorical(draw_key(seed), logits[..., None], axis=1, shape=shape).astype(real_dtype(dtype))


def dropout(
    inputs: ArrayLike, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Array:
    """Set a share of the elements to zero and scale the others up, so that the mean stays.

    Args:
        inputs: floats of any shape.
        rate: the share, from 0 to below 1.
        noise_shape: shape of the random choice, broadcast over `inputs`; None in it means the size of `inputs`.
        seed: see `normal`.
    """
    inputs = jnp.asarray(plain(inputs))
    keep = 1.0 - rate
    if noise_shape is None:
        shape = inputs.shape
    else:
        shape = tuple(inputs.shape[i] if size is None else size for i, size in enumerate(noise_shape))
    kept = jax.random.bernoulli(draw_key(seed), keep, shape)
    return jax.lax.select(jnp.broadcast_to(kept, inputs.shape), inputs / keep, jnp.zeros_like(inputs))


def shuffle(x: ArrayLike, axis: int = 0, seed: Seed = None) -> Array:
    """Put the elements along `axis` in random order, each line along it in an order of its own, as Keras does.

    Args:
        x: any array. Rows of a matrix that must stay whole: `ops.take(x, shuffle(ops.arange(n)), axis=0)`.
        axis: the axis shuffled.
        seed: see `normal`.
    """
    return jax.random.permutation(draw_key(seed), jnp.asarray(plain(x)), axis=axis, independent=True)


def gamma(shape: Sequence[int], alpha: ArrayLike, dtype: DType | None = None, seed: Seed = None) -> Array:
    """Draw from a gamma distribution with scale 1.

    Args:
        shape: of the result.
        alpha: the shape parameter, above 0, broadcast to `shape`.
        dtype: a float dtype, `floatx()` by default.
        seed: see `normal`.
    """
    return jax.random.gamma(draw_key(seed), plain(alpha), _sizes(shape), _float_dtype("gamma", dtype))


def beta(
    shape: Sequence[int], alpha: ArrayLike, beta: ArrayLike, dtype: DType | None = None, seed: Seed = None
) -> Array:
    """Draw from a beta distribution.

    Args:
        shape: of the result.
        alpha: the first shape parameter, above 0, broadcast to `shape`.
        beta: the second one.
        dtype: a float dtype, `floatx()` by default.
        seed: see `normal`.
    """
    return jax.random.beta(draw_key(seed), plain(alpha), plain(beta), _sizes(shape), _float_dtype("beta", dtype))


def binomial(
    shape: Sequence[int],
    counts: ArrayLike,
    probabilities: ArrayLike,
    dtype: DType | None = None,
    seed: Seed = None,
) -> Array:
    """Draw numbers of successes in `counts` trials.

    Args:
        shape: of the result.
        counts: numbers of trials, broadcast to `shape`.
        probabilities: of success in one trial, from 0 to 1, broadcast to `shape`.
        dtype: a float dtype, `floatx()` by default.
        seed: see `normal`.
    """
    dtype = _float_dtype("binomial", dtype)
    return jax.random.binomial(draw_key(seed), plain(counts), plain(probabilities), _sizes(shape), dtype)
