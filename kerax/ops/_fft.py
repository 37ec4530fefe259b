"""Fourier transforms; complex arrays as pairs (real, imaginary), as Keras has them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError
from .._types import Array, ArrayLike
from ._arrays import array, floats
from ._op import op

__all__ = [
    "extract_sequences",
    "fft",
    "fft2",
    "ifft2",
    "irfft",
    "istft",
    "rfft",
    "stft",
]


Pair = tuple[ArrayLike, ArrayLike]


def _complex(x: Pair) -> Array:
    real, imaginary = x
    return jax.lax.complex(floats(real), floats(imaginary))


def _pair(x: Array) -> tuple[Array, Array]:
    return jnp.real(x), jnp.imag(x)


@op(theme="math")
def fft(x: Pair) -> tuple[Array, Array]:
    """The Fourier transform along the last axis, of and as (real, imaginary)."""
    return _pair(jnp.fft.fft(_complex(x)))


@op(theme="math")
def fft2(x: Pair) -> tuple[Array, Array]:
    """The Fourier transform along the last two axes, of and as (real, imaginary)."""
    return _pair(jnp.fft.fft2(_complex(x)))


@op(theme="math")
def ifft2(x: Pair) -> tuple[Array, Array]:
    """The inverse of `fft2`."""
    return _pair(jnp.fft.ifft2(_complex(x)))


@op(theme="math")
def rfft(x: ArrayLike, fft_length: int | None = None) -> tuple[Array, Array]:
    """The Fourier transform of real numbers along the last axis, its frequencies from 0 up.

    Args:
        x: floats.
        fft_length: cut or pad the axis to this size.

    Returns:
        (real, imaginary), of size fft_length // 2 + 1.
    """
    return _pair(jnp.fft.rfft(floats(x), fft_length))


@op(theme="math")
def irfft(x: Pair, fft_length: int | None = None) -> Array:
    """The inverse of `rfft`.

    Args:
        x: (real, imaginary).
        fft_length: the size of the result, twice that of `x` less 2 by default.
    """
    return jnp.fft.irfft(_complex(x), fft_length)


@op(theme="math")
def extract_sequences(x: ArrayLike, sequence_length: int, sequence_stride: int) -> Array:
    """Windows along the last axis: (..., n) to (..., windows, sequence_length).

    Args:
        x: any array.
        sequence_length: of a window.
        sequence_stride: how far it moves.
    """
    return _frames(array(x), sequence_length, sequence_stride)


def _frames(x: Array, length: int, stride: int) -> Array:
    count = 1 + (x.shape[-1] - length) // stride
    places = np.arange(count)[:, None] * stride + np.arange(length)[None, :]
    return jnp.take(x, places, axis=-1)


@op(theme="math")
def stft(
    x: ArrayLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: str | ArrayLike | None = "hann",
    center: bool = True,
) -> tuple[Array, Array]:
    """The Fourier transform of each window along the last axis.

    Args:
        x: (..., samples) floats.
        sequence_length: of a window.
        sequence_stride: how far it moves.
        fft_length: of each transform, at least `sequence_length`.
        window: "hann", "hamming", the values, or None for none.
        center: whether windows are centred on samples, the ends reflected.

    Returns:
        (real, imaginary), each (..., windows, fft_length // 2 + 1).
    """
    x = floats(x)
    if center:
        reach = fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(reach, reach)], mode="reflect")
    weights = _window(window, sequence_length, fft_length).astype(x.dtype)
    return _pair(jnp.fft.rfft(_frames(x, fft_length, sequence_stride) * weights))


@op(theme="math")
def istft(
    x: Pair,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: str | ArrayLike | None = "hann",
    center: bool = True,
) -> Array:
    """The inverse of `stft`: windows overlapped, added, and divided by the sum of squared window values.

    Args:
        x: (real, imaginary), each (..., windows, fft_length // 2 + 1).
        sequence_length: of a window.
        sequence_stride: how far it moves.
        fft_length: of each transform.
        length: of the result; cut or padded with zeros at the end. By default what the windows cover.
        window: "hann", "hamming", the values, or None for none.
        center: whether windows were centred on samples.
    """
    frames = jnp.fft.irfft(_complex(x), fft_length)
    weights = _window(window, sequence_length, fft_length).astype(frames.dtype)
    count = frames.shape[-2]
    total = fft_length + sequence_stride * (count - 1)
    places = (np.arange(count)[:, None] * sequence_stride + np.arange(fft_length)[None, :]).reshape(-1)
    flat = (frames * weights).reshape(*frames.shape[:-2], -1)
    signal = jnp.zeros((*frames.shape[:-2], total), frames.dtype).at[..., places].add(flat)
    power = jnp.zeros((total,), frames.dtype).at[places].add(jnp.tile(jnp.square(weights), count))
    signal = jnp.where(power > np.finfo("float32").tiny, signal / jnp.where(power == 0, 1, power), signal)
    start = fft_length // 2 if center else 0
    if length is not None:
        end = start + length
        missing = max(end - total, 0)
        signal = jnp.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(0, missing)])
    else:
        end = total - start if center else total
    return signal[..., start:end]


def _window(window: str | ArrayLike | None, length: int, fft_length: int) -> Array:
    """The window's values, in the middle of `fft_length` zeros.

    Raises:
        ArgumentError: a name that is not known, or values that are not as many.
    """
    if window is None:
        values = jnp.ones(length)
    elif isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ArgumentError("stft", got=f"window={window!r}", expected="'hann', 'hamming', values or None")
        angle = 2 * np.pi * np.arange(length) / length  # periodic
        values = jnp.asarray(0.5 - 0.5 * np.cos(angle) if window == "hann" else 0.54 - 0.46 * np.cos(angle))
    else:
        values = array(window)
        if values.shape != (length,):
            raise ArgumentError("stft", got=f"a window of shape {values.shape}", expected=f"({length},)")
    before = (fft_length - length) // 2
    return jnp.pad(values, (before, fft_length - length - before))
