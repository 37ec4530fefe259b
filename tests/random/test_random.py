"""kerax.random against keras.random: equal seeds, equal numbers."""

from __future__ import annotations

import copy
import random

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax._core.stateful import Carried, discover, pure
from kerax.random import SeedGenerator
from kerax.random._global import global_seed_generator, reset_global_seed_generator, set_global_seed

X = np.arange(12.0, dtype="float32").reshape(3, 4)
DRAWS = [
    ("normal", ((3, 2), 1.0, 2.0)),
    ("uniform", ((3, 2), -1.0, 2.0)),
    ("truncated_normal", ((3, 2), 1.0, 2.0)),
    ("randint", ((5,), 0, 10)),
    ("categorical", (X, 5)),
    ("dropout", (X, 0.5)),
    ("dropout", (X, 0.5, (None, 1))),
    ("shuffle", (X,)),
    ("shuffle", (X, 1)),
    ("gamma", ((5,), 2.0)),
    ("beta", ((5,), 2.0, 3.0)),
    ("binomial", ((5,), 10.0, 0.3)),
]


@pytest.mark.parametrize(("name", "args"), DRAWS)
def test_an_integer_seed_draws_what_keras_draws(name, args):
    ours, theirs = (getattr(m.random, name)(*args, seed=7) for m in (kerax, keras))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(ours, getattr(kerax.random, name)(*args, seed=7))


@pytest.mark.parametrize(("name", "args"), DRAWS[:3])
def test_half_precision_draws_what_keras_draws(name, args):
    ours, theirs = (getattr(m.random, name)(*args, dtype="bfloat16", seed=7) for m in (kerax, keras))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_a_generator_moves_on_as_in_keras():
    ours, theirs = SeedGenerator(5), keras.random.SeedGenerator(5)
    for ordered in (True, True, False, True, False):
        np.testing.assert_array_equal(ours.next(ordered), theirs.next(ordered))
    for _ in range(2):
        np.testing.assert_array_equal(kerax.random.normal((3,), seed=ours), keras.random.normal((3,), seed=theirs))


def test_a_generator_is_a_module_with_one_untrained_variable():
    generator = SeedGenerator(5)
    assert generator.get_config() == keras.random.SeedGenerator(5, name=generator.name).get_config()
    assert (generator.state.shape, generator.state.dtype) == ((2,), "uint32")
    assert not generator.state.trainable
    assert generator.state.get_metadata("seed_state")
    assert generator.state.path == f"{generator.name}/seed_generator_state"
    twin = SeedGenerator.from_config(generator.get_config())
    np.testing.assert_array_equal(twin.next(), [5, 0])


def test_a_copy_goes_its_own_way():
    generator = SeedGenerator(5)
    twin = copy.deepcopy(generator)
    generator.next()
    np.testing.assert_array_equal(twin.next(), [5, 0])


def test_generators_stand_in_configs():
    config = kerax._serial.serialize_keras_object(SeedGenerator(5, name="mine"))
    assert config == keras.saving.serialize_keras_object(keras.random.SeedGenerator(5, name="mine"))
    assert kerax._serial.deserialize_keras_object(config).get_config() == {"seed": 5, "name": "mine"}


def test_a_compiled_function_moves_the_generator_on():
    generator, carried = SeedGenerator(5), Carried()

    def attempt():
        step = jax.jit(lambda values: pure(lambda: kerax.random.uniform((), seed=generator), carried)(values))
        return step(carried.values())

    draws = []
    for _ in range(3):
        out, values = discover(attempt, carried)
        carried.put(values)
        draws.append(out)
    alone = SeedGenerator(5)
    np.testing.assert_array_equal(draws, [kerax.random.uniform((), seed=alone) for _ in range(3)])


def test_the_global_seed_gives_keras_s_numbers_and_repeats():
    def numbers(module, seed):
        seed(11)
        return [module.random.normal((2,)) for _ in range(3)], random.random(), np.random.rand()

    theirs = numbers(keras, keras.utils.set_random_seed)
    for _ in range(2):
        for a, b in zip(numbers(kerax, set_global_seed), theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_global_generator_is_made_once_until_it_is_reset():
    first = global_seed_generator()
    assert global_seed_generator() is first
    reset_global_seed_generator()
    assert global_seed_generator() is not first


def test_draws_do_not_depend_on_jax_s_default_generator():
    expected = kerax.random.normal((3,), seed=1)
    before = jax.config.jax_default_prng_impl
    try:
        jax.config.update("jax_default_prng_impl", "rbg")
        np.testing.assert_array_equal(kerax.random.normal((3,), seed=1), expected)
    finally:
        jax.config.update("jax_default_prng_impl", before)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kerax.random.normal((2,), seed="x"), "'x' of type str.*SeedGenerator"),
        (lambda: SeedGenerator(2.5), "seed 2.5.*integer"),
        (lambda: SeedGenerator(-1), "seed -1"),
        (lambda: SeedGenerator(2**32), "seed 4294967296"),
        (lambda: SeedGenerator(1, foo=2), "foo"),
        (lambda: kerax.random.randint((2,), 0, 2, dtype="float32"), "'float32'.*integer"),
        (lambda: kerax.random.uniform((2,), dtype="int32"), "'int32'.*floating"),
        (lambda: kerax.random.categorical(jnp.ones(3), 2), r"\(3,\).*\(batch, classes\)"),
        (lambda: set_global_seed("a"), "set_random_seed.*'a'"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
