"""Behaviour of kerax.ops that Keras is no oracle for, and errors."""

from __future__ import annotations

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import ops


def test_variables_lists_and_numbers_are_taken_everywhere():
    v = kerax.Variable(np.ones(3, "float32"))
    np.testing.assert_array_equal(ops.add(v, [1, 2, 3]), [2, 3, 4])
    np.testing.assert_array_equal(ops.stack([v, [1, 2, 3]]), [[1, 1, 1], [1, 2, 3]])
    np.testing.assert_array_equal(ops.convert_to_tensor([v, v]), np.ones((2, 3)))
    assert ops.convert_to_numpy([v, v]).shape == (2, 3)
    assert ops.shape([1, 2]) == (2,)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [(2, None, "int32"), (2.0, None, "float32"), (np.float64(2), None, "float32"), ([1.5], "int32", "int32")],
)
def test_convert_to_tensor_gives_the_dtype_keras_gives(value, dtype, expected):
    ours, theirs = ops.convert_to_tensor(value, dtype), keras.ops.convert_to_tensor(value, dtype)
    assert ours.dtype == theirs.dtype == expected
    assert ours.weak_type == theirs.weak_type


def test_is_tensor_is_true_for_arrays_alone():
    x = kerax.KerasTensor((2,))
    assert [ops.is_tensor(v) for v in (jnp.ones(2), np.ones(2), kerax.Variable(1.0), x)] == [True, False, False, False]


def test_dtype_is_a_name():
    assert ops.dtype(jnp.ones(2)) == ops.dtype(kerax.KerasTensor((2,))) == "float32"


def test_sparsemax_is_the_nearest_distribution(rng):
    x = jnp.asarray(rng.normal(size=(4, 6)), "float32")
    y = ops.sparsemax(x)
    np.testing.assert_allclose(y.sum(-1), 1.0, rtol=1e-6)
    assert (y >= 0).all()
    gap = np.asarray(x - y)  # a projection: the gap is one number where y is above 0, and no larger elsewhere
    for row, share in zip(gap, np.asarray(y), strict=True):
        level = row[share > 0]
        np.testing.assert_allclose(level, level[0], atol=1e-6)
        assert (row[share == 0] <= level[0] + 1e-6).all()


@pytest.mark.parametrize("window", ["hann", "hamming", None])
def test_istft_undoes_stft(rng, window):
    x = rng.normal(size=(2, 64)).astype("float32")
    parts = ops.stft(x, 16, 4, 16, window=window)
    np.testing.assert_allclose(ops.istft(parts, 16, 4, 16, length=64, window=window), x, atol=1e-5)


def test_crossentropies_stay_finite_in_half_precision():
    x = jnp.array([0.0, 1.0, 1.0], "bfloat16")
    loss = ops.binary_crossentropy(jnp.array([1.0, 0.0, 1.0], "bfloat16"), x)
    assert loss.dtype == "bfloat16"
    assert jnp.isfinite(loss).all()


def test_attention_caps_its_logits(rng):
    q, k, v = (jnp.asarray(rng.normal(size=(1, 5, 4, 8)), "float32") for _ in range(3))
    plain, loose = ops.dot_product_attention(q, k, v), ops.dot_product_attention(q, k, v, attn_logits_soft_cap=1e4)
    np.testing.assert_allclose(plain, loose, atol=1e-5)
    causal = ops.dot_product_attention(q, k, v, is_causal=True, attn_logits_soft_cap=1e4)
    np.testing.assert_allclose(causal, ops.dot_product_attention(q, k, v, is_causal=True), atol=1e-5)
    tight = ops.dot_product_attention(q, k, v, attn_logits_soft_cap=1e-4)
    np.testing.assert_allclose(tight, jnp.broadcast_to(v.mean(1, keepdims=True), v.shape), atol=1e-3)


@pytest.mark.parametrize(
    ("pattern", "sizes"),
    [
        ("b h w c -> b c h w", {}),
        ("b h w c -> (b h) w c", {}),
        ("b h w c -> h (b w) c", {}),
        ("b (h1 h) (w1 w) c -> (b h1 w1) h w c", {"h1": 2, "w1": 2}),
        ("b (h h1) (w w1) c -> b h w (c h1 w1)", {"h1": 2, "w1": 2}),
    ],
)
def test_rearrange_equals_keras(pattern, sizes):
    x = np.arange(2 * 4 * 6 * 3.0).reshape(2, 4, 6, 3)
    ours, theirs = ops.rearrange(x, pattern, **sizes), keras.ops.rearrange(x, pattern, **sizes)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("a b -> a c", "same names"), ("a -> a", "1 axes"), ("(a b) c -> a b c", "no sizes"), ("a b", "the pattern")],
)
def test_rearrange_names_what_is_wrong(pattern, words):
    with pytest.raises(ValueError, match=words):
        ops.rearrange(jnp.ones((2, 3)), pattern)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mask_index": 3},
        {"merge_repeated": False},
        {"strategy": "beam_search", "beam_width": 10, "top_paths": 3},
        pytest.param(
            {"strategy": "beam_search", "beam_width": 30, "top_paths": 2, "mask_index": 3}, marks=pytest.mark.slow
        ),
    ],
)
def test_ctc_decode_equals_keras(rng, options):
    x = rng.normal(size=(2, 6, 4)).astype("float32")
    for ours, theirs in zip(
        ops.ctc_decode(x, np.array([6, 4]), **options),
        keras.ops.ctc_decode(x, np.array([6, 4]), **options),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.conv(jnp.ones((1, 5, 5, 4)), jnp.ones((3, 3, 3, 2))), "4 input channels.*multiple of 3"),
        (lambda: ops.conv(jnp.ones((1, 5, 5, 4)), jnp.ones((3, 3, 4, 2)), padding="foo"), "padding='foo'"),
        (lambda: ops.max_pool(jnp.ones((1, 5, 5, 4)), (2, 2, 2)), "2 spatial axes"),
        (lambda: ops.binary_crossentropy(jnp.ones(3), jnp.ones((3, 1))), r"\(3,\).*\(3, 1\)"),
        (lambda: ops.sparse_categorical_crossentropy(jnp.ones(3), jnp.ones((2, 4))), r"\(3,\).*\(2, 4\)"),
        (lambda: ops.inv(jnp.ones((2, 3))), r"\(2, 3\).*square"),
        (lambda: ops.where(jnp.ones(3) > 0, 1), "both or neither"),
        (lambda: ops.glu(jnp.ones(3)), "even size"),
        (lambda: ops.dot_product_attention(*[jnp.ones((2, 3, 4))] * 3), "batch, length, heads, size"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_one_hot_refuses_sparse_results():
    with pytest.raises(NotImplementedError, match="sparse=True"):
        ops.one_hot([0, 1], 3, sparse=True)
