"""Models on datasets: the same training as on arrays, every source fit takes, and no thread left behind."""

import threading
import time

import numpy as np
import pytest

import kerax
from kerax._errors import ArgumentError
from kerax.data import Dataset, TensorSpec
from kerax.utils import PyDataset

D = Dataset
rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3)).astype("float32")
Y = (X @ [[1.0], [2.0], [-1.0]]).astype("float32")
SIGNATURE = (TensorSpec((3,), "float32"), TensorSpec((1,), "float32"))


@pytest.fixture(scope="module")
def model():
    """One model for all tests: its steps are compiled once for batches of a size."""
    built = kerax.Sequential([kerax.layers.Dense(1)])
    built.compile("sgd", "mse")
    built.build((None, 3))
    return built


@pytest.fixture(autouse=True)
def fresh(model):
    model.set_weights([np.zeros((3, 1), "float32"), np.zeros(1, "float32")])
    yield
    end = time.monotonic() + 3
    while left() and time.monotonic() < end:
        time.sleep(0.02)
    assert not left(), "threads are left"


def left():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("kerax", "grain"))]


def slices():
    return D.from_tensor_slices((X, Y))


def generated():
    return D.from_generator(lambda: zip(X, Y), output_signature=SIGNATURE)


class Batches(PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[10 * index :][:10], Y[10 * index :][:10]


class Tensor:
    """What torch gives."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array


class TorchLike:
    def __len__(self):
        return 5

    def __iter__(self):
        return ([Tensor(part) for part in Batches()[i]] for i in range(5))


class TensorFlowLike:
    element_spec = "spec"

    def cardinality(self):
        return np.int64(5)

    def as_numpy_iterator(self):
        return (Batches()[i] for i in range(5))

    def __iter__(self):
        raise AssertionError("NumPy was wanted")


def grain_data():
    grain = pytest.importorskip("grain")
    return grain.MapDataset.source(list(zip(X, Y, strict=True))).batch(10)


SOURCES = {
    "rows": lambda: slices().batch(10),
    "rows read ahead": lambda: slices().batch(10).prefetch(2),
    "map": lambda: slices().map(lambda x, y: (x, y)).batch(10),
    "map in threads": lambda: slices().map(lambda x, y: (x, y), num_parallel_calls=2).batch(10).prefetch(2),
    "map of batches": lambda: slices().batch(10).map(lambda x, y: (x, y)),
    "generator": lambda: generated().batch(10),
    "filter": lambda: slices().filter(lambda x, y: True).batch(10),
    "cache": lambda: generated().cache().batch(10),
    "padded": lambda: slices().padded_batch(10),
    "float64": lambda: D.from_tensor_slices((X.astype("float64"), Y.astype("float64"))).batch(10),
    "PyDataset": lambda: Batches(),
    "PyDataset with workers": lambda: Batches(workers=2),
    "Python generator": lambda: (Batches()[i % 5] for i in range(10)),
    "torch": lambda: TorchLike(),
    "tf.data": lambda: TensorFlowLike(),
    "Grain MapDataset": grain_data,
    "Grain IterDataset": lambda: grain_data().to_iter_dataset(),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_every_source_trains_as_arrays_do(model, make):
    arrays = model.fit(X, Y, batch_size=10, epochs=2, shuffle=False, verbose=0).history["loss"]
    wanted = model.get_weights()
    model.set_weights([np.zeros((3, 1)), np.zeros(1)])
    history = model.fit(make(), epochs=2, steps_per_epoch=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], arrays, rtol=1e-5)
    for a, b in zip(model.get_weights(), wanted):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(make(), verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.predict(make(), verbose=0)[:50], model.predict(X, verbose=0), rtol=1e-5)


def test_rows_and_python_give_the_same_shuffled_training(model):
    losses = []
    for build in (lambda data: data, lambda data: data.map(lambda x, y: (x, y))):
        model.set_weights([np.zeros((3, 1)), np.zeros(1)])
        data = build(slices()).shuffle(50, seed=3).batch(16)
        losses.append(model.fit(data, epochs=3, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_validation_data_is_a_dataset_too(model):
    history = model.fit(slices().batch(10), validation_data=generated().take(20).batch(10), epochs=2, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"][-1], model.evaluate(X[:20], Y[:20], verbose=0), rtol=1e-5)
    history = model.fit(slices().batch(10), validation_data=slices().repeat().batch(10), validation_steps=2, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"], model.evaluate(X[:20], Y[:20], verbose=0), rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [lambda: slices().repeat().batch(10), lambda: generated().repeat().batch(10), lambda: grain_data().repeat()],
)
def test_what_never_ends_needs_a_number_of_steps(model, make):
    with pytest.raises(ArgumentError, match=r"fit: got a .* without end, and no steps_per_epoch.*steps_per_epoch=100"):
        model.fit(make(), verbose=0)
    with pytest.raises(ArgumentError, match="evaluate: .* no steps,"):
        model.evaluate(make(), verbose=0)
    with pytest.raises(ArgumentError, match="predict: .* no steps,"):
        model.predict(make(), verbose=0)
    with pytest.raises(ArgumentError, match="no validation_steps"):
        model.fit(X, Y, validation_data=make(), verbose=0)
    assert len(model.fit(make(), steps_per_epoch=2, epochs=3, verbose=0).history["loss"]) == 3


def test_rows_without_end_in_batches_larger_than_the_rows(model):
    data = D.from_tensor_slices((X[:4], Y[:4])).repeat().batch(10)
    seen = []
    callback = kerax.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    model.fit(data, steps_per_epoch=2, verbose=0, callbacks=[callback])
    repeated = (np.tile(X[:4], (5, 1)), np.tile(Y[:4], (5, 1)))
    wanted = list(seen)
    seen.clear()
    model.set_weights([np.zeros((3, 1)), np.zeros(1)])
    model.fit(*repeated, batch_size=10, shuffle=False, verbose=0, callbacks=[callback])
    np.testing.assert_allclose(wanted, seen, rtol=1e-5)


def test_an_unknown_size_is_learnt_in_the_first_epoch(model):
    known = []

    class Watch(kerax.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            known.append(self.params["steps"])

    model.fit(generated().batch(10), epochs=2, verbose=0, callbacks=[Watch()])
    assert known == [None, 5]


def test_a_dataset_that_ends_early_says_how_much_was_there(model):
    with pytest.warns(UserWarning, match="8 batches were asked for, 5 came"):
        model.fit(generated().batch(10), steps_per_epoch=8, epochs=2, verbose=0)


@pytest.mark.parametrize("threads", [None, 2])
def test_an_error_of_the_users_keeps_its_traceback(model, threads):
    def breaks(x, y):
        if x[0] == X[33, 0]:
            raise LookupError("row 33 is bad")
        return x, y

    with pytest.raises(LookupError, match="row 33 is bad") as error:
        model.fit(slices().map(breaks, num_parallel_calls=threads).batch(10), verbose=0)
    assert "breaks" in [entry.name for entry in error.traceback]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_nothing_goes_on_after_an_interrupted_fit(model, error):
    class Stop(kerax.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise error

    data = generated().repeat().map(lambda x, y: (x, y), num_parallel_calls=2).batch(10).prefetch(2)
    with pytest.raises(error):
        model.fit(data, steps_per_epoch=100, verbose=0, callbacks=[Stop()])


def test_steps_wait_for_no_data_that_could_have_been_read_before(model):
    """Reading in 5 ms and training in 5 ms take turns of 5 ms, not of 10."""
    read, trained = [], []

    def slow(x, y):
        time.sleep(0.005)
        read.append(time.perf_counter())
        return x, y

    class Slow(kerax.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            time.sleep(0.005)
            trained.append(time.perf_counter())

    model.fit(slices().repeat(12).batch(10).map(slow), verbose=0, callbacks=[Slow()])
    ahead = [sum(r < t for r in read) - done for done, t in enumerate(trained[5:-5], 6)]
    assert np.mean(ahead) > 0.5


def test_a_custom_loop_over_a_dataset(model):
    total = 0.0
    for x, y in slices().batch(25):
        with kerax.GradientTape() as tape:
            loss = kerax.ops.mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        total += float(loss)
    assert total > 0
    assert np.any(model.get_weights()[0])


def test_adapt_of_a_layer_takes_a_dataset():
    layer = kerax.layers.Normalization()
    layer.adapt(D.from_tensor_slices(X).batch(10))
    np.testing.assert_allclose(np.asarray(layer.mean).ravel(), X.mean(0), atol=1e-5)
