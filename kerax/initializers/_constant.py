"""Initializers that do not draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._core.dtypes import real_dtype
from .._core.variable import plain
from .._errors import ArgumentError, ShapeError
from .._serial import deserialize_keras_object
from .._types import Array, ArrayLike, DType
from ._base import Initializer, numeric


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Zeros of this shape and dtype."""
        return jnp.zeros(tuple(shape), real_dtype(numeric(dtype, "Zeros")))


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Ones of this shape and dtype."""
        return jnp.ones(tuple(shape), real_dtype(numeric(dtype, "Ones")))


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: a number, or anything that broadcasts to the shape asked for.
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """The value, broadcast to this shape."""
        dtype = real_dtype(numeric(dtype, "Constant"))
        return jnp.broadcast_to(jnp.asarray(plain(self.value), dtype), tuple(shape))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"value": self.value}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        """The initializer that `get_config` describes."""
        return cls(deserialize_keras_object(config.get("value", 0.0)))


class Identity(Initializer):
    """Ones on the diagonal of a matrix, zeros elsewhere.

    Args:
        gain: what stands on the diagonal instead of 1.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """The matrix.

        Raises:
            ShapeError: not a matrix.
        """
        if len(shape) != 2:
            raise ShapeError("Identity", got=f"shape {tuple(shape)}", expected="two axes")
        return self.gain * jnp.eye(*shape, dtype=real_dtype(numeric(dtype, "Identity")))

    def get_config(self) -> dict[str, Any]:
        """The gain, where it is not 1 (Keras writes none)."""
        return {} if self.gain == 1.0 else {"gain": self.gain}


class STFT(Initializer):
    """Kernels of a 1D convolution that computes one side of a short-time Fourier transform.

    A shape is (frame length, 1, fft length / 2 + 1).

    Args:
        side: "real" (cosines) or "imag" (negated sines).
        window: name of a window of `scipy.signal`, its values, or None.
        scaling: "density" divides by the window's L2 norm, "spectrum" by its sum; None does not scale.
        periodic: whether the window is periodic rather than symmetric.

    Raises:
        ArgumentError: an unknown side or scaling.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        if side not in ("real", "imag"):
            raise ArgumentError("STFT", got=f"side={side!r}", expected="'real' or 'imag'")
        if scaling not in ("density", "spectrum", None):
            raise ArgumentError("STFT", got=f"scaling={scaling!r}", expected="'density', 'spectrum' or None")
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """The kernels.

        Raises:
            ShapeError: a window of another length.
        """
        dtype = real_dtype(numeric(dtype, "STFT"))
        length, _, bins = shape
        time = jnp.arange(length, dtype=dtype).reshape(length, 1, 1)
        frequency = jnp.arange(bins, dtype=dtype).reshape(1, 1, bins) / ((bins - 1) * 2)
        angle = -2 * time * frequency * np.pi
        kernel = jnp.cos(angle) if self.side == "real" else jnp.sin(angle)
        window = self._window(length)
        if window is None:
            return kernel.astype(dtype)
        weights = jnp.asarray(window, dtype)
        scale: Any = 1
        if self.scaling == "density":
            scale = jnp.sqrt(jnp.sum(jnp.square(weights)))
        elif self.scaling == "spectrum":
            scale = jnp.sum(jnp.abs(weights))
        return (kernel * weights.reshape(length, 1, 1) / scale).astype(dtype)

    def _window(self, length: int) -> Any:
        if not isinstance(self.window, str):
            window = self.window
        else:
            from scipy.signal import get_window

            window = get_window(self.window, length, self.periodic)
        if window is not None and np.shape(window) != (length,):
            raise ShapeError("STFT", got=f"a window of shape {np.shape(window)}", expected=f"({length},)")
        return window

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}
