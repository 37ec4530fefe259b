"""Batches from outside, several in one dispatch: the results of arrays, whatever a dispatch holds."""

import threading
import time

import jax
import numpy as np
import pytest

import kerax as keras
from kerax import layers
from kerax._trainer import pace, stacks


@pytest.fixture(autouse=True)
def dispatches(monkeypatch):
    """How many batches each stack held."""
    held = []
    goes_through = stacks.StackRunner._goes_through

    def noted(self, stack, *arguments):
        held.append(stack.count)
        return goes_through(self, stack, *arguments)

    monkeypatch.setattr(stacks.StackRunner, "_goes_through", noted)
    return held


@pytest.fixture
def data(rng):
    x = rng.normal(size=(150, 5)).astype("float32")
    return x, (x.sum(1) > 0).astype("float32")


def classifier(*middle, metrics=("accuracy",)):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((5,)), layers.Dense(7, "tanh"), *middle, layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=list(metrics))
    return model


def batches(*arrays, size=8, epochs=1):
    for _ in range(epochs):
        for start in range(0, len(arrays[0]), size):
            yield tuple(array[start : start + size] for array in arrays)


def same(model, other, rtol=1e-6, atol=1e-7):
    """To the last bits: two programs of XLA add in different orders."""
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol, atol)


def alike(logs, other):
    assert logs.keys() == other.keys()
    for name in logs:
        np.testing.assert_allclose(logs[name], other[name], rtol=1e-6)


@pytest.mark.parametrize("most", [1, 2, 8])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_generator_trains_as_its_arrays_do(monkeypatch, dispatches, data, most, weighted):
    monkeypatch.setattr(stacks, "MOST", most)
    if weighted:
        data = (*data, np.linspace(0, 1, 150, dtype="float32"))
    whole, streamed = classifier(), classifier()
    weight = {"sample_weight": data[2]} if weighted else {}
    expected = whole.fit(*data[:2], batch_size=8, epochs=3, shuffle=False, verbose=0, **weight).history
    found = streamed.fit(batches(*data, epochs=3), steps_per_epoch=19, epochs=3, verbose=0).history
    alike(found, expected)
    same(whole, streamed)
    result = streamed.evaluate(batches(*data), verbose=0)
    np.testing.assert_allclose(result, whole.evaluate(*data[:2], batch_size=8, verbose=0, **weight), rtol=1e-6)
    assert max(dispatches, default=1) <= most
    assert sum(dispatches) == (0 if most == 1 else 4 * 19)


def test_what_was_read_meanwhile_is_one_dispatch(monkeypatch, dispatches, data):
    goes_through = stacks.StackRunner._goes_through

    def slow(self, *arguments):
        time.sleep(0.2)
        return goes_through(self, *arguments)

    monkeypatch.setattr(stacks.StackRunner, "_goes_through", slow)
    monkeypatch.setattr(stacks, "MOST", 8)
    monkeypatch.setattr(pace.Lagging, "stride", lambda self, step: 100)
    model = classifier()
    model.fit(batches(*data), verbose=0)
    assert sum(dispatches) == 19
    assert max(dispatches) == 8


def test_each_batch_is_used_as_it_comes_where_nothing_is_read_ahead(monkeypatch, data):
    used, more = [], threading.Condition()
    say = stacks.GroupedEpoch.used

    def noted(self, count):
        say(self, count)
        with more:
            used.extend([1] * count)
            more.notify()

    monkeypatch.setattr(stacks.GroupedEpoch, "used", noted)

    def waiting():
        for number, batch in enumerate(batches(*data)):
            with more:  # the first is read before the epoch
                assert more.wait_for(lambda due=number - 1: len(used) >= due, 20), (
                    f"batch {number}: {len(used)} were used"
                )
            yield batch

    model = classifier()
    model.fit(waiting(), verbose=0)
    assert int(model.optimizer.iterations) == 19


