"""Other threads use the model that trains: they find what a step gave, never what one is writing."""

import threading

import jax
import numpy as np
import pytest

import kerax as keras
from kerax import layers
from kerax._core import turns


@pytest.fixture
def data(rng):
    x = rng.normal(size=(64, 30)).astype("float32")
    return x, x[:, :1]


def model():
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((30,)), layers.Dense(64, "relu"), layers.Dense(64, "relu"), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


USES = {
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
    "call": lambda model, x: np.asarray(model(x)),
    "get_weights": lambda model, x: model.get_weights()[0],
    "a variable": lambda model, x: int(model.optimizer.iterations),
    "a function": lambda model, x: np.asarray(keras.function(model)(x)),
    "flattened": lambda model, x: jax.tree.map(np.asarray, model.trainable_variables[0]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("every_step", [False, True])
def test_a_generator_may_use_the_model_it_feeds(data, use, every_step):
    trained = model()

    def batches():
        for _ in range(60):
            use(trained, data[0])
            yield data

    watch = [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if every_step else []
    trained.fit(batches(), verbose=0, callbacks=watch)
    alone = model()
    alone.fit((data for _ in range(60)), verbose=0)
    assert int(trained.optimizer.iterations) == 60
    for a, b in zip(trained.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_thread_beside_a_fit_in_memory(data):
    trained, done, errors, answers = model(), threading.Event(), [], []

    def beside():
        try:
            while not done.is_set():
                answers.append(trained.predict(data[0], verbose=0))
                trained.get_weights()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=beside)
    thread.start()
    try:
        x, y = (np.repeat(part, 50, 0) for part in data)
        trained.fit(x, y, epochs=10, verbose=0)
    finally:
        done.set()
        thread.join()
    assert not errors
    assert answers
    assert all(np.isfinite(answer).all() for answer in answers)


def test_a_variable_that_no_step_changes_is_read_at_once():
    changed, other = keras.Variable(1.0), keras.Variable(2.0)
    read = []

    def step():
        reader = threading.Thread(target=lambda: read.append(float(other.value)))
        reader.start()
        reader.join(20)
        slow = threading.Thread(target=lambda: read.append(float(changed.value)))
        slow.start()
        slow.join(0.1)
        assert slow.is_alive()
        changed.assign(3.0)
        return slow

    turns.taking({id(changed)}, step).join()
    assert read == [2.0, 3.0]


def test_what_another_thread_assigns_is_not_lost():
    changed = keras.Variable(1.0)

    def step():
        writer = threading.Thread(target=lambda: changed.assign(5.0))
        writer.start()
        writer.join(0.1)
        assert writer.is_alive()
        changed.assign(3.0)
        return writer

    turns.taking({id(changed)}, step).join()
    assert float(changed.value) == 5.0


def test_variables_read_while_a_step_is_traced(data):
    found, waited = [], []

    class Slow(layers.Layer):
        kernel = None

        def call(self, x):
            if self.kernel is not None:
                reader = threading.Thread(target=lambda: found.append(self.kernel.numpy()))
                reader.start()
                reader.join(0.2)
                waited.append(reader.is_alive())
            return x

    slow = Slow()
    trained = keras.Sequential([keras.Input((30,)), layers.Dense(1), slow])
    trained.compile("sgd", "mse")
    before = trained.get_weights()[0]
    object.__setattr__(slow, "kernel", trained.layers[0].kernel)
    trained.fit(*data, verbose=0)
    assert waited
    assert all(waited)
    for _ in range(100):
        if len(found) == len(waited):
            break
        threading.Event().wait(0.1)
    assert len(found) == len(waited)
    assert all(type(value) is np.ndarray and np.abs(value - before).max() < 1 for value in found)  # of before or after
