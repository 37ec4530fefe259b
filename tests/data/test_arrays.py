import contextlib
from collections import namedtuple
from itertools import chain

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from kerax._errors import ArgumentError, DataError
from kerax.data._adapters import make_adapter

ROWS = 10


def rows_of(adapter, **arguments):
    return [x.ravel().astype(int).tolist() for x, _, _ in adapter.batches(**arguments)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: (np.arange(5.0), np.arange(5)),
        lambda: (np.arange(5.0)[:, None], np.arange(5)[:, None]),
        lambda: ({"a": np.arange(5.0), "b": np.ones((5, 2), "uint8")}, [np.arange(5) > 2, np.ones((5, 1))]),
        lambda: ((np.arange(5.0), np.arange(5.0)), {"u": np.arange(5)}),
        lambda: (pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5)}), pd.Series(np.arange(5))),
        lambda: (pd.DataFrame({"a": [True] * 5}), pd.DataFrame({"u": np.arange(5)})),
        lambda: (np.arange(5, dtype="float16"), None),
        lambda: (jnp.arange(5.0), jnp.arange(5)),
    ],
    ids=["vectors", "columns", "nested", "tuple", "pandas", "frames", "half", "jax"],
)
def test_batches_are_those_that_keras_shows(keras_batches, make):
    x, y = make()
    wanted = keras_batches(x, y, batch_size=2, shuffle=False)
    found = list(make_adapter(x, y, batch_size=2, shuffle=False).batches())
    assert len(found) == len(wanted) == 3
    for ours, theirs in zip(found, wanted, strict=True):
        assert str(_kinds(ours)) == str(_kinds(theirs)).replace("int64", "int32")
        _equal(ours, theirs)


@pytest.mark.parametrize(
    "weight", [np.arange(5.0), np.arange(5), pd.Series(np.arange(5.0))], ids=["floats", "ints", "pandas"]
)
@pytest.mark.parametrize("y", [np.arange(5.0), [np.arange(5.0), np.ones(5)]], ids=["one", "two"])
def test_sample_weights_are_those_that_keras_shows(keras_batches, weight, y):
    wanted = keras_batches(np.arange(5.0), y, sample_weight=weight, batch_size=4, shuffle=False)
    found = list(make_adapter(np.arange(5.0), y, weight, batch_size=4, shuffle=False).batches())
    for ours, theirs in zip(found, wanted, strict=True):
        _equal(ours, theirs)


def _kinds(batch):
    import keras

    return keras.tree.map_structure(lambda a: a if a is None else (a.shape, str(a.dtype)), batch)


def _equal(ours, theirs):
    import keras

    keras.tree.assert_same_structure(ours, theirs)
    for a, b in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
        if a is not None:
            assert a.shape == b.shape
            np.testing.assert_array_equal(a, b)


def test_python_lists_train_as_arrays():
    adapter = make_adapter([[1.0], [2.0], [3.0]], [0, 1, 1], batch_size=2, shuffle=False)
    assert [(x.tolist(), y.tolist()) for x, y, _ in adapter.batches()] == [([[1], [2]], [0, 1]), ([[3]], [1])]


def test_the_arrays_of_the_user_are_used_uncopied():
    x, y = np.ones((6, 2), "float32"), np.arange(6, dtype="int32")
    adapter = make_adapter({"a": x}, y)
    assert np.shares_memory(adapter.arrays[0]["a"], x)
    assert np.shares_memory(adapter.arrays[1], y)


def test_batches_in_the_given_order_are_views():
    x = np.ones((6, 2), "float32")
    assert all(np.shares_memory(batch, x) for batch, _, _ in make_adapter(x, shuffle=False, batch_size=4).batches())


@pytest.mark.parametrize(("batch_size", "steps"), [(None, 1), (3, 4), (5, 2), (100, 1), (np.int64(4), 3)])
def test_the_last_partial_batch_counts(batch_size, steps):
    adapter = make_adapter(np.arange(ROWS), batch_size=batch_size, shuffle=False)
    found = rows_of(adapter)
    assert adapter.steps == steps == len(found)
    assert list(chain(*found)) == list(range(ROWS))


def test_shuffling_repeats_with_the_generator_and_uses_every_row_once():
    adapter = make_adapter(np.arange(ROWS), np.arange(ROWS) * 2, batch_size=3)
    first, again = (rows_of(adapter, rng=np.random.default_rng(7)) for _ in range(2))
    other = rows_of(adapter, rng=np.random.default_rng(8))
    assert first == again != other
    assert sorted(chain(*first)) == list(range(ROWS)) == sorted(chain(*other))


def test_targets_and_weights_stay_with_their_inputs():
    rows = np.arange(ROWS)
    adapter = make_adapter([rows, rows * 2], {"u": rows * 3}, {"u": rows * 4}, batch_size=3)
    for (a, b), y, weight in adapter.batches(np.random.default_rng(0)):
        np.testing.assert_array_equal(b, a * 2)
        np.testing.assert_array_equal(y["u"], a * 3)
        np.testing.assert_array_equal(weight["u"], a * 4)


