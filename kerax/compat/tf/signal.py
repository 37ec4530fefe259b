"""tf.signal: Fourier and cosine transforms, frames and windows."""

from __future__ import annotations

import math as _math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import real_dtype
from ..._errors import ArgumentError, Unsupported
from ..._types import Array, ArrayLike
from ._missing import absent
from ._static import axes as _axes
from ._static import integer, integers, symbolic
from ._types import as_dtype, float32

__all__ = [
    "dct",
    "fft",
    "fft2d",
    "fft3d",
    "fftshift",
    "frame",
    "hamming_window",
    "hann_window",
    "ifft",
    "ifft2d",
    "ifft3d",
    "ifftshift",
    "inverse_stft",
    "inverse_stft_window_fn",
    "irfft",
    "irfft2d",
    "linear_to_mel_weight_matrix",
    "overlap_and_add",
    "rfft",
    "rfft2d",
    "stft",
]


@symbolic
def _signal(fn: Callable, x: ArrayLike) -> Any:
    return fn(jnp.asarray(x))


def _last(where: str, fft_length: Any, count: int) -> Any:
    if fft_length is None:
        return None
    numbers = integers(where, fft_length)
    if len(numbers) != count:
        raise ArgumentError(where, got=f"fft_length={fft_length!r}", expected=f"{count} numbers")
    return numbers


def fft(input: ArrayLike, name: str | None = None) -> Any:
    """The Fourier transform along the last axis, complex."""
    return _signal(jnp.fft.fft, input)


