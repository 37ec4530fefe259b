"""Scaled dot-product attention."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ... import config
from ..._core.context import here
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, ArrayLike
from .._arrays import array, arrays
from .._op import op

__all__ = [
    "dot_product_attention",
]


@op(theme="nn")
def dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    bias: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """`softmax(query · key * scale + bias) · value`, head by head. Vaswani et al., 2017.

    Args:
        query: (batch, targets, heads, size).
        key: (batch, sources, groups, size); each group of keys serves heads / groups heads.
        value: (batch, sources, groups, size).
        bias: (batch, heads, targets, sources) or what broadcasts to it, added to the logits.
        mask: booleans that broadcast likewise; False hides a source.
        scale: of the logits; `1 / sqrt(size)` by default.
        is_causal: whether to hide sources that come after a target.
        flash_attention: True asks for cuDNN's fused kernel (half precision on a GPU that has it); None takes it where
            it exists if `config.enable_flash_attention()` was called.
        attn_logits_soft_cap: bends logits so that none goes beyond it: `cap * tanh(logits / cap)`.

    Returns:
        (batch, targets, heads, size).

    Raises:
        ShapeError: other than four axes.
        ArgumentError: a soft cap together with flash attention.
    """
    query, key, value = arrays(query, key, value)
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ShapeError(
            "dot_product_attention",
            got=f"query {query.shape}, key {key.shape}, value {value.shape}",
            expected="(batch, length, heads, size) of each",
        )
    dtype = jnp.result_type(query, key, value)
    query, key, value = (x.astype(dtype) for x in (query, key, value))
    bias = None if bias is None else array(bias).astype(dtype)
    mask = None if mask is None else array(mask).astype(bool)
    if attn_logits_soft_cap is None:
        return jax.nn.dot_product_attention(
            query,
            key,
            value,
            bias,
            mask,
            scale=scale,
            is_causal=is_causal,
            implementation="cudnn" if _fused(flash_attention, dtype) else "xla",
        )
    if flash_attention:
        raise ArgumentError(
            "dot_product_attention", got="attn_logits_soft_cap with flash_attention=True", expected="one of them"
        )
    return _capped(query, key, value, bias, mask, scale, is_causal, attn_logits_soft_cap)


def _fused(wanted: bool | None, dtype: Any) -> bool:
    if wanted is not None:
        return wanted
    on_gpu = jax.default_backend() == "gpu" and not here.portable
    return bool(config.is_flash_attention_enabled()) and dtype.itemsize == 2 and on_gpu


def _capped(query, key, value, bias, mask, scale, is_causal, cap):
    key, value = (jnp.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (key, value))
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    logits = jnp.einsum("bthd,bshd->bhts", query, key, preferred_element_type=jnp.float32) * scale
    logits = cap * jnp.tanh(logits / cap)
    if bias is not None:
        logits = logits + bias
    if is_causal:
        causal = jnp.tril(jnp.ones(logits.shape[-2:], bool))
        mask = causal if mask is None else mask & causal
    if mask is not None:
        logits = jnp.where(mask, logits, 0.7 * float(jnp.finfo(logits.dtype).min))  # finite: no NaN where all is hidden
    return jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(logits, axis=-1).astype(value.dtype), value)
