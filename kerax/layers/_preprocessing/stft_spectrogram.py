"""STFTSpectrogram: sound as frequencies over time, by convolution with trainable waves."""

from __future__ import annotations

import math
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from ... import config
from ..._core.dtypes import is_float
from ..._errors import ArgumentError, DTypeError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import one_of, positive
from .._layer import Layer, LayerOptions
from .._spec import InputSpec

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """The short-time Fourier transform of signals: (batch, time, channels) -> (batch, frames, channels * frequencies).

    Each channel is convolved with cosines and sines under a window; they are weights, `real_kernel` and
    `imag_kernel`, which train unless `trainable=False`.

    Args:
        mode: "log" (logarithm of the magnitude), "magnitude", "psd" (power, both halves of the spectrum added),
            "real", "imag", "angle", or "stft" (real parts, then imaginary ones: twice the frequencies).
        frame_length: samples of a window.
        frame_step: samples from one window to the next, half of `frame_length` by default.
        fft_length: of each transform, the next power of two by default; it gives fft_length // 2 + 1 frequencies.
        window: "hann", "hamming", `frame_length` values, or None for none.
        periodic: whether a named window is one period of its curve, rather than symmetric.
        scaling: "density" divides the window by the root of its sum of squares, "spectrum" by its sum; None: neither.
        padding: "valid" or "same".
        expand_dims: whether frequencies get an axis of their own: (batch, frames, frequencies, channels).
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: unknown words, or lengths that do not go together.
        DTypeError: integers.
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        where = f"STFTSpectrogram {self.name!r}"
        self.mode = one_of(mode, _MODES, "mode", where)
        self.frame_length = positive(frame_length, "frame_length", where)
        self.frame_step, self.fft_length = frame_step, fft_length
        if frame_step is not None and not 0 < frame_step <= frame_length:
            raise ArgumentError(where, got=f"frame_step={frame_step}", expected=f"1 to frame_length={frame_length}")
        if fft_length is not None and fft_length < frame_length:
            raise ArgumentError(where, got=f"fft_length={fft_length}", expected=f"at least frame_length={frame_length}")
        if isinstance(window, str):
            one_of(window, ("hann", "hamming"), "window", where)
        elif window is not None and np.shape(window) != (frame_length,):
            raise ArgumentError(
                where, got=f"a window of shape {np.shape(window)}", expected=f"({frame_length},), a value each sample"
            )
        self.window, self.periodic = window, periodic
        self.scaling = None if scaling is None else one_of(scaling, ("density", "spectrum"), "scaling", where)
        self.padding = one_of(padding, ("valid", "same"), "padding", where)
        self.expand_dims = expand_dims
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    @property
    def _step(self) -> int:
        return self.frame_step or self.frame_length // 2

    @property
    def _transform_length(self) -> int:
        return self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))

    def _weights(self) -> np.ndarray:
        """(frame_length,): the window, scaled."""
        if self.window is None:
            return np.ones(self.frame_length)
        if isinstance(self.window, str):
            span = self.frame_length if self.periodic else max(self.frame_length - 1, 1)
            base = 0.5 if self.window == "hann" else 0.54
            values = base - (1 - base) * np.cos(2 * np.pi * np.arange(self.frame_length) / span)
        else:
            values = np.asarray(self.window, "float64")
        if self.scaling == "density":
            return values / np.sqrt(np.sum(np.square(values)))
        return values / np.abs(np.sum(values)) if self.scaling == "spectrum" else values

    def build(self, input_shape: Shape) -> None:
        """Make `real_kernel` and `imag_kernel` (frame_length, 1, frequencies), without those the mode does not use."""
        length = self._transform_length
        turns = np.outer(np.arange(self.frame_length), np.arange(length // 2 + 1)) % length  # small angles are exact
        angle = -2 * np.pi * turns / length
        parts = {"real": np.cos(angle), "imag": np.sin(angle)}
        for name, values in parts.items():
            if self.mode in ("real", "imag") and self.mode != name:
                continue
            kernel = (values * self._weights()[:, None])[:, None]
            weight = self.add_weight(
                name=f"{name}_kernel",
                shape=kernel.shape,
                initializer=lambda shape, dtype, kernel=kernel: jnp.asarray(kernel, dtype),
            )
            setattr(self, f"{name}_kernel", weight)

    def call(self, inputs: Array) -> Array:
        """(batch, time, channels) -> (batch, frames, channels * frequencies)."""
        if not jnp.issubdtype(inputs.dtype, jnp.floating):
            raise DTypeError(f"STFTSpectrogram {self.name!r}", got=f"inputs of dtype {inputs.dtype}", expected="floats")
        first = self.data_format == "channels_first"
        signals = inputs if first else jnp.swapaxes(inputs, 1, 2)
        parts = self._spectrum(signals.reshape(-1, signals.shape[-1]))
        parts = parts.reshape(*signals.shape[:2], *parts.shape[1:])  # (batch, channels, frames, frequencies)
        if self.expand_dims:
            return parts if first else jnp.moveaxis(parts, 1, -1)
        parts = jnp.moveaxis(parts, 2, 1)
        merged = parts.reshape(*parts.shape[:2], -1)
        return jnp.swapaxes(merged, 1, 2) if first else merged

    def _spectrum(self, signals: Array) -> Array:
        """(rows, time) -> (rows, frames, frequencies)."""

        step, length = self._step, self.frame_length
        if self.padding == "same":
            missing = max((-(-signals.shape[1] // step) - 1) * step + length - signals.shape[1], 0)
            signals = jnp.pad(signals, ((0, 0), (missing // 2, missing - missing // 2)))
        count = (signals.shape[1] - length) // step + 1
        # Windows and a product: as a convolution, so wide and of one channel, XLA is slower at it on the CPU.
        frames = signals[:, np.arange(count)[:, None] * step + np.arange(length)]

        def part(kernel: Any) -> Array:
            return jnp.matmul(frames, kernel.value[:, 0])

        if self.mode == "real":
            return part(self.real_kernel)
        if self.mode == "imag":
            return part(self.imag_kernel)
        real, imag = part(self.real_kernel), part(self.imag_kernel)
        if self.mode == "stft":
            return jnp.concatenate([real, imag], axis=-1)
        if self.mode == "angle":
            return jnp.arctan2(imag, real)
        power = jnp.square(real) + jnp.square(imag)
        if self.mode == "psd":
            return jnp.concatenate([power[..., :1], 2 * power[..., 1:-1], power[..., -1:]], axis=-1)
        size = jnp.sqrt(jnp.maximum(power, config.epsilon() ** 2) if self.mode == "log" else power)
        return jnp.log(size) if self.mode == "log" else size

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, time, channels) -> (batch, frames, channels * frequencies)."""
        first = self.data_format == "channels_first"
        batch, time, channels = (input_shape[i] for i in ((0, 2, 1) if first else (0, 1, 2)))
        frequencies = (self._transform_length // 2 + 1) * (2 if self.mode == "stft" else 1)
        frames = None
        if time is not None:
            reach = self.frame_length if self.padding == "valid" else 1
            frames = (time - reach) // self._step + 1
        if self.expand_dims:
            return (batch, channels, frames, frequencies) if first else (batch, frames, frequencies, channels)
        merged = None if channels is None else channels * frequencies
        return (batch, merged, frames) if first else (batch, frames, merged)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        if not is_float(inputs.dtype):
            raise DTypeError(f"STFTSpectrogram {self.name!r}", got=f"inputs of dtype {inputs.dtype}", expected="floats")
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
