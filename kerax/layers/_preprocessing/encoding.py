"""Indices as vectors: one-hot, multi-hot, counted and weighted, in NumPy and in JAX."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import real_dtype
from ..._types import Array, Shape

__all__ = ["encode", "encode_on_host", "encoded_shape", "gather_on_host", "index_dtype", "vector_dtype"]


def encoded_shape(shape: Shape, depth: int | None, mode: str) -> Shape:
    """The shape of indices of that shape, encoded."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot":
        return (*(shape[:-1] if shape and shape[-1] == 1 else shape), depth)
    return (*shape[:-1], depth)


def encode(indices: Array, depth: int, mode: str, dtype: Any, weights: Any = None) -> Array:
    """Indices as vectors of `depth` numbers; an index outside of them counts nowhere.

    Args:
        indices: integers (…, n).
        depth: how many indices there are.
        mode: "int", "one_hot" (…, n, depth), or (…, depth) for one or more indices together: "multi_hot", "count".
        dtype: of the vectors.
        weights: (…, n) what each index counts, for "count".
    """
    if mode == "int":
        return indices
    if mode == "one_hot":
        if indices.ndim and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return (indices[..., None] == jnp.arange(depth)).astype(dtype)
    if indices.ndim == 0:
        indices = indices[None]
    lead, width = indices.shape[:-1], indices.shape[-1]
    flat = indices.reshape(-1, width)
    flat = jnp.where((flat >= 0) & (flat < depth), flat, depth)
    values = jnp.ones(flat.shape, dtype) if weights is None else jnp.asarray(weights, dtype).reshape(flat.shape)
    rows = jnp.arange(flat.shape[0])[:, None]
    out = jnp.zeros((flat.shape[0], depth), dtype).at[rows, flat]
    out = out.set(values, mode="drop") if mode == "multi_hot" else out.add(values, mode="drop")
    return out.reshape(*lead, depth)


def encode_on_host(indices: np.ndarray, depth: int, mode: str, dtype: Any) -> np.ndarray:
    """`encode` in NumPy, without weights."""
    if mode == "int":
        return indices
    if mode == "one_hot":
        if indices.ndim and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return (indices[..., None] == np.arange(depth)).astype(dtype)
    lead, width = indices.shape[:-1], indices.shape[-1] if indices.ndim else 1
    flat = indices.reshape(-1, width)
    rows = np.repeat(np.arange(len(flat)), width)
    return gather_on_host(rows, flat.ravel(), len(flat), depth, mode, dtype).reshape(*lead, depth)


def gather_on_host(rows: np.ndarray, indices: np.ndarray, count: int, depth: int, mode: str, dtype: Any) -> np.ndarray:
    """Vectors (count, depth) of indices that stand in one flat array, each with the number of its row.

    Args:
        rows, indices: integers (n,); an index below 0 counts nowhere.
        count: the number of rows.
        depth: the number of indices.
        mode: "multi_hot" or "count".
        dtype: of the vectors.
    """
    kept = indices >= 0
    places = rows[kept] * depth + indices[kept]
    if mode == "multi_hot":
        out = np.zeros(count * depth, dtype)
        out[places] = 1
    else:
        out = np.bincount(places, minlength=count * depth).astype(dtype)
    return out.reshape(count, depth)


def index_dtype() -> str:
    """The dtype of indices: int64 where JAX has it, else int32."""
    return real_dtype("int64").name


def vector_dtype(layer: Any) -> str:
    """The dtype in which NumPy makes vectors for a layer."""
    return "float32" if layer.compute_dtype == "bfloat16" else layer.compute_dtype
