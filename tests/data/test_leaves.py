import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerax import config
from kerax._errors import DataError
from kerax.data._adapters.leaves import is_rows, structured, to_array


@pytest.mark.parametrize("dtype", ["float32", "int32", "int8", "uint8", "bool", "complex64"])
def test_an_array_that_fits_is_not_copied(dtype):
    x = np.ones((3, 2), dtype)
    assert np.shares_memory(to_array(x, "x"), x)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float64", "float32"),
        ("float16", "float32"),
        ("int64", "int32"),
        ("uint64", "uint32"),
        (">f4", "float32"),
        (">i4", "int32"),
        ("complex128", "complex64"),
    ],
)
def test_other_dtypes_become_the_ones_jax_keeps(dtype, expected):
    found = to_array(np.arange(6).reshape(3, 2).astype(dtype), "x")
    assert found.dtype == expected
    np.testing.assert_array_equal(found, np.arange(6).reshape(3, 2))


def test_a_converted_array_reaches_the_cpu_without_a_second_copy():
    found = to_array(np.random.default_rng(0).normal(size=(999, 7)), "x")
    assert found.flags.c_contiguous
    assert found.ctypes.data % 64 == 0
    on_device = jax.device_put(found, jax.devices("cpu")[0])
    assert on_device.unsafe_buffer_pointer() == found.ctypes.data


def test_a_view_with_gaps_is_made_contiguous():
    x = np.arange(12, dtype="float32").reshape(3, 4)
    found = to_array(x[:, ::2], "x")
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, x[:, ::2])


def test_rows_of_an_array_stay_a_view():
    x = np.arange(12, dtype="float32").reshape(3, 4)
    assert np.shares_memory(to_array(x[1:], "x"), x)


def test_floats_follow_floatx():
    config.set_floatx("float16")
    try:
        assert to_array(np.ones(2, "float32"), "x").dtype == "float16"
        assert to_array(jnp.ones(2, "float32"), "x").dtype == "float16"
    finally:
        config.set_floatx("float32")


def test_integers_that_do_not_fit_are_named():
    with pytest.raises(DataError, match=r"ids: got int64 values from 0 to 2147483648.*int32"):
        to_array(np.array([0, 2**31]), "ids")


def test_jax_arrays_stay_where_they_are():
    x = jnp.arange(3)
    assert to_array(x, "x") is x


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([1.0, 2.0], "float32", (2,)),
        ([1, 2], "int32", (2,)),
        ([[1, 2], [3, 4]], "int32", (2, 2)),
        ([(1.0, 2.0), (3.0, 4.0)], "float32", (2, 2)),
        ((1, 2, 3), "int32", (3,)),
        (range(4), "int32", (4,)),
        ([True, False], "bool", (2,)),
        ([np.float32(1), np.float32(2)], "float32", (2,)),
        ([jnp.float32(1), jnp.float32(2)], "float32", (2,)),
    ],
)
def test_lists_of_numbers_are_one_array(value, dtype, shape):
    assert is_rows(value)
    found = to_array(value, "x")
    assert (found.dtype, found.shape) == (dtype, shape)


@pytest.mark.parametrize(
    "value",
    [
        [np.ones(2), np.ones(2)],
        (np.ones(2),),
        ([1, 2], [3, 4]),
        [None, np.ones(2)],
        [[1, 2], np.ones(2)],
        [{"a": 1}],
        [pd.Series([1.0])],
    ],
)
def test_lists_and_tuples_of_arrays_are_a_structure(value):
    assert not is_rows(value)


def test_ragged_lists_are_named():
    with pytest.raises(DataError, match=r"x: got a list whose rows differ.*pad_sequences"):
        to_array([[1, 2], [3]], "x")


@pytest.mark.parametrize("value", [["a", "b"], np.array(["a", "b"]), np.array([b"a", "b"], object), [b"a"]])
def test_text_stays_text(value):
    assert to_array(value, "x").dtype.kind in "USO"


def test_numbers_in_an_object_array_become_numbers():
    found = to_array(np.array([[1, 2.5], [3, True]], object), "x")
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, [[1, 2.5], [3, 1]])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([1, "a"], object), r"x: got an array of objects \(int, str\)"),
        (np.array(["2020-01-01"], "datetime64[D]"), "dtype datetime64.*turn dates into numbers"),
        (scipy.sparse.csr_matrix(np.eye(2)), r"x: got a sparse csr_matrix.*x\.toarray\(\)"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"masked array.*filled"),
        (np.float32(3), "x: got one value, 3.0, expected an array with a row for each sample"),
        (3, "x: got one value, 3"),
        (object(), r"x: got a builtins\.object"),
        (np.zeros(2, [("a", "f4")]), "dtype"),
    ],
)
def test_what_is_no_array_of_numbers_or_text_is_named(value, message):
    with pytest.raises(DataError, match=message):
        to_array(value, "x")


def test_pandas_tables_become_one_array():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    found = to_array(frame, "x")
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, [[1, 0.5, 1], [2, 1.5, 0]])


def test_pandas_missing_values_become_nan():
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [1, 2]})
    np.testing.assert_array_equal(to_array(frame, "x"), np.array([[1, 1], [np.nan, 2]], "float32"))


def test_pandas_text_stays_text():
    assert to_array(pd.Series(["a", "b"]), "x").tolist() == ["a", "b"]


class Tensor:
    """Looks like a torch tensor on another device, with a gradient."""

    shape, dtype = (2,), "torch.float32"

    def __init__(self, ready=False):
        self.ready = ready

    def detach(self):
        return self

    def cpu(self):
        return Tensor(ready=True)

    def numpy(self):
        assert self.ready
        return np.array([1.0, 2.0])


def test_tensors_of_other_libraries_are_taken_by_their_methods():
    assert to_array(Tensor(), "x").tolist() == [1, 2]


def test_structures_keep_their_form_and_leaves_know_their_place():
    names = []

    def visit(leaf, name):
        names.append(name)
        return leaf

    value = {"b": [np.ones(1), (None, [1, 2])], "a": range(3)}
    found = structured(value, "x", visit)
    assert names == ["x['b'][0]", "x['b'][1][1]", "x['a']"]
    assert list(found) == ["b", "a"]
    assert found["b"][1] == (None, [1, 2])
