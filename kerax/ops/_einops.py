"""Rearranging axes by a pattern."""

from __future__ import annotations

import math
import re

import jax.numpy as jnp

from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import array
from ._op import op

__all__ = ["rearrange"]


@op(theme="einops")
def rearrange(tensor: ArrayLike, pattern: str, **axes_lengths: int) -> Array:
    """Transpose, merge and cut axes as `pattern` says.

    Args:
        tensor: any array.
        pattern: names of the axes before and after "->"; names in brackets share one axis, the first
            outermost: "b (h s) w c -> b h w (s c)". "1" is an axis of size 1.
        axes_lengths: sizes of axes that are cut out of one; one of each bracket may be left out.

    Raises:
        ArgumentError: a pattern that is not understood, or names that differ between its sides.
        ShapeError: sizes that do not fit the array.

    Examples:
        >>> rearrange(jnp.zeros((2, 6, 3)), "b (h s) c -> b h (s c)", s=2).shape
        (2, 3, 6)
    """
    x = array(tensor)
    before, after = _sides(pattern)
    if len(before) != x.ndim:
        raise ShapeError(f"rearrange {pattern!r}", got=f"an array of shape {x.shape}", expected=f"{len(before)} axes")
    sizes = {"1": 1, **axes_lengths}
    for group, size in zip(before, x.shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1:
            raise ArgumentError(
                f"rearrange {pattern!r}", got=f"no sizes of {unknown}", expected="all but one of a bracket"
            )
        if unknown:
            sizes[unknown[0]] = size // known
        if math.prod(sizes[name] for name in group) != size:
            raise ShapeError(f"rearrange {pattern!r}", got=f"an axis of size {size}", expected=f"a multiple of {known}")
    source = [name for group in before for name in group if name != "1"]
    target = [name for group in after for name in group if name != "1"]
    if sorted(source) != sorted(target) or len(set(source)) != len(source):
        raise ArgumentError(
            f"rearrange {pattern!r}", got=f"{source} and {target}", expected="the same names, each once"
        )
    x = jnp.transpose(x.reshape([sizes[name] for name in source]), [source.index(name) for name in target])
    return x.reshape([math.prod(sizes[name] for name in group) for group in after])


def _sides(pattern: str) -> tuple[list[list[str]], list[list[str]]]:
    """The axes of both sides, each a list of the names that share it."""
    sides = pattern.split("->")
    if len(sides) != 2 or not re.fullmatch(r"(\s*(\w+|\((\s*\w+\s*)+\))\s*)*", sides[0] + " " + sides[1]):
        raise ArgumentError("rearrange", got=f"the pattern {pattern!r}", expected="such as 'b h w c -> b (h w) c'")
    left, right = (
        [(inside or name).split() for inside, name in re.findall(r"\(([^)]*)\)|(\w+)", side)] for side in sides
    )
    return left, right
