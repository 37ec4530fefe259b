"""Images as Pillow has them and as arrays, with Keras as the oracle."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

import kerax
from kerax.preprocessing import image as old_names

from .folders import fill, picture

COLOURS = picture(1, (9, 14, 4))
FILES = {
    "rgb.png": COLOURS[..., :3],
    "rgba.png": COLOURS,
    "grey.png": COLOURS[..., 0],
    "grey16.png": COLOURS[..., 0].astype("uint16") * 200,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = fill(tmp_path_factory.mktemp("images"), FILES)
    colours = Image.fromarray(COLOURS)
    colours.convert("LA").save(root / "grey_alpha.png")
    colours.convert("RGB").quantize(7).save(root / "palette.png")
    colours.convert("CMYK").save(root / "cmyk.jpg")
    colours.convert("1").save(root / "bits.bmp")
    Image.fromarray(COLOURS[..., :3]).save(
        root / "moving.gif", save_all=True, append_images=[Image.fromarray(255 - COLOURS[..., :3])]
    )
    return root


def same(mine, reference):
    assert (mine.mode, mine.size) == (reference.mode, reference.size)
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(reference))


NAMES = [*FILES, "grey_alpha.png", "palette.png", "cmyk.jpg", "bits.bmp", "moving.gif"]


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_loaded_as_keras_loads_it(folder, name, color_mode):
    path = folder / name
    same(kerax.utils.load_img(path, color_mode), keras.utils.load_img(path, color_mode))


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"])
@pytest.mark.parametrize("size", [(4, 10), (20, 11), (9, 14)])
def test_a_file_is_resized_as_keras_resizes_it(folder, size, interpolation, keep):
    options = {"target_size": size, "interpolation": interpolation, "keep_aspect_ratio": keep}
    path = folder / "rgb.png"
    same(kerax.utils.load_img(path, **options), keras.utils.load_img(path, **options))


def test_paths_of_all_kinds_and_bytes_in_memory_are_read(folder):
    path = folder / "rgb.png"
    expected = kerax.utils.load_img(str(path))
    for given in (path, str(path).encode(), io.BytesIO(path.read_bytes())):
        same(kerax.utils.load_img(given), expected)


def test_transparency_of_a_palette_is_left_out_without_a_warning(tmp_path):
    Image.fromarray(COLOURS[..., :3]).quantize(4).save(tmp_path / "x.png", transparency=bytes([0, 9, 255, 255]))
    with Image.open(tmp_path / "x.png") as image:
        expected = image.convert("RGBA")
    np.testing.assert_array_equal(kerax.utils.load_img(tmp_path / "x.png"), np.asarray(expected)[..., :3])
    same(kerax.utils.load_img(tmp_path / "x.png", "rgba"), expected)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"color_mode": "cmyk"}, ValueError, "color_mode='cmyk'"),
        ({"target_size": (4, 4), "interpolation": "foo"}, ValueError, "interpolation='foo'.*lanczos"),
        ({"target_size": 4}, ValueError, r"target_size: got 4, expected \(height, width\)"),
        ({"path": 3}, TypeError, "got a int"),
        ({"path": "nowhere.png"}, FileNotFoundError, "nowhere"),
        ({"path": io.BytesIO(b"text")}, UnidentifiedImageError, "cannot identify"),
    ],
)
def test_what_cannot_be_loaded_is_an_error(folder, options, error, message):
    with pytest.raises(error, match=message):
        kerax.utils.load_img(**{"path": folder / "rgb.png", **options})


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P", "I", "F", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"data_format": "channels_first"}, {"dtype": "uint8"}], ids=str)
def test_an_image_becomes_the_array_that_keras_makes(mode, options):
    image = Image.fromarray(COLOURS[..., 0]).convert(mode) if mode in "PIF1" else Image.fromarray(COLOURS).convert(mode)
    mine, reference = kerax.utils.img_to_array(image, **options), keras.utils.img_to_array(image, **options)
    assert mine.dtype == reference.dtype
    np.testing.assert_array_equal(mine, reference)
    mine += 1  # one's own memory


def test_arrays_of_two_axes_become_three_and_others_are_errors():
    assert kerax.utils.img_to_array(np.zeros((3, 4))).shape == (3, 4, 1)
    assert kerax.utils.img_to_array(np.zeros((3, 4)), data_format="channels_first").shape == (1, 3, 4)
    with pytest.raises(ValueError, match=r"\(1, 3, 4, 3\).*2 or 3 axes"):
        kerax.utils.img_to_array(np.zeros((1, 3, 4, 3)))
    with pytest.raises(ValueError, match="data_format.*'foo'"):
        kerax.utils.img_to_array(np.zeros((3, 4)), data_format="foo")


VALUES = {
    "bytes": picture(2, (4, 5, 4)),
    "floats": np.random.default_rng(3).random((4, 5, 4)) * 250,
    "negative": np.random.default_rng(4).random((4, 5, 4)) * -9,
    "constant": np.full((4, 5, 4), 3.0),
    "zero": np.zeros((4, 5, 4)),
}


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("values", "scale"), [*[(name, True) for name in VALUES], *[(name, False) for name in VALUES if name != "negative"]]
)
def test_an_array_becomes_the_image_that_keras_makes(values, scale, channels):
    x = VALUES[values][..., :channels]
    same(kerax.utils.array_to_img(x, scale=scale), keras.utils.array_to_img(x, scale=scale))
    first = {"data_format": "channels_first", "scale": scale}
    turned = x.transpose(2, 0, 1)
    same(kerax.utils.array_to_img(turned, **first), keras.utils.array_to_img(turned, **first))


def test_large_values_of_a_single_channel_keep_their_depth():
    x = np.random.default_rng(5).random((4, 5, 1)) * 1000
    same(kerax.utils.array_to_img(x, scale=False), keras.utils.array_to_img(x, scale=False))
    same(kerax.utils.array_to_img([[[1, 2, 3]]]), keras.utils.array_to_img([[[1, 2, 3]]]))


@pytest.mark.parametrize(
    ("shape", "message"), [((4, 5), "3 axes"), ((1, 4, 5, 3), "3 axes"), ((4, 5, 2), "2 channels.*1, 3 or 4")]
)
def test_arrays_that_are_no_image_are_errors(shape, message):
    with pytest.raises(ValueError, match=message):
        kerax.utils.array_to_img(np.zeros(shape))
    with pytest.raises(ValueError):
        keras.utils.array_to_img(np.zeros(shape))


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.jpg", "x.jpeg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_saved_file_is_that_of_keras(tmp_path, name, channels):
    x = VALUES["floats"][..., :channels]
    kerax.utils.save_img(tmp_path / name, x)
    keras.utils.save_img(tmp_path / f"keras_{name}", x)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"keras_{name}").read_bytes()


def test_saving_takes_a_format_options_and_open_files(tmp_path):
    x = VALUES["bytes"][..., :3]
    kerax.utils.save_img(tmp_path / "x.data", x, file_format="jpg", quality=5)
    assert (tmp_path / "x.data").read_bytes()[:3] == b"\xff\xd8\xff"
    file = io.BytesIO()
    kerax.utils.save_img(file, x, file_format="png", scale=False)
    np.testing.assert_array_equal(Image.open(file), x)
    kerax.utils.save_img(str(tmp_path / "x.png"), x.transpose(2, 0, 1), data_format="channels_first", scale=False)
    np.testing.assert_array_equal(kerax.utils.load_img(tmp_path / "x.png"), x)
    with pytest.raises(ValueError, match="unknown file extension"):
        kerax.utils.save_img(io.BytesIO(), x)


def test_transparency_is_left_out_of_a_jpeg_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        kerax.utils.save_img(tmp_path / "x.jpg", VALUES["bytes"])
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.mode == "RGB"


@pytest.mark.parametrize(
    ("size", "shape", "dtype"),
    [((3, 3), (6, 9, 3), "float32"), ((10, 4), (6, 9, 3), "uint8"), ((4, 10), (2, 9, 6, 1), "uint8")],
)
def test_smart_resize_is_that_of_keras(size, shape, dtype):
    x = (np.random.default_rng(6).random(shape) * 255).astype(dtype)
    mine, reference = old_names.smart_resize(x, size), keras.preprocessing.image.smart_resize(x, size)
    assert isinstance(mine, np.ndarray)
    assert mine.dtype == reference.dtype
    np.testing.assert_allclose(mine, reference, atol=1e-4)


def test_smart_resize_says_what_it_takes():
    with pytest.raises(ValueError, match=r"size: got 5"):
        old_names.smart_resize(np.zeros((4, 4, 3)), 5)
    with pytest.raises(ValueError, match=r"smart_resize: got shape \(4, 4\)"):
        old_names.smart_resize(np.zeros((4, 4)), (2, 2))


def test_old_names_are_the_same_functions_and_what_is_gone_names_its_successor():
    assert kerax.preprocessing.image.load_img is kerax.utils.load_img
    assert kerax.preprocessing.image_dataset_from_directory is kerax.utils.image_dataset_from_directory
    assert kerax.preprocessing.text_dataset_from_directory is kerax.utils.text_dataset_from_directory
    with pytest.raises(AttributeError, match="image_dataset_from_directory and layers such as"):
        _ = kerax.preprocessing.image.ImageDataGenerator
    with pytest.raises(AttributeError, match="Did you mean 'load_img'"):
        _ = kerax.preprocessing.image.load_image