def test_a_source_may_fill_the_same_arrays_again(data):
    def reusing():
        x, y = np.empty((6, 5), "float32"), np.empty(6, "float32")
        for start in range(0, 150, 6):
            x[:], y[:] = data[0][start : start + 6], data[1][start : start + 6]
            yield x, y
        x[:] = y[:] = np.nan

    whole, streamed = classifier(), classifier()
    whole.fit(*data, batch_size=6, shuffle=False, verbose=0)
    streamed.fit(reusing(), verbose=0)
    same(whole, streamed)


def test_batches_that_may_not_be_filled_up(data):
    whole, streamed = classifier(layers.BatchNormalization()), classifier(layers.BatchNormalization())
    whole.fit(*data, batch_size=8, epochs=2, shuffle=False, verbose=0)
    streamed.fit(batches(*data, epochs=2), steps_per_epoch=19, epochs=2, verbose=0)
    same(whole, streamed, 1e-5, 1e-6)


@pytest.mark.parametrize("sizes", [[3, 9, 9, 4, 9, 12, 1, 12], [12, 12, 12, 1]])
def test_batches_of_any_size(data, sizes):
    ends = np.cumsum(sizes)
    given = [tuple(array[end - size : end] for array in data) for size, end in zip(sizes, ends, strict=True)]
    one, other = classifier(), classifier()
    for batch in given:
        one.train_on_batch(*batch)
    other.fit(iter(given), verbose=0)
    same(one, other, 1e-5, 1e-6)


def test_sequences_of_any_length(dispatches, rng):
    def model():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.GlobalAveragePooling1D()])
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    given = [(rng.integers(0, 9, (4, length)), np.ones((4, 1))) for length in (3, 3, 3, 5, 5, 3, 7)]
    one, other = model(), model()
    for batch in given:
        one.train_on_batch(*batch)
    other.fit(iter(given), verbose=0)
    same(one, other, 1e-5, 1e-6)
    assert sum(dispatches) == 7


def test_structures_and_outputs_without_targets(data):
    def model():
        keras.utils.set_random_seed(3)
        left, right = keras.Input((5,), name="left"), keras.Input((1,), name="right", dtype="int32")
        x = layers.Concatenate()([left, layers.Flatten()(layers.Embedding(4, 2)(right))])
        model = keras.Model({"left": left, "right": right}, {"a": layers.Dense(1)(x), "b": layers.Dense(1)(x)})
        model.compile("sgd", {"a": "mse", "b": "mae"})
        return model

    x = {"left": data[0], "right": np.arange(150)[:, None] % 4}
    y = {"a": data[1], "b": data[1] + 1}
    whole, streamed = model(), model()
    expected = whole.fit(x, y, batch_size=8, shuffle=False, verbose=0).history
    given = keras.data.Dataset.from_tensor_slices((x, y)).batch(8)
    alike(streamed.fit((batch for batch in given), verbose=0).history, expected)
    same(whole, streamed)


