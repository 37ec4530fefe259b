"""A prediction made again for arrays of the same shapes skips the way to it, and nothing else."""

import jax
import numpy as np
import pytest

import kerax
from kerax import layers
from kerax._errors import DataError
from kerax._trainer import loop


@pytest.fixture
def adapters(monkeypatch):
    """How many adapters were made."""
    made = []
    make = loop.make_adapter
    monkeypatch.setattr(loop, "make_adapter", lambda *args, **options: made.append(1) or make(*args, **options))
    return made


def expected(model, x):
    return np.asarray(model(x))


def test_the_second_prediction_of_such_rows_makes_no_adapter(regression, rng, adapters):
    model = regression()
    for _ in range(3):
        x = rng.normal(size=(3, 5)).astype("float32")
        np.testing.assert_allclose(model.predict(x, verbose=0), expected(model, x), rtol=1e-5, atol=1e-6)
    assert len(adapters) == 1


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 7, 9, 17, 31, 32, 33, 70])
def test_any_number_of_rows_comes_back_each_time(regression, rng, rows):
    model = regression()
    for _ in range(3):
        x = rng.normal(size=(rows, 5)).astype("float32")
        result = model.predict(x, verbose=0)
        assert result.shape == (rows, 1)
        np.testing.assert_allclose(result, expected(model, x), rtol=1e-5, atol=1e-6)


def test_fewer_steps_than_there_are_rows_stay_fewer(regression, rng):
    model, x = regression(), rng.normal(size=(10, 5)).astype("float32")
    for _ in range(3):
        assert model.predict(x, batch_size=4, steps=1, verbose=0).shape == (4, 1)
        assert model.predict(x, batch_size=4, verbose=0).shape == (10, 1)


def test_weights_assigned_or_trained_in_between_are_used(regression, data):
    model = regression()
    x = data[0][:3]
    before = [model.predict(x, verbose=0) for _ in range(2)]
    model.fit(*data, epochs=1, verbose=0)
    trained = model.predict(x, verbose=0)
    assert abs(trained - before[1]).max() > 1e-4
    np.testing.assert_allclose(trained, expected(model, x), rtol=1e-5, atol=1e-6)
    model.set_weights([weight * 0 for weight in model.get_weights()])
    np.testing.assert_array_equal(model.predict(x, verbose=0), 0)


def test_a_result_belongs_to_the_caller(regression, data):
    model = regression()
    first, second = (model.predict(data[0][:3], verbose=0) for _ in range(2))
    kept = second.copy()
    second[:] = 7
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(model.predict(data[0][:3], verbose=0), kept)


def test_other_dtypes_and_kinds_of_data_take_the_whole_way(regression, rng, adapters):
    model = regression()
    x = rng.normal(size=(3, 5)).astype("float32")
    model.predict(x, verbose=0)
    for other in (x.astype("float64"), x.tolist(), np.asfortranarray(x), iter([x])):
        np.testing.assert_allclose(model.predict(other, verbose=0), expected(model, x), rtol=1e-5, atol=1e-6)
    assert len(adapters) == 4  # the array in Fortran's order is of the same shape and dtype


def two_inputs():
    a, b = kerax.Input((2,), name="a"), kerax.Input((3,), name="b")
    joined = layers.concatenate([a, b])
    return kerax.Model({"a": a, "b": b}, {"sum": layers.Dense(1)(joined), "wide": layers.Dense(4)(joined)})


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_dicts_keep_their_names_in_any_order(rng, order):
    model = two_inputs()
    for _ in range(3):
        parts = {"a": rng.normal(size=(3, 2)).astype("float32"), "b": rng.normal(size=(3, 3)).astype("float32")}
        x = {name: parts[name] for name in order}
        result = model.predict(x, verbose=0)
        wanted = model(parts)
        assert list(result) == list(wanted)
        for name in wanted:
            np.testing.assert_allclose(result[name], wanted[name], rtol=1e-5, atol=1e-6)


def test_callbacks_hear_of_it_every_time(regression, data):
    heard = []

    class Ears(kerax.callbacks.Callback):
        def on_predict_begin(self, logs=None):
            heard.append("begin")

        def on_predict_batch_end(self, batch, logs=None):
            heard.append(batch)

        def on_predict_end(self, logs=None):
            heard.append("end")

    model = regression()
    for _ in range(2):
        model.predict(data[0][:3], verbose=0, callbacks=[Ears()])
    assert heard == ["begin", 0, "end"] * 2


def test_token_ids_are_looked_at_every_time():
    model = kerax.Sequential([kerax.Input((2,), dtype="int32"), layers.Embedding(4, 3), layers.Flatten()])
    for _ in range(2):
        model.predict(np.ones((3, 2), "int32"), verbose=0)
    with pytest.raises(DataError, match="9"):
        model.predict(np.full((3, 2), 9, "int32"), verbose=0)


def test_running_eagerly_is_eager_the_second_time_too(regression, data):
    seen = []

    class Look(layers.Layer):
        def call(self, x):
            if not isinstance(x, jax.core.Tracer):
                seen.append("concrete")
            return x

    model = regression(Look())
    for _ in range(2):
        compiled = model.predict(data[0][:3], verbose=0)
    model.run_eagerly = True
    np.testing.assert_allclose(model.predict(data[0][:3], verbose=0), compiled, rtol=1e-5)
    assert seen == ["concrete"]


@pytest.mark.parametrize("wrong", [0, -1, [3], "a", 2.5])
def test_a_batch_size_that_is_none_is_the_same_error_the_second_time(regression, data, wrong):
    model = regression()
    model.predict(data[0][:3], verbose=0)
    for _ in range(2):
        with pytest.raises(ValueError, match="batch_size"):
            model.predict(data[0][:3], batch_size=wrong, verbose=0)
