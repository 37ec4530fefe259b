"""Where and how image layers run: in models, compiled, in threads, on the host, in every dtype."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import kerax
from kerax import layers
from kerax.layers._preprocessing.image.resizing import METHODS, resized

PIXELS = np.random.default_rng(0).integers(0, 255, (4, 8, 9, 3)).astype("float32")


def augment(seed=1):
    return [layers.RandomFlip("horizontal", seed=seed), layers.RandomBrightness(0.2, seed=seed)]


@pytest.mark.parametrize("functional", [False, True])
def test_a_model_augments_while_it_trains_and_only_then(functional):
    body = [*augment(), layers.CenterCrop(6, 6), layers.Flatten(), layers.Dense(1)]
    if functional:
        inputs = outputs = kerax.Input((8, 9, 3))
        for layer in body:
            outputs = layer(outputs)
        model = kerax.Model(inputs, outputs)
    else:
        model = kerax.Sequential([kerax.Input((8, 9, 3)), *body])
    assert model.output_shape == (None, 1)
    model.compile(kerax.optimizers.SGD(1e-8), "mse")
    before = np.asarray(body[0].generator.state.value).copy()
    model.fit(PIXELS, np.ones((4, 1)), batch_size=2, epochs=2, verbose=0)
    drawn = np.asarray(body[0].generator.state.value) - before
    assert drawn.tolist() == [0, 4]  # one draw a step
    once, twice = model.predict(PIXELS, verbose=0), model.predict(PIXELS, verbose=0)
    np.testing.assert_array_equal(once, twice)
    assert (np.asarray(body[0].generator.state.value) - before).tolist() == [0, 4]
    assert np.abs(np.asarray(model(PIXELS, training=True)) - once).max() > 0


def test_called_by_itself_a_random_layer_is_active():
    layer = layers.RandomFlip("horizontal", seed=3)
    assert np.any(np.asarray(layer(PIXELS)) != PIXELS)
    np.testing.assert_array_equal(layer(PIXELS, training=False), PIXELS)


def test_equal_seeds_draw_the_same_compiled_traced_and_on_the_host():
    whole = {}
    for way in ("host", "compiled", "traced", "single"):
        layer = layers.RandomFlip("horizontal", seed=3)
        if way == "compiled":
            layer._on_host = False
        call = nnx.jit(lambda layer, x: layer(x)) if way == "traced" else lambda layer, x: layer(x)
        given = PIXELS if way != "single" else PIXELS[:1]
        whole[way] = [np.asarray(call(layer, given)) for _ in range(3)]
        assert np.asarray(layer.generator.state.value).tolist() == [3, 3]
    for way in ("compiled", "traced"):
        np.testing.assert_array_equal(whole[way], whole["host"])
    layer = layers.RandomFlip("horizontal", seed=3)
    np.testing.assert_array_equal([np.asarray(layer(PIXELS[0])) for _ in range(3)], np.stack(whole["single"])[:, 0])


@pytest.mark.parametrize("way", ["host", "compiled"])
def test_in_threads_no_draw_is_lost_or_drawn_twice(way):
    def make(seed):
        return layers.RandomFlip(seed=seed) if way == "host" else layers.RandomBrightness(0.5, seed=seed)

    image = np.arange(12, dtype="float32").reshape(2, 2, 3) * 7
    serial, shared = make(seed=5), make(seed=5)
    expected = sorted(np.asarray(serial(image)).tobytes() for _ in range(64))
    with ThreadPoolExecutor(8) as pool:
        found = sorted(np.asarray(y).tobytes() for y in pool.map(lambda _: shared(image), range(64)))
    assert np.asarray(shared.generator.state.value).tolist() == [5, 64]
    assert found == expected


def test_one_program_serves_all_calls_of_a_shape():
    layer = layers.RandomRotation(0.1, seed=1)
    for given in (PIXELS, PIXELS, jnp.asarray(PIXELS), PIXELS[:2]):
        layer(given)
    assert layer._runner._programs[True]._cache_size() <= 2  # JAX forgets some when many are around


def test_changed_arguments_are_heeded_after_a_call():
    layer = layers.RandomBrightness((0.2, 0.2))
    assert np.asarray(layer(np.zeros((2, 2, 3), "float32"))).max() == pytest.approx(51)
    layer.factor = (0.4, 0.4)
    assert np.asarray(layer(np.zeros((2, 2, 3), "float32"))).max() == pytest.approx(102)


def test_many_sizes_of_images_compile_nothing_on_the_host():
    layer = kerax.layers.Resizing(6, 6)
    for size in range(5, 25):
        assert layer(np.zeros((size, size + 1, 3), "uint8")).shape == (6, 6, 3)
    assert layer._runner._programs == {}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(3, 20), (20, 3), (8, 9), (1, 1)])
def test_resizing_on_the_host_is_resizing_on_the_device(method, size):
    for options in ({}, {"antialias": True}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}):
        mine = resized(PIXELS, size, method, **options)
        np.testing.assert_allclose(mine, kerax.ops.image.resize(PIXELS, size, method, **options), atol=0.05)


def test_the_layer_is_pure_under_jit_vmap_and_grad():
    layer = layers.RandomBrightness((0.1, 0.1), seed=1)
    state = [v.value for v in layer.non_trainable_variables]
    pure = jax.jit(lambda x: layer.stateless_call([], state, x, training=True)[0])
    np.testing.assert_allclose(pure(PIXELS), np.clip(PIXELS + 25.5, 0, 255), atol=1e-3)
    rows = jax.vmap(lambda row: layer.stateless_call([], state, row, training=True)[0])(jnp.asarray(PIXELS))
    np.testing.assert_allclose(rows, pure(PIXELS), atol=1e-3)
    grads = jax.grad(lambda x: layer.stateless_call([], state, x, training=True)[0].sum())(jnp.asarray(PIXELS))
    np.testing.assert_array_equal(grads, PIXELS + 25.5 < 255)


def test_pixels_are_computed_in_full_and_leave_in_the_dtype_of_the_policy():
    with_half = layers.RandomContrast((0.5, 0.5), seed=1, dtype="mixed_bfloat16")
    full = layers.RandomContrast((0.5, 0.5), seed=1)
    out = with_half(PIXELS)
    assert out.dtype == "bfloat16"
    np.testing.assert_allclose(np.asarray(out, "float32"), full(PIXELS), atol=1.1)  # one rounding


def test_integers_stay_where_the_layer_says_so():
    whole = PIXELS.astype("uint8")
    kept = [layers.Resizing(4, 4), layers.RandomBrightness(0.5, seed=1), layers.RandomGrayscale(seed=1)]
    for layer in kept:
        for training in (True, False):
            assert layer(whole, training=training).dtype == "uint8"
        assert layer(kerax.Input((8, 9, 3), dtype="uint8")).dtype == "uint8"
    for layer in (layers.RandomFlip(seed=1), layers.RandomHue(0.1), layers.RandomRotation(0.1), layers.MixUp()):
        for training in (True, False):
            assert layer(whole, training=training).dtype == "float32"
        assert layer(kerax.Input((8, 9, 3), dtype="uint8")).dtype == "float32"


def test_integers_are_cut_at_the_range_and_do_not_wrap():
    dark = layers.RandomBrightness((-0.5, -0.5))(np.array([0, 100, 200], "uint8").reshape(1, 3, 1))
    assert np.asarray(dark).ravel().tolist() == [0, 0, 72]


def test_results_stay_in_the_range_of_values():
    for make in (
        lambda r: layers.RandomBrightness(1.0, r),
        lambda r: layers.RandomContrast(1.0, r),
        lambda r: layers.RandomSaturation(1.0, r),
        lambda r: layers.RandomHue(1.0, r),
        lambda r: layers.RandomInvert((1.0, 1.0), r),
        lambda r: layers.Solarization(1.0, 1.0, r),
        lambda r: layers.RandomSharpness(1.0, r),
        lambda r: layers.RandomErasing(value_range=r),
    ):
        for least, greatest in ((0, 255), (-1, 1)):
            out = np.asarray(make((least, greatest))(PIXELS / 255 * (greatest - least) + least))
            assert out.min() >= least - 1e-3
            assert out.max() <= greatest + 1e-3


def test_each_image_is_equalized_by_itself():
    layer = layers.Equalization()
    alone = np.stack([np.asarray(layer(image)) for image in PIXELS])
    np.testing.assert_array_equal(layer(PIXELS), alone)


def test_a_crop_larger_than_the_image_shows_the_largest_part_that_fits():
    layer = layers.RandomCrop(12, 6)
    expected = kerax.ops.image.resize(PIXELS, (12, 6), crop_to_aspect_ratio=True)
    np.testing.assert_allclose(layer(PIXELS), expected, atol=1e-3)
    # Not training, so is the largest part of an image that is large enough.
    fits = layers.RandomCrop(4, 3)(PIXELS, training=False)
    np.testing.assert_allclose(fits, kerax.ops.image.resize(PIXELS, (4, 3), crop_to_aspect_ratio=True), atol=1e-3)


def test_copies_and_pickles_draw_on_from_where_the_layer_stood():
    layer = layers.RandomFlip(seed=3)
    layer(PIXELS)
    others = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), nnx.clone(layer)]
    expected = np.asarray(layer(PIXELS))
    for other in others:
        np.testing.assert_array_equal(other(PIXELS), expected)


def test_a_pipeline_and_a_sequential_map_single_images():
    image = PIXELS[0]
    for stack in (layers.Pipeline, kerax.Sequential):
        layer = stack([layers.Resizing(6, 6), layers.RandomFlip(seed=1), layers.Rescaling(1 / 255)])
        out = layer(image[None]) if stack is kerax.Sequential else layer(image)
        assert out.shape[-3:] == (6, 6, 3)
        assert float(jnp.max(out)) <= 1
