"""Files through TensorFlow's names: sounds, CSV, and images decoded in Dataset.map."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from PIL import Image

from kerax.compat import tf


def test_sounds_are_encoded_as_the_standard_library_reads_them_and_decoded_again():
    sound = np.stack([np.sin(np.arange(50) / 5), np.linspace(-1, 1, 50)], axis=1).astype("float32")
    data = tf.audio.encode_wav(sound, 8000)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (2, 2, 8000, 50)
    audio, rate = tf.audio.decode_wav(data)
    assert int(rate) == 8000
    np.testing.assert_allclose(audio, sound, atol=1e-4)
    shorter, _ = tf.audio.decode_wav(data, desired_channels=1, desired_samples=20)
    np.testing.assert_array_equal(shorter, audio[:20, :1])
    wider = tf.audio.decode_wav(data, desired_channels=3, desired_samples=60).audio
    assert wider.shape == (60, 3)
    np.testing.assert_array_equal(wider[:50, 2], audio[:, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="no WAV file"):
        tf.audio.decode_wav(b"these are words, not a sound")


def test_lines_of_csv_become_columns():
    lines = np.array(['1,2.5,"a,b"', ",7,"], object)
    number, real, text = tf.io.decode_csv(lines, [[3], [0.0], ["none"]])
    assert (number.tolist(), real.tolist(), text.tolist()) == ([1, 3], [2.5, 7.0], ["a,b", "none"])
    assert (number.dtype, real.dtype) == ("int32", "float32")
    (only,) = tf.io.decode_csv("1;x;3", [tf.int32], field_delim=";", select_cols=[2])
    assert (int(only), only.shape) == (3, ())


@pytest.mark.parametrize(
    ("line", "defaults", "message"),
    [
        ("1,2", [[0]], "record 0: got 2 fields, expected 1 fields"),
        ("x", [[0]], "record 0, field 0: got 'x' is no int32"),
        (",1", [tf.float32, tf.int32], "record 0, field 0: got a value is missing"),
        ('"1', [[0]], "unexpected end of data"),
    ],
)
def test_lines_that_do_not_fit_are_errors(line, defaults, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.io.decode_csv(line, defaults)


def test_a_csv_file_and_image_files_become_datasets(tmp_path):
    (tmp_path / "x.csv").write_text("a,y\n1,0\n2,1\n")
    data = tf.data.experimental.make_csv_dataset(str(tmp_path / "x.csv"), 2, label_name="y", shuffle=False)
    features, labels = next(iter(data))
    assert (features["a"].tolist(), labels.tolist()) == ([1, 2], [0, 1])

    Image.fromarray(np.full((6, 8, 3), 100, "uint8")).save(tmp_path / "1.png")

    def load(path):
        image = tf.io.decode_png(tf.io.read_file(path), channels=3)
        return tf.image.resize(image, [3, 4]) / 255.0

    images = tf.data.Dataset.list_files(str(tmp_path / "*.png")).map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(1)
    np.testing.assert_allclose(next(iter(images)), np.full((1, 3, 4, 3), 100 / 255), rtol=1e-6)