def test_the_order_is_int32_and_plain_without_shuffling():
    assert make_adapter(np.ones(4), shuffle=False).order().tolist() == [0, 1, 2, 3]
    assert make_adapter(np.ones(4)).order(np.random.default_rng(0)).dtype == np.int32


def test_batch_shuffling_keeps_neighbours_together_and_the_rest_last():
    order = make_adapter(np.ones(ROWS), shuffle="batch", batch_size=3).order(np.random.default_rng(1))
    groups = [sorted(order[start : start + 3].tolist()) for start in range(0, 9, 3)]
    assert sorted(groups) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert order[9] == 9


def test_shuffling_without_a_generator_follows_numpys_seed():
    adapter = make_adapter(np.arange(ROWS))
    orders = []
    for _ in range(2):
        np.random.seed(3)
        orders.append(adapter.order().tolist())
    assert orders[0] == orders[1]


@pytest.mark.parametrize("steps", [2, 5, 7])
def test_epochs_of_fewer_steps_go_on_as_in_keras(keras_batches, steps):
    arguments = {"batch_size": 2, "shuffle": False}
    with pytest.warns(UserWarning, match="ran out of data") if steps != 5 else contextlib.nullcontext():
        wanted = keras_batches(np.arange(10.0), steps_per_epoch=steps, epochs=3, **arguments)
    adapter = make_adapter(np.arange(10.0), steps=steps, **arguments)
    found = [batch for _ in range(3) for batch in adapter.batches()]
    assert [x.tolist() for x, _, _ in found] == [x.tolist() for x, _, _ in wanted]


def test_a_pass_that_goes_on_uses_every_row_once():
    adapter = make_adapter(np.arange(12), steps=2, batch_size=2)
    rng = np.random.default_rng(0)
    passes = [adapter.epoch_rows(rng).tolist() for _ in range(6)]
    assert sorted(chain(*passes[:3])) == list(range(12)) == sorted(chain(*passes[3:]))


def test_peeking_takes_nothing():
    adapter = make_adapter(np.arange(ROWS), batch_size=4, shuffle=False)
    assert adapter.peek()[0].tolist() == [0, 1, 2, 3]
    assert list(chain(*rows_of(adapter))) == list(range(ROWS))


def test_namedtuples_stay_namedtuples():
    Pair = namedtuple("Pair", "left right")
    adapter = make_adapter(Pair(np.ones(3), np.ones(3)))
    assert isinstance(adapter.peek()[0], Pair)


def test_lengths_that_differ_are_all_named():
    with pytest.raises(DataError, match=r"fit: got x: 100 rows, y: 99 rows, expected as many rows"):
        make_adapter(np.ones(100), np.ones(99))
    with pytest.raises(DataError, match=r"x\['a'\]: 3 rows, y\[0\]: 3 rows, y\[1\]: 4 rows.*np\.array"):
        make_adapter({"a": np.ones(3)}, [np.ones(3), np.ones(4)])
    with pytest.raises(DataError, match=r"x: 3 rows, y: 3 rows, sample_weight: 2 rows"):
        make_adapter(np.ones(3), np.ones(3), np.ones(2))


@pytest.mark.parametrize("x", [np.ones((0, 3)), [], {"a": np.ones(0)}, pd.DataFrame({"a": []})])
def test_empty_data_is_refused(x):
    with pytest.raises(DataError, match="evaluate: got empty data, x.* has 0 rows"):
        make_adapter(x, where="evaluate")


@pytest.mark.parametrize("x", [[None], {"a": None}, {}])
def test_data_without_any_array_is_refused(x):
    with pytest.raises(DataError, match="no data"):
        make_adapter(x)


def test_a_missing_part_stays_missing():
    adapter = make_adapter([np.ones(3), None], [None, np.ones(3)])
    x, y, weight = next(adapter.batches())
    assert x[1] is None
    assert y[0] is None
    assert weight is None


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "32"])
@pytest.mark.parametrize("name", ["batch_size", "steps"])
def test_counts_must_be_whole_and_positive(name, value):
    with pytest.raises(ArgumentError, match=rf"fit: {name}: got {value!r}"):
        make_adapter(np.ones(3), **{name: value})


def test_an_unknown_kind_of_shuffling_is_named():
    with pytest.raises(ArgumentError, match=r"shuffle: got 'no'"):
        make_adapter(np.ones(3), shuffle="no")


def test_weights_must_be_nested_like_the_targets():
    y = {"a": np.ones(3), "b": np.ones(3)}
    with pytest.raises(DataError, match=r"sample_weight: got sample_weight\['a'\], expected .*y\['a'\], y\['b'\]"):
        make_adapter(np.ones(3), y, {"a": np.ones(3)})
    assert make_adapter(np.ones(3), y, {"a": np.ones(3), "b": None}).arrays[2]["b"] is None


@pytest.mark.parametrize("x", [None, "abc", b"abc", 3, object(), np.ndarray])
def test_what_is_no_data_is_named(x):
    with pytest.raises(DataError, match="got"):
        make_adapter(x)
