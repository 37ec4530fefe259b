"""Add, Subtract, Multiply, Average, Maximum, Minimum."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp

from ..._types import Array
from .base import ElementwiseMerge


class Add(ElementwiseMerge):
    """The sum of a list of inputs."""

    def _combine(self, inputs: list[Array]) -> Array:
        return functools.reduce(jnp.add, inputs)


class Subtract(ElementwiseMerge):
    """The first of two inputs less the second."""

    _pair = True

    def _combine(self, inputs: list[Array]) -> Array:
        return jnp.subtract(*inputs)


class Multiply(ElementwiseMerge):
    """The product of a list of inputs."""

    def _combine(self, inputs: list[Array]) -> Array:
        return functools.reduce(jnp.multiply, inputs)


class Average(ElementwiseMerge):
    """The mean of a list of inputs."""

    def _combine(self, inputs: list[Array]) -> Array:
        return functools.reduce(jnp.add, inputs) / len(inputs)


class Maximum(ElementwiseMerge):
    """The largest, element by element, of a list of inputs."""

    def _combine(self, inputs: list[Array]) -> Array:
        return functools.reduce(jnp.maximum, inputs)


class Minimum(ElementwiseMerge):
    """The smallest, element by element, of a list of inputs."""

    def _combine(self, inputs: list[Array]) -> Array:
        return functools.reduce(jnp.minimum, inputs)


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of a list of inputs: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of two inputs: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of a list of inputs: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of a list of inputs: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest elements of a list of inputs: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest elements of a list of inputs: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)