def test_text_is_prepared_for_a_stack_as_for_a_batch(monkeypatch, dispatches):
    words = ["one two", "three", "", "two two two one", "née ß"] * 9
    y = np.arange(45) % 2
    text = layers.TextVectorization(output_sequence_length=4)
    text.adapt(words)
    sizes = []
    compute = layers.TextVectorization.compute

    def noted(self, inputs):
        sizes.append(len(inputs))
        return compute(self, inputs)

    monkeypatch.setattr(layers.TextVectorization, "compute", noted)

    def model():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((1,), dtype="string"), text, layers.Embedding(9, 3), layers.Flatten()])
        model.add(layers.Dense(1, "sigmoid"))
        model.compile("adam", "binary_crossentropy")
        return model

    whole, streamed = model(), model()
    expected = whole.fit(np.array(words), y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    sizes.clear()
    # arrays of text have a dtype for each length of the longest
    found = streamed.fit(batches(np.array(words), y, size=5, epochs=2), steps_per_epoch=9, epochs=2, verbose=0).history
    alike(found, expected)
    same(whole, streamed)
    assert sum(dispatches) == 18
    assert len(sizes) < 18


def test_long_texts_are_not_gathered(dispatches):
    text = layers.TextVectorization(output_sequence_length=4, vocabulary=["word"])
    model = keras.Sequential([keras.Input((1,), dtype="string"), text, layers.Embedding(3, 2), layers.Flatten()])
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    long = np.array(["word " * 100_000] * 3, object)
    model.fit(((long, np.ones(3)) for _ in range(3)), verbose=0)
    assert int(model.optimizer.iterations) == 3
    assert not dispatches


def test_logs_of_the_users_own_step(data):
    class Own(keras.Sequential):
        def train_step(self, batch):
            logs = super().train_step(batch)
            return {**logs, "count": keras.ops.cast(self.optimizer.iterations, "float32")}

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(batches(*data, epochs=2), steps_per_epoch=19, epochs=2, verbose=0).history
    assert history["count"] == [19.0, 38.0]


@pytest.mark.parametrize("after", [1, 5, 13])
def test_an_error_comes_after_the_batches_before_it(data, after):
    def failing():
        for number, batch in enumerate(batches(*data)):
            if number == after:
                raise KeyError("row 7")
            yield batch

    model = classifier()
    with pytest.raises(KeyError, match="row 7"):
        model.fit(failing(), verbose=0)
    assert int(model.optimizer.iterations) == after
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kerax")]


def test_too_few_batches(data):
    model = classifier()
    with pytest.warns(UserWarning, match="30 batches were asked for, 19 came"):
        model.fit(batches(*data), steps_per_epoch=30, verbose=0)
    assert int(model.optimizer.iterations) == 19


def test_no_more_is_read_than_an_epoch_needs(data):
    model, source = classifier(), batches(*data)
    model.fit(source, steps_per_epoch=5, epochs=2, verbose=0)
    assert len(list(source)) == 9


@pytest.mark.parametrize("large", [True, False])
def test_what_is_not_stacked(dispatches, rng, large):
    if large:
        shape, model = (stacks.BYTES // 32,), keras.Sequential([layers.Dense(1)])
    else:  # XLA's convolution is slow in a loop on the CPU
        kernel = np.ones((2, 2, 3, 4), "float32")
        convolution = layers.Lambda(
            lambda x: jax.lax.conv_general_dilated(
                x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
            ),
            output_shape=(7, 7, 4),
        )
        shape, model = (8, 8, 3), keras.Sequential([convolution, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(((rng.random((4, *shape)).astype("float32"), np.ones((4, 1))) for _ in range(4)), verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert not dispatches


def test_a_callback_that_listens_to_batches_is_told_of_each(dispatches, data):
    told = []

    class Listener(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            told.append((batch, int(self.model.optimizer.iterations)))
            if batch == 11:
                self.model.stop_training = True

    classifier().fit(batches(*data), verbose=0, callbacks=[Listener()])
    assert told == [(number, number + 1) for number in range(12)]
    assert not dispatches


def test_the_learning_rate_may_change_between_epochs(data):
    class Half(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2

    whole, streamed = classifier(), classifier()
    whole.fit(*data, batch_size=8, epochs=3, shuffle=False, verbose=0, callbacks=[Half()])
    streamed.fit(batches(*data, epochs=3), steps_per_epoch=19, epochs=3, verbose=0, callbacks=[Half()])
    same(whole, streamed)


def test_layers_frozen_between_epochs(data):
    class Freeze(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].trainable = False

    model = classifier()
    model.fit(batches(*data), steps_per_epoch=5, verbose=0)
    before = model.layers[0].get_weights()
    model.fit(batches(*data, epochs=2), steps_per_epoch=5, epochs=1, verbose=0, callbacks=[Freeze()])
    middle = model.layers[0].get_weights()
    model.fit(batches(*data, epochs=2), steps_per_epoch=5, epochs=2, verbose=0)
    assert np.abs(before[0] - middle[0]).max() > 0
    np.testing.assert_array_equal(middle[0], model.layers[0].get_weights()[0])
