"""Sounds in folders: WAV files of all widths, lengths, rates, and broken ones."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import scipy.signal

import kerax
from kerax.utils._wav import WavError, read_wav, resampled

from .folders import fill

WAVE = np.sin(np.arange(400) / 7) * 0.9


def pcm(sound, width, rate=8000):
    """A WAV file as the standard library writes it; `sound` (samples,) or (samples, channels) from -1 to 1."""
    sound = np.asarray(sound).reshape(len(sound), -1)
    whole = np.round(sound * (2 ** (8 * width - 1) - 1)).astype("int64")
    raw = b"".join(
        struct.pack("<i", value)[:width] if width > 1 else bytes([value + 128]) for value in whole.ravel().tolist()
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(sound.shape[1])
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(raw)
    return file.getvalue()


def chunked(header, samples, before=b""):
    """A WAV file of a header and samples, with another chunk in front."""
    chunks = before + b"fmt " + struct.pack("<I", len(header)) + header
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_integers_of_every_width_are_read(width):
    sound, rate = read_wav(pcm(WAVE, width, 11025))
    assert (sound.shape, sound.dtype, rate) == ((400, 1), np.float32, 11025)
    np.testing.assert_allclose(sound[:, 0], WAVE, atol=2.0 ** (2 - 8 * width) + 1e-6)


def test_the_range_of_sixteen_bits_is_that_of_tensorflow():
    samples = struct.pack("<3h", -32768, 0, 32767)
    sound, _ = read_wav(chunked(struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16), samples))
    np.testing.assert_array_equal(sound[:, 0], np.float32([-1, 0, 32767 / 32768]))


@pytest.mark.parametrize("bits", [32, 64])
def test_floats_and_extended_headers_and_other_chunks_are_read(bits):
    samples = WAVE.reshape(-1, 2).astype(f"<f{bits // 8}").tobytes()
    plain = struct.pack("<HHIIHH", 3, 2, 8000, 2000 * bits, bits // 4, bits)
    extended = struct.pack("<HHIIHHHHI", 0xFFFE, 2, 8000, 2000 * bits, bits // 4, bits, 22, bits, 3)
    extended += struct.pack("<H", 3) + bytes(14)
    for file in (chunked(plain, samples), chunked(extended, samples, before=b"LIST\x03\x00\x00\x00abc\x00")):
        sound, rate = read_wav(file)
        assert rate == 8000
        np.testing.assert_allclose(sound, WAVE.reshape(-1, 2), rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"these are words, not a sound", "no WAV file"),
        (pcm(WAVE, 2)[:30], "header or its samples are missing"),
        (chunked(struct.pack("<HHIIHH", 85, 1, 8000, 0, 2, 16), b"1234"), "format 85"),
        (chunked(struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16), b"1234"), "0 channels"),
        (chunked(struct.pack("<HHIIHH", 1, 1, 8000, 0, 7, 16), b"1234"), "7 bytes a frame"),
    ],
)
def test_what_is_no_sound_says_why(data, message):
    with pytest.raises(WavError, match=message):
        read_wav(data)


def test_a_file_cut_off_in_its_samples_gives_those_it_has():
    assert len(read_wav(pcm(WAVE, 2)[:-101])[0]) == 349


@pytest.mark.parametrize(("have", "want"), [(44100, 16000), (16000, 44100), (8000, 16000), (48000, 8000), (7, 7)])
def test_another_rate_is_what_scipy_makes(have, want):
    sound = np.random.default_rng(0).normal(size=(5000, 2))
    divisor = np.gcd(have, want)
    expected = scipy.signal.resample_poly(sound, want // divisor, have // divisor, axis=0)
    np.testing.assert_allclose(resampled(sound, have, want), expected, atol=1e-6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    stereo = np.stack([WAVE, -WAVE], axis=1)
    files = {
        "high/1.wav": pcm(WAVE, 2), "high/2.WAV": pcm(WAVE[:100], 2),
        "low/1.wav": pcm(stereo[:50], 2), "low/2.wav": pcm(WAVE[:200], 3, rate=16000),
    }  # fmt: skip
    return fill(tmp_path_factory.mktemp("sounds"), files)


def ours(folder, **options):
    return kerax.utils.audio_dataset_from_directory(folder, **{"verbose": False, "shuffle": False, **options})


def test_sounds_are_filled_up_to_the_longest_of_their_batch(folder):
    data = ours(folder, batch_size=3)
    assert data.class_names == ["high", "low"]
    (first, labels), (second, _) = data
    assert (first.shape, first.dtype, labels.tolist()) == ((3, 400, 1), np.float32, [0, 0, 1])
    assert second.shape == (1, 200, 1)
    np.testing.assert_allclose(first[0, :, 0], WAVE, atol=1e-4)
    np.testing.assert_allclose(first[2, :50, 0], WAVE[:50], atol=1e-4)  # the first of two channels
    assert not first[1, 100:].any()


def test_sounds_of_one_length_and_without_labels(folder):
    (sounds,) = ours(folder, label_mode=None, output_sequence_length=150)
    assert sounds.shape == (4, 150, 1)
    np.testing.assert_allclose(sounds[0, :, 0], WAVE[:150], atol=1e-4)
    assert not sounds[1, 100:].any()
    singles = ours(folder, batch_size=None)
    assert [len(sound) for sound, _ in singles] == [400, 100, 50, 200]


def test_sounds_of_one_rate(folder):
    singles = list(ours(folder, batch_size=None, sampling_rate=8000, label_mode=None))
    assert [len(sound) for sound in singles] == [400, 100, 50, 100]
    cut = list(ours(folder, batch_size=None, sampling_rate=4000, output_sequence_length=20, label_mode=None))
    whole = list(ours(folder, batch_size=None, sampling_rate=4000, label_mode=None))
    for one, other in zip(cut, whole):
        np.testing.assert_allclose(one, other[:20], atol=1e-6)


def test_a_broken_file_is_named_or_skipped_and_counted(tmp_path):
    fill(tmp_path, {"a/1.wav": pcm(WAVE, 2), "a/2.wav": b"", "b/1.wav": pcm(WAVE[:9], 2)})
    with pytest.raises(ValueError, match=r"a/2\.wav.*it is empty"):
        list(ours(tmp_path))
    data = ours(tmp_path, on_error="skip")
    ((sounds, labels),) = data
    assert (sounds.shape, labels.tolist()) == ((2, 400, 1), [0, 1])
    assert list(data.skipped) == [str(tmp_path / "a" / "2.wav")]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"ragged": True}, NotImplementedError, "no ragged arrays in JAX.*batch_size=None"),
        ({"ragged": True, "output_sequence_length": 5}, ValueError, "ragged=True and output_sequence_length"),
        ({"sampling_rate": 0}, ValueError, "sampling_rate=0"),
        ({"sampling_rate": 8000.0}, ValueError, "sampling_rate=8000.0"),
        ({"output_sequence_length": -1}, ValueError, "output_sequence_length=-1"),
    ],
)
def test_options_that_do_not_fit_are_named(folder, options, error, message):
    with pytest.raises(error, match=message):
        ours(folder, **options)
