"""What summaries hold, next to what TensorBoard's own functions make of the same numbers."""

from __future__ import annotations

import io
import wave

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from tensorboard.plugins.histogram import summary_v2 as histograms
from tensorboard.plugins.scalar import summary_v2 as scalars
from tensorboard.plugins.text import summary_v2 as texts
from tensorboard.util import tensor_util

from kerax._events import values
from kerax._events.codecs import png, wav


def array_of(value):
    """The tensor of a value, read by TensorBoard."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    return tensor_util.make_ndarray(Summary.Value.FromString(value.SerializeToString()).tensor)


def same(ours, theirs):
    """Whether a value is theirs, but for what the messages of tensorboardX lack."""
    (theirs,) = theirs.value
    assert ours.tag == theirs.tag
    assert ours.metadata.plugin_data.plugin_name == theirs.metadata.plugin_data.plugin_name
    assert ours.metadata.summary_description == theirs.metadata.summary_description
    np.testing.assert_array_equal(array_of(ours), tensor_util.make_ndarray(theirs.tensor))
    assert array_of(ours).dtype == tensor_util.make_ndarray(theirs.tensor).dtype


@pytest.mark.parametrize("number", [1, 2.5, True, np.float64(1e-30), np.int64(2**40), float("nan")])
def test_scalars(number):
    same(values.scalar("loss", number, "d"), scalars.scalar_pb("loss", float(number), "d"))


def test_scalars_of_sixteen_bits():
    assert array_of(values.scalar("x", jnp.bfloat16(1.5))) == np.float32(1.5)


@pytest.mark.parametrize("buckets", [None, 1, 7, 0])
@pytest.mark.parametrize(
    "data", [np.arange(12.0).reshape(3, 4) ** 2, [3, 1, 2], [5.0, 5.0, 5.0], [], [True, False, True]], ids=repr
)
def test_histograms(data, buckets):
    theirs = histograms.histogram_pb("h", data, **({} if buckets is None else {"buckets": buckets}))
    ours = array_of(values.histogram("h", data, buckets))
    expected = tensor_util.make_ndarray(theirs.value[0].tensor)
    assert ours.dtype == expected.dtype
    np.testing.assert_allclose(ours.reshape(-1, 3), expected.reshape(-1, 3), rtol=1e-12)


def test_histograms_count_what_is_finite():
    found = array_of(values.histogram("h", [np.nan, 1.0, np.inf, 2.0, -np.inf], 2))
    np.testing.assert_array_equal(found, [[1.0, 1.5, 1.0], [1.5, 2.0, 1.0]])
    np.testing.assert_array_equal(array_of(values.histogram("h", np.full(3, np.nan), 2)), np.zeros((2, 3)))


@pytest.mark.parametrize("data", ["some *text*", ["a", "b"], [["ä", "b"], ["c", ""]]], ids=repr)
def test_texts(data):
    same(values.text("t", data, "d"), texts.text_pb("t", np.asarray(data, dtype=object), "d"))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_is_read_back_as_it_was(channels, rng):
    pixels = rng.integers(0, 256, (5, 7, channels)).astype("uint8")
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    picture = Image.open(io.BytesIO(png(pixels)))
    assert picture.mode == mode
    np.testing.assert_array_equal(np.asarray(picture).reshape(pixels.shape), pixels)


@pytest.mark.parametrize(
    ("dtype", "levels", "expected"),
    [
        ("uint8", [0, 7, 255], [0, 7, 255]),
        ("float32", [0.0, 0.5, 1.0], [0, 127, 255]),
        ("float32", [-3.0, np.nan, 9.0], [0, 0, 255]),
        ("float16", [0.0, 0.25, 1.0], [0, 63, 255]),
        ("bool", [False, True, True], [0, 255, 255]),
        ("int16", [-5, 128, 32767], [0, 1, 255]),
        ("uint16", [0, 256, 65535], [0, 1, 255]),
        ("int8", [-5, 1, 127], [0, 2, 254]),
    ],
)
def test_levels_of_pictures(dtype, levels, expected):
    entry = values.image("i", np.asarray(levels, dtype).reshape(1, 1, 3, 1))
    width, height, content = array_of(entry)
    assert (int(width), int(height)) == (3, 1)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content)))[0], expected)


def test_only_the_first_pictures_and_sounds_are_kept():
    assert len(array_of(values.image("i", np.zeros((5, 2, 2, 3)), max_outputs=2))) == 2 + 2
    assert array_of(values.audio("a", np.zeros((5, 8, 1)), 10, max_outputs=2)).shape == (2, 2)


def test_sound_is_clipped_to_sixteen_bits():
    with wave.open(io.BytesIO(wav(np.array([[2.0], [-1.0], [0.5], [np.nan]]), 44100))) as file:
        assert file.getframerate() == 44100
        assert np.frombuffer(file.readframes(9), "<i2").tolist() == [32767, -32767, 16384, 0]


def test_raw_tensors_keep_dtype_and_shape():
    for data in (np.float32([[1, 2]]), np.float64(1), np.int32([3]), np.int64([[4]]), np.array([True])):
        found = array_of(values.raw("x", data))
        assert (found.dtype, found.shape) == (data.dtype, data.shape)
        np.testing.assert_array_equal(found, data)
    assert array_of(values.raw("x", ["a", "b"])).tolist() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: values.scalar("x", [1.0, 2.0]), ValueError, r"scalar 'x'.*\(2,\).*a single number"),
        (lambda: values.scalar("x", "high"), TypeError, "scalar 'x'.*'high'.*a number"),
        (lambda: values.histogram("x", [1.0], -1), ValueError, "histogram 'x'.*buckets=-1.*0 or more"),
        (lambda: values.histogram("x", ["a"]), TypeError, "histogram 'x'.*numbers"),
        (lambda: values.image("x", np.zeros((2, 2, 3))), ValueError, r"image 'x'.*\(2, 2, 3\).*data\[None\]"),
        (lambda: values.image("x", np.zeros((1, 2, 2, 5))), ValueError, r"\(1, 2, 2, 5\).*1, 2, 3 or 4"),
        (lambda: values.image("x", np.zeros((1, 2, 2, 1)), -1), ValueError, "max_outputs=-1"),
        (lambda: values.image("x", np.zeros((1, 1, 1, 1), complex)), TypeError, "complex128.*uint8, or floats"),
        (lambda: values.audio("x", np.zeros((2, 3)), 10), ValueError, r"audio 'x'.*\(2, 3\).*frames, channels"),
        (lambda: values.audio("x", np.zeros((2, 3, 1), int), 10), TypeError, "int64.*floats from -1 to 1"),
        (lambda: values.audio("x", np.zeros((2, 3, 1)), 10, encoding="mp3"), ValueError, "encoding='mp3'.*'wav'"),
        (lambda: values.audio("x", np.zeros((2, 3, 1)), 10, max_outputs=-1), ValueError, "max_outputs=-1"),
        (lambda: values.audio("x", np.zeros((2, 3, 1)), 0), ValueError, "sample_rate=0.*a positive number"),
        (lambda: values.text("x", 3), TypeError, "text 'x'.*int.*strings"),
        (lambda: values.raw("x", np.complex64(1)), TypeError, "complex64.*float32"),
    ],
)
def test_errors_say_what_is_wrong(make, error, message):
    with pytest.raises(error, match=message):
        make()
