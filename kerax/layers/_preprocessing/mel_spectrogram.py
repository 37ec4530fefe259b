"""MelSpectrogram: sound as loudness over time, in steps of pitch as we hear it."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from ... import ops
from ..._core.dtypes import real_dtype
from ..._errors import ArgumentError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import positive
from .._layer import Layer, LayerOptions


def _mel(hertz: Any) -> Any:
    """O'Shaughnessy's scale, 1987: 1127 ln(1 + f / 700)."""
    return 1127.0 * np.log1p(np.asarray(hertz, "float64") / 700.0)


class MelSpectrogram(Layer):
    """The mel spectrogram of audio: (batch, samples) -> (batch, mels, frames), or without the batch.

    The magnitudes of `ops.stft`, to the power `mag_exp`, are summed under triangles that are equally wide on the
    mel scale, and given in decibels.

    Args:
        fft_length: of each transform.
        sequence_stride: samples from one window to the next.
        sequence_length: samples of a window, `fft_length` by default.
        window: "hann", "hamming", the values, or None for none.
        sampling_rate: samples a second.
        num_mel_bins: how many triangles.
        min_freq: where the lowest begins, in hertz.
        max_freq: where the highest ends, half the sampling rate by default.
        power_to_db: whether the result is in decibels: `10 log10(power / ref_power)`.
        top_db: decibels below the loudest value of the call that are kept apart; what is below is lifted.
        mag_exp: 1 for magnitudes, 2 for power.
        min_power: the least power, under the logarithm.
        ref_power: the power of 0 decibels.

    Raises:
        ArgumentError: a window longer than the transform, or of another length.
    """

    _mixes_rows = True  # the loudest value is that of the whole batch

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        where = f"MelSpectrogram {self.name!r}"
        self.fft_length = positive(fft_length, "fft_length", where)
        self.sequence_stride = positive(sequence_stride, "sequence_stride", where)
        self.sequence_length = sequence_length or fft_length
        if self.sequence_length > fft_length:
            raise ArgumentError(
                where, got=f"sequence_length={sequence_length}", expected=f"at most fft_length={fft_length}"
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = positive(num_mel_bins, "num_mel_bins", where)
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def call(self, inputs: Array) -> Array:
        """(…, samples) -> (…, mels, frames)."""
        # In 32 bits: the decibels of small powers need them.
        samples = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
        real, imag = ops.stft(samples, self.sequence_length, self.sequence_stride, self.fft_length, self.window)
        magnitudes = jnp.sqrt(jnp.square(real) + jnp.square(imag)) ** self.mag_exp
        triangles = self.linear_to_mel_weight_matrix(
            self.num_mel_bins, self.fft_length // 2 + 1, self.sampling_rate, self.min_freq, self.max_freq
        )
        mels = jnp.swapaxes(jnp.matmul(magnitudes, triangles), -1, -2)
        if self.power_to_db:
            quiet = jnp.log10(jnp.maximum(self.ref_power, self.min_power))
            decibels = 10 * (jnp.log10(jnp.maximum(mels, self.min_power)) - quiet)
            mels = jnp.maximum(decibels, jnp.max(decibels) - self.top_db)
        return mels.astype(real_dtype(self.compute_dtype))

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: int = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Array:
        """(num_spectrogram_bins, num_mel_bins): how much each frequency counts in each mel bin.

        Args:
            num_mel_bins: columns.
            num_spectrogram_bins: rows, from 0 to half the sampling rate.
            sampling_rate: samples a second.
            lower_edge_hertz: where the lowest triangle begins.
            upper_edge_hertz: where the highest ends.
            dtype: of the result.
        """
        places = _mel(np.linspace(0.0, sampling_rate / 2, num_spectrogram_bins))[:, None]
        edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2)
        low, peak, high = edges[:-2], edges[1:-1], edges[2:]
        triangles = np.maximum(0.0, np.minimum((places - low) / (peak - low), (high - places) / (high - peak)))
        triangles[0] = 0.0  # what does not swing has no pitch
        return jnp.asarray(triangles, real_dtype(dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(…, samples) -> (…, mels, frames)."""
        samples = input_shape[-1]
        frames = None
        if samples is not None:
            frames = (samples + 2 * (self.fft_length // 2) - self.fft_length) // self.sequence_stride + 1
        return (*input_shape[:-1], self.num_mel_bins, frames)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
