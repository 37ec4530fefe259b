"""What every learning rate schedule is: a function of the step that can say how it was made."""

from __future__ import annotations

import inspect
from typing import Any

import jax.numpy as jnp

from ..._errors import ArgumentError, Unsupported
from ..._types import Array, ArrayLike, Config

__all__ = ["LearningRateSchedule"]


class LearningRateSchedule:
    """The learning rate as a function of the number of optimizer steps done.

    Subclasses define `__call__(step)`, in terms that work on traced values, and keep each constructor
    argument in an attribute of its name, or define `get_config`.
    """

    def __call__(self, step: ArrayLike) -> Array:
        """The learning rate after `step` steps.

        Args:
            step: how many steps were done, a scalar.

        Returns:
            A scalar array.
        """
        raise Unsupported(
            f"{type(self).__name__}.__call__", hint="define __call__(self, step), returning the learning rate"
        )

    def get_config(self) -> Config:
        """The constructor's arguments, by name."""
        if type(self).__init__ is object.__init__:
            raise Unsupported(
                f"{type(self).__name__}.get_config", hint="define get_config(self), returning constructor arguments"
            )
        names = [
            key
            for key, parameter in inspect.signature(type(self).__init__).parameters.items()
            if key != "self" and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ]
        missing = [key for key in names if not hasattr(self, key)]
        if missing:
            raise Unsupported(
                f"{type(self).__name__}.get_config",
                got=f"the arguments {missing}, kept in no attribute of that name",
                hint="define get_config(self), returning constructor arguments",
            )
        return {key: getattr(self, key) for key in names}

    @classmethod
    def from_config(cls, config: Config) -> LearningRateSchedule:
        """The schedule that `get_config` describes."""
        return cls(**config)


def positive(schedule: object, name: str, value: Any) -> Any:
    """`value`, which must be more than zero."""
    if value <= 0:
        raise ArgumentError(f"{type(schedule).__name__} {name}", got=value, expected="more than 0")
    return value


def scalars(start: Any, *others: Any) -> tuple[Array, ...]:
    """The first as an array (float32 where it is no array), the others in its dtype."""
    start = jnp.asarray(start, None if hasattr(start, "dtype") else jnp.float32)
    return (start, *(jnp.asarray(other).astype(start.dtype) for other in others))
