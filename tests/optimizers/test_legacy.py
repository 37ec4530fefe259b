"""`optimizers.legacy`, as tutorials for tf.keras call it."""

import numpy as np
import pytest

from kerax import Variable, optimizers

NAMES = ["SGD", "Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop"]


@pytest.mark.parametrize("name", NAMES)
def test_old_names_are_the_same_optimizers(name):
    cls = getattr(optimizers.legacy, name)
    assert cls is getattr(optimizers, name)
    assert issubclass(cls, optimizers.legacy.Optimizer)


@pytest.mark.parametrize("name", NAMES)
def test_decay_divides_the_rate_by_time(name):
    ones = np.ones((3, 2), "float32")
    with pytest.warns(UserWarning, match="old") as seen:
        old = getattr(optimizers.legacy, name)(lr=0.1, decay=0.5)
    assert len(seen) == 2
    new = getattr(optimizers, name)(optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5))
    a, b = Variable(ones, name="w"), Variable(ones, name="w")
    for _ in range(4):
        old.apply_gradients([(ones, a)])
        new.apply_gradients([(ones, b)])
    np.testing.assert_allclose(a, b, rtol=1e-6)
    config = old.get_config()
    assert (config["decay"], np.float32(config["learning_rate"])) == (0.5, np.float32(0.1))


def test_weights_go_by_their_old_names():
    v, optimizer = Variable(np.ones(3, "float32")), optimizers.legacy.Adam(jit_compile=False)
    optimizer.apply_gradients([(np.ones(3), v)])
    held = optimizer.get_weights()
    assert len(held) == len(optimizer.weights) == 4
    optimizer.set_weights([x * 0 for x in held])
    assert int(optimizer.iterations) == 0