def ifft(input: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `fft`."""
    return _signal(jnp.fft.ifft, input)


def fft2d(input: ArrayLike, name: str | None = None) -> Any:
    """The Fourier transform along the last two axes, complex."""
    return _signal(jnp.fft.fft2, input)


def ifft2d(input: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `fft2d`."""
    return _signal(jnp.fft.ifft2, input)


def fft3d(input: ArrayLike, name: str | None = None) -> Any:
    """The Fourier transform along the last three axes, complex."""
    return _signal(lambda x: jnp.fft.fftn(x, axes=(-3, -2, -1)), input)


def ifft3d(input: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `fft3d`."""
    return _signal(lambda x: jnp.fft.ifftn(x, axes=(-3, -2, -1)), input)


def rfft(input_tensor: ArrayLike, fft_length: Any = None, name: str | None = None) -> Any:
    """The Fourier transform of real numbers along the last axis, cut or padded to `fft_length`: its half from 0 up."""
    sizes = _last("tf.signal.rfft", fft_length, 1)
    return _signal(lambda x: jnp.fft.rfft(x, None if sizes is None else sizes[0]), input_tensor)


def irfft(input_tensor: ArrayLike, fft_length: Any = None, name: str | None = None) -> Any:
    """The inverse of `rfft`."""
    sizes = _last("tf.signal.irfft", fft_length, 1)
    return _signal(lambda x: jnp.fft.irfft(x, None if sizes is None else sizes[0]), input_tensor)


def rfft2d(input_tensor: ArrayLike, fft_length: Any = None, name: str | None = None) -> Any:
    """`rfft` along the last two axes."""
    sizes = _last("tf.signal.rfft2d", fft_length, 2)
    return _signal(lambda x: jnp.fft.rfft2(x, sizes), input_tensor)


def irfft2d(input_tensor: ArrayLike, fft_length: Any = None, name: str | None = None) -> Any:
    """The inverse of `rfft2d`."""
    sizes = _last("tf.signal.irfft2d", fft_length, 2)
    return _signal(lambda x: jnp.fft.irfft2(x, sizes), input_tensor)


def fftshift(x: ArrayLike, axes: Any = None, name: str | None = None) -> Any:
    """Frequency 0 moved to the middle."""
    along = _axes("tf.signal.fftshift", axes)
    return _signal(lambda x: jnp.fft.fftshift(x, along), x)


def ifftshift(x: ArrayLike, axes: Any = None, name: str | None = None) -> Any:
    """The inverse of `fftshift`."""
    along = _axes("tf.signal.ifftshift", axes)
    return _signal(lambda x: jnp.fft.ifftshift(x, along), x)


def _cosine_window(where: str, length: Any, periodic: bool, dtype: Any, a: float) -> Array:
    n = integer(where, length)
    span = n if periodic and n % 2 == 0 else n - 1  # an odd window is symmetric in TensorFlow, periodic or not
    values = a - (1 - a) * np.cos(2 * _math.pi * np.arange(n) / span) if n > 1 else np.ones(n)
    return jnp.asarray(values, real_dtype(as_dtype(dtype)))


def hann_window(window_length: Any, periodic: bool = True, dtype: Any = float32, name: str | None = None) -> Array:
    """`0.5 - 0.5 * cos(2 * pi * i / n)`, n the length, or one less where it is not periodic."""
    return _cosine_window("tf.signal.hann_window", window_length, periodic, dtype, 0.5)


def hamming_window(window_length: Any, periodic: bool = True, dtype: Any = float32, name: str | None = None) -> Array:
    """`0.54 - 0.46 * cos(2 * pi * i / n)`, n the length, or one less where it is not periodic."""
    return _cosine_window("tf.signal.hamming_window", window_length, periodic, dtype, 0.54)


def frame(
    signal: ArrayLike,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: float = 0,
    axis: int = -1,
    name: str | None = None,
) -> Any:
    """Windows along `axis`, which becomes (windows, frame_length).

    Args:
        signal: any tensor.
        frame_length: of a window.
        frame_step: how far it moves.
        pad_end: whether windows that reach beyond the end count, filled up with `pad_value`.
        pad_value: see `pad_end`.
        axis: along which.
    """
    length, step = integer("tf.signal.frame", frame_length), integer("tf.signal.frame", frame_step)

    def run(x: Array) -> Array:
        x = jnp.moveaxis(x, axis, -1)
        n = x.shape[-1]
        count = -(-n // step) if pad_end else max(0, 1 + (n - length) // step)
        missing = max(0, length + step * (count - 1) - n)
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)], constant_values=pad_value)
        places = np.arange(count)[:, None] * step + np.arange(length)[None, :]
        out = jnp.take(x, places, axis=-1)
        first = axis % (out.ndim - 1)
        return jnp.moveaxis(out, (-2, -1), (first, first + 1))

    return _signal(run, signal)


def overlap_and_add(signal: ArrayLike, frame_step: Any, name: str | None = None) -> Any:
    """The sum of windows `frame_step` apart: (..., windows, length) to (..., samples)."""
    step = integer("tf.signal.overlap_and_add", frame_step)

    def run(x: Array) -> Array:
        count, length = x.shape[-2:]
        places = (np.arange(count)[:, None] * step + np.arange(length)[None, :]).reshape(-1)
        total = jnp.zeros((*x.shape[:-2], length + step * (count - 1)), x.dtype)
        return total.at[..., places].add(x.reshape(*x.shape[:-2], -1))

    return _signal(run, signal)


def stft(
    signals: ArrayLike,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Any:
    """The Fourier transform of windows.

    Args:
        signals: (..., samples).
        frame_length: of a window.
        frame_step: how far it moves.
        fft_length: of each transform; the least power of 2 that holds a window by default.
        window_fn: gives the window's values, of (length, dtype=); None for none.
        pad_end: see `frame`.

    Returns:
        (..., windows, fft_length // 2 + 1), complex.
    """
    length = integer("tf.signal.stft", frame_length)
    size = 2 ** _math.ceil(_math.log2(length)) if fft_length is None else integer("tf.signal.stft", fft_length)
    frames = frame(signals, length, frame_step, pad_end)
    weights = None if window_fn is None else window_fn(length, dtype=float32)
    return _signal(lambda x: jnp.fft.rfft(x if weights is None else x * weights, size), frames)


def inverse_stft(
    stfts: ArrayLike,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = hann_window,
    name: str | None = None,
) -> Any:
    """Windows transformed back, weighted and added up; arguments as in `stft`."""
    length = integer("tf.signal.inverse_stft", frame_length)
    size = 2 ** _math.ceil(_math.log2(length)) if fft_length is None else integer("tf.signal.inverse_stft", fft_length)
    weights = None if window_fn is None else window_fn(length, dtype=float32)

    def run(x: Array) -> Array:
        frames = jnp.fft.irfft(x, size)[..., :length]
        frames = jnp.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, length - frames.shape[-1])])
        return frames if weights is None else frames * weights

    return overlap_and_add(_signal(run, stfts), frame_step)


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Callable = hann_window, name: str | None = None
) -> Callable[..., Array]:
    """The window with which `inverse_stft` gives back what `stft` with `forward_window_fn` was made of."""
    step = integer("tf.signal.inverse_stft_window_fn", frame_step)

    def window(frame_length: Any, dtype: Any = float32) -> Array:
        length = integer("frame_length", frame_length)
        values = forward_window_fn(length, dtype=dtype)
        rows = -(-length // step)
        power = jnp.pad(jnp.square(values), (0, rows * step - length)).reshape(rows, step).sum(0)
        return values / jnp.tile(power, rows)[:length]

    return window


def dct(
    input: ArrayLike, type: int = 2, n: Any = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Any:
    """The cosine transform of type 2 along the last axis, cut or padded to `n`; "ortho" makes it orthogonal.

    Raises:
        Unsupported: another type or axis.
    """
    if type != 2 or axis != -1:
        raise Unsupported("tf.signal.dct", got=f"type={type}, axis={axis}", hint="type=2 and axis=-1")
    size = None if n is None else integer("tf.signal.dct", n)
    return _signal(lambda x: jax.scipy.fft.dct(x, 2, size, -1, norm), input)


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = float32,
    name: str | None = None,
) -> Array:
    """(num_spectrogram_bins, num_mel_bins): what turns spectra into bands, triangles on the mel scale of HTK."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    bins = mel(np.linspace(0.0, float(np.asarray(sample_rate)) / 2, num_spectrogram_bins)[1:])[:, None]
    edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return jnp.asarray(np.pad(weights, ((1, 0), (0, 0))), real_dtype(as_dtype(dtype)))


__getattr__ = absent(__name__)
