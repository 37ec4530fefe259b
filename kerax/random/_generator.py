"""SeedGenerator: a random state in a Variable, so that traced code advances it too."""

from __future__ import annotations

import random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._core.context import name_scope
from .._core.module import Module
from .._core.naming import auto_name
from .._core.variable import Variable
from .._errors import ArgumentError


def make_default_seed() -> int:
    """A seed for an object whose user gave none: drawn from Python's `random`, between 1 and 1e9."""
    return random.randint(1, int(1e9))


def checked_seed(where: str, seed: Any) -> int:
    """`seed` as an int that fits a state.

    Raises:
        ArgumentError: not an integer, negative, or 2**32 and above.
    """
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ArgumentError(where, got=f"the seed {seed!r}", expected="an integer from 0 to 2**32 - 1, or None")
    return int(seed)


class SeedGenerator(Module):
    """A stream of random states.

    Samplers that get it as `seed` draw other numbers at every call. One made with the same seed
    draws the same stream.

    Args:
        seed: where the stream starts; drawn from Python's `random` for None.
        name: default counts the class.

    Raises:
        ArgumentError: a seed that is no integer, or an unknown argument.

    Examples:
        >>> generator = SeedGenerator(5)
        >>> generator.next().tolist(), generator.next().tolist()
        ([5, 0], [5, 1])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ArgumentError("SeedGenerator", got=f"unknown arguments {sorted(kwargs)}", expected="seed and name")
        self.name = name or auto_name("SeedGenerator")
        self._initial_seed = None if seed is None else checked_seed("SeedGenerator", seed)
        start = make_default_seed() if self._initial_seed is None else self._initial_seed
        with name_scope(self.name):
            self.state = Variable(
                np.array([start, 0], "uint32"),
                dtype="uint32",
                trainable=False,
                name="seed_generator_state",
                seed_state=True,  # tells savers and trainers that this is a random state, not a weight
            )

    def next(self, ordered: bool = True) -> jax.Array:
        """The current state, a raw JAX key of two uint32; then move on.

        Args:
            ordered: count up, so that states never repeat. Otherwise jump to a state far away.
        """
        state = self.state.value
        if ordered:
            self.state.assign(state + np.array([0, 1], "uint32"))
        else:
            self.state.assign((state + np.uint32(1)) * np.uint32(5387) % np.uint32(933199))
        return state

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator at the start of the stream that `get_config` describes."""
        return cls(**config)


def raw_key(seed: int) -> jax.Array:
    """The state that a stream with this seed starts from."""
    return jnp.asarray(np.array([checked_seed("seed", seed), 0], "uint32"))
