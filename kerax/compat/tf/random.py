"""tf.random: samplers on a stream of seeds, generators, and samplers of given seeds.

Numbers are JAX's, not TensorFlow's. `seed=` starts a stream of its own, which moves on with every call, as
TensorFlow's does; `set_seed` starts all streams again.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import is_float, real_dtype
from ..._core.variable import plain
from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from ...random import SeedGenerator
from ...random._samplers import draw_key
from . import _streams
from ._missing import absent
from ._static import integer, integers
from ._types import as_dtype, float32, int32, int64

__all__ = [
    "Generator",
    "categorical",
    "fold_in",
    "gamma",
    "get_global_generator",
    "normal",
    "poisson",
    "set_global_generator",
    "set_seed",
    "shuffle",
    "split",
    "stateless_binomial",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_normal",
    "stateless_poisson",
    "stateless_shuffle",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]


def set_seed(seed: int) -> None:
    """Start every stream again from `seed`: initial weights, shuffling, dropout and these samplers repeat.

    Python's and NumPy's global generators are seeded too, as `kerax.utils.set_random_seed` does.
    """
    _streams.restart(integer("tf.random.set_seed", seed))
    set_global_generator(None)


def _given(seed: Any) -> Array:
    """The key that a pair of integers stands for."""
    numbers = jnp.asarray(plain(seed))
    if numbers.shape != (2,) or not jnp.issubdtype(numbers.dtype, jnp.integer):
        raise ArgumentError("seed", got=f"{seed!r}", expected="two integers, such as (1, 2)")
    return jax.random.wrap_key_data(numbers.astype("uint32"), impl="threefry2x32")


def _floating(where: str, dtype: Any) -> Any:
    if not is_float(as_dtype(dtype).name):
        raise ArgumentError(where, got=f"dtype={dtype!r}", expected="a floating point dtype")
    return real_dtype(as_dtype(dtype))


def _normal(key: Array, shape: Any, mean: Any, stddev: Any, dtype: Any, cut: bool = False) -> Array:
    sizes, kind = integers("shape", shape), _floating("tf.random.normal", dtype)
    sample = jax.random.truncated_normal(key, -2.0, 2.0, sizes, kind) if cut else jax.random.normal(key, sizes, kind)
    return (sample * jnp.asarray(plain(stddev), kind) + jnp.asarray(plain(mean), kind)).astype(kind)


def _uniform(key: Array, shape: Any, minval: Any, maxval: Any, dtype: Any) -> Array:
    kind, sizes = as_dtype(dtype), integers("shape", shape)
    minval = 0 if minval is None else plain(minval)
    if kind.is_integer:
        if maxval is None:
            raise ArgumentError("tf.random.uniform", got=f"dtype={kind!r} without maxval", expected="maxval")
        return jax.random.randint(key, sizes, minval, plain(maxval), real_dtype(kind))
    maxval = 1 if maxval is None else plain(maxval)
    return jax.random.uniform(key, sizes, _floating("tf.random.uniform", kind), minval, maxval)


def _gamma(key: Array, shape: tuple[int, ...], alpha: Any, beta: Any, dtype: Any) -> Array:
    kind = _floating("tf.random.gamma", dtype)
    scale = 1.0 if beta is None else plain(beta)
    return jax.random.gamma(key, jnp.asarray(plain(alpha), kind), shape, kind) / jnp.asarray(scale, kind)


def _poisson(key: Array, shape: tuple[int, ...], lam: Any, dtype: Any) -> Array:
    return jax.random.poisson(key, jnp.asarray(plain(lam)), shape).astype(real_dtype(as_dtype(dtype)))


def _binomial(key: Array, shape: Any, counts: Any, probs: Any) -> Array:
    trials, share = (jnp.asarray(plain(x), jnp.float32) for x in (counts, probs))
    return jax.random.binomial(key, trials, share, integers("shape", shape))


def _categorical(key: Array, logits: ArrayLike, num_samples: Any, dtype: Any) -> Array:
    x = jnp.asarray(plain(logits))
    if x.ndim != 2:
        raise ArgumentError("tf.random.categorical", got=f"logits of shape {x.shape}", expected="(batch, classes)")
    shape = x.shape[0], integer("tf.random.categorical", num_samples)
    drawn = jax.random.categorical(key, x[..., None], axis=1, shape=shape)
    return drawn.astype(real_dtype(as_dtype(int64 if dtype is None else dtype)))


def normal(
    shape: Any,
    mean: ArrayLike = 0.0,
    stddev: ArrayLike = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Array:
    """Draw from a normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution, broadcast to `shape`.
        stddev: its standard deviation, broadcast to `shape`.
        dtype: a floating point dtype.
        seed: starts a stream of its own, which moves on at every call; None draws from the global one.
    """
    return _normal(_streams.key("normal", seed), shape, mean, stddev, dtype)


def truncated_normal(
    shape: Any,
    mean: ArrayLike = 0.0,
    stddev: ArrayLike = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Array:
    """Draw from a normal distribution cut off two standard deviations from its mean; see `normal`."""
    return _normal(_streams.key("truncated_normal", seed), shape, mean, stddev, dtype, cut=True)


def uniform(
    shape: Any,
    minval: ArrayLike = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Array:
    """Draw evenly from [minval, maxval).

    Args:
        shape: of the result.
        minval: the least value.
        maxval: the bound that is not reached; 1 for floats, needed for integers.
        dtype: floats or integers.
        seed: see `normal`.
    """
    return _uniform(_streams.key("uniform", seed), shape, minval, maxval, dtype)


def gamma(
    shape: Any,
    alpha: ArrayLike,
    beta: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Array:
    """Draw from gamma distributions: `shape` numbers for each of the parameters `alpha` and `beta`, the rate."""
    each = np.broadcast_shapes(np.shape(plain(alpha)), () if beta is None else np.shape(plain(beta)))
    return _gamma(_streams.key("gamma", seed), (*integers("shape", shape), *each), alpha, beta, dtype)


def poisson(
    shape: Any, lam: ArrayLike, dtype: Any = float32, seed: int | None = None, name: str | None = None
) -> Array:
    """Draw from Poisson distributions: `shape` numbers for each of the means `lam`."""
    sizes = (*integers("shape", shape), *np.shape(plain(lam)))
    return _poisson(_streams.key("poisson", seed), sizes, lam, dtype)


def categorical(
    logits: ArrayLike, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Array:
    """Draw class numbers by unnormalized log-probabilities: (batch, classes) to (batch, num_samples)."""
    return _categorical(_streams.key("categorical", seed), logits, num_samples, dtype)


def shuffle(value: ArrayLike, seed: int | None = None, name: str | None = None) -> Array:
    """The slices along the first axis in random order."""
    return jax.random.permutation(_streams.key("shuffle", seed), jnp.asarray(plain(value)))


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: ArrayLike = 0.0,
    stddev: ArrayLike = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Array:
    """Like `normal`, always the same for the same `seed`, two integers."""
    return _normal(_given(seed), shape, mean, stddev, dtype)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: ArrayLike = 0.0,
    stddev: ArrayLike = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Array:
    """Like `truncated_normal`, always the same for the same `seed`, two integers."""
    return _normal(_given(seed), shape, mean, stddev, dtype, cut=True)


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: ArrayLike = 0,
    maxval: Any = None,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Array:
    """Like `uniform`, always the same for the same `seed`, two integers."""
    return _uniform(_given(seed), shape, minval, maxval, dtype)


def stateless_gamma(
    shape: Any, seed: Any, alpha: ArrayLike, beta: Any = None, dtype: Any = float32, name: str | None = None
) -> Array:
    """Draw from gamma distributions, in all the numbers of `shape`; always the same for the same `seed`."""
    return _gamma(_given(seed), integers("shape", shape), alpha, beta, dtype)


def stateless_poisson(shape: Any, seed: Any, lam: ArrayLike, dtype: Any = int32, name: str | None = None) -> Array:
    """Draw from Poisson distributions, in all the numbers of `shape`; always the same for the same `seed`."""
    return _poisson(_given(seed), integers("shape", shape), lam, dtype)


def stateless_binomial(
    shape: Any, seed: Any, counts: ArrayLike, probs: ArrayLike, output_dtype: Any = int32, name: str | None = None
) -> Array:
    """Draw numbers of successes in `counts` trials; always the same for the same `seed`."""
    drawn = _binomial(_given(seed), shape, counts, probs)
    return drawn.astype(real_dtype(as_dtype(output_dtype)))


def stateless_categorical(
    logits: ArrayLike, num_samples: Any, seed: Any, dtype: Any = int64, name: str | None = None
) -> Array:
    """Like `categorical`, always the same for the same `seed`, two integers."""
    return _categorical(_given(seed), logits, num_samples, dtype)


def stateless_shuffle(value: ArrayLike, seed: Any, alg: Any = "auto_select", name: str | None = None) -> Array:
    """Like `shuffle`, always the same for the same `seed`, two integers."""
    return jax.random.permutation(_given(seed), jnp.asarray(plain(value)))


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Array:
    """`num` seeds of one: (num, 2)."""
    return jax.random.key_data(jax.random.split(_given(seed), integer("tf.random.split", num)))


def fold_in(seed: Any, data: ArrayLike, alg: Any = "auto_select") -> Array:
    """A seed of a seed and a number."""
    return jax.random.key_data(jax.random.fold_in(_given(seed), plain(data)))


class Generator(SeedGenerator):
    """A stream of random numbers of its own; make one with `from_seed` or `from_non_deterministic_state`.

    Args:
        copy_from: a generator whose state is taken.
        state: or the state itself, two integers.
        alg: kept for compatibility; the algorithm is Threefry.
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None) -> None:
        super().__init__()
        if copy_from is not None:
            state = copy_from.state.value
        if state is not None:
            self.reset(state)

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """One that starts from an integer."""
        made = cls()
        made.reset_from_seed(seed)
        return made

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """One that starts from a seed drawn from Python's `random`; `set_seed` makes that repeat."""
        return cls()

    @classmethod
    def from_state(cls, state: Any, alg: Any = None) -> Generator:
        """One that goes on from a state."""
        return cls(state=state)

    def reset(self, state: Any) -> None:
        """Go on from this state, two integers."""
        self.state.assign(jnp.asarray(plain(state)).astype("uint32"))

    def reset_from_seed(self, seed: int) -> None:
        """Start again from an integer."""
        self.reset(np.array([integer("tf.random.Generator", seed) % 2**32, 0], "uint32"))

    def skip(self, delta: int) -> Array:
        """Leave out so many draws."""
        self.state.assign(self.state.value + np.array([0, integer("skip", delta)], "uint32"))
        return self.state.value

    def make_seeds(self, count: int = 1) -> Array:
        """(2, count): seeds for the `stateless_` samplers."""
        return jax.random.key_data(jax.random.split(draw_key(self), integer("make_seeds", count))).T

    def split(self, count: int = 1) -> list[Generator]:
        """Generators whose numbers do not overlap."""
        return [Generator(state=seed) for seed in self.make_seeds(count).T]

    def normal(
        self, shape: Any, mean: ArrayLike = 0.0, stddev: ArrayLike = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Array:
        """Draw from a normal distribution."""
        return _normal(draw_key(self), shape, mean, stddev, dtype)

    def truncated_normal(
        self, shape: Any, mean: ArrayLike = 0.0, stddev: ArrayLike = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Array:
        """Draw from a normal distribution cut off two standard deviations from its mean."""
        return _normal(draw_key(self), shape, mean, stddev, dtype, cut=True)

    def uniform(
        self, shape: Any, minval: ArrayLike = 0, maxval: Any = None, dtype: Any = float32, name: str | None = None
    ) -> Array:
        """Draw evenly from [minval, maxval); integers need `maxval`."""
        return _uniform(draw_key(self), shape, minval, maxval, dtype)

    def uniform_full_int(self, shape: Any, dtype: Any = "uint64", name: str | None = None) -> Array:
        """Draw from all integers that the dtype has."""
        kind = real_dtype(as_dtype(dtype))
        bits = jax.random.bits(draw_key(self), integers("shape", shape), f"uint{8 * kind.itemsize}")
        return jax.lax.bitcast_convert_type(bits, kind)

    def binomial(
        self, shape: Any, counts: ArrayLike, probs: ArrayLike, dtype: Any = int32, name: str | None = None
    ) -> Array:
        """Draw numbers of successes in `counts` trials."""
        drawn = _binomial(draw_key(self), shape, counts, probs)
        return drawn.astype(real_dtype(as_dtype(dtype)))


_global: Generator | None = None


def get_global_generator() -> Generator:
    """The generator of the process, made when first asked for."""
    global _global
    if _global is None:
        _global = Generator()
    return _global


def set_global_generator(generator: Generator | None) -> None:
    """Make this the generator of the process; None: a new one when next asked for."""
    global _global
    _global = generator


__getattr__ = absent(__name__)
