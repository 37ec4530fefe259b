"""Variable: reading, writing, arithmetic, facts, and what it refuses; Keras's Variable as the oracle."""

import copy
import operator
import pickle

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax._errors import KeraxError

VALUES = np.float32([[1.5, -2.0, 3.0], [4.0, 0.5, -6.0]])


@pytest.fixture
def pair():
    return kerax.Variable(VALUES), keras.Variable(VALUES)


BINARY = [getattr(operator, name) for name in "add sub mul truediv floordiv mod eq ne lt le gt ge".split()]


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
@pytest.mark.parametrize("other", [2.0, 3, np.float32([1.0, 2.0, 4.0])], ids=["float", "int", "array"])
def test_arithmetic_is_that_of_keras_from_both_sides(pair, op, other):
    ours, theirs = pair
    np.testing.assert_allclose(op(ours, other), op(theirs, other), rtol=1e-6)
    np.testing.assert_allclose(op(other, ours), op(np.asarray(other), VALUES), rtol=1e-6)


@pytest.mark.parametrize("op", [operator.neg, operator.abs, operator.pos], ids=lambda op: op.__name__)
def test_operators_of_one_side(pair, op):
    np.testing.assert_array_equal(op(pair[0]), op(VALUES))


def test_matrix_products_and_powers(pair):
    ours, _ = pair
    np.testing.assert_allclose(ours @ VALUES.T, VALUES @ VALUES.T, rtol=1e-6)
    np.testing.assert_allclose(VALUES.T @ ours, VALUES.T @ VALUES, rtol=1e-6)
    np.testing.assert_allclose(ours**2, VALUES**2, rtol=1e-6)
    np.testing.assert_allclose(2.0**ours, 2.0**VALUES, rtol=1e-6)


def test_lists_stand_beside_variables_in_arithmetic():
    weight = kerax.Variable(np.arange(6.0).reshape(3, 2), dtype="float32")
    np.testing.assert_allclose([[1.0, 2.0, 3.0]] @ weight, [[16.0, 22.0]])
    np.testing.assert_allclose([1.0, 2.0] - kerax.Variable([1.0, 1.0]), [0.0, 1.0])
    np.testing.assert_allclose(kerax.Variable([1.0, 1.0]) * (3, 4), [3.0, 4.0])


def test_two_variables_and_jax_functions(pair):
    ours, _ = pair
    np.testing.assert_array_equal(ours + ours, 2 * VALUES)
    np.testing.assert_allclose(jnp.tanh(ours), np.tanh(VALUES), rtol=1e-6)
    np.testing.assert_allclose(jax.jit(lambda x: x.sum())(ours.value), VALUES.sum(), rtol=1e-6)


def test_indexing_reads_and_writes(pair):
    ours, _ = pair
    np.testing.assert_array_equal(ours[0], VALUES[0])
    np.testing.assert_array_equal(ours[:, 1:], VALUES[:, 1:])
    ours[0] = 7.0
    np.testing.assert_array_equal(ours.numpy()[0], [7.0, 7.0, 7.0])
    np.testing.assert_array_equal(ours.numpy()[1], VALUES[1])


def test_assigning_keeps_the_dtype_and_gives_the_variable(pair):
    ours, theirs = pair
    assert ours.assign(np.arange(6).reshape(2, 3)) is ours
    theirs.assign(np.arange(6).reshape(2, 3))
    assert ours.dtype == theirs.dtype == "float32"
    np.testing.assert_array_equal(ours.numpy(), np.asarray(theirs.value))
    np.testing.assert_array_equal(ours.assign_add(1).numpy(), np.asarray(theirs.value) + 1)
    np.testing.assert_array_equal(ours.assign_sub(ours).numpy(), np.zeros((2, 3)))


FACTS = ["shape", "ndim", "dtype", "trainable", "name", "path"]


@pytest.mark.parametrize("fact", FACTS)
def test_facts_are_those_of_keras(fact):
    ours = kerax.Variable(VALUES, name="weights", trainable=False)
    theirs = keras.Variable(VALUES, name="weights", trainable=False)
    assert getattr(ours, fact) == getattr(theirs, fact)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.0, None),
        (1, None),
        (True, None),
        (VALUES, None),
        (VALUES.astype("float64"), None),
        (1, "float16"),
        ([1, 2], "int8"),
    ],
    ids=["float", "int", "bool", "float32", "float64", "to float16", "to int8"],
)
def test_dtypes_are_those_of_keras(value, dtype):
    assert kerax.Variable(value, dtype=dtype).dtype == keras.Variable(value, dtype=dtype).dtype


def test_initializers_are_called_with_shape_and_dtype():
    made = kerax.Variable(kerax.initializers.Ones(), shape=(2, 3), dtype="float16")
    assert made.shape == (2, 3)
    assert made.dtype == "float16"
    assert made.size == 6
    np.testing.assert_array_equal(made.numpy(), np.ones((2, 3)))


def test_scalars_act_as_numbers():
    three = kerax.Variable(3.0)
    assert (float(three), int(three), bool(three)) == (3.0, 3, True)
    assert f"{three:.2f}" == "3.00"
    assert f"{three}" == str(three) == repr(three)
    assert "value=3.0" in repr(three)


def test_copies_and_pickles_are_their_own(pair):
    ours, _ = pair
    for twin in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        twin.assign(np.zeros((2, 3)))
        np.testing.assert_array_equal(ours.numpy(), VALUES)
        assert (twin.name, twin.trainable) == (ours.name, ours.trainable)


def test_variables_are_keys_by_identity(pair):
    twin = kerax.Variable(VALUES)
    assert {pair[0]: 1, twin: 2}[twin] == 2


REFUSED = {
    "another shape": (lambda v: v.assign(np.zeros(3)), r"got a value of shape \(3,\), expected \(2, 3\)"),
    "another shape to add": (lambda v: v.assign_add(np.zeros((3, 2))), "incompatible shapes|shape"),
    "a name with a slash": (lambda v: kerax.Variable(1.0, name="a/b"), "a string without '/'"),
    "an initializer without shape": (
        lambda v: kerax.Variable(kerax.initializers.Ones()),
        "an initializer and no shape",
    ),
    "a value of another shape": (lambda v: kerax.Variable(VALUES, shape=(3, 2)), r"got a value of shape \(2, 3\)"),
    "trainable as text": (lambda v: setattr(v, "trainable", "yes"), "expected True or False"),
    "a tracer as first value": (
        lambda v: jax.jit(lambda x: kerax.Variable(x).value)(1.0),
        "only exists while a function is being compiled",
    ),
    "writing in a plain jit": (
        lambda v: jax.jit(lambda x: v.assign(x).value)(VALUES),
        "assigned inside a function compiled with plain jax.jit",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(pair, case):
    act, message = REFUSED[case]
    with pytest.raises((KeraxError, TypeError, ValueError), match=message):
        act(pair[0])
    np.testing.assert_array_equal(pair[0].numpy(), VALUES)
