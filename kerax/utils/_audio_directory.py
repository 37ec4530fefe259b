"""Sounds in folders as a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import ArgumentError, Unsupported
from .._types import PathLike
from ..data import Dataset
from ._directories import Options
from ._loading import Unreadable, check_on_error, datasets_of
from ._wav import WavError, read_wav, resampled

__all__ = ["audio_dataset_from_directory"]


@dataclasses.dataclass(frozen=True)
class _Reader:
    """From the path of a file to (samples, 1) float32."""

    rate: int | None
    length: int | None

    def __call__(self, path: str) -> np.ndarray:
        try:
            sound, rate = read_wav(Path(path).read_bytes())
        except WavError as error:
            raise Unreadable(str(error)) from error
        sound = sound[:, :1]
        if self.rate is not None:
            if self.length is not None:
                sound = sound[: -(-self.length * rate // self.rate) + rate]  # what lies far behind is not heard
            sound = resampled(sound, rate, self.rate)
        if self.length is None:
            return sound
        return np.pad(sound[: self.length], ((0, max(0, self.length - len(sound))), (0, 0)))


def _padded(data: Dataset, size: int) -> Dataset:
    return data.padded_batch(size)


def audio_dataset_from_directory(
    directory: PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
    *,
    on_error: str = "raise",
) -> Any:
    """A data set of the WAV files in a folder.

    With one folder a class, `sounds/yes/1.wav`, `sounds/no/1.wav` …, it gives batches of sounds and the numbers of
    their folders.

    Args:
        directory: the folder. Files below it that end in .wav are read: PCM of 8, 16, 24 or 32 bits, or floats.
        labels: see `image_dataset_from_directory`, as are those not named here.
        sampling_rate: samples a second to convert all sounds to, default those that each file has.
        output_sequence_length: samples to cut or to fill up (with zeros) each sound to. By default the sounds of a
            batch are filled up to its longest.
        ragged: must be False.
        on_error: what to do about a file that cannot be read: "raise", or "skip", which leaves it out and notes it in
            `dataset.skipped`.

    Returns:
        A `Dataset` with the attributes `class_names` and `file_paths`. Its elements are (sounds, labels), or sounds
        alone: float32 (batch, samples, 1), the first channel of each file, from -1 to 1; labels int32 (batch,), or
        float32 (batch, 1) for "binary" and (batch, classes) for "categorical".

    Raises:
        FileNotFoundError: there is no such folder.
        ArgumentError: values that fit neither each other nor the folder.
        DataError: no sounds; or, while reading, a file that is no WAV file, named.
        Unsupported: `ragged=True`.
    """
    where = "audio_dataset_from_directory"
    check_on_error(where, on_error)
    for name, value in (("sampling_rate", sampling_rate), ("output_sequence_length", output_sequence_length)):
        if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
            raise ArgumentError(where, got=f"{name}={value!r}", expected="a positive integer, or None")
    if ragged and output_sequence_length is not None:
        raise ArgumentError(where, got="ragged=True and output_sequence_length", expected="one of them")
    if ragged:
        raise Unsupported(
            where,
            got="ragged=True, and there are no ragged arrays in JAX",
            hint="ragged=False, which fills up with zeros, or batch_size=None for sounds one by one",
        )
    options = Options(
        where, "sounds", (".wav",), directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    read = _Reader(sampling_rate, output_sequence_length)
    blank = np.zeros((output_sequence_length or 0, 1), "float32")
    return datasets_of(options, read, on_error=on_error, blank=blank, batched=_padded)
