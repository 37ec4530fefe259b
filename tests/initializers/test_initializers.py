"""kerax.initializers against keras.initializers: numbers, names, configs, errors."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import initializers
from kerax.random import SeedGenerator
from kerax.random._global import set_global_seed

CLASSES = [
    name
    for name in dir(keras.initializers)
    if inspect.isclass(getattr(keras.initializers, name)) and name != "Initializer"
]
DISTINCT = sorted({getattr(keras.initializers, name).__name__ for name in CLASSES})
SEEDED = [n for n in CLASSES if "seed" in inspect.signature(getattr(keras.initializers, n)).parameters]
SHAPES = {"STFT": [(16, 1, 9)]}


@pytest.mark.parametrize("name", DISTINCT)
def test_values_equal_keras(name):
    options = {"seed": 5} if name in SEEDED else {}
    ours, theirs = (getattr(m.initializers, name)(**options) for m in (kerax, keras))
    matrix_only = "dentity" in name
    for shape in SHAPES.get(type(ours).__name__, [(3, 4)] if matrix_only else [(4, 3), (2, 3, 4)]):
        np.testing.assert_array_equal(ours(shape), theirs(shape))


@pytest.mark.parametrize("name", DISTINCT)
def test_values_come_in_the_dtype_asked_for(name):
    shape = (4, 3) if name != "STFT" else (16, 1, 9)
    out = jax.eval_shape(lambda: getattr(initializers, name)()(shape, dtype="float16"))
    assert (out.shape, out.dtype) == (shape, "float16")


@pytest.mark.parametrize("name", CLASSES)
def test_config_and_signature_equal_keras(name):
    ours, theirs = getattr(initializers, name), getattr(keras.initializers, name)
    assert ours().get_config() == theirs().get_config()
    assert initializers.serialize(ours()) == keras.initializers.serialize(theirs())
    assert [(p.name, p.default) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.default) for p in inspect.signature(theirs).parameters.values()
    ]


@pytest.mark.parametrize("name", [name for name in DISTINCT if name in SEEDED])
def test_configs_round_trip(name):
    before = getattr(initializers, name)(seed=3)
    after = initializers.deserialize(initializers.serialize(before))
    assert type(after) is type(before)
    np.testing.assert_array_equal(after((4, 3)), before((4, 3)))
    np.testing.assert_array_equal(before.clone()((4, 3)), before((4, 3)))


VARIANTS = [
    {"scale": 2.0, "mode": mode, "distribution": kind, "seed": 1, **axes}
    for mode, kind in zip(
        ("fan_in", "fan_out", "fan_avg"), ("truncated_normal", "untruncated_normal", "uniform"), strict=True
    )
    for axes in ({}, {"input_axes": (0, 1), "output_axes": (2,)})
]


@pytest.mark.parametrize("options", VARIANTS)
def test_variance_scaling_equals_keras(options):
    ours, theirs = (m.initializers.VarianceScaling(**options) for m in (kerax, keras))
    np.testing.assert_array_equal(ours((2, 3, 4)), theirs((2, 3, 4)))
    assert ours.get_config() == theirs.get_config()
    if "input_axes" not in options:
        for shape in ((), (3,)):
            np.testing.assert_array_equal(ours(shape), theirs(shape))


@pytest.mark.parametrize("options", [{"side": "imag"}, {"window": None}, {"scaling": "spectrum", "periodic": True}])
def test_stft_equals_keras(options):
    ours, theirs = (m.initializers.STFT(**options)((16, 1, 9)) for m in (kerax, keras))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_orthogonal_works_in_half_precision():
    matrix = np.asarray(initializers.Orthogonal(seed=1)((4, 3), "bfloat16"), "float32")
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(3), atol=0.02)


def test_an_integer_seed_repeats_and_a_generator_does_not():
    fixed, moving = initializers.RandomNormal(seed=1), initializers.RandomNormal(seed=SeedGenerator(1))
    np.testing.assert_array_equal(fixed((2,)), fixed((2,)))
    assert (moving((2,)) != moving((2,))).all()
    unseeded = initializers.RandomNormal()
    np.testing.assert_array_equal(unseeded((2,)), unseeded((2,)))
    assert (unseeded((2,)) != initializers.RandomNormal()((2,))).all()


def test_a_generator_as_seed_round_trips():
    before = initializers.GlorotUniform(seed=SeedGenerator(4, name="s"))
    assert (
        before.get_config()
        == keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(4, name="s")).get_config()
    )
    after = initializers.deserialize(initializers.serialize(before))
    np.testing.assert_array_equal(after((2, 2)), before((2, 2)))


def test_the_global_seed_repeats_keras_s_weights():
    keras.utils.set_random_seed(9)
    theirs = [keras.initializers.GlorotUniform()((3, 2)) for _ in range(2)]
    set_global_seed(9)
    np.testing.assert_array_equal([initializers.GlorotUniform()((3, 2)) for _ in range(2)], theirs)


@pytest.mark.parametrize(
    "name",
    "glorot_uniform GlorotUniform zero zeros one Ones uniform normal random_normal truncated_normal identity Identity "
    "IdentityInitializer OrthogonalInitializer orthogonal he_normal stft STFTInitializer lecun_normal".split(),
)
def test_names_stand_for_what_they_stand_for_in_keras(name):
    assert type(initializers.get(name)).__name__ == type(keras.initializers.get(name)).__name__


def test_get_takes_anything_that_makes_values():
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert isinstance(initializers.get({"class_name": "Zeros", "config": {}}), initializers.Zeros)
    function = lambda shape, dtype=None: jnp.ones(shape)  # noqa: E731
    assert initializers.get(function) is function
    for value in (np.ones((2, 2)), jnp.ones((2, 2))):
        np.testing.assert_array_equal(initializers.get(value)((2, 2)), value)


def test_identity_keeps_its_gain():
    matrix = initializers.deserialize(initializers.serialize(initializers.Identity(2.0)))((2, 2))
    np.testing.assert_array_equal(matrix, 2 * np.eye(2))


def test_constant_takes_arrays():
    before = initializers.Constant(np.arange(3.0))
    after = initializers.deserialize(initializers.serialize(before))
    np.testing.assert_array_equal(after((2, 3)), [[0, 1, 2], [0, 1, 2]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: initializers.get("glorot_unifrom"), "glorot_unifrom.*'glorot_uniform'"),
        (lambda: initializers.get(3), "Not a initializer|Not an initializer"),
        (lambda: initializers.get(np.ones((2, 2)))((3, 2)), r"\(2, 2\).*\(3, 2\)"),
        (lambda: initializers.VarianceScaling(scale=-1), "scale=-1.*above 0"),
        (lambda: initializers.VarianceScaling(mode="x"), "mode='x'.*fan_in"),
        (lambda: initializers.VarianceScaling(distribution="x"), "distribution='x'.*uniform"),
        (lambda: initializers.RandomNormal(seed="a"), "RandomNormal.*'a'.*SeedGenerator"),
        (lambda: initializers.Identity()((3,)), "two axes"),
        (lambda: initializers.Orthogonal()((3,)), "at least two axes"),
        (lambda: initializers.Zeros()((3,), "string"), "'string'"),
        (lambda: initializers.STFT(side="x"), "side='x'"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_class_without_call_says_so():
    with pytest.raises(NotImplementedError, match="__call__"):
        initializers.Initializer()((2,))
